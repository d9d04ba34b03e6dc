import OutfitCore

/// A release of Debian: what its archives are called, and what they say of themselves.
public enum DebianRelease {
  private static let names = ["11": "bullseye", "12": "bookworm", "13": "trixie", "14": "forky"]

  /// The code name of the release that an image is of, as its tag says it: `debian:13-slim`, `node:24-bookworm`. Nil
  /// where it does not.
  public static func name(ofImage reference: String) -> String? {
    let name = reference.prefix { $0 != "@" }
    guard let colon = name.lastIndex(of: ":") else { return nil }
    let words = name[name.index(after: colon)...].split { $0 == "-" || $0 == "_" }.map(String.init)
    if let word = words.first(where: { names.values.contains($0) }) { return word }
    let isDebian = name[..<colon].split(separator: "/").last == "debian"
    return isDebian ? words.first.flatMap { names[String($0.prefix { $0 != "." })] } : nil
  }

  /// One list of packages that an image is made from.
  public struct Suite: Hashable, Sendable {
    /// `debian`, `debian-security`.
    public var archive: String
    public var name: String

    /// Below the host of the archives.
    public var path: String { "\(archive)/dists/\(name)" }
  }

  public static func suites(_ release: String) -> [Suite] {
    [
      Suite(archive: "debian", name: release), Suite(archive: "debian", name: "\(release)-updates"),
      Suite(archive: "debian-security", name: "\(release)-security"),
    ]
  }

  /// What stands in a suite's InRelease.
  public struct Contents: Hashable, Sendable {
    /// A time by which the archive of the past has this state: `20261121T211544Z`.
    public var snapshot: String
    /// The lists of packages of an architecture, the smallest first.
    public var lists: [String: [List]]

    public struct List: Hashable, Sendable {
      /// Below the suite.
      public var path: String
      public var digest: Digest
    }
  }

  /// - Returns: nil for what is no such file, or one of another release.
  public static func contents(_ text: String, of suite: Suite) -> Contents? {
    var date: String?
    var isOurs = false
    var isSums = false
    var lists: [String: [Contents.List]] = [:]
    for line in text.split(separator: "\n") {
      if line.first == " ", isSums {
        let words = line.split(separator: " ")
        guard words.count == 3, let digest = Digest(words[0]) else { continue }
        let parts = words[2].split(separator: "/")
        guard parts.count == 3, parts[0] == "main", parts[1].hasPrefix("binary-"),
          ["Packages.xz", "Packages.gz", "Packages"].contains(parts[2])
        else { continue }
        lists[String(parts[1].dropFirst(7)), default: []].append(
          Contents.List(path: String(words[2]), digest: digest))
        continue
      }
      isSums = line == "SHA256:"
      if line.hasPrefix("Codename: ") { isOurs = line.dropFirst(10) == suite.name || isOurs }
      if line.hasPrefix("Suite: ") { isOurs = line.dropFirst(7) == suite.name || isOurs }
      if line.hasPrefix("Date: ") { date = snapshot(line.dropFirst(6)) }
    }
    guard isOurs, let date, !lists.isEmpty else { return nil }
    let order = ["Packages.xz", "Packages.gz", "Packages"]
    func rank(_ list: Contents.List) -> Int { order.firstIndex { list.path.hasSuffix("/" + $0) } ?? 9 }
    return Contents(snapshot: date, lists: lists.mapValues { $0.sorted { rank($0) < rank($1) } })
  }

  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  /// `Sat, 21 Nov 2026 09:15:44 UTC`, half a day later: the archive of the past is filled four times a day.
  private static func snapshot(_ date: Substring) -> String? {
    let words = date.split { " ,:".contains($0) }
    guard words.count == 8, let day = Int(words[1]), let month = months.firstIndex(of: String(words[2])),
      let year = Int(words[3]), let hour = Int(words[4]), let minute = Int(words[5]),
      let second = Int(words[6])
    else { return nil }
    var (y, m, d, h) = (year, month + 1, day, hour + 12)
    if h > 23 {
      h -= 24
      d += 1
      let isLeap = y % 4 == 0 && (y % 100 != 0 || y % 400 == 0)
      if d > [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][m - 1] {
        d = 1
        m += 1
      }
      if m > 12 {
        m = 1
        y += 1
      }
    }
    func two(_ number: Int) -> String { (number < 10 ? "0" : "") + String(number) }
    return "\(y)\(two(m))\(two(d))T\(two(h))\(two(minute))\(two(second))Z"
  }
}
