import OutfitCore
import OutfitSystem
import SystemPackage

/// Where bytes from outside come from. The real one is `Downloads`.
public protocol Fetching: Sendable {
  /// The file with this digest: the kept one, or a download from the first address that has it.
  ///
  /// The file is in Outfit's cache, and may not be changed. Of the item `id`, which the caller starts and
  /// finishes, `progress` is told the bytes, and what is tried again.
  ///
  /// - Parameters:
  ///   - addresses: http, https or file, tried in this order.
  ///   - name: for people.
  /// - Throws: `Failure` with one diagnostic for each address; `CancellationError`.
  func fetch(
    addresses: [String], digest: Digest, name: String, progress: any Progress, id: String
  ) async throws -> FilePath

  /// A small document from the first address that answers. It is never kept.
  ///
  /// - Parameter limit: the most bytes that are taken; a longer document is a failure.
  /// - Throws: `Failure` with one diagnostic for each address; `CancellationError`.
  func document(addresses: [String], limit: Int) async throws -> Document
}

/// What an address answered.
public struct Document: Hashable, Sendable {
  public var bytes: [UInt8]
  /// The one of the asked addresses that answered.
  public var address: String

  public init(bytes: [UInt8], address: String) {
    self.bytes = bytes
    self.address = address
  }
}

extension Fetching {
  public func fetch(addresses: [String], digest: Digest, name: String) async throws -> FilePath {
    try await fetch(
      addresses: addresses, digest: digest, name: name, progress: NoProgress(), id: name)
  }

  public func document(addresses: [String]) async throws -> Document {
    try await document(addresses: addresses, limit: 64 << 20)
  }
}
