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
    }
    return blocks
  }

  @Test func aHomeWithNothingGetsWhatBashReads() throws {
    var machine = Machine()
    machine.files = ["/bin/bash": ""]
    let blocks = try blocks(machine)
    #expect(blocks.keys.sorted() == ["/home/ann/.bashrc", "/home/ann/.profile"])
    #expect(blocks["/home/ann/.profile"]?.hasPrefix(ShellInit.readsBashrc) == true)
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

  @Test func theFileThatALoginBashReadsIsTheOne() throws {
    var machine = Machine()
    machine.files = ["/bin/bash": "", "/home/ann/.profile": "echo hello\n"]
    #expect(try blocks(machine).keys.sorted() == ["/home/ann/.bashrc", "/home/ann/.profile"])
    #expect(try blocks(machine)["/home/ann/.profile"]?.contains("BASH_VERSION") == false)
    machine.files["/home/ann/.bash_profile"] = "echo hello\n"
    #expect(
      try blocks(machine).keys.sorted()
        == ["/home/ann/.bash_profile", "/home/ann/.bashrc", "/home/ann/.profile"])
    machine.files["/home/ann/.profile"] = nil
    #expect(try blocks(machine).keys.sorted() == ["/home/ann/.bash_profile", "/home/ann/.bashrc"])
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
