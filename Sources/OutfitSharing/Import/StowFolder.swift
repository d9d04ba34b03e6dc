import OutfitCore
import OutfitProfile

/// A folder of packages that GNU stow puts into the home folder (https://www.gnu.org/software/stow/manual).
public enum StowFolder {
  /// Folders that many write in, so that none is a link to one package's.
  private static let shared: Set<String> = [
    ".config", ".config/systemd", ".config/systemd/user", ".local", ".local/bin", ".local/lib",
    ".local/share",
    ".local/share/applications", ".local/share/fonts", ".local/state", ".cache", ".ssh", ".gnupg", "bin",
    "Library",
    "Library/Application Support", "Library/LaunchAgents",
  ]

  /// What stow leaves out where a package says nothing.
  private static let usual = [
    "RCS", ".+,v", "CVS", "\\.\\#.+", "\\.cvsignore", "\\.svn", "_darcs", "\\.hg", "\\.git", "\\.gitignore",
    "\\.gitmodules", ".+~", "\\#.*\\#", "^/README.*", "^/LICENSE.*", "^/COPYING",
  ]

  /// What lies at the top of a repository for git, for editors and for what checks it, and in no home folder.
  private static let repositoryNames: Set<String> = [
    ".git", ".gitignore", ".gitattributes", ".gitmodules", ".gitkeep", ".github", ".gitlab", ".gitea",
    ".git-blame-ignore-revs", ".git-crypt", ".forgejo", ".circleci", ".stowrc", ".stow-local-ignore",
    ".stow-global-ignore", ".editorconfig", ".vscode", ".idea", ".devcontainer", ".husky", ".DS_Store",
    ".env",
    ".envrc", ".direnv", ".venv", ".tool-versions", ".python-version", ".node-version", ".nvmrc",
    ".dockerignore", ".prettierrc", ".prettierignore", ".shellcheckrc", ".luacheckrc", ".yamllint",
    ".codespellrc", ".nojekyll", ".claude", ".cursor",
  ]

  /// What a program of a repository's reads there, too, by its ending: `.travis.yml`, `.luarc.json`.
  private static let repositoryEndings = [".yml", ".yaml", ".json", ".jsonc", ".toml", ".cjs", ".mjs"]

  private struct Options {
    var target = ""
    var hasDotNames = false
    var keepsFolders = true
    var ignored: [String] = []
  }

  /// - Parameters:
  ///   - texts: `.stowrc`, and `.stow-local-ignore` of packages, by their paths in the folder.
  ///   - named: the packages; `.` is the folder itself. Without any, those that look like packages.
  ///   - standsThere: whether a path of the home folder is a folder of its own already.
  public static func read(
    _ listing: LinkImport.Listing, texts: [String: String], home: String, named: [String] = [],
    standsThere: (String) -> Bool
  ) -> LinkImport {
    var result = LinkImport()
    let options = options(texts[".stowrc"], home: home, &result)
    let packages =
      named.isEmpty
      ? packages(listing, texts, options, &result) : named.map { $0 == "." ? "" : $0 }
    var folders: [String: [String]] = [:]
    var files: [String: [String]] = [:]
    for package in packages {
      let ignore = package.isEmpty ? texts[".stow-local-ignore"] : texts["\(package)/.stow-local-ignore"]
      let own = ignore.map { text in
        text.split(separator: "\n").map { PatternLine.plain($0) }.filter { !$0.isEmpty }
      }
      var patterns: [Regex<AnyRegexOutput>] = []
      for text in (own ?? usual) + options.ignored {
        // One with a slash is for paths, and each other for names.
        let body =
          text.contains("/")
          ? "(^|.*/)\(text.hasPrefix("^/") ? String(text.dropFirst(2)) : text)(/.*)?" : text
        if let pattern = try? Regex("^(\(body))$") {
          patterns.append(pattern)
        } else {
          result.remarks.append(.init(package.isEmpty ? ".stowrc" : package, nil, "`\(text)` is no pattern"))
        }
      }
      collect(listing, package, "", package, options, patterns, &folders, &files)
    }
    place("", listing, options, folders, files, standsThere, &result)
    return result
  }

  /// The folders that look like packages, or the folder itself (`stow .`), as which its name is empty. What is not
  /// taken is said.
  private static func packages(
    _ listing: LinkImport.Listing, _ texts: [String: String], _ options: Options, _ result: inout LinkImport
  ) -> [String] {
    func hasDot(_ name: String) -> Bool {
      name.hasPrefix(".") || options.hasDotNames && name.hasPrefix("dot-")
    }
    let top = listing.children[""] ?? []
    let isItself =
      texts[".stow-local-ignore"] != nil || !options.target.isEmpty
      || top.contains { name in
        hasDot(name) && !repositoryNames.contains(name)
          && !repositoryEndings.contains(where: name.hasSuffix)
      }
    if isItself { return [""] }
    var packages: [String] = []
    for name in top where !name.hasPrefix(".") {
      guard listing.kinds[name] == .folder else {
        guard !["README", "LICENSE", "COPYING"].contains(where: name.hasPrefix) else { continue }
        result.remarks.append(
          .init(
            name, nil, "`\(name)` lies beside the packages, and stow links what is in them", isLoss: false))
        continue
      }
      let names = listing.children[name] ?? []
      if names.contains(where: {
        hasDot($0) && ![".stow-local-ignore", ".gitkeep", ".gitignore"].contains($0)
      }) {
        packages.append(name)
      } else if names.contains(where: { $0.hasPrefix("dot-") }) {
        result.remarks.append(
          .init(
            name, nil, "`\(name)` is taken for no package: of its `dot-` names stow makes dots by --dotfiles",
            hint: "write --dotfiles into .stowrc, and import again"))
      } else {
        result.remarks.append(
          .init(
            name, nil, "`\(name)` is taken for no package: nothing in it begins with a dot",
            hint: "--package NAME, for each package, says which they are", isLoss: false))
      }
    }
    return packages
  }

