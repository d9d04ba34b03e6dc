import ArgumentParser
import OutfitCore
import OutfitEngine
import OutfitSystem
import SystemPackage

struct DiffCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff", abstract: "Show the text of what `up` would change.",
    discussion: "Where nothing differs it prints nothing. A file that is not the profile's is an error.")

  @Argument(help: "Only this file, or what is below this folder.") var path: String?
  @OptionGroup var scopeOptions: ScopeOptions
  @Flag(help: "Print JSON.") var json = false

  func run() async throws {
    try await withSession { session in
      let reading = try await Reading(session, scopeOptions.place(session))
      let only = path.map { session.absolute($0) }
      func isMeant(_ target: PlannedTarget) -> Bool {
        only.map { target.target.starts(with: $0) || target.resolved.starts(with: $0) } ?? true
      }
      if let only, !reading.plan.targets.contains(where: isMeant) {
        let known = reading.plan.targets.map { session.short($0.target) }
        throw Failure(
          "\(session.short(only)) is no file of \(reading.profile.name)",
          hint: nearest(session.short(only), among: known).map { "did you mean \($0)?" }
            ?? "`outfit status` names what differs", status: .usage)
      }
      let differing = reading.plan.differing.filter(isMeant)
      if json {
        var plan = reading.plan
        plan.targets = differing
        var members = PlanMembers(plan: plan, profile: reading.profile)
        members.texts = try plan.texts(session.host)
        let files = members.files
        return session.write(
          JSONDocument(
            .diff, changed: !files.isEmpty,
            ["profile": .string(reading.profile.name), "files": .array(files)]))
      }
      for target in differing {
        session.host.terminal.write(try reading.plan.diff(target, host: session.host))
      }
      if differing.isEmpty { session.talk("No file differs.") }
    }
  }
}

extension Session {
  /// The text of what a plan would change, file by file.
  func writeTexts(of plan: Plan) throws {
    for target in plan.differing { host.terminal.write(try plan.diff(target, host: host)) }
  }

  /// A path that a person typed.
  func absolute(_ path: String) -> FilePath {
    if path == "~" || path.hasPrefix("~/") {
      return host.user.home.pushing(FilePath(String(path.dropFirst(2)))).lexicallyNormalized()
    }
    return host.workingDirectory.pushing(FilePath(path)).lexicallyNormalized()
  }
}
