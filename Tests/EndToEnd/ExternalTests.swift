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
      "/bin/tar",
      ["-czf", "\(machine.home)/away/\(name).tar.gz", "-C", "\(machine.home)/away/src", "\(name)-1"])
    try #require(done.succeeded, "\(done.errorText)")
    return "file://\(machine.home)/away/\(name).tar.gz"
  }

  @Test func theyArePinnedAndHadAgainWithoutWhereTheyCameFrom() async throws {
    let machine = try Machine()
    let zsh = try await archive(
      "zsh", ["init.zsh": "one\n", "themes/x": "x\n", "custom/mine": "m\n"], machine)
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
    #expect(
      no.status == 4 && no.errorText.contains("takes ~/.theme and ~/.zsh from \(zsh)"), "\(no.errorText)")
    let up = try await machine.outfit("up", "team", "--trust")
    try #require(up.status == 0, "\(up.errorText)")
    #expect(
      try machine.read(".zsh/init.zsh") == "one\n" && machine.read(".zsh/custom/plugin/plugin.zsh") == "p\n")
    #expect(try machine.read(".zsh/custom/mine") == "m\n" && machine.read(".theme") == "x\n")
    #expect(try machine.read(".vim/autoload/plug.vim") == "vim\n")
    #expect(try await machine.outfit("up").outputText.contains("Nothing to do"))
    #expect(try await machine.outfit("status", "--check").status == 0)
    #expect(try await machine.outfit("show", "team").outputText.contains("~/.zsh"))
    // Without its origin all of it comes back.
    _ = try await machine.run("/bin/mv", ["\(machine.home)/away", "\(machine.home)/gone"])
    try machine.files.remove(machine.home.pushing(".zsh"))
    try machine.files.remove(machine.home.pushing(".theme"))
    let again = try await machine.outfit("up", "--offline")
    #expect(again.status == 0, "\(again.errorText)")
    #expect(try machine.read(".zsh/init.zsh") == "one\n" && machine.read(".theme") == "x\n")
    _ = try await machine.run("/bin/mv", ["\(machine.home)/gone", "\(machine.home)/away"])
    #expect(try await machine.outfit("rollback", "0").status == 0)
    expectSameTree(before, try machine.tree())
    #expect(try await machine.outfit("up", "team").status == 0)
    // What stands at the address now is had when the pin is moved, and not before.
    _ = try await archive("zsh", ["init.zsh": "two\n"], machine)
    try machine.write("team/vimrc", "v\n")
    #expect(try await machine.outfit("up").status == 0)
    #expect(try machine.read(".zsh/init.zsh") == "one\n")
    let update = try await machine.outfit("update", zsh, "--yes")
    #expect(update.status == 0, "\(update.errorText)")
    #expect(
      try machine.read(".zsh/init.zsh") == "two\n" && machine.read(".zsh/custom/plugin/plugin.zsh") == "p\n")
    #expect(try await machine.outfit("rollback").status == 0)
    #expect(try machine.read(".zsh/init.zsh") == "one\n")
    // An address that does not answer loses no pin.
    try machine.files.remove(machine.home.pushing("away/plug.vim"))
    let none = try await machine.outfit("update", "--yes")
    #expect(none.status == 1 && none.errorText.contains("plug.vim stays as it is"), "\(none.errorText)")
    #expect(try await machine.outfit("up", "--offline").status == 0)
    #expect(try machine.read(".vim/autoload/plug.vim") == "vim\n")
  }

  @Test func aLockOfTheTeamCountsAndOtherBytesAreRefused() async throws {
    let machine = try Machine()
    // No other test has had it.
    let text = "one of \(machine.home)\n"
    try machine.write("away/f", text)
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
    #expect(up.status == 1, "\(up.outputText) \(up.errorText)")
    #expect(try machine.read(".f") == nil && machine.read(".g") == "g\n")
    try machine.write("away/f", text)
    let again = try await machine.outfit("up")
    #expect(again.status == 0, "\(again.errorText)")
    #expect(try machine.read(".f") == text)
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
    let lock = try await machine.outfit("lock", "team")
    #expect(lock.status == 1 && lock.errorText.contains(".f stays as it is"), "\(lock.outputText)")
    for (entry, said) in [
      ("{copy: g, strip: 1}", "belongs to an external"), ("{external: \"ftp://x/y\"}", "is not an address"),
      ("{external: \"file:///x\", mode: \"0600\"}", "no mode of its own"),
      ("{external: \"github:a/b\"}", "a repository is a folder"),
      ("{external: \"github:a/b//c\", strip: 1}", "says nothing of a repository"),
      ("{external: \"https://example.invalid/b.git\"}", "write `git+https://example.invalid/b.git`"),
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
      ["../outside"]
      type = "file"
      url = "file://\(machine.home)/away/f"
      [".local/share/outfit/bin"]
      type = "archive"
      url = "\(zsh)"
      [".part"]
      type = "archive-file"
      url = "\(zsh)"
      path = "../../other"
      [".program"]
      type = "git-repo"
      url = "ext::sh -c touch%20/tmp/x"
      [".password"]
      type = "file"
      url = "https://ann:hunter2@example.invalid/f"

      """)
    let taken = try await machine.outfit("import", "chezmoi", "cm", "--dry-run")
    #expect(taken.status == 0 && taken.outputText.contains("8 downloads"), "\(taken.outputText)")
    let up = try await machine.outfit("up", "cm", "--trust")
    #expect(up.status == 1 && up.errorText.contains("~/.repo stays as it is"), "\(up.errorText)")
    #expect(up.errorText.contains("~/.password stays as it is: it is from an address"), "\(up.errorText)")
    for said in [
      "~/../outside stays as it is: it is no path below",
      "~/.local/share/outfit/bin stays as it is: it is in Outfit's",
      "~/.part stays as it is: `../../other`", "~/.program stays as it is: it is from an address",
    ] { #expect(up.errorText.contains(said), "\(said): \(up.errorText)") }
    #expect(!machine.files.exists(machine.home.removingLastComponent().appending("outside")))
    #expect(!up.errorText.contains("hunter2") && !up.outputText.contains("hunter2"))
    #expect(try machine.read(".zsh/init.zsh") == "one\n" && machine.read(".bin/f") == "f\n")
    #expect(try machine.files.status(machine.home.pushing(".bin/f"), followLinks: true)?.mode == 0o755)
    _ = try await machine.run("/bin/mv", ["\(machine.home)/away", "\(machine.home)/gone"])
    let again = try await machine.outfit("up", "--offline")
    #expect(again.status == 1 && again.errorText.contains(".repo"), "\(again.errorText)")
    #expect(try machine.read(".zsh/init.zsh") == "one\n")
  }

  // MARK: - Repositories

  /// A repository with these files; its commit.
  @discardableResult
  private func commit(_ files: [String: String], _ more: String = "true", on machine: Machine) async throws
    -> String
  {
    for (path, text) in files { try machine.write("away/r/\(path)", text) }
    let done = try await machine.login(
      "cd away/r && (test -d .git || git init -q -b main) && { \(more); } && git add -A && "
        + "git -c user.name=a -c user.email=a@b.example commit -qm x && git rev-parse HEAD")
    let commit = String(done.outputText.filter { !$0.isWhitespace })
    try #require(commit.count == 40, "\(done.errorText)")
    return commit
  }

  @Test func repositoriesArePinnedByTheirCommit() async throws {
    let machine = try Machine()
    let first = try await commit(
      ["init.zsh": "one\n", "bin/run": "r\n", "custom/x": "x\n"], "chmod +x bin/run", on: machine)
    let plugin = try await archive("plugin", ["plugin.zsh": "p\n"], machine)
    let address = "git+file://\(machine.home)/away/r"
    try machine.write(
      "team/outfit.yaml",
      """
      profile: team
      dotfiles:
        .zsh/: {external: "\(address)@main"}
        .zsh/custom/plugin/: {external: "\(plugin)", strip: 1}
        .run: {external: "\(address)//bin/run@main"}
        .custom/: {external: "\(address)//custom@\(first)"}

      """)
    let no = try await machine.outfit("up", "team")
    #expect(no.status == 4 && no.errorText.contains("takes ~/.zsh from \(address)@main"), "\(no.errorText)")
    let up = try await machine.outfit("up", "team", "--trust")
    try #require(up.status == 0, "\(up.errorText)")
    #expect(
      try machine.read(".zsh/init.zsh") == "one\n" && machine.read(".zsh/custom/plugin/plugin.zsh") == "p\n")
    #expect(try machine.read(".run") == "r\n" && machine.read(".custom/x") == "x\n")
    #expect(try machine.files.status(machine.home.pushing(".run"), followLinks: true)?.mode == 0o755)
    #expect(try machine.files.status(machine.home.pushing(".custom/x"), followLinks: true)?.mode == 0o644)
    #expect(!machine.files.exists(machine.home.pushing(".zsh/.git")))
    let lock = try await machine.login("find . -name outfit.lock -path '*machine*' | xargs cat")
    #expect(lock.outputText.contains("\"\(address)@main\":\n    commit: \"\(first)\""), "\(lock.outputText)")
    #expect(try await machine.outfit("up").outputText.contains("Nothing to do"))
    // What is pushed is had when the pin is moved, and not before.
    try await commit(["init.zsh": "two\n"], on: machine)
    try machine.write("team/vimrc", "v\n")
    #expect(try await machine.outfit("up").status == 0)
    #expect(try machine.read(".zsh/init.zsh") == "one\n")
    #expect(try await machine.outfit("status", "--check").status == 0)
    let update = try await machine.outfit("update", "\(address)@main", "--yes")
    #expect(
      update.status == 0 && update.outputText.contains("~ external \(address)@main: \(first.prefix(12)) -> "),
      "\(update.outputText) \(update.errorText)")
    #expect(
      try machine.read(".zsh/init.zsh") == "two\n" && machine.read(".zsh/custom/plugin/plugin.zsh") == "p\n")
    // Without its origin, and without what was fetched of it.
    _ = try await machine.run("/bin/mv", ["\(machine.home)/away", "\(machine.home)/gone"])
    _ = try await machine.login("find . -path '*cache*' -name git -type d | xargs rm -rf")
    #expect(try await machine.outfit("rollback").status == 0)
    #expect(try machine.read(".zsh/init.zsh") == "one\n")
    try machine.files.remove(machine.home.pushing(".zsh"))
    let again = try await machine.outfit("up", "--offline")
    #expect(again.status == 0, "\(again.errorText)")
    #expect(try machine.read(".zsh/init.zsh") == "one\n")
  }

  @Test func whatARepositoryMayNotHold() async throws {
    let machine = try Machine()
    let good = try await commit(["a": "a\n"], on: machine)
    let address = "git+file://\(machine.home)/away/r"
    try machine.write(
      "team/outfit.yaml", "profile: team\ndotfiles: {.r/: {external: \"\(address)\"}, .g: {copy: g}}\n")
    try machine.write("team/g", "g\n")
    #expect(try await machine.outfit("trust", "team").status == 0)
    #expect(try await machine.outfit("lock", "team").status == 0)
    // Other files under the commit that the lock names.
    let lock = try #require(try machine.read("team/outfit.lock"))
    let digest = try #require(lock.split(separator: "\n").last { $0.contains("digest: sha256:") })
    try machine.write(
      "team/outfit.lock",
      lock.replacing(digest, with: digest.dropLast(64) + String(repeating: "0", count: 64)))
    let other = try await machine.outfit("up", "team", "--trust")
    #expect(
      other.status == 1 && other.errorText.contains("holds other files than outfit.lock says"),
      "\(other.errorText)")
    #expect(try machine.read(".r/a") == nil && machine.read(".g") == "g\n")
    // A link that leads out, and one within.
    try machine.files.remove(machine.home.pushing("team/outfit.lock"))
    try await commit([:], "ln -s ../../../.ssh/id x", on: machine)
    let out = try await machine.outfit("up", "team")
    #expect(out.status == 1 && out.errorText.contains("its link x leads out of it"), "\(out.errorText)")
    try await commit(
      [:], "ln -sf a x; mkdir -p sub/module; git update-index --add --cacheinfo 160000,\(good),sub/module",
      on: machine)
    let update = try await machine.outfit("update", address, "--yes")
    #expect(update.status == 0, "\(update.errorText)")
    #expect(try machine.read(".r/x") == "a\n")
    #expect(
      update.errorText.contains("~/.r lacks what is in its submodules: sub/module"), "\(update.errorText)")
  }

  @Test func chezmoisRepositoriesAreTaken() async throws {
    let machine = try Machine()
    try await commit(["a": "one\n"], on: machine)
    _ = try await machine.login("cd away/r && git branch stable")
    try await commit(["a": "two\n"], on: machine)
    try machine.write("cm/dot_a", "a\n")
    try machine.write(
      "cm/.chezmoiexternal.yaml",
      """
      .tmux/plugins/tpm: {type: git-repo, url: "file://\(machine.home)/away/r", refreshPeriod: 168h}
      .stable:
        type: git-repo
        {{ $branch := "stable" }}
        url: "file://\(machine.home)/away/r"
        clone: {args: [--depth, "1", --branch, {{ $branch }}]}

      """)
    let up = try await machine.outfit("up", "cm", "--trust")
    #expect(up.status == 0, "\(up.errorText)")
    #expect(try machine.read(".tmux/plugins/tpm/a") == "two\n" && machine.read(".stable/a") == "one\n")
    #expect(up.errorText.contains("--depth says nothing"), "\(up.errorText)")
    _ = try await machine.run("/bin/mv", ["\(machine.home)/away", "\(machine.home)/gone"])
    #expect(try await machine.outfit("up", "--offline").outputText.contains("Nothing to do"))
    #expect(try await machine.outfit("status", "--check").status == 0)
  }
}
