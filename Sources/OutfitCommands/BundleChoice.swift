import OutfitConsent
import OutfitCore
import OutfitProfile
import OutfitSystem

/// Which bundles of a profile its user wants: asked once, and kept as `use:` in the user's own layer.
struct BundleChoice {
  private let profile: Profile
  private let session: Session
  private let layer: PersonalLayer
  private var host: Host { session.host }

  /// - Throws: what is wrong with the user's own layer.
  init(_ profile: Profile, _ session: Session) throws {
    self.profile = profile
    self.session = session
    layer = try PersonalLayer(session)
  }

  /// `use:` says it, an empty one too.
  private var isAnswered: Bool { layer.file.edit.value(at: ["use"]) != nil }

  private var isAsked: Bool { profile.scope == .machine && !profile.bundles.isEmpty && !isAnswered }

  private var names: [String] { Set(profile.bundles.map(\.name)).sorted() }

  private var prompt: String {
    let offers = profile.bundles.map { bundle in
      bundle.name + (bundle.summary.map { " (\($0.harmless))" } ?? "")
    }
    return "\(profile.name) offers \(offers.joined(separator: ", "))"
  }

  /// What a terminal would be asked; nothing waits for the answer.
  func question(_ command: String) throws -> PlanMembers.Question? {
    guard isAsked else { return nil }
    return PlanMembers.Question(
      key: "use", prompt: prompt, line: "\(command) --use \(names.joined(separator: " --use "))",
      isNeeded: false)
  }

  /// Keeps what is wanted: what was given, or what the person answers now.
  /// - Returns: whether the user's own layer is another now.
  /// - Throws: `Failure`, status 2, for a bundle that no layer has.
  func settle(_ given: [String]?) throws -> Bool {
    if let given {
      guard profile.scope == .machine else {
        throw Failure(
          "--use is for this machine; a project says what it takes in its outfit.yaml",
          hint: "write `use: [\(given.joined(separator: ", "))]` there", status: .usage)
      }
      return try keep(layer.uses + given.filter { !layer.uses.contains($0) })
    }
    guard isAsked, host.terminal.isInteractive else { return false }
    session.talk(prompt)
    while let answer = host.terminal.ask("Which do you want? (names, or Enter for none) ") {
      let wanted = answer.split { $0 == "," || $0.isWhitespace }.map(String.init)
      if let unknown = wanted.first(where: { !names.contains($0) }) {
        let near = nearest(unknown, among: names).map { "; did you mean \($0)?" } ?? ""
        session.talk("there is no \(unknown)\(near)")
        continue
      }
      return try keep(wanted)
    }
    return false
  }

  private func keep(_ wanted: [String]) throws -> Bool {
    try Self.refuseUnknown(wanted, in: profile)
    var layer = layer
    try layer.use(wanted)
    guard layer.isEdited else { return false }
    if layer.file.edit.original == nil { try PersonalSchema.write(host) }
    try host.files.createDirectories(host.places.config, mode: 0o700)
    try layer.file.save(host)
    session.talk("wrote use: [\(wanted.joined(separator: ", "))] into \(session.short(layer.file.path))")
    return true
  }

  /// - Throws: `Failure`, status 2, for a bundle that no layer of the profile has.
  static func refuseUnknown(_ wanted: [String], in profile: Profile) throws {
    let names = Set(profile.bundles.map(\.name))
    for name in wanted where !names.contains(name) {
      throw Failure(
        "\(profile.name) has no bundle \(name)",
        hint: nearest(name, among: names).map { "did you mean \($0)?" }
          ?? (names.isEmpty ? "it has none" : "it has \(names.sorted().joined(separator: ", "))"),
        status: .usage)
    }
  }
}
