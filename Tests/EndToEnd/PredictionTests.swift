import Foundation
import OutfitSystem
import Support
import SystemPackage
import Testing

/// What a dry run says is what `up` then does: over machines that were left in all sorts of states.
struct PredictionTests {
  private static let files = [".a", ".config/b", ".c.json", ".d", ".folder/e", ".folder/f"]

  private func manifest(_ dice: inout SplitMix) -> String {
    var text = "profile: team\ndotfiles:\n"
    for (index, name) in Self.files.enumerated() where index == 0 || Int.random(in: 0..<4, using: &dice) > 0 {
      let mode = Int.random(in: 0..<3, using: &dice) == 0 ? ", mode: \"0600\"" : ""
      switch Int.random(in: 0..<4, using: &dice) {
      case 0 where !name.hasSuffix(".json"): text += "  \(name): {block: s\(index)}\n"
      case 1: text += "  \(name): {link: s\(index)}\n"
      default: text += "  \(name): {copy: s\(index)\(mode)}\n"
      }
    }
    text += "scripts:\n"
    if Bool.random(using: &dice) { text += "  once: {run: once.sh, when: once}\n" }
    if Bool.random(using: &dice) { text += "  changed: {run: once.sh, when: changed}\n" }
    text += "  always: {run: once.sh, when: always}\n"
    if Bool.random(using: &dice) { text += "env: {EDITOR: v\(Int.random(in: 0..<3, using: &dice))}\n" }
    return text
  }

  /// One thing that happens to a machine between two runs.
  private func disturb(_ machine: Machine, _ dice: inout SplitMix) throws -> String {
    let name = Self.files.randomElement(using: &dice) ?? ".a"
    let path = machine.home.pushing(FilePath(name))
    let there = try machine.files.status(path, followLinks: false)
    switch Int.random(in: 0..<9, using: &dice) {
    case 0:
      if there?.kind == .file { try machine.write(name, "mine\n") }
      return "\(name) edited"
    case 1:
      if there != nil { try machine.files.removeTree(path) }
      return "\(name) removed"
    case 2:
      if there?.kind == .file { try machine.files.setMode(path, 0o640) }
      return "\(name) with another mode"
    case 3:
      if there == nil { try machine.write(name, "there first\n") }
      return "\(name) there first"
    case 4:
      try machine.write(
        "team/s\(Int.random(in: 0..<6, using: &dice))", "new \(UInt32.random(in: 0...99, using: &dice))\n")
      return "a source edited"
    case 5:
      try machine.write("team/outfit.yaml", manifest(&dice))
      return "another manifest"
    case 6:
      try machine.write(
        "team/once.sh", "#!/bin/sh\n# \(UInt32.random(in: 0...9, using: &dice))\n", mode: 0o755)
      return "another script"
    case 7:
      let shims = machine.home.appending(".local/share/outfit/bin/outfit")
      if try machine.files.status(shims, followLinks: false) != nil { try machine.files.remove(shims) }
      return "a shim removed"
    default: return "nothing"
    }
  }

  private func document(_ done: Completion) throws -> [String: Any] {
    try #require(
      try JSONSerialization.jsonObject(with: Data(done.output)) as? [String: Any], "\(done.errorText)")
  }

  /// Paths with what is done to them; what stays as it is in a conflict apart.
  private func changes(_ document: [String: Any]) -> [String] {
    (document["files"] as? [[String: Any]] ?? []).compactMap { file in
      guard let action = file["action"] as? String, action != "conflict" else { return nil }
      return "\(action) \(file["path"] ?? "")"
    }.sorted()
  }

  private func names(_ document: [String: Any], _ member: String, _ key: String) -> [String] {
    (document[member] as? [[String: Any]] ?? []).compactMap { $0[key] as? String }.sorted()
  }

  @Test(.timeLimit(.minutes(20))) func whatIsPredictedIsWhatHappens() async throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var dice = SplitMix(seed: seed)
    let machine = try Machine()
    for index in 0..<6 { try machine.write("team/s\(index)", "{\"a\": \(index)}\n") }
    try machine.write("team/once.sh", "#!/bin/sh\n", mode: 0o755)
    try machine.write("team/outfit.yaml", manifest(&dice))
    var changed = 0
    for round in 0..<30 {
      var story: [String] = []
      for _ in 0..<Int.random(in: 1...4, using: &dice) { story.append(try disturb(machine, &dice)) }
      let policy =
        [[], ["--on-conflict", "take"], ["--on-conflict", "backup"]].randomElement(using: &dice) ?? []
      let words = ["up", "team"] + policy + ["--json"]
      let note = "round \(round) (seed \(seed)): \(story) \(policy)"
      let first = try document(try await machine.outfit(words + ["--dry-run"]))
      if first["kind"] as? String == "error" {
        let run = try await machine.outfit(words + ["--trust"])
        #expect(Int(run.status) == first["exit"] as? Int, "\(note): \(run.errorText)")
        #expect(try document(run)["changed"] as? Bool == false, "\(note)")
        print("predictions: \((first["error"] as? [String: Any])?["message"] ?? "")")
        try machine.write("team/outfit.yaml", manifest(&dice))
        continue
      }
      let wanted = (first["consent"] as? [String: Any])?["wanted"] as? Bool == true
      if wanted {
        // Nothing happens before somebody consents.
        let refused = try await machine.outfit(words)
        #expect(refused.status == 4, "\(note)")
        #expect(
          try document(try await machine.outfit(words + ["--dry-run"]))["files"] as? NSArray == first["files"]
            as? NSArray)
      }
      let run = try await machine.outfit(words + (wanted ? ["--trust"] : []))
      let done = try document(run)
      #expect(done["changed"] as? Bool == first["changed"] as? Bool, "\(note): \(first["changed"] ?? "")")
      #expect(changes(done) == changes(first) || policy != [], "\(note)")
      if policy != [] {
        // What was taken was in conflict before.
        #expect(names(done, "files", "path") == names(first, "files", "path"), "\(note)")
      }
      #expect(names(done, "commands", "name") == names(first, "commands", "name"), "\(note)")
      #expect(
        names(done, "conflicts", "path").allSatisfy(names(first, "conflicts", "path").contains), "\(note)")
      #expect(names(done, "effects", "entry") == names(first, "effects", "entry"), "\(note)")
      if !wanted { #expect(Int(run.status) == first["exit"] as? Int, "\(note): \(run.errorText)") }
      let second = try document(try await machine.outfit(words))
      #expect(second["changed"] as? Bool == false, "\(note)")
      if first["changed"] as? Bool == true { changed += 1 }
    }
    #expect(changed > 5 && changed < 30, "a test that only sees one answer proves little: \(changed) of 30")
    print("predictions: 30, of which \(changed) were changes; seed \(seed)")
  }
}
