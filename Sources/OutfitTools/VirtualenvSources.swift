import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSystem
import SystemPackage

/// The files that a virtualenv is made from, as they are given to uv.
struct Sources {
  var section: Sourced<VirtualenvSection>
  var reading: ResolutionFiles
  /// What the pins in the lock are compared by.
  var digest: Digest
  /// The project's folder.
  var root: FilePath
  var environment: [String: String]

  /// - Throws: `Failure` with status `usage` for a file that is not there, or asks for what can't be had.
  static func read(_ section: Sourced<VirtualenvSection>, _ context: Context) throws -> Round<Sources> {
    var queries: [Query] = []
    let reading = try ResolutionFiles.read(section.value, at: section.source.location) { name in
      let query = Query.contents(context.root.pushing(FilePath(name)))
      switch context.facts[query] {
      case nil:
        queries.append(query)
        return []
      case .contents(let bytes)?: return bytes
      case .failed(let diagnostic)?: throw Failure([diagnostic], status: .usage)
      default: return nil
      }
    }
    guard queries.isEmpty else { return .ask(queries) }
    try checkGroups(section, reading)
    for (name, lines) in reading.lines.sorted(by: { $0.key < $1.key }) {
      for line in lines { try check(line, in: name) }
    }
    return .done(
      Sources(
        section: section, reading: reading, digest: reading.digest(for: context.profile), root: context.root,
        environment: context.environment))
  }

  private static func checkGroups(
    _ section: Sourced<VirtualenvSection>, _ reading: ResolutionFiles
  ) throws {
    if let other = section.value.ships.first(where: { section.value.groups?.contains($0) != true }) {
      throw Failure(
        "`virtualenv.ships` has \(other), which is not among `groups`", at: section.source.location,
        hint:
          "what ships is there for those who develop as well: groups: [\(((section.value.groups ?? []) + [other]).joined(separator: ", "))]",
        status: .usage)
    }
    guard let names = section.value.groups, !names.isEmpty, let known = try reading.groups(),
      let unknown = names.first(where: { !known.contains(Requirement.normalized($0)) })
    else { return }
    let near = nearest(unknown, among: known).map { "did you mean `\($0)`? " } ?? ""
    let there =
      known.isEmpty
      ? "\(section.value.title) has none" : "there are \(known.sorted().joined(separator: ", "))"
    throw Failure(
      "there is no group \(unknown) in \(section.value.title)", at: section.source.location,
      hint: near + there, status: .usage)
  }

  private static func check(_ line: RequirementLine, in file: String) throws {
    let location = SourceLocation(file: file, line: line.line)
    switch line.content {
    case .other:
      throw Failure(
        "\(line.text) is no requirement, and no option, that pip knows", at: location,
        hint: "write a name with versions, `name @ address`, a path, or an option", status: .usage)
    case .direct(let direct):
      for other in ["hg+", "svn+", "bzr+"] where direct.address.hasPrefix(other) {
        throw Failure(
          "\(line.text) comes from a repository that is not git's", at: location,
          hint: "name a git repository, or an archive by its https address", status: .usage)
      }
    default: break
    }
    let address: String? =
      switch line.content {
      case .direct(let direct): direct.address
      case .option("--editable", let value): value
      default: nil
      }
    if let address, holdsPassword(address) {
      throw Failure(
        "\(withoutPasswords(address)) holds a password or a token, which the lock would hold too",
        at: location,
        hint:
          "write https://USER:${TOKEN}@HOST/..., and set TOKEN where you run Outfit, or keep it in ~/.netrc",
        status: .usage)
    }
  }

  /// Whether it has one itself, and not by the name of a variable.
  static func holdsPassword(_ address: String) -> Bool {
    var text = ""
    var rest = address[...]
    while let start = rest.firstRange(of: "${"), let end = rest[start.upperBound...].firstIndex(of: "}") {
      text += rest[..<start.lowerBound]
      rest = rest[rest.index(after: end)...]
    }
    text += rest
    guard let scheme = text.firstRange(of: "://"), !text[..<scheme.lowerBound].hasSuffix("ssh"),
      let at = text[scheme.upperBound...].prefix(while: { !"/?#".contains($0) }).lastIndex(of: "@")
    else { return false }
    let user = text[scheme.upperBound..<at]
    return !user.isEmpty && user.last != ":"
  }

  /// What the manifest chooses, or what the project's own manager installs by default.
  var choice: ProjectChoice {
    var choice = reading.choice
    if choice.groups == nil, reading.lock == nil,
      let main = reading.mains.first(where: { $0.kind == .project })
    {
      choice.groups = reading.description(of: LocalProject(path: main.folder)).defaultGroups
    }
    return choice
  }

  /// Development has something that does not ship.
  var hasGroups: Bool {
    choice.groups.map { !$0.isEmpty } ?? (reading.lock != nil)
  }

  private func place(_ path: String) -> FilePath {
    path == "." ? root : root.pushing(FilePath(path))
  }

  // MARK: For `uv pip compile`

  struct Compiled {
    var files: [String: [UInt8]] = [:]
    /// Names in the scratch folder, or absolute paths.
    var inputs: [Argument] = []
    var options: [Argument] = []
  }

