import OutfitCore
import OutfitProfile

/// What starts a project that does not say it in any file for machines.
extension ProjectReading {
  mutating func guessProcesses() {
    renameServed()
    if let django, processes["web"] == nil, !processes.values.contains(where: { $0.port != nil }) {
      guessDjango(django)
    } else if processes.isEmpty, django == nil, shipsPython, !environment.from.isEmpty {
      guessPython()
    } else if processes.isEmpty, shipsNode, let main = scripts?.package["main"]?.text ?? nodeMain,
      sources[main] != nil, Self.listens(sources[main] ?? "")
    {
      processes["web"] = Process(
        command: StartCommand(words: ["node", main]), port: servedPort ?? 8000,
        place: "GUESS: \(main) listens")
    }
    if processes["web"] == nil, processes.isEmpty, let nodeMain, shipsNode, sources[nodeMain] != nil,
      Self.listens(sources[nodeMain] ?? "")
    {
      processes["web"] = Process(
        command: StartCommand(words: ["node", nodeMain]), port: servedPort ?? 8000,
        place: "GUESS: \(nodeMain) listens")
    }
  }

  private var nodeMain: String? {
    ["server.js", "index.js", "app.js", "src/server.js", "src/index.js", "src/app.js"].first {
      sources[$0] != nil
    }
  }

  private static func listens(_ text: String) -> Bool {
    text.contains(".listen(") || text.contains("createServer(")
  }

  /// What alone serves is what clients reach.
  private mutating func renameServed() {
    let served = processes.filter { $0.value.port != nil }
    guard processes["web"] == nil, served.count == 1, let (name, process) = served.first,
      !StartCommand.isBeside(process.command)
    else { return }
    processes[name] = nil
    processes["web"] = process
  }

  private mutating func guessDjango(_ project: DjangoProject) {
    let port = servedPort.flatMap { (1024...65535).contains($0) ? $0 : nil } ?? 8000
    var words = project.server(known)
    var place = "GUESS: the package of manage.py's settings, and a server that is among the packages"
    if words == nil {
      let hasAsync = project.has(project.package + ".asgi") || !project.has(project.package + ".wsgi")
      let isNamed = project.package == String(ownName.map { $0 == "-" ? "_" : $0 }) && project.folder.isEmpty
      if hasAsync {
        words = isNamed ? [] : DjangoProject.uvicorn(project.package)
      } else {
        words = ["gunicorn", "\(project.package).wsgi:application", "--bind", "0.0.0.0:8000"]
      }
      place = "GUESS: the package of manage.py's settings"
      if !known.names.isEmpty, !known.names.contains("uvicorn") {
        note(
          "nothing that serves Django is among the packages of \(known.from.joined(separator: ", "))",
          known.remedy(hasAsync && !project.has(project.package + ".wsgi") ? "uvicorn" : "gunicorn"),
          warns: true)
      }
    }
    guard var words else { return }
    guard !words.isEmpty else {
      processes["web"] = Process(
        command: StartCommand(words: []), port: nil, place: "GUESS: the template's command")
      return
    }
    words = words.map { $0.replacing("8000", with: "\(port)") }
    var command = StartCommand(list: words, [:], .init(folder: project.folder))
    command.migrations = []
    processes["web"] = Process(command: command, port: port, place: place)
  }

  /// The file that makes the application.
  private mutating func guessPython() {
    for (mark, program) in [
      ("= FastAPI(", "uvicorn"), ("Flask(__name__", "gunicorn"), ("= Starlette(", "uvicorn"),
    ] {
      let files = sources.texts.keys.filter { name in
        name.hasSuffix(".py") && !name.hasPrefix("..") && !name.contains("example") && !name.hasPrefix("docs")
          && sources[name]?.contains(mark) == true
      }.sorted { $0.count(where: { $0 == "/" }) < $1.count(where: { $0 == "/" }) }
      guard let file = files.first else { continue }
      var (folder, path) = ("", file)
      if file.hasPrefix("src/") { (folder, path) = ("src", String(file.dropFirst(4))) }
      var module = String(path.dropLast(3)).replacing("/", with: ".")
      if module.hasSuffix(".__init__") { module = String(module.dropLast(9)) }
      let line = (sources[file] ?? "").split(separator: "\n").first { $0.contains(mark) } ?? ""
      // What is made inside of a function is the function's.
      let isInside = line.first?.isWhitespace == true
      let name = line.split { $0 == "=" || $0 == ":" || $0 == " " }.first.map(String.init) ?? "app"
      let object = isInside ? "create_app" : name
      let place = sources.place(file, mark)
      var words = [program, "\(module):\(object)"]
      if program == "uvicorn" {
        if isInside { words.append("--factory") }
        words += ["--host", "0.0.0.0", "--port", "8000"]
      } else {
        if isInside { words[1] += "()" }
        words += ["--bind", "0.0.0.0:8000"]
      }
      processes["web"] = Process(
        command: StartCommand(list: words, [:], .init(folder: folder)), port: 8000, place: "GUESS: \(place)")
      return
    }
  }

