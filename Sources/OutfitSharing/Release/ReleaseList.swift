import OutfitCore

/// The releases of Outfit that a folder of them has for a platform, by its SHA256SUMS (sha256sum(1)), which `make dist`
/// writes: `DIGEST  outfit-VERSION-PLATFORM.tar.gz`.
public struct ReleaseList: Hashable, Sendable {
  public static let fileName = "SHA256SUMS"
  public static let signatureName = "SHA256SUMS.sig"

  public struct Entry: Hashable, Sendable {
    public var version: Version
    /// As it is written in the file's name.
    public var text: String
    public var digest: Digest
    public var file: String
  }

  /// The newest first.
  public let entries: [Entry]

  /// - Parameter platform: `linux-amd64`.
  /// - Returns: nil where it is no such list.
  public init?(_ text: String, platform: String) {
    var entries: [Entry] = []
    for line in text.split(whereSeparator: \.isNewline) where !line.hasPrefix("#") {
      let fields = line.split(separator: " ", maxSplits: 1)
      guard fields.count == 2, let digest = Digest(String(fields[0])) else { return nil }
      // `*` marks what was read as binary.
      let name = fields[1].drop { $0 == " " || $0 == "*" }
      let (start, end) = ("outfit-", "-\(platform).tar.gz")
      guard name.hasPrefix(start), name.hasSuffix(end), name.count > start.count + end.count,
        !name.contains("/")
      else { continue }
      let text = String(name.dropFirst(start.count).dropLast(end.count))
      guard let version = Version(text), text.first?.isNumber == true else { continue }
      entries.append(Entry(version: version, text: text, digest: digest, file: String(name)))
    }
    self.entries = entries.sorted { $0.version > $1.version }
  }

  /// The one of that version; without one the newest, of which a prerelease is one only where there is no other.
  public func entry(_ version: String?) -> Entry? {
    guard let version else { return entries.first { !$0.version.isPrerelease } ?? entries.first }
    return entries.first { $0.text == version } ?? entries.first { $0.version == Version(version) }
  }
}
