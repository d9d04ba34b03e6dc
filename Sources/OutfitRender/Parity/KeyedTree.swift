import OutfitCore

/// A document whose lists go by the keys that Kubernetes merges them by, so that two of them can be compared.
enum KeyedTree {
  /// What is different, told at the highest place that only one of them has.
  static func differences(
    _ found: Document, _ wanted: Document, object: String, isFile: Bool = false
  ) -> [ParityFinding] {
    var findings: [ParityFinding] = []
    compare(found, wanted, [], &findings, isKeyed: !isFile)
    for index in findings.indices {
      findings[index].object = object
      findings[index].isFile = isFile
    }
    return findings
  }

  private static func compare(
    _ found: Document, _ wanted: Document, _ place: [String], _ findings: inout [ParityFinding], isKeyed: Bool
  ) {
    if found == wanted { return }
    switch (found, wanted) {
    case (.map(let a), .map(let b)):
      for key in Set(a.keys).union(b.keys).sorted() {
        step(a[key], b[key], place + [key], &findings, isKeyed)
      }
    case (.list(let a), .list(let b)) where (a + b).contains(where: { !$0.entries.isEmpty }):
      let (left, right) = (elements(a, place, isKeyed), elements(b, place, isKeyed))
      for key in Set(left.keys).union(right.keys).sorted() {
        step(left[key], right[key], place + [key], &findings, isKeyed)
      }
      // Of what both have, the order counts.
      let (one, other) = (order(a, place, isKeyed, in: right), order(b, place, isKeyed, in: left))
      if one != other, let last = place.last, !unordered.contains(last) {
        findings.append(
          ParityFinding(
            object: "", pointer: place,
            message: "has another order: \(one.joined(separator: ", ")), not \(other.joined(separator: ", "))"
          ))
      }
    default:
      findings.append(ParityFinding(object: "", pointer: place, found: found, wanted: wanted))
    }
  }

  private static func step(
    _ found: Document?, _ wanted: Document?, _ place: [String], _ findings: inout [ParityFinding],
    _ isKeyed: Bool
  ) {
    guard let found, let wanted else {
      if found != nil || wanted != nil {
        findings.append(ParityFinding(object: "", pointer: place, found: found, wanted: wanted))
      }
      return
    }
    compare(found, wanted, place, &findings, isKeyed: isKeyed)
  }

  /// Lists that are sets.
  private static let unordered: Set<String> = ["volumes", "volumeMounts", "ports", "imagePullSecrets"]

  private static func elements(_ items: [Document], _ place: [String], _ isKeyed: Bool) -> [String: Document]
  {
    var elements: [String: Document] = [:]
    for (key, item) in keyed(items, place, isKeyed) {
      // The second on a key is compared too.
      var free = key
      while elements[free] != nil { free += "+" }
      elements[free] = item
    }
    return elements
  }

  private static func order(
    _ items: [Document], _ place: [String], _ isKeyed: Bool, in others: [String: Document]
  ) -> [String] {
    keyed(items, place, isKeyed).map(\.0).filter { others[$0] != nil }
  }

  /// Elements by their key; by their number where the list has none.
  private static func keyed(_ items: [Document], _ place: [String], _ isKeyed: Bool) -> [(String, Document)] {
    items.enumerated().map { index, item in
      ((isKeyed ? key(of: item, in: place.last ?? "") : nil) ?? String(index), item)
    }
  }

  /// The key of one element of the list of a name, as the API has it.
  static func key(of item: Document, in list: String) -> String? {
    switch list {
    case "containers", "initContainers", "ephemeralContainers", "env", "volumes", "imagePullSecrets":
      return item["name"]?.text
    case "volumeMounts": return item["mountPath"]?.text.map(plain)
    case "volumeDevices": return item["devicePath"]?.text.map(plain)
    case "volumeClaimTemplates": return item.at("metadata", "name")?.text
    case "hostAliases": return item["ip"]?.text
    case "topologySpreadConstraints":
      guard let key = item["topologyKey"]?.text else { return nil }
      return key + " " + (item["whenUnsatisfiable"]?.text ?? "")
    case "ports":
      guard let port = item["containerPort"]?.text ?? item["port"]?.text, item["protocol"]?.text != "" else {
        return nil
      }
      return port + " " + (item["protocol"]?.text ?? "TCP")
    default: return nil
    }
  }

  /// Places where two elements share a key: which of them counts is not said.
  static func collisions(_ document: Document, _ place: [String] = []) -> [[String]] {
    switch document {
    case .map(let entries):
      return entries.sorted { $0.key < $1.key }.flatMap { collisions($0.value, place + [$0.key]) }
    case .list(let items):
      var seen: Set<String> = []
      var found: [[String]] = []
      for (index, item) in items.enumerated() {
        let key = key(of: item, in: place.last ?? "")
        if let key, !seen.insert(key).inserted { found.append(place + [key]) }
        found += collisions(item, place + [key ?? String(index)])
      }
      return found
    case .null, .bool, .number, .string: return []
    }
  }

  /// A path without empty and relative steps: `/app/` and `/app/./` are one place.
  static func plain(_ path: String) -> String {
    var steps: [Substring] = []
    for step in path.split(separator: "/") where step != "." {
      if step == ".." { _ = steps.popLast() } else { steps.append(step) }
    }
    return "/" + steps.joined(separator: "/")
  }
}

extension Document {
  /// This document with another value at a key; without the key where the value is nil.
  func with(_ key: String, _ value: Document?) -> Document {
    guard case .map(var entries) = self else { return self }
    entries[key] = value
    return .map(entries)
  }

  /// This document with what is at a path replaced, where it is there.
  func changing(_ path: [String], _ change: (Document) -> Document?) -> Document {
    guard let first = path.first else { return change(self) ?? self }
    guard let value = self[first] else { return self }
    return path.count == 1
      ? with(first, change(value)) : with(first, value.changing(Array(path.dropFirst()), change))
  }

  /// Every element of a list changed; those that come out as nil are left out.
  func mapping(_ change: (Document) -> Document?) -> Document {
    guard case .list(let items) = self else { return self }
    return .list(items.compactMap(change))
  }

  /// The words as a list of texts.
  static func words(_ words: [String]) -> Document { .list(words.map { .string($0) }) }
}
