import OutfitCore

/// An environment marker (PEP 508, and `in extras` and `in dependency_groups` of PEP 751) as a tree.
package indirect enum Marker: Hashable, Sendable {
  case always
  case never
  /// A comparison, in one spelling: `os_name == 'nt'`.
  case comparison(left: String, operation: String, right: String)
  case all([Marker])
  case any([Marker])

  /// Nil for what is no marker.
  package init?(_ text: String) {
    var parser = MarkerParser(text)
    guard let marker = parser.marker() else { return nil }
    self = marker
  }

  /// As a requirement has it; nil where it always holds.
  package var text: String? {
    switch self {
    case .always: nil
    // No Python is that old.
    case .never: "python_version < '0'"
    case .comparison(let left, let operation, let right): "\(left) \(operation) \(right)"
    case .all(let parts):
      parts.map { $0.isAny ? "(\($0.text ?? ""))" : $0.text ?? "" }.joined(separator: " and ")
    case .any(let parts): parts.compactMap(\.text).joined(separator: " or ")
    }
  }

  private var isAny: Bool { if case .any = self { true } else { false } }

  /// What an extra of a package asks for.
  package static func extra(_ name: String) -> Marker {
    .comparison(left: "extra", operation: "==", right: "'\(normalizedPackageName(name))'")
  }

  /// Both hold.
  package static func && (a: Marker, b: Marker) -> Marker {
    var parts: [Marker] = []
    for marker in [a, b] {
      switch marker {
      case .never: return .never
      case .always: continue
      case .all(let inner): parts += inner.filter { !parts.contains($0) }
      default: if !parts.contains(marker) { parts.append(marker) }
      }
    }
    return parts.count > 1 ? .all(parts) : parts.first ?? .always
  }

  /// One of them holds.
  package static func || (a: Marker, b: Marker) -> Marker {
    var parts: [Marker] = []
    for marker in [a, b] {
      switch marker {
      case .always: return .always
      case .never: continue
      case .any(let inner): parts += inner.filter { !parts.contains($0) }
      default: if !parts.contains(marker) { parts.append(marker) }
      }
    }
    // What another one says already is left out: `a or (a and b)` is `a`.
    parts = parts.filter { part in !parts.contains { $0 != part && $0.isImplied(by: part) } }
    return parts.count > 1 ? .any(parts) : parts.first ?? .never
  }

  private func isImplied(by other: Marker) -> Bool {
    guard case .all(let parts) = other else { return false }
    if case .all(let mine) = self { return Set(mine).isSubset(of: parts) }
    return parts.contains(self)
  }

  /// With what is chosen of a project's extras and dependency groups.
  package func choosing(extras: Set<String>, groups: Set<String>) -> Marker {
    switch self {
    case .always, .never: return self
    case .all(let parts):
      return parts.reduce(.always) { $0 && $1.choosing(extras: extras, groups: groups) }
    case .any(let parts):
      return parts.reduce(.never) { $0 || $1.choosing(extras: extras, groups: groups) }
    case .comparison(let left, let operation, let right):
      func value(_ text: String) -> String { normalizedPackageName(text.filter { $0 != "'" }) }
      let chosen: Set<String>
      let name: String
      switch (left, right) {
      case ("extra", _): (chosen, name) = (extras, value(right))
      case (_, "extra"): (chosen, name) = (extras, value(left))
      case (_, "extras"): (chosen, name) = (extras, value(left))
      case (_, "dependency_groups"): (chosen, name) = (groups, value(left))
      default: return self
      }
      let isNegated = operation == "!=" || operation == "not in"
      return chosen.contains(name) != isNegated ? .always : .never
    }
  }
}

extension Marker {
  /// Whether it holds for a CPython of a version on a platform; what can't be told here does.
  package func holds(python version: Version, on platform: Platform) -> Bool {
    switch self {
    case .always: return true
    case .never: return false
    case .all(let parts): return parts.allSatisfy { $0.holds(python: version, on: platform) }
    case .any(let parts): return parts.contains { $0.holds(python: version, on: platform) }
    case .comparison(let left, let operation, let right):
      let isTurned = left.hasPrefix("'")
      let name = isTurned ? right : left
      let literal = (isTurned ? left : right).filter { $0 != "'" }
      if name == "python_version" || name == "python_full_version" {
        let mine = name == "python_version" ? Version(version.minor) ?? version : version
        return Self.compare(mine, operation, literal, isTurned)
      }
      let isMac = platform.system == .macos
      let value: String? =
        switch name {
        case "os_name": "posix"
        case "sys_platform": isMac ? "darwin" : "linux"
        case "platform_system": isMac ? "Darwin" : "Linux"
        case "platform_machine": platform.architecture == .amd64 ? "x86_64" : isMac ? "arm64" : "aarch64"
        case "implementation_name": "cpython"
        case "platform_python_implementation": "CPython"
        default: nil
        }
      guard let value else { return true }
      switch operation {
      case "==", "===": return value == literal
      case "!=": return value != literal
      case "in": return isTurned ? value.contains(literal) : literal.contains(value)
      case "not in": return !(isTurned ? value.contains(literal) : literal.contains(value))
      default: return true
      }
    }
  }

