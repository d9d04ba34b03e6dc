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

  public func write(_ text: String) { Libc.writeText(Libc.standardOutput, text) }
  public func talk(_ text: String) { Libc.writeText(Libc.standardError, text) }

  public func ask(_ prompt: String) -> String? {
    talk(prompt)
    return Libc.readLine(wake: Interrupts.wakeDescriptor)
  }
}
