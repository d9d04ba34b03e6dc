import OutfitCore

/// One thing that a layer can do: a member of the set that a person consents to.
///
/// Two abilities are the same when kind, subject and digest are. Versions that a lock pins take no part in the digest.
public struct Ability: Hashable, Sendable {
  public enum Kind: Int, Sendable, Comparable, CaseIterable {
    /// Runs what the profile brings, or needs root.
    case runs
    /// Reads or writes outside of where one expects it.
    case reaches
    /// Says where other things come from.
    case redirects
    /// Comes before a program of the system.
    case takesOver
    case writes
    case installs
    case asks

    public static func < (a: Kind, b: Kind) -> Bool { a.rawValue < b.rawValue }

    /// As records of consent have it.
    var name: String { "\(self)" }
  }

  public var kind: Kind
  /// What it is about: `scripts.fonts`, `dotfiles..zshrc`, `tools.black`, the path of a file.
  public var subject: String
  /// Over all that decides what it does.
  public var digest: Digest
  /// The entry that names the file whose content this is; nil for an entry itself.
  public var entry: String?
  /// `installs`, the thing, and what follows: alike ones are told in one line.
  public var verb: String
  public var object: String
  public var rest: String
  /// It writes what a shell, ssh, git, a registry's client or an editor obeys. No record has it.
  public var isObeyed = false

  /// What a file holds that is written, and not run.
  var isContent: Bool { entry != nil && kind == .writes }

  /// It runs code, needs root, reaches beyond its place, comes before a program of the system, or writes what something
  /// obeys.
  public var isGrave: Bool { kind <= .reaches || kind == .takesOver || isObeyed }

  public init(
    _ kind: Kind, _ subject: String, _ digest: Digest, entry: String? = nil, _ verb: String, _ object: String,
    _ rest: String = ""
  ) {
    self.kind = kind
    self.subject = subject
    self.digest = digest
    self.entry = entry
    self.verb = verb
    self.object = object
    self.rest = rest
  }

  /// `runs the script fonts (scripts/fonts.sh) when it has changed`.
  public var text: String { Self.sentence(verb, [object], rest) }

  /// What identifies it in a record.
  var member: Digest {
    var digest = Digest.Running()
    digest.field(kind.name)
    digest.field(subject)
    digest.field(self.digest.hex)
    return digest.finish()
  }

  /// What a person reads: the gravest first, alike ones in one line, and of files whose entry is told anyway nothing.
  public static func lines(_ abilities: [Ability]) -> [Line] {
    let entries = Set(abilities.filter { $0.entry == nil }.map(\.subject))
    var groups: [(first: Ability, objects: [String])] = []
    for ability in abilities where ability.entry.map({ !entries.contains($0) }) ?? true {
      let place = groups.firstIndex { $0.first.isTold(with: ability) }
      if let place {
        if !groups[place].objects.contains(ability.object) { groups[place].objects.append(ability.object) }
      } else {
        groups.append((ability, [ability.object]))
      }
    }
    func rank(_ group: (offset: Int, element: (first: Ability, objects: [String]))) -> (Kind, Int, Int) {
      (group.element.first.kind, group.element.first.isGrave ? 0 : 1, group.offset)
    }
    return groups.enumerated().sorted { rank($0) < rank($1) }.map { _, group in
      Line(
        kind: group.first.kind, text: sentence(group.first.verb, group.objects, group.first.rest),
        isGrave: group.first.isGrave)
    }
  }

  /// What a person reads of abilities that are alike.
  public struct Line: Hashable, Sendable {
    public let kind: Kind
    public let text: String
    public let isGrave: Bool
  }

  private func isTold(with other: Ability) -> Bool {
    kind == other.kind && verb == other.verb && rest == other.rest && isObeyed == other.isObeyed
  }

  private static func sentence(_ verb: String, _ objects: [String], _ rest: String) -> String {
    let end = rest.isEmpty ? "" : (rest.hasPrefix("which ") || rest.hasPrefix("with ~") ? ", " : " ") + rest
    return "\(verb) \(list(objects))\(end)"
  }

  /// `a, b and c`.
  public static func list(_ names: [String]) -> String {
    guard let last = names.last, names.count > 1 else { return names.first ?? "" }
    return names.dropLast().joined(separator: ", ") + " and " + last
  }
}
