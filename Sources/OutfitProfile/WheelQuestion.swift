import OutfitCore

/// Plain requirements of which it is to be found out what has no wheel, and would have to be built to be installed.
///
/// There is nothing in it but names, versions and markers: no address, no option and no folder.
public struct WheelQuestion: Hashable, Sendable {
  /// One requirement each (PEP 508), sorted.
  public var lines: [String]
  /// They need nothing beside what they name, as those of a lock do.
  public var isComplete: Bool
  /// Where the repository names an index of its own, which nobody consented to yet: `requirements.txt:3`.
  public var ownIndex: String?

  public init(lines: [String], isComplete: Bool = false, ownIndex: String? = nil) {
    self.lines = lines
    self.isComplete = isComplete
    self.ownIndex = ownIndex
  }
}

/// Gathers the plain requirements among others.
package struct PlainRequirements: Sendable {
  private var packages: Set<RequirementLine.Package> = []
  private var ownIndex: String?
  /// Normalised names of what no index is asked for.
  private var elsewhere: Set<String> = []

  package init() {}

  /// - Parameter file: that the lines stand in, for people.
  package mutating func add(_ more: [RequirementLine], of file: String) {
    for line in more {
      switch line.content {
      case .package(let package): packages.insert(package)
      case .option(let name, let value): add(option: name, value, at: "\(file):\(line.line)")
      case .direct, .include, .other: break
      }
    }
  }

  private mutating func add(option name: String, _ value: String, at place: String) {
    switch name {
    case "--index-url", "--extra-index-url": add(index: value, at: place)
    case "--find-links", "--no-index": ownIndex = ownIndex ?? place
    default: break
    }
  }

  /// The public index is asked anyway.
  package mutating func add(index address: String, at place: String) {
    guard LockedPackage.index(address) != nil else { return }
    ownIndex = ownIndex ?? place
  }

  /// What a pyproject.toml says of where packages are: indexes, and folders, repositories and archives.
  package mutating func add(settings root: TomlValue) {
    let uv = root["tool"]?["uv"]
    let tables = [uv?["index"], root["tool"]?["poetry"]?["source"], root["tool"]?["pdm"]?["source"]]
    var addresses = tables.flatMap { $0?.array ?? [] }.map { $0["url"]?.string }
    addresses += [uv?["index-url"]?.string] + (uv?["extra-index-url"]?.array ?? []).map(\.string)
    for case let address? in addresses { add(index: address, at: "pyproject.toml") }
    if uv?["find-links"] != nil || uv?["no-index"] == .bare("true") {
      ownIndex = ownIndex ?? "pyproject.toml"
    }
    elsewhere.formUnion((uv?["sources"]?.table ?? [:]).keys.map { normalizedPackageName($0) })
  }

  /// That come from somewhere else.
  package mutating func leave(_ names: some Sequence<String>) {
    elsewhere.formUnion(names.map { normalizedPackageName($0) })
  }

  /// Nil where there is nothing to ask.
  package func question(isComplete: Bool = false) -> WheelQuestion? {
    let lines = packages.filter { !elsewhere.contains(normalizedPackageName($0.name)) }.map(\.text).sorted()
    return lines.isEmpty ? nil : WheelQuestion(lines: lines, isComplete: isComplete, ownIndex: ownIndex)
  }
}
