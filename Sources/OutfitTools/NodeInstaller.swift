import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSystem
import SystemPackage

/// How the packages of a Node project are installed beside the project, for the store.
struct NodeInstaller {
  let project: NodeProject
  let section: NodeModulesSection
  let node: ProvidedInterpreter
  let context: Context
  /// Nil for Node's own npm.
  var manager: Claim?

  init(_ project: NodeProject, _ section: NodeModulesSection, _ node: ProvidedInterpreter, _ context: Context)
  {
    self.project = project
    self.section = section
    self.node = node
    self.context = context
  }

  /// Folders that get a node_modules, relative to the lock's; empty for that.
  var folders: [String] { [""] + (project.lock.nested ?? project.members) }

  var object: Object {
    let npm = Npm(node, context)
    var steps = [
      Step(
        node.program,
        ["-e", .text(Self.copying), .scratch("project"), .output(""), .text(Self.list(folders))],
        standIn: "prepare"),
      install(npm),
    ]
    steps.append(scripts(section.scripts.filter { $0 != "." }.sorted(), own: false, in: .output(""), npm))
    return Object(
      name: NodeModules.objectName,
      label: "node_modules of \(context.root.lastComponent?.string ?? "project")",
      inputs: [node.object] + (manager?.object.map { [$0] } ?? []),
      recipe: .run(
        Run(
          files: Dictionary(uniqueKeysWithValues: project.files.map { ("project/\($0)", $1) }), steps: steps)),
      checks: [.exists("node_modules")], store: context.store)
  }

  /// The scripts that the project itself has run around an installation, once it has its packages.
  func effects(_ object: Object, _ section: Sourced<NodeModulesSection>) -> [Effect] {
    guard section.value.scripts.contains("."), !project.scripts.isEmpty else { return [] }
    let folder = context.root.pushing(FilePath(project.folder))
    let npm = Npm(node, context)
    var command = scripts([], own: true, in: .text(folder.string), npm)
    command.environment["PATH"] = .joined([
      npm.path, .text(":" + (context.environment["PATH"] ?? "/usr/bin:/bin")),
    ])
    var digest = Digest.Running()
    digest.field(object.id.description)
    for script in project.scripts { digest.field("\(script.folder) \(script.name) \(script.text)") }
    return [
      Effect(
        entry: "node_modules.scripts", label: "the scripts of \(project.path("package.json"))",
        ability: .script, needsRoot: false, probe: nil, fingerprint: digest.finish().hex, command: command,
        runsFirst: false, owner: section.source)
    ]
  }

  private static func list(_ texts: [String]) -> String {
    "["
      + texts.map { "\"\($0.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\"" }.joined(
        separator: ",")
      + "]"
  }

  // MARK: Steps

  private func install(_ npm: Npm) -> Step {
    let quiet: [Argument]
    var environment: [String: Argument] = [:]
    switch project.lock.kind {
    case .npm:
      var step = npm.step(
        ["ci", "--prefix", .output(""), "--prefer-offline"], offlineFirst: false)
      step.surroundings.merge(variables) { $1 }
      return step
    case .pnpm:
      quiet = [
        "install", "--dir", .output(""), "--frozen-lockfile", "--ignore-scripts", "--ignore-pnpmfile",
        "--prefer-offline", "--reporter=append-only", "--package-import-method=clone-or-copy",
        "--config.confirm-modules-purge=false", "--config.manage-package-manager-versions=false",
        "--config.extend-node-path=false", "--config.strict-dep-builds=false",
      ]
    case .yarnClassic:
      quiet = [
        "install", "--cwd", .output(""), "--frozen-lockfile", "--ignore-scripts", "--non-interactive",
        "--no-progress", "--prefer-offline",
      ]
    case .yarnBerry:
      quiet = ["--cwd", .output(""), "install", "--immutable", "--mode=skip-build"]
      environment = ["YARN_ENABLE_TELEMETRY": "0", "YARN_ENABLE_PROGRESS_BARS": "0"]
    case .bun:
      quiet = ["install", "--cwd", .output(""), "--frozen-lockfile", "--ignore-scripts", "--no-progress"]
    }
    let own = manager.map { ($0.program, $0.arguments.map { Argument.text($0) }) } ?? (node.program, [])
    environment["YARN_IGNORE_PATH"] = "1"
    environment["PATH"] = .joined([npm.path, ":/usr/bin:/bin"])
    let name = project.lock.kind.manager.rawValue
    return Step(
      own.0, own.1 + quiet, environment: environment, needsNetwork: true,
      offlineArguments: project.lock.kind == .pnpm || project.lock.kind == .yarnClassic ? ["--offline"] : [],
      isOfflineForced: true, surroundings: caches.merging(variables) { $1 }, standIn: name,
      title: "\(name) install")
  }

