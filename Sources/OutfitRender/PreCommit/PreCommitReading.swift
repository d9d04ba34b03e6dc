import OutfitCore
import OutfitProfile

/// A `.pre-commit-config.yaml` as tools and hooks of an outfit.yaml, and what becomes of each of its lines.
public struct PreCommitReading: Sendable {
  public static let file = ".pre-commit-config.yaml"

  public struct Tool: Hashable, Sendable {
    public var name: String
    public var version: String
    /// `npm`; nil for PyPI.
    public var origin: String?
    public var with: [String] = []
    public var extras: [String] = []
    /// Packages that have no wheel.
    public var build: [String] = []
  }

  public struct Hook: Sendable {
    public var name: String
    /// The keys of a manifest.
    public var fields: [ManifestValue.Entry] = []
  }

  public enum Outcome: String, Sendable { case taken, changed, left }

  public struct Row: Hashable, Sendable {
    /// Of the file, from 1.
    public var line: Int
    /// As the file names it.
    public var what: String
    /// Of whom it is; empty where that is the file itself.
    public var repository = ""
    public var outcome: Outcome
    /// What is otherwise, or why it is left.
    public var reason: String
  }

  public private(set) var tools: [Tool] = []
  public private(set) var hooks: [Hook] = []
  /// The keys of `hook-settings:`.
  public private(set) var settings: [ManifestValue.Entry] = []
  public private(set) var rows: [Row] = []

  private let table = PreCommitTable.standard
  private let frozen: [String: String]
  private let modules: Set<String>
  private var idLines: [Int]
  private var top = Top()
  private var installedTypes: (line: Int, names: [String])?

  private struct Top {
    var files: String?
    var exclude: String?
    var stages: [String] = []
    var failsFast = false
  }

  /// - Parameters:
  ///   - text: of the file.
  ///   - package: the text of package.json; what it has is run from the project's own packages.
  ///   - hasOthers: the manifest has hooks of its own, so that what the file says of all of its hooks is said with each.
  /// - Throws: `Failure`, status 2, for what is no such configuration.
  public init(_ text: String, package: String? = nil, besideOthers hasOthers: Bool = false) throws(Failure) {
    let document = try Document.parseOne(text, file: Self.file)
    guard let repositories = document["repos"]?.items else {
      throw Failure("\(Self.file) has no `repos:`", at: SourceLocation(file: Self.file), status: .usage)
    }
    frozen = Self.frozen(text)
    idLines = Self.lines(of: "id", in: text)
    let dependencies = package.flatMap { try? Document.parseJSON($0, file: "package.json") }
    modules = Set(
      ["dependencies", "devDependencies"].flatMap { dependencies?[$0]?.entries.map(\.key) ?? [] })
    readTop(document, text, saysWithEach: hasOthers)
    if let types = installedTypes, top.stages.isEmpty, document["default_stages"] == nil {
      // A hook that says no stages runs at whatever is installed.
      let stages = types.names.filter(["pre-commit", "pre-merge-commit", "pre-push"].contains)
      if stages.count > 1 || stages == ["pre-push"] {
        if hasOthers { top.stages = stages } else { settings.append(.init("stages", .list(stages))) }
      }
    }
    for repository in repositories { read(repository) }
    if let types = installedTypes {
      // What a repository's hook runs at may stand in that repository alone.
      let isNeeded = hooks.contains { hook in hook.fields.contains { $0.key == "repo" } }
      rows.append(
        Row(
          line: types.line, what: "default_install_hook_types", outcome: isNeeded ? .taken : .changed,
          reason: isNeeded ? "" : "hooks say their stages, and `outfit up` installs what these need"))
      if isNeeded { settings.append(.init("default_install_hook_types", .list(types.names))) }
    }
  }

  // MARK: The top of the file

