import OutfitCore
import OutfitProfile

/// How a program is started, as some file of a repository says it, and as it is started in the image that is rendered:
/// there the project lies in /app, and its packages' programs are on the path.
struct StartCommand: Hashable {
  /// Empty where nothing is left to start.
  var words: [String] = []
  /// What brings the database up first.
  var migrations: [String] = []
  /// Parts that are done before the program starts, and that a pod would do at each start.
  var before: [String] = []

  /// Folders of the container that are /app in the image, with what is below it.
  struct Places {
    /// The folder of the project that the program is started in; empty for its own.
    var folder = ""
    /// In the image, by the one in the container that was.
    var folders: [(container: String, image: String)] = []

    func moved(_ word: String) -> String {
      for (container, image) in folders where container.count > 1 && container != image {
        var (start, rest) = ("", word[...])
        if !rest.hasPrefix("/"), let mark = rest.lastIndex(where: { $0 == "=" || $0 == ":" }) {
          (start, rest) = (String(rest[...mark]), rest[rest.index(after: mark)...])
        }
        if rest == container { return start + image }
        if rest.hasPrefix(container + "/") { return start + image + rest.dropFirst(container.count) }
      }
      return word
    }
  }

  init(words: [String]) { self.words = words }

  /// - Parameter text: a line for a shell.
  init(shell text: String, _ values: [String: String], _ places: Places) {
    let words = ProjectReading.words(text)
    if words.count == 3, Self.isShell(words) {
      self.init(parts: words[2], values, places)
    } else {
      self.init(parts: text, values, places)
    }
  }

  private static func isShell(_ words: [String]) -> Bool {
    ["sh", "bash", "ash"].contains(SourceFiles.base(of: words[0])) && words[1].hasPrefix("-")
      && words[1].hasSuffix("c")
  }

  init(list words: [String], _ values: [String: String], _ places: Places) {
    if words.count == 3, Self.isShell(words) {
      self.init(parts: words[2], values, places)
    } else {
      self.init(words: Self.bare(words.map { Self.ported($0, values) }).map(places.moved))
      enter(places)
    }
  }

  private init(parts text: String, _ values: [String: String], _ places: Places) {
    let text = Self.ported(text.trimmed, values)
    let all = ShellText.parts(text)
    guard all.count > 1, !text.contains("|"), !text.contains("$(") else {
      take(line: text, places)
      return
    }
    let parts = ShellText.withoutLoops(all)
    for part in parts.dropLast() {
      let words = ProjectReading.words(part)
      if Self.isMigration(part) {
        migrations.append(Self.line(Self.bare(words).map(places.moved), places))
      } else if !["sleep", "echo", "set", "export", "cd", "source", "."].contains(words.first ?? "") {
        before.append(part)
      }
    }
    if parts.contains(where: { $0.hasPrefix("cd ") || $0.hasPrefix("export ") }) {
      take(line: parts.filter { !Self.isMigration($0) }.joined(separator: " && "), places)
    } else {
      take(line: parts.last ?? "", places)
    }
  }

  private mutating func take(line: String, _ places: Places) {
    if ShellText.isNeeded(line) {
      var text = Self.bareText(line)
      for (container, image) in places.folders where container.count > 1 {
        text = text.replacing(container + "/", with: image + "/")
      }
      let isOne = ShellText.parts(text).count == 1 && !text.hasPrefix("exec ")
      let start = places.folder.isEmpty ? "" : "cd \(Quoting.shell(places.folder)) && "
      words = ["sh", "-c", start + (isOne ? "exec " : "") + text]
    } else {
      words = Self.bare(ProjectReading.words(line)).map(places.moved)
      if words.first?.contains("=") == true { words.insert("env", at: 0) }
      enter(places)
    }
  }

  private mutating func enter(_ places: Places) {
    guard !places.folder.isEmpty, !words.isEmpty else { return }
    words = ["sh", "-c", Self.line(words, places, exec: true)]
  }

  private static func line(_ words: [String], _ places: Places, exec: Bool = false) -> String {
    (places.folder.isEmpty ? "" : "cd \(Quoting.shell(places.folder)) && ") + (exec ? "exec " : "")
      + Quoting.shell(words)
  }

  /// The port that a platform gives is the image's own.
  static func ported(_ text: String, _ values: [String: String]) -> String {
    let port = values["PORT"].flatMap { Int($0) }.map(String.init) ?? "8000"
    var text = text
    while let start = text.firstRange(of: "${PORT:-"), let end = text[start.upperBound...].firstIndex(of: "}")
    {
      let own = values["PORT"] ?? String(text[start.upperBound..<end])
      text.replaceSubrange(start.lowerBound...end, with: own)
    }
    return text.replacing("${PORT}", with: port).replacing("$(PORT)", with: port).replacing(
      "$PORT", with: port)
  }

