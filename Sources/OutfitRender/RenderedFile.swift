import OutfitCore

/// A file that `outfit render` writes into the project.
public struct RenderedFile: Hashable, Sendable {
  /// Relative to the project's folder.
  public var path: String
  /// The whole text, with the line that says what made it.
  public var content: String
  public var mode: UInt16
  /// Written when it is not there, and the user's from then on.
  public var isStarter: Bool
  /// A template that did not come with Outfit has it.
  public var isOwn: Bool

  public init(
    path: String, content: String, mode: UInt16 = 0o644, isStarter: Bool = false, isOwn: Bool = false
  ) {
    self.path = path
    self.content = content
    self.mode = mode
    self.isStarter = isStarter
    self.isOwn = isOwn
  }
}

/// The line that says what made a file. It carries a digest of the rest, so that a later change by a person is
/// seen without any other record.
public enum RenderMark {
  static let text = "Rendered by outfit from outfit.yaml and outfit.lock: sha256:"
  static let starterText = "Started by outfit, and yours to change: outfit does not write it again."
  static let digits = 16

  /// Puts the line first, or after `#!`.
  public static func mark(_ body: String, path: String, isStarter: Bool = false) -> String {
    let comment = path.hasSuffix(".json") ? "// " : path.hasSuffix(".sql") ? "-- " : "# "
    let line = comment + (isStarter ? starterText : text + Digest(of: body).short(digits)) + "\n"
    guard body.hasPrefix("#!"), let end = body.firstIndex(of: "\n") else { return line + body }
    return body[...end] + line + body[body.index(after: end)...]
  }

  public enum State: Hashable, Sendable {
    /// As it was rendered.
    case untouched
    /// Rendered once, and changed since.
    case changed
    /// Nothing of ours.
    case foreign
  }

  /// What the line of a file on disk tells.
  public static func state(of content: String) -> State {
    var rest = Substring(content)
    var before = ""
    if rest.hasPrefix("#!"), let end = rest.firstIndex(of: "\n") {
      before = String(rest[...end])
      rest = rest[rest.index(after: end)...]
    }
    let line = rest.prefix { $0 != "\n" }
    for comment in ["# ", "// ", "-- "] where line.hasPrefix(comment + text) {
      let body = before + rest.dropFirst(line.count + 1)
      let digest = line.dropFirst(comment.count + text.count)
      return digest == Digest(of: body).short(digits)[...] ? .untouched : .changed
    }
    return .foreign
  }
}
