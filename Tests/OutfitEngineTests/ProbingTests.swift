import OutfitCore
import OutfitProfile
import OutfitSystem
import Support
import SystemPackage
import Testing

@testable import OutfitEngine

@Suite struct ProbingTests {
  private let files = MemoryFiles.withHome()
  private let processes = ScriptedProcesses()

  private func host(path: String = "/usr/bin:/bin", workingDirectory: FilePath = "/home/ann") -> Host {
    .test(
      files: files, processes: processes, environment: ["PATH": path], workingDirectory: workingDirectory)
  }

  private func answer(_ version: String, missing: [String] = []) -> String {
    "implementation cpython\nversion \(version)\ndebug no\nvirtual no\n"
      + missing.map { "missing \($0)\n" }.joined()
      + "fact sqlite 3.40.1\nfact ssl OpenSSL 3.0.19 27 Jan 2026\n"
      + "end of-probe\n"
  }

  private func put(_ path: FilePath, _ version: String, missing: [String] = []) {
    files.put(path, "\u{7F}ELF", mode: 0o755)
    processes.on(path, output: answer(version, missing: missing))
  }

  @Test func pythonsAreFoundAtTheirPlacesOnce() async throws {
    put("/usr/bin/python3.11", "3.11.2", missing: ["ensurepip"])
    files.putLink("/usr/bin/python3", to: "python3.11")
    files.put("/usr/bin/python3-config", "#!/bin/sh", mode: 0o755)
    files.put("/usr/bin/python3.11-config", "#!/bin/sh", mode: 0o755)
    put("/home/ann/.pyenv/versions/3.13.5/bin/python3.13", "3.13.5")
    files.putLink("/home/ann/.pyenv/versions/3.13.5/bin/python3", to: "python3.13")
    files.putLink("/usr/local/bin/python3", to: "/home/ann/.pyenv/versions/3.13.5/bin/python3")
    put("/home/ann/.local/share/uv/python/cpython-3.12.1-linux/bin/python3.12", "3.12.1")
    put("/home/ann/.local/share/mise/installs/python/3.10.0/bin/python3.10", "3.10.0")
    put("/home/ann/.asdf/installs/python/3.9.9/bin/python3.9", "3.9.9")
    put("/home/ann/own/python3.13t", "3.13.1t")
    let found = try await Probing(host(path: "/home/ann/own:/usr/bin"), keepsResults: false).interpreters(
      .python)
    #expect(
      found.map { "\($0.version) \($0.origin)" } == [
        "3.13.5 pyenv", "3.13.1t other", "3.12.1 uv", "3.11.2 system", "3.10.0 mise", "3.9.9 asdf",
      ])
    #expect(found.first { $0.origin == .system }?.missingModules == ["ensurepip"])
    #expect(found.first?.facts == ["sqlite 3.40.1", "ssl OpenSSL 3.0.19 27 Jan 2026"])
    let invocation = try #require(processes.invocations.first)
    #expect(Array(invocation.arguments.prefix(4)) == ["-I", "-S", "-B", "-c"])
    #expect(invocation.workingDirectory == "/")
    #expect(invocation.environment == ["PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": "/"])
  }

  /// Whatever would be run here is an issue, since no child is scripted.
  @Test func nothingOfAProjectOrOfOthersIsRun() async throws {
    let program = "\u{7F}ELF"
    files.put("/home/ann/project/.git/config", "")
    files.put("/home/ann/project/bin/python3", program, mode: 0o755)
    files.put("/home/ann/venv/pyvenv.cfg", "")
    files.put("/home/ann/venv/bin/python3", program, mode: 0o755)
    files.put("/home/ann/open/python3", program, mode: 0o755)
    files.putDirectory("/home/ann/open", mode: 0o777)
    files.put("/home/ann/here/sub/python3", program, mode: 0o755)
    files.put("/home/ann/shims/python3", program, mode: 0o755)
    files.put("/home/ann/script/python3", "#!/bin/sh", mode: 0o755)
    files.put("/home/ann/plain/python3", program, mode: 0o644)
    files.put("/home/ann/writable/python3", program, mode: 0o777)
    files.put("/home/ann/.local/share/outfit/bin/python3", program, mode: 0o755)
    files.put("/home/ann/.local/share/outfit/store/x/bin/python3", program, mode: 0o755)
    let path = [
      "/home/ann/project/bin", "/home/ann/venv/bin", "/home/ann/open", "/home/ann/here/sub",
      "/home/ann/shims",
      "/home/ann/script", "/home/ann/plain", "/home/ann/writable", "/home/ann/.local/share/outfit/bin", ".",
      "bin",
      "", "/home/ann/.local/share/outfit/store/x/bin",
    ].joined(separator: ":")
    let host = host(path: path, workingDirectory: "/home/ann/here")
    #expect(try await Probing(host, keepsResults: false).interpreters(.python) == [])
    #expect(processes.invocations == [])
  }

  @Test func thePyenvOfASearchPathIsUsedWithoutItsShims() async throws {
    files.put("/opt/pyenv/.git/config", "")
    files.put("/opt/pyenv/shims/python3", "\u{7F}ELF", mode: 0o755)
    put("/opt/pyenv/versions/3.12.4/bin/python3.12", "3.12.4")
    let host = host(path: "/opt/pyenv/shims:/opt/pyenv/bin:/usr/bin")
    let found = try await Probing(host, keepsResults: false).interpreters(.python)
    #expect(found.map(\.program) == ["/opt/pyenv/versions/3.12.4/bin/python3.12"])
    #expect(found.map(\.origin) == [.pyenv])
  }

  @Test func whatDoesNotAnswerWellIsLeftOut() async throws {
    for (name, output) in [
      ("python3.1", "garbage"), ("python3.2", answer("3.2.0").replacing("cpython", with: "pypy")),
      ("python3.3", answer("3.3.0").replacing("debug no", with: "debug yes")),
      ("python3.4", String(answer("3.4.0").dropLast(5))), ("python3.5", answer("what")),
    ] {
      files.put(FilePath("/usr/bin/\(name)"), "\u{7F}ELF", mode: 0o755)
      processes.on(FilePath("/usr/bin/\(name)"), output: output)
    }
    files.put("/usr/bin/python3.6", "\u{7F}ELF", mode: 0o755)
    processes.on("/usr/bin/python3.6", status: 1, output: answer("3.6.0"))
    #expect(try await Probing(host(), keepsResults: false).interpreters(.python) == [])
  }

  @Test func whatWasSaidIsKeptUntilTheProgramChanges() async throws {
    put("/usr/bin/python3.11", "3.11.2")
    let probing = Probing(host(), keepsResults: true)
    let first = try await probing.interpreters(.python)
    #expect(try await probing.interpreters(.python) == first)
    #expect(processes.invocations.count == 1)
    files.put("/usr/bin/python3.11", "\u{7F}ELF changed", mode: 0o755)
    let second = try await probing.interpreters(.python)
    #expect(processes.invocations.count == 2)
    #expect(second.first?.fingerprint != first.first?.fingerprint)
  }

  @Test func nodesSayTheirVersion() async throws {
    files.put("/usr/bin/node", "\u{7F}ELF", mode: 0o755)
    processes.on("/usr/bin/node", ["--version"], output: "v24.1.0\n")
    files.put("/home/ann/.nvm/versions/node/v22.0.0/bin/node", "\u{7F}ELF", mode: 0o755)
    processes.on("/home/ann/.nvm/versions/node/v22.0.0/bin/node", output: "v22.0.0\n")
    let found = try await Probing(host(), keepsResults: false).interpreters(.node)
    #expect(found.map { "\($0.version) \($0.origin)" } == ["24.1.0 system", "22.0.0 other"])
  }

  @Test func theRealPythonOfThisMachineAnswers() async throws {
    let scratch = try ScratchFolder()
    guard scratch.host.files.exists("/usr/bin/python3") else { return }
    let found = try await Probing(scratch.host, keepsResults: true).interpreters(.python)
    #expect(found.contains { $0.origin == .system && !$0.missingModules.contains("zlib") })
    #expect(try scratch.host.files.list(scratch.host.places.cache.appending("probes")).isEmpty == false)
  }
}
