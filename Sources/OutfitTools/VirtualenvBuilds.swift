import OutfitCore
import OutfitEngine
import OutfitProfile
import SystemPackage

/// What is wanted to be built, and has to be asked what builds it.
private struct BuiltItem {
  /// As the lock has it.
  var name: String
  /// A line each; none for a folder.
  var lines: [RequirementLine] = []
  /// Relative to the project, for a folder.
  var path: String?
}

extension VirtualenvPins {
  /// What builds the packages that may be built, and the project's folders: as their files ask for it (PEP 518), and as
  /// their backends do (PEP 517), with all that it needs in turn.
  ///
  /// What is built as it was keeps its pins.
  func builds(_ lines: [RequirementLine], _ projects: [String]) throws -> Outcome<[String: String]> {
    let allowed = Set(section.value.build.map { Requirement.normalized($0) })
    var items = Dictionary(grouping: lines.filter { allowed.contains($0.packageName) }) { $0.packageName }
      .map { BuiltItem(name: $0, lines: $1) }
    items += projects.map { BuiltItem(name: LockedRequirements.buildName(ofProject: $0), path: $0) }
    items.sort { $0.name < $1.name }
    var pins: [String: String] = [:]
    var asked: [Query] = []
    var failure: UvMessage?
    for item in items {
      if let known = try known(item) {
        pins[item.name] = known
        continue
      }
      switch try self.pins(of: item) {
      case .ask(let queries): asked += queries
      case .failed(let message): failure = failure ?? message
      case .done(let found): pins[item.name] = found
      }
    }
    guard asked.isEmpty else { return .ask(asked) }
    return failure.map { .failed($0) } ?? .done(pins)
  }

  /// What the lock has of it, where it is what it was.
  private func known(_ item: BuiltItem) throws -> String? {
    guard let entry = context.lock.virtualenv, entry.python == interpreter.version.minor,
      let pins = entry.builds[item.name],
      // What was bound to an index since is not asked of another.
      indexes.bound.keys.allSatisfy({ name in !RequirementSet(pins).entries.contains { $0.name == name } })
    else { return nil }
    if let path = item.path {
      let digest = try Self.digest(of: path, context)
      return entry.projects.contains { $0.path == path && $0.digest == digest } ? pins : nil
    }
    let known = RequirementLine.parse(entry.requirements + entry.development + entry.sources)
    return item.lines.allSatisfy { line in known.contains { $0.text == line.text } } ? pins : nil
  }

  /// Nil where it can't be asked on this machine.
  private func pins(of item: BuiltItem) throws -> Outcome<String?> {
    let label = "what builds \(item.path.map { $0 == "." ? "the project" : $0 } ?? item.name)"
    var told = try needs(of: item, "asking \(label)", on: interpreter.program)
    if case .failed(let message) = told, isLackOfPython(message), let other = uv.machinePython {
      told = try needs(of: item, "asking \(label)", on: other)
      if case .failed = told {
        // A project that asks for a later Python says at least itself what it is built with.
        told =
          item.path.map {
            .done(Set(sources.reading.description(of: LocalProject(path: $0)).buildRequirements))
          }
          ?? .failed(message)
      }
    }
    let wanted: Set<String>
    switch told {
    case .ask(let queries): return .ask(queries)
    case .failed(let message): return .failed(message)
    case .done(nil): return .done(nil)
    case .done(let found?): wanted = found
    }
    guard !wanted.isEmpty else { return .done("") }
    let input = "build.in"
    let text = (wanted.sorted().map { $0 + "\n" }).joined()
    let entry = context.lock.virtualenv
    let outcome = answer(
      uv.compile(
        label: "resolving \(label)", [input: Array(text.utf8), "bound.txt": Array(uv.unboundable.utf8)],
        [.scratch(input)], indexes.bound.isEmpty ? [] : ["--constraints", .scratch("bound.txt")],
        previous: entry?.builds[item.name] ?? entry?.build, isAnnotated: false, build: section.value.build))
    let found: String
    switch outcome {
    case .ask(let queries): return .ask(queries)
    case .failed(let message): return .failed(message)
    case .done(let text): found = text
    }
    let lines = RequirementLine.parse(found)
    for line in lines {
      guard case .package = line.content, line.pin != nil else {
        throw Failure(
          "\(label) is asked for by its place: `\(line.text)`, and only what an index has can be pinned",
          at: section.source.location, status: .usage)
      }
    }
    return .done(lines.compactMap(\.pin).joined())
  }

