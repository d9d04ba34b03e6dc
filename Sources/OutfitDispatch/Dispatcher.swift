/// Decides what a name runs in a folder: the launcher's whole logic, and that of `outfit which`.
///
/// The tables of projects that the user has brought up come first, the nearest folder first; then the
/// machine's; then the next program of that name on PATH. Nothing that lies in a repository is ever run or
/// trusted: version files can only choose among the interpreters that tables offer.
public struct Dispatcher {
  /// Outfit's data folder: `bin/`, `libexec/` and `tables/` lie in it. Absolute, without a slash at its end.
  public let data: Bytes
  private let variable: (String) -> Bytes?
  /// What a person wrote where the variable of a language is set for them; nil where they set it.
  public var variableLabel: String?

  /// - Parameter variable: the environment.
  public init(data: Bytes, variable: @escaping (String) -> Bytes?) {
    self.data = data
    self.variable = variable
  }

  /// What a name comes to.
  public enum Resolution: Equatable {
    case run(Match)
    case stop(Stop)
  }

  /// Why there is nothing to run.
  public struct Stop: Equatable {
    /// For standard error, without the name of the program that says it.
    public var message: String
    /// A command that helps.
    public var hint: String?
    public var status: Int32 = 127

    /// Both in one line.
    public var text: String { message + (hint.map { "; \($0)" } ?? "") }
  }

  public struct Match: Equatable {
    public enum Origin: Equatable {
      /// The project's root.
      case project(Bytes)
      case machine
      /// The folder of an environment that a version file names.
      case virtualenv(Bytes)
      case path
    }
    public var command: Command
    public var origin: Origin
    /// The variable, or the file and line, that chose this version; nil when a table alone decided.
    public var chosenBy: String?
  }

  /// - Parameters:
  ///   - name: without a slash.
  ///   - folder: where the user stands: absolute, links resolved; nil when it is gone.
  public func resolve(_ name: Bytes, in folder: Bytes?) -> Resolution {
    // Which Outfit runs is the machine's to say, once it has one: a project's table names what `up` was run by there.
    if name.elementsEqual("outfit".utf8), let machine = table(nil, root: nil),
      let command = Scope(origin: .machine, table: machine).command(name, nil),
      Outside.exists(command.program)
    {
      return .run(Match(command: command, origin: .machine))
    }
    let interpreter = InterpreterName(name)
    var choice = interpreter.flatMap { choiceOfVariable($0.language) }
    var scopes: [Scope] = []
    for place in folder.map(Ancestors.init(of:)) ?? Ancestors() {
      if let table = table(place.hash, root: place.path) {
        let scope = Scope(origin: .project(Bytes(place.path)), table: table)
        if choice == nil, let command = scope.command(name, interpreter) {
          return .run(Match(command: command, origin: scope.origin))
        }
        scopes.append(scope)
      }
      guard let interpreter, choice == nil else { continue }
      switch VersionFile.read(in: place.withSlash, for: interpreter.language) {
      case .none: break
      case .wishes(let wishes): choice = Choice(wishes)
      case .tooLarge(let file):
        return .stop(Stop(message: "\(shown(file)) is too large to be a version file"))
      }
    }
    if let machine = table(nil, root: nil) {
      let scope = Scope(origin: .machine, table: machine)
      if choice == nil, let command = scope.command(name, interpreter) {
        return .run(Match(command: command, origin: .machine))
      }
      scopes.append(scope)
    }
    if let interpreter, let choice {
      return choose(name, interpreter, choice, scopes)
    }
    return next(name) ?? nowhere(name, isInProject: scopes.contains { $0.origin != .machine })
  }

  /// All that the name could run here, the winner first: each scope's own, then those on PATH.
  public func candidates(_ name: Bytes, in folder: Bytes?) -> [Match] {
    let interpreter = InterpreterName(name)
    var all: [Match] = []
    if case .run(let winner) = resolve(name, in: folder) { all.append(winner) }
    for place in folder.map(Ancestors.init(of:)) ?? Ancestors() {
      guard let table = table(place.hash, root: place.path) else { continue }
      let scope = Scope(origin: .project(Bytes(place.path)), table: table)
      all += scope.commands(name, interpreter).map { Match(command: $0, origin: scope.origin) }
    }
    if let machine = table(nil, root: nil) {
      let scope = Scope(origin: .machine, table: machine)
      all += scope.commands(name, interpreter).map { Match(command: $0, origin: .machine) }
    }
    all += SearchPath(data: data, variable: variable).programs(name).map {
      Match(command: Command(program: $0), origin: .path)
    }
    var seen: [Command] = []
    return all.filter { match in
      guard !seen.contains(match.command) else { return false }
      seen.append(match.command)
      return true
    }
  }

  // MARK: Choosing by version

  /// Who asks for a version, and for which.
  struct Choice {
    let source: Bytes
    let wishes: [VersionFile.Wish]
    /// pyenv's own variable: whatever is not here may well be in pyenv.
    let isPyenvs: Bool

