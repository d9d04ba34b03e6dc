import OutfitCore
import OutfitEngine
import OutfitProfile
import SystemPackage
import Testing

@testable import OutfitInterpreters

/// A machine as this part sees it: a profile, and answers.
struct Machine {
  var context: Context
  var pythons: [FoundInterpreter] = []
  var nodes: [FoundInterpreter] = []
  /// Files that are there, and what is in them.
  var files: [String: String] = [:]
  /// By the start of the address.
  var documents: [String: String] = [:]
  /// What uv collects, by the file's name in the scratch folder; nil is a run that failed.
  var collected: [String: String] = [:]
  /// What engines were asked.
  private(set) var inquiries: [Inquiry] = []
  /// Names of files that no address has.
  var unreachable: Set<String> = []

  init(_ scope: Scope = .machine, platform: Platform = Platform(.linux, .amd64)) {
    let layer = Layer(
      kind: .profile, name: "team", address: "team", folder: "/team", manifest: "/team/outfit.yaml")
    context = Context(
      profile: Profile(scope: scope, name: "team", layers: [layer]), lock: Lock(), facts: Facts(),
      platform: platform, root: "/home/ann", store: "/home/ann/.local/share/outfit/store",
      bin: "/home/ann/.local/share/outfit/bin", environment: ["HOME": "/home/ann"])
  }

  mutating func ask(
    _ language: Language, _ versions: [String], providers: [InterpreterSection.Provider]? = nil,
    system: Bool = false, mirror: String? = nil
  ) {
    let layer = context.profile.layers[0]
    context.profile.interpreters[language] = Sourced(
      InterpreterSection(
        versions: versions.compactMap { VersionRequest($0) }, providers: providers, system: system,
        mirror: mirror),
      Source(layer: layer, location: SourceLocation(file: "/team/outfit.yaml", line: 4, column: 3)))
  }

  /// Fills the lock, and keeps it.
  mutating func resolve() throws -> Lock {
    context.lock = try drive { try Interpreters().resolve($0) }
    return context.lock
  }

  mutating func propose() throws -> Proposal { try drive { try Interpreters().propose($0) } }

  mutating func drive<Value>(_ step: (Context) throws -> Round<Value>) throws -> Value {
    for _ in 0..<20 {
      switch try step(context) {
      case .done(let value): return value
      case .ask(let queries):
        for query in queries {
          if case .inquiry(let inquiry) = query { inquiries.append(inquiry) }
          context.facts[query] = answer(query)
        }
      }
    }
    throw Failure("it asks for ever")
  }

  private func answer(_ query: Query) -> Answer {
    switch query {
    case .interpreters(.python): return .interpreters(pythons)
    case .interpreters(.node): return .interpreters(nodes)
    case .contents(let path): return files[path.string].map { .contents(Array($0.utf8)) } ?? .absent
    case .status(let path):
      guard files[path.string] != nil else { return .absent }
      return .status(
        .init(kind: .file, mode: 0o755, size: 1, modified: 1, changed: 1, device: 1, inode: 1, owner: 0))
    case .document(let addresses):
      guard let text = addresses.lazy.compactMap({ documents[$0] }).first else {
        return .failed(Diagnostic(.error, "no route to host"))
      }
      return .document(Array(text.utf8), from: addresses[0])
    case .inquiry(let inquiry):
      let files = collected.filter { inquiry.collect.contains($0.key) }
      guard !files.isEmpty else { return .failed(Diagnostic(.error, "no index answers")) }
      return .collected(files.mapValues { Array($0.utf8) })
    case .artifact(let artifact):
      return unreachable.contains(artifact.name) ? .failed(Diagnostic(.error, "no route to host")) : .present
    case .file, .tree, .source, .sources, .look, .names, .repository: return .absent
    }
  }

  static func python(
    _ version: String, _ program: String, _ origin: FoundInterpreter.Origin = .system, missing: [String] = []
  ) -> FoundInterpreter {
    FoundInterpreter(
      language: .python, version: Version(version) ?? Version([0]), program: FilePath(program),
      origin: origin, missingModules: missing, fingerprint: "1-2-3")
  }

  static func node(_ version: String, _ program: String) -> FoundInterpreter {
    FoundInterpreter(
      language: .node, version: Version(version) ?? Version([0]), program: FilePath(program),
      origin: .system, fingerprint: "1-2-3")
  }

  static let digest = String(repeating: "ab", count: 32)

  /// python-build-standalone's own index.
  static func published(_ versions: [(String, String)]) -> String {
    versions.map { version, date in
      let artifacts = [
        "x86_64-unknown-linux-gnu-install_only_stripped.tar.gz",
        "x86_64-unknown-linux-gnu-install_only.tar.gz", "aarch64-unknown-linux-gnu-install_only.tar.gz",
        "x86_64-apple-darwin-install_only_stripped.tar.gz", "x86_64-unknown-linux-gnu-pgo+lto-full.tar.zst",
        "x86_64_v3-unknown-linux-gnu-install_only.tar.gz",
        "aarch64-apple-darwin-freethreaded-install_only_stripped.tar.gz",
      ].map { tail in
        let url =
          "https://github.com/astral-sh/python-build-standalone/releases/download/\(date)/"
          + "cpython-\(version)%2B\(date)-\(tail)"
        return #"{"platform":"x","variant":"y","url":"\#(url)","archive_format":"z","sha256":"\#(digest)"}"#
      }
      return
        #"{"version":"\#(version)+\#(date)","date":"d","artifacts":[\#(artifacts.joined(separator: ","))]}"#
    }.joined(separator: "\n") + "\n"
  }

  static let indexAddress =
    "https://releases.astral.sh/github/versions/main/v1/python-build-standalone.ndjson"
}
