import OutfitConsent
import OutfitCore
import OutfitProfile
import OutfitSystem
import Support
import SystemPackage
import Testing

@testable import OutfitEngine

@Suite struct EffectsTests {
  private let files = MemoryFiles.withHome()
  private let processes = ScriptedProcesses()

  private func effects(isDry: Bool = false, isRoot: Bool = false, isTerminal: Bool = false) -> Effects {
    var host = Host.test(
      files: files, processes: processes, terminal: RecordingTerminal(isTerminal: isTerminal))
    if isRoot { host.user.identifier = 0 }
    return Effects(host, scope: .machine, isDry: isDry)
  }

  private let owner = Source(
    layer: Layer(
      kind: .profile, name: "team", address: "/p", folder: "/p", manifest: "/p/outfit.yaml"),
    location: SourceLocation(file: "outfit.yaml", line: 3, column: 5))

  private var apt: Effect {
    Effect(
      label: "apt: ripgrep", ability: .packages, needsRoot: true,
      probe: Step(.path("/usr/bin/dpkg-query"), ["ripgrep"]), fingerprint: "ripgrep",
      command: Step(
        .path("/usr/bin/apt-get"), ["install", "rip grep"], environment: ["DEBIAN_FRONTEND": "noninteractive"]
      ),
      runsFirst: true, owner: owner)
  }

  private func script(_ fingerprint: String, probe: Step? = nil) -> Effect {
    Effect(
      label: "script fonts", ability: .script, needsRoot: false, probe: probe, fingerprint: fingerprint,
      command: Step(.path("/bin/sh"), ["fonts.sh"]), runsFirst: false, owner: owner)
  }

  @Test func probesTellWhatIsNeeded() async throws {
    processes.on("/usr/bin/dpkg-query", status: 1)
    #expect(try await effects().needed([apt]).count == 1)
    processes.on("/bin/yes")
    #expect(try await effects().needed([script("1", probe: Step(.path("/bin/yes"), []))]).isEmpty)
  }

  @Test func aDryRunRunsNoProbeOfAScript() async throws {
    processes.on("/usr/bin/dpkg-query", status: 0)
    let needed = try await effects(isDry: true).needed([apt, script("1", probe: Step(.path("/p/own"), []))])
    #expect(needed.map(\.label) == ["script fonts"])
  }

  @Test func withoutAProbeAReceiptDecides() async throws {
    processes.on("/bin/sh")
    #expect(try await effects().needed([script("1")]).count == 1)
    #expect(try await effects().run(script("1"), by: .generation(.machine)) == nil)
    #expect(try await effects().needed([script("1")]).isEmpty)
    #expect(try await effects().needed([script("2")]).count == 1)
  }

  @Test func sudoIsUsedOnlyWhereRootIsNeeded() async throws {
    files.put("/usr/bin/sudo", "", mode: 0o755)
    processes.on("/usr/bin/sudo")
    processes.on("/usr/bin/apt-get")
    processes.on("/usr/bin/dpkg-query")
    #expect(try await effects().run(apt, by: .generation(.machine)) == nil)
    #expect(try await effects(isTerminal: true).run(apt, by: .generation(.machine)) == nil)
    #expect(try await effects(isRoot: true).run(apt, by: .generation(.machine)) == nil)
    let runs = processes.invocations.filter { $0.program != "/usr/bin/dpkg-query" }
    let sudo = ["/usr/bin/env", "DEBIAN_FRONTEND=noninteractive", "/usr/bin/apt-get", "install", "rip grep"]
    #expect(runs.map(\.arguments) == [["-n"] + sudo, sudo, ["install", "rip grep"]])
    #expect(runs[2].environment["DEBIAN_FRONTEND"] == "noninteractive")
  }

  @Test func withoutSudoTheCommandIsShown() async throws {
    let diagnostic = try #require(try await effects().run(apt, by: .generation(.machine)))
    #expect(diagnostic.message == "apt: ripgrep needs root, and there is no sudo here")
    #expect(diagnostic.hint == "run it as root: /usr/bin/apt-get install 'rip grep'")
    #expect(diagnostic.location?.line == 3)
  }

  @Test func whatFailsOrDoesNotHelpIsSaid() async throws {
    processes.on("/bin/sh", status: 7)
    #expect(
      try await effects().run(script("1"), by: .generation(.machine))?.message
        == "script fonts failed: it ended with status 7")
    #expect(try await effects().needed([script("1")]).count == 1)
    processes.on("/usr/bin/apt-get")
    processes.on("/usr/bin/dpkg-query", status: 1)
    let diagnostic = try await effects(isRoot: true).run(apt, by: .generation(.machine))
    #expect(diagnostic?.message == "apt: ripgrep was run, but what it is for is still not there")
  }
}
