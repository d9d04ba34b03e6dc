import OutfitProfile

/// A configuration for the runner, in the format of `.pre-commit-config.yaml`, with hooks of the kind
/// `repo: local`, `language: system` alone, so that every runner of that format gives the same result.
public struct HookConfiguration {
  public struct Hook {
    public var name: String
    /// The command with its own arguments.
    public var entry: [String]
    public var section: HookSection
    var anyOf: [String]
    var isSerial: Bool
  }

  public var hooks: [Hook]
  /// Only files below this folder of the repository; empty for all.
  public var folder: String

  /// - Parameter command: Turns a hook's command into what runs it: `outfit exec black --` for others to read,
  ///   or the very program.
  init(
    hooks: [String: Sourced<HookSection>], folder: String = "", command: ([String]) -> [String]
  ) {
    self.folder = folder
    self.hooks = hooks.sorted { $0.key < $1.key }.map { name, hook in
      let known = hook.value.entry == nil ? KnownHook.all[name] : nil
      return Hook(
        name: name, entry: command(Self.entry(name, hook.value)), section: hook.value,
        anyOf: hook.value.types.isEmpty ? known?.types ?? [] : [], isSerial: known?.isSerial ?? false)
    }
  }

  /// The configuration that a repository can carry: every tool is the one that outfit.lock pins.
  public static func portable(_ profile: Profile) -> HookConfiguration {
    HookConfiguration(hooks: profile.hooks) { entry in
      guard let program = entry.first, profile.tools[program] != nil else { return entry }
      return ["outfit", "exec", program, "--"] + entry.dropFirst()
    }
  }

  /// The command of a hook as the manifest means it.
  static func entry(_ name: String, _ section: HookSection) -> [String] {
    section.entry ?? KnownHook.all[name]?.entry ?? [name]
  }

  /// YAML.
  public var text: String {
    var lines = [
      "default_language_version: {node: system, golang: system, ruby: system}"
    ]
    if !folder.isEmpty { lines.append("files: \(Self.quoted("^\(Self.escaped(folder))/"))") }
    lines += ["repos:", "  - repo: local", "    hooks:"]
    for hook in hooks {
      let section = hook.section
      lines += [
        "      - id: \(Self.quoted(hook.name))", "        name: \(Self.quoted(hook.name))",
        "        language: system",
        "        entry: \(Self.quoted(hook.entry.map(Self.word).joined(separator: " ")))",
      ]
      func list(_ key: String, _ values: [String]) {
        guard !values.isEmpty else { return }
        lines.append("        \(key): [\(values.map(Self.quoted).joined(separator: ", "))]")
      }
      list("args", section.arguments)
      list("types", section.types)
      list("types_or", hook.anyOf)
      if let files = section.files { lines.append("        files: \(Self.quoted(files))") }
      if let exclude = section.exclude { lines.append("        exclude: \(Self.quoted(exclude))") }
      list("stages", section.stages)
      if !section.passFilenames { lines.append("        pass_filenames: false") }
      if hook.isSerial { lines.append("        require_serial: true") }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// A double-quoted scalar of YAML.
  static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": result += "\\\(scalar)"
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      case "\r": result += "\\r"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }

  /// A word of a shell's command line.
  static func word(_ text: String) -> String {
    let plain = text.utf8.allSatisfy { byte in
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
        || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "_-./=:@%+,".utf8.contains(byte)
    }
    guard !plain || text.isEmpty else { return text }
    return "'" + text.map { $0 == "'" ? "'\\''" : "\($0)" }.joined() + "'"
  }

  /// A regular expression that matches just `text`.
  private static func escaped(_ text: String) -> String {
    text.map { ".^$*+?()[]{}|\\".contains($0) ? "\\\($0)" : "\($0)" }.joined()
  }
}
