import OutfitSystem
import SystemPackage
import Testing

/// Files and archives from elsewhere.
@Suite(.serialized)
struct ExternalTests {
  /// An archive of a folder, as forges give them.
  private func archive(_ name: String, _ files: [String: String], _ machine: Machine) async throws -> String {
    for (path, text) in files { try machine.write("away/src/\(name)-1/\(path)", text) }
    let done = try await machine.run(
      "/bin/tar", ["-czf", "\(machine.home)/away/\(name).tar.gz", "-C", "\(machine.home)/away/src", "\(name)-1"])
    try #require(done.succeeded, "\(done.errorText)")
    return "file://\(machine.home)/away/\(name).tar.gz"
  }

  @Test func theyArePinnedAndHadAgainWithoutWhereTheyCameFrom() async throws {
    let machine = try Machine()
    let zsh = try await archive("zsh", ["init.zsh": "one\n", "themes/x": "x\n", "custom/mine": "m\n"], machine)
    let plugin = try await archive("plugin", ["plugin.zsh": "p\n"], machine)
    try machine.write("away/plug.vim", "vim\n")
    try machine.write(
      "team/outfit.yaml",
      """
      profile: team
      dotfiles:
        .zsh/: {external: "\(zsh)", strip: 1}
        .zsh/custom/plugin/: {external: "\(plugin)", strip: 1}
        .vim/autoload/plug.vim: {external: "file://\(machine.home)/away/plug.vim"}
        .theme: {external: "\(zsh)", strip: 1, path: themes/x}

      """)
    let before = try machine.tree()
    let no = try await machine.outfit("up", "team")
    #expect(no.status == 4 && no.errorText.contains("takes ~/.zsh from \(zsh)"), "\(no.errorText)")
    let up = try await machine.outfit("up", "team", "--trust")
    try #require(up.status == 0, "\(up.errorText)")
    #expect(try machine.read(".zsh/init.zsh") == "one\n" && machine.read(".zsh/custom/plugin/plugin.zsh") == "p\n")
    #expect(try machine.read(".zsh/custom/mine") == "m\n" && machine.read(".theme") == "x\n")
    #expect(try machine.read(".vim/autoload/plug.vim") == "vim\n")
    #expect(try await machine.outfit("up").outputText.contains("Nothing to do"))
    #expect(try await machine.outfit("status", "--check").status == 0)
    #expect(try await machine.outfit("show", "team").outputText.contains("~/.zsh"))
    // Without its origin all of it comes back.
    _ = try await machine.run("/bin/mv", ["\(machine.home)/away", "\(machine.home)/gone"])
    #expect(try await machine.outfit("rollback", "0").status == 0)
    _ = try await machine.run("/bin/mv", ["\(machine.home)/gone", "\(machine.home)/away"])
    expectSameTree(before, try machine.tree())
    _ = try await machine.run("/bin/mv", ["\(machine.home)/away", "\(machine.home)/gone"])
    let again = try await machine.outfit("up", "team", "--offline")
    #expect(again.status == 0, "\(again.errorText)")
    #expect(try machine.read(".zsh/init.zsh") == "one\n")
    // What stands at the address now is had when the pin is moved, and not before.
    _ = try await machine.run("/bin/mv", ["\(machine.home)/gone", "\(machine.home)/away"])
    _ = try await archive("zsh", ["init.zsh": "two\n"], machine)
    try machine.write("team/vimrc", "v\n")
    #expect(try await machine.outfit("up").status == 0)
    #expect(try machine.read(".zsh/init.zsh") == "one\n")
    let update = try await machine.outfit("update", zsh, "--yes")
    #expect(update.status == 0, "\(update.errorText)")
    #expect(try machine.read(".zsh/init.zsh") == "two\n" && machine.read(".zsh/custom/plugin/plugin.zsh") == "p\n")
    #expect(try await machine.outfit("rollback").status == 0)
    #expect(try machine.read(".zsh/init.zsh") == "one\n")
  }

