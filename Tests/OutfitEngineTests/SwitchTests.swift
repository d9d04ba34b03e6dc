import OutfitConsent
import OutfitCore
import OutfitProfile
import OutfitSystem
import Support
import SystemPackage
import Testing

@testable import OutfitEngine

@Suite struct SwitchTests {
  /// A home as people have it, and a profile that touches every kind of thing in it.
  private static func lived() -> SwitchScenario {
    var scenario = SwitchScenario()
    scenario.files.put("/home/ann/.zshrc", "export A=1", mode: 0o600)
    scenario.files.put("/home/ann/.gitconfig", "[user]\n\tname = Ann\n")
    scenario.files.put("/home/ann/.vimrc", "set number\n")
    scenario.files.putLink("/home/ann/.bashrc", to: "rc/bashrc")
    scenario.files.put("/home/ann/rc/bashrc", "# mine\r\nalias a=b\r\n")
    scenario.files.putLink("/home/ann/.tool", to: "/opt/tool")
    scenario.wantBlock(".zshrc", "export B=2\n")
    scenario.wantBlock(".bashrc", "export B=2")
    scenario.want(".gitconfig", "[include]\n\tpath = team\n")
    scenario.want(".vimrc", "set number\n", mode: 0o600)
    scenario.want(".config/kitty/kitty.conf", "font 12\n")
    scenario.want(".config/kitty", .directory(mode: 0o755))
    scenario.want(".ssh/config", "Host *\n", mode: 0o600)
    scenario.want(".tool", .link(.path("/opt/newer")))
    scenario.wantCommand("black")
    return scenario
  }

