import OutfitSystem
import SystemPackage
import Testing

/// Secrets that a password manager has, of which a profile knows the names.
@Suite(.serialized)
struct ManagedSecretTests {
  private static let value = "s3cr3t-\u{E9}/+=\"'\\{{x}}"
  private static let other = "0ther-VALUE-5678"

  private func mode(_ path: String, _ machine: Machine) throws -> UInt16? {
    try machine.files.status(machine.home.pushing(FilePath(path)), followLinks: false)?.mode
  }

  /// A manager that counts how often it is asked, and refuses while `locked` is there.
  private func vault(_ machine: Machine) throws {
    try machine.write(
      "vault/vault",
      """
      #!/bin/sh
      echo "$@" >> ~/vault/calls
      [ ! -e ~/vault/locked ] || { echo "vault: locked" >&2; exit 7; }
      [ -z "$2" ] || [ "$SESSION" = open ] || exit 9
      cat "$HOME/elsewhere/$1"

      """, mode: 0o755)
    try machine.write(
      "vault/unlock", "#!/bin/sh\necho unlock >> ~/vault/calls\n[ ! -e ~/vault/locked ] && echo open\n",
      mode: 0o755)
    try keep("npm", Self.value, machine)
    try keep("pypi", Self.other, machine)
  }

  /// What the manager has is outside of HOME, for all that this can know.
  private func keep(_ name: String, _ value: String, _ machine: Machine) throws {
    let folder = machine.home.removingLastComponent().appending("elsewhere")
    try machine.files.createDirectories(folder, mode: 0o700)
    if !machine.files.exists(machine.home.appending("elsewhere")) {
      try machine.files.createLink(machine.home.appending("elsewhere"), to: folder.string)
    }
    let path = folder.appending(name)
    if machine.files.exists(path) { try machine.files.remove(path) }
    try machine.files.create(path, Array((value + "\n").utf8), mode: 0o600)
  }

  private func calls(_ machine: Machine) throws -> [String] {
    try (machine.read("vault/calls") ?? "").split(separator: "\n").map(String.init)
  }

  private func team(_ machine: Machine) throws {
    try machine.write(
      "team/outfit.yaml",
      """
      profile: team
      secrets: {npm_token: {}, pypi: {description: Of the index}}
      dotfiles:
        .npmrc: {template: npmrc.mustache}
        .pypirc: {template: pypirc.mustache}
        .both: {template: both.mustache, mode: "0640"}
        .vimrc: {copy: vimrc}

      """)
    try machine.write("team/npmrc.mustache", "//registry.example/:_authToken={{secret.npm_token}}\n")
    try machine.write("team/pypirc.mustache", "password = {{secret.pypi}}\n")
    try machine.write("team/both.mustache", "{{#secret}}{{npm_token}} {{pypi}}{{/secret}}\n")
    try machine.write("team/vimrc", "set number\n")
    try machine.write(
      ".config/outfit/outfit.yaml",
      """
      secrets:
        npm_token: {command: [~/vault/vault, npm]}
        pypi: {command: [~/vault/vault, pypi, session], unlock: {command: [~/vault/unlock], as: SESSION}}

      """)
    try vault(machine)
  }

  /// Nothing below HOME has a secret but the files that are to have it.
  private func expectNowhereElse(_ machine: Machine, but targets: Set<String>) async throws {
    for value in [Self.value, Self.other] {
      let found = try await machine.run("/bin/grep", ["-rlaF", "--", value, machine.home.string])
      let paths = found.outputText.split(separator: "\n").map {
        String($0.dropFirst(machine.home.string.utf8.count + 1))
      }
      #expect(Set(paths).isSubset(of: targets), "\(paths)")
    }
  }

  private static let targets: Set<String> = [".npmrc", ".pypirc", ".both"]

