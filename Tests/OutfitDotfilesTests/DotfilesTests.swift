import OutfitCore
import OutfitEngine
import OutfitProfile
import SystemPackage
import Testing

@testable import OutfitDotfiles

@Suite struct DotfilesTests {
  private static let layer = Layer(
    kind: .profile, name: "me", address: "/p", folder: "/p", manifest: "/p/outfit.yaml")
  private static let source = Source(
    layer: layer, location: SourceLocation(file: "/p/outfit.yaml", line: 4, column: 3))

  private func context(
    _ dotfiles: [String: DotfileSection], data: [String: String] = [:], facts: [Query: Answer] = [:],
    platform: Platform = Platform(.linux, .amd64)
  ) -> Context {
    var profile = Profile(scope: .machine, name: "me", layers: [Self.layer])
    profile.dotfiles = dotfiles.mapValues { Sourced($0, Self.source) }
    profile.data = data.mapValues { Sourced(.text($0), Self.source) }
    return Context(
      profile: profile, lock: Lock(), facts: Facts(facts), platform: platform, root: "/home/ada", store: "/s",
      bin: "/b", environment: [:])
  }

  private func changes(_ context: Context) throws -> [Change] {
    guard case .done(let proposal) = try Dotfiles().propose(context) else {
      Issue.record("it asks again")
      return []
    }
    return proposal.changes
  }

  @Test func asksForItsSourcesOnce() throws {
    let asked = try Dotfiles().propose(
      context([
        ".a": DotfileSection(kind: .copy, file: "a"), ".k/": DotfileSection(kind: .copy, file: "k/"),
        ".l": DotfileSection(kind: .link, file: "l"),
      ]))
    guard case .ask(let queries) = asked else {
      Issue.record("it did not ask")
      return
    }
    #expect(Set(queries) == [.contents("/p/a"), .tree("/p/k"), .contents("/p/l")])
  }

  /// A later layer's file takes the place of one in an earlier layer's folder; within a layer the nearer name does.
  @Test(arguments: [(true, "file"), (false, "folder")])
  func aFileOverAFoldersEntry(_ fileIsLater: Bool, _ wins: String) throws {
    let earlier = Layer(
      kind: .profile, name: "org", address: "/o", folder: "/o", manifest: "/o/outfit.yaml")
    let place = Source(layer: earlier, location: SourceLocation(file: "/o/outfit.yaml", line: 1, column: 1))
    var context = context(
      [:],
      facts: [
        .contents("/p/a"): .contents(Array("file".utf8)), .contents("/o/a"): .contents(Array("file".utf8)),
        .tree("/o/c"): .tree([TreeEntry("a", .file(Array("folder".utf8), mode: 0o644))]),
        .tree("/p/c"): .tree([
          TreeEntry("a", .file(Array("folder".utf8), mode: 0o644)), TreeEntry("b", .file([], mode: 0o644)),
        ]),
      ])
    context.profile.layers = [earlier] + context.profile.layers
    let (one, other) = fileIsLater ? (Self.source, place) : (place, Self.source)
    context.profile.dotfiles = [
      ".c/a": Sourced(DotfileSection(kind: .copy, file: "a"), one),
      ".c": Sourced(DotfileSection(kind: .copy, file: "c/"), other),
    ]
    let found = try changes(context).filter { $0.target == "/home/ada/.c/a" }
    #expect(found.map(\.kind) == [.file(Array(wins.utf8), mode: 0o644)])
  }

  @Test func aBlockNeedsWhatStartsAComment() throws {
    func comment(_ target: String, _ own: String? = nil) throws -> String? {
      var section = DotfileSection(kind: .block, file: "b")
      section.comment = own
      let facts: [Query: Answer] = [.contents("/p/b"): .contents(Array("x\n".utf8))]
      guard case .edit(.block(let block))? = try changes(context([target: section], facts: facts)).first?.kind
      else { return nil }
      return block.comment
    }
    #expect(try comment("init.lua") == "--" && comment(".vimrc") == "\"" && comment(".zshrc") == "#")
    #expect(try comment("a.sql") == "--" && comment("a.ts") == "//" && comment("a.json", "//") == "//")
    for target in ["a.json", "a.css", "a.xml", "A.HTML"] {
      #expect(throws: Failure.self) { try comment(target) }
    }
  }

