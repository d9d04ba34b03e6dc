import OutfitCore
import OutfitSystem
import Support
import SystemPackage
import Testing

@Suite struct ProcessesTests {
  private let processes: any Processes
  private let scratch: ScratchFolder

  init() throws {
    scratch = try ScratchFolder()
    processes = scratch.host.processes
  }

  private func shell(_ script: String, input: Invocation.Input = .none) -> Invocation {
    Invocation(
      "/bin/sh", ["-c", script], environment: ["PATH": "/usr/bin:/bin", "GIVEN": "value"],
      workingDirectory: scratch.path, standardInput: input)
  }

  @Test func statusAndOutputAreKept() async throws {
    let done = try await processes.run(shell("printf out; printf err >&2; exit 3"))
    #expect(done == Completion(status: 3, output: Array("out".utf8), errors: Array("err".utf8)))
    #expect(try await processes.run(shell("kill -9 $$")).status == 137)
  }

  @Test func theChildSeesOnlyWhatItIsGiven() async throws {
    let done = try await processes.run(
      Invocation("/usr/bin/env", [], environment: ["GIVEN": "value"], workingDirectory: scratch.path))
    #expect(done.outputText == "GIVEN=value\n")
    #expect(try await processes.run(shell("pwd -P")).outputText == "\(scratch.path)\n")
  }

  @Test func inputIsWrittenAndMuchOutputIsRead() async throws {
    let bytes = [UInt8](repeating: 7, count: 1_000_000)
    let done = try await processes.run(shell("cat; head -c 300000 /dev/zero >&2", input: .bytes(bytes)))
    #expect(done.output == bytes)
    #expect(done.errors.count == 300_000)
    #expect(try await processes.run(shell("cat")).output.isEmpty)
  }

  @Test func aProgramThatIsNotThereIsAFailure() async throws {
    let failure = await #expect(throws: Failure.self) {
      try await processes.run(Invocation("/nowhere/program", [], environment: [:]))
    }
    #expect(failure?.diagnostics.first?.message == "can't run /nowhere/program: there is no such program")
  }

  @Test func aChildRunsInAGroupOfItsOwn() async throws {
    let ours = try await processes.run(shell("ps -o pgid= -p $$; echo $$")).outputText
    let numbers = ours.split(whereSeparator: \.isWhitespace)
    guard numbers.count == 2 else { return }
    #expect(numbers[0] == numbers[1])
  }

  /// Who would ask a person on the terminal of a run fails instead of being stopped.
  @Test func aChildRunsInASessionOfItsOwn() async throws {
    let ours = try await processes.run(shell("ps -o sid= -p $$; echo $$")).outputText
    let numbers = ours.split(whereSeparator: \.isWhitespace)
    guard numbers.count == 2 else { return print("SKIPPED: there is no ps") }
    #expect(numbers[0] == numbers[1])
  }

  @Test(.timeLimit(.minutes(15))) func cancellationEndsTheWholeGroup() async throws {
    let script = "sh -c 'trap \"\" TERM; echo $$ > inner; sleep 60' & echo $$ > outer; wait"
    let invocation = shell(script)
    let task = Task { [processes] in try await processes.run(invocation) }
    let inner = scratch.path.appending("inner")
    while try scratch.host.files.text(inner)?.hasSuffix("\n") != true {
      try await Task.sleep(for: .milliseconds(20))
    }
    let pid = try #require(try scratch.host.files.text(inner)).filter(\.isNumber)
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    var left = true
    for _ in 0..<100 where left {
      left = try await processes.run(shell("kill -0 \(pid) 2>/dev/null")).status == 0
      if left { try await Task.sleep(for: .milliseconds(20)) }
    }
    #expect(!left)
  }
}
