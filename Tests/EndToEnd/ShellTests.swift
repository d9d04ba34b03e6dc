import OutfitSystem
import SystemPackage
import Testing

/// Real shells on a terminal of their own: what a folder activates, what leaving restores, Tab, Ctrl-C, Ctrl-Z.
@Suite(.serialized)
struct ShellTests {
  enum Shell: String { case bash, zsh, fish }

  static func has(_ shell: Shell) -> Bool {
    guard let files = try? Machine("has").files else { return false }
    return [shell.rawValue, "tmux"].allSatisfy { files.exists(FilePath("/usr/bin/\($0)")) }
  }

  @Test(.enabled(if: has(.bash), "tmux is not installed: apt-get install tmux"))
  func bash() async throws { try await aDay(.bash) }

  @Test(.enabled(if: has(.zsh), "zsh or tmux is not installed: apt-get install zsh tmux"))
  func zsh() async throws { try await aDay(.zsh) }

  @Test(.enabled(if: has(.fish), "fish or tmux is not installed: apt-get install fish tmux"))
  func fish() async throws { try await aDay(.fish) }

  private func given(_ machine: Machine) async throws {
    try machine.write(
      "me/outfit.yaml", "profile: me\ninterpreters:\n  python: {versions: [\">=3.10\"], system: true}\n")
    let mine = try await machine.outfit("up", "me", "--trust")
    try #require(mine.status == 0, "\(mine.errorText)")
    try machine.write("shop/outfit.yaml", "profile: shop\nenv: {GREETING: \"hello you\"}\n")
    try machine.write("shop/deep/er/file", "")
    let shop = try await machine.outfit("up", "--trust", at: "shop")
    try #require(shop.status == 0, "\(shop.errorText)")
    let made = try await machine.outfit("venv", "create", "blog", "--without-pip")
    try #require(made.status == 0, "\(made.errorText)")
    try machine.write("site/index.py", "")
    let used = try await machine.outfit("venv", "use", "blog", at: "site")
    try #require(used.status == 0, "\(used.errorText)")
    // A stranger's, with all that could tempt a shell.
    try machine.write("evil/.venv/bin/activate", "touch ~/ran\n")
    try machine.write("evil/.venv/bin/python", "#!/bin/sh\ntouch ~/ran\n", mode: 0o755)
    try machine.write("evil/.venv/pyvenv.cfg", "home = /evil\nversion = 9.9\n")
    try machine.write("evil/.envrc", "touch ~/ran\n")
    try machine.write("evil/.python-version", "../evil/.venv\n")
    for command in [
      ["init", "-qb", "main"], ["config", "user.email", "ada@example.org"], ["config", "user.name", "Ada"],
    ] {
      let done = try await machine.run("/usr/bin/git", command, at: "shop")
      try #require(done.succeeded, "\(done.errorText)")
    }
  }

