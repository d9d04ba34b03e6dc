import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSystem
import SystemPackage

/// The pinned uv at work for one interpreter: what to ask of it, and the environments that it makes.
///
/// It is used by its low-level verbs only, builds nothing from a package's source that is not named, and its own cache is
/// asked before the network.
struct Uv {
  let context: Context
  let interpreter: ProvidedInterpreter
  let pythons: Pythons
  let indexes: Indexes
  /// uv itself.
  let object: Object
  /// A Python of this machine that questions run on, so that pins for an interpreter can be made where it can't be
  /// had; nil where there is none.
  private let questioner: FilePath?

  init(_ context: Context, on interpreter: ProvidedInterpreter, pythons: Pythons, indexes: Indexes)
    throws
  {
    self.context = context
    self.interpreter = interpreter
    self.pythons = pythons
    self.indexes = indexes
    questioner = Self.machinePython(context)
    if let archive = try? Shop(context).engine {
      object = context.earlier.objects.first { $0.id == archive.id } ?? archive
      return
    }
    let uv = try Engines.uv(
      python: questioner.map { .path($0) } ?? interpreter.program, platform: context.platform,
      store: context.store, surroundings: indexes.pipVariables)
    object = context.earlier.objects.first { $0.id == uv.id } ?? uv
  }

  /// What a run of uv needs to stand.
  var objects: [Object] {
    let installer = object.prerequisites.sorted()
    let others = context.earlier.objects.filter { installer.contains($0.id) }
    var result = pythons.objects(for: interpreter)
    for other in others + [object] where !result.contains(where: { $0.id == other.id }) {
      result.append(other)
    }
    return result
  }

  // MARK: Questions

  /// What a question needs to stand: the interpreter that it is about only where the machine has no other.
  var questionObjects: [Object] { questioner == nil ? objects : [object] }

  /// What questions run on; nil where the machine has no Python but the interpreter.
  var machinePython: Reference? {
    questioner.map { .path($0) }.flatMap { $0 == interpreter.program ? nil : $0 }
  }

  private var questionPython: Argument { .reference(questioner.map { .path($0) } ?? interpreter.program) }

  /// The newest Python of the machine that uv can be installed by.
  private static func machinePython(_ context: Context) -> FilePath? {
    guard case .interpreters(let found)? = context.facts[.interpreters(.python)] else { return nil }
    return found.filter {
      $0.version >= Version([3, 8]) && !$0.version.isPrerelease && !$0.version.isFreeThreaded
        && $0.missingModules.isEmpty
    }.max { $0.version < $1.version }?.program
  }

  /// Exact pins with hashes for every platform from some requirement files: `{scratch}/lock.txt`.
  /// - Parameters:
  ///   - files: What uv reads, by name in the scratch folder.
  ///   - inputs: Those to start from.
  ///   - options: What else it is told.
  ///   - previous: Pins that stay where the requirements allow it.
  ///   - first: An index that is asked before all others.
  ///   - isAnnotated: With comments that say what depends on what.
  ///   - cooldown: Releases younger than that don't count.
  ///   - build: Packages that may be built from source; nothing else is.
  ///   - runsCode: What is built has to run on the interpreter itself.
  ///   - isUniversal: For every platform; else for this one alone, so that wheels for others are none.
  func compile(
    label: String, _ files: [String: [UInt8]], _ inputs: [Argument], _ options: [Argument] = [],
    previous: String? = nil, first: String? = nil,
    isAnnotated: Bool = false, cooldown: Cooldown? = nil, build: [String] = [], withDependencies: Bool = true,
    runsCode: Bool = false, isUniversal: Bool = true
  ) -> Query {
    var files = files
    if let previous { files[Self.lockFile] = Array(previous.utf8) }
    var arguments: [Argument] = [
      "pip", "compile", "--quiet", "--generate-hashes", "--no-header",
      isAnnotated ? "--annotation-style=line" : "--no-annotate", "--system-certs", "--no-progress",
      "--no-python-downloads", "--python", runsCode ? .reference(interpreter.program) : questionPython,
      "--python-version", .text(interpreter.version.minor), "--output-file", .scratch(Self.lockFile),
    ]
    arguments += inputs + options
    if isUniversal { arguments.append("--universal") }
    if let cooldown, cooldown.hours > 0 { arguments += ["--exclude-newer", .text("PT\(cooldown.hours)H")] }
    if !withDependencies { arguments.append("--no-deps") }
    arguments += Self.building(build)
    return ask(
      Inquiry(
        label: label, objects: runsCode ? objects : questionObjects, files: files,
        steps: [step(arguments, needsNetwork: true, first: first)], collect: [Self.lockFile]))
  }

