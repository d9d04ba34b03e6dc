import OutfitCore
import OutfitProfile
import Testing

@testable import OutfitRender

@Suite struct DevelopmentSettingsTests {
  @Test(arguments: [
    ("DJANGO_SETTINGS_MODULE", "shop.settings.dev", true),
    ("DJANGO_SETTINGS_MODULE", "shop.settings_local", true),
    ("DJANGO_SETTINGS_MODULE", "shop.settings.production", false),
    ("DJANGO_SETTINGS_MODULE", "shop.settings", false),
    ("DJANGO_SETTINGS_MODULE", "dev.settings", false), ("DEBUG", "1", true), ("DJANGO_DEBUG", "True", true),
    ("FLASK_DEBUG", "on", true), ("DEBUG", "0", false), ("DEBUG", "app:*", false),
    ("FLASK_ENV", "development", true),
    ("NODE_ENV", "development", true), ("NODE_ENV", "production", false), ("APP_ENVIRONMENT", "local", true),
    ("DJANGO_CONFIGURATION", "Dev", true), ("VIRTUAL_ENV", "/opt/venv", false), ("DEBUGGER", "1", false),
  ])
  func kinds(_ name: String, _ value: String, _ isOne: Bool) {
    #expect((DevelopmentSettings.kind(name, value) != nil) == isOne)
  }

  @Test(arguments: [
    ("VIRTUAL_ENV", "/opt/venv", false), ("DJANGO_DEBUG", "off", true), ("NODE_ENV", "production", true),
    ("DJANGO_SETTINGS_MODULE", "a.b", true), ("DJANGO_SETTINGS_MODULE", "$X", false), ("PATH", "/bin", false),
  ])
  func whatDecides(_ name: String, _ value: String, _ does: Bool) {
    #expect(DevelopmentSettings.decides(name, value) == does)
  }

  @Test func whatIsForAllIsRefused() throws {
    for (name, value) in [("FLASK_DEBUG", "1"), ("NODE_ENV", "development"), ("DEBUG", "true")] {
      let failure = #expect(throws: Failure.self) { try Render.files(Shop.input(env: [name: value])) }
      #expect(failure?.status == .usage)
      #expect(failure?.diagnostics.count == 2, "staging and production")
      #expect(failure?.diagnostics.first?.hint?.contains("environments: {dev: {env: {\(name):") == true)
    }
    var app = Shop.app
    app.environments["staging"]?.env["DEBUG"] = "1"
    let rendering = try Render.files(Shop.input(app))
    #expect(rendering.diagnostics.contains { $0.message.contains("app.environments.staging.env.DEBUG") })
    app.environments["dev"]?.env["DEBUG"] = "1"
    app.environments["staging"]?.env["DEBUG"] = "0"
    #expect(try Render.files(Shop.input(app)).diagnostics.allSatisfy { !$0.message.contains("DEBUG") })
  }

  @Test func aModuleIsRefusedWhereThereIsAnother() throws {
    var input = Shop.input(env: ["DJANGO_SETTINGS_MODULE": "shop.settings.dev"])
    #expect(
      try Render.files(input).diagnostics.count { $0.message.contains("settings of development") } == 2,
      "with nothing else to run on it is only said")
    input.settingsModules = ["shop.settings.dev", "shop.settings.base", "shop.settings.production"]
    let failure = #expect(throws: Failure.self) { try Render.files(input) }
    #expect(failure?.status == .usage)
    #expect(failure?.diagnostics.first?.hint?.contains("shop.settings.production") == true)

    var app = Shop.app
    for name in ["staging", "production"] {
      app.environments[name]?.env["DJANGO_SETTINGS_MODULE"] = "shop.settings.production"
    }
    input.profile.app?.value = app
    #expect(throws: Never.self) { try Render.files(input) }
    app.environments["production"]?.env["DJANGO_SETTINGS_MODULE"] = "shop.settings.dev"
    input.profile.app?.value = app
    #expect(throws: Failure.self) { try Render.files(input) }
  }

  @Test func modulesAreFoundBesideTheOneThatIsNamed() {
    let files = ["shop/settings": ["__init__.py", "dev.py", "prod.py", "secrets"], "src/shop/settings": []]
    let modules = DevelopmentSettings.modules(beside: [
      "DJANGO_SETTINGS_MODULE": "shop.settings.dev", "X": "a.b",
    ]) {
      files[$0] ?? []
    }
    #expect(
      modules == [
        "shop.settings.__init__", "shop.settings.dev", "shop.settings.prod", "shop.settings.secrets",
      ])
    #expect(
      DevelopmentSettings.modules(beside: ["DJANGO_SETTINGS_MODULE": "../../etc.x"]) { _ in ["a.py"] } == [])
  }
}

