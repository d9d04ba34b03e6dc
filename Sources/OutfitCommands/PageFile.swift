import OutfitCore
import OutfitSystem
import SystemPackage

extension Session {
  /// Writes a page to the file that a person named, in one step, and says so.
  func write(_ page: String, toPage name: String) throws {
    let file = absolute(name)
    if try host.files.status(file, followLinks: true)?.kind == .directory {
      throw Failure(
        "\(short(file)) is a folder", hint: "name a file in it: --html \(short(file.appending("page.html")))",
        status: .usage)
    }
    let beside = file.removingLastComponent().appending(".\(file.lastComponent?.string ?? "page").new")
    try host.files.removeTree(beside)
    try host.files.create(beside, Array(page.utf8), mode: 0o644)
    try host.files.rename(beside, to: file)
    talk("Wrote \(short(file)).")
  }
}
