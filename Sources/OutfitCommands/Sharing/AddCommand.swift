import ArgumentParser
import OutfitConsent
import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSharing
import OutfitSystem

struct AddCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add",
    abstract: "Put a profile, or a bundle of one, on top of what this machine has.",
    discussion: """
      The profile that the machine has stays; what is added stands above it, and below your own entries: a line \
      `extends:` in your own layer. BUNDLE takes pieces that the profile offers; of the profile that the machine has \
      already, they are all that is added. `outfit leave NAME` takes it out again, and `outfit try PROFILE` shows it first.
      """)

  @Argument(help: "A folder, a git address, or one of ours.", completion: Completions.profiles) var profile:
    String
  @Argument(help: "Bundles that it offers.") var bundles: [String] = []
  @Option(
    defaultAsFlag: Up.folderTrust,
    help: ArgumentHelp("Consent to the profile as it is now, or to this commit of it.", valueName: "commit"))
  var trust: String?
  @Flag(name: .shortAndLong, help: "Answer conflicts by their defaults; never consent.") var yes = false
  @Option(
    name: .customLong("on-conflict"),
    help: ArgumentHelp("What happens to files that you changed: keep, take or backup.", valueName: "policy"))
  var onConflict: ConflictPolicy?
  @OptionGroup var answers: SettingOptions
  @OptionGroup var fetching: FetchOptions
  @Flag(help: "Print what was done as JSON.") var json = false

  func run() async throws {
    try await withSession { session in
      let host = session.host
      let added = try ProfilePlace.find(profile, session)
      var layer = try PersonalLayer(session)
      let place = try layer.place()
      let isProfile = place.address == added.address
      let located = ProfilePlace.located(added.address, host) ?? added.address
      let address = try ProfileAddress(located, relativeTo: host.workingDirectory, home: host.user.home)
      let isThere = isProfile || layer.base(of: address) != nil
      let offered = try await added.load(session, fetching: fetching.permission, withPersonal: false)
      try BundleChoice.refuseUnknown(bundles, in: offered)
      guard !isThere || !bundles.isEmpty else {
        return try say("\(offered.name) is here already", session)
      }
      if !isThere {
        let text: String =
          switch address {
          case .folder(let folder): session.short(folder)
          case .git(let git): git.description
          }
        try layer.add(text)
      }
      let new = bundles.filter { !layer.uses.contains($0) }
      if !new.isEmpty { try layer.use(layer.uses + new) }
      guard layer.isEdited else {
        return try say("\(bundles.joined(separator: ", ")): here already", session)
      }
      var wish = Undertaking.Wish(
        saysYes: yes, consent: Up.consent(trust), fetching: fetching.permission, onConflict: onConflict,
        settings: answers.values, wantsJSON: json)
      wish.verb = "add"
      wish.named = [profile] + bundles
      let status = try await layer.apply(wish, at: place)
      if !json, status == .done { session.write("Take it out: outfit leave \(offered.name)") }
      if status != .done { throw Ended(status) }
    }
  }

  private func say(_ text: String, _ session: Session) throws {
    try session.finish(
      summary: "Nothing to do: \(text).", scope: .machine, status: .done, news: nil, json: json)
  }
}
