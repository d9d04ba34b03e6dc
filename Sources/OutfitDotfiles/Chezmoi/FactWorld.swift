import OutfitChezmoi
import OutfitEngine
import OutfitGoTemplate
import OutfitSystem
import SystemPackage

/// What templates of a chezmoi tree ask, answered by facts.
struct FactWorld: TemplateWorld {
  let facts: Facts
  /// The folder of the tree.
  let source: FilePath
  let home: FilePath
  let environment: [String: String]
  /// Those of PATH, without Outfit's own: whether a file is there may not depend on what a profile brings.
  private let folders: [FilePath]
  /// What stands for a secret, by the call of a template.
  var secrets: [[String]: String] = [:]

  init(
    facts: Facts, source: FilePath, home: FilePath, environment: [String: String], reserved: [FilePath]
  ) {
    (self.facts, self.source, self.home, self.environment) = (facts, source, home, environment)
    folders = (environment["PATH"] ?? "").split(separator: ":").map { FilePath(String($0)) }.filter {
      folder in
      folder.isAbsolute && !reserved.contains { folder.starts(with: $0) }
    }
  }

  func answer(_ question: TemplateQuestion) -> TemplateAnswer { resolve(question).answer }

  /// What has to be asked for an answer.
  func queries(_ question: TemplateQuestion) -> [Query] { resolve(question).queries }

  /// The variable that a question is about.
  static func variable(_ question: TemplateQuestion) -> String? {
    if case .env(let name) = question { name } else { nil }
  }

  private func resolve(_ question: TemplateQuestion) -> (answer: TemplateAnswer, queries: [Query]) {
    switch question {
    case .include(let path): return contents([place(path, from: source)], path)
    case .includeTemplate(let name):
      return contents([place(".chezmoitemplates/\(name)", from: source), place(name, from: source)], name)
    case .stat(let path): return status(.look(place(path, from: home)))
    case .lstat(let path): return status(.status(place(path, from: home)))
    case .isExecutable(let path):
      let query = Query.look(place(path, from: home))
      guard let answer = facts[query] else { return (.unknown, [query]) }
      return (.value(.bool(isProgram(answer))), [])
    case .lookPath(let name):
      if name.contains("/") { return search([place(name, from: home)]) }
      // What is in the folders is asked once, and not for each name.
      let unasked = folders.map { Query.names($0) }.filter { facts[$0] == nil }
      guard unasked.isEmpty else { return (.unknown, unasked) }
      let having = folders.filter { folder in
        if case .names(let names)? = facts[.names(folder)] { names.contains(name) } else { false }
      }
      return search(having.map { $0.appending(name) })
    case .findExecutable(let names, let folders):
      let folders = folders.map { place($0, from: home) }
      let places = names.flatMap { name in
        folders.compactMap { folder in FilePath.Component(name).map { folder.appending($0) } }
      }
      return search(places)
    case .env(let name): return (.value(.string(environment[name] ?? "")), [])
    case .glob(let pattern, let caseInsensitive):
      guard !caseInsensitive else { return (.refused("globCaseInsensitive is not there"), []) }
      var glob = FactGlob(facts: facts, home: home)
      guard let found = glob.matches(pattern) else {
        return (glob.problem.map { .refused($0) } ?? .unknown, glob.queries)
      }
      return (.value(.list(found.map { .string($0) })), [])
    case .secret(let words):
      return (
        secrets[words].map { .value(.string($0)) } ?? .refused("no secret of the manifest answers it"), []
      )
    case .program: return (.refused("no program is run for it"), [])
    case .clock: return (.refused("the time is another one at each run; write a date into the data"), [])
    case .prompt, .stdinIsTerminal:
      return (.refused("a question belongs into the configuration template"), [])
    }
  }

  private func place(_ path: String, from folder: FilePath) -> FilePath {
    folder.pushing(FilePath(path)).lexicallyNormalized()
  }

