import OutfitCore

/// What looks as if it were a secret, and is known to be none: public keys of SSH, and digests that are called so.
enum PublicText {
  /// How the public keys of each kind begin, in base64 (RFC 4253, 6.6): the length of the kind's name, and the name.
  private static let keys = [
    "AAAAB3NzaC1yc2E", "AAAAC3NzaC1lZDI1NTE5", "AAAAE2VjZHNhLXNoYTIt", "AAAAGnNrLXNzaC1lZDI1NTE5",
    "AAAAInNrLWVjZHNhLXNoYTIt",
  ]

  /// A line without them.
  static func removed(from line: String) -> String {
    var line = line
    for key in keys {
      while let start = line.firstRange(of: key) {
        let end = line[start.lowerBound...].firstIndex {
          !($0.isASCII && ($0.isLetter || $0.isNumber || "+/=".contains($0)))
        }
        line.removeSubrange(start.lowerBound..<(end ?? line.endIndex))
      }
    }
    guard line.contains("sha256") || line.contains("sha512") else { return line }
    return line.split(omittingEmptySubsequences: false) { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
      .filter { [64, 128].contains($0.count) && $0.allSatisfy(\.isHexDigit) }
      .reduce(line) { $0.replacing($1, with: "") }
  }
}
