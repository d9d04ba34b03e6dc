import OutfitSystem
import SystemPackage
import Testing

/// Files that are other than Outfit left them: asked about on a real terminal, kept without one.
@Suite(.serialized)
struct ConflictTests {
  private func givenAnEditedFile(_ mine: String, _ theirs: String) async throws -> Machine {
    let machine = try Machine()
    try machine.write("p/outfit.yaml", "profile: p\ndotfiles:\n  .rc: {copy: rc}\n  .other: {copy: other}\n")
    try machine.write("p/rc", "one\ntwo\nthree\nfour\nfive\n")
    try machine.write("p/other", "1\n")
    let up = try await machine.outfit("up", "p", "--trust")
    try #require(up.status == 0, "\(up.errorText)")
    try machine.write(".rc", mine)
    try machine.write("p/rc", theirs)
    try machine.write("p/other", "2\n")
    return machine
  }

  /// Runs outfit on a terminal of its own, and types.
  private func typing(
    _ answers: String, _ arguments: String, _ machine: Machine, setting: [String: String] = [:]
  ) async throws -> Completion {
    let outfit = Machine.build.appending("outfit")
    return try await machine.run(
      "/bin/bash",
      ["-c", "printf '\(answers)' | script -qec \"'\(outfit)' \(arguments)\" /dev/null"], setting: setting)
  }

  private var hasScript: Bool {
    let isThere = (try? Host.live().files.exists("/usr/bin/script")) == true
    if !isThere { print("SKIPPED: no script(1), so there is no terminal to type on") }
    return isThere
  }

  @Test func bothSidesAreMerged() async throws {
    guard hasScript else { return }
    let machine = try await givenAnEditedFile(
      "ONE\ntwo\nthree\nfour\nfive\n", "one\ntwo\nthree\nfour\nFIVE\n")
    let done = try await typing("d\\nm\\ny\\n", "up p --trust", machine)
    #expect(done.status == 0, "\(done.outputText)")
    #expect(done.outputText.contains("[m]erge") && done.outputText.contains("-ONE"), "\(done.outputText)")
    #expect(try machine.read(".rc") == "ONE\ntwo\nthree\nfour\nFIVE\n")
    #expect(try machine.read(".other") == "2\n")
    // It stands, until either side changes.
    let again = try await machine.outfit("up", "p", "--trust")
    #expect(again.status == 0 && again.outputText.contains("Nothing to do"), "\(again.outputText)")
    let back = try await machine.outfit("rollback")
    #expect(back.status == 0, "\(back.errorText)")
    #expect(try machine.read(".rc") == "ONE\ntwo\nthree\nfour\nfive\n")
  }

  @Test func whereBothChangedTheSameLinesTheEditorDecides() async throws {
    guard hasScript else { return }
    let machine = try await givenAnEditedFile(
      "mine\ntwo\nthree\nfour\nfive\n", "theirs\ntwo\nthree\nfour\nfive\n")
    try machine.write(
      "editor",
      "#!/bin/sh\ncp \"$1\" \"$HOME/seen\"\nprintf 'both\\ntwo\\nthree\\nfour\\nfive\\n' > \"$1\"\n",
      mode: 0o755)
    let done = try await typing(
      "m\\ny\\n", "up p --trust", machine, setting: ["EDITOR": "\(machine.home)/editor"])
    #expect(done.status == 0, "\(done.outputText)")
    let seen = try #require(try machine.read("seen"))
    #expect(
      seen.contains("<<<<<<< yours\nmine\n||||||| as outfit wrote it\none\n=======\ntheirs\n>>>>>>>"),
      "\(seen)")
    #expect(try machine.read(".rc") == "both\ntwo\nthree\nfour\nfive\n")
  }

  @Test func keptTakenOrBackedUp() async throws {
    guard hasScript else { return }
    let machine = try await givenAnEditedFile("mine\n", "theirs\n")
    let kept = try await typing("k\\n", "up p --trust", machine)
    #expect(kept.status == 4, "\(kept.outputText)")
    #expect(try machine.read(".rc") == "mine\n")
    #expect(try machine.read(".other") == "2\n")
    try machine.write("p/rc", "newer\n")
    let backed = try await typing("b\\n", "up p --trust", machine)
    #expect(backed.status == 0, "\(backed.outputText)")
    #expect(try machine.read(".rc") == "newer\n")
    #expect(try machine.read(".rc.outfit-backup") == "mine\n")
    // A rollback asks too before it takes an edit away.
    try machine.write(".rc", "edited\n")
    let asked = try await typing("k\\n", "rollback 1", machine)
    #expect(asked.status == 4, "\(asked.outputText)")
    #expect(try machine.read(".rc") == "edited\n")
    #expect(try machine.read(".other") == "1\n")
  }

  @Test func withoutATerminalItStaysAndAllElseGoesOn() async throws {
    let machine = try await givenAnEditedFile("mine\n", "theirs\n")
    let before = try machine.tree()
    let strict = try await machine.outfit("up", "p", "--trust", "--strict")
    #expect(strict.status == 4, "\(strict.errorText)")
    #expect(strict.errorText.contains(".rc") && strict.errorText.contains("--strict"), "\(strict.errorText)")
    expectSameTree(before, try machine.tree())
    let up = try await machine.outfit("up", "p", "--trust")
    #expect(up.status == 4, "\(up.errorText)")
    #expect(up.errorText.contains(".rc"), "\(up.errorText)")
    #expect(try machine.read(".rc") == "mine\n")
    #expect(try machine.read(".other") == "2\n")
    let taken = try await machine.outfit("up", "p", "--trust", "--on-conflict", "backup")
    #expect(taken.status == 0, "\(taken.errorText)")
    #expect(try machine.read(".rc") == "theirs\n")
    #expect(try machine.read(".rc.outfit-backup") == "mine\n")
    let both = try await machine.outfit("up", "p", "--strict", "--on-conflict", "keep")
    #expect(both.status == 2)
  }

  /// Each step back is one step, over a way back as well: what the user made in between is there again.
  @Test(arguments: [1, 2]) func aStepBackAfterAWayBackIsOneStep(generations: Int) async throws {
    let machine = try Machine("stepback")
    try machine.write("p/f", "theirs\n")
    try machine.write("p/outfit.yaml", "profile: p\ndotfiles: {.other: {copy: f}}\n")
    if generations == 2 { try #require(try await machine.outfit("up", "p", "--trust").status == 0) }
    try machine.write("p/outfit.yaml", "profile: p\ndotfiles: {.other: {copy: f}, .f: {copy: f}}\n")
    try #require(try await machine.outfit("up", "p", "--trust").status == 0)
    try #require(try await machine.outfit("rollback").status == 0)
    #expect(try machine.read(".f") == nil)
    try machine.write(".f", "mine\n")
    let taken = try await machine.outfit("up", "p", "--trust", "--on-conflict", "take")
    #expect(taken.status == 0, "\(taken.errorText)")
    #expect(try machine.read(".f") == "theirs\n")
    let back = try await machine.outfit("rollback")
    #expect(back.status == 0, "\(back.errorText)")
    #expect(try machine.read(".f") == "mine\n", "\(back.outputText)")
    #expect(try machine.read(".other") == (generations == 2 ? "theirs\n" : nil))
    // And further, until nothing is before.
    try #require(try await machine.outfit("rollback").status == 0)
    #expect(try machine.read(".other") == nil)
    #expect(try machine.read(".f") == "mine\n")
  }
}
