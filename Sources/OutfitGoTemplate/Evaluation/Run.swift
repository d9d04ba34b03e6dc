/// One run of a template and of all that it takes in: what it may still take, and whom it asks.
final class Run {
  let limits: TemplateLimits
  private let world: any TemplateWorld
  private var steps: Int
  var depth = 0
  private let maps = MapArena()
  var parsed: [String: Template] = [:]
  let options: TemplateOptions
  private let stack = StackSpan()
  /// Why values are not known, where a run goes on without them.
  private(set) var lacks: [TemplateError] = []
  /// The first of them that the pipeline at work came upon.
  var lack: Int?

  init(world: any TemplateWorld, options: TemplateOptions) {
    self.world = world
    self.options = options
    limits = options.limits
    steps = options.limits.steps
  }

  deinit { maps.clear() }

  func note(_ error: TemplateError) {
    guard lack == nil else { return }
    lack = lacks.count
    lacks.append(error)
  }

  /// Before a value is used that may stand for one that is not known.
  func notice(_ value: Value) throws {
    guard options.goesOn || !options.unknown.isEmpty, case .string(let bytes) = value,
      let mark = UnknownMark(in: bytes)
    else { return }
    if options.goesOn {
      lack = lack ?? mark.index
    } else if mark.index < options.unknown.count {
      throw options.unknown[mark.index]
    } else {
      throw Problem("a value of the data is not known")
    }
  }

  func spend(_ count: Int) throws {
    steps -= count
    guard steps >= 0 else {
      throw Problem.limit("the template takes more than \(limits.steps) steps")
    }
  }

  /// Before a text of so many bytes is made.
  func make(bytes count: Int) throws {
    guard count <= limits.output else {
      throw Problem.limit("a text would have more than \(limits.output) bytes")
    }
    try spend(count / 64)
  }

  func check(depth: Int, _ message: String) throws {
    guard depth <= limits.depth, !stack.isSpent else { throw Problem.limit(message) }
  }

  func map(_ entries: [Bytes: Value] = [:], isOfStrings: Bool = false) throws -> Map {
    try spend(1 + entries.count)
    let map = Map(entries, isOfStrings: isOfStrings)
    maps.add(map)
    return map
  }

  func mapped(_ entries: [Bytes: Value] = [:], isOfStrings: Bool = false) throws -> Value {
    .map(try map(entries, isOfStrings: isOfStrings))
  }

  func value(_ value: GoValue) -> Value { maps.value(value) }

  /// The other way, for questions.
  func plain(_ value: Value, depth: Int = 0) throws -> GoValue {
    try check(depth: depth, "the data is nested too deeply")
    try spend(1)
    switch value {
    case .missing, .null: return .null
    case .bool(let value): return .bool(value)
    case .int(let value, _): return .int(value)
    case .float(let value): return .float(value)
    case .string(let bytes): return .string(String(bytes: bytes))
    case .list(let list): return .list(try list.items.map { try plain($0, depth: depth + 1) })
    case .map(let map):
      var entries: [String: GoValue] = [:]
      for (key, value) in map.entries { entries[String(bytes: key)] = try plain(value, depth: depth + 1) }
      return .map(entries)
    case .time, .version: return .string(String(bytes: try Printing.text(value, self)))
    }
  }

  private func answer(_ question: TemplateQuestion) throws -> TemplateAnswer {
    switch world.answer(question) {
    case .unknown:
      throw Problem("a question has to be answered first: \(question)", kind: .unanswered(question))
    case .refused(let reason): throw Problem(reason)
    case let answer: return answer
    }
  }

  func bytes(_ question: TemplateQuestion) throws -> Bytes {
    switch try answer(question) {
    case .bytes(let bytes): return bytes
    case .value(.string(let text)): return text.bytes
    default: throw Problem("the answer to \(question) is not a text")
    }
  }

  /// nil where nobody has it.
  func known(_ question: TemplateQuestion) -> Value? {
    if case .value(let value) = world.answer(question) { self.value(value) } else { nil }
  }

  func ask(_ question: TemplateQuestion) throws -> Value {
    switch try answer(question) {
    case .bytes(let bytes): .string(bytes)
    case .value(let value): self.value(value)
    default: .missing
    }
  }
}

/// All maps of a run, so that none is freed in a long chain of others, and none that holds itself stays.
final class MapArena {
  private var maps: [Map] = []

  func add(_ map: Map) { maps.append(map) }

  func clear() {
    for map in maps { map.clear() }
    maps = []
  }

  /// A value of the data. Its maps are made when they are looked into.
  func value(_ value: GoValue) -> Value {
    switch value {
    case .null: return .null
    case .bool(let value): return .bool(value)
    case .int(let value): return .int(value, .int64)
    case .float(let value): return .float(value)
    case .string(let text): return .text(text)
    case .list(let items): return .list(items.map { self.value($0) })
    case .map(let entries):
      let map = Map(data: entries, maps: self)
      add(map)
      return .map(map)
    }
  }
}

/// What stands for a value that is not known: characters that no text of the data has by itself.
struct UnknownMark {
  let index: Int

  private static let start = Bytes("\u{F8E0}\u{F8E1}")
  private static let end = Bytes("\u{F8E2}")

  static func text(_ index: Int) -> Bytes { start + Bytes("\(index)") + end }

  init?(in text: Bytes) {
    guard text.contains(0xEF), let from = text.find(Self.start), let to = text.find(Self.end, from: from),
      let index = Int(String(bytes: text[(from + Self.start.count)..<to]))
    else { return nil }
    self.index = index
  }
}
