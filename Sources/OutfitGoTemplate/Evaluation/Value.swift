/// Which of Go's integer types a number has. Templates see it in `typeOf`, `printf "%T"` and in what they pass on.
enum IntType: UInt8, Sendable {
  case int, int64, uint64, uint8

  var name: String {
    switch self {
    case .int: "int"
    case .int64: "int64"
    case .uint64: "uint64"
    case .uint8: "uint8"
    }
  }

  var isSigned: Bool { self == .int || self == .int64 }
}

/// A list, and how deeply lists lie within it, so that no recursion over it can be too deep.
struct List {
  enum Element: UInt8 { case any, string, int, list }

  var items: [Value]
  let depth: UInt16
  let element: Element
  /// Go's nil list, which JSON shows as null.
  let isNil: Bool

  init(_ items: [Value], element: Element = .any, isNil: Bool = false) {
    self.items = items
    self.isNil = isNil
    self.element = element
    var depth: UInt16 = 0
    if element == .any || element == .list {
      for case .list(let inner) in items where inner.depth > depth { depth = inner.depth }
    }
    self.depth = depth &+ 1
  }
}

/// A map, which functions such as `set` change in place, as in Go.
///
/// A map of the data becomes values when a template first looks into it.
final class Map {
  private var known: [Bytes: Value]
  private var data: (entries: [String: GoValue], maps: MapArena)?
  /// Whether all values are strings: Go's map[string]string.
  let isOfStrings: Bool

  var entries: [Bytes: Value] {
    get {
      load()
      return known
    }
    _modify {
      load()
      yield &known
    }
  }

  init(_ entries: [Bytes: Value] = [:], isOfStrings: Bool = false) {
    known = entries
    self.isOfStrings = isOfStrings
  }

  init(data: [String: GoValue], maps: MapArena) {
    known = [:]
    self.data = (data, maps)
    isOfStrings = false
  }

  private func load() {
    guard let (entries, maps) = data else { return }
    data = nil
    known.reserveCapacity(entries.count)
    for (key, value) in entries { known[key.bytes] = maps.value(value) }
  }

  func clear() {
    data = nil
    known = [:]
  }

  var sortedKeys: [Bytes] {
    var keys = Array(entries.keys)
    keys.sort(by: Bytes.precedes)
    return keys
  }
}

/// What an expression comes to.
enum Value {
  /// Nothing at all: a key that a map does not have.
  case missing
  /// A `nil` that a map or a list holds.
  case null
  case bool(Bool)
  case int(Int, IntType)
  case float(Double)
  case string(Bytes)
  case list(List)
  case map(Map)
  case time(Time)
  case version(SemanticVersion)

  static func int(_ value: Int) -> Value { .int(value, .int) }
  static func text(_ text: String) -> Value { .string(text.bytes) }
  static func list(_ items: [Value]) -> Value { .list(List(items)) }
  /// A list that is Go's nil where it has nothing.
  static func listOrNil(_ items: [Value], element: List.Element = .any) -> Value {
    .list(List(items, element: element, isNil: items.isEmpty))
  }
  static func strings(_ items: [Bytes]) -> Value { .list(List(items.map { .string($0) }, element: .string)) }

  /// A `nil` in an interface counts as nothing, as text/template's indirectInterface.
  var indirect: Value { if case .null = self { .missing } else { self } }

  var isNothing: Bool {
    switch self {
    case .missing, .null: true
    default: false
    }
  }

  var isTrue: Bool {
    switch self {
    case .missing, .null: false
    case .bool(let value): value
    case .int(let value, _): value != 0
    case .float(let value): value != 0
    case .string(let bytes): !bytes.isEmpty
    case .list(let list): !list.items.isEmpty
    case .map(let map): !map.entries.isEmpty
    case .time, .version: true
    }
  }

  /// The name of its Go type, as `%T` prints it.
  var typeName: String {
    switch self {
    case .missing, .null: "<nil>"
    case .bool: "bool"
    case .int(_, let type): type.name
    case .float: "float64"
    case .string: "string"
    case .list(let list):
      switch list.element {
      case .any: "[]interface {}"
      case .string: "[]string"
      case .int: "[]int"
      case .list: "[][]interface {}"
      }
    case .map(let map): map.isOfStrings ? "map[string]string" : "map[string]interface {}"
    case .time: "time.Time"
    case .version: "*semver.Version"
    }
  }

  var kindName: String {
    switch self {
    case .missing, .null: "invalid"
    case .list: "slice"
    case .map: "map"
    case .time: "struct"
    case .version: "ptr"
    default: typeName
    }
  }

  /// As an error message calls it.
  var description: String {
    switch self {
    case .missing, .null: "nothing"
    case .bool: "a truth value"
    case .int: "a whole number"
    case .float: "a number"
    case .string: "a text"
    case .list: "a list"
    case .map: "a map"
    case .time: "a time"
    case .version: "a version"
    }
  }
}
