import OutfitSystem
import Support
import SystemPackage
import Testing

/// Where the packages of a project come from, and that nothing else stands in for them.
@Suite(.serialized, .timeLimit(.minutes(15)))
struct VirtualenvSourceTests {
  private func settings(_ machine: Machine) -> [String: String] {
    ["XDG_CACHE_HOME": machine.home.appending("cache").string]
  }

  private func project(_ machine: Machine, _ indexes: [String], _ requirements: String) throws {
    let lines =
      ["profile: w", "interpreters: {python: {versions: [\"3\"], system: true}}", "indexes:"]
      + indexes.map { "  " + $0 } + ["virtualenv: {from: requirements.txt}"]
    try machine.write("w/outfit.yaml", lines.map { $0 + "\n" }.joined())
    try machine.write("w/requirements.txt", requirements)
  }

  /// The public index has the name too, in a higher version, as an attacker would publish it.
  @Test func aBoundNameComesFromItsIndex() async throws {
    let machine = try Machine()
    let (open, own) = (try PackageIndex(), try PackageIndex())
    try await own.publish("acme-core", "1.0", says: "ours", machine)
    try await open.publish("acme-core", "9.0", says: "evil", machine)
    try await open.publish("words", "1.0", requires: ["acme-core"], says: "public", machine)
    func indexes(_ bound: String) -> [String] {
      [
        "open: {url: \"\(open.url)\", priority: primary}",
        "acme: {url: \"\(own.url)\", priority: explicit, packages: [\(bound)]}",
      ]
    }
    try project(machine, indexes("acme-core"), "acme-core\nwords\n")
    let up = try await machine.outfit("up", "--trust", at: "w", setting: settings(machine))
    #expect(up.status == 0, "\(up.errorText)")
    let lock = try machine.read("w/outfit.lock") ?? ""
    #expect(lock.contains("acme-core==1.0 ") && lock.contains("words==1.0 "), "\(lock)")
    #expect(!open.asked().contains("acme-core"))
    #expect(try await machine.run(machine.home.pushing("w/.venv/bin/acme-core"), []).outputText == "ours\n")

    try project(machine, indexes("acme-core, acme-gone"), "acme-gone\n")
    let gone = try await machine.outfit("up", "--trust", at: "w", setting: settings(machine))
    #expect(gone.status == 2, "\(gone.errorText)")
    #expect(
      gone.errorText.contains("acme-gone") && gone.errorText.contains("alone may serve"), "\(gone.errorText)")
    #expect(!open.asked().contains("acme-gone"))
  }

  /// What `pip install` brings comes from the project's indexes, and bound names from theirs alone.
  @Test func pipAsksTheProjectsIndexes() async throws {
    let machine = try Machine()
    let (open, own) = (try PackageIndex(), try PackageIndex())
    // ada:hunter-2-secret
    let closed = try PackageIndex(authorization: "Basic YWRhOmh1bnRlci0yLXNlY3JldA==")
    try await own.publish("acme-core", "1.0", requires: ["words"], says: "ours", machine)
    try await open.publish("acme-core", "9.0", says: "evil", machine)
    try await open.publish("acme-gone", "9.0", says: "evil", machine)
    try await open.publish("words", "1.0", says: "public", machine)
    try await open.publish("uses-core", "1.0", requires: ["acme-core<9"], says: "user", machine)
    try await closed.publish("inside", "1.0", requires: ["uses-core"], says: "inside", machine)
    try project(
      machine,
      [
        "open: {url: \"\(open.url)\", priority: primary}",
        "acme: {url: \"\(own.url)\", priority: explicit, packages: [acme-core, acme-gone]}",
        "closed: {url: \"\(closed.url)\", priority: supplemental}",
      ], "")
    var setting = settings(machine)
    let up = try await machine.outfit("up", "--trust", at: "w", setting: setting)
    try #require(up.status == 0, "\(up.errorText)")
    setting["OUTFIT_INDEX_CLOSED_USERNAME"] = "ada"
    setting["OUTFIT_INDEX_CLOSED_PASSWORD"] = "hunter-2-secret"
    func pip(_ words: String...) async throws -> Completion {
      try await machine.outfit(["exec", "pip"] + words, at: "w", setting: setting)
    }
    _ = open.asked()
    let inside = try await pip("install", "inside")
    #expect(inside.status == 0, "\(inside.errorText)")
    for (program, says) in ["inside": "inside\n", "acme-core": "ours\n", "words": "public\n"] {
      let path = machine.home.pushing(FilePath("w/.venv/bin/\(program)"))
      #expect(try await machine.run(path, []).outputText == says)
    }
    #expect(!open.asked().contains("acme-core"))
    #expect(!own.asked().contains("inside"))

    let gone = try await pip("install", "acme-gone")
    #expect(gone.status != 0, "\(gone.errorText)")
    let frozen = try await pip("freeze")
    #expect(!frozen.outputText.contains("acme-gone"))
    _ = try await pip("list", "--outdated")
    try machine.write("w/more.txt", "# more\nacme-core>=1  # ours\n")
    let again = try await pip("install", "-U", "-r", "more.txt")
    #expect(again.status == 0, "\(again.errorText)")
    #expect(try await pip("compile", "more.txt").status != 0)
    #expect(open.asked().isDisjoint(with: ["acme-core", "acme-gone"]))
    let held = try await machine.run("/bin/grep", ["-rlaF", "hunter-2-secret", machine.home.string])
    #expect(held.outputText.isEmpty)
  }

  @Test func pipAsksTheIndexesOfRequirementsFiles() async throws {
    let machine = try Machine()
    let (open, own) = (try PackageIndex(), try PackageIndex())
    try await open.publish("words", "1.0", says: "public", machine)
    try await own.publish("inside", "1.0", requires: ["words"], says: "inside", machine)
    try project(
      machine, ["open: {url: \"\(open.url)\", priority: primary}"], "--extra-index-url \(own.url)\nwords\n")
    let up = try await machine.outfit("up", "--trust", at: "w", setting: settings(machine))
    try #require(up.status == 0, "\(up.errorText)")
    let pip = try await machine.outfit(
      "exec", "pip", "install", "inside", at: "w", setting: settings(machine))
    #expect(pip.status == 0, "\(pip.errorText)")
  }

  /// Two projects have one file of a package, nobody writes to it by mistake, and what somebody changed all the same
  /// reaches no environment that is made later.
  @Test func equalPackagesLieOnTheDiskOnce() async throws {
    let machine = try Machine()
    let index = try PackageIndex()
    try await index.publish("words", "1.0", says: "hello", machine)
    try await index.publish("other", "1.0", says: "other", machine)
    for (name, requirements) in ["w": "words\n", "v": "words\nother\n", "u": "words\n"] {
      try project(machine, ["own: {url: \"\(index.url)\", priority: primary}"], requirements)
      guard name != "w" else { continue }
      for file in ["outfit.yaml", "requirements.txt"] {
        try machine.write("\(name)/\(file)", machine.read("w/\(file)") ?? "")
      }
    }
    try project(machine, ["own: {url: \"\(index.url)\", priority: primary}"], "words\n")
    func up(_ name: String) async throws {
      let up = try await machine.outfit("up", "--trust", at: name, setting: settings(machine))
      #expect(up.status == 0, "\(up.errorText)")
      #expect(!up.errorText.contains("hardlink"), "\(up.errorText)")
    }
    func module(_ name: String) throws -> FilePath {
      let lib = machine.home.pushing(FilePath("\(name)/.venv/lib"))
      let version = try #require(machine.files.list(lib).first { $0.hasPrefix("python") })
      return lib.pushing(FilePath("\(version)/site-packages/words.py"))
    }
    func status(_ name: String) throws -> FileStatus {
      try #require(try machine.files.status(try module(name), followLinks: true))
    }
    func says(_ name: String) async throws -> String {
      try await machine.run(machine.home.pushing(FilePath("\(name)/.venv/bin/words")), []).outputText
    }
    for name in ["w", "v"] { try await up(name) }
    #expect(try status("w").inode == status("v").inode)
    #expect(try status("w").mode == 0o444)

    try machine.files.setMode(try module("w"), 0o644)
    try machine.files.append(try module("w"), Array("print('mine')\n".utf8))
    try await up("u")
    #expect(try await says("u") == "hello\n")
    #expect(try await says("w") == "mine\nhello\n")
    #expect(try status("u").inode != status("w").inode)

    let forced = try await machine.outfit(
      "exec", "pip", "install", "--reinstall", "words", at: "w", setting: settings(machine))
    #expect(forced.status == 0, "\(forced.errorText)")
    #expect(try await says("w") == "hello\n")
  }

  @Test func aWrongDigestIsTold() async throws {
    let machine = try Machine()
    let index = try PackageIndex()
    try await index.publish("words", "1.0", says: "hello", machine)
    try project(
      machine, ["own: {url: \"\(index.url)\", priority: primary}"],
      "words==1.0 --hash=sha256:\(String(repeating: "0", count: 64))\n")
    let up = try await machine.outfit("up", "--trust", at: "w", setting: settings(machine))
    #expect(up.status == 2, "\(up.errorText)")
    #expect(up.errorText.contains("requirements.txt:1:1"), "\(up.errorText)")
    #expect(!machine.files.exists(machine.home.pushing("w/.venv")))
  }

  @Test func aToolCalledOutfitDoesNotTakeItsPlace() async throws {
    let machine = try Machine()
    let index = try PackageIndex()
    try await index.publish("outfit", "9.0", says: "not Outfit", machine)
    try await index.publish("words", "1.0", says: "hello", machine)
    try machine.write(
      ".config/outfit/outfit.yaml",
      "interpreters: {python: {versions: [\"3\"], system: true}}\nindexes:\n  own: {url: \"\(index.url)\", priority: primary}\n"
    )
    func tool(_ words: String...) async throws -> Completion {
      try await machine.run(Machine.build.appending("outfit"), ["tool"] + words, setting: settings(machine))
    }
    let good = try await tool("install", "words")
    #expect(good.status == 0, "\(good.errorText)")
    let version = try await machine.login("outfit --version").outputText
    let bad = try await tool("install", "outfit")
    #expect(bad.status == 2, "\(bad.errorText)")
    #expect(bad.errorText.contains("Outfit's own name"), "\(bad.errorText)")
    #expect(try await machine.login("outfit --version").outputText == version)
    let other = try await tool("install", "outfit", "--suffix", "9")
    #expect(other.status == 0, "\(other.errorText)")
    #expect(try await machine.login("outfit9").outputText == "not Outfit\n")
  }
}
