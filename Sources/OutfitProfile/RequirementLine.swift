/// One logical line of a requirements file (pip's format, names and markers by PEP 508), judged: what it is, and one
/// text that means just that.
///
/// What is not known to be something is `.other`: who wants to know that nothing else is meant asks for what is known.
package struct RequirementLine: Hashable, Sendable {
  package enum Content: Hashable, Sendable {
    case package(Package)
    /// An address or a path, with a name in front of it or alone.
    case direct(Direct)
    /// `-r`, or `-c`, and the file.
    case include(String, isConstraint: Bool)
    /// An option by its long name, and its value.
    case option(String, String)
    case other
  }

  /// A name with versions, as indexes know it.
  package struct Package: Hashable, Sendable {
    package var name: String
    package var extras: [String]
    /// `==1.0`, in the order of the line.
    package var specifiers: [String]
    package var marker: String?

    /// The version of `==1.0` alone.
    package var pinned: String? {
      guard specifiers.count == 1, let only = specifiers.first, only.hasPrefix("=="), !only.hasPrefix("==="),
        !only.hasSuffix("*")
      else { return nil }
      return String(only.dropFirst(2))
    }

    var text: String {
      name + (extras.isEmpty ? "" : "[\(extras.joined(separator: ","))]")
        + specifiers.joined(separator: ",") + (marker.map { " ; \($0)" } ?? "")
    }
  }

  package struct Direct: Hashable, Sendable {
    package var name: String?
    package var extras: [String]
    package var address: String
    package var marker: String?

    /// It names another machine.
    package var isRemote: Bool {
      address.contains("://") && !address.lowercased().hasPrefix("file:")
    }

    /// Without a user and a password.
    package var shownAddress: String { withoutUser(address) }

    var text: String {
      let head = name.map { $0 + (extras.isEmpty ? "" : "[\(extras.joined(separator: ","))]") + " @ " } ?? ""
      return head + address + (marker.map { " ; \($0)" } ?? "")
    }
  }

  /// Where it starts, from 1.
  package var line: Int
  package var content: Content
  /// `--hash=sha256:` of it: 64 small hexadecimal digits each.
  package var digests: [String]
  /// All of it in one line, without comments.
  package var text: String

  /// The text of a file: UTF-8, or UTF-16 with its mark.
  package static func text(of bytes: [UInt8]) -> String {
    guard bytes.count > 1, [[0xFF, 0xFE], [0xFE, 0xFF]].contains(Array(bytes.prefix(2))) else {
      return String(decoding: bytes, as: UTF8.self)
    }
    let low = bytes[0] == 0xFF ? 0 : 1
    let units = stride(from: 2, to: bytes.count - 1, by: 2).map {
      UInt16(bytes[$0 + low]) | UInt16(bytes[$0 + 1 - low]) << 8
    }
    return String(decoding: units, as: UTF16.self)
  }

  /// The logical lines of a file: comments and blank lines are none, and a backslash at its end continues a line.
  package static func parse(_ text: String) -> [RequirementLine] {
    var result: [RequirementLine] = []
    var pending = ""
    var start = 1
    var number = 0
    func end() {
      let joined = pending.split(whereSeparator: isBlank).joined(separator: " ")
      if !joined.isEmpty { result.append(judged(joined, line: start)) }
      pending = ""
    }
    for line in text.drop(while: { $0 == "\u{FEFF}" })
      .split(omittingEmptySubsequences: false, whereSeparator: { $0 == "\n" || $0 == "\r\n" || $0 == "\r" })
    {
      number += 1
      if pending.isEmpty { start = number }
      let (content, hasComment) = withoutComment(line)
      if !hasComment, content.last == "\\" {
        pending += content.dropLast() + " "
        continue
      }
      pending += content
      end()
    }
    end()
    return result
  }

  /// One requirement as pyproject.toml has them: no comment, option or digest belongs to it.
  package static func requirement(_ text: String, line: Int) -> RequirementLine {
    let words = text.split(whereSeparator: isBlank).joined(separator: " ")
    var parser = RequirementParser(words)
    guard let content = parser.requirement() else {
      return RequirementLine(line: line, content: .other, digests: [], text: words)
    }
    return RequirementLine(line: line, content: content, digests: [], text: canonical(content, words))
  }

  private static func isBlank(_ character: Character) -> Bool {
    character == " " || character == "\t" || character == "\u{C}"
  }

  private static func withoutComment(_ line: Substring) -> (Substring, Bool) {
    var isAfterBlank = true
    for index in line.indices {
      if line[index] == "#", isAfterBlank { return (line[..<index], true) }
      isAfterBlank = isBlank(line[index])
    }
    return (line, false)
  }

  /// - Parameter text: words with one blank between them.
  private static func judged(_ text: String, line: Int) -> RequirementLine {
    let other = RequirementLine(line: line, content: .other, digests: [], text: text)
    if text.hasPrefix("-") {
      guard let (name, value) = option(text) else { return other }
      let content: Content =
        switch name {
        case "--requirement": .include(value, isConstraint: false)
        case "--constraint": .include(value, isConstraint: true)
        default: .option(name, value)
        }
      return RequirementLine(
        line: line, content: content, digests: [], text: value.isEmpty ? name : "\(name) \(value)")
    }
    var words = text.split(separator: " ").map(String.init)
    let first = words.firstIndex { $0.hasPrefix("--") } ?? words.count
    var options = Array(words[first...])
    words.removeLast(words.count - first)
    var digests: [String] = []
    while let option = options.first {
      options.removeFirst()
      var value: String?
      if option.hasPrefix("--hash=") { value = String(option.dropFirst(7)) }
      if option == "--hash", !options.isEmpty { value = options.removeFirst() }
      guard let value, value.hasPrefix("sha256:"), let digest = digest(value.dropFirst(7)) else {
        return other
      }
      digests.append(digest)
    }
    let head = words.joined(separator: " ")
    var parser = RequirementParser(head)
    guard let content = parser.requirement() else { return other }
    let hashes = digests.map { " --hash=sha256:\($0)" }.joined()
    return RequirementLine(
      line: line, content: content, digests: digests, text: canonical(content, head) + hashes)
  }

  private static func canonical(_ content: Content, _ words: String) -> String {
    switch content {
    case .package(let package): package.text
    case .direct(let direct): direct.text
    default: words
    }
  }

  private static func digest(_ text: Substring) -> String? {
    let text = text.lowercased()
    let isDigest = text.utf8.count == 64 && text.utf8.allSatisfy { "0123456789abcdef".utf8.contains($0) }
    return isDigest ? text : nil
  }

  /// Options with a value, by their long names; the short spelling needs no blank.
  private static let valued = [
    (short: "-r", long: "--requirement"), ("-c", "--constraint"), ("-e", "--editable"), ("-i", "--index-url"),
    ("-f", "--find-links"), ("", "--extra-index-url"), ("", "--pypi-url"), ("", "--no-binary"),
    ("", "--only-binary"), ("", "--trusted-host"), ("", "--use-feature"),
  ]
  private static let flags = ["--no-index", "--pre", "--prefer-binary", "--require-hashes", "--no-cache-dir"]

  private static func option(_ text: String) -> (name: String, value: String)? {
    if flags.contains(text) { return (text, "") }
    for (short, long) in valued {
      var value: Substring?
      for separator in ["=", " "] where text.hasPrefix(long + separator) {
        value = text.dropFirst(long.count + 1)
      }
      if value == nil, !short.isEmpty, text.hasPrefix(short), !text.hasPrefix("--") {
        value = text.dropFirst(2)
        if value?.first == "=" || value?.first == " " { value = value?.dropFirst() }
      }
      guard var value else { continue }
      for quote: Character in ["\"", "'"] where value.count > 1 && value.first == quote && value.last == quote
      {
        value = value.dropFirst().dropLast()
      }
      guard !value.isEmpty else { return nil }
      return (long == "--pypi-url" ? "--index-url" : long, String(value))
    }
    return nil
  }
}

