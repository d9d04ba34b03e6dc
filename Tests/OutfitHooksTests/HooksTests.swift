import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSystem
import SystemPackage
import Testing

@testable import OutfitHooks

/// A repository at /shop with hooks, a pinned black and a runner.
private struct Bench {
  var profile: Profile
  var lock = Lock()
  var earlier = Proposal()
  var files: [FilePath: (text: String, mode: UInt16)] = ["/shop/.git/config": ("[core]\n", 0o644)]
  var folders: Set<FilePath> = ["/shop/.git"]
  var root: FilePath = "/shop"
  let layer = Layer(
    kind: .profile, name: "shop", address: "/shop", folder: "/shop", manifest: "/shop/outfit.yaml")

  init(_ hooks: [String: HookSection] = ["black": HookSection()]) {
    profile = Profile(scope: .project("/shop"), name: "shop", layers: [layer])
    for (name, hook) in hooks { profile.hooks[name] = Sourced(hook, source) }
    for name in ["prek-0.5.11", "black-25.1.0"] {
      earlier.objects.append(Object(name: name, label: name, recipe: .tree([]), store: "/store"))
    }
    let black = earlier.objects[1].id
    earlier.claims = [
      Claim(name: "black", program: .object(black, "bin/black"), label: "black", owner: source, object: black)
    ]
  }

  var source: Source { Source(layer: layer, location: SourceLocation(file: "/shop/outfit.yaml", line: 9)) }

  func answer(_ query: Query) -> Answer {
    func status(_ kind: FileStatus.Kind, _ mode: UInt16) -> Answer {
      .status(
        FileStatus(
          kind: kind, mode: mode, size: 0, modified: 0, changed: 0, device: 0, inode: 0, owner: 0))
    }
    switch query {
    case .status(let path):
      if folders.contains(path) { return status(.directory, 0o755) }
      return files[path].map { status(.file, $0.mode) } ?? .absent
    case .contents(let path): return files[path].map { .contents(Array($0.text.utf8)) } ?? .absent
    default: return .absent
    }
  }

  func propose() throws -> Proposal {
    var facts = Facts()
    for _ in 0..<10 {
      let context = Context(
        profile: profile, lock: lock, facts: facts, platform: Platform(.linux, .amd64), root: root,
        store: "/store", bin: "/home/ada/bin", environment: ["HOME": "/home/ada"], earlier: earlier)
      switch try Hooks().propose(context) {
      case .done(let proposal): return proposal
      case .ask(let queries): for query in queries { facts[query] = answer(query) }
      }
    }
    throw Failure("the part never stops asking")
  }
}

extension Proposal {
  /// What the runner is told.
  fileprivate var configuration: String? {
    guard case .tree(let entries)? = objects.last?.recipe, case .file(let bytes, _)? = entries.last?.content
    else { return nil }
    return String(decoding: bytes, as: UTF8.self)
  }

  fileprivate func text(_ path: FilePath) -> String? {
    guard case .file(let bytes, _)? = changes.first(where: { $0.target == path })?.kind else { return nil }
    return String(decoding: bytes, as: UTF8.self)
  }
}

