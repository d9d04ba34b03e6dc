import OutfitSystem
import SystemPackage

extension MemoryFiles {
  struct Node: Sendable {
    var kind: FileStatus.Kind
    var mode: UInt16
    var contents: [UInt8] = []
    var destination = ""
    var entries: [String: Int] = [:]
    var modified: Int64 = 0
    var changed: Int64 = 0
    var attributes: [String: [UInt8]] = [:]
    /// How many names it has.
    var names: UInt64 = 1
    /// What a power cut leaves.
    var durableMode: UInt16?
    var durableModified: Int64?
    var durableContents: [UInt8] = []
    var durableEntries: [String: Int] = [:]
    /// What a power cut leaves where the changes of names are kept in their order.
    var orderedEntries: [String: Int] = [:]

    init(kind: FileStatus.Kind, mode: UInt16, contents: [UInt8] = [], destination: String = "") {
      self.kind = kind
      self.mode = mode
      self.contents = contents
      self.destination = destination
    }

    var sortedNames: [String] {
      entries.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
  }

  /// Where a path leads: the folder that has or would have its last name.
  struct Place {
    var folder: Int
    var name: String
    var inode: Int?
    /// The folders from the root to the last one.
    var above: [Int]
  }

  /// Names that change together: one for most operations, two for a rename.
  struct Pending: Sendable {
    var entries: [(folder: Int, name: String, inode: Int?)]
  }

  struct State: Sendable {
    private var nodes: [Int: Node]
    private var lastInode = 1
    private var reachable = 64
    private var time: Int64
    var operations = 0
    var log: [String] = []
    var stopBefore: Int?
    var isStopped = false
    var failures: [Int: Errno] = [:]
    var locks: [Int: Int] = [:]
    var lastLock = 0
    var pending: [Pending] = []
    /// The changed names of folders that were not synchronized since.
    private var loose: [Pending] = []
    var calls = 0
    var interference: (call: Int, body: @Sendable () -> Void)?
    /// For the call that goes on just now.
    var refusesLinks = false

    init(time: Int64) {
      self.time = time
      var root = Node(kind: .directory, mode: 0o755)
      root.durableMode = 0o755
      nodes = [1: root]
    }

    subscript(inode: Int) -> Node {
      get {
        guard let node = nodes[inode] else { fatalError("no inode \(inode)") }
        return node
      }
      set { nodes[inode] = newValue }
    }

    mutating func tick() -> Int64 {
      time += 1_000_000
      return time
    }

    mutating func touch(_ inode: Int) {
      self[inode].modified = tick()
      self[inode].changed = time
    }

    func status(_ inode: Int) -> FileStatus {
      let node = self[inode]
      let size =
        switch node.kind {
        case .file: node.contents.count
        case .link: node.destination.utf8.count
        default: 4096
        }
      return FileStatus(
        kind: node.kind, mode: node.mode, size: Int64(size), modified: node.modified,
        changed: node.changed, device: 1, inode: UInt64(inode), owner: 1000,
        names: node.names)
    }

    func walk(_ path: FilePath, followLast: Bool) throws(Errno) -> Place {
      // Splitting text is much faster than asking for components while nothing is optimized.
      let text = path.string
      guard text.utf8.first == UInt8(ascii: "/") else { throw .invalidArgument }
      var rest = Self.names(text)
      var above = [1]
      var links = 0
      while !rest.isEmpty {
        let name = rest.removeFirst()
        guard let folder = above.last else { throw .ioError }
        guard self[folder].kind == .directory else { throw .notDirectory }
        guard self[folder].mode & 0o100 != 0 else { throw .permissionDenied }
        if name == "." { continue }
        if name == ".." {
          if above.count > 1 { above.removeLast() }
          continue
        }
        let inode = self[folder].entries[name]
        guard let inode else {
          guard rest.isEmpty else { throw .noSuchFileOrDirectory }
          return Place(folder: folder, name: name, inode: nil, above: above)
        }
        if refusesLinks, self[inode].kind == .link, !rest.isEmpty { throw .tooManySymbolicLinkLevels }
        if self[inode].kind == .link, followLast || !rest.isEmpty {
          links += 1
          guard links <= 40 else { throw .tooManySymbolicLinkLevels }
          let destination = self[inode].destination
          if destination.hasPrefix("/") { above = [1] }
          rest = Self.names(destination) + rest
          continue
        }
        if rest.isEmpty { return Place(folder: folder, name: name, inode: inode, above: above) }
        above.append(inode)
      }
      return Place(folder: above.last ?? 1, name: "", inode: above.last, above: above)
    }

    /// The names in a path, by bytes: characters are slow to find while nothing is optimized.
    private static func names(_ path: String) -> [String] {
      path.utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }
    }

    func existing(_ path: FilePath, followLast: Bool) throws(Errno) -> Node {
      guard let inode = try walk(path, followLast: followLast).inode else { throw .noSuchFileOrDirectory }
      return self[inode]
    }

