/// What a prompt may say of the git repository that one stands in, asked of git itself within a budget.
///
/// The answer is one line: branch, commits ahead, behind, staged, changed, untracked and conflicting files, stashes,
/// what goes on (`merge`, `rebase`, `am`; `-` for nothing), and how good it is, with tabs between: `fresh`, `old`, or
/// `unknown`, where git was too slow and the branch is all that is known.
///
/// Nothing that a repository configures is run: no monitor, no filter, no remote helper. Where its own configuration
/// names filters or includes other files, or can't be read as git would read it, git is not asked at all. Git is kept
/// to the repository that was looked at: it would pass over a `.git` that is none, and take one further up.
struct GitState {
  private let dispatcher: Dispatcher
  private let own: Bytes

  /// Milliseconds that git may take, whoever waits for it.
  static let budget: Int32 = 2000

  /// Stands for a wait in the launcher's own call of itself.
  static let late: Int32 = -1

  init(_ dispatcher: Dispatcher, own: Bytes) {
    self.dispatcher = dispatcher
    self.own = own
  }

  /// - Parameters:
  ///   - wait: Milliseconds; nil for the whole budget. An answer that comes later is kept for the next call.
  ///   - kept: The file that the answer is kept in.
  /// - Returns: nothing outside of a repository.
  func line(wait: Int32?, kept: Bytes?) -> Bytes {
    guard let repository = Outside.workingDirectory().flatMap(Repository.init(around:)) else { return [] }
    guard let wait, wait != GitState.late else {
      guard let kept else { return answer(repository) }
      guard let lock = Outside.lock(kept + Bytes(".lock".utf8)) else { return [] }
      let line = answer(repository)
      Outside.replace(kept, with: line)
      Outside.close(lock)
      return line
    }
    let folder = dispatcher.data + Bytes("/prompt".utf8)
    Outside.makeFolder(folder)
    let file = folder + [Ascii.slash] + TablePlace.name(ofRoot: repository.top)
    let late = Bytes("git-state".utf8)
    if !Outside.isLocked(file + Bytes(".lock".utf8)),
      let output = Outside.output(
        of: own, [late, Bytes("-1".utf8), file], deadline: wait, isDetached: true, kills: false),
      output.last == Ascii.newline
    {
      return output
    }
    // What was so a while ago; its last field says that it is not fresh.
    if case .bytes(let old) = Outside.contents(of: file, limit: 4096), old.last == Ascii.newline,
      let end = old.lastIndex(of: Ascii.tab)
    {
      return old[...end] + Bytes("old\n".utf8)
    }
    return Status(repository.branch).line("unknown")
  }

  /// Asks git.
  private func answer(_ repository: Repository) -> Bytes {
    var status = Status(repository.branch)
    status.action = repository.action
    guard repository.isPlain, Outside.variable("GIT_DIR") == nil,
      let git = SearchPath(data: dispatcher.data, variable: Outside.variable).programs(Bytes("git".utf8))
        .first(where: { _ in true })
    else { return status.line("unknown") }
    let arguments = [
      "--no-optional-locks", "-c", "core.fsmonitor=false", "-c", "safe.bareRepository=explicit", "-c",
      "core.untrackedCache=false", "status", "--porcelain=v2", "--branch", "--show-stash",
      "--ignore-submodules=dirty",
    ]
    let variables =
      [
        "GIT_OPTIONAL_LOCKS=0", "GIT_ALLOW_PROTOCOL=none", "GIT_NO_LAZY_FETCH=1", "GIT_TERMINAL_PROMPT=0",
        "LC_ALL=C",
      ].map { Bytes($0.utf8) } + repository.bounds
    guard
      let output = Outside.output(
        of: git, arguments.map { Bytes($0.utf8) }, adding: variables, deadline: GitState.budget)
    else { return status.line("unknown") }
    for line in Lines(output) { status.take(line) }
    return status.line("fresh")
  }

  /// What `git status --porcelain=v2 --branch` says, counted.
  struct Status {
    var branch: Bytes
    var ahead = 0
    var behind = 0
    var staged = 0
    var changed = 0
    var untracked = 0
    var conflicts = 0
    var stashes = 0
    var action: StaticString = ""

    init(_ branch: Bytes) { self.branch = branch }

    mutating func take(_ line: ArraySlice<UInt8>) {
      let words = line.prefix(400).split(separator: Ascii.space)
      guard let kind = words.first, words.count > 1 else { return }
      if kind.equals("#") {
        func number(_ index: Int) -> Int {
          index < words.count ? words[index].reduce(0) { Ascii.isDigit($1) ? $0 * 10 + Int($1 & 15) : $0 } : 0
        }
        if words[1].equals("branch.ab") { (ahead, behind) = (number(2), number(3)) }
        if words[1].equals("stash") { stashes = number(2) }
      } else if kind.equals("?") {
        untracked += 1
      } else if kind.equals("u") {
        conflicts += 1
      } else if kind.equals("1") || kind.equals("2"), words[1].count == 2 {
        if words[1].first != Ascii.dot { staged += 1 }
        if words[1].last != Ascii.dot { changed += 1 }
      }
    }

