import OutfitProfile
import Support
import Testing

@testable import OutfitEngine

/// Keys in files of settings: what is not asked for stays as it is, byte for byte.
@Suite struct SettingsTextTests {
  private func set(
    _ format: SettingsFormat, _ text: String, _ path: [String], _ value: SettingValue
  ) throws -> String {
    let made = try SettingsText.setting(path, to: value, in: Array(text.utf8), format)
    let back = try SettingsText.restoring([(path, format)], from: Array(text.utf8), in: made)
    #expect(String(decoding: back, as: UTF8.self) == text)
    return String(decoding: made, as: UTF8.self)
  }

  @Test func json() throws {
    let text = "{\n  // why\n  \"a\": 1, // one\n  \"c\": [1, 2] // last\n}\n"
    #expect(
      try set(.json, text, ["d", "e"], .text("hi"))
        == "{\n  // why\n  \"a\": 1, // one\n  \"c\": [1, 2], // last\n  \"d\": {\n    \"e\": \"hi\"\n  }\n}\n"
    )
    #expect(
      try set(.json, "{\n\t\"a\": 1,\n}\n", ["b"], .bool(true)) == "{\n\t\"a\": 1,\n\t\"b\": true,\n}\n")
    #expect(try set(.json, "{ \"a\": 1 }", ["b"], .null) == "{ \"a\": 1, \"b\": null }")
    #expect(try set(.json, "{\"a.b\": 1, /* x */}", ["a.b"], .number("2")) == "{\"a.b\": 2, /* x */}")
    #expect(
      try set(.json, "", ["a"], .list([.number("1"), .text("\"")])).hasPrefix("{\n  \"a\": [1, \"\\\"\"]\n}"))
  }

  @Test func yaml() throws {
    #expect(
      try set(.yaml, "# top\nb:\n  c: x\n  d: |\n    t\n\n# end\n", ["b", "e"], .text("yes"))
        == "# top\nb:\n  c: x\n  d: |\n    t\n  e: \"yes\"\n\n# end\n")
    #expect(
      try set(.yaml, "a: {b: 1}\nc: [1, 2]\n", ["a", "z"], .text("x: y"))
        == "a: {b: 1, z: \"x: y\"}\nc: [1, 2]\n")
    #expect(try set(.yaml, "ü: é # ö\n", ["ü"], .number("7")) == "ü: 7 # ö\n")
    #expect(try set(.yaml, "a:\n  - 1\nb: 3\n", ["a"], .list([.number("5")])) == "a: [5]\nb: 3\n")
  }

  @Test func toml() throws {
    #expect(
      try set(.toml, "a = 1\n\n[x.y]\nb = 2 # two\n\n[z]\n", ["x", "y", "c"], .text("q"))
        == "a = 1\n\n[x.y]\nb = 2 # two\nc = \"q\"\n\n[z]\n")
    #expect(try set(.toml, "a.b = 1\n", ["a", "c"], .number("3")) == "a.b = 1\na.c = 3\n")
    #expect(try set(.toml, "a = { b = 1 }\n", ["a", "d"], .bool(false)) == "a = { b = 1, d = false }\n")
    #expect(try set(.toml, "[[t]]\nx=1\n", ["u", "v"], .number("3")) == "[[t]]\nx=1\n\n[u]\nv = 3\n")
  }

  @Test func iniAndGit() throws {
    #expect(
      try set(.ini, "; c\n[a]\nx=1\n\n[b]\ny=2\n", ["a", "z"], .number("3"))
        == "; c\n[a]\nx=1\nz=3\n\n[b]\ny=2\n")
    #expect(
      try set(.git, "[User]\n\tname = A ; who\n", ["user", "Email"], .text("a#b"))
        == "[User]\n\tname = A ; who\n\temail = \"a#b\"\n")
    #expect(
      try set(.git, "[user]\n\tname = A\n", ["remote", "Origin", "url"], .text("u"))
        == "[user]\n\tname = A\n[remote \"Origin\"]\n\turl = u\n")
  }

  @Test(arguments: [
    (SettingsFormat.json, "{\"a\": 1}", ["a", "b"]), (.json, "[1]", ["a"]), (.json, "{\"a\": }", ["a"]),
    (.json, "{\"a\": 1} x", ["a"]), (.yaml, "- a\n", ["a"]), (.yaml, "a: 1\n---\nb: 2\n", ["a"]),
    (.yaml, "a: [\n", ["a"]), (.yaml, "a: &x 1\nb: *x\n", ["a"]), (.toml, "a = \n", ["a"]),
    (.toml, "[[t]]\nx = 1\n", ["t", "x"]), (.ini, "[a\n", ["a", "b"]),
    (.git, "[a]\n\tb = 1\n\tb = 2\n", ["a", "b"]), (.git, "[a]\n\tb = \"x\n", ["a", "b"]),
  ])
  func whatCannotBeSetIsRefused(_ format: SettingsFormat, _ text: String, _ path: [String]) {
    #expect(throws: SettingsProblem.self) {
      try SettingsText.setting(path, to: .number("7"), in: Array(text.utf8), format)
    }
  }

  /// Files from a grammar: a key that was not there adds bytes and takes none away; one that was is replaced alone; and
  /// going back gives the file as it was.
  @Test(arguments: SettingsFormat.allCases)
  func onlyWhatIsAskedForChanges(_ format: SettingsFormat) throws {
    var grammar = SettingsGrammar(seed: 4711)
    var written = 0
    for _ in 0..<1200 {
      let text = grammar.file(format)
      let (path, value) = (grammar.path(format), grammar.value(format))
      let settings = try SettingsText.read(text, format)
      guard let made = try? SettingsText.setting(path, to: value, in: text, format) else { continue }
      written += 1
      let now = try SettingsText.read(made, format)
      #expect(format.same(now, settings.setting(path[...], to: value) ?? .null))
      if settings[path[...]] == nil {
        #expect(text.isWithin(made), "\(path): \(String(decoding: text, as: UTF8.self))")
      } else if settings[path[...]]?.isMap == false {
        // All but one stretch of bytes is the same.
        let same = zip(text, made).prefix { $0 == $1 }.count
        let rest = zip(text.reversed(), made.reversed()).prefix { $0 == $1 }.count
        let changed = max(0, text.count - same - rest)
        #expect(changed <= 80, "\(path): \(changed) bytes: \(String(decoding: text, as: UTF8.self))")
      }
      let back = try SettingsText.restoring([(path, format)], from: text, in: made)
      #expect(back == text, "\(path): \(String(decoding: text, as: UTF8.self))")
    }
    #expect(written > 700, "\(written)")
  }

  @Test(arguments: SettingsFormat.allCases)
  func noBytesMakeItFail(_ format: SettingsFormat) {
    var random = SplitMix(seed: 99)
    let alphabet = Array("{}[]\"'\\/*#;:=,.- \n\tab1é|>&!\0".utf8) + [0xFF]
    for _ in 0..<2000 {
      let text = (0..<Int.random(in: 0..<40, using: &random)).map { _ in
        alphabet.randomElement(using: &random) ?? 0
      }
      guard let made = try? SettingsText.setting(["a", "b"], to: .number("1"), in: text, format) else {
        continue
      }
      #expect((try? SettingsText.value(at: ["a", "b"], in: made, format)) != nil)
    }
  }
}

