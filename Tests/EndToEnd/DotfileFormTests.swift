import SystemPackage
import Testing

/// The forms of a dotfile's entry, as a person has them.
@Suite(.serialized)
struct DotfileFormTests {
  private func mode(_ path: String, _ machine: Machine) throws -> UInt16? {
    try machine.files.status(machine.home.pushing(FilePath(path)), followLinks: false).map {
      $0.mode & 0o7777
    }
  }

  private func link(_ path: String, _ machine: Machine) throws -> String {
    try machine.files.readLink(machine.home.pushing(FilePath(path)))
  }

  @Test func everyFormComesAndGoes() async throws {
    let machine = try Machine()
    try machine.write(".old", "mine\n", mode: 0o600)
    try machine.write(".theirs", "mine\n")
    try machine.write("p/run", "#!/bin/sh\n", mode: 0o755)
    try machine.write("p/once", "once\n")
    try machine.write("p/folder/a", "a\n")
    try machine.write("p/c/bin/tool", "#!/bin/sh\n", mode: 0o700)
    try machine.write("p/c/sub/a.swp", "left out\n")
    try machine.write("p/c/mail.mustache", "{{who}}\n")
    try machine.write(
      "p/outfit.yaml",
      """
      profile: p
      data: {who: Ada}
      dotfiles:
        bin/run: {copy: run}
        .once: {create: once}
        .theirs: {create: once}
        .linked/: {link: folder/}
        .to: {link-to: "../{{who}}", template: true}
        .old: {absent: true}
        .tree/: {tree: c, exclude: "*.swp", templates: "*.mustache", dir-mode: "0700"}
        .links/: {tree: c, as: link}
        .fold/: {tree: c/, as: fold}
      """)
    let before = try machine.tree()
    let up = try await machine.outfit("up", "p", "--trust", "--on-conflict", "take")
    try #require(up.status == 0, "\(up.errorText)")
    #expect(try mode("bin/run", machine) == 0o755)
    #expect(try machine.read(".once") == "once\n")
    #expect(try machine.read(".theirs") == "mine\n")
    #expect(try link(".linked", machine) == machine.home.pushing("p/folder").string)
    #expect(try link(".to", machine) == "../Ada")
    #expect(try machine.read(".old") == nil)
    #expect(try machine.read(".tree/mail") == "Ada\n")
    #expect(try mode(".tree/bin", machine) == 0o700)
    #expect(try mode(".tree", machine) == 0o700)
    #expect(try mode(".tree/bin/tool", machine) == 0o755)
    #expect(try machine.read(".tree/sub/a.swp") == nil)
    #expect(try link(".links/bin/tool", machine) == machine.home.pushing("p/c/bin/tool").string)
    #expect(try mode(".links/bin", machine) == 0o755)
    #expect(try link(".fold", machine) == machine.home.pushing("p/c").string)
    let again = try await machine.outfit("up")
    #expect(again.errorText.contains("Nothing to do") || again.outputText.contains("Nothing to do"))

    // What is made once is the user's from then on.
    try machine.write(".once", "changed\n")
    try machine.write("p/once", "another\n")
    let third = try await machine.outfit("up", "--trust")
    #expect(third.status == 0, "\(third.errorText)")
    #expect(try machine.read(".once") == "changed\n")
    try machine.write(".once", "once\n")
    let back = try await machine.outfit("rollback", "0")
    #expect(back.status == 0, "\(back.errorText)")
    var expected = before
    let after = try machine.tree()
    // Written again by this test.
    expected[".once"] = after[".once"]
    expected["p/once"] = after["p/once"]
    expectSameTree(expected, after)
  }

