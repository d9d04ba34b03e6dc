import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSystem
import SystemPackage

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Tools that are npm packages, with the npm of the profile's Node.
///
/// The lock is npm's own, without the registry's addresses; installing runs no package's scripts.
extension Shop {
  func lockNode(_ tool: Wanted) -> Outcome {
    guard let node = node else { return .unavailable(noNode(tool)) }
    guard let range = Requirement.range(tool.section.version) else {
      return .mistake(
        Diagnostic(
          .error, "\(tool.name): npm has no words for the version \(tool.section.version)",
          at: tool.source.location, hint: "ask as in `3.*` or `>=3.1,<4`"))
    }
    let query = Query.inquiry(
      Inquiry(
        label: "resolving \(tool.name)", objects: pythons.objects(for: node),
        files: ["package.json": Array(Self.manifest(tool, range).utf8)],
        steps: [
          npm(
            [
              "install", "--package-lock-only", "--omit-lockfile-registry-resolved", "--prefix",
              .scratch(""),
            ], node)
        ],
        collect: ["package-lock.json"]))
    guard let answer = context.facts[query] else { return .ask([query]) }
    guard case .collected(let files) = answer, let bytes = files["package-lock.json"] else {
      guard case .failed(let diagnostic) = answer else {
        return .unavailable(
          Diagnostic(.error, "\(tool.name): npm wrote no lock", at: tool.source.location))
      }
      return explain(diagnostic, tool)
    }
    guard let lock = PackageLock(bytes), let own = lock.packages["node_modules/\(tool.package)"],
      let version = own.version.flatMap({ Version($0) })
    else {
      return .unavailable(
        Diagnostic(.error, "\(tool.name): npm's lock can't be read", at: tool.source.location))
    }
    if let bare = lock.withoutIntegrity.first {
      return .unavailable(
        Diagnostic(
          .error, "\(tool.name): the registry gives no integrity for \(bare)", at: tool.source.location,
          hint: "without a digest nothing of it is used: ask another registry"))
    }
    if let problem = PackageLockReader(String(decoding: bytes, as: UTF8.self)).problems.first {
      return .unavailable(
        Diagnostic(
          .error, "\(tool.name): npm's lock can't be taken: \(problem.message)", at: tool.source.location,
          hint: "only packages of a registry, with digests, can be pinned"))
    }
    if let unknown = tool.section.scripts.first(where: { lock.folders(of: $0).isEmpty }) {
      return .mistake(
        Diagnostic(
          .error, "\(tool.name): `scripts` names \(unknown), which it does not depend on",
          at: tool.source.location, hint: nearest(unknown, among: lock.names).map { "did you mean \($0)?" }))
    }
    let programs = lock.programs(of: tool.package).keys.sorted()
    if programs.isEmpty, tool.section.expose == nil {
      return .mistake(
        Diagnostic(
          .error, "\(tool.name): the package \(tool.package) has no programs", at: tool.source.location))
    }
    return .locked(
      LockedTool(
        request: tool.request, version: version, programs: programs,
        packageLock: String(decoding: bytes, as: UTF8.self)))
  }

