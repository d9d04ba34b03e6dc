import OutfitChezmoi
import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// All that one layer can do on this machine, with what its files hold.
///
/// Every entry of the manifest is an ability: those that no rule here has words for are told by their name.
struct AbilityLister {
  private let content: LayerContent
  private let host: Host
  private let coming: ComingFiles
  private(set) var abilities: [Ability] = []
  private(set) var files: CoveredFiles

  /// - Parameter coming: the files that the whole profile may bring.
  init(_ content: LayerContent, coming: ComingFiles, host: Host, digests: (any FileDigests)?) throws {
    self.content = content
    self.coming = coming
    self.host = host
    files = try CoveredFiles(content, files: host.files, digests: digests)
    listWhatRuns()
    listSources()
    listTools()
    listDotfiles()
    for (name, question) in entries(content.own.ask) {
      add(.asks, "ask.\(name)", "asks for", "\(name): \(question.prompt)")
    }
    listSecrets()
    if let to = content.own.receipts?.value.to {
      add(.redirects, "receipts.to", "asks each machine to say how it is, at", to)
    }
    try listVirtualenv()
    try listNodeModules()
    listFiles()
    listRest()
  }

  private func entries<Value>(_ values: [String: Sourced<Value>]) -> [(name: String, value: Value)] {
    values.sorted { $0.key < $1.key }.map { ($0.key, $0.value.value) }
  }

  private mutating func add(
    _ kind: Ability.Kind, _ path: String, _ verb: String, _ object: String, _ rest: String = ""
  ) {
    abilities.append(Ability(kind, path, content.digest(of: path), verb, object, rest))
  }

  // MARK: - Entries

  private mutating func listWhatRuns() {
    for (name, script) in entries(content.own.scripts) {
      let moment =
        switch script.when {
        case .once: "once"
        case .changed: "when it has changed"
        case .always: "every time"
        }
      add(.runs, "scripts.\(name)", "runs the script", "\(name) (\(script.run))", moment)
    }
    for (installer, packages) in content.own.packages.sorted(by: { $0.key < $1.key }) {
      for package in packages {
        add(
          .runs, "packages.\(installer).\(package.value)", "installs", package.value,
          "with \(installer)\(installer == "brew" ? "" : ", as root by sudo")")
      }
    }
    for (name, hook) in entries(content.own.hooks) {
      let words = (hook.entry ?? []) + hook.arguments
      if let repository = hook.repository {
        let what = hook.identifier ?? name
        let rest = [words.isEmpty ? nil : Self.line(words), Self.packages(hook)].compactMap(\.self)
        add(
          .runs, "hooks.\(name)", "runs",
          "\(what) of \(repository.address) at \(repository.revision)"
            + (rest.isEmpty ? "" : " (\(rest.joined(separator: ", ")))"),
          "as git hooks of this project")
        continue
      }
      if let packages = Self.packages(hook) {
        add(
          .runs, "hooks.\(name)", "runs", "\(name) (\(Self.line(words)), \(packages))",
          "as git hooks of this project")
        continue
      }
      add(
        .runs, "hooks.\(name)", "runs", words.isEmpty ? name : "\(name) (\(Self.line(words)))",
        "as git hooks of this project")
    }
  }

  /// What the runner installs for a hook.
  private static func packages(_ hook: HookSection) -> String? {
    hook.dependencies.isEmpty ? nil : "with \(hook.dependencies.joined(separator: ", "))"
  }

  private mutating func listSecrets() {
    for (name, secret) in entries(content.own.secrets) {
      let path = "secrets.\(name)"
      let end = "for the secret \(name)"
      if let unlock = secret.unlock {
        abilities.append(
          Ability(
            .runs, path + ".unlock", Digest(of: unlock.command.joined(separator: "\0")), "runs",
            Self.line(unlock.command), "once before, \(end)"))
      }
      switch secret.origin {
      case .command(let words): add(.runs, path, "runs", Self.line(words), end)
      case .variable, .file: add(.reaches, path, "reads", secret.title, end)
      case nil: add(.asks, path, "asks for the secret", name)
      }
    }
  }

