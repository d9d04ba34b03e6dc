import OutfitCore
import OutfitProfile
import OutfitSystem
import Support
import SystemPackage
import Testing

@testable import OutfitRender

/// A manifest out of what a repository has, read again by the reader of manifests.
@Suite struct ProjectReadingTests {
  func profile(_ reading: ProjectReading) async throws -> Profile {
    let scratch = try ScratchFolder()
    // The files that `virtualenv:` names are not here, which the reader would look for.
    let lines = reading.text.split(separator: "\n", omittingEmptySubsequences: false)
      .filter { !$0.hasPrefix("virtualenv:") }
    try scratch.put("project/outfit.yaml", lines.joined(separator: "\n"))
    for lock in NodeModulesReading.files { try scratch.put("project/\(lock)", "") }
    return try await ProfileLoader(host: scratch.host, systemManifest: "/nowhere").project(
      at: scratch.path.appending("project"), withPersonal: false)
  }

  static func reading(
    folder: String, found: [String: String], python: String? = nil, node: String? = nil
  ) -> ProjectReading {
    func interpreter(_ text: String?, _ fallback: String) -> ProjectReading.Interpreter {
      .init(text ?? fallback, place: "a file", isGuess: text == nil, isUnnamed: text == nil)
    }
    return ProjectReading(
      folder: folder, found: found,
      interpreters: [.python: interpreter(python, "3.14"), .node: interpreter(node, "24")])
  }

