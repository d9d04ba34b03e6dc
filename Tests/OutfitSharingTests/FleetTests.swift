import Foundation
import OutfitCore
import Support
import SystemPackage
import Testing

@testable import OutfitSharing

/// Many machines' facts, compared.
@Suite struct FleetTests {
  /// A document as `outfit facts --json` writes it.
  static func document(_ changes: [String: Any] = [:], black: String? = "25.1.0", own: [String] = [])
    -> [String: Any]
  {
    let owner: [String: Any] = [
      "layer": "github:acme/profiles//web@v3", "file": "/l/web/outfit.yaml", "line": 7,
    ]
    let mine: [String: Any] = [
      "layer": "/home/a/.config/outfit", "file": "/home/a/.config/outfit/outfit.yaml", "line": 2,
    ]
    var tools: [[String: Any]] = own.map {
      ["name": $0, "version": "1.0", "digest": NSNull(), "commands": [$0], "owner": mine]
    }
    if let black {
      tools.append(["name": "black", "version": black, "digest": "00", "commands": ["black"], "owner": owner])
    }
    return [
      "schema": 1, "kind": "facts", "changed": false, "exit": 0, "error": NSNull(), "outfit": "0.1.0",
      "platform": "linux-amd64", "scope": "machine", "root": NSNull(),
      "profile": ["name": "web", "address": "github:acme/profiles//web@v3", "commit": commit]
        as [String: Any],
      "layers": [
        ["name": "web", "kind": "profile", "address": "github:acme/profiles//web@v3", "commit": commit]
          as [String: Any],
        ["name": "outfit", "kind": "personal", "address": "/home/a/.config/outfit", "commit": NSNull()],
      ],
      "lock": ["path": "/l/outfit.lock", "sha256": String(repeating: "a", count: 64)],
      "generation": ["number": 7, "time": 1_700_000_000, "origin": "up", "incomplete": false]
        as [String: Any],
      "tools": tools,
      "interpreters": [
        [
          "language": "python", "request": "3.13", "version": "3.13.5", "program": "/p", "digest": "00",
          "owner": owner,
        ] as [String: Any]
      ],
      "drift": false, "files": [], "objects": [], "commands": [], "conflicts": [], "effects": [],
      "waiting": [],
      "incomplete": [], "mend": [],
    ].merging(changes) { $1 }
  }

  static let commit = "0123456789abcdef0123456789abcdef01234567"

  static func bytes(_ value: Any) throws -> [UInt8] {
    Array(try JSONSerialization.data(withJSONObject: value, options: [.sortedKeys, .fragmentsAllowed]))
  }

  private func facts(_ name: String, _ value: Any) throws -> MachineFacts {
    guard case .facts(let facts) = try MachineFacts.read(try Self.bytes(value), name: name) else {
      throw Failure("no facts")
    }
    return facts
  }

  private func report(_ machines: [String: Any]) throws -> FleetReport {
    FleetReport(FactsFolder(machines: try machines.map { try facts($0.key, $0.value) }))
  }

  private func said(_ report: FleetReport, _ name: String) -> [String] {
    (report.machines.first { $0.facts.name == name }?.differences ?? []).map {
      "\($0.subject): \($0.text)" + ($0.line.map { " (\($0.text))" } ?? "")
    }
  }