  private mutating func listSources() {
    for (name, index) in entries(content.own.indexes) {
      let packages = index.packages.isEmpty ? "" : ", for \(Ability.list(index.packages.sorted()))"
      add(
        .redirects, "indexes.\(name)", "uses the package index",
        "\(name), \(index.url) (\(index.priority)\(packages))")
    }
    for (language, section) in content.own.interpreters.sorted(by: { $0.key < $1.key }) {
      let name = language == .python ? "Python" : "Node"
      let path = "interpreters.\(language)"
      if let mirror = section.value.mirror {
        abilities.append(
          Ability(
            .redirects, path + ".mirror", Digest(of: mirror), "takes", language.rawValue, "from \(mirror)"))
      }
      let versions = (section.value.versions + section.value.also).map(\.text).joined(separator: ", ")
      add(.installs, path, "installs", "\(name) \(versions)")
    }
    for (name, value) in entries(content.own.env) {
      add(.redirects, "env.\(name)", "sets", "\(name)=\(Self.short(value))", "in this project")
    }
    if let app = content.own.app?.value {
      add(.writes, "app.template", "renders container and Kubernetes files from the template", app.template)
    }
  }

  private mutating func listTools() {
    for (name, tool) in entries(content.own.tools) {
      let path = "tools.\(name)"
      func extra(_ kind: Ability.Kind, _ key: String, _ verb: String, _ names: [String], _ rest: String = "")
      {
        for item in names.sorted() {
          abilities.append(
            Ability(kind, "\(path).\(key).\(item)", Digest(of: "\(name) \(item)"), verb, item, rest))
        }
      }
      extra(.runs, "build", "builds", tool.build, "from source, which runs their code")
      extra(.runs, "scripts", "runs the install scripts of", tool.scripts, "for the tool \(name)")
      var words = name
      var details: [String] = []
      if let package = tool.package, package != name { details.append("the package \(package)") }
      if !tool.extras.isEmpty { details.append("with the extras \(Ability.list(tool.extras.sorted()))") }
      if !tool.with.isEmpty { details.append("with \(Ability.list(tool.with.sorted()))") }
      if !tool.programsFrom.isEmpty {
        details.append("and the programs of \(Ability.list(tool.programsFrom.sorted()))")
      }
      if let expose = tool.expose { details.append("as \(Ability.list(expose))") }
      if !details.isEmpty { words += " (\(details.joined(separator: ", ")))" }
      let place =
        switch tool.origin {
        case .pypi: tool.index.map { "the index \($0)" } ?? "PyPI"
        case .npm: tool.index.map { "the registry \($0)" } ?? "npm"
        case .url:
          tool.github.map { "the releases of github.com/\($0)" }
            ?? Self.origin(tool.url ?? tool.checksums ?? "")
        }
      add(.installs, path, "installs", words, "from \(place)")
    }
  }

  private mutating func listDotfiles() {
    for (target, dotfile) in entries(content.own.dotfiles) where applies(target, dotfile) {
      let path = "dotfiles.\(target)"
      let shown = dotfile.isOutsideHome ? target : target.isEmpty ? "your home folder" : "~/\(target)"
      let verb =
        switch dotfile.kind {
        case .block: "keeps a block in"
        case .keys: "sets keys in"
        case .link, .linkTo: "links"
        case .tree: dotfile.layout.style == .copy ? "writes" : "links"
        case .absent: "takes away"
        case .create: "creates"
        case .template, .copy, .chezmoi: "writes"
        case .external: "takes"
        }
      if let external = dotfile.external, !dotfile.isOutsideHome {
        let reader = FileReader.of(target).map { ", \($0)" }
        var ability = Ability(
          .redirects, path, digest(of: path), verb, shown, "from \(external.address)\(reader ?? "")")
        ability.isObeyed = reader != nil
        abilities.append(ability)
        continue
      }
      guard !dotfile.isOutsideHome else {
        add(.reaches, path, "\(verb), outside your home folder,", target)
        continue
      }
      if dotfile.kind == .chezmoi { listChezmoi(path) }
      if let reader = FileReader.of(target) {
        abilities.append(obeyed(path, verb, shown, reader))
      } else if let (inside, reader) = firstObeyed(below: target, dotfile, path) {
        abilities.append(obeyed(path, verb, shown, "with ~/\(inside), \(reader)"))
      } else {
        abilities.append(Ability(.writes, path, digest(of: path), verb, shown))
      }
    }
  }

