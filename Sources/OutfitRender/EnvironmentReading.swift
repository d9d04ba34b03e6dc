import OutfitCore
import OutfitProfile

/// `virtualenv:` for a repository that has no manifest yet: what a person would install there who wants the project's
/// tests to run.
struct EnvironmentReading {
  /// Empty where nothing lists packages.
  private(set) var from: [String] = []
  private(set) var groups: [String] = []
  /// Groups that an image has too.
  private(set) var ships: [String] = []
  private(set) var extras: [String] = []
  private(set) var build: [String] = []
  private(set) var notes: [Diagnostic] = []

  /// Groups that are there where none is named: `groups:` names all that are wanted.
  private(set) var unasked: Set<String> = []
  /// One lock says all.
  private var isLocked = false
  /// What is taken has a test runner, or may have one.
  private var hasRunner = false
  let found: [String: String]
  let project: PythonProject
  let requirements: RequirementFiles
  let tests: TestInstallation
  /// Files that conda or pixi reads.
  private let conda: [String]

  /// - Parameters:
  ///   - found: texts by name.
  ///   - sourceOnly: packages without a wheel, as indexes say.
  ///   - sources: what else lies there.
  init(_ found: [String: String], sourceOnly: Set<String> = [], sources: SourceFiles = SourceFiles()) {
    self.found = found
    conda = CondaFiles.names(found.merging(sources.texts) { own, _ in own })
    project = PythonProject(found)
    tests = TestInstallation(found)
    requirements = RequirementFiles(found, tested: Set(tests.files))
    if project.isMalformed {
      note("pyproject.toml can't be read as TOML, and nothing of it is taken over", nil, warns: true)
    }
    if let (lock, manager) = chosenLock() {
      from = [lock]
      isLocked = true
      takeLock(lock, manager)
    } else {
      takeFiles()
    }
    build = sourceOnly.union(build).sorted()
    nameRunner()
    nameTheRest()
  }

  /// As a manifest has it; nil where there is none.
  var line: String? {
    guard !from.isEmpty else { return nil }
    func list(_ names: [String]) -> String { "[\(names.map(Self.scalar).joined(separator: ", "))]" }
    let single = from.count == 1 ? from.first : nil
    var fields = ["from: \(single.map(Self.scalar) ?? list(from))"]
    let all = groups.isEmpty ? [] : unasked.sorted() + groups
    for (key, names) in [("groups", all), ("ships", ships), ("extras", extras), ("build", build)]
    where !names.isEmpty {
      fields.append("\(key): \(list(names))")
    }
    let reason = build.isEmpty ? "" : "; build: what has no wheel there, and runs code of its own"
    return "virtualenv: {\(fields.joined(separator: ", "))} # made in .venv\(reason)"
  }

  /// As it stands in a list.
  private static func scalar(_ text: String) -> String {
    let isPlain = text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._/+-".contains($0)) }
    return isPlain && Names.isBareText(text) ? text : Quoting.json(text)
  }

  /// It is a Python project by what it has installed.
  var isPython: Bool {
    !from.isEmpty || !requirements.files.isEmpty || project.file != nil || found["pyproject.toml"] != nil
      || conda.contains { !$0.contains("/") && !$0.hasPrefix("pixi.") }
      || ["uv.lock", "poetry.lock", "pdm.lock", "Pipfile", "Pipfile.lock"].contains { found[$0] != nil }
  }

  private mutating func note(_ message: String, _ hint: String?, warns: Bool = false) {
    notes.append(Diagnostic(warns ? .warning : .note, message, hint: hint))
  }

  // MARK: Locks

  /// The best lock that this project's own manager wrote.
  private mutating func chosenLock() -> (name: String, manager: PythonProject.Manager?)? {
    var chosen: (name: String, manager: PythonProject.Manager?)?
    func isOwn(_ name: String) -> Bool {
      switch name {
      case "uv.lock": project.project != nil || project.isUvs
      case "poetry.lock": project.isPoetrys
      case "pdm.lock": project.project != nil || project.isPdms
      default: true
      }
    }
    let locks: [(String?, PythonProject.Manager?)] = [
      ("uv.lock", .uv), ("poetry.lock", .poetry), ("pdm.lock", .pdm), (standardLock, nil),
      ("Pipfile.lock", nil),
    ]
    for case (let name?, let manager) in locks where found[name] != nil {
      if let chosen {
        note("\(name) is left out: \(chosen.name) says what is installed", nil)
      } else if !isOwn(name) {
        note(
          "\(name) is left out: pyproject.toml is none that it could be made from",
          "if it is meant, write `virtualenv: {from: \(name)}`", warns: true)
      } else {
        chosen = (name, manager)
      }
    }
    return chosen
  }

