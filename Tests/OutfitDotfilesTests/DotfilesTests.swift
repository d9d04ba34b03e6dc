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

  /// What is not read stands as a sign, and what it is made of is told by that and by how it is had.
  @Test func aSecretIsFilledInOnceItIsRead() throws {
    func made(_ origin: SecretSection.Origin?, _ known: [String: SecretValue] = [:]) throws -> Change {
      var context = context(
        [".a": DotfileSection(kind: .template, file: "a")],
        facts: [.contents("/p/a"): .contents(Array("{{secret.t}} {{#secret}}{{t}}{{/secret}}".utf8))])
      context.profile.secrets["t"] = Sourced(SecretSection(origin: origin), Self.source)
      context.profile.secrets["other"] = Sourced(SecretSection(), Self.source)
      context.secrets = known
      return try #require(changes(context).first)
    }
    let unread = try made(.variable("T"))
    #expect(unread.isSecret && unread.secrets?.isFilled == false && unread.secrets?.names == ["t"])
    let read = try made(.variable("T"), ["t": .text("{{x}} & \"y\"")])
    #expect(read.kind == .file(Array("{{x}} & \"y\" {{x}} & \"y\"".utf8), mode: 0o600))
    #expect(read.secrets?.isFilled == true && read.secrets?.outline == unread.secrets?.outline)
    let failed = try made(.variable("T"), ["t": .failed(Diagnostic(.error, "no"))])
    #expect(failed.secrets?.isFilled == false)
    #expect(try made(.variable("U")).secrets?.outline != unread.secrets?.outline)
    #expect(try made(nil).secrets?.outline != unread.secrets?.outline)
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
    #expect(Set(queries) == [.file("/p/a"), .tree("/p/k"), .file("/p/l")])
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
        .file("/p/a"): .file("file"), .file("/o/a"): .file("file"),
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
          .file("/p/a"): .file("A"),
          .contents("/p/t"): .contents(Array("hello {{name}}".utf8)),
          .file("/p/l"): .file(""), .contents("/p/v"): .contents(Array("set nu\n".utf8)),
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
      .file("/p/a"): .file("1"), .contents("/p/a"): .contents([1]),
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
    #expect(found[0].kind == .file(Array("1".utf8), mode: 0o600))
    #expect(found[1].kind == .file(Array("1".utf8), mode: 0o640))
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

  @Test func missingSourcesAndValuesAreAllNamed() throws {
    let failure = #expect(throws: Failure.self) {
      try changes(
        context(
          [
            ".a": DotfileSection(kind: .copy, file: "a"), ".b": DotfileSection(kind: .template, file: "b"),
          ],
          facts: [.file("/p/a"): .absent, .contents("/p/b"): .contents(Array("x\n{{nmae}}".utf8))]))
    }
    #expect(failure?.status == .usage)
    #expect(failure?.diagnostics.count == 2)
    #expect(failure?.diagnostics.first?.location == Self.source.location)
    #expect(failure?.diagnostics.last?.location?.line == 2)
  }
}

/// `tree:`, `create:`, `link-to:`, `absent:`, and what a block's text is.
@Suite struct DotfileFormTests {
  private static let layer = Layer(
    kind: .profile, name: "me", address: "/p", folder: "/p", manifest: "/p/outfit.yaml")
  private static let source = Source(
    layer: layer, location: SourceLocation(file: "/p/outfit.yaml", line: 4, column: 3))

  private func propose(
    _ dotfiles: [String: DotfileSection], _ facts: [Query: Answer]
  ) throws -> Round<Proposal> {
    var profile = Profile(scope: .machine, name: "me", layers: [Self.layer])
    profile.dotfiles = dotfiles.mapValues { Sourced($0, Self.source) }
    profile.data = ["name": Sourced(.text("Ada"), Self.source)]
    return try Dotfiles().propose(
      Context(
        profile: profile, lock: Lock(), facts: Facts(facts), platform: Platform(.linux, .amd64),
        root: "/h", store: "/s", bin: "/b", environment: [:]))
  }

  private func changes(
    _ dotfiles: [String: DotfileSection], _ facts: [Query: Answer]
  ) throws -> [Change] {
    guard case .done(let proposal) = try propose(dotfiles, facts) else {
      Issue.record("it asks again")
      return []
    }
    return proposal.changes
  }

  private func tree(_ layout: TreeLayout) -> DotfileSection {
    var section = DotfileSection(kind: .tree, file: "c/")
    section.layout = layout
    return section
  }

  private static let entries: Answer = .tree([
    TreeEntry("bin", .directory(mode: 0o700)), TreeEntry("bin/run", .file([1], mode: 0o700)),
    TreeEntry("bin/run.swp", .file([2], mode: 0o644)), TreeEntry(".git", .directory(mode: 0o755)),
    TreeEntry(".git/HEAD", .file([3], mode: 0o644)),
    TreeEntry("mail.mustache", .file(Array("{{name}}".utf8), mode: 0o600)),
  ])

