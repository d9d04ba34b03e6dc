import OutfitCore
import OutfitSystem
import SystemPackage

/// An archive from outside, unpacked so that nothing of it can reach beyond its folder.
struct Archive: Sendable {
  let host: Host
  let file: FilePath
  /// For people.
  let name: String

  private var files: any Files { host.files }

  /// Unpacks into a folder that is not there yet; when it throws, nothing is there.
  ///
  /// Refused are absolute names and names with `..`, links that lead out, devices and pipes, programs that would run
  /// as another user, and what would fill the disk. The writing by others is taken away.
  func unpack(_ format: Unpack.Format, to out: FilePath, strip: Int) async throws {
    try files.createDirectories(out)
    do {
      switch format {
      case .tar: try await tar(to: out, strip: strip)
      case .zip:
        try await zip(to: out, strip: strip)
        try settle(out, [])
      case .program, .file: break
      }
      try Task.checkCancellation()
    } catch {
      try? files.removeTree(out)
      throw error
    }
  }

  private func tool(_ names: [String]) -> FilePath? {
    names.lazy.flatMap { name in ProgramFolders.all.map { FilePath("\($0)/\(name)") } }
      .first { files.exists($0) }
  }

  private func child(_ program: FilePath, _ arguments: [String], in folder: FilePath) -> Invocation {
    Invocation(
      program, arguments, environment: ["PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"],
      workingDirectory: folder)
  }

  private func tar(to out: FilePath, strip: Int) async throws {
    if try await Unpacking(host: host, name: name, out: out, strip: strip).finish(file) == nil {
      _ = try await decompressed(to: out, strip: strip)
    }
  }

  /// Undoes by a program of its own what is not undone here.
  func decompressed(to out: FilePath, strip: Int) async throws -> Unpacked {
    let compression = Compression(try files.read(file, from: 0, count: 8))
    let program = compression == .zstd ? "zstd" : compression.rawValue
    guard let tool = tool([program]) else {
      throw Failure(
        "\(name) can't be unpacked: there is no \(program)",
        hint: "install \(program == "xz" ? "xz-utils" : program)")
    }
    let scratch = try Scratch(host: host, contents: [:])
    defer { scratch.remove() }
    let plain = scratch.path.appending("plain.tar")
    let size = try files.status(file, followLinks: true)?.size ?? 0
    // More than the archive may hold is more than is looked at.
    let most = 80 << 20 + min(size, 1 << 40) * 100
    let script = #"{ "$1" -dc "$2" || echo failed >"$4.failed"; } | head -c "$3" >"$4""#
    let run = child(
      "/bin/sh", ["-c", script, "unpack", tool.string, file.string, "\(most)", plain.string], in: scratch.path
    )
    let done = try await host.processes.run(run)
    guard done.succeeded, try files.status(plain, followLinks: false)?.size ?? 0 < most else {
      throw Self.hostile(name, "it would fill the disk")
    }
    if files.exists(FilePath(plain.string + ".failed")) {
      throw failure("its compression is damaged, or it ends in the middle", done)
    }
    // The archive itself says how much may come of it.
    guard let unpacked = try await Unpacking(host: host, name: name, out: out, strip: strip).finish(plain)
    else {
      throw Failure("\(name) can't be unpacked: it is compressed twice")
    }
    return unpacked
  }

  private func zip(to out: FilePath, strip: Int) async throws {
    let list: Invocation
    var sum: Invocation?
    let extract: Invocation
    let place = strip > 0 ? out.appending(".unpacked") : out
    if strip > 0 { try files.createDirectory(place, mode: 0o755) }
    if let unzip = tool(["unzip"]) {
      list = child(unzip, ["-Z1", file.string], in: out)
      sum = child(unzip, ["-Zt", file.string], in: out)
      extract = child(unzip, ["-q", "-o", file.string, "-d", place.string], in: out)
    } else if let bsdtar = tool(["bsdtar"]) {
      list = child(bsdtar, ["-tf", file.string], in: out)
      extract = child(bsdtar, ["-x", "-o", "-f", file.string, "-C", place.string], in: out)
    } else {
      throw Failure("\(name) can't be unpacked: there is neither unzip nor bsdtar", hint: "install unzip")
    }
    let names = try await host.processes.run(list)
    try refuse(names: names.outputText)
    guard names.succeeded else { throw failure("it is no zip archive, or a damaged or an empty one", names) }
    // As much as of a tar archive of that length.
    let most = 64 << 20 + min(try files.status(file, followLinks: true)?.size ?? 0, 1 << 40) * 100
    if let sum, let said = Self.size(inTotals: try await host.processes.run(sum).outputText), said > most {
      throw fills(most)
    }
    let extraction = try await run(extract, to: place, most)
    guard extraction.succeeded else { throw failure("it is damaged", extraction) }
    guard strip > 0 else { return }
    try settle(place, [])
    try raise(place, levels: strip, to: out)
    try files.removeTree(place)
  }

