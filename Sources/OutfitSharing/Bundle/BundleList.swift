import OutfitCore

/// What a bundle holds: everything that a profile needs on machines without a network, each thing by its digest.
///
/// It is the first file of the archive, `outfit-bundle`; the things themselves are `blobs/<digest>`. What it names is
/// sorted, so that the same lock gives the same bytes.
public struct BundleList: Hashable, Sendable {
  /// Where the profile comes from.
  public enum Origin: Hashable, Sendable {
    /// A git address, whose commits are among the layers.
    case git(String)
    /// A folder of the bundle's `profile` tree; empty for its top.
    case folder(String)
    /// A project, whose files each machine has by itself.
    case project
  }

  /// One thing, `blobs/<digest>`.
  public struct Blob: Hashable, Sendable {
    public var digest: Digest
    /// Bytes.
    public var size: Int64

    public init(digest: Digest, size: Int64) { (self.digest, self.size) = (digest, size) }
  }

  /// A file that is had by its digest or name, whatever it is for.
  public struct Item: Hashable, Sendable {
    public enum Kind: String, Sendable, CaseIterable {
      /// What Outfit downloads by its digest: interpreters, programs.
      case download
      /// A Python package.
      case wheel
      /// A file of npm's cache, by its path there.
      case npm
    }

    public var kind: Kind
    public var blob: Blob
    /// Those that need it, by their keys, sorted.
    public var platforms: [String]
    /// The wheel's file name, the path in npm's cache, or for people.
    public var name: String

    public init(kind: Kind, blob: Blob, platforms: [String], name: String) {
      (self.kind, self.blob, self.platforms, self.name) = (kind, blob, platforms, name)
    }
  }

  /// A folder with all below it.
  public struct Tree: Hashable, Sendable {
    public enum Entry: Hashable, Sendable {
      case file(Blob, isProgram: Bool)
      case link(String)
    }

    /// By relative path, without `..`.
    public var entries: [String: Entry] = [:]

    public init() {}

    public var blobs: [Blob] {
      entries.values.compactMap { if case .file(let blob, _) = $0 { blob } else { nil } }
    }
  }

  /// A git layer: its files are what the commit says, which can be seen without git.
  public struct Commit: Hashable, Sendable {
    /// The address without a folder, as the profile names it.
    public var address: String
    /// 40 hexadecimal digits.
    public var commit: String
    /// git's own object of that name.
    public var object: Blob
    public var tree: Tree

    public init(address: String, commit: String, object: Blob, tree: Tree) {
      (self.address, self.commit, self.object, self.tree) = (address, commit, object, tree)
    }
  }

  /// The version of Outfit that made it.
  public var version: String
  /// The profile's name.
  public var profile: String
  public var origin: Origin
  /// Keys of the platforms that it is for, sorted.
  public var platforms: [String]
  /// The lock that all of it was gathered by.
  public var lock: Blob
  public var items: [Item] = []
  public var commits: [Commit] = []
  /// Layers that are folders.
  public var folders = Tree()
  /// Outfit itself, by platform.
  public var programs: [String: Tree] = [:]

  public init(version: String, profile: String, origin: Origin, platforms: [String], lock: Blob) {
    self.version = version
    self.profile = profile
    self.origin = origin
    self.platforms = platforms.sorted()
    self.lock = lock
  }

  /// All that the archive holds, each once, in the order in which it stands there.
  public var blobs: [Blob] {
    let all =
      [lock] + items.map(\.blob) + commits.flatMap { [$0.object] + $0.tree.blobs } + folders.blobs
      + programs.values.flatMap(\.blobs)
    return Set(all).sorted { $0.digest < $1.digest }
  }

  /// What one platform needs.
  public func blobs(for platform: String) -> [Blob] {
    var own = self
    own.items.removeAll { !$0.platforms.contains(platform) }
    own.programs = programs.filter { $0.key == platform }
    return own.blobs
  }

  public static let fileName = "outfit-bundle"
  public static let signatureName = "outfit-bundle.sig"
  public static let scriptName = "apply"
}

// MARK: - As text

extension BundleList {
  private static let heading = "outfit-bundle 1"

  /// A line for each thing, the last a digest over those before it.
  public var text: String {
    var lines = [
      Self.heading, "version \(version)", "profile \(Self.escaped(profile))",
      "platforms \(platforms.joined(separator: ","))", "lock \(Self.text(lock))",
    ]
    switch origin {
    case .git(let address): lines.append("git \(Self.escaped(address))")
    case .folder(let folder): lines.append("folder \(Self.escaped(folder))")
    case .project: lines.append("project")
    }
    lines += items.map {
      "\($0.kind.rawValue) \(Self.text($0.blob)) \($0.platforms.joined(separator: ",")) \(Self.escaped($0.name))"
    }.sorted()
    for (platform, tree) in programs.sorted(by: { $0.key < $1.key }) {
      lines += ["outfit \(platform)"] + Self.lines(tree)
    }
    lines += ["folders"] + Self.lines(folders)
    for commit in commits.sorted(by: { ($0.address, $0.commit) < ($1.address, $1.commit) }) {
      lines.append("commit \(Self.text(commit.object)) \(commit.commit) \(Self.escaped(commit.address))")
      lines += Self.lines(commit.tree)
    }
    let body = lines.map { $0 + "\n" }.joined()
    return body + "end \(Digest(of: body))\n"
  }

  private static func text(_ blob: Blob) -> String { "\(blob.digest) \(blob.size)" }

