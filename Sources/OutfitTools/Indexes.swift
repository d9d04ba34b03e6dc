import OutfitCore
import OutfitEngine
import OutfitProfile
import SystemPackage

/// Where packages come from, as variables of uv: the profile's indexes, and the user's own settings beneath.
///
/// They stand in the environment of a child alone, since they may hold credentials. The first index that knows a
/// name serves it: primary ones, then supplemental ones, and where no index is primary, the user's own at last. An
/// explicit index, and any index for the `packages:` that it lists, serves what is bound to it and nothing else, and
/// what is bound to it comes from nowhere else.
struct Indexes {
  private var named: [String: Sourced<IndexSection>]
  private var credentials: [String: String] { settings.credentials }
  private let settings: IndexSettings
  /// Names of packages, normalised, and of the index that alone may serve them.
  private(set) var bound: [String: String] = [:]

  /// The files whose settings matter when the environment says nothing of an index.
  static func queries(_ context: Context) -> [Query] { IndexSettings.queries(context) }

  /// Addresses of the project's files as they are written, with names of variables in them.
  private var written: [String: String] = [:]
  private var ownLines: [String] = []
  /// Variables of uv that files of the project come to.
  private var ownVariables: [String: String] = [:]
  /// Files of the project say that no index is to be asked.
  private var isClosed = false

  /// - Parameter sources: the files of a virtualenv, which may name indexes of their own.
  /// - Throws: `Failure` for an address in the manifest that holds a password, and for a package that two indexes
  ///   alone may serve.
  init(_ context: Context, with sources: Sources? = nil) throws {
    named = context.profile.indexes
    settings = IndexSettings(context)
    for (name, index) in named.sorted(by: { $0.key < $1.key }) {
      if let authority = index.value.url.firstRange(of: "://"),
        index.value.url[authority.upperBound...].prefix(while: { $0 != "/" }).contains("@")
      {
        throw Failure(
          "the address of index \(name) holds credentials", at: index.source.location,
          hint:
            "keep them in OUTFIT_INDEX_\(IndexSettings.variable(name))_USERNAME and _PASSWORD, or in ~/.netrc",
          status: .usage)
      }
      for package in index.value.packages.map({ Requirement.normalized($0) }) {
        if let other = bound[package], other != name {
          throw Failure(
            "\(package) is bound to the indexes \(other) and \(name)", at: index.source.location,
            hint: "name it under `packages:` of one of them", status: .usage)
        }
        bound[package] = name
      }
    }
    if let sources { try add(sources) }
  }

  /// What a manifest says comes before what the project's files say.
  private mutating func add(_ sources: Sources) throws {
    let own = try sources.indexes
    ownVariables = sources.variables
    for (name, section) in own.sections.sorted(by: { $0.key < $1.key }) {
      var section = section
      written[name] = section.url
      section.url = Sources.expanded(section.url, sources.environment)
      if named.values.contains(where: { $0.value.url == section.url }) { continue }
      named[name] = Sourced(section, sources.section.source)
      for package in section.packages where bound[package] == nil { bound[package] = name }
    }
    let links = own.links.map { link in
      let link = Sources.expanded(link, sources.environment)
      return link.contains("://") ? link : sources.root.pushing(FilePath(link)).string
    }
    if !links.isEmpty { ownLines.append("links \(links.map(Self.withoutUser).joined(separator: ","))") }
    if own.isClosed { ownLines.append("closed 1") }
    if !own.trusted.isEmpty { ownLines.append("trusted \(own.trusted.joined(separator: " "))") }
    if !links.isEmpty { ownVariables["UV_FIND_LINKS"] = links.joined(separator: ",") }
    isClosed = own.isClosed
    if !own.trusted.isEmpty { ownVariables["UV_INSECURE_HOST"] = own.trusted.joined(separator: " ") }
  }

  // MARK: What comes from where

  /// The packages that one index alone may serve, by normalised name, where this tool is concerned.
  func bindings(_ tool: Wanted) -> [String: String] {
    var bindings = bound
    if let index = tool.section.index { bindings[Requirement.normalized(tool.package)] = index }
    return bindings
  }

  /// The index that is asked before all others for what a tool depends on.
  func first(_ tool: Wanted) -> String? {
    tool.section.index.flatMap { named[$0]?.value.dependencies == true ? $0 : nil }
  }

  /// For every package that no index is bound to.
  /// - Parameter first: an index that comes before all others.
  func variables(first: String? = nil) -> [String: String] {
    var variables = credentials.merging(settings.surroundings) { own, _ in own }
    var main = settings.main
    var others = settings.others
    func addresses(_ priority: IndexSection.Priority) -> [String] {
      named.filter { $0.value.value.priority == priority }.sorted { $0.key < $1.key }.map(address)
    }
    let primary = addresses(.primary)
    let supplemental = addresses(.supplemental)
    if primary.isEmpty {
      others = supplemental + others
    } else {
      others = primary + supplemental
      main = others.removeLast()
    }
    if let first, let index = named[first] {
      let own = address((first, index))
      others = [own] + others.filter { $0 != own }
    }
    if let main { variables["UV_DEFAULT_INDEX"] = main }
    if !others.isEmpty || !primary.isEmpty { variables["UV_INDEX"] = others.joined(separator: " ") }
    return closed(variables.merging(ownVariables) { $1 })
  }

