import OutfitCore
import OutfitProfile
import SystemPackage

/// Files of the project that are carried into what is rendered: patches of kustomize's, and SQL of a database's first
/// start. Kustomize reads nothing outside of its folders, so that each gets a copy there.
extension Stack {
  /// The port of a service that is elsewhere: where a variable of the environment tells another, that.
  func externalPort(_ service: Service, _ environment: Environment) -> Int {
    let known = description.services[service.name]?.env ?? [:]
    let variable = known.first { $0.value == String(service.port) }?.key
    return variable.flatMap { variables(environment)[$0] }.flatMap { Int($0) } ?? service.port
  }

  func checkExternal(_ problems: inout Problems) {
    for environment in environments {
      let place = "app.environments.\(environment.name).services"
      for name in environment.external.sorted() {
        guard let service = services.first(where: { $0.name == name }) else {
          problems.add(
            "`\(place)` has \(name), which is no service of `app.services`",
            nearest(name, among: services.map(\.name)).map { "did you mean `\($0)`?" }
              ?? "there are " + services.map(\.name).sorted().joined(separator: ", "))
          continue
        }
        let known = description.services[name]
        guard !environment.isDevelopment, known?.isPrivate ?? true else {
          problems.add(
            "`\(place)` has \(name), which \(environment.name) runs itself",
            environment.isDevelopment
              ? "what is developed with runs beside it: take it out"
              : "take it out, or say `\(name): false` under `app.services`"
          )
          continue
        }
        // The name of the service leads nowhere there.
        let own = variables(environment)
        for (variable, value) in (known?.env ?? [:]).sorted(by: { $0.key < $1.key })
        where value == service.name && own[variable] == service.name {
          problems.add(
            "\(environment.name) has \(name) from elsewhere, and nothing says where",
            "add it: app: {environments: {\(environment.name): {env: {\(variable): db.example.com}}}}")
        }
      }
    }
  }

  // MARK: - Patches

  static func patches(
    _ paths: [String], _ input: RenderInput, _ problems: inout Problems
  ) -> [String: String] {
    var patches: [String: String] = [:]
    for path in paths {
      let name = path.split(separator: "/").last.map(String.init) ?? path
      guard let text = input.texts[path] else {
        problems.add("there is no \(path), which the manifest has as a patch", "write it, or take it out")
        continue
      }
      guard Names.isFileName(name), name.hasSuffix(".yaml") || name.hasSuffix(".yml"), patches[name] == nil
      else {
        problems.add(
          "the patch \(path) has no name of its own that can be rendered",
          "call it something.yaml, with letters, digits and ._-")
        continue
      }
      do throws(Failure) {
        let documents = try Document.parse(text, file: path)
        guard !documents.isEmpty,
          documents.allSatisfy({ $0["kind"]?.text != nil && $0.at("metadata", "name")?.text != nil })
        else {
          problems.add(
            "\(path) does not say which object it is for",
            "a patch has apiVersion, kind, metadata.name and what is to be changed, as kubectl kustomize takes it"
          )
          continue
        }
        patches[name] = text
      } catch {
        problems.diagnostics += error.diagnostics
      }
    }
    return patches
  }

  // MARK: - SQL

  /// Where the images of databases look, as Docker's own have it.
  static let initialFolder = "/docker-entrypoint-initdb.d"

  static func initial(
    _ name: String, _ service: AppSection.Service, _ input: RenderInput, _ problems: inout Problems
  ) -> [String: String] {
    guard let path = service.initial else { return [:] }
    var files: [String: String] = [:]
    for (file, text) in input.texts where file == path || file.hasPrefix(path + "/") {
      let own = file.split(separator: "/").last.map(String.init) ?? file
      problems.require(
        Names.isFileName(own), "`app.services.\(name).init` has \(file), whose name can't be rendered",
        "take letters, digits and ._-")
      files[own] = text
    }
    problems.require(
      !files.isEmpty, "`app.services.\(name).init` is \(path), where no SQL is",
      "name a file that ends with .sql, or a folder of such files")
    problems.require(
      files.values.map(\.utf8.count).reduce(0, +) < 900_000,
      "`app.services.\(name).init` is more than Kubernetes takes in one map", "load data by a job of your own"
    )
    return files
  }

  /// The copies.
  func carried() -> [RenderedFile] {
    func file(_ path: String, _ text: String) -> RenderedFile {
      RenderedFile(path: path, content: RenderMark.mark(text, path: path))
    }
    return services.flatMap { service in
      service.initial.map { file("k8s/base/init/\(service.name)/\($0.key)", $0.value) }
    }
      + patches.map { file("k8s/base/patches/\($0.key)", $0.value) }
      + environments.flatMap { environment in
        environment.patches.map { file("k8s/overlays/\(environment.name)/patches/\($0.key)", $0.value) }
      }
  }

  /// Whether a rendered file is a patch, which is no object of its own.
  static func isPatch(_ path: String) -> Bool {
    path.hasPrefix("k8s/") && path.split(separator: "/").dropLast().last == "patches"
  }
}

extension RenderSession {
  /// What decides which packages of Node a folder has; nil where the folder is not there.
  func nodeFolder(_ folder: String) throws -> NodeFolder? {
    guard folder.isEmpty || Names.isRelativePath(folder) else { return nil }
    let path = folder.isEmpty ? root : root.pushing(FilePath(folder))
    guard try host.files.withoutLinks.status(path, followLinks: false)?.kind == .directory else { return nil }
    let listing = Set(try host.files.list(path))
    func document(_ name: String) throws -> Document? {
      guard listing.contains(name), let text = try host.files.text(path.appending(name)) else { return nil }
      return name.hasSuffix(".json")
        ? try? Document.parseJSON(text, file: name) : try? Document.parseOne(text, file: name)
    }
    let package = try document("package.json")
    let workspace = try document("pnpm-workspace.yaml")
    let isChanged =
      package?.at("pnpm", "patchedDependencies") != nil || workspace?["patchedDependencies"] != nil
      || package?["patchedDependencies"] != nil
    return NodeFolder(
      listing: listing,
      isWorkspace: package?["workspaces"] != nil || workspace?["packages"] != nil || isChanged)
  }

  /// Reads what the manifest names for what is rendered.
  func readTexts(_ app: AppSection, _ input: inout RenderInput) throws {
    func read(_ path: String) throws {
      guard Names.isRelativePath(path), !RenderedPath.isGit(path) else { return }
      let place = root.pushing(FilePath(path))
      if try host.files.withoutLinks.status(place, followLinks: false)?.kind == .file {
        input.texts[path] = try host.files.text(place)
      }
    }
    for path in app.patches + app.environments.values.flatMap(\.patches) { try read(path) }
    for path in app.services.values.compactMap(\.initial) where Names.isRelativePath(path) {
      if path.hasSuffix(".sql") { try read(path) }
      let place = root.pushing(FilePath(path))
      guard try host.files.withoutLinks.status(place, followLinks: false)?.kind == .directory else {
        continue
      }
      for name in try host.files.list(place).sorted() where name.hasSuffix(".sql") {
        try read("\(path)/\(name)")
      }
    }
  }
}