  /// Of a folder of chezmoi's: its scripts, one by one.
  private mutating func listChezmoi(_ path: String) {
    for member in files.members where member.entry == path {
      let name = member.path.lastComponent?.string ?? ""
      if name.hasPrefix(".chezmoiexternal") {
        abilities.append(
          Ability(
            .redirects, "\(path) externals \(member.name)", member.digest, "takes",
            "what \(member.name) names",
            "from its addresses"))
      }
      guard let parsed = SourceFileName(name), case .script(let time) = parsed.kind else { continue }
      let moment =
        switch time.condition {
        case .once: "once"
        case .changed: "when it has changed"
        case .always: "every time"
        }
      abilities.append(
        Ability(.runs, "\(path) script \(member.name)", member.digest, "runs the script", member.name, moment)
      )
    }
    add(.reaches, path + " templates", "runs", "templates", "which can read files and variables of yours")
  }

  /// Of the home folder itself the manifest's key is `./`, and that of the section empty.
  private func digest(of path: String) -> Digest {
    content.digest(of: path == "dotfiles." ? "dotfiles.." : path)
  }

  private func obeyed(_ path: String, _ verb: String, _ shown: String, _ rest: String) -> Ability {
    var ability = Ability(.writes, path, digest(of: path), verb, shown, rest)
    ability.isObeyed = true
    return ability
  }

  /// The first of a folder's files that something obeys.
  private func firstObeyed(
    below target: String, _ dotfile: DotfileSection, _ path: String
  ) -> (target: String, reader: String)? {
    guard let file = dotfile.file, dotfile.isFolder else { return nil }
    let folder = FilePath(file).lexicallyNormalized().string
    // The layer's own folder has no name in it.
    let prefix = folder.isEmpty || folder == "." ? "" : folder + "/"
    let isChezmoi = dotfile.kind == .chezmoi
    return files.members.lazy.filter { $0.entry == path && $0.name.hasPrefix(prefix) }.compactMap { member in
      let name = isChezmoi ? ChezmoiTree.target(of: member.name) : String(member.name.dropFirst(prefix.count))
      guard let name else { return nil }
      let inside = target.isEmpty ? name : "\(target)/\(name)"
      return FileReader.of(inside).map { (inside, $0) }
    }.first
  }

  /// What is not for this machine is not told, and not consented to either.
  private func applies(_ target: String, _ dotfile: DotfileSection) -> Bool {
    !dotfile.onlyIfPresent || host.files.exists(host.user.home.pushing(FilePath(target)))
      || coming.mayCome(target)
  }

  // MARK: - Files

  private mutating func listVirtualenv() throws {
    guard let section = content.own.virtualenv, case .project(let root) = content.own.scope else { return }
    add(
      .installs, "virtualenv.from", "makes the virtualenv",
      "\(section.value.path) from \(section.value.title)"
    )
    for package in section.value.build.map({ normalizedPackageName($0) }).sorted() {
      abilities.append(
        Ability(
          .runs, "virtualenv.build.\(package)", Digest(of: package), "builds", package,
          "from source, which runs its code"))
    }
    let inputs = try ResolutionInputs.read(section.value, root: root, files: host.files)
    for path in inputs.projects {
      abilities.append(
        Ability(
          .runs, "virtualenv project \(path)", Digest(of: path), "runs the build code of",
          path == "." ? "this project" : path, "now and later"))
    }
    for path in inputs.files { try files.cover(path) }
    for member in inputs.members {
      let text = "\(member.text) (\(member.location.file):\(member.location.line))"
      let subject = "virtualenv \(member.kind) \(member.text)"
      let digest = Digest(of: member.text)
      switch member.kind {
      case .build:
        abilities.append(
          Ability(
            .redirects, subject, digest, "names as its build", text,
            inputs.projects.isEmpty ? "which is not run" : ""))
      case .address, .path:
        abilities.append(Ability(.redirects, subject, digest, "takes into the virtualenv", text))
      case .index, .option:
        abilities.append(Ability(.redirects, subject, digest, "resolves the virtualenv with", text))
      }
    }
  }

