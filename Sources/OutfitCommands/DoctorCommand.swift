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
      found that something changed through a shared cache. With --fix it makes again what is Outfit's own and can \
      be made from its records: shims, tables, the launcher, modes; no file of yours is touched. Exit status 1 when \
      something is wrong, and still is.
      """)

  @Flag(help: "Read every installed file, and compare it with what was built.")
  var deep = false

  @Flag(help: "Make again what is Outfit's own and can be made, and say what was done.")
  var fix = false

  @Flag(help: "Print JSON.")
  var json = false

  func run() async throws {
    let (deep, fix, json) = (deep, fix, json)
    try await withSession { session in
      var report = Report(session: session, isJSON: json)
      let remedies = try Remedies(session).found()
      for remedy in remedies {
        guard fix else {
          report.add(remedy.finding, isFixable: true)
          continue
        }
        do {
          report.add(mended: try await remedy.mend(), remedy.finding)
        } catch let failure as Failure {
          report.add(
            Diagnostic(
              .error, remedy.finding.message,
              hint: "it can't be mended: \(failure.diagnostics.map(\.message).joined(separator: "; "))"))
        } catch let error as FileError {
          report.add(Diagnostic(.error, remedy.finding.message, hint: "it can't be mended: \(error)"))
        }
      }
      for finding in try await Examination(session).findings() { report.add(finding) }
      for finding in try RecordExamination(session).findings() { report.add(finding) }
      if deep { for finding in try await DeepExamination(session).findings() { report.add(finding) } }
      if !fix, !remedies.isEmpty, !json {
        session.write("`outfit doctor --fix` mends \(remedies.count) of these.")
      }
      try report.end()
    }
  }

  /// What was found, for people or as JSON.
  private struct Report {
    let session: Session
    let isJSON: Bool
    private var isWell = true
    private var items: [JSONText] = []

    init(session: Session, isJSON: Bool) {
      self.session = session
      self.isJSON = isJSON
    }

    mutating func add(_ finding: Diagnostic, isFixable: Bool = false) {
      if finding.severity == .error { isWell = false }
      note(finding, isFixable: isFixable, mended: nil)
      guard !isJSON else { return }
      let style = session.outputStyle
      switch finding.severity {
      case .note: session.write("\(style.green("ok"))       \(finding.message)")
      case .warning: session.write("\(style.yellow("warning"))  \(finding.message)")
      case .error: session.write("\(style.red("wrong"))    \(finding.message)")
      }
      if let hint = finding.hint { session.write("         \(hint)") }
    }

    mutating func add(mended: String, _ finding: Diagnostic) {
      note(finding, isFixable: true, mended: mended)
      guard !isJSON else { return }
      session.write("\(session.outputStyle.green("mended"))   \(finding.message)")
      session.write("         \(mended)")
    }

    private mutating func note(_ finding: Diagnostic, isFixable: Bool, mended: String?) {
      items.append(
        .object([
          "severity": .string(
            finding.severity == .error ? "error" : finding.severity == .warning ? "warning" : "ok"),
          "message": .string(finding.message), "hint": finding.hint.map { .string($0) } ?? .null,
          "fixable": .bool(isFixable), "fixed": mended.map { .string($0) } ?? .null,
        ]))
    }

    func end() throws {
      if isJSON { session.write(JSONText.array(items).text) }
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
    for object in generation.objects where !store.isPresent(object.id) {
      findings.append(
        Diagnostic(.error, "\(object.label) of \(label) is not in the store any more", hint: "outfit up"))
    }
    for claim in generation.claims where !host.files.exists(FilePath(claim.program)) {
      findings.append(
        Diagnostic(
          .error, "\(claim.name) of \(label) leads to \(claim.program), which is gone", hint: "outfit up"))
    }
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
