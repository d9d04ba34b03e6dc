import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// The generations of a scope on disk: `generations/<number>/record` below the scope's state.
public enum Generations {
  static let format = "outfit-generation"
  /// 2 has the command, and what stood at a snapshot before Outfit wrote it; 3 has folders that are moved or made as a
  /// whole; 4 has keys of files of settings. A record without those is written as 2, so that an earlier Outfit can read it.
  static let version = 4
  static let folderVersion = 3
  static let plainVersion = 2

  /// From the oldest to the newest. A record that can't be read is put aside, with a warning.
  /// - Throws: `Failure` when a later Outfit wrote one of them.
  public static func list(_ scope: Scope, host: Host) throws -> [Generation] {
    try numbers(scope, host: host).compactMap { try load($0, scope: scope, host: host) }
  }

  /// The newest; nil before the first. After a rollback to the time before everything it is one without
  /// targets and commands.
  public static func current(_ scope: Scope, host: Host) throws -> Generation? {
    for number in try numbers(scope, host: host).reversed() {
      if let generation = try load(number, scope: scope, host: host) { return generation }
    }
    return nil
  }

  /// The profile that the newest generation was made from, read from the head of its record; nil before the first,
  /// and for one that has neither commands, interpreters nor files.
  public static func adoptedProfile(_ scope: Scope, host: Host) throws -> ProfileStamp? {
    guard let number = try numbers(scope, host: host).last else { return nil }
    let path = record(number, scope: scope, host: host)
    if try host.files.status(path, followLinks: false) != nil,
      let stamp = try head(host.files.read(path))
    {
      return stamp.isBare ? nil : stamp.profile
    }
    // Damaged, from a newer Outfit, or gone: whoever reads all of it says so.
    guard let current = try current(scope, host: host) else { return nil }
    let isBare = current.targets.isEmpty && current.claims.isEmpty && current.interpreters.isEmpty
    return isBare ? nil : current.profile
  }

  private static func head(_ bytes: [UInt8]) -> Head? {
    for version in [plainVersion, folderVersion, version] {
      if let head = Rows.head(bytes, format, version: version, { Head($0) }) { return head }
    }
    return nil
  }

  /// What the first rows of a record say.
  private struct Head {
    var profile: ProfileStamp
    var isBare = true

    init?(_ rows: some Sequence<[String]>) {
      var profile: ProfileStamp?
      for row in rows {
        switch row[0] {
        case "profile" where row.count == 3 || row.count == 4:
          profile = ProfileStamp(name: row[1], address: row[2], commit: row.count == 4 ? row[3] : nil)
        case "claim", "interpreter", "target": isBare = false
        default: break
        }
        if profile != nil, !isBare { break }
      }
      guard let profile else { return nil }
      self.profile = profile
    }
  }

  /// Every scope that has records on this machine.
  public static func scopes(_ host: Host) throws -> [Scope] {
    let places = host.places
    var scopes: [Scope] = []
    if host.files.exists(places.state(of: .machine)) { scopes.append(.machine) }
    let projects = places.state.appending("projects")
    guard host.files.exists(projects) else { return scopes }
    for key in try host.files.list(projects) {
      if let root = project(key, host: host) { scopes.append(.project(root)) }
    }
    return scopes
  }

  /// Which project the records below `projects/<key>` are of: `root` says so, and where that is damaged one of the
  /// records, or the dispatch table.
  private static func project(_ key: String, host: Host) -> FilePath? {
    let state = host.places.state.appending("projects").appending(key)
    if let root = writtenRoot(key, host: host) { return root }
    func root(_ scope: Scope?) -> FilePath? {
      guard case .project(let root) = scope, fnv1a64(root.string.utf8) == key else { return nil }
      return root
    }
    let generations = state.appending("generations")
    for name in ((try? host.files.list(generations)) ?? []).filter({ Int($0) != nil }) {
      let record = generations.appending(name).appending("record")
      if let found = root((try? parse((try? host.files.read(record)) ?? []))?.scope) { return found }
    }
    return root(
      (try? host.files.read(host.places.tables.appending(key))).flatMap { DispatchTable($0)?.scope })
  }

  /// What `root` says; nil where it is gone or damaged.
  private static func writtenRoot(_ key: String, host: Host) -> FilePath? {
    let file = host.places.state.appending("projects").appending(key).appending("root")
    guard let bytes = try? host.files.read(file), fnv1a64(bytes) == key else { return nil }
    let root = FilePath(String(decoding: bytes, as: UTF8.self))
    return root.isAbsolute ? root : nil
  }