    func line(_ quality: StaticString) -> Bytes {
      var fields = [branch.isEmpty ? [Ascii.dash] : Activation.harmless(branch)]
      for number in [ahead, behind, staged, changed, untracked, conflicts, stashes] {
        fields.append(Bytes(String(number).utf8))
      }
      fields.append(action.withUTF8Buffer { $0.isEmpty ? [Ascii.dash] : Bytes($0) })
      fields.append(quality.withUTF8Buffer { Bytes($0) })
      return Bytes(fields.joined(separator: [Ascii.tab])) + [Ascii.newline]
    }
  }

  /// A repository as its files show it, without asking git.
  struct Repository {
    /// The folder with `.git` in it.
    let top: Bytes
    /// The repository's own folder, and the one that its worktrees share.
    private let folder: Bytes
    private let common: Bytes

    init?(around start: Bytes) {
      for place in Ancestors(of: start) {
        let git = place.withSlash + Bytes(".git".utf8)
        guard let found = Outside.identity(of: Bytes(git)) else { continue }
        top = Bytes(place.path)
        if found.isDirectory {
          folder = Bytes(git)
        } else {
          guard case .bytes(let text) = Outside.contents(of: Bytes(git), limit: 4096),
            text.starts(with: "gitdir: ")
          else { return nil }
          let path = Repository.path(text.dropFirst(8))
          folder = path.first == Ascii.slash ? path : Bytes(place.withSlash) + path
        }
        guard case .bytes(let text) = Outside.contents(of: folder + Bytes("/commondir".utf8), limit: 4096)
        else {
          common = folder
          return
        }
        let path = Repository.path(text[...])
        common = path.first == Ascii.slash ? path : folder + [Ascii.slash] + path
        return
      }
      return nil
    }

    /// As git reads a path from a file: all but the line's end.
    private static func path(_ text: ArraySlice<UInt8>) -> Bytes {
      var text = text
      while text.last == Ascii.newline || text.last == UInt8(ascii: "\r") { text.removeLast() }
      return Bytes(text)
    }

    private var above: Bytes { OutfitDispatch.folder(of: top) ?? Bytes("/".utf8) }

    /// Variables that keep git from looking further up than to this repository, and from another configuration.
    var bounds: [Bytes] {
      [Bytes("GIT_CEILING_DIRECTORIES=".utf8) + above, Bytes("GIT_COMMON_DIR=".utf8) + common]
    }

    private func text(_ name: StaticString, in folder: Bytes) -> Bytes? {
      let path = folder + [Ascii.slash] + name.withUTF8Buffer { Bytes($0) }
      guard case .bytes(let text) = Outside.contents(of: path, limit: 1 << 20) else { return nil }
      return text
    }

    /// The branch, the one that a rebase will move, or the beginning of the commit.
    var branch: Bytes {
      let head = text("HEAD", in: folder).flatMap { Lines($0).first(where: { _ in true }) } ?? []
      if head.starts(with: "ref: refs/heads/") { return Bytes(head.dropFirst(16)) }
      let rebases: [StaticString] = ["rebase-merge/head-name", "rebase-apply/head-name"]
      for file in rebases {
        guard let line = text(file, in: folder).flatMap({ Lines($0).first(where: { _ in true }) }) else {
          continue
        }
        if line.starts(with: "refs/heads/") { return Bytes(line.dropFirst(11)) }
      }
      return Bytes(head.prefix(9))
    }

    var action: StaticString {
      let signs: [(StaticString, StaticString)] = [
        ("rebase-merge", "rebase"), ("rebase-apply/applying", "am"), ("rebase-apply", "rebase"),
        ("MERGE_HEAD", "merge"),
        ("CHERRY_PICK_HEAD", "cherry-pick"), ("REVERT_HEAD", "revert"), ("BISECT_LOG", "bisect"),
      ]
      for (file, name) in signs
      where Outside.exists(folder + [Ascii.slash] + file.withUTF8Buffer { Bytes($0) }) {
        return name
      }
      return ""
    }

    /// Its configuration names no program that `git status` would run, and no other file that could.
    var isPlain: Bool {
      guard let config = text("config", in: common), text("HEAD", in: folder) != nil,
        // A list of folders is what would be made of it.
        !above.contains(Ascii.colon)
      else { return false }
      let extra = text("config.worktree", in: folder)
      guard extra != nil || !Outside.exists(folder + Bytes("/config.worktree".utf8)) else { return false }
      for text in [config, extra ?? []] {
        let lower = text.map { $0 >= UInt8(ascii: "A") && $0 <= UInt8(ascii: "Z") ? $0 | 0x20 : $0 }
        for index in lower.indices where lower[index] == UInt8(ascii: "[") {
          let section = lower[(index + 1)...].drop(while: Ascii.isBlank)
          if section.starts(with: "filter") || section.starts(with: "include") { return false }
        }
      }
      return true
    }
  }
}
