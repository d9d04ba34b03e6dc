import OutfitCore
import OutfitSystem
import Support
import SystemPackage
import Testing

/// What ships: pins of images, the proof, and the loop, as a person meets them.
@Suite(.serialized)
struct RenderTests {
  @Test func imagesArePinnedByTheirRegistries() async throws {
    let machine = try Machine()
    try await machine.copy("Tests/Fixtures/shop", to: "shop")
    _ = try await machine.outfit("trust", "--locked", at: "shop")
    let body = Array("{\"schemaVersion\":2}".utf8)
    let server = try LoopbackServer { request in
      request.target.contains("redis")
        ? .init(404)
        : .init(200, headers: [("Content-Type", "application/vnd.oci.image.index.v1+json")], body: body)
    }
    let mirror = ["OUTFIT_IMAGE_MIRROR": server.address]
    let lock = try await machine.outfit("lock", "--images", at: "shop", setting: mirror)
    #expect(lock.status == 0, "\(lock.errorText)")
    #expect(lock.errorText.contains("redis:7.4 stays unresolved"), "\(lock.errorText)")
    let text = try #require(try machine.read("shop/outfit.lock"))
    #expect(text.contains("\"postgres:17.2\": sha256:\(Digest(of: body))"))
    #expect(text.contains("\"redis:7.4\": unresolved"))
    let asked = server.requests.count
    let again = try await machine.outfit("lock", "--images", at: "shop", setting: mirror)
    #expect(again.status == 0, "\(again.errorText)")
    #expect(server.requests.count == asked + 1, "what is pinned is not asked for again")
    #expect(try machine.read("shop/outfit.lock") == text)

    let render = try await machine.outfit("render", at: "shop")
    #expect(render.status == 0, "\(render.errorText)")
    let compose = try #require(try machine.read("shop/compose.yaml"))
    #expect(compose.contains("postgres:17.2@sha256:\(Digest(of: body))"))
    #expect(compose.contains("redis:7.4 # unresolved"))
  }

