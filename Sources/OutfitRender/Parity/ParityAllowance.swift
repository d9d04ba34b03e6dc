import OutfitCore
import OutfitProfile

/// A difference that is meant, though `parity` finds it: an exception, which is counted.
public struct ParityAllowance: Hashable, Sendable {
  /// `Kind/name`, where either may be `*`; or the path of a file.
  public var object: String
  /// The steps of a JSON pointer (RFC 6901) below the object, in which elements of a list go by their key; `*` stands
  /// for one step, a last `**` for all below. Empty for the whole object or file.
  public var pointer: [String]
  /// The place is a file of the project.
  public var isFile: Bool
  public var difference: AllowedDifference

  public var reason: String { difference.reason }

  /// - Throws: a hint for what is no place, or no place that may be allowed.
  public init(_ place: String, _ difference: AllowedDifference) throws(ParityMistake) {
    self.difference = difference
    if place.hasPrefix("file:") {
      object = String(place.dropFirst(5))
      pointer = []
      isFile = true
      guard !object.isEmpty, object.unicodeScalars.allSatisfy({ Names.isText($0) }) else {
        throw ParityMistake("write a path in the project behind `file:`: \"file:compose.override.yaml\"")
      }
      return
    }
    let pieces = place.split(separator: " ", maxSplits: 1)
    object = pieces.first.map(String.init) ?? ""
    isFile = Self.documents.contains(object)
    pointer = pieces.count == 2 ? Self.steps(pieces[1]) : []
    guard isFile || object.split(separator: "/").count == 2, pieces.count < 2 || pieces[1].hasPrefix("/"),
      !isFile || pieces.count == 2
    else { throw ParityMistake(Self.form) }
    if let mistake = tooWide ?? badRange { throw ParityMistake(mistake) }
  }

  static let form =
    "write `Kind/name /pointer`, `compose.yaml /pointer` or `file:path`: \"Deployment/web /spec/replicas\""

  /// The files whose values are compared one by one.
  static let documents: Set<String> = ["compose.yaml", "skaffold.yaml", ".devcontainer/devcontainer.json"]

  public var place: String {
    if isFile, pointer.isEmpty { return "file:" + object }
    return pointer.isEmpty ? object : object + " " + Self.text(pointer)
  }

  static func steps(_ pointer: Substring) -> [String] {
    pointer.split(separator: "/").map { String($0).replacing("~1", with: "/").replacing("~0", with: "~") }
  }

  static func text(_ pointer: [String]) -> String {
    pointer.map { "/" + $0.replacing("~", with: "~0").replacing("/", with: "~1") }.joined()
  }

  /// What is in these has a key of its own, so that an exception names it: what runs, and what lies where.
  private static let guarded: Set<String> = [
    "containers", "initContainers", "ephemeralContainers", "volumes", "volumeMounts", "volumeDevices",
    "volumeClaimTemplates", "services", "mounts",
  ]

  /// Objects in whose specification no pod is.
  private static let podless: Set<String> = [
    "ConfigMap", "HorizontalPodAutoscaler", "Ingress", "Namespace", "NetworkPolicy", "PersistentVolumeClaim",
    "PodDisruptionBudget", "Service",
  ]

  private var tooWide: String? {
    for (step, next) in zip(pointer, pointer.dropFirst())
    where Self.guarded.contains(step) && (next == "*" || next == "**") {
      return
        "name the one that is meant behind /\(step)/: there is no wildcard over containers, volumes and mounts"
    }
    let kind = object.split(separator: "/").first.map(String.init) ?? ""
    let isUnnamed = pointer.isEmpty && object.contains("*")
    let isWide = pointer.last == "**" && (isFile || !Self.podless.contains(kind)) && isAbovePods
    if isUnnamed || isWide {
      return "name what is meant: `\(place)` covers containers, volumes and mounts as well"
    }
    if let name = pointer.last, CodeVariables.contains(name) {
      return "\(name) changes which code is loaded: it is the same everywhere"
    }
    return nil
  }

