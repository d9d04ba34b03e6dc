import SystemPackage
import Testing

/// `outfit dotfiles`, and `outfit why` of lines and keys.
@Suite(.serialized)
struct DotfileVerbTests {
  @Test func takenInEditedAndForgotten() async throws {
    let machine = try Machine()
    try machine.write(".vimrc", "set nu\n")
    try machine.write("bin/hi", "#!/bin/sh\n", mode: 0o700)
    let before = try machine.tree()
    let add = try await machine.outfit("dotfiles", "add", "~/.vimrc", "bin/hi", "--json")
    try #require(add.status == 0, "\(add.errorText)")
    #expect(try machine.read(".config/outfit/dotfiles/vimrc") == "set nu\n")
    let manifest = try #require(try machine.read(".config/outfit/outfit.yaml"))
    #expect(manifest.contains(".vimrc: {copy: dotfiles/vimrc}"), "\(manifest)")
    #expect(manifest.contains("mode: \"0700\""), "\(manifest)")
    let list = try await machine.outfit("dotfiles", "list")
    #expect(list.outputText.contains("~/.vimrc  copy"), "\(list.outputText)")
    let json = try await machine.outfit("dotfiles", "list", "--json")
    #expect(json.outputText.contains("\"form\": \"copy\"") || json.outputText.contains("\"form\":\"copy\""))
    let twice = try await machine.outfit("dotfiles", "add", "~/.vimrc")
    #expect(twice.status == 2)
    #expect(twice.errorText.contains("set already"), "\(twice.errorText)")

    try machine.write("editor", "#!/bin/sh\necho set ai >> \"$1\"\n", mode: 0o755)
    let editor = ["EDITOR": machine.home.appending("editor").string]
    let edit = try await machine.outfit("dotfiles", "edit", "~/.vimrc", "--json", setting: editor)
    #expect(edit.status == 0, "\(edit.errorText)")
    #expect(try machine.read(".vimrc") == "set nu\nset ai\n")
    let why = try await machine.outfit("why", "~/.vimrc:2")
    #expect(why.outputText.contains("dotfiles/vimrc:2, your own layer"), "\(why.outputText)")

    let forget = try await machine.outfit("dotfiles", "forget", "~/.vimrc", "--json")
    #expect(forget.status == 0, "\(forget.errorText)")
    #expect(try machine.read(".vimrc") == "set nu\nset ai\n")
    #expect(try machine.read(".config/outfit/outfit.yaml")?.contains("vimrc") == false)
    let up = try await machine.outfit("up")
    #expect(up.status == 0, "\(up.errorText)")
    #expect(try machine.read(".vimrc") == "set nu\nset ai\n")
    let back = try await machine.outfit("rollback", "0")
    #expect(back.status == 0, "\(back.errorText)")
    try machine.files.remove(machine.home.appending("editor"))
    var (expected, after) = (before, try machine.tree())
    // Its content is compared: the times are those of the way back.
    #expect(try machine.read(".vimrc") == "set nu\n")
    (expected[".vimrc"], after[".vimrc"]) = (nil, nil)
    expectSameTree(expected, after)
  }

  @Test func mistakesAreSaid() async throws {
    let machine = try Machine()
    try machine.write(".token", "token = ghp_0123456789abcdefghijABCDEFGHIJ012345\n")
    try machine.write("d/x", "")
    let secret = try await machine.outfit("dotfiles", "add", "~/.token")
    #expect(secret.status == 2, "\(secret.errorText)")
    #expect(secret.errorText.contains(".token:1"), "\(secret.errorText)")
    #expect(!machine.files.exists(machine.home.pushing(".config/outfit/dotfiles/token")))
    for (words, text) in [
      (["add", "~/.nope"], "there is no ~/.nope"), (["add", "d"], "is a folder"),
      (["add", "/etc/hosts"], "home folder"),
      (["forget", "~/.nope"], "no layer has ~/.nope"), (["edit", "~/.nope"], "no layer has ~/.nope"),
      (["cd"], "there is no"),
    ] {
      let run = try await machine.outfit(["dotfiles"] + words)
      #expect(run.status == 2, "\(words): \(run.errorText)")
      #expect(run.errorText.contains(text), "\(words): \(run.errorText)")
    }
    #expect(try machine.read(".config/outfit/outfit.yaml") == nil)
  }

  @Test func whoseALineAndAKeyAre() async throws {
    let machine = try Machine()
    try machine.write(".rc", "mine\n")
    try machine.write("base/b", "one\ntwo\n")
    try machine.write(
      "base/outfit.yaml", "profile: base\ndotfiles: {.rc: {block: b}, .c.toml: {keys: {a: {x: 1, y: 1}}}}\n")
    try machine.write(
      "p/outfit.yaml", "profile: p\nextends: [../base]\n\ndotfiles: {.c.toml: {keys: {a: {y: 2}}}}\n")
    let up = try await machine.outfit("up", "p", "--trust")
    try #require(up.status == 0, "\(up.errorText)")
    let mine = try await machine.outfit("why", "~/.rc:1")
    #expect(mine.outputText.contains("yours: no layer wrote this line"), "\(mine.outputText)")
    let theirs = try await machine.outfit("why", "~/.rc:4")
    #expect(theirs.outputText.contains("b:2, base"), "\(theirs.outputText)")
    let none = try await machine.outfit("why", "~/.rc:99")
    #expect(none.status == 2 && none.errorText.contains("has no line 99"), "\(none.errorText)")
    let key = try await machine.outfit("why", "~/.c.toml", "a.y")
    #expect(key.outputText.contains("p, "), "\(key.outputText)")
    #expect(key.outputText.contains("overrode"), "\(key.outputText)")
    let other = try await machine.outfit("why", "~/.c.toml", "a.z")
    #expect(other.status == 2 && other.errorText.contains("what is there is yours"), "\(other.errorText)")
    let json = try await machine.outfit("why", "~/.rc:1", "--json")
    #expect(json.outputText.contains("yours"), "\(json.outputText)")
  }
}
