import OutfitSystem
import SystemPackage

/// The path that a shared library of macOS carries, and that programs which are linked with it look for it at.
///
/// A published Python carries the one of the machine that built it. Its own programs find the library without it;
/// programs that embed Python don't.
enum InstallName {
  /// Where Apple's tool may be. What stands for it in /usr/bin opens a window where there is none.
  private static let tools: [FilePath] = [
    "/Library/Developer/CommandLineTools/usr/bin/install_name_tool",
    "/Applications/Xcode.app/Contents/Developer/Toolchains/XcodeDefault.xctoolchain/usr/bin/install_name_tool",
  ]

  /// What gives the library its own path; nil where nothing is to be done, or nothing can be.
  static func setting(_ library: FilePath, files: any Files) -> Invocation? {
    guard files.exists(library), let tool = tools.first(where: files.exists) else { return nil }
    return Invocation(
      tool, ["-id", library.string, library.string], environment: ["PATH": "/usr/bin:/bin", "LC_ALL": "C"])
  }
}
