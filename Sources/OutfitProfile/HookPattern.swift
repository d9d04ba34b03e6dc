/// Expressions for names of files, in the dialect that Python's `re` and the hooks' runner share.
public enum HookPattern {
  /// In brackets, with the flags that it begins with for itself alone: Python takes them only at the very start.
  public static func grouped(_ pattern: String) -> String {
    guard pattern.hasPrefix("(?"), let end = pattern.firstIndex(of: ")") else { return "(?:\(pattern))" }
    let flags = pattern[pattern.index(pattern.startIndex, offsetBy: 2)..<end]
    guard !flags.isEmpty, flags.allSatisfy({ $0.isASCII && $0.isLetter }) else { return "(?:\(pattern))" }
    let rest = pattern[pattern.index(after: end)...]
    // A verbose one may end with a comment, which the end of the line ends.
    return "(?\(flags):\(rest)\(flags.contains("x") ? "\n" : ""))"
  }

  /// What any of them matches; nil where there is none.
  public static func any(of patterns: [String?]) -> String? {
    let patterns = patterns.compactMap(\.self)
    guard patterns.count > 1 else { return patterns.first }
    return patterns.map(grouped).joined(separator: "|")
  }

  /// What all of them match; nil where there is none.
  public static func all(of patterns: [String?]) -> String? {
    let patterns = patterns.compactMap(\.self)
    guard patterns.count > 1 else { return patterns.first }
    return "^" + patterns.map { "(?=.*?\(grouped($0)))" }.joined()
  }
}