  /// Whether containers or mounts lie below the pointer without its last step.
  private var isAbovePods: Bool {
    let inner: Set<String> = [
      "resources", "securityContext", "lifecycle", "annotations", "labels", "metadata",
    ]
    return !pointer.dropLast().contains { inner.contains($0) || $0.hasSuffix("Probe") }
  }

  private var badRange: String? {
    let bounds = [difference.minimum, difference.maximum].compactMap { $0 }
    if bounds.isEmpty { return nil }
    switch difference.kind {
    case .count:
      return bounds.allSatisfy { Int($0) != nil } ? nil : "`min` and `max` of a count are whole numbers"
    case .quantity:
      return bounds.allSatisfy { Quantity($0) != nil }
        ? nil : "`min` and `max` of a quantity are written as Kubernetes does: 512Mi, 500m"
    default: return "`min` and `max` go with `type: count` or `type: quantity`"
    }
  }

  func covers(_ finding: ParityFinding) -> Bool {
    guard finding.isExcusable, finding.isFile == isFile else { return false }
    let environments = difference.environments
    if !environments.isEmpty, !finding.environments.contains(where: environments.contains) { return false }
    guard isFile ? object == finding.object : Self.matches(object, finding.object) else { return false }
    guard Self.matches(pointer, finding.pointer) else { return false }
    if finding.pointer.contains(where: CodeVariables.contains) { return false }
    guard ![finding.found, finding.wanted].contains(where: { $0.map(CodeVariables.isIn) ?? false }) else {
      return false
    }
    return [finding.found, finding.wanted].allSatisfy { $0.map(fits) ?? true }
  }

  private static func matches(_ pattern: String, _ name: String) -> Bool {
    let names = pattern.split(separator: "/", maxSplits: 1)
    let found = name.split(separator: "/", maxSplits: 1)
    return names.count == 2 && found.count == 2 && zip(names, found).allSatisfy { $0 == "*" || $0 == $1 }
  }

  private static func matches(_ steps: [String], _ pointer: [String]) -> Bool {
    if steps.last == "**" {
      let above = steps.dropLast()
      return pointer.count >= above.count && zip(above, pointer).allSatisfy { $0 == "*" || $0 == $1 }
    }
    return steps.count == pointer.count && zip(steps, pointer).allSatisfy { $0 == "*" || $0 == $1 }
  }

  private func fits(_ value: Document) -> Bool {
    switch difference.kind {
    case nil: return true
    case .host, .reference:
      return if case .string(let name) = value { Names.isHost(name) } else { false }
    case .text: return if case .string = value { true } else { false }
    case .count:
      guard let count = value.integer, count >= 0 else { return false }
      return count >= difference.minimum.flatMap { Int($0) } ?? 0
        && count <= difference.maximum.flatMap { Int($0) } ?? .max
    case .quantity:
      guard let quantity = value.text.flatMap({ Quantity($0) }) else { return false }
      return difference.minimum.flatMap { Quantity($0) }.map { $0 <= quantity } ?? true
        && difference.maximum.flatMap { Quantity($0) }.map { quantity <= $0 } ?? true
    }
  }
}

/// Why a place can't be allowed, as a hint.
public struct ParityMistake: Error, Sendable {
  public var hint: String
  init(_ hint: String) { self.hint = hint }
}

