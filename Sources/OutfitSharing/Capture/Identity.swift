import OutfitEngine
import OutfitSystem
import SystemPackage

/// Who a machine belongs to, as it stands in settings: what a profile has by names and never as it is.
public struct Identity: Sendable {
  /// A text, and the name that templates have for it.
  public struct Term: Hashable, Sendable {
    public var text: String
    /// Of `data`: `home`, `email`, `host_2`.
    public var key: String
  }

  /// What a profile asks for.
  public struct Question: Hashable, Sendable {
    public var key: String
    public var prompt: String
    /// `user.email`: what git knows is offered.
    public var gitSetting: String?
    /// On this machine.
    public var answer: String
  }

  /// The longest first, so that what holds another is found whole.
  public private(set) var terms: [Term] = []
  public private(set) var questions: [Question] = []
  /// The domain of one's own addresses.
  private var domains: Set<String> = []

  /// Names that stand for nobody.
  private static let common: Set<String> = [
    "root", "user", "admin", "administrator", "home", "test", "guest", "vagrant", "ubuntu", "debian",
    "fedora",
    "dev", "developer", "git", "pi", "node", "python", "runner", "docker", "localhost", "localdomain",
    "linux", "mac",
    "macbook", "laptop", "desktop", "server", "host", "default", "main", "bash", "shell", "vim", "code",
    "work",
    "workspace", "vscode", "outfit", "system", "local", "config",
  ]

  /// - Parameters:
  ///   - gitconfig: the texts of git's own settings of this user.
  ///   - passwd: /etc/passwd, where the login's full name stands.
  ///   - hosts: names of hosts that this user reaches.
  public init(user: User, hostname: String, gitconfig: [String], passwd: String, hosts: [String]) {
    let home = user.home.string
    if home.count > 1 { terms.append(Term(text: home, key: "home")) }
    if Self.tells(user.name) { terms.append(Term(text: user.name, key: "user")) }
    let short = hostname.split(separator: ".").first.map(String.init) ?? ""
    if Self.tells(hostname) { terms.append(Term(text: hostname, key: "hostname")) }
    if short != hostname, Self.tells(short) { ask(short, "machine", "This machine's short name") }
    for settings in gitconfig {
      for (key, value) in Self.settings(settings) {
        switch key {
        case "user.name": ask(value, "name", "Your name", git: "user.name")
        case "user.email":
          ask(value, "email", "Your e-mail", git: "user.email")
          note(domainOf: value)
        case "user.signingkey":
          ask(value, "signing_key", "The key that you sign with", git: "user.signingkey")
        case let other where other.hasSuffix(".user") || other.hasSuffix(".username"):
          if Self.tells(value) { ask(value, "account", "Your account's name") }
        default: continue
        }
      }
    }
    for line in passwd.split(whereSeparator: \.isNewline) {
      let fields = line.split(separator: ":", omittingEmptySubsequences: false)
      guard fields.count > 4, fields[0] == user.name[...] else { continue }
      let full = String(fields[4].prefix { $0 != "," })
      if full.contains(" ") { ask(full, "full_name", "Your full name") }
    }
    for host in hosts where Self.tells(host) && host.contains(".") {
      ask(host, "host", "A host that you reach")
    }
    sort()
  }

  private static func tells(_ name: String) -> Bool { name.count >= 3 && !common.contains(name.lowercased()) }

  /// `section.key` and value of git's settings.
  private static func settings(_ text: String) -> [(String, String)] {
    var section = ""
    var found: [(String, String)] = []
    for line in text.split(whereSeparator: \.isNewline).map(\.trimmed) {
      if line.hasPrefix("[") {
        section = line.dropFirst().prefix { !$0.isWhitespace && $0 != "]" }.lowercased()
        continue
      }
      let parts = line.split(separator: "=", maxSplits: 1).map(\.trimmed)
      guard parts.count == 2, !line.hasPrefix("#"), !line.hasPrefix(";") else { continue }
      let value = parts[1].filter { $0 != "\"" }
      if !value.isEmpty { found.append(("\(section).\(parts[0].lowercased())", value)) }
    }
    return found
  }

  private mutating func note(domainOf address: String) {
    guard let at = address.lastIndex(of: "@") else { return }
    let domain = address[address.index(after: at)...].lowercased()
    if !PublicHosts.has(domain) { domains.insert(domain) }
  }

