import OutfitConsent
import OutfitCore
import OutfitProfile
import OutfitSystem
import Support
import SystemPackage

@testable import OutfitEngine

/// A home in memory, and what a profile wants of it.
struct SwitchScenario {
  let files: MemoryFiles
  let terminal = RecordingTerminal()
  var host: Host
  var scope = Scope.machine
  var proposal = Proposal()
  var present: Set<ObjectID> = []
  /// The profile's folder.
  var layer: FilePath = "/team"
  /// What the profile names outside of HOME.
  var outside: [FilePath] = []

  static let own: Set<FilePath> = [
    "/home/ann/.local/share/outfit", "/home/ann/.local/state/outfit", "/home/ann/.config/outfit",
    "/home/ann/.cache/outfit",
  ]

  init() {
    files = MemoryFiles.withHome()
    // The folders above Outfit's own are there, so that trees can be compared.
    files.putDirectory("/home/ann/.local/share", mode: 0o700)
    files.putDirectory("/home/ann/.local/state", mode: 0o700)
    host = Host.test(files: files, terminal: terminal)
  }

  /// The same wishes for another home.
  init(files: MemoryFiles, like other: SwitchScenario) {
    self.files = files
    host = Host.test(files: files, terminal: terminal)
    scope = other.scope
    proposal = other.proposal
    present = other.present
    outside = other.outside
  }

  static func source(_ line: Int = 1, in folder: FilePath = "/team") -> Source {
    let layer = Layer(
      kind: .profile, name: "team", address: "/team", folder: folder, manifest: "/team/outfit.yaml")
    return Source(layer: layer, location: SourceLocation(file: "/team/outfit.yaml", line: line))
  }

  mutating func want(
    _ path: String, _ kind: Change.Kind, secret: Bool = false, object: ObjectID? = nil,
    from file: FilePath? = nil, modeIsDefault: Bool = false
  ) {
    let target = FilePath("/home/ann").pushing(FilePath(path))
    proposal.changes.removeAll { change in
      if case .edit(.block(let old)) = change.kind, case .edit(.block(let new)) = kind {
        return change.target == target && old.identifier == new.identifier
      }
      return change.target == target
    }
    proposal.changes.append(
      Change(
        target: target, owner: Self.source(proposal.changes.count + 1, in: layer), isSecret: secret,
        kind: kind,
        object: object, source: file, modeIsDefault: modeIsDefault))
  }

  mutating func want(_ path: String, _ text: String, mode: UInt16 = 0o644, secret: Bool = false) {
    want(path, .file(Array(text.utf8), mode: mode), secret: secret)
  }

  mutating func wantBlock(
    _ path: String, _ body: String, identifier: String = "team", position: Edit.Block.Position = .bottom
  ) {
    want(path, .edit(.block(Edit.Block(identifier: identifier, body: body, position: position))))
  }

  mutating func wantNothing(_ path: String) {
    let target = FilePath("/home/ann").pushing(FilePath(path))
    proposal.changes.removeAll { $0.target == target }
  }

  static func object(_ name: String) -> ObjectID { ObjectID(name: name, digest: Digest(of: name)) }

  /// A command that an object of its own offers.
  mutating func wantCommand(_ name: String, version: String = "1.0") {
    let object = Object(
      name: "\(name)-\(version)", label: "\(name) \(version)", recipe: .tree([]), store: host.places.store)
    proposal.claims.removeAll { $0.name == name }
    proposal.objects.removeAll { $0.id.name.hasPrefix(name + "-") }
    proposal.objects.append(object)
    proposal.claims.append(
      Claim(
        name: name, program: .object(object.id, "bin/\(name)"), label: object.label, owner: Self.source(),
        object: object.id))
    present.insert(object.id)
  }

  /// A link to an object of its own.
  mutating func wantEnvironment(_ path: String, version: String = "1") {
    want(
      path, .link(.object(wantObject("virtualenv", version), "")), object: wantObject("virtualenv", version))
  }

  /// A copy of a folder of an object of its own, which stands in the store.
  /// - Returns: where that folder is.
  @discardableResult
  mutating func wantTree(_ path: String, version: String) -> FilePath {
    let object = wantObject("modules", version)
    let source = host.places.store.appending(object.description).appending("node_modules")
    if !files.exists(source) {
      files.put(source.pushing("left/index.js"), "left \(version)\n", mode: 0o755)
      files.put(source.appending(".package-lock.json"), "{\"version\": \(version)}\n")
      files.putLink(source.pushing(".bin/left"), to: "../left/index.js")
    }
    want(path, .tree(.object(object, "node_modules")), object: object)
    return source
  }

  private mutating func wantObject(_ name: String, _ version: String) -> ObjectID {
    let object = Object(
      name: "\(name)-\(version)", label: "\(name) \(version)", recipe: .tree([]), store: host.places.store)
    proposal.objects.removeAll { $0.id.name.hasPrefix(name + "-") }
    proposal.objects.append(object)
    present.insert(object.id)
    return object.id
  }

  func plan(keepsMissing: Bool = false) throws -> Plan {
    try Planner.plan(
      scope: scope, proposal: proposal, host: host, isPresent: present.contains, keepsMissing: keepsMissing,
      outside: outside)
  }

  @discardableResult
  func up(_ decisions: Decisions = Decisions(), failed: Set<ObjectID> = [], snapshots: [FilePath] = [])
    async throws -> SwitchOutcome
  {
    try await Switch.apply(
      plan(), by: .generation(.machine), decisions: decisions, failed: failed,
      profile: ProfileStamp(name: "team", address: "/team", commit: "abc"), snapshots: snapshots, host: host)
  }

  @discardableResult
  func rollback(
    _ number: Int? = nil, _ decisions: Decisions = Decisions(), snapshots: [FilePath] = []
  ) async throws -> SwitchOutcome {
    let plan = try Rollback.plan(to: number, scope: scope, host: host, isPresent: present.contains)
    return try await Switch.apply(
      plan, by: .generation(.machine), decisions: decisions,
      profile: ProfileStamp(name: "team", address: "/team"),
      snapshots: snapshots, host: host)
  }

  /// The user's own files, Outfit's folders apart.
  var home: [String] { files.snapshot("/home/ann", except: Self.own) }

  func text(_ path: String) -> String? {
    (try? files.text(FilePath("/home/ann").pushing(FilePath(path)))) ?? nil
  }

  func action(_ path: String) throws -> PlannedTarget.Action? {
    let target = FilePath("/home/ann").pushing(FilePath(path))
    return try plan().targets.first { $0.target == target }?.action
  }

  func modified(_ path: String) throws -> Int64? {
    try files.status(FilePath("/home/ann").pushing(FilePath(path)), followLinks: false)?.modified
  }
}
