import OutfitGoTemplate
import Testing

@testable import OutfitChezmoi

/// A tree in memory, and a machine.
struct Scene {
  var files: [String: String] = [:]
  var machine: [String: String] = [:]
  var prompts = TreePrompts(assumes: true)

  private struct World: TemplateWorld {
    let files: [String: String]

    func answer(_ question: TemplateQuestion) -> TemplateAnswer {
      switch question {
      case .include(let path):
        files[path].map { .bytes(Array($0.utf8)) } ?? .refused("there is no file \(path)")
      case .includeTemplate(let name):
        (files[".chezmoitemplates/\(name)"] ?? files[name]).map { .bytes(Array($0.utf8)) } ?? .refused("none")
      case .env(let name): .value(.string("env of \(name)"))
      case .lookPath(let name): .value(.string(name == "git" ? "/usr/bin/git" : ""))
      case .glob("*.bak", _): .value(.list([.string("a.bak"), .string("kept.bak"), .string("own.bak")]))
      case .secret(["pass", "x"]): .value(.string("<x>"))
      case .clock: .refused("the time is another each time")
      default: .unknown
      }
    }
  }

  var tree: ChezmoiTree {
    var entries: [String: ChezmoiTree.Entry] = [:]
    for (path, text) in files {
      entries[path] = .init(path, .file(size: text.utf8.count, isExecutable: false, bytes: nil))
      var folder = path
      while let slash = folder.lastIndex(of: "/") {
        folder = String(folder[..<slash])
        entries[folder] = .init(folder, .folder)
      }
    }
    return ChezmoiTree(Array(entries.values))
  }

  func reading() -> TreeReading {
    let machine = TreeMachine(
      os: "linux", architecture: "amd64", hostname: "box.lan", username: "ada", home: "/home/ada",
      workingTree: "/src", sourceFolder: "/src", configurationFolder: "/home/ada/.config/chezmoi",
      cacheFolder: "/home/ada/.cache/chezmoi")
    return TreeReader.read(
      tree, machine: machine, world: World(files: files.merging(self.machine) { $1 }), prompts: prompts)
  }

  func state() throws -> TreeState {
    guard case .done(let state) = reading() else { throw Open() }
    return state
  }

  struct Open: Error {}
}

extension TreeState {
  /// What each target is, in words.
  var summary: [String: String] {
    Dictionary(
      targets.map { target in
        let what =
          switch target.kind {
          case .copy(let mode): "copy \(String(mode, radix: 8)) of \(target.source)"
          case .file(let bytes, let mode):
            "\(String(mode, radix: 8)) \(String(decoding: bytes, as: UTF8.self))"
          case .folder(let mode, let isExact): "folder \(String(mode, radix: 8))\(isExact ? " exact" : "")"
          case .link(let destination): "-> \(destination)"
          case .absent: "absent"
          case .modified(let made, _): "makes \(String(decoding: made.ofNothing, as: UTF8.self))"
          }
        return (target.path, (target.isOnce ? "once " : "") + what)
      }, uniquingKeysWith: { "\($0) and \($1)" })
  }
}

