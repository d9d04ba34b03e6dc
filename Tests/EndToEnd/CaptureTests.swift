import Foundation
import OutfitSystem
import Support
import SystemPackage
import Testing

/// A machine that becomes a profile, and a machine that gets it.
@Suite(.serialized)
struct CaptureTests {
  /// Settings as people have them.
  private static let settings = [
    ".gitconfig": """
    [user]
    \tname = Ada Lovelace
    \temail = ada@acme.example
    [alias]
    \tst = status --short
    [includeIf "gitdir:~/work/"]
    \tpath = ~/.config/git/work

    """,
    ".bashrc": "# of Ada Lovelace\r\nexport SRC=HOME_FOLDER/src\nalias ll='ls -lh'\n",
    ".profile": "export EDITOR=vim\n",
    ".vimrc": "\" {{ folds }}\nset number\nlet g:mail = 'ada@acme.example'\n",
    ".tmux.conf": "bind | split-window -h\nset -g status-right 'bastion.acme.example'\n",
    ".config/kitty/kitty.conf": "map ctrl+t new_tab\nfont_size 12\n",
    ".config/fish/config.fish": "abbr -a gco git checkout\nset -gx SRC HOME_FOLDER/src\n",
  ]

  private func plant(_ machine: Machine, secrets: [PlantedSecret] = []) throws {
    var texts = Self.settings.mapValues { $0.replacing("HOME_FOLDER", with: machine.home.string) }
    for secret in secrets { texts[secret.file, default: ""] += secret.text + "\n" }
    for (file, text) in texts { try machine.write(file, text, mode: file == ".vimrc" ? 0o600 : 0o644) }
  }

  /// Everything below a folder, by name.
  private func contents(_ machine: Machine, _ folder: String) throws -> [String: [UInt8]] {
    var found: [String: [UInt8]] = [:]
    func walk(_ path: FilePath, _ name: String) throws {
      guard let status = try machine.files.status(path, followLinks: false) else { return }
      if status.kind == .directory {
        for entry in try machine.files.list(path) { try walk(path.appending(entry), "\(name)/\(entry)") }
      } else {
        found[name] = try machine.files.read(path)
      }
    }
    try walk(machine.home.pushing(FilePath(folder)), "")
    return found
  }

