import OutfitSystem
import SystemPackage
import Testing

/// What of chezmoi's folders needs more than its files: password managers, patterns, and chezmoi itself beside.
@Suite(.serialized)
struct ChezmoiSecretTests {
  @Test func whatAsksAPasswordManagerBecomesASecret() async throws {
    let machine = try Machine()
    try machine.write(
      "bin/pass", "#!/bin/sh\necho \"$*\" >> ~/calls\nprintf 'hunter-two\\nuser: ada\\n'\n", mode: 0o755)
    try machine.write("cm/dot_npmrc.tmpl", "token={{ pass \"web/npm\" | quote }}\n")
    try machine.write("cm/private_dot_netrc.tmpl", "password {{ passRaw \"web/npm\" | trim }}\n")
    try machine.write("cm/dot_left.tmpl", "{{ (bitwarden \"item\" \"x\").login }}\n")
    try machine.write("cm/run_once_x.sh.tmpl", "echo {{ pass \"web/npm\" }}\n")
    try machine.write("cm/dot_vimrc", "set number\n")
    let path = ["PATH": "\(machine.home)/bin:/usr/bin:/bin"]
    let direct = try await machine.outfit("up", "cm", "--dry-run", setting: path)
    #expect(direct.errorText.contains("`pass` is not run"), "\(direct.errorText)")
    let read = try await machine.outfit("import", "chezmoi", "cm", "--json", "--dry-run", setting: path)
    #expect(read.status == 1 && read.outputText.contains("\"web_npm\""), "\(read.outputText)")
    #expect(try machine.read("cm/outfit.yaml") == nil)
    let taken = try await machine.outfit("import", "chezmoi", "cm", setting: path)
    #expect(taken.status == 1 && taken.outputText.contains("secret web_npm"), "\(taken.outputText)")
    #expect(try machine.read("calls") == nil)
    let manifest = try machine.read("cm/outfit.yaml") ?? ""
    #expect(manifest.contains("passRaw web/npm"), "\(manifest)")
    #expect(try await machine.outfit("up", "cm", setting: path).status == 4)
    #expect(try machine.read("calls") == nil)
    let up = try await machine.outfit("up", "cm", "--trust", setting: path)
    #expect(up.status == 1, "\(up.errorText)")
    #expect(try machine.read(".npmrc") == "token=\"hunter-two\"\n")
    #expect(try machine.read(".netrc") == "password hunter-two\nuser: ada\n")
    #expect(try machine.read(".vimrc") == "set number\n" && machine.read(".left") == nil)
    let mode = try machine.files.status(machine.home.appending(".npmrc"), followLinks: false)?.mode
    #expect(mode == 0o600)
    #expect(try machine.read("calls") == "show web/npm\nshow web/npm\n")
    // What is left out is tried again, and nobody is asked for what is there.
    #expect(try await machine.outfit("up", setting: path).status == 1)
    #expect(try machine.read("calls") == "show web/npm\nshow web/npm\n")
    let kept = try await machine.run(
      "/bin/grep", ["-rlaF", "hunter-two", "\(machine.home)/.local", "\(machine.home)/cm"])
    #expect(kept.outputText.isEmpty, "\(kept.outputText)")
  }

  @Test func patternsTakeAwayWhatIsThereAndItStaysAway() async throws {
    let machine = try Machine()
    try machine.write("cm/.chezmoiremove", ".config/old-*\n.cache-*/**/*.tmp\n")
    try machine.write("cm/dot_config/old-but-ours", "ours\n")
    try machine.write(".config/old-a", "a\n")
    try machine.write(".config/new", "new\n")
    try machine.write(".cache-x/deep/b.tmp", "b\n")
    let before = try machine.tree()
    let up = try await machine.outfit("up", "cm", "--trust", "--on-conflict", "take")
    #expect(up.status == 0, "\(up.errorText)")
    for _ in 0..<2 {
      #expect(try machine.read(".config/old-a") == nil && machine.read(".cache-x/deep/b.tmp") == nil)
      #expect(try machine.read(".config/new") == "new\n" && machine.read(".config/old-but-ours") == "ours\n")
      let again = try await machine.outfit("up", "--only", "dotfiles")
      #expect(again.status == 0, "\(again.errorText)")
    }
    #expect(try await machine.outfit("rollback", "0").status == 0)
    expectSameTree(before, try machine.tree())
  }

