import OutfitCore
import OutfitSystem
import Support
import SystemPackage
import Testing

@testable import OutfitEngine

@Suite struct SurroundingTests {
  private let files = MemoryFiles.withHome()
  private let host: Host

  init() { host = .test(files: files) }

  private func work(_ out: FilePath, python: FilePath = "/usr/bin/python3.13") throws -> EnvironmentWork {
    try files.createDirectories(out)
    return EnvironmentWork(host: host, out: out, python: python, version: Version([3, 13, 5]))
  }

  @Test func anEnvironmentStandsBeforeItIsFilled() throws {
    let out = FilePath("/data/tool")
    try work(out).begin()
    #expect(try files.readLink("/data/tool/bin/python") == "/usr/bin/python3.13")
    #expect(try files.readLink("/data/tool/bin/python3.13") == "python")
    #expect(try files.readLink("/data/tool/lib64") == "lib")
    let settings = try #require(try files.text("/data/tool/pyvenv.cfg"))
    #expect(settings.contains("home = /usr/bin\n"))
    #expect(settings.contains("version = 3.13.5\n"))
    #expect(settings.contains("include-system-site-packages = false\n"))
  }

  /// A script of the interpreter's, one of the shell's, and a program: what uv leaves in `bin`.
  @Test(arguments: [
    FilePath("/data/tool"), FilePath("/data/with space"),
    FilePath("/data/\(String(repeating: "long", count: 40))"),
    FilePath("/data/it's so"),
  ]) func scriptsNameTheEnvironment(_ out: FilePath) throws {
    let work = try work(out)
    try work.begin()
    let body = "\nimport sys\n"
    files.put(out.pushing("bin/black"), "#!/usr/bin/python3.13" + body, mode: 0o755)
    files.put(out.pushing("bin/other"), "#!/usr/bin/env python3\n", mode: 0o755)
    let record = out.pushing("lib/python3.13/site-packages/black-1.dist-info/RECORD")
    try files.createDirectories(record.removingLastComponent())
    files.put(
      record, "../../../bin/black,sha256=x,1\n\"../../../bin/other\",sha256=y,2\nblack.py,sha256=z,3\n")
    try work.finish()
    let script = String(decoding: try files.read(out.pushing("bin/black")), as: UTF8.self)
    #expect(script.hasSuffix(body))
    let python = out.pushing("bin/python").string
    if python.contains(" ") || python.utf8.count > 124 {
      let quoted = python.replacing("'", with: #"'"'"'"#)
      #expect(script.hasPrefix("#!/bin/sh\n'''exec' '\(quoted)' \"$0\" \"$@\"\n' '''\n"))
    } else {
      #expect(script.hasPrefix("#!\(python)\n"))
    }
    #expect(try files.text(out.pushing("bin/other")) == "#!/usr/bin/env python3\n")
    #expect(try files.status(out.pushing("bin/black"), followLinks: false)?.mode == 0o755)
    let lines = try #require(try files.text(record)).split(separator: "\n")
    #expect(lines.dropFirst() == ["\"../../../bin/other\",sha256=y,2", "black.py,sha256=z,3"])
    let line = try #require(
      try Record.lines(of: String(lines[0]), in: "lib/python3.13/site-packages", named: "").first)
    #expect(line.path == "bin/black")
    #expect(line.digest == Digest(of: script))
  }

  /// The interpreter's own path may be one that only the shell can start.
  @Test func aScriptThatGoesByTheShellIsKnown() throws {
    let python = FilePath("/opt/my python/bin/python3.13")
    let work = try work("/data/tool", python: python)
    try work.begin()
    files.put(
      "/data/tool/bin/a", String(decoding: EnvironmentWork.heading(python), as: UTF8.self) + "\nimport a\n")
    try work.finish()
    #expect(try files.text("/data/tool/bin/a") == "#!/data/tool/bin/python\nimport a\n")
  }

  @Test func aDigestIsWrittenAsItIsRead() {
    let digest = Digest(of: "black")
    #expect(Record.digest(base64: Record.base64(digest)) == digest)
    #expect(Record.base64(digest).count == 43)
  }
}
