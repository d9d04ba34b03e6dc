import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// What `uv tool` has installed: `uv-receipt.toml` in each of its environments.
public struct UvInventory {
  /// `UV_TOOL_DIR`, or uv's own place; nil where there is none.
  public static func folder(_ host: Host) -> FilePath? {
    let data =
      host.environment["XDG_DATA_HOME"].map { FilePath($0) } ?? host.user.home.pushing(".local/share")
    let folder =
      host.environment["UV_TOOL_DIR"].map { FilePath($0) } ?? data.appending("uv").appending("tools")
    return host.files.exists(folder) ? folder : nil
  }

  /// - Throws: `FileError` when the folder can't be read.
  public static func read(_ folder: FilePath, _ host: Host) throws -> ToolInventory {
    var inventory = ToolInventory()
    for name in try host.files.list(folder) where !name.hasPrefix(".") {
      let environment = folder.appending(name)
      guard let text = try host.files.text(environment.appending("uv-receipt.toml")) else { continue }
      inventory.add(text, environment: name, installed: installed(in: environment, host.files))
    }
    return inventory
  }

  /// The packages of an environment and their versions, by normalised name.
  private static func installed(in environment: FilePath, _ files: any Files) -> [String: String] {
    var versions: [String: String] = [:]
    let lib = environment.appending("lib")
    for python in (try? files.list(lib)) ?? [] {
      for name in (try? files.list(lib.appending(python).appending("site-packages"))) ?? []
      where name.hasSuffix(".dist-info") {
        let parts = name.dropLast(".dist-info".count).split(separator: "-", maxSplits: 1)
        if parts.count == 2 { versions[ToolInventory.normalized(String(parts[0]))] = String(parts[1]) }
      }
    }
    return versions
  }
}

extension ToolInventory {
  /// As indexes compare names (PEP 503).
  static func normalized(_ name: String) -> String {
    name.lowercased().reduce(into: "") { result, character in
      if "-_.".contains(character) {
        if result.last != "-" { result.append("-") }
      } else {
        result.append(character)
      }
    }
  }

  /// - Parameters:
  ///   - receipt: a uv-receipt.toml.
  ///   - environment: its folder's name.
  ///   - installed: versions by normalised name.
  mutating func add(_ receipt: String, environment: String, installed: [String: String]) {
    guard let document = try? TomlReader.read(receipt), let table = document["tool"]?.table else {
      note("\(environment): its uv-receipt.toml can't be read, so it is left out")
      return
    }
    var companions: [ImportedTool.Companion] = []
    var main: ImportedTool?
    for requirement in table["requirements"]?.array ?? [] {
      guard let parts = parts(requirement) else {
        let name = requirement.table?["name"]?.string ?? environment
        note("\(environment): \(name) was installed from an address or a folder, so it is left out")
        if Self.normalized(name) == Self.normalized(environment) { return }
        continue
      }
      let version = installed[Self.normalized(parts.name)]
      if main == nil, Self.normalized(parts.name) == Self.normalized(environment) {
        var tool = ImportedTool(name: parts.name, package: parts.name)
        tool.extras = parts.extras
        tool.specifier = parts.specifier
        tool.version = version
        main = tool
      } else {
        let extras = parts.extras.isEmpty ? "" : "[\(parts.extras.joined(separator: ","))]"
        companions.append(.init(name: parts.name + extras, specifier: parts.specifier, version: version))
      }
    }
    guard var tool = main else {
      note("\(environment): its uv-receipt.toml names no package, so it is left out")
      return
    }
    tool.with = companions
    tool.python = table["python"]?.string.flatMap { text in
      Version(String(text.drop { !$0.isNumber })).map { $0.minor }
    }
    let programs = (table["entrypoints"]?.array ?? []).compactMap(\.table)
    let foreign = programs.contains { program in
      program["from"]?.string.map { Self.normalized($0) != Self.normalized(tool.package) } ?? false
    }
    if foreign { tool.expose = programs.compactMap { $0["name"]?.string }.sorted() }
    read(table["options"]?.table ?? [:], &tool, environment)
    for key in ["constraints", "overrides", "build-constraints"]
    where table[key]?.array?.isEmpty == false {
      note("\(environment): its \(key) are not taken over")
    }
    tools.append(tool)
  }

  private func parts(_ requirement: TomlValue) -> RequirementParts? {
    if let text = requirement.string { return RequirementParts(text) }
    guard let table = requirement.table, let name = table["name"]?.string,
      !["url", "git", "path", "directory", "editable", "virtual"].contains(where: { table[$0] != nil })
    else { return nil }
    let extras = (table["extras"]?.array ?? []).compactMap(\.string)
    let bracket = extras.isEmpty ? "" : "[\(extras.joined(separator: ","))]"
    return RequirementParts(name + bracket + (table["specifier"]?.string ?? ""))
  }

  private mutating func read(
    _ options: [String: TomlValue], _ tool: inout ImportedTool, _ environment: String
  ) {
    var addresses: [String] = []
    if let address = options["index-url"]?.string { addresses.append(address) }
    for index in options["index"]?.array ?? [] {
      if let address = index.table?["url"]?.string ?? index.string { addresses.append(address) }
    }
    for address in addresses {
      let plain = withoutSecrets(address, of: environment)
      if tool.index == nil, Self.indexName(plain) != "pypi-org" {
        tool.index = plain
      } else if Self.indexName(plain) != "pypi-org" {
        note("\(environment): its second index \(plain) is not taken over")
      }
    }
    for key in options.keys.sorted() where !["index-url", "index", "exclude-newer"].contains(key) {
      note("\(environment): uv's option \(key) is not taken over")
    }
  }
}
