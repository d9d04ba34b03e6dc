import OutfitCore
import OutfitSystem
import SystemPackage

/// A folder with a file for each machine: what `outfit facts --json` said of it, or what Ansible keeps of it.
public struct FactsFolder: Sendable {
  public var machines: [MachineFacts] = []
  /// Names of those of which nobody asked Outfit.
  public var without: [String] = []
  /// What could not be read, and why, by file.
  public var broken: [(name: String, reason: String)] = []
  /// There are more than are read.
  public var isCut = false

  /// How many are read, and the largest, in bytes.
  private static let most = 5000
  private static let largest = 16 << 20

  public init(machines: [MachineFacts] = []) { self.machines = machines }

  /// - Throws: `Failure`, status 2, where there is no such folder, or nothing in it.
  public init(_ folder: FilePath, _ files: any Files) throws {
    switch try files.status(folder, followLinks: true)?.kind {
    case .directory?: break
    case nil:
      throw Failure("there is no folder \(folder)".harmless, hint: Self.hint, status: .usage)
    default:
      throw Failure("\(folder) is no folder".harmless, hint: Self.hint, status: .usage)
    }
    let names = try files.list(folder).filter { !$0.hasPrefix(".") }.sorted()
    isCut = names.count > Self.most
    for file in names.prefix(Self.most) {
      let path = folder.appending(file)
      let status = try files.status(path, followLinks: false)
      if status?.kind == .directory { continue }
      do throws(Failure) {
        guard let status, status.kind == .file else { throw Failure("it is no plain file") }
        guard status.size <= Self.largest else {
          throw Failure("it is larger than \(Self.largest >> 20) MB")
        }
        guard let bytes = try? files.withoutLinks.read(path, limit: Self.largest) else {
          throw Failure("it can't be read")
        }
        let name = Self.machine(file, bytes)
        switch try MachineFacts.read(bytes, name: name) {
        case .facts(let facts): machines.append(facts)
        case .none: without.append(name)
        }
      } catch {
        broken.append((MachineFacts.shown(file, 80), error.diagnostics.first?.message ?? "it can't be read"))
      }
    }
    if machines.isEmpty, broken.isEmpty {
      throw Failure(
        "there are no facts of Outfit's in \(folder)".harmless
          + (without.isEmpty ? "" : ": Ansible has cached \(without.count) machines, and none of them there"),
        hint: Self.hint, status: .usage)
    }
  }

  private static let hint =
    "the playbook outfit.outfit.facts writes them; of one machine: outfit facts --machine --json >FOLDER/NAME.json"

  /// What the inventory calls it: the file's name, without its ending, or what ansible-core 2.19 puts before it.
  private static func machine(_ file: String, _ bytes: [UInt8]) -> String {
    var name = file
    if name.hasPrefix("s1_"), bytes.starts(with: Array("{\"__payload__\"".utf8)) { name.removeFirst(3) }
    if name.hasSuffix(".json") { name.removeLast(5) }
    return MachineFacts.shown(name, 80)
  }
}
