import OutfitCore
import OutfitEngine
import OutfitProfile
import SystemPackage

/// Where packages come from, as variables of uv: the profile's indexes, and the user's own settings beneath.
///
/// They stand in the environment of a child alone, since they may hold credentials.
struct Indexes {
  /// For every package that no index is bound to.
  var variables: [String: String] = [:]
  private var named: [String: Sourced<IndexSection>]
  private var credentials: [String: String] = [:]

  /// The files whose settings matter when the environment says nothing of an index.
  static func queries(_ context: Context) -> [Query] {
    guard !saysIndex(context.environment) else { return [] }
    return (uvFiles(context.environment) + pipFiles(context.environment)).map { .contents($0) }
  }

  /// - Throws: `Failure` for an address in the manifest that holds a password.
  init(_ context: Context) throws {
    let environment = context.environment
    named = context.profile.indexes
    for (name, index) in named.sorted(by: { $0.key < $1.key }) {
      if let authority = index.value.url.firstRange(of: "://"),
        index.value.url[authority.upperBound...].prefix(while: { $0 != "/" }).contains("@")
      {
        throw Failure(
          "the address of index \(name) holds credentials", at: index.source.location,
          hint: "keep them in OUTFIT_INDEX_\(Self.variable(name))_USERNAME and _PASSWORD, or in ~/.netrc",
          status: .usage)
      }
      for part in ["USERNAME", "PASSWORD"] {
        let key = "\(Self.variable(name))_\(part)"
        if let value = environment["OUTFIT_INDEX_\(key)"] ?? environment["POETRY_HTTP_BASIC_\(key)"] {
          credentials["UV_INDEX_\(key)"] = value
        }
      }
    }
    variables = credentials
    var (main, others) = Self.userSettings(context)
    func addresses(_ priority: IndexSection.Priority) -> [String] {
      named.filter { $0.value.value.priority == priority }.sorted { $0.key < $1.key }
        .map { "\($0.key)=\($0.value.value.url)" }
    }
    let primary = addresses(.primary)
    let supplemental = addresses(.supplemental)
    if primary.isEmpty {
      others = supplemental + others
    } else {
      others = primary + supplemental
      main = others.removeLast()
    }
    if let main { variables["UV_DEFAULT_INDEX"] = main }
    if !others.isEmpty || !primary.isEmpty { variables["UV_INDEX"] = others.joined(separator: " ") }
    if environment["SSL_CERT_FILE"] == nil, let bundle = environment["PIP_CERT"] {
      variables["SSL_CERT_FILE"] = bundle
    }
    if Self.isTrue(environment["PIP_NO_INDEX"]), let links = environment["PIP_FIND_LINKS"] {
      variables["UV_NO_INDEX"] = "1"
      variables["UV_FIND_LINKS"] = links.split(separator: " ").joined(separator: ",")
    }
  }

  /// The settings under which only one index answers.
  func only(_ name: String) -> [String: String]? {
    guard let index = named[name] else { return nil }
    return credentials.merging(
      ["UV_DEFAULT_INDEX": "\(name)=\(index.value.url)", "UV_INDEX": ""]) { $1 }
  }

  /// A project file for uv in which `package` is bound to one index, so that its name never falls through to
  /// another, and nothing else is looked for there.
  func project(package: String, boundTo index: String, lines: [String], python: String) -> String? {
    guard let section = named[index] else { return nil }
    func quoted(_ text: String) -> String {
      "\"" + text.map { "\"\\".contains($0) ? "\\\($0)" : "\($0)" }.joined() + "\""
    }
    return """
      [project]
      name = "outfit-tool"
      version = "0"
      requires-python = ">=\(python)"
      dependencies = [\(lines.map(quoted).joined(separator: ", "))]

      [[tool.uv.index]]
      name = \(quoted(index))
      url = \(quoted(section.value.url))
      explicit = true

      [tool.uv.sources]
      \(Requirement.normalized(package)) = { index = \(quoted(index)) }

      """
  }

  // MARK: The user's settings

