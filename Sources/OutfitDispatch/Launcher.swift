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
  /// - Parameters:
  ///   - arguments: As `main` has them, ended by a null pointer.
  ///   - started: The path that the kernel started, links as they are; for a script it is the script's.
  /// - Returns: the exit status; it returns only when nothing was run.
  public static func run(
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>, started: UnsafePointer<CChar>?
  ) -> Int32 {
    guard let own = Outside.ownPath(), let data = folder(of: own).flatMap(folder(of:)) else {
      return fail("can't find out where it lies", 126)
    }
    guard let first = arguments[0] else { return fail("it was started without a name", 126) }
    let name = name(calledBy: Outside.bytes(first), started: started.map { Outside.bytes($0) }, data: data)
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

  /// The shim's name, as the path says that was started; what the first argument says counts where that path is none
  /// of a shim's: it may be anything, and a script's first line starts a shim as the script.
  private static func name(calledBy first: Bytes, started: Bytes?, data: Bytes) -> Bytes {
    let called = lastName(of: first)
    guard let path = started, lastName(of: path) != called, !lastName(of: path).isEmpty,
      let place = folder(of: path), let identity = Outside.identity(of: place),
      identity == Outside.identity(of: data + Bytes("/bin".utf8))
    else { return called }
    return lastName(of: path)
  }

  private static func execute(
    _ name: Bytes, _ rest: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>,
    _ dispatcher: Dispatcher
  ) -> Int32 {
    switch dispatcher.resolve(name, in: Outside.workingDirectory()) {
    case .stop(let stop): return fail(stop.text, stop.status)
    case .run(let match):
      let program = match.command.program
      guard !program.starts(with: dispatcher.data + Bytes("/bin/".utf8)) else {
        return fail("\(shown(name)) would run itself; outfit up mends it", 126)
      }
      let code = Outside.execute(program, match.command.arguments, rest)
      if code == Outside.missing {
        if !Outside.exists(program), name == Bytes("outfit".utf8) {
          return fail(
            "outfit should be \(shown(program, limit: 1000)), which is not there any more; \(dispatcher.remedy)",
            127)
        }
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

extension Dispatcher {
  /// What brings an Outfit back whose program is gone: another that PATH has, or a new one.
  fileprivate var remedy: String {
    let others = SearchPath(data: data, variable: Outside.variable).programs(Bytes("outfit".utf8))
    guard let other = others.first(where: { _ in true }) else {
      return "install it again: make up in a clone of Outfit, or its install.sh"
    }
    return "\(shown(other, limit: 1000)) up mends it"
  }
}

extension Launcher {
  /// The whole of `outfit-shim`.
  public static func main(started: UnsafePointer<CChar>?) -> Never {
    Outside.leave(run(CommandLine.unsafeArgv, started: started))
  }
}
