import OutfitCore
import OutfitEngine
import OutfitHooks
import OutfitInterpreters
import OutfitProfile
import OutfitSharing
import OutfitSystem
import SystemPackage

/// What `doctor` looks at; it only reads.
struct Examination {
  private let session: Session
  private var host: Host { session.host }

  init(_ session: Session) { self.session = session }

  func findings() async throws -> [Diagnostic] {
    var findings: [Diagnostic] = []
    var generations: [Generation] = []
    for scope in try Generations.scopes(host) {
      do {
        if let last = try Generations.current(scope, host: host), !last.isBare { generations.append(last) }
      } catch let failure as Failure {
        findings += failure.diagnostics
      }
    }
    findings += await manifests()
    guard !generations.isEmpty else {
      if findings.isEmpty {
        findings.append(Diagnostic(.note, "nothing is set up yet", hint: "outfit up PROFILE"))
      }
      return findings + (await versionFiles())
    }
    findings += folders()
    findings += path(generations)
    for generation in generations { findings += examine(generation) }
    findings += await versionFiles()
    findings += gitFindings()
    return findings
  }

  /// What keeps `up` from reading the manifest that it would be about here, or its lock. Nothing is fetched.
  private func manifests() async -> [Diagnostic] {
    var findings = (try? KeptManifests(host))?.problems ?? []
    do {
      let adopted = try ProfilePlace.adopted(host)
      guard let place = try Project.find(host)?.place ?? adopted else { return findings }
      let profile = try await place.read(session, network: .never)
      _ = try Locks(host: host, profile: profile)
    } catch let failure as Failure where failure.status == .usage {
      findings += failure.diagnostics
    } catch {
      // It has to be fetched first.
    }
    return findings
  }

  /// Who contradicts whom about this folder's interpreters, and what no one should follow.
  private func versionFiles() async -> [Diagnostic] {
    var findings: [Diagnostic] = []
    for language in [Language.python, .node] {
      findings += await VersionSources(session, language).diagnostics
    }
    return findings
  }

  /// Folders of Outfit's that belong to somebody else.
  private func folders() -> [Diagnostic] {
    let places = host.places
    return [places.data, places.state, places.cache, places.config].compactMap { folder in
      guard let status = try? host.files.status(folder, followLinks: true),
        status.owner != host.user.identifier
      else { return nil }
      return Diagnostic(
        .error, "\(session.short(folder)) belongs to another user",
        hint: "as root: chown -R \(host.user.name) \(folder)")
    }
  }

  private func path(_ generations: [Generation]) -> [Diagnostic] {
    let bin = host.places.bin
    let folders = (host.environment["PATH"] ?? "").split(separator: ":").map { FilePath(String($0)) }
    guard let position = folders.firstIndex(of: bin) else {
      let isTaken = generations.contains { !Generations.missingBlocks(of: $0, host: host).isEmpty }
      return [
        Diagnostic(
          .error, "\(session.short(bin)) is not on PATH",
          hint: isTaken
            ? "the lines that put it there are gone, see below"
            : "start a new login shell: exec $SHELL -l")
      ]
    }
    let names = Set(generations.flatMap(\.claims).map(\.name))
    var shadowed: [String: FilePath] = [:]
    for folder in folders[..<position] {
      for name in names where host.files.exists(folder.appending(name)) && shadowed[name] == nil {
        shadowed[name] = folder
      }
    }
    let hidden = others(names, in: folders[(position + 1)...])
    guard !shadowed.isEmpty else {
      return [Diagnostic(.note, "\(names.count) commands are first on PATH")] + hidden
    }
    return shadowed.sorted { $0.key < $1.key }.map { name, folder in
      Diagnostic(
        .warning, "\(name) is shadowed by \(folder.appending(name))\(owner(folder.appending(name)))",
        hint: "move \(session.short(bin)) before \(folder) on PATH, or remove that one")
    } + hidden
  }

  /// Programs of the user's that stand behind ours of the same name. The system's own are not worth a word.
  private func others(_ names: Set<String>, in folders: some Sequence<FilePath>) -> [Diagnostic] {
    let system: Set<FilePath> = ["/usr/bin", "/bin", "/usr/sbin", "/sbin", host.places.bin]
    var told: Set<FilePath> = []
    return folders.filter { $0.isAbsolute && !system.contains($0) && told.insert($0).inserted }.flatMap {
      folder in
      names.sorted().map { ($0, folder.appending($0)) }.filter { host.files.exists($1) }.map { name, path in
        Diagnostic(.note, "\(name) comes before \(path)\(owner(path))")
      }
    }
  }

  /// Whose program it is, where its place says so.
  private func owner(_ program: FilePath) -> String {
    let link = (try? host.files.readLink(program)) ?? ""
    let marks = [
      ("/pipx/", "pipx's"), ("/uv/tools/", "uv's"), ("/Cellar/", "Homebrew's"), ("/.pyenv/", "pyenv's"),
    ]
    return marks.first { "\(program)\n/\(link)".contains($0.0) }.map { ", which is \($0.1)" } ?? ""
  }

  private func examine(_ generation: Generation) -> [Diagnostic] {
    let store = Store(host)
    var findings: [Diagnostic] = []
    let label = generation.scope.label
    let gone = GoneInterpreters(generation, session)
    findings += gone.diagnostics
    if case .project(let root) = generation.scope, !host.files.exists(root) {
      return [
        Diagnostic(
          .warning, "\(label) is not there any more",
          hint: "outfit gc forgets it and frees what it had, unless its disk is only not mounted")
      ]
    }
    if case .project(let root) = generation.scope {
      let project = Project(root: root, made: generation.profile)
      if !host.files.exists(project.manifest) { findings.append(project.bereftDiagnostic(session)) }
    }
    for object in generation.objects where !store.isPresent(object.id) && !store.lacksReceipt(object.id) {
      findings.append(
        Diagnostic(.error, "\(object.label) of \(label) is not in the store any more", hint: "outfit up"))
    }
    for claim in generation.claims
    where !host.files.exists(FilePath(claim.program)) && !gone.programs.contains(claim.program) {
      findings.append(
        Diagnostic(
          .error, "\(claim.name) of \(label) leads to \(claim.program), which is gone", hint: "outfit up"))
    }
    for (path, block) in Generations.missingBlocks(of: generation, host: host) {
      findings.append(
        Diagnostic(
          .warning, "the lines of Outfit's (\(block)) are not in \(session.short(path)) any more",
          hint: "outfit up --on-conflict take puts them back"))
    }
    findings += HookPlaces(generation, host: host).findings()
    if generation.isIncomplete {
      findings.append(Diagnostic(.warning, "\(label) is not complete", hint: "outfit up goes on"))
    }
    if findings.isEmpty {
      findings.append(
        Diagnostic(
          .note,
          "\(label): "
            + [
              (generation.objects.count, "object"), (generation.claims.count, "command"),
              (generation.targets.count, "file"),
            ]
            .map { PlanText.count($0, $1) }.joined(separator: ", ")
        ))
    }
    return findings
  }

  private func gitFindings() -> [Diagnostic] {
    let has = ["/usr/bin/git", "/usr/local/bin/git", "/opt/homebrew/bin/git"].contains {
      host.files.exists(FilePath($0))
    }
    return has
      ? []
      : [
        Diagnostic(
          .warning, "git is not installed: profiles from git addresses and git hooks need it",
          hint: host.platform.system == .macos ? "xcode-select --install" : "sudo apt-get install git")
      ]
  }
}