  @Test func statusNamesAChezmoiThatManagesTheSameFiles() async throws {
    let machine = try Machine()
    try machine.write("team/outfit.yaml", "profile: team\ndotfiles: {.vimrc: {copy: v}, .x: {copy: v}}\n")
    try machine.write("team/v", "v\n")
    try machine.write(".local/share/chezmoi/dot_vimrc.tmpl", "v\n")
    try machine.write(".local/share/chezmoi/dot_y", "v\n")
    #expect(try await machine.outfit("up", "team", "--trust").status == 0)
    let status = try await machine.outfit("status")
    #expect(
      status.errorText.contains("chezmoi manages ~/.vimrc too, by ~/.local/share/chezmoi/dot_vimrc.tmpl"),
      "\(status.errorText)")
    #expect(!status.errorText.contains("~/.x") && !status.errorText.contains("~/.y"))
    #expect(try await machine.outfit("status", "--json").outputText.contains("chezmoi manages"))
    // Where Outfit reads that very folder there is nothing to tell.
    #expect(try await machine.outfit("up", ".local/share/chezmoi", "--trust", "--yes").status == 0)
    #expect(try await !machine.outfit("status").errorText.contains("chezmoi manages"))
  }

  @Test func aFileThatBothSidesChangedIsMerged() async throws {
    let machine = try Machine()
    let lines = (1...20).map { "line \($0)\n" }
    try machine.write("team/outfit.yaml", "profile: team\ndotfiles: {.a: {copy: a}, .b: {copy: b}}\n")
    for name in ["a", "b"] { try machine.write("team/\(name)", lines.joined()) }
    #expect(try await machine.outfit("up", "team", "--trust").status == 0)
    #expect(try await machine.outfit("dotfiles", "merge", ".a").outputText.contains("Nothing to do"))
    let nothing = try await machine.outfit("dotfiles", "merge", ".a", "--json")
    #expect(nothing.outputText.contains("\"changed\": false"), "\(nothing.outputText)")
    #expect(try await machine.outfit("dotfiles", "merge", ".nope").status == 2)
    try machine.write(".a", "mine\n" + lines.joined())
    try machine.write("team/a", lines.joined() + "theirs\n")
    #expect(try await machine.outfit("trust", "team").status == 0)
    let merged = try await machine.outfit("dotfiles", "merge", "~/.a", "--json")
    #expect(merged.status == 0, "\(merged.errorText)")
    #expect(merged.outputText.contains("/home/.a\""), "\(merged.outputText)")
    #expect(try machine.read(".a") == "mine\n" + lines.joined() + "theirs\n")
    #expect(try await machine.outfit("status", "--check").status == 0)
    // The same line: an editor decides, and what it gives up stays.
    try machine.write(".b", "mine\n" + lines.dropFirst().joined())
    try machine.write("team/b", "theirs\n" + lines.dropFirst().joined())
    #expect(try await machine.outfit("trust", "team").status == 0)
    let given = try await machine.outfit(
      "dotfiles", "merge", ".b", setting: ["EDITOR": "false", "VISUAL": ""])
    #expect(given.status == 4, "\(given.errorText)")
    #expect(try machine.read(".b") == "mine\n" + lines.dropFirst().joined())
    try machine.write("ed", "#!/bin/sh\nprintf 'both\\n' > \"$1\"\n", mode: 0o755)
    let both = try await machine.outfit(
      "dotfiles", "merge", ".b", setting: ["EDITOR": "\(machine.home)/ed", "VISUAL": ""])
    #expect(both.status == 0, "\(both.errorText)")
    #expect(try machine.read(".b") == "both\n")
    #expect(try await machine.outfit("rollback").status == 0)
    #expect(try machine.read(".b") == "mine\n" + lines.dropFirst().joined())
  }

  @Test func importsSayWhatTheyTookAsDocuments() async throws {
    let machine = try Machine()
    try machine.write("stow/vim/.vimrc", "v\n")
    let stow = try await machine.outfit("import", "stow", "stow", "--json")
    #expect(
      stow.status == 0 && stow.outputText.contains("\"links\": 1"), "\(stow.outputText)\(stow.errorText)")
    #expect(try machine.read("stow/outfit.yaml") != nil)
    try machine.write("cm/dot_a", "a\n")
    try machine.write("cm/dot_b.tmpl", "{{ output \"x\" }}\n")
    let chezmoi = try await machine.outfit("import", "chezmoi", "cm", "--json")
    #expect(chezmoi.status == 1 && chezmoi.outputText.contains("dot_b.tmpl:1"), "\(chezmoi.outputText)")
  }
}
