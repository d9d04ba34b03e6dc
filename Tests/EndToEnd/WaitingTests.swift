import OutfitSystem
import SystemPackage
import Testing

/// A company's laptop: no root, and no sudo.
@Suite(.serialized)
struct WaitingTests {
  @Test func whatNeedsRootWaitsAndTheRestIsUp() async throws {
    let machine = try Machine()
    let me = try #require(try machine.files.status("/proc/self", followLinks: true))
    guard me.owner == 0, machine.files.exists("/usr/bin/setpriv"), machine.files.exists("/usr/bin/apt-get"),
      !machine.files.exists("/usr/bin/sudo")
    else {
      print("SKIPPED: it wants root, to become a user without it, and apt, and no sudo")
      return
    }
    // What is installed is what a file says, by a dpkg-query of the test's.
    try machine.write(
      "fake/dpkg-query",
      "#!/bin/sh\nfor p; do :; done\ngrep -qx \"$p\" \"$HOME/packages\" && printf installed\n",
      mode: 0o755)
    try machine.write("packages", "jq\n")
    try machine.write(
      "team/outfit.yaml", "profile: team\npackages: {apt: [jq, ripgrep]}\ndotfiles: {.x: {copy: x}}\n")
    try machine.write("team/x", "x\n")
    let folder = machine.home.removingLastComponent()
    try machine.files.setMode(folder.removingLastComponent(), 0o711)
    _ = try await machine.run("/bin/chown", ["-R", "65534:65534", folder.string])
    func outfit(_ words: String...) async throws -> Completion {
      try await machine.run(
        "/usr/bin/setpriv",
        ["--reuid=65534", "--regid=65534", "--clear-groups", Machine.build.appending("outfit").string]
          + words,
        setting: [
          "PATH": "\(machine.home)/fake:/usr/bin:/bin", "XDG_CACHE_HOME": "\(machine.home)/.cache",
        ])
    }
    let line = "sudo apt-get install -y --no-install-recommends jq ripgrep"
    for round in 1...2 {
      let up = try await outfit("up", "team", "--trust")
      #expect(up.status == 0, "\(round): \(up.errorText)")
      #expect(try machine.read(".x") == "x\n")
      #expect(up.outputText.contains("team is up, waiting for: apt: jq, ripgrep"), "\(up.outputText)")
      #expect(up.outputText.contains(line), "\(up.outputText)")
      #expect(!up.outputText.contains("Nothing to do"), "\(up.outputText)")
    }
    let json = try await outfit("up", "--json")
    #expect(json.outputText.contains(#""command": "\#(line)""#), "\(json.outputText)")
    let status = try await outfit("status", "--check")
    #expect(status.status == 0, "\(status.errorText)")
    #expect(status.outputText.contains("waiting for: apt: jq, ripgrep"), "\(status.outputText)")
    let overview = try await outfit()
    #expect(overview.outputText.contains(line), "\(overview.outputText)")
    let strict = try await outfit("up", "--all-or-nothing")
    #expect(strict.status == 4 && strict.errorText.contains(line), "\(strict.errorText)")
    // Whoever has root was here.
    try machine.write("packages", "jq\nripgrep\n")
    for _ in 1...2 {
      let up = try await outfit("up")
      #expect(up.status == 0, "\(up.errorText)")
      #expect(up.outputText == "Nothing to do: team is up to date.\n", "\(up.outputText)")
      #expect(up.errorText.isEmpty, "\(up.errorText)")
    }
    let done = try await outfit("status", "--json")
    #expect(done.outputText.contains(#""waiting": []"#), "\(done.outputText)")
  }
}
