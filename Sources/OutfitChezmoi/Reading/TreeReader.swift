import OutfitGoTemplate

/// Reads a chezmoi tree by chezmoi's rules. It looks at nothing itself: what it has to know it asks the world, and is
/// run again with more answers until there are no questions left.
public struct TreeReader {
  private let tree: ChezmoiTree
  private let machine: TreeMachine
  private let inquiry: TreeInquiry
  private var state = TreeState()
  private var options = TemplateOptions()
  private var configuration = GoValue.map([:])
  /// Where the configuration template could not be read, so that keys of its data are not known.
  private var configurationMistake: String?

  /// - Parameters:
  ///   - world: answers `include` for files of the tree, by their paths in it, and for absolute paths.
  ///   - prompts: what a person answered.
  public static func read(
    _ tree: ChezmoiTree, machine: TreeMachine, world: any TemplateWorld, prompts: TreePrompts
  ) -> TreeReading {
    var prompts = prompts
    let inquiry = TreeInquiry(world, prompts: TreePrompts())
    if let place = tree.configuration {
      let bytes = inquiry.bytes(place.path)
      guard !inquiry.isOpen else { return .ask(inquiry.open) }
      if let template = try? Template(bytes ?? [], name: place.path) { prompts.learn(template) }
    }
    var reader = TreeReader(
      tree, machine, TreeInquiry(world, prompts: prompts, programs: machine.programs))
    let steps: [(inout TreeReader) -> Void] = [
      { $0.readData() }, { $0.readTemplates() }, { $0.readPatterns() }, { $0.readTargets() },
    ]
    for step in steps {
      step(&reader)
      if !reader.inquiry.openPrompts.isEmpty { return .prompts(reader.inquiry.openPrompts) }
      if reader.inquiry.isOpen { return .ask(reader.inquiry.open) }
    }
    reader.state.secretCalls = reader.inquiry.secretCalls
    return .done(reader.state)
  }

  private init(_ tree: ChezmoiTree, _ machine: TreeMachine, _ inquiry: TreeInquiry) {
    (self.tree, self.machine, self.inquiry) = (tree, machine, inquiry)
    state.remarks = tree.remarks
  }

  // MARK: - Data

  private mutating func readData() {
    var data = GoValue.map([:])
    for path in tree.data {
      guard let bytes = inquiry.bytes(path) else { continue }
      if let read = readFile(path, bytes) { data = data.merged(with: read) }
    }
    let values = machine.values(inquiry)
    // What somebody answered chezmoi before counts as answered.
    let present = presentConfiguration()
    let before = GoValue.map(["chezmoi": values]).merged(with: present["data"] ?? .map([:]))
    configuration = present
    if let (path, format) = tree.configuration, let bytes = inquiry.bytes(path) {
      state.data = before
      switch render(path, bytes, target: nil, goesOn: true) {
      case .bytes(let text):
        do {
          configuration = known(try (DataFormat(ending: format) ?? .toml).read(text), present)
        } catch {
          remark(
            path, "what it makes can't be read: \(error.message)",
            hint: "what templates take from its data is not known")
          lackConfiguration(present, at: path)
        }
      case .left(let remark):
        state.remarks.append(remark)
        lackConfiguration(present, at: remark.path + (remark.line.map { ":\($0)" } ?? ""))
      case .skipped, .open: break
      }
    }
    data = .map(["chezmoi": values]).merged(with: data).merged(with: configuration["data"] ?? .map([:]))
    state.data = data
    readSettings()
  }

  /// Values that have no answer are as they are from before; settings, as if they were not written.
  private func known(_ made: GoValue, _ present: GoValue) -> GoValue {
    guard !options.unknown.isEmpty, case .map(var settings) = made else { return made }
    let data = settings.removeValue(forKey: "data")
    var all = GoValue.map(settings).filled(by: present, drops: true).map ?? [:]
    all["data"] = data?.filled(by: present["data"])
    return .map(all)
  }

