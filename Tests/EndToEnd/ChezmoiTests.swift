import SystemPackage
import Testing

/// A folder of chezmoi's, as whoever has one uses it.
@Suite(.serialized)
struct ChezmoiTests {
  private func mode(_ path: String, _ machine: Machine) throws -> UInt16? {
    try machine.files.status(machine.home.pushing(FilePath(path)), followLinks: false).map {
      $0.mode & 0o7777
    }
  }

  /// A tree with something of all kinds.
  private func plant(_ machine: Machine) throws {
    try machine.write("c/.chezmoiroot", "home\n")
    try machine.write("c/README.md", "not of the tree\n")
    let files = [
      ".chezmoi.toml.tmpl": """
      {{- $mail := promptStringOnce . "email" "Your address" -}}
      [data]
        email = {{ $mail | quote }}
      """,
      ".chezmoidata.yaml": "editor: vim\ncolours: [red, green]\n",
      ".chezmoiignore": "notes.md\n{{ if ne .chezmoi.os \"plan9\" }}.plan9{{ end }}\n",
      ".chezmoiremove": ".gone\n", ".chezmoitemplates/head": "# of {{ .editor }}\n", "notes.md": "n\n",
      "dot_plan9": "9\n", "dot_bashrc": "alias dps='docker ps --format \"{{.Names}}\"'\n",
      "dot_gitconfig.tmpl": "{{ template \"head\" . }}[user]\n\temail = {{ .email }}\n",
      "private_dot_ssh/private_config": "Host *\n", "executable_dot_tool": "#!/bin/sh\n",
      "exact_dot_only/a": "a\n", "create_dot_mine": "once\n",
      "symlink_dot_to.tmpl": "{{ .chezmoi.homeDir }}/c\n",
      "dot_colours.tmpl": "{{ range .colours }}{{ . }}\n{{ end }}", "dot_blank": "\n", "empty_dot_kept": "",
      "dot_code/modify_settings.json":
        "{{- /* chezmoi:modify-template */ -}}\n{{ .chezmoi.stdin | default \"{}\" | fromJson | setValueAtPath \"tab\" 2 | toJson }}\n",
      "run_onchange_after_log.sh.tmpl": "#!/bin/sh\necho {{ .editor }} $CHEZMOI >>~/log\n",
      "run_once_before_first.sh": "#!/bin/sh\necho first >>~/log\n",
    ]
    for (name, text) in files { try machine.write("c/home/\(name)", text) }
    try machine.write(".gone", "old\n")
    try machine.write(".code/settings.json", "{\n  // mine\n  \"font\": \"Hack\"\n}\n")
  }

  @Test func aTreeIsUpAsItStandsAndGoesAgain() async throws {
    let machine = try Machine()
    try plant(machine)
    let before = try machine.tree()
    let unasked = try await machine.outfit("up", "c")
    #expect(unasked.status == 4 && unasked.errorText.contains("run_once_before_first.sh"))
    let unanswered = try await machine.outfit("up", "c", "--trust")
    #expect(unanswered.status == 4 && unanswered.errorText.contains("--set email="))
    let up = try await machine.outfit(
      "up", "c", "--trust", "--set", "email=ada@example.org", "--on-conflict", "take")
    try #require(up.status == 0, "\(up.errorText)")
    #expect(try machine.read(".gitconfig") == "# of vim\n[user]\n\temail = ada@example.org\n")
    #expect(try machine.read(".bashrc")?.hasPrefix("alias dps='docker ps --format \"{{.Names}}\"'\n") == true)
    #expect(try machine.read(".colours") == "red\ngreen\n")
    #expect(try machine.read(".code/settings.json")?.contains("// mine") == true)
    #expect(try machine.read(".code/settings.json")?.contains("\"tab\": 2") == true)
    #expect(try mode(".ssh", machine) == 0o700 && mode(".ssh/config", machine) == 0o600)
    #expect(try mode(".tool", machine) == 0o755)
    #expect(try machine.files.readLink(machine.home.appending(".to")) == machine.home.appending("c").string)
    #expect(try machine.read(".mine") == "once\n" && machine.read(".kept") == "")
    for absent in [".gone", ".plan9", "notes.md", ".blank", "README.md", "outfit.yaml"] {
      #expect(try machine.read(absent) == nil, "\(absent)")
    }
    #expect(try machine.read("log") == "first\nvim 1\n")
    let again = try await machine.outfit("up")
    #expect(
      again.status == 0 && again.outputText.contains("Nothing to do"), "\(again.outputText)\(again.errorText)"
    )

