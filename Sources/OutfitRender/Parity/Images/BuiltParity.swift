import OutfitCore

/// Two built images: that dev is deploy with something on top, and that both hold what the lock says.
struct BuiltParity {
  let stack: Stack
  let images: BuiltPair
  /// What of the lock's artifacts is here.
  let known: KnownContents
  /// There are images for other platforms too.
  let isOneOfSeveral: Bool
  /// The Dockerfile is one of Outfit's own templates.
  let isStandard: Bool
  /// Hashed requirement lines of what a developer's environment has.
  let development: String?
  /// What runs a program of Node again when its source changes.
  let reload: String?
  /// The lock of a project in Node.
  let nodeLock: String?
  /// What a container of each sees.
  let deployed: ImageTree
  let developed: ImageTree

  /// In the project.
  static let developmentList = "docker/dev.txt"
  private static let reloadScript = "docker/reload.mjs"

  init(
    stack: Stack, images: BuiltPair, files: ParityFiles? = nil, known: KnownContents = KnownContents(),
    isOneOfSeveral: Bool = false
  ) {
    self.stack = stack
    self.images = images
    self.known = known
    self.isOneOfSeveral = isOneOfSeveral
    isStandard = files?.standardDockerfile == nil
    development = files?.wanted(Self.developmentList)
    reload = files?.wanted(Self.reloadScript)
    nodeLock = stack.nodePackages.flatMap { files?.nodeLocks[$0.path] }
    deployed = ImageTree(images.deploy.layers)
    developed = ImageTree(images.development.layers)
  }

  /// Where the layers that only `dev` has may write.
  static let allowed = ["opt/dev"]

  func rows() -> [Parity.Row] {
    let rows =
      [
        reading(), ancestry(), additions(), configuration(), order(), loading(), user(), label(),
        interpreter(), interpreterFiles(), packages(), system(),
      ] + contents()
    guard isOneOfSeveral else { return rows }
    return rows.map { row in
      var row = row
      row.id += "." + deploy.platform
      row.rule += " (\(deploy.platform))"
      return row
    }
  }

  private func reading() -> Parity.Row {
    let (id, rule) = ("built.reading", "both images can be read in one way only")
    let doubts = developed.doubts + (isAncestor ? [] : deployed.doubts)
    return Parity.Row(
      id, rule, doubts.isEmpty ? .proved : .failed,
      doubts.isEmpty ? "\(images.development.layers.count) layers" : Parity.some(doubts), places: doubts)
  }

  private static func variables(_ image: BuiltImage) -> [String] {
    image.configuration.at("config", "Env")?.texts ?? []
  }

  /// What is found in dev is found in deploy: /opt/dev is looked at last.
  private func order() -> Parity.Row {
    let (id, rule) = ("built.order", "what dev adds is found last")
    var failures: [String] = []
    for variable in Self.variables(deploy) {
      let name = variable.prefix { $0 != "=" }
      if name == "NODE_PATH" { failures.append("\(variable) finds what only dev has") }
      guard name == "PATH" else { continue }
      let folders = variable.dropFirst(5).split(separator: ":", omittingEmptySubsequences: false).map(
        String.init)
      let own = folders.map { Self.isAllowed(String(KeyedTree.plain($0).dropFirst())) }
      if zip(own, own.dropFirst()).contains(where: { $0 && !$1 }) {
        failures.append("PATH has /opt/dev before others")
      }
      if folders.contains(where: { !$0.hasPrefix("/") }) {
        failures.append("PATH has a folder that is relative")
      }
    }
    return Parity.Row(
      id, rule, failures.isEmpty ? .proved : .failed,
      failures.isEmpty ? "PATH ends with it" : Parity.some(failures), places: failures)
  }

  private var deploy: BuiltImage { images.deploy }
  private var dev: BuiltImage { images.development }

  private var isAncestor: Bool {
    dev.layers.count >= deploy.layers.count
      && zip(deploy.layers, dev.layers).allSatisfy { $0.identifier == $1.identifier }
  }

