/// A version of a Debian package, in the order that dpkg has (Debian Policy 5.6.12).
struct DebianVersion: Comparable, Hashable {
  let text: String
  private let epoch: Int
  private let upstream: [UInt8]
  private let revision: [UInt8]

  init(_ text: String) {
    self.text = text
    var rest = text[...]
    var epoch = 0
    if let colon = rest.firstIndex(of: ":") {
      epoch = Int(rest[..<colon]) ?? 0
      rest = rest[rest.index(after: colon)...]
    }
    self.epoch = epoch
    if let hyphen = rest.lastIndex(of: "-") {
      upstream = Array(rest[..<hyphen].utf8)
      revision = Array(rest[rest.index(after: hyphen)...].utf8)
    } else {
      upstream = Array(rest.utf8)
      revision = []
    }
  }

  static func < (a: Self, b: Self) -> Bool { order(a, b) < 0 }
  static func == (a: Self, b: Self) -> Bool { order(a, b) == 0 }

  private static func order(_ a: Self, _ b: Self) -> Int {
    if a.epoch != b.epoch { return a.epoch < b.epoch ? -1 : 1 }
    let upstream = order(a.upstream[...], b.upstream[...])
    return upstream != 0 ? upstream : order(a.revision[...], b.revision[...])
  }

  /// Texts and numbers take turns; `~` is before the end, letters before the other signs.
  private static func order(_ one: ArraySlice<UInt8>, _ other: ArraySlice<UInt8>) -> Int {
    var (a, b) = (one, other)
    while !a.isEmpty || !b.isEmpty {
      while a.first.map(isDigit) == false || b.first.map(isDigit) == false {
        let (x, y) = (weight(a.first), weight(b.first))
        if x != y { return x < y ? -1 : 1 }
        a = a.dropFirst()
        b = b.dropFirst()
      }
      let (x, y) = (a.prefix(while: isDigit), b.prefix(while: isDigit))
      a = a.dropFirst(x.count)
      b = b.dropFirst(y.count)
      let (m, n) = (x.drop { $0 == 48 }, y.drop { $0 == 48 })
      if m.count != n.count { return m.count < n.count ? -1 : 1 }
      if let (p, q) = zip(m, n).first(where: { $0 != $1 }) { return p < q ? -1 : 1 }
    }
    return 0
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }

  private static func weight(_ byte: UInt8?) -> Int {
    switch byte {
    case nil: 0
    case UInt8(ascii: "~")?: -1
    case let byte? where isDigit(byte): 0
    case let byte? where (65...90).contains(byte) || (97...122).contains(byte): Int(byte)
    case let byte?: Int(byte) + 256
    }
  }

  /// What the release had on its first day, as far as the version tells: a later change of a stable release is written
  /// behind it (`+deb13u1`), a later upstream version before what it will be called elsewhere (`~deb13u1`).
  var first: DebianVersion? {
    if text.contains("~deb") { return nil }
    guard let mark = text.firstRange(of: "+deb") else { return self }
    return DebianVersion(String(text[..<mark.lowerBound]))
  }
}
