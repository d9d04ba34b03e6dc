import ArgumentParser
import OutfitConsent
import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSharing
import OutfitSystem
import SystemPackage

struct LockCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lock", abstract: "Pin what is not pinned yet, and write outfit.lock beside the manifest.",
    discussion: """
      PROFILE is a folder with an outfit.yaml: a machine profile whose lock the team commits. Without one: the \
      project that you stand in. Pins that are there stay; `outfit update` moves them. With --check the exit \
      status is 3 when the lock does not cover the manifest.
      """)

  @Argument(help: "The folder of a machine profile.") var profile: String?
  @Flag(help: "Write nothing; exit 3 when the lock does not cover the manifest.") var check = false
  @Flag(help: "Pin the images of `app` alone; nothing else is asked or built.") var images = false

  func run() async throws {
    try await withSession { session in
      let place = try LockTarget(profile, session)
      var pins = try await Pinning(session, place, keeping: { _ in true })
      let before = pins.before
      try await pins.resolve(imagesOnly: images)
      let changes = LockChanges(before: before, after: pins.after)
      let unpinned = images ? [] : pins.unpinned
      if check {
        // What could not be pinned is no change.
        guard changes.isEmpty, unpinned.isEmpty else {
          session.report(pins.failures)
          for name in unpinned { session.write("  ? \(name)") }
          for line in changes.lines { session.write(line) }
          session.talk("\(session.short(place.file)) does not cover the manifest; run `outfit lock`")
          throw Ended(.drift)
        }
        session.write("\(session.short(place.file)) covers the manifest.")
        return
      }
      let isWorthAFile = !changes.isEmpty || session.host.files.exists(place.file) || !pins.isIncomplete
      if isWorthAFile { try pins.save() }
      for line in changes.lines { session.write(line) }
      if !changes.isEmpty {
        session.write("Wrote \(session.short(place.file)). Commit it, and everybody has the same.")
      } else if unpinned.isEmpty {
        session.write("Nothing to do: \(session.short(place.file)) covers the manifest.")
      }
      session.report(pins.failures)
      if pins.isIncomplete { throw Ended(.failed) }
    }
  }
}

struct UpdateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "update",
    abstract: "Move pins to the newest that the manifest accepts, showing the change first.",
    discussion: "Without names: all of them. `outfit up` afterwards has them.")

  @Argument(help: "Tools or interpreters; all when none is named.") var names: [String] = []
  @Option(help: "The folder of a machine profile; without it the project that you stand in, or this machine.")
  var profile: String?
  @Flag(name: .customLong("dry-run"), help: "Show what would move, and write nothing.") var dryRun = false

  func run() async throws {
    try await withSession { session in
      let place = try LockTarget(profile, session, orMachine: true)
      let names = Set(names)
      var pins = try await Pinning(session, place, keeping: { !names.isEmpty && !names.contains($0) })
      let known = pins.names
      for name in names.sorted() where !known.contains(name) {
        throw Failure(
          "\(name) is not pinned here",
          hint: nearest(name, among: known).map { "did you mean \($0)?" }
            ?? "pinned are \(known.sorted().joined(separator: ", "))", status: .usage)
      }
      for name in pins.held { session.talk("\(name) is held, and stays") }
      let before = pins.before
      try await pins.resolve()
      let changes = LockChanges(before: before, after: pins.after)
      for line in changes.lines { session.write(line) }
      session.report(pins.failures)
      if changes.isEmpty {
        session.write("Nothing to do: every pin is the newest that the manifest accepts.")
      } else if dryRun {
        session.write("Nothing was changed: this was a dry run.")
      } else {
        guard !pins.isIncomplete else {
          throw Failure("nothing was moved, since not all could be resolved")
        }
        try pins.save()
        session.write("Wrote \(session.short(place.file)). Next: outfit up")
      }
      if pins.isIncomplete { throw Ended(.failed) }
    }
  }
}

/// Which lock a verb writes.
struct LockTarget {
  let profile: ProfilePlace
  let file: FilePath
  let isShared: Bool
  /// As it was typed.
  let named: String?

  init(_ named: String?, _ session: Session, orMachine: Bool = false) throws {
    let host = session.host
    self.named = named
    if let named {
      profile = try ProfilePlace.find(named, session)
      guard
        case .folder(let folder) = try ProfileAddress(
          ProfilePlace.located(profile.address, host) ?? "", relativeTo: host.workingDirectory,
          home: host.user.home)
      else {
        throw Failure(
          "a lock is written beside a manifest, and \(named) is not a folder here",
          hint: "clone it, and lock the clone", status: .usage)
      }
      file = folder.appending(LockFile.name)
      isShared = true
    } else if let project = try Project.find(host) {
      profile = project.place
      file = project.lock
      isShared = true
    } else if orMachine, let adopted = try ProfilePlace.adopted(host) {
      profile = adopted
      file = host.places.state(of: .machine).appending(LockFile.name)
      isShared = false
    } else {
      throw Failure(
        "there is no project here: no outfit.yaml in \(host.workingDirectory) or above",
        hint: "name the folder of a profile: `outfit lock DIR`", status: .usage)
    }
  }
}

