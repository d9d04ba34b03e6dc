/// A value that is composed of other variables: `postgres://${POSTGRES_USER}@${POSTGRES_HOST}/shop`. `$${NAME}` is the
/// text `${NAME}`, and every other `$` stands for itself.
public struct ComposedText: Hashable, Sendable {
  public enum Piece: Hashable, Sendable {
    case text(String)
    case name(String)
  }

  public var pieces: [Piece] = []

  public init(_ value: String) {
    var rest = value[...]
    while let dollar = rest.firstIndex(of: "$") {
      let after = rest[rest.index(after: dollar)...]
      if after.hasPrefix("${") {
        add(rest[..<dollar] + "${")
        rest = after.dropFirst(2)
      } else if after.first == "{", let end = after.firstIndex(of: "}"),
        TextForm.variableName.check(String(after[..<end].dropFirst())) == nil
      {
        add(rest[..<dollar])
        pieces.append(.name(String(after[..<end].dropFirst())))
        rest = after[after.index(after: end)...]
      } else {
        add(rest[...dollar])
        rest = after
      }
    }
    add(rest)
  }

  private mutating func add(_ text: some StringProtocol) {
    guard !text.isEmpty else { return }
    if case .text(let before)? = pieces.last {
      pieces[pieces.count - 1] = .text(before + text)
    } else {
      pieces.append(.text(String(text)))
    }
  }

  /// The variables that it names.
  public var names: Set<String> {
    Set(
      pieces.compactMap {
        guard case .name(let name) = $0 else { return nil }
        return name
      })
  }

  /// All of them with what they are composed of put in; those that name a variable which is not among them, or
  /// themselves, are left out.
  public static func resolved(_ variables: [String: String]) -> [String: String] {
    var known: [String: String] = [:]
    var waiting = variables.mapValues { ComposedText($0) }
    while true {
      let ready = waiting.filter { $0.value.names.allSatisfy { known[$0] != nil } }
      guard !ready.isEmpty else { return known }
      for (name, text) in ready {
        known[name] =
          text.pieces.map {
            switch $0 {
            case .text(let text): text
            case .name(let name): known[name] ?? ""
            }
          }.joined()
        waiting[name] = nil
      }
    }
  }
}
