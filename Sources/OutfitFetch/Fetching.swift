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
  ///   - following: is told of the bytes while they come, before anything is known of their digest.
  /// - Throws: `Failure` with one diagnostic for each address; `CancellationError`.
  func fetch(
    addresses: [String], digest: Digest, name: String, following: (any Following)?, progress: any Progress,
    id: String
  ) async throws -> FilePath

  /// Returns when the file is in the cache, or an address has it: nothing but its first bytes are asked for.
  ///
  /// - Throws: `Failure` with one diagnostic for each address; `CancellationError`.
  func locate(addresses: [String], digest: Digest, name: String) async throws

  /// A small document from the first address that answers. It is never kept.
  ///
  /// - Parameter limit: the most bytes that are taken; a longer document is a failure.
  /// - Throws: `Failure` with one diagnostic for each address; `CancellationError`.
  func document(addresses: [String], limit: Int) async throws -> Document
}

/// Reads a file while it comes. Its calls must return at once.
public protocol Following: Sendable {
  /// So many bytes of the file are at `path`, which may be another one when the file is whole.
  func grew(_ path: FilePath, to size: Int64)
  /// What came was not the file: it comes again from its start.
  func restarted()
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
      addresses: addresses, digest: digest, name: name, following: nil, progress: NoProgress(), id: name)
  }

  public func fetch(
    addresses: [String], digest: Digest, name: String, progress: any Progress, id: String
  ) async throws -> FilePath {
    try await fetch(
      addresses: addresses, digest: digest, name: name, following: nil, progress: progress, id: id)
  }

  public func document(addresses: [String]) async throws -> Document {
    try await document(addresses: addresses, limit: 64 << 20)
  }
}
