import OutfitCore
import OutfitEngine
import OutfitProfile
import Testing

@testable import OutfitRender

/// What Node makes and installs for an image; services from elsewhere, patches and SQL of the project's own.
struct FrontEndTests {
  func rendered(
    _ app: AppSection, lock: Lock = Shop.lock, _ change: (inout RenderInput) -> Void = { _ in }
  ) throws -> [String: String] {
    var input = Shop.input(app, lock: lock)
    change(&input)
    return Dictionary(uniqueKeysWithValues: try Render.files(input).files.map { ($0.path, $0.content) })
  }

  func refusal(
    _ app: AppSection, lock: Lock = Shop.lock, _ change: (inout RenderInput) -> Void = { _ in }
  ) -> String {
    do {
      _ = try rendered(app, lock: lock, change)
      return "none"
    } catch let failure as Failure {
      return failure.diagnostics.map { "\($0.message): \($0.hint ?? "")" }.joined(separator: "; ")
    } catch {
      return "\(error)"
    }
  }

  static var pnpm: LockedNodeModules {
    var tool = LockedTool(request: "9", version: Version([9, 12, 0]))
    tool.packageLock = """
      {"lockfileVersion": 3, "packages": {"": {"dependencies": {"pnpm": "9.12.0"}},
       "node_modules/pnpm": {"version": "9.12.0", "integrity": "sha512-x"}}}
      """
    return LockedNodeModules(from: "pnpm-lock.yaml", sourceDigest: Digest(of: ""), manager: tool)
  }

  /// A Node that comes as a Python package: nothing of the base opens its archive.
  @Test func aNodeOfAPythonPackageIsUnpackedByALockedProgram() throws {
    var app = Shop.app
    app.build = .init(folder: "frontend", command: "npm run build", copy: ["dist"])
    var lock = Shop.lock
    lock.interpreters[.node] = [
      LockedInterpreter(
        request: "24", version: Version([24, 1, 0]), provider: .wheel,
        artifacts: [
          "linux-amd64": LockedArtifact(path: "packages/ab/node-amd64.whl", digest: Digest(of: "amd64"))
        ], requirements: "x")
    ]
    func change(_ input: inout RenderInput) {
      input.nodeFolders["frontend"] = NodeFolder(listing: ["package.json", "package-lock.json"])
    }
    #expect(refusal(app, lock: lock, change).contains("run `outfit lock`"))
    let artifacts = lock.interpreters[.python]?.first?.artifacts.keys.filter { $0.hasPrefix("linux-") } ?? []
    var packages = LockedImagePackages(
      base: "debian:trixie-slim", run: ["ca-certificates"], build: ["unzip"])
    packages.snapshots = ["debian": "20261129T020931Z"]
    for platform in artifacts {
      packages.files[platform] = [
        LockedImagePackage(
          name: "unzip", version: "6.0", path: "debian/pool/u/unzip_6.0_amd64.deb",
          digest: Digest(of: platform), use: .build)
      ]
    }
    lock.imagePackages = packages
    let dockerfile = try #require(try rendered(app, lock: lock, change)["Dockerfile"])
    #expect(dockerfile.contains("/packages/ab/node-amd64.whl /node.whl\n"))
    #expect(dockerfile.contains("COPY --from=node-archive /node.whl /tmp/\n"))
    #expect(dockerfile.contains("unzip -q /tmp/node.whl"))
    #expect(!dockerfile.contains("/node.tar.gz"))
    lock.interpreters[.node]?[0].artifacts = [:]
    #expect(refusal(app, lock: lock, change).contains("outfit update node"))
  }

  @Test func locksOfOldNpmSayTheirDigestsToo() throws {
    let listed = try Document.parseJSON(
      """
      {"a": {"version": "1", "integrity": "sha512-x", "dependencies": {"inner": {"version": "2"}}},
       "git": {"version": "git+https://host/x"}, "held": {"version": "1", "bundled": true}}
      """, file: "package-lock.json")
    #expect(FileParity.looseOfOld(listed) == ["git", "inner"])
  }