struct HooksTests {
  @Test func gitsFolderHasTheScriptsAndTheStoreTheRest() throws {
    var bench = Bench()
    let proposal = try bench.propose()
    #expect(proposal.failures.isEmpty)
    let mark: FilePath = try #require(proposal.changes.first?.target)
    #expect(mark.string.hasPrefix("/shop/.git/outfit/project-"))
    #expect(proposal.changes.dropFirst().map(\.target) == ["/shop/.git/hooks/pre-commit"])
    #expect(proposal.changes.allSatisfy { $0.isNewPlace })
    var later = bench
    later.files[mark] = ("", 0o644)
    #expect(try later.propose().changes.allSatisfy { !$0.isNewPlace }, "who removes a hook of it means that")
    let object = try #require(proposal.objects.first)
    #expect(object.inputs == [bench.earlier.objects[0].id], "the configuration stands on the runner")
    #expect(proposal.changes.allSatisfy { $0.object == object.id })
    let yaml = try #require(proposal.configuration)
    // It is left out of what it passed, of which the end of its options is a word.
    let black = "/store/\(bench.earlier.objects[1].id)/bin/black"
    #expect(yaml.contains("entry: \"/home/ada/bin/outfit hooks cached black 2 \(black)\""))
    bench.profile.hooks["black"]?.value.isCached = false
    #expect(try bench.propose().configuration?.contains("entry: \"\(black)\"") == true)
    bench.profile.hooks["black"]?.value.isCached = nil
    #expect(yaml.contains("types_or: [\"python\", \"pyi\"]"))
    let script = try #require(proposal.text("/shop/.git/hooks/pre-commit"))
    #expect(script.hasPrefix("#!/bin/sh\n"))
    #expect(script.contains("PATH='/home/ada/bin':"))
    #expect(script.contains("exec outfit hooks run pre-commit \"$@\""))
    #expect(!script.contains("outfit-previous"))
  }

  @Test func withoutHooksNothingIsProposed() throws {
    #expect(try Bench([:]).propose().changes.isEmpty)
  }

  @Test func theUsersOwnHookIsKeptAndRunsFirst() throws {
    var bench = Bench()
    let own = "#!/bin/sh\necho mine\n"
    bench.files["/shop/.git/hooks/pre-commit"] = (own, 0o755)
    let first = try bench.propose()
    #expect(first.text("/shop/.git/hooks/pre-commit.outfit-previous") == own)
    let change = try #require(first.changes.last)
    #expect(change.carriesOn == Digest(of: own))
    let script = try #require(first.text("/shop/.git/hooks/pre-commit"))
    #expect(script.contains("'/shop/.git/hooks/pre-commit.outfit-previous' \"$@\" || exit"))
    #expect(script.contains("if [ -z \"$PRE_COMMIT_RUNNING_LEGACY\" ] && "))

    bench.files["/shop/.git/hooks/pre-commit"] = (script, 0o755)
    bench.files["/shop/.git/hooks/pre-commit.outfit-previous"] = (own, 0o755)
    let second = try bench.propose()
    #expect(second.changes.map(\.kind) == first.changes.map(\.kind), "the second run wants the same")
  }

  @Test func anotherRunnersHookRunsOnlyWhereItHasAConfiguration() throws {
    for name in ["pre-commit", "prek"] {
      var bench = Bench()
      let theirs = "#!/bin/sh\n# File generated by \(name): https://example\nexec x\n"
      bench.files["/shop/.git/hooks/pre-commit"] = (theirs, 0o755)
      #expect(try bench.propose().text("/shop/.git/hooks/pre-commit.outfit-previous") == nil)
      #expect(try bench.propose().changes.last?.carriesOn == Digest(of: theirs))
      bench.files["/shop/.pre-commit-config.yaml"] = ("repos: []\n", 0o644)
      #expect(try bench.propose().text("/shop/.git/hooks/pre-commit.outfit-previous") == theirs)
    }
  }

