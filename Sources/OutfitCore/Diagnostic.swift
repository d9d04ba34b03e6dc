/// A place in a text file. Lines and columns count from 1; a column counts characters.
public struct SourceLocation: Hashable, Sendable, Comparable, CustomStringConvertible {
  public let file: String
  public let line: Int
  public let column: Int

  public init(file: String, line: Int = 1, column: Int = 1) {
    self.file = file
    self.line = line
    self.column = column
  }

  public var description: String { "\(file):\(line):\(column)" }

  public static func < (a: SourceLocation, b: SourceLocation) -> Bool {
    (a.file, a.line, a.column) < (b.file, b.line, b.column)
  }
}

/// What Outfit has to say to a person: what happened, where, and what to do next.
public struct Diagnostic: Hashable, Sendable {
  public enum Severity: String, Sendable, Comparable {
    case note, warning, error
    public static func < (a: Severity, b: Severity) -> Bool { a.rank < b.rank }
    private var rank: Int { self == .note ? 0 : self == .warning ? 1 : 2 }
  }

  /// What kind of thing it is, for programs: a message may be reworded, this may not.
  public enum Reason: String, Sendable, CaseIterable {
    /// Nobody was asked, since the run only reads.
    case dryRun = "dry-run"
    /// The network was not to be used.
    case offline
    /// A host could not be reached.
    case unreachable
    /// No authority vouches for a host.
    case certificate
    /// Something is not what its digest says.
    case digest
    /// A commit is not signed by those who have to.
    case signature
    /// Somebody has to consent.
    case consent
    /// A file of the user's is in the way.
    case conflict
    /// A question of the profile, or of the verb, has no answer yet.
    case question
    /// Somebody was asked, and said no.
    case declined
    /// Who runs it may not.
    case permission
    /// A disk is full, or can't be written.
    case disk
    /// A package has to be built from source, and nothing allows it.
    case notBuilt = "not-built"
    /// What was named to be taken out is not here.
    case absent
  }

  public var severity: Severity
  public var reason: Reason?
  /// One sentence without a full stop.
  public var message: String
  public var location: SourceLocation?
  /// The text of the line at `location`, shown beneath the message with a mark under the column.
  public var excerpt: String?
  /// What to do next.
  public var hint: String?

  public init(
    _ severity: Severity = .error, _ message: String, at location: SourceLocation? = nil,
    excerpt: String? = nil, hint: String? = nil, reason: Reason? = nil
  ) {
    self.severity = severity
    self.reason = reason
    self.message = message
    self.location = location
    self.excerpt = excerpt
    self.hint = hint
  }

  /// As it is shown to anybody.
  public var withoutPasswords: Diagnostic {
    Diagnostic(
      severity, OutfitCore.withoutPasswords(message), at: location,
      excerpt: excerpt.map(OutfitCore.withoutPasswords), hint: hint.map(OutfitCore.withoutPasswords),
      reason: reason)
  }
}

/// Something that ends a command, with the exit status that the design gives it.
public struct Failure: Error, Hashable, Sendable {
  public var diagnostics: [Diagnostic]
  public var status: ExitStatus

  public init(_ diagnostics: [Diagnostic], status: ExitStatus = .failed) {
    self.diagnostics = diagnostics
    self.status = status
  }

  public init(
    _ message: String, at location: SourceLocation? = nil, hint: String? = nil,
    status: ExitStatus = .failed, reason: Diagnostic.Reason? = nil
  ) {
    self.init([Diagnostic(.error, message, at: location, hint: hint, reason: reason)], status: status)
  }
}

/// The exit statuses of the design. When several apply, the highest of 130 > 2 > 4 > 1 > 3 > 0 wins.
public enum ExitStatus: Int32, Sendable, Comparable {
  case done = 0
  /// Failed, or incomplete.
  case failed = 1
  /// Bad usage or a bad manifest.
  case usage = 2
  /// What is there is not what was asked for.
  case drift = 3
  /// Consent or a decision is needed.
  case consent = 4
  case interrupted = 130

  public static func < (a: ExitStatus, b: ExitStatus) -> Bool { a.rank < b.rank }

  private var rank: Int {
    switch self {
    case .done: 0
    case .drift: 1
    case .failed: 2
    case .consent: 3
    case .usage: 4
    case .interrupted: 5
    }
  }
}

/// The candidate that a person most probably meant by `name`, or nil when none is near.
public func nearest(_ name: String, among candidates: some Sequence<String>) -> String? {
  let wanted = Array(name.lowercased())
  var best: (distance: Int, name: String)?
  for candidate in candidates {
    let distance = editDistance(wanted, Array(candidate.lowercased()))
    guard distance <= max(1, min(3, max(wanted.count, candidate.count) / 3)) else { continue }
    if best.map({ (distance, candidate) < ($0.distance, $0.name) }) ?? true {
      best = (distance, candidate)
    }
  }
  return best?.name
}

/// Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment).
private func editDistance(_ a: [Character], _ b: [Character]) -> Int {
  guard !a.isEmpty, !b.isEmpty else { return max(a.count, b.count) }
  var beforeLast = [Int](repeating: 0, count: b.count + 1)
  var last = Array(0...b.count)
  for i in 1...a.count {
    var row = [i] + [Int](repeating: 0, count: b.count)
    for j in 1...b.count {
      row[j] = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1))
      if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
        row[j] = min(row[j], beforeLast[j - 2] + 1)
      }
    }
    (beforeLast, last) = (last, row)
  }
  return last[b.count]
}
