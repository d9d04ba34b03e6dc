/// The files by which other version managers' users choose an interpreter for a folder.
enum VersionFile {
  /// What a file asks for, in its order; never empty.
  struct Wishes {
    let file: Bytes
    let all: [Wish]
  }

  struct Wish {
    let text: Bytes
    /// From 1; 0 for a variable.
    let line: Int
    /// Nil when the text is nothing that may choose an interpreter.
    let request: Request?
  }

  enum Outcome {
    case none
    case wishes(Wishes)
    case tooLarge(Bytes)
  }

  /// No honest version file is larger.
  static let limit = 64 << 10

  /// The first of the folder's version files that says something of `language`.
  /// - Parameter folder: absolute, with a slash at its end.
  static func read(in folder: ArraySlice<UInt8>, for language: Language) -> Outcome {
    let names: [StaticString] =
      language == .python
      ? [".python-version", ".python-versions", ".tool-versions"]
      : [".node-version", ".nvmrc", ".tool-versions"]
    for (index, name) in names.enumerated() {
      var path = Bytes()
      path.reserveCapacity(folder.count + 24)
      path += folder
      name.withUTF8Buffer { path += $0 }
      switch Outside.contents(of: path, limit: limit) {
      case .absent: continue
      case .tooLarge: return .tooLarge(path)
      case .bytes(let text):
        let wishes = index < 2 ? plain(text, language) : toolVersions(text, language)
        if !wishes.isEmpty { return .wishes(Wishes(file: path, all: wishes)) }
      }
    }
    return .none
  }

  /// A version a line. pyenv reads the first word of each line, uv the whole line: both are served, since only
  /// a line with a comparison in it means more than its first word.
  static func plain(_ text: Bytes, _ language: Language) -> [Wish] {
    var wishes: [Wish] = []
    for (index, line) in Lines(withoutMark(text)).enumerated() {
      let line = line.trimmed
      guard let first = line.first, first != Ascii.hash else { continue }
      let beforeComment = line.prefix { $0 != Ascii.hash }.trimmed
      let compares = beforeComment.contains { byte in
        byte == UInt8(ascii: "<") || byte == UInt8(ascii: ">") || byte == UInt8(ascii: "=")
      }
      let wish = compares ? beforeComment.filter { !Ascii.isBlank($0) }[...] : line.firstWord
      wishes.append(
        Wish(text: Bytes(wish), line: index + 1, request: Request(wish, for: language)))
    }
    return wishes
  }

  /// asdf's: `name version... # comment`; the first line of a name counts.
  static func toolVersions(_ text: Bytes, _ language: Language) -> [Wish] {
    for (index, line) in Lines(withoutMark(text)).enumerated() {
      let words = line.prefix { $0 != Ascii.hash }.split(whereSeparator: Ascii.isBlank)
      guard let name = words.first, words.count > 1 else { continue }
      guard
        language == .python
          ? name.equals("python") : name.equals("nodejs") || name.equals("node")
      else { continue }
      return words.dropFirst().map {
        Wish(text: Bytes($0), line: index + 1, request: Request($0, for: language))
      }
    }
    return []
  }

  /// Editors of Windows begin a file with a byte order mark.
  private static func withoutMark(_ text: Bytes) -> Bytes {
    text.starts(with: [0xef, 0xbb, 0xbf]) ? Bytes(text.dropFirst(3)) : text
  }
}
