/// The text that Outfit's own records are kept in: a first line with the format's name and version, a line of
/// tab-separated fields for each row, and a last line with a checksum over all before it.
///
/// Tabs, line ends and backslashes in a field are written as `\t`, `\n` and `\\`, so that any path can be kept.
enum Rows {
  /// Why a record can't be used.
  enum Problem: Error, Hashable {
    /// It was cut, or changed by something else: what is wrong, for a person.
    case damaged(String)
    /// A later Outfit wrote it.
    case newer(Int)
  }

  struct Writer {
    private(set) var bytes: [UInt8] = []

    init() {}

    init(_ format: String, version: Int) { row([format, String(version)]) }

    mutating func row(_ fields: String...) { row(fields) }

    mutating func row(_ fields: [String]) {
      var isFirst = true
      for var field in fields {
        if !isFirst { bytes.append(Rows.tab) }
        isFirst = false
        field.withUTF8 { buffer in
          guard buffer.contains(where: { $0 == Rows.tab || $0 == Rows.newline || $0 == Rows.backslash })
          else { return bytes.append(contentsOf: buffer) }
          for byte in buffer {
            switch byte {
            case Rows.tab: bytes += [Rows.backslash, UInt8(ascii: "t")]
            case Rows.newline: bytes += [Rows.backslash, UInt8(ascii: "n")]
            case Rows.backslash: bytes += [Rows.backslash, Rows.backslash]
            default: bytes.append(byte)
            }
          }
        }
      }
      bytes.append(Rows.newline)
    }

    /// The whole record, with its checksum.
    func finished() -> [UInt8] {
      bytes + Array("end\t\(fnv1a64(bytes))\n".utf8)
    }
  }

  static let tab = UInt8(ascii: "\t")
  static let newline = UInt8(ascii: "\n")
  static let backslash = UInt8(ascii: "\\")

  /// The rows between the first line and the last, checked.
  /// - Returns: the rows, and how many bytes the record takes: what follows is not part of it.
  static func read(
    _ bytes: [UInt8], _ format: String, version: Int
  ) throws(Problem) -> (rows: [[String]], length: Int) {
    let result = bytes.withUnsafeBufferPointer { buffer in
      Result { () throws(Problem) in try read(buffer, format, version: version) }
    }
    return try result.get()
  }

  private static func read(
    _ bytes: UnsafeBufferPointer<UInt8>, _ format: String, version: Int
  ) throws(Problem) -> (rows: [[String]], length: Int) {
    var rows: [[String]] = []
    var start = 0
    while start < bytes.count {
      var end = start
      while end < bytes.count, bytes[end] != newline { end += 1 }
      guard end < bytes.count else { break }
      let fields = fields(UnsafeBufferPointer(rebasing: bytes[start..<end]))
      if start == 0 {
        guard fields.count == 2, fields[0] == format, let number = Int(fields[1]), number > 0 else {
          throw .damaged("it does not begin with the line of \(format)")
        }
        guard number <= version else { throw .newer(number) }
      } else if fields[0] == "end" {
        guard fields.count == 2, fields[1] == fnv1a64(UnsafeBufferPointer(rebasing: bytes[..<start])) else {
          throw .damaged("its checksum is wrong")
        }
        return (rows, end + 1)
      } else {
        rows.append(fields)
      }
      start = end + 1
    }
    throw .damaged("its end is missing")
  }

  /// Reads the rows of a record one by one, as far as they are wanted.
  /// - Returns: nil for a record that is not whole, or of another version.
  static func head<Result>(
    _ bytes: [UInt8], _ format: String, version: Int, _ body: (AnySequence<[String]>) -> Result?
  ) -> Result? {
    // `end`, a tab, 16 digits, and the line's end.
    let end = bytes.count - 21
    let first = Array("\(format)\t\(version)\n".utf8)
    guard end >= first.count, bytes.starts(with: first) else { return nil }
    let isWhole = bytes.withUnsafeBufferPointer { buffer in
      buffer[end...].elementsEqual(
        "end\t\(fnv1a64(UnsafeBufferPointer(rebasing: buffer[..<end])))\n".utf8)
    }
    guard isWhole else { return nil }
    return body(
      AnySequence(
        sequence(state: first.count) { (start: inout Int) -> [String]? in
          guard start < end, let line = bytes[start..<end].firstIndex(of: newline) else { return nil }
          defer { start = line + 1 }
          return fields(Array(bytes[start..<line]))
        }))
  }

  /// The fields of one line; at least one.
  static func fields(_ line: [UInt8]) -> [String] { line.withUnsafeBufferPointer { fields($0) } }

  private static func fields(_ line: UnsafeBufferPointer<UInt8>) -> [String] {
    var fields: [String] = []
    fields.reserveCapacity(8)
    var start = 0
    var isEscaped = false
    for index in 0...line.count {
      if index < line.count, line[index] != tab {
        if line[index] == backslash { isEscaped = true }
        continue
      }
      let field = UnsafeBufferPointer(rebasing: line[start..<index])
      fields.append(
        isEscaped ? String(decoding: plain(field), as: UTF8.self) : String(decoding: field, as: UTF8.self))
      start = index + 1
      isEscaped = false
    }
    return fields
  }

  private static func plain(_ field: UnsafeBufferPointer<UInt8>) -> [UInt8] {
    var plain: [UInt8] = []
    var isEscaped = false
    for byte in field {
      if isEscaped {
        switch byte {
        case UInt8(ascii: "t"): plain.append(tab)
        case UInt8(ascii: "n"): plain.append(newline)
        default: plain.append(byte)
        }
        isEscaped = false
      } else if byte == backslash {
        isEscaped = true
      } else {
        plain.append(byte)
      }
    }
    return plain
  }
}

/// The 64-bit FNV-1a hash, as 16 hexadecimal digits: it names the folders of projects, and finds damage in
/// records. It protects against nobody.
public func fnv1a64(_ bytes: some Sequence<UInt8>) -> String {
  var hash: UInt64 = 0xcbf2_9ce4_8422_2325
  for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
  let digits = String(hash, radix: 16)
  return String(repeating: "0", count: 16 - digits.count) + digits
}
