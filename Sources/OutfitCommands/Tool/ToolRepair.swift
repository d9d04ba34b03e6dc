import ArgumentParser
import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSystem

struct ToolRepair: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "repair", abstract: "Make tools anew, whose files are not what was installed.",
    discussion: """
      Every file is compared with what was built; what differs is built anew from fresh copies, with the same \
      pins. `outfit doctor --deep` finds such tools.
      """, aliases: ["reinstall"])

  @OptionGroup var named: ToolNames
  @Flag(help: "Build them anew even where nothing differs.") var force = false
  @OptionGroup var options: ToolOptions

  func run() async throws {
    try await withSession { session in
      let desk = try await ToolDesk(session, options)
      let names = named.all ? desk.profile.tools.keys.sorted() : named.tools
      for name in names where desk.profile.tools[name] == nil { _ = try desk.own(name) }
      let lock = try await ScopeLock.acquire(desk.place.scope, host: session.host)
      defer { withExtendedLifetime(lock) {} }
      let damaged = names.filter { force || desk.damage($0) != [] }
      let failed = damaged.isEmpty ? [:] : try await desk.rebuild(damaged)
      for name in names where !options.json {
        let version = desk.lock.tools[name].map { " \($0.version)" } ?? ""
        if failed[name] != nil { continue }
        session.write(
          damaged.contains(name)
            ? "repaired \(name)\(version)" : "\(name)\(version): every file is what was installed")
      }
      if options.json {
        session.write(
          JSONDocument(
            .tools, changed: !damaged.isEmpty, exit: failed.isEmpty ? .done : .failed,
            [
              "tools": .array(
                names.map { name in
                  .object([
                    "name": .string(name), "repaired": .bool(damaged.contains(name) && failed[name] == nil),
                    "error": failed[name].map { .string($0.message) } ?? .null,
                  ])
                })
            ]))
      }
      session.report(failed.sorted { $0.key < $1.key }.map(\.value))
      if !failed.isEmpty { throw Ended(.failed) }
    }
  }
}

extension ToolDesk {
  /// What of a tool's files is not as it was built; nil when it is not there at all, or can't be compared.
  func damage(_ name: String) -> [Discrepancy]? {
    guard let pin = lock.tools[name],
      let object = generation?.objects.first(where: { $0.label == "\(name) \(pin.version)" })
    else { return nil }
    let store = Store(host)
    return store.contents(of: object.id) == nil ? nil : try? Verification.examine(object.id, in: store)
  }

  /// Builds tools anew from the pins that are there.
  /// - Returns: what went wrong, by tool.
  func rebuild(_ names: [String]) async throws -> [String: Diagnostic] {
    let consented = try await session.consent(to: profile)
    var preparation = try Preparation(
      session, consented, mode: options.offline ? .offline : .live, progress: TerminalProgress(host: host))
    let proposal = try await preparation.propose(
      Preparation.onEngines.filter { ["interpreters", "tools"].contains($0.name) })
    var objects: [String: Object] = [:]
    for name in names {
      let source = profile.tools[name]?.source
      let id = proposal.claims.first { $0.owner == source }?.object
      objects[name] = proposal.objects.first { $0.id == id }
    }
    let outcome = try await preparation.rebuild(Array(objects.values), among: proposal.objects)
    var failed: [String: Diagnostic] = [:]
    for name in names {
      guard let object = objects[name] else {
        failed[name] = proposal.failures.first ?? Diagnostic(.error, "\(name) has no pins", hint: "outfit up")
        continue
      }
      failed[name] = outcome.failed[object.id]
    }
    return failed
  }
}
