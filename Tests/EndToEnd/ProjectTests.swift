import OutfitSystem
import SystemPackage
import Testing

/// A day with a project: the shop, from the checkout to the rendered manifests.
@Suite(.serialized)
struct ProjectTests {
  /// The fixture on whatever Python this machine has: its own pin needs a release host.
  private func givenTheShop(_ machine: Machine) async throws {
    try await machine.copy("Tests/Fixtures/shop", to: "shop")
    let manifest = try #require(try machine.read("shop/outfit.yaml"))
    let pin = "interpreters: {python: \"3.13.5\"}"
    try #require(manifest.contains(pin))
    try machine.write(
      "shop/outfit.yaml",
      manifest.split(separator: pin, maxSplits: 1).joined(
        separator: "interpreters: {python: {versions: [\">=3.10\"], system: true}}"))
    let lock = machine.home.appending("shop/outfit.lock")
    if machine.files.exists(lock) { try machine.files.remove(lock) }
    for command in [
      ["init", "-q"], ["config", "user.email", "ada@example.org"], ["config", "user.name", "Ada"],
      ["add", "-A"],
      ["commit", "-qm", "shop"],
    ] {
      let done = try await machine.run("/usr/bin/git", command, at: "shop")
      try #require(done.succeeded, "\(done.errorText)")
    }
  }

  @Test func upInTheProject() async throws {
    let machine = try Machine()
    try await givenTheShop(machine)
    try machine.write(
      "me/outfit.yaml",
      "profile: me\ninterpreters:\n  python: {versions: [\">=3.10\"], system: true}\ntools:\n  black: \"26.*\"\n"
    )
    let mine = try await machine.outfit("up", "me", "--trust")
    #expect(mine.status == 0, "\(mine.errorText)")
    let before = try machine.tree()

    let refused = try await machine.outfit("up", at: "shop")
    #expect(refused.status == 4, "\(refused.errorText)")
    expectSameTree(before, try machine.tree())

    let up = try await machine.outfit("up", "--trust", at: "shop")
    #expect(up.status == 0, "\(up.errorText)\(up.outputText)")

    // The same shim runs the project's version inside, below too, and the machine's outside.
    let inside = try await machine.login("cd shop/shop && black --version")
    #expect(inside.outputText.contains("25.1.0"), "\(inside.outputText)\(inside.errorText)")
    let outside = try await machine.login("black --version")
    #expect(outside.outputText.contains("26."), "\(outside.outputText)")

    // The virtualenv has what the requirements say, and `python` is its python without activation.
    let django = try await machine.login("cd shop && python -c 'import django, sys; print(sys.prefix)'")
    #expect(
      django.outputText.contains(".venv") || django.outputText.contains("/store/"), "\(django.errorText)")

    let second = try await machine.outfit("up", at: "shop")
    #expect(second.status == 0, "\(second.errorText)")
    #expect(second.outputText.contains("Nothing to do"))

    // What was installed by hand comes along when the environment is made anew.
    let byHand = try await machine.login("cd shop && pip install -q cowsay")
    #expect(byHand.status == 0, "\(byHand.errorText)")

    // Requirements that the requirements include count too.
    let requirements = try #require(try machine.read("shop/requirements.txt"))
    try machine.write("shop/more.txt", "# nothing yet\n")
    try machine.write("shop/requirements.txt", requirements + "-r more.txt\n")
    let including = try await machine.outfit("up", "--trust", at: "shop")
    #expect(including.status == 0, "\(including.errorText)")
    try machine.write("shop/more.txt", "iniconfig\n")
    let included = try await machine.outfit("up", "--trust", at: "shop")
    #expect(included.status == 0, "\(included.errorText)")
    let added = try await machine.login("cd shop && python -c 'import iniconfig'")
    #expect(added.status == 0, "\(added.errorText)")
    #expect(included.errorText.contains("keeps what you added by hand: cowsay"), "\(included.errorText)")
    let cow = try await machine.run(machine.home.appending("shop/.venv/bin/cowsay"), ["-t", "hello"])
    #expect(cow.outputText.contains("hello"), "\(cow.errorText)")
    let exact = try await machine.outfit("up", "--trust", "--exact", at: "shop")
    #expect(exact.errorText.contains("cowsay"), "\(exact.errorText)")
    #expect(!machine.files.exists(machine.home.appending("shop/.venv/bin/cowsay")))

