import OutfitConsent
import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSharing
import OutfitSystem
import SystemPackage

/// Which profile a verb is about, and where it is: what was named, the project that one stands in, or what this
/// machine has adopted.
struct ProfilePlace: Sendable {
  let scope: Scope
  /// As a person can give it again from anywhere; empty when there is only the personal layer. Of a project the folder
  /// of its manifest.
  let address: String
  /// A person named it, so that an address of git is asked what it is now.
  var isNamed = false
  /// The commits at which a bundle brought its git layers.
  var supplied: [String: LockedLayer] = [:]

  static func find(_ named: String?, _ session: Session) throws -> ProfilePlace {
    let host = session.host
    if let named {
      return ProfilePlace(scope: .machine, address: try canonical(named, host), isNamed: true)
    }
    if let project = try Project.find(host) { return project.place }
    if let place = try adopted(host) { return place }
    if host.files.exists(host.workingDirectory.appending("outfit.yml")) {
      throw Failure(
        "there is an outfit.yml here, which has to be called outfit.yaml", hint: "mv outfit.yml outfit.yaml",
        status: .usage)
    }
    throw Failure(
      "there is no outfit.yaml here or above, and this machine has no profile yet",
      hint: "`outfit up PROFILE` takes \(kinds(host))", status: .usage)
  }

  /// What this machine has adopted, or the personal layer alone.
  static func adopted(_ host: Host) throws -> ProfilePlace? {
    if let profile = try Generations.adoptedProfile(.machine, host: host), !profile.address.isEmpty {
      return ProfilePlace(scope: .machine, address: profile.address)
    }
    return host.files.exists(host.places.personalManifest) ? ProfilePlace(scope: .machine, address: "") : nil
  }

  /// The names of the profiles that came with this Outfit.
  static func shipped(_ host: Host) -> [String] {
    let names = (try? host.files.list(Installation.locate(host).profiles)) ?? []
    return names.filter {
      host.files.exists(Installation.locate(host).profiles.appending($0).appending("outfit.yaml"))
    }
  }

  /// What a profile can be named by, in words.
  static func kinds(_ host: Host, address: String = "a git address") -> String {
    let ours = shipped(host)
    return ours.isEmpty
      ? "a folder, or \(address)" : "a folder, \(address), or one of ours: \(ours.joined(separator: ", "))"
  }

