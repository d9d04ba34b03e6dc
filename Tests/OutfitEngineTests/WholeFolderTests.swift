import OutfitCore
import OutfitSystem
import Support
import SystemPackage
import Testing

@testable import OutfitEngine

/// Folders with things in them that are moved aside and come back, and folders that are copies of one in the store.
@Suite struct WholeFolderTests {
  private static let place: FilePath = "/home/ann/shop/.venv"
  private static let aside: FilePath = "/home/ann/shop/.venv.outfit-backup"
  private static let modules: FilePath = "/home/ann/shop/node_modules"

  /// A project in which a folder stands where a link into the store is wanted.
  private static func occupied() -> SwitchScenario {
    var scenario = SwitchScenario()
    scenario.files.put("/home/ann/shop/.venv/lib/mine.py", "mine\n", mode: 0o600)
    scenario.files.putLink("/home/ann/shop/.venv/bin", to: "/usr/bin")
    scenario.wantEnvironment("shop/.venv")
    return scenario
  }

  private static func inode(_ path: FilePath, _ scenario: SwitchScenario) throws -> UInt64? {
    try scenario.files.status(path, followLinks: false)?.inode
  }

  private static func isLink(_ path: FilePath, _ scenario: SwitchScenario) throws -> Bool {
    try scenario.files.status(path, followLinks: false)?.kind == .link
  }

  // MARK: Moved aside

  @Test func aFolderWithThingsInItStaysWhereNothingIsDecided() async throws {
    let scenario = Self.occupied()
    let before = scenario.home
    let target = try #require(try scenario.plan().targets.first)
    #expect(target.action == .conflict)
    #expect(target.conflict?.reason == .notOurs)
    #expect(target.conflict?.canTake == true)
    #expect(target.conflict?.message == "a folder with things in it stands there")
    let outcome = try await scenario.up()
    #expect(outcome.status == .consent)
    #expect(scenario.home == before)
  }

  @Test(arguments: [ConflictPolicy.take, .backup])
  func aFolderWithThingsInItIsMovedAsideAndComesBack(_ policy: ConflictPolicy) async throws {
    let scenario = Self.occupied()
    let before = scenario.home
    let inode = try Self.inode(Self.place, scenario)
    let outcome = try await scenario.up(Decisions(policy))
    #expect(outcome.status == .done)
    #expect(outcome.notes.map(\.message) == ["what was at \(Self.place) is in \(Self.aside)"])
    #expect(try Self.isLink(Self.place, scenario))
    #expect(try Self.inode(Self.aside, scenario) == inode)
    #expect(scenario.text("shop/.venv.outfit-backup/lib/mine.py") == "mine\n")
    #expect(try scenario.plan().isEmpty)
    let after = scenario.home

    #expect(try await scenario.rollback().status == .done)
    #expect(scenario.home == before)
    #expect(try Self.inode(Self.place, scenario) == inode)
    // And forward again: what stands there is as it was left, so nobody is asked.
    #expect(try await scenario.rollback(1).status == .done)
    #expect(scenario.home == after)
    #expect(try Self.inode(Self.aside, scenario) == inode)
    #expect(try await scenario.rollback(0).status == .done)
    #expect(scenario.home == before)
    #expect(try await scenario.up().status == .consent)
  }

  @Test func itComesBackWhenTheEntryGoes() async throws {
    var scenario = Self.occupied()
    let before = scenario.home
    try await scenario.up(Decisions(.take))
    scenario.wantNothing("shop/.venv")
    #expect(try await scenario.up().status == .done)
    #expect(scenario.home == before)
  }

  @Test func itComesBackWhenOutfitGoes() async throws {
    let scenario = Self.occupied()
    let before = scenario.home
    let inode = try Self.inode(Self.place, scenario)
    try await scenario.up(Decisions(.take))
    try await Uninstallation.run(scenario.host)
    #expect(scenario.home == before)
    #expect(try Self.inode(Self.place, scenario) == inode)
  }

