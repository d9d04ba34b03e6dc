/// Reads RE2's syntax.
struct PatternParser {
  private struct Flags {
    var ignoresCase = false
    var isMultiline = false
    var dotTakesLines = false
    var isUngreedy = false
  }

  private let text: [Unicode.Scalar]
  private var position = 0
  private var flags = Flags()
  private var depth = 0
  private let stack = StackSpan()
  private(set) var groupCount = 0
  private(set) var names: [Bytes: Int] = [:]

  init(_ text: Bytes) { self.text = text.runes.map(\.scalar) }

  private func problem(_ what: String) -> Problem {
    var shown = ""
    shown.unicodeScalars.append(contentsOf: text.prefix(60))
    return Problem("the regular expression `\(shown)` can't be read: \(what)")
  }

  mutating func parse() throws -> Pattern.Node {
    let node = try choice()
    guard position == text.count else { throw problem("a parenthesis too many") }
    return node
  }

  private var peek: Unicode.Scalar? { position < text.count ? text[position] : nil }

  private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    guard peek == scalar else { return false }
    position += 1
    return true
  }

  private mutating func take(_ word: String) -> Bool {
    let scalars = Array(word.unicodeScalars)
    guard position + scalars.count <= text.count, Array(text[position..<position + scalars.count]) == scalars
    else {
      return false
    }
    position += scalars.count
    return true
  }

  private mutating func choice() throws -> Pattern.Node {
    depth += 1
    defer { depth -= 1 }
    guard depth <= 100, !stack.isSpent else { throw problem("it is nested too deeply") }
    var choices = [try sequence()]
    while take("|" as Unicode.Scalar) { choices.append(try sequence()) }
    return choices.count == 1 ? choices[0] : .choice(choices)
  }

  private mutating func sequence() throws -> Pattern.Node {
    var nodes: [Pattern.Node] = []
    while let next = peek, next != "|", next != ")" {
      guard let atom = try atom() else { continue }
      nodes.append(try repeated(atom))
    }
    return .sequence(nodes)
  }

  private mutating func repeated(_ atom: Pattern.Node) throws -> Pattern.Node {
    var node = atom
    var isRepeated = false
    while let next = peek {
      let least: Int
      let most: Int?
      let start = position
      switch next {
      case "*": (least, most) = (0, nil)
      case "+": (least, most) = (1, nil)
      case "?": (least, most) = (0, 1)
      case "{":
        guard let bounds = try bounds() else {
          position = start
          return node
        }
        (least, most) = bounds
      default: return node
      }
      if next != "{" { position += 1 }
      guard !isRepeated else { throw problem("a repetition of a repetition") }
      isRepeated = true
      let isLazy = take("?" as Unicode.Scalar) != flags.isUngreedy
      node = .loop(node, least: least, most: most, isLazy: isLazy)
    }
    return node
  }

  /// `{n}`, `{n,}` and `{n,m}`; anything else is text.
  private mutating func bounds() throws -> (Int, Int?)? {
    position += 1
    func number() -> Int? {
      let start = position
      while let next = peek, (48...57).contains(next.value) { position += 1 }
      guard position > start, position - start < 6 else { return nil }
      var digits = ""
      digits.unicodeScalars.append(contentsOf: text[start..<position])
      return Int(digits)
    }
    guard let least = number() else { return nil }
    var most: Int? = least
    if take("," as Unicode.Scalar) { most = number() }
    guard take("}" as Unicode.Scalar) else { return nil }
    guard least <= 1000, most ?? 0 <= 1000, most.map({ $0 >= least }) ?? true else {
      throw problem("a repetition of more than 1000 times, or backwards")
    }
    return (least, most)
  }

  private func single(_ scalar: Unicode.Scalar) -> Pattern.Node {
    .scalars(ScalarSet(ranges: [scalar.value...scalar.value], ignoresCase: flags.ignoresCase))
  }

  private mutating func atom() throws -> Pattern.Node? {
    guard let next = peek else { return nil }
    position += 1
    switch next {
    case "(": return try group()
    case "[": return try set()
    case ".":
      return .scalars(
        flags.dotTakesLines
          ? ScalarSet(ranges: [0...0x10FFFF]) : ScalarSet(ranges: [10...10], isNegated: true))
    case "^": return .check(flags.isMultiline ? .lineStart : .textStart)
    case "$": return .check(flags.isMultiline ? .lineEnd : .textEnd)
    case "*", "+", "?": throw problem("there is nothing for `\(Character(next))` to repeat")
    case "\\": return try escape()
    default: return single(next)
    }
  }

  private mutating func group() throws -> Pattern.Node? {
    let outer = flags
    var number: Int?
    if take("?" as Unicode.Scalar) {
      if take("P<") || take("<") {
        var name = Bytes()
        while let next = peek, next != ">" {
          guard next == "_" || (next.isASCII && (next.isGoLetter || next.isGoDigit)) else {
            throw problem("a wrong name of a group")
          }
          name.append(next)
          position += 1
        }
        guard take(">" as Unicode.Scalar), !name.isEmpty, names[name] == nil else {
          throw problem("a wrong name of a group")
        }
        groupCount += 1
        names[name] = groupCount
        number = groupCount
      } else {
        guard try setFlags() else { return nil }
      }
    } else {
      groupCount += 1
      number = groupCount
    }
    let inner = try choice()
    guard take(")" as Unicode.Scalar) else { throw problem("a parenthesis is not closed") }
    flags = outer
    return number.map { .group(inner, $0) } ?? inner
  }

  /// `(?i)` and `(?i:`: whether a group begins.
  private mutating func setFlags() throws -> Bool {
    var isOn = true
    while let next = peek {
      position += 1
      switch next {
      case "i": flags.ignoresCase = isOn
      case "m": flags.isMultiline = isOn
      case "s": flags.dotTakesLines = isOn
      case "U": flags.isUngreedy = isOn
      case "-" where isOn: isOn = false
      case ":": return true
      case ")": return false
      default: throw problem("`(?\(Character(next))` is not known, as in Go")
      }
    }
    throw problem("a parenthesis is not closed")
  }

  private static let perl: [Unicode.Scalar: [ClosedRange<UInt32>]] = [
    "d": [48...57], "s": [9...10, 12...13, 32...32], "w": [48...57, 65...90, 95...95, 97...122],
  ]

  private mutating func escape() throws -> Pattern.Node? {
    guard let next = peek else { throw problem("it ends with a backslash") }
    switch next {
    case "A":
      position += 1
      return .check(.textStart)
    case "z":
      position += 1
      return .check(.textEnd)
    case "b":
      position += 1
      return .check(.word)
    case "B":
      position += 1
      return .check(.noWord)
    case "Q":
      position += 1
      var nodes: [Pattern.Node] = []
      while position < text.count, !take("\\E") {
        nodes.append(single(text[position]))
        position += 1
      }
      return nodes.isEmpty ? nil : .sequence(nodes)
    default:
      var set = ScalarSet()
      set.ignoresCase = flags.ignoresCase
      if try classEscape(into: &set) { return .scalars(set) }
      return single(try scalarEscape())
    }
  }

  /// `\d`, `\W`, `\pL` and their like after a backslash.
  private mutating func classEscape(into set: inout ScalarSet) throws -> Bool {
    guard let next = peek else { return false }
    if let ranges = Self.perl[next] {
      position += 1
      set.ranges += ranges
      return true
    }
    if let ranges = Self.perl[next.goLower], next.isGoUpper {
      position += 1
      set.ranges += Self.complement(ranges)
      return true
    }
    guard next == "p" || next == "P" else { return false }
    position += 1
    var isNegated = next == "P"
    var name = ""
    if take("{" as Unicode.Scalar) {
      if take("^" as Unicode.Scalar) { isNegated.toggle() }
      while let next = peek, next != "}" {
        name.unicodeScalars.append(next)
        position += 1
      }
      guard take("}" as Unicode.Scalar) else { throw problem("a class is not closed") }
    } else if let next = peek {
      name.unicodeScalars.append(next)
      position += 1
    }
    guard ScalarSet.categoryNames.contains(name) else {
      throw problem("the class `\\p{\(name)}` is not known here")
    }
    set.categories.append((name, isNegated))
    return true
  }

  private static func complement(_ ranges: [ClosedRange<UInt32>]) -> [ClosedRange<UInt32>] {
    var result: [ClosedRange<UInt32>] = []
    var start: UInt32 = 0
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if range.lowerBound > start { result.append(start...(range.lowerBound - 1)) }
      start = range.upperBound + 1
    }
    result.append(start...0x10FFFF)
    return result
  }

  private mutating func scalarEscape() throws -> Unicode.Scalar {
    guard let next = peek else { throw problem("it ends with a backslash") }
    position += 1
    switch next {
    case "a": return "\u{7}"
    case "f": return "\u{C}"
    case "n": return "\n"
    case "r": return "\r"
    case "t": return "\t"
    case "v": return "\u{B}"
    case "x":
      var digits = ""
      if take("{" as Unicode.Scalar) {
        while let next = peek, next != "}", digits.count < 8 {
          digits.unicodeScalars.append(next)
          position += 1
        }
        guard take("}" as Unicode.Scalar) else { throw problem("a wrong \\x") }
      } else {
        digits.unicodeScalars.append(contentsOf: text[position..<min(position + 2, text.count)])
        position = min(position + 2, text.count)
      }
      guard let code = UInt32(digits, radix: 16), let scalar = Unicode.Scalar(code) else {
        throw problem("a wrong \\x")
      }
      return scalar
    case let next where next.isASCII && !next.isGoLetter && !next.isGoDigit: return next
    default: throw problem("`\\\(Character(next))` is not known, as in Go")
    }
  }

  private static let posix: [String: [ClosedRange<UInt32>]] = [
    "alnum": [48...57, 65...90, 97...122], "alpha": [65...90, 97...122], "ascii": [0...127],
    "blank": [9...9, 32...32], "cntrl": [0...31, 127...127], "digit": [48...57], "graph": [33...126],
    "lower": [97...122], "print": [32...126], "punct": [33...47, 58...64, 91...96, 123...126],
    "space": [9...13, 32...32], "upper": [65...90], "word": [48...57, 65...90, 95...95, 97...122],
    "xdigit": [48...57, 65...70, 97...102],
  ]

  private mutating func set() throws -> Pattern.Node {
    var set = ScalarSet()
    set.ignoresCase = flags.ignoresCase
    set.isNegated = take("^" as Unicode.Scalar)
    var isFirst = true
    while let next = peek, next != "]" || isFirst {
      isFirst = false
      if take("[:") {
        let isNegated = take("^" as Unicode.Scalar)
        var name = ""
        while let next = peek, next != ":" {
          name.unicodeScalars.append(next)
          position += 1
        }
        guard take(":]"), let ranges = Self.posix[name] else {
          throw problem("the class [:\(name):] is not known")
        }
        set.ranges += isNegated ? Self.complement(ranges) : ranges
        continue
      }
      if next == "\\" {
        position += 1
        if try classEscape(into: &set) { continue }
        position -= 1
      }
      let low = try member()
      var high = low
      if peek == "-", position + 1 < text.count, text[position + 1] != "]" {
        position += 1
        high = try member()
      }
      guard low.value <= high.value else { throw problem("a range runs backwards") }
      set.ranges.append(low.value...high.value)
    }
    guard take("]" as Unicode.Scalar) else { throw problem("a [ is not closed") }
    return .scalars(set)
  }

  private mutating func member() throws -> Unicode.Scalar {
    if take("\\" as Unicode.Scalar) { return try scalarEscape() }
    guard let next = peek else { throw problem("a [ is not closed") }
    position += 1
    return next
  }
}
