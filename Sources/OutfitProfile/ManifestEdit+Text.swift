/// Lines, brackets and blanks of the text that is edited. Offsets count Unicode scalars.
extension ManifestEdit {
  /// How this file is written: its quotes and its indentation.
  var writing: ManifestText {
    var (single, double) = (0, 0)
    var step: Int?
    func look(_ node: YamlOutline.Node) {
      switch node.content {
      case .alias: break
      case .scalar(_, let style):
        if style == .single { single += 1 }
        if style == .double { double += 1 }
      case .sequence(let nodes): nodes.forEach(look)
      case .mapping(let pairs):
        for pair in pairs {
          if step == nil, !node.isFlow, !pair.value.isFlow, pair.value.pairs != nil {
            step = column(of: pair.value.start) - column(of: pair.key.start)
          }
          look(pair.value)
        }
      }
    }
    if let root { look(root) }
    return ManifestText(quote: single > double ? .single : .double, step: max(1, step ?? 2))
  }

  /// The file's own line end.
  var newline: String {
    guard let index = text.firstIndex(of: "\n") else { return "\n" }
    return index > 0 && text[index - 1] == "\r" ? "\r\n" : "\n"
  }

  // MARK: Lines

  func lineStart(_ offset: Int) -> Int {
    (text[..<min(offset, text.count)].lastIndex(of: "\n") ?? -1) + 1
  }

  /// Behind the line's end.
  func lineEnd(_ offset: Int) -> Int {
    text[min(offset, text.count)...].firstIndex(of: "\n").map { $0 + 1 } ?? text.count
  }

  func column(of offset: Int) -> Int { offset - lineStart(offset) }

  func lines(in range: Range<Int>) -> [Range<Int>] {
    var lines: [Range<Int>] = []
    var start = range.lowerBound
    while start < range.upperBound {
      let end = lineEnd(start)
      lines.append(start..<end)
      start = end
    }
    return lines
  }

  func isBlank(_ range: Range<Int>) -> Bool {
    text[range].allSatisfy { " \t\r\n".unicodeScalars.contains($0) }
  }

  func isComment(_ line: Range<Int>) -> Bool {
    text[line].first { $0 != " " && $0 != "\t" } == "#"
  }

  /// The line above the one that starts at `start`; an empty range for the first.
  func lineBefore(_ start: Int) -> Range<Int> {
    start == 0 ? 0..<0 : lineStart(start - 1)..<start
  }

  /// Where the comments start that stand directly above a line.
  func commentsAbove(_ offset: Int) -> Int {
    var start = lineStart(offset)
    while start > 0, isComment(lineBefore(start)) { start = lineBefore(start).lowerBound }
    return start
  }

  /// Behind the last line of a block, comments that are indented deeper than it among them.
  func endWithComments(of node: YamlOutline.Node, column: Int) -> Int {
    var end = lineEnd(node.end)
    var next = end
    while next < text.count {
      let line = next..<lineEnd(next)
      next = line.upperBound
      if isBlank(line) { continue }
      guard isComment(line), let hash = text[line].firstIndex(of: "#"), hash - line.lowerBound > column else {
        break
      }
      end = next
    }
    return end
  }

  /// - Parameter offset: where a line starts, or the text ends.
  mutating func insertLines(_ lines: [String], at offset: Int) throws(Refusal) {
    let newline = newline
    let isOpen = offset == text.count && offset > 0 && text[offset - 1] != "\n"
    let joined = lines.joined(separator: newline)
    try replace(offset..<offset, with: isOpen ? newline + joined : joined + newline)
  }

  /// Takes lines out, and one of two empty lines that would then stand together.
  mutating func removeLines(_ range: Range<Int>) throws(Refusal) {
    var (start, end) = (range.lowerBound, range.upperBound)
    let above = lineBefore(start)
    let isBlankAbove = start == 0 || isBlank(above)
    if isBlankAbove, end < text.count, isBlank(end..<lineEnd(end)) {
      end = lineEnd(end)
    } else if isBlankAbove, end == text.count, !above.isEmpty {
      start = above.lowerBound
    }
    // A file that did not end with a line end goes on so.
    if end == text.count, end > 0, text[end - 1] != "\n", start > 0 {
      start -= 1
      if start > 0, text[start - 1] == "\r" { start -= 1 }
    }
    try replace(start..<end, with: "")
  }

  /// Behind the colon that follows a key.
  func colon(of pair: YamlOutline.Pair) -> Int? {
    let rest = text[pair.key.end...]
    guard let colon = rest.firstIndex(where: { $0 != " " }), text[colon] == ":" else { return nil }
    return colon + 1
  }

  /// The dash before an entry of a list.
  func dash(of node: YamlOutline.Node) -> Int? {
    guard let dash = text[..<node.start].lastIndex(where: { $0 != " " }), text[dash] == "-" else {
      return nil
    }
    return dash
  }

  // MARK: Brackets

  /// Adds an element behind the last of `spans`.
  mutating func insertInBrackets(
    _ new: String, _ node: YamlOutline.Node, _ spans: [Range<Int>]
  ) throws(Refusal) {
    guard let last = spans.last else {
      let inside = node.start + 1..<node.end - 1
      return try replace(isBlank(inside) ? inside : inside.lowerBound..<inside.lowerBound, with: new)
    }
    let start = lineStart(last.lowerBound)
    guard isBlank(start..<last.lowerBound), let rest = rest(behind: last.upperBound) else {
      return try replace(last.upperBound..<last.upperBound, with: ", \(new)")
    }
    let line = String(scalars: text[start..<last.lowerBound]) + new + (rest.hasComma ? "," : "") + newline
    var edits = [(rest.end..<rest.end, line)]
    if !rest.hasComma { edits.append((last.upperBound..<last.upperBound, ",")) }
    try replace(edits)
  }

  mutating func removeInBrackets(_ index: Int, _ spans: [Range<Int>]) throws(Refusal) {
    let span = spans[index]
    let start = lineStart(span.lowerBound)
    if isBlank(start..<span.lowerBound), let rest = rest(behind: span.upperBound) {
      return try replace(start..<rest.end, with: "")
    }
    if index + 1 < spans.count {
      var end = span.upperBound
      while end < spans[index + 1].lowerBound, text[end] == " " { end += 1 }
      guard text[end] == "," else { throw Refusal("there is a comment in the middle of it") }
      end += 1
      while text[end] == " " { end += 1 }
      return try replace(span.lowerBound..<end, with: "")
    }
    let before = index > 0 ? spans[index - 1].upperBound : span.lowerBound
    let isOneLine = !text[before..<span.lowerBound].contains("\n")
    try replace((isOneLine ? before : span.lowerBound)..<span.upperBound, with: "")
  }

  /// What follows an element, if nothing else stands in its line: whether a comma does, and where the line ends.
  private func rest(behind offset: Int) -> (hasComma: Bool, end: Int)? {
    let end = lineEnd(offset)
    var index = offset
    func skip() { while index < end, text[index] == " " || text[index] == "\t" { index += 1 } }
    skip()
    let hasComma = index < end && text[index] == ","
    if hasComma { index += 1 }
    skip()
    guard index < end, text[index] == "\n" || text[index] == "\r" || text[index] == "#" else { return nil }
    return (hasComma, end)
  }
}

extension String {
  init(scalars: some Sequence<Unicode.Scalar>) {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars)
    self.init(view)
  }
}
