import OutfitConsent
import OutfitCore
import OutfitSharing
import OutfitSystem
import SystemPackage

/// Sets up other machines from this one: what they lack is sent as a bundle.
struct RemoteUp {
  let session: Session
  let shell: RemoteShell
  let targets: [RemoteTarget]

  /// What a machine said of itself.
  struct Look: Sendable {
    var platform: Platform
    var home: String
    /// What it lacks of the bundle; nil where it has no Outfit to ask.
    var missing: Set<Digest>?
  }

  /// How it ended on a machine.
  struct Result: Sendable {
    var target: RemoteTarget
    var status: ExitStatus
    var changed: Bool?
    /// The document of its `up`.
    var document: String?
    /// What it said, for people.
    var words: String
    /// Bytes.
    var sent: Int64
  }

  /// - Throws: `Failure` where one of the machines can't be set up; nothing was touched on any then.
  func look(_ list: BundleList) async throws -> [RemoteTarget: Look] {
    let text = Array(list.text.utf8)
    var looks: [RemoteTarget: Look] = [:]
    var wrong: [RemoteTarget: [Diagnostic]] = [:]
    await withTaskGroup(of: Sighting.self) { group in
      for target in targets { group.addTask { await sighting(of: target, text) } }
      for await sighting in group {
        looks[sighting.target] = sighting.look
        wrong[sighting.target] = sighting.wrong
      }
    }
    let failed = targets.flatMap { wrong[$0] ?? [] }
    guard failed.isEmpty else {
      let others = targets.count > 1 ? [Diagnostic(.note, "nothing was changed on any of them")] : []
      throw Failure(failed + others)
    }
    return looks
  }

  private struct Sighting: Sendable {
    var target: RemoteTarget
    var look: Look?
    var wrong: [Diagnostic] = []
  }

  private func sighting(of target: RemoteTarget, _ list: [UInt8]) async -> Sighting {
    var sighting = Sighting(target: target)
    do {
      sighting.look = try await look(at: target, list)
    } catch let failure as Failure {
      sighting.wrong = failure.diagnostics
    } catch {
      sighting.wrong = [Diagnostic(.error, "\(target): \(error)")]
    }
    return sighting
  }

  private func look(at target: RemoteTarget, _ list: [UInt8]) async throws -> Look {
    let done = try await shell.run(target, RemoteScripts.look, input: list)
    var fields: [String: String] = [:]
    var missing: Set<Digest> = []
    for line in done.outputText.split(separator: "\n") {
      let words = line.split(separator: " ", maxSplits: 1)
      if words.count == 2 {
        fields[String(words[0])] = String(words[1])
      } else if let digest = Digest(line) {
        missing.insert(digest)
      }
    }
    guard let system = fields["system"], let machine = fields["machine"], let home = fields["home"] else {
      let said = done.errorText.split(whereSeparator: \.isNewline).suffix(3).map { String($0).harmless }
        .joined(separator: "\n")
      throw Failure([
        Diagnostic(
          .error, "\(target) can't be reached", excerpt: said.isEmpty ? nil : said,
          hint: Self.hint(target), reason: .unreachable)
      ])
    }
    if let lacking = fields["lacks"] {
      throw Failure("\(target) has no \(lacking)", hint: "install \(lacking) there")
    }
    guard let platform = Self.platform(system, machine, fields["libc"]) else {
      throw Failure(
        "\(target) is \(system.harmless) on \(machine.harmless)"
          + (system == "Linux" && fields["libc"] == nil ? " without the GNU C library" : ""),
        hint: "Outfit runs on Linux with glibc, x86-64 and 64-bit ARM")
    }
    return Look(platform: platform, home: home, missing: fields["outfit"] == nil ? nil : missing)
  }

  private static func hint(_ target: RemoteTarget) -> String {
    switch target.kind {
    case .ssh: "try it: ssh \(RemoteShell.quoted(target.name)) true"
    case .container: "see whether it runs: docker ps, or podman ps; its name was \(target.name)"
    case .pod: "see whether it runs: kubectl get pods; its name was \(target.name)"
    }
  }

  static func platform(_ system: String, _ machine: String, _ library: String?) -> Platform? {
    let architecture: Platform.Architecture
    switch machine {
    case "x86_64", "amd64": architecture = .amd64
    case "aarch64", "arm64": architecture = .arm64
    default: return nil
    }
    switch system {
    case "Linux": return library == "gnu" ? Platform(.linux, architecture) : nil
    default: return nil
    }
  }

  /// Sends each what it lacks, and has it set itself up, all side by side.
  /// - Parameters:
  ///   - words: of `outfit bundle apply`.
  ///   - width: machines at once.
  func apply(
    _ list: BundleList, _ sources: BundleArchive.Sources, script: [UInt8], _ looks: [RemoteTarget: Look],
    _ words: [String], width: Int
  ) async throws -> [Result] {
    let progress = TerminalProgress(host: session.host)
    let results = await withTaskGroup(of: Result.self) { group in
      var waiting = targets[...]
      var results: [Result] = []
      func start() {
        guard let target = waiting.popFirst(), let look = looks[target] else { return }
        group.addTask { await result(list, sources, script, target, look, words, progress) }
      }
      for _ in 0..<width { start() }
      while let result = await group.next() {
        results.append(result)
        start()
      }
      return results
    }
    return targets.compactMap { target in results.first { $0.target == target } }
  }

  private func result(
    _ list: BundleList, _ sources: BundleArchive.Sources, _ script: [UInt8], _ target: RemoteTarget,
    _ look: Look, _ words: [String], _ progress: TerminalProgress
  ) async -> Result {
    progress.started(id: "\(target)", label: "\(target)")
    var result: Result
    do {
      result = try await apply(list, sources, script, target, look, words, progress)
    } catch {
      let said = (error as? Failure)?.diagnostics.map(\.message).joined(separator: "; ") ?? "\(error)"
      result = Result(target: target, status: .failed, words: said, sent: 0)
    }
    if result.status == .done {
      progress.finished(id: "\(target)")
    } else {
      progress.failed(id: "\(target)", reason: "\(target): status \(result.status.rawValue)")
    }
    return result
  }

  private func apply(
    _ list: BundleList, _ sources: BundleArchive.Sources, _ script: [UInt8], _ target: RemoteTarget,
    _ look: Look, _ words: [String], _ progress: TerminalProgress
  ) async throws -> Result {
    let files = session.host.files
    let wanted = list.blobs(for: look.platform.key)
    let sent = look.missing.map { missing in wanted.filter { missing.contains($0.digest) } } ?? wanted
    // The folder goes with this machine's scratch; only what this one lacks is in it.
    let folder = try BundleArchive.scratch(session.host)
    defer { try? files.removeTree(folder) }
    let file = folder.appending("part.tar")
    try await BundleArchive(session.host).write(
      list, sources, script: script, key: nil, only: Set(sent.map(\.digest)), to: file)
    let size = try files.status(file, followLinks: false)?.size ?? 0
    progress.step(id: "\(target)", text: "sending \(ByteText.of(size))")
    let done = try await shell.run(target, RemoteScripts.apply, words, inputFrom: file)
    let document = RemoteDocument(done.output)
    let status = ExitStatus(rawValue: done.status) ?? .failed
    var said = done.errorText
    if document == nil, status != .done, said.isEmpty { said = "the connection ended; the next run goes on" }
    return Result(
      target: target, status: status, changed: document?.changed,
      document: document.map { _ in done.outputText },
      words: said, sent: size)
  }
}
