import OutfitCore
import OutfitEngine
import OutfitProfile

/// What a manifest asks of one tool, in the words of the programs that resolve it.
enum Requirement {
  /// The version specifier of PEP 440 for a request: `25.*` and `25` are `==25.*`, `latest` is none.
  static func specifier(_ request: VersionRequest) -> String {
    guard request != .latest else { return "" }
    return request.text.split(separator: ",").map { clause in
      let clause = clause.replacingPrefix("v", with: "")
      guard clause.first?.isNumber == true else { return clause }
      if clause.hasSuffix(".*") { return "==\(clause)" }
      guard let version = Version(clause), version.release.count < 3, version.prerelease.isEmpty
      else { return "==\(clause)" }
      return "==\(clause).*"
    }.joined(separator: ",")
  }

  /// The range of semantic versions for a request, as npm writes it; nil when npm has no word for it.
  static func range(_ request: VersionRequest) -> String? {
    guard request != .latest else { return "latest" }
    var ranges: [String] = []
    for clause in request.text.split(separator: ",") {
      let clause = clause.replacingPrefix("v", with: "")
      if clause.hasPrefix("~=") {
        guard let version = Version(clause.dropFirst(2)), version.release.count > 1 else { return nil }
        var next = Array(version.release.dropLast())
        next[next.count - 1] += 1
        ranges.append(">=\(version) <\(next.map(String.init).joined(separator: "."))")
      } else if clause.hasPrefix("!=") {
        return nil
      } else {
        ranges.append(clause.replacingPrefix("==", with: ""))
      }
    }
    return ranges.joined(separator: " ")
  }

  /// `black[d]==25.*`.
  static func line(_ name: String, _ tool: ToolSection) -> String {
    let extras = tool.extras.isEmpty ? "" : "[\(tool.extras.sorted().joined(separator: ","))]"
    return (tool.package ?? name) + extras + specifier(tool.version)
  }

  /// The lines that a resolver takes: the tool's own, then what goes beside it.
  static func lines(_ name: String, _ tool: ToolSection) -> [String] {
    [line(name, tool)] + tool.with.sorted()
  }

  /// Everything that decides the tool's pins in one line: a lock whose line differs is made anew.
  static func canonical(_ name: String, _ tool: ToolSection) -> String {
    switch tool.origin {
    case .pypi:
      var parts = [lines(name, tool).joined(separator: ", ")]
      if let python = tool.python { parts.append("python \(python)") }
      if let index = tool.index { parts.append("index \(index)") }
      if !tool.programsFrom.isEmpty {
        parts.append("programs from \(tool.programsFrom.sorted().joined(separator: ", "))")
      }
      if !tool.build.isEmpty { parts.append("build \(tool.build.sorted().joined(separator: ", "))") }
      return parts.joined(separator: "; ")
    case .npm:
      let others = tool.with.sorted().map { ", \($0)" }.joined()
      return "npm \(tool.package ?? name)@\(tool.version)\(others)"
    case .url:
      return tool.downloadRequest
    }
  }

  /// A package's name as indexes compare it (PEP 503).
  static func normalized(_ name: some StringProtocol) -> String {
    normalizedPackageName(name)
  }

  /// The name at the start of a requirement line: `myst-parser` of `myst-parser[linkify]>=2; python_version > "3"`.
  static func name(of line: some StringProtocol) -> String {
    normalized(line.prefix { $0.isLetter || $0.isNumber || "-_.".contains($0) })
  }
}

/// Hashed requirement lines as `uv pip compile` writes them: one package over several lines, each but the last
/// ended by a backslash.
struct RequirementSet {
  struct Entry: Hashable {
    /// Normalised.
    var name: String
    var version: String
    /// The whole entry with its hashes, without the last line's end.
    var text: String
    /// The packages that asked for it, normalised, where annotations say so.
    var via: Set<String> = []

    /// Whether its marker does.
    func holds(python version: Version, on platform: Platform) -> Bool {
      guard case .package(let package)? = RequirementLine.parse(text).first?.content,
        let marker = package.marker
      else { return true }
      return Marker(marker)?.holds(python: version, on: platform) ?? true
    }
  }

  var entries: [Entry]

  init(_ text: String) {
    var entries: [Entry] = []
    var lines: [Substring] = []
    for line in text.split(separator: "\n") {
      if lines.isEmpty, line.first?.isLetter != true, line.first?.isNumber != true {
        // `# via black, sphinx`, or `# via` and a line for each.
        let comment = line.trimmed
        guard comment.hasPrefix("#"), !entries.isEmpty else { continue }
        let names = comment.dropFirst().trimmed.replacingPrefix("via", with: "").split(separator: ",")
        entries[entries.count - 1].via.formUnion(names.map { Requirement.name(of: $0.trimmed) })
        continue
      }
      lines.append(line)
      if line.hasSuffix("\\") { continue }
      let entry = lines.joined(separator: "\n")
      lines = []
      let name = Requirement.name(of: entry)
      var version = ""
      if let equals = entry.firstRange(of: "==") {
        version = String(entry[equals.upperBound...].prefix { !$0.isWhitespace && $0 != ";" })
      }
      entries.append(Entry(name: name, version: version, text: entry))
    }
    self.entries = entries
  }

  /// The entries of one package: more than one where markers choose between versions.
  func entries(of package: some StringProtocol) -> [Entry] {
    let name = Requirement.normalized(package)
    return entries.filter { $0.name == name }
  }

  /// The packages that some packages need, themselves among them, as the annotations say.
  func reachable(from roots: Set<String>) -> Set<String> {
    var reached = roots
    var isGrowing = true
    while isGrowing {
      let more = entries.filter { !reached.contains($0.name) && !$0.via.isDisjoint(with: reached) }.map(
        \.name)
      isGrowing = !more.isEmpty
      reached.formUnion(more)
    }
    return reached
  }

  /// The requirement lines of just these entries.
  static func text(_ entries: [Entry]) -> String { entries.map { $0.text + "\n" }.joined() }
}

extension StringProtocol {
  /// The first place where `text` stands.
  func firstRange(of text: String) -> Range<Index>? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(text) {
        return start..<index(start, offsetBy: text.count)
      }
      formIndex(after: &start)
    }
    return nil
  }
}

/// A package of which one machine installs one release, by digest.
package struct PinnedPackage: Hashable, Sendable {
  /// Normalised.
  package var name: String
  package var version: String
  /// `sha256:…`, sorted.
  package var hashes: [String]

  /// A hashed requirement line, without a marker.
  package var line: String {
    "\(name)==\(version)" + hashes.map { " --hash=\($0)" }.joined() + "\n"
  }

  /// Those of hashed requirement lines that a machine installs.
  package static func all(_ text: String, python: Version, on platform: Platform) -> [PinnedPackage] {
    RequirementSet(text).entries.filter { $0.holds(python: python, on: platform) }.map { entry in
      let words = entry.text.split { $0.isWhitespace || $0 == "\\" }
      let hashes = words.compactMap { $0.hasPrefix("--hash=") ? String($0.dropFirst(7)) : nil }
      return PinnedPackage(name: entry.name, version: entry.version, hashes: hashes.sorted())
    }
  }
}
