import Foundation
import OutfitSystem
import Support
import SystemPackage
import Testing

/// Profiles that are carried to machines without a network.
@Suite struct BundleTests {
  private func machine(_ name: String = #function) async throws -> (Machine, commit: String) {
    let machine = try Machine(name)
    try machine.write("git/outfit.yaml", "profile: base\ndotfiles: {.inputrc: {copy: inputrc}}\n")
    try machine.write("git/inputrc", "set bell-style none\n")
    try machine.write("git/sub/run.sh", "#!/bin/sh\n", mode: 0o755)
    let made = try await machine.login(
      "cd git && git init -q -b main && ln -s inputrc link && git add -A && "
        + "git -c user.name=a -c user.email=a@b.example commit -qm x && git rev-parse HEAD")
    let commit = String(made.outputText.filter { !$0.isWhitespace })
    try #require(commit.count == 40, "\(made.errorText)")
    try machine.write("team/base/outfit.yaml", "profile: common\ndotfiles: {.exrc: {copy: exrc}}\n")
    try machine.write("team/base/exrc", "set ai\n")
    try machine.write(
      "team/web/outfit.yaml",
      """
      profile: web
      extends: [../base, "file://\(machine.home)/git@main"]
      interpreters: {python: {versions: [">=3.9"], system: true}}
      tools: {pycowsay: "0.0.0.2"}
      dotfiles: {.vimrc: {copy: vimrc}}
      """)
    try machine.write("team/web/vimrc", "set nu\n")
    return (machine, commit)
  }

  /// Without any network but its own loopback, with nothing in its caches.
  private func alone(_ machine: Machine, _ words: String..., cache: String) async throws -> Completion? {
    let outfit = Machine.build.appending("outfit").string
    let done = try await machine.run(
      "/usr/bin/unshare", ["--net", outfit] + words,
      setting: ["XDG_CACHE_HOME": machine.home.appending(cache).string])
    if done.errorText.contains("unshare failed") {
      print("SKIPPED: this machine gives no network namespace")
      return nil
    }
    return done
  }

  /// The store, which names every object by its digest, and the commands.
  private func made(_ machine: Machine) throws -> [String] {
    let data = machine.home.pushing(".local/share/outfit")
    return try machine.files.list(data.appending("store")).sorted()
      + machine.files.list(data.appending("bin")).sorted()
  }

