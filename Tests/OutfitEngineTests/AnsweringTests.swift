import OutfitConsent
import OutfitCore
import OutfitProfile
import OutfitSystem
import Support
import SystemPackage
import Testing

@testable import OutfitEngine

@Suite struct AnsweringTests {
  private let files = MemoryFiles.withHome()
  private let processes = ScriptedProcesses()
  private let fetcher = ScriptedFetching()
  private let host: Host
  private let store: Store

  init() {
    host = .test(files: files, processes: processes)
    store = Store(host)
  }

  private enum Mode { case live, offline, dry }

  private func answering(_ mode: Mode) -> Answering {
    let sources = SourceDigests(.machine, host: host)
    if mode == .dry { return Answering(reading: host, fetcher: fetcher, sources: sources) }
    let consented = Consented.generation(.machine)
    return Answering(
      consented, host: host,
      builder: Builder(
        consented, host: host, store: store, fetcher: fetcher, progress: NoProgress(),
        isOffline: mode == .offline),
      fetcher: fetcher, progress: NoProgress(), isOffline: mode == .offline, sources: sources)
  }

  private func answer(_ query: Query, _ mode: Mode = .live) async throws -> Answer? {
    try await answering(mode).answers(to: [query])[query]
  }

  private func context() -> Context {
    Context(
      profile: Profile(scope: .machine, name: "x", layers: []), lock: Lock(), facts: Facts(),
      platform: host.platform, root: "/home/ann", store: store.root, bin: host.places.bin, environment: [:])
  }

  @Test func filesAreRead() async throws {
    files.put("/p/a", "text", mode: 0o600)
    files.put("/p/d/b", "x", mode: 0o755)
    files.putLink("/p/l", to: "a")
    #expect(try await answer(.contents("/p/a")) == .contents(Array("text".utf8)))
    #expect(try await answer(.contents("/p/none")) == .absent)
    #expect(try await answer(.tree("/p/none")) == .absent)
    #expect(try await answer(.status("/p/none")) == .absent)
    #expect(
      try await answer(.tree("/p"))
        == .tree([
          TreeEntry("a", .file(Array("text".utf8), mode: 0o600)), TreeEntry("d", .directory(mode: 0o755)),
          TreeEntry("d/b", .file(Array("x".utf8), mode: 0o755)), TreeEntry("l", .link("a")),
        ]))
    guard case .status(let status) = try await answer(.status("/p/l")) else {
      Issue.record("no status")
      return
    }
    #expect(status.kind == .link)
    #expect(try await answer(.tree("/p/a")) == .failed(Diagnostic(.error, "/p/a is no folder")))
    files.put("/p/closed", "x", mode: 0)
    guard case .failed(let diagnostic) = try await answer(.contents("/p/closed")) else {
      Issue.record("it was read")
      return
    }
    #expect(diagnostic.message.hasPrefix("can't read /p/closed: "))
  }

  @Test func documentsComeFromTheNetworkOnlyWhenItMayBeAsked() async throws {
    let query = Query.document(["https://a.example/index?token=x", "file:///mirror/index"])
    fetcher.give("file:///mirror/index", "here")
    #expect(try await answer(query, .offline) == .document(Array("here".utf8), from: "file:///mirror/index"))
    #expect(fetcher.asked == ["file:///mirror/index"])
    guard
      case .failed(let diagnostic) = try await answer(.document(["https://a.example/index?token=x"]), .dry)
    else {
      Issue.record("it was asked for")
      return
    }
    #expect(diagnostic.message == "https://a.example/index was not asked for, because this is a dry run")
    #expect(diagnostic.hint == "`outfit up` finds it out")
  }

  private func inquiry(needsNetwork: Bool = true, _ label: String = "resolving black") -> Inquiry {
    let engine = Object(
      name: "uv", label: "uv", recipe: .tree([TreeEntry("bin/uv", .file([], mode: 0o755))]), store: store.root
    )
    return Inquiry(
      label: label, objects: [engine], files: ["in.txt": Array("black".utf8)],
      steps: [
        Step(
          .object(engine.id, "bin/uv"), ["compile", .scratch("in.txt")], needsNetwork: needsNetwork,
          outputFile: "out/lock.txt")
      ], collect: ["out/*.txt", "made", "none"], needsNetwork: needsNetwork)
  }

  @Test func anInquiryBuildsItsEngineRunsAndCollects() async throws {
    processes.on(
      { $0.program.lastComponent == "uv" },
      { [files] invocation in
        try files.createDirectory(invocation.workingDirectory.appending("made"), mode: 0o755)
        return Completion(status: 0, output: Array("pinned".utf8))
      })
    let answers = try await answering(.live).answers(to: [
      .inquiry(inquiry()), .inquiry(inquiry(needsNetwork: true, "resolving isort")),
    ])
    #expect(answers.count == 2)
    for answer in answers.values {
      #expect(answer == .collected(["out/lock.txt": Array("pinned".utf8), "made": []]))
    }
    #expect(store.list().count == 1)
  }

  @Test func aDryRunRunsAndWritesNothing() async throws {
    let before = files.operations
    guard case .failed(let diagnostic) = try await answer(.inquiry(inquiry(needsNetwork: false)), .dry) else {
      Issue.record("it was answered")
      return
    }
    #expect(diagnostic.message == "not done: resolving black, because this is a dry run")
    #expect(try await answer(.interpreters(.python), .dry) == .interpreters([]))
    #expect(files.operations == before)
  }

  @Test func offlineAnInquiryThatNeedsTheNetworkSaysSo() async throws {
    guard case .failed(let diagnostic) = try await answer(.inquiry(inquiry()), .offline) else {
      Issue.record("it was answered")
      return
    }
    #expect(diagnostic.message == "not done: resolving black, because this run is offline")
    #expect(store.list().isEmpty)
  }

  @Test func aFailedInquirySaysWhy() async throws {
    processes.on(
      { $0.program.lastComponent == "uv" },
      { _ in Completion(status: 1, errors: Array("no version of black fits\n".utf8)) })
    guard case .failed(let diagnostic) = try await answer(.inquiry(inquiry())) else {
      Issue.record("it was answered")
      return
    }
    #expect(diagnostic.message == "resolving black: uv compile ended with status 1")
    #expect(diagnostic.excerpt == "no version of black fits")
  }

  @Test func roundsGoOnUntilThePartIsDone() async throws {
    files.put("/p/a", "/p/b")
    files.put("/p/b", "end")
    var context = context()
    let text = try await Rounds.run(&context, answering(.live)) { context -> Round<String> in
      var path = FilePath("/p/a")
      while true {
        guard let answer = context.facts[.contents(path)] else {
          return .ask([.contents(path), .contents(path)])
        }
        guard case .contents(let bytes) = answer else { return .done("none") }
        let text = String(decoding: bytes, as: UTF8.self)
        if text == "end" { return .done(text) }
        path = FilePath(text)
      }
    }
    #expect(text == "end")
    #expect(context.facts[.contents("/p/b")] == .contents(Array("end".utf8)))
  }

  @Test func aPartThatAsksTheSameAgainIsAMistake() async throws {
    var context = context()
    let failure = await #expect(throws: Failure.self) {
      try await Rounds.run(&context, answering(.live)) { _ -> Round<Int> in .ask([.contents("/none")]) }
    }
    #expect(failure?.diagnostics.first?.hint == "it asks for /none")
  }
}
