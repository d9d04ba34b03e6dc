/// How a file of settings is written.
public enum SettingsFormat: String, Hashable, Sendable, CaseIterable {
  /// With or without comments.
  case json
  case yaml, toml, ini
  /// git-config(1).
  case git
}

extension SettingsFormat {
  /// By how a file is called.
  public init?(name: String) {
    let name = name.lowercased()
    func ends(_ endings: String...) -> Bool { endings.contains(where: name.hasSuffix) }
    if ends(".json", ".jsonc", ".json5", ".code-workspace", ".code-snippets") {
      self = .json
    } else if ends(".yaml", ".yml") {
      self = .yaml
    } else if ends(".toml") {
      self = .toml
    } else if ends("gitconfig", ".gitmodules") || name.hasSuffix("git/config") {
      self = .git
    } else if ends(".ini", ".cfg", ".desktop", "pip.conf", ".npmrc", ".editorconfig", ".pypirc", "rc.ini") {
      self = .ini
    } else {
      return nil
    }
  }
}

extension SettingsFormat {
  /// Whether two values are the same to whoever reads the file: where all are texts, how they are written counts.
  public func same(_ a: SettingValue, _ b: SettingValue) -> Bool {
    switch (a, b) {
    case (.map(let a), .map(let b)):
      return a.count == b.count && a.allSatisfy { key, value in b[key].map { same(value, $0) } == true }
    case (.list(let a), .list(let b)): return a.count == b.count && zip(a, b).allSatisfy { same($0, $1) }
    default: return a == b || (self == .ini || self == .git) && a.plain != nil && a.plain == b.plain
    }
  }

  /// Why a value can't stand at a path in such a file; nil where it can.
  public func problem(_ path: [String], _ value: SettingValue) -> String? {
    let name = path.joined(separator: ".")
    switch self {
    case .json, .yaml: return nil
    case .toml: return value.hasNull ? "TOML has no empty value, as `\(name)` wants one" : nil
    case .ini, .git:
      if value.plain == nil { return "`\(name)` is a list or a mapping, and a value there is one text" }
      if self == .ini { return path.count > 2 ? "`\(name)` is in more than one section" : nil }
      return (2...3).contains(path.count)
        ? nil : "git's keys are in a section, with or without a subsection: `\(name)` is not"
    }
  }
}

extension SettingValue {
  fileprivate var hasNull: Bool {
    switch self {
    case .null: true
    case .list(let values): values.contains(where: \.hasNull)
    case .map(let members): members.values.contains(where: \.hasNull)
    case .text, .number, .bool: false
    }
  }
}
