import OutfitCore
import OutfitEngine
import OutfitProfile

/// What is to be rendered, checked: every name in it can stand in a file as it is.
public struct Stack: Sendable {
  public var name: String
  /// Without tag.
  public var image: String
  public var base: PinnedImage
  public var language: Language
  public var interpreter: LockedInterpreter
  public var processes: [Process]
  public var services: [Service]
  public var environments: [Environment]
  /// Variables that every environment has.
  public var env: [String: String]
  public var tools: [Tool]
  /// Variables that come from the Secret.
  public var secretKeys: [String]
  /// Variables that are composed with one of those, in every environment alike.
  public var composed: [ComposedVariable]
  /// Where the processes may connect to, beside the services.
  public var egress: [AppSection.Egress]
  /// Hashed requirement lines of what is installed as a wheel.
  public var requirements: String
  /// Packages that the image builds itself.
  public var built: [BuiltPackage]
  /// Of an application in Node.
  public var nodePackages: NodePackages?
  public var bundle: Bundle?
  /// Patches of all environments, by the name that they are rendered under.
  public var patches: [String: String]
  /// The distribution's, beside what the base has.
  public var packages: LockedImagePackages?
  /// The template's values, with those of the manifest over them.
  public var values: [String: String]
  public var migrate: [String]
  public var migrated: [String]
  public var extensions: [String]
  /// Exceptions of the template and of the manifest.
  public var allowances: [ParityAllowance]
  public var vendored: [VendoredFile]
  /// Files that ship though `.dockerignore` names their kind.
  public var ships: [String]
  /// The version to which the data of a service was moved.
  public var dataMoved: [String: String]
  /// The project has hooks, which CI runs too.
  var hasGitHooks: Bool
  /// Where the manifest has `app`.
  public var location: SourceLocation?
  /// Replaces the release host of the interpreter, where the manifest says so.
  public var mirror: String?
  public var lockDigest: Digest
  public var description: TemplateDescription
  public var diagnostics: [Diagnostic] = []

  /// An image as files name it.
  public struct PinnedImage: Hashable, Sendable {
    /// `name:tag`, or `name:tag@sha256:...` where the lock has its digest.
    public var reference: String
    public var isResolved: Bool

    /// Without tag and digest.
    var repository: String {
      let name = reference.split(separator: "@").first ?? ""
      let colon = name.lastIndex(of: ":").flatMap {
        $0 > (name.lastIndex(of: "/") ?? name.startIndex) ? $0 : nil
      }
      return String(name[..<(colon ?? name.endIndex)])
    }
  }

  public struct Process: Hashable, Sendable {
    public var name: String
    public var command: [String]
    public var port: Int?
    public var replicas: Int
    public var isSingle: Bool
    public var hasHeartbeat: Bool
    public var grace: Int
    /// What it asks for, and the most memory that it may take.
    public var cpu: String
    public var memory: String
    public var mostMemory: String
    /// Paths of its server; an empty one asks whether the port is open.
    public var live: String
    public var ready: String
    /// Where it runs at times only.
    public var schedule: String?
    public var volumes: [Volume]
  }

  /// A folder that outlives the pods of a process.
  public struct Volume: Hashable, Sendable {
    /// Of the claim: the process's name and its own.
    public var name: String
    public var path: String
    public var size: String
    public var isShared: Bool
  }

  public struct Service: Hashable, Sendable {
    public var name: String
    public var image: PinnedImage
    public var version: String
    public var port: Int
    public var values: [String: String]
    /// Where the template knows nothing of it.
    public var free: AppSection.Service?
    /// SQL that is run when its database is made, by the files' names.
    public var initial: [String: String] = [:]
  }

  public struct Environment: Hashable, Sendable {
    public var name: String
    public var namespace: String
    public var host: String?
    public var replicas: Int
    public var isDevelopment: Bool
    /// What it adds to, or changes in, the variables of all.
    public var env: [String: String]
    /// Services that it has from elsewhere.
    public var external: Set<String> = []
    /// Patches of it alone, as those of all.
    public var patches: [String: String] = [:]
  }

