import ArgumentParser
import OutfitCore
import OutfitEngine
import OutfitInterpreters
import OutfitProfile
import OutfitSharing
import OutfitSystem
import SystemPackage

struct ImportPyenvCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pyenv", abstract: "Take over pyenv's versions, global, virtualenvs and default-packages.",
    discussion: """
      Versions are adopted where they stand and written into your own layer, pyenv's global first. Virtualenvs stay \
      where they are; a .python-version may name them. Of default-packages, those with programs become tools, each \
      in an environment of its own. Nothing of pyenv's is changed, and your .python-version files go on to count.
      """)

  @Option(help: ArgumentHelp("pyenv's folder; PYENV_ROOT or ~/.pyenv without it.", valueName: "folder"))
  var root: String?
  @Flag(name: .customLong("no-tools"), help: "Leave default-packages alone.") var withoutTools = false
  @OptionGroup var options: InterpreterOptions

  func run() async throws {
    try await withSession { session in
      let host = session.host
      let folder = root.map { session.absolute($0) } ?? PyenvRoot.locate(host)
      let pyenv = try PyenvRoot.read(folder, host)
      let found = try await Self.interpreters(session, below: folder)
      var change = try await InterpreterChange.personal(.python, session, isRead: options.dryRun)
      var takeover = Takeover(pyenv, found, try NamedVirtualenvs.list(host))
      try await takeover.edit(&change, tools: !withoutTools)
      let requests = takeover.versions.compactMap { VersionRequest($0.version.description) }
      if options.dryRun {
        takeover.show(session, willBe: true, .done, json: options.json)
        if !options.json { session.write("Nothing was changed: this was a dry run.") }
        return
      }
      // The names of tools answer on PATH together with the versions, or nothing does.
      var status = ExitStatus.done
      var quiet = options
      quiet.json = false
      if !requests.isEmpty || !takeover.tools.isEmpty {
        if let done = try await change.apply(quiet, needed: requests) { status = done.status }
      }
      try NamedVirtualenvs.save(takeover.allVirtualenvs, host)
      takeover.show(session, willBe: false, status, json: options.json)
      if !options.json { takeover.advise(session) }
      if status != .done { throw Ended(status) }
    }
  }

  /// Those of pyenv's that work, by the folder of the version.
  private static func interpreters(_ session: Session, below root: FilePath) async throws
    -> [FoundInterpreter]
  {
    var session = session
    session = Session(host: session.host.withVariable("PYENV_ROOT", root.string))
    // Nobody's profile: what is there is looked at.
    var preparation = try Preparation(
      session, .generation(.machine), mode: .live, progress: TerminalProgress(host: session.host))
    return try await preparation.ask { context -> Round<[FoundInterpreter]> in
      guard case .interpreters(let found)? = context.facts[.interpreters(.python)] else {
        return .ask([.interpreters(.python)])
      }
      return .done(found)
    }
  }
}

extension Host {
  fileprivate func withVariable(_ name: String, _ value: String) -> Host {
    var host = self
    host.environment[name] = value
    return host
  }
}

/// What of a pyenv is taken over, and what is not and why.
private struct Takeover {
  let pyenv: PyenvRoot
  private(set) var versions: [(version: Version, folder: FilePath)] = []
  private(set) var virtualenvs: [PyenvRoot.Virtualenv] = []
  /// Those of pyenv's, and the others that were known.
  private(set) var allVirtualenvs: [NamedVirtualenv]
  private(set) var tools: [(name: String, programs: [String])] = []
  /// What the default is, and why.
  private(set) var defaultText = ""
  private(set) var left: [(what: String, why: String)] = []

  init(_ pyenv: PyenvRoot, _ found: [FoundInterpreter], _ known: [NamedVirtualenv]) {
    self.pyenv = pyenv
    allVirtualenvs = known.filter { $0.origin != "pyenv" }
    for entry in pyenv.entries where Version(entry.name) == nil {
      left.append((entry.name, "Outfit installs CPython only; pyenv goes on to serve it"))
    }
    for (version, entry) in pyenv.versions {
      guard let one = found.first(where: { $0.version == version && $0.program.starts(with: entry.place) })
      else {
        left.append(
          (
            entry.name,
            (version.release.first ?? 0) < 3
              ? "Outfit has no Python 2; pyenv goes on to serve it, with its shims behind Outfit's on PATH"
              : entry.isAlias ? "it is another name of one that was taken over" : "its python does not start"
          ))
        continue
      }
      guard one.missingModules.isEmpty else {
        left.append((entry.name, "it was built without \(one.missingModules.joined(separator: ", "))"))
        continue
      }
      versions.append((version, entry.folder))
    }
    for one in pyenv.virtualenvs {
      guard one.works else {
        left.append(("the virtualenv \(one.name)", "its Python is gone"))
        continue
      }
      guard !allVirtualenvs.contains(where: { $0.name == one.name }) else {
        left.append(("the virtualenv \(one.name)", "you have another of that name"))
        continue
      }
      virtualenvs.append(one)
      allVirtualenvs.append(
        NamedVirtualenv(name: one.name, folder: one.folder, version: one.version, origin: "pyenv"))
    }
  }

