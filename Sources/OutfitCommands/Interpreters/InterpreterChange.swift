import ArgumentParser
import OutfitConsent
import OutfitCore
import OutfitEngine
import OutfitInterpreters
import OutfitProfile
import OutfitSharing
import OutfitSystem
import SystemPackage

/// A change of the versions in one manifest, and all that follows from it, in one transaction: what
/// `install`, `use`, `global` and `uninstall` have in common.
struct InterpreterChange {
  let session: Session
  let language: Language
  let place: ProfilePlace
  let file: ManifestFile
  var entries: InterpreterEntries
  /// From before the manifest is read until the change is made, so that two changes at once come one after the other.
  private let lock: FileLock?
  private var host: Host { session.host }

  /// The user's own layer.
  /// - Parameter isRead: it will not be changed.
  static func personal(_ language: Language, _ session: Session, isRead: Bool) async throws
    -> InterpreterChange
  {
    let host = session.host
    let lock = isRead ? nil : try await ScopeLock.acquire(.machine, host: host)
    let file = try ManifestFile(
      host.places.personalManifest, host: host, schema: PersonalSchema.reference(host), newMode: 0o600)
    let place = try ProfilePlace.adopted(host) ?? ProfilePlace(scope: .machine, address: "")
    return InterpreterChange(
      session: session, language: language, place: place, file: file,
      entries: InterpreterEntries(language, file.edit), lock: lock)
  }

  /// A project's outfit.yaml.
  static func project(_ project: Project, _ language: Language, _ session: Session, isRead: Bool) async throws
    -> InterpreterChange
  {
    let lock = isRead ? nil : try await ScopeLock.acquire(project.scope, host: session.host)
    let file = try ManifestFile(project.manifest, host: session.host)
    return InterpreterChange(
      session: session, language: language, place: project.place, file: file,
      entries: InterpreterEntries(language, file.edit), lock: lock)
  }

  /// The layers as they are now.
  func profile() async throws -> Profile { try await place.load(session) }

  /// There is a layer at all: the loader would say that nothing is adopted.
  var hasProfile: Bool { host.files.exists(file.path) || !place.address.isEmpty }

  private init(
    session: Session, language: Language, place: ProfilePlace, file: ManifestFile,
    entries: InterpreterEntries, lock: FileLock?
  ) {
    (self.session, self.language, self.place, self.file) = (session, language, place, file)
    (self.entries, self.lock) = (entries, lock)
  }

  /// Takes out a list that is no other than what the layers below have: it would hold on to these versions when they
  /// move on.
  mutating func forgetWhatOthersSay() async throws {
    var without = self
    let keys = entries.edit.value(at: ["interpreters", language.rawValue])?.entries?.map(\.key) ?? []
    guard place.scope == .machine, !place.address.isEmpty, !entries.versions.isEmpty,
      keys.allSatisfy(["versions", "also"].contains)
    else { return }
    try without.entries.remove(entries.versions)
    if without.entries.also != entries.also { return }
    var file = file
    file.edit = without.entries.edit
    guard let profile = try? await place.read(session.seeing([file]), network: .never) else { return }
    let below = profile.wanted(language).map(\.request.text)
    if below.prefix(entries.versions.count) == entries.versions[...],
      below.dropFirst(entries.versions.count).allSatisfy(entries.also.contains)
    {
      entries = without.entries
    }
  }

  /// What the layers without this manifest want.
  func others() async throws -> [(request: VersionRequest, source: Source)] {
    guard hasProfile else { return [] }
    return try await profile().wanted(language).filter { $0.source.layer.manifest != file.path }
  }

