import OutfitCore
import OutfitEngine
import OutfitFetch
import OutfitProfile
import OutfitSharing
import OutfitSystem
import SystemPackage

/// `doctor --report`: what a colleague needs to see to help, and nothing about who asks.
///
/// Names, e-mails, hosts and the home folder are replaced as `outfit capture` finds them, and a line in which a key, a
/// token or a password may stand is left out. Contents of files are in it nowhere.
struct ColleagueReport {
  private let session: Session
  private var host: Host { session.host }

  init(_ session: Session) { self.session = session }

  func text() async throws -> String {
    var parts = ["# What `outfit doctor` saw\n", system]
    parts.append(section("Settings of the network", settings))
    parts.append(section("What is wrong or notable", try await findings()))
    parts.append(section("What this machine has", await facts()))
    parts.append(section("The last generations", try generations()))
    parts.append(section("The last runs that failed", try runs()))
    return redacted(parts.joined(separator: "\n"))
  }

  private func section(_ title: String, _ lines: [String]) -> String {
    "## \(title)\n\n" + (lines.isEmpty ? ["nothing"] : lines).map { "    \($0)\n" }.joined()
  }

  private func redacted(_ text: String) -> String {
    var identity = MachineInventory.identity(host)
    identity.learn(from: text)
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    for finding in SecretFinder.find(in: lines) {
      lines[finding.line - 1] = "    (a line is left out: \(finding.what))"
    }
    return identity.redacted(lines.map(\.harmless).joined(separator: "\n"))
  }

  private var system: String {
    let release = ((try? host.files.text("/etc/os-release")) ?? nil) ?? ""
    let name = release.split(separator: "\n").first { $0.hasPrefix("PRETTY_NAME=") }
      .map { $0.dropFirst(12).filter { $0 != "\"" } }
    let variables = host.environment.keys.filter {
      $0.hasPrefix("OUTFIT_") || $0.hasPrefix("UV_") || $0.hasPrefix("PIP_") || $0.hasPrefix("XDG_")
    }
    let path = (host.environment["PATH"] ?? "").split(separator: ":").map {
      session.short(FilePath(String($0)))
    }
    return section(
      "The machine",
      [
        "Outfit \(Release.version), \(host.platform)", "system: \(name ?? "unknown")",
        "shell: \(host.environment["SHELL"] ?? "unknown"), TERM \(host.environment["TERM"] ?? "unset"), "
          + "\(host.terminal.width) columns",
        "variables that are set: \(variables.sorted().joined(separator: " "))",
        "PATH: \(path.joined(separator: " : "))",
      ])
  }

  private var settings: [String] {
    let probe = NetworkProbe(host: host, libraries: Installation.locate(host).libraries)
    return probe.settings.map { "\($0.name): \($0.value)" }
  }

  private func findings() async throws -> [String] {
    let all =
      try Remedies(session).found().map(\.finding) + (await Examination(session).findings())
      + (try RecordExamination(session).findings())
    return all.flatMap { finding -> [String] in
      let kind = finding.severity == .error ? "wrong" : finding.severity == .warning ? "warning" : "ok"
      let place = finding.location.map { "\(session.short(FilePath($0.file))):\($0.line): " } ?? ""
      return ["\(kind): \(place)\(finding.message)"] + (finding.hint.map { ["  hint: \($0)"] } ?? [])
    }
  }

  private func facts() async -> [String] {
    do {
      return try await ScopeFacts(session, ScopeOptions.parse([])).lines
    } catch let failure as Failure {
      return failure.diagnostics.map { "can't be told: \($0.message)" }
    } catch {
      return ["can't be told: \(error)"]
    }
  }

  private func generations() throws -> [String] {
    try Generations.list(.machine, host: host).suffix(5).map { generation in
      "\(generation.number)  \(DateText.utc(generation.time))  outfit \(generation.command.joined(separator: " "))"
        + (generation.isIncomplete ? "  (incomplete)" : "")
    }
  }

  private func runs() throws -> [String] {
    let all = try RunLog.numbers(host).suffix(60).map { number throws(FileError) in
      try RunLog.read(number, host)
    }
    // This one goes on.
    return all.filter { $0.status.map { $0 != 0 } ?? ($0.number != all.last?.number) }.suffix(5).flatMap {
      run -> [String] in
      let said = run.entries.filter { $0.kind == .said || $0.kind == .program }.suffix(12)
      return [
        "\(run.time.map(DateText.utc) ?? "?")  \(run.command)  status \(run.status.map { "\($0)" } ?? "none")"
      ]
        + said.flatMap { $0.text.split(separator: "\n").map { "  \($0)" } }
    }
  }
}
