import OutfitCore
import OutfitProfile

/// `app.build`, and what packages are built with.
extension ProjectReading {
  /// The distribution's packages that the Dockerfile has for building, where something has no wheel.
  var buildPackages: [String] {
    guard shipsPython, !environment.build.isEmpty else { return [] }
    let all = (imageStage?.packages.left ?? []).map(\.name) + (imageStage?.building ?? [])
    var names = all.filter { name in
      name.hasSuffix("-dev")
        || ["build-essential", "gcc", "g++", "make", "cmake", "pkg-config", "git", "cargo", "rustc"].contains(
          name)
    }
    let lists = environment.from + environment.requirements.files.map(\.name)
    if lists.contains(where: { found[$0]?.contains("git+") == true }) { names.append("git") }
    var seen: Set<String> = []
    return names.filter { seen.insert($0).inserted }
  }

  /// Packages are called what they are in the release that the Dockerfile starts from.
  func writeBase(_ out: inout [String]) {
    guard let stage = imageStage, !stage.packages.run.isEmpty || !buildPackages.isEmpty,
      let release = DebianRelease.name(ofImage: stage.image), release != "trixie"
    else { return }
    out.append("  base: debian:\(release)-slim # \(imageFile): FROM \(stage.image)")
  }

  /// What a front end, or a program in a language that is compiled to JavaScript, is made with.
  mutating func writeBuild(_ out: inout [String]) {
    let isNodes = template()?.name == "node"
    if isNodes {
      if let (folder, script, place) = built ?? framework() {
        out.append("  build: {command: \(runs(script)), copy: \(Quoting.json(folder))} # \(place)")
      } else if let build = imageStage?.builds.first,
        let script = scripts?.script(of: Self.words(build.command)),
        let copy = imageStage?.built.first(where: { !$0.context.isEmpty && !sources.has($0.context) })
      {
        out.append(
          "  build: {command: \(runs(script)), copy: \(Quoting.json(copy.context))} # \(imageFile):\(build.line)"
        )
      }
      return
    }
    guard let stage = imageStage, let build = stage.builds.first else { return }
    let place = "\(imageFile):\(build.line)"
    let folder = modules.from.map(SourceFiles.folder(of:))
    let copy = stage.built.first { copy in
      folder.map { $0.isEmpty || copy.context.hasPrefix($0 + "/") } ?? false && !sources.has(copy.context)
    }
    let isPlain = ["npm", "yarn", "pnpm", "bun"].contains(Self.words(build.command).first ?? "")
    guard let folder, let copy, isPlain else {
      return note(
        "\(place): `\(build.command)` builds pages in a stage of its own, which is not taken over",
        "say what is built, and where: app: {build: {folder: frontend, command: npm run build, copy: dist}}",
        warns: true)
    }
    let from = folder.isEmpty ? copy.context : String(copy.context.dropFirst(folder.count + 1))
    var fields = folder.isEmpty ? [] : ["folder: \(Quoting.json(folder))"]
    fields += ["command: \(build.command)", "copy: \(Quoting.json(from))"]
    let root = stage.folder == "/" ? "/" : stage.folder + "/"
    if copy.container.hasPrefix(root), copy.container.dropFirst(root.count) != copy.context[...] {
      fields.append("to: \(Quoting.json(String(copy.container.dropFirst(root.count))))")
    }
    out.append("  build: {\(fields.joined(separator: ", "))} # \(place)")
  }

  /// As the manager of the lock runs a script.
  private func runs(_ script: String) -> String {
    let lock = modules.from.map(SourceFiles.base(of:)) ?? ""
    let manager = ["pnpm-lock.yaml": "pnpm", "yarn.lock": "yarn", "bun.lock": "bun"][lock] ?? "npm"
    return "\(manager) run \(script)"
  }

  /// Where a framework puts what its program then serves.
  private func framework() -> (folder: String, script: String, place: String)? {
    guard let scripts, let script = scripts.build else { return nil }
    for (_, process) in processes.sorted(by: { $0.key < $1.key }) {
      let words = process.command.words
      let folder: String? =
        switch words.first.map(SourceFiles.base(of:)) {
        case "next": ".next"
        case "nuxt", "nuxi": ".output"
        case "astro", "vite": "dist"
        case "remix-serve", "react-router-serve", "react-scripts": "build"
        case "serve": words.dropFirst().first { !$0.hasPrefix("-") && !sources.has($0) }
        default: nil
        }
      if let folder { return (folder, script, process.place) }
    }
    return nil
  }
}
