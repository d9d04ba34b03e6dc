import ArgumentParser
import OutfitConsent
import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSharing
import OutfitSystem
import SystemPackage

struct RemoteCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remote", abstract: "Set up other machines over ssh, and containers, from this one.",
    discussion: """
      HOST is what ssh takes, container/NAME (docker or podman) or pod/NAME (kubectl). ssh is the one on PATH, with your \
      own configuration, agent and known hosts. The other machine needs sh, tar and no network: what it lacks is sent.
      """,
    subcommands: [
      RemoteUpCommand.self, RemoteStatusCommand.self, RemoteRollbackCommand.self, RemoteExecCommand.self,
    ])
}

struct RemoteUpCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "up", abstract: "Set up other machines from a profile.",
    discussion: """
      The last word is the profile where it is a folder with an outfit.yaml or a git address; without one it is the \
      profile of this machine, without your own layer. All machines are looked at before the first is touched; then \
      they are set up side by side. What is consented to here is consented to there, by --trust or by having this \
      machine's consent.
      """)

  @Argument(help: ArgumentHelp("Machines, and then the profile.", valueName: "host"))
  var hosts: [String]

  @Option(
    defaultAsFlag: Up.folderTrust,
    help: ArgumentHelp(
      "Consent to the profile as it is now; a git address needs the commit that you looked at.",
      valueName: "commit"))
  var trust: String?

  @Flag(name: .shortAndLong, help: "Answer confirmations and conflicts there by their defaults.")
  var yes = false

  @Option(
    name: .customLong("on-conflict"),
    help: ArgumentHelp(
      "What happens to files there that their owner changed: keep, take or backup.", valueName: "policy"))
  var onConflict: ConflictPolicy?

  @Option(help: ArgumentHelp("Only this part, as for `outfit up`; it may be given again.", valueName: "part"))
  var only: [String] = []

  @Option(help: ArgumentHelp("All but this part; it may be given again.", valueName: "part"))
  var skip: [String] = []

  @Option(help: ArgumentHelp("Machines that are set up at once.", valueName: "count"))
  var jobs = 8

  @OptionGroup var answers: SettingOptions
  @OptionGroup var fetching: FetchOptions
  @Flag(help: "Print what was done on each as JSON.") var json = false

  func validate() throws {
    try PartSelection.validate(only: only, skip: skip)
    if jobs < 1 { throw ValidationError("--jobs takes a number from 1 on") }
  }

  func run() async throws {
    try await withSession { session in
      let (targets, place, named) = try RemotePlaces.read(hosts, session)
      let shell = try RemoteShell(session.host)
      let status: ExitStatus
      do {
        status = try await up(session, shell, targets, place, named)
      } catch {
        await shell.close(targets)
        throw error
      }
      await shell.close(targets)
      if status != .done { throw Ended(status) }
    }
  }

  private func up(
    _ session: Session, _ shell: RemoteShell, _ targets: [RemoteTarget], _ place: ProfilePlace,
    _ named: String?
  ) async throws -> ExitStatus {
    let work = RemoteUp(session: session, shell: shell, targets: targets)
    func gather(_ platforms: [Platform]) async throws -> (BundleCreation, BundleList) {
      var creation = BundleCreation(session, place, platforms: platforms)
      let list = try await creation.gather(
        given: Up.consent(trust), fetching: fetching.permission, named: named,
        command: "outfit remote up \(targets.map { Consent.quoted("\($0)") }.joined(separator: " "))")
      return (creation, list)
    }
    var (creation, list) = try await gather([])
    defer { creation.close() }
    var looks = try await work.look(list)
    let platforms = Set(looks.values.map(\.platform))
    if platforms != [session.host.platform] {
      creation.close()
      (creation, list) = try await gather(Array(platforms))
      looks = try await work.look(list)
    }
    for (target, look) in looks where list.programs[look.platform.key] == nil && look.missing == nil {
      throw Failure(
        "\(target) is \(look.platform), and this Outfit is for \(session.host.platform)",
        hint: "install Outfit there first: install.sh of a release for \(look.platform)")
    }
    let commits = list.commits.map(\.commit)
    var words = ["--trust"] + (commits.isEmpty ? [] : [commits.joined(separator: ",")])
    words += ["--json"] + (yes ? ["--yes"] : [])
    words += onConflict.map { ["--on-conflict", $0.rawValue] } ?? []
    words += only.flatMap { ["--only", $0] } + skip.flatMap { ["--skip", $0] }
    words += answers.values.sorted { $0.key < $1.key }.flatMap { ["--set", "\($0.key)=\($0.value)"] }
    let results = try await work.apply(
      list, creation.sources, script: try creation.script(), looks, words, width: jobs)
    let status = results.map(\.status).max() ?? .done
    if json {
      session.write(
        JSONDocument(
          .remote, changed: results.contains { $0.changed != false }, exit: status,
          ["hosts": .array(results.map(\.json))]))
      return status
    }
    for result in results { session.write(result.line) }
    for result in results where result.status != .done {
      session.talk("\n\(result.target):")
      for line in result.words.split(whereSeparator: \.isNewline).suffix(20) {
        session.talk("  \(String(line).harmless)")
      }
    }
    return status
  }
}