  private var caches: [String: Argument] {
    let cache = Places(
      environment: context.environment, home: FilePath(context.environment["HOME"] ?? "/")
    ).cache
    func folder(_ name: String) -> Argument { .text(cache.appending(name).string) }
    var caches = Npm.patience(context).merging(["npm_config_cache": folder("npm")]) { $1 }
    switch project.lock.kind {
    case .npm: break
    case .pnpm: caches["npm_config_store_dir"] = folder("pnpm")
    case .yarnClassic: caches["YARN_CACHE_FOLDER"] = folder("yarn")
    case .yarnBerry: caches["YARN_GLOBAL_FOLDER"] = folder("yarn-berry")
    case .bun: caches["BUN_INSTALL_CACHE_DIR"] = folder("bun")
    }
    if let registry = context.environment["npm_config_registry"] ?? context.environment["NPM_CONFIG_REGISTRY"]
    {
      for name in ["YARN_NPM_REGISTRY_SERVER", "YARN_REGISTRY", "BUN_CONFIG_REGISTRY"] {
        caches[name] = .text(registry)
      }
      if registry.hasPrefix("http://") {
        let host = registry.dropFirst("http://".count).prefix { $0 != "/" && $0 != ":" }
        caches["YARN_UNSAFE_HTTP_WHITELIST"] = .text(String(host))
      }
    }
    return caches
  }

  /// What the project's own settings name of the user's variables: `${NPM_TOKEN}`. It was told before consent.
  private var variables: [String: Argument] {
    var found: [String: Argument] = [:]
    for name in [".npmrc", ".yarnrc.yml", "pnpm-workspace.yaml"] {
      var rest = String(decoding: project.files[name] ?? [], as: UTF8.self)[...]
      while let start = rest.firstRange(of: "${"), let end = rest[start.upperBound...].firstIndex(of: "}") {
        let variable = String(rest[start.upperBound..<end].prefix { $0 != ":" && $0 != "-" && $0 != "?" })
        if let value = context.environment[variable] { found[variable] = .text(value) }
        rest = rest[rest.index(after: end)...]
      }
    }
    return found
  }

  /// - Parameter own: the project's own, in place of those of packages.
  private func scripts(_ names: [String], own: Bool, in folder: Argument, _ npm: Npm) -> Step {
    Step(
      node.program,
      ["-e", .text(Self.running)] + [
        npm.script, folder, .text(Self.list(folders + (own ? project.members : []))),
      ]
        + [.text(own ? "" : NodeModules.quietScripts), .text(Self.list(names))],
      environment: ["PATH": .joined([npm.path, ":/usr/bin:/bin"])], needsNetwork: true,
      surroundings: caches.merging(["npm_package_config_node_gyp_nodedir": npm.prefix]) { $1 },
      standIn: "node",
      title: "install scripts")
  }

