/// The JSON Schema of `outfit.yaml`, draft 2020-12, from the same tables that reading follows.
public enum ManifestSchema {
  /// The text of docs/outfit.schema.json.
  public static var json: String {
    var root = object(ManifestKeys.all)
    root.insert(("$schema", .text("https://json-schema.org/draft/2020-12/schema")), at: 0)
    root.insert(("title", .text("outfit.yaml")), at: 1)
    root.insert(("description", .text("What a machine or a project should have, for Outfit")), at: 2)
    var shared: [String: Shape] = [:]
    collect(.record(ManifestKeys.all), &shared)
    root.append(
      ("$defs", .object(shared.sorted { $0.key < $1.key }.map { ($0.key, .object(schema($0.value))) })))
    return Json.object(root).text(depth: 0) + "\n"
  }

  private static let definitions = "#/$defs/"

  /// The shapes that stand under `$defs`, by name.
  private static func collect(_ shape: Shape, _ shared: inout [String: Shape]) {
    switch shape {
    case .text, .anything: break
    case .list(let element): collect(element, &shared)
    case .record(let fields): for field in fields { collect(field.shape, &shared) }
    case .dictionary(_, let value, _): collect(value, &shared)
    case .either(let shapes): for shape in shapes { collect(shape, &shared) }
    case .shared(let place, let shape):
      guard place.hasPrefix(definitions) else { return }
      let name = String(place.dropFirst(definitions.count))
      guard shared[name] == nil else { return }
      shared[name] = shape
      collect(shape, &shared)
    }
  }

  private static func schema(_ shape: Shape) -> [(String, Json)] {
    switch shape {
    case .text(let form): return schema(form)
    case .anything: return []
    case .list(let element): return [("type", .text("array")), ("items", .object(schema(element)))]
    case .record(let fields): return object(fields)
    case .dictionary(let key, let value, _):
      return [
        ("type", .text("object")), ("propertyNames", .object(constraints(key))),
        ("additionalProperties", .object(schema(value))),
      ]
    case .shared(let place, _): return [("$ref", .text(place))]
    case .either(let shapes): return [("anyOf", .list(shapes.map { .object(schema($0)) }))]
    }
  }

  private static func schema(_ form: TextForm) -> [(String, Json)] {
    let types = form.types.map { Json.text($0.rawValue) }
    return [("type", types.count == 1 ? types[0] : .list(types))] + constraints(form)
  }

  private static func constraints(_ form: TextForm) -> [(String, Json)] {
    var constraints: [(String, Json)] = []
    if let choices = form.choices { constraints.append(("enum", .list(choices.map(Json.text)))) }
    if let pattern = form.pattern { constraints.append(("pattern", .text(pattern))) }
    return constraints
  }

  private static func object(_ fields: [Field]) -> [(String, Json)] {
    let properties = fields.map { field in
      (field.name, Json.object([("description", .text(field.note))] + schema(field.shape)))
    }
    let required = fields.filter(\.isRequired).map { Json.text($0.name) }
    return [("type", .text("object"))] + (required.isEmpty ? [] : [("required", .list(required))])
      + [("additionalProperties", .bool(false)), ("properties", .object(properties))]
  }
}

/// JSON whose keys stay in order.
private indirect enum Json {
  case text(String)
  case bool(Bool)
  case list([Json])
  case object([(String, Json)])

  func text(depth: Int) -> String {
    let inner = String(repeating: "  ", count: depth + 1)
    let outer = String(repeating: "  ", count: depth)
    switch self {
    case .text(let text): return Json.quoted(text)
    case .bool(let bool): return "\(bool)"
    case .list(let values):
      let isFlat = values.allSatisfy { if case .text = $0 { true } else { false } }
      if isFlat { return "[" + values.map { $0.text(depth: 0) }.joined(separator: ", ") + "]" }
      return "[\n" + values.map { inner + $0.text(depth: depth + 1) }.joined(separator: ",\n") + "\n\(outer)]"
    case .object(let pairs):
      if pairs.isEmpty { return "{}" }
      return "{\n"
        + pairs.map { "\(inner)\(Json.quoted($0)): \($1.text(depth: depth + 1))" }.joined(separator: ",\n")
        + "\n\(outer)}"
    }
  }

  private static func quoted(_ text: String) -> String {
    "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
  }
}