  @Test func aTreeIsCopied() throws {
    let layout = TreeLayout(exclude: ["*.swp"], templates: ["*.mustache"], folderMode: 0o700)
    let facts: [Query: Answer] = [.tree("/p/c"): Self.entries]
    guard case .ask(let further) = try propose([".c": tree(layout)], facts) else {
      Issue.record("the template's text was not asked for")
      return
    }
    #expect(further == [.contents("/p/c/mail.mustache")])
    let known = facts.merging(
      [.contents("/p/c/mail.mustache"): .contents(Array("{{name}}".utf8))], uniquingKeysWith: { $1 })
    let found = try changes([".c": tree(layout)], known)
    #expect(found.map(\.target) == ["/h/.c", "/h/.c/bin", "/h/.c/bin/run", "/h/.c/mail"])
    #expect(
      found.map(\.kind) == [
        .directory(mode: 0o700), .directory(mode: 0o700), .file([1], mode: 0o755),
        .file(Array("Ada".utf8), mode: 0o644),
      ])
  }

  @Test func aTreeOfLinksAndAFoldedOne() throws {
    let links = try changes([".c": tree(TreeLayout(style: .link))], [.tree("/p/c"): Self.entries])
    #expect(links.map(\.kind).contains(.link(.path("/p/c/bin/run"))))
    #expect(links.map(\.kind).contains(.directory(mode: 0o755)))
    #expect(!links.contains { $0.target.string.contains(".git") })
    let folded = try changes([".c": tree(TreeLayout(style: .fold))], [.names("/p/c"): .names(["bin"])])
    #expect(folded.map(\.kind) == [.link(.path("/p/c"))])
    #expect(folded.map(\.target) == ["/h/.c"])
  }

  @Test func theNearerEntryCountsWithinATree() throws {
    var link = DotfileSection(kind: .linkTo, file: nil)
    link.destination = "../elsewhere"
    var inner = tree(TreeLayout(folderMode: 0o700))
    inner.file = "d/"
    let found = try changes(
      [".c": tree(TreeLayout()), ".c/bin": link, ".c/x": inner],
      [
        .tree("/p/c"): .tree([
          TreeEntry("bin", .directory(mode: 0o755)), TreeEntry("bin/run", .file([1], mode: 0o755)),
          TreeEntry("x", .directory(mode: 0o755)), TreeEntry("x/a", .file([1], mode: 0o644)),
        ]), .tree("/p/d"): .tree([TreeEntry("a", .file([2], mode: 0o644))]),
      ])
    let kinds = Dictionary(grouping: found, by: \.target).mapValues { $0.map(\.kind) }
    #expect(kinds["/h/.c/bin"] == [.link(.path("../elsewhere"))])
    #expect(kinds["/h/.c/bin/run"] == nil)
    #expect(kinds["/h/.c/x"] == [.directory(mode: 0o700)])
    #expect(kinds["/h/.c/x/a"] == [.file([2], mode: 0o644)])
  }

  @Test func whatIsMadeOnceWhatLeadsElsewhereAndWhatIsAbsent() throws {
    var link = DotfileSection(kind: .linkTo, file: nil)
    (link.destination, link.isRendered) = ("/srv/{{name}}", true)
    let found = try changes(
      [
        ".a": DotfileSection(kind: .create, file: "a"), ".b": link,
        ".c": DotfileSection(kind: .absent, file: nil),
      ], [.file("/p/a"): .tree([TreeEntry("", .file([7], mode: 0o755))])])
    #expect(found.map(\.kind) == [.file([7], mode: 0o755), .link(.path("/srv/Ada")), .absent])
    #expect(found.map(\.isOnce) == [true, false, false])
    link.destination = "{{^name}}x{{/name}}"
    #expect(throws: Failure.self) { try changes([".b": link], [:]) }
  }

  @Test func aBlockIsWhatItIsUnlessItSaysTemplate() throws {
    let facts: [Query: Answer] = [.contents("/p/b"): .contents(Array("a {{name}} {{.Names}}".utf8))]
    var block = DotfileSection(kind: .block, file: "b")
    guard case .edit(.block(let literal))? = try changes([".b": block], facts).first?.kind else {
      throw Failure("no block")
    }
    #expect(literal.body == "a {{name}} {{.Names}}")
    block.isRendered = true
    #expect(throws: Failure.self) { try changes([".b": block], facts) }
  }
}

extension Answer {
  fileprivate static func file(_ text: String) -> Answer {
    .tree([TreeEntry("", .file(Array(text.utf8), mode: 0o644))])
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