  /// Of PEP 751: pylock.toml, or the named one that is for tests, or the only one.
  private var standardLock: String? {
    let names = found.keys.filter { Self.isStandardLock($0) }.sorted()
    if names.contains("pylock.toml") { return "pylock.toml" }
    return names.first { PythonProject.isForTests(String($0.dropFirst(7).dropLast(5))) }
      ?? (names.count == 1 ? names.first : nil)
  }

  static func isStandardLock(_ name: String) -> Bool {
    name == "pylock.toml"
      || name.hasPrefix("pylock.") && name.hasSuffix(".toml") && name.split(separator: ".").count == 3
        && !name.contains("/")
  }

  private mutating func takeLock(_ lock: String, _ manager: PythonProject.Manager?) {
    hasRunner = found[lock]?.contains("pytest") == true
    guard lock != "Pipfile.lock" else { return takePipfile() }
    let document = found[lock].flatMap { try? TomlReader.document(Array($0.utf8)) }
    guard let document else { return note("\(lock) can't be read as TOML", "make it anew", warns: true) }
    build = LockedBuilds.names(in: document, file: lock).sorted()
    guard let manager else {
      let defaults = document.root["default-groups"]?.array?.compactMap(\.string) ?? []
      unasked = Set(defaults)
      groups = (document.root["dependency-groups"]?.array?.compactMap(\.string) ?? [])
        .filter { PythonProject.isForTests($0) && !defaults.contains($0) }.sorted()
      extras = (document.root["extras"]?.array?.compactMap(\.string) ?? []).filter(PythonProject.isForTests)
        .sorted()
      // Some programs leave out the project that they lock.
      let hasProject = (document.root["packages"]?.array ?? []).contains {
        $0["directory"]?["path"]?.string == "."
      }
      if !hasProject, let file = project.file { from.append(file) }
      return
    }
    // pdm writes down which groups and extras it looked at.
    let known = manager == .pdm ? document.root["metadata"]?["groups"]?.array?.compactMap(\.string) : nil
    pick(manager, known: known.map(Set.init))
  }

  private mutating func takePipfile() {
    guard let lock = found["Pipfile.lock"].flatMap({ try? Document.parseJSON($0, file: "Pipfile.lock") })
    else {
      return note("Pipfile.lock can't be read as JSON", "make it anew: pipenv lock", warns: true)
    }
    build = LockedBuilds.names(inPipfile: lock).sorted()
    let categories = lock.entries.keys.filter { !["_meta", "default", "develop"].contains($0) }.sorted()
    unasked = ["develop"]
    groups = categories.filter(PythonProject.isForTests)
    let left = categories.filter { !groups.contains($0) }
    if !left.isEmpty {
      note(
        "the categories \(left.joined(separator: ", ")) of Pipfile.lock are left out",
        "to have them: `groups: [\((["develop"] + left).joined(separator: ", "))]`")
    }
  }

  // MARK: Groups and extras

