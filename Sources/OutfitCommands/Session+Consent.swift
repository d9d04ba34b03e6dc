import OutfitConsent
import OutfitCore
import OutfitEngine
import OutfitInterpreters
import OutfitProfile
import OutfitRender
import OutfitSystem
import SystemPackage

extension Session {
  /// A profile that may be worked for: somebody consented to it before, or does now.
  /// - Parameters:
  ///   - command: what to type to consent, without profile and consent.
  ///   - address: of the profile, as it is typed behind it.
  ///   - sources: what is known of the profile's files, where more is asked of it later.
  /// - Throws: status 4, with the line that would give consent, when nobody does.
  func consent(
    to profile: Profile, given: Consent.Given = .nothing, command: String = "outfit trust",
    address: String? = nil, again: String? = nil, sources: SourceDigests? = nil
  ) async throws -> Consented {
    let consent = Consent(host: host, digests: sources ?? SourceDigests(profile.scope, host: host))
    let looked = try consent.look(at: profile)
    var asking = Consent.Asking(style: errorStyle, command: command, address: address)
    asking.again = again
    if given.namesCommits || !looked.missing(given).isEmpty { asking.own = await ownFiles(profile) }
    return try consent.obtain(looked, given: given, asking: asking)
  }

  /// Commands that come before programs of the system, and that no entry names: which these are is known only once the
  /// tools are resolved, so that it is asked by itself.
  func consent(
    toTakeoversOf proposal: Proposal, _ consented: Consented, given: Consent.Given,
    command: String = "outfit up",
    address: String?
  ) throws {
    let consent = Consent(host: host)
    let tools = consented.profile.tools.filter { !consent.isOwn($0.value.source.layer) }
    let path = (host.environment["PATH"] ?? "").split(separator: ":").map { FilePath(String($0)) }
    let folders = (path + Self.systemFolders).filter { $0.isAbsolute && $0 != places.bin }
    let takeovers = proposal.claims.compactMap { claim -> Ability? in
      guard let tool = tools.first(where: { $0.value.source == claim.owner }), tool.key != claim.name,
        tool.value.value.expose?.contains(claim.name) != true,
        folders.contains(where: { host.files.exists($0.appending(claim.name)) })
      else { return nil }
      return Ability(
        .takesOver, "command \(claim.name)", Digest(of: tool.key), "puts", "\(claim.name) (of \(tool.key))",
        "before the one of this system")
    }
    try consent.obtain(
      takeovers, kind: "takeovers", reason: "programs that come before those of this system", for: consented,
      given: given,
      asking: Consent.Asking(style: errorStyle, command: command, address: address))
  }

  /// Files of a stranger's template that a shell, git, an editor or a container's engine on this machine runs.
  func consent(toRendered rendering: Rendering, _ consented: Consented, given: Consent.Given) throws {
    let consent = Consent(host: host)
    guard let app = consented.profile.app, !consent.isOwn(app.source.layer) else { return }
    let files = rendering.unusualPaths.map {
      Ability(.runs, "render \($0)", Digest(of: $0), "writes", $0, "which other programs may run or obey")
    }
    let commands = rendering.hostCommands.map {
      Ability(
        .runs, "render \($0.file) runs", Digest(of: $0.text), "has", $0.text,
        "run on this machine, by \($0.file)")
    }
    try consent.obtain(
      files + commands, kind: "renders", reason: "what the template has other programs do", for: consented,
      given: given, asking: Consent.Asking(style: errorStyle, command: "outfit trust"))
  }

  private static let systemFolders: [FilePath] = [
    "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin",
  ]

  /// What Outfit itself would write for a profile, beside what the profile names.
  private func ownFiles(_ profile: Profile) async -> [String] {
    guard profile.scope == .machine else {
      var files: [String] = []
      if let virtualenv = profile.virtualenv {
        files += ["the link \(virtualenv.value.path)", "a line of .git/info/exclude"]
      }
      if let section = profile.nodeModules { files.append("the folder \(section.value.path)") }
      // `manual` is a stage that no hook of git stands for.
      let types = Set(profile.hooks.values.flatMap(\.value.stages)).subtracting(["manual"]).sorted()
      files += types.map { "the git hook \($0)" }
      if profile.hookSettings?.value.file != nil { files.append("a block of .pre-commit-config.yaml") }
      return files
    }
    guard var preparation = try? Preparation(self, reading: profile),
      let proposal = try? await preparation.propose([ShellSetup()]),
      let plan = try? await preparation.plan(proposal, isPartial: true)
    else { return [] }
    return plan.targets.filter { $0.action != .upToDate }.map { "a block in \(short($0.target))" }
  }
}
