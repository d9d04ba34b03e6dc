import OutfitCore
import OutfitFetch
import OutfitSystem
import SystemPackage

/// Downloads that a test expects. Any other is an issue of the test.
public final class ScriptedFetching: Fetching {
  private let state = Locked<(files: [Digest: FilePath], documents: [String: [UInt8]], asked: [String])>(
    ([:], [:], []))

  public init() {}

  /// Gives this file for its digest.
  public func give(_ digest: Digest, _ file: FilePath) { state.withLock { $0.files[digest] = file } }

  /// Gives this text for the address.
  public func give(_ address: String, _ text: String) {
    state.withLock { $0.documents[address] = Array(text.utf8) }
  }

  /// What was asked for: addresses of documents, names of files.
  public var asked: [String] { state.withLock { $0.asked } }

  public func fetch(
    addresses: [String], digest: Digest, name: String, following: (any Following)?,
    progress: any OutfitSystem.Progress, id: String
  ) async throws -> FilePath {
    let file = state.withLock { state in
      state.asked.append(name)
      return state.files[digest]
    }
    guard let file else { throw unexpected("a file was downloaded: \(name) from \(addresses)") }
    return file
  }

  public func locate(addresses: [String], digest: Digest, name: String) async throws {
    let found = state.withLock { $0.files[digest] != nil }
    if !found { throw Failure("no address has \(name)") }
  }

  public func document(addresses: [String], limit: Int) async throws -> Document {
    let found = state.withLock { state -> (String, [UInt8])? in
      state.asked += addresses
      for address in addresses {
        if let bytes = state.documents[address] { return (address, bytes) }
      }
      return nil
    }
    guard let (address, bytes) = found else { throw unexpected("a document was downloaded: \(addresses)") }
    return Document(bytes: bytes, address: address)
  }
}
