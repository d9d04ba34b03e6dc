import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// Something of Outfit's own that is other than its records say.
public struct Defect: Sendable {
  /// What it is about, by the names that Outfit itself gives: two looks at the same fault have the same.
  fileprivate var subject: [String]
  /// For people.
  public var message: String
  /// What to do where it can't be mended from here.
  public var hint: String?
  /// Puts it right, and says what it did; nil where the user has to.
  fileprivate var mend: (@Sendable () throws -> String)?

  public var isMendable: Bool { mend != nil }

  fileprivate init(
    of subject: String..., message: String, hint: String? = nil,
    mend: (@Sendable () throws -> String)? = nil
  ) {
    self.subject = subject
    self.message = message
    self.hint = hint
    self.mend = mend
  }
}

/// Finds what of Outfit's own can be made again from its records, and makes it. No file of the user's is touched.
public struct Mending: Sendable {
  private let host: Host
  /// The newest generation of each scope that has one.
  private let current: [Generation]
  /// Scopes whose newest generation a later Outfit wrote.
  private let unreadable: Set<Scope>

  /// - Parameter known: newest generations that were read already.
  public init(_ host: Host, known: [Generation] = []) throws {
    self.host = host
    var current: [Generation] = []
    var unreadable: Set<Scope> = []
    for scope in try Generations.scopes(host) {
      if let generation = known.first(where: { $0.scope == scope }) {
        current.append(generation)
        continue
      }
      do {
        if let generation = try Generations.current(scope, host: host) { current.append(generation) }
      } catch is Failure {
        unreadable.insert(scope)
      }
    }
    self.current = current
    self.unreadable = unreadable
  }

  /// What stands between a command and its program, and differs: tables, names and shims. It only reads.
  public func defects() throws -> [Defect] {
    let (orphans, names) = try orphans()
    return rootDefects() + (try current.compactMap { try tableDefect($0) }) + (try nameDefects())
      + (try shimDefects(besides: names)) + orphans
  }

  /// Mends one of the defects, if it is there still.
  public static func mend(_ defect: Defect, _ host: Host) async throws -> String {
    let lock = try await ScopeLock.acquireSwitch(host)
    return try withExtendedLifetime(lock) {
      _ = try Recovery.recoverLocked(host)
      // What another outfit was at the middle of looked like a defect.
      let mending = try Mending(host)
      let now = try mending.defects() + mending.storeDefects()
      return try now.first { $0.subject == defect.subject }?.mend?() ?? "it was put right meanwhile"
    }
  }

  /// Mends all of `defects` that can be.
  /// - Parameter known: newest generations that were read already.
  /// - Returns: what was done, and what is left to the user.
  public static func mendCommands(
    _ host: Host, known: [Generation] = []
  ) async throws -> (done: [String], left: [Defect]) {
    guard try !Mending(host, known: known).defects().isEmpty else { return ([], []) }
    let lock = try await ScopeLock.acquireSwitch(host)
    return try withExtendedLifetime(lock) {
      _ = try Recovery.recoverLocked(host)
      return try mendCommandsLocked(host)
    }
  }

  /// The same, for who holds the lock of switches.
  @discardableResult
  static func mendCommandsLocked(_ host: Host) throws -> (done: [String], left: [Defect]) {
    let defects = try Mending(host).defects()
    return (try defects.compactMap { try $0.mend?() }, defects.filter { !$0.isMendable })
  }

  // MARK: Tables

  private func rootDefects() -> [Defect] {
    let scopes = current.map(\.scope) + unreadable
    return scopes.filter { !Generations.saysItsProject($0, host: host) }.map { scope in
      Defect(
        of: "root", "\(host.places.state(of: scope))",
        message: "the records of \(scope.label) do not say any more which project they are of"
      ) { [host] in
        try Generations.prepare(scope, host: host)
        return "wrote that they are of \(scope.label)"
      }
    }
  }

  private func tableDefect(_ generation: Generation) throws -> Defect? {
    let path = host.places.table(of: generation.scope)
    let wanted = try generation.tableText()
    let exists = try host.files.status(path, followLinks: false) != nil
    let present = exists ? try? host.files.read(path) : nil
    guard present != wanted else { return nil }
    let label = generation.scope.label
    return Defect(
      of: "table", path.string,
      message: wanted == nil
        ? "the table of commands of \(label) is there, though \(label) has none"
        : "the table of commands of \(label) is \(exists ? "not what its generation says" : "gone")"
    ) { [host] in
      try Self.write(wanted, to: path, host)
      return "wrote the table of commands of \(label) anew"
    }
  }

  /// The list that tells where a command lives.
  private func nameDefects() throws -> [Defect] {
    let path = host.places.tables.appending("names")
    let bytes = (try? host.files.read(path)) ?? []
    let present = NameDirectory(bytes)
    var wanted = present
    for generation in current where !generation.claims.isEmpty {
      wanted.set(generation.claims, scope: generation.nameLabel, replacing: [])
    }
    guard Set(wanted.entries) != Set(present.entries) || present.bytes != bytes else { return [] }
    return [
      Defect(
        of: "names", message: "the list of where each command lives is \(bytes.isEmpty ? "gone" : "damaged")"
      ) {
        [host, wanted] in
        try Self.write(wanted.bytes, to: path, host)
        return "wrote the list of where each command lives anew"
      }
    ]
  }

