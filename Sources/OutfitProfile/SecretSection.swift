import OutfitCore

/// A secret that templates name. A profile says that there is one, and whoever has it how it is had.
public struct SecretSection: Hashable, Sendable {
  public enum Origin: Hashable, Sendable {
    /// What a program prints.
    case command([String])
    /// What a variable says.
    case variable(String)
    /// What a file says, from HOME or absolute.
    case file(String)
  }

  /// What is run once before, and what it prints is a variable of the command.
  public struct Unlock: Hashable, Sendable {
    public var command: [String]
    public var variable: String
    public init(command: [String], variable: String) {
      (self.command, self.variable) = (command, variable)
    }
  }

  /// One line for people, `description:`.
  public var summary: String?
  /// Nil where only its name is said.
  public var origin: Origin?
  public var unlock: Unlock?
  /// The call of a template of chezmoi's that it answers: `onepasswordRead op://team/npm/token`.
  public var call: String?

  public init(
    summary: String? = nil, origin: Origin? = nil, unlock: Unlock? = nil, call: String? = nil
  ) {
    (self.summary, self.origin, self.unlock, self.call) = (summary, origin, unlock, call)
  }

  /// Where it is had from, for people.
  public var title: String {
    switch origin {
    case .command(let words): words.map { $0.contains(" ") ? "'\($0)'" : $0 }.joined(separator: " ")
    case .variable(let name): "the variable \(name)"
    case .file(let path): "the file \(path)"
    case nil: "named, and had from nowhere yet"
    }
  }

  /// What a later layer makes of this one's: naming it again changes nothing.
  func merged(with later: SecretSection) -> SecretSection {
    guard later.origin == nil else { return later }
    var merged = self
    merged.summary = later.summary ?? summary
    merged.call = later.call ?? call
    return merged
  }
}

extension ManifestDecoder {
  mutating func secret(_ pair: YamlPair) -> SecretSection? {
    let node = pair.value
    guard node.pairs != nil || node.isNull else { return nil }
    let written = (node.pairs ?? []).filter { ["command", "env", "file"].contains($0.key) }
    guard written.count < 2 else {
      checker.complain(
        "`secrets.\(pair.key)` can't be had by \(written.map(\.key).joined(separator: " and ")) at once",
        at: written[1].keyLocation, hint: "keep one of them")
      return nil
    }
    var section = SecretSection(summary: node["description"]?.text, call: node["chezmoi"]?.text)
    if let command = node["command"] {
      let words = Self.words(command) ?? []
      guard words.first?.isEmpty == false else {
        checker.complain(
          "`command` runs nothing", at: command.location, hint: "for example `command: [pass, show, npm]`")
        return nil
      }
      section.origin = .command(words)
    } else if let name = node["env"]?.text {
      section.origin = .variable(name)
    } else if let path = node["file"]?.text {
      section.origin = .file(path)
    }
    if let unlock = node["unlock"] {
      guard case .command = section.origin else {
        checker.complain(
          "`unlock` belongs to a command", at: unlock.location, hint: "add `command:`, or take it out")
        return nil
      }
      guard let words = Self.words(unlock["command"]), words.first?.isEmpty == false,
        let variable = unlock["as"]?.text
      else { return nil }
      section.unlock = SecretSection.Unlock(command: words, variable: variable)
    }
    return section
  }
}
