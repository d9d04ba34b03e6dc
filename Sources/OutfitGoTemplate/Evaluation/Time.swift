/// A moment, to the second. Only UTC is known: which zone a machine is in must not change what a template makes.
struct Time: Hashable {
  var seconds: Int

  private static func floor(_ a: Int, _ b: Int) -> (Int, Int) {
    let remainder = ((a % b) + b) % b
    return ((a - remainder) / b, remainder)
  }

  /// Year, month and day of the Gregorian calendar.
  var date: (year: Int, month: Int, day: Int) {
    let days = Self.floor(seconds, 86400).0 + 719_468
    let (era, dayOfEra) = Self.floor(days, 146_097)
    let year = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * year + year / 4 - year / 100)
    let shifted = (5 * dayOfYear + 2) / 153
    let month = shifted < 10 ? shifted + 3 : shifted - 9
    return (year + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
  }

  static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let y = month <= 2 ? year - 1 : year
    let (era, yearOfEra) = floor(y, 400)
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  private var secondOfDay: Int { Self.floor(seconds, 86400).1 }
  var weekday: Int { (Self.floor(Self.floor(seconds, 86400).0 + 4, 7)).1 }
  var yearDay: Int { Self.floor(seconds, 86400).0 - Self.days(date.year, 1, 1) + 1 }

