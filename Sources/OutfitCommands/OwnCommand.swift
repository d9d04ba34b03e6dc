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

  var name: String { "outfit" }

  func resolve(_ context: Context) throws -> Round<Lock> { .done(context.lock) }

  func propose(_ context: Context) throws -> Round<Proposal> {
    var proposal = Proposal()
    guard let layer = context.profile.layers.last else { return .done(proposal) }
    proposal.claims = [
      Claim(
        name: "outfit", program: .path(executable), label: "outfit \(Release.version) at \(executable)",
        owner: Source(layer: layer, location: SourceLocation(file: layer.manifest.string)), object: nil)
    ]
    return .done(proposal)
  }
}
