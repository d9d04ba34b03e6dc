import OutfitSystem
import SystemPackage

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
      for field in fields { self.field(field) }
      endRow()
    }

    mutating func field(_ text: String) {
      add(text)
      bytes.append(Rows.tab)
    }

    mutating func field(_ number: Int64) {
      bytes.append(number)
      bytes.append(Rows.tab)
    }

    mutating func field(_ state: TargetState) {
      switch state {
      case .file(let file): file.write(to: &bytes)
      default: add(state.text)
      }
      bytes.append(Rows.tab)
    }

    mutating func endRow() {
      if bytes.last == Rows.tab { bytes.removeLast() }
      bytes.append(Rows.newline)
    }

    private mutating func add(_ text: String) {
      var text = text
      text.withUTF8 { buffer in
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
    let length = try read(bytes, format, version: version) { row throws(Problem) in rows.append(row.texts) }
    return (rows, length)
  }

  /// Takes the rows between the first line and the last one by one, once the record has been checked.
  /// - Returns: how many bytes the record takes: what follows is not part of it.
  static func read(
    _ bytes: [UInt8], _ format: String, version: Int, _ take: (Row) throws(Problem) -> Void
  ) throws(Problem) -> Int {
    let result = bytes.withUnsafeBufferPointer { buffer in
      Result { () throws(Problem) in try read(buffer, format, version: version, take) }
    }
    return try result.get()
  }

  private static func read(
    _ bytes: UnsafeBufferPointer<UInt8>, _ format: String, version: Int, _ take: (Row) throws(Problem) -> Void
  ) throws(Problem) -> Int {
    guard let heading = line(bytes, 0) else { throw .damaged("its end is missing") }
    var row = Row()
    row.set(heading)
    guard row.count == 2, row.is(0, format), let number = Int(row[1]), number > 0 else {
      throw .damaged("it does not begin with the line of \(format)")
    }
    guard number <= version else { throw .newer(number) }
    let first = heading.count + 1
    var end = first
    while true {
      guard let line = line(bytes, end) else { throw .damaged("its end is missing") }
      if line.starts(with: "end".utf8), line.count == 3 || line[3] == tab {
        row.set(line)
        guard row.count == 2,
          row.is(1, fnv1a64(UnsafeBufferPointer(rebasing: bytes[..<end])))
        else { throw .damaged("its checksum is wrong") }
        break
      }
      end += line.count + 1
    }
    var start = first
    while start < end, let line = line(bytes, start) {
      row.set(line)
      try take(row)
      start += line.count + 1
    }
    return line(bytes, end).map { end + $0.count + 1 } ?? end
  }

  /// From a place to the line's end, which is no part of it; nil without one.
  private static func line(
    _ bytes: UnsafeBufferPointer<UInt8>, _ start: Int
  ) -> UnsafeBufferPointer<UInt8>? {
    bytes.place(of: newline, from: start).map { UnsafeBufferPointer(rebasing: bytes[start..<$0]) }
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
  static func fields(_ line: [UInt8]) -> [String] {
    line.withUnsafeBufferPointer {
      var row = Row()
      row.set($0)
      return row.texts
    }
  }
}

/// One row of a record: its fields, where they stand. It is good for as long as the record's bytes are.
///
/// Records of ten thousand targets are read at every plan, so that no text is made of what is a number or a digest.
struct Row {
  /// As they are written: tabs, line ends and backslashes escaped.
  private var fields: [UnsafeBufferPointer<UInt8>] = []

  fileprivate init() { fields.reserveCapacity(8) }

  fileprivate mutating func set(_ line: UnsafeBufferPointer<UInt8>) {
    fields.removeAll(keepingCapacity: true)
    var start = 0
    while let end = line.place(of: Rows.tab, from: start) {
      fields.append(UnsafeBufferPointer(rebasing: line[start..<end]))
      start = end + 1
    }
    fields.append(UnsafeBufferPointer(rebasing: line[start...]))
  }

  var count: Int { fields.count }

  /// A field as it is written, which for what never has a tab, a line end or a backslash is the field itself.
  func bytes(_ index: Int) -> UnsafeBufferPointer<UInt8> { fields[index] }

  func `is`(_ index: Int, _ text: String) -> Bool { fields[index].isEqual(to: text) }

  /// Whether two fields are the same.
  func has(_ index: Int, as other: Int) -> Bool {
    fields[index].isEqual(to: fields[other])
  }

  subscript(index: Int) -> String { Self.text(fields[index]) }

  var texts: [String] { fields.map { Self.text($0) } }

  /// A field that is an absolute path; nil when it is none.
  func path(_ index: Int) -> FilePath? {
    let field = fields[index]
    guard field.first == UInt8(ascii: "/"), field.place(of: 0, from: 0) == nil else { return nil }
    return field.place(of: Rows.backslash, from: 0) != nil
      ? FilePath(Self.text(field)) : FilePath(bytes: field)
  }

  func number(_ index: Int) -> Int64? { Self.number(fields[index]) }

  /// Digits, with a minus or without.
  static func number(_ field: UnsafeBufferPointer<UInt8>) -> Int64? {
    var digits = field[...]
    let isNegative = digits.first == UInt8(ascii: "-")
    if isNegative { digits = digits.dropFirst() }
    guard !digits.isEmpty else { return nil }
    var number: Int64 = 0
    for digit in digits {
      guard digit >= 48, digit <= 57 else { return nil }
      let (tenfold, isTooMuch) = number.multipliedReportingOverflow(by: 10)
      let (sum, isOver) = tenfold.subtractingReportingOverflow(Int64(digit - 48))
      guard !isTooMuch, !isOver else { return nil }
      number = sum
    }
    // Counted downwards, since the least number has no opposite.
    return isNegative ? number : number == .min ? nil : -number
  }

  static func text(_ field: UnsafeBufferPointer<UInt8>) -> String {
    guard field.place(of: Rows.backslash, from: 0) != nil else {
      return String(decoding: field, as: UTF8.self)
    }
    var plain: [UInt8] = []
    var isEscaped = false
    for byte in field {
      if isEscaped {
        switch byte {
        case UInt8(ascii: "t"): plain.append(Rows.tab)
        case UInt8(ascii: "n"): plain.append(Rows.newline)
        default: plain.append(byte)
        }
        isEscaped = false
      } else if byte == Rows.backslash {
        isEscaped = true
      } else {
        plain.append(byte)
      }
    }
    return String(decoding: plain, as: UTF8.self)
  }
}

extension [UInt8] {
  /// Adds the digits of a number, which is much quicker than by way of text.
  mutating func append(_ number: Int64, radix: UInt64 = 10) {
    if number < 0 { append(UInt8(ascii: "-")) }
    let start = count
    var rest = number.magnitude
    repeat {
      append(UInt8(48 + rest % radix))
      rest /= radix
    } while rest > 0
    self[start...].reverse()
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
