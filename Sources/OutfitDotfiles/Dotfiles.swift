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
    let wanted = context.profile.dotfiles.sorted { $0.key < $1.key }.filter {
      $0.value.value.systems.isEmpty || $0.value.value.systems.contains(context.platform.system.rawValue)
    }

    let queries = wanted.map { query($0.value) }
    let unanswered = queries.filter { context.facts[$0] == nil }
    guard unanswered.isEmpty else { return .ask(unanswered) }

    var proposal = Proposal()
    var problems: [Diagnostic] = []
    for (target, section) in wanted {
      do {
        proposal.changes += try changes(target, section, context)
      } catch let failure as Failure {
        problems += failure.diagnostics
      }
    }
    guard problems.isEmpty else { throw Failure(problems, status: .usage) }
    return .done(proposal)
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
        identifier: section.source.layer.name, comment: comment(for: target),
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
    let data = context.profile.data.mapValues { TemplateValue.string($0.value) }
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

  /// What starts a comment in the file.
  private func comment(for target: String) -> String {
    let name = FilePath(target).lastComponent?.string ?? target
    if name.hasSuffix(".vim") || name.hasSuffix("vimrc") { return "\"" }
    if name.hasSuffix(".lua") { return "--" }
    if name.hasSuffix(".el") || name == ".emacs" || name.hasSuffix(".ini") && !name.hasPrefix(".") {
      return ";"
    }
    if [".c", ".js", ".ts", ".json5", ".jsonc"].contains(where: name.hasSuffix) { return "//" }
    return "#"
  }
}
