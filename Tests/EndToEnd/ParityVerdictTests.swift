import OutfitCore
import OutfitSystem
import SystemPackage
import Testing

/// What a proof ends with, what it is kept with, and what else it takes.
@Suite(.serialized)
struct ParityVerdictTests {
  private func rendered() async throws -> (Machine, [String: String]) {
    let machine = try Machine()
    try await machine.copy("Tests/Fixtures/shop", to: "shop")
    let kubectl = try await machine.run(Machine.checkout.appending("scripts/kubectl.sh"), [])
    try #require(kubectl.succeeded, "\(kubectl.errorText)")
    _ = try await machine.outfit("trust", "--locked", at: "shop")
    let render = try await machine.outfit("render", at: "shop")
    try #require(render.status == 0, "\(render.errorText)")
    return (machine, ["KUBECTL": String(kubectl.outputText.split(separator: "\n").last ?? "")])
  }

  @Test func whatIsOutsideIsAnInputToo() async throws {
    let (machine, setting) = try await rendered()
    let place = "shop/platform/kustomization.yaml"
    let component =
      "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nimages: [{name: none, newTag: x}]\n"
    try machine.write(place, component)
    let release = "shop/k8s/overlays/production/release/kustomization.yaml"
    try machine.write(release, (try machine.read(release) ?? "") + "components: [../../../../platform]\n")
    let manifest = try #require(try machine.read("shop/outfit.yaml"))
    try machine.write(
      "shop/outfit.yaml",
      manifest.replacing("app:\n", with: "app:\n  allow: {\"file:platform/kustomization.yaml\": ours}\n"))
    _ = try await machine.outfit("trust", at: "shop")
    _ = try await machine.outfit("render", at: "shop")
    let first = try await machine.outfit("parity", at: "shop", setting: setting)
    #expect(first.status == 0, "\(first.outputText)")
    #expect(
      first.outputText.hasPrefix("proved, as far as it can be checked, 1 exception\n"), "\(first.outputText)")
    let second = try await machine.outfit("parity", at: "shop", setting: setting)
    #expect(second.errorText.contains("Nothing has changed"))
    try machine.write(
      place,
      component + "patches:\n  - target: {kind: Deployment, name: web}\n    patch: |-\n"
        + "      - {op: add, path: /spec/template/spec/hostNetwork, value: true}\n")
    let changed = try await machine.outfit("parity", at: "shop", setting: setting)
    #expect(changed.status == 3, "\(changed.outputText)\(changed.errorText)")
    // Where a link leads, something may change that is not looked at.
    try machine.write(place, component)
    try machine.write("shop/elsewhere/x", "")
    try machine.files.createLink(machine.home.appending("shop/k8s/more"), to: "../elsewhere")
    for _ in 0..<2 {
      let linked = try await machine.outfit("parity", at: "shop", setting: setting)
      #expect(linked.status == 3 && !linked.errorText.contains("Nothing has changed"), "\(linked.errorText)")
    }
  }

  @Test func whatCannotBeCheckedIsNoProofWhenItIsStrict() async throws {
    let (machine, setting) = try await rendered()
    let blind = ["KUBECTL": "/no/such/kubectl"]
    #expect(try await machine.outfit("parity", "--fresh", at: "shop", setting: blind).status == 0)
    #expect(try await machine.outfit("parity", "--fresh", "--strict", at: "shop", setting: blind).status == 3)
    #expect(try await machine.outfit("parity", at: "shop", setting: setting).status == 0)
    #expect(
      try await machine.outfit("parity", "--strict", at: "shop", setting: setting).status == 3, "no digests")
    let json = try await machine.outfit("parity", "--json", at: "shop", setting: setting)
    #expect(json.outputText.contains("\"rules\":"), "\(json.outputText)")
    #expect(
      json.outputText.contains("\"verdict\":\"unchecked\"")
        || json.outputText.contains("\"verdict\": \"unchecked\""))
    for words in [
      ["--objects", "production"], ["--objects", "nowhere=x"], ["--objects", "production=absent"],
    ] {
      let bad = try await machine.outfit(["parity"] + words, at: "shop", setting: setting)
      #expect(bad.status == 2, "\(words): \(bad.errorText)")
    }
    let manifest = try #require(try machine.read("shop/outfit.yaml"))
    for (place, hint) in [
      ("Deployment/web /spec/template/spec/containers/*/command", "no wildcard"), ("anything", "Kind/name"),
      ("ConfigMap/app /data/PYTHONPATH", "the same everywhere"),
    ] {
      try machine.write(
        "shop/outfit.yaml", manifest.replacing("app:\n", with: "app:\n  allow: {\"\(place)\": why}\n"))
      _ = try await machine.outfit("trust", at: "shop")
      let refused = try await machine.outfit("parity", at: "shop", setting: setting)
      #expect(refused.status == 2 && refused.errorText.contains(hint), "\(refused.errorText)")
    }
  }

  /// What a cluster would give back of the same objects, in one list.
  @Test func objectsOfElsewhereAreJudged() async throws {
    let (machine, setting) = try await rendered()
    let kubectl = FilePath(setting["KUBECTL"] ?? "")
    let done = try await machine.run(kubectl, ["kustomize", "shop/k8s/overlays/production"])
    try #require(done.succeeded, "\(done.errorText)")
    let made = done.outputText.replacing(
      "        terminationGracePeriodSeconds:", with: "        terminationGracePeriodSeconds:")
    let dumped = made.replacing(
      "kind: Deployment\nmetadata:\n",
      with: "kind: Deployment\nstatus: {replicas: 2}\nmetadata:\n  uid: 1-2\n  resourceVersion: \"7\"\n"
    )
    .replacing(
      "      restartPolicy: OnFailure\n",
      with:
        "      restartPolicy: OnFailure\n      dnsPolicy: ClusterFirst\n      schedulerName: default-scheduler\n"
    )
    try machine.write("shop/all.yaml", dumped)
    let good = try await machine.outfit(
      "parity", "--objects", "production=all.yaml", at: "shop", setting: setting)
    #expect(good.status == 0, "\(good.outputText)\(good.errorText)")
    #expect(good.outputText.contains("all.yaml is production"))
    for (old, new) in [
      ("readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false"), ("- uvicorn\n", "- gunicorn\n"),
      ("path: /health/ready", "path: /"), ("POSTGRES_HOST: postgres", "POSTGRES_HOST: elsewhere"),
    ] {
      try #require(dumped.contains(old), "\(old)")
      try machine.write("shop/all.yaml", dumped.replacing(old, with: new))
      let bad = try await machine.outfit(
        "parity", "--objects", "production=all.yaml", at: "shop", setting: setting)
      #expect(bad.status == 3, "\(new): \(bad.outputText)")
    }
    try machine.write("shop/all.yaml", "just: text\n")
    let odd = try await machine.outfit(
      "parity", "--objects", "production=all.yaml", at: "shop", setting: setting)
    #expect(odd.status == 2, "\(odd.errorText)")
  }

  /// A template of a team's own is held to the same rules.
  @Test func aTemplateOfOnesOwnIsJudged() async throws {
    let (machine, setting) = try await rendered()
    let manifest = try #require(try machine.read("shop/outfit.yaml"))
    try machine.write("shop/outfit.yaml", manifest.replacing("template: django", with: "template: ./tpl"))
    try machine.write("shop/tpl/template.yaml", "template: own\nextends: django\n")
    let checkout = Machine.checkout
    func own(_ path: String, _ old: String, _ new: String, from template: String = "common") async throws
      -> Completion
    {
      let text = try #require(
        try machine.files.text(checkout.pushing(FilePath("templates/\(template)/\(path)"))))
      try #require(text.contains(old), "\(old)")
      try machine.write("shop/tpl/\(path)", text.replacing(old, with: new))
      _ = try await machine.outfit("trust", at: "shop")
      let rendered = try await machine.outfit("render", "--force", at: "shop")
      try #require(rendered.status == 0, "\(rendered.errorText)")
      let proof = try await machine.outfit("parity", "--fresh", at: "shop", setting: setting)
      try machine.files.remove(machine.home.pushing(FilePath("shop/tpl/\(path)")))
      return proof
    }
    let same = try await own("compose.yaml", "# Development on this machine", "# Our machines")
    #expect(same.status == 0, "\(same.outputText)")
    for (path, old, new) in [
      ("Dockerfile", "FROM deploy AS dev\n", "FROM deploy AS dev\nENV DEBUG=1\n"),
      ("Dockerfile", "WORKDIR /app\n# The files", "RUN pip install six\nWORKDIR /app\n# The files"),
      ("compose.yaml", "true\n  tmpfs: [/tmp]\n", "true\n  tmpfs: [/tmp]\n  pid: host\n"),
      ("skaffold.yaml", "target: deploy", "target: dev"),
      ("k8s/base/served.yaml", "path: {{process.ready}}", "path: /"),
      (
        "k8s/base/background.yaml", "      enableServiceLinks: false\n",
        "      enableServiceLinks: false\n      hostAliases: [{ip: 10.0.0.1, hostnames: [redis]}]\n"
      ),
      (
        ".devcontainer/devcontainer.json", "\"updateRemoteUserUID\": true,",
        "\"updateRemoteUserUID\": true,\n  \"runArgs\": [\"--privileged\"],"
      ),
    ] {
      let proof = try await own(path, old, new)
      #expect(proof.status == 3, "\(path): \(proof.outputText)\(proof.errorText)")
    }
  }
}
