import OutfitCore

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// bun.lock (https://bun.com/docs/pm/lockfile): JSON with commas before closing brackets.
struct BunLockReader {
  private(set) var lock = NodeLock(.bun)

  private struct Content: Decodable {
    var lockfileVersion: Int?
    var workspaces: [String: Member]?
    var packages: [String: [Field]]?
    var patchedDependencies: [String: String]?
  }

  private struct Member: Decodable {}

  /// `["name@1.2.3", "registry", {...}, "sha512-..."]`, where the registry is empty for the one that is asked anyway.
  private enum Field: Decodable {
    case text(String)
    case other

    init(from decoder: any Decoder) throws {
      let value = try decoder.singleValueContainer()
      self = (try? value.decode(String.self)).map { .text($0) } ?? .other
    }
  }

  init(_ bytes: [UInt8], file: String) throws(Failure) {
    let content: Content
    do {
      content = try JSONDecoder().decode(Content.self, from: Data(Self.strict(bytes)))
    } catch {
      throw NodeLock.unreadable(file, "it is no JSON that bun writes")
    }
    guard let form = content.lockfileVersion else {
      throw NodeLock.unreadable(file, "it has no lockfileVersion")
    }
    lock.form = String(form)
    lock.members = (content.workspaces ?? [:]).keys.filter { !$0.isEmpty }.sorted()
    lock.files = (content.patchedDependencies ?? [:]).values.sorted()
    for (_, fields) in (content.packages ?? [:]).sorted(by: { $0.key < $1.key }) { read(fields) }
  }

  private mutating func read(_ fields: [Field]) {
    guard case .text(let descriptor)? = fields.first else { return }
    let at = descriptor.dropFirst().firstIndex(of: "@") ?? descriptor.endIndex
    let (name, reference) = (String(descriptor[..<at]), String(descriptor[at...].dropFirst()))
    if reference.hasPrefix("workspace:") || reference.hasPrefix("root:") { return }
    guard reference.utf8.first.map({ (48...57).contains($0) }) == true else {
      return lock.add(name, from: reference, line: 1)
    }
    let texts = fields.dropFirst().map { if case .text(let text) = $0 { text } else { "" } }
    if let registry = texts.first, registry.contains("://") {
      lock.add(name, from: registry.contains("/-/") ? registry : registry + "/\(name)/-/", line: 1)
    }
    if texts.last?.hasPrefix("sha") != true { lock.unverified.append((name, 1)) }
  }

  /// Without the commas that JSON (RFC 8259) does not have.
  private static func strict(_ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    var isText = false
    var index = 0
    while index < bytes.count {
      let byte = bytes[index]
      if byte == 92, isText, index + 1 < bytes.count {
        result += bytes[index...(index + 1)]
        index += 2
        continue
      }
      if byte == 34 { isText.toggle() }
      if byte == 44, !isText {
        let next = bytes[(index + 1)...].first { ![32, 9, 10, 13].contains($0) }
        if next == 125 || next == 93 {
          index += 1
          continue
        }
      }
      result.append(byte)
      index += 1
    }
    return result
  }
}
