import OutfitCore
import OutfitProfile

/// What starts the project, by its Procfile, its compose files, its Dockerfile and the scripts of package.json.
extension ProjectReading {
  static func words(_ line: some StringProtocol) -> [String] {
    var words: [String] = []
    var word = ""
    var quote: Character?
    var isOpen = false
    for character in line {
      if let mark = quote {
        if character == mark { quote = nil } else { word.append(character) }
      } else if character == "'" || character == "\"" {
        quote = character
        isOpen = true
      } else if character == " " || character == "\t" {
        if isOpen || !word.isEmpty { words.append(word) }
        (word, isOpen) = ("", false)
      } else {
        word.append(character)
      }
    }
    if isOpen || !word.isEmpty { words.append(word) }
    return words
  }

  static func label(_ text: some StringProtocol) -> String {
    let plain = text.lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" }
    var label = String(String(plain).drop { $0 == "-" }.prefix(30))
    while label.hasSuffix("-") { label.removeLast() }
    return label
  }

  /// Takes a process as long as no better file has one of its name.
  mutating func take(_ name: String, _ command: StartCommand, port: Int?, _ place: String) {
    for line in command.migrations where migrate == nil { migrate = (line, place) }
    for part in command.before {
      note(
        "\(place): `\(part)` is left out of what \(name) starts",
        "a pod would do it at each start: app.values.prepare does it once, while the image is built")
    }
    guard !name.isEmpty, !command.words.isEmpty else { return }
    guard !StartCommand.isIdle(command.words) else {
      return note(
        "\(place): `\(command.text)` waits for somebody who types, or for nothing, and is no process",
        "name what production runs under app.processes", warns: true)
    }
    // `true` is no text in YAML, and a service has its name for itself.
    let isFree = Names.isBareText(name) && !["nginx", "postgres", "redis"].contains(name)
    let name = isFree ? name : "\(name)-app"
    if let own = processes[name] {
      guard own.command.purpose != command.purpose, !own.place.hasPrefix("GUESS") else { return }
      return note("\(place): `\(command.text)` is left out: \(own.place) says what \(name) starts")
    }
    if command.endsByItself {
      let isMigration = StartCommand.isMigration(command.text)
      if isMigration, django == nil { migrate = migrate ?? (command.text, place) }
      return note(
        "\(place): `\(command.text)` ends by itself, and is no process",
        isMigration ? "migrations run in a Job (app.values.migrate)" : "a pod would start it again and again")
    }
    if let other = processes.sorted(by: { $0.key < $1.key }).first(where: {
      $0.value.command.purpose == command.purpose
    }) {
      if other.value.port == nil { processes[other.key]?.port = command.port ?? port }
      return note(
        "\(place): \(name) does what \(other.key) of \(other.value.place) does, and is left out",
        "app.processes may have it: command: \(Quoting.json(command.words))")
    }
    processes[name] = Process(command: command, port: command.port ?? port, place: place)
  }

  /// Whether only those who develop run a command, with what the scripts that it names do.
  func isForDevelopment(_ text: String) -> Bool {
    StartCommand.isForDevelopment(scripts?.judged(text) ?? text)
  }

  // MARK: Procfile

  mutating func readProcfile() {
    for line in lines("Procfile") {
      guard let colon = line.firstIndex(of: ":") else { continue }
      let name = Self.label(line[..<colon])
      let text = String(line[line.index(after: colon)...].drop { $0 == " " })
      guard !name.isEmpty, !text.isEmpty else { continue }
      let place = sources.place("Procfile", line.prefix { $0 != ":" } + ":")
      if name == "release" {
        let isDone = StartCommand.isMigration(text)
        if isDone, django == nil { migrate = migrate ?? (text, place) }
        note(
          "\(place): `release: \(text)` is not taken over as a process",
          django != nil && isDone
            ? "the django template migrates in a Job"
            : isDone ? "it is app.values.migrate now" : "a Job can do it: app.values.migrate")
        continue
      }
      if Self.words(text).first == "make" || isForDevelopment(text) {
        note(
          "\(place): `\(text)` is for those who develop, and is left out",
          "name what production runs under app.processes", warns: true)
        continue
      }
      let command = StartCommand(shell: text, imageValues, places)
      take(name, command, port: name == "web" ? 8000 : nil, place)
    }
    for name in sources.texts.keys.sorted() where name.hasPrefix("Procfile.") && !name.hasSuffix(".sh") {
      note("\(name) is left out: it is not the Procfile of production")
    }
  }

  // MARK: Dockerfile

