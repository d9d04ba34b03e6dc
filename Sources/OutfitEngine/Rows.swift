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
    var rows: [[String]] = []
    var start = 0
    while let end = bytes[start...].firstIndex(of: newline) {
      let fields = Rows.fields(bytes[start..<end])
      if start == 0 {
        guard fields.count == 2, fields[0] == format, let number = Int(fields[1]), number > 0 else {
          throw .damaged("it does not begin with the line of \(format)")
        }
        guard number <= version else { throw .newer(number) }
      } else if fields.first == "end" {
        guard fields.count == 2, fields[1] == fnv1a64(bytes[..<start]) else {
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

  static func fields(_ line: ArraySlice<UInt8>) -> [String] {
    line.split(separator: tab, omittingEmptySubsequences: false).map { field in
      guard field.contains(backslash) else { return String(decoding: field, as: UTF8.self) }
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
      return String(decoding: plain, as: UTF8.self)
    }
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
