import OutfitSystem
import Support
import SystemPackage
import Testing

/// What a password of an address must never come to be: kept, shown, or an argument of a program.
@Suite(.serialized)
struct PasswordTests {
  /// What of a home holds a text.
  private func places(of secret: String, _ machine: Machine) async throws -> String {
    try await machine.run("/bin/grep", ["-rlaF", secret, machine.home.string]).outputText
  }

  @Test func anAddressWithAPasswordIsRefusedByEveryVerbAndLeavesNoTrace() async throws {
    let machine = try Machine()
    try machine.write("team/outfit.yaml", "profile: team\ndotfiles: {.x: {copy: x}}\n")
    try machine.write("team/x", "x\n")
    #expect(try await machine.outfit("up", "team", "--trust").status == 0)
    for address in [
      "git+http://guser:GITSECRET@127.0.0.1:9/r.git", "git+https://GITSECRET@127.0.0.1:9/r.git//web@main",
      "https://guser:GITSECRET@127.0.0.1:9/r.git", "git+ssh://git:GITSECRET@127.0.0.1:9/r",
    ] {
      for words in [
        ["up"], ["up", "--json"], ["up", "--dry-run"], ["show"], ["trust"], ["lock"], ["status"],
      ] {
        let run = try await machine.outfit(words + [address])
        #expect(run.status == 2, "\(words) \(address): \(run.errorText)")
        #expect(!(run.outputText + run.errorText).contains("GITSECRET"), "\(run.outputText)\(run.errorText)")
      }
    }
    for verb in ["generations", "status", "show"] {
      #expect(try await !machine.outfit(verb).outputText.contains("GITSECRET"))
    }
    #expect(try await places(of: "GITSECRET", machine).isEmpty)
    // In a manifest the line is named, and not what stands there.
    try machine.write(
      "team/outfit.yaml", "profile: team\nextends: \"git+http://guser:GITSECRET@127.0.0.1:9/r\"\n")
    for words in [
      ["up", "team"], ["up", "team", "--json"], ["show", "team"], ["status"], ["why", "x"], ["doctor"],
    ] {
      let run = try await machine.outfit(words)
      let text = run.outputText + run.errorText
      #expect(words == ["doctor"] || run.status == 2, "\(words): \(text)")
      #expect(words == ["doctor"] || text.contains("outfit.yaml:2:"), "\(words): \(text)")
      #expect(!text.contains("GITSECRET"), "\(words): \(text)")
    }
    try machine.files.remove(machine.home.pushing("team/outfit.yaml"))
    #expect(try await places(of: "GITSECRET", machine).isEmpty)
  }

  @Test func gitTakesThemFromNetrc() async throws {
    let machine = try Machine()
    let server = try LoopbackServer { request in
      // guser:NETSECRET
      request.headers["authorization"] == "Basic Z3VzZXI6TkVUU0VDUkVU"
        ? .init(404) : .init(401, headers: [("WWW-Authenticate", "Basic realm=\"r\"")])
    }
    func known() -> Bool { server.requests.contains { $0.headers["authorization"] != nil } }
    let address = "git+http://127.0.0.1:\(server.port)/r.git"
    let refused = try await machine.outfit("show", address)
    #expect(refused.status == 1 && !known(), "\(refused.errorText)")
    try machine.write(".netrc", "machine 127.0.0.1 login guser password NETSECRET\n", mode: 0o600)
    let show = try await machine.outfit("show", address)
    #expect(show.status == 1 && known(), "\(show.errorText)")
    #expect(!show.errorText.contains("NETSECRET"))
    #expect(try await places(of: "NETSECRET", machine) == "\(machine.home)/.netrc\n")
  }
}
