import OutfitCore
import OutfitSystem
import Support
import SystemPackage
import Testing

@testable import OutfitProfile

/// Ten thousand damaged manifests and locks: each is read, or said what is wrong with it and where.
@Suite struct FuzzTests {
  @Test(arguments: [Scope.machine, .project("/p")]) func manifests(_ scope: Scope) {
    let text = scope == .machine ? DesignTests.machine : DesignTests.project
    let layer = Layer(kind: .profile, name: "p", address: "p", folder: "/p", manifest: "/p/outfit.yaml")
    for mutation in Fuzz("manifest", [Array(text.utf8)], count: 5_000) {
      let (_, diagnostics) = ManifestReader.read(mutation, layer: layer, file: "f", scope: scope)
      #expect(diagnostics.allSatisfy { $0.location != nil && !$0.message.isEmpty })
    }
  }

  @Test func locks() {
    let bytes = Array(LockFile.text(of: LockTests.sample).utf8)
    for mutation in Fuzz("lock", [bytes]) {
      do {
        let lock = try LockFile.parse(mutation, file: "outfit.lock")
        // What was understood can be written, and says the same then.
        let text = Array(LockFile.text(of: lock).utf8)
        #expect(try LockFile.parse(text, file: "outfit.lock") == lock)
      } catch {
        #expect(error.status == .usage)
        #expect(error.diagnostics.allSatisfy { $0.location != nil && !$0.message.isEmpty })
      }
    }
  }

  @Test func theMachinesOwnLockIsKeptAsideWhenItIsDamaged() async throws {
    let files = MemoryFiles.withHome()
    let terminal = RecordingTerminal()
    let host = Host.test(files: files, terminal: terminal)
    files.put("/home/ann/team/outfit.yaml", "profile: team\n")
    let profile = try await ProfileLoader(host: host).machine("team")
    let place = LockPlace.find(for: profile, host: host)
    files.put(place.own, "lock: 1\ntools: [")
    #expect(try place.read(for: profile, host: host) == Lock())
    #expect(try files.text(FilePath("\(place.own).corrupt-1")) == "lock: 1\ntools: [")
    #expect(terminal.talked.contains("can't be read"))
    // A later outfit can read what this one can't.
    files.put(place.own, "lock: 99\nwhat: else\n")
    #expect(throws: Failure.self) { try place.read(for: profile, host: host) }
    #expect(files.exists(place.own))
  }
}