/// Resolves what a lock does not have.
struct Pinning {
  let before: Lock
  private(set) var after: Lock
  private(set) var failures: [Diagnostic] = []
  /// Tools that would move, but for `hold: true`.
  let held: [String]
  private let place: LockTarget
  private let profile: Profile
  private let session: Session

  /// - Parameter keeping: whether the pin of that name stays.
  init(_ session: Session, _ place: LockTarget, keeping: (String) -> Bool) async throws {
    self.session = session
    self.place = place
    let host = session.host
    // A committed lock is the team's: the personal layer has one of its own.
    let git = GitProfiles(host: host, network: .always)
    let loader = ProfileLoader(host: host, resolveAddress: git.resolver)
    switch place.profile.scope {
    case .project(let root):
      profile = try await loader.project(
        at: root, manifestIn: FilePath(place.profile.address), withPersonal: false)
    case .machine:
      profile = try await loader.machine(
        ProfilePlace.located(place.profile.address, host), withPersonal: !place.isShared)
    }
    if place.isShared {
      before = try LockFile.read(place.file, for: profile, host: host) ?? Lock()
    } else {
      before = try Locks(host: host, profile: profile).merged
    }
    after = before
    after.interpreters = before.interpreters.filter { keeping($0.key.rawValue) }
    let stays = Set(profile.tools.filter { $0.value.value.isHeld }.keys)
    after.tools = before.tools.filter { keeping($0.key) || stays.contains($0.key) }
    held = before.tools.keys.filter { !keeping($0) && stays.contains($0) }.sorted()
    if !keeping("virtualenv") { after.virtualenv = nil }
    after.images = before.images.filter { keeping($0.key) }
  }

  var names: Set<String> {
    Set(before.interpreters.keys.map(\.rawValue)).union(before.tools.keys).union(before.images.keys)
      .union(before.virtualenv == nil ? [] : ["virtualenv"])
  }

  /// Something could not be pinned at all; an image whose registry did not answer is written as `unresolved`.
  var isIncomplete: Bool { failures.contains { $0.severity == .error } }

  /// What the manifest wants and the lock does not have, since it could not be had: `python 3.13`, `black`.
  var unpinned: [String] {
    var names: [String] = []
    for (language, section) in profile.interpreters.sorted(by: { $0.key < $1.key }) {
      let pinned = Set((after.interpreters[language] ?? []).map(\.request))
      for request in section.value.versions where !pinned.contains(request.text) {
        names.append("\(language) \(request)")
      }
    }
    guard isIncomplete else { return names }
    for name in profile.tools.keys.sorted() where after.tools[name] == nil { names.append(name) }
    return names
  }

  mutating func resolve(imagesOnly: Bool = false) async throws {
    let consented = try await session.consent(to: profile, address: place.named)
    if imagesOnly {
      failures = try await ImagePins.resolve(&after, before: before, consented, session)
      return
    }
    let progress = TerminalProgress(host: session.host)
    var preparation = try Preparation(session, consented, mode: .live, progress: progress)
    preparation.lock = after
    preparation.lockIsShared = place.isShared
    let proposal = try await preparation.propose(Preparation.onEngines)
    after = preparation.lock
    failures = proposal.failures
    failures += try await ImagePins.resolve(&after, before: before, consented, session)
  }

  func save() throws {
    let host = session.host
    if place.isShared {
      try Locks.write(LockFile.text(of: after), to: place.file, mode: 0o644, host)
    } else {
      try Locks(host: host, profile: profile).save(after)
    }
  }
}

/// What differs between two locks, for people.
struct LockChanges {
  let lines: [String]
  var isEmpty: Bool { lines.isEmpty }

  init(before: Lock, after: Lock) {
    var lines: [String] = []
    func compare(_ name: String, _ old: String?, _ new: String?, _ differs: Bool) {
      switch (old, new) {
      case (nil, nil): break
      case (nil, let new?): lines.append("  + \(name) \(new)")
      case (let old?, nil): lines.append("  - \(name) \(old)")
      case (let old?, let new?):
        if old != new {
          lines.append("  ~ \(name) \(old) -> \(new)")
        } else if differs {
          lines.append("  ~ \(name) \(new): what it stands on moved")
        }
      }
    }
    for language in Language.allCases {
      let old = before.interpreters[language] ?? []
      let new = after.interpreters[language] ?? []
      for request in Set(old.map(\.request)).union(new.map(\.request)).sorted() {
        let (a, b) = (old.first { $0.request == request }, new.first { $0.request == request })
        compare("\(language.rawValue) \(request):", a?.version.description, b?.version.description, a != b)
      }
    }
    for name in Set(before.tools.keys).union(after.tools.keys).sorted() {
      let (a, b) = (before.tools[name], after.tools[name])
      compare(name, a?.version.description, b?.version.description, a != b)
    }
    if before.virtualenv != after.virtualenv {
      compare("virtualenv", before.virtualenv?.from, after.virtualenv?.from, true)
    }
    for name in Set(before.images.keys).union(after.images.keys).sorted() {
      func text(_ image: LockedImage?) -> String? { image.map { $0.digest?.short() ?? "unresolved" } }
      compare("image \(name)", text(before.images[name]), text(after.images[name]), false)
    }
    self.lines = lines
  }
}
