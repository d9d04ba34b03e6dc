import Foundation
import OutfitConsent
import OutfitCore
import OutfitProfile
import OutfitSystem
import Support
import SystemPackage
import Testing

@testable import OutfitRender

@Suite struct RenderedPathTests {
  static let spellings = [
    ".git", ".GIT", ".Git/config", "./.git/hooks/x", "a/../.git/config", ".git/", "sub/.git/hooks/pre-commit",
    ".git./config", ".git /config", ".git . ./config", ".git::$INDEX_ALLOCATION/config", ".git:x",
    "git~1/config",
    "GIT~1", "git~12", ".g\u{200C}it/config", "\u{FEFF}.git", ".gi\u{202E}t", ".git\u{200D}",
    "sub\\.git\\config",
    ".g\u{206A}it",
  ]

  @Test(arguments: spellings) func gitsFolderIsKnownInEverySpelling(_ path: String) {
    #expect(RenderedPath.isGit(path))
    #expect(!RenderedPath.isUsual(path))
  }

  @Test(arguments: [
    ".github/workflows/outfit.yml", "gitops/x", ".gitignore", "docs/git", "k8s/git~x", "a.git", "legit",
  ]) func whatOnlySoundsLikeItIsNot(_ path: String) {
    #expect(!RenderedPath.isGit(path))
  }

  @Test(arguments: Shop.all) func ourTemplatesWriteNothingUnusual(_ app: AppSection) throws {
    let vendored = [
      VendoredFile(
        path: "amd64/interpreter.tar.gz", digest: Digest(of: app.template == "node" ? "node amd64" : "amd64"))
    ]
    let rendering = try Render.files(Shop.input(app, vendored: vendored))
    #expect(rendering.unusualPaths == [])
    #expect(rendering.hostCommands == [])
  }

  @Test(arguments: [
    ".envrc", ".gitattributes", ".gitmodules", ".gitignore", ".githooks/pre-commit", ".husky/pre-commit",
    ".vscode/tasks.json", ".vscode/settings.json", ".idea/workspace.xml", ".vimrc", ".exrc", ".nvim.lua",
    ".bashrc", "Makefile", "package.json", ".npmrc", "pyproject.toml", "setup.py", "conftest.py",
    "sitecustomize.py", ".pre-commit-config.yaml", ".github/workflows/other.yml", ".github/dependabot.yml",
    "docker/conftest.py", "docker/Makefile", "k8s/.envrc", "k8s/.vscode/tasks.yaml", "k8s/x/HEAD",
    "k8s/x/config",
    "docker/x/hooks/pre-commit", "k8s/base/run.sh", "compose.override.yaml", "outfit.yaml", "outfit.lock",
    ".devcontainer/other.sh", "dockerfile", "K8S/base/x.yaml", "docker/vendor/x.pth", "",
  ]) func whatOthersReadOrRunIsUnusual(_ path: String) {
    #expect(!RenderedPath.isUsual(path))
  }
}

/// Templates of a profile's own, as a stranger would write them.
@Suite struct OwnTemplateTests {
  let scratch: ScratchFolder
  let project: FilePath

  init() throws {
    scratch = try ScratchFolder()
    project = scratch.path.appending("shop")
    try scratch.host.files.createDirectories(project.appending("tpl"))
    try scratch.put("shop/manage.py", "")
    try template("")
  }

  func template(_ files: String) throws {
    let path = project.pushing("tpl/template.yaml")
    if scratch.host.files.exists(path) { try scratch.host.files.remove(path) }
    try scratch.put(
      "shop/tpl/template.yaml", "template: own\nextends: django\n" + (files.isEmpty ? "" : "files:\n" + files)
    )
  }

  func session() -> RenderSession {
    var app = Shop.app
    app.template = "./tpl"
    var profile = Shop.input(app).profile
    let layer = Layer(
      kind: .profile, name: "shop", address: ".", folder: project, manifest: project.appending("outfit.yaml"))
    profile.app = Sourced(
      app, Source(layer: layer, location: SourceLocation(file: "outfit.yaml", line: 12, column: 3)))
    return RenderSession(
      host: scratch.host, profile: profile, lock: Shop.lock, lockDigest: Digest(of: "lock"),
      root: project, templates: FilePath(Shop.repository.path).appending("templates"))
  }

  @Test func nothingGoesIntoGit() throws {
    try scratch.put("shop/tpl/hook", "#!/bin/sh\n")
    for path in [".git/hooks/pre-commit", ".GIT/config", "sub/.git/config", ".git./config", "docker/.Git/x"] {
      try template("  - {path: \"\(path)\", from: hook, mode: \"0755\"}\n")
      let failure = #expect(throws: Failure.self, "\(path)") { try session().render() }
      #expect(failure?.status == .usage)
      #expect(failure?.diagnostics.first?.message.contains(path) == true)
    }
    for path in ["../x", "/tmp/x", "./x", "a/../x", ".git::$DATA", "a b", "git~1"] {
      try template("  - {path: \"\(path)\", from: hook}\n")
      let failure = #expect(throws: Failure.self, "\(path)") { try session().render() }
      #expect(failure?.status == .usage)
    }
  }

