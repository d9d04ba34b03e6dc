import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// Contents that may be the user's, put aside in `recovered` below Outfit's state, for them to take or to throw away.
enum Recovered {
  static let name = "recovered"

  static func folder(_ host: Host) -> FilePath { host.places.state.appending(name) }

  static func keep(_ bytes: [UInt8], as name: String, _ host: Host) throws(FileError) -> FilePath {
    try host.files.createDirectories(folder(host), mode: 0o700)
    let path = folder(host).appending(name)
    try host.files.removeTree(path)
    try host.files.create(path, bytes, mode: 0o600)
    return path
  }

  /// Where records of generations are damaged or gone, nobody knows whose the contents are that they alone spoke of:
  /// all that no other record explains are put aside.
  static func keepUnknown(_ scope: Scope, _ host: Host) throws {
    let all = try Generations.list(scope, host: host)
    guard try all.isEmpty || !Generations.lost(scope, host: host).isEmpty else { return }
    let blobs = Generations.blobs(scope, host: host)
    let known = all.reduce(into: Set<Digest>()) { $0.formUnion($1.contents) }
    for digest in try blobs.all().subtracting(known).sorted(by: { $0.hex < $1.hex }) {
      guard let bytes = try blobs.read(digest) else { continue }
      try host.files.synchronize(try keep(bytes, as: "unknown-\(digest.short(16))", host))
    }
  }
}
