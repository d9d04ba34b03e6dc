import OutfitConsent
import OutfitCore
import OutfitProfile
import OutfitSystem
import Support
import SystemPackage
import Testing

@testable import OutfitRender

@Suite struct RenderSessionTests {
  let scratch: ScratchFolder
  let project: FilePath

  init() throws {
    scratch = try ScratchFolder()
    project = scratch.path.appending("shop")
    try scratch.host.files.createDirectories(project)
    try scratch.put("shop/manage.py", "")
  }

  func session(_ app: AppSection = Shop.app) -> RenderSession {
    RenderSession(
      host: scratch.host, profile: Shop.input(app).profile, lock: Shop.lock, lockDigest: Digest(of: "lock"),
      root: project, templates: FilePath(Shop.repository.path).appending("templates"))
  }

  func states(_ comparisons: [FileComparison]) -> [String: FileComparison.State] {
    Dictionary(uniqueKeysWithValues: comparisons.map { ($0.path, $0.state) }).filter { $0.value != .same }
  }

  func text(_ path: String) throws -> String {
    String(decoding: try scratch.host.files.read(project.pushing(FilePath(path))), as: UTF8.self)
  }

  @Test func writingTwiceChangesNothing() async throws {
    let session = session()
    let rendering = try session.render()
    #expect(try session.check(rendering).allSatisfy { $0.state == .absent })
    try await session.write(rendering, by: .generation(.machine), force: false)
    #expect(states(try session.check(rendering)) == [:])
    #expect(
      try await session.write(rendering, by: .generation(.machine), force: false).allSatisfy {
        $0.state == .same
      })
    let script = try scratch.host.files.status(
      project.pushing("k8s/overlays/dev/secrets.sh"), followLinks: false)
    #expect(script?.mode == 0o755)
  }

  @Test func whatAPersonChangedIsAConflict() async throws {
    let session = session()
    let rendering = try session.render()
    try await session.write(rendering, by: .generation(.machine), force: false)
    let compose = project.appending("compose.yaml")
    try scratch.host.files.append(compose, Array("# mine\n".utf8))
    try scratch.host.files.remove(project.appending("Dockerfile"))
    try scratch.put("shop/Dockerfile", "FROM scratch\n")
    #expect(states(try session.check(rendering)) == ["compose.yaml": .changed, "Dockerfile": .foreign])
    let failure = await #expect(throws: Failure.self) {
      try await session.write(rendering, by: .generation(.machine), force: false)
    }
    #expect(failure?.status == .consent)
    #expect(failure?.diagnostics.count == 2)
    #expect(try text("Dockerfile") == "FROM scratch\n")
    try await session.write(rendering, by: .generation(.machine), force: true)
    #expect(states(try session.check(rendering)) == [:])
  }

  @Test func anotherManifestMakesFilesStaleAndLeftOver() async throws {
    try await session().write(try session().render(), by: .generation(.machine), force: false)
    try scratch.put("shop/k8s/own.yaml", "kind: ConfigMap\n")
    var app = Shop.app
    app.environments["staging"] = nil
    app.services["redis"] = "7.2"
    let changed = session(app)
    let rendering = try changed.render()
    let states = states(try changed.check(rendering))
    #expect(states["k8s/base/redis.yaml"] == .stale)
    #expect(states["k8s/overlays/staging/app.env"] == .leftover)
    #expect(states["k8s/own.yaml"] == nil)
    try await changed.write(rendering, by: .generation(.machine), force: false)
    #expect(self.states(try changed.check(rendering)) == [:])
    #expect(!scratch.host.files.exists(project.pushing("k8s/overlays/staging/app.env")))
    #expect(try text("k8s/own.yaml") == "kind: ConfigMap\n")
  }

  @Test func aReleaseIsTheUsersFromTheStart() async throws {
    let session = session()
    let rendering = try session.render()
    try await session.write(rendering, by: .generation(.machine), force: false)
    let path = "k8s/overlays/production/release/kustomization.yaml"
    try scratch.host.files.remove(project.pushing(FilePath(path)))
    try scratch.put("shop/\(path)", "kind: Component\n")
    #expect(states(try session.check(rendering)) == [:])
    try await session.write(rendering, by: .generation(.machine), force: true)
    #expect(try text(path) == "kind: Component\n")
  }

  @Test func aLinkLeadsNowhere() async throws {
    let outside = scratch.path.appending("outside")
    try scratch.host.files.createDirectories(outside)
    try scratch.host.files.createLink(project.appending("k8s"), to: outside.string)
    let session = session()
    let rendering = try session.render()
    let failure = await #expect(throws: Failure.self) {
      try await session.write(rendering, by: .generation(.machine), force: true)
    }
    #expect(failure?.diagnostics.first?.message.contains("is a link") == true)
    #expect(try scratch.host.files.list(outside).isEmpty)
    #expect(!scratch.host.files.exists(project.appending("Dockerfile")), "nothing was written")
  }

  @Test func aTemplateThatIsNotThereIsNamed() async throws {
    var app = Shop.app
    app.template = "djagno"
    let failure = #expect(throws: Failure.self) { try session(app).render() }
    #expect(failure?.diagnostics.first?.hint == "did you mean `django`?")
    app.template = "./own"
    #expect(throws: Failure.self) { try session(app).render() }
  }
}
