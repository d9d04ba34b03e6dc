import SystemPackage

/// Where the parts of this copy of Outfit are: an unpacked distribution, or a build in a checkout.
///
/// It is found from the executable that runs, so that a distribution can stand anywhere and be moved.
/// What it names may be missing; `missing` tells.
public struct Installation: Hashable, Sendable {
  /// The running `outfit`, links resolved.
  public var executable: FilePath
  /// `outfit-shim`, the launcher that every shim is a link to (or to a copy of).
  public var shim: FilePath
  /// A folder for each template that `render` knows.
  public var templates: FilePath
  /// The profiles that come with Outfit.
  public var profiles: FilePath
  /// Shared libraries that came along; nil in a checkout.
  public var libraries: FilePath?

  public init(
    executable: FilePath, shim: FilePath, templates: FilePath, profiles: FilePath,
    libraries: FilePath? = nil
  ) {
    self.executable = executable
    self.shim = shim
    self.templates = templates
    self.profiles = profiles
    self.libraries = libraries
  }

  /// The installation of the running process.
  public static func locate(
    _ host: Host, invokedAs name: String = CommandLine.arguments.first ?? "outfit"
  ) -> Installation {
    locate(executable: runningExecutable(host, name), files: host.files)
  }

  /// The installation around an executable.
  ///
  /// In a distribution the executable is `bin/outfit`, beside `libexec/outfit-shim`,
  /// `share/outfit/{templates,profiles}` and `lib/outfit`. In a checkout it is below `.build`.
  public static func locate(executable: FilePath, files: any Files) -> Installation {
    let folder = executable.removingLastComponent()
    if let checkout = checkout(above: folder, files) {
      return Installation(
        executable: executable, shim: folder.appending("outfit-shim"),
        templates: checkout.appending("templates"), profiles: checkout.appending("profiles"))
    }
    let root = folder.removingLastComponent()
    let share = root.appending("share").appending("outfit")
    let libraries = root.appending("lib").appending("outfit")
    return Installation(
      executable: executable, shim: root.appending("libexec").appending("outfit-shim"),
      templates: share.appending("templates"), profiles: share.appending("profiles"),
      libraries: files.exists(libraries) ? libraries : nil)
  }

  /// What should be there and is not.
  public func missing(_ files: any Files) -> [FilePath] {
    [shim, templates, profiles].filter { !files.exists($0) }
  }

  /// The folder above a `.build` that is above `folder`.
  private static func checkout(above folder: FilePath, _ files: any Files) -> FilePath? {
    var folder = folder
    for _ in 0..<4 where !folder.components.isEmpty {
      let parent = folder.removingLastComponent()
      if folder.lastComponent?.string == ".build", files.exists(parent.appending("Package.swift")) {
        return parent
      }
      folder = parent
    }
    return nil
  }

  private static func runningExecutable(_ host: Host, _ name: String) -> FilePath {
    if let path = try? host.files.readLink("/proc/self/exe") { return FilePath(path) }
    var path = FilePath(name)
    if !name.contains("/") {
      let folders = (host.environment["PATH"] ?? "").split(separator: ":")
      path =
        folders.lazy.map { FilePath(String($0)).appending(name) }.first { host.files.exists($0) } ?? path
    }
    path = host.workingDirectory.pushing(path).lexicallyNormalized()
    for _ in 0..<40 {
      guard let target = try? host.files.readLink(path) else { break }
      path = path.removingLastComponent().pushing(FilePath(target)).lexicallyNormalized()
    }
    return path
  }
}