  @Test func anEmptyFolderIsReplacedAsBefore() async throws {
    var scenario = SwitchScenario()
    scenario.files.putDirectory(Self.place, mode: 0o700)
    scenario.wantEnvironment("shop/.venv")
    let before = scenario.home
    try await scenario.up(Decisions(.take))
    #expect(try Self.isLink(Self.place, scenario))
    #expect(!scenario.files.exists(Self.aside))
    try await scenario.rollback()
    #expect(scenario.home == before)
  }

  @Test func whatIsNotOfTheStoreTakesNoFolderAway() async throws {
    var scenario = SwitchScenario()
    scenario.files.put("/home/ann/.vim/mine", "mine\n")
    scenario.want(".vim", .link(.path("/team/vim")))
    let before = scenario.home
    #expect(try scenario.plan().targets.first?.conflict?.canTake == false)
    #expect(try await scenario.up(Decisions(.take)).status == .consent)
    #expect(scenario.home == before)
  }

  @Test func aFolderThatIsGoneMeanwhileIsNamedAndTheLinkStays() async throws {
    let scenario = Self.occupied()
    try await scenario.up(Decisions(.take))
    try scenario.files.removeTree(Self.aside)
    let before = scenario.home
    let plan = try Rollback.plan(to: 0, scope: .machine, host: scenario.host) { _ in true }
    #expect(plan.conflicts.map(\.conflict?.reason) == [.notKept])
    #expect(
      plan.conflicts.first?.conflict?.message
        == "the folder that was there was kept as \(Self.aside), and is not there any more")
    #expect(try await scenario.rollback(0, Decisions(.take)).status == .consent)
    #expect(scenario.home == before)
  }

  @Test func aPersonWhoPutItBackHasItBack() async throws {
    let scenario = Self.occupied()
    let before = scenario.home
    try await scenario.up(Decisions(.take))
    try scenario.files.remove(Self.place)
    try scenario.files.rename(Self.aside, to: Self.place)
    #expect(try await scenario.rollback(0).status == .done)
    #expect(scenario.home == before)
  }

  @Test func aLinkThatIsGoneIsNoQuestion() async throws {
    let scenario = Self.occupied()
    let before = scenario.home
    try await scenario.up(Decisions(.take))
    try scenario.files.remove(Self.place)
    #expect(try await scenario.rollback(0).status == .done)
    #expect(scenario.home == before)
  }

  /// A second folder, made by hand in the place of the link: each comes back where it was.
  @Test func eachOfTwoFoldersHasItsPlace() async throws {
    let scenario = Self.occupied()
    let first = scenario.home
    try await scenario.up(Decisions(.take))
    try scenario.files.remove(Self.place)
    scenario.files.put("/home/ann/shop/.venv/second", "second\n")
    let second = scenario.home
    let target = try #require(try scenario.plan().targets.first)
    #expect(target.conflict?.reason == .edited)
    try await scenario.up(Decisions(.take))
    #expect(scenario.text("shop/.venv.outfit-backup-2/second") == "second\n")
    try await scenario.rollback(1)
    #expect(scenario.home == second)
    try await scenario.rollback(0)
    #expect(scenario.text("shop/.venv/lib/mine.py") == "mine\n")
    #expect(scenario.text("shop/.venv.outfit-backup-2/second") == "second\n")
    try scenario.files.removeTree("/home/ann/shop/.venv.outfit-backup-2")
    #expect(scenario.home == first)
  }

  /// It came back, and was moved to another place since: it is found there.
  @Test func itsNewestPlaceIsKnown() async throws {
    let scenario = Self.occupied()
    try await scenario.up(Decisions(.take))
    try await scenario.rollback(0)
    let before = scenario.home
    scenario.files.put("/home/ann/shop/.venv.outfit-backup", "in the way\n")
    try await scenario.up(Decisions(.take))
    #expect(scenario.text("shop/.venv.outfit-backup-2/lib/mine.py") == "mine\n")
    // Nothing differs from what generation 1 had, but where the folder is.
    try await scenario.rollback(1)
    try await scenario.rollback(0)
    try scenario.files.remove(Self.aside)
    #expect(scenario.home == before)
  }

  @Test func whatTakesThePlaceMeanwhileIsNotWrittenOver() async throws {
    let scenario = Self.occupied()
    let plan = try scenario.plan()
    let calls = scenario.files.calls
    let whole = SwitchScenario(files: scenario.files.copy(), like: scenario)
    try await whole.up(Decisions(.take))
    for number in 0..<whole.files.calls - calls {
      let run = SwitchScenario(files: scenario.files.copy(), like: scenario)
      run.files.interfere(before: run.files.calls + number) { [files = run.files] in
        guard !files.exists(Self.aside) else { return }
        files.put(Self.aside, "theirs\n")
      }
      _ = try? await Switch.apply(
        plan, by: .generation(.machine), decisions: Decisions(.take),
        profile: .init(name: "team", address: "/team"), host: run.host)
      _ = try Recovery.recover(run.host)
      let theirs = run.text("shop/.venv.outfit-backup")
      #expect(theirs == "theirs\n" || theirs == nil, "before call \(number)")
      let mine = [".venv", ".venv.outfit-backup", ".venv.outfit-backup-2"]
        .filter { run.text("shop/\($0)/lib/mine.py") == "mine\n" }
      #expect(mine.count == 1, "before call \(number): \(mine)")
    }
  }

  @Test func aRecordWithoutFoldersIsReadByEarlierOutfits() async throws {
    var scenario = SwitchScenario()
    func version(_ number: Int) throws -> String? {
      let record = Generations.record(number, scope: .machine, host: scenario.host)
      return try scenario.files.text(record)?.split(separator: "\n").first.map(String.init)
    }
    scenario.want(".a", "a\n")
    try await scenario.up()
    #expect(try version(1) == "outfit-generation\t2")
    scenario.wantTree("shop/node_modules", version: "1")
    try await scenario.up()
    #expect(try version(2) == "outfit-generation\t3")
    #expect(try Generations.adoptedProfile(.machine, host: scenario.host)?.name == "team")
    for state in [TargetState.moved("/a b"), .tree("/store/a-1/node_modules")] {
      #expect(TargetState(text: state.text) == state)
    }
    for text in ["moved", "tree", "moved x", "tree "] { #expect(TargetState(text: text) == nil) }
  }

  // MARK: Copies

  @Test func aFolderIsMadeOfOneInTheStore() async throws {
    var scenario = SwitchScenario()
    let before = scenario.home
    let source = scenario.wantTree("shop/node_modules", version: "1")
    #expect(try scenario.action("shop/node_modules") == .create)
    try await scenario.up()
    #expect(scenario.text("shop/node_modules/left/index.js") == "left 1\n")
    #expect(try scenario.files.readLink(Self.modules.pushing(".bin/left")) == "../left/index.js")
    let (copied, original) = try (
      scenario.files.status(Self.modules.pushing("left/index.js"), followLinks: false),
      scenario.files.status(source.pushing("left/index.js"), followLinks: false)
    )
    #expect(copied?.modified == original?.modified && copied?.mode == 0o755)
    #expect(copied?.inode != original?.inode)
    #expect(try scenario.plan().isEmpty)
    // What is made in it by others is nothing to Outfit.
    scenario.files.put(Self.modules.pushing(".cache/x"), "x\n")
    #expect(try scenario.plan().isEmpty)
    try await scenario.rollback()
    #expect(scenario.home == before)
  }

  @Test func whatIsNotInTheStoreFails() async throws {
    var scenario = SwitchScenario()
    let source = scenario.wantTree("shop/node_modules", version: "1")
    try scenario.files.removeTree(source)
    let before = scenario.home
    let failure = await #expect(throws: Failure.self) { try await scenario.up() }
    #expect(failure?.diagnostics.first?.message.contains("can't be found") == true)
    #expect(scenario.home == before)
  }

  @Test func aCopyThatIsGoneIsMadeAgain() async throws {
    var scenario = SwitchScenario()
    scenario.wantTree("shop/node_modules", version: "1")
    try await scenario.up()
    let after = scenario.home
    try scenario.files.removeTree(Self.modules)
    #expect(try scenario.action("shop/node_modules") == .create)
    #expect(try await scenario.up().status == .done)
    #expect(scenario.home == after)
  }

  @Test func anotherVersionTakesThePlaceOfTheFirst() async throws {
    var scenario = SwitchScenario()
    scenario.wantTree("shop/node_modules", version: "1")
    try await scenario.up()
    let first = scenario.home
    scenario.wantTree("shop/node_modules", version: "2")
    #expect(try scenario.action("shop/node_modules") == .update)
    #expect(try await scenario.up().status == .done)
    #expect(scenario.text("shop/node_modules/left/index.js") == "left 2\n")
    #expect(try scenario.files.list("/home/ann/shop") == ["node_modules"])
    #expect(try await scenario.rollback(1).status == .done)
    #expect(scenario.home == first)
    scenario.wantTree("shop/node_modules", version: "1")
    #expect(try scenario.plan().isEmpty)
  }

  @Test func whatNpmChangedIsMovedAside() async throws {
    var scenario = SwitchScenario()
    scenario.wantTree("shop/node_modules", version: "1")
    try await scenario.up()
    scenario.files.put(Self.modules.appending(".package-lock.json"), "{\"more\": 1}\n")
    scenario.files.put(Self.modules.appending("more"), "more\n")
    let changed = scenario.home
    let target = try #require(try scenario.plan().targets.first)
    #expect(target.conflict?.message == "npm changed it since Outfit made it")
    #expect(target.conflict?.reason == .edited && target.conflict?.canTake == true)
    #expect(try await scenario.up().status == .consent)
    #expect(scenario.home == changed)
    #expect(try await scenario.up(Decisions(.take)).status == .done)
    #expect(scenario.text("shop/node_modules.outfit-backup/more") == "more\n")
    #expect(scenario.text("shop/node_modules/more") == nil)
    try await scenario.rollback(1)
    #expect(scenario.home == changed)
    // And it stays when nobody wants it any more.
    scenario.wantNothing("shop/node_modules")
    #expect(try await scenario.up().status == .consent)
    #expect(scenario.home == changed)
  }

  @Test func aFolderOfTheUsersIsMovedAside() async throws {
    var scenario = SwitchScenario()
    scenario.files.put(Self.modules.appending("mine"), "mine\n")
    let before = scenario.home
    scenario.wantTree("shop/node_modules", version: "1")
    #expect(try await scenario.up().status == .consent)
    #expect(try await scenario.up(Decisions(.backup)).status == .done)
    #expect(scenario.text("shop/node_modules.outfit-backup/mine") == "mine\n")
    #expect(scenario.text("shop/node_modules/left/index.js") == "left 1\n")
    scenario.wantNothing("shop/node_modules")
    #expect(try await scenario.up().status == .done)
    #expect(scenario.home == before)
  }

  @Test func aFileAndALinkGiveWay() async throws {
    var scenario = SwitchScenario()
    scenario.files.put(Self.modules, "a file\n")
    scenario.files.putLink("/home/ann/other", to: "/elsewhere")
    let before = scenario.home
    scenario.wantTree("shop/node_modules", version: "1")
    scenario.wantTree("other", version: "1")
    #expect(try await scenario.up(Decisions(.take)).status == .done)
    #expect(scenario.text("other/left/index.js") == "left 1\n")
    #expect(try await scenario.rollback().status == .done)
    #expect(scenario.home == before)
  }

  /// A mark that no switch of ours wrote says nothing.
  @Test func aMarkThatCameWithACheckoutIsNotBelieved() async throws {
    var scenario = SwitchScenario()
    let source = scenario.wantTree("shop/node_modules", version: "1")
    scenario.files.put(Self.modules.appending("mine"), "mine\n")
    try TreeMark.write(in: Self.modules, source: source, scenario.files)
    #expect(try scenario.plan().targets.first?.conflict?.reason == .notOurs)
  }

  @Test func theObjectsOfCopiesStay() async throws {
    var scenario = SwitchScenario()
    let source = scenario.wantTree("shop/node_modules", version: "1")
    try await scenario.up()
    try await Collection.run(scenario.host, keep: 1)
    #expect(scenario.files.exists(source))
  }
}
