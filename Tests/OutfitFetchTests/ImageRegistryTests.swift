import OutfitCore
import OutfitFetch
import OutfitSystem
import Support
import SystemPackage
import Testing

/// A registry on the loopback interface, with all that real ones do.
@Suite(.timeLimit(.minutes(15)))
struct ImageRegistryTests {
  static let index = Array("{\"schemaVersion\":2,\"manifests\":[]}".utf8)
  static let type = ("Content-Type", "application/vnd.oci.image.index.v1+json")

  func registry(
    _ files: MemoryFiles = .withHome(), processes: any Processes = ScriptedProcesses(),
    environment: [String: String] = [:]
  ) -> ImageRegistry {
    ImageRegistry(host: Host.test(files: files, processes: processes, environment: environment))
  }

  func image(_ text: String) throws -> ImageName { try #require(ImageName(text)) }

  func complaint(_ body: () async throws -> Digest) async -> String {
    do {
      return "\(try await body())"
    } catch let failure as Failure {
      return failure.diagnostics.map { "\($0.message)|\($0.hint ?? "")" }.joined(separator: "\n")
    } catch {
      return "\(error)"
    }
  }

  @Test func namesAreRead() throws {
    let plain = try image("postgres:17.2")
    #expect((plain.registry, plain.repository, plain.tag) == ("docker.io", "library/postgres", "17.2"))
    let own = try image("localhost:5000/team/shop:1")
    #expect((own.registry, own.repository, own.tag) == ("localhost:5000", "team/shop", "1"))
    #expect(try image("nginxinc/nginx:1").repository == "nginxinc/nginx")
    for text in [
      "postgres", "a:", ":1", "a:1@sha256:x", "a b:1", "../x:1", "host.example/../x:1", "a//b:1", "a:1/b",
    ] {
      #expect(ImageName(text) == nil, "\(text)")
    }
  }

  @Test func theDigestIsOfTheBytesThatCame() async throws {
    let server = try LoopbackServer { _ in .init(200, headers: [Self.type], body: Self.index) }
    let digest = try await registry().digest(of: image("127.0.0.1:\(server.port)/shop:1"))
    #expect(digest == Digest(of: Self.index))
    let request = try #require(server.requests.first)
    #expect(request.target == "/v2/shop/manifests/1")
    #expect(request.headers["accept"]?.contains("application/vnd.oci.image.index.v1+json") == true)
    #expect(request.headers["authorization"] == nil)
  }

  @Test func aRegistryThatContradictsItselfIsNotBelieved() async throws {
    let server = try LoopbackServer { _ in
      .init(
        200, headers: [Self.type, ("Docker-Content-Digest", "sha256:\(Digest(of: "else"))")], body: Self.index
      )
    }
    let text = await complaint { try await registry().digest(of: image("127.0.0.1:\(server.port)/shop:1")) }
    #expect(text.contains("and sent sha256:\(Digest(of: Self.index))"), "\(text)")
  }

  @Test func aTokenIsAskedForWithTheUsersCredentials() async throws {
    let files = MemoryFiles.withHome()
    let server = try LoopbackServer { request in
      if request.target.hasPrefix("/token") {
        return request.headers["authorization"] == "Basic YW5uOnNlY3JldA=="
          ? .init(200, body: Array("{\"token\":\"t0ken\"}".utf8)) : .init(401)
      }
      guard request.headers["authorization"] == "Bearer t0ken" else {
        let host = request.headers["host"] ?? ""
        return .init(
          401,
          headers: [
            (
              "WWW-Authenticate",
              "Bearer realm=\"http://\(host)/token\",service=\"the service\",scope=\"repository:team/shop:pull\""
            )
          ])
      }
      return .init(200, headers: [Self.type], body: Self.index)
    }
    files.put(
      "/home/ann/.docker/config.json",
      "{\"auths\":{\"127.0.0.1:\(server.port)\":{\"auth\":\"YW5uOnNlY3JldA==\"}}}")
    let digest = try await registry(files).digest(of: image("127.0.0.1:\(server.port)/team/shop:1"))
    #expect(digest == Digest(of: Self.index))
    #expect(
      server.requests.map(\.target) == [
        "/v2/team/shop/manifests/1", "/token?scope=repository:team/shop:pull&service=the%20service",
        "/v2/team/shop/manifests/1",
      ])
  }