  @Test func aRepositoryElsewhereIsNotWrittenInto() async throws {
    try scratch.put("shop/k8s/HEAD", "ref: refs/heads/main\n")
    try scratch.host.files.createDirectories(project.pushing("k8s/objects"))
    let rendering = try session().render()
    let failure = await #expect(throws: Failure.self) {
      try await session().write(rendering, by: .generation(.machine), force: true)
    }
    #expect(failure?.status == .usage)
    #expect(!scratch.host.files.exists(project.appending("Dockerfile")), "nothing was written")
  }

  @Test func whatIsNotOursIsListed() throws {
    try scratch.put("shop/tpl/rc", "touch /tmp/x\n")
    try scratch.put("shop/tpl/run", "#!/bin/sh\ntouch /tmp/x\n")
    try template(
      """
        - {path: .envrc, from: rc}
        - path: "k8s/overlays/{{environment.name}}/secrets.sh"
          from: run
          each: environment
          when: [environment.development, hasSecrets]
          mode: "755"
        - .devcontainer/devcontainer.json

      """)
    try scratch.put(
      "shop/tpl/.devcontainer/devcontainer.json",
      "{\"image\": \"debian\", \"initializeCommand\": \"touch /tmp/x\"}\n")
    let rendering = try session().render()
    #expect(rendering.unusualPaths == [".envrc"])
    #expect(
      rendering.hostCommands == [
        HostCommand(
          file: ".devcontainer/devcontainer.json", text: "initializeCommand: \"touch /tmp/x\""),
        HostCommand(file: "k8s/overlays/dev/secrets.sh", text: "a script"),
      ])
  }

  @Test func aLoopOfTheLoopsOwnIsListed() throws {
    try template("  - skaffold.yaml\n  - compose.yaml\n")
    try scratch.put(
      "shop/tpl/skaffold.yaml",
      "deploy: {kubectl: {hooks: {before: [{host: {command: [sh, -c, id]}}]}}}\nbuild: {artifacts: [{custom: {buildCommand: make}}]}\n"
    )
    let text = try scratch.host.files.text(
      FilePath(Shop.repository.path).pushing("templates/common/compose.yaml"))
    try scratch.put(
      "shop/tpl/compose.yaml",
      try #require(text).replacing(
        "volumes: [\".:/workspace\"]", with: "volumes: [\"/:/workspace\"]\n    privileged: true"))
    let commands = try session().render().hostCommands.map(\.text)
    for text in [
      "workspace mounts /", "workspace privileged: true", "buildCommand: \"make\"",
      "command: [\"sh\",\"-c\",\"id\"]",
    ] { #expect(commands.contains(text), "\(text) in \(commands)") }
  }

  @Test func noLinkLeadsOutOfATemplate() throws {
    try scratch.put("id_rsa", "KEY\n")
    try template("  - {path: docker/stolen.txt, from: stolen.txt}\n")
    let link = project.pushing("tpl/stolen.txt")
    for destination in ["../../id_rsa", "\(scratch.path)/id_rsa", "../manage.py", "nowhere", "."] {
      try scratch.host.files.createLink(link, to: destination)
      let failure = #expect(throws: Failure.self, "\(destination)") { try session().render() }
      #expect(failure?.status == .usage)
      #expect(failure?.diagnostics.first?.message.contains("stolen.txt") == true)
      try scratch.host.files.remove(link)
    }
    try scratch.put("shop/tpl/real", "mine\n")
    try scratch.host.files.createLink(link, to: "real")
    #expect(try session().render().files.contains { $0.content.hasSuffix("mine\n") }, "inside is fine")
  }

  @Test func theFolderItselfDoesNotLeadOut() throws {
    let elsewhere = scratch.path.appending("elsewhere")
    try scratch.host.files.rename(project.appending("tpl"), to: elsewhere)
    try scratch.host.files.createLink(project.appending("tpl"), to: elsewhere.string)
    let failure = #expect(throws: Failure.self) { try session().render() }
    #expect(failure?.status == .usage)
    try scratch.host.files.remove(project.appending("tpl"))
    try scratch.host.files.rename(elsewhere, to: project.appending("tpl"))
    try scratch.host.files.remove(project.pushing("tpl/template.yaml"))
    try scratch.put("shop/tpl/template.yaml", "template: own\nextends: ../../base\n")
    try scratch.put("base/template.yaml", "template: base\n")
    #expect(throws: Failure.self) { try session().render() }
  }

  @Test func oddFilesAreRefused() throws {
    try scratch.put("shop/tpl/large", String(repeating: "x", count: 1 << 20) + "x")
    let failure = #expect(throws: Failure.self) { try session().render() }
    #expect(failure?.diagnostics.first?.message.contains("large") == true)
    try scratch.host.files.remove(project.pushing("tpl/large"))
    try #require(mkfifo(project.pushing("tpl/pipe").string, 0o600) == 0)
    let other = #expect(throws: Failure.self) { try session().render() }
    #expect(other?.status == .usage)
    #expect(other?.diagnostics.first?.message.contains("pipe") == true)
  }
}
