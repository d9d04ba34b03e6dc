import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSystem
import SystemPackage

/// Which versions of a project's services have written their data, as far as files tell: a volume is read by the major
/// version alone that wrote it, and some images do not even see that there is one.
struct DataVersions {
  /// What a place says of one service; nil where its version can't be told.
  struct Finding: Hashable {
    var service: String
    var major: String?
    /// `compose.yaml`, `k8s/base/postgres.yaml of git`, `outfit.lock`.
    var place: String
  }

  /// By name, the images of each service whose data is bound to its version: the template's, and that in its place.
  let images: [String: [String]]
  private(set) var findings: [Finding] = []

  /// - Parameter own: images that the manifest names in place of the template's, by service.
  init(_ description: TemplateDescription, own: [String: String]) {
    var images = description.services.filter(\.value.isBound).mapValues { [$0.image] }
    for (name, image) in own where images[name] != nil { images[name]?.append(image) }
    self.images = images
  }

  /// `18` of `18.1-bookworm`; what has no number is its own.
  static func major(_ version: some StringProtocol) -> String {
    let digits = version.prefix { $0.isASCII && $0.isNumber }
    return digits.isEmpty ? String(version) : String(digits)
  }

  /// Takes an image as a file or a lock names it, with its tag.
  mutating func add(image reference: String, place: String) {
    let name = reference.prefix { $0 != "@" }
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    let last = (parts.last ?? "").split(separator: ":", omittingEmptySubsequences: false)
    add(repository: last.first ?? "", tag: last.count > 1 ? last[1] : nil, place: place)
  }

  private mutating func add(
    repository: some StringProtocol, tag: (some StringProtocol)?, place: String
  ) {
    for (service, names) in images
    where names.contains(where: { $0.split(separator: "/").last.map(String.init) == String(repository) }) {
      findings.append(Finding(service: service, major: tag.map { Self.major($0) }, place: place))
    }
  }

  /// Takes a file of Compose or Kubernetes. One that can't be read as YAML is gone through line by line.
  mutating func add(_ text: String, place: String) {
    guard let documents = try? Document.parse(text, file: place) else {
      for line in text.split(separator: "\n") {
        let words = line.split(whereSeparator: { " \t\"'-{},".contains($0) })
        if let index = words.firstIndex(of: "image:"), index + 1 < words.count {
          add(image: String(words[index + 1]), place: place)
        }
      }
      return
    }
    for document in documents { add(document, place) }
  }

  private mutating func add(_ document: Document, _ place: String) {
    // What runs to an end has no data: a client of another version makes backups, say.
    if let kind = document["kind"]?.text, ["Job", "CronJob"].contains(kind) { return }
    if let image = document["image"]?.text { add(image: image, place: place) }
    // Kustomize's `images:`.
    if let name = document["newName"]?.text ?? document["name"]?.text, let tag = document["newTag"]?.text {
      add(repository: name.split(separator: "/").last ?? "", tag: Optional(tag), place: place)
    }
    for item in document.items { add(item, place) }
    for (_, value) in document.entries.sorted(by: { $0.key < $1.key }) { add(value, place) }
  }

  /// The services of a stack whose data would stay behind, each with what says so.
  func moves(to stack: Stack) -> [Diagnostic] {
    stack.services.compactMap { service in
      guard images[service.name] != nil else { return nil }
      let wanted = Self.major(service.version)
      let others = findings.filter { $0.service == service.name && $0.major != wanted }
      let isMoved = stack.dataMoved[service.name].map { Self.major($0) } == wanted
      guard !others.isEmpty, !isMoved else { return nil }
      let majors = Set(others.map { $0.major ?? "an unknown version" }).sorted()
      var places: [String] = []
      for finding in others where !places.contains(finding.place) { places.append(finding.place) }
      let move = stack.description.services[service.name]?.move ?? ""
      return Diagnostic(
        .error,
        "\(service.name) moves from \(majors.joined(separator: ", ")) (\(Parity.some(places))) to "
          + "\(service.version), and its data does not: it would start on an empty volume, or not at all",
        at: stack.location,
        hint: "move the data in every environment (\(move)), and then say so in outfit.yaml: "
          + "app: {data-moved: {\(service.name): \"\(wanted)\"}}")
    }
  }
}

extension RenderSession {
  /// Images of services in the lock whose data was not said to have moved: they stay there for as long.
  public func heldImages() throws -> [String] {
    guard let app = profile.app else { return [] }
    let description = try TemplateDescription(try template(app).descriptions)
    return lock.images.keys.filter { name in
      var found = DataVersions(description, own: app.value.services.compactMapValues(\.image))
      found.add(image: name, place: LockFile.name)
      return found.findings.contains { finding in
        guard
          let version = app.value.services[finding.service]?.version
            ?? description.services[finding.service]?.version
        else { return false }
        let wanted = DataVersions.major(version)
        let moved = app.value.dataMoved[finding.service].map { DataVersions.major($0) }
        return finding.major != wanted && moved != wanted
      }
    }.sorted()
  }

  /// Nothing is written where a service's data would be left behind, whatever is forced.
  ///
  /// What counts is the lock, what lies in the project, and what git has: its last commit, and for a file that is
  /// nowhere any more the commit before it went.
  /// - Throws: status 2.
  public func refuseMoves(_ stack: Stack) async throws {
    var versions = DataVersions(
      stack.description, own: Dictionary(stack.services.map { ($0.name, $0.image.repository) }) { $1 })
    let bound = stack.services.filter { versions.images[$0.name] != nil }
    guard !bound.isEmpty else { return }
    for name in lock.images.keys.sorted() { versions.add(image: name, place: LockFile.name) }
    for path in try composed("compose.yaml") + composed("k8s") {
      let bytes = try host.files.read(root.pushing(FilePath(path)), from: 0, count: Self.largest)
      versions.add(String(decoding: bytes, as: UTF8.self), place: path)
    }
    let paths = ["compose.yaml"] + bound.map { "k8s/base/\($0.name).yaml" }
    for (path, text) in try await ProjectHistory(host: host, root: root).files(in: ["k8s"], and: paths) {
      versions.add(text, place: "\(path) of git")
    }
    let moves = versions.moves(to: stack)
    guard moves.isEmpty else { throw Failure(moves, status: .usage) }
  }

  private static let largest = 4 << 20

  /// The YAML files at and below a path of the project.
  private func composed(_ path: String) throws -> [String] {
    let place = root.pushing(FilePath(path))
    switch try host.files.status(place, followLinks: false)?.kind {
    case .directory: return try host.files.list(place).flatMap { try composed("\(path)/\($0)") }
    case .file where path.hasSuffix(".yaml") || path.hasSuffix(".yml"): return [path]
    default: return []
    }
  }
}
