import OutfitEngine
import OutfitSystem
import Support
import SystemPackage
import Testing

@testable import OutfitHooks

struct WorkRecordTests {
  private var record: WorkRecord {
    var record = WorkRecord(
      token: "t", mark: String(repeating: "0f", count: 16), time: 1_800_000_000, type: "pre-commit",
      head: "abc",
      variables: ["GIT_DIR": "/elsewhere"])
    let file = WorkContent.File(
      bytes: [0, 10, 255], mode: 0o755, modified: 5, attributes: ["user.note": [1, 2]])
    record.entries = [
      WorkRecord.Entry(path: WorkPath("a/b c"), content: .file(file), isIndexed: true),
      WorkRecord.Entry(path: WorkPath([0x6C, 0xE9]), content: .absent, isIndexed: true),
      WorkRecord.Entry(path: WorkPath("l\n"), content: .link(to: "../x", modified: -1), isIndexed: true),
      WorkRecord.Entry(path: WorkPath("d"), content: .moved, isIndexed: false),
    ]
    record.missingFolders = [WorkPath("a")]
    record.staged = [WorkRecord.Staged(path: WorkPath("s"), mode: "100644", object: "00ff", stored: [7])]
    record.dropped = [WorkRecord.Entry(path: WorkPath("a/b c"), content: .absent, isIndexed: true)]
    record.index = [1, 2, 3]
    return record
  }

  @Test func whatIsWrittenIsReadAgain() throws {
    #expect(try WorkRecord(record.encoded) == record)
    #expect(record.identifier.count == 8)
  }

  @Test func whatIsCutOrChangedIsRefused() throws {
    let bytes = record.encoded
    for length in bytes.indices {
      #expect(throws: WorkRecord.Problem.damaged) { try WorkRecord(Array(bytes[..<length])) }
    }
    var newer = bytes
    newer[17] = UInt8(ascii: "2")
    #expect(throws: WorkRecord.Problem.newer) { try WorkRecord(newer) }
    // Whatever is changed, nothing crashes.
    var dice = SplitMix(seed: 5)
    for _ in 0..<3000 {
      var other = bytes
      for _ in 0..<Int.random(in: 1...3, using: &dice) {
        other[Int.random(in: other.indices, using: &dice)] = UInt8.random(in: 0...255, using: &dice)
      }
      _ = try? WorkRecord(other)
    }
  }

  @Test func noPathLeadsOutOfTheWorkTree() {
    for path in [
      "", "/etc/passwd", "../x", "a/../../x", "a//b", ".git/config", "a/.GIT/hooks/x", "a\0b", "./a",
    ] {
      #expect(!WorkPath(path).isSafe, "\(path)")
      var other = record
      other.entries[0].path = WorkPath(path)
      #expect(throws: WorkRecord.Problem.damaged) { try WorkRecord(other.encoded) }
    }
    for path in ["a", ".gitignore", "a/b.git/c", "a b/-c", "..a/...b"] {
      #expect(WorkPath(path).isSafe, "\(path)")
    }
    #expect(WorkPath("a/b/c").folders == [WorkPath("a"), WorkPath("a/b")])
  }
}

struct IndexStateTests {
  private let zero = String(repeating: "0", count: 40)

  private func state(_ lines: String...) -> IndexState {
    IndexState(Array(lines.map { $0 + "\0" }.joined().utf8))
  }

  @Test func statusIsReadAsGitWritesIt() {
    let state = state(
      "# branch.oid abc123", "# branch.head main", "1 M. N... 100644 100644 100644 a1 b1 both words.txt",
      "1 .M N... 100644 100644 100644 a1 a1 tree.txt", "1 MM N... 100644 100755 100644 a1 b2 two",
      "1 D. N... 100644 000000 000000 a1 \(zero) gone", "1 .D N... 100644 100644 000000 a1 a1 -dash",
      "1 .A N... 000000 000000 100644 \(zero) \(zero) intended",
      "1 A. S... 000000 160000 160000 \(zero) c1 sub", "1 .M SC.. 160000 160000 160000 c1 c1 moved",
      "u UU N... 100644 100644 100644 100644 a1 b1 c1 in conflict")
    #expect(state.head == "abc123")
    #expect(state.staged.map(\.path.text) == ["both words.txt", "two", "gone", "sub"])
    #expect(state.staged.map(\.mode) == ["100644", "100755", "0", "160000"])
    #expect(state.unstaged.map(\.text) == ["tree.txt", "two", "-dash"])
    #expect(state.intended.map(\.text) == ["intended"])
    #expect(state.files.map(\.text) == ["both words.txt", "two", "sub"], "a hook may forbid submodules")
    #expect(throws: (any Error).self) { try state.refuseUnmerged() }
  }