  /// What is asked for to build it, on one Python; nil where that can't be told.
  private func needs(of item: BuiltItem, _ label: String, on python: Reference) throws -> Outcome<
    Set<String>?
  > {
    var wanted: Set<String> = []
    switch try questions(item, label, on: python) {
    case .ask(let queries): return .ask(queries)
    case .failed(let message): return .failed(message)
    case .done(let queries):
      let unknown = queries.filter { context.facts[$0] == nil }
      guard unknown.isEmpty else { return .ask(unknown) }
      for query in queries {
        guard case .collected(let files)? = context.facts[query] else {
          guard case .failed(let diagnostic)? = context.facts[query] else { continue }
          return .failed(asksForBound(diagnostic, item) ?? message(of: diagnostic))
        }
        guard let described = files[BuildWatch.description], let told = files[BuildWatch.requirements] else {
          return .done(nil)
        }
        wanted.formUnion(ProjectDescription(["pyproject.toml": described]).buildRequirements)
        wanted.formUnion(String(decoding: told, as: UTF8.self).split(separator: "\n").map(String.init))
      }
    }
    return .done(wanted)
  }

  /// Whether a question failed since the interpreter that it runs on can't be had: pins for it can be made on another.
  func isLackOfPython(_ message: UvMessage) -> Bool {
    message.diagnostic.message.contains("Python \(interpreter.version), ")
      || message.diagnostic.message.contains("Python \(interpreter.version) can't")
  }

  /// Where what builds something is a name that one index alone may serve.
  private func asksForBound(_ failure: Diagnostic, _ item: BuiltItem) -> UvMessage? {
    let text = [failure.excerpt, failure.message].compactMap { $0 }.joined(separator: "\n")
    guard
      let (name, index) = indexes.bound.sorted(by: { $0.key < $1.key }).first(where: {
        text.contains("\($0.key)<0")
      })
    else { return nil }
    var message = message(of: failure)
    message.isMistake = true
    message.diagnostic = Diagnostic(
      .error,
      "\(item.path == "." ? "the project" : item.path ?? item.name) is built with \(name), which the index \(index) alone "
        + "may serve, and a build would ask any for it", at: section.source.location,
      hint: "take \(name) out of `packages:` of `indexes: {\(index): ...}`, or build without it")
    return message
  }

  /// One for each line, or one for a folder.
  private func questions(
    _ item: BuiltItem, _ label: String, on python: Reference
  ) throws -> Outcome<[Query]> {
    guard let path = item.path else {
      return .done(
        item.lines.map { line in
          var words: [Argument] = ["pip", "install", "--no-deps"] + Uv.common
          words += ["--python", .reference(python), "--target", .scratch("out")]
          words += Uv.building(section.value.build) + ["-r", .scratch("asked.txt")]
          return uv.watch(
            label: label, .text(item.name), words, on: python,
            files: ["asked.txt": Array((line.textForAnyMachine + "\n").utf8)],
            index: indexes.bound[item.name])
        })
    }
    let folder: ProjectContents.Folder
    switch try Virtualenv.folder(LockedProject(path: path, digest: Digest(of: "")), section.value, context) {
    case .ask(let queries): return .ask(queries)
    case .done(let found): folder = found
    }
    var words: [Argument]
    var tree: [TreeEntry] = []
    switch folder.way {
    case .editable:
      // Without a name it can't be told from what builds it, of which nothing is built unasked.
      guard let name = folder.name else {
        words = uv.wheel(of: folder, section.value.build, on: python)
        break
      }
      words = ["pip", "install", "--no-deps"] + Uv.common
      words += ["--python", .reference(python), "--target", .scratch("out")]
      words += Uv.building(section.value.build + [name]) + ["--editable", .text(folder.path.string)]
    case .inPlace: words = uv.wheel(of: folder, section.value.build, on: python)
    case .copied:
      switch try Virtualenv.tree(section.value, context) {
      case .ask(let queries): return .ask(queries)
      case .done(let entries): tree = entries
      }
      words = uv.wheel(of: folder, section.value.build, on: python)
    }
    let place: Argument =
      folder.way == .copied ? .scratch(SourceTree.path(folder.relative)) : .text(folder.path.string)
    return .done([uv.watch(label: label, place, words, on: python, sources: tree)])
  }
}

extension RequirementLine {
  /// Without its marker and its digests in the way: what builds it is asked on whatever machine this is.
  fileprivate var textForAnyMachine: String {
    let head = textWithoutDigests
    let digests = text.dropFirst(head.count)
    let bare =
      switch content {
      // An address may have a `;` in it, and a blank ends it.
      case .direct: head.firstRange(of: " ;").map { String(head[..<$0.lowerBound]) } ?? head
      default: String(head.prefix { $0 != ";" })
      }
    return bare.trimmed + digests
  }
}

/// uv at work while a backend is asked what it needs: the build is stopped before anything is built.
private enum BuildWatch {
  /// pyproject.toml as the build sees it; empty without one.
  static let description = "record/pyproject.toml"
  /// What the backend asks for, a line each.
  static let requirements = "record/requires.txt"

