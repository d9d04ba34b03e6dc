internal import CYaml
import OutfitProfile

/// YAML: mappings in blocks and in braces. Anchors, aliases and lists are left as they are.
struct YAMLSettings: SettingsEditor {
  private indirect enum Node {
    case scalar(SettingValue, Range<Int>)
    case list([Node], Range<Int>, isFlow: Bool)
    case map([Member], Range<Int>, isFlow: Bool)
    case alias(SettingValue, Range<Int>)

    var range: Range<Int> {
      switch self {
      case .scalar(_, let range), .list(_, let range, _), .map(_, let range, _), .alias(_, let range): range
      }
    }

    /// It stands on lines of its own.
    var isBlock: Bool {
      switch self {
      case .list(_, _, let isFlow), .map(_, _, let isFlow): !isFlow
      case .scalar, .alias: false
      }
    }
  }

  private struct Member {
    var key: String
    var keyRange: Range<Int>
    var node: Node
  }

  private let text: [UInt8]
  private let root: Node?

  init(_ text: [UInt8]) throws(SettingsText.Problem) {
    self.text = text
    var reader = Reader(text: text)
    root = try reader.read()
    switch root {
    case nil, .map?, .scalar(.null, _)?: break
    case let node?:
      throw SettingsText.Problem(
        message: "it holds no mapping of keys", line: text.line(of: node.range.lowerBound))
    }
  }

  var settings: SettingValue {
    if case .map? = root { return root.map(Self.value) ?? .map([:]) }
    return .map([:])
  }

  private static func value(_ node: Node) -> SettingValue {
    switch node {
    case .scalar(let value, _): value
    case .list(let nodes, _, _): .list(nodes.map(value))
    case .map(let members, _, _):
      .map(Dictionary(members.map { ($0.key, value($0.node)) }, uniquingKeysWith: { $1 }))
    // What it stands for counts, so that nobody changes that unseen.
    case .alias(let value, _): value
    }
  }

  /// All that stands behind the colon.
  func raw(_ path: [String]) -> [UInt8]? {
    guard let key = path.last, case .map(let members, _, _)? = find(path.dropLast()),
      let member = members.last(where: { $0.key == key })
    else { return nil }
    return behindColon(member).map { text.slice($0) }
  }

  private func behindColon(_ member: Member) -> Range<Int>? {
    guard let colon = text[member.keyRange.upperBound...].firstIndex(of: UInt8(ascii: ":")) else {
      return nil
    }
    return colon + 1..<max(colon + 1, member.node.range.upperBound)
  }

  private func find(_ path: [String]) -> Node? {
    var node = root
    for key in path {
      guard case .map(let members, _, _)? = node else { return nil }
      node = members.last { $0.key == key }?.node
    }
    return node
  }

  // MARK: Edits

  func edits(
    setting path: [String], to value: SettingValue, raw: [UInt8]?
  ) throws(SettingsText.Problem) -> [SettingsText.Replacement] {
    let written =
      raw.map { String(decoding: $0.drop { $0 == 32 || $0 == 9 }, as: UTF8.self) } ?? Self.flow(value)
    if let key = path.last, case .map(let members, _, _)? = find(path.dropLast()),
      let member = members.last(where: { $0.key == key })
    {
      guard raw != nil || member.node.isBlock || member.node.range.isEmpty else {
        return [.init(member.node.range, Array(written.utf8))]
      }
      guard let range = behindColon(member) else { return [] }
      return [.init(range, raw ?? Array(" \(written)".utf8))]
    }
    var count = path.count - 1
    while count > 0, find(Array(path[..<count])) == nil { count -= 1 }
    let rest = Array(path[count...])
    let newline = text.newline
    guard case .map(let members, let range, let isFlow)? = find(Array(path[..<count])) else {
      let start = text.isEmpty || text.last == 10 ? "" : newline
      return [.init(at: text.count, start + block(rest, written, "") + newline)]
    }
    if isFlow {
      let nested = rest.dropFirst().reversed().reduce(written) { "{\(Self.scalar($1)): \($0)}" }
      let member = "\(Self.scalar(rest[0])): \(nested)"
      guard let last = members.last else { return [.init(at: range.lowerBound + 1, member)] }
      return [.init(at: last.node.range.upperBound, ", \(member)")]
    }
    guard let first = members.first, let last = members.last else { return [] }
    let indent = String(
      decoding: text[text.lineStart(first.keyRange.lowerBound)..<first.keyRange.lowerBound], as: UTF8.self)
    guard indent.allSatisfy({ $0 == " " }) else {
      throw SettingsText.Problem(
        message: "`\(path[..<count].joined(separator: "."))` does not begin on a line of its own",
        line: text.line(of: first.keyRange.lowerBound))
    }
    let end = text.lineEnd(max(last.node.range.upperBound, last.keyRange.upperBound))
    return [.init(at: end, newline + block(rest, written, indent))]
  }

