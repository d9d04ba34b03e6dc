import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// Looks at the user's folders and files for a plan: where a path really is, and what stands there.
struct Inspector {
  /// A folder, with the links on the way to it resolved.
  struct Folder {
    enum Standing: Equatable {
      case present
      case absent
      /// Something that is no folder is on the way.
      case blocked(FilePath)
    }
    var path: FilePath
    var standing: Standing
    /// Of the nearest folder that exists.
    var owner: UInt32
    var nearest: FilePath
    /// The path's text.
    let text: String

    init(path: FilePath, standing: Standing, owner: UInt32, nearest: FilePath) {
      (self.path, self.standing, self.owner, self.nearest) = (path, standing, owner, nearest)
      text = path.string
    }

    /// Whether the path of this text lies in the folder by its very name.
    func holds(_ name: String) -> Bool {
      let (name, text) = (name.utf8, self.text == "/" ? "".utf8 : self.text.utf8)
      guard let slash = name.lastIndex(of: UInt8(ascii: "/")) else { return false }
      return name[..<slash].elementsEqual(text)
    }
  }

  let host: Host
  let scope: Scope
  /// Where targets may lie, besides Outfit's own folders.
  let roots: [FilePath]
  private let rootNames: [String]
  /// Targets, or folders of them, outside of those, which the profile names by a key of their own.
  let outside: [FilePath]
  let key: SecretKey?
  private var folders: [String: Folder] = [:]
  /// Links and files that this plan replaces by folders.
  private var replaced: Set<FilePath> = []
  private var refusals: [String: String?] = [:]

  init(host: Host, scope: Scope, allowed: [FilePath], outside: [FilePath] = []) throws {
    self.outside = outside
    self.host = host
    self.scope = scope
    self.key = try SecretKey.read(host)
    let root =
      switch scope {
      case .machine: host.user.home
      case .project(let root): root
      }
    let places = host.places
    roots = [root, places.data, places.state, places.cache, places.config] + allowed
    rootNames = roots.map { $0.isRoot ? "/" : $0.string + "/" }
  }

  /// From now on, what stands at a path counts as a folder that is still to be made.
  mutating func replaceByFolder(_ path: FilePath) {
    replaced.insert(path)
    folders = folders.filter { !FilePath($0.key).isAtOrBelow(path) && !$0.value.path.isAtOrBelow(path) }
  }

  mutating func folder(_ path: FilePath, depth: Int = 0) throws(FileError) -> Folder {
    if let known = folders[path.string] { return known }
    let folder = try look(path, depth: depth)
    folders[path.string] = folder
    return folder
  }

  /// The folder that the absolute path of this text is in.
  mutating func folder(of name: String) throws(FileError) -> Folder {
    var parent = name[...]
    let text = parent.dropLastName() ? String(parent) : "/"
    if let known = folders[text] { return known }
    return try folder(FilePath(text))
  }

  private mutating func look(_ path: FilePath, depth: Int) throws(FileError) -> Folder {
    guard let name = path.lastComponent else {
      return Folder(path: path, standing: .present, owner: 0, nearest: path)
    }
    let parent = try folder(path.parent, depth: depth)
    if name.kind == .currentDirectory { return parent }
    if name.kind == .parentDirectory {
      return try folder(parent.path.parent, depth: depth)
    }
    let here = parent.path.appending(name)
    func missing(_ standing: Folder.Standing) -> Folder {
      Folder(path: here, standing: standing, owner: parent.owner, nearest: parent.nearest)
    }
    guard parent.standing == .present else { return missing(parent.standing) }
    if replaced.contains(here) { return missing(.absent) }
    guard let status = try host.files.status(here, followLinks: false) else { return missing(.absent) }
    switch status.kind {
    case .directory: return Folder(path: here, standing: .present, owner: status.owner, nearest: here)
    case .link:
      guard depth < 40 else { throw FileError("follow the links of", path, .tooManySymbolicLinkLevels) }
      let destination = parent.path.pushing(FilePath(try host.files.readLink(here)))
      let folder = try folder(destination, depth: depth + 1)
      return folder.standing == .present ? folder : missing(.blocked(here))
    case .file, .other: return missing(.blocked(here))
    }
  }

  /// Why a target must not be written, as the manifest names it; nil when it may.
  /// - Parameter name: the target's text.
  func refusal(of target: FilePath, named name: String) -> String? {
    guard name.isPlainPath else { return "\(target) is no path that can be written" }
    if rootNames.contains(where: { name.isPath(below: $0) }) { return nil }
    if isOutside(target) { return nil }
    switch scope {
    case .machine: return "\(target) is outside the home folder"
    case .project(let root): return "\(target) is outside the project \(root)"
    }
  }

  /// A profile that wrote to Outfit's own settings would give itself what nobody consented to.
  func ownFolder(_ name: String) -> String? {
    let places = host.places
    guard
      let own = [places.config, places.state, places.cache].first(where: { name.isPath(atOrBelow: $0.string) }
      )
    else { return nil }
    return "\(name) is in Outfit's own folder \(own)"
  }

  private func isOutside(_ target: FilePath) -> Bool {
    !outside.isEmpty && scope == .machine && outside.contains { target.isAtOrBelow($0) }
      && !roots.contains { target.isAtOrBelow($0) }
  }

  /// Whose a target outside of HOME is, unless it is this user's: replaced, it would be this user's, and nothing
  /// could give it back.
  func otherOwner(of path: FilePath, for target: FilePath) throws(FileError) -> UInt32? {
    guard isOutside(target), let status = try host.files.status(path, followLinks: false) else { return nil }
    return status.owner == host.user.identifier ? nil : status.owner
  }

