import OutfitConsent
import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSystem
import SystemPackage

/// Where the verbs of `outfit tool` work: one manifest, the profile that it is a layer of, and its pins.
struct ToolDesk {
  let session: Session
  let options: ToolOptions
  let place: ProfilePlace
  /// As it is before the verb.
  let profile: Profile
  let lock: Lock
  let generation: Generation?
  var file: ManifestFile
  private let isTrusted: Bool

  var host: Host { session.host }

  init(_ session: Session, _ options: ToolOptions) async throws {
    let host = session.host
    self.session = session
    self.options = options
    if options.project {
      guard let project = try Project.find(host) else {
        throw Failure(
          "there is no project here: no outfit.yaml in \(host.workingDirectory) or above",
          hint: "without --project your own layer is edited", status: .usage)
      }
      place = project.place
      file = try ManifestFile(project.manifest, host: host)
    } else {
      place = try ProfilePlace.adopted(host) ?? ProfilePlace(scope: .machine, address: "")
      file = try ManifestFile(
        host.places.personalManifest, host: host, schema: PersonalSchema.reference(host), newMode: 0o600)
    }
    profile = try await place.load(session)
    lock = try Locks(host: host, profile: profile).merged
    generation = try Generations.current(place.scope, host: host).flatMap { $0.isBare ? nil : $0 }
    isTrusted = try Consent(host: host).needed(for: profile).isEmpty
  }

  // MARK: What is there

  /// The entry that this file has; nil when the tool comes from elsewhere, or from nowhere.
  func entry(_ name: String) -> ManifestValue? { file.edit.value(at: ["tools", name]) }

  /// The tool of another layer.
  func foreign(_ name: String) -> Sourced<ToolSection>? {
    guard entry(name) == nil, let tool = profile.tools[name] else { return nil }
    return tool
  }

  /// The name as the manifest has it, of a tool that this file must have.
  /// - Throws: `Failure`, status 2, that says where the tool is from, or which one may be meant.
  /// - Parameter moving: it is about the tool's version alone, which another verb moves wherever the tool is from.
  func own(_ name: String, moving: Bool = false) throws -> String {
    let names = (file.edit.value(at: ["tools"])?.entries ?? []).map(\.key)
    if names.contains(name) { return name }
    if let near = names.first(where: { normal($0) == normal(name) }) { return near }
    if let tool = profile.tools[name] {
      let location = tool.source.location
      throw Failure(
        "\(name) comes from \(tool.source.layer.name), \(location.file):\(location.line), and not from \(file.edit.file)",
        hint: moving && profile.locked["tools.\(name)"] ?? profile.locked["tools"] == nil
          ? "`\(update(name))` moves it"
          : tool.source.layer.isOwn
            ? "without --project your own layer is edited"
            : profile.locked["tools.\(name)"] ?? profile.locked["tools"] != nil
              ? "it is locked there: ask whoever keeps \(tool.source.layer.name)"
              : "change it there, or have an entry of your own instead of that one: `outfit tool install \(name)`; to do "
                + "without it, add `remove: [tools.\(name)]` to \(file.edit.file)",
        status: .usage)
    }
    let all = names + profile.tools.keys
    throw Failure(
      "there is no tool \(name) in \(file.edit.file)",
      hint: nearest(name, among: all).map { "did you mean \($0)?" }
        ?? (names.isEmpty
          ? "outfit tool install \(name)" : "there are \(names.sorted().joined(separator: ", "))"),
      status: .usage)
  }

  private func normal(_ name: String) -> String {
    String(name.lowercased().map { "_.".contains($0) ? "-" : $0 })
  }

  /// The programs of a tool as they are now.
  func programs(_ name: String) -> [String] {
    guard let pin = lock.tools[name] else { return [] }
    return (generation?.claims ?? []).filter { $0.label == "\(name) \(pin.version)" }.map(\.name).sorted()
  }

