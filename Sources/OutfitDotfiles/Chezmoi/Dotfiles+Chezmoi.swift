import OutfitChezmoi
import OutfitCore
import OutfitEngine
import OutfitGoTemplate
import OutfitProfile
import SystemPackage

/// What a folder of chezmoi's wants, as changes and as scripts.
extension Dotfiles {
  /// What is still to be known of the folders of chezmoi's, or what they want, by target.
  func chezmoi(_ context: Context) throws -> Round<[String: ChezmoiFolder.Reading]> {
    var queries: [Query] = []
    var readings: [String: ChezmoiFolder.Reading] = [:]
    for (target, section) in context.profile.chezmoiFolders {
      switch try ChezmoiFolder(section, context).read() {
      case .ask(let more): queries += more
      case .prompts: break
      case .done(let reading):
        readings[target] = reading
        for item in reading.state.targets {
          if case .folder(_, isExact: true) = item.kind { queries.append(.names(place(item.path, context))) }
        }
      }
    }
    queries = queries.filter { context.facts[$0] == nil }
    return queries.isEmpty ? .done(readings) : .ask(queries)
  }

  private func place(_ path: String, _ context: Context) -> FilePath {
    context.root.pushing(FilePath(path)).lexicallyNormalized()
  }

  /// - Returns: the changes of one folder; its scripts, and what of it is left out, go into the proposal.
  func changes(
    _ reading: ChezmoiFolder.Reading, _ section: Sourced<DotfileSection>, _ context: Context,
    into proposal: inout Proposal
  ) -> [Change] {
    let layer = section.source.layer
    func source(_ path: String, _ line: Int? = nil, _ column: Int? = nil) -> Source {
      Source(
        layer: layer,
        location: SourceLocation(file: reading.display + path, line: line ?? 1, column: column ?? 1))
    }
    func leave(_ remark: TreeRemark) {
      let place = source(remark.path, remark.line, remark.column)
      let what = remark.target.map { "~/\($0) is left out: " } ?? ""
      let diagnostic = Diagnostic(
        remark.isHarmless ? .note : .error, what + remark.message, at: place.location, hint: remark.hint)
      guard !remark.isHarmless else { return proposal.notes.append(diagnostic) }
      proposal.leftOut.append(LeftOut(diagnostic, target: remark.target.map { self.place($0, context) }))
    }
    reading.state.remarks.forEach(leave)
    proposal.variablesRead.formUnion(reading.variables)
    let home = context.root
    proposal.staysAbsent += reading.state.removing.compactMap { PathPattern($0) }.map { pattern in
      { @Sendable (path: FilePath) -> Bool in
        var inner = path
        return inner.removePrefix(home) && pattern.matches(inner.string)
      }
    }
    var changes: [Change] = []
    let entries = entries(reading, section, context)
    for item in reading.state.targets {
      let place = place(item.path, context)
      guard !context.reserved.contains(where: { place.starts(with: $0) }) else {
        if case .folder = item.kind { continue }
        leave(
          TreeRemark(
            path: item.source, message: "it is in Outfit's own folders, in which no profile writes",
            target: item.path))
        continue
      }
      if case .folder = item.kind, isAboveOwn(place, context) { continue }
      var change = Change(
        target: place, owner: source(item.source), isSecret: section.value.secret, kind: .absent,
        source: reading.source.pushing(FilePath(item.source)), modeIsDefault: !item.modeIsGiven)
      change.isOnce = item.isOnce
      switch item.kind {
      case .absent: change.source = nil
      case .link(let destination): change.kind = .link(.path(FilePath(destination)))
      case .file(let bytes, let mode):
        guard let names = reading.secrets[item.path] else {
          change.kind = .file(bytes, mode: mode)
          break
        }
        var use = SecretTexts(context).use(names, outline: bytes)
        let filled = reading.filled[item.path]
        use.isFilled = filled != nil
        (change.secrets, change.isSecret) = (use, true)
        change.kind = .file(filled ?? bytes, mode: item.modeIsGiven ? mode : mode & 0o700)
      case .folder(let mode, let isExact):
        change.kind = .directory(mode: mode)
        change.isExact = isExact
        if isExact, case .names(let names)? = context.facts[.names(place)] {
          change.spared = Set(names.filter { reading.state.ignored.matches("\(item.path)/\($0)") })
        }
      case .copy(let mode):
        switch entries[item.source] {
        case .file(let bytes, _)?: change.kind = .file(bytes, mode: mode)
        case .source(let source, _)?: change.kind = .source(source, mode: mode)
        default: continue
        }
      case .modified(let modification, let mode):
        switch Self.keys(modification, item, mode: mode) {
        case .success(let edit): change.kind = edit
        case .failure(let problem):
          leave(
            TreeRemark(
              path: item.source, message: problem.message,
              hint: "say what it sets: `keys:` or `block:` in an outfit.yaml", target: item.path))
          continue
        }
      }
      changes.append(change)
    }
    for script in reading.state.scripts {
      proposal.effects.append(effect(script, reading, source(script.source), context))
    }
    return changes
  }

