import OutfitCore

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A file of SHA-256 checksums: lines of `sha256sum` (`<hex>  name`) or of BSD's `sha256` (`SHA256 (name) = <hex>`),
/// or one digest alone, for the one file that it is about.
struct Checksums {
  private var digests: [String: Digest] = [:]
  /// Of a file that names none.
  private var only: Digest?

  init(_ text: String) {
    for line in text.split(whereSeparator: \.isNewline) {
      let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
      if words.count == 1, let digest = Digest(words[0]) {
        only = digest
      } else if words.count >= 2, let digest = Digest(words[0]) {
        digests[Self.name(words[1...].joined(separator: " "))] = digest
      } else if words.count == 4, words[0].uppercased() == "SHA256", words[2] == "=",
        let digest = Digest(words[3])
      {
        digests[Self.name(String(words[1].dropFirst().dropLast()))] = digest
      }
    }
  }

  var names: [String] { digests.keys.sorted() }

  func digest(of file: String) -> Digest? { digests[file] ?? (digests.isEmpty ? only : nil) }

  /// Without the mark of binary files and without folders.
  private static func name(_ text: String) -> String {
    let plain = text.hasPrefix("*") ? text.dropFirst() : text[...]
    return plain.split(separator: "/").last.map(String.init) ?? String(plain)
  }
}

/// What GitHub's API says of a release (REST API, "Get a release by tag name").
struct GitHubRelease: Decodable {
  struct Asset: Decodable {
    var name: String
    /// `sha256:<hex>`; GitHub computes it for what was uploaded since June 2025.
    var digest: String?
  }

  var assets: [Asset]

  init?(_ bytes: [UInt8]) {
    guard let release = try? JSONDecoder().decode(GitHubRelease.self, from: Data(bytes)) else { return nil }
    self = release
  }
}
