import OutfitSystem
import Support
import SystemPackage
import Testing

@testable import OutfitEngine

@Suite struct InstallNameTests {
  private let library: FilePath = "/store/python-3.13.5/lib/libpython3.13.dylib"

  private func files(_ paths: FilePath...) throws -> MemoryFiles {
    let files = MemoryFiles()
    for path in paths {
      try files.createDirectories(path.removingLastComponent())
      try files.create(path, [1], mode: 0o755)
    }
    return files
  }

  @Test(arguments: [
    "/Library/Developer/CommandLineTools/usr/bin/install_name_tool",
    "/Applications/Xcode.app/Contents/Developer/Toolchains/XcodeDefault.xctoolchain/usr/bin/install_name_tool",
  ])
  func aLibraryGetsItsOwnPath(_ tool: String) throws {
    let setting = InstallName.setting(library, files: try files(library, FilePath(tool)))
    #expect(setting?.program == FilePath(tool))
    #expect(setting?.arguments == ["-id", library.string, library.string])
  }

  @Test func nothingIsDoneWithoutTheToolOrTheLibrary() throws {
    #expect(InstallName.setting(library, files: try files(library)) == nil)
    #expect(
      InstallName.setting(
        library, files: try files("/Library/Developer/CommandLineTools/usr/bin/install_name_tool")) == nil)
    // It would open a window.
    #expect(InstallName.setting(library, files: try files(library, "/usr/bin/install_name_tool")) == nil)
  }
}
