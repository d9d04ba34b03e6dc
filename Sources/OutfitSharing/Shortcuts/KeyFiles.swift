import OutfitEngine

/// Keys in the files of programs that have a line for each.
enum KeyFiles {
  /// `"\C-p": history-search-backward`, `Control-p: yank` (readline(3), "Key Bindings").
  static func readline(_ lines: [String]) -> [Shortcut] {
    lines.enumerated().compactMap { index, line in
      let line = line.trimmed
      guard let first = line.first, first != "#", first != "$", !line.hasPrefix("set "),
        let binding = readlineBinding(line)
      else { return nil }
      return Shortcut(.commandLine, .key, binding.name, binding.meaning, line: index + 1)
    }
  }

  static func readlineBinding(_ line: String) -> (name: String, meaning: String)? {
    var rest = line[...]
    let key: String
    if rest.first == "\"" {
      rest.removeFirst()
      var text = ""
      while let character = rest.popFirst(), character != "\"" {
        text.append(character)
        if character == "\\", let next = rest.popFirst() { text.append(next) }
      }
      key = text
      rest = rest.drop(while: \.isWhitespace)
    } else {
      key = String(rest.prefix { !$0.isWhitespace && $0 != ":" })
      rest = rest.dropFirst(key.count).drop(while: \.isWhitespace)
    }
    guard rest.popFirst() == ":", !key.isEmpty else { return nil }
    let meaning = rest.trimmed
    return meaning.isEmpty ? nil : (key, meaning)
  }

  /// `bind [-nr] [-N note] [-T table] key command` (tmux(1), "KEY BINDINGS").
  static func tmux(_ lines: [String]) -> [Shortcut] {
    joined(lines).compactMap { text, number in
      guard var words = ShellWords(text, splits: false).commands.first?[...],
        let command = words.popFirst(), ["bind", "bind-key"].contains(command)
      else { return nil }
      var table = "prefix"
      var note: String?
      while let option = words.first, option.hasPrefix("-"), option.count > 1 {
        words.removeFirst()
        if option == "-T" { table = words.popFirst() ?? table }
        if option == "-N" { note = words.popFirst() }
        if option.dropFirst().contains("n") { table = "root" }
      }
      guard let key = words.popFirst(), !words.isEmpty || note != nil else { return nil }
      return Shortcut(
        .tmux, .key, table == "root" ? key : "\(table) \(key)", note ?? words.joined(separator: " "),
        line: number)
    }
  }

  private static let modes = ["", "n", "v", "x", "s", "o", "i", "l", "c", "t"]
  private static let maps = Set(modes.flatMap { ["\($0)map", "\($0)noremap"] } + ["map!", "noremap!"])
  private static let short = Set(
    modes.flatMap { ["\($0)no", "\($0)nore"] } + ["nn", "vn", "xn", "ino", "cno"])

  /// `nnoremap <silent> <leader>w :w<CR>` (Vim's map.txt).
  static func vim(_ lines: [String]) -> [Shortcut] {
    lines.enumerated().compactMap { index, line in
      var words = line.split(whereSeparator: \.isWhitespace)[...]
      if ["silent", "silent!", ":silent"].contains(words.first) { words.removeFirst() }
      guard let command = words.popFirst()?.drop(while: { $0 == ":" }).lowercased(),
        maps.contains(command) || short.contains(command)
      else { return nil }
      while let option = words.first?.lowercased(),
        ["<silent>", "<buffer>", "<nowait>", "<expr>", "<unique>", "<script>", "<special>"].contains(option)
      {
        words.removeFirst()
      }
      guard let key = words.popFirst(), !words.isEmpty else { return nil }
      return Shortcut(.vim, .key, String(key), words.joined(separator: " "), line: index + 1)
    }
  }

