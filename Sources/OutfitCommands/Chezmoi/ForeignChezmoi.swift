import OutfitChezmoi
import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSystem
import SystemPackage

/// chezmoi's own folder on this machine, where that has files of Outfit's too.
struct ForeignChezmoi {
  private let session: Session
  private let folder: FilePath

  /// More than anybody's dotfiles.
  private static let limit = 20_000

  /// nil where there is none, or where it is what Outfit reads.
  init?(_ session: Session, layers: [FilePath]) {
    let host = session.host
    let data = host.environment["XDG_DATA_HOME"].map { FilePath($0) }.flatMap { $0.isAbsolute ? $0 : nil }
    folder = (data ?? host.user.home.pushing(".local/share")).appending("chezmoi")
    self.session = session
    let folder = folder
    guard ((try? host.files.status(folder, followLinks: true)) ?? nil)?.kind == .directory,
      !layers.contains(where: { $0.starts(with: folder) })
    else { return nil }
  }

  /// One note that names what both manage; nothing where there is no such file.
  func notes(_ targets: [FilePath]) -> [Diagnostic] {
    let managed = self.managed
    let both = Set(targets.map(\.string)).sorted().compactMap { target in managed[target].map { (target, $0) }
    }
    guard let (first, source) = both.first else { return [] }
    let shown = session.short(FilePath(first))
    let others = both.dropFirst().prefix(4).map { session.short(FilePath($0.0)) }
    let rest = both.count > 5 ? " and \(both.count - 5) more" : ""
    return [
      Diagnostic(
        .note,
        "chezmoi manages \(([shown] + others).joined(separator: ", "))\(rest) too, by \(session.short(source))",
        hint: "whichever runs last wins: `chezmoi forget \(shown)`, or have both read one folder: "
          + "`outfit up \(session.short(folder))`")
    ]
  }

  /// By absolute target, the source.
  private var managed: [String: FilePath] {
    let host = session.host
    var root = folder
    if let text = try? host.files.text(folder.appending(".chezmoiroot")) {
      let inner = FilePath(String(text.prefix { !$0.isNewline })).lexicallyNormalized()
      if !inner.isAbsolute, !inner.starts(with: "..") { root = folder.pushing(inner) }
    }
    var entries: [ChezmoiTree.Entry] = []
    func walk(_ folder: FilePath, _ prefix: String) {
      for name in (try? host.files.list(folder)) ?? [] where name != ".git" && entries.count < Self.limit {
        guard let status = (try? host.files.status(folder.appending(name), followLinks: false)) ?? nil else {
          continue
        }
        switch status.kind {
        case .directory:
          entries.append(.init(prefix + name, .folder))
          walk(folder.appending(name), prefix + name + "/")
        case .file:
          entries.append(.init(prefix + name, .file(size: Int(status.size), isExecutable: false, bytes: nil)))
        case .link, .other: continue
        }
      }
    }
    walk(root, "")
    let home = host.user.home
    return Dictionary(
      ChezmoiTree(entries).managed.map {
        (home.pushing(FilePath($0.target)).string, root.pushing(FilePath($0.source)))
      },
      uniquingKeysWith: { $1 })
  }
}
