import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// What lets a run with nothing to do end at once: how every input and every output looked after the last
/// complete `up`.
public enum CompiledPlan {
  /// Writes the compiled plan of a scope, after a complete `up`. Targets, commands and the dispatch table of
  /// the current generation are among the outputs without being named.
  /// - Parameters:
  ///   - arguments: a digest over everything else that decides: options, environment variables.
  ///   - inputs: manifests of all layers (those that are absent too), locks, dotfile sources with their
  ///     folders, the trust record.
  ///   - outputs: receipts of objects, adopted programs.
  public static func write(
    for scope: Scope, version: String, arguments: Digest, inputs: [FilePath], outputs: [FilePath],
    summary: String, host: Host
  ) throws {}

  /// The summary line of the last run when nothing has changed since; nil when `up` must look closer.
  public static func current(
    for scope: Scope, version: String, arguments: Digest, host: Host
  ) -> String? { nil }
}
