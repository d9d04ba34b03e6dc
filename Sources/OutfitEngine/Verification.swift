import OutfitCore
import OutfitSystem
import SystemPackage

/// One file of an object that is not as it was when the object was built.
public struct Discrepancy: Hashable, Sendable, Comparable, CustomStringConvertible {
  public enum Kind: String, Sendable { case changed, missing, added }
  /// Relative to the object.
  public var path: String
  public var kind: Kind
  /// The package whose RECORD lists the file, as its folder is named: `black-25.1.0`.
  public var package: String?

  public init(_ path: String, _ kind: Kind, package: String? = nil) {
    self.path = path
    self.kind = kind
    self.package = package
  }

  public var description: String {
    let owner = package.map { " of \($0)" } ?? ""
    return switch kind {
    case .changed: "\(path)\(owner) is not what was installed"
    case .missing: "\(path)\(owner) is gone"
    case .added: "\(path) was not installed with it"
    }
  }

  public static func < (a: Discrepancy, b: Discrepancy) -> Bool {
    (a.kind.order, a.path) < (b.kind.order, b.path)
  }
}

extension Discrepancy.Kind {
  fileprivate var order: Int {
    switch self {
    case .changed: 0
    case .missing: 1
    case .added: 2
    }
  }
}

/// Compares objects of the store, byte for byte, with what was built, and with the RECORD files of the packages
/// in them (the specification "Recording installed projects" of the Python Packaging Authority).
///
/// Environments share files with the cache of their installer, so that what one program changes by mistake is
/// changed for all: this finds it.
public enum Verification {
  /// Reads every file of an object.
  /// - Returns: what is not as it was built, changed files first; empty for an object that stands elsewhere.
  /// - Throws: `FileError` when it can't be read.
  public static func examine(_ id: ObjectID, in store: Store) throws -> [Discrepancy] {
    guard let receipt = store.receipt(of: id), !receipt.isAdopted else { return [] }
    let root = store.path(of: id)
    let found = try Contents.read(root, files: store.host.files)
    var all = try Record.discrepancies(in: found, root: root, files: store.host.files)
    if let expected = store.contents(of: id) {
      let named = Set(all.map(\.path))
      all += compare(found, with: expected).filter { !named.contains($0.path) }
    }
    return all.sorted()
  }

  /// What differs between an object as it is and as it was built.
  public static func compare(_ found: Contents, with expected: Contents) -> [Discrepancy] {
    var all: [Discrepancy] = []
    for (path, entry) in expected.entries {
      guard let now = found.entries[path] else {
        all.append(Discrepancy(path, .missing))
        continue
      }
      if now != entry { all.append(Discrepancy(path, .changed)) }
    }
    for path in found.entries.keys where expected.entries[path] == nil {
      all.append(Discrepancy(path, .added))
    }
    return all.sorted()
  }
}

/// RECORD files of installed wheels.
enum Record {
  /// One line of a RECORD that has a digest.
  struct Line: Hashable {
    /// Relative to the object; nil when it leads out of it.
    var path: String?
    var digest: Digest
    var written: String
  }

  /// What the RECORD files in an object list, and is not so.
  /// - Parameters:
  ///   - folder: below the object; empty for all of it.
  ///   - refusesOutside: a path that leads out of the object is an error, and not passed over.
  /// - Throws: `Failure` for a RECORD that can't be read.
  static func discrepancies(
    in contents: Contents, below folder: String = "", root: FilePath, files: any Files,
    refusesOutside: Bool = false
  ) throws -> [Discrepancy] {
    var all: [Discrepancy] = []
    // Two packages may bring the same file, and the one that came last has it.
    var right: Set<String> = []
    for record in records(in: contents, below: folder) {
      let text = String(
        decoding: try files.read(root.pushing(FilePath(record)), limit: FileBound.own), as: UTF8.self)
      let folder = record.split(separator: "/").dropLast()
      let package = folder.last.map { String($0.dropLast(".dist-info".count)) }
      for line in try lines(of: text, in: folder.dropLast().joined(separator: "/"), named: record) {
        guard let path = line.path else {
          // Pip writes so of the programs of what it puts into a folder that is no environment.
          guard refusesOutside else { continue }
          throw Failure("\(record) lists \(line.written), outside of it")
        }
        if case .file(line.digest, _)? = contents.entries[path] {
          right.insert(path)
          continue
        }
        if contents.entries[path] == nil {
          // What is left out of the contents.
          let place = root.pushing(FilePath(path))
          guard files.exists(place) else {
            all.append(Discrepancy(path, .missing, package: package))
            continue
          }
          if Digest(of: try files.read(place, limit: FileBound.own)) == line.digest { continue }
        }
        all.append(Discrepancy(path, .changed, package: package))
      }
    }
    return all.filter { !right.contains($0.path) }
  }

