import ArgumentParser
import OutfitCore
import OutfitEngine
import OutfitHooks
import OutfitProfile
import OutfitSystem
import SystemPackage

struct HooksCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "hooks", abstract: "Git hooks on the project's pinned tools.",
    discussion: "`outfit up` installs what `hooks:` asks for.",
    subcommands: [HooksRun.self, HooksInstall.self, HooksCheck.self, HooksSaved.self, HooksCached.self])
}

struct HooksRun: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Run the hooks, as git does or over chosen files.",
    discussion: "The exit status is the hook runner's own. SKIP=name,name leaves hooks out.")

  @Argument(help: "The hook type: pre-commit, pre-push, commit-msg, ...") var type = "pre-commit"
  @Argument(parsing: .allUnrecognized, help: "What git passes to its hook.") var arguments: [String] = []
  @Flag(name: .customLong("all-files"), help: "Over every file of the repository.") var allFiles = false
  @Option(parsing: .upToNextOption, help: "Over these files.") var files: [String] = []
  @Option(name: .customLong("from-ref"), help: "Over what differs from this commit.") var fromRef: String?
  @Option(name: .customLong("to-ref"), help: "... to this one.") var toRef: String?
  @Option(name: .customLong("hook"), help: "Only this hook; may be repeated.") var hooks: [String] = []
  @Flag(name: .customLong("show-diff"), help: "Show what the hooks changed when they fail.") var showsDiff =
    false

  func validate() throws {
    if [allFiles, !files.isEmpty, fromRef != nil].filter({ $0 }).count > 1 {
      throw ValidationError("--all-files, --files and --from-ref exclude each other")
    }
    if toRef != nil, fromRef == nil { throw ValidationError("--to-ref needs --from-ref") }
  }

  func run() async throws {
    try await withSession { session in
      let host = session.host
      let selection: HookRun.Selection =
        allFiles
        ? .allFiles
        : !files.isEmpty ? .files(files) : fromRef.map { .commits(from: $0, to: toRef) } ?? .git
      let hookRun = HookRun(
        type: type, selection: selection, hooks: hooks, arguments: arguments, showsDiff: showsDiff)
      guard let git = try GitFolders.locate(from: host.workingDirectory, host: host) else {
        throw HookRun.noRepository(host)
      }
      let generations = try InstalledHooks.generations(for: git, host: host)
      guard !generations.isEmpty else { throw HookRun.notInstalled(git) }
      let choices = try generations.map { try BranchPins($0, host: host).choice() }
      session.report(choices.compactMap(\.note))
      let result = try await HookSession(git, host: host).run(hookRun, of: choices.map(\.generation))
      session.report(result.notes)
      if result.status != 0 { throw Ended(child: result.status) }
    }
  }
}

struct HooksInstall: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "install", abstract: "Install the hooks alone: `outfit up --only hooks`.")

  @Flag(help: "Print what was done as JSON, as `up` does.") var json = false

  func run() async throws {
    try await withSession { session in
      let wish = Undertaking.Wish(parts: PartSelection(only: ["hooks"]), wantsJSON: json)
      let status = try await Undertaking(session, wish).run()
      if status != .done { throw Ended(status) }
    }
  }
}

/// What a hook's command is run by: over the files that it has not passed yet.
struct HooksCached: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "cached", shouldDisplay: false)

  @Argument var name: String
  @Argument(help: "How many words are the command's own.") var count: Int
  @Argument(parsing: .captureForPassthrough) var words: [String]

  func run() async throws {
    // It is a part of a run of hooks, and puts nothing in order.
    try await withSession(recovers: false) { session in
      let (command, files) = (Array(words.prefix(max(0, count))), Array(words.dropFirst(max(0, count))))
      guard count > 0, command.count == count, let basis = PassedFiles.Basis(ofHook: name) else {
        throw Failure("hooks run their tools by this verb, which is nothing to type", status: .usage)
      }
      var passed = PassedFiles(command, basis, host: session.host)
      let remaining = passed.remaining(files)
      guard !remaining.isEmpty || files.isEmpty else { return }
      let status = try await session.host.processes.runAttached(
        Invocation(
          "/usr/bin/env", command + remaining, environment: session.host.environment,
          workingDirectory: session.host.workingDirectory,
          standardInput: .inherited))
      guard status == 0 else { throw Ended(child: status) }
      passed.pass()
    }
  }
}
