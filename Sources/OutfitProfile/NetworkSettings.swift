import OutfitCore
import OutfitSystem
import SystemPackage

/// How the network is reached, as the keeper of a machine or its user says it (`network:`): what Outfit and the programs
/// that it starts find in their environment, where that has nothing of the kind yet.
public struct NetworkSettings: Hashable, Sendable {
  public var proxy: String?
  public var noProxy: [String] = []
  /// A file with the certificates of the authorities that count, absolute.
  public var certificates: String?
  public var mirror: String?
  public var imageMirror: String?
  public var debianMirror: String?
  public var npmRegistry: String?
  /// The folder of Outfit's own releases.
  public var releases: String?
  /// A file of those who may have signed them, absolute, in the form of allowed_signers files (ssh-keygen(1)).
  public var releaseSigners: String?

  public init() {}

  /// A section of a manifest; what it does not say stays.
  mutating func read(_ node: YamlNode) {
    proxy = node["proxy"]?.text ?? proxy
    if let names = node["no-proxy"] { noProxy = (names.elements ?? [names]).compactMap(\.text) }
    certificates = node["certificates"]?.text ?? certificates
    mirror = node["mirror"]?.text ?? mirror
    imageMirror = node["image-mirror"]?.text ?? imageMirror
    debianMirror = node["debian-mirror"]?.text ?? debianMirror
    npmRegistry = node["npm-registry"]?.text ?? npmRegistry
    releases = node["releases"]?.text ?? releases
    releaseSigners = node["release-signers"]?.text ?? releaseSigners
  }

  /// The variables that are to be added to an environment. One that is set there already, under any of its names and
  /// empty too, is the user's word.
  public func variables(beside environment: [String: String]) -> [String: String] {
    var found: [String: String] = [:]
    func set(_ value: String?, _ names: [String], unless others: [String] = []) {
      guard let value, (names + others).allSatisfy({ environment[$0] == nil }) else { return }
      for name in names { found[name] = value }
    }
    set(proxy, ["https_proxy"], unless: ["HTTPS_PROXY", "all_proxy", "ALL_PROXY"])
    set(proxy, ["http_proxy"], unless: ["all_proxy", "ALL_PROXY"])
    set(noProxy.isEmpty ? nil : noProxy.joined(separator: ","), ["no_proxy"], unless: ["NO_PROXY"])
    // OpenSSL, uv and Outfit; git; Node; pip.
    set(certificates, ["SSL_CERT_FILE"], unless: ["CURL_CA_BUNDLE"])
    set(certificates, ["GIT_SSL_CAINFO"])
    set(certificates, ["NODE_EXTRA_CA_CERTS"])
    set(certificates, ["PIP_CERT"], unless: ["REQUESTS_CA_BUNDLE"])
    set(mirror, ["OUTFIT_MIRROR"])
    set(imageMirror, ["OUTFIT_IMAGE_MIRROR"])
    set(debianMirror, ["OUTFIT_DEBIAN_MIRROR"])
    set(npmRegistry, ["npm_config_registry"], unless: ["NPM_CONFIG_REGISTRY"])
    return found
  }

  /// What /etc/outfit/outfit.yaml and then the user's own layer say. Mistakes are said when the profile is read.
  public static func read(
    _ host: Host, systemManifest: FilePath = "/etc/outfit/outfit.yaml"
  ) -> NetworkSettings {
    var settings = NetworkSettings()
    for path in [systemManifest, host.places.personalManifest] {
      // Every verb asks, and hardly any manifest has it.
      guard let bytes = try? host.files.read(path, limit: FileBound.text),
        bytes.firstRange(of: Array("network:".utf8)) != nil
      else { continue }
      let kind: Layer.Kind = path == systemManifest ? .system : .personal
      let layer = Layer(
        kind: kind, name: "", address: "", folder: path.removingLastComponent(), manifest: path)
      let manifest = ManifestReader.read(bytes, layer: layer, file: path.string, scope: .machine).manifest
      if let node = manifest.network?.node { settings.read(node) }
    }
    return settings
  }
}
