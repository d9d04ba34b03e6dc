import OutfitCore
import OutfitSystem
import Support
import SystemPackage
import Testing

@testable import OutfitProfile

/// Layers upon layers: which line wins, and who may not.
@Suite struct LayersTests {
  @Test func laterLayersWin() async throws {
    let merged = try await profile([
      "base/outfit.yaml": """
      tools: {black: "24.*", isort: latest, ruff: latest}
      packages: {apt: [ripgrep, jq]}
      """,
      "team/outfit.yaml": """
      profile: team
      extends: ../base
      tools: {black: "25.*"}
      """,
      "p/outfit.yaml": """
      profile: mine
      description: What I use
      extends: [../team, ../base]
      remove: [tools.isort]
      tools: {black: "26.*"}
      packages: {apt: [jq, fd-find]}
      """,
    ])
    #expect(merged.name == "mine")
    #expect(merged.summary == "What I use")
    #expect(merged.layers.map(\.name) == ["base", "team", "mine"])
    #expect(merged.tools.keys.sorted() == ["black", "ruff"])
    #expect(merged.tools["black"]?.value.version.text == "26.*")
    #expect(merged.tools["black"]?.source.location == .init(file: "p/outfit.yaml", line: 5, column: 9))
    #expect(
      merged.overridden["tools.black"]?.map(\.location.description)
        == ["base/outfit.yaml:1:9".replacing("base", with: "~/base"), "team/outfit.yaml:3:9"].map {
          $0.replacing("~/", with: "")
        })
    #expect(merged.packages["apt"]?.map(\.value) == ["ripgrep", "jq", "fd-find"])
    #expect(merged.tools["ruff"]?.source.layer.name == "base")
  }

  /// The order is what people wrote, and what a later layer changes keeps its place.
  @Test func hooksHaveTheOrderOfTheirLines() async throws {
    let merged = try await profile(
      [
        "base/outfit.yaml": "hooks:\n  zeta: {entry: z}\n  alpha: {entry: a}\n",
        "p/outfit.yaml":
          "extends: [../base]\nhooks:\n  mid: {entry: m}\n  beta: {entry: b}\n  zeta: {entry: other}\n",
      ], project: true)
    #expect(merged.inOrder(merged.hooks, of: "hooks").map(\.key) == ["zeta", "alpha", "mid", "beta"])
  }

  /// What is named by its layer's own files is another thing in another layer, however alike the words are.
  @Test func twoLayersWithTheSameNamesAreTwoThings() async throws {
    let files = "dotfiles: {.vimrc: {copy: vimrc}, .p: {template: p}, .l: {link: l}}\nscripts: {s: s.sh}\n"
    let merged = try await profile([
      "base/outfit.yaml": files, "base/vimrc": "", "base/p": "", "base/l": "", "base/s.sh": "",
      "p/outfit.yaml": "extends: [../base]\n" + files, "p/vimrc": "", "p/p": "", "p/l": "", "p/s.sh": "",
    ])
    for target in [".vimrc", ".p", ".l"] {
      #expect(merged.dotfiles[target]?.source.layer.name == "p")
      #expect(merged.overridden["dotfiles.\(target)"]?.map(\.layer.name) == ["base"])
    }
    #expect(merged.scripts["s"]?.source.layer.name == "p")
    let held = try await profile([
      "base/outfit.yaml": "locked: [dotfiles..vimrc]\ndotfiles: {.vimrc: {copy: vimrc}}\n",
      "base/vimrc": "",
      "p/outfit.yaml": "extends: [../base]\ndotfiles: {.vimrc: {copy: vimrc}}\n", "p/vimrc": "",
    ])
    #expect(held.dotfiles[".vimrc"]?.source.layer.name == "base")
    #expect(held.refused.map { $0.location?.description } == ["p/outfit.yaml:2:12"])
  }

  /// Repositories are asked side by side, a few at once, and never more than a profile may have.
  @Test func whatComesFromGitIsFetchedWithinBounds() async throws {
    let disk = MemoryFiles.withHome()
    func load(_ count: Int) async throws -> (asked: Int, most: Int) {
      let names = (0..<count).map { "\"git+https://h/\($0)\"" }.joined(separator: ", ")
      disk.put("/home/ann/p/outfit.yaml", "profile: p\nextends: [\(names)]\n")
      let state = Locked((running: 0, most: 0, asked: 0))
      let loader = ProfileLoader(host: .test(files: disk)) { address, _ in
        state.withLock {
          $0.running += 1
          $0.asked += 1
          $0.most = max($0.most, $0.running)
        }
        for _ in 0..<20 { await Task.yield() }
        state.withLock { $0.running -= 1 }
        let name = address.repository.split(separator: "/").last ?? ""
        disk.put(FilePath("/git/\(name)/outfit.yaml"), "profile: l\(name)\n")
        return FetchedProfile(checkout: FilePath("/git/\(name)"), commit: String(repeating: "0", count: 40))
      }
      let profile = try? await loader.machine("p")
      #expect((profile?.layers.count ?? 0) == (count < 64 ? count + 1 : 0))
      return state.withLock { ($0.asked, $0.most) }
    }
    let some = try await load(20)
    #expect(some.asked == 20 && some.most <= 8)
    let many = try await load(3000)
    #expect(many.asked <= 64 && many.most <= 8)
  }

  @Test func blocksOfLayersStandBesideEachOther() async throws {
    func merged(_ top: String) async throws -> Profile {
      try await profile([
        "org/outfit.yaml": "dotfiles: {.zshrc: {block: z}}\n", "org/z": "",
        "team/outfit.yaml": "extends: [../org]\ndotfiles: {.zshrc: {block: z}}\n", "team/z": "",
        "p/outfit.yaml": "extends: [../team]\n" + top, "p/z": "",
      ])
    }
    let all = try await merged("dotfiles: {.zshrc: {block: z}}\n")
    #expect(all.blocks[".zshrc"]?.map(\.source.layer.name) == ["org", "team"])
    #expect(all.dotfiles[".zshrc"]?.source.layer.name == "p")
    #expect(all.overridden["dotfiles..zshrc"]?.isEmpty != false)
    for top in ["dotfiles: {.zshrc: {block: z, replace: true}}\n", "dotfiles: {.zshrc: {copy: z}}\n"] {
      let one = try await merged(top)
      #expect(one.blocks.isEmpty && one.dotfiles[".zshrc"]?.source.layer.name == "p")
    }
    let none = try await merged("remove: [dotfiles..zshrc]\n")
    #expect(none.blocks.isEmpty && none.dotfiles.isEmpty)
  }

  @Test func dataHasTruthValuesListsAndMappings() async throws {
    let merged = try await profile([
      "base/outfit.yaml":
        "data: {work: false, quoted: \"false\", port: 8080, words: [a, b, ~], git: {name: x, deep: {a: 1}}}\n",
      "p/outfit.yaml":
        "extends: [../base]\ndata: {words: {also: [b, c]}, git: {deep: {b: true}}}\n",
    ])
    #expect(merged.data["work"]?.value == .bool(false) && merged.data["quoted"]?.value == "false")
    #expect(merged.data["port"]?.value == "8080")
    #expect(merged.data["words"]?.value == .list(["a", "b", "", "c"]))
    #expect(merged.data["git"]?.value.summary == "{deep: {a: 1, b: true}, name: x}")
    #expect(merged.data["git"]?.source.layer.name == "p")
    let text = try Templates.render(
      "{{#work}}work{{/work}}{{^work}}home{{/work}} {{#words}}<{{.}}>{{/words}} {{git.deep.a}}",
      with: merged.data.mapValues(\.value.template), file: "t")
    #expect(text == "home <a><b><><c> 1")
  }

  /// A new lock of an earlier layer is no reason for all machines to stop: it counts, and whoever wrote something else
  /// is told.
  @Test func lockedEntriesHold() async throws {
    let merged = try await profile([
      "base/outfit.yaml": """
      profile: company
      locked: [tools.black, interpreters, packages.apt]
      interpreters: {python: "3.13"}
      tools: {black: "25.*", isort: latest}
      packages: {apt: [jq]}
      """,
      "p/outfit.yaml": """
      extends: [../base]
      remove: [tools.black, tools]
      interpreters: {python: "3.12", node: "24"}
      tools: {black: "24.*", isort: "5.*"}
      packages: {apt: [jq, fd-find]}
      """,
    ])
    let by = " is locked by company, base/outfit.yaml:2"
    #expect(
      merged.refused.map { "\($0.location?.description ?? "") \($0.message)" } == [
        "p/outfit.yaml:2:10 `tools.black`\(by)", "p/outfit.yaml:2:23 `tools`\(by)",
        "p/outfit.yaml:3:32 `interpreters.node`\(by)", "p/outfit.yaml:3:16 `interpreters.python`\(by)",
        "p/outfit.yaml:4:9 `tools.black`\(by)", "p/outfit.yaml:5:22 `packages.apt`\(by)",
      ])
    #expect(merged.tools["black"]?.value.version.text == "25.*")
    #expect(merged.tools["isort"]?.value.version.text == "5.*")
    #expect(merged.interpreters[.python]?.value.versions.map(\.text) == ["3.13"])
    #expect(merged.packages["apt"]?.map(\.value) == ["jq"])
  }

  @Test func theSameValueIsNoChange() async throws {
    let merged = try await profile([
      "base/outfit.yaml": "locked: [tools.black]\ntools: {black: \"25.*\"}\n",
      "p/outfit.yaml": "extends: [../base]\ntools: {black: {version: \"25.*\"}}\n",
    ])
    #expect(merged.tools["black"]?.source.layer.name == "base")
    #expect(merged.locked["tools.black"]?.location.line == 1)
  }

  @Test func unknownEntriesInLockedAndRemove() async {
    #expect(
      await failures([
        "base/outfit.yaml": "tools: {isort: latest}\n",
        "p/outfit.yaml": """
        extends: [../base]
        locked: [tools.balck, tool.black, black]
        remove: [tools.isrt, tools.black, scripts.x]
        tools: {black: "25.*"}
        """,
      ]) == [
        "p/outfit.yaml:2:10 no layer has `tools.balck` (did you mean `tools.black`?)",
        "p/outfit.yaml:2:23 `tool.black` names no section (did you mean `tools.black`?)",
        "p/outfit.yaml:2:35 `black` names no section (write the section first: `tools.black`)",
        "p/outfit.yaml:3:10 no layer has `tools.isrt` (did you mean `tools.isort`?)",
        "p/outfit.yaml:3:22 `tools.black` is in this same manifest (`remove` is for entries of earlier layers: take the entry itself out)",
        "p/outfit.yaml:3:35 no layer has `scripts.x`",
      ])
  }

  @Test func cyclesNameTheirChain() async {
    #expect(
      await failures([
        "p/outfit.yaml": "extends: ../a\n", "a/outfit.yaml": "profile: a\nextends: [../b]\n",
        "b/outfit.yaml": "extends: [../a]\n",
      ]) == [
        "b/outfit.yaml:1:11 the profile extends itself: a/outfit.yaml -> b/outfit.yaml -> a/outfit.yaml (take one of these lines out)"
      ])
    #expect(
      await failures(["p/outfit.yaml": "extends: .\n"]) == [
        "p/outfit.yaml:1:10 the profile extends itself: p/outfit.yaml -> p/outfit.yaml (take one of these lines out)"
      ])
  }

  @Test func allLayersComplainAtOnce() async {
    let found = await failures([
      "p/outfit.yaml":
        "extends: [../a, ../nowhere, \"github:acme\", \"hg://x/y\", ../empty]\ntools: {black: x}\n",
      "a/outfit.yaml": "tools: [\n", "empty/readme": "",
    ])
    #expect(
      found == [
        "p/outfit.yaml:1:17 there is no folder nowhere (correct the line, or make nowhere/outfit.yaml)",
        "p/outfit.yaml:1:29 `github:acme` is not an address of a profile (write `github:OWNER/REPO//FOLDER@REF`)",
        "p/outfit.yaml:1:44 `hg://x/y` is not an address of a profile (write `https://HOST/PATH` or `git@HOST:PATH`)",
        "p/outfit.yaml:1:56 there is no outfit.yaml in empty (correct the line, or make empty/outfit.yaml)",
        "p/outfit.yaml:2:16 `x` is not a version (write 3.13, 3.13.5, 25.*, \">=3.11,<3.14\" or latest)",
        "a/outfit.yaml:2:1 a value is missing before this (close what `[` or `{` opened, or put a text with special characters in quotes)",
      ])
  }

  @Test func absentAndUnreadableManifests() async {
    #expect(
      await failures(["q/x": ""]) == [
        "there is no folder p (name a folder with an outfit.yaml, or a git address)"
      ])
    #expect(await failures(["p/x": ""]) == ["there is no outfit.yaml in p (outfit init writes one)"])
    let disk = MemoryFiles.withHome()
    disk.put("/home/ann/p/outfit.yaml", "profile: p\n", mode: 0)
    disk.put("/home/ann/q/outfit.yaml", "dotfiles: {.a: {copy: a}}\n")
    disk.put("/home/ann/q/a", "", mode: 0)
    let loader = ProfileLoader(host: .test(files: disk))
    await #expect(throws: Failure.self) { try await loader.machine("p") }
    do {
      _ = try await loader.machine("q")
      Issue.record("an unreadable file passed")
    } catch let failure as Failure {
      #expect(failure.diagnostics.first?.location?.description == "q/outfit.yaml:1:23")
      #expect(failure.diagnostics.first?.message == "can't read a: Permission denied")
    } catch { Issue.record("\(error)") }
  }

  @Test func aNewerManifestSaysOnlyThat() async {
    #expect(
      await failures(["p/outfit.yaml": "outfit: \">=9\"\nfuture: {}\n"]) == [
        "p/outfit.yaml:1:9 this manifest is for outfit >=9, and this is outfit \(Release.version) (\(LockFile.newerOutfit))"
      ])
  }

  @Test func thePersonalLayerGoesOnTopOfAMachine() async throws {
    let files = [
      "p/outfit.yaml": "locked: [tools.ruff]\ntools: {black: \"25.*\", ruff: latest}\n",
      ".config/outfit/outfit.yaml": "tools: {black: \"24.*\", mypy: latest}\n",
    ]
    let merged = try await profile(files)
    #expect(merged.tools["black"]?.value.version.text == "24.*")
    #expect(merged.tools["black"]?.source.layer.kind == .personal)
    #expect(merged.tools.keys.sorted() == ["black", "mypy", "ruff"])
    #expect(try await profile(files, withPersonal: false).tools.keys.sorted() == ["black", "ruff"])
    var others = files
    others[".config/outfit/outfit.yaml"] = "tools: {ruff: \"1\"}\n"
    let held = try await profile(others)
    #expect(held.tools["ruff"]?.value.version == .latest)
    #expect(held.refused.map { $0.location?.description } == [".config/outfit/outfit.yaml:1:9"])
  }

  @Test func thePersonalLayerIsAGuestInAProject() async throws {
    let merged = try await profile(
      [
        "p/outfit.yaml": "interpreters: {python: \"3.13\"}\ntools: {black: \"25.*\"}\n",
        ".config/outfit/outfit.yaml": """
        interpreters: {python: "3.9", node: "24"}
        tools: {black: "24.*", mypy: latest}
        hooks: {mypy: {}}
        env: {A: b}
        remove: [tools.black]
        """,
      ], project: true)
    #expect(merged.tools["black"]?.value.version.text == "25.*")
    #expect(merged.tools["mypy"]?.source.layer.kind == .personal)
    #expect(merged.interpreters[.python]?.value.versions.first?.text == "3.13")
    #expect(merged.interpreters[.node] != nil)
    #expect(merged.hooks.isEmpty && merged.env.isEmpty)
  }

  @Test func settingsOfAllHooksAreTakenAsAWhole() async throws {
    let merged = try await profile(
      [
        "base/outfit.yaml": "hook-settings: {files: x, stages: [pre-push]}\nhooks: {black: {}}\n",
        "p/outfit.yaml": """
        extends: [../base]
        hook-settings: {exclude: ^vendor/, stages: [manual], fail_fast: true, file: exec}
        hooks: {isort: {stages: [pre-commit]}, tabs: {language: pygrep, entry: "it's \\t", name: No tabs}}
        """,
      ], project: true)
    let settings = try #require(merged.hookSettings?.value)
    #expect(settings.files == nil && settings.exclude == "^vendor/" && settings.failsFast)
    #expect(settings.file == .exec)
    #expect(merged.hooks["black"]?.value.stages == ["manual"], "one that says none, of whatever layer")
    #expect(merged.hooks["isort"]?.value.stages == ["pre-commit"])
    #expect(merged.hooks["tabs"]?.value.entry == ["it's \t"])
    #expect(merged.hooks["tabs"]?.value.title == "No tabs")
    let locked = try await profile(
      [
        "base/outfit.yaml": "hook-settings: {files: x}\nlocked: [hook-settings]\n",
        "p/outfit.yaml": "extends: [../base]\nhook-settings: {files: y}\n",
      ], project: true)
    #expect(locked.hookSettings?.value.files == "x" && locked.refused.count == 1)
  }

  @Test func whatAHookWantsBesideItsToolIsTheTools() async throws {
    let merged = try await profile(
      [
        "p/outfit.yaml": """
        tools: {flake8: {with: [pep8-naming]}, black: "25.*"}
        hooks:
          flake8: {with: [flake8-bugbear, pep8-naming]}
          format: {entry: black --fast, with: click}
        """
      ], project: true)
    #expect(merged.tools["flake8"]?.value.with == ["pep8-naming", "flake8-bugbear"])
    #expect(merged.tools["black"]?.value.with == ["click"])
    let failure = await #expect(throws: Failure.self) {
      _ = try await profile(
        ["p/outfit.yaml": "profile: p\nhooks: {flake8: {with: [flake8-bugbear]}}\n"], project: true)
    }
    let said = failure?.diagnostics.first
    #expect(said?.message == "the hook flake8 wants packages beside flake8, which is no tool of this profile")
    #expect(said?.hint?.contains("tools: {flake8: {with: [flake8-bugbear]}}") == true)
  }

  @Test func aProjectTakesOnlyWhatProjectsHave() async throws {
    let merged = try await profile(
      [
        "base/outfit.yaml": """
        tools: {black: "25.*"}
        dotfiles: {.x: {copy: missing}}
        packages: {apt: [jq]}
        ask: {email: E-mail}
        hooks: {black: {}}
        """,
        "p/outfit.yaml": "extends: [../base]\nremove: [dotfiles..x]\nscripts: {s: s.sh}\n",
      ], project: true)
    #expect(merged.tools["black"] != nil && merged.hooks["black"] != nil)
    #expect(
      merged.dotfiles.isEmpty && merged.packages.isEmpty && merged.scripts.isEmpty && merged.ask.isEmpty)
    #expect(merged.notes.map(\.message) == ["`scripts` is for machines: in a project it does nothing"])
  }

  @Test func theSystemLayerIsBeneathAll() async throws {
    let disk = MemoryFiles.withHome()
    disk.put(
      "/etc/outfit/outfit.yaml",
      "profile: site\nlocked: [data.proxy]\ndata: {proxy: a}\ntools: {jq: latest}\n")
    disk.put("/home/ann/p/outfit.yaml", "data: {editor: vim}\n")
    let merged = try await ProfileLoader(host: .test(files: disk)).machine("p")
    #expect(merged.layers.map(\.kind) == [.system, .profile])
    #expect(merged.data["proxy"]?.source.layer.name == "site")
    #expect(merged.name == "p")
    #expect(merged.inputs.contains("/home/ann/.config/outfit/outfit.yaml"))
  }

  @Test func dataOfAnyLayerAnswers() async throws {
    let merged = try await profile([
      "p/outfit.yaml": "ask: {email: E-mail, name: {prompt: Name, default: \"\"}}\ndata: {editor: vim}\n",
      ".config/outfit/outfit.yaml": "data: {email: ann@example.org}\n",
    ])
    #expect(merged.data["email"]?.value == "ann@example.org")
    #expect(merged.unanswered.keys.sorted() == ["name"])
    #expect(merged.data["user"]?.value == "ann" && merged.data["os"]?.value == "linux")
  }

  @Test func aLayerIsTheSameWhateverItsCommitAndWhereverOneStands() async throws {
    let disk = MemoryFiles.withHome()
    for (number, folder) in ["/cache/one", "/cache/two"].enumerated() {
      disk.put(FilePath(folder).appending("web/outfit.yaml"), "profile: web\n")
      let commit = String(repeating: "\(number)", count: 40)
      let loader = ProfileLoader(host: .test(files: disk)) { _, _ in
        FetchedProfile(checkout: FilePath(folder), commit: commit)
      }
      let merged = try await loader.machine("github:acme/profiles//web@v\(number)")
      #expect(merged.layers.map(\.identity) == ["github:acme/profiles//web"])
    }
    disk.put("/home/ann/p/outfit.yaml", "profile: p\n")
    #expect(
      try await ProfileLoader(host: .test(files: disk)).machine("p").layers[0].identity == "/home/ann/p")
  }

  @Test func gitLayers() async throws {
    let disk = MemoryFiles.withHome()
    let commit = String(repeating: "a", count: 40)
    disk.put("/cache/repo/python/outfit.yaml", "extends: [../base]\ntools: {black: latest}\n")
    disk.put("/cache/repo/base/outfit.yaml", "extends: [../../../etc]\ntools: {jq: latest}\n")
    disk.put("/home/ann/p/outfit.yaml", "extends: [\"github:acme/profiles//python@v3\"]\n")
    let loader = ProfileLoader(host: .test(files: disk)) { address, _ in
      #expect(address.repository == "https://github.com/acme/profiles.git")
      #expect(address.subfolder == "python" && address.reference == "v3")
      return FetchedProfile(checkout: "/cache/repo", commit: commit)
    }
    do {
      _ = try await loader.machine("p")
      Issue.record("a layer left its repository")
    } catch let failure as Failure {
      #expect(
        failure.diagnostics.map { "\($0.location.map { "\($0)" } ?? "") \($0.message)" } == [
          "github:acme/profiles//base@v3/outfit.yaml:1:11 `../../../etc` leaves the repository"
        ])
    }
    try disk.remove("/cache/repo/base/outfit.yaml")
    disk.put("/cache/repo/base/outfit.yaml", "tools: {jq: latest}\n")
    let merged = try await loader.machine("p")
    #expect(merged.layers.map(\.commit) == [commit, commit, nil])
    #expect(merged.layers.first?.address == "github:acme/profiles//base@\(commit)")
  }

  @Test func findingTheProject() {
    let disk = MemoryFiles.withHome()
    disk.put("/home/ann/shop/outfit.yaml", "profile: shop\n")
    disk.put("/home/ann/.config/outfit/outfit.yaml", "")
    disk.putDirectory("/home/ann/shop/a/b")
    let host = Host.test(files: disk)
    #expect(ProfileLoader.findProject(from: "/home/ann/shop/a/b", host: host) == "/home/ann/shop")
    #expect(ProfileLoader.findProject(from: "/home/ann", host: host) == nil)
    #expect(ProfileLoader.findProject(from: "/home/ann/.config/outfit", host: host) == nil)
  }

  @Test(arguments: [
    ("github:acme/p", "https://github.com/acme/p.git", "", nil),
    ("github:acme/p//a/b@v1/x", "https://github.com/acme/p.git", "a/b", "v1/x"),
    ("git+https://h/x/y.git//s@main", "https://h/x/y.git", "s", "main"),
    ("git+ssh://git@h/x@v1", "ssh://git@h/x", "", "v1"),
    ("git+file:///srv/x.git//s", "file:///srv/x.git", "s", nil),
  ])
  func gitAddresses(_ text: String, _ repository: String, _ folder: String, _ reference: String?) throws {
    let address = try #require(try GitAddress(text))
    #expect(address.repository == repository)
    #expect(address.subfolder == folder)
    #expect(address.reference == reference)
    #expect(address.description == text)
  }

  @Test(arguments: [
    ("https://github.com/acme/p", "github:acme/p", "https://github.com/acme/p.git"),
    ("https://github.com/acme/p.git", "github:acme/p", "https://github.com/acme/p.git"),
    ("https://www.github.com/acme/p/", "github:acme/p", "https://github.com/acme/p.git"),
    ("https://github.com/acme/p.git@v1", "github:acme/p@v1", "https://github.com/acme/p.git"),
    ("https://github.com/acme/p//web@v1", "github:acme/p//web@v1", "https://github.com/acme/p.git"),
    ("https://github.com/acme/p/tree/main", "github:acme/p@main", "https://github.com/acme/p.git"),
    ("https://github.com/acme/p/tree/v1/a/b", "github:acme/p//a/b@v1", "https://github.com/acme/p.git"),
    (
      "https://github.com/acme/p/blob/v1/a/outfit.yaml", "github:acme/p//a@v1",
      "https://github.com/acme/p.git"
    ),
    ("https://h/g/p.git", "git+https://h/g/p.git", "https://h/g/p.git"),
    ("https://h:8443/g/p//web@v2", "git+https://h:8443/g/p//web@v2", "https://h:8443/g/p"),
    ("https://h/g/s/p/-/tree/main/web", "git+https://h/g/s/p//web@main", "https://h/g/s/p"),
    ("http://h/p.git", "git+http://h/p.git", "http://h/p.git"),
    ("ssh://git@h:22/p.git@v1", "git+ssh://git@h:22/p.git@v1", "ssh://git@h:22/p.git"),
    ("file:///srv/p.git", "git+file:///srv/p.git", "file:///srv/p.git"),
    ("git@github.com:acme/p.git", "git@github.com:acme/p.git", "git@github.com:acme/p.git"),
    ("ann@h:p.git//web@v1", "ann@h:p.git//web@v1", "ann@h:p.git"),
    ("git@h:/srv/p.git", "git@h:/srv/p.git", "git@h:/srv/p.git"),
  ])
  func addressesAsPeoplePasteThem(_ text: String, _ kept: String, _ repository: String) throws {
    let address = try #require(try GitAddress(text))
    #expect(address.description == kept)
    #expect(address.repository == repository)
    #expect(try GitAddress(kept) == address)
  }

  @Test(arguments: [
    ("github:acme/", "git@github.com:acme/p.git", true),
    ("github:acme/", "https://GitHub.com/ACME/p//web@v1", true),
    ("https://github.com/acme/p", "github:acme/p", true),
    ("github:acme/p", "ssh://git@github.com/acme/p.git", true),
    ("github:acme/p", "github:acme/pp", false), ("github:acme/", "github:acme2/p", false),
    ("https://git.example/team/", "https://git.example/team/a/b", true),
    ("https://git.example/team/", "https://git.example/other/team/a", false),
    ("file:///srv/", "git+file:///srv/p.git", true), ("file:///srv/p", "git+file:///srv/p.git", true),
  ])
  func signersAreMatchedByRepository(_ pattern: String, _ address: String, _ counts: Bool) throws {
    let rule = try #require(SignerRule(pattern, allowed: ""))
    #expect(rule.counts(for: try #require(try GitAddress(address))) == counts)
  }

  @Test(arguments: ["", "acme", "github:", "/", "github:acme/p@v1", "https://u:p@h/"])
  func whatNamesNoRepository(_ pattern: String) { #expect(SignerRule(pattern, allowed: "") == nil) }

  @Test(arguments: [
    "github:acme", "github:a/b/c", "github:a/b//../c", "github:a/b@", "github:a/b@-x", "github:a/b@a..b",
    "git@h:", "-x@h:a", "git@-h:a", "git@h:a/../b//../c", "git@h:a@", "https://github.com/a", "https://",
    "https://github.com/a/b/issues", "git+https://", "git+https:///a/b", "git+file://host/a",
    "git+https://h:port/a", "git+https://-h/a", "svn+https://h/a",
  ])
  func badGitAddresses(_ text: String) {
    #expect(throws: Failure.self) { try GitAddress(text) }
  }

  @Test(arguments: [
    "git+https://ann:SECRET@h/a", "git+http://ann:SECRET@h:8080/a//web@v1", "git+https://SECRET@h/a",
    "git+https://SECRET:x-oauth-basic@h/a", "git+https://ann%3ASECRET@h/a", "git+https://ann:SEC/SECRET@h/a",
    "git+https://ann:SECRET/x@h/a~1", "git+https://ann:SECRET?@h/a", "git+https://:SECRET@h/a",
    "git+https://h/a?access_token=SECRET", "git+https://h/a#SECRET", "git+https://ann:SECRET@[::1]:80/a",
    "git+ssh://git:SECRET@h/a", "git+ssh://git%3ASECRET@h/a", "git+file://ann:SECRET@/a",
    "https://ann:SECRET@h/a", "http://SECRET@h/a", "GIT+HTTPS://ann:SECRET@h/a", "hg+https://ann:SECRET@h/a",
    "ssh://git:SECRET@h/a", "git://ann:SECRET@h/a", "ftp://ann:SEC/SECRET@h/a", "ann:SECRET@h:a/b",
    "github:ann:SECRET@acme/p", "github:SECRET@acme/p", "git+https://ann:SECRET\\@h/a",
  ])
  func noPasswordIsTakenOrShown(_ text: String) async throws {
    let failure = #expect(throws: Failure.self) { try GitAddress(text) }
    #expect(failure?.status == .usage)
    #expect(failure.map { "\($0.diagnostics)".contains("SECRET") } == false, "\(failure?.diagnostics ?? [])")
    let printer = DiagnosticPrinter(style: .plain)
    do {
      _ = try await profile(["p/outfit.yaml": "extends: ['\(text)']\n"])
      Issue.record("it was taken")
    } catch let failure as Failure {
      #expect(failure.status == .usage)
      #expect(failure.diagnostics.first?.location?.line == 1)
      let shown = printer.text(failure.diagnostics)
      // What is no address can't be known in a line.
      if text.contains("://"), text.contains("@") {
        #expect(!shown.contains("SECRET"), "\(shown)")
      }
    }
  }

  @Test func aUserOfSSHIsNoPassword() throws {
    #expect(try GitAddress("git+ssh://ann_b-c.d@h:22/a")?.repository == "ssh://ann_b-c.d@h:22/a")
    #expect(withoutPasswords("git ls-remote ssh://git@h/a") == "git ls-remote ssh://git@h/a")
    #expect(withoutPasswords("at https://h/a@v1, ssh://g:p@h") == "at https://h/a@v1, ssh://***@h")
    #expect(withoutPasswords("git+file:///a/b@v1") == "git+file:///a/b@v1")
    #expect(withoutPasswords("file://u:p@h/b") == "file://***@h/b")
  }

  @Test(arguments: [
    "https://ann:SECRET@h/a", "https://SECRET@h/a", "git+http://SECRET@h/a", "HTTPS://ann:S/SECRET@h/a",
  ])
  func aRemoteHoldsNoPassword(_ text: String) async {
    let mistakes = await failures(["p/outfit.yaml": "remote: '\(text)'\n"], project: true)
    #expect(mistakes.count == 1 && mistakes.first?.contains("can't hold a user or a password") == true)
    #expect(mistakes.first?.contains("SECRET") == false)
  }
}