  @Test func aHelperThatTheUserNamedIsAsked() async throws {
    let files = MemoryFiles.withHome()
    let server = try LoopbackServer { request in
      request.headers["authorization"] == "Basic Ym9iOnB3"
        ? .init(200, headers: [Self.type], body: Self.index)
        : .init(401, headers: [("WWW-Authenticate", "Basic realm=\"x\"")])
    }
    let name = "127.0.0.1:\(server.port)"
    files.put("/home/ann/.docker/config.json", "{\"credHelpers\":{\"\(name)\":\"vault\"}}")
    files.put("/usr/bin/docker-credential-vault", "", mode: 0o755)
    let processes = ScriptedProcesses()
    processes.on(
      {
        $0.program == "/usr/bin/docker-credential-vault" && $0.arguments == ["get"]
          && $0.standardInput == .bytes(Array(name.utf8))
      }, { _ in Completion(status: 0, output: Array("{\"Username\":\"bob\",\"Secret\":\"pw\"}".utf8)) })
    #expect(
      try await registry(files, processes: processes).digest(of: image("\(name)/shop:1"))
        == Digest(of: Self.index))
  }

  @Test func aMirrorStandsForDockersOwn() async throws {
    let server = try LoopbackServer { request in
      request.target == "/v2/library/redis/manifests/7.4"
        ? .init(200, headers: [Self.type], body: Self.index) : .init(404)
    }
    let registry = registry(environment: ["OUTFIT_IMAGE_MIRROR": server.address])
    #expect(try await registry.digest(of: image("redis:7.4")) == Digest(of: Self.index))
    let text = await complaint { try await registry.digest(of: image("redis:7.5")) }
    #expect(text.contains("has no redis:7.5"), "\(text)")
    for address in [
      "http://registry.example.com", "file:///x", "https://a/b", "nonsense", "http://127.0.0.1:",
    ] {
      let text = await complaint {
        try await self.registry(environment: ["OUTFIT_IMAGE_MIRROR": address]).digest(of: image("redis:7.4"))
      }
      #expect(text.contains("OUTFIT_IMAGE_MIRROR is"), "\(text)")
    }
  }

  @Test func whatIsNoImageIsRefused() async throws {
    for reply: LoopbackServer.Reply in [
      .init(200, headers: [("Content-Type", "text/html")], body: Array("<html>".utf8)), .init(403),
      .init(401),
      .init(302, headers: [("Location", "file:///etc/passwd")]),
      .init(401, headers: [("WWW-Authenticate", "Bearer realm=\"http://registry.example.com/token\"")]),
      .init(401, headers: [("WWW-Authenticate", "Negotiate")]),
      .init(401, headers: [("WWW-Authenticate", "Basic realm=\"x\"")]),
    ] {
      let server = try LoopbackServer { _ in reply }
      let text = await complaint { try await registry().digest(of: image("127.0.0.1:\(server.port)/shop:1")) }
      #expect(text.contains("registry") || text.contains("redirects"), "\(text)")
      #expect(Digest(text) == nil)
    }
  }

  @Test func credentialsStayWithTheirOrigin() async throws {
    let other = try LoopbackServer { _ in .init(200, headers: [Self.type], body: Self.index) }
    let files = MemoryFiles.withHome()
    let server = try LoopbackServer { request in
      request.headers["authorization"] == nil
        ? .init(401, headers: [("WWW-Authenticate", "Basic realm=\"x\"")])
        : .init(307, headers: [("Location", "\(other.address)/elsewhere")])
    }
    files.put(
      "/home/ann/.docker/config.json",
      "{\"auths\":{\"127.0.0.1:\(server.port)\":{\"username\":\"a\",\"password\":\"b\"}}}")
    _ = try await registry(files).digest(of: image("127.0.0.1:\(server.port)/shop:1"))
    #expect(other.requests.first?.headers["authorization"] == nil)
  }
}
