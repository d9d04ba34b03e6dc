import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSystem
import SystemPackage

/// `outfit` itself among the commands of every scope, so that new shells and git hooks find it.
///
/// It is the one that `up` was last run by: another copy of it, asked for the status, says that `up` would switch.
struct OwnCommand: Part {
  /// The `outfit` that runs.
  let executable: FilePath
  /// What of the store that is.
  var release: OwnRelease?
  /// The installer's link, which leads to it.
  var link: FilePath?
  /// Where it would be had again.
  var addresses: [String] = []

  /// For the Outfit that runs.
  init(_ host: Host) {
    executable = Installation.locate(host).executable
    release = OwnRelease.running(host)
    link = release == nil ? nil : OwnLink.installed(host)
    addresses = release.map { SelfUpdate.addresses(of: $0, host) } ?? []
  }

  /// For one in the store.
  init(_ release: OwnRelease, _ host: Host) {
    executable = host.places.store.appending(release.object(store: host.places.store).id.description)
      .pushing(FilePath(OwnRelease.program))
    self.release = release
    link = OwnLink.installed(host)
  }

  var name: String { "outfit" }

  func resolve(_ context: Context) throws -> Round<Lock> { .done(context.lock) }

  func propose(_ context: Context) throws -> Round<Proposal> {
    guard let layer = context.profile.layers.last else { return .done(Proposal()) }
    return .done(
      proposal(
        of: Source(layer: layer, location: SourceLocation(file: layer.manifest.string)),
        isMachine: context.profile.scope == .machine, store: context.store))
  }

  /// - Parameter isMachine: of a project's the link is none.
  func proposal(of owner: Source, isMachine: Bool, store: FilePath) -> Proposal {
    var proposal = Proposal()
    let object = release?.object(addresses: addresses, store: store)
    var claim = Claim(
      name: "outfit", program: object.map { .object($0.id, OwnRelease.program) } ?? .path(executable),
      label: "outfit \(release?.version ?? Release.version) at \(executable)", owner: owner,
      object: object?.id)
    claim.isOwn = true
    proposal.claims = [claim]
    guard let object else { return proposal }
    proposal.objects = [object]
    if isMachine, let link {
      proposal.changes = [
        Change(
          target: link, owner: owner, kind: .link(.object(object.id, OwnRelease.program)), object: object.id)
      ]
    }
    return proposal
  }
}
