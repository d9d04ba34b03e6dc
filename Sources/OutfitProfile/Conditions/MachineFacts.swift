import OutfitCore
import OutfitSystem
import SystemPackage

/// What conditions and templates are told of this machine. Looking reads a few files, and runs nothing.
public struct MachineFacts: Sendable {
  private let host: Host
  /// `tags:` of this user's own layer, and of /etc/outfit.
  public let tags: Set<String>
  /// The bundles that are used.
  let bundles: Set<String>

  public init(_ host: Host, tags: Set<String> = [], bundles: Set<String> = []) {
    self.host = host
    self.tags = tags
    self.bundles = bundles
  }

  public func holds(_ condition: Condition?) -> Bool {
    switch condition {
    case nil: true
    case .fact(let fact, let values): values.contains { holds(fact, $0) }
    case .all(let parts): parts.allSatisfy { holds($0) }
    case .any(let parts): parts.contains { holds($0) }
    case .not(let condition): !holds(condition)
    }
  }

  private func holds(_ fact: Condition.Fact, _ value: String) -> Bool {
    switch fact {
    case .os: value == host.platform.system.rawValue
    case .arch: value == host.platform.architecture.rawValue
    case .distribution: distributions.contains(value)
    case .host: Wildcard(value).matches(hostname)
    case .user: Wildcard(value).matches(host.user.name)
    case .tag: tags.contains(value)
    case .container: value == "\(isContainer)"
    case .wsl: value == "\(isWsl)"
    case .ci: value == "\(isCi)"
    case .command: places(ofCommand: value).last.map(isProgram) ?? false
    case .file: exists(place(ofFile: value))
    case .bundle: bundles.contains(value)
    }
  }

  // MARK: - Facts

  /// `ID` and `ID_LIKE` of os-release(5), the machine's own first.
  public var distributions: [String] {
    guard host.platform.system == .linux else { return [] }
    let text = ((try? host.files.text("/etc/os-release")) ?? nil) ?? ""
    var values: [String: [String]] = [:]
    for line in text.split(whereSeparator: \.isNewline) {
      let parts = line.split(separator: "=", maxSplits: 1)
      guard parts.count == 2 else { continue }
      let value = parts[1].trimmingPrefix("\"").prefix { $0 != "\"" }
      values[String(parts[0])] = value.split(separator: " ").map(String.init)
    }
    return (values["ID"] ?? []) + (values["ID_LIKE"] ?? [])
  }

  public var hostname: String {
    if let name = host.environment["HOSTNAME"], !name.isEmpty { return name }
    let text = ((try? host.files.text("/etc/hostname")) ?? nil) ?? ""
    let name = text.prefix { !$0.isNewline }
    return name.isEmpty ? "localhost" : String(name)
  }

  /// Docker, podman and systemd-nspawn say so, each in its way; Kubernetes by a variable.
  public var isContainer: Bool {
    let variables = ["container", "KUBERNETES_SERVICE_HOST"].compactMap { host.environment[$0] }
    return variables.contains { !$0.isEmpty } || Self.containerMarks.contains { exists($0) }
  }

  public var isWsl: Bool { host.environment["WSL_DISTRO_NAME"].map { !$0.isEmpty } ?? false }

  /// Every CI service sets `CI`.
  public var isCi: Bool { host.environment["CI"].map { !["", "false", "0"].contains($0) } ?? false }

  private static let containerMarks: [FilePath] = ["/.dockerenv", "/run/.containerenv"]

  /// Where a command was looked for on PATH, the place where it is last. Outfit's own shims are none: whether a profile
  /// is there may not depend on what it brings.
  private func places(ofCommand name: String) -> [FilePath] {
    guard FilePath.Component(name) != nil else { return [] }
    var places: [FilePath] = []
    for folder in (host.environment["PATH"] ?? "").split(separator: ":") {
      let folder = FilePath(String(folder))
      guard folder.isAbsolute, !folder.starts(with: host.places.data) else { continue }
      places.append(folder.appending(name))
      if let last = places.last, isProgram(last) { break }
    }
    return places
  }

  private func isProgram(_ path: FilePath) -> Bool {
    guard let status = (try? host.files.status(path, followLinks: true)) ?? nil else { return false }
    return status.kind == .file && status.mode & 0o111 != 0
  }

  private func exists(_ path: FilePath) -> Bool {
    ((try? host.files.status(path, followLinks: true)) ?? nil) != nil
  }

  private func place(ofFile name: String) -> FilePath {
    host.user.home.pushing(FilePath(name.hasPrefix("~/") ? String(name.dropFirst(2)) : name))
  }

  // MARK: - What they hang on

  /// The files that the answers to these conditions were read from, those that are not there too.
  func inputs(_ conditions: [Condition]) -> [FilePath] {
    conditions.flatMap(\.facts).flatMap { fact, values -> [FilePath] in
      switch fact {
      case .distribution: ["/etc/os-release"]
      case .host: ["/etc/hostname"]
      case .container: Self.containerMarks
      case .command: values.flatMap { places(ofCommand: $0) }
      case .file: values.map { place(ofFile: $0) }
      case .os, .arch, .user, .tag, .wsl, .ci, .bundle: []
      }
    }
  }

  /// The variables that facts are read from, apart from PATH.
  public static let variables = ["CI", "HOSTNAME", "KUBERNETES_SERVICE_HOST", "WSL_DISTRO_NAME", "container"]

  // MARK: - For templates

  /// `machine`: the same facts, as templates ask them.
  var data: DataValue {
    let distributions = distributions
    let names: Set = [host.platform.system.rawValue, host.platform.architecture.rawValue]
    return .map([
      "os": .text(host.platform.system.rawValue), "arch": .text(host.platform.architecture.rawValue),
      "distribution": .text(distributions.first ?? ""), "host": .text(hostname),
      "user": .text(host.user.name),
      "container": .bool(isContainer), "wsl": .bool(isWsl), "ci": .bool(isCi),
      "is": .names(names.union(distributions)), "tag": .names(tags),
    ])
  }

  /// The files that `data` is read from.
  var dataInputs: [FilePath] { ["/etc/os-release", "/etc/hostname"] + Self.containerMarks }
}
