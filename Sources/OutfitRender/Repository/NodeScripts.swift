import OutfitCore

/// What package.json starts and builds by its scripts.
struct NodeScripts {
  let package: Document
  private let scripts: [String: String]

  init?(_ text: String?) {
    guard let text, let package = try? Document.parseJSON(text, file: "package.json") else { return nil }
    self.package = package
    scripts = (package["scripts"]?.entries ?? [:]).compactMapValues(\.text)
  }

  /// For production, the better first.
  private static let names = [
    "start:prod", "start:production", "start-prod", "start-production", "serve:prod", "prod", "production",
    "start", "serve",
  ]

  /// The script that production starts, and its text.
  var start: (name: String, text: String)? {
    for name in Self.names {
      guard let text = scripts[name], !StartCommand.isForDevelopment(judged(text)) else { continue }
      return (name, text)
    }
    return nil
  }

  /// Only those who develop start anything.
  var developed: (name: String, text: String)? {
    for name in Self.names + ["dev", "develop", "start:dev"] {
      if let text = scripts[name] { return (name, text) }
    }
    return nil
  }

  var build: String? {
    ["build:prod", "build-prod", "build-docker", "build"].first { scripts[$0] != nil }
  }

  func text(_ script: String) -> String? { scripts[script] }

  /// The script that a command names: `npm start`, `yarn run x`, `pnpm x`.
  func script(of words: [String]) -> String? {
    guard let program = words.first, ["npm", "yarn", "pnpm", "bun"].contains(program) else { return nil }
    let rest = words.dropFirst().filter { !$0.hasPrefix("-") }
    guard var name = rest.first else { return nil }
    if name == "run" || name == "run-script", rest.count > 1 { name = rest[1] }
    return scripts[name] == nil ? nil : name
  }

  /// What a command gives to the script that it names. npm keeps what looks like an option of its own for itself.
  func arguments(of words: [String]) -> [String] {
    guard let script = script(of: words), let place = words.dropFirst().firstIndex(of: script) else {
      return []
    }
    let rest = words[(place + 1)...]
    let (own, handed): (ArraySlice<String>, ArraySlice<String>) =
      rest.firstIndex(of: "--").map { (rest[..<$0], rest[($0 + 1)...]) } ?? (rest, [])
    return (words[0] == "npm" ? own.filter { !$0.hasPrefix("-") } : Array(own)) + handed
  }

  /// The words of a script that one program does by itself; nil for one that others come before, or that needs a shell.
  func words(_ script: String, depth: Int = 0) -> [String]? {
    guard let text = scripts[script], scripts["pre" + script] == nil, !ShellText.isNeeded(text), depth < 4
    else {
      return nil
    }
    let words = ProjectReading.words(text)
    if let other = self.script(of: words) {
      return self.words(other, depth: depth + 1).map { $0 + arguments(of: words) } ?? words
    }
    return words.first?.contains("=") == true ? nil : words
  }

  /// The port that a framework's own server listens on unless PORT says another.
  func port(of command: StartCommand) -> Int? {
    let inner = script(of: command.words).flatMap { words($0) }.map { StartCommand(words: $0) } ?? command
    let program = inner.program ?? ""
    if ["next", "nuxt", "nuxi", "remix-serve", "react-router-serve"].contains(program) { return 3000 }
    let hasServer = ["dependencies", "devDependencies"].contains {
      package[$0]?["@sveltejs/adapter-node"] != nil
    }
    let isBuilt = inner.words.contains { word in
      ["build", "build/index.js", ".sh"].contains {
        word == $0 || word.hasSuffix($0 == ".sh" ? $0 : "/" + $0)
      }
    }
    return hasServer && isBuilt ? 3000 : nil
  }

  /// A command with what its scripts run in place of their names, where that is a server: a name tells less.
  func judged(_ text: String, depth: Int = 0) -> String {
    guard depth < 4 else { return text }
    return ShellText.parts(text).map { part in
      guard let name = script(of: ProjectReading.words(part)), let inner = scripts[name] else { return part }
      let run = judged(inner, depth: depth + 1)
      let isForDevelopers = name.split { !$0.isLetter }.contains {
        ["dev", "develop", "development"].contains($0)
      }
      let program =
        ShellText.parts(run).last.flatMap { StartCommand.program(of: ProjectReading.words($0)) } ?? ""
      let isServer = program == "node" || ProjectReading.servers.contains(program)
      return isServer && !isForDevelopers ? run : part + " ; " + run
    }.joined(separator: " ; ")
  }

  /// Whether a program comes with a package that only those who develop have.
  func isOnlyForDevelopers(_ program: String) -> Bool {
    let packages = ["nest": "@nestjs/cli", "tsc": "typescript", "dotenv": "dotenv-cli", "ng": "@angular/cli"]
    let name = packages[program] ?? program
    return package["dependencies"]?[name] == nil && package["devDependencies"]?[name] != nil
  }
}