  /// Shows what would change and changes nothing, or does it.
  /// - Parameter needed: the versions that must be had, or nothing happens.
  /// - Returns: nil for a dry run.
  func apply(_ options: InterpreterOptions, needed: [VersionRequest]) async throws -> Undertaking.Done? {
    var file = file
    file.edit = entries.edit
    var lines: [String] = []
    if file.edit.isChanged {
      let (old, new) = (InterpreterEntries(language, self.file.edit), entries)
      lines.append("\(file.edit.file): \(language) \(Self.difference(old, new))")
    }
    if options.dryRun {
      for line in lines { session.write("  " + line) }
      session.write(lines.isEmpty ? "Nothing to do." : "Nothing was changed: this was a dry run.")
      return nil
    }
    var wish = Undertaking.Wish(
      isOffline: options.offline, saysYes: options.yes, consent: try await consent(options))
    if file.edit.isChanged {
      wish.edits = [file]
      if file.edit.original == nil, place.scope == .machine { try PersonalSchema.write(host) }
    }
    wish.interpreters = [language: Set(needed.map(\.text))]
    do {
      let done = try await Undertaking(session, wish).apply(at: place, holding: lock)
      for line in lines { session.talk("  " + line) }
      return done
    } catch var failure as Failure {
      // Lines of a manifest that was not written say nothing to anybody.
      if file.edit.isChanged {
        failure.diagnostics = failure.diagnostics.map { diagnostic in
          var diagnostic = diagnostic
          if diagnostic.location?.file == file.edit.file {
            diagnostic.location = nil
            diagnostic.excerpt = nil
          }
          return diagnostic
        }
      }
      throw failure
    }
  }

  /// `+ 3.11`, `- 3.9`, and the default where that is another.
  static func difference(_ old: InterpreterEntries, _ new: InterpreterEntries) -> String {
    let (before, after) = (old.versions + old.also, new.versions + new.also)
    var parts: [String] = []
    let added = after.filter { !before.contains($0) }
    let removed = before.filter { !after.contains($0) }
    if !added.isEmpty { parts.append("+ " + added.joined(separator: ", ")) }
    if !removed.isEmpty { parts.append("- " + removed.joined(separator: ", ")) }
    if let first = new.versions.first, first != old.versions.first, after.count > 1 {
      parts.append("default \(first)")
    }
    return parts.isEmpty ? "in another order" : parts.joined(separator: "; ")
  }

  /// Who had consented to a project goes on to do so after an edit of his own.
  private func consent(_ options: InterpreterOptions) async throws -> Consent.Given {
    if options.trust { return .folders }
    guard place.scope != .machine else { return .nothing }
    let before = try await profile()
    return try Consent(host: host).needed(for: before).isEmpty ? .folders : .nothing
  }
}

/// What the verbs that change something have in common.
struct InterpreterOptions: ParsableArguments {
  @Flag(name: .customLong("dry-run"), help: "Say what would change; change, download and run nothing.")
  var dryRun = false
  @Flag(help: "Use what is here already; never ask the network.") var offline = false
  @Flag(name: .shortAndLong, help: "Answer confirmations by their defaults; never consent.") var yes = false
  @Flag(help: "Consent to the project as it is now.") var trust = false
  @Flag(help: "Print what was done as JSON.") var json = false
}

extension Undertaking.Done {
  /// The interpreters that these requests came to.
  func versions(_ language: Language, _ requests: [VersionRequest]) -> [RecordedInterpreter] {
    requests.compactMap { request in
      plan.interpreters.first {
        $0.language == language && $0.request == request.text && !missing.contains($0.object)
      }
    }
  }

  /// The end of a verb, for people or as JSON.
  func report(
    _ session: Session, _ language: Language, _ requests: [VersionRequest], said: String, json: Bool
  ) throws {
    let versions = versions(language, requests)
    if json {
      session.write(
        JSONDocument(
          .interpreters, changed: outcome.isNew, exit: status,
          [
            "versions": .array(
              versions.map {
                .object([
                  "request": .string($0.request), "version": .string($0.version.description),
                  "program": .string($0.program),
                ])
              }),
            "generation": .number(outcome.generation), "incomplete": .bool(outcome.isIncomplete),
          ]))
    } else {
      session.write(said)
      let path = (session.host.environment["PATH"] ?? "").split(separator: ":").map(String.init)
      if !path.contains(session.places.bin.string) {
        session.talk("Next: exec $SHELL -l    (so that this shell finds the commands)")
      }
    }
    if status != .done { throw Ended(status) }
  }
}
