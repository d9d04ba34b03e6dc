import OutfitSystem
import Support
import SystemPackage
import Testing

@testable import OutfitInterpreters

/// What `outfit shell-init` prints, evaluated by the real shells. A stand-in for `outfit-shim` answers, and counts
/// how often it was asked.
@Suite struct ShellInitTests {
  private struct World {
    let folder: ScratchFolder
    var home: FilePath { folder.path.appending("home") }
    var project: FilePath { folder.path.appending("shop it's") }

    /// - Parameter variables: What the project sets, as words of a shell.
    init(
      _ shell: ShellInit.Shell, variables: String = "KEEP project NEW 'a b' LOCAL given name odd"
    ) throws {
      folder = try ScratchFolder()
      let data = folder.path.appending("home/data")
      try folder.put(
        "home/data/libexec/outfit-shim",
        #"""
        #!/bin/sh
        variables="\#(variables)"
        echo asked >> "$HOME/asked"
        case $PWD in
          */shop*) [ "$3" = id/shop:1 ] && exit
            [ -n "$3" ] && echo __outfit_leave
            echo "__outfit_enter id/shop:1 \"$HOME/v env\" shop shop 3.13.5 \"\" $variables" ;;
          *) [ -n "$3" ] && echo __outfit_leave ;;
        esac
        exit 0