  @Test func everyKind() throws {
    let found = try changes(
      context(
        [
          ".copy": DotfileSection(kind: .copy, file: "a", mode: 0o600),
          ".rendered": DotfileSection(kind: .template, file: "t", secret: true),
          ".linked": DotfileSection(kind: .link, file: "l"),
          ".vimrc": DotfileSection(kind: .block, file: "v", onlyIfPresent: true, position: .top),
        ], data: ["name": "Ada"],
        facts: [
          .contents("/p/a"): .contents(Array("A".utf8)),
          .contents("/p/t"): .contents(Array("hello {{name}}".utf8)),
          .contents("/p/l"): .contents([]), .contents("/p/v"): .contents(Array("set nu\n".utf8)),
        ]))
    #expect(
      found.map(\.target) == [
        "/home/ada/.copy", "/home/ada/.linked", "/home/ada/.rendered", "/home/ada/.vimrc",
      ])
    #expect(found[0].kind == .file(Array("A".utf8), mode: 0o600))
    #expect(found[1].kind == .link(.path("/p/l")))
    #expect(found[2].kind == .file(Array("hello Ada".utf8), mode: 0o600))
    #expect(found.map(\.modeIsDefault) == [false, true, true, true])
    #expect(found.map(\.source) == ["/p/a", "/p/l", "/p/t", "/p/v"])
    #expect(found[2].isSecret)
    #expect(
      found[3].kind
        == .edit(
          .block(
            Edit.Block(identifier: "me", comment: "\"", body: "set nu\n", position: .top, createMode: nil))))
  }

  @Test func foldersKeepTheExecutableBitAndNothingElseOfModes() throws {
    let known = SourceFile("/p/bin/known", Digest(of: "k"), size: 1)
    let found = try changes(
      context(
        ["bin/": DotfileSection(kind: .copy, file: "bin/")],
        facts: [
          .tree("/p/bin"): .tree([
            TreeEntry("run", .file([1], mode: 0o775)), TreeEntry("read", .file([2], mode: 0o660)),
            TreeEntry("to", .link("run")), TreeEntry("known", .source(known, mode: 0o700)),
          ])
        ]))
    #expect(found[0].kind == .file([1], mode: 0o755))
    #expect(found[1].kind == .file([2], mode: 0o644))
    #expect(found[2].kind == .link(.path("run")))
    #expect(found[3].kind == .source(known, mode: 0o755))
  }

  @Test func whatIsSecretIsForNobodyElseUnlessAModeIsWritten() throws {
    let facts: [Query: Answer] = [
      .contents("/p/a"): .contents([1]),
      .tree("/p/k"): .tree([
        TreeEntry("run", .file([1], mode: 0o755)), TreeEntry("in", .directory(mode: 0o755)),
      ]),
    ]
    let found = try changes(
      context(
        [
          ".a": DotfileSection(kind: .copy, file: "a", secret: true),
          ".b": DotfileSection(kind: .copy, file: "a", mode: 0o640, secret: true),
          ".c": DotfileSection(kind: .block, file: "a", secret: true),
          ".k/": DotfileSection(kind: .copy, file: "k/", secret: true),
        ], facts: facts))
    #expect(found[0].kind == .file([1], mode: 0o600))
    #expect(found[1].kind == .file([1], mode: 0o640))
    guard case .edit(.block(let block)) = found[2].kind else { throw Failure("no block") }
    #expect(block.createMode == 0o600)
    #expect(found[3].kind == .file([1], mode: 0o700))
    #expect(found[4].kind == .directory(mode: 0o700))
  }

  @Test(arguments: ["TOPSECRET {{nope}}", "{{#TOPSECRET", "{{TOPSECRET}}", "{{=<% TOPSECRET"])
  func aMistakeInASecretTemplateShowsNothingOfIt(_ text: String) throws {
    let failure = #expect(throws: Failure.self) {
      try changes(
        context(
          [".a": DotfileSection(kind: .template, file: "a", secret: true)],
          facts: [.contents("/p/a"): .contents(Array(text.utf8))]))
    }
    #expect(failure?.status == .usage)
    #expect(failure?.diagnostics.first?.location?.file == "/p/a")
    #expect(failure.map { "\($0.diagnostics)".contains("TOPSECRET") } == false)
  }

  @Test func otherSystemsAreLeftOut() throws {
    let found = try changes(context([".mac": DotfileSection(kind: .copy, file: "m", systems: ["macos"])]))
    #expect(found.isEmpty)
  }

  @Test func missingSourcesAndValuesAreAllNamed() throws {
    let failure = #expect(throws: Failure.self) {
      try changes(
        context(
          [
            ".a": DotfileSection(kind: .copy, file: "a"), ".b": DotfileSection(kind: .template, file: "b"),
          ],
          facts: [.contents("/p/a"): .absent, .contents("/p/b"): .contents(Array("x\n{{nmae}}".utf8))]))
    }
    #expect(failure?.status == .usage)
    #expect(failure?.diagnostics.count == 2)
    #expect(failure?.diagnostics.first?.location == Self.source.location)
    #expect(failure?.diagnostics.last?.location?.line == 2)
  }
}