  /// What is known without the configuration template: what is there from before, and the answers that were given.
  private mutating func lackConfiguration(_ present: GoValue, at place: String) {
    configurationMistake = place
    let answers = GoValue.map(["data": .map(inquiry.answered)])
    configuration = answers.merged(with: present)
  }

  private func presentConfiguration() -> GoValue {
    for (name, format) in [("toml", DataFormat.toml), ("yaml", .yaml), ("json", .json)] {
      if let bytes = inquiry.bytes("\(machine.configurationFolder)/chezmoi.\(name)") {
        return (try? format.read(bytes)) ?? .map([:])
      }
    }
    return .map([:])
  }

  private mutating func readFile(_ path: String, _ bytes: [UInt8]) -> GoValue? {
    let ending = path.split(separator: ".").last.map(String.init) ?? ""
    guard let format = DataFormat(ending: ending) else {
      remark(path, "data is written as JSON, TOML or YAML, and its name says none of them")
      return nil
    }
    do {
      return try format.read(bytes)
    } catch {
      state.remarks.append(TreeRemark(path: path, line: error.line, message: error.message))
      return nil
    }
  }

  /// What of the configuration decides what a home folder gets.
  private mutating func readSettings() {
    guard case .map(let settings) = configuration else { return }
    if case .list(let names)? = configuration["template", "options"] {
      for case .string(let name) in names where name.hasPrefix("missingkey=") {
        options.missingKey = MissingKey(rawValue: String(name.dropFirst("missingkey=".count))) ?? .error
      }
    }
    if let hooks = settings["hooks"]?.map, !hooks.isEmpty, let place = tree.configuration?.path {
      var hooked = TreeRemark(
        path: place,
        message: "its hooks (\(hooks.keys.sorted().joined(separator: ", "))) are run by chezmoi alone",
        hint: "make what they do a script: `run_before_…`")
      hooked.isHarmless = true
      state.remarks.append(hooked)
    }
    let known: Set = [
      "data", "template", "hooks", "mode", "scriptEnv", "env", "umask", "sourceDir", "destDir",
    ]
    state.ownSettings = settings.keys.filter { !known.contains($0) }.sorted()
  }

  private var linksFiles: Bool { configuration["mode"]?.text == "symlink" }

  private var scriptEnvironment: [String: String] {
    var all: [String: String] = [
      "CHEZMOI": "1", "CHEZMOI_OS": machine.os, "CHEZMOI_ARCH": machine.architecture,
      "CHEZMOI_HOME_DIR": machine.home, "CHEZMOI_DEST_DIR": machine.home,
      "CHEZMOI_SOURCE_DIR": machine.sourceFolder, "CHEZMOI_WORKING_TREE": machine.workingTree,
      "CHEZMOI_CACHE_DIR": machine.cacheFolder, "CHEZMOI_HOSTNAME": machine.hostname,
      "CHEZMOI_USERNAME": machine.username, "CHEZMOI_COMMAND": "apply",
    ]
    let (user, group) = machine.identifiers(inquiry)
    (all["CHEZMOI_UID"], all["CHEZMOI_GID"]) = (user, group)
    for key in ["env", "scriptEnv"] {
      for (name, value) in configuration[key]?.map ?? [:] { if let text = value.text { all[name] = text } }
    }
    return all
  }

  // MARK: - Templates

  private mutating func readTemplates() {
    for (name, path) in tree.templates {
      guard let bytes = inquiry.bytes(path) else { continue }
      do {
        options.associated[name] = try Template(bytes, name: name)
      } catch {
        state.remarks.append(remark(error, path: path, target: nil))
      }
    }
  }

  private enum Rendered {
    case bytes([UInt8])
    /// It said that it makes no file.
    case skipped
    /// A question has to be answered first.
    case open
    case left(TreeRemark)
  }

