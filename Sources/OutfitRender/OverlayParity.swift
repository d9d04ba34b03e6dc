import OutfitCore

/// A difference between two environments that is meant.
public struct ParityAllowance: Hashable, Sendable {
  /// `Kind/name`, where `*` stands for any.
  public var object: String
  /// A JSON pointer (RFC 6901) below the object, in which elements of a list go by their name; `*` stands for one
  /// step, a last `**` for all below.
  public var pointer: String
  public var reason: String
  /// Only between the environment with hot reload and another.
  public var isForDevelopment: Bool

  static let form = "write `Kind/name /pointer`, with `*` for any: \"Deployment/* /spec/replicas\""

  /// Nil for what is no `Kind/name /pointer`.
  public init?(_ place: String, _ reason: String, isForDevelopment: Bool = false) {
    let pieces = place.split(separator: " ")
    guard pieces.count == 2, pieces[0].split(separator: "/").count == 2, pieces[1].hasPrefix("/") else {
      return nil
    }
    object = String(pieces[0])
    pointer = String(pieces[1])
    self.reason = reason
    self.isForDevelopment = isForDevelopment
  }

  public var place: String { "\(object) \(pointer)" }

  func covers(_ object: String, _ pointer: [String], isDevelopment: Bool) -> Bool {
    guard isDevelopment || !isForDevelopment else { return false }
    let names = self.object.split(separator: "/")
    let found = object.split(separator: "/", maxSplits: 1)
    guard names.count == 2, found.count == 2, zip(names, found).allSatisfy({ $0 == "*" || $0 == $1 }) else {
      return false
    }
    let steps = self.pointer.split(separator: "/").map(String.init)
    if steps.last == "**" {
      let above = steps.dropLast()
      return pointer.count >= above.count && zip(above, pointer).allSatisfy { $0 == "*" || $0 == $1 }
    }
    return steps.count == pointer.count && zip(steps, pointer).allSatisfy { $0 == "*" || $0 == $1 }
  }
}

/// Every environment against one of them: equal, but for what is allowed.
struct OverlayParity {
  let stack: Stack
  let objects: [String: [Document]]

  func rows() -> [Parity.Row] {
    let evaluated = stack.environments.filter { objects[$0.name] != nil }
    guard let reference = evaluated.first(where: { $0.name == "production" }) ?? evaluated.last else {
      return []
    }
    let standard = normalized(objects[reference.name] ?? [])
    return evaluated.filter { $0.name != reference.name }.map { environment in
      let isDevelopment = environment.isDevelopment || reference.isDevelopment
      let differences = differences(
        normalized(objects[environment.name] ?? []), standard, isDevelopment: isDevelopment)
      let rule = "\(environment.name) equals \(reference.name)"
      guard differences.forbidden.isEmpty else {
        return Parity.Row(rule, .failed, Parity.some(differences.forbidden))
      }
      return Parity.Row(
        rule, .proved, "but for \(differences.allowed.count) allowed: " + reasons(differences.allowed))
    }
  }

  private func reasons(_ allowed: [String]) -> String {
    Set(allowed).sorted().joined(separator: ", ")
  }

  /// Objects by `Kind/name`, without what names an environment or the content of a generated object.
  func normalized(_ documents: [Document]) -> [String: Document] {
    var names: [String: String] = [:]
    for document in documents {
      let name = document.at("metadata", "name")?.text ?? "?"
      switch document["kind"]?.text {
      case "ConfigMap", "Secret": names[name] = Self.withoutHash(name)
      case "Job":
        if let tag = document.at("metadata", "annotations", "release")?.text, name.hasSuffix("-" + tag) {
          names[name] = String(name.dropLast(tag.count + 1))
        }
      case "Namespace": names[name] = "NAMESPACE"
      default: continue
      }
    }
    var result: [String: Document] = [:]
    for document in documents {
      let plain = rename(document, names)
      result["\(plain["kind"]?.text ?? "?")/\(plain.at("metadata", "name")?.text ?? "?")"] = plain
    }
    return result
  }

