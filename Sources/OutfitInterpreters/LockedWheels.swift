/// The wheels that a lock of any kind names for a package: what their names say is enough to know for which lines of
/// Python it has one.
struct LockedWheels {
  private var tags: [(python: Substring, interface: Substring)] = []

  /// Of each package that has wheels and is there whatever the line of Python is: a backport has none for the lines
  /// that need none.
  /// - Parameter text: a uv.lock, poetry.lock, pdm.lock or pylock.toml, read by line.
  static func read(_ text: String) -> [LockedWheels] {
    var packages: [String: LockedWheels] = [:]
    /// By name: some other package wants it, and some does so on every line.
    var wanted: [String: Bool] = [:]
    var conditional: Set<String> = []
    var name: String?
    for line in text.split(whereSeparator: \.isNewline) {
      if line.hasPrefix("[[") || line.hasPrefix("[metadata") { name = nil }
      if line.hasPrefix("name = ") { name = name ?? quoted(line).first.map(normal) }
      if line.hasPrefix("marker"), line.contains("python_"), let name { conditional.insert(name) }
      if let start = line.firstRange(of: "{ name = "), let other = quoted(line[start.upperBound...]).first {
        let isBound = line.contains("marker = ") && line.contains("python_")
        wanted[normal(other), default: false] = wanted[normal(other)] == true || !isBound
      }
      guard line.contains(".whl") else { continue }
      for piece in quoted(line) where piece.hasSuffix(".whl") {
        let parts = (piece.split(separator: "/").last ?? piece).dropLast(4).split(separator: "-")
        guard parts.count >= 5, let distribution = parts.first else { continue }
        packages[normal(distribution), default: LockedWheels()].tags
          .append((parts[parts.count - 3], parts[parts.count - 2]))
      }
    }
    return packages.filter { name, _ in
      !conditional.contains(name) && wanted[name] != false && !name.hasPrefix("backports")
    }.map(\.value)
  }

  /// For Python 3.`minor`.
  func hasOne(minor: Int) -> Bool {
    tags.contains { wheel in
      wheel.python.split(separator: ".").contains { tag in
        if tag == "py3" { return true }
        guard tag.hasPrefix("cp3") || tag.hasPrefix("py3"), let number = Int(tag.dropFirst(3)) else {
          return false
        }
        let isForLater = wheel.interface == "none" || wheel.interface.split(separator: ".").contains("abi3")
        return number == minor || isForLater && number <= minor
      }
    }
  }

  private static func quoted(_ line: Substring) -> [Substring] {
    line.split(separator: "\"", omittingEmptySubsequences: false).enumerated().filter { $0.offset % 2 == 1 }
      .map(\.element)
  }

  private static func normal(_ name: Substring) -> String {
    name.lowercased().split { "-_.".contains($0) }.joined(separator: "-")
  }
}
