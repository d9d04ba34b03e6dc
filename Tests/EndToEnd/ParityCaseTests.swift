import OutfitCore
import OutfitSystem
import SystemPackage
import Testing

/// Every way to make dev differ from deploy that was thought of, and what a release may do all the same.
@Suite(.serialized)
struct ParityCaseTests {
  @Test func whatMakesDevDifferIsSeen() async throws { try await check(ParityCase.kubernetes) }

  @Test func whatMakesFilesDifferIsSeen() async throws { try await check(ParityCase.files) }

  private func check(_ cases: [ParityCase]) async throws {
    let machine = try Machine()
    try await machine.copy("Tests/Fixtures/shop", to: "shop")
    let kubectl = try await machine.run(Machine.checkout.appending("scripts/kubectl.sh"), [])
    try #require(kubectl.succeeded, "\(kubectl.errorText)")
    let setting = ["KUBECTL": String(kubectl.outputText.split(separator: "\n").last ?? "")]
    _ = try await machine.outfit("trust", "--locked", at: "shop")
    let render = try await machine.outfit("render", at: "shop")
    try #require(render.status == 0, "\(render.errorText)")
    for (number, item) in cases.enumerated() {
      let folder = "case\(number)"
      _ = try await machine.run("/bin/cp", ["-R", "shop", folder])
      try await item.change(machine, folder)
      _ = try await machine.outfit("trust", at: folder)
      let proof = try await machine.outfit("parity", "--fresh", at: folder, setting: setting)
      #expect(proof.status == (item.holds ? 0 : 3), "\(item.what): \(proof.outputText)\(proof.errorText)")
      #expect(
        proof.outputText.hasPrefix(item.holds ? "proved" : "failed"), "\(item.what): \(proof.errorText)")
      try machine.files.removeTree(machine.home.appending(folder))
    }
  }
}