  private func contents(_ places: [FilePath], _ name: String) -> (TemplateAnswer, [Query]) {
    for place in places {
      switch facts[.contents(place)] {
      case nil: return (.unknown, [.contents(place)])
      case .contents(let bytes)?: return (.bytes(bytes), [])
      case .failed(let diagnostic)?: return (.refused(diagnostic.message), [])
      default: continue
      }
    }
    return (.refused("there is no file \(name)"), [])
  }

  private func status(_ query: Query) -> (TemplateAnswer, [Query]) {
    guard let answer = facts[query] else { return (.unknown, [query]) }
    guard case .status(let status) = answer, let path = query.place else { return (.value(.null), []) }
    let type =
      switch status.kind {
      case .file: "file"
      case .directory: "dir"
      case .link: "symlink"
      case .other: "device"
      }
    return (
      .value([
        "name": .string(path.lastComponent?.string ?? "/"), "size": .int(Int(status.size)),
        "mode": .int(Int(status.mode)), "perm": .int(Int(status.mode & 0o777)),
        "modTime": .int(Int(status.modified / 1_000_000_000)), "isDir": .bool(status.kind == .directory),
        "type": .string(type),
      ]), []
    )
  }

  /// The first that is a program; empty where none is.
  private func search(_ places: [FilePath]) -> (TemplateAnswer, [Query]) {
    let unasked = places.map { Query.look($0) }.filter { facts[$0] == nil }
    guard unasked.isEmpty else { return (.unknown, unasked) }
    let found = places.first { facts[.look($0)].map(isProgram) ?? false }
    return (.value(.string(found?.string ?? "")), [])
  }

  private func isProgram(_ answer: Answer) -> Bool {
    if case .status(let status) = answer { return status.kind == .file && status.mode & 0o111 != 0 }
    return false
  }
}

extension Query {
  fileprivate var place: FilePath? {
    switch self {
    case .look(let path), .status(let path): path
    default: nil
    }
  }
}

/// Looks for the files that a pattern matches, folder by folder.
struct FactGlob {
  let facts: Facts
  let home: FilePath
  private(set) var queries: [Query] = []
  private(set) var problem: String?
  private var folders = 0

  /// The most folders that are looked into.
  private static let limit = 2000

  init(facts: Facts, home: FilePath) { (self.facts, self.home) = (facts, home) }

  /// - Returns: the paths, as the pattern has them: from the home folder, or absolute; nil where more has to be known.
  mutating func matches(_ text: String) -> [String]? {
    guard let pattern = PathPattern(text) else {
      problem = "`\(text)` is no pattern"
      return nil
    }
    let names = text.split(separator: "/").map(String.init)
    let plain = names.prefix { !$0.contains { "*?[{\\".contains($0) } }
    let isAbsolute = text.hasPrefix("/")
    let start = (isAbsolute ? "/" : "") + plain.joined(separator: "/")
    guard plain.count < names.count else {
      let query = Query.look(path(start))
      guard let answer = facts[query] else {
        queries.append(query)
        return nil
      }
      return answer == .absent ? [] : [start]
    }
    let isDeep = text.contains("**") || text.contains("{")
    let depth = isDeep ? 16 : names.count - plain.count
    var found: [String] = []
    look(in: start, depth: depth, pattern, &found)
    return queries.isEmpty && problem == nil ? found.sorted() : nil
  }

  private func path(_ text: String) -> FilePath { home.pushing(FilePath(text)).lexicallyNormalized() }

  private mutating func look(in folder: String, depth: Int, _ pattern: PathPattern, _ found: inout [String]) {
    guard depth > 0, problem == nil else { return }
    let query = Query.names(path(folder))
    guard let answer = facts[query] else {
      queries.append(query)
      return
    }
    folders += 1
    guard folders <= Self.limit else {
      problem = "the pattern looks into more than \(Self.limit) folders"
      return
    }
    guard case .names(let names) = answer else { return }
    for name in names {
      let inner = folder.isEmpty ? name : folder == "/" ? "/\(name)" : "\(folder)/\(name)"
      if pattern.matches(inner) { found.append(inner) }
      look(in: inner, depth: depth - 1, pattern, &found)
    }
  }
}
