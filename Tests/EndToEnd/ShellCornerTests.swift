import OutfitSystem
import SystemPackage
import Testing

/// What people do in a shell besides walking in and out: the hook must restore exactly what was there.
@Suite(.serialized, .timeLimit(.minutes(15)))
struct ShellCornerTests {
  private typealias Shell = ShellTests.Shell

  @Test(.enabled(if: ShellTests.has(.bash), "tmux is not installed: apt-get install tmux"))
  func bash() async throws { try await corners(.bash) }

  @Test(.enabled(if: ShellTests.has(.zsh), "zsh or tmux is not installed: apt-get install zsh tmux"))
  func zsh() async throws { try await corners(.zsh) }

  @Test(.enabled(if: ShellTests.has(.fish), "fish or tmux is not installed: apt-get install fish tmux"))
  func fish() async throws { try await corners(.fish) }

  /// A name that no shell may take for anything else.
  private static let odd = #"odd 'q' "d" $(touch ran) `touch ran` \ ;x"#
  private static let twoLines = "two\nlines"

  private func given(_ machine: Machine) async throws {
    try machine.write("me/outfit.yaml", "profile: me\n")
    let mine = try await machine.outfit("up", "me", "--trust")
    try #require(mine.status == 0, "\(mine.errorText)")
    for (folder, text) in [
      ("shop", "profile: shop\nenv: {GREETING: \"hello you\"}\n"),
      ("brief", "profile: brief\nenv: {GREETING: brief}\n"),
      ("shop/in", "profile: inner\nenv: {GREETING: inner, DEEPER: \"1\"}\n"),
      (Self.odd, "profile: odd\nenv: {GREETING: \"$(touch ran)'`touch ran`\"}\n"),
    ] {
      try machine.write("\(folder)/outfit.yaml", text)
      let up = try await machine.outfit("up", "--trust", at: folder)
      try #require(up.status == 0, "\(up.errorText)")
    }
    try machine.write("\(Self.twoLines)/outfit.yaml", "profile: two\nenv: {A: b}\n")
    let refused = try await machine.outfit("up", "--trust", at: Self.twoLines)
    #expect(refused.status == 2)
    #expect(
      refused.errorText.contains("can't stand in a folder with a tab or a line end"), "\(refused.errorText)")
  }

  /// A line that is typed, and what must be there then; the first text is for bash and zsh, the second for fish.
  private struct Line {
    let posix: String?
    let fish: String?
    let until: String
    init(_ both: String, _ until: String) { (posix, fish, self.until) = (both, both, until) }
    init(posix: String? = nil, fish: String? = nil, _ until: String) {
      (self.posix, self.fish, self.until) = (posix, fish, until)
    }
  }

  /// Prints what the project sets.
  private static let state = (
    posix: #"state() { echo "G=${GREETING-gone} D=${DEEPER-gone} S=${OUTFIT_SHELL+set} end"; }"#,
    fish: #"""
    function state
        set -q GREETING; and set -l g "$GREETING"; or set -l g gone
        set -q DEEPER; and set -l d $DEEPER; or set -l d gone
        set -q OUTFIT_SHELL; and set -l s set; or set -l s ''
        echo "G=$g D=$d S=$s end"
    end
    """#
  )

  private static func state(_ text: String) -> Line { Line("state", text) }

  private static func go(_ folder: String) -> Line { Line("cd \(folder); echo went", "went") }

  private static let away = state("G=gone D=gone S= end")
  private static let inside = state("G=hello you D=gone S=set end")

  private static let walks: [Line] = [
    away, go("~/shop"), inside, go("in"), state("G=inner D=1 S=set end"), go(".."), inside, go("~"), away,
    Line("cd -; echo back", "back"), inside, Line("cd -; echo back", "back"), away,
    Line("pushd ~/shop >/dev/null; echo pushed", "pushed"), inside,
    Line("popd >/dev/null; echo popped", "popped"), away,
    Line(posix: "(cd ~/shop; true); echo sub", "sub"), away,
  ]

  /// What the user has, and sets meanwhile.
  private static let values: [Line] = [
    Line(posix: "GREETING=plain", fish: "set -g GREETING plain", ""), go("~/shop"), inside, go("~"),
    Line("sh -c 'echo child ${GREETING-none}'", "child none"), state("G=plain D=gone S= end"),
    Line(posix: "export GREETING=out", fish: "set -gx GREETING out", ""), go("~/shop"), inside, go("~"),
    Line("sh -c 'echo child ${GREETING-none}'", "child out"),
    go("~/shop"), Line(posix: "GREETING=mine", fish: "set GREETING mine", ""), go("~"),
    state("G=mine D=gone S= end"),
    go("~/shop"), Line(posix: "unset GREETING", fish: "set -e GREETING", ""), go("~"), away,
    // Lists, which no environment holds.
    Line(posix: "GREETING=(one 'two three')", fish: "set -g GREETING one 'two three'", ""), go("~/shop"),
    inside,
    go("~"),
    Line(
      posix: #"echo "${#GREETING[@]} ${GREETING[@]}""#, fish: "echo (count $GREETING) $GREETING",
      "2 one two three"),
    Line(posix: "unset GREETING", fish: "set -e GREETING", ""),
    Line(fish: "set -U GREETING everywhere", ""), Line(fish: "cd ~/shop; echo went", "went"),
    Line(fish: "echo $GREETING", "hello you"), Line(fish: "cd ~; echo went", "went"),
    Line(fish: "set -qg GREETING; or echo not\" \"global $GREETING", "not global everywhere"),
    Line(fish: "set -Ue GREETING", ""), away,
  ]

  private static let strictness: [Line] = [
    Line(posix: "set -u; echo strict", "strict"), go("~/shop"), inside, go("~"),
    Line(posix: "set +u; set -e; echo strict", "strict"), go("~/shop"), inside, go("~"),
    Line(posix: "set +e; echo lax", "lax"), away,
    Line(posix: "(exit 3)", fish: "sh -c 'exit 3'", ""),
    Line(posix: "echo told=$told status=$?", fish: "echo status=$status", "status="),
  ]

  private func corners(_ shell: Shell) async throws {
    let machine = try Machine()
    try await given(machine)
    let before =
      switch shell {
      case .bash: Self.state.posix + "\nPROMPT_COMMAND=('told=$?' 'prompts=$((prompts + 1))')"
      case .zsh: Self.state.posix + "\nprecmd() { told=$?; prompts=$((prompts + 1)) }"
      case .fish: Self.state.fish + "\nfunction __told --on-event fish_prompt; set -g told $status; end"
      }
    let terminal = try await Terminal(machine, shell, hook: "shell-init \(shell)", before: before)
    for line in Self.walks + Self.values + Self.strictness {
      guard let text = shell == .fish ? line.fish : line.posix else { continue }
      try await terminal.type(text, until: line.until.isEmpty ? nil : line.until)
    }
    // Hooks of the user's own see what the command ended with, whichever runs first.
    if shell != .fish {
      try await terminal.type("(exit 4)", until: nil)
      try await terminal.type("echo \"was $told\"", until: "was 4")
    }

    // Names are shown and never obeyed.
    try await terminal.type("cd ~/odd*; echo went", until: "went")
    try await terminal.type("echo \"G=$GREETING end\"", until: "G=$(touch ran)'`touch ran` end")
    try await terminal.type("cd ~/two*; echo went", until: "went")
    for line in [Self.away, Self.go("~"), Self.away] {
      try await terminal.type((shell == .fish ? line.fish : line.posix) ?? "", until: line.until)
    }

    // A shell that starts where its folder is no more leaves all the same, and is as good as any other.
    try await terminal.type("cd ~/brief; echo went", until: "went")
    try await terminal.type("rm -rf ~/brief; exec \(terminal.command)", until: "%")
    for line in [Self.away, Self.go("~/shop"), Self.inside, Self.go("~"), Self.away] {
      try await terminal.type((shell == .fish ? line.fish : line.posix) ?? "", until: line.until)
    }
    let found = try await machine.run("/usr/bin/find", [machine.home.string, "-name", "ran"])
    #expect(found.outputText == "")
    try await terminal.close()
  }

  /// A shell of another kind that is started inside a project leaves as the first one would.
  @Test(
    .enabled(
      if: ShellTests.has(.bash) && ShellTests.has(.zsh) && ShellTests.has(.fish),
      "zsh, fish or tmux is not installed: apt-get install zsh fish tmux"))
  func oneShellInsideAnother() async throws {
    let machine = try Machine()
    try await given(machine)
    try machine.write("rc/.zshrc", "PS1='%% '\n\(Self.state.posix)\neval \"$(outfit shell-init zsh)\"\n")
    try machine.write(
      ".config/fish/config.fish",
      "function fish_prompt; echo -n '% '; end\n\(Self.state.fish)\noutfit shell-init fish | source\n"
    )
    let terminal = try await Terminal(machine, .bash, hook: "shell-init bash", before: Self.state.posix)
    let (inside, away, go) = (Self.inside, Self.away, Self.go("~"))
    try await terminal.type("export GREETING=before; cd ~/shop; echo went", until: "went")
    try await terminal.type("ZDOTDIR=~/rc /usr/bin/zsh -i", until: "%")
    try await terminal.type(inside.posix ?? "", until: inside.until)
    try await terminal.type("fish -i", until: "%")
    try await terminal.type(inside.fish ?? "", until: inside.until)
    try await terminal.type(go.fish ?? "", until: go.until)
    try await terminal.type(away.fish ?? "", until: "G=before D=gone S= end")
    try await terminal.type("exit", until: "%")
    try await terminal.type(inside.posix ?? "", until: inside.until)
    try await terminal.type(go.posix ?? "", until: go.until)
    try await terminal.type(away.posix ?? "", until: "G=before D=gone S= end")
    try await terminal.type("exit", until: "%")

    // A login shell whose profile sets PATH anew, as /etc/profile does; and a terminal that is opened from inside.
    try machine.write(
      ".bash_profile",
      "PATH=~/.local/share/outfit/bin:/usr/bin:/bin\nPS1='% '\n\(Self.state.posix)\n"
        + "eval \"$(outfit shell-init bash)\"\n")
    try await terminal.type("bash -l -i", until: "%")
    try await terminal.type(inside.posix ?? "", until: inside.until)
    try await terminal.type(go.posix ?? "", until: go.until)
    try await terminal.type(away.posix ?? "", until: "G=before D=gone S= end")
    try await terminal.type(
      "echo \"P=$PATH end\"", until: "P=\(machine.home)/.local/share/outfit/bin:/usr/bin:/bin end")
    try await terminal.type("exit", until: "%")
    let other = "tmux -S ~/other -f /dev/null"
    try await terminal.type(
      "TMUX= \(other) new-session -d -c ~/shop \"\(terminal.command)\"; echo opened", until: "opened")
    for words in ["state >>~/said", "cd ~", "state >>~/said"] {
      try await terminal.type("\(other) send-keys '\(words)' Enter; echo sent", until: "sent")
    }
    var said = ""
    for _ in 0..<200 where said.split(separator: "\n").count < 2 {
      try await Task.sleep(nanoseconds: 50_000_000)
      said = try machine.read("said") ?? ""
    }
    #expect(said == "\(Self.inside.until)\nG=before D=gone S= end\n")
    try await terminal.type("\(other) kill-server; echo closed", until: "closed")
    try await terminal.close()
  }
}
