/// The program behind every shim.
public enum Launcher {
  /// What the launcher is called when it is no shim.
  static let ownName = Bytes("outfit-shim".utf8)

  /// Runs what the name that it was started by stands for.
  ///
  /// By its own name it serves Outfit: `outfit-shim exec NAME [ARGUMENT...]` runs as the shim NAME would,
  /// `outfit-shim activation SHELL [CURRENT]` prints what the shell's hook evaluates on a change of folder,
  /// `outfit-shim prompt` prints what a prompt may say of the folder, and `outfit-shim git-state [MILLISECONDS]` what
  /// it may say of the repository: it waits that long, and goes on without the shell when git takes longer.
  /// - Parameter arguments: as `main` has them, ended by a null pointer.
  /// - Returns: the exit status; it returns only when nothing was run.
  public static func run(
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
  ) -> Int32 {
    guard let own = Outside.ownPath(), let data = folder(of: own).flatMap(folder(of:)) else {
      return fail("can't find out where it lies", 126)
    }
    guard let first = arguments[0] else { return fail("it was started without a name", 126) }
    let path = Outside.bytes(first)
    let name = Bytes(path[(path.lastIndex(of: Ascii.slash).map { $0 + 1 } ?? 0)...])
    let dispatcher = Dispatcher(data: data, variable: Outside.variable)
    guard name == ownName else { return execute(name, arguments + 1, dispatcher) }
    guard let verb = arguments[1].map({ Outside.bytes($0) }) else { return usage() }
    if verb.equals("exec"), let name = arguments[2].map({ Outside.bytes($0) }) {
      guard !name.isEmpty, !name.contains(Ascii.slash), name != ownName else {
        return fail("exec takes the bare name of a command", 126)
      }
      return execute(name, arguments + 3, dispatcher)
    }
    if verb.equals("activation"),
      let shell = arguments[2].flatMap({ Activation.Shell(rawValue: shown(Outside.bytes($0))) })
    {
      let current = arguments[3].map { Outside.bytes($0) } ?? []
      let activation = dispatcher.activation(in: Outside.workingDirectory())
      Outside.write(Activation.script(activation, current: current, for: shell), to: 1)
      return 0
    }
    if verb.equals("prompt") {
      if let line = dispatcher.activation(in: Outside.workingDirectory())?.line, !line.isEmpty {
        Outside.write(line + [Ascii.newline], to: 1)
      }
      return 0
    }
    if verb.equals("git-state") {
      let wait = arguments[2].flatMap { Int32(shown(Outside.bytes($0))) }
      let kept = wait == GitState.late ? arguments[3].map { Outside.bytes($0) } : nil
      Outside.write(GitState(dispatcher, own: own).line(wait: wait, kept: kept), to: 1)
      return 0
    }
    return usage()
  }

  private static func execute(
    _ name: Bytes, _ rest: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>,
    _ dispatcher: Dispatcher
  ) -> Int32 {
    switch dispatcher.resolve(name, in: Outside.workingDirectory()) {
    case .stop(let message, let status): return fail(message, status)
    case .run(let match):
      let program = match.command.program
      let code = Outside.execute(program, match.command.arguments, rest)
      if code == Outside.missing {
        let what =
          Outside.exists(program)
          ? "\(shown(program, limit: 1000)) names an interpreter that is not there"
          : "\(shown(name)) should be \(shown(program, limit: 1000)), which is not there any more"
        return fail("\(what); outfit up mends it", 127)
      }
      return fail("can't run \(shown(program, limit: 1000)): \(Outside.describe(code))", 126)
    }
  }

  private static func usage() -> Int32 {
    fail(
      "usage: outfit-shim exec NAME [ARGUMENT...], activation bash|zsh|fish [CURRENT], prompt, or "
        + "git-state [MILLISECONDS]", 2)
  }

  private static func fail(_ message: String, _ status: Int32) -> Int32 {
    Outside.write(Bytes("outfit: \(message)\n".utf8), to: 2)
    return status
  }
}

extension Launcher {
  /// The whole of `outfit-shim`.
  public static func main() -> Never { Outside.leave(run(CommandLine.unsafeArgv)) }
}
