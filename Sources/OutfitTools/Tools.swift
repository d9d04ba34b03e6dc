import OutfitCore
import OutfitEngine
import OutfitProfile
import SystemPackage

/// `tools:`: programs in environments of their own, with their names on PATH.
///
/// It also keeps the runner of git hooks, pinned as a tool that claims no name, for profiles that have hooks.
public struct Tools: Part {
  public init() {}

  public var name: String { "tools" }

  public func resolve(_ context: Context) throws -> Round<Lock> {
    let wanted = Wanted.pinned(context.profile)
    var lock = context.lock
    lock.tools = lock.tools.filter { key, _ in wanted.contains { $0.key == key } }
    guard !wanted.isEmpty else { return .done(lock) }
    let asked = Self.settings(context, wanted)
    guard asked.isEmpty else { return .ask(asked) }
    var shop = try Shop(context)
    if let uv = wanted.first(where: \.isEngine), !shop.isLocked(uv) {
      // The others are resolved by it.
      switch try shop.lock(uv) {
      case .ask(let queries): return .ask(queries)
      case .locked(let entry):
        lock.tools[uv.key] = entry
        var context = context
        context.lock = lock
        shop = try Shop(context)
      case .mistake, .unavailable: break
      }
    }
    var queries: [Query] = []
    var mistakes: [Diagnostic] = []
    for tool in wanted where !shop.isLocked(tool) {
      switch try shop.lock(tool) {
      case .ask(let more): queries += more
      case .locked(let entry): lock.tools[tool.key] = entry
      case .mistake(let diagnostic): mistakes.append(diagnostic)
      case .unavailable: break
      }
    }
    if !queries.isEmpty { return .ask(queries) }
    if !mistakes.isEmpty { throw Failure(mistakes, status: .usage) }
    return .done(lock)
  }

  public func propose(_ context: Context) throws -> Round<Proposal> {
    let wanted = Wanted.all(context.profile)
    guard !wanted.isEmpty else { return .done(Proposal()) }
    let asked = Self.settings(context, wanted)
    guard asked.isEmpty else { return .ask(asked) }
    let shop = try Shop(context)
    var proposal = Proposal()
    // That there is no Python has been said by who should have given one.
    let isWaiting = shop.pythons.offered.isEmpty && !context.earlier.failures.isEmpty
    let waiting = isWaiting ? wanted.filter { $0.section.origin == .pypi } : []
    if let first = waiting.first {
      proposal.isUnresolved = waiting.contains { !shop.isLocked($0) }
      let names = waiting.map(\.name).joined(separator: ", ")
      proposal.failures.append(
        Diagnostic(
          .note, "\(names) \(waiting.count == 1 ? "waits" : "wait") for a Python", at: first.source.location))
    }
    for tool in wanted where !isWaiting || tool.section.origin != .pypi {
      guard let entry = context.lock.tools[tool.key], shop.isLocked(tool) else {
        proposal.isUnresolved = true
        proposal.failures.append(shop.whyUnlocked(tool))
        continue
      }
      do {
        proposal.merge(try shop.make(tool, entry))
      } catch let failure as Failure {
        proposal.failures += failure.diagnostics
      }
    }
    return .done(proposal)
  }

  /// A lock with those pins of tools alone that answer what a profile asks for now.
  public static func pins(of profile: Profile, in lock: Lock) -> Lock {
    var lock = lock
    let requests = Dictionary(Wanted.pinned(profile).map { ($0.key, $0.request) }, uniquingKeysWith: { $1 })
    lock.tools = lock.tools.filter { requests[$0.key] == $0.value.request }
    return lock
  }

  /// Why a tool could not be built, in words for the manifest's author, where that is known.
  public static func explanation(of failure: Diagnostic, tool name: String, at source: Source) -> Diagnostic {
    UvMessage(ofBuild: failure, tool: name, at: source)?.diagnostic ?? failure
  }

  /// What must be known of the machine before anything else.
  private static func settings(_ context: Context, _ wanted: [Wanted]) -> [Query] {
    guard wanted.contains(where: { $0.section.origin == .pypi }) else { return [] }
    return (Pythons.queries(context) + Indexes.queries(context)).filter { context.facts[$0] == nil }
  }
}

/// One tool of the manifest, or one that Outfit needs for itself.
struct Wanted {
  var name: String
  var section: ToolSection
  var source: Source
  /// Of its pin in the lock.
  var key: String
  /// It claims no name.
  var isHidden = false

  init(name: String, section: ToolSection, source: Source, key: String? = nil, isHidden: Bool = false) {
    (self.name, self.section, self.source, self.isHidden) = (name, section, source, isHidden)
    self.key = key ?? name
  }

  /// Those of this machine, sorted by name.
  static func all(_ profile: Profile) -> [Wanted] {
    pinned(profile).filter { wanted in wanted.key == wanted.name }
  }

