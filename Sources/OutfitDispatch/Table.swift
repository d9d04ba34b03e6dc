/// A program, and what stands before the user's own arguments.
public struct Command: Hashable, Sendable {
  /// Absolute.
  public var program: Bytes
  public var arguments: [Bytes]

  public init(program: Bytes, arguments: [Bytes] = []) {
    self.program = program
    self.arguments = arguments
  }
}

/// One dispatch table, as Outfit's own data folder holds it. A table never lies in a repository.
///
///     outfit-table 1
///     root /home/ada/shop                         (or: scope machine)
///     c <TAB> name <TAB> program <TAB> argument...
///     i <TAB> language <TAB> version <TAB> program
///     v <TAB> virtualenv's folder <TAB> what it leads to, as a link
///     e <TAB> variable <TAB> value                (\t, \n and \\ stand for tab, newline and backslash)
///
/// Lines of other kinds are for later versions, and are passed over.
struct Table {
  private let text: Bytes

  /// At most this many bytes are read: thousands of commands.
  static let limit = 4 << 20

  /// Nil when the text is no table, or not the table of `root` (nil: the machine).
  init?(_ text: Bytes, root: ArraySlice<UInt8>?) {
    var lines = Lines(text)
    guard let header = lines.next(), header.equals("outfit-table 1"), let scope = lines.next()
    else { return nil }
    if let root {
      guard scope.starts(with: "root "), scope.dropFirst(5) == root else { return nil }
    } else {
      guard scope.equals("scope machine") else { return nil }
    }
    self.text = text
  }

  /// What a name runs.
  func command(_ name: Bytes) -> Command? {
    for line in lines(of: UInt8(ascii: "c")) where line.starts(with: name) {
      let fields = line.split(separator: Ascii.tab, omittingEmptySubsequences: false)
      guard fields.count >= 2, fields[0] == name[...], fields[1].first == Ascii.slash else {
        continue
      }
      return Command(program: Bytes(fields[1]), arguments: fields[2...].map { Bytes($0) })
    }
    return nil
  }

  /// The interpreters offered, the default first.
  func interpreters(of language: Language) -> [Offer] {
    var offers: [Offer] = []
    for line in lines(of: UInt8(ascii: "i")) {
      let fields = line.split(separator: Ascii.tab, omittingEmptySubsequences: false)
      guard fields.count >= 3, fields[0].equals(language.name),
        let version = OfferedVersion(fields[1]), fields[2].first == Ascii.slash
      else { continue }
      offers.append(Offer(version: version, program: Bytes(fields[2])))
    }
    return offers
  }

  /// The virtual environment that belongs to the project, while it is the link that Outfit made: anything else that
  /// stands there may have come with a checkout.
  var virtualenv: Bytes? {
    for line in lines(of: UInt8(ascii: "v")) where line.first == Ascii.slash {
      let fields = line.split(separator: Ascii.tab, omittingEmptySubsequences: false)
      guard fields.count == 2 else { continue }
      return Outside.link(Bytes(fields[0]), leadsTo: Bytes(fields[1])) ? Bytes(fields[0]) : nil
    }
    return nil
  }

  /// The variables that the project sets.
  var variables: [(name: Bytes, value: Bytes)] {
    lines(of: UInt8(ascii: "e")).compactMap { line in
      guard let tab = line.firstIndex(of: Ascii.tab) else { return nil }
      let name = line[..<tab]
      guard let first = name.first, !Ascii.isDigit(first),
        name.allSatisfy({ Ascii.isLetter($0) || Ascii.isDigit($0) || $0 == UInt8(ascii: "_") })
      else { return nil }
      return (Bytes(name), Table.unescaped(line[(tab + 1)...]))
    }
  }

  /// What follows the kind and its tab, for each line of that kind.
  private func lines(of kind: UInt8) -> some Sequence<ArraySlice<UInt8>> {
    Lines(text).lazy.filter { line in
      line.count > 2 && line[line.startIndex] == kind && line[line.startIndex + 1] == Ascii.tab
    }.map { $0.dropFirst(2) }
  }

  private static func unescaped(_ value: ArraySlice<UInt8>) -> Bytes {
    var result: Bytes = []
    var escaped = false
    for byte in value {
      if escaped {
        result.append(
          byte == UInt8(ascii: "t") ? Ascii.tab : byte == UInt8(ascii: "n") ? Ascii.newline : byte)
        escaped = false
      } else if byte == UInt8(ascii: "\\") {
        escaped = true
      } else {
        result.append(byte)
      }
    }
    return result
  }
}

/// Where tables lie.
public enum TablePlace {
  /// The name of a project's table: the FNV-1a hash (64 bits) of its root's absolute path, as 16 hexadecimal digits.
  public static func name(ofRoot root: Bytes) -> Bytes {
    var hash = seed
    for byte in root { hash = step(hash, byte) }
    return name(hash)
  }

  static let seed: UInt64 = 0xcbf2_9ce4_8422_2325

  static func step(_ hash: UInt64, _ byte: UInt8) -> UInt64 {
    (hash ^ UInt64(byte)) &* 0x100_0000_01b3
  }

  static func name(_ hash: UInt64) -> Bytes {
    (0..<16).map { index in
      let digit = UInt8(truncatingIfNeeded: hash >> UInt64(60 - 4 * index)) & 15
      return digit < 10 ? Ascii.zero + digit : UInt8(ascii: "a") + digit - 10
    }
  }
}