  private func ancestry() -> Parity.Row {
    let (id, rule) = ("built.ancestry", "the dev image stands on the deploy image")
    guard isAncestor else {
      let place = zip(deploy.layers, dev.layers).enumerated().first {
        $0.element.0.identifier != $0.element.1.identifier
      }
      return Parity.Row(
        id, rule, .failed,
        place.map {
          "layer \($0.offset + 1) of \(deploy.layers.count) is "
            + "\($0.element.1.identifier.short()), not \($0.element.0.identifier.short())"
        } ?? "it has \(dev.layers.count) layers, the deploy image \(deploy.layers.count)")
    }
    return Parity.Row(
      id, rule, .proved,
      "its first \(deploy.layers.count) layers are all of the deploy image's, by the digests of their bytes; "
        + "\(dev.layers.count - deploy.layers.count) more")
  }

  private func additions() -> Parity.Row {
    let (id, rule) = ("built.additions", "the dev image changes nothing of it")
    guard isAncestor else {
      return Parity.Row(id, rule, .notCheckable, "it does not stand on the deploy image")
    }
    let present = deployed.files
    var failures: [String] = []
    var added = 0
    for layer in dev.layers.dropFirst(deploy.layers.count) {
      for entry in layer.entries {
        if let gone = entry.whiteout {
          if !Self.isAllowed(gone.path) { failures.append("it takes away /\(gone.path)") }
        } else if Self.isAllowed(entry.path) {
          added += 1
        } else if entry.isFolder, let before = present[entry.path], before.isFolder,
          before.mode == entry.mode, before.owner == entry.owner, before.group == entry.group
        {
          continue  // A folder on the way, as it was.
        } else if entry.isFolder, Self.isAbove(entry.path) || Self.isMountPoint(entry.path),
          present[entry.path] == nil
        {
          continue
        } else {
          failures.append("it \(present[entry.path] == nil ? "adds" : "changes") /\(entry.path)")
        }
      }
    }
    return failures.isEmpty
      ? Parity.Row(
        id, rule, .proved,
        "\(added) files and folders, all below \(Self.allowed.map { "/" + $0 }.joined(separator: ", "))")
      : Parity.Row(id, rule, .failed, Parity.some(failures))
  }

  private static func isAllowed(_ path: String) -> Bool {
    allowed.contains { path == $0 || path.hasPrefix($0 + "/") }
  }

  private static func isAbove(_ path: String) -> Bool { allowed.contains { $0.hasPrefix(path + "/") } }

  /// Builders leave the empty folders that they mount over while a command runs.
  private static func isMountPoint(_ path: String) -> Bool {
    ["dev", "proc", "sys", "run", "run/secrets", "vendor"].contains(path)
  }

  /// What a builder notes of itself.
  private static let notes: Set<String> = [
    "image", "hostname", "domainname", "attachstdin", "attachstdout", "attachstderr", "tty", "openstdin",
    "stdinonce",
  ]

  /// Every setting of an image; runtimes read the names in any case.
  private func settings(_ image: BuiltImage) -> (values: [String: Document], doubts: [String]) {
    var settings: [String: Document] = [:]
    var doubts: [String] = []
    func take(_ name: String, _ value: Document) {
      if [.null, .list([]), .map([:]), .string(""), .bool(false)].contains(value) { return }
      if settings.updateValue(value, forKey: name) != nil { doubts.append("\(name) is written twice") }
    }
    for (name, value) in image.configuration["config"]?.entries ?? [:] {
      let plain = name.lowercased()
      if Self.notes.contains(plain) { continue }
      if plain == "labels" {
        for (label, value) in value.entries { take("labels." + label, value) }
      } else if plain == "env" {
        take(plain, variables(value, &doubts))
      } else {
        take(plain, value)
      }
    }
    for (name, value) in image.configuration.entries {
      if ["architecture", "os", "variant", "os.version", "os.features"].contains(name.lowercased()) {
        take(name.lowercased(), value)
      }
    }
    return (settings, doubts)
  }

  /// In their order; one that is written twice with two values is read in two ways.
  private func variables(_ list: Document, _ doubts: inout [String]) -> Document {
    var seen: [String: String] = [:]
    var kept: [Document] = []
    for item in list.items {
      let text = item.text ?? "?"
      let name = String(text.prefix { $0 != "=" })
      if let before = seen[name] {
        if before != text { doubts.append("\(name) has two values") }
        continue
      }
      seen[name] = text
      kept.append(item)
    }
    return .list(kept)
  }