  @Test func eachIsReadOnceAndOnlyForWhatHasChanged() async throws {
    let machine = try Machine()
    try team(machine)
    let status = try await machine.outfit("up", "team", "--dry-run")
    #expect(status.outputText.contains("~/.npmrc: not asked"), "\(status.outputText)\(status.errorText)")
    #expect(try calls(machine).isEmpty)
    let up = try await machine.outfit("up", "team", "--trust", "--json")
    try #require(up.status == 0, "\(up.errorText)")
    #expect(try machine.read(".npmrc") == "//registry.example/:_authToken=\(Self.value)\n")
    #expect(try machine.read(".pypirc") == "password = \(Self.other)\n")
    #expect(try machine.read(".both") == "\(Self.value) \(Self.other)\n")
    #expect(try mode(".npmrc", machine) == 0o600 && mode(".both", machine) == 0o640)
    #expect(try calls(machine).sorted() == ["npm", "pypi session", "unlock"])
    var said = up.outputText + up.errorText
    try await expectNowhereElse(machine, but: Self.targets)

    // Nothing has changed, and nobody is asked.
    #expect(try await machine.outfit("up").status == 0)
    #expect(try await machine.outfit("up", "--only", "dotfiles").status == 0)
    let calm = try await machine.outfit("status", "--json")
    #expect(calm.status == 0 && calm.outputText.contains("\"changed\": false"), "\(calm.outputText)")
    #expect(try calls(machine).count == 3)

    // Another file changes, and then one that needs the one secret.
    try machine.write("team/vimrc", "set nonumber\n")
    #expect(try await machine.outfit("up", "team", "--trust").status == 0)
    #expect(try calls(machine).count == 3)
    try machine.write("team/npmrc.mustache", "# ours\n//registry.example/:_authToken={{secret.npm_token}}\n")
    let look = try await machine.outfit("status", "--json")
    #expect(look.outputText.contains("\"not-asked\""), "\(look.outputText)")
    #expect(look.outputText.contains("\"changed\": null"), "\(look.outputText)")
    #expect(try calls(machine).count == 3)
    #expect(try await machine.outfit("up", "team", "--trust").status == 0)
    #expect(try calls(machine).dropFirst(3) == ["npm"])
    #expect(try machine.read(".npmrc") == "# ours\n//registry.example/:_authToken=\(Self.value)\n")

    // Of what was read anyway, a new value comes to every file that has it, with the secrets beside it.
    try keep("npm", "n3w-T0KEN", machine)
    #expect(try await machine.outfit("up").status == 0)
    #expect(try machine.read(".npmrc")?.contains(Self.value) == true)
    try machine.write("team/npmrc.mustache", "//registry.example/:_authToken={{secret.npm_token}}\n")
    let rotated = try await machine.outfit("up", "team", "--trust")
    #expect(rotated.status == 0, "\(rotated.errorText)")
    #expect(try machine.read(".npmrc") == "//registry.example/:_authToken=n3w-T0KEN\n")
    #expect(try machine.read(".both") == "n3w-T0KEN \(Self.other)\n")
    #expect(try calls(machine).dropFirst(4).sorted() == ["npm", "pypi session", "unlock"])
    try keep("pypi", "an0ther-one", machine)
    #expect(try await machine.outfit("up", "--read-secrets").status == 0)
    #expect(try machine.read(".pypirc") == "password = an0ther-one\n")

    for words in [
      ["status"], ["diff"], ["diff", "--json"], ["why", "~/.npmrc"], ["why", "~/.npmrc:1"],
      ["why", "secrets.npm_token"],
      ["show", "team"], ["doctor"], ["generations"], ["generations", "--json"], ["dotfiles", "list"],
      ["facts", "--json"],
      ["rollback", "--dry-run"], ["rollback", "--dry-run", "--json"], ["up", "--dry-run", "--diff"],
    ] {
      let run = try await machine.outfit(words)
      said += run.outputText + run.errorText
    }
    for value in [Self.value, Self.other, "n3w-T0KEN", "an0ther-one"] { #expect(!said.contains(value)) }
    try await expectNowhereElse(machine, but: [])
    let kept = try await machine.run("/bin/grep", ["-rlaF", "n3w-T0KEN", "\(machine.home)/.local"])
    #expect(kept.outputText.isEmpty, "\(kept.outputText)")
    let file = machine.home.pushing(".local/state/outfit/machine/secrets")
    #expect(try machine.files.status(file, followLinks: false)?.mode == 0o600)
  }

  @Test func aLockedVaultLeavesItsFilesAndTheRestGoesOn() async throws {
    let machine = try Machine()
    try team(machine)
    try machine.write("vault/locked", "")
    try machine.write(".pypirc", "mine\n")
    let up = try await machine.outfit("up", "team", "--trust", "--json", "--on-conflict", "take")
    #expect(up.status == 1, "\(up.outputText)")
    #expect(try machine.read(".vimrc") == "set number\n")
    #expect(try machine.read(".npmrc") == nil && machine.read(".pypirc") == "mine\n")
    for name in ["~/.npmrc", "~/.pypirc", "~/.both"] {
      #expect(up.outputText.contains("\(name) stays as it is: the secret "), "\(up.outputText)")
    }
    #expect(up.errorText.contains("vault: locked"), "\(up.errorText)")
    #expect(try calls(machine).sorted() == ["npm", "unlock"])
    // It is tried again.
    try machine.files.remove(machine.home.pushing("vault/locked"))
    let again = try await machine.outfit("up", "--on-conflict", "take")
    #expect(again.status == 0, "\(again.errorText)")
    #expect(try machine.read(".pypirc") == "password = \(Self.other)\n")
    #expect(try mode(".pypirc", machine) == 0o600)
    // Locked again: what is there stays, also where it would change.
    try machine.write("vault/locked", "")
    try machine.write("team/npmrc.mustache", "new {{secret.npm_token}}\n")
    try machine.write("team/vimrc", "set list\n")
    let locked = try await machine.outfit("up", "team", "--trust")
    #expect(locked.status == 1, "\(locked.errorText)")
    #expect(try machine.read(".vimrc") == "set list\n")
    #expect(try machine.read(".npmrc") == "//registry.example/:_authToken=\(Self.value)\n")
    let strict = try await machine.outfit("up", "--all-or-nothing")
    #expect(strict.status == 1, "\(strict.errorText)")
    try await expectNowhereElse(machine, but: Self.targets)
  }

  @Test func filesAndVariablesGiveThemTooAndNobodyToBlame() async throws {
    let machine = try Machine()
    try machine.write(
      "team/outfit.yaml",
      """
      profile: team
      secrets: {a: {}, b: {}, c: {}}
      dotfiles:
        .a: {template: a, mode: "0400"}
        .b: {create: b, template: true}
        .c: {template: c}
        .config/t/: {tree: t, templates: "*.mustache"}

      """)
    for name in ["a", "b", "c"] { try machine.write("team/\(name)", "{{secret.\(name)}}\n") }
    try machine.write("team/t/x.mustache", "{{secret.a}}\n")
    try machine.write("team/t/y", "y\n")
    try machine.write(".keys/a", "one\n\n", mode: 0o600)
    try machine.write(".config/outfit/outfit.yaml", "secrets: {a: {file: ~/.keys/a}, b: {env: B_SECRET}}\n")
    let up = try await machine.outfit("up", "team", "--trust", setting: ["B_SECRET": "two"])
    #expect(up.status == 1)
    #expect(up.errorText.contains("secrets: {c: {command:"), "\(up.errorText)")
    #expect(try machine.read(".a") == "one\n" && machine.read(".b") == "two\n" && machine.read(".c") == nil)
    #expect(try machine.read(".config/t/x") == "one\n" && machine.read(".config/t/y") == "y\n")
    #expect(
      try mode(".a", machine) == 0o400 && mode(".b", machine) == 0o600
        && mode(".config/t/x", machine) == 0o600)
    // A file that changes is seen; a file that is there once is the user's.
    try machine.write(".keys/a", "three\n", mode: 0o600)
    try machine.write(".b", "mine\n")
    try machine.write(
      ".config/outfit/outfit.yaml", "secrets: {a: {file: ~/.keys/a}, b: {env: B}, c: {env: C}}\n")
    let again = try await machine.outfit("up", setting: ["C": "c"])
    #expect(again.status == 0, "\(again.errorText)")
    #expect(
      try machine.read(".a") == "three\n" && machine.read(".c") == "c\n" && machine.read(".b") == "mine\n")
    #expect(try machine.read(".config/t/x") == "three\n")
    // What they were can't be had again, and is left.
    let back = try await machine.outfit("rollback")
    #expect(back.status == 4, "\(back.errorText)")
    #expect(try machine.read(".a") == "three\n")
    #expect(back.errorText.contains("kept nowhere"), "\(back.errorText)")
    let zero = try await machine.outfit("rollback", "0")
    #expect(try machine.read(".a") == nil, "\(zero.errorText)")
  }

  @Test func whatRunsForThemIsConsentedTo() async throws {
    let machine = try Machine()
    try machine.write(
      "team/outfit.yaml",
      "profile: team\nsecrets: {a: {command: [./give, it]}}\ndotfiles: {.a: {template: a}}\n")
    try machine.write("team/a", "{{secret.a}}\n")
    try machine.write("team/give", "#!/bin/sh\necho given $1; pwd >> ~/ran\n", mode: 0o755)
    let no = try await machine.outfit("up", "team")
    #expect(
      no.status == 4 && no.errorText.contains("runs './give it' for the secret a")
        || no.errorText.contains("./give it"), "\(no.errorText)")
    #expect(try machine.read("ran") == nil)
    #expect(try await machine.outfit("up", "team", "--trust").status == 0)
    #expect(try machine.read(".a") == "given it\n")
    #expect(try machine.read("ran") == "\(machine.home)/team\n")
    try machine.write(
      "team/outfit.yaml",
      "profile: team\nsecrets: {a: {command: [./give, more]}}\ndotfiles: {.a: {template: a}}\n")
    #expect(try await machine.outfit("up").status == 4)
    #expect(try machine.read(".a") == "given it\n")
  }

  @Test func mistakesAreNamed() async throws {
    let machine = try Machine()
    for (secrets, dotfiles, text, said) in [
      ("{a: {}}", "{.a: {template: a}}", "{{secret.b}}\n", "did you mean `a`?"),
      ("{a: {env: A, file: b}}", "{.a: {template: a}}", "x\n", "at once"),
      ("{a: {command: []}}", "{.a: {template: a}}", "x\n", "runs nothing"),
      ("{a: {env: A, unlock: {command: [x], as: Y}}}", "{.a: {template: a}}", "x\n", "belongs to a command"),
      ("{a: {}}", "{.a: {block: a, template: true}}", "{{secret.a}}\n", "can't be in a block"),
      ("{a: {}}", "{.a: {template: a}}", "{{uppercased(secret.a)}}\n", "stands as it is"),
    ] {
      try machine.write("team/outfit.yaml", "profile: team\nsecrets: \(secrets)\ndotfiles: \(dotfiles)\n")
      try machine.write("team/a", text)
      let up = try await machine.outfit("up", "team", "--trust")
      #expect(up.status == 2 && up.errorText.contains(said), "\(up.status) \(up.errorText)")
    }
  }
}
