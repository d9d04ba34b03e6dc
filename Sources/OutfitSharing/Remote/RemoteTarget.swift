import OutfitCore
import OutfitSystem
import SystemPackage

/// Another machine, and the program that runs commands there: OpenSSH, or the engine of a container.
public struct RemoteTarget: Hashable, Sendable, CustomStringConvertible {
  public enum Kind: Hashable, Sendable { case ssh, container, pod }

  public var kind: Kind
  /// What ssh(1) takes as its destination; a container of docker's or podman's; a pod of the cluster that kubectl speaks to
  /// now, `NAME` or `NAMESPACE/NAME`.
  public var name: String
  /// As it was typed.
  public var description: String

  /// - Throws: `Failure`, status 2, for what no program would take for a machine.
  public init(_ text: String) throws {
    description = text
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    let rest = parts.count == 2 ? String(parts[1]) : ""
    switch parts[0] {
    case "container" where !rest.isEmpty: (kind, name) = (.container, rest)
    case "pod" where !rest.isEmpty: (kind, name) = (.pod, rest)
    default: (kind, name) = (.ssh, text)
    }
    // A leading dash would be an option of that program.
    let isPlain = name.unicodeScalars.allSatisfy {
      $0.isASCII && $0.value > 0x20 && !"'\"\\`$&|;<>(){}!*?".unicodeScalars.contains($0)
    }
    guard isPlain, name.first != "-", !name.isEmpty else {
      throw Failure(
        "\(text.harmless) is no machine", hint: "name it as for ssh, or container/NAME or pod/NAME",
        status: .usage)
    }
  }
}

/// Runs commands of sh on other machines, by programs of this one. Their configuration, keys and questions are the user's; a
/// connection is kept for as long as this lives, and no longer.
public struct RemoteShell: Sendable {
  private let host: Host
  /// Where the connections' sockets are.
  private let folder: FilePath

  public init(_ host: Host) throws {
    self.host = host
    // The path of a socket is short (unix(7)): not below a cache of the user's.
    let base =
      host.environment["XDG_RUNTIME_DIR"].map { FilePath($0) }.flatMap { $0.isAbsolute ? $0 : nil } ?? "/tmp"
    let root = host.files.exists(base) ? base : "/tmp"
    folder = root.appending("outfit-\(String(UInt32.random(in: 0...UInt32.max), radix: 36))")
    try host.files.createDirectory(folder, mode: 0o700)
  }

  private func program(_ name: String, for target: RemoteTarget) throws -> FilePath {
    let folders = (host.environment["PATH"] ?? "").split(separator: ":").map { FilePath(String($0)) }
    guard
      let program = folders.filter(\.isAbsolute).map({ $0.appending(name) }).first(where: {
        host.files.exists($0)
      })
    else {
      throw Failure("\(target) is reached by \(name), which is not on PATH", hint: "install \(name)")
    }
    return program
  }

  private func hasProgram(_ name: String) -> Bool {
    (host.environment["PATH"] ?? "").split(separator: ":").contains {
      host.files.exists(FilePath(String($0)).appending(name))
    }
  }

  /// - Parameters:
  ///   - script: of sh, without a single quote in it.
  ///   - words: its arguments.
  ///   - isOnTerminal: it is a person's.
  private func invocation(
    _ target: RemoteTarget, _ script: String, _ words: [String], isOnTerminal: Bool = false
  ) throws -> Invocation {
    let command = ["sh", "-c", script, "sh"] + words
    let name = target.name
    switch target.kind {
    case .ssh:
      let options = [
        "-o", "ControlMaster=auto", "-o", "ControlPath=\(folder)/%C", "-o", "ControlPersist=60",
        "-o", "ConnectTimeout=20", isOnTerminal ? "-t" : "-T",
      ]
      return Invocation(
        try program("ssh", for: target),
        options + ["--", name, command.map(Self.quoted).joined(separator: " ")],
        environment: host.environment)
    case .container:
      let engine = hasProgram("docker") ? "docker" : "podman"
      return Invocation(
        try program(engine, for: target), ["exec", isOnTerminal ? "-it" : "-i", name] + command,
        environment: host.environment)
    case .pod:
      let parts = name.split(separator: "/", maxSplits: 1).map(String.init)
      let place = parts.count == 2 ? ["--namespace", parts[0], parts[1]] : [name]
      return Invocation(
        try program("kubectl", for: target),
        ["exec", isOnTerminal ? "-it" : "-i"] + place + ["--"] + command,
        environment: host.environment)
    }
  }

  /// As any login shell reads one word: sh, csh and fish alike.
  public static func quoted(_ text: String) -> String {
    let isPlain =
      !text.isEmpty
      && text.allSatisfy {
        $0.isASCII && ($0.isLetter || $0.isNumber || "/._-+=:,@%".contains($0))
      }
    return isPlain ? text : "'" + text.replacing("'", with: "'\\''") + "'"
  }

  /// Runs a script of sh there.
  /// - Parameter input: what it reads; or a file with that.
  public func run(
    _ target: RemoteTarget, _ script: String, _ words: [String] = [], input: [UInt8] = []
  ) async throws -> Completion {
    var invocation = try invocation(target, script, words)
    invocation.standardInput = .bytes(input)
    return try await host.processes.run(invocation)
  }

  public func run(
    _ target: RemoteTarget, _ script: String, _ words: [String] = [], inputFrom file: FilePath
  ) async throws -> Completion {
    let inner = try invocation(target, script, words)
    return try await host.processes.run(
      Invocation(
        "/bin/sh",
        ["-c", "file=$1; shift; exec \"$@\" <\"$file\"", "sh", file.string, inner.program.string]
          + inner.arguments, environment: host.environment))
  }

  /// Runs a script there, on this terminal.
  public func runAttached(_ target: RemoteTarget, _ script: String, _ words: [String]) async throws -> Int32 {
    let terminal = host.terminal
    return try await host.processes.runAttached(
      try invocation(target, script, words, isOnTerminal: terminal.isInteractive && terminal.outputIsTerminal)
    )
  }

  /// Ends the connections.
  public func close(_ targets: [RemoteTarget]) async {
    for target in targets {
      guard target.kind == .ssh, let ssh = try? program("ssh", for: target) else {
        continue
      }
      _ = try? await host.processes.run(
        Invocation(
          ssh, ["-O", "exit", "-o", "ControlPath=\(folder)/%C", "--", target.name],
          environment: host.environment))
    }
    try? host.files.removeTree(folder)
  }
}
