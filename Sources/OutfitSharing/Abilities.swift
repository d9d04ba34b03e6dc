import OutfitCore
import OutfitProfile
import SystemPackage

/// One thing that a profile can do, for people.
public struct Ability: Hashable, Sendable {
  public enum Kind: Int, Sendable, Comparable {
    /// Runs what the profile brings, or needs root.
    case runs
    /// Writes outside of HOME.
    case reaches
    /// Says where other things come from.
    case redirects
    case writes
    case installs
    case asks

    public static func < (a: Kind, b: Kind) -> Bool { a.rawValue < b.rawValue }
  }

  public var kind: Kind
  /// `runs the script fonts (scripts/fonts.sh) when it has changed`.
  public var text: String

  public init(_ kind: Kind, _ text: String) {
    self.kind = kind
    self.text = text
  }

  /// All that a profile can do, the gravest first.
  /// - Parameter manifests: only what these layers ask for; nil is all of them.
  public static func all(of profile: Profile, from manifests: Set<FilePath>? = nil) -> [Ability] {
    var lister = AbilityLister(profile: profile, manifests: manifests)
    lister.list()
    return lister.abilities.enumerated().sorted {
      ($0.element.kind, $0.offset) < ($1.element.kind, $1.offset)
    }
    .map(\.element)
  }
}

private struct AbilityLister {
  let profile: Profile
  let manifests: Set<FilePath>?
  private(set) var abilities: [Ability] = []

  init(profile: Profile, manifests: Set<FilePath>?) {
    self.profile = profile
    self.manifests = manifests
  }

  private func counts(_ source: Source) -> Bool { manifests?.contains(source.layer.manifest) ?? true }

  private func own<Value>(_ entries: [String: Sourced<Value>]) -> [(name: String, value: Value)] {
    entries.filter { counts($0.value.source) }.sorted { $0.key < $1.key }.map { ($0.key, $0.value.value) }
  }

  private mutating func add(_ kind: Ability.Kind, _ text: String) { abilities.append(Ability(kind, text)) }

  mutating func list() {
    listWhatRuns()
    for (name, index) in own(profile.indexes) {
      add(.redirects, "uses the package index \(name), \(index.url) (\(index.priority))")
    }
    for (language, section) in profile.interpreters.sorted(by: { $0.key < $1.key })
    where counts(section.source) {
      if let mirror = section.value.mirror { add(.redirects, "takes \(language) from \(mirror)") }
      let versions = section.value.versions.map(\.text).joined(separator: ", ")
      add(.installs, "installs \(language == .python ? "Python" : "Node") \(versions)")
    }
    listTools()
    listDotfiles()
    for (name, question) in own(profile.ask) { add(.asks, "asks for \(name): \(question.prompt)") }
  }

  private mutating func listWhatRuns() {
    for (name, script) in own(profile.scripts) {
      let moment =
        switch script.when {
        case .once: "once"
        case .changed: "when it has changed"
        case .always: "every time"
        }
      add(.runs, "runs the script \(name) (\(script.run)) \(moment)")
    }
    for (manager, packages) in profile.packages.sorted(by: { $0.key < $1.key }) {
      let names = packages.filter { counts($0.source) }.map(\.value)
      guard !names.isEmpty else { continue }
      add(
        .runs, "installs \(Self.list(names)) with \(manager)\(manager == "brew" ? "" : ", as root by sudo")")
    }
    let hooks = own(profile.hooks)
    if !hooks.isEmpty { add(.runs, "runs \(Self.list(hooks.map(\.name))) as git hooks of this project") }
    let variables = own(profile.env).map(\.name)
    if !variables.isEmpty { add(.redirects, "sets \(Self.list(variables)) in this project") }
    if let virtualenv = profile.virtualenv, counts(virtualenv.source) {
      add(.installs, "makes the virtualenv \(virtualenv.value.path) from \(virtualenv.value.from)")
    }
    if let app = profile.app, counts(app.source) {
      add(.writes, "renders container and Kubernetes files from the template \(app.value.template)")
    }
  }

  private mutating func listTools() {
    let tools = own(profile.tools)
    let built = Set(tools.flatMap(\.value.build)).sorted()
    if !built.isEmpty { add(.runs, "builds \(Self.list(built)) from source, which runs their code") }
    for (origin, place) in [(ToolSection.Origin.pypi, "PyPI"), (.npm, "npm")] {
      let names = tools.filter { $0.value.origin == origin }.map(\.name)
      guard !names.isEmpty else { continue }
      add(
        .installs,
        "installs \(names.count == 1 ? "1 tool" : "\(names.count) tools") from \(place): \(Self.list(names))")
    }
    for (name, tool) in tools where !tool.scripts.isEmpty {
      add(.runs, "runs the install scripts of \(Self.list(tool.scripts)), for the tool \(name)")
    }
    for (name, tool) in tools where tool.origin == .url {
      let host =
        tool.github.map { "the releases of github.com/\($0)" }
        ?? (tool.url ?? "").split(separator: "/").dropFirst().first.map(String.init) ?? ""
      add(.installs, "installs \(name) from \(host)")
    }
  }

  private mutating func listDotfiles() {
    let dotfiles = own(profile.dotfiles)
    let outside = dotfiles.filter(\.value.isOutsideHome).map(\.name)
    if !outside.isEmpty { add(.reaches, "writes outside your home folder: \(Self.list(outside))") }
    for (kind, verb) in [
      (DotfileSection.Kind.block, "keeps a block in"), (.template, "writes"), (.copy, "writes"),
      (.link, "links"),
    ] where kind != .copy {
      let kinds: [DotfileSection.Kind] = kind == .template ? [.template, .copy] : [kind]
      let targets = dotfiles.filter { kinds.contains($0.value.kind) && !$0.value.isOutsideHome }
        .map { "~/\($0.name)" }
      if !targets.isEmpty { add(.writes, "\(verb) \(Self.list(targets))") }
    }
  }

  /// `a, b and c`.
  static func list(_ names: [String]) -> String {
    guard let last = names.last, names.count > 1 else { return names.first ?? "" }
    return names.dropLast().joined(separator: ", ") + " and " + last
  }
}