  @Test func aLockOfTheTeamCountsAndOtherBytesAreRefused() async throws {
    let machine = try Machine()
    try machine.write("away/f", "one\n")
    try machine.write(
      "team/outfit.yaml",
      "profile: team\ndotfiles: {.f: {external: \"file://\(machine.home)/away/f\"}, .g: {copy: g}}\n")
    try machine.write("team/g", "g\n")
    #expect(try await machine.outfit("trust", "team").status == 0)
    let lock = try await machine.outfit("lock", "team")
    #expect(lock.status == 0, "\(lock.errorText)")
    #expect(try machine.read("team/outfit.lock")?.contains("externals:\n  \"file://") == true)
    try machine.write("away/f", "other\n")
    let up = try await machine.outfit("up", "team", "--trust")
    #expect(up.status == 1, "\(up.errorText)")
    #expect(try machine.read(".f") == nil && machine.read(".g") == "g\n")
    try machine.write("away/f", "one\n")
    let again = try await machine.outfit("up")
    #expect(again.status == 0, "\(again.errorText)")
    #expect(try machine.read(".f") == "one\n")
  }

  @Test func whatCantBeHadIsLeftAlone() async throws {
    let machine = try Machine()
    try machine.write(
      "team/outfit.yaml",
      "profile: team\ndotfiles: {.f: {external: \"file:///nowhere/f\"}, .g: {copy: g}}\n")
    try machine.write("team/g", "g\n")
    let up = try await machine.outfit("up", "team", "--trust")
    #expect(up.status == 1 && up.errorText.contains(".f stays as it is"), "\(up.errorText)")
    #expect(try machine.read(".g") == "g\n")
    for (entry, said) in [
      ("{copy: g, strip: 1}", "belongs to an external"), ("{external: \"ftp://x/y\"}", "is not an address"),
      ("{external: \"file:///x\", mode: \"0600\"}", "no mode of its own"),
    ] {
      try machine.write("bad/outfit.yaml", "profile: bad\ndotfiles: {.f: \(entry)}\n")
      try machine.write("bad/g", "g\n")
      let bad = try await machine.outfit("up", "bad", "--trust")
      #expect(bad.status == 2 && bad.errorText.contains(said), "\(bad.errorText)")
    }
  }

  @Test func chezmoisExternalsAreTaken() async throws {
    let machine = try Machine()
    let zsh = try await archive("zsh", ["init.zsh": "one\n"], machine)
    try machine.write("away/f", "f\n")
    try machine.write("cm/dot_a", "a\n")
    try machine.write(
      "cm/.chezmoiexternal.toml.tmpl",
      """
      [".zsh"]
      type = "archive"
      url = "{{ "\(zsh)" }}"
      stripComponents = 1
      refreshPeriod = "168h"
      [".bin/f"]
      type = "file"
      url = "file://\(machine.home)/away/f"
      executable = true
      [".repo"]
      type = "git-repo"
      url = "https://example.invalid/r.git"

      """)
    let taken = try await machine.outfit("import", "chezmoi", "cm", "--dry-run")
    #expect(taken.status == 1 && taken.outputText.contains("2 downloads"), "\(taken.outputText)")
    let up = try await machine.outfit("up", "cm", "--trust")
    #expect(up.status == 1 && up.errorText.contains(".repo is a download"), "\(up.errorText)")
    #expect(try machine.read(".zsh/init.zsh") == "one\n" && machine.read(".bin/f") == "f\n")
    #expect(try machine.files.status(machine.home.pushing(".bin/f"), followLinks: true)?.mode == 0o755)
    _ = try await machine.run("/bin/mv", ["\(machine.home)/away", "\(machine.home)/gone"])
    let again = try await machine.outfit("up", "--offline")
    #expect(again.status == 1 && again.errorText.contains(".repo"), "\(again.errorText)")
    #expect(try machine.read(".zsh/init.zsh") == "one\n")
  }
}
