import OutfitCore
import SystemPackage

/// Where a profile is: what `up`, `show` and `extends:` take.
public enum ProfileAddress: Hashable, Sendable {
  /// Absolute.
  case folder(FilePath)
  case git(GitAddress)

  /// Reads `DIR`, `~/DIR` and every form of a `GitAddress`. A relative folder starts at `folder`.
  /// - Throws: what is wrong with the text, without a location.
  public init(_ text: String, relativeTo folder: FilePath, home: FilePath) throws(Failure) {
    if let git = try GitAddress(text) {
      self = .git(git)
    } else if text == "~" || text.hasPrefix("~/") {
      self = .folder(home.pushing(FilePath(String(text.dropFirst(2)))).lexicallyNormalized())
    } else {
      self = .folder(folder.pushing(FilePath(text)).lexicallyNormalized())
    }
  }
}

/// A folder in a git repository, at a branch, a tag or a commit.
public struct GitAddress: Hashable, Sendable, CustomStringConvertible {
  /// What git takes: `https://…`, `ssh://…`, `file://…`.
  public var repository: String
  /// Relative, without `..`; empty for the repository's own folder.
  public var subfolder: String
  /// Nil is the repository's default branch.
  public var reference: String?
  /// As a person wrote it, without subfolder and reference: `github:acme/profiles`.
  private var written: String

  /// Reads `github:OWNER/REPO//SUB@REF`, `git+https://HOST/PATH//SUB@REF` (also git+http, git+ssh and git+file), what
  /// git takes (`https://…`, `ssh://…`, `file://…`, `git@HOST:PATH`), and the address of a folder on GitHub's and
  /// GitLab's pages. Nil for what is no git address at all.
  /// - Throws: for a git address with a mistake in it.
  public init?(_ text: String) throws(Failure) {
    guard let form = try AddressForm(text) else { return nil }
    let (scheme, path) = (form.scheme, form.path)
    // Before anything of the address is shown.
    try form.checkAuthority()
    var body = path
    // An `@` before the path belongs to ssh's user.
    if let at = path[form.pathStart...].lastIndex(of: "@") {
      reference = String(path[path.index(after: at)...])
      body = path[..<at]
    }
    if let slashes = Self.doubleSlash(in: body) {
      subfolder = String(body[body.index(slashes, offsetBy: 2)...])
      body = body[..<slashes]
    } else {
      subfolder = ""
    }
    while subfolder.hasSuffix("/") { subfolder.removeLast() }
    written = scheme + body
    let isGitHub = scheme == "github:"
    repository =
      isGitHub ? "https://github.com/\(body).git" : scheme.isEmpty ? written : String(written.dropFirst(4))
    if isGitHub {
      let names = body.split(separator: "/", omittingEmptySubsequences: false)
      guard names.count == 2, names.allSatisfy(isPlainUser) else {
        throw Failure(
          "`\(text)` is not an address of a profile", hint: "write `github:OWNER/REPO//FOLDER@REF`",
          status: .usage)
      }
    }
    guard !body.isEmpty, !scheme.isEmpty || body.last != ":",
      !body.contains(where: { $0.isWhitespace || $0.asciiValue.map { $0 < 32 } ?? false })
    else {
      throw Failure("`\(text)` names no repository", hint: "write `git+https://HOST/PATH`", status: .usage)
    }
    if scheme.hasPrefix("git+http"), body.contains(where: { "?#".contains($0) }) {
      // What stands there may be a token.
      throw Failure(
        "the address of a repository has no `?` and no `#`", hint: "write `git+https://HOST/PATH`",
        status: .usage)
    }
    if subfolder.split(separator: "/").contains("..") || subfolder.hasPrefix("/") {
      throw Failure("`\(text)` leaves its repository", hint: "write the folder without `..`", status: .usage)
    }
    if let reference, reference.isEmpty || reference.hasPrefix("-") || !Self.isReference(reference) {
      throw Failure(
        "`\(reference)` is not a branch, a tag or a commit", hint: "write one after `@`, or leave `@` out",
        status: .usage)
    }
  }

  private static func doubleSlash(in text: Substring) -> Substring.Index? {
    var index = text.startIndex
    while let slash = text[index...].firstIndex(of: "/") {
      let next = text.index(after: slash)
      if slash != text.startIndex, next < text.endIndex, text[next] == "/" { return slash }
      index = next
    }
    return nil
  }

  /// git-check-ref-format(1), nearly; or the beginning of tags, with a star behind it.
  static func isReference(_ text: String) -> Bool {
    let name = text.hasSuffix("*") && text.count > 1 ? text.dropLast() : text[...]
    return !name.contains("..") && !name.contains("@{")
      && name.allSatisfy {
        $0.isASCII && !$0.isWhitespace && !"~^:?*[\\".contains($0) && ($0.asciiValue ?? 0) > 32
      }
  }

  /// It means the newest version among the tags that begin so: `v3.*`.
  public var isPattern: Bool { reference?.hasSuffix("*") == true }

  /// A full commit: nothing else can be meant by it tomorrow.
  public var commit: String? {
    guard let reference, reference.utf8.count == 40,
      reference.allSatisfy({ $0.isASCII && $0.isHexDigit })
    else { return nil }
    return reference.lowercased()
  }

  public var description: String {
    written + (subfolder.isEmpty ? "" : "//\(subfolder)") + (reference.map { "@\($0)" } ?? "")
  }

  /// The same repository and reference, another folder in it.
  public func with(subfolder: String) -> GitAddress {
    var other = self
    other.subfolder = subfolder
    return other
  }

  /// The same folder of the same repository at another reference.
  public func with(reference: String?) -> GitAddress {
    var other = self
    other.reference = reference
    return other
  }
}

/// A git address that was fetched.
public struct FetchedProfile: Hashable, Sendable {
  /// The checked-out repository's folder, not the subfolder.
  public var checkout: FilePath
  /// 40 hexadecimal digits.
  public var commit: String
  /// Whom the commit is signed by, where somebody is meant to.
  public var signer: String?
  /// The branch or tag that was followed, for an address that names none.
  public var channel: String?

  public init(checkout: FilePath, commit: String, signer: String? = nil, channel: String? = nil) {
    (self.checkout, self.commit, self.signer, self.channel) = (checkout, commit, signer, channel)
  }
}
