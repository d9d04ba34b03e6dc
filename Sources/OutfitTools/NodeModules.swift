import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSystem
import SystemPackage

/// `node_modules:`: the packages of a Node project, installed from its lock by the manager that it names.
///
/// The store holds them as they were installed, and the project has a copy, since bundlers and the managers
/// themselves do not work with a folder that leads elsewhere.
public struct NodeModules: Part {
  public init() {}

  public var name: String { "node_modules" }

  /// Of its object in the store.
  public static let objectName = "node_modules"
  /// The file in it that names, one a line, the packages whose install scripts were not run.
  public static let quietScripts = "outfit-quiet-scripts.txt"

  public func resolve(_ context: Context) throws -> Round<Lock> {
    var lock = context.lock
    guard let section = context.profile.nodeModules else {
      lock.nodeModules = nil
      return .done(lock)
    }
    let project: NodeProject
    switch try Self.read(section, context) {
    case .ask(let queries): return .ask(queries)
    case .done(let read): project = read
    }
    var locked = LockedNodeModules(from: section.value.from, sourceDigest: project.digest)
    if let manager = NodeManagerTool(project, section.source) {
      let before = lock.nodeModules?.manager
      if let before, manager.isAnswered(by: before) {
        locked.manager = before
      } else {
        guard context.node != nil else { return .done(lock) }
        switch try Shop(context).lockNode(manager.wanted) {
        case .ask(let queries): return .ask(queries)
        case .locked(let entry): locked.manager = entry
        case .mistake(let diagnostic): throw Failure([diagnostic], status: .usage)
        case .unavailable: return .done(lock)
        }
      }
      if let entry = locked.manager { try manager.check(entry) }
    }
    lock.nodeModules = locked
    return .done(lock)
  }

  public func propose(_ context: Context) throws -> Round<Proposal> {
    var proposal = Proposal()
    guard let section = context.profile.nodeModules else { return .done(proposal) }
    let project: NodeProject
    switch try Self.read(section, context) {
    case .ask(let queries): return .ask(queries)
    case .done(let read): project = read
    }
    guard let node = context.node else {
      // It has been said by who should have given one.
      guard context.earlier.failures.isEmpty else { return .done(proposal) }
      proposal.failures = [
        Diagnostic(
          .error, "node_modules needs a Node, and none could be had", at: section.source.location,
          hint: context.profile.interpreters[.node] == nil ? "name one: `interpreters: {node: \"24\"}`" : nil)
      ]
      return .done(proposal)
    }
    proposal.notes = project.notes
    let manager = NodeManagerTool(project, section.source)
    guard let locked = context.lock.nodeModules, locked.from == section.value.from,
      locked.sourceDigest == project.digest, manager == nil || locked.manager != nil
    else {
      proposal.isUnresolved = true
      proposal.failures = [try unlocked(manager, section, context)]
      return .done(proposal)
    }
    var installer = NodeInstaller(project, section.value, node, context)
    if let manager, let entry = locked.manager {
      let made = try Shop(context).makeNode(manager.wanted, entry)
      proposal.objects = made.objects
      let claims = manager.claims(made.claims, store: context.store)
      installer.manager = claims.first { $0.name == project.lock.kind.manager.rawValue }
      proposal.claims = claims.filter { context.profile.tools[$0.name] == nil }
    }
    let object = installer.object
    proposal.objects.append(object)
    let isStanding: Bool
    switch Self.isStanding(project, object, context) {
    case .ask(let queries): return .ask(queries)
    case .done(let answer): isStanding = answer
    }
    for folder in installer.folders {
      var change = Change(
        target: context.root.pushing(FilePath(project.path(of: folder))), owner: section.source,
        kind: .tree(.object(object.id, folder.isEmpty ? "node_modules" : "\(folder)/node_modules")),
        object: object.id)
      change.isStanding = isStanding
      proposal.changes.append(change)
    }
    // A pattern for folders names neither a link nor what was moved aside.
    let paths = installer.folders.map { project.path(of: $0) }
    switch GitExclude(paths, name: "node_modules", section.source, object.id).change(context) {
    case .ask(let queries): return .ask(queries)
    case .done(let change): proposal.changes += change.map { [$0] } ?? []
    }
    proposal.effects = installer.effects(object, section)
    return .done(proposal)
  }

