import Foundation
import OutfitCore
import Testing

@testable import OutfitProfile

@Suite struct SchemaTests {
  static let file = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../docs/outfit.schema.json").standardized

  /// `OUTFIT_RECORD=1 swift test --filter SchemaTests` writes it anew.
  @Test func theFileIsWhatTheTablesSay() throws {
    if ProcessInfo.processInfo.environment["OUTFIT_RECORD"] != nil {
      try ManifestSchema.json.write(to: Self.file, atomically: true, encoding: .utf8)
    }
    #expect(try String(contentsOf: Self.file, encoding: .utf8) == ManifestSchema.json)
  }

  /// The reference for people is made of the same tables, and written anew with them.
  @Test func theReferenceIsWhatTheTablesSay() throws {
    let page = Self.file.deletingLastPathComponent().appending(path: "manifest.md")
    if ProcessInfo.processInfo.environment["OUTFIT_RECORD"] != nil {
      try ManifestReference.markdown.write(to: page, atomically: true, encoding: .utf8)
    }
    #expect(try String(contentsOf: page, encoding: .utf8) == ManifestReference.markdown)
    for field in ManifestKeys.all { #expect(ManifestReference.markdown.contains("\n## \(field.name)\n")) }
  }

  @Test func itIsJson() throws {
    let root = try #require(
      JSONSerialization.jsonObject(with: Data(ManifestSchema.json.utf8)) as? [String: Any])
    let properties = try #require(root["properties"] as? [String: Any])
    #expect(properties.keys.sorted() == ManifestKeys.all.map(\.name).sorted())
  }

  /// Every example in the tables is a manifest that the reader takes.
  @Test(arguments: ManifestKeys.all.map(\.example))
  func theExamplesAreRight(_ example: String) {
    let layer = Layer(kind: .profile, name: "p", address: "p", folder: "/p", manifest: "/p/outfit.yaml")
    let (_, diagnostics) = ManifestReader.read(Array(example.utf8), layer: layer, file: "f", scope: .machine)
    #expect(diagnostics.map(\.message) == [])
  }
}
