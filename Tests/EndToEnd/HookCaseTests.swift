import Foundation
import OutfitSystem
import SystemPackage
import Testing

/// What users of other hook managers complain of, each case as they met it.
struct HookCaseTests {
  /// What the hook `say` was given since the last look.
  private func said(_ scene: HookScene) throws -> String? {
    let said = scene.machine.home.appending("said")
    guard let text = try scene.machine.read("said") else { return nil }
    try scene.machine.files.remove(said)
    return text
  }

  private static let say = "[sh, -c, 'for f in \"$@\"; do echo \"$f\" >>$HOME/said; done', --]"

  @Test func aCloneMadeAnewHasItsHooks() async throws {
    let scene = try await HookScene(["say: {entry: \(Self.say), files: txt}"])
    try await scene.shell("git clone -q shop other && rm -rf shop && mv other shop", at: "")
    let up = try await scene.outfit("up", "--trust")
    #expect(!up.errorText.contains("removed since"), "\(up.errorText)")
    try scene.write("a.txt", "new\n")
    try await scene.shell("git commit -qam x")
    #expect(try said(scene) == "a.txt\n")
    // Who removes the hook of a repository that stays means that.
    try await scene.shell("rm .git/hooks/pre-commit")
    #expect(try await scene.machine.outfit("up", at: HookScene.folder).status == 4)
    #expect(try scene.text(".git/hooks/pre-commit") == nil)
  }

  /// A worktree that was never brought up, of a project that alone brought Outfit.
  @Test func aWorktreeNeedsNoOutfitOfItsOwn() async throws {
    let machine = try Machine()
    try machine.write(".gitconfig", "[user]\n\temail = ada@example.org\n\tname = Ada\n")
    try machine.write(
      "shop/outfit.yaml",
      """
      profile: shop
      interpreters: {python: {versions: [">=3.10"], system: true}}
      hooks: {say: {entry: \(Self.say), files: txt}}

      """)
    let made = try await machine.login("git init -q && git add -A && git commit -qm first", at: "shop")
    try #require(made.succeeded, "\(made.errorText)")
    let up = try await machine.outfit("up", "--trust", at: "shop")
    try #require(up.status == 0, "\(up.errorText)")
    let tree = try await machine.login("git worktree add -q ../tree", at: "shop")
    try #require(tree.succeeded, "\(tree.errorText)")
    // As a program with a bare PATH starts git.
    let commit = try await machine.run(
      "/usr/bin/env",
      [
        "-i", "PATH=/usr/bin:/bin", "HOME=\(machine.home)", "sh", "-c",
        "echo x >a.txt; git add a.txt; git commit -qm x",
      ],
      at: "tree")
    #expect(commit.status == 0, "\(commit.errorText)")
    #expect(try machine.read("said") == "a.txt\n")
  }

  @Test func aBranchIsCheckedByItsOwnVersions() async throws {
    let scene = try await HookScene(["isort: {}"], tools: "isort: 6.0.0")
    try scene.write("a.py", "import b\nimport a\n")
    try await scene.shell("git add -A && git checkout -q -b new")
    let manifest = try #require(try scene.text("outfit.yaml"))
    try scene.write("outfit.yaml", manifest.replacingOccurrences(of: "6.0.0", with: "6.0.1"))
    _ = try await scene.outfit("up", "--trust")
    try await scene.shell("SKIP=isort git commit -qam new")
    try await scene.shell("sleep 1; git checkout -q main")
    try scene.write("c.py", "x = 1\n")
    let commit = try await scene.shell("git add -A && git commit -qm old")
    #expect(commit.errorText.contains("the hooks run isort 6.0.0, as this branch's"), "\(commit.errorText)")
    let lock = try #require(try scene.text("outfit.lock"))
    try scene.write(
      "outfit.lock", lock.replacingOccurrences(of: "version: \"6.0.0\"", with: "version: \"1.2.3\""))
    let other = try await scene.shell("git commit -q --allow-empty -m x", fails: true)
    #expect(other.errorText.contains("isort 1.2.3 (6.0.1 is up)"), "\(other.errorText)")
    #expect(other.errorText.contains("`outfit up`"))
    try await scene.shell(
      "git checkout -q outfit.lock && git checkout -q new && git commit -q --allow-empty -m x")
  }