  /// Whether a folder that npm made since is just what its lock asks for.
  private static func isStanding(_ project: NodeProject, _ object: Object, _ context: Context) -> Round<Bool>
  {
    guard project.lock.kind == .npm, let lock = project.files[project.lockName] else { return .done(false) }
    let folder = context.root.pushing(FilePath(project.path(of: "")))
    let own = [
      Query.contents(folder.appending(TreeMark.name)), .contents(folder.appending(".package-lock.json")),
    ]
    let unknown = own.filter { context.facts[$0] == nil }
    guard unknown.isEmpty else { return .ask(unknown) }
    let source = Reference.object(object.id, "node_modules").resolved(store: context.store)
    if case .contents(let mark)? = context.facts[own[0]], TreeMark.source(of: mark) == source {
      return .done(false)
    }
    guard case .contents(let bytes)? = context.facts[own[1]],
      let versions = NpmLockReader.installed(lock, bytes)
    else { return .done(false) }
    let packages = versions.map { folder, version in
      (Query.contents(context.root.pushing(FilePath(project.path("\(folder)/package.json")))), version)
    }
    let unread = packages.map(\.0).filter { context.facts[$0] == nil }
    guard unread.isEmpty else { return .ask(unread) }
    return .done(
      packages.allSatisfy { query, version in
        if case .contents(let bytes)? = context.facts[query] {
          NpmLockReader.version(bytes) == version
        } else {
          false
        }
      })
  }

  /// Why they could not be installed, in words for the manifest's author, where that is known.
  public static func explanation(
    of failure: Diagnostic, _ section: Sourced<NodeModulesSection>
  ) -> Diagnostic {
    let text = failure.excerpt ?? ""
    guard let start = text.firstRange(of: "request to "), text.contains("reason: ") else { return failure }
    var failure = failure
    failure.location = section.source.location
    failure.message =
      "node_modules: the registry could not be asked: \(text[start.lowerBound...].prefix { $0 != "\n" })"
    failure.excerpt = nil
    failure.hint =
      "check the network, and what `npm_config_registry` or ~/.npmrc say of the registry; all else without it: "
      + "outfit up --skip node_modules"
    return failure
  }

  private func unlocked(
    _ manager: NodeManagerTool?, _ section: Sourced<NodeModulesSection>, _ context: Context
  ) throws -> Diagnostic {
    if let manager, case .unavailable(let diagnostic) = try Shop(context).lockNode(manager.wanted) {
      return diagnostic
    }
    return Diagnostic(
      .error, "\(section.value.from) is not locked as it is now", at: section.source.location,
      hint: "run `outfit lock` on a machine with network")
  }

  /// What the files of the project say.
  static func read(
    _ section: Sourced<NodeModulesSection>, _ context: Context
  ) throws -> Round<NodeProject> {
    var queries: [Query] = []
    func answer(_ query: Query) throws -> Answer? {
      switch context.facts[query] {
      case nil:
        queries.append(query)
        return nil
      case .failed(let diagnostic)?: throw Failure([diagnostic], status: .usage)
      case let answer?: return answer
      }
    }
    func place(_ name: String) -> FilePath { context.root.pushing(FilePath(name)) }
    let project: NodeProject
    do {
      project = try NodeProject.read(section.value, at: section.source.location) { name in
        if case .contents(let bytes)? = try answer(.contents(place(name))) { return bytes }
        return queries.isEmpty ? nil : []
      } list: { folder in
        if case .names(let names)? = try answer(.names(place(folder))) { return names }
        return []
      }
    } catch {
      // What is not known yet reads as nothing.
      guard queries.isEmpty else { return .ask(queries) }
      throw error
    }
    return queries.isEmpty ? .done(project) : .ask(queries)
  }
}