  private func aDay(_ shell: Shell) async throws {
    let machine = try Machine()
    try await given(machine)
    let terminal = try await Terminal(machine, shell, hook: "shell-init \(shell)")
    let isFish = shell == .fish
    func value(_ name: String) -> String {
      isFish ? "(set -q \(name); and echo $\(name); or echo gone)" : "${\(name)-gone}"
    }
    let state = "echo \"V=\"\(value("VIRTUAL_ENV"))\" G=\"\(value("GREETING"))\" end\""
    let venv = machine.home.pushing(".local/share/outfit/venvs/blog")

    try await terminal.type(state, until: "V=gone G=gone end")
    try await terminal.type("set before \"$PATH\"; before=\"$PATH\"".pick(isFish))
    try await terminal.type("cd site; echo in", until: "in")
    try await terminal.type(state, until: "V=\(venv) G=gone end")
    try await terminal.type("command -v python", until: "\(venv)/bin/python")
    // From one to the next, below it, and out: nothing is left.
    try await terminal.type("cd ~/shop/deep/er; echo there", until: "there")
    try await terminal.type(state, until: "V=gone G=hello you end")
    try await terminal.type("cd ~/evil; echo evil", until: "evil")
    try await terminal.type(state, until: "V=gone G=gone end")
    let same =
      isFish
      ? "test \"$PATH\" = \"$before\"; and echo the\" \"same"
      : "[ \"$PATH\" = \"$before\" ] && echo the\" \"same"
    try await terminal.type(same, until: "the same")
    #expect(!machine.files.exists(machine.home.appending("ran")))

    // A shell that is started inside leaves as the first one would.
    try await terminal.type("cd ~/site; exec \(terminal.command)", until: "%")
    try await terminal.type("cd ~; echo home", until: "home")
    try await terminal.type(state, until: "V=gone G=gone end")

    // A folder that goes.
    try await terminal.type("mkdir ~/shop/brief; cd ~/shop/brief; echo brief", until: "brief")
    try await terminal.type("rmdir ~/shop/brief; echo gone", until: "gone")
    try await terminal.type(state, until: "G=hello you end")
    try await terminal.type("cd ~; echo home", until: "home")

    // Programs behind shims have the terminal to themselves.
    let status = isFish ? "$status" : "$?"
    try await terminal.type("python -c 'raise SystemExit(7)'; echo S=\(status)", until: "S=7")
    try await terminal.type(
      "python -c 'import time; print(\"up\" + \"1\", flush=True); time.sleep(60)'", until: "up1")
    try await terminal.key("C-c", until: "KeyboardInterrupt")
    try await terminal.type("echo S=\(status)", until: "S=130")
    try await terminal.type(
      "python -c 'import time; print(\"up\" + \"2\", flush=True); time.sleep(60)'", until: "up2")
    try await terminal.key("C-z", until: isFish ? "stopped" : shell == .zsh ? "suspended" : "Stopped")
    try await terminal.type("fg", until: "sleep(60)")
    try await terminal.key("C-c", until: "KeyboardInterrupt")

    // Tab: the verb, then its own verbs.
    try await terminal.type("outfit doct", enter: false, until: "outfit doct")
    try await terminal.key("Tab", until: "outfit doctor")
    try await terminal.key("C-u")
    try await terminal.type("outfit venv ", enter: false, until: "outfit venv")
    try await terminal.key("Tab")
    try await terminal.key("Tab", until: "create")
    // Names of environments, and folders.
    try await terminal.key("C-u")
    try await terminal.type("outfit venv use bl", enter: false, until: "outfit venv use bl")
    try await terminal.key("Tab", until: "outfit venv use blog")
    try await terminal.key("C-u")
    try await terminal.type("outfit up sh", enter: false, until: "outfit up sh")
    try await terminal.key("Tab", until: "outfit up shop")
    try await terminal.close()
  }

  @Test(.enabled(if: has(.bash), "tmux is not installed: apt-get install tmux"))
  func bashKnowsCompletionsOfTools() async throws { try await completions(.bash) }

  @Test(.enabled(if: has(.zsh), "zsh or tmux is not installed: apt-get install zsh tmux"))
  func zshKnowsCompletionsOfTools() async throws { try await completions(.zsh) }

  @Test(.enabled(if: has(.fish), "fish or tmux is not installed: apt-get install fish tmux"))
  func fishKnowsCompletionsOfTools() async throws { try await completions(.fish) }

  /// Those that a package brings: of a tool that is there when the shell starts, and of one that comes while it runs.
  private func completions(_ shell: Shell) async throws {
    let machine = try Machine()
    let index = try PackageIndex()
    for name in ["early", "later"] {
      let shared = [
        "bash-completion/completions/\(name)": "complete -W '--reformat-\(name)' \(name)\n",
        "zsh/site-functions/_\(name)": "#compdef \(name)\n_arguments '--reformat-\(name)[all of it]'\n",
        "fish/vendor_completions.d/\(name).fish": "complete -c \(name) -l reformat-\(name)\n",
      ]
      try await index.publish(name, "1.0", says: name, shared: shared, machine)
    }
    func manifest(_ tools: String) throws {
      try machine.write(
        "p/outfit.yaml",
        "profile: p\ninterpreters: {python: {versions: [\"3\"], system: true}}\n"
          + "indexes: {open: {url: \"\(index.url)\"}}\ntools: {\(tools)}\n")
    }
    try manifest("early: \"*\"")
    let first = try await machine.outfit("up", "p", "--trust")
    try #require(first.status == 0, "\(first.errorText)")
    let terminal = try await Terminal(machine, shell, hook: "shell-init \(shell)")
    try await terminal.type("early --ref", enter: false, until: "early --ref")
    try await terminal.key("Tab", until: "early --reformat-early")
    try await terminal.key("C-u")
    try manifest("early: \"*\", later: \"*\"")
    try await terminal.type("outfit up --trust >/dev/null 2>&1; echo all\" \"there", until: "all there")
    try await terminal.type("later --ref", enter: false, until: "later --ref")
    try await terminal.key("Tab", until: "later --reformat-later")
    // Values of Outfit's own: a tool, a profile that came with it, a generation, a run.
    for (typed, whole) in [
      ("tool upgrade lat", "tool upgrade later"), ("up star", "up starter"), ("leave p", "leave p"),
      ("which ear", "which early"),
    ] {
      try await terminal.key("C-u")
      try await terminal.type("outfit \(typed)", enter: false, until: "outfit \(typed)")
      try await terminal.key("Tab", until: "outfit \(whole)")
    }
    try await terminal.close()
  }

