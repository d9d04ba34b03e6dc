import OutfitCore
import OutfitProfile
import Yams

/// The links of a file of dotbot's, install.conf.yaml (https://github.com/anishathalye/dotbot).
public enum DotbotFile {
  public static let names = ["install.conf.yaml", "install.conf.yml", "install.conf.json"]

  /// - Parameters:
  ///   - name: of the file, for messages.
  ///   - listing: of the folder that the links lead into.
  /// - Throws: `Failure`, status 2, for what is no YAML.
  public static func read(
    _ text: String, name: String, listing: LinkImport.Listing, home: String
  ) throws -> LinkImport {
    let root: Node?
    do {
      root = try compose(yaml: text)
    } catch {
      throw Failure("\(name) is not YAML: \(error)", status: .usage)
    }
    var reading = Reading(name: name, listing: listing, home: home)
    for directive in root?.sequence ?? [] {
      for (key, value) in directive.mapping ?? [:] { reading.take(key, value) }
    }
    reading.result.links.sort { $0.target < $1.target }
    return reading.result
  }

  private struct Reading {
    let name: String
    let listing: LinkImport.Listing
    let home: String
    var defaults: Node.Mapping?
    /// That the link at hand is for.
    var system: String?
    var result = LinkImport()

    mutating func leave(_ node: Node, _ message: String, hint: String? = nil, isLoss: Bool = true) {
      result.remarks.append(.init(name, node.mark?.line, message, hint: hint, isLoss: isLoss))
    }

    mutating func take(_ key: Node, _ value: Node) {
      switch key.string {
      case "defaults": defaults = value.mapping?["link"]?.mapping ?? defaults
      case "link": for (target, source) in value.mapping ?? [:] { link(target, source) }
      case "clean":
        leave(key, "`clean` needs no entry: `outfit up` takes away the links that it made", isLoss: false)
      case "create":
        leave(
          key, "`create` makes empty folders, which no entry does",
          hint: "a file that is put into one makes it")
      case "shell":
        for command in value.sequence ?? [] {
          let text =
            command.string ?? command.sequence?.first?.string ?? command.mapping?["command"]?.string ?? ""
          leave(
            command, "`\(text)` is a command of a shell",
            hint: "write it into a file: `scripts: {NAME: {run: FILE, when: changed}}`")
        }
      default: leave(key, "`\(key.string ?? "?")` is a plugin's", hint: "Outfit has no such thing")
      }
    }

    private func option(_ key: String, _ source: Node) -> Node? { source.mapping?[key] ?? defaults?[key] }

    private mutating func link(_ target: Node, _ source: Node) {
      guard let text = target.string, let place = place(text) else {
        return leave(target, "its target is no path")
      }
      system = nil
      if let condition = option("if", source)?.string {
        if let systems = Self.systems(condition) {
          system = systems.first
          return take(target, text, place, source)
        }
        return leave(
          target, "\(text) hangs on a command, `\(condition)`",
          hint: "say it as a condition of the entry: `if: {os: linux}`")
      }
      take(target, text, place, source)
    }

    /// The systems that a command of a shell asks `uname` for, and that it does not run on Windows, on which Outfit does not
    /// either; nil where it asks something else.
    private static func systems(_ condition: String) -> Set<String>? {
      var systems: Set<String> = []
      let plain = condition.replacing("\"", with: "").replacing("'", with: "").replacing(
        "uname -s", with: "uname")
      for part in plain.split(separator: "&&") {
        var words = part.split(separator: " ").map(String.init)
        switch (words.first, words.last) {
        case ("[", "]"), ("[[", "]]"): words = Array(words.dropFirst().dropLast())
        case ("test", _): words.removeFirst()
        default: return nil
        }
        if words == ["-z", "$WINDIR"] { continue }
        guard words.count == 3, ["$(uname)", "`uname`"].contains(words[0]), ["=", "=="].contains(words[1]),
          let system = ["Linux": "linux", "Darwin": "macos"][words[2]]
        else { return nil }
        systems.insert(system)
      }
      return systems.count > 1 ? nil : systems
    }

    private mutating func take(_ target: Node, _ text: String, _ place: String, _ source: Node) {
      let last = text.split(separator: "/").last.map(String.init) ?? ""
      let plain = last.hasPrefix(".") ? String(last.dropFirst()) : last
      let path = source.mapping.map { $0["path"] } ?? source
      var file = path.flatMap { $0.null == nil ? $0.string : nil } ?? plain
      if file.isEmpty || file == "." {
        return leave(
          target, "\(text) is a link to the folder itself",
          hint: "write where it stays: `\(place): {link-to: /home/you/FOLDER}`")
      }
      while file.hasPrefix("./") { file.removeFirst(2) }
      if option("glob", source)?.bool == true || file.contains("*") {
        return glob(target, place, file, source)
      }
      add(target, place, file)
    }

    private mutating func glob(_ target: Node, _ place: String, _ file: String, _ source: Node) {
      let parts = file.split(separator: "/").map(String.init)
      guard let pattern = parts.last, !parts.dropLast().contains(where: { $0.contains("*") }) else {
        return leave(target, "`\(file)` has a pattern within its path", hint: "name the files")
      }
      let folder = parts.dropLast().joined(separator: "/")
      let excluded = (option("exclude", source)?.sequence ?? []).compactMap(\.string)
      let prefix = option("prefix", source)?.string ?? ""
      var found = false
      for name in listing.children[folder] ?? [] where Wildcard(pattern).matches(name) {
        let path = folder.isEmpty ? name : "\(folder)/\(name)"
        guard !excluded.contains(where: { Wildcard($0).matches(path) }),
          !name.hasPrefix(".") || pattern.hasPrefix(".")
        else { continue }
        found = true
        add(target, place.isEmpty ? prefix + name : "\(place)/\(prefix)\(name)", path)
      }
      if !found { leave(target, "`\(file)` names nothing that is there") }
    }

    private mutating func add(_ target: Node, _ place: String, _ file: String) {
      guard !result.links.contains(where: { $0.target == place }) else {
        return leave(
          target, "\(place) is linked already, further up", hint: "write the conditions by hand: `if:`")
      }
      var path = file
      while path.hasSuffix("/") { path.removeLast() }
      switch listing.kinds[path] {
      case .folder?, .file?:
        var link = LinkImport.Link(place, path, isFolder: listing.kinds[path] == .folder)
        link.system = system
        result.links.append(link)
      case .other?: leave(target, "`\(file)` is neither file nor folder")
      case nil:
        leave(
          target, "there is no `\(file)` in the folder", hint: "what a submodule would bring is not there")
      }
      if place.isEmpty { leave(target, "the home folder itself is no target") }
    }

    /// From the home folder, or absolute.
    private func place(_ text: String) -> String? {
      var path = text.replacing("$HOME", with: "~").replacing("${HOME}", with: "~")
      if path.hasPrefix(home + "/") { path = "~" + path.dropFirst(home.count) }
      while path.hasSuffix("/"), path.count > 1 { path.removeLast() }
      guard !path.split(separator: "/").contains("..") else { return nil }
      if path == "~" { return "" }
      if path.hasPrefix("~/") { return String(path.dropFirst(2)) }
      return path.hasPrefix("/") ? path : nil
    }
  }
}
