/// Cuts a template into tokens, by the rules of text/template: white space within actions is a token, since
/// `.a.b` and `.a .b` differ.
struct Lexer {
  private let input: Bytes
  private let left: Bytes
  private let right: Bytes
  private var position = 0
  private var start = 0
  private var parentheses = 0
  private var tokens: [Token] = []

  struct Mistake: Error {
    var message: String
    var offset: Int
    var hint: String?
  }

  static func tokens(of input: Bytes, left: Bytes, right: Bytes) throws(Mistake) -> [Token] {
    var lexer = Lexer(input: input, left: left, right: right)
    try lexer.run()
    return lexer.tokens
  }

  private init(input: Bytes, left: Bytes, right: Bytes) {
    self.input = input
    self.left = left
    self.right = right
  }

  private mutating func emit(_ kind: Token.Kind) {
    tokens.append(Token(kind: kind, range: start..<position))
    start = position
  }

  private func byte(_ offset: Int = 0) -> UInt8? {
    let index = position + offset
    return index < input.count ? input[index] : nil
  }

  private func isAt(_ text: Bytes, _ offset: Int = 0) -> Bool {
    let index = position + offset
    return index + text.count <= input.count && input[index..<index + text.count].elementsEqual(text)
  }

  private static func isSpace(_ byte: UInt8?) -> Bool {
    byte == 32 || byte == 9 || byte == 13 || byte == 10
  }

  private mutating func run() throws(Mistake) {
    while true {
      guard let found = input.find(left, from: position) else {
        position = input.count
        if position > start { emit(.text) }
        emit(.end)
        return
      }
      position = found
      let isTrimming = byte(left.count) == UInt8(ascii: "-") && Self.isSpace(byte(left.count + 1))
      var end = found
      while isTrimming, end > start, Self.isSpace(input[end - 1]) { end -= 1 }
      if end > start { tokens.append(Token(kind: .text, range: start..<end)) }
      start = found
      let afterMarker = isTrimming ? 2 : 0
      position += left.count
      if isAt(Bytes("/*"), afterMarker) {
        try comment(afterMarker)
      } else {
        emit(.leftDelimiter)
        position += afterMarker
        start = position
        parentheses = 0
        try action()
      }
    }
  }

  private mutating func comment(_ afterMarker: Int) throws(Mistake) {
    position += afterMarker + 2
    guard let end = input.find(Bytes("*/"), from: position) else {
      throw Mistake(
        message: "the comment never ends", offset: start, hint: "write */ and the closing delimiter after it")
    }
    position = end + 2
    guard let isTrimming = rightDelimiter() else {
      throw Mistake(
        message: "the closing delimiter must follow a comment at once", offset: position,
        hint: "a comment is an action of its own: {{/* … */}} or {{- /* … */ -}}")
    }
    passRightDelimiter(isTrimming)
    start = position
  }

  /// Whether a closing delimiter is here, and whether it trims.
  private func rightDelimiter() -> Bool? {
    if Self.isSpace(byte()), byte(1) == UInt8(ascii: "-"), isAt(right, 2) { return true }
    return isAt(right) ? false : nil
  }

  private mutating func passRightDelimiter(_ isTrimming: Bool) {
    if isTrimming { position += 2 }
    position += right.count
    while isTrimming, Self.isSpace(byte()) { position += 1 }
  }

  private mutating func action() throws(Mistake) {
    while true {
      if let isTrimming = rightDelimiter() {
        guard parentheses == 0 else {
          throw Mistake(message: "a parenthesis is not closed", offset: position)
        }
        passRightDelimiter(isTrimming)
        emit(.rightDelimiter)
        return
      }
      guard let byte = byte() else {
        throw Mistake(
          message: "the action never ends",
          offset: tokens.last { $0.kind == .leftDelimiter }?.range.lowerBound ?? start,
          hint: "write \(String(bytes: right)) after it")
      }
      switch byte {
      case 32, 9, 13, 10: space()
      case UInt8(ascii: "="): single(.assign)
      case UInt8(ascii: ":"):
        position += 1
        guard self.byte() == UInt8(ascii: "=") else {
          throw Mistake(message: "a `:` must be followed by `=`", offset: start)
        }
        single(.declare)
      case UInt8(ascii: "|"): single(.pipe)
      case UInt8(ascii: "\""), UInt8(ascii: "'"): try quoted(byte)
      case UInt8(ascii: "`"):
        guard let end = input.find([byte], from: position + 1) else {
          throw Mistake(message: "the raw text never ends", offset: start, hint: "write ` after it")
        }
        position = end + 1
        emit(.rawString)
      case UInt8(ascii: "$"):
        position += 1
        try word(.variable)
      case UInt8(ascii: "."):
        if let next = self.byte(1), (48...57).contains(next) {
          try number()
        } else {
          position += 1
          try word(.field)
        }
      case UInt8(ascii: "+"), UInt8(ascii: "-"), 48...57: try number()
      case UInt8(ascii: "("):
        parentheses += 1
        single(.leftParenthesis)
      case UInt8(ascii: ")"):
        parentheses -= 1
        guard parentheses >= 0 else {
          throw Mistake(message: "nothing opened this parenthesis", offset: position)
        }
        single(.rightParenthesis)
      default: try other()
      }
    }
  }

