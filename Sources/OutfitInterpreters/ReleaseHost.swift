import OutfitCore
import OutfitEngine
import OutfitProfile

/// Where the releases of a language are published, or the mirror that stands for it.
///
/// A mirror is `mirror:` of the manifest, or `OUTFIT_MIRROR` with `/python` or `/node` behind it. It holds what the
/// release host holds, under the same names, and nothing is asked of the release host then.
public struct ReleaseHost {
  let language: Language
  public let mirror: String?
  /// The mirror as it is written, and for people, where.
  private let named: String?
  private let setting: String

  public init(_ language: Language, _ section: InterpreterSection, _ environment: [String: String]) {
    self.language = language
    func plain(_ address: String) -> String {
      var address = address
      while address.hasSuffix("/") { address.removeLast() }
      return address
    }
    let general = environment["OUTFIT_MIRROR"].flatMap { $0.isEmpty ? nil : "\(plain($0))/\(language)" }
    mirror = section.mirror.map(plain) ?? general
    named = section.mirror ?? environment["OUTFIT_MIRROR"]
    setting = section.mirror == nil ? "OUTFIT_MIRROR" : "`mirror:`"
  }

  /// Nil where what names the mirror may be an address.
  var mistake: Diagnostic? { named.flatMap { Self.mistake($0, setting) } }

  /// - Throws: `Failure`, status 2, for an `OUTFIT_MIRROR` that is no address.
  public static func check(_ environment: [String: String]) throws(Failure) {
    if let mirror = environment["OUTFIT_MIRROR"], let mistake = mistake(mirror, "OUTFIT_MIRROR") {
      throw Failure([mistake], status: .usage)
    }
  }

  private static func mistake(_ mirror: String, _ setting: String) -> Diagnostic? {
    let schemes = ["http://", "https://", "file:///", "file://localhost/"]
    if mirror.isEmpty
      || schemes.contains(where: { mirror.lowercased().hasPrefix($0) && mirror.count > $0.count })
    {
      return nil
    }
    return Diagnostic(
      .error,
      "\(setting) names \(withoutPasswords(mirror).harmless), which is no http, https or file address",
      hint: mirror.hasPrefix("/")
        ? (setting == "OUTFIT_MIRROR" ? "export OUTFIT_MIRROR=" : "write it as ")
          + "file://\(mirror.harmless)"
        : "write it as https://host/path or file:///path")
  }

  /// Why nothing could be pinned of what it was asked; nil where it answered well, or was not asked.
  func trouble(_ facts: Facts, _ request: VersionRequest, _ platform: Platform) -> Diagnostic? {
    func trouble(_ addresses: [String], _ isGood: ([UInt8]) -> Bool) -> Diagnostic? {
      switch facts[.document(addresses)] {
      case .document(let bytes, let address):
        isGood(bytes)
          ? nil
          : Diagnostic(
            .error, "what \(withoutPasswords(address)) gave lists no release",
            hint: "see with a browser or curl what it answers; a login page is often the cause")
      case .failed(var diagnostic):
        {
          if mirror != nil, diagnostic.reason != .dryRun, diagnostic.hint == nil {
            diagnostic.hint = "see whether \(setting) names the right mirror"
          }
          return diagnostic
        }()
      default: nil
      }
    }
    switch language {
    case .python: return trouble(index) { !PythonReleases.published($0).isEmpty }
    case .node:
      var best: Version?
      let first = trouble(index) { bytes in
        let versions = NodeReleases.versions(bytes)
        best = request.best(of: versions)
        return !versions.isEmpty
      }
      guard first == nil, let best else { return first }
      return trouble(addresses(NodeReleases.checksums(of: best))) {
        NodeReleases.release(best, $0).artifacts[platform.key] != nil
      }
    }
  }

  /// For people.
  public var name: String {
    mirror.map(withoutPasswords)
      ?? (language == .python ? "the release host of python-build-standalone" : "nodejs.org")
  }

  private var base: String {
    mirror
      ?? (language == .python
        ? "https://github.com/astral-sh/python-build-standalone/releases/download"
        : "https://nodejs.org/dist")
  }

  /// The list of all releases: lines of JSON for Python, one JSON array for Node.
  public var index: [String] {
    if language == .node { return ["\(base)/index.json"] }
    let name = "python-build-standalone.ndjson"
    return [
      mirror.map { "\($0)/\(name)" } ?? "https://releases.astral.sh/github/versions/main/v1/\(name)"
    ]
  }

  /// Where a file of a release is had.
  /// - Parameter path: below the release host, as the lock has it.
  public func addresses(_ path: String) -> [String] {
    var escaped = ""
    for character in path { escaped += character == "+" ? "%2B" : String(character) }
    return ["\(base)/\(escaped)"]
  }
}
