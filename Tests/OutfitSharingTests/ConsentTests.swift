import OutfitCore
import OutfitProfile
import OutfitSystem
import Support
import SystemPackage
import Testing

@testable import OutfitSharing

@Suite struct ConsentTests {
  private let disk = MemoryFiles.withHome()
  private let manifest = """
    profile: team
    interpreters: {python: "3.13"}
    tools: {black: "25.*", sphinx: {version: "8.*", with: [furo]}}
    indexes: {acme: {url: "https://packages.acme.example/simple"}}
    dotfiles:
      .zshrc: {block: zshrc}
      .config/kitty/: {copy: kitty/}
    packages: {apt: [ripgrep]}
    scripts: {fonts: {run: fonts.sh, when: once}}
    """

  init() {
    disk.put("/home/ann/team/outfit.yaml", manifest)
    disk.put("/home/ann/team/zshrc", "alias a=b\n")
    disk.put("/home/ann/team/kitty/kitty.conf", "x\n")
    disk.put("/home/ann/team/fonts.sh", "#!/bin/sh\n", mode: 0o755)
    disk.put("/home/ann/team/README.md", "read me\n")
    disk.put("/home/ann/.config/outfit/outfit.yaml", "tools: {mypy: latest}\n")
  }

  private func host(_ terminal: RecordingTerminal = RecordingTerminal()) -> Host {
    .test(files: disk, terminal: terminal)
  }

  private func profile() async throws -> Profile { try await ProfileLoader(host: host()).machine("team") }

  private func needed() async throws -> [String] {
    try await Consent(host: host()).needed(for: profile()).map(\.name)
  }

  private func trust() async throws {
    try await Consent(host: host()).obtain(for: profile(), given: .folders, address: "team")
  }

