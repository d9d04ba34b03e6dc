import OutfitCore
import OutfitGoTemplate
import OutfitSystem

/// What `outfit facts --json` said of one machine, and was kept elsewhere: a stranger's text, made harmless.
public struct MachineFacts: Hashable, Sendable {
  /// A line of a manifest.
  public struct Line: Hashable, Sendable {
    /// The layer's name.
    public var layer: String
    public var file: String
    public var number: Int

    /// `web:12`, or `web/dotfiles.yaml:12` where that is another file than the layer's manifest.
    public var text: String {
      let name = file.split(separator: "/").last.map(String.init) ?? file
      return name == "outfit.yaml" || name.isEmpty ? "\(layer):\(number)" : "\(layer)/\(name):\(number)"
    }
  }

  public struct Layer: Hashable, Sendable {
    public var name: String
    /// `base`, `profile`, `personal`, `system`.
    public var kind: String
    public var address: String
    public var commit: String?
  }

  public struct Generation: Hashable, Sendable {
    public var number: Int
    /// Seconds since 1970.
    public var time: Int
    public var isIncomplete: Bool
  }

  /// A tool, or an interpreter by the version that was asked for.
  public struct Pin: Hashable, Sendable {
    public var name: String
    public var version: String?
    public var line: Line?
    /// The layer that has it is its user's own.
    public var isOwn = false
  }

  /// One thing in which the machine is other than its own manifest wants it.
  public struct Departure: Hashable, Sendable {
    public var kind: FleetReport.Kind
    /// A path, or an entry of the manifest.
    public var entry: String
    /// For people.
    public var what: String
    public var line: Line?
  }

  /// What the inventory calls it.
  public var name: String
  public var outfit: String
  public var platform: String
  /// Nil where nothing is set up.
  public var profile: String?
  public var commit: String?
  public var layers: [Layer] = []
  /// Hexadecimal digits.
  public var lock: String?
  public var generation: Generation?
  public var tools: [Pin] = []
  public var interpreters: [Pin] = []
  public var departures: [Departure] = []

  public init(name: String, outfit: String = "", platform: String = "", profile: String? = nil) {
    (self.name, self.outfit, self.platform, self.profile) = (name, outfit, platform, profile)
  }
}

// MARK: - Reading

extension MachineFacts {
  /// A file that is none of ours has no place in such a folder.
  public enum Finding: Hashable, Sendable {
    case facts(MachineFacts)
    /// Ansible's cache of a machine of which nobody asked Outfit.
    case none
  }

  /// Reads what a file holds: the document itself, a result of `outfit_info`, or what Ansible's fact cache keeps of a
  /// machine (plugin `jsonfile`), with one of both as a fact of any name.
  /// - Throws: what is wrong with it, as one sentence without a full stop.
  public static func read(_ bytes: [UInt8], name: String) throws(Failure) -> Finding {
    let value = try parse(bytes)
    guard case .map(let members) = value else { throw Failure("it is no JSON object") }
    var facts = plain(value)
    var isCache = false
    // ansible-core 2.19 and later keep the facts as a text in the text.
    if members.count == 1, case .string(let payload)? = members["__payload__"] {
      facts = plain(try parse(Array(payload.utf8)))
      isCache = true
    }
    if let document = document(in: facts) { return .facts(try MachineFacts(document, name: name)) }
    guard let found = facts.map else { throw Failure("it is no JSON object") }
    for (_, fact) in found.sorted(by: { $0.key < $1.key }) {
      if let document = document(in: fact) { return .facts(try MachineFacts(document, name: name)) }
    }
    isCache = isCache || found.keys.contains { $0.hasPrefix("ansible_") || $0.hasPrefix("_ansible_") }
    guard isCache else {
      let kind = found["kind"]?.text.map { ", and says that it is the document `\(shown($0, 40))`" } ?? ""
      throw Failure("it holds no facts of Outfit's\(kind)")
    }
    return .none
  }

  private static func parse(_ bytes: [UInt8]) throws(Failure) -> GoValue {
    guard !bytes.isEmpty else { throw Failure("it is empty") }
    do throws(DataFormat.Malformed) {
      return try DataFormat.json.read(bytes)
    } catch {
      throw Failure(shown(error.message, 200))
    }
  }

  /// Without what ansible-core notes beside a value: where it comes from, and whether it may be a template.
  private static func plain(_ value: GoValue) -> GoValue {
    switch value {
    case .map(let members):
      if members["__ansible_type"]?.text?.hasPrefix("_AnsibleTagged") == true, let inner = members["value"] {
        return plain(inner)
      }
      if members.count == 1, let inner = members["__ansible_unsafe"] { return plain(inner) }
      return .map(members.mapValues(plain))
    case .list(let items): return .list(items.map(plain))
    default: return value
    }
  }

  /// The document where it is one, or is in a result of `outfit_info`.
  private static func document(in value: GoValue) -> GoValue? {
    if value["kind"]?.text == "facts", value["schema"] != nil { return value }
    guard let inner = value["facts"], inner["kind"]?.text == "facts", inner["schema"] != nil else {
      return nil
    }
    return inner
  }

  /// A stranger's text as it is shown; one that nobody would read to its end is cut.
  static func shown(_ text: String, _ most: Int = 300) -> String {
    let text = withoutPasswords(text).harmless
    return text.count > most ? text.prefix(most) + "…" : text
  }

  /// How many of one thing are read.
  private static let most = 2000

