import OutfitCore
import OutfitEngine
import OutfitProfile
import SystemPackage
import Testing

@testable import OutfitInterpreters

@Suite struct ShellSetupTests {
  private func blocks(_ machine: Machine) throws -> [String: String] {
    var machine = machine
    let proposal = try machine.drive { try ShellSetup().propose($0) }
    var blocks: [String: String] = [:]
    for change in proposal.changes {
      guard case .edit(.block(let block)) = change.kind else { continue }
      #expect(block.identifier == "path")
      #expect(blocks[change.target.string] == nil)
      blocks[change.target.string] = block.body
      // Only a login file makes bash read the other one, and only where nothing else in it can.
      let isLogin = [".profile", ".bash_profile", ".bash_login"].contains(change.target.lastComponent?.string)
      #expect(block.preface == (isLogin ? ShellInit.readsBashrc : ""))
      #expect(!block.body.contains("BASH_VERSION"))
    }
    return blocks
  }

  @Test func aHomeWithNothingGetsWhatBashReads() throws {
    var machine = Machine()
    machine.files = ["/bin/bash": ""]
    let blocks = try blocks(machine)
    #expect(blocks.keys.sorted() == ["/home/ann/.bashrc", "/home/ann/.profile"])
    #expect(blocks["/home/ann/.bashrc"]?.contains(#""$HOME/.local/share/outfit/bin""#) == true)
    #expect(blocks["/home/ann/.bashrc"]?.contains(".bashrc") == false)

    // The second time it asks for just the same.
    let text = "# >>> outfit path >>>\n\(blocks["/home/ann/.profile"] ?? "")# <<< outfit path <<<\n"
    machine.files["/home/ann/.profile"] = text
    machine.files["/home/ann/.bashrc"] = ""
    #expect(try self.blocks(machine) == blocks)
    machine.files["/home/ann/.profile"] = "export A=b\n" + text
    #expect(try self.blocks(machine) == blocks)
  }

