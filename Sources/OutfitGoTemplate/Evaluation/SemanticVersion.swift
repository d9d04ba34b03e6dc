/// A version by semver 2, as Masterminds/semver reads it: a leading v, and parts that are missing, are allowed.
struct SemanticVersion: Equatable {
  var major = 0
  var minor = 0
  var patch = 0
  var prerelease = ""
  var metadata = ""
  var original: String

  init?(_ text: String) {
    original = text
    var rest = Substring(text)
    if rest.first == "v" { rest.removeFirst() }
    func isIdentifiers(_ part: Substring) -> Bool {
      part.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { word in
        !word.isEmpty
          && word.utf8.allSatisfy {
            $0 == 45 || (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0)
          }
      }
    }
    if let plus = rest.firstIndex(of: "+") {
      let part = rest[rest.index(after: plus)...]
      guard isIdentifiers(part) else { return nil }
      metadata = String(part)
      rest = rest[..<plus]
    }
    if let dash = rest.firstIndex(of: "-") {
      let part = rest[rest.index(after: dash)...]
      guard isIdentifiers(part) else { return nil }
      prerelease = String(part)
      rest = rest[..<dash]
    }
    let parts = rest.split(separator: ".", omittingEmptySubsequences: false)
    guard (1...3).contains(parts.count) else { return nil }
    var numbers: [Int] = []
    for part in parts {
      guard !part.isEmpty, part.utf8.allSatisfy({ (48...57).contains($0) }), let number = Int(part) else {
        return nil
      }
      numbers.append(number)
    }
    major = numbers[0]
    minor = numbers.count > 1 ? numbers[1] : 0
    patch = numbers.count > 2 ? numbers[2] : 0
  }

  var description: String {
    "\(major).\(minor).\(patch)" + (prerelease.isEmpty ? "" : "-" + prerelease)
      + (metadata.isEmpty ? "" : "+" + metadata)
  }

  func method(_ name: String, _ run: Run) throws -> Value {
    switch name {
    case "Major": .int(major, .uint64)
    case "Minor": .int(minor, .uint64)
    case "Patch": .int(patch, .uint64)
    case "Prerelease": .text(prerelease)
    case "Metadata": .text(metadata)
    case "Original": .text(original)
    case "String": .text(description)
    default:
      throw Problem(
        "a version has no `\(name)`", hint: "it has Major, Minor, Patch, Prerelease, Metadata and Original")
    }
  }

  /// -1, 0 or 1.
  static func order(_ a: SemanticVersion, _ b: SemanticVersion) -> Int {
    for (first, second) in [(a.major, b.major), (a.minor, b.minor), (a.patch, b.patch)] where first != second
    {
      return first < second ? -1 : 1
    }
    if a.prerelease == b.prerelease { return 0 }
    if a.prerelease.isEmpty || b.prerelease.isEmpty { return a.prerelease.isEmpty ? 1 : -1 }
    let (first, second) = (a.prerelease.split(separator: "."), b.prerelease.split(separator: "."))
    for (x, y) in zip(first, second) where x != y {
      switch (Int(x), Int(y)) {
      case (let x?, let y?): return x < y ? -1 : 1
      case (_?, nil): return -1
      case (nil, _?): return 1
      default: return x.utf8.lexicographicallyPrecedes(y.utf8) ? -1 : 1
      }
    }
    return first.count == second.count ? 0 : first.count < second.count ? -1 : 1
  }
}

/// What a version has to be: `>=1.2, <3 || ~4.1`.
struct VersionConstraint {
  private struct Bound {
    var sign: String
    var version: SemanticVersion
    /// How many parts were written.
    var parts: Int
  }

  private var choices: [[Bound]] = []

  init?(_ text: String) {
    for choice in text.components(splitBy: "||") {
      var bounds: [Bound] = []
      var words = choice.split { $0 == "," || $0 == " " }[...]
      while let word = words.popFirst() {
        if words.first == "-", Optional(words.removeFirst()) != nil, let end = words.popFirst() {
          guard let low = Self.bound(">=" + word), let high = Self.bound("<=" + end) else { return nil }
          bounds += [low, high]
          continue
        }
        var text = String(word)
        if text.allSatisfy({ "=!<>~^".contains($0) }), let next = words.popFirst() { text += next }
        guard let bound = Self.bound(text) else { return nil }
        bounds.append(bound)
      }
      guard !bounds.isEmpty else { return nil }
      choices.append(bounds)
    }
  }

  private static func bound(_ text: String) -> Bound? {
    let sign = String(text.prefix { "=!<>~^".contains($0) })
    guard ["", "=", "!=", ">", "<", ">=", "=>", "<=", "=<", "~", "~>", "^"].contains(sign) else { return nil }
    var rest = text.dropFirst(sign.count)
    var parts = 3
    let core = rest.prefix { $0 != "-" && $0 != "+" }
    let numbers = core.split(separator: ".", omittingEmptySubsequences: false)
    if let wild = numbers.firstIndex(where: { ["x", "X", "*", "vx", "v*"].contains($0) }) {
      parts = wild
      rest = Substring(numbers[..<wild].joined(separator: "."))
      if rest.isEmpty { rest = "0" }
    } else {
      parts = numbers.count
    }
    return SemanticVersion(String(rest)).map { Bound(sign: sign, version: $0, parts: parts) }
  }

  func admits(_ version: SemanticVersion) -> Bool {
    choices.contains { $0.allSatisfy { Self.admits($0, version) } }
  }

  private static func admits(_ bound: Bound, _ v: SemanticVersion) -> Bool {
    let c = bound.version
    // Versions before a release are meant only where the constraint names one.
    if !v.prerelease.isEmpty, c.prerelease.isEmpty, bound.sign != "!=" { return false }
    let order = SemanticVersion.order(v, c)
    let isWithin =
      bound.parts == 0
      || (v.major == c.major && (bound.parts < 2 || v.minor == c.minor) && (bound.parts < 3 || order == 0))
    switch bound.sign {
    case "", "=": return bound.parts == 3 ? order == 0 : order >= 0 && isWithin
    case "!=": return !(bound.parts == 3 ? order == 0 : isWithin)
    case ">": return order > 0 && (bound.parts == 3 || !isWithin)
    case "<": return order < 0
    case ">=", "=>": return order >= 0
    case "<=", "=<": return order <= 0 || (bound.parts < 3 && isWithin)
    case "~", "~>":
      return order >= 0 && (bound.parts == 0 || v.major == c.major && (bound.parts < 2 || v.minor == c.minor))
    default:
      guard order >= 0 else { return false }
      if c.major > 0 || bound.parts <= 1 { return bound.parts == 0 || v.major == c.major }
      if c.minor > 0 || bound.parts == 2 { return v.major == 0 && v.minor == c.minor }
      return v.major == 0 && v.minor == 0 && v.patch == c.patch
    }
  }
}

extension String {
  func components(splitBy separator: String) -> [Substring] {
    var result: [Substring] = []
    var rest = self[...]
    while let found = rest.indices.first(where: { rest[$0...].hasPrefix(separator) }) {
      result.append(rest[..<found])
      rest = rest[rest.index(found, offsetBy: separator.count)...]
    }
    return result + [rest]
  }
}