  /// Keys within each other, a line each.
  private func block(_ path: [String], _ written: String, _ indent: String) -> String {
    var (lines, indent) = ([String](), indent)
    for key in path.dropLast() {
      lines.append("\(indent)\(Self.scalar(key)):")
      indent += "  "
    }
    lines.append("\(indent)\(Self.scalar(path[path.count - 1])): \(written)")
    return lines.joined(separator: text.newline)
  }

  func edits(removing path: [String]) throws(SettingsText.Problem) -> [SettingsText.Replacement] {
    guard let key = path.last, case .map(let members, let range, let isFlow)? = find(path.dropLast()),
      let index = members.lastIndex(where: { $0.key == key })
    else { return [] }
    let member = members[index]
    let end = max(member.node.range.upperBound, member.keyRange.upperBound)
    if isFlow {
      if index + 1 < members.count {
        return [.init(member.keyRange.lowerBound..<members[index + 1].keyRange.lowerBound, [])]
      }
      let start = index > 0 ? members[index - 1].node.range.upperBound : range.lowerBound + 1
      return [.init(start..<end, [])]
    }
    var start = text.lineStart(member.keyRange.lowerBound)
    guard text[start..<member.keyRange.lowerBound].allSatisfy({ $0 == 32 }) else {
      throw SettingsText.Problem(
        message: "`\(key)` does not begin on a line of its own",
        line: text.line(of: member.keyRange.lowerBound))
    }
    let lineEnd = text[end...].firstIndex(of: 10).map { $0 + 1 }
    if lineEnd == nil, start > 0 {
      start -= 1
      if start > 0, text[start - 1] == 13 { start -= 1 }
    }
    return [.init(start..<(lineEnd ?? text.count), [])]
  }

  // MARK: Writing

  private static func flow(_ value: SettingValue) -> String {
    switch value {
    case .text(let text): return scalar(text)
    case .number(let text): return SettingValue.plain(text) == value ? text : scalar(text)
    case .bool(let bool): return "\(bool)"
    case .null: return "null"
    case .list(let values): return "[" + values.map(flow).joined(separator: ", ") + "]"
    case .map(let members):
      return "{"
        + members.sorted { $0.key < $1.key }.map { "\(scalar($0.key)): \(flow($0.value))" }.joined(
          separator: ", ") + "}"
    }
  }

