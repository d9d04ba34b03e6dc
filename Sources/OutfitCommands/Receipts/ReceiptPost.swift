import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSharing
import OutfitSystem
import SystemPackage

/// Says how this machine is, where its profile asks for that and its user agreed. Nothing fails by it.
struct ReceiptPost {
  private let session: Session
  private var host: Host { session.host }
  private var folder: FilePath { host.places.state.appending("receipts") }
  private var last: FilePath { folder.appending("last") }
  private var tried: FilePath { folder.appending("tried") }

  /// Seconds after which the same is said again: that somebody is there is news too.
  private static let day: Int64 = 86400
  /// Seconds for which it is not said twice to a repository.
  private static let hour: Int64 = 3600

  init(_ session: Session) { self.session = session }

  /// After an `up`.
  func send(_ done: Undertaking.Done, _ place: ProfilePlace, isOffline: Bool) async {
    guard place.scope == .machine, !session.isTrial else { return }
    guard let section = done.profile.receipts?.value, section.agrees == true, let to = section.to else {
      return forget()
    }
    await attempt {
      let receipt = MachineReceipt(
        machine: try machine(), name: section.name, profile: done.profile.name,
        commit: await commit(done.profile), outfit: Release.version,
        since: done.outcome.record?.time ?? host.clock.now(), incomplete: Self.incomplete(done),
        drift: Self.drift(done), seen: host.clock.now())
      try await send(receipt, to: to, isOffline: isOffline)
    }
  }

  /// After an `up` that had nothing to do.
  func again(_ scope: Scope, isOffline: Bool) async {
    guard scope == .machine, !session.isTrial, let kept = kept(),
      host.clock.now() - max(kept.receipt.seen, lastTry) > Self.day
    else { return }
    await attempt {
      // A place that does not answer holds nobody up twice.
      try OwnFile.write("\(host.clock.now())\n", to: tried, host)
      var receipt = kept.receipt
      receipt.seen = host.clock.now()
      try await send(receipt, to: kept.to, isOffline: isOffline)
    }
  }

  private func attempt(_ work: () async throws -> Void) async {
    do {
      try await work()
    } catch let failure as Failure {
      session.report(
        failure.diagnostics.map {
          Diagnostic(.note, "no receipt was sent: \($0.message)", excerpt: $0.excerpt, hint: $0.hint)
        })
    } catch is CancellationError {
    } catch {
      session.report([Diagnostic(.note, "no receipt was sent: \(error)")])
    }
  }

  private func send(_ receipt: MachineReceipt, to: String, isOffline: Bool) async throws {
    let box = try ReceiptBox(to, host)
    if box.isGit {
      if isOffline { return }
      if let kept = kept(), kept.to == to, receipt.seen - kept.receipt.seen < Self.hour,
        receipt.says(kept.receipt)
      {
        return
      }
    }
    try await box.write(receipt)
    try OwnFile.write("\(to)\n" + String(decoding: try receipt.bytes, as: UTF8.self), to: last, host)
  }

  // MARK: - What it says

  /// Random, and made once.
  private func machine() throws -> String {
    let file = folder.appending("machine")
    if let known = try host.files.text(file)?.split(separator: "\n").first, MachineReceipt.isMachine(known) {
      return String(known)
    }
    let letters = Array("0123456789abcdefghijklmnopqrstuvwxyz")
    let new = String((0..<24).map { _ in letters[Int.random(in: 0..<letters.count)] })
    try OwnFile.write(new + "\n", to: file, host)
    return new
  }

  /// Of a folder that is a clone, what is checked out.
  private func commit(_ profile: Profile) async -> String? {
    guard let layer = profile.layers.last(where: { $0.kind == .profile }) else { return nil }
    if let commit = layer.commit { return commit }
    guard let root = try? GitFolders.locate(from: layer.folder, host: host)?.workTree,
      let history = RepositoryHistory(root, host: host)
    else { return nil }
    return try? await history.release("HEAD").commit
  }

  static func incomplete(_ done: Undertaking.Done) -> [String: Int] {
    let interpreters = Set(done.plan.interpreters.map(\.object))
    let claimed = Set(done.plan.claims.compactMap(\.object))
    var counts: [String: Int] = [:]
    for object in done.missing {
      counts[
        interpreters.contains(object) ? "interpreters" : claimed.contains(object) ? "tools" : "other",
        default: 0] +=
        1
    }
    let rest = done.failures.count { $0.severity == .error } - done.missing.count
    if rest > 0 { counts["other", default: 0] += rest }
    return counts
  }

  /// A layer of the user's own has no name for others.
  static func drift(_ done: Undertaking.Done) -> [String: Int] {
    done.outcome.kept.reduce(into: [:]) { counts, target in
      let layer = target.owner.flatMap { done.profile.layer(of: $0) }
      let name = layer.map { $0.kind == .personal ? "personal" : $0.name } ?? "other"
      counts[name, default: 0] += 1
    }
  }

  // MARK: - What was said last

  private func kept() -> (to: String, receipt: MachineReceipt)? {
    guard let text = (try? host.files.text(last)) ?? nil, let end = text.firstIndex(of: "\n") else {
      return nil
    }
    let bytes = Array(text[text.index(after: end)...].utf8)
    guard let machine = try? machine(),
      let receipt = try? MachineReceipt.read(bytes, named: "\(machine).json")
    else {
      return nil
    }
    return (String(text[..<end]), receipt)
  }

  /// When it was last tried to say the same again, in seconds since 1970; 0 is never.
  private var lastTry: Int64 {
    ((try? host.files.text(tried)) ?? nil)?.split(separator: "\n").first.flatMap { Int64($0) } ?? 0
  }

  /// Whoever agrees no more says nothing more.
  private func forget() {
    if host.files.exists(last) { try? host.files.remove(last) }
  }
}

extension MachineReceipt {
  /// The same, apart from when.
  fileprivate func says(_ other: MachineReceipt) -> Bool {
    var other = other
    other.seen = seen
    return self == other
  }
}
