import ArgumentParser
import OutfitConsent
import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSharing
import OutfitSystem
import SystemPackage

struct CheckCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Check a profile before others have it: for its own CI.",
    discussion: """
      It is read with all its layers, its lock must cover it on every platform, and it is put on, put on again, \
      rolled back and taken out in a home of its own, where nothing of yours is touched. What differs from the last \
      release is told: what it can do, its pins, its files. Packages and scripts can't be undone, so that they are \
      named and not run.

      Exit status: 0 all good, 1 something is not, 2 a mistake in the profile, 3 outfit.lock does not cover it, \
      4 consent is needed. In CI, `outfit trust --locked PROFILE` gives it for a checkout.
      """)

  @Argument(help: "A folder or a git address; without it the folder here.", completion: .directory)
  var profile: String?
  @Option(
    defaultAsFlag: Up.folderTrust,
    help: ArgumentHelp("Consent to the profile as it is now, or to this commit of it.", valueName: "commit"))
  var trust: String?
  @Option(
    help: ArgumentHelp(
      "Compare with this tag, branch or commit: without it the newest tag, else the last commit.",
      valueName: "ref"))
  var against: String?
  @Option(
    name: .customLong("platform"),
    help: ArgumentHelp(
      "A platform that all must be there for, as linux-amd64; it may be given again. Without it all that the lock knows.",
      valueName: "platform"))
  var platforms: [String] = []
  @Option(
    name: .customLong("use"),
    help: ArgumentHelp(
      "Try it with this bundle alone; it may be given again. Without it with all.", valueName: "bundle"))
  var bundles: [String] = []
  @OptionGroup var answers: SettingOptions
  @OptionGroup var fetching: FetchOptions
  @Flag(name: .customLong("with-packages"), help: "Install packages of the system too: in a container.")
  var withPackages = false
  @Flag(name: .customLong("with-scripts"), help: "Run its scripts too: in a container.") var withScripts =
    false
  @Flag(help: "Print the result as JSON.") var json = false
  @Flag(help: "Print the result as Markdown, for a pull request.") var markdown = false
  @Flag(help: "Print a workflow for the profile's repository that does all this.") var workflow = false
  @Option(
    help: ArgumentHelp(
      "With --workflow: the address of the folder that install.sh is in.", valueName: "address"))
  var installer: String?

  func validate() throws {
    let forms = [json, markdown, workflow].count { $0 }
    guard forms <= 1 else { throw ValidationError("--json, --markdown and --workflow: give one of them") }
    guard installer == nil || workflow else { throw ValidationError("--installer goes with --workflow") }
    for platform in platforms where Platform(key: platform) == nil {
      let near = nearest(platform, among: Platform.common.map(\.key)).map { "; did you mean '\($0)'?" } ?? ""
      throw ValidationError("there is no platform '\(platform)'\(near)")
    }
  }

  func run() async throws {
    try await withSession { session in
      if workflow {
        return session.host.terminal.write(
          try CheckWorkflow.text(of: try folder(profile, session), installer: installer, session.host))
      }
      do {
        try await check(profile, trust, session)
      } catch let failure as Failure {
        if markdown, failure.status != .interrupted {
          session.host.terminal.write(CheckMarkdown.text(failure, of: profile ?? "the profile here"))
        }
        throw failure
      }
    }
  }

  private func folder(_ named: String?, _ session: Session) throws -> String {
    if let named { return named }
    guard let folder = ProfileLoader.findProject(from: session.host.workingDirectory, host: session.host)
    else {
      throw Failure(
        "there is no outfit.yaml in \(session.host.workingDirectory) or above",
        hint: "name the folder of a profile: `outfit check DIR`", status: .usage)
    }
    return folder.string
  }

  private func check(_ named: String?, _ trust: String?, _ session: Session) async throws {
    let place = try ProfilePlace.find(try folder(named, session), session)
    let read = try await place.load(session, fetching: fetching.permission, withPersonal: false)
    session.report(read.notes)
    let trial = try await Trial(session.host, knowing: ["trust"])
    defer { trial.end() }
    var check = ProfileCheck(
      outside: session, inside: Session(host: trial.host, isTrial: true), place: place,
      named: named ?? place.address, profile: read,
      consent: Up.consent(trust),
      typed: (["outfit check"] + (named.map { [Consent.quoted($0)] } ?? [])).joined(separator: " "),
      fetching: fetching.permission)
    check.platforms = platforms.compactMap { Platform(key: $0) }
    check.bundles = bundles.isEmpty ? nil : bundles
    check.settings = answers.values
    check.runsPackages = withPackages
    check.runsScripts = withScripts
    check.against = against
    let report = try await check.run()
    if json {
      session.write(JSONDocument(.check, exit: report.exit, report.json))
    } else if markdown {
      session.host.terminal.write(CheckMarkdown.text(report))
    } else {
      let text = CheckText(report: report, width: session.host.terminal.width, style: session.outputStyle)
      for line in text.lines { session.write(line) }
    }
    if report.exit != .done { throw Ended(report.exit) }
  }
}

extension CheckReport {
  fileprivate var json: [String: JSONText] {
    [
      "profile": .string(profile),
      "steps": .array(
        steps.map {
          .object([
            "name": .string($0.name), "verdict": .string($0.verdict.rawValue), "detail": .string($0.detail),
            "problems": .array($0.problems.map { $0.error(.failed) }),
          ])
        }),
      "platforms": .array(
        platforms.map {
          .object([
            "platform": .string($0.platform.key), "lacks": .array($0.lacks.map { .string($0) }),
          ])
        }),
      "notDone": .array(
        notDone.map { .object(["entry": .string($0.entry), "label": .string($0.label)]) }),
      "assumed": .array(assumed.map { .string($0) }), "against": changes?.json ?? .null,
      "note": note.map { .string($0) } ?? .null,
    ]
  }
}

extension ProfileChanges {
  fileprivate var json: JSONText {
    func abilities(_ lines: [Ability.Line]) -> JSONText {
      .array(
        lines.map {
          .object([
            "kind": .string("\($0.kind)"), "text": .string(withoutPasswords($0.text)),
            "grave": .bool($0.isGrave),
          ])
        })
    }
    return .object([
      "reference": .string(release.reference), "commit": .string(release.commit),
      "time": release.time.map { .number(Int($0)) } ?? .null,
      "abilities": .object(["gained": abilities(gained), "lost": abilities(lost)]),
      "pins": LockChanges(moves: pins).json,
      "files": .array(
        files.map { file in
          .object([
            "path": .string(file.path), "action": .string(file.action.rawValue),
            "added": file.lines.map { .number($0.added) } ?? .null,
            "removed": file.lines.map { .number($0.removed) } ?? .null,
          ])
        }),
    ])
  }
}
