import OutfitCore
import OutfitEngine
import OutfitProfile

/// `template.yaml`: what a template renders, and what it takes where the manifest says nothing.
public struct TemplateDescription: Hashable, Sendable {
  public var name: String
  public var summary: String
  /// Whose interpreter the image has.
  public var language: Language
  /// The image that the Dockerfile starts from, `name:tag`.
  public var base: String
  /// Where the interpreter's archive comes from unless a build argument says otherwise.
  public var mirror: String
  /// Where Node comes from that builds a front end.
  public var nodeMirror: String
  /// Where the distribution's archives are as they were at a time: a build argument replaces it.
  public var packageMirror: String
  public var uid: Int
  public var gid: Int
  /// The environment that hot reload is rendered for.
  public var development: String
  /// What a command is put behind there: the command itself follows as one shell word, then `reloadTail`.
  public var reload: [String]
  public var reloadTail: [String]
  /// Brings the database up to the image, and asks whether it is; empty where the template knows no way.
  public var migrate: [String]
  public var migrated: [String]
  /// Asks in Compose whether a process that serves is alive; words are templates: `{{port}}`, `{{live}}`.
  public var healthcheck: [String]
  /// The same where there is no path to ask: whether the port is open.
  public var portcheck: [String]
  /// Keeps in Compose what nginx serves up to date with the source; empty where it has what the image has.
  public var staticWatch: [String]
  /// Patterns of the files that hot reload brings into the pod.
  public var sync: [String]
  /// Variables that the image itself sets.
  public var imageEnv: [String: String]
  /// Extensions of the editor in the dev container, before those of the manifest.
  public var extensions: [String]
  /// Exceptions that `parity` counts, beside those of the manifest.
  public var allowances: [ParityAllowance]
  public var processes: [String: ProcessDefault]
  public var services: [String: ServiceDefault]
  /// Variables of every environment; the values are templates.
  public var env: [String: String]
  /// Variables of one environment, whose values may name `environment`.
  public var environmentEnv: [String: String]
  /// Variables that a Secret holds, which nothing here ever writes.
  public var secrets: [String]
  /// Free values, `values.NAME` in the files.
  public var values: [String: String]
  /// Files that a project of this kind has, and what to do when one is missing.
  public var expects: [String: String]
  public var files: [FileRule]

  public struct ProcessDefault: Hashable, Sendable {
    /// Words are templates: `{{app.module}}`.
    public var command: [String]
    public var port: Int?
    /// At most one may run, ever.
    public var isSingle: Bool
    /// It touches the file that HEARTBEAT_FILE names at least once in 30 seconds.
    public var hasHeartbeat: Bool
    /// Seconds it is given to end.
    public var grace: Int
  }

  public struct ServiceDefault: Hashable, Sendable {
    /// Without tag.
    public var image: String
    /// The tag where the manifest names no version; the service is then always there.
    public var version: String?
    public var port: Int
    /// Only the processes reach it.
    public var isPrivate: Bool
    public var env: [String: String]
    public var secrets: [String]
    /// What its volume holds is read by the same major version alone.
    public var isBound: Bool
    /// How data is brought from one major version to another.
    public var move: String
    /// Parts of tags whose images have other users and folders.
    public var excludes: [String]
    /// Values by the first major version that they hold for.
    public var values: [Int: [String: String]]
  }

  public struct FileRule: Hashable, Sendable {
    public enum Each: String, Sendable, CaseIterable {
      case project, environment, process, service, source, tool
    }
    /// Where it goes: a template too.
    public var path: String
    /// The file of the template.
    public var from: String
    public var each: Each
    /// Names of the context that must be true; `!` before one says that it must not.
    public var when: [String]
    public var mode: UInt16
    public var isStarter: Bool
  }

  private static let keys: Set<String> = [
    "template", "extends", "summary", "language", "base", "mirror", "package-mirror", "node-mirror", "uid",
    "gid", "development", "reload",
    "reload-tail", "migrate", "migrated", "healthcheck", "portcheck", "static-watch", "sync", "image-env",
    "extensions",
    "allow", "processes", "services", "env", "environment-env", "secrets", "values", "expects",
    "files",
  ]

