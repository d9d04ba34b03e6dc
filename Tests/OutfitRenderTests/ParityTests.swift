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
    try await input(Shop.input(app, lock: lock))
  }

  static func input(_ input: RenderInput) async throws -> Parity.Input {
    let lock = input.lock
    let rendering = try Render.files(input)
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
    return Parity.Input(
      overlays: overlays, files: files(rendering), stack: rendering.stack, laptop: laptop(lock))
  }

  /// Everything as it was rendered.
  static func files(_ rendering: Rendering) -> ParityFiles {
    var files = ParityFiles(
      rendered: rendering.files,
      found: Dictionary(
        uniqueKeysWithValues: rendering.files.map { ($0.path, FoundFile(content: $0.content, mode: $0.mode)) }
      ))
    files.nodeLocks["package-lock.json"] =
      "{\"packages\": {\"\": {}, \"node_modules/a\": {\"integrity\": \"sha512-x\"}}}"
    return files
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
    let rows = Parity.check(try await Kustomize.input(lock: Kustomize.pinned)).rows
    #expect(rows.filter { $0.verdict != .proved } == [])
    #expect(rows.count > 15)
    #expect(Parity.status(rows) == .done)
  }

  @Test(arguments: [Shop.api, Shop.node, Shop.worker])
  func everyTemplateIsProved(_ app: AppSection) async throws {
    let rows = Parity.check(try await Kustomize.input(app, lock: Kustomize.pinned)).rows
    #expect(rows.filter { $0.verdict != .proved } == [])
  }

  @Test func whatNpmInstallsIsLocked() async throws {
    var input = try await Kustomize.input(Shop.node, lock: Kustomize.pinned)
    for text in [nil, "{}", "{\"packages\": {\"node_modules/a\": {\"version\": \"1.0.0\"}}}"] {
      input.files.nodeLocks["package-lock.json"] = text
      let failed = Parity.check(input).rows.filter { $0.verdict == .failed }.map(\.id)
      #expect(failed == ["dockerfile.packages"], "\(text ?? "none")")
    }
  }

  @Test func whatHasNoDigestIsNotCheckable() async throws {
    let rows = Parity.check(try await Kustomize.input()).rows
    let open = rows.filter { $0.verdict != .proved }
    #expect(open.map(\.rule) == ["every image by digest"])
    #expect(open.first?.verdict == .notCheckable)
    #expect(open.first?.detail.contains("postgres:17.2") == true)
  }

  @Test func anEnvironmentWithoutAHostHasNoIngress() async throws {
    var app = Shop.app
    app.environments["staging"] = .init()
    let rows = Parity.check(try await Kustomize.input(app, lock: Kustomize.pinned)).rows
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
    func file(_ path: String, _ old: String, _ new: String) throws -> Parity.Input {
      var broken = input
      let text = try #require(input.files.found[path]?.content)
      try #require(text.contains(old), "\(old)")
      broken.files.found[path]?.content = text.replacingOccurrences(of: old, with: new)
      return broken
    }
    func failed(_ broken: Parity.Input) -> Set<String> {
      Set(Parity.check(broken).rows.filter { $0.verdict == .failed }.map(\.id))
    }

    // Overlays that differ where they must not.
    #expect(
      failed(try overlay("staging", "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false"))
        == ["restricted.staging", "equal.staging"])
    #expect(
      failed(try overlay("dev", "path: /health/ready", "path: /health/live"))
        == ["environment.dev", "equal.dev"])
    #expect(
      failed(try overlay("dev", "mountPath: /tmp", "mountPath: /temporary")).contains("environment.dev"))
    #expect(
      failed(try overlay("staging", "- uvicorn\n", "- gunicorn\n")) == [
        "environment.staging", "equal.staging",
      ])
    #expect(failed(try overlay("dev", "uvicorn shop.asgi", "uvicorn other.asgi")).contains("environment.dev"))
    #expect(
      failed(try overlay("staging", "- emptyDir: {}\n        name: tmp", "- emptyDir: {}\n        name: app"))
        .contains("restricted.staging"))
    #expect(
      failed(try overlay("production", "targetPort: redis", "targetPort: rediss")).contains(
        "restricted.production"))
    // Images.
    #expect(
      failed(try overlay("production", "redis:7.4@", "redis:7.2@")).isSuperset(of: [
        "images.services", "environment.production",
      ]))
    #expect(
      failed(try file("compose.yaml", "postgres:17.2@", "postgres:16@")) == ["images.services", "compose"])
    #expect(
      failed(try overlay("production", "registry.example.com/shop:", "registry.example.com/shop-dev:"))
        .contains("images.application"))
    #expect(
      failed(try file("compose.yaml", "target: dev", "target: deploy")) == ["images.application", "compose"])
    #expect(
      failed(try file(".devcontainer/devcontainer.json", "\"workspace\"", "\"web2\"")) == ["devcontainer"])
    // The Dockerfile and the lock.
    let arm = Digest(of: "arm64").hex
    for (old, new, rule) in [
      ("FROM deploy AS dev", "FROM build AS dev", "stages"), (arm, Digest(of: "x").hex, "interpreter"),
      ("debian:trixie-slim@", "debian:sid@", "base"), ("--require-hashes", "", "packages"),
      (Digest(of: "lock").hex, Digest(of: "x").hex, "label"),
    ] {
      let found = failed(try file("Dockerfile", old, new))
      #expect(found.isSuperset(of: ["dockerfile.known", "dockerfile.\(rule)"]), "\(rule): \(found)")
    }
    #expect(
      failed(try file("docker/requirements.txt", "django==5.2.19", "django==5.2.18"))
        == ["files.rendered", "dockerfile.packages"])
    // Compose.
    #expect(failed(try file("compose.yaml", "expose: [\"8000\"]", "expose: [\"8001\"]")) == ["compose"])
    #expect(failed(try file("compose.yaml", "REDIS_PORT", "REDIS_PORT2")) == ["compose"])
    // The laptop.
    var laptop = input
    laptop.laptop?.interpreter = "3.13.4"
    #expect(failed(laptop) == ["laptop.interpreter"])
    for version in ["5.2.18", nil] {
      laptop = input
      laptop.laptop?.packages["django"] = version
      #expect(failed(laptop) == ["laptop.packages"])
    }
    laptop = input
    laptop.laptop?.packages["flask"] = "3.0"
    #expect(failed(laptop) == ["laptop.packages"])
    laptop.laptop = nil
    #expect(failed(laptop) == [])
    // What can't be seen is never proved.
    var blind = input
    blind.overlays["production"] = .refused("it says no")
    #expect(failed(blind).contains("kustomize.production"))
    #expect(Parity.status(Parity.check(blind).rows) == .drift)
    blind.overlays = [:]
    blind.files.found = [:]
    blind.laptop = nil
    #expect(
      Parity.check(blind).rows.allSatisfy {
        $0.verdict != .proved || ["images.pinned", "files.other"].contains($0.id)
      })
    blind = input
    for name in blind.overlays.keys { blind.overlays[name] = .unavailable("there is no kubectl") }
    let rows = Parity.check(blind).rows
    #expect(Parity.status(rows) == .done && Parity.status(rows, isStrict: true) == .drift)
  }

  @Test func exceptionsHaveATypeAndARange() async throws {
    let input = try await Kustomize.input(lock: Kustomize.pinned)
    guard case .objects(let text) = input.overlays["staging"] else { throw Failure("not evaluated") }
    let place = "Deployment/web /spec/template/spec/containers/web/readinessProbe/periodSeconds"
    func rows(_ difference: AllowedDifference, at place: String = place) throws -> [Parity.Row] {
      var input = input
      let objects = text.components(separatedBy: "---\n").map { object in
        guard object.contains("kind: Deployment"), object.contains("\n  name: web\n") else { return object }
        return object.replacingOccurrences(of: "periodSeconds: 5\n", with: "periodSeconds: 7\n")
      }
      input.overlays["staging"] = .objects(objects.joined(separator: "---\n"))
      input.stack.allowances = [try ParityAllowance(place, difference)]
      return Parity.check(input).rows
    }
    func verdict(_ rows: [Parity.Row], _ id: String) -> Parity.Row.Verdict? {
      rows.first { $0.id == id }?.verdict
    }
    let plain = try rows("why")
    #expect(Parity.status(plain, isStrict: true) == .done, "\(plain.filter { $0.verdict != .proved })")
    for (difference, holds) in [
      (AllowedDifference("why", kind: .count, minimum: "5", maximum: "7"), true),
      (AllowedDifference("why", kind: .count, maximum: "6"), false),
      (AllowedDifference("why", kind: .host), false),
      (AllowedDifference("why", environments: ["staging"]), true),
      (AllowedDifference("why", environments: ["dev"]), false),
    ] {
      let rows = try rows(difference)
      #expect(verdict(rows, "equal.staging") == (holds ? .proved : .failed), "\(difference)")
      #expect(verdict(rows, "exceptions") == (holds ? .proved : .notCheckable), "\(difference)")
    }
    let other = try rows("why", at: "Deployment/* /spec/replicas")
    #expect(verdict(other, "exceptions") == .notCheckable && verdict(other, "equal.staging") == .failed)
  }

  @Test(arguments: [
    "everything", "Deployment/web spec", "Deployment/* /spec/template/spec/containers/*/command",
    "Deployment/web /spec/template/spec/containers/web/**", "Deployment/web /spec/**", "*/* /**",
    "Deployment/*",
    "Deployment/web /spec/template/spec/volumes/*", "*/* /spec/template/spec/containers/*/resources/**",
    "Deployment/web /spec/template/spec/containers/web/volumeMounts/**", "ConfigMap/app /data/PYTHONPATH",
    "ConfigMap/app /data/LD_PRELOAD", "compose.yaml /services/*", "compose.yaml /services/web/**",
    "compose.yaml",
    "file:",
  ])
  func someExceptionsAreNone(_ place: String) {
    #expect(throws: ParityMistake.self) { try ParityAllowance(place, "why") }
  }

  @Test func anExceptionNeverCoversWhatLoadsCode() throws {
    let all = try ParityAllowance("ConfigMap/app /data/*", "why")
    func finding(_ name: String) -> ParityFinding {
      ParityFinding(object: "ConfigMap/app", pointer: ["data", name], found: .string("x"))
    }
    #expect(all.covers(finding("FEATURE")))
    for name in ["PYTHONPATH", "LD_PRELOAD", "NODE_OPTIONS", "PATH", "PYTHONSTARTUP", "npm_config_prefix"] {
      #expect(!all.covers(finding(name)), "\(name)")
    }
    let list = try ParityAllowance("Deployment/web /spec/template/spec/containers/web/env", "why")
    let variables: Document = .list([.map(["name": .string("NODE_PATH"), "value": .string("/x")])])
    #expect(
      !list.covers(
        ParityFinding(
          object: "Deployment/web", pointer: ["spec", "template", "spec", "containers", "web", "env"],
          found: variables)))
  }

  @Test func anOverlayThatIsNotThereFails() async throws {
    var input = try await Kustomize.input(lock: Kustomize.pinned)
    input.overlays["staging"] = nil
    let failed = Parity.check(input).rows.filter { $0.verdict == .failed }
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
    var exceptional = input
    exceptional.stack.allowances = [try ParityAllowance("file:docker-bake.hcl", "a reason")]
    let proof = ParityProof(exceptional)
    #expect(ParityReport.text(proof).hasSuffix("0 failed, 2 not checkable\n"))
    #expect(proof.headline == "proved, as far as it can be checked, 0 exceptions")
    #expect(ParityReport.text(proof.exceptions) == "file:docker-bake.hcl  a reason (nothing needs it)\n")
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
