import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

extension TargetPlanner {
  /// Both outcomes of a file with blocks: every block as it is wanted, and those left alone that the user changed.
  private struct Outcome {
    var all: [UInt8]
    var safe: [UInt8]
    var recordAll: [RecordedBlock] = []
    var recordSafe: [RecordedBlock] = []
    var conflict: Conflict?

    init(_ text: [UInt8]) { (all, safe) = (text, text) }

    mutating func note(_ message: String, line: Int?) {
      if conflict == nil {
        conflict = Conflict(reason: .edited, message: message, line: line, canTake: true)
      }
    }
  }

  /// Plans the blocks of one file.
  /// - Parameter resolved: where it really is.
  /// - Returns: nil when there is nothing to manage: a file that is not there and is not to be made.
  mutating func blocks(
    _ change: Change, _ wanted: [(block: Edit.Block, owner: Source)], _ folder: Inspector.Folder,
    at resolved: FilePath
  ) throws -> PlannedTarget? {
    if case .blocked(let obstacle) = folder.standing {
      return blocked(change, folder, "\(obstacle) is not a folder")
    }
    let home = try inspector.folder(resolved.parent)
    if resolved != folder.path.holding(change.target) {
      if let refusal = try inspector.refusal(in: home, for: change.target) {
        return blocked(change, folder, "it is a link, and \(refusal)")
      }
      if home.standing != .present { return blocked(change, folder, "it is a link that leads nowhere") }
    }

    if let owner = try inspector.otherOwner(of: resolved, for: change.target) {
      return blocked(change, folder, "it belongs to another user (\(owner)), and would be yours afterwards")
    }

    let old = previous[change.target.string]
    if let old, !old.keys.isEmpty {
      return blocked(change, folder, "keys in it are Outfit's: take that entry out first, and run outfit up")
    }
    let seen =
      home.standing == .present
      ? try inspector.look(resolved, written: old?.written, known: stats[resolved])
      : Inspector.Seen(state: .absent)
    // Unchanged since the last time, and nothing new is wanted: the file need not be read.
    if let old, seen.bytes == nil, seen.state.matches(old.written), old.blocks.count == wanted.count,
      wanted.allSatisfy({ block, _ in
        let bodies = Blocks.bodies(of: block)
        return old.blocks.contains { old in
          old.identifier == block.identifier
            && [bodies.plain, bodies.prefaced].contains { digest($0, isSecret: change.isSecret) == old.body }
        }
      })
    {
      var target = unchanged(change, resolved, seen, old)
      target.record?.owner = change.owner.location.description
      return target
    }

    var text: [UInt8]
    var mode: UInt16
    switch seen.state {
    case .absent:
      guard let made = wanted.compactMap(\.block.createMode).first else { return nil }
      (text, mode) = ([], made)
    case .file(let file):
      text = try seen.bytes ?? host.files.read(resolved)
      mode = file.mode
    case .link:
      guard let old, old.blocks.isEmpty, seen.state.matches(old.written) else {
        return blocked(change, folder, "it is \(seen.state.summary)")
      }
      // An entry wanted a link then. Where no file is to be made for a block, what was there comes back.
      guard let made = old.first.fileMode ?? wanted.compactMap(\.block.createMode).first else {
        return try leaving(old)
      }
      (text, mode) = ([], made)
    case .directory, .moved, .tree, .other: return blocked(change, folder, "it is \(seen.state.summary)")
    }
    var olds = old?.blocks ?? []
    if let old, olds.isEmpty, seen.state.matches(old.written) {
      // The whole of it was ours: what was there before it gets the block now.
      if case .file(let first) = old.first, let bytes = try blobs.read(first.digest) {
        (text, mode) = (bytes, first.mode)
      } else {
        text = []
      }
      olds = []
    }

    let mine = wanted.map { ($0.block, Blocks.body(of: $0.block, in: text)) }
    do {
      let bodies = mine.map { ($0.0.identifier, $0.1) }
      let mended = try mended(text, olds, bodies)
      if let mended, mended.isExact { text = mended.text }
      if let mended, !mended.isExact {
        var target = try planned(
          change, resolved, seen, mode: mode, text, torn(text, mended, wanted, mine, olds, change), old)
        // Where it stays, nothing of it is ours but what was before.
        (target.recordKeeping, target.afterKeeping) = (old, nil)
        return target
      }
      var outcome = Outcome(text)
      // What goes with an object has nothing of anybody's in it: a repository that was cloned anew gets it again.
      if change.object != nil, !olds.isEmpty {
        let here = Set(try Blocks.scan(text).map(\.identifier))
        olds.removeAll { !here.contains($0.identifier) }
      }
      if let old, !olds.isEmpty, seen.state == .absent, old.written != .absent {
        outcome.note("the file was removed since Outfit wrote its block", line: nil)
      }
      try set(mine, olds, change.isSecret, positions: wanted.map(\.block), &outcome)
      try removeOthers(olds, except: mine.map(\.0.identifier), isSecret: change.isSecret, &outcome)
      return planned(change, resolved, seen, mode: mode, text, outcome, old)
    } catch let malformed as Blocks.Malformed {
      var target = blocked(change, folder, malformed.message)
      target.conflict = Conflict(
        reason: .malformed, message: "\(resolved):\(malformed.line): \(malformed.message)",
        line: malformed.line, canTake: false)
      return target
    }
  }

