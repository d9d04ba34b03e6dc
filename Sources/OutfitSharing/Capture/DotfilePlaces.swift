/// The dotfiles that are offered: programs' settings that people write themselves. What is not named here is taken only
/// where somebody names it.
public enum DotfilePlaces {
  /// Relative to HOME. One that ends with a slash is a folder, with what is below it.
  public static let known: [String] = [
    ".profile", ".bashrc", ".bash_profile", ".bash_login", ".bash_logout", ".bash_aliases", ".bash_functions",
    ".zshrc", ".zprofile", ".zshenv", ".zlogin", ".zlogout", ".zsh_aliases", ".kshrc", ".aliases",
    ".functions",
    ".exports", ".inputrc", ".dircolors", ".hushlogin", ".gitconfig", ".gitignore", ".gitignore_global",
    ".gitattributes", ".gitmessage", ".tigrc", ".vimrc", ".gvimrc", ".ideavimrc", ".nanorc", ".emacs",
    ".emacs.d/init.el", ".emacs.d/early-init.el", ".tmux.conf", ".screenrc", ".editorconfig", ".ackrc",
    ".agignore", ".ripgreprc", ".curlrc", ".wgetrc", ".psqlrc", ".sqliterc", ".gdbinit", ".lldbinit",
    ".irbrc",
    ".pryrc", ".gemrc", ".condarc", ".pylintrc", ".flake8", ".pythonrc", ".ctags", ".digrc", ".mailcap",
    ".Xresources", ".Xmodmap", ".xinitrc", ".xprofile", ".wezterm.lua", ".skhdrc", ".yabairc",
    ".config/aerospace/", ".config/alacritty/", ".config/atuin/config.toml", ".config/bat/",
    ".config/btop/btop.conf", ".config/Code/User/keybindings.json", ".config/Code/User/settings.json",
    ".config/delta/", ".config/direnv/direnvrc", ".config/dunst/", ".config/fish/config.fish",
    ".config/fish/conf.d/", ".config/fish/functions/", ".config/foot/", ".config/ghostty/", ".config/git/",
    ".config/helix/", ".config/htop/htoprc", ".config/hypr/", ".config/i3/", ".config/i3status/",
    ".config/karabiner/karabiner.json", ".config/kitty/", ".config/lazygit/", ".config/lf/", ".config/mpv/",
    ".config/nvim/", ".config/pip/pip.conf", ".config/polybar/", ".config/ranger/", ".config/readline/",
    ".config/ripgrep/", ".config/rofi/", ".config/ruff/", ".config/starship.toml", ".config/sway/",
    ".config/tmux/", ".config/topgrade.toml", ".config/vim/", ".config/waybar/", ".config/wezterm/",
    ".config/yazi/", ".config/yt-dlp/", ".config/zed/keymap.json", ".config/zed/settings.json",
    ".config/zellij/", ".config/zsh/",
  ]
}
