import OutfitCore
import OutfitSystem
import Support
import SystemPackage
import Testing

@testable import OutfitProfile

/// What counts where: `if:`, bundles, and the strengths of values.
@Suite struct ConditionsTests {
  private func profile(
    _ files: [String: String], environment: [String: String] = [:],
    platform: Platform = Platform(.linux, .amd64),
    project: Bool = false, at day: Int64 = 0
  ) async throws -> Profile {
    let disk = MemoryFiles.withHome()
    for (path, text) in files {
      let place = FilePath(path.hasPrefix("/") ? path : "/home/ann/\(path)")
      disk.put(place, text, mode: path == "/bin/tmux" ? 0o755 : 0o644)
    }
    let clock = TestClock(now: day * 86400)
    let host = Host.test(
      files: disk, clock: clock, environment: environment.merging(["PATH": "/usr/bin:/bin"]) { a, _ in a },
      platform: platform)
    let loader = ProfileLoader(host: host)
    return project ? try await loader.project(at: "/home/ann/p") : try await loader.machine("p")
  }

  /// Each fact where it holds and where it does not; keys together mean all, a list means any.
  @Test(arguments: [
    ("os: linux", true), ("os: [macos, linux]", true), ("os: macos", false), ("arch: amd64", true),
    ("arch: arm64", false), ("distribution: debian", true), ("distribution: ubuntu", true),
    ("distribution: fedora", false), ("host: box-7", true), ("host: \"box-*\"", true),
    ("host: \"b?x-7\"", true),
    ("host: box", false), ("user: ann", true), ("user: \"*n\"", true), ("user: bob", false),
    ("tag: work", true),
    ("tag: home", false), ("container: false", true), ("container: true", false), ("wsl: true", false),
    ("ci: true", true), ("ci: false", false), ("command: tmux", true), ("command: emacs", false),
    ("command: black", false), ("file: .kube/config", true), ("file: ~/.kube", true),
    ("file: /etc/hostname", true),
    ("file: .nothing", false), ("os: linux, tag: home", false), ("os: linux, not: {tag: home}", true),
    ("not: {os: linux, tag: work}", false), ("not: [{os: macos}, {tag: work}]", false),
  ])
  func factsOfTheMachine(_ condition: String, _ holds: Bool) async throws {
    let found = try await profile(
      [
        "p/outfit.yaml": "env: {}\ndata: {x: {value: 1, if: {\(condition)}}}\n",
        ".config/outfit/outfit.yaml": "tags: [work]\n", "/etc/hostname": "box-7\n",
        "/etc/os-release": "NAME=x\nID=ubuntu\nID_LIKE=\"debian\"\n", "/bin/tmux": "", ".kube/config": "",
        // A shim of ours is no command of the machine's.
        ".local/share/outfit/bin/black": "",
      ], environment: ["CI": "true", "PATH": "/home/ann/.local/share/outfit/bin:/usr/bin:/bin"])
    #expect((found.data["x"] != nil) == holds)
    #expect(found.elsewhere.map(\.path) == (holds ? [] : ["data.x"]))
    #expect(found.conditions["data.x"] != nil || !holds)
  }

