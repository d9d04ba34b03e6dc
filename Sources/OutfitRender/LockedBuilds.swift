import OutfitCore
import OutfitProfile

/// The packages of a lock, or of requirements, whose own code would have to run for them to be installed: git sources,
/// and what has no wheel.
enum LockedBuilds {
  /// - Parameter file: the lock's name: each manager has its own form.
  static func names(in document: TomlDocument, file: String) -> Set<String> {
    let root = document.root
    switch file {
    case "uv.lock": return names(root["package"], isUv)
    case "poetry.lock":
      let old = root["metadata"]?["files"]
      return names(root["package"]) { package in
        isPoetrys(package, package["files"] ?? package["name"]?.string.flatMap { old?[$0] })
      }
    case "pdm.lock":
      // Before 2023 the files stood in a table of their own, by name and version.
      let old = root["metadata"]?["files"]?.table ?? [:]
      return names(root["package"]) { package in
        if package["git"] != nil || package["hg"] != nil || package["svn"] != nil { return true }
        if let url = package["url"]?.string { return !isWheel(url) }
        guard package["path"] == nil else { return false }
        let key = "\(package["name"]?.string ?? "") \(package["version"]?.string ?? "")"
        return hasNoWheel(package["files"] ?? old[key])
      }
    default: return names(root["packages"], isStandard)
    }
  }

  private static func names(_ packages: TomlValue?, _ isBuilt: (TomlValue) -> Bool) -> Set<String> {
    Set(
      (packages?.array ?? []).compactMap { package in
        package["name"]?.string.flatMap { isBuilt(package) ? RequirementFiles.normal($0) : nil }
      })
  }

  private static func isUv(_ package: TomlValue) -> Bool {
    let source = package["source"]
    if source?["git"] != nil { return true }
    if let url = source?["url"]?.string { return !isWheel(url) }
    if let path = source?["path"]?.string { return !isWheel(path) }
    guard source?["registry"] != nil else { return false }
    return package["sdist"] != nil && package["wheels"]?.array?.isEmpty != false
  }

  private static func isPoetrys(_ package: TomlValue, _ files: TomlValue?) -> Bool {
    switch package["source"]?["type"]?.string {
    case "git", "hg", "svn": true
    case "directory": false
    case "url", "file": package["source"]?["url"]?.string.map { !isWheel($0) } ?? false
    default: hasNoWheel(files)
    }
  }

  /// PEP 751.
  private static func isStandard(_ package: TomlValue) -> Bool {
    if package["vcs"] != nil { return true }
    if let archive = package["archive"] {
      return !isWheel(archive["url"]?.string ?? archive["path"]?.string ?? "")
    }
    return package["sdist"] != nil && package["wheels"]?.array?.isEmpty != false
  }

  /// There are files, and none of them is a wheel.
  private static func hasNoWheel(_ files: TomlValue?) -> Bool {
    let names = (files?.array ?? []).compactMap { $0["file"]?.string ?? $0["url"]?.string }
    return !names.isEmpty && !names.contains(where: isWheel)
  }

  private static func isWheel(_ address: String) -> Bool {
    address.prefix { $0 != "#" && $0 != "?" }.lowercased().hasSuffix(".whl")
  }

  /// Of a Pipfile.lock.
  static func names(inPipfile lock: Document) -> Set<String> {
    var names: Set<String> = []
    for (category, packages) in lock.entries where category != "_meta" {
      for (name, package) in packages.entries {
        let address = package["file"]?.text ?? package["path"]?.text
        let isArchive = address.map { $0.contains("://") && !isWheel($0) } ?? false
        if package["git"] != nil || isArchive { names.insert(RequirementFiles.normal(name)) }
      }
    }
    return names
  }

  /// Of requirements: what is named by an address that is no wheel, and what `--no-binary` names.
  ///
  /// An address without a name has that of the repository, which it most often is.
  static func names(in lines: [RequirementLine]) -> Set<String> {
    var names: Set<String> = []
    for line in lines {
      switch line.content {
      case .direct(let direct): names.formUnion(name(direct.name, direct.address))
      case .option("--editable", let value):
        // A name may stand before the address: `-e name @ git+https://...`.
        if case .direct(let direct) = RequirementLine.requirement(value, line: line.line).content {
          names.formUnion(name(direct.name, direct.address))
        }
      case .option("--no-binary", let value):
        names.formUnion(value.split(separator: ",").map { RequirementFiles.normal(String($0)) })
      default: break
      }
    }
    return names.subtracting(["", "all", ":all:", ":none:"])
  }

  private static func name(_ name: String?, _ address: String) -> [String] {
    guard address.contains("://"), !address.lowercased().hasPrefix("file:"), !isWheel(address) else {
      return []
    }
    if let name { return [RequirementFiles.normal(name)] }
    let pieces = address.split(separator: "#", maxSplits: 1)
    for field in (pieces.count > 1 ? pieces[1] : "").split(separator: "&") where field.hasPrefix("egg=") {
      return [RequirementFiles.normal(String(field.dropFirst(4).prefix { $0 != "[" }))]
    }
    guard address.contains("+") else { return [] }
    var last = (pieces.first ?? "").split(separator: "/").last.map(String.init) ?? ""
    last = String(last.prefix { $0 != "@" })
    if last.hasSuffix(".git") { last.removeLast(4) }
    return [RequirementFiles.normal(last)]
  }
}
