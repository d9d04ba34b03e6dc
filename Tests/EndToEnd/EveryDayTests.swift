import OutfitCore
import Support
import SystemPackage
import Testing

/// Verbs beside those that build: `edit`, `log`, and what helps others to help.
@Suite struct EveryDayTests {
  /// An editor that replaces what it is given by what stands in a file.
  private func editor(_ text: String, _ machine: Machine) throws -> [String: String] {
    try machine.write("new.txt", text)
    try machine.write("bin/ed it", "#!/bin/sh\ncat \"$HOME/new.txt\" >\"$1\"\n", mode: 0o755)
    return ["VISUAL": "'\(machine.home)/bin/ed it'", "EDITOR": "false"]
  }

  @Test func onesOwnLayerIsEdited() async throws {
    let machine = try Machine()
    try machine.write("p/outfit.yaml", "profile: p\ndotfiles: {.a: {copy: a}}\n")
    try machine.write("p/a", "a\n")
    try machine.write(".config/outfit/b", "b\n")
    #expect(try await machine.outfit("up", "p", "--trust").status == 0)
    let own = ".config/outfit/outfit.yaml"
    // Looked at, and left as it was: nothing comes of it.
    let looked = try await machine.outfit("edit", setting: ["VISUAL": "true"])
    #expect(looked.status == 0 && looked.outputText.contains("Nothing to do"))
    #expect(try machine.read(own) == nil)

    let text = "dotfiles: {.b: {copy: b}}\n"
    let saved = try await machine.outfit("edit", setting: try editor(text, machine))
    #expect(saved.status == 0, "\(saved.errorText)")
    #expect(saved.outputText.contains("`outfit up` applies it"))
    #expect(try machine.read(own) == text)
    #expect(try machine.read(".b") == nil)

    let broken = try await machine.outfit("edit", "--json", setting: try editor("dotfile: {}\n", machine))
    #expect(broken.status == 2)
    #expect(broken.errorText.contains("outfit.yaml:1:1"), "\(broken.errorText)")
    #expect(try machine.read(own) == "dotfile: {}\n")

    let applied = try await machine.outfit("edit", "--apply", setting: try editor(text, machine))
    #expect(applied.status == 0, "\(applied.errorText)")
    #expect(try machine.read(".b") == "b\n")

    let failed = try await machine.outfit("edit", setting: ["VISUAL": "false"])
    #expect(failed.status == 1 && failed.errorText.contains("the editor ended with status 1"))

    // Where nobody sits, none is started that nobody named, and nothing is left of the attempt.
    let other = try Machine("edit-without-terminal")
    let alone = try await other.outfit("edit", setting: ["VISUAL": "", "EDITOR": ""])
    #expect(alone.status == 2 && alone.errorText.contains("there is no terminal"), "\(alone.errorText)")
    #expect(try await other.outfit("edit", setting: ["VISUAL": "false"]).status == 1)
    #expect(try other.read(own) == nil)

    let dotfile = try await machine.outfit(
      "edit", "\(machine.home)/.a", setting: try editor("new\n", machine))
    #expect(dotfile.status == 0, "\(dotfile.errorText)")
    #expect(try machine.read("p/a") == "new\n" && machine.read(".a") == "new\n")
  }

  @Test func aProjectIsEditedWhereOneStands() async throws {
    let machine = try Machine()
    try machine.write("shop/outfit.yaml", "profile: shop\n")
    try machine.write("shop/src/x", "")
    let done = try await machine.outfit(
      "edit", "--json", at: "shop/src", setting: try editor("profile: shop\nenv: {A: b}\n", machine))
    #expect(done.status == 0, "\(done.errorText)")
    #expect(try machine.read("shop/outfit.yaml") == "profile: shop\nenv: {A: b}\n")
  }

  /// `install .` and `build .` have taught everybody to type the dot.
  @Test func aProjectIsNoProfileOfTheMachineUnasked() async throws {
    let machine = try Machine()
    try machine.write(
      "shop/outfit.yaml", "profile: shop\nhooks: {a: {entry: [git, version]}}\ndotfiles: {.a: {copy: a}}\n")
    try machine.write("shop/a", "a\n")
    let planned = try await machine.outfit("up", ".", "--dry-run", "--json", at: "shop")
    #expect(planned.outputText.contains("outfit up . --yes"), "\(planned.outputText)")
    // What Outfit keeps of its own is below .local.
    func seen() throws -> [String: String] { try machine.tree().filter { !$0.key.hasPrefix(".local") } }
    let before = try seen()
    let refused = try await machine.outfit("up", ".", "--trust", at: "shop")
    #expect(refused.status == 4)
    #expect(refused.errorText.contains("shop is a project: it has `hooks`"), "\(refused.errorText)")
    #expect(try seen() == before)
    #expect(try await machine.outfit("up", ".", "--trust", "--yes", at: "shop").status == 0)
    #expect(try machine.read(".a") == "a\n")
    #expect(try await machine.outfit("up", ".", "--trust", at: "shop").status == 0)
  }

