import ArgumentParser
import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSystem
import SystemPackage

struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Say what is wrong with this machine, and how to mend it.",
    discussion: """
      With --deep it reads every file of what was installed and compares it with what was built, so that files are \
      found that something changed through a shared cache. Exit status 1 when something is wrong.
      """)

  @Flag(help: "Read every installed file, and compare it with what was built.")
  var deep = false

  func run() async throws {
    let deep = deep
    try await withSession { session in
      let style = session.outputStyle
      if let recovered = try Recovery.recover(session.host) { session.write(recovered) }
      var isWell = true
      var findings = try await Examination(session).findings()
      if deep { findings += try await DeepExamination(session).findings() }
      for finding in findings {
        switch finding.severity {
        case .note: session.write("\(style.green("ok"))       \(finding.message)")
        case .warning: session.write("\(style.yellow("warning"))  \(finding.message)")
        case .error:
          isWell = false
          session.write("\(style.red("wrong"))    \(finding.message)")
        }
        if let hint = finding.hint { session.write("         \(hint)") }
      }
      if !isWell { throw Ended(.failed) }
    }
  }
}

/// What `doctor` looks at; it only reads.
private struct Examination {
  private let session: Session
  private var host: Host { session.host }

  init(_ session: Session) { self.session = session }

  func findings() async throws -> [Diagnostic] {
    var findings: [Diagnostic] = []
    let scopes = try Generations.scopes(host)
    let generations = try scopes.compactMap { try Generations.list($0, host: host).last }.filter {
      !$0.isBare
    }
    guard !generations.isEmpty else {
      return [Diagnostic(.note, "nothing is set up yet", hint: "outfit up PROFILE")] + (await versionFiles())
    }
    findings += folders()
    findings.append(launcher())
    findings += path(generations)
    for generation in generations { findings += examine(generation) }
    findings += await versionFiles()
    findings += gitFindings()
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

  /// Outfit's own folders are nobody else's business.
  private func folders() -> [Diagnostic] {
    let places = host.places
    return [places.data, places.state, places.cache, places.config].compactMap { folder in
      guard let status = try? host.files.status(folder, followLinks: true) else { return nil }
      guard status.mode & 0o022 != 0 || status.owner != host.user.identifier else { return nil }
      return Diagnostic(
        .error, "\(session.short(folder)) can be written by others", hint: "chmod 700 \(folder)")
    }
  }

  private func launcher() -> Diagnostic {
    let shim = host.places.libexec.appending("outfit-shim")
    return host.files.exists(shim)
      ? Diagnostic(.note, "the launcher is in place")
      : Diagnostic(.error, "the launcher \(session.short(shim)) is gone", hint: "outfit up")
  }

  private func path(_ generations: [Generation]) -> [Diagnostic] {
    let bin = host.places.bin
    let folders = (host.environment["PATH"] ?? "").split(separator: ":").map { FilePath(String($0)) }
    guard let position = folders.firstIndex(of: bin) else {
      return [
        Diagnostic(
          .error, "\(session.short(bin)) is not on PATH", hint: "start a new login shell: exec $SHELL -l")
      ]
    }
    let names = Set(generations.flatMap(\.claims).map(\.name))
    var shadowed: [String: FilePath] = [:]
    for folder in folders[..<position] {
      for name in names where host.files.exists(folder.appending(name)) && shadowed[name] == nil {
        shadowed[name] = folder
      }
    }
    guard !shadowed.isEmpty else { return [Diagnostic(.note, "\(names.count) commands are first on PATH")] }
    return shadowed.sorted { $0.key < $1.key }.map { name, folder in
      Diagnostic(
        .warning, "\(name) is shadowed by \(folder.appending(name))",
        hint: "move \(session.short(bin)) before \(folder) on PATH, or remove that one")
    }
  }

  private func examine(_ generation: Generation) -> [Diagnostic] {
    let store = Store(host)
    var findings: [Diagnostic] = []
    let label = generation.scope.label
    for object in generation.objects where !store.isPresent(object.id) {
      findings.append(
        Diagnostic(.error, "\(object.label) of \(label) is not in the store any more", hint: "outfit up"))
    }
    for claim in generation.claims where !host.files.exists(FilePath(claim.program)) {
      findings.append(
        Diagnostic(
          .error, "\(claim.name) of \(label) leads to \(claim.program), which is gone", hint: "outfit up"))
    }
    for claim in generation.claims
    where ((try? host.files.status(host.places.bin.appending(claim.name), followLinks: false)) ?? nil) == nil
    {
      findings.append(Diagnostic(.error, "the shim \(claim.name) of \(label) is gone", hint: "outfit up"))
    }
    if generation.isIncomplete {
      findings.append(Diagnostic(.warning, "\(label) is not complete", hint: "outfit up goes on"))
    }
    if findings.isEmpty {
      findings.append(
        Diagnostic(
          .note,
          "\(label): \(generation.objects.count) objects, \(generation.claims.count) commands, \(generation.targets.count) files"
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