  /// The groups and extras that tests need and that are not there unasked.
  private mutating func pick(_ manager: PythonProject.Manager, known: Set<String>? = nil) {
    unasked = project.defaults(for: manager).intersection(project.groups.keys)
    let defaults = project.closure(unasked)
    func isFree(_ name: String) -> Bool {
      !project.conflicting.contains(name) && known?.contains(name) != false
    }
    let offered = project.groups.keys.filter { !defaults.contains($0) && isFree($0) }.sorted()
    let named = offered.filter(PythonProject.isForTests)
    groups = named.filter { name in
      !named.contains {
        $0 != name && project.closure([$0]).contains(name) && !project.closure([name]).contains($0)
      }
    }
    let offeredExtras = project.extras.keys.filter(isFree).sorted()
    extras = offeredExtras.filter(PythonProject.isForTests)
    takeHatch(offered, offeredExtras)
    takeCommand(offered, offeredExtras)
    takeImage(offered, offeredExtras)
    let taken = defaults.union(project.closure(groups))
    let lines =
      project.dependencies + taken.flatMap { project.groups[$0]?.lines ?? [] }
      + extras.flatMap { project.extras[$0] ?? [] }
    if !PythonProject.hasRunner(lines) {
      if let group = Self.best(offered, { project.closure([$0]).flatMap { project.groups[$0]?.lines ?? [] } })
      {
        groups.append(group)
        hasRunner = true
      } else if let extra = Self.best(offeredExtras, { project.extras[$0] ?? [] }) {
        extras.append(extra)
        hasRunner = true
      } else {
        // What the extras of a program are is not known.
        hasRunner = extras.contains { project.extras[$0]?.isEmpty == true }
      }
    } else {
      hasRunner = true
    }
    nameLeft("group", project.groups.keys.filter { !defaults.union(project.closure(groups)).contains($0) })
    nameLeft("extra", project.extras.keys.filter { !extras.contains($0) })
  }

  /// The one that has what runs tests.
  private static func best(_ names: [String], _ lines: (String) -> [RequirementLine]) -> String? {
    let able = names.filter { PythonProject.hasRunner(lines($0)) }
    return able.first { $0.lowercased().contains("test") } ?? able.first
  }

  private mutating func nameLeft(_ kind: String, _ names: [String]) {
    guard !names.isEmpty else { return }
    let list = names.sorted().joined(separator: ", ")
    // No other file has groups.
    let file = kind == "group" ? "pyproject.toml" : project.file ?? "pyproject.toml"
    note(
      names.count == 1
        ? "the \(kind) \(list) of \(file) is left out"
        : "the \(kind)s \(list) of \(file) are left out",
      "to have \(names.count == 1 ? "it" : "them"): `\(kind)s: [\(((kind == "group" ? unasked.sorted() + groups : extras) + names.sorted()).joined(separator: ", "))]` under virtualenv:"
    )
  }

  /// What the project tells those who work on it to install.
  private mutating func takeCommand(_ offered: [String], _ offeredExtras: [String]) {
    guard let command = InstallCommand(found) else { return }
    func isMeant(_ name: String) -> Bool {
      !InstallCommand.isBeside(name) && !(extras + groups).contains(name)
    }
    let more = offeredExtras.filter {
      (command.hasAllExtras || command.extras.contains($0)) && isMeant($0)
    }
    let moreGroups = offered.filter { command.groups.contains($0) && isMeant($0) }
    guard !more.isEmpty || !moreGroups.isEmpty else { return }
    extras += more
    groups += moreGroups
    note(
      "\((moreGroups + more).joined(separator: ", ")): \(command.place) installs them for those who work on it",
      nil)
  }

  /// What production installs besides, by its Dockerfile and by the group's name.
  private mutating func takeImage(_ offered: [String], _ offeredExtras: [String]) {
    let command = Self.dockerfiles.first { found[$0] != nil }.flatMap { file in
      InstallCommand(image: found[file] ?? "", file: file)
    }
    let meant = offered.filter { name in
      let isNamed = ["prod", "production", "deploy", "deployment"].contains(RequirementFiles.normal(name))
      return isNamed
        || command?.groups.contains(name) == true && !PythonProject.isForTests(name)
          && !InstallCommand.isBeside(name) && name != "dev"
    }
    let more = offeredExtras.filter { command?.extras.contains($0) == true && !extras.contains($0) }
    ships = meant
    groups += meant.filter { !groups.contains($0) }
    extras += more
    if let command, !more.isEmpty || meant.contains(where: command.groups.contains) {
      note("\((meant + more).joined(separator: ", ")): \(command.place) installs them for the image", nil)
    }
  }

  private static let dockerfiles = [
    "Dockerfile.prod", "Dockerfile.production", "docker/Dockerfile.prod", "Dockerfile", "docker/Dockerfile",
    "docker/default.Dockerfile",
  ]

