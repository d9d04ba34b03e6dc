import OutfitCore
import OutfitSystem
import SystemPackage

/// What must hold for an object before anything is switched to it.
struct Checks: Sendable {
  let host: Host
  let store: Store
  /// For people: what is checked.
  let label: String
  let out: FilePath

  /// Looks at the files first, then runs the programs, all at once.
  /// - Parameter contents: what was built.
  /// - Throws: `Damage` for files that are not what their packages say, `Failure` that names the first other
  ///   check that does not hold.
  func run(_ checks: [Check], _ contents: Contents) async throws {
    var starts: [(program: String, arguments: [String])] = []
    for check in checks {
      try Task.checkCancellation()
      switch check {
      case .exists(let path):
        guard host.files.exists(out.pushing(FilePath(path))) else {
          throw Failure("\(label) was built, but it lacks \(path)")
        }
      case .runs(let program, let arguments): starts.append((program, arguments))
      case .record(let folder): try record(folder, contents)
      }
    }
    let failures = try await withThrowingTaskGroup(of: (Int, Failure?).self) { group in
      for (i, start) in starts.enumerated() {
        group.addTask { (i, try await failure(of: start.program, start.arguments)) }
      }
      var failures: [Int: Failure] = [:]
      for try await (i, failure) in group { failures[i] = failure }
      return failures
    }
    if let first = failures.min(by: { $0.key < $1.key }) { throw first.value }
  }

  /// Nil when the program ends well.
  private func failure(of program: String, _ arguments: [String]) async throws -> Failure? {
    let path = out.pushing(FilePath(program))
    guard host.files.exists(path) else { return Failure("\(label) was built, but it lacks \(program)") }
    let invocation = Invocation(
      path, arguments,
      environment: [
        "PATH": "/usr/bin:/bin", "HOME": host.user.home.string, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8",
      ])
    let done = try await host.processes.run(invocation)
    guard !done.succeeded else { return nil }
    let command = ([program] + arguments).joined(separator: " ")
    var diagnostic = Diagnostic(
      .error, "\(label) was built, but does not work: \(command) ended with status \(done.status)")
    let text = done.errorText.contains { !$0.isWhitespace } ? done.errorText : done.outputText
    let last = text.split(separator: "\n").suffix(12).joined(separator: "\n")
    if !last.isEmpty { diagnostic.excerpt = last }
    return Failure([diagnostic])
  }

  /// Compares installed files with the RECORD files of their wheels.
  private func record(_ folder: String, _ contents: Contents) throws {
    guard !Record.records(in: contents, below: folder).isEmpty else {
      throw Failure("\(label) was built, but \(folder.isEmpty ? "it" : folder) holds no package")
    }
    let wrong = try Record.discrepancies(
      in: contents, below: folder, root: out, files: host.files, refusesOutside: true)
    guard let first = wrong.min() else { return }
    throw Damage(label: label, first: first, count: wrong.count)
  }
}

/// What was built is not what its packages say: the installer's cache gave other bytes.
struct Damage: Error {
  var label: String
  var first: Discrepancy
  var count: Int

  /// - Parameter hint: what to do about it.
  func failure(hint: String) -> Failure {
    let others = count > 1 ? ", and \(count - 1) more" : ""
    return Failure("\(label) was built, but \(first)\(others)", hint: hint)
  }
}
