/// The virtual environments that have a name: those that `outfit venv create` made, and those that were taken
/// over.
///
/// They stand in a file beside the tables, never in a repository: a version file can only choose among them.
///
///     outfit-venvs 1
///     name <TAB> folder
struct Virtualenvs {
  private let text: Bytes

  init(data: Bytes) {
    guard
      case .bytes(let text) = Outside.contents(of: data + Bytes("/tables/venvs".utf8), limit: Table.limit),
      text.starts(with: "outfit-venvs 1\n")
    else {
      self.text = []
      return
    }
    self.text = text
  }

  /// The folder of the environment with that name; nil for none, and for one that is gone.
  ///
  /// pyenv writes `3.11.4/envs/name` too where a name alone would do.
  func place(of name: Bytes) -> Bytes? {
    var name = name[...]
    let pieces = name.split(separator: Ascii.slash, omittingEmptySubsequences: false)
    if pieces.count == 3, pieces[1].equals("envs"), OfferedVersion(pieces[0]) != nil { name = pieces[2] }
    guard !name.isEmpty, !text.isEmpty else { return nil }
    for line in Lines(text) {
      let fields = line.split(separator: Ascii.tab, omittingEmptySubsequences: false)
      guard fields.count >= 2, fields[0] == name, fields[1].first == Ascii.slash else { continue }
      let folder = Bytes(fields[1])
      return Outside.exists(folder + Bytes("/bin/python".utf8)) ? folder : nil
    }
    return nil
  }

  /// What `pyvenv.cfg` says of an environment's Python.
  static func version(of folder: Bytes) -> Bytes? {
    guard
      case .bytes(let text) = Outside.contents(
        of: folder + Bytes("/pyvenv.cfg".utf8), limit: VersionFile.limit)
    else { return nil }
    for line in Lines(text) where line.starts(with: "version") {
      guard let equals = line.firstIndex(of: UInt8(ascii: "=")) else { continue }
      let key = line[..<equals].trimmed
      guard key.equals("version") || key.equals("version_info") else { continue }
      // virtualenv writes 3.11.2.final.0.
      let numbers = line[(equals + 1)...].trimmed.prefix { Ascii.isDigit($0) || $0 == Ascii.dot }
      let release = numbers.split(separator: Ascii.dot).prefix(3)
      return release.isEmpty ? nil : Bytes(release.joined(separator: [Ascii.dot]))
    }
    return nil
  }
}