  /// Whether the records of a project still say by themselves which project that is.
  static func saysItsProject(_ scope: Scope, host: Host) -> Bool {
    guard case .project(let root) = scope else { return true }
    return writtenRoot(fnv1a64(root.string.utf8), host: host) == root
  }

  /// What a file is that a generation says it is made of: the content that Outfit wrote, or found.
  public static func content(_ digest: Digest, scope: Scope, host: Host) throws -> [UInt8]? {
    try blobs(scope, host: host).read(digest)
  }

  /// Files of a generation that do not have the lines any more that it put into them.
  public static func missingBlocks(
    of generation: Generation, host: Host
  ) -> [(path: FilePath, block: String)] {
    generation.targets.filter { !$0.blocks.isEmpty }.flatMap { target in
      let text = (try? host.files.read(target.resolved)) ?? []
      let found = Set(((try? Blocks.scan(text)) ?? []).map(\.identifier))
      return target.blocks.map(\.identifier).filter { !found.contains($0) }.map { (target.target, $0) }
    }
  }

  /// Generations that were there and whose records can't be read, or are gone, so that nobody knows which of the kept
  /// contents they need.
  public static func lost(_ scope: Scope, host: Host) throws -> [Int] {
    let numbers = try numbers(scope, host: host)
    guard let first = numbers.first, let last = numbers.last else { return [] }
    let there = Set(numbers)
    return try (first...last).filter { number in
      guard there.contains(number) else { return true }
      return try host.files.status(record(number, scope: scope, host: host), followLinks: false) == nil
    }
  }

  /// Which block of a file a line is in, and which of its lines that is; without one the line itself.
  public static func block(
    atLine line: Int, of target: RecordedTarget, in text: String
  ) -> (name: String?, line: Int) {
    let bytes = Array(text.utf8)
    for found in (try? Blocks.scan(bytes)) ?? [] {
      let last = found.line + bytes[found.range].count { $0 == UInt8(ascii: "\n") } - 1
      if (found.line...max(found.line, last)).contains(line) {
        return (found.identifier, max(1, line - found.line))
      }
    }
    return (nil, line)
  }

  /// Those of the contents that going back needs which are gone or damaged.
  public static func missingContents(of generation: Generation, host: Host) throws -> [Digest] {
    try blobs(generation.scope, host: host).missing(of: generation.priorContents)
  }

  static func blobs(_ scope: Scope, host: Host) -> Blobs {
    Blobs(folder: host.places.state(of: scope).appending("blobs"), files: host.files) {
      try? SecretKey.read(host)
    }
  }

  static func folder(_ scope: Scope, host: Host) -> FilePath {
    host.places.state(of: scope).appending("generations")
  }

  static func record(_ number: Int, scope: Scope, host: Host) -> FilePath {
    folder(scope, host: host).appending(String(number)).appending("record")
  }

  /// Ascending, those whose record is damaged included.
  static func numbers(_ scope: Scope, host: Host) throws -> [Int] {
    let folder = folder(scope, host: host)
    guard host.files.exists(folder) else { return [] }
    return try host.files.list(folder).compactMap { Int($0) }.filter { $0 > 0 }.sorted()
  }

  /// Makes the folders of a scope.
  static func prepare(_ scope: Scope, host: Host) throws {
    let state = host.places.state(of: scope)
    for folder in ["generations", "blobs"] {
      try host.files.createDirectories(state.appending(folder), mode: 0o700)
    }
    guard case .project(let root) = scope else { return }
    let file = state.appending("root")
    let key = fnv1a64(root.string.utf8)
    if let known = writtenRoot(key, host: host) {
      guard known == root else {
        throw Failure(
          "the records in \(state) belong to the project \(known), not to \(root)",
          hint: "rename one of the two folders")
      }
      return
    }
    if let status = try host.files.status(file, followLinks: false), status.size > 0,
      let aside = host.putAside(file)
    {
      host.terminal.talk(
        "warning: which project the records in \(state) are of can't be read; it is written again, and what stood there is kept as \(aside)\n"
      )
    }
    let temporary = state.appending("root.new")
    try host.files.removeTree(temporary)
    try host.files.create(temporary, Array(root.string.utf8), mode: 0o600)
    try host.files.synchronize(temporary)
    try host.files.rename(temporary, to: file)
  }