  private static let dockerfiles = [
    "Dockerfile.prod", "Dockerfile.production", "docker/Dockerfile.prod", "prod.Dockerfile",
    "production.Dockerfile",
    "Dockerfile", "docker/Dockerfile", ".docker/Dockerfile", "deploy/Dockerfile", "build/Dockerfile",
  ]

  /// Whether a Dockerfile's name, or its folder's, says that it is for something else than to ship the project.
  private static func isBesideProduction(_ name: String) -> Bool {
    let others: Set<Substring> = [
      "dev", "develop", "development", "devcontainer", "test", "tests", "testing", "integration", "local",
      "debug",
      "doc", "docs", "base", "alpine", "builder", "bench", "benchmark", "benchmarks", "perf", "fuzz", "lint",
      "ci",
      "example",
      "examples", "demo", "demos",
    ]
    return name.lowercased().split { !$0.isLetter }.contains(where: others.contains)
  }

  /// The Dockerfile that production is made by, and its last stage.
  mutating func readImage() {
    var names = Self.dockerfiles.filter { sources[$0] != nil }.map {
      ComposeReading.Build(context: "", file: $0, target: nil)
    }
    if let build = compose.dockerfile, sources[build.file] != nil {
      let isChosen = compose.own.contains { $0.audience == .production && $0.build == build }
      // One that is called production's comes before the one that a compose file for everybody has.
      names.insert(
        build, at: isChosen ? 0 : names.firstIndex { !$0.file.lowercased().contains("prod") } ?? names.count)
    }
    if names.isEmpty {
      // Under a name of its own, where files for containers lie.
      let others = sources.texts.keys.filter { name in
        let base = SourceFiles.base(of: name).lowercased()
        return !name.hasPrefix("..") && (base.hasPrefix("dockerfile") || base.hasSuffix(".dockerfile"))
      }
      names = others.filter { isOwnDockerfile($0) && !Self.isBesideProduction($0) }
        .sorted { Self.rank($0) < Self.rank($1) }.map {
          ComposeReading.Build(context: "", file: $0, target: nil)
        }
      for other in others where Self.isBesideProduction(other) {
        note("\(other) is left out: by its name it makes no image of production")
      }
    }
    guard let build = names.first else { return }
    imageFile = build.file
    let isForOthers = build.target.map { target in
      ["dev", "development", "test", "builder", "build", "local", "debug"].contains(target.lowercased())
    }
    imageStage = DockerfileStage.read(
      sources[build.file] ?? "", target: isForOthers == true ? nil : build.target
    ) { path in
      own(path, in: build.context).map { sources.folders.contains($0) || $0.isEmpty } ?? false
    }
    guard let stage = imageStage else { return }
    imageValues = stage.environment.mapValues(\.value)
    var folders: [String: String] = [:]
    for container in stage.copies.map(\.container) + [stage.folder] {
      guard container.count > 1, let context = stage.context(of: container),
        let path = own(context, in: build.context), path.isEmpty || sources.has(path)
      else { continue }
      folders[container] = path.isEmpty ? "/app" : "/app/\(path)"
      if container == stage.folder, sources.folders.contains(path) { places.folder = path }
    }
    places.folders = folders.sorted { $0.key.count > $1.key.count }.map {
      (container: $0.key, image: $0.value)
    }
  }

  /// Production's first, then what lies higher.
  private static func rank(_ name: String) -> (Int, Int, Int, String) {
    let base = SourceFiles.base(of: name).lowercased()
    return (
      name.lowercased().contains("prod") ? 0 : 1, name.count { $0 == "/" }, base == "dockerfile" ? 0 : 1, name
    )
  }

  /// Whether a Dockerfile further down may make this folder's image: none of a service beside it, of those who develop,
  /// or of an application that has packages of its own.
  private func isOwnDockerfile(_ name: String) -> Bool {
    guard name.count(where: { $0 == "/" }) > 1 else { return true }
    var folder = SourceFiles.folder(of: name)
    while !folder.isEmpty {
      if ["requirements.txt", "pyproject.toml", "package.json", "go.mod", "Cargo.toml", "pom.xml"].contains(
        where: {
          sources.has("\(folder)/\($0)")
        })
      {
        return false
      }
      folder = SourceFiles.folder(of: folder)
    }
    return SourceFiles.isOfDeployment(name) && !SourceFiles.isOfOtherService(name)
  }