    // The hooks run on the pinned tools.
    try machine.write("shop/ugly.py", "x = { 'a':1 }\n")
    let refusedCommit = try await machine.login("cd shop && git add ugly.py && git commit -qm ugly")
    #expect(refusedCommit.status != 0, "\(refusedCommit.outputText)\(refusedCommit.errorText)")
    #expect(try machine.read("shop/ugly.py") == "x = {\"a\": 1}\n")
    let commit = try await machine.login(
      "cd shop && git add ugly.py && git commit -qm pretty && git log --oneline | wc -l")
    #expect(commit.status == 0, "\(commit.outputText)\(commit.errorText)")

    let back = try await machine.outfit("rollback", "0", at: "shop")
    #expect(back.status == 0, "\(back.errorText)")
    #expect(!machine.files.exists(machine.home.appending("shop/.venv")))
    #expect(!machine.files.exists(machine.home.appending("shop/.git/hooks/pre-commit")))
    let after = try await machine.login("cd shop && black --version")
    #expect(after.outputText.contains("26."), "\(after.outputText)")
  }

  @Test func renderAndParity() async throws {
    let machine = try Machine()
    try await machine.copy("Tests/Fixtures/shop", to: "shop")
    _ = try await machine.outfit("trust", at: "shop")
    let render = try await machine.outfit("render", at: "shop")
    #expect(render.status == 0, "\(render.errorText)")
    for path in [
      "Dockerfile", ".dockerignore", "compose.yaml", ".devcontainer/devcontainer.json", "skaffold.yaml",
      "k8s/base/kustomization.yaml", "k8s/overlays/dev/kustomization.yaml",
      "k8s/overlays/staging/kustomization.yaml", "k8s/overlays/production/kustomization.yaml",
    ] {
      #expect(try machine.read("shop/" + path) != nil, "\(path)")
    }
    let check = try await machine.outfit("render", "--check", at: "shop")
    #expect(check.status == 0, "\(check.outputText)")

    let kubectl = try await machine.run(Machine.checkout.appending("scripts/kubectl.sh"), [])
    try #require(kubectl.succeeded, "\(kubectl.errorText)")
    let program = FilePath(String(kubectl.outputText.split(separator: "\n").last ?? ""))
    for overlay in ["dev", "staging", "production"] {
      let built = try await machine.run(program, ["kustomize", "k8s/overlays/\(overlay)"], at: "shop")
      #expect(built.status == 0, "\(built.errorText)")
      #expect(built.outputText.contains("kind: Deployment"))
    }
    let parity = try await machine.outfit("parity", at: "shop", setting: ["KUBECTL": program.string])
    #expect(parity.status == 0, "\(parity.outputText)\(parity.errorText)")
    #expect(parity.outputText.contains("proved"))

    // A hand on one overlay is drift, for `render --check` and for the proof.
    let overlay = "shop/k8s/overlays/production/kustomization.yaml"
    let text = try #require(try machine.read(overlay))
    try machine.write(overlay, text + "namePrefix: other-\n")
    let drift = try await machine.outfit("render", "--check", at: "shop")
    #expect(drift.status == 3, "\(drift.outputText)")
    let broken = try await machine.outfit("parity", at: "shop", setting: ["KUBECTL": program.string])
    #expect(broken.status == 3, "\(broken.outputText)")
    let refused = try await machine.outfit("render", at: "shop")
    #expect(refused.status == 4, "\(refused.outputText)")
    #expect(try machine.read(overlay) == text + "namePrefix: other-\n")
  }
}