  /// It stands in the store, as the last generation has it.
  func isHere(_ name: String) -> Bool {
    guard let pin = lock.tools[name] else { return false }
    return generation?.objects.contains {
      $0.label == "\(name) \(pin.version)"
        && host.files.exists(host.places.store.appending($0.id.description))
    } ?? false
  }

  /// What `outfit up` needs to be told where bare it would act on the project that one stands in.
  var upSuffix: String {
    guard place.scope == .machine, !place.address.isEmpty, (try? Project.find(host)) ?? nil != nil else {
      return ""
    }
    return " \(place.address)"
  }

  /// What moves the pin of a tool that another layer brought, or all pins.
  func update(_ name: String?) -> String {
    let isElsewhere = place.scope == .machine && (try? Project.find(host)) ?? nil != nil
    return "outfit update\(name.map { " \($0)" } ?? "")\(isElsewhere ? " --machine" : "")"
  }

  // MARK: Changing it

  /// Changes the long form of a tool, and writes it short again where nothing but a version is left.
  mutating func change(_ name: String, _ body: (inout [ManifestValue.Entry]) -> Void) throws {
    let before = entry(name)
    var entries =
      before?.entries ?? before?.text.flatMap { $0 == "latest" ? nil : [.init("version", .text($0))] } ?? []
    body(&entries)
    let isShort = entries.allSatisfy { $0.key == "version" } && (before?.entries == nil || !entries.isEmpty)
    let value: ManifestValue =
      isShort ? .text(entries.first?.value.text ?? "latest") : .mapping(entries)
    try file.edit.set(["tools", name], to: value)
  }

  /// Does what the edited manifest says.
  /// - Parameters:
  ///   - tools: that the verb is about: when one can't be had, nothing happens.
  ///   - moving: whose pins move.
  func apply(_ tools: Set<String>, moving: Set<String> = []) async throws -> Undertaking.Done {
    var wish = Undertaking.Wish()
    wish.edits = [file]
    wish.tools = tools
    wish.moving = moving
    wish.pins = lock
    wish.isOffline = options.offline
    wish.saysYes = true
    // What a project may do was consented to; that its user adds a tool himself needs no second word.
    if options.project, isTrusted { wish.consent = .folders }
    // The first time, all of the rest is made too: the folder of the commands must be on PATH.
    wish.parts.only = generation == nil ? [] : ["tools"]
    if file.edit.original == nil { try PersonalSchema.write(host) }
    do {
      return try await Undertaking(session, wish).apply(at: place)
    } catch var failure as Failure {
      // What was typed stands in no file, since the edit is not made.
      for index in failure.diagnostics.indices
      where file.edit.isChanged && failure.diagnostics[index].location?.file == file.edit.file {
        failure.diagnostics[index].location = nil
      }
      throw failure
    }
  }
}

/// The schema that the first line of a personal manifest names: a copy of ours beside Outfit's data.
enum PersonalSchema {
  private static let name = "outfit.schema.json"

  /// From the folder of the personal manifest.
  static func reference(_ host: Host) -> String {
    let from = host.places.config.components.map(\.string)
    let to = host.places.data.components.map(\.string)
    let shared = zip(from, to).prefix { $0 == $1 }.count
    let steps = Array(repeating: "..", count: from.count - shared) + to.dropFirst(shared) + [name]
    return steps.joined(separator: "/")
  }

  static func write(_ host: Host) throws {
    try OwnFile.write(ManifestSchema.json, to: host.places.data.appending(name), host)
  }
}

extension [ManifestValue.Entry] {
  subscript(key: String) -> ManifestValue? {
    get { first { $0.key == key }?.value }
    set {
      guard let newValue else { return removeAll { $0.key == key } }
      if let index = firstIndex(where: { $0.key == key }) {
        self[index].value = newValue
      } else {
        append(.init(key, newValue))
      }
    }
  }

  /// Adds texts to a list that `key` holds.
  mutating func add(_ texts: [String], to key: String) {
    guard !texts.isEmpty else { return }
    var list = self[key]?.texts ?? []
    for text in texts where !list.contains(text) { list.append(text) }
    self[key] = .list(list)
  }
}
