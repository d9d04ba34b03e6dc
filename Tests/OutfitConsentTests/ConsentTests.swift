import OutfitCore
import OutfitProfile
import OutfitSystem
import Support
import SystemPackage
import Testing

@testable import OutfitConsent

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
    _ = try await Consent(host: host()).obtain(for: profile(), given: .folders)
  }

  @Test func withoutATerminalItSaysTheLine() async throws {
    let profile = try await profile()
    do {
      _ = try Consent(host: host()).obtain(
        for: profile, given: .nothing, asking: Consent.Asking(address: "team dir"))
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
      for: profile, wishes: try Consent(host: host()).needed(for: profile),
      asking: Consent.Asking(command: "outfit trust", address: "team"))
    #expect(refusal.diagnostics.first?.hint?.hasSuffix("consent with: outfit trust team") == true)
  }

  @Test func trustIsRemembered() async throws {
    try await trust()
    #expect(try await needed() == [])
    _ = try Consent(host: host()).obtain(
      for: await profile(), given: .nothing, asking: Consent.Asking(address: "team"))
    let trust = FilePath("/home/ann/.local/state/outfit/trust")
    #expect(try disk.status(trust, followLinks: false)?.mode == 0o700)
    for name in try disk.list(trust) {
      #expect(try disk.status(trust.appending(name), followLinks: false)?.mode == 0o600)
    }
    #expect(try TrustStore(host: host()).all().map(\.name) == ["/home/ann/team"])
    #expect(try TrustStore(host: host()).revoke("/home/ann/team"))
    #expect(try TrustStore(host: host()).all().isEmpty)
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
    ("zshrc", "alias", "evil", false),
    ("kitty/kitty.conf", "x", "y", false),
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

  /// As after a rollback: only what is new asks, also where something else was consented to in between.
  @Test func whatWasConsentedToBeforeDoesNotAskAgain() async throws {
    func put(_ script: String, _ manifest: String) {
      try? disk.remove("/home/ann/team/fonts.sh")
      try? disk.remove("/home/ann/team/outfit.yaml")
      disk.put("/home/ann/team/fonts.sh", script, mode: 0o755)
      disk.put("/home/ann/team/outfit.yaml", manifest)
    }
    func count() throws -> Int? { try TrustStore(host: host()).record(of: "/home/ann/team")?.count }
    try await trust()
    let first = try #require(try count())
    let more = manifest.replacing("[ripgrep]", with: "[ripgrep, fzf, jq]")
    put("two", more)
    #expect(try await needed() == ["team"])
    try await trust()
    put("three", manifest)
    #expect(try await needed() == ["team"])
    try await trust()
    #expect(try count() == first, "what it can do now is counted")
    for (script, text) in [("#!/bin/sh\n", manifest), ("two", more), ("three", manifest)] {
      put(script, text)
      #expect(try await needed() == [], "\(script)")
    }
    put("four", manifest)
    #expect(try await needed() == ["team"])
    // All of it is taken back at once.
    try TrustStore(host: host()).revoke("/home/ann/team")
    for script in ["two", "three"] {
      put(script, manifest)
      #expect(try await needed() == ["team"])
    }
  }

  @Test func whatIsRememberedHasAnEnd() async throws {
    let store = TrustStore(host: host())
    let digests = (0..<25_000).map { Digest(of: "\($0)") }
    try store.keep(Set(digests.prefix(24_999)), of: "team", commit: nil)
    try store.keep([digests[24_999]], of: "team", commit: nil)
    let record = try #require(try store.record(of: "team"))
    #expect(record.count == 1)
    #expect(record.known.count == 20_001)
  }

  @Test func newFilesInAFolderOfOthersAskAgain() async throws {
    try disk.setMode("/home/ann/team", 0o777)
    try await trust()
    disk.put("/home/ann/team/kitty/more.conf", "")
    #expect(try await needed().count == 1)
  }

  @Test func theQuestionOnATerminal() async throws {
    let terminal = RecordingTerminal(isTerminal: true, width: 60, answers: ["y"])
    _ = try Consent(host: host(terminal)).obtain(
      for: await profile(), given: .nothing, asking: Consent.Asking(address: "team"))
    #expect(
      terminal.talked == """

        team is new to this machine. With your consent it
          ! runs the script fonts (fonts.sh) once
          ! installs ripgrep with apt, as root by sudo
          - uses the package index acme,
            https://packages.acme.example/simple (primary)
          ! writes ~/.config/kitty, which an editor, a terminal or
            an interpreter runs
          ! keeps a block in ~/.zshrc, which a shell runs
          - installs Python 3.13
          - installs black and sphinx (with furo) from PyPI


        """)
    #expect(try await needed() == [])
  }

  @Test(arguments: ["n", "", nil]) func anythingButYesIsNo(_ answer: String?) async throws {
    let terminal = RecordingTerminal(isTerminal: true, answers: [answer])
    do {
      _ = try Consent(host: host(terminal)).obtain(
        for: await profile(), given: .nothing, asking: Consent.Asking(address: "team"))
      Issue.record("\(answer ?? "nothing") was taken for yes")
    } catch let failure as Failure { #expect(failure.status == .consent) }
    #expect(try await needed() == ["team"])
  }

  @Test func gitLayersNeedTheirCommit() async throws {
    let commit = String(repeating: "c", count: 40)
    disk.put("/cache/r/web/outfit.yaml", "tools: {black: latest}\n")
    let loader = ProfileLoader(host: host()) { _, _ in FetchedProfile(checkout: "/cache/r", commit: commit) }
    let profile = try await loader.machine("github:acme/p//web@v3")
    for given in [Consent.Given.nothing, .folders, .commits(["abc"]), .commits(["ccccccc"])] {
      do {
        _ = try Consent(host: host()).obtain(
          for: profile, given: given, asking: Consent.Asking(address: "github:acme/p//web@v3"))
        Issue.record("\(given) was enough")
      } catch let failure as Failure {
        #expect(
          failure.diagnostics.last?.hint?.hasSuffix("outfit up github:acme/p//web@v3 --trust \(commit)")
            == true)
      }
    }
    _ = try Consent(host: host()).obtain(for: profile, given: .commits([commit.uppercased()]))
    #expect(try Consent(host: host()).needed(for: profile).isEmpty)
  }

  @Test func aProjectsRequirementsCountWhereTheyLeadElsewhere() async throws {
    disk.put("/home/ann/shop/outfit.yaml", "virtualenv: requirements.txt\n")
    disk.put("/home/ann/shop/requirements.txt", "django==5.2\n")
    let loader = ProfileLoader(host: host())
    func count() async throws -> Int {
      try Consent(host: host()).needed(for: await loader.project(at: "/home/ann/shop")).count
    }
    _ = try await Consent(host: host()).obtain(for: loader.project(at: "/home/ann/shop"), given: .folders)
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

/// What consent covers, attacked: each case is a way in which something was once run, written or fetched unasked.
@Suite struct CoverageTests {
  private let disk = MemoryFiles.withHome()
  private func host(_ terminal: RecordingTerminal = RecordingTerminal()) -> Host {
    .test(files: disk, terminal: terminal)
  }

  private func put(_ files: [(String, String)]) {
    for (name, text) in files { disk.put(FilePath("/home/ann/team").pushing(FilePath(name)), text) }
  }

  private func profile() async throws -> Profile { try await ProfileLoader(host: host()).machine("team") }

  /// Others can write in it.
  private func shareTeam() throws {
    try disk.createDirectories("/home/ann/team", mode: 0o755)
    try disk.setMode("/home/ann/team", 0o775)
  }

  private func trust() async throws -> Consented {
    try Consent(host: host()).obtain(for: await profile(), given: .folders)
  }

  private func new() async throws -> [String] {
    let wishes = try Consent(host: host()).needed(for: await profile())
    return Ability.lines(wishes.flatMap(\.new)).map(\.text)
  }

  private func replace(_ name: String, _ text: String) throws {
    let path = FilePath("/home/ann/team").pushing(FilePath(name))
    try disk.remove(path)
    disk.put(path, text)
  }

  /// What the files of a folder of one's own hold is one's own say; what is run is not.
  @Test func contentsOfOnesOwnFolderNeverAsk() async throws {
    put([
      ("outfit.yaml", "dotfiles: {.vimrc: {copy: vimrc}, .q/: {copy: d/}}\nscripts: {s: s.sh}\n"),
      ("vimrc", "1"),
      ("d/x", "1"), ("s.sh", "true\n"),
    ])
    _ = try await trust()
    try replace("vimrc", "2")
    put([("d/y", "1")])
    #expect(try await new() == [])
    try replace("s.sh", "evil\n")
    #expect(try await new() == ["runs s.sh new or changed"])
    try replace("s.sh", "true\n")
    try disk.setMode("/home/ann/team", 0o775)
    #expect(try await new().first?.hasPrefix("brings ") == true)
  }

  @Test func gitFoldersBelowCopiedFolders() async throws {
    try shareTeam()
    put([
      ("outfit.yaml", "dotfiles: {.config/nvim/: {copy: nvim/}}\n"), ("nvim/init.lua", "x"),
      ("nvim/.git/config", "[core]\n"),
    ])
    _ = try await trust()
    try replace("nvim/.git/config", "[core]\n  fsmonitor = /evil\n")
    #expect(try await new() == ["brings nvim/.git/config new or changed"])
    put([("nvim/.git/hooks/post-checkout", "#!/bin/sh\n")])
    #expect(
      try await new() == ["brings nvim/.git/config and nvim/.git/hooks/post-checkout new or changed"])
  }

  @Test func linkedFolders() async throws {
    try shareTeam()
    put([("outfit.yaml", "dotfiles: {.q/: {copy: d2/}}\n"), ("real/x", "1")])
    disk.putLink("/home/ann/team/d2", to: "real")
    _ = try await trust()
    try replace("real/x", "2")
    put([("real/y", "")])
    #expect(try await new() == ["brings d2/x and d2/y new or changed"])
  }

  @Test func whatScriptsName() async throws {
    put([
      ("outfit.yaml", "scripts: {setup: setup.sh, more: {run: scripts/more.sh, when: changed}}\n"),
      ("setup.sh", ". \"$(dirname \"$0\")/lib.sh\"\n"), ("lib.sh", "source other/deep.sh\n"),
      ("other/deep.sh", "true\n"), ("scripts/more.sh", "cat $HERE/*.txt\n"), ("scripts/a.txt", "a"),
      ("README", "x"),
    ])
    let consented = try await trust()
    #expect(
      consented.scripts["/home/ann/team/setup.sh"]?.map(\.string).sorted() == [
        "/home/ann/team/lib.sh", "/home/ann/team/other/deep.sh", "/home/ann/team/setup.sh",
      ])
    try replace("other/deep.sh", "evil\n")
    try replace("scripts/a.txt", "b")
    try replace("README", "y")
    #expect(try await new() == ["runs scripts/a.txt and other/deep.sh new or changed"])
  }

  @Test func whatHooksName() async throws {
    disk.put("/home/ann/shop/outfit.yaml", "hooks: {check: {entry: [sh, check.sh]}}\n")
    disk.put("/home/ann/shop/check.sh", "true\n")
    func wishes() async throws -> [Consent.Wish] {
      try Consent(host: host()).needed(for: await ProfileLoader(host: host()).project(at: "/home/ann/shop"))
    }
    #expect(
      try await Ability.lines(wishes().flatMap(\.new)).map(\.text)
        == ["runs check (sh check.sh) as git hooks of this project"])
    _ = try await Consent(host: host()).obtain(
      for: ProfileLoader(host: host()).project(at: "/home/ann/shop"), given: .folders)
    try disk.remove("/home/ann/shop/check.sh")
    disk.put("/home/ann/shop/check.sh", "evil\n")
    #expect(try await Ability.lines(wishes().flatMap(\.new)).map(\.text) == ["runs check.sh new or changed"])
  }

  @Test func linksThatLeadOut() async throws {
    disk.put("/home/ann/.ssh/id", "KEY")
    put([("outfit.yaml", "dotfiles: {.pub: {copy: pubdata}}\n")])
    disk.putLink("/home/ann/team/pubdata", to: "../.ssh/id")
    #expect(
      try await new() == [
        "reads /home/ann/.ssh/id, which lies outside of the profile, by pubdata", "writes ~/.pub",
      ])
    let commit = String(repeating: "c", count: 40)
    let loader = ProfileLoader(host: host()) { _, _ in
      FetchedProfile(checkout: "/home/ann/team", commit: commit)
    }
    let profile = try await loader.machine("github:acme/p")
    let failure = #expect(throws: Failure.self) { try Consent(host: host()).needed(for: profile) }
    #expect(failure?.status == .usage)
    #expect(failure?.diagnostics.first?.message.contains("pubdata is a link that leads out") == true)
  }

  /// What a checkout does not have, or has by chance.
  @Test(arguments: [
    ([("c/sub/x", "")], ".gitmodules", "[submodule \"s\"]\n\tpath = c/sub\n", "c/sub is a submodule"),
    (
      [("c/x", "")], "c/big", "version https://git-lfs.github.com/spec/v1\noid sha256:00\n",
      "c/big is kept in git LFS"
    ),
    ([("c/Read", "")], "c/read", "", "c has Read and read, which differ in capital letters alone"),
  ])
  func whatARepositoryDoesNotBringIsRefusedByName(
    _ files: [(String, String)], _ name: String, _ text: String, _ message: String
  ) async throws {
    put([("outfit.yaml", "dotfiles: {.c/: {copy: c/}}\n"), (name, text)] + files)
    #expect(try await new() == ["writes ~/.c"])
    let loader = ProfileLoader(host: host()) { _, _ in
      FetchedProfile(checkout: "/home/ann/team", commit: String(repeating: "c", count: 40))
    }
    let profile = try await loader.machine("github:acme/p")
    let failure = #expect(throws: Failure.self) { try Consent(host: host()).needed(for: profile) }
    #expect(failure?.status == .usage)
    #expect(failure?.diagnostics.first?.message.hasPrefix(message) == true, "\(String(describing: failure))")
  }

  @Test func whatAScriptNamesLeadsOutOfNoRepository() async throws {
    disk.put("/home/ann/.ssh/id", "KEY")
    put([("outfit.yaml", "scripts: {x: x.sh}\n"), ("x.sh", "cat \"$(dirname \"$0\")/key\"\n")])
    disk.putLink("/home/ann/team/key", to: "../.ssh/id")
    #expect(try await new().contains { $0.hasPrefix("reads /home/ann/.ssh/id") })
    let loader = ProfileLoader(host: host()) { _, _ in
      FetchedProfile(checkout: "/home/ann/team", commit: String(repeating: "c", count: 40))
    }
    let profile = try await loader.machine("github:acme/p")
    let failure = #expect(throws: Failure.self) { try Consent(host: host()).needed(for: profile) }
    #expect(failure?.status == .usage)
  }

  @Test func whatIsNotForThisMachineIsNotSaid() async throws {
    put([
      (
        "outfit.yaml",
        "dotfiles: {.config/fish/config.fish: {block: f, if-present: true}, .mac: {copy: f, os: macos}}\n"
      ),
      ("f", "x"),
    ])
    #expect(try await new() == [])
    _ = try await trust()
    disk.put("/home/ann/.config/fish/config.fish", "")
    #expect(try await new() == ["keeps a block in ~/.config/fish/config.fish, which a shell runs"])
  }

  /// What is only for files that are there is asked about at once where Outfit itself, or another entry, makes them: it
  /// gets into them in the same run.
  @Test(arguments: [
    (".zshrc", "SHELL", "/bin/zsh", true), (".zshrc", "SHELL", "/bin/bash", false),
    (".zshrc", "TERM", "x", true),
    (".bashrc", "SHELL", "/bin/bash", true), (".profile", "SHELL", "/bin/zsh", true),
    (".config/fish/conf.d/outfit.fish", "SHELL", "/usr/bin/fish", true),
    (".config/fish/config.fish", "SHELL", "/usr/bin/fish", false),
    (".z/.zprofile", "SHELL", "/bin/zsh", false),
    (".inputrc", "SHELL", "/bin/bash", false),
  ])
  func whatComesIsAskedAbout(target: String, variable: String, value: String, isAsked: Bool) async throws {
    put([("outfit.yaml", "dotfiles: {\(target): {block: f, if-present: true}}\n"), ("f", "x")])
    var host = host()
    host.environment["SHELL"] = nil
    host.environment[variable] = value
    let lines = try await Ability.lines(Consent(host: host).needed(for: profile()).flatMap(\.new))
    #expect(lines.contains { $0.text.contains("~/\(target)") } == isAsked, "\(lines.map(\.text))")
  }

  @Test func whatAnotherEntryMakesIsAskedAbout() async throws {
    put([
      ("outfit.yaml", "extends: base\ndotfiles: {.inputrc: {block: f}, .config/: {copy: c/}}\n"),
      (
        "base/outfit.yaml",
        "dotfiles: {.inputrc: {block: f, if-present: true}, .config/a: {block: f, if-present: true}, .other: {block: f, if-present: true}}\n"
      ),
      ("f", "x"), ("base/f", "x"), ("c/a", "x"),
    ])
    var host = host()
    host.environment["SHELL"] = "/bin/bash"
    let lines = try await Consent(host: host).needed(for: profile()).filter { $0.layer.kind == .base }
      .flatMap { Ability.lines($0.new).map(\.text) }
    #expect(lines == ["keeps a block in ~/.inputrc, which a shell runs", "keeps a block in ~/.config/a"])
  }

  /// What a shell, ssh, git or a registry's client obeys is told as such, also inside of a folder; records are as before.
  @Test func whatSomethingObeysIsGrave() async throws {
    put([
      (
        "outfit.yaml",
        """
        dotfiles:
          .ssh/config: {copy: f}
          .npmrc: {copy: f}
          .config/: {copy: c/}
          .config/other/: {copy: o/}
          .plain: {copy: f}
          .sshx: {copy: f}
        """
      ), ("f", "x"), ("c/fish/config.fish", "x"), ("c/a", "x"), ("o/a", "x"),
    ])
    let lines = try await Ability.lines(Consent(host: host()).needed(for: profile()).flatMap(\.new))
    #expect(
      lines.filter(\.isGrave).map(\.text) == [
        "writes ~/.config, with ~/.config/fish/config.fish, which a shell runs",
        "writes ~/.npmrc, which says where packages come from, or how one signs in",
        "writes ~/.ssh/config, which SSH obeys",
      ])
    #expect(lines.filter { !$0.isGrave }.map(\.text) == ["writes ~/.config/other, ~/.plain and ~/.sshx"])
    for (target, isObeyed) in [
      (".bashrc", true), (".bashrc.d", false), ("bin/x", true), (".ssh", true), (".config", false),
      (".config/git", true), (".gitconfig.local", false), (".local/bin/tool", true), ("notes/.bashrc", false),
    ] {
      #expect((FileReader.of(target) != nil) == isObeyed, "\(target)")
    }
  }

  @Test func everythingThatIsSaidOfATool() async throws {
    put([
      (
        "outfit.yaml",
        """
        indexes: {acme: {url: "https://acme.example/simple", priority: explicit}}
        tools:
          black: {package: evilpkg, version: "1.0", index: acme}
          sphinx: {with: [furo], programs-from: [furo], build: [furo]}
        """
      )
    ])
    #expect(
      try await new() == [
        "builds furo from source, which runs their code",
        "uses the package index acme, https://acme.example/simple (explicit)",
        "installs black (the package evilpkg) from the index acme",
        "installs sphinx (with furo, and the programs of furo) from PyPI",
      ])
  }

  @Test func fewerAbilitiesNeverAsk() async throws {
    put([("outfit.yaml", "tools: {black: latest, isort: latest}\npackages: {apt: [jq, fd]}\n")])
    _ = try await trust()
    try replace("outfit.yaml", "tools: {isort: \"5.*\"}\npackages: {apt: [fd]}\n")
    #expect(try await new() == [])
    try replace("outfit.yaml", "tools: {isort: \"5.*\", ruff: latest}\npackages: {apt: [fd]}\n")
    #expect(try await new() == ["installs ruff from PyPI"])
  }

  @Test func aCommitThatNoLayerIsAtIsWrong() async throws {
    put([("outfit.yaml", "env: {A: b}\n")])
    let profile = try await ProfileLoader(host: host()).project(at: "/home/ann/team")
    let commit = String(repeating: "a", count: 40)
    #expect(Consent.wrongCommits(.commits([commit]), in: profile).count == 1)
    #expect(Consent.wrongCommits(.folders, in: profile) == [])
  }

  @Test func aHundredVersionBumpsAskNothingAndOneSourceAsksOnce() async throws {
    func write(_ round: Int, line: String? = nil) throws {
      let tools = (0..<50).map { "  tool\($0): \"\(round).\($0)\"\n" }.joined()
      var lines = (0..<50).map { "package\($0)==\(round).\($0)" }
      if let line { lines[25] = line }
      for (name, text) in [
        ("outfit.yaml", "virtualenv: {from: requirements.txt}\ntools:\n\(tools)"),
        ("requirements.txt", lines.joined(separator: "\n") + "\n"),
      ] {
        let path = FilePath("/home/ann/shop").appending(name)
        if disk.exists(path) { try disk.remove(path) }
        disk.put(path, text)
      }
    }
    func asked() async throws -> [String] {
      let profile = try await ProfileLoader(host: host()).project(at: "/home/ann/shop")
      return Ability.lines(try Consent(host: host()).needed(for: profile).flatMap(\.new)).map(\.text)
    }
    try write(1)
    _ = try await Consent(host: host()).obtain(
      for: ProfileLoader(host: host()).project(at: "/home/ann/shop"), given: .folders)
    try write(2)
    #expect(try await asked() == [])
    let wheel = "https://files.example/package25-2.25-py3-none-any.whl"
    try write(3, line: "package25 @ \(wheel)")
    let lines = try await asked()
    #expect(lines.count == 1)
    #expect(lines.first?.contains(wheel) == true && lines.first?.contains("requirements.txt:26") == true)
    _ = try await Consent(host: host()).obtain(
      for: ProfileLoader(host: host()).project(at: "/home/ann/shop"), given: .folders)
    #expect(try await asked() == [])
  }

  @Test func whatChangesWhileTheQuestionStandsIsNotConsentedTo() async throws {
    put([("outfit.yaml", "dotfiles: {.zshrc: {block: z}}\n"), ("z", "good")])
    let consented = try await trust()
    try consented.check("/home/ann/team/z", Digest(of: "good"))
    #expect(throws: Failure.self) { try consented.check("/home/ann/team/z", Digest(of: "evil")) }
    #expect(throws: Failure.self) { try consented.check("/home/ann/team/z", nil) }
  }

  @Test func programsOfTheSystem() async throws {
    put([("outfit.yaml", "tools: {evil: latest}\n")])
    let consented = try await trust()
    let consent = Consent(host: host())
    func ask(_ names: [String], _ given: Consent.Given = .nothing) throws {
      try consent.obtain(
        names.map {
          Ability(
            .takesOver, "command \($0)", Digest(of: "evil"), "puts", "\($0) (of evil)",
            "before the one of this system")
        }, kind: "takeovers", reason: "programs that come before those of this system", for: consented,
        given: given, asking: Consent.Asking())
    }
    let failure = #expect(throws: Failure.self) { try ask(["sudo", "ls"]) }
    #expect(failure?.status == .consent)
    #expect(
      failure?.diagnostics.first?.excerpt
        == "it puts sudo (of evil) and ls (of evil) before the one of this system")
    try ask(["sudo", "ls"], .folders)
    try ask(["ls"])
    #expect(throws: Failure.self) { try ask(["ls", "cat"]) }
  }
}
