import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// What is known of files without reading them again.
public protocol FileDigests: Sendable {
  /// What a file holds, and its bytes when it had to be read for that.
  /// - Parameters:
  ///   - name: the path's text.
  ///   - status: of the file, which is no link.
  func look(
    _ path: FilePath, named name: String, _ status: FileStatus
  ) throws(FileError) -> (digest: Digest, bytes: [UInt8]?)
}

/// The files that a layer's entries name, with what they hold: what is consented to beside the manifest itself.
struct CoveredFiles {
  /// One file below an entry.
  struct Member {
    var entry: String
    /// Relative to the layer, or absolute for what lies outside of it.
    var name: String
    var path: FilePath
    var digest: Digest
    var isRun: Bool
  }

  private(set) var members: [Member] = []
  private(set) var seen: [FilePath: Consented.Seen] = [:]
  /// Folders that are consented to as a whole.
  private(set) var folders: Set<FilePath> = []
  /// By script, the files that it is run with.
  private(set) var scripts: [FilePath: [FilePath]] = [:]
  /// What is read outside of the layer's folder: entry and place.
  private(set) var outside: [(entry: String, name: String, place: FilePath)] = []

  private var listings: [FilePath: Set<Substring>] = [:]
  /// What is fed is a tree that says itself what of it is left out: what git keeps in it is none of it.
  private var isSource = false

  private let content: LayerContent
  /// Where the layer really is.
  private let home: FilePath
  /// The layer's folder, with a slash at its end.
  private let prefix: String
  private let files: any Files
  private let digests: (any FileDigests)?

  /// The most that is looked at below one entry, so that a link to `/` ends.
  private static let limit = 20_000
  private static let depth = 40
  /// What is read for the names in it, in bytes; nobody writes a longer script.
  private static let scriptLimit: Int64 = 256 << 10

  init(_ content: LayerContent, files: any Files, digests: (any FileDigests)?) throws {
    self.content = content
    self.files = files
    self.digests = digests
    let root = content.layer.checkout ?? content.layer.folder
    home = files.resolved(root) ?? root
    let folder = content.layer.folder.string
    prefix = folder == "/" ? folder : folder + "/"
    let own = content.own
    for (target, section) in own.dotfiles.sorted(by: { $0.key < $1.key }) {
      guard let file = section.value.file else { continue }
      isSource = section.value.kind == .chezmoi
      defer { isSource = false }
      try add(file, entry: "dotfiles.\(target)", section.source)
    }
    for (name, section) in own.scripts.sorted(by: { $0.key < $1.key }) {
      try addScript(section.value.run, entry: "scripts.\(name)", section.source)
    }
    if let app = own.app, app.value.template.contains("/") || app.value.template == "." {
      try add(app.value.template, entry: "app.template", app.source)
    }
    for (name, hook) in own.hooks.sorted(by: { $0.key < $1.key }) {
      for word in (hook.value.entry ?? []) + hook.value.arguments {
        try addNamed(in: Array(word.utf8), from: content.base, entry: "hooks.\(name)", script: nil)
      }
    }
  }

  private func place(_ file: String) -> FilePath {
    content.layer.folder.pushing(FilePath(file)).lexicallyNormalized()
  }

  /// A file or a folder that an entry names.
  private mutating func add(_ file: String, entry: String, _ source: Source) throws {
    let path = place(file)
    try look(at: path, entry: entry, source)
    if !isSource { try refuseSubmodules(path, source) }
    guard let status = try files.status(path, followLinks: true) else { return }
    try feed(path, status, entry: entry, isRun: false)
  }

  /// Folders of other repositories, of which a checkout has nothing (gitsubmodules(7)).
  private func refuseSubmodules(_ path: FilePath, _ source: Source?) throws {
    guard content.layer.commit != nil else { return }
    let root = content.layer.checkout ?? content.layer.folder
    for line in try files.text(root.appending(".gitmodules"))?.split(separator: "\n") ?? [] {
      let parts = line.split(separator: "=", maxSplits: 1).map { $0.filter { !$0.isWhitespace } }
      guard parts.count == 2, parts[0] == "path" else { continue }
      let module = root.pushing(FilePath(parts[1])).lexicallyNormalized()
      guard module.starts(with: path) || path.starts(with: module) else { continue }
      throw refusal(
        "\(parts[1]) is a submodule, and what is in it does not come with the repository", source,
        "puts the files themselves there")
    }
  }

