import OutfitCore
import OutfitSystem
import SystemPackage
import Testing

/// `outfit self update` of an Outfit that stands where install.sh puts one.
@Suite(.serialized, .timeLimit(.minutes(20)))
struct SelfUpdateTests {
  private static let checkout = FilePath(#filePath).removingLastComponent().removingLastComponent()
    .removingLastComponent()

  private static let platform = (try? Host.live())?.platform.key ?? "linux-amd64"

  /// A machine with an installed Outfit and a profile.
  private func machine(_ name: String = #function) async throws -> Machine {
    let machine = try Machine(name)
    let root = machine.home.pushing(FilePath(".local/share/outfit/self/\(Release.version)"))
    try machine.files.createDirectories(root.removingLastComponent())
    try await tree(machine, root)
    try machine.write(
      ".local/share/outfit/self/\(Release.version)/.sha256", String(repeating: "0", count: 64))
    try machine.files.createDirectories(link(machine).removingLastComponent())
    try machine.files.createLink(link(machine), to: root.pushing("bin/outfit").string)
    try machine.write("p/outfit.yaml", "profile: p\ndotfiles: {.a: {copy: a}}\n")
    try machine.write("p/a", "a\n")
    let up = try await installed(machine, "up", "p", "--trust")
    try #require(up.status == 0, "\(up.errorText)")
    return machine
  }

  private func tree(_ machine: Machine, _ root: FilePath) async throws {
    let made = try await machine.run(
      "/bin/sh", [Self.checkout.pushing("scripts/tree.sh").string, Machine.build.string, root.string])
    try #require(made.succeeded, "\(made.errorText)")
  }

  private func link(_ machine: Machine) -> FilePath { machine.home.pushing(".local/bin/outfit") }

  private func installed(_ machine: Machine, _ words: String...) async throws -> Completion {
    try await machine.run(link(machine), words, setting: ["XDG_CACHE_HOME": "\(machine.home)/.cache"])
  }

  /// What each way to Outfit says that it is.
  private func versions(_ machine: Machine) async throws -> [String] {
    var said: [String] = []
    for program in [link(machine), machine.home.pushing(".local/share/outfit/bin/outfit")] {
      let run = try await machine.run(program, ["--version"])
      let words = run.outputText.split(separator: " ")
      said.append(run.succeeded && words.count > 1 ? "\(words[1])".filter { !$0.isNewline } : run.errorText)
    }
    return said
  }

  /// A release whose program is a script, which hands on all but `--version`.
  private func script(_ machine: Machine, saying version: String) -> String {
    let old = machine.home.pushing(FilePath(".local/share/outfit/self/\(Release.version)/bin/outfit"))
    return
      "#!/bin/sh\nif [ \"$1\" = --version ]; then echo 'outfit \(version)'; exit 0; fi\nexec '\(old)' \"$@\"\n"
  }

  /// Puts a release into `dist`, with SHA256SUMS over all that is there.
  private func publish(_ machine: Machine, _ version: String, script: String? = nil) async throws {
    let name = "outfit-\(version)-\(Self.platform)"
    let root = machine.home.pushing(FilePath("made/\(name)"))
    if let script {
      for file in ["libexec/outfit-shim", "share/outfit/profiles/starter/outfit.yaml"] {
        try machine.write("made/\(name)/\(file)", "x\n")
      }
      try machine.write("made/\(name)/bin/outfit", script, mode: 0o755)
    } else {
      try machine.files.createDirectories(root.removingLastComponent())
      try await tree(machine, root)
    }
    try machine.write("dist/README", "")
    let done = try await machine.run(
      "/bin/sh",
      [
        "-c",
        "tar -czf dist/\(name).tar.gz -C made \(name) && rm -r made && cd dist && sha256sum * >../sums && mv ../sums SHA256SUMS",
      ])
    try #require(done.succeeded, "\(done.errorText)")
  }

  @Test func aNewerReleaseComesAndGoes() async throws {
    let machine = try await machine()
    try await publish(machine, "9.8.0", script: script(machine, saying: "9.8.0"))
    try await publish(machine, "9.9.0rc1", script: script(machine, saying: "9.9.0rc1"))
    let unknown = try await installed(machine, "self", "update")
    #expect(unknown.status == 2 && unknown.errorText.contains("--from ADDRESS"), "\(unknown.errorText)")
    let before = try machine.tree()
    let planned = try await installed(machine, "self", "update", "--from", "dist", "--dry-run")
    #expect(
      planned.status == 0 && planned.outputText.contains("would be outfit 9.8.0"),
      "\(planned.outputText) \(planned.errorText)")
    func own(_ tree: [String: String]) -> [String: String] {
      tree.filter { !$0.key.contains(".local/state/outfit") && !$0.key.contains(".cache") }
    }
    #expect(try own(machine.tree()) == own(before))

    let done = try await installed(machine, "self", "update", "--from", "dist")
    #expect(done.status == 0, "\(done.errorText)")
    #expect(done.outputText.contains("outfit \(Release.version) is outfit 9.8.0 now"), "\(done.outputText)")
    #expect(try await versions(machine) == ["9.8.0", "9.8.0"])
    #expect(try machine.read(".a") == "a\n")
    // Where it came from is known from then on; an older one comes by its name only.
    let older = try await installed(machine, "self", "update", "9.9.0rc1", "--json")
    #expect(older.outputText.contains("\"newest\": \"9.9.0rc1\""), "\(older.outputText) \(older.errorText)")
    #expect(try await versions(machine) == ["9.9.0rc1", "9.9.0rc1"])

    for expected in ["9.8.0", Release.version] {
      let back = try await installed(machine, "rollback", "--machine")
      #expect(back.status == 0, "\(back.errorText)")
      #expect(try await versions(machine) == [expected, expected])
    }
    #expect(try machine.read(".a") == "a\n")
    let gone = try await installed(machine, "self", "uninstall", "--yes")
    #expect(gone.status == 0, "\(gone.errorText)")
    #expect(!machine.files.exists(link(machine)))
    #expect(!machine.files.exists(machine.home.pushing(".local/share/outfit")))
  }