  @Test func everythingIsWrittenAndRollbackPutsBackEveryByte() async throws {
    let scenario = Self.lived()
    let before = scenario.home
    let times = try [".zshrc", ".gitconfig", ".vimrc", "rc/bashrc"].map(scenario.modified)

    let outcome = try await scenario.up(Decisions(.take))
    #expect(outcome.generation == 1)
    #expect(outcome.kept.isEmpty)
    #expect(outcome.status == .done)
    #expect(
      scenario.text(".zshrc") == "export A=1\n# >>> outfit team >>>\nexport B=2\n# <<< outfit team <<<\n")
    #expect(
      scenario.text("rc/bashrc")
        == "# mine\r\nalias a=b\r\n# >>> outfit team >>>\r\nexport B=2\r\n# <<< outfit team <<<\r\n")
    #expect(try scenario.files.readLink("/home/ann/.bashrc") == "rc/bashrc")
    #expect(scenario.text(".gitconfig") == "[include]\n\tpath = team\n")
    #expect(try scenario.files.status("/home/ann/.ssh", followLinks: false)?.mode == 0o700)
    #expect(try scenario.files.readLink("/home/ann/.tool") == "/opt/newer")
    #expect(
      try scenario.files.readLink(scenario.host.places.bin.appending("black"))
        == scenario.host.places.libexec.appending("outfit-shim").string)
    #expect(try scenario.plan().isEmpty)

    let back = try await scenario.rollback()
    #expect(back.generation == 2)
    #expect(back.kept.isEmpty)
    #expect(scenario.home == before)
    #expect(try [".zshrc", ".gitconfig", ".vimrc", "rc/bashrc"].map(scenario.modified) == times)
    #expect(try scenario.files.list(scenario.host.places.bin).isEmpty)
    #expect(try scenario.files.list(scenario.host.places.tables).isEmpty)
  }

  @Test func aRollbackCanBeRolledBack() async throws {
    let scenario = Self.lived()
    try await scenario.up(Decisions(.take))
    let after = scenario.home
    try await scenario.rollback()
    let back = try await scenario.rollback(1)
    #expect(back.generation == 3)
    #expect(scenario.home == after)
    #expect(try scenario.files.list(scenario.host.places.bin) == ["black"])
    #expect(try scenario.plan().isEmpty)
    let all = try Generations.list(.machine, host: scenario.host)
    #expect(all.map(\.origin) == [.up, .rollback(to: 0), .rollback(to: 1)])
  }

  /// Each bare rollback goes one further back, and a new `up` is where it starts from again.
  @Test func aBareRollbackGoesOneFurtherBackEachTime() async throws {
    var scenario = SwitchScenario()
    let first = scenario.home
    for text in ["one\n", "two\n", "three\n"] {
      scenario.want(".a", text)
      try await scenario.up()
    }
    func origins() throws -> [Generation.Origin] {
      try Generations.list(.machine, host: scenario.host).map(\.origin)
    }
    try await scenario.rollback()
    #expect(scenario.text(".a") == "two\n")
    try await scenario.rollback()
    #expect(scenario.text(".a") == "one\n")
    try await scenario.rollback(3)
    #expect(scenario.text(".a") == "three\n")
    for text in ["two\n", "one\n", nil] {
      try await scenario.rollback()
      #expect(scenario.text(".a") == text)
    }
    #expect(scenario.home == first)
    #expect(
      try Array(origins().dropFirst(3))
        == [2, 1, 3, 2, 1, 0].map { Generation.Origin.rollback(to: $0) })
    let further = try Rollback.plan(scope: .machine, host: scenario.host, isPresent: { _ in true })
    #expect(further.isEmpty)

    // What was undone is no way back any more: from a new generation to what was there before it.
    try await scenario.rollback(1)
    scenario.want(".a", "four\n")
    try await scenario.up()
    try await scenario.rollback()
    #expect(scenario.text(".a") == "one\n")
    try await scenario.rollback()
    #expect(scenario.home == first)
    // Where the record that a rollback went to has been freed, the rollback itself stands for it.
    try await scenario.rollback(11)
    scenario.want(".a", "five\n")
    try await scenario.up()
    try await Collection.run(scenario.host, keep: 2)
    try await scenario.rollback()
    #expect(scenario.text(".a") == "four\n")
    try await scenario.rollback()
    #expect(scenario.home == first)
  }

  @Test func rollbackGoesToAnyGenerationAndKeepsEditsMadeSince() async throws {
    var scenario = SwitchScenario()
    scenario.want(".a", "one\n")
    try await scenario.up()
    scenario.want(".a", "two\n")
    scenario.want(".b", "two\n")
    try await scenario.up()
    scenario.want(".a", "three\n")
    scenario.wantNothing(".b")
    try await scenario.up()
    #expect(scenario.text(".b") == nil)
    try await scenario.rollback(2)
    #expect(scenario.text(".a") == "two\n")
    #expect(scenario.text(".b") == "two\n")
    try await scenario.rollback(1)
    #expect(scenario.text(".a") == "one\n")
    #expect(scenario.text(".b") == nil)

    scenario.files.put("/home/ann/.a", "mine\n")
    let kept = try await scenario.rollback(2)
    #expect(kept.status == .consent)
    #expect(kept.kept.map(\.target) == ["/home/ann/.a"])
    #expect(scenario.text(".a") == "mine\n")
    #expect(scenario.text(".b") == "two\n")
    let none = #expect(throws: Failure.self) {
      try Rollback.plan(to: 77, scope: .machine, host: scenario.host, isPresent: { _ in true })
    }
    #expect(none?.status == .usage)
  }

  @Test func whatTheUserHadOrChangedIsAConflictUntilDecided() async throws {
    var scenario = SwitchScenario()
    scenario.files.put("/home/ann/.mine", "precious\n")
    scenario.want(".mine", "team\n")
    scenario.want(".ours", "one\n")
    let first = try await scenario.up()
    #expect(first.status == .consent)
    #expect(scenario.text(".mine") == "precious\n")
    #expect(scenario.text(".ours") == "one\n")
    #expect(try scenario.plan().conflicts.map(\.conflict?.reason) == [.notOurs])

    scenario.files.put("/home/ann/.ours", "edited\n")
    scenario.want(".ours", "two\n")
    #expect(try scenario.action(".ours") == .conflict)
    let second = try await scenario.up()
    #expect(second.kept.count == 2)
    #expect(!second.isNew)
    #expect(scenario.text(".ours") == "edited\n")

    let third = try await scenario.up(
      Decisions(.keep, byTarget: ["/home/ann/.ours": .backup, "/home/ann/.mine": .keep]))
    #expect(third.kept.map(\.target) == ["/home/ann/.mine"])
    #expect(scenario.text(".ours") == "two\n")
    #expect(scenario.text(".ours.outfit-backup") == "edited\n")
    // The choice to keep one's own holds until either side changes.
    #expect(try scenario.plan().isEmpty)
    scenario.want(".mine", "team 2\n")
    #expect(try scenario.action(".mine") == .conflict)

    try await scenario.rollback(1)
    #expect(scenario.text(".ours") == "edited\n")
    #expect(scenario.text(".ours.outfit-backup") == nil)
    #expect(scenario.text(".mine") == "precious\n")
    // The same again has nothing to do: the copy is no file of the user's own.
    let again = try Rollback.plan(to: 1, scope: .machine, host: scenario.host, isPresent: { _ in true })
    #expect(again.isEmpty)
  }

  @Test func aMergeStandsUntilEitherSideChanges() async throws {
    var scenario = SwitchScenario()
    scenario.want(".a", "one\n")
    try await scenario.up()
    scenario.files.put("/home/ann/.a", "one\nmine\n")
    scenario.want(".a", "two\n")
    let plan = try scenario.plan()
    #expect(try plan.base(of: plan.targets[0], host: scenario.host) == Array("one\n".utf8))
    #expect(try plan.content(of: plan.targets[0], host: scenario.host) == Array("two\n".utf8))
    let merged = Array("two\nmine\n".utf8)
    let outcome = try await scenario.up(Decisions(.keep, byTarget: ["/home/ann/.a": .merged(merged)]))
    #expect(outcome.kept.isEmpty)
    #expect(scenario.text(".a") == "two\nmine\n")
    #expect(try scenario.plan().isEmpty)
    scenario.want(".a", "three\n")
    #expect(try scenario.action(".a") == .conflict)
  }

  @Test func linesBetweenOurMarkersAreOursAlone() async throws {
    var scenario = SwitchScenario()
    scenario.files.put("/home/ann/.zshrc", "top\n")
    scenario.wantBlock(".zshrc", "one\n")
    scenario.wantBlock(".zshrc", "path\n", identifier: "path", position: .top)
    try await scenario.up()
    #expect(
      scenario.text(".zshrc")
        == "# >>> outfit path >>>\npath\n# <<< outfit path <<<\ntop\n# >>> outfit team >>>\none\n# <<< outfit team <<<\n"
    )

    // Edits around the block are nobody's business; they stay when it changes, and when it goes.
    scenario.files.put(
      "/home/ann/.zshrc", (scenario.text(".zshrc") ?? "").replacing("top", with: "top 2") + "below\n")
    #expect(try scenario.plan().isEmpty)
    scenario.wantBlock(".zshrc", "two\n")
    try await scenario.up()
    #expect(
      scenario.text(".zshrc")?.contains("# >>> outfit team >>>\ntwo\n# <<< outfit team <<<\nbelow\n") == true)

    // An edit inside the block is a conflict; the other block of the file is written all the same.
    scenario.files.put("/home/ann/.zshrc", (scenario.text(".zshrc") ?? "").replacing("two", with: "mine"))
    scenario.wantBlock(".zshrc", "three\n")
    scenario.wantBlock(".zshrc", "path 2\n", identifier: "path", position: .top)
    let outcome = try await scenario.up()
    #expect(outcome.status == .consent)
    #expect(outcome.kept.first?.conflict?.line == 5)
    #expect(scenario.text(".zshrc")?.contains("\nmine\n") == true)
    #expect(scenario.text(".zshrc")?.contains("path 2\n") == true)
    try await scenario.up(Decisions(.take))
    #expect(scenario.text(".zshrc")?.contains("three\n") == true)
    #expect(try scenario.plan().isEmpty)

    // Going back takes the blocks out, and leaves what the user wrote.
    try await scenario.rollback(0)
    #expect(scenario.text(".zshrc") == "top 2\nbelow\n")
  }

  @Test func blocksOfAnOlderGenerationComeBackIntoAChangedFile() async throws {
    var scenario = SwitchScenario()
    scenario.files.put("/home/ann/.zshrc", "top\n")
    scenario.wantBlock(".zshrc", "one\n")
    try await scenario.up()
    scenario.wantBlock(".zshrc", "two\n")
    try await scenario.up()
    scenario.files.put("/home/ann/.zshrc", (scenario.text(".zshrc") ?? "") + "mine\n")
    let outcome = try await scenario.rollback()
    #expect(outcome.kept.isEmpty)
    #expect(scenario.text(".zshrc") == "top\n# >>> outfit team >>>\none\n# <<< outfit team <<<\nmine\n")
    scenario.wantBlock(".zshrc", "one\n")
    #expect(try scenario.plan().isEmpty)
  }

  @Test func aLineEndThatWasAddedGoesWithTheLastOfSeveralBlocks() async throws {
    var scenario = SwitchScenario()
    scenario.files.put("/home/ann/.zshrc", "export A=1")
    let before = scenario.home
    scenario.wantBlock(".zshrc", "one\n", identifier: "a")
    try await scenario.up()
    scenario.wantBlock(".zshrc", "two\n", identifier: "b")
    try await scenario.up()
    try await scenario.rollback(0)
    #expect(scenario.home == before)
    try await scenario.rollback(2)
    scenario.files.put("/home/ann/.zshrc", (scenario.text(".zshrc") ?? "").replacing("A=1", with: "A=2"))
    scenario.proposal.changes = []
    try await scenario.up()
    #expect(scenario.text(".zshrc") == "export A=2")
  }

  @Test func brokenMarkersAreAConflictWithTheirLine() async throws {
    var scenario = SwitchScenario()
    scenario.files.put("/home/ann/.zshrc", "a\n# >>> outfit team >>>\nb\n")
    scenario.wantBlock(".zshrc", "one\n")
    let outcome = try await scenario.up()
    #expect(outcome.kept.first?.conflict?.reason == .malformed)
    #expect(outcome.kept.first?.conflict?.line == 2)
    #expect(scenario.text(".zshrc") == "a\n# >>> outfit team >>>\nb\n")
    // Whose block it was nobody knows: its line stays as a text, and ours is put in, for whoever says so.
    try await scenario.up(Decisions(.take))
    #expect(scenario.text(".zshrc") == "a\nb\n# >>> outfit team >>>\none\n# <<< outfit team <<<\n")
    // Another's are not ours to mend.
    scenario.files.put("/home/ann/.zshrc", "a\n# >>> outfit other >>>\nb\n")
    let other = try await scenario.up(Decisions(.take))
    #expect(other.kept.first?.conflict?.reason == .malformed)
    #expect(scenario.text(".zshrc") == "a\n# >>> outfit other >>>\nb\n")
  }

  @Test func aBlockOfAnotherMachineIsTakenOver() async throws {
    var scenario = SwitchScenario()
    scenario.files.put("/home/ann/.zshrc", "a\n# >>> outfit team >>>\nold\n# <<< outfit team <<<\n")
    scenario.wantBlock(".zshrc", "new\n")
    let outcome = try await scenario.up()
    #expect(outcome.kept.isEmpty)
    #expect(scenario.text(".zshrc") == "a\n# >>> outfit team >>>\nnew\n# <<< outfit team <<<\n")
    scenario.proposal.changes = []
    try await scenario.up()
    #expect(scenario.text(".zshrc") == "a\n# >>> outfit team >>>\nold\n# <<< outfit team <<<\n")
  }

  @Test func whatIsWantedNoMoreIsPutBack() async throws {
    var scenario = Self.lived()
    let before = scenario.home
    try await scenario.up(Decisions(.take))
    scenario.proposal = Proposal()
    let plan = try scenario.plan()
    #expect(plan.names.map(\.action) == [.remove])
    try await scenario.up()
    #expect(scenario.home == before)
    #expect(try scenario.files.list(scenario.host.places.bin).isEmpty)
  }

  @Test func foldersThatTheUserUsesStay() async throws {
    var scenario = SwitchScenario()
    scenario.want(".config/tool/rc", "x")
    scenario.want(".config/tool/more", .directory(mode: 0o755))
    try await scenario.up()
    scenario.files.put("/home/ann/.config/tool/mine", "y")
    let outcome = try await scenario.rollback()
    #expect(outcome.kept.isEmpty)
    #expect(scenario.text(".config/tool/mine") == "y")
    #expect(scenario.text(".config/tool/rc") == nil)
    #expect(!scenario.files.exists("/home/ann/.config/tool/more"))
  }

  /// Folders that were made go with the last that was in them, whatever came in between.
  @Test func foldersOfOursGoAfterAnyHistory() async throws {
    var scenario = SwitchScenario()
    let first = scenario.home
    scenario.want(".config/fish/conf.d/outfit.fish", "one\n")
    scenario.want(".other", "one\n")
    try await scenario.up()
    scenario.want(".other", "two\n")
    try await scenario.up()
    // As a verb does that is about one tool only.
    scenario.wantNothing(".config/fish/conf.d/outfit.fish")
    scenario.want(".other", "three\n")
    _ = try await Switch.apply(
      scenario.plan(keepsMissing: true), by: .generation(.machine),
      profile: ProfileStamp(name: "team", address: "/team"),
      host: scenario.host)
    try await scenario.rollback()
    #expect(scenario.text(".config/fish/conf.d/outfit.fish") == "one\n")
    try await scenario.rollback(0)
    #expect(scenario.home == first)

    // One in which the user has something stays until it is empty.
    scenario.want(".config/fish/conf.d/outfit.fish", "one\n")
    try await scenario.up()
    scenario.files.put("/home/ann/.config/fish/mine", "mine\n")
    try await scenario.rollback(0)
    #expect(scenario.text(".config/fish/mine") == "mine\n")
    #expect(!scenario.files.exists("/home/ann/.config/fish/conf.d"))
    let none = try Rollback.plan(to: 0, scope: .machine, host: scenario.host, isPresent: { _ in true })
    #expect(none.isEmpty)
    try scenario.files.remove("/home/ann/.config/fish/mine")
    try await scenario.rollback(0)
    #expect(scenario.home == first)
  }

  @Test func aFileBecomesAFolderAndALinkAndBack() async throws {
    var scenario = SwitchScenario()
    scenario.want(".kitty", "one file\n")
    try await scenario.up()
    scenario.want(".kitty", .directory(mode: 0o755))
    scenario.want(".kitty/a.conf", "a\n")
    scenario.want(".kitty/deep/b.conf", "b\n")
    let outcome = try await scenario.up()
    #expect(outcome.kept.isEmpty)
    #expect(scenario.text(".kitty/deep/b.conf") == "b\n")
    for path in [".kitty/a.conf", ".kitty/deep/b.conf"] { scenario.wantNothing(path) }
    scenario.want(".kitty", .link(.path("/team/kitty")))
    let linked = try await scenario.up()
    #expect(linked.kept.isEmpty)
    #expect(try scenario.files.readLink("/home/ann/.kitty") == "/team/kitty")
    try await scenario.rollback()
    #expect(scenario.text(".kitty/a.conf") == "a\n")
    #expect(scenario.text(".kitty/deep/b.conf") == "b\n")
    try await scenario.rollback(1)
    #expect(scenario.text(".kitty") == "one file\n")
    try await scenario.rollback(0)
    #expect(scenario.home == SwitchScenario().home)
  }

  @Test func secretsAreKeptNowhere() async throws {
    var scenario = SwitchScenario()
    scenario.files.put("/home/ann/.netrc", "machine mine\n", mode: 0o600)
    scenario.want(".netrc", "machine secret-one\n", mode: 0o600, secret: true)
    try await scenario.up(Decisions(.take))
    #expect(try scenario.plan().isEmpty)
    scenario.want(".netrc", "machine secret-two\n", mode: 0o600, secret: true)
    #expect(try scenario.action(".netrc") == .update)
    let plan = try scenario.plan()
    #expect(try plan.diff(plan.targets[0], host: scenario.host).contains("(secret)"))
    try await scenario.up()
    let state = scenario.files.snapshot("/home/ann/.local")
    #expect(!state.contains { $0.contains("secret-") })
    #expect(!state.contains { $0.contains(Digest(of: "machine secret-two\n").hex) })

    // The old secret can't come back; what the user had can.
    let back = try await scenario.rollback(1)
    #expect(back.kept.first?.conflict?.reason == .notKept)
    #expect(scenario.text(".netrc") == "machine secret-two\n")
    try await scenario.rollback(0)
    #expect(scenario.text(".netrc") == "machine mine\n")
  }

  @Test func whatFailedKeepsItsPreviousVersion() async throws {
    var scenario = SwitchScenario()
    scenario.wantCommand("black", version: "1")
    scenario.wantCommand("ruff", version: "1")
    scenario.want(".hook", .file(Array("one".utf8), mode: 0o755), object: scenario.proposal.objects[0].id)
    try await scenario.up()
    scenario.wantCommand("black", version: "2")
    scenario.wantCommand("isort", version: "1")
    scenario.wantCommand("ruff", version: "2")
    let ids = scenario.proposal.objects.map(\.id)
    let black = try #require(ids.first { $0.name == "black-2" })
    let isort = try #require(ids.first { $0.name == "isort-1" })
    scenario.want(".hook", .file(Array("two".utf8), mode: 0o755), object: black)
    let outcome = try await scenario.up(failed: [black, isort])
    #expect(outcome.isIncomplete)
    #expect(outcome.status == .failed)
    #expect(outcome.names.map(\.name) == ["ruff"])
    let current = try #require(try Generations.current(.machine, host: scenario.host))
    #expect(current.claims.map(\.label) == ["black 1", "ruff 2"])
    #expect(current.objects.contains { $0.id.name == "black-1" })
    #expect(scenario.text(".hook") == "one")
    #expect(!scenario.files.exists(scenario.host.places.bin.appending("isort")))
    // The next time, all of it comes.
    #expect(try !scenario.plan().isEmpty)
    let next = try await scenario.up()
    #expect(!next.isIncomplete)
    #expect(scenario.text(".hook") == "two")
    #expect(try scenario.plan().isEmpty)
  }

  @Test func partsThatFailedTakeNothingAway() async throws {
    var scenario = Self.lived()
    try await scenario.up(Decisions(.take))
    let after = scenario.home
    scenario.proposal = Proposal()
    scenario.proposal.failures = [Diagnostic(.error, "no network")]
    let outcome = try await scenario.up()
    #expect(outcome.isIncomplete)
    #expect(scenario.home == after)
    #expect(try scenario.files.list(scenario.host.places.bin) == ["black"])
  }

  @Test func scopesShareTheCommandsAndNothingElse() async throws {
    var machine = SwitchScenario()
    machine.files.putDirectory("/home/ann/shop")
    machine.wantCommand("black", version: "1")
    try await machine.up()
    var project = machine
    project.scope = .project("/home/ann/shop")
    project.proposal = Proposal()
    project.wantCommand("black", version: "2")
    project.wantCommand("isort", version: "2")
    project.proposal.virtualenv = "/home/ann/shop/.venv"
    project.proposal.variables = ["A": "b\tc"]
    try await project.up()
    let places = machine.host.places
    #expect(try machine.files.list(places.bin) == ["black", "isort"])
    let table = try #require(
      DispatchTable(try machine.files.read(places.tables.appending(fnv1a64("/home/ann/shop".utf8)))))
    #expect(table.scope == .project("/home/ann/shop"))
    #expect(table.commands.map(\.name) == ["black", "isort"])
    #expect(table.variables == ["A": "b\tc"])
    #expect(
      try machine.files.text(places.tables.appending("names"))
        == "black\tprofile team\tblack 1\nblack\tproject /home/ann/shop\tblack 2\nisort\tproject /home/ann/shop\tisort 2\n"
    )
    try await machine.rollback()
    #expect(try machine.files.list(places.bin) == ["black", "isort"])
    try await project.rollback()
    #expect(try machine.files.list(places.bin).isEmpty)
  }

  @Test func thePersonalLayerComesBackToo() async throws {
    var scenario = SwitchScenario()
    let manifest: FilePath = "/home/ann/.config/outfit/outfit.yaml"
    scenario.files.put(manifest, "tools: {black: \"1\"}\n")
    scenario.want(".a", "1")
    try await scenario.up(snapshots: [manifest])
    scenario.files.put(manifest, "tools: {black: \"2\"}\n")
    scenario.want(".a", "2")
    try await scenario.up(snapshots: [manifest])
    try await scenario.rollback(snapshots: [manifest])
    #expect(try scenario.files.text(manifest) == "tools: {black: \"1\"}\n")
    // Forth again, and back to what that rollback had.
    try await scenario.rollback(2, snapshots: [manifest])
    #expect(try scenario.files.text(manifest) == "tools: {black: \"2\"}\n")
    try await scenario.rollback(3, snapshots: [manifest])
    #expect(try scenario.files.text(manifest) == "tools: {black: \"1\"}\n")
    // An edit that no `up` has seen yet is the user's own: it is put beside, and named.
    scenario.files.put(manifest, "tools: {ruff: \"1\"}\n")
    let outcome = try await scenario.rollback(2, snapshots: [manifest])
    #expect(outcome.kept.isEmpty)
    let beside = "\(manifest).outfit-backup"
    #expect(outcome.notes.map(\.message) == ["what was at \(manifest) is in \(beside)"])
    #expect(try scenario.files.text(manifest) == "tools: {black: \"2\"}\n")
    #expect(try scenario.files.text(FilePath(beside)) == "tools: {ruff: \"1\"}\n")
    // One that a generation has is not.
    scenario.files.put(manifest, "tools: {ruff: \"1\"}\n")
    scenario.want(".a", "3")
    try await scenario.up(Decisions(.take), snapshots: [manifest])
    let back = try await scenario.rollback(2, snapshots: [manifest])
    #expect(back.notes.isEmpty)
    #expect(try scenario.files.text(manifest) == "tools: {black: \"2\"}\n")
    // No verb of Outfit's wrote in it: it is none of what was there before Outfit, or was not.
    try await scenario.rollback(0, snapshots: [manifest])
    #expect(try scenario.files.text(manifest) == "tools: {black: \"2\"}\n")
  }

  /// What a verb wrote into the personal layer, and the pins of this machine.
  @Test func whatWasUndoneDoesNotComeBack() async throws {
    var scenario = SwitchScenario()
    let files = scenario.files
    let manifest: FilePath = "/home/ann/.config/outfit/outfit.yaml"
    let pins = scenario.host.places.state(of: .machine).appending("outfit.lock")
    func verb(_ text: String) async throws {
      _ = try await Switch.apply(
        scenario.plan(), by: .generation(.machine), profile: ProfileStamp(name: "team", address: "/team"),
        snapshots: Scope.machine.snapshots(scenario.host),
        companions: [
          Companion(path: manifest, before: try files.text(manifest), text: text, mode: 0o600)
        ], host: scenario.host)
    }
    scenario.want(".a", "1")
    files.put(pins, "lock: 1\n")
    try await scenario.up(snapshots: Scope.machine.snapshots(scenario.host))
    scenario.wantCommand("cowsay")
    files.put(pins, "lock: 1\ntools: {}\n")
    try await verb("tools: {cowsay: latest}\n")
    let back = try await scenario.rollback(snapshots: Scope.machine.snapshots(scenario.host))
    #expect(back.kept.isEmpty && back.notes.isEmpty)
    #expect(!files.exists(manifest))
    #expect(try files.text(pins) == "lock: 1\n")
    try await scenario.rollback(0, snapshots: Scope.machine.snapshots(scenario.host))
    #expect(!files.exists(manifest))
    #expect(!files.exists(pins))
    // Forth again, and to the beginning at once.
    try await scenario.rollback(2, snapshots: Scope.machine.snapshots(scenario.host))
    #expect(try files.text(manifest) == "tools: {cowsay: latest}\n")
    #expect(try files.text(pins) == "lock: 1\ntools: {}\n")
    try await scenario.rollback(0, snapshots: Scope.machine.snapshots(scenario.host))
    #expect(!files.exists(manifest))

    // What the user had written before the verb comes back.
    files.put(manifest, "# mine\n")
    try await verb("# mine\ntools: {cowsay: latest}\n")
    try await scenario.rollback(0, snapshots: Scope.machine.snapshots(scenario.host))
    #expect(try files.text(manifest) == "# mine\n")
  }

  /// A manifest that is a link into a repository of the user's stays one.
  @Test func aPersonalLayerBehindALinkComesBack() async throws {
    var scenario = SwitchScenario()
    let files = scenario.files
    files.put("/home/ann/dot/outfit.yaml", "# mine\n")
    files.putLink("/home/ann/.config/outfit/outfit.yaml", to: "../../dot/outfit.yaml")
    scenario.wantCommand("cowsay")
    _ = try await Switch.apply(
      scenario.plan(), by: .generation(.machine), profile: ProfileStamp(name: "team", address: "/team"),
      snapshots: Scope.machine.snapshots(scenario.host),
      companions: [
        Companion(
          path: "/home/ann/dot/outfit.yaml", before: "# mine\n", text: "tools: {cowsay: latest}\n",
          mode: 0o644)
      ], host: scenario.host)
    try await scenario.rollback(0, snapshots: Scope.machine.snapshots(scenario.host))
    #expect(try files.text("/home/ann/dot/outfit.yaml") == "# mine\n")
    #expect(try files.readLink("/home/ann/.config/outfit/outfit.yaml") == "../../dot/outfit.yaml")
  }

  @Test func theCommandLineIsKeptWithoutSecrets() {
    #expect(
      recordedCommand([
        "up", "git+https://me:secret@host/x", "--set", "token=secret", "--set=name=secret", "--yes",
      ]) == ["up", "git+https://***@host/x", "--set", "token=…", "--set=name=…", "--yes"])
  }

  @Test func aDecisionHoldsForWhatItWasMadeAbout() async throws {
    var scenario = SwitchScenario()
    scenario.files.put("/home/ann/.a", "mine\n")
    scenario.want(".a", "theirs\n")
    let seen = try scenario.plan().targets[0].before
    let merged = Decisions(
      byTarget: ["/home/ann/.a": .merged(Array("both\n".utf8))], seen: ["/home/ann/.a": seen])
    scenario.files.put("/home/ann/.a", "mine, and more since\n")
    let outcome = try await scenario.up(merged)
    #expect(outcome.kept.map(\.target) == ["/home/ann/.a"])
    #expect(scenario.text(".a") == "mine, and more since\n")
    scenario.files.put("/home/ann/.a", "mine\n")
    try await scenario.up(merged)
    #expect(scenario.text(".a") == "both\n")
  }

  @Test func extendedAttributesStayWithAFileAndComeBackWithIt() async throws {
    var scenario = SwitchScenario()
    let files = scenario.files
    let own: [String: [UInt8]] = ["user.mark": [0, 1, 255], "user.empty": []]
    for name in [".zshrc", ".gitconfig"] {
      files.put(FilePath("/home/ann/\(name)"), "mine\n", mode: 0o640)
      try files.setAttributes(FilePath("/home/ann/\(name)"), own)
    }
    scenario.wantBlock(".zshrc", "ours\n")
    scenario.want(".gitconfig", "ours\n", mode: 0o600)
    try await scenario.up(Decisions(.take))
    #expect(try files.attributes("/home/ann/.zshrc") == own)
    #expect(try files.attributes("/home/ann/.gitconfig") == own)
    files.put("/home/ann/.gitconfig", "ours\n", mode: 0o600)
    #expect(try files.attributes("/home/ann/.gitconfig") == [:])
    try await scenario.rollback()
    #expect(scenario.text(".gitconfig") == "mine\n")
    #expect(try files.attributes("/home/ann/.gitconfig") == own)
    #expect(try files.attributes("/home/ann/.zshrc") == own)
  }

  @Test func aFileChangedDuringTheRunUndoesIt() async throws {
    var scenario = SwitchScenario()
    scenario.files.put("/home/ann/.a", "a\n")
    scenario.want(".a", "A\n")
    scenario.want(".b", "B\n")
    let plan = try scenario.plan()
    scenario.files.put("/home/ann/.a", "changed\n")
    await #expect(throws: Failure.self) {
      try await Switch.apply(
        plan, by: .generation(.machine), decisions: Decisions(.take),
        profile: ProfileStamp(name: "t", address: "t"), host: scenario.host
      )
    }
    #expect(scenario.text(".a") == "changed\n")
    #expect(scenario.text(".b") == nil)
    #expect(try Generations.current(.machine, host: scenario.host) == nil)
  }

  @Test func aStalePlanIsRefused() async throws {
    var scenario = SwitchScenario()
    scenario.want(".a", "A\n")
    let plan = try scenario.plan()
    try await scenario.up()
    await #expect(throws: Failure.self) {
      try await Switch.apply(
        plan, by: .generation(.machine), profile: ProfileStamp(name: "t", address: "t"), host: scenario.host)
    }
  }

  @Test func everyFailedOperationLeavesEverythingAsItWas() async throws {
    var number = 0
    while true {
      var scenario = Self.lived()
      try await scenario.up(Decisions(.take))
      scenario.want(".gitconfig", "[new]\n")
      scenario.wantNothing(".ssh/config")
      scenario.want(".new/deep/file", "new\n")
      scenario.wantCommand("black", version: "2")
      let before = scenario.home
      let start = scenario.files.operations
      scenario.files.fail(at: start + number, with: .noSpace)
      do {
        try await scenario.up()
      } catch is Failure {
        let isDone = try Generations.current(.machine, host: scenario.host)?.number == 2
        // Only ending the journal comes after the commit.
        #expect(isDone || scenario.home == before, "\(scenario.files.log[start + number])")
      }
      if scenario.files.operations <= start + number { break }
      number += 1
    }
    #expect(number > 20)
  }
}
