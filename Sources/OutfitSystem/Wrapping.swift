/// A text in lines that are no wider than `width` columns, broken at spaces; a longer word stands alone.
public func wrapped(_ text: String, width: Int) -> [String] {
  var lines: [String] = []
  var line = ""
  for word in text.split(separator: " ") {
    if line.isEmpty {
      line = String(word)
    } else if line.columns + 1 + String(word).columns <= width {
      line += " " + word
    } else {
      lines.append(line)
      line = String(word)
    }
  }
  return line.isEmpty && !lines.isEmpty ? lines : lines + [line]
}

/// A line of text as several that are no wider than `width` columns, the later ones indented as its second column is, or by
/// two. It is broken at spaces, never within a command in backquotes, which somebody may copy. What has no place to break
/// stays whole.
public func folded(_ line: String, width: Int) -> [String] {
  guard line.columns > width else { return [line] }
  let indent = line.prefix { $0 == " " }.count
  var pieces: [Substring] = []
  var start = line.startIndex
  var index = line.index(start, offsetBy: indent)
  var isCode = false
  while index < line.endIndex {
    let next = line.index(after: index)
    if line[index] == "`" { isCode.toggle() }
    if line[index] == " ", next < line.endIndex, line[next] != " ", !isCode {
      pieces.append(line[start..<next])
      start = next
    }
    index = next
  }
  pieces.append(line[start...])
  var hanging = indent + 2
  var column = 0
  for piece in pieces.dropLast() {
    column += String(piece).columns
    guard column <= width / 2 else { break }
    if piece.hasSuffix("  ") {
      hanging = column
      break
    }
  }
  var lines: [String] = []
  var text = ""
  for piece in pieces {
    var bare = piece
    while bare.last == " " { bare.removeLast() }
    if !text.isEmpty, text.columns + String(bare).columns > width, text.contains(where: { $0 != " " }) {
      while text.last == " " { text.removeLast() }
      lines.append(text)
      text = String(repeating: " ", count: hanging)
    }
    text += piece
  }
  return lines + [text]
}
