import OutfitCore
import OutfitSystem
import Support
import SystemPackage
import Testing

@testable import OutfitProfile

@Suite struct NetworkSettingsTests {
  private static let keeper = """
    network:
      proxy: http://proxy.acme.example:3128
      no-proxy: [localhost, .acme.example]
      certificates: /etc/ssl/acme.pem
      mirror: https://mirror.acme.example/outfit
    """

  private func read(system: String?, personal: String? = nil) -> NetworkSettings {
    let files = MemoryFiles.withHome()
    if let system { files.put("/etc/outfit/outfit.yaml", system) }
    if let personal { files.put("/home/ann/.config/outfit/outfit.yaml", personal) }
    return NetworkSettings.read(Host.test(files: files))
  }

  @Test func theKeeperOfAMachineSaysHow() {
    #expect(
      read(system: Self.keeper).variables(beside: [:]) == [
        "https_proxy": "http://proxy.acme.example:3128", "http_proxy": "http://proxy.acme.example:3128",
        "no_proxy": "localhost,.acme.example", "SSL_CERT_FILE": "/etc/ssl/acme.pem",
        "GIT_SSL_CAINFO": "/etc/ssl/acme.pem", "NODE_EXTRA_CA_CERTS": "/etc/ssl/acme.pem",
        "PIP_CERT": "/etc/ssl/acme.pem", "OUTFIT_MIRROR": "https://mirror.acme.example/outfit",
      ])
  }

  /// An empty variable is a word too: no proxy.
  @Test(arguments: [("https_proxy", ""), ("HTTPS_PROXY", "http://mine:1"), ("ALL_PROXY", "socks5://mine:1")])
  func whatTheUserSetsStays(_ name: String, _ value: String) {
    let variables = read(system: Self.keeper).variables(beside: [name: value])
    #expect(variables["https_proxy"] == nil)
    #expect(variables["SSL_CERT_FILE"] == "/etc/ssl/acme.pem")
  }

  @Test func onesOwnLayerComesLater() {
    let both = read(
      system: Self.keeper,
      personal: "network: {mirror: \"https://mine.example\", npm-registry: \"https://npm.mine.example/\"}\n")
    #expect(both.mirror == "https://mine.example")
    #expect(both.proxy == "http://proxy.acme.example:3128")
    #expect(both.variables(beside: [:])["npm_config_registry"] == "https://npm.mine.example/")
  }

  @Test(arguments: [
    "network: {proxy: nothing}", "network: {proxy: \"http://me:secret@proxy:1\"}",
    "network: {certificates: acme.pem}",
    "network: [x]", "network: {frob: 1}",
  ])
  func whatIsWrongIsNotFollowedButSaid(_ text: String) async throws {
    #expect(read(system: text) == NetworkSettings())
    let files = MemoryFiles.withHome()
    files.put("/home/ann/.config/outfit/outfit.yaml", text + "\n")
    let loader = ProfileLoader(host: Host.test(files: files))
    await #expect(throws: Failure.self) { try await loader.machine(nil) }
  }

  /// Whoever could say how the network is reached could hear all that is said there.
  @Test func aProfileOfSomebodysSaysNothing() async throws {
    let files = MemoryFiles.withHome()
    files.put("/home/ann/p/outfit.yaml", "profile: p\n\(Self.keeper)\n")
    let host = Host.test(files: files)
    let profile = try await ProfileLoader(host: host).machine("/home/ann/p")
    #expect(profile.notes.contains { $0.message.contains("`network` does nothing here") })
    #expect(NetworkSettings.read(host) == NetworkSettings())
  }
}
