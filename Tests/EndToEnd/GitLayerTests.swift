import OutfitSystem
import Support
import SystemPackage
import Testing

/// Layers from git that move: what is said of it, what is asked, and who asks.
@Suite struct GitLayerTests {
  private let machine: Machine

  init() throws { machine = try Machine("gitlayers") }

  /// A repository with these files, or with these changes to it; its newest commit.
  @discardableResult
  private func commit(_ files: [String: String], _ more: String = "") async throws -> String {
    for (name, text) in files { try machine.write("base/\(name)", text) }
    let made = try await machine.login(
      "cd base && (test -d .git || git init -q -b main) && git add -A && git -c user.name=a -c user.email=a@b.example commit -qm x"
        + "\(more) && git rev-parse HEAD")
    let commit = String(made.outputText.filter { !$0.isWhitespace })
    try #require(commit.count == 40, "\(made.errorText)")
    return commit
  }

  private static let manifest = "profile: base\ndotfiles:\n  .a: {copy: a}\n  .b: {copy: b}\n"

  private func typing(_ answers: String, _ arguments: String, setting: [String: String] = [:]) async throws
    -> Completion
  {
    let outfit = Machine.build.appending("outfit")
    return try await machine.run(
      "/bin/bash",
      ["-c", "(sleep 2; printf '\(answers)') | script -qec \"'\(outfit)' \(arguments)\" /dev/null"],
      setting: setting)
  }

  private var hasScript: Bool {
    let isThere = machine.files.exists("/usr/bin/script")
    if !isThere { print("SKIPPED: no script(1), so there is no terminal to type on") }
    return isThere
  }

