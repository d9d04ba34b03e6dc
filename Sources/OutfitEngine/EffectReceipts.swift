import OutfitProfile
import OutfitSystem
import SystemPackage

/// Which effects were run, and as what: they can't be undone, so this is no part of a generation.
public enum EffectReceipts {
  /// That an effect was run.
  public struct Receipt: Hashable, Sendable {
    /// For people.
    public var label: String
    public var fingerprint: String
  }

  private static let format = "outfit-effects"
  private static let version = 2

  private static func path(_ scope: Scope, _ host: Host) -> FilePath {
    host.places.state(of: scope).appending("effects")
  }

  /// A file that can't be read counts as empty, and the effects run again.
  public static func read(_ scope: Scope, host: Host) throws -> [Effect.Identity: Receipt] {
    let path = path(scope, host)
    guard try host.files.status(path, followLinks: false) != nil else { return [:] }
    guard let rows = try? Rows.read(try host.files.read(path), format, version: version).rows else {
      if let aside = host.putAside(path) {
        host.terminal.talk("warning: the receipts of scripts can't be read; they are kept as \(aside)\n")
      }
      return [:]
    }
    return Dictionary(
      rows.filter { $0.count == 4 }.map {
        (Effect.Identity(layer: $0[0], entry: $0[1]), Receipt(label: $0[2], fingerprint: $0[3]))
      }, uniquingKeysWith: { $1 })
  }

  /// Adds effects that were run.
  public static func record(_ effects: [Effect], scope: Scope, host: Host) throws {
    guard !effects.isEmpty else { return }
    try Generations.prepare(scope, host: host)
    var receipts = try read(scope, host: host)
    for effect in effects {
      receipts[effect.identity] = Receipt(label: effect.label, fingerprint: effect.fingerprint)
    }
    var rows = Rows.Writer(format, version: version)
    for (identity, receipt) in receipts.sorted(by: {
      ($0.key.layer, $0.key.entry) < ($1.key.layer, $1.key.entry)
    }) {
      rows.row(identity.layer, identity.entry, receipt.label, receipt.fingerprint)
    }
    let path = path(scope, host)
    let temporary = FilePath(path.string + ".new")
    try host.files.removeTree(temporary)
    try host.files.create(temporary, rows.finished(), mode: 0o600)
    try host.files.synchronize(temporary)
    try host.files.rename(temporary, to: path)
  }
}

extension [Effect.Identity: EffectReceipts.Receipt] {
  /// Whether an effect without a probe is to be run.
  func wants(_ effect: Effect) -> Bool { self[effect.identity]?.fingerprint != effect.fingerprint }
}
