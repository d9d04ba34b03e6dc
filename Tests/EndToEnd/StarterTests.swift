import OutfitSystem
import SystemPackage
import Testing

/// The first morning: a HOME with some history, and the starter profile on it.
@Suite(.serialized)
struct StarterTests {
  private func givenAHomeWithHistory(_ machine: Machine) throws {
    try machine.write(".bashrc", "# mine\nexport EDITOR=vi\nalias ll='ls -la --color'\n")
    try machine.write(".profile", "# mine too\n[ -f ~/.bashrc ] && . ~/.bashrc\n", mode: 0o600)
    try machine.write(
      ".gitconfig", "[user]\n\tname = Ada Lovelace\n\temail = ada@example.org\n[alias]\n\tst = status\n")
    try machine.write("notes/todo.txt", "no newline at the end")
  }

  @Test func upAndBack() async throws {
    let machine = try Machine()
    try givenAHomeWithHistory(machine)
    try await machine.copy("profiles", to: "team")
    let before = try machine.tree()

    let refused = try await machine.outfit("up", "team/starter")
    #expect(refused.status == 4)
    #expect(refused.errorText.contains("--trust") || refused.errorText.contains("outfit trust"))
    expectSameTree(before, try machine.tree())

    let dry = try await machine.outfit("up", "team/starter", "--dry-run")
    #expect(dry.status == 0, "\(dry.errorText)")
    #expect(dry.outputText.contains(".gitconfig"))
    expectSameTree(before, try machine.tree())
    let told = try await machine.outfit("up", "team/starter", "--dry-run", "--json")
    #expect(told.status == 4, "nobody has consented")
    #expect(told.outputText.contains("\"file\": \"team/starter/outfit.yaml\""), "\(told.outputText)")
    #expect(told.outputText.contains("\"dryRun\": true"), "\(told.outputText)")
    expectSameTree(before, try machine.tree())
    #expect(!machine.files.exists(machine.home.appending(".local/share/outfit/store")))

    let first = try await machine.outfit("up", "team/starter", "--trust")
    #expect(first.status == 0, "\(first.errorText)\(first.outputText)")
    #expect(first.outputText.contains("outfit rollback"))

    for (command, answer) in [
      ("black --version", "black, 26."), ("isort --version", "VERSION"), ("ruff --version", "ruff "),
      ("http --version", "3."), ("cookiecutter --version", "Cookiecutter 2."), ("node --version", "v24."),
      ("npm --version", "."), ("python --version", "Python 3."), ("python3 -c 'import ssl; print(1)'", "1"),
    ] {
      let ran = try await machine.login(command)
      #expect(ran.status == 0, "\(command): \(ran.errorText)")
      #expect(ran.outputText.contains(answer), "\(command): \(ran.outputText)")
    }
    // What was the user's stays the user's.
    let git = try await machine.login(
      "git config user.email; git config alias.st; git config init.defaultBranch")
    #expect(git.outputText == "ada@example.org\nstatus\nmain\n")
    let alias = try await machine.run("/bin/bash", ["-ic", "alias ll; alias gst"])
    #expect(alias.outputText.contains("ls -la --color"))
    #expect(alias.outputText.contains("git status"))

    let second = try await machine.outfit("up", "team/starter", "--trust")
    #expect(second.status == 0)
    #expect(second.outputText.contains("Nothing to do"))
    let bare = try await machine.outfit("up")
    #expect(bare.status == 0)
    #expect(bare.outputText.contains("Nothing to do"))

    let why = try await machine.outfit("why", "black")
    #expect(why.outputText.contains("starter"))
    #expect(why.outputText.contains("outfit.yaml:"))
    let whyFile = try await machine.outfit("why", "~/.gitconfig")
    #expect(whyFile.outputText.contains("outfit.yaml:"))
    let status = try await machine.outfit("status", "--check")
    #expect(status.status == 0, "\(status.outputText)")
    let which = try await machine.outfit("which", "black")
    #expect(which.outputText.contains("/store/"))
    let stand = try await machine.outfit()
    #expect(stand.outputText.contains("starter"))
    let doctor = try await machine.login("outfit doctor")
    #expect(doctor.status == 0, "\(doctor.outputText)")

    let back = try await machine.outfit("rollback")
    #expect(back.status == 0, "\(back.errorText)")
    expectSameTree(before, try machine.tree())
    let gone = try await machine.login("command -v cookiecutter")
    #expect(gone.status != 0)

    // And forward again, from the store, with the pins of then: no download.
    let again = try await machine.outfit("rollback", "1")
    #expect(again.status == 0, "\(again.errorText)")
    let same = try await machine.outfit("status", "--check")
    #expect(same.status == 0, "\(same.outputText)\(same.errorText)")
    let black = try await machine.login("black --version")
    #expect(black.outputText.contains("black, 26."))
  }

  @Test func aPersonWithoutAnyFiles() async throws {
    let machine = try Machine()
    let before = try machine.tree()
    let up = try await machine.outfit(
      "up", "starter", "--trust", "--only", "dotfiles", "--set", "email=new@example.org", "--set",
      "name=New Hire")
    #expect(up.status == 0, "\(up.errorText)")
    let email = try await machine.login("git config --global --includes user.email")
    #expect(email.outputText == "new@example.org\n")
    let back = try await machine.outfit("rollback")
    #expect(back.status == 0, "\(back.errorText)")
    expectSameTree(before, try machine.tree())
  }

  @Test func editsOfTheUserAreKeptAndNamed() async throws {
    let machine = try Machine()
    let up = try await machine.outfit("up", "starter", "--trust", "--only", "dotfiles")
    #expect(up.status == 0, "\(up.errorText)")
    let path = ".config/outfit-starter/aliases.sh"
    try machine.write(path, "alias mine=true\n")
    let kept = try await machine.outfit("up", "starter", "--trust", "--only", "dotfiles")
    #expect(kept.status == 4)
    #expect(kept.errorText.contains("aliases.sh"))
    #expect(try machine.read(path) == "alias mine=true\n")
    let back = try await machine.outfit("rollback", "0")
    #expect(back.status == 4, "\(back.outputText)")
    #expect(try machine.read(path) == "alias mine=true\n")
    let taken = try await machine.outfit(
      "up", "starter", "--trust", "--only", "dotfiles", "--on-conflict", "backup")
    #expect(taken.status == 0, "\(taken.errorText)")
    #expect(try machine.read(path + ".outfit-backup") == "alias mine=true\n")
  }
}
