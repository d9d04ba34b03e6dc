/// sprig's functions of texts.
extension FunctionTable {
  static let texts: [Function] = [
    .pure("trim", [.text]) { .string($0.text(0).trimmed { $0.isGoSpace }) },
    .pure("trimAll", [.text, .text]) { .string(trim($0)) },
    .pure("trimall", [.text, .text]) { .string(trim($0)) },
    .pure("trimPrefix", [.text, .text]) {
      .string($0.text(1).hasPrefix($0.text(0)) ? Array($0.text(1).dropFirst($0.text(0).count)) : $0.text(1))
    },
    .pure("trimSuffix", [.text, .text]) {
      .string($0.text(1).hasSuffix($0.text(0)) ? Array($0.text(1).dropLast($0.text(0).count)) : $0.text(1))
    },
    .pure("upper", [.text]) { .string($0.text(0).mapRunes { Bytes($0.goUpper) }) },
    .pure("lower", [.text]) { .string($0.text(0).mapRunes { Bytes($0.goLower) }) },
    .pure("title", [.text]) { .string(Casing.title($0.text(0))) },
    .pure("untitle", [.text]) { .string(Casing.untitle($0.text(0))) },
    .pure("swapcase", [.text]) {
      .string($0.text(0).mapRunes { Bytes($0.isGoUpper ? $0.goLower : $0.isGoLower ? $0.goUpper : $0) })
    },
    .pure("snakecase", [.text]) { .string(Casing.words($0.text(0)).map(Casing.lower).joinedBy([95])) },
    .pure("kebabcase", [.text]) { .string(Casing.words($0.text(0)).map(Casing.lower).joinedBy([45])) },
    .pure("camelcase", [.text]) { .string(Casing.camel($0.text(0))) },
    .pure("repeat", [.int, .text]) { call in
      let count = call.int(0)
      guard count >= 0 else { throw Problem("a text can't be repeated \(count) times") }
      let (size, isTooBig) = count.multipliedReportingOverflow(by: call.text(1).count)
      guard !isTooBig else { throw Problem.limit("a text would be too long") }
      try call.run.make(bytes: size)
      guard size > 0 else { return .string([]) }
      var result: Bytes = []
      result.reserveCapacity(size)
      for _ in 0..<count { result += call.text(1) }
      return .string(result)
    },
    .pure("substr", [.int, .int, .text]) { call in
      let (start, end, text) = (call.int(0), call.int(1), call.text(2))
      let range = start < 0 ? (0, end) : end < 0 || end > text.count ? (start, text.count) : (start, end)
      guard range.0 >= 0, range.0 <= range.1, range.1 <= text.count else {
        throw Problem("the text has \(text.count) bytes; \(start) to \(end) are not among them")
      }
      return .string(Array(text[range.0..<range.1]))
    },
    .pure("trunc", [.int, .text]) { call in
      let (count, text) = (call.int(0), call.text(1))
      if count < 0, text.count + count > 0 { return .string(Array(text[(text.count + count)...])) }
      return .string(count >= 0 && text.count > count ? Array(text[..<count]) : text)
    },
    .pure("nospace", [.text]) { .string($0.text(0).mapRunes { $0.isGoSpace ? [] : Bytes($0) }) },
    .pure("initials", [.text]) { call in
      var isStart = true
      return .string(
        call.text(0).mapRunes { scalar in
          defer { isStart = scalar.isGoSpace }
          return isStart && !scalar.isGoSpace ? Bytes(scalar) : []
        })
    },
    .pure("abbrev", [.int, .text]) {
      .string($0.int(0) < 4 ? $0.text(1) : Abbreviation.text($0.text(1), from: 0, width: $0.int(0)))
    },
    .pure("abbrevboth", [.int, .int, .text]) { call in
      let (left, right, text) = (call.int(0), call.int(1), call.text(2))
      guard right >= 4, left <= 0 || right >= 7 else { return .string(text) }
      return .string(Abbreviation.text(text, from: left, width: right))
    },
    .pure("wrap", [.int, .text]) {
      .string(Abbreviation.wrapped($0.text(1), $0.int(0), [10], cutsWords: false))
    },
    .pure("wrapWith", [.int, .text, .text]) {
      let sign = $0.text(1).isEmpty ? [10] : $0.text(1)
      try $0.run.make(bytes: $0.text(2).count / max(1, $0.int(0)) * sign.count)
      return .string(Abbreviation.wrapped($0.text(2), $0.int(0), sign, cutsWords: true))
    },
  ]

