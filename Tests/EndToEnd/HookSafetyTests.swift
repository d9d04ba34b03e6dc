import OutfitSystem
import SystemPackage
import Testing

/// Work that is not staged, while hooks run over what is.
struct HookSafetyTests {
  /// A hook that takes its time, says that it began, and mends `bad` in one file.
  private static func slow(_ file: String = "a.txt") -> String {
    "slow: {entry: [sh, -c, 'touch $HOME/began; sleep 2; sed -i s/bad/GOOD/ \(file)', --], files: '^\(file)$'}"
  }

  /// Commits, waits until the hook is at work, and does something else meanwhile.
  private func during(_ scene: HookScene, _ command: String, meanwhile: String) async throws -> Completion {
    try await scene.shell(
      """
      rm -f $HOME/began; set -m; \(command) & job=$!
      while [ ! -e $HOME/began ]; do sleep 0.02; done
      \(meanwhile)
      wait $job; echo "status $?"
      """)
  }

  @Test func fixesMeetWorkBesideThem() async throws {
    let scene = try await HookScene(["fix: {entry: [sed, -i, 's/bad/GOOD/'], types: [text], files: 'txt$'}"])
    try scene.write("a.txt", "bad\ntwo\nthree\nfour\n")
    try scene.write("b.txt", "bad here\n")
    try await scene.shell("git add -A")
    try scene.write("a.txt", "bad\ntwo\nthree\nfour\nmine\n")
    try scene.write("b.txt", "bad here, and mine\n")
    try scene.write("c.txt", "clean and mine\n")
    let commit = try await scene.shell("git commit -qm x", fails: true)
    #expect(try scene.text("a.txt") == "GOOD\ntwo\nthree\nfour\nmine\n")
    // What overlaps is dropped there alone, and kept.
    #expect(try scene.text("b.txt") == "bad here, and mine\n")
    #expect(try scene.text("c.txt") == "clean and mine\n")
    #expect(commit.errorText.contains("b.txt: what the hooks changed overlaps"), "\(commit.errorText)")
    try scene.expectInOrder()
    let list = try await scene.outfit("hooks", "saved")
    let id = String(list.outputText.split(separator: "\n").last?.split(separator: " ").first ?? "")
    #expect(commit.errorText.contains("outfit hooks saved show \(id)"))
    let kept = try await scene.outfit("hooks", "saved", "--json")
    #expect(kept.outputText.contains("\"\(id)\"") && kept.outputText.contains("b.txt"), "\(kept.outputText)")
    #expect(try await scene.outfit("hooks", "saved", "show", id, "--json").outputText.contains("b.txt"))
    let show = try await scene.outfit("hooks", "saved", "show", id)
    #expect(show.outputText.contains("hooks' version  b.txt"), "\(show.outputText)")
    #expect(
      try await scene.outfit("hooks", "saved", "show", id, "b.txt", "--hooks-version").outputText
        == "GOOD here\n")
    #expect(try await scene.outfit("hooks", "saved", "show", id, "c.txt").outputText == "clean and mine\n")
    // Whatever becomes of it, it comes back; and that can be undone too.
    try await scene.shell("git checkout -q -- .")
    let restored = try await scene.outfit("hooks", "saved", "restore", id)
    #expect(try scene.text("c.txt") == "clean and mine\n")
    #expect(try scene.text("a.txt") == "bad\ntwo\nthree\nfour\nmine\n")
    let back = String(restored.errorText.split(separator: " ").last ?? "").filter { !$0.isWhitespace }
    _ = try await scene.outfit("hooks", "saved", "restore", back, "c.txt")
    #expect(try scene.text("c.txt") == "clean\n")
    let again = try await scene.outfit("hooks", "saved", "restore", id, "c.txt", "--json")
    #expect(again.outputText.contains("\"changed\": true"), "\(again.outputText)")
    #expect(try await scene.outfit("hooks", "saved", "show", "zzz", fails: true).status == 2)
  }

  @Test func anEditorsSaveStays() async throws {
    let scene = try await HookScene([Self.slow()])
    try scene.write("b.txt", "first\n")
    try scene.write("d.txt", "first\n")
    try scene.write("a.txt", "bad\n")
    try await scene.shell("git add -A")
    try scene.write("a.txt", "bad\nand mine\n")
    try scene.write("b.txt", "first\nmine\n")
    let done = try await during(
      scene, "git commit -qm x",
      meanwhile: "echo 'EDITOR SAVE' >c.txt; printf 'first\\nmine\\nand more\\n' >b.txt; echo saved >d.txt")
    #expect(done.outputText.contains("status 1"))
    #expect(try scene.text("c.txt") == "EDITOR SAVE\n", "a file without any change")
    #expect(try scene.text("b.txt") == "first\nmine\nand more\n", "a file whose work was set aside")
    #expect(try scene.text("d.txt") == "saved\n", "a file that is staged")
    #expect(try scene.text("a.txt") == "bad\nand mine\n")
  }

  @Test(arguments: ["INT", "INT twice", "TERM", "HUP"])
  func aSignalEndsTheHooksAndPutsAllBack(_ signal: String) async throws {
    let scene = try await HookScene([
      "slow: {entry: [sh, -c, 'trap \"\" INT TERM HUP; setsid sleep 61 & touch $HOME/began; sleep 60', --], files: txt}"
    ])
    try scene.write("a.txt", "staged\n")
    try await scene.shell("git add -A")
    try scene.write("a.txt", "staged\nmine\n")
    try scene.write("c.txt", "mine\n")
    let name = signal.split(separator: " ")[0]
    let send = "kill -\(name) -- -$job"
    let done = try await during(
      scene, "outfit hooks run",
      meanwhile: send + (signal.hasSuffix("twice") ? "; sleep 0.1; \(send) 2>/dev/null" : ""))
    #expect(done.outputText.contains("status 130"), "\(done.outputText)\(done.errorText)")
    #expect(try scene.text("a.txt") == "staged\nmine\n")
    #expect(try scene.text("c.txt") == "mine\n")
    #expect(try await scene.running() == 0)
    try scene.expectInOrder()
  }

  /// Nobody is left who could put it in order: the next verb does.
  @Test func afterSIGKILLTheHooksEndAndTheNextVerbSaysSo() async throws {
    let scene = try await HookScene([
      "slow: {entry: [sh, -c, 'trap \"\" INT TERM HUP; setsid sleep 61 & touch $HOME/began; sleep 60', --], files: txt}"
    ])
    try scene.write("a.txt", "staged\n")
    try await scene.shell("git add -A")
    try scene.write("a.txt", "staged\nmine\n")
    _ = try await during(scene, "outfit hooks run", meanwhile: "kill -9 $job")
    var turns = 0
    while try await scene.running() > 0, turns < 50 {
      _ = try await scene.machine.login("sleep 0.1")
      turns += 1
    }
    #expect(try await scene.running() == 0, "the hooks outlived it")
    #expect(try scene.text("a.txt") == "staged\n")
    // From anywhere.
    let status = try await scene.machine.outfit("which", "git", at: "me")
    #expect(
      status.errorText.contains("was ended: what was not staged is as it was, 1 path put back"),
      "\(status.errorText)")
    #expect(try scene.text("a.txt") == "staged\nmine\n")
    try scene.expectInOrder()
    #expect(try await scene.outfit("status").errorText.contains("was ended") == false)
  }

  @Test func afterAnotherCheckoutWorkIsOfferedNotForced() async throws {
    let scene = try await HookScene([Self.slow()])
    try scene.write("a.txt", "staged\n")
    try await scene.shell("git add -A")
    try scene.write("a.txt", "mine\n")
    try scene.write("c.txt", "mine\n")
    _ = try await during(scene, "outfit hooks run", meanwhile: "kill -9 $job")
    try await scene.shell(
      "git commit -q --no-verify -m other; echo later >a.txt; git commit -qa --no-verify -m later")
    let status = try await scene.outfit("status")
    #expect(status.errorText.contains("another commit was checked out since"), "\(status.errorText)")
    #expect(try scene.text("a.txt") == "later\n")
    #expect(try scene.text("c.txt") == "mine\n", "what is as it was then has its work again")
    let id = try #require(
      try await scene.outfit("hooks", "saved").outputText.split(separator: "\n").last?.split(separator: " ")
        .first)
    _ = try await scene.outfit("hooks", "saved", "restore", String(id), "a.txt")
    #expect(try scene.text("a.txt") == "mine\n")
  }

  @Test func whatAHookUnstagesIsKept() async throws {
    let scene = try await HookScene([
      "reset: {entry: [git, reset, -q, --hard], pass_filenames: false, files: txt}"
    ])
    try scene.write("a.txt", "staged\n")
    try scene.write("new.txt", "new\n")
    try await scene.shell("git add -A")
    try scene.write("c.txt", "mine\n")
    let run = try await scene.machine.outfit("hooks", "run", at: HookScene.folder)
    #expect(
      run.errorText.contains("a.txt, new.txt: staged before the hooks ran, and not after them"),
      "\(run.errorText)")
    #expect(try scene.text("c.txt") == "mine\n")
    try await scene.shell("git gc -q --prune=now")
    let id = try #require(
      try await scene.outfit("hooks", "saved").outputText.split(separator: "\n").last?.split(separator: " ")
        .first)
    _ = try await scene.outfit("hooks", "saved", "restore", String(id))
    #expect(try await scene.shell("git show :a.txt :new.txt").outputText == "staged\nnew\n")
  }

  @Test func aSecondRunWaits() async throws {
    let scene = try await HookScene([
      "slow: {entry: [sh, -c, 'touch $HOME/began; while [ ! -e $HOME/go ]; do sleep 0.05; done; sed -i s/bad/GOOD/ a.txt', --], files: '^a.txt$'}"
    ])
    try scene.write("a.txt", "bad\n")
    try await scene.shell("git add -A")
    try scene.write("c.txt", "mine\n")
    let done = try await during(
      scene, "outfit hooks run",
      meanwhile: """
        outfit hooks run 2>$HOME/second & other=$!
        turns=0; while ! grep -q already $HOME/second && [ $turns -lt 400 ]; do sleep 0.05; turns=$((turns + 1)); done
        touch $HOME/go; wait $other; echo "second $?"
        """)
    #expect(try scene.machine.read("second")?.contains("hooks are running here already") == true)
    #expect(
      done.outputText.contains("second 1"), "it saw what is staged: \(done.outputText)\(done.errorText)"
    )
    #expect(try scene.text("c.txt") == "mine\n")
    #expect(try scene.text("a.txt") == "GOOD\n")
  }

  @Test func aHookMayRunHooks() async throws {
    let scene = try await HookScene([
      "outer: {entry: [sh, -c, 'outfit hooks run --hook inner --all-files', --], pass_filenames: false, files: txt}",
      "inner: {entry: [sh, -c, 'touch $HOME/inner', --], stages: [pre-commit, manual]}",
    ])
    try scene.write("a.txt", "staged\n")
    try await scene.shell("git commit -qam x")
    #expect(try scene.machine.read("inner") != nil)
  }

  /// A test that a hook runs makes a repository of its own, and must not commit into the user's.
  @Test func aHooksOwnGitIsAnotherRepository() async throws {
    let scene = try await HookScene(["t: {entry: ./t.sh, pass_filenames: false, files: txt}"])
    try scene.machine.write(
      "shop/t.sh",
      "#!/bin/sh\nenv | grep ^GIT_ >>$HOME/variables\ncd $(mktemp -d); git init -q; echo t >t.txt; git add t.txt; git commit -qm 'from a test' --no-verify\n",
      mode: 0o755)
    try await scene.shell("git add t.sh && git commit -q --no-verify -m t && git worktree add -q ../tree")
    for (folder, command) in [
      ("tree", "echo 2 >a.txt; git add a.txt; git commit -qm mine"),
      ("shop", "echo 3 >a.txt; git commit -qam mine"),
      ("shop", "echo 4 >a.txt; echo 5 >c.txt; git commit -qm mine a.txt"),
    ] {
      try await scene.shell(command, at: folder)
      #expect(
        try await scene.shell("git log -1 --format=%s; git ls-files t.txt", at: folder).outputText == "mine\n"
      )
      try await scene.shell("git status", at: folder)
    }
    #expect(try await scene.shell("git config core.bare").outputText == "false\n")
    let variables = try scene.machine.read("variables") ?? ""
    #expect(!variables.contains("GIT_INDEX_FILE") && !variables.contains("GIT_DIR"), "\(variables)")
    #expect(try await scene.shell("git show HEAD --stat --format=").outputText.contains("1 file changed"))
    #expect(try scene.text("c.txt") == "5\n")
  }

  /// What comes with a folder is carried out by nobody.
  @Test func aRecordOfSomebodyElseIsNotCarriedOut() async throws {
    let scene = try await HookScene([Self.slow()])
    try scene.write("a.txt", "staged\n")
    try await scene.shell("git add -A")
    try scene.write("a.txt", "mine\n")
    _ = try await during(scene, "outfit hooks run", meanwhile: "kill -9 $job")
    try await scene.shell(
      "cp -R . ../loot; rm .git/outfit/hooks/work; git checkout -q -- .; git -C ../loot checkout -q -- .")
    let loot = try await scene.machine.outfit("status", at: "loot")
    #expect(!loot.errorText.contains("was ended"), "\(loot.errorText)")
    #expect(try scene.machine.read("loot/a.txt") == "staged\n")
    // Nor where Outfit runs hooks itself.
    try await scene.shell(
      "cp ../loot/.git/outfit/hooks/work .git/outfit/hooks/work; rm -r ~/.local/state/outfit/hook-work-trees")
    let run = try await scene.machine.outfit("hooks", "run", at: HookScene.folder)
    #expect(run.errorText.contains("is not of this Outfit"), "\(run.errorText)")
    #expect(try scene.text("a.txt") == "staged\n")
    // A damaged one is put aside, and stops nothing.
    try scene.write(".git/outfit/hooks/work", "outfit-hook-work 1\nnonsense")
    #expect(try await scene.outfit("status").errorText.contains("is damaged"))
  }
}
