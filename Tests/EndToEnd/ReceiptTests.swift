import Foundation
import OutfitCore
import OutfitSystem
import SystemPackage
import Testing

/// What machines say of themselves to whoever keeps their profile, when both agreed.
@Suite struct ReceiptTests {
  private func machine(_ to: String, _ name: String = #function) async throws -> Machine {
    let machine = try Machine(name)
    try machine.write(
      "team/outfit.yaml", "profile: team\nreceipts: {to: \"\(to)\"}\ndotfiles: {.rc: {copy: rc}}\n")
    try machine.write("team/rc", "rc\n")
    try machine.write("box/.keep", "")
    return machine
  }

  private func receipts(_ machine: Machine, _ folder: String = "box") throws -> [String] {
    try machine.files.list(machine.home.pushing(FilePath(folder))).filter { $0.hasSuffix(".json") }
  }

  private func document(_ done: Completion) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(done.output)) as? [String: Any])
  }

  @Test func nothingIsSaidBeforeBothAgree() async throws {
    let machine = try await machine("~/box")
    let refused = try await machine.outfit("up", "team")
    #expect(
      refused.errorText.contains("asks each machine to say how it is, at ~/box"), "\(refused.errorText)")
    let plan = try document(try await machine.outfit("up", "team", "--dry-run", "--json"))
    let question = (plan["questions"] as? [[String: Any]])?.first { $0["key"] as? String == "receipts" }
    #expect(question?["line"] as? String == "outfit up team --receipts")
    #expect(try await machine.outfit("up", "team", "--trust").status == 0)
    #expect(try receipts(machine).isEmpty)

    let agreed = try await machine.outfit("up", "--receipts")
    #expect(agreed.status == 0, "\(agreed.errorText)")
    #expect(try machine.read(".config/outfit/outfit.yaml")?.contains("receipts: true\n") == true)
    let name = try #require(try receipts(machine).first)
    let text = try #require(try machine.read("box/\(name)"))
    // Nothing of a path or of a person.
    let host = try Host.live()
    for word in [machine.home.string, "/", host.user.name + "\"", "box"] {
      #expect(!text.contains(word), "\(word): \(text)")
    }
    let said = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    #expect(
      Set(said.keys) == ["schema", "machine", "profile", "outfit", "since", "incomplete", "drift", "seen"],
      "\(text)")

    // What differs is counted by layer, and the same file is written again.
    try machine.write(".rc", "mine\n")
    #expect(try await machine.outfit("up").status == 4)
    #expect(try receipts(machine) == [name])
    #expect(try machine.read("box/\(name)")?.contains("\"team\" : 1") == true)

    // A name is one's own to give, and a no is the end.
    try machine.write(".config/outfit/outfit.yaml", "receipts: {name: ada}\n")
    _ = try await machine.outfit("up")
    #expect(try machine.read("box/\(name)")?.contains("\"name\" : \"ada\"") == true)
    try machine.files.remove(machine.home.pushing(FilePath("box/\(name)")))
    _ = try await machine.outfit("up", "--no-receipts", "--on-conflict", "take")
    #expect(try receipts(machine).isEmpty)
    #expect(try machine.read(".config/outfit/outfit.yaml")?.contains("false") == true)
    let wrong = try await machine.outfit("up", "--receipts", at: "box")
    #expect(wrong.status == 0, "\(wrong.errorText)")
    // A try says nothing.
    try machine.files.remove(machine.home.pushing(FilePath("box/\(name)")))
    _ = try await machine.outfit("try", "team", "--trust", "--", "true")
    #expect(try receipts(machine).isEmpty)
  }

  /// A place that can't be written is told, and fails nothing.
  @Test func aPlaceThatIsAwayFailsNothing() async throws {
    let machine = try await machine("~/away")
    let done = try await machine.outfit("up", "team", "--trust", "--receipts")
    #expect(done.status == 0, "\(done.errorText)")
    #expect(done.errorText.contains("note: no receipt was sent: there is no folder"), "\(done.errorText)")
    try machine.write("team/outfit.yaml", "profile: team\nreceipts: {to: \"git+file:///nowhere\"}\n")
    let git = try await machine.outfit("up", "team", "--trust")
    #expect(
      git.status == 0 && git.errorText.contains("note: no receipt was sent: git fetch of"), "\(git.errorText)"
    )
    // Another place is asked for again.
    try machine.write("team/outfit.yaml", "profile: team\nreceipts: {to: \"~/box\"}\n")
    let moved = try await machine.outfit("up")
    #expect(moved.status == 4 && moved.errorText.contains("at ~/box"), "\(moved.errorText)")
    for (text, message) in [
      ("receipts: {to: box}", "depends on where one stands"), ("receipts: true", "for each person to say"),
      ("receipts: {name: ada}", "for each person to say"),
      ("receipts: {to: \"git+https://u:p@h/x\"}", "password"),
    ] {
      try machine.write("team/outfit.yaml", "profile: team\n\(text)\n")
      let bad = try await machine.outfit("show", "team")
      #expect(bad.status == 2 && bad.errorText.contains(message), "\(text): \(bad.errorText)")
    }
  }

  /// The same is said again after a day; a place that does not answer then is asked once, and not by every `up`.
  @Test func aPlaceThatDoesNotAnswerHoldsNobodyUpTwice() async throws {
    let machine = try await machine("~/box")
    let done = try await machine.outfit("up", "team", "--trust", "--receipts")
    #expect(done.status == 0, "\(done.errorText)")
    // What has just been written is looked at once more.
    _ = try await machine.login("sleep 3")
    _ = try await machine.outfit("up")
    let aged = try await machine.login(
      "sed -i -E 's/(\"seen\" *: *)[0-9]+/\\11700000000/' .local/state/outfit/receipts/last && mv box away"
        + " && grep -c 1700000000 .local/state/outfit/receipts/last")
    try #require(aged.outputText == "1\n", "\(aged.errorText)")
    let first = try await machine.outfit("up")
    #expect(first.outputText.contains("Nothing to do"), "\(first.outputText)")
    #expect(first.errorText.contains("no receipt was sent"), "\(first.errorText)")
    let second = try await machine.outfit("up")
    #expect(second.outputText.contains("Nothing to do"), "\(second.outputText)")
    #expect(!second.errorText.contains("no receipt was sent"), "\(second.errorText)")
  }

  /// Machines push to one branch at once, and each has its file.
  @Test func severalPushAtOnce() async throws {
    let box = try Machine("repository")
    _ = try await box.login("git init -q --bare box.git")
    let address = "git+file://\(box.home)/box.git"
    var machines: [Machine] = []
    for number in 0..<4 {
      let machine = try await machine(address, "pusher\(number)")
      #expect(try await machine.outfit("up", "team", "--trust").status == 0)
      machines.append(machine)
    }
    try await withThrowingTaskGroup(of: Completion.self) { group in
      for machine in machines {
        group.addTask {
          try await machine.outfit(
            "up", "--receipts", setting: ["XDG_CACHE_HOME": machine.home.appending("cache").string])
        }
      }
      for try await done in group {
        #expect(done.status == 0 && !done.errorText.contains("no receipt"), "\(done.errorText)")
      }
    }
    let said = try document(try await box.outfit("status", "--team", address, "--json"))
    #expect((said["machines"] as? [Any])?.count == 4, "\(said)")
    // Nobody is the author.
    let authors = try await box.login(
      "git -C box.git log --format='%an %ae %cn %s' outfit-receipts | sort -u")
    #expect(authors.outputText == "outfit outfit@localhost outfit receipt\n", "\(authors.outputText)")
    let empty = try await box.outfit("status", "--team", "\(address)@other")
    #expect(
      empty.status == 0 && empty.outputText == "No machine has said anything yet.\n", "\(empty.errorText)")
  }

  @Test func aTeamIsLookedAt() async throws {
    let machine = try await machine("~/box")
    let made = try await machine.login(
      """
      cd team && git init -q -b main && for n in 1 2 3; do echo $n >n && git add -A && \
      git -c user.name=a -c user.email=a@b.example commit -qm x; done && git rev-parse HEAD HEAD~2
      """)
    let commits = made.outputText.split(separator: "\n").map(String.init)
    try #require(commits.count == 2, "\(made.errorText)")
    func write(_ id: String, _ commit: String, _ rest: String = "") throws {
      try machine.write(
        "box/\(id).json",
        """
        {"schema": 1, "machine": "\(id)", "profile": "team", "commit": "\(commit)", "outfit": "0.1.0", "since": 1,
         "seen": 2, "incomplete": {}, "drift": {}\(rest)}
        """)
    }
    try write("aaaaaaaaaaaa", commits[0], ", \"name\": \"ada\\u001b[31m\"")
    try machine.write(
      "box/bbbbbbbbbbbb.json",
      """
      {"schema": 1, "machine": "bbbbbbbbbbbb", "profile": "team", "commit": "\(commits[1])", "outfit": "0.1.0", "since": 1,
       "seen": 2, "incomplete": {"tools": 2}, "drift": {"\(String(repeating: "layer", count: 15))": 3}}
      """)
    try write("cccccccccccc", String(repeating: "0", count: 40))
    try machine.write("box/evil\u{1B}.json", "{")
    try machine.write("box/large.json", String(repeating: "x", count: 20_000))
    try machine.files.createLink(machine.home.pushing("box/link.json"), to: "/dev/zero")
    let done = try await machine.outfit("status", "--team", "../box", at: "team")
    #expect(done.status == 0, "\(done.errorText)")
    #expect(!done.outputText.contains("\u{1B}") && !done.errorText.contains("\u{1B}"))
    #expect(
      done.errorText.contains("the receipt evil?.json can't be read: it is no receipt"), "\(done.errorText)")
    #expect(done.errorText.contains("the receipt link.json can't be read"), "\(done.errorText)")
    let lines = done.outputText.split(separator: "\n").map(String.init)
    #expect(lines.first?.hasPrefix("machine") == true)
    #expect(lines.allSatisfy { $0.count <= 80 }, "\(done.outputText)")
    #expect(
      lines.contains { $0.hasPrefix("ada?[31m") && $0.contains("\(commits[0].prefix(7))  0 ") }, "\(lines)")
    #expect(
      lines.contains { $0.hasPrefix("bbbbbbbb") && $0.contains("\(commits[1].prefix(7))  2 ") }, "\(lines)")
    #expect(lines.contains { $0.hasPrefix("cccccccc") && $0.contains("0000000  - ") }, "\(lines)")
    #expect(lines.last == "3 machines with team: 1 behind, 1 incomplete, 1 with files of their own")
    let said = try document(try await machine.outfit("status", "--team", "../box", "--json", at: "team"))
    #expect((said["machines"] as? [Any])?.count == 3 && (said["broken"] as? [Any])?.count == 3, "\(said)")
    let nowhere = try await machine.outfit("status", "--team", "nowhere")
    #expect(nowhere.status == 2, "\(nowhere.errorText)")
    #expect(try await machine.outfit("status", "--team", "box", "--check").status == 2)
  }
}