  // MARK: What a container asks of a command

  mutating func finishProcesses() {
    for (name, process) in processes.sorted(by: { $0.key < $1.key }) {
      var process = process
      logOutside(name, &process)
      listenOutside(name, &process)
      if let port = process.port, !(1024...65535).contains(port) { lift(name, port, &process) }
      processes[name] = process
      if let package = known.missing(process.command.program), shipsPython, !process.command.words.isEmpty {
        let program = process.command.program ?? ""
        let isAsked = process.place.hasPrefix("GUESS")
        let from = known.from.joined(separator: ", ")
        if isAsked && django != nil { continue }
        note(
          "\(process.place): \(name) starts \(program), and \(package) is not among the packages of \(from.isEmpty ? "the project" : from)",
          known.remedy(package), warns: true)
      }
      keepShell(&process)
      processes[name] = process
      noteOldPlaces(name, process)
      noteMigrations(name, process)
    }
    if !shipsPython, let port = processes["web"]?.port, port != 8000, composed["PORT"] == nil {
      // The template's own is 8000.
      composed["PORT"] = "\(port)"
    }
  }

  /// What a container writes goes where its engine reads it: its files can't be written, and nobody would see them.
  private mutating func logOutside(_ name: String, _ process: inout Process) {
    let options = [
      "--logfile", "--log-file", "--access-logfile", "--error-logfile", "--access-log", "--error-log",
    ]
    var kept: [String] = []
    var files: [String] = []
    var words = (process.command.words.first == "sh" ? [] : process.command.words)[...]
    while let word = words.popFirst() {
      let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
      guard let option = parts.first, options.contains(option) else {
        kept.append(word)
        continue
      }
      guard let value = parts.count == 2 ? parts[1] : words.popFirst() else { continue }
      let isFile = !["-", "/dev/stdout", "/dev/stderr", "syslog"].contains(value)
      if isFile { files.append(value) }
      if !isFile || option.hasPrefix("--access") || option.hasPrefix("--error") {
        kept.append("\(option)=\(isFile ? "-" : value)")
      }
    }
    guard !files.isEmpty else { return }
    process.command.words = kept
    note(
      "\(process.place): \(name) writes its log to the container's output, not to \(files.joined(separator: ", "))"
    )
  }

  private static func appended(_ words: [String], to command: inout StartCommand) {
    if command.words.first == "sh", command.words.count == 3 {
      command.words[2] += " " + Quoting.shell(words)
    } else {
      command.words += words
    }
  }

  private mutating func listenOutside(_ name: String, _ process: inout Process) {
    guard let port = process.port, !process.command.words.isEmpty else { return }
    let text = process.command.text
    let words = text.split(separator: " ").map(String.init)
    switch process.command.program {
    case "uvicorn" where !words.contains(where: { $0.hasPrefix("--host") || $0.hasPrefix("--uds") }):
      note("uvicorn listens for \(name) inside its container only: `--host 0.0.0.0` is added", nil)
      Self.appended(["--host", "0.0.0.0"], to: &process.command)
      if port != 8000, process.command.port == nil {
        Self.appended(["--port", "\(port)"], to: &process.command)
      }
    case "gunicorn"
    where !words.contains(where: { $0 == "-b" || $0.hasPrefix("--bind") || $0.hasPrefix("-b0") }):
      let file = gunicornFile(words)
      if let line = file.flatMap({ sources[$0] })?.split(separator: "\n").first(where: {
        $0.drop(while: \.isWhitespace).hasPrefix("bind")
      }) {
        let numbers = line.split { !$0.isNumber }.compactMap { Int($0) }.filter {
          (1024...65535).contains($0)
        }
        if imageStage?.port == nil, let own = numbers.last { process.port = own }
      } else {
        Self.appended(["--bind", "0.0.0.0:\(port)"], to: &process.command)
      }
    case "daphne" where !words.contains("-b"):
      Self.appended(["-b", "0.0.0.0", "-p", "\(port)"], to: &process.command)
    default: break
    }
  }

