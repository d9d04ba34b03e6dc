import Foundation
import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage
import Testing

@testable import OutfitRender

/// The real kustomize over a real rendering. `scripts/kubectl.sh` gets a kubectl where there is none.
enum Kustomize {
  static let kubectl: FilePath? = {
    let environment = ProcessInfo.processInfo.environment
    let cache = environment["XDG_CACHE_HOME"] ?? (environment["HOME"] ?? "/root") + "/.cache"
    let candidates =
      [environment["OUTFIT_KUBECTL"]].compactMap { $0 }
      + ["\(cache)/outfit/kubectl-trixie/root/usr/bin/kubectl"]
      + (environment["PATH"] ?? "").split(separator: ":").map { "\($0)/kubectl" }
    return candidates.first { FileManager.default.isExecutableFile(atPath: $0) }.map { FilePath($0) }
  }()

  /// Renders into a scratch folder and evaluates every overlay.
  static func input(_ app: AppSection = Shop.app, lock: Lock = Shop.lock) async throws -> Parity.Input {
    let rendering = try Render.files(Shop.input(app, lock: lock))
    let folder = try written(rendering)
    defer { try? FileManager.default.removeItem(at: folder) }
    let host = try Host.live()
    var overlays: [String: Parity.Evaluation] = [:]
    let runs = Parity.invocations(
      program: try #require(kubectl), environments: rendering.stack.environments.map(\.name),
      root: FilePath(folder.path), environment: host.environment)
    for (name, invocation) in runs {
      let completion = try await host.processes.run(invocation)
      overlays[name] =
        completion.succeeded ? .objects(completion.outputText) : .refused(completion.errorText)
    }
    let texts = Dictionary(uniqueKeysWithValues: rendering.files.map { ($0.path, $0.content) })
    return Parity.Input(
      overlays: overlays, compose: texts["compose.yaml"], dockerfile: texts["Dockerfile"],
      devcontainer: texts[".devcontainer/devcontainer.json"], requirements: texts["docker/requirements.txt"],
      stack: rendering.stack, laptop: laptop(lock))
  }

  /// Renders into a scratch folder and evaluates some folders of it.
  static func evaluate(_ app: AppSection, _ folders: [String]) async throws -> [[Document]] {
    let root = try written(Render.files(Shop.input(app)))
    defer { try? FileManager.default.removeItem(at: root) }
    let host = try Host.live()
    var results: [[Document]] = []
    for folder in folders {
      let done = try await host.processes.run(
        Invocation(
          try #require(kubectl), ["kustomize", root.appendingPathComponent(folder).path],
          environment: host.environment))
      try #require(done.succeeded, "\(done.errorText)")
      results.append(try Document.parse(done.outputText, file: folder))
    }
    return results
  }

  /// A scratch folder with what was rendered.
  private static func written(_ rendering: Rendering) throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("parity-\(UUID().uuidString)")
    for file in rendering.files {
      let url = folder.appendingPathComponent(file.path)
      try FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(file.content.utf8).write(to: url)
    }
    return folder
  }

  /// A virtualenv as the lock has it.
  static func laptop(_ lock: Lock) -> Laptop {
    Laptop(
      interpreter: "3.13.5", packages: Packages.pins(lock.virtualenv?.requirements ?? "").mapValues(\.version)
    )
  }

  static var pinned: Lock {
    var lock = Shop.lock
    for name in [
      "debian:trixie-slim", "nginxinc/nginx-unprivileged:1.28", "postgres:17.2", "postgres:18.1", "redis:7.4",
    ] {
      lock.images[name] = LockedImage(digest: Digest(of: name))
    }
    return lock
  }
}

