import OutfitCore

/// Ctrl-C, and the other signals that ask for an end.
///
/// The first cancels the work, which then ends its children and puts in order what it began. The second
/// ends this process and its children at once.
public enum Interrupts {
  private static let state = Locked(State())

  private struct State {
    var isWatching = false
    var cameYet = false
    /// How many have begun what they want to end in order.
    var holds = 0
    var cancel: (@Sendable () -> Void)?
    /// Becomes readable when the first signal came, and stays so.
    var wake: (reading: Int32, writing: Int32)?
  }

  /// A signal asked this process to end.
  public static var came: Bool { state.withLock { $0.cameYet } }

  /// Does `work` in a task that SIGINT, SIGTERM and SIGHUP cancel.
  /// - Throws: `Failure` with the status `interrupted` when one of them came and the work stopped for it,
  ///   otherwise what the work throws.
  public static func guarded<Result: Sendable>(
    _ work: @escaping @Sendable () async throws -> Result
  ) async throws -> Result {
    watch()
    let task = Task { try await work() }
    let came = state.withLock { state in
      state.cancel = { task.cancel() }
      return state.cameYet
    }
    if came { task.cancel() }
    defer { state.withLock { $0.cancel = nil } }
    do {
      return try await withTaskCancellationHandler {
        try await task.value
      } onCancel: {
        task.cancel()
      }
    } catch is CancellationError {
      throw Failure("interrupted", status: .interrupted)
    }
  }

  /// While `work` is done, only the first signal is heeded: who presses Ctrl-C again and again still finds everything
  /// in order afterwards. What takes long in `work` must end by itself when its task is cancelled.
  public static func held<Result>(_ work: () async throws -> Result) async rethrows -> Result {
    state.withLock { $0.holds += 1 }
    defer { state.withLock { $0.holds -= 1 } }
    return try await work()
  }

  static var wakeDescriptor: Int32? { state.withLock { $0.wake?.reading } }

  private static func watch() {
    let isFirst = state.withLock { state in
      defer { state.isWatching = true }
      return !state.isWatching
    }
    guard isFirst, let signals = try? Libc.pipe(), let wake = try? Libc.pipe() else { return }
    state.withLock { $0.wake = wake }
    Libc.catchSignals(into: signals.writing)
    Libc.startThread {
      while let signal = Libc.readByte(signals.reading) {
        let (cancel, wasFirst, isHeld) = state.withLock { state in
          defer { state.cameYet = true }
          return (state.cancel, !state.cameYet, state.holds > 0)
        }
        guard wasFirst else {
          if isHeld { continue }
          for group in LiveGroups.all.withLock({ $0 }) { Libc.endGroup(group) }
          Libc.exitNow(signal == 2 ? ExitStatus.interrupted.rawValue : 128 + Int32(signal))
        }
        _ = Libc.close(wake.writing)
        cancel?()
      }
    }
  }
}
