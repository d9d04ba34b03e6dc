import OutfitCore
import OutfitSystem
import SystemPackage
import Testing

extension Host {
  /// A machine in memory, of the user `ann` with the home folder `/home/ann`. Children and questions that a
  /// test does not script are issues of that test.
  public static func test(
    files: any Files = MemoryFiles.withHome(), processes: any Processes = ScriptedProcesses(),
    terminal: any Terminal = RecordingTerminal(), clock: any Clock = TestClock(),
    environment: [String: String] = [:], home: FilePath = "/home/ann",
    platform: Platform = Platform(.linux, .amd64), workingDirectory: FilePath = "/home/ann"
  ) -> Host {
    var variables = ["HOME": home.string, "PATH": "/usr/bin:/bin"]
    variables.merge(environment) { $1 }
    return Host(
      files: files, processes: processes, terminal: terminal, clock: clock, environment: variables,
      user: User(identifier: 1000, name: "ann", home: home), platform: platform,
      workingDirectory: workingDirectory)
  }
}

extension MemoryFiles {
  /// With the folders `/home/ann` and `/tmp`.
  public static func withHome() -> MemoryFiles {
    let files = MemoryFiles()
    files.putDirectory("/home/ann")
    files.putDirectory("/tmp", mode: 0o1777)
    return files
  }
}

/// A clock that moves when it is asked to sleep, or told to.
public final class TestClock: Clock {
  private let time: Locked<(now: Int64, uptime: UInt64)>

  /// - Parameter now: seconds since 1970.
  public init(now: Int64 = 1_800_000_000) { time = Locked((now, 1_000_000_000)) }

  public func now() -> Int64 { time.withLock { $0.now } }
  public func uptime() -> UInt64 { time.withLock { $0.uptime } }
  public func sleep(seconds: Double) async throws { advance(seconds: seconds) }

  public func advance(seconds: Double) {
    time.withLock { time in
      time.uptime += UInt64(seconds * 1_000_000_000)
      time.now += Int64(seconds)
    }
  }
}

/// A terminal that keeps what was written. Questions that were given no answer are issues of the test.
public final class RecordingTerminal: Terminal {
  public let isInteractive: Bool
  public let outputIsTerminal: Bool
  public let errorIsTerminal: Bool
  public let width: Int
  private let state: Locked<(written: String, talked: String, asked: [String], answers: [String?])>

  /// - Parameter answers: given to questions in this order; nil is the end of input.
  public init(isTerminal: Bool = false, width: Int = 80, answers: [String?] = []) {
    isInteractive = isTerminal
    outputIsTerminal = isTerminal
    errorIsTerminal = isTerminal
    self.width = width
    state = Locked(("", "", [], answers))
  }

  /// Standard output.
  public var written: String { state.withLock { $0.written } }
  /// Standard error.
  public var talked: String { state.withLock { $0.talked } }
  public var asked: [String] { state.withLock { $0.asked } }

  public func write(_ text: String) { state.withLock { $0.written += text } }
  public func talk(_ text: String) { state.withLock { $0.talked += text } }

  public func ask(_ prompt: String) -> String? {
    let (answer, hasAnswer) = state.withLock { state -> (String?, Bool) in
      state.asked.append(prompt)
      guard !state.answers.isEmpty else { return (nil, false) }
      return (state.answers.removeFirst(), true)
    }
    if !hasAnswer { _ = unexpected("a question was asked: \(prompt)") }
    return answer
  }
}
