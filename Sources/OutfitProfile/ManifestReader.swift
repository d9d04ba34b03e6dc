import OutfitCore
import OutfitSystem
import SystemPackage

/// One `outfit.yaml`, read: what it says, before it is merged with other layers.
struct Manifest: Sendable {
  var layer: Layer
  var source: SourceText
  /// Its sections; `content.layers` is this layer alone.
  var content: Profile
  var extends: [Base] = []
  var locked: [Locking] = []
  /// Entries that any other layer may change.
  var defaults: Set<String> = []
  var remove: [(path: String, location: SourceLocation)] = []
  /// Every entry that is written, those with mistakes in them too: key path to its place.
  var entries: [String: SourceLocation] = [:]
  /// Where an entry names a file or an index: key path to that place.
  var details: [String: SourceLocation] = [:]

  var body: LayerContent?

  /// When the layer counts; nil is always.
  var gate: Condition?
  /// When an entry counts: key path to condition; a package's is `packages.apt.ripgrep`.
  var conditions: [String: Condition] = [:]
  /// What to use in place of an entry.
  var deprecated: [String: String] = [:]
  /// Pieces that count where they are used.
  var bundles: [String: Manifest] = [:]
  var uses: [(name: String, location: SourceLocation)] = []
  var tags: [(name: String, location: SourceLocation)] = []
  var channel: (name: String, location: SourceLocation)?
  /// By repository, lines of allowed signers or files with such.
  var signers: [String: [(text: String, location: SourceLocation)]] = [:]
  /// `network:`, where nothing is wrong in it.
  var network: (node: YamlNode, location: SourceLocation)?

  /// A line of `extends:`.
  struct Base {
    var text: String
    var location: SourceLocation
    var condition: Condition?
  }

  /// A line of `locked:`.
  struct Locking {
    var path: String
    var location: SourceLocation
    var why: String?
    /// The day from which it holds, of ISO 8601.
    var from: String?
  }

  func source(at location: SourceLocation) -> Source { Source(layer: layer, location: location) }

  func diagnostic(
    _ message: String, at location: SourceLocation, hint: String? = nil,
    severity: Diagnostic.Severity = .error
  ) -> Diagnostic { source.diagnostic(message, at: location, hint: hint, severity: severity) }
}

/// Reads one manifest, and finds all of its mistakes at once.
struct ManifestReader {
  /// - Parameters:
  ///   - layer: whose `name` is replaced by what `profile:` says.
  ///   - file: the manifest as diagnostics name it.
  ///   - version: of this outfit, for `outfit:`.
  static func read(
    _ bytes: [UInt8], layer: Layer, file: String, scope: Scope,
    version: Version = Version(Release.version) ?? Version([0])
  ) -> (manifest: Manifest, diagnostics: [Diagnostic]) {
    let source = SourceText(bytes, file: file)
    let reading = YamlReader.read(bytes, file: file)
    var decoder = ManifestDecoder(
      manifest: Manifest(
        layer: layer, source: source, content: Profile(scope: scope, name: layer.name, layers: [])),
      checker: ShapeChecker(source: source))
    if let root = reading.root { decoder.decode(root, version: version) }
    decoder.manifest.content.layers = [decoder.manifest.layer]
    return (decoder.manifest, reading.diagnostics + decoder.checker.diagnostics)
  }
}

struct ManifestDecoder {
  var manifest: Manifest
  var checker: ShapeChecker

