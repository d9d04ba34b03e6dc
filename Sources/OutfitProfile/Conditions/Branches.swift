import OutfitCore

/// The tools and interpreters that a profile has on any machine, in an order that is the same on each: what a lock
/// covers, so that it is the same bytes everywhere.
struct Branches: Sendable {
  struct Tool: Sendable {
    var name: String
    /// Its name in the lock: the tool's, or with the condition under which it counts.
    var key: String
    var section: Sourced<ToolSection>
  }

  var tools: [Tool] = []
  /// The versions of a language, with the section that asked first.
  var versions: [Language: (section: Sourced<InterpreterSection>, requests: [VersionRequest])] = [:]

  /// What layers that count everywhere have locked so far.
  private var locked: Set<String> = []

  /// Nil where every tool and interpreter counts everywhere.
  init?(_ manifests: [Manifest], isProject: Bool) {
    var hasConditions = false
    for manifest in manifests where !(isProject && manifest.layer.kind == .personal) {
      for (condition, piece) in manifest.pieces {
        if piece.conditions.keys.contains(where: Self.isPinned) { hasConditions = true }
        let content = piece.content
        if condition != nil, !(content.tools.isEmpty && content.interpreters.isEmpty) { hasConditions = true }
        if condition == nil { drop(manifest.remove.map(\.path)) }
        add(piece, under: condition)
      }
      if manifest.gate == nil { locked.formUnion(manifest.locked.filter { $0.from == nil }.map(\.path)) }
    }
    guard hasConditions else { return nil }
  }

  private static func isPinned(_ path: String) -> Bool {
    path.hasPrefix("tools.") || path.hasPrefix("interpreters.")
  }

  /// As the merger has it: what is locked stays, and a default yields.
  private func admits(_ path: String, _ piece: Manifest, isKnown: Bool) -> Bool {
    let section = String(path.prefix { $0 != "." })
    let yields = piece.defaults.contains(path) || piece.defaults.contains(section)
    return !(isKnown && (yields || locked.contains(path) || locked.contains(section)))
  }

  private mutating func drop(_ paths: [String]) {
    for path in paths {
      tools.removeAll { path == "tools" || path == "tools.\($0.name)" }
      versions = versions.filter { path != "interpreters" && path != "interpreters.\($0.key)" }
    }
  }

  private mutating func add(_ piece: Manifest, under condition: Condition?) {
    for (name, section) in piece.content.tools.sorted(by: { $0.key < $1.key }) {
      guard admits("tools.\(name)", piece, isKnown: tools.contains { $0.name == name }) else { continue }
      let when = Condition.both(condition, piece.conditions["tools.\(name)"])
      let key = when.map { "\(name), if \($0)" } ?? name
      // What counts everywhere leaves nothing of what came before it.
      tools.removeAll { $0.name == name && (when == nil || $0.key == key) }
      tools.append(Tool(name: name, key: key, section: section))
    }
    for (language, section) in piece.content.interpreters {
      let adds = section.value.versions.isEmpty
      guard adds || admits("interpreters.\(language)", piece, isKnown: versions[language] != nil) else {
        continue
      }
      let when = Condition.both(condition, piece.conditions["interpreters.\(language)"])
      let more = section.value.versions + section.value.also
      let replaces = when == nil && !section.value.versions.isEmpty
      let before = replaces ? nil : versions[language]
      var requests = before?.requests ?? []
      requests += more.filter { !requests.contains($0) }
      versions[language] = (before?.section ?? section, requests)
    }
  }
}

extension Manifest {
  /// What it says itself, and its bundles, each with when that counts.
  var pieces: [(condition: Condition?, manifest: Manifest)] {
    [(gate, self)]
      + bundles.sorted { $0.key < $1.key }.map { (.both(gate, .fact(.bundle, [$0.key])), $0.value) }
  }

