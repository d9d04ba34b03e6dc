import OutfitCore
import SystemPackage

/// What shells evaluate: the line that finds Outfit's commands, and the hook that enters and leaves projects.
public enum ShellInit {
  public enum Shell: String, Sendable, CaseIterable { case bash, zsh, fish }

  /// The output of `outfit shell-init SHELL`, for `eval "$(outfit shell-init bash)"`.
  ///
  /// It puts `bin` first on PATH, and activates what Outfit's state records for a project when the shell enters
  /// the project's folder: VIRTUAL_ENV, PATH, the manifest's `env:` and the prompt. Leaving restores what was
  /// there. Nothing is started while the folder stays the same. What the packages of tools bring of completions
  /// (`share`, beside `bin`) is known to Tab.
  /// - Parameters:
  ///   - bin: The folder of the shims.
  ///   - libexec: The folder of `outfit-shim`.
  public static func script(_ shell: Shell, bin: FilePath, libexec: FilePath, home: FilePath) -> String {
    withoutAliases(shell, hook(shell, bin: bin, libexec: libexec, home: home))
  }

  /// What is printed, as it stands.
  static func hook(_ shell: Shell, bin: FilePath, libexec: FilePath, home: FilePath) -> String {
    let path = path(bin, home: home)
    let variables = [
      ("__outfit_shim", word(libexec.appending("outfit-shim"), home: home, fish: shell == .fish)),
      (
        "__outfit_share",
        word(bin.removingLastComponent().appending("share"), home: home, fish: shell == .fish)
      ),
      (
        "__outfit_kept_alone",
        "'outfit: this shell has its own use for %s, so the project does not set it here; `outfit exec` does'"
      ),
    ]
    let posix = variables.map { "\($0)=\($1)\n" }.joined()
    switch shell {
    case .bash: return path.posix + posix + bash
    case .zsh: return path.posix + posix + zsh
    case .fish: return path.fish + variables.map { "set --global \($0) \($1)\n" }.joined() + fish
    }
  }

  /// A script that means the same whatever aliases and options the user has: both change what a shell reads, so they
  /// are put aside before it is read. fish has none that do.
  static func withoutAliases(_ shell: Shell, _ script: String) -> String {
    switch shell {
    case .bash:
      return #"""
        if \shopt -q expand_aliases; then __outfit_aliases=1; \shopt -u expand_aliases; fi
        \#(script)
        if [[ -n ${__outfit_aliases-} ]]; then
          unset __outfit_aliases
          shopt -s expand_aliases
        fi

        """#
    case .zsh:
      let quoted = script.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#)
      return #"""
        () {
        \emulate -L zsh
        \setopt no_aliases
        \eval '
        \#(quoted)'
        }

        """#
    case .fish: return script
    }
  }

  /// Lines that put a folder first on PATH and nowhere else on it.
  /// - Parameter machine: what `uname -m` says. A folder of that name is asked for by name, so that a home folder that
  ///   machines of two architectures share has one text for both.
  static func path(_ bin: FilePath, home: FilePath, machine: String? = nil) -> (posix: String, fish: String) {
    func place(fish: Bool) -> String {
      let word = word(bin, home: home, fish: fish)
      guard let machine, bin.components.contains(where: { $0.string == machine }) else { return word }
      return word.replacing("/\(machine)/", with: fish ? "/\"(uname -m)\"/" : "/$(uname -m)/")
    }
    let posix = #"""
      # The commands that Outfit manages come first on PATH, once.
      __outfit_bin=\#(place(fish: false))
      __outfit_path=:$PATH:
      while case $__outfit_path in *":$__outfit_bin:"*) true ;; *) false ;; esac; do
        __outfit_path=${__outfit_path%%":$__outfit_bin:"*}:${__outfit_path#*":$__outfit_bin:"}
      done
      __outfit_path=${__outfit_path#:}
      __outfit_path=${__outfit_path%:}
      PATH=$__outfit_bin${__outfit_path:+:$__outfit_path}
      export PATH
      unset __outfit_bin __outfit_path

      """#
    let fish = #"""
      # The commands that Outfit manages come first on PATH, once.
      begin
          set --local bin \#(place(fish: true))
          set --local rest
          for folder in $PATH
              if test "$folder" != "$bin"
                  set --append rest "$folder"
              end
          end
          set --global --export PATH "$bin" $rest
      end

      """#
    return (posix, fish)
  }

  /// What a login file of ours does for bash, as the distributions' own do.
  static let readsBashrc = #"""
    if [ -n "$BASH_VERSION" ] && [ -f "$HOME/.bashrc" ]; then
      . "$HOME/.bashrc"
    fi

    """#

  /// A path as a double-quoted word; one below the home folder says so, since rc files travel between machines.
  static func word(_ path: FilePath, home: FilePath, fish: Bool = false) -> String {
    var rest = path
    let isBelow = home != "/" && rest.removePrefix(home)
    var text = isBelow ? "$HOME/" : ""
    for character in (isBelow ? rest : path).string {
      if #"\"$"#.contains(character) || character == "`" && !fish { text.append("\\") }
      text.append(character)
    }
    return "\"\(text)\""
  }
}
