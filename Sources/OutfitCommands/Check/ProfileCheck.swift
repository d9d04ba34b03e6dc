import OutfitConsent
import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSharing
import OutfitSystem
import SystemPackage

/// All that `check` looks at, of a profile that could be read.
struct ProfileCheck {
  /// The user's own machine.
  let outside: Session
  /// A home of its own.
  let inside: Session
  let place: ProfilePlace
  /// As the profile was typed.
  let named: String
  /// As it was read.
  let profile: Profile
  let consent: Consent.Given
  /// All that was typed, without consent.
  let typed: String
  let fetching: FetchPermission
  /// Empty for all that the lock knows.
  var platforms: [Platform] = []
  /// Nil takes all that the profile offers.
  var bundles: [String]?
  var settings: [String: String] = [:]
  var runsPackages = false
  var runsScripts = false
  var against: String?

  func run() async throws -> CheckReport {
    var report = CheckReport(profile: profile.name)
    let layers = PlanText.count(profile.layers.filter { $0.kind != .system }.count, "layer")
    report.steps.append(.init(name: "manifest", verdict: .ok, detail: "\(layers) read, no mistake"))
    let pins = try await resolve(&report)
    // Where no lock is committed, nothing of what is pinned now is part of the profile.
    let comparison = ReleaseComparison(
      outside: outside, inside: inside, place: place, profile: profile,
      lock: outside.host.files.exists(lockFile) ? pins.after : Lock())
    (report.changes, report.note) = try await comparison.run(against)
    let rehearsal = try await rehearsal(&report)
    report.steps += try await rehearsal.run()
    return report
  }

  /// The commit that was read is the one that all else is about.
  private var pinned: ProfilePlace {
    guard let git = place.git, let commit = profile.layers.last(where: { $0.kind == .profile })?.commit else {
      return place
    }
    return ProfilePlace(scope: .machine, address: git.with(reference: commit).description)
  }

  // MARK: - Pins

  private var lockFile: FilePath {
    let folder = profile.layers.last { $0.kind == .profile }?.folder ?? inside.host.workingDirectory
    return folder.appending(LockFile.name)
  }

  private func resolve(_ report: inout CheckReport) async throws -> Pinning {
    let file = lockFile
    var pins = try await Pinning(inside, LockTarget(pinned, file: file, named: named), keeping: { _ in true })
    do {
      try await pins.resolve(given: consent, again: typed)
    } catch let failure as Failure {
      guard failure.status == .failed else { throw failure }
      outside.report(failure.diagnostics)
      report.steps.append(
        .init(
          name: "lock", verdict: Rehearsal.verdict(failure.diagnostics), detail: "it could not be made",
          problems: failure.diagnostics))
      return pins
    }
    outside.report(pins.failures)
    report.steps.append(step(pins, hasLock: outside.host.files.exists(file)))
    if pins.after != Lock() {
      report.platforms = PlatformCoverage(lock: pins.after, profile: pins.profile).of(platforms)
      report.steps.append(Self.step(report.platforms))
    }
    return pins
  }

  private func step(_ pins: Pinning, hasLock: Bool) -> CheckReport.Step {
    let changes = LockChanges(before: pins.before, after: pins.after)
    let errors = pins.failures.filter { $0.severity == .error }
    var step = CheckReport.Step(
      name: "lock", verdict: .ok, detail: "it covers the manifest", problems: errors)
    if !errors.isEmpty || !pins.unpinned.isEmpty {
      step.verdict = errors.isEmpty ? .failed : Rehearsal.verdict(errors)
      step.detail =
        pins.unpinned.isEmpty
        ? "not all could be pinned" : "no pin for \(pins.unpinned.joined(separator: ", "))"
    } else if changes.isEmpty {
      if !hasLock { step.detail = "there is nothing to pin" }
    } else if hasLock {
      step.verdict = .stale
      step.detail = "it does not cover the manifest: \(changes.moves.map(\.text).joined(separator: ", "))"
    } else {
      step.detail = "there is none, so that each machine pins for itself; `outfit lock` writes one"
    }
    return step
  }

  private static func step(_ platforms: [CheckReport.Coverage]) -> CheckReport.Step {
    let lacking = platforms.filter { !$0.lacks.isEmpty }
    guard lacking.isEmpty else {
      return .init(
        name: "platforms", verdict: .failed, detail: "not all of it is for every platform",
        problems: lacking.map {
          Diagnostic(
            .error, "\($0.platform) has no \($0.lacks.joined(separator: ", "))",
            hint:
              "add what is missing, say with `if:` where the entry counts, or name the platforms with --platform"
          )
        })
    }
    return .init(
      name: "platforms", verdict: .ok, detail: platforms.map(\.platform.key).joined(separator: ", "))
  }

  // MARK: - The rehearsal

  private func rehearsal(_ report: inout CheckReport) async throws -> Rehearsal {
    var read = try await pinned.read(inside, network: .whenUnknown, fetching: fetching)
    let offered = Set(read.bundles.map(\.name)).sorted()
    let wanted = bundles ?? offered
    try BundleChoice.refuseUnknown(wanted, in: read)
    if !wanted.isEmpty {
      var layer = try PersonalLayer(inside)
      try layer.use(wanted)
      try inside.host.files.createDirectories(inside.places.config, mode: 0o700)
      try layer.file.save(inside.host)
      read = try await pinned.read(inside, network: .whenUnknown, fetching: fetching)
    }
    var settings = settings
    for (key, question) in read.unanswered.sorted(by: { $0.key < $1.key }) where settings[key] == nil {
      settings[key] = question.value.defaultAnswer ?? "outfit-check"
      if question.value.defaultAnswer == nil { report.assumed.append(key) }
    }
    var parts = PartSelection()
    if !runsPackages { parts.skipped.insert("packages") }
    if !runsScripts { parts.skipped.insert("scripts") }
    report.notDone = notDone(read)
    return Rehearsal(session: inside, place: pinned, settings: settings, parts: parts, fetching: fetching)
  }

  /// What is left out, since nothing could take it back.
  private func notDone(_ read: Profile) -> [CheckReport.Effect] {
    let packages =
      runsPackages
      ? []
      : read.packages.sorted { $0.key < $1.key }.flatMap { manager, packages in
        packages.map {
          CheckReport.Effect(entry: "packages.\(manager).\($0.value)", label: "\(manager): \($0.value)")
        }
      }
    let scripts =
      runsScripts
      ? []
      : read.scripts.keys.sorted().map { CheckReport.Effect(entry: "scripts.\($0)", label: "script \($0)") }
    let files = profile.dotfiles.filter(\.value.value.isOutsideHome).keys.sorted().map {
      CheckReport.Effect(entry: "dotfiles.\($0)", label: "\($0), outside of HOME")
    }
    return packages + scripts + files
  }
}

extension LockTarget {
  /// The lock beside a profile, wherever that is; it is not written.
  init(_ place: ProfilePlace, file: FilePath, named: String?) {
    profile = place
    self.file = file
    self.named = named
    isShared = true
  }
}
