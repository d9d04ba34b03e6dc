import Testing

@testable import OutfitSharing

@Suite struct ShortcutTests {
  private func pairs(_ text: String, _ target: String) throws -> [String] {
    let language = try #require(ShortcutLanguage(target: target), "\(target)")
    return Shortcut.read(text, in: language).map { "\($0.line) \($0.name) = \($0.meaning)" }
  }

  @Test func aliasesOfShells() throws {
    let text = """
      # alias no='comment'
      alias ll='ls -lh' la="ls \\"-A\\"" .. 'not a value'
      [ -x /bin/x ] && alias x=/bin/x; if true; then builtin alias -g G='| grep'; fi
      alias two='one
      two'
      say "don't alias this"
      unalias ll
      my_alias gst 'git status'
      alias -p
      alias "$1=$2"
      alias end=last # alias not=this
      alias open='never closed
      """
    #expect(
      try pairs(text, ".bashrc") == [
        "2 ll = ls -lh", "2 la = ls \"-A\"", "3 x = /bin/x", "3 G = | grep", "4 two = one\ntwo",
        "8 gst = git status", "11 end = last",
      ])
  }

  @Test func linesThatEndAsOnWindows() throws {
    #expect(try pairs("alias a=b\r\nalias c=d\r\n", ".zshrc") == ["1 a = b", "2 c = d"])
  }

  @Test func fish() throws {
    let text = """
      alias la 'ls -A'
      alias ll='ls -l'
      abbr -a gco git checkout
      abbr --add --position anywhere -- L '| less'
      abbr --erase gco
      bind \\cg 'git status'
      bind -M insert jk cancel
      bind --erase x
      """
    #expect(
      try pairs(text, ".config/fish/config.fish") == [
        "1 la = ls -A", "2 ll = ls -l", "3 gco = git checkout", "4 L = | less", "6 cg = git status",
        "7 jk = cancel",
      ])
  }

  @Test func keysOfTheCommandLine() throws {
    #expect(
      try pairs(
        "bind '\"\\C-p\": history-search-backward'\nbind -x '\"\\C-g\":git status'\nbind 'set bell-style none'\n",
        ".bashrc") == ["1 \\C-p = history-search-backward", "2 \\C-g = git status"])
    #expect(
      try pairs("bindkey -e\nbindkey '^R' search\nbindkey -M vicmd -s 'x' 'y'\nbindkey -r '^R'\n", "a.zsh")
        == ["2 ^R = search", "3 x = y"])
    #expect(
      try pairs("set bell-style none\n$if mode=vi\n# \"a\": b\n\"\\e[A\": up\nControl-p: yank\n", ".inputrc")
        == ["4 \\e[A = up", "5 Control-p = yank"])
  }

  @Test func git() throws {
    let text = """
      [user]
      \tst = not an alias
      [alias] co = checkout
      \tst = status --short ; short
      \tgone = "!f() { git branch -vv # no comment; }; f"
      \tlong = log \\
      --oneline
      # x = y
      [core]
      \teditor = vim
      """
    #expect(
      try pairs(text, ".config/git/config") == [
        "3 git co = checkout", "4 git st = status --short",
        "5 git gone = !f() { git branch -vv # no comment; }; f", "6 git long = log --oneline",
      ])
  }

  @Test func tmuxVimAndWindows() throws {
    #expect(
      try pairs(
        "bind | split-window -h\nbind-key -n -N 'to the left' M-Left select-pane -L\nbind -T copy-mode-vi v send \\\n-X begin\nunbind x\nset -g mouse on\nbind '\"' x",
        ".tmux.conf") == [
          "1 prefix | = split-window -h", "2 M-Left = to the left", "3 copy-mode-vi v = send -X begin",
          "7 prefix \" = x",
        ])
    #expect(
      try pairs(
        "\" nmap a b\nnnoremap <silent> <expr> <leader>w :w<CR>\n  imap jk <Esc>\nunmap x\nmap\nset nomap\nmap! a b",
        ".vimrc") == ["2 <leader>w = :w<CR>", "3 jk = <Esc>", "7 a = b"])
    #expect(
      try pairs(
        "vim.keymap.set(\"n\", \"<leader>f\", function() x() end, { desc = \"Find\" })\nvim.keymap.set({'n', 'v'}, 'Y', 'y$')\n-- vim.keymap.set('n', 'a', 'b')\n",
        ".config/nvim/init.lua") == ["1 <leader>f = Find", "2 Y = y$"])
    #expect(
      try pairs("map ctrl+t new_tab\n# map a b\nmap\nfont_size 12", ".config/kitty/kitty.conf")
        == ["1 ctrl+t = new_tab"])
    #expect(
      try pairs("keybind = ctrl+a>n=new_window\nfont = x", ".config/ghostty/config")
        == ["1 ctrl+a>n = new_window"])
    #expect(
      try pairs("bindsym --release $mod+Return exec kitty\nset $mod Mod4", ".config/sway/config")
        == ["1 $mod+Return = exec kitty"])
  }

  @Test func otherFilesAreNotRead() {
    for target in [".ssh/config", "notes.txt", "README", ".config/git/ignore", ".npmrc", "config"] {
      #expect(ShortcutLanguage(target: target) == nil, "\(target)")
    }
  }

  /// Whatever stands in a file: it is read to its end.
  @Test(arguments: [
    "'", "\"", "\\", "alias '", "alias \"\\", "bind", "abbr -p", "[alias", "[alias]\na=\\", "\"\\",
  ])
  func halfThings(_ text: String) {
    for target in [
      ".bashrc", "a.fish", ".gitconfig", ".inputrc", ".tmux.conf", ".vimrc", "a.lua", "kitty/kitty.conf",
    ] {
      if let language = ShortcutLanguage(target: target) {
        #expect(Shortcut.read(text, in: language).allSatisfy { !$0.name.isEmpty && !$0.meaning.isEmpty })
      }
    }
  }
}
