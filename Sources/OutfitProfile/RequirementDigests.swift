import OutfitCore

/// The digests that requirements files give: whoever wrote them looked at those packages, and a lock has no others.
package struct RequirementDigests: Hashable, Sendable {
  private struct Line: Hashable {
    /// Nil where the line fits any version.
    var version: Version?
    var digests: Set<String>
    var location: SourceLocation
  }

  private var lines: [String: [Line]] = [:]
  /// `--require-hashes`: a package without one is none.
  private var required: SourceLocation?

  init(_ files: [String: [RequirementLine]]) {
    for (file, content) in files.sorted(by: { $0.key < $1.key }) {
      for line in content {
        let location = SourceLocation(file: file, line: line.line)
        switch line.content {
        case .option("--require-hashes", _): required = required ?? location
        case .package(let package) where !line.digests.isEmpty:
          lines[normalizedPackageName(package.name), default: []].append(
            Line(
              version: package.pinned.flatMap { Version($0) }, digests: Set(line.digests), location: location)
          )
        case .direct(let direct) where !line.digests.isEmpty:
          guard let name = direct.name else { continue }
          lines[normalizedPackageName(name), default: []].append(
            Line(version: nil, digests: Set(line.digests), location: location))
        default: break
        }
      }
    }
  }

  /// A pin with the digests that are left of it.
  /// - Throws: `Failure`, status 2, with the line that has other digests, or asks for some.
  package func restricted(_ pin: RequirementLine) throws(Failure) -> RequirementLine {
    let name: String
    var version: Version?
    switch pin.content {
    case .package(let package):
      name = package.name
      version = package.pinned.flatMap { Version($0) }
    case .direct(let direct): name = direct.name ?? ""
    default: return pin
    }
    let fitting = (lines[normalizedPackageName(name)] ?? []).filter {
      $0.version == nil || version == nil || $0.version == version
    }
    guard let first = fitting.first else {
      guard let required else { return pin }
      throw Failure(
        "\(name)\(version.map { " \($0)" } ?? "") is needed, and has no --hash", at: required,
        hint: "--require-hashes asks for one of every package: add `\(pin.text)`", status: .usage)
    }
    let allowed = fitting.reduce(into: Set<String>()) { $0.formUnion($1.digests) }
    var pin = pin
    pin.digests.removeAll { !allowed.contains($0) }
    guard pin.digests.isEmpty else { return pin }
    throw Failure(
      "no digest that the index gives for \(name)\(version.map { " \($0)" } ?? "") is one of this line's",
      at: first.location,
      hint: "what the index has is not what was looked at when the line was written: find out why first",
      status: .usage)
  }

  /// Whether the pins of a lock have no digest that is not allowed.
  package func admit(_ requirements: String) -> Bool {
    if lines.isEmpty, required == nil { return true }
    return RequirementLine.parse(requirements).allSatisfy { pin in
      (try? restricted(pin))?.digests == pin.digests
    }
  }
}
