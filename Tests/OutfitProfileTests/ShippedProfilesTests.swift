import OutfitCore
import OutfitSystem
import Support
import SystemPackage
import Testing

@testable import OutfitProfile

/// The profiles that come with Outfit are without a mistake, and their templates name nothing that is not there.
@Suite struct ShippedProfilesTests {
  static let root = FilePath(#filePath).removingLastComponent().removingLastComponent()
    .removingLastComponent()

  @Test(arguments: ["starter", "django-team"]) func theyAreRight(_ name: String) async throws {
    let scratch = try ScratchFolder()
    let folder = Self.root.appending("profiles").appending(name)
    var profile = try await ProfileLoader(host: scratch.host, systemManifest: "/nowhere").machine(
      folder.string)
    #expect(profile.name == name)
    #expect(profile.notes.isEmpty)
    for (key, question) in profile.ask { profile.data[key] = Sourced("x", question.source) }
    for dotfile in profile.dotfiles.values where dotfile.value.kind == .template || dotfile.value.isRendered {
      let path = dotfile.source.layer.folder.pushing(FilePath(try #require(dotfile.value.file)))
      let text = try #require(try scratch.host.files.text(path))
      _ = try Templates.render(text, with: profile.data.mapValues(\.value.template), file: path.string)
    }
  }
}
