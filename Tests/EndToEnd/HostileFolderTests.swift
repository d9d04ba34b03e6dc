import OutfitSystem
import SystemPackage
import Testing

/// Folders that hold what a stranger put there: the user's own commands do in them what they do elsewhere.
@Suite(.timeLimit(.minutes(15)))
struct HostileFolderTests {
  private static let manifest = """
    profile: shop
    interpreters: {python: {versions: ["3"], providers: [adopted], system: true}}
    virtualenv: {from: requirements.txt}

    """

  private func project() async throws -> Machine {
    let machine = try Machine()
    try machine.write("shop/outfit.yaml", Self.manifest)
    try machine.write("shop/requirements.txt", "six==1.16.0\n")
    return machine
  }

  /// A program that says that it ran, and does not end well.
  private func trap(_ machine: Machine, _ path: String) throws {
    try machine.write(path, "#!/bin/sh\ntouch '\(machine.home)/ran'\nexit 9\n", mode: 0o755)
  }

  private func nothingRan(_ machine: Machine) -> Bool { !machine.files.exists(machine.home.appending("ran")) }

  @Test func pipOfAProjectIsBoundToItsEnvironment() async throws {
    let machine = try await project()
    let up = try await machine.outfit("up", "--trust", at: "shop")
    try #require(up.status == 0, "\(up.errorText)")
    for program in ["sub/.venv/bin/python", "sub/.venv/bin/python3", "evil"] {
      try trap(machine, "shop/\(program)")
    }
    try machine.write("shop/sub/.venv/pyvenv.cfg", "home = /usr/bin\n")
    try machine.write("shop/sub/uv.toml", "[pip]\npython = \"\(machine.home)/shop/evil\"\n")
    try machine.write("shop/sub/pyproject.toml", "[tool.uv.pip]\npython = \"\(machine.home)/shop/evil\"\n")
    for name in ["pip", "pip3"] {
      let listed = try await machine.outfit("exec", name, "list", at: "shop/sub")
      #expect(listed.status == 0 && listed.outputText.contains("six"), "\(listed.errorText)")
    }
    let version = try await machine.outfit("exec", "pip", "--version", at: "shop/sub")
    #expect(version.status == 0 && version.outputText.hasPrefix("uv "), "\(version.errorText)")
    let wrong = try await machine.outfit("exec", "pip", "no-such-verb", at: "shop/sub")
    #expect(wrong.status == 2 && wrong.errorText.contains("no-such-verb"))
    #expect(nothingRan(machine))

    // Gone is made again, without a question; there is nothing of the user's in a link.
    try machine.files.remove(machine.home.pushing("shop/.venv"))
    let status = try await machine.outfit("status", "--check", at: "shop")
    #expect(status.status == 3, "\(status.outputText)")
    let again = try await machine.outfit("up", at: "shop")
    #expect(again.status == 0, "\(again.errorText)")
    let python = try await machine.run(
      machine.home.pushing("shop/.venv/bin/python"), ["-c", "import six"], at: "shop")
    #expect(python.status == 0, "\(python.errorText)")
  }

  @Test func anEnvironmentThatWasThereIsNotActivated() async throws {
    let machine = try await project()
    try trap(machine, "shop/.venv/bin/ls")
    try trap(machine, "shop/.venv/bin/python")
    let up = try await machine.outfit("up", "--trust", "--yes", at: "shop")
    #expect(up.errorText.contains("a folder with things in it stands there"), "\(up.errorText)")
    let hook = try await machine.outfit("shell-init", "bash")
    let shell = try await machine.run(
      "/bin/bash",
      [
        "--norc", "-ic",
        "\(hook.outputText)\ncd shop\n__outfit_hook 2>/dev/null; ls; echo \"[$VIRTUAL_ENV]\"",
      ])
    #expect(
      shell.outputText.contains("outfit.yaml") && shell.outputText.hasSuffix("[]\n"), "\(shell.outputText)")
    #expect(nothingRan(machine))
  }

  @Test func pipOfTheMachineImportsNothingFromTheFolder() async throws {
    let machine = try Machine()
    try machine.write(
      "profile/outfit.yaml",
      "profile: me\ninterpreters: {python: {versions: [\"3\"], providers: [adopted], system: true}}\n")
    let up = try await machine.outfit("up", "--trust", "profile")
    try #require(up.status == 0, "\(up.errorText)")
    try machine.write("x/pip/__init__.py", "")
    try machine.write("x/pip/__main__.py", "open('\(machine.home)/ran', 'w')\n")
    try machine.write("x/runpy.py", "open('\(machine.home)/ran', 'w')\n")
    for name in ["pip", "pip3"] { _ = try await machine.outfit("exec", name, "--version", at: "x") }
    #expect(nothingRan(machine))
  }

  @Test func aCopyOfALauncherDoesNotCallItself() async throws {
    let machine = try Machine()
    for name in ["mytool", "python"] {
      let copied = try await machine.run(
        "/bin/cp", [Machine.build.appending("outfit-shim").string, machine.home.appending(name).string])
      try #require(copied.succeeded)
      let done = try await machine.run(
        "/usr/bin/timeout", ["10", machine.home.appending(name).string],
        setting: ["PATH": machine.home.string])
      #expect(done.status == 127, "\(done.errorText)")
    }
  }

  @Test(arguments: ["outfit.yaml", "outfit.lock"]) func aFileOfManyGigabytesIsNotRead(_ name: String)
    async throws
  {
    let machine = try Machine()
    try machine.write("big/outfit.yaml", "profile: big\n")
    let made = try await machine.run("/usr/bin/truncate", ["-s", "10G", name], at: "big")
    try #require(made.succeeded)
    for verb in [["status"], ["up", "--trust"], ["doctor"], ["lock"]] {
      let done = try await machine.run(
        "/bin/sh",
        ["-c", "ulimit -v 8000000; exec \"$@\"", "sh", Machine.build.appending("outfit").string] + verb,
        at: "big")
      #expect([1, 2].contains(done.status), "\(verb): \(done.status) \(done.errorText)")
    }
  }
}
