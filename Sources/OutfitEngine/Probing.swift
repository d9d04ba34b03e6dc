import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// Finds the interpreters that this machine has already, at known places only.
///
/// They are run by absolute path, from `/`, with next to no environment. Nothing inside a project is run,
/// nothing that others may write to, and no shim.
public struct Probing: Sendable {
  private let host: Host
  private let keepsResults: Bool
  private let places: ProbePlaces

  /// - Parameter keepsResults: what an interpreter said is kept in the cache, by its path and status.
  public init(_ host: Host, keepsResults: Bool) {
    self.host = host
    self.keepsResults = keepsResults
    places = ProbePlaces(host)
  }

  /// The newest first; of two names for one program, one.
  /// - Throws: `CancellationError` only.
  public func interpreters(_ language: Language) async throws -> [FoundInterpreter] {
    let candidates = places.candidates(language)
    var found = try await withThrowingTaskGroup(of: FoundInterpreter?.self) { group in
      var found: [FoundInterpreter] = []
      var waiting = candidates[...]
      for _ in 0..<min(4, candidates.count) {
        if let candidate = waiting.popFirst() { group.addTask { try await probe(candidate, language) } }
      }
      while let result = try await group.next() {
        if let result { found.append(result) }
        if let candidate = waiting.popFirst() { group.addTask { try await self.probe(candidate, language) } }
      }
      return found
    }
    found.sort {
      $0.version == $1.version ? $0.program.string < $1.program.string : $1.version < $0.version
    }
    return found
  }

  private func probe(_ candidate: ProbePlaces.Candidate, _ language: Language) async throws
    -> FoundInterpreter?
  {
    let key = Digest(of: "2 \(language) \(candidate.program) \(candidate.fingerprint)").short(32)
    let kept = host.places.cache.appending("probes").appending(key)
    if let text = try? host.files.text(kept), let found = read(text, candidate, language) { return found }
    guard let text = try await ask(candidate.program, language),
      let found = read(text, candidate, language)
    else { return nil }
    if keepsResults { keep(text, at: kept) }
    return found
  }

  /// What it writes; nil when it does not work, or takes longer than five seconds.
  private func ask(_ program: FilePath, _ language: Language) async throws -> String? {
    let arguments = language == .python ? ["-I", "-S", "-B", "-c", Self.script] : ["--version"]
    let invocation = Invocation(
      program, arguments, environment: ["PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": "/"])
    let processes = host.processes
    return try await withThrowingTaskGroup(of: String?.self) { group in
      group.addTask {
        guard let done = try? await processes.run(invocation), done.succeeded else { return nil }
        return done.outputText
      }
      group.addTask {
        // In many short sleeps, so that time in which nothing here ran, on a busy machine, does not count.
        for _ in 0..<50 where !Task.isCancelled { try? await Task.sleep(nanoseconds: 100_000_000) }
        return nil
      }
      let first = try await group.next() ?? nil
      group.cancelAll()
      try Task.checkCancellation()
      return first
    }
  }

  /// What is asked of a Python. Only what can be imported counts as there.
  static let script = """
    import sys
    v = sys.version_info
    level = {"alpha": "a", "beta": "b", "candidate": "rc"}.get(v[3], "")
    version = "%d.%d.%d" % v[:3] + (level + str(v[4]) if level else "")
    flags = getattr(sys, "abiflags", "")
    print("implementation", sys.implementation.name)
    print("version", version + ("t" if "t" in flags else ""))
    print("debug", "yes" if "d" in flags else "no")
    print("virtual", "yes" if sys.prefix != sys.base_prefix else "no")
    for name in "ssl sqlite3 ctypes zlib lzma ensurepip venv".split():
        try:
            __import__(name)
        except Exception:
            print("missing", name)
    def fact(name, value):
        try:
            print("fact", name, str(value()).replace("\\n", " "))
        except Exception:
            pass
    import importlib.machinery
    fact("abi", lambda: importlib.machinery.EXTENSION_SUFFIXES[0].strip(".").rsplit(".", 1)[0])
    fact("prefix", lambda: sys.base_prefix)
    fact("libc", lambda: __import__("os").confstr("CS_GNU_LIBC_VERSION"))
    fact("sqlite", lambda: __import__("sqlite3").sqlite_version)
    fact("ssl", lambda: __import__("ssl").OPENSSL_VERSION)
    print("end", "of-probe")
    """

  private func read(_ text: String, _ candidate: ProbePlaces.Candidate, _ language: Language)
    -> FoundInterpreter?
  {
    var version: Version?
    var missing: [String] = []
    var facts: [String] = []
    switch language {
    case .python:
      guard text.hasSuffix("end of-probe\n") else { return nil }
      for line in text.split(separator: "\n") {
        if line.hasPrefix("fact ") {
          facts.append(String(line.dropFirst(5)))
          continue
        }
        let words = line.split(separator: " ")
        guard words.count == 2 else { return nil }
        switch (words[0], words[1]) {
        case ("implementation", let name): guard name == "cpython" else { return nil }
        case ("version", let value): version = Version(value)
        case ("missing", let name): missing.append(String(name))
        case ("debug", let value), ("virtual", let value): guard value == "no" else { return nil }
        default: break
        }
      }
    case .node:
      version = Version(text.filter { !$0.isWhitespace })
    }
    guard let version else { return nil }
    return FoundInterpreter(
      language: language, version: version, program: candidate.program, origin: candidate.origin,
      missingModules: missing, fingerprint: candidate.fingerprint, facts: facts)
  }

  private func keep(_ text: String, at path: FilePath) {
    let folder = path.removingLastComponent()
    let new = FilePath(path.string + ".new-\(UInt32.random(in: 0...UInt32.max))")
    try? host.files.createDirectories(folder, mode: 0o700)
    guard (try? host.files.create(new, Array(text.utf8), mode: 0o600)) != nil else { return }
    try? host.files.rename(new, to: path)
  }
}