  @Test func anExactFolderKeepsNothingElse() async throws {
    let machine = try Machine()
    try machine.write(".d/foreign", "x\n")
    try machine.write(".d/inner/y", "y\n")
    try machine.write("p/d/a", "a\n")
    try machine.write("p/outfit.yaml", "profile: p\ndotfiles: {.d/: {tree: d, exact: true}}\n")
    let before = try machine.tree()
    let asked = try await machine.outfit("up", "p", "--trust")
    #expect(asked.status == 4, "\(asked.errorText)")
    #expect(try machine.read(".d/foreign") == "x\n")
    let up = try await machine.outfit("up", "--on-conflict", "take")
    #expect(try machine.read(".d/foreign") == nil)
    // A folder with things in it is nobody's to remove.
    #expect(try machine.read(".d/inner/y") == "y\n")
    #expect(up.status == 4, "\(up.errorText)")
    _ = try await machine.outfit("up")
    #expect(try machine.read(".d/foreign") == nil)
    try machine.write(".d/new", "n\n")
    let status = try await machine.outfit("status")
    #expect((status.outputText + status.errorText).contains(".d/new"))
    try machine.files.remove(machine.home.pushing(".d/new"))
    let back = try await machine.outfit("rollback", "0")
    #expect(back.status == 0, "\(back.errorText)")
    expectSameTree(before, try machine.tree())
  }

  /// The home as a folder of links into the profile: what stow and dotbot leave.
  @Test func whatLeadsThereAlreadyIsAdopted() async throws {
    let machine = try Machine()
    try machine.write("p/vimrc", "v\n")
    try machine.write("p/nvim/init.lua", "l\n")
    try machine.files.createLink(machine.home.appending(".vimrc"), to: "p/vimrc")
    try machine.files.createDirectories(machine.home.appending(".config"))
    try machine.files.createLink(machine.home.pushing(".config/nvim"), to: "../p/nvim")
    try machine.write(".same", "v\n")
    try machine.write(
      "p/outfit.yaml",
      "profile: p\ndotfiles: {.vimrc: {link: vimrc}, .config/nvim/: {link: nvim/}, .same: {copy: vimrc}}\n")
    let up = try await machine.outfit("up", "p", "--trust")
    #expect(up.status == 0, "\(up.errorText)")
    #expect(try link(".vimrc", machine) == "p/vimrc")
    #expect(try link(".config/nvim", machine) == "../p/nvim")
    try machine.write("p/outfit.yaml", "profile: p\n")
    let less = try await machine.outfit("up")
    #expect(less.status == 0, "\(less.errorText)")
    #expect(try link(".vimrc", machine) == "p/vimrc")
    #expect(try machine.read(".same") == "v\n")
  }

  @Test func rcFilesOfAProfile() async throws {
    let machine = try Machine()
    for kind in ["copy", "template", "tree", "link", "create"] {
      let entry =
        kind == "tree"
        ? "./: {tree: home}" : ".bashrc: {\(kind): home/.bashrc}\n  .zshrc: {\(kind): home/.bashrc}"
      try machine.write("\(kind)/home/.bashrc", "alias from=\(kind)\n")
      try machine.write("\(kind)/outfit.yaml", "profile: \(kind)\ndotfiles:\n  \(entry)\n")
      let up = try await machine.outfit("up", kind, "--trust", setting: ["SHELL": "/bin/bash"])
      #expect(up.status == 0, "\(kind): \(up.errorText)")
      let text = try machine.read(".bashrc") ?? ""
      #expect(text.contains("alias from=\(kind)"), "\(kind): \(text)")
      #expect(
        text.contains(">>> outfit path") == ["copy", "template", "tree"].contains(kind), "\(kind): \(text)")
      #expect(
        up.errorText.contains("shell-init bash") == ["link", "create"].contains(kind), "\(up.errorText)")
      let again = try await machine.outfit("up", setting: ["SHELL": "/bin/bash"])
      #expect(again.status == 0, "\(again.errorText)")
      #expect(try machine.read("\(kind)/home/.bashrc") == "alias from=\(kind)\n")
      let back = try await machine.outfit("rollback", "0")
      #expect(back.status == 0, "\(back.errorText)")
      #expect(!machine.files.exists(machine.home.appending(".bashrc")))
    }
  }

  @Test func tenThousandListedFiles() async throws {
    let machine = try Machine()
    try machine.write("p/f", "x\n")
    let lines = (0..<10_000).map { "  .many/d\($0 % 50)/file\($0): {copy: f, mode: \"0600\"}\n" }.joined()
    try machine.write("p/outfit.yaml", "profile: p\ndotfiles:\n\(lines)")
    let status = try await machine.outfit("up", "p", "--dry-run")
    #expect(status.status == 0, "\(status.errorText.prefix(400))")
    #expect(status.outputText.contains("~/.many/d49/file9999\n"))
  }
}
