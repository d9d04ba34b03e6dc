import ArgumentParser
import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSystem

struct CollectCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gc", abstract: "Free what no generation and no project of ours needs.",
    discussion: """
      The last three generations of every scope, and all that they use, stay. So does an interpreter that you once \
      had, since a virtualenv may stand on it, until you name it: outfit gc python-3.11.9
      """)

  @Argument(help: ArgumentHelp("Interpreters to free too, as the store calls them.", valueName: "name"))
  var names: [String] = []

  @Flag(name: .customLong("dry-run"), help: "Say what would go and what stays, and free nothing.")
  var dryRun = false

  @Option(help: "How many generations of each scope stay.")
  var keep = 3

  @Flag(help: "Print JSON.") var json = false

  func validate() throws {
    guard keep >= 1 else { throw ValidationError("--keep takes a number of at least 1") }
  }

  func run() async throws {
    try await withSession { session in
      let host = session.host
      let before = try Collection.plan(host, keep: keep)
      let named = try Set(names.flatMap { try Self.objects($0, among: before.objects) })
      let done =
        dryRun
        ? try Collection.plan(host, keep: keep, named: named)
        : try await Collection.run(host, keep: keep, named: named)
      if json {
        let isKept = done.objects.contains { named.contains($0.name) && $0.keptBy != nil }
        session.write(
          JSONDocument(
            .gc, changed: !done.going.isEmpty || !done.generations.isEmpty,
            exit: isKept ? .failed : .done, members(of: done)))
      } else {
        show(done, session)
      }
      let kept = done.objects.filter { named.contains($0.name) && $0.keptBy != nil }
      guard kept.isEmpty else {
        if json { throw Ended(.failed) }
        let least = try Collection.plan(host, keep: 1, named: named).freed.map(\.name)
        throw Failure(
          kept.map { item in
            Diagnostic(
              .error, "\(item.name) stays, for \(item.keptBy ?? "")",
              hint: least.contains(item.name)
                ? "`outfit gc --keep 1 \(item.name)` frees it, with the generations that you could go back to"
                : Self.wayOut(item))
          })
      }
    }
  }

  /// What to do about an object that is in use now.
  private static func wayOut(_ item: Collection.Item) -> String {
    let words = (item.keptBy ?? "").split(separator: " ")
    if item.keptBy?.hasPrefix("the virtualenv ") == true, words.count > 2 {
      return "`outfit venv remove \(words[2].filter { $0 != "," })` first, if that is not needed"
    }
    let parts = item.name.split(separator: "-")
    if parts.count > 2, let language = Language(rawValue: String(parts[0])) {
      return "it is in use; `outfit \(language) uninstall \(parts[1])` takes it out of your own layer"
    }
    return "it is in use; take it out of the manifest that wants it, and run `outfit up`"
  }

  private func show(_ done: Collection, _ session: Session) {
    let style = session.outputStyle
    let verb = dryRun ? "would go" : "freed"
    for root in done.lostProjects {
      session.write("  \(verb)  the project \(session.short(root)), whose folder is gone")
    }
    var table = Table()
    for item in done.going {
      // What was adopted is only not watched any more.
      table.rows.append(
        item.isAdopted
          ? [dryRun ? "would be forgotten" : "forgotten", item.name, "it stays where it is"]
          : [verb, item.name, ByteText.of(item.size)])
    }
    session.write(table, indent: 2)
    var reasons: [String: [Collection.Item]] = [:]
    for item in done.objects { if let reason = item.keptBy { reasons[reason, default: []].append(item) } }
    for (reason, items) in reasons.sorted(by: { $0.key < $1.key }) {
      let size = items.reduce(0) { $0 + $1.size }
      session.write(
        "  kept  for \(reason): \(style.dim("\(items.map(\.label).sorted().joined(separator: ", ")), \(ByteText.of(size))"))"
      )
    }
    let bytes = ByteText.of(done.going.reduce(0) { $0 + $1.size })
    let count = done.freed.count
    session.write(
      count == 0 && done.generations.isEmpty && done.lostProjects.isEmpty && done.caches.isEmpty
        ? "Nothing to free."
        : "\(dryRun ? "Would free" : "Freed") \(count) of \(done.objects.count) objects, \(bytes), and "
          + "\(PlanText.count(done.generations.count, "old generation")).")
  }

  private func members(of done: Collection) -> [String: JSONText] {
    func item(_ item: Collection.Item) -> [String: JSONText] {
      ["name": .string(item.name), "label": .string(item.label), "bytes": .number(Int(item.size))]
    }
    return [
      "dryRun": .bool(dryRun), "bytes": .number(Int(done.going.reduce(0) { $0 + $1.size })),
      "freed": .array(done.going.map { .object(item($0)) }),
      "kept": .array(
        done.objects.compactMap { one in
          one.keptBy.map { .object(item(one).merging(["reason": .string($0)]) { $1 }) }
        }),
      "generations": .array(
        done.generations.map { .object(["scope": .string($0.scope.label), "number": .number($0.number)]) }),
    ]
  }

  /// The objects that a person means: a whole name, or its start up to the digest: `python-3.11.9`.
  private static func objects(_ text: String, among items: [Collection.Item]) throws -> [String] {
    let wanted = text.replacing("@", with: "-").replacing(" ", with: "-")
    let found = items.map(\.name).filter { $0 == wanted || $0.hasPrefix(wanted + "-") }
    guard found.isEmpty else { return found }
    let names = Set(items.map { $0.name.split(separator: "-").dropLast().joined(separator: "-") })
    // Another version is no slip of the finger.
    let stem = wanted.split(separator: "-").first.map { $0 + "-" } ?? ""
    let same = names.filter { $0.hasPrefix(stem) }.sorted()
    throw Failure(
      "the store has no \(text.harmless)",
      hint: !same.isEmpty && !stem.isEmpty
        ? "it has \(same.joined(separator: ", "))"
        : nearest(wanted, among: names).map { "did you mean \($0)?" }
          ?? "`outfit gc --dry-run` lists what it has",
      status: .usage)
  }
}

/// Sizes for people: `29.1 MB`, powers of a thousand.
enum ByteText {
  static func of(_ bytes: Int64) -> String {
    var (value, unit) = (Double(bytes), "B")
    for next in ["kB", "MB", "GB", "TB"] where value >= 999.95 {
      (value, unit) = (value / 1000, next)
    }
    let tenths = Int((value * 10).rounded())
    return unit == "B" ? "\(bytes) B" : "\(tenths / 10).\(tenths % 10) \(unit)"
  }
}
