/// A folder as chezmoi keeps it, sorted by what its names say. Nothing of it is read yet.
public struct ChezmoiTree: Sendable {
  public struct Entry: Hashable, Sendable {
    public enum Kind: Hashable, Sendable {
      /// - Parameter bytes: where they are known already.
      case file(size: Int, isExecutable: Bool, bytes: [UInt8]?)
      case folder
      case link(String)
      /// What is neither, or can't be read, and why.
      case odd(String)
    }
    /// From the tree's folder, without `.` and `..`.
    public var path: String
    public var kind: Kind

    public init(_ path: String, _ kind: Kind) { (self.path, self.kind) = (path, kind) }
  }

  /// A file or a folder, by what it is to become.
  struct Item: Sendable {
    var path: String
    var target: String
    var name: SourceFileName
    var size: Int
    var bytes: [UInt8]?
    /// Of a folder that goes over as it is.
    var isVerbatim = false
  }

  struct FolderItem: Sendable {
    var path: String
    var target: String
    var name: SourceFolderName
  }

  /// A file with patterns, and the target folder that they start from.
  struct Patterns: Sendable {
    var path: String
    var folder: String
  }

  private(set) var files: [Item] = []
  private(set) var folders: [FolderItem] = []
  private(set) var data: [String] = []
  private(set) var templates: [(name: String, path: String)] = []
  private(set) var ignores: [Patterns] = []
  private(set) var removes: [Patterns] = []
  private(set) var externals: [Patterns] = []
  /// `.chezmoi.toml.tmpl`, at the top.
  private(set) var configuration: (path: String, format: String)?
  /// That, for whoever names it to a person.
  public var configurationName: String? { configuration?.path }
  private(set) var remarks: [TreeRemark] = []
  /// What begins with a dot is no part of the tree.
  public private(set) var hidden: [String] = []

  /// The files and links that it makes, and what each is made from.
  public var managed: [(target: String, source: String)] {
    files.compactMap { file in
      switch file.name.kind {
      case .file, .create, .link, .modify: (file.target, file.path)
      case .script, .remove: nil
      }
    }
  }

  private let kinds: [String: Entry.Kind]
  private let children: [String: [String]]
  private static let special = ".chezmoi"

