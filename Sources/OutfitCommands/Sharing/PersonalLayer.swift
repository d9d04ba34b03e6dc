import OutfitConsent
import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSystem
import SystemPackage

/// The user's own layer, as the verbs edit it that put other profiles under it and take them out.
struct PersonalLayer {
  private let session: Session
  var file: ManifestFile
  private let before: String
  private var host: Host { session.host }

  init(_ session: Session) throws {
    let host = session.host
    self.session = session
    file = try ManifestFile(
      host.places.personalManifest, host: host, schema: PersonalSchema.reference(host), newMode: 0o600)
    before = file.edit.result
  }

  /// Something in it was changed; a new file that would have nothing in it is none.
  var isEdited: Bool { file.edit.result != before }

  /// The scope that it belongs to.
  func place() throws -> ProfilePlace {
    try ProfilePlace.adopted(host) ?? ProfilePlace(scope: .machine, address: "")
  }

  // MARK: - extends

  /// A line of `extends:`.
  struct Base {
    let value: ManifestValue
    let text: String
    /// Nil for what is no address at all.
    let address: ProfileAddress?
  }

  var bases: [Base] {
    let value = file.edit.value(at: ["extends"])
    let values: [ManifestValue] =
      if case .list(let values) = value { values } else { value.map { [$0] } ?? [] }
    return values.compactMap { value in
      guard let text = value.text ?? value["from"]?.text else { return nil }
      return Base(
        value: value, text: text,
        address: try? ProfileAddress(text, relativeTo: host.places.config, home: host.user.home))
    }
  }

  /// The line that names this profile, whatever branch or tag of it.
  func base(of address: ProfileAddress) -> Base? {
    bases.first { base in
      switch (base.address, address) {
      case (.folder(let a), .folder(let b)): a == b
      case (.git(let a), .git(let b)): a.repository == b.repository && a.subfolder == b.subfolder
      default: false
      }
    }
  }

  mutating func add(_ text: String) throws {
    try file.edit.set(["extends"], to: .list(bases.map(\.value) + [.text(text)]))
  }

  mutating func remove(_ base: Base) throws {
    let rest = bases.map(\.value).filter { $0 != base.value }
    if rest.isEmpty {
      _ = try file.edit.remove(["extends"])
    } else {
      try file.edit.set(["extends"], to: .list(rest))
    }
  }

  // MARK: - use

  var uses: [String] { file.edit.value(at: ["use"])?.texts ?? [] }

  /// An empty list says that none is wanted, so that nobody is asked again.
  mutating func use(_ names: [String]) throws { try file.edit.set(["use"], to: .list(names)) }

  /// As if nobody had been asked.
  mutating func forgetUse() throws { _ = try file.edit.remove(["use"]) }

  // MARK: - Doing it

  /// Makes this machine what the edited layer says, in one transaction with the edit.
  func apply(_ wish: Undertaking.Wish, at place: ProfilePlace) async throws -> ExitStatus {
    var wish = wish
    wish.edits = isEdited ? [file] : []
    if wish.isDryRun { return try await Undertaking(session, wish).dryRun(at: place) }
    if file.edit.original == nil, isEdited { try PersonalSchema.write(host) }
    let undertaking = Undertaking(session, wish)
    let done = try await undertaking.apply(at: place)
    undertaking.conclude(done, place)
    return done.status
  }
}
