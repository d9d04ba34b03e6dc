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

      With --network it asks each server that the profile here needs, and says by which way and what answered. With \
      --report it writes what a colleague needs to help: without names, addresses, hosts of yours, or secrets.
      """)

  @Flag(help: "Read every installed file, and compare it with what was built.")
  var deep = false

  @Flag(help: "Make again what is Outfit's own and can be made, and say what was done.")
  var fix = false

  @Flag(help: "Ask the servers that are needed here, and say what answered; nothing else is looked at.")
  var network = false

  @Option(
    help: ArgumentHelp("Write what was found for somebody else to read.", valueName: "file"),
    completion: .file())
  var report: String?

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    if network, deep || fix || report != nil {
      throw ValidationError("--network goes with --json alone")
    }
  }

  func run() async throws {
    if network { return try await withSession { [json] in try await NetworkExamination($0).run(json: json) } }
    let (deep, fix, json) = (deep, fix, json)
    if let report {
      return try await withSession { session in
        let text = try await ColleagueReport(session).text()
        try session.write(text, toPage: report)
        if json { session.write(JSONDocument(.doctor, ["findings": .array([]), "report": .string(report)])) }
      }
    }
    try await withSession { session in
      var report = Report(session: session, isJSON: json)
      let remedies = try Remedies(session).found()
      for remedy in remedies {
        guard fix, let mend = remedy.mend else {
          report.add(remedy.finding, isFixable: remedy.mend != nil)
          continue
        }
        do {
          report.add(mended: try await mend(), remedy.finding)
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
      let count = remedies.count { $0.mend != nil }
      if !fix, count > 0, !json { session.write("`outfit doctor --fix` mends \(count) of these.") }
      try report.end()
    }
  }

  /// What was found, for people or as JSON.
  private struct Report {
    let session: Session
    let isJSON: Bool
    private var isWell = true
    private var hasMended = false
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
      let text = (finding.location.map { "\($0): " } ?? "") + finding.message
      switch finding.severity {
      case .note: session.write("\(style.green("ok"))       \(text)")
      case .warning: session.write("\(style.yellow("warning"))  \(text)")
      case .error: session.write("\(style.red("wrong"))    \(text)")
      }
      if let hint = finding.hint { session.write("         \(hint)") }
    }

    mutating func add(mended: String, _ finding: Diagnostic) {
      note(finding, isFixable: true, mended: mended)
      hasMended = true
      guard !isJSON else { return }
      session.write("\(session.outputStyle.green("mended"))   \(finding.message)")
      session.write("         \(mended)")
    }

    private mutating func note(_ finding: Diagnostic, isFixable: Bool, mended: String?) {
      items.append(
        .object([
          "severity": .string(
            finding.severity == .error ? "error" : finding.severity == .warning ? "warning" : "ok"),
          "message": .string(finding.message),
          "location": finding.location.map { .string($0.description) } ?? .null,
          "hint": finding.hint.map { .string($0) } ?? .null,
          "fixable": .bool(isFixable), "fixed": mended.map { .string($0) } ?? .null,
        ]))
    }

    func end() throws {
      if isJSON {
        session.write(
          JSONDocument(
            .doctor, changed: hasMended, exit: isWell ? .done : .failed,
            ["findings": .array(items)]))
      }
      if !isWell { throw Ended(.failed) }
    }
  }
}
