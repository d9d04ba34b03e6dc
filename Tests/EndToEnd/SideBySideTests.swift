import OutfitSystem
import Support
import SystemPackage
import Testing

/// Projects with equal packages on one machine: nothing of one is seen in another, and the disk holds them once.
@Suite(.serialized, .timeLimit(.minutes(15)))
struct SideBySideTests {
  static let names = ["ant", "bee", "cat", "dog"]

  private func bring(_ name: String, _ index: PackageIndex, _ machine: Machine) async throws {
    try await index.publish("tool-\(name)", "1.0", says: "tool of \(name)", machine)
    try machine.write(
      "\(name)/outfit.yaml",
      """
      profile: \(name)
      interpreters: {python: {versions: ["3"], system: true}}
      virtualenv: {from: requirements.txt}
      tools: {tool-\(name): "1.0"}
      env: {WHO: \(name), OF_\(name.uppercased()): "1"}
      indexes:
        open: {url: "\(index.url)", priority: primary}
        own-\(name): {url: "\(index.url)", priority: explicit, packages: [own-of-\(name)]}

      """)
    try machine.write("\(name)/requirements.txt", "words\n")
    let up = try await machine.outfit(
      "up", "--trust", at: name,
      setting: [
        "XDG_CACHE_HOME": machine.home.appending("cache").string,
        "OUTFIT_INDEX_OWN_\(name.uppercased())_PASSWORD": "hunter-2-\(name)",
      ])
    try #require(up.status == 0, "\(up.errorText)")
  }

  @Test func nothingOfOneIsSeenInAnother() async throws {
    let machine = try Machine()
    let index = try PackageIndex()
    try await index.publish("words", "1.0", says: "hello", machine)
    for name in Self.names { try await bring(name, index, machine) }

    let shim = machine.home.pushing(".local/share/outfit/bin")
    let script = """
      PATH=\(shim):/usr/bin:/bin
      eval "$('\(Machine.build)/outfit' shell-init bash)"
      seen() { env | grep -v -e ^_= -e ^OLDPWD= | sort; }
      __outfit_hook; seen >~/before
      for name in \(Self.names.joined(separator: " ")); do
        cd ~/$name; __outfit_hook; seen >~/$name.env
        for tool in \(Self.names.joined(separator: " ")); do tool-$tool 2>/dev/null; done >~/$name.tools
        command -v words >~/$name.words
      done
      cd ~; __outfit_hook; seen >~/after
      """
    let run = try await machine.run("/bin/bash", ["--norc", "-c", script])
    try #require(run.status == 0, "\(run.errorText)")
    #expect(try machine.read("before") == machine.read("after"))
    for name in Self.names {
      let seen = try machine.read("\(name).env") ?? ""
      #expect(seen.contains("WHO=\(name)\n"), "\(seen)")
      for other in Self.names where other != name {
        #expect(!seen.contains("OF_\(other.uppercased())") && !seen.contains("/\(other)/"), "\(seen)")
      }
      #expect(!seen.contains("hunter-2"), "\(seen)")
      #expect(try machine.read("\(name).tools") == "tool of \(name)\n")
      #expect(try machine.read("\(name).words") == "\(machine.home)/\(name)/.venv/bin/words\n")
    }
    let held = try await machine.run("/bin/grep", ["-rlaF", "hunter-2-", machine.home.string])
    #expect(held.outputText.isEmpty)

    let files = try await machine.run(
      "/bin/sh",
      [
        "-c",
        "find \(Self.names.map { "\($0)/.venv/lib/" }.joined(separator: " ")) -name words.py -printf '%i\\n'",
      ])
    let inodes = files.outputText.split(separator: "\n")
    #expect(inodes.count == Self.names.count && Set(inodes).count == 1, "\(files.outputText)")
  }
}
