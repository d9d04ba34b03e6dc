import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// Files of settings in which a few keys are Outfit's.
extension TargetPlanner {
  /// Every key as it is wanted, and those left alone that the user changed.
  private struct Outcome {
    var all: [UInt8]
    var safe: [UInt8]
    var recordAll: [RecordedKey] = []
    var recordSafe: [RecordedKey] = []
    var conflict: Conflict?

    init(_ text: [UInt8]) { (all, safe) = (text, text) }

    mutating func note(_ reason: Conflict.Reason, _ message: String) {
      if conflict == nil { conflict = Conflict(reason: reason, message: message, line: nil, canTake: true) }
    }
  }

  /// Plans the keys of one file.
  /// - Parameter resolved: where it really is.
  /// - Returns: nil when there is nothing to manage: a file that is not there and is not to be made.
  mutating func keys(
    _ change: Change, _ wanted: Edit.Keys, _ folder: Inspector.Folder, at resolved: FilePath
  ) throws -> PlannedTarget? {
    if let refused = try refused(change, folder, at: resolved) { return refused }
    let home = try inspector.folder(resolved.parent)
    let old = previous[change.target.string]
    if let old, !old.blocks.isEmpty {
      return blocked(
        change, folder, "a block in it is Outfit's: take that entry out first, and run outfit up")
    }
    let seen =
      home.standing == .present
      ? try inspector.look(resolved, written: old?.written, known: stats[resolved])
      : Inspector.Seen(state: .absent)
    let records = wanted.values.map {
      RecordedKey(format: wanted.format, path: $0.path, value: $0.value.digest)
    }
    // Unchanged since the last time, and nothing new is wanted: the file need not be read.
    if let old, seen.bytes == nil, seen.state.matches(old.written), old.keys == records {
      var record = old
      record.owner = change.owner.location.description
      return PlannedTarget(
        target: change.target, resolved: resolved, owner: change.owner.location, isSecret: false,
        action: .upToDate, before: seen.state, after: .init(kept: seen.state) ?? .absent,
        object: change.object,
        record: record, recordKeeping: old, signature: seen.signature)
    }
    let (text, mode): ([UInt8], UInt16)
    switch seen.state {
    case .absent:
      guard let made = wanted.createMode else { return nil }
      (text, mode) = ([], made)
    case .file(let file): (text, mode) = (try seen.bytes ?? host.files.read(resolved), file.mode)
    case .link, .directory, .moved, .tree, .other:
      return blocked(change, folder, "it is \(seen.state.summary)")
    }
    // What was Outfit's as a whole is what was there before it, and gets the keys.
    let isWhole = old.map { $0.keys.isEmpty && seen.state.matches($0.written) } ?? false
    var outcome = Outcome(isWhole ? try old.flatMap { try bytes(of: $0.first) } ?? [] : text)
    do throws(SettingsProblem) {
      if seen.state == .absent, let old, old.written != .absent {
        outcome.note(.edited, "the file was removed since Outfit set its keys")
      }
      try set(wanted, old?.keys ?? [], &outcome)
      if let old { try removeOthers(old, except: wanted.values.map(\.path), &outcome) }
    } catch {
      return unreadable(change, folder, error, at: resolved)
    }
    return planned(change, resolved, seen, mode: mode, text, outcome, old)
  }

  private mutating func refused(
    _ change: Change, _ folder: Inspector.Folder, at resolved: FilePath
  ) throws -> PlannedTarget? {
    if case .blocked(let obstacle) = folder.standing {
      return blocked(change, folder, "\(obstacle) is not a folder")
    }
    if resolved != folder.path.holding(change.target) {
      let home = try inspector.folder(resolved.parent)
      if let refusal = try inspector.refusal(in: home, for: change.target) {
        return blocked(change, folder, "it is a link, and \(refusal)")
      }
      if home.standing != .present { return blocked(change, folder, "it is a link that leads nowhere") }
    }
    if let owner = try inspector.otherOwner(of: resolved, for: change.target) {
      return blocked(change, folder, "it belongs to another user (\(owner)), and would be yours afterwards")
    }
    return nil
  }