  /// The bytes that `unzip -Zt` adds up: `2 files, 300 bytes uncompressed, 20 bytes compressed:  93.3%`.
  static func size(inTotals text: String) -> Int64? {
    let words = text.split { $0.isWhitespace }
    guard let place = words.firstIndex(of: "uncompressed,"), place >= 2 else { return nil }
    // A number too large to be one is more than there may be.
    return words[place - 2].allSatisfy(\.isNumber) ? Int64(words[place - 2]) ?? .max : nil
  }

  /// Runs what fills the folder, and ends it when that is more than it may be: an archive's own sizes may lie.
  private func run(_ invocation: Invocation, to place: FilePath, _ most: Int64) async throws -> Completion {
    let done = try await withThrowingTaskGroup(of: Completion?.self) { group in
      group.addTask { try await host.processes.run(invocation) }
      group.addTask {
        while true {
          try await host.clock.sleep(seconds: 0.2)
          try Task.checkCancellation()
          if size(below: place) > most { return nil }
        }
      }
      defer { group.cancelAll() }
      return try await group.next() ?? nil
    }
    guard let done, size(below: place) <= most else { throw fills(most) }
    return done
  }

  /// Bytes of all files below a folder; what can't be read counts for nothing.
  private func size(below folder: FilePath) -> Int64 {
    ((try? files.list(folder)) ?? []).reduce(0) { sum, name in
      let path = folder.appending(name)
      guard let status = try? files.status(path, followLinks: false) else { return sum }
      return sum + (status.kind == .directory ? size(below: path) : status.size)
    }
  }

  private func fills(_ most: Int64) -> Failure {
    hostile("it would fill the disk: more than \(most >> 20) MB")
  }

  /// Moves what is `levels` folders down to the top.
  private func raise(_ folder: FilePath, levels: Int, to out: FilePath) throws {
    for name in try files.list(folder) {
      let path = folder.appending(name)
      guard try files.status(path, followLinks: false)?.kind == .directory else { continue }
      if levels > 1 {
        try raise(path, levels: levels - 1, to: out)
      } else {
        for inner in try files.list(path) {
          try files.rename(path.appending(inner), to: out.appending(inner))
        }
      }
    }
  }

  private func refuse(names: String) throws {
    for line in names.split(separator: "\n") {
      let path = FilePath(String(line))
      if path.isAbsolute { throw hostile("it has the absolute name \(line)") }
      if path.components.contains(where: { $0.kind == .parentDirectory }) {
        throw hostile("it has the name \(line), which leads out of it")
      }
    }
  }

  /// Looks at everything that was unpacked, and gives it plain modes.
  private func settle(_ folder: FilePath, _ above: [String]) throws {
    for name in try files.list(folder) {
      let path = folder.appending(name)
      guard let status = try files.status(path, followLinks: false) else { continue }
      let relative = (above + [name]).joined(separator: "/")
      switch status.kind {
      case .link:
        let destination = try files.readLink(path)
        guard Self.isInside(destination, depth: above.count) else {
          throw hostile("its link \(relative) leads out of it, to \(destination)")
        }
      case .other: throw hostile("\(relative) is neither file, link nor folder")
      case .file:
        if status.mode & 0o6000 != 0 { throw hostile("\(relative) would run as another user (set-id)") }
        let mode = status.mode & 0o755 | 0o600
        if mode != status.mode { try files.setMode(path, mode) }
      case .directory:
        let mode = status.mode & 0o755 | 0o700
        if mode != status.mode { try files.setMode(path, mode) }
        try settle(path, above + [name])
      }
    }
  }

  /// A link that stands `depth` folders down leads nowhere else: it is relative, it climbs no further than
  /// to the top, and it climbs only at its start, so that no other link can bend its way.
  static func isInside(_ destination: String, depth: Int) -> Bool {
    let path = FilePath(destination)
    guard !destination.isEmpty, !path.isAbsolute else { return false }
    let kinds = path.components.map(\.kind)
    let climbing = kinds.prefix { $0 != .regular }.filter { $0 == .parentDirectory }.count
    return climbing <= depth && kinds.filter { $0 == .parentDirectory }.count == climbing
  }

  private func hostile(_ what: String) -> Failure { Self.hostile(name, what) }

  static func damaged(_ name: String, _ damage: TarReader.Damage) -> Failure {
    switch damage {
    case .noHeader: Failure("\(name) can't be unpacked: it is no tar archive, or a damaged one")
    case .name(let text): hostile(name, "\(text) is no name in UTF-8")
    }
  }

  static func hostile(_ name: String, _ what: String) -> Failure {
    Failure("the archive \(name) is refused: \(what)", hint: "tell those who made it; it may be an attack")
  }

  /// - Parameter done: the program whose words go with it.
  private func failure(_ what: String, _ done: Completion) -> Failure {
    var diagnostic = Diagnostic(.error, "\(name) can't be unpacked: \(what)")
    let text = done.errorText.split(separator: "\n").prefix(6).joined(separator: "\n")
    if !text.isEmpty { diagnostic.excerpt = text }
    return Failure([diagnostic])
  }
}