  /// Nil where the markers are in order, or can't be brought into it.
  private func mended(
    _ text: [UInt8], _ olds: [RecordedBlock], _ bodies: [(name: String, body: [UInt8])] = []
  ) throws -> Blocks.Mended? {
    do throws(Blocks.Malformed) {
      _ = try Blocks.scan(text)
      return nil
    } catch {
      var known = Dictionary(grouping: bodies, by: \.name).mapValues { $0.map(\.body) }
      for old in olds {
        known[old.identifier, default: []] += try blobs.read(old.body).map { [$0] } ?? []
      }
      return Blocks.mended(text, bodies: known)
    }
  }

  /// What a file is whose markers are not in order, and whose blocks somebody changed: it stays, until somebody says
  /// that ours are taken.
  private func torn(
    _ text: [UInt8], _ mended: Blocks.Mended, _ wanted: [(block: Edit.Block, owner: Source)],
    _ mine: [(Edit.Block, [UInt8])], _ olds: [RecordedBlock], _ change: Change
  ) throws -> Outcome {
    var outcome = Outcome(mended.text)
    try set(mine, olds, change.isSecret, positions: wanted.map(\.block), &outcome)
    try removeOthers(olds, except: mine.map(\.0.identifier), isSecret: change.isSecret, &outcome)
    (outcome.safe, outcome.recordSafe) = (text, olds)
    do throws(Blocks.Malformed) { _ = try Blocks.scan(text) } catch {
      outcome.conflict = Conflict(
        reason: .malformed, message: error.message, line: error.line, canTake: true)
    }
    return outcome
  }

  func digest(_ body: [UInt8], isSecret: Bool) -> Digest {
    if isSecret, let key = inspector.key { return key.digest(body) }
    return Digest(of: body)
  }

  private func set(
    _ mine: [(Edit.Block, [UInt8])], _ olds: [RecordedBlock], _ isSecret: Bool, positions: [Edit.Block],
    _ outcome: inout Outcome
  ) throws {
    for (block, body) in mine {
      let found = try Blocks.scan(outcome.safe).first { $0.identifier == block.identifier }
      let old = olds.first { $0.identifier == block.identifier }
      var record = RecordedBlock(
        identifier: block.identifier, comment: block.comment, body: digest(body, isSecret: isSecret),
        addedNewline: old?.addedNewline ?? false)
      func put(in text: inout [UInt8]) throws(Blocks.Malformed) {
        let result = try Blocks.setting(
          block.identifier, comment: block.comment, body: body, position: block.position, in: text)
        text = result.text
        if result.addedNewline { record.addedNewline = true }
      }
      guard let found else {
        try put(in: &outcome.all)
        if let old {
          outcome.note("the block `\(block.identifier)` was removed since Outfit wrote it", line: nil)
          outcome.recordSafe.append(old)
        } else {
          try put(in: &outcome.safe)
          outcome.recordSafe.append(record)
        }
        outcome.recordAll.append(record)
        continue
      }
      let present = Blocks.body(found, in: outcome.safe)
      if present == body {
        outcome.recordAll.append(record)
        outcome.recordSafe.append(record)
      } else if let old, digest(present, isSecret: isSecret) != old.body {
        outcome.note(
          "the block `\(block.identifier)` was changed since Outfit wrote it", line: found.line)
        try put(in: &outcome.all)
        outcome.recordAll.append(record)
        outcome.recordSafe.append(old)
      } else {
        try put(in: &outcome.all)
        try put(in: &outcome.safe)
        outcome.recordAll.append(record)
        outcome.recordSafe.append(record)
      }
    }
  }

