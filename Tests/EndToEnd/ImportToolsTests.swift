import OutfitSystem
import SystemPackage
import Testing

/// Tools of the real pipx and the real uv, taken over.
@Suite(.serialized, .timeLimit(.minutes(15)))
struct ImportToolsTests {
  @Test func toolsOfPipxAndUvAreTakenOver() async throws {
    let machine = try Machine()
    func shell(_ command: String) async throws -> Completion {
      try await machine.run("/bin/sh", ["-ec", command], setting: ["PATH": "\(machine.home)/v/bin:\(path)"])
    }
    let path = machine.environment["PATH"] ?? ""
    let made = try await shell(
      """
      python3 -m venv v && v/bin/pip install -q pipx==1.18.4 uv==0.13.8
      pipx install --suffix=old pycowsay==0.0.0.1 --pip-args=--index-url=https://ada:hunter2@pypi.org/simple || \
        pipx install --suffix=old pycowsay==0.0.0.1
      pipx install pycowsay
      pipx inject pycowsay six==1.16.0
      uv tool install -q 'httpie>=3' --with six
      """)
    try #require(made.succeeded, "\(made.errorText)")

    let dry = try await machine.outfit("import", "pipx", "--dry-run")
    #expect(dry.status == 0, "\(dry.errorText)")
    #expect(try machine.read(".config/outfit/outfit.yaml") == nil)
    let pipx = try await machine.outfit("import", "pipx")
    #expect(pipx.status == 0, "\(pipx.errorText)")
    #expect(pipx.outputText.contains("+ pycowsay 0.0.0.2 (with six"), "\(pipx.outputText)")
    // With `--apply` they are there at once.
    let uv = try await machine.outfit("import", "uv", "--apply", "--json")
    #expect(uv.status == 0, "\(uv.errorText)")
    #expect(uv.outputText.contains("\"name\": \"httpie\""), "\(uv.outputText)")
    #expect(try await machine.login("command -v http").outputText.contains("/outfit/bin/http"))
    let manifest = try machine.read(".config/outfit/outfit.yaml") ?? ""
    #expect(manifest.contains("six==1.16.0") && manifest.contains("pycowsayold"), "\(manifest)")
    #expect(!(manifest + pipx.outputText + pipx.errorText).contains("hunter2"))
    let again = try await machine.outfit("import", "pipx")
    #expect(again.outputText.contains("Nothing to do"), "\(again.outputText)")

    let up = try await machine.outfit("up")
    #expect(up.status == 0, "\(up.errorText)")
    let said = try await machine.login("pycowsay moo && pycowsayold moo && http --version && command -v http")
    #expect(said.status == 0, "\(said.errorText)")
    #expect(said.outputText.contains("/outfit/bin/http"), "\(said.outputText)")
    let theirs = try await shell("pipx list --short && uv tool list && .local/bin/pycowsay moo")
    #expect(theirs.status == 0, "\(theirs.errorText)")
    #expect(theirs.outputText.contains("pycowsay 0.0.0.2") && theirs.outputText.contains("httpie"))
  }
}
