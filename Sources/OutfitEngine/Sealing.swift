import Crypto
import OutfitSystem

/// What only the way back needs of secrets is sealed with the key, so that no search of a disk, and no backup without the
/// key, finds them in Outfit's state.
extension SecretKey {
  private static let sign = Array("outfit-sealed 1\n".utf8)

  /// Another key, made of this one.
  private var symmetric: SymmetricKey {
    HKDF<SHA256>.deriveKey(
      inputKeyMaterial: SymmetricKey(data: bytes), info: Array("outfit-sealing".utf8), outputByteCount: 32)
  }

  func sealed(_ bytes: [UInt8]) throws -> [UInt8] {
    Self.sign + Array(try ChaChaPoly.seal(bytes, using: symmetric).combined)
  }

  static func isSealed(_ bytes: [UInt8]) -> Bool { bytes.starts(with: sign) }

  /// - Returns: nil for what was not sealed with this key.
  func opened(_ bytes: [UInt8]) -> [UInt8]? {
    guard Self.isSealed(bytes),
      let box = try? ChaChaPoly.SealedBox(combined: bytes[Self.sign.count...])
    else { return nil }
    return (try? ChaChaPoly.open(box, using: symmetric)).map { Array($0) }
  }
}
