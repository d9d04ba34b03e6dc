import ArgumentParser
import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSystem
import SystemPackage

struct VenvCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "venv", abstract: "Virtual environments by name: make, choose, list and remove them.",
    discussion: """
      A folder chooses one by its name in .python-version, as with pyenv-virtualenv: python, python3 and pip are the \
      environment's there, and with the hook of `outfit shell-init SHELL` a shell activates it. The environment of a \
      project is what `virtualenv:` in its outfit.yaml says; `outfit up` makes it in .venv.
      """,
    subcommands: [VenvCreate.self, VenvUse.self, VenvList.self, VenvRemove.self])
}

struct VenvCreate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "create", abstract: "Make an environment.",
    discussion: """
          outfit venv create blog                   on the Python of this folder
          outfit venv create blog --python 3.12
      """)

  @Argument(help: "Its name.") var name: String
  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("A version that is installed: 3.12, 3.13.5.", valueName: "version"),
    completion: Completions.installed(.python))
  var python: String?
  @Flag(name: .customLong("without-pip"), help: "Leave pip out; `uv pip` works all the same.")
  var withoutPip = false
  @Flag(name: .customLong("system-site-packages"), help: "See the packages of the Python that it stands on.")
  var systemSitePackages = false
  @Flag(help: "Print JSON.") var json = false

  func validate() throws { try NamedVirtualenvs.check(name) }

  func run() async throws {
    try await withSession { session in
      let host = session.host
      if let old = try NamedVirtualenvs.list(host).first(where: { $0.name == name }) {
        throw Failure(
          "there is an environment \(name) already, at \(session.short(old.folder))",
          hint: "`outfit venv remove \(name)` first, or take another name")
      }
      let interpreter = try NamedVirtualenvs.python(python, session)
      let folder = NamedVirtualenvs.folder(host).appending(name)
      // What no list names is what an interrupted run left.
      try host.files.removeTree(folder)
      try host.files.createDirectories(folder.removingLastComponent(), mode: 0o700)
      var arguments = ["-I", "-m", "venv", "--prompt", name]
      if withoutPip { arguments.append("--without-pip") }
      if systemSitePackages { arguments.append("--system-site-packages") }
      session.talk("making \(name) on \(session.short(interpreter))")
      do {
        let done = try await host.processes.run(
          Invocation(
            interpreter, arguments + [folder.string],
            environment: host.environment.filter { !$0.key.hasPrefix("PYTHON") && $0.key != "VIRTUAL_ENV" }))
        guard done.succeeded else {
          let text = (done.errorText + done.outputText).split(separator: "\n").suffix(8).joined(
            separator: "\n")
          var diagnostic = Diagnostic(
            .error, "\(interpreter) could not make an environment (status \(done.status))",
            hint: text.contains("ensurepip")
              ? "this Python has no ensurepip: --without-pip, or another --python" : nil)
          diagnostic.excerpt = text
          throw Failure([diagnostic])
        }
        let lock = try await ScopeLock.acquireSwitch(host)
        try withExtendedLifetime(lock) {
          let made = NamedVirtualenv(
            name: name, folder: folder, version: NamedVirtualenvs.version(of: folder, host), origin: "outfit")
          try NamedVirtualenvs.save(try NamedVirtualenvs.list(host).filter { $0.name != name } + [made], host)
          let version = made.version.map { ", Python \($0)" } ?? ""
          session.say("\(name): \(session.short(folder))\(version)", json: json)
          if json {
            session.write(
              JSONDocument(
                .venv, changed: true,
                [
                  "name": .string(name), "folder": .string(folder.string),
                  "python": made.version.map { .string($0.description) } ?? .null,
                ]))
          }
        }
      } catch {
        try? host.files.removeTree(folder)
        throw error
      }
      session.talk("`outfit venv use \(name)` chooses it for the folder that you stand in.")
    }
  }
}

struct VenvUse: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "use",
    abstract: "Choose an environment for this folder and those below, in .python-version.",
    discussion: "For one shell alone: export OUTFIT_PYTHON=NAME", aliases: ["local", "activate"])

  @Argument(help: "Its name.", completion: NamedVirtualenvs.completion) var name: String
  @Flag(help: "Print JSON.") var json = false

  func run() async throws {
    try await withSession { session in
      let host = session.host
      let one = try NamedVirtualenvs.find(name, host)
      let file = host.workingDirectory.appending(".python-version")
      let before = try host.files.text(file)
      if before != name + "\n" {
        let mode = try host.files.status(file, followLinks: true)?.mode ?? 0o644
        let target = (try? host.files.status(file, followLinks: false))??.kind == .link ? nil : file
        guard let target else {
          throw Failure(
            "\(session.short(file)) is a link", hint: "write \(name) into the file that it leads to")
        }
        try OwnFile.write(name + "\n", to: target, mode: mode & 0o777, folderMode: 0o755, host)
        let was = before?.split(separator: "\n").first.map { " (it said \(String($0).harmless))" } ?? ""
        session.say("\(session.short(file)) chooses \(name)\(was)", json: json)
      } else {
        session.say("\(session.short(file)) chooses \(name) already", json: json)
      }
      guard let answer = NamedVirtualenvs.resolve("python", session),
        answer != one.folder.appending("bin/python")
      else {
        if json {
          session.write(
            JSONDocument(
              .venv, changed: before != name + "\n",
              ["name": .string(name), "folder": .string(one.folder.string), "file": .string(file.string)]))
        }
        return
      }
      throw Failure(
        "python is \(session.short(answer)) here all the same",
        hint: "`outfit why python` names what decides: the outfit.yaml of this folder, or a variable")
    }
  }
}

