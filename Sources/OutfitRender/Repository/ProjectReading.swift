import OutfitCore
import OutfitProfile

/// What a repository says of itself, in the files that others left there, as an outfit.yaml.
///
/// Nothing is run. What is a guess has a comment in the manifest; what can't be taken over is a note.
public struct ProjectReading: Sendable {
  /// The files that are read, relative to the repository, with those of `versionFiles` that the caller reads too.
  public static let files =
    [
      "Dockerfile.prod", "Dockerfile.production", "docker/Dockerfile", "docker/Dockerfile.prod",
      "docker/default.Dockerfile",
      "pyproject.toml", "setup.py", "setup.cfg", "uv.lock", "poetry.lock", "pdm.lock", "Pipfile",
      "Pipfile.lock",
      "docs/requirements.txt",
      "doc/requirements.txt", "package.json", "Dockerfile", "compose.yaml", "compose.yml",
      "docker-compose.yaml",
      "docker-compose.yml", ".pre-commit-config.yaml", "Procfile", "manage.py", "compose.override.yaml",
      "compose.override.yml", "docker-compose.override.yaml", "docker-compose.override.yml",
    ] + NodeModulesReading.files + InstallCommand.files + TestInstallation.files
    + CondaFiles.files + versionManagerFiles

  /// The folders whose files are listed for `isRead`; the empty one is the repository's own.
  public static let folders = [""] + RequirementFiles.listed

  /// Whether a file is read that stands in one of `folders`, beside `files`.
  public static func isRead(_ name: String) -> Bool {
    RequirementFiles.isOne(name) || EnvironmentReading.isStandardLock(name) || CondaFiles.isList(name)
  }

  /// What is read beside them, once they are known: what requirements files include. What that finds may name more.
  public static func more(_ found: [String: String]) -> [String] {
    var included: [String] = []
    let tested = TestInstallation(found).files
    var open = found.keys.filter(RequirementFiles.isOne).sorted() + tested
    included += tested
    while let name = open.popLast() {
      for line in RequirementLine.parse(found[name] ?? "") {
        guard case .include(let path, isConstraint: false) = line.content,
          let other = RequirementFiles.included(path, by: name), !included.contains(other)
        else { continue }
        included.append(other)
        open.append(other)
      }
    }
    return included.filter { found[$0] == nil }
  }

  /// The requirements files among them of which nothing would be installed.
  public static func leftOut(_ found: [String: String]) -> Set<String> {
    Set(EnvironmentReading(found).leftOut.map(\.name))
  }

  /// The manifest.
  public private(set) var text = ""
  /// What was found and where it went, and what the reader has to look after.
  public private(set) var notes: [Diagnostic] = []

  /// The version of an interpreter, and where it comes from.
  public struct Interpreter: Sendable {
    var text: String
    var place: String
    var isGuess: Bool
    /// Nothing in the repository speaks of it.
    var isUnnamed: Bool

    public init(_ text: String, place: String, isGuess: Bool, isUnnamed: Bool) {
      self.text = text
      self.place = place
      self.isGuess = isGuess
      self.isUnnamed = isUnnamed
    }

    var line: String { "\(Quoting.json(text)) # \(isGuess ? "GUESS: " : "")\(place)" }
  }

  struct Process {
    var command: StartCommand
    var port: Int?
    var place: String
  }

  let found: [String: String]
  /// Tools that have no wheel.
  private let sourceOnlyTools: Set<String>
  let sources: SourceFiles
  let folder: String
  /// From the repository's top.
  let place: String
  private let interpreters: [Language: Interpreter]
  let environment: EnvironmentReading
  let modules: NodeModulesReading
  let django: DjangoProject?
  let compose: ComposeReading
  let names: VariableNames
  let known: KnownPackages
  let scripts: NodeScripts?
  var tools: [PreCommitReading.Tool] = []
  /// Of those that are from another file than pre-commit's.
  var toolPlaces: [String: String] = [:]
  var hooks: [PreCommitReading.Hook] = []
  var hookSettings: [ManifestValue.Entry] = []
  var processes: [String: Process] = [:]
  /// By name, each with why it is a guess where it is one.
  var services: [String: (version: String, guess: String?)] = [:]
  /// Of those who develop.
  var variables: [String: String] = [:]
  /// What a version manager sets in the project's folder, with the place.
  var managed: [String: (value: String, place: String)] = [:]
  /// Of production alone.
  var production: [String: String] = [:]
  /// What the image says itself, of what decides how a program runs.
  var imageVariables: [String: String] = [:]
  /// What compose files and examples give to variables.
  var shown: [String: (String, String)] = [:]
  /// Variables that a compose file gives no value.
  var unsaid: Set<String> = []
  /// Out of what the templates hand out.
  var composed: [String: String] = [:]
  var secrets: [String] = []
  /// Images of services that are not the templates' own.
  var serviceImages: [String: String] = [:]
  /// What was said already.
  var named: Set<String> = []
  var image: String?
  var imageFile = "Dockerfile"
  var imageStage: DockerfileStage?
  var imageValues: [String: String] = [:]
  var places = StartCommand.Places()
  /// The port of what serves, where no command of production is known.
  var servedPort: Int?
  var migrate: (line: String, place: String)?
  /// What a process starts and a script makes: the folder, the script, and where that was read.
  var built: (folder: String, script: String, place: String)?

