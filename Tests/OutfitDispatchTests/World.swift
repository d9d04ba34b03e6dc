import Support
import SystemPackage

@testable import OutfitDispatch

/// A data folder of Outfit's and some projects, on the real disk.
final class World {
  let folder: ScratchFolder
  /// `OUTFIT_PYTHON`, `PATH` and the like.
  var variables: [String: String] = [:]

  init() throws {
    folder = try ScratchFolder()
    try folder.put("data/libexec/outfit-shim", "the launcher", mode: 0o755)
    try folder.host.files.createDirectories(path("data/bin"))
    variables["PATH"] = path("usr/bin").string
  }

  func path(_ relative: String) -> FilePath { folder.path.pushing(FilePath(relative)) }

  func write(_ relative: String, _ text: String, mode: UInt16 = 0o644) throws {
    try folder.put(relative, text, mode: mode)
  }

  func link(_ relative: String, to destination: String) throws {
    try folder.host.files.createDirectories(path(relative).removingLastComponent())
    try folder.host.files.createLink(path(relative), to: destination)
  }

  /// Makes the machine's table, from lines whose fields are separated by blanks.
  func machine(_ lines: String...) throws { try table("machine", "scope machine", lines) }

  /// Makes a project and its table.
  func project(_ relative: String, _ lines: String...) throws {
    let root = path(relative)
    try folder.host.files.createDirectories(root)
    let name = String(decoding: TablePlace.name(ofRoot: Array(root.string.utf8)), as: UTF8.self)
    try table(name, "root \(root)", lines)
  }

  private func table(_ name: String, _ scope: String, _ lines: [String]) throws {
    let rows = lines.map { $0.split(separator: " ").joined(separator: "\t") }
    try write(
      "data/tables/\(name)", (["outfit-table 1", scope] + rows).joined(separator: "\n") + "\n")
  }

  var dispatcher: Dispatcher {
    let variables = variables
    return Dispatcher(data: Array(path("data").string.utf8)) { variables[$0].map { Array($0.utf8) } }
  }

  func resolve(_ name: String, in relative: String) -> Dispatcher.Resolution {
    dispatcher.resolve(Array(name.utf8), in: Array(path(relative).string.utf8))
  }

  /// The program and its fixed arguments in one line, or the exit status and the message.
  func answer(_ name: String, in relative: String) -> String {
    switch resolve(name, in: relative) {
    case .run(let match):
      ([match.command.program] + match.command.arguments)
        .map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
    case .stop(let stop):
      "\(stop.status) "
        + stop.text.split(separator: folder.path.string, omittingEmptySubsequences: false)
        .joined(separator: "~")
    }
  }
}
