import ArgumentParser
import OutfitCore
import OutfitProfile

struct ToolCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tool",
    abstract: "Programs in environments of their own: install, upgrade, run and list them.",
    discussion: """
      These verbs edit your own layer (or, with --project, the project's outfit.yaml), keep its comments and its \
      order, and then do what `outfit up` does, in one transaction that `outfit rollback` takes back. When a tool \
      can't be had, the manifest stays as it was.
      """,
    subcommands: [
      ToolInstall.self, ToolInject.self, ToolUninject.self, ToolUpgrade.self, ToolUninstall.self,
      ToolList.self, ToolRun.self, ToolHold.self, ToolUnhold.self, ToolExpose.self, ToolRepair.self,
    ])
}

/// What all verbs that edit have.
struct ToolOptions: ParsableArguments {
  @Flag(help: "Edit the manifest of the project that you stand in, not your own layer.")
  var project = false

  @Flag(help: "Use what is here already; never ask the network.")
  var offline = false

  @Flag(help: "Print JSON.")
  var json = false
}

/// The tools that a verb is about.
struct ToolNames: ParsableArguments {
  @Argument(help: "Tools.", completion: Completions.tools) var tools: [String] = []
  @Flag(help: "All tools of the manifest.") var all = false

  func validate() throws {
    guard all != !tools.isEmpty else {
      throw ValidationError(all ? "--all goes without names" : "name a tool, or give --all")
    }
  }
}

/// A tool as it is typed: `black`, `black@25`, `black==25.1`, `black[d]>=24,<26`, `@angular/cli@17`.
struct ToolSpecification: Hashable, Sendable {
  /// The entry in the manifest.
  var name: String
  /// The package, where its name is not the tool's.
  var package: String?
  var extras: [String] = []
  /// As it stands in the manifest.
  var version: String?

  /// - Throws: `Failure`, status 2.
  init(_ text: String) throws {
    var rest = text[...]
    func failure(_ message: String, hint: String) -> Failure { Failure(message, hint: hint, status: .usage) }
    if text.contains("://") || text.hasPrefix("git+") || text.hasPrefix("./") || text.hasPrefix("../")
      || text.hasPrefix("/") || text.hasSuffix(".whl")
    {
      throw failure(
        "`\(text)` is not a package of an index, and Outfit builds nothing from source",
        hint:
          "name the package, `black@25`; a program at an address is `--from url --url ADDRESS NAME@VERSION`")
    }
    var scope: Substring?
    if rest.hasPrefix("@"), let slash = rest.firstIndex(of: "/") {
      scope = rest[...slash]
      rest = rest[rest.index(after: slash)...]
    }
    name = String(rest.prefix { !"[=<>!~@ ;".contains($0) })
    rest = rest.dropFirst(name.count)
    if let scope { package = scope + name }
    if rest.hasPrefix("["), let end = rest.firstIndex(of: "]") {
      extras = rest[rest.index(after: rest.startIndex)..<end].split(separator: ",").map {
        $0.filter { $0 != " " }
      }
      rest = rest[rest.index(after: end)...]
    }
    guard name.first.map({ $0.isLetter || $0.isNumber }) == true else {
      throw failure("`\(text)` is not a tool", hint: "write black, black@25 or black==25.1.0")
    }
    let written = rest.hasPrefix("@") ? String(rest.dropFirst()) : String(rest)
    guard !rest.isEmpty else { return }
    guard let request = VersionRequest(written) else {
      throw failure(
        "`\(text)`: `\(written)` is not a version", hint: "write black@25, black==25.1.0 or black@latest")
    }
    // `==25.1.0` says no more than `25.1.0`.
    version = request.exact.map(\.description) ?? request.text
  }
}
