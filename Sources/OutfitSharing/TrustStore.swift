import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSystem
import SystemPackage

/// What this user has consented to: for each address of a layer, the digest of all that it can do.
public struct TrustStore: Sendable {
  private let host: Host
  private let sources: SourceDigests

  public init(host: Host, sources: SourceDigests? = nil) {
    self.host = host
    self.sources = sources ?? SourceDigests(.machine, host: host)
  }

  private var folder: FilePath { host.places.state.appending("trust") }

  /// A git layer is known by its address without the commit, which the digest stands for.
  private func file(_ layer: Layer, in project: FilePath?) -> FilePath {
    folder.appending(Digest(of: Self.name(layer, in: project)).short(40))
  }

  /// - Parameter project: where a manifest is applied that lies elsewhere: consent to it is for that folder alone.
  private static func name(_ layer: Layer, in project: FilePath?) -> String {
    if let project { return "\(layer.folder) in \(project)" }
    guard let commit = layer.commit else { return layer.folder.string }
    return layer.address.hasSuffix("@\(commit)")
      ? String(layer.address.dropLast(commit.count + 1)) : layer.address
  }

  /// The lines of a record, each with a value.
  private static let fields = ["layer", "digest", "commit", "granted"]

  public func isTrusted(_ content: LayerContent, in project: FilePath? = nil) throws -> Bool {
    let path = file(content.layer, in: project)
    guard let text = try host.files.text(path) else { return false }
    let lines = text.split(separator: "\n")
    let isWhole =
      text.hasSuffix("\n") && lines.count == Self.fields.count
      && zip(lines, Self.fields).allSatisfy { $0.hasPrefix($1 + " ") }
    guard isWhole else {
      let aside = Generations.putAside(path, host: host)
      host.terminal.talk(
        "warning: what was consented to for \(Self.name(content.layer, in: project)) can't be read, so it is asked again"
          + (aside.map { "; the record is kept as \($0)" } ?? "") + "\n")
      return false
    }
    return try lines.contains("digest \(digest(of: content))")
      && lines.contains("layer \(Self.name(content.layer, in: project))")
  }

  /// Remembers consent to a layer as it is now.
  public func record(_ content: LayerContent, in project: FilePath? = nil) throws {
    let text = """
      layer \(Self.name(content.layer, in: project))
      digest \(try digest(of: content))
      commit \(content.layer.commit ?? "-")
      granted \(host.clock.now())

      """
    try host.files.createDirectories(folder, mode: 0o700)
    let path = file(content.layer, in: project)
    let new = folder.appending(".\(path.lastComponent?.string ?? "").new")
    try host.files.removeTree(new)
    try host.files.create(new, Array(text.utf8), mode: 0o600)
    try host.files.rename(new, to: path)
  }

  /// Takes consent back; nothing there is no error.
  public func forget(_ layer: Layer) throws { try host.files.removeTree(file(layer, in: nil)) }

  /// Over the manifest and every file that it names: names, contents, links, and what may be executed.
  public func digest(of content: LayerContent) throws -> Digest {
    var digest = Digest.Running()
    digest.field("outfit trust 1")
    digest.field(content.manifest.hex)
    for path in content.files {
      var name = path
      _ = name.removePrefix(content.layer.folder)
      try feed(path, named: name.string, &digest)
    }
    if let path = content.requirements, let text = try host.files.text(path) {
      for line in text.split(separator: "\n") where line.hasPrefix("-") || line.contains("://") {
        digest.field(String(line))
      }
    }
    return digest.finish()
  }

  private func feed(_ path: FilePath, named name: String, _ digest: inout Digest.Running) throws {
    digest.field(name)
    guard let status = try host.files.status(path, followLinks: false) else {
      digest.field("absent")
      return
    }
    switch status.kind {
    case .link:
      digest.field("link \(try host.files.readLink(path))")
      // Where the link leads is what would be copied.
      if let target = try host.files.status(path, followLinks: true), target.kind == .file {
        digest.field(Digest(of: try host.files.read(path)).hex)
      }
    case .directory:
      digest.field("folder")
      for entry in try host.files.list(path) where entry != ".git" {
        try feed(path.appending(entry), named: name.isEmpty ? entry : name + "/" + entry, &digest)
      }
    case .file:
      digest.field("file \(status.mode & 0o100)")
      digest.field(try sources.look(path, named: path.string, status).digest.hex)
    case .other: digest.field("other")
    }
  }
}
