import Crypto

/// Encodings and digests.
extension FunctionTable {
  static let encodings: [Function] = [
    .pure("b64enc", [.text]) { .string(Encodings.encoded($0.text(0), bits: 6, Encodings.base64)) },
    .pure("b64dec", [.text]) { .string(Encodings.decoded($0.text(0), bits: 6, Encodings.base64, "base64")) },
    .pure("b32enc", [.text]) { .string(Encodings.encoded($0.text(0), bits: 5, Encodings.base32)) },
    .pure("b32dec", [.text]) { .string(Encodings.decoded($0.text(0), bits: 5, Encodings.base32, "base32")) },
    .pure("hexEncode", [.text]) { .string(Hashes.hex($0.text(0))) },
    .pure("hexDecode", [.text]) { call in
      let text = call.text(0)
      guard text.count.isMultiple(of: 2), text.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }) else {
        throw Problem("the text is not hexadecimal")
      }
      return .string(
        stride(from: 0, to: text.count, by: 2).map { UInt8(String(bytes: text[$0..<$0 + 2]), radix: 16) ?? 0 }
      )
    },
    .pure("sha1sum", [.text]) { try digest($0, { Bytes(Insecure.SHA1.hash(data: $0)) }) },
    .pure("sha256sum", [.text]) { try digest($0, { Bytes(SHA256.hash(data: $0)) }) },
    .pure("sha512sum", [.text]) { try digest($0, { Bytes(SHA512.hash(data: $0)) }) },
    .pure("adler32sum", [.text]) { call in
      var (a, b): (UInt32, UInt32) = (1, 0)
      for byte in call.text(0) {
        a = (a + UInt32(byte)) % 65521
        b = (b + a) % 65521
      }
      return .text(String(b << 16 | a))
    },
  ]

  private static func digest(_ call: Call, _ hash: (Bytes) -> Bytes) throws -> Value {
    try call.run.spend(call.text(0).count / 64)
    return .string(Hashes.hex(hash(call.text(0))))
  }
}

enum Encodings {
  static let base64 = Bytes("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
  static let base32 = Bytes("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")

  static func encoded(_ text: Bytes, bits: Int, _ alphabet: Bytes) -> Bytes {
    let quantum = bits == 6 ? 4 : 8
    var result: Bytes = []
    result.reserveCapacity(text.count * 8 / bits + 8)
    var (buffer, count) = (0, 0)
    for byte in text {
      buffer = buffer << 8 | Int(byte)
      count += 8
      while count >= bits {
        count -= bits
        result.append(alphabet[buffer >> count & (1 << bits - 1)])
      }
      buffer &= 0xFF
    }
    if count > 0 { result.append(alphabet[buffer << (bits - count) & (1 << bits - 1)]) }
    while !result.count.isMultiple(of: quantum) { result.append(61) }
    return result
  }

  /// What was encoded; where it is wrong, sprig gives the message instead.
  static func decoded(_ text: Bytes, bits: Int, _ alphabet: Bytes, _ name: String) -> Bytes {
    let quantum = bits == 6 ? 4 : 8
    var result: Bytes = []
    var (buffer, count, symbols) = (0, 0, 0)
    var index = 0
    func wrong(_ place: Int) -> Bytes { "illegal \(name) data at input byte \(place)".bytes }
    while index < text.count, text[index] != 61 {
      let byte = text[index]
      index += 1
      if byte == 10 || byte == 13 { continue }
      guard let value = alphabet.firstIndex(of: byte) else { return wrong(index - 1) }
      symbols += 1
      buffer = (buffer << bits | value) & 0xFFFFFF
      count += bits
      if count >= 8 {
        count -= 8
        result.append(UInt8(buffer >> count & 0xFF))
      }
    }
    if index == text.count, !symbols.isMultiple(of: quantum) { return wrong(index - symbols % quantum) }
    let padding = text[index...].filter { $0 == 61 }.count
    let wanted = (quantum - symbols % quantum) % quantum
    guard text[index...].allSatisfy({ $0 == 61 || $0 == 10 || $0 == 13 }), padding == wanted else {
      return wrong(index)
    }
    return result
  }
}

enum Hashes {
  static func hex(_ bytes: Bytes) -> Bytes {
    let digits = Bytes("0123456789abcdef")
    return bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
  }
}
