import OutfitCore
import OutfitSystem
import SystemPackage

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What pipx has installed: `pipx_metadata.json` in each of its environments, of the versions 0.1 to 0.12.
public struct PipxInventory {
  /// Where pipx keeps its environments, the first that is there: `PIPX_HOME`, its place now, its place until 1.2.
  public static func folder(_ host: Host) -> FilePath? {
    let home = host.user.home
    let data =
      host.environment["XDG_DATA_HOME"].map { FilePath($0) } ?? home.pushing(".local/share")
    let candidates =
      host.environment["PIPX_HOME"].map { [FilePath($0)] }
      ?? [
        home.pushing(".local/pipx"), data.appending("pipx"), home.pushing("Library/Application Support/pipx"),
      ]
    return candidates.map { $0.appending("venvs") }.first { host.files.exists($0) }
  }

  /// - Throws: `FileError` when the folder can't be read.
  public static func read(_ folder: FilePath, _ host: Host) throws -> ToolInventory {
    var inventory = ToolInventory()
    for name in try host.files.list(folder) where !name.hasPrefix(".") {
      let path = folder.appending(name).appending("pipx_metadata.json")
      guard host.files.exists(path) else { continue }
      inventory.add(try host.files.read(path), environment: name)
    }
    return inventory
  }
}

extension ToolInventory {
  /// - Parameters:
  ///   - metadata: a pipx_metadata.json.
  ///   - environment: its folder's name.
  mutating func add(_ metadata: [UInt8], environment: String) {
    guard let pipx = try? PipxMetadata.decoder.decode(PipxMetadata.self, from: Data(metadata)) else {
      note("\(environment): its pipx_metadata.json can't be read, so it is left out")
      return
    }
    let main = pipx.mainPackage
    let package = main.package ?? environment
    let suffix = main.suffix.flatMap { $0.isEmpty ? nil : $0 }
    guard let parts = RequirementParts(main.packageOrUrl ?? package) else {
      note(
        "\(environment): it was installed from an address or a folder, so it is left out",
        hint: "a tool from a package index, or one download with `from: url`, can be had")
      return
    }
    var tool = ImportedTool(name: suffix == nil ? package : environment, package: package)
    tool.extras = parts.extras
    tool.specifier = parts.specifier
    tool.version = main.packageVersion.flatMap { $0.isEmpty ? nil : $0 }
    tool.suffix = suffix
    tool.python = pipx.pythonVersion.flatMap { text in
      let numbers = text.split(separator: " ").last.map(String.init).flatMap { Version($0) }
      return numbers.map { "\($0.minor)" }
    }
    var exposed = main.apps ?? []
    var isSpecial = false
    if main.includeDependencies == true, main.appsOfDependencies?.isEmpty == false {
      exposed += main.appsOfDependencies ?? []
      isSpecial = true
    }
    for (name, injected) in (pipx.injectedPackages ?? [:]).sorted(by: { $0.key < $1.key }) {
      guard let parts = RequirementParts(injected.packageOrUrl ?? name) else {
        note("\(environment): \(name) beside it was installed from an address or a folder, so it is left out")
        continue
      }
      let extras = parts.extras.isEmpty ? "" : "[\(parts.extras.joined(separator: ","))]"
      tool.with.append(
        .init(name: parts.name + extras, specifier: parts.specifier, version: injected.packageVersion))
      if injected.includeApps == true, injected.apps?.isEmpty == false {
        exposed += injected.apps ?? []
        isSpecial = true
      }
    }
    if isSpecial { tool.expose = exposed.reduce(into: []) { if !$0.contains($1) { $0.append($1) } } }
    if pipx.exposureEnabled == false {
      note(
        "\(environment): its programs were hidden in pipx; they are exposed now",
        hint: "pipx expose puts them on PATH too")
    }
    read(main.pipArgs ?? [], &tool, environment)
    tools.append(tool)
  }

  /// pip's arguments, of which the index is taken over.
  private mutating func read(_ arguments: [String], _ tool: inout ImportedTool, _ environment: String) {
    var rest = arguments.flatMap { $0.split(separator: " ").map(String.init) }[...]
    while let argument = rest.popFirst() {
      let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
      let name = parts.first ?? argument
      func value() -> String? { parts.count == 2 ? parts[1] : rest.popFirst() }
      switch name {
      case "--index-url", "-i", "--pypi-url":
        guard let address = value() else { continue }
        let plain = withoutSecrets(address, of: environment)
        let host = Self.indexName(plain)
        if host != "pypi-org" { tool.index = plain }
      case let option where option.hasPrefix("-"):
        if parts.count == 1, let next = rest.first, !next.hasPrefix("-") { rest.removeFirst() }
        note("\(environment): pip's option \(option) is not taken over")
      default: continue
      }
    }
  }
}

/// The keys of a pipx_metadata.json that matter here.
private struct PipxMetadata: Decodable {
  struct Package: Decodable {
    var package: String?
    var packageOrUrl: String?
    var packageVersion: String?
    var suffix: String?
    var pipArgs: [String]?
    var apps: [String]?
    var appsOfDependencies: [String]?
    var includeApps: Bool?
    var includeDependencies: Bool?
  }

  /// Of keys like `main_package`.
  static var decoder: JSONDecoder {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return decoder
  }

  var mainPackage: Package
  var injectedPackages: [String: Package]?
  var pythonVersion: String?
  var exposureEnabled: Bool?
}