  /// A text that is asked for wherever the profile goes.
  private mutating func ask(_ text: String, _ name: String, _ prompt: String, git: String? = nil) {
    guard !text.isEmpty, !text.contains("\t"), !terms.contains(where: { $0.text == text }) else { return }
    let others = questions.count { $0.key == name || $0.key.hasPrefix("\(name)_") }
    let key = others == 0 ? name : "\(name)_\(others + 1)"
    let number = others == 0 ? "" : " (\(others + 1))"
    terms.append(Term(text: text, key: key))
    questions.append(
      Question(key: key, prompt: prompt + number, gitSetting: others == 0 ? git : nil, answer: text))
  }

  private mutating func sort() {
    terms.sort { ($1.text.utf8.count, $0.text) < ($0.text.utf8.count, $1.text) }
  }

  /// Learns what else in a text is somebody's: addresses of people, and hosts of one's own.
  public mutating func learn(from text: String) {
    for (address, domain) in Addresses.people(in: text) {
      if address.contains("@") {
        ask(address, "email", "An e-mail, or a login at a host")
      } else {
        ask(address, "host", "A host that you reach")
      }
      if domains.contains(domain) { continue }
      note(domainOf: address)
    }
    for host in Addresses.hosts(in: text)
    where Addresses.isPrivate(host) || domains.contains(where: { host == $0 || host.hasSuffix(".\($0)") }) {
      ask(host, "host", "A host that you reach")
    }
    sort()
  }

  /// The hosts of a text that are neither known to everybody nor asked for.
  public func otherHosts(in text: String) -> [String] {
    Addresses.hosts(in: text).filter { host in
      !PublicHosts.has(host) && !terms.contains { $0.text == host }
    }
  }

  /// The pieces of a text: what stays, and what a name stands for.
  func pieces(of text: String) -> [(text: String, key: String?)] {
    let bytes = Array(text.utf8)
    var pieces: [(text: String, key: String?)] = []
    var plain: [UInt8] = []
    var index = 0
    while index < bytes.count {
      if let term = terms.first(where: { isHere($0, bytes, index) }) {
        if !plain.isEmpty { pieces.append((String(decoding: plain, as: UTF8.self), nil)) }
        plain = []
        pieces.append((term.text, term.key))
        index += term.text.utf8.count
      } else {
        plain.append(bytes[index])
        index += 1
      }
    }
    if !plain.isEmpty { pieces.append((String(decoding: plain, as: UTF8.self), nil)) }
    return pieces
  }

  /// A whole word, and no part of another.
  private func isHere(_ term: Term, _ bytes: [UInt8], _ index: Int) -> Bool {
    let text = term.text.utf8
    guard bytes[index...].starts(with: text) else { return false }
    let end = index + text.count
    func isPart(_ byte: UInt8) -> Bool { TokenShapes.isWord(byte) && byte != 95 || byte >= 128 }
    if let first = text.first, isPart(first), index > 0, isPart(bytes[index - 1]) { return false }
    if let last = text.last, isPart(last), end < bytes.count, isPart(bytes[end]) { return false }
    return true
  }

  /// A text for others: what is somebody's by its name, `<user>`, and hosts that not everybody knows by a number.
  public func redacted(_ text: String) -> String {
    var text = pieces(of: text).map { $0.key.map { "<\($0)>" } ?? $0.text }.joined()
    for (index, host) in Set(otherHosts(in: text)).sorted(by: { ($1.count, $0) < ($0.count, $1) })
      .enumerated()
    {
      text = text.replacing(host, with: "<host \(index + 1)>")
    }
    return text
  }

  /// Somebody's name stands in it, as in the path of a file.
  public func isIn(_ text: String) -> Bool { pieces(of: text).contains { $0.key != nil } }
}

/// Addresses of people and of hosts in a text.
enum Addresses {
  private static func isPart(_ character: Character) -> Bool {
    character.isASCII && (character.isLetter || character.isNumber || "._-+%".contains(character))
  }

  /// `ann@host.example`, and the domain in small letters. What everybody writes, `git@github.com`, is nobody's.
  static func people(in text: String) -> [(address: String, domain: String)] {
    var found: [(String, String)] = []
    for line in text.split(whereSeparator: \.isNewline) where line.contains("@") {
      var rest = line
      while let at = rest.firstIndex(of: "@") {
        let user = String(rest[..<at].reversed().prefix(while: isPart).reversed())
        let after = rest[rest.index(after: at)...]
        var domain = String(after.prefix { isPart($0) && $0 != "%" && $0 != "+" && $0 != "_" })
        while domain.last == "." || domain.last == "-" { domain.removeLast() }
        rest = after
        guard !user.isEmpty, domain.contains("."),
          domain.first?.isLetter == true || domain.first?.isNumber == true,
          domain.split(separator: ".").last?.count ?? 0 >= 2
        else { continue }
        if user == "git" || user == "noreply" || user == "users.noreply" {
          if !PublicHosts.has(domain.lowercased()) { found.append((domain, domain.lowercased())) }
          continue
        }
        found.append(("\(user)@\(domain)", domain.lowercased()))
      }
    }
    return found
  }

