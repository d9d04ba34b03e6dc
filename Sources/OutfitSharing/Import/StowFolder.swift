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

  private struct Options {
    var target = ""
    var hasDotNames = false
    var ignored: [String] = []
  }

  /// - Parameters:
  ///   - texts: `.stowrc`, and `.stow-local-ignore` of packages, by their paths in the folder.
  ///   - standsThere: whether a path of the home folder is a folder of its own already.
  public static func read(
    _ listing: LinkImport.Listing, texts: [String: String], home: String, standsThere: (String) -> Bool
  ) -> LinkImport {
    var result = LinkImport()
    let options = options(texts[".stowrc"], home: home, &result)
    let top = (listing.children[""] ?? []).filter { listing.kinds[$0] == .folder && !$0.hasPrefix(".") }
    func isPackage(_ name: String) -> Bool {
      (listing.children[name] ?? []).contains {
        $0.hasPrefix(".") && $0 != ".stow-local-ignore" || $0.hasPrefix("dot-")
      }
    }
    // Without such a package, or with another target than the home folder, the folder itself is one: `stow .`.
    let packages = options.target.isEmpty && top.contains(where: isPackage) ? top : [""]
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

  private static func options(_ text: String?, home: String, _ result: inout LinkImport) -> Options {
    var options = Options()
    for (index, line) in (text ?? "").split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let plain = PatternLine.plain(line)
      let value = plain.firstIndex(of: "=").map { String(plain[plain.index(after: $0)...]) } ?? ""
      if plain == "--dotfiles" {
        options.hasDotNames = true
      } else if plain.hasPrefix("--ignore=") {
        options.ignored.append(value)
      } else if plain.hasPrefix("--target=") || plain.hasPrefix("-t=") {
        var path = value.replacing("$HOME", with: "~")
        if path == home || path.hasPrefix(home + "/") { path = "~" + path.dropFirst(home.count) }
        guard path == "~" || path.hasPrefix("~/") else {
          result.remarks.append(
            .init(
              ".stowrc", index + 1, "`\(value)` lies outside of your home folder",
              hint: "its links are taken for those of your home folder"))
          continue
        }
        options.target = path.split(separator: "/").dropFirst().joined(separator: "/")
      }
    }
    return options
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
    for (target, sources) in folders.sorted(by: { $0.key < $1.key }) where !isBelow(target) {
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
}
