import OutfitCore
import OutfitProfile

/// Places of a repository that pin a tool to another version than outfit.lock does.
public struct PinDrift: Hashable, Sendable {
  public var tool: String
  /// In outfit.lock, and where.
  public var locked: String
  public var lock: SourceLocation
  /// In the other file.
  public var version: String
  public var place: SourceLocation
  /// The line as it would be; nil where only the file's own program can write it.
  public var mended: String?

  /// Which files are looked at.
  public static func isRead(_ path: String) -> Bool {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    let folder = path.dropLast(name.count)
    if [PreCommitReading.file, "poetry.lock", "uv.lock", "pylock.toml", "pyproject.toml", "package.json"]
      .contains(name)
    {
      return true
    }
    let isWorkflow = folder == ".github/workflows/" || folder.hasPrefix(".github/actions/")
    if isWorkflow || [".gitlab-ci.yml", "tox.ini", "Makefile", "noxfile.py"].contains(name) { return true }
    let isText = name.hasSuffix(".txt") || name.hasSuffix(".in")
    return isText
      && (name.contains("requirements") || name.contains("constraints") || folder.contains("requirements/"))
  }

  /// - Parameters:
  ///   - lock: the text of outfit.lock.
  ///   - files: the texts of the others, by path.
  /// - Returns: sorted by place.
  public static func find(lock: String, files: [String: String]) throws(Failure) -> [PinDrift] {
    let document = try Document.parseOne(lock, file: "outfit.lock")
    var known: [String: Tool] = [:]
    for (name, tool) in document["tools"]?.entries ?? [:] {
      guard let version = tool["version"]?.text else { continue }
      known[normal(name)] = Tool(
        name: name, version: version, isOfNode: tool["packageLock"] != nil,
        location: location(of: name, in: lock))
    }
    var drifts: [PinDrift] = []
    for (path, text) in files {
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
      let name = path.split(separator: "/").last.map(String.init) ?? path
      switch name {
      case "poetry.lock", "uv.lock", "pylock.toml": drifts += inLock(path, lines, known)
      case "package.json": drifts += inPackage(path, lines, known)
      case PreCommitReading.file: drifts += inConfiguration(path, lines, known) + inLines(path, lines, known)
      default: drifts += inLines(path, lines, known)
      }
    }
    return drifts.sorted { ($0.place, $0.tool) < ($1.place, $1.tool) }
  }

  private struct Tool {
    var name: String
    var version: String
    var isOfNode: Bool
    var location: SourceLocation
  }

  private static func normal(_ name: String) -> String {
    name.lowercased().replacing("_", with: "-").replacing(".", with: "-")
  }

  private static func isSame(_ a: String, _ b: String) -> Bool {
    if a == b { return true }
    guard let a = Version(a), let b = Version(b) else { return false }
    return a == b
  }

