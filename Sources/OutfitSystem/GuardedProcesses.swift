import OutfitCore
import Subprocess

extension LiveProcesses {
  /// Another process, in a session of its own, has the other end of a pipe: it sees the end of this one also where
  /// nothing of this one is left to see it.
  func runGuarded(_ invocation: Invocation, by mark: ProcessMark) async throws -> Int32 {
    try Task.checkCancellation()
    var marked = invocation
    marked.environment[ProcessMark.variable] = mark.value
    let child = marked
    let (cancellations, cancel) = AsyncStream.makeStream(of: Void.self)
    let work = Task { try await guarded(child, by: mark.ending, cancellations) }
    return try await withTaskCancellationHandler {
      try await work.value
    } onCancel: {
      cancel.yield()
      cancel.finish()
    }
  }

  /// Not cancelled itself: it ends when all that has the mark did.
  private func guarded(
    _ child: Invocation, by guardian: Invocation, _ cancellations: AsyncStream<Void>
  ) async throws -> Int32 {
    var options = PlatformOptions()
    options.createSession = true
    let run = try await starting(guardian) {
      try await Subprocess.run(
        configuration(guardian, options), input: .inputWriter, output: .discarded, error: .discarded
      ) { guardian in
        let writer = guardian.standardInputWriter
        let engine = Task { try await runAttached(child) }
        let stopping = Task {
          for await _ in cancellations {
            engine.cancel()
            try? await writer.finish()
          }
        }
        let result = await engine.result
        // A signal that ended the engine was meant for the hooks too, whether or not it was heard of here by now.
        let isEnded = if case .success(let status) = result { status < 128 } else { false }
        if isEnded, !engine.isCancelled { _ = try? await writer.write(Array("over\n".utf8)) }
        stopping.cancel()
        await stopping.value
        try? await writer.finish()
        return result
      }
    }
    return try run.closureResult.get()
  }
}