  mutating func decode(_ root: YamlNode, version: Version) {
    if let required = root["outfit"], let text = required.text, let request = VersionRequest(text),
      !request.accepts(Version(version.release))
    {
      // What a newer outfit understands may well look wrong to this one.
      checker.complain(
        "this manifest is for outfit \(text), and this is outfit \(version)", at: required.location,
        hint: LockFile.newerOutfit)
      return
    }
    let before = checker.diagnostics.count
    checker.check(root, .record(ManifestKeys.all), path: "", example: "profile: web-team")
    let faulty = Set(checker.diagnostics[before...].compactMap(\.location))
    if let name = root["profile"]?.text { manifest.layer.name = name }
    manifest.content.name = manifest.layer.name
    manifest.content.summary = root["description"]?.text
    if let pair = root.pairs?.first(where: { $0.key == "cooldown" }), let text = pair.value.text,
      let cooldown = Cooldown(text)
    {
      manifest.content.cooldown = Sourced(cooldown, manifest.source(at: pair.keyLocation))
    }
    manifest.extends = (root["extends"].map { $0.elements ?? [$0] } ?? []).compactMap { node in
      let from = node["from"] ?? node
      return from.text.map {
        Manifest.Base(text: $0, location: from.location, condition: Condition(node["if"]))
      }
    }
    manifest.locked =
      (root["locked"].map(places) ?? []).map { Manifest.Locking(path: $0.0, location: $0.1) }
      .filter { !faulty.contains($0.location) }
    for pair in root["locked"]?.pairs ?? [] where !faulty.contains(pair.keyLocation) {
      manifest.locked.append(
        Manifest.Locking(
          path: pair.key, location: pair.keyLocation, why: pair.value["why"]?.text,
          from: pair.value["from"]?.text))
    }
    manifest.defaults = Set((root["defaults"].map(places) ?? []).map(\.0))
    manifest.uses = root["use"].map(places) ?? []
    manifest.tags = root["tags"].map(places) ?? []
    if let node = root["channel"], let text = node.text, !faulty.contains(node.location) {
      manifest.channel = (text, node.location)
    }
    for pair in root["signers"]?.pairs ?? [] where !faulty.contains(pair.keyLocation) {
      manifest.signers[pair.key] = places(pair.value).map { (text: $0.0, location: $0.1) }
    }
    if let pair = root.pairs?.first(where: { $0.key == "network" }),
      !faulty.contains(pair.value.location),
      !(pair.value.pairs ?? []).contains(where: {
        faulty.contains($0.keyLocation) || faulty.contains($0.value.location)
      })
    {
      manifest.network = (pair.value, pair.keyLocation)
    }
    if let pair = root.pairs?.first(where: { $0.key == "receipts" }), !faulty.contains(pair.value.location) {
      let section = ReceiptSection(
        agrees: pair.value.text.map { $0 == "true" }, to: pair.value["to"]?.text,
        name: pair.value["name"]?.text)
      manifest.content.receipts = Sourced(section, manifest.source(at: pair.keyLocation))
    }
    manifest.remove = (root["remove"].map(places) ?? []).filter { !faulty.contains($0.1) }
    decodeSections(root)
    for pair in root["bundles"]?.pairs ?? [] {
      let empty = Profile(scope: manifest.content.scope, name: manifest.layer.name, layers: [])
      var inner = ManifestDecoder(
        manifest: Manifest(layer: manifest.layer, source: manifest.source, content: empty), checker: checker)
      inner.manifest.content.summary = pair.value["description"]?.text
      inner.decodeSections(pair.value)
      inner.manifest.body = LayerContent(pair.value, own: inner.manifest.content, layer: manifest.layer)
      checker = inner.checker
      manifest.bundles[pair.key] = inner.manifest
    }
    manifest.body = LayerContent(root, own: manifest.content, layer: manifest.layer)
  }

  private func places(_ node: YamlNode) -> [(String, SourceLocation)] {
    (node.elements ?? [node]).compactMap { node in node.text.map { ($0, node.location) } }
  }

  /// Decodes the entries of a section; those with mistakes in them are only remembered by name.
  private mutating func entries<Value: Sendable>(
    _ root: YamlNode, _ section: String, _ decode: (inout ManifestDecoder, YamlPair) -> Value?
  ) -> [String: Sourced<Value>] {
    var values: [String: Sourced<Value>] = [:]
    for pair in root[section]?.pairs ?? [] {
      let path = "\(section).\(pair.key)"
      manifest.entries[path] = pair.keyLocation
      noteAttributes(of: pair.value, path)
      guard let value = decode(&self, pair) else { continue }
      values[pair.key] = Sourced(value, manifest.source(at: pair.keyLocation))
    }
    return values
  }

