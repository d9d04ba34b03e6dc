import OutfitCore
import OutfitProfile

/// A tool that another program installed, in the words of a manifest.
public struct ImportedTool: Hashable, Sendable {
  /// Its name among the tools of a manifest.
  public var name: String
  public var package: String
  public var extras: [String] = []
  /// What was asked for, in the words of PEP 440; empty for anything.
  public var specifier = ""
  /// What is installed; nil where that can't be seen.
  public var version: String?
  /// What stands beside it, as requirements.
  public var with: [Companion] = []
  /// `3.11`; nil where it does not matter.
  public var python: String?
  /// Nil exposes its own programs.
  public var expose: [String]?
  public var suffix: String?
  /// Where it came from, where that was said: the address without user and password.
  public var index: String?
  /// It came from npm.
  public var isOfNode = false

  public struct Companion: Hashable, Sendable {
    /// With extras.
    public var name: String
    public var specifier: String
    public var version: String?
  }

  public init(name: String, package: String) {
    self.name = name
    self.package = package
  }

  /// - Parameters:
  ///   - isExact: with the very versions that are installed, and not what was asked for.
  ///   - indexName: the entry of `indexes:` that stands for `index`.
  public func value(isExact: Bool, indexName: String?) -> ManifestValue {
    var entries: [ManifestValue.Entry] = []
    func add(_ key: String, _ value: ManifestValue?) {
      if let value { entries.append(.init(key, value)) }
    }
    let wanted = isExact ? version ?? specifier : specifier
    let request = wanted.isEmpty ? nil : wanted.filter { !$0.isWhitespace }
    if isOfNode { add("from", "npm") }
    add("version", request.map { .text($0) })
    if package != name { add("package", .text(package)) }
    if !extras.isEmpty { add("extras", .list(extras)) }
    let beside = with.map { companion in
      if isExact, let version = companion.version { return "\(companion.name)==\(version)" }
      return companion.name + companion.specifier
    }
    if !beside.isEmpty { add("with", .list(beside)) }
    add("python", python.map { .text($0) })
    if let expose, !expose.isEmpty { add("expose", .list(expose)) }
    add("suffix", suffix.map { .text($0) })
    add("index", indexName.map { .text($0) })
    if entries.count == 1, let request { return .text(request) }
    return entries.isEmpty ? .text("*") : .mapping(entries)
  }
}

/// What was found of another program's tools.
public struct ToolInventory: Sendable {
  public var tools: [ImportedTool] = []
  /// What is not taken over, and why.
  public var notes: [Diagnostic] = []

  public init() {}

  mutating func note(_ message: String, hint: String? = nil) {
    notes.append(Diagnostic(.warning, message, hint: hint))
  }

  /// An address without user and password; what was in it is said.
  mutating func withoutSecrets(_ address: String, of tool: String) -> String {
    guard let start = address.firstRange(of: "://") else { return address }
    let rest = address[start.upperBound...]
    let authority = rest.prefix { $0 != "/" }
    guard let at = authority.lastIndex(of: "@") else { return address }
    note(
      "\(tool): the address of its index held a user or a password, which is not taken over",
      hint:
        "give them in OUTFIT_INDEX_\(Self.variable(Self.indexName(address)))_USERNAME and _PASSWORD, or in "
        + "~/.netrc")
    return String(address[..<start.upperBound] + rest[rest.index(after: at)...])
  }

  /// A name for `indexes:`, of the host: `packages-acme-example`.
  public static func indexName(_ address: String) -> String {
    let rest = address.firstRange(of: "://").map { address[$0.upperBound...] } ?? address[...]
    let authority = rest.prefix { $0 != "/" }
    let host = authority.split(separator: "@").last ?? authority
    return String(host.lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" })
  }

  private static func variable(_ name: String) -> String {
    String(name.uppercased().map { $0.isLetter || $0.isNumber ? $0 : "_" })
  }
}

/// A requirement of PEP 508 in its parts; nil for an address, a path, or what is no requirement.
struct RequirementParts {
  var name: String
  var extras: [String]
  var specifier: String

  init?(_ text: String) {
    let text = text.filter { !$0.isWhitespace }
    guard !text.contains("://"), !text.contains("@"), !text.hasPrefix("."), !text.hasPrefix("/"),
      !text.hasPrefix("~"), !text.hasSuffix(".whl")
    else { return nil }
    let plain = text.prefix { $0 != ";" }
    let name = plain.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) }
    guard let first = name.first, first.isLetter || first.isNumber else { return nil }
    var rest = plain[name.endIndex...]
    var extras: [String] = []
    if rest.hasPrefix("["), let end = rest.firstIndex(of: "]") {
      extras = rest[rest.index(after: rest.startIndex)..<end].split(separator: ",").map(String.init)
      rest = rest[rest.index(after: end)...]
    }
    guard rest.isEmpty || "=<>!~".contains(rest.first ?? "x") else { return nil }
    self.name = String(name)
    self.extras = extras
    specifier = String(rest)
  }
}
