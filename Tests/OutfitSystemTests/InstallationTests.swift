import OutfitSystem
import Support
import SystemPackage
import Testing

struct InstallationTests {
  @Test func aDistributionStandsAnywhere() {
    let files = MemoryFiles()
    for folder in ["/opt/o/libexec", "/opt/o/share/outfit/templates", "/opt/o/share/outfit/profiles"] {
      files.putDirectory(FilePath(folder))
    }
    files.put("/opt/o/libexec/outfit-shim", "", mode: 0o755)
    var found = Installation.locate(executable: "/opt/o/bin/outfit", files: files)
    #expect(
      found
        == Installation(
          executable: "/opt/o/bin/outfit", shim: "/opt/o/libexec/outfit-shim",
          templates: "/opt/o/share/outfit/templates", profiles: "/opt/o/share/outfit/profiles"))
    #expect(found.missing(files).isEmpty)
    files.putDirectory("/opt/o/lib/outfit")
    found = Installation.locate(executable: "/opt/o/bin/outfit", files: files)
    #expect(found.libraries == "/opt/o/lib/outfit")
  }

  @Test func aBuildUsesItsCheckout() {
    let files = MemoryFiles()
    files.putDirectory("/src/.build/x86_64-unknown-linux-gnu/release")
    files.put("/src/Package.swift", "")
    let found = Installation.locate(
      executable: "/src/.build/x86_64-unknown-linux-gnu/release/outfit", files: files)
    #expect(found.shim == "/src/.build/x86_64-unknown-linux-gnu/release/outfit-shim")
    #expect(found.templates == "/src/templates")
    #expect(found.profiles == "/src/profiles")
    #expect(found.libraries == nil)
    #expect(found.missing(files).count == 3)
  }

  @Test func theExecutableIsFoundThroughLinks() {
    let files = MemoryFiles.withHome()
    files.putDirectory("/home/ann/bin")
    files.putDirectory("/opt/o/bin")
    files.put("/opt/o/bin/outfit", "", mode: 0o755)
    files.putLink("/home/ann/bin/outfit", to: "../../../opt/o/bin/outfit")
    let host = Host.test(files: files, environment: ["PATH": "/usr/bin:/home/ann/bin"])
    #expect(Installation.locate(host, invokedAs: "outfit").executable == "/opt/o/bin/outfit")
    #expect(Installation.locate(host, invokedAs: "bin/outfit").executable == "/opt/o/bin/outfit")
    #expect(Installation.locate(host, invokedAs: "/opt/o/bin/outfit").executable == "/opt/o/bin/outfit")
    files.putDirectory("/proc/self")
    files.putLink("/proc/self/exe", to: "/elsewhere/bin/outfit")
    #expect(Installation.locate(host, invokedAs: "outfit").executable == "/elsewhere/bin/outfit")
  }
}