  /// A text, in quotes where it could be taken for something else, by YAML 1.1 too.
  private static func scalar(_ text: String) -> String {
    let words: Set = ["yes", "no", "on", "off", "y", "n", "true", "false", "null"]
    let isPlain =
      text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."),
          UInt8(ascii: "/"):
          true
        default: false
        }
      } && text.first.map { $0.isLetter || $0 == "_" || $0 == "/" } == true
      && !words.contains(text.lowercased())
    return isPlain ? text : JSONSettings.quoted(text)
  }

  // MARK: Reading

  private struct Reader {
    let text: [UInt8]
    /// Where each character begins, where that is not where its number says.
    private let places: [Int]?
    private let start: Int

    init(text: [UInt8]) {
      self.text = text
      start = text.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
      if text.allSatisfy({ $0 < 0x80 }) {
        places = nil
      } else {
        places = text[start...].indices.filter { text[$0] & 0xC0 != 0x80 } + [text.count]
      }
    }

    private func place(_ mark: yaml_mark_t) -> Int {
      guard let places else { return min(Int(mark.index), text.count) }
      return Int(mark.index) < places.count ? places[Int(mark.index)] : text.count
    }

    private struct Open {
      var isMap: Bool
      var isFlow: Bool
      var start: Int
      var nodes: [Node] = []
      var members: [Member] = []
      var key: (text: String, range: Range<Int>)?
      var anchor: String?
    }

    mutating func read() throws(SettingsText.Problem) -> Node? {
      var parser = yaml_parser_t()
      guard yaml_parser_initialize(&parser) == 1 else { return nil }
      defer { yaml_parser_delete(&parser) }
      yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING)
      let bytes = Array(text[start...])
      let result: Result<Node?, SettingsText.Problem> = bytes.withUnsafeBufferPointer { buffer in
        yaml_parser_set_input_string(&parser, buffer.baseAddress, buffer.count)
        do throws(SettingsText.Problem) { return .success(try events(&parser)) } catch {
          return .failure(error)
        }
      }
      return try result.get()
    }

    private func events(_ parser: inout yaml_parser_t) throws(SettingsText.Problem) -> Node? {
      var (root, open, documents, copies) = (Node?.none, [Open](), 0, 0)
      var anchors: [String: (value: SettingValue, size: Int)] = [:]
      while true {
        var event = yaml_event_t()
        guard yaml_parser_parse(&parser, &event) == 1 else {
          throw SettingsText.Problem(
            message: "its YAML can't be read", line: Int(parser.problem_mark.line) + 1)
        }
        defer { yaml_event_delete(&event) }
        let (from, to) = (place(event.start_mark), place(event.end_mark))
        func problem(_ message: String) -> SettingsText.Problem {
          SettingsText.Problem(message: message, line: text.line(of: from))
        }
        var (node, anchor) = (Node?.none, String?.none)
        switch event.type {
        case YAML_STREAM_END_EVENT: return root
        case YAML_DOCUMENT_START_EVENT:
          documents += 1
          guard documents == 1 else { throw problem("it holds more than one document") }
        case YAML_ALIAS_EVENT:
          guard let (value, size) = anchors[String(cString: event.data.alias.anchor)] else {
            throw problem("an alias has no anchor before it")
          }
          copies += size
          guard copies < 20_000 else { throw problem("its aliases repeat too much") }
          node = .alias(value, from..<to)
        case YAML_SCALAR_EVENT:
          node = scalar(event, from, to)
          anchor = event.data.scalar.anchor.map { String(cString: $0) }
        case YAML_MAPPING_START_EVENT:
          open.append(
            Open(
              isMap: true, isFlow: event.data.mapping_start.style == YAML_FLOW_MAPPING_STYLE, start: from,
              anchor: event.data.mapping_start.anchor.map { String(cString: $0) }))
        case YAML_SEQUENCE_START_EVENT:
          open.append(
            Open(
              isMap: false, isFlow: event.data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE, start: from,
              anchor: event.data.sequence_start.anchor.map { String(cString: $0) }))
        case YAML_MAPPING_END_EVENT, YAML_SEQUENCE_END_EVENT:
          guard let last = open.popLast() else { return root }
          anchor = last.anchor
          // The end of a block is where the next thing begins.
          let inner =
            last.isMap ? last.members.last?.node.range.upperBound : last.nodes.last?.range.upperBound
          let end = last.isFlow ? to : inner ?? last.start
          let range = last.start..<max(last.start, end)
          node =
            last.isMap
            ? .map(last.members, range, isFlow: last.isFlow) : .list(last.nodes, range, isFlow: last.isFlow)
        default: break
        }
        guard let node else { continue }
        if let anchor {
          let value = YAMLSettings.value(node)
          anchors[anchor] = (value, value.count)
        }
        guard open.count < 100 else { throw problem("it is nested too deeply") }
        guard var outer = open.popLast() else {
          root = node
          continue
        }
        if !outer.isMap {
          outer.nodes.append(node)
        } else if let key = outer.key {
          outer.members.append(Member(key: key.text, keyRange: key.range, node: node))
          outer.key = nil
        } else {
          guard case .scalar(let value, let range) = node, let plain = value.plain else {
            throw problem("a key in it is no text")
          }
          if outer.members.contains(where: { $0.key == plain }) { throw problem("`\(plain)` is in it twice") }
          outer.key = (plain, range)
        }
        open.append(outer)
      }
    }

    private func scalar(_ event: yaml_event_t, _ from: Int, _ to: Int) -> Node {
      let scalar = event.data.scalar
      let value = String(
        decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
      let isPlain = scalar.style == YAML_PLAIN_SCALAR_STYLE && scalar.tag == nil
      var end = to
      if scalar.style == YAML_LITERAL_SCALAR_STYLE || scalar.style == YAML_FOLDED_SCALAR_STYLE {
        while end > from, text[end - 1] <= 32 { end -= 1 }
      }
      return .scalar(isPlain ? SettingValue.plain(value) : .text(value), from..<end)
    }
  }
}

extension SettingValue {
  /// All values in it.
  fileprivate var count: Int {
    switch self {
    case .text, .number, .bool, .null: 1
    case .list(let values): values.reduce(1) { $0 + $1.count }
    case .map(let members): members.values.reduce(1) { $0 + $1.count }
    }
  }
}
