import ArgumentParser
import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSharing
import OutfitSystem
import SystemPackage

struct ImportPipxCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pipx", abstract: "Take over pipx's tools, with what was injected into them.",
    discussion: ImportToolOptions.discussion)

  @OptionGroup var options: ImportToolOptions

  func run() async throws {
    try await ToolImport.run(
      options, program: "pipx", folder: PipxInventory.folder, read: PipxInventory.read,
      leaving: "`pipx uninstall-all` takes pipx's own away, once you are content")
  }
}

struct ImportUvCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "uv", abstract: "Take over the tools of `uv tool`, with what stands beside them.",
    discussion: ImportToolOptions.discussion)

  @OptionGroup var options: ImportToolOptions

  func run() async throws {
    try await ToolImport.run(
      options, program: "uv", folder: UvInventory.folder, read: UvInventory.read,
      leaving: "`uv tool uninstall --all` takes uv's own away, once you are content")
  }
}

struct ImportToolOptions: ParsableArguments, Sendable {
  static let discussion = """
    They are written into your personal layer with the very versions that are installed; `outfit up` then has them. \
    Passwords in the addresses of indexes are not taken over.
    """

  @Flag(help: "With what was asked for, and not the very versions that are installed.")
  var latest = false

  @Flag(help: "Have them at once: `outfit up` afterwards.")
  var apply = false

  @Flag(name: .customLong("dry-run"), help: "Say what would be written, and write nothing.")
  var dryRun = false

  @Flag(help: "Print what was taken over as JSON.")
  var json = false
}

/// From another program's tools to entries of the personal layer.
private struct ToolImport {
  let session: Session
  let options: ImportToolOptions
  let program: String
  private var host: Host { session.host }

  init(_ session: Session, _ options: ImportToolOptions, program: String) {
    self.session = session
    self.options = options
    self.program = program
  }

  /// - Parameters:
  ///   - folder: where the other program has its tools; nil where it has none.
  ///   - leaving: how to be without the other program's, for people.
  static func run(
    _ options: ImportToolOptions, program: String, folder: @escaping @Sendable (Host) -> FilePath?,
    read: @escaping @Sendable (FilePath, Host) throws -> ToolInventory, leaving: String
  ) async throws {
    try await withSession { session in
      let inventory = try folder(session.host).map { try read($0, session.host) }
      try await ToolImport(session, options, program: program).run(inventory, leaving: leaving)
    }
  }

  private func run(_ inventory: ToolInventory?, leaving: String) async throws {
    guard let inventory, !inventory.tools.isEmpty || !inventory.notes.isEmpty else {
      if options.json { return session.write(JSONDocument(.import, ["tools": .array([])])) }
      return session.write("Nothing to do: \(program) has installed no tools here.")
    }
    var notes = inventory.notes
    let path = host.places.personalManifest
    var file = try ManifestFile(path, host: host, newMode: 0o600)
    let profile = try await ProfilePlace.adopted(host)?.load(session)
    var tools = inventory.tools
    try choosePythons(&tools, profile, &file.edit, &notes)
    var taken: [ImportedTool] = []
    for tool in tools {
      if let present = profile?.tools[tool.name] {
        notes.append(
          Diagnostic(
            .note, "\(tool.name) is in your manifests already, and stays as it is",
            at: present.source.location))
        continue
      }
      guard file.edit.value(at: ["tools", tool.name]) == nil else {
        notes.append(
          Diagnostic(
            .note, "\(tool.name) is in your manifests already, and stays as it is",
            at: file.edit.location(of: ["tools", tool.name])))
        continue
      }
      var indexName: String?
      if let index = tool.index {
        let name = ToolInventory.indexName(index)
        indexName = name
        if file.edit.value(at: ["indexes", name]) == nil, profile?.indexes[name] == nil {
          try file.edit.set(
            ["indexes", name], to: ["url": .text(index), "priority": "explicit", "dependencies": "true"])
        }
      }
      try file.edit.set(["tools", tool.name], to: tool.value(isExact: !options.latest, indexName: indexName))
      taken.append(tool)
    }
    if !options.dryRun { try file.save(host) }
    try await report(taken, notes, path, leaving: leaving)
  }

