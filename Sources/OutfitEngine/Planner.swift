import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// Compares what a proposal wants with what is there, and with what the previous generation wrote. It only reads.
public enum Planner {
  /// - Parameters:
  ///   - previous: the current generation, where the caller has read it already.
  ///   - isPresent: whether the store holds an object.
  ///   - effectIsDue: for effects with a probe: whether it said that there is something to do. Those without
  ///     one are due when the receipts don't have their fingerprint.
  ///   - keepsMissing: what the proposal does not name stays as it is, as `--only` needs it. It is so too when
  ///     the proposal has failures, since it can't be known what is missing because of them.
  ///   - dropping: labels of objects that go all the same, with their commands.
  ///   - letGo: targets that stay as they are, and are managed no more.
  ///   - allowed: folders outside the scope's own that the user consented to.
  ///   - outside: targets, or folders of them, that the profile names outside of HOME by its own key, with consent.
  /// - Throws: `Failure` with status `usage` for targets outside the allowed folders, and for two entries
  ///   that want the same path or name.
  public static func plan(
    scope: Scope, proposal: Proposal, host: Host, isPresent: (ObjectID) -> Bool,
    effectIsDue: (Effect) -> Bool = { _ in true }, keepsMissing: Bool = false, dropping: Set<String> = [],
    letGo: Set<String> = [], allowed: [FilePath] = [], outside: [FilePath] = [],
    previous: NewestGeneration? = nil
  ) throws -> Plan {
    let newest = try previous ?? NewestGeneration(scope, host: host)
    let previous = newest.record
    let keepsMissing = keepsMissing || !proposal.failures.isEmpty
    var plan = Plan(scope: scope, origin: .up, base: previous?.number ?? 0)
    plan.previous = previous
    plan.failures = proposal.failures + proposal.leftOut.map(\.diagnostic)
    plan.notes = proposal.notes
    plan.activation = RecordedActivation(
      virtualenv: proposal.virtualenv?.string, variables: proposal.variables)

    var problems: [Diagnostic] = []
    plan.claims = claims(of: proposal, store: host.places.store, &problems)
    plan.interpreters = proposal.interpreters.map {
      RecordedInterpreter(
        language: $0.language, version: $0.version, request: $0.request,
        program: $0.program.resolved(store: host.places.store).string, object: $0.object)
    }
    let hollow = hollow(plan, Store(host))
    plan.objects = proposal.objects.filter { hollow.contains($0.id) || !isPresent($0.id) }
    plan.usedObjects = proposal.objects.map { RecordedObject(id: $0.id, label: $0.label, inputs: $0.inputs) }

    var targets = try TargetPlanner(
      scope: scope, previous: newest, host: host, allowed: allowed, outside: outside,
      keepsMissing: keepsMissing,
      dropped: (previous?.objects ?? []).filter { dropping.contains($0.label) }.map(\.id))
    problems += try targets.plan(
      proposal.changes, letGo: letGo, keeping: Set(proposal.leftOut.compactMap(\.target?.string)),
      staysAbsent: proposal.staysAbsent)
    guard problems.isEmpty else { throw Failure(problems, status: .usage) }
    plan.targets = targets.takePlanned()

    if keepsMissing, let previous { plan.carry(previous, besides: dropping) }
    try plan.settle(host.files)

    let receipts = try EffectReceipts.read(scope, host: host)
    plan.effects = proposal.effects.filter { effect in
      effect.isRoutine || (effect.probe == nil ? receipts.wants(effect) : effectIsDue(effect))
    }
    plan.completesPrevious =
      previous?.isIncomplete == true && plan.failures.isEmpty && plan.objects.isEmpty
    plan.notes += shadowed(plan, host)
    return plan
  }

  /// Objects that count as present, of which a program that is wanted has been removed.
  private static func hollow(_ plan: Plan, _ store: Store) -> Set<ObjectID> {
    let programs =
      plan.claims.compactMap { claim in claim.object.map { ($0, FilePath(claim.program)) } }
      + plan.interpreters.map { ($0.object, FilePath($0.program)) }
    return Set(programs.filter { store.hasLost($0.1, of: $0.0) }.map(\.0))
  }

  /// What nothing of a profile is called by: these run Outfit.
  private static let ownNames: Set = ["outfit", "outfit-shim"]

  /// The claims by name; two that differ are a problem each.
  private static func claims(
    of proposal: Proposal, store: FilePath, _ problems: inout [Diagnostic]
  ) -> [RecordedClaim] {
    var byName: [String: (claim: RecordedClaim, source: SourceLocation)] = [:]
    for claim in proposal.claims {
      let location = claim.owner.location
      let recorded = RecordedClaim(
        name: claim.name, program: claim.program.resolved(store: store).string,
        arguments: claim.arguments, label: claim.label, owner: location.description, object: claim.object)
      if ownNames.contains(claim.name), !claim.isOwn {
        problems.append(
          Diagnostic(
            .error, "\(claim.label) has a command `\(claim.name)`, which is Outfit's own name", at: location,
            hint: "leave it out: `expose: [...]` without \(claim.name); or add to the names of all that it "
              + "offers: `suffix: ...`"))
        continue
      }
      guard let other = byName[claim.name] else {
        byName[claim.name] = (recorded, location)
        continue
      }
      if other.claim.program == recorded.program, other.claim.arguments == recorded.arguments { continue }
      problems.append(
        Diagnostic(
          .error,
          "both \(other.claim.label) (\(other.source)) and \(claim.label) (\(location)) offer the command `\(claim.name)`",
          at: location,
          hint:
            "say which of their commands one of them offers: `expose: [...]` without \(claim.name); or add to "
            + "the names of all that one offers: `suffix: ...`"))
    }
    return byName.values.map(\.claim).sorted { $0.name < $1.name }
  }

