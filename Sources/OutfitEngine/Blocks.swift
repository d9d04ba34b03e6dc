import OutfitCore

/// Blocks of lines between markers, inside text that others write too. Pure.
///
///     # >>> outfit web-team >>>
///     alias ll='ls -l'
///     # <<< outfit web-team <<<
///
/// Only the lines from the first marker to the last are Outfit's.
enum Blocks {
  /// A block in a text.
  struct Found: Hashable {
    var identifier: String
    /// Both marker lines and their line ends included.
    var range: Range<Int>
    /// The lines between the markers.
    var body: Range<Int>
    /// The line of the first marker, from 1.
    var line: Int
  }

  /// Marker lines that are not in order.
  struct Malformed: Error, Hashable {
    var line: Int
    var message: String
  }

  private static let newline = UInt8(ascii: "\n")
  private static let carriageReturn = UInt8(ascii: "\r")

  static func scan(_ text: [UInt8]) throws(Malformed) -> [Found] {
    var found: [Found] = []
    var open: (identifier: String, start: Int, body: Int, line: Int)?
    var start = 0
    var number = 1
    while start < text.count {
      let end = text[start...].firstIndex(of: newline).map { $0 + 1 } ?? text.count
      switch marker(text[start..<end]) {
      case .begin(let identifier):
        if let open {
          throw Malformed(
            line: number,
            message: "a block begins inside the block `\(open.identifier)`, which begins on line \(open.line)"
          )
        }
        if let first = found.first(where: { $0.identifier == identifier }) {
          throw Malformed(
            line: number, message: "the block `\(identifier)` is there already, on line \(first.line)")
        }
        open = (identifier, start, end, number)
      case .end(let identifier):
        guard let begun = open, begun.identifier == identifier else {
          throw Malformed(
            line: number, message: "the block `\(identifier)` ends here, but it does not begin above")
        }
        found.append(
          Found(
            identifier: identifier, range: begun.start..<end, body: begun.body..<start, line: begun.line))
        open = nil
      case nil: break
      }
      start = end
      number += 1
    }
    if let open {
      throw Malformed(line: open.line, message: "the block `\(open.identifier)` begins here and does not end")
    }
    return found
  }

  enum Marker: Equatable {
    case begin(String)
    case end(String)
  }

  /// A marker whatever the comment sign, so that a changed sign loses no block.
  static func marker(_ line: ArraySlice<UInt8>) -> Marker? {
    // Few lines pass this, so the text is looked at only then.
    let trimmed = line.reversed().drop { $0 <= 32 }.reversed()
    guard let last = trimmed.last, last == UInt8(ascii: ">") || last == UInt8(ascii: "<") else { return nil }
    let text = String(decoding: Array(trimmed), as: UTF8.self)
    for (sign, make) in [(">>>", Marker.begin), ("<<<", Marker.end)] {
      guard text.hasSuffix(" " + sign), let opening = text.range(of: "\(sign) outfit ") else { continue }
      let comment = text[..<opening.lowerBound]
      let rest = text[opening.upperBound...].dropLast(4)
      guard comment.hasSuffix(" "), comment.utf8.count <= 8, !rest.isEmpty else { continue }
      return make(String(rest))
    }
    return nil
  }

  /// The lines of a block as they are compared: line ends of one kind, and one at the end.
  static func body(of block: Edit.Block, in text: [UInt8]) -> [UInt8] {
    let body = bodies(of: block)
    guard !block.preface.isEmpty, let found = try? scan(text) else { return body.plain }
    let isKept = found.contains {
      $0.identifier == block.identifier && Self.body($0, in: text).starts(with: block.preface.utf8)
    }
    return isAlone(text) || isKept ? body.prefaced : body.plain
  }

  /// Nothing stands in it but blocks.
  static func isAlone(_ text: [UInt8]) -> Bool {
    guard let found = try? scan(text) else { return false }
    var rest = text
    for block in found.reversed() { rest.removeSubrange(block.range) }
    return rest.allSatisfy { [newline, carriageReturn, UInt8(ascii: " "), UInt8(ascii: "\t")].contains($0) }
  }

