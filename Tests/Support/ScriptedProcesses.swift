import OutfitCore
import OutfitSystem
import SystemPackage
import Testing

/// Children that a test expects, and what they answer. Any other child is an issue of the test.
public final class ScriptedProcesses: Processes {
  public typealias Script = @Sendable (Invocation) async throws -> Completion

  private struct State {
    var scripts: [(matches: @Sendable (Invocation) -> Bool, answer: Script)] = []
    var invocations: [Invocation] = []
  }

  private let state = Locked(State())

  public init() {}

  /// Answers every child that `matches`, the first rule that fits first.
  public func on(_ matches: @escaping @Sendable (Invocation) -> Bool, _ answer: @escaping Script) {
    state.withLock { $0.scripts.append((matches, answer)) }
  }

  /// Answers the program at this path, whatever its arguments.
  public func on(_ program: FilePath, _ answer: @escaping Script) {
    on({ $0.program == program }, answer)
  }

  /// Answers the program at this path.
  public func on(
    _ program: FilePath, _ arguments: [String]? = nil, status: Int32 = 0, output: String = "",
    errors: String = ""
  ) {
    let completion = Completion(status: status, output: Array(output.utf8), errors: Array(errors.utf8))
    on(
      { $0.program == program && (arguments == nil || $0.arguments == arguments) },
      { _ in completion })
  }

  /// What was run, in order.
  public var invocations: [Invocation] { state.withLock { $0.invocations } }

  public func run(_ invocation: Invocation) async throws -> Completion {
    let script = state.withLock { state in
      state.invocations.append(invocation)
      return state.scripts.first { $0.matches(invocation) }?.answer
    }
    guard let script else {
      throw unexpected("a child was run: \(invocation.program) \(invocation.arguments)")
    }
    return try await script(invocation)
  }

  public func runAsking(_ invocation: Invocation) async throws -> Completion { try await run(invocation) }

  public func runAttached(_ invocation: Invocation) async throws -> Int32 {
    try await run(invocation).status
  }

  public func runGuarded(_ invocation: Invocation, by mark: ProcessMark) async throws -> Int32 {
    try await run(invocation).status
  }

  public func replace(_ invocation: Invocation) throws -> Never {
    state.withLock { $0.invocations.append(invocation) }
    throw unexpected("the process was replaced: \(invocation.program) \(invocation.arguments)")
  }
}

/// Records an issue of the running test, and gives an error to throw.
func unexpected(_ what: String) -> Failure {
  Issue.record("unexpected contact with the outside world: \(what)")
  return Failure("unexpected contact with the outside world: \(what)")
}
