/// A name by which an interpreter, or its package installer, answers.
struct InterpreterName {
  enum Role { case interpreter, pip, npm, npx, corepack }

  let language: Language
  let role: Role
  /// What the name itself says of the version: empty, `[3]`, `[3, 11]`.
  let series: [Int]
  /// `python3.13t`
  let isFreeThreaded: Bool

  /// Reads `python`, `python3`, `python3.11`, `python3.13t`, `pip` likewise, `node`, `npm`, `npx`, `corepack`.
  init?(_ name: Bytes) {
    func named(_ text: StaticString) -> Bool { name.equals(text) }
    let nodes: [(StaticString, Role)] = [
      ("node", .interpreter), ("npm", .npm), ("npx", .npx), ("corepack", .corepack),
    ]
    if let node = nodes.first(where: { named($0.0) }) {
      language = .node
      role = node.1
      series = []
      isFreeThreaded = false
      return
    }
    let isPip = name.starts(with: "pip")
    guard isPip || name.starts(with: "python") else { return nil }
    language = .python
    role = isPip ? .pip : .interpreter
    let rest = name.dropFirst(isPip ? 3 : 6)
    if rest.isEmpty {
      series = []
      isFreeThreaded = false
      return
    }
    guard let version = OfferedVersion(rest), rest.first.map(Ascii.isDigit) == true,
      version.release.count <= 2, version.prerelease.isEmpty
    else { return nil }
    series = version.release
    isFreeThreaded = version.isFreeThreaded
  }

  /// Whether the name itself leaves no choice of the minor version.
  var isExact: Bool { series.count == 2 }

  func admits(_ version: OfferedVersion) -> Bool {
    version.release.starts(with: series) && (!isExact || version.isFreeThreaded == isFreeThreaded)
  }

  /// What the name runs in a virtual environment; nil for what an environment of Python's never has.
  func command(inVirtualenv folder: Bytes) -> Command? {
    let python = folder + Bytes("/bin/python".utf8)
    switch role {
    case .interpreter: return Command(program: python)
    case .pip: return pip(python, Virtualenvs.version(of: folder).flatMap { OfferedVersion($0[...]) })
    case .npm, .npx, .corepack: return nil
    }
  }

  /// pip, without the current folder among the places that it imports from: Pythons before 3.11 can only leave out
  /// more than that.
  private func pip(_ program: Bytes, _ version: OfferedVersion?) -> Command {
    let isOld = version.map { $0.release.lexicographicallyPrecedes([3, 11]) } ?? true
    return Command(program: program, arguments: [isOld ? "-I" : "-P", "-m", "pip"].map { Bytes($0.utf8) })
  }

  /// What the name runs when this interpreter was chosen; nil when the interpreter came without it.
  func command(_ offer: Offer) -> Command? {
    switch role {
    case .interpreter: return Command(program: offer.program)
    case .pip: return pip(offer.program, offer.version)
    case .npm, .npx, .corepack:
      let script = role == .npm ? "npm" : role == .npx ? "npx" : "corepack"
      guard let bin = folder(of: offer.program), let prefix = folder(of: bin) else { return nil }
      // By the interpreter itself, so that npm never runs on another Node that PATH may name; in a Node of ours by the
      // script that names the right verb where something was to be installed into it.
      let own = role == .corepack ? "corepack/dist/corepack.js" : "npm/bin/\(script)-cli.js"
      for place in ["/lib/outfit/\(script).cjs", "/lib/node_modules/\(own)"] {
        let program = prefix + Bytes(place.utf8)
        if Outside.exists(program) { return Command(program: offer.program, arguments: [program]) }
      }
      let beside = bin + Bytes("/\(script)".utf8)
      return Outside.identity(of: beside)?.isProgram == true ? Command(program: beside) : nil
    }
  }
}

extension Virtualenvs {
  /// Whether an environment's Python is of the series that a name such as `python3.11` asks for.
  static func isPython(_ folder: Bytes, _ name: InterpreterName) -> Bool {
    guard let text = version(of: folder), let version = OfferedVersion(text[...]) else { return false }
    return version.release.starts(with: name.series)
  }
}

/// The folder that a path lies in, without a slash at its end; nil for the root.
func folder(of path: Bytes) -> Bytes? {
  guard let slash = path.lastIndex(of: Ascii.slash), path.count > 1 else { return nil }
  return Bytes(path[..<slash])
}
