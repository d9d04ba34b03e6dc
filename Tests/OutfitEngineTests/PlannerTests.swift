import OutfitCore
import OutfitProfile
import OutfitSystem
import Support
import SystemPackage
import Testing

@testable import OutfitEngine

@Suite struct PlannerTests {
  private func refused(_ scenario: SwitchScenario) -> [String] {
    let failure = #expect(throws: Failure.self) { try scenario.plan() }
    #expect(failure?.status == .usage)
    #expect(failure?.diagnostics.allSatisfy { $0.location != nil } == true)
    return failure?.diagnostics.map(\.message) ?? []
  }

  @Test func planningWritesNothing() throws {
    var scenario = SwitchScenario()
    scenario.want(".a", "a", secret: true)
    scenario.wantBlock(".b", "b")
    scenario.wantCommand("black")
    _ = try scenario.plan()
    #expect(scenario.files.operations == 0)
  }

  @Test(arguments: [
    "/etc/passwd", "/home/ann", "/home/ann/../bob/.rc", "/home/annother/x", "/home/ann/a/./b",
  ])
  func targetsElsewhereAreRefused(_ path: String) {
    var scenario = SwitchScenario()
    scenario.want(path, "x")
    #expect(refused(scenario).count == 1)
  }

  @Test func linksInAHomeAreFollowedToTheUsersOwnFolders() async throws {
    var scenario = SwitchScenario()
    scenario.files.putDirectory("/data/ann")
    scenario.files.putLink("/home/ann/.config", to: "/data/ann")
    scenario.want(".config/tool/rc", "x\n")
    let outcome = try await scenario.up()
    #expect(outcome.kept.isEmpty)
    #expect(try scenario.files.text("/data/ann/tool/rc") == "x\n")
    #expect(try scenario.files.readLink("/home/ann/.config") == "/data/ann")
    #expect(try scenario.plan().isEmpty)
    try await scenario.rollback()
    #expect(!scenario.files.exists("/data/ann/tool"))
  }

  @Test func linksToOthersFoldersAreNotFollowed() {
    var scenario = SwitchScenario()
    scenario.files.putDirectory("/data/other")
    scenario.files.putLink("/home/ann/.config", to: "/data/other")
    scenario.host.user.identifier = 4242
    scenario.want(".config/rc", "x\n")
    #expect(refused(scenario).first?.contains("belongs to another user") == true)
  }

  @Test func aProjectsLinksMayNotLeadOutOfIt() {
    var scenario = SwitchScenario()
    scenario.files.putDirectory("/home/ann/shop")
    scenario.files.putDirectory("/home/ann/.ssh")
    scenario.files.putLink("/home/ann/shop/conf", to: "../.ssh")
    scenario.scope = .project("/home/ann/shop")
    scenario.want("shop/conf/authorized_keys", "x\n")
    #expect(refused(scenario).first?.contains("outside the project") == true)
    scenario.proposal.changes = []
    scenario.want(".zshrc", "x\n")
    #expect(refused(scenario).first?.contains("outside the project") == true)
  }

  @Test func targetsOutsideOfHomeNeedToBeNamed() async throws {
    var scenario = SwitchScenario()
    scenario.files.put("/etc/acme.conf", "theirs\n")
    scenario.want("/etc/acme.conf", "ours\n")
    scenario.want("/etc/acme.d/a", "new\n")
    #expect(refused(scenario).first == "/etc/acme.conf is outside the home folder")
    scenario.outside = ["/etc/acme.conf", "/etc/acme.d"]
    let before = scenario.files.snapshot("/etc")
    try await scenario.up(Decisions(.take))
    #expect(try scenario.files.text("/etc/acme.conf") == "ours\n")
    #expect(try scenario.files.text("/etc/acme.d/a") == "new\n")
    #expect(try scenario.plan().isEmpty)
    // Leaving needs no leave.
    scenario.outside = []
    try await scenario.rollback()
    #expect(scenario.files.snapshot("/etc") == before)
  }

