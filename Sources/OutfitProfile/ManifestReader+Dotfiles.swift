import OutfitCore

/// The entries of `dotfiles:`.
extension ManifestDecoder {
  mutating func dotfile(_ pair: YamlPair) -> DotfileSection? {
    let node = pair.value
    guard node.pairs != nil else { return nil }
    var kinds = DotfileSection.Kind.allCases.filter { node[$0.rawValue] != nil }
    let isFlag = ["true", "false"].contains(node["template"]?.text)
    if isFlag, kinds.count > 1 { kinds.removeAll { $0 == .template } }
    guard let kind = kinds.first, kinds.count == 1 else {
      let names = DotfileSection.Kind.allCases.map(\.rawValue).joined(separator: ", ")
      checker.complain(
        kinds.isEmpty
          ? "`\(pair.key)` does not say where it comes from"
          : "`\(pair.key)` can't be \(kinds.map(\.rawValue).joined(separator: " and ")) at once",
        at: pair.keyLocation, hint: "write one of \(names): `\(pair.key): {copy: …}`")
      return nil
    }
    let isOutside = node["outside-home"]?.text == "true"
    if PathProblem(pair.key) == .absolute, !isOutside {
      checker.complain(
        "`\(pair.key)` lies outside your home folder", at: pair.keyLocation,
        hint: "write it from there: `.config/…`; if it is meant, add `outside-home: true` to the entry")
      return nil
    }
    if isOutside, PathProblem(pair.key) != .absolute,
      let key = node.pairs?.first(where: { $0.key == "outside-home" })
    {
      checker.complain(
        "`\(pair.key)` is in your home folder", at: key.keyLocation,
        hint: "take `outside-home` out, or write the target in full: `/etc/acme.conf`")
    }
    let isHome = pair.key == "./"
    if isHome, kind != .tree, kind != .chezmoi {
      checker.complain(
        "a target can't be the home folder itself", at: pair.keyLocation,
        hint: "name a file in it: `.zshrc`; only `tree:` and `chezmoi:` put a folder's files there")
    }
    if kind == .chezmoi, !isHome {
      checker.complain(
        "the names in a folder of chezmoi's say where in the home folder its files go", at: pair.keyLocation,
        hint: "write `./: {chezmoi: …}`")
      return nil
    }
    if kind == .keys { return keys(pair, isOutside: isOutside) }
    guard let source = node[kind.rawValue], let text = source.text,
      PathProblem(pair.key) == nil || PathProblem(pair.key) == .absolute
        || isHome && [.tree, .chezmoi].contains(kind)
    else { return nil }
    var file: String?
    switch kind {
    case .linkTo, .absent, .keys: break
    case .external: manifest.details["dotfiles.\(pair.key)"] = source.location
    case .template, .copy, .link, .block, .tree, .create:
      guard PathProblem(text) == nil else { return nil }
      manifest.details["dotfiles.\(pair.key)"] = source.location
      // A tree is a folder, with or without a slash.
      file = kind == .tree ? withSlash(text) : text
    case .chezmoi:
      guard [nil, .empty].contains(PathProblem(text)) else { return nil }
      manifest.details["dotfiles.\(pair.key)"] = source.location
      file = withSlash(text)
    }
    if kind == .absent, text == "false" {
      checker.complain(
        "`absent` is true or not there", at: source.location,
        hint: "take the entry out, or write `absent: true`")
    }
    if let file, ![.tree, .chezmoi].contains(kind), pair.key.hasSuffix("/") != file.hasSuffix("/") {
      checker.complain(
        "a folder's name ends with `/`, in the target and in the source", at: source.location,
        hint:
          "write `\(withSlash(pair.key)): {\(kind.rawValue): \(withSlash(file))}` for a folder, and no `/` for a file"
      )
    } else if let file, file.hasSuffix("/"), [.block, .template, .create].contains(kind) {
      checker.complain(
        "a \(kind) is a file, not a folder", at: source.location, hint: "write `copy: \(file)`")
    }
    complainOfForeignKeys(node, kind, isFlag: isFlag, isHome: isHome)
    var section = DotfileSection(
      kind: kind, file: file, mode: Self.mode(node["mode"]), secret: node["secret"]?.text == "true",
      onlyIfPresent: node["if-present"]?.text == "true",
      position: Self.choice(node["position"]) ?? .bottom, isOutsideHome: isOutside)
    section.replacesBlocks = node["replace"]?.text == "true"
    section.comment = node["comment"]?.text
    section.isRendered = isFlag && node["template"]?.text == "true"
    if kind == .linkTo { section.destination = text }
    if kind == .external {
      var external = ExternalFile(
        address: text, isFolder: pair.key.hasSuffix("/"), strip: node["strip"]?.text.flatMap { Int($0) } ?? 0,
        path: node["path"]?.text, digest: node["sha256"]?.text.flatMap { Digest($0) })
      external.isExecutable = node["executable"]?.text == "true"
      complainOf(external, pair)
      section.external = external
    }
    if kind == .tree {
      section.layout = TreeLayout(
        style: Self.choice(node["as"]) ?? .copy, exclude: Self.texts(node["exclude"]) ?? [],
        templates: Self.texts(node["templates"]) ?? [], isExact: node["exact"]?.text == "true",
        folderMode: Self.mode(node["dir-mode"]))
    }
    return section
  }