  static let script = "watch.py"
  static let site = "watch/sitecustomize.py"

  /// Runs uv with `site` in the way of every Python that it starts for a build.
  static let text = #"""
    import glob, os, subprocess, sys

    uv, built, *words = sys.argv[1:]
    here = os.getcwd()
    os.mkdir("record")
    os.environ.update(
        PYTHONPATH=here + "/watch", OUTFIT_RECORD=here + "/record", OUTFIT_BUILT=built, PYTHONDONTWRITEBYTECODE="1"
    )
    done = subprocess.run([uv] + words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    if not os.path.exists("record/requires.txt"):
        if done.returncode:
            sys.stderr.buffer.write(done.stderr)
            sys.exit(done.returncode)
        # Its own backend is within uv, and starts no Python.
        texts = []
        places = [built] if os.path.isabs(built) else glob.glob("cache/*/**/", recursive=True)
        for place in places:
            try:
                with open(os.path.join(place, "pyproject.toml"), encoding="utf-8") as file:
                    text = file.read()
            except OSError:
                continue
            if "uv_build" in text:
                texts.append(text)
        if len(texts) == 1:
            with open("record/pyproject.toml", "w", encoding="utf-8") as file:
                file.write(texts[0])
            open("record/requires.txt", "w").close()

    """#

  /// Copies what says what is needed, and ends the process that would build.
  static let siteText = #"""
    import atexit, json, os, re, shutil, sys

    words = getattr(sys, "orig_argv", None)
    if words is None:
        try:
            with open("/proc/self/cmdline", encoding="utf-8") as file:
                words = file.read().split("\0")
        except OSError:
            words = []
    script = next((word for word in words if " as backend\n" in word or "backend." in word), "")
    record, built = os.environ["OUTFIT_RECORD"], os.environ["OUTFIT_BUILT"]
    # What is needed for the build may have to be built itself.
    other = re.search(r"/sdists-v\d+/(?:pypi|index/[^/]+)/([^/]+)/", os.getcwd())
    if os.path.isabs(built):
        isOther = os.path.realpath(built) != os.path.realpath(os.getcwd())
    else:
        isOther = bool(other) and re.sub(r"[-_.]+", "-", other[1]).lower() != built


    def keep(path):
        with open(path, encoding="utf-8") as file:
            requires = json.load(file)
        if os.path.exists("pyproject.toml"):
            shutil.copyfile("pyproject.toml", record + "/pyproject.toml")
        else:
            open(record + "/pyproject.toml", "w").close()
        with open(record + "/requires.new", "w", encoding="utf-8") as file:
            file.write("".join(line + "\n" for line in requires))
        os.rename(record + "/requires.new", record + "/requires.txt")


    if script and not isOther:
        answer = re.search(r'fsdecode\(b"([^"\\]+)"\), "w"\)', script)
        if "get_requires_for_build_" in script and answer:
            home = os.getcwd()
            atexit.register(lambda: (os.chdir(home), os.path.exists(answer[1]) and keep(answer[1])))
        elif re.search(r"(prepare_metadata_for_)?build_(wheel|editable)", script):
            os._exit(70)

    """#
}

extension Uv {
  /// A question what a build needs, put by beginning with it.
  /// - Parameters:
  ///   - built: what is built: a package's normalised name, or a folder.
  ///   - words: for uv.
  ///   - python: what it runs on: the interpreter, or another that stands in for it.
  fileprivate func watch(
    label: String, _ built: Argument, _ words: [Argument], on python: Reference,
    files: [String: [UInt8]] = [:], sources: [TreeEntry] = [], index: String? = nil
  ) -> Query {
    var files = files
    files[BuildWatch.script] = Array(BuildWatch.text.utf8)
    files[BuildWatch.site] = Array(BuildWatch.siteText.utf8)
    files["bound.txt"] = Array(unboundable.utf8)
    let engine = Argument.reference(.object(object.id, "bin/uv"))
    let arguments: [Argument] = ["-I", "-S", .scratch(BuildWatch.script), engine, built]
    var step = Step(
      python, arguments + words + ["--build-constraints", .scratch("bound.txt")],
      needsNetwork: true,
      surroundings: variables(index: index).mapValues { .text($0) })
    // What uv knows of earlier builds would answer for this one.
    step.surroundings["UV_CACHE_DIR"] = .scratch("cache")
    step.title = label
    return ask(
      Inquiry(
        label: label, objects: python == interpreter.program ? objects : questionObjects, files: files,
        sources: sources, steps: [step],
        collect: [BuildWatch.description, BuildWatch.requirements]))
  }
}