extension RemoteUp.Result {
  /// `web1  set up`, for people.
  var line: String {
    let what =
      switch (status, changed) {
      case (.done, false): "nothing to do"
      case (.done, _): "set up"
      case (.consent, _): "somebody has to decide, see below"
      default: "failed, see below"
      }
    return "\(target)  \(what)" + (sent > 1 << 20 ? "  (\(ByteText.of(sent)) sent)" : "")
  }

  var json: JSONText {
    .object([
      "host": .string("\(target)"), "exit": .number(Int(status.rawValue)),
      "changed": changed.map { .bool($0) } ?? .null, "sent": .number(Int(sent)),
      "document": document.map { .raw($0) } ?? .null, "messages": .string(words.harmless),
    ])
  }
}

/// What the words behind `remote up` name.
enum RemotePlaces {
  static func read(_ words: [String], _ session: Session) throws -> (
    [RemoteTarget], ProfilePlace, named: String?
  ) {
    var words = words
    let host = session.host
    func isProfile(_ word: String) -> Bool {
      if let git = try? GitAddress(word), !word.contains("@") || word.contains(":") {
        return !git.repository.isEmpty
      }
      let folder = host.workingDirectory.pushing(FilePath(word))
      return ProfilePlace.shipped(host).contains(word) || host.files.exists(folder.appending("outfit.yaml"))
        || word.hasSuffix("outfit.yaml")
    }
    var place: ProfilePlace?
    let last = words.last
    if words.count > 1, let last, isProfile(last) {
      place = try ProfilePlace.find(last, session)
      words.removeLast()
    }
    let targets = try words.map { try RemoteTarget($0) }
    guard let found = try place ?? ProfilePlace.adopted(host), !found.address.isEmpty else {
      throw Failure(
        "this machine has no profile yet",
        hint: "name one behind the machines: outfit remote up HOST PROFILE",
        status: .usage)
    }
    return (targets, found, place == nil ? nil : last)
  }
}

/// Runs one command of Outfit's on each machine, side by side.
private struct RemoteRun {
  let session: Session
  let targets: [RemoteTarget]

  private struct Answer: Sendable {
    var target: RemoteTarget
    var done: Completion?
    var said = ""
  }

  private func answer(of target: RemoteTarget, _ shell: RemoteShell, _ words: [String]) async -> Answer {
    var answer = Answer(target: target)
    do {
      answer.done = try await shell.run(target, RemoteScripts.outfit, words)
    } catch {
      answer.said = (error as? Failure)?.diagnostics.map(\.message).joined(separator: "; ") ?? "\(error)"
    }
    return answer
  }

