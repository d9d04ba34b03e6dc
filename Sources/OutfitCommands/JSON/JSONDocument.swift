import OutfitCore

/// A document for programs, version 1. docs/json.md says what stands in each; members are added to it, and none is
/// changed or taken away.
struct JSONDocument {
  /// The version that `schema` names.
  static let version = 1

  /// What a document is about.
  enum Kind: String, CaseIterable {
    /// What `up` would do.
    case plan
    case up, status, diff, show, facts, outdated, update, rollback, uninstall
    case dotfiles, edit, log
    case selfUpdate = "self-update"
    case lock, `init`, doctor, generations, gc, trust, which, why, prompt, tools, interpreters, venv, render,
      parity, hooks
    case `import`, capture, personal, check, team, bundle, remote, fleet
    /// There is no result.
    case error
  }

  var kind: Kind
  /// Something was done, or would be; nil where that can't be known.
  var changed: Bool?
  var exit: ExitStatus
  var members: [String: JSONText]

  init(_ kind: Kind, changed: Bool? = false, exit: ExitStatus = .done, _ members: [String: JSONText]) {
    self.kind = kind
    self.changed = changed
    self.exit = exit
    self.members = members
  }

  /// Why there is no result.
  /// - Parameter status: with which the process ends.
  init(_ reasons: [Diagnostic], status: Int32) {
    let exit = ExitStatus(rawValue: status) ?? .failed
    let first = reasons.first { $0.severity == .error } ?? reasons.first
    self.init(
      .error, changed: false, exit: exit,
      [
        "error": first?.error(exit) ?? .null, "errors": .array(reasons.map { $0.error(exit) }),
        "exit": .number(Int(status)),
      ])
  }

  var text: String {
    let envelope: [String: JSONText] = [
      "schema": .number(Self.version), "kind": .string(kind.rawValue),
      "changed": changed.map { .bool($0) } ?? .null, "exit": .number(Int(exit.rawValue)), "error": .null,
    ]
    return JSONText.object(envelope.merging(members) { $1 }).text
  }
}

extension Session {
  /// The one document that a verb gives a program, on standard output.
  func write(_ document: JSONDocument) { host.terminal.write(document.text + "\n") }

  /// What people read: on standard output, unless that is for a program.
  func say(_ text: String, json: Bool) { json ? talk(text) : write(text) }
}

extension Diagnostic {
  /// For programs: what happened, where, and what to do next.
  func error(_ status: ExitStatus) -> JSONText {
    let shown = withoutPasswords
    return .object([
      "severity": .string(
        severity == .error ? "error" : severity == .warning ? "warning" : "note"),
      "reason": .string(reason?.rawValue ?? status.reason), "message": .string(shown.message),
      "file": location.map { .string($0.file) } ?? .null,
      "line": location.map { .number($0.line) } ?? .null,
      "column": location.map { .number($0.column) } ?? .null,
      "hint": shown.hint.map { .string($0) } ?? .null,
    ])
  }
}

extension ExitStatus {
  /// The reason of an error that has no word of its own.
  var reason: String {
    switch self {
    case .done: "none"
    case .failed: "failed"
    case .usage: "usage"
    case .drift: "drift"
    case .consent: "consent"
    case .interrupted: "interrupted"
    }
  }
}
