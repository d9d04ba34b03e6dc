import OutfitSystem
import Support
import SystemPackage
import Testing

/// Private indexes: which one serves what, and what is known of their passwords afterwards.
@Suite(.serialized, .timeLimit(.minutes(15)))
struct IndexTests {
  /// Caches of its own, so that what is asked of whom can be told.
  private func settings(_ machine: Machine, _ more: [String: String] = [:]) -> [String: String] {
    ["XDG_CACHE_HOME": machine.home.appending("cache").string].merging(more) { $1 }
  }

  private func profile(_ machine: Machine, _ indexes: [String], _ tools: [String]) throws {
    let lines =
      ["profile: p", "interpreters: {python: {versions: [\"3\"], system: true}}", "indexes:"]
      + indexes.map { "  " + $0 } + ["tools:"] + tools.map { "  " + $0 }
    try machine.write("p/outfit.yaml", lines.map { $0 + "\n" }.joined())
  }

  /// The pins of the machine's lock: `name==version`.
  private func pins(_ machine: Machine) throws -> Set<String> {
    let lock = try machine.read(".local/state/outfit/machine/outfit.lock") ?? ""
    return Set(
      lock.split(separator: "\n").compactMap { line in
        let word = line.split(separator: " ").first.map(String.init) ?? ""
        return word.contains("==") ? word : nil
      })
  }

  /// The public index has names of the private one too, of higher versions, as an attacker would publish them.
  @Test func aBoundNameNeverFallsThrough() async throws {
    let machine = try Machine()
    let open = try PackageIndex()
    let own = try PackageIndex()
    try await own.publish(
      "acme-tool", "1.0", requires: ["acme-core", "helper"], says: "ours", machine)
    try await own.publish("acme-core", "1.0", says: "ours", machine)
    try await own.publish("helper", "7.0", says: "the private one's", machine)
    for name in ["acme-tool", "acme-core", "acme-gone"] {
      try await open.publish(name, "9.0", says: "evil", machine)
    }
    try await open.publish("helper", "1.0", says: "public", machine)
    try await open.publish("acme-unrelated", "1.0", says: "public", machine)

    // An explicit index serves the tool that is bound to it, and what the tool depends on only when asked.
    let first = "open: {url: \"\(open.url)\"}"
    func acme(_ more: String) -> String { "acme: {url: \"\(own.url)\", priority: explicit\(more)}" }
    try profile(machine, [first, acme("")], ["acme-tool: {index: acme}"])
    let plain = try await machine.outfit("up", "p", "--trust", setting: settings(machine))
    #expect(plain.status == 0, "\(plain.errorText)")
    #expect(try pins(machine) == ["acme-tool==1.0", "acme-core==9.0", "helper==1.0"])
    #expect(own.asked() == ["acme-tool"])
    #expect(!open.asked().contains("acme-tool"))

    try profile(
      machine, [first, acme(", packages: [acme-core, acme-gone]")],
      ["acme-tool: {index: acme}", "acme-unrelated: \"*\""])
    let bound = try await machine.outfit("up", "p", "--trust", setting: settings(machine))
    #expect(bound.status == 2, "\(bound.errorText)")
    #expect(bound.errorText.contains("there is no package named acme-gone"), "\(bound.errorText)")
    #expect(open.asked().isDisjoint(with: ["acme-tool", "acme-core", "acme-gone"]))

    try await own.publish("acme-gone", "1.0", says: "not needed", machine)
    let cache = machine.home.appending("cache")
    try machine.files.removeTree(cache)
    _ = own.asked()
    let again = try await machine.outfit("up", "p", "--trust", setting: settings(machine))
    #expect(again.status == 0, "\(again.errorText)")
    #expect(
      try pins(machine) == ["acme-tool==1.0", "acme-core==1.0", "helper==1.0", "acme-unrelated==1.0"])
    #expect(open.asked().isDisjoint(with: ["acme-tool", "acme-core", "acme-gone"]))
    #expect(!own.asked().contains("helper"))
    let said = try await machine.login("acme-tool; acme-unrelated")
    #expect(said.outputText == "ours\npublic\n", "\(said.errorText)")

