import OutfitCore

/// The files of the packages in an image, held against the lists that came with their wheels: what is on the import
/// path is in one of them, with its digest.
struct InstalledFiles {
  let files: [String: TarEntry]

  static let folder = "opt/venv/"

  static func wants(_ path: String) -> Bool {
    path.hasPrefix(folder) && (path.hasSuffix(".dist-info/RECORD") || path == folder + "pyvenv.cfg")
  }

  /// What `python3 -m venv` makes.
  private static let made: Set<String> = [
    "pyvenv.cfg", ".gitignore", "bin/activate", "bin/activate.csh", "bin/activate.fish", "bin/Activate.ps1",
  ]

  /// How many files were compared, and what is not as listed.
  func compared() -> (count: Int, failures: [String]) {
    var failures: [String] = []
    var listed: [String: Digest?] = [:]
    for (path, entry) in files.sorted(by: { $0.key < $1.key }) where path.hasSuffix(".dist-info/RECORD") {
      let site = path.split(separator: "/").dropLast(2).joined(separator: "/")
      for line in (entry.text ?? "").split(whereSeparator: \.isNewline) {
        guard let record = Self.record(line) else {
          failures.append("/\(path) has a line that is not known")
          continue
        }
        listed[String(KeyedTree.plain(site + "/" + record.path).dropFirst())] = .some(record.digest)
      }
    }
    var count = 0
    for (path, entry) in files.sorted(by: { $0.key < $1.key }) where path.hasPrefix(Self.folder) {
      let name = String(path.dropFirst(Self.folder.count))
      if entry.isFolder || Self.made.contains(name) || path.hasSuffix(".dist-info/RECORD") { continue }
      if entry.isLink {
        let isMade = name == "lib64" && entry.target == "lib" || name.hasPrefix("bin/python")
        if !isMade { failures.append("/\(path) is a link to \(entry.target)") }
      } else if name.hasSuffix(".pyc"), name.contains("__pycache__/") {
        if files[Self.source(of: path)] == nil { failures.append("/\(path) has no source") }
      } else if let wanted = listed[path] {
        count += 1
        if wanted == nil || entry.digest != wanted {
          failures.append("/\(path) is not what its package lists")
        }
      } else {
        failures.append("/\(path) is of no package")
      }
    }
    for path in listed.keys.sorted() where files[path] == nil && !path.hasSuffix(".pyc") {
      failures.append("/\(path) is missing")
    }
    if let text = files[Self.folder + "pyvenv.cfg"]?.text {
      let lines = text.split(separator: "\n").map { $0.filter { $0 != " " } }
      if !lines.contains("include-system-site-packages=false") || !lines.contains("home=/opt/python/bin") {
        failures.append("/opt/venv/pyvenv.cfg leads elsewhere")
      }
    }
    return (count, failures)
  }

  /// `a/__pycache__/b.cpython-313.pyc` is made of `a/b.py`.
  private static func source(of path: String) -> String {
    let parts = path.split(separator: "/")
    let name = parts.last?.prefix { $0 != "." } ?? ""
    return (parts.dropLast(2).map(String.init) + [name + ".py"]).joined(separator: "/")
  }

  /// A line of RECORD (PyPA, recording installed projects): path, digest, size.
  private static func record(_ line: Substring) -> (path: String, digest: Digest?)? {
    var path = line
    var fields: [Substring] = []
    for _ in 0..<2 {
      guard let comma = path.lastIndex(of: ",") else { return nil }
      fields.insert(path[path.index(after: comma)...], at: 0)
      path = path[..<comma]
    }
    var name = String(path)
    if name.hasPrefix("\""), name.hasSuffix("\""), name.count > 1 {
      name = String(name.dropFirst().dropLast()).replacing("\"\"", with: "\"")
    }
    guard fields[0].hasPrefix("sha256=") else { return fields[0].isEmpty ? (name, nil) : nil }
    guard let bytes = base64(fields[0].dropFirst(7)), bytes.count == 32 else { return nil }
    let hexadecimal = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    return (name, Digest(hexadecimal))
  }

  /// The alphabet for URLs, without padding (RFC 4648).
  private static func base64(_ text: Substring) -> [UInt8]? {
    var bytes: [UInt8] = []
    var bits = 0
    var count = 0
    for byte in text.utf8 where byte != UInt8(ascii: "=") {
      let value: Int
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = Int(byte) - 65
      case UInt8(ascii: "a")...UInt8(ascii: "z"): value = Int(byte) - 71
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = Int(byte) + 4
      case UInt8(ascii: "-"): value = 62
      case UInt8(ascii: "_"): value = 63
      default: return nil
      }
      bits = (bits << 6 | value) & 0xFFFF
      count += 6
      if count >= 8 {
        count -= 8
        bytes.append(UInt8(bits >> count & 0xFF))
      }
    }
    return bytes
  }
}
