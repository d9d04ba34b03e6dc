import OutfitCore
import OutfitEngine
import OutfitProfile
import SystemPackage

/// CPython, built on this machine from the upstream tarball, at its place in the store.
enum SourceBuild {
  /// - Parameters:
  ///   - modules: those of the standard library that must be there besides the ones that are always asked for.
  ///   - apt: how the distribution's source package is had where no address has the tarball.
  /// - Returns: nil when the pin has no tarball.
  static func object(
    _ entry: LockedInterpreter, _ section: InterpreterSection, _ context: Context, modules: [String] = [],
    apt: AptSource?
  ) -> Object? {
    guard let source = entry.source else { return nil }
    let version = entry.version
    let library = "lib/python\(version.minor)\(version.isFreeThreaded ? "t" : "")"
    let name = source.path.split(separator: "/").last.map(String.init) ?? source.path
    var options: [Argument] = [
      .scratch("python/configure"), .joined(["--prefix=", .output("")]), "--disable-test-modules",
      "--with-ensurepip=install",
    ]
    if section.optimized { options += ["--enable-optimizations", "--with-lto"] }
    if version.isFreeThreaded { options.append("--disable-gil") }
    if context.platform.system == .macos {
      let folder = context.platform.architecture == .arm64 ? "/opt/homebrew" : "/usr/local"
      options.append("--with-openssl=\(folder)/opt/openssl@3")
    }
    let imports =
      (["import ssl, sqlite3, ctypes, zlib, lzma, ensurepip, venv"] + modules.map { "import \($0)" })
      .joined(separator: "\n")
    return Object(
      name: "python-\(version)",
      label: "Python \(version), built from source\(section.optimized ? ", optimised" : "")",
      recipe: .run(
        Run(
          materials: [
            Material(
              artifact: Artifact(
                addresses: SourceHost(section, context.environment).addresses(source),
                digest: source.digest, name: name),
              strip: 1, folder: "python", otherwise: apt.map { [$0.fetching(version, source.digest)] } ?? [],
              leaves: AptSource.leaves)
          ],
          steps: [
            step(options, "configuring"),
            step(
              ["-c", #"exec make -j"$(getconf _NPROCESSORS_ONLN)""#],
              section.optimized ? "compiling with optimisations" : "compiling"),
            step(["-c", "exec make install"], "installing"),
          ],
          additions: [
            TreeEntry("\(library)/EXTERNALLY-MANAGED", .file(Array(Prebuilt.managed.utf8), mode: 0o644))
          ], keepsLog: true)),
      checks: [.runs("bin/python3", ["-I", "-c", imports])], store: context.store)
  }

  /// It finds the compiler and make wherever they were found before anything began.
  private static func step(_ arguments: [Argument], _ title: String) -> Step {
    var step = Step(
      .path("/bin/sh"), arguments, surroundings: ["PATH": .text(ProgramFolders.path)], folder: "python",
      title: title)
    step.mergesOutput = true
    return step
  }
}

/// Where the upstream tarballs of CPython are published, or the mirror that stands for it.
///
/// The mirror of the releases serves here too: in it, python.org's folders (`3.13.5/Python-3.13.5.tar.xz`) stand
/// beside the release host's.
struct SourceHost {
  private let base: String
  /// `PYTHON_BUILD_MIRROR_URL` of pyenv: it has each tarball under its SHA-256.
  private let cache: String?
  /// For people.
  let name: String

  init(_ section: InterpreterSection, _ environment: [String: String]) {
    let mirror = ReleaseHost(.python, section, environment).mirror
    base = mirror ?? "https://www.python.org/ftp/python"
    name = mirror ?? "python.org"
    cache = environment["PYTHON_BUILD_MIRROR_URL"].flatMap { address in
      let bare = address.reversed().drop { $0 == "/" }.reversed()
      return bare.isEmpty ? nil : String(bare)
    }
  }

  /// pyenv's order: its mirror by digest, then the file's own address.
  func addresses(_ source: LockedArtifact) -> [String] {
    (cache.map { ["\($0)/\(source.digest)"] } ?? []) + [address(source.path)]
  }

  func address(_ path: String) -> String { "\(base)/\(path)" }

  /// The page that lists a folder for each version.
  var listing: [String] { ["\(base)/"] }

  /// `3.13.5/Python-3.13.5.tar.xz`; pre-releases stand in the folder of their release.
  static func path(_ version: Version, compression: String = "xz") -> String {
    let plain = Version(version.release, prerelease: version.prerelease)
    let folder = Version(version.release)
    return "\(folder)/Python-\(plain).\(compression == "gz" ? "tgz" : "tar.\(compression)")"
  }

  /// The versions that a listing names: `<a href="3.13.5/">`.
  static func versions(_ page: [UInt8]) -> [Version] {
    String(decoding: page, as: UTF8.self).split(separator: "href=\"").dropFirst().compactMap { piece in
      let name = piece.prefix { $0 != "\"" && $0 != "/" }
      guard name.allSatisfy({ $0.isNumber || $0 == "." }) else { return nil }
      return Version(name)
    }.filter { $0.release.count == 3 }
  }
}
