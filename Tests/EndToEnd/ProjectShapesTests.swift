import OutfitSystem
import SystemPackage
import Testing

/// Projects of every shape, locked by their own managers: `init`, `up`, their own tests, `up` again, and back.
@Suite(.serialized, .timeLimit(.minutes(20)))
struct ProjectShapesTests {
  private static let fixtures = Machine.checkout.appending("Tests/Fixtures/projects")

  /// A copy that is a repository, as a clone is.
  private func clone(_ shape: String, _ machine: Machine) async throws {
    let made = try await machine.run(
      "/bin/sh",
      [
        "-ec",
        "cp -R \"$1\" p && cd p && git init -q . && git add -A && git -c user.name=a -c user.email=a@b commit -qm x",
        "sh", Self.fixtures.appending(shape).string,
      ])
    try #require(made.succeeded, "\(made.errorText)")
  }

  /// The interpreter is what this machine has.
  private func manifest(_ machine: Machine) throws -> String {
    let text = try #require(try machine.read("p/outfit.yaml"))
    return text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      line.hasPrefix("  python:") ? "  python: {versions: [\"3\"], system: true}" : String(line)
    }.joined(separator: "\n")
  }

  @Test(arguments: ["uv", "poetry", "pdm", "pipenv", "pylock", "requirements", "pyproject", "setup"])
  func itsOwnTestsStart(shape: String) async throws {
    let machine = try Machine("shape\(shape)")
    try await clone(shape, machine)
    let made = try await machine.outfit("init", at: "p")
    #expect(made.status == 0, "\(made.errorText)")
    let text = try manifest(machine)
    try machine.write("p/outfit.yaml", text)
    let up = try await machine.outfit("up", "--trust", at: "p")
    try #require(up.status == 0, "\(text)\n\(up.errorText)")
    let python = machine.home.pushing("p/.venv/bin/python")
    let check = try await machine.run(python, ["tests/check.py"], at: "p")
    #expect(check.outputText == "ok\n", "\(check.errorText)")
    let lock = try #require(try machine.read("p/outfit.lock"))
    // What ships has nothing of the groups.
    if ["uv", "poetry", "pdm", "pipenv"].contains(shape) {
      let parts = lock.split(separator: "\n  development: |\n", maxSplits: 1)
      #expect(
        parts.count == 2 && !parts[0].contains("iniconfig") && parts[1].contains("iniconfig==2.0.0"),
        "\(lock)")
    }
    let again = try await machine.outfit("up", at: "p")
    #expect(again.outputText.contains("Nothing to do"), "\(again.outputText)\(again.errorText)")
    let locked = try await machine.outfit("up", "--locked", at: "p")
    #expect(locked.status == 0, "\(locked.errorText)")
    // Cloned anew, with what was made for it: nobody is asked about what is not his.
    let anew = try await machine.run(
      "/bin/sh",
      [
        "-ec", "cp p/outfit.* . && rm -r p && cp -R \"$1\" p && mv outfit.* p/ && git -C p init -q .", "sh",
        Self.fixtures.appending(shape).string,
      ])
    try #require(anew.succeeded, "\(anew.errorText)")
    let once = try await machine.outfit("up", at: "p")
    #expect(once.status == 0, "\(once.errorText)")
    #expect(try machine.read("p/.git/info/exclude")?.contains("/.venv") == true)
    let back = try await machine.outfit("rollback", at: "p")
    #expect(back.status == 0, "\(back.errorText)")
    #expect(!machine.files.exists(machine.home.pushing("p/.venv")))
  }

  /// An environment of somebody's own stands where the link is wanted: it is moved aside on a word, and comes back.
  @Test(arguments: ["backup", "take"]) func anEnvironmentOfOnesOwnIsMovedAside(_ word: String) async throws {
    let machine = try Machine("aside\(word)")
    try await clone("requirements", machine)
    try machine.write(
      "p/outfit.yaml",
      "profile: p\ninterpreters: {python: {versions: [\"3\"], system: true}}\nvirtualenv: {from: requirements.txt}\n"
    )
    try machine.write("p/requirements.txt", "six==1.17.0\n")
    let place = machine.home.pushing("p/.venv")
    try machine.write("p/.venv/lib/mine.py", "mine\n")
    try machine.files.createLink(place.appending("bin"), to: "/usr/bin")
    let inode = try machine.files.status(place, followLinks: false)?.inode
    let asked = try await machine.outfit("up", "--trust", at: "p")
    #expect(asked.status == 4, "\(asked.errorText)")
    #expect(
      asked.errorText.contains(".venv as it is: a folder with things in it stands there")
        && asked.errorText.contains("--on-conflict take or backup"), "\(asked.errorText)")
    #expect(try machine.read("p/.venv/lib/mine.py") == "mine\n")
    let up = try await machine.outfit("up", "--on-conflict", word, at: "p")
    #expect(up.status == 0, "\(up.errorText)")
    #expect(up.errorText.contains(".venv.outfit-backup"), "\(up.errorText)")
    #expect(try machine.files.status(place, followLinks: false)?.kind == .link)
    #expect(try machine.read("p/.venv.outfit-backup/lib/mine.py") == "mine\n")
    let state = try await machine.run("/usr/bin/env", ["git", "-C", "p", "status", "--porcelain"])
    #expect(state.succeeded && !state.outputText.contains(".venv"), "\(state.outputText)")
    let again = try await machine.outfit("up", at: "p")
    #expect(again.status == 0 && again.outputText.contains("Nothing to do"), "\(again.errorText)")
    let shown = try await machine.outfit("rollback", "--dry-run", "--json", at: "p")
    #expect(shown.outputText.contains("\"movedFrom\""), "\(shown.outputText)\(shown.errorText)")
    let back = try await machine.outfit("rollback", at: "p")
    #expect(back.status == 0, "\(back.errorText)")
    #expect(try machine.files.status(place, followLinks: false)?.inode == inode)
    #expect(try machine.read("p/.venv/lib/mine.py") == "mine\n")
    #expect(!machine.files.exists(FilePath("\(place).outfit-backup")))
  }

  /// The project's own code is built after consent that says so, and is used as it stands.
  @Test func theProjectIsUsedAsItStands() async throws {
    let machine = try Machine()
    try await clone("setup", machine)
    try machine.write(
      "p/outfit.yaml",
      "profile: p\ninterpreters: {python: {versions: [\"3\"], system: true}}\nvirtualenv: {from: setup.py, extras: [test]}\n"
    )
    let asked = try await machine.outfit("up", at: "p")
    #expect(asked.status == 4)
    #expect(
      asked.errorText.contains("runs the build code of this project now and later"), "\(asked.errorText)")
    #expect(!machine.files.exists(machine.home.pushing("p/src/shop.egg-info")))
    // What it needs is told by its code, also where it is not installed itself.
    let text = try #require(try machine.read("p/outfit.yaml"))
    try machine.write(
      "p/outfit.yaml", text.replacing("extras: [test]", with: "extras: [test], editable: false"))
    let without = try await machine.outfit("up", at: "p")
    #expect(
      without.status == 4 && without.errorText.contains("runs the build code of this project"),
      "\(without.errorText)")
    try machine.write("p/outfit.yaml", text)
    #expect(try await machine.outfit("up", "--trust", at: "p").status == 0)
    try machine.write("p/src/shop/__init__.py", "import six\nNAME = 'changed'\n")
    let python = machine.home.pushing("p/.venv/bin/python")
    #expect(try await machine.run(python, ["-c", "import shop; print(shop.NAME)"]).outputText == "changed\n")
    #expect(try await machine.outfit("up", at: "p").outputText.contains("Nothing to do"))
    // What it needs has changed: that is another environment.
    let setup = try #require(try machine.read("p/setup.py"))
    try machine.write("p/setup.py", setup.replacing("six>=1.16", with: "toml"))
    let up = try await machine.outfit("up", "--trust", at: "p")
    #expect(up.status == 0, "\(up.errorText)")
    #expect(try await machine.run(python, ["-c", "import toml; print(1)"]).outputText == "1\n")
  }

  /// A package that is published as source only: all the rest is there, and the line that brings it works.
  @Test func whatHasToBeBuiltIsNamed() async throws {
    let machine = try Machine()
    let head = "profile: p\ninterpreters: {python: {versions: [\"3\"], system: true}}\n"
    try machine.write("p/outfit.yaml", head + "virtualenv: {from: requirements.txt}\n")
    try machine.write("p/requirements.txt", "six==1.17.0\n# of old\ndocopt==0.6.2\n")
    let locked = try await machine.outfit("up", "--trust", "--locked", at: "p")
    #expect(locked.status == 3, "\(locked.errorText)")
    let part = try await machine.outfit("up", "--trust", at: "p")
    #expect(part.status == 1, "\(part.errorText)")
    #expect(part.errorText.contains("requirements.txt:3:1"), "\(part.errorText)")
    let line = "virtualenv: {from: requirements.txt, build: [docopt]}"
    #expect(part.errorText.contains("`\(line)`"), "\(part.errorText)")
    let python = machine.home.pushing("p/.venv/bin/python")
    #expect(try await machine.run(python, ["-c", "import six; print(1)"]).outputText == "1\n")
    #expect(try await machine.outfit("up", "--locked", at: "p").status == 1)

    try machine.write("p/outfit.yaml", head + line + "\n")
    let asked = try await machine.outfit("up", at: "p")
    #expect(asked.status == 4 && asked.errorText.contains("builds docopt from source"), "\(asked.errorText)")
    let up = try await machine.outfit("up", "--trust", at: "p")
    #expect(up.status == 0, "\(up.errorText)")
    #expect(try await machine.run(python, ["-c", "import docopt, six; print(1)"]).outputText == "1\n")
    // Where a whole environment stands, it stays.
    try machine.write("p/outfit.yaml", head + "virtualenv: {from: requirements.txt}\n")
    #expect(try await machine.outfit("up", "--trust", at: "p").status == 1)
    #expect(try await machine.run(python, ["-c", "import docopt, six; print(1)"]).outputText == "1\n")
  }

  /// A repository is pinned at its commit, and is built when its name is allowed.
  @Test func aRepositoryIsPinnedAtItsCommit() async throws {
    let machine = try Machine()
    try await clone("setup", machine)
    let moved = try await machine.run("/bin/sh", ["-ec", "mv p lib.git && mkdir p"])
    try #require(moved.succeeded)
    let head = "profile: p\ninterpreters: {python: {versions: [\"3\"], system: true}}\n"
    try machine.write("p/requirements.txt", "shop @ git+file://\(machine.home)/lib.git\n")
    try machine.write("p/outfit.yaml", head + "virtualenv: {from: requirements.txt, build: [shop]}\n")
    let up = try await machine.outfit("up", "--trust", at: "p")
    #expect(up.status == 0, "\(up.errorText)")
    let commit = try await machine.run("/usr/bin/git", ["rev-parse", "HEAD"], at: "lib.git").outputText
      .prefix(40)
    #expect(
      try machine.read("p/outfit.lock")?.contains("shop @ git+file://\(machine.home)/lib.git@\(commit)")
        == true)
    let python = machine.home.pushing("p/.venv/bin/python")
    #expect(
      try await machine.run(python, ["-c", "import shop, six; print(shop.NAME)"]).outputText == "shop\n")
    #expect(try await machine.outfit("up", at: "p").outputText.contains("Nothing to do"))
  }
}