  private static let endings: Set<String> = [
    "com", "org", "net", "io", "dev", "edu", "gov", "info", "biz", "app", "cloud", "ai", "tech", "example",
    "test",
    "corp", "internal", "intranet", "lan", "local", "home", "private", "de", "fr", "uk", "ch", "at", "nl",
    "eu",
    "us", "ca", "es", "se", "pl", "jp", "cn", "br", "au", "ru", "cz", "dk", "fi", "be", "arpa",
  ]

  /// Names of hosts, and addresses of IP version 4, in small letters as they stand there.
  static func hosts(in text: String) -> [String] {
    var found: [String] = []
    for line in text.split(whereSeparator: \.isNewline) where line.contains(".") {
      var rest = line
      var before: Character?
      while let first = rest.first {
        guard first.isASCII, first.isLetter || first.isNumber else {
          before = first
          rest.removeFirst()
          continue
        }
        var word = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || "-.".contains($0)) }
        rest = rest[word.endIndex...]
        while word.last == "." || word.last == "-" { word.removeLast() }
        let after = rest.first
        defer { before = word.last }
        // Names of files, and what a dot begins.
        guard before != ".", before != "_", after != "_",
          !(before == "/" && !line[..<word.startIndex].hasSuffix("//"))
        else { continue }
        let labels = word.split(separator: ".", omittingEmptySubsequences: false)
        guard labels.count > 1, labels.allSatisfy({ !$0.isEmpty }), let last = labels.last else { continue }
        let isAddress = labels.count == 4 && labels.allSatisfy { Int($0).map { $0 < 256 } ?? false }
        let isURL = line[..<word.startIndex].hasSuffix("://") || line[..<word.startIndex].hasSuffix("@")
        let isName =
          endings.contains(last.lowercased()) && (labels.count > 2 || isURL || last.count > 2 || after == ":")
        if isAddress || isName || isURL && last.allSatisfy(\.isLetter) { found.append(String(word)) }
      }
    }
    return found.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }

  /// A host that only some can reach.
  static func isPrivate(_ host: String) -> Bool {
    let labels = host.lowercased().split(separator: ".")
    let numbers = labels.compactMap { Int($0) }
    if numbers.count == 4, labels.count == 4 {
      return numbers[0] != 127 && numbers[0] != 0 && numbers[0] != 255
        && !["1.1.1.1", "1.0.0.1", "8.8.8.8", "8.8.4.4", "9.9.9.9"].contains(host)
    }
    return labels.last.map {
      ["corp", "internal", "intranet", "lan", "local", "home", "private", "arpa"].contains(String($0))
    }
      ?? false
  }
}

/// Hosts that say nothing about who names them.
enum PublicHosts {
  private static let domains: Set<String> = [
    "github.com", "githubusercontent.com", "github.io", "gitlab.com", "bitbucket.org", "codeberg.org",
    "sr.ht", "gmail.com",
    "googlemail.com", "outlook.com", "hotmail.com", "icloud.com", "yahoo.com", "proton.me", "protonmail.com",
    "gmx.de",
    "gmx.net", "web.de", "pypi.org", "pythonhosted.org", "npmjs.org", "npmjs.com", "nodejs.org", "python.org",
    "rust-lang.org", "crates.io", "golang.org", "go.dev", "debian.org", "ubuntu.com", "archlinux.org",
    "brew.sh", "docker.com",
    "docker.io", "ghcr.io", "quay.io", "kubernetes.io", "google.com", "googleapis.com", "mozilla.org",
    "gnu.org",
    "kernel.org", "stackoverflow.com", "wikipedia.org", "vim.org", "neovim.io", "zsh.org", "fishshell.com",
    "starship.rs",
    "duckduckgo.com", "youtube.com", "microsoft.com", "apple.com", "amazon.com", "example.com", "example.org",
    "example.net",
    "localhost.localdomain", "json-schema.org", "schemastore.org", "w3.org", "man7.org", "tmux.github.io",
    "wttr.in",
  ]

  static func has(_ host: String) -> Bool {
    let labels = host.lowercased().split(separator: ".")
    return labels.indices.contains { domains.contains(labels[$0...].joined(separator: ".")) }
  }
}