  /// `vim.keymap.set("n", "<leader>w", "<cmd>w<cr>", { desc = "Save" })` (Neovim's lua.txt).
  static func lua(_ lines: [String]) -> [Shortcut] {
    lines.enumerated().compactMap { index, line in
      let call = ["vim.keymap.set(", "vim.api.nvim_set_keymap("].lazy.compactMap { line.firstRange(of: $0) }
        .first
      guard let call, !line.trimmed.hasPrefix("--") else { return nil }
      var rest = line[call.upperBound...]
      // The modes: one, or several in braces.
      if rest.first == "{" {
        rest = rest.drop { $0 != "}" }.dropFirst()
      } else {
        guard text(&rest) != nil else { return nil }
      }
      guard let key = text(&rest) else { return nil }
      let meaning = text(&rest)
      var described: String?
      if let range = line.firstRange(of: "desc") {
        var rest = line[range.upperBound...].drop { $0 == " " || $0 == "=" }
        described = text(&rest)
      }
      return Shortcut(.vim, .key, key, described ?? meaning ?? "a function", line: index + 1)
    }
  }

  /// A text in quotes that comes next, after a comma; nil where something else does.
  private static func text(_ rest: inout Substring) -> String? {
    rest = rest.drop { $0 == "," || $0.isWhitespace }
    guard let quote = rest.first, quote == "\"" || quote == "'" else { return nil }
    var text = ""
    rest.removeFirst()
    while let character = rest.popFirst(), character != quote {
      if character == "\\", let next = rest.popFirst() { text.append(next) } else { text.append(character) }
    }
    return text
  }

  /// `map ctrl+shift+enter new_window` (kitty's documentation, "Mappable actions").
  static func kitty(_ lines: [String]) -> [Shortcut] {
    words(lines, after: ["map"]).compactMap { words, number in
      let words = words.drop { $0.hasPrefix("--") }
      guard let key = words.first, words.count > 1 else { return nil }
      return Shortcut(
        .kitty, .key, String(key), words.dropFirst().joined(separator: " "), line: number)
    }
  }

  /// `keybind = ctrl+a=new_window` (Ghostty's documentation, "Keybindings").
  static func ghostty(_ lines: [String]) -> [Shortcut] {
    lines.enumerated().compactMap { index, line in
      let parts = line.split(separator: "=", maxSplits: 1).map(\.trimmed)
      guard parts.count == 2, parts[0] == "keybind", let equals = parts[1].lastIndex(of: "=") else {
        return nil
      }
      return Shortcut(
        .ghostty, .key, parts[1][..<equals].trimmed,
        parts[1][parts[1].index(after: equals)...].trimmed, line: index + 1)
    }
  }

  /// `bindsym $mod+Return exec kitty` (i3's user guide, 4.3; sway(5)).
  static func windows(_ lines: [String]) -> [Shortcut] {
    words(lines, after: ["bindsym", "bindcode"]).compactMap { words, number in
      let words = words.drop { $0.hasPrefix("--") }
      guard let key = words.first, words.count > 1 else { return nil }
      return Shortcut(
        .windows, .key, String(key), words.dropFirst().joined(separator: " "), line: number)
    }
  }

  private static func words(_ lines: [String], after names: Set<String>) -> [([Substring], Int)] {
    lines.enumerated().compactMap { index, line in
      let words = line.split(whereSeparator: \.isWhitespace)
      guard let first = words.first, names.contains(String(first)) else { return nil }
      return (Array(words.dropFirst()), index + 1)
    }
  }

  /// Lines that go on after a backslash, as one, with the number of the first.
  private static func joined(_ lines: [String]) -> [(String, Int)] {
    var result: [(String, Int)] = []
    var goesOn = false
    for (index, line) in lines.enumerated() {
      let continues = line.hasSuffix("\\") && !line.hasSuffix("\\\\")
      let text = continues ? String(line.dropLast()) : line
      if goesOn, let last = result.popLast() {
        result.append((last.0 + " " + text, last.1))
      } else {
        result.append((text, index + 1))
      }
      goesOn = continues
    }
    return result
  }
}
