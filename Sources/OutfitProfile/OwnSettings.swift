import OutfitCore
import OutfitSystem
import SystemPackage

/// Who may have signed the commits of a repository: a line of `signers:`.
public struct SignerRule: Hashable, Sendable {
  /// A repository by its host and path; with a slash at its end all whose name begins so.
  public let repository: String
  /// In the form of allowed_signers files (ssh-keygen(1), "ALLOWED SIGNERS").
  public let allowed: String

  /// - Parameter pattern: an address of a repository, or the beginning of one with a slash at its end.
  /// - Returns: nil for what is neither.
  init?(_ pattern: String, allowed: String) {
    guard let repository = Self.canonical(pattern) else { return nil }
    (self.repository, self.allowed) = (repository, allowed)
  }

  /// `github:acme/`, `git@github.com:acme/` and `https://github.com/acme/` are the same.
  static func canonical(_ pattern: String) -> String? {
    let isBeginning = pattern.hasSuffix("/")
    // An address that names a repository, so that all that it is written by becomes one.
    let whole = isBeginning ? "\(pattern)x" : pattern
    let address: GitAddress?
    do { address = try GitAddress(whole) } catch { return nil }
    let name =
      if let address {
        address.reference == nil && address.subfolder.isEmpty ? Self.name(of: address) : nil
      } else {
        // `HOST/PATH`
        whole.hasPrefix("/") || whole.contains("@") ? nil : GitRemote(whole)?.description
      }
    return name.map { isBeginning ? String($0.dropLast()) : $0 }
  }

  private static func name(of address: GitAddress) -> String {
    GitRemote(url: address.repository)?.description ?? address.repository
  }

  public func counts(for address: GitAddress) -> Bool {
    let name = Self.name(of: address)
    // Hosts that people share take names in small and in capital letters for the same.
    let (given, wanted) = (name.lowercased(), repository.lowercased())
    return wanted.hasSuffix("/") ? given.hasPrefix(wanted) : given == wanted
  }
}

/// What the user and the keeper of a machine say about layers from git, before any of these is read.
public struct OwnSettings: Sendable {
  /// The branch or tag that addresses without one follow, where their repository has it.
  public var channel: String?
  /// A commit has to comply with each that counts for its repository.
  public var signers: [SignerRule] = []

  public init() {}

  /// What is wrong with the manifest of an own layer that is to be.
  public static func mistakes(in bytes: [UInt8], as file: String, _ host: Host) -> [Diagnostic] {
    let path = host.places.personalManifest
    let layer = Layer(
      kind: .personal, name: "your own layer", address: "", folder: path.removingLastComponent(),
      manifest: path)
    return ManifestReader.read(bytes, layer: layer, file: file, scope: .machine).diagnostics.filter {
      $0.severity == .error
    }
  }

  /// Mistakes are said when the profile is read, and nothing is done then.
  public static func read(
    _ host: Host, systemManifest: FilePath = "/etc/outfit/outfit.yaml"
  ) -> OwnSettings {
    var settings = OwnSettings()
    for (path, kind) in [(systemManifest, Layer.Kind.system), (host.places.personalManifest, .personal)] {
      guard let bytes = try? host.files.read(path, limit: FileBound.text) else { continue }
      let layer = Layer(
        kind: kind, name: "", address: "", folder: path.removingLastComponent(), manifest: path)
      let manifest = ManifestReader.read(bytes, layer: layer, file: path.string, scope: .machine).manifest
      settings.channel = manifest.channel?.name ?? settings.channel
      for (pattern, texts) in manifest.signers.sorted(by: { $0.key < $1.key }) {
        let lines = texts.map { Self.lines($0.text, layer, host) }
        if let rule = SignerRule(pattern, allowed: lines.joined(separator: "\n") + "\n") {
          settings.signers.append(rule)
        }
      }
    }
    return settings
  }

  /// A line, or those of the file that it names; a file that can't be read allows nobody.
  private static func lines(_ text: String, _ layer: Layer, _ host: Host) -> String {
    if text.contains(" ") { return text }
    let path = layer.folder.pushing(FilePath(text)).lexicallyNormalized()
    return (try? host.files.text(path)) ?? ""
  }
}
