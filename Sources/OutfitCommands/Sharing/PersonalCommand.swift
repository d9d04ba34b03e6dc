import ArgumentParser
import OutfitConsent
import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSharing
import OutfitSystem

struct PersonalCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "personal",
    abstract: "Your own layer in git, the same on all your machines.",
    discussion: """
      `outfit personal clone ADDRESS` makes ~/.config/outfit a clone that you edit. `pull` brings what another of your \
      machines pushed, merged with your edits, and applies it; `push` commits all that is there and pushes it, unless \
      something in it looks like a secret. Alone it says where you stand.
      """,
    subcommands: [
      PersonalStatus.self, PersonalCloneCommand.self, PersonalPull.self, PersonalPushCommand.self,
    ],
    defaultSubcommand: PersonalStatus.self)
}

/// What `personal` says to programs.
struct PersonalReport {
  var address: String
  var commit: String?
  var files: [ChangedFile] = []
  var kept: [String] = []

  func json(changed: Bool) -> JSONDocument {
    JSONDocument(
      .personal, changed: changed, exit: .done,
      [
        "address": .string(withoutPasswords(address)), "commit": commit.map { .string($0) } ?? .null,
        "files": .array(files.map(LayerChange.json)), "kept": .array(kept.map { .string($0) }),
      ])
  }
}

struct PersonalStatus: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Say where your own layer comes from, and what is not pushed.")

  @Flag(help: "Print JSON.") var json = false

  func run() async throws {
    try await withSession { session in
      let repository = try PersonalRepository(session.host)
      let (address, head) = (try await repository.origin(), try await repository.head())
      let upstream = try await repository.upstream()
      let files = try await repository.changes(from: upstream, to: try await repository.snapshot().commit)
      guard !json else {
        return session.write(
          PersonalReport(address: address, commit: head, files: files).json(changed: false))
      }
      let commit = head.map { ", commit \($0.prefix(12))" } ?? ""
      session.write("\(session.short(repository.folder)) comes from \(withoutPasswords(address))\(commit)")
      for line in LayerChange.lines(files) { session.write(line) }
      session.write(
        files.isEmpty && head == upstream
          ? "Nothing to push. What others pushed: outfit personal pull" : "Next: outfit personal push")
    }
  }
}

struct PersonalCloneCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "clone", abstract: "Take your own layer from a repository, and apply it.",
    discussion: """
      What stands in ~/.config/outfit and is not in the repository stays. A file that both have is asked about: yours \
      stays, as an edit that the next push takes along, or it is kept beside the repository's as NAME.backup. An empty \
      repository is filled by `outfit personal push`.
      """)

  @Argument(help: "What git clone takes, or github:OWNER/REPO.") var address: String
  @OptionGroup var options: PersonalOptions

  func run() async throws {
    try await withSession { session in
      let host = session.host
      guard let git = try GitAddress(address) else {
        throw Failure(
          "`\(address.harmless)` is not the address of a repository",
          hint: "write `https://HOST/PATH`, `git@HOST:PATH`, or `file://` before a folder", status: .usage)
      }
      let clone = try await PersonalClone(git, host)
      defer { clone.end() }
      if let commit = clone.commit {
        guard clone.hasManifest else {
          throw Failure(
            "\(git) has no outfit.yaml at its top", hint: "what others share is for: outfit up \(git)",
            status: .usage)
        }
        let place = ProfilePlace(scope: .machine, address: git.with(reference: commit).description)
        try await clone.offer(to: place.profiles(host, network: .whenUnknown))
        try await options.consent(
          to: place, session, again: "outfit personal clone \(Consent.quoted(git.description))")
      }
      let kept = try options.decide(
        try await clone.conflicts(), session,
        "is here already, and is another in the repository", "outfit personal clone \(git)")
      try await clone.put(keeping: kept.filter { $0.value == .keep }.keys.reduce(into: []) { $0.insert($1) })
      session.say("\(session.short(host.places.config)) is a clone of \(git)", json: options.json)
      try await options.finish(
        PersonalReport(address: git.description, commit: clone.commit, kept: kept.keys.sorted()), session)
    }
  }
}

struct PersonalPull: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pull", abstract: "Bring what was pushed elsewhere, merged with your edits, and apply it.",
    discussion: """
      Your edits need not be committed. Where both sides changed the same lines you are asked, and without a terminal \
      nothing is changed. All of it as it was before stands in git: git -C ~/.config/outfit show refs/outfit/before
      """)

  @OptionGroup var options: PersonalOptions

  func run() async throws {
    try await withSession { session in
      let host = session.host
      let repository = try PersonalRepository(host)
      let (address, head) = (try await repository.origin(), try await repository.head())
      guard let theirs = try await repository.fetch(), theirs != head else {
        return try nothing(session, address, head)
      }
      let isHere = try await repository.has(theirs)
      guard !isHere else { return try nothing(session, address, head) }
      guard let git = try GitAddress(address) else {
        throw Failure(
          "`\(withoutPasswords(address))`, where your own layer comes from, is not an address that Outfit reads",
          hint: "git -C \(repository.folder) remote set-url origin ADDRESS", status: .usage)
      }
      let files = try await repository.changes(from: head, to: theirs)
      for line in LayerChange.lines(files) { session.say(line, json: options.json) }
      let place = ProfilePlace(scope: .machine, address: git.with(reference: theirs).description)
      try await repository.offer(theirs, of: git, to: place.profiles(host, network: .whenUnknown))
      try await options.consent(to: place, session, again: "outfit personal pull")
      let merge = try await repository.merge(theirs)
      let chosen = try options.decide(
        merge.conflicts, session, "was changed here and elsewhere, at the same lines", "outfit personal pull")
      try await repository.take(merge, chosen.mapValues { $0 == .keep ? .ours : .theirs })
      for (path, policy) in chosen where policy == .backup {
        try await repository.keepBeside(path, of: merge)
      }
      try await options.finish(
        PersonalReport(address: address, commit: try await repository.head(), files: files), session)
    }
  }

  private func nothing(_ session: Session, _ address: String, _ head: String?) throws {
    guard options.json else { return session.write("Nothing to do: nothing was pushed elsewhere.") }
    session.write(PersonalReport(address: address, commit: head).json(changed: false))
  }
}

