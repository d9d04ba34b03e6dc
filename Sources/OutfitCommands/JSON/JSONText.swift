import OutfitRender

/// A JSON document (RFC 8259) with its keys in order, for `--json`.
indirect enum JSONText {
  case null
  case bool(Bool)
  case number(Int)
  case string(String)
  case array([JSONText])
  case object([String: JSONText])
  /// A document that another outfit wrote, and that was read as JSON.
  case raw(String)

  var text: String { rendered(indent: "") }

  /// An object with one more member.
  func with(_ key: String, _ value: JSONText) -> JSONText {
    guard case .object(let members) = self else { return self }
    return .object(members.merging([key: value]) { $1 })
  }

  private func rendered(indent: String) -> String {
    let inner = indent + "  "
    switch self {
    case .raw(let text): return text.split(separator: "\n").joined(separator: "\n" + indent)
    case .null: return "null"
    case .bool(let value): return value ? "true" : "false"
    case .number(let value): return String(value)
    case .string(let value): return Quoting.json(value)
    case .array(let values):
      if values.isEmpty { return "[]" }
      return "[\n" + values.map { inner + $0.rendered(indent: inner) }.joined(separator: ",\n")
        + "\n\(indent)]"
    case .object(let values):
      if values.isEmpty { return "{}" }
      let members = values.sorted { $0.key < $1.key }.map {
        inner + Quoting.json($0.key) + ": " + $0.value.rendered(indent: inner)
      }
      return "{\n" + members.joined(separator: ",\n") + "\n\(indent)}"
    }
  }
}
