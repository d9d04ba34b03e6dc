import OutfitCore
import OutfitSystem
import SystemPackage

/// What must hold for an object before anything is switched to it.
struct Checks: Sendable {
  let host: Host
  let store: Store
  /// For people: what is checked.
  let label: String
  let out: FilePath

  /// - Throws: `Failure` that names the first check that does not hold.
  func run(_ checks: [Check]) async throws {
    for check in checks {
      try Task.checkCancellation()
      switch check {
      case .exists(let path):
        guard host.files.exists(out.pushing(FilePath(path))) else {
          throw Failure("\(label) was built, but it lacks \(path)")
        }
      case .runs(let program, let arguments): try await runs(program, arguments)
      case .record(let folder): try record(folder)
      }
    }
  }

  private func runs(_ program: String, _ arguments: [String]) async throws {
    let path = out.pushing(FilePath(program))
    guard host.files.exists(path) else { throw Failure("\(label) was built, but it lacks \(program)") }
    let invocation = Invocation(
      path, arguments,
      environment: [
        "PATH": "/usr/bin:/bin", "HOME": host.user.home.string, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
      ])
    let done = try await host.processes.run(invocation)
    guard !done.succeeded else { return }
    let command = ([program] + arguments).joined(separator: " ")
    var diagnostic = Diagnostic(
      .error, "\(label) was built, but does not work: \(command) ended with status \(done.status)")
    let text = done.errorText.contains { !$0.isWhitespace } ? done.errorText : done.outputText
    let last = text.split(separator: "\n").suffix(12).joined(separator: "\n")
    if !last.isEmpty { diagnostic.excerpt = last }
    throw Failure([diagnostic])
  }

  /// Compares installed files with the RECORD files of their wheels (the specification "Recording installed
  /// projects" of the Python Packaging Authority).
  private func record(_ folder: String) throws {
    let root = folder.isEmpty ? out : out.pushing(FilePath(folder))
    let records = try self.records(below: root, depth: 6)
    guard !records.isEmpty else { throw Failure("\(label) was built, but \(folder) holds no package") }
    for record in records {
      let base = record.removingLastComponent().removingLastComponent().string
      let text = String(decoding: try host.files.read(record), as: UTF8.self)
      for line in text.split(whereSeparator: \.isNewline) {
        try Task.checkCancellation()
        let fields = Self.fields(line)
        guard fields.count == 3, fields[1].hasPrefix("sha256=") else { continue }
        guard let wanted = Self.digest(base64: fields[1].dropFirst(7)) else {
          throw Failure("\(label): \(record) has a digest that can't be read, of \(fields[0])")
        }
        let path = Self.joined(base, fields[0])
        guard path.hasPrefix(out.string + "/") else {
          throw Failure("\(label): \(record) lists \(fields[0]), outside of it")
        }
        guard let bytes = try? host.files.read(FilePath(path)) else {
          throw Failure("\(label) was built, but \(path) is not there")
        }
        guard Digest(of: bytes) == wanted else {
          throw Failure(
            "\(label) was built, but \(path) is not what its package says",
            hint: "a file in the cache of the installer may be damaged: uv cache clean")
        }
      }
    }
  }

  /// A path that starts at `base` unless it is absolute, without `..` in it. Text, because there are many.
  private static func joined(_ base: String, _ path: String) -> String {
    var names = path.hasPrefix("/") ? [] : base.split(separator: "/")
    for name in path.split(separator: "/") where name != "." {
      if name == ".." { _ = names.popLast() } else { names.append(name) }
    }
    return "/" + names.joined(separator: "/")
  }

  private func records(below folder: FilePath, depth: Int) throws -> [FilePath] {
    guard try host.files.status(folder, followLinks: false)?.kind == .directory else { return [] }
    var found: [FilePath] = []
    var folders: [FilePath] = []
    for name in try host.files.list(folder) {
      let path = folder.appending(name)
      if name.hasSuffix(".dist-info") {
        let record = path.appending("RECORD")
        if host.files.exists(record) { found.append(record) }
      } else {
        folders.append(path)
      }
    }
    if !found.isEmpty || depth == 0 { return found }
    return try folders.flatMap { try records(below: $0, depth: depth - 1) }
  }

  /// The fields of a line of comma-separated values, quoted ones among them (RFC 4180).
  static func fields(_ line: Substring) -> [String] {
    if !line.utf8.contains(UInt8(ascii: "\"")) {
      return line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
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

  /// A digest in the URL-safe alphabet of base64 (RFC 4648, section 5), with or without padding.
  static func digest(base64 text: some StringProtocol) -> Digest? {
    var bits: UInt32 = 0
    var count = 0
    var hex = ""
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
        hex.append(String(bits >> UInt32(count) & 15, radix: 16))
      }
      bits &= (1 << UInt32(count)) - 1
    }
    // 43 digits carry 258 bits: two more than the digest has.
    return Digest(hex)
  }
}
