import SystemPackage

/// A prompt that the shell draws by itself, of what the hook of `ShellInit` knows: nothing is started for it while
/// the folder stays the same, but the question to git.
///
/// Settings are variables of the shell: `OUTFIT_PROMPT=0` gives the user's own prompt back,
/// `OUTFIT_PROMPT_PIECES` names the pieces and their order (host, folder, git, project, duration, status, clock),
/// `OUTFIT_PROMPT_SYMBOLS` is plain, unicode or nerd, `OUTFIT_PROMPT_SLOW` the seconds from which on a duration is
/// shown, and `OUTFIT_PROMPT_GIT_WAIT` the milliseconds that bash and fish wait for git.
public enum Prompt {
  /// The output of `outfit prompt SHELL`: the hook, and the prompt on it.
  /// - Parameter keepsOwn: Only a prompt that a system ships by default is replaced.
  public static func script(
    _ shell: ShellInit.Shell, keepsOwn: Bool, bin: FilePath, libexec: FilePath, home: FilePath
  ) -> String {
    let hook = ShellInit.hook(shell, bin: bin, libexec: libexec, home: home)
    let always = keepsOwn ? "" : "1"
    switch shell {
    case .bash: return ShellInit.withoutAliases(shell, hook + "__outfit_always=\(always)\n" + bash)
    case .zsh:
      // The option must last, and those that the script sets do not.
      return ShellInit.withoutAliases(shell, hook + "__outfit_always=\(always)\n" + zsh)
        + "[[ -z ${__outfit_draws-} ]] || \\setopt prompt_subst\n"
    case .fish: return hook + "set --global __outfit_always \(always)\n" + fish
    }
  }
}