  @Test func settingsHoldForAllHooksAndTheFileHasThem() async throws {
    let scene = try await HookScene([
      "tabs: {language: pygrep, entry: \"\\t\", files: txt, name: no tabs}",
      "zsay: {entry: \(Self.say), files: txt}",
    ])
    let manifest = try #require(try scene.text("outfit.yaml"))
    try scene.write(
      "outfit.yaml", manifest + "hook-settings: {exclude: ^vendor/, fail_fast: true, file: exec}\n")
    try scene.write(
      ".pre-commit-config.yaml", "# mine\nrepos:\n- repo: meta # all\n  hooks: [{id: identity}]\n")
    _ = try await scene.outfit("up", "--trust")
    try scene.write("vendor/v.txt", "a\tb\n")
    try await scene.shell("git add -A && git commit -qm vendor")
    #expect(try said(scene) == nil, "nothing but what is excluded")
    try scene.write("b.txt", "a\tb\n")
    let stopped = try await scene.shell("git add -A && git commit -qm tabs", fails: true)
    #expect("\(stopped.outputText)\(stopped.errorText)".contains("no tabs"))
    #expect(try said(scene) == nil, "no hook runs after one that fails")
    let file = try #require(try scene.text(".pre-commit-config.yaml"))
    #expect(file.hasPrefix("# mine\nrepos:\n# >>> outfit hooks >>>\n# Of outfit.yaml"), "\(file)")
    #expect(
      file.hasSuffix("# <<< outfit hooks <<<\n- repo: meta # all\n  hooks: [{id: identity}]\n"), "\(file)")
    // The runner that we have reads it as it stands.
    let store = scene.machine.home.pushing(".local/share/outfit/store")
    let run = try await scene.shell(
      "\(store)/prek-*/bin/prek run --all-files tabs", fails: true)
    #expect("\(run.outputText)\(run.errorText)".contains("b.txt") || run.outputText.contains("no tabs"))
    _ = try await scene.outfit("rollback")
    #expect(
      try scene.text(".pre-commit-config.yaml")
        == "# mine\nrepos:\n- repo: meta # all\n  hooks: [{id: identity}]\n")
  }

  @Test func hooksThatGitDoesNotFindAreSaid() async throws {
    let scene = try await HookScene(["say: {entry: \(Self.say), files: txt}"])
    #expect(try await scene.machine.outfit("doctor").outputText.contains("core.hooksPath") == false)
    try await scene.shell("mkdir -p .husky/_ && git config core.hooksPath .husky/_")
    let moved = try await scene.machine.outfit("doctor")
    #expect(moved.outputText.contains("git looks for its hooks in"), "\(moved.outputText)\(moved.errorText)")
    try await scene.shell("git config --unset core.hooksPath")
    try scene.write(".git/hooks/pre-commit", "#!/bin/sh\nif [ \"$LEFTHOOK\" = 0 ]; then exit 0; fi\n")
    let other = try await scene.machine.outfit("doctor")
    #expect(
      other.outputText.contains("lefthook's pre-commit hook stands where Outfit's was"), "\(other.outputText)"
    )
    try await scene.shell("git commit -q --allow-empty -m x")
  }

  @Test func aProjectBelowTheTopCountsFromItsFolder() async throws {
    let scene = try await HookScene(["say: {entry: \(Self.say), files: txt}"])
    try scene.machine.write(
      "shop/web site/outfit.yaml",
      """
      profile: web
      interpreters: {python: {versions: [">=3.10"], system: true}}
      hooks:
        chk: {entry: ./scripts/chk.sh, files: "^src/"}

      """)
    try scene.machine.write(
      "shop/web site/scripts/chk.sh",
      "#!/bin/sh\npwd >>$HOME/said\nfor f; do echo \"$f\" >>$HOME/said; done\n",
      mode: 0o755)
    let up = try await scene.machine.outfit("up", "--trust", at: "shop/web site")
    #expect(up.status == 0, "\(up.errorText)")
    try scene.write("web site/src/x.py", "x = 1\n")
    try scene.write("src/y.py", "y = 1\n")
    try await scene.shell("git add -A && git commit -qm x")
    #expect(try said(scene)?.contains("\(scene.machine.home)/shop/web site\nsrc/x.py\n") == true)
  }

  @Test func hooksOfStagesWithoutFilesRun() async throws {
    let scene = try await HookScene([
      "ran: {entry: 'sh -c \"echo $PRE_COMMIT_CHECKOUT_TYPE >>$HOME/said\"', stages: [post-checkout, post-commit]}",
      "msg: {entry: [sh, -c, 'cat \"$1\" >>$HOME/said', --], stages: [commit-msg]}",
    ])
    try scene.write("c.txt", "mine\n")
    try scene.write("a.txt", "x\n")
    _ = try said(scene)
    let commit = try await scene.shell("git commit -qm 'the message' a.txt")
    #expect(try said(scene) == "the message\n\n")
    #expect(
      !"\(commit.outputText)\(commit.errorText)".contains("hooks.yaml"),
      "the engine's files are nobody's business")
    try await scene.shell("git checkout -q -b other")
    #expect(try said(scene) == "1\n")
    #expect(try scene.text("c.txt") == "mine\n")
  }

  @Test func everyReferenceOfAPushIsLookedAt() async throws {
    let scene = try await HookScene([
      "nobad: {entry: [sh, -c, 'for f; do echo \"$f\" >>$HOME/said; done; ! grep -l BAD \"$@\"', --], files: txt, stages: [pre-push]}"
    ])
    try await scene.shell(
      "git init -q --bare ../remote.git && git remote add origin ../remote.git && git push -q origin main && git checkout -q -b good"
    )
    _ = try said(scene)
    try await scene.shell(
      "echo good >a.txt; git commit -qam good; git checkout -q -b bad; echo BAD >bad.txt; git add bad.txt; git commit -qm bad; git checkout -q good"
    )
    try scene.write("c.txt", "BAD, but not pushed\n")
    try await scene.shell("git push -q origin good bad", fails: true)
    #expect(try said(scene)?.split(separator: "\n").sorted() == ["a.txt", "a.txt", "bad.txt"])
    try await scene.shell("git push -q origin bad", fails: true)
    _ = try said(scene)
    try await scene.shell("git push -q origin good && git tag -a -m t t1 && git push -q origin t1")
    #expect(try said(scene) == "a.txt\n", "the other side has what the tag names")
    #expect(try await scene.shell("git -C ../remote.git branch").outputText.contains("bad") == false)
    try await scene.shell("git push -q origin :good")
    #expect(try said(scene) == nil)
    #expect(try scene.text("c.txt") == "BAD, but not pushed\n")
    #expect(try await scene.shell("git worktree list | wc -l").outputText.contains("1"))
  }

  @Test func aNameWithADashIsNoOption() async throws {
    let scene = try await HookScene([
      "say: {entry: [sh, -c, 'for f; do case $f in -*) exit 3;; esac; echo \"$f\" >>$HOME/said; done', --], files: py}"
    ])
    try scene.write("-dash.py", "x = 1\n")
    try scene.write("--force-exclude=.py", "x = 1\n")
    try await scene.shell("git add -A && git commit -qm x")
    let names = try said(scene)?.split(separator: "\n").sorted()
    #expect(names == ["./--force-exclude=.py", "./-dash.py"])
  }

  @Test func preCommitOverOursBlocksNothing() async throws {
    let scene = try await HookScene(["say: {entry: \(Self.say), files: txt}"])
    try scene.write("a.txt", "new\n")
    try await scene.shell("git add -A")
    // pre-commit keeps the hook that it finds, marks its run, and runs it.
    try await scene.shell(
      "printf '#!/bin/sh\\nexit 1\\n' >.git/hooks/pre-commit.outfit-previous; chmod +x .git/hooks/*")
    let run = try await scene.shell("PRE_COMMIT_RUNNING_LEGACY=1 .git/hooks/pre-commit")
    #expect(run.status == 0)
    #expect(try said(scene) == "a.txt\n")
  }

  @Test func aLinkThatLeadsNowhereIsLookedAt() async throws {
    let scene = try await HookScene([
      "links: {entry: [sh, -c, 'echo \"$@\" >>$HOME/said', --], types: [symlink]}"
    ])
    try await scene.shell("ln -s nowhere gone && git add gone && git commit -qm x")
    #expect(try said(scene) == "gone\n")
  }

  @Test func aMergesOwnFilesAreLookedAt() async throws {
    let scene = try await HookScene(["say: {entry: \(Self.say), files: txt}"])
    try await scene.shell(
      """
      git checkout -q -b other; echo other >a.txt; echo new >other.txt; git add -A; git commit -qm other --no-verify
      git checkout -q main; echo main >a.txt; git commit -qam main --no-verify; git merge -q other; echo both >a.txt; git add a.txt
      """)
    try await scene.shell("git commit -qm merged")
    #expect(try said(scene) == "a.txt\n")
    try await scene.shell(
      "git checkout -q -b third; echo x >a.txt; git commit -qam x --no-verify; git merge -q other",
      fails: false)
  }

  @Test func conflictsStopARun() async throws {
    let scene = try await HookScene(["say: {entry: \(Self.say), files: txt}"])
    try await scene.shell(
      """
      git checkout -q -b other; echo other >a.txt; git commit -qam other --no-verify
      git checkout -q main; echo main >a.txt; git commit -qam main --no-verify; git merge -q other || true
      """)
    let run = try await scene.outfit("hooks", "run", fails: true)
    #expect(run.errorText.contains("a.txt has a conflict that is not resolved"), "\(run.errorText)")
  }

  /// What the repository has for its hooks runs in its place among the others, at the commit that the lock has.
  @Test func hooksOfARepositoryAreLockedByCommit() async throws {
    let scene = try await HookScene(["zeta: {entry: \(Self.say), files: txt}"])
    let home = scene.machine.home.string
    try scene.machine.write(
      "hooks/.pre-commit-hooks.yaml",
      "- {id: terms, name: terms, language: script, entry: ./terms.sh, files: txt, verbose: true}\n")
    try scene.machine.write("hooks/terms.sh", "#!/bin/sh\necho first terms\n")
    try await scene.shell(
      "chmod +x terms.sh && git init -q && git add -A && git commit -qm one && git tag v1", at: "hooks")
    try scene.write(
      ".pre-commit-config.yaml",
      "repos:\n- repo: \(home)/hooks\n  rev: v1\n  hooks: [{id: terms}]\n- repo: \(home)/none\n  rev: v1\n  hooks: [{id: lost}]\n"
    )
    let taken = try await scene.outfit("import", "pre-commit")
    #expect(taken.outputText.contains("2 taken, 0 changed, 0 left"), "\(taken.outputText)")
    let refused = try await scene.outfit("up", fails: true)
    #expect(
      refused.status == 4 && refused.errorText.contains("and terms of \(home)/hooks at v1"),
      "\(refused.errorText)")
    // One that can't be had is named, and stops nothing.
    let up = try await scene.outfit("up", "--trust")
    #expect(up.errorText.contains("the hook lost is left out"), "\(up.errorText)")
    #expect(try scene.text("outfit.lock")?.contains("hooks@v1") == true)
    // A tag that moves moves nothing.
    try scene.machine.write("hooks/terms.sh", "#!/bin/sh\necho moved\nexit 1\n")
    try await scene.shell("git commit -qam two && git tag -f v1", at: "hooks")
    try scene.write("a.txt", "two\n")
    let commit = try await scene.shell("git add a.txt && git commit -qm change 2>&1")
    #expect(commit.outputText.contains("first terms"), "\(commit.outputText)")
    let names = commit.outputText.split(separator: "\n").filter { $0.contains("...") }
    #expect(names.map { $0.prefix { $0 != "." } } == ["zeta", "terms"], "\(commit.outputText)")
    try scene.write("a.txt", "three\n")
    let alone = try await scene.outfit("hooks", "run", "--all-files", "--hook", "terms")
    #expect(alone.outputText.contains("first terms"))
    let locked = try scene.text("outfit.lock")
    _ = try await scene.outfit("update")
    #expect(try scene.text("outfit.lock") != locked)
    try await scene.shell("git add a.txt && git commit -qm again", fails: true)
  }

  @Test func theConfigurationOfPreCommitIsTakenOver() async throws {
    let scene = try await HookScene(["say: {entry: \(Self.say), files: txt}"])
    try scene.write(
      ".pre-commit-config.yaml",
      """
      exclude: ^vendor/
      repos:
        - repo: https://github.com/psf/black-pre-commit-mirror
          rev: 24.10.0
          hooks:
            - id: black
              args: [--line-length, "99"]
        - repo: https://example.org/x
          rev: v1.0
          hooks: [{id: other}]

      """)
    let dry = try await scene.outfit("import", "pre-commit", "--dry-run")
    #expect(dry.outputText.contains("Nothing was written"))
    let rows = try await scene.outfit("import", "pre-commit", "--dry-run", "--json")
    #expect(
      rows.outputText.contains("\"taken\"") && rows.outputText.contains("\"changed\": true"),
      "\(rows.outputText)")
    let run = try await scene.outfit("import", "pre-commit")
    #expect(run.outputText.contains("2 taken, 1 changed, 0 left"), "\(run.outputText)")
    #expect(run.outputText.contains("10    other"), "\(run.outputText)")
    let manifest = try scene.text("outfit.yaml") ?? ""
    #expect(manifest.contains("black: 24.10.0") || manifest.contains("black: \"24.10.0\""), "\(manifest)")
    #expect(try await scene.outfit("import", "pre-commit").outputText.contains("Nothing to do"))
    #expect(try await scene.machine.outfit("status", at: HookScene.folder).status != 2)
    // And a tool that is pinned elsewhere too.
    try scene.write("requirements-dev.txt", "Black==23.1.0  # old\n")
    try await scene.shell("git add -A")
    try scene.write(
      "outfit.lock",
      (try scene.text("outfit.lock") ?? "") + "  black:\n    request: \"black\"\n    version: \"24.10.0\"\n")
    let check = try await scene.outfit("hooks", "check", fails: true)
    #expect(check.status == 3)
    #expect(
      check.outputText.contains("requirements-dev.txt:1: black 23.1.0\n  outfit.lock:"), "\(check.outputText)"
    )
    let drifts = try await scene.outfit("hooks", "check", "--json", fails: true)
    #expect(drifts.status == 3 && drifts.outputText.contains("requirements-dev.txt"), "\(drifts.outputText)")
    let fixed = try await scene.outfit("hooks", "check", "--fix", "--json")
    #expect(fixed.outputText.contains("\"mended\": true"), "\(fixed.outputText)")
    #expect(try scene.text("requirements-dev.txt") == "Black==24.10.0  # old\n")
    _ = try await scene.outfit("hooks", "check")
  }
}