  private func configuration() -> Parity.Row {
    let (id, rule) = ("built.configuration", "both images run the same way")
    let (one, other) = (settings(dev), settings(deploy))
    let (a, b) = (one.values, other.values)
    let failures =
      one.doubts + other.doubts
      + Set(a.keys).union(b.keys).sorted().filter { a[$0] != b[$0] }.map {
        "\($0): \(a[$0]?.json ?? "absent"), not \(b[$0]?.json ?? "absent")"
      }
    return failures.isEmpty
      ? Parity.Row(id, rule, .proved, "user, variables, command, folder, ports, labels")
      : Parity.Row(id, rule, .failed, Parity.some(failures))
  }

  private func user() -> Parity.Row {
    let (id, rule) = ("built.user", "the image runs as nobody's root")
    let wanted = "\(stack.description.uid):\(stack.description.gid)"
    let found = deploy.configuration.at("config", "User")?.text ?? "root"
    return Parity.Row(
      id, rule, found == wanted ? .proved : .failed, found == wanted ? wanted : "\(found), not \(wanted)")
  }

  private func label() -> Parity.Row {
    let (id, rule) = ("built.lock", "the image is of this lock")
    let found = deploy.configuration.at("config", "Labels", "dev.outfit.lock.sha256")?.text
    let isOurs = found == stack.lockDigest.hex
    return Parity.Row(
      id, rule, isOurs ? .proved : .failed,
      isOurs
        ? stack.lockDigest.short()
        : "\(found.map { String($0.prefix(12)) } ?? "none"), not \(stack.lockDigest.short())")
  }

  /// The files of an image whose bytes count.
  static func counts(_ path: String) -> Bool {
    ["opt/venv/", "opt/python/", "opt/node/", "opt/dev/", "app/node_modules/"].contains { path.hasPrefix($0) }
      || path.hasPrefix("app/") && path.hasSuffix(".py")
  }

  /// How the files of an image are looked at.
  static var interest: LayerInterest {
    LayerInterest(wants: wants, counts: counts, compiles: CompiledFiles.counts)
  }

  /// The files of an image that are read.
  static func wants(_ path: String) -> Bool {
    (path.hasPrefix("opt/python/include/") && path.hasSuffix("/patchlevel.h"))
      || path == "opt/node/include/node/node_version.h" || path == "app/node_modules/.package-lock.json"
      || path == "app/package-lock.json" || path == Self.status || path == Self.preloaded
      || InstalledFiles.wants(path)
  }

  /// What dpkg has installed.
  private static let status = "var/lib/dpkg/status"
  /// Libraries that every program loads.
  static let preloaded = "etc/ld.so.preload"

  /// The last layer that installs is ours: what it has beyond the one before is what the lock says.
  private func system() -> Parity.Row {
    let (id, rule) = ("built.system", "the system packages in the image are the lock's")
    guard let locked = stack.packages else {
      return Parity.Row(id, rule, .proved, "none beside those of the base")
    }
    let states = deploy.layers.compactMap { layer in
      layer.entries.last { $0.path == Self.status && $0.whiteout == nil }?.text.map(Self.installed)
    }
    guard let last = states.last else {
      return Parity.Row(id, rule, .failed, "the image has no list of dpkg's")
    }
    let architecture = deploy.configuration["architecture"]?.text ?? ""
    guard let files = locked.files["linux-\(architecture)"] else {
      return Parity.Row(id, rule, .failed, "the lock has no packages for \(architecture)")
    }
    let wanted = Dictionary(
      files.filter { $0.use == .run }.map { ($0.name, $0.version) }, uniquingKeysWith: { $1 })
    var failures = wanted.sorted { $0.key < $1.key }.compactMap { name, version in
      last[name] == version ? nil : "\(name) is \(last[name] ?? "missing"), not \(version)"
    }
    if states.count > 1 {
      let before = states[states.count - 2]
      failures += last.keys.sorted().filter { wanted[$0] == nil && before[$0] != last[$0] }.map {
        "\($0) \(last[$0] ?? "") is not in the lock"
      }
    }
    return Parity.Row(
      id, rule, failures.isEmpty ? .proved : .failed,
      failures.isEmpty ? "\(wanted.count) packages" : Parity.some(failures), places: failures)
  }

  /// Versions by name.
  private static func installed(_ status: String) -> [String: String] {
    var installed: [String: String] = [:]
    var (name, version, isHere): (Substring?, Substring?, Bool) = (nil, nil, false)
    for line in (status + "\n").split(separator: "\n", omittingEmptySubsequences: false) {
      if line.isEmpty {
        if isHere, let name, let version { installed[String(name)] = String(version) }
        (name, version, isHere) = (nil, nil, false)
      } else if line.hasPrefix("Package: ") {
        name = line.dropFirst(9)
      } else if line.hasPrefix("Version: ") {
        version = line.dropFirst(9)
      } else if line.hasPrefix("Status: ") {
        isHere = line.hasSuffix(" ok installed")
      }
    }
    return installed
  }

