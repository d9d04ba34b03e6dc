import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSystem
import SystemPackage

/// What `doctor` finds wrong with things of Outfit's own that it can make again by itself.
struct Remedies {
  struct Remedy: Sendable {
    var finding: Diagnostic
    /// Puts it right, and says what it did; nil where the user has to.
    var mend: (@Sendable () async throws -> String)?
  }

  private let session: Session
  private var host: Host { session.host }

  init(_ session: Session) { self.session = session }

  /// It only reads.
  func found() throws -> [Remedy] {
    guard host.files.exists(host.places.state) else { return closed() }
    let mending = try Mending(host)
    let defects = try mending.defects() + mending.storeDefects()
    return folders() + (try launcher()) + defects.map(remedy)
  }

  private func remedy(_ defect: Defect) -> Remedy {
    let host = host
    let finding = Diagnostic(.error, defect.message, hint: defect.hint)
    guard defect.isMendable else { return Remedy(finding: finding) }
    return Remedy(finding: finding) { try await Mending.mend(defect, host) }
  }

  /// Folders that Outfit would make its own in, and can't.
  private func closed() -> [Remedy] {
    let places = host.places
    var folders: [FilePath] = []
    for var folder in [places.data, places.state, places.cache, places.config] {
      while !host.files.exists(folder), folder.removeLastComponent() {}
      guard !folders.contains(folder), let status = try? host.files.status(folder, followLinks: true) else {
        continue
      }
      let isMine = status.owner == host.user.identifier
      // A group may let its members in.
      let isOpen = isMine ? status.mode & 0o300 == 0o300 : status.mode & 0o022 != 0
      if !isOpen, host.user.identifier != 0 { folders.append(folder) }
    }
    return folders.map {
      let name = session.short($0)
      return Remedy(
        finding: Diagnostic(
          .error, "\(name) can't be written in by you, and outfit keeps its things there",
          hint: "`ls -ld \(name)` shows whose it is"))
    }
  }

  /// Outfit's own folders are nobody else's business, and its user's to write in.
  private func folders() -> [Remedy] {
    let places = host.places
    let outer = [places.data, places.state, places.cache, places.config]
    return (outer + [places.bin, places.store, places.tables, places.libexec]).compactMap { folder in
      guard let status = try? host.files.status(folder, followLinks: true), status.kind == .directory,
        status.owner == host.user.identifier
      else { return nil }
      let isOpen = status.mode & 0o022 != 0 && outer.contains(folder)
      guard isOpen || status.mode & 0o700 != 0o700 else { return nil }
      let name = session.short(folder)
      return Remedy(
        finding: Diagnostic(
          .error, isOpen ? "\(name) can be written by others" : "\(name) can't be written in by you")
      ) { [host] in
        try host.files.setMode(folder, status.mode & (isOpen ? 0o7755 : 0o7777) | 0o700)
        return isOpen ? "others can't write in \(name) any more" : "you can write in \(name) again"
      }
    }
  }

  private func launcher() throws -> [Remedy] {
    let shim = host.places.launcher
    guard try !ShimInstallation.isGenuine(host), host.files.exists(host.places.tables.appending("names"))
    else { return [] }
    let isThere = try host.files.status(shim, followLinks: false) != nil
    let name = session.short(shim)
    return [
      Remedy(
        finding: Diagnostic(.error, "the launcher \(name) is \(isThere ? "damaged, or another one" : "gone")")
      ) { [host] in
        try host.files.removeTree(shim)
        try ShimInstallation.ensure(host)
        return "put the launcher in place: \(name)"
      }
    ]
  }
}

/// What `doctor` has to say of the records: whether every generation can be gone back to, and what was put aside.
struct RecordExamination {
  private let session: Session
  private var host: Host { session.host }

  init(_ session: Session) { self.session = session }

  func findings() throws -> [Diagnostic] {
    var findings: [Diagnostic] = []
    var count = 0
    let store = Store(host)
    for scope in try Generations.scopes(host) {
      let all: [Generation]
      do {
        all = try Generations.list(scope, host: host)
      } catch let failure as Failure {
        // Of the newest one it was said before.
        if (try? Generations.current(scope, host: host)) != nil { findings += failure.diagnostics }
        continue
      }
      for generation in all {
        count += 1
        let missing = try Generations.missingContents(of: generation, host: host)
        if !missing.isEmpty {
          findings.append(
            Diagnostic(
              .error,
              "generation \(generation.number) of \(scope.label) can't be had again whole: \(PlanText.count(missing.count, "content")) that it needs \(missing.count == 1 ? "is" : "are") gone or damaged",
              hint: "what you have now stays as it is; outfit gc --keep 1 forgets the older generations"))
        }
        let gone = generation.objects.filter { !store.isPresent($0.id) && !store.lacksReceipt($0.id) }
        if generation.number != all.last?.number, !gone.isEmpty {
          findings.append(
            Diagnostic(
              .warning,
              "generation \(generation.number) of \(scope.label) would come back without \(gone.map(\.label).sorted().joined(separator: ", ")): not in the store any more",
              hint: "after going back to it, outfit up with its manifest builds that again"))
        }
      }
      let lost = try Generations.lost(scope, host: host)
      if !lost.isEmpty, !all.isEmpty {
        findings.append(
          Diagnostic(
            .warning,
            "\(PlanText.count(lost.count, "generation")) of \(scope.label) can't be read any more: \(lost.map(String.init).joined(separator: ", "))",
            hint: "outfit generations lists those that can be had, and 0 is before everything"))
      }
    }
    if findings.isEmpty, count > 0 {
      findings.append(
        Diagnostic(
          .note, "\(PlanText.count(count, "generation")), with all contents that going back needs"))
    }
    let recovered = host.places.state.appending("recovered")
    if host.files.exists(recovered), case let names = try host.files.list(recovered), !names.isEmpty {
      findings.append(
        Diagnostic(
          .warning, "\(names.count) contents of yours were put aside in \(session.short(recovered))",
          hint: "take from there what you want, and remove the rest"))
    }
    let damaged = damagedRecords()
    if !damaged.isEmpty {
      findings.append(
        Diagnostic(
          .warning,
          "\(PlanText.count(damaged.count, "damaged record")) \(damaged.count == 1 ? "is" : "are") kept: \(session.short(damaged[0]))\(damaged.count > 1 ? ", …" : "")",
          hint: "Outfit does without; remove \(damaged.count == 1 ? "it" : "them") when you like"))
    }
    return findings
  }

  private func damagedRecords() -> [FilePath] {
    func walk(_ folder: FilePath, _ depth: Int) -> [FilePath] {
      guard depth < 5, let names = try? host.files.list(folder) else { return [] }
      return names.flatMap { name -> [FilePath] in
        let path = folder.appending(name)
        if name.contains(".corrupt-") { return [path] }
        let isFolder = (try? host.files.status(path, followLinks: false))?.kind == .directory
        return isFolder && name != "blobs" && name != "logs" ? walk(path, depth + 1) : []
      }
    }
    return walk(host.places.state, 0)
  }
}
