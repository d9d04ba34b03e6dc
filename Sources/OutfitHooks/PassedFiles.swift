import OutfitCore
import OutfitSystem
import SystemPackage

/// Which files a hook has passed already: with this content, at this place, by this program with these arguments and this
/// configuration. What is not known to be decided by these alone is looked at again.
public struct PassedFiles {
  /// What decides whether a file passes, besides the file itself.
  public struct Basis: Hashable, Sendable {
    /// Names of files of configuration, which count in the file's folder and in all above it; nil for whatever file
    /// stands in the folder that the hook runs in.
    public var configuration: [String]?
    /// One configuration holds for all files of a run, wherever it is found, so that it must not depend on which these are.
    public var isCommon = false
    /// It tells modules of the project from others, by the names that stand in its folders.
    public var seesModules = false

    public init(_ configuration: [String]?, isCommon: Bool = false, seesModules: Bool = false) {
      (self.configuration, self.isCommon, self.seesModules) = (configuration, isCommon, seesModules)
    }

    /// - Parameter name: a hook that Outfit knows, or `-` for one of which its manifest says that it looks at each file by
    ///   itself.
    public init?(ofHook name: String) {
      guard name != "-" else {
        self.init(nil)
        return
      }
      guard let basis = KnownHook.all[name]?.basis else { return nil }
      self = basis
    }
  }

  /// The program, an absolute path into the store, and its own arguments.
  private let command: [String]
  private let basis: Basis
  private let host: Host
  /// Files that were named by others.
  private var followed = 0
  private let record: FilePath
  private var known: Set<[UInt8]> = []
  private var digests: [FilePath: Digest?] = [:]
  /// Of files that are to be looked at, what they were before.
  private var pending: [String: Key] = [:]

  private struct Key {
    var bytes: [UInt8]
    var content: Digest
  }

  /// More than these are forgotten all at once.
  static let limit = 200_000
  /// The first digits of a digest.
  private static let width = 32

  public init(_ command: [String], _ basis: Basis, host: Host) {
    (self.command, self.basis, self.host) = (command, basis, host)
    var running = Digest.Running()
    for word in command + [host.workingDirectory.string] + (basis.configuration ?? ["*"]) {
      running.field(word)
    }
    running.field("\(basis.isCommon) \(basis.seesModules)")
    // What these tools read of the environment has their name; Python's own is read by all of them.
    let name = (command.first.flatMap { FilePath($0).lastComponent?.string } ?? "").uppercased()
    for (variable, value) in host.environment.sorted(by: { $0.key < $1.key })
    where variable.hasPrefix(name) || variable.hasPrefix("PYTHON") || Self.variables.contains(variable) {
      running.field("\(variable)=\(value)")
    }
    record = Self.folder(host).appending(running.finish().short(32))
  }

  /// A configuration that names more files than this is not followed to its end.
  private static let mostFollowed = 2000

  private static let variables: Set<String> = ["HOME", "XDG_CONFIG_HOME", "LANG", "LC_ALL", "LC_CTYPE"]

  private static func folder(_ host: Host) -> FilePath { host.places.cache.appending("hooks-passed") }

  /// The files that have to be looked at, in their order.
  public mutating func remaining(_ files: [String]) -> [String] {
    guard let ground = ground() else { return files }
    let bytes = (try? host.files.read(record)) ?? []
    for start in stride(from: 0, to: bytes.count - bytes.count % Self.width, by: Self.width) {
      known.insert(Array(bytes[start..<start + Self.width]))
    }
    return files.filter { file in
      guard let key = key(file, ground) else { return true }
      if known.contains(key.bytes) { return false }
      pending[file] = key
      return true
    }
  }

