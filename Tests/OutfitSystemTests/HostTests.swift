import OutfitCore
import Support
import SystemPackage
import Testing

@testable import OutfitSystem

@Suite struct HostTests {
  private let accounts: @Sendable (UInt32) -> (name: String, home: String)? = {
    [0: ("root", "/root"), 1000: ("ann", "/home/ann")][$0]
  }

  @Test func homeComesFromTheAccountWhenItIsNotSet() throws {
    let user = try Host.user(environment: [:], identifier: 1000, account: accounts, files: MemoryFiles())
    #expect(user == User(identifier: 1000, name: "ann", home: "/home/ann"))
  }

  @Test func sudoWithTheHomeOfAnotherIsRefused() throws {
    let files = MemoryFiles.withHome()
    let failure = #expect(throws: Failure.self) {
      try Host.user(
        environment: ["HOME": "/home/ann", "SUDO_UID": "1000"], identifier: 0, account: accounts, files: files
      )
    }
    #expect(failure?.status == .usage)
    #expect(failure?.diagnostics.first?.message.contains("/home/ann, which belongs to ann") == true)
    #expect(failure?.diagnostics.first?.hint?.hasPrefix("run it without sudo") == true)
    let byDoas = #expect(throws: Failure.self) {
      try Host.user(
        environment: ["HOME": "/home/ann", "DOAS_USER": "ann"], identifier: 0, account: accounts, files: files
      )
    }
    #expect(byDoas?.diagnostics.first?.hint?.hasPrefix("run it without doas") == true)
    // `sudo -E -u bob`: what bob would write is no more ann's than root's is.
    let asBob = #expect(throws: Failure.self) {
      try Host.user(
        environment: ["HOME": "/home/ann", "SUDO_UID": "1000"], identifier: 1001,
        account: { $0 == 1001 ? ("bob", "/home/bob") : accounts($0) }, files: files)
    }
    #expect(asBob?.diagnostics.first?.hint == "run it with the HOME of bob: sudo -iu bob ...")
  }

  /// As in `su -m` and in many a container: it goes on, and is said.
  @Test func rootInTheHomeOfAnotherIsKnown() throws {
    let files = MemoryFiles.withHome()
    let user = try Host.user(
      environment: ["HOME": "/home/ann"], identifier: 0, account: accounts, files: files)
    #expect(user == User(identifier: 0, name: "root", home: "/home/ann", homeOwner: "ann"))
    #expect(
      try Host.user(environment: ["HOME": "/home/ann"], identifier: 1000, account: accounts, files: files)
        .homeOwner == nil)
  }

  @Test func aRelativeHomeIsRefused() {
    #expect(throws: Failure.self) {
      try Host.user(environment: ["HOME": "ann"], identifier: 1000, account: accounts, files: MemoryFiles())
    }
    #expect(throws: Failure.self) {
      try Host.user(environment: [:], identifier: 7, account: accounts, files: MemoryFiles())
    }
  }

  @Test func thePlatformIsToldByMachineAndLoader() throws {
    let files = MemoryFiles()
    #expect(try Host.platform(system: .linux, machine: "x86_64", files: files).key == "linux-amd64")
    files.put("/lib/ld-musl-x86_64.so.1", "")
    #expect(try Host.platform(system: .linux, machine: "x86_64", files: files).key == "linux-amd64-musl")
    files.put("/lib64/ld-linux-x86-64.so.2", "")
    #expect(try Host.platform(system: .linux, machine: "x86_64", files: files).key == "linux-amd64")
    #expect(try Host.platform(system: .macos, machine: "arm64", files: files).key == "macos-arm64")
    #expect(throws: Failure.self) { try Host.platform(system: .linux, machine: "riscv64", files: files) }
  }

  @Test func thisMachineHasAHost() throws {
    let host = try Host.live()
    #expect(host.workingDirectory.isAbsolute)
    #expect(host.environment["PATH"] != nil)
    #expect(host.clock.now() > 1_700_000_000)
    #expect(host.terminal.width > 0)
  }
}