  @Test func machinesThatAreAlike() throws {
    let report = try report(["a": Self.document(), "b": Self.document(), "c": Self.document(own: ["htop"])])
    #expect(report.differing.isEmpty)
    #expect(report.machines[2].own == ["htop"], "a user's own tool is nobody's else")
    #expect(
      FleetText.text(of: report, width: 80)
        == "3 machines with web: all alike, and as they should be\n\nWith tools of their users' own: c (htop)\n"
    )
  }

  @Test func whatDiffersAndByWhichLine() throws {
    let other = "f" + Self.commit.dropFirst()
    let report = try report([
      "a": Self.document(), "b": Self.document(), "c": Self.document(),
      "old": Self.document(
        [
          "outfit": "0.0.9",
          "layers": [
            ["name": "web", "kind": "profile", "address": "github:acme/profiles//web@v3", "commit": other]
          ],
          "lock": ["path": "/l/outfit.lock", "sha256": String(repeating: "b", count: 64)],
          "generation": ["number": 3, "time": 1_600_000_000, "origin": "up", "incomplete": true]
            as [String: Any],
        ], black: "24.1.0"),
      "gone": Self.document(black: nil),
      "edited": Self.document([
        "drift": true,
        "files": [
          [
            "path": "/home/a/.zshrc", "action": "conflict",
            "owner": ["layer": "github:acme/profiles//web@v3", "file": "/l/web/outfit.yaml", "line": 12]
              as [String: Any],
          ] as [String: Any],
          ["path": "/home/a/.netrc", "action": "not-asked", "owner": NSNull()] as [String: Any],
        ],
        "effects": [
          [
            "entry": "packages.apt", "label": "apt: ripgrep", "needsRoot": true, "wanted": true,
            "packages": ["ripgrep"],
            "owner": ["layer": "github:acme/profiles//web@v3", "file": "/l/web/outfit.yaml", "line": 20]
              as [String: Any],
          ] as [String: Any],
          ["entry": "scripts.x", "label": "script x", "needsRoot": false, "wanted": false] as [String: Any],
        ],
        "incomplete": [
          ["message": "black can't be had", "file": "/l/web/outfit.yaml", "line": 7] as [String: Any]
        ],
      ]),
    ])
    #expect(report.differing.map(\.facts.name) == ["edited", "gone", "old"])
    #expect(
      said(report, "old") == [
        "outfit: 0.0.9; 5 of 6 have 0.1.0", "layer web: commit f123456789ab; 5 of 6 have commit 0123456789ab",
        "lock: bbbbbbbbbbbb; 5 of 6 have aaaaaaaaaaaa", "generation: incomplete; 5 of 6 have whole",
        "tool black: 24.1.0; 4 of 6 have 25.1.0 (web:7)",
      ])
    #expect(said(report, "gone") == ["tool black: none; 4 of 6 have 25.1.0 (web:7)"])
    #expect(
      said(report, "edited") == [
        "file /home/a/.zshrc: was changed by its owner, and stays so (web:12)",
        "packages.apt: apt: ripgrep is wanted (web:20)", "incomplete: black can't be had (web:7)",
      ])
  }

  /// The greater number counts, and among as many the newest.
  @Test func whoIsRight() throws {
    let old = Self.document(
      ["generation": ["number": 1, "time": 1, "origin": "up", "incomplete": false] as [String: Any]],
      black: "24.1.0")
    var report = try report(["a": old, "b": Self.document()])
    #expect(report.differing.map(\.facts.name) == ["a"])
    report = try self.report(["a": old, "b": Self.document(), "c": old])
    #expect(report.differing.map(\.facts.name) == ["b"])
    // What a user has otherwise than the team.
    var overridden = Self.document(own: ["black"])
    overridden["tools"] = (overridden["tools"] as? [[String: Any]])?.filter {
      $0["version"] as? String == "1.0"
    }
    report = try self.report(["a": overridden, "b": Self.document(), "c": Self.document()])
    #expect(said(report, "a") == ["tool black: 1.0; 2 of 3 have 25.1.0 (its own layer:2)"])
    // Another profile is one difference, and not one for each tool.
    var db = Self.document(black: nil)
    db["profile"] = ["name": "db", "address": "/db", "commit": NSNull()] as [String: Any]
    report = try self.report(["a": db, "b": Self.document(), "c": Self.document()])
    #expect(said(report, "a") == ["profile: db; 2 of 3 have web"])
    // Tools of another platform are others.
    report = try self.report([
      "a": Self.document(["platform": "macos-arm64"], black: nil), "b": Self.document(), "c": Self.document(),
    ])
    #expect(report.differing.isEmpty)
    #expect(try self.report(["a": Self.document()]).differing.isEmpty)
    let empty = Self.document(["profile": NSNull(), "layers": [], "generation": NSNull(), "lock": NSNull()])
    report = try self.report(["a": empty, "b": Self.document(), "c": Self.document()])
    #expect(said(report, "a") == ["profile: none; 2 of 3 have web"])
  }

  /// What ansible-core 2.17 and 2.19 write, with other facts beside.
  @Test func ansiblesCache() throws {
    let document = Self.document()
    let result: [String: Any] = ["changed": false, "installed": true, "facts": document, "drift": false]
    let tagged: [String: Any] = [
      "value": document, "tags": [["path": "/p.yml", "__ansible_type": "Origin"]],
      "__ansible_type": "_AnsibleTaggedDict",
    ]
    let unsafe = ["__ansible_unsafe": "web"]
    var wrapped = document
    wrapped["outfit"] = ["__ansible_unsafe": "0.1.0"]
    for fact: Any in [document, result, tagged, wrapped] {
      let cache: [String: Any] = ["ansible_hostname": "a", "x": unsafe, "outfit_facts": fact]
      let payload = String(decoding: try Self.bytes(cache), as: UTF8.self)
      for form: Any in [cache, ["__payload__": payload], fact] {
        #expect(try facts("a", form) == facts("a", document))
      }
    }
    for none: [String: Any] in [
      ["ansible_hostname": "a"], ["__payload__": "{}"], ["_ansible_facts_gathered": true],
    ] {
      #expect(try MachineFacts.read(try Self.bytes(none), name: "a") == .none)
    }
  }

  @Test(arguments: [
    ("", "it is empty"), ("{", "is not JSON"), ("[]", "no JSON object"), ("{}", "no facts"),
    ("3", "no JSON object"),
    (#"{"kind":"plan","schema":1}"#, "says that it is the document `plan`"),
    (#"{"kind":"facts","schema":2}"#, "another version"), (#"{"kind":"facts","schema":1}"#, "not whole"),
    (#"{"__payload__":"{"}"#, "is not JSON"), ("\u{0}\u{1}", "is not JSON"),
    (String(repeating: "[", count: 100_000), "nested too deeply"),
  ])
  func whatIsNone(_ text: String, _ reason: String) {
    let failure = #expect(throws: Failure.self) { _ = try MachineFacts.read(Array(text.utf8), name: "a") }
    #expect(failure?.diagnostics.first?.message.contains(reason) == true, "\(failure.map { "\($0)" } ?? "")")
  }

  /// A stranger's text is text.
  @Test func hostileTextIsHarmless() throws {
    let evil = "\u{1B}]0;x\u{7}\u{1B}[2J<script>alert(1)</script>\u{202E}\" onload=x\nhttps://u:hunter2@h/"
    var bad = Self.document(black: evil)
    bad["outfit"] = evil
    bad["profile"] = ["name": evil, "address": evil, "commit": evil]
    bad["layers"] = [["name": evil, "kind": evil, "address": evil, "commit": evil]]
    bad["mend"] = [evil]
    bad["incomplete"] = [["message": evil, "file": evil, "line": 3] as [String: Any]]
    bad["files"] = [
      ["path": evil, "action": evil, "owner": ["layer": evil, "file": evil, "line": 1] as [String: Any]]
        as [String: Any]
    ]
    var folder = FactsFolder(machines: [
      try facts("a", bad), try facts("b", Self.document()), try facts("c", bad),
    ])
    folder.broken = [(MachineFacts.shown(evil), MachineFacts.shown(evil))]
    let report = FleetReport(folder)
    for width in [24, 40, 80, 120] {
      let text = FleetText.text(of: report, width: width)
      #expect(
        !text.unicodeScalars.contains { $0.value < 32 && $0 != "\n" || $0 == "\u{7F}" || $0 == "\u{202E}" })
      #expect(text.split(separator: "\n").allSatisfy { $0.count <= width }, "\(width): \(text)")
      #expect(!text.contains("hunter2"))
    }
    let page = FleetPage(of: report, date: "now").html
    #expect(!page.contains("<script") && !page.contains("\u{1B}") && !page.contains("\" onload"))
    #expect(!page.contains("hunter2") && page.contains("&lt;script&gt;"))
  }

  /// Whatever a file holds, it is read or refused.
  @Test func fuzzed() throws {
    let bytes = try Self.bytes(Self.document(own: ["x"]))
    var random = SplitMix(seed: 22)
    for _ in 0..<400 {
      var other = bytes
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let place = Int.random(in: 0..<other.count, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: other[place] = UInt8.random(in: 0...255, using: &random)
        case 1: other.remove(at: place)
        default: other.removeLast(Int.random(in: 0..<min(40, other.count), using: &random))
        }
      }
      do throws(Failure) {
        if case .facts(let facts) = try MachineFacts.read(other, name: "a") {
          _ = FleetText.text(of: FleetReport(FactsFolder(machines: [facts, facts])), width: 40)
        }
      } catch {
        #expect(!error.diagnostics.isEmpty)
      }
    }
  }
}
