import OutfitCore
import SystemPackage

/// Links that another program makes into its folder, as entries of `dotfiles:`.
public struct LinkImport: Sendable {
  public struct Link: Hashable, Sendable {
    /// From the home folder, without a slash at its end; absolute for what lies elsewhere.
    public var target: String
    /// In the folder.
    public var file: String
    public var isFolder: Bool
    /// The system that it is for; nil is each.
    public var system: String?

    public init(_ target: String, _ file: String, isFolder: Bool) {
      (self.target, self.file, self.isFolder) = (target, file, isFolder)
    }
  }

  /// Something that is left out, or that needs no entry.
  public struct Remark: Hashable, Sendable {
    public var file: String
    public var line: Int?
    public var message: String
    public var hint: String?
    public var isLoss: Bool

    public init(_ file: String, _ line: Int?, _ message: String, hint: String? = nil, isLoss: Bool = true) {
      (self.file, self.line, self.message) = (file, line, message)
      (self.hint, self.isLoss) = (hint, isLoss)
    }
  }

  public var links: [Link] = []
  public var remarks: [Remark] = []

  public init() {}

  /// What is in a folder, by paths from it, sorted.
  public struct Listing: Sendable {
    public enum Kind: Hashable, Sendable { case file, folder, other }
    public var kinds: [String: Kind]
    public var children: [String: [String]]

    /// - Parameter kinds: all that is below the folder, but for `.git`; a link to a folder of it counts as one.
    public init(_ kinds: [String: Kind]) {
      self.kinds = kinds
      var children: [String: [String]] = [:]
      for path in kinds.keys {
        let slash = path.lastIndex(of: "/")
        let folder = slash.map { String(path[..<$0]) } ?? ""
        let name = slash.map { String(path[path.index(after: $0)...]) } ?? path
        children[folder, default: []].append(name)
      }
      self.children = children.mapValues { $0.sorted() }
    }
  }
}