  /// Why nothing is written in a folder, links resolved; nil when it may be.
  ///
  /// A project's links must not lead out of it, whoever made them. The links in a home are the user's own way
  /// of laying it out: they may lead to another folder of the user's, and to nobody else's.
  /// - Parameter target: what is to be written there; one outside of HOME may be where the manifest says, whoever
  ///   that folder belongs to, if no link leads there.
  mutating func refusal(in folder: Folder, for target: FilePath) throws(FileError) -> String? {
    if isOutside(target), folder.path == target.parent { return nil }
    if let known = refusals[folder.path.string] { return known }
    var reason: String? = "\(folder.path), where links lead, is outside the project"
    for root in roots {
      let root = try self.folder(root).path
      if folder.path.isAtOrBelow(root) { reason = nil }
    }
    if reason != nil, scope == .machine {
      reason =
        folder.owner == host.user.identifier
        ? nil : "\(folder.nearest), where links lead, belongs to another user"
    }
    refusals[folder.path.string] = reason
    return reason
  }

  /// Follows the links that `path` itself is, inside a folder that is resolved already.
  mutating func followed(_ path: FilePath) throws(FileError) -> FilePath {
    var path = path
    for _ in 0..<40 {
      guard try host.files.status(path, followLinks: false)?.kind == .link else { return path }
      let folder = path.parent
      let destination = folder.pushing(FilePath(try host.files.readLink(path)))
      guard let name = destination.lastComponent else { return path }
      path = try self.folder(destination.parent).path.appending(name)
    }
    throw FileError("follow the links of", path, .tooManySymbolicLinkLevels)
  }

  /// What stands at a path.
  struct Seen {
    var state: TargetState
    var signature: Signature?
    /// Of a file, when it was read.
    var bytes: [UInt8]?
  }

  /// - Parameters:
  ///   - written: what the last generation wrote there.
  ///   - known: how that looked then; when it still does, the file is not read.
  func look(_ path: FilePath, written: TargetState?, known: Signature?, reads: Bool = false) throws(FileError)
    -> Seen
  {
    guard let status = try host.files.status(path, followLinks: false) else {
      return Seen(state: .absent, signature: nil)
    }
    let signature = Signature(status)
    switch status.kind {
    case .directory:
      return Seen(
        state: TreeMark.state(of: path, status, like: written.map { [$0] } ?? [], host.files),
        signature: signature)
    case .other: return Seen(state: .other, signature: signature)
    case .link: return Seen(state: .link(try host.files.readLink(path)), signature: signature)
    case .file:
      if !reads, case .file(var file) = written, known == signature, file.mode == status.mode {
        file.modified = status.modified
        file.size = status.size
        return Seen(state: .file(file), signature: signature)
      }
      let bytes = try host.files.read(path)
      return Seen(
        state: state(of: bytes, status, like: written), signature: signature, bytes: bytes)
    }
  }

  /// A file's state, with a keyed digest when it is the very secret that was written.
  private func state(of bytes: [UInt8], _ status: FileStatus, like written: TargetState?) -> TargetState {
    var file = TargetState.FileState(
      digest: Digest(of: bytes), mode: status.mode, size: Int64(bytes.count), modified: status.modified)
    if case .file(let old) = written, old.isKeyed, let key, key.digest(bytes) == old.digest {
      file.digest = old.digest
      file.isKeyed = true
    }
    return .file(file)
  }
}

extension FilePath {
  // Of the package's own members these are by far the most used here, and take most of the time of a plan for
  // thousands of files.

  /// The folder that a path is in.
  var parent: FilePath {
    let text = string
    guard let slash = text.utf8.lastIndex(of: UInt8(ascii: "/")), slash != text.startIndex else { return "/" }
    return FilePath(String(text[..<slash]))
  }

  var isRoot: Bool { string == "/" }

  /// What a path's name stands for in this folder: the path itself where it lies in this folder already.
  func holding(_ path: FilePath) -> FilePath {
    let text = path.string
    guard let slash = text.utf8.lastIndex(of: UInt8(ascii: "/")) else { return path }
    let folder = text[..<slash]
    if folder == string { return path }
    return FilePath((isRoot ? "" : string) + text[slash...])
  }

  /// Lexically: neither path is looked at.
  public func isAtOrBelow(_ folder: FilePath) -> Bool { string.isPath(atOrBelow: folder.string) }
}

extension String {
  func isPath(atOrBelow above: String) -> Bool {
    hasPrefix(above)
      && (utf8.count == above.utf8.count || above == "/"
        || utf8[utf8.index(startIndex, offsetBy: above.utf8.count)] == UInt8(ascii: "/"))
  }

  /// Absolute, not the root, and without `.`, `..`, empty components and zeros.
  fileprivate var isPlainPath: Bool {
    guard utf8.first == UInt8(ascii: "/"), utf8.count > 1 else { return false }
    // Of the component that is being read: how long it is, and whether it has dots only.
    var (length, hasDotsOnly) = (0, true)
    for byte in utf8.dropFirst() {
      if byte == 0 { return false }
      if byte == UInt8(ascii: "/") {
        if length == 0 || hasDotsOnly && length <= 2 { return false }
        (length, hasDotsOnly) = (0, true)
      } else {
        length += 1
        if byte != UInt8(ascii: ".") { hasDotsOnly = false }
      }
    }
    return length > 0 && !(hasDotsOnly && length <= 2)
  }

  /// - Parameter folder: with a slash at its end.
  fileprivate func isPath(below folder: String) -> Bool {
    utf8.count > folder.utf8.count && hasPrefix(folder)
  }
}

extension Substring {
  /// Makes of an absolute path the path of its folder; false at the root.
  mutating func dropLastName() -> Bool {
    guard let slash = utf8.lastIndex(of: UInt8(ascii: "/")), slash != startIndex else { return false }
    self = self[..<slash]
    return true
  }
}