  static let months = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November",
    "December",
  ]
  static let weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]

  var description: String { text("2006-01-02 15:04:05 +0000 UTC") }

  /// The pieces of Go's reference time, those first of which others are the beginning.
  private static let pieces = [
    "January", "Monday", "2006", "-07:00", "Z07:00", "-0700", "Z0700", "+0000", "002", "Jan", "Mon", "MST",
    "01", "02", "03",
    "04", "05", "06", "15", "_2", "PM", "pm", "1", "2", "3", "4", "5",
  ]

  private static func next(_ layout: Substring) -> String? {
    pieces.first { piece in
      guard layout.hasPrefix(piece) else { return false }
      if piece == "Jan" || piece == "Mon" {
        return !(layout.dropFirst(3).first.map { $0.isASCII && $0.isLowercase } ?? false)
      }
      return true
    }
  }

  func text(_ layout: String) -> String {
    let (year, month, day) = date
    let (hour, minute, second) = (secondOfDay / 3600, secondOfDay / 60 % 60, secondOfDay % 60)
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let half = hour % 12 == 0 ? 12 : hour % 12
    var result = ""
    var rest = layout[...]
    while let first = rest.first {
      guard let piece = Self.next(rest) else {
        result.append(first)
        rest.removeFirst()
        continue
      }
      rest.removeFirst(piece.count)
      switch piece {
      case "January": result += Self.months[month - 1]
      case "Jan": result += Self.months[month - 1].prefix(3)
      case "Monday": result += Self.weekdays[weekday]
      case "Mon": result += Self.weekdays[weekday].prefix(3)
      case "2006": result += String(repeating: "0", count: max(0, 4 - "\(year)".count)) + "\(year)"
      case "06": result += two(year % 100)
      case "01": result += two(month)
      case "1": result += "\(month)"
      case "02": result += two(day)
      case "2": result += "\(day)"
      case "_2": result += day < 10 ? " \(day)" : "\(day)"
      case "002": result += String(repeating: "0", count: max(0, 3 - "\(yearDay)".count)) + "\(yearDay)"
      case "15": result += two(hour)
      case "03": result += two(half)
      case "3": result += "\(half)"
      case "04": result += two(minute)
      case "4": result += "\(minute)"
      case "05": result += two(second)
      case "5": result += "\(second)"
      case "PM": result += hour < 12 ? "AM" : "PM"
      case "pm": result += hour < 12 ? "am" : "pm"
      case "MST": result += "UTC"
      case "Z07:00", "Z0700": result += "Z"
      case "-07:00": result += "+00:00"
      default: result += "+0000"
      }
    }
    return result
  }

  /// Reads a text by a layout.
  init?(_ text: String, layout: String) {
    var (year, month, day, hour, minute, second, offset) = (1, 1, 1, 0, 0, 0, 0)
    var isAfternoon: Bool?
    var input = text[...]
    var rest = layout[...]
    func number(_ least: Int, _ most: Int) -> Int? {
      let digits = input.prefix(most).prefix { $0.isASCII && $0.isNumber }
      guard digits.count >= least else { return nil }
      input.removeFirst(digits.count)
      return Int(digits)
    }
    func name(_ names: [String], _ length: Int?) -> Int? {
      for (index, name) in names.enumerated() {
        let name = length.map { String(name.prefix($0)) } ?? name
        guard input.lowercased().hasPrefix(name.lowercased()) else { continue }
        input.removeFirst(name.count)
        return index + 1
      }
      return nil
    }
    func set(_ target: inout Int, _ value: Int?) -> Bool {
      guard let value else { return false }
      target = value
      return true
    }
    while let first = rest.first {
      guard let piece = Self.next(rest) else {
        guard input.first == first else { return nil }
        input.removeFirst()
        rest.removeFirst()
        continue
      }
      rest.removeFirst(piece.count)
      var ignored = 0
      let isRead: Bool
      switch piece {
      case "January": isRead = set(&month, name(Self.months, nil))
      case "Jan": isRead = set(&month, name(Self.months, 3))
      case "Monday": isRead = set(&ignored, name(Self.weekdays, nil))
      case "Mon": isRead = set(&ignored, name(Self.weekdays, 3))
      case "2006": isRead = set(&year, number(4, 4))
      case "06": isRead = set(&year, number(2, 2).map { $0 < 69 ? 2000 + $0 : 1900 + $0 })
      case "01": isRead = set(&month, number(2, 2))
      case "1": isRead = set(&month, number(1, 2))
      case "02": isRead = set(&day, number(2, 2))
      case "2": isRead = set(&day, number(1, 2))
      case "_2":
        if input.first == " " { input.removeFirst() }
        isRead = set(&day, number(1, 2))
      case "15", "3": isRead = set(&hour, number(1, 2))
      case "03": isRead = set(&hour, number(2, 2))
      case "04": isRead = set(&minute, number(2, 2))
      case "4": isRead = set(&minute, number(1, 2))
      case "05": isRead = set(&second, number(2, 2))
      case "5": isRead = set(&second, number(1, 2))
      case "PM", "pm":
        guard let half = name(["AM", "PM"], nil) else { return nil }
        isAfternoon = half == 2
        isRead = true
      case "MST": isRead = set(&ignored, name(["UTC", "GMT"], nil))
      case "002": isRead = false
      default:
        if input.first == "Z", piece.hasPrefix("Z") {
          input.removeFirst()
          isRead = true
        } else if let sign = input.first, sign == "+" || sign == "-" {
          input.removeFirst()
          guard let hours = number(2, 2) else { return nil }
          if piece.contains(":") { guard input.popFirst() == ":" else { return nil } }
          guard let minutes = number(2, 2) else { return nil }
          offset = (hours * 3600 + minutes * 60) * (sign == "-" ? -1 : 1)
          isRead = true
        } else {
          isRead = false
        }
      }
      guard isRead else { return nil }
    }
    if let isAfternoon { hour = hour % 12 + (isAfternoon ? 12 : 0) }
    let lengths = [
      31, year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30,
      31,
    ]
    guard input.isEmpty, (1...12).contains(month), (1...lengths[month - 1]).contains(day), hour < 24,
      minute < 60,
      second < 60
    else { return nil }
    seconds = Self.days(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - offset
  }

  init(seconds: Int) { self.seconds = seconds }

  func method(_ name: String, _ arguments: [Value], _ run: Run) throws -> Value {
    if name == "Format", arguments.count == 1, case .string(let layout) = arguments[0] {
      return .text(text(String(bytes: layout)))
    }
    guard arguments.isEmpty else { throw Problem("`\(name)` of a time does not take these arguments") }
    switch name {
    case "Year": return .int(date.year)
    case "Day": return .int(date.day)
    case "Hour": return .int(secondOfDay / 3600)
    case "Minute": return .int(secondOfDay / 60 % 60)
    case "Second": return .int(secondOfDay % 60)
    case "Nanosecond": return .int(0)
    case "YearDay": return .int(yearDay)
    case "Month": return .text(Self.months[date.month - 1])
    case "Weekday": return .text(Self.weekdays[weekday])
    case "Unix": return .int(seconds, .int64)
    case "UTC", "Local": return .time(self)
    case "String": return .text(description)
    default:
      throw Problem(
        "a time has no `\(name)` here", hint: "it has Format, Year, Month, Day, Hour, Minute, Second and Unix"
      )
    }
  }
}
