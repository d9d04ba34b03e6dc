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
