import OutfitCore
import OutfitSystem
import Support
import SystemPackage
import Testing

@testable import OutfitSharing

@Suite struct CaptureTests {
  // MARK: - Secrets

  @Test(arguments: 0..<(40 as UInt64)) func everyPlantedSecretIsFound(_ seed: UInt64) {
    let all = PlantedSecret.all(seed: seed)
    #expect(all.count >= 100 && Set(all.map(\.kind)).count >= 20)
    for secret in all where !CredentialPlaces.has(secret.file) {
      let found = SecretFinder.find(in: secret.text.utf8Lines)
      let lines = secret.text.utf8Lines
      let covered = found.contains { $0.isWhole || lines[$0.line - 1].contains(secret.value) }
      #expect(covered, "\(secret.kind): \(secret.text)")
    }
  }

  /// What people have in their settings, and nobody would miss gladly.
  @Test(arguments: [
    "export PATH=\"$HOME/.local/bin:/usr/local/bin:$PATH\"", "alias ll='ls -lhA --color=auto'",
    "export GITHUB_TOKEN=$(pass show github/token)", "export TOKEN=\"${GITHUB_TOKEN}\"",
    "export SSH_AUTH_SOCK=\"$XDG_RUNTIME_DIR/ssh-agent.socket\"", "credential.helper = osxkeychain",
    "\thelper = cache --timeout=3600", "[credential \"https://github.com\"]", "pass_filenames: true",
    "PS1='\\[\\e[1;32m\\]\\u@\\h\\[\\e[0m\\]:\\w\\$ '", "bindkey '^R' history-incremental-search-backward",
    "set -g status-right '#[fg=colour233,bg=colour241,bold] %d/%m #[fg=colour233,bg=colour245,bold] %H:%M:%S '",
    "nnoremap <silent> <leader>w :write<CR>", "let g:airline_powerline_fonts = 1",
    "export LS_COLORS='di=01;34:ln=01;36:*.tar=01;31:*.tgz=01;31'", "HISTSIZE=100000",
    "source /usr/share/zsh/plugins/zsh-autosuggestions/zsh-autosuggestions.zsh",
    "vim.keymap.set('n', '<leader>ff', require('telescope.builtin').find_files, { desc = 'Find files' })",
    "background #1e1e2e", "map ctrl+shift+enter new_window_with_cwd", "tokens are kept in the keychain",
    "alias pwgen='openssl rand -base64 24'", "export EDITOR=nvim", "[user]", "\tsigningkey = ~/.ssh/id.pub",
    "eval \"$(starship init zsh)\"", "autoload -Uz compinit && compinit", "export GPG_TTY=$(tty)",
    "if [ \"$TOKEN\" == \"\" ]; then", "zstyle ':completion:*' matcher-list 'm:{a-z}={A-Za-z}'",
    "\"lazy.nvim\": { \"branch\": \"main\", \"commit\": \"0123456789abcdef0123456789abcdef01234567\" },",
    "export JAVA_HOME=/usr/lib/jvm/java-21-openjdk-amd64", "unset SSH_ASKPASS", "cookie", "",
    "export DOTNET_CLI_TELEMETRY_OPTOUT=1", "set -g prefix C-a", "mailto:ann@example.org",
    "git@github.com:a/b.git",
    "set number", "alias keys='xev'", "Keybinding = x", "set -o vi",
    "alias k9s='kubectl get pods --all-namespaces'",
  ]) func whatIsHarmlessStays(_ line: String) {
    #expect(SecretFinder.find(in: [line]) == [])
  }

