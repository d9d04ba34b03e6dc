/// Regular expressions, as Go's regexp has them.
extension FunctionTable {
  static let patterns: [Function] = {
    let plain: [Function] = [
      .pure("regexMatch", [.text, .text]) {
        .bool(try Pattern($0.text(0)).firstMatch(in: $0.text(1), run: $0.run) != nil)
      },
      .pure("regexFind", [.text, .text]) { call in
        let match = try Pattern(call.text(0)).firstMatch(in: call.text(1), run: call.run)
        return .string(match.map { Array(call.text(1)[$0.whole]) } ?? [])
      },
      .pure("regexFindAll", [.text, .text, .int]) { call in
        let matches = try Pattern(call.text(0)).matches(in: call.text(1), limit: call.int(2), run: call.run)
        return .listOrNil(matches.map { .string(Array(call.text(1)[$0.whole])) }, element: .string)
      },
      .pure("regexReplaceAll", [.text, .text, .text]) {
        .string(
          try Pattern($0.text(0)).replacing(in: $0.text(1), with: $0.text(2), isLiteral: false, run: $0.run))
      },
      .pure("regexReplaceAllLiteral", [.text, .text, .text]) {
        .string(
          try Pattern($0.text(0)).replacing(in: $0.text(1), with: $0.text(2), isLiteral: true, run: $0.run))
      },
      .pure("regexSplit", [.text, .text, .int]) { call in
        let (text, limit) = (call.text(1), call.int(2))
        let pattern = try Pattern(call.text(0))
        if limit == 0 { return .listOrNil([], element: .string) }
        if !call.text(0).isEmpty, text.isEmpty { return .strings([[]]) }
        let matches = try pattern.matches(in: text, limit: limit, run: call.run)
        var (begin, end) = (0, 0)
        var pieces: [Bytes] = []
        for match in matches {
          if limit > 0, pieces.count == limit - 1 { break }
          end = match.whole.lowerBound
          if match.whole.upperBound != 0 { pieces.append(Array(text[begin..<end])) }
          begin = match.whole.upperBound
        }
        if end != text.count { pieces.append(Array(text[begin...])) }
        return .strings(pieces)
      },
    ]
    // As in sprig, nothing matches an expression that can't be read.
    let lenient = Function.pure("regexMatch", [.text, .text]) { call in
      guard let pattern = try? Pattern(call.text(0)) else { return .bool(false) }
      return .bool(try pattern.firstMatch(in: call.text(1), run: call.run) != nil)
    }
    return plain.filter { $0.name != lenient.name } + [lenient]
      + plain.map { $0.named("mustR" + $0.name.dropFirst()) }
      + [
        .pure("regexQuoteMeta", [.text]) {
          .string($0.text(0).flatMap { Bytes("\\.+*?()|[]{}^$").contains($0) ? [92, $0] : [$0] })
        },
        .pure("replaceAllRegex", [.text, .text, .text]) {
          .string(
            try Pattern($0.text(0)).replacing(in: $0.text(2), with: $0.text(1), isLiteral: false, run: $0.run)
          )
        },
      ]
  }()
}