  @Test(.enabled(if: has(.bash), "tmux is not installed: apt-get install tmux"))
  func bashPrompt() async throws { try await prompt(.bash) }

  @Test(.enabled(if: has(.zsh), "zsh or tmux is not installed: apt-get install zsh tmux"))
  func zshPrompt() async throws { try await prompt(.zsh) }

  @Test(.enabled(if: has(.fish), "fish or tmux is not installed: apt-get install fish tmux"))
  func fishPrompt() async throws { try await prompt(.fish) }

  private func prompt(_ shell: Shell) async throws {
    let machine = try Machine()
    try await given(machine)
    let terminal = try await Terminal(machine, shell, hook: "prompt \(shell)")
    try await terminal.type("cd ~/shop", until: "~/shop main ?")
    try await terminal.type("git add .; echo added", until: "main +")
    // The name of a branch is shown, and never obeyed.
    try await terminal.type(
      "git symbolic-ref HEAD 'refs/heads/$(touch${IFS}ran)%F{1}'", until: "touch__IFS_ran")
    try await terminal.type("false", until: "✗1")
    try await terminal.type("cd ~/site", until: "~/site blog 3.")
    try await terminal.type(
      shell == .fish ? "set -g OUTFIT_PROMPT_SLOW 0" : "OUTFIT_PROMPT_SLOW=0; sleep 0.2", until: "s ")
    try await terminal.type(
      shell == .fish ? "set -gx OUTFIT_PROMPT_SYMBOLS plain; false" : "OUTFIT_PROMPT_SYMBOLS=plain; false",
      until: " x1 ")
    #expect(!machine.files.exists(machine.home.appending("shop/ran")))

    // Long names are cut where there is little room, and what is drawn fits into a line.
    try machine.write("a-folder-whose-name-is-all-too-long/.keep", "")
    try await terminal.type(
      "cd ~/shop; git symbolic-ref HEAD refs/heads/feature/JIRA-4711-names", until: "JIRA-4711-names +")
    try await terminal.resize(40)
    try await terminal.type("echo narrow", until: "shop feature/JIRA~ ")
    let lines = try await terminal.screen().split(separator: "\n").filter { $0.contains("JIRA") }
    #expect(lines.last?.hasPrefix("~/shop feature/JIRA~ ") == true, "\(lines)")
    try await terminal.type("cd ../a-*", until: "~ame-is-all-too-long")
    try machine.write("two\nlines/.keep", "")
    try await terminal.type("cd ~/two*", until: "~/two?lines")
    try await terminal.close()
  }
}

extension String {
  /// The half that fish reads, or the one that the others do.
  fileprivate func pick(_ isFish: Bool) -> String {
    let halves = split(separator: "; ", maxSplits: 1)
    return String(isFish ? halves[0] : halves[1])
  }
}

/// A terminal with a shell in it: tmux, on a socket of its own.
struct Terminal {
  private let machine: Machine
  private let socket: String
  /// How the shell is started.
  let command: String

