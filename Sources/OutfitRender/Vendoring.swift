import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// One file below `docker/vendor`, which an image is built from where there is no network.
public struct VendoredFile: Hashable, Sendable, Comparable {
  /// `amd64/wheels/django-5.2-py3-none-any.whl`: the first folder is the architecture.
  public var path: String
  public var digest: Digest

  public init(path: String, digest: Digest) {
    self.path = path
    self.digest = digest
  }

  var architecture: String { String(path.prefix { $0 != "/" }) }

  public static func < (a: VendoredFile, b: VendoredFile) -> Bool { a.path < b.path }
}

/// What `render --vendor` puts into the build context: lists with digests, which are rendered and committed, and the
/// files themselves, which git ignores.
public enum Vendoring {
  public static let folder = "docker/vendor"
  public static let archive = "interpreter.tar.gz"
  public static let list = "SHA256SUMS"

  /// The lists, as `sha256sum --check` reads them.
  static func lists(_ stack: Stack) -> [RenderedFile] {
    guard !stack.vendored.isEmpty else { return [] }
    var files = [
      rendered(
        "\(folder)/.gitignore",
        "# The lists are committed; `outfit render --vendor` gets what they name.\n*\n!*/\n!.gitignore\n!\(list)\n"
      )
    ]
    for (architecture, entries) in Dictionary(grouping: stack.vendored, by: \.architecture) {
      let lines = entries.sorted().map { file in
        "\(file.digest)  \(file.path.dropFirst(architecture.count + 1))\n"
      }
      files.append(rendered("\(folder)/\(architecture)/\(list)", lines.joined()))
    }
    return files
  }

  private static func rendered(_ path: String, _ text: String) -> RenderedFile {
    RenderedFile(path: path, content: RenderMark.mark(text, path: path))
  }

  /// What the lists of a project name; empty where it has none of ours.
  public static func read(_ root: FilePath, files: any Files) throws -> [VendoredFile] {
    let folder = root.pushing(FilePath(folder))
    guard files.exists(folder) else { return [] }
    var found: [VendoredFile] = []
    for architecture in try files.list(folder) {
      guard let text = try files.text(folder.appending(architecture).appending(list)),
        RenderMark.state(of: text) != .foreign
      else { continue }
      for line in text.split(separator: "\n") where !line.hasPrefix("#") {
        guard line.count > 66, let digest = Digest(line.prefix(64)) else { continue }
        found.append(VendoredFile(path: "\(architecture)/\(line.dropFirst(66))", digest: digest))
      }
    }
    return found.sorted()
  }

  /// The distribution's packages for an architecture.
  public static func packages(_ stack: Stack, _ architecture: String) -> [LockedImagePackage] {
    stack.packages?.files["linux-\(architecture)"] ?? []
  }

  /// Below the architecture's folder.
  public static func packagePath(_ file: LockedImagePackage) -> String {
    "packages/\(file.use.rawValue)/\(file.fileName)"
  }

  /// What is wrong with the vendored files of a stack.
  static func diagnostics(_ stack: Stack) -> [Diagnostic] {
    var diagnostics: [Diagnostic] = []
    if !stack.vendored.isEmpty, let package = stack.built.first {
      diagnostics.append(
        Diagnostic(
          .error, "\(package.name) has no wheel, and what has to be built can't be vendored",
          hint: "render without it: outfit render --no-vendor"))
    }
    if !stack.vendored.isEmpty, stack.interpreter.isWheel {
      diagnostics.append(
        Diagnostic(
          .error, "Node \(stack.interpreter.version) comes as a Python package, which can't be vendored",
          hint: "render without it: outfit render --no-vendor"))
    }
    for architecture in Set(stack.vendored.map(\.architecture)).sorted() {
      let wanted = stack.interpreter.artifacts["linux-\(architecture)"]?.digest
      let found = stack.vendored.first { $0.path == "\(architecture)/\(archive)" }?.digest
      guard wanted != nil, wanted == found else {
        diagnostics.append(
          Diagnostic(
            .error, "\(folder)/\(architecture) holds another interpreter than the lock",
            hint: "get it anew: outfit render --vendor"))
        continue
      }
      let present = Set(stack.vendored.map { "\($0.path) \($0.digest.hex)" })
      let lacking = packages(stack, architecture).first { file in
        !present.contains("\(architecture)/\(packagePath(file)) \(file.digest.hex)")
      }
      if let lacking {
        diagnostics.append(
          Diagnostic(
            .error, "\(folder)/\(architecture) lacks \(lacking.name) \(lacking.version), which the lock has",
            hint: "get it anew: outfit render --vendor"))
      }
    }
    return diagnostics
  }
}