  static func load(_ number: Int, scope: Scope, host: Host) throws -> Generation? {
    let path = record(number, scope: scope, host: host)
    guard let status = try host.files.status(path, followLinks: false) else { return nil }
    do {
      guard status.kind == .file else { throw Rows.Problem.damaged("it is no file") }
      let generation = try parse(try host.files.read(path))
      guard generation.number == number, generation.scope == scope else {
        throw Rows.Problem.damaged("it is the record of another generation")
      }
      return generation
    } catch Rows.Problem.newer(let version) {
      throw Failure(
        "generation \(number) was written by a newer outfit (format \(version)): \(path)",
        hint: "update outfit; this one touches nothing of it")
    } catch Rows.Problem.damaged(let reason) {
      let aside = host.putAside(path)
      host.terminal.talk(
        "warning: the record of generation \(number) can't be used: \(reason); "
          + (aside.map { "it is kept as \($0)" } ?? "it is left at \(path)") + "\n")
      return nil
    }
  }

  static func text(_ generation: Generation) -> [UInt8] {
    var rows = Rows.Writer(format, version: generation.recordVersion)
    let origin =
      switch generation.origin {
      case .up: "up"
      case .rollback(let number): String(number)
      }
    rows.row(
      "generation", String(generation.number), String(generation.time),
      generation.isIncomplete ? "incomplete" : "complete", origin)
    switch generation.scope {
    case .machine: rows.row("scope", "machine")
    case .project(let root): rows.row("scope", "project", root.string)
    }
    let profile = generation.profile
    rows.row(["profile", profile.name, profile.address] + (profile.commit.map { [$0] } ?? []))
    for claim in generation.claims {
      rows.row(
        ["claim", claim.name, claim.program, claim.label, claim.owner, claim.object?.field ?? ""]
          + claim.arguments)
    }
    for interpreter in generation.interpreters {
      rows.row(
        "interpreter", interpreter.language.rawValue, interpreter.version.description,
        interpreter.request, interpreter.program, interpreter.object.field)
    }
    if let virtualenv = generation.activation.virtualenv { rows.row("virtualenv", virtualenv) }
    for (name, value) in generation.activation.variables.sorted(by: { $0.key < $1.key }) {
      rows.row("variable", name, value)
    }
    for object in generation.objects {
      rows.row(["object", object.id.field, object.label] + object.inputs.map(\.field))
    }
    for target in generation.targets {
      rows.field("target")
      let name = target.target.string
      rows.field(name)
      rows.field(target.resolved == target.target ? name : target.resolved.string)
      rows.field(target.owner)
      rows.field(target.isSecret ? "secret" : "plain")
      rows.field(target.written)
      rows.field(target.first)
      rows.endRow()
      if let accepted = target.accepted { rows.row("accepted", accepted.text) }
      for key in target.keys { rows.row(["key", key.format.rawValue, key.value.hex] + key.path) }
      for block in target.blocks {
        rows.row(
          "block", block.identifier, block.body.hex, block.addedNewline ? "newline" : "", block.comment)
      }
    }
    for change in generation.changes {
      rows.field("change")
      rows.field(change.path.string)
      rows.field(change.before)
      rows.field(change.after)
      rows.endRow()
    }
    for folder in generation.folders { rows.row("folder", folder.string) }
    for snapshot in generation.snapshots {
      rows.row(
        "snapshot", snapshot.path.string, snapshot.state.text, snapshot.first?.text ?? "",
        snapshot.isEdited ? "edited" : "")
    }
    if !generation.command.isEmpty { rows.row(["command"] + generation.command) }
    return rows.finished()
  }

  static func parse(_ bytes: [UInt8]) throws(Rows.Problem) -> Generation {
    var generation: Generation?
    let length = try Rows.read(bytes, format, version: version) { row throws(Rows.Problem) in
      if generation?.add(row) == true { return }
      guard generation == nil, row.count == 5, row.is(0, "generation"), let number = Int(row[1]),
        let time = Int64(row[2]), row.is(3, "complete") || row.is(3, "incomplete")
      else {
        throw .damaged(
          "it has a line that is not understood: \(row.texts.joined(separator: " ").prefix(60))")
      }
      guard let origin = row.is(4, "up") ? Generation.Origin.up : Int(row[4]).map({ .rollback(to: $0) })
      else { throw .damaged("its origin is not known") }
      generation = Generation(
        number: number, scope: .machine, origin: origin, time: time,
        profile: ProfileStamp(name: "", address: ""), isIncomplete: row.is(3, "incomplete"))
    }
    guard length == bytes.count else { throw .damaged("something follows its end") }
    guard let generation else { throw .damaged("it is empty") }
    return generation
  }
}

extension Generation {
  fileprivate var recordVersion: Int {
    if targets.contains(where: { !$0.keys.isEmpty }) { return Generations.version }
    return hasWholeFolders ? Generations.folderVersion : Generations.plainVersion
  }

