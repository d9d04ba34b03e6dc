import OutfitCore
import OutfitSystem

/// Tells which programs are run, how long each took, and how it ended.
struct WatchedProcesses: Processes {
  let processes: any Processes
  let clock: any Clock
  /// Takes a line without its end.
  let tell: @Sendable (String) -> Void

  /// A command line for people, without the passwords in its addresses.
  static func line(_ invocation: Invocation) -> String {
    let words = [invocation.program.string] + invocation.arguments
    return withoutPasswords(words.map { $0.contains("\n") ? "…" : $0 }.joined(separator: " ")).harmless
  }

  private func watched<Value>(
    _ invocation: Invocation, _ status: (Value) -> Int32, _ run: () async throws -> Value
  ) async throws -> Value {
    let started = clock.uptime()
    let value = try await run()
    let ended = status(value)
    let time = SecondsText.text(nanoseconds: clock.uptime() &- started)
    tell("\(Self.line(invocation))  (\(ended == 0 ? "" : "status \(ended), ")\(time))")
    return value
  }

  func run(_ invocation: Invocation) async throws -> Completion {
    try await watched(invocation, \.status) { try await processes.run(invocation) }
  }

  func runAsking(_ invocation: Invocation) async throws -> Completion {
    try await watched(invocation, \.status) { try await processes.runAsking(invocation) }
  }

  func runAttached(_ invocation: Invocation) async throws -> Int32 {
    try await watched(invocation, \.self) { try await processes.runAttached(invocation) }
  }

  func runGuarded(_ invocation: Invocation, by mark: ProcessMark) async throws -> Int32 {
    try await watched(invocation, \.self) { try await processes.runGuarded(invocation, by: mark) }
  }

  func replace(_ invocation: Invocation) throws -> Never {
    tell("\(Self.line(invocation))  (takes over)")
    try processes.replace(invocation)
  }
}

/// How long something took: `0.41 s`.
enum SecondsText {
  static func text(nanoseconds: UInt64) -> String {
    let hundredths = Int((Double(nanoseconds) / 1e7).rounded())
    return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100) s"
  }
}