  private mutating func listNodeModules() throws {
    guard let section = content.own.nodeModules, case .project(let root) = content.own.scope else { return }
    let value = section.value
    abilities.append(
      Ability(
        .installs, "node_modules.from", Digest(of: value.from), "makes", "\(value.path) from \(value.from)"))
    let project = try NodeProject.read(value, root: root, files: host.files)
    for package in value.scripts.sorted() where package != "." {
      abilities.append(
        Ability(
          .runs, "node_modules.scripts.\(package)", Digest(of: package), "runs the install scripts of",
          package, "for node_modules"))
    }
    if value.scripts.contains(".") {
      for script in project.scripts {
        let name = "\(script.folder == "." ? "" : "\(script.folder)/")package.json \(script.name)"
        abilities.append(
          Ability(
            .runs, "node_modules script \(name)", Digest(of: script.text), "runs the script",
            "\(script.name) (\(Self.short(script.text)))", "of the project's own package"))
      }
    }
    for path in project.read.sorted() { try files.cover(root.pushing(FilePath(path))) }
    for member in project.told {
      let text = "\(member.text) (\(member.location.file):\(member.location.line))"
      abilities.append(
        Ability(
          .redirects, "node_modules \(member.kind) \(member.text)", Digest(of: member.text),
          member.kind == .option ? "gives" : "takes packages of Node from", text))
    }
  }

  private mutating func listFiles() {
    let told = Set(abilities.map(\.subject))
    for (entry, name, place) in files.outside {
      abilities.append(
        Ability(
          .reaches, "\(entry) outside \(place)", Digest(of: place.string), "reads", place.string,
          "which lies outside of the profile, by \(name)"))
    }
    let isOwn = isOwnFolder
    for member in files.members where member.isRun || told.contains(member.entry) {
      if isOwn, !member.isRun, member.entry.hasPrefix("dotfiles."),
        (files.seen[member.path]?.mode ?? 0o777) & 0o022 == 0
      {
        continue
      }
      abilities.append(
        member.isRun
          ? Ability(
            .runs, "\(member.entry) file \(member.name)", member.digest, entry: member.entry, "runs",
            member.name,
            "new or changed")
          : Ability(
            .writes, "\(member.entry) file \(member.name)", member.digest, entry: member.entry, "brings",
            member.name, "new or changed"))
    }
  }

  /// The layer is a folder of this user's that nobody else can write in: what its files hold is the user's own say.
  /// What is run counts all the same.
  private var isOwnFolder: Bool {
    guard content.layer.commit == nil,
      let status = (try? host.files.status(content.layer.folder, followLinks: true)) ?? nil
    else { return false }
    return status.owner == host.user.identifier && status.mode & 0o022 == 0
  }

  /// What has no words of its own.
  private mutating func listRest() {
    let told = Set(abilities.map(\.subject))
    // What they have is told one by one.
    let lists = ["virtualenv.build", "node_modules", "node_modules.scripts"]
    let silent = Set(content.own.dotfiles.keys.map { $0.isEmpty ? "dotfiles.." : "dotfiles.\($0)" } + lists)
    for entry in content.entries where !told.contains(entry.path) && !silent.contains(entry.path) {
      switch entry.path.prefix(while: { $0 != "." }) {
      case "extends":
        add(.redirects, entry.path, "builds on", String(entry.path.dropFirst("extends.".count)))
      case "remove": add(.redirects, entry.path, "takes out", String(entry.path.dropFirst("remove.".count)))
      case "data":
        let value = content.own.data[String(entry.path.dropFirst("data.".count))]?.value
        add(
          .writes, entry.path, "gives templates",
          "\(entry.path)" + (value.map { "=\(Self.short($0.summary))" } ?? "")
        )
      case "app": add(.writes, entry.path, "renders with its", entry.path)
      default: add(.redirects, entry.path, "sets", entry.path)
      }
    }
  }

  // MARK: - Words

  private static func short(_ text: String) -> String { text.count > 60 ? "\(text.prefix(60))…" : text }

  private static func line(_ words: [String]) -> String {
    short(words.map { $0.contains(" ") ? "'\($0)'" : $0 }.joined(separator: " "))
  }

  private static func origin(_ address: String) -> String {
    let parts = address.split(separator: "/", omittingEmptySubsequences: true)
    return parts.count > 1 ? String(parts[1]) : address
  }
}
