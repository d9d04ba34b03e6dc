import OutfitCore
import OutfitProfile

/// The bytes of what runs: every file of interpreter and packages is one of an artifact that the lock names by digest, or
/// is made of one.
extension BuiltParity {
  func contents() -> [Parity.Row] {
    switch stack.language {
    case .python: pythonContents()
    case .node: nodeContents()
    }
  }

  private func row(
    _ id: String, _ rule: String, _ findings: InstalledFiles.Findings, _ proof: String
  ) -> Parity.Row {
    if !findings.failures.isEmpty {
      return Parity.Row(id, rule, .failed, Parity.some(findings.failures), places: findings.failures)
    }
    if !findings.unknown.isEmpty {
      return Parity.Row(
        id, rule, .notCheckable,
        "\(findings.count) files are right; " + Parity.some(findings.unknown), places: findings.unknown)
    }
    return Parity.Row(id, rule, .proved, proof)
  }

  /// The interpreter's archive for these images.
  private var archive: ArtifactFiles? {
    stack.interpreter.artifacts["linux-\(images.architecture)"].flatMap { known.interpreters[$0.digest] }
  }

  // MARK: - Python

  private func installed(_ tree: ImageTree) -> InstalledFiles {
    InstalledFiles(
      files: tree.files, known: known, minor: stack.interpreter.version.minor,
      architecture: images.architecture, interpreter: archive)
  }

  /// What deploy has, and what dev has beside it.
  private var both: [String: TarEntry] {
    deployed.files.merging(developed.files.filter { $0.key.hasPrefix("opt/dev/") }) { $1 }
  }

  private func pythonContents() -> [Parity.Row] {
    let packages = installed(deployed).compared(
      InstalledFiles.Environment(
        root: "opt/venv", requirements: stack.requirements, built: Set(stack.built.map(\.name))))
    let tools = tools(installed(developed))
    let compiled = CompiledFiles(files: both, minor: stack.interpreter.version.minor)
      .compared(known, proved: packages.compiled.union(tools.compiled).union(ofArchive))
    var findings = InstalledFiles.Findings()
    findings.count = compiled.count
    findings.failures = compiled.failures
    if !compiled.unknown.isEmpty {
      let reason = known.compiled.isEmpty ? known.reason : "sources of theirs are not here"
      findings.unknown = ["\(compiled.unknown.count) can't be compiled again: \(reason)"] + compiled.unknown
    }
    return [
      row(
        "built.contents", "the files of the packages are those of the lock's wheels", packages,
        "\(packages.count) files of \(packages.wheels) wheels by digest, and no other on the import path"),
      row(
        "built.tools", "what dev adds is of the lock's wheels", tools,
        "\(tools.count) files of \(tools.wheels) wheels by digest, and no other below /opt/dev"),
      row(
        "built.compiled", "compiled Python is what its source makes", findings,
        compiled.count == 0
          ? "there is none"
          : "\(compiled.count) files, each compiled again by Python \(stack.interpreter.version)"),
    ]
  }

  /// Of dev alone.
  private func tools(_ installed: InstalledFiles) -> InstalledFiles.Findings {
    var all = InstalledFiles.Findings()
    let names = developed.files.keys.filter { $0.hasPrefix("opt/dev/") }
    guard !names.isEmpty else { return all }
    guard isStandard, let development else {
      all.unknown = [
        isStandard ? "there is no \(Self.developmentList)" : "the Dockerfile is the project's own"
      ]
      return all
    }
    let minor = stack.interpreter.version.minor
    let site = "opt/dev/lib/python\(minor)/site-packages/"
    var environments = [
      InstalledFiles.Environment(
        root: "opt/dev", requirements: development,
        without: ["opt/dev/tools", "opt/dev/requirements"],
        made: [
          site + "app.pth": Digest(of: "/opt/venv/lib/python\(minor)/site-packages\n"),
          site + "outfit_reload.py": Digest(of: Self.reloadFilter),
        ])
    ]
    for tool in stack.tools {
      for program in tool.programs {
        environments[0].links["opt/dev/bin/\(program)"] = "../tools/\(tool.name)/bin/\(program)"
      }
      environments.append(
        InstalledFiles.Environment(root: "opt/dev/tools/\(tool.name)", requirements: tool.requirements))
    }
    for environment in environments {
      let found = installed.compared(environment)
      all.count += found.count
      all.wheels += found.wheels
      all.failures += found.failures
      all.unknown += found.unknown
      all.compiled.formUnion(found.compiled)
    }
    let roots = environments.dropFirst().map { $0.root + "/" }
    for name in names.sorted() where name.hasPrefix("opt/dev/tools/") {
      guard developed.files[name]?.isFolder == false, !roots.contains(where: { name.hasPrefix($0) }) else {
        continue
      }
      all.failures.append("/\(name) is of no tool of the lock")
    }
    for name in names.sorted() where name.hasPrefix("opt/dev/requirements/") {
      guard let entry = developed.files[name], !entry.isFolder, !entry.isFile || !name.hasSuffix(".txt")
      else {
        continue
      }
      all.failures.append("/\(name) is no list of packages")
    }
    return all
  }

