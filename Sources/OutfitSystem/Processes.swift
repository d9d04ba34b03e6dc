import OutfitCore
import SystemPackage

/// A program to run as a child.
public struct Invocation: Hashable, Sendable {
  /// Absolute.
  public var program: FilePath
  public var arguments: [String]
  /// The child's whole environment.
  public var environment: [String: String]
  public var workingDirectory: FilePath
  public var standardInput: Input
  /// On the terminal of this process, what it prints is no result: all of it goes to standard error.
  public var talks = false

  public enum Input: Hashable, Sendable {
    case none
    case inherited
    case bytes([UInt8])
  }

  public init(
    _ program: FilePath, _ arguments: [String], environment: [String: String],
    workingDirectory: FilePath = "/", standardInput: Input = .none
  ) {
    self.program = program
    self.arguments = arguments
    self.environment = environment
    self.workingDirectory = workingDirectory
    self.standardInput = standardInput
  }
}

/// How a child ended, and what it wrote.
public struct Completion: Hashable, Sendable {
  /// The exit status; 128 and the signal's number when a signal ended it.
  public var status: Int32
  public var output: [UInt8]
  public var errors: [UInt8]

  public init(status: Int32, output: [UInt8] = [], errors: [UInt8] = []) {
    self.status = status
    self.output = output
    self.errors = errors
  }

  public var succeeded: Bool { status == 0 }
  public var outputText: String { String(decoding: output, as: UTF8.self) }
  public var errorText: String { String(decoding: errors, as: UTF8.self) }
}

/// Children of this process. Each runs in a process group of its own, which is ended when the task is cancelled.
public protocol Processes: Sendable {
  /// Runs a child and keeps what it writes.
  /// - Throws: `Failure` when the program can't be started.
  func run(_ invocation: Invocation) async throws -> Completion
  /// Runs a child that may ask on the terminal of this process, and keeps its output alone.
  func runAsking(_ invocation: Invocation) async throws -> Completion
  /// Runs a child on the terminal of this process.
  func runAttached(_ invocation: Invocation) async throws -> Int32
  /// Runs a child on the terminal of this process with a mark in its environment. When the task is cancelled, and when
  /// this process ends in whatever way, all that has the mark is ended.
  func runGuarded(_ invocation: Invocation, by mark: ProcessMark) async throws -> Int32
  /// Becomes the program: returns only when that failed.
  func replace(_ invocation: Invocation) throws -> Never
}