  /// The paths of the RECORD files, sorted. Those of what a package carries inside its own folder don't count: the
  /// package's own lists their files, and what they list themselves need not be there (setuptools).
  static func records(in contents: Contents, below folder: String = "") -> [String] {
    let prefix = folder.isEmpty ? "" : folder + "/"
    let all = contents.entries.keys.filter { $0.hasSuffix(".dist-info/RECORD") && $0.hasPrefix(prefix) }
    func place(_ record: String) -> String { record.split(separator: "/").dropLast(2).joined(separator: "/") }
    let places = Set(all.map(place))
    return all.filter { record in
      let own = place(record)
      return !places.contains { $0.count < own.count && ($0.isEmpty || own.hasPrefix($0 + "/")) }
    }.sorted()
  }

  /// - Parameters:
  ///   - base: the folder that paths in the RECORD start at, relative to the object.
  ///   - name: for people.
  static func lines(of text: String, in base: String, named name: String) throws -> [Line] {
    var lines: [Line] = []
    for line in text.utf8.split(whereSeparator: { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }) {
      let fields = Self.fields(Substring(line))
      guard fields.count == 3, fields[1].hasPrefix("sha256=") else { continue }
      let text = fields[1].dropFirst(7)
      // Some builders wrote hexadecimal digits, of which there are more than base64 ever takes.
      guard let digest = digest(base64: text) ?? Digest(text) else {
        throw Failure("\(name) has a digest that can't be read, of \(fields[0])")
      }
      lines.append(Line(path: joined(base, fields[0]), digest: digest, written: fields[0]))
    }
    return lines
  }

  /// A path that starts at `base`, without `..` in it; nil when it is absolute or leads out. Text, because there
  /// are many.
  private static func joined(_ base: String, _ path: String) -> String? {
    guard !path.utf8.starts(with: "/".utf8) else { return nil }
    if !path.utf8.starts(with: "..".utf8), !path.contains("/.") {
      return base.isEmpty ? path : base + "/" + path
    }
    var names = base.split(separator: "/")
    for name in path.split(separator: "/") where name != "." {
      if name == ".." {
        guard names.popLast() != nil else { return nil }
      } else {
        names.append(name)
      }
    }
    return names.joined(separator: "/")
  }

  /// The fields of a line of comma-separated values, quoted ones among them (RFC 4180).
  static func fields(_ line: Substring) -> [String] {
    if !line.utf8.contains(UInt8(ascii: "\"")) {
      return line.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        .map { String(Substring($0)) }
    }
    var fields = [""]
    var isQuoted = false
    var characters = line.makeIterator()
    var next = characters.next()
    while let character = next {
      next = characters.next()
      if isQuoted, character == "\"", next == "\"" {
        fields[fields.count - 1].append("\"")
        next = characters.next()
      } else if character == "\"" {
        isQuoted.toggle()
      } else if character == ",", !isQuoted {
        fields.append("")
      } else {
        fields[fields.count - 1].append(character)
      }
    }
    return fields
  }

  /// A digest as RECORD writes it: the URL-safe alphabet of base64 (RFC 4648, section 5), without padding.
  static func base64(_ digest: Digest) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    var text: [UInt8] = []
    var bits: UInt32 = 0
    var count = 0
    for digit in digest.hex.utf8 {
      bits = bits << 4 | UInt32(digit < 58 ? digit - 48 : digit - 87)
      count += 4
      guard count >= 6 else { continue }
      count -= 6
      text.append(alphabet[Int(bits >> UInt32(count) & 63)])
    }
    text.append(alphabet[Int(bits << UInt32(6 - count) & 63)])
    return String(decoding: text, as: UTF8.self)
  }

  /// A digest in the URL-safe alphabet of base64 (RFC 4648, section 5), with or without padding.
  static func digest(base64 text: some StringProtocol) -> Digest? {
    var bits: UInt32 = 0
    var count = 0
    var hex = ""
    hex.reserveCapacity(64)
    for byte in text.utf8 where byte != UInt8(ascii: "=") {
      let value: UInt8
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = byte - UInt8(ascii: "A")
      case UInt8(ascii: "a")...UInt8(ascii: "z"): value = byte - UInt8(ascii: "a") + 26
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = byte - UInt8(ascii: "0") + 52
      case UInt8(ascii: "-"), UInt8(ascii: "+"): value = 62
      case UInt8(ascii: "_"), UInt8(ascii: "/"): value = 63
      default: return nil
      }
      bits = bits << 6 | UInt32(value)
      count += 6
      while count >= 4 {
        count -= 4
        let digit = UInt8(truncatingIfNeeded: bits >> UInt32(count) & 15)
        hex.unicodeScalars.append(Unicode.Scalar(digit < 10 ? 48 + digit : 87 + digit))
      }
      bits &= (1 << UInt32(count)) - 1
    }
    // 43 digits carry 258 bits: two more than the digest has.
    return Digest(hex)
  }
}
