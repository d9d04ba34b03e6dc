import OutfitSystem
import SystemPackage
import Testing

/// Profiles of other people, and one's own layer on top.
@Suite(.serialized)
struct SharingTests {
  @Test func aProfileFromGitNeedsTheCommitThatWasLookedAt() async throws {
    let machine = try Machine()
    try machine.write("repository/web/outfit.yaml", "profile: web\ndotfiles:\n  .webrc: {copy: webrc}\n")
    try machine.write("repository/web/webrc", "shared\n")
    let made = try await machine.login(
      "cd repository && git init -q -b main && git add -A && git -c user.name=a -c user.email=a@b.example commit -qm one"
        + " && git rev-parse HEAD")
    let commit = String(made.outputText.filter { !$0.isWhitespace })
    try #require(commit.count == 40, "\(made.errorText)")
    let address = "git+file://\(machine.home)/repository//web"

    let shown = try await machine.outfit("show", address)
    #expect(shown.status == 0, "\(shown.errorText)")
    #expect(shown.outputText.contains("web"))
    for arguments in [["up", address], ["up", address, "--trust"], ["up", address, "--trust", "0000000"]] {
      let refused = try await machine.run(Machine.build.appending("outfit"), arguments)
      #expect(refused.status == 4, "\(arguments): \(refused.errorText)")
      #expect(refused.errorText.contains(commit), "\(refused.errorText)")
      #expect(try machine.read(".webrc") == nil)
    }
    let up = try await machine.outfit("up", address, "--trust", commit)
    #expect(up.status == 0, "\(up.errorText)")
    #expect(try machine.read(".webrc") == "shared\n")
    let why = try await machine.outfit("why", "~/.webrc")
    #expect(why.outputText.contains("web"), "\(why.outputText)\(why.errorText)")
    let bare = try await machine.outfit("up")
    #expect(bare.outputText.contains("Nothing to do"))
  }

  /// Links lead among Outfit's data, to files that nobody is meant to write, and an emptied cache changes nothing.
  @Test func whatIsLinkedOfAGitLayerStays() async throws {
    let machine = try Machine()
    let cache = machine.home.appending("cache")
    func outfit(_ words: String...) async throws -> Completion {
      try await machine.run(
        Machine.build.appending("outfit"), words, setting: ["XDG_CACHE_HOME": cache.string])
    }
    func commit(_ text: String) async throws -> String {
      try machine.write(
        "team/outfit.yaml", "profile: team\ndotfiles: {.linked: {link: linked}, .copied: {copy: linked}}\n")
      try machine.write("team/linked", text)
      let made = try await machine.login(
        "cd team && git init -q -b main && git add -A && git -c user.name=a -c user.email=a@b.example commit -qm one"
          + " && git rev-parse HEAD")
      return String(made.outputText.filter { !$0.isWhitespace })
    }
    let address = "git+file://\(machine.home)/team"
    let first = try await commit("one\n")
    let up = try await outfit("up", address, "--trust", first)
    try #require(up.status == 0, "\(up.errorText)")
    let link = machine.home.appending(".linked")
    let place = FilePath(try machine.files.readLink(link))
    #expect(place.starts(with: machine.home.pushing(".local/share/outfit/layers")), "\(place)")
    #expect(try machine.files.status(place, followLinks: false)?.mode == 0o444)
    let copied = machine.home.appending(".copied")
    #expect(try machine.files.status(copied, followLinks: false)?.mode == 0o644)
    try machine.files.removeTree(cache)
    #expect(try machine.read(".linked") == "one\n")
    #expect(try await outfit("up", "--offline").outputText.contains("Nothing to do"))

    let second = try await commit("two\n")
    let moved = try await outfit("up", address, "--trust", second)
    try #require(moved.status == 0, "\(moved.errorText)")
    #expect(try machine.read(".linked") == "two\n")
    let freed = try await outfit("gc")
    #expect(freed.status == 0, "\(freed.errorText)")
    let back = try await outfit("rollback")
    #expect(back.status == 0, "\(back.errorText)")
    #expect(try machine.read(".linked") == "one\n")
  }

