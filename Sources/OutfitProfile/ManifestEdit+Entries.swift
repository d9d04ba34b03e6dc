import OutfitCore

/// Where entries stand, and what has to be written to add, change and remove them.
extension ManifestEdit {
  private typealias Node = YamlOutline.Node
  private typealias Pair = YamlOutline.Pair

  // MARK: Setting

  mutating func put(_ path: ArraySlice<String>, _ value: ManifestValue) throws(Refusal) {
    guard let root, !root.isNull else {
      guard let first = path.first else { return }
      let entry = Self.entry(first, path.dropFirst(), value)
      return try insertLines(
        writing.lines(entry.key, entry.value, column: 0, prefersBlock: true), at: text.count)
    }
    var mapping = root
    for index in path.indices {
      guard mapping.pairs != nil, !mapping.isAnchored else { throw Refusal(Self.reason(mapping)) }
      let rest = path[(index + 1)...]
      guard let pair = mapping[path[index]] else {
        return try insert(Self.entry(path[index], rest, value), into: mapping, depth: index - path.startIndex)
      }
      if rest.isEmpty { return try replace(pair, in: mapping, path, value) }
      if pair.value.isNull {
        guard let next = rest.first else { return }
        return try fill(pair, in: mapping, Self.entry(next, rest.dropFirst(), value))
      }
      mapping = pair.value
    }
  }

  private static func reason(_ node: Node) -> String {
    if node.isAlias { return "it is an alias, `*…`" }
    if node.isAnchored { return "others repeat it by its anchor, `&…`" }
    return node.elements == nil
      ? "there is a text where a mapping is wanted" : "there is a list where a mapping is wanted"
  }

  private static func entry(_ key: String, _ rest: ArraySlice<String>, _ value: ManifestValue)
    -> ManifestValue.Entry
  {
    .init(key, rest.reversed().reduce(value) { .mapping([.init($1, $0)]) })
  }

  private mutating func insert(_ entry: ManifestValue.Entry, into mapping: Node, depth: Int) throws(Refusal) {
    let writing = writing
    let pairs = mapping.pairs ?? []
    if mapping.isFlow {
      let spans = pairs.map { $0.key.start..<max($0.key.end, $0.value.end) }
      return try insertInBrackets("\(writing.key(entry.key)): \(writing.flow(entry.value))", mapping, spans)
    }
    guard let first = pairs.first, let last = pairs.last else { throw Refusal("it has no entries") }
    let column = column(of: first.key.start)
    let siblings = pairs.map(\.value).filter { $0.pairs != nil }
    let prefersBlock = depth == 0 || !siblings.isEmpty && siblings.allSatisfy { !$0.isFlow }
    var lines = writing.lines(entry.key, entry.value, column: column, prefersBlock: prefersBlock)
    lines[0] = writing.indentation(column) + lines[0]
    if depth == 0, pairs.count > 1, isBlank(lineBefore(commentsAbove(last.key.start))) {
      lines.insert("", at: 0)
    }
    try insertLines(lines, at: endWithComments(of: mapping, column: column))
  }

  /// Puts the first entry into a mapping of which only the key is written.
  private mutating func fill(_ pair: Pair, in mapping: Node, _ entry: ManifestValue.Entry) throws(Refusal) {
    if mapping.isFlow || pair.value.end > pair.value.start {
      return try exchange(pair, in: mapping, .mapping([entry]))
    }
    let column = column(of: pair.key.start) + writing.step
    try insertLines(writing.inner([entry], column: column), at: lineEnd(pair.value.end))
  }

  private mutating func replace(
    _ pair: Pair, in mapping: Node, _ path: ArraySlice<String>, _ value: ManifestValue
  ) throws(Refusal) {
    let old = self.value(at: Array(path))
    if old == value { return }
    guard !pair.value.holdsAnchor else { throw Refusal("others repeat it by its anchor, `&…`") }
    switch (pair.value.content, value) {
    case (.mapping(let pairs), .mapping(let entries)) where !entries.isEmpty && !pairs.isEmpty:
      for entry in entries { try put(path + [entry.key], entry.value) }
      for pair in pairs {
        guard let name = pair.name, !entries.contains(where: { $0.key == name }) else { continue }
        try cut(Array(path) + [name])
      }
    case (.sequence, .list(let values)):
      try change(list: path, in: mapping, from: old, to: values)
    case (.scalar(let before, let style), .text(let text)) where !pair.value.isNull:
      try replace(pair.value.start..<pair.value.end, with: scalar(text, insteadOf: before, style))
    default: try exchange(pair, in: mapping, value)
    }
  }

  private func scalar(_ text: String, insteadOf before: String, _ style: Node.Style) -> String {
    var writing = writing
    switch style {
    case .single: writing.quote = .single
    case .double: writing.quote = .double
    case .plain:
      let isLikeBefore = ManifestText.isNumeric(before) && ManifestText.isNumeric(text)
      return isLikeBefore ? text : writing.scalar(text)
    case .block: break
    }
    return writing.quoted(text)
  }

