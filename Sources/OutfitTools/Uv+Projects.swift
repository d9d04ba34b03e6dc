import OutfitCore
import OutfitEngine
import OutfitProfile
import SystemPackage

extension Uv {
  /// What builds something, as a file in the scratch folder, and the arguments that keep a build to it.
  ///
  /// With pins for all that is needed nothing else is taken, and nothing without its digest.
  private func constraints(
    _ name: String, _ pins: String?, else fallback: String, _ files: inout [String: [UInt8]]
  ) -> [Argument] {
    let file = "build-\(name).txt"
    files[file] = Array((pins ?? fallback + unboundable).utf8)
    return ["--build-constraints", .scratch(file)] + (pins == nil ? [] : ["--require-build-hashes"])
  }

  /// Constraints that nothing fulfils, for names that one index alone may serve: a build would ask any for them.
  var unboundable: String { indexes.bound.keys.sorted().map { "\($0)<0\n" }.joined() }

  /// Packages of an index that are built with what the lock has for each.
  ///
  /// What uv keeps of a build does not say what built it, so that it is kept by that.
  func built(
    _ entries: [RequirementSet.Entry], _ contents: ProjectContents, _ into: [Argument], _ build: [String],
    _ bound: [String: String], _ first: String?, _ files: inout [String: [UInt8]]
  ) -> [Step] {
    let groups = Dictionary(grouping: entries) { $0.name }.sorted { $0.key < $1.key }
    return groups.map { name, entries in
      let pins = contents.builds[name]
      files["own-\(name).txt"] = Array(RequirementSet.text(entries).utf8)
      return step(
        install(
          ["pip", "install", "--no-deps"],
          ["-r", .scratch("own-\(name).txt")] + Self.building(build)
            + constraints(name, pins, else: "", &files), into + Self.linked),
        needsNetwork: true, index: bound[name], first: first, offlineFirst: true, cache: cache(of: pins))
    }
  }

  func cache(of pins: String?) -> FilePath {
    guard let pins else { return cache }
    return cache.appending("outfit-builds").appending(String(Digest(of: pins).hex.prefix(16)))
  }

  /// What follows the packages that have digests: wheels and repositories, and the project's own folders.
  func steps(
    _ contents: ProjectContents, _ into: [Argument], _ build: [String], _ files: inout [String: [UInt8]]
  ) -> [Step] {
    let target = into + Self.linked
    var steps: [Step] = []
    if !contents.wheels.isEmpty {
      files["wheels.txt"] = Array(
        contents.wheels.map { "\($0.path.string) --hash=sha256:\($0.digest)\n" }.joined().utf8)
      steps.append(
        step(
          install(["pip", "install", "--no-deps"], ["--no-build", "-r", .scratch("wheels.txt")], target),
          needsNetwork: false))
    }
    let free: [Argument] = ["pip", "install", "--no-deps"] + Self.common
    for line in RequirementLine.parse(contents.sources) {
      let name = line.packageName
      let pins = contents.builds[name]
      files["source-\(name).txt"] = Array((line.text + "\n").utf8)
      steps.append(
        step(
          free + target + Self.building(build) + constraints(name, pins, else: "", &files)
            + ["-r", .scratch("source-\(name).txt")], needsNetwork: true, offlineFirst: true,
          cache: cache(of: pins)))
    }
    guard !contents.folders.isEmpty else { return steps }
    // Of those that are used as they stand, the build files count, and not the sources.
    files["projects.txt"] = Array(
      (contents.folders.map {
        "\($0.way.rawValue) \($0.way == .copied ? $0.relative : $0.path.string) \($0.digest)\n"
      }
      .joined() + contents.history).utf8)
    steps += editable(contents, free + target, &files)
    steps += wheels(contents, free + into, build, &files)
    return steps
  }

  /// Those that are built with the same go together.
  private func editable(
    _ contents: ProjectContents, _ command: [Argument], _ files: inout [String: [UInt8]]
  ) -> [Step] {
    let folders = contents.folders.filter { $0.way == .editable }
    let groups = Dictionary(grouping: folders) {
      contents.builds[LockedRequirements.buildName(ofProject: $0.relative)]
    }
    .sorted { ($0.value.first?.relative ?? "") < ($1.value.first?.relative ?? "") }
    return groups.enumerated().map { number, group in
      step(
        command + constraints("editable-\(number)", group.key, else: contents.build, &files)
          + group.value.flatMap { ["--editable", .text($0.path.string)] }, needsNetwork: true,
        offlineFirst: true)
    }
  }

  /// Wheels are built afresh, since uv takes what it has where a source changed and no build file did.
  private func wheels(
    _ contents: ProjectContents, _ command: [Argument], _ build: [String],
    _ files: inout [String: [UInt8]]
  ) -> [Step] {
    let folders = contents.folders.filter { $0.way != .editable }
    guard !folders.isEmpty else { return [] }
    var steps = folders.enumerated().map { number, folder in
      var step = step(
        wheel(of: folder, build)
          + constraints(
            "wheel-\(number)", contents.builds[LockedRequirements.buildName(ofProject: folder.relative)],
            else: contents.build, &files), needsNetwork: true, offlineFirst: true)
      step.title = "building \(folder.relative == "." ? "the project" : folder.relative)"
      return step
    }
    files[Self.listing] = Array(Self.listingText.utf8)
    steps.append(
      Step(
        interpreter.program, ["-I", "-S", .scratch(Self.listing), .scratch(Self.wheelFolder)],
        outputFile: Self.wheelList, standIn: "list"))
    // These wheels are nobody else's, so that no cache keeps them.
    var last = step(
      command + [
        "--link-mode", "copy", "--no-index", "--find-links", .scratch(Self.wheelFolder), "--no-build",
      ]
        + ["-r", .scratch(Self.wheelList)], needsNetwork: false)
    last.surroundings["UV_CACHE_DIR"] = .scratch("cache")
    steps.append(last)
    return steps
  }

  /// The command that makes a folder's wheel.
  func wheel(
    of folder: ProjectContents.Folder, _ build: [String], on python: Reference? = nil
  ) -> [Argument] {
    let place: Argument =
      folder.way == .copied
      ? .scratch(SourceTree.path(folder.relative)) : .text(folder.path.string)
    return ["build", "--wheel", "--no-create-gitignore"] + Self.common
      + ["--python", .reference(python ?? interpreter.program), "--out-dir", .scratch(Self.wheelFolder)]
      + ["--no-build"]
      + build.sorted().flatMap { ["--no-binary-package", .text(Requirement.normalized($0))] }
      + [place]
  }

  private static let wheelFolder = "wheels"
  private static let wheelList = "wheels-built.txt"
  private static let listing = "wheels.py"
  /// Name and version of each wheel in a folder.
  private static let listingText = #"""
    import os, sys

    for name in sorted(os.listdir(sys.argv[1])):
        if name.endswith(".whl"):
            print("==".join(name.split("-")[:2]))

    """#
}
