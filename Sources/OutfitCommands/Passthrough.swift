/// Words as ArgumentParser reads them rightly: those of another program stay its own (`outfit tool run black --version`
/// asks black), and an option whose value may be left out has its own value, or none.
enum Passthrough {
  private static let valued: Set<String> = ["--from", "--with", "--python"]
  /// Options with a value that may be left out. What such a value looks like is in `isValue`.
  static let optional: Set<String> = ["--trust"]

  /// The arguments with `--` before the first word of the other program, and optional values where they are seen.
  static func arguments(_ all: [String]) -> [String] {
    guard !all.starts(with: ["exec"]), !all.starts(with: ["hooks", "run"]) else { return all }
    guard all.starts(with: ["tool", "run"]) else { return withOptionalValues(all) }
    var index = 2
    while index < all.count, all[index].hasPrefix("-") {
      if all[index] == "--" { return all }
      index += valued.contains(all[index]) ? 2 : 1
    }
    return index < all.count ? Array(all[..<index]) + ["--"] + all[index...] : all
  }

  /// ArgumentParser takes whatever word comes behind such an option for its value, and forgets one that stands behind a
  /// `=` where another option follows. So a value stands behind it as a word of its own, and an option without one stands
  /// last.
  private static func withOptionalValues(_ all: [String]) -> [String] {
    let end = all.firstIndex(of: "--") ?? all.count
    var words: [String] = []
    var bare: [String] = []
    var index = 0
    while index < end {
      let word = all[index]
      index += 1
      let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard optional.contains(parts[0]) else {
        words.append(word)
        continue
      }
      if parts.count == 2 {
        if isValue(parts[1]) {
          words += parts
        } else if parts[1].isEmpty || parts[1].hasPrefix("-") {
          words.append(word)
        } else {
          bare.append(parts[0])
          words.append(parts[1])
        }
      } else if index < end, isValue(all[index]) {
        words += [word, all[index]]
        index += 1
      } else {
        bare.append(word)
      }
    }
    return words + bare + all[end...]
  }

  /// A commit, or several with commas; part of one too, of which is said then that it has to be whole.
  private static func isValue(_ word: String) -> Bool {
    word.split(separator: ",", omittingEmptySubsequences: false).allSatisfy {
      $0.count >= 7 && $0.allSatisfy(\.isHexDigit)
    }
  }

  /// Whether the words ask outfit itself, and no other program, for JSON.
  static func wantsJSON(_ words: [String]) -> Bool {
    words.first != "exec" && !words.starts(with: ["hooks", "run"])
      && words.prefix { $0 != "--" }.contains("--json")
  }
}
