import OutfitCore
import OutfitSystem
import Support
import SystemPackage
import Testing

/// The commits of git layers, as outfit.lock pins them for a team.
@Suite struct LayerPinTests {
  private func commit(_ machine: Machine, _ folder: String, _ text: String) async throws -> String {
    try machine.write("\(folder)/outfit.yaml", text)
    let made = try await machine.login(
      "cd \(folder) && git init -q -b main && git add -A && git -c user.name=a -c user.email=a@b.example commit -qm x"
        + " && git rev-parse HEAD")
    let commit = String(made.outputText.filter { !$0.isWhitespace })
    try #require(commit.count == 40, "\(made.errorText)")
    return commit
  }

  /// Everybody has the commit of the lock, whatever the branch is now, until somebody moves it.
  @Test func aProjectsLayersStayWhereTheLockHasThem() async throws {
    let machine = try Machine()
    let first = try await commit(machine, "base", "profile: base\nenv: {WHICH: one}\n")
    let address = "git+file://\(machine.home)/base"
    try machine.write("shop/outfit.yaml", "profile: shop\nextends: [\"\(address)@main\"]\n")
    let fetched = try await machine.outfit("trust", "--trust", first, "--fetch", at: "shop")
    #expect(fetched.status == 0, "\(fetched.errorText)")
    let lock = try await machine.outfit("lock", at: "shop")
    #expect(lock.status == 0, "\(lock.errorText)")
    #expect(lock.outputText.contains("+ layer \(address)@main: \(first.prefix(12))"), "\(lock.outputText)")
    let text = try machine.read("shop/outfit.lock") ?? ""
    #expect(
      text.contains("layers:\n  \"\(address)@main\":\n    commit: \"\(first)\"\n    digest: sha256:"),
      "\(text)")
    #expect(try await machine.outfit("up", at: "shop").status == 0)

    let second = try await commit(machine, "base", "profile: base\nenv: {WHICH: two}\n")
    // Another person, who has fetched nothing yet.
    let other = try Machine("other")
    let clone = try await other.login(
      "cp -R \(machine.home)/shop . && git clone -q \(machine.home)/base base")
    try #require(clone.status == 0)
    let trusted = try await other.outfit("trust", "--locked", "--fetch", at: "shop")
    #expect(trusted.status == 0, "\(trusted.errorText)")
    let up = try await other.outfit("up", "--locked", at: "shop")
    #expect(up.status == 0, "\(up.errorText)")
    let env = try await other.outfit("why", "WHICH", "--json", at: "shop")
    #expect(env.outputText.contains("\"value\": \"one\""), "\(env.outputText)")
    #expect(try other.read("shop/outfit.lock") == text)
    let check = try await other.outfit("lock", "--check", at: "shop")
    #expect(check.status == 0, "\(check.outputText)\(check.errorText)")

    // It moves when it is said, with consent to what is new, and not before.
    let refused = try await machine.outfit("update", "layer:base", at: "shop")
    #expect(refused.status == 4, "\(refused.errorText)")
    #expect(
      refused.errorText.contains("consent with: outfit update layer:base --trust \(second)\n"),
      "\(refused.errorText)")
    #expect(try machine.read("shop/outfit.lock") == text)
    let moved = try await machine.outfit("update", "layer:base", "--trust", second, at: "shop")
    #expect(moved.status == 0, "\(moved.errorText)")
    #expect(
      moved.outputText.split(separator: "\n").filter { $0.contains(second.prefix(12)) }.count == 1,
      "\(moved.outputText)")
    #expect(try machine.read("shop/outfit.lock")?.contains(second) == true)

    // A lock that says other digests is believed, and what was fetched is not.
    let bad = text.split(separator: "\n").map { line in
      line.contains("digest: sha256:")
        ? "    digest: sha256:\(String(repeating: "0", count: 64))" : String(line)
    }.joined(separator: "\n")
    let third = try Machine("third")
    try third.write("shop/outfit.yaml", try machine.read("shop/outfit.yaml") ?? "")
    try third.write("shop/outfit.lock", bad + "\n")
    let own = ["XDG_CACHE_HOME": third.home.appending("cache").string]
    let lied = try await third.outfit("trust", "--locked", "--fetch", at: "shop", setting: own)
    #expect(
      lied.status == 1 && lied.errorText.contains("holds other files than outfit.lock says"),
      "\(lied.errorText)")
  }

  @Test func withoutPinsALockIsNoConsent() async throws {
    let machine = try Machine()
    _ = try await commit(machine, "base", "profile: base\nenv: {A: b}\n")
    try machine.write("shop/outfit.yaml", "profile: shop\nextends: [\"git+file://\(machine.home)/base\"]\n")
    let refused = try await machine.outfit("trust", "--locked", "--fetch", at: "shop")
    #expect(
      refused.status == 4 && refused.errorText.contains("outfit.lock does not pin it"), "\(refused.errorText)"
    )
    #expect(refused.errorText.contains("outfit lock"))
  }

  /// The lock beside a profile from git pins what that builds on.
  @Test func aProfilesOwnLockPinsWhatItBuildsOn() async throws {
    let machine = try Machine()
    let first = try await commit(machine, "base", "profile: base\ndata: {which: one}\n")
    try machine.write("team/t", "{{which}}")
    let manifest =
      "profile: team\nextends: [\"git+file://\(machine.home)/base\"]\ndotfiles: {.which: {template: t}}\n"
    _ = try await commit(machine, "team", manifest)
    let locked = try await machine.outfit("lock", "team")
    #expect(locked.status == 4, "\(locked.errorText)")
    #expect(try await machine.outfit("show", "team", "--fetch").status == 0)
    #expect(try await machine.outfit("trust", "team", "--trust", first).status == 0)
    #expect(try await machine.outfit("lock", "team").status == 0)
    let top = try await commit(machine, "team", manifest)
    let second = try await commit(machine, "base", "profile: base\ndata: {which: two}\n")
    try #require(second != first)
    let other = try Machine("other")
    let up = try await other.outfit(
      "up", "git+file://\(machine.home)/team", "--fetch", "--trust", "\(top),\(first)")
    #expect(up.status == 0, "\(up.errorText)")
    #expect(try other.read(".which") == "one")
    #expect(try await other.outfit("up", "--locked").status == 0)
  }
}
