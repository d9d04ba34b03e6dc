import OutfitCore
import Support
import SystemPackage
import Testing

@testable import OutfitSharing

/// What npm is told in place of a registry.
@Suite struct NpmCacheTests {
  private static let lock = """
    {"lockfileVersion": 3, "packages": {
      "": {"dependencies": {"a": "1"}},
      "node_modules/a": {"version": "1.0.0", "integrity": "sha512-\(digest)"},
      "node_modules/a/node_modules/@s/b": {"version": "2.0.0", "integrity": "sha512-\(digest)"},
      "node_modules/alias": {"name": "c", "version": "3.0.0", "integrity": "sha512-\(digest)", "os": ["darwin"]},
      "node_modules/not": {"version": "3.0.0", "integrity": "sha512-\(digest)", "os": "!linux"},
      "node_modules/musl": {"version": "3.0.0", "integrity": "sha512-\(digest)", "libc": ["musl"], "cpu": ["x64"]},
      "node_modules/linked": {"resolved": "packages/x", "link": true},
      "node_modules/inside": {"version": "1.0.0", "integrity": "sha512-\(digest)", "inBundle": true}
    }}
    """
  private static let digest = String(repeating: "A", count: 86) + "=="

  @Test func whatALockTakes() throws {
    let all = try #require(NpmPackage.all(inLock: Self.lock))
    #expect(
      all.map { "\($0.name) \($0.version)" } == [
        "@s/b 2.0.0", "a 1.0.0", "c 3.0.0", "musl 3.0.0", "not 3.0.0",
      ])
    #expect(all.filter { $0.fits(Platform(.linux, .amd64)) }.map(\.name) == ["@s/b", "a"])
    #expect(all.filter { $0.fits(Platform(.macos, .arm64)) }.map(\.name) == ["@s/b", "a", "c", "not"])
    #expect(NpmPackage.all(inLock: "{}") == nil && NpmPackage.all(inLock: "[") == nil)
  }

  @Test func whereATarballStands() {
    let hex = String(repeating: "0", count: 128)
    let path = "_cacache/content-v2/sha512/00/00/\(hex.dropFirst(4))"
    #expect(NpmCache.path(of: "sha512-\(Self.digest)") == path)
    #expect(NpmCache.path(of: "sha1-AAAAAAAAAAAAAAAAAAAAAAAAAAA= sha512-\(Self.digest)?x") == path)
    for none in ["", "sha512-", "sha512-%", "md5-AAAA", "sha512-AAAA"] {
      #expect(NpmCache.path(of: none) == nil)
    }
  }

  @Test func answersAreTheSameBytes() throws {
    let files = MemoryFiles()
    let cache = NpmCache("/cache", files)
    let packages = try #require(NpmPackage.all(inLock: Self.lock))
    try files.createDirectories("/cache/_cacache/content-v2/sha512/00/00", mode: 0o700)
    try files.create(
      FilePath("/cache").pushing(FilePath(NpmCache.path(of: "sha512-\(Self.digest)") ?? "")), [1], mode: 0o600
    )
    try cache.answer(for: packages)
    func all(_ folder: FilePath) throws -> [String: [UInt8]] {
      var found: [String: [UInt8]] = [:]
      for name in try files.list(folder) {
        let path = folder.appending(name)
        if try files.status(path, followLinks: false)?.kind == .directory {
          found.merge(try all(path)) { $1 }
        } else {
          found[path.string] = try files.read(path)
        }
      }
      return found
    }
    let first = try all("/cache")
    let texts = first.values.map { String(decoding: $0, as: UTF8.self) }
    #expect(
      texts.contains { $0.contains("\"make-fetch-happen:request-cache:http://outfit.invalid/@s%2fb\"") })
    try cache.answer(for: packages)
    #expect(try all("/cache") == first)
    // A name that leads elsewhere.
    let evil = Self.lock.replacing("node_modules/@s/b", with: "node_modules/../../x")
    let failure = #expect(throws: Failure.self) {
      try cache.answer(for: try #require(NpmPackage.all(inLock: evil)))
    }
    #expect(failure != nil)
  }
}
