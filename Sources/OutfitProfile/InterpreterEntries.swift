import OutfitCore

/// The versions of one language in one manifest, as verbs edit them: `3.13`, a list, or the long form with
/// `versions:` and `also:`.
public struct InterpreterEntries: Sendable {
  public let language: Language
  public var edit: ManifestEdit

  public init(_ language: Language, _ edit: ManifestEdit) {
    self.language = language
    self.edit = edit
  }

  private var path: [String] { ["interpreters", language.rawValue] }
  private var entry: ManifestValue? { edit.value(at: path) }
  private var isLong: Bool {
    if case .mapping = entry { return true }
    return false
  }

  /// The first is the default.
  public var versions: [String] { (isLong ? edit.value(at: path + ["versions"]) : entry)?.texts ?? [] }

  /// Behind those of earlier layers.
  public var also: [String] { isLong ? edit.value(at: path + ["also"])?.texts ?? [] : [] }

  /// Where the entry stands.
  public var location: SourceLocation { edit.location(of: path) }

  /// Adds versions behind those that are there.
  /// - Parameter behindOthers: earlier layers have versions too, which stay before these.
  public mutating func add(_ new: [String], behindOthers: Bool) throws {
    let fresh = new.filter { !versions.contains($0) && !also.contains($0) }
    guard !fresh.isEmpty else { return }
    if behindOthers, versions.isEmpty {
      try edit.set(path + ["also"], to: Self.value(also + fresh))
    } else {
      try setVersions(versions + fresh)
    }
  }

  /// Has what is built from source built with profile-guided and link-time optimisation.
  public mutating func setOptimized() throws {
    if !isLong, entry != nil {
      let versions = versions
      try edit.set(path, to: .mapping([.init("versions", Self.value(versions))]))
    }
    try edit.set(path + ["optimized"], to: .text("true"))
  }

  /// Makes these the versions, the first the default.
  public mutating func setVersions(_ new: [String]) throws {
    if isLong {
      let rest = also.filter { !new.contains($0) }
      if rest.isEmpty {
        try edit.remove(path + ["also"])
      } else if rest != also {
        try edit.set(path + ["also"], to: Self.value(rest))
      }
    }
    let value = Self.value(new)
    if isLong, entry != nil {
      try edit.set(path + ["versions"], to: value)
    } else {
      try edit.set(path, to: value)
    }
  }

  /// Takes versions out; an entry without any goes too.
  /// - Returns: those that were there.
  @discardableResult
  public mutating func remove(_ old: [String]) throws -> [String] {
    let found = (versions + also).filter(old.contains)
    guard !found.isEmpty else { return [] }
    let (versions, also) = (versions.filter { !old.contains($0) }, also.filter { !old.contains($0) })
    if versions.isEmpty, also.isEmpty {
      try edit.remove(path)
      return found
    }
    guard isLong else {
      try edit.set(path, to: Self.value(versions))
      return found
    }
    for (key, list, before) in [("versions", versions, self.versions), ("also", also, self.also)]
    where list != before {
      if list.isEmpty {
        try edit.remove(path + [key])
      } else {
        try edit.set(path + [key], to: Self.value(list))
      }
    }
    return found
  }

  private static func value(_ texts: [String]) -> ManifestValue {
    texts.count == 1 ? .text(texts[0]) : .list(texts)
  }
}
