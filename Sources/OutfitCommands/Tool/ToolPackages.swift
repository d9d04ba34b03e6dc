import ArgumentParser
import OutfitCore
import OutfitProfile

struct ToolInject: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inject", abstract: "Put packages into the environment of a tool: its plugins.")

  @Argument(help: "The tool.", completion: Completions.tools) var tool: String
  @Argument(help: "Packages, with a version or without: furo, 'furo>=2024'.") var packages: [String]
  @Flag(name: .customLong("include-apps"), help: "Their programs go on PATH too.") var includeApps = false
  @OptionGroup var options: ToolOptions

  func validate() throws {
    guard !packages.isEmpty else { throw ValidationError("name a package: outfit tool inject sphinx furo") }
  }

  func run() async throws {
    try await withSession { session in
      var desk = try await ToolDesk(session, options)
      let name = try desk.own(tool)
      try desk.change(name) { entries in
        var list = entries["with"]?.texts ?? []
        for package in packages {
          // The same package with another version takes the place of the first.
          list.removeAll { Self.name(of: $0) == Self.name(of: package) }
          list.append(package)
        }
        entries["with"] = .list(list)
        if includeApps { entries.add(packages.map(Self.name), to: "programs-from") }
      }
      let isNothing = !desk.file.edit.isChanged
      let done = try await desk.apply([name])
      let verb =
        isNothing
        ? "there already: \(packages.joined(separator: ", ")) in"
        : "injected \(packages.joined(separator: ", ")) into"
      ToolReport(session: session, done: done, file: desk.file.edit.file).tell(
        [name], verb: verb, json: options.json)
      if done.status != .done { throw Ended(done.status) }
    }
  }

  /// As indexes compare it.
  static func name(of requirement: String) -> String {
    let name = requirement.prefix { $0.isLetter || $0.isNumber || "-_.".contains($0) }.lowercased()
    return name.split { "-_.".contains($0) }.joined(separator: "-")
  }
}

struct ToolUninject: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "uninject", abstract: "Take packages out of the environment of a tool.")

  @Argument(help: "The tool.", completion: Completions.tools) var tool: String
  @Argument(help: "Packages that were injected.") var packages: [String]
  @OptionGroup var options: ToolOptions

  func validate() throws {
    guard !packages.isEmpty else { throw ValidationError("name a package: outfit tool uninject sphinx furo") }
  }

  func run() async throws {
    try await withSession { session in
      var desk = try await ToolDesk(session, options)
      let name = try desk.own(tool)
      let present = desk.entry(name)?["with"]?.texts ?? []
      let known = Set(present.map(ToolInject.name))
      for package in packages where !known.contains(ToolInject.name(of: package)) {
        throw Failure(
          "\(package) was not injected into \(name)",
          hint: nearest(package, among: known).map { "did you mean \($0)?" }
            ?? (known.isEmpty ? "nothing is" : "there are \(present.joined(separator: ", "))"), status: .usage
        )
      }
      let gone = Set(packages.map(ToolInject.name))
      try desk.change(name) { entries in
        for key in ["with", "programs-from"] {
          guard let list = entries[key]?.texts else { continue }
          let rest = list.filter { !gone.contains(ToolInject.name(of: $0)) }
          entries[key] = rest.isEmpty ? nil : .list(rest)
        }
      }
      let done = try await desk.apply([name])
      ToolReport(session: session, done: done, file: desk.file.edit.file)
        .tell([name], verb: "took \(packages.joined(separator: ", ")) out of", json: options.json)
      if done.status != .done { throw Ended(done.status) }
    }
  }
}

struct ToolUninstall: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "uninstall", abstract: "Take tools out of the manifest, and their programs off PATH.",
    discussion: "`outfit rollback` brings them back; `outfit gc` frees what no generation needs.",
    aliases: ["remove"])

  @OptionGroup var named: ToolNames
  @OptionGroup var options: ToolOptions

  func run() async throws {
    try await withSession { session in
      var desk = try await ToolDesk(session, options)
      let names =
        try named.all
        ? (desk.file.edit.value(at: ["tools"])?.entries ?? []).map(\.key).sorted()
        : named.tools.map { try desk.own($0) }
      guard !names.isEmpty else {
        return session.write("Nothing to do: \(desk.file.edit.file) has no tools.")
      }
      for name in names { try desk.file.edit.remove(["tools", name]) }
      let done = try await desk.apply(Set(names))
      ToolReport(session: session, done: done, file: desk.file.edit.file)
        .tell(names, verb: "uninstalled", json: options.json)
      if !options.json {
        for name in names {
          guard let left = done.profile.tools[name] else { continue }
          let location = left.source.location
          session.talk("note: \(left.source.layer.name) has \(name) too, \(location.file):\(location.line)")
        }
      }
      if done.status != .done { throw Ended(done.status) }
    }
  }
}

struct ToolExpose: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "expose", abstract: "Say which programs of a tool go on PATH.",
    discussion:
      "Only those that are named do afterwards; with --all every program of the tool's own does again.")

  @Argument(help: "The tool.", completion: Completions.tools) var tool: String
  @Argument(help: "Its programs.") var programs: [String] = []
  @Flag(help: "All of the tool's own programs.") var all = false
  @OptionGroup var options: ToolOptions

  func validate() throws {
    guard all != !programs.isEmpty else {
      throw ValidationError(all ? "--all goes without names" : "name programs, or give --all")
    }
  }

  func run() async throws {
    try await withSession { session in
      var desk = try await ToolDesk(session, options)
      let name = try desk.own(tool)
      let there = desk.everyProgram(name)
      for program in programs where !there.isEmpty && !there.contains(program) {
        throw Failure(
          "\(name) has no program \(program)",
          hint: nearest(program, among: there).map { "did you mean \($0)?" }
            ?? "its environment has \(there.prefix(12).joined(separator: ", "))", status: .usage)
      }
      try desk.change(name) { $0["expose"] = all ? nil : .list(programs) }
      let done = try await desk.apply([name])
      ToolReport(session: session, done: done, file: desk.file.edit.file)
        .tell([name], verb: "exposed", json: options.json)
      if done.status != .done { throw Ended(done.status) }
    }
  }
}

extension ToolDesk {
  /// Every program in the environment of a tool, its dependencies' among them.
  func everyProgram(_ name: String) -> [String] {
    guard let pin = lock.tools[name],
      let object = generation?.objects.first(where: { $0.label == "\(name) \(pin.version)" })
    else { return [] }
    let folder = host.places.store.appending(object.id.description).appending("bin")
    let names = (try? host.files.list(folder)) ?? []
    return names.filter { !$0.hasPrefix("activate") && !$0.hasPrefix("python") && !$0.hasPrefix("__") }
  }
}
