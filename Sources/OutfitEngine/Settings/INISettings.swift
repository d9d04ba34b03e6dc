import OutfitProfile

/// INI files (`[section]`, `key = value`), and those of git with their subsections.
struct INISettings: SettingsEditor {
  private struct Entry {
    var section: [String]
    var key: String
    var value: String
    var range: Range<Int>
    /// With its line end, and the lines that continue it.
    var lines: Range<Int>
  }

  private struct Header {
    var section: [String]
    var lines: Range<Int>
  }

  private let text: [UInt8]
  private let isGit: Bool
  private var headers: [Header] = []
  private var entries: [Entry] = []
  /// What stands between a key and its value.
  private var sign: String?
  let settings: SettingValue

  init(_ text: [UInt8], isGit: Bool) throws(SettingsText.Problem) {
    self.text = text
    self.isGit = isGit
    var scanner = Scanner(text: text, isGit: isGit)
    try scanner.scan()
    (headers, entries, sign) = (scanner.headers, scanner.entries, scanner.sign)
    settings = try Self.settings(entries, headers, text)
  }

  private static func settings(
    _ entries: [Entry], _ headers: [Header], _ text: [UInt8]
  ) throws(SettingsText.Problem) -> SettingValue {
    var all = SettingValue.map([:])
    for header in headers where all[header.section[...]] == nil {
      all = all.setting(header.section[...], to: .map([:])) ?? all
    }
    for entry in entries {
      let path = entry.section + [entry.key]
      let value: SettingValue
      switch all[path[...]] {
      case nil: value = .text(entry.value)
      case .list(let values)?: value = .list(values + [.text(entry.value)])
      case let other?: value = .list([other, .text(entry.value)])
      }
      guard let changed = all.setting(path[...], to: value) else {
        throw SettingsText.Problem(
          message: "`\(path.joined(separator: "."))` is both a key and a section",
          line: text.line(of: entry.lines.lowerBound))
      }
      all = changed
    }
    return all
  }

  /// git takes sections and keys in whatever case; what is in quotes counts as it is.
  func normal(_ path: [String]) -> [String] {
    guard isGit else { return path }
    return path.indices.map { $0 == 1 && path.count > 2 ? path[$0] : path[$0].lowercased() }
  }

  func raw(_ path: [String]) -> [UInt8]? {
    entry(path).flatMap { $0.range.isEmpty ? nil : text.slice($0.range) }
  }

  private func entry(_ path: [String]) -> Entry? {
    entries.last { $0.section + [$0.key] == path }
  }

  func edits(
    setting path: [String], to value: SettingValue, raw: [UInt8]?
  ) throws(SettingsText.Problem) -> [SettingsText.Replacement] {
    guard let key = path.last, path.count <= (isGit ? 3 : 2), !isGit || path.count > 1 else {
      throw SettingsText.Problem(
        message: isGit
          ? "git's keys are in a section, with or without a subsection"
          : "its keys are in one section at most",
        line: nil)
    }
    guard let plain = value.plain else {
      throw SettingsText.Problem(message: "a value in it is one text, no list and no mapping", line: nil)
    }
    let written: String
    if let raw { written = String(decoding: raw, as: UTF8.self) } else { written = try self.written(plain) }
    let matching = entries.filter { $0.section + [$0.key] == path }
    guard matching.count < 2 else {
      throw SettingsText.Problem(
        message: "`\(path.joined(separator: "."))` stands there more than once",
        line: text.line(of: matching[1].lines.lowerBound))
    }
    let sign = sign ?? " = "
    if let entry = matching.first {
      // git takes a key alone for true.
      let hasSign = text[entry.lines.lowerBound..<entry.range.lowerBound].contains { "=:".utf8.contains($0) }
      return [.init(entry.range, Array(((hasSign ? "" : sign) + written).utf8))]
    }
    let section = Array(path.dropLast())
    let newline = text.newline
    let last = entries.last { $0.section == section }
    let indent = last.map { text.indentation(at: $0.lines.lowerBound) } ?? (isGit ? "\t" : "")
    let line = "\(indent)\(key)\(sign)\(written)\(newline)"
    if let place = last?.lines.upperBound ?? headers.last(where: { $0.section == section })?.lines.upperBound
    {
      return [put(line, at: place)]
    }
    if section.isEmpty { return [put(line, at: headers.first?.lines.lowerBound ?? text.count)] }
    let blank = isGit || text.isEmpty ? "" : newline
    return [put("\(blank)\(try header(section))\(newline)\(line)", at: text.count)]
  }

