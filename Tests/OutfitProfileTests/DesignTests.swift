import OutfitCore
import OutfitSystem
import Support
import SystemPackage
import Testing

@testable import OutfitProfile

/// The two manifests of the design, and what they mean.
@Suite struct DesignTests {
  static let machine = """
    profile: web-team
    outfit: ">=0.1"                   # the oldest outfit that understands this
    extends: [../base, "github:acme/outfit-profiles//python@v3"]
    locked: [tools.black]             # no later layer may change these
    remove: [tools.isort]             # of an earlier layer
    interpreters:
      python: ["3.13", 3.10]        # the first is the default; all answer as python3.11, python3.13
      node: {versions: ["24"], providers: [wheel, prebuilt], system: false}   # the long form
    tools:
      black: "25.*"
      sphinx: {version: "8.*", with: [furo, myst-parser], python: "3.13"}
      httpie: {expose: [http, https]}
      prettier: {from: npm, version: "3.*"}
      skaffold: {from: url, version: "2.16.1", url: "https://downloads.example/skaffold-{os}-{arch}", sha256: {linux-amd64: "0000000000000000000000000000000000000000000000000000000000000000"}}
    indexes:                          # private package indexes, with Poetry's priorities
      acme: {url: "https://packages.acme.example/simple", priority: explicit}
    data: {editor: vim}
    ask: {email: "Your work e-mail"}  # asked once per profile, kept on the machine, never in the profile
    dotfiles:
      .gitconfig: {template: gitconfig.mustache}
      .zshrc: {block: zshrc.snippet, if-present: true}
      .config/kitty/: {copy: kitty/}
      .vimrc: {link: vimrc, mode: "0600", secret: true, os: [linux]}
    packages: {apt: [ripgrep], brew: [ripgrep]}
    scripts: {fonts: {run: scripts/fonts.sh, when: changed}}
    """

  static let project = """
    profile: shop
    extends: ["github:acme/outfit-profiles//web@v3"]     # only its project-scope sections apply here
    interpreters: {python: "3.13.5"}
    virtualenv: {from: requirements.txt}                 # or uv.lock, poetry.lock, pyproject.toml; made in .venv
    env: {DJANGO_SETTINGS_MODULE: shop.settings.dev}
    tools: {black: "25.1.0", isort: "6.*"}
    hooks: {black: {}, isort: {}}
    app:
      template: django
      name: shop
      image: registry.example.com/shop
      processes: {web: {port: 8000}, worker: {command: [celery, -A, shop, worker]}}
      services: {postgres: "17.2", redis: "7.4"}
      environments: {dev: {host: shop.localhost}, staging: {host: staging.shop.example}, production: {host: shop.example, replicas: 3}}
    """

  private func loader() -> ProfileLoader {
    let disk = MemoryFiles.withHome()
    disk.put("/home/ann/base/outfit.yaml", "tools: {isort: latest}\n")
    disk.put("/home/ann/web/outfit.yaml", Self.machine)
    for file in ["gitconfig.mustache", "zshrc.snippet", "kitty/kitty.conf", "vimrc", "scripts/fonts.sh"] {
      disk.put(FilePath("/home/ann/web").pushing(FilePath(file)), "")
    }
    disk.put("/home/ann/shop/outfit.yaml", Self.project)
    disk.put("/home/ann/shop/requirements.txt", "")
    disk.put("/cache/r/python/outfit.yaml", "profile: python\n")
    disk.put("/cache/r/web/outfit.yaml", "profile: web\n")
    return ProfileLoader(host: .test(files: disk)) { _, _ in
      FetchedProfile(checkout: "/cache/r", commit: String(repeating: "b", count: 40))
    }
  }

  @Test func theMachine() async throws {
    let profile = try await loader().machine("web")
    #expect(profile.interpreters[.python]?.value.versions.map(\.text) == ["3.13", "3.10"])
    #expect(
      profile.interpreters[.node]?.value
        == InterpreterSection(versions: [try #require(VersionRequest("24"))], providers: [.wheel, .prebuilt]))
    #expect(profile.tools["sphinx"]?.value.with == ["furo", "myst-parser"])
    #expect(profile.tools["httpie"]?.value.expose == ["http", "https"])
    #expect(profile.tools["httpie"]?.value.version == .latest)
    #expect(profile.tools["prettier"]?.value.origin == .npm)
    #expect(profile.tools["skaffold"]?.value.digests.keys.sorted() == ["linux-amd64"])
    #expect(profile.tools["isort"] == nil)
    #expect(profile.indexes["acme"]?.value.priority == .explicit)
    #expect(profile.ask["email"]?.value.prompt == "Your work e-mail")
    #expect(profile.dotfiles[".config/kitty"]?.value.file == "kitty/")
    #expect(
      profile.dotfiles[".vimrc"]?.value
        == DotfileSection(kind: .link, file: "vimrc", mode: 0o600, secret: true))
    #expect(profile.conditions["dotfiles..vimrc"]?.description == "os: linux")
    #expect(profile.dotfiles[".zshrc"]?.value.onlyIfPresent == true)
    #expect(profile.scripts["fonts"]?.value == ScriptSection(run: "scripts/fonts.sh", when: .changed))
    #expect(profile.packages["brew"]?.map(\.value) == ["ripgrep"])
    #expect(profile.locked["tools.black"]?.location.line == 4)
  }

  @Test func theProject() async throws {
    let profile = try await loader().project(at: "/home/ann/shop")
    #expect(profile.scope == .project("/home/ann/shop"))
    #expect(profile.virtualenv?.value == VirtualenvSection(from: ["requirements.txt"]))
    #expect(profile.env["DJANGO_SETTINGS_MODULE"]?.value == "shop.settings.dev")
    #expect(profile.hooks.keys.sorted() == ["black", "isort"])
    let app = try #require(profile.app?.value)
    #expect(app.processes["worker"]?.command == ["celery", "-A", "shop", "worker"])
    #expect(app.processes["web"]?.port == 8000)
    #expect(app.services == ["postgres": "17.2", "redis": "7.4"])
    #expect(app.environments["production"]?.replicas == 3)
  }

  @Test func mergeKeysAndAliases() async throws {
    let disk = MemoryFiles.withHome()
    disk.put(
      "/home/ann/p/outfit.yaml",
      "tools:\n  a: &a {version: \"1\", expose: [x]}\n  b: {<<: *a, version: \"2\"}\n  c: *a\n")
    let profile = try await ProfileLoader(host: .test(files: disk)).machine("p")
    #expect(profile.tools["b"]?.value.expose == ["x"])
    #expect(profile.tools["b"]?.value.version.text == "2")
    #expect(profile.tools["c"]?.source.location.line == 4)
  }
}