/// Reads one requirement whose words have one blank between them.
private struct RequirementParser {
  private let text: [UInt8]
  private var place = 0

  init(_ text: String) { self.text = Array(text.utf8) }

  private var next: UInt8? { place < text.count ? text[place] : nil }

  private mutating func take(_ literal: String) -> Bool {
    guard text[place...].starts(with: literal.utf8) else { return false }
    place += literal.utf8.count
    return true
  }

  private mutating func skip() { while next == 32 { place += 1 } }

  private mutating func take(while isPart: (UInt8) -> Bool) -> String {
    let start = place
    while let byte = next, isPart(byte) { place += 1 }
    return String(decoding: text[start..<place], as: UTF8.self)
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    switch byte {
    case 48...57, 65...90, 97...122: true
    default: false
    }
  }

  private mutating func name() -> String? {
    let name = take { Self.isAlphanumeric($0) || "-_.".utf8.contains($0) }
    guard let first = name.utf8.first, let last = name.utf8.last, Self.isAlphanumeric(first),
      Self.isAlphanumeric(last)
    else { return nil }
    return name
  }

  /// Nil for what is no requirement.
  mutating func requirement() -> RequirementLine.Content? {
    named() ?? alone()
  }

  private mutating func named() -> RequirementLine.Content? {
    guard let name = name() else { return nil }
    var extras: [String] = []
    skip()
    if take("[") {
      repeat {
        skip()
        if next == UInt8(ascii: "]"), extras.isEmpty { break }
        guard let extra = self.name() else { return nil }
        extras.append(extra)
        skip()
      } while take(",")
      guard take("]") else { return nil }
      skip()
    }
    if take("@") {
      skip()
      guard let address = address() else { return nil }
      guard let marker = ending() else { return nil }
      return .direct(.init(name: name, extras: extras, address: address, marker: marker))
    }
    guard let specifiers = specifiers() else { return nil }
    if specifiers.isEmpty, extras.isEmpty, Self.isArchive(name) { return nil }
    guard let marker = ending() else { return nil }
    return .package(.init(name: name, extras: extras, specifiers: specifiers, marker: marker))
  }

