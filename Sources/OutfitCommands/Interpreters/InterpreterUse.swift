import ArgumentParser
import OutfitCore
import OutfitEngine
import OutfitInterpreters
import OutfitProfile
import OutfitSystem
import SystemPackage

struct InterpreterUse<Noun: InterpreterNoun>: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "use", abstract: "Choose the versions of this folder.",
      discussion: """
        In a project it edits outfit.yaml and brings the project up. Elsewhere it writes the folder's version file \
        (\(Noun.file), or the one that is there), and installs what is missing. The first version is the default; \
        the others answer by their own names. Without a version: what this folder says.
        """, aliases: ["local"])
  }

  @Argument(
    help: ArgumentHelp("\(Noun.requests).", valueName: "version"),
    completion: Completions.installed(Noun.language)) var versions: [String] = []
  @Flag(help: "Remove the folder's version file.") var unset = false
  @OptionGroup var options: InterpreterOptions

  func validate() throws {
    if unset, !versions.isEmpty { throw ValidationError("--unset takes no version") }
  }

  func run() async throws {
    try await withSession { session in
      let language = Noun.language
      if unset { return try remove(session) }
      guard !versions.isEmpty else { return try await show(session) }
      if let project = try Project.find(session.host) {
        let wishes = try InterpreterWishes.read(versions, session, language)
        let requests = try await InterpreterWishes.requests(
          wishes, session, language, isOffline: options.offline)
        var change = try await InterpreterChange.project(
          project, language, session, isRead: options.dryRun)
        try change.entries.setVersions(requests.map(\.text))
        guard let done = try await change.apply(options, needed: requests) else { return }
        let names = done.versions(language, requests).map(\.version.description).joined(separator: ", ")
        try done.report(
          session, language, requests,
          said:
            "\(session.short(project.root)) has \(Noun.title) \(names) (\(session.display(change.file.path))).",
          json: options.json)
        session.report(await VersionSources(session, language).contradictions.map(\.diagnostic))
        return
      }
      try await write(session)
    }
  }

  // MARK: Version files

  /// Without a project: the file that decides in this folder, or a new one.
  private func write(_ session: Session) async throws {
    let host = session.host
    let language = Noun.language
    let wishes = versions.map { VersionWish($0, for: language, knowing: .known(host)) }
    let named = try NamedVirtualenvs.list(host).map(\.name)
    let real = wishes.filter { wish in
      if case .name(let name) = wish.meaning, language == .python, named.contains(name) { return false }
      return wish.meaning != .system
    }
    _ = try InterpreterWishes.read(real.map(\.text), session, language)
    var requests: [VersionRequest] = []
    let rows = try await InstalledInterpreters(session, language).rows.filter { $0.virtualenv == nil }
    let missing = real.filter { wish in !rows.contains { wish.accepts($0.version) } }
    if !missing.isEmpty {
      requests = try await InterpreterWishes.requests(
        missing, session, language, isOffline: options.offline)
    }
    let path =
      VersionFileEdit.file(in: host.workingDirectory, language, host)
      ?? host.workingDirectory.appending(Noun.file)
    let text = try VersionFileEdit.text(path, language, versions, host)
    if options.dryRun {
      session.write("  \(session.display(path)): \(versions.joined(separator: ", "))")
      if !requests.isEmpty { session.write("  install \(requests.map(\.text).joined(separator: ", "))") }
      session.write("Nothing was changed: this was a dry run.")
      return
    }
    var status = ExitStatus.done
    var had: [String] = []
    if !requests.isEmpty {
      var change = try await InterpreterChange.personal(language, session, isRead: false)
      let others = try await change.others()
      try change.entries.add(requests.map(\.text), behindOthers: !others.isEmpty)
      if let done = try await change.apply(options, needed: requests) {
        status = done.status
        had = done.versions(language, requests).map { "\(Noun.title) \($0.version)" }
      }
    }
    try VersionFileEdit.write(text, to: path, host)
    if let bereft = Project.bereft(session.host) {
      var diagnostic = bereft.bereftDiagnostic(session)
      diagnostic.severity = .error
      throw Failure([diagnostic])
    }
    if options.json {
      session.write(
        JSONDocument(
          .interpreters, changed: true, exit: status,
          [
            "file": .string(path.string), "versions": .array(versions.map { .string($0) }),
            "installed": .array(requests.map { .string($0.text) }),
          ]))
    } else {
      session.write("\(session.display(path)) says \(versions.joined(separator: ", ")).")
      if !had.isEmpty { session.write("Installed \(had.joined(separator: ", ")).") }
    }
    session.report(await VersionSources(session, language).contradictions.map(\.diagnostic))
    if status != .done { throw Ended(status) }
  }

  private func remove(_ session: Session) throws {
    let host = session.host
    let names = VersionFile.names(for: Noun.language).filter { $0 != ".tool-versions" }
    let files = names.map { host.workingDirectory.appending($0) }.filter { host.files.exists($0) }
    guard !files.isEmpty else {
      session.write("Nothing to do: this folder has no \(names.joined(separator: " nor ")).")
      return
    }
    for file in files {
      if !options.dryRun { try host.files.remove(file) }
      session.write("\(options.dryRun ? "Would remove" : "Removed") \(session.display(file)).")
    }
  }

  private func show(_ session: Session) async throws {
    let sources = await VersionSources(session, Noun.language).sources
    let own = sources.first { source in
      switch source.kind {
      case .versionFile, .manifest: true
      case .variable, .record, .machine, .bound: false
      }
    }
    guard let own else {
      throw Failure(
        "no file here chooses a \(Noun.title)",
        hint: "outfit \(Noun.word) use \(Noun.examples.0)")
    }
    if options.json {
      session.write(
        JSONDocument(.interpreters, changed: false, ["place": .string(own.place), "text": .string(own.text)]))
    } else {
      session.write(own.text)
      session.talk("by \(own.place)")
    }
  }
}

