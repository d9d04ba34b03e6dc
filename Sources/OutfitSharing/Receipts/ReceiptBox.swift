import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// Where receipts are: a folder, or a branch of a repository, with a file for each machine.
public struct ReceiptBox: Sendable {
  private let host: Host
  private let place: ProfileAddress

  /// - Throws: what is wrong with the address, status 2.
  public init(_ address: String, _ host: Host) throws {
    self.host = host
    place = try ProfileAddress(address, relativeTo: host.workingDirectory, home: host.user.home)
  }

  public var isGit: Bool { if case .git = place { true } else { false } }

  /// What was found, and what could not be read, by name.
  public struct Contents: Sendable {
    public var receipts: [MachineReceipt] = []
    public var broken: [(name: String, reason: String)] = []
    /// More than are read.
    public var isCut = false

    public init(receipts: [MachineReceipt] = []) { self.receipts = receipts }
  }

  /// How many are read.
  static let limit = 5000

  /// - Throws: when the whole can't be read.
  public func read() async throws -> Contents {
    let files: [(name: String, bytes: [UInt8]?)]
    switch place {
    case .folder(let folder): files = try read(folder)
    case .git(let address): files = try await GitReceipts(address, host).read()
    }
    var contents = Contents()
    contents.isCut = files.count > Self.limit
    for (name, bytes) in files.prefix(Self.limit) {
      do throws(Failure) {
        guard let bytes else { throw Failure("it is no plain file of a receipt's size") }
        contents.receipts.append(try MachineReceipt.read(bytes, named: name))
      } catch {
        contents.broken.append(
          (String(name.harmless.prefix(80)), error.diagnostics.first?.message ?? "it is no receipt"))
      }
    }
    return contents
  }

  private func read(_ folder: FilePath) throws -> [(name: String, bytes: [UInt8]?)] {
    guard host.files.exists(folder) else {
      throw Failure(
        "there is no folder \(folder)",
        hint: "name the folder, or the git address, that the profile has under `receipts:`",
        status: .usage)
    }
    let names = try host.files.list(folder).filter { $0.hasSuffix(".json") && !$0.hasPrefix(".") }.sorted()
    return names.prefix(Self.limit + 1).map { name in
      let path = folder.appending(name)
      guard let status = (try? host.files.status(path, followLinks: false)) ?? nil, status.kind == .file,
        status.size <= MachineReceipt.limit
      else { return (name, nil) }
      return (name, try? host.files.withoutLinks.read(path, limit: MachineReceipt.limit))
    }
  }

  /// Puts this machine's own there, in place of its last one.
  /// - Throws: why it could not be.
  public func write(_ receipt: MachineReceipt) async throws {
    switch place {
    case .git(let address): try await GitReceipts(address, host).write(receipt)
    case .folder(let folder):
      // A share that is not mounted is no folder to make.
      guard host.files.exists(folder) else { throw Failure("there is no folder \(folder)") }
      let new = folder.appending(".\(receipt.machine).\(UInt64.random(in: 0...UInt64.max)).new")
      do {
        try host.files.create(new, try receipt.bytes, mode: 0o644)
        try host.files.rename(new, to: folder.appending(receipt.fileName))
      } catch let error as FileError {
        try? host.files.remove(new)
        throw Failure(error.description)
      }
    }
  }
}