@Suite struct SystemSetupTests {
  private static let layer = Layer(
    kind: .profile, name: "me", address: "/p", folder: "/p", manifest: "/p/outfit.yaml")
  private static let source = Source(
    layer: layer, location: SourceLocation(file: "/p/outfit.yaml", line: 4, column: 3))

  private func effects(_ profile: Profile, _ facts: [Query: Answer]) throws -> [Effect] {
    let context = Context(
      profile: profile, lock: Lock(), facts: Facts(facts), platform: Platform(.linux, .amd64),
      root: "/home/ada",
      store: "/s", bin: "/b", environment: [:])
    guard case .done(let proposal) = try SystemSetup().propose(context) else {
      Issue.record("it asks again")
      return []
    }
    return proposal.effects
  }

  @Test func packagesOfTheManagerThatIsHere() throws {
    var profile = Profile(scope: .machine, name: "me", layers: [Self.layer])
    profile.packages = [
      "apt": [Sourced("ripgrep", Self.source), Sourced("jq", Self.source)],
      "brew": [Sourced("ripgrep", Self.source)],
    ]
    let here = Answer.status(
      .init(kind: .file, mode: 0o755, size: 1, modified: 0, changed: 0, device: 0, inode: 0, owner: 0))
    let found = try effects(
      profile, [.status("/usr/bin/apt-get"): here, .status("/opt/homebrew/bin/brew"): .absent])
    #expect(found.map(\.label) == ["apt: ripgrep, jq"])
    #expect(found.first?.needsRoot == true)
    #expect(found.first?.runsFirst == true)
    #expect(found.first?.command.arguments.suffix(2) == ["ripgrep", "jq"])
  }

  @Test func scriptsRunByTheirFirstLine() throws {
    var profile = Profile(scope: .machine, name: "me", layers: [Self.layer])
    profile.scripts = [
      "a": Sourced(ScriptSection(run: "a.py", when: .changed), Self.source),
      "b": Sourced(ScriptSection(run: "b.sh", when: .once), Self.source),
    ]
    let found = try effects(
      profile,
      [
        .contents("/p/a.py"): .contents(Array("#!/usr/bin/env python3\n1".utf8)),
        .contents("/p/b.sh"): .contents(Array("true\n".utf8)),
      ])
    #expect(found[0].command.program == .path("/usr/bin/env"))
    #expect(found[0].command.arguments == ["python3", "/p/a.py"])
    #expect(found[0].fingerprint != found[1].fingerprint)
    #expect(found[1].command.program == .path("/bin/sh"))
    #expect(found[1].fingerprint == "once")
  }
}
