import Foundation
import OutfitCore
import OutfitProfile
import Testing

@testable import OutfitRender

@Suite struct RenderTests {
  @Test func theShopRenders() throws {
    let rendering = try Render.files(Shop.input())
    let paths = Set(rendering.files.map(\.path))
    for path in [
      "Dockerfile", ".dockerignore", "compose.yaml", ".devcontainer/devcontainer.json", "skaffold.yaml",
      "k8s/base/kustomization.yaml", "k8s/base/web.yaml", "k8s/base/worker.yaml", "k8s/base/beat.yaml",
      "k8s/overlays/dev/kustomization.yaml", "k8s/overlays/staging/kustomization.yaml",
      "k8s/overlays/production/kustomization.yaml", "docker/requirements.txt", "docker/tools/black.txt",
      ".devcontainer/create.sh", ".github/workflows/outfit.yml",
    ] { #expect(paths.contains(path), "\(path)") }
    #expect(paths.contains("k8s/overlays/dev/reload.yaml"))
    #expect(!paths.contains("k8s/overlays/production/reload.yaml"))
    #expect(rendering.files.first { $0.path.hasSuffix("secrets.sh") }?.mode == 0o755)
    #expect(rendering.diagnostics.allSatisfy { $0.severity == .warning })
    let certificates = rendering.diagnostics.filter { $0.message.contains("no certificates") }
    #expect(certificates.count == 1, "packages that the lock does not have are told")
    #expect(rendering.diagnostics.count == 4 + 1, "each image without a digest is told")
  }

  /// `OUTFIT_RENDER_TO=FOLDER swift test --filter RenderTests` leaves the files there, for scripts/validate-render.sh.
  @Test(arguments: Shop.all) func everyTemplateRenders(_ app: AppSection) throws {
    let rendering = try Render.files(Shop.input(app))
    let devcontainer = try #require(rendering.files.first { $0.path == ".devcontainer/devcontainer.json" })
    for name in app.extensions { #expect(devcontainer.content.contains("\"\(name)\"")) }
    guard let folder = ProcessInfo.processInfo.environment["OUTFIT_RENDER_TO"] else { return }
    for file in rendering.files {
      let url = URL(fileURLWithPath: folder).appendingPathComponent(app.name).appendingPathComponent(
        file.path)
      try FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(file.content.utf8).write(to: url)
    }
  }

  /// The first process of a container gets the signal to end, and a shell there heeds none unless it says so.
  @Test func aSignalToEndReachesWhatRuns() throws {
    let files = try Shop.files(Shop.input())
    for file in ["k8s/base/redis.yaml", "compose.yaml"] {
      let text = try #require(files[file])
      #expect(!text.contains("| exec "), "\(file): what follows a pipe takes no shell's place")
      #expect(text.contains("exec redis-server - <<END"))
    }
    for app in Shop.all {
      for (path, text) in try Shop.files(Shop.input(app)) where path.hasPrefix("k8s/base/") {
        for line in text.split(separator: "\n") where line.contains("until ") {
          #expect(line.contains("trap 'exit 143' TERM; until "), "\(path): \(line)")
        }
      }
    }
  }

  /// docker-compose that speaks to Podman takes the words of `CMD` apart at their blanks, and knows no `uid=` of a tmpfs.
  @Test(arguments: Shop.all) func composeIsReadAlikeByDockerAndPodman(_ app: AppSection) throws {
    let compose = try Document.parseOne(Shop.files(Shop.input(app))["compose.yaml"] ?? "", file: "")
    for (name, service) in try #require(compose["services"]).entries {
      let test = service.at("healthcheck", "test")?.texts ?? []
      if test.first == "CMD" { #expect(test.allSatisfy { !$0.contains(" ") }, "\(name): \(test)") }
      for mount in service["tmpfs"]?.texts ?? [] { #expect(!mount.contains(":"), "\(name): \(mount)") }
    }
  }

  @Test func whatAPersonChangesShowsInDevelopment() throws {
    let files = try Shop.files(Shop.input())
    let compose = try Document.parseOne(files["compose.yaml"] ?? "", file: "")
    let collects = try #require(compose.at("services", "static"))
    #expect(collects["command"]?.texts?.last?.contains("STATIC_WATCH=1") == true)
    #expect(collects["volumes"]?.texts == [".:/app:ro", "static:/srv/static"])
    #expect(collects["cap_drop"]?.texts == ["ALL"] && collects["read_only"]?.isTrue == true)
    #expect(compose.at("services", "nginx", "depends_on", "static", "condition")?.text == "service_started")
    #expect(
      files["k8s/base/nginx.conf"]?.contains("expires") == false, "a browser would keep a changed stylesheet")
    #expect(compose.at("services", "web", "command")?.texts?.contains("outfit_reload.Source") == true)
    #expect(files["Dockerfile"]?.contains("site-packages/outfit_reload.py") == true)
  }

  @Test func theWorkflowRunsTheHooksOfAProjectThatHasSome() throws {
    func workflow(_ input: RenderInput) throws -> String {
      try #require(try Render.files(input).files.first { $0.path == ".github/workflows/outfit.yml" }).content
    }
    #expect(try !workflow(Shop.input()).contains("hooks"))
    var input = Shop.input()
    input.profile.hooks["black"] = Sourced(HookSection(), Shop.source)
    let text = try workflow(input)
    let jobs = try #require(try Document.parseOne(text, file: "outfit.yml")["jobs"])
    let steps = try #require(jobs["hooks"]?["steps"]?.items)
    let runs = steps.compactMap { $0["run"]?.text }
    #expect(runs.contains("outfit hooks run --from-ref \"$FROM\" --to-ref \"$TO\" --show-diff"))
    #expect(steps.first?["with"]?["fetch-depth"]?.integer == 0, "a range needs its commits")
    #expect(text.contains("FROM: ${{ github.event.pull_request.base.sha }}"))
  }

  @Test func whatIsVendoredNeedsNoNetwork() throws {
    let vendored = [
      VendoredFile(path: "amd64/interpreter.tar.gz", digest: Digest(of: "amd64")),
      VendoredFile(path: "amd64/wheels/django-5.2.19-py3-none-any.whl", digest: Digest(of: "wheel")),
    ]
    let files = try Render.files(Shop.input(vendored: vendored)).files
    let dockerfile = try #require(files.first { $0.path == "Dockerfile" }).content
    #expect(!dockerfile.contains("https://"))
    #expect(dockerfile.contains("--no-index --find-links \"/vendor/${TARGETARCH}/wheels\""))
    let list = try #require(files.first { $0.path == "docker/vendor/amd64/SHA256SUMS" }).content
    #expect(list.contains("\(Digest(of: "wheel"))  wheels/django-5.2.19-py3-none-any.whl\n"))
    #expect(files.contains { $0.path == "docker/vendor/.gitignore" })
    let stale = [VendoredFile(path: "amd64/interpreter.tar.gz", digest: Digest(of: "another"))]
    let failure = #expect(throws: Failure.self) { try Render.files(Shop.input(vendored: stale)) }
    #expect(failure?.diagnostics.first?.hint == "get it anew: outfit render --vendor")
  }

  @Test func valuesCanNotBreakOut() throws {
    for text in ["a b", "a\nb", "$(id)", "\"", "x: y", "{a}", "#", "é"] {
      var app = Shop.app
      app.values = ["live": text]
      #expect(throws: Failure.self, "\(text.debugDescription)") { try Render.files(Shop.input(app)) }
    }
    var app = Shop.app
    app.values = ["migrate": "echo \"it's: $HOME\" # `x`", "livee": "/x"]
    app.extensions = ["a\", \"b"]
    app.allow = ["everything": "why not"]
    let failure = #expect(throws: Failure.self) { try Render.files(Shop.input(app)) }
    #expect(failure?.diagnostics.count == 3)
    app.values = ["migrate": "echo \"it's: $HOME\" # `x`"]
    app.extensions = []
    app.allow = [:]
    #expect(throws: Never.self) { try Render.files(Shop.input(app)) }
  }

  @Test func theSameInputGivesTheSameBytes() throws {
    #expect(try Render.files(Shop.input()).files == Render.files(Shop.input()).files)
  }

  @Test func everyFileSaysWhatMadeIt() throws {
    for file in try Render.files(Shop.input()).files where !file.isStarter {
      #expect(RenderMark.state(of: file.content) == .untouched, "\(file.path)")
      #expect(RenderMark.state(of: file.content + "x") == .changed, "\(file.path)")
    }
    #expect(RenderMark.state(of: "FROM scratch\n") == .foreign)
  }

  @Test func imagesHaveTheLocksDigestsAndNoOthers() throws {
    var lock = Shop.lock
    lock.images["postgres:17.2"] = LockedImage(digest: Digest(of: "postgres"))
    lock.images["redis:7.4"] = LockedImage(digest: nil)
    let files = try Render.files(Shop.input(lock: lock)).files
    let compose = try #require(files.first { $0.path == "compose.yaml" }).content
    #expect(compose.contains("image: postgres:17.2@sha256:\(Digest(of: "postgres").hex)\n"))
    #expect(compose.contains("image: redis:7.4 # unresolved\n"))
    let dockerfile = try #require(files.first { $0.path == "Dockerfile" }).content
    #expect(dockerfile.contains("ADD --checksum=sha256:\(Digest(of: "amd64").hex) "))
    #expect(dockerfile.contains("# unresolved"))
  }

  @Test func anAdoptedInterpreterMakesNoImage() throws {
    var lock = Shop.lock
    lock.interpreters[.python] = [
      LockedInterpreter(request: "3.13", version: Version([3, 13, 5]), provider: .adopted)
    ]
    let failure = #expect(throws: Failure.self) { try Render.files(Shop.input(lock: lock)) }
    #expect(failure?.status == .usage)
    #expect(failure?.diagnostics.first?.message.contains("no Linux build of Python 3.13.5") == true)
    #expect(failure?.diagnostics.first?.location?.line == 12)
  }

  /// Every kind of bad name at once, each with its own complaint.
  @Test func badNamesAreRefused() throws {
    var app = Shop.app
    app.name = "Shop\nUSER root"
    app.image = "registry.example.com/shop:1 --privileged"
    app.base = "debian\nRUN true"
    app.processes = ["web: {}": .init(port: 80), "odd": .init()]
    app.services = ["postgres": "17.2\n  privileged: true", "reddis": "7"]
    app.environments = ["dev/../..": .init(host: "a b", replicas: 0, env: ["A B": "x", "OK": "x\ny: z"])]
    let failure = #expect(throws: Failure.self) { try Render.files(Shop.input(app)) }
    let messages = failure?.diagnostics.map(\.message) ?? []
    for part in [
      "app.name", "app.image", "base image", "app.processes", "port` is 80",
      "`app.processes.odd` has no command",
      "app.services.postgres", "no service `reddis`", "app.environments", ".host`", ".replicas`",
      "a variable \"A B\"", ".OK` has a line break",
    ] { #expect(messages.contains { $0.contains(part) }, "\(part)") }
    #expect(failure?.status == .usage)
  }

  @Test func aSecretIsNotWritten() throws {
    let failure = #expect(throws: Failure.self) {
      try Render.files(Shop.input(env: ["POSTGRES_PASSWORD": "hunter2"]))
    }
    #expect(failure?.diagnostics.first?.message.contains("`POSTGRES_PASSWORD` is a secret") == true)
  }

  static let hostile = [
    "\"", "\\", "'", "a: b", "- x", "#c", " # c", "$(reboot)", "${X}", "$X", "$$", "`id`", "{{name}}", "}}",
    "&a",
    "*a", "!!binary x", "%", "@", "|", ">", "?", "[", "]", "{", "}", ",", "a\"b'c\\d", "null", "true", "1e3",
    "0x10",
    "~", "", " lead", "trail ", "é\u{2028}ü", "emoji 🧥", "\t", "--", "---", "...", "=", "<<", "\"x\"", "'x'",
  ]

  /// Text that would break out of a string is the same text again after parsing: `IntentCheck` throws otherwise.
  @Test func hostileTextComesThrough() throws {
    var app = Shop.app
    app.processes["worker"] = .init(command: ["echo"] + Self.hostile + ["two\nlines"])
    app.processes["web"] = .init(command: ["serve"] + Self.hostile, port: 8000)
    var variables: [String: String] = [:]
    for (index, text) in Self.hostile.enumerated() {
      variables["ODD\(index)"] = text.replacing("${", with: "$${")
    }
    app.environments["dev"]?.env = variables
    let files = try Render.files(Shop.input(app, env: variables.mapValues { "a\($0)" })).files
    let compose = try Document.parseOne(
      try #require(files.first { $0.path == "compose.yaml" }).content, file: "compose.yaml")
    let command = try #require(compose.at("services", "worker", "command")?.texts)
    #expect(
      command[command.count - 2] == Quoting.dollars(Quoting.shell(["echo"] + Self.hostile + ["two\nlines"])))
    let dockerfile = try #require(files.first { $0.path == "Dockerfile" }).content
    #expect(dockerfile.contains("\nCMD [\"serve\", \"\\\"\", "))
  }

  @Test(arguments: ["\u{0}", "\u{85}", "\u{FEFF}", "\u{1B}[31m", "\r"])
  func controlCharactersAreRefused(_ text: String) {
    var app = Shop.app
    app.processes["worker"] = .init(command: ["echo", text])
    app.environments["dev"]?.env["ODD"] = text
    let failure = #expect(throws: Failure.self) { try Render.files(Shop.input(app)) }
    #expect(failure?.diagnostics.count == 2)
  }

  @Test func aSeededFuzzFindsNoWayOut() throws {
    var generator = SplitMix(state: 0x5EED)
    let alphabet = Array("\"'\\$`{}[]()#:-&*!|>%@,=<~ \t\nabc09é\u{2028}🧥").map(String.init)
    for _ in 0..<12 {
      let text = (0..<12).map { _ in alphabet[Int(generator.next() % UInt64(alphabet.count))] }.joined()
      for var app in Shop.all {
        app.processes["worker"] = .init(command: ["echo", text])
        app.environments["dev"]?.env["ODD"] = text.filter { $0 != "\n" }.replacing("${", with: "$${")
        #expect(throws: Never.self, "\(text.debugDescription)") { try Render.files(Shop.input(app)) }
      }
    }
  }

  @Test func smallerStacksRender() throws {
    var app = Shop.app
    app.processes = ["worker": .init()]
    app.services = [:]
    app.environments = ["production": .init()]
    let files = try Render.files(Shop.input(app)).files
    #expect(!files.contains { $0.path == "k8s/base/nginx.yaml" || $0.path == "k8s/base/postgres.yaml" })
    app.processes = ["web": .init()]
    app.name = "my-shop"
    let names = try Render.files(Shop.input(app)).files
    let dockerfile = try #require(names.first { $0.path == "Dockerfile" }).content
    #expect(dockerfile.contains("\"my_shop.asgi:application\""))
  }

  @Test func postgres18HasAnotherFolder() throws {
    var app = Shop.app
    app.services["postgres"] = "18.1"
    let compose = try #require(try Render.files(Shop.input(app)).files.first { $0.path == "compose.yaml" })
      .content
    #expect(compose.contains("      - postgres:/var/lib/postgresql\n"))
    #expect(compose.contains("PGDATA: /var/lib/postgresql/18/docker"))
  }
}

struct SplitMix: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
