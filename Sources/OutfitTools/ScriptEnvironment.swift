import OutfitCore
import OutfitEngine
import OutfitProfile

/// The environment that a single script asks for by inline metadata (PEP 723), with pins of its own.
///
/// Its pins stand in the lock as a tool named `script`.
public struct ScriptEnvironment: Part {
  public static let entry = "script"

  private let script: [UInt8]
  private let metadata: ScriptMetadata?
  /// For people: the file's name.
  private let label: String
  private let python: VersionRequest?

  public init(_ script: [UInt8], label: String, python: VersionRequest?) throws {
    self.script = script
    self.label = label
    metadata = try ScriptMetadata(String(decoding: script, as: UTF8.self), file: label)
    self.python = python ?? metadata?.python
  }

  public var name: String { "tools" }

  /// The Python that it needs; nil where any will do.
  public var request: VersionRequest? { python }

  private var identity: String { metadata.map { Digest(of: Array($0.text.utf8)).hex } ?? "" }

  public func resolve(_ context: Context) throws -> Round<Lock> {
    var lock = context.lock
    guard metadata != nil else {
      lock.tools[Self.entry] = LockedTool(request: "", version: Version([0]))
      return .done(lock)
    }
    if lock.tools[Self.entry]?.request == identity { return .done(lock) }
    lock.tools[Self.entry] = nil
    let asked = Self.settings(context)
    guard asked.isEmpty else { return .ask(asked) }
    let pythons = Pythons(context)
    guard let interpreter = pythons.choose(python) else { return .done(lock) }
    let uv = try Uv(context, on: interpreter, pythons: pythons, indexes: try Indexes(context))
    let query = uv.compile(
      label: "resolving \(label)", ["script.py": script], [.scratch("script.py")],
      cooldown: context.profile.cooldown?.value)
    guard let answer = context.facts[query] else { return .ask([query]) }
    guard case .collected(let files) = answer, let bytes = files[Uv.lockFile] else {
      guard case .failed(let diagnostic) = answer else { return .done(lock) }
      let source = Source(
        layer: context.profile.layers.last
          ?? Layer(kind: .personal, name: label, address: "", folder: context.root, manifest: context.root),
        location: SourceLocation(file: label))
      throw Failure([UvMessage(diagnostic, what: label, request: label, at: source).diagnostic])
    }
    lock.tools[Self.entry] = LockedTool(
      request: identity, version: Version([0]), python: interpreter.version.minor,
      requirements: String(decoding: bytes, as: UTF8.self))
    return .done(lock)
  }

  public func propose(_ context: Context) throws -> Round<Proposal> {
    let asked = Self.settings(context)
    guard asked.isEmpty else { return .ask(asked) }
    let pythons = Pythons(context)
    guard let interpreter = pythons.choose(python), let entry = context.lock.tools[Self.entry] else {
      let there = pythons.offered.map { "\($0.version)" }.joined(separator: ", ")
      throw Failure(
        "\(label) needs Python\(python.map { " \($0)" } ?? ""), and none could be had",
        hint: there.isEmpty ? nil : "there are \(there)")
    }
    let uv = try Uv(context, on: interpreter, pythons: pythons, indexes: try Indexes(context))
    let hasPackages = entry.requirements.contains("==")
    let environment = uv.environment(
      name: "script-\(Self.entry)", label: label, requirements: entry.requirements,
      checks: (hasPackages ? [.record("lib")] : []) + [.exists("bin/python")])
    var proposal = Proposal()
    proposal.objects = pythons.added(for: interpreter) + [uv.object, environment]
    return .done(proposal)
  }

  private static func settings(_ context: Context) -> [Query] {
    (Pythons.queries(context) + Indexes.queries(context)).filter { context.facts[$0] == nil }
  }
}

/// The block `# /// script` of a script.
struct ScriptMetadata {
  /// Its TOML.
  let text: String
  let python: VersionRequest?

  /// Nil for a script without the block.
  /// - Throws: `Failure`, status 2, with the place of what can't be read.
  init?(_ script: String, file: String) throws {
    let lines = script.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    guard let start = lines.firstIndex(where: { $0.trimmed == "# /// script" }) else { return nil }
    let block = lines[(start + 1)...].prefix { $0.hasPrefix("#") }
    guard let end = block.lastIndex(where: { $0.trimmed == "# ///" }) else {
      throw Failure(
        "the block of metadata is never closed", at: SourceLocation(file: file, line: start + 1),
        hint: "end it with a line `# ///`", status: .usage)
    }
    if let second = lines[(end + 1)...].firstIndex(where: { $0.trimmed == "# /// script" }) {
      throw Failure(
        "there is a second block of metadata", at: SourceLocation(file: file, line: second + 1),
        hint: "keep one of them", status: .usage)
    }
    text = lines[(start + 1)..<end].map { $0.dropFirst($0.hasPrefix("# ") ? 2 : 1) + "\n" }.joined()
    var python: VersionRequest?
    for index in (start + 1)..<end {
      let line = lines[index].dropFirst().trimmed
      guard line.hasPrefix("requires-python"), let equals = line.firstIndex(of: "=") else { continue }
      let value = line[line.index(after: equals)...].trimmed
      let quote = value.first
      let written = value.dropFirst().prefix { $0 != quote }
      guard quote == "\"" || quote == "'", let request = VersionRequest(String(written)) else {
        throw Failure(
          "`requires-python` is not a version", at: SourceLocation(file: file, line: index + 1),
          hint: "for example `# requires-python = \">=3.11\"`", status: .usage)
      }
      python = request
    }
    self.python = python
  }
}
