import OutfitCore
import OutfitProfile
import OutfitSystem
import Support
import SystemPackage
import Testing

@testable import OutfitConsent

/// Ten thousand damaged records of consent: none is a crash, and none consents to what was not consented to.
@Suite struct TrustFuzzTests {
  @Test func recordsOfConsent() async throws {
    let files = MemoryFiles.withHome()
    files.put("/home/ann/team/outfit.yaml", "profile: team\ntools: {black: latest}\n")
    let host = Host.test(files: files)
    let profile = try await ProfileLoader(host: host).machine("team")
    let store = TrustStore(host: host)
    _ = try Consent(host: host).obtain(for: profile, given: .folders)
    try files.remove("/home/ann/team/outfit.yaml")
    files.put("/home/ann/team/outfit.yaml", "profile: team\ntools: {isort: latest}\n")
    _ = try await Consent(host: host).obtain(
      for: ProfileLoader(host: host).machine("team"), given: .folders)
    let layer = "/home/ann/team"
    #expect(try store.record(of: layer)?.count == 1)
    #expect(try store.record(of: layer)?.known.count == 2)
    let folder = host.places.state.appending("trust")
    let name = try #require(try files.list(folder).first)
    let path = folder.appending(name)
    let aside = FilePath("\(path).corrupt-1")
    let bytes = try files.read(path)
    let record = try store.record(of: layer)
    for mutation in Fuzz("record of consent", [bytes]) {
      files.overwrite(path, mutation)
      defer { try? files.rename(aside, to: path) }
      if let read = try store.record(of: layer) { #expect(read == record) }
    }
    // What can't be read is kept aside, and asked again.
    files.overwrite(path, Array(bytes.prefix(20)))
    #expect(try store.record(of: layer) == nil)
    #expect(try files.list(folder) == [name + ".corrupt-1"])
  }
}
