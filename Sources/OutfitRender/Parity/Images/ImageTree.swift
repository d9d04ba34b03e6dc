import OutfitCore

/// What a container of an image sees, layer upon layer; and what runtimes would not all see alike.
struct ImageTree {
  /// By path without a slash before it.
  private(set) var files: [String: TarEntry] = [:]
  private(set) var doubts: [String] = []
  private var written: Set<String> = []
  private var removed: Set<String> = []
  /// What something of this layer lies in.
  private var folders: Set<String> = []

  init(_ layers: some Sequence<BuiltImage.Layer>) {
    for (index, layer) in layers.enumerated() {
      doubts += layer.doubts.map { "layer \(index + 1) \($0)" }
      apply(layer, index + 1)
    }
  }

  private mutating func apply(_ layer: BuiltImage.Layer, _ number: Int) {
    written = []
    removed = []
    folders = []
    // Whiteouts are of the layers beneath, wherever they stand.
    for entry in layer.entries {
      guard let gone = entry.whiteout else { continue }
      doubt(through: gone.path, of: entry, number)
      take(away: gone, entry, number)
    }
    for entry in layer.entries where entry.whiteout == nil {
      doubt(through: entry.path, of: entry, number)
      add(entry, number)
    }
  }

  private mutating func doubt(_ entry: TarEntry, _ number: Int, _ text: String) {
    doubts.append("layer \(number) has /\(entry.path), \(text)")
  }

  /// Some follow a link on the way, some put a folder in its place.
  private mutating func doubt(through path: String, of entry: TarEntry, _ number: Int) {
    var end = path.startIndex
    while let slash = path[end...].firstIndex(of: "/") {
      let folder = String(path[..<slash])
      if let found = files[folder], !found.isFolder {
        return doubt(entry, number, "which leads through the \(found.isLink ? "link" : "file") /\(folder)")
      }
      end = path.index(after: slash)
    }
  }

  private mutating func take(away gone: (path: String, isOpaque: Bool), _ entry: TarEntry, _ number: Int) {
    let name = gone.path.split(separator: "/").last ?? ""
    if !gone.isOpaque,
      gone.path.isEmpty || gone.path.hasSuffix("/") || name == "." || name == ".."
        || name.hasPrefix(".wh.")
    {
      return doubt(entry, number, "which takes away what has no name")
    }
    if !gone.isOpaque {
      removed.insert(gone.path)
      files[gone.path] = nil
    }
    remove(below: gone.path)
  }

  private mutating func remove(below path: String) {
    let prefix = path.isEmpty ? "" : path + "/"
    for key in files.keys where key.hasPrefix(prefix) { files[key] = nil }
  }

  private mutating func add(_ entry: TarEntry, _ number: Int) {
    var entry = entry
    if removed.contains(entry.path) { doubt(entry, number, "which the same layer takes away") }
    if entry.kind == UInt8(ascii: "1") {
      let target = entry.target.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
      guard written.contains(target), let found = files[target], found.isFile else {
        doubt(entry, number, "a second name of /\(target), which is no file of that layer before it")
        return
      }
      if found.mode != entry.mode || found.owner != entry.owner || found.group != entry.group {
        doubt(entry, number, "a second name of /\(target) with other rights")
      }
      let path = entry.path
      entry = found
      entry.path = path
    }
    if !written.insert(entry.path).inserted, let before = files[entry.path], before != entry {
      doubt(entry, number, "twice, and not the same")
    }
    if !entry.isFolder, folders.contains(entry.path) {
      doubt(entry, number, "where the same layer has a folder with something in it")
    }
    var above = entry.path[...]
    while let slash = above.lastIndex(of: "/") {
      above = above[..<slash]
      guard folders.insert(String(above)).inserted else { break }
      if removed.contains(String(above)) {
        doubt(entry, number, "in a folder that the same layer takes away")
      }
    }
    if let before = files[entry.path], before.isFolder != entry.isFolder { remove(below: entry.path) }
    files[entry.path] = entry
  }
}