  /// The module that the Dockerfile writes into dev.
  static let reloadFilter = """
    from watchfiles import PythonFilter
    class Source(PythonFilter):
        def __init__(self, **given):
            super().__init__(extra_extensions=(".html", ".jinja", ".jinja2", ".j2"), **given)

    """

  // MARK: - Node

  private func nodeContents() -> [Parity.Row] {
    let (id, rule) = ("built.contents", "the files of the packages are those of the lock's archives")
    guard stack.nodePackages?.kind ?? .npm == .npm else {
      return [
        Parity.Row(id, rule, .notCheckable, "only packages that npm installed are known by their files")
      ]
    }
    guard let nodeLock, let lock = try? Document.parseJSON(nodeLock, file: "package-lock.json"),
      let packages = lock["packages"]?.entries
    else { return [Parity.Row(id, rule, .notCheckable, "there is no package-lock.json here")] }
    let deploy = NodeFiles(files: deployed.files, known: known, packages: packages).compared(
      "app/node_modules")
    var tools = NodeFiles(files: developed.files, known: known, packages: packages).compared(
      "opt/dev/node_modules")
    for (path, entry) in developed.files.sorted(by: { $0.key < $1.key })
    where path.hasPrefix("opt/dev/") && !path.hasPrefix("opt/dev/node_modules/") && !entry.isFolder {
      if path == "opt/dev/reload.mjs", entry.digest == reload.map({ Digest(of: $0) }) { continue }
      tools.failures.append("/\(path) is of no package")
    }
    if !isStandard {
      tools = InstalledFiles.Findings()
      tools.unknown = ["the Dockerfile is the project's own"]
    }
    return [
      row(
        id, rule, deploy,
        "\(deploy.count) files of \(deploy.wheels) packages by digest, and no other in /app/node_modules"),
      row(
        "built.tools", "what dev adds is of the lock's archives", tools,
        "\(tools.count) files of \(tools.wheels) packages by digest, and no other below /opt/dev"),
    ]
  }

  // MARK: - The interpreter

  /// Compiled Python that came with the interpreter.
  private var ofArchive: Set<String> {
    guard let archive else { return [] }
    return Set(
      archive.files.filter { CompiledFiles.isCompiled($0.key) }.map { "opt/python/" + $0.key }
        .filter { deployed.files[$0]?.digest == archive.files[String($0.dropFirst(11))]?.digest })
  }

