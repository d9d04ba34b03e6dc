import OutfitCore
import OutfitSystem
import SystemPackage

/// What stands in a pyenv root: it is only read.
public struct PyenvRoot: Sendable {
  public struct Entry: Hashable, Sendable {
    /// As pyenv calls it: `3.11.7`, `pypy3.10-7.3.12`, `shop`.
    public var name: String
    public var folder: FilePath
    /// Where the folder is: another where its name is a link.
    public var place: FilePath
    /// It is a link to another of pyenv's own versions.
    public var isAlias = false
    public init(name: String, folder: FilePath, place: FilePath? = nil) {
      self.name = name
      self.folder = folder
      self.place = place ?? folder
    }
  }

  public struct Virtualenv: Hashable, Sendable {
    public var name: String
    public var folder: FilePath
    /// What its pyvenv.cfg says of its Python; nil where that can't be read.
    public var version: Version?
    /// Its `bin/python` leads to a program.
    public var works: Bool
  }

  public struct Package: Hashable, Sendable {
    /// As `default-packages` has it.
    public var line: String
    public var lineNumber: Int
    /// Normalised (PEP 503); nil for what is no plain requirement: an address, an option.
    public var name: String?
    public var extras: [String] = []
    /// `==23.1`; empty for any version.
    public var specifier: String = ""
    /// Its programs, where one of pyenv's versions has it.
    public var programs: [String] = []
  }

  public var root: FilePath
  /// CPython's, the newest first.
  public var versions: [(version: Version, entry: Entry)] {
    entries.compactMap { entry in Version(entry.name).map { ($0, entry) } }.sorted { $0.0 > $1.0 }
  }
  /// All that is no virtualenv.
  public var entries: [Entry] = []
  public var virtualenvs: [Virtualenv] = []
  /// The lines of the file `version`: names of versions and virtualenvs, `system`.
  public var global: [String] = []
  public var defaultPackages: [Package] = []

  /// Where pyenv is: `PYENV_ROOT`, or ~/.pyenv.
  public static func locate(_ host: Host) -> FilePath {
    if let root = host.environment["PYENV_ROOT"].map({ FilePath($0) }), root.isAbsolute { return root }
    return host.user.home.appending(".pyenv")
  }

  /// - Throws: `Failure`, status 2, where there is no pyenv.
  public static func read(_ root: FilePath, _ host: Host) throws -> PyenvRoot {
    let files = host.files
    let versions = root.appending("versions")
    guard try files.status(versions, followLinks: true)?.kind == .directory else {
      throw Failure(
        "there is no pyenv in \(root)", hint: "name its folder: outfit import pyenv --root DIR",
        status: .usage)
    }
    var pyenv = PyenvRoot(root: root)
    for name in try files.list(versions) where !name.hasPrefix(".") {
      let folder = versions.appending(name)
      guard try files.status(folder, followLinks: true)?.kind == .directory else { continue }
      if files.exists(folder.appending("pyvenv.cfg")) {
        // pyenv-virtualenv links to the one below its version, maybe by another name of that.
        let isLink = try files.status(folder, followLinks: false)?.kind == .link
        pyenv.add(name, isLink ? files.resolved(folder) ?? folder : folder, files)
      } else if files.exists(folder.appending("bin").appending("python")) {
        var entry = Entry(name: name, folder: folder, place: files.resolved(folder) ?? folder)
        entry.isAlias =
          entry.place.lastComponent?.string != name
          && entry.place.removingLastComponent() == (files.resolved(versions) ?? versions)
        pyenv.entries.append(entry)
        // What an alias shows is found below the version itself.
        guard !entry.isAlias else { continue }
        let environments = folder.appending("envs")
        guard files.exists(environments) else { continue }
        for inner in try files.list(environments)
        where files.exists(environments.appending(inner).appending("pyvenv.cfg")) {
          pyenv.add(inner, environments.appending(inner), files)
        }
      }
    }
    pyenv.virtualenvs.sort { $0.name < $1.name }
    pyenv.global = words(try files.text(root.appending("version")))
    try pyenv.readDefaultPackages(files)
    return pyenv
  }