  @Test(arguments: [
    "set -gx DB_PASSWORD hunter", "setenv API_TOKEN hunter", "set-environment -g MY_SECRET hunter",
    "MYSQLPASS=hunter",
    "mongo ann:hunter@db.example", "os.environ[\"API_TOKEN\"] = \"hunter\"",
    "open 'https://a.example/?token=hunter'",
    "let $PASSWORD = 'hunter'", "curl -H 'X-Api-Key: hunter' a", "export A=1 PASS=hunter",
    "  \"password\":\"hunter\",",
    "http.proxy=http://ann:hunter@proxy:3128", "TOKEN=${TOKEN:-hunter}", "pass = $6$salt$abcdefghijklmnop",
    "login ann password hunter",
    "-----BEGIN PGP MESSAGE-----", "DBPWD=hunter", "export DATABASE_URL=postgres://ann:hunter@db/x",
    "password hunter",
    "//registry.example/:_password=aHVudGVy", "[remote] token=hunter", "tool --secret hunter",
    "auth_token: hunter",
  ]) func whatHidesIsFound(_ line: String) { #expect(!SecretFinder.find(in: [line]).isEmpty) }

  @Test func aNameOfAFileMayBeASecret() {
    let profile = captured([".config/zsh/ghp_" + String(repeating: "aB3", count: 12) + ".zsh": "a=1\n"])
    #expect(profile.dotfiles.isEmpty && profile.left.map(\.path) == ["~/.config/zsh"])
  }

  @Test func aValueInTheNextLineIsFound() {
    for text in [
      "password: |\n  hunter2hunter2", "token:\n  abcdef", "export SECRET=\\\nabc",
      "password = \"\"\"\nabc\n\"\"\"",
    ] {
      #expect(SecretFinder.find(in: text.utf8Lines).contains { $0.isWhole }, "\(text)")
    }
  }

  @Test(arguments: [
    ".ssh/config", ".ssh/id_rsa", ".netrc", ".aws/credentials", ".config/gh/hosts.yml", ".kube/config",
    ".npmrc", ".bash_history",
    ".zsh_history", ".config/nvim/.env", ".config/x/server.pem", ".config/fish/fish_history",
    ".docker/config.json",
    ".GNUPG/x", ".config/git/credentials", ".password-store/a.gpg", "id_ed25519", ".local/share/keyrings/a",
    ".config/a/.git/config",
  ]) func credentialsAreNeverRead(_ path: String) { #expect(CredentialPlaces.has(path)) }

  @Test func nothingThatIsOfferedIsACredential() {
    for path in DotfilePlaces.known {
      #expect(!CredentialPlaces.has(path.hasSuffix("/") ? String(path.dropLast()) : path), "\(path)")
    }
  }

  // MARK: - Identity

  private var identity: Identity {
    Identity(
      user: User(identifier: 1000, name: "adal", home: "/home/adal"), hostname: "babbage.lan",
      gitconfig: [
        "[user]\n\tname = Ada Lovelace\n\temail = ada@acme.example\n\tsigningkey = 0A1B2C3D4E5F6071\n"
      ],
      passwd: "adal:x:1000:1000:Ada K. Lovelace,,,:/home/adal:/bin/bash\n",
      hosts: ["bastion.acme.example", "*"])
  }

  private func captured(_ files: [String: String]) -> CapturedProfile {
    var profile = CapturedProfile()
    profile.take(
      files.sorted { $0.key < $1.key }.map {
        .init(target: $0.key, bytes: Array($0.value.utf8), mode: 0o644)
      }, identity)
    return profile
  }

  @Test func whoseItIsBecomesQuestionsAndFacts() throws {
    let profile = captured([
      ".gitconfig":
        "[user]\n\tname = Ada Lovelace\n\temail = ada@acme.example\n\tsigningkey = 0A1B2C3D4E5F6071\n",
      ".zshrc":
        "# of Ada K. Lovelace, adal@babbage.lan\r\nexport A=/home/adal/bin B=/home/adalbert\nalias b='ssh adal@bastion.acme.example'\nalias w='open https://wiki.acme.example/x'\nssh bob@other.example\nalias n='ping 10.1.2.3'\n",
      ".vimrc": "nmap x {{ y }}\nlet home = '/home/adal'\n",
      ".inputrc": "set bell-style none\n",
    ])
    #expect(profile.left == [])
    var text = try profile.files(name: "me").map { String(decoding: $0.bytes, as: UTF8.self) }.joined()
    for word in [
      "Ada", "Lovelace", "acme", "adal@", "babbage", "0A1B2C", "/home/adal/", "other.example", "10.1.2.3",
    ] {
      #expect(!text.contains(word), "\(word)")
    }
    text = String(
      decoding: try #require(profile.dotfiles.first { $0.target == ".zshrc" }).bytes, as: UTF8.self)
    #expect(text.contains("{{home}}/bin B=/home/adalbert"), "a part of another name is none")
    let vim = String(
      decoding: try #require(profile.dotfiles.first { $0.target == ".vimrc" }).bytes, as: UTF8.self)
    #expect(vim.hasPrefix("{{=<% %>=}}nmap x {{ y }}"), "\(vim)")
    #expect(profile.dotfiles.first { $0.target == ".inputrc" }?.isTemplate == false)
    let asked = Dictionary(uniqueKeysWithValues: profile.questions.map { ($0.key, $0.answer) })
    #expect(asked["name"] == "Ada Lovelace" && asked["email"] == "ada@acme.example")
    #expect(asked["signing_key"] == "0A1B2C3D4E5F6071")
    #expect(asked.values.contains("10.1.2.3") && asked.values.contains("bob@other.example"))
  }

  @Test func whatIsNobodysStaysAsItIs() {
    let text =
      "# https://github.com/acme/x\nalias g='git clone git@github.com:a/b'\nsource ~/.config.local\n# x 1.2\n"
    let profile = captured([".zshrc": text])
    #expect(profile.dotfiles.first?.bytes == Array(text.utf8))
    #expect(profile.questions.isEmpty)
  }

  @Test func aLineIsLeftOutWhereOneLineCanBe() throws {
    let token = "ghp_" + String(repeating: "a1B2", count: 9)
    let shell = "a=1\nif true; then\n  export T=\(token)\nfi\n"
    var profile = captured([".bashrc": shell])
    #expect(
      profile.dotfiles.first.map { String(decoding: $0.bytes, as: UTF8.self) }
        == "a=1\nif true; then\n  : # capture left this line out: a GitHub token\nfi\n")
    #expect(profile.left == [LeftOut("~/.bashrc", line: 3, "a GitHub token")])
    // Where a line is part of more, or nobody knows what it would mean, the file goes.
    for (file, text) in [
      (".bashrc", "f() { T=\(token); }\n"), (".bashrc", "export A=1 \\\n  T=\(token)\n"),
      (".config/a.toml", "t = \"\(token)\"\n"),
      (".config/bat/x.json", "{\"t\": \"\(token)\"}\n"), (".bashrc", "if x; then export T=\(token); fi\n"),
    ] {
      profile = captured([file: text])
      #expect(profile.dotfiles.isEmpty, "\(text)")
      #expect(profile.left.first?.line != nil, "\(profile.left)")
    }
  }

  @Test func aSecretOfOneFileIsNoneInAnother() {
    let profile = captured([
      ".bashrc": "export DB_PASSWORD=tulips99\n", ".zshrc": "echo tulips99\n", ".vimrc": "set nu\n",
    ])
    #expect(profile.dotfiles.map(\.target) == [".bashrc", ".vimrc"])
    #expect(profile.left.map(\.path) == ["~/.bashrc", "~/.zshrc"])
  }

  @Test func whatIsNoTextIsLeftOut() {
    var profile = CapturedProfile()
    profile.take(
      [
        .init(target: ".a", bytes: [1, 0, 2], mode: 0o644),
        .init(target: ".b", bytes: [0xFF, 0xFE], mode: 0o644),
      ], identity)
    #expect(profile.dotfiles.isEmpty && profile.left.count == 2)
    profile.take([.init(target: ".config/adal/x", bytes: [], mode: 0o644)], identity)
    #expect(profile.dotfiles.isEmpty, "a name in a path says whose it is")
  }

  @Test func blocksOfOutfitsOwnStayBehind() {
    let profile = captured([".bashrc": "a=1\n# >>> outfit outfit >>>\nx\n# <<< outfit outfit <<<\nb=2\n"])
    #expect(profile.dotfiles.first.map { String(decoding: $0.bytes, as: UTF8.self) } == "a=1\nb=2\n")
  }

  // MARK: - Packages

  @Test func packagesOfTheSystemAreThoseThatSomebodyChose() {
    let names = SystemPackages.apt(
      manual: "ripgrep\nbash\nlinux-image-amd64\nlibc6:amd64\nfzf\n--evil\ngit\nripgrep\n",
      known: "bash\trequired\tyes\nlibc6\toptional\tno\ngit\toptional\tno\nripgrep\toptional\tno\n")
    #expect(names == ["fzf", "git", "libc6", "ripgrep"])
  }

  @Test func globalPackagesOfNode() throws {
    let disk = MemoryFiles.withHome()
    disk.put("/home/ann/.npmrc", "prefix = ~/.npm-mine\n//r.example/:_authToken=abc\n")
    disk.put("/home/ann/.npm-mine/lib/node_modules/prettier/package.json", "{\"version\": \"3.6.2\"}")
    disk.put("/home/ann/.npm-mine/lib/node_modules/@vue/cli/package.json", "{\"version\": \"5.0.8\"}")
    disk.put("/usr/local/lib/node_modules/npm/package.json", "{\"version\": \"11.0.0\"}")
    disk.put("/usr/local/lib/node_modules/broken/package.json", "{")
    let found = NodeGlobals.read(.test(files: disk))
    #expect(found.tools.map(\.name).sorted() == ["cli", "prettier"])
    #expect(
      found.tools.first { $0.name == "cli" }?.value(isExact: true, indexName: nil)["package"]?.text
        == "@vue/cli")
    #expect(found.tools.allSatisfy { $0.value(isExact: true, indexName: nil)["from"]?.text == "npm" })
  }
}
