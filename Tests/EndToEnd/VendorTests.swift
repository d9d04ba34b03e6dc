import OutfitCore
import OutfitSystem
import Support
import SystemPackage
import Testing

/// `outfit render --vendor` of a Node project, on a registry and a release host of the test's own.
@Suite(
  .serialized, .timeLimit(.minutes(15)),
  .enabled("a Node with npm 10 is wanted on this machine: apt-get install npm") {
    let machine = try Machine("npm-look")
    let script = "test \"$(/usr/bin/npm --version | cut -d . -f 1)\" -ge 10"
    return try await machine.run("/bin/sh", ["-c", script]).succeeded
  })
struct VendorTests {
  private let machine: Machine
  private let registry: NodeRegistry
  private let releases: LoopbackServer
  private static let archive = Array("a Node\n".utf8)

  init() async throws {
    machine = try Machine("vendor")
    registry = try NodeRegistry()
    releases = try LoopbackServer { request in
      request.target.contains("node-v24.1.0") ? .file(Self.archive, for: request) : .init(404)
    }
    try await registry.publish("words", "", files: ["index.js": "module.exports = 1\n"], machine)
    for cpu in ["x64", "arm64"] {
      try await registry.publish(
        "native-\(cpu)", #""os": ["linux"], "cpu": ["\#(cpu)"]"#, files: ["index.js": "// \(cpu)\n"], machine)
    }
    try machine.write(
      "front/package.json",
      """
      {"name": "front", "version": "1.0.0", "dependencies": {"words": "1.2.3"},
       "optionalDependencies": {"native-x64": "1.2.3", "native-arm64": "1.2.3"}}
      """)
    try machine.write(
      "front/outfit.yaml",
      """
      profile: front
      interpreters: {node: "24"}
      app:
        template: node
        name: front
        image: registry.example.com/front
        processes: {web: {port: 3000}}
        environments: {dev: {}, production: {}}

      """)
    var lock = "lock: 1\ninterpreters:\n  node:\n    - request: \"24\"\n      version: \"24.1.0\"\n"
    lock += "      provider: prebuilt\n      artifacts:\n"
    for (key, name) in [("linux-amd64", "x64"), ("linux-arm64", "arm64")] {
      lock += "        \(key):\n          path: \"v24.1.0/node-v24.1.0-linux-\(name).tar.gz\"\n"
      lock += "          digest: sha256:\(Digest(of: Self.archive))\n"
    }
    try machine.write("front/outfit.lock", lock)
    let made = try await machine.run(
      "/usr/bin/npm", ["install", "--package-lock-only", "--ignore-scripts", "--no-audit"], at: "front",
      setting: settings)
    try #require(made.succeeded, "\(made.errorText)")
    let trusted = try await machine.outfit("trust", at: "front")
    try #require(trusted.status == 0, "\(trusted.errorText)")
  }

  private var settings: [String: String] {
    [
      "XDG_CACHE_HOME": machine.home.appending("cache").string, "npm_config_registry": registry.url,
      "npm_config_fetch_retries": "0", "OUTFIT_MIRROR": releases.address,
    ]
  }

  private func vendor() async throws -> Completion {
    try await machine.outfit("render", "--vendor", "--arch", "amd64", "arm64", at: "front", setting: settings)
  }

  private func list(_ architecture: String) throws -> String {
    try machine.read("front/docker/vendor/\(architecture)/SHA256SUMS") ?? ""
  }

  @Test func packagesAreThoseOfTheImagesPlatform() async throws {
    let done = try await vendor()
    #expect(done.status == 0, "\(done.errorText)")
    for (architecture, own, other) in [("amd64", "x64", "arm64"), ("arm64", "arm64", "x64")] {
      let list = try list(architecture)
      #expect(list.contains("\(Digest(of: Self.archive))  interpreter.tar.gz"), "\(list)")
      for name in ["words", "native-\(own)"] {
        #expect(list.contains("\(try #require(registry.digest(name)))  npm/_cacache/content-v2/"), "\(list)")
      }
      #expect(!list.contains("\(try #require(registry.digest("native-\(other)")))"), "\(list)")
    }
    let check = try await machine.outfit("render", "--check", at: "front")
    #expect(check.status == 0, "\(check.outputText)\(check.errorText)")
  }

  @Test func whatIsNotWhatTheLockNamesIsNotTaken() async throws {
    #expect(try await vendor().status == 0)
    let before = try list("amd64")
    try await registry.publish(
      "words", "", files: ["index.js": "module.exports = 1\n"], tampered: true, machine)
    let done = try await vendor()
    #expect(done.status == 1, "\(done.errorText)")
    #expect(done.errorText.contains("the packages of package-lock.json can't be got"), "\(done.errorText)")
    #expect(try list("amd64") == before)
    #expect(try machine.files.list(machine.home.appending("front/docker")).contains(".vendor.new") == false)
  }
}
