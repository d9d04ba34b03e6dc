import OutfitProfile

/// A configuration for the runner, in the format of `.pre-commit-config.yaml`, with hooks of the kind
/// `repo: local`, `language: system` alone, so that every runner of that format gives the same result.
public struct HookConfiguration {
  public struct Hook {
    public var name: String
    /// The command with its own arguments.
    public var entry: [String]
    public var section: HookSection
    var known: KnownHook?
    /// What the runner installs for it; nil for a program that is there.
    var installed: Installed?
    /// What leaves out the files that it has passed already, to be put before its command; empty where each is looked at
    /// each time.
    var cache: [String] = []
    /// Of a repository, what the lock has; nil where it has none yet.
    var commit: String?

    /// The repository that has this very hook, and its tag of the version that is installed; nil where it is other than
    /// there.
    var remote: (KnownHook.Remote, revision: String)? {
      guard section.isOwn, section.entry == nil, let remote = known?.remote,
        let pin = installed?.packages.first,
        installed?.language == "python", pin.hasPrefix("\(remote.package)==")
      else { return nil }
      return (remote, remote.tag + pin.dropFirst(remote.package.count + 2))
    }
  }

  /// Packages that a runner makes an environment of.
  struct Installed: Hashable {
    /// `python`, `node`.
    var language: String
    var packages: [String]
  }

  /// Whether a name that begins with a dash may be taken for an option.
  enum Names {
    /// None of the files has such a name.
    case plain
    case any
  }

  public var hooks: [Hook]
  /// Only files below this folder of the repository, which patterns and commands are counted from; empty for all.
  public var folder: String
  var settings: HookSettings

  /// - Parameters:
  ///   - hooks: In the order that they run in.
  ///   - command: Turns a hook's command into what runs it: `outfit exec black` for others to read,
  ///     or the very program.
  init(
    hooks: [Named<HookSection>], settings: HookSettings = HookSettings(), folder: String = "",
    command: ([String]) -> [String]
  ) {
    self.folder = folder
    self.settings = settings
    self.hooks = hooks.map { name, hook in
      let entry = Self.entry(name, hook.value)
      return Hook(
        name: name, entry: hook.value.isOwn ? command(entry) : entry, section: hook.value,
        known: hook.value.repository == nil ? KnownHook.all[name] : nil)
    }
  }

  /// The command of a hook as the manifest means it; empty for what its repository says.
  static func entry(_ name: String, _ section: HookSection) -> [String] {
    section.entry ?? (section.repository == nil ? KnownHook.all[name]?.entry ?? [name] : [])
  }

  /// - Parameter commits: Of repositories of hooks, by `HookRepository.pin`.
  mutating func take(_ commits: [String: String]) {
    for index in hooks.indices {
      hooks[index].commit = hooks[index].section.repository.flatMap { commits[$0.pin] }
    }
  }

  /// YAML.
  public var text: String { text(for: .plain) }

  func text(for names: Names) -> String {
    let versions = ["node": "system", "golang": "system", "ruby": "system"]
      .merging(settings.languageVersions) { $1 }.sorted { $0.key < $1.key }
      .map { "\(Self.quoted($0.key)): \(Self.quoted($0.value))" }
    var lines = ["default_language_version: {\(versions.joined(separator: ", "))}"]
    let all = folder.isEmpty ? nil : "^\(FolderPattern.escaped(folder))/"
    if let files = settings.files.map(counted) ?? all { lines.append("files: \(Self.quoted(files))") }
    if let exclude = settings.exclude { lines.append("exclude: \(Self.quoted(counted(exclude)))") }
    if settings.failsFast { lines.append("fail_fast: true") }
    // Of hooks that say none, nor their repository.
    if !settings.stages.isEmpty {
      lines.append("default_stages: [\(settings.stages.map(Self.quoted).joined(separator: ", "))]")
    }
    lines += ["repos:"] + repositories(names)
    return lines.joined(separator: "\n") + "\n"
  }

  /// As it is counted from the top of the repository.
  private func counted(_ pattern: String) -> String {
    folder.isEmpty ? pattern : FolderPattern.pattern(pattern, in: folder)
  }

  /// What stands under `repos:`, in the order that the hooks run in.
  func repositories(_ names: Names) -> [String] {
    var groups: [(head: [String], hooks: [Hook])] = []
    for hook in hooks {
      let head = head(hook)
      if groups.last?.head == head {
        groups[groups.count - 1].hooks.append(hook)
      } else {
        groups.append((head, [hook]))
      }
    }
    return groups.flatMap { $0.head + ["    hooks:"] + entries(names, of: $0.hooks) }
  }

  private func head(_ hook: Hook) -> [String] {
    if let repository = hook.section.repository {
      let address = repository.location?.repository ?? repository.address
      let revision =
        hook.commit.map { commit in
          Self.quoted(commit) + (commit == repository.revision ? "" : "  # frozen: \(repository.revision)")
        } ?? Self.quoted(repository.revision)
      return ["  - repo: \(Self.quoted(address))", "    rev: \(revision)"]
    }
    return hook.remote.map { ["  - repo: \($0.0.address)", "    rev: \(Self.quoted($0.revision))"] }
      ?? ["  - repo: local"]
  }

