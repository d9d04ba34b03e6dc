import OutfitCore
import OutfitEngine
import OutfitInterpreters
import OutfitProfile
import OutfitSystem
import SystemPackage

extension LongTermLines {
  /// Adds these to what the launcher knows. A line stays known when the release that taught it goes.
  func keep(_ host: Host) throws {
    let file = Self.file(host)
    var lines = Self.known(host)
    lines.learn(self)
    guard try host.files.text(file) != lines.text else { return }
    try OwnFile.write(lines.text, to: file, host)
  }

  /// What the Nodes that are installed say of themselves.
  static func installed(_ interpreters: [RecordedInterpreter], _ host: Host) -> LongTermLines {
    var lines = LongTermLines.past
    for one in interpreters where one.language == .node {
      let prefix = FilePath(one.program).removingLastComponent().removingLastComponent()
      let header = prefix.pushing("include/node/node_version.h")
      if let text = (try? host.files.text(header)) ?? nil { lines.learn(LongTermLines(header: text)) }
    }
    return lines
  }
}