  // MARK: Words around a program

  private static let runners: [[String]] = [
    ["poetry", "run"], ["uv", "run"], ["pipenv", "run"], ["pdm", "run"], ["exec"], ["tini"], ["dumb-init"],
    ["docker-init"], ["heroku", "local:run"],
  ]

  /// Without what only finds the program, or stands as the first process before it.
  static func bare(_ words: [String]) -> [String] {
    var words = words
    while let first = words.first {
      let name = SourceFiles.base(of: first)
      guard
        let runner = runners.first(where: {
          $0.first == name && ($0.count == 1 || words.dropFirst().first == $0[1])
        })
      else { break }
      words.removeFirst(runner.count)
      while let option = words.first, option.hasPrefix("-"), runner != ["exec"] {
        words.removeFirst()
        if option == "--" { break }
      }
    }
    if let first = words.first, first.contains("/"), isOfPackages(SourceFiles.folder(of: first)) {
      words[0] = SourceFiles.base(of: first)
    }
    return words
  }

  /// A folder for programs, which is none of the project's own.
  private static func isOfPackages(_ folder: String) -> Bool {
    let isSystem = ["/usr/", "/bin", "/sbin"].contains { (folder + "/").hasPrefix($0) }
    let isEnvironment = ["venv/bin", "env/bin", ".local/bin", "node_modules/.bin"].contains {
      folder.hasSuffix($0)
    }
    return isSystem || isEnvironment
  }

  private static func bareText(_ text: String) -> String {
    var text = text
    for runner in ["poetry run ", "uv run ", "pipenv run ", "pdm run "] {
      text = text.replacing(runner, with: "")
    }
    return text
  }

  // MARK: What a command is

  /// Whether a program is one of Node's or of Python's own, or one that everybody has from there.
  static func isOfNode(_ program: String) -> Bool {
    [
      "node", "npm", "npx", "yarn", "pnpm", "bun", "bunx", "next", "nuxt", "nuxi", "nest", "pm2",
      "pm2-runtime", "tsx",
      "ts-node", "remix-serve", "react-router-serve", "serve",
    ].contains(program)
  }

  static func isOfPython(_ program: String) -> Bool {
    program.hasPrefix("python") || KnownPackages.programs[program] != nil
  }

  /// The program's name; of `sh -c 'cd src && exec gunicorn …'` too.
  var program: String? { Self.program(of: last) }

  /// The words of the program itself, which is the last of a shell's line.
  private var last: [String] {
    guard words.first == "sh", words.count == 3, let last = ShellText.parts(words[2]).last else {
      return words
    }
    return Self.bare(ProjectReading.words(last))
  }

  /// What an option has for its value: `-A shop`, `--app=shop`.
  private static func value(of options: [String], _ words: [String]) -> String? {
    for (index, word) in words.enumerated() {
      if options.contains(word), index + 1 < words.count { return words[index + 1] }
      if let option = options.first(where: { $0.hasPrefix("--") && word.hasPrefix($0 + "=") }) {
        return String(word.dropFirst(option.count + 1))
      }
      if let option = options.first(where: { $0.count == 2 && word.hasPrefix($0) && word.count > 2 }) {
        return String(word.dropFirst(option.count))
      }
    }
    return nil
  }

  /// What a server serves: `shop.wsgi`, `shop.main:app`.
  private static func application(_ words: [String]) -> String? {
    words.dropFirst().first { word in
      guard !word.hasPrefix("-"), !["python:", "unix:", "fd:"].contains(where: word.hasPrefix) else {
        return false
      }
      let end = word.split(separator: ":", omittingEmptySubsequences: false).last ?? ""
      return word.hasSuffix("wsgi") || word.hasSuffix("asgi") || word.contains(":") && Int(end) == nil
    }
  }

  /// What it does, however it does it: two of the same purpose would do everything twice.
  var purpose: [String] {
    let words = last
    if let program, ProjectReading.servers.contains(program), let application = Self.application(words) {
      return [program, application]
    }
    guard program == "celery", let role = words.first(where: { ["worker", "beat"].contains($0) }) else {
      return words
    }
    let isBoth = role == "worker" && words.contains { ["-B", "--beat"].contains($0) }
    return [
      "celery", isBoth ? "worker and beat" : role, Self.value(of: ["-A", "--app"], words) ?? "",
      role == "beat" ? "" : Self.value(of: ["-Q", "--queues"], words) ?? "",
    ]
  }

  private static let ending: Set<String> = [
    "migrate", "collectstatic", "loaddata", "initdb", "init_db", "init-db", "createsuperuser",
    "createcachetable",
    "compilemessages", "makemigrations", "db:migrate", "db:seed",
  ]

