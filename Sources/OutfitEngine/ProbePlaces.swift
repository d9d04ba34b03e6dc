import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// Where interpreters are looked for.
struct ProbePlaces: Sendable {
  struct Candidate: Hashable, Sendable {
    /// Absolute, links resolved.
    var program: FilePath
    var origin: FoundInterpreter.Origin
    var fingerprint: String
  }

  private struct Place {
    var folder: FilePath
    var origin: FoundInterpreter.Origin
  }

  private let host: Host
  private var files: any Files { host.files }

  init(_ host: Host) { self.host = host }

  /// Programs that may be interpreters, each once.
  func candidates(_ language: Language) -> [Candidate] {
    var seen: Set<FilePath> = []
    var candidates: [Candidate] = []
    for place in places(language) {
      guard isTrusted(place.folder) else { continue }
      for name in names(in: place.folder, language) {
        guard let program = files.resolved(place.folder.appending(name)), seen.insert(program).inserted,
          let status = try? files.status(program, followLinks: true), status.kind == .file,
          status.mode & 0o111 != 0, status.mode & 0o002 == 0, !isScript(program)
        else { continue }
        candidates.append(
          Candidate(
            program: program, origin: origin(of: program) ?? place.origin, fingerprint: status.fingerprint))
      }
    }
    return candidates
  }

  private func names(in folder: FilePath, _ language: Language) -> [String] {
    switch language {
    case .node: return ["node"]
    case .python:
      return ((try? files.list(folder)) ?? []).filter { name in
        guard name.hasPrefix("python3") else { return false }
        let rest = name.dropFirst(7)
        return rest.isEmpty
          || (rest.hasPrefix(".") && rest.count > 1
            && rest.dropFirst().allSatisfy { "0123456789t".contains($0) })
      }
    }
  }

  // MARK: Folders

  private func places(_ language: Language) -> [Place] {
    var places = ["/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"]
      .map { Place(folder: FilePath($0), origin: .system) }
    let managed = roots(language)
    for root in managed { places += versions(below: root.folder, origin: root.origin) }
    for entry in searchPath where !places.contains(where: { $0.folder == entry }) {
      if entry.lastComponent?.string == "shims" || entry.lastComponent?.string == "bin" {
        let versions = entry.removingLastComponent().appending("versions")
        if files.exists(versions) {
          if language == .python { places += self.versions(below: versions, origin: .pyenv) }
          continue
        }
      }
      if entry.lastComponent?.string == "shims" { continue }
      places.append(Place(folder: entry, origin: .other))
    }
    return places
  }

  /// Folders of version managers, which hold one folder for each version.
  private func roots(_ language: Language) -> [Place] {
    let home = host.user.home
    let data = home.pushing(".local/share")
    switch language {
    case .python:
      let pyenv = host.environment["PYENV_ROOT"].map { FilePath($0) }.flatMap { $0.isAbsolute ? $0 : nil }
      return [
        Place(folder: (pyenv ?? home.appending(".pyenv")).appending("versions"), origin: .pyenv),
        Place(folder: data.pushing("uv/python"), origin: .uv),
        Place(folder: data.pushing("mise/installs/python"), origin: .mise),
        Place(folder: home.pushing(".asdf/installs/python"), origin: .asdf),
      ]
    case .node:
      return [
        Place(folder: home.pushing(".nvm/versions/node"), origin: .other),
        Place(folder: data.pushing("mise/installs/node"), origin: .mise),
        Place(folder: home.pushing(".asdf/installs/nodejs"), origin: .asdf),
      ]
    }
  }

  private func versions(below root: FilePath, origin: FoundInterpreter.Origin) -> [Place] {
    ((try? files.list(root)) ?? []).map {
      Place(folder: root.appending($0).appending("bin"), origin: origin)
    }
  }

  private func origin(of program: FilePath) -> FoundInterpreter.Origin? {
    for language in Language.allCases {
      for root in roots(language) {
        if let folder = files.resolved(root.folder), program.starts(with: folder) { return root.origin }
      }
    }
    if program.starts(with: "/usr") || program.starts(with: "/opt/homebrew") { return .system }
    return nil
  }

  /// The entries of PATH that may be looked into.
  private var searchPath: [FilePath] {
    (host.environment["PATH"] ?? "").split(separator: ":").map { FilePath(String($0)).lexicallyNormalized() }
      .filter { entry in
        entry.isAbsolute && !entry.starts(with: host.places.data) && !isInProject(entry)
      }
  }

  /// A folder of a project, or of a virtual environment, or below the current folder.
  private func isInProject(_ folder: FilePath) -> Bool {
    let home = host.user.home
    if host.workingDirectory != home, folder.starts(with: host.workingDirectory), host.workingDirectory != "/"
    {
      return true
    }
    var above = folder
    while above != "/", above != home {
      let signs = [".git", "outfit.yaml", "pyvenv.cfg"]
      // Version managers are clones themselves.
      let isManager = files.exists(above.appending("versions")) && files.exists(above.appending("shims"))
      if !isManager, signs.contains(where: { files.exists(above.appending($0)) }) { return true }
      let next = above.removingLastComponent()
      if next == above { break }
      above = next
    }
    return false
  }

  /// Only root and the user may write to the folder.
  private func isTrusted(_ folder: FilePath) -> Bool {
    guard let status = try? files.status(folder, followLinks: true), status.kind == .directory else {
      return false
    }
    return (status.owner == 0 || status.owner == host.user.identifier) && status.mode & 0o022 == 0
  }

  /// Shims of version managers are scripts.
  private func isScript(_ program: FilePath) -> Bool {
    guard let head = try? files.read(program, from: 0, count: 2) else { return true }
    return head == Array("#!".utf8)
  }
}