    // Whoever has the lock and an empty cache asks each index for what it serves, and no more.
    try machine.files.removeTree(cache)
    try machine.files.removeTree(machine.home.pushing(".local/share/outfit/store"))
    let locked = try await machine.outfit("up", "p", "--locked", "--yes", setting: settings(machine))
    #expect(locked.status != 2, "\(locked.errorText)")
    let online = try await machine.outfit("up", "p", setting: settings(machine))
    #expect(online.status == 0, "\(online.errorText)")
    #expect(open.asked().isDisjoint(with: ["acme-tool", "acme-core", "acme-gone"]))
    #expect(own.asked().isSubset(of: ["acme-tool", "acme-core"]))

    try profile(machine, [first, acme(", dependencies: true")], ["acme-tool: {index: acme}"])
    let all = try await machine.outfit("up", "p", "--trust", setting: settings(machine))
    #expect(all.status == 0, "\(all.errorText)")
    #expect(try pins(machine) == ["acme-tool==1.0", "acme-core==1.0", "helper==7.0"])
  }

  /// Where a password was seen.
  private func traces(_ machine: Machine, of secret: String) async throws -> String {
    let home = machine.home.string
    let found = try await machine.run(
      "/bin/sh", ["-c", "grep -rlaF \(secret) \(home) --exclude=.netrc --exclude=keyring; true"])
    return found.outputText
  }

  @Test(arguments: ["environment", "netrc", "keyring"])
  func passwordsAreUsedAndNeverKeptOrShown(_ way: String) async throws {
    let machine = try Machine("password-\(way)")
    // ada:hunter-2-secret
    let index = try PackageIndex(authorization: "Basic YWRhOmh1bnRlci0yLXNlY3JldA==")
    let secret = "hunter-2-secret"
    try await index.publish("acme-tool", "1.0", says: "ours", machine)
    try profile(
      machine, ["acme: {url: \"\(index.url)\", priority: explicit}"], ["acme-tool: {index: acme}"])
    var setting = settings(machine)
    let without = try await machine.outfit("up", "p", "--trust", setting: setting)
    #expect(without.status != 0)
    #expect(without.errorText.contains("OUTFIT_INDEX_ACME_USERNAME"), "\(without.errorText)")
    switch way {
    case "environment":
      setting["OUTFIT_INDEX_ACME_USERNAME"] = "ada"
      setting["POETRY_HTTP_BASIC_ACME_PASSWORD"] = secret
    case "netrc":
      try machine.write(".netrc", "machine 127.0.0.1 login ada password \(secret)\n", mode: 0o600)
    default:
      try machine.write("bin/keyring", "#!/bin/sh\n[ \"$3\" = ada ] && echo \(secret)\n", mode: 0o755)
      setting["OUTFIT_INDEX_ACME_USERNAME"] = "ada"
      setting["UV_KEYRING_PROVIDER"] = "subprocess"
      setting["PATH"] = machine.home.appending("bin").string + ":" + (machine.environment["PATH"] ?? "")
    }
    let seen = Locked<[String]>([])
    let files = machine.files
    index.onRequest { _ in
      for process in (try? files.list("/proc")) ?? [] where process.allSatisfy(\.isNumber) {
        let path = FilePath("/proc").appending(process).appending("cmdline")
        let line = (try? files.text(path)).flatMap { $0 } ?? ""
        if line.contains(secret) { seen.withLock { $0.append(line) } }
      }
    }
    let done = try await machine.outfit("up", "p", "--trust", setting: setting)
    #expect(done.status == 0, "\(done.errorText)")
    #expect(!(done.errorText + done.outputText).contains(secret))
    #expect(seen.withLock { $0 } == [])
    #expect(try await traces(machine, of: secret) == "")
    let said = try await machine.login("acme-tool")
    #expect(said.outputText == "ours\n", "\(said.errorText)")
  }
}
