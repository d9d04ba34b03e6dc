import OutfitCore
import OutfitEngine
import OutfitInterpreters
import OutfitSystem
import SystemPackage

/// Why something is there that no layer asks for: Outfit wants it for itself, wherever it is up.
struct OwnReason {
  private let name: String
  private let value: String
  private let purpose: String

  /// - Returns: nil for what is not Outfit's own.
  static func find(_ name: String, _ session: Session) throws -> OwnReason? {
    let host = session.host
    guard let machine = try Generations.current(.machine, host: host) else { return nil }
    let bin = session.short(host.places.bin)
    if name == "outfit", let claim = machine.claims.first(where: { $0.name == name }) {
      return OwnReason(
        name: name, value: claim.label, purpose: "Outfit itself, so that new shells and git hooks find it")
    }
    let files = machine.targets.filter { target in
      target.blocks.contains { $0.identifier == ShellSetup.identifier }
    }
    if name == "PATH", !files.isEmpty {
      return OwnReason(
        name: name,
        value:
          "\(bin) first, by a block in \(files.map { session.short($0.target) }.joined(separator: ", "))",
        purpose: "Outfit itself, so that its commands are found")
    }
    let path =
      name.hasPrefix("~/") ? host.user.home.pushing(FilePath(String(name.dropFirst(2)))) : FilePath(name)
    let places = [host.workingDirectory, host.user.home].map { $0.pushing(path).lexicallyNormalized() }
    guard let file = files.first(where: { places.contains($0.target) }) else { return nil }
    return OwnReason(
      name: session.short(file.target), value: "a block that puts \(bin) first on PATH",
      purpose: "Outfit itself, so that its commands are found")
  }

  func text(style: Style) -> String {
    "\(style.bold(name.harmless))\n  \(style.dim("is"))         \(value.harmless)\n  \(style.dim("set by"))     \(purpose)\n"
  }

  var json: JSONText {
    .object([
      "path": .string(name), "value": .string(value),
      "source": .object(["layer": .string("outfit"), "place": .null]), "overrode": .array([]),
      "lockedBy": .null, "pin": .null,
    ])
  }
}