  func makeNode(_ tool: Wanted, _ entry: LockedTool) throws -> Proposal {
    guard let node = node else { throw Failure([noNode(tool)]) }
    guard let text = entry.packageLock, let lock = PackageLock(Array(text.utf8)),
      let range = Requirement.range(tool.section.version)
    else {
      throw Failure(
        "\(tool.name): its package lock in outfit.lock can't be read", at: tool.source.location,
        hint: "take the entry out of outfit.lock and run `outfit up`")
    }
    let copy = """
      const fs = require("fs"); fs.mkdirSync(process.argv[2], {recursive: true});
      for (const name of ["package.json", "package-lock.json"])
        fs.copyFileSync(process.argv[1] + "/" + name, process.argv[2] + "/" + name);
      """
    var scripts: [(name: String, path: String)] = []
    for name in tool.section.expose ?? entry.programs {
      guard let path = lock.programs(of: tool.package)[name] ?? lock.program(named: name) else {
        throw Failure("\(tool.name) has no program \(name)", at: tool.source.location)
      }
      scripts.append((name, path))
    }
    let object = Object(
      name: "\(Self.folderName(tool.name))-\(entry.version)", label: "\(tool.name) \(entry.version)",
      inputs: [node.object],
      recipe: .run(
        Run(
          files: [
            "package.json": Array(Self.manifest(tool, range).utf8), "package-lock.json": Array(text.utf8),
          ],
          steps: [
            Step(node.program, ["-e", .text(copy), .scratch(""), .output("")]),
            npm(["ci", "--prefix", .output("")], node, offlineFirst: true),
          ]
            + (tool.section.scripts.isEmpty
              ? []
              : [
                npm(
                  ["rebuild", "--foreground-scripts", "--prefix", .output("")]
                    + tool.section.scripts.sorted().map { .text($0) }, node, runsScripts: true)
              ]))),
      checks: scripts.map { .exists($0.path) }, store: context.store)
    var proposal = Proposal()
    proposal.objects = [object]
    proposal.claims = scripts.map { name, path in
      Claim(
        name: name + (tool.section.suffix ?? ""), program: node.program,
        arguments: [Reference.object(object.id, path).resolved(store: context.store).string],
        label: object.label, owner: tool.source, object: object.id)
    }
    return proposal
  }

  private var node: ProvidedInterpreter? { context.node }

  private func npm(
    _ arguments: [Argument], _ node: ProvidedInterpreter, runsScripts: Bool = false,
    offlineFirst: Bool = false
  ) -> Step {
    Npm(node, context).step(arguments, runsScripts: runsScripts, offlineFirst: offlineFirst)
  }

  private func noNode(_ tool: Wanted) -> Diagnostic {
    Diagnostic(
      .error, "\(tool.name) needs Node, and none could be had", at: tool.source.location,
      hint: context.profile.interpreters[.node] == nil
        ? "`outfit node install 24` gets one; in a manifest: `interpreters: {node: \"24\"}`" : nil)
  }

  private func explain(_ failure: Diagnostic, _ tool: Wanted) -> Outcome {
    let text = [failure.message, failure.hint ?? "", failure.excerpt ?? ""].joined(separator: "\n")
    if text.contains("ETARGET") || text.contains("No matching version") {
      return .mistake(
        Diagnostic(
          .error, "\(tool.name): no version matches \(tool.section.version)", at: tool.source.location,
          hint: "ask for one that the registry has"))
    }
    if text.contains("E404") {
      let missing = Self.missing(text)
      let known = Set(context.profile.tools.filter { $0.value.value.origin == .npm }.map(\.key))
      return .mistake(
        Diagnostic(
          .error,
          "\(tool.name): there is no npm package named \(missing?.name ?? tool.package)"
            + (missing.map { " in \($0.registry)" } ?? ""), at: tool.source.location,
          hint: KnownNames.hint(node: missing?.name ?? tool.package, others: known)
            ?? "look for a typing mistake"))
    }
    if let start = text.firstRange(of: "request to "), text.contains("reason: ") {
      return .unavailable(
        Diagnostic(
          .error,
          "\(tool.name): the registry could not be asked: \(text[start.lowerBound...].prefix { $0 != "\n" })",
          at: tool.source.location,
          hint: "check the network, and what `npm_config_registry` or ~/.npmrc say of the registry"))
    }
    return .unavailable(
      Diagnostic(
        .error,
        failure.reason == .dryRun
          ? "\(tool.name) is not pinned yet" : "\(tool.name): could not be resolved: \(failure.message)",
        at: tool.source.location,
        hint: failure.hint ?? "check the network and try again"))
  }

  /// The package that npm did not find, and where: `404 Not Found - GET http://registry.example/@acme%2fwords - ...`.
  private static func missing(_ text: String) -> (name: String, registry: String)? {
    guard let start = text.firstRange(of: " - GET ") else { return nil }
    let address = withoutCredentials(String(text[start.upperBound...].prefix { !$0.isWhitespace }))
    guard let slash = address.lastIndex(of: "/") else { return nil }
    let name = address[address.index(after: slash)...].split(separator: "%", maxSplits: 1)
    guard let first = name.first else { return nil }
    let rest = name.count == 2 ? "/" + name[1].dropFirst(2) : ""
    return (first + rest, String(address[..<slash]))
  }

