/// Times for people, in UTC.
public enum DateText {
  /// `2026-11-21`, of ISO 8601.
  /// - Parameter time: seconds since 1970.
  public static func day(_ time: Int64) -> String { String(utc(time).prefix { $0 != " " }) }

  /// `2026-11-21 03:54`.
  /// - Parameter time: seconds since 1970.
  public static func utc(_ time: Int64) -> String {
    let (day, second) = (floorDivide(time, 86400), time - floorDivide(time, 86400) * 86400)
    // Days to a civil date of the proleptic Gregorian calendar: eras of 400 years that begin in March.
    let z = day + 719468
    let era = floorDivide(z, 146097)
    let dayOfEra = z - era * 146097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shifted = (5 * dayOfYear + 2) / 153
    let month = shifted < 10 ? shifted + 3 : shifted - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return
      "\(year)-\(two(month))-\(two(dayOfYear - (153 * shifted + 2) / 5 + 1)) \(two(second / 3600)):\(two(second % 3600 / 60))"
  }

  private static func floorDivide(_ a: Int64, _ b: Int64) -> Int64 { a >= 0 ? a / b : (a - b + 1) / b }
}
