import Foundation
import OutfitSystem
import SystemPackage
import Testing

/// The JSON Schemas of docs/schemas, and as much of JSON Schema (draft 2020-12) as they use.
struct DocumentSchema {
  private static let folder = Machine.checkout.appending("docs").appending("schemas")
  private static let known = files()

  private static func files() -> [String: JSON] {
    var found: [String: JSON] = [:]
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder.string)) ?? [] {
      guard let data = FileManager.default.contents(atPath: folder.appending(name).string) else { continue }
      found[name] = (try? JSONSerialization.jsonObject(with: data, options: .fragmentsAllowed)).map(JSON.init)
    }
    return found
  }

  /// A value that JSONSerialization read, which nobody changes.
  struct JSON: @unchecked Sendable { let value: Any }

  static var kinds: Set<String> {
    Set(known.keys.map { String($0.dropLast(".schema.json".count)) }).subtracting(["common"])
  }

  /// What is wrong with what a verb gave a program on standard output; empty where it is one document that its schema
  /// describes.
  static func complaints(_ done: Completion) -> [String] {
    guard let document = try? JSONSerialization.jsonObject(with: Data(done.output)) as? [String: Any] else {
      return ["standard output is not one JSON object"]
    }
    guard let kind = document["kind"] as? String, let schema = known["\(kind).schema.json"] else {
      return ["there is no schema for the kind \(document["kind"] ?? "nothing")"]
    }
    let isTrue = document["exit"] as? Int == Int(done.status)
    return check(document, schema.value as? [String: Any] ?? [:], "\(kind).schema.json", kind)
      + (isTrue
        ? [] : ["exit is \(document["exit"] ?? "missing"), and the process ended with \(done.status)"])
  }

  private static let keywords: Set<String> = [
    "$schema", "title", "description", "$defs", "$ref", "allOf", "oneOf", "type", "const", "enum", "required",
    "properties", "items",
  ]

  private static func check(_ value: Any, _ schema: [String: Any], _ file: String, _ place: String)
    -> [String]
  {
    var found = schema.keys.filter { !keywords.contains($0) }.map { "\(file): \($0) is not checked here" }
    if let reference = schema["$ref"] as? String {
      let parts = reference.split(separator: "#", omittingEmptySubsequences: false).map(String.init)
      let other = parts[0].isEmpty ? file : parts[0]
      var target = known[other]?.value
      for name in parts[1].split(separator: "/") { target = (target as? [String: Any])?[String(name)] }
      guard let target = target as? [String: Any] else { return ["\(file): \(reference) leads nowhere"] }
      found += check(value, target, other, place)
    }
    for one in schema["allOf"] as? [[String: Any]] ?? [] { found += check(value, one, file, place) }
    if let ways = schema["oneOf"] as? [[String: Any]],
      ways.filter({ check(value, $0, file, place).isEmpty }).count != 1
    {
      found.append("\(place) is none, or several, of what it may be")
    }
    if let types = schema["type"] as? [String] ?? (schema["type"] as? String).map({ [$0] }),
      !types.contains(where: { isType(value, $0) })
    {
      return found + ["\(place) is not of the type \(types.joined(separator: " or "))"]
    }
    if let constant = schema["const"], !isEqual(value, constant) {
      found.append("\(place) is not \(constant)")
    }
    if let values = schema["enum"] as? [Any], !values.contains(where: { isEqual(value, $0) }) {
      found.append("\(place) is \(value), none of \(values)")
    }
    if let object = value as? [String: Any] {
      for name in schema["required"] as? [String] ?? [] where object[name] == nil {
        found.append("\(place) has no \(name)")
      }
      for (name, inner) in schema["properties"] as? [String: [String: Any]] ?? [:] {
        if let member = object[name] { found += check(member, inner, file, "\(place).\(name)") }
      }
    }
    if let list = value as? [Any], let items = schema["items"] as? [String: Any] {
      for (index, item) in list.enumerated() { found += check(item, items, file, "\(place)[\(index)]") }
    }
    return found
  }

  private static func isType(_ value: Any, _ type: String) -> Bool {
    switch type {
    case "null": value is NSNull
    case "boolean": isBoolean(value)
    case "integer":
      (value as? NSNumber).map { !isBoolean($0) && $0.doubleValue == $0.doubleValue.rounded() } ?? false
    case "string": value is String
    case "array": value is [Any]
    case "object": value is [String: Any]
    default: false
    }
  }

  private static func isBoolean(_ value: Any) -> Bool {
    (value as? NSNumber).map { String(cString: $0.objCType) == "c" } ?? false
  }

  private static func isEqual(_ a: Any, _ b: Any) -> Bool {
    (a as? NSObject).map { a in (b as? NSObject).map { a == $0 } ?? false } ?? false
  }
}