  private mutating func add(_ name: String, _ folder: FilePath, _ files: any Files) {
    guard !virtualenvs.contains(where: { $0.name == name }) else { return }
    var version: Version?
    for line in ((try? files.text(folder.appending("pyvenv.cfg"))) ?? nil ?? "").split(separator: "\n") {
      let parts = line.split(separator: "=", maxSplits: 1).map { $0.filter { !$0.isWhitespace } }
      guard parts.count == 2, parts[0] == "version" || parts[0] == "version_info" else { continue }
      // virtualenv writes 3.11.2.final.0.
      let numbers = parts[1].split(separator: ".").compactMap { Int($0) }.prefix(3)
      if !numbers.isEmpty { version = Version(Array(numbers)) }
    }
    virtualenvs.append(
      Virtualenv(
        name: name, folder: folder, version: version,
        works: files.exists(folder.appending("bin").appending("python"))))
  }

  /// The first word of each line, comments apart.
  private static func words(_ text: String?) -> [String] {
    (text ?? "").split(whereSeparator: \.isNewline).compactMap { line in
      let word = line.split(whereSeparator: \.isWhitespace).first
      return word.flatMap { $0.hasPrefix("#") ? nil : String($0) }
    }
  }

  // MARK: default-packages

  private mutating func readDefaultPackages(_ files: any Files) throws {
    let text = try files.text(root.appending("default-packages")) ?? ""
    let known = try programs(files)
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let bare = line.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace).joined()
      guard !bare.isEmpty else { continue }
      var package = Package(line: bare, lineNumber: index + 1)
      let name = bare.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) }
      var rest = bare.dropFirst(name.count)
      var isPlain = !name.isEmpty && name.first != "-" && name.first != "."
      if rest.hasPrefix("["), let end = rest.firstIndex(of: "]") {
        package.extras = rest[..<end].dropFirst().split(separator: ",").map(String.init)
        rest = rest[rest.index(after: end)...]
      }
      isPlain = isPlain && (rest.isEmpty || "<>=!~".contains(rest.first ?? " "))
      if isPlain {
        let normal = Self.normalised(name)
        package.name = normal
        package.specifier = String(rest)
        package.programs = known[normal] ?? []
      }
      defaultPackages.append(package)
    }
  }

  private static func normalised(_ name: some StringProtocol) -> String {
    String(name.lowercased().map { $0 == "_" || $0 == "." ? "-" : $0 })
  }

  /// By package, the console scripts of what is installed in pyenv's versions (entry_points.txt of its dist-info).
  private func programs(_ files: any Files) throws -> [String: [String]] {
    var programs: [String: Set<String>] = [:]
    for entry in entries {
      let library = entry.folder.appending("lib")
      for python in (try? files.list(library)) ?? [] where python.hasPrefix("python") {
        let packages = library.appending(python).appending("site-packages")
        for name in (try? files.list(packages)) ?? [] where name.hasSuffix(".dist-info") {
          guard let dash = name.firstIndex(of: "-"),
            let text = (try? files.text(packages.appending(name).appending("entry_points.txt"))) ?? nil
          else { continue }
          programs[Self.normalised(name[..<dash]), default: []].formUnion(Self.consoleScripts(text))
        }
      }
    }
    return programs.mapValues { $0.sorted() }
  }

  private static func consoleScripts(_ text: String) -> [String] {
    var isInside = false
    var names: [String] = []
    for line in text.split(whereSeparator: \.isNewline) {
      if line.hasPrefix("[") {
        isInside = line.hasPrefix("[console_scripts]")
      } else if isInside, let equals = line.firstIndex(of: "=") {
        names.append(line[..<equals].filter { !$0.isWhitespace })
      }
    }
    return names
  }
}
