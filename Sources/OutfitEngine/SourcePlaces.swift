import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// Where the files of the layers really are, so that none of them is taken for a target: a link of the user's on the
/// way to it is enough for that.
struct SourcePlaces {
  /// The profile's own files and folders that changes are made from, links followed, by the folders that hold them and
  /// their names in these. There are thousands, and text is much quicker to take apart than paths are.
  private var byFolder: [String: [Substring: FilePath]] = [:]
  /// The layers' folders, and where they really are.
  private var layers: [(folder: FilePath, real: FilePath, text: String)] = []
  private let root: FilePath
  private let realRoot: FilePath

  init(_ changes: [Change], scope: Scope, _ inspector: inout Inspector) throws {
    root =
      switch scope {
      case .machine: inspector.host.user.home
      case .project(let folder): folder
      }
    realRoot = try inspector.folder(root).path
    // Thousands in a row come from one layer, and hundreds from one folder.
    var (layer, here) = ("", Inspector.Folder(path: "/", standing: .present, owner: 0, nearest: "/"))
    var parent = ""[...]
    for change in changes {
      guard let source = change.source else { continue }
      let folder = change.owner.layer.folder
      let name = folder.string
      if layer != name {
        layer = name
        if !layers.contains(where: { $0.folder == folder }) {
          let real = try inspector.folder(folder)
          layers.append((folder, real.path, real.text))
        }
      }
      try add(source, change.kind, &parent, &here, &inspector)
    }
  }

  private mutating func add(
    _ source: FilePath, _ kind: Change.Kind, _ parent: inout Substring, _ folder: inout Inspector.Folder,
    _ inspector: inout Inspector
  ) throws {
    let name = source.string
    if parent != name.folderName {
      parent = name.folderName
      folder = try inspector.folder(of: name)
    }
    // Links in folders that are copied are copied as links.
    if case .source = kind {
    } else if folder.standing == .present, let place = try? inspector.followed(folder.path.holding(source)) {
      byFolder[place.parent.string, default: [:]][place.string.lastName] = source
      return
    }
    byFolder[folder.text, default: [:]][name.lastName] = source
  }

  /// What is wrong with a target that is a file of the profile itself.
  /// - Parameter place: where it really is.
  func problem(
    of wanted: WantedTarget, at place: FilePath, in folder: Inspector.Folder, _ inspector: Inspector
  ) -> Diagnostic? {
    guard !layers.isEmpty, wanted.change.source != nil, folder.standing == .present else { return nil }
    let text = place.string
    if let source = byFolder[String(text.folderName)]?[text.lastName] {
      return diagnostic(wanted, "is the profile's own \(source)", inspector)
    }
    for (layer, real, above) in layers where text.isPath(atOrBelow: above) {
      // Without links it would be where the manifest says.
      let target = wanted.change.target
      var plain = target
      if plain.removePrefix(root) { plain = realRoot.pushing(plain) }
      guard !plain.isAtOrBelow(real), !target.isAtOrBelow(layer) else { continue }
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

extension String {
  /// Of an absolute path, what follows the last slash.
  fileprivate var lastName: Substring {
    guard let slash = utf8.lastIndex(of: UInt8(ascii: "/")) else { return self[...] }
    return self[utf8.index(after: slash)...]
  }

  /// Of an absolute path, the path of its folder.
  fileprivate var folderName: Substring {
    guard let slash = utf8.lastIndex(of: UInt8(ascii: "/")), slash != startIndex else { return "/" }
    return self[..<slash]
  }
}
