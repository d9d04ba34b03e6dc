import OutfitCore
import OutfitSharing
import OutfitSystem
import Testing

@testable import OutfitCommands

/// What a report says, whatever stands in the profile.
@Suite struct CheckTextTests {
  private var report: CheckReport {
    var report = CheckReport(profile: "we`b|<b>@acme\u{1B}[31m")
    report.steps = [
      .init(name: "manifest", verdict: .ok, detail: "2 layers"),
      .init(
        name: "lock", verdict: .unknown, detail: "no pin for black",
        problems: [Diagnostic(.error, "can't reach\n[x](javascript:alert(1)) ``` @all", reason: .unreachable)]
      ),
      .init(name: "up", verdict: .skipped, detail: ""),
    ]
    report.note = "There is nothing to compare with."
    return report
  }

  @Test func markdownHasNoMarkupOfAProfile() {
    let text = CheckMarkdown.text(report)
    #expect(text.hasPrefix("### ✗ `` we`b|<b>@acme?[31m ``: not good yet\n"), "\(text)")
    #expect(text.contains("- ```` can't reach?[x](javascript:alert(1)) ``` @all ````\n"), "\(text)")
    #expect(CheckMarkdown.code("a|b", inTable: true) == "` a\\|b `")
    #expect(CheckMarkdown.code(String(repeating: "x", count: 10_000)).count < 600)
    #expect(CheckMarkdown.code("  ").isEmpty)
  }

  @Test(arguments: [40, 80])
  func linesFit(_ width: Int) {
    var report = report
    report.notDone = [.init(entry: "packages.apt.x", label: "apt: " + String(repeating: "word ", count: 30))]
    let lines = CheckText(report: report, width: width, style: .plain).lines
    // A word that is longer than its column is not cut.
    for line in lines where !line.contains("javascript") { #expect(line.columns <= width, "\(line)") }
    #expect(!lines.joined().contains("\u{1B}"))
  }

  @Test func theWorstOfTheStepsDecides() {
    func exit(_ verdict: CheckReport.Verdict, _ isMistake: Bool = false) -> OutfitCore.ExitStatus {
      var report = CheckReport(profile: "x")
      report.steps = [
        .init(name: "lock", verdict: .stale, detail: ""),
        .init(name: "up", verdict: verdict, detail: "", isMistake: isMistake),
      ]
      return report.exit
    }
    #expect(exit(.ok) == .drift && exit(.skipped) == .drift)
    #expect(exit(.failed) == .failed && exit(.unknown) == .failed && exit(.failed, true) == .usage)
  }
}

/// What machines say, on any terminal.
@Suite struct TeamTextTests {
  @Test(arguments: [40, 60, 80, 120])
  func linesFit(_ width: Int) {
    let receipts = (0..<30).map { number in
      MachineReceipt(
        machine: String(repeating: "m", count: 20) + "\(number)",
        name: number % 2 == 0 ? nil : "a-long-name-of-\(number)",
        profile: "web", commit: number % 3 == 0 ? nil : String(repeating: "a", count: 40),
        outfit: "0.1.0-beta.1",
        since: 0, incomplete: number % 4 == 0 ? [:] : ["interpreters": 1, "tools": 12],
        drift: number % 5 == 0 ? [:] : ["organisation": 3, "personal": 1], seen: 100)
    }
    let status = TeamStatus(
      ReceiptBox.Contents(receipts: receipts), behind: [String(repeating: "a", count: 40): 12], now: 50)
    let lines = status.lines(width: width, style: Style.plain)
    for line in lines { #expect(line.columns <= width, "\(line)") }
    #expect(lines.last?.isEmpty == false)
    #expect(lines.contains { $0.contains("a moment") })
  }
}
