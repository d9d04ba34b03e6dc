/// Keeps the words of another program from being read as ours: `outfit tool run black --version` asks black.
enum Passthrough {
  private static let valued: Set<String> = ["--from", "--with", "--python"]

  /// The arguments with `--` before the first word of the other program.
  static func arguments(_ all: [String]) -> [String] {
    guard all.starts(with: ["tool", "run"]) else { return all }
    var index = 2
    while index < all.count, all[index].hasPrefix("-") {
      if all[index] == "--" { return all }
      index += valued.contains(all[index]) ? 2 : 1
    }
    return index < all.count ? Array(all[..<index]) + ["--"] + all[index...] : all
  }

  /// Whether the words ask outfit itself, and no other program, for JSON.
  static func wantsJSON(_ words: [String]) -> Bool {
    words.first != "exec" && !words.starts(with: ["hooks", "run"])
      && words.prefix { $0 != "--" }.contains("--json")
  }
}
