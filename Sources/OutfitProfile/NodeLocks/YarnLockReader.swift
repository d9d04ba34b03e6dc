import OutfitCore

/// yarn.lock, of yarn 1 (https://classic.yarnpkg.com/lang/en/docs/yarn-lock/) and of yarn 2 and later.
///
/// Both are read line by line, as their managers write them.
struct YarnLockReader {
  private(set) var lock: NodeLock

  init(_ bytes: [UInt8], file: String, _ kind: NodeLock.Kind) throws(Failure) {
    lock = NodeLock(kind)
    var entry = Entry()
    var number = 0
    for line in try NodeLock.lines(bytes, file: file) {
      number += 1
      let content = line.drop { $0 == " " }
      if content.isEmpty || content.hasPrefix("#") || content == "\r" { continue }
      let depth = line.count - content.count
      if depth == 0 {
        close(entry)
        entry = Entry(key: Self.unquoted(content.prefix { $0 != "," }).trimmedColon, line: number)
      } else if depth == 2 {
        let (key, value) = Self.field(content, kind)
        guard entry.fields.updateValue((value, number), forKey: key) == nil else {
          throw NodeLock.unreadable(file, line: number, "it says `\(key.harmless)` twice of one package")
        }
      }
    }
    close(entry)
    if kind == .yarnClassic {
      lock.form = "1"
      lock.members = nil
    } else if lock.form.isEmpty {
      throw NodeLock.unreadable(file, "it has no version in `__metadata`")
    }
  }

  private struct Entry {
    var key = ""
    var line = 1
    var fields: [String: (text: String, line: Int)] = [:]
  }

  private mutating func close(_ entry: Entry) {
    guard !entry.key.isEmpty else { return }
    if entry.key == "__metadata" {
      lock.form = entry.fields["version"]?.text ?? ""
    } else if lock.kind == .yarnClassic {
      closeClassic(entry)
    } else {
      closeBerry(entry)
    }
  }

  private mutating func closeClassic(_ entry: Entry) {
    let name = Self.name(entry.key)
    guard let (address, line) = entry.fields["resolved"] else {
      // A folder, which is linked or copied: `name@file:../there`.
      return lock.add(name, from: String(entry.key.dropFirst(name.count + 1)), line: entry.line)
    }
    lock.add(name, from: address, line: line)
    let digest = address.split(separator: "#").dropFirst().first ?? ""
    let isVerified = entry.fields["integrity"] != nil || digest.count == 40 && digest.allSatisfy(\.isHexDigit)
    if !isVerified, address.contains("://"), !lock.repositories.contains(name) {
      lock.unverified.append((name, line))
    }
  }

  /// `resolution: "name@npm:1.2.3"`; other protocols are `workspace:`, `patch:`, `file:`, `portal:`, `link:`, a
  /// repository's address or an archive's.
  private mutating func closeBerry(_ entry: Entry) {
    guard let (resolution, line) = entry.fields["resolution"] else {
      return lock.add(entry.key, from: "\(entry.key)://", line: entry.line)
    }
    let name = Self.name(resolution)
    let reference = resolution.dropFirst(name.count + 1)
    if reference.hasPrefix("npm:") {
      if let archive = reference.firstRange(of: "::__archiveUrl=") {
        lock.add(name, from: Self.decoded(reference[archive.upperBound...]), line: line)
      }
      if entry.fields["checksum"] == nil, entry.fields["conditions"] == nil {
        lock.unverified.append((name, line))
      }
    } else if reference.hasPrefix("workspace:") {
      let folder = String(reference.dropFirst("workspace:".count))
      if folder != "." { lock.members?.append(folder) }
    } else if reference.hasPrefix("patch:") {
      addPatches(reference)
    } else {
      lock.add(name, from: String(reference), line: line)
    }
  }

  /// `patch:name@npm%3A1.2.3#~/.yarn/patches/name.patch::version=...`; `optional!builtin<compat/fsevents>` is yarn's own.
  private mutating func addPatches(_ reference: Substring) {
    guard let hash = reference.firstIndex(of: "#") else { return }
    let list = reference[reference.index(after: hash)...]
    let end = list.firstRange(of: "::")?.lowerBound ?? list.endIndex
    for patch in list[..<end].split(separator: "&") where !patch.contains("builtin<") {
      var path = Self.decoded(patch)
      for prefix in ["optional!", "~/", "./"] { path = path.replacingPrefix(prefix, with: "") }
      if !lock.files.contains(path) { lock.files.append(path) }
    }
  }

  private static func field(_ content: Substring, _ kind: NodeLock.Kind) -> (String, String) {
    let separator: Character = kind == .yarnClassic ? " " : ":"
    let key = content.prefix { $0 != separator }
    return (unquoted(key), unquoted(content.dropFirst(key.count + 1)))
  }

  private static func unquoted(_ text: some StringProtocol) -> String {
    var text = Substring(text).drop { $0 == " " }
    while let last = text.last, " \r".contains(last) { text = text.dropLast() }
    if text.hasPrefix("\""), let end = text.dropFirst().firstIndex(of: "\"") {
      return String(text[text.index(after: text.startIndex)..<end])
    }
    return String(text)
  }

  /// `@scope/name` of `@scope/name@...`.
  private static func name(_ descriptor: String) -> String {
    let at = descriptor.dropFirst().firstIndex(of: "@") ?? descriptor.endIndex
    return String(descriptor[..<at])
  }

  /// Percent signs of RFC 3986.
  private static func decoded(_ text: some StringProtocol) -> String {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let first = rest.popFirst() {
      if first == 37, rest.count >= 2,
        let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
      {
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(first)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension String {
  fileprivate var trimmedColon: String { hasSuffix(":") ? String(dropLast()) : self }
}