  /// The pins of a uv.lock, taken as they stand.
  /// - Parameters:
  ///   - groups: Nil for those that uv takes by default.
  func export(
    label: String, project: [UInt8], lock: [UInt8], groups: [String]?, extras: [String]
  ) -> Query {
    var arguments: [Argument] = [
      "export", "--quiet", "--frozen", "--no-header", "--no-annotate",
      "--format", "requirements-txt", "--no-python-downloads", "--python", questionPython, "--project",
      .scratch(""), "--output-file", .scratch(Self.lockFile),
    ]
    if let groups { arguments += ["--no-default-groups"] + groups.flatMap { ["--group", .text($0)] } }
    for extra in extras { arguments += ["--extra", .text(extra)] }
    return ask(
      Inquiry(
        label: label, objects: questionObjects,
        files: ["pyproject.toml": Self.forAnyPython(project), "uv.lock": lock],
        steps: [step(arguments, needsNetwork: false)], collect: [Self.lockFile],
        needsNetwork: false))
  }

  /// A pyproject.toml without the Pythons that it asks for: uv.lock has what is meant for which, and what is asked runs on
  /// whatever Python the machine has.
  static func forAnyPython(_ project: [UInt8]) -> [UInt8] {
    let lines = project.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    let kept = lines.filter { line in
      !line.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }.starts(with: "requires-python".utf8)
    }
    return Array(kept.joined(separator: [UInt8(ascii: "\n")]))
  }

  /// The names of the programs that some packages install, without what they depend on.
  ///
  /// Manual pages and completions that they carry are told too.
  func programs(
    label: String, of entries: [RequirementSet.Entry], index: String?, build: [String] = []
  ) -> Query {
    let arguments: [Argument] =
      [
        "pip", "install", "--quiet", "--no-deps", "--require-hashes", "--system-certs",
        "--no-progress", "--no-python-downloads", "--python", questionPython,
        "--python-version", .text(interpreter.version.minor), "--target", .scratch("own"), "-r",
        .scratch("own.txt"),
      ] + Self.building(build)
    return ask(
      Inquiry(
        label: label, objects: questionObjects,
        files: ["own.txt": Array(RequirementSet.text(entries).utf8)],
        steps: [step(arguments, needsNetwork: true, index: index, offlineFirst: true)],
        collect: ["own/bin/*"] + SharedFile.patterns.map { "own/share/\($0)" }))
  }

  /// Nothing is built from source but these, which are taken as source even where there is a wheel.
  static func building(_ packages: [String]) -> [Argument] {
    guard !packages.isEmpty else { return ["--no-build"] }
    return ["--only-binary", ":all:"]
      + packages.sorted().flatMap { ["--no-binary", .text(Requirement.normalized($0))] }
  }

  static let linked: [Argument] = ["--link-mode", "hardlink"]
  static let common: [Argument] = ["--quiet", "--system-certs", "--no-progress", "--no-python-downloads"]
  static let lockFile = "lock.txt"

  func ask(_ inquiry: Inquiry) -> Query { .inquiry(inquiry) }

  // MARK: Environments

  /// A virtualenv with just these packages.
  /// - Parameters:
  ///   - name: For the store.
  ///   - bound: Packages that one index alone may serve, by normalised name.
  ///   - first: An index that is asked for all others before any other.
  ///   - place: The project that it belongs to alone, with whose folder's name a shell shows it.
  ///   - own: A package of it that every platform needs: where the cache has none of its wheels, it is not tried
  ///     without the network.
  ///   - link: Where the project has it, so that what was added there by hand comes along.
  ///   - contents: What the project itself puts into it.
  ///   - build: Packages that may be built from source; nothing else is.
  func environment(
    name: String, label: String, requirements: String, bound: [String: String] = [:],
    first: String? = nil, place: FilePath? = nil, link: FilePath? = nil,
    contents: ProjectContents? = nil, build: [String] = [], own: String? = nil, checks: [Check]
  ) -> Object {
    var steps: [Step] = []
    var files = ["requirements.txt": Array(requirements.utf8)]
    var into: [Argument] = ["--python", .reference(interpreter.program), "--prefix", .output("")]
    if let place {
      steps.append(create(place))
      files["place"] = Array(place.string.utf8)
      into = ["--python", .output("bin/python")]
    }
    let target = into + Self.linked
    // What builds them is each one's own.
    let separate = RequirementSet(requirements).entries.filter {
      build.contains($0.name) && contents?.builds[$0.name] != nil
    }
    let requirements =
      separate.isEmpty
      ? requirements
      : RequirementSet.text(RequirementSet(requirements).entries.filter { !separate.contains($0) })
    files["requirements.txt"] = Array(requirements.utf8)
    if bound.isEmpty {
      steps.append(
        step(
          install(
            ["pip", "sync", "--allow-empty-requirements"],
            Self.building(build) + [.scratch("requirements.txt")], target),
          needsNetwork: true, first: first, offlineFirst: true, own: own))
    } else {
      let entries = RequirementSet(requirements).entries
      var groups = Dictionary(grouping: entries.filter { bound[$0.name] != nil }) { bound[$0.name] ?? "" }
        .sorted { $0.key < $1.key }.map {
          (file: "\($0.key).txt", index: $0.key as String?, entries: $0.value)
        }
      files["requirements.txt"] = nil
      groups.append(("requirements.txt", nil, entries.filter { bound[$0.name] == nil }))
      for group in groups where !group.entries.isEmpty {
        files[group.file] = Array(RequirementSet.text(group.entries).utf8)
        steps.append(
          step(
            install(
              ["pip", "install", "--no-deps"], ["-r", .scratch(group.file)] + Self.building(build), target),
            needsNetwork: true, index: group.index, first: first, offlineFirst: true))
      }
    }
    if let contents {
      steps += built(separate, contents, into, build, bound, first, &files)
      steps += self.steps(contents, into, build, &files)
    }
    if let place {
      files[HandAdded.script] = Array(HandAdded.text.utf8)
      steps.append(HandAdded.step(interpreter.program, place: link ?? place.appending(".venv")))
    }
    let packages = Set((RequirementSet(requirements).entries + separate).map(\.name)).sorted()
    let remedies =
      packages.isEmpty
      ? []
      : ([cache] + separate.map { cache(of: contents?.builds[$0.name]) }).map {
        step(["cache", "clean", "--quiet"] + packages.map { .text($0) }, needsNetwork: false, cache: $0)
      }
    return Object(
      name: name, label: label, inputs: [interpreter.object],
      recipe: .run(
        Run(
          files: files, sources: contents?.tree ?? [], steps: steps, remedies: remedies,
          additions: contents.map(\.additions) ?? [],
          surrounding: place == nil
            ? Surrounding(python: interpreter.program, version: interpreter.version) : nil)),
      checks: checks, store: context.store)
  }

  func variables(index: String? = nil, first: String? = nil) -> [String: String] {
    var variables = index.flatMap { indexes.only($0) } ?? indexes.variables(first: first)
    if let folder = context.environment["XDG_CONFIG_HOME"] { variables["XDG_CONFIG_HOME"] = folder }
    return variables
  }

  /// An environment that a person enters, with scripts for every shell.
  private func create(_ place: FilePath) -> Step {
    var arguments: [Argument] = [
      "venv", "--quiet", "--no-project", "--no-config", "--no-python-downloads", "--allow-existing",
      "--python", .reference(interpreter.program),
    ]
    if let name = place.lastComponent?.string { arguments += ["--prompt", .text(name)] }
    return step(arguments + [.output("")], needsNetwork: false)
  }

  func install(_ verb: [Argument], _ from: [Argument], _ target: [Argument]) -> [Argument] {
    verb + ["--quiet", "--require-hashes", "--system-certs", "--no-progress", "--no-python-downloads"]
      + target
      + from
  }

  func step(
    _ arguments: [Argument], needsNetwork: Bool, index: String? = nil, first: String? = nil,
    offlineFirst: Bool = false, own: String? = nil, cache: FilePath? = nil
  ) -> Step {
    let cache = cache ?? self.cache
    var variables = self.variables(index: index, first: first)
    variables["UV_CACHE_DIR"] = cache.string
    var step = Step(
      .object(object.id, "bin/uv"), arguments, needsNetwork: needsNetwork,
      offlineArguments: offlineFirst ? ["--offline"] : [],
      surroundings: variables.mapValues { .text($0) }, standIn: "uv")
    if let own {
      // As the pinned uv keeps them: of its own default index, and of others.
      let name = Requirement.normalized(own)
      step.cachedWhere = ["*", "*/*"].map { cache.appending("wheels-*").string + "/\($0)/\(name)" }
    }
    return step
  }

  var cache: FilePath {
    let home = FilePath(context.environment["HOME"] ?? "/")
    return Places(environment: context.environment, home: home).cache.appending("uv")
  }
}