  /// - Parameters:
  ///   - before: what the rc file says before the hook.
  ///   - after: what it says behind it.
  init(
    _ machine: Machine, _ shell: ShellTests.Shell, hook: String, before: String = "", after: String = ""
  ) async throws {
    self.machine = machine
    socket = machine.home.appending("tmux").string
    let path = "\(machine.home)/.local/share/outfit/bin:/usr/bin:/bin"
    switch shell {
    case .bash:
      try machine.write("rc/bashrc", "PS1='% '\n\(before)\neval \"$(outfit \(hook))\"\n\(after)\n")
      command = "/usr/bin/bash --rcfile ~/rc/bashrc -i"
    case .zsh:
      try machine.write(
        "rc/.zshrc",
        "autoload -Uz compinit; compinit -u -D\nPS1='%% '\n\(before)\neval \"$(outfit \(hook))\"\n\(after)\n")
      command = "/usr/bin/env ZDOTDIR=\(machine.home)/rc /usr/bin/zsh -i"
    case .fish:
      try machine.write(
        ".config/fish/config.fish",
        "set -g fish_greeting\nfunction fish_prompt; echo -n '% '; end\n\(before)\noutfit \(hook) | source\n\(after)\n"
      )
      command = "/usr/bin/fish -i"
    }
    let started = try await tmux(
      ["-f", "/dev/null", "new-session", "-d", "-x", "120", "-y", "60", "-c", machine.home.string, command],
      // On a busy machine git may take longer than a prompt usually waits.
      setting: [
        "PATH": path, "TERM": "xterm-256color", "SHELL": "/bin/sh", "OUTFIT_PROMPT_GIT_WAIT": "5000",
      ])
    try #require(started.succeeded, "\(started.errorText)")
    // Root's sign is another.
    try await wait { $0.contains { "%#❯$>".contains($0) } }
  }

  private func tmux(_ arguments: [String], setting: [String: String] = [:]) async throws -> Completion {
    try await machine.run("/usr/bin/tmux", ["-S", socket] + arguments, setting: setting)
  }

  func type(
    _ text: String, enter: Bool = true, until expected: String? = nil,
    sourceLocation: Testing.SourceLocation = #_sourceLocation
  ) async throws {
    // So that what is waited for is no older than this.
    if enter { _ = try await tmux(["send-keys", "C-l"]) }
    _ = try await tmux(["send-keys", "-l", text])
    if enter { _ = try await tmux(["send-keys", "Enter"]) }
    try await expect(expected, beside: text, sourceLocation)
  }

  /// Returns when the shell knows its new width: tmux tells it late, and one that is busy may not hear of it.
  func resize(_ width: Int) async throws {
    for attempt in 0..<30 {
      // The same width again would be no news.
      if attempt > 0 { _ = try await tmux(["resize-window", "-x", "\(width + 1)", "-y", "60"]) }
      _ = try await tmux(["resize-window", "-x", "\(width)", "-y", "60"])
      for _ in 0..<10 {
        try await type("echo width=$COLUMNS.", until: "width=")
        if try await screen().contains("width=\(width).") { return }
        try await Task.sleep(nanoseconds: 100_000_000)
      }
    }
    Issue.record("the shell never heard that its terminal is \(width) wide:\n\(try await screen())")
  }

  func screen() async throws -> String { try await tmux(["capture-pane", "-p", "-J"]).outputText }

  func key(
    _ key: String, until expected: String? = nil, sourceLocation: Testing.SourceLocation = #_sourceLocation
  ) async throws {
    _ = try await tmux(["send-keys", key])
    try await expect(expected, beside: "", sourceLocation)
  }

  /// Waits for a line that holds the text and is not the one that was typed.
  private func expect(
    _ expected: String?, beside typed: String, _ sourceLocation: Testing.SourceLocation
  ) async throws {
    guard let expected else { return }
    let isTyped = typed.contains(expected) && !typed.hasPrefix(expected)
    let screen = try await wait { screen in
      let lines = screen.split(separator: "\n")
      let place = typed.isEmpty ? 0 : lines.lastIndex { $0.contains(typed) }
      guard let last = place else { return false }
      return lines[last...].contains { $0.contains(expected) && (!isTyped || !$0.contains(typed)) }
    }
    if let screen {
      Issue.record("no \"\(expected)\" after \"\(typed)\":\n\(screen)", sourceLocation: sourceLocation)
    }
  }

  /// The screen when the time is over; nil when the condition came true.
  @discardableResult
  private func wait(_ condition: (String) -> Bool) async throws -> String? {
    var screen = ""
    for _ in 0..<300 {
      screen = try await self.screen()
      if condition(screen) { return nil }
      try await Task.sleep(nanoseconds: 50_000_000)
    }
    return screen
  }

  func close() async throws { _ = try await tmux(["kill-server"]) }
}