struct PersonalPushCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "push", abstract: "Commit all of your own layer, and push it.",
    discussion: """
      Nothing goes where a file, or an earlier commit that was not pushed, holds what looks like a key, a token or a \
      password. What another machine pushed meanwhile is pulled first.
      """)

  @Option(name: .shortAndLong, help: "The commit's message; otherwise the names of the files.")
  var message: String?
  @Flag(help: "Print what was pushed as JSON.") var json = false

  func run() async throws {
    try await withSession { session in
      let repository = try PersonalRepository(session.host)
      let address = try await repository.origin()
      let before = try await repository.upstream()
      let pushed = try await repository.push(message)
      var files: [ChangedFile] = []
      if let pushed { files = try await repository.changes(from: before, to: pushed) }
      guard !json else {
        let commit = try await repository.head()
        return session.write(
          PersonalReport(address: address, commit: commit, files: files).json(changed: pushed != nil))
      }
      guard let pushed else { return session.write("Nothing to do: all of it is there.") }
      for line in LayerChange.lines(files) { session.write(line) }
      session.write("Pushed \(pushed.prefix(12)) to \(withoutPasswords(address))")
    }
  }
}

/// What `clone` and `pull` take.
struct PersonalOptions: ParsableArguments {
  @Option(
    defaultAsFlag: Up.folderTrust,
    help: ArgumentHelp("Consent to what the repository has at this commit.", valueName: "commit"))
  var trust: String?
  @Flag(name: .shortAndLong, help: "Answer conflicts by their defaults; never consent.") var yes = false
  @Option(
    name: .customLong("on-conflict"),
    help: ArgumentHelp("What happens to files that you changed: keep, take or backup.", valueName: "policy"))
  var onConflict: ConflictPolicy?
  @Flag(name: .customLong("no-apply"), help: "Write the files alone; `outfit up` applies them.") var noApply =
    false
  @OptionGroup var fetching: FetchOptions
  @Flag(help: "Print what was done as JSON; what is applied is a document of `up`.") var json = false

  /// What a repository brings is a stranger's until somebody says that it is not.
  func consent(to place: ProfilePlace, _ session: Session, again: String) async throws {
    let profile = try await place.load(session, fetching: fetching.permission, withPersonal: false)
    _ = try await session.consent(
      to: profile, given: Up.consent(trust), address: place.address, again: again)
  }

  /// What becomes of each file that is in the way.
  func decide(
    _ conflicts: [String], _ session: Session, _ what: String, _ again: String
  ) throws -> [String: ConflictPolicy] {
    guard !conflicts.isEmpty else { return [:] }
    if let policy = onConflict ?? (yes ? .keep : nil) {
      return Dictionary(uniqueKeysWithValues: conflicts.map { ($0, policy) })
    }
    guard session.host.terminal.isInteractive else {
      throw Failure(
        conflicts.map {
          Diagnostic(
            .error, "\($0.harmless) \(what)",
            hint:
              "keep yours, take theirs, or theirs with yours beside it: \(again) --on-conflict keep|take|backup",
            reason: .conflict)
        }, status: .failed)
    }
    var chosen: [String: ConflictPolicy] = [:]
    for path in conflicts {
      while chosen[path] == nil {
        let answer = session.host.terminal.ask(
          "\(path.harmless) \(what): [k]eep yours, [t]ake theirs, [b]oth (yours as \(path.harmless).backup), [q]uit? "
        )
        switch answer?.lowercased().filter({ !$0.isWhitespace }) {
        case "k": chosen[path] = .keep
        case "t": chosen[path] = .take
        case "b": chosen[path] = .backup
        case "q", nil:
          throw Failure("nothing was changed, since you did not want it", status: .failed, reason: .declined)
        default: break
        }
      }
    }
    return chosen
  }

  /// Makes the machine what the files say now.
  func finish(_ report: PersonalReport, _ session: Session) async throws {
    let host = session.host
    guard !noApply, host.files.exists(host.places.personalManifest) else {
      if json { return session.write(report.json(changed: true)) }
      return session.write(
        host.files.exists(host.places.personalManifest) ? "Next: outfit up" : "Next: outfit personal push")
    }
    let layer = try PersonalLayer(session)
    var wish = Undertaking.Wish(
      saysYes: yes, consent: Up.consent(trust), fetching: fetching.permission, onConflict: onConflict,
      wantsJSON: json)
    wish.verb = "up"
    // The commit was looked at above, and is none of what is applied.
    if wish.consent.namesCommits { wish.consent = .folders }
    let status = try await layer.apply(wish, at: try layer.place())
    if status != .done { throw Ended(status) }
  }
}
