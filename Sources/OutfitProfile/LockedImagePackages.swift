import OutfitCore

/// The packages of a distribution that an image gets besides what its base has, by digest.
public struct LockedImagePackages: Hashable, Sendable {
  /// The image that they were chosen for, as it is named.
  public var base: String
  /// What was asked for.
  public var run: [String]
  public var build: [String]
  public var development: [String]
  /// When each archive was as it is locked, as Debian's archive of the past names it: `20261121T211544Z`.
  public var snapshots: [String: String]
  /// By platform key, sorted by name.
  public var files: [String: [LockedImagePackage]]

  public init(
    base: String, run: [String], build: [String], development: [String] = [],
    snapshots: [String: String] = [:], files: [String: [LockedImagePackage]] = [:]
  ) {
    self.development = development
    self.base = base
    self.run = run
    self.build = build
    self.snapshots = snapshots
    self.files = files
  }

  /// Whether a text is a package's name (Debian Policy 5.6.1).
  public static func isName(_ text: some StringProtocol) -> Bool {
    guard let first = text.utf8.first, isAlphanumeric(first), text.utf8.count > 1 else { return false }
    return text.utf8.allSatisfy { isAlphanumeric($0) || "+-.".utf8.contains($0) }
  }

  /// Whether a text is a package's version (Debian Policy 5.6.12).
  public static func isVersion(_ text: some StringProtocol) -> Bool {
    guard let first = text.utf8.first, (48...57).contains(first) else { return false }
    return text.utf8.allSatisfy { isAlphanumeric($0) || (65...90).contains($0) || ".+-:~".utf8.contains($0) }
  }

  /// Whether a text is a time as the archive of the past names it.
  public static func isSnapshot(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    return bytes.count == 16
      && bytes.indices.allSatisfy { index in
        switch index {
        case 8: bytes[index] == UInt8(ascii: "T")
        case 15: bytes[index] == UInt8(ascii: "Z")
        default: (48...57).contains(bytes[index])
        }
      }
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    (97...122).contains(byte) || (48...57).contains(byte)
  }
}

/// One package: a file of an archive.
public struct LockedImagePackage: Hashable, Sendable {
  public var name: String
  public var version: String
  /// Below the host of the archives: `debian/pool/main/p/postgresql-17/libpq5_17.6-0+deb13u1_amd64.deb`.
  public var path: String
  public var digest: Digest
  public var use: Use

  /// What a package is there for, as the lock has it.
  public enum Use: String, Sendable {
    /// Every image has it.
    case run
    /// It is there while something is built, and not in the image.
    case build
    /// The developer's image has it besides.
    case development = "dev"
  }

  public init(name: String, version: String, path: String, digest: Digest, use: Use = .run) {
    self.name = name
    self.version = version
    self.path = path
    self.digest = digest
    self.use = use
  }

  public static let archives = ["debian", "debian-security"]

  /// `debian`, and the path below it.
  public var archive: String { String(path.prefix { $0 != "/" }) }
  public var pathInArchive: String { String(path.dropFirst(archive.utf8.count + 1)) }
  /// `libpq5_17.6-0+deb13u1_amd64.deb`.
  public var fileName: String { path.split { $0 == "/" }.last.map(String.init) ?? path }

  /// As the lock has it: `run libpq5 17.6-0+deb13u1 debian/pool/... sha256:...`.
  var line: String { "\(use.rawValue) \(name) \(version) \(path) sha256:\(digest.hex)" }

  /// Nil for what is no such line: what names a file is a plain path of an archive that is known.
  init?(line: some StringProtocol) {
    let words = line.split(omittingEmptySubsequences: false) { $0 == " " }.map { String($0) }
    guard words.count == 5, let use = Use(rawValue: words[0]), LockedImagePackages.isName(words[1]),
      LockedImagePackages.isVersion(words[2]), Self.isPath(words[3]), words[4].hasPrefix("sha256:"),
      let digest = Digest(words[4])
    else { return nil }
    self.init(name: words[1], version: words[2], path: words[3], digest: digest, use: use)
  }

  /// Whether an archive may have a file there.
  public static func isPath(_ text: String) -> Bool {
    let parts = text.split(omittingEmptySubsequences: false) { $0 == "/" }
    return parts.count >= 4 && archives.contains(String(parts[0])) && parts[1] == "pool"
      && text.hasSuffix(".deb")
      && parts.allSatisfy { part in
        part != "." && part != ".." && !part.isEmpty && part.first != "-"
          && part.utf8.allSatisfy {
            (97...122).contains($0) || (48...57).contains($0) || (65...90).contains($0)
              || "._+-~".utf8.contains($0)
          }
      }
  }
}