  /// A home folder of machines of two architectures, each with a folder of Outfit's of its own, has one text for both.
  @Test func aFolderNamedAfterTheArchitectureIsAskedFor() throws {
    func blocks(_ platform: Platform, _ folder: String) throws -> [String: String] {
      var machine = Machine()
      machine.files = ["/bin/bash": "", "/home/ann/.config/fish": ""]
      machine.context.platform = platform
      machine.context.bin = FilePath("/home/ann/.outfit/\(folder)/data/bin")
      return try self.blocks(machine)
    }
    let one = try blocks(Platform(.linux, .amd64), "x86_64")
    #expect(one["/home/ann/.bashrc"]?.contains(#"="$HOME/.outfit/$(uname -m)/data/bin""#) == true)
    #expect(
      one["/home/ann/.config/fish/conf.d/outfit.fish"]?.contains(#" "$HOME/.outfit/"(uname -m)"/data/bin""#)
        == true)
    #expect(try blocks(Platform(.linux, .arm64), "aarch64") == one)
    #expect(try blocks(Platform(.linux, .arm64), "x86_64") != one)
    #expect(
      try blocks(Platform(.linux, .amd64), "x86_64-two")["/home/ann/.bashrc"]?.contains("uname") == false)
  }

  @Test func theFileThatALoginBashReadsIsTheOne() throws {
    var machine = Machine()
    machine.files = ["/bin/bash": "", "/home/ann/.profile": "echo hello\n"]
    #expect(try blocks(machine).keys.sorted() == ["/home/ann/.bashrc", "/home/ann/.profile"])
    machine.files["/home/ann/.bash_profile"] = "echo hello\n"
    #expect(
      try blocks(machine).keys.sorted()
        == ["/home/ann/.bash_profile", "/home/ann/.bashrc", "/home/ann/.profile"])
    machine.files["/home/ann/.profile"] = nil
    #expect(try blocks(machine).keys.sorted() == ["/home/ann/.bash_profile", "/home/ann/.bashrc"])
  }

  /// What the profile puts there in the same run counts as if it were there, so that the next run has nothing to do.
  @Test func filesOfTheProfileCount() throws {
    var machine = Machine()
    machine.files = ["/bin/bash": ""]
    machine.context.environment["SHELL"] = "/bin/bash"
    let owner = Source(
      layer: machine.context.profile.layers[0], location: SourceLocation(file: "/p/outfit.yaml"))
    func put(_ path: String, _ text: String) {
      machine.context.earlier.changes.append(
        Change(
          target: FilePath("/home/ann").pushing(FilePath(path)), owner: owner,
          kind: .file(Array(text.utf8), mode: 0o644)))
    }
    put(".bash_profile", "export A=b\n")
    put(".zshrc", "")
    put(".config/fish/config.fish", "")
    let found = try blocks(machine)
    #expect(
      found.keys.sorted() == [
        "/home/ann/.bash_profile", "/home/ann/.bashrc", "/home/ann/.config/fish/conf.d/outfit.fish",
        "/home/ann/.zprofile", "/home/ann/.zshrc",
      ])
    machine.files["/home/ann/.bash_profile"] = "export A=b\n"
    machine.files["/home/ann/.zshrc"] = ""
    machine.files["/home/ann/.config/fish"] = ""
    #expect(try blocks(machine) == found)
  }

  /// A block that is only for a file that is there makes none, and no shell of it.
  @Test func whatOnlyEditsAFileMakesNoShell() throws {
    var machine = Machine()
    machine.files = ["/bin/bash": "", "/usr/bin/zsh": "", "/usr/bin/fish": ""]
    machine.context.environment["SHELL"] = "/bin/bash"
    let owner = Source(
      layer: machine.context.profile.layers[0], location: SourceLocation(file: "/p/outfit.yaml"))
    for path in [".bash_profile", ".zshrc", ".config/fish/config.fish"] {
      machine.context.earlier.changes.append(
        Change(
          target: FilePath("/home/ann").pushing(FilePath(path)), owner: owner,
          kind: .edit(.block(.init(identifier: "p", body: "", createMode: nil)))))
    }
    #expect(try blocks(machine).keys.sorted() == ["/home/ann/.bashrc", "/home/ann/.profile"])
    machine.files["/home/ann/.zshrc"] = ""
    #expect(
      try blocks(machine).keys.sorted() == [
        "/home/ann/.bashrc", "/home/ann/.profile", "/home/ann/.zprofile", "/home/ann/.zshrc",
      ])
  }

  @Test func otherShellsGetTheirsWhereTheyAre() throws {
    var machine = Machine()
    machine.files = ["/usr/bin/zsh": "", "/usr/bin/fish": ""]
    #expect(
      try blocks(machine).keys.sorted()
        == ["/home/ann/.config/fish/conf.d/outfit.fish", "/home/ann/.zprofile", "/home/ann/.zshrc"])
    machine.context.environment["ZDOTDIR"] = "/home/ann/z"
    machine.context.environment["XDG_CONFIG_HOME"] = "/home/ann/c"
    #expect(
      try blocks(machine).keys.sorted()
        == ["/home/ann/c/fish/conf.d/outfit.fish", "/home/ann/z/.zprofile", "/home/ann/z/.zshrc"])
    // Of somebody who uses another shell, only what they have settings for.
    machine.context.environment["SHELL"] = "/bin/dash"
    #expect(try blocks(machine).isEmpty)
    machine.files["/home/ann/z/.zshrc"] = ""
    #expect(try blocks(machine).keys.sorted() == ["/home/ann/z/.zprofile", "/home/ann/z/.zshrc"])
  }

  /// A folder that is the profile's link is none to write in; what is to stand there is said once, in words.
  @Test func aFolderThatIsALinkIsLeftAlone() throws {
    var machine = Machine()
    machine.files = ["/bin/bash": "", "/usr/bin/zsh": "", "/home/ann/.config/fish": ""]
    machine.context.environment["ZDOTDIR"] = "/home/ann/.config/zsh"
    let owner = Source(
      layer: machine.context.profile.layers[0], location: SourceLocation(file: "/p/outfit.yaml"))
    for name in ["fish", "zsh"] {
      let source = FilePath("/p/\(name)")
      machine.context.earlier.changes.append(
        Change(
          target: FilePath("/home/ann/.config").appending(name), owner: owner, kind: .link(.path(source)),
          source: source))
    }
    #expect(try blocks(machine).keys.sorted() == ["/home/ann/.bashrc", "/home/ann/.profile"])
    var empty = machine
    let hints = try empty.drive { try ShellSetup().propose($0) }.notes.compactMap(\.hint)
    #expect(
      hints == [
        "write this line into /home/ann/.config/zsh/.zprofile: eval \"$(outfit shell-init zsh)\"",
        "write this line into /home/ann/.config/zsh/.zshrc: eval \"$(outfit shell-init zsh)\"",
        "write this line into /home/ann/.config/fish/config.fish: outfit shell-init fish | source",
      ])
    machine.files["/p/fish/config.fish"] = "outfit shell-init fish | source\n"
    machine.files["/p/zsh/.zshrc"] = "eval \"$(outfit shell-init zsh)\"\n"
    let notes = try machine.drive { try ShellSetup().propose($0) }.notes
    #expect(notes.count == 1 && notes.first?.location?.file == "/p/outfit.yaml")
  }

  @Test func aProjectHasItsVariablesAndTouchesNoFile() throws {
    var machine = Machine(.project("/w/shop"))
    machine.files = ["/bin/bash": ""]
    let layer = machine.context.profile.layers[0]
    machine.context.profile.env["DEBUG"] = Sourced(
      "1", Source(layer: layer, location: SourceLocation(file: "/w/shop/outfit.yaml")))
    let proposal = try machine.drive { try ShellSetup().propose($0) }
    #expect(proposal.changes.isEmpty)
    #expect(proposal.variables == ["DEBUG": "1"])
  }
}
