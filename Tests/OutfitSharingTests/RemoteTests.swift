import OutfitCore
import Testing

@testable import OutfitSharing

@Suite struct RemoteTests {
  @Test func targetsAreReadAsTheyAreTyped() throws {
    #expect(try RemoteTarget("dev@box.example").kind == .ssh("dev@box.example"))
    #expect(try RemoteTarget("ssh://dev@box:2222").kind == .ssh("ssh://dev@box:2222"))
    #expect(try RemoteTarget("container/shop-web-1").kind == .container("shop-web-1"))
    #expect(try RemoteTarget("pod/staging/shell-0").kind == .pod("staging/shell-0"))
    #expect(try RemoteTarget("[2001:db8::1]").kind == .ssh("[2001:db8::1]"))
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