extension Context {
  /// The Node of this scope.
  var node: ProvidedInterpreter? { earlier.interpreters.first { $0.language == .node } }
}

/// The manager of a Node project as a tool from npm; npm itself is Node's own.
struct NodeManagerTool {
  let wanted: Wanted
  private let digest: String?
  private let isNative: Bool

  init?(_ project: NodeProject, _ source: Source) {
    let manager = project.lock.kind.manager
    guard manager != .npm else { return nil }
    let text = project.managerVersion ?? Self.version(project.lock)
    var section = ToolSection(version: VersionRequest(text) ?? .latest, origin: .npm)
    if project.lock.kind == .yarnBerry { section.package = "@yarnpkg/cli-dist" }
    // It brings the program for this machine.
    isNative = manager == .bun
    if isNative { section.scripts = [manager.rawValue] }
    wanted = Wanted(name: manager.rawValue, section: section, source: source)
    digest = project.managerDigest
  }

  /// The line of releases that writes such a lock.
  private static func version(_ lock: NodeLock) -> String {
    switch lock.kind {
    case .npm: "*"
    case .bun: "1.*"
    case .yarnClassic: "1.*"
    case .yarnBerry:
      switch Int(lock.form) ?? 8 {
      case ...4: "2.*"
      case 5...6: "3.*"
      default: "4.*"
      }
    case .pnpm:
      switch Double(lock.form) ?? 9 {
      case ..<5.4: "6.*"
      case ..<6: "7.*"
      case ..<9: "8.*"
      default: "10.*"
      }
    }
  }

  func isAnswered(by entry: LockedTool) -> Bool { entry.request == wanted.request }

  /// That the pin is what package.json has the digest of.
  func check(_ entry: LockedTool) throws {
    guard let digest, let text = entry.packageLock else { return }
    let parts = digest.split(separator: ".", maxSplits: 1)
    guard let lock = PackageLock(Array(text.utf8)), parts.count == 2,
      let pinned = lock.packages["node_modules/\(wanted.package)"]?.integrity,
      pinned.hasPrefix("\(parts[0])-")
    else { return }
    guard SubresourceIntegrity.hex(pinned)?.hasPrefix(parts[1].lowercased()) == true else {
      throw Failure(
        "\(wanted.name) \(entry.version) is not what package.json has the digest of: nothing of it is used",
        at: wanted.source.location,
        hint: "tell those who run the registry, or mend `packageManager` in package.json", status: .usage)
    }
  }

  /// The programs of it, with what they run.
  func claims(_ claims: [Claim], store: FilePath) -> [Claim] {
    guard isNative else { return claims }
    return claims.map { claim in
      var claim = claim
      if let program = claim.arguments.first {
        claim.program = .path(FilePath(program))
        claim.arguments = []
      }
      return claim
    }
  }
}

/// `sha512-` and base64 (W3C Subresource Integrity).
enum SubresourceIntegrity {
  static func hex(_ text: String) -> String? {
    guard let dash = text.firstIndex(of: "-") else { return nil }
    let digits = text[text.index(after: dash)...].prefix { !$0.isWhitespace }
    var bits: UInt32 = 0
    var count = 0
    var hex = ""
    for byte in digits.utf8 where byte != 61 {
      let value: UInt32
      switch byte {
      case 65...90: value = UInt32(byte) - 65
      case 97...122: value = UInt32(byte) - 71
      case 48...57: value = UInt32(byte) + 4
      case 43: value = 62
      case 47: value = 63
      default: return nil
      }
      bits = bits << 6 | value
      count += 6
      if count >= 8 {
        count -= 8
        let octet = UInt8(truncatingIfNeeded: bits >> UInt32(count))
        hex += (octet < 16 ? "0" : "") + String(octet, radix: 16)
      }
    }
    return hex
  }
}
