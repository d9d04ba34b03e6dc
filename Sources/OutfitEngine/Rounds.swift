import OutfitCore

/// Asks a part until it is done.
public enum Rounds {
  /// Calls `step` with ever more facts in the context, until it answers `.done`.
  ///
  /// - Parameter context: its facts grow by what was answered.
  /// - Throws: what `step` throws; `CancellationError`; `Failure` when a part asks only what it was told.
  public static func run<Value: Sendable>(
    _ context: inout Context, _ answering: Answering, step: (Context) throws -> Round<Value>
  ) async throws -> Value {
    while true {
      try Task.checkCancellation()
      switch try step(context) {
      case .done(let value): return value
      case .ask(let queries):
        var asked: Set<Query> = []
        let new = queries.filter { context.facts[$0] == nil && asked.insert($0).inserted }
        guard !new.isEmpty else {
          throw Failure(
            "a part of Outfit asks again what it was told: a mistake in Outfit",
            hint: queries.first.map { "it asks for \($0.summary)" })
        }
        for (query, answer) in try await answering.answers(to: new) { context.facts[query] = answer }
      }
    }
  }
}

extension Query {
  /// For people.
  var summary: String {
    switch self {
    case .contents(let path), .file(let path), .tree(let path), .source(let path), .status(let path),
      .look(let path), .names(let path):
      path.string
    case .sources(let tree): tree.root.string
    case .interpreters(let language): "\(language) interpreters"
    case .document(let addresses): addresses.first ?? "a document without address"
    case .repository(let address): address.description
    case .artifact(let artifact): artifact.name
    case .inquiry(let inquiry): inquiry.label
    }
  }
}
