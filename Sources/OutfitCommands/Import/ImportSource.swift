import OutfitCore
import OutfitProfile
import OutfitSharing
import OutfitSystem
import SystemPackage

/// A folder of another program's, on this machine or brought here by git.
struct ImportSource {
  var folder: FilePath
  /// What a profile made of it is called.
  var name: String
  /// nil for a folder that the person has.
  var git: GitAddress?

  static func find(_ named: String, _ session: Session) async throws -> ImportSource {
    let host = session.host
    switch try ProfileAddress(named, relativeTo: host.workingDirectory, home: host.user.home) {
    case .folder(let folder):
      guard try host.files.status(folder, followLinks: true)?.kind == .directory else {
        throw Failure(
          "there is no folder \(session.short(folder))", hint: "name the folder, or a git address",
          status: .usage)
      }
      return ImportSource(folder: folder, name: profileName(folder.lastComponent?.string ?? "dotfiles"))
    case .git(let git):
      let fetched = try await GitProfiles(host: host, network: .always).resolver(git, nil)
      let folder =
        git.subfolder.isEmpty ? fetched.checkout : fetched.checkout.pushing(FilePath(git.subfolder))
      let name = git.repository.split(separator: "/").last.map(String.init) ?? "dotfiles"
      return ImportSource(
        folder: folder, name: profileName(name.hasSuffix(".git") ? String(name.dropLast(4)) : name), git: git)
    }
  }

  /// `chezmoi` says whose folder it was, and `.dotfiles` begins with what no name begins with.
  private static func profileName(_ folder: String) -> String {
    let name = String(folder.lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" })
      .drop { $0 == "-" }
    return name.isEmpty || name == "chezmoi" ? "dotfiles" : String(name)
  }
}

/// Where a profile is made of another program's folder.
struct ImportGoal {
  let folder: FilePath
  let isInPlace: Bool

  /// - Throws: where a folder that is to be made has something in it already.
  init(_ named: String?, source: ImportSource, _ session: Session) throws {
    let host = session.host
    guard named != nil || source.git != nil else {
      (folder, isInPlace) = (source.folder, true)
      return
    }
    let text = named ?? source.name
    let path = FilePath(
      text.hasPrefix("~/") ? host.user.home.appending(String(text.dropFirst(2))).string : text)
    folder = host.workingDirectory.pushing(path).lexicallyNormalized()
    isInPlace = folder == source.folder
    guard !isInPlace else { return }
    guard !folder.starts(with: source.folder), !source.folder.starts(with: folder) else {
      throw Failure(
        "\(session.short(folder)) and \(session.short(source.folder)) lie within each other",
        hint: "name a folder elsewhere: --to NEW", status: .usage)
    }
    guard host.files.exists(folder) else { return }
    guard try host.files.status(folder, followLinks: true)?.kind == .directory,
      try host.files.list(folder).isEmpty
    else {
      throw Failure(
        "\(session.short(folder)) is there already, and has things in it",
        hint: "name a new folder: --to NEW",
        status: .usage)
    }
  }

  /// All but what git keeps.
  func copy(_ source: FilePath, _ host: Host) throws {
    guard !isInPlace else { return }
    try copy(source, to: folder, host)
  }

  private func copy(_ source: FilePath, to target: FilePath, _ host: Host) throws {
    try host.files.createDirectories(target, mode: 0o755)
    for name in try host.files.list(source) where name != ".git" {
      let (from, to) = (source.appending(name), target.appending(name))
      guard let status = try host.files.status(from, followLinks: false) else { continue }
      switch status.kind {
      case .directory: try copy(from, to: to, host)
      case .link: try host.files.createLink(to, to: try host.files.readLink(from))
      case .file:
        try host.files.create(to, host.files.read(from), mode: status.mode & 0o100 == 0 ? 0o644 : 0o755)
      case .other: continue
      }
    }
  }
}