  private mutating func readTop(_ document: Document, _ text: String, saysWithEach: Bool) {
    var all = Top()
    for key in ["files", "exclude"] where document[key]?.entries.isEmpty == false {
      rows.append(
        Row(
          line: Self.lines(of: key, in: text).first ?? 1, what: key, outcome: .left,
          reason: "a glob is the runner's own: write it as an expression"))
    }
    all.files = document["files"]?.text
    all.exclude = document["exclude"]?.text
    all.stages = Self.stages(document["default_stages"]?.texts ?? [])
    all.failsFast = document["fail_fast"]?.isTrue ?? false
    if saysWithEach {
      top = all
    } else {
      if let files = all.files { settings.append(.init("files", .text(files))) }
      if let exclude = all.exclude { settings.append(.init("exclude", .text(exclude))) }
      if !all.stages.isEmpty { settings.append(.init("stages", .list(all.stages))) }
      if all.failsFast { settings.append(.init("fail_fast", "true")) }
    }
    for (key, _) in document.entries.sorted(by: { $0.key < $1.key }) where key != "repos" {
      let line = Self.lines(of: key, in: text).first ?? 1
      switch key {
      case "files" where document[key]?.text == nil, "exclude" where document[key]?.text == nil: continue
      case "files", "exclude", "default_stages", "fail_fast":
        rows.append(
          saysWithEach
            ? Row(line: line, what: key, outcome: .changed, reason: "said with each hook")
            : Row(line: line, what: key, outcome: .taken, reason: ""))
      case "default_install_hook_types":
        let names = document[key]?.texts ?? []
        installedTypes = (line, Self.stages(names))
      case "default_language_version":
        let versions = (document[key]?.entries ?? [:]).compactMap { entry in
          entry.value.text.map { ManifestValue.Entry(entry.key, .text($0)) }
        }
        guard !versions.isEmpty else { continue }
        settings.append(.init(key, .mapping(versions.sorted { $0.key < $1.key })))
        rows.append(
          Row(
            line: line, what: key, outcome: .changed,
            reason: "for hooks with an environment of their own; tools have the interpreters of outfit.yaml"))
      case "ci":
        rows.append(
          Row(line: line, what: key, outcome: .left, reason: "pre-commit.ci's own, which reads this file"))
      case "minimum_pre_commit_version", "minimum_prek_version":
        rows.append(Row(line: line, what: key, outcome: .left, reason: "Outfit pins the runner"))
      default:
        rows.append(Row(line: line, what: key, outcome: .left, reason: "Outfit has no such setting"))
      }
    }
  }

  // MARK: Hooks

  private mutating func read(_ repository: Document) {
    let address = repository["repo"]?.text ?? "?"
    let revision = repository["rev"]?.text ?? ""
    for hook in repository["hooks"]?.items ?? [] {
      guard let id = hook["id"]?.text else {
        let what = hook["name"]?.text ?? "a hook"
        rows.append(Row(line: 1, what: what, repository: address, outcome: .left, reason: "it has no id"))
        continue
      }
      let line = idLines.isEmpty ? 1 : idLines.removeFirst()
      func row(_ outcome: Outcome, _ reason: String) -> Row {
        Row(line: line, what: id, repository: address, outcome: outcome, reason: reason)
      }
      if let key = ["files", "exclude"].first(where: { hook[$0]?.entries.isEmpty == false }) {
        rows.append(row(.left, "`\(key)` is a glob, which is the runner's own: write it as an expression"))
        continue
      }
      switch address {
      case "local": rows.append(readLocal(hook, id, row))
      case "meta", "builtin": rows.append(row(.left, "\(address) hooks are the runner's own"))
      default:
        guard let known = table.hook(id, of: address) else {
          rows.append(readOther(hook, id, address, revision, row))
          continue
        }
        rows.append(readKnown(hook, id, known, address, revision, row))
      }
    }
  }

