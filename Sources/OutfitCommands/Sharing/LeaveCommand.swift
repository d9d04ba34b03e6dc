import ArgumentParser
import OutfitConsent
import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSharing
import OutfitSystem

struct LeaveCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "leave",
    abstract: "Take out all that came from a profile, and put back what it replaced.",
    discussion: """
      NAME is what was added, or the profile that this machine has: its name, or its address. What you edited since \
      stays, and so does your own layer. `outfit rollback` brings it back.
      """)

  @Argument(help: "A profile's name or address.", completion: Completions.layers) var name: String
  @Flag(name: .shortAndLong, help: "Do not ask.") var yes = false
  @Option(
    name: .customLong("on-conflict"),
    help: ArgumentHelp("What happens to files that you changed: keep, take or backup.", valueName: "policy"))
  var onConflict: ConflictPolicy?
  @Flag(name: .customLong("dry-run"), help: "Say what would change, and change nothing.") var dryRun = false
  @Flag(help: "With --dry-run: the text of what would change, too.") var diff = false
  @Flag(help: "Print what was done, or would be, as JSON.") var json = false

  func validate() throws {
    if diff, !dryRun { throw ValidationError("--diff goes with --dry-run") }
  }

  func run() async throws {
    try await withSession { session in
      let host = session.host
      var layer = try PersonalLayer(session)
      let place = try layer.place()
      let profile = try await place.read(session, network: .never)
      let going = try Self.find(name, place, profile, layer, host)
      if !dryRun { try confirm(going.title, host) }
      var target = place
      switch going {
      case .profile: target = ProfilePlace(scope: .machine, address: "")
      case .base(let base, _): try layer.remove(base)
      }
      // What it offered goes with it; a bundle of another layer stays.
      let stays = try await target.read(
        session.seeing([layer.file]), network: .never)
      let offered = Set(stays.bundles.map(\.name))
      let gone = Set(profile.bundles.map(\.name)).subtracting(offered)
      if layer.uses.contains(where: gone.contains) {
        let uses = layer.uses.filter { !gone.contains($0) }
        if uses.isEmpty { try layer.forgetUse() } else { try layer.use(uses) }
      }
      var wish = Undertaking.Wish(isDryRun: dryRun, saysYes: yes, onConflict: onConflict, wantsJSON: json)
      wish.showsText = diff
      let status = try await layer.apply(wish, at: target)
      if status != .done { throw Ended(status) }
    }
  }

  private enum Going {
    /// The profile that the machine has.
    case profile(String)
    /// A line of the user's own layer.
    case base(PersonalLayer.Base, String)

    var title: String {
      switch self {
      case .profile(let name), .base(_, let name): name
      }
    }
  }

  private static func find(
    _ name: String, _ place: ProfilePlace, _ profile: Profile, _ layer: PersonalLayer, _ host: Host
  ) throws -> Going {
    let address = try? ProfileAddress(name, relativeTo: host.workingDirectory, home: host.user.home)
    func isAt(_ layer: Layer, _ address: ProfileAddress?) -> Bool {
      switch address {
      case .folder(let folder): layer.commit == nil && layer.folder == folder
      case .git(let git):
        layer.origin.map { $0.repository == git.repository && $0.subfolder == git.subfolder } ?? false
      case nil: false
      }
    }
    let own = profile.layers.filter { $0.kind == .personal && !$0.isOwn }
    let named = layer.bases.first { $0.text == name } ?? address.flatMap(layer.base)
    for found in own {
      guard let base = layer.bases.first(where: { isAt(found, $0.address) }),
        found.name == name || base.text == named?.text
      else { continue }
      return .base(base, found.name)
    }
    if let named { return .base(named, named.text) }
    if !place.address.isEmpty {
      let top = profile.layers.last { $0.kind == .profile }
      let isMeant = top.map { $0.name == name || isAt($0, address) } ?? false
      if isMeant || place.address == name { return .profile(profile.name) }
    }
    let names = (place.address.isEmpty ? [] : [profile.name]) + layer.bases.map(\.text) + own.map(\.name)
    if let part = profile.layers.first(where: { $0.name == name || isAt($0, address) }) {
      throw Failure(
        "\(part.name) is a part of what \(profile.name) builds on, and can't go by itself",
        hint: "leave what builds on it: \(names.joined(separator: ", "))", status: .usage)
    }
    throw Failure(
      "this machine has no profile \(name)",
      hint: nearest(name, among: names).map { "did you mean \($0)?" }
        ?? (names.isEmpty ? "it has none" : "it has \(names.joined(separator: ", "))"), status: .usage,
      reason: .absent)
  }

  private func confirm(_ title: String, _ host: Host) throws {
    if yes { return }
    let question = "All that came from \(title) goes, and what it replaced comes back. Go on?"
    guard host.terminal.isInteractive else {
      throw Failure(
        question, hint: "without a terminal, say so with --yes", status: .consent, reason: .question)
    }
    let answer = host.terminal.ask("\(question) [y/N] ")?.lowercased() ?? ""
    guard ["y", "yes"].contains(answer) else {
      throw Failure("\(title) stays", status: .consent, reason: .declined)
    }
  }
}
