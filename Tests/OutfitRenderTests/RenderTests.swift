import Foundation
import OutfitCore
import OutfitProfile
import Testing

@testable import OutfitRender

@Suite struct RenderTests {
  /// `OUTFIT_RENDER_TO=FOLDER swift test --filter RenderTests` leaves the files there, for scripts/validate-render.sh.
  @Test func leavesTheFilesWhereAsked() throws {
    let rendering = try Render.files(Shop.input())
    guard let folder = ProcessInfo.processInfo.environment["OUTFIT_RENDER_TO"] else { return }
    for file in rendering.files {
      let url = URL(fileURLWithPath: folder).appendingPathComponent(file.path)
      try FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(file.content.utf8).write(to: url)
    }
  }
}
