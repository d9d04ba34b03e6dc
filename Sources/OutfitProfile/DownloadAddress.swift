import OutfitCore

/// The addresses that the manifest gives a tool with `from: url`, which nothing else may give it.
extension ToolSection {
  /// A text with the placeholders that are known filled in: `{os}` is `linux` or `darwin`, `{system}` what `uname -s`
  /// says, `{arch}` `amd64` or `arm64`, `{machine}` what `uname -m` says, and `{version}` the version; `names:` has
  /// other spellings of these.
  public func filled(_ text: String, for platform: Platform) -> String {
    guard text.contains("{") else { return text }
    let machine =
      switch (platform.system, platform.architecture) {
      case (_, .amd64): "x86_64"
      case (.linux, .arm64): "aarch64"
      case (.macos, .arm64): "arm64"
      }
    let isMac = platform.system == .macos
    func spelled(_ value: String) -> String { names[value] ?? value }
    let values = [
      ("{os}", spelled(isMac ? "darwin" : "linux")), ("{system}", spelled(isMac ? "Darwin" : "Linux")),
      ("{arch}", spelled(platform.architecture.rawValue)), ("{machine}", spelled(machine)),
      ("{version}", version.text),
    ]
    return values.reduce(text) { $0.replacing($1.0, with: $1.1) }
  }

  /// The tags of the release that `github:` may mean.
  public func tags(for platform: Platform) -> [String] {
    (tag.map { [$0] } ?? ["v{version}", "{version}"]).map { filled($0, for: platform) }
  }

  /// Where a file of a release of `github:` is had.
  public static func releaseAddress(
    _ repository: String, tag: String, file: String, environment: [String: String]
  ) -> String {
    "\(releaseHost(environment))/\(escaped(repository))/releases/download/\(escaped(tag))/\(escaped(file))"
  }

  /// Every address that the manifest means for a platform.
  func addresses(for platform: Platform, environment: [String: String]) -> Set<String> {
    if let github {
      guard let asset else { return [] }
      return Set(
        tags(for: platform).map {
          Self.releaseAddress(github, tag: $0, file: filled(asset, for: platform), environment: environment)
        })
    }
    return url.map { [filled($0, for: platform)] } ?? []
  }

  /// Of GitHub, or of what the user's own `GITHUB_API_URL` names in its place.
  private static func releaseHost(_ environment: [String: String]) -> String {
    guard let api = environment["GITHUB_API_URL"], !api.isEmpty, api != "https://api.github.com",
      let scheme = api.firstRange(of: "://")
    else { return "https://github.com" }
    return String(api[..<scheme.upperBound] + api[scheme.upperBound...].prefix { $0 != "/" })
  }

  /// For a path: all but letters, digits, `/` and what RFC 3986 leaves unreserved.
  private static func escaped(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF")
    return text.utf8.reduce(into: "") { result, byte in
      let isPlain =
        (48...57).contains(byte) || (97...122).contains(byte | 32) && byte > 64 && byte < 128
        || "-._~/".utf8.contains(byte)
      result += isPlain ? String(UnicodeScalar(byte)) : "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
    }
  }

  /// Everything that decides the pins of a tool with `from: url`, in one line.
  package var downloadRequest: String {
    var parts = ["url \(version) \(url ?? "")"]
    if let checksums { parts.append("checksums \(checksums)") }
    if let github { parts.append("github \(github) \(tag ?? "") \(asset ?? "")") }
    parts += names.sorted { $0.key < $1.key }.map { "\($0) is \($1)" }
    return parts.joined(separator: "; ")
  }
}
