import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSystem
import OutfitTools
import SystemPackage

/// Packages of a Node project whose install scripts are not run, since nobody asked for that.
struct QuietScripts {
  private let session: Session
  private let section: Sourced<NodeModulesSection>
  private let folder: FilePath
  private let object: ObjectID

  /// Nil where the profile has no packages of Node.
  init?(_ session: Session, _ profile: Profile, _ proposal: Proposal) {
    guard let section = profile.nodeModules, case .project(let root) = profile.scope,
      let object = proposal.objects.first(where: { $0.id.name == NodeModules.objectName })
    else { return nil }
    self.session = session
    self.section = section
    self.object = object.id
    folder = root.pushing(FilePath(section.value.path))
  }

  /// Says it of a folder that was made anew.
  func tell(changed: [FilePath]) {
    let list = session.host.places.store.appending(object.description).appending(NodeModules.quietScripts)
    guard changed.contains(folder), let text = (try? session.host.files.text(list)) ?? nil else { return }
    let names = text.split(separator: "\n").map(String.init)
    guard !names.isEmpty else { return }
    let all = (section.value.scripts + names).map { $0.hasPrefix("@") ? "\"\($0)\"" : $0 }
    session.report([
      Diagnostic(
        .note, "the install scripts of \(names.joined(separator: ", ")) were not run",
        at: section.source.location,
        hint: "where something of it is missing, allow them: `node_modules: {from: \(section.value.from), "
          + "scripts: [\(all.joined(separator: ", "))]}`")
    ])
  }
}