  /// Each kind of crash before each operation, as for targets in HOME.
  @Test func targetsOutsideOfHomeAreInTheTransaction() async throws {
    var scenario = SwitchScenario()
    scenario.files.put("/etc/acme.conf", "theirs\n", mode: 0o640)
    scenario.outside = ["/etc/acme.conf", "/etc/acme.d"]
    scenario.want("/etc/acme.conf", "ours\n")
    scenario.want("/etc/acme.d/a", "new\n")
    func at(_ files: MemoryFiles) -> SwitchScenario { SwitchScenario(files: files, like: scenario) }
    func etc(_ files: MemoryFiles) -> [String] { files.snapshot("/etc") }
    let before = etc(scenario.files)
    let whole = at(scenario.files.copy())
    let start = whole.files.operations
    try await whole.up(Decisions(.take))
    let after = etc(whole.files)
    #expect(before != after)
    var undone = 0
    for number in 0..<whole.files.operations - start {
      let run = at(scenario.files.copy())
      run.files.stop(before: run.files.operations + number)
      _ = try? await run.up(Decisions(.take))
      run.files.crash(.killed)
      if let line = try Recovery.recover(run.host), line.contains("is undone") { undone += 1 }
      #expect([before, after].contains(etc(run.files)), "before operation \(number): \(etc(run.files))")
    }
    #expect(undone > 5)
  }

  @Test func whatBelongsToOthersOutsideOfHomeIsNotReplaced() async throws {
    var scenario = SwitchScenario()
    scenario.files.put("/etc/acme.conf", "theirs\n")
    scenario.files.putLink("/etc/linked", to: "/usr/lib/acme")
    scenario.files.put("/usr/lib/acme/rc", "theirs\n")
    scenario.host.user.identifier = 4242
    scenario.outside = ["/etc/acme.conf"]
    scenario.want("/etc/acme.conf", "ours\n")
    let outcome = try await scenario.up(Decisions(.take))
    #expect(outcome.kept.first?.conflict?.message.contains("belongs to another user") == true)
    #expect(try scenario.files.text("/etc/acme.conf") == "theirs\n")
    scenario.outside = ["/etc/acme.conf", "/etc/linked"]
    scenario.want("/etc/linked/rc", "ours\n")
    #expect(refused(scenario).first?.contains("where links lead, belongs to another user") == true)
  }

  @Test func aProjectHasNoTargetsOutsideOfItsFolder() {
    var scenario = SwitchScenario()
    scenario.files.putDirectory("/home/ann/shop")
    scenario.scope = .project("/home/ann/shop")
    scenario.outside = ["/etc/acme.conf"]
    scenario.want("/etc/acme.conf", "ours\n")
    #expect(refused(scenario).first?.contains("outside the project") == true)
  }

  @Test func aFileIsInTheWayOfAFolder() async throws {
    var scenario = SwitchScenario()
    scenario.files.put("/home/ann/.config", "a file\n")
    scenario.want(".config/rc", "x\n")
    let outcome = try await scenario.up(Decisions(.take))
    #expect(outcome.kept.first?.conflict?.reason == .blocked)
    #expect(scenario.text(".config") == "a file\n")
  }

  @Test func aFolderWithThingsInItIsNotReplaced() async throws {
    var scenario = SwitchScenario()
    scenario.files.put("/home/ann/.vim/mine", "x")
    scenario.want(".vim", .link(.path("/team/vim")))
    let outcome = try await scenario.up(Decisions(.take))
    #expect(outcome.kept.first?.conflict?.reason == .blocked)
    #expect(scenario.text(".vim/mine") == "x")
  }

  @Test func twoEntriesForOnePathAreRefused() {
    var scenario = SwitchScenario()
    scenario.want(".a", "1")
    scenario.proposal.changes.append(
      Change(target: "/home/ann/.a", owner: SwitchScenario.source(7), kind: .file([2], mode: 0o644)))
    scenario.want(".b", .link(.path("/x")))
    scenario.want(".b/c", "2")
    let messages = refused(scenario)
    #expect(messages.contains { $0.contains("/home/ann/.a is wanted twice") })
    #expect(messages.contains { $0.contains("/home/ann/.b/c lies inside") })
  }