  /// Dockerfiles that are there and were not read.
  private mutating func noteOtherDockerfiles() {
    let built = Set((compose.own + compose.foreign).compactMap { $0.build?.file })
    let left = sources.texts.keys.filter { name in
      SourceFiles.isDockerfile(SourceFiles.base(of: name).lowercased()) && !name.hasPrefix("..")
        && name != imageFile && !built.contains(name)
        && !notes.contains { $0.message.hasPrefix("\(name) is left out") }
    }.sorted { Self.rank($0) < Self.rank($1) }
    guard !left.isEmpty else { return }
    let more = left.count > 6 ? " and \(left.count - 6) more" : ""
    note(
      "left out, since \(imageStage == nil ? "none of them is for production" : "\(imageFile) is read"): "
        + left.prefix(6).joined(separator: ", ") + more,
      "where production's image is made by one of them, name what that starts under app.processes")
  }

  /// A path of a build context as it is from this folder; nil for what lies outside of it.
  private func own(_ path: String, in context: String) -> String? {
    let path = SourceFiles.joined(context, path)
    let own = SourceFiles.returned(path, to: place) ?? path
    return own.hasPrefix("..") ? nil : own
  }

  /// What the image starts, or what it starts where another command is given to it, and the scripts that stood before.
  func program(_ other: (words: [String], isLine: Bool)? = nil, entrypoint: [String]? = nil) -> (
    command: StartCommand, scripts: [String]
  ) {
    let (command, script) = started(other, entrypoint: entrypoint)
    let before = [script].compactMap(\.self)
    guard let inner = unwrapped(command) else { return (command, before) }
    return (inner.command, before + [inner.script])
  }

  /// The program of a script that lies with the files for containers, and was copied to where the image has nothing.
  private func unwrapped(_ command: StartCommand) -> (command: StartCommand, script: String)? {
    guard command.words.count == 1, command.words[0].hasPrefix("/app/") else { return nil }
    let script = String(command.words[0].dropFirst(5))
    let folders = SourceFiles.folder(of: script).split(separator: "/").map { $0.lowercased() }
    guard folders.contains(where: SourceFiles.deployment.contains), let text = sources[script] else {
      return nil
    }
    let lines = text.split(separator: "\n").map(\.trimmed)
    guard let last = lines.last(where: { $0.hasPrefix("exec ") && !$0.contains("$@") }),
      !ShellText.isNeeded(String(last.dropFirst(5)))
    else { return nil }
    var found = StartCommand(shell: last, imageValues, places)
    if let migration = ShellText.steps(text).first(where: { StartCommand.isMigration($0.text) }) {
      found.migrations.append(migration.text)
    }
    return (found, script)
  }

  private func started(_ other: (words: [String], isLine: Bool)?, entrypoint: [String]?) -> (
    command: StartCommand, script: String?
  ) {
    func start(_ words: [String], isLine: Bool) -> StartCommand {
      isLine
        ? StartCommand(shell: words.first ?? "", imageValues, places)
        : StartCommand(list: words, imageValues, places)
    }
    let own = imageStage?.command.map { (words: $0.words, isLine: $0.isShell) }
    let command = other ?? (entrypoint == nil ? own : nil) ?? (words: [], isLine: false)
    let entry = entrypoint ?? imageStage?.entrypoint?.words ?? []
    if entrypoint == nil, imageStage?.entrypoint?.isShell == true {
      return (StartCommand(shell: entry.first ?? "", imageValues, places), nil)
    }
    var bare = StartCommand.bare(entry)
    guard let first = bare.first else { return (start(command.words, isLine: command.isLine), nil) }
    var called: String?
    if ["sh", "bash"].contains(SourceFiles.base(of: first)), bare.count == 2 {
      called = SourceFiles.base(of: bare.removeFirst())
    }
    let arguments = command.isLine ? Self.words(command.words.first ?? "") : command.words
    let all: [String] = (called.map { [$0] } ?? []) + bare + arguments
    guard let script = repositoryFile(bare[0]), let text = sources[script] else {
      let isScript = bare[0].hasSuffix(".sh") || bare[0].contains("entrypoint")
      return isScript && !arguments.isEmpty
        ? (start(command.words, isLine: command.isLine), bare[0])
        : (start(all, isLine: false), nil)
    }
    let passes = ["exec \"$@\"", "exec $@", "exec \"${@}\""].contains { text.contains($0) }
    let word = arguments.first ?? ""
    let isWord = text.split(separator: "\n").contains { line in
      let label = line.trimmed
      guard let end = label.firstIndex(of: ")"), !label[..<end].contains("(") else { return false }
      return label[..<end].split(separator: "|").contains { $0.trimmed.trimmingQuotes == word }
    }
    if passes, !isWord, !arguments.isEmpty { return (start(command.words, isLine: command.isLine), script) }
    let last = text.split(separator: "\n").map(\.trimmed).last { $0.hasPrefix("exec ") && !$0.contains("$@") }
    if arguments.isEmpty, let last, !ShellText.isNeeded(String(last.dropFirst(5))) {
      var found = StartCommand(shell: last, imageValues, places)
      let migration = text.split(separator: "\n").map(\.trimmed).first {
        !$0.hasPrefix("#") && StartCommand.isMigration($0)
      }
      if let migration, !ShellText.isNeeded(migration) { found.migrations.append(migration) }
      return (found, script)
    }
    // What only hands on what it is given starts nothing by itself, but for what it falls back on.
    if passes, arguments.isEmpty {
      let own = text.split(separator: "\n").map(\.trimmed).first {
        $0.hasPrefix("set -- ") && !$0.contains("$@") && !ShellText.isNeeded(String($0.dropFirst(7)))
      }
      let command = own.map { StartCommand(shell: String($0.dropFirst(7)), imageValues, places) }
      return (command ?? StartCommand(words: []), script)
    }
    let marked = text.prefix { $0 != "\n" }.contains("bash") ? "bash" : "sh"
    let shell = text.hasPrefix("#!") ? marked : called ?? "sh"
    return (StartCommand(words: [shell, "/app/\(script)"] + arguments), nil)
  }

