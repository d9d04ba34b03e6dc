/// What stands where a rendered file belongs.
public struct FoundFile: Hashable, Sendable {
  public var content: String
  public var mode: UInt16
  /// A link, a folder: nothing that render ever makes.
  public var isOddity: Bool

  public init(content: String, mode: UInt16, isOddity: Bool = false) {
    self.content = content
    self.mode = mode
    self.isOddity = isOddity
  }
}

/// One file of the project against what would be rendered.
public struct FileComparison: Hashable, Sendable {
  public enum State: String, Sendable, CaseIterable {
    case same
    /// Nothing is there.
    case absent
    /// As it was rendered from another manifest, lock or template.
    case stale
    /// Rendered once, and changed by a person since.
    case changed
    /// Nothing of ours.
    case foreign
    /// Only the permissions differ.
    case mode
    /// Rendered once, and not rendered any more.
    case leftover
  }

  public var path: String
  public var state: State

  public init(path: String, state: State) {
    self.path = path
    self.state = state
  }

  /// Writing would lose something of the user's.
  public var isConflict: Bool { state == .changed || state == .foreign }
}

/// `render --check`: whether what is on disk is what would be rendered.
public enum RenderCheck {
  /// Compares, sorted by path.
  /// - Parameter onDisk: by path in the project: what is at the rendered paths and beside them.
  public static func compare(_ rendered: [RenderedFile], _ onDisk: [String: FoundFile]) -> [FileComparison] {
    var comparisons: [FileComparison] = []
    for file in rendered {
      comparisons.append(FileComparison(path: file.path, state: state(of: file, onDisk[file.path])))
    }
    let paths = Set(rendered.map(\.path))
    for (path, found) in onDisk where !paths.contains(path) && !found.isOddity {
      if RenderMark.state(of: found.content) == .untouched {
        comparisons.append(FileComparison(path: path, state: .leftover))
      }
    }
    return comparisons.sorted { $0.path < $1.path }
  }

  private static func state(of file: RenderedFile, _ found: FoundFile?) -> FileComparison.State {
    guard let found else { return .absent }
    if found.isOddity { return .foreign }
    if file.isStarter { return .same }
    if found.content == file.content {
      // Git keeps the owner's executable bit and no other.
      return found.mode & 0o100 == file.mode & 0o100 ? .same : .mode
    }
    switch RenderMark.state(of: found.content) {
    case .untouched: return .stale
    case .changed: return .changed
    case .foreign: return .foreign
    }
  }
}
