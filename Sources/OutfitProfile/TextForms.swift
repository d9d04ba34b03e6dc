import OutfitCore

extension TextForm {
  static let anything = TextForm(what: "a text", types: [.string, .number, .boolean]) { _ in nil }

  static let line = TextForm(what: "a line of text", types: [.string, .number]) { text in
    text.contains(where: \.isNewline) ? Complaint("this must be one line") : nil
  }

  static let boolean = TextForm(what: "true or false", types: [.boolean]) { text in
    if text == "true" || text == "false" { return nil }
    let meant: String? =
      switch text.lowercased() {
      case "yes", "on", "y", "true", "1": "true"
      case "no", "off", "n", "false", "0": "false"
      default: nil
      }
    return Complaint(
      "`\(text)` is neither true nor false", hint: meant.map { "write `\($0)`" } ?? "write `true` or `false`")
  }

  static func integer(_ range: ClosedRange<Int>, _ what: String) -> TextForm {
    TextForm(what: what, types: [.integer]) { text in
      if let number = Int(text), range.contains(number) { return nil }
      return Complaint(
        "`\(text)` is not \(what)", hint: "write a number from \(range.lowerBound) to \(range.upperBound)")
    }
  }

  /// A path in HOME, with or without `~/`, or an absolute one.
  static let homePath = TextForm(what: "a path") { text in
    let problem = PathProblem(text.hasPrefix("~/") ? String(text.dropFirst(2)) : text)
    return problem == nil || problem == .absolute ? nil : Complaint("`\(text)` is no path of this machine")
  }

