import OutfitCore
import OutfitProfile
import OutfitSystem

/// The packages that a release has for one architecture, as its archives list them (Debian Policy 5.3).
///
/// Lists are tens of megabytes, of which little is needed: where a package stands is remembered, and read when it is
/// asked for.
public struct DebianIndex: Sendable {
  private var texts: [(bytes: [UInt8], archive: String)] = []
  private var places: [String: [Place]] = [:]
  /// Those that provide a name which they do not have, by that name.
  private var providing: [String: Set<String>] = [:]
  /// What each system has, by the archive's own word for it.
  private var required: Set<String> = []

  private struct Place {
    var text: Int
    var start: Int
    var end: Int
  }

  struct Package: Hashable {
    var name: String
    var version: DebianVersion
    /// Each is one of several.
    var needs: [[Need]]
    /// With the version, where one is said.
    var provides: [Need]
    var archive: String
    var path: String
    var digest: Digest?
  }

  struct Need: Hashable {
    var name: String
    var relation: String?
    var version: DebianVersion?

    func accepts(_ other: DebianVersion) -> Bool {
      guard let relation, let version else { return true }
      return switch relation {
      case "=": other == version
      case ">=": other >= version
      case ">>": other > version
      case "<=": other <= version
      case "<<": other < version
      default: false
      }
    }
  }

  public init() {}

  public var isEmpty: Bool { places.isEmpty }
  /// For what a name could have meant.
  public var names: some Collection<String> { places.keys }

  /// - Parameter archive: whose file of the list it is.
  public mutating func add(_ bytes: [UInt8], archive: String) {
    let number = texts.count
    texts.append((bytes, archive))
    bytes.withUnsafeBufferPointer { buffer in
      var line = 0
      var start = 0
      var name: String?
      var isRequired = false
      var provided: String?
      func end(_ at: Int) {
        if let name {
          places[name, default: []].append(Place(text: number, start: start, end: at))
          if isRequired { required.insert(name) }
          for need in provided.map(Self.needs) ?? [] {
            for need in need { providing[need.name, default: []].insert(name) }
          }
        }
        (name, isRequired, provided) = (nil, false, nil)
      }
      while line < buffer.count {
        let stop = buffer.place(of: 10, from: line) ?? buffer.count
        if stop == line {
          end(line)
          start = line + 1
        } else {
          switch buffer[line] {
          case UInt8(ascii: "P"):
            if let text = Self.value("Package: ", buffer, line, stop) {
              name = text
            } else if let text = Self.value("Provides: ", buffer, line, stop) {
              provided = text
            } else if Self.value("Priority: ", buffer, line, stop) == "required" {
              isRequired = true
            }
          case UInt8(ascii: "E"):
            if Self.value("Essential: ", buffer, line, stop) == "yes" { isRequired = true }
          default: break
          }
        }
        line = stop + 1
      }
      end(buffer.count)
    }
  }

  private static func value(
    _ key: StaticString, _ buffer: UnsafeBufferPointer<UInt8>, _ start: Int, _ stop: Int
  ) -> String? {
    let count = key.utf8CodeUnitCount
    guard stop - start > count else { return nil }
    for offset in 0..<count where buffer[start + offset] != key.utf8Start[offset] { return nil }
    return String(decoding: buffer[(start + count)..<stop], as: UTF8.self)
  }

  // MARK: - One package

  /// The newest of its name.
  func package(_ name: String) -> Package? {
    (places[name] ?? []).compactMap(read).max { $0.version < $1.version }
  }

  /// Those that stand in for a name, by their names.
  func providers(_ name: String) -> [Package] {
    (providing[name] ?? []).sorted().compactMap(package)
  }

  private func read(_ place: Place) -> Package? {
    var fields: [Substring: Substring] = [:]
    let text = String(decoding: texts[place.text].bytes[place.start..<place.end], as: UTF8.self)
    for line in text.split(separator: "\n") where line.first != " " {
      guard let colon = line.firstIndex(of: ":") else { continue }
      fields[line[..<colon]] = line[line.index(after: colon)...].drop { $0 == " " }
    }
    guard let name = fields["Package"], let version = fields["Version"], let path = fields["Filename"] else {
      return nil
    }
    return Package(
      name: String(name), version: DebianVersion(String(version)),
      needs: ["Pre-Depends", "Depends"].flatMap { key in
        fields[Substring(key)].map { Self.needs(String($0)) } ?? []
      },
      provides: fields["Provides"].map { Self.needs(String($0)).flatMap(\.self) } ?? [],
      archive: texts[place.text].archive, path: String(path), digest: fields["SHA256"].flatMap { Digest($0) })
  }

  /// `libc6 (>= 2.38), default-mta | mail-transport-agent`.
  static func needs(_ text: String) -> [[Need]] {
    text.split(separator: ",").map { group in
      group.split(separator: "|").compactMap { alternative in
        let words = alternative.split { " ()".contains($0) }.map(String.init)
        guard let word = words.first else { return nil }
        // `python3:any` is one of any architecture.
        let name = String(word.prefix { $0 != ":" })
        guard words.count >= 3 else { return Need(name: name) }
        return Need(name: name, relation: words[1], version: DebianVersion(words[2]))
      }
    }.filter { !$0.isEmpty }
  }

  /// The names of what a base image has: all that is required, and apt, with what these need.
  public var base: Set<String> {
    var selection = DebianSelection(index: self, base: [])
    for name in required.sorted() + ["apt"] { try? selection.add(name) }
    try? selection.complete()
    return Set(selection.selected.keys)
  }
}