  @Test func stagesBecomeScripts() throws {
    let proposal = try Bench([
      "black": HookSection(stages: ["pre-commit", "pre-push", "manual"]),
      "note": HookSection(entry: ["./note.sh", "a b"], types: ["text"], stages: ["commit-msg"]),
    ]).propose()
    #expect(
      proposal.changes.map(\.target).filter { $0.starts(with: "/shop/.git/hooks") } == [
        "/shop/.git/hooks/commit-msg", "/shop/.git/hooks/pre-commit", "/shop/.git/hooks/pre-push",
      ])
    let yaml = try #require(proposal.configuration)
    #expect(yaml.contains("entry: \"./note.sh 'a b'\""))
    #expect(yaml.contains("types: [\"text\"]"))
  }

  @Test func whatCanNotRunIsSaid() throws {
    var bench = Bench([
      "black": HookSection(), "isort": HookSection(), "x": HookSection(stages: ["pre-comit"]),
    ])
    let failures = try bench.propose().failures.map(\.message)
    #expect(
      failures == [
        "the hook isort runs isort, which this project does not have",
        "the hook x wants the stage pre-comit, which git does not have",
      ])
    bench.profile.hooks["x"] = nil
    bench.profile.virtualenv = Sourced(VirtualenvSection(from: ["requirements.txt"]), bench.source)
    bench.lock.virtualenv = LockedRequirements(
      from: ["requirements.txt"], sourceDigest: Digest(of: ""), python: "3.13",
      requirements: "isort==6.0.1 \\\n    --hash=sha256:x\n")
    let proposal = try bench.propose()
    #expect(proposal.failures.isEmpty)
    #expect(
      proposal.configuration?
        .contains("entry: \"/shop/.venv/bin/isort --filter-files\"") == true)
  }

  @Test func noRepositoryIsAWarning() throws {
    var bench = Bench()
    bench.folders = []
    let proposal = try bench.propose()
    #expect(proposal.changes.isEmpty)
    #expect(proposal.notes.map(\.severity) == [.warning])
  }

  @Test func hooksPathInTheWorkTreeIsLeftAlone() throws {
    var bench = Bench()
    bench.files["/shop/.git/config"] = ("[core]\n\thooksPath = .husky/_\n", 0o644)
    let proposal = try bench.propose()
    #expect(proposal.changes.isEmpty)
    #expect(proposal.failures.first?.message.contains("/shop/.husky/_") == true)
    // The hooks can be called from there, and then all is well.
    #expect(proposal.configuration != nil)
    bench.files["/shop/.husky/pre-commit"] = ("outfit hooks run pre-commit\n", 0o755)
    #expect(try bench.propose().failures.isEmpty)

    bench.files["/shop/.git/config"] = ("", 0o644)
    bench.files["/home/ada/.gitconfig"] = ("[core]\nhookspath = ~/hooks # all\n", 0o644)
    #expect(try bench.propose().failures.first?.message.contains("/home/ada/hooks") == true)

    bench.files["/shop/.git/config"] = ("[core]\nhooksPath = \"/opt/shop hooks\"\n", 0o644)
    #expect(try bench.propose().changes.last?.target == "/opt/shop hooks/pre-commit")
  }

  @Test(arguments: [
    ("[include]\n\tpath = more\n", "/home/ada/more"),
    ("[includeIf \"gitdir:/sh*/\"]\npath = ~/more\n", "/home/ada/more"),
    ("[includeIf \"gitdir/i:SHOP/\"]\npath = ~/more # it\n", "/home/ada/more"),
  ])
  func hooksPathIsFoundWhereverGitReadsIt(_ text: String, _ file: FilePath) throws {
    var bench = Bench()
    bench.files["/home/ada/.gitconfig"] = (text, 0o644)
    bench.files[file] = ("[Core]\n hooksPath = \"~/my \\\"hooks\\\"\" ; here\n", 0o644)
    #expect(try bench.propose().failures.first?.message.contains("/home/ada/my \"hooks\"") == true)
    bench.files[file] = nil
    bench.files["/home/ada/.gitconfig"] = ("[includeIf \"gitdir:/other/\"]\npath = ~/more\n", 0o644)
    bench.files["/home/ada/more"] = ("[core]\nhooksPath = /x\n", 0o644)
    #expect(try bench.propose().failures.isEmpty)
    bench.files["/shop/.git/config"] = ("[extensions]\nworktreeConfig\n", 0o644)
    bench.files["/shop/.git/config.worktree"] = ("[core]\nhooksPath = .husky\n", 0o644)
    #expect(try bench.propose().failures.first?.message.contains("/shop/.husky") == true)
  }

  @Test func aWorktreeSharesTheHooksOfItsRepository() throws {
    var bench = Bench()
    bench.folders = ["/main/.git"]
    bench.files = [
      "/shop/.git": ("gitdir: /main/.git/worktrees/shop\n", 0o644),
      "/main/.git/worktrees/shop/commondir": ("../..\n", 0o644),
    ]
    #expect(try bench.propose().changes.last?.target == "/main/.git/hooks/pre-commit")
  }

  @Test func aProjectInAFolderOfTheRepositoryChecksThatFolder() throws {
    var bench = Bench()
    bench.root = "/shop/a.b/web"
    let yaml = try bench.propose().configuration
    #expect(yaml?.contains("files: \"^a\\\\.b/web/\"") == true)
    #expect(yaml?.contains("outfit-hook a.b/web") == true)
  }

  private func block(_ proposal: Proposal) -> Edit.Block? {
    let change = proposal.changes.first { $0.target == "/shop/.pre-commit-config.yaml" }
    guard case .edit(.block(let block))? = change?.kind else { return nil }
    return block
  }

  private func bench(_ file: HookSettings.File, _ text: String?) -> Bench {
    var bench = Bench(["black": HookSection(exclude: "(?x)^a$"), "own": HookSection(entry: ["./own"])])
    var settings = HookSettings()
    settings.file = file
    settings.exclude = "^vendor/"
    bench.profile.hookSettings = Sourced(settings, bench.source)
    bench.profile.tools["black"] = Sourced(ToolSection(extras: ["d"]), bench.source)
    bench.lock.tools["black"] = LockedTool(
      request: "black", version: Version([25, 1, 0]), programs: ["black"])
    bench.files["/shop/.pre-commit-config.yaml"] = text.map { ($0, 0o644) }
    return bench
  }

  @Test func theFileOfARepositoryHasTheHooksInABlock() throws {
    let text = "# ours\nrepos: # all\n- repo: x\n"
    let exec = try #require(block(try bench(.exec, text).propose()))
    #expect(exec.position == .below("repos:"))
    #expect(exec.body.contains("\n- repo: local\n  hooks:\n    - id: \"black\"\n"))
    #expect(
      exec.body.contains("        entry: \"outfit exec black\"\n") == false, "indented as the others are")
    #expect(exec.body.contains("      entry: \"outfit exec black\"\n"))
    #expect(exec.body.contains("entry: \"./own\""))
    #expect(exec.body.contains("exclude: \"(?:^vendor/)|(?x:^a$\\n)\""))
    let windows = text.split(separator: "\n").joined(separator: "\r\n")
    #expect(block(try bench(.exec, windows).propose()) == exec)
    let portable = try #require(block(try bench(.portable, nil).propose()))
    #expect(portable.body.hasPrefix("repos:\n  # Of outfit.yaml"))
    #expect(portable.body.contains("language: python\n        entry: \"black\""))
    #expect(portable.body.contains("additional_dependencies: [\"black[d]==25.1.0\"]"))
    // What its own repository has as it is here is had from there.
    var plain = bench(.portable, nil)
    plain.profile.tools["black"] = Sourced(ToolSection(with: ["click"]), plain.source)
    plain.profile.hooks["isort"] = Sourced(HookSection(arguments: ["--profile", "black"]), plain.source)
    plain.profile.tools["isort"] = Sourced(ToolSection(), plain.source)
    plain.lock.tools["isort"] = LockedTool(request: "isort", version: Version([6, 0]), programs: ["isort"])
    var isort = plain.earlier.claims[0]
    (isort.name, isort.label) = ("isort", "isort")
    plain.earlier.claims.append(isort)
    let remote = try #require(block(try plain.propose()))
    #expect(
      remote.body.contains(
        """
          - repo: https://github.com/psf/black-pre-commit-mirror
            rev: "25.1.0"
            hooks:
              - id: "black"
                name: "black"
                additional_dependencies: ["click"]
                args: ["--"]

        """), "\(remote.body)")
    #expect(
      remote.body.contains(
        """
          - repo: https://github.com/PyCQA/isort
            rev: "6.0"
            hooks:
              - id: "isort"
                name: "isort"
                args: ["--filter-files", "--profile", "black", "--"]

        """), "\(remote.body)")
    #expect(remote.body.contains("  - repo: local\n    hooks:\n      - id: \"own\""))
    // With the block in it the file asks for the same again.
    let whole = "# >>> outfit hooks >>>\n\(portable.body)# <<< outfit hooks <<<\n"
    #expect(block(try bench(.portable, whole).propose())?.body == portable.body)
    // Whoever runs the file too leaves out what the block has.
    var other = bench(.exec, text)
    other.files["/shop/.git/hooks/pre-commit"] = ("#!/bin/sh\n# File generated by pre-commit: x\n", 0o755)
    let script = try other.propose().text("/shop/.git/hooks/pre-commit")
    #expect(script?.contains("SKIP='black,own'${SKIP:+,$SKIP} '/shop/.git/hooks/pre-commit.outfit") == true)
  }

  @Test func noBlockStandsWhereItCanNot() throws {
    let line = try bench(.exec, "repos: [{repo: meta}]\n").propose()
    #expect(block(line) == nil && line.failures.first?.location?.line == 1)
    var below = bench(.exec, nil)
    below.root = "/shop/web"
    #expect(block(try below.propose()) == nil)
    var kept = bench(.exec, nil)
    kept.profile.layers = [
      Layer(kind: .profile, name: "shop", address: "/me", folder: "/me", manifest: "/me/outfit.yaml")
    ]
    let proposal = try kept.propose()
    #expect(block(proposal) == nil)
    #expect(proposal.notes.contains { $0.message.contains("kept outside of the repository") })
  }
}

