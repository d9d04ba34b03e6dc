import OutfitCore
import SystemPackage

/// Where a profile is: what `up`, `show` and `extends:` take.
public enum ProfileAddress: Hashable, Sendable {
  /// Absolute.
  case folder(FilePath)
  case git(GitAddress)

  /// Reads `DIR`, `~/DIR`, `github:OWNER/REPO//SUB@REF` and `git+https://HOST/PATH//SUB@REF` (also git+ssh and
  /// git+file). A relative folder starts at `folder`.
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

  /// Nil for what is no git address at all.
  /// - Throws: for a git address with a mistake in it.
  public init?(_ text: String) throws(Failure) {
    let schemes = ["git+https://", "git+ssh://", "git+file://", "git+http://"]
    let isGitHub = text.hasPrefix("github:")
    guard isGitHub || schemes.contains(where: text.hasPrefix) else {
      if let problem = Self.problem(ofOther: text) { throw problem }
      return nil
    }
    let schemeEnd = isGitHub ? 7 : (schemes.first(where: text.hasPrefix)?.count ?? 0)
    let path = text.dropFirst(schemeEnd)
    let pathStart = path.firstIndex(of: "/") ?? path.endIndex
    // Before anything of the address is shown.
    try Self.check(authority: path[..<pathStart], scheme: text.prefix(schemeEnd))
    var head = text[...]
    // An `@` before the first `/` belongs to ssh's user.
    if let at = path[pathStart...].lastIndex(of: "@") {
      reference = String(path[path.index(after: at)...])
      head = text[..<at]
    }
    let body = head.dropFirst(schemeEnd)
    if let slashes = Self.doubleSlash(in: body) {
      subfolder = String(body[body.index(slashes, offsetBy: 2)...])
      head = text[..<slashes]
    } else {
      subfolder = ""
    }
    while subfolder.hasSuffix("/") { subfolder.removeLast() }
    written = String(head)
    let name = head.dropFirst(schemeEnd)
    repository = isGitHub ? "https://github.com/\(name).git" : String(head.dropFirst(4))
    if isGitHub {
      let names = name.split(separator: "/", omittingEmptySubsequences: false)
      guard names.count == 2, names.allSatisfy(isPlainUser) else {
        throw Failure(
          "`\(text)` is not an address of a profile", hint: "write `github:OWNER/REPO//FOLDER@REF`",
          status: .usage)
      }
    }
    guard !name.isEmpty, !name.contains(where: { $0.isWhitespace || $0.asciiValue.map { $0 < 32 } ?? false })
    else {
      throw Failure("`\(text)` names no repository", hint: "write `git+https://HOST/PATH`", status: .usage)
    }
    if text.hasPrefix("git+http"), name.contains(where: { "?#".contains($0) }) {
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

  /// What is wrong with a text that is no git address of ours, nor a folder.
  private static func problem(ofOther text: String) -> Failure? {
    let shown = withoutPasswords(text)
    if text.contains("://") {
      return Failure(
        "`\(shown)` is not an address of a profile",
        hint: text.hasPrefix("https://") || text.hasPrefix("ssh://")
          ? "write `git+\(shown)`" : "write `git+ssh://git@HOST/PATH` or `git+https://HOST/PATH`",
        status: .usage)
    }
    // The short form of ssh, `git@HOST:PATH`; with a colon before the `@`, whoever wrote it meant a password.
    let start = text.prefix { $0 != "/" }
    guard let at = start.lastIndex(of: "@"), start.contains(":") else { return nil }
    return Failure(
      start[..<at].contains(":")
        ? "this is not an address of a profile" : "`\(text)` is not an address of a profile",
      hint: "write `git+ssh://git@HOST/PATH` or `git+https://HOST/PATH`", status: .usage)
  }

  /// What an address says is kept and shown, in records, in messages and in the arguments of git, so that there is no
  /// password in it, and nothing that may be one.
  private static func check(authority: Substring, scheme: Substring) throws(Failure) {
    var host = authority
    if let at = authority.lastIndex(of: "@") {
      host = authority[authority.index(after: at)...]
      guard scheme == "git+ssh://", isPlainUser(authority[..<at]) else {
        let name = isHost(host) ? "\(host.prefix { $0 != ":" })" : "HOST"
        throw Failure(
          scheme == "git+ssh://"
            ? "an address of a profile can't hold a password"
            : "an address of a profile can't hold a user or a password",
          hint: scheme == "git+ssh://"
            ? "let ssh have a key for \(name), and leave the password out"
            : "let git have them, by a credential helper or by a line in ~/.netrc (machine \(name) login USER password "
              + "PASSWORD), and leave them out here",
          status: .usage)
      }
    }
    let isGood =
      switch scheme {
      case "github:": isPlainUser(host)
      case "git+file://": host.isEmpty || host == "localhost"
      default: isHost(host)
      }
    guard isGood else {
      throw Failure(
        "what follows `\(scheme)` is not \(scheme == "github:" ? "OWNER/REPO" : scheme == "git+file://" ? "an absolute path" : "a host")",
        hint: scheme == "github:"
          ? "write `github:OWNER/REPO//FOLDER@REF`"
          : scheme == "git+file://" ? "write `git+file:///FOLDER`" : "write `\(scheme)HOST/PATH`",
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

  /// git-check-ref-format(1), nearly.
  private static func isReference(_ text: String) -> Bool {
    !text.contains("..") && !text.contains("@{")
      && text.allSatisfy {
        $0.isASCII && !$0.isWhitespace && !"~^:?*[\\".contains($0) && ($0.asciiValue ?? 0) > 32
      }
  }

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
  public func with(reference: String) -> GitAddress {
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

  public init(checkout: FilePath, commit: String) {
    self.checkout = checkout
    self.commit = commit
  }
}
