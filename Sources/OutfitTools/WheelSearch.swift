import OutfitCore
import OutfitEngine
import OutfitProfile
import SystemPackage

/// Finds out which packages have no wheel for this machine and would have to be built, of requirements that no lock has
/// resolved.
///
/// Only indexes are asked, those of this machine's own settings. Nothing is built, so that no code of a package runs.
public struct WheelSearch: Sendable {
  private let question: WheelQuestion
  private let python: Version?

  public enum Outcome: Sendable {
    /// A package that has none, normalised; there may be more.
    case lacking(String)
    /// All others have one.
    case complete
    /// They could not be resolved.
    case unknown(Diagnostic)
  }

  /// - Parameter python: what they are for; nil takes one that the machine has.
  public init(_ question: WheelQuestion, python: Version?) {
    self.question = question
    self.python = python
  }

  /// - Parameter lacking: those that are known, normalised.
  /// - Throws: `Failure` for indexes in a layer of the machine's that can't be used.
  public func step(_ context: Context, without lacking: Set<String>) throws -> Round<Outcome> {
    let asked = (Pythons.queries(context) + Indexes.queries(context)).filter { context.facts[$0] == nil }
    guard asked.isEmpty else { return .ask(asked) }
    let pythons = Pythons(context)
    guard var interpreter = pythons.choose(nil) else {
      return .done(.unknown(Diagnostic(.note, "there is no Python on this machine yet")))
    }
    // It resolves for another than it runs on.
    if let python { interpreter.version = python }
    let uv = try Uv(context, on: interpreter, pythons: pythons, indexes: try Indexes(context))
    let query = compilation(uv, without: lacking)
    switch context.facts[query] {
    case nil: return .ask([query])
    case .failed(let diagnostic)?:
      let what = "the requirements"
      var message = UvMessage(diagnostic, what: what, request: what, at: source(context))
      guard let name = message.lacking, !lacking.contains(name) else {
        let text = message.diagnostic.message
        if text.hasPrefix("\(what): ") { message.diagnostic.message = String(text.dropFirst(what.count + 2)) }
        return .done(.unknown(message.diagnostic))
      }
      return .done(.lacking(name))
    default: return .done(.complete)
    }
  }

  private func compilation(_ uv: Uv, without lacking: Set<String>) -> Query {
    let input = "wanted.in"
    let overrides = "lacking.txt"
    func text(_ lines: [String]) -> [UInt8] { Array(lines.map { $0 + "\n" }.joined().utf8) }
    guard !question.isComplete else {
      let rest = question.lines.filter { !lacking.contains(Requirement.name(of: $0)) }
      return uv.compile(
        label: Self.label, [input: text(rest)], [.scratch(input)], withDependencies: false, isUniversal: false
      )
    }
    return uv.compile(
      label: Self.label,
      [
        input: text(question.lines), overrides: text(lacking.sorted().map { "\($0) ; python_version < '0'" }),
      ],
      [.scratch(input)], ["--override", .scratch(overrides)], isUniversal: false)
  }

  private static let label = "looking for packages without a wheel"

  /// There is no manifest to point at.
  private func source(_ context: Context) -> Source {
    let layer = Layer(
      kind: .personal, name: Self.label, address: "", folder: context.root, manifest: context.root)
    return Source(layer: layer, location: SourceLocation(file: Self.label))
  }
}
