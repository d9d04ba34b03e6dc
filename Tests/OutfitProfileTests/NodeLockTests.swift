import OutfitCore
import Testing

@testable import OutfitProfile

struct NodeLockTests {
  private func lock(_ text: String, _ file: String) throws -> NodeLock {
    try NodeLock.read(Array(text.utf8), file: file)
  }

  private func texts(_ lock: NodeLock) -> [String] { lock.origins.map(\.text) }

  // MARK: npm

  private let npm = """
    {"name": "x", "lockfileVersion": 3, "packages": {
      "": {"workspaces": ["packages/*"]},
      "node_modules/a": {"resolved": "packages/a", "link": true},
      "node_modules/esbuild": {"version": "1.0.0", "hasInstallScript": true,
        "resolved": "https://registry.npmjs.org/esbuild/-/esbuild-1.0.0.tgz", "integrity": "sha512-a"},
      "node_modules/own": {"version": "1.0.0",
        "resolved": "https://npm.acme.example/repo/own/-/own-1.0.0.tgz", "integrity": "sha512-a"},
      "packages/a": {"version": "1.0.0"},
      "packages/a/node_modules/left": {"version": "2.0.0",
        "resolved": "https://registry.npmjs.org/left/-/left-2.0.0.tgz", "integrity": "sha512-a"}
    }}
    """

  @Test func npmsLockSaysMembersScriptsAndForeignRegistries() throws {
    let lock = try lock(npm, "package-lock.json")
    #expect(lock.members == ["packages/a"])
    #expect(lock.nested == ["packages/a"])
    #expect(lock.scripted == ["esbuild"])
    #expect(lock.origins.map(\.text) == ["https://npm.acme.example/repo"])
    #expect(lock.origins.first?.line == 7 && lock.origins.first?.kind == .registry)
    #expect(lock.unverified.isEmpty)
  }

  @Test func anAddressThatASecondKeyHidesIsToldToo() throws {
    let hidden = npm.replacing(
      "\"resolved\": \"https://registry.npmjs.org/esbuild/",
      with:
        "\"resolved\": \"https://evil.example/x.tgz\", \"resolved\": \"https://registry.npmjs.org/esbuild/")
    #expect(try texts(lock(hidden, "package-lock.json")).contains("https://evil.example/x.tgz"))
    let escaped = npm.replacing("\"resolved\": \"https://npm", with: "\"res\\u006flved\": \"https://npm")
    #expect(throws: Failure.self) { try lock(escaped, "package-lock.json") }
  }

  @Test func whatComesFromARepositoryOrHasNoDigestIsKnown() throws {
    let text = """
      {"lockfileVersion": 2, "packages": {
        "node_modules/g": {"version": "1.0.0", "resolved": "git+ssh://git@example.org/g.git#0123"},
        "node_modules/t": {"version": "1.0.0", "resolved": "https://example.org/t.tgz"},
        "node_modules/v": {"version": "1.0.0", "resolved": "file:vendor/v-1.0.0.tgz", "integrity": "sha512-a"},
        "node_modules/up": {"resolved": "../up", "link": true}, "../up": {"version": "1.0.0"}
      }}
      """
    let lock = try lock(text, "npm-shrinkwrap.json")
    #expect(lock.repositories == ["g"])
    #expect(lock.unverified.map(\.name) == ["t"])
    #expect(lock.files == ["vendor/v-1.0.0.tgz"])
    #expect(Set(texts(lock)) == ["git+ssh://***@example.org/g.git", "https://example.org/t.tgz", "../up"])
  }

  @Test func npmsFirstFormIsReadToo() throws {
    let text = """
      {"lockfileVersion": 1, "dependencies": {
        "a": {"version": "1.0.0", "resolved": "https://registry.npmjs.org/a/-/a-1.0.0.tgz", "integrity": "sha512-a",
          "dependencies": {"b": {"version": "github:acme/b#0123"}}}}}
      """
    let lock = try lock(text, "package-lock.json")
    #expect(texts(lock) == ["github:acme/b"] && lock.nested == [])
  }

  @Test(arguments: ["", "{", "[]", "{\"lockfileVersion\": 9}", "{\"packages\": {}}", "\u{0}"])
  func whatIsNoLockOfNpmsIsSaid(_ text: String) {
    #expect { try lock(text, "package-lock.json") } throws: { ($0 as? Failure)?.status == .usage }
  }

