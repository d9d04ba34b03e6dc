import OutfitCore
import OutfitSystem
import SystemPackage

/// The Python environment (PEP 405) that a run fills: an installer that is told of a folder alone (`--prefix`) needs
/// no program to make it, and starts no Python to look into it.
public struct Surrounding: Hashable, Sendable {
  /// The interpreter that the environment stands on; what the run installs names it by this path.
  public var python: Reference
  public var version: Version

  public init(python: Reference, version: Version) {
    self.python = python
    self.version = version
  }

  /// What determines the result: the layout's edition, since the interpreter itself is an input.
  var identity: String { "environment 1 \(python) \(version)" }
}

/// Makes an environment around what a run installs.
struct EnvironmentWork {
  let host: Host
  let out: FilePath
  let python: FilePath
  let version: Version

  private var files: any Files { host.files }
  private var bin: FilePath { out.appending("bin") }

  /// Before the first step: `pyvenv.cfg`, and the interpreter's names.
  func begin() throws {
    try files.createDirectory(bin, mode: 0o755)
    try files.createDirectory(out.appending("lib"), mode: 0o755)
    if host.platform.system == .linux { try files.createLink(out.appending("lib64"), to: "lib") }
    try files.createLink(bin.appending("python"), to: python.string)
    for name in ["python3", "python\(version.minor)"] {
      try files.createLink(bin.appending(name), to: "python")
    }
    let settings = """
      home = \(python.removingLastComponent())
      implementation = CPython
      version = \(version)
      include-system-site-packages = false

      """
    try files.create(out.appending("pyvenv.cfg"), Array(settings.utf8), mode: 0o644)
  }

  /// After the last step: scripts that name the interpreter name the environment's, and RECORD says so.
  func finish() throws {
    // What kept others of uv away from the environment while it was made, writable for everybody.
    try files.removeTree(out.appending(".lock"))
    var changed: [String: String] = [:]
    let old = Self.heading(python)
    for name in try files.list(bin) {
      let path = bin.appending(name)
      guard let status = try files.status(path, followLinks: false), status.kind == .file,
        try files.read(path, from: 0, count: old.count).elementsEqual(old)
      else { continue }
      let script = Self.heading(bin.appending("python")) + (try files.read(path)).dropFirst(old.count)
      try replace(path, script, mode: status.mode)
      changed["../../../bin/\(name)"] = "sha256=\(Record.base64(Digest(of: script))),\(script.count)"
    }
    guard !changed.isEmpty else { return }
    for record in try Glob.matches("lib/python*/site-packages/*.dist-info/RECORD", in: out, files: files) {
      try amend(record, changed)
    }
  }

  /// A file may be shared with an installer's cache, so it is never written into.
  private func replace(_ path: FilePath, _ bytes: [UInt8], mode: UInt16) throws {
    try files.remove(path)
    try files.create(path, bytes, mode: mode)
  }

  private func amend(_ record: FilePath, _ changed: [String: String]) throws {
    let bytes = try files.read(record)
    var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    var isChanged = false
    for index in lines.indices where lines[index].starts(with: "../".utf8) {
      guard let name = Record.fields(Substring(decoding: lines[index], as: UTF8.self)).first,
        let digest = changed[name]
      else { continue }
      lines[index] = Array("\(name),\(digest)".utf8)[...]
      isChanged = true
    }
    guard isChanged, let status = try files.status(record, followLinks: false) else { return }
    try replace(record, Array(lines.joined(separator: [UInt8(ascii: "\n")])), mode: status.mode)
  }

  /// How a script starts that an interpreter runs, without the line's end, as uv writes it: a path that is too long for
  /// the kernel, or has a space, goes by way of the shell.
  static func heading(_ python: FilePath) -> [UInt8] {
    let path = python.string
    guard path.utf8.count + 3 > 127 || path.contains(" ") else { return Array("#!\(path)".utf8) }
    let quoted = "'" + path.replacing("'", with: #"'"'"'"#) + "'"
    return Array("#!/bin/sh\n'''exec' \(quoted) \"$0\" \"$@\"\n' '''".utf8)
  }
}
