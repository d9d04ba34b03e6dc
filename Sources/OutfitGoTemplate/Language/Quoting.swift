/// Go's quoted texts, read and written.
enum Quoting {
  /// What a text between `"` or `'` signs says, without them; nil where an escape is wrong.
  static func unquoted(_ text: some Collection<UInt8>, quote: UInt8) -> Bytes? {
    let input = Array(text)
    var result: Bytes = []
    var index = 0
    func digits(_ count: Int, _ radix: Int) -> UInt32? {
      guard index + count <= input.count else { return nil }
      let text = input[index..<index + count]
      guard text.allSatisfy({ $0 != 43 && $0 != 45 }) else { return nil }
      index += count
      return UInt32(String(bytes: text), radix: radix)
    }
    while index < input.count {
      let byte = input[index]
      index += 1
      guard byte == UInt8(ascii: "\\") else {
        if byte == quote || byte == 10 { return nil }
        result.append(byte)
        continue
      }
      guard index < input.count else { return nil }
      let escape = input[index]
      index += 1
      switch escape {
      case UInt8(ascii: "a"): result.append(7)
      case UInt8(ascii: "b"): result.append(8)
      case UInt8(ascii: "f"): result.append(12)
      case UInt8(ascii: "n"): result.append(10)
      case UInt8(ascii: "r"): result.append(13)
      case UInt8(ascii: "t"): result.append(9)
      case UInt8(ascii: "v"): result.append(11)
      case UInt8(ascii: "\\"): result.append(escape)
      case UInt8(ascii: "x"):
        guard let code = digits(2, 16) else { return nil }
        result.append(UInt8(truncatingIfNeeded: code))
      case UInt8(ascii: "u"), UInt8(ascii: "U"):
        guard let code = digits(escape == UInt8(ascii: "u") ? 4 : 8, 16), let scalar = Unicode.Scalar(code)
        else {
          return nil
        }
        result.append(scalar)
      case 48...55:
        index -= 1
        guard let code = digits(3, 8), code < 256 else { return nil }
        result.append(UInt8(truncatingIfNeeded: code))
      case quote: result.append(escape)
      default: return nil
      }
    }
    return result
  }

  /// As strconv.Quote and `%q` write it.
  static func quoted(_ text: Bytes, isAscii: Bool = false) -> Bytes {
    var result: Bytes = [34]
    var index = 0
    while index < text.count {
      let rune = text.rune(at: index)
      if rune.isValid {
        escape(rune.scalar, quote: 34, isAscii: isAscii, into: &result)
      } else {
        result += Bytes("\\x") + hex(UInt32(text[index]), 2)
      }
      index += rune.width
    }
    result.append(34)
    return result
  }

  /// A rune between `'` signs.
  static func quoted(_ scalar: Unicode.Scalar) -> Bytes {
    var result: Bytes = [39]
    escape(scalar, quote: 39, isAscii: false, into: &result)
    result.append(39)
    return result
  }

  private static func escape(_ scalar: Unicode.Scalar, quote: UInt32, isAscii: Bool, into result: inout Bytes)
  {
    switch scalar.value {
    case quote, 92: result += [92, UInt8(truncatingIfNeeded: scalar.value)]
    case 7: result += Bytes("\\a")
    case 8: result += Bytes("\\b")
    case 12: result += Bytes("\\f")
    case 10: result += Bytes("\\n")
    case 13: result += Bytes("\\r")
    case 9: result += Bytes("\\t")
    case 11: result += Bytes("\\v")
    case let code where scalar.isGoPrintable && !(isAscii && code > 126): result.append(scalar)
    case ..<32, 127: result += Bytes("\\x") + hex(scalar.value, 2)
    case ..<0x10000: result += Bytes("\\u") + hex(scalar.value, 4)
    default: result += Bytes("\\U") + hex(scalar.value, 8)
    }
  }

  static func hex(_ value: UInt32, _ width: Int) -> Bytes {
    let text = String(value, radix: 16)
    return Bytes(repeating: 48, count: max(0, width - text.utf8.count)) + text.bytes
  }
}
