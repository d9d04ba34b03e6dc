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
  @Flag(help: "Print what was pinned, or is missing, as JSON.") var json = false

  func run() async throws {
    try await withSession { session in
      let place = try LockTarget(profile, session)
      var pins = try await Pinning(session, place, keeping: { _ in true })
      let before = pins.before
      try await pins.resolve(imagesOnly: images)
      let changes = LockChanges(before: before, after: pins.after)
      let unpinned = images ? [] : pins.unpinned
      func end(changed: Bool, _ exit: ExitStatus) throws {
        if json {
          session.write(
            JSONDocument(
              .lock, changed: changed, exit: exit,
              [
                "file": .string(place.file.string), "pins": changes.json,
                "unpinned": .array(unpinned.map { .string($0) }),
                "incomplete": .array(pins.failures.map { $0.error(.failed) }),
              ]))
        }
        if exit != .done { throw Ended(exit) }
      }
      if check {
        // What could not be pinned is no change.
        guard changes.isEmpty, unpinned.isEmpty else {
          session.report(pins.failures)
          for name in unpinned { session.say("  ? \(name)", json: json) }
          for line in changes.lines { session.say(line, json: json) }
          session.talk("\(session.short(place.file)) does not cover the manifest; run `outfit lock`")
          return try end(changed: true, .drift)
        }
        session.say("\(session.short(place.file)) covers the manifest.", json: json)
        return try end(changed: false, .done)
      }
      let isWorthAFile = !changes.isEmpty || session.host.files.exists(place.file) || !pins.isIncomplete
      if isWorthAFile { try pins.save() }
      for line in changes.lines { session.say(line, json: json) }
      if !changes.isEmpty {
        session.say("Wrote \(session.short(place.file)). Commit it, and everybody has the same.", json: json)
      } else if unpinned.isEmpty {
        session.say("Nothing to do: \(session.short(place.file)) covers the manifest.", json: json)
      }
      session.report(pins.notes + pins.failures)
      try end(changed: !changes.isEmpty, pins.isIncomplete ? .failed : .done)
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

  /// - Parameters:
  ///   - orMachine: where there is no project.
  ///   - onlyMachine: also inside a project.
  init(_ named: String?, _ session: Session, orMachine: Bool = false, onlyMachine: Bool = false) throws {
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
    } else if !onlyMachine, let project = try Project.find(host) {
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
        hint: orMachine
          ? "a machine without a profile has no pins; `outfit up PROFILE` gives it one"
          : "name the folder of a profile: `outfit lock DIR`", status: .usage)
    }
  }
}

/// Resolves what a lock does not have.
struct Pinning {
  let before: Lock
  private(set) var after: Lock
  private(set) var failures: [Diagnostic] = []
  /// What a person should know of what is pinned.
  private(set) var notes: [Diagnostic] = []
  /// Tools that would move, but for `hold: true`.
  let held: [String]
  /// Tools that would move, but that the lock beside the machine's profile pins.
  let fixed: [String]
  /// The layers that were asked for anew.
  let moving: Set<GitProfiles.Reference>
  /// Which of them have other commits now.
  let layerChanges: [LayerChange]
  let profile: Profile
  private let layers: [String]
  private let place: LockTarget
  private let session: Session

