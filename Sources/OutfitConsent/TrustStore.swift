import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// What this user has consented to: for each layer the set of its abilities then.
public struct TrustStore: Sendable {
  private let host: Host

  public init(host: Host) { self.host = host }

  private var folder: FilePath { host.places.state.appending("trust") }

  /// A git layer is known by its address without the commit.
  static func name(_ layer: Layer, in project: FilePath?) -> String {
    if let project { return "\(layer.folder) in \(project)" }
    guard let commit = layer.commit else { return layer.folder.string }
    return layer.address.hasSuffix("@\(commit)")
      ? String(layer.address.dropLast(commit.count + 1)) : layer.address
  }

  func file(_ name: String) -> FilePath { folder.appending(Digest(of: name).short(40)) }

  private static let format = "outfit-consent 2"

  /// What was consented to of one layer.
  public struct Record: Hashable, Sendable {
    /// A folder, or a git address without its commit.
    public var name: String
    /// Of a git layer.
    public var commit: String?
    /// Seconds since 1970.
    public var granted: Int64
    var members: Set<Digest>
    /// How many abilities.
    public var count: Int { members.count }
  }

  /// What was consented to of a layer; nil where nothing was, or where the record can't be read, which is said and kept
  /// aside.
  func record(of name: String) throws -> Record? {
    let path = file(name)
    guard let text = try host.files.text(path) else { return nil }
    // Of an Outfit that kept one digest for all: it is asked once more.
    if text.hasPrefix("layer ") { return nil }
    if let record = Self.parse(text), record.name == name { return record }
    let aside = host.putAside(path)
    host.terminal.talk(
      "warning: what was consented to for \(name) can't be read, so it is asked again"
        + (aside.map { "; the record is kept as \($0)" } ?? "") + "\n")
    return nil
  }

  /// All layers that something was consented to of, by name.
  public func all() throws -> [Record] {
    guard host.files.exists(folder) else { return [] }
    return try host.files.list(folder).compactMap { name in
      guard !name.hasPrefix("."), let text = try host.files.text(folder.appending(name)) else { return nil }
      return Self.parse(text)
    }.sorted { $0.name < $1.name }
  }

  /// Keeps consent to just these abilities of a layer.
  func keep(_ abilities: [Ability], of name: String, commit: String?) throws {
    var text = "\(Self.format)\nlayer \(name)\ncommit \(commit ?? "-")\ngranted \(host.clock.now())\n"
    for ability in Set(abilities.map(\.member)).sorted() { text += "can \(ability.hex)\n" }
    text += "end \(Digest(of: text).hex)\n"
    try host.files.createDirectories(folder, mode: 0o700)
    let path = file(name)
    let new = folder.appending(".\(path.lastComponent?.string ?? "").new")
    try host.files.removeTree(new)
    try host.files.create(new, Array(text.utf8), mode: 0o600)
    try host.files.rename(new, to: path)
  }

  /// Takes consent back.
  /// - Returns: false where there was none.
  @discardableResult
  public func revoke(_ name: String) throws -> Bool {
    guard try host.files.status(file(name), followLinks: false) != nil else { return false }
    try host.files.removeTree(file(name))
    return true
  }

  private static func parse(_ text: String) -> Record? {
    guard text.hasSuffix("\n"), let end = text.dropLast().lastIndex(of: "\n") else { return nil }
    let body = text[...end]
    guard text[text.index(after: end)...] == "end \(Digest(of: String(body)).hex)\n" else { return nil }
    var lines = body.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)[...]
    func take(_ field: String) -> String? {
      guard let line = lines.first, line.hasPrefix(field + " ") else { return nil }
      lines.removeFirst()
      return String(line.dropFirst(field.count + 1))
    }
    guard lines.popFirst() == format, let name = take("layer"), let commit = take("commit"),
      let granted = take("granted").flatMap({ Int64($0) })
    else { return nil }
    let members = lines.map { $0.hasPrefix("can ") ? Digest($0.dropFirst(4)) : nil }
    guard !members.contains(nil) else { return nil }
    return Record(
      name: name, commit: commit == "-" ? nil : commit, granted: granted,
      members: Set(members.compactMap(\.self)))
  }
}