  init(_ document: GoValue, name: String) throws(Failure) {
    guard case .int(1)? = document["schema"] else {
      throw Failure("another version of Outfit wrote it")
    }
    guard let outfit = document["outfit"]?.text, let platform = document["platform"]?.text,
      case .list(let layers)? = document["layers"], case .list(let tools)? = document["tools"],
      case .list(let interpreters)? = document["interpreters"]
    else { throw Failure("it is not whole: `outfit facts --json` writes more") }
    self.init(
      name: name, outfit: Self.shown(outfit, 60), platform: Self.shown(platform, 60),
      profile: document["profile", "name"]?.text.map { Self.shown($0, 100) })
    commit = document["profile", "commit"]?.text.map { Self.shown($0, 64) }
    lock = document["lock", "sha256"]?.text.map { Self.shown($0, 64) }
    self.layers = layers.prefix(Self.most).map { layer in
      Layer(
        name: Self.shown(layer["name"]?.text ?? "", 100), kind: Self.shown(layer["kind"]?.text ?? "", 20),
        address: Self.shown(layer["address"]?.text ?? ""),
        commit: layer["commit"]?.text.map { Self.shown($0, 64) })
    }
    if case .int(let number)? = document["generation", "number"] {
      generation = Generation(
        number: number, time: Self.number(document["generation", "time"]) ?? 0,
        isIncomplete: document["generation", "incomplete"] == .bool(true))
    }
    self.tools = pins(tools) { $0["name"]?.text }
    self.interpreters = pins(interpreters) { one in
      guard let language = one["language"]?.text, let request = one["request"]?.text else { return nil }
      return request.isEmpty ? language : "\(language) \(request)"
    }
    departures = departures(document)
  }

  private static func number(_ value: GoValue?) -> Int? {
    if case .int(let number)? = value { number } else { nil }
  }

  private func pins(_ values: [GoValue], _ name: (GoValue) -> String?) -> [Pin] {
    values.prefix(Self.most).compactMap { value in
      guard let name = name(value) else { return nil }
      return Pin(
        name: Self.shown(name, 100), version: value["version"]?.text.map { Self.shown($0, 60) },
        line: line(value["owner"]), isOwn: layer(value["owner"])?.kind == "personal")
    }
  }

  /// The layer that an owner names, which it does by its address.
  private func layer(_ owner: GoValue?) -> Layer? {
    guard let address = owner?["layer"]?.text.map({ Self.shown($0) }) else { return nil }
    return layers.first { $0.address == address }
  }

  private func line(_ owner: GoValue?) -> Line? {
    guard let number = Self.number(owner?["line"]) else { return nil }
    let layer = layer(owner)
    let name =
      layer.map { $0.kind == "personal" ? "its own layer" : $0.name }
      ?? owner?["layer"]?.text.map { Self.shown($0) }
    return Line(layer: name ?? "?", file: Self.shown(owner?["file"]?.text ?? ""), number: number)
  }

  private func list(_ document: GoValue, _ name: String) -> [GoValue] {
    if case .list(let items)? = document[name] { Array(items.prefix(Self.most)) } else { [] }
  }

  private func departures(_ document: GoValue) -> [Departure] {
    func text(_ value: GoValue, _ name: String) -> String { Self.shown(value[name]?.text ?? "") }
    var found: [Departure] = []
    for file in list(document, "files") {
      let what: String
      switch file["action"]?.text {
      case "not-asked": continue
      case "create": what = "is not there"
      case "update": what = "is other than its manifest has it"
      case "remove": what = "is there no more in its manifest"
      case "restore": what = "would get back what was there before Outfit"
      case "conflict": what = "was changed by its owner, and stays so"
      case let other: what = Self.shown(other ?? "differs", 40)
      }
      found.append(Departure(kind: .file, entry: text(file, "path"), what: what, line: line(file["owner"])))
    }
    found += list(document, "objects").map {
      Departure(kind: .object, entry: text($0, "label"), what: "is not built yet")
    }
    found += list(document, "commands").map { command in
      let what =
        switch command["action"]?.text {
        case "remove": "goes with the next `outfit up`"
        case "add": "comes with the next `outfit up`"
        default: "changes with the next `outfit up`"
        }
      return Departure(kind: .command, entry: text(command, "name"), what: what)
    }
    found += list(document, "effects").filter { $0["wanted"] != .bool(false) }.map {
      Departure(
        kind: .effect, entry: text($0, "entry"), what: "\(text($0, "label")) is wanted",
        line: line($0["owner"]))
    }
    found += list(document, "waiting").map {
      Departure(kind: .waiting, entry: text($0, "entry"), what: "\(text($0, "label")) waits for root")
    }
    found += list(document, "incomplete").map { failure in
      Departure(
        kind: .incomplete, entry: "", what: text(failure, "message"),
        line: Self.number(failure["line"]).map {
          Line(layer: "", file: text(failure, "file"), number: $0)
        }.map(placed))
    }
    found += list(document, "mend").compactMap { $0.text }.map {
      Departure(kind: .mend, entry: "", what: Self.shown($0))
    }
    if document["drift"] == .bool(true), found.isEmpty {
      found.append(Departure(kind: .file, entry: "", what: "it differs from its manifest"))
    }
    return found
  }

  /// A line with the name of the layer whose folder its file is in.
  private func placed(_ line: Line) -> Line {
    let layer = layers.filter { !$0.address.isEmpty && line.file.hasPrefix($0.address) }
      .max { $0.address.count < $1.address.count }
    var line = line
    line.layer = layer?.name ?? profile ?? "?"
    return line
  }
}