    // What the tree says anew is what is there anew.
    try machine.write("c/home/.chezmoidata.yaml", "editor: emacs\ncolours: []\n")
    let changed = try await machine.outfit("up", "--on-conflict", "take")
    try #require(changed.status == 0, "\(changed.errorText)")
    #expect(try machine.read(".gitconfig")?.hasPrefix("# of emacs") == true)
    #expect(try machine.read(".colours") == nil)
    #expect(try machine.read("log") == "first\nvim 1\nemacs 1\n")

    let back = try await machine.outfit("rollback", "0")
    #expect(back.status == 0, "\(back.errorText)")
    try? machine.files.remove(machine.home.appending("log"))
    try machine.write("c/home/.chezmoidata.yaml", "editor: vim\ncolours: [red, green]\n")
    // The test itself wrote that file.
    func others(_ tree: [String: String]) -> [String: String] {
      tree.filter { $0.key != "c/home/.chezmoidata.yaml" }
    }
    expectSameTree(others(try machine.tree()), others(before))
  }

  /// A foreign file in an exact folder is asked about, and comes back.
  @Test func anExactFolderOfATree() async throws {
    let machine = try Machine()
    try machine.write("c/exact_dot_only/a", "a\n")
    try machine.write("c/dot_b", "b\n")
    try #require(try await machine.outfit("up", "c", "--trust").status == 0)
    try machine.write(".only/other", "mine\n")
    let taken = try await machine.outfit("up", "--on-conflict", "take")
    #expect(taken.status == 0, "\(taken.errorText)")
    #expect(try machine.read(".only/other") == nil)
    // The folder was made by us, and the file that comes back is in it.
    let back = try await machine.outfit("rollback", "0")
    #expect(back.status == 0, "\(back.errorText)")
    #expect(try machine.read(".only/other") == "mine\n")
  }

  @Test func whatCannotBeReadIsLeftOutAlone() async throws {
    let machine = try Machine()
    try machine.write("c/dot_good", "good\n")
    try machine.write("c/dot_bad.tmpl", "fine\n")
    try machine.write("c/dot_config/outfit/outfit.yaml", "tools: {evil: latest}\n")
    let first = try await machine.outfit("up", "c", "--trust")
    #expect(first.status == 1 && first.errorText.contains("Outfit's own folders"), "\(first.errorText)")
    #expect(try machine.read(".bad") == "fine\n" && machine.read(".config/outfit/outfit.yaml") == nil)
    try machine.files.removeTree(machine.home.pushing("c/dot_config"))
    try machine.write("c/dot_bad.tmpl", "\n{{ output \"id\" }}\n")
    try machine.write("c/dot_good", "better\n")
    let up = try await machine.outfit("up", "--trust")
    #expect(up.status == 1)
    #expect(up.errorText.contains("c/dot_bad.tmpl:2:"), "\(up.errorText)")
    #expect(try machine.read(".good") == "better\n" && machine.read(".bad") == "fine\n")
  }

  @Test func importsSayWhatBecomesOfIt() async throws {
    let machine = try Machine()
    try plant(machine)
    // What gives one text is a secret of the manifest; what gives a record is left.
    try machine.write("c/home/dot_secret.tmpl", "\n{{ (bitwarden \"item\" \"mail\").notes }}\n")
    try machine.write("c/home/dot_mail.tmpl", "\n{{ pass \"mail\" }}\n")
    let before = try machine.tree()
    let dry = try await machine.outfit("import", "chezmoi", "c", "--dry-run")
    #expect(
      dry.status == 1 && dry.outputText.contains("c/home/dot_secret.tmpl:2"),
      "\(dry.outputText)\(dry.errorText)")
    #expect(dry.outputText.contains("asks  email") && dry.outputText.contains("secret mail"))
    #expect(!dry.outputText.contains("dot_mail"))
    expectSameTree(try machine.tree(), before)
    for name in ["secret", "mail"] {
      try machine.files.remove(machine.home.pushing(FilePath("c/home/dot_\(name).tmpl")))
    }
    let made = try await machine.outfit("import", "chezmoi", "c", "--to", "new")
    #expect(made.status == 0, "\(made.outputText)\(made.errorText)")
    #expect(try machine.read("new/outfit.yaml")?.contains("./: {chezmoi: ./}") == true)
    let up = try await machine.outfit(
      "up", "new", "--trust", "--set", "email=ada@example.org", "--on-conflict", "take", "--skip", "scripts")
    #expect(up.status == 0, "\(up.errorText)")
    #expect(try machine.read(".gitconfig")?.contains("ada@example.org") == true)
    #expect(try machine.read("log") == nil)
  }

  @Test func allQuestionsAreToldAtOnce() async throws {
    let machine = try Machine()
    try machine.write(
      "c/.chezmoi.toml.tmpl",
      """
      {{ $mail := promptStringOnce . "email" "Your address" }}
      {{ $work := promptBoolOnce . "work" "At work" }}
      {{ if $work }}{{ $desk := promptStringOnce . "desk" "Which desk" }}{{ end }}
      [data]
      email = {{ $mail | quote }}
      """)
    try machine.write("c/dot_a.tmpl", "{{ .email }}\n")
    let asked = try await machine.outfit("up", "c", "--trust")
    #expect(asked.status == 4, "\(asked.errorText)")
    for text in ["toml.tmpl:1:", "(a text)", "toml.tmpl:2:", "(yes or no)", "--set email=… --set work=…,"] {
      #expect(asked.errorText.contains(text), "\(text): \(asked.errorText)")
    }
    #expect(!asked.errorText.contains("desk"))
    let up = try await machine.outfit("up", "c", "--trust", "--set", "email=a@b", "--set", "work=no")
    #expect(up.status == 0, "\(up.errorText)")
    #expect(try machine.read(".a") == "a@b\n")
  }

  @Test func foldersOfStowAndDotbotBecomeLinks() async throws {
    let machine = try Machine()
    try machine.write("s/zsh/.zshenv", "z\n")
    try machine.write("s/nvim/.config/nvim/init.lua", "i\n")
    try machine.write("s/nvim/README.md", "r\n")
    let unwritten = try await machine.outfit("up", "s")
    #expect(
      unwritten.status == 2 && unwritten.errorText.contains("outfit import stow"), "\(unwritten.errorText)")
    let stow = try await machine.outfit("import", "stow", "s")
    #expect(stow.status == 0, "\(stow.outputText)\(stow.errorText)")
    try machine.write("d/vimrc", "v\n")
    try machine.write("d/config/app/a", "a\n")
    try machine.write(
      "d/install.conf.yaml",
      "- clean: ['~']\n- link:\n    ~/.vimrc:\n    ~/.config/app: {path: config/app}\n    ~/.no: nope\n- shell:\n  - [make, Make]\n"
    )
    let unnamed = try await machine.outfit("up", "d")
    #expect(unnamed.status == 2 && unnamed.errorText.contains("outfit import dotbot"), "\(unnamed.errorText)")
    let dotbot = try await machine.outfit("import", "dotbot", "d")
    #expect(
      dotbot.status == 1 && dotbot.outputText.contains("install.conf.yaml:5"),
      "\(dotbot.outputText)\(dotbot.errorText)")
    // What stow made already leads where it should.
    try machine.files.createLink(machine.home.appending(".zshenv"), to: "s/zsh/.zshenv")
    let up = try await machine.outfit("up", "s", "--trust")
    #expect(up.status == 0, "\(up.errorText)")
    #expect(try machine.files.readLink(machine.home.appending(".zshenv")) == "s/zsh/.zshenv")
    #expect(try machine.read(".config/nvim/init.lua") == "i\n" && machine.read("README.md") == nil)
    let other = try await machine.outfit("up", "d", "--trust", "--yes")
    #expect(other.status == 0, "\(other.errorText)")
    #expect(try machine.read(".vimrc") == "v\n" && machine.read(".config/app/a") == "a\n")
  }
}
