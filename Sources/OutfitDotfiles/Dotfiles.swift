import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSystem
import SystemPackage

/// The dotfiles of a machine profile: whole files, folders, links, rendered templates, and blocks in files that others
/// write too.
public struct Dotfiles: Part {
  public init() {}

  public var name: String { "dotfiles" }

  /// Dotfiles have no pins.
  public func resolve(_ context: Context) throws -> Round<Lock> { .done(context.lock) }

  public func propose(_ context: Context) throws -> Round<Proposal> {
    guard context.profile.scope == .machine else { return .done(Proposal()) }
    let profile = context.profile
    let wanted = profile.dotfiles.sorted { $0.key < $1.key }.flatMap { target, section in
      section.value.kind == .keys
        ? [(target, section)] : ((profile.blocks[target] ?? []) + [section]).map { (target, $0) }
    }

    let queries = wanted.flatMap { self.queries($0.1) } + SecretTexts.queries(context)
    let unanswered = queries.filter { context.facts[$0] == nil }
    guard unanswered.isEmpty else { return .ask(unanswered) }
    let further = wanted.flatMap { furtherQueries($0.0, $0.1, context) }.filter { context.facts[$0] == nil }
    let readings: [String: ChezmoiFolder.Reading]
    switch try chezmoi(context) {
    case .ask(let queries): return .ask(further + queries)
    case .done(let known): readings = known
    }
    guard further.isEmpty else { return .ask(further) }

    var problems: [Diagnostic] = []
    var found: [DotfileChanges] = []
    var proposal = Proposal()
    for (target, section) in wanted {
      do {
        if let reading = readings[target], section.value.kind == .chezmoi {
          found.append(
            DotfileChanges(
              target: target, section: section, changes: changes(reading, section, context, into: &proposal)))
          continue
        }
        found.append(
          DotfileChanges(target: target, section: section, changes: try changes(target, section, context)))
      } catch let failure as Failure {
        problems += failure.diagnostics
      }
    }
    guard problems.isEmpty else { throw Failure(problems, status: .usage) }
    proposal.changes = DotfileChanges.merged(found, context.profile.layers)
    return .done(proposal)
  }

  private func queries(_ section: Sourced<DotfileSection>) -> [Query] {
    guard let source = path(of: section) else { return [] }
    let dotfile = section.value
    switch dotfile.kind {
    case .tree: return [dotfile.layout.style == .fold ? .names(source) : .tree(source)]
    case .copy: return [dotfile.isFolder ? .tree(source) : .file(source)]
    case .link: return [dotfile.isFolder ? .names(source) : .file(source)]
    case .create where !dotfile.isRendered: return [.file(source)]
    case .template, .block, .create: return [.contents(source)]
    case .keys, .linkTo, .absent, .chezmoi, .external: return []
    }
  }

  /// What is to be known of a tree beside its files: the text of those that are rendered, and, where nothing else may be
  /// in its folders, what is there.
  private func furtherQueries(
    _ target: String, _ section: Sourced<DotfileSection>, _ context: Context
  ) -> [Query] {
    let layout = section.value.layout
    guard section.value.kind == .tree, layout.isExact || !layout.templates.isEmpty,
      let source = path(of: section), case .tree(let entries) = context.facts[.tree(source)]
    else { return [] }
    let place = context.root.pushing(FilePath(target)).lexicallyNormalized()
    var queries: [Query] = layout.isExact ? [.names(place)] : []
    let names = TreeNames(layout)
    for entry in entries where !names.leavesOut(entry.path) {
      switch entry.content {
      case .directory where layout.isExact: queries.append(.names(place.pushing(FilePath(entry.path))))
      case .file, .source:
        if names.isTemplate(entry.path) { queries.append(.contents(source.pushing(FilePath(entry.path)))) }
      case .directory, .link, .odd: break
      }
    }
    return queries
  }

  func path(of section: Sourced<DotfileSection>) -> FilePath? {
    section.value.file.map { section.source.layer.folder.pushing(FilePath($0)).lexicallyNormalized() }
  }

