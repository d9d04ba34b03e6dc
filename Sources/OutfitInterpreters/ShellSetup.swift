import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSystem
import SystemPackage

/// The part that settles what shells have: on the machine, Outfit's `bin` first on PATH, once, in every login shell
/// and every interactive shell, by a block in the rc files of the shells that are there; in a project, its `env:`.
public struct ShellSetup: Part {
  public init() {}

  public var name: String { "shell" }
  public var looksBack: Bool { true }

  /// What the blocks are called in the files.
  public static let identifier = "path"

  public func resolve(_ context: Context) throws -> Round<Lock> { .done(context.lock) }

  public func propose(_ context: Context) throws -> Round<Proposal> {
    var proposal = Proposal()
    guard context.profile.scope == .machine else {
      // What an application composes of variables that only its containers have is none here.
      let variables = context.profile.env.mapValues(\.value)
      proposal.variables = context.profile.app == nil ? variables : ComposedText.resolved(variables)
      return .done(proposal)
    }
    guard let layer = context.profile.layers.last else { return .done(proposal) }
    var inquirer = Inquirer(context.facts)
    let owner = Source(layer: layer, location: SourceLocation(file: layer.manifest.string))
    for file in Self.files(context, &inquirer) {
      if let dotfile = Self.foreign(file.path, context) {
        Self.note(file, dotfile.owner, reading: [dotfile.text], context, &inquirer, in: &proposal)
        continue
      }
      if let closed = Self.closedFolder(of: file.path, context) {
        Self.note(file, in: closed, context, &inquirer, to: &proposal)
        continue
      }
      proposal.changes.append(
        Change(
          target: file.path, owner: owner,
          kind: .edit(.block(.init(identifier: Self.identifier, body: file.body, preface: file.preface)))))
    }
    return inquirer.asked.isEmpty ? .done(proposal) : .ask(inquirer.asked)
  }

  /// Who says what an rc file is, where that is a link, whose file is not for Outfit to write in, or a file that is the
  /// user's once it is made.
  private static func foreign(
    _ path: FilePath, _ context: Context
  ) -> (owner: Source, text: FilePath)? {
    if let change = context.earlier.changes.first(where: { $0.target == path }) {
      if case .link = change.kind { return (change.owner, change.source ?? path) }
      return change.isOnce || change.kind == .absent ? (change.owner, change.source ?? path) : nil
    }
    return context.profile.dotfiles.lazy.filter { target, section in
      [.link, .linkTo, .create, .absent].contains(section.value.kind)
        && context.root.pushing(FilePath(target)).lexicallyNormalized() == path
    }.first.map { ($0.value.source, path) }
  }

  /// A path above an rc file that the profile wants to be a link, or no folder otherwise.
  private struct ClosedFolder {
    var path: FilePath
    var owner: Source
    /// What the link leads to, where that is known.
    var source: FilePath?
  }

  private static func closedFolder(of path: FilePath, _ context: Context) -> ClosedFolder? {
    for change in context.earlier.changes where change.target != path && path.isAtOrBelow(change.target) {
      if case .directory = change.kind { continue }
      return ClosedFolder(path: change.target, owner: change.owner, source: change.source)
    }
    for (target, section) in context.profile.dotfiles {
      let folder = context.root.pushing(FilePath(target)).lexicallyNormalized()
      if [.link, .linkTo, .absent].contains(section.value.kind), folder != path, path.starts(with: folder) {
        return ClosedFolder(path: folder, owner: section.source)
      }
    }
    return nil
  }

  /// Says what is to stand in a file of a folder that is not for Outfit to write in.
  private static func note(
    _ file: File, in folder: ClosedFolder, _ context: Context, _ inquirer: inout Inquirer,
    to proposal: inout Proposal
  ) {
    // A file that holds our lines alone is nothing that a person would keep.
    let usual =
      file.path.lastComponent?.string == "outfit.fish"
      ? file.path.removingLastComponent().removingLastComponent().appending("config.fish") : nil
    var read = [file.path]
    if let usual { read.append(usual) }
    if let source = folder.source {
      read = read.map { path in
        var rest = path
        return rest.removePrefix(folder.path) ? source.pushing(rest) : path
      }
    }
    note(
      file, folder.owner, reading: read, link: folder.path, writing: usual, context, &inquirer, in: &proposal)
  }