  @Test func withoutATerminalItSaysTheLine() async throws {
    let profile = try await profile()
    do {
      try Consent(host: host()).obtain(for: profile, given: .nothing, address: "team dir")
      Issue.record("it went on without consent")
    } catch let failure as Failure {
      #expect(failure.status == .consent)
      #expect(failure.diagnostics.map(\.message) == ["nobody has consented to what team can do"])
      #expect(
        failure.diagnostics.first?.hint
          == "look at it with: outfit show 'team dir'\nconsent with: outfit up 'team dir' --trust")
      #expect(
        failure.diagnostics.first?.excerpt?.contains("it runs the script fonts (fonts.sh) once") == true)
    }
    #expect(try await needed() == ["team"])
    let refusal = Consent(host: host()).refusal(
      for: profile, layers: profile.layers, command: "outfit trust", address: "team")
    #expect(refusal.diagnostics.first?.hint?.hasSuffix("consent with: outfit trust team") == true)
  }

  @Test func trustIsRemembered() async throws {
    try await trust()
    #expect(try await needed() == [])
    try Consent(host: host()).obtain(for: await profile(), given: .nothing, address: "team")
    let trust = FilePath("/home/ann/.local/state/outfit/trust")
    #expect(try disk.status(trust, followLinks: false)?.mode == 0o700)
    for name in try disk.list(trust) {
      #expect(try disk.status(trust.appending(name), followLinks: false)?.mode == 0o600)
    }
    try TrustStore(host: host()).forget(try #require(await profile().layers.first))
    #expect(try await needed() == ["team"])
  }

  @Test(arguments: [
    ("outfit.yaml", "tools: {black: \"25.*\"", "tools: {black: \"26.*\"", false),
    ("outfit.yaml", "profile: team", "profile: other  # renamed", false),
    ("outfit.yaml", "\"3.13\"", "\"3.14\"", false),
    ("README.md", "read", "reread", false),
    ("outfit.yaml", "tools: {", "tools: {evil: latest, ", true),
    ("outfit.yaml", "with: [furo]", "with: [evil]", true),
    ("outfit.yaml", "packages.acme.example", "evil.example", true),
    ("outfit.yaml", "[ripgrep]", "[ripgrep, evil]", true),
    ("outfit.yaml", "when: once", "when: always", true),
    ("outfit.yaml", ".zshrc:", ".bashrc:", true),
    ("zshrc", "alias", "evil", true),
    ("kitty/kitty.conf", "x", "y", true),
    ("fonts.sh", "#!", "evil #!", true),
  ])
  func whatAsksAgain(_ file: String, _ old: String, _ new: String, _ asks: Bool) async throws {
    try await trust()
    let path = FilePath("/home/ann/team").pushing(FilePath(file))
    let text = try #require(try disk.text(path))
    #expect(text.contains(old))
    try disk.remove(path)
    disk.put(path, text.replacing(old, with: new), mode: file == "fonts.sh" ? 0o755 : 0o644)
    #expect(try await needed().isEmpty == !asks)
  }

  @Test func newFilesInAFolderAskAgain() async throws {
    try await trust()
    disk.put("/home/ann/team/kitty/more.conf", "")
    #expect(try await needed().count == 1)
  }

  @Test func theQuestionOnATerminal() async throws {
    let terminal = RecordingTerminal(isTerminal: true, width: 60, answers: ["y"])
    try Consent(host: host(terminal)).obtain(for: await profile(), given: .nothing, address: "team")
    #expect(
      terminal.talked == """

        team is new to this machine, or changed. With your consent it
          ! runs the script fonts (fonts.sh) once
          ! installs ripgrep with apt, as root by sudo
          - uses the package index acme,
            https://packages.acme.example/simple (primary)
          - keeps a block in ~/.zshrc
          - writes ~/.config/kitty
          - installs Python 3.13
          - installs 2 tools from PyPI: black and sphinx


        """)
    #expect(try await needed() == [])
  }

  @Test(arguments: ["n", "", nil]) func anythingButYesIsNo(_ answer: String?) async throws {
    let terminal = RecordingTerminal(isTerminal: true, answers: [answer])
    do {
      try Consent(host: host(terminal)).obtain(for: await profile(), given: .nothing, address: "team")
      Issue.record("\(answer ?? "nothing") was taken for yes")
    } catch let failure as Failure { #expect(failure.status == .consent) }
    #expect(try await needed() == ["team"])
  }

  @Test func gitLayersNeedTheirCommit() async throws {
    let commit = String(repeating: "c", count: 40)
    disk.put("/cache/r/web/outfit.yaml", "tools: {black: latest}\n")
    let loader = ProfileLoader(host: host()) { _ in FetchedProfile(checkout: "/cache/r", commit: commit) }
    let profile = try await loader.machine("github:acme/p//web@v3")
    for given in [Consent.Given.nothing, .folders, .commits(["abc"]), .commits(["1234567"])] {
      do {
        try Consent(host: host()).obtain(for: profile, given: given, address: "github:acme/p//web@v3")
        Issue.record("\(given) was enough")
      } catch let failure as Failure {
        #expect(
          failure.diagnostics.last?.hint?.hasSuffix("outfit up github:acme/p//web@v3 --trust \(commit)")
            == true)
      }
    }
    try Consent(host: host()).obtain(
      for: profile, given: .commits(["ccccccc"]), address: "github:acme/p//web@v3")
    #expect(try Consent(host: host()).needed(for: profile).isEmpty)
  }

  @Test func aProjectsRequirementsCountWhereTheyLeadElsewhere() async throws {
    disk.put("/home/ann/shop/outfit.yaml", "virtualenv: requirements.txt\n")
    disk.put("/home/ann/shop/requirements.txt", "django==5.2\n")
    let loader = ProfileLoader(host: host())
    func count() async throws -> Int {
      try Consent(host: host()).needed(for: await loader.project(at: "/home/ann/shop")).count
    }
    try Consent(host: host()).obtain(for: await loader.project(at: "/home/ann/shop"), given: .folders)
    try disk.remove("/home/ann/shop/requirements.txt")
    disk.put("/home/ann/shop/requirements.txt", "django==5.3\n")
    #expect(try await count() == 0)
    try disk.remove("/home/ann/shop/requirements.txt")
    disk.put("/home/ann/shop/requirements.txt", "--index-url https://evil.example\ndjango==5.3\n")
    #expect(try await count() == 1)
  }

  @Test func whatThePersonalLayerExtendsNeedsConsent() async throws {
    disk.put("/home/ann/other/outfit.yaml", "profile: other\n")
    try disk.remove("/home/ann/.config/outfit/outfit.yaml")
    disk.put("/home/ann/.config/outfit/outfit.yaml", "extends: ../../other\n")
    #expect(try await needed() == ["team", "other"])
  }
}