  /// Writes another kind of value where one stands.
  private mutating func exchange(_ pair: Pair, in mapping: Node, _ value: ManifestValue) throws(Refusal) {
    let old = pair.value
    let writing = writing
    guard let colon = colon(of: pair) else { throw Refusal("its key is written in an unusual way") }
    let column = column(of: pair.key.start)
    let lines = writing.lines("", value, column: column, prefersBlock: false).dropFirst()
    let isLong = !mapping.isFlow && !lines.isEmpty
    let flow = isLong ? "" : " " + writing.flow(value)
    if old.isFlow {
      var edits = [(colon..<max(colon, old.end), flow)]
      if isLong {
        let end = lineEnd(old.end)
        edits.append((end..<end, lines.map { $0 + newline }.joined()))
      }
      return try replace(edits)
    }
    let start = lineEnd(colon)
    guard start <= old.start else { throw Refusal("it starts in the line of its key") }
    let end = lineEnd(old.end)
    let comments = self.lines(in: start..<end).filter { isComment($0) }.map { String(scalars: text[$0]) }
    try replace([
      (colon..<colon, flow), (start..<end, lines.map { $0 + newline }.joined() + comments.joined()),
    ])
  }

  // MARK: Lists

  private mutating func change(
    list path: ArraySlice<String>, in mapping: Node, from old: ManifestValue?, to values: [ManifestValue]
  ) throws(Refusal) {
    guard case .list(let before)? = old else { throw Refusal("it is no list") }
    let kept = before.filter(values.contains)
    let added = values.filter { !before.contains($0) }
    guard !kept.isEmpty, kept + added == values, Set(before.compactMap(\.text)).count == before.count else {
      guard let name = path.last, let pair = mapping[name] else { return }
      return try exchange(pair, in: mapping, .list(values))
    }
    for index in before.indices.reversed() where !values.contains(before[index]) {
      guard let list = node(at: path), let nodes = list.elements else { return }
      try removeElement(index, of: list, nodes)
    }
    for value in added {
      guard let list = node(at: path), let nodes = list.elements, let last = nodes.last else { return }
      if list.isFlow {
        try insertInBrackets(writing.flow(value), list, nodes.map { $0.start..<$0.end })
      } else {
        guard let dash = dash(of: last) else {
          throw Refusal("an entry of the list is written in an unusual way")
        }
        let line = writing.indentation(column(of: dash)) + "- " + writing.flow(value)
        try insertLines([line], at: lineEnd(last.end))
      }
    }
  }

  private mutating func removeElement(_ index: Int, of list: Node, _ nodes: [Node]) throws(Refusal) {
    guard !list.isFlow else { return try removeInBrackets(index, nodes.map { $0.start..<$0.end }) }
    guard let dash = dash(of: nodes[index]), isBlank(lineStart(dash)..<dash) else {
      throw Refusal("an entry of the list is written in an unusual way")
    }
    try replace(lineStart(dash)..<lineEnd(nodes[index].end), with: "")
  }

  private func node(at path: ArraySlice<String>) -> Node? {
    var node = root
    for key in path { node = node?[key]?.value }
    return node
  }

  // MARK: Removing

  mutating func cut(_ path: [String]) throws(Refusal) {
    guard var mapping = root else { return }
    var above: (pair: Pair, mapping: Node)?
    for key in path.dropLast() {
      guard let pair = mapping[key] else { throw Refusal("`<<` brings it from elsewhere") }
      above = (pair, mapping)
      mapping = pair.value
      guard !mapping.isAnchored, mapping.pairs != nil else { throw Refusal(Self.reason(mapping)) }
    }
    guard let name = path.last, let pairs = mapping.pairs,
      let index = pairs.firstIndex(where: { $0.name == name })
    else { throw Refusal("`<<` brings it from elsewhere") }
    let pair = pairs[index]
    guard !pair.value.holdsAnchor, !pair.key.isAnchored else {
      throw Refusal("others repeat it by its anchor, `&…`")
    }
    let end = max(pair.key.end, pair.value.end)
    if pairs.count == 1, let above {
      if path.count > 2 { return try exchange(above.pair, in: above.mapping, .mapping([])) }
      if mapping.isFlow
        || !holdsComment(
          lineEnd(
            above.pair.key.end)..<endWithComments(of: mapping, column: column(of: above.pair.key.start)),
          besides: pair)
      {
        return try cut(Array(path.dropLast()))
      }
    }
    if mapping.isFlow {
      let spans = pairs.map { $0.key.start..<max($0.key.end, $0.value.end) }
      if spans.count == 1 { return try replace(mapping.start..<mapping.end, with: "{}") }
      return try removeInBrackets(index, spans)
    }
    guard isBlank(lineStart(pair.key.start)..<pair.key.start) else {
      throw Refusal("it does not start a line")
    }
    try removeLines(lineStart(pair.key.start)..<lineEnd(end))
  }

  /// Whether lines hold a comment that is not in the line of `pair`.
  private func holdsComment(_ range: Range<Int>, besides pair: Pair) -> Bool {
    lines(in: range).contains { isComment($0) && !$0.contains(pair.key.start) }
  }
}
