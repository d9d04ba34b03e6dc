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
    let path = path(bin, home: home)
    let variables = [
      ("__outfit_shim", libexec.appending("outfit-shim")),
      ("__outfit_share", bin.removingLastComponent().appending("share")),
    ]
    let posix = variables.map { "\($0)=\(word($1, home: home))\n" }.joined()
    switch shell {
    case .bash: return path.posix + posix + bash
    case .zsh: return path.posix + posix + zsh
    case .fish:
      let lines = variables.map { "set --global \($0) \(word($1, home: home, fish: true))\n" }.joined()
      return path.fish + lines + fish
    }
  }

  /// Lines that put a folder first on PATH and nowhere else on it.
  static func path(_ bin: FilePath, home: FilePath) -> (posix: String, fish: String) {
    let posix = #"""
      # The commands that Outfit manages come first on PATH, once.
      __outfit_bin=\#(word(bin, home: home))
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
          set --local bin \#(word(bin, home: home, fish: true))
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
