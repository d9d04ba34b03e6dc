#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Floating point numbers as Go's strconv writes them.
enum FloatText {
  /// The shortest digits that are this number, and where the decimal point is among them.
  private static func shortest(_ value: Double) -> (digits: [UInt8], point: Int) {
    var digits: [UInt8] = []
    var point: Int?
    var exponent = 0
    let text = Array("\(value.magnitude)".utf8)
    for (index, byte) in text.enumerated() {
      if byte == UInt8(ascii: ".") {
        point = digits.count
      } else if byte == UInt8(ascii: "e") {
        exponent = Int(String(bytes: text[(index + 1)...].drop { $0 == UInt8(ascii: "+") })) ?? 0
        break
      } else {
        digits.append(byte)
      }
    }
    var place = (point ?? digits.count) + exponent
    while digits.count > 1, digits.first == 48 {
      digits.removeFirst()
      place -= 1
    }
    while digits.count > 1, digits.last == 48 { digits.removeLast() }
    if digits == [48] { place = 1 }
    return (digits, place)
  }

  private static func special(_ value: Double) -> String? {
    if value.isNaN { return "NaN" }
    return value.isInfinite ? (value < 0 ? "-Inf" : "+Inf") : nil
  }

  /// `%v` and `%g`: an exponent from `limit` digits on.
  static func general(_ value: Double, limit: Int = 6) -> String {
    if let special = special(value) { return special }
    let (digits, point) = shortest(value)
    let exponent = point - 1
    if exponent < -4 || exponent >= limit { return scientific(value) }
    return fixed(digits, point, isNegative: value.sign == .minus)
  }

  /// Never with an exponent.
  static func plain(_ value: Double) -> String {
    if let special = special(value) { return special }
    let (digits, point) = shortest(value)
    return fixed(digits, point, isNegative: value.sign == .minus)
  }

  private static func fixed(_ digits: [UInt8], _ point: Int, isNegative: Bool) -> String {
    var result: [UInt8] = isNegative ? [45] : []
    if point <= 0 {
      result += [48, 46] + [UInt8](repeating: 48, count: -point) + digits
    } else if point >= digits.count {
      result += digits + [UInt8](repeating: 48, count: point - digits.count)
    } else {
      result += digits[..<point] + [46] + digits[point...]
    }
    return String(bytes: result)
  }

  static func scientific(_ value: Double) -> String {
    if let special = special(value) { return special }
    let (digits, point) = shortest(value)
    var result: [UInt8] = value.sign == .minus ? [45] : []
    result.append(digits[0])
    if digits.count > 1 { result += [46] + digits[1...] }
    let exponent = digits == [48] ? 0 : point - 1
    let text = String(abs(exponent))
    return String(bytes: result) + "e" + (exponent < 0 ? "-" : "+") + (text.utf8.count < 2 ? "0" : "") + text
  }

  /// With so many digits, as C writes `verb` (e, f, g).
  static func rounded(_ value: Double, _ verb: Character, _ precision: Int) -> String {
    if let special = special(value) { return special }
    let capacity = 400 + precision
    let buffer = UnsafeMutablePointer<CChar>.allocate(capacity: capacity)
    defer { buffer.deallocate() }
    let count = withVaList([CInt(precision), value]) { vsnprintf(buffer, capacity, "%.*\(verb)", $0) }
    return String(
      bytes: UnsafeBufferPointer(start: buffer, count: max(0, Int(count))).map { UInt8(bitPattern: $0) })
  }

  /// `%b`: a whole mantissa and an exponent of two.
  static func binary(_ value: Double) -> String {
    if let special = special(value) { return special }
    let isTiny = value == 0 || value.isSubnormal
    let mantissa = value.significandBitPattern | (isTiny ? 0 : 1 << 52)
    let exponent = isTiny ? -1074 : Int(value.exponent) - 52
    return (value.sign == .minus ? "-" : "") + "\(mantissa)p" + (exponent < 0 ? "-" : "+")
      + "\(abs(exponent))"
  }

  /// `%x`: a mantissa in hexadecimal and an exponent of two.
  static func hexadecimal(_ value: Double, _ precision: Int?) -> String {
    if let special = special(value) { return special }
    let sign = value.sign == .minus ? "-" : ""
    var (fraction, exponent) = (value.significandBitPattern, value == 0 ? 0 : Int(value.exponent))
    if value.isSubnormal {
      let shift = fraction.leadingZeroBitCount - 11
      fraction = (fraction << UInt64(shift)) & ((1 << 52) - 1)
    }
    var lead = value == 0 ? 0 : 1
    var digits = String(fraction, radix: 16)
    digits = String(repeating: "0", count: max(0, 13 - digits.utf8.count)) + digits
    if let precision, precision < 13 {
      let shift = UInt64(52 - 4 * precision)
      let whole = UInt64(lead) << 52 | fraction
      var kept = whole >> shift
      let rest = whole & ((1 << shift) - 1)
      let half: UInt64 = 1 << (shift - 1)
      if rest > half || (rest == half && kept & 1 == 1) { kept += 1 }
      lead = Int(kept >> UInt64(4 * precision))
      if lead > 1 { (lead, exponent) = (1, exponent + 1) }
      digits = String(kept & ((1 << UInt64(4 * precision)) - 1), radix: 16)
      digits =
        precision == 0 ? "" : String(repeating: "0", count: max(0, precision - digits.utf8.count)) + digits
    } else if let precision {
      digits += String(repeating: "0", count: precision - 13)
    } else {
      while digits.hasSuffix("0") { digits.removeLast() }
    }
    let power = String(abs(exponent))
    return sign + "0x\(lead)" + (digits.isEmpty ? "" : "." + digits) + "p" + (exponent < 0 ? "-" : "+")
      + (power.utf8.count < 2 ? "0" : "") + power
  }

  /// As encoding/json writes it.
  static func json(_ value: Double) -> String {
    let size = value.magnitude
    guard size != 0, size < 1e-6 || size >= 1e21 else { return plain(value) }
    let text = scientific(value)
    // e-09 becomes e-9.
    guard let sign = text.range(of: "e-0") else { return text }
    return text.replacingCharacters(sign, with: "e-")
  }
}

extension String {
  fileprivate func range(of part: String) -> Range<String.Index>? {
    utf8.indices.lazy.map { self[$0...] }.first { $0.hasPrefix(part) }
      .map { $0.startIndex..<index($0.startIndex, offsetBy: part.count) }
  }

  fileprivate func replacingCharacters(_ range: Range<String.Index>, with part: String) -> String {
    String(self[..<range.lowerBound]) + part + String(self[range.upperBound...])
  }
}