    init(_ wishes: VersionFile.Wishes) {
      source = wishes.file
      self.wishes = wishes.all
      isPyenvs = false
    }

    init(variable: String, _ wishes: [VersionFile.Wish], isPyenvs: Bool = false) {
      source = Bytes(variable.utf8)
      self.wishes = wishes
      self.isPyenvs = isPyenvs
    }

    func place(_ wish: VersionFile.Wish) -> String {
      wish.line == 0 ? shown(source) : "\(shown(source, limit: 1000)):\(wish.line)"
    }
  }

  func choiceOfVariable(_ language: Language) -> Choice? {
    func wish(_ text: ArraySlice<UInt8>) -> VersionFile.Wish {
      VersionFile.Wish(text: Bytes(text), line: 0, request: Request(text, for: language))
    }
    if let value = variable(language.variable)?[...].trimmed, !value.isEmpty {
      return Choice(variable: variableLabel ?? language.variable, [wish(value)])
    }
    guard language == .python, let value = variable("PYENV_VERSION")?[...].trimmed, !value.isEmpty else {
      return nil
    }
    return Choice(
      variable: "PYENV_VERSION", value.split(separator: Ascii.colon).map { wish($0.trimmed) },
      isPyenvs: true)
  }

  private func choose(
    _ name: Bytes, _ interpreter: InterpreterName, _ choice: Choice, _ scopes: [Scope]
  ) -> Resolution {
    let language = interpreter.language
    // `python3.11` may be any of the versions that a file lists; `python` is the first that is here, as it is to
    // pyenv and asdf.
    var refusal: Stop?
    for wish in choice.wishes {
      let place = choice.place(wish)
      guard let request = wish.request else {
        if let folder = Virtualenvs(data: data).place(of: wish.text) {
          guard !interpreter.isExact || Virtualenvs.isPython(folder, interpreter) else { continue }
          guard let command = interpreter.command(inVirtualenv: folder) else { continue }
          return .run(Match(command: command, origin: .virtualenv(folder), chosenBy: place))
        }
        if interpreter.isExact { continue }
        if let shim = pyenvs(name, wish, choice) { return shim }
        refusal =
          refusal
          ?? Stop(
            message: "\(place) asks for \(language.name) \"\(shown(wish.text, limit: 60))\", "
              + "which names no version that can be chosen here",
            hint: language == .python ? "outfit venv list" : nil)
        continue
      }
      if request == .system {
        if let program = next(name, chosenBy: place) { return program }
        refusal =
          refusal ?? Stop(message: "\(place) asks for the system's \(shown(name)), and there is none")
        continue
      }
      for scope in scopes {
        let offers = scope.table.interpreters(of: language).filter {
          interpreter.admits($0.version)
        }
        guard let offer = request.best(of: offers, { LongTermLines(data: data) }) else { continue }
        guard let command = interpreter.command(offer) else {
          return .stop(Stop(message: "\(shown(offer.program)) came without \(shown(name))"))
        }
        return .run(Match(command: command, origin: scope.origin, chosenBy: place))
      }
      if !interpreter.isExact {
        if let shim = pyenvs(name, wish, choice) { return shim }
        let text = shown(wish.text, limit: 60)
        refusal =
          refusal
          ?? (language == .python && request.isPython2
            ? Stop(
              message: "python \(text) is asked for by \(place) and is not installed; Outfit has no Python 2")
            : Stop(
              message: "\(language.name) \(text) is asked for by \(place) and is not installed",
              hint: "outfit \(language.name) install \(quoted(text))"))
      }
    }
    if let refusal, !interpreter.isExact { return .stop(refusal) }
    for scope in scopes {
      if let command = scope.command(name, interpreter) {
        return .run(Match(command: command, origin: scope.origin))
      }
    }
    return next(name) ?? nowhere(name, isInProject: scopes.contains { $0.origin != .machine })
  }

  // MARK: Elsewhere

  /// pyenv's own shim, for a version that pyenv has and Outfit has not.
  private func pyenvs(_ name: Bytes, _ wish: VersionFile.Wish, _ choice: Choice) -> Resolution? {
    guard InterpreterName(name)?.language == .python else { return nil }
    let shim = SearchPath(data: data, variable: variable).programs(name).first { program in
      guard let shims = folder(of: program), shims.suffix(6).equals("/shims") else { return false }
      guard !choice.isPyenvs else { return true }
      let isName = wish.text.first != Ascii.dot && !wish.text.contains(Ascii.slash) && !wish.text.contains(0)
      return isName && Outside.exists(shims.dropLast(5) + Bytes("versions/".utf8) + wish.text)
    }
    return shim.map {
      .run(Match(command: Command(program: $0), origin: .path, chosenBy: choice.place(wish)))
    }
  }