  /// What an entry says beside what it is.
  private mutating func noteAttributes(of node: YamlNode, _ path: String) {
    guard node.pairs != nil, path.prefix(5) != "data." || conditionalValue(node) != nil else { return }
    manifest.conditions[path] = Condition(node["if"])
    manifest.deprecated[path] = node["deprecated"]?.text
    if let systems = Self.texts(node["os"]), path.hasPrefix("dotfiles.") {
      manifest.conditions[path] = .both(.fact(.os, systems.sorted()), manifest.conditions[path])
    }
  }

  /// `{value: …, if: …}` of `data:`, where all else is a mapping of the profile's own.
  private mutating func conditionalValue(_ node: YamlNode) -> YamlNode? {
    guard let pairs = node.pairs, let value = node["value"], pairs.count > 1,
      pairs.allSatisfy({ ["value", "if", "deprecated"].contains($0.key) })
    else { return nil }
    return value
  }

  private mutating func decodeSections(_ root: YamlNode) {
    for (key, value) in entries(root, "interpreters", { $0.interpreter($1) }) {
      if let language = Language(rawValue: key) { manifest.content.interpreters[language] = value }
    }
    manifest.content.tools = entries(root, "tools") { $0.tool($1) }
    manifest.content.indexes = entries(root, "indexes") { _, pair in
      pair.value["url"]?.text.map {
        IndexSection(
          url: $0, priority: Self.choice(pair.value["priority"]) ?? .primary,
          packages: Self.texts(pair.value["packages"]) ?? [],
          dependencies: pair.value["dependencies"]?.text == "true")
      }
    }
    manifest.content.data = entries(root, "data") { DataValue($0.conditionalValue($1.value) ?? $1.value) }
    for pair in root["data"]?.pairs ?? [] where conditionalValue(pair.value) != nil {
      checker.check(
        pair.value, .record(ManifestKeys.conditionalData), path: "data.\(pair.key)",
        example: "{value: vim, if: {os: linux}}")
    }
    manifest.content.ask = entries(root, "ask") { Self.question($1.value) }
    manifest.content.secrets = entries(root, "secrets") { $0.secret($1) }
    let dotfiles = entries(root, "dotfiles") { $0.dotfile($1) }
    for (target, value) in dotfiles {
      let normal = FilePath(target).lexicallyNormalized().string
      manifest.details["dotfiles.\(normal)"] = manifest.details["dotfiles.\(target)"]
      manifest.entries["dotfiles.\(target)"] = nil
      manifest.entries["dotfiles.\(normal)"] = value.source.location
      if normal != target {
        manifest.conditions["dotfiles.\(normal)"] = manifest.conditions.removeValue(
          forKey: "dotfiles.\(target)")
        manifest.deprecated["dotfiles.\(normal)"] = manifest.deprecated.removeValue(
          forKey: "dotfiles.\(target)")
      }
      if let other = manifest.content.dotfiles[normal] {
        let later = max(other.source.location, value.source.location)
        checker.complain("`\(normal)` is written twice", at: later, hint: "keep one of them")
      }
      manifest.content.dotfiles[normal] = value
    }
    for pair in root["packages"]?.pairs ?? [] {
      manifest.entries["packages.\(pair.key)"] = pair.keyLocation
      for node in pair.value.elements ?? [pair.value] {
        guard let name = (node["name"] ?? node).text else { continue }
        noteAttributes(of: node, "packages.\(pair.key).\(name)")
        manifest.content.packages[pair.key, default: []].append(
          Sourced(name, manifest.source(at: node.location)))
      }
    }
    manifest.content.scripts = entries(root, "scripts") { decoder, pair in
      decoder.manifest.details["scripts.\(pair.key)"] = (pair.value["run"] ?? pair.value).location
      guard let run = pair.value.text ?? pair.value["run"]?.text, PathProblem(run) == nil else { return nil }
      return ScriptSection(run: run, when: Self.choice(pair.value["when"]) ?? .changed)
    }
    manifest.content.env = entries(root, "env") { $1.value.text ?? $1.value["value"]?.text }
    manifest.content.hooks = entries(root, "hooks") { Self.hook($1.value) }
    checkHooks(root["hooks"])
    if let pair = root.pairs?.first(where: { $0.key == "hook-settings" }) {
      manifest.entries["hook-settings"] = pair.keyLocation
      manifest.content.hookSettings = Sourced(
        Self.hookSettings(pair.value), manifest.source(at: pair.keyLocation))
    }
    if let pair = root.pairs?.first(where: { $0.key == "virtualenv" }) {
      manifest.entries["virtualenv"] = pair.keyLocation
      manifest.details["virtualenv"] = (pair.value["from"] ?? pair.value).location
      let from = Self.texts(pair.value.text == nil ? pair.value["from"] : pair.value) ?? []
      if !from.isEmpty, from.allSatisfy({ PathProblem($0) == nil }) {
        manifest.content.virtualenv = Sourced(
          VirtualenvSection(
            from: from, path: pair.value["path"]?.text ?? ".venv", groups: Self.texts(pair.value["groups"]),
            ships: Self.texts(pair.value["ships"]) ?? [], extras: Self.texts(pair.value["extras"]) ?? [],
            isEditable: pair.value["editable"]?.text != "false",
            build: Self.texts(pair.value["build"]) ?? []), manifest.source(at: pair.keyLocation))
      }
    }
    if let pair = root.pairs?.first(where: { $0.key == "node_modules" }) {
      manifest.entries["node_modules"] = pair.keyLocation
      manifest.details["node_modules"] = (pair.value["from"] ?? pair.value).location
      if let from = pair.value.text ?? pair.value["from"]?.text, PathProblem(from) == nil {
        manifest.content.nodeModules = Sourced(
          NodeModulesSection(from: from, scripts: Self.texts(pair.value["scripts"]) ?? []),
          manifest.source(at: pair.keyLocation))
      }
    }
    if let pair = root.pairs?.first(where: { $0.key == "app" }) {
      manifest.entries["app"] = pair.keyLocation
      manifest.content.app = Self.app(pair.value).map { Sourced($0, manifest.source(at: pair.keyLocation)) }
    }
  }