  /// - Parameters:
  ///   - keeping: whether the pin of that name stays.
  ///   - movingLayers: whether the layer of that name moves, where it comes from git.
  init(
    _ session: Session, _ place: LockTarget, keeping: (String) -> Bool,
    movingLayers: (String) -> Bool = { _ in false }
  ) async throws {
    self.session = session
    self.place = place
    let host = session.host
    let present = try await Self.load(place, [], host)
    let origins = GitLayers.origins(present)
    layers = origins.map(\.name)
    moving = Set(origins.filter { movingLayers($0.name) }.map { GitProfiles.Reference($0.address) })
    profile = moving.isEmpty ? present : try await Self.load(place, moving, host)
    layerChanges = await LayerChange.looked(
      LayerChange.all(from: present, to: profile), place.profile.profiles(host, network: .always))
    var team = Lock()
    if place.isShared {
      before = try LockFile.read(place.file, for: profile, host: host) ?? Lock()
      after = before
    } else {
      before = try Locks(host: host, profile: present).merged
      let locks = try Locks(host: host, profile: profile)
      after = locks.merged
      if let shared = locks.place.shared {
        team = try LockFile.read(shared, for: profile, host: host) ?? Lock()
      }
    }
    let start = after
    for (language, pins) in start.interpreters where !keeping(language.rawValue) {
      let stays = pins.filter { pin in
        team.interpreters[language]?.contains { $0.request == pin.request } == true
      }
      after.interpreters[language] = stays.isEmpty ? nil : stays
    }
    let stays = Set(profile.tools.filter { $0.value.value.isHeld }.keys)
    let theirs = Set(team.tools.keys)
    // What is pinned for other machines moves with the tool of its name.
    func keeps(_ key: String) -> Bool { keeping(String(key.prefix { $0 != "," })) }
    after.tools = start.tools.filter { keeps($0.key) || stays.union(theirs).contains($0.key) }
    held = start.tools.keys.filter { !keeping($0) && stays.contains($0) }.sorted()
    fixed = start.tools.keys.filter { !keeping($0) && theirs.contains($0) }.sorted()
    if !keeping("virtualenv") { after.virtualenv = nil }
    if !keeping("node_modules") { after.nodeModules = nil }
    after.externals = start.externals.filter { keeping($0.key) || team.externals[$0.key] != nil }
    after.images = start.images.filter { keeping($0.key) }
    if !keeping("packages") { after.imagePackages = nil }
  }

  private static func load(
    _ place: LockTarget, _ moving: Set<GitProfiles.Reference>, _ host: Host
  ) async throws -> Profile {
    let git = place.profile.profiles(
      host, network: .whenUnknown, moving: moving, writesLock: place.isShared, withPersonal: !place.isShared)
    let loader = ProfileLoader(host: host, resolveAddress: git.resolver)
    // A committed lock is the team's: the personal layer has one of its own.
    switch place.profile.scope {
    case .project(let root):
      return try await loader.project(
        at: root, manifestIn: FilePath(place.profile.address), withPersonal: false)
    case .machine:
      return try await loader.machine(
        ProfilePlace.located(place.profile.address, host), withPersonal: !place.isShared)
    }
  }

  /// What `update` takes.
  var names: Set<String> {
    Set(before.interpreters.keys.map(\.rawValue)).union(before.tools.keys).union(before.images.keys)
      .union(before.externals.keys)
      .union(before.virtualenv == nil ? [] : ["virtualenv"])
      .union(before.nodeModules == nil ? [] : ["node_modules"])
      .union(before.imagePackages == nil ? [] : ["packages"]).union(layers.map { "layer:\($0)" })
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

  /// - Parameters:
  ///   - given: what the command line says of consent.
  ///   - again: what was typed, where that is how to consent.
  mutating func resolve(
    imagesOnly: Bool = false, given: Consent.Given = .nothing, again: String? = nil
  ) async throws {
    // A git address that is adopted is consented to by having it.
    let isGit = place.profile.git != nil
    let consented = try await session.consent(
      to: profile, given: given, command: isGit ? "outfit up" : "outfit trust",
      address: isGit ? place.profile.address : place.named, again: again)
    if imagesOnly {
      failures = try await ImagePins.resolve(&after, before: before, consented, session)
      failures += try await DistributionPins.resolve(&after, before: before, consented, session)
      return
    }
    let progress = TerminalProgress(host: session.host)
    var preparation = try Preparation(session, consented, mode: .live, progress: progress)
    after.layers = try after.layers(of: profile, files: session.host.files)
    preparation.lock = after
    preparation.lockIsShared = place.isShared
    let proposal = try await preparation.propose(Preparation.onEngines)
    after = preparation.lock
    failures = proposal.failures + proposal.leftOut.filter(\.isUnpinned).map(\.diagnostic)
    notes = proposal.notes
    failures += profile.toolsElsewhere.filter { after.tools[$0.key] == nil }.map { tool in
      Diagnostic(
        .error, "\(tool.name) could not be pinned for the machines that have it",
        at: tool.section.source.location, hint: "run it again when what it comes from answers")
    }
    failures += try await ImagePins.resolve(&after, before: before, consented, session)
    failures += try await DistributionPins.resolve(&after, before: before, consented, session)
  }

  /// - Returns: what takes it back.
  @discardableResult
  func save() throws -> () throws -> Void {
    let host = session.host
    guard place.isShared else { return try Locks(host: host, profile: profile).save(after) }
    let file = place.file
    let present = try host.files.text(file)
    try Locks.write(LockFile.text(of: after, for: profile), to: file, mode: 0o644, host)
    return {
      if let present {
        try Locks.write(present, to: file, mode: 0o644, host)
      } else {
        try host.files.remove(file)
      }
    }
  }
}

/// What differs between two locks, for people.
struct LockChanges {
  /// A pin that came, went or moved.
  struct Move: Hashable {
    /// `black`, `python 3.13`, `virtualenv`, `image postgres`.
    let name: String
    /// Nil where it was not pinned.
    let before: String?
    /// Nil where it is pinned no more; the same as before where what it stands on moved.
    let after: String?

