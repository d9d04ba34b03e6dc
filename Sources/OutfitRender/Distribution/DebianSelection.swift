import OutfitCore
import OutfitProfile

/// Chooses packages and what they need, as apt does without recommendations: the newest of each name, and of
/// alternatives the first that there is, unless one is there already.
public struct DebianSelection {
  let index: DebianIndex
  /// What the image has before.
  let base: Set<String>
  private(set) var selected: [String: DebianIndex.Package] = [:]
  private var open: [DebianIndex.Package] = []

  init(index: DebianIndex, base: Set<String>) {
    self.index = index
    self.base = base
  }

  /// What is not to be had.
  public struct Lack: Error, Hashable {
    public var name: String
    /// What needs it; nil where the manifest does.
    public var of: String?
    /// What stands in for the name.
    public var providers: [String] = []
  }

  /// The packages of an image, those that are there for building alone, and those of the developer's image.
  /// - Parameters:
  ///   - run: by name.
  ///   - build: beside those.
  ///   - development: beside those that run.
  /// - Returns: sorted by name, and by use.
  public static func packages(
    run: [String], build: [String], development: [String] = [], in index: DebianIndex
  ) throws(Lack) -> [LockedImagePackage] {
    var selection = DebianSelection(index: index, base: index.base)
    for name in run { try selection.add(name) }
    try selection.complete()
    let running = selection
    let further: [(LockedImagePackage.Use, [String])] = [(.build, build), (.development, development)]
    var packages = try selection.selected.values.map { package throws(Lack) in try locked(package, .run) }
    for (use, names) in further {
      selection = running
      for name in names { try selection.add(name) }
      try selection.complete()
      for (name, package) in selection.selected where running.selected[name] == nil {
        packages.append(try locked(package, use))
      }
    }
    return packages.sorted { ($0.name, $0.use.rawValue) < ($1.name, $1.use.rawValue) }
  }

  private static func locked(
    _ package: DebianIndex.Package, _ use: LockedImagePackage.Use
  ) throws(Lack) -> LockedImagePackage {
    let path = "\(package.archive)/\(package.path)"
    guard let digest = package.digest, LockedImagePackage.isPath(path),
      LockedImagePackages.isName(package.name),
      LockedImagePackages.isVersion(package.version.text)
    else { throw Lack(name: package.name) }
    return LockedImagePackage(
      name: package.name, version: package.version.text, path: path, digest: digest, use: use)
  }

  /// What was asked for: also where the base has it, since nobody knows which version.
  mutating func add(_ name: String) throws(Lack) {
    guard let package = index.package(name) else {
      throw Lack(name: name, of: nil, providers: index.providers(name).map(\.name))
    }
    select(package)
  }

  private mutating func select(_ package: DebianIndex.Package) {
    guard selected.updateValue(package, forKey: package.name) == nil else { return }
    open.append(package)
  }

  /// Takes what is needed, until nothing is.
  mutating func complete() throws(Lack) {
    while let package = open.popLast() {
      for group in package.needs { try meet(group, of: package.name) }
    }
  }

  private mutating func meet(_ group: [DebianIndex.Need], of name: String) throws(Lack) {
    for need in group {
      if let package = selected[need.name], need.accepts(package.version) { return }
      if base.contains(need.name), let package = index.package(need.name), need.accepts(package.version) {
        if !isIn(base: package, need) { select(package) }
        return
      }
      if selected.values.contains(where: { Self.stands($0, for: need) })
        || index.providers(need.name).contains(where: { base.contains($0.name) && Self.stands($0, for: need) }
        )
      {
        return
      }
    }
    for need in group {
      if let package = index.package(need.name), need.accepts(package.version) { return select(package) }
      if let package = index.providers(need.name).first(where: { Self.stands($0, for: need) }) {
        return select(package)
      }
    }
    throw Lack(name: group.first?.name ?? "", of: name)
  }

  private static func stands(_ package: DebianIndex.Package, for need: DebianIndex.Need) -> Bool {
    package.provides.contains { provided in
      guard provided.name == need.name else { return false }
      guard need.relation != nil else { return true }
      return provided.version.map(need.accepts) ?? false
    }
  }

  /// Whether every base image of the release is new enough: it may be of the release's first day.
  private func isIn(base package: DebianIndex.Package, _ need: DebianIndex.Need) -> Bool {
    switch need.relation {
    case nil, "<<", "<=": true
    case "=": package.version.first == package.version && package.archive == "debian"
    default: package.archive == "debian" && package.version.first.map(need.accepts) == true
    }
  }
}
