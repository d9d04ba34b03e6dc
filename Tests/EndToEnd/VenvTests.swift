import OutfitSystem
import SystemPackage
import Testing

/// Virtualenvs by name, as pyenv-virtualenv's users have them.
@Suite struct VenvTests {
  @Test func aDay() async throws {
    let machine = try Machine()
    let none = try await machine.outfit("venv", "list")
    #expect(none.outputText.contains("outfit venv create"))
    let made = try await machine.outfit("venv", "create", "blog", "--without-pip")
    #expect(made.status == 0, "\(made.errorText)")
    #expect(made.outputText.hasPrefix("blog: ~/.local/share/outfit/venvs/blog, Python 3."))
    let again = try await machine.outfit("venv", "create", "blog")
    #expect(again.status == 1)
    #expect(again.errorText.contains("outfit venv remove blog"))

    try machine.write("site/.python-version", "3.11\n# mine\n")
    let used = try await machine.outfit("venv", "use", "blog", at: "site")
    #expect(used.status == 0, "\(used.errorText)")
    #expect(used.outputText == "~/site/.python-version chooses blog (it said 3.11)\n")
    #expect(try machine.read("site/.python-version") == "blog\n")
    let python = try await machine.outfit("exec", "python", "-c", "import sys; print(sys.prefix)", at: "site")
    #expect(
      python.outputText == "\(machine.home.pushing(".local/share/outfit/venvs/blog"))\n",
      "\(python.errorText)")
    let prompt = try await machine.outfit("prompt", at: "site")
    #expect(prompt.outputText.hasPrefix("blog 3."))
    let json = try await machine.outfit("venv", "list", "--json")
    #expect(json.outputText.contains("\"name\": \"blog\""))
    #expect(json.outputText.contains("\"present\": true"))

    // What is inside is the user's: it goes only when that is said.
    let refused = try await machine.outfit("venv", "remove", "blog")
    #expect(refused.status == 4)
    #expect(refused.errorText.contains("--yes"))
    #expect(machine.files.exists(machine.home.pushing(".local/share/outfit/venvs/blog/bin/python")))
    let removed = try await machine.outfit("venv", "remove", "blog", "--yes")
    #expect(removed.status == 0, "\(removed.errorText)")
    #expect(!machine.files.exists(machine.home.pushing(".local/share/outfit/venvs/blog")))
    let gone = try await machine.outfit("exec", "python", "-c", "pass", at: "site")
    #expect(gone.status == 127)
    #expect(gone.errorText.contains("blog"))
  }

  @Test(arguments: [
    "3.12", "3", "system", "python-3.12", "../x", "a/b", "", "-x", ".hidden", "a b", "a\tb", "latest", "é",
    String(repeating: "a", count: 100),
  ])
  func namesThatNoFileCouldHold(_ name: String) async throws {
    let machine = try Machine()
    let done = try await machine.outfit("venv", "create", "--", name)
    #expect(done.status == 2, "\(done.outputText)\(done.errorText)")
    #expect(!machine.files.exists(machine.home.pushing(".local/share/outfit/venvs")))
  }

  @Test func whatIsNotThere() async throws {
    let machine = try Machine()
    let version = try await machine.outfit("venv", "create", "blog", "--python", "3.1")
    #expect(version.status == 1)
    #expect(version.errorText.contains("python 3.1 is asked for by --python"), "\(version.errorText)")
    #expect(!machine.files.exists(machine.home.pushing(".local/share/outfit/venvs/blog")))
    for verb in ["use", "remove"] {
      let done = try await machine.outfit("venv", verb, "blog")
      #expect(done.status == 2)
      #expect(done.errorText.contains("there is no environment blog"))
    }
    let shell = try await machine.outfit("prompt", "tcsh")
    #expect(shell.status == 2)
  }
}
