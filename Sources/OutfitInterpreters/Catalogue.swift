import OutfitCore
import OutfitEngine
import OutfitProfile
import SystemPackage

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What could be installed: the releases that are published for this platform, and what the machine has
/// already.
public struct Catalogue: Hashable, Sendable {
  /// The newest first.
  public var versions: [Version]
  /// When they came out, as `2026-11-02`, where that is known.
  public var dates: [Version: String]
  /// Where that is known from, for people: `nodejs.org`.
  public var source: String
  /// Node's codenames, where the index says them.
  public var longTerm: LongTermLines?

  public init(
    versions: [Version], dates: [Version: String] = [:], source: String, longTerm: LongTermLines? = nil
  ) {
    self.longTerm = longTerm
    self.versions = Set(versions).sorted(by: >)
    self.dates = dates
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
      switch language {
      case .python:
        guard let releases = inquirer.releases(host) else { return nil }
        let catalogue = catalogue(of: releases, host.name)
        if !catalogue.versions.isEmpty { return catalogue }
      case .node:
        guard let document = inquirer.document(host.index) else { return nil }
        let bytes = (try? document.get()) ?? []
        let versions = NodeReleases.versions(bytes)
        if !versions.isEmpty {
          return Catalogue(
            versions: versions, dates: Self.dates(bytes), source: host.name,
            longTerm: LongTermLines(index: bytes))
        }
      }
      let silence = host.mirror == nil ? "" : ", since the mirror \(host.name) has no index that can be read"
      guard let found = inquirer.interpreters(.python), inquirer.knowsIndexes(context),
        let runner = Runner.best(of: found)
      else { return nil }
      switch language {
      case .python:
        guard let uv = try? UvRuns(context, python: .path(runner), provider: nil),
          let files = inquirer.collected(uv.pythonIndex), let bytes = files[UvRuns.indexFile]
        else { return nil }
        let packaged = catalogue(
          of: PythonReleases.packaged(bytes), "the index in the Python package pbs-installer\(silence)")
        return packaged.versions.isEmpty ? nil : packaged
      case .node:
        guard let files = inquirer.collected(NodeWheels.inquiry(runner, context)) else { return nil }
        let versions = NodeWheels.versions(files)
        return versions.isEmpty
          ? nil : Catalogue(versions: versions, source: "the Python package \(UvRuns.nodePackage)\(silence)")
      }
    }

    /// Of this platform. A version came out with the first build of it.
    private func catalogue(of releases: [Release], _ source: String) -> Catalogue {
      let key = context.platform.key
      let here = releases.filter { $0.artifacts[key] != nil || $0.undigested.contains(key) }
      var dates: [Version: String] = [:]
      for release in here {
        guard let build = release.build, build.count == 8 else { continue }
        let date = "\(build.prefix(4))-\(build.dropFirst(4).prefix(2))-\(build.suffix(2))"
        dates[release.version] = min(dates[release.version] ?? date, date)
      }
      return Catalogue(versions: here.map(\.version), dates: dates, source: source)
    }

    private struct Dated: Decodable {
      let version: String
      let date: String?
    }

    /// Out of Node's index.json.
    private static func dates(_ bytes: [UInt8]) -> [Version: String] {
      let entries = (try? JSONDecoder().decode([Dated].self, from: Data(bytes))) ?? []
      return Dictionary(
        entries.compactMap { entry in Version(entry.version).flatMap { v in entry.date.map { (v, $0) } } },
        uniquingKeysWith: { first, _ in first })
    }
  }
}

/// Which Nodes come as Python packages.
enum NodeWheels {
  /// pip can list what an index has of a package; uv can't.
  static func inquiry(_ python: FilePath, _ context: Context) -> Inquiry {
    Inquiry(
      label: "looking up Node releases", objects: [],
      steps: [
        Step(
          .path(python),
          [
            "-m", "pip", "index", "versions", "--disable-pip-version-check", "--no-color", "--only-binary",
            ":all:",
            .text(UvRuns.nodePackage),
          ], needsNetwork: true, outputFile: listing,
          surroundings: IndexSettings(context).pipIndex.mapValues { .text($0) })
      ], collect: [listing])
  }

  private static let listing = "versions.txt"

  /// The line `Available versions: 24.1.0, 24.0.2` of what was collected.
  static func versions(_ files: [String: [UInt8]]) -> [Version] {
    let text = String(decoding: files[listing] ?? [], as: UTF8.self)
    let start = "Available versions:"
    guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix(start) }) else { return [] }
    return line.dropFirst(start.count).split(separator: ",").compactMap { piece in
      Version(piece.filter { !$0.isWhitespace })
    }
  }
}