  // MARK: pnpm

  @Test func pnpmsLockSaysMembersAndSources() throws {
    let text = """
      lockfileVersion: '9.0'

      patchedDependencies:
        left@1.0.0:
          hash: abc
          path: patches/left.patch

      importers:

        .:
          dependencies:
            left:
              specifier: ^1.0.0
              version: 1.0.0(patch_hash=abc)

        'packages/a': {}

      packages:

        '@acme/words@1.0.0':
          resolution: {integrity: sha512-abc==, tarball: https://npm.acme.example/@acme/words/-/words-1.0.0.tgz}

        left@1.0.0:
          resolution: {integrity: sha512-abc==}
          engines: {node: '>=18'}

        g@https://codeload.github.com/acme/g/tar.gz/0123:
          resolution: {tarball: https://codeload.github.com/acme/g/tar.gz/0123}

        h@git+https://git@example.org/h.git#0123:
          resolution: {commit: '0123', repo: https://example.org/h, type: git}

        d@file:vendor/d:
          resolution: {directory: vendor/d, type: directory}

        odd@1.0.0:
          resolution: {type: binary}
      """
    let lock = try lock(text, "pnpm-lock.yaml")
    #expect(lock.form == "9.0" && lock.members == ["packages/a"] && lock.nested == ["packages/a"])
    #expect(lock.files == ["patches/left.patch"])
    #expect(lock.repositories == ["g", "h"])
    #expect(lock.origins.first?.text == "https://npm.acme.example" && lock.origins.first?.kind == .registry)
    #expect(lock.unverified.map(\.name) == ["odd"])
  }

  @Test func olderLocksOfPnpmSayWhatIsBuilt() throws {
    let text = """
      lockfileVersion: 5.4
      packages:
        /@swc/core/1.0.0:
          resolution: {integrity: sha512-abc}
          requiresBuild: true
      """
    let lock = try lock(text, "a/pnpm-lock.yaml")
    #expect(lock.form == "5.4" && lock.scripted == ["@swc/core"])
  }

  // MARK: yarn and bun

  @Test func yarnsFirstLock() throws {
    let text = """
      # yarn lockfile v1


      "@acme/words@*", "@acme/words@^1.0.0":
        version "1.0.0"
        resolved "https://registry.yarnpkg.com/@acme/words/-/words-1.0.0.tgz#0123456789012345678901234567890123456789"

      own@^1.0.0:
        version "1.0.0"
        resolved "https://npm.acme.example/own/-/own-1.0.0.tgz"
        integrity sha512-abc
        dependencies:
          resolved "^1.0.0"

      bare@^1.0.0:
        version "1.0.0"
        resolved "https://registry.yarnpkg.com/bare/-/bare-1.0.0.tgz"

      "g@git+https://example.org/g.git":
        version "1.0.0"
        resolved "git+https://example.org/g.git#0123"
      """
    let lock = try lock(text, "yarn.lock")
    #expect(lock.kind == .yarnClassic && lock.members == nil && lock.nested == nil)
    #expect(texts(lock) == ["https://npm.acme.example", "git+https://example.org/g.git"])
    #expect(lock.unverified.map(\.name) == ["bare"] && lock.repositories == ["g"])
  }

  @Test func laterLocksOfYarn() throws {
    let text = """
      # This file is generated by running "yarn install" inside your project.

      __metadata:
        version: 8
        cacheKey: 10c0

      "a@workspace:packages/a":
        version: 0.0.0-use.local
        resolution: "a@workspace:packages/a"
        languageName: unknown
        linkType: soft

      "root@workspace:.":
        version: 0.0.0-use.local
        resolution: "root@workspace:."

      "left@npm:^1.0.0":
        version: 1.0.0
        resolution: "left@npm:1.0.0"
        checksum: 10c0/abc

      "left@patch:left@npm%3A^1.0.0#~/.yarn/patches/left.patch":
        version: 1.0.0
        resolution: "left@patch:left@npm%3A1.0.0#~/.yarn/patches/left.patch::version=1.0.0&hash=0"
        checksum: 10c0/abc

      "own@npm:1.0.0":
        version: 1.0.0
        resolution: "own@npm:1.0.0::__archiveUrl=https%3A%2F%2Fevil.example%2Fown.tgz"
        checksum: 10c0/abc

      "g@https://github.com/acme/g.git":
        version: 1.0.0
        resolution: "g@https://github.com/acme/g.git#commit=0123"
        checksum: 10c0/abc

      "bare@npm:1.0.0":
        version: 1.0.0
        resolution: "bare@npm:1.0.0"
      """
    let lock = try lock(text, "yarn.lock")
    #expect(lock.kind == .yarnBerry && lock.form == "8" && lock.members == ["packages/a"])
    #expect(lock.files == [".yarn/patches/left.patch"])
    #expect(texts(lock) == ["https://evil.example/own.tgz", "https://github.com/acme/g.git"])
    #expect(lock.unverified.map(\.name) == ["bare"])
  }