/// Writes version files as their users would.
enum VersionFileEdit {
  /// The file in a folder that decides.
  static func file(in folder: FilePath, _ language: Language, _ host: Host) -> FilePath? {
    VersionFile.names(for: language).lazy.map { (folder.appending($0), $0) }.first { path, name in
      guard let status = try? host.files.status(path, followLinks: true), status.kind == .file,
        status.size <= VersionFile.limit, let text = (try? host.files.text(path)) ?? nil
      else { return false }
      return !VersionFile.wishes(in: text, named: name, for: language, knowing: .known(host)).isEmpty
    }?.0
  }

  /// The whole file with these versions in place of those that it had; comments and other tools' lines stay.
  static func text(_ path: FilePath, _ language: Language, _ versions: [String], _ host: Host) throws
    -> String
  {
    // Swift takes the end of a line as Windows has it for one character.
    let old = try host.files.text(path)?.unicodeScalars ?? "".unicodeScalars
    let isWindows = old.contains("\r")
    let isList = path.lastComponent?.string == ".tool-versions"
    let words = language == .python ? ["python"] : ["nodejs", "node"]
    var lines: [String] = []
    var isWritten = false
    for line in old.split(separator: "\n", omittingEmptySubsequences: false) {
      let line = String(line.filter { $0 != "\r" && $0 != "\u{feff}" })
      let first = line.split(whereSeparator: \.isWhitespace).first.map(String.init) ?? ""
      let isOurs = isList ? words.contains(first) : !first.isEmpty && !first.hasPrefix("#")
      guard isOurs else {
        lines.append(line)
        continue
      }
      if !isWritten {
        // With the blanks before it.
        let comment = line.firstIndex(of: "#").map { start in
          String(line[..<start].reversed().prefix(while: \.isWhitespace)) + line[start...]
        }
        var new = isList ? ["\(first) \(versions.joined(separator: " "))"] : versions
        new[0] += comment ?? ""
        lines += new
      }
      isWritten = true
    }
    while lines.last?.isEmpty == true { lines.removeLast() }
    if !isWritten { lines += isList ? ["\(words[0]) \(versions.joined(separator: " "))"] : versions }
    return lines.map { $0 + (isWindows ? "\r\n" : "\n") }.joined()
  }

