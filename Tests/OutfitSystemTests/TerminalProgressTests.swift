import OutfitCore
import Support
import Testing

@testable import OutfitSystem

@Suite struct TerminalProgressTests {
  private let clock = TestClock()

  @Test func whatIsQuickIsNotShownOnATerminal() {
    let terminal = RecordingTerminal(isTerminal: true)
    let progress = TerminalProgress(terminal: terminal, clock: clock, environment: [:])
    progress.started(id: "a", label: "A")
    clock.advance(seconds: 0.1)
    progress.finished(id: "a")
    #expect(terminal.talked == "")
  }

  @Test func whatIsSlowHasALineThatIsRedrawnAndThenGoes() {
    let terminal = RecordingTerminal(isTerminal: true)
    let progress = TerminalProgress(
      terminal: terminal, clock: clock, environment: ["LANG": "C.UTF-8", "NO_COLOR": "1"])
    progress.started(id: "a", label: "Python 3.13.5")
    progress.bytes(id: "a", done: 0, total: 29_100_000)
    clock.advance(seconds: 1)
    progress.bytes(id: "a", done: 4_500_000, total: 29_100_000)
    #expect(terminal.talked == "  Python 3.13.5  4.5 MB of 29.1 MB, 4.5 MB/s, 1.0 s\n")
    clock.advance(seconds: 0.01)
    progress.bytes(id: "a", done: 4_600_000, total: 29_100_000)
    #expect(!terminal.talked.contains("4.6 MB"))
    clock.advance(seconds: 1)
    progress.step(id: "a", text: "unpacking")
    #expect(terminal.talked.contains("\u{1B}[1A\u{1B}[2K\r  Python 3.13.5  unpacking, 4.6 MB of"))
    progress.finished(id: "a")
    #expect(terminal.talked.hasSuffix("\u{1B}[1A\u{1B}[2K\r"))
    #expect(!terminal.talked.contains("✓"))
  }

  @Test func howMuchThereIsStandsAboveThem() {
    let terminal = RecordingTerminal(isTerminal: true)
    let progress = TerminalProgress(terminal: terminal, clock: clock, environment: ["NO_COLOR": "1"])
    progress.expect(20)
    for id in 1...13 { progress.started(id: "\(id)", label: "thing \(id)") }
    progress.bytes(id: "1", done: 2_000_000, total: 2_000_000)
    for id in 1...12 { progress.finished(id: "\(id)") }
    clock.advance(seconds: 1)
    progress.bytes(id: "13", done: 1_000_000, total: nil)
    #expect(terminal.talked == "  12 of 20, 3.0 MB\n  thing 13  1.0 MB, 1.0 s\n")
    progress.failed(id: "13", reason: "no such host")
    #expect(
      terminal.talked.hasSuffix("\u{1B}[1A\u{1B}[2K\u{1B}[1A\u{1B}[2K\rfailed: thing 13  no such host\n"))
    // What comes after all of it is counted anew.
    for id in 14...20 { progress.started(id: "\(id)", label: "thing \(id)") }
    for id in 14...20 { progress.finished(id: "\(id)") }
    progress.started(id: "next", label: "next")
    clock.advance(seconds: 1)
    progress.step(id: "next", text: "x")
    #expect(terminal.talked.hasSuffix("\n  next  x, 1.0 s\n"))
  }

  @Test func aNoteStandsAboveTheLines() {
    let terminal = RecordingTerminal(isTerminal: true)
    let progress = TerminalProgress(terminal: terminal, clock: clock, environment: ["NO_COLOR": "1"])
    progress.started(id: "a", label: "A")
    clock.advance(seconds: 1)
    progress.step(id: "a", text: "x")
    progress.note("look")
    #expect(terminal.talked == "  A  x, 1.0 s\n\u{1B}[1A\u{1B}[2K\rlook\n  A  x, 1.0 s\n")
  }

  @Test(arguments: [["CI": "1"], ["TERM": "dumb"]]) func withoutALiveTerminalThereAreWholeLinesOnly(
    _ environment: [String: String]
  ) {
    let terminal = RecordingTerminal(isTerminal: true)
    let progress = TerminalProgress(terminal: terminal, clock: clock, environment: environment)
    progress.started(id: "a", label: "A")
    progress.bytes(id: "a", done: 1, total: nil)
    clock.advance(seconds: 12)
    progress.step(id: "a", text: "x")
    progress.finished(id: "a")
    progress.started(id: "b", label: "B")
    progress.failed(id: "b", reason: "no such host")
    progress.finished(id: "unknown")
    let plain = terminal.talked.replacing(/\u{1B}\[[0-9]+m/, with: "")
    #expect(plain == "done: A  1 B, 12 s\nfailed: B  no such host\n")
  }

  @Test func noLineIsWiderThanTheTerminal() {
    let view = ProgressView(style: .plain, isUnicode: true, limit: 2)
    let items = (0..<4).map { number in
      var item = ProgressView.Item(
        id: "\(number)", label: String(repeating: "w", count: 30 * number), started: 0)
      item.step = "waiting for another outfit that builds it"
      return item
    }
    for width in [20, 40, 79] {
      let lines = view.lines(items, now: 3_000_000_000, width: width)
      #expect(lines.count == 3)
      #expect(lines.allSatisfy { $0.columns <= width }, "\(lines)")
    }
  }

  @Test func sizesAndTimesAreShort() {
    let view = ProgressView(style: .plain, isUnicode: true)
    #expect(
      [0, 999, 1000, 999_949, 999_960, 29_100_000, 5_000_000_000].map { view.size($0) }
        == ["0 B", "999 B", "1.0 kB", "999.9 kB", "1.0 MB", "29.1 MB", "5.0 GB"])
    #expect(
      [400_000_000, 9_960_000_000, 65_000_000_000].map { view.duration($0) } == [
        "0.4 s", "10 s", "1 min 5 s",
      ])
  }
}