  @Test func layersWithTheSameNamesAreNotTheSame() async throws {
    let machine = try Machine()
    for layer in ["org", "team"] {
      let extends = layer == "team" ? "extends: [../org]\n" : ""
      try machine.write(
        "\(layer)/outfit.yaml",
        "profile: \(layer)\n\(extends)dotfiles: {.vimrc: {copy: vimrc}, .shrc: {block: shrc}, .c/: {copy: c/}}\n"
      )
      try machine.write("\(layer)/vimrc", "\(layer)\n")
      try machine.write("\(layer)/shrc", "\(layer) block\n")
      try machine.write("\(layer)/c/\(layer)", "\(layer)\n")
    }
    let up = try await machine.outfit("up", "team", "--trust")
    try #require(up.status == 0, "\(up.errorText)")
    #expect(try machine.read(".vimrc") == "team\n")
    #expect(try machine.read(".c/team") == "team\n")
    #expect(
      try machine.read(".shrc") == """
        # >>> outfit org >>>
        org block
        # <<< outfit org <<<
        # >>> outfit team >>>
        team block
        # <<< outfit team <<<

        """)
    try machine.write("team/vimrc", "changed\n")
    let again = try await machine.outfit("up")
    #expect(again.status == 0, "one's own words ask nobody: \(again.errorText)")
    #expect(try machine.read(".vimrc") == "changed\n")
    let back = try await machine.outfit("rollback", "0")
    #expect(back.status == 0, "\(back.errorText)")
    #expect(try machine.read(".shrc") == nil && machine.read(".vimrc") == nil)
  }

  @Test func whatAProfileNamesIsFetchedWhenItIsSaid() async throws {
    let machine = try Machine()
    func commit(_ folder: String, _ manifest: String) async throws -> String {
      try machine.write("\(folder)/outfit.yaml", manifest)
      let made = try await machine.login(
        "cd \(folder) && git init -q -b main && git add -A && git -c user.name=a -c user.email=a@b.example commit -qm one"
          + " && git rev-parse HEAD")
      return String(made.outputText.filter { !$0.isWhitespace })
    }
    let base = try await commit("base", "profile: base\nask: {place: {prompt: Where, default: here}}\n")
    let web = try await commit(
      "web", "profile: web\nextends: [\"git+file://\(machine.home)/base\"]\ndata: {place: there}\n")
    let address = "git+file://\(machine.home)/web"
    let refused = try await machine.outfit("up", address, "--trust", "\(base),\(web)")
    #expect(refused.status == 4, "\(refused.errorText)")
    #expect(refused.errorText.contains("outfit show \(address) --fetch"), "\(refused.errorText)")
    let up = try await machine.outfit("up", address, "--fetch", "--trust", "\(base),\(web)")
    #expect(up.status == 0, "\(up.errorText)")
    let show = try await machine.outfit("show", address)
    #expect(show.status == 0, "what was fetched once is not asked about again: \(show.errorText)")
  }

  @Test func whoLooksBeforeTheFirstUpLeavesNothingBehind() async throws {
    let machine = try Machine()
    let cache = ["XDG_CACHE_HOME": "\(machine.home)/.cache"]
    try machine.write("team/outfit.yaml", "profile: team\ndotfiles: {.x: {copy: x}}\n")
    try machine.write("team/x", "x\n")
    let made = try await machine.login(
      "cd team && git init -q -b main && git add -A && git -c user.name=a -c user.email=a@b.example commit -qm x"
        + " && git rev-parse HEAD")
    let commit = String(made.outputText.filter { !$0.isWhitespace })
    let address = "git+file://\(machine.home)/team"
    for words in [["show", address], ["up", address, "--trust", commit], ["self", "uninstall", "--yes"]] {
      let done = try await machine.run(Machine.build.appending("outfit"), words, setting: cache)
      #expect(done.status == 0, "\(words): \(done.errorText)")
      #expect(!done.errorText.contains("***"), "an address is named as it is: \(done.errorText)")
    }
    #expect(try machine.files.list(machine.home) == ["team"])
  }

  /// A folder's profile that builds on a layer from git: what was undone of that layer never comes again by itself.
  @Test func theCommitsOfLayersGoBackWithTheRest() async throws {
    let machine = try Machine()
    func commit(_ text: String) async throws -> String {
      try machine.write("base/outfit.yaml", "profile: base\ndotfiles: {.base: {copy: f}}\n")
      try machine.write("base/f", text)
      let made = try await machine.login(
        "cd base && { [ -d .git ] || git init -q -b main; } && git add -A && "
          + "git -c user.name=a -c user.email=a@b.example commit -qm x && git rev-parse HEAD")
      return String(made.outputText.filter { !$0.isWhitespace })
    }
    let first = try await commit("first\n")
    try machine.write("team/outfit.yaml", "profile: team\nextends: [\"git+file://\(machine.home)/base\"]\n")
    let up = try await machine.outfit("up", "team", "--fetch", "--trust", first)
    #expect(up.status == 0, "\(up.errorText)")
    let second = try await commit("second\n")
    let update = try await machine.outfit("update", "--trust", second)
    #expect(update.status == 0, "\(update.errorText)")
    #expect(try machine.read(".base") == "second\n")
    let back = try await machine.outfit("rollback")
    #expect(back.status == 0, "\(back.errorText)")
    #expect(try machine.read(".base") == "first\n")
    for _ in 1...2 {
      // Consented to before, it is not asked about again.
      let again = try await machine.outfit("up")
      #expect(again.status == 0, "\(again.errorText)")
      #expect(try machine.read(".base") == "first\n", "\(again.outputText)")
    }
    let forth = try await machine.outfit("update", "--trust", second)
    #expect(forth.status == 0, "\(forth.errorText)")
    #expect(try machine.read(".base") == "second\n")
    let none = try await machine.outfit("rollback", "0")
    #expect(none.status == 0, "\(none.errorText)")
    #expect(try machine.read(".local/state/outfit/machine/layers") == nil)
  }

  @Test func thePersonalLayerGoesOnTopWithALockOfItsOwn() async throws {
    let machine = try Machine()
    let python = "interpreters:\n  python: {versions: [\">=3.10\"], system: true}\n"
    try machine.write("team/outfit.yaml", "profile: team\n\(python)tools:\n  isort: latest\n")
    try machine.write(
      ".config/outfit/outfit.yaml",
      "profile: me\ntools:\n  cookiecutter: \"2.*\"\ndotfiles:\n  .mine: {copy: mine}\n")
    try machine.write(".config/outfit/mine", "my own\n")
    let up = try await machine.outfit("up", "team", "--trust")
    #expect(up.status == 0, "\(up.errorText)")
    #expect(try machine.read(".mine") == "my own\n")
    let personal = try #require(try machine.read(".config/outfit/outfit.lock"))
    #expect(personal.contains("cookiecutter"))
    #expect(!personal.contains("isort"))
    let team = try #require(try machine.read(".local/state/outfit/machine/outfit.lock"))
    #expect(team.contains("isort"))
    #expect(!team.contains("cookiecutter"))
    #expect(try machine.read("team/outfit.lock") == nil)
    let why = try await machine.outfit("why", "cookiecutter")
    #expect(why.outputText.contains("your own layer"))
  }

  @Test func whateverWasReadIsLookedAtAgain() async throws {
    let machine = try Machine()
    try machine.write("team/outfit.yaml", "profile: team\ndotfiles:\n  .kit/: {copy: kit/}\n")
    try machine.write("team/kit/a", "a\n")
    func up() async throws -> Completion { try await machine.outfit("up", "team", "--trust") }
    #expect(try await up().status == 0)
    #expect(try await up().outputText.contains("Nothing to do"))
    // A file more in a folder, a layer that was not there, a source that changed.
    try machine.write("team/kit/b", "b\n")
    #expect(try await up().status == 0)
    #expect(try machine.read(".kit/b") == "b\n")
    #expect(try await up().outputText.contains("Nothing to do"))
    try machine.write(".config/outfit/outfit.yaml", "profile: me\ndotfiles:\n  .mine: {copy: mine}\n")
    try machine.write(".config/outfit/mine", "my own\n")
    #expect(try await up().status == 0)
    #expect(try machine.read(".mine") == "my own\n")
    try machine.write(".config/outfit/mine", "changed\n")
    #expect(try await up().status == 0)
    #expect(try machine.read(".mine") == "changed\n")
  }

  @Test func theTeamsProfileIsPinnedForEveryPlatform() async throws {
    let machine = try Machine()
    let show = try await machine.outfit("show", "django-team")
    #expect(show.status == 0, "\(show.errorText)")
    for words in ["3.13.5", "sphinx 9.", "outfit up django-team"] {
      #expect(show.outputText.contains(words), "\(show.outputText)")
    }
    #expect(!show.outputText.contains("ruff"))
    let lock = try #require(
      try machine.files.text(Machine.checkout.appending("profiles/django-team/outfit.lock")))
    for key in ["linux-amd64", "linux-arm64", "macos-amd64", "macos-arm64"] {
      #expect(lock.contains(key + ":"))
    }
    #expect(!lock.contains("://"))
    let before = try machine.tree()
    let dry = try await machine.outfit("up", "django-team", "--dry-run", "--locked")
    #expect(dry.status == 0, "\(dry.errorText)")
    expectSameTree(before, try machine.tree())
  }
}
