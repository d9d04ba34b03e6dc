internal import CYaml
import OutfitCore

/// One YAML document and the span of everything in it: what an edit needs to leave the rest alone.
///
/// Offsets count Unicode scalars from the start of the text. Aliases stay aliases.
struct YamlOutline: Sendable {
  struct Node: Sendable {
    indirect enum Content: Sendable {
      case scalar(String, Style)
      case sequence([Node])
      case mapping([Pair])
      case alias
    }
    enum Style: Sendable { case plain, single, double, block }

    var content: Content
    var start: Int
    /// Behind the last scalar that belongs to it, line ends not counted.
    var end: Int
    /// In brackets or braces, or a scalar.
    var isFlow: Bool
    var isAnchored: Bool
    var location: SourceLocation

    var pairs: [Pair]? {
      if case .mapping(let pairs) = content { pairs } else { nil }
    }

    var elements: [Node]? {
      if case .sequence(let nodes) = content { nodes } else { nil }
    }

    var isAlias: Bool {
      if case .alias = content { true } else { false }
    }

    var isNull: Bool {
      if case .scalar(let text, .plain) = content {
        ["", "~", "null", "Null", "NULL"].contains(text)
      } else {
        false
      }
    }

    /// It, or something in it, has an anchor.
    var holdsAnchor: Bool {
      if isAnchored { return true }
      switch content {
      case .scalar, .alias: return false
      case .sequence(let nodes): return nodes.contains(where: \.holdsAnchor)
      case .mapping(let pairs): return pairs.contains { $0.key.holdsAnchor || $0.value.holdsAnchor }
      }
    }

    subscript(key: String) -> Pair? {
      pairs?.first { if case .scalar(key, _) = $0.key.content { true } else { false } }
    }
  }

  struct Pair: Sendable {
    var key: Node
    var value: Node
    var name: String? {
      if case .scalar(let text, _) = key.content { text } else { nil }
    }
  }

  private struct Open {
    var isMapping: Bool
    var isFlow: Bool
    var isAnchored: Bool
    var start: Int
    var location: SourceLocation
    var nodes: [Node] = []
  }

  /// The root of a document that `YamlReader` found no mistake in; nil for one without content.
  static func root(of text: [Unicode.Scalar], source: SourceText) -> Node? {
    var string = String.UnicodeScalarView()
    string.append(contentsOf: text)
    let bytes = Array(String(string).utf8)
    var parser = yaml_parser_t()
    guard yaml_parser_initialize(&parser) == 1 else { return nil }
    defer { yaml_parser_delete(&parser) }
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING)
    return bytes.withUnsafeBufferPointer { buffer in
      yaml_parser_set_input_string(&parser, buffer.baseAddress, buffer.count)
      var open: [Open] = []
      var root: Node?
      while true {
        var event = yaml_event_t()
        guard yaml_parser_parse(&parser, &event) == 1 else { return nil }
        defer { yaml_event_delete(&event) }
        let start = Int(event.start_mark.index)
        let location = source.location(line: Int(event.start_mark.line), scalar: Int(event.start_mark.column))
        var finished: Node?
        switch event.type {
        case YAML_STREAM_END_EVENT: return root
        case YAML_ALIAS_EVENT:
          finished = Node(
            content: .alias, start: start, end: Int(event.end_mark.index), isFlow: true, isAnchored: false,
            location: location)
        case YAML_SCALAR_EVENT: finished = scalar(event, text, location)
        case YAML_MAPPING_START_EVENT:
          open.append(
            Open(
              isMapping: true, isFlow: event.data.mapping_start.style == YAML_FLOW_MAPPING_STYLE,
              isAnchored: event.data.mapping_start.anchor != nil, start: start, location: location))
        case YAML_SEQUENCE_START_EVENT:
          open.append(
            Open(
              isMapping: false, isFlow: event.data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE,
              isAnchored: event.data.sequence_start.anchor != nil, start: start, location: location))
        case YAML_MAPPING_END_EVENT, YAML_SEQUENCE_END_EVENT:
          guard let collection = open.popLast() else { return nil }
          finished = node(collection, end: Int(event.end_mark.index))
        default: break
        }
        guard let finished else { continue }
        if open.isEmpty { root = finished } else { open[open.count - 1].nodes.append(finished) }
      }
    }
  }

  private static func scalar(_ event: yaml_event_t, _ text: [Unicode.Scalar], _ location: SourceLocation)
    -> Node
  {
    let scalar = event.data.scalar
    let content = String(
      decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
    let style: Node.Style =
      switch scalar.style {
      case YAML_SINGLE_QUOTED_SCALAR_STYLE: .single
      case YAML_DOUBLE_QUOTED_SCALAR_STYLE: .double
      case YAML_LITERAL_SCALAR_STYLE, YAML_FOLDED_SCALAR_STYLE: .block
      default: .plain
      }
    let start = Int(event.start_mark.index)
    var end = Int(event.end_mark.index)
    // A block's mark stands behind the empty lines that follow it.
    while style == .block, end > start, text[end - 1].properties.isWhitespace { end -= 1 }
    return Node(
      content: .scalar(content, style), start: start, end: end, isFlow: true,
      isAnchored: scalar.anchor != nil,
      location: location)
  }

  private static func node(_ open: Open, end: Int) -> Node {
    let content: Node.Content =
      open.isMapping
      ? .mapping(
        stride(from: 0, to: open.nodes.count - 1, by: 2).map {
          Pair(key: open.nodes[$0], value: open.nodes[$0 + 1])
        })
      : .sequence(open.nodes)
    return Node(
      content: content, start: open.start, end: open.isFlow ? end : open.nodes.last?.end ?? open.start,
      isFlow: open.isFlow, isAnchored: open.isAnchored, location: open.location)
  }
}