  /// The extras and groups of hatch's environments for tests.
  private mutating func takeHatch(_ offered: [String], _ offeredExtras: [String]) {
    for environment in HatchEnvironments(found).all where environment.isForTests {
      for feature in environment.features where offeredExtras.contains(feature) && !extras.contains(feature) {
        extras.append(feature)
      }
      for group in environment.groups where offered.contains(group) && !groups.contains(group) {
        groups.append(group)
      }
    }
  }

  // MARK: Files

  private mutating func takeFiles() {
    let chosen = chosenRequirements()
    from = chosen.map(\.name)
    build = LockedBuilds.names(in: chosen.flatMap(\.lines)).sorted()
    hasRunner = chosen.contains { $0.hasRunner || !$0.projectExtras.isEmpty }
    let describesGroups = project.file == nil && !project.groups.isEmpty && found["pyproject.toml"] != nil
    guard let file = project.file ?? (describesGroups && chosen.isEmpty ? "pyproject.toml" : nil) else {
      return
    }
    if !chosen.contains(where: \.hasProject) { from.append(file) }
    guard from.contains(file) else { return }
    let manager = project.manager
    if chosen.contains(where: \.hasRunner) {
      let defaults = project.closure(project.defaults(for: manager))
      nameLeft("group", project.groups.keys.filter { !defaults.contains($0) })
      nameLeft("extra", Array(project.extras.keys))
    } else {
      pick(manager)
    }
    let taken = project.closure(project.defaults(for: manager).union(groups))
    let lines =
      project.dependencies + taken.flatMap { project.groups[$0]?.lines ?? [] }
      + extras.flatMap { project.extras[$0] ?? [] }
    build = Set(build).union(LockedBuilds.names(in: lines)).union(project.addressed).sorted()
  }

  /// Those for development, else those for running, with those for tests where nothing else runs them.
  private mutating func chosenRequirements() -> [RequirementFiles.File] {
    typealias File = RequirementFiles.File
    let bases = requirements[.base]
    let tests = requirements[.test].filter { ($0.rank.first ?? 0) < 2 }
    var chosen: [File] = []
    if let development = requirements[.development].first {
      chosen = [development]
      let hasBase = bases.contains { development.included.contains($0.name) }
      if let base = bases.first, !hasBase, !base.isCovered(by: development) {
        if agree(base, development) { chosen.insert(base, at: 0) }
      }
    } else if let base = bases.first {
      chosen = [base]
    }
    var more = chosen.contains(where: \.hasRunner) ? [] : tests
    if chosen.isEmpty, more.isEmpty { more = requirements[.test] }
    // What those groups have is what the tests of today need.
    if groupsHaveRunner, !chosen.contains(where: \.hasProject) {
      more = more.filter { self.tests.files.contains($0.name) }
    }
    let others = requirements.files.filter { $0.role == .other || $0.role == .test }
    if !(chosen + more).contains(where: \.hasRunner), project.file == nil || !projectHasRunner {
      more += others.filter(\.hasRunner).prefix(1)
    }
    for file in more
    where !chosen.contains(where: { $0.name == file.name || $0.included.contains(file.name) }) {
      if chosen.allSatisfy({ file.included.contains($0.name) || agree($0, file) }) { chosen.append(file) }
    }
    for file in shipped(chosen) where chosen.allSatisfy({ agree($0, file) }) { chosen.append(file) }
    return chosen.filter { file in
      !chosen.contains { other in
        other.included.contains(file.name)
          || other.name != file.name && file.role == .base && file.isCovered(by: other)
      }
    }
  }