  private static func canonical(_ named: String, _ host: Host) throws -> String {
    switch try ProfileAddress(named, relativeTo: host.workingDirectory, home: host.user.home) {
    case .git(let address): return address.description
    case .folder(var folder):
      if folder.lastComponent?.string == "outfit.yaml" { folder.removeLastComponent() }
      // One of ours is known by its name, since another release of Outfit has it elsewhere.
      if folder.removingLastComponent() == Installation.locate(host).profiles,
        let name = folder.lastComponent?.string, shipped(host).contains(name)
      {
        return name
      }
      if host.files.exists(folder.appending("outfit.yaml")) || ProfileLoader(host: host).isChezmoi(folder) {
        return folder.string
      }
      if shipped(host).contains(named) { return named }
      let names = shipped(host)
      let other = folder.appending("outfit.yml")
      if host.files.exists(other) {
        throw Failure(
          "\(folder) has an outfit.yml, which has to be called outfit.yaml",
          hint: "mv \(other) \(folder)/outfit.yaml",
          status: .usage)
      }
      if host.files.exists(folder) {
        throw Failure(
          "there is no outfit.yaml in \(folder)", hint: try start(folder, host), status: .usage)
      }
      throw Failure(
        "there is no folder \(folder)",
        hint: nearest(named, among: names).map { "did you mean the profile `\($0)`?" }
          ?? "name \(kinds(host, address: "a git address (github:OWNER/REPO//FOLDER)"))",
        status: .usage)
    }
  }

  /// What makes a profile of a folder that is none, by what is in it.
  private static func start(_ folder: FilePath, _ host: Host) throws -> String {
    guard try host.files.status(folder, followLinks: true)?.kind == .directory else {
      return "name its folder, or \(kinds(host, address: "a git address (github:OWNER/REPO//FOLDER)"))"
    }
    let names = try host.files.list(folder)
    if let file = DotbotFile.names.first(where: names.contains) {
      return "it has \(file): `outfit import dotbot \(folder)` writes an outfit.yaml of its links"
    }
    let isStow = names.contains { name in
      if [".stowrc", ".stow-local-ignore"].contains(name) { return true }
      guard !name.hasPrefix("."), let inner = try? host.files.list(folder.appending(name)) else {
        return false
      }
      return inner.contains { $0.hasPrefix(".") && !$0.hasPrefix(".git") && $0 != ".DS_Store" }
    }
    if isStow {
      return
        "it looks like packages of stow's: `outfit import stow \(folder)` writes an outfit.yaml of their links"
    }
    return
      "`outfit init \(folder)` writes one for a project; for dotfiles, `outfit import stow \(folder) --package .` "
      + "writes one that links all that is in it"
  }

  /// What the loader takes: the folder of one of ours, for its name; nil for the personal layer alone.
  static func located(_ address: String, _ host: Host) -> String? {
    if address.isEmpty { return nil }
    return shipped(host).contains(address)
      ? Installation.locate(host).profiles.appending(address).string : address
  }

  /// Reads the profile, with the answers to its questions that are known.
  /// - Parameter withPersonal: this user's own layer is on top.
  func load(
    _ session: Session, fetching: FetchPermission = .asked, withPersonal: Bool = true
  ) async throws -> Profile {
    try await answer(try await readNow(session, fetching, withPersonal), session, settings: [:])
  }

  /// Puts the answers to the profile's questions among its data, those too that a person gives now.
  func answer(_ consented: Consented, _ session: Session, settings: [String: String]) async throws
    -> Consented
  {
    guard scope == .machine else { return consented }
    var answers = try Answers(session.host, profile: consented.profile.name)
    var asking = consented.profile
    var prompts = ChezmoiPrompts(session, settings: settings, mayAsk: true)
    try await prompts.settle(&asking, &answers)
    try await answers.complete(asking, settings: settings, mayAsk: true)
    try answers.save()
    return consented.answered(answers.values, asking: asking)
  }

  /// Puts the answers to the profile's questions among its data, as far as they are known.
  func answer(
    _ profile: Profile, _ session: Session, settings: [String: String]
  ) async throws -> Profile {
    guard scope == .machine else { return profile }
    var profile = profile
    var answers = try Answers(session.host, profile: profile.name)
    var prompts = ChezmoiPrompts(session, settings: settings, mayAsk: false)
    try await prompts.settle(&profile, &answers)
    try await answers.complete(profile, settings: settings, mayAsk: false)
    profile.answer(answers.values)
    return profile
  }

  /// The branch, tag or commit of a repository that it is, as it was typed.
  var git: GitAddress? { scope == .machine ? try? GitAddress(address) : nil }

  /// The commit of it that this machine's generation was made from.
  func usedCommit(_ host: Host) -> String? { stamp(host)?.commit }

  /// What this machine's generation was made from, where that is this profile.
  private func stamp(_ host: Host) -> ProfileStamp? {
    let stamp = (try? Generations.adoptedProfile(.machine, host: host)) ?? nil
    return stamp?.address == address ? stamp : nil
  }

  /// Where its layers come from: what the generation was made from serves until somebody asks for newer ones, and again
  /// after a rollback.
  func profiles(
    _ host: Host, network: GitProfiles.Network, moving: Set<GitProfiles.Reference> = [],
    fetching: FetchPermission = .asked, writesLock: Bool = false, withPersonal: Bool = false
  ) -> GitProfiles {
    var used: [GitProfiles.Reference: String] = [:]
    if scope == .machine, let stamp = stamp(host) {
      used = (try? LayerCommits.read(host))?.used ?? [:]
      // A generation of old has no list of its layers.
      if used.isEmpty, let git, let commit = stamp.commit { used[GitProfiles.Reference(git)] = commit }
    }
    return GitProfiles(
      host: host, network: network, used: used, moving: moving, pins: pins(host, writesLock: writesLock),
      permission: fetching,
      address: scope == .machine ? address : nil, followsChannel: scope == .machine && withPersonal)
  }

  /// What the lock beside its manifest pins. That of a project is for whoever stands in it to move.
  private func pins(_ host: Host, writesLock: Bool) -> GitProfiles.Pins {
    let isProject = scope != .machine
    guard !address.isEmpty, git == nil, let located = Self.located(address, host) else {
      return GitProfiles.Pins(supplied)
    }
    let lock = FilePath(located).appending(LockFile.name)
    let pins = LockFile.layers(in: lock, host.files).merging(supplied) { own, _ in own }
    return GitProfiles.Pins(pins, areMovable: isProject || writesLock)
  }

  /// Reads the profile. One that was named is asked what it is now; where nobody answers, what is here must do.
  private func readNow(
    _ session: Session, _ fetching: FetchPermission, _ withPersonal: Bool
  ) async throws -> Profile {
    guard isNamed, let git, (try? profiles(session.host, network: .never).lastAnswer(git)) ?? nil != nil
    else {
      return try await read(
        session, network: .whenUnknown, fetching: fetching, withPersonal: withPersonal)
    }
    do {
      return try await read(session, network: .always, fetching: fetching, withPersonal: withPersonal)
    } catch let failure as Failure {
      guard failure.status == .failed else { throw failure }
      let profile = try await read(session, network: .never, withPersonal: withPersonal)
      session.report(failure.diagnostics.map { Diagnostic(.warning, $0.message, hint: $0.hint) })
      if let news = GitNews(of: self, session.host) { session.talk(news.line(profile.name)) }
      return profile
    }
  }

  /// Reads the profile as its layers have it.
  func read(
    _ session: Session, network: GitProfiles.Network, moving: Set<GitProfiles.Reference> = [],
    fetching: FetchPermission = .asked, withPersonal: Bool = true
  ) async throws -> Profile {
    let host = session.host
    let git = profiles(
      host, network: network, moving: moving, fetching: fetching, withPersonal: withPersonal)
    let loader = ProfileLoader(host: host, resolveAddress: git.resolver)
    switch scope {
    case .project(let root):
      return try await loader.project(
        at: root, manifestIn: FilePath(address), withPersonal: withPersonal)
    case .machine:
      let profile = try await loader.machine(Self.located(address, host), withPersonal: withPersonal)
      return session.isTrial ? profile.withinHome : profile
    }
  }

  /// What else than files decides what `up` does.
  /// - Parameter varying: PATH and the day count too.
  func digest(_ host: Host, varying: Bool = false) -> Digest {
    var digest = Digest.Running()
    digest.field(address)
    for name in MachineFacts.variables { digest.field("\(name)=\(host.environment[name] ?? "")") }
    if varying {
      digest.field("\(host.environment["PATH"] ?? "") \(host.clock.now() / 86400)")
      for name in Self.steadyVariables.sorted() { digest.field("\(name)=\(host.environment[name] ?? "")") }
    }
    for name in host.environment.keys.sorted() where name.hasPrefix("OUTFIT_") || name == "PYENV_ROOT" {
      digest.field("\(name)=\(host.environment[name] ?? "")")
    }
    return digest.finish()
  }

  /// The variables that templates of chezmoi's ask for the most, and that are the same from day to day.
  static let steadyVariables: Set<String> = [
    "CODESPACES", "DEVCONTAINER", "DISPLAY", "EDITOR", "GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN", "HOME",
    "LANG",
    "LC_ALL", "LOGNAME", "PATH", "REMOTE_CONTAINERS", "SHELL", "SSH_AUTH_SOCK", "SSH_CLIENT",
    "SSH_CONNECTION",
    "USER", "VISUAL", "WAYLAND_DISPLAY", "WSLENV", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_CURRENT_DESKTOP",
    "XDG_DATA_HOME", "XDG_RUNTIME_DIR", "XDG_SESSION_TYPE", "XDG_STATE_HOME",
  ]

  func stamp(_ profile: Profile) -> ProfileStamp {
    ProfileStamp(
      name: profile.name, address: address, commit: profile.layers.last { $0.kind == .profile }?.commit)
  }

  /// Keeps the commits that it is made of with the generation that is made now.
  /// - Returns: what takes that back.
  func keepLayers(_ profile: Profile, _ host: Host) throws -> () throws -> Void {
    guard scope == .machine else { return {} }
    return try LayerCommits(of: profile).keep(host)
  }

  /// The commits that it is made of are those that its addresses mean here from now on.
  func use(_ profile: Profile, _ host: Host) throws {
    let git = GitProfiles(host: host, network: .never)
    for layer in profile.layers {
      if let origin = layer.origin, let commit = layer.commit { try git.use(commit, of: origin) }
    }
  }

  func snapshots(_ host: Host) -> [FilePath] { scope.snapshots(host) }
}

extension Profile {
  /// Without what it would write outside of HOME, which in a trial is nobody's.
  fileprivate var withinHome: Profile {
    var profile = self
    profile.dotfiles = dotfiles.filter { !$0.value.value.isOutsideHome }
    return profile
  }

  /// Puts the answers to what no layer's `data:` answers among the data.
  mutating func answer(_ answers: [String: String]) {
    for (key, question) in unanswered {
      data[key] = Sourced(.text(answers[key] ?? ""), question.source)
    }
  }
}
