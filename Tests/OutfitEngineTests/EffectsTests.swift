import OutfitCore
import OutfitProfile
import OutfitSystem
import Support
import SystemPackage
import Testing

@testable import OutfitConsent
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
      entry: "packages.apt", label: "apt: ripgrep", ability: .packages, needsRoot: true,
      probe: Step(.path("/usr/bin/dpkg-query"), ["ripgrep"]), fingerprint: "ripgrep",
      command: Step(
        .path("/usr/bin/apt-get"), ["install", "rip grep"], environment: ["DEBIAN_FRONTEND": "noninteractive"]
      ),
      runsFirst: true, owner: owner)
  }

  private func script(_ fingerprint: String, probe: Step? = nil) -> Effect {
    Effect(
      entry: "scripts.fonts", label: "script fonts", ability: .script, needsRoot: false, probe: probe,
      fingerprint: fingerprint,
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

  @Test func aScriptOfAnotherLayerIsAnotherEvenByTheSameName() async throws {
    processes.on("/bin/sh")
    let mine = script("once")
    var theirs = mine
    theirs.owner = SwitchScenario.source(in: "/other")
    var renamed = mine
    renamed.label = "the script fonts"
    #expect(try await effects().run(mine, by: .generation(.machine)) == nil)
    #expect(try await effects().needed([mine, renamed, theirs]) == [theirs])
    #expect(try await effects().run(theirs, by: .generation(.machine)) == nil)
    #expect(try await effects().needed([mine, theirs]).isEmpty)
  }

  /// A script that says where it lies finds what it knows there; where others can write, it runs from copies.
  @Test(arguments: [(UInt16(0o644), true), (UInt16(0o664), false), (UInt16(0o646), false)])
  func aScriptRunsWhereItLiesIfNobodyElseCanWriteThere(_ mode: UInt16, _ isInPlace: Bool) async throws {
    files.putDirectory("/p", mode: 0o755)
    files.put("/p/fonts.sh", "#!/bin/sh\n", mode: mode)
    let seen = Consented.Seen(digest: Digest(of: "#!/bin/sh\n"), mode: mode)
    let consented = Consented(
      Profile(scope: .machine, name: "p", layers: []), seen: ["/p/fonts.sh": seen],
      scripts: ["/p/fonts.sh": ["/p/fonts.sh"]])
    var effect = script("1")
    effect.script = "/p/fonts.sh"
    effect.command = Step(.path("/bin/sh"), ["/p/fonts.sh"])
    processes.on("/bin/sh")
    #expect(try await effects().run(effect, by: consented) == nil)
    let started = try #require(processes.invocations.last?.arguments.first)
    #expect((started == "/p/fonts.sh") == isInPlace, "\(started)")
    #expect(started.hasSuffix("/fonts.sh"))
    try files.remove("/p/fonts.sh")
    files.put("/p/fonts.sh", "#!/bin/evil\n", mode: mode)
    let refused = try await effects().run(effect, by: consented)
    #expect(refused?.message.contains("is not what was consented to") == true)
    #expect(processes.invocations.count == 1)
  }

  @Test func whatIsRoutineIsDueEveryTime() async throws {
    var routine = script("a")
    routine.isRoutine = true
    processes.on("/bin/sh")
    for _ in 0..<2 {
      #expect(try await effects().needed([routine]) == [routine])
      #expect(try await effects(isDry: true).needed([routine]) == [routine])
      #expect(try await effects().run(routine, by: .generation(.machine)) == nil)
    }
    var proposal = Proposal()
    proposal.effects = [routine]
    let plan = try Planner.plan(
      scope: .machine, proposal: proposal, host: .test(files: files, processes: processes),
      isPresent: { _ in true }, effectIsDue: { _ in false })
    #expect(plan.effects == [routine] && plan.isEmpty)
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

  @Test func withoutSudoItWaitsForWhoeverHasRoot() async throws {
    let waiting = try await effects(isTerminal: true).withoutRoot(
      [apt, script("1")], before: WaitingEffects())
    #expect(waiting.entries.map(\.label) == ["apt: ripgrep"])
    #expect(waiting.entries.map(\.command) == ["sudo apt-get install 'rip grep'"])
    #expect(waiting[apt] != nil && waiting[script("1")] == nil)
    #expect(processes.invocations.isEmpty)
    #expect(try await effects(isRoot: true).withoutRoot([apt], before: WaitingEffects()).isEmpty)
  }

  @Test func aPasswordIsAskedForOnlyWhereRootIsNeededAndOnlyOnce() async throws {
    files.put("/usr/bin/sudo", "", mode: 0o755)
    processes.on("/usr/bin/sudo", status: 1)
    #expect(try await effects(isTerminal: true).withoutRoot([script("1")], before: WaitingEffects()).isEmpty)
    #expect(processes.invocations.isEmpty)
    // Nobody is there to be asked, and then somebody is.
    let unasked = try await effects().withoutRoot([apt], before: WaitingEffects())
    #expect(processes.invocations.map(\.arguments) == [["-n", "-v"]])
    let refused = try await effects(isTerminal: true).withoutRoot([apt], before: unasked)
    #expect(processes.invocations.dropFirst().map(\.arguments) == [["-n", "-v"], ["-v"]])
    // Who was refused is not asked again, for the same.
    let again = try await effects(isTerminal: true).withoutRoot([apt], before: refused)
    #expect(again == refused)
    #expect(processes.invocations.count == 4)
    var more = apt
    more.fingerprint = "ripgrep jq"
    _ = try await effects(isTerminal: true).withoutRoot([more], before: refused)
    #expect(processes.invocations.last?.arguments == ["-v"])
    // sudo lets this user.
    let willing = ScriptedProcesses()
    willing.on("/usr/bin/sudo", ["-n", "-v"])
    let host = Host.test(files: files, processes: willing, terminal: RecordingTerminal(isTerminal: true))
    let effects = Effects(host, scope: .machine, isDry: false)
    #expect(try await effects.withoutRoot([apt], before: refused).isEmpty)
  }

  @Test func whatWaitsIsKeptUntilItDoesNot() async throws {
    let host = Host.test(files: files, processes: processes)
    let waiting = try await effects().withoutRoot([apt], before: WaitingEffects())
    #expect(WaitingEffects.read(.machine, host: host).isEmpty)
    try waiting.keep(.machine, host: host)
    #expect(WaitingEffects.read(.machine, host: host) == waiting)
    try WaitingEffects().keep(.machine, host: host)
    #expect(WaitingEffects.read(.machine, host: host).isEmpty)
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
