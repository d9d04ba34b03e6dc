import OutfitCore
import OutfitEngine
import OutfitSystem
import SystemPackage

/// Git in the repository whose hooks run, with the variables that it was started with.
struct RepositoryGit: Sendable {
  let folders: GitFolders
  var host: Host

  /// The index that the hooks are about: `git commit -a` has another than that of the repository.
  var index: FilePath {
    guard let given = host.environment["GIT_INDEX_FILE"], !given.isEmpty else {
      return folders.directory.appending("index")
    }
    return folders.workTree.pushing(FilePath(given))
  }

  /// - Throws: `Failure` with git's own words when it fails.
  func run(
    _ arguments: [String], input: [UInt8] = [], setting: [String: String] = [:]
  ) async throws -> [UInt8] {
    let done = try await complete(arguments, input: input, setting: setting)
    guard done.succeeded else {
      let words = done.errorText.split(separator: "\n").suffix(3).joined(separator: "; ")
      throw Failure("git \(arguments.first { !$0.hasPrefix("-") } ?? "") failed: \(words)")
    }
    return done.output
  }

  func complete(
    _ arguments: [String], input: [UInt8] = [], setting: [String: String] = [:]
  ) async throws -> Completion {
    var environment = host.environment.merging(setting) { $1 }
    environment["LC_ALL"] = "C"
    environment["GIT_TERMINAL_PROMPT"] = "0"
    return try await host.processes.run(
      Invocation(
        try program(), ["--no-optional-locks", "--literal-pathspecs"] + arguments, environment: environment,
        workingDirectory: folders.workTree, standardInput: input.isEmpty ? .none : .bytes(input)))
  }

  private func program() throws -> FilePath {
    let path = host.environment["PATH"] ?? "/usr/bin:/bin"
    let places = path.split(separator: ":").map { FilePath(String($0)) }.filter(\.isAbsolute)
    let found = places.map { $0.appending("git") }.first { program in
      ((try? host.files.status(program, followLinks: true)) ?? nil).map { $0.mode & 0o111 != 0 } ?? false
    }
    guard let found else { throw Failure("there is no git on PATH", hint: "install git") }
    return found
  }

  /// Git's own output with zero bytes between the fields.
  static func fields(_ output: [UInt8]) -> [ArraySlice<UInt8>] {
    output.split(separator: 0, omittingEmptySubsequences: true)
  }
}
