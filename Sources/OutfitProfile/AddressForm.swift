import OutfitCore

/// The forms in which people write and paste the address of a repository, brought to the one that is kept.
struct AddressForm {
  /// `github:`, `git+https://` and the like; empty for ssh's short form, `git@HOST:PATH`.
  let scheme: String
  /// All that follows, subfolder and reference as well.
  let path: Substring
  /// Where in it the authority ends.
  let pathStart: Substring.Index

  private static let schemes = ["git+https://", "git+ssh://", "git+file://", "git+http://"]

  /// Nil for what is no address of a repository.
  /// - Throws: for what can't be one, nor a folder.
  init?(_ text: String) throws(Failure) {
    let written = Self.unpasted(text)
    if let scheme = (["github:"] + Self.schemes).first(where: written.hasPrefix) {
      let path = written.dropFirst(scheme.count)
      self.init(scheme: scheme, path: path, pathStart: path.firstIndex(of: "/") ?? path.endIndex)
      return
    }
    if text.contains("://") {
      throw Failure(
        "`\(withoutPasswords(text))` is not an address of a profile",
        hint: "write `https://HOST/PATH` or `git@HOST:PATH`", status: .usage)
    }
    // With a colon before the `@`, whoever wrote it meant a password.
    let start = text.prefix { $0 != "/" }
    guard let at = start.lastIndex(of: "@"), start.contains(":") else { return nil }
    guard !start[..<at].contains(":"), let colon = start[at...].firstIndex(of: ":") else {
      throw Failure(
        "this is not an address of a profile", hint: "write `https://HOST/PATH` or `git@HOST:PATH`",
        status: .usage)
    }
    self.init(scheme: "", path: text[...], pathStart: text.index(after: colon))
  }

  private init(scheme: String, path: Substring, pathStart: Substring.Index) {
    (self.scheme, self.path, self.pathStart) = (scheme, path, pathStart)
  }

  /// What a browser or `git clone` shows, as Outfit writes it.
  private static func unpasted(_ text: String) -> String {
    guard let scheme = ["https://", "http://", "ssh://", "file://"].first(where: text.hasPrefix) else {
      return text
    }
    var rest = text.dropFirst(scheme.count)
    while rest.hasSuffix("/") { rest.removeLast() }
    guard scheme.hasPrefix("http") else { return "git+\(scheme)\(rest)" }
    var names = rest.split(separator: "/", omittingEmptySubsequences: false)
    let isGitHub = scheme == "https://" && ["github.com", "www.github.com"].contains(names[0])
    let minimum = isGitHub ? 5 : 6
    // `OWNER/REPO/tree/REF/FOLDER`, on GitLab's pages with `-/` before it, `blob` for the page of a file.
    let end = isGitHub ? 3 : names.firstIndex(of: "-") ?? names.count
    let kind = end + (isGitHub ? 0 : 1)
    if names.count >= minimum, kind + 1 < names.count, ["tree", "blob"].contains(names[kind]) {
      var folder = names[(kind + 2)...]
      if names[kind] == "blob" { folder.removeLast() }
      let rest = folder.isEmpty ? "" : "//" + folder.joined(separator: "/")
      let repository = names[..<end].joined(separator: "/")
      return isGitHub
        ? "github:\(names[1])/\(plain(names[2]))\(rest)@\(names[kind + 1])"
        : "git+\(scheme)\(repository)\(rest)@\(names[kind + 1])"
    }
    guard isGitHub else { return "git+\(scheme)\(rest)" }
    if names.count >= 3 {
      // `REPO.git@REF`, too.
      let name = names[2].split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
      names[2] = plain(name[0]) + name.dropFirst().map { "@" + $0 }.joined()[...]
    }
    return "github:" + names.dropFirst().joined(separator: "/")
  }

  private static func plain(_ name: Substring) -> Substring {
    name.hasSuffix(".git") ? name.dropLast(4) : name
  }

  /// What an address says is kept and shown, in records, in messages and in the arguments of git, so that there is no
  /// password in it, and nothing that may be one.
  func checkAuthority() throws(Failure) {
    let authority = scheme.isEmpty ? path[..<pathStart].dropLast() : path[..<pathStart]
    var host = authority
    if let at = authority.lastIndex(of: "@") {
      host = authority[authority.index(after: at)...]
      guard ["git+ssh://", ""].contains(scheme), isPlainUser(authority[..<at]) else {
        let name = isHost(host) ? "\(host.prefix { $0 != ":" })" : "HOST"
        let isSSH = ["git+ssh://", ""].contains(scheme)
        throw Failure(
          isSSH
            ? "an address of a profile can't hold a password"
            : "an address of a profile can't hold a user or a password",
          hint: isSSH
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
      case "": isHost(host) && !host.contains(":")
      default: isHost(host)
      }
    guard isGood else {
      throw Failure(
        scheme.isEmpty
          ? "what stands before the `:` is not `USER@HOST`"
          : "what follows `\(scheme)` is not \(scheme == "github:" ? "OWNER/REPO" : scheme == "git+file://" ? "an absolute path" : "a host")",
        hint: scheme == "github:"
          ? "write `github:OWNER/REPO//FOLDER@REF`"
          : scheme == "git+file://"
            ? "write `git+file:///FOLDER`" : "write `\(scheme.isEmpty ? "git+ssh://" : scheme)HOST/PATH`",
        status: .usage)
    }
  }
}