  /// Its sections with the entries that count.
  func content(where holds: (Condition) -> Bool) -> Profile {
    guard !conditions.isEmpty else { return content }
    func counts(_ path: String) -> Bool { conditions[path].map(holds) ?? true }
    func kept<Value>(_ section: String, _ values: [String: Value]) -> [String: Value] {
      values.filter { counts("\(section).\($0.key)") }
    }
    var content = content
    content.interpreters = content.interpreters.filter { counts("interpreters.\($0.key)") }
    content.tools = kept("tools", content.tools)
    content.data = kept("data", content.data)
    content.ask = kept("ask", content.ask)
    content.secrets = kept("secrets", content.secrets)
    content.dotfiles = kept("dotfiles", content.dotfiles)
    content.scripts = kept("scripts", content.scripts)
    content.env = kept("env", content.env)
    content.hooks = kept("hooks", content.hooks)
    for (installer, names) in content.packages {
      content.packages[installer] = names.filter { counts("packages.\(installer).\($0.value)") }
    }
    return content
  }
}

// MARK: - What a lock has for other machines

extension Profile {
  /// A tool that is pinned for other machines than this one.
  public struct OtherTool: Sendable {
    /// Of its pin, in a lock as this machine sees it.
    public var key: String
    public var name: String
    public var section: Sourced<ToolSection>
  }

  /// The tools that are pinned and do not count here.
  public var toolsElsewhere: [OtherTool] {
    (branches?.tools ?? []).filter { !isHere($0) }.map {
      OtherTool(key: keyHere($0), name: $0.name, section: $0.section)
    }
  }

  /// The versions of a language that are pinned, those of this machine first, and the section that says where they
  /// come from.
  public func pinned(_ language: Language) -> (
    section: Sourced<InterpreterSection>, requests: [VersionRequest]
  )? {
    let branch = branches?.versions[language]
    guard let section = interpreters[language] ?? branch?.section else { return nil }
    let here = interpreters[language]?.value.versions ?? []
    return (section, here + (branch?.requests ?? []).filter { !here.contains($0) })
  }

  private func isHere(_ tool: Branches.Tool) -> Bool { tools[tool.name]?.source == tool.section.source }

  fileprivate func keyHere(_ tool: Branches.Tool) -> String {
    if isHere(tool) { return tool.name }
    return tool.key == tool.name && tools[tool.name] != nil ? "\(tool.name), otherwise" : tool.key
  }

  /// What the entry of a lock is a pin of.
  func section(ofPin key: String) -> ToolSection? {
    guard let branches else { return tools[key]?.value }
    return branches.tools.first { $0.key == key }?.section.value ?? tools[key]?.value
  }
}

extension Lock {
  /// As a file has it, for a machine that the profile is read on: what counts here stands under the tool's own name.
  func here(_ profile: Profile) -> Lock {
    guard let branches = profile.branches else { return self }
    var lock = self
    for tool in branches.tools { lock.tools[tool.key] = nil }
    for tool in branches.tools { lock.tools[profile.keyHere(tool)] = tools[tool.key] }
    for language in Language.allCases {
      lock.sort(language, by: profile.pinned(language)?.requests ?? [])
    }
    return lock
  }

  /// The other way round: the same for every machine.
  func everywhere(_ profile: Profile) -> Lock {
    guard let branches = profile.branches else { return self }
    var lock = self
    for tool in branches.tools { lock.tools[profile.keyHere(tool)] = nil }
    for tool in branches.tools { lock.tools[tool.key] = tools[profile.keyHere(tool)] }
    for (language, versions) in branches.versions { lock.sort(language, by: versions.requests) }
    return lock
  }

  private mutating func sort(_ language: Language, by requests: [VersionRequest]) {
    guard let pins = interpreters[language] else { return }
    let order = Dictionary(
      requests.enumerated().map { ($0.element.text, $0.offset) }, uniquingKeysWith: { first, _ in first })
    interpreters[language] = pins.enumerated().sorted {
      (order[$0.element.request] ?? .max, $0.offset) < (order[$1.element.request] ?? .max, $1.offset)
    }.map(\.element)
  }
}