  func run(_ words: [String], json: Bool) async throws {
    let shell = try RemoteShell(session.host)
    var found: [RemoteTarget: Answer] = [:]
    await withTaskGroup(of: Answer.self) { group in
      for target in targets {
        group.addTask { await answer(of: target, shell, words + (json ? ["--json"] : [])) }
      }
      for await answer in group { found[answer.target] = answer }
    }
    await shell.close(targets)
    var worst = ExitStatus.done
    var documents: [JSONText] = []
    var changed = false
    for target in targets {
      let done = found[target]?.done
      var errors = done?.errorText ?? found[target]?.said ?? ""
      var status = done.flatMap { ExitStatus(rawValue: $0.status) } ?? .failed
      if errors.contains("outfit-is-not-there") {
        (errors, status) = ("there is no Outfit; set it up with: outfit remote up \(target)", .failed)
      }
      worst = max(worst, status)
      let document = done.flatMap { RemoteDocument($0.output) }
      changed = changed || document?.changed == true
      if json {
        let result = RemoteUp.Result(
          target: target, status: status, changed: document?.changed,
          document: document.flatMap { _ in done?.outputText }, words: errors, sent: 0)
        documents.append(result.json)
        continue
      }
      session.write("\(target):")
      for line in (done?.outputText ?? "").split(whereSeparator: \.isNewline) {
        session.write("  \(String(line).harmless)")
      }
      for line in errors.split(whereSeparator: \.isNewline) { session.talk("  \(String(line).harmless)") }
    }
    if json {
      session.write(JSONDocument(.remote, changed: changed, exit: worst, ["hosts": .array(documents)]))
    }
    if worst != .done { throw Ended(worst) }
  }
}

struct RemoteStatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Say where other machines stand, as `outfit status` says it there.")

  @Argument(help: ArgumentHelp("Machines.", valueName: "host")) var hosts: [String]
  @Flag(help: "Exit 3 where one of them differs from its profile.") var check = false
  @Flag(help: "Print JSON.") var json = false

  func run() async throws {
    try await withSession { session in
      try await RemoteRun(session: session, targets: try hosts.map { try RemoteTarget($0) })
        .run(["status", "--machine"] + (check ? ["--check"] : []), json: json)
    }
  }
}

struct RemoteRollbackCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rollback", abstract: "Go back on other machines, as `outfit rollback` does there.")

  @Argument(help: ArgumentHelp("Machines.", valueName: "host")) var hosts: [String]
  @Option(help: ArgumentHelp("The generation to go to; without it one further back.", valueName: "number"))
  var to: Int?
  @Flag(help: "Print JSON.") var json = false

  func run() async throws {
    try await withSession { session in
      try await RemoteRun(session: session, targets: try hosts.map { try RemoteTarget($0) })
        .run(["rollback", "--machine"] + (to.map { ["\($0)"] } ?? []), json: json)
    }
  }
}

struct RemoteExecCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "exec", abstract: "Run a command on another machine with the tools that it has there.",
    discussion: "Example: outfit remote exec web1 -- black --version. It ends with the command's own status.")

  @Argument(help: "The machine.") var host: String
  @Argument(parsing: .postTerminator, help: "The command.") var command: [String]

  func validate() throws {
    if command.isEmpty {
      throw ValidationError("name a command behind --, as in: outfit remote exec HOST -- black --version")
    }
  }

  func run() async throws {
    try await withSession { session in
      let target = try RemoteTarget(host)
      let shell = try RemoteShell(session.host)
      let status: Int32
      do {
        status = try await shell.runAttached(target, RemoteScripts.outfit, ["exec", "--"] + command)
      } catch {
        await shell.close([target])
        throw error
      }
      await shell.close([target])
      if status != 0 { throw Ended(child: status) }
    }
  }
}
