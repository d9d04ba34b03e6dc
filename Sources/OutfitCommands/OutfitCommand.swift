import ArgumentParser
import CBuild
import OutfitCore
import OutfitSystem

/// `outfit`, the root of all verbs; alone it says where one stands.
public struct OutfitCommand: AsyncParsableCommand, Sendable {
  public static let configuration = CommandConfiguration(
    commandName: "outfit",
    abstract: "Sets up a developer's machine, and what that developer ships, from one manifest.",
    discussion: """
      Alone, it says where you stand. `outfit up PROFILE` sets up this machine from a folder or a git address; \
      `outfit up` at or below an outfit.yaml sets up that project.

      Exit status: 0 done, or nothing to do; 1 failed, or incomplete; 2 bad usage or a bad manifest; 3 drift; \
      4 consent or a decision is needed; 130 interrupted.

      Before a verb or behind it: -C FOLDER works from there; --color auto, always or never; --quiet says results \
      and errors alone; --verbose says which programs are run.
      """,
    groupedSubcommands: [
      CommandGroup(
        name: "Every day",
        subcommands: [
          Up.self, StatusCommand.self, DiffCommand.self, WhyCommand.self, DoctorCommand.self,
          FactsCommand.self, DotfilesCommand.self, EditCommand.self, LogCommand.self,
        ]),
      CommandGroup(
        name: "Programs",
        subcommands: [
          InterpreterCommand<PythonNoun>.self, InterpreterCommand<NodeNoun>.self, ToolCommand.self,
          VenvCommand.self, WhichCommand.self, ExecCommand.self, ShellInitCommand.self, PromptCommand.self,
        ]),
      CommandGroup(name: "Pins", subcommands: [LockCommand.self, UpdateCommand.self, OutdatedCommand.self]),
      CommandGroup(
        name: "Going back",
        subcommands: [RollbackCommand.self, GenerationsCommand.self, CollectCommand.self, SelfCommand.self]),
      CommandGroup(
        name: "What you ship",
        subcommands: [
          InitCommand.self, RenderCommand.self, ParityCommand.self, DevCommand.self, HooksCommand.self,
        ]),
      CommandGroup(
        name: "Sharing",
        subcommands: [
          ShowCommand.self, AddCommand.self, TryCommand.self, LeaveCommand.self, PersonalCommand.self,
          TrustCommand.self, ImportCommand.self, CaptureCommand.self, CheckCommand.self,
        ]),
      CommandGroup(
        name: "Other machines", subcommands: [RemoteCommand.self, BundleCommand.self, FleetCommand.self]),
    ])

  @Flag(name: .customLong("version"), help: "Show the version, the commit and the platform.")
  var showsVersion = false

  public init() {}

  public func run() async throws {
    try await withSession { session in
      if showsVersion { return session.host.terminal.write(Self.version(session.host.platform)) }
      try await Overview(session).show()
    }
  }

  private static func version(_ platform: Platform) -> String {
    let commit = String(cString: outfit_build_commit())
    return "outfit \(Release.version)" + (commit.isEmpty ? "" : " (\(commit))") + " \(platform.key)\n"
  }

  /// Parses the arguments, runs the verb, and ends the process with the design's exit status.
  public static func run() async -> Never {
    let words: [String]
    do throws(Failure) {
      let (options, rest) = try GlobalOptions.take(Array(CommandLine.arguments.dropFirst()))
      for folder in options.folders { try WorkingFolder.change(to: folder) }
      GlobalOptions.current.withLock { $0 = options }
      words = Passthrough.arguments(rest)
    } catch {
      let printer = DiagnosticPrinter(style: .plain, width: 80)
      for diagnostic in error.diagnostics { LiveTerminal().talk(printer.text(diagnostic)) }
      let all = Array(CommandLine.arguments.dropFirst())
      tellProgram(error.diagnostics, error.status.rawValue, all)
      end(error.status.rawValue)
    }
    // Asked by scripts all day, and by far the most of what it costs is to learn what all the verbs are.
    if words == ["--version"], let host = try? Host.live(needsFolder: false) {
      LiveTerminal().write(version(host.platform))
      end(ExitStatus.done.rawValue)
    }
    do {
      var command = try parseAsRoot(words)
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
      end(ExitStatus.done.rawValue)
    } catch let ended as Ended {
      if !ended.reasons.isEmpty { tellProgram(ended.reasons, ended.status, words) }
      end(ended.status)
    } catch {
      // ArgumentParser's own: help ends with 0, bad usage with 64. It has help for verbs that do not exist, too.
      let typed = words
      let isHelp = typed.first == "help" || MistypedVerb.diagnostic(typed) == nil
      if isHelp, exitCode(for: error).isSuccess {
        let width = LiveTerminal().width
        LiveTerminal().write(
          HelpText.text(fullMessage(for: error, columns: width), of: HelpText.verbs(typed), width: width)
            + "\n")
        end(ExitStatus.done.rawValue)
      }
      LiveTerminal().talk(withoutPasswords(MistypedVerb.message(typed) ?? fullMessage(for: error)) + "\n")
      let status = ExitStatus.usage.rawValue
      let told = MistypedVerb.diagnostic(typed) ?? Diagnostic(.error, message(for: error))
      tellProgram([told], status, words)
      end(status)
    }
  }

  /// Ends the process; a result that did not get out is a failure.
  ///
  /// ArgumentParser's own `exit` reads all verbs once more, for words that nobody sees: a third of what a verb costs.
  private static func end(_ status: Int32) -> Never {
    guard let reason = LiveTerminal.lostOutput else { endProcess(status) }
    LiveTerminal().talk("error: can't write the result to standard output: \(reason)\n")
    let isFailure = ![ExitStatus.done, .drift].map(\.rawValue).contains(status)
    endProcess(isFailure ? status : ExitStatus.failed.rawValue)
  }

  /// Says on standard output too why there is no result, where that was to be JSON.
  private static func tellProgram(_ reasons: [Diagnostic], _ status: Int32, _ words: [String]) {
    guard Passthrough.wantsJSON(words) else { return }
    LiveTerminal().write(JSONDocument(reasons, status: status).text + "\n")
  }
}

/// A verb ended with this status, and has said all there is to say.
struct Ended: Error {
  let status: Int32
  /// Why there is no result; nothing where there is one.
  private(set) var reasons: [Diagnostic] = []
  init(_ status: ExitStatus) { self.status = status.rawValue }
  /// Without a result.
  init(_ failure: Failure) { (status, reasons) = (failure.status.rawValue, failure.diagnostics) }
  /// A child's own.
  init(child status: Int32) { self.status = status }
}
