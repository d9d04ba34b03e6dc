import OutfitCore
import OutfitSystem

/// An exception of the manifest or of a template of one's own, and whether anything needed it.
public struct ParityException: Hashable, Sendable {
  public var place: String
  public var reason: String
  public var isUsed: Bool

  public init(place: String, reason: String, isUsed: Bool) {
    self.place = place
    self.reason = reason
    self.isUsed = isUsed
  }
}

/// What a run of `parity` found: rows, and the exceptions.
public struct ParityProof: Hashable, Sendable {
  /// The application's name.
  public var name: String
  public var rows: [Parity.Row]
  public var exceptions: [ParityException]
  /// Of `outfit.lock`.
  public var lockDigest: Digest

  /// The proof of a project.
  public init(_ input: Parity.Input) {
    let (rows, used) = Parity.check(input)
    self.init(
      name: input.stack.name, rows: rows,
      exceptions: input.stack.allowances.map {
        ParityException(place: $0.place, reason: $0.reason, isUsed: used.contains($0))
      }, lockDigest: input.stack.lockDigest)
  }

  public init(name: String, rows: [Parity.Row], exceptions: [ParityException], lockDigest: Digest) {
    self.name = name
    self.rows = rows
    self.exceptions = exceptions
    self.lockDigest = lockDigest
  }

  func count(_ verdict: Parity.Row.Verdict) -> Int { rows.count { $0.verdict == verdict } }

  /// `proved, 3 exceptions`.
  public var headline: String {
    let verdict =
      count(.failed) > 0
      ? "failed" : count(.notCheckable) > 0 ? "proved, as far as it can be checked" : "proved"
    let used = exceptions.count(where: \.isUsed)
    return "\(verdict), \(used) \(used == 1 ? "exception" : "exceptions")"
  }

  /// One line each, fields between tabs: what is kept between runs.
  public var record: String {
    func field(_ text: String) -> String {
      text.replacing("\\", with: "\\\\").replacing("\t", with: "\\t").replacing("\n", with: "\\n")
    }
    var lines = ["proof\t\(field(name))\t\(lockDigest)"]
    for row in rows {
      let fields = ["row", row.verdict.rawValue, row.id, row.rule, row.detail] + row.places
      lines.append(fields.map(field).joined(separator: "\t"))
    }
    for exception in exceptions {
      lines.append("allow\t\(exception.isUsed)\t\(field(exception.place))\t\(field(exception.reason))")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// Nil for what is no such record.
  public init?(record: some StringProtocol) {
    func text(_ field: Substring) -> String {
      var result = ""
      var isEscaped = false
      for character in field {
        if isEscaped {
          result.append(character == "t" ? "\t" : character == "n" ? "\n" : character)
          isEscaped = false
        } else if character == "\\" {
          isEscaped = true
        } else {
          result.append(character)
        }
      }
      return result
    }
    rows = []
    exceptions = []
    var head: (String, Digest)?
    for line in String(record).split(separator: "\n") {
      let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
      switch (fields.first, fields.count) {
      case ("proof", 3):
        guard let digest = Digest(fields[2]) else { return nil }
        head = (text(fields[1]), digest)
      case ("row", 5...):
        guard let verdict = Parity.Row.Verdict(rawValue: String(fields[1])) else { return nil }
        rows.append(
          Parity.Row(
            text(fields[2]), text(fields[3]), verdict, text(fields[4]), places: fields.dropFirst(5).map(text))
        )
      case ("allow", 4):
        exceptions.append(
          ParityException(place: text(fields[2]), reason: text(fields[3]), isUsed: fields[1] == "true"))
      default: return nil
      }
    }
    guard let head else { return nil }
    (name, lockDigest) = head
  }
}

/// The proof as a table, for people and for programs.
public enum ParityReport {
  /// What it comes to, and a table of text.
  public static func text(_ proof: ParityProof, style: Style = .plain) -> String {
    let rule = proof.rows.map(\.rule.count).max() ?? 0
    let verdict = Parity.Row.Verdict.allCases.map(\.rawValue.count).max() ?? 0
    var text = proof.headline + "\n\n"
    for row in proof.rows {
      text +=
        paint(row.verdict, style)(pad(row.verdict.rawValue, verdict)) + "  " + pad(row.rule, rule) + "  "
        + row.detail + "\n"
    }
    let counts = Parity.Row.Verdict.allCases.map { "\(proof.count($0)) \($0.rawValue)" }
    return text + counts.joined(separator: ", ") + "\n"
  }

  /// What environments may differ in, without an exception.
  public static let meant =
    "what outfit.yaml gives each: host, replicas, variables, tag, hot reload in dev; and within bounds, counts of "
    + "replicas, requests and limits"

  /// The exceptions, one on a line.
  public static func text(_ exceptions: [ParityException]) -> String {
    let width = exceptions.map(\.place.count).max() ?? 0
    return exceptions.map { exception in
      pad(exception.place, width) + "  " + exception.reason + (exception.isUsed ? "" : " (nothing needs it)")
        + "\n"
    }.joined()
  }

  private static func paint(_ verdict: Parity.Row.Verdict, _ style: Style) -> (String) -> String {
    switch verdict {
    case .proved: style.green
    case .failed: style.red
    case .notCheckable: style.yellow
    }
  }

  private static func pad(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }
}
