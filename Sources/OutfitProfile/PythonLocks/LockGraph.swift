import OutfitCore

/// Which packages of a lock are needed from some roots, and when: for locks that don't say so themselves.
struct LockGraph {
  struct Edge: Hashable {
    /// Normalised.
    var name: String
    var extras: [String]
    /// It may ask for an extra of what it starts from.
    var marker: Marker
  }

  struct Node {
    var package: LockedPackage
    var edges: [Edge]
  }

  private struct State: Hashable {
    var name: String
    var extra: String?
  }

  private var nodes: [String: Node] = [:]

  mutating func add(_ node: Node) { nodes[node.package.name] = node }

  /// More reasons than that are taken for always.
  private static let mostReasons = 8

  func packages(from roots: [Edge]) -> LockedPackages {
    var reached: [State: Marker] = [:]
    var open: [State] = []
    func reach(_ edge: Edge, _ marker: Marker) {
      for state in [State(name: edge.name, extra: nil)]
        + edge.extras.map({ State(name: edge.name, extra: $0) })
      {
        let before = reached[state] ?? .never
        var after = before || marker
        if case .any(let parts) = after, parts.count > Self.mostReasons { after = .always }
        guard after != before else { continue }
        reached[state] = after
        open.append(state)
      }
    }
    for root in roots { reach(root, root.marker) }
    while let state = open.popLast() {
      guard let node = nodes[state.name], let marker = reached[state] else { continue }
      for edge in node.edges {
        let condition = edge.marker.choosing(extras: state.extra.map { [$0] } ?? [], groups: [])
        let own = edge.marker.choosing(extras: [], groups: [])
        // What needs no extra was followed without one.
        if state.extra != nil, own == condition { continue }
        let both = marker && condition
        if both != .never { reach(edge, both) }
      }
    }
    var result = LockedPackages()
    for (name, node) in nodes.sorted(by: { $0.key < $1.key }) {
      guard let marker = reached[State(name: name, extra: nil)] else { continue }
      var package = node.package
      package.marker = marker
      result.add(package)
    }
    return result
  }
}

/// What a pyproject.toml asks for, by group, as its edges.
struct ProjectDependencies {
  /// Of the project itself, with its extras as markers.
  private(set) var main: [LockGraph.Edge] = []
  /// By normalised name.
  private(set) var groups: [String: [LockGraph.Edge]] = [:]
  /// Groups that are not installed by default.
  private(set) var optional: Set<String> = []

  init(_ root: TomlValue) {
    readProject(root)
    readPoetry(root)
    for (name, list) in root["tool"]?["pdm"]?["dev-dependencies"]?.table ?? [:] {
      groups[normalizedPackageName(name), default: []] += Self.edges(list)
    }
  }

  var defaultGroups: [String] { groups.keys.filter { !optional.contains($0) }.sorted() }

  /// What a choice comes to.
  func roots(_ choice: ProjectChoice) -> [LockGraph.Edge] {
    let own = main.compactMap { edge -> LockGraph.Edge? in
      var edge = edge
      edge.marker = edge.marker.choosing(extras: Set(choice.extras), groups: [])
      return edge.marker == .never ? nil : edge
    }
    return own + (choice.groups ?? defaultGroups).flatMap { groups[$0] ?? [] }
  }

  private mutating func readProject(_ root: TomlValue) {
    main += Self.edges(root["project"]?["dependencies"])
    for (name, list) in root["project"]?["optional-dependencies"]?.table ?? [:] {
      main += Self.extra(name, Self.edges(list))
    }
    let all = root["dependency-groups"]?.table ?? [:]
    func group(_ name: String, _ depth: Int) -> [LockGraph.Edge] {
      guard depth < 16,
        let list = all.first(where: { normalizedPackageName($0.key) == normalizedPackageName(name) })
      else { return [] }
      return Self.edges(list.value)
        + (list.value.array ?? []).compactMap { $0["include-group"]?.string }.flatMap { group($0, depth + 1) }
    }
    for name in all.keys { groups[normalizedPackageName(name), default: []] += group(name, 0) }
  }

  private mutating func readPoetry(_ root: TomlValue) {
    guard let poetry = root["tool"]?["poetry"] else { return }
    var extras: [String: [String]] = [:]
    for (extra, names) in poetry["extras"]?.table ?? [:] {
      for name in (names.array ?? []).compactMap(\.string) {
        extras[normalizedPackageName(name.prefix { !" (<>=!~[;".contains($0) }), default: []].append(extra)
      }
    }
    for edge in Self.poetry(poetry["dependencies"]) {
      main +=
        (extras[edge.name] ?? []).isEmpty
        ? [edge] : (extras[edge.name] ?? []).flatMap { Self.extra($0, [edge]) }
    }
    let development = Self.poetry(poetry["dev-dependencies"])
    if poetry["dev-dependencies"] != nil { groups["dev", default: []] += development }
    for (name, group) in poetry["group"]?.table ?? [:] {
      let name = normalizedPackageName(name)
      groups[name, default: []] += Self.poetry(group["dependencies"])
      if group["optional"] == .bare("true") { optional.insert(name) }
    }
  }

  private static func extra(_ name: String, _ edges: [LockGraph.Edge]) -> [LockGraph.Edge] {
    let condition = Marker.extra(name)
    return edges.map { edge in
      var edge = edge
      edge.marker = edge.marker && condition
      return edge
    }
  }

  /// Requirements of PEP 508 in a list.
  static func edges(_ list: TomlValue?) -> [LockGraph.Edge] {
    (list?.array ?? []).compactMap(\.string).compactMap { edge($0) }
  }

  static func edge(_ text: String) -> LockGraph.Edge? {
    let editable = text.hasPrefix("-e ") ? String(text.dropFirst(3)) : text
    switch RequirementLine.requirement(editable, line: 1).content {
    case .package(let package):
      return LockGraph.Edge(
        name: normalizedPackageName(package.name), extras: package.extras.map { normalizedPackageName($0) },
        marker: package.marker.flatMap { Marker($0) } ?? .always)
    case .direct(let direct):
      let named = direct.name ?? direct.address.split(separator: "#egg=").last.map(String.init)
      return named.map {
        LockGraph.Edge(
          name: normalizedPackageName($0), extras: direct.extras.map { normalizedPackageName($0) },
          marker: direct.marker.flatMap { Marker($0) } ?? .always)
      }
    default: return nil
    }
  }

  /// A table of Poetry's: a version, a table, or a list of such.
  static func poetry(_ table: TomlValue?) -> [LockGraph.Edge] {
    (table?.table ?? [:]).sorted { $0.key < $1.key }.filter { $0.key != "python" }.flatMap { name, value in
      (value.array ?? [value]).map { one in
        LockGraph.Edge(
          name: normalizedPackageName(name),
          extras: (one["extras"]?.array ?? []).compactMap(\.string).map { normalizedPackageName($0) },
          marker: one["markers"]?.string.flatMap { Marker($0) } ?? .always)
      }
    }
  }
}