  @Test func aFrontEndIsBuiltInAStageOfItsOwn() throws {
    var app = Shop.app
    app.build = .init(folder: "frontend", command: "npm run build", copy: ["dist"], to: "static/app")
    app.secrets = ["SENTRY_DSN"]
    let files = try rendered(app) {
      $0.nodeFolders["frontend"] = NodeFolder(listing: ["package.json", "package-lock.json", "src"])
    }
    let dockerfile = try #require(files["Dockerfile"])
    #expect(
      dockerfile.contains("ADD --checksum=sha256:\(Digest(of: "node arm64").hex) ${NODE_MIRROR}/v24.1.0/"))
    #expect(
      dockerfile.contains("WORKDIR /app/frontend\nCOPY frontend/package.json frontend/package-lock.json ./\n")
    )
    #expect(dockerfile.contains("npm ci --include=dev"))
    #expect(dockerfile.contains("SENTRY_DSN=unused"))
    #expect(dockerfile.contains("\n    sh -c 'npm run build'\n"))
    #expect(dockerfile.contains("\nCOPY --from=bundle /app/frontend/dist /app/static/app\n"))
    #expect(files[".dockerignore"]?.contains("\nfrontend/dist\n") == true)
    let bare = refusal(app) { $0.nodeFolders["frontend"] = NodeFolder(listing: ["package.json"]) }
    #expect(bare.contains("no lock"))
    var lock = Shop.lock
    lock.interpreters[.node] = nil
    #expect(refusal(app, lock: lock).contains("interpreters: {node: \"24\"}"))
    app.build?.copy = ["../etc"]
    #expect(refusal(app).contains("has the path"))
  }

  @Test func everyManagerInstallsWhatItsLockSays() throws {
    var lock = Shop.lock
    lock.nodeModules = Self.pnpm
    var app = Shop.node
    app.build = .init(command: "pnpm run build", copy: [".next"])
    let folder = NodeFolder(listing: ["package.json", "pnpm-lock.yaml", "package-lock.json"])
    let files = try rendered(app, lock: lock) { $0.nodeFolders[""] = folder }
    let dockerfile = try #require(files["Dockerfile"])
    #expect(
      dockerfile.contains("COPY package.json pnpm-lock.yaml ./\nRUN pnpm install --frozen-lockfile --prod\n"))
    #expect(dockerfile.contains("npm ci --no-audit --no-fund --ignore-scripts\n"))
    #expect(dockerfile.contains("\nCOPY --from=bundle /app/.next /app/.next\n"))
    #expect(files["docker/manager/package.txt"]?.contains("\"pnpm\":") == true)
    #expect(files["docker/manager/lock.txt"]?.contains("sha512-x") == true)
    lock.nodeModules = nil
    for name in ["pnpm-lock.yaml", "yarn.lock", "bun.lock"] {
      let refused = refusal(Shop.node, lock: lock) {
        $0.nodeFolders[""] = NodeFolder(listing: ["package.json", name])
      }
      #expect(refused.contains("node_modules: {from: \(name)}"), "\(refused)")
    }
    let bare = refusal(Shop.node, lock: lock) { $0.nodeFolders[""] = NodeFolder(listing: ["package.json"]) }
    #expect(bare.contains("npm install --package-lock-only"))
    let workspace = try rendered(Shop.node) {
      $0.nodeFolders[""] = NodeFolder(listing: ["package.json", "package-lock.json"], isWorkspace: true)
    }
    #expect(workspace["Dockerfile"]?.contains("WORKDIR /packages/deploy\nCOPY . .\n") == true)
  }

  static var external: AppSection {
    var app = Shop.app
    app.environments["production"]?.external = ["postgres"]
    app.environments["production"]?.env = ["POSTGRES_HOST": "db.shop.example", "POSTGRES_PORT": "6432"]
    return app
  }

  @Test func aServiceMayBeElsewhere() throws {
    let files = try rendered(Self.external)
    let overlay = try #require(files["k8s/overlays/production/kustomization.yaml"])
    #expect(overlay.contains("path: /spec/egress/0/ports/0/port, value: 6432"))
    #expect(files["k8s/overlays/staging/kustomization.yaml"]?.contains("$patch: delete") == false)
    var app = Self.external
    app.environments["production"]?.env = [:]
    #expect(refusal(app).contains("env: {POSTGRES_HOST: db.example.com}"))
    app.environments["production"]?.external = ["postgre"]
    #expect(refusal(app).contains("did you mean `postgres`?"))
    app.environments["production"]?.external = ["nginx"]
    #expect(refusal(app).contains("nginx"))
    app.environments["production"]?.external = []
    app.environments["dev"]?.external = ["redis"]
    #expect(refusal(app).contains("runs beside it"))
  }

  @Test(.enabled(if: Kustomize.kubectl != nil, "there is no kubectl"))
  func parityKnowsWhatIsElsewhere() async throws {
    let input = try await Kustomize.input(Self.external, lock: Kustomize.pinned)
    #expect(Parity.check(input).rows.filter { $0.verdict != .proved } == [])
    func failed(_ environment: String, _ change: (String) -> String) throws -> Set<String> {
      var input = input
      guard case .objects(let text)? = input.overlays[environment] else { return [] }
      try #require(change(text) != text)
      input.overlays[environment] = .objects(change(text))
      return Set(Parity.check(input).rows.filter { $0.verdict == .failed }.map(\.id))
    }
    // Another port is open than the one that the manifest says.
    #expect(try failed("production") { $0.replacing("port: 6432", with: "port: 22") }.contains("equal.dev"))
    // What is elsewhere in production alone is here in staging.
    let gone = try failed("staging") { text in
      text.split(separator: "---\n").filter {
        !($0.contains("kind: StatefulSet") && $0.contains("name: postgres"))
      }.joined(separator: "---\n")
    }
    #expect(gone.contains("environment.staging"), "\(gone)")
    guard case .objects(let staging)? = input.overlays["staging"] else { return }
    let own = staging.split(separator: "---\n").first {
      $0.contains("kind: StatefulSet") && $0.contains("name: postgres")
    }
    let back = try failed("production") { $0 + "---\n" + (own ?? "") }
    #expect(back.contains("environment.production"), "\(back)")
  }

  static let patch = """
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: web}
    spec: {template: {spec: {nodeSelector: {disk: ssd}}}}

    """

  func patched() throws -> RenderInput {
    var app = Shop.app
    app.patches = ["deploy/web.yaml"]
    app.environments["production"]?.patches = ["deploy/production.yaml"]
    app.services["postgres"]?.initial = "sql"
    var input = Shop.input(app, lock: Kustomize.pinned)
    input.texts = [
      "deploy/web.yaml": Self.patch,
      "deploy/production.yaml": Self.patch.replacing("disk: ssd", with: "disk: nvme"),
      "sql/01-extensions.sql": "CREATE EXTENSION IF NOT EXISTS citext;\n",
    ]
    return input
  }

  @Test func patchesAndSqlAreCarriedAlong() throws {
    let input = try patched()
    let files = Dictionary(uniqueKeysWithValues: try Render.files(input).files.map { ($0.path, $0.content) })
    #expect(files["k8s/base/patches/web.yaml"]?.hasSuffix(Self.patch) == true)
    #expect(files["k8s/base/kustomization.yaml"]?.contains("  - path: patches/web.yaml\n") == true)
    #expect(files["k8s/overlays/production/patches/production.yaml"] != nil)
    let sql = try #require(files["k8s/base/init/postgres/01-extensions.sql"])
    #expect(sql.hasPrefix("-- Rendered by outfit") && RenderMark.state(of: sql) == .untouched)
    #expect(files["k8s/base/postgres.yaml"]?.contains("configMap: {name: postgres-init}") == true)
    let compose = try Document.parseOne(files["compose.yaml"] ?? "", file: "")
    #expect(
      compose.at("services", "postgres", "volumes")?.texts?.contains(
        "./k8s/base/init/postgres:/docker-entrypoint-initdb.d:ro") == true)
    var broken = input
    broken.texts["deploy/web.yaml"] = "- {op: add}\n"
    #expect(throws: Failure.self) { try Render.files(broken) }
    broken.texts["deploy/web.yaml"] = nil
    #expect(throws: Failure.self) { try Render.files(broken) }
    broken = input
    broken.texts["sql/01-extensions.sql"] = nil
    #expect(throws: Failure.self) { try Render.files(broken) }
  }

  @Test(.enabled(if: Kustomize.kubectl != nil, "there is no kubectl"))
  func parityJudgesPatches() async throws {
    let input = try await Kustomize.input(patched())
    let failed = Parity.check(input).rows.filter { $0.verdict == .failed }
    #expect(failed.map(\.id) == ["equal.dev", "equal.staging"])
    #expect(failed.first?.places.contains { $0.contains("/spec/template/spec/nodeSelector") } == true)
    var allowed = try patched()
    allowed.profile.app?.value.allow["Deployment/web /spec/template/spec/nodeSelector/disk"] = .init(
      "faster disks")
    let rows = Parity.check(try await Kustomize.input(allowed)).rows
    #expect(rows.filter { $0.verdict == .failed }.isEmpty)
  }
}