  /// The file of this folder that a path in the container is.
  private func repositoryFile(_ path: String) -> String? {
    let container = SourceFiles.joined(imageStage?.folder ?? "/", path)
    if let context = imageStage?.context(of: container),
      let own = own(
        context, in: compose.dockerfile?.file == imageFile ? compose.dockerfile?.context ?? "" : ""),
      sources[own] != nil
    {
      return own
    }
    let same = sources.texts.keys.filter {
      SourceFiles.base(of: $0) == SourceFiles.base(of: path) && !$0.hasPrefix("..")
    }
    return same.count == 1 ? same.first : nil
  }

  mutating func readDockerfile() {
    noteOtherDockerfiles()
    guard let stage = imageStage else { return }
    for (name, entry) in stage.environment.sorted(by: { $0.key < $1.key })
    where DevelopmentSettings.decides(name, entry.value) && Names.isVariable(name) {
      imageVariables[name] = entry.value
      guard DevelopmentSettings.kind(name, entry.value) != nil else { continue }
      note(
        "\(imageFile):\(entry.line): \(name)=\(entry.value) is for development, and goes to dev alone",
        "say what production has under app.environments.production.env", warns: true)
      if variables[name] == nil { variables[name] = entry.value }
    }
    let (command, before) = program()
    let line = stage.command?.line ?? stage.entrypoint?.line
    let place = line.map { "\(imageFile):\($0)" } ?? imageFile
    let idle = StartCommand.isIdle(command.words)
    if !idle, !isForDevelopment(command.text) {
      for script in before { noteEntrypoint(script) }
      let port = command.port ?? stage.port ?? stage.environment["PORT"].flatMap { Int($0.value) }
      if let port {
        take("web", command, port: port, place)
      } else if let port = scripts?.port(of: command) {
        take("web", command, port: port, "GUESS: \(place), and \(port) is what its server has")
      } else if command.program.map(Self.servers.contains) == true {
        take("web", command, port: 8000, place)
      } else if processes.isEmpty {
        take(Self.label(command.program ?? "").isEmpty ? "worker" : "worker", command, port: nil, place)
      }
    } else if !idle {
      note("\(place): `\(command.text)` is for those who develop, and is left out")
    } else if !command.words.isEmpty {
      note("\(place): `\(command.text)` waits for somebody who types, or for nothing, and is no process")
    }
    notePackages(stage)
  }

  static let servers: Set<String> = [
    "gunicorn", "uvicorn", "uwsgi", "daphne", "hypercorn", "granian", "waitress-serve", "fastapi",
  ]

  mutating func noteEntrypoint(_ script: String) {
    let text = sources[script] ?? ""
    let migrates = text.split(separator: "\n").map(\.trimmed).first {
      StartCommand.isMigration($0) && !$0.hasPrefix("#")
    }
    note(
      "\(script) is left out: pods start their program itself",
      migrates == nil
        ? "where it does more than wait, name it: command: [sh, \(script), ...]"
        : "\(sources.place(script, migrates ?? "")): migrations run in a Job (app.values.migrate)")
    let left = ShellText.steps(text).filter {
      !StartCommand.isMigration($0.text) && !(django != nil && $0.text.contains("collectstatic"))
    }
    for step in left.prefix(4) {
      note(
        "\(script):\(step.line): `\(step.text)` is not taken over",
        "what each release needs once goes beside the migrations: app: {values: {migrate: …}}", warns: true)
    }
    if left.count > 4 { note("\(script): nor are \(left.count - 4) more of its steps") }
  }