  /// - Parameter goesOn: what has no answer ends nothing, and is then unknown to all that is rendered later.
  private mutating func render(
    _ path: String, _ bytes: [UInt8], target: String?, stdin: [UInt8]? = nil, goesOn: Bool = false
  ) -> Rendered {
    var data = state.data
    if case .map(var top) = data, case .map(var values)? = top["chezmoi"] {
      values["sourceFile"] = .string(path)
      values["targetFile"] = .string(target.map { "\(machine.home)/\($0)" } ?? "")
      if let stdin { values["stdin"] = .string(String(decoding: stdin, as: UTF8.self)) }
      top["chezmoi"] = .map(values)
      data = .map(top)
    }
    inquiry.forgetSecrets()
    var parsed: Template?
    do {
      let template = try Template(bytes, name: path)
      parsed = template
      let made: [UInt8]
      if goesOn {
        let known = try template.renderKnown(data, world: inquiry, options: options)
        made = known.bytes
        options.unknown = known.unknown
      } else {
        made = try template.render(data, world: inquiry, options: options)
      }
      if target == nil, let call = inquiry.secrets.first {
        return .left(
          TreeRemark(
            path: path, message: "what `\(call[0])` gives can't be in it, since that is read for files alone")
        )
      }
      return .bytes(made)
    } catch {
      switch error.kind {
      case .unanswered:
        lookAhead(parsed?.calls ?? [])
        return .open
      case .ended(isSkipped: true): return .skipped
      case .ended(isSkipped: false): return .bytes([])
      default:
        if options.unknown.contains(where: { $0.template == error.template && $0.line == error.line }) {
          return .left(
            TreeRemark(
              path: path, line: error.callers.last?.line, column: error.callers.last?.column,
              message: "a value is not known, since \(error.template):\(error.line) could not be read: "
                + error.message,
              hint: "write it below `data` in ~/.config/chezmoi/chezmoi.toml", target: target))
        }
        var error = error
        if let configurationMistake, let key = error.missingKey {
          error.message = "the key `\(key)` is not known, since \(configurationMistake) could not be read"
          error.hint = "write it below `data` in ~/.config/chezmoi/chezmoi.toml"
        }
        return .left(remark(error, path: path, target: target))
      }
    }
  }

  /// Asks what a template is going to ask of the machine, so that not each answer takes another run.
  private func lookAhead(_ calls: [TemplateCall]) {
    for call in calls where call.kind == .machine {
      guard case let text?? = call.arguments.first else { continue }
      switch call.function {
      case "lookPath": _ = inquiry.answer(.lookPath(text))
      case "stat": _ = inquiry.answer(.stat(text))
      case "lstat": _ = inquiry.answer(.lstat(text))
      case "isExecutable": _ = inquiry.answer(.isExecutable(text))
      default: continue
      }
    }
  }

  /// A mistake where it is: in a template that the file takes in, say.
  private func remark(_ error: TemplateError, path: String, target: String?) -> TreeRemark {
    let isOwn = error.template == path
    let place = isOwn ? path : tree.templates.first { $0.name == error.template }?.path ?? error.template
    var message = error.message
    if place != path { message += " (taken in by \(path)\(error.callers.last.map { ":\($0.line)" } ?? ""))" }
    return TreeRemark(
      path: place, line: error.line, column: error.column, message: message, hint: error.hint, target: target)
  }

  private mutating func remark(_ path: String, _ message: String, hint: String? = nil, target: String? = nil)
  {
    state.remarks.append(TreeRemark(path: path, message: message, hint: hint, target: target))
  }

  // MARK: - What is left out, and what is to go

  private mutating func readPatterns() {
    for file in tree.ignores {
      guard let bytes = inquiry.bytes(file.path) else { continue }
      switch render(file.path, bytes, target: nil) {
      case .bytes(let text): addPatterns(String(decoding: text, as: UTF8.self), file)
      case .left(var remark):
        // Whatever it may name is left out: nothing is written that somebody did not want.
        remark.hint =
          (remark.hint.map { "\($0); " } ?? "") + "till then, all that its lines may name is left out"
        state.remarks.append(remark)
        let certain = state.ignored
        addPatterns(Self.withoutActions(String(decoding: bytes, as: UTF8.self)), file, quietly: true)
        nameDoubtful(besides: certain, file.path, line: remark.line)
      case .skipped, .open: break
      }
    }
    for file in tree.removes { readRemoves(file) }
    for file in tree.externals { leaveExternals(file) }
  }

