import OutfitConsent
import OutfitCore
import OutfitProfile
import OutfitSystem
import Support
import SystemPackage
import Testing

@testable import OutfitRender

/// A database's major version never moves without a word: what was rendered, locked or committed before is looked at.
@Suite struct DataVersionsTests {
  let scratch: ScratchFolder
  let project: FilePath

  init() throws {
    scratch = try ScratchFolder()
    project = scratch.path.appending("shop")
    try scratch.host.files.createDirectories(project)
    try scratch.put("shop/manage.py", "")
  }

  func session(_ version: String = "17.2", moved: String? = nil, images: [String] = []) -> RenderSession {
    var app = Shop.app
    app.services["postgres"] = .init(version: version)
    app.dataMoved = moved.map { ["postgres": $0] } ?? [:]
    var lock = Shop.lock
    for name in images { lock.images[name] = LockedImage(digest: nil) }
    return RenderSession(
      host: scratch.host, profile: Shop.input(app).profile, lock: lock, lockDigest: Digest(of: "lock"),
      root: project, templates: FilePath(Shop.repository.path).appending("templates"))
  }

  func write(_ session: RenderSession, force: Bool = true) async throws {
    try await session.write(try session.render(), by: .generation(.machine), force: force)
  }

  func expectRefusal(_ session: RenderSession, _ place: String, _ comment: Comment? = nil) async {
    let failure = await #expect(throws: Failure.self, comment) { try await write(session) }
    #expect(failure?.status == .usage, comment)
    #expect(failure?.diagnostics.first?.message.contains(place) == true, comment)
    for part in ["pg_dumpall", "pg_upgrade", "data-moved: {postgres: \"18\"}"] {
      #expect(failure?.diagnostics.first?.hint?.contains(part) == true, comment)
    }
  }

  func remove(_ path: String) throws { try scratch.host.files.removeTree(project.pushing(FilePath(path))) }

  func replace(_ path: String, _ change: (String) -> String) throws {
    let place = project.pushing(FilePath(path))
    let text = try #require(try scratch.host.files.text(place))
    try scratch.host.files.remove(place)
    try scratch.put("shop/\(path)", change(text))
  }

  func git(_ words: String...) async throws {
    var environment = scratch.host.environment
    for role in ["AUTHOR", "COMMITTER"] {
      environment["GIT_\(role)_NAME"] = "Ada"
      environment["GIT_\(role)_EMAIL"] = "ada@example.org"
    }
    let done = try await scratch.host.processes.run(
      Invocation("/usr/bin/git", words, environment: environment, workingDirectory: project))
    try #require(done.succeeded, "\(done.errorText)")
  }

  @Test func aFirstRenderAsksNothing() async throws {
    try await write(session("18.1"), force: false)
    try await write(session("18.3"), force: false)
    #expect(try scratch.host.files.text(project.appending("compose.yaml"))?.contains("postgres:18.3") == true)
  }

  @Test func whatWasRenderedIsLookedAt() async throws {
    try await write(session())
    let before = try scratch.host.files.text(project.appending("compose.yaml"))
    await expectRefusal(session("18.1"), "compose.yaml; k8s/base/postgres.yaml")
    await expectRefusal(session("18.1", moved: "17"), "compose.yaml", "an older move is another one")
    #expect(try scratch.host.files.text(project.appending("compose.yaml")) == before, "nothing is written")
    let failure = await #expect(throws: Failure.self) { try await write(session("16.9")) }
    #expect(failure?.diagnostics.first?.hint?.contains("{postgres: \"16\"}") == true, "backwards too")
    try await write(session("18.1", moved: "18"), force: false)
    try await write(session("18.1"), force: false)
  }

  @Test func oneFileIsEnough() async throws {
    for kept in ["compose.yaml", "k8s/base/postgres.yaml"] {
      try await write(session("17.2", moved: "17"))
      let text = try #require(try scratch.host.files.text(project.pushing(FilePath(kept))))
      try remove("k8s")
      try remove("compose.yaml")
      try scratch.put("shop/\(kept)", text)
      await expectRefusal(session("18.1"), kept, "\(kept)")
      try remove("k8s")
      try remove("compose.yaml")
    }
  }

  @Test func whatWasEditedIsLookedAt() async throws {
    try await write(session())
    for path in ["compose.yaml", "k8s/base/postgres.yaml"] {
      try replace(path) { $0.replacing("postgres:17.2", with: "postgres:18.1") }
    }
    try await write(session("18.1"))
    try scratch.put(
      "shop/k8s/overlays/production/pin/kustomization.yaml",
      "kind: Component\nimages:\n  - {name: postgres, newTag: \"17.2\", digest: \"sha256:0\"}\n")
    await expectRefusal(session("18.1"), "k8s/overlays/production/pin/kustomization.yaml")
    try remove("k8s/overlays/production/pin")
    try replace("k8s/base/postgres.yaml") {
      $0.replacing("image: postgres:18.1", with: "image: mirror.example/library/postgres@sha256:00")
    }
    await expectRefusal(session("18.1"), "an unknown version")
    try replace("k8s/base/postgres.yaml") { _ in "image: postgres:17.2\n\t{" }
    await expectRefusal(session("18.1"), "k8s/base/postgres.yaml", "what is no YAML is read all the same")
  }