  @Test func systemPackagesArePinned() async throws {
    let machine = try Machine()
    try await machine.copy("Tests/Fixtures/shop", to: "shop")
    for (archive, suite, name) in [
      ("debian", "trixie", "libpq5"), ("debian", "trixie-updates", "other"),
      ("debian-security", "trixie-security", "ca-certificates"),
    ] {
      var release = "Codename: \(suite)\nDate: Sat, 21 Nov 2026 09:15:44 UTC\nSHA256:\n"
      for architecture in ["amd64", "arm64"] {
        let file = "pool/main/x/\(name)_17.6-1_\(architecture).deb"
        let list = "Package: \(name)\nVersion: 17.6-1\nFilename: \(file)\nSHA256: \(Digest(of: file).hex)\n\n"
        let path = "mirror/\(archive)/dists/\(suite)/main/binary-\(architecture)/Packages"
        try machine.write(path, list + (name == "libpq5" ? "Package: apt\nVersion: 3\nFilename: x\n" : ""))
        let packed = try await machine.run("/bin/sh", ["-c", "gzip -n \(path) && sha256sum \(path).gz"])
        release += " \(packed.outputText.prefix(64)) 1 main/binary-\(architecture)/Packages.gz\n"
      }
      try machine.write("mirror/\(archive)/dists/\(suite)/InRelease", release)
    }
    let manifest = try #require(try machine.read("shop/outfit.yaml"))
    func ask(_ packages: String) throws {
      try machine.write(
        "shop/outfit.yaml",
        manifest.replacing("  processes:\n", with: "  packages: [\(packages)]\n  processes:\n"))
    }
    try ask("libpq5")
    _ = try await machine.outfit("trust", "--locked", at: "shop")
    let mirror = [
      "OUTFIT_IMAGE_MIRROR": "http://127.0.0.1:1",
      "OUTFIT_DEBIAN_MIRROR": "file://\(machine.home.appending("mirror"))",
    ]
    let early = try await machine.outfit("render", at: "shop")
    #expect(early.status == 2 && early.errorText.contains("run `outfit lock`"), "\(early.errorText)")
    let locked = try await machine.outfit("lock", "--images", at: "shop", setting: mirror)
    #expect(locked.status == 0, "\(locked.errorText)")
    #expect(
      locked.outputText.contains("+ packages ca-certificates, libpq5 (2 files)"), "\(locked.outputText)")
    let text = try #require(try machine.read("shop/outfit.lock"))
    #expect(text.contains("debian: \"20261121T211544Z\""))
    #expect(
      text.contains(
        "run ca-certificates 17.6-1 debian-security/pool/main/x/ca-certificates_17.6-1_arm64.deb sha256:"))
    let render = try await machine.outfit("render", at: "shop")
    #expect(render.status == 0, "\(render.errorText)")
    #expect(try machine.read("shop/docker/packages.txt")?.contains("amd64 run ") == true)
    // What is pinned is asked for by nobody; what the archive does not have is an error.
    let gone = mirror.merging(["OUTFIT_DEBIAN_MIRROR": "http://127.0.0.1:1"]) { $1 }
    #expect(try await machine.outfit("lock", "--images", at: "shop", setting: gone).status == 0)
    #expect(try machine.read("shop/outfit.lock") == text)
    try ask("libpq6")
    #expect(try await machine.outfit("trust", "--locked", at: "shop").status == 0)
    let refused = try await machine.outfit("lock", "--images", at: "shop", setting: mirror)
    #expect(refused.status == 1, "\(refused.outputText)")
    #expect(refused.errorText.contains("did you mean `libpq5`?"), "\(refused.errorText)")
  }

  @Test func aProofIsKeptUntilSomethingChanges() async throws {
    let machine = try Machine()
    try await machine.copy("Tests/Fixtures/shop", to: "shop")
    _ = try await machine.outfit("trust", "--locked", at: "shop")
    let kubectl = try await machine.run(Machine.checkout.appending("scripts/kubectl.sh"), [])
    try #require(kubectl.succeeded, "\(kubectl.errorText)")
    let setting = ["KUBECTL": String(kubectl.outputText.split(separator: "\n").last ?? "")]
    let render = try await machine.outfit("render", at: "shop")
    #expect(render.status == 0, "\(render.errorText)")
    let first = try await machine.outfit("parity", "--html", "proof.html", at: "shop", setting: setting)
    #expect(first.status == 0, "\(first.outputText)\(first.errorText)")
    #expect(!first.errorText.contains("Nothing has changed"))
    let page = try #require(try machine.read("shop/proof.html"))
    #expect(
      page.contains("<h1>No difference found") || page.contains("<h1>Development and deployment are the same")
    )
    let second = try await machine.outfit("parity", at: "shop", setting: setting)
    #expect(second.errorText.contains("Nothing has changed"))
    #expect(second.outputText == first.outputText)
    let fresh = try await machine.outfit("parity", "--fresh", "--json", at: "shop", setting: setting)
    #expect(fresh.outputText.contains("\"allowed\":"), "\(fresh.outputText.prefix(80))")
    let base = "shop/k8s/base/worker.yaml"
    let text = try #require(try machine.read(base))
    try machine.write(
      base, text.replacing("readOnlyRootFilesystem: true", with: "readOnlyRootFilesystem: false"))
    let broken = try await machine.outfit("parity", at: "shop", setting: setting)
    #expect(broken.status == 3, "\(broken.outputText)")
    try machine.write(base, text)
    let mended = try await machine.outfit("parity", at: "shop", setting: setting)
    #expect(mended.status == 0, "\(mended.outputText)")
    // A new file in the overlay counts too.
    try machine.write("shop/k8s/overlays/staging/more.yaml", "kind: ConfigMap\n")
    let more = try await machine.outfit("parity", at: "shop", setting: setting)
    #expect(!more.errorText.contains("Nothing has changed"))
    let bad = try await machine.outfit("parity", "--images", "only-one", at: "shop", setting: setting)
    #expect(bad.status == 2)
    let absent = try await machine.outfit(
      "parity", "--images", "./a.tar", "./b.tar", at: "shop", setting: setting)
    #expect(absent.status == 1, "\(absent.errorText)")
    #expect(absent.errorText.contains("there is no image at"))
  }

  /// The proof on a phone and on a wall, with what fails, what could not be looked at, and exceptions with long names.
  @Test(
    .enabled(if: Browser.program != nil, "no browser is here, and none can be got: apt-get install chromium"),
    .timeLimit(.minutes(5)))
  func aProofIsReadOnAPhone() async throws {
    let machine = try Machine()
    try await machine.copy("Tests/Fixtures/shop", to: "shop")
    let manifest = try #require(try machine.read("shop/outfit.yaml"))
    let place = "Deployment/web:spec.template.spec.containers.web.resources.limits.memory"
    try machine.write(
      "shop/outfit.yaml",
      manifest
        + "  allow:\n    \"\(place)\": The machines of staging are small, until those of the new room have come\n"
    )
    _ = try await machine.outfit("trust", "--locked", at: "shop")
    try #require(try await machine.outfit("render", at: "shop").status == 0)
    let base = "shop/k8s/base/worker.yaml"
    let text = try #require(try machine.read(base))
    try machine.write(
      base, text.replacing("readOnlyRootFilesystem: true", with: "readOnlyRootFilesystem: false"))
    let proof = try await machine.outfit("parity", "--html", "proof.html", at: "shop")
    #expect(proof.status == 3, "\(proof.outputText)\(proof.errorText)")
    try await Browser.with(folder: machine.home.appending("browser")) { browser in
      for (width, dark) in [(390, false), (390, true), (1600, false), (1600, true)] {
        let name = "parity \(width) \(dark ? "dark" : "light")"
        try await browser.look(width: width, dark: dark)
        try await browser.open(machine.home.appending("shop/proof.html"))
        try await browser.check(name, width: width)
        let words = try await browser.value("document.body.innerText") as? String ?? ""
        for word in ["Development and deployment differ", "Failed", place, "The machines of staging"] {
          #expect(words.contains(word), "\(word) is not on the page")
        }
        try await browser.keep(name)
      }
    }
  }

  @Test func aDatabaseDoesNotMoveWithoutAWord() async throws {
    let machine = try Machine()
    try await machine.copy("Tests/Fixtures/shop", to: "shop")
    _ = try await machine.outfit("trust", "--locked", at: "shop")
    let early = try await machine.outfit("parity", at: "shop")
    #expect(early.status == 3)
    #expect(early.errorText.contains("run `outfit render`"), "\(early.errorText)")
    #expect(!early.outputText.contains("failed"), "\(early.outputText)")
    // No registry answers, and the lock remembers all the same.
    let mirror = ["OUTFIT_IMAGE_MIRROR": "http://127.0.0.1:1"]
    _ = try await machine.outfit("lock", "--images", at: "shop", setting: mirror)
    let render = try await machine.outfit("render", at: "shop")
    try #require(render.status == 0, "\(render.errorText)")
    let manifest = try #require(try machine.read("shop/outfit.yaml"))
    let moved = manifest.replacing("postgres: \"17.2\"", with: "postgres: \"18.1\"")
    try #require(moved != manifest)
    try machine.write("shop/outfit.yaml", moved)
    _ = try await machine.outfit("lock", "--images", at: "shop", setting: mirror)
    let lock = try #require(try machine.read("shop/outfit.lock"))
    #expect(lock.contains("postgres:17.2") && lock.contains("postgres:18.1"), "\(lock.suffix(300))")
    let before = try machine.read("shop/compose.yaml")
    for words in [["render"], ["render", "--force"], ["render", "--check"], ["render", "--vendor"]] {
      let refused = try await machine.outfit(words, at: "shop")
      #expect(refused.status == 2, "\(words): \(refused.errorText)")
      for part in ["pg_dumpall", "pg_upgrade", "data-moved: {postgres: \"18\"}", "outfit.yaml:"] {
        #expect(refused.errorText.contains(part), "\(words): \(refused.errorText)")
      }
    }
    #expect(try machine.read("shop/compose.yaml") == before)
    try machine.files.removeTree(machine.home.appending("shop/k8s"))
    try machine.files.remove(machine.home.appending("shop/compose.yaml"))
    #expect(try await machine.outfit("render", at: "shop").status == 2, "the lock remembers")
    try machine.write(
      "shop/outfit.yaml",
      moved.replacing("  environments:\n", with: "  data-moved: {postgres: \"18\"}\n  environments:\n"))
    _ = try await machine.outfit("trust", at: "shop")
    _ = try await machine.outfit("lock", "--images", at: "shop", setting: mirror)
    #expect(try machine.read("shop/outfit.lock")?.contains("postgres:17.2") == false)
    let done = try await machine.outfit("render", at: "shop")
    #expect(done.status == 0, "\(done.errorText)")
    #expect(try machine.read("shop/compose.yaml")?.contains("postgres:18.1") == true)
  }

  @Test func aStrangersTemplateWritesNothingThatGitRuns() async throws {
    let machine = try Machine()
    try await machine.copy("Tests/Fixtures/shop", to: "shop")
    _ = try await machine.outfit("trust", "--locked", at: "shop")
    try machine.write("shop/tpl/hook", "#!/bin/sh\ntouch \(machine.home)/PWNED\n")
    let manifest = try #require(try machine.read("shop/outfit.yaml"))
    try machine.write("shop/outfit.yaml", manifest.replacing("template: django", with: "template: ./tpl"))
    func template(_ files: String) throws {
      try machine.write("shop/tpl/template.yaml", "template: evil\nextends: django\nfiles:\n  - \(files)\n")
    }
    for path in [".git/hooks/pre-commit", ".GIT/hooks/pre-commit", "sub/.git/config"] {
      try template("{path: \(path), from: hook, mode: \"0755\"}")
      #expect(try await machine.outfit("render", at: "shop").status == 4, "the template is another one")
      _ = try await machine.outfit("trust", at: "shop")
      for words in [["render"], ["render", "--force"], ["render", "--check"]] {
        let refused = try await machine.outfit(words, at: "shop")
        #expect(refused.status == 2, "\(refused.errorText)")
        #expect(refused.errorText.contains(path), "\(refused.errorText)")
      }
    }
    #expect(try machine.read("shop/.git/hooks/pre-commit") == nil && machine.read("shop/Dockerfile") == nil)
    try machine.write("id_rsa", "KEY\n")
    try machine.files.createLink(machine.home.appending("shop/tpl/stolen.txt"), to: "../../id_rsa")
    try template("{path: docker/stolen.txt, from: stolen.txt}")
    _ = try await machine.outfit("trust", at: "shop")
    let stolen = try await machine.outfit("render", at: "shop")
    #expect(stolen.status == 2 && stolen.errorText.contains("stolen.txt"), "\(stolen.errorText)")
    #expect(try machine.read("shop/docker/stolen.txt") == nil)

    // What other programs run is consented to by its name.
    try machine.files.remove(machine.home.appending("shop/tpl/stolen.txt"))
    try template("{path: .envrc, from: hook, mode: \"0755\"}")
    let asked = try await machine.outfit("render", at: "shop")
    #expect(asked.status == 4, "\(asked.errorText)")
    #expect(try machine.read("shop/.envrc") == nil)
    let trusted = try await machine.outfit("trust", at: "shop")
    #expect(trusted.status == 0, "\(trusted.errorText)")
    let rendered = try await machine.outfit("render", at: "shop")
    #expect(try rendered.status == 0 && machine.read("shop/.envrc") != nil, "\(rendered.errorText)")

    try machine.write("shop/outfit.yaml", manifest.replacing("template: django", with: "template: djagno"))
    let show = try await machine.outfit("show", at: "shop")
    #expect(show.status == 2 && show.errorText.contains("did you mean `django`?"), "\(show.errorText)")
    #expect(show.outputText.contains("postgres 17.2"))
  }

  @Test func initSaysWhatTheRepositorySays() async throws {
    let machine = try Machine()
    try machine.write("api/.python-version", "3.13\n")
    try machine.write("api/requirements.txt", "fastapi==0.115.0\n")
    try machine.write("api/Procfile", "web: uvicorn api.main:app --port $PORT\n")
    let dry = try await machine.outfit("init", "--dry-run", at: "api")
    #expect(dry.status == 0, "\(dry.errorText)")
    #expect(try machine.read("api/outfit.yaml") == nil)
    let done = try await machine.outfit("init", at: "api")
    #expect(done.status == 0, "\(done.errorText)")
    #expect(try machine.read("api/outfit.yaml") == dry.outputText)
    #expect(dry.outputText.contains("template: fastapi"))
    let show = try await machine.outfit("why", "virtualenv", at: "api")
    #expect(show.status == 0, "\(show.errorText)")
    let again = try await machine.outfit("init", at: "api")
    #expect(again.status == 2)
    #expect(again.errorText.contains("is there already"))
    #expect(try machine.read("api/outfit.yaml") == dry.outputText)
    let nowhere = try await machine.outfit("init", "no-such-folder")
    #expect(nowhere.status == 2)
  }

  /// Programs that say what a test wants stand for Skaffold, kubectl and Docker.
  @Test func devLooksBeforeItStarts() async throws {
    let machine = try Machine()
    try await machine.copy("Tests/Fixtures/shop", to: "shop")
    _ = try await machine.outfit("trust", "--locked", at: "shop")
    let kubectl = try await machine.run(Machine.checkout.appending("scripts/kubectl.sh"), [])
    try #require(kubectl.succeeded, "\(kubectl.errorText)")
    let real = String(kubectl.outputText.split(separator: "\n").last ?? "")
    func program(_ name: String, _ script: String) throws {
      try machine.write("fake/\(name)", "#!/bin/sh\n" + script, mode: 0o755)
    }
    let setting = ["PATH": "\(machine.home)/fake:/usr/bin:/bin"]
    func dev(_ arguments: String...) async throws -> Completion {
      try await machine.run(
        Machine.build.appending("outfit"), ["dev"] + arguments, at: "shop", setting: setting)
    }
    let unrendered = try await dev("--with", "compose", "--dry-run")
    #expect(unrendered.status == 1)
    #expect(unrendered.errorText.contains("outfit render"))
    _ = try await machine.outfit("render", at: "shop")

    func cluster(
      _ context: String, client: String = "v1.32.0", server: String = "v1.31.2", view: String = "{}"
    ) throws {
      try program(
        "kubectl",
        """
        case "$*" in
          *current-context*) echo \(context) ;;
          *get-contexts*) printf 'kind-shop\\ngke_acme\\ndefault\\n' ;;
          *"config view"*) echo '\(view)' ;;
          *"version --client"*) echo "Client Version: \(client)" ;;
          *version*) echo '{"serverVersion": {"gitVersion": "\(server)"}}' ;;
          *kustomize*) exec \(real) "$@" ;;
        esac
        """)
    }
    try program("skaffold", "[ \"$1\" = version ] && echo v2.16.1 || echo \"ran $*\"\n")
    try cluster("kind-shop")
    let local = try await dev()
    #expect(local.status == 0, "\(local.errorText)")
    #expect(local.outputText.contains("ran dev --kube-context kind-shop"), "\(local.outputText)")
    let debug = try await dev("--debug", "--launch")
    #expect(debug.status == 0, "\(debug.errorText)")
    #expect(debug.outputText.contains("ran dev --kube-context kind-shop"), "\(debug.outputText)")
    #expect(debug.outputText.contains("--profile dev-debug"), "\(debug.outputText)")
    #expect(debug.errorText.contains("127.0.0.1:5678"))
    #expect(try machine.read("shop/.vscode/launch.json")?.contains("\"port\": 5678") == true)
    let again = try await dev("--debug", "--launch", "--dry-run")
    #expect(!again.errorText.contains("launch.json"), "\(again.errorText)")
    try machine.files.remove(machine.home.appending("shop/.vscode/launch.json"))
    try cluster("gke_acme")
    let remote = try await dev()
    #expect(remote.status == 4, "\(remote.errorText)")
    #expect(remote.errorText.contains("outfit dev --context gke_acme"))
    let named = try await dev("--context", "gke_acme", "--dry-run")
    #expect(named.status == 0, "\(named.errorText)")
    // A dry run remembers nothing; what was named once is remembered, for that cluster.
    #expect(try await dev().status == 4)
    let address = { (server: String) in
      "{\"clusters\": [{\"cluster\": {\"server\": \"\(server)\"}}]}"
    }
    try cluster("default", view: address("https://127.0.0.1:6443"))
    let asked = try await dev()
    #expect(asked.status == 4)
    #expect(asked.errorText.contains("default (https://127.0.0.1:6443)"), "\(asked.errorText)")
    #expect(try await dev("--context", "default").status == 0)
    let remembered = try await dev()
    #expect(remembered.status == 0, "\(remembered.errorText)")
    #expect(remembered.outputText.contains("ran dev --kube-context default"))
    try cluster("default", view: address("https://production.example:6443"))
    #expect(try await dev().status == 4)
    try cluster(
      "shop-of-mine",
      view:
        "{\"clusters\": [{\"cluster\": {\"extensions\": [{\"extension\": {\"provider\": \"minikube.sigs.k8s.io\"}}]}}]}"
    )
    let minikube = try await dev()
    #expect(minikube.status == 0, "\(minikube.errorText)")
    try cluster("gke_acme")
    let misspelled = try await dev("--context", "gke_acmee")
    #expect(misspelled.status == 2)
    try cluster("kind-shop", client: "v1.20.2")
    #expect(try await dev().errorText.contains("kubectl is 1.20.2"))
    try cluster("kind-shop", server: "v1.22.0")
    #expect(try await dev().errorText.contains("the cluster of kind-shop is 1.22.0"))
    try cluster("kind-shop")
    let reload = "shop/k8s/overlays/dev/reload.yaml"
    let text = try #require(try machine.read(reload))
    try machine.write(
      reload, text.replacing("{name: app, mountPath: /app}", with: "{name: app, mountPath: /srv}"))
    let unwritable = try await dev()
    #expect(unwritable.status == 1)
    #expect(unwritable.errorText.contains("has no volume at /app"), "\(unwritable.errorText)")
    #expect(unwritable.errorText.contains("used as it is"), "\(unwritable.errorText)")
    try machine.write(reload, text)
    let manifest = try #require(try machine.read("shop/outfit.yaml"))
    try machine.write(
      "shop/outfit.yaml", manifest.replacing("host: shop.localhost", with: "host: boutique.localhost"))
    _ = try await machine.outfit("trust", "--locked", at: "shop")
    let dry = try await dev("--dry-run")
    #expect(dry.errorText.contains("rendered first"), "\(dry.errorText)")
    let brought = try await dev()
    #expect(brought.status == 0, "\(brought.errorText)")
    #expect(brought.errorText.contains("Rendered what was out of date"), "\(brought.errorText)")
    #expect(try await machine.outfit("render", "--check", at: "shop").status == 0)
    try machine.write("shop/outfit.yaml", manifest)
    try program("skaffold", "echo v2.10.0\n")
    #expect(try await dev().errorText.contains("skaffold is 2.10.0"))

    try machine.files.remove(machine.home.appending("fake/skaffold"))
    func docker(_ version: String, host: String = "unix:///var/run/docker.sock") throws {
      try program(
        "docker",
        """
        case "$*" in
          "compose version --short") echo \(version) ;;
          "compose version") ;;
          context*) echo \(host) ;;
          *) echo "ran $*" ;;
        esac
        """)
    }
    try docker("2.32.1")
    let compose = try await dev("--debug", "--launch")
    #expect(compose.status == 0, "\(compose.errorText)")
    #expect(compose.outputText.contains("up --build --watch"), "\(compose.outputText)")
    #expect(try machine.read("shop/.vscode/launch.json")?.contains("debugpy") == true)
    try docker("2.20.0")
    #expect(try await dev().errorText.contains("Docker Compose is 2.20.0"))
    try docker("2.32.1", host: "ssh://build.example")
    let away = try await dev("--docker-context", "build")
    #expect(away.status == 1)
    #expect(away.errorText.contains("on another machine"))
  }
}