  /// The next program of that name on PATH.
  private func next(_ name: Bytes, chosenBy: String? = nil) -> Resolution? {
    SearchPath(data: data, variable: variable).programs(name).first { _ in true }.map {
      .run(Match(command: Command(program: $0), origin: .path, chosenBy: chosenBy))
    }
  }

  /// Where an Outfit is, by its label: `outfit 0.1.0 at /opt/outfit/bin/outfit`.
  private static func ownProgram(_ label: Bytes.SubSequence) -> Bytes? {
    let mark = Bytes(" at /".utf8)
    guard label.count > mark.count else { return nil }
    for start in label.startIndex...(label.endIndex - mark.count)
    where label[start..<(start + mark.count)] == mark[...] {
      return Bytes(label[(start + mark.count - 1)...])
    }
    return nil
  }

  /// Says where a name lives that is not to be had here.
  private func nowhere(_ name: Bytes, isInProject: Bool) -> Resolution {
    let here = isInProject ? "in this project" : "here"
    var places: [String] = []
    if case .bytes(let text) = Outside.contents(of: data + Bytes("/tables/names".utf8), limit: Table.limit) {
      for line in Lines(text) {
        let fields = line.split(separator: Ascii.tab, omittingEmptySubsequences: false)
        guard fields.count >= 3, fields[0] == name[...] else { continue }
        // Outfit itself is for every folder, whoever brought it: git's hooks call it in worktrees that never did.
        if name == Bytes("outfit".utf8), let program = Self.ownProgram(fields[2]), Outside.exists(program) {
          return .run(Match(command: Command(program: program), origin: .path, chosenBy: nil))
        }
        var label = shown(fields[2])
        let prefix = shown(name) + " "
        if label.hasPrefix(prefix) { label.removeFirst(prefix.count) }
        places.append("\(shown(fields[1])) (\(label))")
      }
    }
    let message =
      places.isEmpty
      ? "\(shown(name)) is not \(here), nor in anything that Outfit manages"
      : "\(shown(name)) is not \(here); it is in \(places.joined(separator: ", and in "))"
    return .stop(Stop(message: message))
  }

  // MARK: Tables

  private struct Scope {
    let origin: Match.Origin
    let table: Table

    /// All that the name could run by this table: of an interpreter, every version.
    func commands(_ name: Bytes, _ interpreter: InterpreterName?) -> [Command] {
      let own = command(name, interpreter).map { [$0] } ?? []
      guard let interpreter else { return own }
      return own
        + table.interpreters(of: interpreter.language).filter { interpreter.admits($0.version) }
        .compactMap { interpreter.command($0) }
    }

    /// What the name runs by this table alone.
    func command(_ name: Bytes, _ interpreter: InterpreterName?) -> Command? {
      if let command = table.command(name) { return command }
      guard let interpreter else { return nil }
      return table.interpreters(of: interpreter.language)
        .first { interpreter.admits($0.version) }.flatMap { interpreter.command($0) }
    }
  }

  func table(_ hash: UInt64?, root: ArraySlice<UInt8>?) -> Table? {
    var path = data
    path += Bytes("/tables/".utf8)
    path += hash.map { TablePlace.name($0) } ?? Bytes("machine".utf8)
    guard case .bytes(let text) = Outside.contents(of: path, limit: Table.limit) else { return nil }
    return Table(text, root: root)
  }
}

/// A word that a shell takes as it is.
private func quoted(_ text: String) -> String {
  text.utf8.allSatisfy({ Ascii.isLetter($0) || Ascii.isDigit($0) || $0 == Ascii.dot || $0 == Ascii.dash })
    ? text : "'\(text.filter { $0 != "'" })'"
}

/// A folder and those above it, the deepest first, each with the hash that names its table.
struct Ancestors: Sequence, IteratorProtocol {
  struct Place {
    let path: ArraySlice<UInt8>
    let hash: UInt64
    /// The path with a slash at its end.
    let withSlash: ArraySlice<UInt8>
  }

  private let path: Bytes
  private var ends: [(end: Int, hash: UInt64)] = []

  init() { path = [] }

  init(of folder: Bytes) {
    guard folder.first == Ascii.slash else {
      path = []
      return
    }
    let last = folder.lastIndex { $0 != Ascii.slash }
    path = last.map { folder[...$0] + [Ascii.slash] } ?? [Ascii.slash]
    ends.reserveCapacity(16)
    var hash = TablePlace.step(TablePlace.seed, Ascii.slash)
    ends.append((1, hash))
    for index in path.indices.dropFirst() {
      if path[index] == Ascii.slash { ends.append((index, hash)) }
      hash = TablePlace.step(hash, path[index])
    }
  }

  mutating func next() -> Place? {
    guard let (end, hash) = ends.popLast() else { return nil }
    return Place(
      path: path[..<end], hash: hash, withSlash: end == 1 ? path[..<1] : path[...end])
  }
}