  private var hasWholeFolders: Bool {
    targets.contains {
      $0.written.isWholeFolder || $0.first.isWholeFolder || $0.accepted?.isWholeFolder == true
    }
      || changes.contains { $0.before.isWholeFolder || $0.after.isWholeFolder }
  }

  /// Adds one row of a record; false when it makes no sense.
  fileprivate mutating func add(_ row: Row) -> Bool {
    // By far the most rows first.
    if row.is(0, "target"), row.count == 7 {
      let isMoved = !row.has(1, as: 2)
      guard let target = row.path(1), let resolved = isMoved ? row.path(2) : target,
        let written = TargetState(field: row.bytes(5)), let first = TargetState(field: row.bytes(6))
      else { return false }
      // Thousands of targets in a row come from one entry, and stand where they are meant to.
      let last = targets.last?.owner ?? ""
      let isSame = row.is(3, last) && !last.utf8.contains(Rows.backslash)
      targets.append(
        RecordedTarget(
          target: target, resolved: resolved, owner: isSame ? last : row[3],
          isSecret: row.is(4, "secret"), written: written, first: first, blocks: []))
      return true
    }
    if row.is(0, "change"), row.count == 4 {
      guard let path = row.path(1), let before = TargetState(field: row.bytes(2)),
        let after = TargetState(field: row.bytes(3))
      else { return false }
      changes.append(RecordedChange(path: path, before: before, after: after))
      return true
    }
    return add(row.texts)
  }

  private mutating func add(_ f: [String]) -> Bool {
    switch (f[0], f.count) {
    case ("scope", 2): return f[1] == "machine"
    case ("scope", 3):
      guard f[1] == "project", f[2].hasPrefix("/") else { return false }
      scope = .project(FilePath(f[2]))
    case ("profile", 3...4):
      profile = ProfileStamp(name: f[1], address: f[2], commit: f.count == 4 ? f[3] : nil)
    case ("claim", 6...):
      let object = ObjectID(field: f[5])
      guard f[5].isEmpty || object != nil else { return false }
      claims.append(
        RecordedClaim(
          name: f[1], program: f[2], arguments: Array(f[6...]), label: f[3], owner: f[4], object: object))
    case ("interpreter", 6):
      guard let language = Language(rawValue: f[1]), let version = Version(f[2]),
        let object = ObjectID(field: f[5])
      else { return false }
      interpreters.append(
        RecordedInterpreter(
          language: language, version: version, request: f[3], program: f[4], object: object))
    case ("object", 3...):
      let inputs = f[3...].compactMap { ObjectID(field: $0) }
      guard let id = ObjectID(field: f[1]), inputs.count == f.count - 3 else { return false }
      objects.append(RecordedObject(id: id, label: f[2], inputs: inputs))
    case ("virtualenv", 2): activation.virtualenv = f[1]
    case ("variable", 3): activation.variables[f[1]] = f[2]
    case ("accepted", 2):
      guard !targets.isEmpty, let state = TargetState(text: f[1]) else { return false }
      targets[targets.count - 1].accepted = state
    case ("block", 5):
      guard !targets.isEmpty, let body = Digest(f[2]) else { return false }
      targets[targets.count - 1].blocks.append(
        RecordedBlock(
          identifier: f[1], comment: f[4], body: body, addedNewline: f[3] == "newline"))
    case ("key", 4...):
      guard !targets.isEmpty, let format = SettingsFormat(rawValue: f[1]), let value = Digest(f[2]) else {
        return false
      }
      targets[targets.count - 1].keys.append(RecordedKey(format: format, path: Array(f[3...]), value: value))
    case ("folder", 2):
      guard f[1].hasPrefix("/") else { return false }
      folders.append(FilePath(f[1]))
    case ("snapshot", 3), ("snapshot", 5):
      guard f[1].hasPrefix("/"), let state = TargetState(text: f[2]) else { return false }
      var snapshot = RecordedSnapshot(path: FilePath(f[1]), state: state)
      if f.count == 5 {
        snapshot.first = TargetState(text: f[3])
        guard snapshot.first != nil || f[3].isEmpty else { return false }
        snapshot.isEdited = f[4] == "edited"
      }
      snapshots.append(snapshot)
    case ("command", 2...): command = Array(f[1...])
    default: return false
    }
    return true
  }
}

extension ObjectID {
  /// One field of a record: the digest in full, then the name.
  var field: String { "\(digest.hex) \(name)" }

  init?(field: String) {
    guard let digest = Digest(field.prefix(64)), field.dropFirst(64).first == " " else { return nil }
    self.init(name: String(field.dropFirst(65)), digest: digest)
  }
}