  public struct Tool: Hashable, Sendable {
    public var name: String
    public var programs: [String]
    public var requirements: String
  }

  /// Completes the manifest's `app` from the template's description and the lock.
  /// - Throws: every mistake at once, each at the manifest's line.
  init(_ input: RenderInput, app: Sourced<AppSection>, description: TemplateDescription) throws(Failure) {
    var problems = Problems(at: app.source.location)
    let section = app.value
    self.description = description
    lockDigest = input.lockDigest
    name = section.name
    image = section.image
    problems.require(
      Names.isLabel(section.name, limit: 40) && Names.isBareText(section.name),
      "`app.name` is \(Quoting.json(section.name))",
      "it names objects of Kubernetes: lower-case letters, digits and `-`, at most 40, and no word like `true`"
    )
    problems.require(
      Names.isImage(section.image) && Names.isBareText(section.image),
      "`app.image` is \(Quoting.json(section.image))",
      "write it without tag: registry.example.com/shop")

    let baseName = section.base ?? description.base
    problems.require(
      Names.isTaggedImage(baseName), "the base image is \(Quoting.json(baseName))",
      "write name:tag, not latest")
    base = Self.pin(baseName, input.lock)

    language = description.language
    let interpreters = input.lock.interpreters[language] ?? []
    let interpreter =
      interpreters.first ?? LockedInterpreter(request: "", version: Version([0]), provider: .prebuilt)
    self.interpreter = interpreter
    let title = language == .python ? "Python" : "Node"
    let linux = Self.platforms.filter { interpreter.artifacts[$0] != nil }
    if interpreters.isEmpty {
      problems.add(
        "the lock has no \(title) for the image", "name one under interpreters:, and run `outfit lock`")
    } else {
      problems.require(
        !linux.isEmpty,
        "the lock has no Linux build of \(title) \(interpreter.version): the image needs the released one",
        interpreter.provider == .wheel
          ? "run `outfit update \(language.rawValue)`, which notes the files of its Python package"
          : "an interpreter adopted from this machine can't be put into an image; add `prebuilt` to its providers and "
            + "run `outfit update \(language.rawValue)`")
    }
    for key in linux {
      let path = interpreter.artifacts[key]?.path ?? ""
      problems.require(
        path.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { part in
          Names.isFileName(part.filter { $0 != "%" })
        }, "the lock's path \(Quoting.json(path)) can't stand in a Dockerfile",
        "run `outfit update \(language.rawValue)`")
    }
    (requirements, built) =
      language == .python ? Self.built(input.lock.virtualenv, section.packages, &problems) : ("", [])
    packages = Self.packages(
      RenderSession.PackageWish(app, description, input.lock), input.lock, &problems, &diagnostics)
    if language == .python, input.lock.virtualenv == nil {
      problems.add(
        "the lock has no packages for the image",
        "add `virtualenv: {from: requirements.txt}` and run `outfit lock`"
      )
    }
    vendored = input.vendored
    location = app.source.location
    ships = section.ships
    for path in ships {
      problems.require(
        Names.isRelativePath(path) && !RenderedPath.isGit(path),
        "`app.ships` has \(Quoting.json(path))", "write the path of a file of the project, without wildcards")
    }
    hasGitHooks = !input.profile.hooks.isEmpty
    dataMoved = section.dataMoved
    for name in dataMoved.keys.sorted() {
      problems.require(
        description.services[name]?.isBound == true,
        "`app.data-moved` has \(name), and the template \(description.name) has no such service whose data is bound to a version",
        "it has "
          + (description.services.filter(\.value.isBound).keys.sorted().joined(separator: ", ")))
    }
    mirror = input.profile.interpreters[description.language]?.value.mirror
    values = description.values
    for (name, value) in section.values.sorted(by: { $0.key < $1.key }) {
      problems.require(
        description.values[name] != nil, "the template \(description.name) has no value `\(name)`",
        nearest(name, among: description.values.keys).map { "did you mean `\($0)`?" }
          ?? "it has " + description.values.keys.sorted().joined(separator: ", "))
      values[name] = value
    }
    for (name, value) in values.sorted(by: { $0.key < $1.key }) {
      let isText = value.unicodeScalars.allSatisfy { Names.isText($0) }
      problems.require(
        Self.commands.contains(name) ? isText : Names.isValue(value),
        "the value `\(name)` is \(Quoting.json(value))",
        Self.commands.contains(name)
          ? "write one line" : "a value has letters, digits and ._-/:@+, so that it can stand in every file")
    }
    migrate = values["migrate"].flatMap { $0.isEmpty ? nil : ["sh", "-c", $0] } ?? description.migrate
    migrated = values["migrated"].flatMap { $0.isEmpty ? nil : ["sh", "-c", $0] } ?? description.migrated
    extensions = description.extensions
    for name in section.extensions where !extensions.contains(name) {
      problems.require(
        name.count(where: { $0 == "." }) == 1 && Names.isFileName(name),
        "`app.extensions` has \(Quoting.json(name))", "write publisher.name: ms-python.python")
      extensions.append(name)
    }
    allowances = description.allowances
    for (place, difference) in section.allow.sorted(by: { $0.key < $1.key }) {
      do throws(ParityMistake) {
        allowances.append(try ParityAllowance(place, difference))
      } catch {
        problems.add("`app.allow` has \(Quoting.json(place))", error.hint)
      }
      for name in difference.environments where section.environments[name] == nil {
        problems.add(
          "`app.allow` names the environment \(Quoting.json(name))",
          "there are " + section.environments.keys.sorted().joined(separator: ", "))
      }
    }

    let texts: [String: TemplateValue] = ["app": Self.appValue(section)]
    processes = Self.processes(section, description, texts, values, &problems)
    services = Self.services(section, description, input, &problems)
    nodePackages = description.language == .node ? Self.nodePackages("", input, "the image", &problems) : nil
    bundle = section.build.flatMap { Self.bundle($0, description.language, input, &problems) }
    patches = Self.patches(section.patches, input, &problems)
    egress = section.egress ?? [AppSection.Egress(ports: [443])]
    let variables = StackVariables(
      section, description, services.map(\.name), texts, input.profile, &problems)
    env = variables.env
    secretKeys = variables.secrets
    composed = variables.composed
    environments = Self.environments(section, description, variables, input, &problems)

    tools = []
    for (name, section) in input.profile.tools.sorted(by: { $0.key < $1.key })
    where section.value.origin == .pypi && section.source.layer.kind != .personal {
      guard let tool = input.lock.tools[name], !tool.requirements.isEmpty else { continue }
      problems.require(
        Names.isFileName(name) && tool.programs.allSatisfy { Names.isFileName($0) },
        "the tool \(Quoting.json(name)) or one of its programs has no plain name", "run `outfit update`")
      tools.append(Tool(name: name, programs: tool.programs.sorted(), requirements: tool.requirements))
    }
    checkExternal(&problems)
    let check = DevelopmentSettings(input, env: env, environments: environments, at: location)
    problems.diagnostics += check.errors
    guard problems.diagnostics.isEmpty else { throw Failure(problems.diagnostics, status: .usage) }
    diagnostics += check.warnings
    let outdated = Vendoring.diagnostics(self)
    guard outdated.isEmpty else { throw Failure(outdated, status: .usage) }
    for unresolved in ([base] + services.map(\.image)).filter({ !$0.isResolved }) {
      diagnostics.append(
        Diagnostic(
          .warning, "\(unresolved.reference) has no digest in the lock, and is rendered as unresolved",
          hint: "run `outfit lock` where its registry answers"))
    }
  }

