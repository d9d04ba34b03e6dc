import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSystem
import SystemPackage

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The lines of Node that have long-term support: codenames, each with the major version that it stands for.
///
/// Which there are is learnt, from the published index and from what is installed, and kept in a file beside
/// the launcher's tables:
///
///     outfit-lts 1
///     krypton <TAB> 24
public struct LongTermLines: Hashable, Sendable {
  /// By codename, in lower case.
  public private(set) var majors: [String: Int]

  private init(_ majors: [String: Int]) { self.majors = majors }

  /// The lines that were there when this outfit was made: codenames never change.
  public static let past = LongTermLines([
    "argon": 4, "boron": 6, "carbon": 8, "dubnium": 10, "erbium": 12, "fermium": 14, "gallium": 16,
    "hydrogen": 18, "iron": 20, "jod": 22, "krypton": 24,
  ])

  private struct Entry: Decodable {
    let version: String
    let lts: String?

    private enum Key: CodingKey { case version, lts }

    /// `lts` is a codename, or `false`.
    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: Key.self)
      version = try container.decode(String.self, forKey: .version)
      lts = try? container.decode(String.self, forKey: .lts)
    }
  }

  /// What Node's index.json says.
  public init(index bytes: [UInt8]) {
    self.init([:])
    for entry in (try? JSONDecoder().decode([Entry].self, from: Data(bytes))) ?? [] {
      guard let name = entry.lts, let major = Version(entry.version)?.release.first else { continue }
      add(name, major)
    }
  }

  /// What the `include/node/node_version.h` of an installed Node says.
  public init(header text: String) {
    self.init([:])
    var values: [Substring: Substring] = [:]
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ")
      if words.count == 3, words[0] == "#define" { values[words[1]] = words[2] }
    }
    guard values["NODE_VERSION_IS_LTS"] == "1", let name = values["NODE_VERSION_LTS_CODENAME"],
      let major = values["NODE_MAJOR_VERSION"].flatMap({ Int($0) })
    else { return }
    add(name.filter { $0 != "\"" }, major)
  }

  /// The file beside the tables; lines that are not understood are passed over.
  public init(file text: String) {
    self.init([:])
    var lines = text.split(separator: "\n")[...]
    guard lines.popFirst() == Self.heading[...] else { return }
    for line in lines {
      let fields = line.split(separator: "\t")
      if fields.count == 2, let major = Int(fields[1]) { add(String(fields[0]), major) }
    }
  }

  private static let heading = "outfit-lts 1"

  public var text: String {
    ([Self.heading] + majors.sorted { $0.value < $1.value }.map { "\($0.key)\t\($0.value)" })
      .map { $0 + "\n" }.joined()
  }

  private mutating func add(_ name: String, _ major: Int) {
    guard Self.isName(name), (1..<10_000).contains(major) else { return }
    majors[name.lowercased()] = major
  }

  public mutating func learn(_ others: LongTermLines) { majors.merge(others.majors) { $1 } }

  /// What could be a codename.
  static func isName(_ text: some StringProtocol) -> Bool {
    (1...40).contains(text.utf8.count) && text.allSatisfy { $0.isASCII && $0.isLetter }
  }

  /// The majors that `lts/NAME` stands for, none for a name that is not known; all for `lts/*`.
  /// - Parameter name: in lower case.
  public func majors(of name: String?) -> Set<Int> {
    guard let name else { return Set(majors.values) }
    return majors[name].map { [$0] } ?? []
  }

  /// `lts/argon` and the others.
  public var words: [String] { majors.keys.sorted().map { "lts/\($0)" } }
}

extension LongTermLines {
  public static func file(_ host: Host) -> FilePath { host.places.tables.appending("lts") }

  /// All that is known on this machine.
  public static func known(_ host: Host) -> LongTermLines {
    var lines = past
    if let text = (try? host.files.text(file(host))) ?? nil { lines.learn(LongTermLines(file: text)) }
    return lines
  }

  /// What Node's index says, where it was asked for these facts.
  public static func learnt(_ context: Context) -> LongTermLines {
    let section = context.profile.interpreters[.node]?.value ?? InterpreterSection(versions: [.latest])
    guard
      case .document(let bytes, _)? = context.facts[
        .document(ReleaseHost(.node, section, context.environment).index)]
    else { return LongTermLines([:]) }
    return LongTermLines(index: bytes)
  }
}