  /// Notes that what remained has passed; files that were changed meanwhile have not.
  public mutating func pass() {
    let passed = pending.filter { file, key in content(file)?.digest == key.content }.values.map(\.bytes)
    guard !passed.isEmpty else { return }
    let folder = Self.folder(host)
    do {
      try host.files.createDirectories(folder, mode: 0o700)
      // Several at once, of the same hook, take their turns; who finds no turn leaves it.
      guard let lock = try host.files.tryLock(folder.appending(".lock")) else { return }
      try withExtendedLifetime(lock) {
        var all = (try? host.files.read(record)) ?? []
        all.removeLast(all.count % Self.width)
        if all.count > Self.limit * Self.width { all = [] }
        let beside = FilePath("\(record).new")
        try host.files.removeTree(beside)
        try host.files.create(beside, all + passed.joined(), mode: 0o600)
        try host.files.rename(beside, to: record)
      }
      try forget(in: folder)
    } catch {
      // Then they are looked at once more.
    }
  }

  /// Records that nobody has added to for a month are of tools and arguments of before.
  private func forget(in folder: FilePath) throws(FileError) {
    let now = host.clock.now()
    for name in try host.files.list(folder) where !name.hasPrefix(".") {
      let path = folder.appending(name)
      guard let status = try host.files.status(path, followLinks: false) else { continue }
      if now - status.modified / 1_000_000_000 > 30 * 86_400 { try host.files.remove(path) }
    }
  }

  // MARK: What decides

  /// What holds for all files; nil where something is not known.
  private mutating func ground() -> Digest? {
    var running = Digest.Running()
    // Of a program in the store there is nothing but its path, which has the digest of all of it.
    let isOfStore = command.first.map { FilePath($0).starts(with: host.places.store) } == true
    for word in command.dropFirst(isOfStore ? 1 : 0) {
      guard let named = reference(word, from: host.workingDirectory, isText: false) else { return nil }
      running.field(named)
    }
    let home = host.environment["HOME"] ?? "/"
    let folders = [host.environment["XDG_CONFIG_HOME"] ?? "\(home)/.config", home]
    for folder in folders where !folder.isEmpty {
      for name in Self.personal {
        guard let one = configuration(FilePath(folder).pushing(FilePath(name))) else { return nil }
        running.field(one)
      }
    }
    if basis.configuration == nil {
      guard let names = try? host.files.list(host.workingDirectory) else { return nil }
      for name in names.sorted() {
        let path = host.workingDirectory.appending(name)
        guard let status = try? host.files.status(path, followLinks: true) else { continue }
        guard status.kind == .file else { continue }
        guard let one = configuration(path, isPlain: true) else { return nil }
        running.field("\(name) \(one)")
      }
    }
    return running.finish()
  }

  /// Of the user's own folders.
  private static let personal = [
    "black", "ruff/ruff.toml", "ruff/.ruff.toml", "ruff/pyproject.toml", "flake8", "codespell",
    "yamllint/config",
    ".black", ".isort.cfg", ".flake8", ".codespellrc", ".editorconfig", ".pyproject.toml",
  ]

  private mutating func key(_ file: String, _ ground: Digest) -> Key? {
    let path = host.workingDirectory.pushing(FilePath(file)).lexicallyNormalized()
    guard path.starts(with: host.workingDirectory), let (content, mode) = content(file),
      let folders = folder(path.removingLastComponent())
    else { return nil }
    var running = Digest.Running()
    running.field(ground.hex)
    running.field(folders.hex)
    running.field(path.string)
    running.field(mode & 0o111 == 0 ? "-" : "x")
    running.field(content.hex)
    return Key(bytes: Array(running.finish().short(Self.width).utf8), content: content)
  }

  /// Nil for what is no plain file.
  private func content(_ file: String) -> (digest: Digest, mode: UInt16)? {
    let path = host.workingDirectory.pushing(FilePath(file))
    guard let status = try? host.files.status(path, followLinks: false), status.kind == .file,
      let bytes = try? host.files.read(path)
    else { return nil }
    return (Digest(of: bytes), status.mode)
  }

  /// What a folder and those above it have that decides about its files; nil where it is not known.
  private mutating func folder(_ path: FilePath) -> Digest? {
    if let known = digests[path] { return known }
    let digest = readFolder(path)
    digests[path] = .some(digest)
    return digest
  }

