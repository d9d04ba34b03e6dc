import Foundation
import OutfitSystem
import Testing

/// What programs are told: one document each, in the form that its schema has, and true.
struct DocumentTests {
  private func machine() throws -> Machine {
    let machine = try Machine()
    try machine.write(
      "team/outfit.yaml",
      """
      profile: team
      dotfiles:
        .gitconfig: {block: g}
        .config/x: {copy: x}
        .netrc: {copy: n, mode: "0600", secret: true}
        .all: {copy: d}
      data: {a: b}
      ask: {email: {prompt: "Your address?"}}
      scripts:
        once: {run: once.sh, when: once}
        always: {run: always.sh, when: always}

      """)
    for (name, text) in [
      ("g", "[user]\n"), ("x", "x\n"), ("n", "machine hunter2\n"), ("d", "d\n"),
      ("once.sh", "#!/bin/sh\necho once >> $HOME/ran\n"),
      ("always.sh", "#!/bin/sh\necho always >> $HOME/ran\n"),
    ] {
      try machine.write("team/\(name)", text, mode: name.hasSuffix(".sh") ? 0o755 : 0o644)
    }
    return machine
  }

  private func document(_ done: Completion) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(done.output)) as? [String: Any])
  }

  private func names(_ document: [String: Any], _ member: String, _ key: String) -> [String] {
    (document[member] as? [[String: Any]] ?? []).compactMap { $0[key] as? String }.sorted()
  }

  @Test func aPlanSaysWhatUpThenDoes() async throws {
    let machine = try machine()
    let none = try document(try await machine.outfit("facts", "--json"))
    #expect(none["profile"] is NSNull && none["drift"] as? Bool == false)

    let asked = try await machine.outfit("up", "team", "--dry-run", "--json")
    #expect(asked.status == 4)
    let plan = try document(asked)
    #expect(plan["changed"] as? Bool == true)
    let consent = try #require(plan["consent"] as? [String: Any])
    #expect(consent["line"] as? String == "outfit up team --trust")
    #expect(names(plan, "questions", "line") == ["outfit up team --set email=ANSWER"])
    #expect(!asked.outputText.contains("hunter2"))

    // Its lines are what helps.
    let given = try await machine.outfit("up", "team", "--trust", "--set", "email=a@b.c", "--json")
    #expect(given.status == 0, "\(given.errorText)")
    let done = try document(given)
    #expect(done["changed"] as? Bool == true)
    #expect(names(done, "files", "path") == names(plan, "files", "path"))
    #expect(names(done, "commands", "name") == names(plan, "commands", "name"))
    #expect(names(done, "effects", "entry") == ["scripts.always", "scripts.once"])

    for verb in [
      ["up", "--dry-run", "--json"], ["up", "--json"], ["up", "--json"], ["status", "--check", "--json"],
    ] {
      let again = try await machine.outfit(verb)
      #expect(again.status == 0, "\(verb): \(again.errorText)")
      #expect(try document(again)["changed"] as? Bool == false, "\(verb): \(again.outputText)")
    }

    // A file of the user's own stays, so that this alone is no change.
    try machine.write(".config/x", "mine\n")
    let conflict = try await machine.outfit("up", "--dry-run", "--json")
    #expect(conflict.status == 4)
    let told = try document(conflict)
    #expect(told["changed"] as? Bool == false)
    #expect(names(told, "conflicts", "line") == ["outfit up --on-conflict take"])
    let kept = try await machine.outfit("up", "--json")
    #expect(kept.status == 4)
    #expect(try document(kept)["changed"] as? Bool == false, "\(kept.outputText)")
    let taken = try document(try await machine.outfit("up", "--dry-run", "--on-conflict", "take", "--json"))
    #expect(taken["changed"] as? Bool == true && taken["exit"] as? Int == 0)
    let took = try await machine.outfit("up", "--on-conflict", "take", "--json")
    #expect(took.status == 0, "\(took.errorText)")
    #expect(names(try document(took), "files", "path") == ["\(machine.home)/.config/x"])

    let facts = try document(try await machine.outfit("facts", "--json"))
    #expect((facts["profile"] as? [String: Any])?["name"] as? String == "team")
    #expect(facts["drift"] as? Bool == false)
    for verb in [
      ["diff", "--json"], ["show", "--json"], ["show", "team", "--json"], ["outdated", "--json"],
      ["update", "--dry-run", "--json"], ["rollback", "--dry-run", "--json"], ["generations", "--json"],
      ["self", "uninstall", "--dry-run", "--json"], ["doctor", "--json"], ["trust", "list", "--json"],
      ["why", ".netrc", "--json"], ["which", "outfit", "--json"], ["gc", "--dry-run", "--json"],
      ["python", "list", "--json"], ["tool", "list", "--json"], ["venv", "list", "--json"],
      ["prompt", "--json"],
      ["trust", "team", "--json"], ["lock", "team", "--json"],
      ["lock", "team", "--check", "--json"], ["init", "--dry-run", "--json"],
      ["venv", "create", "x", "--json"],
      ["venv", "remove", "x", "--yes", "--json"], ["hooks", "install", "--json"],
      ["status", "--json"], ["nonsense", "--json"], ["up", "--only", "toolz", "--json"],
    ] {
      // Its document is compared with its schema, and with how it ended.
      let said = try await machine.outfit(verb)
      #expect(!said.outputText.contains("hunter2"), "\(verb)")
    }
    // The text of what would change, before anything is adopted or taken back.
    try machine.write(
      "other/outfit.yaml",
      "profile: other\ndotfiles: {.config/x: {copy: x}, .netrc: {copy: n, secret: true}}\n")
    try machine.write("other/x", "of the other\n")
    try machine.write("other/n", "machine hunter3\n")
    let texts = try await machine.outfit("up", "other", "--dry-run", "--diff", "--json")
    #expect(texts.status == 4 && !texts.outputText.contains("hunter3"))
    let consented = try await machine.outfit("up", "other", "--dry-run", "--trust", "--yes", "--json")
    #expect(consented.status == 0, "\(consented.errorText)")
    let consentedPlan = try document(consented)
    #expect((consentedPlan["consent"] as? [String: Any])?["wanted"] as? Bool == false)
    #expect(names(consentedPlan, "questions", "key").isEmpty)
    #expect(names(try document(texts), "files", "diff").contains { $0.contains("\n+of the other\n") })
    #expect(
      try document(try await machine.outfit("leave", "other", "--dry-run", "--json"))["error"].map {
        ($0 as? [String: Any])?["reason"] as? String == "absent"
      } == true)
    let leaving = try document(try await machine.outfit("leave", "team", "--dry-run", "--diff", "--json"))
    #expect(leaving["changed"] as? Bool == true)
    #expect(names(leaving, "files", "diff").contains { $0.contains("\n-x\n") })
    #expect(
      (try document(try await machine.outfit("facts", "--json"))["profile"] as? [String: Any])?["name"]
        as? String == "team")

    // What a dry run of going back says of files that were edited since, and the line that decides them.
    try machine.write(".config/x", "mine\n")
    let stuck = try await machine.outfit("rollback", "0", "--machine", "--dry-run", "--diff", "--json")
    #expect(stuck.status == 4)
    #expect(
      names(try document(stuck), "conflicts", "line") == ["outfit rollback 0 --machine --on-conflict take"])
    #expect(names(try document(stuck), "files", "diff").contains { $0.contains("\n-mine\n") })
    let verb = try document(try await machine.outfit("nonsense", "--json"))
    #expect((verb["error"] as? [String: Any])?["message"] as? String == "there is no verb `outfit nonsense`")

    let revoked = try document(try await machine.outfit("trust", "revoke", "team", "--json"))
    #expect((revoked["revoked"] as? [String])?.isEmpty == false)
    let back = try document(try await machine.outfit("rollback", "0", "--on-conflict", "take", "--json"))
    #expect(back["changed"] as? Bool == true)
  }

  @Test func everyKindHasASchemaAndAPlaceInTheDocumentation() throws {
    #expect(DocumentSchema.kinds.count > 20)
    let page = try #require(try machine().files.text(Machine.checkout.appending("docs").appending("json.md")))
    for kind in DocumentSchema.kinds.sorted() { #expect(page.contains("`\(kind)`"), "\(kind)") }
  }

  @Test func partsAreChosen() async throws {
    let machine = try machine()
    let set = ["--trust", "--set", "email=a@b.c"]
    let files = try await machine.outfit(["up", "team"] + set + ["--skip", "scripts", "--skip", "shell"])
    #expect(files.status == 0, "\(files.errorText)")
    #expect(try machine.read(".config/x") == "x\n")
    #expect(try machine.read("ran") == nil)
    #expect(try machine.read(".bashrc") == nil)
    let scripts = try await machine.outfit(
      ["up", "team"] + set + ["--only", "scripts", "--only", "packages"])
    #expect(scripts.status == 0, "\(scripts.errorText)")
    #expect(try machine.read("ran") == "always\nonce\n")
    #expect(try machine.read(".config/x") == "x\n", "what is not meant stays")
    let both = try await machine.outfit(
      ["up", "team"] + set + ["--only", "system", "--skip", "scripts", "--json"])
    #expect(both.status == 0, "\(both.errorText)")
    #expect(try document(both)["changed"] as? Bool == false)
    #expect(try machine.read("ran") == "always\nonce\n")
    let all = try await machine.outfit(["up", "team"] + set)
    #expect(all.status == 0, "\(all.errorText)")
    #expect(try machine.read(".bashrc") != nil)
    #expect(try machine.read("ran") == "always\nonce\nalways\n")
  }
}