  /// New commands that hide a program that the user had.
  private static func shadowed(_ plan: Plan, _ host: Host) -> [Diagnostic] {
    let folders = (host.environment["PATH"] ?? "").split(separator: ":").map { FilePath(String($0)) }
      .filter { $0.isAbsolute && $0 != host.places.bin }
    var hidden: [(name: String, folder: FilePath)] = []
    for name in plan.names where name.action == .add && name.name != "outfit" {
      if let folder = folders.first(where: { host.files.exists($0.appending(name.name)) }) {
        hidden.append((name.name, folder))
      }
    }
    return Dictionary(grouping: hidden, by: \.folder).sorted { $0.key.string < $1.key.string }.map {
      folder, names in
      Diagnostic(
        .note, "these now come before those of \(folder): \(names.map(\.name).joined(separator: ", "))")
    }
  }
}

extension PlannedTarget {
  /// Something is at its path afterwards, whatever is decided.
  fileprivate var staysThere: Bool {
    guard action == .upToDate else { return after != .absent }
    return (record ?? recordKeeping).map { $0.written != .absent } ?? true
  }
}

extension Plan {
  /// Takes over what the previous generation has and this plan does not name.
  mutating func carry(_ previous: Generation, besides labels: Set<String>) {
    let names = Set(claims.map(\.name))
    claims =
      (claims + previous.claims.filter { !names.contains($0.name) && !labels.contains($0.label) })
      .sorted { $0.name < $1.name }
    let requests = Set(interpreters.map { "\($0.language) \($0.request)" })
    interpreters += previous.interpreters.filter { !requests.contains("\($0.language) \($0.request)") }
    activation.virtualenv = activation.virtualenv ?? previous.activation.virtualenv
    activation.variables.merge(previous.activation.variables) { mine, _ in mine }
    let ids = Set(usedObjects.map(\.id))
    usedObjects += previous.objects.filter { !ids.contains($0.id) && !labels.contains($0.label) }
  }

  /// Derives how the commands differ, and which folders go.
  mutating func settle(_ files: any Files) throws(FileError) {
    let old = Dictionary(
      (previous?.claims ?? []).map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    let new = Set(claims.map(\.name))
    names = claims.compactMap { claim in
      guard let before = old[claim.name] else {
        return PlannedName(name: claim.name, action: .add, label: claim.label)
      }
      let isSame =
        before.program == claim.program && before.arguments == claim.arguments
        && before.label == claim.label
      return isSame ? nil : PlannedName(name: claim.name, action: .update, label: claim.label)
    }
    names += (previous?.claims ?? []).filter { !new.contains($0.name) }
      .map { PlannedName(name: $0.name, action: .remove, label: $0.label) }
    names.sort { $0.name < $1.name }
    interpretersDiffer =
      activation != previous?.activation ?? RecordedActivation()
      || interpreters.map { [$0.language.rawValue, $0.version.description, $0.program] }
        != (previous?.interpreters ?? []).map { [$0.language.rawValue, $0.version.description, $0.program] }

    // A folder of ours stays for as long as something that we manage is in it.
    let made = previous?.folders ?? []
    let leaving = targets.filter { $0.goesWithItsFolder }.map(\.resolved)
    var unneeded = Dictionary(
      (made + leaving).map { ($0.string, $0) }, uniquingKeysWith: { first, _ in first })
    var last = ""[...]
    for target in targets where target.record != nil || target.recordKeeping != nil {
      guard target.staysThere else { continue }
      if unneeded.isEmpty { break }
      let name = target.resolved.string
      unneeded[name] = nil
      var folder = name[...]
      _ = folder.dropLastName()
      if folder == last { continue }
      last = folder
      repeat { unneeded[String(folder)] = nil } while folder.dropLastName()
    }
    // One with something of the user's in it stays, and is remembered: it goes when it is empty.
    var going = Set(
      targets.filter { $0.action != .upToDate && $0.after == .absent && !$0.goesWithItsFolder }
        .map(\.resolved.string))
    let deepestFirst = unneeded.values.sorted {
      $0.components.count > $1.components.count
        || ($0.components.count == $1.components.count && $0.string < $1.string)
    }
    foldersToRemove = []
    for folder in deepestFirst {
      guard try files.status(folder, followLinks: false)?.kind == .directory else { continue }
      if try files.list(folder).allSatisfy({ going.contains(folder.appending($0).string) }) {
        going.insert(folder.string)
        foldersToRemove.append(folder)
      } else {
        unneeded[folder.string] = nil
      }
    }
    folders = (made + leaving).filter { unneeded[$0.string] == nil }
    targets.removeAll { $0.goesWithItsFolder }

    recordDiffers =
      !Self.manage(targets.compactMap(\.record), previous?.targets ?? [])
      || Set(usedObjects.map(\.id)) != Set((previous?.objects ?? []).map(\.id))
  }

  /// Whether both have the same targets, and the same blocks in them.
  private static func manage(_ a: [RecordedTarget], _ b: [RecordedTarget]) -> Bool {
    func same(_ a: RecordedTarget, _ b: RecordedTarget) -> Bool {
      a.target == b.target && a.blocks.map(\.identifier) == b.blocks.map(\.identifier)
        && a.keys.map(\.path) == b.keys.map(\.path)
    }
    // Both are sorted by path, where nothing was written by hand.
    guard a.count == b.count else { return false }
    if zip(a, b).allSatisfy(same) { return true }
    func sorted(_ records: [RecordedTarget]) -> [RecordedTarget] {
      records.sorted { $0.target.string < $1.target.string }
    }
    return zip(sorted(a), sorted(b)).allSatisfy(same)
  }
}
