/// The standard streams of this process.
struct LiveTerminal: Terminal {
  /// `COLUMNS`, for when no stream is a terminal.
  let columns: Int?

  var isInteractive: Bool { Libc.isTerminal(Libc.standardInput) && errorIsTerminal }
  var outputIsTerminal: Bool { Libc.isTerminal(Libc.standardOutput) }
  var errorIsTerminal: Bool { Libc.isTerminal(Libc.standardError) }

  var width: Int {
    Libc.width(Libc.standardError) ?? Libc.width(Libc.standardOutput) ?? columns ?? 80
  }

  func write(_ text: String) { Libc.writeText(Libc.standardOutput, text) }
  func talk(_ text: String) { Libc.writeText(Libc.standardError, text) }

  func ask(_ prompt: String) -> String? {
    talk(prompt)
    return Libc.readLine(wake: Interrupts.wakeDescriptor)
  }
}