  @Test func aProfileBuildsOnOneOfOurs() async throws {
    let machine = try Machine()
    try machine.write("p/outfit.yaml", "profile: p\nextends: [starter]\n")
    let shown = try await machine.outfit("show", "p")
    #expect(
      shown.status == 0 && shown.outputText.contains("starter"), "\(shown.outputText) \(shown.errorText)")
    // A folder of that name comes first.
    try machine.write("p/starter/outfit.yaml", "profile: own\n")
    #expect(try await machine.outfit("show", "p").outputText.contains("own"))
    try machine.write("q/outfit.yaml", "profile: q\nextends: [startr]\n")
    #expect(try await machine.outfit("show", "q").status == 2)
  }

  @Test func whatWasRunIsToldAndNothingSecret() async throws {
    let machine = try Machine()
    try machine.write(
      "p/outfit.yaml", "profile: p\nask: {token: Which token?}\ndotfiles: {.a: {template: a}}\n")
    try machine.write("p/a", "{{token}}\n")
    #expect(try await machine.outfit("log").outputText == "Nothing was run yet.\n")
    // A look leaves nothing.
    #expect(try await machine.outfit("show", "p").status == 0)
    #expect(!machine.files.exists(machine.home.appending(".local")))

    #expect(try await machine.outfit("up", "p", "--trust", "--set", "token=s3cret").status == 0)
    #expect(try await machine.outfit("status").status == 0)
    #expect(try await machine.outfit("up", "https://me:pa55@127.0.0.1:1/p.git", "--trust").status != 0)
    let all = try await machine.outfit("log")
    #expect(all.outputText.contains("up p --trust --set"), "\(all.outputText)")
    #expect(all.outputText.split(separator: "\n").count == 3, "\(all.outputText)")
    let second = try await machine.outfit("log", "2")
    #expect(second.outputText.contains("127.0.0.1:1") && second.outputText.contains("It ended with status"))
    #expect(second.outputText.contains("error:"), "\(second.outputText)")
    #expect(try await machine.outfit("log", "--json").status == 0)
    #expect(try await machine.outfit("log", "2", "--json").outputText.contains("\"said\": [\n"))
    for name in ["1", "2"] {
      let text = try #require(try machine.read(".local/state/outfit/log/\(name)"))
      #expect(!text.contains("s3cret") && !text.contains("pa55"))
    }
    let none = try await machine.outfit("log", "7")
    #expect(none.status == 2 && none.errorText.contains("`outfit log` lists 1 to 2"))
  }

  @Test func whatIsAskedOfTheNetwork() async throws {
    let machine = try Machine()
    let server = try LoopbackServer { _ in .init(404) }
    let digest = String(repeating: "a", count: 64)
    func manifest(_ port: Int) throws {
      try machine.write(
        "p/outfit.yaml",
        "profile: p\ntools: {x: {from: url, version: \"1.0.0\", url: \"http://127.0.0.1:\(port)/x\", sha256: {linux-amd64: \"\(digest)\"}}}\n"
      )
    }
    try manifest(Int(server.port))
    let hosts = try await machine.outfit("show", "p", "--hosts")
    #expect(hosts.outputText.contains("127.0.0.1:\(server.port)  x (http)"), "\(hosts.outputText)")
    #expect(try await machine.outfit("show", "p", "--hosts", "--json").status == 0)
    try machine.write(".config/outfit/outfit.yaml", "tags: [here]\n")
    _ = try await machine.outfit("up", "p", "--trust")

    try machine.write(
      "shop/outfit.yaml",
      (try machine.read("p/outfit.yaml") ?? "").replacing("profile: p", with: "profile: shop"))
    let well = try await machine.outfit("doctor", "--network", at: "shop")
    #expect(well.status == 0, "\(well.outputText) \(well.errorText)")
    #expect(well.outputText.contains("answers, 404"))
    #expect(try await machine.outfit("doctor", "--network", "--json", at: "shop").status == 0)

    // Its user says that all goes through a proxy, which asks who one is.
    let proxy = try LoopbackServer { request in .init(request.target.hasPrefix("http://") ? 407 : 500) }
    try machine.write(
      ".config/outfit/outfit.yaml", "network: {proxy: \"http://127.0.0.1:\(proxy.port)\"}\n")
    let asked = try await machine.outfit(
      "doctor", "--network", at: "shop", setting: ["no_proxy": "x.example"])
    #expect(asked.status == 1)
    #expect(asked.outputText.contains("the proxy answered 407"), "\(asked.outputText)")
    #expect(asked.outputText.contains("by the proxy http://127.0.0.1:\(proxy.port)"), "\(asked.outputText)")
    let around = try await machine.outfit(
      "doctor", "--network", at: "shop", setting: ["no_proxy": "127.0.0.1"])
    #expect(around.status == 0, "\(around.outputText)")
  }

  @Test func aReportHasNobodysNameInIt() async throws {
    let machine = try Machine()
    try machine.write(".gitconfig", "[user]\n\tname = Ada Lovelace\n\temail = ada@analytical.example\n")
    try machine.write("p/outfit.yaml", "profile: p\ndotfiles: {.a: {copy: a}}\n")
    try machine.write("p/a", "a\n")
    let secret = "ghp_" + String(repeating: "aB3", count: 12)
    #expect(try await machine.outfit("up", "p", "--trust").status == 0)
    _ = try await machine.outfit("up", "https://\(secret)@git.analytical.example/p.git")
    _ = try await machine.outfit("add", secret)
    let done = try await machine.outfit("doctor", "--report", "report.md")
    #expect(done.status == 0, "\(done.errorText)")
    let report = try #require(try machine.read("report.md"))
    for text in ["Lovelace", "ada@", machine.home.string, secret, "git.analytical"] {
      #expect(!report.contains(text), "\(report)")
    }
    #expect(report.contains("Outfit \(Release.version)") && report.contains("layer p: p"), "\(report)")
  }
}