@Suite(.enabled(if: Kustomize.kubectl != nil, "there is no kubectl")) struct ParityTests {
  @Test func everyRuleIsProvedOfWhatWasRendered() async throws {
    let rows = Parity.check(try await Kustomize.input(lock: Kustomize.pinned))
    #expect(rows.filter { $0.verdict != .proved } == [])
    #expect(rows.count > 15)
    #expect(Parity.status(rows) == .done)
  }

  @Test(arguments: [Shop.api, Shop.node, Shop.worker])
  func everyTemplateIsProved(_ app: AppSection) async throws {
    let rows = Parity.check(try await Kustomize.input(app, lock: Kustomize.pinned))
    let open = rows.filter { $0.verdict != .proved }
    #expect(
      open.map(\.rule) == (app.template == "node" ? ["the laptop is what the lock says"] : []), "\(open)")
  }

  @Test func whatHasNoDigestIsNotCheckable() async throws {
    let rows = Parity.check(try await Kustomize.input())
    let open = rows.filter { $0.verdict != .proved }
    #expect(open.map(\.rule) == ["every image by digest"])
    #expect(open.first?.verdict == .notCheckable)
    #expect(open.first?.detail.contains("postgres:17.2") == true)
  }

  @Test func anEnvironmentWithoutAHostHasNoIngress() async throws {
    var app = Shop.app
    app.environments["staging"] = .init()
    let rows = Parity.check(try await Kustomize.input(app, lock: Kustomize.pinned))
    #expect(rows.filter { $0.verdict != .proved } == [])
  }

  /// Each rule fails when it is broken.
  @Test func sabotageIsSeen() async throws {
    let input = try await Kustomize.input(lock: Kustomize.pinned)

    func overlay(_ name: String, _ old: String, _ new: String) throws -> Parity.Input {
      guard case .objects(let text) = input.overlays[name] else { throw Failure("not evaluated") }
      try #require(text.contains(old), "\(old)")
      var broken = input
      broken.overlays[name] = .objects(text.replacingOccurrences(of: old, with: new))
      return broken
    }
    func file(_ path: WritableKeyPath<Parity.Input, String?>, _ old: String, _ new: String) throws
      -> Parity.Input
    {
      var broken = input
      let text = try #require(input[keyPath: path])
      try #require(text.contains(old), "\(old)")
      broken[keyPath: path] = text.replacingOccurrences(of: old, with: new)
      return broken
    }
    func failed(_ broken: Parity.Input) -> Set<String> {
      Set(Parity.check(broken).filter { $0.verdict == .failed }.map(\.rule))
    }

    // Overlays that differ where they must not.
    #expect(
      failed(try overlay("staging", "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false"))
        == ["staging is consistent and restricted", "staging equals production"])
    #expect(
      failed(try overlay("dev", "path: /health/ready", "path: /health/live")) == ["dev equals production"])
    #expect(
      failed(try overlay("dev", "mountPath: /tmp", "mountPath: /temporary")) == ["dev equals production"])
    #expect(
      failed(try overlay("staging", "- uvicorn\n", "- gunicorn\n")) == ["staging equals production"])
    // Another command behind the watcher.
    #expect(
      failed(try overlay("dev", "uvicorn shop.asgi", "uvicorn other.asgi")).contains("dev equals production"))
    // What only hot reload may have.
    #expect(
      failed(try overlay("staging", "- emptyDir: {}\n        name: tmp", "- emptyDir: {}\n        name: app"))
        .contains("staging is consistent and restricted"))
    // Selectors, references, ports.
    #expect(
      failed(try overlay("production", "targetPort: redis", "targetPort: rediss"))
        .contains("production is consistent and restricted"))
    // Images.
    #expect(
      failed(try overlay("production", "redis:7.4@", "redis:7.2@")).contains(
        "the same service images everywhere"))
    #expect(
      failed(try file(\.compose, "postgres:17.2@", "postgres:16@")) == ["the same service images everywhere"])
    #expect(
      failed(try overlay("production", "registry.example.com/shop:", "registry.example.com/shop-dev:"))
        .contains("one image of the application"))
    #expect(
      failed(try file(\.compose, "target: dev", "target: deploy")).contains("one image of the application"))
    #expect(
      failed(try file(\.devcontainer, "\"workspace\"", "\"web2\"")) == ["the dev container is the dev image"])
    // The Dockerfile and the lock.
    #expect(
      failed(try file(\.dockerfile, "FROM deploy AS dev", "FROM build AS dev"))
        == ["dev is deploy and the developer's tools"])
    #expect(
      failed(try file(\.dockerfile, Digest(of: "arm64").hex, Digest(of: "x").hex)) == [
        "the interpreter of the lock"
      ])
    #expect(
      failed(try file(\.dockerfile, "debian:trixie-slim@", "debian:sid@")) == ["the base image of the lock"])
    #expect(failed(try file(\.dockerfile, "--require-hashes", "")) == ["the packages of the lock"])
    #expect(
      failed(try file(\.requirements, "django==5.2.19", "django==5.2.18")) == ["the packages of the lock"])
    #expect(
      failed(try file(\.dockerfile, Digest(of: "lock").hex, Digest(of: "x").hex))
        == ["the image says which lock it is of"])
    // Compose.
    #expect(
      failed(try file(\.compose, "expose: [\"8000\"]", "expose: [\"8001\"]")) == [
        "compose.yaml equals dev: web"
      ])
    #expect(failed(try file(\.compose, "REDIS_PORT", "REDIS_PORT2")).count == 3)
    #expect(failed(try file(\.compose, "user: \"10001:10001\"", "user: \"0:0\"")).count == 3)
    // The laptop.
    var laptop = input
    laptop.laptop?.interpreter = "3.13.4"
    #expect(failed(laptop) == ["the laptop's interpreter is the lock's"])
    laptop = input
    laptop.laptop?.packages["django"] = "5.2.18"
    #expect(failed(laptop) == ["the laptop's packages are the lock's"])
    laptop.laptop?.packages["django"] = nil
    #expect(failed(laptop) == ["the laptop's packages are the lock's"])
    laptop = input
    laptop.laptop?.packages["flask"] = "3.0"
    #expect(failed(laptop) == ["the laptop's packages are the lock's"])
    // A difference that is allowed is allowed.
    var lenient = try overlay("staging", "path: /health/ready", "path: /health/other")
    #expect(failed(lenient) == ["staging equals production"])
    lenient.stack.allowances.append(
      try #require(
        ParityAllowance(
          "Deployment/web /spec/template/spec/containers/web/readinessProbe/httpGet/path", "a reason")))
    #expect(failed(lenient) == [])
    // What can't be seen is never proved.
    var blind = input
    blind.overlays["production"] = .refused("it says no")
    #expect(failed(blind).contains("kustomize accepts production"))
    #expect(Parity.status(Parity.check(blind)) == .drift)
    blind.overlays = [:]
    blind.compose = nil
    blind.dockerfile = nil
    blind.laptop = nil
    #expect(Parity.check(blind).allSatisfy { $0.verdict != .proved || $0.rule == "every image by digest" })
  }

  @Test func anOverlayThatIsNotThereFails() async throws {
    var input = try await Kustomize.input(lock: Kustomize.pinned)
    input.overlays["staging"] = nil
    let failed = Parity.check(input).filter { $0.verdict == .failed }
    #expect(failed.map(\.detail) == ["there is no k8s/overlays/staging"])
  }

  @Test func kustomizeKeepsWhatTheUserTellsIt() {
    func variables(_ environment: [String: String]) -> [String: String]? {
      Parity.invocations(
        program: "/bin/kubectl", environments: ["dev"], root: "/shop", environment: environment)["dev"]?
        .environment
    }
    #expect(variables(["HOME": "/root", "GOGC": "50"]) == ["HOME": "/root", "GOGC": "50"])
    #expect(variables(["HOME": "/root"])?.keys.sorted() == ["GOGC", "HOME"])
  }

  @Test func reportsAreATableAndJSON() async throws {
    let input = try await Kustomize.input()
    let proof = ParityProof(
      name: "shop", rows: Parity.check(input), allowances: input.stack.allowances,
      lockDigest: Digest(of: "lock"))
    #expect(ParityReport.text(proof).hasSuffix("0 failed, 1 not checkable\n"))
    #expect(ParityReport.text(proof.allowances).contains("HorizontalPodAutoscaler/* /spec/minReplicas"))
    #expect(ParityProof(record: proof.record) == proof)
    var odd = proof
    odd.rows[0].detail = "a\tb\\n\nc <script>alert('&')</script>"
    #expect(ParityProof(record: odd.record) == odd)
    let page = ParityPage.html(odd, date: "2026-11-21")
    #expect(!page.contains("<script>"))
    #expect(page.contains("&lt;script&gt;"))
    #expect(!page.contains("http://") && !page.contains("https://"), "nothing from elsewhere")
  }
}