/// What `init` takes from a repository like bakerydemo: manage.py is a developer's, the Dockerfile is not.
@Suite struct InitSettingsTests {
  func reading(_ more: [String: String]) -> ProjectReading {
    var found = [
      "requirements.txt": "django==5.2\n",
      "manage.py": "os.environ.setdefault(\"DJANGO_SETTINGS_MODULE\", \"bakery.settings.dev\")\n",
    ]
    found.merge(more) { $1 }
    return ProjectReadingTests.reading(folder: "bakery", found: found)
  }

  func profile(_ reading: ProjectReading) async throws -> Profile {
    try await ProjectReadingTests().profile(reading)
  }

  @Test(arguments: [
    [
      "Dockerfile":
        "FROM python:3.12 AS base\nENV DJANGO_SETTINGS_MODULE=bakery.settings.production \\\n    DJANGO_DEBUG=off VIRTUAL_ENV=/venv\nFROM base\nCMD [\"gunicorn\"]\n"
    ],
    ["bakery/wsgi.py": "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'bakery.settings.production')\n"],
    ["bakery/settings/production.py": "DEBUG = False\n"],
  ])
  func productionHasItsOwnSettings(_ files: [String: String]) async throws {
    let reading = reading(files)
    let profile = try await profile(reading)
    let app = try #require(profile.app?.value)
    #expect(profile.env["DJANGO_SETTINGS_MODULE"] == nil)
    #expect(app.environments["dev"]?.env["DJANGO_SETTINGS_MODULE"] == "bakery.settings.dev")
    #expect(app.environments["production"]?.env["DJANGO_SETTINGS_MODULE"] == "bakery.settings.production")
    #expect(app.environments["production"]?.env["VIRTUAL_ENV"] == nil)
    #expect(!reading.notes.contains { $0.message.contains("only settings") })
    if files["Dockerfile"] != nil { #expect(app.environments["production"]?.env["DJANGO_DEBUG"] == "off") }
  }

  @Test func whatIsNotKnownIsAGuessAndSaid() async throws {
    let reading = reading([:])
    #expect(reading.text.contains("# GUESS; the settings: nothing but those of manage.py was found"))
    #expect(reading.notes.contains { $0.message.contains("bakery.settings.dev, the only settings") })
  }

  @Test func aDevelopersDockerfileStaysWithDevelopers() async throws {
    let reading = reading(["Dockerfile": "FROM python:3.12\nENV FLASK_DEBUG 1\nENV NODE_ENV=development\n"])
    let app = try #require(try await profile(reading).app?.value)
    #expect(app.environments["dev"]?.env["FLASK_DEBUG"] == "1")
    #expect(app.environments["dev"]?.env["NODE_ENV"] == "development")
    #expect(app.environments["production"]?.env.keys.sorted() == ["DJANGO_SETTINGS_MODULE"])
    #expect(reading.notes.count { $0.message.contains("is for development") } == 2)
  }

  @Test func whatIsLookedForIsNamed() {
    for name in [
      "a/settings/production.py", "a/wsgi.py", "manage.py", "docker/compose.yml",
      "../docker-compose.prod.yml",
      "Dockerfile.prod", ".env.example", "bin/docker-entrypoint-web", "src/a/urls.py", "Procfile.dev",
    ] {
      #expect(SourceFiles.isWanted(name), "\(name)")
    }
    for name in [
      ".env", "a/models.py", "tests/settings.py", "../manage.py", "docs/conf.py", "a/b/c/d/e/urls.py",
    ] {
      #expect(!SourceFiles.isWanted(name), "\(name)")
    }
    #expect(ProjectReading.more([:]) == [])
  }

  @Test func otherFilesOfComposeAndRequirementsAreNamed() {
    let notes = reading([
      "docker-compose.yml": "services: {}\n", "compose.override.yaml": "services: {}\n",
      "requirements-docs.txt": "sphinx\n",
    ]).notes.map(\.message)
    for part in [
      "docker-compose.yml: Compose would read", "compose.override.yaml: Compose would put it over",
    ] {
      #expect(notes.contains { $0.hasPrefix(part) }, "\(part)")
    }
    #expect(notes.contains("requirements-docs.txt is left out"))
  }
}
