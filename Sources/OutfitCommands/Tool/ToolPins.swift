import ArgumentParser
import OutfitCore
import OutfitEngine
import OutfitProfile

struct ToolUpgrade: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "upgrade", abstract: "Move tools to the newest version that the manifest accepts.",
    discussion: "What is held stays. `outfit outdated` says what could move.", aliases: ["upgrade-all"])

  @OptionGroup var named: ToolNames
  @OptionGroup var options: ToolOptions

  func run() async throws {
    try await withSession { session in
      let desk = try await ToolDesk(session, options)
      let names =
        try named.all ? desk.movable() : named.tools.map { try desk.mayMove(desk.own($0, moving: true)) }
      guard !names.isEmpty else {
        session.write(
          desk.file.edit.original == nil
            ? "Nothing to do: you have no tools of your own yet."
            : "Nothing to do: no tool of \(desk.file.edit.file) can move.")
        return desk.tellOthers()
      }
      let done = try await desk.apply(named.all ? [] : Set(names), moving: Set(names))
      let moved = names.filter { done.before.tools[$0] != done.after.tools[$0] }
      let report = ToolReport(session: session, done: done, file: desk.file.edit.file)
      if options.json || !moved.isEmpty { report.tell(moved, verb: "upgraded", json: options.json) }
      if !options.json, moved.isEmpty, done.status == .done {
        let what =
          names.count == 1
          ? "\(names[0]) \(done.after.tools[names[0]]?.version.description ?? "")" : "every tool"
        session.write("Nothing to do: \(what) is the newest that \(desk.file.edit.file) accepts.")
      }
      if named.all, !options.json { desk.tellOthers() }
      if done.status != .done { throw Ended(done.status) }
    }
  }
}

extension ToolDesk {
  /// Which verb moves the tools of other layers.
  func tellOthers() {
    let others = profile.tools.keys.filter { entry($0) == nil }.sorted()
    guard let first = others.first else { return }
    let what = others.count == 1 ? first : "\(first) and \(others.count - 1) more"
    let verb = update(others.count == 1 ? first : nil)
    session.talk(
      "\(what) came with \(profile.name), and `\(verb)` moves \(others.count == 1 ? "it" : "them")")
  }

  /// The tools of this file that are not held.
  func movable() -> [String] {
    (file.edit.value(at: ["tools"])?.entries ?? []).map(\.key).filter { name in
      guard let tool = profile.tools[name]?.value else { return false }
      if tool.isHeld { session.talk("\(name) is held") }
      return !tool.isHeld && tool.origin != .url
    }.sorted()
  }

  /// - Throws: `Failure`, status 2, for a tool whose version a person must change.
  func mayMove(_ name: String) throws -> String {
    guard let tool = profile.tools[name] else { return name }
    let location = tool.source.location
    if tool.value.isHeld {
      throw Failure(
        "\(name) is held, \(location.file):\(location.line)", hint: "outfit tool unhold \(name)",
        status: .usage)
    }
    if let exact = tool.value.version.exact {
      throw Failure(
        "\(name) is pinned to \(exact) by \(location.file):\(location.line)",
        hint: tool.value.origin == .url
          ? "outfit tool install \(name)@VERSION takes another one"
          : "outfit tool install \(name)@latest, or another version", status: .usage)
    }
    return name
  }
}

struct ToolHold: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "hold", abstract: "Keep tools at their version: `upgrade` and `update` leave them alone.")
  @Argument(help: "Tools.", completion: Completions.tools) var tools: [String]
  @OptionGroup var options: ToolOptions

  func run() async throws { try await Holding.set(true, tools, options) }
}

struct ToolUnhold: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "unhold", abstract: "Let tools move again.")
  @Argument(help: "Tools.", completion: Completions.tools) var tools: [String]
  @OptionGroup var options: ToolOptions

  func run() async throws { try await Holding.set(false, tools, options) }
}

private enum Holding {
  static func set(_ isHeld: Bool, _ tools: [String], _ options: ToolOptions) async throws {
    try await withSession { session in
      var desk = try await ToolDesk(session, options)
      let names = try tools.map { try desk.own($0) }
      for name in names { try desk.change(name) { $0["hold"] = isHeld ? .text("true") : nil } }
      let done = try await desk.apply(Set(names))
      ToolReport(session: session, done: done, file: desk.file.edit.file)
        .tell(names, verb: isHeld ? "held" : "no longer held:", json: options.json)
      if done.status != .done { throw Ended(done.status) }
    }
  }
}