  /// What an external's address can't have beside it.
  private mutating func complainOf(_ external: ExternalFile, _ pair: YamlPair) {
    if let repository = external.repository {
      if !external.isFolder, repository.subfolder.isEmpty {
        checker.complain(
          "a repository is a folder", at: pair.keyLocation,
          hint: "write `\(pair.key)/`, or name a file of it: `\(external.pin.prefix { $0 != "@" })//FILE`")
      }
      for key in ["strip", "path", "sha256", "executable"] {
        guard let other = pair.value.pairs?.first(where: { $0.key == key }) else { continue }
        checker.complain(
          "`\(key)` says nothing of a repository", at: other.keyLocation,
          hint:
            "a folder or a file of it is named by the address (`//FOLDER@REF`), and outfit.lock has its commit"
        )
      }
    } else if external.isExecutable, external.isFolder || external.path != nil,
      let key = pair.value.pairs?.first(where: { $0.key == "executable" })
    {
      checker.complain(
        "what is a program in an archive, the archive says", at: key.keyLocation, hint: "take it out")
    }
  }

  /// Keys to be set in a file of settings.
  private mutating func keys(_ pair: YamlPair, isOutside: Bool) -> DotfileSection? {
    let node = pair.value
    guard let source = node["keys"], source.pairs != nil, PathProblem(pair.key) == nil || isOutside else {
      return nil
    }
    manifest.details["dotfiles.\(pair.key)"] = source.location
    complainOfForeignKeys(node, .keys, isFlag: false, isHome: false)
    var section = DotfileSection(
      kind: .keys, file: nil, mode: Self.mode(node["mode"]),
      onlyIfPresent: node["if-present"]?.text == "true",
      isOutsideHome: isOutside)
    let settings = SettingValue(source)
    section.settings = settings
    section.format = Self.choice(node["format"])
    guard let format = section.format ?? SettingsFormat(name: pair.key) else {
      if node["format"] == nil {
        let names = SettingsFormat.allCases.map(\.rawValue).joined(separator: ", ")
        checker.complain(
          "the name of `\(pair.key)` does not say how it is written", at: source.location,
          hint: "add `format:` with one of \(names)")
      }
      return nil
    }
    section.format = format
    for (path, value) in settings.leaves {
      if path.isEmpty {
        checker.complain(
          "`keys` sets nothing", at: source.location, hint: "for example `keys: {editor: {tabSize: 2}}`")
      } else if let problem = format.problem(path, value) {
        checker.complain(
          problem, at: source.location, hint: "write what can stand in a file of this kind, or take it out")
      }
    }
    return section
  }

  /// What a dotfile's entry says that means nothing of its kind.
  private mutating func complainOfForeignKeys(
    _ node: YamlNode, _ kind: DotfileSection.Kind, isFlag: Bool, isHome: Bool
  ) {
    let style: TreeLayout.Style = Self.choice(node["as"]) ?? .copy
    func refused(_ key: String) -> (what: String, hint: String)? {
      switch key {
      case "if-present" where kind == .keys: nil
      case "if-present", "position", "replace", "comment":
        kind == .block ? nil : ("`\(key)` belongs to a block", "take it out")
      case "strip", "path", "sha256", "executable":
        kind == .external ? nil : ("`\(key)` belongs to an external", "take it out, or write `external:`")
      case "format": kind == .keys ? nil : ("`format` belongs to keys", "take it out")
      case "as", "exclude", "templates", "exact", "dir-mode":
        if kind != .tree {
          ("`\(key)` belongs to a tree", "take it out, or write `tree:` for a folder")
        } else if isHome, ["exact", "dir-mode"].contains(key) || key == "as" && style == .fold {
          ("`\(key)` can't be said of the home folder itself", "take it out, or name a folder in it")
        } else if style == .fold, key != "as" {
          ("`\(key)` says nothing of one link to a folder", "take it out, or write `as: link`")
        } else if style == .link, key == "templates" {
          ("a link can't be rendered", "take `templates` out, or write `as: copy`")
        } else {
          nil
        }
      case "mode":
        if kind == .chezmoi {
          (
            "the names in a folder of chezmoi's say which mode a file has",
            "take it out: `private_`, `executable_`"
          )
        } else if [.link, .linkTo, .absent, .external].contains(kind) || kind == .tree && style != .copy {
          ("a link has no mode of its own, and neither has what is absent", "take it out")
        } else {
          nil
        }
      case "secret":
        if kind == .keys {
          ("the values of keys stand in the manifest, so that they are no secret", "take it out")
        } else {
          kind == .absent || kind == .external
            ? ("what is absent, or at an address, has nothing to hide", "take it out") : nil
        }
      case "template":
        isFlag && ![.block, .create, .linkTo, .template].contains(kind)
          ? (
            "`template: true` belongs to a block, to `create` and to `link-to`",
            kind == .tree ? "name the files: `templates: \"*.mustache\"`" : "write `template:` for the file"
          ) : nil
      default: nil
      }
    }
    for pair in node.pairs ?? [] {
      guard let (what, hint) = refused(pair.key) else { continue }
      // Links of people that say so already go on doing nothing with it.
      if pair.key == "mode", kind == .link { continue }
      checker.complain(what, at: pair.keyLocation, hint: hint)
    }
  }

  private static func mode(_ node: YamlNode?) -> UInt16? {
    node?.text.flatMap { UInt16($0.hasPrefix("0o") ? $0.dropFirst(2) : $0[...], radix: 8) }
  }

  private func withSlash(_ text: String) -> String { text.hasSuffix("/") ? text : text + "/" }
}