  private func document(_ done: Completion) throws -> [String: Any] {
    try #require(
      try JSONSerialization.jsonObject(with: Data(done.output)) as? [String: Any], "\(done.errorText)")
  }

  @Test func aHundredSecretsStayWhereTheyAre() async throws {
    let machine = try Machine()
    let secrets = PlantedSecret.all(seed: 1815)
    try #require(secrets.count >= 100)
    try plant(machine, secrets: secrets)
    try machine.files.createLink(machine.home.appending(".zprofile"), to: ".ssh/id_ed25519")
    try machine.files.createLink(machine.home.appending(".zlogin"), to: "/etc/hostname")
    let done = try await machine.outfit("capture", "me", "--all", "--json", "--skip", "packages")
    #expect(done.status == 0, "\(done.errorText)")
    let found = try contents(machine, "me")
    #expect(found.keys.contains("/outfit.yaml") && found.count > 3, "\(found.keys)")
    let written = found.map { "\($0.key)\n\(String(decoding: $0.value, as: UTF8.self))" }.joined()
    let told = done.outputText + done.errorText
    for secret in secrets {
      #expect(!written.contains(secret.value), "\(secret.kind) of \(secret.file): \(secret.text)")
      #expect(!told.contains(secret.value), "\(secret.kind) is told")
    }
    let left = try document(done)["left"] as? [[String: Any]] ?? []
    let paths = Set(left.compactMap { $0["path"] as? String })
    #expect(paths.isSuperset(of: ["~/.zprofile", "~/.zlogin", "~/.screenrc", "~/.zshrc"]), "\(paths)")
    // What had a secret in some line has the others.
    #expect(written.contains("alias ll='ls -lh'") && written.contains("capture left this line out"))
    let shown = try await machine.outfit("show", "me")
    #expect(shown.status == 0, "\(shown.errorText)")
    for line in ["zsh", "sh", "bash"] where machine.files.exists(FilePath("/bin/\(line)")) {
      let file = ["zsh": "zshrc", "sh": "profile", "bash": "bashrc"][line] ?? ""
      let checked = try await machine.run(FilePath("/bin/\(line)"), ["-n", "me/dotfiles/\(file)"])
      #expect(checked.succeeded, "\(line): \(checked.errorText)")
    }
  }

  @Test func thereAndBack() async throws {
    let machine = try Machine("one")
    try plant(machine)
    let done = try await machine.outfit("capture", "me", "--all", "--json", "--skip", "packages")
    try #require(done.status == 0, "\(done.errorText)")
    let report = try document(done)
    #expect((report["left"] as? [Any])?.isEmpty == true, "\(report["left"] ?? "")")
    let text = try contents(machine, "me").values.map { String(decoding: $0, as: UTF8.self) }.joined()
    for word in ["Ada", "Lovelace", "acme", machine.home.string] { #expect(!text.contains(word), "\(word)") }

    let other = try Machine("two")
    _ = try await other.run("/bin/cp", ["-R", machine.home.appending("me").string, "me"])
    let bare = try await other.outfit("up", "me", "--trust", "--yes", "--offline")
    #expect(bare.status == 0, "\(bare.errorText)")
    #expect(try other.read(".config/kitty/kitty.conf") == Self.settings[".config/kitty/kitty.conf"])
    #expect(try other.read(".gitconfig")?.contains("\temail = \n") == true, "nobody answered")

    let third = try Machine("three")
    _ = try await third.run("/bin/cp", ["-R", machine.home.appending("me").string, "me"])
    let answers = (report["questions"] as? [[String: String]] ?? []).flatMap { question in
      ["--set", "\(question["key"] ?? "")=\(question["answer"] ?? "")"]
    }
    #expect(answers.count >= 6, "\(answers)")
    let up = try await third.outfit(["up", "me", "--trust", "--yes", "--offline"] + answers)
    #expect(up.status == 0, "\(up.errorText)")
    for (file, text) in Self.settings {
      let wanted = text.replacing("HOME_FOLDER", with: third.home.string)
      let got = try #require(try third.read(file), "\(file)")
      if [".bashrc", ".profile", ".gitconfig"].contains(file) {
        // Outfit's own block stands in it too.
        #expect(got.contains(wanted), "\(file): \(got)")
      } else {
        #expect(got == wanted, "\(file)")
      }
    }
    #expect(try third.files.status(third.home.appending(".vimrc"), followLinks: false)?.mode == 0o600)
    let again = try await third.outfit("up")
    #expect(again.outputText.contains("Nothing to do"), "\(again.outputText)\(again.errorText)")
  }

  @Test func toolsOfOthersGoAlong() async throws {
    let machine = try Machine()
    try machine.write(
      ".local/pipx/venvs/cowsay/pipx_metadata.json",
      """
      {"main_package": {"package": "cowsay", "package_or_url": "cowsay", "package_version": "6.1", "apps": ["cowsay"],
       "pip_args": ["--index-url", "https://ann:hunter5hunter5@pypi.acme.example/simple"]}, "python_version": "Python 3.12.1"}
      """)
    try machine.write(
      ".npm-global/lib/node_modules/prettier/package.json", "{\"name\": \"prettier\", \"version\": \"3.6.2\"}"
    )
    try machine.write(".local/share/uv/python/cpython-3.12.4-linux-x86_64-gnu/bin/x", "")
    let done = try await machine.outfit(
      "capture", "me", "--skip", "dotfiles", "--skip", "packages", "--json",
      setting: ["PYENV_ROOT": "/nowhere"])
    #expect(done.status == 0, "\(done.errorText)")
    let text = try #require(try machine.read("me/outfit.yaml"))
    #expect(text.contains("3.12.4") && text.contains("cowsay") && text.contains("6.1"), "\(text)")
    #expect(text.contains("prettier") && text.contains("from: npm") && text.contains("3.6.2"), "\(text)")
    #expect(!text.contains("hunter5"), "\(text)")
    let shown = try await machine.outfit("show", "me")
    #expect(shown.status == 0 && shown.outputText.contains("cowsay"), "\(shown.errorText)")
  }

  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/usr/bin/apt-mark"), "this is no Debian"))
  func packagesOfTheBaseStayBehind() async throws {
    let machine = try Machine()
    let done = try await machine.outfit(
      "capture", "me", "--skip", "dotfiles", "--skip", "tools", "--skip", "interpreters", "--dry-run",
      "--json")
    #expect(done.status == 0, "\(done.errorText)")
    #expect(!machine.files.exists(machine.home.appending("me")))
    let packages = try document(done)["packages"] as? [[String: Any]] ?? []
    let names = packages.first { $0["manager"] as? String == "apt" }?["names"] as? [String] ?? []
    let marked = try await machine.run("/usr/bin/apt-mark", ["showmanual"])
    let all = Set(marked.outputText.split(separator: "\n").map(String.init))
    #expect(!names.isEmpty && all.isSuperset(of: names) || all.isEmpty, "\(names)")
    for name in ["bash", "dpkg", "coreutils", "apt"] { #expect(!names.contains(name)) }
  }

  @Test func whatItRefuses() async throws {
    let machine = try Machine()
    try plant(machine)
    try machine.write("used/file", "mine")
    try machine.write(".netrc", "machine x login y password z")
    for (arguments, status, words) in [
      (["used", "--all"], 2, "has something in it"), (["used/file", "--all"], 2, "is no folder"),
      (["me"], 4, "--all"), (["me", "--dotfile", ".netrc"], 2, "holds credentials"),
      (["me", "--dotfile", "/etc/passwd"], 2, "is not below"),
      (["me", "--dotfile", ".nothing"], 2, "there is no"),
      (["me", "--skip", "dotfiles", "--all"], 2, "nothing to choose"), ([], 2, "folder"),
    ] as [([String], Int32, String)] {
      let refused = try await machine.outfit(["capture"] + arguments)
      #expect(refused.status == status, "\(arguments): \(refused.status) \(refused.errorText)")
      #expect(refused.errorText.lowercased().contains(words), "\(arguments): \(refused.errorText)")
    }
    #expect(!machine.files.exists(machine.home.appending("me")))
    #expect(try machine.read("used/file") == "mine")
    let one = try await machine.outfit("capture", "me", "--dotfile", "~/.vimrc", "--skip", "packages")
    #expect(one.status == 0, "\(one.errorText)")
    #expect(try contents(machine, "me").keys.sorted() == ["/dotfiles/vimrc", "/outfit.yaml"])
    #expect(one.outputText.contains("~/.vimrc") && one.errorText.contains("outfit show ~/me"))
  }
}
