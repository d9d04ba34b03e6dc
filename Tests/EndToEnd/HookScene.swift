import OutfitSystem
import SystemPackage
import Testing

/// A repository with hooks of a project, on a machine of its own.
struct HookScene {
  let machine: Machine
  static let folder = "shop"

  /// - Parameter hooks: What stands under `hooks:`, a line each.
  init(_ hooks: [String], tools: String? = nil, _ name: String = #function) async throws {
    machine = try Machine(name)
    try machine.write(
      ".gitconfig", "[user]\n\temail = ada@example.org\n\tname = Ada\n[init]\n\tdefaultBranch = main\n")
    try machine.write("me/outfit.yaml", "profile: me\n")
    let own = try await machine.outfit("up", "me", "--trust")
    try #require(own.status == 0, "\(own.errorText)")
    try machine.write(
      "\(Self.folder)/outfit.yaml",
      """
      profile: shop
      interpreters: {python: {versions: [">=3.10"], system: true}}
      \(tools.map { "tools: {\($0)}" } ?? "")
      hooks:

      """ + hooks.map { "  \($0)\n" }.joined())
    try machine.write("\(Self.folder)/a.txt", "one\ntwo\nthree\n")
    try machine.write("\(Self.folder)/c.txt", "clean\n")
    try await shell("git init -q && git add -A && git commit -qm first")
    let up = try await machine.outfit("up", "--trust", at: Self.folder)
    try #require(up.status == 0, "\(up.errorText)")
    try await shell("git add -A && git commit -q --no-verify -m up")
  }

  /// A command line in the repository, as a person types it.
  @discardableResult
  func shell(_ command: String, fails: Bool = false, at folder: String = folder) async throws -> Completion {
    let done = try await machine.login(command, at: folder)
    #expect(done.succeeded != fails, "\(command): \(done.outputText)\(done.errorText)")
    return done
  }

  func outfit(_ words: String..., fails: Bool = false) async throws -> Completion {
    let done = try await machine.outfit(words, at: Self.folder)
    #expect((done.status == 0) != fails, "\(words): \(done.outputText)\(done.errorText)")
    return done
  }

  func text(_ path: String) throws -> String? { try machine.read("\(Self.folder)/\(path)") }
  func write(_ path: String, _ text: String) throws { try machine.write("\(Self.folder)/\(path)", text) }

  /// Nothing of a run is left but what it saved.
  func expectInOrder(_ what: String = "") throws {
    let room = machine.home.appending(Self.folder).pushing(".git/outfit/hooks")
    guard machine.files.exists(room) else { return }
    let left = try machine.files.list(room).filter { !["lock", "saved"].contains($0) }
    #expect(left.isEmpty, "\(what): \(left)")
  }

  /// Of the hooks' processes: what is there of those that Outfit started.
  func running() async throws -> Int {
    let found = try await machine.run(
      "/bin/sh",
      [
        "-c",
        "grep -lsF 'HOME=\(machine.home)' /proc/[0-9]*/environ | while read -r f; do grep -lsF OUTFIT_HOOK_RUN= \"$f\"; done | wc -l",
      ])
    return Int(found.outputText.filter(\.isNumber)) ?? -1
  }
}