  private func report(
    _ taken: [ImportedTool], _ notes: [Diagnostic], _ path: FilePath, leaving: String
  ) async throws {
    session.report(notes)
    if options.json {
      var status = ExitStatus.done
      // One document is what was taken over; what `up` has to say of it is its status.
      if options.apply, !taken.isEmpty, !options.dryRun {
        let place = try ProfilePlace.adopted(host) ?? ProfilePlace(scope: .machine, address: "")
        status = try await Undertaking(session, .init()).apply(at: place).status
      }
      session.write(
        JSONDocument(
          .import, changed: !taken.isEmpty, exit: status,
          [
            "manifest": .string(path.string), "written": .bool(!options.dryRun),
            "tools": .array(taken.map(Self.json)),
            "notes": .array(notes.map { .string($0.message) }),
          ]))
      if status != .done { throw Ended(status) }
      if options.apply { return }
    } else {
      for tool in taken { session.write("  + \(Self.describe(tool))") }
      switch (taken.isEmpty, options.dryRun) {
      case (true, _): session.write("Nothing to do: your manifests have all of \(program)'s tools.")
      case (false, true): session.write("Nothing was written: this was a dry run.")
      case (false, false): session.write("Wrote \(session.short(path)).")
      }
    }
    guard !taken.isEmpty, !options.dryRun else { return }
    guard options.apply else {
      session.talk("Next: outfit up    (\(program) goes on working; \(leaving))")
      return
    }
    let status = try await Undertaking(session, .init()).run()
    session.talk("\(program) goes on working; \(leaving)")
    if status != .done { throw Ended(status) }
  }

  /// Keeps `python:` where a tool is on another than the profile's first, and adds to the personal layer what the
  /// profile does not have. Where no manifest names a Python, the personal layer gets those that the tools are on.
  private func choosePythons(
    _ tools: inout [ImportedTool], _ profile: Profile?, _ edit: inout ManifestEdit,
    _ notes: inout [Diagnostic]
  ) throws {
    let there = try Generations.current(.machine, host: host)?.interpreters.filter { $0.language == .python }
      .map(\.version.minor)
    let asked = profile?.interpreters[.python]?.value.versions.compactMap { Version($0.text)?.minor }
    guard let section = profile?.interpreters[.python] else {
      let used = Set(tools.compactMap(\.python)).compactMap { Version($0) }.sorted(by: >).map(\.minor)
      guard let first = used.first, edit.value(at: ["interpreters", "python"]) == nil else { return }
      try edit.set(
        ["interpreters", "python"], to: ["versions": .list(used), "system": "true"])
      for index in tools.indices where tools[index].python == first { tools[index].python = nil }
      return
    }
    let offered = (there?.isEmpty == false ? there : asked) ?? []
    for index in tools.indices {
      guard let python = tools[index].python else { continue }
      if python == offered.first {
        tools[index].python = nil
      } else if !offered.contains(python) {
        do {
          try edit.append([python], to: ["interpreters", "python", "also"])
        } catch is Failure {
          tools[index].python = nil
          notes.append(
            Diagnostic(
              .note, "\(tools[index].name) was on Python \(python), which your profile does not have",
              at: section.source.location,
              hint: "add \"\(python)\" to `interpreters.python`, and `python: \"\(python)\"` to the tool"))
        }
      }
    }
  }

  private static func describe(_ tool: ImportedTool) -> String {
    var text = tool.name
    if let version = tool.version { text += " \(version)" }
    var details: [String] = []
    if tool.name != tool.package { details.append("of \(tool.package)") }
    if !tool.with.isEmpty { details.append("with \(tool.with.map(\.name).joined(separator: ", "))") }
    if let python = tool.python { details.append("on Python \(python)") }
    if let index = tool.index { details.append("from \(index)") }
    return details.isEmpty ? text : text + " (\(details.joined(separator: ", ")))"
  }

  private static func json(_ tool: ImportedTool) -> JSONText {
    .object([
      "name": .string(tool.name), "package": .string(tool.package),
      "version": tool.version.map { .string($0) } ?? .null,
      "with": .array(tool.with.map { .string($0.name) }),
      "python": tool.python.map { .string($0) } ?? .null,
      "suffix": tool.suffix.map { .string($0) } ?? .null,
      "index": tool.index.map { .string($0) } ?? .null,
    ])
  }
}