  /// Asks nothing where nothing is to be asked.
  private func closed(_ variables: [String: String]) -> [String: String] {
    guard isClosed || settings.isClosed else { return variables }
    return variables.merging(["UV_DEFAULT_INDEX": IndexSettings.empty, "UV_INDEX": ""]) { $1 }
  }

  /// The settings under which only one index answers.
  func only(_ name: String) -> [String: String]? {
    guard let index = named[name] else { return nil }
    let own = credentials.merging(settings.surroundings) { own, _ in own }
      .merging(["UV_DEFAULT_INDEX": address((name, index)), "UV_INDEX": ""]) { $1 }
    return settings.isClosed ? closed(own) : own
  }

  /// For a program that asks them later: a line for each, without passwords; in an address of the project's files the
  /// names of variables stay.
  var lines: String {
    let all = named.sorted { $0.key < $1.key }.map { name, section in
      let address = written[name] ?? section.value.url
      return "index \(name) \(section.value.priority.rawValue) \(Self.withoutUser(address))"
    }
    let bindings = bound.sorted { $0.key < $1.key }.map { "bound \($0.key) \($0.value)" }
    return (all + bindings + ownLines).map { $0 + "\n" }.joined()
  }

  /// An address that holds a password itself, and not by the name of a variable, loses its user.
  private static func withoutUser(_ address: String) -> String {
    guard Sources.holdsPassword(address), let scheme = address.firstRange(of: "://"),
      let at = address[scheme.upperBound...].prefix(while: { $0 != "/" }).lastIndex(of: "@")
    else { return address }
    return "\(address[..<scheme.upperBound])\(address[address.index(after: at)...])"
  }

  /// The address of a simple repository: of one index, or the default's.
  func address(boundTo name: String?) -> String? {
    if let name { return named[name]?.value.url }
    let main = variables(first: nil)["UV_DEFAULT_INDEX"] ?? "https://pypi.org/simple"
    return main.split(separator: "=", maxSplits: 1).last.map(String.init)
  }

  /// For people: where a package is looked for. Nil where uv's own settings decide.
  func asked(for package: String, _ tool: Wanted) -> String? {
    asked(for: package, bindings(tool), first: first(tool))
  }

  /// - Parameters:
  ///   - bindings: packages that one index alone may serve.
  ///   - first: the index that is asked before all others.
  func asked(for package: String, _ bindings: [String: String], first: String?) -> String? {
    func title(_ index: String) -> String {
      let parts = index.split(separator: "=", maxSplits: 1).map(String.init)
      let isNamed = parts.count == 2 && named[parts[0]] != nil
      return isNamed ? "\(parts[0]) (\(withoutCredentials(parts[1])))" : withoutCredentials(index)
    }
    if let index = bindings[Requirement.normalized(package)], let section = named[index] {
      return title(address((index, section))) + ", which alone may serve it"
    }
    let variables = variables(first: first)
    if isClosed || settings.isClosed { return nil }
    if settings.saysIndex, variables["UV_DEFAULT_INDEX"] == nil { return nil }
    let others = (variables["UV_INDEX"] ?? "").split(separator: " ").map(String.init)
    let main = variables["UV_DEFAULT_INDEX"] ?? address(boundTo: nil)
    return (others + [main].compactMap { $0 }).map(title).joined(separator: " or ")
  }

  /// What pip is told when it fetches uv, whose digest decides, wherever it comes from.
  var pipVariables: [String: String] { settings.pipVariables }

  /// A project file for uv in which packages are bound to indexes, so that their names never fall through to
  /// another, and nothing else is looked for there.
  /// - Parameters:
  ///   - lines: what is wanted.
  ///   - bound: packages, normalised, and indexes. Those that `lines` do not name are wanted too.
  ///   - first: an index where other packages are looked for too.
  func project(lines: [String], bound: [String: String], first: String?, python: String) -> String {
    let asked = Set(lines.map { Requirement.name(of: $0) })
    let wanted = lines + bound.keys.filter { !asked.contains($0) }.sorted()
    var text = """
      [project]
      name = "outfit-tool"
      version = "0"
      requires-python = ">=\(python)"
      dependencies = [\(wanted.map(Self.quoted).joined(separator: ", "))]

      """
    for name in Set(bound.values).sorted() {
      guard let section = named[name] else { continue }
      text += """

        [[tool.uv.index]]
        name = \(Self.quoted(name))
        url = \(Self.quoted(section.value.url))
        explicit = \(name != first && section.value.priority == .explicit)

        """
    }
    text += "\n[tool.uv.sources]\n"
    for (package, index) in bound.sorted(by: { $0.key < $1.key }) {
      text += "\(Self.quoted(package)) = { index = \(Self.quoted(index)) }\n"
    }
    return text
  }

  /// `ACME` of the index at an address of uv's.
  func variable(ofAddress address: String) -> String? {
    named.first { address.hasPrefix($0.value.value.url) || $0.value.value.url.hasPrefix(address) }
      .map { IndexSettings.variable($0.key) }
  }

  private func address(_ index: (key: String, value: Sourced<IndexSection>)) -> String {
    "\(index.key)=\(index.value.value.url)"
  }

  private static func quoted(_ text: String) -> String {
    "\"" + text.map { "\"\\".contains($0) ? "\\\($0)" : "\($0)" }.joined() + "\""
  }
}
