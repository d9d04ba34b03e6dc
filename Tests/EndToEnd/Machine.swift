import OutfitCore
import OutfitSystem
import SystemPackage
import Testing

/// A HOME of its own, and the release build of `outfit` run against it as a person would.
final class Machine: Sendable {
  let home: FilePath
  private let host: Host

  /// The release build that is tested: `OUTFIT_TEST_BUILD`, or the checkout's.
  static let build = FilePath(
    variables["OUTFIT_TEST_BUILD"] ?? checkout.appending(".build/release").string)

  static let checkout = FilePath(#filePath).removingLastComponent().removingLastComponent()
    .removingLastComponent()

  /// Of the process that tests.
  private static let variables = (try? Host.live())?.environment ?? [:]

  static func variable(_ name: String) -> String? { variables[name] }

  /// Downloads are kept from test to test, as they are on a person's machine from day to day.
  private static let cache = FilePath(variables["TMPDIR"] ?? "/tmp").appending("outfit-tests-cache")

  init(_ name: String = #function) throws {
    host = try Host.live()
    let label = name.prefix { $0.isLetter || $0.isNumber }
    let folder = FilePath("/tmp/outfit-tests").appending("\(label)-\(host.clock.uptime())")
    home = folder.appending("home")
    try host.files.createDirectories(home, mode: 0o700)
  }

  deinit { try? host.files.removeTree(home.removingLastComponent()) }

  var files: any Files { host.files }

  /// The variables that a login on a new machine has.
  var environment: [String: String] {
    var variables = Self.variables.filter { name, _ in
      name.hasPrefix("SSL_") || name.hasPrefix("PIP_") || name.lowercased().hasSuffix("_proxy")
        || ["CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "PYENV_ROOT"].contains(name)
    }
    variables["HOME"] = home.string
    variables["PATH"] = Self.variables["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
    variables["LANG"] = "C.UTF-8"
    variables["TERM"] = "dumb"
    variables["XDG_CACHE_HOME"] = Self.cache.string
    // No test asks Debian's own archive unless it says so.
    variables["OUTFIT_DEBIAN_MIRROR"] = "http://127.0.0.1:1"
    return variables
  }

  /// Runs `outfit` and gives back what it did; `at` is relative to HOME.
  func outfit(
    _ arguments: String..., at folder: String = "", setting: [String: String] = [:]
  ) async throws -> Completion {
    try await run(Self.build.appending("outfit"), arguments, at: folder, setting: setting)
  }

  func outfit(
    _ arguments: [String], at folder: String = "", setting: [String: String] = [:]
  ) async throws -> Completion {
    try await run(Self.build.appending("outfit"), arguments, at: folder, setting: setting)
  }

  /// Runs a command line in a new login shell.
  func login(_ command: String, at folder: String = "") async throws -> Completion {
    try await run("/bin/bash", ["--login", "-c", command], at: folder)
  }

  func run(
    _ program: FilePath, _ arguments: [String], at folder: String = "", setting: [String: String] = [:]
  ) async throws -> Completion {
    var variables = environment.merging(setting) { $1 }
    // It frees what was downloaded, which other tests are at.
    if arguments.first == "gc", setting["XDG_CACHE_HOME"] == nil { variables["XDG_CACHE_HOME"] = nil }
    let takesCache = arguments.starts(with: ["self", "uninstall"]) && !arguments.contains("--dry-run")
    try #require(
      !takesCache || variables["XDG_CACHE_HOME"] != Self.cache.string,
      "what is uninstalled takes its cache with it: give it one of its own, not that of all tests")
    let done = try await host.processes.run(
      Invocation(
        program, arguments, environment: variables,
        workingDirectory: folder.isEmpty ? home : home.pushing(FilePath(folder))))
    if program == Self.build.appending("outfit"), arguments.contains("--json"), arguments.first != "exec",
      !arguments.contains("--help")
    {
      let complaints = DocumentSchema.complaints(done)
      #expect(complaints.isEmpty, "outfit \(arguments.joined(separator: " ")): \(complaints)")
    }
    return done
  }

  func write(_ path: String, _ text: String, mode: UInt16 = 0o644) throws {
    let target = home.pushing(FilePath(path))
    try files.createDirectories(target.removingLastComponent())
    if files.exists(target) { try files.remove(target) }
    try files.create(target, Array(text.utf8), mode: mode)
  }

  func read(_ path: String) throws -> String? { try files.text(home.pushing(FilePath(path))) }

  /// Copies a folder of the checkout into HOME.
  func copy(_ folder: String, to target: String) async throws {
    let target = home.pushing(FilePath(target))
    try files.createDirectories(target.removingLastComponent())
    let done = try await host.processes.run(
      Invocation(
        "/bin/cp", ["-R", Self.checkout.pushing(FilePath(folder)).string, target.string],
        environment: environment))
    try #require(done.succeeded, "\(done.errorText)")
  }

  /// Every path below HOME with its kind, mode and content, Outfit's own folders apart: what a rollback must
  /// bring back.
  func tree() throws -> [String: String] {
    var found: [String: String] = [:]
    try collect(home, "", into: &found)
    return found
  }

  private static let own: Set<String> = [
    ".local/share/outfit", ".local/state/outfit", ".cache/outfit", ".config/outfit",
  ]

  private func collect(_ folder: FilePath, _ prefix: String, into found: inout [String: String]) throws {
    for name in try files.list(folder) {
      let relative = prefix + name
      if Self.own.contains(relative) { continue }
      let path = folder.appending(name)
      guard let status = try files.status(path, followLinks: false) else { continue }
      let mode = String(status.mode, radix: 8)
      switch status.kind {
      case .directory:
        found[relative] = "folder \(mode)"
        try collect(path, relative + "/", into: &found)
      case .link: found[relative] = "link \(try files.readLink(path))"
      case .file: found[relative] = "file \(mode) \(status.modified) \(Digest(of: try files.read(path)))"
      case .other: found[relative] = "other"
      }
    }
  }
}

extension Machine {
  /// Every path of a tool's environments in the store, with what changes when it is touched.
  func marks(_ tool: String) throws -> [String: [Int64]] {
    let store = home.pushing(".local/share/outfit/store")
    var found: [String: [Int64]] = [:]
    func add(_ path: FilePath) throws {
      let status = try #require(try files.status(path, followLinks: false))
      found[path.string] = [Int64(status.inode), status.changed, status.modified]
      guard status.kind == .directory else { return }
      for name in try files.list(path) { try add(path.appending(name)) }
    }
    for entry in try files.list(store) where entry.hasPrefix(tool + "-") {
      try add(store.appending(entry))
    }
    return found
  }
}

/// Compares trees and names what differs.
func expectSameTree(
  _ before: [String: String], _ after: [String: String],
  sourceLocation: Testing.SourceLocation = #_sourceLocation
) {
  let ownParents: Set<String> = [".local", ".local/share", ".local/state", ".cache", ".config"]
  for path in Set(before.keys).union(after.keys).subtracting(ownParents).sorted()
  where before[path] != after[path] {
    Issue.record(
      "\(path): was \(before[path] ?? "absent"), is \(after[path] ?? "absent")",
      sourceLocation: sourceLocation)
  }
}