  static let moreTexts: [Function] = [
    .pure("contains", [.text, .text]) { .bool($0.text(1).find($0.text(0)) != nil) },
    .pure("hasPrefix", [.text, .text]) { .bool($0.text(1).hasPrefix($0.text(0))) },
    .pure("hasSuffix", [.text, .text]) { .bool($0.text(1).hasSuffix($0.text(0))) },
    .pure("cat", [], rest: .any) { call in
      let texts = try call.values.filter { !$0.isNothing }.map { try Conversion.text($0, call.run) }
      return .string(texts.joinedBy([32]))
    },
    .pure("indent", [.int, .text]) { .string(try indented($0)) },
    .pure("nindent", [.int, .text]) { .string([10] + (try indented($0))) },
    .pure("replace", [.text, .text, .text]) {
      .string(try replaced($0.text(2), $0.text(0), by: $0.text(1), $0.run))
    },
    .pure("plural", [.text, .text, .int]) { $0.int(2) == 1 ? $0[0] : $0[1] },
    .pure("quote", [], rest: .any) { call in
      let texts = try call.values.filter { !$0.isNothing }
        .map { Quoting.quoted(try Conversion.chezmoiText($0, call.run)) }
      return .string(texts.joinedBy([32]))
    },
    .pure("squote", [], rest: .any) { call in
      let texts = try call.values.filter { !$0.isNothing }
        .map { [39] + (try Conversion.chezmoiText($0, call.run)) + [39] }
      return .string(texts.joinedBy([32]))
    },
    .pure("splitList", [.text, .text]) { call in
      let pieces = call.text(1).pieces(separator: call.text(0))
      try call.run.spend(pieces.count)
      return .list(pieces.map { .string($0) })
    },
    .pure("split", [.text, .text]) { try numbered($0.text(1).pieces(separator: $0.text(0)), $0.run) },
    .pure("splitn", [.text, .int, .text]) {
      try numbered($0.text(2).pieces(separator: $0.text(0), limit: $0.int(1)), $0.run)
    },
    .pure("join", [.text, .any]) { call in
      let texts = try Conversion.texts(call[1], call.run)
      try call.run.make(bytes: texts.reduce(0) { $0 + $1.count + call.text(0).count })
      return .string(texts.joinedBy(call.text(0)))
    },
    .pure("sortAlpha", [.any]) { call in
      guard case .list = call[0] else { return .strings([try Conversion.text(call[0], call.run)]) }
      return .strings(try Conversion.texts(call[0], call.run).sorted(by: Bytes.precedes))
    },
  ]

  private static func trim(_ call: Call) -> Bytes {
    let set = Set(call.text(0).runes.map(\.scalar))
    return call.text(1).trimmed { set.contains($0) }
  }

  private static func indented(_ call: Call) throws -> Bytes {
    let (count, text) = (call.int(0), call.text(1))
    guard count >= 0 else { throw Problem("an indent can't be \(count)") }
    try call.run.make(bytes: count)
    let pad = Bytes(repeating: 32, count: count)
    return pad + (try replaced(text, [10], by: [10] + pad, call.run))
  }

  /// Go's strings.ReplaceAll: an empty text is found before each rune and at the end.
  static func replaced(_ text: Bytes, _ old: Bytes, by new: Bytes, _ run: Run) throws -> Bytes {
    if old == new { return text }
    var result: Bytes = []
    if old.isEmpty {
      try run.make(bytes: text.count + (text.count + 1) * new.count)
      for piece in text.pieces(separator: []) { result += new + piece }
      return result + new
    }
    var start = 0
    while let found = text.find(old, from: start) {
      result += text[start..<found]
      result += new
      guard result.count <= run.limits.output else { throw Problem.limit("a text would be too long") }
      start = found + old.count
    }
    result += text[start...]
    try run.make(bytes: result.count)
    return result
  }

