import OutfitCore
import OutfitProfile
import OutfitSystem
import Support
import SystemPackage
import Testing

@testable import OutfitSharing

/// Ten thousand damaged records of consent: none is a crash, and none consents to what was not consented to.
@Suite struct TrustFuzzTests {
  @Test func recordsOfConsent() async throws {
    let files = MemoryFiles.withHome()
    files.put("/home/ann/team/outfit.yaml", "profile: team\n")
    let host = Host.test(files: files)
    let profile = try await ProfileLoader(host: host).machine("team")
    let store = TrustStore(host: host)
    let content = try #require(profile.contents.first { $0.layer.kind == .profile })
    try store.record(content)
    #expect(try store.isTrusted(content))
    let folder = host.places.state.appending("trust")
    let name = try #require(try files.list(folder).first)
    let path = folder.appending(name)
    let aside = FilePath("\(path).corrupt-1")
    let bytes = try files.read(path)
    let digest = Array("digest \(try store.digest(of: content))".utf8)
    for mutation in Fuzz("record of consent", [bytes]) {
      files.overwrite(path, mutation)
      defer { try? files.rename(aside, to: path) }
      if try store.isTrusted(content) {
        #expect(mutation.split(separator: 10).contains { $0.elementsEqual(digest) })
      }
    }
    // What can't be read is kept aside, and asked again.
    files.overwrite(path, Array(bytes.prefix(20)))
    #expect(try !store.isTrusted(content))
    #expect(try files.list(folder) == [name + ".corrupt-1"])
  }
}
