import ArgumentParser
import OutfitCore
import OutfitDispatch
import OutfitEngine
import OutfitSystem
import SystemPackage

extension NamedVirtualenvs {
  /// Where those are that `outfit venv create` makes.
  static func folder(_ host: Host) -> FilePath { host.places.data.appending("venvs") }

  /// Whether removing it is ours to do.
  static func isOwn(_ one: NamedVirtualenv, _ host: Host) -> Bool {
    one.origin == "outfit" && one.folder.removingLastComponent() == folder(host)
  }

  /// A name must be one that a version file can hold and that is no version.
  static func check(_ name: String) throws {
    let plain = name.utf8.allSatisfy { byte in
      let lower = byte | 0x20
      return lower >= UInt8(ascii: "a") && lower <= UInt8(ascii: "z")
        || byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
        || "._-".utf8.contains(byte)
    }
    let isLetter =
      name.utf8.first.map { ($0 | 0x20) >= UInt8(ascii: "a") && ($0 | 0x20) <= UInt8(ascii: "z") } ?? false
    guard plain, isLetter, name.utf8.count <= 60 else {
      throw ValidationError(
        "'\(name.harmless)' can't be a name: take letters, digits, dots, dashes and underscores, a letter first"
      )
    }
    let words = ["system", "latest", "python", "cpython", "pypy", "miniconda", "anaconda"]
    let stem = name.lowercased().prefix { $0.isLetter }
    let rest = name.dropFirst(stem.count).drop { $0 == "-" || $0 == "@" }
    if words.contains(String(stem)), rest.isEmpty || rest.first?.isNumber == true {
      throw ValidationError(
        "'\(name)' reads as a version of Python, so no file could choose it: take another name")
    }
  }

  /// Their names, for Tab.
  static let completion = CompletionKind.custom { _, _, _ in
    guard let host = try? Host.live(needsFolder: false) else { return [] }
    return ((try? list(host)) ?? []).map(\.name)
  }

  static func find(_ name: String, _ host: Host) throws -> NamedVirtualenv {
    let all = try list(host)
    if let one = all.first(where: { $0.name == name }) { return one }
    let near = nearest(name, among: all.map(\.name)).map { "did you mean \($0)? " } ?? ""
    throw Failure(
      "there is no environment \(name.harmless)",
      hint: near
        + (all.isEmpty ? "`outfit venv create \(name.harmless)` makes it" : "`outfit venv list` names them"),
      status: .usage)
  }

  /// What `pyvenv.cfg` says, which does not say that a Python is free-threaded: its library's folder does.
  static func version(of folder: FilePath, _ host: Host) -> Version? {
    let text = ((try? host.files.text(folder.appending("pyvenv.cfg"))) ?? nil) ?? ""
    for line in text.split(separator: "\n") {
      let parts = line.split(separator: "=", maxSplits: 1).map { $0.filter { !$0.isWhitespace } }
      guard parts.count == 2, ["version", "version_info"].contains(parts[0]) else { continue }
      let numbers = parts[1].split(separator: ".").prefix(3)
      let library = "python\(numbers.prefix(2).joined(separator: "."))t"
      let isFreeThreaded = host.files.exists(folder.appending("lib").appending(library))
      return Version(numbers.joined(separator: ".") + (isFreeThreaded ? "t" : ""))
    }
    return nil
  }

  /// What a name runs in the current folder; nil for nothing.
  static func resolve(_ name: String, _ session: Session, python: String? = nil) -> FilePath? {
    guard case .run(let match) = dispatcher(session, python).resolve(Array(name.utf8), in: here(session))
    else {
      return nil
    }
    return FilePath(String(decoding: match.command.program, as: UTF8.self))
  }

  /// The Python to make an environment on: of this version, or of this folder.
  static func python(_ request: String?, _ session: Session) throws -> FilePath {
    switch dispatcher(session, request).resolve(Array("python".utf8), in: here(session)) {
    case .run(let match): return FilePath(String(decoding: match.command.program, as: UTF8.self))
    case .stop(let stop):
      if request == nil, let other = resolve("python3", session) { return other }
      throw Failure(
        stop.text,
        hint: request == nil ? "name one: --python 3.13" : "`outfit python list` names what is here")
    }
  }

  private static func dispatcher(_ session: Session, _ python: String?) -> Dispatcher {
    let environment = session.host.environment
    var dispatcher = Dispatcher(data: Array(session.host.places.data.string.utf8)) { name in
      if name == "OUTFIT_PYTHON", let python { return Array(python.utf8) }
      return environment[name].map { Array($0.utf8) }
    }
    if python != nil { dispatcher.variableLabel = "--python" }
    return dispatcher
  }

  private static func here(_ session: Session) -> [UInt8] { Array(session.host.workingDirectory.string.utf8) }
}
