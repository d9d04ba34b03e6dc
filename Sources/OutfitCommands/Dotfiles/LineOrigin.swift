import OutfitCore
import OutfitEngine
import OutfitInterpreters
import OutfitProfile
import OutfitSystem
import SystemPackage

/// Where one line of a file of the home folder comes from.
struct LineOrigin {
  enum Origin: Equatable {
    /// Nobody wrote it but the user, or a program of theirs.
    case yours
    /// Outfit's own block.
    case outfit
    /// This line of a layer's file, or the file where it was filled in.
    case layer(Layer, file: String)
  }

  let name: String
  let text: String
  let origin: Origin

  /// - Parameter named: `~/.zshrc:12`.
  /// - Returns: nil for what names no line, a file that Outfit has nothing in, or one that is secret.
  static func find(_ named: String, in profile: Profile, _ session: Session) throws -> LineOrigin? {
    guard let colon = named.lastIndex(of: ":"), let number = Int(named[colon...].dropFirst()), number > 0
    else {
      return nil
    }
    let (host, file) = (session.host, String(named[..<colon]))
    let path =
      file.hasPrefix("~/") ? host.user.home.pushing(FilePath(String(file.dropFirst(2)))) : FilePath(file)
    let places = [host.workingDirectory, host.user.home].map { $0.pushing(path).lexicallyNormalized() }
    guard
      let record = try Generations.current(.machine, host: host)?.targets.first(where: {
        places.contains($0.target)
      }),
      !record.isSecret, case .file = record.written, let text = try host.files.text(record.resolved)
    else { return nil }
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    guard number <= lines.count else {
      throw Failure(
        "\(file) has no line \(number)",
        hint: "it has \(text.hasSuffix("\n") ? lines.count - 1 : lines.count)",
        status: .usage)
    }
    let line = String(lines[number - 1])
    func made(_ origin: Origin) -> LineOrigin { LineOrigin(name: named, text: line, origin: origin) }
    let (block, inner) = Generations.block(atLine: number, of: record, in: text)
    if block == ShellSetup.identifier { return made(.outfit) }
    var name = record.target
    guard name.removePrefix(host.user.home), record.keys.isEmpty else { return nil }
    guard block != nil || record.blocks.isEmpty else { return made(.yours) }
    let entries = DotfileDesk.sections(name.string, in: profile)
    let entry = entries.last { block == nil || $0.section.source.layer.name == block }
    guard let entry, let source = DotfileDesk.source(name.string, entry, host),
      let wanted = try host.files.text(source)
    else { return made(.yours) }
    let shown = session.short(source)
    // Of what was filled in, lines are not where they were.
    let isFilledIn =
      entry.section.value.kind == .template || entry.section.value.isRendered
      || source.string.hasSuffix(".mustache")
    if isFilledIn { return made(.layer(entry.section.source.layer, file: shown)) }
    let all = wanted.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    if inner <= all.count, all[inner - 1] == line {
      return made(.layer(entry.section.source.layer, file: "\(shown):\(inner)"))
    }
    guard let other = all.firstIndex(of: line) else { return made(.yours) }
    return made(.layer(entry.section.source.layer, file: "\(shown):\(other + 1)"))
  }

  private var row: (label: String, text: String) {
    switch origin {
    case .yours: ("is", "yours: no layer wrote this line")
    case .outfit: ("set by", "Outfit itself, so that its commands are found")
    case .layer(let layer, let file):
      (
        "from",
        "\(file), \(layer.isOwn ? "your own layer" : layer.name)"
          + (layer.commit.map { ", commit \($0.prefix(12))" } ?? "")
      )
    }
  }

  func text(style: Style) -> String {
    let (label, text) = row
    return "\(style.bold(name.harmless))\n  \(style.dim("line"))       \(self.text.harmless)\n"
      + "  \(style.dim(label))\(String(repeating: " ", count: 11 - label.count))\(text.harmless)\n"
  }

  var json: JSONText {
    switch origin {
    case .yours:
      .object([
        "text": .string(text), "origin": .string("yours"), "file": .null, "layer": .null, "commit": .null,
      ])
    case .outfit:
      .object([
        "text": .string(text), "origin": .string("outfit"), "file": .null, "layer": .null, "commit": .null,
      ])
    case .layer(let layer, let file):
      .object([
        "text": .string(text), "origin": .string("layer"), "file": .string(file),
        "layer": .string(layer.name),
        "commit": layer.commit.map { .string($0) } ?? .null,
      ])
    }
  }
}
