import OutfitCore
import OutfitSystem
import SystemPackage

/// Detached signatures by keys of SSH's, made and checked by ssh-keygen (ssh-keygen(1), `-Y`; OpenSSH's PROTOCOL.sshsig).
public struct SSHSignature: Sendable {
  /// What a signature is for, so that none of another kind of thing counts.
  let namespace: String
  let host: Host

  public init(namespace: String, host: Host) { (self.namespace, self.host) = (namespace, host) }

  /// Writes `FILE.sig` beside a file.
  /// - Parameter key: the public key's file serves where an agent has the private one.
  func sign(_ file: FilePath, _ key: FilePath) async throws -> Completion {
    try await host.processes.run(
      Invocation(
        try program(), ["-q", "-Y", "sign", "-n", namespace, "-f", key.string, file.string],
        environment: host.environment, standardInput: .inherited))
  }

  /// Who signed, by the name that a file of allowed signers has for the key; nil where nobody did whom it allows.
  /// - Throws: where ssh-keygen is not here, or does not start.
  public func signer(of bytes: [UInt8], signature: FilePath, among allowed: FilePath) async throws -> String?
  {
    let program = try program()
    func run(_ arguments: [String]) async throws -> Completion {
      try await host.processes.run(
        Invocation(program, arguments, environment: host.environment, standardInput: .bytes(bytes)))
    }
    let found = try await run(["-Y", "find-principals", "-s", signature.string, "-f", allowed.string])
    guard found.succeeded, let name = found.outputText.split(whereSeparator: \.isNewline).first else {
      return nil
    }
    let checked = try await run([
      "-q", "-Y", "verify", "-n", namespace, "-I", String(name), "-f", allowed.string, "-s", signature.string,
    ])
    return checked.succeeded ? String(name) : nil
  }

  private func program() throws -> FilePath {
    let folders = (host.environment["PATH"] ?? "").split(separator: ":").map { FilePath(String($0)) }
    let programs = (folders.filter(\.isAbsolute) + ["/usr/bin"]).map { $0.appending("ssh-keygen") }
    guard let program = programs.first(where: { host.files.exists($0) }) else {
      throw Failure(
        "signatures are made and checked by ssh-keygen, which is not on this machine",
        hint: "install OpenSSH's client")
    }
    return program
  }
}
