import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSharing
import OutfitSystem

/// The layers of a profile that come from git, and may have moved there.
enum GitLayers {
  /// What a layer was asked for by, once for each branch or tag of a repository.
  static func origins(_ profile: Profile) -> [(name: String, address: GitAddress, commit: String)] {
    var seen: Set<GitProfiles.Reference> = []
    return profile.layers.reversed().compactMap { layer in
      guard let address = layer.origin, let commit = layer.commit,
        seen.insert(GitProfiles.Reference(address)).inserted
      else { return nil }
      return (layer.kind == .profile ? profile.name : layer.name, address, commit)
    }
  }

  /// A row for each: it asks the repositories.
  static func outdated(_ profile: Profile, _ place: ProfilePlace, _ session: Session) async -> [OutdatedRow] {
    let git = place.profiles(session.host, network: .always)
    var rows: [OutdatedRow] = []
    for (name, address, commit) in origins(profile) {
      var row = OutdatedRow(kind: .layer, name: name, current: short(commit))
      if address.commit != nil {
        (row.wanted, row.latest) = (row.current, row.current)
      } else {
        do {
          let answer = try await git.ask(address)
          (row.wanted, row.latest) = (short(answer.newest), short(answer.newest))
          if answer.newest != commit {
            row.since = answer.since.map { String(DateText.utc($0).prefix(10)) }
          }
        } catch let failure as Failure {
          row.note = failure.diagnostics.first?.message
        } catch {
          row.note = "\(error)"
        }
      }
      rows.append(row)
    }
    return rows
  }

  /// Which of them have other commits now: `  ~ acme 1a2b3c4d5e6f -> 0f1e2d3c4b5a`.
  static func changes(from before: Profile, to after: Profile) -> [String] {
    let old = origins(before)
    return origins(after).compactMap { layer in
      let reference = GitProfiles.Reference(layer.address)
      let previous = old.first { GitProfiles.Reference($0.address) == reference }?.commit
      if previous == layer.commit { return nil }
      return previous.map { "  ~ \(layer.name) \(short($0)) -> \(short(layer.commit))" }
        ?? "  + \(layer.name) \(short(layer.commit))"
    }
  }

  private static func short(_ commit: String) -> String { String(commit.prefix(12)) }
}