  /// A release in the store knows what it is: `up` finds nothing to do, `gc` keeps it, and it takes itself out.
  @Test func aReleaseInTheStoreStays() async throws {
    let machine = try await machine()
    try await publish(machine, Release.version)
    let done = try await installed(machine, "self", "update", "--from", "dist")
    #expect(done.status == 0, "\(done.errorText)")
    #expect(try machine.files.readLink(link(machine)).contains("/store/outfit-\(Release.version)-"))
    let again = try await installed(machine, "self", "update")
    #expect(again.outputText.contains("Nothing to do"), "\(again.outputText) \(again.errorText)")
    // It is what runs in a project too, whoever brought that up.
    try machine.write("shop/outfit.yaml", "profile: shop\n")
    #expect(try await machine.outfit("up", "--trust", at: "shop").status == 0)
    let which = try await machine.run(
      machine.home.pushing(".local/share/outfit/bin/outfit"), ["which", "outfit"], at: "shop")
    #expect(which.outputText.contains("/store/outfit-"), "\(which.outputText) \(which.errorText)")
    for _ in 0..<2 {
      let up = try await installed(machine, "up")
      #expect(up.status == 0 && up.outputText.contains("Nothing to do"), "\(up.outputText) \(up.errorText)")
      #expect(try await installed(machine, "gc").status == 0)
    }
    #expect(try await installed(machine, "status").status == 0)
    // The installer's own is there for the way back.
    #expect(try await installed(machine, "rollback", "--machine").status == 0)
    #expect(try machine.files.readLink(link(machine)).contains("/self/"))
    #expect(try await installed(machine, "rollback", "--machine").status == 0)
    #expect(try await installed(machine, "self", "update").status == 0)
    let gone = try await installed(machine, "self", "uninstall", "--yes")
    #expect(gone.status == 0, "\(gone.errorText)")
    #expect(!machine.files.exists(link(machine)))
    #expect(!machine.files.exists(machine.home.pushing(".local/share/outfit")))
  }

