import OutfitCore

/// A repository by its host and path, whichever way its address is written: `github.com/acme/shop`. Pure.
public struct GitRemote: Hashable, Sendable, CustomStringConvertible {
  /// The host in lower case, without user and port, and the path without `.git`; an absolute path for a repository on
  /// this machine.
  public let description: String

  /// What git has as `remote.*.url` (git-clone(1), "GIT URLS").
  /// - Returns: nil for an address that names no repository by itself: a relative path, a helper (`ext::…`).
  public init?(url text: String) {
    guard Self.isPlain(text) else { return nil }
    // A helper of git's: `ext::…`.
    if let helper = text.firstRange(of: "::"), !text[..<helper.lowerBound].contains("[") { return nil }
    if let end = text.firstRange(of: "://") {
      let scheme = text[..<end.lowerBound].lowercased()
      let rest = text[end.upperBound...]
      if scheme == "file" {
        guard rest.hasPrefix("/") else { return nil }
        self.init(path: rest)
        return
      }
      guard ["https", "http", "ssh", "git", "git+ssh", "ssh+git", "git+https", "git+http"].contains(scheme)
      else { return nil }
      let slash = rest.firstIndex(of: "/") ?? rest.endIndex
      self.init(authority: rest[..<slash], path: rest[slash...])
    } else if text.hasPrefix("/") {
      self.init(path: text[...])
    } else {
      // The short form of ssh: a colon before any slash.
      let head = text.prefix { $0 != "/" }
      let start = head.lastIndex(of: "@").map { head.index(after: $0) } ?? head.startIndex
      let isBracketed = head[start...].hasPrefix("[")
      let search = isBracketed ? head[start...].drop { $0 != "]" } : head[start...]
      guard let colon = search.firstIndex(of: ":") else { return nil }
      self.init(authority: head[..<colon], path: text[text.index(after: colon)...])
    }
  }

  /// What a manifest names: an address as git has it, `HOST/PATH`, or `github:OWNER/NAME`.
  public init?(_ text: String) {
    if text.hasPrefix("github:") {
      self.init(authority: "github.com", path: text.dropFirst(7))
    } else if let remote = GitRemote(url: text) {
      self = remote
    } else {
      guard Self.isPlain(text), !text.contains(":"), let slash = text.firstIndex(of: "/"),
        text[..<slash].contains("."), text.first != "."
      else { return nil }
      self.init(authority: text[..<slash], path: text[slash...])
    }
  }

  private init?(authority: Substring, path: Substring) {
    var host = authority.split(separator: "@", omittingEmptySubsequences: false).last ?? ""
    if host.hasPrefix("["), let end = host.firstIndex(of: "]") {
      host = host[...end]
    } else if let colon = host.firstIndex(of: ":") {
      guard host[host.index(after: colon)...].allSatisfy({ $0.isASCII && $0.isNumber }) else { return nil }
      host = host[..<colon]
    }
    guard let path = Self.normal(path), !host.isEmpty, host.first != "-",
      host.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || ".-_[]:".contains($0)) })
    else { return nil }
    description = host.lowercased() + "/" + path
  }

  private init?(path: Substring) {
    guard let path = Self.normal(path) else { return nil }
    description = "/" + path
  }

  /// Without slashes at its ends and without `.git`; nil for a path that does not say where it leads.
  private static func normal(_ path: Substring) -> String? {
    var names = path.split(separator: "/")
    guard var last = names.popLast() else { return nil }
    if last.hasSuffix(".git"), last != ".git" { last = last.dropLast(4) }
    names.append(last)
    guard !names.contains("."), !names.contains("..") else { return nil }
    return names.joined(separator: "/")
  }

  private static func isPlain(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.count <= 1024
      && text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F && !#"\%?#""#.utf8.contains($0) }
  }
}

/// The remotes that a git configuration file names (git-config(1)). It is read, and nothing is run: files that it
/// includes are not followed.
public enum GitConfiguration {
  /// Every `remote.NAME.url`, in the file's order.
  public static func remotes(_ text: String) -> [GitRemote] {
    var remotes: [GitRemote] = []
    var isRemote = false
    var lines = text.split(whereSeparator: \.isNewline)[...]
    while let line = lines.popFirst() {
      var rest = line.drop(while: \.isWhitespace)
      if rest.hasPrefix("[") {
        guard let end = Self.end(ofSection: rest) else { return remotes }
        let section = rest[rest.index(after: rest.startIndex)..<end]
        let name = section.prefix { !$0.isWhitespace && $0 != "." }
        isRemote = name.lowercased() == "remote" && name.count < section.count
        rest = rest[rest.index(after: end)...].drop(while: \.isWhitespace)
      }
      guard isRemote, let equals = rest.firstIndex(of: "="),
        rest[..<equals].filter({ !$0.isWhitespace }).lowercased() == "url"
      else { continue }
      var raw = rest[rest.index(after: equals)...]
      while raw.hasSuffix("\\"), !raw.hasSuffix("\\\\"), let more = lines.popFirst() {
        raw = raw.dropLast() + more
      }
      if let remote = GitRemote(url: value(raw)) { remotes.append(remote) }
    }
    return remotes
  }

  /// The bracket that ends a section's head: one in quotes does not.
  private static func end(ofSection line: Substring) -> Substring.Index? {
    var isQuoted = false
    var isEscaped = false
    for index in line.indices {
      let character = line[index]
      if isEscaped {
        isEscaped = false
      } else if character == "\\" {
        isEscaped = true
      } else if character == "\"" {
        isQuoted.toggle()
      } else if character == "]", !isQuoted {
        return index
      }
    }
    return nil
  }

  /// Without quotes, escapes, a comment, and blanks around it.
  private static func value(_ raw: Substring) -> String {
    var result = ""
    var blanks = ""
    var isQuoted = false
    var isEscaped = false
    for character in raw {
      if isEscaped {
        result += blanks + (character == "t" ? "\t" : character == "n" ? "\n" : String(character))
        (blanks, isEscaped) = ("", false)
      } else if character == "\\" {
        isEscaped = true
      } else if character == "\"" {
        isQuoted.toggle()
      } else if !isQuoted, character == "#" || character == ";" {
        break
      } else if !isQuoted, character.isWhitespace {
        if !result.isEmpty { blanks.append(character) }
      } else {
        result += blanks + String(character)
        blanks = ""
      }
    }
    return result
  }
}