  @Test func aRepositoryWithoutCommitsHasNoHead() {
    #expect(state("# branch.oid (initial)").head == "")
    #expect(IndexState(Array("nonsense\0\0 \0".utf8)) == IndexState([]))
  }
}

struct WorkMergeTests {
  private func file(_ text: String, _ mode: UInt16 = 0o644) -> WorkContent {
    .file(WorkContent.File(bytes: Array(text.utf8), mode: mode, modified: 1))
  }

  private func merged(_ text: String, _ mode: UInt16 = 0o644) -> WorkMerge {
    .merged(WorkContent.File(bytes: Array(text.utf8), mode: mode, modified: 1))
  }

  private func merge(_ work: WorkContent, _ now: WorkContent, _ index: WorkContent) -> WorkMerge {
    WorkMerge(work: work, now: now, index: index)
  }

  @Test func whatNobodyTouchedComesBack() {
    #expect(merge(file("mine"), file("index"), file("index")) == .back)
    #expect(merge(.absent, file("index"), file("index")) == .back)
    #expect(merge(.link(to: "a", modified: 2), file("index"), file("index")) == .back)
    #expect(merge(file("mine"), .absent, file("index")) == .back, "a hook took it away")
    #expect(merge(file("mine"), file("mine"), file("index")) == .stays)
    #expect(merge(.absent, .absent, file("index")) == .stays)
  }

  @Test func bothChangesMeet() {
    #expect(merge(file("mine"), file("fixed"), file("index")) == .texts(mode: 0o644))
    #expect(merge(file("mine"), file("index", 0o755), file("index")) == merged("mine", 0o755))
    #expect(merge(file("index", 0o755), file("fixed"), file("index")) == merged("fixed", 0o755))
    #expect(
      merge(file("mine", 0o755), file("index"), file("index", 0o755)) == merged("mine", 0o644))
  }

  @Test func whatCanNotMeetIsTheUsers() {
    #expect(merge(.absent, file("fixed"), file("index")) == .drop)
    #expect(merge(.link(to: "a", modified: 1), file("fixed"), file("index")) == .drop)
    #expect(merge(file("mine"), .link(to: "a", modified: 1), file("index")) == .drop)
  }

  @Test func anEditorsSaveHasTheWorkInIt() {
    func has(_ work: String, _ now: String, _ index: String) -> Bool {
      WorkMerge.hasAll(of: Array(work.utf8), in: Array(now.utf8), beyond: Array(index.utf8))
    }
    #expect(has("a\nmine\n", "a\nmine\nmore\n", "a\n"))
    #expect(!has("a\nmine\n", "A\n", "a\n"))
    #expect(!has("a\nmine\nours\n", "a\nmine\n", "a\n"))
    // Lines were only taken out.
    #expect(has("a\n", "A\n", "a\nb\n"))
    #expect(!has("a\n", "a\nB\nb\n", "a\nb\n"))
    #expect(!has("a\n\n", "B\n", "a\n"), "an empty line says nothing")
  }
}

struct GitVariablesTests {
  private let git = GitFolders(workTree: "/shop", common: "/shop/.git")

  private func left(_ variables: [String: String], _ folder: FilePath = "/shop") -> [String: String] {
    let host = Host.test(environment: variables, workingDirectory: folder)
    return GitVariables.withoutNeedless(variables, git, host)
  }

  @Test func whatGitFindsByItselfIsNotSaid() {
    #expect(
      left([
        "GIT_DIR": ".git", "GIT_WORK_TREE": ".", "GIT_INDEX_FILE": ".git/index.lock", "GIT_PREFIX": "",
        "GIT_AUTHOR_NAME": "Ada",
      ]) == ["GIT_AUTHOR_NAME": "Ada"])
    #expect(left(["GIT_DIR": "/shop/.git", "GIT_INDEX_FILE": "/elsewhere/index"]).isEmpty)
    #expect(left(["GIT_DIR": ".."], "/shop/.git/hooks").isEmpty)
  }

  @Test func whatDiffersStays() {
    let other = ["GIT_DIR": "/other/.git", "GIT_WORK_TREE": "/other", "GIT_PREFIX": "sub/"]
    #expect(left(other) == other)
  }
}
