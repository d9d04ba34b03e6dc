import OutfitCore
import OutfitProfile
import SystemPackage

/// The requirements files of a repository: what each is for, by its name, and what it asks for with all that it includes.
struct RequirementFiles {
  enum Role: Int { case base, development, test, other }

  struct File {
    var name: String
    var role: Role
    /// Lower is better among those of one role.
    var rank: [Int]
    /// With those of the files that it includes.
    var lines: [RequirementLine]
    /// The others that it includes, at any depth.
    var included: Set<String>

    var names: Set<String> {
      Set(
        lines.compactMap { line in
          switch line.content {
          case .package(let package): RequirementFiles.normal(package.name)
          case .direct(let direct): direct.name.map(RequirementFiles.normal)
          default: nil
          }
        })
    }

    /// Exact versions, of those that are for every machine.
    var pins: [String: String] {
      var pins: [String: String] = [:]
      for line in lines {
        guard case .package(let package) = line.content, package.marker == nil, let version = package.pinned
        else { continue }
        pins[RequirementFiles.normal(package.name)] = version
      }
      return pins
    }

    /// Whether it asks for plain packages alone, all of which the other asks for as well.
    func isCovered(by other: File) -> Bool {
      let isPlain = lines.allSatisfy { line in
        switch line.content {
        case .package, .include: true
        default: false
        }
      }
      return isPlain && !names.isEmpty && names.isSubset(of: other.names)
    }

    var hasRunner: Bool { names.contains(where: RequirementFiles.isRunner) }

    /// It asks for the repository's own package.
    var hasProject: Bool {
      lines.contains { line in
        switch line.content {
        case .option("--editable", let value): RequirementFiles.isHere(value)
        case .direct(let direct): RequirementFiles.isHere(direct.address)
        default: false
        }
      }
    }
  }

  private(set) var files: [File] = []

  /// - Parameters:
  ///   - found: texts by name; others than requirements files are passed over.
  ///   - tested: those that what runs the tests installs, whatever they are called.
  init(_ found: [String: String], tested: Set<String> = []) {
    let names = found.filter { name, text in
      tested.contains(name) || Self.isOne(name) && (Self.hasItsEnding(name) || Self.isList(text))
    }.keys.sorted()
    for name in names {
      // What a program wrote out of it says the same, with versions.
      if name.hasSuffix(".in"), names.contains(name.dropLast(3) + ".txt") { continue }
      var included: Set<String> = []
      var lines: [RequirementLine] = []
      var open = [name]
      while let next = open.popLast(), lines.count < 20_000 {
        for line in RequirementLine.parse(found[next] ?? "") {
          lines.append(line)
          guard case .include(let path, isConstraint: false) = line.content,
            let other = Self.included(path, by: next), other != name, included.insert(other).inserted
          else { continue }
          open.append(other)
        }
      }
      var (role, rank) = Self.role(of: name)
      if role == .other, tested.contains(name) { (role, rank) = (.test, [0] + rank.dropFirst()) }
      files.append(File(name: name, role: role, rank: rank, lines: lines, included: included))
    }
    files.sort { $0.rank == $1.rank ? $0.name < $1.name : $0.rank.lexicographicallyPrecedes($1.rank) }
  }

  subscript(role: Role) -> [File] { files.filter { $0.role == role } }

  /// The file that an `-r` or `-c` of another means; nil for one outside of the repository.
  static func included(_ path: String, by name: String) -> String? {
    let target = FilePath(name).removingLastComponent().pushing(FilePath(path)).lexicallyNormalized()
    guard !target.isAbsolute, target.components.first?.kind == .regular else { return nil }
    return target.string
  }

  // MARK: Names

  private static let folders = ["requirements", "reqs"]
  /// Folders that are looked into for requirements files.
  static let listed = folders

  private static let mute: Set<String> = [
    "requirements", "requirement", "reqs", "req", "pip", "lock", "locked", "frozen", "pinned", "python",
  ]
  private static let development = ["dev", "development", "develop", "devel", "local"]
  private static let testing = ["test", "tests", "testing"]
  private static let base: Set<String> = [
    "base", "main", "common", "core", "prod", "production", "runtime", "install", "app", "default",
  ]

