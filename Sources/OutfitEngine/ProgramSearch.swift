import OutfitCore
import OutfitSystem
import SystemPackage

/// Programs in what was unpacked of an archive, which has them in a folder of its release's name, or under a name
/// with the platform in it.
struct ProgramSearch {
  let files: any Files
  let root: FilePath
  /// For people.
  let archive: String

  /// Links each name in `bin` with the program that it means, and makes that executable.
  /// - Returns: the relative paths of what was made or changed.
  /// - Throws: `Failure` that says what the archive has, where it has no such program, or several.
  func link(_ names: [String]) throws -> [String] {
    guard !names.isEmpty else { return [] }
    var changed: [String] = []
    let all = try list(root, "")
    for name in names {
      let path = try choose(name, among: all)
      let status = try files.status(root.pushing(FilePath(path)), followLinks: true)
      let mode = status?.mode ?? 0o755
      if mode & 0o111 == 0 {
        try files.setMode(root.pushing(FilePath(path)), mode | 0o755)
        changed.append(path)
      }
      if path == "bin/\(name)" { continue }
      try files.createDirectories(root.appending("bin"))
      try files.createLink(root.appending("bin").appending(name), to: "../" + path)
      changed.append("bin/\(name)")
    }
    return changed
  }

  /// The one of that very name that lies highest; else the only one whose name starts with it: `yq_linux_amd64`.
  private func choose(_ name: String, among all: [String]) throws -> String {
    func last(_ path: String) -> Substring { path.split(separator: "/").last ?? "" }
    func depth(_ path: String) -> Int { path.split(separator: "/").count }
    let exact = all.filter { last($0) == name }
    if let least = exact.map(depth).min() {
      let highest = exact.filter { depth($0) == least }
      if highest.count == 1 { return highest[0] }
      if let programs = highest.first(where: { $0 == "bin/\(name)" }) { return programs }
      throw Failure(
        "\(archive) holds several programs named \(name): \(highest.joined(separator: ", "))",
        hint: "say which one: `expose: [\"\(highest[0])\"]`")
    }
    let similar = all.filter { path in
      guard last(path).hasPrefix(name), let next = last(path).dropFirst(name.count).first else {
        return false
      }
      return "-_.".contains(next)
        && !["md", "txt", "1", "sha256", "asc"].contains { last(path).hasSuffix(".\($0)") }
    }
    if similar.count == 1 { return similar[0] }
    let others = all.count > 8 ? ", and \(all.count - 8) more" : ""
    throw Failure(
      "\(archive) holds no program named \(name)",
      hint: "it holds \(all.prefix(8).joined(separator: ", "))\(others); name the right one under `expose:`")
  }

  private func list(_ folder: FilePath, _ prefix: String) throws -> [String] {
    var all: [String] = []
    for name in try files.list(folder) {
      let path = folder.appending(name)
      switch try files.status(path, followLinks: false)?.kind {
      case .file?, .link?: all.append(prefix + name)
      case .directory?: all += try list(path, prefix + name + "/")
      default: continue
      }
    }
    return all
  }
}