  static let platforms = ["linux-amd64", "linux-arm64"]

  /// Values that are command lines: they stand in quotes, or after RUN.
  static let commands: Set<String> = ["migrate", "migrated", "prepare", "test"]

  /// The processes that stay, and those that run at times only.
  public var staying: [Process] { processes.filter { $0.schedule == nil } }
  public var jobs: [Process] { processes.filter { $0.schedule != nil } }
  /// The one whose service builds the image in Compose.
  var builder: Process? { web ?? staying.first }

  /// The process that clients reach.
  public var web: Process? {
    staying.first { $0.name == "web" && $0.port != nil } ?? staying.first { $0.port != nil }
  }

  /// The environment with hot reload.
  public var development: Environment? { environments.first(where: \.isDevelopment) }

  /// All variables of one environment.
  public func variables(_ environment: Environment?) -> [String: String] {
    env.merging(environment?.env ?? [:]) { $1 }
  }

  /// The process that a debugger attaches to.
  public var debugged: Process? { web ?? staying.first }

  /// The usual port of the language's debugger.
  public var debugPort: Int { language == .node ? 9229 : 5678 }

  /// The command of a process with hot reload, and with a debugger that listens on the address.
  func debugging(_ process: Process, address: String) -> [String] {
    let place = "\(address):\(debugPort)"
    let rest = process.command.dropFirst()
    var debugging = process
    switch (language, process.command.first) {
    case (.node, "node"): debugging.command = ["node", "--inspect=\(place)"] + rest
    case (.node, _): debugging.command = ["env", "NODE_OPTIONS=--inspect=\(place)"] + process.command
    case (.python, "python"), (.python, "python3"):
      debugging.command = ["/opt/dev/bin/python3", "-m", "debugpy", "--listen", place] + rest
    case (.python, _):
      let script = "exec /opt/dev/bin/python3 -m debugpy --listen \(place) \"$(command -v \"$0\")\" \"$@\""
      debugging.command = ["sh", "-c", script] + process.command
    }
    return reloading(debugging)
  }