  /// An address or a path without a name.
  private mutating func alone() -> RequirementLine.Content? {
    place = 0
    guard let address = address(),
      address.contains("://") || address.contains("/") || address.hasPrefix(".") || address.hasPrefix("file:")
        || Self.isArchive(address), let marker = ending()
    else { return nil }
    return .direct(.init(name: nil, extras: [], address: address, marker: marker))
  }

  private static func isArchive(_ name: String) -> Bool {
    let name = name.lowercased()
    let endings = [".whl", ".egg", ".zip", ".tar", ".tgz", ".tbz", ".txz", ".tlz"]
    return endings.contains { name.hasSuffix($0) } || name.contains(".tar.")
  }

  /// Up to the next blank.
  private mutating func address() -> String? {
    let address = take { $0 > 32 && $0 < 127 && $0 != UInt8(ascii: "\\") }
    return address.isEmpty || (next != nil && next != 32) ? nil : address
  }

  private mutating func specifiers() -> [String]? {
    var specifiers: [String] = []
    skip()
    let isInParentheses = take("(")
    while true {
      skip()
      guard let comparison = ["===", "==", "~=", "!=", "<=", ">=", "<", ">"].first(where: { take($0) }) else {
        guard specifiers.isEmpty, !isInParentheses else { return nil }
        return []
      }
      skip()
      let version = take { Self.isAlphanumeric($0) || "._+!*-".utf8.contains($0) }
      guard !version.isEmpty else { return nil }
      specifiers.append(comparison + version)
      skip()
      if !take(",") { break }
    }
    return !isInParentheses || take(")") ? specifiers : nil
  }

  /// What comes last: nothing, or a marker. Nil for anything else.
  private mutating func ending() -> String?? {
    skip()
    if next == nil { return .some(nil) }
    guard take(";"), let marker = marker() else { return nil }
    return marker
  }

  private static let words: Set<String> = [
    "python_version", "python_full_version", "os_name", "sys_platform", "platform_release", "platform_system",
    "platform_version", "platform_machine", "platform_python_implementation", "implementation_name",
    "implementation_version", "extra", "extras", "dependency_groups", "and", "or", "not", "in",
  ]

  /// Names, texts and comparisons of PEP 508 and nothing else, in one spelling.
  private mutating func marker() -> String? {
    var tokens = ""
    var depth = 0
    func append(_ token: String) {
      let isTight = tokens.isEmpty || tokens.hasSuffix("(") || token == ")"
      tokens += (isTight ? "" : " ") + token
    }
    while true {
      skip()
      guard let byte = next else { return tokens.isEmpty || depth != 0 ? nil : tokens }
      if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") {
        place += 1
        let content = take { Self.isAlphanumeric($0) || "._+*, -".utf8.contains($0) }
        guard next == byte else { return nil }
        place += 1
        append("'\(content)'")
      } else if take("(") {
        depth += 1
        append("(")
      } else if take(")") {
        depth -= 1
        guard depth >= 0 else { return nil }
        append(")")
      } else if let comparison = ["===", "==", "~=", "!=", "<=", ">=", "<", ">"].first(where: { take($0) }) {
        append(comparison)
      } else {
        let word = take { Self.isAlphanumeric($0) || $0 == UInt8(ascii: "_") }
        guard Self.words.contains(word) else { return nil }
        append(word)
      }
    }
  }
}
