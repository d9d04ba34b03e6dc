/// Values in the syntax of the file that they are put into.
public enum Quoting {
  /// A JSON string with its quotes, which is a double-quoted YAML scalar and a word of a Dockerfile's exec form
  /// too (RFC 8259, YAML 1.2.2 section 7.3.1). What YAML 1.1 takes for a line break is escaped.
  public static func json(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      case "\r": result += "\\r"
      case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{2028}", "\u{2029}", "\u{FEFF}":
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }

  /// A list of JSON strings on one line.
  public static func json(_ words: [String]) -> String {
    "[" + words.map { json($0) }.joined(separator: ", ") + "]"
  }

  /// One word of a POSIX shell, and of Python's `shlex`.
  public static func shell(_ word: String) -> String {
    let plain = !word.isEmpty && word.utf8.allSatisfy { Names.isPlain($0) }
    return plain
      ? word
      : "'"
        + word.split(separator: "'", omittingEmptySubsequences: false)
        .joined(separator: "'\"'\"'") + "'"
  }

  public static func shell(_ words: [String]) -> String {
    words.map { shell($0) }.joined(separator: " ")
  }

  /// Keeps Compose from interpolating, and Kubernetes from expanding `$(NAME)` in a command: both write a
  /// literal `$` as `$$`.
  public static func dollars(_ text: String) -> String {
    text.split(separator: "$", omittingEmptySubsequences: false).joined(separator: "$$")
  }
}

/// What names of the manifest may be, so that they can stand in a file without quotes.
public enum Names {
  /// Letters, digits and punctuation that no shell, YAML or Dockerfile gives a meaning to.
  static func isPlain(_ byte: UInt8) -> Bool {
    isAlphanumeric(byte) || "_-./:=@%+,".utf8.contains(byte)
  }

  static func isAlphanumeric(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: false
    }
  }

  private static func isLowercaseAlphanumeric(_ byte: UInt8) -> Bool {
    isAlphanumeric(byte) && !(UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
  }

  /// What can stand in every kind of file without quotes, the empty text included.
  static func isValue(_ text: String) -> Bool {
    text.utf8.allSatisfy { isAlphanumeric($0) || "._-/:@+,".utf8.contains($0) } && !text.hasSuffix(":")
  }

  /// Anything but control characters and the byte order mark, which readers of YAML drop.
  static func isText(_ scalar: Unicode.Scalar) -> Bool {
    !(scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) || scalar.value == 0xFEFF)
  }

  /// True when YAML reads the bare word as the same text: `true`, `null`, `on` and `1e3` are something else.
  static func isBareText(_ text: String) -> Bool {
    (try? Document.parseOne(text, file: "")) == .string(text)
  }

  /// A label of RFC 1123: what Kubernetes takes as the name of nearly everything.
  public static func isLabel(_ text: String, limit: Int = 63) -> Bool {
    guard let first = text.utf8.first, let last = text.utf8.last, text.utf8.count <= limit else {
      return false
    }
    return isLowercaseAlphanumeric(first) && isLowercaseAlphanumeric(last)
      && text.utf8.allSatisfy { isLowercaseAlphanumeric($0) || $0 == UInt8(ascii: "-") }
  }

  /// A host name of lower-case labels.
  public static func isHost(_ text: String) -> Bool {
    text.utf8.count <= 253
      && text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { isLabel(String($0)) }
  }

  /// The name of a variable, as POSIX has it.
  public static func isVariable(_ text: String) -> Bool {
    guard let first = text.utf8.first, isAlphanumeric(first) || first == UInt8(ascii: "_") else {
      return false
    }
    return !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first)
      && text.utf8.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "_") }
  }

  /// A repository of the distribution specification, with an optional registry and port, without tag.
  public static func isImage(_ text: String) -> Bool {
    var parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard !parts.isEmpty, text.utf8.count <= 255 else { return false }
    if parts.count > 1, parts[0].contains(":") || parts[0].contains(".") || parts[0] == "localhost" {
      let registry = parts.removeFirst().split(separator: ":", omittingEmptySubsequences: false).map(
        String.init)
      guard registry.count <= 2, isHost(registry[0]),
        registry.count == 1 || Int(registry[1]).map({ (1...65535).contains($0) }) == true
      else { return false }
    }
    return parts.allSatisfy { part in
      guard let first = part.utf8.first, let last = part.utf8.last else { return false }
      return isLowercaseAlphanumeric(first) && isLowercaseAlphanumeric(last)
        && part.utf8.allSatisfy { isLowercaseAlphanumeric($0) || "._-".utf8.contains($0) }
    }
  }

  /// A tag of the distribution specification.
  public static func isTag(_ text: String) -> Bool {
    guard let first = text.utf8.first, text.utf8.count <= 128 else { return false }
    return (isAlphanumeric(first) || first == UInt8(ascii: "_"))
      && text.utf8.allSatisfy { isAlphanumeric($0) || "._-".utf8.contains($0) }
  }

  /// `name:tag`.
  public static func isTaggedImage(_ text: String) -> Bool {
    guard let colon = text.lastIndex(of: ":") else { return false }
    return isImage(String(text[..<colon])) && isTag(String(text[text.index(after: colon)...]))
  }

  /// A program or a tool as a plain file name.
  public static func isFileName(_ text: String) -> Bool {
    text != "." && text != ".." && !text.isEmpty && !text.hasPrefix("-")
      && text.utf8.allSatisfy { isAlphanumeric($0) || "._+-".utf8.contains($0) }
  }

  /// A relative path of plain file names.
  public static func isRelativePath(_ text: String) -> Bool {
    !text.isEmpty
      && text.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { isFileName(String($0)) }
  }
}