  @Test func aDjangoProject() async throws {
    let reading = Self.reading(
      folder: "Some Shop",
      found: [
        "requirements.txt": "django==5.2\n", "requirements.in": "django\n",
        "manage.py": "os.environ.setdefault(\"DJANGO_SETTINGS_MODULE\", \"shop.settings\")\n",
        "Procfile":
          "web: gunicorn shop.wsgi --bind 0.0.0.0:$PORT\nworker: celery -A shop worker\nrelease: python manage.py migrate\n",
        "compose.yaml": """
        services:
          web:
            build: .
            image: registry.acme.example/shop:dev
            environment: {DEBUG: "1", SECRET_KEY: hunter2, HOME_URL: "${URL}"}
          db: {image: "postgres:16.4-alpine"}
          cache: {image: "redis:7.4"}
          mail: {image: "axllent/mailpit:v1"}
        """,
        ".pre-commit-config.yaml": """
        repos:
          - repo: https://github.com/psf/black-pre-commit-mirror
            rev: 25.1.0
            hooks: [{id: black, args: [--line-length=100], exclude: /migrations/}]
          - repo: https://github.com/astral-sh/ruff-pre-commit
            rev: v0.6.9
            hooks: [{id: ruff-check}, {id: ruff-format}]
          - repo: https://github.com/acme/own-hooks
            rev: v1
            hooks: [{id: own}]
        """,
        "Dockerfile":
          "FROM python:3.11-slim\nRUN apt-get update && apt-get install -y libpq5 gettext\nCMD [\"gunicorn\"]\n",
      ], python: "3.12.4")
    let profile = try await profile(reading)
    #expect(profile.name == "some-shop")
    #expect(profile.interpreters[.python]?.value.versions.map(\.description) == ["3.12.4"])
    #expect(reading.text.contains("\nvirtualenv: {from: requirements.txt} # made in .venv\n"))
    #expect(profile.env["DJANGO_SETTINGS_MODULE"]?.value == "shop.settings")
    #expect(profile.tools.keys.sorted() == ["black", "ruff"])
    #expect(profile.hooks["black"]?.value.arguments == ["--line-length=100"])
    #expect(profile.hooks["black"]?.value.exclude == "/migrations/")
    #expect(
      profile.inOrder(profile.hooks, of: "hooks").map(\.key) == ["black", "ruff", "ruff-format", "own"])
    #expect(profile.hooks["own"]?.value.repository?.address == "https://github.com/acme/own-hooks")
    let app = try #require(profile.app?.value)
    #expect(app.template == "django")
    #expect(app.image == "registry.acme.example/shop")
    #expect(app.processes["web"]?.command == ["gunicorn", "shop.wsgi", "--bind", "0.0.0.0:8000"])
    #expect(app.processes["web"]?.port == 8000)
    #expect(app.processes["worker"]?.command == ["celery", "-A", "shop", "worker"])
    #expect(app.services == ["postgres": "16.4", "redis": "7.4"])
    #expect(app.environments["dev"]?.env == ["DEBUG": "1"])
    #expect(!reading.text.contains("hunter2"), "no secret is written")
    let notes = reading.notes.map(\.message).joined(separator: "\n")
    #expect(app.secrets == ["SECRET_KEY"])
    #expect(app.packages.run.sorted() == ["gettext", "libpq5"])
    for part in ["HOME_URL", "mailpit", "release:"] {
      #expect(notes.contains(part), "\(part)")
    }
  }

  @Test(arguments: [("shop", nil), ("my-shop", "uvicorn shop.asgi:application")])
  func thePackageOfDjangoMayHaveAnotherName(_ folder: String, _ command: String?) async throws {
    let reading = Self.reading(
      folder: folder,
      found: [
        "requirements.txt": "django==5.2\n",
        "manage.py": "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n",
      ])
    let web = try await profile(reading).app?.value.processes["web"]
    #expect(web?.command?.prefix(2).joined(separator: " ") == command)
  }

  @Test func aWorkerHasNoHost() async throws {
    let reading = Self.reading(
      folder: "ingest",
      found: ["requirements.txt": "celery==5.4\n", "Procfile": "consumer: python -m ingest\n"])
    let app = try #require(try await profile(reading).app?.value)
    #expect(app.template == "worker")
    #expect(app.environments["dev"]?.host == nil && app.environments["production"]?.host == nil)
    #expect(app.environments["production"]?.replicas == 2)
  }

  @Test(arguments: [("", true), (" --host 0.0.0.0", false), (" --host=0.0.0.0", false)])
  func uvicornMustListenOutsideOfItsContainer(_ option: String, _ isTold: Bool) async throws {
    let reading = Self.reading(
      folder: "api",
      found: [
        "requirements.txt": "fastapi==0.115.0\n",
        "Procfile": "web: uvicorn api.main:app --port $PORT\(option)\n",
      ])
    _ = try await profile(reading)
    #expect(reading.notes.contains { $0.message.hasPrefix("uvicorn listens") } == isTold)
  }

  @Test func aNodeProject() async throws {
    let reading = Self.reading(
      folder: "x",
      found: [
        "package.json": "{\"name\": \"@acme/front-end\", \"engines\": {\"node\": \">=22.1\"}}",
        "yarn.lock": "",
        "Dockerfile": "FROM node:22.3-alpine AS build\nEXPOSE 3000\nCMD node server.js\n",
      ], node: "22.3")
    let profile = try await profile(reading)
    #expect(profile.interpreters[.node]?.value.versions.map(\.description) == ["22.3"])
    let app = try #require(profile.app?.value)
    #expect((app.template, app.name) == ("node", "front-end"))
    #expect(app.processes["web"]?.port == 3000)
    #expect(app.processes["web"]?.command == ["node", "server.js"])
    #expect(profile.nodeModules?.value.from == "yarn.lock")
    #expect(!reading.notes.contains { $0.message.contains("there is none here") })
  }

  @Test func aLibraryHasNoApp() async throws {
    let reading = Self.reading(
      folder: "lib",
      found: [
        "pyproject.toml":
          "[build-system]\nrequires = ['hatchling']\n[project]\nname = \"My_Lib\"\nrequires-python = \">=3.11\"\n"
      ])
    let profile = try await profile(reading)
    #expect(profile.name == "my-lib")
    #expect(reading.text.contains("python: \"3.14\" # GUESS: a file\n"))
    #expect(profile.app == nil)
    #expect(reading.text.contains("\nvirtualenv: {from: pyproject.toml}"))
  }

  static let commit = "0123456789abcdef0123456789abcdef01234567"

  /// What `pre-commit autoupdate --freeze` writes, and what only looks like a version.
  @Test(arguments: [
    ("\(commit)  # frozen: 26.5.1", "26.5.1"), ("\(commit)  # frozen: v2.4.2", "2.4.2"),
    ("\"\(commit)\" # v1.2", "1.2"), ("'\(commit)'  # tag=v7.3.0", "7.3.0"),
    ("1111111111111111111111111111111111111111  # frozen: 7.3.0", "7.3.0"), (commit, nil),
    ("1111111111111111111111111111111111111111", nil), ("0123456", nil), ("\(commit)  # frozen: main", nil),
    ("v25.1.0", "25.1.0"), ("25.1a1", "25.1a1"), ("stable", nil), ("v25", nil), ("25.1-odd-1.0;", nil),
  ])
  func aFrozenCommitIsTheVersionBesideIt(_ revision: String, _ version: String?) async throws {
    let reading = Self.reading(
      folder: "x",
      found: [
        "setup.py": "setup()",
        ".pre-commit-config.yaml":
          "repos:\n- repo: https://github.com/psf/black\n  rev: \(revision)\n  hooks:\n  - id: black\n",
      ])
    let profile = try await profile(reading)
    #expect(profile.tools["black"]?.value.version.text == version)
    #expect((profile.hooks["black"]?.value.repository == nil) == (version != nil))
  }

  @Test func whatVersionManagersInstallAndSetIsTakenOrNamed() async throws {
    let mise = """
      [tools]
      python = "3.12"
      ruff = "0.14"
      "pipx:httpie" = "latest"
      "npm:prettier" = {version = "3.6.2"}
      "aqua:jqlang/jq" = "1.7"
      [env]
      STAGE = "it"
      LEVEL = 3
      API_TOKEN = "hunter2"
      _.file = ".env"
      [tasks.lint]
      run = "ruff check"
      """
    let reading = Self.reading(
      folder: "x",
      found: [
        "setup.py": "setup()", "mise.toml": mise,
        ".tool-versions": "poetry 1.8.3 # x\ngolang 1.22\nruff 0.1\n",
      ])
    let profile = try await profile(reading)
    let versions = [
      "ruff": "0.14", "httpie": "latest", "prettier": "3.6.2", "poetry": "1.8.3",
    ]
    #expect(profile.tools.mapValues(\.value.version.text) == versions)
    #expect(profile.env.mapValues(\.value) == ["STAGE": "it", "LEVEL": "3"])
    #expect(reading.text.contains("\n  ruff: \"0.14\" # mise.toml:3\n"))
    #expect(reading.text.contains("\n  prettier: {version: \"3.6.2\", from: \"npm\"} # mise.toml:5\n"))
    #expect(!reading.text.contains("hunter2"))
    let messages = reading.notes.map(\.message)
    for message in [
      "mise.toml:6: the tool aqua:jqlang/jq 1.7 is left out",
      "mise.toml:10: API_TOKEN of mise's [env] is left out",
      "mise.toml:11: _ of mise's [env] is left out", "mise.toml:12: tasks (lint) of mise is left out",
      ".tool-versions:2: the tool golang 1.22 is left out",
      ".tool-versions:3 names ruff 0.1 too; 0.14 is taken",
    ] {
      #expect(messages.contains(message))
    }
  }

  @Test func theFoldersThatHaveTheProjectsAreNamed() {
    let names: Set<String> = [
      "packages/a/pyproject.toml", "packages/a/sub/setup.py", "packages/b/setup.py", "docs/requirements.txt",
    ]
    let reading = ProjectReading(
      folder: "x", found: [:], sources: SourceFiles(names: names), interpreters: [:])
    #expect(
      reading.notes.first?.message
        == "the projects of this repository are in folders of their own: packages/a, packages/b")
    #expect(reading.notes.first?.hint == "outfit init packages/a")
    #expect(Self.reading(folder: "x", found: [:]).notes.first?.message == "nothing here names Python or Node")
  }

  @Test(arguments: [
    "docker/bench_py3.Dockerfile", "benchmarks/Dockerfile", "Dockerfile.ci", "example/Dockerfile",
  ])
  func imagesForSomethingElseMakeNoApplication(_ name: String) {
    let file = "FROM python:3.12\nRUN pip install flask\nCMD [\"/run.sh\"]\n"
    let reading = ProjectReading(
      folder: "x", found: ["setup.py": "setup()"], sources: SourceFiles(texts: [name: file]),
      interpreters: [:])
    #expect(!reading.text.contains("app:"))
    #expect(
      reading.notes.map(\.message).contains(
        "\(name) is left out: by its name it makes no image of production"))
  }

  @Test func aToolWithoutAWheelMayBeBuilt() async throws {
    let found = [
      ".tool-versions": "black 25.1.0\npoetry 1.8\nprettier 3.6.2\n",
      "mise.toml": "[tools]\nruff = \"latest\"\n",
    ]
    #expect(
      Self.reading(folder: "x", found: found).toolQuestion?.lines == [
        "black==25.1.0", "poetry==1.8.*", "ruff",
      ])
    let reading = ProjectReading(folder: "x", found: found, interpreters: [:], sourceOnlyTools: ["black"])
    #expect(reading.text.contains("  black: {version: \"25.1.0\", build: [\"black\"]} # .tool-versions:1\n"))
    #expect(try await profile(reading).tools["black"]?.value.build == ["black"])
  }

  @Test func variablesOfTheImageThatNothingTakesAreNamed() {
    let file =
      "FROM python:3.12\nENV PYTHONUNBUFFERED=1 STAGE=it\nENV OTHER 1\nCMD uvicorn shop:app --port 8000\n"
    let reading = Self.reading(folder: "x", found: ["requirements.txt": "uvicorn\n", "Dockerfile": file])
    #expect(
      reading.notes.map(\.message).contains(
        "Dockerfile: these of ENV are left out: STAGE (line 2), OTHER (line 3)"))
  }

  @Test func whatIsNamedInAManifestIsQuotedThere() throws {
    let reading = Self.reading(
      folder: "x",
      found: [
        "requirements, {a: b}].txt": "six\n", "requirements/dev: #.txt": "pytest\n-e .\n",
        "pyproject.toml": "[dependency-groups]\n'test' = []\n",
      ])
    let document = try Document.parseOne(reading.text, file: "outfit.yaml")
    #expect(document.at("virtualenv", "from")?.text == "requirements/dev: #.txt")
  }

  private static let locks = [
    "package-lock.json": "{\"lockfileVersion\": 3, \"packages\": {}}",
    "npm-shrinkwrap.json": "{\"lockfileVersion\": 2, \"packages\": {}}",
    "pnpm-lock.yaml": "lockfileVersion: '9.0'\n", "yarn.lock": "# yarn lockfile v1\n",
    "bun.lock": "{\"lockfileVersion\": 1, \"packages\": {},}", "bun.lockb": "",
  ]

  @Test(arguments: [
    ("", "yarn.lock", "yarn.lock"),
    ("pnpm@9.1.0", "yarn.lock pnpm-lock.yaml package-lock.json", "pnpm-lock.yaml"),
    ("", "package-lock.json npm-shrinkwrap.json", "npm-shrinkwrap.json"), ("bun@1.2", "bun.lock", "bun.lock"),
    ("yarn@4", "package-lock.json", "package-lock.json"), ("", "bun.lockb", nil), ("", "", nil),
  ])
  func nodeModulesAreFromTheLockOfItsManager(_ manager: String, _ locks: String, _ from: String?) async throws
  {
    var found = [
      "package.json":
        "{\"name\": \"x\", \"packageManager\": \"\(manager)\", \"dependencies\": {\"a\": \"1\"}}"
    ]
    for lock in locks.split(separator: " ") { found[String(lock)] = Self.locks[String(lock)] }
    let reading = Self.reading(folder: "x", found: found)
    #expect(try await profile(reading).nodeModules?.value == from.map { NodeModulesSection(from: $0) })
    #expect(reading.notes.contains { $0.message.contains("package.json has no lock") } == (locks == ""))
  }

  @Test func whatRunsWhenNodeModulesAreInstalledIsWritten() async throws {
    let lock = """
      {"lockfileVersion": 3, "packages": {
        "": {"dependencies": {"esbuild": "1"}},
        "node_modules/esbuild": {"version": "1.0.0", "hasInstallScript": true},
        "node_modules/own": {"version": "1.0.0", "resolved": "git+ssh://git@example.org/own.git#abc"}}}
      """
    let reading = Self.reading(
      folder: "x",
      found: [
        "manage.py": "", "requirements.txt": "six\n", "frontend/package-lock.json": lock,
        "frontend/package.json": "{\"scripts\": {\"prepare\": \"husky\", \"test\": \"vitest\"}}",
      ])
    #expect(
      try await profile(reading).nodeModules?.value
        == NodeModulesSection(from: "frontend/package-lock.json", scripts: ["esbuild", "own", "."]))
  }

  /// Whatever is in the files, the manifest is one.
  @Test(arguments: [
    "", "\u{0}", ":", "{", "[1, 2", "web", "- a: b\n- c", "\"", "x: y: z", "FROM", "CMD", "services: 3",
    "services: {a: {build: ., command: [1, {}], ports: [\"x\"], environment: [A, B=\"\\\"\"]}}",
    "repos: [{repo: /black, rev: 1.0, hooks: [{id: black, args: [\"\\\"', {}#\"]}]}]",
    "web: echo \"it's\" 'x # y' ${PORT:-8000}; reboot",
  ])
  func rubbishIsHarmless(_ text: String) async throws {
    var found: [String: String] = [:]
    for name in ProjectReading.files { found[name] = text }
    for name in ["requirements.txt", "requirements/dev.txt", "pylock.toml", "pylock.x.toml"] {
      found[name] = text
    }
    let reading = Self.reading(folder: "---", found: found)
    _ = try await profile(reading)
  }
}

