/// The person at the other end, if there is one.
///
/// Results go to standard output, talk (progress, diagnostics, questions) to standard error.
public protocol Terminal: Sendable {
  /// Standard input and standard error are terminals, so that a question would be seen and answered.
  var isInteractive: Bool { get }
  var outputIsTerminal: Bool { get }
  var errorIsTerminal: Bool { get }
  /// Columns.
  var width: Int { get }
  func write(_ text: String)
  func talk(_ text: String)
  /// Shows `prompt` on standard error and reads a line without its end; nil at end of input.
  func ask(_ prompt: String) -> String?
}
