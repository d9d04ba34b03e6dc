import OutfitCore
import OutfitProfile
import OutfitSystem
import Support
import Testing

@testable import OutfitCommands

@Suite struct ContactsTests {
  @Test(arguments: [
    ("https://me:pw@Host.example:8443/a/b?c", "https://host.example:8443", "/a/b"),
    ("http://mirror/x", "http://mirror", "/x"),
    ("ssh://git@code.example:7999/p.git", "ssh://code.example:7999", ""),
    ("git@code.example:acme/p.git", "ssh://code.example", ""),
  ])
  func addressesAreServers(_ address: String, _ origin: String, _ path: String) throws {
    let parts = try #require(Contacts.parts(address))
    #expect(parts.origin == origin)
    if parts.isWeb { #expect(parts.path == path) }
  }

  @Test(arguments: ["file:///srv/mirror", "/srv/p", "C:x", "https://", "https://a b/", "nothing"])
  func whatIsNoServer(_ address: String) { #expect(Contacts.parts(address) == nil) }

  private func contacts(_ manifest: String, _ environment: [String: String] = [:]) async throws -> Contacts {
    let files = MemoryFiles.withHome()
    files.put("/home/ann/p/outfit.yaml", manifest)
    var host = Host.test(files: files)
    host.environment.merge(environment) { $1 }
    let profile = try await ProfileLoader(host: host).machine("/home/ann/p", withPersonal: false)
    return Contacts(of: profile, Lock(), host)
  }

  private static let manifest = """
    profile: p
    interpreters: {python: ["3.13"], node: ["24"]}
    tools:
      black: latest
      prettier: {from: npm}
      kubectl: {from: url, url: "https://dl.example.org/kubectl", sha256: {linux-amd64: "\(String(repeating: "a", count: 64))"}, version: "1.30.0"}
    """

  @Test func aMirrorAndAnIndexTakeThePlaceOfThePublicOnes() async throws {
    let own = try await contacts(
      Self.manifest,
      [
        "OUTFIT_MIRROR": "https://mirror.acme.example/outfit",
        "UV_DEFAULT_INDEX": "https://u:p@pypi.acme.example/simple",
        "npm_config_registry": "https://npm.acme.example/",
      ])
    #expect(
      own.sorted.map(\.host) == [
        "dl.example.org", "mirror.acme.example", "npm.acme.example", "pypi.acme.example",
      ])
    #expect(own.sorted.allSatisfy { !"\($0)".contains("u:p") })
  }

  @Test func wherePyPIMayStillBeAskedIsSaid() async throws {
    let own = try await contacts(
      Self.manifest + "\nindexes: {acme: {url: \"https://pypi.acme.example/simple\", priority: primary}}\n")
    #expect(!own.sorted.contains { $0.host == "pypi.org" })
    #expect(own.open.contains { $0.contains("PyPI") })
  }

  @Test func thePublicOnesAreNamed() async throws {
    let hosts = try await contacts(Self.manifest).sorted.map(\.host)
    for host in ["github.com", "nodejs.org", "dl.example.org"] { #expect(hosts.contains(host), "\(hosts)") }
  }
}
