/// Times, in UTC. `now` is a question.
extension FunctionTable {
  static let dates: [Function] = {
    let plain: [Function] = [
      .pure("now", [], kind: .machine) { .time(try clock($0)) },
      .pure("date", [.text, .any]) { .text(try time($0, 1).text(String(bytes: $0.text(0)))) },
      .pure("dateInZone", [.text, .any, .text]) { call in
        let zone = String(bytes: call.text(2))
        guard ["UTC", "GMT", ""].contains(zone) else {
          throw Problem("the time zone `\(zone)` is not known here", hint: "UTC is")
        }
        return .text(try time(call, 1).text(String(bytes: call.text(0))))
      },
      .pure("htmlDate", [.any]) { .text(try time($0, 0).text("2006-01-02")) },
      .pure("htmlDateInZone", [.any, .text]) { .text(try time($0, 0).text("2006-01-02")) },
      .pure("unixEpoch", [.any]) { .text("\(try time($0, 0).seconds)") },
      .pure("toDate", [.text, .text]) { call in
        let (layout, text) = (String(bytes: call.text(0)), String(bytes: call.text(1)))
        guard let time = Time(text, layout: layout) else {
          throw Problem("`\(text)` is no time written as `\(layout)`")
        }
        return .time(time)
      },
      .pure("dateModify", [.text, .any]) { call in
        guard let seconds = duration(call.text(0)) else {
          throw Problem("`\(String(bytes: call.text(0)))` is no duration")
        }
        return .time(Time(seconds: try time(call, 1).seconds &+ seconds))
      },
      .pure("ago", [.any], kind: .machine) { call in
        .text(spelled(try clock(call).seconds - (try time(call, 0).seconds)))
      },
      .pure("duration", [.any]) { .text(spelled(Conversion.int($0[0]))) },
      .pure("durationRound", [.any]) { call in
        let seconds =
          if case .string(let text) = call[0] { duration(text) ?? 0 } else {
            Conversion.int(call[0]) / 1_000_000_000
          }
        let units = [(31_536_000, "y"), (2_592_000, "mo"), (86400, "d"), (3600, "h"), (60, "m"), (1, "s")]
        for (size, name) in units where abs(seconds) >= size { return .text("\(seconds / size)\(name)") }
        return .text("0s")
      },
    ]
    return plain
      + [
        ("dateInZone", "date_in_zone"), ("dateModify", "date_modify"), ("dateModify", "mustDateModify"),
        ("dateModify", "must_date_modify"), ("toDate", "mustToDate"),
      ].compactMap { pair in plain.first { $0.name == pair.0 }?.named(pair.1) }
      + [
        .pure("semver", [.text]) { .version(try version($0.text(0))) },
        .pure("semverCompare", [.text, .text]) { call in
          guard let constraint = VersionConstraint(String(bytes: call.text(0))) else {
            throw Problem("`\(String(bytes: call.text(0)))` is no constraint of versions")
          }
          return .bool(constraint.admits(try version(call.text(1))))
        },
      ]
  }()

  private static func version(_ text: Bytes) throws -> SemanticVersion {
    guard let version = SemanticVersion(String(bytes: text)) else {
      throw Problem("`\(String(bytes: text))` is no version")
    }
    return version
  }

  private static func clock(_ call: Call) throws -> Time {
    Time(seconds: Conversion.int(try call.run.ask(.clock)))
  }

  private static func time(_ call: Call, _ index: Int) throws -> Time {
    switch call[index] {
    case .time(let time): time
    case .int(let seconds, _): Time(seconds: seconds)
    default: try clock(call)
    }
  }

  /// Seconds of `1h30m`, by Go's time.ParseDuration.
  private static func duration(_ text: Bytes) -> Int? {
    var rest = Substring(String(bytes: text))
    let isNegative = rest.first == "-"
    if isNegative || rest.first == "+" { rest.removeFirst() }
    if rest == "0" { return 0 }
    guard !rest.isEmpty else { return nil }
    var total = 0.0
    while !rest.isEmpty {
      let digits = rest.prefix { $0.isNumber || $0 == "." }
      rest.removeFirst(digits.count)
      let unit = rest.prefix { !$0.isNumber && $0 != "." }
      rest.removeFirst(unit.count)
      let sizes = ["h": 3600, "m": 60, "s": 1, "ms": 1e-3, "us": 1e-6, "ns": 1e-9]
      guard let number = Double(digits), let size = sizes[String(unit)] else { return nil }
      total += number * size
    }
    guard total < 1e15 else { return nil }
    return Int(isNegative ? -total : total)
  }

  private static func spelled(_ seconds: Int) -> String {
    guard seconds != 0 else { return "0s" }
    let (sign, size) = (seconds < 0 ? "-" : "", abs(seconds))
    let (hours, minutes, rest) = (size / 3600, size / 60 % 60, size % 60)
    return sign + (hours > 0 ? "\(hours)h" : "") + (size >= 60 ? "\(minutes)m" : "") + "\(rest)s"
  }
}
