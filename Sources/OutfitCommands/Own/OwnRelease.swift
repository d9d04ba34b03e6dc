import OutfitCore
import OutfitEngine
import OutfitSharing
import OutfitSystem
import SystemPackage

/// A release of Outfit in the store, where `outfit self update` puts it.
struct OwnRelease: Hashable, Sendable {
  /// As its file's name has it.
  var version: String
  var digest: Digest

  /// A file of the object that says what it is of, so that the release that runs knows its own object.
  private static let name = ".release"

  /// Of the `outfit` that runs; nil where it is none of the store's.
  static func running(_ host: Host) -> OwnRelease? {
    let executable = Installation.locate(host).executable
    guard executable.isAtOrBelow(host.places.store) else { return nil }
    let root = executable.removingLastComponent().removingLastComponent()
    guard let text = try? host.files.text(root.appending(name)) else { return nil }
    let lines = text.split(separator: "\n").map(String.init)
    guard lines.count == 2, let digest = Digest(lines[1]) else { return nil }
    return OwnRelease(version: lines[0], digest: digest)
  }

  /// - Parameter addresses: of its tarball; none where it stands already.
  func object(addresses: [String] = [], store: FilePath) -> Object {
    let note = TreeEntry(Self.name, .file(Array("\(version)\n\(digest)\n".utf8), mode: 0o644))
    return Object(
      name: "outfit-\(version)", label: "outfit \(version)",
      recipe: .unpack(
        Unpack(
          artifact: Artifact(addresses: addresses, digest: digest, name: "outfit \(version)"), format: .tar,
          strip: 1, additions: [note])),
      checks: [
        .exists("libexec/outfit-shim"), .exists("share/outfit/profiles"), .runs("bin/outfit", ["--version"]),
      ],
      store: store)
  }

  static let program = "bin/outfit"
}

/// The link by which an installed Outfit is on PATH: PREFIX/bin/outfit, where install.sh made it.
enum OwnLink {
  /// Where it leads to the Outfit that runs.
  static func find(_ host: Host) -> FilePath? {
    let executable = Installation.locate(host).executable
    if executable.isAtOrBelow(host.places.data), let link = installed(host),
      target(of: link, host) == executable
    {
      return link
    }
    // PREFIX/share/outfit/self/VERSION/bin/outfit
    var folder = executable
    for _ in 0..<2 { folder.removeLastComponent() }
    guard folder.removingLastComponent().lastComponent?.string == "self" else { return nil }
    for _ in 0..<4 { folder.removeLastComponent() }
    let link = folder.appending("bin").appending("outfit")
    return target(of: link, host) == executable ? link : nil
  }

  /// The one in HOME, where it leads to any Outfit below Outfit's own data.
  static func installed(_ host: Host) -> FilePath? {
    let link = host.user.home.pushing(FilePath(".local/bin/outfit"))
    return target(of: link, host)?.isAtOrBelow(host.places.data) == true ? link : nil
  }

  private static func target(of link: FilePath, _ host: Host) -> FilePath? {
    (try? host.files.readLink(link)).map {
      link.removingLastComponent().pushing(FilePath($0)).lexicallyNormalized()
    }
  }
}
