import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// Where the files of the layers really are, so that none of them is taken for a target: a link of the user's on the
/// way to it is enough for that.
struct SourcePlaces {
  /// The profile's own files and folders that changes are made from, links followed, by the folders that hold them.
  private var byFolder: [String: [String: FilePath]] = [:]
  /// The layers' folders, and where they really are.
  private var layers: [FilePath: FilePath] = [:]
  private let root: FilePath
  private let realRoot: FilePath

  init(_ changes: [Change], scope: Scope, _ inspector: inout Inspector) throws {
    root =
      switch scope {
      case .machine: inspector.host.user.home
      case .project(let folder): folder
      }
    realRoot = try inspector.folder(root).path
    for change in changes {
      guard let source = change.source else { continue }
      let layer = change.owner.layer.folder
      if layers[layer] == nil { layers[layer] = try inspector.folder(layer).path }
      let folder = try inspector.folder(of: source.string)
      var place = folder.path.holding(source)
      // Links in folders that are copied are copied as links.
      if case .source = change.kind {
      } else if folder.standing == .present {
        place = (try? inspector.followed(place)) ?? place
      }
      byFolder[place.parent.string, default: [:]][place.string] = source
    }
  }

  /// What is wrong with a target that is a file of the profile itself.
  func problem(
    of wanted: WantedTarget, in folder: Inspector.Folder, _ inspector: inout Inspector
  ) throws(FileError) -> Diagnostic? {
    guard !layers.isEmpty, wanted.change.source != nil, folder.standing == .present else { return nil }
    let target = wanted.change.target
    var place = folder.path.holding(target)
    if !wanted.blocks.isEmpty { place = try inspector.followed(place) }
    if let source = byFolder[place.parent.string]?[place.string] {
      return diagnostic(wanted, "is the profile's own \(source)", inspector)
    }
    // Without links it would be where the manifest says.
    var plain = target
    if plain.removePrefix(root) { plain = realRoot.pushing(plain) }
    for (layer, real) in layers
    where place.isAtOrBelow(real) && !plain.isAtOrBelow(real) && !target.isAtOrBelow(layer) {
      return diagnostic(wanted, "would be written into the profile's own folder \(layer)", inspector)
    }
    return nil
  }

  private func diagnostic(_ wanted: WantedTarget, _ message: String, _ inspector: Inspector) -> Diagnostic {
    let target = wanted.change.target
    guard let link = link(on: target, inspector) else {
      return Diagnostic(
        .error, "\(target) \(message)", at: wanted.change.owner.location,
        hint: "take the entry out, or name another target")
    }
    return Diagnostic(
      .error, "\(target) \(message), since \(link.path) is a link to \(link.destination)",
      at: wanted.change.owner.location,
      hint: "remove the link: rm \(link.path); or take the entry out")
  }

  /// The first link on the way to a target, or the target itself.
  private func link(
    on target: FilePath, _ inspector: Inspector
  ) -> (path: FilePath, destination: String)? {
    let files = inspector.host.files
    var path: FilePath = "/"
    for name in target.components {
      path.append(name)
      if path != root, let destination = try? files.readLink(path) { return (path, destination) }
    }
    return nil
  }
}
