import OutfitCore
import OutfitProfile

/// Why a file of settings can't be edited.
struct SettingsProblem: Error, Hashable {
  var message: String
  var line: Int?
}

/// Keys inside a file of settings that others write too. Pure.
///
/// What is not asked for stays, byte for byte. Whatever an editor here makes is read again: where it is not the old
/// settings with the wanted ones in them, and nothing else, the file is left as it is.
enum SettingsText {
  typealias Format = SettingsFormat
  typealias Problem = SettingsProblem

  /// One replacement of bytes.
  struct Replacement {
    var range: Range<Int>
    var text: [UInt8]
    init(_ range: Range<Int>, _ text: [UInt8]) { (self.range, self.text) = (range, text) }
    init(at place: Int, _ text: String) { (range, self.text) = (place..<place, Array(text.utf8)) }
  }

  /// All settings of a file, as one mapping.
  static func read(_ text: [UInt8], _ format: Format) throws(Problem) -> SettingValue {
    try editor(text, format).settings
  }

  /// Sets one key.
  static func setting(
    _ path: [String], to value: SettingValue, in text: [UInt8], _ format: Format
  ) throws(Problem) -> [UInt8] {
    let editor = try editor(text, format)
    let path = editor.normal(path)
    let before = editor.settings
    if before[path[...]].map({ format.same($0, value) }) == true { return text }
    for count in 1..<max(1, path.count) {
      guard let outer = before[path[..<count]], !outer.isMap else { continue }
      throw Problem(
        message:
          "`\(path[..<count].joined(separator: "."))` is no mapping there, so that `\(path[count])` can't be in it",
        line: nil)
    }
    let after = applied(try editor.edits(setting: path, to: value, raw: nil), to: text)
    try verify(after, format, before.setting(path[...], to: value), path)
    return after
  }

  /// What a key has; nil where it is not there.
  static func value(
    at path: [String], in text: [UInt8], _ format: Format
  ) throws(Problem) -> SettingValue? {
    let editor = try editor(text, format)
    return editor.settings[editor.normal(path)[...]]
  }

  /// Puts keys back as an earlier text of the file has them. Where nothing but them was changed since, it is that text.
  static func restoring(
    _ keys: [(path: [String], format: Format)], from earlier: [UInt8], in text: [UInt8]
  ) throws(Problem) -> [UInt8] {
    if text != earlier, let same = try? remade(keys, from: earlier, in: text), same == text { return earlier }
    var restored = text
    for (path, format) in keys { restored = try restoring(path, from: earlier, in: restored, format) }
    return restored
  }

  /// An earlier text with the values that keys have in a later one.
  private static func remade(
    _ keys: [(path: [String], format: Format)], from earlier: [UInt8], in text: [UInt8]
  ) throws(Problem) -> [UInt8] {
    var made = earlier
    for (path, format) in keys {
      if let value = try value(at: path, in: text, format) {
        made = try setting(path, to: value, in: made, format)
      }
    }
    return made
  }

  /// Puts a key back as an earlier text of the file has it: with the very same bytes, or not there.
  static func restoring(
    _ path: [String], from earlier: [UInt8], in text: [UInt8], _ format: Format
  ) throws(Problem) -> [UInt8] {
    let old = try editor(earlier, format)
    let editor = try editor(text, format)
    let path = editor.normal(path)
    let before = editor.settings
    guard let value = old.settings[path[...]] else {
      guard before[path[...]] != nil else { return text }
      // What was made for it goes with it.
      var outer = path
      while outer.count > 1 {
        let inner = outer.dropLast()
        guard old.settings[inner] == nil, case .map(let members)? = before[inner], members.count == 1 else {
          break
        }
        outer = Array(inner)
      }
      let after = applied(try editor.edits(removing: outer), to: text)
      try verify(after, format, before.setting(outer[...], to: nil), path)
      return after
    }
    guard let raw = old.raw(path) else {
      return try setting(path, to: value, in: text, format)
    }
    if editor.raw(path) == raw { return text }
    let after = applied(try editor.edits(setting: path, to: value, raw: raw), to: text)
    try verify(after, format, before.setting(path[...], to: value), path)
    return after
  }

  private static func verify(
    _ text: [UInt8], _ format: Format, _ wanted: SettingValue?, _ path: [String]
  ) throws(Problem) {
    guard let wanted, let found = try? editor(text, format).settings, format.same(found, wanted) else {
      throw Problem(
        message: "`\(path.joined(separator: "."))` can't be set in it without a change to something else",
        line: nil)
    }
  }

  static func applied(_ edits: [Replacement], to text: [UInt8]) -> [UInt8] {
    var text = text
    for edit in edits.enumerated().sorted(by: {
      ($0.element.range.lowerBound, $0.offset) > ($1.element.range.lowerBound, $1.offset)
    }).map(\.element) {
      text.replaceSubrange(edit.range, with: edit.text)
    }
    return text
  }

  private static func editor(_ text: [UInt8], _ format: Format) throws(Problem) -> any SettingsEditor {
    guard text.count <= 8 << 20 else { throw Problem(message: "it is larger than 8 MB", line: nil) }
    guard !text.contains(0), String(validating: text, as: UTF8.self) != nil else {
      throw Problem(message: "it is not UTF-8 text", line: nil)
    }
    switch format {
    case .json: return try JSONSettings(text)
    case .yaml: return try YAMLSettings(text)
    case .toml: return try TOMLSettings(text)
    case .ini: return try INISettings(text, isGit: false)
    case .git: return try INISettings(text, isGit: true)
    }
  }
}

/// A file of settings that was read, and what must be done to it.
protocol SettingsEditor {
  /// One mapping.
  var settings: SettingValue { get }
  /// A path as the file's format compares it.
  func normal(_ path: [String]) -> [String]
  /// The bytes of a value; nil where there is none, or none that stands by itself.
  func raw(_ path: [String]) -> [UInt8]?
  /// - Parameter raw: the bytes to write, where they are known.
  func edits(
    setting path: [String], to value: SettingValue, raw: [UInt8]?
  ) throws(SettingsText.Problem) -> [SettingsText.Replacement]
  func edits(removing path: [String]) throws(SettingsText.Problem) -> [SettingsText.Replacement]
}

extension SettingsEditor {
  func normal(_ path: [String]) -> [String] { path }
}

extension [UInt8] {
  func slice(_ range: Range<Int>) -> [UInt8] { Array(self[range]) }

  func line(of place: Int) -> Int { self[..<Swift.min(place, count)].count { $0 == UInt8(ascii: "\n") } + 1 }

  /// Where the line begins that a place is in.
  func lineStart(_ place: Int) -> Int {
    (self[..<place].lastIndex(of: UInt8(ascii: "\n")) ?? -1) + 1
  }

  /// Where the line ends that a place is in, without its line end.
  func lineEnd(_ place: Int) -> Int {
    var end = self[place...].firstIndex(of: UInt8(ascii: "\n")) ?? count
    if end > place, self[end - 1] == UInt8(ascii: "\r") { end -= 1 }
    return end
  }

  /// The line end that the text has.
  var newline: String {
    guard let first = firstIndex(of: UInt8(ascii: "\n")) else { return "\n" }
    return first > 0 && self[first - 1] == UInt8(ascii: "\r") ? "\r\n" : "\n"
  }

  /// The blanks that a line begins with.
  func indentation(at place: Int) -> String {
    let start = lineStart(place)
    return String(decoding: self[start...].prefix { $0 == 32 || $0 == 9 }, as: UTF8.self)
  }
}

extension SettingValue {
  /// What a record knows it by.
  var digest: Digest { Digest(of: canonical) }
}