  private func unreadable(
    _ change: Change, _ folder: Inspector.Folder, _ problem: SettingsProblem, at resolved: FilePath
  ) -> PlannedTarget {
    var target = blocked(change, folder, problem.message)
    let place = problem.line.map { "\(resolved):\($0): " } ?? ""
    target.conflict = Conflict(
      reason: .malformed, message: place + problem.message, line: problem.line, canTake: false)
    return target
  }

  /// The content of an earlier state; nil when it was kept nowhere.
  private func bytes(of state: TargetState) throws -> [UInt8]? {
    switch state {
    case .absent: []
    case .file(let file): file.isKeyed ? nil : try blobs.read(file.digest)
    case .link, .directory, .moved, .tree, .other: nil
    }
  }

  private func set(
    _ wanted: Edit.Keys, _ olds: [RecordedKey], _ outcome: inout Outcome
  ) throws(SettingsProblem) {
    for key in wanted.values {
      let (path, value) = (key.path, key.value)
      let record = RecordedKey(format: wanted.format, path: path, value: value.digest)
      let old = olds.first { $0.path == path }
      let present = try SettingsText.value(at: path, in: outcome.safe, wanted.format)
      let name = path.joined(separator: ".")
      if present.map({ wanted.format.same($0, value) }) == true {
        outcome.recordAll.append(record)
        outcome.recordSafe.append(old ?? record)
        continue
      }
      outcome.all = try SettingsText.setting(path, to: value, in: outcome.all, wanted.format)
      outcome.recordAll.append(record)
      let isEdited = old.map { present?.digest != $0.value } ?? (present != nil)
      if isEdited {
        outcome.note(
          old == nil ? .notOurs : .edited,
          old == nil
            ? "`\(name)` has another value there that is not Outfit's"
            : "`\(name)` was \(present == nil ? "removed" : "changed") since Outfit set it")
        if let old { outcome.recordSafe.append(old) }
      } else {
        outcome.safe = try SettingsText.setting(path, to: value, in: outcome.safe, wanted.format)
        outcome.recordSafe.append(record)
      }
    }
  }

  /// Keys that nobody asks for any more are as they were before Outfit.
  private func removeOthers(
    _ old: RecordedTarget, except paths: [[String]], _ outcome: inout Outcome
  ) throws(SettingsProblem) {
    let going = old.keys.filter { !paths.contains($0.path) }
    guard !going.isEmpty else { return }
    if keepsMissing {
      outcome.recordAll += going
      outcome.recordSafe += going
      return
    }
    let earlier: [UInt8]
    do { earlier = try bytes(of: old.first) ?? [] } catch {
      throw SettingsProblem(message: "what was there before Outfit can't be read: \(error)", line: nil)
    }
    try restore(going, from: earlier, &outcome)
  }

  /// - Parameter absent: what need not be there now.
  private func restore(
    _ keys: [RecordedKey], from earlier: [UInt8], _ outcome: inout Outcome, absent: Set<[String]> = []
  ) throws(SettingsProblem) {
    var isEdited: [RecordedKey] = []
    for key in keys {
      let present = try SettingsText.value(at: key.path, in: outcome.safe, key.format)
      let first = try SettingsText.value(at: key.path, in: earlier, key.format)
      if present?.digest == key.value || present == first || present == nil && absent.contains(key.path) {
        continue
      }
      isEdited.append(key)
      outcome.note(
        .edited, "`\(key.path.joined(separator: "."))` goes back, but it was changed since Outfit set it")
    }
    outcome.all = try SettingsText.restoring(
      keys.map { ($0.path, $0.format) }, from: earlier, in: outcome.all)
    outcome.safe = try SettingsText.restoring(
      keys.filter { !isEdited.contains($0) }.map { ($0.path, $0.format) }, from: earlier, in: outcome.safe)
  }

