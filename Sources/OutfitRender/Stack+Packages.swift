import OutfitCore
import OutfitProfile

extension Stack {
  /// A package without a wheel, which the image's own stage builds.
  public struct BuiltPackage: Hashable, Sendable {
    /// Normalised.
    public var name: String
    /// Where it comes from, with its digests where it has some.
    public var requirement: String
    /// Hashed requirement lines of what builds it.
    public var pins: String
  }

  /// The packages of the lock as an image installs them: wheels by one list, and what has to be built by one each.
  static func built(
    _ virtualenv: LockedRequirements?, _ packages: AppSection.Packages, _ problems: inout Problems
  ) -> (requirements: String, built: [BuiltPackage]) {
    guard let virtualenv, !virtualenv.notInImages.isEmpty else { return (virtualenv?.requirements ?? "", []) }
    let names = Set(virtualenv.notInImages)
    var wheels = ""
    var lines: [String: RequirementLine] = [:]
    for line in RequirementLine.parse(virtualenv.requirements) {
      let name = Self.name(line)
      if names.contains(name) {
        lines[name] = line
      } else {
        wheels += line.pin ?? ""
      }
    }
    for line in RequirementLine.parse(virtualenv.sources) where names.contains(Self.name(line)) {
      lines[Self.name(line)] = line
    }
    var built: [BuiltPackage] = []
    for name in virtualenv.notInImages {
      guard virtualenv.wheels[name] == nil, name.utf8.allSatisfy(isPlain) else {
        problems.add(
          "the image can't have \(name), which lies in the project as a wheel",
          "ask for a version that an index has, or keep it in a group for development")
        continue
      }
      guard let line = lines[name] else {
        problems.add(
          "the lock lacks \(name), which has no wheel and which nothing allows to be built",
          "allow it, and lock anew: virtualenv: {build: [\(name)]}, then `outfit lock`")
        continue
      }
      guard let pins = virtualenv.builds[name] else {
        problems.add("the lock does not say what builds \(name)", "run `outfit update virtualenv`")
        continue
      }
      if line.text.contains("git+"), !packages.build.contains("git") {
        problems.add(
          "\(name) is taken from a repository, and the stage that builds it has no git",
          "add it: app: {packages: {build: [git]}}")
      }
      built.append(BuiltPackage(name: name, requirement: line.pin ?? line.text + "\n", pins: pins))
    }
    return (wheels, built)
  }

  private static func name(_ line: RequirementLine) -> String {
    switch line.content {
    case .package(let package): RequirementFiles.normal(package.name)
    case .direct(let direct): RequirementFiles.normal(direct.name ?? "")
    default: ""
    }
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    (97...122).contains(byte) || (48...57).contains(byte) || byte == 45
  }

  /// The distribution's packages that the lock has for this image; nil where it has none that are meant.
  static func packages(
    _ wish: RenderSession.PackageWish, _ lock: Lock, _ problems: inout Problems,
    _ warnings: inout [Diagnostic]
  ) -> LockedImagePackages? {
    if let locked = lock.imagePackages, wish.isMet(by: locked) { return locked }
    if wish.release == nil {
      if wish.isExplicit { problems.diagnostics.append(wish.unknownRelease) }
    } else if wish.isExplicit {
      problems.add(
        "outfit.lock does not have what `app.packages` asks for", "run `outfit lock`, which pins it")
    } else {
      warnings.append(
        Diagnostic(
          .warning,
          "the image has no certificates of authorities: outfit.lock has no packages for \(wish.base)",
          hint: "run `outfit lock` where Debian's archive answers"))
    }
    return nil
  }

  /// `docker/packages.txt`, sorted: architecture, use, digest, archive and path of each file.
  var packageList: String {
    guard let packages else { return "" }
    return packages.files.sorted { $0.key < $1.key }.flatMap { platform, files in
      files.map { file in
        let architecture = platform.split(separator: "-").last ?? ""
        return
          "\(architecture) \(file.use.rawValue) \(file.digest.hex) \(file.archive) \(file.pathInArchive)\n"
      }
    }.joined()
  }