  private mutating func readLocal(_ hook: Document, _ id: String, _ row: (Outcome, String) -> Row) -> Row {
    let language = hook["language"]?.text ?? ""
    let isRunners = ["pygrep", "fail"].contains(language)
    if HookSection.Language(rawValue: language)?.isText == false {
      return readBuilt(hook, id, language, row)
    }
    guard isRunners || ["system", "script", "unsupported", "unsupported_script"].contains(language) else {
      return row(
        .left, "language \(language.isEmpty ? "is not said" : language): Outfit runs programs that are there")
    }
    guard let entry = hook["entry"]?.text, let words = isRunners ? [entry] : ShellWords.split(entry),
      !words.isEmpty
    else {
      return row(.left, "its entry can't be read as a command")
    }
    var changes: [String] = []
    if hook["additional_dependencies"]?.items.isEmpty == false {
      changes.append("`additional_dependencies` stays out: \(language) hooks have none")
    }
    var made = Hook(name: name(hook, id, &changes))
    if isRunners { made.fields.append(.init("language", .text(language))) }
    made.fields.append(.init("entry", .list(words)))
    add(hook, to: &made, &changes)
    hooks.append(made)
    return row(changes.isEmpty ? .taken : .changed, changes.joined(separator: "; "))
  }

  /// A command in an environment that the runner makes.
  private mutating func readBuilt(
    _ hook: Document, _ id: String, _ language: String, _ row: (Outcome, String) -> Row
  ) -> Row {
    guard let entry = hook["entry"]?.text, ShellWords.split(entry)?.isEmpty == false else {
      return row(.left, "its entry can't be read as a command")
    }
    var changes: [String] = []
    var made = Hook(name: name(hook, id, &changes))
    made.fields = [.init("language", .text(language)), .init("entry", .text(entry))]
    addEnvironment(hook, to: &made)
    add(hook, to: &made, &changes)
    hooks.append(made)
    return row(changes.isEmpty ? .taken : .changed, changes.joined(separator: "; "))
  }

  /// A hook that its repository has, and the runner makes of that.
  private mutating func readOther(
    _ hook: Document, _ id: String, _ address: String, _ revision: String,
    _ row: (Outcome, String) -> Row
  ) -> Row {
    let repository = HookRepository(address: address, revision: revision)
    guard repository.location != nil else {
      return row(.left, "\(address) at \(revision) can't be fetched: write it with a tool and an entry")
    }
    var changes: [String] = []
    var made = Hook(name: name(hook, id, &changes))
    made.fields = [.init("repo", .text(address)), .init("rev", .text(revision))]
    if made.name != id { made.fields.append(.init("id", .text(id))) }
    if let entry = hook["entry"]?.text { made.fields.append(.init("entry", .text(entry))) }
    if let language = hook["language"]?.text { changes.append("`language: \(language)` stays out") }
    addEnvironment(hook, to: &made)
    add(hook, to: &made, &changes, isOfRepository: true)
    hooks.append(made)
    let origin = "its repository's own, at the commit that the lock has"
    return row(changes.isEmpty ? .taken : .changed, ([origin] + changes).joined(separator: "; "))
  }

  private func addEnvironment(_ hook: Document, to made: inout Hook) {
    if let dependencies = hook["additional_dependencies"]?.texts, !dependencies.isEmpty {
      made.fields.append(.init("additional_dependencies", .list(dependencies)))
    }
    if let version = hook["language_version"]?.text {
      made.fields.append(.init("language_version", .text(version)))
    }
  }

