import OutfitCore

/// The same images everywhere, and in them the lock's interpreter and packages.
struct ImageParity {
  let input: Parity.Input
  let objects: [String: [Document]]

  func rows() -> [Parity.Row] {
    let text = input.files.text(ComposeRules.path)
    let compose = text.flatMap { try? Document.parseOne($0, file: ComposeRules.path) }
    return [images(compose), pinned(), application(compose)]
  }

  /// The part of a reference before tag and digest.
  static func repository(_ reference: String) -> String {
    let name = reference.split(separator: "@", maxSplits: 1).first.map(String.init) ?? reference
    guard let colon = name.lastIndex(of: ":"), !name[colon...].contains("/") else { return name }
    return String(name[..<colon])
  }

  /// Every image of an environment's pods.
  private func imagesOfPods(_ documents: [Document]) -> Set<String> {
    Set(
      documents.compactMap { ManifestValidator.Pod(ManifestValidator.Object($0, "")) }
        .flatMap { $0.containers + $0.initContainers }.compactMap { $0["image"]?.text })
  }

  private func isOurs(_ reference: String) -> Bool {
    [input.stack.image, input.stack.image + "-dev"].contains(Self.repository(reference))
  }

  private func images(_ compose: Document?) -> Parity.Row {
    let (id, rule) = ("images.services", "the same service images everywhere")
    let wanted = Set(input.stack.services.map(\.image.reference))
    var failures: [String] = []
    func compare(_ found: Set<String>, _ place: String, without: Set<String> = []) {
      let gone = Set(input.stack.services.filter { without.contains($0.name) }.map(\.image.reference))
      for image in wanted.subtracting(found).subtracting(gone).sorted() {
        failures.append("\(place) lacks \(image)")
      }
    }
    for (name, documents) in objects.sorted(by: { $0.key < $1.key }) {
      compare(
        imagesOfPods(documents).filter { !isOurs($0) }, name,
        without: input.stack.environments.first { $0.name == name }?.external ?? [])
    }
    guard let compose else {
      return Parity.Row(id, rule, .notCheckable, "compose.yaml can't be read: see above")
    }
    compare(
      Set(
        (compose["services"]?.entries ?? [:]).values.compactMap { $0["image"]?.text }.filter { !isOurs($0) }),
      "compose.yaml")
    guard failures.isEmpty else {
      return Parity.Row(id, rule, .failed, Parity.some(failures), places: failures)
    }
    guard objects.count == input.stack.environments.count else {
      return Parity.Row(id, rule, .notCheckable, "not every overlay was evaluated: see above")
    }
    guard !wanted.isEmpty else { return Parity.Row(id, rule, .proved, "there are none") }
    return Parity.Row(
      id, rule, .proved,
      "\(wanted.count) in compose.yaml and \(objects.count) overlays: \(Parity.some(wanted.sorted()))")
  }

  private func pinned() -> Parity.Row {
    let (id, rule) = ("images.pinned", "every image by digest")
    let images = [input.stack.base] + input.stack.services.map(\.image)
    let unresolved = images.filter { !$0.isResolved }.map(\.reference)
    return unresolved.isEmpty
      ? Parity.Row(id, rule, .proved, "\(images.count) images")
      : Parity.Row(
        id, rule, .notCheckable,
        "unresolved in the lock: \(unresolved.joined(separator: ", ")); `outfit lock --images` pins them where the registry answers"
      )
  }

  private func application(_ compose: Document?) -> Parity.Row {
    let (id, rule) = ("images.application", "one image of the application")
    var failures: [String] = []
    for environment in input.stack.environments {
      guard let documents = objects[environment.name] else { continue }
      let name = environment.isDevelopment ? input.stack.image + "-dev" : input.stack.image
      let ours = imagesOfPods(documents).filter(isOurs)
      if Set(ours.map(Self.repository)) != [name] {
        failures.append("\(environment.name) runs \(ours.sorted().joined(separator: ", "))")
      }
      if ours.count > 1 {
        failures.append("\(environment.name) mixes \(ours.sorted().joined(separator: ", "))")
      }
    }
    // One service builds it, and those that don't ask no registry for it.
    for (name, service) in (compose?["services"]?.entries ?? [:]).sorted(by: { $0.key < $1.key }) {
      guard let image = service["image"]?.text, isOurs(image) else { continue }
      let isBuilt = service.at("build", "target")?.text == "dev"
      let isUsed = service["build"] == nil && service["pull_policy"]?.text == "never"
      if image != input.stack.image + "-dev" || !isBuilt && !isUsed {
        failures.append("compose.yaml's \(name) is not built from the stage dev")
      }
    }
    guard failures.isEmpty else {
      return Parity.Row(id, rule, .failed, Parity.some(failures), places: failures)
    }
    guard compose != nil, objects.count == input.stack.environments.count else {
      return Parity.Row(id, rule, .notCheckable, "compose.yaml or an overlay could not be read: see above")
    }
    return Parity.Row(id, rule, .proved, "\(input.stack.image), and -dev made from it")
  }
}