  private func gunicornFile(_ words: [String]) -> String? {
    for (index, word) in words.enumerated()
    where ["-c", "--config"].contains(word) && index + 1 < words.count {
      let value = words[index + 1]
      if value.hasPrefix("python:") {
        let path = String(value.dropFirst(7)).replacing(".", with: "/") + ".py"
        return places.folder.isEmpty ? path : "\(places.folder)/\(path)"
      }
      return value.hasPrefix("/app/") ? String(value.dropFirst(5)) : SourceFiles.joined(places.folder, value)
    }
    return sources["gunicorn.conf.py"] == nil ? nil : "gunicorn.conf.py"
  }

  /// A container without privileges can't have the lower ports.
  private mutating func lift(_ name: String, _ port: Int, _ process: inout Process) {
    let new = port == 443 ? 8443 : 8080
    if let changed = process.command.with(port: new, insteadOf: port) {
      process.command = changed
      note(
        "\(process.place): \(name) listens on \(new) instead of \(port), which takes privileges that its container has not"
      )
    } else if imageValues["PORT"] == "\(port)"
      || sources.texts.values.contains(where: { $0.contains("process.env.PORT") })
    {
      composed["PORT"] = "\(new)"
      note(
        "\(process.place): \(name) gets PORT=\(new) instead of \(port), which takes privileges that its container has not"
      )
    } else {
      note(
        "\(process.place): \(name) listens on \(port): a container without privileges needs 1024 or more",
        "make it listen on \(new)", warns: true)
    }
    process.port = new
    if !process.place.hasPrefix("GUESS") { process.place = "GUESS: \(process.place) has \(port)" }
  }

  /// The script of the repository that a command runs.
  private func script(of words: [String]) -> String? {
    let isShell = ["sh", "bash"].contains(SourceFiles.base(of: words.first ?? ""))
    guard let word = isShell ? words.dropFirst().first : words.first, !word.hasPrefix("-") else { return nil }
    let path = word.hasPrefix("/app/") ? String(word.dropFirst(5)) : SourceFiles.joined(places.folder, word)
    return [path, SourceFiles.joined("", word)].first { sources[$0] != nil && !$0.hasPrefix("..") }
  }

  /// What no `#!` says a program for is the shell's.
  private func keepShell(_ process: inout Process) {
    guard let first = process.command.words.first, !["sh", "bash"].contains(first),
      let script = script(of: process.command.words), sources[script]?.hasPrefix("#!") == false,
      script.hasSuffix(".sh") || !SourceFiles.base(of: script).contains(".")
    else { return }
    process.command.words.insert("bash", at: 0)
  }

  private mutating func noteMigrations(_ name: String, _ process: Process) {
    guard let script = script(of: process.command.words),
      let step = ShellText.steps(sources[script] ?? "").first(where: { StartCommand.isMigration($0.text) })
    else { return }
    note(
      "\(script):\(step.line): `\(step.text)` runs in each pod of \(name), each time that it starts",
      "the Job of app.values.migrate does it once: name what follows it as the command of \(name)",
      warns: true)
  }

  /// A file that the command names may name folders of the old container.
  private mutating func noteOldPlaces(_ name: String, _ process: Process) {
    for word in process.command.text.split(whereSeparator: { " '\"=".contains($0) }) {
      let path =
        word.hasPrefix("/app/") ? String(word.dropFirst(5)) : SourceFiles.joined(places.folder, String(word))
      guard
        path.hasSuffix(".ini") || path.hasSuffix(".cfg") || path.hasSuffix(".conf")
          || path.hasSuffix(".toml"),
        let text = sources[path]
      else { continue }
      for (container, image) in places.folders where container.count > 1 && !container.hasPrefix("/app") {
        guard text.contains(container + "/") || text.contains(container + "\n") else { continue }
        note(
          "\(sources.place(path, container)): it names \(container), which is \(image) in the image",
          "write paths from the project's folder there", warns: true)
        break
      }
    }
  }
}