  private static func location(of tool: String, in lock: String) -> SourceLocation {
    var isInside = false
    for (number, line) in lock.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      if !line.hasPrefix(" ") { isInside = line.hasPrefix("tools:") }
      let key = line.dropFirst(2).filter { $0 != "\"" }
      if isInside, line.hasPrefix("  "), key == "\(tool):" {
        return SourceLocation(file: "outfit.lock", line: number + 1, column: 3)
      }
    }
    return SourceLocation(file: "outfit.lock")
  }

  private static func drift(
    _ tool: Tool, _ version: String, _ path: String, _ number: Int, _ mended: String?
  ) -> PinDrift {
    PinDrift(
      tool: tool.name, locked: tool.version, lock: tool.location, version: version,
      place: SourceLocation(file: path, line: number + 1), mended: mended)
  }

  // MARK: Kinds of files

  /// `black==25.1.0`, `prettier@3.8.1`, and `uses: psf/black@25.1.0`; a range is none.
  private static func inLines(_ path: String, _ lines: [String], _ known: [String: Tool]) -> [PinDrift] {
    var drifts: [PinDrift] = []
    for (number, line) in lines.enumerated() {
      let code = line.drop(while: \.isWhitespace).hasPrefix("#") ? "" : line
      for match in code.matches(
        of: /([A-Za-z0-9][A-Za-z0-9._\/-]*)(?:\[[^\]]*\])?\s*(==|@)\s*(v?)([0-9][A-Za-z0-9.]*)/)
      {
        let isNode = match.output.2 == "@"
        let name = String(match.output.1.split(separator: "/").last ?? match.output.1)
        let version = String(match.output.4)
        guard let tool = known[normal(name)], tool.isOfNode == isNode || match.output.1.contains("/"),
          version.contains("."), !isSame(version, tool.version)
        else { continue }
        var mended = line
        mended.replaceSubrange(match.output.4.startIndex..<match.output.4.endIndex, with: tool.version)
        drifts.append(drift(tool, version, path, number, mended))
      }
    }
    return drifts
  }

  /// `rev:` of a repository that stands for a tool, unless its hooks name the version themselves.
  private static func inConfiguration(_ path: String, _ lines: [String], _ known: [String: Tool])
    -> [PinDrift]
  {
    guard let text = Optional(lines.joined(separator: "\n")),
      let document = try? Document.parseOne(text, file: path)
    else { return [] }
    var drifts: [PinDrift] = []
    var start = 0
    for repository in document["repos"]?.items ?? [] {
      guard let address = repository["repo"]?.text, let revision = repository["rev"]?.text,
        let at = lines[start...].firstIndex(where: { $0.contains(address) }),
        let number = lines[max(0, at - 1)...].firstIndex(where: {
          $0.contains("rev") && $0.contains(revision)
        })
      else { continue }
      start = at + 1
      let hooks = repository["hooks"]?.items ?? []
      let tools = Set(
        hooks.compactMap { $0["id"]?.text }.compactMap { PreCommitTable.standard.hook($0, of: address)?.tool }
      )
      for name in tools.sorted() {
        guard let tool = known[normal(name)] else { continue }
        let dependencies = hooks.flatMap { $0["additional_dependencies"]?.texts ?? [] }
        guard !dependencies.contains(where: { $0.hasPrefix("\(name)@") || $0.hasPrefix("\(name)==") }) else {
          continue
        }
        let tagged = PreCommitReading.release(revision)
        guard let version = tagged ?? PreCommitReading.frozenRelease(lines[number]),
          !isSame(version, tool.version)
        else {
          continue
        }
        let mended = tagged.map { _ in
          lines[number].replacing(version, with: tool.version, maxReplacements: 1)
        }
        drifts.append(drift(tool, version, path, number, mended))
      }
    }
    return drifts
  }

  /// `name = "black"`, and beneath it its version.
  private static func inLock(_ path: String, _ lines: [String], _ known: [String: Tool]) -> [PinDrift] {
    var drifts: [PinDrift] = []
    for (number, line) in lines.enumerated() {
      guard let name = line.wholeMatch(of: /name = "(.+)"/)?.output.1, let tool = known[normal(String(name))],
        number + 1 < lines.count,
        let version = lines[number + 1].wholeMatch(of: /version = "(.+)"/)?.output.1,
        !isSame(String(version), tool.version)
      else { continue }
      drifts.append(drift(tool, String(version), path, number + 1, nil))
    }
    return drifts
  }

  /// A range is drift only where it does not take the version that is locked.
  private static func inPackage(_ path: String, _ lines: [String], _ known: [String: Tool]) -> [PinDrift] {
    var drifts: [PinDrift] = []
    for (number, line) in lines.enumerated() {
      guard let match = line.firstMatch(of: /^\s*"([^"]+)"\s*:\s*"([\^~]?)([0-9]+\.[0-9]+\.[0-9]+)"/),
        let tool = known[normal(String(match.output.1))], tool.isOfNode, let locked = Version(tool.version),
        let wanted = Version(String(match.output.3))
      else { continue }
      let (now, least) = (locked.release, wanted.release)
      let isTaken =
        switch String(match.output.2) {
        case "^": now[0] == least[0] && locked >= wanted && (least[0] > 0 || now[1] == least[1])
        case "~": now.prefix(2) == least.prefix(2) && locked >= wanted
        default: locked == wanted
        }
      guard !isTaken else { continue }
      drifts.append(drift(tool, String(match.output.2 + match.output.3), path, number, nil))
    }
    return drifts
  }
}