  private mutating func other() throws(Mistake) {
    let rune = input.rune(at: position)
    if isAlphanumeric(rune.scalar) {
      try word(.identifier)
    } else if rune.scalar.value > 32, rune.scalar.value < 127 {
      single(.other)
    } else {
      throw Mistake(message: "this character means nothing in an action", offset: position)
    }
  }

  private mutating func single(_ kind: Token.Kind) {
    position += 1
    emit(kind)
  }

  private mutating func space() {
    var count = 0
    while Self.isSpace(byte()) {
      position += 1
      count += 1
    }
    // The last space may belong to a closing delimiter that trims.
    position -= 1
    if rightDelimiter() != true { position += 1 } else if count == 1 { return }
    emit(.space)
  }

  private func isAlphanumeric(_ scalar: Unicode.Scalar) -> Bool {
    scalar == "_" || scalar.isGoLetter || scalar.isGoDigit
  }

  private func isAtTerminator() -> Bool {
    guard let byte = byte() else { return true }
    return Self.isSpace(byte) || Bytes(".,|:)(").contains(byte) || isAt(right)
  }

  private mutating func word(_ kind: Token.Kind) throws(Mistake) {
    if kind != .identifier, isAtTerminator() { return emit(kind == .field ? .dot : .variable) }
    while position < input.count {
      let rune = input.rune(at: position)
      guard isAlphanumeric(rune.scalar) else { break }
      position += rune.width
    }
    guard isAtTerminator() else {
      throw Mistake(
        message: "`\(String(bytes: input[start..<position]))` can't be followed by "
          + "`\(Character(input.rune(at: position).scalar))`", offset: position,
        hint: kind == .field
          ? "a key that has such a character is named by index: index . \"some-key\"" : nil)
    }
    guard kind == .identifier else { return emit(kind) }
    switch String(bytes: input[start..<position]) {
    case "true", "false": emit(.bool)
    case "nil": emit(.null)
    case let word: emit(Keyword(rawValue: word) == nil ? .identifier : .keyword)
    }
  }

  private mutating func quoted(_ quote: UInt8) throws(Mistake) {
    position += 1
    while let byte = byte(), byte != 10 {
      position += 1
      if byte == quote { return emit(quote == UInt8(ascii: "\"") ? .string : .character) }
      if byte == UInt8(ascii: "\\"), let next = self.byte(), next != 10 { position += 1 }
    }
    throw Mistake(
      message: "the text never ends", offset: start,
      hint: "close it in the same line, or write it between ` signs")
  }

  private mutating func number() throws(Mistake) {
    func accept(_ set: String) -> Bool {
      guard let byte = byte(), set.utf8.contains(byte) else { return false }
      position += 1
      return true
    }
    _ = accept("+-")
    var digits = "0123456789_"
    if accept("0") {
      if accept("xX") {
        digits = "0123456789abcdefABCDEF_"
      } else if accept("oO") {
        digits = "01234567_"
      } else if accept("bB") {
        digits = "01_"
      }
    }
    while accept(digits) {}
    if accept(".") { while accept(digits) {} }
    if digits.utf8.count == 11, accept("eE") {
      _ = accept("+-")
      while accept("0123456789_") {}
    }
    if digits.utf8.count == 23, accept("pP") {
      _ = accept("+-")
      while accept("0123456789_") {}
    }
    let isImaginary = accept("i")
    if position < input.count, isAlphanumeric(input.rune(at: position).scalar) || isImaginary {
      throw Mistake(message: "`\(String(bytes: input[start...position]))` is not a number", offset: start)
    }
    emit(.number)
  }
}
