import OutfitCore
import OutfitSystem
import SystemPackage

/// What git has of a project's files. It only reads objects: nothing that a repository's configuration names runs, and
/// nothing is fetched.
struct ProjectHistory {
  let host: Host
  let root: FilePath

  /// YAML files of the last commit, and those named that it has no more as they last were; empty where there is no
  /// repository, or no git.
  func files(in folders: [String], and names: [String]) async throws -> [(path: String, text: String)] {
    guard let program, try await git(program, ["rev-parse", "--verify", "--quiet", "HEAD"]) != nil else {
      return []
    }
    let listed = try await git(
      program, ["ls-tree", "-r", "-z", "--name-only", "HEAD", "--"] + folders + names)
    var places = (listed ?? "").split(separator: "\0").map(String.init)
      .filter { $0.hasSuffix(".yaml") || $0.hasSuffix(".yml") }.map { (path: $0, object: "HEAD:./\($0)") }
    for name in names where !places.contains(where: { $0.path == name }) {
      guard let commit = try await git(program, ["rev-list", "-n", "1", "HEAD", "--", name]), !commit.isEmpty
      else { continue }
      places += ["^1", "^2"].map { (name, "\(commit.prefix(40))\($0):./\(name)") }
    }
    let wanted = places.filter { !$0.object.contains("\n") }
    let input = wanted.map { $0.object + "\n" }.joined()
    guard !wanted.isEmpty,
      let output = try await git(program, ["cat-file", "--batch"], input: Array(input.utf8))
    else { return [] }
    return zip(wanted, Self.objects(output)).compactMap { place, text in text.map { (place.path, $0) } }
  }

  /// What `git cat-file --batch` says of each object: `<name> blob <size>` and its bytes, or one line that it is missing.
  static func objects(_ output: String) -> [String?] {
    var rest = Array(output.utf8)[...]
    var objects: [String?] = []
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
      let words = String(decoding: rest[..<end], as: UTF8.self).split(separator: " ")
      rest = rest[(end + 1)...]
      guard words.count == 3, let size = Int(words[2]), size <= rest.count else {
        objects.append(nil)
        continue
      }
      objects.append(words[1] == "blob" ? String(decoding: rest.prefix(size), as: UTF8.self) : nil)
      rest = rest.dropFirst(size + 1)
    }
    return objects
  }

  private var program: FilePath? {
    ["/usr/bin/git", "/usr/local/bin/git", "/opt/homebrew/bin/git"].first { host.files.exists($0) }
  }

  private func git(
    _ program: FilePath, _ words: [String], input: [UInt8]? = nil
  ) async throws -> String? {
    var environment = host.environment.filter { !$0.key.hasPrefix("GIT_") }
    // A clone that lacks objects would fetch them, by whatever program its configuration names.
    environment.merge(["GIT_ALLOW_PROTOCOL": "", "GIT_NO_LAZY_FETCH": "1", "GIT_OPTIONAL_LOCKS": "0"]) { $1 }
    let done = try await host.processes.run(
      Invocation(
        program, ["--literal-pathspecs", "-c", "safe.directory=*", "-c", "core.fsmonitor=false"] + words,
        environment: environment, workingDirectory: root,
        standardInput: input.map { .bytes($0) } ?? .none))
    return done.succeeded ? done.outputText : nil
  }
}
