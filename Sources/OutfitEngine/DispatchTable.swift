import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// What `outfit-shim` reads to find the program behind a name: one text file for each scope.
///
///     outfit-table 1
///     scope machine                          (or: root /home/me/shop)
///     c<TAB>black<TAB>/program<TAB>argument...
///     i<TAB>python<TAB>3.13.5<TAB>/program   (the default first)
///     v<TAB>/home/me/shop/.venv<TAB>/what/it/leads/to
///     e<TAB>variable<TAB>value               (\t, \n and \\ stand for tab, newline and backslash)
public struct DispatchTable: Hashable, Sendable {
  public struct Command: Hashable, Sendable {
    public var name: String
    public var program: String
    public var arguments: [String]
    public init(name: String, program: String, arguments: [String] = []) {
      self.name = name
      self.program = program
      self.arguments = arguments
    }
  }

  public struct Interpreter: Hashable, Sendable {
    public var language: String
    public var version: String
    public var program: String
    public init(language: String, version: String, program: String) {
      self.language = language
      self.version = version
      self.program = program
    }
  }

  /// The virtual environment that belongs to a project. It counts only while it is the link that was made.
  public struct Virtualenv: Hashable, Sendable {
    public var place: String
    public var destination: String
    public init(_ place: String, leadsTo destination: String) {
      self.place = place
      self.destination = destination
    }
  }

  public var scope: Scope
  public var commands: [Command]
  public var interpreters: [Interpreter]
  public var virtualenv: Virtualenv?
  /// The variables that the project sets.
  public var variables: [String: String]

  public init(
    scope: Scope, commands: [Command] = [], interpreters: [Interpreter] = [],
    virtualenv: Virtualenv? = nil, variables: [String: String] = [:]
  ) {
    self.scope = scope
    self.virtualenv = virtualenv
    self.variables = variables
    self.commands = commands.sorted { $0.name < $1.name }
    self.interpreters = interpreters
  }

  /// The file.
  /// - Throws: `Failure` for a value with a tab or a line end in it, and for a name with a slash.
  public func text() throws -> [UInt8] {
    var text = "outfit-table 1\n"
    switch scope {
    case .machine: text += "scope machine\n"
    case .project(let root):
      guard !root.string.utf8.contains(where: { $0 < 0x20 }) else {
        throw Failure(
          "a project can't stand in a folder with a tab or a line end in its name: "
            + root.string.map { $0.isNewline || $0 == "\t" ? "?" : String($0) }.joined(), status: .usage)
      }
      text += "root \(root)\n"
    }
    for command in commands {
      try ([command.name, command.program] + command.arguments).forEach(check)
      guard !command.name.isEmpty, !command.name.contains("/"), !command.name.hasPrefix(".") else {
        throw Failure("`\(command.name)` can't be the name of a command", status: .usage)
      }
      text += (["c", command.name, command.program] + command.arguments).joined(separator: "\t") + "\n"
    }
    for interpreter in interpreters {
      let fields = [interpreter.language, interpreter.version, interpreter.program]
      try fields.forEach(check)
      text += (["i"] + fields).joined(separator: "\t") + "\n"
    }
    if let virtualenv {
      try [virtualenv.place, virtualenv.destination].forEach(check)
      text += "v\t\(virtualenv.place)\t\(virtualenv.destination)\n"
    }
    var rows = Rows.Writer()
    for (name, value) in variables.sorted(by: { $0.key < $1.key }) {
      try check(name)
      rows.row("e", name, value)
    }
    return Array(text.utf8) + rows.bytes
  }

  private func check(_ value: String) throws {
    guard !value.utf8.contains(where: { $0 == 9 || $0 == 10 || $0 == 13 || $0 == 0 }) else {
      throw Failure(
        "a command can't be offered whose name, path or arguments have a tab or a line end in them: "
          + value.map { $0.isNewline || $0 == "\t" ? "?" : String($0) }.joined(),
        status: .usage)
    }
  }

  /// Nil for what is no table of this version.
  public init?(_ bytes: [UInt8]) {
    guard bytes.last == UInt8(ascii: "\n") else { return nil }
    let lines = bytes.dropLast().split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      .map { String(decoding: $0, as: UTF8.self) }
    guard lines.count >= 2, lines[0] == "outfit-table 1" else { return nil }
    if lines[1] == "scope machine" {
      scope = .machine
    } else if lines[1].hasPrefix("root /") {
      scope = .project(FilePath(String(lines[1].dropFirst(5))))
    } else {
      return nil
    }
    commands = []
    interpreters = []
    variables = [:]
    for line in lines[2...] {
      let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      if fields.count >= 3, fields[0] == "c" {
        commands.append(Command(name: fields[1], program: fields[2], arguments: Array(fields[3...])))
      } else if fields.count == 4, fields[0] == "i" {
        interpreters.append(Interpreter(language: fields[1], version: fields[2], program: fields[3]))
      } else if fields.count == 3, fields[0] == "v" {
        virtualenv = Virtualenv(fields[1], leadsTo: fields[2])
      } else if fields.count == 3, fields[0] == "e" {
        variables[fields[1]] = Rows.fields(Array(fields[2].utf8))[0]
      } else {
        return nil
      }
    }
  }
}

/// Where each name lives, for the message of a shim whose name is not in this scope: `names` beside the tables,
/// lines of name, scope and label with tabs between.
struct NameDirectory: Hashable {
  struct Entry: Hashable {
    var name: String
    var scope: String
    var label: String
  }
  var entries: [Entry]

  init(_ bytes: [UInt8]) {
    entries = bytes.split(separator: UInt8(ascii: "\n")).compactMap { line in
      let fields = line.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false)
        .map { String(decoding: $0, as: UTF8.self) }
      return fields.count == 3 ? Entry(name: fields[0], scope: fields[1], label: fields[2]) : nil
    }
  }

  /// Replaces what is known of one scope.
  mutating func set(_ claims: [RecordedClaim], scope: String, replacing old: [String]) {
    entries.removeAll { $0.scope == scope || old.contains($0.scope) }
    entries += claims.map { Entry(name: $0.name, scope: scope, label: $0.label) }
    entries.sort { ($0.name, $0.scope) < ($1.name, $1.scope) }
  }

  var bytes: [UInt8] {
    func plain(_ text: String) -> String {
      String(text.map { $0 == "\t" || $0.isNewline ? " " : $0 })
    }
    return Array(
      entries.map { "\(plain($0.name))\t\(plain($0.scope))\t\(plain($0.label))\n" }.joined().utf8)
  }
}