  /// - Parameters:
  ///   - entries: all that is below the folder, but for `.git`.
  ///   - unwanted: paths at the top that are Outfit's own.
  public init(_ entries: [Entry], without unwanted: Set<String> = []) {
    kinds = Dictionary(entries.map { ($0.path, $0.kind) }, uniquingKeysWith: { $1 })
    var children: [String: [String]] = [:]
    for entry in entries where !unwanted.contains(entry.path) {
      let (folder, name) = Self.split(entry.path)
      children[folder, default: []].append(name)
    }
    // As chezmoi walks: by bytes.
    self.children = children.mapValues { $0.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } }
    walk("", target: "", depth: 0)
  }

  /// The part of a listing that is below a folder of it, as a listing of that.
  public static func entries(_ entries: [Entry], below folder: String) -> [Entry] {
    guard !folder.isEmpty else { return entries }
    return entries.compactMap {
      $0.path.hasPrefix(folder + "/") ? Entry(String($0.path.dropFirst(folder.count + 1)), $0.kind) : nil
    }
  }

  /// It is a tree of chezmoi's, as far as names at its top tell.
  public static func isOne(_ names: some Sequence<String>) -> Bool {
    names.contains { name in
      if name.hasPrefix(special), name != ".chezmoi" { return true }
      let starts = [
        "dot_", "private_", "executable_", "exact_", "symlink_", "run_once_", "run_onchange_", "create_",
        "modify_", "encrypted_", "readonly_", "empty_",
      ]
      return starts.contains { name.hasPrefix($0) && name.count > $0.count }
    }
  }

  /// What a file becomes, as far as the names on the way to it tell; nil for what is no target. A folder that all of the
  /// tree is in (.chezmoiroot) can't be told from others, so that what is looked for is the end of a path.
  public static func target(of path: String) -> String? {
    let names = path.split(separator: "/").map(String.init)
    guard let last = names.last, let file = SourceFileName(last) else { return nil }
    if case .script = file.kind { return nil }
    var folders: [String] = []
    for name in names.dropLast() {
      guard !name.hasPrefix("."), let folder = SourceFolderName(name) else { return nil }
      folders.append(folder.target)
    }
    // Nothing in a home folder that something obeys lies below a folder without a dot.
    if let first = folders.firstIndex(where: { $0.hasPrefix(".") }) {
      folders.removeFirst(first)
    } else {
      folders = []
    }
    return (folders + [file.target]).joined(separator: "/")
  }

  static func split(_ path: String) -> (folder: String, name: String) {
    guard let slash = path.lastIndex(of: "/") else { return ("", path) }
    return (String(path[..<slash]), String(path[path.index(after: slash)...]))
  }

  private static func join(_ folder: String, _ name: String) -> String {
    folder.isEmpty ? name : "\(folder)/\(name)"
  }

  /// What a link in the tree stands for; nil where it leads out of it, or nowhere.
  private func resolved(_ path: String, _ kind: Entry.Kind, hops: Int = 0) -> (
    path: String, kind: Entry.Kind
  )? {
    guard case .link(let destination) = kind else { return (path, kind) }
    guard hops < 16, !destination.hasPrefix("/") else { return nil }
    var parts = Self.split(path).folder.split(separator: "/").map(String.init)
    for part in destination.split(separator: "/") {
      if part == ".." {
        guard parts.popLast() != nil else { return nil }
      } else if part != "." {
        parts.append(String(part))
      }
    }
    let place = parts.joined(separator: "/")
    guard let found = kinds[place] else { return nil }
    return resolved(place, found, hops: hops + 1)
  }

  private mutating func leave(_ path: String, _ message: String, hint: String? = nil, target: String? = nil) {
    remarks.append(TreeRemark(path: path, message: message, hint: hint, target: target))
  }

  private mutating func walk(_ folder: String, target: String, depth: Int) {
    for name in children[folder] ?? [] {
      let path = Self.join(folder, name)
      guard let own = kinds[path] else { continue }
      if name.hasPrefix("."), !name.hasPrefix(Self.special) {
        hidden.append(path)
        continue
      }
      guard let (real, kind) = resolved(path, own) else {
        leave(path, "it is a link that leads out of the tree", hint: "put the file itself there")
        continue
      }
      if case .odd(let reason) = kind {
        leave(path, reason)
        continue
      }
      if name.hasPrefix(Self.special) {
        takeSpecial(path, name, kind, folder: folder, target: target)
        continue
      }
      switch kind {
      case .folder:
        guard real == path else {
          leave(
            path, "it is a link to a folder", hint: "name the folder's files, or make a link by `symlink_`")
          continue
        }
        guard let parsed = SourceFolderName(name) else {
          leave(path, "no name of a target is left of its name")
          continue
        }
        let inner = Self.join(target, parsed.target)
        folders.append(FolderItem(path: path, target: inner, name: parsed))
        if parsed.isExternal {
          takeVerbatim(path, target: inner)
        } else if depth < 100 {
          walk(path, target: inner, depth: depth + 1)
        } else {
          leave(path, "its folders lie too deeply within each other")
        }
      case .file(let size, _, let bytes):
        guard let parsed = SourceFileName(name) else {
          leave(path, "no name of a target is left of its name")
          continue
        }
        files.append(
          Item(path: real, target: Self.join(target, parsed.target), name: parsed, size: size, bytes: bytes))
      case .link, .odd: break
      }
    }
  }

  /// All below a folder, by its own name.
  private mutating func takeVerbatim(_ folder: String, target: String) {
    for name in children[folder] ?? [] {
      let (path, inner) = (Self.join(folder, name), Self.join(target, name))
      switch kinds[path] {
      case .file(let size, let isExecutable, let bytes)?:
        guard var parsed = SourceFileName("literal_" + name) else { continue }
        (parsed.target, parsed.isTemplate, parsed.isExecutable, parsed.keepsEmpty) = (
          name, false, isExecutable, true
        )
        files.append(
          Item(path: path, target: inner, name: parsed, size: size, bytes: bytes, isVerbatim: true))
      case .folder?:
        guard var parsed = SourceFolderName("literal_" + name) else { continue }
        parsed.target = name
        folders.append(FolderItem(path: path, target: inner, name: parsed))
        takeVerbatim(path, target: inner)
      case .link?: leave(path, "it is a link in a folder that goes over as it is", target: inner)
      case .odd(let reason)?: leave(path, reason, target: inner)
      case nil: continue
      }
    }
  }

  private static let formats = ["json", "jsonc", "toml", "yaml", "yml"]

  private mutating func takeSpecial(
    _ path: String, _ name: String, _ kind: Entry.Kind, folder: String, target: String
  ) {
    let isFolder = kind == .folder
    func isFile(_ stem: String) -> Bool {
      !isFolder && Self.formats.contains { name == "\(stem).\($0)" || name == "\(stem).\($0).tmpl" }
    }
    switch name {
    case ".chezmoidata" where isFolder: data += below(path)
    case _ where isFile(".chezmoidata") && !name.hasSuffix(".tmpl"): data.append(path)
    case ".chezmoitemplates" where isFolder:
      templates += below(path).map { (String($0.dropFirst(path.count + 1)), $0) }
    case ".chezmoiignore", ".chezmoiignore.tmpl": ignores.append(Patterns(path: path, folder: target))
    case ".chezmoiremove", ".chezmoiremove.tmpl": removes.append(Patterns(path: path, folder: target))
    case ".chezmoiexternals" where isFolder:
      externals += below(path).map { Patterns(path: $0, folder: target) }
    case _ where isFile(".chezmoiexternal"): externals.append(Patterns(path: path, folder: target))
    case ".chezmoiscripts" where isFolder: takeScripts(path, target: Self.join(target, name))
    case ".chezmoiroot" where folder.isEmpty, ".chezmoiversion": break
    case _ where folder.isEmpty && isFile(".chezmoi") && name.hasSuffix(".tmpl"):
      configuration = (path, String(name.dropFirst(".chezmoi.".count).dropLast(".tmpl".count)))
    default:
      // chezmoi takes no notice of it either.
      var unknown = TreeRemark(
        path: path,
        message: "chezmoi knows no such \(isFolder ? "folder" : "file"), and takes no notice of it",
        hint: "look for a slip in its name")
      unknown.isHarmless = true
      remarks.append(unknown)
    }
  }

  /// The files below a folder, without those that begin with a dot.
  private func below(_ folder: String) -> [String] {
    (children[folder] ?? []).filter { !$0.hasPrefix(".") }.flatMap { name -> [String] in
      let path = Self.join(folder, name)
      guard let (real, kind) = kinds[path].flatMap({ resolved(path, $0) }) else { return [] }
      switch kind {
      case .file: return [path]
      case .folder where real == path: return below(path)
      case .folder, .link, .odd: return []
      }
    }
  }

  private mutating func takeScripts(_ folder: String, target: String) {
    for path in below(folder) {
      let relative = path.dropFirst(folder.count + 1)
      let (inner, name) = Self.split(String(relative))
      guard let parsed = SourceFileName(name), case .script = parsed.kind,
        case .file(let size, _, let bytes)? = kinds[path].flatMap({ resolved(path, $0)?.kind })
      else {
        leave(path, "it stands among the scripts, and its name does not begin with `run_`")
        continue
      }
      let parents = inner.split(separator: "/").map { SourceFolderName(String($0))?.target ?? String($0) }
      let place = ([target] + parents + [parsed.target]).joined(separator: "/")
      files.append(Item(path: path, target: place, name: parsed, size: size, bytes: bytes))
    }
  }
}

/// Something of a tree that is left out, and why.
public struct TreeRemark: Hashable, Sendable {
  /// In the tree.
  public var path: String
  /// From 1, where it is one line.
  public var line: Int?
  public var column: Int?
  /// One sentence without a full stop.
  public var message: String
  public var hint: String?
  /// What it would have become, relative to the home folder; that stays as it is.
  public var target: String?
  /// Nothing of a home folder is other for it.
  public var isHarmless = false

  public init(
    path: String, line: Int? = nil, column: Int? = nil, message: String, hint: String? = nil,
    target: String? = nil
  ) {
    (self.path, self.line, self.column) = (path, line, column)
    (self.message, self.hint, self.target) = (message, hint, target)
  }
}
