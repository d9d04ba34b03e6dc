import OutfitCore
import OutfitEngine
import OutfitProfile

extension Tools: Outdating {
  public func outdated(_ context: Context) throws -> Round<[OutdatedRow]> {
    let pinned = Wanted.all(context.profile).filter { !$0.isHidden && context.lock.tools[$0.name] != nil }
    guard !pinned.isEmpty else { return .done([]) }
    let asked = (Pythons.queries(context) + Indexes.queries(context)).filter { context.facts[$0] == nil }
    guard asked.isEmpty else { return .ask(asked) }
    let shop = try Shop(context)
    var rows: [OutdatedRow] = []
    var queries: [Query] = []
    for tool in pinned {
      guard let pin = context.lock.tools[tool.name] else { continue }
      var row = OutdatedRow(
        kind: .tool, name: tool.name, current: pin.version.description, isHeld: tool.section.isHeld)
      switch try shop.newest(tool) {
      case .ask(let more): queries += more
      case .done(let newest):
        row.wanted = newest.wanted
        row.latest = newest.latest
        row.note = newest.note
        let target = newest.wanted == row.current ? newest.latest : newest.wanted
        if let target, target != row.current, tool.section.origin == .pypi {
          switch shop.uploadDate(of: tool, version: target) {
          case .ask(let more): queries += more
          case .done(let date): row.since = date
          }
        }
      }
      rows.append(row)
    }
    return queries.isEmpty ? .done(rows) : .ask(queries)
  }
}

extension Shop {
  struct Newest {
    var wanted: String?
    var latest: String?
    var note: String?
  }

  fileprivate func newest(_ tool: Wanted) throws -> Round<Newest> {
    guard tool.section.origin == .pypi else {
      switch try lock(tool) {
      case .ask(let queries): return .ask(queries)
      case .locked(let entry): return .done(Newest(wanted: entry.version.description))
      case .mistake(let diagnostic), .unavailable(let diagnostic):
        return .done(Newest(note: diagnostic.message))
      }
    }
    guard let interpreter = pythons.choose(tool.section.python) else {
      return .done(Newest(note: "there is no Python for it"))
    }
    let uv = try Uv(context, on: interpreter, pythons: pythons, indexes: indexes)
    var free = tool
    free.section.version = .latest
    free.section.with = []
    free.section.cooldown = Cooldown("0d")
    let own = Requirement.normalized(tool.package)
    let latest = compileQuery(
      free, uv, Requirement.lines(free.name, free.section), indexes.bindings(tool).filter { $0.key == own },
      withDependencies: false)
    var queries = [latest].filter { context.facts[$0] == nil }
    var newest = Newest()
    switch pins(tool, uv) {
    case .ask(let query): queries.append(query)
    case .failed(let message): newest.note = message.diagnostic.message
    case .done(let requirements): newest.wanted = version(of: tool, requirements)
    }
    guard queries.isEmpty else { return .ask(queries) }
    if case .collected(let files)? = context.facts[latest], let bytes = files[Uv.lockFile] {
      newest.latest = version(of: tool, String(decoding: bytes, as: UTF8.self))
    }
    return .done(newest)
  }

  private func version(of tool: Wanted, _ requirements: String) -> String? {
    RequirementSet(requirements).entries(of: tool.package).compactMap { Version($0.version) }.max()?
      .description
  }

  // MARK: Since when

  /// The day on which a version was uploaded, where the index says it: `2026-11-02`.
  fileprivate func uploadDate(of tool: Wanted, version: String) -> Round<String?> {
    guard let index = indexes.address(boundTo: indexes.bindings(tool)[Requirement.normalized(tool.package)])
    else { return .done(nil) }
    let query = Query.document([UploadDate.address(index, package: tool.package)])
    guard let answer = context.facts[query] else { return .ask([query]) }
    guard case .document(let bytes, _) = answer else { return .done(nil) }
    return .done(
      UploadDate.find(String(decoding: bytes, as: UTF8.self), version: version))
  }
}

/// When a version came out, as simple repositories say it in JSON (PEP 700), or as an attribute in HTML.
enum UploadDate {
  /// - Parameter index: of a simple repository.
  static func address(_ index: String, package: String) -> String {
    var base = index
    while base.hasSuffix("/") { base.removeLast() }
    return "\(base)/\(Requirement.normalized(package))/"
  }

  /// The day, `2026-11-02`, of the first file of a version.
  static func find(_ page: String, version: String) -> String? {
    let marks = ["-\(version)-", "-\(version).tar", "-\(version).zip"]
    let isDocument = page.hasPrefix("{")
    let pieces =
      isDocument
      ? page.split(separator: "\"filename\"").dropFirst() : page.split(whereSeparator: \.isNewline)[...]
    for piece in pieces {
      let name = isDocument ? piece.prefix { $0 != "," } : piece
      guard marks.contains(where: { name.contains($0) }) else { continue }
      guard let range = piece.firstRange(of: "upload-time") else { continue }
      let day = piece[range.upperBound...].drop { !$0.isNumber }.prefix(10)
      if day.count == 10, day.allSatisfy({ $0.isNumber || $0 == "-" }) { return String(day) }
    }
    return nil
  }
}
