import OutfitConsent
import OutfitCore
import OutfitEngine
import OutfitInterpreters
import OutfitProfile
import OutfitSystem
import SystemPackage

/// What could be installed, asked of the published index and kept in the cache for times without a network.
struct InterpreterCatalogue {
  let catalogue: Catalogue
  /// Seconds since 1970 when the index was asked.
  let time: Int64
  /// It was not asked now: why.
  let reason: String?

  static func load(_ language: Language, _ session: Session, isOffline: Bool) async throws
    -> InterpreterCatalogue
  {
    let host = session.host
    let file = cacheFile(language, host)
    var reason = "--offline was given"
    try ReleaseHost.check(host.environment)
    if !isOffline {
      let progress = TerminalProgress(host: host)
      let place = (try? ProfilePlace.adopted(host)) ?? ProfilePlace(scope: .machine, address: "")
      // The mirrors of a profile count once somebody has consented to them.
      let consented = try? Consent(host: host).standing(for: try await place.load(session))
      var preparation = try Preparation(
        session, consented ?? .generation(.machine), mode: .live, progress: progress)
      if let catalogue = try await preparation.ask({ Catalogue.ask(language, $0) }) {
        let fresh = InterpreterCatalogue(catalogue: catalogue, time: host.clock.now(), reason: nil)
        try? OwnFile.write(fresh.text, to: file, host)
        if let lines = catalogue.longTerm { try? lines.keep(host) }
        return fresh
      }
      reason = "no index answers"
    }
    guard
      let kept = (try? host.files.text(file)).flatMap({ $0 }).flatMap({
        InterpreterCatalogue($0, reason: reason)
      })
    else {
      throw Failure(
        "what \(language.title) there is can't be found out: \(reason), and it was not asked before",
        hint: isOffline ? "run it once without --offline" : "name a mirror of the releases in OUTFIT_MIRROR")
    }
    return kept
  }

  /// A list for each mirror.
  private static func cacheFile(_ language: Language, _ host: Host) -> FilePath {
    let mirror = Digest(of: host.environment["OUTFIT_MIRROR"] ?? "").short(8)
    return host.places.cache.appending("catalogues").appending("\(language)-\(mirror)")
  }

  private static let heading = "outfit-catalogue 1"

  private var text: String {
    ([Self.heading, String(time), catalogue.source] + catalogue.versions.map(\.description)).joined(
      separator: "\n") + "\n"
  }

  private init(catalogue: Catalogue, time: Int64, reason: String?) {
    self.catalogue = catalogue
    self.time = time
    self.reason = reason
  }

  private init?(_ text: String, reason: String) {
    let lines = text.split(separator: "\n").map(String.init)
    guard lines.count > 3, lines[0] == Self.heading, let time = Int64(lines[1]) else { return nil }
    self.init(
      catalogue: Catalogue(versions: lines[3...].compactMap { Version($0) }, source: lines[2]), time: time,
      reason: reason)
  }

  /// `from nodejs.org`, or how old it is and why it was not asked again.
  func provenance(now: Int64) -> String {
    guard let reason else { return "from \(catalogue.source)" }
    return
      "from \(catalogue.source), as it was \(Self.age(now - time)) ago (\(DateText.utc(time)) UTC): \(reason)"
  }

  static func age(_ seconds: Int64) -> String {
    func count(_ number: Int64, _ unit: String) -> String { "\(number) \(unit)\(number == 1 ? "" : "s")" }
    switch seconds {
    case ..<90: return count(max(0, seconds), "second")
    case ..<5400: return count((seconds + 30) / 60, "minute")
    case ..<129_600: return count((seconds + 1800) / 3600, "hour")
    default: return count((seconds + 43200) / 86400, "day")
    }
  }
}
