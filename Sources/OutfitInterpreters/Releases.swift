import OutfitCore
import OutfitProfile

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// One published release of an interpreter, with its files by platform key.
struct Release: Hashable {
  var version: Version
  /// `20261021` of python-build-standalone.
  var build: String?
  var artifacts: [String: LockedArtifact]
  /// The platforms of files whose digest the index does not say.
  var undigested: Set<String> = []

  /// The release to lock: the newest version that serves this platform, in the newest build that serves the most
  /// platforms.
  static func best(
    of releases: [Release], for request: VersionRequest, on platform: Platform
  ) -> Release? {
    let platforms = Set(Platform.common + [platform]).map(\.key)
    func has(_ release: Release, _ key: String) -> Bool {
      release.artifacts[key] != nil || release.undigested.contains(key)
    }
    func reach(_ release: Release) -> Int { platforms.count { has(release, $0) } }
    return releases.filter { request.accepts($0.version) && has($0, platform.key) }
      .max {
        ($0.version, reach($0), $0.build ?? "") < ($1.version, reach($1), $1.build ?? "")
      }
  }
}

extension Inquirer {
  /// The releases that the host's own index lists or, on a mirror without one, the checksums of its newest release;
  /// none where neither is to be had, and nil until that is known.
  mutating func releases(_ host: ReleaseHost) -> [Release]? {
    guard let index = document(host.index) else { return nil }
    let releases = (try? index.get()).map { PythonReleases.published($0) } ?? []
    guard releases.isEmpty, host.mirror != nil else { return releases }
    guard let newest = document(host.addresses(PythonReleases.newest)) else { return nil }
    guard let build = (try? newest.get()).flatMap({ PythonReleases.build($0) }) else { return [] }
    return checksums(build, host)
  }

  /// What the checksums of one build list; nil until they are known.
  mutating func checksums(_ build: String, _ host: ReleaseHost) -> [Release]? {
    guard let lines = document(host.addresses(PythonReleases.checksums(of: build))) else { return nil }
    return (try? lines.get()).map { PythonReleases.listed(build, $0) } ?? []
  }

  /// The releases, with the digests of the one that would be pinned; nil until they are known.
  mutating func digested(
    _ releases: [Release], _ request: VersionRequest, _ platform: Platform, _ host: ReleaseHost
  ) -> [Release]? {
    var releases = releases
    // An index of which many files can't be checked is not worth more questions.
    for _ in 0..<3 {
      guard let best = Release.best(of: releases, for: request, on: platform), let build = best.build,
        best.artifacts[platform.key] == nil
      else { break }
      guard let listed = checksums(build, host) else { return nil }
      releases.removeAll { $0.version == best.version && $0.build == build }
      releases += listed.filter { $0.version == best.version }
    }
    return releases.filter { !$0.undigested.contains(platform.key) }
  }
}

/// The releases of python-build-standalone, out of either index that lists them, or out of a build's checksums.
enum PythonReleases {
  private struct File: Decodable {
    let url: String
    let sha256: String?
  }

  private struct Line: Decodable { let artifacts: [File] }

  private struct Entry: Decodable { let files: [File] }

  /// The project's own index: a JSON object a line, `{"version", "artifacts": [{"url", "sha256", ...}]}`.
  static func published(_ bytes: [UInt8]) -> [Release] {
    let decoder = JSONDecoder()
    return collect(
      bytes.split(separator: UInt8(ascii: "\n")).flatMap { line in
        (try? decoder.decode(Line.self, from: Data(line)))?.artifacts ?? []
      })
  }

  /// The index inside the Python package pbs-installer: `[{"python_version", "files": [{"url", "sha256", ...}]}]`.
  static func packaged(_ bytes: [UInt8]) -> [Release] {
    let entries = try? JSONDecoder().decode([Entry].self, from: Data(bytes))
    return collect(entries?.flatMap(\.files).filter { $0.sha256 != nil } ?? [])
  }

  /// Which build is the newest: `{"tag": "20261021", ...}`.
  static let newest = "latest-release.json"

