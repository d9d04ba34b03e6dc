import ArgumentParser
import OutfitConsent
import OutfitCore
import OutfitEngine
import OutfitInterpreters
import OutfitProfile
import OutfitSystem
import SystemPackage

/// What Tab offers where a value is wanted: what is here, by what is on disk alone. A shell asks for it at every key, so
/// that nothing is said, built or fetched, and what can't be read is not offered.
enum Completions {
  /// What the verbs that take a profile take: those that came with this Outfit, and folders.
  static let profiles = kind { host, prefix in ProfilePlace.shipped(host) + folders(prefix, host) }

  /// Tools that are here, of this machine and of the project that one stands in.
  static let tools = kind { host, _ in labels(host) }

  /// Tools, interpreters and layers whose pins move.
  static let pins = kind { host, _ in
    labels(host) + Language.allCases.map(\.rawValue) + layerNames(host).map { "layer:\($0)" }
  }

  static let layers = kind { host, _ in layerNames(host) }

  /// Commands that Outfit answers to.
  static let commands = kind { host, _ in current(host).flatMap { $0.claims.map(\.name) } }

  /// What `why` explains.
  static let reasons = kind { host, prefix in
    guard !prefix.contains("/") && !prefix.hasPrefix("~") else { return [] }
    return labels(host) + current(host).flatMap { $0.claims.map(\.name) } + ["PATH"]
  }

  /// The generations of the scope that one stands in.
  static let generations = kind { host, _ in
    let scope = ((try? Project.find(host)) ?? nil)?.scope ?? .machine
    return ["0"] + ((try? Generations.list(scope, host: host)) ?? []).map { "\($0.number)" }
  }

  static let runs = kind { host, _ in ((try? RunLog.numbers(host)) ?? []).map { "\($0)" } }

  static let trusted = kind { host, _ in ((try? TrustStore(host: host).all()) ?? []).map(\.name) }

  /// Versions that are installed.
  static func installed(_ language: Language) -> CompletionKind {
    .custom { _, _, _ in
      guard let host = try? Host.live(needsFolder: false),
        let installed = try? await InstalledInterpreters(Session(host: host), language)
      else { return [] }
      return unique(installed.rows.filter(\.isThere).map { $0.virtualenv ?? $0.version.description })
    }
  }

  /// Versions that could be installed, as the index was when it was last asked: the series first.
  static func published(_ language: Language) -> CompletionKind {
    .custom { _, _, _ in
      guard let host = try? Host.live(needsFolder: false),
        let known = try? await InterpreterCatalogue.load(language, Session(host: host), isOffline: true)
      else { return [] }
      let versions = known.catalogue.versions
      return unique(
        Catalogue(versions: versions, source: "").series(language).map(\.0) + versions.map(\.description))
    }
  }

  // MARK: How

  private static func kind(
    _ values: @escaping @Sendable (Host, _ prefix: String) -> [String]
  ) -> CompletionKind {
    .custom { _, _, prefix in
      (try? Host.live(needsFolder: false)).map { unique(values($0, prefix)) } ?? []
    }
  }

  private static func unique(_ values: [String]) -> [String] {
    var seen: Set<String> = []
    return values.filter { !$0.isEmpty && $0 == $0.harmless && seen.insert($0).inserted }
  }

  private static func current(_ host: Host) -> [Generation] {
    let scopes = [((try? Project.find(host)) ?? nil)?.scope, .machine].compactMap(\.self)
    return scopes.compactMap { (try? Generations.current($0, host: host)) ?? nil }
  }

  /// Names of what commands come from, without versions.
  private static func labels(_ host: Host) -> [String] {
    current(host).flatMap { ToolLabels.of($0.claims, besides: $0.interpreters) }
      .map { String($0.prefix { $0 != " " }) }
  }

  /// What the profiles here are called.
  private static func layerNames(_ host: Host) -> [String] {
    current(host).map(\.profile.name)
  }

  /// Folders that begin so, each with a slash, as a shell offers them.
  private static func folders(_ prefix: String, _ host: Host) -> [String] {
    let cut = prefix.lastIndex(of: "/").map { prefix.index(after: $0) } ?? prefix.startIndex
    let outer = String(prefix[..<cut])
    let path =
      outer.hasPrefix("~/")
      ? host.user.home.pushing(FilePath(String(outer.dropFirst(2))))
      : host.workingDirectory.pushing(FilePath(outer))
    let isHidden = prefix[cut...].hasPrefix(".")
    let names = ((try? host.files.list(path)) ?? []).filter { $0.hasPrefix(".") == isHidden }
    return names.filter {
      ((try? host.files.status(path.appending($0), followLinks: true)) ?? nil)?.kind == .directory
    }.map { "\(outer)\($0)/" }
  }
}