  /// A profile with a whole .bashrc, and the block that Outfit keeps in it, whichever is asked for first.
  @Test(arguments: [true, false]) func aWholeFileHoldsTheBlockOfAnother(_ fileFirst: Bool) async throws {
    var scenario = SwitchScenario()
    let file = Change.Kind.file(Array("alias ll='ls -l'".utf8), mode: 0o644)
    let block = Change.Kind.edit(.block(Edit.Block(identifier: "path", body: "PATH=x")))
    for kind in fileFirst ? [file, block] : [block, file] {
      scenario.proposal.changes.append(
        Change(target: "/home/ann/.bashrc", owner: SwitchScenario.source(7), kind: kind))
    }
    let outcome = try await scenario.up()
    #expect(outcome.kept.isEmpty)
    let text = try #require(scenario.text(".bashrc"))
    #expect(text.hasPrefix("alias ll='ls -l'\n# >>> outfit ") && text.contains(">>>\nPATH=x\n# <<< outfit "))
    #expect(try scenario.plan().isEmpty)
    try await scenario.rollback()
    #expect(scenario.text(".bashrc") == nil)
  }

  @Test func aFileThatSomebodyKeepsGetsTheBlockEvenSo() async throws {
    var scenario = SwitchScenario()
    scenario.files.put("/home/ann/.bashrc", "mine\n")
    for kind in [
      Change.Kind.file(Array("theirs\n".utf8), mode: 0o644),
      .edit(.block(Edit.Block(identifier: "path", body: "PATH=x"))),
    ] {
      scenario.proposal.changes.append(
        Change(target: "/home/ann/.bashrc", owner: SwitchScenario.source(7), kind: kind))
    }
    let wanted = "mine\n# >>> outfit path >>>\nPATH=x\n# <<< outfit path <<<\n"
    for _ in 0..<2 {
      let outcome = try await scenario.up()
      #expect(outcome.kept.count == 1)
      #expect(scenario.text(".bashrc") == wanted)
    }
    try await scenario.rollback()
    #expect(scenario.text(".bashrc") == "mine\n")
    _ = try await scenario.up()
    _ = try await scenario.up(Decisions(.take))
    #expect(scenario.text(".bashrc") == wanted.replacing("mine", with: "theirs"))
    #expect(try scenario.plan().isEmpty)
    try await scenario.rollback()
    #expect(scenario.text(".bashrc") == wanted)
  }

