import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// Gets wheels for another machine than this, by pip: each is one that a lock names by its digest.
struct WheelDownload {
  let host: Host
  private let python: FilePath

  /// - Throws: `Failure` where no Python with pip is here.
  init(_ host: Host) async throws {
    self.host = host
    python = try await Self.pip(host)
  }

  /// - Parameters:
  ///   - requirements: hashed requirement lines.
  ///   - minor: of Python, `3.13`.
  ///   - platform: nil for sources, which pip asks for their metadata: that runs code of theirs.
  ///   - folder: where they go.
  /// - Throws: `Failure` with what pip said.
  func get(
    _ requirements: String, named name: String, minor: String, _ platform: Platform?, into folder: FilePath
  ) async throws {
    guard !requirements.isEmpty else { return }
    let scratch = folder.removingLastComponent().appending(".requirements")
    try host.files.removeTree(scratch)
    try host.files.create(scratch, Array((requirements + "\n").utf8), mode: 0o644)
    defer { try? host.files.removeTree(scratch) }
    let digits = minor.filter { $0 != "." }
    var arguments = [
      "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input", "--no-deps",
      "--require-hashes", "--dest", folder.string,
    ]
    if let platform {
      arguments += [
        "--only-binary=:all:", "--implementation", "cp", "--python-version", minor, "--abi", "cp\(digits)",
        "--abi",
        "abi3", "--abi", "none",
      ]
      arguments += Self.tags(platform).flatMap { ["--platform", $0] }
    } else {
      arguments.append("--no-binary=:all:")
    }
    let done = try await host.processes.run(
      Invocation(
        // Not from where one stands: Python would look for its modules there.
        python, arguments + ["--requirement", scratch.string], environment: host.environment,
        workingDirectory: "/"))
    guard done.succeeded else {
      var diagnostic = Diagnostic(
        .error,
        platform.map { "the wheels of \(name) can't be got for \($0)" }
          ?? "the sources of \(name) can't be got")
      diagnostic.excerpt = done.errorText.split(separator: "\n").suffix(4).joined(separator: "\n")
      diagnostic.hint =
        platform == nil
        ? "check the network; what builds them has to be there too"
        : "a package without a wheel for it can't come along: ask for another version"
      throw Failure([diagnostic])
    }
  }

  /// The platform tags of wheels that fit, the newest first (PEP 600, PEP 656, and the packaging guide's of macOS).
  static func tags(_ platform: Platform) -> [String] {
    let machine = platform.architecture == .amd64 ? "x86_64" : "aarch64"
    switch platform.system {
    case .macos:
      let name = platform.architecture == .amd64 ? "x86_64" : "arm64"
      let releases = (11...15).reversed().map { "\($0)_0" } + (9...15).reversed().map { "10_\($0)" }
      return releases.flatMap { ["macosx_\($0)_\(name)", "macosx_\($0)_universal2"] }
    case .linux where platform.key.hasSuffix("-musl"):
      return [2, 1].map { "musllinux_1_\($0)_\(machine)" } + ["linux_\(machine)"]
    case .linux:
      return (5...36).reversed().map { "manylinux_2_\($0)_\(machine)" }
        + ["manylinux2014", "manylinux2010", "manylinux1", "linux"].map { "\($0)_\(machine)" }
    }
  }

  /// A Python with pip: one of ours, or the machine's.
  private static func pip(_ host: Host) async throws -> FilePath {
    var candidates: [FilePath] = []
    for name in (try? host.files.list(host.places.store)) ?? [] where name.hasPrefix("python-") {
      candidates.append(host.places.store.appending(name).pushing("bin/python3"))
    }
    let folders = (host.environment["PATH"] ?? "").split(separator: ":").map { FilePath(String($0)) }
    candidates += folders.filter { $0.isAbsolute && $0 != host.places.bin }.map { $0.appending("python3") }
    for python in candidates where host.files.exists(python) {
      let done = try await host.processes.run(
        Invocation(python, ["-I", "-m", "pip", "--version"], environment: host.environment))
      if done.succeeded { return python }
    }
    throw Failure(
      "wheels are got by pip, and no Python with pip is here",
      hint: "`outfit up` gives you a Python, or install python3-pip")
  }
}