  /// The command of a process with hot reload.
  public func reloading(_ process: Process) -> [String] {
    description.reload.isEmpty
      ? process.command
      : description.reload + [Quoting.shell(process.command)] + description.reloadTail
  }
}

/// Mistakes in what the manifest asks for.
struct Problems {
  let location: SourceLocation
  var diagnostics: [Diagnostic] = []

  init(at location: SourceLocation) { self.location = location }

  mutating func add(_ message: String, _ hint: String) {
    diagnostics.append(Diagnostic(.error, message, at: location, hint: hint))
  }

  mutating func require(_ condition: Bool, _ message: String, _ hint: String) {
    if !condition { add(message, hint) }
  }

  mutating func variable(_ name: String, _ value: String, _ place: String) {
    require(
      Names.isVariable(name), "`\(place)` has a variable \(Quoting.json(name))",
      "a variable has letters, digits and `_`, and starts with no digit")
    require(
      value.unicodeScalars.allSatisfy { Names.isText($0) || $0 == "\t" },
      "`\(place).\(name)` has a line break or a control character",
      "a variable in a container is one line; put longer texts into a file")
  }
}

extension Stack {
  static func pin(_ reference: String, _ lock: Lock) -> PinnedImage {
    guard let digest = lock.images[reference]?.digest else {
      return PinnedImage(reference: reference, isResolved: false)
    }
    return PinnedImage(reference: "\(reference)@sha256:\(digest.hex)", isResolved: true)
  }

  /// The profile of skaffold.yaml that debugs the environment with hot reload.
  public static func debugProfile(_ environment: String) -> String { environment + "-debug" }

  /// The images that are named, as the lock has them, sorted.
  static func images(_ section: AppSection, _ description: TemplateDescription) -> [String] {
    var names = [section.base ?? description.base]
    for (name, known) in description.services where section.services[name]?.isOff != true {
      if let version = section.services[name]?.version ?? known.version {
        names.append("\(section.services[name]?.image ?? known.image):\(version)")
      }
    }
    for (name, service) in section.services where description.services[name] == nil && !service.isOff {
      if let image = service.image, let version = service.version { names.append("\(image):\(version)") }
    }
    return Set(names).sorted()
  }

  static func appValue(_ section: AppSection) -> TemplateValue {
    let module = String(section.name.map { $0 == "-" ? "_" : $0 })
    return [
      "name": .string(section.name), "module": .string(module), "image": .string(section.image),
      // How many colons come before the one of the tag.
      "colons": .string(String(section.image.count(where: { $0 == ":" }) + 1)),
    ]
  }
}