        """#, mode: 0o755)
      try folder.host.files.createDirectories(folder.path.appending("home/v env/bin"))
      try folder.host.files.createDirectories(project.appending("sub"))
      try folder.put(
        "init",
        ShellInit.script(
          shell, bin: data.appending("bin"), libexec: data.appending("libexec"), home: home))
      try folder.put(
        "prompt",
        Prompt.script(
          shell, keepsOwn: false, bin: data.appending("bin"), libexec: data.appending("libexec"), home: home))
    }

    /// - Parameters:
    ///   - isTyped: The script is what an interactive shell reads, and what that says of itself is left out.
    ///   - saying: What must be on standard error.
    func run(
      _ shell: ShellInit.Shell, _ script: String, isTyped: Bool = false, saying: String = ""
    ) async throws -> [String] {
      guard
        let program = ["/bin", "/usr/bin"].map({ FilePath("\($0)/\(shell)") })
          .first(where: { folder.host.files.exists($0) })
      else { return [] }
      let options =
        switch shell {
        case .bash: ["--norc", "--noprofile"]
        case .zsh: ["-f"]
        case .fish: ["--no-config"]
        }
      let completion = try await folder.host.processes.run(
        Invocation(
          program, options + (isTyped ? ["-i"] : ["-c", script]),
          environment: [
            "HOME": home.string, "PATH": "/usr/bin:\(home)/data/bin:/bin:\(home)/data/bin", "KEEP": "mine",
            "name": "plain", "P": project.string,
          ], workingDirectory: folder.path, standardInput: isTyped ? .bytes(Array(script.utf8)) : .none))
      if !isTyped { #expect(completion.errorText == saying, "\(shell): \(script)") }
      return completion.outputText.split(separator: "\n").map {
        String($0).split(separator: home.string, omittingEmptySubsequences: false).joined(separator: "~")
      }
    }
  }

  private static let expected = [
    "0 ~/data/bin:/usr/bin:/bin",
    "1 none mine unset",
    "2 ~/v env shop project a b given odd ~/v env/bin:~/data/bin:/usr/bin:/bin",
    "3 ~/v env 2 asked",
    "4 none none mine unset secret plain ~/data/bin:/usr/bin:/bin",
    "5 ",
    "6 changed /added:~/data/bin:/usr/bin:/bin",
  ]

  @Test(arguments: [ShellInit.Shell.bash, .zsh])
  func projectsAreEnteredAndLeft(_ shell: ShellInit.Shell) async throws {
    let world = try World(shell)
    let prompt =
      shell == .bash
      ? #"prompt() { eval "$PROMPT_COMMAND"; }"#
      : #"prompt() { for f in $precmd_functions; do $f; done }"#
    let output = try await world.run(
      shell,
      """
      set -u
      LOCAL=secret
      PS1='$ '
      . ./init
      \(prompt)
      echo "0 $PATH"
      prompt
      echo "1 ${VIRTUAL_ENV-none} $KEEP ${NEW-unset}"
      cd "$P"; prompt; prompt
      echo "2 $VIRTUAL_ENV $VIRTUAL_ENV_PROMPT $KEEP $NEW $LOCAL $name $PATH"
      [ "$PS1" = '(shop) $ ' ] || echo "prompt $PS1"
      prompt; prompt
      asked=$(grep -c asked "$HOME/asked")
      echo "3 $VIRTUAL_ENV $asked asked"
      cd ..; prompt
      echo "4 ${VIRTUAL_ENV-none} ${VIRTUAL_ENV_PROMPT-none} $KEEP ${NEW-unset} $LOCAL $name $PATH"
      [ "$PS1" = '$ ' ] || echo "prompt $PS1"
      echo "5 $(env | grep LOCAL)"
      cd "$P/sub"; prompt; KEEP=changed; PATH=/added:$PATH; cd /; prompt
      echo "6 $KEEP $PATH"
      """)
    guard !output.isEmpty else { return }
    #expect(output == Self.expected)
  }

  @Test func fishEntersAndLeavesProjects() async throws {
    let world = try World(.fish)
    let output = try await world.run(
      .fish,
      """
      set --global LOCAL secret
      source ./init
      function show; set --query $argv[1]; and echo "$$argv[1]"; or echo $argv[2]; end
      echo "0 "(string join : $PATH)
      emit fish_prompt
      echo "1 "(show VIRTUAL_ENV none)" $KEEP "(show NEW unset)
      cd "$P"; emit fish_prompt
      echo "2 $VIRTUAL_ENV $VIRTUAL_ENV_PROMPT $KEEP $NEW $LOCAL $name "(string join : $PATH)
      emit fish_prompt
      echo "3 $VIRTUAL_ENV "(grep -c asked "$HOME/asked")" asked"
      cd ..; emit fish_prompt
      echo "4 "(show VIRTUAL_ENV none)" "(show VIRTUAL_ENV_PROMPT none)" $KEEP "(show NEW unset)" $LOCAL $name "(string join : $PATH)
      echo "5 "(env | grep LOCAL; or echo)
      cd "$P/sub"; emit fish_prompt; set --global KEEP changed; set PATH /added $PATH; cd /; emit fish_prompt
      echo "6 $KEEP "(string join : $PATH)
      """)
    guard !output.isEmpty else { return }
    #expect(output == Self.expected)
  }

  /// Something that is done in a shell, and what it then says.
  struct Deed: Sendable, CustomTestStringConvertible {
    var name: String
    var variables = "A one E ''"
    /// Before the hook, in bash and in zsh.
    var before: (bash: String, zsh: String) = ("", "")
    var posix: String?
    var fish: String?
    var expected: [String]
    var saying: [ShellInit.Shell: String] = [:]

    var testDescription: String { name }
  }

  private static let project = "~/v env"
  private static let path = "~/data/bin:/usr/bin:/bin"

  private static func refusal(_ names: String) -> String {
    "outfit: this shell has its own use for \(names), so the project does not set it here; `outfit exec` does\n"
  }

  private static let deeds: [Deed] = [
    Deed(
      name: "another environment is activated inside",
      posix: "go in; activate '/own'; state 1; go out; state 2; deactivate; state 3",
      fish: "go in; activate '/own'; state 1; go out; state 2; deactivate; state 3",
      expected: [
        "1 /own (own) (shop) $ /own/bin:\(project)/bin:\(path)", "2 /own (own) $ /own/bin:\(path)",
        "3 none $ \(path)",
      ]),
    Deed(
      name: "another environment is activated and left inside",
      posix: "go in; activate '/own'; deactivate; go out; state 1",
      fish: "go in; activate '/own'; deactivate; go out; state 1", expected: ["1 none $ \(path)"]),
    Deed(
      name: "the project's own is activated inside",
      posix: "go in; activate \"$HOME/v env\"; go out; state 1; deactivate; state 2",
      fish: "go in; activate \"$HOME/v env\"; go out; state 1; deactivate; state 2",
      expected: ["1 \(project) (v env) $ \(project)/bin:\(path)", "2 none $ \(path)"]),
    Deed(
      name: "the prompt is changed inside", posix: "go in; PS1=\"X $PS1> \"; go out; state 1",
      expected: ["1 none X $ > \(path)"]),
    Deed(
      name: "a prompt of one's own names the project", posix: "go in; PS1='new (shop) % '; go out; state 1",
      expected: ["1 none new % \(path)"]),
    Deed(
      name: "the folder is on PATH for good",
      posix: "PATH=$PATH:$HOME/v\\ env/bin; go in; state 1; go out; state 2",
      fish: "set PATH $PATH \"$HOME/v env/bin\"; go in; state 1; go out; state 2",
      expected: [
        "1 \(project) (shop) $ \(project)/bin:\(path):\(project)/bin", "2 none $ \(path):\(project)/bin",
      ]),
    Deed(
      name: "unset is not empty",
      posix: "export E=before; go in; unset E A; go out; echo \"${A-unset} ${E-unset}\"",
      fish: "set -gx E before; go in; set -e E A; go out; set -q E; or set -q A; or echo unset unset",
      expected: ["unset unset"]),
    Deed(
      name: "an empty VIRTUAL_ENV is none", posix: "export VIRTUAL_ENV=; go in; state 1; go out; env",
      fish: "set -gx VIRTUAL_ENV ''; go in; state 1; go out; env",
      expected: ["1 \(project) (shop) $ \(project)/bin:\(path)", "VIRTUAL_ENV="]),
    Deed(
      name: "names that shells keep to themselves",
      variables: "UID 5 A one status x GROUPS 7 umask 0777 E ''",
      posix:
        "u=$(id -u):$UID; go in; echo \"$A\"; [ \"$u\" = \"$(id -u):$UID\" ] || echo \"$u\"; go out; state 2",
      fish: "set u (id -u):(umask); go in; echo $A; test $u = (id -u):(umask); or echo $u; go out; state 2",
      expected: ["one", "2 none $ \(path)"],
      saying: [
        .bash: refusal("UID GROUPS"), .zsh: refusal("UID status"), .fish: refusal("status umask"),
      ]),
    Deed(
      name: "attributes of the user's", variables: "A 5 B two C three D four",
      posix:
        "typeset -i A=7; typeset -u B=up; typeset -r C=c; go in; echo $A $B $C $D; go out; echo $A $B $C $D",
      expected: ["7 UP c four", "7 UP c"],
      saying: [.bash: refusal("A B C"), .zsh: refusal("A B C")]),
    Deed(
      name: "read-only inside", variables: "A one B two C three",
      posix: "B=b; export C=c; go in; readonly A B C; go out; state 1; env",
      expected: ["1 none $ \(path)", "C=three"]),
    Deed(
      name: "aliases of the user's",
      before: (
        "shopt -s expand_aliases; alias deactivate=conda outfit=nope local=no unset=no command=no printf=no",
        """
        alias deactivate=conda outfit='noglob outfit' local=no unset=no command=no typeset=no emulate=no
        alias -g enter=no
        """
      ),
      posix: "go in; state 1; deactivate; state 2",
      expected: ["1 \(project) (shop) $ \(project)/bin:\(path)", "2 none $ \(path)"]),
    Deed(
      name: "options of the user's",
      before: (
        "set -f; IFS=:; shopt -s nocasematch",
        "setopt ksh_arrays sh_word_split no_glob warn_nested_var warn_create_global; IFS=:"
      ),
      posix: "go in; state 1; go out; state 2; outfit 2>/dev/null; echo $?",
      expected: ["1 \(project) (shop) $ \(project)/bin:\(path)", "2 none $ \(path)", "127"]),
  ]

  /// What virtual environments bring as `activate`, in short.
  private static let posix = #"""
    state() { echo "$1 ${VIRTUAL_ENV:-none} $PS1$PATH"; }
    env() { command env | grep -E '^(A|B|C|VIRTUAL_ENV)='; }
    activate() {
      deactivate() {
        if [ -n "${_OLD_VIRTUAL_PATH:-}" ]; then PATH=$_OLD_VIRTUAL_PATH; unset _OLD_VIRTUAL_PATH; fi
        if [ -n "${_OLD_VIRTUAL_PS1:-}" ]; then PS1=$_OLD_VIRTUAL_PS1; unset _OLD_VIRTUAL_PS1; fi
        unset VIRTUAL_ENV VIRTUAL_ENV_PROMPT
        [ "${1-}" = nondestructive ] || unset -f deactivate
      }
      deactivate nondestructive
      export VIRTUAL_ENV=$1
      _OLD_VIRTUAL_PATH=$PATH
      PATH=$1/bin:$PATH
      _OLD_VIRTUAL_PS1=$PS1
      PS1="(${1##*/}) $PS1"
      export VIRTUAL_ENV_PROMPT=${1##*/}
    }
    go() {
      if [ "$1" = in ]; then cd "$P"; else cd /; fi
      prompt
    }

    """#

  private static let fish = #"""
    function fish_prompt; echo -n '$ '; end
    function state
        set -l venv $VIRTUAL_ENV
        test -n "$venv"; or set venv none
        echo "$argv[1] $venv "(fish_prompt | string collect --no-trim-newlines)(string join : $PATH)
    end
    function env; command env | grep -E '^(A|B|C|VIRTUAL_ENV)='; end
    function activate
        function deactivate
            test -n "$_OLD_VIRTUAL_PATH"; and set -gx PATH $_OLD_VIRTUAL_PATH
            set -e _OLD_VIRTUAL_PATH
            if functions -q _old_fish_prompt
                functions -e fish_prompt
                functions -c _old_fish_prompt fish_prompt
                functions -e _old_fish_prompt
            end
            set -e VIRTUAL_ENV VIRTUAL_ENV_PROMPT
            test "$argv[1]" = nondestructive; or functions -e deactivate
        end
        deactivate nondestructive
        set -gx VIRTUAL_ENV $argv[1]
        set -gx _OLD_VIRTUAL_PATH $PATH
        set -gx PATH $argv[1]/bin $PATH
        set -gx VIRTUAL_ENV_PROMPT (basename $argv[1])
        functions -c fish_prompt _old_fish_prompt
        function fish_prompt; printf '(%s) ' $VIRTUAL_ENV_PROMPT; _old_fish_prompt; end
    end
    function go
        test $argv[1] = in; and cd "$P"; or cd /
        emit fish_prompt
    end

    """#

  @Test(arguments: deeds)
  func whatIsDoneInAShell(_ deed: Deed) async throws {
    for shell in [ShellInit.Shell.bash, .zsh, .fish] {
      guard let script = shell == .fish ? deed.fish : deed.posix else { continue }
      let world = try World(shell, variables: deed.variables)
      let start = "PS1='$ '\n. ./init\n\\unalias -a\n"
      let prelude =
        switch shell {
        case .bash:
          "\(deed.before.bash)\n\(start)prompt() { eval \"$PROMPT_COMMAND\"; }\n\(Self.posix)"
        case .zsh: "\(deed.before.zsh)\n\(start)prompt() { __outfit_hook; }\n\(Self.posix)"
        case .fish: "\(Self.fish)source ./init\n"
        }
      let output = try await world.run(shell, prelude + script, saying: deed.saying[shell] ?? "")
      if !output.isEmpty || folderHas(shell) { #expect(output == deed.expected, "\(shell): \(deed.name)") }
    }
  }

  private func folderHas(_ shell: ShellInit.Shell) -> Bool {
    (try? ScratchFolder())?.host.files.exists(FilePath("/bin/\(shell)")) == true
  }

  struct Lines: Sendable, CustomTestStringConvertible {
    var shell: ShellInit.Shell
    var start: String
    var typed: [String]
    var expected: [String]

    init(_ shell: ShellInit.Shell, _ start: String, _ typed: [String], _ expected: [String]) {
      (self.shell, self.start, self.typed, self.expected) = (shell, start, typed, expected)
    }

    var testDescription: String { "\(shell): \(start); \(typed.joined(separator: "; "))" }
  }

  /// What is typed into a shell, line by line, with its prompts and their commands between the lines.
  @Test(arguments: [
    // One failure is one ERR, also where functions have the trap too.
    Lines(
      .bash, ". ./init", ["trap 'echo ERR' ERR", "false", "set -E", "(exit 3)", "echo $?"],
      ["ERR", "ERR", "3"]),
    // What the user's own commands see, and what children see of them.
    Lines(
      .bash, #"PROMPT_COMMAND='seen="${PIPESTATUS[*]} $?"'; . ./init"#,
      ["false|true|false", #"echo "$seen""#, "export PROMPT_COMMAND", "env | grep -c hook"], ["1 0 1 1", "0"]),
    Lines(.bash, ". ./init", ["PROMPT_COMMAND+='; seen=$?'", "(exit 4)", "echo $seen"], ["4"]),
    Lines(
      .bash, ". ./prompt",
      ["IFS=:", "OUTFIT_PROMPT_SLOW=.1", "sleep 0.2", #"echo "${#__outfit_texts[@]} $__outfit_texts""#],
      ["2 /"]),
    Lines(
      .bash, ". ./prompt",
      [
        "OUTFIT_PROMPT_SLOW=0.5", "true", "echo ${#__outfit_texts[@]}",
        "OUTFIT_PROMPT_SLOW='a[$(echo ran >~/ran)]'", "true", "echo ${#__outfit_texts[@]}", "[[ -e ~/ran ]]",
        "echo $?",
      ], ["1", "1", "1"]),
    Lines(
      .zsh, ". ./prompt", ["IFS=:", "OUTFIT_PROMPT_SLOW=.1", "sleep 0.2", "echo $#__outfit_texts"], ["2"]),
    Lines(
      .zsh, ". ./prompt",
      [
        "OUTFIT_PROMPT_SLOW=0.5", "true", "echo $#__outfit_texts",
        "OUTFIT_PROMPT_SLOW='a[$(echo ran >~/ran)]'", "true", "echo $#__outfit_texts", "[[ -e ~/ran ]]",
        "echo $?",
      ], ["1", "1", "1"]),
    // A list stays a list, whatever lists are to the user.
    Lines(
      .zsh, #"setopt ksh_arrays; fpath=("${fpath[@]}" /mine); count=${#fpath[@]}; . ./init"#,
      [#"echo $(( ${#fpath[@]} - count )) "${fpath[-1]}""#], ["1 /mine"]),
  ])
  func whatIsTyped(_ lines: Lines) async throws {
    let world = try World(lines.shell)
    guard folderHas(lines.shell) else { return }
    let first = ["PS1=", lines.start, "cd /; OUTFIT_PROMPT_PIECES='folder duration' COLUMNS=80"]
    let output = try await world.run(
      lines.shell, (first + lines.typed).map { $0 + "\n" }.joined(), isTyped: true)
    #expect(output == lines.expected)
  }

  @Test(arguments: ["bash", "dash", "zsh", "sh"])
  func thePathLinesWorkInEveryShell(_ shell: String) async throws {
    let folder = try ScratchFolder()
    let program = FilePath("/bin/\(shell)")
    guard folder.host.files.exists(program) else { return }
    let bin: FilePath = "/opt/a \"b\" $c`d\\e*/bin"
    try folder.put("lines", ShellInit.path(bin, home: "/home/ann", machine: "x86_64").posix)
    for (before, after) in [
      ("/usr/bin:/bin", ":/usr/bin:/bin"), ("", ""), ("/bin", ":/bin"), (bin.string, ""),
      ("/bin:\(bin)", ":/bin"), ("\(bin):/bin:\(bin):\(bin):/usr/bin:\(bin)", ":/bin:/usr/bin"),
      ("/bin:\(bin)x:/opt/a \"b\" $c`d\\eX/bin", ":/bin:\(bin)x:/opt/a \"b\" $c`d\\eX/bin"),
    ] where shell != "zsh" || !before.isEmpty {  // zsh makes a PATH of its own out of an empty one
      let completion = try await folder.host.processes.run(
        Invocation(
          program, ["-c", ". ./lines; printf %s \"$PATH\""],
          environment: ["HOME": "/home/ann", "PATH": before], workingDirectory: folder.path))
      #expect(completion.outputText == bin.string + after, "\(shell): \(before)")
      #expect(completion.errorText == "")
    }
  }

  @Test func pathsBelowHomeSaySo() {
    #expect(
      ShellInit.word("/home/ann/.local/share/outfit/bin", home: "/home/ann")
        == "\"$HOME/.local/share/outfit/bin\"")
    #expect(ShellInit.word("/home/anna/bin", home: "/home/ann") == "\"/home/anna/bin\"")
    #expect(ShellInit.word("/bin", home: "/") == "\"/bin\"")
  }
}