/// Variables that decide which code a process loads: never an exception, whatever the value.
enum CodeVariables {
  private static let names: Set<String> = [
    "PATH", "NODE_OPTIONS", "NODE_PATH", "BASH_ENV", "SHELLOPTS", "IFS", "PERL5LIB", "PERL5OPT", "RUBYLIB",
    "RUBYOPT", "JAVA_TOOL_OPTIONS", "CLASSPATH", "VIRTUAL_ENV", "HOME", "SHELL", "LOCPATH", "GCONV_PATH",
    "OPENSSL_CONF", "OPENSSL_MODULES", "OPENSSL_ENGINES", "SSL_CERT_FILE", "SSL_CERT_DIR",
    "NODE_EXTRA_CA_CERTS",
    "NODE_ICU_DATA", "NODE_REPL_EXTERNAL_MODULE", "GLIBC_TUNABLES", "MALLOC_CONF",
  ]
  private static let prefixes = [
    "PYTHON", "LD_", "DYLD_", "BASH_FUNC_", "PIP_", "UV_", "NPM_CONFIG_", "npm_config_",
  ]

  static func contains(_ name: String) -> Bool {
    names.contains(name) || prefixes.contains { name.hasPrefix($0) }
  }

  /// Whether something sets one of them.
  static func isIn(_ document: Document) -> Bool {
    switch document {
    case .map(let entries):
      entries.contains { key, value in
        contains(key) || key == "name" && value.text.map(contains) ?? false || isIn(value)
      }
    case .list(let items):
      items.contains {
        isIn($0) || $0.text.map { contains(String($0.prefix { $0 != "=" })) && $0.contains("=") } ?? false
      }
    case .null, .bool, .number, .string: false
    }
  }
}

/// A quantity of Kubernetes: a decimal number with a suffix.
struct Quantity: Comparable {
  let value: Double

  init?(_ text: String) {
    let number = text.prefix { $0.isNumber || $0 == "." || $0 == "+" || $0 == "-" }
    var rest = text[number.endIndex...]
    var factor: Double?
    if let first = rest.first, first == "e" || first == "E", let exponent = Int(rest.dropFirst()) {
      factor = 1
      for _ in 0..<min(abs(exponent), 18) { factor = (factor ?? 1) * (exponent < 0 ? 0.1 : 10) }
      rest = ""
    } else {
      factor = Self.suffixes[String(rest)]
    }
    guard let factor, let value = Double(number), value >= 0, value.isFinite else { return nil }
    self.value = value * factor
  }

  static func < (a: Quantity, b: Quantity) -> Bool { a.value < b.value }

  private static let suffixes: [String: Double] = [
    "": 1, "n": 1e-9, "u": 1e-6, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18,
    "Ki": 1024, "Mi": 1_048_576, "Gi": 1_073_741_824, "Ti": 1_099_511_627_776, "Pi": 1_125_899_906_842_624,
    "Ei": 1_152_921_504_606_846_976,
  ]
}

/// Something that is not known to be the same.
struct ParityFinding: Hashable {
  /// `Kind/name`, or a file's path.
  var object: String
  var pointer: [String] = []
  var isFile = false
  var found: Document?
  var wanted: Document?
  /// Replaces what is told of the two values.
  var message: String?
  /// The environments that it is between.
  var environments: [String] = []
  /// What no exception covers.
  var isExcusable = true

  var place: String {
    pointer.isEmpty ? object : object + " " + ParityAllowance.text(pointer)
  }

  var text: String {
    if let message { return "\(place) \(message)" }
    return "\(place): \(Self.short(found)), not \(Self.short(wanted))"
  }

  private static func short(_ value: Document?) -> String {
    guard let text = value?.json else { return "absent" }
    return text.count > 120 ? text.prefix(117) + "..." : text
  }
}

/// The exceptions, and which of them were needed.
struct ParityExceptions {
  let allowances: [ParityAllowance]
  private(set) var used: Set<ParityAllowance> = []

  init(_ allowances: [ParityAllowance]) { self.allowances = allowances }

  /// What no exception covers.
  mutating func remaining(_ findings: [ParityFinding]) -> [ParityFinding] {
    var remaining: [ParityFinding] = []
    for finding in findings {
      if let allowance = allowances.first(where: { $0.covers(finding) }) {
        used.insert(allowance)
      } else {
        remaining.append(finding)
      }
    }
    return remaining
  }
}