  /// Says of each file that stays out only because an ignore file can't be read that it does.
  private mutating func nameDoubtful(besides certain: PatternList, _ path: String, line: Int?) {
    let place = path + (line.map { ":\($0)" } ?? "")
    for file in tree.files where isIgnored(file.target) && !Self.isIgnored(file.target, by: certain) {
      remark(
        file.path, "it is left out, since \(place) could not be read and may name it", target: file.target)
    }
  }

  private mutating func addPatterns(_ text: String, _ file: ChezmoiTree.Patterns, quietly: Bool = false) {
    for mistake in state.ignored.add(text, in: file.folder) where !quietly {
      state.remarks.append(
        TreeRemark(
          path: file.path, line: mistake.line, message: "`\(mistake.text)` is no pattern below this folder"))
    }
  }

  /// Its lines, with a `*` for each action in one that says something besides.
  static func withoutActions(_ text: String) -> String {
    var plain = ""
    var rest = text[...]
    while let start = rest.firstRange(of: "{{") {
      plain += rest[..<start.lowerBound]
      guard let end = rest[start.upperBound...].firstRange(of: "}}") else { break }
      // Lines within an action are none of the file's.
      plain += "\u{0}"
      rest = rest[end.upperBound...]
    }
    plain += rest
    return plain.split(separator: "\n", omittingEmptySubsequences: false).filter { line in
      line.contains { !$0.isWhitespace && $0 != "\u{0}" && $0 != "/" && $0 != "*" && $0 != "!" }
        && !line.hasPrefix("!")
    }.joined(separator: "\n").replacing("\u{0}", with: "*")
  }

  private func isIgnored(_ target: String) -> Bool { Self.isIgnored(target, by: state.ignored) }

  private static func isIgnored(_ target: String, by patterns: PatternList) -> Bool {
    if patterns.matches(target) { return true }
    guard !target.hasPrefix(".chezmoiscripts/") else { return false }
    var above = ChezmoiTree.split(target).folder
    while !above.isEmpty {
      if patterns.matches(above) { return true }
      above = ChezmoiTree.split(above).folder
    }
    return false
  }

