import SystemPackage

/// The standard streams of this process.
public struct LiveTerminal: Terminal {
  /// `COLUMNS`, for when no stream is a terminal.
  let columns: Int?

  public init(columns: Int? = nil) { self.columns = columns }

  public var isInteractive: Bool { Libc.isTerminal(Libc.standardInput) && errorIsTerminal }
  public var outputIsTerminal: Bool { Libc.isTerminal(Libc.standardOutput) }
  public var errorIsTerminal: Bool { Libc.isTerminal(Libc.standardError) }

  public var width: Int {
    Libc.width(Libc.standardError) ?? Libc.width(Libc.standardOutput) ?? columns ?? 80
  }

  public func write(_ text: String) {
    do {
      try Libc.writeText(Libc.standardOutput, text)
    } catch {
      // Who has seen enough and left is no failure.
      if error != .brokenPipe { Self.lost.withLock { $0 = $0 ?? error } }
    }
  }

  public func talk(_ text: String) { try? Libc.writeText(Libc.standardError, text) }

  private static let lost = Locked<Errno?>(nil)

  /// Why a result did not get to standard output, if one did not.
  public static var lostOutput: Errno? { lost.withLock { $0 } }

  public func ask(_ prompt: String) -> String? {
    talk(prompt)
    return Libc.readLine(wake: Interrupts.wakeDescriptor)
  }
}
