import OutfitSystem
import Support
import SystemPackage
import Testing

/// Other machines, which here are homes of their own behind an `ssh` that runs what it is told in a shell of this machine.
@Suite struct RemoteTests {
  /// As OpenSSH does: options first, then the destination, and words that a login shell reads as one line.
  private static let ssh = #"""
    #!/bin/bash
    while [ $# -gt 0 ]; do case $1 in -o|-O) [ "$1" = -O ] && exit 0; shift 2 ;; --) shift; break ;; -*) shift ;; *) break ;; esac; done
    name=$1; shift
    if [ ! -d "@HOME@/hosts/$name" ]; then echo "ssh: connect to host $name port 22: Connection refused" >&2; exit 255; fi
    if [ -f "@HOME@/cut/$name" ]; then head -c "$(cat "@HOME@/cut/$name")" | env -i HOME="@HOME@/hosts/$name" PATH=/usr/bin:/bin sh -c "$*"; exit 255; fi
    exec env -i HOME="@HOME@/hosts/$name" PATH=/usr/bin:/bin sh -c "$*"
    """#

  private func machine(_ hosts: String..., name: String = #function) throws -> Machine {
    let machine = try Machine(name)
    try machine.write("bin/ssh", Self.ssh.replacing("@HOME@", with: machine.home.string), mode: 0o755)
    for host in hosts { try machine.files.createDirectories(machine.home.pushing("hosts").appending(host)) }
    try machine.write("web/outfit.yaml", "profile: web\ndotfiles: {.vimrc: {copy: vimrc}}\n")
    try machine.write("web/vimrc", "set nu\n")
    return machine
  }

  private func outfit(_ machine: Machine, _ words: String...) async throws -> Completion {
    let path = machine.environment["PATH"] ?? ""
    return try await machine.outfit(words, setting: ["PATH": "\(machine.home)/bin:\(path)"])
  }

  @Test func machinesAreSetUpSideBySide() async throws {
    let machine = try machine("a", "b")
    let refused = try await outfit(machine, "remote", "up", "a", "b", "web")
    #expect(refused.status == 4, "\(refused.errorText)")
    #expect(refused.errorText.contains("outfit remote up a b web --trust"), "\(refused.errorText)")
    #expect(!machine.files.exists(machine.home.pushing("hosts/a/.local")))

    let unreached = try await outfit(machine, "remote", "up", "a", "c", "web", "--trust")
    #expect(
      unreached.status == 1 && unreached.errorText.contains("c can't be reached"), "\(unreached.errorText)")
    #expect(!machine.files.exists(machine.home.pushing("hosts/a/.local")))

    let up = try await outfit(machine, "remote", "up", "a", "b", "web", "--trust")
    #expect(up.status == 0, "\(up.errorText)")
    #expect(up.outputText.contains("a  set up") && up.outputText.contains("b  set up"), "\(up.outputText)")
    for host in ["a", "b"] { #expect(try machine.read("hosts/\(host)/.vimrc") == "set nu\n") }

    let again = try await outfit(machine, "remote", "up", "a", "b", "web", "--json")
    #expect(again.status == 0 && again.outputText.contains("\"changed\": false"), "\(again.errorText)")
    // Outfit itself is there: only what changed may be.
    #expect(try largestSent(again) < 1 << 20, "\(again.outputText)")
    let status = try await outfit(machine, "remote", "status", "a", "b")
    #expect(status.status == 0 && status.outputText.contains("web is up to date"), "\(status.errorText)")

    try machine.write("hosts/a/.vimrc", "mine\n")
    let drift = try await outfit(machine, "remote", "status", "a", "b", "--check", "--json")
    #expect(drift.status == 3, "\(drift.errorText)")
    try machine.write("web/vimrc", "set list\n")
    let kept = try await outfit(machine, "remote", "up", "a", "b", "web", "--trust")
    #expect(kept.status == 4 || kept.status == 0, "\(kept.errorText)")
    #expect(try machine.read("hosts/a/.vimrc") == "mine\n" && machine.read("hosts/b/.vimrc") == "set list\n")
    let done = try await outfit(machine, "remote", "exec", "b", "--", "sh", "-c", "exit 7")
    #expect(done.status == 7, "\(done.errorText)")
    let back = try await outfit(machine, "remote", "rollback", "a", "b", "--to", "0")
    // What somebody changed there stays, as it does here.
    #expect(back.status == 4 && back.errorText.contains("kept ~/.vimrc"), "\(back.errorText)")
    #expect(!machine.files.exists(machine.home.pushing("hosts/b/.vimrc")))
    #expect(try machine.read("hosts/a/.vimrc") == "mine\n")
  }

  private func largestSent(_ done: Completion) throws -> Int {
    let sizes = done.outputText.split(separator: "\n").compactMap { line -> Int? in
      let text = line.filter { $0 != " " && $0 != "," }
      return text.hasPrefix("\"sent\":") ? Int(text.dropFirst(7)) : nil
    }
    return try #require(sizes.max())
  }

  /// A connection that ends while something is sent leaves the machine as it was; the next run goes on.
  @Test func aCutConnectionLosesNothing() async throws {
    let machine = try machine("a")
    try machine.write("hosts/a/.vimrc", "mine\n")
    let trusted = try await outfit(machine, "trust", "web")
    #expect(trusted.status == 0)
    for bytes in [3000, 9000, 200_000, 5_000_000] {
      try machine.write("cut/a", "\(bytes)")
      let cut = try await outfit(machine, "remote", "up", "a", "web")
      #expect(cut.status == 1, "\(bytes): \(cut.errorText)")
      #expect(try machine.read("hosts/a/.vimrc") == "mine\n")
    }
    try machine.files.removeTree(machine.home.appending("cut"))
    let up = try await outfit(machine, "remote", "up", "a", "web", "--on-conflict", "backup")
    #expect(up.status == 0, "\(up.errorText)")
    #expect(try machine.read("hosts/a/.vimrc") == "set nu\n")
  }

  @Test func mistakesAreTold() async throws {
    let machine = try machine("a")
    for words in [
      ["remote", "up"], ["remote", "up", "a"], ["remote", "up", "-x", "web"], ["remote", "exec", "a"],
    ] {
      let done = try await machine.outfit(words)
      #expect(done.status == 2, "\(words): \(done.errorText)")
    }
    let none = try await outfit(machine, "remote", "status", "a")
    #expect(none.status == 1 && none.errorText.contains("outfit remote up a"), "\(none.errorText)")
  }
}