  /// What somebody wrote into a file that was all Outfit's is asked about until they decide, and never overwritten unasked.
  @Test(arguments: ["mine\n", nil]) func anEditOfAWholeFileWithABlockStays(_ edit: String?) async throws {
    var scenario = SwitchScenario()
    for kind in [
      Change.Kind.file(Array("theirs\n".utf8), mode: 0o644),
      .edit(.block(Edit.Block(identifier: "path", body: "PATH=x"))),
    ] {
      scenario.proposal.changes.append(
        Change(target: "/home/ann/.zshrc", owner: SwitchScenario.source(7), kind: kind))
    }
    _ = try await scenario.up()
    let text = try #require(scenario.text(".zshrc"))
    if let edit {
      scenario.files.put("/home/ann/.zshrc", text + edit)
    } else {
      try scenario.files.setMode("/home/ann/.zshrc", 0o640)
    }
    for _ in 0..<3 {
      let outcome = try await scenario.up()
      #expect(outcome.kept.count == 1)
      #expect(scenario.text(".zshrc") == text + (edit ?? ""))
    }
    #expect(
      try scenario.files.status("/home/ann/.zshrc", followLinks: false)?.mode == (edit == nil ? 0o640 : 0o644)
    )
    let outcome = try await scenario.up(Decisions(.take))
    #expect(outcome.kept.isEmpty && scenario.text(".zshrc") == text)
  }

  @Test func twoToolsForOneNameAreRefused() {
    var scenario = SwitchScenario()
    scenario.wantCommand("black", version: "1")
    scenario.proposal.claims.append(
      Claim(
        name: "black", program: .path("/other"), label: "other 2", owner: SwitchScenario.source(9),
        object: nil))
    let failure = #expect(throws: Failure.self) { try scenario.plan() }
    #expect(
      failure?.diagnostics.first?.message
        == "both black 1 (/team/outfit.yaml:1:1) and other 2 (/team/outfit.yaml:9:1) offer the command `black`"
    )
    #expect(failure?.diagnostics.first?.hint?.contains("expose:") == true)
  }

  @Test(arguments: ["outfit", "outfit-shim"])
  func outfitsOwnNamesAreNobodysElse(name: String) {
    var scenario = SwitchScenario()
    scenario.wantCommand(name, version: "1")
    let failure = #expect(throws: Failure.self) { try scenario.plan() }
    #expect(
      failure?.diagnostics.first?.message == "\(name) 1 has a command `\(name)`, which is Outfit's own name")
    #expect(failure?.diagnostics.first?.location?.line == 1)
  }

  @Test func aHiddenProgramIsNoted() throws {
    var scenario = SwitchScenario()
    scenario.files.put("/usr/bin/black", "", mode: 0o755)
    scenario.wantCommand("black")
    #expect(
      try scenario.plan().notes.map(\.message) == ["these now come before those of /usr/bin: black"])
  }

  @Test func whatCantBeReadIsAConflict() async throws {
    var scenario = SwitchScenario()
    scenario.files.put("/home/ann/.a", "x", mode: 0o000)
    scenario.want(".a", "y")
    scenario.want(".b", "y")
    let outcome = try await scenario.up(Decisions(.take))
    #expect(outcome.kept.map(\.target) == ["/home/ann/.a"])
    #expect(scenario.text(".b") == "y")
  }

  @Test func theSameFilesAreTakenUnderCareWithoutAChange() async throws {
    var scenario = SwitchScenario()
    scenario.files.put("/home/ann/.a", "same\n")
    scenario.want(".a", "same\n")
    let plan = try scenario.plan()
    #expect(plan.targets.map(\.action) == [.upToDate])
    let outcome = try await scenario.up()
    #expect(outcome.isNew)
    #expect(outcome.changed.isEmpty)
    #expect(try scenario.plan().isEmpty)
    scenario.want(".a", "new\n")
    #expect(try scenario.action(".a") == .update)
  }

  @Test func objectsAndEffectsThatAreDue() throws {
    var scenario = SwitchScenario()
    scenario.wantCommand("black")
    scenario.wantCommand("ruff")
    scenario.present = [scenario.proposal.objects[0].id]
    let step = Step(.path("/bin/true"), [])
    func effect(_ label: String, probe: Step?) -> Effect {
      Effect(
        entry: "scripts.\(label)", label: label, ability: .script, needsRoot: false, probe: probe,
        fingerprint: "1", command: step,
        runsFirst: false, owner: SwitchScenario.source())
    }
    scenario.proposal.effects = [
      effect("done", probe: nil), effect("due", probe: nil), effect("fine", probe: step),
    ]
    try EffectReceipts.record([scenario.proposal.effects[0]], scope: .machine, host: scenario.host)
    let plan = try Planner.plan(
      scope: .machine, proposal: scenario.proposal, host: scenario.host, isPresent: scenario.present.contains,
      effectIsDue: { _ in false })
    #expect(plan.objects.map(\.label) == ["ruff 1.0"])
    #expect(plan.effects.map(\.label) == ["due"])
    #expect(!plan.isEmpty)
  }

  @Test func diffsAndSummary() throws {
    var scenario = SwitchScenario()
    scenario.files.put("/home/ann/.a", "one\n")
    scenario.want(".a", "two\n", mode: 0o755)
    scenario.want(".l", .link(.path("/x")))
    let plan = try scenario.plan()
    #expect(
      try plan.diff(plan.targets[0], host: scenario.host)
        == "mode of /home/ann/.a: 644 -> 755\n--- /home/ann/.a\n+++ /home/ann/.a (outfit)\n@@ -1 +1 @@\n-one\n+two\n"
    )
    #expect(try plan.diff(plan.targets[1], host: scenario.host).contains("+++ /home/ann/.l: a link to /x"))
    #expect(plan.differing.map(\.action) == [.conflict, .create])
    #expect(plan.differing.first?.conflict?.reason == .notOurs)
  }
}
