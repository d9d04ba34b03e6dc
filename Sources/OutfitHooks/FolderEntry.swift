/// A hook's command as it runs in its project's folder, with the names of files counted from there, and none that could be
/// taken for an option: a pull request may bring a file named `--force-exclude=.py`.
enum FolderEntry {
  /// - Parameter folder: Relative to the top of the repository; empty for the top itself.
  static func words(_ command: [String], in folder: String) -> [String] {
    ["/bin/sh", "-c", script, "outfit-hook", folder, String(command.count)] + command
  }

  /// Words are numbered and not copied, since there may be thousands.
  private static let script = #"""
    folder=$1 count=$2 top=$PWD number=0 all= some=; shift 2
    [ -z "$folder" ] || cd "./$folder" || exit 1
    for word; do
      number=$((number + 1))
      if [ "$number" -le "$count" ]; then some="$some \"\${$number}\""
      elif [ -z "$folder" ]; then
        case $word in
        -*) some="$some \"./\${$number}\"" ;;
        *) some="$some \"\${$number}\"" ;;
        esac
      else
        case $word in
        "$folder"/-*) some="$some \"./\${$number#\"\$folder\"/}\"" ;;
        "$folder"/*) some="$some \"\${$number#\"\$folder\"/}\"" ;;
        /*) some="$some \"\${$number}\"" ;;
        *) some="$some \"\$top/\${$number}\"" ;;
        esac
      fi
      [ $((number % 100)) -ne 0 ] || { all="$all$some"; some=; }
    done
    eval "exec$all$some"
    """#
}

/// Regular expressions that are meant from a project's folder on, for a runner that counts from the top of the repository.
enum FolderPattern {
  /// - Parameter pattern: Searched anywhere in a name, as this format has it.
  static func pattern(_ pattern: String, in folder: String) -> String {
    let start = "^\(escaped(folder))/"
    var rest = Substring(pattern)
    var flags = ""
    // Flags of the whole expression stay in front.
    if let end = rest.firstIndex(of: ")"), rest.hasPrefix("(?"),
      rest[rest.index(rest.startIndex, offsetBy: 2)..<end].allSatisfy(\.isLetter)
    {
      flags = String(rest[...end])
      rest = rest[rest.index(after: end)...]
    }
    var result = ""
    var hasStart = false
    var isClass = false
    while let character = rest.first {
      rest = rest.dropFirst()
      switch character {
      case "\\":
        result.append(character)
        if let next = rest.first {
          result.append(next)
          rest = rest.dropFirst()
        }
      case "[" where !isClass:
        isClass = true
        result.append(character)
        // A bracket that comes first is a member.
        for first in ["^", "]"] where rest.hasPrefix(first) {
          result += first
          rest = rest.dropFirst()
        }
      case "]" where isClass:
        isClass = false
        result.append(character)
      case "^" where !isClass:
        hasStart = true
        result += "(?:\(start))"
      default: result.append(character)
      }
    }
    return flags + (hasStart ? result : "\(start).*(?:\(result)\(flags.contains("x") ? "\n" : ""))")
  }

  /// A regular expression that matches just `text`.
  static func escaped(_ text: String) -> String {
    text.map { ".^$*+?()[]{}|\\ #".contains($0) ? "\\\($0)" : "\($0)" }.joined()
  }
}
