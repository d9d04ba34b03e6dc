import SystemPackage
import Testing

/// `keys:` in files of settings, as programs and people have them.
@Suite(.serialized)
struct SettingsKeyTests {
  private static let settings = "{\n  // mine\n  \"theme\": \"dark\", // stays\n  \"files\": {\"a\": 1}\n}\n"

  private func machine(_ entry: String) throws -> Machine {
    let machine = try Machine()
    try machine.write("p/outfit.yaml", "profile: p\ndotfiles:\n  .settings.json: {keys: \(entry)}\n")
    try machine.write(".settings.json", Self.settings, mode: 0o600)
    return machine
  }

  @Test func keysComeAndGo() async throws {
    let machine = try machine("{editor.tabSize: 2, files: {b: [x, 'y']}}")
    let before = try machine.tree()
    let up = try await machine.outfit("up", "p", "--trust")
    #expect(up.status == 0, "\(up.errorText)")
    let made =
      "{\n  // mine\n  \"theme\": \"dark\", // stays\n  \"files\": {\"a\": 1, \"b\": [\"x\", \"y\"]},\n  \"editor.tabSize\": 2\n}\n"
    #expect(try machine.read(".settings.json") == made)
    let again = try await machine.outfit("up")
    #expect(again.status == 0)
    // The program writes its file anew, and adds something.
    let other = made.replacing("\"dark\"", with: "\"light\"")
    try machine.write(".settings.json", other, mode: 0o600)
    let third = try await machine.outfit("up")
    #expect(third.status == 0, "\(third.errorText)")
    #expect(try machine.read(".settings.json") == other)
    let back = try await machine.outfit("rollback", "0")
    #expect(back.status == 0, "\(back.errorText)")
    #expect(try machine.read(".settings.json") == Self.settings.replacing("\"dark\"", with: "\"light\""))
    try machine.write(".settings.json", Self.settings, mode: 0o600)
    _ = try await machine.outfit("up", "p", "--trust")
    #expect(try machine.read(".settings.json") == made)
    let exact = try await machine.outfit("rollback", "0")
    #expect(exact.status == 0, "\(exact.errorText)")
    var expected = before
    // This test wrote it again.
    expected[".settings.json"] = try machine.tree()[".settings.json"]
    expectSameTree(expected, try machine.tree())
    #expect(try machine.read(".settings.json") == Self.settings)
  }

  @Test func anEntryThatGoesTakesItsKeysAlone() async throws {
    let machine = try machine("{theme: light, new: {x: 1}}")
    let asked = try await machine.outfit("up", "p", "--trust")
    #expect(asked.status == 4)
    #expect((asked.errorText + asked.outputText).contains("`theme` has another value"), "\(asked.errorText)")
    // What was nobody's is set all the same.
    #expect(try machine.read(".settings.json")?.contains("\"x\": 1") == true)
    let taken = try await machine.outfit("up", "--on-conflict", "take")
    #expect(taken.status == 0, "\(taken.errorText)")
    let text = try #require(try machine.read(".settings.json"))
    #expect(text.contains("\"theme\": \"light\", // stays"))
    try machine.write(".settings.json", text.replacing("\"a\": 1", with: "\"a\": 2"), mode: 0o600)
    try machine.write("p/outfit.yaml", "profile: p\n")
    let less = try await machine.outfit("up")
    #expect(less.status == 0, "\(less.errorText)")
    #expect(try machine.read(".settings.json") == Self.settings.replacing("\"a\": 1", with: "\"a\": 2"))
  }

  @Test func whatTheUserChangedIsAsked() async throws {
    let machine = try machine("{k: 1}")
    _ = try await machine.outfit("up", "p", "--trust")
    let text = try #require(try machine.read(".settings.json"))
    try machine.write(".settings.json", text.replacing("\"k\": 1", with: "\"k\": 3"), mode: 0o600)
    let kept = try await machine.outfit("up")
    #expect(kept.status == 4)
    #expect(
      (kept.errorText + kept.outputText).contains("`k` was changed since Outfit set it"), "\(kept.errorText)")
    let taken = try await machine.outfit("up", "--on-conflict", "take")
    #expect(taken.status == 0)
    #expect(try machine.read(".settings.json") == text)
    try machine.write(".settings.json", "{ broken", mode: 0o600)
    let broken = try await machine.outfit("status")
    #expect(broken.outputText.contains("json") || broken.errorText.contains("json"))
    #expect(broken.status < 5)
  }

  /// Two layers set keys of one file, and each is told by its own line.
  @Test func layersSetTheirOwnKeys() async throws {
    let machine = try Machine()
    try machine.write("base/outfit.yaml", "profile: base\ndotfiles: {.c.toml: {keys: {a: {x: 1, y: 1}}}}\n")
    try machine.write(
      "p/outfit.yaml", "profile: p\nextends: [../base]\n\ndotfiles: {.c.toml: {keys: {a: {y: 2}}}}\n")
    let up = try await machine.outfit("up", "p", "--trust")
    #expect(up.status == 0, "\(up.errorText)")
    #expect(try machine.read(".c.toml") == "[a]\nx = 1\ny = 2\n")
    let back = try await machine.outfit("rollback", "0")
    #expect(back.status == 0, "\(back.errorText)")
    #expect(try machine.read(".c.toml") == nil)
  }
}