extension [UInt8] {
  /// It can be had from the other by taking bytes out.
  fileprivate func isWithin(_ other: [UInt8]) -> Bool {
    var place = 0
    for byte in other where place < count && self[place] == byte { place += 1 }
    return place == count
  }
}

/// Makes files of settings.
struct SettingsGrammar {
  private var random: SplitMix
  private let keys = ["a", "b", "c.d", "e", "größe", "f g"]

  init(seed: UInt64) { random = SplitMix(seed: seed) }

  private mutating func below(_ count: Int) -> Int { Int.random(in: 0..<count, using: &random) }

  private mutating func one(_ texts: String...) -> String { texts[below(texts.count)] }

  mutating func path(_ format: SettingsFormat) -> [String] {
    switch format {
    case .ini: [one("s", "S t", "u.v", "new"), one("a", "b", "z")]
    case .git:
      [["s"], ["core"], ["remote", "o"], ["remote", "new"], ["new"]][below(5)] + [one("a", "b", "z")]
    case .toml: [[], ["t"], ["t", "u"], ["a"], ["n"], ["b", "x"]][below(6)] + [keys[below(keys.count)]]
    case .json, .yaml: (0..<1 + below(3)).map { _ in keys[below(keys.count)] }
    }
  }

  mutating func value(_ format: SettingsFormat) -> SettingValue {
    switch below(format == .ini || format == .git ? 2 : 5) {
    case 0:
      .text(format == .ini ? one("x", "yes", "a b") : one("x", "yes", "a b", "\"q\"", "ü: x", "# no", "1"))
    case 1: .number("\(below(100))")
    case 2: .bool(true)
    case 3: .list([.text("p"), .number("3")])
    default: .list([])
    }
  }

