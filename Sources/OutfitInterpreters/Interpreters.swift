import OutfitCore
import OutfitEngine
import OutfitProfile

/// The part that pins interpreters and puts them on the machine.
///
/// A provider is one way to have an interpreter: `adopted` in place, `prebuilt` from a release host, `wheel` from a
/// Python package, `source` compiled here. They are tried in order, and a fall to the next is said.
public struct Interpreters: Part {
  public init() {}

  public var name: String { "interpreters" }

  public func resolve(_ context: Context) throws -> Round<Lock> {
    var resolver = Resolver(context)
    let lock = try resolver.run()
    return resolver.asked.isEmpty ? .done(lock) : .ask(resolver.asked)
  }

  public func propose(_ context: Context) throws -> Round<Proposal> {
    var proposer = Proposer(context)
    let proposal = try proposer.run()
    return proposer.asked.isEmpty ? .done(proposal) : .ask(proposer.asked)
  }
}

/// Facts, and the questions that they leave open.
struct Inquirer {
  let facts: Facts
  private(set) var asked: [Query] = []

  init(_ facts: Facts) { self.facts = facts }

  /// Nil until the question was answered: it is among `asked` then.
  mutating func answer(_ query: Query) -> Answer? {
    if let answer = facts[query] { return answer }
    if !asked.contains(query) { asked.append(query) }
    return nil
  }

  /// The interpreters of this machine; nil until that is known.
  mutating func interpreters(_ language: Language) -> [FoundInterpreter]? {
    guard let answer = answer(.interpreters(language)) else { return nil }
    guard case .interpreters(let found) = answer else { return [] }
    return found
  }

  /// Whether the user's own settings of package indexes are known: what `UvRuns` reads.
  mutating func knowsIndexes(_ context: Context) -> Bool {
    // All of them, in one round.
    IndexSettings.queries(context).map { answer($0) != nil }.allSatisfy { $0 }
  }

  /// A document; nil until it is known, then its bytes or the reason why there are none.
  mutating func document(_ addresses: [String]) -> Result<[UInt8], Failure>? {
    guard let answer = answer(.document(addresses)) else { return nil }
    switch answer {
    case .document(let bytes, _): return .success(bytes)
    case .failed(let diagnostic): return .failure(Failure([diagnostic]))
    default: return .failure(Failure("nothing answered at \(addresses.first ?? "")"))
    }
  }

  /// Nil until it is known; then nil where the bytes can be had, else why not.
  mutating func refusal(of artifact: Artifact) -> Diagnostic?? {
    guard let answer = answer(.artifact(artifact)) else { return nil }
    if case .failed(let diagnostic) = answer { return .some(diagnostic) }
    return .some(nil)
  }

  /// What an inquiry collected; nil until it is known, and no files when it failed.
  mutating func collected(_ inquiry: Inquiry) -> [String: [UInt8]]? {
    guard let answer = answer(.inquiry(inquiry)) else { return nil }
    guard case .collected(let files) = answer else { return [:] }
    return files
  }
}

extension InterpreterSection {
  /// The providers to try, in order.
  func providers(for language: Language) -> [Provider] {
    providers ?? (language == .python ? [.adopted, .prebuilt, .source] : [.adopted, .prebuilt, .wheel])
  }

  /// Whether a provider is one that the manifest itself names.
  func names(_ provider: Provider) -> Bool { providers?.contains(provider) ?? false }

  /// Whether an interpreter that the machine has may serve at all: the system's own only where that is wanted.
  func admits(_ found: FoundInterpreter) -> Bool {
    found.missingModules.isEmpty && (system || found.origin != .system)
  }

  /// The interpreter to adopt for a request: the newest, and of two the one that no package manager may change.
  ///
  /// Where the manifest does not say that any good one serves, only the very version that it names is adopted.
  func adoptable(
    _ request: VersionRequest, among found: [FoundInterpreter], evenIfNotExact: Bool = false
  ) -> FoundInterpreter? {
    guard system || names(.adopted) || evenIfNotExact || request.exact != nil else { return nil }
    return best(found.filter { admits($0) && request.accepts($0.version) })
  }

  /// The interpreter of just this version.
  func twin(of version: Version, among found: [FoundInterpreter]) -> FoundInterpreter? {
    best(found.filter { admits($0) && $0.version == version })
  }

  private func best(_ found: [FoundInterpreter]) -> FoundInterpreter? {
    func rank(_ origin: FoundInterpreter.Origin) -> Int {
      switch origin {
      case .uv: 5
      case .pyenv: 4
      case .mise: 3
      case .asdf: 2
      case .other: 1
      case .system: 0
      }
    }
    return found.max {
      $0.version == $1.version
        ? (rank($0.origin), $1.program.string) < (rank($1.origin), $0.program.string)
        : $0.version < $1.version
    }
  }
}

extension Language {
  /// For people.
  var title: String { self == .python ? "Python" : "Node" }
}

extension FoundInterpreter.Origin {
  /// For people: `pyenv's`, `the system's`.
  var owner: String {
    switch self {
    case .system: "the system's"
    case .other: "this machine's"
    default: "\(rawValue)'s"
    }
  }
}
