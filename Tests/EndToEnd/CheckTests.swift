import Foundation
import OutfitCore
import OutfitSystem
import Support
import SystemPackage
import Testing

/// A profile as its own CI looks at it.
@Suite struct CheckTests {
  private func machine(_ name: String = #function) async throws -> Machine {
    let machine = try Machine(name)
    try machine.write(
      "r/base/outfit.yaml",
      "profile: base\ndotfiles: {.vimrc: {copy: vimrc}, .rc: {block: rc}, .config/x/: {copy: x/}}\n")
    for (name, text) in [("vimrc", "one\n"), ("rc", "rc\n"), ("x/a", "a\n"), ("x/b", "b\n")] {
      try machine.write("r/base/\(name)", text)
    }
    try machine.write("r/web/outfit.yaml", Self.web)
    try machine.write("r/web/fonts.sh", "touch $HOME/ran\n")
    try machine.write("r/web/more", "{{email}}\n")
    let made = try await machine.login("cd r && git init -q -b main && \(Self.commit) && git tag v1")
    try #require(made.succeeded, "\(made.errorText)")
    return machine
  }

  private static let commit = "git add -A && git -c user.name=a -c user.email=a@b.example commit -qm x"

  private static let web = """
    profile: web
    extends: ../base
    ask: {email: Your address}
    packages: {apt: [outfit-has-no-such-package]}
    scripts: {fonts: fonts.sh}
    dotfiles: {.more: {template: more}, .bashrc: {block: more, if-present: true}}
    bundles: {fun: {dotfiles: {.fun: {link: more}}}}

    """

