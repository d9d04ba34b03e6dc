import SystemPackage

/// Who reads or runs a file of the home folder, where that gives whoever wrote it a say over this account.
///
/// It only names them: every target is consented to, known here or not.
enum FileReader {
  /// The places of each, relative to HOME; what ends with a slash has all below it.
  private static let places: [(reader: String, paths: [String])] = [
    (
      "which a shell runs",
      [
        ".bashrc", ".bash_profile", ".bash_login", ".bash_logout", ".bash_aliases", ".bash_completion",
        ".profile",
        ".zshrc", ".zshenv", ".zprofile", ".zlogin", ".zlogout", ".kshrc", ".mkshrc", ".cshrc", ".tcshrc",
        ".login",
        ".inputrc", ".xonshrc", ".config/fish/", ".config/zsh/", ".config/bash/", ".config/nushell/",
        ".config/xonsh/",
        ".oh-my-zsh/", ".local/share/bash-completion/", ".config/direnv/", ".direnvrc", ".envrc",
      ]
    ),
    ("which SSH obeys", [".ssh/"]),
    ("which git obeys", [".gitconfig", ".gitattributes", ".config/git/", ".githooks/"]),
    (
      "which says where packages come from, or how one signs in",
      [
        ".npmrc", ".yarnrc", ".yarnrc.yml", ".pypirc", ".pip/", ".config/pip/", ".config/uv/",
        ".config/pypoetry/",
        ".config/pdm/", ".condarc", ".gemrc", ".gem/", ".bundle/", ".cargo/", ".m2/", ".gradle/", ".nuget/",
        ".docker/", ".config/containers/", ".kube/", ".config/helm/", ".aws/", ".azure/", ".config/gcloud/",
        ".netrc",
        ".curlrc", ".wgetrc", ".gnupg/", ".config/gh/", ".terraformrc", ".ansible.cfg", ".config/apt/",
      ]
    ),
    (
      "which the session starts",
      [
        ".config/autostart/", ".config/systemd/", ".config/environment.d/", ".pam_environment", ".xprofile",
        ".xinitrc", ".xsession", ".xsessionrc", ".xserverrc", ".config/plasma-workspace/", ".config/i3/",
        ".config/sway/", ".config/hypr/", ".config/bspwm/", ".config/sxhkd/", ".config/awesome/",
        ".config/qtile/",
        "Library/LaunchAgents/", ".local/share/applications/", ".local/share/dbus-1/", ".config/cron/",
      ]
    ),
    ("which is a program of its own", ["bin/", ".local/bin/"]),
    (
      "which an editor, a terminal or an interpreter runs",
      [
        ".vimrc", ".gvimrc", ".exrc", ".vim/", ".config/vim/", ".config/nvim/", ".emacs", ".emacs.d/",
        ".config/emacs/", ".config/doom/", ".doom.d/", ".config/helix/", ".config/kak/", ".config/Code/",
        ".config/VSCodium/", ".config/zed/", ".config/micro/", ".tmux.conf", ".config/tmux/", ".screenrc",
        ".config/kitty/", ".config/wezterm/", ".wezterm.lua", ".config/alacritty/", ".config/ghostty/",
        ".gdbinit", ".config/gdb/", ".lldbinit", ".pythonrc", ".pythonrc.py", ".pdbrc", ".ipython/",
        ".jupyter/",
        ".irbrc", ".pryrc", ".Rprofile", ".psqlrc", ".sqliterc", ".my.cnf", ".mailcap", ".local/lib/",
        ".config/ranger/", ".config/lf/", ".config/ripgrep/", ".lesskey", ".config/less/",
      ]
    ),
  ]

  /// - Parameter target: relative to HOME, or absolute outside of it.
  /// - Returns: what follows its name in a sentence; nil for what nobody is known to obey.
  static func of(_ target: String) -> String? {
    places.first { _, paths in
      paths.contains { path in
        path.hasSuffix("/") ? target.hasPrefix(path) || target + "/" == path : target == path
      }
    }?.reader
  }
}