  private mutating func readRemoves(_ file: ChezmoiTree.Patterns) {
    guard let bytes = inquiry.bytes(file.path) else { return }
    let rendered = render(file.path, bytes, target: nil)
    if case .left(let remark) = rendered { state.remarks.append(remark) }
    guard case .bytes(let text) = rendered else { return }
    let lines = String(decoding: text, as: UTF8.self).split(
      omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    for line in lines {
      guard let name = PatternList.withoutComment(line), !name.hasPrefix("!") else { continue }
      let parts = name.split(separator: "/")
      let target = (file.folder.isEmpty ? [] : [file.folder]) + parts.map(String.init)
      if name.hasPrefix("/") || name.hasPrefix("~") || parts.contains("..") || parts.contains(".")
        || parts.isEmpty
      {
        // chezmoi takes nothing away by it either.
        var odd = TreeRemark(
          path: file.path, message: "`\(name)` is no path below the home folder, and names nothing")
        odd.isHarmless = true
        state.remarks.append(odd)
      } else if name.contains(where: { "*?[{\\".contains($0) }) {
        removeAll(target.joined(separator: "/"), named: name, by: file)
      } else {
        let path = target.joined(separator: "/")
        if !isIgnored(path) {
          state.targets.append(.init(path: path, source: file.path, kind: .absent))
        }
      }
    }
  }

  /// What is there and matches, but for what the tree makes.
  private mutating func removeAll(_ pattern: String, named name: String, by file: ChezmoiTree.Patterns) {
    guard PathPattern(pattern) != nil else {
      return remark(file.path, "`\(name)` is no pattern below the home folder")
    }
    switch inquiry.answer(.glob(pattern, caseInsensitive: false)) {
    case .value(.list(let found)):
      let made = Set(tree.files.map(\.target) + tree.folders.map(\.target))
      state.removing.append(pattern)
      for case .string(let path) in found {
        guard !isIgnored(path), !made.contains(where: { $0 == path || $0.hasPrefix(path + "/") }) else {
          continue
        }
        state.targets.append(.init(path: path, source: file.path, kind: .absent))
      }
    case .refused(let reason): remark(file.path, "`\(name)`: \(reason)")
    case .bytes, .value, .unknown: break
    }
  }

  private mutating func leaveExternals(_ file: ChezmoiTree.Patterns) {
    guard let bytes = inquiry.bytes(file.path) else { return }
    var path = file.path
    if path.hasSuffix(".tmpl") { path.removeLast(".tmpl".count) }
    let text: [UInt8]
    // It is a template, whatever its name.
    switch render(file.path, bytes, target: nil) {
    case .bytes(let rendered): text = rendered
    case .left(let remark): return state.remarks.append(remark)
    case .skipped, .open: return
    }
    let format = DataFormat(ending: path.split(separator: ".").last.map(String.init) ?? "")
    guard case .map(let entries)? = try? format?.read(text) else {
      return remark(file.path, "it can't be read as JSON, TOML or YAML")
    }
    for (name, value) in entries.sorted(by: { $0.key < $1.key }) {
      let target = file.folder.isEmpty ? name : "\(file.folder)/\(name)"
      guard !isIgnored(target) else { continue }
      let type = value["type"]?.text ?? "of no type"
      let url = value["url"]?.text
      if let external = external(target, type, value, file) {
        state.externals.append(external)
        continue
      }
      remark(
        file.path,
        "\(target) is a download (\(type)\(url.map { " from \($0)" } ?? "")), which Outfit does not make",
        hint: "fetch it by a script: `run_onchange_…`", target: target)
    }
  }

  /// nil for what can't be had in the same way: encrypted and filtered files, parts of archives by patterns, and folders
  /// that files of the tree go into.
  private mutating func external(
    _ target: String, _ type: String, _ value: GoValue, _ file: ChezmoiTree.Patterns
  ) -> TreeState.External? {
    guard let url = value["url"]?.text,
      ["filter", "encrypted", "include", "exclude", "decompress"].allSatisfy({ value[$0] == nil }),
      !(tree.files.map(\.target) + tree.folders.map(\.target)).contains(where: {
        $0 == target || $0.hasPrefix(target + "/")
      })
    else { return nil }
    if type == "git-repo" { return repository(target, url, value, file) }
    guard ["https://", "http://", "file:///"].contains(where: url.hasPrefix),
      ["file", "archive", "archive-file"].contains(type), type != "archive-file" || value["path"]?.text != nil
    else { return nil }
    let strip: Int = if case .int(let number)? = value["stripComponents"] { number } else { 0 }
    var external = TreeState.External(
      target: target, source: file.path, address: url, isFolder: type == "archive", strip: strip,
      path: value["path"]?.text, digest: value["checksum", "sha256"]?.text)
    external.isExecutable = value["executable"] == .bool(true)
    return external
  }

  /// Of what chezmoi gives `git clone` and `git pull`, the branch counts.
  private mutating func repository(
    _ target: String, _ url: String, _ value: GoValue, _ file: ChezmoiTree.Patterns
  ) -> TreeState.External {
    var words: [String] = []
    for key in ["clone", "pull"] {
      guard case .list(let given)? = value[key, "args"] else { continue }
      words += given.compactMap(\.text)
    }
    var branch: String?
    var ignored: [String] = []
    while let word = words.first {
      words.removeFirst()
      switch word {
      case "--branch", "-b": branch = words.isEmpty ? nil : words.removeFirst()
      case _ where word.hasPrefix("--branch="): branch = String(word.dropFirst("--branch=".count))
      case _ where word.hasPrefix("-"): ignored.append(word)
      // The value of an option.
      default: break
      }
    }
    if !ignored.isEmpty {
      var remark = TreeRemark(
        path: file.path,
        message: "\(target) is had as the files of one commit, so that \(ignored.joined(separator: ", ")) "
          + "\(ignored.count == 1 ? "says" : "say") nothing", target: target)
      remark.isHarmless = true
      state.remarks.append(remark)
    }
    let isPlain = ["https://", "http://", "ssh://", "file://"].contains(where: url.hasPrefix)
    return TreeState.External(
      target: target, source: file.path,
      address: (isPlain ? "git+" : "") + url + (branch.map { "@" + $0 } ?? ""),
      isFolder: true, strip: 0)
  }

  // MARK: - Targets

  private mutating func readTargets() {
    var sources: [String: [String]] = [:]
    let files = tree.files.filter { !isIgnored($0.target) }
    let folders = tree.folders.filter { !isIgnored($0.target) }
    for file in files { sources[file.target, default: []].append(file.path) }
    for folder in folders {
      if sources[folder.target] != nil { sources[folder.target]?.append(folder.path) }
    }
    let doubled = sources.filter { $0.value.count > 1 }
    for (target, paths) in doubled.sorted(by: { $0.key < $1.key }) {
      remark(
        paths[0], "\(target) is made by more than one: \(paths.joined(separator: ", "))",
        hint: "take all but one out",
        target: target)
    }
    for folder in folders where doubled[folder.target] == nil {
      take(folder)
    }
    for file in files where doubled[file.target] == nil { take(file) }
    state.scripts.sort { a, b in
      (a.time.order.rawValue, a.target) < (b.time.order.rawValue, b.target)
    }
  }

  private mutating func take(_ folder: ChezmoiTree.FolderItem) {
    if folder.name.isRemoved {
      state.targets.append(.init(path: folder.target, source: folder.path, kind: .absent))
      return
    }
    var target = TreeState.Target(
      path: folder.target, source: folder.path,
      kind: .folder(mode: folder.name.mode, isExact: folder.name.isExact))
    target.modeIsGiven = folder.name.isPrivate || folder.name.isReadOnly
    state.targets.append(target)
  }

  private mutating func take(_ file: ChezmoiTree.Item) {
    let name = file.name
    var target = TreeState.Target(path: file.target, source: file.path, kind: .absent)
    target.modeIsGiven = name.isPrivate || name.isReadOnly
    if name.isEncrypted {
      remark(
        file.path, "it is encrypted, and Outfit has no key to it", hint: "put the file there yourself",
        target: file.target)
      return
    }
    switch name.kind {
    case .remove: state.targets.append(target)
    case .file where !name.isTemplate:
      if linksFiles, !name.isExecutable, !name.isPrivate {
        target.kind = .link("\(machine.sourceFolder)/\(file.path)")
      } else {
        target.kind = isEmpty(file) && !name.keepsEmpty ? .absent : .copy(mode: name.mode)
      }
      state.targets.append(target)
    case .create where !name.isTemplate:
      guard !isEmpty(file) || name.keepsEmpty else { return }
      target.kind = .copy(mode: name.mode)
      target.isOnce = true
      state.targets.append(target)
    case .file, .create, .link:
      guard let bytes = contents(file) else { return }
      let nothing = bytes.allSatisfy(Self.isBlank)
      target.secrets = inquiry.secrets
      if name.kind == .link, refusesSecrets("a link", file) { return }
      switch name.kind {
      case .link:
        let text = String(decoding: bytes, as: UTF8.self).trimming(\.isWhitespace)
        if !nothing { target.kind = .link(String(text)) }
        guard !text.contains(where: \.isNewline), !text.utf8.contains(0) else {
          return remark(file.path, "a link leads to one place, and this has more lines", target: file.target)
        }
      case .create where nothing && !name.keepsEmpty: return
      default: if !nothing || name.keepsEmpty { target.kind = .file(bytes, mode: name.mode) }
      }
      target.isOnce = name.kind == .create
      state.targets.append(target)
    case .script(let time):
      guard let bytes = contents(file), !bytes.allSatisfy(Self.isBlank), !refusesSecrets("a script", file)
      else { return }
      state.scripts.append(
        TreeState.Script(
          target: file.target, source: file.path, time: time, contents: bytes, environment: scriptEnvironment)
      )
    case .modify: modify(file, target)
    }
  }

  /// What the source says, rendered where it is a template; nil where that is left out or not known yet.
  private mutating func contents(_ file: ChezmoiTree.Item) -> [UInt8]? {
    inquiry.forgetSecrets()
    guard let bytes = file.bytes ?? inquiry.bytes(file.path) else {
      if !inquiry.isOpen { remark(file.path, "it can't be read", target: file.target) }
      return nil
    }
    guard file.name.isTemplate else { return bytes }
    switch render(file.path, bytes, target: file.target) {
    case .bytes(let bytes): return bytes
    case .left(let remark): state.remarks.append(remark)
    case .skipped, .open: break
    }
    return nil
  }

  /// Secrets are in files, which Outfit keeps to their user.
  private mutating func refusesSecrets(_ what: String, _ file: ChezmoiTree.Item) -> Bool {
    guard let call = inquiry.secrets.first else { return false }
    remark(
      file.path, "what `\(call[0])` gives can't be in \(what)",
      hint: "put it into a file, which \(what) can name", target: file.target)
    return true
  }

  /// The longest file that is looked into for whether it is empty: nobody writes so many blanks.
  private static let blankLimit = 1024

  /// chezmoi takes a file of blanks for an empty one.
  private func isEmpty(_ file: ChezmoiTree.Item) -> Bool {
    if let bytes = file.bytes { return bytes.count <= Self.blankLimit && bytes.allSatisfy(Self.isBlank) }
    guard file.size > 0, file.size <= Self.blankLimit else { return file.size == 0 }
    return inquiry.bytes(file.path)?.allSatisfy(Self.isBlank) ?? false
  }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 32 || (9...13).contains(byte) }