  /// Tables that no generation stands behind: their commands work as before.
  private func orphans() throws -> (defects: [Defect], names: Set<String>) {
    let tables = host.places.tables
    var (defects, names): ([Defect], Set<String>) = ([], [])
    let files = host.files.exists(tables) ? try host.files.list(tables) : []
    for name in files {
      guard let table = (try? host.files.read(tables.appending(name))).flatMap({ DispatchTable($0) }),
        tables.appending(name) == host.places.table(of: table.scope),
        !current.contains(where: { $0.scope == table.scope })
      else { continue }
      names.formUnion(table.commands.map(\.name))
      guard !unreadable.contains(table.scope) else { continue }
      let label = table.scope.label
      defects.append(
        Defect(
          of: "orphan", name, message: "\(label) has commands, and no generation that could be read",
          hint:
            "outfit up \(table.scope == .machine ? "PROFILE" : "there") begins anew; what was kept is put aside then"
        ))
    }
    return (defects, names)
  }

  // MARK: Shims

  private func shimDefects(besides others: Set<String>) throws -> [Defect] {
    let bin = host.places.bin
    let shim = host.places.launcher.string
    let wanted = Set(current.flatMap(\.claims).map(\.name)).union(others)
    var defects: [Defect] = []
    for name in wanted.sorted() {
      let path = bin.appending(name)
      let state = try Journal.state(of: path, key: nil, host.files)
      if state == .link(shim) { continue }
      if state != .absent, case .link = state {
      } else if state != .absent {
        defects.append(
          Defect(
            of: "shim", name,
            message: "\(path) is not Outfit's, and stands in the place of the command \(name)",
            hint: "move it away, and run outfit up"))
        continue
      }
      defects.append(
        Defect(
          of: "shim", name,
          message: "the shim \(name) is \(state == .absent ? "gone" : "a link to something else")"
        ) { [host] in
          let beside = bin.appending(".\(name).new")
          try host.files.createDirectories(bin, mode: 0o700)
          try host.files.removeTree(beside)
          try host.files.createLink(beside, to: shim)
          try host.files.rename(beside, to: path)
          return "made the shim \(name) again"
        })
    }
    let names = host.files.exists(bin) ? try host.files.list(bin) : []
    for name in names where !wanted.contains(name) {
      let path = bin.appending(name)
      guard try Journal.state(of: path, key: nil, host.files) == .link(shim) else { continue }
      defects.append(
        Defect(
          of: "shim", name, message: "the shim \(name) is there, though nothing offers that command"
        ) { [host] in
          // Another mend may have taken it along, as one that was cut short leaves a link that the next one renames.
          guard try Journal.state(of: path, key: nil, host.files) == .link(shim) else {
            return "the shim \(name) has gone meanwhile"
          }
          try host.files.remove(path)
          return "removed the shim \(name)"
        })
    }
    return defects
  }

  // MARK: The store

  /// Objects without a receipt: those of generations, and what an interrupted build left. It only reads.
  public func storeDefects() throws -> [Defect] {
    let store = Store(host)
    var recorded: [String: RecordedObject] = [:]
    var needed: Set<String> = []
    for scope in try Generations.scopes(host) {
      guard let all = try? Generations.list(scope, host: host) else {
        // What a later Outfit needs can't be known.
        return []
      }
      for object in all.flatMap(\.objects) {
        recorded[object.id.description] = object
        needed.formUnion(object.inputs.map(\.description))
      }
    }
    let without = recorded.values.filter { store.lacksReceipt($0.id) }.sorted { $0.label < $1.label }
    let defects = without.map { object in
      Defect(
        of: "receipt", object.id.description,
        message:
          "the receipt of \(object.label) \(store.hasDamagedReceipt(object.id) ? "can't be read" : "is gone")"
      ) {
        try store.vouch(for: object)
        return "every file of it is what was built: wrote its receipt anew"
      }
    }
    let leftovers = store.leftovers().filter {
      !$0.hasPrefix(".") && recorded[$0] == nil && !needed.contains($0)
    }
    return defects
      + leftovers.map { name in
        Defect(of: "leftover", name, message: "the store has \(name), which no receipt vouches for") {
          guard store.leftovers().contains(name) else { return "it has been built meanwhile" }
          try store.remove(name)
          return "removed \(name) from the store"
        }
      }
  }

  private static func write(_ bytes: [UInt8]?, to path: FilePath, _ host: Host) throws {
    guard let bytes else { return try host.files.removeTree(path) }
    try host.files.createDirectories(path.parent, mode: 0o700)
    let beside = path.parent.appending(".\(path.lastComponent?.string ?? "table").new")
    try host.files.removeTree(beside)
    try host.files.create(beside, bytes, mode: 0o600)
    try host.files.synchronize(beside)
    try host.files.rename(beside, to: path)
    try host.files.synchronize(path.parent)
  }
}

extension Generation {
  /// The project's environment, and where its link leads; nil where that link was not made.
  private var virtualenv: DispatchTable.Virtualenv? {
    guard let place = activation.virtualenv,
      case .link(let destination)? = targets.first(where: { $0.target.string == place })?.written
    else { return nil }
    return DispatchTable.Virtualenv(place, leadsTo: destination)
  }

  /// The project's environment, while its link is the one that was made: what else stands there is not Outfit's.
  public func standingVirtualenv(_ files: any Files) -> FilePath? {
    guard let virtualenv, (try? files.readLink(FilePath(virtualenv.place))) == virtualenv.destination else {
      return nil
    }
    return FilePath(virtualenv.place)
  }

  /// The dispatch table of the scope; nil when it has nothing.
  func tableText() throws -> [UInt8]? {
    let table = DispatchTable(
      scope: scope,
      commands: claims.map { .init(name: $0.name, program: $0.program, arguments: $0.arguments) },
      interpreters: interpreters.map {
        .init(language: $0.language.rawValue, version: $0.version.description, program: $0.program)
      },
      virtualenv: virtualenv, variables: activation.variables)
    let isEmpty =
      table.commands.isEmpty && table.interpreters.isEmpty && table.virtualenv == nil
      && table.variables.isEmpty
    return isEmpty ? nil : try table.text()
  }
}
