import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// What the verbs of `dotfiles` work on: this machine's profile and its entries.
struct DotfileDesk {
  let session: Session
  let place: ProfilePlace
  let profile: Profile
  private var host: Host { session.host }

  /// A machine without a profile has its user's own layer, or nothing yet.
  init(_ session: Session) async throws {
    self.session = session
    let adopted = try ProfilePlace.adopted(session.host)
    place = adopted ?? ProfilePlace(scope: .machine, address: "")
    profile =
      adopted == nil
      ? Profile(scope: .machine, name: "personal", layers: []) : try await place.load(session)
  }

  /// A file of the home folder that a person named: absolute, and from there.
  func target(_ named: String) throws -> (path: FilePath, name: String) {
    let path =
      named == "~" || named.hasPrefix("~/")
      ? host.user.home.pushing(FilePath(String(named.dropFirst(2))))
      : host.workingDirectory.pushing(FilePath(named))
    var rest = path.lexicallyNormalized()
    guard rest.removePrefix(host.user.home), !rest.isEmpty else {
      throw Failure(
        "\(named) is not in your home folder", hint: "a dotfile is: outfit dotfiles add ~/.vimrc",
        status: .usage)
    }
    return (path.lexicallyNormalized(), rest.string)
  }

  /// The entries that have a say in a file: its own, or that of the folder that it is in.
  func sections(_ name: String) -> [(target: String, section: Sourced<DotfileSection>)] {
    Self.sections(name, in: profile)
  }

  static func sections(
    _ name: String, in profile: Profile
  ) -> [(target: String, section: Sourced<DotfileSection>)] {
    func all(_ target: String) -> [(String, Sourced<DotfileSection>)] {
      guard let section = profile.dotfiles[target] else { return [] }
      return ((profile.blocks[target] ?? []) + [section]).map { (target, $0) }
    }
    var target = FilePath(name)
    var found = all(name)
    while found.isEmpty, target.removeLastComponent() {
      let outer = target.isEmpty ? "." : target.string
      found = all(outer).filter { $0.1.value.isFolder }
      if target.isEmpty { break }
    }
    return found
  }

  /// The layer's own file that a target is made from.
  func source(_ name: String, _ entry: (target: String, section: Sourced<DotfileSection>)) -> FilePath? {
    Self.source(name, entry, host)
  }

  static func source(
    _ name: String, _ entry: (target: String, section: Sourced<DotfileSection>), _ host: Host
  ) -> FilePath? {
    guard let file = entry.section.value.file else { return nil }
    let source = entry.section.source.layer.folder.pushing(FilePath(file)).lexicallyNormalized()
    guard entry.section.value.isFolder, name != entry.target else { return source }
    let inside = entry.target == "." ? name : String(name.dropFirst(entry.target.utf8.count + 1))
    let path = source.pushing(FilePath(inside))
    let rendered = FilePath(path.string + ".mustache")
    return host.files.exists(path) || !host.files.exists(rendered) ? path : rendered
  }

  func refusal(unknown name: String) -> Failure {
    Failure(
      "no layer has ~/\(name)",
      hint: nearest(name, among: profile.dotfiles.keys).map { "did you mean ~/\($0)?" }
        ?? "outfit dotfiles add ~/\(name) takes it into your own layer", status: .usage)
  }

  /// Makes this machine what the manifests say now.
  func apply(_ wish: Undertaking.Wish) async throws -> ExitStatus {
    let undertaking = Undertaking(session, wish)
    let done = try await undertaking.apply(at: place)
    undertaking.conclude(done, place)
    return done.status
  }
}