  private mutating func readFolder(_ path: FilePath) -> Digest? {
    var running = Digest.Running()
    let isBelow = path != host.workingDirectory && path.starts(with: host.workingDirectory)
    if path != "/" {
      guard let above = folder(path.removingLastComponent()) else { return nil }
      running.field(above.hex)
    }
    for name in basis.configuration ?? [] {
      let file = path.appending(name)
      guard let one = configuration(file) else { return nil }
      if basis.isCommon, isBelow, !one.isEmpty { return nil }
      running.field("\(name) \(one)")
    }
    if basis.seesModules, path.starts(with: host.workingDirectory) {
      for folder in [path, path.appending("src")] { running.field(modules(folder)) }
    }
    return running.finish()
  }

  /// What a file of configuration says, and what it names; empty where there is none, nil where that is not known.
  private mutating func configuration(_ path: FilePath, isPlain: Bool = false, depth: Int = 0) -> String? {
    guard let found = try? host.files.status(path, followLinks: true) else {
      return host.files.exists(path) ? nil : ""
    }
    guard found.kind == .file else { return "" }
    guard depth < 4, let bytes = try? host.files.read(path, limit: 1 << 20) else { return nil }
    var running = Digest.Running()
    running.field(Digest(of: bytes).hex)
    if isPlain { return running.finish().hex }
    let words = Set(String(decoding: bytes, as: UTF8.self).split { " \t\n\r\"',=[]{}()#;".contains($0) })
    guard words.count < 5_000 else { return nil }
    for word in words.sorted() where word.count < 300 {
      guard
        let named = reference(
          String(word), from: path.removingLastComponent(), isText: true, besides: path, depth: depth)
      else { return nil }
      running.field(named)
    }
    return running.finish().hex
  }

  /// What a word stands for, where it may name a file or a folder; nil where that is not known.
  private mutating func reference(
    _ word: String, from folder: FilePath, isText: Bool, besides own: FilePath? = nil, depth: Int = 0
  ) -> String? {
    let value = isText ? word : String(word.split(separator: "=").last ?? "")
    if value.isEmpty { return "" }
    // Where a path begins that only the tool can tell.
    if value.hasPrefix("~/") || value.hasPrefix("$") { return nil }
    if let wildcard = value.firstIndex(where: { "*?".contains($0) }) {
      let stem = value[..<wildcard]
      guard let slash = stem.lastIndex(of: "/") else { return "" }
      return spread(folder.pushing(FilePath(String(stem[..<slash]))))
    }
    let path = folder.pushing(FilePath(value)).lexicallyNormalized()
    if path == own { return "" }
    let status: FileStatus?
    do { status = try host.files.status(path, followLinks: true) } catch { return nil }
    guard let status else { return "" }
    followed += 1
    guard followed <= Self.mostFollowed else { return nil }
    switch status.kind {
    case .file:
      guard ["toml", "cfg", "ini", "yaml", "yml", "json"].contains(path.extension ?? "") else {
        return (try? host.files.read(path, limit: 1 << 20)).map { "\(value) \(Digest(of: $0).hex)" }
      }
      return configuration(path, depth: depth + 1).map { "\(value) \($0)" }
    case .directory: return "\(value) \(modules(path))"
    case .link, .other: return nil
    }
  }

  /// The modules of a folder and of each folder in it.
  private func spread(_ folder: FilePath) -> String {
    let names = ((try? host.files.list(folder)) ?? []).filter { !$0.hasPrefix(".") }.sorted()
    return ([modules(folder)] + names.map { modules(folder.appending($0)) }).joined(separator: "/")
  }

  /// The names by which Python would import what is in a folder.
  private func modules(_ folder: FilePath) -> String {
    let names = ((try? host.files.list(folder)) ?? []).filter { name in
      guard !name.hasPrefix("."), name != "__pycache__" else { return false }
      return [".py", ".pyi", ".so"].contains(where: name.hasSuffix) || !name.contains(".")
    }
    return names.sorted().joined(separator: ":")
  }
}
