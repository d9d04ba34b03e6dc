import OutfitCore
import Testing

@testable import OutfitSharing

@Suite struct RemoteTests {
  private func names(_ text: String) throws -> String {
    let target = try RemoteTarget(text)
    return "\(target.kind) \(target.name)"
  }

  @Test func targetsAreReadAsTheyAreTyped() throws {
    #expect(try names("dev@box.example") == "ssh dev@box.example")
    #expect(try names("ssh://dev@box:2222") == "ssh ssh://dev@box:2222")
    #expect(try names("container/shop-web-1") == "container shop-web-1")
    #expect(try names("pod/staging/shell-0") == "pod staging/shell-0")
    #expect(try names("[2001:db8::1]") == "ssh [2001:db8::1]")
  }

  /// What ssh would take for an option, or a shell for a command, is no machine.
  @Test(arguments: ["-oProxyCommand=evil", "container/-x", "box; evil", "$(evil)", "a b", "", "`x`", "box\n"])
  func whatIsNoMachineIsRefused(_ text: String) {
    #expect(throws: Failure.self) { try RemoteTarget(text) }
  }

  @Test func aWordIsOneWordForAnyShell() {
    #expect(RemoteShell.quoted("--set") == "--set")
    #expect(RemoteShell.quoted("") == "''")
    #expect(RemoteShell.quoted("it's $HOME") == #"'it'\''s $HOME'"#)
  }
}