  @Test func bunsLock() throws {
    let text = """
      {
        "lockfileVersion": 1,
        "workspaces": {
          "": {"name": "x", "dependencies": {"left": "^1.0.0",},},
          "packages/a": {"name": "a",},
        },
        "packages": {
          "a": ["a@workspace:packages/a"],
          "left": ["left@1.0.0", "", {}, "sha512-abc"],
          "own": ["own@1.0.0", "https://npm.acme.example", {}, "sha512-abc"],
          "g": ["g@github:acme/g#0123", {}, "acme-g-0123"],
          "bare, }": ["bare@1.0.0", "", {}, ""],
        },
      }
      """
    let lock = try lock(text, "bun.lock")
    #expect(lock.members == ["packages/a"])
    #expect(Set(texts(lock)) == ["https://npm.acme.example", "github:acme/g"])
    #expect(lock.unverified.map(\.name) == ["bare"])
  }

  /// What ends a line for one program and not for another hides nothing.
  @Test func linesEndAsTheirManagersReadThem() throws {
    let pnpm =
      "lockfileVersion: '9.0'\npackages:\n  a@1:\n    resolution: {tarball: https://evil.example/a.tgz, integrity: sha512-a}\n"
    for text in [pnpm, pnpm.replacing("\n", with: "\r\n"), pnpm.replacing("\n", with: "\r")] {
      #expect(try texts(lock(text, "pnpm-lock.yaml")) == ["https://evil.example/a.tgz"])
    }
    let yarn =
      "a@1:\r\n  version \"1\"\r\n  resolved \"https://evil.example/a.tgz\"\r\n  integrity sha512-a\r\n"
    #expect(try texts(lock(yarn, "yarn.lock")) == ["https://evil.example/a.tgz"])
    for odd in [
      pnpm.replacing("    resolution:", with: "    \"resolution\":"), pnpm.replacing("  ", with: "    "),
      pnpm.replacing("a@1:\n", with: "a@1: {resolution: {integrity: sha512-a}}\n"), pnpm + "\u{2028}",
    ] {
      #expect(throws: Failure.self, "\(odd)") { try lock(odd, "pnpm-lock.yaml") }
    }
    #expect(throws: Failure.self) {
      try lock(yarn + "  resolved \"https://registry.npmjs.org/a/-/a-1.tgz\"\r\n", "yarn.lock")
    }
    let settings = NodeSettings.npmrc(
      "fund=true\rscript-shell=./evil\r\ngit=./evil\nregistry=https://a.example/", file: ".npmrc")
    #expect(settings.text == "fund=true\nregistry=https://a.example/\n")
    #expect(settings.members.count == 1 && settings.unknown.map(\.key) == ["script-shell", "git"])
    let yaml = NodeSettings.yaml(
      "nodeLinker: node-modules\r\nplugins:\r\n  - evil\r\n\"yarnPath\": evil\r\n", file: "y",
      known: NodeSettings.yarnKeys)
    #expect(yaml.text == "nodeLinker: node-modules\n")
  }

  // MARK: Projects

  private func project(
    _ files: [String: String], _ section: NodeModulesSection = .init(from: "package-lock.json")
  ) throws -> NodeProject {
    try NodeProject.read(section, at: nil) {
      files[$0].map { Array($0.utf8) }
    } list: { folder in
      let prefix = folder.isEmpty ? "" : folder + "/"
      return Set(
        files.keys.filter { $0.hasPrefix(prefix) }
          .map { String($0.dropFirst(prefix.count).prefix { $0 != "/" }) }
      ).sorted()
    }
  }

  private let empty = "{\"lockfileVersion\": 3, \"packages\": {}}"

  @Test func settingsThatOnlyChoosePackagesAreKeptAndOthersToldOrLeftOut() throws {
    let project = try project([
      "package-lock.json": empty, "package.json": "{}",
      ".npmrc": """
      # ours
      registry = https://npm.acme.example/
      @acme:registry=https://user:pass@other.example/
      //npm.acme.example/:_authToken=${NPM_TOKEN}
      legacy-peer-deps=true
      script-shell=./evil.sh
      git=./evil
      node-options=--require ./evil.js
      """,
    ])
    let kept = String(decoding: project.files[".npmrc"] ?? [], as: UTF8.self)
    #expect(kept.split(separator: "\n").count == 4 && !kept.contains("evil"))
    #expect(
      project.told.map(\.text) == [
        "registry=https://npm.acme.example/", "@acme:registry=https://***@other.example/",
        "a password for //npm.acme.example/ with ${NPM_TOKEN}",
      ])
    #expect(project.notes.map(\.location?.line) == [6, 7, 8])
  }

  @Test func theManagerIsTheOneThatTheProjectNames() throws {
    func version(_ named: String) throws -> (String?, String?, Int) {
      let project = try project(
        ["pnpm-lock.yaml": "lockfileVersion: '9.0'\n", "package.json": "{\"packageManager\": \"\(named)\"}"],
        .init(from: "pnpm-lock.yaml"))
      return (project.managerVersion, project.managerDigest, project.notes.count)
    }
    #expect(try version("pnpm@9.12.0+sha512.ab") == ("9.12.0", "sha512.ab", 0))
    #expect(try version("yarn@4.0.0") == (nil, nil, 1))
    let engines = try project([
      "package-lock.json": empty,
      "package.json": "{\"devEngines\": {\"packageManager\": {\"name\": \"npm\"}}}",
    ])
    #expect(engines.notes.isEmpty)
  }

  @Test func membersOfYarnsWorkspacesAreFoundByTheirPatterns() throws {
    let member = "{\"scripts\": {\"prepare\": \"x\"}}"
    let project = try project(
      [
        "yarn.lock": "# yarn lockfile v1\n",
        "package.json": "{\"workspaces\": {\"packages\": [\"packages/*\", \"apps/**\", \"!packages/old\"]}}",
        "packages/a/package.json": member, "packages/old/package.json": member, "packages/b/readme": "",
        "apps/x/y/package.json": "{}", "apps/x/node_modules/z/package.json": "{}",
      ], .init(from: "yarn.lock"))
    #expect(project.members == ["apps/x/y", "packages/a"])
    #expect(project.scripts.map(\.folder) == ["packages/a"])
  }

  @Test func whatIsPackedByItsOwnCodeMustBeAllowed() throws {
    let lock = """
      {"lockfileVersion": 3, "packages": {"node_modules/g": {"resolved": "git+https://example.org/g.git#1"}}}
      """
    let files = ["package-lock.json": lock, "package.json": "{}"]
    #expect {
      try project(files)
    } throws: {
      ($0 as? Failure)?.diagnostics.first?.hint?.contains("scripts: [g]") == true
    }
    _ = try project(files, .init(from: "package-lock.json", scripts: ["g"]))
  }

  @Test func plugAndPlayHasNoFolder() throws {
    let files = [
      "yarn.lock":
        "__metadata:\n  version: 8\n\n\"x@workspace:.\":\n  version: 0\n  resolution: \"x@workspace:.\"\n",
      "package.json": "{}",
    ]
    #expect(throws: Failure.self) { try project(files, .init(from: "yarn.lock")) }
    let kept = try project(
      files.merging([".yarnrc.yml": "nodeLinker: node-modules\nyarnPath: .yarn/releases/yarn.cjs\n"]) { $1 },
      .init(from: "yarn.lock"))
    #expect(kept.files[".yarnrc.yml"] == Array("nodeLinker: node-modules\n".utf8))
    #expect(kept.notes.isEmpty)
  }
}
