import OutfitSystem
import SystemPackage
import Testing

/// Versions of Python and Node from day to day, as users of pyenv and nvm know it.
@Suite(.serialized)
struct InterpreterTests {
  @Test func pyenvIsTakenOverAndGoesOn() async throws {
    let machine = try Machine()
    guard let pyenv = try await Pyenv(machine) else { return }
    try await pyenv.virtualenv("shop")
    try pyenv.package("isort", programs: ["isort", "isort-identify-imports"])
    try pyenv.package("attrs", programs: [])
    try machine.write(
      ".pyenv/default-packages", "# mine\nisort==6.0.1\nattrs\npip\ngit+https://x.example/y\n")
    try machine.write(".pyenv/versions/pypy3.10-7.3.12/bin/python", "", mode: 0o755)
    try machine.write("work/.python-version", "shop\n")
    let before = try await pyenv.tree()

    let dry = try await machine.outfit("import", "pyenv", "--dry-run", setting: pyenv.setting)
    #expect(dry.status == 0, "\(dry.errorText)")
    #expect(dry.outputText.contains("Nothing was changed"))
    #expect(try machine.read(".config/outfit/outfit.yaml") == nil)

    let done = try await machine.outfit("import", "pyenv", setting: pyenv.setting)
    #expect(done.status == 0, "\(done.errorText)\(done.outputText)")
    for part in [
      "versions     \(pyenv.version)", "default      \(pyenv.version), pyenv's global",
      "virtualenvs  shop (\(pyenv.version))",
      "tools        isort", "pypy3.10-7.3.12", "attrs", "default-packages:5",
    ] {
      #expect(done.outputText.contains(part), "\(part): \(done.outputText)")
    }
    #expect(try machine.read(".config/outfit/outfit.yaml")?.contains("isort: \"6.0.1\"") == true)

    // What answers: the version where it stands, the tool, and the virtualenv where a file names it.
    let python = try await machine.login(
      "python -c 'import sys; print(sys.executable)'; isort --version-number")
    #expect(
      python.outputText == "\(pyenv.folder)/bin/python\(pyenv.series)\n6.0.1\n",
      "\(python.outputText)\(python.errorText)")
    let inside = try await machine.login("cd work && python -c 'import sys; print(sys.prefix)'")
    #expect(inside.outputText == "\(pyenv.folder)/envs/shop\n", "\(inside.outputText)\(inside.errorText)")
    let list = try await machine.outfit("python", "versions", setting: pyenv.setting)
    #expect(list.outputText.contains("shop (\(pyenv.version))"), "\(list.outputText)")

