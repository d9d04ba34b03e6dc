import OutfitCore
import OutfitProfile

/// Packages of which it is known which release was the first for a line of Python.
///
/// Exact versions of requirements files say when they were written, and nothing else there does: a project whose files
/// pin the compiled packages of 2023 has no wheels for a Python of 2025, and nobody has the headers to build them.
/// The past does not change; a version that is younger than all that is known here speaks for every line.
enum PinnedPackages {
  /// By normalised name: the first release with a wheel for that line, or that says it is for it. By the package index.
  private static let first: [String: [(minor: Int, version: String)]] = [
    "cffi": [(12, "1.16.0"), (13, "1.17.0"), (14, "2.0.0")],
    "django": [(10, "3.2"), (11, "4.1"), (12, "4.2"), (13, "5.1"), (14, "5.2")],
    "greenlet": [(12, "3.0.0"), (13, "3.1.0"), (14, "3.2.4")],
    "lxml": [(12, "4.9.3"), (13, "5.3.0"), (14, "6.0.0")],
    "markupsafe": [(12, "2.1.3"), (13, "3.0.0"), (14, "3.0.3")],
    "multidict": [(12, "6.0.5")],
    "numpy": [(12, "1.26.0"), (13, "2.1.0"), (14, "2.3.2")],
    "pillow": [(12, "10.0.1"), (13, "10.4.0"), (14, "11.3.0")],
    "psycopg2-binary": [(12, "2.9.9"), (13, "2.9.10"), (14, "2.9.11")],
    "pyyaml": [(12, "6.0.1"), (13, "6.0.2"), (14, "6.0.3")],
  ]

  /// The last line of Python 3 that a release knows; nil where it may know all.
  static func last(_ name: String, _ version: Version) -> Int? {
    guard let all = first[name.lowercased().split { "-_.".contains($0) }.joined(separator: "-")] else {
      return nil
    }
    guard let next = all.first(where: { Version($0.version).map { version < $0 } ?? false }) else {
      return nil
    }
    return next.minor - 1
  }

  /// The oldest of what the files pin for every machine: the last line that it knows, and why.
  static func preference(_ files: [String: String]) -> (last: Int, reason: String)? {
    var oldest: (last: Int, reason: String)?
    for (file, text) in files.sorted(by: { $0.key < $1.key }) {
      for line in RequirementLine.parse(text) {
        guard case .package(let package) = line.content, package.marker == nil, let pin = package.pinned,
          let version = Version(pin), let last = last(package.name, version), last < oldest?.last ?? .max
        else { continue }
        oldest = (last, "\(file):\(line.line) pins \(package.name) \(pin), which knows no later one")
      }
    }
    return oldest
  }
}
