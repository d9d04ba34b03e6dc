import OutfitProfile
import OutfitSystem
import SystemPackage

/// Which effects were run, and as what: they can't be undone, so this is no part of a generation.
public enum EffectReceipts {
  private static func path(_ scope: Scope, _ host: Host) -> FilePath {
    host.places.state(of: scope).appending("effects")
  }

  /// Label to fingerprint. A file that can't be read counts as empty, and the effects run again.
  public static func read(_ scope: Scope, host: Host) throws -> [String: String] {
    let path = path(scope, host)
    guard try host.files.status(path, followLinks: false) != nil else { return [:] }
    guard let rows = try? Rows.read(try host.files.read(path), "outfit-effects", version: 1).rows else {
      if let aside = Generations.putAside(path, host: host) {
        host.terminal.talk("warning: the receipts of scripts can't be read; they are kept as \(aside)\n")
      }
      return [:]
    }
    return Dictionary(rows.filter { $0.count == 2 }.map { ($0[0], $0[1]) }, uniquingKeysWith: { $1 })
  }

  /// Adds effects that were run.
  public static func record(_ effects: [Effect], scope: Scope, host: Host) throws {
    guard !effects.isEmpty else { return }
    try Generations.prepare(scope, host: host)
    var receipts = try read(scope, host: host)
    for effect in effects { receipts[effect.label] = effect.fingerprint }
    var rows = Rows.Writer("outfit-effects", version: 1)
    for (label, fingerprint) in receipts.sorted(by: { $0.key < $1.key }) { rows.row(label, fingerprint) }
    let path = path(scope, host)
    let temporary = FilePath(path.string + ".new")
    try host.files.removeTree(temporary)
    try host.files.create(temporary, rows.finished(), mode: 0o600)
    try host.files.synchronize(temporary)
    try host.files.rename(temporary, to: path)
  }
}
