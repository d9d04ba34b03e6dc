import OutfitCore
import Subprocess
import SystemPackage

/// Children of this process.
struct LiveProcesses: Processes {
  /// How long a group has to end after SIGTERM, before SIGKILL.
  private static let grace = Duration.seconds(2)

  func run(_ invocation: Invocation) async throws -> Completion {
    switch invocation.standardInput {
    case .none: try await run(invocation, input: .none)
    case .inherited: try await run(invocation, input: .currentStandardInput)
    case .bytes(let bytes): try await run(invocation, input: try input(bytes))
    }
  }

  /// A file without a name, and no pipe: a child may end before it has read all, which ends a process that still writes.
  private func input(_ bytes: [UInt8]) throws -> FileDescriptorInput {
    do {
      return .fileDescriptor(
        FileDescriptor(rawValue: try Libc.unnamedFile(bytes)), closeAfterSpawningProcess: true)
    } catch {
      throw Failure("can't keep what a program is to read: \(error)")
    }
  }

  private func run(_ invocation: Invocation, input: some InputProtocol) async throws -> Completion {
    try Task.checkCancellation()
    let leader = Locked<Int32>(0)
    var options = PlatformOptions()
    // No terminal of its own either: who asks there would be stopped, and wait for ever.
    options.createSession = true
    options.teardownSequence = [
      .send(signal: .terminate, toProcessGroup: true, allowedDurationToNextStep: Self.grace)
    ]
    defer {
      let group = leader.withLock { $0 }
      LiveGroups.all.withLock { _ = $0.remove(group) }
      // Some of the group may have outlived its leader.
      if Task.isCancelled { Libc.endGroup(group) }
    }
    let result = try await starting(invocation) {
      try await Subprocess.run(
        configuration(invocation, options), input: input, output: .sequence, error: .sequence
      ) { execution in
        let group = execution.processIdentifier.value
        leader.withLock { $0 = group }
        LiveGroups.all.withLock { _ = $0.insert(group) }
        async let output = collect(execution.standardOutput)
        async let errors = collect(execution.standardError)
        return try await (output, errors)
      }
    }
    try Task.checkCancellation()
    return Completion(
      status: status(result.terminationStatus), output: result.closureResult.0,
      errors: result.closureResult.1)
  }

  func runAsking(_ invocation: Invocation) async throws -> Completion {
    try Task.checkCancellation()
    var options = PlatformOptions()
    options.teardownSequence = [.send(signal: .terminate, allowedDurationToNextStep: Self.grace)]
    let configuration = configuration(invocation, options)
    func run(_ input: some InputProtocol) async throws -> Completion {
      let result = try await starting(invocation) {
        try await Subprocess.run(
          configuration, input: input, output: .sequence, error: .currentStandardError
        ) { execution in try await collect(execution.standardOutput) }
      }
      try Task.checkCancellation()
      return Completion(status: status(result.terminationStatus), output: result.closureResult)
    }
    return switch invocation.standardInput {
    case .none: try await run(.none)
    case .inherited: try await run(.currentStandardInput)
    case .bytes(let bytes): try await run(input(bytes))
    }
  }

  func runAttached(_ invocation: Invocation) async throws -> Int32 {
    try Task.checkCancellation()
    var options = PlatformOptions()
    options.teardownSequence = [.send(signal: .terminate, allowedDurationToNextStep: Self.grace)]
    let configuration = configuration(invocation, options)
    let output: FileDescriptorOutput = invocation.talks ? .currentStandardError : .currentStandardOutput
    let result = try await starting(invocation) {
      switch invocation.standardInput {
      case .none:
        try await Subprocess.run(
          configuration, input: .none, output: output, error: .currentStandardError
        ).terminationStatus
      case .inherited:
        try await Subprocess.run(
          configuration, input: .currentStandardInput, output: output, error: .currentStandardError
        ).terminationStatus
      case .bytes(let bytes):
        try await Subprocess.run(
          configuration, input: try input(bytes), output: output, error: .currentStandardError
        ).terminationStatus
      }
    }
    try Task.checkCancellation()
    return status(result)
  }

  func replace(_ invocation: Invocation) throws -> Never {
    let code = Libc.execute(invocation)
    let status: ExitStatus = .failed
    throw Failure("can't run \(invocation.program): \(code)", status: status)
  }

  func configuration(_ invocation: Invocation, _ options: PlatformOptions) -> Configuration {
    var variables: [Environment.Key: String] = [:]
    for (name, value) in invocation.environment {
      if let key = Environment.Key(rawValue: name) { variables[key] = value }
    }
    return Configuration(
      executable: .path(.init(invocation.program.string)), arguments: Arguments(invocation.arguments),
      environment: .custom(variables), workingDirectory: .init(invocation.workingDirectory.string),
      platformOptions: options)
  }

  /// Says in our words why a program could not be started.
  func starting<Result>(
    _ invocation: Invocation, _ body: () async throws -> Result
  ) async throws -> Result {
    do {
      return try await body()
    } catch let error as SubprocessError {
      try Task.checkCancellation()
      switch error.code {
      case .executableNotFound:
        throw Failure("can't run \(invocation.program): there is no such program")
      case .failedToChangeWorkingDirectory:
        throw Failure(
          "can't run \(invocation.program) in \(invocation.workingDirectory): the folder can't be entered")
      default:
        let reason = error.underlyingError.map { "\($0)" } ?? error.description
        throw Failure("can't run \(invocation.program): \(reason)")
      }
    }
  }

  private func collect(_ sequence: SubprocessOutputSequence) async throws -> [UInt8] {
    var bytes: [UInt8] = []
    for try await buffer in sequence {
      buffer.withUnsafeBytes { bytes.append(contentsOf: $0) }
    }
    return bytes
  }

  private func status(_ termination: TerminationStatus) -> Int32 {
    switch termination {
    case .exited(let code): code
    case .signaled(let code): 128 + code
    }
  }
}

/// The process groups that run now, to be ended when this process is made to end at once.
enum LiveGroups {
  static let all = Locked<Set<Int32>>([])
}