  /// Kustomize adds ten characters of a fixed alphabet to the names of what it generates.
  private static func withoutHash(_ name: String) -> String {
    let hash = name.suffix(11)
    guard hash.count == 11, hash.first == "-",
      hash.dropFirst().allSatisfy({ "bcdfghkm2456789t".contains($0) })
    else { return name }
    return String(name.dropLast(11))
  }

  private func rename(_ document: Document, _ names: [String: String]) -> Document {
    switch document {
    case .string(let text): .string(names[text] ?? text)
    case .list(let items): .list(items.map { rename($0, names) })
    case .map(let entries): .map(entries.mapValues { rename($0, names) })
    case .null, .bool, .number: document
    }
  }

  private func differences(
    _ a: [String: Document], _ b: [String: Document], isDevelopment: Bool
  ) -> (forbidden: [String], allowed: [String]) {
    var forbidden: [String] = []
    var allowed: [String] = []
    for object in Set(a.keys).union(b.keys).sorted() {
      guard let left = a[object], let right = b[object] else {
        // An environment without a host has no Ingress.
        if object.hasPrefix("Ingress/"), stack.environments.contains(where: { $0.host == nil }) {
          allowed.append("hosts")
        } else {
          forbidden.append("\(object) is in one of them only")
        }
        continue
      }
      var one: [[String]: Document] = [:]
      var other: [[String]: Document] = [:]
      Self.flatten(left, [], &one)
      Self.flatten(right, [], &other)
      for pointer in Set(one.keys).union(other.keys).sorted(by: { $0.lexicographicallyPrecedes($1) })
      where one[pointer] != other[pointer] {
        if let reason = reason(object, pointer, left, right, one[pointer], other[pointer], isDevelopment) {
          allowed.append(reason)
        } else {
          let place = pointer.map(Self.escaped).joined(separator: "/")
          forbidden.append(
            "\(object) /\(place): \(one[pointer]?.json ?? "absent"), not \(other[pointer]?.json ?? "absent")")
        }
      }
    }
    return (forbidden, allowed)
  }

  private func reason(
    _ object: String, _ pointer: [String], _ left: Document, _ right: Document, _ one: Document?,
    _ other: Document?, _ isDevelopment: Bool
  ) -> String? {
    if pointer.last == "image", pointer.count > 1, let one = one?.text, let other = other?.text {
      let names = Set([one, other].map { ImageParity.repository($0) })
      let known: Set = isDevelopment ? [stack.image, stack.image + "-dev"] : [stack.image]
      return names.isSubset(of: known) ? "the tag that is deployed" : nil
    }
    let found = stack.allowances.first {
      $0.covers(object, pointer, isDevelopment: isDevelopment)
    }
    guard let found else { return nil }
    if pointer.last == "command", pointer.dropLast(2).last == "containers" {
      guard let one = one?.texts, let other = other?.texts else { return nil }
      return isReload(one, of: other) || isReload(other, of: one) ? "hot reload" : nil
    }
    return found.isForDevelopment ? "hot reload" : found.reason
  }

  /// The escaped words of the one are the other's behind the watcher.
  private func isReload(_ words: [String], of command: [String]) -> Bool {
    words == stack.description.reload + [Quoting.shell(command)] + stack.description.reloadTail
  }

  /// Scalars and lists of scalars by their place; elements of a list that have a name go by it.
  static func flatten(_ document: Document, _ place: [String], _ result: inout [[String]: Document]) {
    switch document {
    case .map(let entries) where !entries.isEmpty:
      for (key, value) in entries { flatten(value, place + [key], &result) }
    case .list(let items) where items.contains(where: { !$0.entries.isEmpty }):
      for (index, item) in items.enumerated() {
        let name = item["name"]?.text ?? item["mountPath"]?.text ?? String(index)
        flatten(item, place + [name], &result)
      }
    default: result[place] = document
    }
  }

  private static func escaped(_ step: String) -> String {
    step.split(separator: "~", omittingEmptySubsequences: false).joined(separator: "~0")
      .split(separator: "/", omittingEmptySubsequences: false).joined(separator: "~1")
  }
}