  private static func compare(_ version: Version, _ operation: String, _ literal: String, _ isTurned: Bool)
    -> Bool
  {
    switch operation {
    case "in", "not in":
      let names = literal.split { $0 == "," || $0 == " " }.map(String.init)
      return names.contains(version.description) == (operation == "in")
    default: break
    }
    let turned = ["<": ">", ">": "<", "<=": ">=", ">=": "<="]
    let operation = isTurned ? turned[operation] ?? operation : operation
    if let request = VersionRequest(operation + literal), literal.hasSuffix(".*") || operation == "~=" {
      return request.accepts(version)
    }
    guard let bound = Version(literal) else { return true }
    switch operation {
    case "==", "===": return !(version < bound) && !(bound < version)
    case "!=": return version < bound || bound < version
    case "<": return version < bound
    case "<=": return !(bound < version)
    case ">": return bound < version
    default: return !(version < bound)
    }
  }
}

private struct MarkerParser {
  private let text: [UInt8]
  private var place = 0
  private var depth = 0

  init(_ text: String) { self.text = Array(text.utf8) }

  mutating func marker() -> Marker? {
    guard let marker = either() else { return nil }
    skip()
    return place == text.count ? marker : nil
  }

  private mutating func skip() {
    while place < text.count, [32, 9, 10, 13].contains(text[place]) { place += 1 }
  }

  private mutating func take(_ literal: String) -> Bool {
    guard text[place...].starts(with: literal.utf8) else { return false }
    place += literal.utf8.count
    return true
  }

  private mutating func word(_ literal: String) -> Bool {
    skip()
    let start = place
    guard take(literal) else { return false }
    if place < text.count, Self.isWord(text[place]) {
      place = start
      return false
    }
    return true
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    switch byte {
    case 48...57, 65...90, 97...122, UInt8(ascii: "_"): true
    default: false
    }
  }

  private mutating func either() -> Marker? {
    guard var marker = both() else { return nil }
    while word("or") {
      guard let next = both() else { return nil }
      marker = marker || next
    }
    return marker
  }

  private mutating func both() -> Marker? {
    guard var marker = single() else { return nil }
    while word("and") {
      guard let next = single() else { return nil }
      marker = marker && next
    }
    return marker
  }

  private mutating func single() -> Marker? {
    skip()
    if take("(") {
      depth += 1
      guard depth < 32, let marker = either() else { return nil }
      skip()
      depth -= 1
      return take(")") ? marker : nil
    }
    guard let left = value(), let operation = operation(), let right = value() else { return nil }
    return .comparison(left: left, operation: operation, right: right)
  }

  private mutating func operation() -> String? {
    skip()
    for literal in ["===", "==", "~=", "!=", "<=", ">=", "<", ">"] where take(literal) { return literal }
    if word("in") { return "in" }
    return word("not") && word("in") ? "not in" : nil
  }

  private mutating func value() -> String? {
    skip()
    guard place < text.count else { return nil }
    let quote = text[place]
    if quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") {
      guard let end = text[(place + 1)...].firstIndex(of: quote) else { return nil }
      let content = String(decoding: text[(place + 1)..<end], as: UTF8.self)
      place = end + 1
      let isPlain = content.utf8.allSatisfy { Self.isWord($0) || ".+*, -".utf8.contains($0) }
      return isPlain ? "'\(content)'" : nil
    }
    let start = place
    while place < text.count, Self.isWord(text[place]) { place += 1 }
    let name = String(decoding: text[start..<place], as: UTF8.self)
    return Self.names.contains(name) ? name : nil
  }

  /// PEP 508, and the lists of PEP 751.
  private static let names: Set = [
    "python_version", "python_full_version", "os_name", "sys_platform", "platform_release", "platform_system",
    "platform_version", "platform_machine", "platform_python_implementation", "implementation_name",
    "implementation_version", "extra", "extras", "dependency_groups",
  ]
}