  private func removeOthers(
    _ olds: [RecordedBlock], except names: [String], isSecret: Bool, _ outcome: inout Outcome
  ) throws {
    for old in olds.lastFirst(in: outcome.safe) where !names.contains(old.identifier) {
      if keepsMissing {
        outcome.recordAll.append(old)
        outcome.recordSafe.append(old)
        continue
      }
      guard let found = try Blocks.scan(outcome.safe).first(where: { $0.identifier == old.identifier })
      else { continue }
      outcome.all = try Blocks.removing(
        old.identifier, addedNewline: old.addedNewline, from: outcome.all)
      if digest(Blocks.body(found, in: outcome.safe), isSecret: isSecret) == old.body {
        outcome.safe = try Blocks.removing(
          old.identifier, addedNewline: old.addedNewline, from: outcome.safe)
      } else {
        outcome.note(
          "the block `\(old.identifier)` goes, but it was changed since Outfit wrote it", line: found.line)
      }
    }
  }

  private func unchanged(
    _ change: Change, _ resolved: FilePath, _ seen: Inspector.Seen, _ old: RecordedTarget
  ) -> PlannedTarget {
    PlannedTarget(
      target: change.target, resolved: resolved, owner: change.owner.location, isSecret: change.isSecret,
      action: .upToDate, before: seen.state, after: .init(kept: seen.state) ?? .absent,
      object: change.object, record: old, recordKeeping: old, signature: seen.signature)
  }

  private func planned(
    _ change: Change, _ resolved: FilePath, _ seen: Inspector.Seen, mode: UInt16, _ text: [UInt8],
    _ outcome: Outcome, _ old: RecordedTarget?
  ) -> PlannedTarget {
    func record(_ bytes: [UInt8], _ blocks: [RecordedBlock]) -> RecordedTarget {
      RecordedTarget(
        target: change.target, resolved: resolved, owner: change.owner.location.description,
        isSecret: change.isSecret,
        written: state(of: .file(.given(bytes), mode: mode, modified: nil), isSecret: change.isSecret),
        first: old?.first ?? seen.state, blocks: blocks)
    }
    let isAbsent = seen.state == .absent
    var target = PlannedTarget(
      target: change.target, resolved: resolved, owner: change.owner.location, isSecret: change.isSecret,
      action: .upToDate, before: seen.state,
      after: .file(.given(outcome.all), mode: mode, modified: nil), object: change.object,
      record: record(outcome.all, outcome.recordAll), signature: seen.signature)
    if outcome.conflict != nil {
      target.conflict = outcome.conflict
      target.action = .conflict
      target.recordKeeping = record(outcome.safe, outcome.recordSafe)
      if isAbsent {
        target.recordKeeping = old
      } else if outcome.safe != seen.bytes ?? text {
        target.afterKeeping = .file(.given(outcome.safe), mode: mode, modified: nil)
      }
    } else {
      // Built from something that failed, the blocks stay as they were.
      target.recordKeeping = old
      let now = seen.state
      if isAbsent {
        target.action = .create
      } else if !now.matches(target.after.state(key: nil)) {
        target.action = .update
      }
    }
    return target
  }

  /// Takes the blocks of a file out that nobody asks for any more.
  mutating func blocksLeaving(_ old: RecordedTarget, to first: TargetState? = nil) throws -> PlannedTarget? {
    let seen = try inspector.look(old.resolved, written: old.written, known: stats[old.resolved])
    let first = first ?? old.first
    if seen.state.matches(first) || seen.state == .absent { return nil }
    guard case .file(let file) = seen.state else { return try restoring(old, seen, to: first) }

    let present = try seen.bytes ?? host.files.read(old.resolved)
    let mended = try mended(present, old.blocks)
    let text = mended.map { $0.isExact ? $0.text : present } ?? present
    if seen.state.matches(old.written), try isOnlyOurs(text, old.blocks, since: first) {
      return try restoring(old, seen, to: first)
    }
    var target = PlannedTarget(
      target: old.target, resolved: old.resolved, owner: nil, isSecret: old.isSecret, action: .restore,
      before: seen.state, after: .absent, signature: seen.signature)
    do {
      var outcome = Outcome(text)
      try removeOthers(old.blocks, except: [], isSecret: old.isSecret, &outcome)
      func content(_ bytes: [UInt8]) -> PlannedTarget.Content {
        if bytes.isEmpty, first == .absent { return .absent }
        var modified: Int64?
        if case .file(let before) = first, before.digest == Digest(of: bytes) { modified = before.modified }
        return .file(.given(bytes), mode: file.mode, modified: modified)
      }
      target = target.with(after: content(outcome.all))
      target.conflict = outcome.conflict
      if outcome.conflict != nil {
        if outcome.safe != present { target.afterKeeping = content(outcome.safe) }
      } else if outcome.all == present {
        return nil
      } else if target.after == .absent {
        target.action = .remove
      }
    } catch let malformed as Blocks.Malformed {
      target.conflict = Conflict(
        reason: .malformed, message: "\(old.resolved):\(malformed.line): \(malformed.message)",
        line: malformed.line, canTake: false)
    }
    if target.conflict != nil { target.action = .conflict }
    return target
  }
}

