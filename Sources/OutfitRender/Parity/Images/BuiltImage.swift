import OutfitCore

/// An image that was built: its configuration, and what each of its layers holds.
public struct BuiltImage: Hashable, Sendable {
  /// As it was named.
  public var name: String
  /// `linux/arm64`.
  public var platform: String
  /// Of its manifest, or of its configuration where an archive has no manifest.
  public var digest: Digest
  /// The JSON of its configuration (OCI image specification 1.1).
  public var configuration: Document
  public var layers: [Layer]

  public struct Layer: Hashable, Sendable {
    /// Of the uncompressed bytes, as they were read.
    public var identifier: Digest
    public var entries: [TarEntry]
    /// Where two runtimes may read it in two ways.
    public var doubts: [String]

    public init(identifier: Digest, entries: [TarEntry], doubts: [String] = []) {
      self.identifier = identifier
      self.entries = entries
      self.doubts = doubts
    }
  }

  public init(name: String, digest: Digest, configuration: Document, layers: [Layer]) {
    self.name = name
    self.digest = digest
    self.configuration = configuration
    self.layers = layers
    platform = ["os", "architecture", "variant"].compactMap { configuration[$0]?.text }.filter { !$0.isEmpty }
      .joined(separator: "/")
  }

  /// What a container of it would see, by path without a slash before it.
  var files: [String: TarEntry] { ImageTree(layers).files }
}

/// Two images of one project, for one platform.
public struct BuiltPair: Hashable, Sendable {
  public var deploy: BuiltImage
  public var development: BuiltImage

  public init(deploy: BuiltImage, development: BuiltImage) {
    self.deploy = deploy
    self.development = development
  }

  /// As images name it: `amd64`.
  var architecture: String { deploy.configuration["architecture"]?.text ?? "" }

  /// Images of two names, platform by platform.
  /// - Throws: what only one of them is there for.
  public static func pairs(_ deploy: [BuiltImage], _ development: [BuiltImage]) throws(Failure) -> [BuiltPair]
  {
    let platforms = Set(deploy.map(\.platform)).union(development.map(\.platform)).sorted()
    var pairs: [BuiltPair] = []
    for platform in platforms {
      let one = deploy.filter { $0.platform == platform }
      let other = development.filter { $0.platform == platform }
      guard one.count == 1, other.count == 1 else {
        throw Failure(
          "there \(one.count == 1 ? "is no dev image" : "are \(one.count) deploy images and \(other.count) dev images") for \(platform)",
          hint: "build both for the same platforms", status: .drift)
      }
      pairs.append(BuiltPair(deploy: one[0], development: other[0]))
    }
    return pairs
  }
}