  private func interpreter() -> Parity.Row {
    let (id, rule) = ("built.interpreter", "the interpreter in the image is the lock's")
    let wanted = stack.interpreter.version.description
    let files = deployed.files
    var found: String?
    for (path, entry) in files.sorted(by: { $0.key < $1.key }) {
      guard let text = entry.text else { continue }
      if path.hasSuffix("/patchlevel.h") { found = Self.definition("PY_VERSION", text) }
      if path.hasSuffix("/node_version.h") {
        found = ["MAJOR", "MINOR", "PATCH"].compactMap { Self.definition("NODE_\($0)_VERSION", text) }
          .joined(separator: ".")
      }
    }
    guard let found else { return Parity.Row(id, rule, .failed, "it has none where the Dockerfile puts it") }
    let name = stack.language == .python ? "Python" : "Node"
    return Parity.Row(
      id, rule, found == wanted ? .proved : .failed,
      found == wanted ? "\(name) \(found)" : "\(found), not \(wanted)")
  }

  /// The value of `#define NAME value`.
  private static func definition(_ name: String, _ text: String) -> String? {
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ", omittingEmptySubsequences: true).flatMap {
        $0.split(separator: "\t")
      }
      if words.count >= 3, words[0] == "#define", words[1] == name {
        return words[2].filter { $0 != "\"" }
      }
    }
    return nil
  }

  private func packages() -> Parity.Row {
    let (id, rule) = ("built.packages", "the packages in the image are the lock's")
    let files = deployed.files
    guard stack.language == .python else {
      return nodePackages(id, rule, files)
    }
    var found: [String: String] = [:]
    for path in files.keys where path.hasPrefix("opt/venv/lib/") {
      let parts = path.split(separator: "/")
      guard parts.count >= 6, parts[4] == "site-packages", let (name, version) = Packages.named(parts[5])
      else {
        continue
      }
      found[name] = version
    }
    let differences = Packages.differences(found, pins(found))
    return Parity.Row(
      id, rule, differences.isEmpty ? .proved : .failed,
      differences.isEmpty ? "\(found.count) packages" : Parity.some(differences))
  }

  /// What is taken from a repository has the version that its commit says.
  private func pins(_ found: [String: String]) -> [String: Packages.Pin] {
    var pins = Packages.pins(stack.requirements + stack.built.map(\.requirement).joined())
    for package in stack.built where pins[package.name] == nil {
      pins[package.name] = Packages.Pin(version: found[package.name] ?? "", isConditional: false)
    }
    return pins
  }

  private func nodePackages(_ id: String, _ rule: String, _ files: [String: TarEntry]) -> Parity.Row {
    func versions(_ path: String, deployed: Bool) -> [String: String]? {
      files[path]?.text.flatMap { versions(of: $0, deployed: deployed) }
    }
    func versions(of text: String, deployed: Bool) -> [String: String]? {
      guard let document = try? Document.parseJSON(text, file: "package-lock.json") else { return nil }
      return document["packages"]?.entries.filter {
        !$0.key.isEmpty && !(deployed && ($0.value["dev"]?.isTrue ?? false))
          && !(deployed && ($0.value["optional"]?.isTrue ?? false))
      }.compactMapValues { $0["version"]?.text }
    }
    if let packages = stack.nodePackages, packages.kind != .npm {
      return Parity.Row(
        id, rule, .notCheckable, "only npm leaves a list of what it installed in node_modules")
    }
    guard
      let wanted = nodeLock.flatMap({ versions(of: $0, deployed: true) })
        ?? versions("app/package-lock.json", deployed: true)
    else {
      return Parity.Row(id, rule, .notCheckable, "the image has no package-lock.json")
    }
    let found = versions("app/node_modules/.package-lock.json", deployed: false) ?? [:]
    let missing = wanted.filter { found[$0.key] != $0.value }.keys.sorted()
    return Parity.Row(
      id, rule, missing.isEmpty ? .proved : .failed,
      missing.isEmpty ? "\(wanted.count) packages" : "not as locked: " + Parity.some(missing))
  }
}
