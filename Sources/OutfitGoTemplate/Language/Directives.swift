/// What `chezmoi:template:` lines of a template say.
struct Directives: Sendable {
  var left: Bytes = Bytes("{{")
  var right: Bytes = Bytes("}}")
  var lineEnding: Bytes?
  var missingKey: MissingKey?
  var indent: Bytes?
  var encoding: Encoding?
  /// The template without these lines.
  var text: Bytes = []
  /// What was taken out, as offsets in the original.
  var removed: [Range<Int>] = []

  enum Encoding: String {
    case utf8 = "utf-8"
    case utf8Marked = "utf-8-bom"
    case utf16Big = "utf-16-be"
    case utf16BigMarked = "utf-16-be-bom"
    case utf16Little = "utf-16-le"
    case utf16LittleMarked = "utf-16-le-bom"
  }

  struct Mistake: Error {
    var message: String
    var offset: Int
  }

  init(_ input: Bytes) throws(Mistake) {
    let sign = Bytes("chezmoi:template:")
    guard input.find(sign) != nil else {
      text = input
      return
    }
    var start = 0
    while start < input.count {
      let newline = input.find([10], from: start)
      let end = newline ?? input.count
      let next = newline.map { $0 + 1 } ?? input.count
      if let found = input[start..<end].find(sign, from: start) {
        try read(input[(found + sign.count)..<end])
        removed.append(start..<next)
      } else {
        text += input[start..<next]
      }
      start = next
    }
  }

  /// The offset in the original of one in `text`.
  func original(_ offset: Int) -> Int {
    var offset = offset
    for range in removed where range.lowerBound <= offset { offset += range.count }
    return offset
  }

  private mutating func read(_ line: ArraySlice<UInt8>) throws(Mistake) {
    var index = line.startIndex
    func isSpace(_ index: Int) -> Bool { Unicode.Scalar(line[index]).isGoSpace }
    while index < line.endIndex {
      while index < line.endIndex, isSpace(index) { index += 1 }
      let start = index
      while index < line.endIndex, line[index] != UInt8(ascii: "="), !isSpace(index) { index += 1 }
      guard index < line.endIndex, line[index] == UInt8(ascii: "="), index > start else { continue }
      let key = String(bytes: line[start..<index])
      index += 1
      let begin = index
      if index < line.endIndex, line[index] == 34 {
        index += 1
        while index < line.endIndex, line[index] != 34 || line[index - 1] == 92 { index += 1 }
        if index < line.endIndex { index += 1 }
      } else {
        while index < line.endIndex, !isSpace(index) { index += 1 }
      }
      var value = Array(line[begin..<index])
      if value.count > 1, value.first == 34, value.last == 34 {
        value = Quoting.unquoted(value.dropFirst().dropLast(), quote: 34) ?? value
      }
      try set(key, value, at: start)
    }
  }

  private mutating func set(_ key: String, _ value: Bytes, at offset: Int) throws(Mistake) {
    let text = String(bytes: value)
    switch key {
    case "left-delimiter": left = value.isEmpty ? Bytes("{{") : value
    case "right-delimiter": right = value.isEmpty ? Bytes("}}") : value
    case "line-ending", "line-endings":
      lineEnding = text == "crlf" ? [13, 10] : text == "lf" || text == "native" ? [10] : value
    case "missing-key":
      guard let option = MissingKey(rawValue: text) else {
        throw Mistake(
          message: "missing-key can't be `\(text)`: it is error, zero, default or invalid", offset: offset)
      }
      missingKey = option
    case "format-indent": indent = value
    case "format-indent-width":
      guard let width = Int(text), (0...64).contains(width) else {
        throw Mistake(message: "format-indent-width must be a number from 0 to 64", offset: offset)
      }
      indent = Bytes(repeating: 32, count: width)
    case "encoding":
      guard let encoding = Encoding(rawValue: text) else {
        throw Mistake(message: "the encoding `\(text)` is not known", offset: offset)
      }
      self.encoding = encoding
    default: break
    }
  }

  /// What was rendered, with the line ends and in the encoding that the template wants.
  func finished(_ output: Bytes) -> Bytes {
    var output = output
    if let lineEnding, !lineEnding.isEmpty {
      var result: Bytes = []
      var index = 0
      while index < output.count {
        if output[index] == 13 || output[index] == 10 {
          if output[index] == 13, index + 1 < output.count, output[index + 1] == 10 { index += 1 }
          result += lineEnding
        } else {
          result.append(output[index])
        }
        index += 1
      }
      output = result
    }
    switch encoding {
    case nil, .utf8?: return output
    case .utf8Marked?: return [0xEF, 0xBB, 0xBF] + output
    case .utf16Big?, .utf16BigMarked?, .utf16Little?, .utf16LittleMarked?:
      let isBig = encoding == .utf16Big || encoding == .utf16BigMarked
      let isMarked = encoding == .utf16BigMarked || encoding == .utf16LittleMarked
      let units = (isMarked ? [0xFEFF] : []) + Array(String(bytes: output).utf16)
      return units.flatMap { unit -> Bytes in
        let (high, low) = (UInt8(unit >> 8), UInt8(unit & 0xFF))
        return isBig ? [high, low] : [low, high]
      }
    }
  }
}

/// What a key is that a map does not have, as text/template's option of that name.
public enum MissingKey: String, Hashable, Sendable {
  /// Nothing: it is printed as `<no value>`.
  case `default`
  case invalid
  /// Nothing too, since maps hold any value.
  case zero
  /// An error, as chezmoi has it.
  case error
}