    mutating func add(_ path: FilePath, _ node: Node) throws(Errno) {
      let place = try walk(path, followLast: false)
      guard place.inode == nil else { throw .fileExists }
      lastInode += 1
      nodes[lastInode] = node
      touch(lastInode)
      do {
        try setEntry(place.folder, place.name, lastInode)
      } catch {
        nodes[lastInode] = nil
        throw error
      }
    }

    mutating func setEntry(_ folder: Int, _ name: String, _ inode: Int?) throws(Errno) {
      try setEntries([(folder, name, inode)])
    }

    mutating func setEntries(_ entries: [(folder: Int, name: String, inode: Int?)]) throws(Errno) {
      for entry in entries {
        guard !entry.name.isEmpty else { throw .resourceBusy }
        guard self[entry.folder].mode & 0o200 != 0 else { throw .permissionDenied }
      }
      for entry in entries {
        self[entry.folder].entries[entry.name] = entry.inode
        touch(entry.folder)
      }
      pending.append(Pending(entries: entries))
      loose.append(Pending(entries: entries))
    }

    mutating func rename(_ path: FilePath, to target: FilePath) throws(Errno) {
      let from = try walk(path, followLast: false)
      let onto = try walk(target, followLast: false)
      guard let inode = from.inode else { throw .noSuchFileOrDirectory }
      guard !onto.above.contains(inode) else { throw .invalidArgument }
      if let replaced = onto.inode {
        if replaced == inode { return }
        switch (self[inode].kind == .directory, self[replaced].kind == .directory) {
        case (true, true):
          guard self[replaced].entries.isEmpty else { throw .directoryNotEmpty }
        case (true, false): throw .notDirectory
        case (false, true): throw .isDirectory
        case (false, false): break
        }
      }
      try setEntries([(from.folder, from.name, nil), (onto.folder, onto.name, inode)])
      self[inode].changed = tick()
    }

    mutating func synchronize(_ inode: Int) {
      makeDurable(inode)
      for index in loose.indices { loose[index].entries.removeAll { $0.folder == inode } }
      loose.removeAll { $0.entries.isEmpty }
      keepOrdered(pending.count)
    }

    mutating func synchronizeAll() {
      sweep()
      for inode in nodes.keys { makeDurable(inode) }
      loose = []
      keepOrdered(pending.count)
    }

    /// Forgets files without a name, once they are many.
    private mutating func sweep() {
      guard nodes.count > 2 * reachable else { return }
      var found: Set<Int> = Set(locks.keys)
      var next = [1]
      while let inode = next.popLast() {
        if found.insert(inode).inserted { next += self[inode].entries.values }
      }
      nodes = nodes.filter { found.contains($0.key) }
      for index in pending.indices { pending[index].entries.removeAll { !found.contains($0.folder) } }
      reachable = max(64, nodes.count)
    }

    private mutating func makeDurable(_ inode: Int) {
      self[inode].durableContents = self[inode].contents
      self[inode].durableMode = self[inode].mode
      self[inode].durableModified = self[inode].modified
      self[inode].durableEntries = self[inode].entries
    }

    private mutating func keepOrdered(_ count: Int) {
      for change in pending.prefix(count) {
        for entry in change.entries { self[entry.folder].orderedEntries[entry.name] = entry.inode }
      }
      pending.removeFirst(min(count, pending.count))
    }

    mutating func crash(_ kind: Crash) {
      var luck: SplitMix?
      switch kind {
      case .killed: return
      case .strict: break
      case .ordered(let keeping): keepOrdered(keeping)
      case .reordered(let seed):
        var dice = SplitMix(seed: seed)
        for change in loose where Bool.random(using: &dice) {
          for entry in change.entries { self[entry.folder].durableEntries[entry.name] = entry.inode }
        }
        luck = dice
      }
      pending = []
      loose = []
      for inode in nodes.keys.sorted() {
        var node = self[inode]
        if case .ordered = kind {
          node.entries = node.orderedEntries
        } else {
          node.entries = node.durableEntries
        }
        var survives: Bool { luck != nil && Bool.random(using: &luck!) }
        if !survives { node.contents = node.durableContents }
        if !survives { node.mode = node.durableMode ?? node.mode }
        if !survives { node.modified = node.durableModified ?? node.modified }
        node.durableEntries = node.entries
        node.orderedEntries = node.entries
        self[inode] = node
        makeDurable(inode)
      }
    }

    /// The lines of a snapshot. Paths are text here, which is much faster to put together while nothing is optimized.
    func list(
      _ inode: Int, _ path: String, _ relative: String, except left: Set<String>, _ lines: inout [String]
    ) {
      let node = self[inode]
      let mode = String(node.mode, radix: 8)
      switch node.kind {
      case .file:
        let marks = node.attributes.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
        lines.append(
          "\(mode) file \(relative) \(node.contents.count):\(String(decoding: node.contents, as: UTF8.self))\(marks)"
        )
      case .link: lines.append("link \(relative) -> \(node.destination)")
      default:
        lines.append("\(mode) folder \(relative)")
        for name in node.sortedNames {
          let inner = "\(path)/\(name)"
          guard !left.contains(inner), let child = node.entries[name] else { continue }
          list(child, inner, relative.isEmpty ? name : "\(relative)/\(name)", except: left, &lines)
        }
      }
    }
  }
}