extension TargetPlanner {
  /// Whether a text differs from an earlier state of its file in blocks of ours alone, so that the file can be
  /// put back as a whole.
  func isOnlyOurs(_ text: [UInt8], _ blocks: [RecordedBlock], since first: TargetState) throws -> Bool {
    var earlier: [UInt8] = []
    if case .file(let file) = first {
      guard !file.isKeyed, let bytes = try blobs.read(file.digest) else { return false }
      earlier = bytes
    } else if first != .absent {
      return false
    }
    var text = text
    for block in blocks.lastFirst(in: text) {
      guard
        let shorter = try? Blocks.removing(block.identifier, addedNewline: block.addedNewline, from: text),
        let older = try? Blocks.removing(block.identifier, addedNewline: false, from: earlier)
      else { return false }
      (text, earlier) = (shorter, older)
    }
    return text == earlier
  }

  /// Puts the blocks of an older generation into a file in which the user changed other lines since.
  func blocksRestored(
    _ record: RecordedTarget, from now: [RecordedBlock], to then: [RecordedBlock], _ seen: Inspector.Seen
  ) throws -> PlannedTarget {
    guard case .file(let file) = seen.state else { return try restoring(record, seen, to: record.first) }
    let present = try seen.bytes ?? host.files.read(record.resolved)
    let mended = try mended(present, now + then)
    let text = mended.map { $0.isExact ? $0.text : present } ?? present
    var all = text
    var safe = text
    var target = try restoring(record, seen, to: record.first)
    target.action = .restore
    target.conflict = nil
    func content(_ bytes: [UInt8]) -> PlannedTarget.Content {
      bytes.isEmpty && record.first == .absent
        ? .absent : .file(.given(bytes), mode: file.mode, modified: nil)
    }
    do {
      for old in now.lastFirst(in: text) {
        let found = try Blocks.scan(safe).first { $0.identifier == old.identifier }
        let wanted = then.first { $0.identifier == old.identifier }
        let isOurs = try found.map { try digest(of: $0, in: safe, record) == old.body } ?? false
        if wanted == old, isOurs { continue }
        if !isOurs {
          target.conflict = Conflict(
            reason: .edited, message: "the block `\(old.identifier)` was changed since Outfit wrote it",
            line: found?.line, canTake: true)
        }
        try restore(old, wanted, in: &all)
        if isOurs { try restore(old, wanted, in: &safe) }
      }
      for wanted in then where !now.contains(where: { $0.identifier == wanted.identifier }) {
        try restore(nil, wanted, in: &all)
        try restore(nil, wanted, in: &safe)
      }
      target = target.with(after: content(all))
      if target.conflict != nil, safe != present { target.afterKeeping = content(safe) }
      if target.conflict == nil {
        target.action = all == present ? .upToDate : target.after == .absent ? .remove : .restore
      }
    } catch let malformed as Blocks.Malformed {
      target.conflict = Conflict(
        reason: .malformed, message: "\(record.resolved):\(malformed.line): \(malformed.message)",
        line: malformed.line, canTake: false)
    }
    if target.conflict != nil { target.action = .conflict }
    return target
  }

  private func digest(of found: Blocks.Found, in text: [UInt8], _ record: RecordedTarget) throws -> Digest {
    digest(Blocks.body(found, in: text), isSecret: record.isSecret)
  }

  private func restore(_ old: RecordedBlock?, _ wanted: RecordedBlock?, in text: inout [UInt8]) throws {
    guard let wanted else {
      guard let old else { return }
      text = try Blocks.removing(old.identifier, addedNewline: old.addedNewline, from: text)
      return
    }
    guard let body = try blobs.read(wanted.body) else {
      throw Failure("the block `\(wanted.identifier)` of the old generation was kept nowhere")
    }
    text = try Blocks.setting(
      wanted.identifier, comment: wanted.comment, body: body, position: .bottom, in: text
    ).text
  }
}

extension TargetState {
  fileprivate var fileMode: UInt16? { if case .file(let file) = self { file.mode } else { nil } }
}

extension [RecordedBlock] {
  /// In the order in which they are taken out of a text: the line end that was added before the first goes only when
  /// nothing stands behind it any more.
  fileprivate func lastFirst(in text: [UInt8]) -> [RecordedBlock] {
    guard count > 1, let found = try? Blocks.scan(text) else { return self }
    let places = Dictionary(
      found.map { ($0.identifier, $0.range.lowerBound) }, uniquingKeysWith: { first, _ in first })
    return sorted { (places[$0.identifier] ?? 0) > (places[$1.identifier] ?? 0) }
  }
}
