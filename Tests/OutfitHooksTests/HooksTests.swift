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
    guard case .tree(let entries)? = objects.last?.recipe, case .file(let bytes, _)? = entries.first?.content
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
    let bench = Bench()
    let proposal = try bench.propose()
    #expect(proposal.failures.isEmpty)
    #expect(proposal.changes.map(\.target) == ["/shop/.git/hooks/pre-commit"])
    let object = try #require(proposal.objects.first)
    #expect(object.inputs == [bench.earlier.objects[0].id], "the configuration stands on the runner")
    #expect(proposal.changes.allSatisfy { $0.object == object.id })
    let yaml = try #require(proposal.configuration)
    #expect(yaml.contains("entry: \"/store/\(bench.earlier.objects[1].id)/bin/black\""))
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

    bench.files["/shop/.git/config"] = ("", 0o644)
    bench.files["/home/ada/.gitconfig"] = ("[core]\nhookspath = ~/hooks # all\n", 0o644)
    #expect(try bench.propose().failures.first?.message.contains("/home/ada/hooks") == true)

    bench.files["/shop/.git/config"] = ("[core]\nhooksPath = \"/opt/shop hooks\"\n", 0o644)
    #expect(try bench.propose().changes.last?.target == "/opt/shop hooks/pre-commit")
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
  }

  @Test func thePortableFormAsksOutfit() {
    var bench = Bench()
    bench.profile.tools["black"] = Sourced(ToolSection(), bench.source)
    let text = HookConfiguration.portable(bench.profile).text
    #expect(text.contains("entry: \"outfit exec black --\""))
  }
}

struct HookRunTests {
  @Test func runnersWords() {
    let file: FilePath = "/store/git-hooks-1/hooks.yaml"
    let common = ["--config", file.string]
    #expect(HookRun().words(file) == ["run"] + common + ["--stage", "pre-commit"])
    #expect(
      HookRun(type: "pre-push", arguments: ["origin", "url"]).words(file)
        == ["hook-impl"] + common + ["--hook-type", "pre-push", "--", "origin", "url"])
    #expect(
      HookRun(selection: .allFiles, hooks: ["black"], showsDiff: true).words(file)
        == ["run"] + common
        + ["--stage", "pre-commit", "--show-diff-on-failure", "--all-files", "black"])
    #expect(
      HookRun(selection: .commits(from: "a", to: "b")).words(file)
        == ["run"] + common + ["--stage", "pre-commit", "--from-ref", "a", "--to-ref", "b"])
    #expect(
      HookRun(selection: .files(["x.py"]), hooks: ["black"]).words(file).suffix(3)
        == ["black", "--files", "x.py"])
  }

  @Test func inputReachesBothHooks() {
    let script = HookScript(
      type: "pre-push", path: "/r/hooks/pre-push", bin: "/b", previous: "/r/hooks/pre-push.outfit-previous")
    #expect(script.text.contains("printf '%s\\n' \"$input\" | outfit hooks run pre-push \"$@\""))
  }
}
