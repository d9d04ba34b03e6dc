import OutfitCore
import OutfitEngine
import OutfitProfile
import SystemPackage

/// Interpreters that are published ready to run, as objects of the store.
enum Prebuilt {
  /// A Python is not switched to without the modules that these import; bz2 and readline must work where they were built.
  /// Two starts at once take half as long as one: all is compiled on the way, and no bytecode is written, so that what
  /// lies in the store stays what was published.
  static let imports = [
    """
    import ssl, sqlite3, ctypes, zlib, lzma
    for name in "bz2", "readline":
        try: __import__(name)
        except ModuleNotFoundError: pass
    """,
    "import venv, ensurepip",
  ].map { Check.runs("bin/python3", ["-I", "-B", "-c", $0]) }

  /// Relative to the object.
  static func program(_ language: Language) -> String {
    language == .python ? "bin/python3" : "bin/node"
  }

  /// Nil when the pin has no file for this platform.
  static func object(
    _ entry: LockedInterpreter, _ language: Language, _ section: InterpreterSection, _ context: Context
  ) -> Object? {
    guard entry.provider == .prebuilt, let artifact = entry.artifacts[context.platform.key] else {
      return nil
    }
    let source = self.artifact(artifact, language, section, context)
    let label = "\(language.title) \(entry.version)"
    switch language {
    case .node:
      return Object(
        name: "node-\(entry.version)", label: label,
        recipe: .unpack(
          Unpack(artifact: source, format: .tar, strip: 1, additions: NpmGuard.additions(""))),
        checks: [.runs("bin/node", ["--version"]), .exists(NodeLayout.npm)], store: context.store)
    case .python:
      let number = "\(entry.version.minor)\(entry.version.isFreeThreaded ? "t" : "")"
      let library = "lib/python\(number)"
      return Object(
        name: "python-\(entry.version)", label: label,
        recipe: .unpack(
          Unpack(
            artifact: source, format: .tar, strip: 1,
            rewrites: rewrites(library, context.platform),
            additions: [
              TreeEntry("\(library)/EXTERNALLY-MANAGED", .file(Array(managed.utf8), mode: 0o644))
            ],
            installNames: context.platform.system == .macos ? ["lib/libpython\(number).dylib"] : [],
            unchecked: unchecked(library))),
        checks: imports, store: context.store)
    }
  }

  /// The file of a release, and where it is had.
  static func artifact(
    _ locked: LockedArtifact, _ language: Language, _ section: InterpreterSection, _ context: Context
  ) -> Artifact {
    let host = ReleaseHost(language, section, context.environment)
    let name = locked.path.split(separator: "/").last.map(String.init) ?? locked.path
    return Artifact(addresses: host.addresses(locked.path), digest: locked.digest, name: name)
  }

  /// Headers, manuals, terminal descriptions, Tcl, and the packages that need it: half of the files.
  private static func unchecked(_ library: String) -> [String] {
    ["include/", "share/", "lib/tcl", "lib/tk", "lib/itcl", "lib/thread"]
      + ["idlelib/", "tkinter/", "turtledemo/"].map { "\(library)/\($0)" }
  }

  /// The place where it was built, and the compiler that built it, are not those of this machine.
  private static func rewrites(_ library: String, _ platform: Platform) -> [Unpack.Rewrite] {
    let sysconfig = "\(library)/_sysconfigdata_*.py"
    var rewrites = [Unpack.Rewrite(glob: sysconfig, find: "/install", replacement: "{out}", manner: .word)]
    rewrites += ["-I", "-L"].map {
      Unpack.Rewrite(glob: sysconfig, find: "\($0)/install", replacement: "\($0){out}")
    }
    switch platform.system {
    case .linux:
      for (built, here) in builders {
        rewrites.append(Unpack.Rewrite(glob: sysconfig, find: built, replacement: here, manner: .word))
      }
    case .macos:
      // The SDK of the machine that built it; the compiler knows its own.
      rewrites.append(Unpack.Rewrite(glob: sysconfig, find: "-isysroot", replacement: "", manner: .option))
    }
    rewrites.append(
      Unpack.Rewrite(glob: "lib/pkgconfig/*.pc", find: "prefix=/install", replacement: "prefix={out}"))
    return rewrites
  }

  /// What the releases were compiled with, for their own processor or across, and what stands for it here.
  private static let builders: [(String, String)] =
    [("clang++", "c++"), ("clang", "cc")].flatMap { built, here in
      ["", "/tools/clang-linux64/bin/", "/tools/llvm/bin/"].map { ("\($0)\(built)", here) }
    }
    + ["", "/tools/clang-linux64/bin/", "/tools/llvm/bin/"].map { ("\($0)llvm-ar", "ar") }
    + ["aarch64-linux-gnu", "x86_64-linux-gnu"].flatMap { triple in
      [("g++", "c++"), ("gcc", "cc")].map { ("/usr/bin/\(triple)-\($0)", $1) }
    }

  /// What a package installer shows (PEP 668).
  static let managed = """
    [externally-managed]
    Error=This Python belongs to Outfit and is shared by all that stands on it, so that
     nothing is installed into it.

     For a command-line tool:    outfit tool install NAME
     For a virtual environment:  outfit venv create

     Packages go into such an environment with its own pip.

    """
}
