import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// A short name or a key, and the dotfile and layer that have it.
public struct ProfileShortcut: Sendable {
  public var shortcut: Shortcut
  /// As the manifest names the dotfile, and below a folder's entry the file: `.zshrc`, `.config/kitty/kitty.conf`.
  public var target: String
  public var source: Source
}

/// Finds the short names and keys of a profile's dotfiles. What is secret is not looked at.
public struct ProfileShortcuts {
  /// In bytes: nobody writes a longer one.
  private static let longest: Int64 = 512 << 10
  /// Files below one entry.
  private static let most = 2000
  private static let depth = 12

  private let files: any Files
  private var found: [ProfileShortcut] = []

  /// All of them, in the order of programs, and within one as the files have them; a later layer's counts.
  public static func find(in profile: Profile, _ host: Host) -> [ProfileShortcut] {
    var search = ProfileShortcuts(files: host.files)
    for (target, section) in profile.dotfiles.sorted(by: { $0.key < $1.key }) {
      for one in (profile.blocks[target] ?? []) + [section] where !one.value.secret {
        guard let file = one.value.file else { continue }
        let path = one.source.layer.folder.pushing(FilePath(file)).lexicallyNormalized()
        var room = most
        search.look(at: path, target: target, one.source, depth: 0, &room)
      }
    }
    var last: [String: Int] = [:]
    for (index, one) in search.found.enumerated() {
      last["\(one.shortcut.program) \(one.shortcut.name)"] = index
    }
    return search.found.enumerated().filter { index, one in
      last["\(one.shortcut.program) \(one.shortcut.name)"] == index
    }.sorted { ($0.element.shortcut.program, $0.offset) < ($1.element.shortcut.program, $1.offset) }
      .map(\.element)
  }

  private init(files: any Files) { self.files = files }

  /// What can't be read has none: `up` will say why.
  private mutating func look(
    at path: FilePath, target: String, _ source: Source, depth: Int, _ room: inout Int
  ) {
    room -= 1
    // Below a folder no link is followed.
    guard room > 0, depth <= Self.depth,
      let status = try? files.status(path, followLinks: depth == 0)
    else { return }
    switch status.kind {
    case .directory:
      for name in (try? files.list(path)) ?? [] {
        look(at: path.appending(name), target: "\(target)/\(name)", source, depth: depth + 1, &room)
      }
    case .file:
      guard status.size <= Self.longest, let language = ShortcutLanguage(target: target),
        let text = try? files.text(path)
      else { return }
      found += Shortcut.read(text, in: language).map { shortcut in
        var shortcut = shortcut
        if !SecretFinder.find(in: ["\(shortcut.name)=\(shortcut.meaning)"]).isEmpty {
          shortcut.meaning = "(not shown: it looks like a secret)"
        }
        return ProfileShortcut(shortcut: shortcut, target: target, source: source)
      }
    case .link, .other: return
    }
  }
}
