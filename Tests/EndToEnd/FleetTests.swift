import Foundation
import OutfitSystem
import SystemPackage
import Testing

/// `outfit fleet report`, from what real machines say of themselves.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct FleetTests {
  private static let isThere = Browser.program != nil
  private static let hint: Comment = "no browser is here, and none can be got: apt-get install chromium"

  private func team(_ machine: Machine, _ version: Int) throws {
    try machine.write(
      "team/outfit.yaml",
      """
      profile: team
      interpreters: {python: {versions: [">=3.9"], system: true}}
      dotfiles:
        .vimrc: {copy: vimrc}
        .exrc: {copy: exrc}
      \(version > 1 ? "scripts: {fonts: {run: fonts.sh, when: changed}}" : "")
      """)
    try machine.write("team/vimrc", "set nu\n")
    try machine.write("team/exrc", "set ai\n")
    try machine.write("team/fonts.sh", "#!/bin/sh\n", mode: 0o755)
  }

  /// What a machine says, as the playbook collects it.
  private func collect(_ machine: Machine, as name: String, on controller: Machine) async throws {
    let facts = try await machine.outfit("facts", "--machine", "--json")
    #expect(facts.status == 0, "\(facts.errorText)")
    try controller.write("facts/\(name).json", facts.outputText)
  }

  @Test func whoDiffersAndByWhichLine() async throws {
    let controller = try Machine("controller")
    let machines = try (1...3).map { try Machine("box\($0)") }
    for machine in machines {
      try team(machine, 1)
      let up = try await machine.outfit("up", "team", "--trust")
      #expect(up.status == 0, "\(up.errorText)")
    }
    for (index, machine) in machines.enumerated() {
      try await collect(machine, as: "box\(index + 1)", on: controller)
    }
    let alike = try await controller.outfit("fleet", "report", "facts")
    #expect(alike.status == 0, "\(alike.errorText)")
    #expect(alike.outputText == "3 machines with team: all alike, and as they should be\n")

    try machines[1].write(".vimrc", "mine\n")
    try team(machines[2], 2)
    try await collect(machines[1], as: "box2", on: controller)
    try await collect(machines[2], as: "box3", on: controller)
    try controller.write("facts/router", "{\"ansible_hostname\": \"router\"}")
    let report = try await controller.outfit("fleet", "report", "facts")
    #expect(report.status == 3, "\(report.errorText)")
    for words in [
      "3 machines with team: 2 differ", "box2", "file \(machines[1].home)/.vimrc: was changed by its",
      "owner, and stays so",
      "(team:4)", "is wanted", "As they should be: box1", "Of which nobody asked Outfit: router",
    ] {
      #expect(report.outputText.contains(words), "\(words): \(report.outputText)")
    }
    let json = try await controller.outfit("fleet", "report", "facts", "--json")
    #expect(json.status == 3 && DocumentSchema.complaints(json).isEmpty, "\(DocumentSchema.complaints(json))")
    let document = try #require(try JSONSerialization.jsonObject(with: Data(json.output)) as? [String: Any])
    let found =
      (document["machines"] as? [[String: Any]])?.compactMap { $0["differences"] as? [[String: Any]] } ?? []
    #expect(found.map(\.isEmpty) == [true, false, false])
    #expect(found[1].contains { $0["layer"] as? String == "team" && $0["line"] as? Int == 4 }, "\(found[1])")

    // One that can't be read is told, and the others are reported all the same.
    try controller.write("facts/half.json", "{\"schema\": 1, \"kind\": \"facts\"")
    let broken = try await controller.outfit("fleet", "report", "facts", "--json")
    #expect(broken.status == 2 && broken.errorText.contains("half.json: "), "\(broken.errorText)")
    #expect(DocumentSchema.complaints(broken).isEmpty, "\(DocumentSchema.complaints(broken))")
    #expect(broken.outputText.contains("\"name\": \"box2\""))
  }

  @Test func whatIsNoFolderOfFacts() async throws {
    let machine = try Machine()
    try machine.write("empty/.hidden", "")
    try machine.write("foreign/a.json", "{\"kind\": \"plan\", \"schema\": 1}")
    try machine.write("foreign/b.json", "no JSON")
    try machine.write("routers/a", "{\"ansible_hostname\": \"a\"}")
    for (folder, message) in [
      ("nowhere", "there is no folder"), ("foreign/a.json", "is no folder"), ("empty", "there are no facts"),
      ("routers", "there are no facts"), ("foreign", "a.json: it holds no facts of Outfit's"),
    ] {
      for json in [[], ["--json"]] {
        let refused = try await machine.outfit(["fleet", "report", folder] + json)
        #expect(refused.status == 2 && refused.errorText.contains(message), "\(folder): \(refused.errorText)")
        #expect(json.isEmpty || DocumentSchema.complaints(refused).isEmpty, "\(refused.outputText)")
        #expect(!json.isEmpty || refused.outputText.isEmpty)
      }
    }
  }

  /// The page, on a phone and on a wall, of machines whose every word wants to be more than text.
  @Test(.enabled(if: isThere, hint)) func thePage() async throws {
    let machine = try Machine()
    let evil = "</td></style><script>document.title=1</script><img src=x onerror=alert(1)>\u{202E}\u{1B}[2J"
    let long = String(repeating: "W", count: 200)
    func write(_ name: String, _ changes: [String: Any]) throws {
      var facts: [String: Any] = [
        "schema": 1, "kind": "facts", "outfit": "0.1.0", "platform": "linux-amd64",
        "profile": ["name": "web-team", "address": "/web", "commit": String(repeating: "a", count: 40)],
        "layers": [
          [
            "name": "web-team", "kind": "profile", "address": "/web",
            "commit": String(repeating: "a", count: 40),
          ]
        ],
        "lock": ["path": "/l", "sha256": String(repeating: "b", count: 64)],
        "generation": ["number": 12, "time": 1_700_000_000, "origin": "up", "incomplete": false]
          as [String: Any],
        "tools": [tool("black", "25.1.0", 7), tool("sphinx", "8.2.3", 8)], "interpreters": [], "drift": false,
      ]
      facts.merge(changes) { $1 }
      let data = try JSONSerialization.data(withJSONObject: facts)
      try machine.write("facts/\(name).json", String(decoding: data, as: UTF8.self))
    }
    func tool(_ name: String, _ version: String, _ line: Int) -> [String: Any] {
      [
        "name": name, "version": version, "digest": "00", "commands": [name],
        "owner": ["layer": "/web", "file": "/web/outfit.yaml", "line": line] as [String: Any],
      ]
    }
    for number in 1...12 { try write("box-\(number)", [:]) }
    try write(
      "laptop-of-ada",
      [
        "tools": [tool("black", "24.10.0", 7)], "platform": "linux-amd64",
        "generation": ["number": 3, "time": 1_600_000_000, "origin": "up", "incomplete": true]
          as [String: Any],
        "files": [
          [
            "path": "/home/ada/.config/kitty/kitty.conf", "action": "conflict",
            "owner": ["layer": "/web", "file": "/web/outfit.yaml", "line": 12] as [String: Any],
          ] as [String: Any]
        ],
      ])
    try write(
      "evil",
      [
        "outfit": evil, "platform": long, "mend": [evil + long],
        "layers": [["name": evil, "kind": "profile", "address": "/web", "commit": long] as [String: Any]],
        "tools": [tool(evil, long, 7), tool(long, evil, 8)],
      ])
    let done = try await machine.outfit("fleet", "report", "facts", "--html", "page.html")
    #expect(done.status == 3 && done.errorText.contains("Wrote ~/page.html"), "\(done.errorText)")
    #expect(!done.outputText.contains("\u{1B}") && !done.outputText.contains("\u{202E}"))
    try await Browser.with(folder: machine.home.appending("browser")) { browser in
      for (width, dark) in [(390, false), (390, true), (1600, false), (1600, true)] {
        try await browser.look(width: width, dark: dark)
        try await browser.open(machine.home.appending("page.html"))
        try await browser.check("fleet \(width) \(dark)", width: width)
        #expect(try await browser.value("document.images.length") as? Int == 0)
        let words = try await browser.value("document.body.innerText") as? String ?? ""
        for word in [
          "2 of 14 differ", "laptop-of-ada", "24.10.0", "web-team:7", "web-team:12",
          "<script>document.title=1",
        ] {
          #expect(words.contains(word), "\(word) is not on the page")
        }
        try await browser.keep("fleet \(width) \(dark ? "dark" : "light")")
      }
    }
  }
}
