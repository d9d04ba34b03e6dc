import OutfitConsent
import OutfitCore
import OutfitProfile
import OutfitSystem
import Support
import SystemPackage
import Testing

@testable import OutfitEngine

/// The switch on a real file system.
@Suite struct RealDiskTests {
  /// All below a folder with modes, links, contents, and the times of files.
  private static func tree(_ path: FilePath, _ files: any Files) throws -> [String] {
    var lines: [String] = []
    for name in try files.list(path) {
      let entry = path.appending(name)
      guard let status = try files.status(entry, followLinks: false) else { continue }
      switch status.kind {
      case .directory:
        lines.append("\(entry) \(status.mode)")
        lines += try tree(entry, files)
      case .link: lines.append("\(entry) -> \(try files.readLink(entry))")
      case .file, .other:
        lines.append("\(entry) \(status.mode) \(status.modified) \(Digest(of: try files.read(entry)))")
      }
    }
    return lines
  }

  private static func change(_ host: Host, _ path: String, _ kind: Change.Kind) -> Change {
    Change(
      target: host.user.home.pushing(FilePath(path)), owner: SwitchScenario.source(), kind: kind)
  }

  private static func up(
    _ proposal: Proposal, _ host: Host, _ decisions: Decisions = Decisions()
  ) async throws -> SwitchOutcome {
    let plan = try Planner.plan(scope: .machine, proposal: proposal, host: host, isPresent: { _ in true })
    return try await Switch.apply(
      plan, by: .generation(.machine), decisions: decisions,
      profile: ProfileStamp(name: "team", address: "/team"), host: host)
  }

  @Test func aHomeComesBackByteForByteModeForModeAndTimeForTime() async throws {
    let scratch = try ScratchFolder()
    let host = scratch.host
    try scratch.put("home/.zshrc", "export A=1", mode: 0o600)
    try scratch.put("home/.gitconfig", "[user]\n", mode: 0o664)
    try scratch.put("home/.config/kitty/mine", "x")
    try host.files.createLink(host.user.home.appending(".bashrc"), to: ".config/bashrc")
    try scratch.put("home/.config/bashrc", "# mine\n")
    let before = try Self.tree(host.user.home, host.files)
    var proposal = Proposal()
    for name in [".zshrc", ".bashrc", ".profile"] {
      proposal.changes.append(
        Self.change(host, name, .edit(.block(Edit.Block(identifier: "team", body: "export B=2\n")))))
    }
    proposal.changes.append(Self.change(host, ".gitconfig", .file(Array("[new]\n".utf8), mode: 0o600)))
    proposal.changes.append(Self.change(host, ".config/kitty/kitty.conf", .file([1, 0, 255], mode: 0o755)))
    proposal.changes.append(Self.change(host, ".ssh/config", .file([10], mode: 0o600)))
    proposal.changes.append(Self.change(host, ".vimrc", .link(.path("/team/vimrc"))))
    for number in 0..<200 {
      proposal.changes.append(
        Self.change(host, ".many/\(number % 10)/\(number)", .file(Array("\(number)\n".utf8), mode: 0o644)))
    }
    let outcome = try await Self.up(proposal, host, Decisions(.take))
    #expect(outcome.kept.isEmpty)
    #expect(
      try Planner.plan(scope: .machine, proposal: proposal, host: host, isPresent: { _ in true }).isEmpty)
    let arguments = Digest(of: "")
    try CompiledPlan.write(
      for: .machine, version: "1", arguments: arguments, inputs: [], outputs: [], summary: "fine", host: host)
    #expect(CompiledPlan.current(for: .machine, version: "1", arguments: arguments, host: host) == "fine")

    let back = try await Switch.apply(
      Rollback.plan(scope: .machine, host: host, isPresent: { _ in true }), by: .generation(.machine),
      profile: ProfileStamp(name: "team", address: "/team"), host: host)
    #expect(back.kept.isEmpty)
    #expect(try Self.tree(host.user.home, host.files) == before)
    #expect(CompiledPlan.current(for: .machine, version: "1", arguments: arguments, host: host) == nil)
  }

  @Test func foldersAreMovedAndCopied() async throws {
    let scratch = try ScratchFolder()
    let host = scratch.host
    let object = SwitchScenario.object("modules")
    let source = host.places.store.appending(object.description).appending("node_modules")
    try host.files.createDirectories(source.appending("left"))
    try host.files.create(source.pushing("left/index.js"), Array("left\n".utf8), mode: 0o755)
    try host.files.create(source.appending(".package-lock.json"), Array("{}\n".utf8), mode: 0o644)
    try scratch.put("home/shop/.venv/mine", "mine\n", mode: 0o600)
    let before = try Self.tree(host.user.home, host.files)
    var proposal = Proposal()
    for (path, kind) in [
      ("shop/.venv", Change.Kind.link(.object(object, ""))),
      ("shop/node_modules", .tree(.object(object, "node_modules"))),
    ] {
      var change = Self.change(host, path, kind)
      change.object = object
      proposal.changes.append(change)
    }
    let outcome = try await Self.up(proposal, host, Decisions(.backup))
    #expect(outcome.kept.isEmpty)
    #expect(try host.files.text(host.user.home.pushing("shop/.venv.outfit-backup/mine")) == "mine\n")
    let list = host.user.home.pushing("shop/node_modules/.package-lock.json")
    #expect(
      try Planner.plan(scope: .machine, proposal: proposal, host: host, isPresent: { _ in true }).isEmpty)
    let arguments = Digest(of: "")
    func current() -> String? {
      CompiledPlan.current(for: .machine, version: "1", arguments: arguments, host: host)
    }
    try CompiledPlan.write(
      for: .machine, version: "1", arguments: arguments, inputs: [], outputs: [], summary: "fine", host: host)
    #expect(current() == "fine")
    let times = try #require(try host.files.status(list, followLinks: false)).modified
    try host.files.setModified(list, times + 1)
    #expect(current() == nil)
    try host.files.setModified(list, times)
    let back = try await Switch.apply(
      Rollback.plan(scope: .machine, host: host, isPresent: { _ in true }), by: .generation(.machine),
      profile: ProfileStamp(name: "team", address: "/team"), host: host)
    #expect(back.kept.isEmpty)
    #expect(try Self.tree(host.user.home, host.files) == before)
  }

  @Test func manyAtOnceWaitForEachOther() async throws {
    let scratch = try ScratchFolder()
    let host = scratch.host
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<8 {
        group.addTask {
          let lock = try await ScopeLock.acquire(.machine, host: host)
          var proposal = Proposal()
          proposal.changes.append(Self.change(host, ".a", .file(Array("\(number)\n".utf8), mode: 0o644)))
          let outcome = try await Self.up(proposal, host)
          #expect(outcome.kept.isEmpty)
          withExtendedLifetime(lock) {}
        }
      }
      try await group.waitForAll()
    }
    #expect(try Generations.list(.machine, host: host).map(\.number) == Array(1...8))
  }
}