  /// It does something once, and is done.
  var endsByItself: Bool {
    let words = last
    if Self.isMigration(Quoting.shell(words)) { return true }
    guard
      let place = words.firstIndex(where: {
        ["manage.py", "django-admin"].contains(SourceFiles.base(of: $0))
      })
    else { return words.dropFirst().prefix(2).contains(where: Self.ending.contains) }
    return words[(place + 1)...].first { !$0.hasPrefix("-") }.map(Self.ending.contains) ?? false
  }

  static func program(of words: [String]) -> String? {
    var words = Self.bare(words).drop { $0.contains("=") || $0 == "env" || $0 == "cross-env" }
    if ["ddtrace-run", "newrelic-admin", "opentelemetry-instrument"].contains(words.first ?? "") {
      words = words.dropFirst().drop { $0.hasPrefix("-") || $0 == "run-program" }
    }
    guard let first = words.first.map(SourceFiles.base) else { return nil }
    if ["python", "python3"].contains(first), words.dropFirst().first == "-m",
      let module = words.dropFirst(2).first
    {
      return String(module.prefix { $0 != "." })
    }
    return first
  }

  /// The command as one line.
  var text: String {
    words.first == "sh" && words.count == 3 && words[1] == "-c" ? words[2] : words.joined(separator: " ")
  }

  /// It is nothing that runs: a shell, or a program that waits for somebody to type.
  static func isIdle(_ words: [String]) -> Bool {
    let words = bare(words)
    guard let first = words.first.map(SourceFiles.base) else { return true }
    if ["sh", "bash", "ash", "dash", "zsh", "fish"].contains(first) {
      // With options alone it waits for somebody: `bash -l`.
      return words.dropFirst().allSatisfy { $0.hasPrefix("-") && !($0.hasSuffix("c") && !$0.hasPrefix("--")) }
    }
    if words.count == 1 || words.count == 2 && words[1] == "-i" {
      return ["python", "python3", "ipython", "node", "bun", "irb", "true"].contains(first)
    }
    return first == "sleep" || first == "tail"
  }

  /// It shows how others do, and is none of what clients ask.
  static func isBeside(_ command: StartCommand) -> Bool {
    command.text.split(whereSeparator: \.isWhitespace).contains { word in
      ["flower", "rq-dashboard", "rqmonitor", "prometheus", "exporter", "bull-board"].contains(
        SourceFiles.base(of: String(word)))
    }
  }

  /// Only those who develop run it: it watches files, or is a server that its own makers want no visitors on.
  static func isForDevelopment(_ text: String) -> Bool {
    let words = text.split { $0.isWhitespace || "'\";&|()".contains($0) }.map(String.init)
    let marks: Set<String> = [
      "runserver", "runserver_plus", "--reload", "--watch", "-w", "watch", "nodemon", "webpack-dev-server",
      "ts-node-dev",
      "tsnd", "livereload", "browser-sync", "--debug", "debugpy", "ptw", "pytest", "jest", "cypress",
      "start:dev",
      "start:watch", "watchmedo", "--hot", "ng",
    ]
    let named = words.map(SourceFiles.base)
    if named.contains(where: {
      $0.hasPrefix("dev_") || $0.hasPrefix("dev-server") || $0.hasPrefix("watch-") || $0.hasPrefix("watch:")
        || $0.hasSuffix(":watch") || $0.hasSuffix(":dev")
    }) {
      return true
    }
    if named.contains(where: { marks.contains($0) && $0 != "-w" && $0 != "watch" }) { return true }
    if named.contains("-w"), !named.contains(where: { ["gunicorn", "uvicorn", "celery"].contains($0) }) {
      return true
    }
    for pair in [
      ["flask", "run"], ["fastapi", "dev"], ["next", "dev"], ["nx", "serve"], ["vue-cli-service", "serve"],
      ["react-scripts", "start"], ["parcel", "serve"], ["nuxt", "dev"], ["astro", "dev"], ["run", "dev"],
      ["yarn", "dev"],
      ["pnpm", "dev"], ["npm", "watch"], ["run", "watch"], ["yarn", "watch"], ["pnpm", "watch"],
      ["tsc", "-w"],
      ["tsx", "watch"], ["mkdocs", "serve"], ["zensical", "serve"], ["jekyll", "serve"], ["hugo", "server"],
      ["gatsby", "develop"], ["docusaurus", "start"], ["vitepress", "dev"], ["vuepress", "dev"],
      ["storybook", "dev"],
      ["remix", "dev"], ["react-router", "dev"], ["expo", "start"], ["wrangler", "dev"], ["bun", "dev"],
      ["quart", "run"],
    ] {
      for (a, b) in zip(named, named.dropFirst()) where [a, b] == pair { return true }
    }
    let program = named.first {
      !["exec", "npx", "bunx", "env", "cross-env"].contains($0) && !$0.contains("=")
    }
    if program == "vite" { return !named.contains("preview") && !named.contains("build") }
    if program == "flask", let first = ShellText.parts(text).first,
      ProjectReading.words(first).contains("run")
    {
      return true
    }
    if ["sphinx-autobuild", "start-storybook"].contains(program ?? "") || named == ["next"] { return true }
    if named.contains("tailwindcss"), named.contains("watch") { return true }
    return text.contains("NODE_ENV=development")
  }