  private func put(_ line: String, at place: Int) -> SettingsText.Replacement {
    place > 0 && text[place - 1] != 10 ? .init(at: place, text.newline + line) : .init(at: place, line)
  }

  func edits(removing path: [String]) throws(SettingsText.Problem) -> [SettingsText.Replacement] {
    var lines = entries.filter { ($0.section + [$0.key]).starts(with: path) }.map(\.lines)
    for header in headers where header.section.starts(with: path) {
      var start = header.lines.lowerBound
      let above = start > 0 ? text.lineStart(start - 1) : 0
      if !isGit, start > 0, text[above..<start].allSatisfy({ $0 <= 32 }) { start = above }
      lines.append(start..<header.lines.upperBound)
    }
    return lines.map { .init($0, []) }
  }

  private func header(_ section: [String]) throws(SettingsText.Problem) -> String {
    let names = section.joined()
    guard !names.contains(where: { $0.isNewline || $0 == "]" && !isGit }) else {
      throw SettingsText.Problem(message: "`\(names)` can't be a section", line: nil)
    }
    guard section.count > 1 else { return "[\(section[0])]" }
    let inner = section[1].replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
    return "[\(section[0]) \"\(inner)\"]"
  }

  private func written(_ value: String) throws(SettingsText.Problem) -> String {
    guard isGit else {
      guard !value.contains(where: \.isNewline), value.trimmed == value else {
        throw SettingsText.Problem(message: "a value in it is one line without blanks around it", line: nil)
      }
      return value
    }
    let isPlain =
      value.trimmed == value && !value.isEmpty && !value.contains { "#;\"\\\n\r\t".contains($0) }
    if isPlain { return value }
    let inner = value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
      .replacing("\t", with: "\\t")
    return "\"\(inner)\""
  }

  // MARK: Reading

  private struct Scanner {
    let text: [UInt8]
    let isGit: Bool
    var headers: [Header] = []
    var entries: [Entry] = []
    var sign: String?

    mutating func scan() throws(SettingsText.Problem) {
      var place = text.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
      var section: [String] = []
      var last: Int?
      while place < text.count {
        let start = place
        let end = text.lineEnd(place)
        place = (text[place...].firstIndex(of: 10) ?? text.count - 1) + 1
        var from = start
        while from < end, text[from] == 32 || text[from] == 9 { from += 1 }
        guard from < end, text[from] != UInt8(ascii: "#"), text[from] != UInt8(ascii: ";") else {
          last = from < end ? last : nil
          continue
        }
        if text[from] == UInt8(ascii: "[") {
          section = try header(from, end)
          headers.append(Header(section: section, lines: start..<place))
          last = nil
        } else if !isGit, from > start, let index = last {
          // It goes on.
          entries[index].lines = entries[index].lines.lowerBound..<place
          entries[index].range = entries[index].range.lowerBound..<trimmed(from, end)
          entries[index].value += "\n" + string(from..<trimmed(from, end))
        } else {
          try entry(from, end, &place, start, section)
          last = entries.count - 1
        }
      }
    }

    private func string(_ range: Range<Int>) -> String { String(decoding: text[range], as: UTF8.self) }

    private func trimmed(_ from: Int, _ end: Int) -> Int {
      var end = end
      while end > from, text[end - 1] <= 32 { end -= 1 }
      return end
    }

