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
