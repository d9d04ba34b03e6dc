import Crypto
import OutfitCore
import OutfitSystem
import SystemPackage

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A package that a lock of npm's names, as its registry has it.
public struct NpmPackage: Hashable, Sendable {
  public var name: String
  public var version: String
  /// `sha512-` and a digest in base64 (Subresource Integrity).
  public var integrity: String
  private var systems: [String]
  private var architectures: [String]
  private var libraries: [String]

  /// What stands in a package-lock.json of version 2 or 3.
  private struct Lock: Decodable {
    struct Package: Decodable {
      var name: String?
      var version: String?
      var integrity: String?
      var link: Bool?
      var inBundle: Bool?
      var os: Words?
      var cpu: Words?
      var libc: Words?
    }

    /// One word, or a list.
    struct Words: Decodable {
      var words: [String]

      init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        words = try (try? value.decode([String].self)) ?? [value.decode(String.self)]
      }
    }

    var packages: [String: Package]
  }

  /// All that a package-lock.json takes from a registry; nil where it is none.
  public static func all(inLock text: String) -> [NpmPackage]? {
    guard let lock = try? JSONDecoder().decode(Lock.self, from: Data(text.utf8)) else { return nil }
    let found = lock.packages.compactMap { folder, package -> NpmPackage? in
      guard !folder.isEmpty, package.link != true, package.inBundle != true,
        let version = package.version, let integrity = package.integrity,
        let start = folder.ranges(of: "node_modules/").last?.upperBound
      else { return nil }
      return NpmPackage(
        name: package.name ?? String(folder[start...]), version: version, integrity: integrity,
        systems: package.os?.words ?? [], architectures: package.cpu?.words ?? [],
        libraries: package.libc?.words ?? [])
    }
    return Set(found).sorted { ($0.name, $0.version) < ($1.name, $1.version) }
  }

  /// Whether npm installs it there (`os`, `cpu` and `libc` of package.json).
  public func fits(_ platform: Platform) -> Bool {
    func allows(_ words: [String], _ own: String) -> Bool {
      let positive = words.filter { !$0.hasPrefix("!") }
      return !words.contains("!\(own)")
        && (positive.isEmpty || positive.contains(own) || positive.contains("any"))
    }
    let isLinux = platform.system == .linux
    return allows(systems, isLinux ? "linux" : "darwin")
      && allows(architectures, platform.architecture == .amd64 ? "x64" : "arm64")
      && (!isLinux || allows(libraries, platform.key.hasSuffix("-musl") ? "musl" : "glibc"))
  }
}

/// npm's cache (cacache), as far as an installation without a network reads it: tarballs by their digests, and what a
/// registry would answer for the packages of a lock.
public struct NpmCache: Sendable {
  private let files: any Files
  private let folder: FilePath

  /// Names no machine (RFC 2606): what a bundle brings is asked of a registry that nobody has.
  public static let registry = "http://outfit.invalid/"

  /// - Parameter folder: what `npm_config_cache` names.
  public init(_ folder: FilePath, _ files: any Files) { (self.folder, self.files) = (folder, files) }

  /// Where a tarball stands, relative to the cache; nil for an integrity that npm would not take.
  public static func path(of integrity: String) -> String? {
    // Of several the strongest counts.
    let parts = integrity.split(separator: " ").map { $0.prefix { $0 != "?" } }
    for algorithm in ["sha512", "sha384", "sha256", "sha1"] {
      guard let part = parts.first(where: { $0.hasPrefix("\(algorithm)-") }) else { continue }
      guard let bytes = Data(base64Encoded: String(part.dropFirst(algorithm.count + 1))), bytes.count >= 20
      else {
        return nil
      }
      let hex = hex(bytes)
      return "_cacache/content-v2/\(algorithm)/\(split(hex))"
    }
    return nil
  }

  private static func hex(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
  }

  private static func split(_ hex: String) -> String {
    "\(hex.prefix(2))/\(hex.dropFirst(2).prefix(2))/\(hex.dropFirst(4))"
  }

  /// Answers for packages whose tarballs are here.
  public func answer(for packages: [NpmPackage]) throws {
    for (name, versions) in Dictionary(grouping: packages, by: \.name).sorted(by: { $0.key < $1.key }) {
      guard Self.isName(name) else { throw Failure("\(name.harmless) is no name of an npm package") }
      let address = Self.registry + name.replacing("/", with: "%2f")
      var document = Document(name: name)
      for package in versions {
        guard let path = Self.path(of: package.integrity),
          let size = try files.status(folder.pushing(FilePath(path)), followLinks: false)?.size
        else { continue }
        let tarball = "\(address)/-/\(Digest(of: package.integrity).short(24)).tgz"
        document.versions[package.version] = Document.Version(
          name: name, version: package.version,
          dist: Document.Distribution(tarball: tarball, integrity: package.integrity))
        try index(tarball, package.integrity, size, accepting: [nil])
      }
      let bytes = try Self.json(document)
      let integrity = "sha512-" + Data(SHA512.hash(data: bytes)).base64EncodedString()
      guard let path = Self.path(of: integrity) else { continue }
      try write(bytes, to: folder.pushing(FilePath(path)))
      // What npm says that it takes of a registry: all of a document, or what an installation needs.
      try index(
        address, integrity, Int64(bytes.count),
        accepting: [
          "application/json", "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*",
        ])
    }
  }

  /// What a path, an address and a key take as it is.
  private static func isName(_ name: String) -> Bool {
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    return parts.count <= 2 && parts.allSatisfy { !$0.isEmpty && !$0.hasPrefix(".") }
      && name.utf8.allSatisfy { byte in
        Character(Unicode.Scalar(byte)).isLetter || (48...57).contains(byte) || "@/._-~".utf8.contains(byte)
      }
  }

  /// One document of a registry.
  private struct Document: Encodable {
    struct Distribution: Encodable {
      var tarball: String
      var integrity: String
    }
    struct Version: Encodable {
      var name: String
      var version: String
      var dist: Distribution
    }

    var name: String
    var versions: [String: Version] = [:]
  }

  /// An entry of the index, as make-fetch-happen writes one.
  private struct Entry: Encodable {
    struct Metadata: Encodable {
      var time = 1
      var url: String
      var reqHeaders: [String: String]
      var resHeaders = ["content-type": "application/json"]
      var options = ["compress": true]
    }

    var key: String
    var integrity: String
    var time = 1
    var size: Int64
    var metadata: Metadata
  }

  private static func json(_ value: some Encodable) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return Array(try encoder.encode(value))
  }

  private func index(_ address: String, _ integrity: String, _ size: Int64, accepting: [String?]) throws {
    let key = "make-fetch-happen:request-cache:\(address)"
    var bucket: [UInt8] = []
    for words in accepting {
      let entry = Entry(
        key: key, integrity: integrity, size: size,
        metadata: .init(url: address, reqHeaders: words.map { ["accept": $0] } ?? [:]))
      let text = try Self.json(entry)
      bucket += Array("\n\(Self.hex(Insecure.SHA1.hash(data: text)))\t".utf8) + text
    }
    let name = Self.split(Self.hex(SHA256.hash(data: Array(key.utf8))))
    try write(bucket, to: folder.pushing(FilePath("_cacache/index-v5/\(name)")))
  }

  private func write(_ bytes: [UInt8], to file: FilePath) throws {
    try files.createDirectories(file.removingLastComponent(), mode: 0o700)
    let new = FilePath("\(file).new")
    try files.removeTree(new)
    try files.create(new, bytes, mode: 0o644)
    try files.rename(new, to: file)
  }
}
