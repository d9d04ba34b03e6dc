import OutfitCore
import OutfitEngine
import OutfitProfile
import SystemPackage

/// Manual pages and shell completions that a package carries below `share`, where `man` and the shells look for them
/// beside the folder of the commands.
enum SharedFile {
  /// Below `share`: the places of man-db, bash-completion, zsh and fish.
  static let patterns = [
    "man/man*/*", "bash-completion/completions/*", "zsh/site-functions/*", "fish/vendor_completions.d/*",
  ]

  /// A link for each file, of a tool whose programs have their own names.
  static func changes(_ tool: Wanted, _ entry: LockedTool, of object: Object, bin: FilePath) -> [Change] {
    guard !tool.isHidden, tool.section.suffix == nil else { return [] }
    let share = bin.removingLastComponent().appending("share")
    return entry.files.filter { PathProblem($0) == nil }.map { path in
      Change(
        target: share.pushing(FilePath(path)), owner: tool.source,
        kind: .link(.object(object.id, "share/\(path)")), object: object.id)
    }
  }
}