  /// Two names that are one on some machines: which of the files is there would be chance.
  private func refuseCollisions(_ names: [String], in folder: FilePath) throws {
    guard content.layer.commit != nil else { return }
    var known: [String: String] = [:]
    for entry in names.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
      // Texts are equal where they are canonically equivalent (Unicode TR 15).
      guard let other = known.updateValue(entry, forKey: entry.lowercased()) else { continue }
      let how = entry == other ? "the form of their letters" : "capital letters"
      throw refusal(
        "\(name(of: folder)) has \(other.harmless) and \(entry.harmless), which differ in \(how) alone", nil,
        "gives one of them another name")
    }
  }

  /// What stands in a checkout for a file that is kept elsewhere (https://github.com/git-lfs/git-lfs).
  private func refusePointer(_ path: FilePath, _ status: FileStatus) throws {
    guard content.layer.commit != nil, status.size < 1024,
      try files.read(path).starts(with: "version https://git-lfs.github.com/spec/".utf8)
    else { return }
    throw refusal(
      "\(name(of: path)) is kept in git LFS, and only a pointer to it comes with the repository", nil,
      "puts the file itself there")
  }

  private func refusal(_ message: String, _ source: Source?, _ deed: String) -> Failure {
    Failure(
      message, at: source?.location, hint: "whoever keeps \(content.layer.name) \(deed)", status: .usage)
  }

  /// What lies outside of the layer is told; from a checkout nothing may lead there.
  private mutating func look(at path: FilePath, entry: String, _ source: Source?) throws {
    guard let real = files.resolved(path) else { return }
    guard !real.starts(with: home) else { return }
    guard content.layer.commit == nil else {
      throw refusal(
        "\(name(of: path)) is a link that leads out of the repository, to \(real)", source,
        "puts the file itself there")
    }
    outside.append((entry, name(of: path), real))
  }

  private func name(of path: FilePath) -> String {
    // Text is much quicker to take apart than a path is.
    let text = path.string
    return text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : text
  }

  /// What an entry names, and below a folder all of it.
  private mutating func feed(_ path: FilePath, _ status: FileStatus, entry: String, isRun: Bool) throws {
    // What a link leads to is known by where it is.
    let real = files.resolved(path) ?? path
    try feed(path, real.string, status, entry: entry, isRun: isRun, depth: 0)
  }

  /// - Parameter real: the path without links in it. Below a folder none is followed, so that it is looked for once.
  private mutating func feed(
    _ path: FilePath, _ real: String, _ status: FileStatus, entry: String, isRun: Bool, depth: Int
  ) throws {
    let name = name(of: path)
    guard members.count < Self.limit, depth < Self.depth else {
      throw Failure(
        "\(content.layer.name) has more files than can be consented to, below \(path)",
        hint: "a profile's folders may hold \(Self.limit) files", status: .usage)
    }
    func add(_ digest: Digest) {
      members.append(Member(entry: entry, name: name, path: path, digest: digest, isRun: isRun))
      seen[path] = Consented.Seen(digest: digest, mode: status.mode & 0o777)
    }
    switch status.kind {
    case .file:
      if !isSource { try refusePointer(path, status) }
      let found = try digest(FilePath(real), named: real, status)
      // Whether it can be run is part of what it is.
      members.append(
        Member(
          entry: entry, name: name, path: path,
          digest: status.mode & 0o100 == 0 ? found : Digest(of: "run \(found.hex)"), isRun: isRun))
      seen[path] = Consented.Seen(digest: found, mode: status.mode & 0o777)
    case .directory:
      folders.insert(path)
      let text = path.string
      let names = try files.list(path)
      try refuseCollisions(names, in: path)
      for entryName in names where !isSource || entryName != ".git" {
        let inner = FilePath(text + "/" + entryName)
        // A name that is not UTF-8 comes out of the list as another, and what can't be looked at can't be consented to.
        guard let status = try files.status(inner, followLinks: false) else {
          throw Failure(
            "\(inner) can't be looked at by its name, so nobody can consent to it",
            hint: "give it a name in UTF-8, or take it out of \(name)", status: .usage)
        }
        try feed(inner, real + "/" + entryName, status, entry: entry, isRun: isRun, depth: depth + 1)
      }
    case .link: add(Digest(of: "link \(try files.readLink(path))"))
    case .other: add(Digest(of: "neither file nor folder"))
    }
  }

  private func digest(_ real: FilePath, named name: String, _ status: FileStatus) throws -> Digest {
    guard let digests else { return Digest(of: try files.read(real)) }
    return try digests.look(real, named: name, status).digest
  }

  /// A file of which only what it says is consented to, so that another version of it asks nothing: it may not change
  /// while this runs.
  mutating func cover(_ path: FilePath) throws {
    guard seen[path] == nil, let status = try files.status(path, followLinks: true) else { return }
    seen[path] = Consented.Seen(digest: Digest(of: try files.read(path)), mode: status.mode & 0o777)
  }

  // MARK: - Scripts

  /// A script, what stands beside it in a folder of its own, and what it names.
  private mutating func addScript(_ file: String, entry: String, _ source: Source) throws {
    let path = place(file)
    try look(at: path, entry: entry, source)
    guard let status = try files.status(path, followLinks: true), status.kind == .file else { return }
    scripts[path] = []
    try addRun(path, status, entry: entry, script: path)
    let folder = path.removingLastComponent()
    if folder != content.layer.folder, folder.starts(with: content.layer.folder) {
      for name in try files.list(folder) {
        let beside = folder.appending(name)
        guard let status = try files.status(beside, followLinks: true), status.kind == .file else { continue }
        try look(at: beside, entry: entry, source)
        try addRun(beside, status, entry: entry, script: path)
      }
    }
  }

  private mutating func addRun(
    _ path: FilePath, _ status: FileStatus, entry: String, script: FilePath?
  ) throws {
    guard seen[path] == nil || script.map({ !scripts[$0, default: []].contains(path) }) ?? false else {
      return
    }
    if !members.contains(where: { $0.path == path && $0.entry == entry }) {
      try feed(path, status, entry: entry, isRun: true)
    }
    if let script, !scripts[script, default: []].contains(path) { scripts[script, default: []].append(path) }
    guard status.size <= Self.scriptLimit else { return }
    let bytes = try files.read(path)
    guard !bytes.prefix(8192).contains(0) else { return }
    try addNamed(in: bytes, from: path.removingLastComponent(), entry: entry, script: script)
  }

  /// The files of the layer that a text names: words that are paths from its folder, or from the layer's.
  private mutating func addNamed(
    in text: [UInt8], from folder: FilePath, entry: String, script: FilePath?
  ) throws {
    let bases = Set([folder, content.base, content.layer.folder]).sorted { $0.string < $1.string }
    for word in Self.words(text) {
      for base in bases {
        let first = word.prefix { $0 != "/" }
        guard try first == ".." || names(in: base).contains(first) else { continue }
        let path = base.pushing(FilePath(word)).lexicallyNormalized()
        guard path.starts(with: content.base) || path.starts(with: content.layer.folder),
          path != content.base, path != content.layer.folder,
          let status = try files.status(path, followLinks: true)
        else { continue }
        switch status.kind {
        case .file:
          try look(at: path, entry: entry, nil)
          try addRun(path, status, entry: entry, script: script)
        // A folder that is named stands for what is in it, but a word such as `src` in a hook is none to hold still.
        case .directory where script != nil && !folders.contains(path):
          try look(at: path, entry: entry, nil)
          try feed(path, status, entry: entry, isRun: true)
          if let script { scripts[script, default: []] += below(path) }
        default: continue
        }
      }
    }
  }

  /// Most words of a text name nothing: a list says so without a look at each.
  private mutating func names(in folder: FilePath) throws -> Set<Substring> {
    if let known = listings[folder] { return known }
    let isFolder = try files.status(folder, followLinks: true)?.kind == .directory
    let names = isFolder ? Set(try files.list(folder).map { $0[...] }) : []
    listings[folder] = names
    return names
  }

  /// What can be a path, sorted. `$(dirname "$0")/lib.sh` leaves `lib.sh`.
  private static func words(_ text: [UInt8]) -> [String] {
    func isOfPath(_ byte: UInt8) -> Bool {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "-")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "+"), UInt8(ascii: "@"),
        0x80...:
        true
      default: false
      }
    }
    var words: Set<String> = []
    for word in text.split(whereSeparator: { !isOfPath($0) }) {
      var word = word.drop { $0 == UInt8(ascii: "/") }
      while word.starts(with: "./".utf8) { word = word.dropFirst(2).drop { $0 == UInt8(ascii: "/") } }
      guard word.contains(where: { $0 != UInt8(ascii: ".") && $0 != UInt8(ascii: "/") }) else { continue }
      words.insert(String(decoding: word, as: UTF8.self))
    }
    return words.sorted()
  }

  private func below(_ folder: FilePath) -> [FilePath] {
    seen.keys.filter { $0.starts(with: folder) }.sorted { $0.string < $1.string }
  }
}
