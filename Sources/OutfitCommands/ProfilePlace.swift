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

  static func find(_ named: String?, _ session: Session) throws -> ProfilePlace {
    let host = session.host
    if let named {
      return ProfilePlace(scope: .machine, address: try canonical(named, host))
    }
    if let project = try Project.find(host) { return project.place }
    if let place = try adopted(host) { return place }
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
      if host.files.exists(folder.appending("outfit.yaml")) { return folder.string }
      if shipped(host).contains(named) { return named }
      let names = shipped(host)
      throw Failure(
        host.files.exists(folder) ? "there is no outfit.yaml in \(folder)" : "there is no folder \(folder)",
        hint: nearest(named, among: names).map { "did you mean the profile `\($0)`?" }
          ?? "name \(kinds(host, address: "a git address (github:OWNER/REPO//FOLDER)"))",
        status: .usage)
    }
  }

  /// What the loader takes: the folder of one of ours, for its name; nil for the personal layer alone.
  static func located(_ address: String, _ host: Host) -> String? {
    if address.isEmpty { return nil }
    return shipped(host).contains(address)
      ? Installation.locate(host).profiles.appending(address).string : address
  }

  /// Reads the profile, with the answers to its questions that are known.
  func load(_ session: Session, fetching: FetchPermission = .asked) async throws -> Profile {
    try await answer(
      try await read(session, network: .whenUnknown, fetching: fetching), session, settings: [:])
  }

  /// Puts the answers to the profile's questions among its data, those too that a person gives now.
  func answer(_ consented: Consented, _ session: Session, settings: [String: String]) async throws
    -> Consented
  {
    guard scope == .machine else { return consented }
    var answers = try Answers(session.host, profile: consented.profile.name)
    try await answers.complete(consented.profile, settings: settings, mayAsk: true)
    try answers.save()
    return consented.answered(answers.values)
  }

  /// Puts the answers to the profile's questions among its data, as far as they are known.
  func answer(
    _ profile: Profile, _ session: Session, settings: [String: String]
  ) async throws -> Profile {
    guard scope == .machine else { return profile }
    var profile = profile
    var answers = try Answers(session.host, profile: profile.name)
    try await answers.complete(profile, settings: settings, mayAsk: false)
    profile.answer(answers.values)
    return profile
  }

  /// Reads the profile as its layers have it.
  func read(
    _ session: Session, network: GitProfiles.Network, fetching: FetchPermission = .asked
  ) async throws -> Profile {
    let host = session.host
    let git = GitProfiles(
      host: host, network: network, permission: fetching, address: scope == .machine ? address : nil)
    let loader = ProfileLoader(host: host, resolveAddress: git.resolver)
    switch scope {
    case .project(let root): return try await loader.project(at: root, manifestIn: FilePath(address))
    case .machine: return try await loader.machine(Self.located(address, host))
    }
  }

  /// What else than files decides what `up` does.
  func digest(_ host: Host) -> Digest {
    var digest = Digest.Running()
    digest.field(address)
    for name in host.environment.keys.sorted() where name.hasPrefix("OUTFIT_") || name == "PYENV_ROOT" {
      digest.field("\(name)=\(host.environment[name] ?? "")")
    }
    return digest.finish()
  }

  func stamp(_ profile: Profile) -> ProfileStamp {
    ProfileStamp(
      name: profile.name, address: address, commit: profile.layers.last { $0.kind == .profile }?.commit)
  }

  func snapshots(_ host: Host) -> [FilePath] { scope.snapshots(host) }
}

extension Profile {
  /// Puts the answers to what no layer's `data:` answers among the data.
  mutating func answer(_ answers: [String: String]) {
    for (key, question) in unanswered {
      data[key] = Sourced(answers[key] ?? "", question.source)
    }
  }
}