  private func changes(
    _ target: String, _ section: Sourced<DotfileSection>, _ context: Context
  ) throws -> [Change] {
    let dotfile = section.value
    let place = context.root.pushing(FilePath(target)).lexicallyNormalized()
    func change(_ kind: Change.Kind) -> Change {
      Change(
        target: place, owner: section.source, isSecret: dotfile.secret, kind: kind,
        source: path(of: section), modeIsDefault: dotfile.mode == nil)
    }
    switch dotfile.kind {
    case .absent: return [change(.absent)]
    case .chezmoi, .external: return []
    case .keys:
      guard let format = dotfile.format ?? SettingsFormat(name: target) else { return [] }
      let sections = (context.profile.blocks[target] ?? []) + [section]
      let settings = sections.compactMap(\.value.settings).reduce(SettingValue.map([:])) {
        $0.merged(with: $1)
      }
      return [
        change(
          .edit(
            .keys(
              Edit.Keys(
                format: format, values: settings.leaves.map { .init(path: $0.path, value: $0.value) },
                createMode: dotfile.onlyIfPresent ? nil : dotfile.mode(0o644)))))
      ]
    case .linkTo: return [change(.link(.path(FilePath(try destination(section, context)))))]
    case .tree where dotfile.layout.style != .fold: return try tree(place, section, context)
    case .copy where dotfile.isFolder: return try tree(place, section, context)
    case .link, .tree:
      guard let source = path(of: section) else { return [] }
      if !dotfile.isFolder { _ = try entry(section, context) }
      return [change(.link(.path(source)))]
    case .copy: return [change(try entry(section, context).fileKind(dotfile) ?? .absent)]
    case .create:
      var made =
        dotfile.isRendered
        ? change(.absent).file(try rendered(try contents(section, context), section, context), dotfile, 0o644)
        : change(try entry(section, context).fileKind(dotfile) ?? .absent)
      made.isOnce = true
      return [made]
    case .template:
      let text = try rendered(try contents(section, context), section, context)
      return [change(.absent).file(text, dotfile, 0o644)]
    case .block:
      let block = Edit.Block(
        identifier: section.source.layer.name, comment: try CommentSign.of(target, section),
        body: try text(section, context),
        position: dotfile.position == .top ? .top : .bottom,
        createMode: dotfile.onlyIfPresent ? nil : dotfile.mode(0o644))
      return [change(.edit(.block(block)))]
    }
  }

  /// Where a `link-to` leads.
  private func destination(_ section: Sourced<DotfileSection>, _ context: Context) throws -> String {
    var text = section.value.destination ?? ""
    if section.value.isRendered {
      let texts = SecretTexts(context)
      let rendering = try texts.render { secrets in
        try Templates.render(text, with: data(context, secrets), file: section.source.location.file)
      }
      try texts.refuse(rendering.use, in: "a link", at: section.source.location)
      text = rendering.text
    }
    guard !text.isEmpty, !text.contains(where: \.isNewline), !text.utf8.contains(0) else {
      throw Failure(
        "`link-to` leads nowhere: its text is empty, or more than one line", at: section.source.location,
        hint: "write a path: `link-to: ../Sync/notes`", status: .usage)
    }
    return text
  }

  /// The file that an entry names, with its mode.
  private func entry(_ section: Sourced<DotfileSection>, _ context: Context) throws -> TreeEntry {
    if let source = path(of: section), case .tree(let entries) = context.facts[.file(source)],
      let entry = entries.first
    {
      return entry
    }
    throw missing(section, path(of: section).flatMap { context.facts[.file($0)] })
  }

  private func contents(_ section: Sourced<DotfileSection>, _ context: Context) throws -> [UInt8] {
    let answer = path(of: section).flatMap { context.facts[.contents($0)] }
    if case .contents(let bytes) = answer { return bytes }
    throw missing(section, answer)
  }

  private func missing(_ section: Sourced<DotfileSection>, _ answer: Answer?) -> Failure {
    if case .failed(let diagnostic) = answer {
      return Failure(
        [Diagnostic(.error, diagnostic.message, at: section.source.location, hint: diagnostic.hint)],
        status: .usage)
    }
    return Failure(
      "there is no file \(section.value.file ?? "") in the layer \(section.source.layer.name)",
      at: section.source.location, hint: path(of: section).map { "it was looked for at \($0)" },
      status: .usage)
  }

  /// A file's text, as it is or rendered.
  private func text(_ section: Sourced<DotfileSection>, _ context: Context) throws -> String {
    let bytes = try contents(section, context)
    if section.value.isRendered {
      let rendering = try rendered(bytes, section, context)
      try SecretTexts(context).refuse(
        rendering.use, in: "a block of somebody's file", at: section.source.location)
      return rendering.text
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw Failure(
        "\(section.value.file ?? "") is not UTF-8 text", at: section.source.location,
        hint: "use `copy:` for files that are not text", status: .usage)
    }
    return text
  }

  private func data(_ context: Context, _ secrets: TemplateValue?) -> TemplateValue {
    var values = context.profile.data.mapValues(\.value.template)
    if let secrets { values["secret"] = secrets }
    return .dictionary(values)
  }

  func rendered(
    _ bytes: [UInt8], _ section: Sourced<DotfileSection>, _ context: Context, file: FilePath? = nil
  ) throws -> SecretTexts.Rendering {
    let file = file ?? path(of: section) ?? ""
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw Failure(
        "\(file) is not UTF-8 text", at: section.source.location,
        hint: "use `copy:` for files that are not text", status: .usage)
    }
    do {
      return try SecretTexts(context).render { secrets in
        try Templates.render(text, with: data(context, secrets), file: file.string)
      }
    } catch let error as Failure {
      guard section.value.secret else { throw error }
      // What is quoted of a template is its text.
      throw Failure(
        error.diagnostics.map {
          Diagnostic(
            .error, "there is a mistake in this template", at: $0.location,
            hint: "it is secret, so its line is not shown: look at it there")
        }, status: error.status)
    }
  }
}
