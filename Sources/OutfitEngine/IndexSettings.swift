import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// What the user's own settings say of indexes: variables of uv and of pip, uv.toml, pip.conf. What pip is told is
/// told to uv where uv's own settings name no index.
public struct IndexSettings {
  /// The default index, where it is known and uv would not find it out.
  public var main: String?
  public var others: [String] = []
  /// Variables for uv of other kinds: certificates, keyring, folders of wheels.
  public var surroundings: [String: String] = [:]
  /// The profile's primary indexes, `NAME=ADDRESS`, which come before all that the user's own settings name.
  public private(set) var primary: [String] = []
  /// Variables for uv with the user and the password of each of the profile's indexes.
  public private(set) var credentials: [String: String] = [:]
  /// For pip, which reads nothing of uv's: the default index of uv's settings, or the profile's first primary one, which
  /// is asked first.
  public private(set) var pipVariables: [String: String] = [:]
  /// The same for a pip that asks one index alone.
  public var pipIndex: [String: String] {
    pipVariables[Engines.firstIndexVariable].map { ["PIP_INDEX_URL": $0] } ?? pipVariables
  }
  /// The environment or some file names an index.
  public var saysIndex = false
  /// No index is asked, as pip's `no-index` has it: what is not in the folders of wheels is not there.
  public var isClosed = false

  /// An index that has nothing. uv takes `--no-index` as an option alone, and no variable.
  public static let empty = "file:///nonexistent/outfit-no-index"

  /// The files whose settings matter, when the environment says nothing of an index.
  public static func queries(_ context: Context) -> [Query] {
    guard !saysIndex(context.environment) else { return [] }
    return (uvFiles(context.environment) + pipFiles(context.environment)).map { .contents($0) }
  }

  /// From answers to `queries`; a file that was not asked for counts as one that is not there.
  public init(_ context: Context) {
    let environment = context.environment
    func words(_ text: String?) -> [String] {
      (text ?? "").split(whereSeparator: \.isWhitespace).map(String.init)
    }
    func texts(_ files: [FilePath]) -> [String] {
      files.compactMap { file in
        guard case .contents(let bytes) = context.facts[.contents(file)] else { return nil }
        return String(decoding: bytes, as: UTF8.self)
      }
    }
    var pip: [String: String] = [:]
    for text in texts(Self.pipFiles(environment)) { pip.merge(Self.pipSettings(text)) { $1 } }
    for (name, value) in environment where name.hasPrefix("PIP_") && !value.isEmpty {
      pip[String(name.dropFirst(4).lowercased().map { $0 == "_" ? "-" : $0 })] = value
    }
    let uv = Self.isTrue(environment["UV_NO_CONFIG"]) ? [] : texts(Self.uvFiles(environment))
    if Self.saysUvIndex(environment) {
      main = environment["UV_DEFAULT_INDEX"] ?? environment["UV_INDEX_URL"]
      others = words(environment["UV_INDEX"]) + words(environment["UV_EXTRA_INDEX_URL"])
      saysIndex = true
    } else if uv.contains(where: { $0.contains("index") }) {
      // uv reads its own files.
      saysIndex = true
      let index = uv.compactMap { Self.defaultIndex(uvSettings: $0) }.last
      if pip["index-url"] == nil, let index { pipVariables["PIP_INDEX_URL"] = index }
    } else {
      main = pip["index-url"].flatMap { words($0).first }
      others = words(pip["extra-index-url"])
      saysIndex = main != nil
    }
    addPrimary(context.profile.indexes, environment)
    if environment["SSL_CERT_FILE"] == nil, let bundle = pip["cert"] {
      surroundings["SSL_CERT_FILE"] = bundle
    }
    if Self.isTrue(pip["no-index"]), let links = pip["find-links"] {
      isClosed = !Self.saysUvIndex(environment) && !uv.contains { $0.contains("index") }
      surroundings["UV_FIND_LINKS"] = words(links).joined(separator: ",")
    }
    if let hosts = pip["trusted-host"], environment["UV_INSECURE_HOST"] == nil {
      surroundings["UV_INSECURE_HOST"] = words(hosts).joined(separator: " ")
    }
    if environment["UV_KEYRING_PROVIDER"] == nil, pip["keyring-provider"] == "subprocess" {
      surroundings["UV_KEYRING_PROVIDER"] = "subprocess"
    }
    let usesKeyring =
      (environment["UV_KEYRING_PROVIDER"] ?? surroundings["UV_KEYRING_PROVIDER"]) == "subprocess"
      || uv.contains { $0.contains("keyring-provider") }
    if usesKeyring, let path = environment["PATH"] {
      // The `keyring` command is the user's own, wherever it was installed.
      surroundings["PATH"] = "/usr/bin:/bin:" + path
    }
  }

