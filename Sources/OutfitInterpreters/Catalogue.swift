import OutfitCore
import OutfitEngine
import OutfitProfile
import SystemPackage

/// What could be installed: the releases that are published for this platform, and what the machine has
/// already.
public struct Catalogue: Hashable, Sendable {
  /// The newest first.
  public var versions: [Version]
  /// Where that is known from, for people: `nodejs.org`.
  public var source: String

  public init(versions: [Version], source: String) {
    self.versions = Set(versions).sorted(by: >)
    self.source = source
  }

  /// Asks the published index, and where that does not answer, the Python package that carries the same.
  /// - Returns: nil when neither answers.
  public static func ask(_ language: Language, _ context: Context) -> Round<Catalogue?> {
    var asking = Asking(language, context)
    let catalogue = asking.run()
    return asking.inquirer.asked.isEmpty ? .done(catalogue) : .ask(asking.inquirer.asked)
  }

  /// The newest that the wish accepts.
  public func best(for wish: VersionWish) -> Version? { wish.best(of: versions) }

  /// The versions of one series, `3.13` for Python and `24` for Node, the newest series first.
  public func series(_ language: Language) -> [(name: String, versions: [Version])] {
    var order: [String] = []
    var groups: [String: [Version]] = [:]
    for version in versions {
      let name =
        language == .python
        ? version.minor + (version.isFreeThreaded ? "t" : "") : String(version.release.first ?? 0)
      if groups[name] == nil { order.append(name) }
      groups[name, default: []].append(version)
    }
    return order.map { ($0, groups[$0] ?? []) }
  }

  private struct Asking {
    let language: Language
    let context: Context
    var inquirer: Inquirer

    init(_ language: Language, _ context: Context) {
      self.language = language
      self.context = context
      inquirer = Inquirer(context.facts)
    }

    mutating func run() -> Catalogue? {
      let section = context.profile.interpreters[language]?.value ?? InterpreterSection(versions: [.latest])
      let host = ReleaseHost(language, section, context.environment)
      guard let document = inquirer.document(host.index) else { return nil }
      if case .success(let bytes) = document {
        let versions =
          language == .python
          ? here(PythonReleases.published(bytes)) : NodeReleases.versions(bytes)
        if !versions.isEmpty { return Catalogue(versions: versions, source: host.name) }
      }
      guard let found = inquirer.interpreters(.python), let runner = Runner.best(of: found) else {
        return nil
      }
      switch language {
      case .python:
        guard let uv = try? UvRuns(context, python: .path(runner), provider: nil),
          let files = inquirer.collected(uv.pythonIndex), let bytes = files[UvRuns.indexFile]
        else { return nil }
        let versions = here(PythonReleases.packaged(bytes))
        return versions.isEmpty
          ? nil : Catalogue(versions: versions, source: "the index in the Python package pbs-installer")
      case .node:
        guard let files = inquirer.collected(Self.wheels(runner)), let bytes = files[Self.listing] else {
          return nil
        }
        let versions = Self.versions(in: String(decoding: bytes, as: UTF8.self))
        return versions.isEmpty
          ? nil : Catalogue(versions: versions, source: "the Python package \(UvRuns.nodePackage)")
      }
    }

    private func here(_ releases: [Release]) -> [Version] {
      releases.filter { $0.artifacts[context.platform.key] != nil }.map(\.version)
    }

    static let listing = "versions.txt"

    /// pip can list what an index has of a package; uv can't.
    static func wheels(_ python: FilePath) -> Inquiry {
      Inquiry(
        label: "looking up Node releases", objects: [],
        steps: [
          Step(
            .path(python),
            [
              "-m", "pip", "index", "versions", "--disable-pip-version-check", "--no-color", "--only-binary",
              ":all:",
              .text(UvRuns.nodePackage),
            ], needsNetwork: true, outputFile: listing)
        ], collect: [listing])
    }

    /// The line `Available versions: 24.1.0, 24.0.2`.
    static func versions(in text: String) -> [Version] {
      let start = "Available versions:"
      guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix(start) }) else { return [] }
      return line.dropFirst(start.count).split(separator: ",").compactMap { piece in
        Version(piece.filter { !$0.isWhitespace })
      }
    }
  }
}