  /// The package.json of an environment for one tool.
  static func manifest(_ tool: Wanted, _ range: String) -> String {
    var dependencies = [tool.package: range]
    for other in tool.section.with {
      let at = other.dropFirst().lastIndex(of: "@")
      dependencies[String(at.map { other[..<$0] } ?? other[...])] =
        at.map { String(other[other.index(after: $0)...]) } ?? "latest"
    }
    let lines = dependencies.sorted { $0.key < $1.key }.map { "    \(quoted($0)): \(quoted($1))" }
    return "{\n  \"private\": true,\n  \"dependencies\": {\n"
      + lines.joined(separator: ",\n") + "\n  }\n}\n"
  }

  private static func quoted(_ text: String) -> String {
    "\"" + text.map { "\"\\".contains($0) ? "\\\($0)" : "\($0)" }.joined() + "\""
  }

  /// A name for the store: `@scope/name` is `scope-name`.
  private static func folderName(_ name: String) -> String {
    String(name.filter { $0 != "@" }.map { $0 == "/" ? "-" : $0 })
  }
}

/// What is read of npm's package-lock.json, of version 2 or 3.
struct PackageLock: Decodable {
  struct Package: Decodable {
    var version: String?
    var bin: Programs?
    /// `sha512-` and a digest in base64 (Subresource Integrity).
    var integrity: String?
    var link: Bool?
    var inBundle: Bool?
  }

  /// Names and paths; a single path has the package's name.
  enum Programs: Decodable {
    case named([String: String])
    case single(String)

    init(from decoder: any Decoder) throws {
      let value = try decoder.singleValueContainer()
      if let named = try? value.decode([String: String].self) {
        self = .named(named)
      } else {
        self = .single(try value.decode(String.self))
      }
    }
  }

  /// By folder: `node_modules/prettier`.
  var packages: [String: Package]

  init?(_ bytes: [UInt8]) {
    guard let lock = try? JSONDecoder().decode(PackageLock.self, from: Data(bytes)) else { return nil }
    self = lock
  }

  /// The packages that npm would take unverified.
  var withoutIntegrity: [String] {
    packages.filter { folder, package in
      !folder.isEmpty && package.link != true && package.inBundle != true
        && package.integrity?.hasPrefix("sha") != true
    }.keys.sorted().map(Self.name(ofFolder:))
  }

  /// The names of all packages.
  var names: Set<String> { Set(packages.keys.filter { !$0.isEmpty }.map(Self.name(ofFolder:))) }

  /// Where copies of a package lie.
  func folders(of package: String) -> [String] {
    packages.keys.filter { $0 == "node_modules/\(package)" || $0.hasSuffix("/node_modules/\(package)") }
      .sorted()
  }

  private static func name(ofFolder folder: String) -> String {
    var name = folder[...]
    while let place = name.firstRange(of: "node_modules/") { name = name[place.upperBound...] }
    return String(name)
  }

  /// Names to script paths below the environment.
  func programs(of package: String) -> [String: String] {
    let folder = "node_modules/\(package)"
    switch packages[folder]?.bin {
    case .named(let scripts)?: return scripts.mapValues { Self.join(folder, $0) }
    case .single(let script)?:
      let name = package.split(separator: "/").last.map(String.init) ?? package
      return [name: Self.join(folder, script)]
    case nil: return [:]
    }
  }

  /// The script of any package that is not inside another one.
  func program(named name: String) -> String? {
    for folder in packages.keys.sorted() where folder.hasPrefix("node_modules/") {
      let package = String(folder.dropFirst("node_modules/".count))
      if package.contains("/node_modules/") { continue }
      if let script = programs(of: package)[name] { return script }
    }
    return nil
  }

  private static func join(_ folder: String, _ script: String) -> String {
    folder + "/" + script.replacingPrefix("./", with: "")
  }
}