struct VenvList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the environments: by name, and those of projects.")

  @Flag(help: "Print JSON.") var json = false

  private struct Row {
    var name: String
    var folder: FilePath
    var version: Version?
    var origin: String
    var project: FilePath?
  }

  func run() async throws {
    try await withSession { session in
      let host = session.host
      var rows = try NamedVirtualenvs.list(host).map {
        Row(name: $0.name, folder: $0.folder, version: $0.version, origin: $0.origin)
      }
      for scope in try Generations.scopes(host) {
        guard case .project(let root) = scope,
          let folder = try Generations.current(scope, host: host)?.activation.virtualenv.map({ FilePath($0) })
        else { continue }
        rows.append(
          Row(
            name: root.lastComponent?.string ?? "", folder: folder,
            version: NamedVirtualenvs.version(of: folder, host), origin: "project", project: root))
      }
      let active = host.environment["VIRTUAL_ENV"]
      func isThere(_ row: Row) -> Bool { host.files.exists(row.folder.pushing("bin/python")) }
      if json {
        session.write(
          JSONDocument(
            .venv,
            [
              "environments": .array(
                rows.map { row in
                  .object([
                    "name": .string(row.name), "folder": .string(row.folder.string),
                    "python": row.version.map { .string($0.description) } ?? .null,
                    "origin": .string(row.origin),
                    "project": row.project.map { .string($0.string) } ?? .null,
                    "active": .bool(row.folder.string == active), "present": .bool(isThere(row)),
                  ])
                })
            ]))
        return
      }
      guard !rows.isEmpty else {
        session.write("No environments yet: `outfit venv create NAME` makes one.")
        return
      }
      let style = session.outputStyle
      var table = Table(header: ["", "python", "where", ""])
      for row in rows {
        let mark = row.folder.string == active ? style.green("* \(row.name)") : "  \(row.name)"
        let note =
          !isThere(row)
          ? style.red("gone")
          : row.origin == "outfit" ? "" : row.origin == "project" ? "of its project" : row.origin + "'s"
        table.rows.append([mark, row.version?.description ?? "?", session.short(row.folder), note])
      }
      host.terminal.write(table.text(style: style))
    }
  }
}

struct VenvRemove: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove", abstract: "Remove environments, with the packages in them.",
    discussion: "One that was taken over from pyenv is only forgotten: it stays where it is, and pyenv's.",
    aliases: ["delete", "rm"])

  @Argument(help: "Their names.", completion: NamedVirtualenvs.completion) var names: [String]
  @Flag(name: .shortAndLong, help: "Don't ask.") var yes = false
  @Flag(help: "Print JSON.") var json = false

  func run() async throws {
    try await withSession { session in
      let host = session.host
      let all = try names.map { try NamedVirtualenvs.find($0, host) }
      let own = all.filter { NamedVirtualenvs.isOwn($0, host) }
      if !own.isEmpty, !yes {
        let question = "Remove \(own.map(\.name).joined(separator: ", ")) with all that is installed in it?"
        guard host.terminal.isInteractive else {
          throw Failure(
            question, hint: "without a terminal, say so with --yes", status: .consent, reason: .question)
        }
        guard ["y", "yes"].contains(host.terminal.ask("\(question) [y/N] ")?.lowercased()) else {
          throw Failure("nothing was removed", status: .consent, reason: .declined)
        }
      }
      let lock = try await ScopeLock.acquireSwitch(host)
      try withExtendedLifetime(lock) {
        try NamedVirtualenvs.save(
          try NamedVirtualenvs.list(host).filter { one in !all.contains { $0.name == one.name } }, host)
        for one in all {
          if own.contains(one) {
            try host.files.removeTree(one.folder)
            session.say("\(one.name) is removed", json: json)
          } else {
            session.say("\(one.name) is forgotten; \(session.short(one.folder)) stays", json: json)
          }
        }
      }
      if json {
        session.write(
          JSONDocument(
            .venv, changed: true,
            [
              "removed": .array(own.map { .string($0.name) }),
              "forgotten": .array(all.filter { !own.contains($0) }.map { .string($0.name) }),
            ]))
      }
    }
  }
}