  private func entries(_ names: Names, of hooks: [Hook]) -> [String] {
    var lines: [String] = []
    for hook in hooks {
      // Of these stages git names no files, and without files the runner skips what does not always run.
      let fileless = hook.section.stages.filter(HookScript.filelessTypes.contains)
      let others = hook.section.stages.filter { !HookScript.filelessTypes.contains($0) }
      if !others.isEmpty { lines += self.lines(hook, others, names) }
      if !fileless.isEmpty { lines += self.lines(hook, fileless, names, isFileless: true) }
    }
    return lines
  }

  private func lines(
    _ hook: Hook, _ stages: [String], _ names: Names, isFileless: Bool = false
  ) -> [String] {
    let section = hook.section
    var (entry, arguments) = (hook.entry, section.arguments)
    let isCommand = section.language?.isText != true
    let isElsewhere = section.repository != nil
    let isRemote = hook.remote != nil || isElsewhere
    if let remote = hook.remote?.0 {
      (entry, arguments) = ([], entry.dropFirst(remote.words) + arguments)
    }
    let passesNames = section.passFilenames && !isFileless
    if isCommand, passesNames, hook.known?.endsOptions == true, !arguments.contains("--"),
      !entry.contains("--")
    {
      arguments.append("--")
    }
    if passesNames, !hook.cache.isEmpty {
      entry = hook.cache + ["\(entry.count + arguments.count)"] + entry
    }
    // The last word of a shell's command line is a name for it, and ends no options.
    let isSafe = arguments.last == "--" || !passesNames
    // What docker runs has no shell that is known of.
    if isCommand, !isRemote, section.language != .dockerImage, !folder.isEmpty || (names == .any && !isSafe) {
      entry = FolderEntry.words(entry + arguments, in: folder)
      arguments = []
    }
    var lines = ["      - id: \(Self.quoted(section.identifier ?? hook.name))"]
    if !isElsewhere || section.title != nil {
      lines.append("        name: \(Self.quoted(section.title ?? hook.name))")
    }
    if isElsewhere, !entry.isEmpty {
      lines.append("        entry: \(Self.quoted(entry.map(Self.word).joined(separator: " ")))")
    }
    if !isRemote {
      lines += [
        "        language: \(section.language?.rawValue ?? hook.installed?.language ?? "system")",
        "        entry: \(Self.quoted(isCommand ? entry.map(Self.word).joined(separator: " ") : entry.first ?? ""))",
      ]
    }
    func list(_ key: String, _ values: [String]) {
      guard !values.isEmpty else { return }
      lines.append("        \(key): [\(values.map(Self.quoted).joined(separator: ", "))]")
    }
    func pattern(_ key: String, _ value: String?) {
      guard let value else { return }
      lines.append("        \(key): \(Self.quoted(counted(value)))")
    }
    let saysKinds = !section.types.isEmpty || !section.anyOf.isEmpty
    let packages = hook.installed?.packages ?? []
    list(
      "additional_dependencies",
      section.isOwn ? (isRemote ? Array(packages.dropFirst()) : packages) : section.dependencies)
    if let version = section.languageVersion {
      lines.append("        language_version: \(Self.quoted(version))")
    }
    // Without any, a repository's own would count.
    if isRemote, !isElsewhere, arguments.isEmpty { lines.append("        args: []") }
    list("args", arguments)
    list("types", section.types)
    list("types_or", saysKinds ? section.anyOf : hook.known?.types ?? [])
    list("exclude_types", section.excludedTypes)
    pattern("files", section.files)
    pattern("exclude", section.exclude)
    if !isElsewhere || section.hasOwnStages { list("stages", stages) }
    if !passesNames { lines.append("        pass_filenames: false") }
    if section.alwaysRuns || isFileless { lines.append("        always_run: true") }
    if section.isSerial ?? hook.known?.isSerial ?? false { lines.append("        require_serial: true") }
    if section.isVerbose { lines.append("        verbose: true") }
    if section.endsRun { lines.append("        fail_fast: true") }
    let ownName = section.identifier == nil || section.identifier == hook.name ? nil : hook.name
    if let alias = section.alias ?? ownName { lines.append("        alias: \(Self.quoted(alias))") }
    if let file = section.logFile { lines.append("        log_file: \(Self.quoted(file))") }
    return lines
  }

  /// A double-quoted scalar of YAML.
  static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": result += "\\\(scalar)"
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      case "\r": result += "\\r"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }

  /// A word of a shell's command line.
  static func word(_ text: String) -> String {
    let plain = text.utf8.allSatisfy { byte in
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
        || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "_-./=:@%+,".utf8.contains(byte)
    }
    guard !plain || text.isEmpty else { return text }
    return "'" + text.map { $0 == "'" ? "'\\''" : "\($0)" }.joined() + "'"
  }
}
