/// The programs on PATH that are none of Outfit's shims.
struct SearchPath {
  let data: Bytes
  let variable: (String) -> Bytes?

  /// The programs of that name, in PATH's order.
  ///
  /// Left out are relative folders (a checkout could lie there), this Outfit's `bin`, and whatever is a launcher of
  /// any Outfit, or the very program that asks, a copy of a launcher perhaps, so that no two names can call each other
  /// without end. For the same reason the shims of version managers are left out: one whose version is `system` would call back. pyenv's are an exception as long as
  /// pyenv has not called already, which it says in PYENV_DIR.
  func programs(_ name: Bytes) -> some Sequence<Bytes> {
    let own = [data + Bytes("/libexec/outfit-shim".utf8), Outside.ownPath() ?? []].map(Outside.identity(of:))
    let bin = Outside.identity(of: data + Bytes("/bin".utf8))
    let calledByPyenv = variable("PYENV_DIR") != nil
    let isPlain = !name.isEmpty && !name.contains(Ascii.slash) && !name.contains(0)
    let folders = isPlain ? (variable("PATH") ?? []).split(separator: Ascii.colon) : []
    return folders.lazy.compactMap { folder -> Bytes? in
      guard folder.first == Ascii.slash else { return nil }
      var folder = folder
      while folder.count > 1, folder.last == Ascii.slash { folder.removeLast() }
      let path = folder + [Ascii.slash] + name
      guard let program = Outside.identity(of: Bytes(path)), program.isProgram, !own.contains(program),
        bin == nil || Outside.identity(of: Bytes(folder)) != bin,
        Outside.resolved(Bytes(path))?.suffix(12)[...].equals("/outfit-shim") != true
      else { return nil }
      let real = Outside.resolved(Bytes(folder)) ?? []
      if folder.suffix(6).equals("/shims") || real.suffix(6)[...].equals("/shims"),
        calledByPyenv || !(folder.contains("pyenv") || real[...].contains("pyenv") || self.isPyenvs(folder))
      {
        return nil
      }
      return Bytes(path)
    }
  }

  private func isPyenvs(_ folder: ArraySlice<UInt8>) -> Bool {
    guard let root = variable("PYENV_ROOT"), !root.isEmpty else { return false }
    return folder.elementsEqual(root + Bytes("/shims".utf8))
  }
}

extension ArraySlice where Element == UInt8 {
  /// Whether one of the path's folders has this text in its name.
  fileprivate func contains(_ text: StaticString) -> Bool {
    indices.contains { self[$0...].starts(with: text) }
  }
}
