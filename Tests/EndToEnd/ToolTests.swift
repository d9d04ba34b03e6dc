import Foundation
import OutfitCore
import OutfitSystem
import Support
import SystemPackage
import Testing

/// The verbs of `outfit tool`, with real packages, as people type them.
@Suite(.serialized)
struct ToolTests {
  private func manifest(_ machine: Machine) throws -> String {
    try machine.read(".config/outfit/outfit.yaml") ?? ""
  }

  private func personal(_ machine: Machine, _ text: String) throws {
    try machine.write(".config/outfit/outfit.yaml", text)
  }

  @Test func oneToolFromInstallToUninstall() async throws {
    let machine = try Machine()
    let installed = try await machine.outfit("tool", "install", "black[d]@25")
    #expect(installed.status == 0, "\(installed.errorText)")
    #expect(installed.outputText.contains("installed black 25."), "\(installed.outputText)")
    #expect(
      try manifest(machine).hasSuffix("tools:\n  black: {version: \"25\", extras: [d]}\n"))
    #expect(try manifest(machine).hasPrefix("# yaml-language-server: $schema="))
    for program in ["black", "blackd"] {
      let ran = try await machine.login("\(program) --version")
      #expect(ran.outputText.contains("25."), "\(ran.errorText)")
    }

    // Comments and order are the user's.
    try personal(
      machine,
      "# my tools\ntools:\n  # the formatter\n  black: {version: \"25\", extras: [d]}  # d for the editor\ndata: {a: b}\n"
    )
    let injected = try await machine.outfit("tool", "inject", "black", "colorama", "--json")
    #expect(injected.status == 0, "\(injected.errorText)")
    #expect(injected.outputText.contains("\"name\": \"black\""))
    #expect(
      try manifest(machine)
        == "# my tools\ntools:\n  # the formatter\n"
        + "  black: {version: \"25\", extras: [d], with: [colorama]}  # d for the editor\ndata: {a: b}\n")

    let exposed = try await machine.outfit("tool", "expose", "black", "black")
    #expect(exposed.status == 0, "\(exposed.errorText)")
    #expect(!machine.files.exists(machine.home.appending(".local/share/outfit/bin/blackd")))
    let mistaken = try await machine.outfit("tool", "expose", "black", "blakd")
    #expect(mistaken.status == 2)
    #expect(mistaken.errorText.contains("did you mean blackd?"), "\(mistaken.errorText)")

    let held = try await machine.outfit("tool", "hold", "black")
    #expect(held.status == 0, "\(held.errorText)")
    let upgraded = try await machine.outfit("tool", "upgrade", "black")
    #expect(upgraded.status == 2)
    #expect(upgraded.errorText.contains("outfit tool unhold black"), "\(upgraded.errorText)")
    #expect(try await machine.outfit("tool", "unhold", "black").status == 0)

    let uninstalled = try await machine.outfit("tool", "uninstall", "black")
    #expect(uninstalled.status == 0, "\(uninstalled.errorText)")
    #expect(try manifest(machine) == "# my tools\ntools:\n  # the formatter\ndata: {a: b}\n")
    #expect(!machine.files.exists(machine.home.appending(".local/share/outfit/bin/black")))

    let back = try await machine.outfit("rollback")
    #expect(back.status == 0, "\(back.errorText)")
    #expect(try manifest(machine).contains("with: [colorama], expose: [black]"))
    #expect(try await machine.login("black --version").status == 0)
  }

  @Test func whatCannotBeHadLeavesEverythingAsItWas() async throws {
    let machine = try Machine()
    try personal(machine, "tools:\n  cowsay: \"6\"\n")
    #expect(try await machine.outfit("up").status == 0)
    let before = try manifest(machine)
    let lock = try machine.read(".config/outfit/outfit.lock")
    for (arguments, words) in [
      (["install", "no-such-package-of-anybody", "httpie"], "no package named no-such-package-of-anybody"),
      (["install", "black==1.0"], "no version matches"), (["install", "black@x.y"], "is not a version"),
      (["install", "./here"], "is not a package of an index"), (["install", "requests"], "has no programs"),
      (["inject", "cowsay", "no-such-package-of-anybody"], "no package named"),
      (["inject", "cowsays", "rich"], "did you mean cowsay?"),
      (["uninject", "cowsay", "rich"], "was not injected"),
      (["uninstall", "blakc"], "there is no tool blakc"),
      (["instal", "black"], "did you mean `outfit tool install`?"),
      (["install", "blakc-of-nobody"], "no package named blakc-of-nobody in "),
      (["install", "http"], "comes with the package httpie"),
      (["hold", "nothing"], "there is no tool nothing"), (["install", "cowsay", "--python", "2.6"], "2.6"),
    ] {
      let done = try await machine.run(Machine.build.appending("outfit"), ["tool"] + arguments)
      #expect(done.status == 2 || done.status == 1, "\(arguments): \(done.errorText)")
      #expect(done.errorText.contains(words), "\(arguments): \(done.errorText)")
      #expect(try manifest(machine) == before, "\(arguments)")
      #expect(try machine.read(".config/outfit/outfit.lock") == lock, "\(arguments)")
    }
  }

  @Test func aLockedToolOfATeamIsNotForOnePersonToChange() async throws {
    let machine = try Machine()
    try machine.write(
      "team/outfit.yaml", "profile: web-team\nlocked: [tools.cowsay]\ntools:\n  cowsay: \"6\"\n")
    #expect(try await machine.outfit("up", "team", "--trust").status == 0)
    let changed = try await machine.outfit("tool", "install", "cowsay@5")
    #expect(changed.status == 2)
    #expect(changed.errorText.contains("`tools.cowsay` is locked by web-team"), "\(changed.errorText)")
    #expect(changed.errorText.contains("team/outfit.yaml:2"), "\(changed.errorText)")
    let there = try await machine.outfit("tool", "install", "cowsay")
    #expect(there.status == 0, "\(there.errorText)")
    #expect(there.outputText.contains("cowsay is here already: web-team has it"), "\(there.outputText)")
    #expect(!machine.files.exists(machine.home.appending(".config/outfit/outfit.yaml")))
    let gone = try await machine.outfit("tool", "uninstall", "cowsay")
    #expect(gone.status == 2)
    #expect(gone.errorText.contains("team/outfit.yaml:4"), "\(gone.errorText)")
  }

  @Test func twoVersionsSideBySideAndTheProgramsOfDependencies() async throws {
    let machine = try Machine()
    let both = try await machine.outfit("tool", "install", "black@24", "--suffix", "@24")
    #expect(both.status == 0, "\(both.errorText)")
    #expect(try await machine.outfit("tool", "install", "black").status == 0)
    #expect(try await machine.login("black24 --version").outputText.contains("24."))
    #expect(try await machine.login("black --version").outputText.contains("24.") == false)
    // The same names twice need a decision, before anything is built.
    let clash = try await machine.outfit(
      "tool", "install", "httpie", "pygments", "--with", "httpie", "--include-deps")
    #expect(clash.status == 2, "\(clash.errorText)")
    #expect(clash.errorText.contains("offer the command `http"), "\(clash.errorText)")
    #expect(!(try manifest(machine)).contains("httpie"))
    let deps = try await machine.outfit("tool", "install", "httpie", "--include-deps")
    #expect(deps.status == 0, "\(deps.errorText)")
    #expect(deps.outputText.contains("pygmentize"), "\(deps.outputText)")
    // Its manual page is where man looks for the pages of a command beside it on PATH.
    #expect(machine.files.exists(machine.home.appending(".local/share/outfit/share/man/man1/http.1")))
    #expect(try await machine.outfit("tool", "uninstall", "httpie").status == 0)
    #expect(!machine.files.exists(machine.home.appending(".local/share/outfit/share/man/man1/http.1")))
  }

  @Test func sphinxWithPluginsAndAToolOfNativeCode() async throws {
    let machine = try Machine()
    try machine.write("docs/conf.py", "project = 'x'\nextensions = ['myst_parser']\nhtml_theme = 'furo'\n")
    try machine.write("docs/index.md", "# Hello\n")
    let installed = try await machine.outfit(
      "tool", "install", "sphinx", "--with", "furo", "--with", "myst-parser")
    #expect(installed.status == 0, "\(installed.errorText)")
    let built = try await machine.login("sphinx-build -q docs out && grep -c furo out/index.html")
    #expect(built.status == 0, "\(built.errorText)")
    let native = try await machine.outfit("tool", "install", "ruff")
    #expect(native.status == 0, "\(native.errorText)")
    #expect(try await machine.login("ruff --version").outputText.hasPrefix("ruff "))
    // Nothing to do asks nobody: every address leads nowhere.
    let nowhere = [
      "PIP_INDEX_URL": "http://127.0.0.1:9/simple", "UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple",
    ]
    let again = try await machine.outfit("up", setting: nowhere)
    #expect(again.status == 0, "\(again.errorText)")
    #expect(again.outputText.contains("Nothing to do"))
  }

  @Test func aPackageWithoutAWheelSwitchesNothing() async throws {
    let machine = try Machine()
    // `docopt` has been published as source only.
    try personal(machine, "tools:\n  cowsay: \"6\"\n  docopt: {version: \"0.6.2\", expose: [python]}\n")
    let refused = try await machine.outfit("up")
    #expect(refused.status == 1, "\(refused.errorText)")
    #expect(refused.errorText.contains("docopt is published as source only"), "\(refused.errorText)")
    #expect(refused.errorText.contains("build: [docopt]"), "\(refused.errorText)")
    #expect(refused.errorText.contains("nothing was switched"), "\(refused.errorText)")
    try personal(
      machine,
      "tools:\n  cowsay: {version: \"6\", with: [docopt], build: [docopt]}\n")
    let built = try await machine.outfit("up")
    #expect(built.status == 0, "\(built.errorText)")
    #expect(try await machine.login("cowsay -t moo").outputText.contains("moo"))
  }

  @Test func runsWithoutInstalling() async throws {
    let machine = try Machine()
    let ran = try await machine.outfit("tool", "run", "cowsay==6.1", "--", "-t", "moo")
    #expect(ran.status == 0, "\(ran.errorText)")
    #expect(ran.outputText.contains("moo"))
    #expect(!machine.files.exists(machine.home.appending(".config/outfit/outfit.yaml")))
    let nowhere = ["UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple"]
    let again = try await machine.outfit("tool", "run", "cowsay==6.1", "--version", setting: nowhere)
    #expect(again.outputText.contains("6.1"), "\(again.errorText)")
    try machine.write(
      "s.py",
      "# /// script\n# dependencies = [\"cowsay==6.1\"]\n# ///\nimport cowsay, sys\nprint(cowsay.__version__)\nsys.exit(7)\n"
    )
    let script = try await machine.outfit("tool", "run", "s.py")
    #expect(script.status == 7, "\(script.errorText)")
    #expect(script.outputText == "6.1\n")
    let onPython = try await machine.outfit("tool", "run", "s.py", "--python", "9.9", "--", "x")
    #expect(onPython.errorText.contains("needs Python 9.9"), "\(onPython.errorText)")
    let other = try await machine.outfit("tool", "run", "--from", "cowsay", "cowsya")
    #expect(other.status == 2)
    #expect(other.errorText.contains("has no program cowsya"), "\(other.errorText)")
  }

  @Test func whatWasRunIsTakenAgainForTwoWeeks() async throws {
    let machine = try Machine()
    let index = try PackageIndex()
    try await index.publish("told", "1.0", says: "first", machine)
    try personal(machine, "indexes: {open: {url: \"\(index.url)\"}}\n")
    let setting = ["XDG_CACHE_HOME": machine.home.appending("cache").string]
    func run() async throws -> String {
      let done = try await machine.outfit("tool", "run", "told", setting: setting)
      return done.outputText + done.errorText.split(separator: "\n").filter { $0.hasPrefix("error") }.joined()
    }
    #expect(try await run() == "first\n")
    try await index.publish("told", "2.0", says: "second", machine)
    let folder = machine.home.pushing("cache/outfit/run")
    let name = try #require(try machine.files.list(folder).first { !$0.hasSuffix(".lock") })
    /// Makes the run as old as that.
    func age(days: Int64) throws {
      let text = try #require(try machine.read("cache/outfit/run/\(name)"))
      let now = Int64(Date().timeIntervalSince1970)
      let rest = text.split(separator: "\n").dropFirst().joined(separator: "\n")
      try machine.write("cache/outfit/run/\(name)", "\(now - days * 86400)\n\(rest)\n")
    }
    try age(days: 13)
    _ = index.asked()
    #expect(try await run() == "first\n")
    #expect(index.asked().isEmpty)
    try age(days: 15)
    // Pins that were damaged meanwhile are made anew too.
    try machine.write("cache/outfit/run/\(name).lock", "tools: [")
    #expect(try await run() == "second\n")
  }

  @Test func pinsSayWhatCouldMove() async throws {
    let machine = try Machine()
    try personal(machine, "tools:\n  isort: \"5\"\n  black: {version: latest, cooldown: 400d}\n")
    #expect(try await machine.outfit("up").status == 0)
    let fresh = try await machine.outfit("outdated", "--check", "--json")
    #expect(fresh.status == 0, "\(fresh.errorText)")
    #expect(fresh.outputText.contains("\"wanted\": \"5.13.2\""), "\(fresh.outputText)")
    let lock = try #require(try machine.read(".config/outfit/outfit.lock"))
    try personal(machine, "tools:\n  isort: \"5\"\n  black: {version: latest, cooldown: 0d}\n")
    // A cooldown moves no pin by itself.
    #expect(try await machine.outfit("up").status == 0)
    #expect(try machine.read(".config/outfit/outfit.lock") == lock)
    let outdated = try await machine.outfit("outdated", "--check")
    #expect(outdated.status == 3, "\(outdated.outputText)\(outdated.errorText)")
    #expect(outdated.outputText.contains("outfit update"), "\(outdated.outputText)")
    let moved = try await machine.outfit("tool", "upgrade", "--all")
    #expect(moved.status == 0, "\(moved.errorText)")
    #expect(moved.outputText.contains("upgraded black"), "\(moved.outputText)")
    #expect(try await machine.outfit("outdated", "--check").status == 0)
  }

  /// Each line of hashes with another in its place; nil takes the line out.
  private func lock(_ text: String, hash: String?) -> String {
    let mark = "--hash=sha256:"
    return text.split(separator: "\n", omittingEmptySubsequences: false).compactMap { line -> String? in
      guard line.contains(mark) else { return String(line) }
      guard let hash else { return nil }
      return line.prefix { $0 == " " } + mark + hash + (line.hasSuffix("\\") ? " \\" : "")
    }.joined(separator: "\n")
  }

  @Test func whatIsNotWhatTheLockSaysStopsThatToolAlone() async throws {
    let machine = try Machine()
    try personal(machine, "tools:\n  cowsay: \"6\"\n")
    #expect(try await machine.outfit("up").status == 0)
    let path = ".config/outfit/outfit.lock"
    let right = try #require(try machine.read(path))
    let wrong = lock(right, hash: String(repeating: "0", count: 64))
    #expect(wrong != right)
    try machine.write(path, wrong)
    let refused = try await machine.outfit("up", "--locked")
    #expect(refused.status == 1, "\(refused.outputText)\(refused.errorText)")
    #expect(refused.errorText.contains("cowsay"), "\(refused.errorText)")
    // What stood before goes on.
    #expect(try await machine.login("cowsay -t moo").outputText.contains("moo"))
    try machine.write(path, lock(right, hash: nil).replacing(" \\\n", with: "\n"))
    let missing = try await machine.outfit("up", "--locked")
    #expect(missing.status != 0, "\(missing.outputText)\(missing.errorText)")
    #expect(try await machine.login("cowsay -t moo").outputText.contains("moo"))
    try machine.write(path, right)
    let restored = try await machine.outfit("up", "--locked")
    #expect(restored.status == 0, "\(restored.errorText)")
  }

  @Test func aWarmCacheAsksNobody() async throws {
    let machine = try Machine()
    #expect(try await machine.outfit("tool", "install", "cowsay@6").status == 0)
    let store = machine.home.appending(".local/share/outfit/store")
    let environment = try #require(try machine.files.list(store).first { $0.hasPrefix("cowsay-") })
    try machine.files.removeTree(store.appending(environment))
    try machine.files.remove(machine.home.appending(".local/state/outfit/receipts").appending(environment))
    // All that goes out goes through here, and is counted.
    let server = try LoopbackServer { _ in LoopbackServer.Reply(502) }
    let proxy = ["https_proxy", "http_proxy", "HTTPS_PROXY", "HTTP_PROXY"]
    let counted = Dictionary(uniqueKeysWithValues: proxy.map { ($0, server.address) })
    let up = try await machine.outfit("up", setting: counted)
    #expect(up.status == 0, "\(up.errorText)")
    #expect(server.requests.isEmpty, "\(server.requests)")
    #expect(machine.files.exists(store.appending(environment).appending("bin")))
    let other = try await machine.outfit("tool", "install", "no-such-package-of-anybody", setting: counted)
    #expect(other.status != 0)
    #expect(!server.requests.isEmpty)
  }

  @Test func aProjectsToolsStandInItsManifest() async throws {
    let machine = try Machine()
    try machine.write("shop/outfit.yaml", "profile: shop\n")
    #expect(try await machine.outfit("trust", ".", at: "shop").status == 0)
    let installed = try await machine.outfit("tool", "install", "--project", "cowsay@6", at: "shop")
    #expect(installed.status == 0, "\(installed.errorText)")
    #expect(try machine.read("shop/outfit.yaml") == "profile: shop\ntools:\n  cowsay: \"6\"\n")
    #expect(try machine.read("shop/outfit.lock")?.contains("cowsay") == true)
    let listed = try await machine.outfit("tool", "list", "--project", "--short", at: "shop")
    #expect(listed.outputText == "cowsay 6.1\n", "\(listed.outputText)")
    let elsewhere = try await machine.outfit("tool", "list", "--project")
    #expect(elsewhere.status == 2)
  }
}