  /// A day of ISO 8601.
  static let date = TextForm(what: "a day", pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}$") { text in
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    let isDay =
      parts.map(\.count) == [4, 2, 2] && parts.allSatisfy { $0.utf8.allSatisfy { (48...57).contains($0) } }
      && (1...12).contains(Int(parts[1]) ?? 0) && (1...31).contains(Int(parts[2]) ?? 0)
    return isDay ? nil : Complaint("`\(text)` is not a day", hint: "write it as 2027-01-31")
  }

  static let cooldown = TextForm(what: "a time", types: [.string, .integer], pattern: "^[0-9]+[hdw]?$") {
    text in
    Cooldown(text) == nil
      ? Complaint("`\(text)` is not a time", hint: "write 12h, 7d or 2w") : nil
  }

  static let version = TextForm(what: "a version", types: [.string, .number]) { text in
    if VersionRequest(text) != nil, isVersion(text) { return nil }
    return Complaint(
      "`\(text)` is not a version", hint: "write 3.13, 3.13.5, 25.*, \">=3.11,<3.14\" or latest")
  }

  /// A name of PEP 508.
  static let packageName = TextForm(
    what: "a package's name", pattern: "^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$"
  ) { text in
    if isPackageName(text) { return nil }
    if let bracket = text.firstIndex(of: "["), text.hasSuffix("]"), isPackageName(text[..<bracket]) {
      let extras = text[text.index(after: bracket)...].dropLast()
      return Complaint(
        "extras don't go with the name", hint: "write `\(text[..<bracket]): {extras: [\(extras)]}`")
    }
    let name = text.prefix { !"=<>!~ @".contains($0) }
    if name.count < text.count, isPackageName(name) {
      return Complaint(
        "a version doesn't go with the name", hint: "write `\(name): \"…\"` with the version there")
    }
    return Complaint(
      "`\(text)` is not a package's name", hint: "a name has letters, digits, `-`, `_` and `.`")
  }

  /// What `package:` may name: PyPI's names, and npm's with their scopes.
  static let anyPackageName = TextForm(
    what: "a package's name",
    pattern: "^(@[a-z0-9~-][a-z0-9._~-]*/)?[A-Za-z0-9~-]([A-Za-z0-9._~-]*[A-Za-z0-9])?$"
  ) { text in
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    let isScoped = parts.count == 2 && parts[0].hasPrefix("@") && isPackageName(parts[0].dropFirst())
    return isPackageName(text) || isScoped && isPackageName(parts[1])
      ? nil : Complaint("`\(text)` is not a package's name")
  }

  /// A requirement of PEP 508 without an address or markers.
  static let requirement = TextForm(what: "a package, with or without a version") { text in
    var rest = text.filter { $0 != " " }[...]
    let name = rest.prefix { !"[=<>!~@;".contains($0) }
    rest = rest.dropFirst(name.count)
    if rest.hasPrefix("["), let end = rest.firstIndex(of: "]") {
      let extras = rest[rest.index(after: rest.startIndex)..<end].split(separator: ",")
      guard !extras.isEmpty, extras.allSatisfy(isPackageName) else {
        return Complaint("`\(text)` names no extras in its brackets")
      }
      rest = rest[rest.index(after: end)...]
    }
    let operators = ["==", ">=", "<=", "~=", "!=", "<", ">"]
    let hasVersion =
      !rest.isEmpty && operators.contains { rest.hasPrefix($0) } && VersionRequest(rest) != nil
    if isPackageName(name), rest.isEmpty || hasVersion { return nil }
    return Complaint(
      "`\(text)` is not a package with or without a version", hint: "write `furo` or `\"furo>=2024.1\"`")
  }

  /// A requirement, or a package of npm's: `eslint-plugin-vue`, `@eslint/js@9.0.0-beta.1`.
  static let companion = TextForm(what: "a package, with or without a version") { text in
    guard let complaint = requirement.check(text) else { return nil }
    return isOfNpm(text) ? nil : complaint
  }

  private static func isOfNpm(_ text: String) -> Bool {
    let sign = text.dropFirst().lastIndex(of: "@")
    let version = sign.map { text[text.index(after: $0)...] }
    return anyPackageName.check(String(text[..<(sign ?? text.endIndex)])) == nil
      && version.map {
        !$0.isEmpty
          && $0.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) || ".-+^~*<>=".contains($0) }
      } ?? true
  }

  /// A name that a shell can call.
  static let programName = TextForm(what: "a program's name", pattern: "^[A-Za-z0-9_][A-Za-z0-9_.+-]*$") {
    text in
    let isName =
      text.first.map { isWordCharacter($0) } ?? false
      && text.allSatisfy { isWordCharacter($0) || ".+-".contains($0) }
    return isName ? nil : Complaint("`\(text)` is not a program's name")
  }

  static let suffix = TextForm(what: "a suffix", types: [.string, .number], pattern: "^[A-Za-z0-9_.+-]+$") {
    text in
    !text.isEmpty && text.allSatisfy { isWordCharacter($0) || ".+-".contains($0) }
      ? nil : Complaint("`\(text)` can't end a program's name")
  }

  /// A name that stands for one entry: of an index, a script, a hook.
  static let entryName = TextForm(
    what: "a name", types: [.string, .number], pattern: "^[A-Za-z0-9_]([A-Za-z0-9_.-]*)$"
  ) { text in
    let isName =
      text.first.map(isWordCharacter) ?? false && text.allSatisfy { isWordCharacter($0) || ".-".contains($0) }
    return isName
      ? nil : Complaint("`\(text)` is not a name", hint: "a name has letters, digits, `-`, `_` and `.`")
  }

  /// Folders and messages are named by it, and the generations.
  static let profileName = TextForm(
    what: "a profile's name", types: [.string, .number], pattern: "^[^\\s./~-][^\\s/]*$"
  ) { text in
    let isName =
      text.first.map { !"./~-".contains($0) } ?? false
      && text.unicodeScalars.allSatisfy {
        // What is invisible could be taken for another's name, and a terminal obeys it.
        $0 != "/" && $0 != "\\" && !$0.properties.isWhitespace
          && ![.control, .format, .unassigned, .privateUse].contains($0.properties.generalCategory)
      }
    return isName
      ? nil
      : Complaint(
        "`\(text)` is not a profile's name", hint: "it is one word without `/`, such as `web-team`")
  }

  /// A name that templates can use.
  static let dataName = TextForm(what: "a name", pattern: "^[A-Za-z_][A-Za-z0-9_-]*$") { text in
    guard let first = text.first, first == "_" || first.isLetter,
      text.allSatisfy({ isWordCharacter($0) || $0 == "-" })
    else {
      return Complaint(
        "`\(text)` is not a name for templates",
        hint: "it starts with a letter, and has letters, digits, `_` and `-`")
    }
    return Profile.builtInData.contains(text)
      ? Complaint("`\(text)` is what Outfit says of the machine", hint: "take another name") : nil
  }

  static let variableName = TextForm(what: "a variable's name", pattern: "^[A-Za-z_][A-Za-z0-9_]*$") { text in
    let isName = text.first.map { !$0.isNumber } ?? false && text.allSatisfy(isWordCharacter)
    return isName
      ? nil : Complaint("`\(text)` is not a variable's name", hint: "it has letters, digits and `_`")
  }

  /// A label of RFC 1123, as Kubernetes names things.
  static let label = TextForm(what: "a name", pattern: "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$") { text in
    let isLabel =
      !text.isEmpty && text.count <= 63 && !text.hasPrefix("-") && !text.hasSuffix("-")
      && text.allSatisfy { $0.isASCII && ($0.isLowercase || $0.isNumber || $0 == "-") }
    return isLabel
      ? nil
      : Complaint("`\(text)` can't be a name in Kubernetes", hint: "it has small letters, digits and `-`")
  }

  static let hostName = TextForm(what: "a host's name", pattern: "^[a-z0-9.-]+$") { text in
    text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label.check(String($0)) == nil }
      ? nil
      : Complaint("`\(text)` is not a host's name", hint: "write it without https:// and without a path")
  }

  static let image = TextForm(what: "an image without a tag", pattern: "^[a-z0-9][a-z0-9._/:-]*$") { text in
    let last = text.split(separator: "/").last ?? ""
    if last.contains(":") || text.contains("@") {
      return Complaint(
        "the image has a tag already",
        hint: "write `\(text.dropLast(last.count))\(last.prefix { $0 != ":" && $0 != "@" })`")
    }
    let isImage =
      text.first.map { $0.isASCII && ($0.isLowercase || $0.isNumber) } ?? false && !text.hasSuffix("/")
      && text.allSatisfy { $0.isASCII && ($0.isLowercase || $0.isNumber || "._/:-".contains($0)) }
    return isImage ? nil : Complaint("`\(text)` is not an image's name")
  }

  static let imageWithTag = TextForm(what: "an image with a tag", pattern: "^[a-z0-9][A-Za-z0-9._/:@-]*$") {
    text in
    let last = text.split(separator: "/").last ?? ""
    return last.contains(":") && !text.contains(" ")
      ? nil : Complaint("`\(text)` is not an image with a tag", hint: "write `debian:12-slim`")
  }

  static let indexAddress = address(["https", "http"])
  static let mirrorAddress = address(["https", "http", "file"])

  static let proxyAddress = address(["http", "https", "socks5", "socks5h"])

  static let absolutePath = TextForm(what: "a path", pattern: "^/") { text in
    text.hasPrefix("/") && !text.contains(where: \.isNewline)
      ? nil : Complaint("`\(text)` is no path from /", hint: "write the whole path")
  }

  private static func address(_ schemes: [String]) -> TextForm {
    let list = schemes.map { "\($0)://" }.joined(separator: " or ")
    return TextForm(what: "an address", pattern: "^(\(schemes.joined(separator: "|")))://") { text in
      guard let scheme = schemes.first(where: { text.hasPrefix("\($0)://") }),
        text.count > scheme.count + 3, !text.contains(where: \.isWhitespace)
      else {
        return Complaint("`\(withoutPasswords(text))` is not an address", hint: "it starts with \(list)")
      }
      let authority = text.dropFirst(scheme.count + 3).prefix { $0 != "/" }
      return authority.contains("@")
        ? Complaint(
          "an address in a manifest can't hold a user or a password",
          hint: "put them in ~/.netrc or in uv's own variables, and take them out here") : nil
    }
  }

  /// Of a file or an archive, or of a repository as layers name theirs.
  static let externalAddress = TextForm(
    what: "an address", pattern: "^(((git\\+)?(https?|file|ssh)|git\\+ssh)://|github:|[^/:]+@[^/:]+:)"
  ) { text in
    let isFile = ExternalFile.isFile(text)
    if isFile, !text.hasPrefix("file:"), text.hasSuffix(".git"), !text.contains("@") {
      return Complaint("`\(text)` is a repository's address", hint: "write `git+\(text)`")
    }
    guard !isFile else { return mirrorAddress.check(text) }
    do throws(Failure) {
      guard try GitAddress(text) == nil else { return nil }
    } catch {
      return error.diagnostics.first.map { Complaint($0.message, hint: $0.hint) }
    }
    return mirrorAddress.check(text)
  }

  /// An address in which `{os}`, `{arch}` and `{version}` are filled in.
  static let downloadAddress = TextForm(what: "an address", pattern: "^(https?|file)://") { text in
    mirrorAddress.check(text) ?? filledIn.check(text)
  }

  /// A name in which `{os}`, `{arch}` and `{version}` are filled in.
  static let filledIn = TextForm(what: "a name", pattern: "^[^\\s]+$") { text in
    for piece in text.split(separator: "{", omittingEmptySubsequences: false).dropFirst() {
      let name = String(piece.prefix { $0 != "}" })
      guard !["os", "system", "arch", "machine", "version"].contains(name) else { continue }
      return Complaint(
        "`{\(name)}` is nothing that Outfit fills in",
        hint: "it knows {version}, {os}, {system}, {arch} and {machine}")
    }
    return text.contains(where: \.isWhitespace) || text.isEmpty ? Complaint("`\(text)` is no name") : nil
  }

  /// A repository of GitHub's.
  static let repository = TextForm(what: "a repository", pattern: "^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$") {
    text in
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    let isName =
      parts.count == 2
      && parts.allSatisfy { part in
        !part.isEmpty && part.allSatisfy { isWordCharacter($0) || ".-".contains($0) }
      }
    return isName ? nil : Complaint("`\(text)` is no repository", hint: "write it as OWNER/REPO")
  }

  static let digest = TextForm(what: "a SHA-256 digest", pattern: "^(sha256:)?[0-9A-Fa-f]{64}$") { text in
    Digest(text) == nil
      ? Complaint("`\(text)` is not a SHA-256 digest", hint: "it has 64 hexadecimal digits") : nil
  }

  static let platform = TextForm(what: "a platform", pattern: "^(linux|macos)-(amd64|arm64)(-musl)?$") {
    text in
    if Platform(key: text) != nil { return nil }
    let names = Platform.common.map(\.key)
    return Complaint(
      "`\(text)` is not a platform",
      hint: nearest(text, among: names).map { "did you mean `\($0)`?" }
        ?? "write one of \(names.joined(separator: ", "))")
  }

  /// A file or, with `/` at its end, a folder in the layer's folder.
  static let sourceFile = TextForm(what: "a file of the profile") { text in
    switch PathProblem(text) {
    case .absolute, .home:
      Complaint("`\(text)` is not in the profile's folder", hint: "copy it there, and name it from there")
    case .escapes:
      Complaint("`\(text)` leaves the profile's folder", hint: "copy the file there, and name it from there")
    case .empty: Complaint("a file is wanted here")
    case nil: nil
    }
  }

  /// A folder in the layer's folder, or that itself.
  static let sourceFolder = TextForm(what: "a folder of the profile") { text in
    PathProblem(text) == .empty && !text.isEmpty ? nil : sourceFile.check(text)
  }

  /// A key of somebody else's settings.
  static let settingName = TextForm(what: "a key") { text in
    text.isEmpty || text.utf8.contains(0) ? Complaint("a key has a name") : nil
  }

  /// A name, or a path in a folder, with `*` and `?`.
  static let pattern = TextForm(what: "a name or a pattern") { text in
    switch PathProblem(text) {
    case nil: nil
    case .empty: Complaint("a name is wanted here")
    case .absolute, .home, .escapes:
      Complaint("`\(text)` is not in the folder", hint: "write a name, or a path from the tree's folder")
    }
  }

  /// A path below HOME, or, for entries that say `outside-home`, an absolute one.
  static let target = TextForm(what: "a path below your home folder") { text in
    switch PathProblem(text) {
    case .home:
      Complaint(
        "targets start at your home folder already",
        hint: text.firstIndex(of: "/").map { "write `\(text[$0...].dropFirst())`" }
          ?? "name a file in it: `.zshrc`")
    case .absolute:
      text.split(separator: "/").contains { $0 == ".." || $0 == "." } || text.allSatisfy { $0 == "/" }
        ? Complaint("`\(text)` is no target", hint: "write it in full: `/etc/acme.conf`") : nil
    case .escapes: Complaint("`\(text)` leaves your home folder", hint: "write it from there, without `..`")
    case .empty where text == "./": nil
    case .empty: Complaint("a target can't be the home folder itself", hint: "name a file in it: `.zshrc`")
    case nil: nil
    }
  }

  static let projectPath = TextForm(what: "a path in the project") { text in
    PathProblem(text) == nil
      ? nil : Complaint("`\(text)` is not in the project's folder", hint: "write it from there, without `..`")
  }

  /// Permission bits.
  static let mode = TextForm(what: "a mode", types: [.string, .integer], pattern: "^0?[0-7]{3}$") { text in
    let digits = text.hasPrefix("0o") ? text.dropFirst(2) : text[...]
    guard (3...4).contains(digits.count), let mode = UInt16(digits, radix: 8) else {
      return Complaint(
        "`\(text)` is not a mode", hint: "write `\"0644\"`, or `\"0600\"` for what only you may read")
    }
    return mode > 0o777
      ? Complaint("`\(text)` has bits beyond reading, writing and running", hint: "write `\"0755\"`") : nil
  }

  /// A package of the operating system.
  static let systemPackage = TextForm(what: "a package's name", pattern: "^[A-Za-z0-9@][A-Za-z0-9@+._:/-]*$")
  { text in
    let isName =
      text.first.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "@") } ?? false
      && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "@+._:/-".contains($0)) }
    return isName ? nil : Complaint("`\(text)` is not a package's name")
  }

  static let gitSetting = TextForm(what: "a setting of git", pattern: "^[A-Za-z0-9-]+\\..+$") { text in
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    let isSetting =
      parts.count >= 2 && parts.allSatisfy { !$0.isEmpty } && !text.hasPrefix("-")
      && !text.contains(where: \.isWhitespace)
    return isSetting ? nil : Complaint("`\(text)` is not a setting of git", hint: "write `user.email`")
  }

  /// A command whose words are apart by spaces.
  static let command = TextForm(what: "a command") { text in
    if text.contains(where: { "'\"\\$`|&;<>".contains($0) }) {
      return Complaint(
        "this command needs a shell to be understood", hint: "write it as a list: `[celery, -A, shop]`")
    }
    return text.split(separator: " ").isEmpty ? Complaint("a command is wanted here") : nil
  }

  /// A command whose words are apart as a shell has them; nothing else of a shell is understood.
  static let hookCommand = TextForm(what: "a command") { text in
    guard let words = ShellWords.split(text) else {
      return Complaint(
        "a quote in this command is not closed", hint: "write it as a list: `[black, --check]`")
    }
    return words.isEmpty ? Complaint("a command is wanted here") : nil
  }

  /// A command, or what a hook without one looks for.
  static let hookEntry = TextForm(what: "a command") {
    $0.isEmpty ? Complaint("a command is wanted here") : nil
  }

  /// Whatever git can fetch from, and no password.
  static let hookRepository = TextForm(what: "the address of a repository") { text in
    do throws(Failure) {
      let address = text.hasPrefix("/") ? "git+file://\(text)" : text
      guard let git = try GitAddress(address), git.subfolder.isEmpty, git.reference == nil else {
        return Complaint(
          "`\(text)` is not the address of a repository",
          hint: "write it as git takes it, and its tag as `rev:`")
      }
      return nil
    } catch {
      return error.diagnostics.first.map { Complaint($0.message, hint: $0.hint) }
    }
  }

  static let hookRevision = TextForm(what: "a tag, a branch or a commit") { text in
    text.isEmpty || text.hasPrefix("-") || text.hasSuffix("*") || !GitAddress.isReference(text)
      ? Complaint("`\(text)` is not a tag, a branch or a commit") : nil
  }

  static let remote = TextForm(what: "the address of a repository") { text in
    if let end = text.firstRange(of: "://"), !text[..<end.lowerBound].hasSuffix("ssh"),
      text[end.upperBound...].contains("@")
    {
      return Complaint(
        "an address in a manifest can't hold a user or a password",
        hint: "leave them out: a repository is known by its host and its path")
    }
    return GitRemote(text) == nil
      ? Complaint(
        "`\(text)` is not the address of a repository",
        hint: "write it as `git remote -v` shows it, or `github.com/OWNER/NAME`") : nil
  }

  static let reference = TextForm(what: "a branch or a tag") { text in
    GitAddress.isReference(text) && !text.hasPrefix("-") && !text.isEmpty
      ? nil : Complaint("`\(text)` is not a branch or a tag", hint: "write the name that git has for it")
  }

  static let repositories = TextForm(what: "the address of a repository") { text in
    SignerRule.canonical(text) == nil
      ? Complaint(
        "`\(text)` is not the address of a repository, or the beginning of one",
        hint: "write `github:OWNER/REPO`, `https://HOST/PATH`, or all of an owner: `github:OWNER/`") : nil
  }

  static let address = TextForm(what: "a folder or a git address") { text in
    text.isEmpty ? Complaint("a folder or a git address is wanted here") : nil
  }

  static let receiptPlace = TextForm(what: "a folder or a git address") { text in
    let hint = "write an absolute folder, ~/FOLDER, or git+ssh://git@HOST/PATH"
    do throws(Failure) {
      if let git = try GitAddress(text) {
        return git.commit == nil
          ? nil : Complaint("a commit can't take receipts", hint: "name a branch after `@`")
      }
    } catch {
      return Complaint(error.diagnostics.first?.message ?? "`\(text)` is not an address", hint: hint)
    }
    return text.hasPrefix("/") || text.hasPrefix("~/")
      ? nil : Complaint("`\(text)` is a place that depends on where one stands", hint: hint)
  }

  private static func isWordCharacter(_ character: Character) -> Bool {
    character.isASCII && (character.isLetter || character.isNumber || character == "_")
  }

  /// Whether what follows the numbers of each version is something that versions have: PEP 440's `a1`, `rc2`,
  /// `.post1`, `.dev3`, a free-threaded `t`, or a semantic version's `-beta.1` and `+build`.
  private static func isVersion(_ request: String) -> Bool {
    request.split(separator: ",").allSatisfy { clause in
      var rest = clause.drop { " =<>!~v".contains($0) }
      if rest == "latest" || rest == "*" { return true }
      if rest.hasSuffix(".*") { rest = rest.dropLast(2) }
      var tail = rest.drop { $0.isNumber || $0 == "." }
      if let end = tail.firstIndex(where: { $0 == "+" || $0 == "-" }) { tail = tail[..<end] }
      let words = tail.split { $0.isNumber || $0 == "." || $0 == "_" }
      return words.allSatisfy {
        ["a", "b", "c", "rc", "alpha", "beta", "post", "dev", "t"].contains($0.lowercased())
      }
    }
  }

  private static func isPackageName(_ text: some StringProtocol) -> Bool {
    guard let first = text.first, let last = text.last else { return false }
    return [first, last].allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) }
      && text.allSatisfy { isWordCharacter($0) || ".-".contains($0) }
  }
}

/// Why a text is not a path that stays below the folder where it starts.
public enum PathProblem {
  case empty, absolute, home, escapes

  public init?(_ text: String) {
    let parts = text.split(separator: "/")
    if text.hasPrefix("~/") || text == "~" || text.hasPrefix("$") {
      self = .home
    } else if text.hasPrefix("/") {
      self = .absolute
    } else if parts.contains("..") || text.utf8.contains(0) {
      self = .escapes
    } else if parts.allSatisfy({ $0 == "." }) {
      self = .empty
    } else {
      return nil
    }
  }
}
