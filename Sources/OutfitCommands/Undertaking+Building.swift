import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSystem
import OutfitTools

/// Packages that somebody wants to be built after all: the `up` begins again, with these in the manifest.
struct BuildAnswer: Error {
  let packages: [String]
}

/// Packages that are to be had as source only, and the line of the manifest that has them built.
extension Undertaking {
  /// Writes them into the project's manifest, in the same transaction as what they bring.
  func runBuilding(at place: ProfilePlace, holding held: FileLock?) async throws -> ExitStatus {
    if !wish.isDryRun { session.warnOfHomeOfAnother() }
    var lock = held
    if lock == nil, !wish.isDryRun { lock = try await ScopeLock.acquire(place.scope, host: host) }
    defer { withExtendedLifetime(lock) {} }
    var other = wish
    other.edits = [try manifest(building: wish.building, at: place)]
    other.isAnswered = true
    let undertaking = Undertaking(session, other)
    guard !wish.isDryRun else {
      return try await undertaking.dryRun(
        try await place.read(session.seeing(other.edits), network: .never), place)
    }
    let done: Done
    do {
      done = try await undertaking.apply(at: place, holding: lock)
    } catch let answer as BuildAnswer {
      // What is built may need others that have to be.
      other = wish
      other.building += answer.packages
      return try await Undertaking(session, other).runBuilding(at: place, holding: lock)
    }
    if other.edits.contains(where: \.edit.isChanged) {
      session.talk("  \(other.edits[0].edit.file): \(wish.building.joined(separator: ", ")) under build:")
    }
    undertaking.conclude(done, place)
    return done.status
  }

  private func manifest(building packages: [String], at place: ProfilePlace) throws -> ManifestFile {
    guard case .project = place.scope, let project = try Project.find(host) else {
      throw Failure(
        "there is no project here whose packages could be built",
        hint: "tools have their own: `build:` below the tool", status: .usage)
    }
    var file = try ManifestFile(project.manifest, host: host)
    guard let section = file.edit.value(at: ["virtualenv"]) else {
      throw Failure(
        "\(file.edit.file) has no `virtualenv:` of its own to write into", status: .usage)
    }
    for package in packages where !Self.isName(package) {
      throw Failure("\(package) is not the name of a package", hint: "--build visitor", status: .usage)
    }
    let present = Set((section["build"]?.texts ?? []).map { normalizedPackageName($0) })
    let new = packages.map { normalizedPackageName($0) }.filter { !present.contains($0) }
    if !new.isEmpty { try file.edit.append(new, to: ["virtualenv", "build"]) }
    return file
  }

  /// By PEP 508.
  private static func isName(_ text: String) -> Bool {
    guard let first = text.first, let last = text.last else { return false }
    func isPlain(_ character: Character) -> Bool {
      character.isASCII && (character.isLetter || character.isNumber)
    }
    return isPlain(first) && isPlain(last) && text.allSatisfy { isPlain($0) || "._-".contains($0) }
  }

  // MARK: Asking

  /// What the environment lacks that this `up` is about, where the project's own manifest can say otherwise.
  private func unbuilt(_ profile: Profile, _ lock: Lock, _ place: ProfilePlace) -> [String] {
    guard let section = profile.virtualenv, wish.parts.has(Virtualenv().name),
      let project = try? Project.find(host), project.scope == place.scope,
      section.source.layer.manifest == project.manifest
    else { return [] }
    return Virtualenv.unbuilt(lock.virtualenv, section.value)
  }

  private static func question(_ packages: [String]) -> String {
    let isOne = packages.count == 1
    return "\(packages.joined(separator: ", ")) \(isOne ? "is" : "are") to be had as source only, and "
      + "\(isOne ? "its" : "their") code runs while \(isOne ? "it is" : "they are") built. "
      + "Write \(isOne ? "it" : "them") under build: in the manifest, and build \(isOne ? "it" : "them")?"
  }

  /// Asks on a terminal, once it is known what there is to ask. What they may do is asked as for every profile.
  /// - Throws: `BuildAnswer` for a yes.
  func askToBuild(_ profile: Profile, _ lock: Lock, _ place: ProfilePlace) throws {
    let isOwn = !wish.isEditing || wish.isAnswered
    guard host.terminal.isInteractive, isOwn, !wish.saysYes, !wish.isLocked, !wish.wantsJSON else { return }
    let packages = unbuilt(profile, lock, place)
    guard !packages.isEmpty, try ask(Self.question(packages), otherwise: "--build") else { return }
    throw BuildAnswer(packages: packages)
  }

  /// For a plan.
  func buildQuestion(_ profile: Profile, _ lock: Lock, _ place: ProfilePlace) -> [PlanMembers.Question] {
    let packages = unbuilt(profile, lock, place)
    guard !packages.isEmpty else { return [] }
    return [
      PlanMembers.Question(
        key: "build", prompt: Self.question(packages),
        line: "outfit up --build \(packages.joined(separator: ","))")
    ]
  }
}
