/// INI files.
enum Ini {
  static func read(_ text: Bytes, _ run: Run) throws -> Value {
    let root = try run.map()
    var section = root
    let lines = text.pieces(separator: [10]).map { $0.trimmed { $0.isGoSpace } }
    var next = 0
    while next < lines.count {
      let (index, line) = (next, lines[next])
      next += 1
      guard let first = line.first, first != 35, first != 59 else { continue }
      if first == UInt8(ascii: "[") {
        guard let end = line.firstIndex(of: UInt8(ascii: "]")) else {
          throw Problem("line \(index + 1) of the INI text is no section")
        }
        section = root
        let name = Array(line[1..<end])
        guard name != Bytes("DEFAULT") else { continue }
        if case .map(let known)? = root.entries[name] {
          section = known
        } else {
          section = try run.map()
          root.entries[name] = .map(section)
        }
        continue
      }
      guard let sign = line.firstIndex(where: { $0 == 61 || $0 == 58 }) else {
        throw Problem("line \(index + 1) of the INI text has no `=`")
      }
      let key = Array(line[..<sign]).trimmed { $0.isGoSpace }
      var text = Array(line[(sign + 1)...]).trimmed { $0.isGoSpace }
      guard text.last == 92 else {
        section.entries[key] = .string(value(text))
        continue
      }
      // It goes on in the next line; an empty one ends it.
      while text.last == 92 {
        text.removeLast()
        guard next < lines.count, !lines[next].isEmpty else { break }
        text += lines[next]
        next += 1
      }
      section.entries[key] = .string(text)
    }
    return .map(root)
  }

  private static func value(_ text: Bytes) -> Bytes {
    var text = text
    if let first = text.first, first == 34 || first == 39 || first == 96,
      let end = text.dropFirst().firstIndex(of: first)
    {
      return Array(text[1..<end])
    }
    for index in text.indices where text[index] == 35 || text[index] == 59 {
      if index == 0 || text[index - 1] == 32 || text[index - 1] == 9 {
        text = Array(text[..<index])
        break
      }
    }
    return text.trimmed { $0.isGoSpace }
  }

  static func text(_ map: Map, _ run: Run, section: Bytes = [], depth: Int = 0) throws -> Bytes {
    try run.check(depth: depth, "a value is nested too deeply for INI")
    try run.spend(map.entries.count)
    var result: Bytes = []
    var inner: [(Bytes, Map)] = []
    for key in map.sortedKeys {
      let text: Bytes
      switch map.entries[key] ?? .null {
      case .bool(let value): text = value ? Bytes("true") : Bytes("false")
      case .float(let value): text = FloatText.rounded(value, "f", 6).bytes
      case .int(let value, _): text = "\(value)".bytes
      case .string(let value): text = isQuoted(value) ? Quoting.quoted(value) : value
      case .map(let map):
        inner.append((key, map))
        continue
      case let other: throw Problem("`\(String(bytes: key))` is \(other.description), which INI has not")
      }
      result += key + Bytes(" = ") + text + [10]
    }
    for (key, map) in inner {
      result += Bytes("\n[") + section + key + Bytes("]\n")
      result += try self.text(map, run, section: section + key + [46], depth: depth + 1)
    }
    return result
  }

  private static func isQuoted(_ text: Bytes) -> Bool {
    if text.isEmpty || text.contains(where: { $0 < 33 || $0 > 126 || $0 == 34 || $0 == 92 }) { return true }
    let string = String(bytes: text)
    if ["1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False"].contains(string) {
      return true
    }
    return Double(string.replacingUnderscores) != nil
  }
}

extension String {
  fileprivate var replacingUnderscores: String { filter { $0 != "_" } }
}