    /// `~ black 24.1.0 -> 25.1.0`.
    var text: String {
      // `python 3.13` is a request, and what stands behind it a version.
      let name = name + (name.contains(" ") ? ":" : "")
      return switch (before, after) {
      case (let old?, let new?) where old == new: "~ \(name) \(new): what it stands on moved"
      case (let old?, let new?): "~ \(name) \(old) -> \(new)"
      case (let old?, nil): "- \(name) \(old)"
      case (nil, let new): "+ \(name) \(new ?? "")"
      }
    }
  }

  let moves: [Move]
  var isEmpty: Bool { moves.isEmpty }

  /// For people.
  var lines: [String] { moves.map { "  \($0.text)" } }

  var json: JSONText {
    .array(
      moves.map {
        .object([
          "name": .string($0.name), "before": $0.before.map { .string($0) } ?? .null,
          "after": $0.after.map { .string($0) } ?? .null,
        ])
      })
  }

  init(moves: [Move]) { self.moves = moves }

  init(before: Lock, after: Lock) {
    var moves: [Move] = []
    func compare(_ name: String, _ old: String?, _ new: String?, _ differs: Bool) {
      guard old != new || old != nil && differs else { return }
      moves.append(Move(name: name, before: old, after: new))
    }
    for language in Language.allCases {
      let old = before.interpreters[language] ?? []
      let new = after.interpreters[language] ?? []
      for request in Set(old.map(\.request)).union(new.map(\.request)).sorted() {
        let (a, b) = (old.first { $0.request == request }, new.first { $0.request == request })
        compare("\(language.rawValue) \(request)", a?.version.description, b?.version.description, a != b)
      }
    }
    for name in Set(before.tools.keys).union(after.tools.keys).sorted() {
      let (a, b) = (before.tools[name], after.tools[name])
      compare(name, a?.version.description, b?.version.description, a != b)
    }
    if before.virtualenv != after.virtualenv {
      func text(_ locked: LockedRequirements?) -> String? { locked?.from.joined(separator: " and ") }
      compare("virtualenv", text(before.virtualenv), text(after.virtualenv), true)
    }
    if before.nodeModules != after.nodeModules {
      func text(_ locked: LockedNodeModules?) -> String? {
        locked.map { $0.manager.map { "\($0.request)" } ?? "npm of Node" }
      }
      compare("node_modules", text(before.nodeModules), text(after.nodeModules), true)
    }
    for address in Set(before.layers.keys).union(after.layers.keys).sorted() {
      func text(_ layer: LockedLayer?) -> String? { layer.map { String($0.commit.prefix(12)) } }
      compare("layer \(address)", text(before.layers[address]), text(after.layers[address]), false)
    }
    for address in Set(before.externals.keys).union(after.externals.keys).sorted() {
      func text(_ pin: LockedExternal?) -> String? {
        pin.map { pin in pin.commit.map { String($0.prefix(12)) } ?? pin.digest.short() }
      }
      compare(
        "external \(address)", text(before.externals[address]), text(after.externals[address]),
        before.externals[address] != after.externals[address])
    }
    for name in Set(before.images.keys).union(after.images.keys).sorted() {
      func text(_ image: LockedImage?) -> String? { image.map { $0.digest?.short() ?? "unresolved" } }
      compare("image \(name)", text(before.images[name]), text(after.images[name]), false)
    }
    if before.imagePackages != after.imagePackages {
      func text(_ packages: LockedImagePackages?) -> String? {
        packages.map { packages in
          let count = packages.files.values.map { $0.count }.max() ?? 0
          return "\((packages.run + packages.build).joined(separator: ", ")) (\(count) files)"
        }
      }
      compare("packages", text(before.imagePackages), text(after.imagePackages), true)
    }
    self.moves = moves
  }
}
