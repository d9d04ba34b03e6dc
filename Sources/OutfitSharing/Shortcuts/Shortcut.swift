/// A short name, or a key, that a dotfile gives a meaning.
public struct Shortcut: Hashable, Sendable {
  public enum Kind: String, Sendable { case alias, key }

  /// The program that it is for; in the order in which they are shown.
  public enum Program: String, Sendable, CaseIterable, Comparable {
    case shell = "Shell"
    case git = "Git"
    case commandLine = "Command line"
    case tmux = "tmux"
    case vim = "Vim"
    case kitty = "kitty"
    case ghostty = "Ghostty"
    case windows = "Windows"

    public static func < (a: Program, b: Program) -> Bool {
      (allCases.firstIndex(of: a) ?? 0) < (allCases.firstIndex(of: b) ?? 0)
    }
  }

  public var program: Program
  public var kind: Kind
  /// As it is typed or pressed: `gst`, `git st`, `prefix |`, `<leader>w`.
  public var name: String
  public var meaning: String
  /// In the file, from 1.
  public var line: Int

  public init(_ program: Program, _ kind: Kind, _ name: String, _ meaning: String, line: Int) {
    self.program = program
    self.kind = kind
    self.name = name
    self.meaning = meaning
    self.line = line
  }
}

/// What language a dotfile is in, as far as short names and keys are found in it.
public enum ShortcutLanguage: Hashable, Sendable {
  case shell, fish, git, readline, tmux, vim, lua, kitty, ghostty, windows

  /// By the file's name and folder; nil for what is not read.
  public init?(target: String) {
    let parts = target.lowercased().split(separator: "/").map(String.init)
    guard let name = parts.last else { return nil }
    let folder = parts.dropLast().last ?? ""
    func ends(_ endings: String...) -> Bool { endings.contains(where: name.hasSuffix) }
    if ends(".fish") {
      self = .fish
    } else if ends(".sh", ".bash", ".zsh", "bashrc", "zshrc", "_profile", ".profile", "zprofile", "zshenv")
      || ends("aliases", "kshrc")
    {
      self = .shell
    } else if ends("gitconfig") || folder == "git" && name == "config" {
      self = .git
    } else if ends("inputrc") {
      self = .readline
    } else if ends("tmux.conf", ".tmux") {
      self = .tmux
    } else if ends("vimrc", ".vim") {
      self = .vim
    } else if ends(".lua") {
      self = .lua
    } else if folder == "kitty", ends(".conf") {
      self = .kitty
    } else if folder == "ghostty", name == "config" {
      self = .ghostty
    } else if ["i3", "sway"].contains(folder), name == "config" {
      self = .windows
    } else {
      return nil
    }
  }
}

extension Shortcut {
  /// Those that a file has, in its order. What stands in templates' tags is found as it is written there.
  public static func read(_ text: String, in language: ShortcutLanguage) -> [Shortcut] {
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(String.init)
    return switch language {
    case .shell: ShellShortcuts(isFish: false).read(lines)
    case .fish: ShellShortcuts(isFish: true).read(lines)
    case .git: GitShortcuts.read(lines)
    case .readline: KeyFiles.readline(lines)
    case .tmux: KeyFiles.tmux(lines)
    case .vim: KeyFiles.vim(lines)
    case .lua: KeyFiles.lua(lines)
    case .kitty: KeyFiles.kitty(lines)
    case .ghostty: KeyFiles.ghostty(lines)
    case .windows: KeyFiles.windows(lines)
    }
  }
}