  private static func lines(_ tree: Tree) -> [String] {
    tree.entries.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map { path, entry in
      switch entry {
      case .file(let blob, let isProgram):
        "\(isProgram ? "program" : "file") \(text(blob)) \(escaped(path))"
      case .link(let target): "link \(escaped(target)) \(escaped(path))"
      }
    }
  }

  /// Every byte that is no plain letter of a path as `%XX`, so that a line is words.
  static func escaped(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF")
    return text.utf8.reduce(into: "") { result, byte in
      if (0x21...0x7e).contains(byte), byte != UInt8(ascii: "%") {
        result.unicodeScalars.append(Unicode.Scalar(byte))
      } else {
        result += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
      }
    }
  }

  static func unescaped(_ text: Substring) -> String? {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard rest.count >= 2, let digits = String(rest.prefix(2)), let value = UInt8(digits, radix: 16) else {
        return nil
      }
      bytes.append(value)
      rest = rest.dropFirst(2)
    }
    return String(validating: bytes, as: UTF8.self)
  }

  /// What `text` wrote.
  /// - Throws: `Failure`, status 2, for anything else.
  public init(_ text: String, file: String) throws {
    func failure(_ message: String, _ line: Int? = nil) -> Failure {
      Failure(
        line.map { "\(file):\($0): \(message)" } ?? "\(file): \(message)",
        hint: "have it made again: outfit bundle create PROFILE -o FILE", status: .usage)
    }
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    guard lines.first == Self.heading[...] else {
      if let first = lines.first, first.hasPrefix("outfit-bundle ") {
        throw Failure(
          "\(file) was written by a newer outfit", hint: "use the outfit that comes in it", status: .usage)
      }
      throw failure("this is no bundle of outfit's")
    }
    guard lines.popLast() == "", let end = lines.popLast() else { throw failure("it is cut short") }
    let body = lines.map { $0 + "\n" }.joined()
    guard end == "end \(Digest(of: body))" else { throw failure("it is damaged") }
    var fields: [String: String] = [:]
    var lock: Blob?
    var origin: Origin?
    var items: [Item] = []
    var commits: [Commit] = []
    var programs: [String: Tree] = [:]
    var folders = Tree()
    enum Place {
      case none, folders, commit
      case program(String)
    }
    var place = Place.none
    for (number, line) in lines.enumerated().dropFirst() {
      let words = line.split(separator: " ", omittingEmptySubsequences: false)
      let wrong = failure("this line can't be read", number + 1)
      func blob(_ index: Int) throws -> Blob {
        guard words.count > index + 1, let digest = Digest(words[index]), let size = Int64(words[index + 1]),
          size >= 0
        else { throw wrong }
        return Blob(digest: digest, size: size)
      }
      func word(_ index: Int) throws -> String {
        guard words.count == index + 1, let word = Self.unescaped(words[index]) else { throw wrong }
        return word
      }
      func add(_ entry: Tree.Entry, _ path: String) throws {
        guard Self.isBelow(path) else {
          throw failure("\(path.harmless) leads out of its folder", number + 1)
        }
        switch place {
        case .none: throw wrong
        case .folders: folders.entries[path] = entry
        case .commit: commits[commits.count - 1].tree.entries[path] = entry
        case .program(let platform): programs[platform, default: Tree()].entries[path] = entry
        }
      }
      switch words[0] {
      case "version", "profile", "platforms": fields[String(words[0])] = try word(1)
      case "lock": lock = try blob(1)
      case "git": origin = .git(try word(1))
      case "project" where words.count == 1: origin = .project
      case "folder":
        let folder = try word(1)
        guard folder.isEmpty || Self.isBelow(folder) else { throw wrong }
        origin = .folder(folder)
      case "folders": place = .folders
      case "outfit":
        let platform = try word(1)
        place = .program(platform)
        programs[platform] = Tree()
      case "commit":
        let found = try blob(1)
        guard words.count == 5, words[3].count == 40, words[3].allSatisfy(\.isHexDigit) else { throw wrong }
        commits.append(Commit(address: try word(4), commit: String(words[3]), object: found, tree: Tree()))
        place = .commit
      case "file", "program":
        try add(.file(try blob(1), isProgram: words[0] == "program"), try word(3))
      case "link":
        guard words.count == 3, let target = Self.unescaped(words[1]) else { throw wrong }
        try add(.link(target), try word(2))
      default:
        guard let kind = Item.Kind(rawValue: String(words[0])), words.count == 5 else { throw wrong }
        let name = try word(4)
        guard kind == .npm ? Self.isBelow(name) : !name.isEmpty && !name.contains("/") && name != ".." else {
          throw wrong
        }
        items.append(
          Item(
            kind: kind, blob: try blob(1), platforms: words[3].split(separator: ",").map(String.init),
            name: name))
      }
    }
    guard let lock, let origin, let version = fields["version"], let profile = fields["profile"],
      let platforms = fields["platforms"], Self.isBelow(profile), !profile.contains("/")
    else { throw failure("it does not say what it is for") }
    self.init(
      version: version, profile: profile, origin: origin,
      platforms: platforms.split(separator: ",").map(String.init), lock: lock)
    (self.items, self.commits, self.folders, self.programs) = (items, commits, folders, programs)
  }

  /// A relative path that stays below where it starts, and means nothing of git's or of ours.
  static func isBelow(_ path: String) -> Bool {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    return !parts.isEmpty
      && parts.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." && !$0.utf8.contains(0) }
  }
}