  private mutating func addPrimary(
    _ indexes: [String: Sourced<IndexSection>], _ environment: [String: String]
  ) {
    for (name, index) in indexes.sorted(by: { $0.key < $1.key }) {
      let own = Self.credentials(name, environment)
      credentials.merge(own) { $1 }
      guard index.value.priority == .primary else { continue }
      var url = index.value.url
      primary.append("\(name)=\(url)")
      guard primary.count == 1, !saysIndex else { continue }
      let key = "UV_INDEX_\(Self.variable(name))"
      if let user = own["\(key)_USERNAME"], let end = url.firstRange(of: "://") {
        let password = own["\(key)_PASSWORD"].map { ":" + Self.escaped($0) } ?? ""
        url.insert(contentsOf: Self.escaped(user) + password + "@", at: end.upperBound)
      }
      pipVariables[Engines.firstIndexVariable] = url
    }
  }

  private static func credentials(_ name: String, _ environment: [String: String]) -> [String: String] {
    var found: [String: String] = [:]
    for part in ["USERNAME", "PASSWORD"] {
      let key = "\(variable(name))_\(part)"
      found["UV_INDEX_\(key)"] = environment["OUTFIT_INDEX_\(key)"] ?? environment["POETRY_HTTP_BASIC_\(key)"]
    }
    return found
  }

  /// `ACME_EAST` of `acme-east`, as variables are named after indexes.
  public static func variable(_ name: String) -> String {
    String(name.uppercased().map { $0.isLetter || $0.isNumber ? $0 : "_" })
  }

  /// For the user's part of an address (RFC 3986, section 3.2.1).
  private static func escaped(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF")
    return text.utf8.reduce(into: "") { result, byte in
      let isPlain = byte < 0x80 && (Character(Unicode.Scalar(byte)).isLetter || (48...57).contains(byte))
      if isPlain || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".") {
        result.unicodeScalars.append(Unicode.Scalar(byte))
      } else {
        result += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
      }
    }
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

  /// The default index of a uv.toml: `index-url`, or the `[[index]]` with `default = true`.
  static func defaultIndex(uvSettings text: String) -> String? {
    var table: [String: String] = [:]
    var found: String?
    var isIndex = false
    func finish() {
      if isIndex, table["default"] == "true" { found = table["url"] }
    }
    for line in text.split(separator: "\n") {
      let content = line.trimmed
      if content.hasPrefix("[") {
        finish()
        isIndex = content == "[[index]]"
        table = [:]
      } else if let equals = content.firstIndex(of: "=") {
        var value = content[content.index(after: equals)...].trimmed
        if let quote = value.first, "\"'".contains(quote) {
          value = String(value.dropFirst().prefix { $0 != quote })
        } else {
          value = value.prefix { $0 != "#" }.trimmed
        }
        let key = content[..<equals].trimmed
        table[key] = value
        if key == "index-url", !isIndex { found = value }
      }
    }
    finish()
    return found
  }

  private static func isTrue(_ value: String?) -> Bool {
    ["1", "true", "yes", "on"].contains(value?.lowercased())
  }
}

extension StringProtocol {
  /// Without blanks and line ends at either end.
  package var trimmed: String {
    var rest = Substring(self)
    while rest.first?.isWhitespace == true { rest = rest.dropFirst() }
    while rest.last?.isWhitespace == true { rest = rest.dropLast() }
    return String(rest)
  }
}