  private static func words(_ name: String) -> [String] {
    let ending = ending(of: name)
    let stem = ending.isEmpty ? name[...] : name.dropLast(ending.count + 1)
    return stem.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init).filter {
      !mute.contains($0)
    }
  }

  /// Of a name, without the dot; a number is none.
  private static func ending(of name: String) -> Substring {
    let base = name.split(separator: "/").last ?? ""
    guard let dot = base.lastIndex(of: "."), dot != base.startIndex else { return "" }
    let ending = base[base.index(after: dot)...]
    return ending.allSatisfy { $0.isASCII && $0.isLetter } ? ending : ""
  }

  private static func hasItsEnding(_ name: String) -> Bool { name.hasSuffix(".txt") || name.hasSuffix(".in") }

  /// What other kinds of files end in.
  private static let foreign: Set<String> = [
    "py", "sh", "md", "rst", "adoc", "toml", "yml", "yaml", "json", "cfg", "ini", "html", "j", "tpl", "tmpl",
    "bak", "orig", "rej", "swp", "nix", "lockb", "xml", "csv",
  ]

  /// conda reads it, and some of its names are others on PyPI.
  static func isCondas(_ name: String) -> Bool {
    name.lowercased().split { !$0.isLetter && !$0.isNumber }.contains("conda")
  }

  /// By its name. What does not end in `.txt` or `.in` is one only if it reads as one.
  static func isOne(_ name: String) -> Bool {
    guard name != "MANIFEST.in", !name.hasSuffix("~"), !isCondas(name) else { return false }
    let parts = name.lowercased().split(separator: "/")
    let isInFolder = parts.first.map { folders.contains(String($0)) } == true && parts.count > 1
    guard hasItsEnding(name) else {
      let isCalledOne = parts.last?.hasPrefix("requirements") == true
      return (isInFolder || isCalledOne) && parts.last?.hasPrefix(".") == false
        && !foreign.contains(ending(of: name.lowercased()).lowercased())
    }
    return parts.last?.contains("require") == true || parts.last?.hasPrefix("reqs") == true || isInFolder
  }

  /// Whether each line asks for something, as pip reads it.
  private static func isList(_ text: String) -> Bool {
    let lines = RequirementLine.parse(text)
    return !lines.isEmpty
      && lines.allSatisfy { line in
        if case .other = line.content { return false }
        return true
      }
  }

  /// What a file is for, and how well its name says so.
  static func role(of name: String) -> (Role, rank: [Int]) {
    let words = words(name)
    let depth = name.count { $0 == "/" }
    let isSource = name.hasSuffix(".in") ? 1 : 0
    func rank(_ list: [String]) -> [Int] {
      [words.count, list.firstIndex { words.contains($0) } ?? 0, depth, isSource]
    }
    if words.contains(where: development.contains) { return (.development, rank(development)) }
    if words.contains(where: testing.contains) { return (.test, rank(testing)) }
    if words.allSatisfy(base.contains) {
      let isDeployed = words.contains { ["prod", "production", "runtime"].contains($0) } ? 1 : 0
      return (.base, [words.count, isDeployed, depth, isSource])
    }
    return (.other, [words.count, 0, depth, isSource])
  }

  /// By PEP 503.
  static func normal(_ name: String) -> String {
    name.lowercased().split { "-_.".contains($0) }.joined(separator: "-")
  }

  static func isRunner(_ name: String) -> Bool {
    name.hasPrefix("pytest") || ["nose", "nose2", "zope-testrunner", "ward", "twisted"].contains(name)
  }

  /// The repository's own folder, with or without extras.
  static func isHere(_ address: String) -> Bool {
    var path = address.prefix { $0 != "[" && $0 != "#" && $0 != ";" }
    if path.hasPrefix("file:") { path = path.dropFirst(5) }
    while let last = path.last, last == "/" || last == " " { path.removeLast() }
    return [".", "..", "./.", "${PWD}", "///${PWD}"].contains(path)
  }
}
