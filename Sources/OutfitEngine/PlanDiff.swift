import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

extension Plan {
  /// The unified diff of one target, from what is there to what will be, empty when that is the same. A secret
  /// is `(secret)`.
  public func diff(_ target: PlannedTarget, host: Host) throws -> String {
    guard target.action != .upToDate else { return "" }
    let name = target.target.string
    guard !target.isSecret else { return "--- \(name)\n+++ \(name)\n(secret)\n" }
    let after = try content(of: target, host: host)
    switch (target.before, target.after) {
    case (.file, .file), (.file, .absent), (.absent, .file):
      let isFile = target.before != .absent
      let before = isFile ? try host.files.read(target.resolved) : nil
      var text = Diff.unified(before, after, oldName: name, newName: name + " (outfit)")
      if case .file(let old) = target.before, case .file(_, let mode, _) = target.after, old.mode != mode {
        text = "mode of \(name): \(String(old.mode, radix: 8)) -> \(String(mode, radix: 8))\n" + text
      }
      return text
    default:
      return "--- \(name): \(target.before.summary)\n+++ \(name): \(target.after.summary)\n"
    }
  }

  /// The content that Outfit wrote last, the common ancestor for a merge; nil when there is none, or when it
  /// was not kept.
  public func base(of target: PlannedTarget, host: Host) throws -> [UInt8]? {
    let record = previous?.targets.first { $0.target == target.target }
    guard case .file(let file) = record?.written, !file.isKeyed else { return nil }
    return try Generations.content(file.digest, scope: scope, host: host)
  }

  /// The content that Outfit would write, the other side of a merge; nil when it is no file.
  public func content(of target: PlannedTarget, host: Host) throws -> [UInt8]? {
    switch target.after {
    case .file(.given(let bytes), _, _): bytes
    case .file(.kept(let digest, _), _, _): try Generations.content(digest, scope: scope, host: host)
    case .absent, .link, .directory, .moved, .tree: nil
    }
  }
}

extension PlannedTarget.Content {
  /// For people.
  public var summary: String {
    switch self {
    case .absent: "nothing"
    case .file: "a file"
    case .link(let destination): "a link to \(destination)"
    case .directory: "a folder"
    case .moved(let place): "the folder that is at \(place)"
    case .tree(let source): "a copy of \(source)"
    }
  }
}
