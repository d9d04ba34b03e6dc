import OutfitSystem
import SystemPackage
import Testing

/// What a profile calls secret, and what the user has closed to others.
@Suite(.serialized)
struct SecretTests {
  private func mode(_ path: String, _ machine: Machine) throws -> UInt16? {
    try machine.files.status(machine.home.pushing(FilePath(path)), followLinks: false)?.mode
  }

  @Test func itIsTheUsersAloneAndShownByNoVerb() async throws {
    let machine = try Machine()
    try machine.write(
      "team/outfit.yaml",
      """
      profile: team
      dotfiles:
        .token: {copy: s, secret: true}
        .rendered: {template: t, secret: true}
        .block: {block: b, secret: true}
        .open: {copy: s, secret: true, mode: "0640"}

      """)
    for name in ["s", "t", "b"] { try machine.write("team/\(name)", "TOPSECRET one\n") }
    try machine.write(".token", "mine\n", mode: 0o644)
    let up = try await machine.run(
      "/bin/bash",
      ["-c", "umask 000; exec \(Machine.build)/outfit up team --trust --on-conflict backup"])
    #expect(up.status == 0, "\(up.errorText)")
    for name in [".token", ".rendered", ".block", ".token.outfit-backup"] {
      #expect(try mode(name, machine) == 0o600, "\(name)")
    }
    #expect(try mode(".open", machine) == 0o640)
    // Changed on both sides, with a mistake, and looked at by every verb.
    try machine.write(".token", "TOPSECRET mine\n", mode: 0o600)
    for text in ["TOPSECRET two\n", "TOPSECRET {{nope}} {{#x\n"] {
      for name in ["s", "t", "b"] { try machine.write("team/\(name)", text) }
      for words in [
        ["status"], ["status", "--json"], ["diff"], ["diff", "--json"], ["why", "~/.token"],
        ["why", "~/.token:1"],
        ["show", "team"], ["up", "--dry-run"], ["up", "--dry-run", "--json"], ["up", "team", "--trust"],
        ["up", "team", "--trust", "--json"], ["up", "team", "--trust", "--strict"],
        ["doctor"], ["generations"],
        ["rollback", "--dry-run"],
      ] {
        let run = try await machine.outfit(words)
        let said = run.outputText + run.errorText
        #expect(!said.contains("TOPSECRET"), "\(words): \(said)")
      }
    }
    let state = try await machine.run("/bin/grep", ["-rlaF", "TOPSECRET", "\(machine.home)/.local"])
    #expect(state.outputText.isEmpty, "\(state.outputText)")
  }

  @Test func whatIsClosedStaysClosed() async throws {
    let machine = try Machine()
    try machine.write("team/outfit.yaml", "profile: team\ndotfiles: {.a: {copy: x}, .b: {copy: x}}\n")
    try machine.write("team/x", "x\n")
    try machine.write(".a", "x\n", mode: 0o600)
    try machine.write(".b", "mine\n", mode: 0o600)
    let up = try await machine.outfit("up", "team", "--trust", "--on-conflict", "take")
    #expect(up.status == 0, "\(up.errorText)")
    #expect(try mode(".a", machine) == 0o600 && mode(".b", machine) == 0o600)
    #expect(try machine.read(".b") == "x\n")
    #expect(try await machine.outfit("up").outputText.contains("Nothing to do"))
    #expect(try await machine.outfit("status", "--check").status == 0)
  }

  @Test func aProfilesOwnFileIsNoTarget() async throws {
    let machine = try Machine()
    try machine.write("team/nvim/init.lua", "SOURCE\n")
    try machine.files.createDirectory(machine.home.appending(".config"), mode: 0o755)
    try machine.files.createLink(machine.home.pushing(".config/nvim"), to: "../team/nvim")
    for kind in ["copy", "link", "block", "template"] {
      try machine.write(
        "team/outfit.yaml", "profile: team\ndotfiles: {.config/nvim/init.lua: {\(kind): nvim/init.lua}}\n")
      let up = try await machine.outfit("up", "team", "--trust", "--on-conflict", "take")
      #expect(up.status == 2, "\(kind): \(up.errorText)")
      #expect(up.errorText.contains("team/outfit.yaml:2:"), "\(up.errorText)")
      #expect(up.errorText.contains(".config/nvim is a link to ../team/nvim"), "\(up.errorText)")
      #expect(try machine.read("team/nvim/init.lua") == "SOURCE\n")
      let source = machine.home.pushing("team/nvim/init.lua")
      #expect(try machine.files.status(source, followLinks: false)?.kind == .file)
    }
  }

  @Test func dataOfAnyLayerAnswersWhatAProfileAsks() async throws {
    let machine = try Machine()
    try machine.write(
      "team/outfit.yaml", "profile: team\nask: {email: Your e-mail}\ndotfiles: {.x: {template: x}}\n")
    try machine.write("team/x", "{{email}}\n")
    #expect(try await machine.outfit("up", "team", "--trust").status == 4)
    try machine.write(".config/outfit/outfit.yaml", "data: {email: ann@example.org}\n")
    let up = try await machine.outfit("up", "team", "--trust")
    #expect(up.status == 0, "\(up.errorText)")
    #expect(try machine.read(".x") == "ann@example.org\n")
    let set = try await machine.outfit("up", "team", "--trust", "--set", "email=bob@example.org")
    #expect(set.status == 2 && set.errorText.contains("says email already"), "\(set.errorText)")
  }

  @Test func aScriptOfAnotherProfileIsRunThoughOneOfThatNameWas() async throws {
    let machine = try Machine()
    for name in ["one", "two"] {
      try machine.write(
        "\(name)/outfit.yaml", "profile: \(name)\nscripts: {fonts: {run: fonts.sh, when: once}}\n")
      try machine.write("\(name)/fonts.sh", "echo \(name) >> ~/ran\n")
    }
    for name in ["one", "two", "one"] {
      let up = try await machine.outfit("up", name, "--trust", "--yes")
      #expect(up.status == 0, "\(up.errorText)")
    }
    #expect(try machine.read("ran") == "one\ntwo\n")
  }
}