  private static func options(_ text: String?, home: String, _ result: inout LinkImport) -> Options {
    var options = Options()
    for (index, line) in (text ?? "").split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      var words = PatternLine.words(PatternLine.plain(line))[...]
      while let word = words.popFirst() {
        let (name, given) = option(word)
        func value() -> String { given ?? words.popFirst() ?? "" }
        switch name {
        case "--dotfiles": options.hasDotNames = true
        case "--no-folding": options.keepsFolders = false
        case "--ignore": options.ignored.append(value())
        case "--target", "-t":
          let written = value()
          var path = written.replacing("$HOME", with: "~")
          if path == home || path.hasPrefix(home + "/") { path = "~" + path.dropFirst(home.count) }
          guard path == "~" || path.hasPrefix("~/") else {
            result.remarks.append(
              .init(
                ".stowrc", index + 1, "`\(written)` lies outside of your home folder",
                hint: "its links are taken for those of your home folder"))
            continue
          }
          options.target = path.split(separator: "/").dropFirst().joined(separator: "/")
        case "--verbose", "-v":
          if words.first?.allSatisfy(\.isNumber) == true { words.removeFirst() }
        // These say how stow runs, and nothing about its links.
        case "--simulate", "--no", "-n", "--stow", "-S", "--restow", "-R", "--compat",
          "-p",
          "--adopt":
          break
        default:
          if ["--dir", "-d", "--defer", "--override"].contains(name) { _ = value() }
          result.remarks.append(.init(".stowrc", index + 1, "`\(name)` is not taken over"))
        }
      }
    }
    return options
  }

  /// An option and what is given to it in the same word.
  private static func option(_ word: String) -> (name: String, value: String?) {
    if let equals = word.firstIndex(of: "="), word.hasPrefix("-") {
      return (String(word[..<equals]), String(word[word.index(after: equals)...]))
    }
    let isJoined = word.count > 2 && ["-t", "-d", "-v"].contains(where: word.hasPrefix)
    return isJoined ? (String(word.prefix(2)), String(word.dropFirst(2))) : (word, nil)
  }

  /// - Parameter inner: the path in the package.
  private static func collect(
    _ listing: LinkImport.Listing, _ path: String, _ inner: String, _ package: String, _ options: Options,
    _ patterns: [Regex<AnyRegexOutput>], _ folders: inout [String: [String]],
    _ files: inout [String: [String]]
  ) {
    for name in listing.children[path] ?? [] where name != ".stow-local-ignore" && name != ".stowrc" {
      let source = path.isEmpty ? name : "\(path)/\(name)"
      let place = inner.isEmpty ? name : "\(inner)/\(name)"
      let isLeft = patterns.contains { pattern in
        (try? pattern.wholeMatch(in: name)) ?? nil != nil
          || (try? pattern.wholeMatch(in: place)) ?? nil != nil
      }
      guard !isLeft, let kind = listing.kinds[source] else { continue }
      let shown = place.split(separator: "/").map { part in
        options.hasDotNames && part.hasPrefix("dot-") ? "." + part.dropFirst(4) : String(part)
      }.joined(separator: "/")
      let target = options.target.isEmpty ? shown : "\(options.target)/\(shown)"
      if kind == .folder {
        folders[target, default: []].append(source)
        collect(listing, source, place, package, options, patterns, &folders, &files)
      } else {
        files[target, default: []].append(source)
      }
    }
  }

  /// A folder that one package alone has is one link, where nobody else writes in it.
  private static func place(
    _ folder: String, _ listing: LinkImport.Listing, _ options: Options, _ folders: [String: [String]],
    _ files: [String: [String]], _ standsThere: (String) -> Bool, _ result: inout LinkImport
  ) {
    var done: Set<String> = []
    func isBelow(_ target: String) -> Bool {
      var above = target
      while let slash = above.lastIndex(of: "/") {
        above = String(above[..<slash])
        if done.contains(above) { return true }
      }
      return false
    }
    for (target, sources) in folders.sorted(by: { $0.key < $1.key })
    where options.keepsFolders && !isBelow(target) {
      guard sources.count == 1, files[target] == nil, !shared.contains(target), !standsThere(target) else {
        continue
      }
      done.insert(target)
      result.links.append(.init(target, sources[0], isFolder: true))
    }
    for (target, sources) in files.sorted(by: { $0.key < $1.key }) where !isBelow(target) {
      guard sources.count == 1, folders[target] == nil else {
        result.remarks.append(
          .init(sources[0], nil, "\(target) is in more than one package: \(sources.joined(separator: ", "))"))
        continue
      }
      result.links.append(.init(target, sources[0], isFolder: false))
    }
    result.links.sort { $0.target < $1.target }
  }
}

private enum PatternLine {
  static func plain(_ line: Substring) -> String {
    var text = line.prefix { $0 != "#" || line.contains("\\#") }
    while text.last?.isWhitespace == true { text.removeLast() }
    return String(text.drop(while: \.isWhitespace))
  }

  /// The words of a line: blanks within quotes are part of one, and the quotes are not. A `\` is an expression's.
  static func words(_ line: String) -> [String] {
    var words: [String] = []
    var word: String?
    var quote: Character?
    for character in line {
      if character == quote {
        quote = nil
      } else if quote == nil, character == "'" || character == "\"" {
        quote = character
        word = word ?? ""
      } else if quote == nil, character.isWhitespace {
        if let whole = word { words.append(whole) }
        word = nil
      } else {
        word = (word ?? "") + String(character)
      }
    }
    if let whole = word { words.append(whole) }
    return words
  }
}