  @Test func aClientHasNoData() async throws {
    try scratch.put(
      "shop/k8s/jobs/backup.yaml",
      "kind: CronJob\nspec: {template: {spec: {containers: [{image: \"postgres:16.1\"}]}}}\n")
    try await write(session())
  }

  @Test func theLockRemembers() async throws {
    let images = ["postgres:17.2", "redis:7.4"]
    await expectRefusal(session("18.1", images: images), "outfit.lock")
    #expect(try session("18.1", images: images).heldImages() == ["postgres:17.2"])
    #expect(try session("18.1", moved: "18", images: images).heldImages() == [])
    #expect(try session("17.4", images: images).heldImages() == [])
    try await write(session("18.1", moved: "18", images: images + ["postgres:18.1"]))
  }

  @Test func gitRemembers() async throws {
    try await git("init", "-q", ".")
    try await write(session())
    try await git("add", "-A")
    try await git("commit", "-qm", "rendered")
    try remove("k8s")
    try remove("compose.yaml")
    await expectRefusal(session("18.1"), "of git", "removed from the disk")
    try await git("add", "-A")
    try await git("commit", "-qm", "removed")
    try scratch.put("shop/other", "x\n")
    try await git("add", "-A")
    try await git("commit", "-qm", "more")
    await expectRefusal(session("18.1"), "of git", "removed by a commit")
    try await write(session("18.1", moved: "18"))
    try await git("add", "-A")
    try await git("commit", "-qm", "moved")
    try await write(session("18.1"))
  }

  /// Nothing that a repository's configuration names is run by looking at its history.
  @Test func aRepositoryRunsNothing() async throws {
    try await git("init", "-q", ".")
    try await write(session())
    try await git("add", "-A")
    try await git("commit", "-qm", "rendered")
    let trap = scratch.path.appending("PWNED")
    try scratch.put(
      "shop/.git/trap", "#!/bin/sh\ntouch \(trap)\n", mode: 0o755)
    for (name, value) in [
      ("core.fsmonitor", "\(project)/.git/trap"), ("core.pager", "\(project)/.git/trap"),
      ("log.showSignature", "true"), ("gpg.program", "\(project)/.git/trap"),
      ("diff.external", "\(project)/.git/trap"), ("core.sshCommand", "\(project)/.git/trap"),
      ("core.hooksPath", "\(project)/.git"), ("remote.origin.promisor", "true"),
      ("remote.origin.url", "ext::\(project)/.git/trap"), ("extensions.partialClone", "origin"),
    ] { try await git("config", name, value) }
    await expectRefusal(session("18.1"), "compose.yaml")
    let objects = project.pushing(".git/objects")
    for name in try scratch.host.files.list(objects) where name.count == 2 {
      try scratch.host.files.removeTree(objects.appending(name))
    }
    try? await write(session("18.1"))
    #expect(!scratch.host.files.exists(trap))
  }

  @Test func onlyWhatIsBoundCanBeSaidToHaveMoved() throws {
    var app = Shop.app
    app.dataMoved = ["redis": "7"]
    let failure = #expect(throws: Failure.self) { try Render.files(Shop.input(app)) }
    #expect(failure?.diagnostics.first?.message.contains("`app.data-moved` has redis") == true)
    app = Shop.app
    app.services["redis"] = "8.0"
    #expect(try Render.files(Shop.input(app)).stack.services.contains { $0.version == "8.0" })
  }

  @Test func versions() {
    #expect(DataVersions.major("18.1-bookworm") == "18")
    #expect(DataVersions.major("alpine") == "alpine")
    #expect(
      ProjectHistory.objects("a blob 3\nx\ny\nb missing\nc tree 2\nzz\nd blob 0\n\n") == [
        "x\ny", nil, nil, "",
      ])
  }

  @Test func anotherFileOfComposeIsAConflict() async throws {
    try scratch.put("shop/docker-compose.yml", "services: {}\n")
    try scratch.put("shop/docker-compose.override.yml", "services: {}\n")
    let failure = await #expect(throws: Failure.self) { try await write(session(), force: false) }
    #expect(failure?.status == .consent)
    #expect(failure?.diagnostics.count == 2)
    #expect(!scratch.host.files.exists(project.appending("compose.yaml")))
    try await write(session())
    try await write(session(), force: false)
  }
}