  /// Reads `template.yaml`, over that of the template which it extends.
  /// - Throws: every mistake at once, status 2.
  public init(_ descriptions: [TemplateSource.File]) throws(Failure) {
    let file = descriptions.first?.place ?? TemplateSource.name
    var reader = Reader(file: file)
    var root = Document.map([:])
    var rules: [FileRule] = []
    for description in descriptions {
      let document = try Document.parseOne(description.text, file: description.place)
      reader.file = description.place
      reader.known(document, "", Self.keys)
      for (index, entry) in (document["files"]?.items ?? []).enumerated() {
        // A file of the template itself stands for that of the one which it extends.
        if let rule = reader.rule(entry, "files.\(index)"),
          !rules.contains(where: { $0.path == rule.path && $0.when == rule.when })
        {
          rules.append(rule)
        }
      }
      root = root.over(document)
    }
    reader.file = file
    files = rules
    name = reader.text(root, "template") ?? ""
    summary = reader.text(root, "summary") ?? ""
    base = reader.text(root, "base") ?? ""
    mirror = reader.text(root, "mirror") ?? ""
    packageMirror = root["package-mirror"]?.text ?? "http://snapshot.debian.org/archive"
    nodeMirror = root["node-mirror"]?.text ?? "https://nodejs.org/dist"
    uid = reader.number(root, "uid") ?? 0
    gid = reader.number(root, "gid") ?? 0
    development = root["development"]?.text ?? "dev"
    reload = root["reload"]?.texts ?? []
    reloadTail = root["reload-tail"]?.texts ?? []
    language = Language(rawValue: root["language"]?.text ?? "python") ?? .python
    if let name = root["language"]?.text, Language(rawValue: name) == nil {
      reader.complain("`language` is `\(name)`", hint: "it can be python or node")
    }
    migrate = root["migrate"]?.texts ?? []
    migrated = root["migrated"]?.texts ?? []
    healthcheck = root["healthcheck"]?.texts ?? []
    portcheck = root["portcheck"]?.texts ?? []
    staticWatch = root["static-watch"]?.texts ?? []
    sync = root["sync"]?.texts ?? []
    imageEnv = reader.texts(root, "image-env")
    extensions = root["extensions"]?.texts ?? []
    allowances = []
    for (place, reason) in reader.texts(root, "allow").sorted(by: { $0.key < $1.key }) {
      do throws(ParityMistake) {
        allowances.append(try ParityAllowance(place, AllowedDifference(reason)))
      } catch {
        reader.complain("`allow` has \(Quoting.json(place))", hint: error.hint)
      }
    }
    env = reader.texts(root, "env")
    environmentEnv = reader.texts(root, "environment-env")
    secrets = root["secrets"]?.texts ?? []
    values = reader.texts(root, "values")
    expects = reader.texts(root, "expects")
    processes = [:]
    for (name, entry) in root["processes"]?.entries ?? [:] {
      reader.known(entry, "processes.\(name)", ["command", "port", "single", "heartbeat", "grace"])
      processes[name] = ProcessDefault(
        command: entry["command"]?.texts ?? [], port: entry["port"]?.integer,
        isSingle: entry["single"]?.isTrue ?? false, hasHeartbeat: entry["heartbeat"]?.isTrue ?? false,
        grace: entry["grace"]?.integer ?? 30)
    }
    services = [:]
    for (name, entry) in root["services"]?.entries ?? [:] {
      reader.known(
        entry, "services.\(name)",
        ["image", "version", "port", "private", "env", "secrets", "values", "data", "move", "excludes"])
      let data = entry["data"]?.text ?? "bound"
      if !["bound", "portable", "none"].contains(data) {
        reader.complain("`services.\(name).data` is `\(data)`", hint: "it can be bound, portable or none")
      }
      var values: [Int: [String: String]] = [:]
      for (major, entry) in entry["values"]?.entries ?? [:] {
        values[Int(major) ?? 0] = entry.entries.compactMapValues(\.text)
      }
      services[name] = ServiceDefault(
        image: reader.text(entry, "image", in: "services.\(name)") ?? "", version: entry["version"]?.text,
        port: reader.number(entry, "port", in: "services.\(name)") ?? 0,
        isPrivate: entry["private"]?.isTrue ?? false, env: reader.texts(entry, "env"),
        secrets: entry["secrets"]?.texts ?? [], isBound: data == "bound",
        move: entry["move"]?.text ?? "dump it with the old version, and read it into the new one",
        excludes: entry["excludes"]?.texts ?? [],
        values: values)
    }
    if files.isEmpty { reader.complain("`files` lists nothing to render") }
    guard reader.diagnostics.isEmpty else { throw Failure(reader.diagnostics, status: .usage) }
  }

  private struct Reader {
    var file: String
    var diagnostics: [Diagnostic] = []

    mutating func complain(_ message: String, hint: String? = nil) {
      diagnostics.append(Diagnostic(.error, message, at: SourceLocation(file: file), hint: hint))
    }

    mutating func known(_ document: Document, _ place: String, _ keys: Set<String>) {
      for key in document.entries.keys.sorted() where !keys.contains(key) {
        complain(
          "unknown key `\(place.isEmpty ? key : place + "." + key)`",
          hint: nearest(key, among: keys.sorted()).map { "did you mean `\($0)`?" })
      }
    }

    mutating func text(_ document: Document, _ key: String, in place: String = "") -> String? {
      if let text = document[key]?.text { return text }
      complain("`\(place.isEmpty ? key : place + "." + key)` must be a text")
      return nil
    }

    mutating func number(_ document: Document, _ key: String, in place: String = "") -> Int? {
      if let number = document[key]?.integer { return number }
      complain("`\(place.isEmpty ? key : place + "." + key)` must be a number")
      return nil
    }

    mutating func texts(_ document: Document, _ key: String) -> [String: String] {
      let entries = document[key]?.entries ?? [:]
      for (name, value) in entries.sorted(by: { $0.key < $1.key }) where value.text == nil {
        complain("`\(key).\(name)` must be a text", hint: "put it in quotes")
      }
      return entries.compactMapValues(\.text)
    }

    mutating func rule(_ entry: Document, _ place: String) -> FileRule? {
      if let path = entry.text {
        return FileRule(path: path, from: path, each: .project, when: [], mode: 0o644, isStarter: false)
      }
      known(entry, place, ["path", "from", "each", "when", "mode", "starter"])
      guard let path = text(entry, "path", in: place) else { return nil }
      var each = FileRule.Each.project
      if let name = entry["each"]?.text {
        guard let found = FileRule.Each(rawValue: name) else {
          complain(
            "`\(place).each` is `\(name)`",
            hint: "it can be " + FileRule.Each.allCases.map(\.rawValue).joined(separator: ", "))
          return nil
        }
        each = found
      }
      let when = entry["when"]
      return FileRule(
        path: path, from: entry["from"]?.text ?? path, each: each,
        when: when?.texts ?? when?.text.map { [$0] } ?? [],
        mode: entry["mode"]?.text.flatMap { UInt16($0, radix: 8) } ?? 0o644,
        isStarter: entry["starter"]?.isTrue ?? false)
    }
  }
}
