import OutfitSystem
import Support
import SystemPackage
import Testing

/// A pyenv root of a test's own, shaped as pyenv and its plugins shape it, around a real Python of this
/// machine.
struct Pyenv {
  let root: FilePath
  /// `3.11.2`: what the machine's Python says it is.
  let version: String
  let machine: Machine

  /// Nil, loudly, where the machine has no Python with a whole standard library.
  init?(_ machine: Machine) async throws {
    self.machine = machine
    root = machine.home.appending(".pyenv")
    for candidate: FilePath in ["/usr/bin/python3", "/usr/local/bin/python3"] {
      let script =
        "import ssl, sqlite3, ctypes, zlib, lzma, ensurepip, venv, sys; print('%d.%d.%d' % sys.version_info[:3])"
      guard machine.files.exists(candidate) else { continue }
      let asked = try await machine.run(candidate, ["-I", "-c", script])
      guard asked.succeeded else { continue }
      version = String(asked.outputText.split(separator: "\n").last ?? "")
      try await install(candidate)
      return
    }
    print(
      "SKIPPED: this machine has no Python with a whole standard library (apt-get install python3 python3-venv)"
    )
    return nil
  }

  var series: String { version.split(separator: ".").prefix(2).joined(separator: ".") }
  var folder: FilePath { root.appending("versions").appending(version) }
  /// What a test's `outfit` is told.
  var setting: [String: String] { ["PYENV_ROOT": root.string, "PATH": "/usr/bin:/bin"] }

  /// A copy, since pyenv's versions are programs of their own; its library is where it was built.
  private func install(_ python: FilePath) async throws {
    let bin = folder.appending("bin")
    try machine.files.createDirectories(bin)
    try await sh(
      "cp \(python) \(bin)/python\(series) && ln -s python\(series) \(bin)/python3 && ln -s python\(series) \(bin)/python"
    )
    try machine.write(".pyenv/version", "\(version)\n")
    try machine.write(".pyenv/shims/python", "#!/bin/sh\nexec \(bin)/python \"$@\"\n", mode: 0o755)
  }

  /// As pyenv-virtualenv makes one: below its version, with a link beside the versions.
  func virtualenv(_ name: String) async throws {
    try await sh(
      "mkdir -p \(folder)/envs && \(folder)/bin/python -m venv --without-pip \(folder)/envs/\(name) "
        + "&& ln -s \(folder)/envs/\(name) \(root)/versions/\(name)")
  }

  /// A package with a program, as pip would have left its metadata.
  func package(_ name: String, programs: [String]) throws {
    let scripts =
      programs.isEmpty ? "" : "[console_scripts]\n" + programs.map { "\($0) = \(name):main\n" }.joined()
    try machine.write(
      ".pyenv/versions/\(version)/lib/python\(series)/site-packages/\(name)-1.0.dist-info/entry_points.txt",
      scripts)
  }

  func sh(_ command: String) async throws {
    let done = try await machine.run("/bin/sh", ["-c", command])
    try #require(done.succeeded, "\(command): \(done.errorText)")
  }

  /// Every path of the root with its kind and content: what nobody may change.
  func tree() async throws -> String {
    let done = try await machine.run(
      "/bin/sh",
      ["-c", "cd \(root) && find . -name __pycache__ -prune -o -printf '%p %y %s %T@ %l\\n' | sort"])
    return done.outputText
  }
}