  private mutating func readKnown(
    _ hook: Document, _ id: String, _ known: PreCommitTable.Hook, _ address: String, _ revision: String,
    _ row: (Outcome, String) -> Row
  ) -> Row {
    var changes: [String] = []
    var version = Self.release(revision) ?? frozen[revision]
    var with: [String] = []
    for dependency in hook["additional_dependencies"]?.texts ?? [] {
      if known.origin == "npm", let own = Self.version(of: known.tool, in: dependency) {
        // A mirror's revision says little: this is what is installed.
        version = own
      } else if dependency.hasPrefix(".") || dependency.contains("://") {
        changes.append("`\(dependency)` stays out")
      } else if !Self.isPackage(dependency, ofNode: known.origin == "npm") {
        // Its environment is of another language than ours would be.
        return readOther(hook, id, address, revision, row)
      } else {
        // What a marker leaves out elsewhere does no harm where it is.
        var plain = dependency.prefix { $0 != ";" }.split(separator: " ").joined()
        if known.origin == "npm", let sign = plain.lastIndex(of: "@"), sign != plain.startIndex,
          plain[sign...].hasPrefix("@v")
        {
          // npm takes the letter for nothing.
          plain.remove(at: plain.index(after: sign))
        }
        if plain != dependency { changes.append("`\(dependency)` is `\(plain)`") }
        with.append(plain)
      }
    }
    let isOfProject = known.origin == "npm" && modules.contains(known.tool)
    if !isOfProject {
      // A commit by itself says no version of a package.
      guard let version else { return readOther(hook, id, address, revision, row) }
      addTool(known, version, with, &changes)
    }
    let base = known.isOwn ? (id == "ruff-check" ? "ruff" : id) : id
    var made = Hook(name: name(hook, base, &changes))
    var command = known.command
    if isOfProject {
      command[0] = "node_modules/.bin/\(command[0])"
      for dependency in with {
        let package = dependency.dropFirst().prefix { $0 != "@" }
        guard !modules.contains("\(dependency.prefix(1))\(package)") else { continue }
        changes.append("`\(dependency)` stays out, which package.json does not have")
      }
      changes.append("the one that package.json pins")
    }
    if let entry = hook["entry"]?.text, let words = ShellWords.split(entry), !words.isEmpty {
      command = words
    }
    let isOwn = known.isOwn && made.name == base && command == known.command
    if !isOwn { made.fields.append(.init("entry", .list(command))) }
    var defaults: [ManifestValue.Entry] = []
    if !known.arguments.isEmpty { defaults.append(.init("args", .list(known.arguments))) }
    if !known.types.isEmpty, !isOwn { defaults.append(.init("types_or", .list(known.types))) }
    if !known.allTypes.isEmpty { defaults.append(.init("types", .list(known.allTypes))) }
    if let files = known.files { defaults.append(.init("files", .text(files))) }
    if let exclude = known.exclude { defaults.append(.init("exclude", .text(exclude))) }
    if !known.excludedTypes.isEmpty { defaults.append(.init("exclude_types", .list(known.excludedTypes))) }
    if known.isSerial, !isOwn { defaults.append(.init("require_serial", "true")) }
    if known.isBlind { defaults.append(.init("pass_filenames", "false")) }
    if known.alwaysRuns { defaults.append(.init("always_run", "true")) }
    add(hook, to: &made, &changes, stages: known.stages)
    for entry in defaults where !made.fields.contains(where: { $0.key == entry.key }) {
      // Kinds that the configuration names take the place of the hook's own.
      if entry.key == "types_or", made.fields.contains(where: { $0.key == "types" }) { continue }
      made.fields.append(entry)
    }
    hooks.append(made)
    return row(changes.isEmpty ? .taken : .changed, changes.joined(separator: "; "))
  }

  private mutating func addTool(
    _ known: PreCommitTable.Hook, _ version: String, _ with: [String], _ changes: inout [String]
  ) {
    if let index = tools.firstIndex(where: { $0.name == known.tool }) {
      if tools[index].version != version {
        changes.append("\(known.tool) \(version) -> \(tools[index].version), which another hook has")
      }
      tools[index].with += with.filter { !tools[index].with.contains($0) }
      if let extra = known.extra, !tools[index].extras.contains(extra) { tools[index].extras.append(extra) }
      return
    }
    tools.append(
      Tool(
        name: known.tool, version: version, origin: known.origin, with: with,
        extras: known.extra.map { [$0] } ?? [], build: known.built.map { [$0] } ?? []))
  }

