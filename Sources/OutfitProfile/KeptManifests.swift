import OutfitCore
import OutfitSystem
import SystemPackage

/// The manifests that a user keeps for repositories that carry none: `projects/NAME/outfit.yaml` in Outfit's folder of
/// configuration, each with the remotes that it is for.
///
///     remote: github.com/acme/shop
public struct KeptManifests: Sendable {
  /// One line that names a remote.
  public struct Line: Hashable, Sendable {
    public var remote: GitRemote
    /// The folder of the manifest.
    public var folder: FilePath
    public var location: SourceLocation
  }

  public private(set) var lines: [Line] = []
  /// Manifests that no repository can find.
  public private(set) var problems: [Diagnostic] = []

  public static func folder(_ host: Host) -> FilePath { host.places.config.appending("projects") }

  public init(_ host: Host) throws(FileError) {
    let projects = Self.folder(host)
    guard host.files.exists(projects) else { return }
    let loader = ProfileLoader(host: host)
    for name in try host.files.list(projects) {
      let folder = projects.appending(name)
      let manifest = folder.appending(ProfileLoader.manifestName)
      let file = loader.display(manifest)
      guard let status = try? host.files.status(manifest, followLinks: true), status.kind == .file,
        let bytes = try? host.files.read(manifest, limit: 16 << 20)
      else { continue }
      let named = Self.remotes(bytes, file: file)
      if named.isEmpty {
        problems.append(
          Diagnostic(
            .warning, "\(file) names no remote, so it is for no repository",
            at: SourceLocation(file: file), hint: "add a line: `remote: github.com/OWNER/NAME`"))
      }
      for (text, location) in named {
        guard let remote = GitRemote(text) else {
          problems.append(
            Diagnostic(
              .warning, "`\(text)` is not the address of a repository, so none is found by it", at: location,
              hint: "write it as `git remote -v` shows it, or `github.com/OWNER/NAME`"))
          continue
        }
        lines.append(Line(remote: remote, folder: folder, location: location))
      }
    }
  }

  /// The folder of the manifest for a repository with these remotes; nil where there is none.
  /// - Throws: status 2, when two are for it, with both lines.
  public func folder(for remotes: [GitRemote]) throws(Failure) -> FilePath? {
    let matches = lines.filter { remotes.contains($0.remote) }
    guard let first = matches.first else { return nil }
    if let other = matches.first(where: { $0.folder != first.folder }) {
      throw Failure(
        "two manifests of yours are for this repository: \(first.location) names \(first.remote), and \(other.location) names \(other.remote)",
        at: other.location, hint: "take one of these lines out", status: .usage)
    }
    return first.folder
  }

  /// The texts of `remote:`; of a manifest with mistakes in it what can be had from its lines, so that it is found, and
  /// its mistakes said.
  private static func remotes(_ bytes: [UInt8], file: String) -> [(String, SourceLocation)] {
    let reading = YamlReader.read(bytes, file: file)
    if reading.diagnostics.isEmpty {
      guard let node = reading.root?["remote"] else { return [] }
      return (node.elements ?? [node]).compactMap { node in node.text.map { ($0, node.location) } }
    }
    let lines = String(decoding: bytes, as: UTF8.self).split(
      omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    return lines.enumerated().flatMap { number, line in
      guard line.hasPrefix("remote:") else { return [(String, SourceLocation)]() }
      return line.dropFirst("remote:".count).split { " ,[]'\"".contains($0) }.map {
        (String($0), SourceLocation(file: file, line: number + 1))
      }
    }
  }
}
