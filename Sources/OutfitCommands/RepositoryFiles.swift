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
  /// The top of the repository that the folder lies in.
  private let outer: FilePath
  private let host: Host
  private var texts: [String: String?] = [:]
  /// What is there and was not read.
  private(set) var notes: [Diagnostic] = []

  /// Bytes of one file, and how many of them are read.
  private static let largest: Int64 = 16 << 20
  private static let most = 300
  /// Names that are listed, and how deep.
  private static let mostNames = 8000
  private static let deepest = 5
  /// Texts of sources, and the bytes of one: what is larger, no person wrote.
  private static let mostSources = 400
  private static let largestSource = 256 << 10

  init(_ root: FilePath, _ host: Host) {
    self.root = root
    self.host = host
    let real = host.files.resolved(root) ?? root
    self.real = real
    var there = host
    there.workingDirectory = root
    let around = Project.repository(there)?.root ?? root
    outer = host.files.resolved(around).flatMap { real.starts(with: $0) ? $0 : nil } ?? real
  }

  /// The folder, from the top of its repository; nil for that itself.
  var place: String? {
    var path = real
    return path != outer && path.removePrefix(outer) ? path.string : nil
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

  /// What lies there, and the texts of what tells how its programs are started; of the repository's folders above it
  /// only what is meant for containers.
  func sources() -> SourceFiles {
    var names: [String] = []
    var open: [(folder: String, depth: Int)] = [("", 1)]
    while !open.isEmpty, names.count < Self.mostNames {
      let (folder, depth) = open.removeFirst()
      for name in list(folder) {
        let path = folder.isEmpty ? name : "\(folder)/\(name)"
        let status = (try? host.files.status(root.pushing(FilePath(path)), followLinks: false)) ?? nil
        switch status?.kind {
        case .file: names.append(path)
        case .directory where depth < Self.deepest && !Self.isPassedOver(name): open.append((path, depth + 1))
        default: continue
        }
      }
    }
    names += above()
    var texts: [String: String] = [:]
    for name in names where SourceFiles.isWanted(name) && texts.count < Self.mostSources {
      if let text = source(name) { texts[name] = text }
    }
    return SourceFiles(names: Set(names), texts: texts)
  }

  /// Names in the folders above, as far as the repository goes.
  private func above() -> [String] {
    var names: [String] = []
    var (step, folder) = ("..", real)
    while folder != outer, folder.starts(with: outer), step.count < 20 {
      folder = folder.removingLastComponent()
      let listed = ((try? host.files.list(folder)) ?? []).sorted()
      names += listed.map { "\(step)/\($0)" }
      for inner in listed
      where SourceFiles.deployment.contains(inner) && !real.starts(with: folder.appending(inner)) {
        names += list("\(step)/\(inner)").map { "\(step)/\(inner)/\($0)" }
      }
      step += "/.."
    }
    return names
  }

  private static func isPassedOver(_ name: String) -> Bool {
    name.hasPrefix(".") && name != ".docker"
      || ["node_modules", "venv", "env", "__pycache__", "vendor", "site-packages", "dist", "target"].contains(
        name)
  }

  private func source(_ name: String) -> String? {
    let path = root.pushing(FilePath(name))
    guard let status = (try? host.files.status(path, followLinks: false)) ?? nil, status.kind == .file,
      status.size <= Int64(Self.largestSource), let target = host.files.resolved(path),
      target.starts(with: name.hasPrefix("..") ? outer : real),
      let bytes = try? host.files.read(target, limit: Self.largestSource)
    else { return nil }
    return RequirementLine.text(of: bytes)
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
