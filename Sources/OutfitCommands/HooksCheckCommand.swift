import ArgumentParser
import OutfitCore
import OutfitEngine
import OutfitHooks
import OutfitProfile
import OutfitRender
import OutfitSystem
import SystemPackage

struct HooksCheck: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Find other places that pin the same tools to other versions.",
    discussion: """
      outfit.lock has the versions that hooks run. Requirements files, other tools' locks, .pre-commit-config.yaml, \
      package.json and CI workflows of the repository are compared with it; ranges that take the locked version are no \
      difference. The exit status is 3 when there is one.
      """)

  @Flag(help: "Write the locked versions into the other places, where a person would.") var fix = false
  @Flag(help: "Print JSON.") var json = false

  func run() async throws {
    try await withSession { session in
      let host = session.host
      guard let project = try Project.find(host) else {
        throw Failure("there is no outfit.yaml here", hint: "`outfit init` writes one", status: .usage)
      }
      guard let lock = try host.files.text(project.lock) else {
        throw Failure("there is no outfit.lock yet", hint: "`outfit lock` writes it", status: .usage)
      }
      var texts: [String: String] = [:]
      for path in Self.paths(project.root, host) where PinDrift.isRead(path) {
        let place = project.root.pushing(FilePath(path))
        guard let status = try host.files.status(place, followLinks: false), status.kind == .file,
          status.size < 4 << 20
        else { continue }
        texts[path] = try host.files.text(place)
      }
      let drifts = try PinDrift.find(lock: lock, files: texts)
      guard !drifts.isEmpty || json else {
        session.write("All places that pin these tools have the versions of outfit.lock.")
        return
      }
      var left = drifts
      if fix {
        left = drifts.filter { $0.mended == nil }
        for (path, all) in Dictionary(grouping: drifts.filter { $0.mended != nil }, by: \.place.file) {
          try Self.mend(path, all, texts[path] ?? "", project.root, host)
        }
      }
      guard !json else {
        session.write(
          JSONDocument(
            .hooks, changed: fix ? left.count < drifts.count : false, exit: left.isEmpty ? .done : .drift,
            ["drifts": .array(drifts.map { $0.json(isMended: fix && $0.mended != nil) })]))
        if !left.isEmpty { throw Ended(.drift) }
        return
      }
      for drift in drifts {
        let isMended = fix && drift.mended != nil
        session.write(
          "\(drift.place.file):\(drift.place.line): \(drift.tool) \(drift.version.harmless)"
            + (isMended ? " -> \(drift.locked)" : ""))
        if !isMended { session.write("  outfit.lock:\(drift.lock.line): \(drift.tool) \(drift.locked)") }
      }
      guard !left.isEmpty else { return }
      session.talk(
        fix
          ? "\n\(Self.others(left))"
          : "\nNext: outfit hooks check --fix    (or move the lock: outfit update)")
      throw Ended(.drift)
    }
  }

  /// Whose places can't be written by hand, and how they are brought to the lock's version.
  private static func others(_ left: [PinDrift]) -> String {
    Set(left.map(\.place.file)).sorted().map { file in
      let command: String? =
        switch FilePath(file).lastComponent?.string {
        case PreCommitReading.file: "pre-commit autoupdate --freeze"
        case "poetry.lock": "poetry update"
        case "uv.lock": "uv lock --upgrade"
        case "pdm.lock": "pdm update"
        default: nil
        }
      return "\(file) is another program's to write: \(command.map { "`\($0)`" } ?? "update it with that")."
    }.joined(separator: "\n")
  }

  /// What is in the project's folder, but for what others put there. Git is not asked: it would run what the
  /// repository's own configuration names.
  private static func paths(_ root: FilePath, _ host: Host) -> [String] {
    let others: Set<String> = ["node_modules", "venv", "vendor", "dist", "build", "__pycache__"]
    var found: [String] = []
    var open = [""]
    while let folder = open.popLast(), found.count < 50_000 {
      let path = folder.isEmpty ? root : root.pushing(FilePath(folder))
      for name in (try? host.files.list(path)) ?? [] {
        let relative = folder.isEmpty ? name : "\(folder)/\(name)"
        guard let status = try? host.files.status(path.appending(name), followLinks: false) else { continue }
        if status.kind == .file {
          found.append(relative)
        } else if status.kind == .directory, !others.contains(name), !name.hasPrefix(".") || name == ".github"
        {
          open.append(relative)
        }
      }
    }
    return found
  }

  private static func mend(
    _ path: String, _ drifts: [PinDrift], _ text: String, _ root: FilePath, _ host: Host
  ) throws {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    for drift in drifts {
      guard let mended = drift.mended, lines.indices.contains(drift.place.line - 1) else { continue }
      lines[drift.place.line - 1] = mended
    }
    let place = root.pushing(FilePath(path))
    guard try host.files.text(place) == text, let status = try host.files.status(place, followLinks: false)
    else {
      throw Failure("\(path) was changed meanwhile", hint: "run it again")
    }
    let new = place.removingLastComponent().appending(".\(place.lastComponent?.string ?? "file").outfit-new")
    try host.files.removeTree(new)
    try host.files.create(new, Array(lines.joined(separator: "\n").utf8), mode: status.mode)
    try host.files.synchronize(new)
    try host.files.rename(new, to: place)
  }
}

extension PinDrift {
  fileprivate func json(isMended: Bool) -> JSONText {
    .object([
      "tool": .string(tool), "file": .string(place.file), "line": .number(place.line),
      "version": .string(version), "locked": .string(locked), "lockLine": .number(lock.line),
      "mended": .bool(isMended),
    ])
  }
}