  /// A name that no other hook has.
  private func name(_ hook: Document, _ id: String, _ changes: inout [String]) -> String {
    func isFree(_ name: String) -> Bool { !hooks.contains { $0.name == name } }
    let plain = Self.plain(id)
    if plain != id { changes.append("named \(plain)") }
    let id = plain
    guard !isFree(id) else { return id }
    let alias = hook["alias"]?.text.map(Self.plain) ?? ""
    var name = alias.isEmpty || !isFree(alias) ? "\(id)-2" : alias
    var number = 2
    while !isFree(name) {
      number += 1
      name = "\(id)-\(number)"
    }
    changes.append("named \(name), since \(id) is taken")
    return name
  }

  /// The keys that a manifest has too, and a word for each other one.
  private func add(
    _ hook: Document, to made: inout Hook, _ changes: inout [String], stages known: [String] = [],
    isOfRepository: Bool = false
  ) {
    let silent = ["id", "entry", "language", "additional_dependencies", "language_version"]
    var own = (files: String?.none, exclude: String?.none)
    for (key, value) in hook.entries.sorted(by: { $0.key < $1.key }) where !silent.contains(key) {
      switch key {
      case "files": own.files = value.text
      case "exclude": own.exclude = value.text
      case "args", "types", "types_or", "exclude_types":
        guard let texts = value.texts else {
          changes.append("`\(key)` stays out: a list of texts is wanted")
          continue
        }
        made.fields.append(.init(key, .list(texts)))
      case "stages": continue
      case "name", "log_file":
        guard let text = value.text, !text.isEmpty, !text.contains(where: \.isNewline) else {
          changes.append("`\(key)` stays out: a line of text is wanted")
          continue
        }
        if text != made.name { made.fields.append(.init(key, .text(text))) }
      case "alias":
        let alias = Self.plain(value.text ?? "")
        if !alias.isEmpty, alias != made.name { made.fields.append(.init(key, .text(alias))) }
        if alias != value.text { changes.append("`alias` is \(alias.isEmpty ? "no text" : alias)") }
      case "pass_filenames", "always_run", "require_serial", "verbose", "fail_fast":
        guard value.isTrue || value.isFalse else {
          changes.append("`\(key)` stays out: true or false is wanted")
          continue
        }
        made.fields.append(.init(key, .text(value.isTrue ? "true" : "false")))
      default: changes.append("`\(key)` stays out")
      }
    }
    let hasEnvironment = made.fields.contains { ["repo", "language"].contains($0.key) }
    if !hasEnvironment, let language = hook["language_version"]?.text {
      changes.append("`language_version: \(language)` stays out")
    }
    let stages = Self.stages(hook["stages"]?.texts ?? [])
    let all = !stages.isEmpty ? stages : isOfRepository ? [] : known.isEmpty ? top.stages : known
    if !all.isEmpty, isOfRepository || all != ["pre-commit"] {
      made.fields.append(.init("stages", .list(all)))
    }
    if top.failsFast, hook["fail_fast"] == nil { made.fields.append(.init("fail_fast", "true")) }
    if let files = HookPattern.all(of: [top.files, own.files]) {
      made.fields.append(.init("files", .text(files)))
    }
    // Some patterns match nothing on purpose, and exclude nothing.
    var excluded = [top.exclude, own.exclude].filter { $0 != "^$" }
    // What looks into the configuration for what is written there looks into the manifest now.
    if let pattern = HookPattern.any(of: excluded), let expression = try? Regex(pattern),
      Self.file.contains(expression), !"outfit.yaml".contains(expression)
    {
      excluded.append("^outfit\\.yaml$")
      changes.append("outfit.yaml is left out as \(Self.file) is")
    }
    if let pattern = HookPattern.any(of: excluded) {
      made.fields.append(.init("exclude", .text(pattern)))
    }
  }

  // MARK: Texts