@Suite struct DevLoopTests {
  @Test(arguments: [
    ("v2.26.1-4", "2.26.1"), ("Client Version: v1.32.4-dispatcher\nKustomize Version: v5.5.0", "1.32.4"),
    ("2.15", "2.15"), ("v2.15.0\n", "2.15.0"),
  ])
  func versionsAreFound(_ text: String, _ version: String) {
    #expect(DevLoop.version(text)?.description == version)
  }

  @Test func aProgramThatSaysNoVersionHasNone() {
    for text in ["", "unknown", "v", "2"] { #expect(DevLoop.version(text) == nil) }
  }

  @Test func contextsOfThisMachine() {
    for name in ["minikube", "kind-shop", "microk8s", "docker-desktop"] {
      #expect(DevLoop.isLocal(context: name))
    }
    for name in ["gke_acme_production", "kindly", "production", ""] {
      #expect(!DevLoop.isLocal(context: name))
    }
  }

  @Test(.enabled(if: Kustomize.kubectl != nil, "there is no kubectl")) func syncTargetsMustBeWritable()
    async throws
  {
    let input = try await Kustomize.input()
    guard case .objects(let text) = input.overlays["dev"] else { throw Failure("not evaluated") }
    let skaffold = try Document.parseOne(
      try #require(try Render.files(Shop.input()).files.first { $0.path == "skaffold.yaml" }).content,
      file: "s")
    func problems(_ text: String) throws -> [String] {
      DevLoop.unwritable(
        skaffold: skaffold, objects: try Document.parse(text, file: "dev"),
        processes: ["web", "worker", "beat"])
    }
    #expect(try problems(text) == [])
    #expect(try problems(text.replacing("mountPath: /app", with: "mountPath: /other")).count == 3)
    #expect(
      try problems(text.replacing("mountPath: /app", with: "readOnly: true\n          mountPath: /app")).count
        == 3)
  }