  /// Says what is to stand in such a file, unless something of it does.
  private static func note(
    _ file: File, _ dotfile: Source, reading paths: [FilePath], link: FilePath? = nil,
    writing other: FilePath? = nil, _ context: Context, _ inquirer: inout Inquirer,
    in proposal: inout Proposal
  ) {
    let texts = paths.map { path in
      guard case .contents(let bytes)? = inquirer.answer(.contents(path)) else { return "" }
      return String(decoding: bytes, as: UTF8.self)
    }
    guard !texts.contains(where: { $0.contains("shell-init") || $0.contains(context.bin.string) }) else {
      return
    }
    let name = file.path.lastComponent?.string ?? file.path.string
    let shell = name.hasPrefix(".z") ? "zsh" : name.hasSuffix(".fish") ? "fish" : "bash"
    let line =
      shell == "fish" ? "outfit shell-init fish | source" : "eval \"$(outfit shell-init \(shell))\""
    let place = link.map { "\(file.path), since \($0)" } ?? "\(file.path), which"
    proposal.notes.append(
      Diagnostic(
        .note,
        "Outfit's commands are not put on PATH by \(place) is the profile's own link, or yours alone",
        at: dotfile.location,
        hint: "write this line into \(other?.string ?? (link == nil ? "it" : file.path.string)): \(line)"))
  }

  private struct File {
    var path: FilePath
    var body: String
    /// In a file that is there for our sake alone, so that no one but us makes a login bash read ~/.bashrc.
    var preface = ""
  }

  private static func files(_ context: Context, _ inquirer: inout Inquirer) -> [File] {
    let home = context.root
    let path = ShellInit.path(context.bin, home: home, machine: context.platform.machine)
    var files: [File] = []
    if isPresent("bash", rc: home.appending(".bashrc"), context, &inquirer) {
      files.append(File(path: home.appending(".bashrc"), body: path.posix))
      // A login bash reads the first of these that is there; other shells read the last.
      let candidates = [".bash_profile", ".bash_login", ".profile"].map { home.appending($0) }
      let present = candidates.map { stands($0, context, &inquirer) }
      let first = present.firstIndex(of: true) ?? 2
      // One that other shells alone read is the user's to make.
      for index in Set([first, 2]).sorted() where index == first || present[index] {
        files.append(File(path: candidates[index], body: path.posix, preface: ShellInit.readsBashrc))
      }
    }
    let zsh = context.environment["ZDOTDIR"].map { FilePath($0) }.flatMap { $0.isAbsolute ? $0 : nil } ?? home
    if isPresent("zsh", rc: zsh.appending(".zshrc"), context, &inquirer) {
      files.append(File(path: zsh.appending(".zprofile"), body: path.posix))
      files.append(File(path: zsh.appending(".zshrc"), body: path.posix))
    }
    let config =
      context.environment["XDG_CONFIG_HOME"].map { FilePath($0) }.flatMap { $0.isAbsolute ? $0 : nil }
      ?? home.appending(".config")
    let fish = config.appending("fish")
    if isPresent("fish", rc: fish, context, &inquirer) {
      files.append(File(path: fish.pushing("conf.d/outfit.fish"), body: path.fish))
    }
    return files
  }

  /// Whether an rc file will be there: by what a part before this one makes of it, else as it was before Outfit where
  /// nobody asks any more for what Outfit wrote, else as it is.
  private static func stands(_ path: FilePath, _ context: Context, _ inquirer: inout Inquirer) -> Bool {
    if let change = context.earlier.changes.last(where: {
      $0.target == path && ($0.makesTarget || $0.kind == .absent)
    }) {
      return change.makesTarget
    }
    if let old = context.previous?.targets.first(where: { $0.target == path }), old.isWhole {
      if old.first != .absent { return true }
      // What somebody changed since stays, its mode alone too.
      guard case .contents(let bytes)? = inquirer.answer(.contents(path)) else { return false }
      guard case .file(let file) = old.written, file.digest == Digest(of: bytes),
        case .status(let now)? = inquirer.answer(.status(path))
      else { return true }
      return now.mode & 0o7777 != file.mode
    }
    if case .status? = inquirer.answer(.status(path)) { return true }
    return false
  }

  /// Whether it is the user's login shell, or there are settings for it, the profile's too; where the login shell is not
  /// known, whether it is installed.
  private static func isPresent(
    _ shell: String, rc: FilePath, _ context: Context, _ inquirer: inout Inquirer
  ) -> Bool {
    let login = context.environment["SHELL"].flatMap { FilePath($0).lastComponent?.string }
    if login == shell { return true }
    let places = ["/bin", "/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"]
      .map { FilePath($0).appending(shell) }
    var present = context.earlier.changes.contains { $0.makesTarget && $0.target.starts(with: rc) }
    for place in (login == nil || shell == "bash" ? places : []) + [rc] {
      if case .status? = inquirer.answer(.status(place)) { present = true }
    }
    return present
  }
}

extension Platform {
  /// What `uname -m` says there.
  fileprivate var machine: String {
    switch architecture {
    case .amd64: "x86_64"
    case .arm64: system == .macos ? "arm64" : "aarch64"
    }
  }
}