  mutating func file(_ format: SettingsFormat) -> [UInt8] {
    let text =
      switch format {
      case .json: json(2, "") + "\n"
      case .yaml: yaml(2, "")
      case .toml: toml()
      case .ini: ini(isGit: false)
      case .git: ini(isGit: true)
      }
    let bytes = Array(text.utf8)
    return below(6) == 0 ? bytes.flatMap { $0 == 10 ? [13, 10] : [$0] } : bytes
  }

  private mutating func json(_ depth: Int, _ indent: String) -> String {
    var chosen: [String] = []
    for key in keys where below(2) == 0 { chosen.append(key) }
    if chosen.isEmpty { return one("{}", "{ }", "{\n}") }
    let (isSpread, inner) = (below(3) > 0, indent + "  ")
    var text = "{"
    for (index, key) in chosen.enumerated() {
      if isSpread, below(4) == 0 { text += "\n\(inner)// remark" }
      let value =
        depth > 0 && below(3) == 0
        ? json(depth - 1, inner) : one("1", "\"x\"", "true", "[1, 2]", "null", "[\n 1 ]", "\"\\u00e9\\n\"")
      text += (isSpread ? "\n\(inner)" : " ") + "\"\(key)\"\(one(":", ": ", " : "))\(value)"
      if index < chosen.count - 1 || below(4) == 0 { text += one(",", ",", ",", " ,", "/*c*/,") }
      if isSpread, below(4) == 0 { text += " // behind" }
    }
    return text + (isSpread ? "\n\(indent)}" : " }")
  }

  private mutating func yaml(_ depth: Int, _ indent: String) -> String {
    var text = ""
    for key in keys where below(2) == 0 {
      if below(5) == 0 { text += "\(indent)# remark\n" }
      let name = key.contains(" ") ? "\"\(key)\"" : key
      if depth > 0, below(3) == 0 {
        let inner = yaml(depth - 1, indent + "  ")
        if !inner.isEmpty {
          text += "\(indent)\(name):\n\(inner)"
          continue
        }
      }
      let value = one(
        "1", "x y", "'q'", "[1, 2]", "{a: 1, b: 2}", "|\n\(indent)  text\n\(indent)  more",
        "\n\(indent)- 1\n\(indent)- 2", "", "é # w", "{}", ">-\n\(indent)   folded\n")
      text += "\(indent)\(name): \(value)\n" + (below(6) == 0 ? "\n" : "")
    }
    return text
  }

  private mutating func toml() -> String {
    var text = ""
    func statements(_ grammar: inout SettingsGrammar) -> String {
      var text = ""
      for key in grammar.keys where grammar.below(2) == 0 {
        let name = key.utf8.count == 1 ? key : "\"\(key)\""
        if grammar.below(5) == 0 { text += "# remark\n" }
        text += name + (grammar.below(5) == 0 ? ".x" : "") + grammar.one(" = ", "=")
        text += grammar.one(
          "1", "\"s\"", "'l'", "[1,\n 2, # c\n]", "{ a = 1, b = { c = 2 } }", "1979-05-27", "\"\"\"\nm\"\"\"",
          "{}",
          "true # t")
        text += "\n"
      }
      return text
    }
    text += statements(&self)
    for header in ["t", "t.u", "v", "\"w x\""] where below(2) == 0 {
      text += one("\n", "") + "[\(header)]\n" + statements(&self)
    }
    if below(3) == 0 { text += "[[arr]]\na = 1\n[[arr]]\nb=2\n" }
    return below(4) == 0 && text.hasSuffix("\n") ? String(text.dropLast()) : text
  }

  private mutating func ini(isGit: Bool) -> String {
    var text = ""
    let sign = one("=", " = ")
    if !isGit { for key in ["a", "b"] where below(2) == 0 { text += "\(key)\(sign)x\n" } }
    for header in isGit ? ["s", "Core", "remote \"o\"", "remote \"x y\""] : ["s", "S t", "u.v"]
    where below(2) == 0 {
      text += "[\(header)]\n"
      for key in ["a", "b", "c"] where below(2) == 0 {
        text += (isGit ? "\t" : "") + key + sign + one("x", "y z", "1", isGit ? "\"q\" ; c" : "q") + "\n"
        if below(5) == 0 { text += "; remark\n" }
      }
      if below(3) == 0 { text += "\n" }
    }
    return text
  }
}