  // MARK: - Values

  static func texts(_ node: YamlNode?) -> [String]? {
    guard let node, !node.isNull else { return nil }
    return (node.elements ?? [node]).compactMap(\.text)
  }

  static func choice<Choice: RawRepresentable>(_ node: YamlNode?) -> Choice?
  where Choice.RawValue == String {
    node?.text.flatMap(Choice.init(rawValue:))
  }

  private static func version(_ node: YamlNode?) -> VersionRequest? {
    node?.text.flatMap { VersionRequest($0) }
  }

  static func words(_ node: YamlNode?) -> [String]? {
    if let elements = node?.elements { return elements.map { $0.text ?? "" } }
    return node?.text.map { $0.split(separator: " ").map(String.init) }
  }

  static func environment(_ node: YamlNode?) -> [String: String] {
    Dictionary(
      (node?.pairs ?? []).compactMap { pair in pair.value.text.map { (pair.key, $0) } },
      uniquingKeysWith: { first, _ in first })
  }

  private mutating func interpreter(_ pair: YamlPair) -> InterpreterSection? {
    let long = pair.value.pairs == nil ? nil : pair.value
    let written = long.map { $0["versions"] ?? $0["also"] ?? pair.value } ?? pair.value
    let texts = long != nil && long?["versions"] == nil ? [] : Self.texts(written) ?? []
    let versions = texts.compactMap { VersionRequest($0) }
    if written.elements?.isEmpty == true {
      checker.complain(
        "`interpreters.\(pair.key)` names no version", at: written.location,
        hint: "write one, or take the line out")
    }
    let also = (Self.texts(long?["also"]) ?? []).compactMap { VersionRequest($0) }
    if let long, long["versions"] == nil, long["also"] == nil {
      checker.complain(
        "`interpreters.\(pair.key)` lacks `versions`", at: long.location,
        hint: "for example `versions: [\"3.13\"]`")
    }
    guard !versions.isEmpty || !also.isEmpty else { return nil }
    return InterpreterSection(
      versions: versions, also: also,
      providers: long?["providers"]?.elements?.compactMap { Self.choice($0) },
      system: long?["system"]?.text == "true", mirror: long?["mirror"]?.text,
      optimized: long?["optimized"]?.text == "true")
  }