  /// - Parameters:
  ///   - folder: the name of the folder that is read.
  ///   - place: the folder, from the top of its repository; its name alone where it is the top.
  ///   - found: the texts of `files` that are there, and of what `isRead` and `more` name.
  ///   - sources: what lies there, and the texts that `SourceFiles.isWanted` names.
  ///   - interpreters: what each would be, if the project is one of that language.
  ///   - sourceOnly: packages that have no wheel, as the answer to `wheelQuestion` has them.
  ///   - sourceOnlyTools: those of `toolQuestion`.
  public init(
    folder: String, place: String? = nil, found: [String: String], sources: SourceFiles = SourceFiles(),
    interpreters: [Language: Interpreter], sourceOnly: Set<String> = [], sourceOnlyTools: Set<String> = []
  ) {
    self.found = found
    self.sourceOnlyTools = sourceOnlyTools
    self.folder = folder
    self.place = place ?? folder
    self.sources = SourceFiles(names: sources.names, texts: found.merging(sources.texts) { own, _ in own })
    self.interpreters = interpreters
    environment = EnvironmentReading(found, sourceOnly: sourceOnly, sources: self.sources)
    modules = NodeModulesReading(found)
    django = DjangoProject(self.sources)
    compose = ComposeReading(self.sources, folder: folder, place: self.place)
    names = VariableNames(self.sources)
    known = KnownPackages(found, environment)
    scripts = NodeScripts(found["package.json"])
    readImage()
    if imageStage == nil || places.folder.isEmpty, let django { places.folder = django.folder }
    readProcfile()
    readCompose()
    readHooks()
    readVersionManagers()
    readDockerfile()
    readScripts()
    resolveScripts()
    guessServices()
    guessProcesses()
    finishProcesses()
    composeVariables()
    write()
  }

  /// What no file says of its packages, where it has any.
  public var wheelQuestion: WheelQuestion? { isPython ? environment.wheelQuestion : nil }

