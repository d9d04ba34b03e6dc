import OutfitSystem
import Support
import Testing

@testable import OutfitCommands

@Suite struct RunLogTests {
  private func host(_ files: MemoryFiles, _ words: String) -> Host {
    var host = Host.test(files: files)
    host.arguments = words.split(separator: " ").map(String.init)
    return host
  }

  @Test func linesAreReadAsTheyWereWritten() {
    for text in ["", "plain", "two\nlines", "a \\n b", "\\", "é\\\\n"] {
      let entry = RunLog.Entry(.said, text)
      #expect(entry.line.last == "\n" && entry.line.dropLast().contains("\n") == false)
      #expect(RunLog.Entry(line: entry.line.dropLast()) == entry)
    }
    #expect(RunLog.Entry(line: "nothing of ours") == nil)
  }

  @Test func whatIsLogged() {
    for words in [
      "up", "up starter --trust", "tool install black", "rollback", "personal push", "dotfiles add x",
    ] {
      #expect(RunLog.isLogged(words.split(separator: " ").map(String.init)), "\(words)")
    }
    for words in ["", "status", "up --dry-run", "exec black", "hooks run", "--version", "log"] {
      #expect(!RunLog.isLogged(words.split(separator: " ").map(String.init)), "\(words)")
    }
  }

  @Test func aRunIsToldWithoutSecrets() throws {
    let files = MemoryFiles.withHome()
    files.put("/home/ann/.local/state/outfit/machine/x", "")
    let log = try #require(RunLog(host(files, "up https://me:secret@host/p --set token=secret")))
    log.note(.program, "/usr/bin/git fetch  (0.10 s)")
    log.note(.said, "error: no\n  hint: yes")
    log.end(1)
    log.note(.said, "too late")
    let one = host(files, "")
    #expect(try RunLog.numbers(one) == [1])
    let run = try RunLog.read(1, one)
    #expect(run.command == "outfit up 'https://***@host/p' --set 'token=…'")
    #expect(run.status == 1)
    #expect(run.entries.filter { $0.kind == .said }.map(\.text) == ["error: no\n  hint: yes"])
  }

  /// A look makes no folders, and what began before there were any is told whole.
  @Test func thereIsNoLogWhereOutfitHasNothing() throws {
    let files = MemoryFiles.withHome()
    let log = try #require(RunLog(host(files, "up p")))
    log.note(.said, "first")
    #expect(!files.exists("/home/ann/.local/state/outfit"))
    files.put("/home/ann/.local/state/outfit/machine/x", "")
    log.end(0)
    #expect(try RunLog.read(1, host(files, "")).entries.map(\.kind).suffix(2) == [.said, .end])
  }

  @Test func theOldestGo() throws {
    let files = MemoryFiles.withHome()
    files.put("/home/ann/.local/state/outfit/machine/x", "")
    for _ in 0..<RunLog.kept + 7 { RunLog(host(files, "up"))?.end(0) }
    #expect(try RunLog.numbers(host(files, "")) == Array(8...RunLog.kept + 7))
  }
}
