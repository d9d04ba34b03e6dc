import OutfitCore
import OutfitProfile

/// The files by which other version managers' users choose an interpreter for a folder.
public enum VersionFile {
  /// In the order in which a folder's files are asked; the first that says something of the language decides.
  public static func names(for language: Language) -> [String] {
    language == .python
      ? [".python-version", ".python-versions", ".tool-versions"]
      : [".node-version", ".nvmrc", ".tool-versions"]
  }

  /// No honest version file is larger, in bytes: a larger one is not read.
  public static let limit: Int64 = 64 << 10

  /// What a file asks for, in its order: the first is the default, the others answer by their own names.
  /// - Parameter file: its name without folders.
  public static func wishes(
    in text: String, named file: String, for language: Language, knowing lines: LongTermLines
  ) -> [VersionWish] {
    file == ".tool-versions"
      ? toolVersions(text, language, lines).first ?? [] : plain(text, language, lines)
  }

  /// Later lines of a `.tool-versions` for the same language: asdf takes the first line and mise the last,
  /// Outfit the first; whoever has both should know.
  public static func repeated(
    in text: String, for language: Language, knowing lines: LongTermLines
  ) -> [[VersionWish]] {
    toolVersions(text, language, lines)
  }

  /// A version a line. pyenv reads the first word of each line, uv the whole line: both are served, since
  /// only a line with a comparison in it means more than its first word.
  private static func plain(
    _ text: String, _ language: Language, _ known: LongTermLines
  ) -> [VersionWish] {
    lines(text).compactMap { number, line in
      guard let first = line.first, first != "#" else { return nil }
      let beforeComment = line.prefix { $0 != "#" }
      let wish =
        beforeComment.contains { "<>=".contains($0) }
        ? String(beforeComment.filter { !$0.isBlank }) : String(line.prefix { !$0.isBlank })
      return VersionWish(wish, line: number, for: language, knowing: known)
    }
  }

  /// asdf's and mise's: `name version... # comment`.
  private static func toolVersions(
    _ text: String, _ language: Language, _ known: LongTermLines
  ) -> [[VersionWish]] {
    lines(text).compactMap { number, line in
      let words = line.prefix { $0 != "#" }.split(whereSeparator: \.isBlank)
      guard let name = words.first, words.count > 1,
        language == .python ? name == "python" : name == "nodejs" || name == "node"
      else { return nil }
      return words.dropFirst().map { VersionWish($0, line: number, for: language, knowing: known) }
    }
  }

  private static func lines(_ text: String) -> [(number: Int, line: Substring)] {
    text.plainLines.enumerated().map { index, line in
      var line = line
      while line.first?.isBlank == true { line.removeFirst() }
      while line.last?.isBlank == true { line.removeLast() }
      return (index + 1, line)
    }
  }
}

extension String {
  /// Its lines, of which Swift would take those that end as Windows has it for one. A byte order mark is none of it.
  var plainLines: [Substring] {
    let scalars = unicodeScalars.first == "\u{feff}" ? unicodeScalars.dropFirst() : unicodeScalars[...]
    return scalars.split(separator: "\n", omittingEmptySubsequences: false).map {
      Substring($0.last == "\r" ? $0.dropLast() : $0)
    }
  }
}

extension Character {
  fileprivate var isBlank: Bool { self == " " || self == "\t" || self == "\r" }
}