  /// Those of every machine, which the lock covers.
  static func pinned(_ profile: Profile) -> [Wanted] {
    var wanted = profile.tools.map { Wanted(name: $0, section: $1.value, source: $1.source) }
    wanted += profile.toolsElsewhere.map {
      Wanted(name: $0.name, section: $0.section.value, source: $0.section.source, key: $0.key)
    }
    let runner = Engines.hookRunner
    if profile.tools[runner] == nil, let first = profile.hooks.min(by: { $0.key < $1.key }) {
      wanted.append(
        Wanted(name: runner, section: ToolSection(), source: first.value.source, isHidden: true))
    }
    let bound = profile.indexes.filter { !$0.value.value.packages.isEmpty }.sorted { $0.key < $1.key }
      .map { "; \($0.value.value.packages.sorted().joined(separator: ", ")) from \($0.key)" }.joined()
    for index in wanted.indices where wanted[index].section.origin == .pypi {
      wanted[index].bindings = bound
      if let name = wanted[index].section.index, profile.indexes[name]?.value.dependencies == true {
        wanted[index].bindings += "; dependencies from \(name)"
      }
    }
    return wanted.sorted { $0.key < $1.key }
  }

  /// It is the release of uv that Outfit works with: the profile says where it comes from.
  var isEngine: Bool {
    name == "uv" && section.origin == .url && section.version.text == Engines.uvVersion
  }

  /// The package that it comes from.
  var package: String { section.package ?? name }

  /// What the profile says of indexes that decides its pins.
  var bindings = ""

  /// The line that a lock entry is compared by.
  var request: String { Requirement.canonical(name, section) + bindings }

  /// The names that it claims, and the programs in its object's `bin` that they run.
  func exposed(_ programs: [String]) -> [(name: String, program: String)] {
    guard !isHidden else { return [] }
    return (section.expose ?? programs).map { path in
      let name = path.split(separator: "/").last.map(String.init) ?? path
      return (name + (section.suffix ?? ""), path)
    }
  }
}

/// Where locks of tools and the tools themselves are made, from what is known.
struct Shop {
  enum Outcome {
    case ask([Query])
    case locked(LockedTool)
    /// Only another manifest helps.
    case mistake(Diagnostic)
    /// It can't be locked now.
    case unavailable(Diagnostic)
  }

  let context: Context
  let pythons: Pythons
  let indexes: Indexes

  init(_ context: Context) throws {
    self.context = context
    pythons = Pythons(context)
    indexes = try Indexes(context)
  }

  /// The lock has an entry for just what the manifest asks, and it fits the interpreter.
  func isLocked(_ tool: Wanted) -> Bool {
    guard let entry = context.lock.tools[tool.key], entry.request == tool.request else { return false }
    switch tool.section.origin {
    case .url:
      return tool.section.digests.isEmpty || entry.artifacts.mapValues(\.digest) == tool.section.digests
    case .npm: return true
    case .pypi:
      guard let interpreter = pythons.choose(tool.section.python),
        let lowest = entry.python.flatMap({ Version($0) })
      else { return true }
      return !(interpreter.version < lowest)
    }
  }

  /// uv, where the profile pins the very release that Outfit works with as a tool: its archive, and no wheel.
  var engine: Object? {
    guard let tool = Wanted.all(context.profile).first(where: \.isEngine), isLocked(tool),
      let entry = context.lock.tools[tool.key]
    else { return nil }
    return try? binary(tool, entry)
  }

  /// Makes the lock entry, or says what must be known for it.
  func lock(_ tool: Wanted) throws -> Outcome {
    switch tool.section.origin {
    case .pypi: try lockPython(tool)
    case .npm: lockNode(tool)
    case .url: lockBinary(tool)
    }
  }

  /// The objects and claims of a locked tool.
  /// - Throws: `Failure` when it can't be had here.
  func make(_ tool: Wanted, _ entry: LockedTool) throws -> Proposal {
    switch tool.section.origin {
    case .pypi: try makePython(tool, entry)
    case .npm: try makeNode(tool, entry)
    case .url: try makeBinary(tool, entry)
    }
  }

  /// For a tool that has no lock entry: the failed question says the reason.
  func whyUnlocked(_ tool: Wanted) -> Diagnostic {
    switch try? lock(tool) {
    case .mistake(let diagnostic)?, .unavailable(let diagnostic)?: diagnostic
    default:
      Diagnostic(
        .error, "\(tool.name) is not locked", at: tool.source.location,
        hint: "run `outfit lock` on a machine with network")
    }
  }

  /// A claim for each exposed name.
  func claims(_ tool: Wanted, _ entry: LockedTool, of object: Object) -> [Claim] {
    tool.exposed(entry.programs).map { name, program in
      Claim(
        name: name,
        program: .object(object.id, tool.section.origin == .url ? program : "bin/\(program)"),
        label: object.label, owner: tool.source, object: object.id)
    }
  }
}
