import OutfitCore
import OutfitProfile

/// A line of releases, by the numbers that they begin with, and its days: `3.12` of Python, `22` of Node.
///
/// The days are those of devguide.python.org/versions and of github.com/nodejs/Release, which publish them years ahead.
/// A line that came after this outfit was made is not known here, and is only ever chosen where nothing else fits.
public struct ReleaseLine: Hashable, Sendable {
  public let numbers: [Int]
  /// The day of its first release.
  let start: String
  /// The day from which Node supports it for long.
  let longTerm: String?
  /// The last day on which its mistakes are mended.
  let end: String

  private init(_ numbers: [Int], _ start: String, longTerm: String? = nil, end: String) {
    self.numbers = numbers
    self.start = start
    self.longTerm = longTerm
    self.end = end
  }

  public var text: String { numbers.map(String.init).joined(separator: ".") }

  static let python: [ReleaseLine] = [
    .init([2, 7], "2010-07-03", end: "2020-01-01"), .init([3, 6], "2016-12-23", end: "2021-12-23"),
    .init([3, 7], "2018-06-27", end: "2023-06-27"), .init([3, 8], "2019-10-14", end: "2024-10-07"),
    .init([3, 9], "2020-10-05", end: "2025-10-31"), .init([3, 10], "2021-10-04", end: "2026-10-31"),
    .init([3, 11], "2022-10-24", end: "2027-10-31"), .init([3, 12], "2023-10-02", end: "2028-10-31"),
    .init([3, 13], "2024-10-07", end: "2029-10-31"), .init([3, 14], "2025-10-07", end: "2030-10-31"),
    .init([3, 15], "2026-10-01", end: "2031-10-31"),
  ]

  static let node: [ReleaseLine] = [
    .init([12], "2019-04-23", longTerm: "2019-10-21", end: "2022-04-30"),
    .init([14], "2020-04-21", longTerm: "2020-10-27", end: "2023-04-30"),
    .init([16], "2021-04-20", longTerm: "2021-10-26", end: "2023-09-11"),
    .init([18], "2022-04-19", longTerm: "2022-10-25", end: "2025-04-30"),
    .init([19], "2022-10-18", end: "2023-06-01"),
    .init([20], "2023-04-18", longTerm: "2023-10-24", end: "2026-04-30"),
    .init([21], "2023-10-17", end: "2024-06-01"),
    .init([22], "2024-04-24", longTerm: "2024-10-29", end: "2027-04-30"),
    .init([23], "2024-10-16", end: "2025-06-01"),
    .init([24], "2025-05-06", longTerm: "2025-10-28", end: "2028-04-30"),
    .init([25], "2025-10-15", end: "2026-06-01"),
    .init([26], "2026-04-22", longTerm: "2026-10-28", end: "2029-04-30"),
  ]

  /// For how many days a line is not chosen unasked after the first release of a Python, or the first long-term one
  /// of a Node: what a project's lock has of compiled packages was made for those before it, and most packages and
  /// mirrors have a new one within that time.
  static let settling = 90

  /// The lines from the best to take down to the worst, for whoever may take any: newest first; before those that are
  /// too young come those that are not, and after them what is mended no more.
  /// - Parameter today: `2026-11-29`.
  static func byMerit(_ language: Language, today: String) -> [ReleaseLine] {
    func rank(_ line: ReleaseLine) -> Int {
      if line.hasEnded(today: today) { return 3 }
      if line.start > today { return 4 }
      guard let settled = language == .python ? line.start : line.longTerm, settled <= today else { return 2 }
      return daysBetween(settled, today) < settling ? 1 : 0
    }
    return (language == .python ? python : node).reversed().enumerated()
      .map { (rank: rank($1), index: $0, line: $1) }
      .sorted { ($0.rank, $0.index) < ($1.rank, $1.index) }.map(\.line)
  }

  func hasEnded(today: String) -> Bool { end < today }

  func isMended(today: String) -> Bool { start <= today && !hasEnded(today: today) }

  /// The days of months are counted as 31: to know whether three of them have passed that is enough.
  private static func daysBetween(_ first: String, _ second: String) -> Int {
    func days(_ text: String) -> Int {
      let numbers = text.split(separator: "-").compactMap { Int($0) }
      return numbers.count == 3 ? (numbers[0] * 12 + numbers[1]) * 31 + numbers[2] : 0
    }
    return days(second) - days(first)
  }

  /// The line that a version belongs to; nil for one that is not known.
  static func line(of version: Version, _ language: Language) -> ReleaseLine? {
    (language == .python ? python : node).first { version.release.starts(with: $0.numbers) }
  }
}
