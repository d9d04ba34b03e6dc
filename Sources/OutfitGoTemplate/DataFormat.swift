import OutfitCore

/// How a file of data is written.
public enum DataFormat: String, Hashable, Sendable, CaseIterable {
  case json, jsonc, toml, yaml

  /// - Parameter ending: of a file's name, without the dot.
  public init?(ending: String) { self.init(rawValue: ending == "yml" ? "yaml" : ending) }

  public struct Malformed: Error, Hashable, Sendable {
    /// One sentence without a full stop.
    public var message: String
    /// From 1, where it is known.
    public var line: Int?
  }

  /// What a file says; a file without anything in it says an empty map.
  public func read(_ bytes: some Sequence<UInt8>, limits: TemplateLimits = TemplateLimits()) throws(Malformed)
    -> GoValue
  {
    var bytes = Array(bytes)
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
    if bytes.allSatisfy({ [9, 10, 13, 32].contains($0) }) { return .map([:]) }
    let run = Run(world: KnownAnswers(), options: TemplateOptions(limits: limits))
    do {
      let value =
        switch self {
        case .json: try JsonReader.value(bytes, run)
        case .jsonc: try JsonReader.value(bytes, run, hasComments: true)
        case .toml: try TomlReader.read(String(bytes: bytes)).value(run)
        case .yaml: try YamlReader.value(bytes, run)
        }
      let plain = try run.plain(value)
      return plain == .null ? .map([:]) : plain
    } catch let error as TomlReader.Malformed {
      throw Malformed(message: "it is not TOML", line: error.line)
    } catch let problem as Problem {
      throw Malformed(message: problem.message, line: nil)
    } catch {
      throw Malformed(message: "it can't be read: \(error)", line: nil)
    }
  }
}

extension GoValue {
  /// The value at keys of maps within each other; nil where there is none.
  public subscript(path: String...) -> GoValue? {
    var value = self
    for key in path {
      guard case .map(let entries) = value, let inner = entries[key] else { return nil }
      value = inner
    }
    return value
  }

  /// What a later file makes of this one: maps are merged key by key, and all else takes its place.
  public func merged(with later: GoValue) -> GoValue {
    guard case .map(let old) = self, case .map(let new) = later else { return later }
    return .map(old.merging(new) { $0.merged(with: $1) })
  }

  /// As JSON; nil for what JSON can't say.
  public var json: [UInt8]? {
    let run = Run(world: KnownAnswers(), options: TemplateOptions(limits: TemplateLimits()))
    return try? Array(JsonWriter(indent: nil, escapesMarkup: false).text(run.value(self), run))
  }

  public var text: String? { if case .string(let text) = self { text } else { nil } }

  public var map: [String: GoValue]? { if case .map(let map) = self { map } else { nil } }
}