  private func document(_ done: Completion) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(done.output)) as? [String: Any])
  }

  private func steps(_ document: [String: Any]) -> [String: String] {
    let steps = document["steps"] as? [[String: Any]] ?? []
    return Dictionary(
      steps.compactMap { step in (step["name"] as? String).map { ($0, step["verdict"] as? String ?? "") } },
      uniquingKeysWith: { $1 })
  }

  @Test func aGoodProfileIsGoodAndNothingIsTouched() async throws {
    let machine = try await machine()
    let target = machine.home.removingLastComponent().appending("elsewhere")
    try machine.write(
      "r/web/outfit.yaml",
      Self.web.replacing("dotfiles: {", with: "dotfiles: {\(target): {copy: more, outside-home: true}, "))
    let before = try machine.tree()

    let refused = try await machine.outfit("check", "r/web")
    #expect(refused.status == 4, "\(refused.errorText)")
    #expect(refused.errorText.contains("consent with: outfit check r/web --trust\n"), "\(refused.errorText)")
    #expect(refused.errorText.contains("outfit show r/web\n"), "\(refused.errorText)")

    let done = try await machine.outfit("check", "r/web", "--trust", "--json")
    #expect(done.status == 0, "\(done.errorText)\(done.outputText)")
    let said = try document(done)
    #expect(
      steps(said) == [
        "manifest": "ok", "lock": "ok", "up": "ok", "again": "ok", "rollback": "ok", "leave": "ok",
        "restore": "ok",
      ])
    #expect(
      (said["notDone"] as? [[String: Any]])?.compactMap { $0["entry"] as? String } == [
        "packages.apt.outfit-has-no-such-package", "scripts.fonts", "dotfiles.\(target)",
      ])
    #expect(said["assumed"] as? [String] == ["email"])
    expectSameTree(before, try machine.tree())
    #expect(!machine.files.exists(target))
    // A try leaves that out too.
    let tried = try await machine.outfit(
      "try", "r/web", "--trust", "--set", "email=x", "--", "/bin/sh", "-c", "cat ~/.more")
    #expect(tried.outputText.hasSuffix("\nx\n"), "\(tried.errorText)")
    #expect(!machine.files.exists(target))
    // Consent was for this alone.
    #expect(try await machine.outfit("check", "r/web").status == 4)
    #expect(try await machine.outfit("trust", "--locked", "r/web").status == 0)
    let text = try await machine.outfit("check", at: "r/web")
    #expect(text.status == 0, "\(text.errorText)")
    #expect(text.outputText.contains("  ok      again     a second run does nothing\n"), "\(text.outputText)")
    // How many there are, the shells of this machine say.
    let lines = text.outputText.split(separator: "\n").map(String.init)
    let up = lines.first { $0.contains("ok      up") } ?? ""
    let files = up.split(separator: " ").compactMap { Int($0) }.first ?? 0
    #expect(files >= 8)
    #expect(text.outputText.contains("restore   \(files) files in the way came back"), "\(text.outputText)")
  }

  /// What a profile can do, its pins and its files, since its last tag.
  @Test func whatDiffersFromTheLastReleaseIsTold() async throws {
    let machine = try await machine()
    let same = try await machine.outfit("check", "r/web", "--trust")
    #expect(same.outputText.contains("Nothing differs from v1 ("), "\(same.outputText)")
    try machine.write("r/base/vimrc", "one\ntwo\nthree\n")
    try machine.write("r/web/fonts.sh", "touch $HOME/run\n")
    try machine.write("r/web/new", "new\n")
    try machine.files.remove(machine.home.pushing("r/base/x/b"))
    try machine.write("r/elsewhere/notes", "no part of it\n")
    try machine.write("r/web/outfit.yaml", Self.web.replacing("no-such-package", with: "no-package"))
    let done = try await machine.outfit("check", "r/web", "--trust", "--json")
    let against = try #require(try document(done)["against"] as? [String: Any])
    #expect(against["reference"] as? String == "v1")
    let files = (against["files"] as? [[String: Any]] ?? []).map { file in
      "\(file["action"] ?? "") \(file["path"] ?? "") \(file["added"] ?? "") \(file["removed"] ?? "")"
    }
    #expect(
      files == [
        "change base/vimrc 2 0", "remove base/x/b 0 1", "change web/fonts.sh 1 1", "add web/new 1 0",
        "change web/outfit.yaml 1 1",
      ])
    func told(_ name: String) -> [String] {
      let abilities = against["abilities"] as? [String: Any]
      return (abilities?[name] as? [[String: Any]] ?? []).compactMap { $0["text"] as? String }
    }
    #expect(
      told("gained") == [
        "installs outfit-has-no-package with apt, as root by sudo", "runs fonts.sh new or changed",
      ])
    #expect(told("lost") == ["installs outfit-has-no-such-package with apt, as root by sudo"])

    let markdown = try await machine.outfit("check", "r/web", "--trust", "--markdown")
    #expect(markdown.outputText.contains("- ` ~ base/vimrc  +2 `\n"), "\(markdown.outputText)")
    let wrong = try await machine.outfit("check", "r/web", "--trust", "--against", "v2")
    #expect(wrong.status == 2 && wrong.errorText.contains("has no commit `v2`"), "\(wrong.errorText)")
    _ = try await machine.login("cd r && git tag -d v1 && \(Self.commit)")
    let head = try await machine.outfit("check", "r/web", "--trust")
    #expect(head.outputText.contains("Nothing differs from the last commit ("), "\(head.outputText)")
    try machine.files.removeTree(machine.home.pushing("r/.git"))
    let none = try await machine.outfit("check", "r/web", "--trust")
    #expect(
      none.status == 0 && none.outputText.contains("There is nothing to compare with: ~/r/web is in no git"),
      "\(none.outputText)")
  }

  /// The tree of an address is looked at like a folder, and its commit is what is consented to.
  @Test func aProfileFromGitIsChecked() async throws {
    let machine = try await machine()
    try machine.write("r/base/vimrc", "two\n")
    let made = try await machine.login("cd r && \(Self.commit) && git rev-parse HEAD")
    let commit = made.outputText.filter { !$0.isWhitespace }
    let address = "git+file://\(machine.home)/r//web@main"
    let refused = try await machine.outfit("check", address)
    #expect(refused.status == 4 && refused.errorText.contains("--trust \(commit)\n"), "\(refused.errorText)")
    let plain = try await machine.outfit("check", address, "--trust", commit)
    #expect(plain.status == 0, "\(plain.errorText)\(plain.outputText)")
    #expect(plain.outputText.contains("nothing to compare with: name a release"), "\(plain.outputText)")
    let done = try await machine.outfit("check", address, "--trust", commit, "--against", "v1")
    #expect(done.status == 0, "\(done.errorText)\(done.outputText)")
    #expect(done.outputText.contains("  file  ~ base/vimrc +1 -1\n"), "\(done.outputText)")
  }

  @Test func allMistakesAreSaid() async throws {
    let machine = try await machine()
    try machine.write("r/base/outfit.yaml", "profile: base\ndotfiles: {.vimrc: {cpoy: vimrc}}\n")
    try machine.write("r/web/outfit.yaml", Self.web + "pakages: {}\n")
    let done = try await machine.outfit("check", "r/web", "--trust", "--json")
    #expect(done.status == 2)
    #expect((try document(done)["errors"] as? [Any])?.count ?? 0 >= 2, "\(done.outputText)")
    let markdown = try await machine.outfit("check", "r/web", "--trust", "--markdown")
    #expect(markdown.status == 2)
    #expect(markdown.outputText.contains("can't be checked") && markdown.outputText.contains("pakages"))
    // One that shows only when it is put on.
    try machine.write("r/base/outfit.yaml", "profile: base\n")
    try machine.write("r/web/outfit.yaml", Self.web)
    try machine.write("r/web/more", "{{email\n")
    let template = try await machine.outfit("check", "r/web", "--trust", "--json")
    #expect(template.status == 2, "\(template.outputText)")
    let seen = steps(try document(template))
    #expect(seen["up"] == "failed" && seen["leave"] == "skipped")
  }

  @Test func scriptsRunOnlyWhereThatIsSaid() async throws {
    let machine = try await machine()
    try machine.write("r/web/fonts.sh", "touch \(machine.home)/ran; touch $HOME/left\n")
    #expect(try await machine.outfit("check", "r/web", "--trust").status == 0)
    #expect(try machine.read("ran") == nil)
    let done = try await machine.outfit("check", "r/web", "--trust", "--with-scripts")
    #expect(done.status == 0, "\(done.errorText)\(done.outputText)")
    #expect(try machine.read("ran") != nil && machine.read("left") == nil)
    try machine.write("r/web/fonts.sh", "exit 3\n")
    let failing = try await machine.outfit("check", "r/web", "--trust", "--with-scripts")
    #expect(failing.status == 1 && failing.outputText.contains("FAILED  up"), "\(failing.outputText)")
  }

  /// What a killed check leaves is nobody's, and goes with the next.
  @Test func whatAKilledCheckLeavesGoes() async throws {
    let machine = try await machine()
    let cache = ["XDG_CACHE_HOME": machine.home.appending("cache").string]
    try machine.write("r/web/fonts.sh", "kill -9 $PPID; sleep 1\n")
    let before = try machine.tree()
    let killed = try await machine.outfit("check", "r/web", "--trust", "--with-scripts", setting: cache)
    #expect(killed.status == 137, "\(killed.errorText)")
    let trials = machine.home.appending("cache/outfit/trials")
    func names() throws -> [String] { try machine.files.list(trials).filter { !$0.hasPrefix(".") } }
    #expect(try names().count == 1)
    #expect(try await machine.outfit("check", "r/web", "--trust", setting: cache).status == 0)
    #expect(try names().isEmpty)
    var after = try machine.tree()
    after = after.filter { !$0.key.hasPrefix("cache") }
    #expect(after == before)
  }

  /// A lock that does not cover the profile, a platform that has nothing, and a host that does not answer.
  @Test func pinsAreChecked() async throws {
    let machine = try await machine()
    let program = "#!/bin/sh\necho tool\n"
    let answers = Locked(true)
    let server = try LoopbackServer { request in
      answers.withLock { $0 } ? .file(Array(program.utf8), for: request) : .init(503)
    }
    let digest = Digest(of: program)
    let platform = try Host.live().platform.key
    func write(_ platforms: [String], _ version: String = "1.0.0", _ rest: String = "") throws {
      let digests = platforms.map { "\($0): \"\(digest.hex)\"" }.joined(separator: ", ")
      try machine.write(
        "r/web/outfit.yaml",
        Self.web + """
          tools:
            tool:
              from: url
              version: "\(version)"
              url: "\(server.address)/{version}/{os}-{arch}"
              sha256: {\(digests)}
          \(rest)
          """)
    }
    let all = ["linux-amd64", "linux-arm64", "macos-amd64", "macos-arm64"]
    try write(all)
    let none = try await machine.outfit("check", "r/web", "--trust")
    #expect(
      none.status == 0 && none.outputText.contains("each machine pins for itself"), "\(none.outputText)")
    #expect(!none.outputText.contains("  pin   "), "\(none.outputText)")
    let locked = try await machine.outfit("trust", "r/web")
    #expect(locked.status == 0, "\(locked.errorText)")
    #expect(try await machine.outfit("lock", "r/web").status == 0)
    _ = try await machine.login("cd r && \(Self.commit) && git tag v2")
    let good = try await machine.outfit("check", "r/web", "--trust", "--json")
    #expect(good.status == 0, "\(good.errorText)\(good.outputText)")
    #expect((try document(good)["platforms"] as? [Any])?.count == 4)

    try write(all, "2.0.0")
    let stale = try await machine.outfit("check", "r/web", "--trust", "--json")
    #expect(stale.status == 3, "\(stale.errorText)\(stale.outputText)")
    let seen = steps(try document(stale))
    #expect(seen["lock"] == "stale" && seen["up"] == "ok")
    let moved = (try document(stale)["against"] as? [String: Any])?["pins"] as? [[String: Any]] ?? []
    #expect(
      moved.count == 1 && moved[0]["name"] as? String == "tool" && moved[0]["after"] as? String == "2.0.0")

    try machine.files.remove(machine.home.pushing("r/web/outfit.lock"))
    try write([platform])
    let one = try await machine.outfit("check", "r/web", "--trust")
    #expect(one.status == 0 && one.outputText.contains("platforms \(platform)\n"), "\(one.outputText)")
    let other = all.first { $0 != platform } ?? ""
    let lacking = try await machine.outfit("check", "r/web", "--trust", "--platform", other)
    #expect(lacking.status == 1, "\(lacking.outputText)")
    #expect(lacking.outputText.contains("\(other) has no tool 1.0.0"), "\(lacking.outputText)")
    let twice = try await machine.outfit(
      "check", "r/web", "--trust", "--platform", other, "--platform", platform, "--markdown")
    #expect(
      twice.status == 1 && twice.outputText.contains("` \(other) has no tool 1.0.0 `"), "\(twice.outputText)")

    // What can't be asked is no "ok".
    answers.withLock { $0 = false }
    try write(all, "3.0.0")
    let away = try await machine.outfit(
      "check", "r/web", "--trust", setting: ["XDG_CACHE_HOME": machine.home.appending("cache").string])
    #expect(away.status == 1, "\(away.outputText)")
    #expect(away.outputText.contains("  ?     ") || away.outputText.contains("FAILED"), "\(away.outputText)")
  }

  /// What the documentation tells Renovate to look for is what stands in the document, of public sources alone.
  @Test func renovateFindsThePins() async throws {
    let machine = try await machine()
    let page = try #require(try machine.files.text(Machine.checkout.appending("docs").appending("check.md")))
    let block = try #require(
      page.components(separatedBy: "```json\n").last?.components(separatedBy: "```").first)
    let configuration = try #require(
      try JSONSerialization.jsonObject(with: Data(block.utf8)) as? [String: Any])
    let manager = try #require((configuration["customManagers"] as? [[String: Any]])?.first)
    let expression = try NSRegularExpression(pattern: (manager["matchStrings"] as? [String])?.first ?? "(")
    let digest = String(repeating: "0", count: 64)
    try machine.write(
      "p/outfit.yaml",
      """
      profile: p
      interpreters: {python: "3.13"}
      tools:
        black: "25.*"
        own: {version: "1.*", index: acme}
        bound: "1.*"
        plain: {from: url, version: "1.0.0", url: "https://a.example/{version}/{os}-{arch}", sha256: {linux-amd64: "\(digest)"}}
      indexes: {acme: {url: "https://a.example/simple", priority: explicit, packages: [bound]}}

      """)
    try machine.write(
      "p/outfit.lock",
      """
      lock: 1
      interpreters:
        python:
          - request: "3.13"
            version: "3.13.5"
            provider: prebuilt
            artifacts:
              linux-amd64:
                path: "x/y.tar.gz"
                digest: sha256:\(digest)
      tools:
        black:
          request: "black==25.*"
          version: "25.1.0"
          requirements: |
            black==25.1.0 \\
                --hash=sha256:\(digest)
        bound:
          request: "bound==1.*"
          version: "1.0.0"
          requirements: |
            bound==1.0.0 \\
                --hash=sha256:\(digest)
        own:
          request: "own==1.*"
          version: "1.1.0"
          requirements: |
            own==1.1.0 \\
                --hash=sha256:\(digest)

      """)
    // Nothing answers, and what is pinned is told all the same.
    let done = try await machine.outfit(
      "update", "bound", "--profile", "p", "--dry-run", "--trust", "--json",
      setting: ["https_proxy": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9"])
    let text = done.outputText
    let matches = expression.matches(in: text, range: NSRange(text.startIndex..., in: text))
    func group(_ name: String, _ match: NSTextCheckingResult) -> String {
      Range(match.range(withName: name), in: text).map { String(text[$0]) } ?? ""
    }
    let found = matches.map { match in
      ["depName", "packageName", "datasource", "currentValue"].map { group($0, match) }.joined(separator: " ")
    }
    #expect(
      found == ["python python python-version 3.13.5", "black black pypi 25.1.0"], "\(text)\(done.errorText)")
  }

  @Test func theWorkflowIsOneThatRuns() async throws {
    let machine = try await machine()
    let done = try await machine.outfit(
      "check", "--workflow", "--installer", "https://your.host/it's", at: "r/web")
    #expect(done.status == 0, "\(done.errorText)")
    #expect(done.outputText.contains("  PROFILE: 'web'\n  OUTFIT_FROM: 'https://your.host/it''s'\n"))
    #expect(done.outputText.contains("sh /tmp/install-outfit.sh --from \"$OUTFIT_FROM\"\n"))
    #expect(!done.outputText.contains("@PROFILE@") && !done.outputText.contains("@OUTFIT"))
    // Whatever is not of GitHub's own runner is pinned by its commit.
    for line in done.outputText.split(separator: "\n") where line.contains("uses:") {
      let pin = line.split(separator: "@").dropFirst().first?.prefix(40) ?? ""
      #expect(pin.count == 40 && pin.allSatisfy(\.isHexDigit), "\(line)")
    }
    // Its own lines, as they stand.
    let lines = done.outputText.split(separator: "\n").compactMap { line in
      line.firstRange(of: "run: outfit ").map { String(line[$0.upperBound...]) }
    }
    #expect(lines.count == 2, "\(done.outputText)")
    for line in lines {
      let ran = try await machine.run(
        "/bin/sh", ["-c", "\(Machine.build)/outfit \(line)"], at: "r",
        setting: ["PROFILE": "web", "GITHUB_STEP_SUMMARY": machine.home.appending("summary").string])
      #expect(ran.status == 0, "\(line): \(ran.errorText)")
    }
    #expect(try machine.read("summary")?.hasPrefix("### ✓ ` web `: all good") == true)
    let address = try await machine.outfit("check", "github:acme/web", "--workflow")
    #expect(address.status == 2)
    let bare = try await machine.outfit("check", "web", "--workflow", at: "r")
    #expect(bare.outputText.contains("run: command -v outfit\n"), "\(bare.outputText)")
  }
}