  private mutating func tool(_ pair: YamlPair) -> ToolSection? {
    let node = pair.value
    if let text = node.text { return VersionRequest(text).map { ToolSection(version: $0) } }
    guard node.pairs != nil else { return nil }
    let origin: ToolSection.Origin = Self.choice(node["from"]) ?? .pypi
    let foreign: [String] =
      switch origin {
      case .pypi: Self.ofDownloads + ["scripts"]
      case .npm: Self.ofDownloads + ["extras", "python", "index", "programs-from", "cooldown", "build"]
      case .url:
        ["with", "extras", "python", "package", "index", "scripts", "programs-from", "cooldown", "build"]
      }
    for key in foreign {
      guard let other = node.pairs?.first(where: { $0.key == key }) else { continue }
      let isDownload = Self.ofDownloads.contains(key)
      checker.complain(
        "`\(key)` says nothing of a tool from \(origin.rawValue)", at: other.keyLocation,
        hint: isDownload ? "add `from: url`, or take it out" : "take it out")
    }
    let companions = node["with"].map { $0.elements ?? [$0] } ?? []
    for other in origin == .pypi ? companions : [] where other.text?.contains("@") == true {
      guard let complaint = TextForm.requirement.check(other.text ?? "") else { continue }
      checker.complain(complaint.message, at: other.location, hint: complaint.hint)
    }
    if origin == .url {
      if node["url"] == nil, node["github"] == nil {
        checker.complain(
          "`tools.\(pair.key)` lacks `url`", at: node.location,
          hint: "for example `url: \"https://downloads.example/\(pair.key)-{os}-{arch}\"`")
      }
      if Self.version(node["version"])?.exact == nil {
        checker.complain(
          "a tool from an address needs an exact version", at: (node["version"] ?? node).location,
          hint: "for example `version: \"2.16.1\"`")
      }
    }
    manifest.details["tools.\(pair.key)"] = node["index"]?.location
    var digests: [String: Digest] = [:]
    for pair in node["sha256"]?.pairs ?? [] {
      digests[pair.key] = pair.value.text.flatMap { Digest($0) }
    }
    var section = ToolSection(
      version: Self.version(node["version"]) ?? .latest, origin: origin,
      with: Self.texts(node["with"]) ?? [], extras: Self.texts(node["extras"]) ?? [],
      python: Self.version(node["python"]), expose: Self.texts(node["expose"]),
      package: node["package"]?.text, url: node["url"]?.text, digests: digests,
      index: node["index"]?.text, suffix: node["suffix"]?.text)
    section.programsFrom = Self.texts(node["programs-from"]) ?? []
    section.isHeld = node["hold"]?.text == "true"
    section.cooldown = node["cooldown"]?.text.flatMap { Cooldown($0) }
    section.build = Self.texts(node["build"]) ?? []
    section.checksums = node["checksums"]?.text
    section.github = node["github"]?.text
    section.asset = node["asset"]?.text
    section.tag = node["tag"]?.text
    section.names = Self.environment(node["names"])
    section.scripts = Self.texts(node["scripts"]) ?? []
    return section
  }

  /// Keys of tools that are one download.
  private static let ofDownloads = ["url", "sha256", "checksums", "github", "asset", "tag", "names"]

  private static func question(_ node: YamlNode) -> Question? {
    (node.text ?? node["prompt"]?.text).map {
      Question(prompt: $0, gitSetting: node["git"]?.text, defaultAnswer: node["default"]?.text)
    }
  }
}