  /// Build arguments, and where the archives are as they were when they were locked.
  private var packageMirrors: [(name: String, address: String)] {
    (packages?.snapshots ?? [:]).sorted { $0.key < $1.key }.map { archive, time in
      let name = archive == "debian" ? "DEBIAN_MIRROR" : "DEBIAN_SECURITY_MIRROR"
      return (name, "\(description.packageMirror)/\(archive)/\(time)")
    }
  }

  /// What the Dockerfile names of them.
  var packagesValue: TemplateValue {
    guard let packages else { return .bool(false) }
    return [
      "list": .string(packageList), "sha256": .string(Digest(of: packageList).hex),
      "build": .bool(
        packages.files.values.contains { $0.contains { $0.use == .build } } && !built.isEmpty),
      "development": .bool(packages.files.values.contains { $0.contains { $0.use == .development } }),
      "mirrors": .list(packageMirrors.map { ["name": .string($0.name), "address": .string($0.address)] }),
    ]
  }

  func value(_ package: BuiltPackage) -> TemplateValue {
    [
      "name": .string(package.name), "requirement": .string(package.requirement),
      "pins": .string(package.pins), "needs": .bool(!package.pins.isEmpty),
      "hashed": .bool(package.requirement.contains("--hash=")),
    ]
  }
}

extension RenderSession {
  /// The distribution's packages that an image is to have.
  public struct PackageWish: Hashable, Sendable {
    /// The image that it starts from.
    public var base: String
    /// The base's release of Debian; nil where its tag does not say one.
    public var release: String?
    public var run: [String]
    public var build: [String]
    public var development: [String]
    /// Of the image, as Debian names them.
    public var architectures: [String]
    /// Nothing can be shipped without: certificates, and what a developer has besides, are taken where they can be had.
    public var isExplicit: Bool
    public var location: SourceLocation

    init(_ app: Sourced<AppSection>, _ description: TemplateDescription, _ lock: Lock) {
      base = app.value.base ?? description.base
      release = DebianRelease.name(ofImage: base)
      let asked = app.value.packages
      run = Set(asked.run + ["ca-certificates"]).sorted()
      var used = [lock.interpreters[description.language]?.first]
      if let build = app.value.build {
        let pins = lock.interpreters[.node] ?? []
        used.append(build.node.map { wish in pins.first { $0.request == wish } } ?? pins.first)
      }
      // A Python package is an archive that nothing of the base opens.
      let isPacked = used.contains { $0?.isWheel == true }
      build = Set(asked.build + (isPacked ? ["unzip"] : [])).subtracting(asked.run).sorted()
      development = Set(asked.development).sorted()
      isExplicit = !asked.run.isEmpty || !build.isEmpty
      location = app.source.location
      let artifacts = lock.interpreters[description.language]?.first?.artifacts ?? [:]
      let platforms = Stack.platforms.filter { artifacts[$0] != nil }
      architectures = (platforms.isEmpty ? Stack.platforms : platforms).map { String($0.dropFirst(6)) }
    }

    /// Whether the lock has just this.
    public func isMet(by packages: LockedImagePackages) -> Bool {
      packages.base == base && packages.run == run && packages.build == build
        && packages.development == development
        && Set(packages.files.keys) == Set(architectures.map { "linux-\($0)" })
    }

    public var unknownRelease: Diagnostic {
      Diagnostic(
        .error,
        "`app.packages` can't be locked\(build.contains("unzip") ? ", of which the image's Node needs unzip" : ""): "
          + "\(base) does not say which release of Debian it is", at: location,
        hint: "name a base whose tag does: debian:13-slim, python:3.13-slim-trixie")
    }
  }

  /// What the lock has to have of the distribution; nil where the manifest has no `app`.
  public func packageWish() throws -> PackageWish? {
    guard let app = profile.app else { return nil }
    return PackageWish(app, try TemplateDescription(try template(app).descriptions), lock)
  }
}