  @Test func everySectionHasConditions() async throws {
    let files = [
      "p/outfit.yaml": """
      profile: p
      interpreters: {python: {versions: ["3.13"], if: {os: macos}}}
      tools: {black: {version: "25.*", if: {os: macos}}, ruff: latest}
      data: {a: {value: {b: c}, if: {os: macos}}, m: {value: 1, if: x, more: y}}
      ask: {q: {prompt: Q, if: {os: macos}}}
      dotfiles: {.x: {copy: absent, if: {os: macos}}, .y/: {copy: absent/, os: macos}}
      packages: {apt: [jq, {name: fd, if: {os: macos}}], brew: {name: gone, if: {os: macos}}}
      scripts: {s: {run: absent.sh, if: {os: macos}}}
      """
    ]
    // One package alone needs a list.
    await #expect(throws: Failure.self) { try await profile(files) }
    var right = files
    right["p/outfit.yaml"] = files["p/outfit.yaml"]?.replacing(
      "brew: {name: gone, if: {os: macos}}", with: "brew: [z]")
    let found = try await profile(right)
    #expect(found.interpreters.isEmpty && found.tools.keys.sorted() == ["ruff"])
    #expect(found.data["a"] == nil && found.data["m"]?.value.summary == "{if: x, more: y, value: 1}")
    #expect(found.ask.isEmpty && found.dotfiles.isEmpty && found.scripts.isEmpty)
    #expect(found.packages["apt"]?.map(\.value) == ["jq"])
    #expect(
      found.elsewhere.map(\.path).sorted() == [
        "ask.q", "data.a", "dotfiles..x", "dotfiles..y", "interpreters.python", "packages.apt.fd",
        "scripts.s",
        "tools.black",
      ])
    let project = try await profile(
      [
        "p/outfit.yaml":
          "env: {A: {value: b, if: {os: macos}}, B: c}\nhooks: {black: {if: {ci: true}}}\ntools: {black: latest}\n"
      ], project: true)
    #expect(project.env.mapValues(\.value) == ["B": "c"] && project.hooks.isEmpty)
  }

  /// Keys of a lock: two conditions never have one text.
  @Test func conditionsAreToldApart() {
    let conditions: [Condition] = [
      .fact(.host, ["a", "b"]), .fact(.host, ["a or b"]), .fact(.host, ["\"a\" or b"]),
      .fact(.host, ["a, os: linux"]),
      .all([.fact(.host, ["a"]), .fact(.os, ["linux"])]), .any([.fact(.host, ["a"]), .fact(.os, ["linux"])]),
      .not(.fact(.host, ["a"])), .fact(.host, ["not (host: a)"]), .fact(.host, [""]), .fact(.host, ["\\"]),
    ]
    #expect(Set(conditions.map(\.description)).count == conditions.count, "\(conditions)")
    #expect(conditions[0].description == "host: a or b" && conditions[1].description == "host: \"a or b\"")
  }

  @Test func layersHaveConditions() async throws {
    let files = [
      "work/outfit.yaml": "profile: work\nextends: [../deep]\ntools: {mypy: latest}\nlocked: [tools.mypy]\n",
      "deep/outfit.yaml": "profile: deep\ndata: {d: 1}\n",
      "p/outfit.yaml":
        "extends: [{from: ../work, if: {tag: work}}, {from: ../mac, if: {os: macos}}]\ntools: {mypy: \"1.*\"}\n",
      "mac/outfit.yaml": "profile: mac\ndotfiles: {.m: {copy: absent}}\nremove: [tools.mypy]\n",
    ]
    let off = try await profile(files)
    #expect(off.layers.map(\.isHere) == [false, false, false, true])
    #expect(off.tools["mypy"]?.value.version.text == "1.*" && off.data["d"] == nil && off.refused.isEmpty)
    var tagged = files
    tagged[".config/outfit/outfit.yaml"] = "tags: work\n"
    let on = try await profile(tagged)
    #expect(on.tools["mypy"]?.value.version == .latest && on.data["d"] != nil && on.refused.count == 1)
    // By another way the layer counts always.
    tagged["p/outfit.yaml"] = "extends: [{from: ../work, if: {os: macos}}, ../deep]\n"
    #expect(try await profile(tagged).data["d"] != nil)
  }

  /// Layers that name each other by ever more ways are refused before their conditions fill the memory.
  @Test func tangledConditionsEnd() async throws {
    var files: [String: String] = ["p/outfit.yaml": "extends: [../l0]\n"]
    for level in 0..<30 {
      files["l\(level)/outfit.yaml"] = """
        extends:
          - {from: ../a\(level), if: {tag: a\(level)}}
          - {from: ../b\(level), if: {tag: b\(level)}}
        """
      for name in ["a", "b"] { files["\(name)\(level)/outfit.yaml"] = "extends: [../l\(level + 1)]\n" }
    }
    files["l30/outfit.yaml"] = "profile: last\n"
    await #expect(throws: Failure.self) { try await profile(files) }
  }

  /// The lock is the same text whichever machine wrote it, and each finds its own pins in it.
  @Test func theLockCoversEveryBranch() async throws {
    let files = [
      "p/outfit.yaml": """
      profile: p
      interpreters: {python: {versions: ["3.12"], if: {os: macos}}, node: "24"}
      tools:
        black: {version: "24.*", if: {os: macos}}
        ruff: "1"
      """,
      "base/outfit.yaml":
        "tools: {black: \"23.*\", gone: \"1\"}\ninterpreters: {python: [\"3.13\", \"3.11\"]}\n",
    ].mapValues { $0.replacing("profile: p", with: "extends: ../base\nremove: [tools.gone]") }
    let linux = try await profile(files)
    let mac = try await profile(files, platform: Platform(.macos, .arm64))
    func pin(_ request: String) -> LockedTool { LockedTool(request: request, version: Version([1])) }
    func python(_ request: String) -> LockedInterpreter {
      LockedInterpreter(request: request, version: Version([3]), provider: .prebuilt)
    }
    #expect(linux.toolsElsewhere.map(\.key) == ["black, if os: macos"])
    #expect(mac.toolsElsewhere.map(\.key) == ["black, otherwise"])
    #expect(linux.pinned(.python)?.requests.map(\.text) == ["3.13", "3.11", "3.12"])
    #expect(mac.pinned(.python)?.requests.map(\.text) == ["3.12", "3.13", "3.11"])
    var there = Lock()
    there.tools = ["ruff": pin("ruff"), "black": pin("23"), "black, if os: macos": pin("24")]
    there.interpreters[.python] = ["3.13", "3.11", "3.12"].map(python)
    var here = Lock()
    here.tools = ["ruff": pin("ruff"), "black": pin("24"), "black, otherwise": pin("23")]
    here.interpreters[.python] = ["3.12", "3.13", "3.11"].map(python)
    #expect(LockFile.text(of: there, for: linux) == LockFile.text(of: here, for: mac))
    #expect(there.everywhere(linux).here(mac) == here && here.everywhere(mac).here(linux) == there)
    #expect(here.only(for: mac) == here && there.only(for: linux) == there)
  }

  /// What does not count for a lock of a layer, or since it yields, has no pin either.
  @Test func whatIsLockedOrYieldsHasNoBranch() async throws {
    let found = try await profile([
      "base/outfit.yaml": "tools: {black: \"23.*\", ruff: \"1\"}\nlocked: [tools.black]\n",
      "p/outfit.yaml":
        "extends: ../base\ntools: {black: \"24.*\", ruff: \"2\", x: {if: {os: macos}}}\ndefaults: [tools.ruff]\n",
    ])
    #expect(
      found.tools["black"]?.value.version.text == "23.*" && found.tools["ruff"]?.value.version.text == "1")
    #expect(found.toolsElsewhere.map(\.key) == ["x, if os: macos"])
  }

  @Test func bundlesCountWhereTheyAreUsed() async throws {
    let files = [
      "p/outfit.yaml": """
      profile: p
      data: {editor: vim}
      bundles:
        k8s: {description: For clusters, tools: {k9s: latest}, packages: {apt: [kubectl]}, data: {editor: emacs}}
        other: {dotfiles: {.x: {copy: absent}}}
      """
    ]
    let none = try await profile(files)
    #expect(none.tools.isEmpty && none.packages.isEmpty && none.data["editor"]?.value == "vim")
    #expect(none.bundles.map(\.name) == ["k8s", "other"] && none.bundles[0].summary == "For clusters")
    #expect(none.bundles[0].entries == ["data.editor", "packages.apt.kubectl", "tools.k9s"])
    // They are pinned for whoever uses them.
    #expect(none.toolsElsewhere.map(\.key) == ["k9s, if bundle: k8s"])
    #expect(none.contents.flatMap(\.entries).map(\.path) == ["data.editor"])
    var used = files
    used[".config/outfit/outfit.yaml"] = "use: [k8s, gone]\n"
    let some = try await profile(used)
    #expect(some.tools.keys.sorted() == ["k9s"] && some.data["editor"]?.value == "emacs")
    #expect(some.notes.map(\.message) == ["no layer has a bundle `gone`"])
    #expect(
      some.contents[0].entries.map(\.path).sorted() == ["data.editor", "packages.apt.kubectl", "tools.k9s"])
    #expect(some.contents[0].own.tools["k9s"] != nil && some.contents[0].own.dotfiles.isEmpty)
    // A project asks nobody's own layer.
    #expect(try await profile(used, project: true).tools.isEmpty)
  }

  @Test func defaultsYieldToEveryOtherLayer() async throws {
    let merged = try await profile([
      "low/outfit.yaml": "data: {a: low, m: {x: low}}\n",
      "top/outfit.yaml":
        "extends: ../low\ndefaults: [data.a, data.m, data.only]\ndata: {a: top, m: {x: top, y: top}, only: top}\n",
      "p/outfit.yaml": "extends: ../top\ndefaults: data\ndata: {only: p, b: p}\n",
    ])
    #expect(merged.data["a"]?.value == "low" && merged.data["m"]?.value.summary == "{x: low, y: top}")
    #expect(merged.data["only"]?.value == "p" && merged.data["b"]?.value == "p")
  }

  @Test func aLockHoldsFromItsDay() async throws {
    let files = [
      "base/outfit.yaml":
        "profile: acme\ndata: {proxy: old}\nlocked: {data.proxy: {why: one way out, from: 2027-01-31}}\n",
      "p/outfit.yaml": "extends: ../base\ndata: {proxy: mine}\n",
    ]
    // 2027-01-30 and -31, in days since 1970.
    let before = try await profile(files, at: 20_848)
    #expect(before.data["proxy"]?.value == "mine" && before.refused.isEmpty && before.isVarying)
    #expect(
      before.notes.map(\.message) == [
        "from 2027-01-31 on, `data.proxy` is locked by acme, base/outfit.yaml:3: one way out"
      ])
    let after = try await profile(files, at: 20_849)
    #expect(after.data["proxy"]?.value == "old")
    #expect(
      after.refused.map(\.message) == ["`data.proxy` is locked by acme, base/outfit.yaml:3: one way out"])
    for (day, text) in [
      (0, "1970-01-01"), (-1, "1969-12-31"), (11_016, "2000-02-29"), (20_849, "2027-01-31"),
    ] {
      #expect(DateText.day(Int64(day) * 86400) == text)
    }
    for wrong in ["2027-1-31", "soon", "2027-13-01"] {
      var files = files
      files["base/outfit.yaml"] = "data: {proxy: x}\nlocked: {data.proxy: {from: \"\(wrong)\"}}\n"
      await #expect(throws: Failure.self) { try await profile(files) }
    }
  }

  @Test func whatIsToGoIsSaidWhereItCounts() async throws {
    func notes(_ top: String) async throws -> [String] {
      try await profile([
        "base/outfit.yaml":
          "tools: {isort: {version: latest, deprecated: use ruff}, x: {if: {os: macos}, deprecated: y}}\n",
        "p/outfit.yaml": "extends: ../base\n" + top,
      ]).notes.map(\.message)
    }
    #expect(try await notes("") == ["`tools.isort` is to go: use ruff"])
    #expect(try await notes("remove: [tools.isort]\n").isEmpty)
    #expect(try await notes("tools: {isort: \"5\"}\n").isEmpty)
  }

  @Test func onePackageIsRemoved() async throws {
    let merged = try await profile([
      "base/outfit.yaml": "packages: {apt: [jq, ripgrep]}\n",
      "p/outfit.yaml": "extends: ../base\nremove: [packages.apt.jq]\n",
    ])
    #expect(merged.packages["apt"]?.map(\.value) == ["ripgrep"])
  }

  @Test func mistakesInConditionsAreNamed() async {
    for (text, complaint) in [
      ("if: {so: linux}", "unknown key `so`"), ("if: linux", "should be a mapping or a list"),
      ("if: {os: windows}", "`windows` is not a system"),
      ("if: {container: maybe}", "neither true nor false"),
      ("if: {not: {not: {os: linux}}}", "unknown key `not`"),
    ] {
      await #expect(throws: Failure.self) { try await profile(["p/outfit.yaml": "tools: {x: {\(text)}}\n"]) }
      do {
        _ = try await profile(["p/outfit.yaml": "tools: {x: {\(text)}}\n"])
      } catch let failure as Failure {
        #expect(failure.diagnostics.map(\.message).joined().contains(complaint), "\(failure.diagnostics)")
      } catch { Issue.record("\(error)") }
    }
  }

  @Test func templatesKnowTheMachine() async throws {
    let merged = try await profile(
      [
        "p/outfit.yaml": "profile: p\n", "/etc/os-release": "ID=debian\n",
        ".config/outfit/outfit.yaml": "tags: [a]\n",
      ])
    let text = try Templates.render(
      "{{machine.os}} {{machine.distribution}}{{#machine.is.debian}} deb{{/machine.is.debian}}{{#machine.is.fedora}} rpm{{/machine.is.fedora}}{{#machine.tag.a}} a{{/machine.tag.a}}{{^machine.tag.b}} no b{{/machine.tag.b}}{{^machine.container}} bare{{/machine.container}}",
      with: merged.data.mapValues(\.value.template), file: "t")
    #expect(text == "linux debian deb a no b bare")
  }
}
