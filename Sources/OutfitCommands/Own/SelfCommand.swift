import ArgumentParser
import OutfitCore
import OutfitEngine
import OutfitHooks
import OutfitSystem
import SystemPackage

struct SelfCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "self", abstract: "Outfit itself.",
    subcommands: [SelfUpdateCommand.self, SelfUninstallCommand.self])
}

struct SelfUpdateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "update", abstract: "Have a newer Outfit.",
    discussion: """
      It looks where install.sh took the present one from, or where `network: {releases: ADDRESS}` in \
      /etc/outfit/outfit.yaml says. What comes is checked by its digest, and by a signature where `release-signers` names \
      who has to have signed; it goes into the store, and is switched to in one step: `outfit rollback --machine` goes back. \
      No tool and no file of a profile changes.
      """)

  @Argument(help: "The version to have; without it the newest.") var version: String?

  @Option(
    help: ArgumentHelp(
      "The folder of releases, or its address; it is remembered.", valueName: "address"),
    completion: .directory)
  var from: String?

  @Option(name: .customLong("sha256"), help: ArgumentHelp("What the tarball must be.", valueName: "digest"))
  var digest: String?

  @Flag(name: .customLong("dry-run"), help: "Say what would come, and change nothing.") var dryRun = false

  @Flag(help: "Print what was done, or would be, as JSON.") var json = false

  func validate() throws {
    if let digest, Digest(digest.lowercased()) == nil {
      throw ValidationError("--sha256 takes 64 hexadecimal digits")
    }
    if let version, Version(version) == nil { throw ValidationError("\(version) is no version") }
  }

  func run() async throws {
    try await withSession { session in
      let update = SelfUpdate(
        session,
        SelfUpdate.Wish(version: version, from: from, digest: digest.flatMap { Digest($0.lowercased()) }))
      let offer = try await update.offer()
      let number = offer.isHere || dryRun ? nil : try await update.install(offer)
      if json {
        return session.write(
          JSONDocument(
            .selfUpdate, changed: !offer.isHere,
            [
              "dryRun": .bool(dryRun), "from": .string(offer.from), "version": .string(Release.version),
              "newest": .string(offer.entry.text), "sha256": .string(offer.entry.digest.hex),
              "signer": offer.signer.map { .string($0) } ?? .null,
              "generation": number.map { .number($0) } ?? .null,
            ]))
      }
      let place = offer.from.harmless + (offer.signer.map { ", signed by \($0.harmless)" } ?? "")
      if offer.isHere {
        session.write("Nothing to do: outfit \(Release.version) is the newest of \(place).")
      } else if dryRun {
        session.write("outfit \(Release.version) would be outfit \(offer.entry.text), from \(place).")
      } else {
        session.write("outfit \(Release.version) is outfit \(offer.entry.text) now, from \(place).")
        let program = OwnLink.installed(session.host).map { session.short($0) } ?? session.ownCommand()
        session.talk("Changed your mind? \(program) rollback --machine")
      }
    }
  }
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
