import OutfitSystem
import SystemPackage
import Testing

/// Environments share files with the cache that they were installed from: what is changed in one is changed in all.
@Suite(.serialized, .timeLimit(.minutes(15)))
struct PoisonTests {
  /// A cache of its own, since it is poisoned.
  private func machine() async throws -> (Machine, [String: String]) {
    let machine = try Machine()
    let setting = ["XDG_CACHE_HOME": machine.home.appending("cache").string]
    try machine.write(
      "p/outfit.yaml",
      "profile: p\ninterpreters: {python: {versions: [\"3\"], system: true}}\ntools:\n  pycowsay: \"0.0.0.2\"\n"
    )
    let first = try await machine.outfit("up", "p", "--trust", setting: setting)
    try #require(first.status == 0, "\(first.errorText)")
    return (machine, setting)
  }

  private func find(_ machine: Machine, _ name: String) async throws -> [String] {
    let found = try await machine.run(
      "/usr/bin/find",
      [machine.home.pushing(".local/share/outfit/store").string, "-path", "*/pycowsay/\(name)"])
    return found.outputText.split(separator: "\n").map(String.init)
  }

  @Test func poisonIsFoundByDoctorAndNeverInstalledAgain() async throws {
    let (machine, setting) = try await machine()
    let healthy = try await machine.outfit("doctor", "--deep", setting: setting)
    #expect(healthy.outputText.contains("every file of 2 objects is what was built"), "\(healthy.outputText)")
    let file = try #require(try await find(machine, "main.py").first)
    // In place, so that the file of the cache is the same.
    try machine.files.append(FilePath(file), Array("\nprint('poisoned')\n".utf8))
    let cached = try await machine.run(
      "/bin/sh", ["-c", "grep -rl poisoned \(machine.home.appending("cache").string) | wc -l"])
    try #require(cached.outputText.contains("1"), "the cache shares no file with environments")

    let found = try await machine.outfit("doctor", "--deep", setting: setting)
    #expect(found.status == 1)
    #expect(
      found.outputText.contains("pycowsay 0.0.0.2: ")
        && found.outputText.contains("pycowsay/main.py of pycowsay-0.0.0.2 is not what was installed"),
      "\(found.outputText)")
    #expect(found.outputText.contains("outfit tool repair pycowsay"), "\(found.outputText)")

    // Another environment from the same cache: it is found while it is built, and made of fresh copies.
    try machine.write(
      "q/outfit.yaml",
      """
      profile: q
      interpreters: {python: {versions: ["3"], system: true}}
      tools:
        pycowsay: {version: "0.0.0.2", with: [six]}

      """)
    let second = try await machine.outfit("up", "q", "--trust", "--yes", setting: setting)
    #expect(second.status == 0, "\(second.errorText)")
    let said = try await machine.login("pycowsay moo")
    #expect(said.outputText.contains("moo") && !said.outputText.contains("poisoned"), "\(said.outputText)")
    let copies = try await find(machine, "main.py")
    #expect(copies.count == 2)
    let poisoned = try copies.filter { try machine.files.text(FilePath($0))?.contains("poisoned") == true }
    #expect(poisoned == [file])

    let fresh = try #require(copies.first { $0 != file })
    try machine.files.append(FilePath(fresh), Array("\nprint('poisoned')\n".utf8))
    let repaired = try await machine.outfit("tool", "repair", "pycowsay", setting: setting)
    #expect(repaired.status == 0, "\(repaired.errorText)")
    #expect(repaired.outputText.contains("repaired pycowsay"), "\(repaired.outputText)")
    let mended = try await machine.login("pycowsay moo")
    #expect(mended.outputText.contains("moo") && !mended.outputText.contains("poisoned"))
  }
}
