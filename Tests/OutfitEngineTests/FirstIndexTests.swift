import OutfitSystem
import Support
import SystemPackage
import Testing

@testable import OutfitEngine

/// The program that fetches uv, with a real pip: whom it asks where a profile has an index of its own.
@Suite struct FirstIndexTests {
  private let scratch: ScratchFolder
  private let wheel: [UInt8]

  init() async throws {
    scratch = try ScratchFolder()
    let script = """
      import sys, zipfile
      info = "words-1.0.dist-info/"
      with zipfile.ZipFile(sys.argv[1], "w") as wheel:
          wheel.writestr("words.py", "")
          wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: words\\nVersion: 1.0\\n")
          wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
          wheel.writestr(info + "RECORD", "")
      """
    let path = scratch.path.appending("words-1.0-py3-none-any.whl")
    let made = try await scratch.host.processes.run(
      Invocation("/usr/bin/env", ["python3", "-I", "-c", script, path.string], environment: [:]))
    try #require(made.succeeded, "\(made.errorText)")
    wheel = try scratch.host.files.read(path)
    try scratch.put("pip.py", Engines.pip)
  }

  private func index(has isThere: Bool) throws -> LoopbackServer {
    let wheel = wheel
    return try LoopbackServer { request in
      let page =
        "<!DOCTYPE html><html><body><a href=\"/words-1.0-py3-none-any.whl\">words-1.0-py3-none-any.whl</a></body></html>"
      guard isThere else { return .init(404) }
      return request.target.hasSuffix(".whl")
        ? .file(wheel, for: request)
        : .init(200, headers: [("Content-Type", "text/html")], body: Array(page.utf8))
    }
  }

  private func fetch(first: String, then main: String) async throws -> Completion {
    try await scratch.host.processes.run(
      Invocation(
        "/usr/bin/env",
        [
          "python3", "-I", scratch.path.appending("pip.py").string, "install", "--quiet",
          "--disable-pip-version-check", "--no-cache-dir", "--no-compile", "--no-deps", "--retries", "1",
          "--target",
          scratch.path.appending("out").string, "words",
        ],
        environment: [
          "HOME": scratch.host.user.home.string, "PATH": "/usr/bin:/bin", "PIP_INDEX_URL": main,
          "PIP_CONFIG_FILE": "/dev/null",
          Engines.firstIndexVariable: first,
        ]))
  }

  @Test func theFirstOneIsAskedAlone() async throws {
    let (first, main) = (try index(has: true), try index(has: true))
    let done = try await fetch(first: first.address + "/simple", then: main.address + "/simple")
    #expect(done.status == 0, "\(done.errorText)")
    #expect(scratch.host.files.exists(scratch.path.pushing("out/words.py")))
    #expect(main.requests.isEmpty)
  }

  @Test func thePublicOneIsAskedForWhatTheFirstHasNotGot() async throws {
    let (first, main) = (try index(has: false), try index(has: true))
    let done = try await fetch(first: first.address + "/simple", then: main.address + "/simple")
    #expect(done.status == 0, "\(done.errorText)")
    #expect(!first.requests.isEmpty && !main.requests.isEmpty)
  }

  /// Behind a firewall every try at the public one is a wait, and its failure would hide what is wrong.
  @Test func whereTheFirstDoesNotAnswerNobodyElseIsAsked() async throws {
    let closed = try LoopbackServer { _ in .init(200) }.address
    let main = try index(has: true)
    let done = try await fetch(first: closed + "/simple", then: main.address + "/simple")
    #expect(done.status != 0)
    #expect(main.requests.isEmpty)
    let lines = done.errorText.split(separator: "\n").map(String.init)
    #expect(
      PipMessage.reason(lines, environment: [:])?.hasPrefix("the index \(closed)/simple did not answer")
        == true)
  }
}
