/// Which paths of a project a template may write.
enum RenderedPath {
  /// Whether a name of the path is git's own folder on some file system: on any of them, since a checkout moves.
  ///
  /// HFS+ ignores some characters and folds case, NTFS drops blanks and dots at the end and what follows a colon, and
  /// knows a file by a short name too.
  static func isGit(_ path: String) -> Bool {
    path.split(whereSeparator: { $0 == "/" || $0 == "\\" }).contains { part in
      var name = String.UnicodeScalarView()
      for scalar in part.unicodeScalars where !isIgnored(scalar) {
        if scalar == ":" { break }
        name.append(scalar)
      }
      while let last = name.last, last == "." || last == " " { name.removeLast() }
      let folded = String(name).lowercased()
      if folded == ".git" { return true }
      guard folded.hasPrefix("git~") else { return false }
      let number = folded.dropFirst(4)
      return !number.isEmpty && number.allSatisfy(\.isNumber)
    }
  }

  /// Default-ignorable code points, of which HFS+ ignores some: none of them belongs into a path.
  private static func isIgnored(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.isDefaultIgnorableCodePoint || scalar.properties.generalCategory == .format
  }

  /// Whether it is a path that the templates which come with Outfit write, or could: nothing there is read or run by a
  /// shell, git, a package manager or an editor, but by the programs that it is rendered for.
  static func isUsual(_ path: String) -> Bool {
    let names = path.split(separator: "/", omittingEmptySubsequences: false)[...]
    return usual.contains { matches(names, $0[...]) }
  }

  private static func matches(_ names: ArraySlice<Substring>, _ pattern: ArraySlice<Substring>) -> Bool {
    guard let first = pattern.first else { return names.isEmpty }
    if first == "**" {
      return matches(names, pattern.dropFirst())
        || names.first.map(isPlain) == true && matches(names.dropFirst(), pattern)
    }
    guard let name = names.first else { return false }
    let fits =
      first.first == "*"
      ? isPlain(name) && name.count >= first.count && name.hasSuffix(first.dropFirst()) : name == first
    return fits && matches(names.dropFirst(), pattern.dropFirst())
  }

  private static func isPlain(_ name: Substring) -> Bool { !name.isEmpty && !name.hasPrefix(".") }

  /// `*` is one name, or its beginning, and `**` any number of names; none of them begins with a dot.
  private static let usual: [[Substring]] = [
    "Dockerfile", ".dockerignore", "compose.yaml", "skaffold.yaml", ".devcontainer/devcontainer.json",
    ".devcontainer/create.sh", ".github/workflows/outfit.yml", "docker/**/*.txt", "docker/reload.mjs",
    "docker/static.py",
    "docker/vendor/.gitignore", "docker/vendor/*/SHA256SUMS", "k8s/**/*.yaml", "k8s/**/*.env",
    "k8s/**/*.conf", "k8s/base/init/**/*.sql",
    "k8s/overlays/*/secrets.sh",
  ].map { $0.split(separator: "/") }
}

extension Rendering {
  /// What is written where no template of Outfit's writes, sorted: a shell, git, an editor or a package manager may run
  /// it, so that each is an ability of its own.
  public var unusualPaths: [String] { files.map(\.path).filter { !RenderedPath.isUsual($0) }.sorted() }
}
