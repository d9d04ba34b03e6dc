import OutfitCore
import OutfitEngine
import OutfitProfile

/// Where the releases of a language are published, or the mirror that stands for it.
///
/// A mirror is `mirror:` of the manifest, or `OUTFIT_MIRROR` with `/python` or `/node` behind it. It holds what the
/// release host holds, under the same names, and nothing is asked of the release host then.
public struct ReleaseHost {
  let language: Language
  let mirror: String?

  public init(_ language: Language, _ section: InterpreterSection, _ environment: [String: String]) {
    self.language = language
    func plain(_ address: String) -> String {
      var address = address
      while address.hasSuffix("/") { address.removeLast() }
      return address
    }
    let general = environment["OUTFIT_MIRROR"].flatMap { $0.isEmpty ? nil : "\(plain($0))/\(language)" }
    mirror = section.mirror.map(plain) ?? general
  }

  /// - Throws: `Failure`, status 2, for an `OUTFIT_MIRROR` that is no address.
  public static func check(_ environment: [String: String]) throws(Failure) {
    guard let mirror = environment["OUTFIT_MIRROR"], !mirror.isEmpty,
      !["http://", "https://", "file:///"].contains(where: mirror.hasPrefix)
    else { return }
    throw Failure(
      "OUTFIT_MIRROR is `\(mirror.harmless)`, which is no address of a mirror",
      hint: mirror.hasPrefix("/")
        ? "export OUTFIT_MIRROR=file://\(mirror)" : "it takes http://…, https://… or file:///…",
      status: .usage)
  }

  /// For people.
  var name: String {
    mirror ?? (language == .python ? "the release host of python-build-standalone" : "nodejs.org")
  }

  private var base: String {
    mirror
      ?? (language == .python
        ? "https://github.com/astral-sh/python-build-standalone/releases/download"
        : "https://nodejs.org/dist")
  }

  /// The list of all releases: lines of JSON for Python, one JSON array for Node.
  var index: [String] {
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