  func interpreterFiles() -> Parity.Row {
    let (id, rule) = ("built.interpreter.files", "the interpreter's files are those of the lock's archive")
    let root = stack.language == .python ? "opt/python/" : "opt/node/"
    guard let archive else {
      return Parity.Row(
        id, rule, .notCheckable,
        "the archive of \(stack.language == .python ? "Python" : "Node") \(stack.interpreter.version) for linux-\(images.architecture) is not on this machine; `outfit parity` where `outfit up` has run has it"
      )
    }
    var findings = InstalledFiles.Findings()
    for folder in ["opt", String(root.dropLast())] where deployed.files[folder]?.isFolder == false {
      findings.failures.append("/\(folder) is no folder")
    }
    for (path, entry) in deployed.files.sorted(by: { $0.key < $1.key })
    where path.hasPrefix(root) && !entry.isFolder {
      let name = String(path.dropFirst(root.count))
      if InstalledFiles.isRaised(entry) {
        findings.failures.append("/\(path) runs as another user")
      } else if entry.isLink
        ? archive.links[name] == entry.target : archive.files[name]?.digest == entry.digest
      {
        findings.count += 1
      } else if stack.language == .python, entry.isFile, CompiledFiles.isCompiled(path) {
        continue  // Compared with what its source makes.
      } else if archive.files[name] != nil || archive.links[name] != nil {
        findings.failures.append("/\(path) is not what the archive has")
      } else {
        findings.failures.append("/\(path) is not in the archive")
      }
    }
    for name in Set(archive.files.keys).union(archive.links.keys).sorted()
    where deployed.files[root + name] == nil && !CompiledFiles.isCompiled(name) {
      findings.failures.append("/\(root)\(name) is missing")
    }
    return row(id, rule, findings, "\(findings.count) files by digest, and no other in /\(root.dropLast())")
  }

  // MARK: - What is loaded

  /// Folders of programs that an image of ours has.
  private static let folders: Set<String> = [
    "/opt/venv/bin", "/opt/node/bin", "/app/node_modules/.bin", "/usr/local/sbin", "/usr/local/bin",
    "/usr/sbin", "/usr/bin", "/sbin", "/bin", "/opt/dev/bin", "/opt/dev/node_modules/.bin",
  ]

  /// Variables and files by which other code would be loaded than what was compared.
  func loading() -> Parity.Row {
    let (id, rule) = ("built.loading", "nothing else decides which code is loaded")
    var failures: [String] = []
    // Runtimes read names in any case, and the last of two.
    let all = images.deploy.configuration.entries
    let settings = all.filter { $0.key.lowercased() == "config" }
    if Set(all.keys.map { $0.lowercased() }).count < all.count {
      failures.append("a setting is written twice")
    }
    func values(_ name: String) -> [String] {
      settings.values.flatMap { $0.entries.filter { $0.key.lowercased() == name }.values }
        .flatMap { $0.texts ?? [] }
    }
    let entry = values("entrypoint")
    // What official images begin with.
    if !entry.isEmpty, entry != ["docker-entrypoint.sh"] {
      failures.append("the image begins with \(entry.joined(separator: " "))")
    }
    for variable in values("env") {
      let sides = variable.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let (name, value) = (String(sides[0]), sides.count > 1 ? String(sides[1]) : "")
      // `built.order` looks at NODE_PATH.
      guard CodeVariables.contains(name), name != "NODE_PATH" else { continue }
      if name == "PATH" {
        let folders = value.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        failures += folders.filter { $0.hasPrefix("/") && !Self.folders.contains($0) }.map {
          "PATH has \($0)"
        }
        if let own = folders.firstIndex(of: "/opt/venv/bin"), own > 0 {
          failures.append("PATH has others before /opt/venv/bin")
        }
      } else if !isHarmless(name, value) {
        failures.append("the image sets \(name)")
      }
    }
    if let entry = deployed.files[Self.preloaded], !entry.isFile || entry.size > 0 {
      failures.append("/\(Self.preloaded) is there")
    }
    return Parity.Row(
      id, rule, failures.isEmpty ? .proved : .failed,
      failures.isEmpty ? "no variable, and no list of libraries" : Parity.some(failures), places: failures)
  }

  private func isHarmless(_ name: String, _ value: String) -> Bool {
    if stack.description.imageEnv[name] == value { return true }
    if ["PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"].contains(name) { return value == "1" }
    // What official images say of themselves.
    return ["PYTHON_VERSION", "PYTHON_SHA256", "PYTHON_PIP_VERSION", "PYTHON_SETUPTOOLS_VERSION"].contains(
      name)
      || ["PYTHON_GET_PIP_URL", "PYTHON_GET_PIP_SHA256", "PIP_NO_CACHE_DIR"].contains(name)
  }
}