  /// Which tools of PyPI have wheels, whatever they need besides; nil where there are none.
  public var toolQuestion: WheelQuestion? {
    let lines = tools.filter { $0.origin == nil }.compactMap { tool -> String? in
      guard tool.version != "latest" else { return tool.name }
      guard tool.version.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == ".") }) else {
        return nil
      }
      let isLine =
        tool.version.allSatisfy { $0.isNumber || $0 == "." } && tool.version.count { $0 == "." } < 2
      return "\(tool.name)==\(tool.version)\(isLine ? ".*" : "")"
    }
    return lines.isEmpty ? nil : WheelQuestion(lines: lines.sorted(), isComplete: true)
  }

  func lines(_ name: String) -> [Substring] {
    (found[name] ?? "").split(whereSeparator: \.isNewline).map { line in
      var line = line.drop { $0 == " " || $0 == "\t" }
      while let last = line.last, last == " " || last == "\r" || last == "\t" { line = line.dropLast() }
      return line
    }.filter { !$0.isEmpty && !$0.hasPrefix("#") }
  }

  mutating func note(_ message: String, _ hint: String? = nil, warns: Bool = false) {
    let note = Diagnostic(warns ? .warning : .note, message, hint: hint)
    // What several services have is said once.
    if !notes.contains(note) { notes.append(note) }
  }

  /// A version that a manifest takes: digits and dots.
  static func version(_ text: some StringProtocol) -> String? {
    let text = text.drop { $0 == "v" || $0 == "=" || $0 == "^" || $0 == "~" || $0 == ">" || $0 == " " }
    let digits = text.prefix { $0.isNumber || $0 == "." }
    return digits.isEmpty || digits.hasSuffix(".") ? nil : String(digits)
  }

  private func toml(_ path: String...) -> String? {
    guard let document = found["pyproject.toml"].flatMap({ try? TomlReader.read($0) }) else { return nil }
    return path.reduce(Optional(document)) { $0?[$1] }?.string
  }

  var isPython: Bool {
    environment.isPython || django != nil || interpreters[.python]?.isUnnamed == false
  }

  var isNode: Bool {
    found["package.json"] != nil || modules.from != nil || interpreters[.node]?.isUnnamed == false
  }

  /// What the image runs: what its last stage starts says so, else what that is built on; nil where neither does.
  var imageLanguage: Language? {
    guard django == nil, let stage = imageStage else { return nil }
    if processes.values.contains(where: { $0.command.program.map(StartCommand.isOfPython) == true }) {
      return .python
    }
    let started = program().command.program ?? ""
    if StartCommand.isOfNode(started) { return .node }
    if StartCommand.isOfPython(started) { return .python }
    let image = SourceFiles.base(of: ImageParity.repository(stage.image))
    if ["node", "bun"].contains(where: image.hasPrefix) { return .node }
    return ["python", "pypy"].contains(where: image.hasPrefix) ? .python : nil
  }

  /// What is shipped runs on Python: requirements may be there for its pages of documentation alone.
  var shipsPython: Bool { isPython && imageLanguage != .node }

  /// What is shipped runs on Node, and is what lies in this folder itself.
  var shipsNode: Bool {
    let isHere = found["package.json"] != nil || modules.from?.contains("/") == false
    let isElsewhere = !places.folder.isEmpty && sources.has("\(places.folder)/package.json")
    return isHere && !isElsewhere && !shipsPython && imageLanguage != .python
  }

  private func json(_ name: String) -> Document? {
    found[name].flatMap { try? Document.parseJSON($0, file: name) }
  }

  // MARK: - The manifest

  var declaredName: String? {
    toml("project", "name") ?? toml("tool", "poetry", "name") ?? json("package.json")?["name"]?.text
  }

  var scriptsFile: String { "package.json" }

  private mutating func write() {
    let name = ownName
    var out = ["# What this repository had in other files. Lines with GUESS want a look."]
    out.append("profile: \(name)")
    out.append("")
    if !isPython, !isNode {
      let folders = SubfolderApps.projects(sources)
      if let first = folders.first {
        let list = folders.prefix(8).joined(separator: ", ")
        let more = folders.count > 8 ? " and \(folders.count - 8) more" : ""
        note(
          "the projects of this repository are in folders of their own: \(list)\(more)",
          "outfit init \(Quoting.shell(first))", warns: true)
      } else {
        note("nothing here names Python or Node", "write interpreters: yourself", warns: true)
      }
    }
    // What comes from npm runs on it.
    let needsNode = isNode || tools.contains { $0.origin == "npm" }
    if isPython || needsNode {
      out.append("interpreters:")
      for (language, isOne) in [(Language.python, isPython), (.node, needsNode)] where isOne {
        out.append("  \(language): " + (interpreters[language]?.line ?? "latest # GUESS: nothing names one"))
      }
    }
    if isPython {
      if let line = environment.line { out.append(line) }
      notes += environment.notes
    }
    if isNode {
      if let line = modules.line { out.append(line) }
      notes += modules.notes
    }
    let settings = DjangoSettings(
      django, image: imageVariables,
      compose: shown["DJANGO_SETTINGS_MODULE"].flatMap { value, place in
        production["DJANGO_SETTINGS_MODULE"] == nil ? nil : (value, place)
      }, imageFile: imageFile)
    writeVariables(settings, &out)
    if !tools.isEmpty {
      let areHooks = tools.contains { toolPlaces[$0.name] == nil }
      out.append("tools:" + (areHooks ? " # \(PreCommitReading.file)" : ""))
      for tool in tools.sorted(by: { $0.name < $1.name }) {
        let place = toolPlaces[tool.name].map { " # \($0)" } ?? ""
        let isBuilt = sourceOnlyTools.contains(RequirementFiles.normal(tool.name))
        if case .mapping(let entries) = tool.value(building: isBuilt) {
          out.append("  \(tool.name): \(Self.flow(entries))\(place)")
        } else {
          out.append("  \(tool.name): \(Quoting.json(tool.version))\(place)")
        }
      }
    }
    if !hooks.isEmpty {
      out.append("hooks: # \(PreCommitReading.file)")
      for hook in hooks { out.append("  \(hook.name): \(Self.flow(hook.fields))") }
      if !hookSettings.isEmpty { out.append("hook-settings: \(Self.flow(hookSettings))") }
    }
    writeApp(name, settings, &out)
    text = out.joined(separator: "\n") + "\n"
  }

  /// What a program of Django's takes for its settings unless a variable says otherwise.
  static func settingsModule(_ program: String) -> String? {
    for line in program.split(separator: "\n")
    where line.contains("DJANGO_SETTINGS_MODULE") && !line.drop(while: \.isWhitespace).hasPrefix("#") {
      let pieces = line.split(whereSeparator: { $0 == "\"" || $0 == "'" })
      if let index = pieces.firstIndex(of: "DJANGO_SETTINGS_MODULE"), index + 2 < pieces.count {
        let module = String(pieces[index + 2])
        if module.allSatisfy({ $0.isLetter || $0.isNumber || "._".contains($0) }) { return module }
      }
    }
    return nil
  }
}