  @Test func aDebuggerCanAttach() throws {
    for app in Shop.all {
      let rendering = try Render.files(Shop.input(app))
      let stack = rendering.stack
      let process = try #require(stack.debugged)
      let port = stack.language == .node ? 9229 : 5678
      let text = try #require(DevLoop.debugging(stack))
      let service = try #require(try Document.parseOne(text, file: "debug").at("services", process.name))
      #expect(service["ports"]?.texts == ["127.0.0.1:\(port):\(port)"])
      let words = try #require(service["command"]?.texts)
      #expect(Array(words.prefix(stack.description.reload.count)) == stack.description.reload)
      #expect(words.contains { $0.contains("0.0.0.0:\(port)") }, "\(words)")
      #expect(throws: Never.self) {
        try Document.parseJSON(DevLoop.launch(stack), file: "launch.json")
      }
      #expect(DevLoop.launch(stack).contains(String(port)))

      let skaffold = try Document.parseOne(
        try #require(rendering.files.first { $0.path == "skaffold.yaml" }).content, file: "skaffold.yaml")
      let profile = try #require(skaffold["profiles"]?.items.first { $0["name"]?.text == "dev-debug" })
      #expect(profile.at("manifests", "kustomize", "paths")?.texts == ["k8s/debug"])
      let forward = try #require(profile["portForward"]?.items.last)
      #expect(forward["resourceName"]?.text == process.name)
      #expect(forward["localPort"]?.integer == port)
      #expect(
        Array((profile["portForward"]?.items ?? []).dropLast()) == skaffold["portForward"]?.items ?? [])
    }
  }

  @Test(arguments: [
    (["node", "server.js"], "node --inspect=127.0.0.1:9229 server.js"),
    (["npm", "start"], "env NODE_OPTIONS=--inspect=127.0.0.1:9229 npm start"),
  ])
  func theWatcherOfNodeIsNotWhatIsDebugged(_ command: [String], _ line: String) throws {
    var app = Shop.node
    app.processes = ["web": .init(command: command, port: 3000)]
    let stack = try Render.files(Shop.input(app)).stack
    #expect(
      stack.debugging(try #require(stack.debugged), address: "127.0.0.1")
        == ["node", "/opt/dev/reload.mjs", line])
  }

  @Test(.enabled(if: Kustomize.kubectl != nil, "there is no kubectl"), arguments: Shop.all)
  func theDebuggedPodIsNoWeaker(_ app: AppSection) async throws {
    let evaluated = try await Kustomize.evaluate(app, ["k8s/debug", "k8s/overlays/dev"])
    let rendering = try Render.files(Shop.input(app))
    let process = try #require(rendering.stack.debugged)
    let complaints = ManifestValidator.validate(
      evaluated[0], file: "debug", secretKeys: rendering.stack.secretKeys)
    #expect(complaints.map(\.message) == [])
    var objects: [[String: Document]] = []
    for documents in evaluated {
      var named: [String: Document] = [:]
      for document in documents {
        named["\(document["kind"]?.text ?? "")/\(document.at("metadata", "name")?.text ?? "")"] = document
      }
      objects.append(named)
    }
    #expect(Set(objects[0].keys) == Set(objects[1].keys))
    var changed: Set<String> = []
    for (name, document) in objects[0] {
      for finding in KeyedTree.differences(document, objects[1][name] ?? .null, object: name) {
        #expect(name == "Deployment/\(process.name)")
        changed.insert(finding.pointer.suffix(2).joined(separator: "/"))
      }
    }
    #expect(changed.contains("\(process.name)/command"))
    let rest = changed.subtracting(["\(process.name)/command"])
    #expect(rest.allSatisfy { $0.contains("Probe/") }, "\(rest)")
  }
}