@Suite("A folder of chezmoi's")
struct TreeReaderTests {
  @Test("what names say, with templates, data and what is ignored")
  func whole() throws {
    var scene = Scene()
    scene.files = [
      "dot_zshrc": "z", "private_dot_netrc": "n", "executable_bin": "b", "README.md": "r",
      "dot_gitconfig.tmpl": "{{ .email }} {{ .chezmoi.os }} {{ .chezmoi.hostname }} {{ .deep.b }}",
      "symlink_notes.tmpl": "{{ .chezmoi.homeDir }}/Sync\n", "create_dot_once": "o", "dot_blank": " \n",
      "empty_dot_kept": "", "remove_dot_old": "", "private_dot_ssh/config": "c", "exact_dot_x/a": "a",
      "dot_partial.tmpl": "{{ template \"who\" . }}{{ includeTemplate \"who\" . }}",
      ".chezmoitemplates/who": "I am {{ .chezmoi.username }};",
      ".chezmoidata.toml": "email = \"a@b\"\n[deep]\na = 1\nb = 2\n",
      ".chezmoidata/more.yaml": "deep: {b: 3}\n",
      ".chezmoiignore": "README.md\n{{ if ne .chezmoi.os \"darwin\" }}Library{{ end }}\n", "Library/x": "mac",
      ".hidden": "h", "dot_has.tmpl": "{{ lookPath \"git\" }}{{ lookPath \"nope\" }}",
      "run_once_before_b.sh": "b", "run_onchange_after_a.sh.tmpl": "{{ include \"dot_zshrc\" | sha256sum }}",
      "run_c.sh": "c", "run_empty.sh.tmpl": "{{ if false }}x{{ end }}", ".chezmoiscripts/run_d.sh": "d",
    ]
    let state = try scene.state()
    #expect(state.remarks.isEmpty)
    #expect(
      state.summary == [
        ".zshrc": "copy 644 of dot_zshrc", ".netrc": "copy 600 of private_dot_netrc",
        "bin": "copy 755 of executable_bin",
        ".gitconfig": "644 a@b linux box 2", "notes": "-> /home/ada/Sync",
        ".once": "once copy 644 of create_dot_once",
        ".blank": "absent", ".kept": "copy 644 of empty_dot_kept", ".old": "absent", ".ssh": "folder 700",
        ".ssh/config": "copy 644 of private_dot_ssh/config", ".x": "folder 755 exact",
        ".x/a": "copy 644 of exact_dot_x/a", ".partial": "644 I am ada;I am ada;", ".has": "644 /usr/bin/git",
      ])
    #expect(state.scripts.map(\.target) == ["b.sh", ".chezmoiscripts/d.sh", "c.sh", "a.sh"])
    #expect(state.scripts.map(\.contents.count) == [1, 1, 1, 64])
  }

  @Test("what can't be read is left out alone, with its line")
  func broken() throws {
    var scene = Scene()
    scene.files = [
      "dot_a": "a", "dot_b.tmpl": "1\n{{ .nope }}", "dot_c.tmpl": "{{ output \"date\" }}",
      "dot_uname.tmpl": "{{ output \"uname\" | trim }} {{ output \"uname\" \"-m\" }}",
      "dot_d.tmpl": "{{ if }}",
      "dot_e.tmpl": "\n{{ onepasswordRead \"op://x\" }}", "encrypted_dot_f.age": "?",
      "modify_dot_g": "#!/bin/sh\ncat",
      "dot_h.tmpl": "{{ template \"part\" . }}", ".chezmoitemplates/part": "\n\n{{ .no }}", ".chezmoifoo": "",
    ]
    let state = try scene.state()
    #expect(state.summary == [".a": "copy 644 of dot_a", ".uname": "644 Linux x86_64\n"])
    let places = state.remarks.map { "\($0.path):\($0.line ?? 0) \($0.target ?? "")" }
    #expect(
      Set(places) == [
        "dot_b.tmpl:2 .b", "dot_c.tmpl:1 .c", "dot_d.tmpl:1 .d", "dot_e.tmpl:2 .e",
        "encrypted_dot_f.age:0 .f",
        "modify_dot_g:0 .g", ".chezmoitemplates/part:3 .h", ".chezmoifoo:0 ",
      ])
    #expect(state.remarks.filter(\.isHarmless).map(\.path) == [".chezmoifoo"])
  }

  @Test("of an ignore file that can't be read, all that its lines may name is left out")
  func ignoreThatFails() throws {
    var scene = Scene()
    scene.files = [
      "dot_a": "a", "secret": "s", "x-1": "x", "y": "y", "docs/a": "d",
      ".chezmoiignore":
        "{{ if contains \"x\" (output \"id\") }}\nsecret\nx-{{ .n }}\n{{ end }}\n!y\n# docs\n",
    ]
    let state = try scene.state()
    #expect(Set(state.summary.keys) == [".a", "y", "docs", "docs/a"])
    #expect(state.remarks.filter { $0.target == nil }.map(\.path) == [".chezmoiignore"])
    #expect(Set(state.remarks.compactMap(\.target)) == ["secret", "x-1"])
  }

  @Test("answers stay where the configuration template can't be read, and a key that lacks says why")
  func configurationThatFails() throws {
    var scene = Scene()
    scene.prompts = TreePrompts(answers: ["email": "a@b"])
    scene.files = [
      ".chezmoi.toml.tmpl":
        "{{ $e := promptStringOnce . \"email\" \"Address\" }}\n{{ if output \"id\" }}[data]\n{{ end }}\nwork = true\n",
      "dot_a.tmpl": "{{ .email }}", "dot_b.tmpl": "{{ .work }}",
    ]
    var state = try scene.state()
    #expect(state.summary == [".a": "644 a@b"])
    let left = state.remarks.first { $0.target == ".b" }
    #expect(left?.message == "the key `work` is not known, since .chezmoi.toml.tmpl:2 could not be read")
    scene.machine = ["/home/ada/.config/chezmoi/chezmoi.toml": "[data]\nwork = true\n"]
    state = try scene.state()
    #expect(state.summary[".b"] == "644 true")
  }

  @Test("of the configuration template, only what has no answer is not known")
  func valueThatFails() throws {
    var scene = Scene()
    scene.files = [
      ".chezmoi.toml.tmpl": """
      {{ $id := output "id" | trim -}}
      # {{ now | date "2006" }}
      [data]
      work = true
      host = {{ output "scutil" | trim | quote }}
      user = "{{ $id }}"
      is_ada = {{ eq $id "ada" }}
      """,
      ".chezmoiignore": "{{ if .work }}\nother\n{{ end }}\n", "other": "o", "dot_a.tmpl": "{{ .work }}",
      "dot_b.tmpl": "\n{{ .host }}", "dot_c.tmpl": "{{ .user }}", "dot_d.tmpl": "{{ if .is_ada }}d{{ end }}",
      "dot_e.tmpl": "{{ . | toJson }}",
    ]
    var state = try scene.state()
    #expect(state.summary == [".a": "644 true"])
    #expect(Set(state.remarks.map(\.target)) == [".b", ".c", ".d", ".e"])
    let left = state.remarks.first { $0.target == ".b" }
    #expect(left?.line == 2 && left?.message.contains("since .chezmoi.toml.tmpl:5 could not be read") == true)
    scene.machine = ["/home/ada/.config/chezmoi/chezmoi.toml": "[data]\nhost = \"box\"\n"]
    state = try scene.state()
    #expect(state.summary[".b"] == "644 \nbox")
  }

  @Test("two files for one target are both left out")
  func twice() throws {
    var scene = Scene()
    scene.files = ["dot_a": "1", "dot_a.tmpl": "2", "dot_b": "3"]
    let state = try scene.state()
    #expect(Set(state.summary.keys) == [".b"] && state.remarks.map(\.target) == [".a"])
  }

  @Test("prompts are questions, one after the other, and their answers are data")
  func prompts() throws {
    var scene = Scene()
    scene.prompts = TreePrompts()
    scene.files = [
      ".chezmoi.toml.tmpl": """
      {{- $mail := promptStringOnce . "git.email" "Your address" -}}
      {{- $work := promptBool "At work" -}}
      {{- $kind := promptChoiceOnce . "kind" "What is it" (list "laptop" "server") "server" -}}
      [data]
      email = {{ $mail | quote }}
      work = {{ $work }}
      kind = {{ $kind | quote }}
      """,
      "dot_a.tmpl": "{{ .email }} {{ .work }} {{ .kind }}",
    ]
    var asked: [String] = []
    var lines: [Int?] = []
    for answer in ["a@b", "yes", "laptop"] {
      guard case .prompts(let open) = scene.reading(), let prompt = open.first else { throw Scene.Open() }
      asked.append("\(prompt.key): \(prompt.text) \(prompt.offer ?? "-")")
      lines.append(prompt.place?.line)
      scene.prompts.answers[prompt.key] = answer
    }
    #expect(asked == ["git_email: Your address -", "at_work: At work -", "kind: What is it server"])
    #expect(lines == [1, 2, 3])
    #expect(try scene.state().summary[".a"] == "644 a@b true laptop")
    scene.prompts.answers["kind"] = "toaster"
    guard case .prompts = scene.reading() else { throw Scene.Open() }
  }

  @Test("what chezmoi was told before counts as answered")
  func before() throws {
    var scene = Scene()
    scene.prompts = TreePrompts()
    scene.machine = ["/home/ada/.config/chezmoi/chezmoi.toml": "[data]\nemail = \"old@b\"\n"]
    scene.files = [
      ".chezmoi.toml.tmpl": "[data]\nemail = {{ promptStringOnce . \"email\" \"Address\" | quote }}\n",
      "dot_a.tmpl": "{{ .email }}",
    ]
    #expect(try scene.state().summary[".a"] == "644 old@b")
    scene.files[".chezmoi.toml.tmpl"] = nil
    #expect(try scene.state().summary[".a"] == "644 old@b")
  }

  @Test("a template that changes a file is told of nothing, and of what is there")
  func modify() throws {
    var scene = Scene()
    scene.machine = ["/home/ada/s.json": "{\"b\": 1}"]
    scene.files = [
      "modify_s.json": """
      {{- /* chezmoi:modify-template */ -}}
      {{ .chezmoi.stdin | fromJson | setValueAtPath "a.x" true | toJson }}
      """
    ]
    let state = try scene.state()
    guard case .modified(let made, _)? = state.targets.first?.kind else { throw Scene.Open() }
    #expect(String(decoding: made.ofNothing, as: UTF8.self).contains("{\"a\":{\"x\":true}}"))
    #expect(made.present.map { String(decoding: $0.after, as: UTF8.self).contains("\"b\":1") } == true)
  }

  @Test("removals, and folders that go over as they are")
  func removals() throws {
    var scene = Scene()
    scene.files = [
      ".chezmoiremove": ".old\n.config/gone # why\n*.bak\n/etc/x\n", "dot_config/.chezmoiremove": "inner\n",
      "external_dot_vim/dot_x.tmpl": "{{", "dot_config/a": "a", "own.bak": "a",
      ".chezmoiignore": "kept.bak\n",
    ]
    let state = try scene.state()
    #expect(
      state.summary == [
        ".old": "absent", ".config/gone": "absent", ".config/inner": "absent", ".config": "folder 755",
        ".config/a": "copy 644 of dot_config/a", ".vim": "folder 755",
        ".vim/dot_x.tmpl": "copy 644 of external_dot_vim/dot_x.tmpl", "a.bak": "absent",
        "own.bak": "copy 644 of own.bak",
      ])
    #expect(state.remarks.count == 1 && state.removing == ["*.bak"])
  }

  @Test("secrets are noted where they are, and are in files alone")
  func secrets() throws {
    var scene = Scene()
    scene.files = [
      "dot_a.tmpl": "{{ pass \"x\" | upper }}", "dot_b.tmpl": "{{ pass \"y\" }}", "dot_c.tmpl": "c",
      "symlink_dot_d.tmpl": "{{ pass \"x\" }}", "run_e.sh.tmpl": "{{ pass \"x\" }}",
      ".chezmoiignore": "{{ pass \"x\" }}",
    ]
    let state = try scene.state()
    #expect(state.targets.map(\.path) == [".a", ".c"] && state.scripts.isEmpty)
    #expect(state.targets.map(\.secrets) == [[["pass", "x"]], []])
    #expect(
      Set(state.remarks.map(\.path)) == [
        ".chezmoiignore", "dot_b.tmpl", "run_e.sh.tmpl", "symlink_dot_d.tmpl",
      ])
    #expect(Set(state.secretCalls) == [["pass", "x"], ["pass", "y"]])
  }
}