  private static func numbered(_ pieces: [Bytes], _ run: Run) throws -> Value {
    var entries: [Bytes: Value] = [:]
    for (index, piece) in pieces.enumerated() { entries["_\(index)".bytes] = .string(piece) }
    return try run.mapped(entries, isOfStrings: true)
  }
}

extension [Bytes] {
  func joinedBy(_ separator: Bytes) -> Bytes { Bytes(joined(separator: separator)) }
}

/// Words and their letters.
enum Casing {
  static func lower(_ text: Bytes) -> Bytes { text.mapRunes { Bytes($0.goLower) } }

  /// Go's strings.Title.
  static func title(_ text: Bytes) -> Bytes {
    var before: Unicode.Scalar = " "
    return text.mapRunes { scalar in
      defer { before = scalar }
      return Bytes(isSeparator(before) ? scalar.goTitle : scalar)
    }
  }

  private static func isSeparator(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.isASCII { return !(scalar == "_" || scalar.isGoLetter || scalar.isGoDigit) }
    return !scalar.isGoLetter && !scalar.isGoDigit && scalar.isGoSpace
  }

  static func untitle(_ text: Bytes) -> Bytes {
    var isStart = true
    return text.mapRunes { scalar in
      defer { isStart = scalar.isGoSpace }
      return Bytes(isStart ? scalar.goLower : scalar)
    }
  }

  /// The words of a name: ended by `_`, `-`, white space, or a change from small to capital letters.
  static func words(_ text: Bytes) -> [Bytes] {
    let scalars = text.runes.map(\.scalar)
    var words: [Bytes] = []
    var word: Bytes = []
    func isPart(_ scalar: Unicode.Scalar) -> Bool { scalar != "_" && scalar != "-" && !scalar.isGoSpace }
    for (index, scalar) in scalars.enumerated() {
      guard isPart(scalar) else {
        words.append(word)
        word = []
        continue
      }
      if index > 0, !word.isEmpty, scalar.isGoUpper {
        let before = scalars[index - 1]
        let isNextLower = index + 1 < scalars.count && scalars[index + 1].isGoLower
        if before.isGoLower || before.isGoDigit || (before.isGoUpper && isNextLower) {
          words.append(word)
          word = []
        }
      }
      word.append(scalar)
    }
    return (words + [word]).filter { !$0.isEmpty }
  }

  static func camel(_ text: Bytes) -> Bytes {
    words(text).flatMap { word -> Bytes in
      var isFirst = true
      return word.mapRunes { scalar in
        defer { isFirst = false }
        return Bytes(isFirst ? scalar.goUpper : scalar.goLower)
      }
    }
  }
}

enum Abbreviation {
  static func text(_ text: Bytes, from start: Int, width: Int) -> Bytes {
    let dots = Bytes("...")
    guard text.count > width, width >= 4 else { return text }
    var offset = min(max(0, start), text.count)
    if text.count - offset < width - 3 { offset = text.count - (width - 3) }
    if offset <= 4 { return text[..<(width - 3)] + dots }
    if offset + width - 3 < text.count {
      let rest = Array(text[offset...])
      // Abbreviated again, by a width that leaves room for the dots before it.
      return width - 3 < 4 ? dots : dots + self.text(rest, from: 0, width: width - 3)
    }
    return dots + text[(text.count - (width - 3))...]
  }

  static func wrapped(_ text: Bytes, _ width: Int, _ sign: Bytes, cutsWords: Bool) -> Bytes {
    let width = max(1, width)
    var result: Bytes = []
    var offset = 0
    while text.count - offset > width {
      if text[offset] == 32 {
        offset += 1
        continue
      }
      if let space = text[offset...(offset + width)].lastIndex(of: 32) {
        result += text[offset..<space] + sign
        offset = space + 1
      } else if cutsWords {
        result += text[offset..<(offset + width)] + sign
        offset += width
      } else if let space = text[(offset + width)...].firstIndex(of: 32) {
        result += text[offset..<space] + sign
        offset = space + 1
      } else {
        result += text[offset...]
        offset = text.count
      }
    }
    return result + text[offset...]
  }
}