    private func header(_ from: Int, _ end: Int) throws(SettingsText.Problem) -> [String] {
      func problem(_ message: String) -> SettingsText.Problem {
        SettingsText.Problem(message: message, line: text.line(of: from))
      }
      guard isGit else {
        let last = trimmed(from, end)
        guard text[last - 1] == UInt8(ascii: "]") else { throw problem("`]` is missing") }
        return [string(from + 1..<last - 1)]
      }
      var place = from + 1
      while place < end, !"] \t\"".utf8.contains(text[place]) { place += 1 }
      var section = [string(from + 1..<place).lowercased()]
      while place < end, text[place] == 32 || text[place] == 9 { place += 1 }
      if place < end, text[place] == UInt8(ascii: "\"") {
        var name: [UInt8] = []
        place += 1
        while place < end, text[place] != UInt8(ascii: "\"") {
          if text[place] == UInt8(ascii: "\\"), place + 1 < end { place += 1 }
          name.append(text[place])
          place += 1
        }
        place += 1
        section.append(String(decoding: name, as: UTF8.self))
      } else if let dot = section[0].firstIndex(of: ".") {
        section = [String(section[0][..<dot]), String(section[0][dot...].dropFirst())]
      }
      guard place < end, text[place] == UInt8(ascii: "]") else { throw problem("`]` is missing") }
      let rest = string(place + 1..<end).trimmed
      guard rest.isEmpty || rest.hasPrefix("#") || rest.hasPrefix(";") else {
        throw problem("a key stands on the line of a section")
      }
      return section
    }

    private mutating func entry(
      _ from: Int, _ end: Int, _ place: inout Int, _ start: Int, _ section: [String]
    ) throws(SettingsText.Problem) {
      let signs = isGit ? "=" : "=:"
      // A registry's address has a colon of its own: the first sign with something behind it counts.
      let hasEquals = text[from..<end].contains(UInt8(ascii: "="))
      let at =
        text[from..<end].firstIndex { hasEquals ? $0 == UInt8(ascii: "=") : signs.utf8.contains($0) } ?? end
      let keyEnd = trimmed(from, at)
      var key = string(from..<keyEnd)
      if isGit { key = key.lowercased() }
      guard at < end else {
        let bare = isGit ? string(from..<keyEnd).prefix { $0 != "#" && $0 != ";" }.description.trimmed : key
        entries.append(
          Entry(
            section: section, key: isGit ? bare.lowercased() : key, value: isGit ? "true" : "",
            range: from + bare.utf8.count..<from + bare.utf8.count, lines: start..<place))
        return
      }
      var value = at + 1
      while value < end, text[value] == 32 || text[value] == 9 { value += 1 }
      if sign == nil, value < end { sign = string(keyEnd..<value) }
      guard isGit else {
        let last = max(value, trimmed(value, end))
        entries.append(
          Entry(
            section: section, key: key, value: string(value..<last), range: value..<last, lines: start..<place
          ))
        return
      }
      let (read, last) = try gitValue(value, &place)
      entries.append(
        Entry(section: section, key: key, value: read, range: value..<last, lines: start..<place))
    }

    /// A value of git: quotes, escapes, remarks, and lines that end with a backslash.
    private func gitValue(_ start: Int, _ lineEnd: inout Int) throws(SettingsText.Problem) -> (String, Int) {
      var (bytes, place, last, isQuoted) = ([UInt8](), start, start, false)
      var kept = 0
      while place < text.count {
        let byte = text[place]
        if byte == 10 || byte == 13 && place + 1 < text.count && text[place + 1] == 10 { break }
        if !isQuoted, byte == UInt8(ascii: "#") || byte == UInt8(ascii: ";") { break }
        if byte == UInt8(ascii: "\\") {
          guard place + 1 < text.count else { break }
          let escape = text[place + 1]
          place += 2
          switch escape {
          case 10: break
          case UInt8(ascii: "n"): bytes.append(10)
          case UInt8(ascii: "t"): bytes.append(9)
          case UInt8(ascii: "b"): bytes.append(8)
          case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(escape)
          default:
            throw SettingsText.Problem(message: "an escape is not understood", line: text.line(of: place))
          }
          (last, kept) = (place, bytes.count)
          continue
        }
        place += 1
        if byte == UInt8(ascii: "\"") {
          isQuoted.toggle()
          (last, kept) = (place, bytes.count)
          continue
        }
        bytes.append(byte)
        if isQuoted || byte > 32 { (last, kept) = (place, bytes.count) }
      }
      guard !isQuoted else {
        throw SettingsText.Problem(message: "a text in quotes does not end", line: text.line(of: start))
      }
      lineEnd = (text[place...].firstIndex(of: 10) ?? text.count - 1) + 1
      return (String(decoding: bytes[..<kept], as: UTF8.self), last)
    }
  }
}

extension String {
  fileprivate var trimmed: String {
    let start = drop { $0 == " " || $0 == "\t" || $0 == "\r" }
    return String(start.reversed().drop { $0 == " " || $0 == "\t" || $0 == "\r" }.reversed())
  }
}
