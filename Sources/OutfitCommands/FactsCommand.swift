import ArgumentParser
import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSystem
import SystemPackage

struct FactsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "facts", abstract: "Say what this machine, or the project here, has, for programs.",
    discussion: """
      Profile, layers with their commits, lock, generation, tools and interpreters with versions and digests, what \
      differs from the manifest, and what is incomplete. It only reads, asks no network, and needs no consent. \
      Where nothing is set up yet, `profile` is null.
      """)

  @OptionGroup var scopeOptions: ScopeOptions
  @Flag(help: "Print JSON.") var json = false

  func run() async throws {
    try await withSession { session in
      let facts = try await ScopeFacts(session, scopeOptions)
      if json { return session.write(JSONDocument(.facts, facts.members)) }
      for line in facts.lines { session.write(line) }
    }
  }
}

/// What a scope has.
struct ScopeFacts {
  private let scope: Scope
  private let generation: Generation?
  private let reading: Reading?
  private let waiting: WaitingEffects
  private let defects: [Defect]
  private let lock: (path: FilePath, digest: Digest)?
  private let platform: String

  init(_ session: Session, _ options: ScopeOptions) async throws {
    let host = session.host
    scope = try options.scope(session)
    generation = try Generations.current(scope, host: host)
    let isNone = try scope == .machine && ProfilePlace.adopted(host) == nil
    let reading = isNone ? nil : try await Reading(session, options.place(session))
    if var plan = reading?.plan {
      waiting = plan.setAside(.read(scope, host: host))
    } else {
      waiting = WaitingEffects()
    }
    defects = try Mending(host, known: generation.map { [$0] } ?? []).defects()
    lock = try reading.flatMap { reading in
      let place = reading.preparation.locks.place
      let path = [place.shared, place.own].compactMap(\.self).first { host.files.exists($0) }
      return try path.map { ($0, Digest(of: try host.files.read($0, limit: FileBound.text))) }
    }
    platform = "\(host.platform)"
    self.reading = reading
  }

  private var profile: Profile? { reading?.profile }

  private var tools: [(name: String, version: String?, object: ObjectID?, commands: [String], source: Source)]
  {
    guard let profile, let reading else { return [] }
    return profile.tools.sorted { $0.key < $1.key }.map { name, section in
      let claims = (generation?.claims ?? []).filter { $0.owner == section.source.text }
      let stands = !claims.isEmpty
      return (
        name, stands ? reading.preparation.lock.tools[name]?.version.description : nil,
        claims.lazy.compactMap(\.object).first, claims.map(\.name).sorted(), section.source
      )
    }
  }

  var members: [String: JSONText] {
    let plan = reading?.plan
    return [
      "outfit": .string(Release.version), "platform": .string(platform),
      "scope": .string(scope == .machine ? "machine" : "project"),
      "root": scope.root.map { .string($0.string) } ?? .null,
      "profile": profile.map { profile in
        .object([
          "name": .string(profile.name),
          "address": generation.map { .string(withoutPasswords($0.profile.address)) } ?? .null,
          "commit": (generation?.profile.commit).map { .string($0) } ?? .null,
        ])
      } ?? .null,
      "layers": .array(
        (profile?.layers ?? []).map { layer in
          .object([
            "name": .string(layer.name), "kind": .string(layer.kind.rawValue),
            "address": .string(withoutPasswords(layer.address)),
            "commit": layer.commit.map { .string($0) } ?? .null,
          ])
        }),
      "lock": lock.map {
        .object(["path": .string($0.path.string), "sha256": .string($0.digest.hex)])
      } ?? .null,
      "generation": generation.map { generation in
        .object([
          "number": .number(generation.number), "time": .number(Int(generation.time)),
          "origin": .string(generation.origin.label), "incomplete": .bool(generation.isIncomplete),
        ])
      } ?? .null,
      "tools": .array(
        tools.map { tool in
          .object([
            "name": .string(tool.name), "version": tool.version.map { .string($0) } ?? .null,
            "digest": tool.object.map { .string($0.digest.hex) } ?? .null,
            "commands": .array(tool.commands.map { .string($0) }), "owner": .owner(tool.source),
          ])
        }),
      "interpreters": .array(
        (generation?.interpreters ?? []).map { one in
          .object([
            "language": .string(one.language.rawValue), "request": .string(one.request),
            "version": .string(one.version.description), "program": .string(one.program),
            "digest": .string(one.object.digest.hex),
            "owner": owner(of: one).map { .owner($0) } ?? .null,
          ])
        }),
      "drift": .bool(hasDrift),
    ].merging(
      PlanMembers(plan: plan, profile: profile, defects: defects, waiting: waiting).json
    ) { first, _ in first }
  }

  /// The entry that wants it; nil where none does any more.
  private func owner(of one: RecordedInterpreter) -> Source? {
    let added = profile?.additions[one.language]?.first { $0.value.text == one.request }
    let section = profile?.interpreters[one.language]
    guard section?.value.versions.contains(where: { $0.text == one.request }) == true else { return nil }
    return added?.source ?? section?.source
  }

  private var hasDrift: Bool {
    reading.map { !$0.plan.isEmpty || !$0.plan.failures.isEmpty } ?? false
      || defects.contains(where: \.isMendable)
  }

  var lines: [String] {
    var lines = ["outfit \(Release.version) on \(platform)"]
    guard let profile else { return lines + ["no profile yet"] }
    lines.append(
      "\(scope.label): \(profile.name)"
        + (generation.map { ", generation \($0.number)" } ?? ", not brought up"))
    lines += profile.layers.map { "layer \($0.name): \(withoutPasswords($0.address))" }
    lines += (generation?.interpreters ?? []).map { "\($0.language.rawValue) \($0.version): \($0.program)" }
    lines += tools.map { "tool \($0.name): \($0.version ?? "not here")" }
    lines.append(hasDrift ? "differs from its manifest: outfit status" : "as its manifest says")
    return lines
  }
}

extension Scope {
  fileprivate var root: FilePath? {
    switch self {
    case .machine: nil
    case .project(let root): root
    }
  }
}