struct HookRunTests {
  private let file: FilePath = "/store/git-hooks-1/hooks.yaml"
  private let list: FilePath = "/shop/.git/outfit/hooks/files"

  private func words(_ run: HookRun, _ files: HookFiles.Selection = .listed([])) throws -> [String] {
    try run.words(file, files, list: list)
  }

  /// Without files it would stash what is not staged, and roll back.
  @Test func theRunnerIsAlwaysGivenItsFiles() throws {
    let common = ["run", "--config", file.string, "--stage"]
    let listed = ["--files0-from", list.string]
    #expect(try words(HookRun()) == common + ["pre-commit"] + listed)
    #expect(
      try words(HookRun(type: "pre-push", arguments: ["origin", "url"]))
        == common + ["pre-push", "--remote-name", "origin", "--remote-url", "url"] + listed)
    #expect(
      try words(HookRun(type: "commit-msg", arguments: ["m"])) == common
        + ["commit-msg", "--commit-msg-filename", "m"] + listed)
    #expect(
      try words(HookRun(type: "post-checkout", arguments: ["a", "b", "1"])) == common
        + ["post-checkout", "--checkout-type", "1"] + listed)
    #expect(
      try words(HookRun(selection: .allFiles, hooks: ["black"], showsDiff: true), .allFiles)
        == common + ["pre-commit", "--show-diff-on-failure", "black", "--all-files"])
    #expect(
      try words(HookRun(selection: .files(["x.py"]), hooks: ["black"]), .named(["x.py"])).suffix(3)
        == ["black", "--files", "x.py"])
    #expect(throws: (any Error).self) { try words(HookRun(type: "commit-msg")) }
  }

  @Test func inputReachesBothHooks() {
    let script = HookScript(
      type: "pre-push", path: "/r/hooks/pre-push", bin: "/b", previous: "/r/hooks/pre-push.outfit-previous")
    #expect(script.text.contains("printf '%s\\n' \"$input\" | outfit hooks run pre-push \"$@\""))
  }
}