  private func planned(
    _ change: Change, _ resolved: FilePath, _ seen: Inspector.Seen, mode: UInt16, _ text: [UInt8],
    _ outcome: Outcome, _ old: RecordedTarget?
  ) -> PlannedTarget {
    func record(_ bytes: [UInt8], _ keys: [RecordedKey]) -> RecordedTarget {
      var record = RecordedTarget(
        target: change.target, resolved: resolved, owner: change.owner.location.description, isSecret: false,
        written: state(of: .file(.given(bytes), mode: mode, modified: nil), isSecret: false),
        first: old?.first ?? seen.state, blocks: [])
      record.keys = keys
      return record
    }
    var target = PlannedTarget(
      target: change.target, resolved: resolved, owner: change.owner.location, isSecret: false,
      action: .upToDate, before: seen.state, after: .file(.given(outcome.all), mode: mode, modified: nil),
      object: change.object, record: record(outcome.all, outcome.recordAll), recordKeeping: old,
      signature: seen.signature)
    if let conflict = outcome.conflict {
      target.conflict = conflict
      target.action = .conflict
      guard seen.state != .absent else { return target }
      target.recordKeeping =
        outcome.recordSafe.isEmpty && old == nil ? nil : record(outcome.safe, outcome.recordSafe)
      if outcome.safe != text {
        target.afterKeeping = .file(.given(outcome.safe), mode: mode, modified: nil)
      }
    } else if seen.state == .absent {
      target.action = .create
    } else if !seen.state.matches(target.after.state(key: nil)) {
      target.action = .update
    }
    return target
  }

  // MARK: Going back

  /// Puts the keys of a file back that nobody asks for any more.
  mutating func keysLeaving(_ old: RecordedTarget) throws -> PlannedTarget? {
    let seen = try inspector.look(old.resolved, written: old.written, known: stats[old.resolved])
    if seen.state.matches(old.first) || seen.state == .absent { return nil }
    return try keysRestored(old, old.keys, seen, to: old.first)
  }

  /// A plan for the keys of a file to be as an earlier state of it has them, and all else as it is.
  func keysRestored(
    _ record: RecordedTarget, _ keys: [RecordedKey], _ seen: Inspector.Seen, to goal: TargetState,
    then: [RecordedKey] = []
  ) throws -> PlannedTarget {
    var target = try restoring(record, seen, to: goal)
    guard case .file(let file) = seen.state, goal == .absent || goal.isFile else { return target }
    guard let earlier = try bytes(of: goal) else { return target }
    let present = try seen.bytes ?? host.files.read(record.resolved)
    var outcome = Outcome(present)
    (target.conflict, target.action) = (nil, .restore)
    do throws(SettingsProblem) {
      // What only the goal has is the user's now.
      let others = then.filter { key in !keys.contains { $0.path == key.path } }
      var all = keys
      for key in others {
        guard let value = try SettingsText.value(at: key.path, in: present, key.format) else {
          all.append(key)
          continue
        }
        all.append(RecordedKey(format: key.format, path: key.path, value: value.digest))
      }
      try restore(all, from: earlier, &outcome, absent: Set(others.map(\.path)))
    } catch {
      let place = error.line.map { "\(record.resolved):\($0): " } ?? ""
      target.conflict = Conflict(
        reason: .malformed, message: place + error.message, line: error.line, canTake: false)
      target.action = .conflict
      return target
    }
    func content(_ bytes: [UInt8]) -> PlannedTarget.Content {
      if goal == .absent, bytes.isBare { return .absent }
      if bytes == earlier, let kept = PlannedTarget.Content(kept: goal) { return kept }
      return .file(.given(bytes), mode: file.mode, modified: nil)
    }
    target = target.with(after: content(outcome.all))
    if let conflict = outcome.conflict {
      (target.conflict, target.action) = (conflict, .conflict)
      if outcome.safe != present { target.afterKeeping = content(outcome.safe) }
    } else if outcome.all == present {
      target.action = .upToDate
    } else if target.after == .absent {
      target.action = .remove
    }
    return target
  }
}

extension TargetState {
  fileprivate var isFile: Bool { if case .file = self { true } else { false } }
}

extension [UInt8] {
  /// Nothing but blanks, or a mapping without keys.
  fileprivate var isBare: Bool {
    let rest = filter { $0 > 32 }
    return rest.isEmpty || rest == Array("{}".utf8)
  }
}
