import OutfitCore
import SystemPackage

/// A program that installs the packages of a Node project from its lock.
package enum NodeManager: String, Hashable, Sendable, CaseIterable {
  case npm, pnpm, yarn, bun
}

/// What the lock of a Node project says that decides what is installed, and from where.
package struct NodeLock: Hashable, Sendable {
  package enum Kind: Hashable, Sendable {
    case npm, pnpm
    /// Of yarn 1.
    case yarnClassic
    /// Of yarn 2 and later.
    case yarnBerry
    case bun

    /// By the file's name; a `yarn.lock` tells by its content which it is.
    package init?(file: String, _ bytes: [UInt8] = []) {
      switch file {
      case "package-lock.json", "npm-shrinkwrap.json": self = .npm
      case "pnpm-lock.yaml": self = .pnpm
      case "yarn.lock":
        self = Self.isBerry(bytes) ? .yarnBerry : .yarnClassic
      case "bun.lock": self = .bun
      default: return nil
      }
    }

    private static func isBerry(_ bytes: [UInt8]) -> Bool {
      String(decoding: bytes.prefix(2048), as: UTF8.self).split(separator: "\n")
        .contains { $0.hasPrefix("__metadata:") }
    }

    package var manager: NodeManager {
      switch self {
      case .npm: .npm
      case .pnpm: .pnpm
      case .yarnClassic, .yarnBerry: .yarn
      case .bun: .bun
      }
    }
  }

  /// Somewhere that packages come from and that is no registry which is asked anyway.
  package struct Origin: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
      /// A registry, by its address.
      case registry
      /// A repository, whose own code packs it.
      case repository(package: String)
      /// An archive by its address, or a folder outside of the project.
      case place
    }
    package var kind: Kind
    package var text: String
    package var line: Int
  }

  package var kind: Kind
  /// As the lock writes its own form: `9.0` of pnpm's, `8` of yarn's.
  package var form = ""
  /// Folders of the workspace beside the lock's own, relative to it. Nil where the lock does not name them.
  package var members: [String]? = []
  /// Those of them that have packages of their own; nil where that is known only once they are installed.
  package var nested: [String]?
  /// Packages that are known to have install scripts.
  package var scripted: Set<String> = []
  package var origins: [Origin] = []
  /// Packages of a registry that no digest stands beside.
  package var unverified: [(name: String, line: Int)] = []
  /// Files of the project that are installed or applied: archives, patches.
  package var files: [String] = []

  package init(_ kind: Kind) { self.kind = kind }

  package static func == (a: NodeLock, b: NodeLock) -> Bool {
    a.kind == b.kind && a.form == b.form && a.members == b.members && a.nested == b.nested
      && a.scripted == b.scripted && a.origins == b.origins && a.files == b.files
      && a.unverified.map(\.name) == b.unverified.map(\.name)
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(kind)
    hasher.combine(origins)
  }

  /// - Parameter file: as diagnostics name it; its last part tells the kind.
  /// - Throws: `Failure`, status 2, for what can't be read.
  package static func read(_ bytes: [UInt8], file: String) throws(Failure) -> NodeLock {
    let name = FilePath(file).lastComponent?.string ?? file
    switch Kind(file: name, bytes) {
    case .npm?: return try NpmLockReader(bytes, file: file).lock
    case .pnpm?: return try PnpmLockReader(bytes, file: file).lock
    case .yarnClassic?: return try YarnLockReader(bytes, file: file, .yarnClassic).lock
    case .yarnBerry?: return try YarnLockReader(bytes, file: file, .yarnBerry).lock
    case .bun?: return try BunLockReader(bytes, file: file).lock
    case nil:
      throw Failure(
        "\(file) is no lock that Outfit knows", at: SourceLocation(file: file),
        hint: name == "bun.lockb"
          ? "bun install --save-text-lockfile writes bun.lock"
          : "name one of package-lock.json, npm-shrinkwrap.json, pnpm-lock.yaml, yarn.lock, bun.lock",
        status: .usage)
    }
  }

  /// What is said of a lock that its reader makes nothing of.
  static func unreadable(_ file: String, line: Int = 1, _ reason: String) -> Failure {
    Failure(
      "\(file) can't be read: \(reason)", at: SourceLocation(file: file, line: line),
      hint: "take it back from git (git checkout \(file)), or have its manager write it anew", status: .usage)
  }

  /// The lines of what a manager wrote.
  /// - Throws: `Failure`, status 2, for a text with characters that one program takes for the end of a line and another
  ///   does not.
  static func lines(_ bytes: [UInt8], file: String) throws(Failure) -> [Substring] {
    var number = 1
    for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
      switch scalar.value {
      case 10: number += 1
      case 9, 13: break
      case ..<32, 0x7F, 0x85, 0x2028, 0x2029:
        throw unreadable(file, line: number, "it has characters that are none")
      default: break
      }
    }
    // A line of Windows ends with one character of two scalars.
    return String(decoding: bytes, as: UTF8.self).split(
      omittingEmptySubsequences: false, whereSeparator: \.isNewline)
  }

  // MARK: What an address is

  /// Adds where a package comes from, unless it is a registry that is asked anyway.
  /// - Parameters:
  ///   - package: its name.
  ///   - address: as the lock has it.
  mutating func add(_ package: String, from address: String, line: Int) {
    let address = withoutUser(address)
    var plain = String(address.prefix { $0 != "#" })
    if Self.isRepository(plain) {
      return insert(Origin(kind: .repository(package: package), text: Self.repository(address), line: line))
    }
    if plain.hasPrefix("file:") || plain.hasPrefix("link:") || plain.hasPrefix("portal:") {
      plain = String(plain[plain.index(after: plain.firstIndex(of: ":") ?? plain.startIndex)...])
    }
    guard let scheme = plain.firstRange(of: "://") else { return addPlace(plain, line: line) }
    let host = plain[..<scheme.upperBound] + plain[scheme.upperBound...].prefix { $0 != "/" }
    if Self.publicRegistries.contains(String(host).lowercased()) { return }
    let isRegistrys = plain.firstRange(of: "/-/") != nil
    insert(
      Origin(
        kind: isRegistrys ? .registry : .place,
        text: isRegistrys ? Self.registry(plain, of: package) : plain, line: line))
  }

  /// Known to every manager as the registry that is meant where none is named.
  static let publicRegistries: Set = ["https://registry.npmjs.org", "https://registry.yarnpkg.com"]

  private mutating func insert(_ origin: Origin) {
    if !origins.contains(where: { $0.kind == origin.kind && $0.text == origin.text }) {
      origins.append(origin)
    }
  }

  /// A path: a file of the project is needed with it, and what lies outside is told.
  private mutating func addPlace(_ text: String, line: Int) {
    let path = FilePath(text).lexicallyNormalized()
    guard !path.isAbsolute, path.components.first?.kind != .parentDirectory else {
      return insert(Origin(kind: .place, text: text, line: line))
    }
    if [".tgz", ".tar.gz", ".tar", ".patch"].contains(where: text.hasSuffix), !files.contains(path.string) {
      files.append(path.string)
    }
  }

  private static func isRepository(_ address: String) -> Bool {
    let schemes = ["git+", "git:", "git@", "ssh:", "github:", "gitlab:", "bitbucket:", "gist:"]
    return schemes.contains(where: address.hasPrefix) || address.hasSuffix(".git")
      || address.hasPrefix("https://codeload.github.com/")
  }

  /// Without the commit.
  private static func repository(_ address: String) -> String {
    let plain = String(address.prefix { $0 != "#" })
    guard plain.hasPrefix("https://codeload.github.com/") else { return plain }
    return plain.split(separator: "/").prefix(4).joined(separator: "/").replacingPrefix(
      "https:/", with: "https://")
  }

  /// What stands before a package's own path.
  private static func registry(_ address: String, of package: String) -> String {
    for name in [package, package.split(separator: "/").joined(separator: "%2f")] {
      if let place = address.firstRange(of: "/\(name)/-/") { return String(address[..<place.lowerBound]) }
    }
    let scheme = address.firstRange(of: "://")?.upperBound ?? address.startIndex
    return String(address[..<scheme]) + address[scheme...].prefix { $0 != "/" }
  }
}
