import OutfitCore
import OutfitEngine
import OutfitSystem
import SystemPackage

/// Which files the hooks look at.
struct HookFiles {
  /// As the engine is told of it.
  enum Selection: Hashable, Sendable {
    /// Names with zero bytes between them.
    case listed([UInt8])
    case allFiles
    case named([String])
    /// The engine asks git itself: it alone takes a link that leads nowhere.
    case engine
  }

  let git: RepositoryGit

  /// What a push sends of one reference.
  func selected(by reference: PushedCommits.Reference) async throws -> Selection {
    .listed(list(try await PushedCommits(git: git).files(of: reference)))
  }

  /// - Parameter state: What is staged, where the run is about that.
  func selected(by run: HookRun, _ state: IndexState? = nil) async throws -> Selection {
    switch run.selection {
    case .allFiles: return .allFiles
    case .files(let files): return .named(files)
    case .commits(let from, let to):
      return .listed(list(try await changed(from: from, to: to ?? "HEAD")))
    case .git:
      guard run.looksAtFiles else { return .listed([]) }
      var known = state
      if known == nil { known = try await IndexState.read(git) }
      let state = known ?? IndexState([])
      let paths = try await isMerging ? merged(state) : state.files
      if state.intended.isEmpty, git.index == git.folders.directory.appending("index"),
        paths.contains(where: leadsNowhere)
      {
        return .engine
      }
      return .listed(list(paths))
    }
  }

  /// What a range of commits changed, and what is there yet.
  private func changed(from: String, to: String) async throws -> [WorkPath] {
    for name in [from, to] where name.hasPrefix("-") || name.isEmpty {
      throw Failure("\(name) is no commit", status: .usage)
    }
    let done = try await git.complete([
      "diff", "--name-only", "-z", "--no-ext-diff", "--no-renames", "--ignore-submodules=dirty",
      "--diff-filter=d", "\(from)...\(to)", "--",
    ])
    guard done.succeeded else {
      let words = done.errorText.split(separator: "\n").first.map(String.init) ?? "git said nothing"
      throw Failure(
        "the commits from \(from) to \(to) can't be compared: \(words)",
        hint: "`git log --oneline -1 \(from)` shows whether it is here; a shallow clone has few",
        status: .usage)
    }
    return RepositoryGit.fields(done.output).map { WorkPath($0) }
  }

  private var isMerging: Bool {
    ["MERGE_HEAD", "MERGE_MSG"].allSatisfy { git.host.files.exists(git.folders.directory.appending($0)) }
  }

  /// Of a merge, what had conflicts and what is neither side's: not all that the other side brings.
  private func merged(_ state: IndexState) async throws -> [WorkPath] {
    let tree = String(decoding: try await git.run(["write-tree"]), as: UTF8.self).filter { !$0.isWhitespace }
    let output = try await git.run([
      "diff", "--name-only", "--no-ext-diff", "-z", "-m", tree, "HEAD", "MERGE_HEAD", "--",
    ])
    var paths = Set(RepositoryGit.fields(output).map { WorkPath($0) })
    let message = try git.host.files.text(git.folders.directory.appending("MERGE_MSG")) ?? ""
    for line in message.split(separator: "\n") where line.hasPrefix("#\t") || line.hasPrefix("\t") {
      paths.insert(WorkPath(String(line.drop { $0 == "#" || $0 == "\t" })))
    }
    return state.files.filter(paths.contains)
  }

  private func leadsNowhere(_ path: WorkPath) -> Bool {
    let place = path.below(git.folders.workTree)
    guard let status = try? git.host.files.status(place, followLinks: false), status.kind == .link else {
      return false
    }
    return !git.host.files.exists(place)
  }

  private func list(_ paths: [WorkPath]) -> [UInt8] {
    let present = paths.filter { git.host.files.exists($0.below(git.folders.workTree)) }
    return Array(present.map(\.bytes).joined(separator: [0]))
  }
}

extension HookFiles.Selection {
  /// A name may be taken for an option, as far as is known.
  var mayHaveDashes: Bool {
    switch self {
    case .listed(let bytes):
      bytes.split(separator: 0).contains { $0.first == UInt8(ascii: "-") }
    case .allFiles, .named, .engine: true
    }
  }
}