  /// A package as a registry knows it, with or without a version.
  static func isPackage(_ text: String, ofNode isNode: Bool) -> Bool {
    func isName(_ name: Substring) -> Bool {
      name.first?.isLetter == true || name.first?.isNumber == true
        ? name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) } : false
    }
    if isNode {
      let parts = (text.hasPrefix("@") ? text.dropFirst() : text[...]).split(
        separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
      return parts[0].split(separator: "/", omittingEmptySubsequences: false).allSatisfy(isName)
        && parts[0].split(separator: "/").count == (text.hasPrefix("@") ? 2 : 1)
    }
    return isName(text.prefix { !"[=<>!~; ".contains($0) })
  }

  /// Of old names of stages, the new ones.
  private static func stages(_ texts: [String]) -> [String] {
    texts.map { ["commit": "pre-commit", "push": "pre-push", "merge-commit": "pre-merge-commit"][$0] ?? $0 }
  }

  /// As the name of an entry.
  private static func plain(_ text: String) -> String {
    let name = String(
      text.map { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) ? $0 : "-" })
    return name.first.map { "-.".contains($0) } ?? false ? "hook\(name)" : name
  }

  /// `prettier@3.8.1`.
  private static func version(of package: String, in dependency: String) -> String? {
    guard dependency.hasPrefix(package + "@") else { return nil }
    return release(String(dependency.dropFirst(package.count + 1)))
  }

  /// The version that a tag names, all of it; nil for a commit, and for what is no version.
  static func release(_ revision: String) -> String? {
    guard !isCommit(revision) else { return nil }
    let text = revision.firstIndex(where: \.isNumber).map { revision[$0...] } ?? ""
    let prefix = revision.dropLast(text.count)
    guard ["", "v", "V", "release-", "rel-", "version-"].contains(prefix) || prefix.hasSuffix("-v"),
      let version = Version(String(text)), version.release.count > 1
    else { return nil }
    return String(text)
  }

  /// A commit's digest, whole or so short that git says it still.
  private static func isCommit(_ revision: String) -> Bool {
    revision.count >= 7 && revision.allSatisfy { $0.isASCII && $0.isHexDigit }
  }

  /// What the comments beside commits say of them, as `pre-commit autoupdate --freeze` writes it:
  /// `rev: 1f2e...  # frozen: v2.4.2`.
  private static func frozen(_ text: String) -> [String: String] {
    var versions: [String: String] = [:]
    for line in text.split(whereSeparator: \.isNewline) {
      guard let key = line.firstRange(of: "rev:"), let mark = line.firstIndex(of: "#"), key.upperBound <= mark
      else { continue }
      let revision = line[key.upperBound..<mark].filter { !" \t'\"".contains($0) }
      let words = line[line.index(after: mark)...].split { " \t:=,".contains($0) }
      guard isCommit(revision), let word = words.first(where: { $0 != "frozen" && $0 != "tag" }) else {
        continue
      }
      versions[revision] = release(String(word))
    }
    return versions
  }

  /// What the comment of one line says.
  static func frozenRelease(_ line: String) -> String? { frozen(line).values.first }

  /// The lines that have a key, in their order, comments and quoted text left out.
  private static func lines(of key: String, in text: String) -> [Int] {
    var found: [Int] = []
    for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      var quote: Character?
      // What stands before, spaces left out: a key begins a line, an item or an entry.
      var before: Character = "-"
      var isApart = true
      var rest = line[...]
      while let character = rest.first, quote != nil || !(character == "#" && isApart) {
        let opens = "-{,[:".contains(before) && isApart
        if let open = quote {
          if character == open { quote = nil }
        } else if "-{,".contains(before), isApart || "{,".contains(before) {
          let name = rest.drop { $0 == "\"" || $0 == "'" }
          if name.hasPrefix(key), rest.count - name.count < 2 {
            let after = name.dropFirst(key.count).drop { $0 == "\"" || $0 == "'" }
            if after.hasPrefix(":") { found.append(number + 1) }
          }
          if opens, "\"'".contains(character) { quote = character }
        } else if opens, "\"'".contains(character) {
          quote = character
        }
        isApart = character.isWhitespace
        if !isApart { before = character }
        rest = rest.dropFirst()
      }
    }
    return found
  }
}