  /// What production would start in place of a developer's command: the same server, without what watches the source;
  /// nil where there is no telling.
  var forProduction: StartCommand? {
    var words = words
    if words.first == "sh", words.count == 3, words[1] == "-c" {
      let parts = ShellText.parts(words[2])
      guard let last = parts.last, !ShellText.isNeeded(last) else { return nil }
      let isExec = last.hasPrefix("exec ")
      let inner = StartCommand(words: ProjectReading.words(isExec ? String(last.dropFirst(5)) : last))
      guard let found = inner.forProduction else { return nil }
      let rest = parts.dropLast() + [(isExec ? "exec " : "") + Quoting.shell(found.words)]
      return StartCommand(words: ["sh", "-c", rest.joined(separator: " && ")])
    }
    if ["npx", "bunx"].contains(words.first ?? "") { words.removeFirst() }
    guard let program = Self.program(of: words) else { return nil }
    if ["nodemon", "ts-node-dev", "tsnd", "tsx"].contains(program) {
      var rest = words.drop { SourceFiles.base(of: $0) != program }.dropFirst()
      if rest.first == "watch" { rest = rest.dropFirst() }
      let file = rest.first { word in [".js", ".mjs", ".cjs"].contains(where: word.hasSuffix) }
      return file.map { StartCommand(words: ["node", $0]) }
    }
    let servers: Set<String> = ["uvicorn", "gunicorn", "hypercorn", "daphne", "granian", "fastapi", "celery"]
    guard servers.contains(program) else { return nil }
    if let place = words.firstIndex(of: "dev"), program == "fastapi" { words[place] = "run" }
    var kept: [String] = []
    var isValue = false
    for word in words {
      if isValue {
        isValue = false
      } else if ["--reload-dir", "--reload-include", "--reload-exclude", "--reload-delay"].contains(word) {
        isValue = true
      } else if !word.hasPrefix("--reload"), word != "--debug" {
        kept.append(word)
      }
    }
    let found = StartCommand(words: kept)
    return kept == words || !Self.isForDevelopment(found.text) ? found : nil
  }

  static func isMigration(_ text: String) -> Bool {
    [
      "alembic upgrade", "manage.py migrate", "flask db upgrade", "flask deploy", "prisma migrate deploy",
      "knex migrate",
      "migration:run", "sequelize db:migrate", "sequelize-cli db:migrate", "django-admin migrate",
      "aerich upgrade",
      "rails db:migrate", "drizzle-kit migrate", "airflow db upgrade", "airflow db migrate",
    ].contains { text.contains($0) }
  }

  // MARK: Ports

  /// The port that the command itself names, however small.
  var port: Int? {
    let words = words.first == "sh" && words.count == 3 ? ProjectReading.words(words[2]) : words
    for (index, word) in words.enumerated() {
      if ["--port", "-p"].contains(word), index + 1 < words.count, let port = Int(words[index + 1]) {
        return port
      }
      if word.hasPrefix("--port="), let port = Int(word.dropFirst(7)) { return port }
      guard let colon = word.lastIndex(of: ":"), let port = Int(word[word.index(after: colon)...]),
        (1...65535).contains(port)
      else { continue }
      let host = word[..<colon].split(separator: "=").last.map(String.init) ?? ""
      let isHost =
        host.isEmpty || host == "localhost" || host == "*" || host.hasPrefix("[") || host.hasPrefix("http")
        || host.contains(".") && host.allSatisfy { $0.isNumber || $0 == "." }
      if isHost || (1024...65535).contains(port) { return port }
    }
    return nil
  }

  /// The same with another port.
  func with(port new: Int, insteadOf old: Int) -> StartCommand? {
    var changed = self
    func replaced(_ text: String) -> String {
      text.split(separator: " ", omittingEmptySubsequences: false).map { word in
        if word == "\(old)" { return "\(new)" }
        if word.hasSuffix(":\(old)") || word.hasSuffix("=\(old)") {
          return word.dropLast("\(old)".count) + "\(new)"
        }
        return String(word)
      }.joined(separator: " ")
    }
    changed.words = words.map(replaced)
    return changed == self ? nil : changed
  }
}