  /// - Parameters:
  ///   - choice: the groups and extras that are wanted.
  ///   - mains: the files to begin with.
  func compiled(_ choice: ProjectChoice, _ mains: [ResolutionFiles.Main]) throws -> Compiled {
    var compiled = Compiled()
    for (name, lines) in reading.lines {
      let told = try lines.compactMap { try self.told($0, in: name) }
      compiled.files[name] = Array(ResolutionFiles.text(of: told).utf8)
    }
    var extra: [String] = []
    for main in mains {
      guard main.kind != .requirements else {
        compiled.inputs.append(.scratch(main.path))
        continue
      }
      let project = LocalProject(path: main.folder, extras: choice.extras)
      let description = reading.description(of: project)
      let isInstalled = description.isPackage
      if isInstalled {
        let extras = choice.extras.isEmpty ? "" : "[\(choice.extras.joined(separator: ","))]"
        // A folder has no name before it is built, so that nothing else lets uv ask it.
        extra.append("-e \(place(project.path).string)\(extras)")
      } else {
        let name =
          LocalProject.buildFiles.first { reading.files[project.file($0)] != nil } ?? "pyproject.toml"
        compiled.inputs.append(.text(place(project.path).appending(name).string))
        for extra in choice.extras { compiled.options += ["--extra", .text(extra)] }
      }
      for group in choice.groups ?? [] {
        if description.hasGroup(group) {
          let file = place(project.path).appending("pyproject.toml").string
          compiled.options += ["--group", .text("\(file):\(group)")]
        }
        extra += try description.lines(ofGroup: group).compactMap { text in
          let line = RequirementLine.parse(text).first
          return try line.flatMap { try self.told($0, in: project.file("pyproject.toml")) }?.text
        }
      }
    }
    if !extra.isEmpty {
      compiled.files[Self.projectLines] = Array(extra.map { $0 + "\n" }.joined().utf8)
      compiled.inputs.append(.scratch(Self.projectLines))
    }
    return compiled
  }

  private static let projectLines = "outfit.projects.in"

  /// A line in words that uv takes from anywhere: places of this machine are absolute, indexes are in its variables.
  private func told(_ line: RequirementLine, in file: String) throws -> RequirementLine? {
    var line = line
    let location = SourceLocation(file: file, line: line.line)
    func absolute(_ text: String) throws -> String {
      let local = try ResolutionFiles.local(text, by: file, at: location)
      let extras = local.extras.isEmpty ? "" : "[\(local.extras.joined(separator: ","))]"
      return place(local.path).string + extras
    }
    switch line.content {
    case .option(let name, _) where ResolutionIndexes.options.contains(name): return nil
    case .option("--editable", let value):
      if value.contains("://"), !value.lowercased().hasPrefix("file:") {
        // Of a repository only what is asked of it counts here.
        let parts = value.split(separator: "#egg=", maxSplits: 1)
        let name = parts.count > 1 ? "\(parts[1].prefix { $0 != "&" }) @ " : ""
        line.text = name + (parts.first.map(String.init) ?? value)
      } else {
        line.text = "-e " + (try absolute(value))
      }
    case .direct(let direct) where !direct.isRemote:
      let target = try absolute(direct.address)
      let condition = direct.marker.map { " ; \($0)" } ?? ""
      if target.lowercased().hasSuffix(".whl") {
        line.text = target + condition + line.digests.map { " --hash=sha256:\($0)" }.joined()
      } else {
        let extras = direct.extras.isEmpty ? "" : "[\(direct.extras.joined(separator: ","))]"
        line.text = "-e \(target)\(extras)\(condition)"
      }
    default: break
    }
    return line
  }

  /// `${NAME}` of capital letters, digits and underscores, as pip has it; one that is not set stays.
  static func expanded(_ text: String, _ environment: [String: String]) -> String {
    var result = ""
    var rest = text[...]
    while let start = rest.firstRange(of: "${") {
      result += rest[..<start.lowerBound]
      let name = rest[start.upperBound...].prefix {
        $0.isASCII && ($0.isUppercase || $0.isNumber || $0 == "_")
      }
      let end = name.endIndex
      guard !name.isEmpty, end < rest.endIndex, rest[end] == "}", let value = environment[String(name)] else {
        result += "${"
        rest = rest[start.upperBound...]
        continue
      }
      result += value
      rest = rest[rest.index(after: end)...]
    }
    return result + rest
  }

  /// The variables that lines name, for uv to put in their place: the lock has the names, and no value.
  ///
  /// What steers uv itself, or the programs that it starts, is none of them.
  var variables: [String: String] {
    let own = ["UV_", "PIP_", "PYTHON", "LD_", "DYLD_", "GIT_", "SSH_", "SSL_", "XDG_"]
    var variables: [String: String] = [:]
    for line in reading.lines.values.joined() {
      for part in line.text.split(separator: "${", omittingEmptySubsequences: false).dropFirst() {
        let name = String(part.prefix { $0 != "}" })
        let isPlain = name.utf8.allSatisfy { (65...90).contains($0) || (48...57).contains($0) || $0 == 95 }
        guard !name.isEmpty, isPlain, !own.contains(where: { name.hasPrefix($0) }),
          !["PATH", "HOME", "TMPDIR"].contains(name), let value = environment[name]
        else { continue }
        variables[name] = value
      }
    }
    return variables
  }

  /// Where they say that packages are, with the values of variables.
  var indexes: ResolutionIndexes { get throws { try reading.indexes } }
}