  /// The default index and the others, where uv's own settings have none: what pip is told is told to uv.
  private static func userSettings(_ context: Context) -> (String?, [String]) {
    let environment = context.environment
    func words(_ text: String?) -> [String] {
      (text ?? "").split(whereSeparator: \.isWhitespace).map(String.init)
    }
    if saysUvIndex(environment) {
      return (
        environment["UV_DEFAULT_INDEX"] ?? environment["UV_INDEX_URL"],
        words(environment["UV_INDEX"]) + words(environment["UV_EXTRA_INDEX_URL"])
      )
    }
    var main = environment["PIP_INDEX_URL"]
    var others = words(environment["PIP_EXTRA_INDEX_URL"])
    guard !saysIndex(environment) else { return (main, others) }
    let texts = { (files: [FilePath]) in
      files.compactMap { file -> String? in
        guard case .contents(let bytes) = context.facts[.contents(file)] else { return nil }
        return String(decoding: bytes, as: UTF8.self)
      }
    }
    if texts(uvFiles(environment)).contains(where: { $0.contains("index") }) { return (nil, []) }
    for text in texts(pipFiles(environment)) {
      let settings = pipSettings(text)
      if let value = settings["index-url"] { main = words(value).first }
      if let value = settings["extra-index-url"] { others = words(value) }
    }
    return (main, others)
  }

  private static func saysUvIndex(_ environment: [String: String]) -> Bool {
    ["UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL", "UV_CONFIG_FILE"]
      .contains { environment[$0]?.isEmpty == false }
  }

  private static func saysIndex(_ environment: [String: String]) -> Bool {
    saysUvIndex(environment) || environment["PIP_INDEX_URL"]?.isEmpty == false
  }

  private static func uvFiles(_ environment: [String: String]) -> [FilePath] {
    ["/etc/uv/uv.toml", configuration(environment)?.pushing("uv/uv.toml")].compactMap { $0 }
  }

  /// From the weakest to the strongest, as pip reads them.
  private static func pipFiles(_ environment: [String: String]) -> [FilePath] {
    if let file = environment["PIP_CONFIG_FILE"] { return [FilePath(file)].filter(\.isAbsolute) }
    return [
      "/etc/pip.conf", environment["HOME"].map { FilePath($0).pushing(".pip/pip.conf") },
      configuration(environment)?.pushing("pip/pip.conf"),
    ].compactMap { $0 }.filter(\.isAbsolute)
  }

  private static func configuration(_ environment: [String: String]) -> FilePath? {
    if let folder = environment["XDG_CONFIG_HOME"].map({ FilePath($0) }), folder.isAbsolute {
      return folder
    }
    return environment["HOME"].map { FilePath($0).pushing(".config") }
  }

  /// The settings of the sections `global` and `install` of a pip.conf; later lines of a value are indented.
  static func pipSettings(_ text: String) -> [String: String] {
    var settings: [String: String] = [:]
    var counts = false
    var last: String?
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      let content = line.trimmed
      if content.isEmpty || content.hasPrefix("#") || content.hasPrefix(";") { continue }
      if content.hasPrefix("[") {
        counts = content == "[global]" || content == "[install]"
        last = nil
      } else if let key = last, line.first?.isWhitespace == true {
        settings[key, default: ""] += " " + content
      } else if counts, let separator = content.firstIndex(where: { "=:".contains($0) }) {
        let key = content[..<separator].trimmed.lowercased()
          .map { $0 == "_" ? "-" : "\($0)" }.joined()
        settings[key] = content[content.index(after: separator)...].trimmed
        last = key
      } else {
        last = nil
      }
    }
    return settings
  }

  private static func isTrue(_ value: String?) -> Bool {
    ["1", "true", "yes", "on"].contains(value?.lowercased())
  }

  /// `ACME_EAST` of `acme-east`.
  private static func variable(_ name: String) -> String {
    String(name.uppercased().map { $0.isLetter || $0.isNumber ? $0 : "_" })
  }
}

extension StringProtocol {
  var trimmed: String {
    var rest = Substring(self)
    while rest.first?.isWhitespace == true { rest = rest.dropFirst() }
    while rest.last?.isWhitespace == true { rest = rest.dropLast() }
    return String(rest)
  }
}
