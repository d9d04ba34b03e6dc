import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSystem
import SystemPackage

/// What `doctor` finds wrong with things of Outfit's own that it can make again by itself.
struct Remedies {
  struct Remedy: Sendable {
    var finding: Diagnostic
    /// Puts it right, and says what it did.
    var mend: @Sendable () async throws -> String
  }

  private let session: Session
  private var host: Host { session.host }

  init(_ session: Session) { self.session = session }

  /// It only reads.
  func found() throws -> [Remedy] {
    guard host.files.exists(host.places.state) else { return [] }
    return folders() + (try launcher())
      + (try Mending(host).defects().map { defect in
        Remedy(finding: Diagnostic(.error, defect.message), mend: defect.mend)
      })
  }

  /// Outfit's own folders are nobody else's business.
  private func folders() -> [Remedy] {
    let places = host.places
    return [places.data, places.state, places.cache, places.config].compactMap { folder in
      guard let status = try? host.files.status(folder, followLinks: true),
        status.owner == host.user.identifier, status.mode & 0o022 != 0
      else { return nil }
      let name = session.short(folder)
      return Remedy(finding: Diagnostic(.error, "\(name) can be written by others")) { [host] in
        try host.files.setMode(folder, status.mode & 0o7755)
        return "others can't write in \(name) any more"
      }
    }
  }

  private func launcher() throws -> [Remedy] {
    let shim = host.places.libexec.appending("outfit-shim")
    let isThere = try host.files.status(shim, followLinks: false).map {
      $0.kind == .file && $0.mode & 0o100 != 0 && $0.size > 0
    }
    let hasCommands = try Generations.scopes(host).contains {
      try Generations.current($0, host: host)?.claims.isEmpty == false
    }
    guard isThere != true, hasCommands else { return [] }
    let name = session.short(shim)
    return [
      Remedy(
        finding: Diagnostic(.error, "the launcher \(name) is \(isThere == nil ? "gone" : "damaged")")
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
    for scope in try Generations.scopes(host) {
      for generation in try Generations.list(scope, host: host) {
        count += 1
        let missing = try Generations.missingContents(of: generation, host: host)
        guard !missing.isEmpty else { continue }
        findings.append(
          Diagnostic(
            .error,
            "generation \(generation.number) of \(scope.label) can't be had again whole: \(missing.count) contents that it needs are gone or damaged",
            hint: "the other generations can; `outfit up` makes a new one"))
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
          "\(damaged.count) damaged records are kept: \(session.short(damaged[0]))\(damaged.count > 1 ? ", …" : "")",
          hint: "Outfit does without them; remove them when you like"))
    }
    return findings
  }

  private func damagedRecords() -> [FilePath] {
    func walk(_ folder: FilePath, _ depth: Int) -> [FilePath] {
      guard depth < 5, let names = try? host.files.list(folder) else { return [] }
      return names.flatMap { name -> [FilePath] in
        let path = folder.appending(name)
        if name.contains(".corrupt-") || name.hasSuffix(".damaged") { return [path] }
        let isFolder = (try? host.files.status(path, followLinks: false))?.kind == .directory
        return isFolder && name != "blobs" && name != "logs" ? walk(path, depth + 1) : []
      }
    }
    return walk(host.places.state, 0)
  }
}
