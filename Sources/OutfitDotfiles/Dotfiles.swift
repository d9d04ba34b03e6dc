import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSystem
import SystemPackage

/// The dotfiles of a machine profile: whole files, links, rendered templates, and blocks in files that others
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
      ((profile.blocks[target] ?? []) + [section]).map { (target, $0) }
    }.filter {
      $0.1.value.systems.isEmpty || $0.1.value.systems.contains(context.platform.system.rawValue)
    }

    let queries = wanted.map { query($0.1) }
    let unanswered = queries.filter { context.facts[$0] == nil }
    guard unanswered.isEmpty else { return .ask(unanswered) }

    var problems: [Diagnostic] = []
    var found: [(Sourced<DotfileSection>, [Change])] = []
    for (target, section) in wanted {
      do {
        found.append((section, try changes(target, section, context)))
      } catch let failure as Failure {
        problems += failure.diagnostics
      }
    }
    guard problems.isEmpty else { throw Failure(problems, status: .usage) }
    var proposal = Proposal()
    proposal.changes = Self.merged(found, context.profile.layers)
    return .done(proposal)
  }

  /// Of what a folder's entry has at a path and what another entry has there, that of the later layer counts, and
  /// within a layer the one that names the path.
  private static func merged(
    _ found: [(Sourced<DotfileSection>, [Change])], _ layers: [Layer]
  ) -> [Change] {
    guard found.contains(where: { $0.0.value.file.hasSuffix("/") }) else { return found.flatMap(\.1) }
    let order = Dictionary(
      layers.enumerated().map { ($0.element.identity, $0.offset) }, uniquingKeysWith: { $1 })
    func rank(_ section: Sourced<DotfileSection>) -> (Int, Int) {
      (order[section.source.layer.identity] ?? 0, section.value.file.hasSuffix("/") ? 0 : 1)
    }
    var best: [FilePath: (Int, Int)] = [:]
    for (section, changes) in found {
      for change in changes where !change.isBlock {
        let rank = rank(section)
        if best[change.target].map({ $0 < rank }) ?? true { best[change.target] = rank }
      }
    }
    return found.flatMap { section, changes in
      changes.filter { $0.isBlock || best[$0.target].map { $0 <= rank(section) } ?? true }
    }
  }

  private func query(_ section: Sourced<DotfileSection>) -> Query {
    let source = path(of: section)
    return section.value.kind == .copy && section.value.file.hasSuffix("/")
      ? .tree(source) : .contents(source)
  }

  private func path(of section: Sourced<DotfileSection>) -> FilePath {
    section.source.layer.folder.pushing(FilePath(section.value.file)).lexicallyNormalized()
  }

  private func changes(
    _ target: String, _ section: Sourced<DotfileSection>, _ context: Context
  ) throws -> [Change] {
    let dotfile = section.value
    let place = context.root.pushing(FilePath(target)).lexicallyNormalized()
    let source = path(of: section)
    func change(_ target: FilePath, _ kind: Change.Kind, from source: FilePath) -> Change {
      Change(
        target: target, owner: section.source, isSecret: dotfile.secret, kind: kind, source: source,
        modeIsDefault: dotfile.mode == nil)
    }
    // What is secret is the user's alone, unless a manifest says otherwise.
    func mode(_ usual: UInt16) -> UInt16 { dotfile.mode ?? (dotfile.secret ? usual & 0o700 : usual) }

    if dotfile.kind == .link {
      _ = try contents(section, context)
      return [change(place, .link(.path(source)), from: source)]
    }
    if case .tree(let entries) = context.facts[query(section)] {
      return entries.map { entry in
        let target = place.pushing(FilePath(entry.path))
        let kind: Change.Kind =
          switch entry.content {
          case .file(let bytes, let its): .file(bytes, mode: mode(plainMode(its)))
          case .source(let source, let its): .source(source, mode: mode(plainMode(its)))
          case .link(let destination): .link(.path(FilePath(destination)))
          case .directory(let its): .directory(mode: dotfile.secret ? its & 0o700 : its & 0o777)
          }
        return change(target, kind, from: source.pushing(FilePath(entry.path)))
      }
    }
    let bytes = try contents(section, context)
    switch dotfile.kind {
    case .copy:
      return [change(place, .file(bytes, mode: mode(0o644)), from: source)]
    case .template:
      let text = try rendered(bytes, section, context)
      return [change(place, .file(Array(text.utf8), mode: mode(0o644)), from: source)]
    case .block, .link:
      let block = Edit.Block(
        identifier: section.source.layer.name, comment: try comment(for: target, section),
        body: try rendered(bytes, section, context),
        position: dotfile.position == .top ? .top : .bottom,
        createMode: dotfile.onlyIfPresent ? nil : mode(0o644))
      return [change(place, .edit(.block(block)), from: source)]
    }
  }

  private func contents(_ section: Sourced<DotfileSection>, _ context: Context) throws -> [UInt8] {
    switch context.facts[query(section)] {
    case .contents(let bytes): return bytes
    case .failed(let diagnostic):
      throw Failure(
        [Diagnostic(.error, diagnostic.message, at: section.source.location, hint: diagnostic.hint)],
        status: .usage)
    default:
      throw Failure(
        "there is no file \(section.value.file) in the layer \(section.source.layer.name)",
        at: section.source.location, hint: "it was looked for at \(path(of: section))", status: .usage)
    }
  }

  private func rendered(
    _ bytes: [UInt8], _ section: Sourced<DotfileSection>, _ context: Context
  ) throws -> String {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw Failure(
        "\(section.value.file) is not UTF-8 text", at: section.source.location,
        hint: "use `copy:` for files that are not text", status: .usage)
    }
    let data = context.profile.data.mapValues(\.value.template)
    do {
      return try Templates.render(text, with: .dictionary(data), file: path(of: section).string)
    } catch {
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

  /// A shared folder's group and world bits say nothing about what the user wants; the executable bit does.
  private func plainMode(_ mode: UInt16) -> UInt16 { mode & 0o100 != 0 ? 0o755 : 0o644 }

  /// What starts a comment in a file, by the end of its name.
  private static let comments = [
    "\"": [".vim", "vimrc"], "--": [".lua", ".sql", ".hs", ".elm", ".adb"],
    ";": [".el", ".emacs", ".lisp", ".clj", ".scm", ".asm", ".ahk"],
    "//": [
      ".c", ".h", ".cpp", ".hpp", ".cs", ".js", ".mjs", ".cjs", ".ts", ".tsx", ".jsx", ".json5", ".jsonc",
      ".java",
      ".go", ".rs", ".swift", ".kt", ".scala", ".dart", ".zig", ".php", ".scss", ".less", ".rasi", ".kdl",
    ],
    "%": [".tex", ".sty", ".bib", ".erl", ".m"], "REM": [".bat", ".cmd"], "!": [".Xresources", ".Xdefaults"],
  ]

  /// Formats in which no line is a comment by how it starts.
  private static let withoutComments = [
    ".json", ".css", ".xml", ".html", ".htm", ".svg", ".plist", ".md", ".csv", ".ipynb", ".desktop.in",
  ]

  private func comment(for target: String, _ section: Sourced<DotfileSection>) throws -> String {
    if let comment = section.value.comment { return comment }
    let name = FilePath(target).lastComponent?.string ?? target
    if let ending = Self.withoutComments.first(where: name.lowercased().hasSuffix) {
      throw Failure(
        "a block can't be kept in \(target): nothing starts a comment in a \(ending) file",
        at: section.source.location,
        hint:
          "write the file whole with copy: or template:, or say what starts a comment there: `comment: \"//\"`",
        status: .usage)
    }
    if name.hasSuffix(".ini"), !name.hasPrefix(".") { return ";" }
    return Self.comments.first { $0.value.contains(where: name.hasSuffix) }?.key ?? "#"
  }
}

extension Change {
  fileprivate var isBlock: Bool { if case .edit = kind { true } else { false } }
}