  private mutating func notePackages(_ stage: DockerfileStage) {
    let packages = stage.packages
    if !packages.alpine.isEmpty {
      let names = packages.alpine.map(\.name)
      note(
        "\(imageFile):\(packages.alpine[0].line): packages of Alpine are not taken over: \(names.joined(separator: ", "))",
        "the image is Debian's: name what a program needs there under app.packages", warns: true)
    }
    let left = packages.left.filter { !buildPackages.contains($0.name) }
    if let first = left.first {
      note(
        "\(imageFile):\(first.line): left out, since they build packages or ask for health: "
          + left.map(\.name).joined(separator: ", "))
    }
    let unlisted = packages.pip.filter { !known.has($0.name) }
    if shipsPython, let first = unlisted.first {
      note(
        "\(imageFile):\(first.line): installs by itself, and the image will not have: "
          + Set(unlisted.map(\.name)).sorted().joined(separator: ", "),
        known.adding(unlisted.map(\.name)), warns: true)
    }
  }

  // MARK: Scripts

  mutating func readScripts() {
    guard let scripts, processes.isEmpty, isNode, !shipsPython || django == nil && environment.from.isEmpty
    else { return }
    let file = scriptsFile
    guard let (name, text) = scripts.start else {
      if let (name, text) = scripts.developed {
        let place = sources.place(file, "\"\(name)\"")
        if let own = StartCommand(words: Self.words(text)).forProduction {
          take("web", own, port: servedPort ?? 8000, "GUESS: \(place), without what watches it")
          return
        }
        note(
          "\(sources.place(file, "\"\(name)\"")): `\(text)` is for those who develop, and is left out",
          "name what production runs under app.processes", warns: true)
      }
      return
    }
    let command =
      scripts.words(name).map { StartCommand(words: $0) } ?? StartCommand(shell: text, [:], .init())
    take("web", command, port: 8000, sources.place(file, "\"\(name)\""))
    if let before = scripts.text("pre" + name), scripts.build != nil || !command.text.hasPrefix("node ") {
      note(
        "\(sources.place(file, "\"pre\(name)\"")): `\(before)` is not run before it",
        "it is for the image's build: app.values.prepare", warns: true)
    }
  }

  /// What npm, yarn or pnpm start is started without them.
  mutating func resolveScripts() {
    guard let scripts else { return }
    for (name, process) in processes {
      guard let script = scripts.script(of: process.command.words), var words = scripts.words(script) else {
        continue
      }
      words += scripts.arguments(of: process.command.words)
      processes[name]?.command.words = words
      processes[name]?.port = StartCommand(words: words).port ?? process.port
    }
    for (name, process) in processes.sorted(by: { $0.key < $1.key }) {
      let words = process.command.words
      if words.first == "node", words.count > 1, !words[1].hasPrefix("-") {
        var file = SourceFiles.joined(
          "", words[1].hasPrefix("/app/") ? String(words[1].dropFirst(5)) : words[1])
        let container = SourceFiles.joined(imageStage?.folder ?? "/", words[1])
        if !sources.has(file), !sources.has(file + ".js"), let own = imageStage?.context(of: container),
          own != file
        {
          file = own
          processes[name]?.command.words[1] = own
        }
        if !["", ".js", ".mjs", ".cjs", "/index.js"].contains(where: { sources.has(file + $0) }) {
          // What npm runs before a script of that name may make it.
          let before = scripts.start.map { "pre" + $0.name }.flatMap { scripts.text($0) == nil ? nil : $0 }
          if let build = scripts.build ?? before, let folder = file.split(separator: "/").first,
            file.contains("/") || !file.contains(".")
          {
            built = (String(folder), build, process.place)
          } else {
            note("\(process.place): \(name) starts \(file), which is not in the repository", nil, warns: true)
          }
        }
      }
      if let program = process.command.program, scripts.isOnlyForDevelopers(program) {
        note(
          "\(process.place): \(name) starts \(program), which is under devDependencies: the image has none of those",
          "move it to dependencies in \(scriptsFile)", warns: true)
      }
    }
  }
}