  /// What the folder has, by paths in the tree.
  private func entries(
    _ reading: ChezmoiFolder.Reading, _ section: Sourced<DotfileSection>, _ context: Context
  ) -> [String: TreeEntry.Content] {
    guard let folder = self.path(of: section), case .tree(let entries)? = context.facts[.source(folder)]
    else {
      return [:]
    }
    var root = reading.source
    let prefix = root.removePrefix(folder) && !root.isEmpty ? "\(root)/" : ""
    return Dictionary(
      entries.lazy.filter { $0.path.hasPrefix(prefix) }.map {
        (String($0.path.dropFirst(prefix.count)), $0.content)
      },
      uniquingKeysWith: { $1 })
  }

  private struct Unsettled: Error { var message: String }

  /// The keys that a template sets, by what it makes of nothing; they must be all that it changes of what is there.
  private static func keys(
    _ modification: TreeState.Modification, _ item: TreeState.Target, mode: UInt16
  ) -> Result<Change.Kind, Unsettled> {
    guard let format = SettingsFormat(name: item.path), let written = format.dataFormat else {
      return .failure(Unsettled(message: "what it changes can be told of JSON, YAML and TOML alone"))
    }
    guard let nothing = try? written.read(modification.ofNothing), case .map(let values) = nothing,
      !values.isEmpty,
      let settings = SettingValue(nothing)
    else {
      return .failure(Unsettled(message: "what it makes of an empty file says no keys"))
    }
    if let (before, after) = modification.present {
      guard let old = try? written.read(before), let new = try? written.read(after) else {
        return .failure(Unsettled(message: "the file that is there can't be read"))
      }
      guard old.merged(with: nothing) == new else {
        return .failure(Unsettled(message: "what it changes depends on what is there"))
      }
    }
    return .success(
      .edit(
        .keys(
          Edit.Keys(
            format: format, values: settings.leaves.map { .init(path: $0.path, value: $0.value) },
            createMode: mode))))
  }

  private func effect(
    _ script: TreeState.Script, _ reading: ChezmoiFolder.Reading, _ owner: Source, _ context: Context
  ) -> Effect {
    let path = reading.source.pushing(FilePath(script.source))
    var command = ScriptCommand.step(path, script.contents)
    command.environment.merge(script.environment.mapValues { .text($0) }) { $1 }
    var effect = Effect(
      entry: "scripts.\(script.target)", label: "script \(script.target)", ability: .script, needsRoot: false,
      probe: nil, fingerprint: Digest(of: script.contents).hex, command: command, script: path,
      runsFirst: script.time.order == .before, isRoutine: script.time.condition == .always, owner: owner)
    effect.contents = script.contents
    effect.folder = place(script.target, context).removingLastComponent()
    return effect
  }
}

extension SettingsFormat {
  fileprivate var dataFormat: DataFormat? {
    switch self {
    case .json: .jsonc
    case .yaml: .yaml
    case .toml: .toml
    case .ini, .git: nil
    }
  }
}

extension SettingValue {
  /// nil for what no file of settings can say.
  fileprivate init?(_ value: GoValue) {
    switch value {
    case .null: self = .null
    case .bool(let bool): self = .bool(bool)
    case .int(let number): self = .number("\(number)")
    case .float(let number):
      guard number.isFinite else { return nil }
      self = .number(number == number.rounded() && abs(number) < 1e15 ? "\(Int(number))" : "\(number)")
    case .string(let text): self = .text(text)
    case .list(let items):
      var values: [SettingValue] = []
      for item in items {
        guard let value = SettingValue(item) else { return nil }
        values.append(value)
      }
      self = .list(values)
    case .map(let entries):
      var values: [String: SettingValue] = [:]
      for (key, item) in entries {
        guard let value = SettingValue(item) else { return nil }
        values[key] = value
      }
      self = .map(values)
    }
  }
}