  private static let modifySign = "chezmoi:modify-template"

  private mutating func modify(_ file: ChezmoiTree.Item, _ target: TreeState.Target) {
    guard let bytes = contents(file) else { return }
    guard !bytes.allSatisfy(Self.isBlank) else { return }
    let lines = String(decoding: bytes, as: UTF8.self).split(
      separator: "\n", omittingEmptySubsequences: false)
    guard lines.contains(where: { $0.contains(Self.modifySign) }) else {
      return remark(
        file.path, "it is a program that is run to make the file, while nothing may run yet",
        hint: "say what it sets: `keys:` or `block:` in an outfit.yaml", target: file.target)
    }
    let template = Array(lines.filter { !$0.contains(Self.modifySign) }.joined(separator: "\n").utf8)
    let present = inquiry.bytes("\(machine.home)/\(file.target)")
    func made(_ before: [UInt8]) -> Rendered {
      render(file.path, template, target: file.target, stdin: before)
    }
    var ofNothing = made([])
    // Some take it that there is a document.
    if case .left = ofNothing, case .bytes(let bytes) = made(Array("{}".utf8)) { ofNothing = .bytes(bytes) }
    if refusesSecrets("a file of which only parts are changed", file) { return }
    switch ofNothing {
    case .left(let remark): state.remarks.append(remark)
    case .skipped, .open: return
    case .bytes(let nothing):
      var modification = TreeState.Modification(ofNothing: nothing)
      if let present {
        var after = made(present)
        // Settings of editors have comments, which templates can't read, and which stay.
        if case .left = after, file.target.hasSuffix(".json"),
          let plain = try? DataFormat.jsonc.read(present).json
        {
          after = made(plain)
        }
        switch after {
        case .left(let remark): return state.remarks.append(remark)
        case .skipped, .open: return
        case .bytes(let after): modification.present = (present, after)
        }
      }
      var target = target
      target.kind = .modified(modification, mode: file.name.mode)
      state.targets.append(target)
    }
  }
}