  /// Writes the versions and the tools into the own layer's text.
  mutating func edit(_ change: inout InterpreterChange, tools withTools: Bool) async throws {
    let globals = pyenv.global.compactMap { name in versions.first { $0.version.description == name }?.version
    }
    let order = globals + versions.map(\.version).filter { !globals.contains($0) }
    let others = try await change.others()
    let present = change.entries.versions
    if let other = others.first, present.isEmpty {
      try change.entries.add(
        order.map(\.description).filter { text in !others.contains { $0.request.text == text } },
        behindOthers: true)
      defaultText = "\(other.request), as \(other.source.location.file):\(other.source.location.line) has it"
    } else if let first = present.first {
      try change.entries.add(order.map(\.description), behindOthers: false)
      defaultText = "\(first), as your own layer had it"
    } else if let first = order.first {
      try change.entries.setVersions(order.map(\.description))
      defaultText =
        globals.isEmpty
        ? "\(first), the newest; pyenv's global is \(pyenv.global.first ?? "system")"
        : "\(first), pyenv's global"
    }
    if !present.isEmpty || !others.isEmpty, let global = globals.first,
      !defaultText.hasPrefix(global.description)
    {
      left.append(
        (
          "pyenv's global, \(global)",
          "the default was chosen before; `outfit python global \(global)` makes it the default"
        ))
    }
    for name in pyenv.global where name != "system" && !globals.contains(where: { $0.description == name }) {
      left.append(("pyenv's global, \(name)", "it is none of the versions that were taken over"))
    }
    if withTools { try editTools(&change) }
  }

  private mutating func editTools(_ change: inout InterpreterChange) throws {
    for package in pyenv.defaultPackages {
      let place = "default-packages:\(package.lineNumber)"
      guard let name = package.name else {
        left.append((package.line.harmless, "\(place) is no name of a package; add it to `tools:` by hand"))
        continue
      }
      if ["pip", "setuptools", "wheel"].contains(name) {
        left.append((name, "\(place): every environment has what it needs of it"))
        continue
      }
      guard !package.programs.isEmpty else {
        left.append(
          (
            name,
            "\(place): none of pyenv's versions has programs of it; `outfit tool install \(name)` has it as a tool, a library "
              + "belongs into a project's requirements"
          ))
        continue
      }
      let specifier =
        package.specifier.hasPrefix("==") && !package.specifier.hasPrefix("===")
        ? String(package.specifier.dropFirst(2)) : package.specifier
      guard change.entries.edit.value(at: ["tools", name]) == nil else { continue }
      guard specifier.isEmpty || VersionRequest(specifier) != nil else {
        left.append((name, "\(place): `\(package.specifier.harmless)` is no version that a manifest can say"))
        continue
      }
      let version = specifier.isEmpty ? "latest" : specifier
      try change.entries.edit.set(
        ["tools", name],
        to: package.extras.isEmpty
          ? .text(version)
          : .mapping([.init("version", .text(version)), .init("extras", .list(package.extras))]))
      tools.append((name, package.programs))
    }
  }

  // MARK: Telling

  func show(_ session: Session, willBe: Bool, _ exit: ExitStatus, json: Bool) {
    if json {
      session.write(
        JSONDocument(
          .import, changed: nil, exit: exit,
          [
            "root": .string(pyenv.root.string), "dryRun": .bool(willBe), "default": .string(defaultText),
            "versions": .array(
              versions.map {
                .object(["version": .string($0.version.description), "folder": .string($0.folder.string)])
              }),
            "virtualenvs": .array(
              virtualenvs.map {
                .object([
                  "name": .string($0.name), "folder": .string($0.folder.string),
                  "version": $0.version.map { .string($0.description) } ?? .null,
                ])
              }),
            "tools": .array(tools.map { .string($0.name) }),
            "left": .array(left.map { .object(["what": .string($0.what), "why": .string($0.why)]) }),
          ]))
      return
    }
    let style = session.outputStyle
    session.write(
      style.bold("\(willBe ? "Would be taken" : "Taken") over from pyenv")
        + style.dim("  \(session.short(pyenv.root))"))
    func row(_ name: String, _ text: String) { session.write("  \(name.padding(to: 13))\(text)") }
    if versions.isEmpty, virtualenvs.isEmpty, tools.isEmpty { session.write("  nothing") }
    if !versions.isEmpty {
      row(
        "versions",
        versions.map(\.version.description).joined(separator: ", ") + style.dim("  where they stand"))
      row("default", defaultText)
    }
    if !virtualenvs.isEmpty {
      row(
        "virtualenvs",
        virtualenvs.map { one in one.name + (one.version.map { " (\($0))" } ?? "") }.joined(separator: ", ")
          + style.dim("  where they stand; a .python-version may name them"))
    }
    if !tools.isEmpty {
      row(
        "tools",
        tools.map(\.name).joined(separator: ", ")
          + style.dim("  of default-packages, each in its own environment"))
    }
    if !left.isEmpty {
      session.write(style.bold(willBe ? "Would not be" : "Not taken over"))
      let width = min(28, left.map(\.what.count).max() ?? 0)
      for (what, why) in left { session.write("  \(what.padding(to: width))  \(why)") }
    }
    if !willBe { session.write("pyenv is as it was, and goes on working; so do your .python-version files.") }
  }

  /// pyenv's shims before ours keep ours from being found.
  func advise(_ session: Session) {
    let path = (session.host.environment["PATH"] ?? "").split(separator: ":").map(String.init)
    let ours = path.firstIndex(of: session.places.bin.string)
    guard let theirs = path.firstIndex(of: pyenv.root.appending("shims").string) else { return }
    guard ours.map({ theirs < $0 }) ?? true else { return }
    session.report([
      Diagnostic(
        .note, "pyenv's shims come first on this shell's PATH, so that they answer before Outfit's",
        hint:
          "start a new login shell; if `outfit doctor` still says so, move `pyenv init` above Outfit's block, or take it out"
      )
    ])
  }
}