  /// With and without what stands before it in a file of its own.
  static func bodies(of block: Edit.Block) -> (plain: [UInt8], prefaced: [UInt8]) {
    (
      normalized(Array(block.body.utf8)[...]), normalized(Array((block.preface + block.body).utf8)[...])
    )
  }

  static func body(_ found: Found, in text: [UInt8]) -> [UInt8] { normalized(text[found.body]) }

  static func normalized(_ lines: ArraySlice<UInt8>) -> [UInt8] {
    var plain: [UInt8] = []
    plain.reserveCapacity(lines.count + 1)
    for (index, byte) in zip(lines.indices, lines) {
      if byte == carriageReturn, index + 1 < lines.endIndex, lines[index + 1] == newline { continue }
      plain.append(byte)
    }
    if let last = plain.last, last != newline { plain.append(newline) }
    return plain
  }

  /// Puts a block in: over the one of the same name, or else at its position.
  /// - Returns: the new text, and whether the old one got a line end that it lacked.
  static func setting(
    _ identifier: String, comment: String, body: [UInt8], position: Edit.Block.Position, in text: [UInt8]
  ) throws(Malformed) -> (text: [UInt8], addedNewline: Bool) {
    let found = try scan(text).first { $0.identifier == identifier }
    let ending = text.firstIndex(of: newline).map { $0 > 0 && text[$0 - 1] == carriageReturn } ?? false
    var block = Array("\(comment) >>> outfit \(identifier) >>>\n".utf8)
    block += body
    block += Array("\(comment) <<< outfit \(identifier) <<<\n".utf8)
    if ending { block = block.flatMap { $0 == newline ? [carriageReturn, newline] : [$0] } }
    if let found {
      return (Array(text[..<found.range.lowerBound]) + block + text[found.range.upperBound...], false)
    }
    switch position {
    case .below(let beginning):
      var start = 0
      while start < text.count {
        guard let end = text[start...].firstIndex(of: newline) else { break }
        if text[start...].starts(with: beginning.utf8) {
          return (Array(text[...end]) + block + text[(end + 1)...], false)
        }
        start = end + 1
      }
      return try setting(identifier, comment: comment, body: body, position: .bottom, in: text)
    case .top:
      // A first line that names an interpreter must stay the first.
      guard text.starts(with: Array("#!".utf8)) else { return (block + text, false) }
      let end = text.firstIndex(of: newline).map { $0 + 1 } ?? text.count
      let line = Array(text[..<end])
      let lacksNewline = line.last != newline
      return (line + (lacksNewline ? [newline] : []) + block + text[end...], lacksNewline)
    case .bottom:
      guard let last = text.last, last != newline else { return (text + block, false) }
      return (text + (ending ? [carriageReturn, newline] : [newline]) + block, true)
    }
  }

  /// Takes a block out, with the line end that was added for it.
  static func removing(
    _ identifier: String, addedNewline: Bool, from text: [UInt8]
  ) throws(Malformed) -> [UInt8] {
    guard let found = try scan(text).first(where: { $0.identifier == identifier }) else { return text }
    var head = text[..<found.range.lowerBound]
    let tail = text[found.range.upperBound...]
    if addedNewline, tail.isEmpty, head.last == newline {
      head = head.dropLast()
      if head.last == carriageReturn { head = head.dropLast() }
    }
    return Array(head) + tail
  }

  /// What makes a block impossible to write, or nil.
  static func problem(_ block: Edit.Block) -> String? {
    if block.identifier.isEmpty || block.identifier.contains(where: \.isNewline)
      || block.identifier.contains("<<<") || block.identifier.contains(">>>")
    {
      return "`\(block.identifier)` can't be the name of a block"
    }
    if block.comment.isEmpty || block.comment.utf8.count > 7 || block.comment.contains(where: \.isNewline) {
      return "`\(block.comment)` can't begin a comment"
    }
    if let found = try? scan(Array(block.body.utf8)), found.isEmpty { return nil }
    return "the text of the block `\(block.identifier)` has marker lines of Outfit's own in it"
  }
}

extension String {
  /// The first place where `other` stands.
  fileprivate func range(of other: String) -> Range<String.Index>? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(other) { return start..<index(start, offsetBy: other.count) }
      start = index(after: start)
    }
    return nil
  }
}