  @Test func aPatternOfTagsIsTheNewestVersion() async throws {
    var commits: [String: String] = [:]
    for tag in ["v2.9", "v3.2", "v3.10", "v3.11-rc.1", "v4.0"] {
      commits[tag] = try await commit(
        ["outfit.yaml": "profile: base\n", "a": "\(tag)\n"], " && git tag \(tag)")
    }
    try machine.write("team/outfit.yaml", "profile: team\nextends: [\"file://\(machine.home)/base@v3.*\"]\n")
    let up = try await machine.outfit("up", "team", "--fetch", "--trust", try #require(commits["v3.10"]))
    #expect(up.status == 0, "\(up.errorText)")
    let next = try await commit(["a": "next\n"], " && git tag v3.12")
    let outdated = try await machine.outfit("outdated")
    #expect(
      outdated.outputText.contains("1 commit") || outdated.outputText.contains(next.prefix(7)),
      "\(outdated.outputText)")
    try machine.write("other/outfit.yaml", "profile: other\nextends: [\"file://\(machine.home)/base@w*\"]\n")
    let none = try await machine.outfit("show", "other", "--fetch")
    #expect(
      none.status == 2 && none.errorText.contains("no tag of a version that begins with `w`"),
      "\(none.errorText)")
  }

  @Test func updateShowsWhatAMoveBrings() async throws {
    let first = try await commit(["outfit.yaml": Self.manifest, "a": "1\n2\n3\n", "b": "b\n", "c": "c\n"])
    try machine.write("team/outfit.yaml", "profile: team\nextends: [\"file://\(machine.home)/base@main\"]\n")
    let up = try await machine.outfit("up", "team", "--fetch", "--trust", first)
    #expect(up.status == 0, "\(up.errorText)")

    try await commit(["a": "1\ntwo\n3\n4\n"])
    let second = try await commit(
      ["d": "new\n"], " && git rm -q c && git -c user.name=a -c user.email=a@b.example commit -qm y")
    let outdated = try await machine.outfit("outdated")
    #expect(outdated.outputText.contains("3 commits"), "\(outdated.outputText)")
    let (short, now) = (first.prefix(12), second.prefix(12))
    let lines = """
        ~ base \(short) -> \(now) (3 commits)
            a  +2 -1
            c  gone
            d  new, +1

      """
    // What is new is seen by whoever is to consent to it.
    let refused = try await machine.outfit("update")
    #expect(refused.status == 4 && refused.outputText == lines, "\(refused.outputText)\(refused.errorText)")
    #expect(refused.errorText.contains("consent with: outfit update --trust \(second)\n"))
    let shown = try await machine.outfit("update", "--dry-run", "--trust", second)
    #expect(
      shown.outputText == lines + "Nothing was changed: this was a dry run.\n",
      "\(shown.outputText)\(shown.errorText)")
    #expect(!shown.errorText.contains("warning"), "\(shown.errorText)")
    let document = try await machine.outfit("update", "--dry-run", "--json")
    #expect(document.outputText.contains("\"history\": \"onward\""), "\(document.outputText)")
    #expect(try machine.read(".a") == "1\n2\n3\n")

    guard hasScript else { return }
    let declined = try await typing("n\\n", "update")
    #expect(declined.status == 1 && declined.outputText.contains("did not want it"), "\(declined.outputText)")
    #expect(try machine.read(".a") == "1\n2\n3\n")
    let taken = try await typing("y\\n", "update")
    #expect(taken.status == 0, "\(taken.outputText)")
    #expect(taken.outputText.contains("Take it, and apply it?"), "\(taken.outputText)")
    #expect(try machine.read(".a") == "1\ntwo\n3\n4\n")
  }

  @Test func whatShouldNotHappenToALayerIsNamed() async throws {
    let first = try await commit(["outfit.yaml": Self.manifest, "a": "1\n", "b": "b\n"], " && git tag v1")
    let second = try await commit(["a": "2\n"])
    let address = "git+file://\(machine.home)/base"
    try machine.write("team/outfit.yaml", "profile: team\nextends: [\"\(address)@main\"]\n")
    try machine.write("other/outfit.yaml", "profile: other\nextends: [\"\(address)@v1\"]\n")
    for (profile, commit) in [("team", second), ("other", first)] {
      try #require(try await machine.outfit("trust", profile, "--fetch", "--trust", commit).status == 0)
      try #require(try await machine.outfit("lock", profile).status == 0)
    }
    let third = try await commit(["a": "3\n"], " --amend && git tag -f v1 > /dev/null")
    let rewritten = try await machine.outfit("update", "--profile", "team")
    #expect(rewritten.status == 4, "\(rewritten.errorText)")
    #expect(
      rewritten.errorText.contains(
        "the history of base was rewritten: \(second.prefix(12)) is no part of main any more"),
      "\(rewritten.errorText)")
    let moved = try await machine.outfit(
      "update", "--profile", "other", "--dry-run", "--json", "--trust", third)
    #expect(moved.errorText.contains("the tag v1 of base was moved"), "\(moved.errorText)")
    #expect(moved.outputText.contains("\"history\": \"tagMoved\""), "\(moved.outputText)")
  }

  /// A layer that has become bad keeps its commit, and what was made of it.
  @Test(arguments: ["profile: [\n", "profile: base\ndotfiles: {.a: {copy: nowhere}}\n", "extends: ../gone\n"])
  func whatBecameBadMovesNothing(manifest: String) async throws {
    let first = try await commit(["outfit.yaml": Self.manifest, "a": "1\n", "b": "b\n"])
    let address = "git+file://\(machine.home)/base@main"
    let up = try await machine.outfit("up", address, "--trust", first)
    #expect(up.status == 0, "\(up.errorText)")
    let second = try await commit(["outfit.yaml": manifest, "a": "2\n"])
    let bad = try await machine.outfit("update", "--trust", second)
    #expect(bad.status != 0)
    for words in [["up"], ["up", "--offline"], ["status"]] {
      let done = try await machine.outfit(words)
      #expect(done.status == 0, "\(words): \(done.outputText)\(done.errorText)")
    }
    #expect(try machine.read(".a") == "1\n")
  }

  /// ssh asks for the passphrase of a key where somebody can type it, and nowhere else.
  @Test func onATerminalAPassphraseIsAsked() async throws {
    let first = try await commit(["outfit.yaml": Self.manifest, "a": "1\n", "b": "b\n"])
    // ssh, as git knows it: the last word is the command of the other side.
    try machine.write(
      "bin/ssh",
      """
      #!/bin/bash
      case " $* " in
        *" BatchMode=yes "*) echo 'git@host.example: Permission denied (publickey).' >&2; exit 255 ;;
      esac
      read -r -p "Enter passphrase for key 'id': " word < /dev/tty
      [ "$word" = sesame ] || exit 255
      exec sh -c "${!#}"

      """, mode: 0o755)
    try machine.write(".gitconfig", "[core]\n\tsshCommand = \(machine.home)/bin/ssh\n")
    let address = "git@host.example:\(machine.home)/base"
    let refused = try await machine.outfit("show", address)
    #expect(refused.status == 1 && refused.errorText.contains("Permission denied"), "\(refused.errorText)")
    guard hasScript else { return }
    let wrong = try await typing("mumble\\n", "show \(address)")
    #expect(wrong.status == 1, "\(wrong.outputText)")
    let up = try await typing("sesame\\n", "up \(address) --trust \(first)")
    #expect(up.status == 0, "\(up.outputText)")
    #expect(up.outputText.contains("Enter passphrase"), "\(up.outputText)")
    #expect(try machine.read(".a") == "1\n")
  }

  // MARK: - Signers

  private func givenAKey(_ name: String) async throws -> String {
    let made = try await machine.login(
      "ssh-keygen -q -t ed25519 -N '' -C '' -f '\(name)' && cat '\(name).pub'")
    try #require(made.status == 0, "\(made.errorText)")
    return made.outputText.filter { !$0.isNewline }
  }

  private func sign(_ files: [String: String], _ key: String) async throws -> String {
    try await commit(
      files,
      " && git -c user.name=a -c user.email=a@b.example -c gpg.format=ssh -c user.signingkey=../\(key) commit -q --amend -S --no-edit"
    )
  }

  /// Whoever says who signs has unsigned commits refused, and is asked no more for what files hold.
  @Test func aSignerAnswersForContents() async throws {
    guard machine.files.exists("/usr/bin/ssh-keygen") else { return print("SKIPPED: no ssh-keygen(1)") }
    let key = try await givenAKey("key")
    _ = try await givenAKey("stranger")
    let address = "git+file://\(machine.home)/base"
    try machine.write(
      ".config/outfit/outfit.yaml",
      "signers:\n  \"file://\(machine.home)/\": [\"platform@acme.example \(key)\"]\n")
    let unsigned = try await commit(["outfit.yaml": Self.manifest, "a": "1\n", "b": "b\n"])
    let refused = try await machine.outfit("up", address, "--trust", unsigned)
    #expect(refused.status == 1, "\(refused.errorText)")
    #expect(
      refused.errorText.contains("is not signed by anybody whom `signers:` allows"), "\(refused.errorText)")

    let first = try await sign(["a": "1\n", "s": "echo"], "key")
    let up = try await machine.outfit("up", address, "--trust", first)
    #expect(up.status == 0, "\(up.errorText)")
    let second = try await sign(["a": "2\n", ".bashrc": "x\n"], "key")
    let moved = try await machine.outfit("update")
    #expect(moved.status == 0, "\(moved.errorText)")
    #expect(
      moved.outputText.contains("-> \(second.prefix(12)) (1 commit, signed by platform@acme.example)"),
      "\(moved.outputText)")
    #expect(try machine.read(".a") == "2\n")

    // What it can do more than before is asked, whoever signed it.
    let third = try await sign(["outfit.yaml": Self.manifest + "  .c: {copy: a}\n"], "key")
    let more = try await machine.outfit("update")
    #expect(more.status == 4 && more.errorText.contains("it writes ~/.c"), "\(more.errorText)")
    #expect(try await machine.outfit("update", "--trust", third).status == 0)
    let script = try await sign(
      ["outfit.yaml": Self.manifest + "  .c: {copy: a}\nscripts: {s: {run: s}}\n", "s": "echo one"], "key")
    #expect(try await machine.outfit("update", "--trust", script).status == 0)
    _ = try await sign(["s": "echo two"], "key")
    #expect(try await machine.outfit("update").status == 4)

    // Neither a stranger's signature nor none.
    _ = try await sign(["a": "evil\n", "s": "echo one"], "stranger")
    for step in 0..<2 {
      let strange = try await machine.outfit("update")
      #expect(
        strange.status == 1 && strange.errorText.contains("is not signed by anybody"), "\(strange.errorText)")
      try await commit(["a": "unsigned \(step)\n"])
    }
    for words in [["up"], ["status"], ["up", "--offline"]] {
      let done = try await machine.outfit(words)
      #expect(done.status == 0, "\(words): \(done.errorText)")
    }
    #expect(try machine.read(".a") == "2\n")
  }

  @Test func onlyOnesOwnLayerSaysWhoSigns() async throws {
    try machine.write(
      "team/outfit.yaml", "profile: team\nchannel: early\nsigners: {\"github:acme/\": keys}\n")
    let up = try await machine.outfit("up", "team", "--trust")
    #expect(up.status == 0, "\(up.errorText)")
    for key in ["channel", "signers"] {
      #expect(up.errorText.contains("`\(key)` does nothing here"), "\(up.errorText)")
    }
  }

  // MARK: - Channels

  @Test func aChannelChoosesABranch() async throws {
    let first = try await commit(["outfit.yaml": Self.manifest, "a": "stable\n", "b": "b\n"])
    let early = try await commit(["a": "early\n"])
    try #require(
      try await machine.login("cd base && git branch early && git reset -q --hard \(first)").status == 0)
    let address = "git+file://\(machine.home)/base"
    try #require(try await machine.outfit("up", address, "--trust", first).status == 0)
    #expect(try machine.read(".a") == "stable\n")

    // A ring is joined by a line, and left by taking it out.
    try machine.write(".config/outfit/outfit.yaml", "channel: early\n")
    let joined = try await machine.outfit("up", "--trust", early)
    #expect(joined.status == 0, "\(joined.errorText)")
    #expect(try machine.read(".a") == "early\n")
    let again = try await machine.outfit("up")
    #expect(again.status == 0 && again.outputText.contains("Nothing to do"), "\(again.outputText)")
    try #require(try await machine.login("cd base && git checkout -q early").status == 0)
    let next = try await commit(["a": "earlier\n"])
    try #require(try await machine.login("cd base && git checkout -q main").status == 0)
    let moved = try await machine.outfit("update", "--trust", next)
    #expect(moved.status == 0, "\(moved.errorText)")
    #expect(try machine.read(".a") == "earlier\n")
    try machine.write(".config/outfit/outfit.yaml", "channel: nowhere\n")
    let left = try await machine.outfit("up")
    #expect(left.status == 0, "\(left.errorText)")
    #expect(try machine.read(".a") == "stable\n")
    let offline = try await machine.outfit("up", "--offline")
    #expect(offline.status == 0, "\(offline.errorText)")
    let bad = try await machine.login("printf 'channel: a..b\\n' > .config/outfit/outfit.yaml")
    #expect(bad.status == 0)
    let refused = try await machine.outfit("up")
    #expect(
      refused.status == 2 && refused.errorText.contains("is not a branch or a tag"), "\(refused.errorText)")
  }
}
