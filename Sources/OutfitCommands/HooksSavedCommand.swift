import ArgumentParser
import OutfitCore
import OutfitEngine
import OutfitHooks
import OutfitSystem
import SystemPackage

/// What runs of the hooks set aside, and how it comes back.
struct HooksSaved: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "saved",
    abstract: "What was not staged while hooks ran, and what they took out: kept for days.",
    discussion: """
      While hooks run over a commit, Outfit sets aside what is not staged, and puts it back afterwards. A copy of it is \
      kept in git's folder for \(SavedWork.days) days.
      """,
    subcommands: [HooksSavedList.self, HooksSavedShow.self, HooksSavedRestore.self],
    defaultSubcommand: HooksSavedList.self)

  /// What is saved in the repository around the working folder.
  static func here(_ session: Session) throws -> (saved: SavedWork, git: GitFolders) {
    guard let git = try GitFolders.locate(from: session.host.workingDirectory, host: session.host) else {
      throw HookRun.noRepository(session.host)
    }
    return (SavedWork(git, host: session.host), git)
  }
}

struct HooksSavedList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List what is kept, the newest first.")

  @Flag(help: "Print JSON.") var json = false

  func run() async throws {
    try await withSession { session in
      let items = try HooksSaved.here(session).saved.list()
      guard !json else {
        return session.write(JSONDocument(.hooks, ["saved": .array(items.map(\.json))]))
      }
      guard !items.isEmpty else {
        session.write("Nothing is kept: no hooks ran here while something was not staged.")
        return
      }
      var table = Table(header: ["", "when", "hooks", "what"])
      for item in items {
        table.rows.append([
          item.identifier, DateText.utc(item.time), item.type == "restore" ? "" : item.type, Self.what(item),
        ])
      }
      session.write(table)
      session.talk("\nOne of them: outfit hooks saved show \(items[0].identifier)")
    }
  }

  private static func what(_ item: SavedWork.Item) -> String {
    func part(_ paths: [String], _ label: String) -> String? {
      guard let first = paths.first else { return nil }
      return label + first.harmless + (paths.count > 1 ? " and \(paths.count - 1) more" : "")
    }
    return [
      part(item.work, item.type == "restore" ? "before a restore: " : ""),
      part(item.dropped, "hooks' version: "),
      part(item.staged, "staged: "),
    ].compactMap(\.self).joined(separator: "; ")
  }
}

struct HooksSavedShow: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show what one of them has, or the text of a file of it.")

  @Argument(help: "Which one, as `outfit hooks saved` names it.") var id: String
  @Argument(help: "A file of it, relative to the work tree.") var file: String?
  @Flag(name: .customLong("hooks-version"), help: "What the hooks made of it, where that overlapped.")
  var isOfHooks = false
  @Flag(help: "Print what it has as JSON.") var json = false

  func validate() throws {
    if json, file != nil { throw ValidationError("the text of a file is written as it is, and not as JSON") }
  }

  func run() async throws {
    try await withSession { session in
      let (saved, _) = try HooksSaved.here(session)
      let item = try saved.item(id)
      guard !json else { return session.write(JSONDocument(.hooks, ["saved": .array([item.json])])) }
      if let file {
        session.host.terminal.write(try saved.text(file, isOfHooks ? .hooks : .work, of: item))
        return
      }
      var table = Table()
      for path in item.work { table.rows.append(["not staged", path.harmless]) }
      for path in item.dropped { table.rows.append(["hooks' version", path.harmless]) }
      for path in item.staged { table.rows.append(["staged", path.harmless]) }
      session.write(table)
      let isOnlyHooks = item.work.isEmpty && item.staged.isEmpty
      session.talk(
        "\nBring it back: outfit hooks saved restore \(item.identifier)"
          + (isOnlyHooks ? " --hooks-version" : ""))
    }
  }
}

struct HooksSavedRestore: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore",
    abstract: "Put what was set aside where it was; what stands there now is saved first.")

  @Argument(help: "Which one, as `outfit hooks saved` names it.") var id: String
  @Argument(help: "Files of it, relative to the work tree; without them, all.") var files: [String] = []
  @Flag(name: .customLong("hooks-version"), help: "What the hooks made of it, where that overlapped.")
  var isOfHooks = false
  @Flag(help: "Print what was done as JSON.") var json = false

  func run() async throws {
    try await withSession { session in
      let (saved, _) = try HooksSaved.here(session)
      let item = try saved.item(id)
      let restored = try await saved.restore(files, isOfHooks ? .hooks : .work, of: item)
      guard !json else {
        return session.write(
          JSONDocument(
            .hooks, changed: !restored.paths.isEmpty || !restored.staged.isEmpty,
            [
              "restored": .array(restored.paths.map { .string($0) }),
              "staged": .array(restored.staged.map { .string($0) }),
              "before": restored.before.map { .string($0) } ?? .null,
            ]))
      }
      for path in restored.paths { session.write("put back  \(path.harmless)") }
      for path in restored.staged { session.write("staged    \(path.harmless)") }
      if let before = restored.before { session.talk("\nBack: outfit hooks saved restore \(before)") }
    }
  }
}

extension SavedWork.Item {
  /// For programs: when it was kept (UTC), by which hooks, and the paths that it has.
  fileprivate var json: JSONText {
    .object([
      "id": .string(identifier), "time": .string(DateText.utc(time)), "hooks": .string(type),
      "work": .array(work.map { .string($0) }), "dropped": .array(dropped.map { .string($0) }),
      "staged": .array(staged.map { .string($0) }),
    ])
  }
}
