/// The virtualenvs that the user has by name, as Outfit's own data folder lists them: pyenv's that were taken
/// over.
///
///     outfit-virtualenvs 1
///     name <TAB> folder <TAB> ...              (further fields are for others)
///
/// A version file can name one of these, and no other: nothing in a checkout makes a name mean anything.
enum NamedVirtualenvs {
  /// What `name` runs in the virtualenv that `wish` names; nil when there is no such virtualenv, or it has no
  /// such program.
  /// - Parameter wish: `shop`, or pyenv's whole `3.11.7/envs/shop`.
  static func command(_ name: Bytes, wish: Bytes, data: Bytes) -> (command: Command, folder: Bytes)? {
    guard let folder = folder(of: wish, data: data) else { return nil }
    let program = folder + Bytes("/bin/".utf8) + name
    guard Outside.identity(of: program)?.isProgram == true else { return nil }
    return (Command(program: program), folder)
  }

  static func folder(of wish: Bytes, data: Bytes) -> Bytes? {
    guard let wanted = shortName(wish),
      case .bytes(let text) = Outside.contents(of: file(data), limit: Table.limit)
    else { return nil }
    var lines = Lines(text)
    guard let header = lines.next(), header.equals("outfit-virtualenvs 1") else { return nil }
    while let line = lines.next() {
      let fields = line.split(separator: Ascii.tab, omittingEmptySubsequences: false)
      if fields.count >= 2, fields[0] == wanted, fields[1].first == Ascii.slash { return Bytes(fields[1]) }
    }
    return nil
  }

  private static func file(_ data: Bytes) -> Bytes { data + Bytes("/tables/virtualenvs".utf8) }

  private static func shortName(_ wish: Bytes) -> ArraySlice<UInt8>? {
    guard let slash = wish.lastIndex(of: Ascii.slash) else { return wish[...] }
    let front = wish[..<slash]
    guard front.suffix(5).equals("/envs"), OfferedVersion(front.dropLast(5)) != nil else { return nil }
    return wish[(slash + 1)...]
  }
}
