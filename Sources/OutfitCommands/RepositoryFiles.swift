import OutfitCore
import OutfitProfile
import OutfitRender
import OutfitSystem
import SystemPackage

/// The texts of a repository's own files, as far as somebody asks for them: none that a link leads out of it for, none
/// that is larger than an honest one, and not too many.
final class RepositoryFiles {
  private let root: FilePath
  private let real: FilePath
  private let host: Host
  private var texts: [String: String?] = [:]
  /// What is there and was not read.
  private(set) var notes: [Diagnostic] = []

  /// Bytes of one file, and how many of them are read.
  private static let largest: Int64 = 16 << 20
  private static let most = 300

  init(_ root: FilePath, _ host: Host) {
    self.root = root
    self.host = host
    real = host.files.resolved(root) ?? root
  }

  /// Of those that are there.
  func texts(of names: [String]) -> [String: String] {
    var found: [String: String] = [:]
    for name in names {
      if let text = text(of: name) { found[name] = text }
    }
    return found
  }

  /// What `ProjectReading` reads.
  func project() -> [String: String] {
    let listed = ProjectReading.folders.flatMap { folder in
      list(folder).map { folder.isEmpty ? $0 : "\(folder)/\($0)" }.filter(ProjectReading.isRead)
    }
    var found = texts(of: ProjectReading.files + listed)
    var asked: Set<String> = []
    while true {
      let more = ProjectReading.more(found).filter { asked.insert($0).inserted }
      guard !more.isEmpty else { return found }
      found.merge(texts(of: more)) { first, _ in first }
    }
  }

  /// The names in a folder of the repository, which is no link.
  private func list(_ folder: String) -> [String] {
    let path = folder.isEmpty ? root : root.pushing(FilePath(folder))
    guard folder.isEmpty || ((try? host.files.status(path, followLinks: false)) ?? nil)?.kind == .directory
    else {
      return []
    }
    return ((try? host.files.list(path)) ?? []).sorted()
  }

  private func text(of name: String) -> String? {
    if let known = texts[name] { return known }
    guard texts.count < Self.most else { return nil }
    let text = read(name)
    texts[name] = .some(text)
    return text
  }

  private func read(_ name: String) -> String? {
    let path = root.pushing(FilePath(name))
    guard let status = (try? host.files.status(path, followLinks: true)) ?? nil, status.kind == .file else {
      return nil
    }
    func leave(_ reason: String) -> String? {
      notes.append(Diagnostic(.warning, "\(name) is not read: \(reason)", at: SourceLocation(file: name)))
      return nil
    }
    guard let target = host.files.resolved(path), target.starts(with: real) else {
      return leave("it is a link that leads out of the repository")
    }
    guard status.size <= Self.largest else { return leave("it has \(status.size) bytes") }
    do {
      return RequirementLine.text(of: try host.files.read(target, limit: Int(Self.largest)))
    } catch {
      return leave("\(error.reason)")
    }
  }
}