  static func build(_ bytes: [UInt8]) -> String? {
    struct Newest: Decodable { let tag: String }
    let tag = (try? JSONDecoder().decode(Newest.self, from: Data(bytes)))?.tag
    return tag.flatMap { $0.count == 8 && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } ? $0 : nil }
  }

  static func checksums(of build: String) -> String { "\(build)/SHA256SUMS" }

  /// - Parameter bytes: lines of a digest, two blanks and a file's name.
  static func listed(_ build: String, _ bytes: [UInt8]) -> [Release] {
    collect(
      String(decoding: bytes, as: UTF8.self).split(separator: "\n").compactMap { line in
        let fields = line.split { $0.isWhitespace }
        guard fields.count == 2 else { return nil }
        return File(url: "\(build)/\(fields[1].drop { $0 == "*" })", sha256: String(fields[0]))
      })
  }

  private struct Key: Hashable {
    let version: Version
    let build: String
  }

  private static func collect(_ files: [File]) -> [Release] {
    var releases: [Key: [String: (rank: Int, artifact: LockedArtifact)]] = [:]
    var undigested: [Key: Set<String>] = [:]
    for file in files {
      guard let name = Name(file.url) else { continue }
      let key = Key(version: name.version, build: name.build)
      guard let digest = file.sha256.flatMap({ Digest($0) }) else {
        undigested[key, default: []].insert(name.platform.key)
        continue
      }
      let artifact = LockedArtifact(path: name.path, digest: digest)
      if (releases[key]?[name.platform.key]?.rank ?? -1) < name.rank {
        releases[key, default: [:]][name.platform.key] = (name.rank, artifact)
      }
    }
    return Set(releases.keys).union(undigested.keys).map { key in
      let artifacts = (releases[key] ?? [:]).mapValues(\.artifact)
      return Release(
        version: key.version, build: key.build, artifacts: artifacts,
        undigested: (undigested[key] ?? []).subtracting(artifacts.keys))
    }
  }

  /// What the name of a release file says:
  /// `.../20261021/cpython-3.13.5+20261021-x86_64-unknown-linux-gnu-install_only_stripped.tar.gz`.
  struct Name {
    let version: Version
    let build: String
    let platform: Platform
    /// Above 0 for the smaller of two that serve the same.
    let rank: Int
    /// Below the release host.
    let path: String

    private static let triples: [(String, Platform)] = [
      ("x86_64-unknown-linux-gnu", Platform(.linux, .amd64)),
      ("aarch64-unknown-linux-gnu", Platform(.linux, .arm64)),
      ("x86_64-unknown-linux-musl", Platform(.linux, .amd64, .musl)),
      ("aarch64-unknown-linux-musl", Platform(.linux, .arm64, .musl)),
      ("x86_64-apple-darwin", Platform(.macos, .amd64)),
      ("aarch64-apple-darwin", Platform(.macos, .arm64)),
    ]

    private static let tails: [(String, rank: Int, freeThreaded: Bool)] = [
      ("-install_only_stripped.tar.gz", 1, false),
      ("-install_only.tar.gz", 0, false),
      ("-freethreaded-install_only_stripped.tar.gz", 1, true),
      ("-freethreaded-install_only.tar.gz", 0, true),
    ]

    init?(_ url: String) {
      let pieces = url.split(separator: "/")
      guard pieces.count >= 2, let last = pieces.last else { return nil }
      let file = last.split(separator: "%2B", omittingEmptySubsequences: false).joined(separator: "+")
      guard file.hasPrefix("cpython-"), let plus = file.firstIndex(of: "+") else { return nil }
      let number = file[..<plus].dropFirst(8)
      let rest = file[file.index(after: plus)...]
      let date = rest.prefix { $0.isNumber }
      let tail = rest.dropFirst(date.count + 1)
      guard date.count == 8, let triple = Self.triples.first(where: { tail.hasPrefix($0.0) }),
        let kind = Self.tails.first(where: { tail.dropFirst(triple.0.count) == $0.0 }),
        let version = Version(number)
      else { return nil }
      self.version = Version(
        version.release, prerelease: version.prerelease, freeThreaded: kind.freeThreaded)
      build = String(date)
      platform = triple.1
      rank = kind.rank
      path = "\(date)/\(file)"
    }
  }
}

/// The releases of Node, from `index.json` and each release's `SHASUMS256.txt`.
enum NodeReleases {
  private struct Entry: Decodable { let version: String }

  static func versions(_ bytes: [UInt8]) -> [Version] {
    let entries = try? JSONDecoder().decode([Entry].self, from: Data(bytes))
    return entries?.compactMap { Version($0.version) } ?? []
  }

  static func checksums(of version: Version) -> String { "v\(version)/SHASUMS256.txt" }

  /// - Parameter bytes: lines of a digest, two blanks and a file's name.
  static func release(_ version: Version, _ bytes: [UInt8]) -> Release {
    let names: [(String, Platform)] = [
      ("linux-x64", Platform(.linux, .amd64)), ("linux-arm64", Platform(.linux, .arm64)),
      ("darwin-x64", Platform(.macos, .amd64)), ("darwin-arm64", Platform(.macos, .arm64)),
    ]
    var artifacts: [String: LockedArtifact] = [:]
    for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
      let fields = line.split(separator: " ", omittingEmptySubsequences: true)
      guard fields.count == 2, let digest = Digest(fields[0]) else { continue }
      for (name, platform) in names where fields[1] == "node-v\(version)-\(name).tar.gz" {
        artifacts[platform.key] = LockedArtifact(path: "v\(version)/\(fields[1])", digest: digest)
      }
    }
    return Release(version: version, artifacts: artifacts)
  }
}