  /// Replaces the file in one step; of a link, the file that it leads to.
  static func write(_ text: String, to path: FilePath, _ host: Host) throws {
    var path = path
    for _ in 0..<40 where try host.files.status(path, followLinks: false)?.kind == .link {
      path = path.removingLastComponent().pushing(FilePath(try host.files.readLink(path)))
        .lexicallyNormalized()
    }
    let mode = try host.files.status(path, followLinks: true)?.mode ?? 0o644
    let new = path.removingLastComponent().appending(".\(path.lastComponent?.string ?? "version").outfit-new")
    try host.files.removeTree(new)
    try host.files.create(new, Array(text.utf8), mode: mode & 0o777)
    try host.files.synchronize(new)
    try host.files.rename(new, to: path)
  }
}

struct InterpreterGlobal<Noun: InterpreterNoun>: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "global", abstract: "Choose this machine's default, in your own layer.",
      discussion: "The versions that were there stay, behind it. Without a version: what the default is.",
      aliases: ["default"])
  }

  @Argument(
    help: ArgumentHelp("\(Noun.requests).", valueName: "version"),
    completion: Completions.installed(Noun.language)) var versions: [String] = []
  @OptionGroup var options: InterpreterOptions

  func run() async throws {
    try await withSession { session in
      let language = Noun.language
      var change = try await InterpreterChange.personal(
        language, session, isRead: versions.isEmpty || options.dryRun)
      guard !versions.isEmpty else { return try await show(session, change) }
      let wishes = try InterpreterWishes.read(versions, session, language)
      var requests = try await InterpreterWishes.requests(
        wishes, session, language, isOffline: options.offline)
      let present = try await change.hasProfile ? change.profile().wanted(language).map(\.request) : []
      // `3.12` means the 3.12.1 that is there already, as it does to pyenv.
      let pins = try Generations.current(.machine, host: session.host)?.interpreters.filter {
        $0.language == language
      }
      requests = requests.map { request in
        if present.contains(request) { return request }
        let same =
          pins?.filter { request.accepts($0.version) }.compactMap { VersionRequest($0.request) } ?? []
        return same.count == 1 && present.contains(same[0]) ? same[0] : request
      }
      let rest = present.filter { !requests.contains($0) }.map(\.text)
      try change.entries.setVersions(requests.map(\.text) + rest)
      guard let done = try await change.apply(options, needed: requests) else { return }
      let first = done.versions(language, requests).first.map { "\(Noun.title) \($0.version)" } ?? ""
      try done.report(
        session, language, requests, said: "\(first) is this machine's default.", json: options.json)
    }
  }

  private func show(_ session: Session, _ change: InterpreterChange) async throws {
    let wanted = try await change.hasProfile ? change.profile().wanted(Noun.language) : []
    guard let first = wanted.first else {
      throw Failure(
        "this machine's profile has no \(Noun.title)", hint: "outfit \(Noun.word) global \(Noun.examples.0)")
    }
    let pins = try Generations.current(.machine, host: session.host)?.interpreters ?? []
    let pin = pins.first { $0.language == Noun.language && $0.request == first.request.text }
    if options.json {
      session.write(
        JSONDocument(
          .interpreters, changed: false,
          [
            "request": .string(first.request.text),
            "version": pin.map { .string($0.version.description) } ?? .null,
            "place": .string("\(first.source.location.file):\(first.source.location.line)"),
          ]))
      return
    }
    session.write(pin?.version.description ?? first.request.text)
    session.talk("`\(first.request)` in \(first.source.location.file):\(first.source.location.line)")
  }
}
