import OutfitCore
import OutfitSystem

extension Contacts {
  /// For people: a line for each server, and what can't be told.
  func text(_ style: Style, _ width: Int) -> String {
    var lines: [String] = []
    if all.isEmpty { lines.append("No server is asked for it, as far as reading tells.") }
    let column = max(12, min(sorted.map(\.host.columns).max() ?? 0, width / 2)) + 2
    for contact in sorted {
      let scheme = contact.origin.prefix { $0 != ":" }
      let purposes =
        contact.purposes.joined(separator: "; ").harmless + (scheme == "https" ? "" : " (\(scheme))")
      lines += Self.entry(contact.host.harmless, purposes, column: column, width: width, style)
    }
    for item in open { lines += Self.entry("and", item, column: column, width: width, style) }
    return lines.map { $0 + "\n" }.joined()
  }

  /// A name, and a text beside it; below it where the name is too long.
  static func entry(_ name: String, _ text: String, column: Int, width: Int, _ style: Style) -> [String] {
    let lines = wrapped(text, width: max(16, width - column))
    let indented = lines.map { String(repeating: " ", count: column) + $0 }
    guard name.columns + 2 <= column else { return [style.bold(name)] + indented }
    let first = style.bold(name) + String(repeating: " ", count: column - name.columns) + lines[0]
    return [first] + indented.dropFirst()
  }

  var json: JSONText {
    .object([
      "servers": .array(
        sorted.map { contact in
          .object([
            "host": .string(contact.host), "address": .string(contact.origin),
            "for": .array(contact.purposes.map { .string($0) }), "followed": .bool(contact.isFollowed),
          ])
        }),
      "open": .array(open.map { .string($0) }),
    ])
  }
}