  /// What the image has beside those: what its Dockerfile installs, and what production's own list has to serve with.
  private func shipped(_ chosen: [RequirementFiles.File]) -> [RequirementFiles.File] {
    guard !chosen.isEmpty else { return [] }
    let words =
      Self.dockerfiles.compactMap { found[$0] }.first.map { text in
        DockerfileInstruction.read(text).filter { $0.keyword == "RUN" }.flatMap {
          ProjectReading.words($0.rest)
        }
      } ?? []
    let installed =
      zip(words, words.dropFirst()).filter { ["-r", "--requirement"].contains($0.0) }.map(\.1)
      + words.filter { $0.hasPrefix("-r") && $0.hasSuffix(".txt") }.map { String($0.dropFirst(2)) }
    let servers: Set<String> = [
      "gunicorn", "uwsgi", "pyuwsgi", "uvicorn", "daphne", "hypercorn", "waitress", "granian",
    ]
    let isServed = !chosen.allSatisfy { $0.names.isDisjoint(with: servers) }
    return requirements[.base].filter { file in
      let isThere = chosen.contains {
        $0.name == file.name || $0.included.contains(file.name) || file.isCovered(by: $0)
      }
      let isInstalled = installed.contains { $0 == file.name || $0.hasSuffix("/" + file.name) }
      let serves = !isServed && file.rank[1] == 1 && !file.names.isDisjoint(with: servers)
      return !isThere && (isInstalled || serves)
    }
  }

  /// A dependency group of the project has a test runner.
  private var groupsHaveRunner: Bool {
    project.file != nil && PythonProject.hasRunner(project.groups.values.flatMap(\.lines))
  }

  private var projectHasRunner: Bool {
    PythonProject.hasRunner(project.groups.values.flatMap(\.lines) + project.extras.values.flatMap(\.self))
      || project.extras.keys.contains(where: PythonProject.isForTests)
  }

  /// Whether both can be installed into one environment, as far as their exact versions say.
  private mutating func agree(_ one: RequirementFiles.File, _ other: RequirementFiles.File) -> Bool {
    let pins = other.pins
    let clash = one.pins.filter { name, version in pins[name].map { $0 != version } == true }.keys.sorted()
    guard let first = clash.first else { return true }
    note(
      "\(one.name) and \(other.name) can't both be installed: they pin \(first) to different versions",
      "make them agree, and name both under virtualenv: `from: [\(one.name), \(other.name)]`", warns: true)
    return false
  }

  // MARK: What is left

  /// Where the tests would lack what runs them: who else installs that, and how to have it.
  private mutating func nameRunner() {
    guard !hasRunner, !from.isEmpty, let place = tests.places.first,
      !requirements.files.contains(where: \.hasRunner)
    else { return }
    let list = found["requirements-test.txt"] == nil ? "requirements-test.txt" : "requirements-testing.txt"
    note(
      "\(place.place) installs \(place.packages.joined(separator: ", ")) for the tests, and nothing that is taken has "
        + "a test runner",
      "write these into a file \(list), a line each, and under virtualenv: `from: [\((from + [list]).joined(separator: ", "))]`",
      warns: true)
  }

  /// Requirements files of which nothing is installed.
  var leftOut: [RequirementFiles.File] {
    let included = requirements.files.filter { from.contains($0.name) }.reduce(Set<String>()) {
      $0.union($1.included)
    }
    return requirements.files.filter { !from.contains($0.name) && !included.contains($0.name) }
  }

  private mutating func nameTheRest() {
    for file in leftOut {
      note(
        "\(file.name) is left out",
        from.isEmpty
          ? "name it under virtualenv: `from: \(file.name)`"
          : isLocked
            ? !hasRunner && file.hasRunner
              ? "it has what runs the tests: `from: [\((from + [file.name]).joined(separator: ", "))]`" : nil
            : "to have it too: `from: [\((from + [file.name]).joined(separator: ", "))]`; programs go under tools:"
      )
    }
    for environment in HatchEnvironments(found).all where !environment.packages.isEmpty {
      note(
        "\(environment.place): the packages of hatch's environment \(environment.name) are left out: "
          + environment.packages.joined(separator: ", "),
        "hatch alone reads them: a group in [dependency-groups] is read by all", warns: environment.isForTests
      )
    }
    for name in conda {
      note(
        "\(name) is left out: it is \(name.hasPrefix("pixi.") ? "pixi's" : "conda's")",
        "what it has from PyPI can stand in a requirements file; the rest under packages:",
        warns: from.isEmpty)
    }
    if let document = project.document, document.root["tool"]?["pixi"] != nil {
      note(
        "pyproject.toml:\(document.line(of: ["tool", "pixi"])): [tool.pixi] is left out: it is pixi's", nil)
    }
    if from.isEmpty, found["Pipfile"] != nil {
      note("Pipfile has no lock, and is left out", "pipenv lock writes one", warns: true)
    }
  }
}
