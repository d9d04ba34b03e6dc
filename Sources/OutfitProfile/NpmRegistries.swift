import OutfitSystem
import SystemPackage

/// The registries that npm asks for this user: its own default, what variables say, and what the user's npmrc says
/// (https://docs.npmjs.com/cli/configuring-npm/npmrc).
public struct NpmRegistries {
  /// Of every package.
  private var general = ["https://registry.npmjs.org"]
  /// Of packages by their scope, `@` included.
  private var scoped: [String: [String]] = [:]

  init() {}

  /// A file that is not there or can't be read says nothing.
  public init(_ host: Host) {
    var userFile = host.user.home.appending(".npmrc")
    for (name, value) in host.environment where !value.isEmpty {
      switch name.lowercased() {
      case "npm_config_registry": general.append(value)
      case "npm_config_userconfig": userFile = host.workingDirectory.pushing(FilePath(value))
      default: continue
      }
    }
    guard let text = try? host.files.text(userFile) else { return }
    for line in text.split(whereSeparator: \.isNewline) {
      let parts = line.split(separator: "=", maxSplits: 1).map { Self.within($0) { $0.isWhitespace } }
      guard parts.count == 2 else { continue }
      let value = Self.expanded(Self.within(parts[1]) { "\"'".contains($0) }, host.environment)
      if parts[0] == "registry" {
        general.append(value)
      } else if parts[0].hasPrefix("@"), let scope = parts[0].firstRange(of: ":registry"),
        scope.upperBound == parts[0].endIndex
      {
        scoped[String(parts[0][..<scope.lowerBound]), default: []].append(value)
      }
    }
  }

  /// All that may be asked: npm's own only where nothing else is said.
  public var all: [String] {
    general.suffix(max(1, general.count - 1)) + scoped.values.flatMap { $0 }.sorted()
  }

  /// One of them has this path below it, and it is this address.
  /// - Parameter path: as `lodash/-/lodash-4.17.21.tgz`.
  func have(_ path: String, at address: String) -> Bool {
    let scope = path.hasPrefix("@") ? String(path.prefix { $0 != "/" }) : ""
    return (general + (scoped[scope] ?? [])).contains { registry in
      (registry.hasSuffix("/") ? registry : registry + "/") + path == address
    }
  }

  private static func within(_ text: Substring, edges: (Character) -> Bool) -> Substring {
    var text = text.drop(while: edges)
    while let last = text.last, edges(last) { text.removeLast() }
    return text
  }

  /// `${NAME}` is the variable; one that is not set stays as it stands, as npm has it.
  private static func expanded(_ text: Substring, _ environment: [String: String]) -> String {
    var result = ""
    var rest = text
    while let start = rest.firstRange(of: "${"), let end = rest[start.upperBound...].firstIndex(of: "}") {
      result += rest[..<start.lowerBound]
      let name = String(rest[start.upperBound..<end])
      result += environment[name] ?? "${\(name)}"
      rest = rest[rest.index(after: end)...]
    }
    return result + rest
  }
}
