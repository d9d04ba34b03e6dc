/// Tokens that say by how they begin what they are.
enum TokenShapes {
  struct Shape: Sendable {
    var start: [UInt8]
    /// How many more characters it has at least.
    var more: Int
    var name: String

    init(_ start: String, _ more: Int, _ name: String) {
      (self.start, self.more, self.name) = (Array(start.utf8), more, name)
    }
  }

  private static func shapes(_ starts: String, _ more: Int, _ name: String) -> [Shape] {
    starts.split(separator: " ").map { Shape(String($0), more, name) }
  }

  /// As their issuers document them.
  static let all: [Shape] = [
    shapes("AKIA ASIA ABIA ACCA AROA AIDA", 16, "an AWS key"),
    shapes("ghp_ gho_ ghu_ ghs_ ghr_ github_pat_", 16, "a GitHub token"),
    shapes("glpat- gloas- gldt- glrt- glcbt- glptt- glft- glimt- glagent- glsoat-", 10, "a GitLab token"),
    shapes("xoxb- xoxp- xoxa- xoxr- xoxs- xoxe- xoxe. xoxc- xoxd- xapp- xwfp-", 8, "a Slack token"),
    shapes("npm_", 20, "an npm token"), shapes("pypi-", 20, "a PyPI token"),
    shapes("dckr_pat_ dckr_oat_", 10, "a Docker token"),
    shapes("sk_live_ sk_test_ rk_live_ rk_test_ pk_live_ pk_test_ whsec_", 8, "a Stripe key"),
    shapes("sk-ant- sk-proj- sk-or- sk-svcacct-", 10, "an API key"), shapes("sk-", 20, "an API key"),
    shapes("AIza", 30, "a Google API key"), shapes("ya29.", 10, "a Google token"),
    shapes("GOCSPX-", 10, "a Google client's secret"),
    shapes(
      "hf_ r8_ gsk_ sbp_ figd_ nfp_ ntn_ secret_ ops_ pul- xai- PMAK- rubygems_ EAAC ATATT ATCTT", 16,
      "an API token"),
    shapes(
      "tskey- shpat_ shpss_ shpca_ shppa_ lin_api_ NRAK- sq0atp- sq0csp- dp.st. dp.pt. hvs. hvb.", 8,
      "an API token"),
    shapes("dop_v1_ doo_v1_ dor_v1_ SG. rzp_live_ sntrys_ glc_ glsa_", 12, "an API token"),
    shapes("AGE-SECRET-KEY-", 10, "an age key"), shapes("otpauth://", 4, "a one-time password's seed"),
  ].flatMap(\.self)

  /// The first in a line, with its text; nil for none.
  static func first(in line: [UInt8]) -> (name: String, text: String)? {
    for index in line.indices where index == 0 || !isWord(line[index - 1]) || line[index - 1] == 95 {
      for shape in all where line[index...].starts(with: shape.start) {
        let rest = line[(index + shape.start.count)...].prefix { isWord($0) || "-.+/=:?&%".utf8.contains($0) }
        if rest.count >= shape.more {
          return (shape.name, String(decoding: shape.start + rest, as: UTF8.self))
        }
      }
      // A JSON Web Token: a header in base64 that begins `{"` (RFC 7519).
      if line[index...].starts(with: "eyJ".utf8) {
        let token = line[index...].prefix { isWord($0) || "-.=".utf8.contains($0) }
        if token.count >= 20 { return ("a JSON Web Token", String(decoding: token, as: UTF8.self)) }
      }
    }
    return nil
  }

  static func isWord(_ byte: UInt8) -> Bool {
    (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 95
  }
}

/// Texts that nobody has thought of, but a generator has.
enum Randomness {
  /// The first in a line that looks so; nil for none.
  static func first(in line: [UInt8]) -> String? {
    var start = line.startIndex
    while start < line.endIndex {
      guard isPart(line[start]) else {
        start += 1
        continue
      }
      let run = line[start...].prefix(while: isPart)
      start = run.endIndex
      if run.count >= 16, isRandom(run, in: line) { return String(decoding: run, as: UTF8.self) }
    }
    return nil
  }

  /// Of base64 in both alphabets, hexadecimal digits and UUIDs.
  private static func isPart(_ byte: UInt8) -> Bool {
    TokenShapes.isWord(byte) || byte == 43 || byte == 47 || byte == 61 || byte == 45
  }

  private enum Kind { case lower, upper, digit }

  private static func kind(_ byte: UInt8) -> Kind? {
    switch byte {
    case 48...57: .digit
    case 65...90: .upper
    case 97...122: .lower
    default: nil
    }
  }

  private static func isRandom(_ run: ArraySlice<UInt8>, in line: [UInt8]) -> Bool {
    let letters = run.compactMap(kind)
    guard letters.count >= 16 else { return false }
    // What words do: a capital begins one, a number ends one.
    var changes = 0
    var kinds: Set<Kind> = []
    var capitals = 0
    for (one, next) in zip(letters, letters.dropFirst()) {
      capitals = one == .upper ? capitals + 1 : 0
      if one == next || capitals == 1 && next == .lower { continue }
      changes += 1
    }
    for letter in letters { kinds.insert(letter) }
    if isCommit(run, in: line) { return false }
    if kinds.count > 1, Double(changes) / Double(letters.count) >= 0.2 { return true }
    return consonants(run) >= 7
  }

  /// The longest row of small letters without a vowel: no word has more than six.
  private static func consonants(_ run: ArraySlice<UInt8>) -> Int {
    var longest = 0
    var row = 0
    for byte in run {
      row = (97...122).contains(byte) && !"aeiouy".utf8.contains(byte) ? row + 1 : 0
      longest = max(longest, row)
    }
    return longest
  }

  /// A commit of git's, where the line says so: plugins are pinned by them.
  private static func isCommit(_ run: ArraySlice<UInt8>, in line: [UInt8]) -> Bool {
    guard run.count == 40, run.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) }) else {
      return false
    }
    let text = String(decoding: line, as: UTF8.self)
    return ["\"commit\"", "\"rev\"", "commit =", "rev ="].contains(where: text.contains)
  }
}