  @Test func whatIsNoReleaseChangesNothing() async throws {
    let machine = try await machine()
    let others = try await machine.outfit("self", "update", "--from", "dist")
    #expect(others.status == 1 && others.errorText.contains("is a build of a clone"), "\(others.errorText)")
    func refused(_ said: String, _ words: String..., status: Int32 = 1) async throws {
      let run = try await machine.run(link(machine), ["self", "update"] + words)
      #expect(run.status == status, "\(said): \(run.status) \(run.errorText)")
      #expect(run.errorText.contains(said), "\(run.errorText)")
      #expect(try await versions(machine) == [Release.version, Release.version])
    }
    try await refused("SHA256SUMS", "--from", "nowhere")
    try machine.write("dist/SHA256SUMS", "<html>\n")
    try await refused("is no list of digests", "--from", "dist")
    try machine.write("dist/SHA256SUMS", "")
    try await refused("has no release for", "--from", "dist")
    try await publish(machine, "9.9.0", script: script(machine, saying: "1.0.0"))
    try await refused("says that it is outfit 1.0.0", "--from", "dist")
    try await publish(machine, "9.9.0", script: "#!/bin/sh\nexit 3\n")
    try await refused("ended with status 3", "--from", "dist")
    try await publish(machine, "9.9.0", script: script(machine, saying: "9.9.0"))
    try await refused("is another than", "--from", "dist", "--sha256", String(repeating: "a", count: 64))
    try await refused("there are 9.9.0", "9.7.0", "--from", "dist", status: 2)
    try await refused("64 hexadecimal digits", "--sha256", "abc", status: 2)
    let name = "outfit-9.9.0-\(Self.platform).tar.gz"
    let sums = try #require(try machine.read("dist/SHA256SUMS"))
    try machine.write("dist/\(name)", "another\n")
    try machine.write("dist/SHA256SUMS", sums)
    try await refused("SHA-256", "--from", "dist")

    // Signed by whom the user names, or not at all.
    try await publish(machine, "9.9.0", script: script(machine, saying: "9.9.0"))
    let made = try await machine.run(
      "/bin/sh",
      [
        "-c",
        "ssh-keygen -q -t ed25519 -N '' -f key && ssh-keygen -q -t ed25519 -N '' -f other && echo \"ada $(cat key.pub)\" >allowed && ssh-keygen -q -Y sign -n outfit -f other dist/SHA256SUMS",
      ])
    try #require(made.succeeded, "\(made.errorText)")
    try machine.write(
      ".config/outfit/outfit.yaml",
      "network: {releases: \"file://\(machine.home)/dist\", release-signers: \(machine.home)/allowed}\n")
    try await refused("are not signed by anybody whom")
    try machine.files.remove(machine.home.pushing("dist/SHA256SUMS.sig"))
    try await refused("SHA256SUMS.sig")
    #expect(
      try await machine.run(
        "/usr/bin/ssh-keygen", ["-q", "-Y", "sign", "-n", "outfit", "-f", "key", "dist/SHA256SUMS"]
      )
      .succeeded)
    let done = try await installed(machine, "self", "update")
    #expect(
      done.status == 0 && done.outputText.contains("signed by ada"), "\(done.outputText) \(done.errorText)")
    #expect(try await versions(machine) == ["9.9.0", "9.9.0"])
  }

  /// Killed at any instant, each way to Outfit leads to one that works, and the next try has the newer.
  @Test func killedAtAnyInstantOneWorks() async throws {
    let machine = try await machine()
    try await publish(machine, "9.9.0", script: script(machine, saying: "9.9.0"))
    var killed = 0
    for round in 0..<24 {
      let seconds = Double(round) * 0.025
      let run = try await machine.run(
        "/usr/bin/timeout",
        ["-s", "KILL", "\(seconds)", link(machine).string, "self", "update", "--from", "dist"])
      if run.status == 137 { killed += 1 }
      for version in try await versions(machine) {
        #expect([Release.version, "9.9.0"].contains(version), "after \(seconds) s: \(version)")
      }
      if run.status == 0, seconds > 0 {
        #expect(try await installed(machine, "rollback", "--machine").status == 0)
      }
    }
    #expect(killed > 0)
    #expect(try await installed(machine, "self", "update", "--from", "dist").status == 0)
    #expect(try await versions(machine) == ["9.9.0", "9.9.0"])
    #expect(try machine.read(".a") == "a\n")
  }
}
