import OutfitConsent
import OutfitCore
import OutfitSystem
import SystemPackage

/// What one run of a verb did, in a file of its own: what was typed and where, which programs it ran, what it said was
/// wrong, and how it ended. Results and the texts of files are not in it.
///
/// A run that can't be logged goes on: nothing depends on it. Where Outfit has no state, none is made for it.
final class RunLog: Sendable {
  private let host: Host
  private let head: [Entry]
  private let started: UInt64
  /// Of the file, once there is one; what is to be written until then.
  private let state = Locked((file: FilePath?.none, waiting: [Entry](), hasEnded: false))

  /// How many runs are kept.
  static let kept = 200

  /// Nil for a run that is not logged.
  init?(_ host: Host) {
    guard Self.isLogged(host.arguments) else { return nil }
    self.host = host
    started = host.clock.uptime()
    head = [
      Entry(.version, "\(Release.version) \(host.platform)"),
      Entry(.time, "\(host.clock.now())"),
      Entry(
        .command, (["outfit"] + recordedCommand(host.arguments)).map(Consent.quoted).joined(separator: " ")),
      Entry(.folder, host.workingDirectory.string),
    ]
    state.withLock { $0.waiting = head }
    flush()
  }

  /// Verbs that only look, what shells and git run all day, and what another program's words follow.
  private static let unlogged: Set<String> = [
    "diff", "exec", "facts", "generations", "help", "history", "log", "outdated", "prompt", "shell-init",
    "show",
    "status", "which", "why",
  ]

  static func isLogged(_ words: [String]) -> Bool {
    guard let verb = words.first, !verb.hasPrefix("-"), !unlogged.contains(verb) else { return false }
    return !words.contains("--dry-run") && !words.starts(with: ["hooks", "run"])
  }

  func note(_ kind: Entry.Kind, _ text: String) {
    state.withLock { if !$0.hasEnded { $0.waiting.append(Entry(kind, text)) } }
    flush()
  }

  func end(_ status: Int32) {
    let took = SecondsText.text(nanoseconds: host.clock.uptime() &- started)
    state.withLock {
      if !$0.hasEnded { $0.waiting.append(Entry(.end, "\(status) \(took)")) }
      $0.hasEnded = true
    }
    flush()
  }

  private func flush() {
    state.withLock { state in
      guard host.files.exists(host.places.state) else { return }
      let bytes = Array(state.waiting.map(\.line).joined().utf8)
      if let file = state.file {
        guard (try? host.files.append(file, bytes)) != nil else { return }
      } else {
        guard let file = try? create(bytes) else { return }
        state.file = file
      }
      state.waiting = []
    }
  }

  private func create(_ bytes: [UInt8]) throws(FileError) -> FilePath? {
    let folder = Self.folder(host)
    if !host.files.exists(folder) { try host.files.createDirectory(folder, mode: 0o700) }
    var number = (try Self.numbers(host).last ?? 0) + 1
    // Two that begin at once.
    for _ in 0..<20 {
      let file = Self.file(number, host)
      do {
        try host.files.create(file, bytes, mode: 0o600)
        for old in try Self.numbers(host).dropLast(Self.kept) { try host.files.remove(Self.file(old, host)) }
        return file
      } catch  where error.code == .fileExists {
        number += 1
      }
    }
    return nil
  }

  // MARK: What is kept

  private static func folder(_ host: Host) -> FilePath { host.places.state.appending("log") }

  private static func file(_ number: Int, _ host: Host) -> FilePath { folder(host).appending("\(number)") }

  /// The runs that are kept, the oldest first.
  static func numbers(_ host: Host) throws(FileError) -> [Int] {
    guard host.files.exists(folder(host)) else { return [] }
    return try host.files.list(folder(host)).compactMap { Int($0) }.sorted()
  }

  static func read(_ number: Int, _ host: Host) throws(FileError) -> Run {
    Run(number, lines: String(decoding: try host.files.read(file(number, host)), as: UTF8.self))
  }

  /// One line of a log; a text of several lines is one too.
  struct Entry: Hashable, Sendable {
    enum Kind: Character, Sendable {
      case version = "#"
      case time = "@"
      case command = "$"
      case folder = "/"
      /// A program that was run.
      case program = "+"
      /// A diagnostic.
      case said = "!"
      case end = "="
    }

    var kind: Kind
    var text: String

    init(_ kind: Kind, _ text: String) {
      self.kind = kind
      self.text = text
    }

    init?(line: Substring) {
      guard let first = line.first, let kind = Kind(rawValue: first), line.dropFirst().first == " " else {
        return nil
      }
      var text = ""
      var rest = line.dropFirst(2)
      while let next = rest.popFirst() {
        guard next == "\\", let escaped = rest.popFirst() else {
          text.append(next)
          continue
        }
        text.append(escaped == "n" ? "\n" : escaped)
      }
      self.init(kind, text)
    }

    var line: String {
      "\(kind.rawValue) " + text.replacing("\\", with: "\\\\").replacing("\n", with: "\\n") + "\n"
    }
  }
}

/// A run as its log has it.
struct Run: Hashable, Sendable {
  let number: Int
  let entries: [RunLog.Entry]

  /// Lines that are none of ours are left out: a run may have been cut off in the middle of one.
  init(_ number: Int, lines: String) {
    self.number = number
    entries = lines.split(separator: "\n").compactMap { RunLog.Entry(line: $0) }
  }

  private func first(_ kind: RunLog.Entry.Kind) -> String? { entries.first { $0.kind == kind }?.text }

  /// Seconds since 1970.
  var time: Int64? { first(.time).flatMap { Int64($0) } }
  var command: String { first(.command) ?? "" }
  var folder: String { first(.folder) ?? "" }
  var version: String { first(.version) ?? "" }
  /// Nil for one that goes on, was killed, or became another program.
  var status: Int32? { first(.end)?.split(separator: " ").first.flatMap { Int32($0) } }
  /// `0.41 s`.
  var took: String? {
    first(.end).flatMap { text in text.firstIndex(of: " ").map { String(text[text.index(after: $0)...]) } }
  }
}
