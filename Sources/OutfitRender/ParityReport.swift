import OutfitCore
import OutfitSystem

/// What a run of `parity` found: rows, and the differences that are meant.
public struct ParityProof: Hashable, Sendable {
  /// The application's name.
  public var name: String
  public var rows: [Parity.Row]
  public var allowances: [ParityAllowance]
  /// Of `outfit.lock`.
  public var lockDigest: Digest

  public init(name: String, rows: [Parity.Row], allowances: [ParityAllowance], lockDigest: Digest) {
    self.name = name
    self.rows = rows
    self.allowances = allowances
    self.lockDigest = lockDigest
  }

  func count(_ verdict: Parity.Row.Verdict) -> Int { rows.count { $0.verdict == verdict } }

  /// One line each, fields between tabs: what is kept between runs.
  public var record: String {
    func field(_ text: String) -> String {
      text.replacing("\\", with: "\\\\").replacing("\t", with: "\\t").replacing("\n", with: "\\n")
    }
    var lines = ["proof\t\(field(name))\t\(lockDigest)"]
    for row in rows { lines.append("row\t\(row.verdict.rawValue)\t\(field(row.rule))\t\(field(row.detail))") }
    for allowance in allowances {
      lines.append(
        "allow\t\(allowance.isForDevelopment)\t\(field(allowance.place))\t\(field(allowance.reason))")
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
    allowances = []
    var head: (String, Digest)?
    for line in String(record).split(separator: "\n") {
      let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
      switch (fields.first, fields.count) {
      case ("proof", 3):
        guard let digest = Digest(fields[2]) else { return nil }
        head = (text(fields[1]), digest)
      case ("row", 4):
        guard let verdict = Parity.Row.Verdict(rawValue: String(fields[1])) else { return nil }
        rows.append(Parity.Row(text(fields[2]), verdict, text(fields[3])))
      case ("allow", 4):
        guard
          let allowance = ParityAllowance(
            text(fields[2]), text(fields[3]), isForDevelopment: fields[1] == "true")
        else { return nil }
        allowances.append(allowance)
      default: return nil
      }
    }
    guard let head else { return nil }
    (name, lockDigest) = head
  }
}

/// The proof as a table, for people and for programs.
public enum ParityReport {
  /// A table of text, and what it comes to beneath.
  public static func text(_ proof: ParityProof, style: Style = .plain) -> String {
    let rule = proof.rows.map(\.rule.count).max() ?? 0
    let verdict = Parity.Row.Verdict.allCases.map(\.rawValue.count).max() ?? 0
    var text = ""
    for row in proof.rows {
      text +=
        paint(row.verdict, style)(pad(row.verdict.rawValue, verdict)) + "  " + pad(row.rule, rule) + "  "
        + row.detail + "\n"
    }
    let counts = Parity.Row.Verdict.allCases.map { "\(proof.count($0)) \($0.rawValue)" }
    return text + counts.joined(separator: ", ") + "\n"
  }

  /// The differences that overlays may have, one on a line.
  public static func text(_ allowances: [ParityAllowance]) -> String {
    let width = allowances.map(\.place.count).max() ?? 0
    return allowances.map { pad($0.place, width) + "  " + $0.reason + "\n" }.joined()
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
