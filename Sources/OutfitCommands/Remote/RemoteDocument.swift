#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What another machine's document says of itself (docs/json.md); nil for what is none.
struct RemoteDocument: Decodable {
  var schema: Int
  var kind: String
  var changed: Bool?
  var exit: Int32

  init?(_ bytes: [UInt8]) {
    guard let found = try? JSONDecoder().decode(Self.self, from: Data(bytes)), found.schema == 1 else {
      return nil
    }
    self = found
  }
}