  /// Puts the project's files where its packages are installed.
  private static let copying = #"""
    const fs = require("fs"), path = require("path"), [from, to, folders] = process.argv.slice(1);
    fs.mkdirSync(to, {recursive: true});
    for (const name of fs.readdirSync(from))
      fs.cpSync(path.join(from, name), path.join(to, name), {recursive: true});
    for (const folder of JSON.parse(folders))
      fs.mkdirSync(path.join(to, folder, "node_modules"), {recursive: true});
    """#

  /// Runs the scripts of an installation (https://docs.npmjs.com/cli/using-npm/scripts): those of the named packages
  /// wherever they lie, or the project's own.
  private static let running = #"""
    const fs = require("fs"), path = require("path"), {spawnSync} = require("child_process");
    const [npm, root, folders, list, names] = process.argv.slice(1);
    const wanted = new Set(JSON.parse(names)), quiet = new Set();
    const run = (folder, ...words) => {
      const done = spawnSync(process.execPath, words, {cwd: folder, stdio: ["ignore", 2, 2]});
      if (done.status !== 0) {
        console.error(`${path.relative(root, folder) || "package.json"}: ${words.slice(-1)} ended with status ${done.status}`);
        process.exit(1);
      }
    };
    const known = (folder) => {
      let known = {};
      try {
        known = JSON.parse(fs.readFileSync(path.join(folder, "package.json"), "utf8")).scripts || {};
      } catch {}
      const gyp = !known.install && !known.preinstall && fs.existsSync(path.join(folder, "binding.gyp"));
      return [known, gyp];
    };
    const scripts = (folder, order) => {
      const [all, gyp] = known(folder);
      for (const name of order) {
        if (name === "install" && gyp)
          run(folder, path.join(fs.realpathSync(npm), "../../node_modules/node-gyp/bin/node-gyp.js"), "rebuild");
        else if (all[name])
          run(folder, npm, "--prefix", folder, "--ignore-scripts", "run", name);
      }
    };
    const around = ["preinstall", "install", "postinstall"];
    if (!list) {
      for (const folder of [...new Set(JSON.parse(folders))].reverse())
        scripts(path.join(root, folder), [...around, "preprepare", "prepare", "postprepare"]);
      process.exit(0);
    }
    const found = new Map();
    const look = (modules) => {
      let names = [];
      try { names = fs.readdirSync(modules, {withFileTypes: true}); } catch { return; }
      for (const entry of names) {
        const place = path.join(modules, entry.name);
        if (!entry.isDirectory()) continue;
        if (entry.name === ".pnpm")
          for (const inner of fs.readdirSync(place)) look(path.join(place, inner, "node_modules"));
        else if (entry.name.startsWith("@"))
          for (const inner of fs.readdirSync(place, {withFileTypes: true}))
            if (inner.isDirectory()) seen(`${entry.name}/${inner.name}`, path.join(place, inner.name));
            else continue;
        else if (!entry.name.startsWith(".")) seen(entry.name, place);
      }
    };
    const seen = (name, place) => {
      if (wanted.has(name)) found.set(place, name);
      else {
        const [all, gyp] = known(place);
        if (gyp || around.some((name) => all[name])) quiet.add(name);
      }
      look(path.join(place, "node_modules"));
    };
    for (const folder of JSON.parse(folders)) look(path.join(root, folder, "node_modules"));
    for (const place of [...found.keys()].sort()) scripts(place, around);
    fs.writeFileSync(path.join(root, list), [...quiet].sort().join("\n"));
    """#
}

/// The npm that stands beside a Node.
struct Npm {
  private let node: ProvidedInterpreter
  private let context: Context

  init(_ node: ProvidedInterpreter, _ context: Context) {
    self.node = node
    self.context = context
  }

  private var folder: Reference {
    switch node.program {
    case .object(let id, let path):
      .object(id, path.split(separator: "/").dropLast().joined(separator: "/"))
    case .path(let path): .path(path.removingLastComponent())
    }
  }

  /// Of Node's programs.
  var path: Argument { .reference(folder) }

  /// What Node is installed below.
  var prefix: Argument {
    switch node.program {
    case .object(let id, let path):
      .reference(.object(id, path.split(separator: "/").dropLast(2).joined(separator: "/")))
    case .path(let path): .text(path.removingLastComponent().removingLastComponent().string)
    }
  }

  /// npm itself, for `node` to run.
  var script: Argument {
    switch node.program {
    case .object(let id, let path):
      // In a Python package's Node, `bin/npm` is a copy that finds nothing of npm.
      let prefix = path.split(separator: "/").dropLast(2).map { "\($0)/" }.joined()
      return .reference(.object(id, prefix + "lib/node_modules/npm/bin/npm-cli.js"))
    case .path(let path): return .text(path.removingLastComponent().appending("npm").string)
    }
  }

  /// npm waits ten seconds and more before it asks once more, and a minute where nothing answers at all.
  static func patience(_ context: Context) -> [String: Argument] {
    ["npm_config_fetch_retry_mintimeout": "500", "npm_config_fetch_retry_maxtimeout": "5000"]
      .filter { context.environment[$0.key] == nil && context.environment[$0.key.uppercased()] == nil }
  }

  /// - Parameters:
  ///   - runsScripts: scripts of the packages that are named may run; the profile's reader consented to it.
  ///   - offlineFirst: the cache alone is tried before the network.
  func step(_ arguments: [Argument], runsScripts: Bool = false, offlineFirst: Bool = false) -> Step {
    var title: String?
    if case .text(let verb)? = arguments.first { title = "npm \(verb)" }
    let home = FilePath(context.environment["HOME"] ?? "/")
    let cache = Places(environment: context.environment, home: home).cache.appending("npm")
    return Step(
      node.program,
      [script] + arguments + [
        runsScripts ? "--ignore-scripts=false" : "--ignore-scripts", "--no-audit", "--no-fund",
        "--no-update-notifier", "--loglevel=error",
      ],
      environment: ["PATH": .joined([path, ":/usr/bin:/bin"])], needsNetwork: true,
      offlineArguments: ["--offline"], isOfflineForced: !offlineFirst,
      surroundings: Self.patience(context).merging(["npm_config_cache": .text(cache.string)]) { $1 },
      standIn: "npm",
      title: title)
  }
}