  @Test func theSameGenerationWithoutANetwork() async throws {
    let (machine, commit) = try await machine()
    let up = try await machine.outfit("up", "team/web", "--fetch", "--trust", commit)
    #expect(up.status == 0, "\(up.errorText)")
    let before = try made(machine)
    let created = try await machine.outfit("bundle", "create", "team/web", "-o", "web.tar", "--json")
    #expect(created.status == 0, "\(created.errorText)")
    #expect(created.outputText.contains("pycowsay") && created.outputText.contains(commit))
    let again = try await machine.outfit("bundle", "create", "team/web", "-o", "again.tar")
    #expect(again.status == 0, "\(again.errorText)")
    let same = try await machine.login("cmp web.tar again.tar")
    #expect(same.status == 0, "\(same.outputText)")
    #expect(try await machine.login("tar -xf web.tar outfit-bundle").status == 0)
    let lines = try await machine.outfit("bundle", "missing", "outfit-bundle")
    let missing = try await machine.outfit("bundle", "missing", "outfit-bundle", "--json")
    #expect(missing.status == 0 && missing.outputText.contains("\"missing\": ["), "\(missing.errorText)")
    for line in lines.outputText.split(separator: "\n") { #expect(missing.outputText.contains(line)) }

    // Another machine with the same HOME.
    let first = machine.home.removingLastComponent().appending("first")
    try machine.files.rename(machine.home, to: first)
    try machine.files.createDirectories(machine.home, mode: 0o700)
    let copied = try await machine.run("/bin/cp", [first.appending("web.tar").string, "web.tar"])
    try #require(copied.succeeded)
    guard let refused = try await alone(machine, "bundle", "apply", "web.tar", cache: "cache") else { return }
    #expect(refused.status == 4, "\(refused.errorText)")
    #expect(refused.errorText.contains("outfit bundle apply web.tar --trust"), "\(refused.errorText)")
    #expect(!machine.files.exists(machine.home.appending(".vimrc")))
    let dry = try await alone(
      machine, "bundle", "apply", "web.tar", "--trust", commit, "--dry-run", "--diff", "--json",
      cache: "cache")
    #expect(
      dry?.status == 0 && dry?.outputText.contains("\"changed\": true") == true, "\(dry?.errorText ?? "")")
    #expect(!machine.files.exists(machine.home.pushing(".local/share/outfit/bundles/web")))
    let applied = try await alone(machine, "bundle", "apply", "web.tar", "--trust", commit, cache: "cache2")
    #expect(applied?.status == 0, "\(applied?.errorText ?? "")")
    #expect(try made(machine) == before)
    #expect(try machine.read(".vimrc") == "set nu\n" && machine.read(".inputrc") == "set bell-style none\n")
    #expect(try machine.read(".exrc") == "set ai\n")
    let said = try await machine.login("~/.local/share/outfit/bin/pycowsay moo")
    #expect(said.outputText.contains("moo"), "\(said.errorText)")
    let second = try await alone(
      machine, "bundle", "apply", "web.tar", "--trust", commit, "--json", cache: "cache2")
    #expect(
      second?.status == 0 && second?.outputText.contains("\"changed\": false") == true,
      "\(second?.errorText ?? "")")
    let status = try await alone(machine, "status", "--json", cache: "cache2")
    #expect(status?.outputText.contains("\"changed\": false") == true, "\(status?.outputText ?? "")")
    #expect(try await alone(machine, "rollback", cache: "cache2")?.status == 0)
    #expect(!machine.files.exists(machine.home.appending(".vimrc")))
  }

  /// The same HOME on another machine, with nothing but the bundle in it.
  private func move(_ machine: Machine, _ file: String) async throws {
    let first = machine.home.removingLastComponent().appending("first")
    try machine.files.rename(machine.home, to: first)
    try machine.files.createDirectories(machine.home, mode: 0o700)
    let copied = try await machine.run("/bin/cp", [first.appending(file).string, file])
    try #require(copied.succeeded)
    try machine.files.removeTree(first)
  }

  /// Files, archives and repositories of dotfiles, whose places are gone.
  @Test func dotfilesFromElsewhere() async throws {
    let machine = try Machine()
    try machine.write("away/src/zsh-1/init.zsh", "one\n")
    try machine.write("away/src/zsh-1/themes/x", "x\n")
    try machine.write("away/plug.vim", "vim of \(machine.home)\n")
    try machine.write("plugin/run.sh", "#!/bin/sh\necho run\n", mode: 0o755)
    try machine.write("plugin/deep/plugin.zsh", "p\n")
    let prepared = try await machine.login(
      "tar -czf away/zsh.tar.gz -C away/src zsh-1 && cd plugin && git init -q -b main && ln -s deep/plugin.zsh link "
        + "&& git add -A && git -c user.name=a -c user.email=a@b.example commit -qm x")
    try #require(prepared.status == 0, "\(prepared.errorText)")
    try machine.write(
      "team/outfit.yaml",
      """
      profile: team
      dotfiles:
        .zsh/: {external: "file://\(machine.home)/away/zsh.tar.gz", strip: 1}
        .vim/plug.vim: {external: "file://\(machine.home)/away/plug.vim"}
        .zsh/custom/: {external: "git+file://\(machine.home)/plugin@main"}
      """)
    let up = try await machine.outfit("up", "team", "--trust")
    #expect(up.status == 0, "\(up.errorText)")
    let before = try made(machine)
    let created = try await machine.outfit("bundle", "create", "team", "-o", "team.tar", "--trust")
    #expect(created.status == 0 && !created.errorText.contains("does not come along"), "\(created.errorText)")
    let again = try await machine.outfit("bundle", "create", "team", "-o", "again.tar", "--trust")
    #expect(again.status == 0, "\(again.errorText)")
    #expect(try await machine.login("cmp team.tar again.tar").status == 0)
    try await move(machine, "team.tar")
    guard let applied = try await alone(machine, "bundle", "apply", "team.tar", "--trust", cache: "cache")
    else {
      return
    }
    #expect(applied.status == 0, "\(applied.errorText)")
    #expect(try made(machine) == before)
    #expect(try machine.read(".zsh/init.zsh") == "one\n" && machine.read(".zsh/themes/x") == "x\n")
    #expect(try machine.read(".vim/plug.vim") == "vim of \(machine.home)\n")
    #expect(try machine.read(".zsh/custom/link") == "p\n")
    #expect(try await machine.run(machine.home.pushing(".zsh/custom/run.sh"), []).outputText == "run\n")
    let second = try await alone(machine, "bundle", "apply", "team.tar", "--trust", "--json", cache: "cache")
    #expect(second?.outputText.contains("\"changed\": false") == true, "\(second?.errorText ?? "")")
    #expect(try await alone(machine, "rollback", cache: "cache")?.status == 0)
    #expect(!machine.files.exists(machine.home.appending(".zsh")))
  }

  /// Tools from npm, whose registry is gone; what npm's own settings of the machine name is not asked.
  @Test(
    .enabled("a Node with npm is wanted on this machine: apt-get install npm") {
      FileManager.default.isExecutableFile(atPath: "/usr/bin/node")
        && FileManager.default.isExecutableFile(atPath: "/usr/bin/npm")
    })
  func toolsFromNpm() async throws {
    let machine = try Machine()
    let registry = try NodeRegistry()
    try await registry.publish(
      "greeter",
      #""bin": "./cli.js", "dependencies": {"@acme/words": "^1.0.0"}, "optionalDependencies": {"mac": "1"}"#,
      files: ["cli.js": "#!/usr/bin/env node\nconsole.log(require('@acme/words'), process.argv[2])\n"],
      machine)
    try await registry.publish(
      "@acme/words", #""main": "i.js""#, files: ["i.js": "module.exports = 'hello'\n"], machine)
    try await registry.publish("mac", #""os": ["darwin"]"#, files: ["i.js": "\n"], machine)
    try machine.write(
      "team/outfit.yaml",
      """
      profile: team
      interpreters: {node: {versions: [">=18"], system: true}}
      tools: {greeter: {from: npm, version: "1.*"}}
      """)
    let settings = [
      "npm_config_registry": registry.url, "XDG_CACHE_HOME": machine.home.appending("cache").string,
    ]
    let up = try await machine.outfit("up", "team", "--trust", setting: settings)
    #expect(up.status == 0, "\(up.errorText)")
    // Also where npm has not had them yet.
    try machine.files.removeTree(machine.home.pushing("cache/outfit/npm"))
    for name in ["team.tar", "again.tar"] {
      let created = try await machine.outfit(
        "bundle", "create", "team", "-o", name, "--trust", setting: settings)
      #expect(created.status == 0, "\(created.errorText)")
    }
    #expect(try await machine.login("cmp team.tar again.tar").status == 0)
    let shown = try await machine.outfit("bundle", "show", "team.tar", "--json")
    #expect(
      shown.outputText.components(separatedBy: "\"kind\": \"npm\"").count == 3, "not that for another system")
    try await move(machine, "team.tar")
    try machine.write(".npmrc", "registry=http://127.0.0.1:9/\n@acme:registry=http://127.0.0.1:9/\n")
    guard let applied = try await alone(machine, "bundle", "apply", "team.tar", "--trust", cache: "cache2")
    else {
      return
    }
    #expect(applied.status == 0, "\(applied.errorText)")
    #expect(try await machine.login("~/.local/share/outfit/bin/greeter you").outputText == "hello you\n")
    let second = try await alone(machine, "bundle", "apply", "team.tar", "--trust", "--json", cache: "cache2")
    #expect(second?.outputText.contains("\"changed\": false") == true, "\(second?.errorText ?? "")")
  }

  /// A project's packages come along, and its own files are those of the machine.
  @Test func aProject() async throws {
    let machine = try Machine()
    try machine.write(
      "shop/outfit.yaml",
      """
      profile: shop
      interpreters: {python: {versions: [">=3.9"], system: true}}
      virtualenv: {from: requirements.txt}
      tools: {pycowsay: "0.0.0.2"}
      env: {SHOP: "1"}
      """)
    try machine.write("shop/requirements.txt", "toml==0.10.2\n")
    let up = try await machine.outfit("up", "--trust", at: "shop")
    #expect(up.status == 0, "\(up.errorText)")
    let created = try await machine.outfit("bundle", "create", "shop", "-o", "shop.tar", "--trust")
    #expect(created.status == 0, "\(created.errorText)")
    #expect(created.errorText.contains("in the project's folder"), "\(created.errorText)")
    let shown = try await machine.outfit("bundle", "show", "shop.tar", "--json")
    #expect(
      shown.outputText.contains("toml-0.10.2") && shown.outputText.contains("pycowsay"), "\(shown.outputText)"
    )
    // What the bundle needs not carry is on the other machine: its checkout.
    let objects = try machine.files.list(machine.home.pushing(".local/share/outfit/store")).sorted()
    let copied = try await machine.login(
      "rm -rf .local .config .cache && rm -f shop/.venv && mv shop.tar /tmp/$$.tar && mkdir away && mv /tmp/$$.tar away/shop.tar"
    )
    try #require(copied.succeeded, "\(copied.errorText)")
    guard
      let elsewhere = try await alone(machine, "bundle", "apply", "away/shop.tar", "--trust", cache: "cache")
    else { return }
    #expect(elsewhere.status == 2 && elsewhere.errorText.contains("go to the project's own files"))
    let applied = try await alone(
      machine, "-C", "shop", "bundle", "apply", "../away/shop.tar", "--trust", cache: "cache")
    #expect(applied?.status == 0, "\(applied?.errorText ?? "")")
    #expect(try machine.files.list(machine.home.pushing(".local/share/outfit/store")).sorted() == objects)
    let said = try await machine.run(
      machine.home.pushing("shop/.venv/bin/python"), ["-c", "import toml; print(toml.__version__)"])
    #expect(said.outputText == "0.10.2\n", "\(said.errorText)")
    let second = try await alone(
      machine, "-C", "shop", "bundle", "apply", "../away/shop.tar", "--trust", "--json", cache: "cache")
    #expect(second?.outputText.contains("\"changed\": false") == true, "\(second?.errorText ?? "")")
    // Another checkout is not what it was made of.
    try machine.write("shop/requirements.txt", "toml==0.10.1\n")
    let other = try await alone(
      machine, "-C", "shop", "bundle", "apply", "../away/shop.tar", "--trust", cache: "cache")
    #expect(other?.status == 1 && other?.errorText.contains("not what this checkout asks for") == true)
    #expect(try await alone(machine, "-C", "shop", "rollback", cache: "cache")?.status == 0)
    #expect(!machine.files.exists(machine.home.pushing("shop/.venv")))
  }

  /// What is to be had as source only is built where it is applied, with what the lock says to build it with.
  @Test func aPackageThatIsBuilt() async throws {
    let machine = try Machine()
    let index = try PackageIndex()
    try await index.publishSource("carved", "1.0", machine)
    try machine.write(
      "shop/outfit.yaml",
      """
      profile: shop
      interpreters: {python: {versions: [">=3.9"], system: true}}
      virtualenv: {from: requirements.txt, build: [carved]}
      """)
    try machine.write("shop/requirements.txt", "carved==1.0\n")
    let settings = [
      "PIP_EXTRA_INDEX_URL": index.url, "XDG_CACHE_HOME": machine.home.appending("cache").string,
    ]
    let up = try await machine.outfit(["up", "--trust"], at: "shop", setting: settings)
    #expect(up.status == 0, "\(up.errorText)")
    let objects = try machine.files.list(machine.home.pushing(".local/share/outfit/store")).sorted()
    let created = try await machine.outfit(
      ["bundle", "create", "shop", "-o", "shop.tar", "--trust"], setting: settings)
    #expect(created.status == 0, "\(created.errorText)")
    let copied = try await machine.login("rm -rf .local .config .cache cache shop/.venv")
    try #require(copied.succeeded, "\(copied.errorText)")
    guard
      let applied = try await alone(
        machine, "-C", "shop", "bundle", "apply", "../shop.tar", "--trust", cache: "cache2")
    else { return }
    #expect(applied.status == 0, "\(applied.errorText)")
    #expect(try machine.files.list(machine.home.pushing(".local/share/outfit/store")).sorted() == objects)
    let said = try await machine.run(
      machine.home.pushing("shop/.venv/bin/python"),
      ["-c", "import importlib.metadata as m; print(m.version('carved'))"])
    #expect(said.outputText == "1.0\n", "\(said.errorText)")
  }

  @Test func whatIsNotWholeIsNotUsed() async throws {
    let (machine, commit) = try await machine()
    try machine.write(
      "team/web/outfit.yaml",
      "profile: web\nextends: [\"file://\(machine.home)/git@main\"]\ndotfiles: {.vimrc: {copy: vimrc}}\n")
    let created = try await machine.outfit(
      "bundle", "create", "team/web", "-o", "web.tar.gz", "--trust", commit, "--fetch")
    #expect(created.status == 0, "\(created.errorText)")
    // Files of a git layer that are not the commit's, with a list that says so.
    let forged = try await machine.login(
      #"""
      mkdir b && tar -xf web.tar.gz -C b && cd b && printf 'evil\n' >x && new=$(sha256sum <x | cut -d' ' -f1)
      old=$(printf 'set bell-style none\n' | sha256sum | cut -d' ' -f1); mv x blobs/$new
      sed -i "s/$old 20 inputrc/$new 5 inputrc/; /^end /d" outfit-bundle
      printf 'end %s\n' "$(sha256sum <outfit-bundle | cut -d' ' -f1)" >>outfit-bundle; grep -c "$new" outfit-bundle
      """#)
    #expect(forged.outputText == "1\n", "\(forged.errorText)")
    try machine.files.removeTree(machine.home.pushing(".local/share/outfit/layers"))
    let refused = try await machine.outfit("bundle", "apply", "b", "--trust", commit)
    #expect(refused.status == 1, "\(refused.errorText)")
    #expect(refused.errorText.contains("are not those that git has stored"), "\(refused.errorText)")
    #expect(!machine.files.exists(machine.home.appending(".inputrc")))
    // Bytes that changed on the way, and a file that was cut short.
    let broken = try await machine.login(
      "rm -rf b; mkdir b; tar -xf web.tar.gz -C b; for f in b/blobs/*; do printf x >>$f; done; "
        + "head -c 3000 web.tar.gz >cut.tar.gz; printf hello >none")
    try #require(broken.status == 0)
    for (name, status) in [("b", 1), ("cut.tar.gz", 2), ("none", 2), ("nowhere", 2), ("team", 2)]
      as [(String, Int32)]
    {
      let refused = try await machine.outfit("bundle", "apply", name, "--trust", commit)
      #expect(refused.status == status, "\(name): \(refused.errorText)")
    }
    let other = try await machine.outfit(
      "bundle", "create", "team/web", "-o", "other.tar", "--platform", "macos-arm64", "--trust", commit,
      "--fetch")
    #expect(other.status == 0, "\(other.errorText)")
    let elsewhere = try await machine.outfit("bundle", "apply", "other.tar", "--trust")
    #expect(
      elsewhere.status == 2 && elsewhere.errorText.contains("--platform linux-"), "\(elsewhere.errorText)")
  }

  @Test func onlyThoseWhoMaySignIt() async throws {
    let machine = try Machine()
    guard machine.files.exists("/usr/bin/ssh-keygen") else { return print("SKIPPED: no ssh-keygen") }
    try machine.write("web/outfit.yaml", "profile: web\ndotfiles: {.vimrc: {copy: vimrc}}\n")
    try machine.write("web/vimrc", "set nu\n")
    let keys = try await machine.login(
      "for k in ours theirs; do ssh-keygen -q -t ed25519 -N '' -f $k; done; printf 'a@b.example %s\n' \"$(cat ours.pub)\" >allowed"
    )
    try #require(keys.status == 0)
    for (key, status) in [("ours", 0), ("theirs", 1), (nil, 1)] as [(String?, Int32)] {
      let created = try await machine.outfit(
        ["bundle", "create", "web", "-o", "web.tar", "--trust"] + (key.map { ["--sign", $0] } ?? []))
      #expect(created.status == 0, "\(created.errorText)")
      let applied = try await machine.outfit(
        "bundle", "apply", "web.tar", "--trust", "--allowed-signers", "allowed")
      #expect(applied.status == status, "\(key ?? "none"): \(applied.errorText)")
    }
    #expect(try machine.read(".vimrc") == "set nu\n")
  }

  /// A machine that has no Outfit gets it from the bundle.
  @Test func aMachineWithoutOutfit() async throws {
    let machine = try Machine()
    try machine.write("web/outfit.yaml", "profile: web\ndotfiles: {.vimrc: {copy: vimrc}}\n")
    try machine.write("web/vimrc", "set nu\n")
    let created = try await machine.outfit("bundle", "create", "web", "-o", "web.tar", "--trust")
    #expect(created.status == 0, "\(created.errorText)")
    let script = try await machine.run(
      "/bin/sh",
      [
        "-c",
        "rm -rf web .local .config .cache; mkdir b && tar -xf web.tar -C b && sh b/apply --trust && rm -rf b",
      ])
    #expect(script.status == 0, "\(script.errorText)")
    #expect(try machine.read(".vimrc") == "set nu\n")
    let version = try await machine.run(
      "/bin/sh", ["-c", "~/.local/bin/outfit --version && ~/.local/bin/outfit status"])
    #expect(version.status == 0 && version.outputText.hasPrefix("outfit "), "\(version.errorText)")
  }
}
