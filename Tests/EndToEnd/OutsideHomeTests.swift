import OutfitCore
import OutfitSystem
import SystemPackage
import Testing

/// Targets outside of HOME: with the entry's key and consent, and then like all others.
@Suite(.serialized)
struct OutsideHomeTests {
  private func manifest(_ target: FilePath, _ key: String) -> String {
    "profile: p\ndotfiles:\n  .mine: {copy: mine}\n  \(target): {copy: conf\(key)}\n"
  }

  @Test func itNeedsTheKeyAndConsentAndGoesLikeTheOthers() async throws {
    let machine = try Machine()
    let outside = machine.home.removingLastComponent().appending("etc")
    let conf = outside.appending("acme.conf")
    try machine.files.createDirectory(outside, mode: 0o755)
    try machine.files.create(conf, Array("there before\n".utf8), mode: 0o640)
    try machine.write("p/mine", "mine\n")
    try machine.write("p/conf", "acme\n")
    func text() throws -> String? { try machine.files.text(conf) }

    // Without the key it is refused, at its place.
    try machine.write("p/outfit.yaml", manifest(conf, ""))
    let refused = try await machine.outfit("up", "p", "--trust", "--on-conflict", "take")
    #expect(refused.status == 2)
    #expect(refused.errorText.contains("p/outfit.yaml:4:3"), "\(refused.errorText)")
    #expect(refused.errorText.contains("outside your home folder"), "\(refused.errorText)")
    #expect(refused.errorText.contains("outside-home: true"), "\(refused.errorText)")

    // With it, it is shown, and needs consent.
    try machine.write("p/outfit.yaml", manifest(conf, ", outside-home: true"))
    let show = try await machine.outfit("show", "p")
    #expect(show.outputText.contains("outside your home folder"), "\(show.outputText)")
    #expect(show.outputText.contains("\(conf)"), "\(show.outputText)")
    let unasked = try await machine.outfit("up", "p", "--on-conflict", "take")
    #expect(unasked.status == 4, "\(unasked.errorText)")
    #expect(unasked.errorText.contains("outside your home folder"), "\(unasked.errorText)")
    #expect(try text() == "there before\n")

    let before = try #require(try machine.files.status(conf, followLinks: false))
    let up = try await machine.outfit("up", "p", "--trust", "--on-conflict", "take")
    #expect(up.status == 0, "\(up.errorText)")
    #expect(try text() == "acme\n")
    let again = try await machine.outfit("up", "p", "--trust", "--on-conflict", "take")
    #expect(again.status == 0, "\(again.errorText)")

    // Another target is asked for anew.
    let other = outside.appending("deep/other.conf")
    try machine.write(
      "p/outfit.yaml",
      manifest(conf, ", outside-home: true") + "  \(other): {copy: conf, outside-home: true}\n")
    let changed = try await machine.outfit("up", "p", "--on-conflict", "take")
    #expect(changed.status == 4, "\(changed.errorText)")
    #expect(!machine.files.exists(other))
    let more = try await machine.outfit("up", "p", "--trust", "--on-conflict", "take")
    #expect(more.status == 0, "\(more.errorText)")
    #expect(try machine.files.text(other) == "acme\n")

    let back = try await machine.outfit("rollback")
    #expect(back.status == 0, "\(back.errorText)")
    #expect(!machine.files.exists(other.removingLastComponent()))
    #expect(try text() == "acme\n")
    let gone = try await machine.outfit(
      "self", "uninstall", "--yes", setting: ["XDG_CACHE_HOME": "\(machine.home)/.cache"])
    #expect(gone.status == 0, "\(gone.errorText)")
    let after = try #require(try machine.files.status(conf, followLinks: false))
    #expect(try text() == "there before\n")
    #expect(after.mode == before.mode && after.modified == before.modified)
    #expect(try machine.files.list(outside) == ["acme.conf"])
  }

  /// Another user's folder, as `/etc` is to everybody but root.
  @Test func whereThisUserMayNotWriteNothingIsDone() async throws {
    let machine = try Machine()
    guard (try? Host.live())?.user.identifier == 0 else {
      print("SKIPPED: another user's eyes need root")
      return
    }
    let root = machine.home.removingLastComponent()
    try machine.files.createDirectory(root.appending("etc"), mode: 0o755)
    let conf = root.appending("etc/acme.conf")
    try machine.write("p/mine", "mine\n")
    try machine.write("p/conf", "acme\n")
    try machine.write("p/outfit.yaml", manifest(conf, ", outside-home: true"))
    let set = try await machine.run(
      "/bin/sh",
      [
        "-euc",
        """
        chmod 755 '\(root)' '\(root.removingLastComponent())'
        mkdir -p '\(root)/installed/bin' '\(root)/installed/libexec' '\(root)/installed/share/outfit'
        cp -L '\(Machine.build)/outfit' '\(root)/installed/bin/outfit'
        cp -L '\(Machine.build)/outfit-shim' '\(root)/installed/libexec/outfit-shim'
        cp -R '\(Machine.checkout)/templates' '\(Machine.checkout)/profiles' '\(root)/installed/share/outfit/'
        chown -R 65534:65534 .
        """,
      ])
    try #require(set.succeeded, "\(set.errorText)")
    func asNobody() async throws -> Completion {
      try await machine.run(
        "/usr/bin/setpriv",
        [
          "--reuid=65534", "--regid=65534", "--clear-groups", "\(root)/installed/bin/outfit", "up", "p",
          "--trust", "--on-conflict", "take",
        ],
        setting: ["XDG_CACHE_HOME": "\(machine.home)/.cache", "TMPDIR": "/tmp"])
    }
    let up = try await asNobody()
    #expect(up.status == 1, "\(up.errorText)")
    #expect(up.errorText.contains("\(conf)") && up.errorText.contains("Permission denied"), "\(up.errorText)")
    #expect(try machine.read(".mine") == nil)
    #expect(try machine.files.list(root.appending("etc")) == [])

    // What belongs to somebody else stays theirs even where it could be replaced.
    try machine.files.create(conf, Array("theirs\n".utf8), mode: 0o644)
    try machine.files.setMode(root.appending("etc"), 0o777)
    let kept = try await asNobody()
    #expect(kept.status == 4, "\(kept.errorText)")
    #expect(kept.errorText.contains("belongs to another user"), "\(kept.errorText)")
    #expect(try machine.files.text(conf) == "theirs\n")
    #expect(try machine.read(".mine") == "mine\n")
  }
}
