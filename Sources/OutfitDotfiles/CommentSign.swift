import OutfitCore
import OutfitProfile
import SystemPackage

/// What starts a comment, so that marker lines can stand in a file.
enum CommentSign {
  /// What starts a comment in a file, by the end of its name.
  private static let comments = [
    "\"": [".vim", "vimrc"], "--": [".lua", ".sql", ".hs", ".elm", ".adb"],
    ";": [".el", ".emacs", ".lisp", ".clj", ".scm", ".asm", ".ahk"],
    "//": [
      ".c", ".h", ".cpp", ".hpp", ".cs", ".js", ".mjs", ".cjs", ".ts", ".tsx", ".jsx", ".json5", ".jsonc",
      ".java",
      ".go", ".rs", ".swift", ".kt", ".scala", ".dart", ".zig", ".php", ".scss", ".less", ".rasi", ".kdl",
    ],
    "%": [".tex", ".sty", ".bib", ".erl", ".m"], "REM": [".bat", ".cmd"], "!": [".Xresources", ".Xdefaults"],
  ]

  /// Formats in which no line is a comment by how it starts.
  private static let withoutComments = [
    ".json", ".css", ".xml", ".html", ".htm", ".svg", ".plist", ".md", ".csv", ".ipynb", ".desktop.in",
  ]

  static func of(_ target: String, _ section: Sourced<DotfileSection>) throws -> String {
    if let comment = section.value.comment { return comment }
    let name = FilePath(target).lastComponent?.string ?? target
    if let ending = withoutComments.first(where: name.lowercased().hasSuffix) {
      throw Failure(
        "a block can't be kept in \(target): nothing starts a comment in a \(ending) file",
        at: section.source.location,
        hint:
          "write the file whole with copy: or template:, or say what starts a comment there: `comment: \"//\"`",
        status: .usage)
    }
    if name.hasSuffix(".ini"), !name.hasPrefix(".") { return ";" }
    return comments.first { $0.value.contains(where: name.hasSuffix) }?.key ?? "#"
  }
}
