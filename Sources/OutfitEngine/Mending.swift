import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// Something of Outfit's own that is other than its records say.
public struct Defect: Sendable {
  /// For people.
  public var message: String
  /// Puts it right, and says what it did.
  public var mend: @Sendable () async throws -> String
}

/// Finds what of Outfit's own can be made again from its records, and makes it. No file of the user's is touched.
public struct Mending: Sendable {
  private let host: Host

  public init(_ host: Host) { self.host = host }

  /// What differs. It only reads.
  public func defects() throws -> [Defect] {
    var current: [Generation] = []
    for scope in try Generations.scopes(host) {
      if let generation = try Generations.current(scope, host: host) { current.append(generation) }
    }
    return try current.compactMap { try tableDefect($0) } + shimDefects(current) + leftovers()
  }

  // MARK: Tables

  private func tableDefect(_ generation: Generation) throws -> Defect? {
    let path = host.places.table(of: generation.scope)
    let wanted = try generation.tableText()
    let exists = try host.files.status(path, followLinks: false) != nil
    let present = exists ? try? host.files.read(path) : nil
    guard present != wanted else { return nil }
    let label = generation.scope.label
    return Defect(
      message: wanted == nil
        ? "the table of commands of \(label) is there, though \(label) has none"
        : "the table of commands of \(label) is \(exists ? "not what its generation says" : "gone")"
    ) { [host] in
      try await Self.switching(host) {
        guard try Generations.current(generation.scope, host: host)?.number == generation.number else {
          return "\(label) was switched meanwhile"
        }
        try Self.write(wanted, to: path, host)
        return "wrote the table of commands of \(label) anew"
      }
    }
  }

  // MARK: Shims

  private func shimDefects(_ current: [Generation]) throws -> [Defect] {
    let bin = host.places.bin
    let shim = host.places.libexec.appending("outfit-shim").string
    let wanted = Set(current.flatMap(\.claims).map(\.name))
    var defects: [Defect] = []
    for name in wanted.sorted() {
      let path = bin.appending(name)
      let state = try Journal.state(of: path, key: nil, host.files)
      if state == .link(shim) { continue }
      if state != .absent, case .link = state {
      } else if state != .absent {
        // Somebody's own file; `up` says so too.
        continue
      }
      defects.append(
        Defect(message: "the shim \(name) is \(state == .absent ? "gone" : "a link to something else")") {
          [host] in
          try await Self.switching(host) {
            let beside = bin.appending(".\(name).new")
            try host.files.createDirectories(bin, mode: 0o700)
            try host.files.removeTree(beside)
            try host.files.createLink(beside, to: shim)
            try host.files.rename(beside, to: path)
            return "made the shim \(name) again"
          }
        })
    }
    let names = host.files.exists(bin) ? try host.files.list(bin) : []
    for name in names where !wanted.contains(name) {
      let path = bin.appending(name)
      guard try Journal.state(of: path, key: nil, host.files) == .link(shim) else { continue }
      defects.append(
        Defect(message: "the shim \(name) is there, though nothing offers that command") { [host] in
          try await Self.switching(host) {
            try host.files.remove(path)
            return "removed the shim \(name)"
          }
        })
    }
    return defects
  }

  // MARK: The store

  private func leftovers() -> [Defect] {
    let store = Store(host)
    return store.leftovers().filter { !$0.hasPrefix(".") }.map { name in
      Defect(message: "the store has \(name), which no receipt vouches for") {
        try store.remove(name)
        return "removed \(name) from the store"
      }
    }
  }

  private static func switching<Result>(_ host: Host, _ body: () throws -> Result) async throws -> Result {
    let lock = try await ScopeLock.acquireSwitch(host)
    return try withExtendedLifetime(lock) {
      _ = try Recovery.recoverLocked(host)
      return try body()
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
  /// The dispatch table of the scope; nil when it has nothing.
  func tableText() throws -> [UInt8]? {
    let table = DispatchTable(
      scope: scope,
      commands: claims.map { .init(name: $0.name, program: $0.program, arguments: $0.arguments) },
      interpreters: interpreters.map {
        .init(language: $0.language.rawValue, version: $0.version.description, program: $0.program)
      },
      virtualenv: activation.virtualenv, variables: activation.variables)
    let isEmpty =
      table.commands.isEmpty && table.interpreters.isEmpty && table.virtualenv == nil
      && table.variables.isEmpty
    return isEmpty ? nil : try table.text()
  }
}
