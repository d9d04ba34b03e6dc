/// The lines of Node that have long-term support, out of the file that `outfit` keeps beside the tables: what
/// is a line changes with time, so that the launcher knows none itself.
///
///     outfit-lts 1
///     codename <TAB> major version
struct LongTermLines {
  private let text: Bytes

  init(_ text: Bytes) { self.text = text.starts(with: Bytes("outfit-lts 1\n".utf8)) ? text : [] }

  init(data: Bytes) {
    guard
      case .bytes(let text) = Outside.contents(of: data + Bytes("/tables/lts".utf8), limit: VersionFile.limit)
    else {
      self.init([])
      return
    }
    self.init(text)
  }

  /// Whether the major version is the line of that name, or any line where the name is empty.
  func has(_ major: Int, _ name: Bytes) -> Bool {
    Lines(text).contains { line in
      let fields = line.split(separator: Ascii.tab, omittingEmptySubsequences: false)
      return fields.count == 2 && (name.isEmpty || fields[0] == name[...])
        && OfferedVersion(fields[1])?.release == [major]
    }
  }
}
