import OutfitCore
import SystemPackage

/// The files that a virtualenv is made from, with those that they include, as every reader of them has it.
package struct ResolutionFiles: Sendable {
  package enum Kind: Sendable {
    case requirements, project, uvLock, poetryLock, pdmLock, pipfileLock, pylock

    /// By the name of the file.
    init(_ name: String) {
      switch name {
      case "uv.lock": self = .uvLock
      case "poetry.lock": self = .poetryLock
      case "pdm.lock": self = .pdmLock
      case "Pipfile.lock": self = .pipfileLock
      case "pyproject.toml", "setup.py", "setup.cfg": self = .project
      // PEP 751.
      case _ where name.hasPrefix("pylock.") && name.hasSuffix(".toml"): self = .pylock
      default: self = .requirements
      }
    }

    package var isLock: Bool { self != .requirements && self != .project }
  }

  /// One file of `from:`.
  package struct Main: Hashable, Sendable {
    package var kind: Kind
    /// Relative to the project.
    package var path: String

    package init(kind: Kind, path: String) {
      self.kind = kind
      self.path = path
    }

    /// Where its project lies, relative to the one that has the manifest.
    package var folder: String {
      let folder = FilePath(path).removingLastComponent().string
      return folder.isEmpty ? "." : folder
    }
  }

  /// In the order of `from:`.
  package var mains: [Main] = []
  /// Contents by path, relative to the project.
  package var files: [String: [UInt8]] = [:]
  /// Of requirements files.
  package var lines: [String: [RequirementLine]] = [:]
  /// Folders whose build code may be run: lines and locks name them, or they are `from:` itself and have something to
  /// install.
  package var projects: [LocalProject] = []
  /// Wheels that lines name by their path, relative to the project.
  package var wheels: [String] = []
  package var choice = ProjectChoice()

  /// Over the names and contents of all of them.
  package var digest: Digest {
    var digest = Digest.Running()
    for (name, bytes) in files.sorted(by: { $0.key < $1.key }) {
      digest.field(name)
      digest.field(Digest(of: bytes).hex)
    }
    return digest.finish()
  }

  /// - Parameters:
  ///   - location: of `from:`, where the caller knows it.
  ///   - look: the content of a file of the project; nil where it is not there.
  /// - Throws: what `look` throws; `Failure`, status 2, for what is not there, can't be used or lies elsewhere.
  package static func read(
    _ section: VirtualenvSection, at location: SourceLocation?, look: (String) throws -> [UInt8]?
  ) throws -> ResolutionFiles {
    var reading = ResolutionFiles()
    reading.choice = ProjectChoice(groups: section.groups, extras: section.extras)
    for from in section.from {
      let path = FilePath(from).lexicallyNormalized()
      let main = Main(kind: Kind(path.lastComponent?.string ?? ""), path: path.string)
      reading.mains.append(main)
      try reading.readMain(main, at: location, look)
    }
    if reading.mains.count(where: \.kind.isLock) > 1 {
      throw Failure(
        "`from:` names two locks", at: location, hint: "name one of them, and requirements files beside it",
        status: .usage)
    }
    return reading
  }

  private mutating func readMain(
    _ main: Main, at location: SourceLocation?, _ look: (String) throws -> [UInt8]?
  ) throws {
    switch main.kind {
    case .requirements: try readRequirements(main.path, at: location, look)
    case .project:
      try need(main.path, at: location, look)
      try project(LocalProject(path: main.folder, extras: choice.extras), isNamed: false, look)
    case .uvLock, .pylock, .pipfileLock:
      try need(main.path, at: location, look)
      if main.kind == .uvLock { try need(beside(main), at: location, look) }
      for path in try localFolders(main) { try project(LocalProject(path: path), isNamed: true, look) }
    case .poetryLock, .pdmLock:
      try need(main.path, at: location, look)
      try need(beside(main), at: location, look)
      try project(LocalProject(path: main.folder, extras: choice.extras), isNamed: false, look)
      for path in try localFolders(main) { try project(LocalProject(path: path), isNamed: true, look) }
    }
  }

  private func beside(_ main: Main) -> String { LocalProject(path: main.folder).file("pyproject.toml") }

  private mutating func need(
    _ name: String, at location: SourceLocation?, included: Bool = false, _ look: (String) throws -> [UInt8]?
  ) throws {
    guard files[name] == nil else { return }
    guard let bytes = try look(name) else {
      throw Failure(
        "there is no \(name) in the project", at: location,
        hint: included
          ? "take the line out, or make the file"
          : "name the file that lists its packages: `virtualenv: {from: ...}`", status: .usage)
    }
    files[name] = bytes
  }

  /// The build files of a folder.
  /// - Parameter isNamed: a line or a lock installs it, whatever its files say.
  private mutating func project(
    _ project: LocalProject, isNamed: Bool, _ look: (String) throws -> [UInt8]?
  ) throws {
    var found: [String: [UInt8]] = [:]
    for name in LocalProject.buildFiles {
      let path = project.file(name)
      guard let bytes = try files[path] ?? look(path) else { continue }
      found[name] = bytes
      files[path] = bytes
    }
    let description = ProjectDescription(found)
    for name in description.metadataFiles {
      let path = project.file(name)
      // One that is not there, or is no file, is none.
      if files[path] == nil, let bytes = try? look(path) { files[path] = bytes }
    }
    // Members of a workspace are found by uv alone, and built with the project that has them.
    guard !found.isEmpty, isNamed || description.isPackage || description.hasLocalSources else { return }
    if let known = projects.firstIndex(where: { $0.path == project.path }) {
      projects[known].extras = Set(projects[known].extras + project.extras).sorted()
    } else {
      projects.append(project)
    }
  }

  // MARK: Requirements files

  private mutating func readRequirements(
    _ main: String, at location: SourceLocation?, _ look: (String) throws -> [UInt8]?
  ) throws {
    var includer: [String: SourceLocation] = [:]
    var names = [main]
    while let name = names.popLast() {
      guard lines[name] == nil else { continue }
      try need(name, at: includer[name] ?? location, included: includer[name] != nil, look)
      let parsed = RequirementLine.parse(RequirementLine.text(of: files[name] ?? []))
      lines[name] = parsed
      for line in parsed {
        let place = SourceLocation(file: name, line: line.line)
        switch line.content {
        case .include(let path, _):
          guard !path.contains("://") else { continue }
          let included = try Self.included(path, by: name, at: place)
          includer[included] = includer[included] ?? place
          names.append(included)
        case .option("--editable", let value) where !Self.isRemote(value):
          let local = try Self.local(value, by: name, at: place)
          try project(LocalProject(path: local.path, extras: local.extras), isNamed: true, look)
        case .direct(let direct) where !direct.isRemote && !Self.isRemote(direct.address):
          let local = try Self.local(direct.address, by: name, at: place)
          if LockedPackage.isWheel(local.path) {
            try need(local.path, at: place, included: true, look)
            if !wheels.contains(local.path) { wheels.append(local.path) }
          } else {
            try project(
              LocalProject(path: local.path, extras: local.extras + direct.extras), isNamed: true, look)
          }
        default: break
        }
      }
    }
  }

  static func isRemote(_ address: String) -> Bool {
    let address = address.lowercased()
    return address.contains("://") && !address.hasPrefix("file:")
  }

  /// A place on this machine as a line has it, in the project: pip takes it from where it is started, which is there.
  package static func local(
    _ text: String, by name: String, at location: SourceLocation
  ) throws -> (path: String, extras: [String]) {
    let (place, extras) = LocalProject.place(text)
    let target = FilePath(place).lexicallyNormalized()
    guard !target.isAbsolute, target.components.first?.kind != .parentDirectory else {
      let beside = FilePath(name).removingLastComponent().pushing(FilePath(place)).lexicallyNormalized()
      guard !beside.isAbsolute, beside.components.first?.kind != .parentDirectory else {
        throw Failure(
          "\(text) lies outside the project", at: location,
          hint: "copy it into the project, or name it by its address",
          status: .usage)
      }
      return (beside.string.isEmpty ? "." : beside.string, extras)
    }
    return (target.string.isEmpty ? "." : target.string, extras)
  }

  static func included(_ path: String, by name: String, at location: SourceLocation) throws -> String {
    let isPlain = path.allSatisfy {
      $0.isASCII && ($0.isLetter || $0.isNumber || "/._-+@~,=()[] ".contains($0))
    }
    guard isPlain else {
      throw Failure(
        "\(path) can't be followed: a file of the project is included by its plain name", at: location,
        hint: "name it relative to \(name)", status: .usage)
    }
    let target = FilePath(name).removingLastComponent().pushing(FilePath(path)).lexicallyNormalized()
    guard !target.isAbsolute, target.components.first?.kind == .regular else {
      throw Failure(
        "\(path) lies outside the project", at: location, hint: "copy it into the project", status: .usage)
    }
    return target.string
  }

  /// A requirements file in the one spelling that was judged, each line where it stood.
  package static func text(of lines: [RequirementLine]) -> String {
    var text = ""
    var number = 1
    for line in lines {
      if line.line > number {
        text += String(repeating: "\n", count: line.line - number)
        number = line.line
      }
      text += line.text + "\n"
      number += 1
    }
    return text
  }

  // MARK: What they say

  /// The one file of a tool's own that locks everything, where `from:` names one.
  package var lock: Main? { mains.first { $0.kind.isLock } }

  /// What another manager's lock comes to; nil where it can't be told from the lock alone, and for a uv.lock.
  /// - Throws: `Failure`, status 2, for a file that can't be read.
  package func locked(_ choice: ProjectChoice) throws -> LockedPackages? {
    guard let main = lock else { return nil }
    let bytes = files[main.path] ?? []
    switch main.kind {
    case .pylock: return PylockReader(root: try Self.toml(bytes, main.path).root).packages(choice)
    case .poetryLock, .pdmLock:
      let root = try Self.toml(bytes, main.path).root
      let project = try Self.toml(files[beside(main)] ?? [], beside(main)).root
      return main.kind == .poetryLock
        ? PoetryLockReader(root: root, project: project).packages(choice)
        : PdmLockReader(root: root, project: project).packages(choice)
    case .pipfileLock: return PipfileLockReader(root: try Self.json(bytes, main.path)).packages(choice)
    case .requirements, .project, .uvLock: return nil
    }
  }

  /// The groups that there are to choose from, normalised; nil where no file tells.
  package func groups() throws -> Set<String>? {
    var known: Set<String>?
    for main in mains where main.kind != .requirements {
      var own: Set<String> = []
      switch main.kind {
      case .pylock:
        let root = try Self.toml(files[main.path] ?? [], main.path).root
        for key in ["dependency-groups", "default-groups"] {
          own.formUnion((root[key]?.array ?? []).compactMap(\.string).map { normalizedPackageName($0) })
        }
      case .pipfileLock:
        let node = try Self.json(files[main.path] ?? [], main.path)
        own = Set((node.pairs ?? []).map(\.key).filter { $0 != "_meta" }.map { normalizedPackageName($0) })
      default:
        own = description(of: LocalProject(path: main.folder)).groups
        for project in projects { own.formUnion(description(of: project).groups) }
      }
      known = (known ?? []).union(own)
    }
    return known
  }

  /// Everything in a lock, whatever is chosen.
  func everything() throws -> [LockedPackage] {
    guard let main = lock, main.kind != .uvLock else { return [] }
    let root = main.kind == .pipfileLock ? .table([:]) : try Self.toml(files[main.path] ?? [], main.path).root
    let entries = root["package"]?.array ?? []
    let groups = Set(entries.flatMap { ($0["groups"]?.array ?? []).compactMap(\.string) })
    switch main.kind {
    case .pylock:
      let all = ProjectChoice(
        groups: (root["dependency-groups"]?.array ?? []).compactMap(\.string)
          + (root["default-groups"]?.array ?? []).compactMap(\.string),
        extras: (root["extras"]?.array ?? []).compactMap(\.string))
      return PylockReader(root: root).packages(all).packages
    case .pipfileLock:
      let node = try Self.json(files[main.path] ?? [], main.path)
      return PipfileLockReader(root: node).packages(ProjectChoice(groups: (node.pairs ?? []).map(\.key)))
        .packages
    default:
      let project = try Self.toml(files[beside(main)] ?? [], beside(main)).root
      let dependencies = ProjectDependencies(project)
      let all = ProjectChoice(
        groups: Array(groups) + dependencies.groups.keys,
        extras: Array((project["project"]?["optional-dependencies"]?.table ?? [:]).keys)
          + Array((project["tool"]?["poetry"]?["extras"]?.table ?? [:]).keys) + Array(groups))
      return try locked(all)?.packages ?? []
    }
  }

  /// Folders that a lock has packages in, relative to the project.
  private func localFolders(_ main: Main) throws -> [String] {
    var paths: [String] = []
    if main.kind == .uvLock {
      let root = try Self.toml(files[main.path] ?? [], main.path).root
      for entry in root["package"]?.array ?? [] {
        if let path = (entry["source"]?["editable"] ?? entry["source"]?["directory"])?.string {
          paths.append(path)
        }
      }
    } else {
      for package in try everything() {
        if case .path(let path, _) = package.source, !LockedPackage.isWheel(path) { paths.append(path) }
      }
    }
    return try paths.map { path in
      try Self.local(
        "./\(path)", by: main.path, at: SourceLocation(file: main.path, line: 1), from: main.folder)
    }
  }

  /// - Parameter from: the folder that it is relative to.
  private static func local(
    _ path: String, by name: String, at location: SourceLocation, from: String
  ) throws -> String {
    let place = FilePath(from).pushing(FilePath(path)).lexicallyNormalized()
    guard !place.isAbsolute, place.components.first?.kind != .parentDirectory else {
      throw Failure(
        "\(name) has a package in \(path), which lies outside the project", at: location,
        hint: "keep the manifest in a folder above both", status: .usage)
    }
    return place.string.isEmpty ? "." : place.string
  }

  /// The names of the packages that are asked for, normalised, without those that are only constrained.
  package var names: Set<String> {
    get throws {
      var names: Set<String> = []
      for main in mains where main.kind == .project {
        guard let bytes = files[beside(main)] else { continue }
        var reader = ProjectReader(file: beside(main), document: try Self.toml(bytes, beside(main)))
        reader.readProject()
        names.formUnion(reader.names)
      }
      var seen: Set<String> = []
      var open = mains.filter { $0.kind == .requirements }.map(\.path)
      while let file = open.popLast() {
        guard seen.insert(file).inserted else { continue }
        for line in lines[file] ?? [] {
          switch line.content {
          case .package(let package): names.insert(normalizedPackageName(package.name))
          case .direct(let direct): if let name = direct.name { names.insert(normalizedPackageName(name)) }
          case .include(let path, isConstraint: false) where !path.contains("://"):
            open.append(try Self.included(path, by: file, at: SourceLocation(file: file, line: line.line)))
          default: break
          }
        }
      }
      return names
    }
  }

  /// What the digests in requirements files allow.
  package var digests: RequirementDigests { RequirementDigests(lines) }

  /// Every direct address in it: what a lock may name. Of a repository without what is wanted of it.
  package var addresses: Set<String> {
    get throws {
      var addresses: Set<String> = []
      for line in lines.values.joined() {
        switch line.content {
        case .direct(let direct): addresses.insert(direct.address)
        case .option("--editable", let value): addresses.insert(value)
        default: break
        }
      }
      for reader in try readers() { addresses.formUnion(reader.addresses) }
      for package in try everything() {
        switch package.source {
        case .file(let address): addresses.insert(address)
        case .git(let repository, _, _): addresses.insert("git+\(repository)")
        case .index, .path: break
        }
      }
      return addresses.union(addresses.map { RequirementLine.repository($0) })
    }
  }

  package var members: [ResolutionInputs.Member] {
    get throws {
      var members: [ResolutionInputs.Member] = []
      for (name, lines) in lines {
        members += lines.compactMap { $0.member(at: SourceLocation(file: name, line: $0.line)) }
      }
      for reader in try readers() { members += reader.members }
      if let main = lock {
        let place = SourceLocation(file: main.path, line: 1)
        for package in try everything() {
          switch package.source {
          case .index(let address?):
            members.append(.init(.index, "registry \(withoutUser(address))", at: place))
          case .index(nil): break
          case .git(let repository, _, _):
            members.append(.init(.address, "\(package.name) from git \(withoutUser(repository))", at: place))
          case .file(let address):
            members.append(.init(.address, "\(package.name) from \(withoutUser(address))", at: place))
          case .path(let path, _): members.append(.init(.path, "\(package.name) from \(path)", at: place))
          }
        }
      }
      var first: [ResolutionInputs.Member: ResolutionInputs.Member] = [:]
      for member in members where first[member].map({ member.location < $0.location }) ?? true {
        first[member] = member
      }
      return first.values.sorted { ($0.kind.rawValue, $0.text) < ($1.kind.rawValue, $1.text) }
    }
  }

  /// Of every pyproject.toml, and of a uv.lock.
  private func readers() throws -> [ProjectReader] {
    try files.compactMap { name, bytes in
      switch FilePath(name).lastComponent?.string {
      case "pyproject.toml":
        var reader = ProjectReader(file: name, document: try Self.toml(bytes, name))
        reader.readProject()
        return reader
      case "uv.lock" where lock?.path == name:
        var reader = ProjectReader(file: name, document: try Self.toml(bytes, name))
        reader.readLock()
        return reader
      default: return nil
      }
    }
  }

  /// The build files of a folder, by their names alone.
  package func description(of project: LocalProject) -> ProjectDescription {
    ProjectDescription(
      LocalProject.buildFiles.reduce(into: [:]) { found, name in found[name] = files[project.file(name)] })
  }

  private static func toml(_ bytes: [UInt8], _ name: String) throws -> TomlDocument {
    do {
      return try TomlReader.document(bytes)
    } catch {
      throw Failure(
        "this line can't be read as TOML", at: SourceLocation(file: name, line: error.line), status: .usage)
    }
  }

  /// JSON is read as YAML, which says lines and finds a key that is there twice.
  private static func json(_ bytes: [UInt8], _ name: String) throws -> YamlNode {
    // A file that is only known later is empty for now.
    if bytes.isEmpty { return YamlNode(content: .mapping([]), location: SourceLocation(file: name, line: 1)) }
    let reading = YamlReader.read(bytes, file: name)
    guard reading.diagnostics.isEmpty, let root = reading.root, root.pairs != nil else {
      let diagnostic =
        reading.diagnostics.first
        ?? Diagnostic(.error, "this is no JSON object", at: SourceLocation(file: name, line: 1))
      throw Failure([diagnostic], status: .usage)
    }
    return root
  }
}
