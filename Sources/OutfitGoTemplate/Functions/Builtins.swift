/// The functions of text/template itself, and sprig's for defaults and types.
extension FunctionTable {
  static let builtins: [Function] = [
    Function(name: "and", kind: .pure, parameters: [.any], rest: .any, body: .junction(isOr: false)),
    Function(name: "or", kind: .pure, parameters: [.any], rest: .any, body: .junction(isOr: true)),
    .pure("not", [.any]) { .bool(!$0[0].isTrue) },
    .pure("len", [.any]) { call in
      switch call[0] {
      case .string(let text): return .int(text.count)
      case .list(let list): return .int(list.items.count)
      case .map(let map): return .int(map.entries.count)
      default: throw Problem("\(call[0].description) has no length")
      }
    },
    .pure("index", [.any], rest: .any) { try index($0) },
    .pure("print", [], rest: .any) { .string(try Printing.joined($0.values, $0.run)) },
    .pure("println", [], rest: .any) { call in
      var result: Bytes = []
      for (index, value) in call.values.enumerated() {
        if index > 0 { result.append(32) }
        try Printing.write(value, call.run, depth: 0, into: &result)
      }
      return .string(result + [10])
    },
    .pure("printf", [.text], rest: .any) {
      .string(try Formatting.text($0.text(0), Array($0.values.dropFirst()), $0.run))
    },
    .pure("html", [], rest: .any) { .string(Escaping.html(try Escaping.source($0))) },
    .pure("js", [], rest: .any) { .string(Escaping.script(try Escaping.source($0))) },
    .pure("urlquery", [], rest: .any) { .string(Escaping.query(try Escaping.source($0))) },
    .pure("eq", [.any], rest: .any) { call in
      guard call.count > 1 else { throw Problem("`eq` wants something to compare with") }
      for value in call.values.dropFirst() where try Comparison.equal(call[0], value) { return .bool(true) }
      return .bool(false)
    },
    .pure("ne", [.any, .any]) { .bool(try !Comparison.equal($0[0], $0[1])) },
    .pure("lt", [.any, .any]) { .bool(try Comparison.isLess($0[0], $0[1])) },
    .pure("le", [.any, .any]) {
      .bool(try Comparison.isLess($0[0], $0[1]) || Comparison.equal($0[0], $0[1]))
    },
    .pure("gt", [.any, .any]) {
      .bool(try !(Comparison.isLess($0[0], $0[1]) || Comparison.equal($0[0], $0[1])))
    },
    .pure("ge", [.any, .any]) { .bool(try !Comparison.isLess($0[0], $0[1])) },
  ]

  private static func index(_ call: Call) throws -> Value {
    guard !call[0].isNothing else { throw Problem("nothing can't be indexed") }
    var item = call[0]
    for index in call.values.dropFirst() {
      switch item {
      case .list(let list): item = list.items[try place(index, within: list.items.count)]
      case .string(let text): item = .int(Int(text[try place(index, within: text.count)]), .uint8)
      case .map(let map):
        guard case .string(let key) = index else {
          throw Problem("a map is indexed by a text, and \(index.description) is there")
        }
        item = map.entries[key] ?? (map.isOfStrings ? .string([]) : .null)
      case .null, .missing: throw Problem("nothing can't be indexed")
      default: throw Problem("\(item.description) can't be indexed")
      }
    }
    return item
  }

  private static func place(_ index: Value, within count: Int) throws -> Int {
    guard case .int(let value, _) = index else {
      throw Problem("a list is indexed by a whole number, and \(index.description) is there")
    }
    guard value >= 0, value < count else {
      throw Problem("there is no element \(value): there are \(count), from 0 on")
    }
    return value
  }

  static let defaults: [Function] = [
    .pure("default", [.any], rest: .any) { $0.count > 1 && $0[1].isTrue ? $0[1] : $0[0] },
    .pure("empty", [.any]) { .bool(!$0[0].isTrue) },
    .pure("coalesce", [], rest: .any) { $0.values.first { $0.isTrue } ?? .missing },
    .pure("all", [], rest: .any) { .bool($0.values.allSatisfy { $0.isTrue }) },
    .pure("any", [], rest: .any) { .bool($0.values.contains { $0.isTrue }) },
    .pure("ternary", [.any, .any, .bool]) { $0.bool(2) ? $0[0] : $0[1] },
    .pure("fail", [.text]) { throw Problem(String(bytes: $0.text(0)), kind: .failed) },
    .pure("hello", []) { _ in .text("Hello!") },
    .pure("typeOf", [.any]) { .text($0[0].typeName) },
    .pure("typeIs", [.text, .any]) { .bool($0.text(0) == $0[1].typeName.bytes) },
    .pure("typeIsLike", [.text, .any]) {
      .bool($0.text(0) == $0[1].typeName.bytes || [42] + $0.text(0) == $0[1].typeName.bytes)
    },
    .pure("kindOf", [.any]) { .text($0[0].kindName) },
    .pure("kindIs", [.text, .any]) { .bool($0.text(0) == $0[1].kindName.bytes) },
    .pure("deepEqual", [.any, .any]) { .bool(try Comparison.isDeeplyEqual($0[0], $0[1], $0.run)) },
    .pure("toString", [.any]) { .string(try Conversion.chezmoiText($0[0], $0.run)) },
    .pure("toStrings", [], rest: .any) { .strings(try Conversion.flatTexts(.list($0.values), $0.run)) },
  ]
}

/// Texts made harmless for HTML, JavaScript and addresses.
enum Escaping {
  static func source(_ call: Call) throws -> Bytes {
    if call.count == 1, case .string(let text) = call[0] { return text }
    return try Printing.joined(call.values.map { $0.isNothing ? .text("<no value>") : $0 }, call.run)
  }

  static func html(_ text: Bytes) -> Bytes {
    text.flatMap { byte -> Bytes in
      switch byte {
      case 0: Bytes("\u{FFFD}")
      case UInt8(ascii: "\""): Bytes("&#34;")
      case UInt8(ascii: "'"): Bytes("&#39;")
      case UInt8(ascii: "&"): Bytes("&amp;")
      case UInt8(ascii: "<"): Bytes("&lt;")
      case UInt8(ascii: ">"): Bytes("&gt;")
      default: [byte]
      }
    }
  }

  static func script(_ text: Bytes) -> Bytes {
    text.mapRunes { scalar in
      switch scalar {
      case "\\": return Bytes("\\\\")
      case "'": return Bytes("\\'")
      case "\"": return Bytes("\\\"")
      case "<", ">", "&", "=": return Bytes("\\u00") + upper(Quoting.hex(scalar.value, 2))
      case let scalar where scalar.value < 32: return Bytes("\\u00") + upper(Quoting.hex(scalar.value, 2))
      case let scalar where scalar.value > 126 && !scalar.isGoPrintable:
        return Bytes("\\u") + upper(Quoting.hex(scalar.value, 4))
      case let scalar where scalar.value == 127: return Bytes("\\u007F")
      default: return Bytes(scalar)
      }
    }
  }

  private static func upper(_ text: Bytes) -> Bytes { text.map { (97...102).contains($0) ? $0 - 32 : $0 } }

  static func query(_ text: Bytes) -> Bytes {
    text.flatMap { byte -> Bytes in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), 48...57,
        UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "~"):
        [byte]
      case 32: [UInt8(ascii: "+")]
      default: [UInt8(ascii: "%")] + upper(Quoting.hex(UInt32(byte), 2))
      }
    }
  }
}
