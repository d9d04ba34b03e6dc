import OutfitCore
import OutfitProfile

/// Every pin of a lock in the words of the bots that propose updates (Renovate's `depName`, `datasource`, …), with where
/// it would move.
struct DependencyMembers {
  let before: Lock
  let after: Lock
  let profile: Profile

  var json: JSONText { .array((interpreters + tools + images + layers).map(\.json)) }

  private struct Dependency {
    /// What `outfit update` takes.
    var name: String
    var package: String
    /// Nil where no public one has it.
    var source: String?
    var value: String
    var newValue: String?
    var digest: String?
    var newDigest: String?

    var json: JSONText {
      func text(_ value: String?) -> JSONText { value.map { .string($0) } ?? .null }
      return .object([
        "depName": .string(name), "packageName": .string(package), "datasource": text(source),
        "currentValue": .string(value), "newValue": text(newValue == value ? nil : newValue),
        "currentDigest": text(digest), "newDigest": text(newDigest == digest ? nil : newDigest),
      ])
    }
  }

  private var interpreters: [Dependency] {
    Language.allCases.flatMap { language in
      (before.interpreters[language] ?? []).map { pin in
        let new = after.interpreters[language]?.first { $0.request == pin.request }
        return Dependency(
          name: language.rawValue, package: language.rawValue, source: "\(language.rawValue)-version",
          value: "\(pin.version)", newValue: new.map { "\($0.version)" })
      }
    }
  }

  private var tools: [Dependency] {
    let elsewhere = Dictionary(
      profile.toolsElsewhere.map { ($0.key, $0.section.value) }, uniquingKeysWith: { $1 })
    return before.tools.sorted { $0.key < $1.key }.map { key, pin in
      let name = String(key.prefix { $0 != "," })
      let section = profile.tools[key]?.value ?? elsewhere[key]
      return Dependency(
        name: name, package: section?.github ?? section?.package ?? name,
        source: section.flatMap { source(name, $0) }, value: "\(pin.version)",
        newValue: after.tools[key].map { "\($0.version)" })
    }
  }

  /// What comes from an index of one's own is none of a public one's business: its name may be another's there.
  private func source(_ name: String, _ tool: ToolSection) -> String? {
    let package = normalizedPackageName(tool.package ?? name)
    let isPrivate =
      tool.index != nil
      || profile.indexes.values.contains {
        $0.value.priority != .explicit || $0.value.packages.contains { normalizedPackageName($0) == package }
      }
    return switch tool.origin {
    case .pypi: isPrivate ? nil : "pypi"
    case .npm: tool.index == nil ? "npm" : nil
    case .url: tool.github == nil ? nil : "github-releases"
    }
  }

  private var images: [Dependency] {
    before.images.sorted { $0.key < $1.key }.map { name, image in
      let colon = name.lastIndex(of: ":").flatMap { name[$0...].contains("/") ? nil : $0 }
      let package = colon.map { String(name[..<$0]) } ?? name
      return Dependency(
        name: name, package: package, source: "docker",
        value: colon.map { String(name[name.index(after: $0)...]) } ?? "latest",
        digest: image.digest.map { "sha256:\($0.hex)" },
        newDigest: after.images[name]?.digest.map { "sha256:\($0.hex)" })
    }
  }

  private var layers: [Dependency] {
    before.layers.sorted { $0.key < $1.key }.compactMap { address, layer in
      guard let git = try? GitAddress(address), git.commit == nil else { return nil }
      return Dependency(
        name: address, package: git.repository, source: "git-refs", value: git.reference ?? "HEAD",
        digest: layer.commit, newDigest: after.layers[address]?.commit)
    }
  }
}
