import OutfitCore

/// One package of another manager's lock: what it is, where from, and under which condition.
package struct LockedPackage: Hashable, Sendable {
  package enum Source: Hashable, Sendable {
    /// An index: nil for the one that is asked anyway.
    case index(String?)
    /// A repository at a full commit.
    case git(repository: String, commit: String, folder: String?)
    /// A file at an address.
    case file(String)
    /// A file or a folder of the project, relative to it.
    case path(String, isEditable: Bool)

    /// - Parameter files: of an index, by name; empty where they are not known.
    func hasWheel(among files: [String]) -> Bool {
      switch self {
      case .git: false
      case .path(let place, _), .file(let place): LockedPackage.isWheel(place)
      case .index: files.isEmpty || files.contains { LockedPackage.isWheel($0) }
      }
    }
  }

  /// Normalised.
  package var name: String
  /// As the lock has it; nil where none is known before it is built.
  package var version: String?
  package var extras: [String]
  package var source: Source
  package var marker: Marker
  /// Of its files: 64 small hexadecimal digits each.
  package var digests: [String]
  /// One of its files is a wheel, or nothing is known of them.
  package var hasWheel: Bool

  package init(
    _ name: String, version: String?, extras: [String] = [], source: Source = .index(nil),
    marker: Marker = .always, digests: [String] = [], hasWheel: Bool = true
  ) {
    self.name = normalizedPackageName(name)
    self.version = version
    self.extras = extras
    self.source = source
    self.marker = marker
    self.digests = Set(digests).sorted()
    self.hasWheel = hasWheel
  }

  /// As a requirement: `six==1.17.0 ; os_name == 'nt'`, `x @ git+https://…@0123…`; nil for what lies in the project.
  package var requirement: String? {
    let head = name + (extras.isEmpty ? "" : "[\(extras.sorted().joined(separator: ","))]")
    let condition = marker.text.map { " ; \($0)" } ?? ""
    switch source {
    case .index: return version.map { "\(head)==\($0)\(condition)" }
    case .git(let repository, let commit, let folder):
      let subfolder = folder.map { "#subdirectory=\($0)" } ?? ""
      return "\(head) @ git+\(repository)@\(commit)\(subfolder)\(condition)"
    case .file(let address): return "\(head) @ \(address)\(condition)"
    case .path: return nil
    }
  }

  /// Locks and indexes write `sha256:`, and nothing of other algorithms counts.
  static func digest(_ text: String) -> String? {
    guard text.hasPrefix("sha256:") else { return nil }
    let hex = text.dropFirst(7).lowercased()
    let isDigest = hex.utf8.count == 64 && hex.utf8.allSatisfy { "0123456789abcdef".utf8.contains($0) }
    return isDigest ? hex : nil
  }

  /// Python's own index is asked anyway.
  static func index(_ address: String?) -> String? {
    guard let address else { return nil }
    let isPublic = ["https://pypi.org/simple", "https://pypi.python.org/simple"].contains {
      address == $0 || address == $0 + "/"
    }
    return isPublic ? nil : address
  }

  static func isWheel(_ name: String) -> Bool {
    name.prefix { $0 != "#" && $0 != "?" }.lowercased().hasSuffix(".whl")
  }
}

/// What another manager's lock comes to for one choice of groups and extras.
package struct LockedPackages: Sendable {
  package var packages: [LockedPackage] = []

  /// Several entries of one name and source are one, which holds where one of them does.
  mutating func add(_ package: LockedPackage) {
    guard package.marker != .never else { return }
    let place = packages.firstIndex {
      $0.name == package.name && $0.version == package.version && $0.source == package.source
    }
    guard let place else { return packages.append(package) }
    packages[place].marker = packages[place].marker || package.marker
    packages[place].extras = Set(packages[place].extras + package.extras).sorted()
    packages[place].digests = Set(packages[place].digests + package.digests).sorted()
    packages[place].hasWheel = packages[place].hasWheel || package.hasWheel
  }
}

/// What is wanted of a project besides what it needs itself.
package struct ProjectChoice: Hashable, Sendable {
  /// Nil for those that the project's manager installs by default.
  package var groups: [String]?
  package var extras: [String]

  package init(groups: [String]? = nil, extras: [String] = []) {
    self.groups = groups.map { Set($0.map { normalizedPackageName($0) }).sorted() }
    self.extras = Set(extras.map { normalizedPackageName($0) }).sorted()
  }

  /// What ships: no group but those that are named for it.
  package func deployed(with groups: [String]) -> ProjectChoice {
    ProjectChoice(groups: groups, extras: extras)
  }
}
