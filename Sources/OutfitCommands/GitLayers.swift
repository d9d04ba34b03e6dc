import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSharing
import OutfitSystem

/// The layers of a profile that come from git, and may have moved there.
enum GitLayers {
  /// What a layer was asked for by, once for each branch or tag of a repository.
  static func origins(_ profile: Profile) -> [(
    name: String, address: GitAddress, commit: String, signer: String?
  )] {
    var seen: Set<GitProfiles.Reference> = []
    return profile.layers.reversed().compactMap { layer in
      guard let address = layer.origin, let commit = layer.commit,
        seen.insert(GitProfiles.Reference(address)).inserted
      else { return nil }
      return (layer.kind == .profile ? profile.name : layer.name, address, commit, layer.signer)
    }
  }

  /// A row for each: it asks the repositories.
  static func outdated(_ profile: Profile, _ place: ProfilePlace, _ session: Session) async -> [OutdatedRow] {
    let git = place.profiles(session.host, network: .always)
    var rows: [OutdatedRow] = []
    for (name, address, commit, _) in origins(profile) {
      var row = OutdatedRow(kind: .layer, name: name, current: short(commit))
      if address.commit != nil {
        (row.wanted, row.latest) = (row.current, row.current)
      } else {
        do {
          let answer = try await git.ask(address)
          (row.wanted, row.latest) = (short(answer.newest), short(answer.newest))
          if answer.newest != commit {
            row.since = answer.since.map { String(DateText.utc($0).prefix(10)) }
            row.note = await note(git, address, commit, answer.newest)
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

  /// What is to be known of a layer that moved.
  private static func note(
    _ git: GitProfiles, _ address: GitAddress, _ old: String, _ new: String
  ) async -> String? {
    switch (try? await git.movement(of: address, from: old, to: new))?.path {
    case .onward(let commits): PlanText.count(commits, "commit")
    case .rewritten: "its history was rewritten"
    case .tagMoved: "the tag was moved"
    case .unknown, nil: nil
    }
  }

  private static func short(_ commit: String) -> String { String(commit.prefix(12)) }
}
