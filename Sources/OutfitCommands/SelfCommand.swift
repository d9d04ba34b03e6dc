import ArgumentParser
import OutfitCore
import OutfitEngine
import OutfitHooks
import OutfitSystem
import SystemPackage

struct SelfCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "self", abstract: "Outfit itself.", subcommands: [SelfUninstallCommand.self])
}

struct SelfUninstallCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "uninstall", abstract: "Take out all of Outfit, and bring back all that it replaced.",
    discussion: """
      Every project and this machine go back to what they were before Outfit, byte for byte; then its own folders \
      go. What you changed since Outfit wrote it stays as you have it, and your personal layer stays. System \
      packages and scripts that were run can't be undone, and are named.
      """)

  @Flag(name: .customLong("dry-run"), help: "Say what would go and what would come back, and change nothing.")
  var dryRun = false

  @Flag(name: .shortAndLong, help: "Don't ask.")
  var yes = false

  @Flag(help: "Print what was done, or would be, as JSON.") var json = false

  func run() async throws {
    try await withSession { session in
      let host = session.host
      let work = try Uninstallation.plan(host)
      let link = OwnLink.find(host)
      guard !work.folders.isEmpty || link != nil else {
        if json {
          session.write(JSONDocument(.uninstall, changed: false, members(work, link)))
        } else {
          session.write("Nothing to take out: Outfit has nothing of its own here.")
        }
        return
      }
      if !json { show(work, link, session) }
      if dryRun, json {
        let files = work.plans.flatMap { PlanMembers(plan: $0, profile: nil).files }
        session.write(
          JSONDocument(
            .uninstall, changed: true, members(work, link).merging(["files": .array(files)]) { $1 }))
        return
      }
      if dryRun {
        session.write("Nothing was changed: this was a dry run.")
        return
      }
      try confirm(session)
      HookRecovery(host: host).leave()
      let kept = try await Uninstallation.run(host, links: link.map { [$0] } ?? [])
      if json {
        session.write(
          JSONDocument(
            .uninstall, changed: true,
            members(kept.work, link).merging(["kept": .array(kept.kept.map { .string($0.target.string) })]) {
              $1
            }))
      } else {
        session.write("Outfit is taken out, and what it replaced is back.")
      }
      session.report(
        kept.kept.map {
          Diagnostic(
            .warning,
            "\(session.short($0.target)) stays as it is: \($0.conflict?.message ?? "it was changed")")
        })
      let recovered = host.places.state.appending("recovered")
      if host.files.exists(recovered) {
        session.talk("Contents of yours that were put aside are in \(session.short(recovered)).")
      }
    }
  }

  private func members(_ work: Uninstallation, _ link: FilePath?) -> [String: JSONText] {
    [
      "removed": .array((work.folders + (link.map { [$0] } ?? [])).map { .string($0.string) }),
      "staying": .array(work.staying.map { .string($0.string) }),
      "lasting": .array(work.effects.map { .string($0) }), "kept": .array([]), "dryRun": .bool(dryRun),
    ]
  }

  private func show(_ work: Uninstallation, _ link: FilePath?, _ session: Session) {
    for plan in work.plans where !plan.isEmpty {
      session.write("\(plan.scope.label):")
      for line in PlanText(session: session, plan: plan).lines(style: session.outputStyle) {
        session.write("  \(line)")
      }
    }
    for path in work.folders + (link.map { [$0] } ?? []) { session.write("goes:  \(session.short(path))") }
    for path in work.staying { session.write("stays: \(session.short(path)), which is yours") }
    for effect in work.effects { session.write("can't be undone: \(effect)") }
  }

  private func confirm(_ session: Session) throws {
    guard !yes else { return }
    guard session.host.terminal.isInteractive else {
      throw Failure(
        "this takes out all of Outfit", hint: "without a terminal, say so with --yes", status: .consent,
        reason: .question)
    }
    let answer = session.host.terminal.ask("Take out all of Outfit? [y/N] ")?.lowercased()
    guard ["y", "yes"].contains(answer ?? "") else {
      throw Failure("nothing was changed", status: .consent, reason: .declined)
    }
  }
}

/// The link by which an installed Outfit is on PATH: PREFIX/bin/outfit, where install.sh made it.
enum OwnLink {
  static func find(_ host: Host) -> FilePath? {
    let executable = Installation.locate(host).executable
    // PREFIX/share/outfit/self/VERSION/bin/outfit
    var folder = executable
    for _ in 0..<2 { folder.removeLastComponent() }
    guard folder.removingLastComponent().lastComponent?.string == "self" else { return nil }
    for _ in 0..<4 { folder.removeLastComponent() }
    let link = folder.appending("bin").appending("outfit")
    guard let target = try? host.files.readLink(link),
      link.removingLastComponent().pushing(FilePath(target)).lexicallyNormalized() == executable
    else { return nil }
    return link
  }
}