    let again = try await machine.outfit("import", "pyenv", "--json", setting: pyenv.setting)
    #expect(again.status == 0, "\(again.errorText)")
    #expect(again.outputText.contains("\"name\": \"shop\""))
    #expect(try await pyenv.tree() == before)
    let theirs = try await machine.run(pyenv.root.appending("shims/python"), ["-V"])
    #expect(theirs.outputText.contains(pyenv.version))
  }

  @Test func theRealPyenvOfThisMachineIsTakenOverToo() async throws {
    let machine = try Machine()
    let root = FilePath(machine.environment["PYENV_ROOT"] ?? "/root/.pyenv")
    guard machine.files.exists(root.appending("versions")) else {
      print("SKIPPED: this machine has no pyenv")
      return
    }
    let versions = try machine.files.list(root.appending("versions")).filter { $0.first == "3" }
    let done = try await machine.outfit(
      "import", "pyenv", "--root", root.string, setting: ["PYENV_ROOT": root.string])
    #expect(done.status == 0, "\(done.errorText)")
    let list = try await machine.outfit("python", "list", "--bare", setting: ["PYENV_ROOT": root.string])
    let taken = list.outputText.split(separator: "\n").map(String.init)
    #expect(!taken.isEmpty)
    for version in versions {
      #expect(taken.contains(version) || done.outputText.contains("\n  \(version)"), "\(version)")
    }

    // pyenv's own words choose among them.
    let last = taken[taken.count - 1]
    let chosen = try await machine.login(
      "PYENV_VERSION=\(last) python -c 'import sys; print(\"%d.%d.%d\" % sys.version_info[:3])'")
    #expect(chosen.outputText == "\(last)\n", "\(chosen.errorText)")
    let executed = try await machine.outfit(
      "exec", "python@\(last)", "-c", "import os; print('OUTFIT_PYTHON' in os.environ)")
    #expect(executed.outputText == "False\n", "\(executed.errorText)")
    let global = try await machine.outfit("python", "global", last)
    #expect(global.status == 0, "\(global.errorText)")
    #expect(try await machine.login("python -V").outputText.contains(last))
    let gone = try await machine.outfit("python", "uninstall", last)
    #expect(gone.status == 0, "\(gone.errorText)")
    #expect(try await machine.outfit("python", "list", "--bare").outputText.contains(last) == false)
    #expect(machine.files.exists(root.appending("versions").appending(last)))
    let back = try await machine.outfit("rollback")
    #expect(back.status == 0, "\(back.errorText)")
    #expect(try await machine.outfit("python", "list", "--bare").outputText.contains(last))
    #expect(try machine.read(".config/outfit/outfit.yaml")?.contains(last) == true)
  }

  @Test func versionsOfAFolder() async throws {
    let machine = try Machine()
    guard let pyenv = try await Pyenv(machine) else { return }
    let set = pyenv.setting
    let installed = try await machine.outfit("python", "install", pyenv.version, setting: set)
    #expect(installed.status == 0, "\(installed.errorText)")
    #expect(installed.outputText == "Installed Python \(pyenv.version).\n")
    let again = try await machine.outfit("python", "install", "-s", pyenv.version, setting: set)
    #expect(again.outputText.hasPrefix("Nothing to do"), "\(again.outputText)\(again.errorText)")

    // Without a project: a version file, written as its users write it.
    try machine.write("a/.tool-versions", "# ours\nnodejs 22\npython 2.7 # old\n")
    let local = try await machine.outfit("python", "local", pyenv.series, at: "a", setting: set)
    #expect(local.status == 0, "\(local.errorText)")
    #expect(try machine.read("a/.tool-versions") == "# ours\nnodejs 22\npython \(pyenv.series) # old\n")
    try machine.write("b/.keep", "")
    _ = try await machine.outfit("python", "use", pyenv.version, at: "b", setting: set)
    #expect(try machine.read("b/.python-version") == "\(pyenv.version)\n")
    let version = try await machine.outfit("python", "version", at: "b", setting: set)
    #expect(version.outputText.hasPrefix("\(pyenv.version) (set by "), "\(version.outputText)")
    #expect(version.outputText.hasSuffix("b/.python-version:1)\n"))
    _ = try await machine.outfit("python", "local", "--unset", at: "b", setting: set)
    #expect(try machine.read("b/.python-version") == nil)
    let shell = try await machine.outfit("python", "shell", pyenv.series, setting: set)
    #expect(shell.outputText == "export OUTFIT_PYTHON='\(pyenv.series)'\n")

    // In a project: its manifest, comments and order as they were.
    try machine.write(
      "shop/outfit.yaml",
      "profile: shop\n# any good one\ninterpreters: {python: {versions: [\">=3\"], system: true}}\nenv:\n  A: b # c\n"
    )
    let refused = try await machine.outfit("python", "use", pyenv.version, at: "shop", setting: set)
    #expect(refused.status == 4, "\(refused.errorText)")
    #expect(try machine.read("shop/outfit.yaml")?.contains(">=3") == true)
    let used = try await machine.outfit("python", "use", pyenv.version, "--trust", at: "shop", setting: set)
    #expect(used.status == 0, "\(used.errorText)")
    #expect(
      try machine.read("shop/outfit.yaml")
        == "profile: shop\n# any good one\ninterpreters: {python: {versions: \"\(pyenv.version)\", system: true}}\nenv:\n  A: b # c\n"
    )
    let why = try await machine.outfit("why", "python", at: "shop", setting: set)
    #expect(why.outputText.contains("chosen by  outfit.yaml:"), "\(why.outputText)")

    // Taken out of the own layer, it stays where a project wants it.
    let gone = try await machine.outfit("python", "uninstall", pyenv.version, setting: set)
    #expect(gone.status == 0, "\(gone.errorText)")
    #expect(gone.errorText.contains("The project ~/shop goes on with \(pyenv.version)"), "\(gone.errorText)")
    let still = try await machine.login("cd shop && python -V")
    #expect(still.outputText.contains(pyenv.version), "\(still.errorText)")
  }

  @Test func whatUseInstallsIsNamedByItsVersion() async throws {
    let machine = try Machine()
    guard let pyenv = try await Pyenv(machine) else { return }
    try machine.write("b/.keep", "")
    let used = try await machine.outfit("python", "use", pyenv.series, at: "b", setting: pyenv.setting)
    #expect(used.status == 0, "\(used.errorText)")
    #expect(
      used.outputText == ".python-version says \(pyenv.series).\nInstalled Python \(pyenv.version).\n",
      "\(used.outputText)")
  }

  @Test func filesThatContradictEachOther() async throws {
    let machine = try Machine()
    guard let pyenv = try await Pyenv(machine) else { return }
    let set = pyenv.setting
    try machine.write(
      "shop/outfit.yaml",
      "profile: shop\ninterpreters:\n  python: {versions: \"\(pyenv.version)\", system: true}\n")
    let up = try await machine.outfit("up", "--trust", at: "shop", setting: set)
    #expect(up.status == 0, "\(up.errorText)")
    let fine = try await machine.outfit("status", "--check", at: "shop", setting: set)
    #expect(fine.status == 0, "\(fine.errorText)\(fine.outputText)")

    try machine.write("shop/.python-version", "# old\n2.7.18\n")
    try machine.write("shop/.tool-versions", "python path:/tmp/evil\n")
    try machine.write("shop/pyproject.toml", "[project]\nname = \"shop\"\nrequires-python = \">=4\"\n")
    try machine.write("shop/.nvmrc", "lts/iron\n")
    try machine.write("shop/package.json", "{\n  \"engines\": {\n    \"node\": \">=22\"\n  }\n}\n")
    for verb in ["status", "doctor"] {
      let said = try await machine.outfit(verb, at: "shop", setting: set)
      let text = said.errorText + said.outputText
      for part in [
        "outfit.yaml:3 asks for Python `\(pyenv.version)`, and .python-version:2 for `2.7.18`",
        "pyproject.toml:3 wants requires-python `>=4`, and outfit.yaml:3 chooses Python `\(pyenv.version)`",
        "package.json:3 wants engines.node `>=22`, and .nvmrc:1 chooses Node `lts/iron`",
      ] { #expect(text.contains(part), "\(verb), \(part): \(text)") }
    }
    let doctor = try await machine.outfit("doctor", at: "shop", setting: set)
    #expect(doctor.outputText.contains(".tool-versions:1 says `path:/tmp/evil`"), "\(doctor.outputText)")
    let check = try await machine.outfit("status", "--check", "--json", at: "shop", setting: set)
    #expect(check.status == 3)
    #expect(check.outputText.contains("\"contradictions\""))
    let why = try await machine.outfit("why", "python", at: "shop", setting: set)
    let lines = why.outputText.split(separator: "\n").map {
      $0.split(separator: " ").prefix(3).joined(separator: " ")
    }
    #expect(lines.contains("chosen by outfit.yaml:3"))
    #expect(lines.contains("loses .python-version:2 2.7.18"), "\(why.outputText)")
    let variable = try await machine.outfit(
      "why", "python", "--json", at: "shop", setting: set.merging(["OUTFIT_PYTHON": pyenv.series]) { $1 })
    #expect(variable.outputText.contains("\"chosenBy\": \"OUTFIT_PYTHON\""), "\(variable.outputText)")
  }

  @Test func mistakes() async throws {
    let machine = try Machine()
    guard let pyenv = try await Pyenv(machine) else { return }
    let set = pyenv.setting
    try machine.write(
      "team/outfit.yaml", "profile: team\ninterpreters:\n  python: [\"\(pyenv.version)\"]\n")
    let up = try await machine.outfit("up", "team", "--trust", setting: set)
    #expect(up.status == 0, "\(up.errorText)")
    let before = try machine.tree()
    for (arguments, status, text) in [
      (["python", "install", "3.y"], 2, "`3.y` is not a version of Python"),
      (["python", "install", "../evil"], 2, "is not a version of Python"),
      (["python", "install", "pypy3.10"], 2, "Outfit does not install pypy"),
      (["python", "install", "system"], 2, "not installed by Outfit"),
      (["node", "install", "lts/irn"], 2, "did you mean `lts/iron`?"),
      (["python", "install"], 2, "which version?"),
      (["python", "uninstall", pyenv.version], 1, "is wanted by team, team/outfit.yaml:3"),
      (["python", "uninstall", "3.4"], 2, "it has \(pyenv.version)"),
      (["python", "use"], 1, "no file here chooses a Python"),
      (["python", "lokal", "3"], 2, "there is no verb `outfit python lokal`"),
      (["python", "shell", "3.4"], 1, "outfit python install 3.4"),
      (["python", "list", "--all", "--offline"], 1, "it was not asked before"),
      (["import", "pyenv", "--root", "nowhere"], 2, "there is no pyenv in"),
      (["gc", "python-9"], 2, "the store has no python-9"),
      (["exec", "python@9.9", "-V"], 127, "python 9.9 is asked for"),
      (["exec", "python@9.9", "--", "true"], 127, "python 9.9 is asked for"),
      (["exec", "python@\(pyenv.series)", "--"], 2, "exec takes a command behind `--`"),
      (["python", "install", "3.11", "3.x", "abc"], 2, "`abc` is not a version of Python"),
      (["python", "use", "abc"], 2, "is not a version of Python"),
      (["python", "global", "3.1.2.3.4"], 2, "is not a version of Python"),
      (["node", "install", "--offline", "lts/nosuchline"], 2, "no line of Node that is known here"),
      (["exec", "nothing-such@\(pyenv.series)"], 127, "came without nothing-such"),
    ] as [([String], Int32, String)] {
      let done = try await machine.run(Machine.build.appending("outfit"), arguments, setting: set)
      #expect(done.status == status, "\(arguments): \(done.errorText)")
      #expect(done.errorText.contains(text), "\(arguments): \(done.errorText)")
    }
    expectSameTree(before, try machine.tree())

    // What nobody publishes, and what can't be fetched here, leaves everything as it was.
    let unknown = try await machine.outfit(
      "python", "install", "3.99.1", setting: set.merging(["OUTFIT_MIRROR": "file:///nowhere"]) { $1 })
    #expect(unknown.status == 2, "\(unknown.errorText)")
    #expect(unknown.errorText.contains("there is no Python 3.99.1\n"), "\(unknown.errorText)")
    #expect(!unknown.errorText.contains("distribution"), "\(unknown.errorText)")
    #expect(try machine.read(".config/outfit/outfit.yaml") == nil)
    expectSameTree(before, try machine.tree())
  }

  @Test func moreVersionsBehindThoseOfAProfile() async throws {
    let machine = try Machine()
    guard let pyenv = try await Pyenv(machine) else { return }
    let set = pyenv.setting
    try machine.write(
      "team/outfit.yaml",
      "profile: team\nlocked: [interpreters.python]\ninterpreters:\n  python: {versions: [\">=3\"], system: true}\n"
    )
    let up = try await machine.outfit("up", "team", "--trust", setting: set)
    #expect(up.status == 0, "\(up.errorText)")
    let added = try await machine.outfit("python", "install", pyenv.version, setting: set)
    #expect(added.status == 0, "\(added.errorText)")
    #expect(
      try machine.read(".config/outfit/outfit.yaml")?.hasSuffix(
        "interpreters:\n  python: {also: \"\(pyenv.version)\"}\n") == true)
    // The default is not for the own layer to change: the profile locked it.
    let global = try await machine.outfit("python", "global", pyenv.version, setting: set)
    #expect(global.status == 2, "\(global.errorText)")
    #expect(global.errorText.contains("is locked by team"), "\(global.errorText)")
    let second = try await machine.outfit("up", setting: set)
    #expect(second.outputText.contains("Nothing to do"), "\(second.outputText)\(second.errorText)")
    let gone = try await machine.outfit("python", "uninstall", pyenv.version, setting: set)
    #expect(gone.status == 0, "\(gone.errorText)")
  }

  @Test func nodeByAWheel() async throws {
    let machine = try Machine()
    let listed = try await machine.outfit("node", "list", "--all", "--bare")
    guard listed.status == 0 else {
      print("SKIPPED: no index of Node's releases answers: \(listed.errorText)")
      return
    }
    let newest = try #require(listed.outputText.split(separator: "\n").first { $0.hasPrefix("24.") })
    let installed = try await machine.outfit("node", "install", "24")
    #expect(installed.status == 0, "\(installed.errorText)")
    try machine.write("web/.nvmrc", "lts/krypton\n")
    let version = try await machine.login("cd web && node --version && npm --version")
    #expect(version.outputText.hasPrefix("v24."), "\(version.outputText)\(version.errorText)")
    let list = try await machine.outfit("node", "list", "--json")
    #expect(list.outputText.contains("\"version\": \"24."), "\(list.outputText)")
    let upgrade = try await machine.outfit("node", "upgrade", "--dry-run")
    #expect(upgrade.status == 0, "\(upgrade.errorText)")
    #expect(upgrade.outputText.contains("Nothing to do"), "\(upgrade.outputText), newest \(newest)")

    // What a generation once had stays until it is named.
    let gone = try await machine.outfit("node", "uninstall", "24")
    #expect(gone.status == 0, "\(gone.errorText)")
    #expect(try await machine.outfit("node", "list", "--bare").outputText == "")
    let kept = try await machine.outfit("gc", "--keep", "1", "--json")
    #expect(kept.outputText.contains("a virtualenv of yours may stand on it"), "\(kept.outputText)")
    let name = try #require(
      try machine.files.list(machine.home.appending(".local/share/outfit/store")).first {
        $0.hasPrefix("node-24")
      })
    let dry = try await machine.outfit("gc", name, "--dry-run")
    #expect(dry.outputText.contains("would go"), "\(dry.outputText)")
    let freed = try await machine.outfit("gc", name)
    #expect(freed.status == 0, "\(freed.errorText)")
    #expect(!machine.files.exists(machine.home.appending(".local/share/outfit/store").appending(name)))
  }
}
