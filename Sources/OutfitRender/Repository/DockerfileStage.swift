import OutfitCore

/// An instruction of a Dockerfile, with the line that it starts on.
struct DockerfileInstruction {
  var keyword: String
  /// Without `--options`, continued lines joined.
  var rest: String
  var options: [String]
  var line: Int

  static func read(_ text: String) -> [DockerfileInstruction] {
    var found: [DockerfileInstruction] = []
    var (current, start, number): (String, Int, Int) = ("", 0, 0)
    var marks: [String] = []
    func close() {
      guard let space = current.firstIndex(where: \.isWhitespace) else { return }
      var rest = current[space...].drop(while: \.isWhitespace)
      var options: [String] = []
      while rest.hasPrefix("--") {
        let option = rest.prefix { !$0.isWhitespace }
        options.append(String(option))
        rest = rest[option.endIndex...].drop(while: \.isWhitespace)
      }
      found.append(
        .init(keyword: current[..<space].uppercased(), rest: String(rest), options: options, line: start))
    }
    for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
      number += 1
      let bare = line.drop(while: \.isWhitespace)
      if let mark = marks.first {
        if bare == mark { marks.removeFirst() } else { current += "\n" + bare }
        if marks.isEmpty {
          close()
          current = ""
        }
        continue
      }
      if bare.hasPrefix("#") || bare.isEmpty { continue }
      if current.isEmpty { start = number }
      if bare.hasSuffix("\\") {
        current += bare.dropLast() + " "
        continue
      }
      current += bare
      marks = bare.split(separator: " ").filter { $0.hasPrefix("<<") && !$0.hasPrefix("<<<") }.map { word in
        word.drop { $0 == "<" || $0 == "-" }.filter { $0 != "\"" && $0 != "'" }
      }
      if marks.isEmpty {
        close()
        current = ""
      }
    }
    if !current.isEmpty { close() }
    return found
  }
}

/// What one stage of a Dockerfile makes of an image, with all that it is built on: how its program runs.
struct DockerfileStage {
  struct Command {
    /// Of a shell where it is one word.
    var words: [String]
    var isShell: Bool
    var line: Int
  }

  /// A file or folder of the build context, and where it lies in the container.
  struct Copy: Hashable {
    var context: String
    var container: String
  }

  var name = ""
  var environment: [String: (value: String, line: Int)] = [:]
  var arguments: [String: String] = [:]
  var folder = "/"
  var entrypoint: Command?
  var command: Command?
  var port: Int?
  var packages = ImagePackages()
  var copies: [Copy] = []
  /// The path that HEALTHCHECK asks for.
  var health: (path: String, line: Int)?
  /// What collects the static files of Django, as it stands there.
  var collect: (command: String, line: Int)?
  /// Stages that files are brought from, with how those were made.
  var builds: [(command: String, line: Int)] = []
  /// What was brought from those stages, by where it lay in the build context while it was made.
  var built: [Copy] = []
  /// The distribution's packages of other stages that files are brought from.
  var building: [String] = []
  /// The image that all of it starts from.
  var image = ""

  /// The last stage, or the one that is named; nil where there is none.
  /// - Parameter isFolder: whether the build context has a folder of that name.
  static func read(_ text: String, target: String? = nil, isFolder: (String) -> Bool) -> DockerfileStage? {
    var global: [String: String] = [:]
    var stages: [DockerfileStage] = []
    for instruction in DockerfileInstruction.read(text) {
      if instruction.keyword == "FROM" {
        let words = ProjectReading.words(instruction.rest)
        let origin = expand(words.first ?? "", global)
        var stage =
          stages.last { $0.name.lowercased() == origin.lowercased() && !origin.isEmpty } ?? DockerfileStage()
        if stage.image.isEmpty { stage.image = origin }
        stage.name = words.count == 3 && words[1].uppercased() == "AS" ? words[2] : ""
        stage.arguments = global
        stage.builds = []
        stage.built = []
        stage.building = []
        stages.append(stage)
      } else if stages.isEmpty {
        if instruction.keyword == "ARG" { take(argument: instruction.rest, global, into: &global) }
      } else {
        let before = stages
        stages[stages.count - 1].take(instruction, before, isFolder)
      }
    }
    if let target, let stage = stages.last(where: { $0.name.lowercased() == target.lowercased() }) {
      return stage
    }
    return stages.last
  }

  private static func take(
    argument: String, _ known: [String: String], into values: inout [String: String],
    global: [String: String] = [:]
  ) {
    for word in ProjectReading.words(argument) {
      let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let name = String(parts.first ?? "")
      if parts.count == 2 { values[name] = expand(String(parts[1]), known) }
    }
  }

  private var known: [String: String] { arguments.merging(environment.mapValues(\.value)) { $1 } }

  private mutating func take(
    _ instruction: DockerfileInstruction, _ stages: [DockerfileStage], _ isFolder: (String) -> Bool
  ) {
    let (rest, line) = (instruction.rest, instruction.line)
    switch instruction.keyword {
    case "ARG": Self.take(argument: rest, known, into: &arguments)
    case "ENV":
      let words = ProjectReading.words(rest)
      if let first = words.first, !first.contains("=") {
        environment[first] = (Self.expand(words.dropFirst().joined(separator: " "), known), line)
      } else {
        for word in words {
          guard let equals = word.firstIndex(of: "=") else { continue }
          environment[String(word[..<equals])] = (
            Self.expand(String(word[word.index(after: equals)...]), known), line
          )
        }
      }
    case "WORKDIR":
      let path = Self.expand(rest.trimmingQuotes, known)
      folder = SourceFiles.joined(folder, path)
      if !folder.hasPrefix("/") { folder = "/" + folder }
    case "ENTRYPOINT": (entrypoint, command) = (Self.command(rest, line), nil)
    case "CMD": command = Self.command(rest, line)
    case "EXPOSE":
      let first = Self.expand(rest, known).split(separator: " ").first ?? ""
      if port == nil || Int(first.prefix { $0.isNumber }) == nil {
        port = Int(first.prefix { $0.isNumber }) ?? port
      }
    case "COPY", "ADD": take(copy: instruction, stages, isFolder)
    case "HEALTHCHECK": health = HealthPaths.path(in: rest).map { ($0, line) } ?? health
    case "RUN":
      packages.take(Self.shell(rest), known, line)
      if let text = Self.collecting(Self.shell(rest)) { collect = (Self.expand(text, known), line) }
      for text in [
        "npm run build", "yarn build", "yarn run build", "pnpm build", "pnpm run build", "bun run build",
      ]
      where rest.contains(text) {
        builds.append((text, line))
      }
      // By a script or a program of its own: what it makes can't be told.
      let isNodes = image.split(separator: ":").first?.split(separator: "/").last.map {
        ["node", "bun"].contains($0)
      }
      if isNodes == true, builds.isEmpty,
        let part = ShellText.parts(Self.shell(rest)).first(where: Self.builds)
      {
        builds.append((part, line))
      }
    default: break
    }
  }

  private static func command(_ rest: String, _ line: Int) -> Command {
    if rest.hasPrefix("["), let words = (try? Document.parseOne(rest, file: "Dockerfile"))?.texts {
      return Command(words: words, isShell: false, line: line)
    }
    return Command(words: [rest], isShell: true, line: line)
  }

  private static func shell(_ rest: String) -> String {
    if rest.hasPrefix("["), let words = (try? Document.parseOne(rest, file: "Dockerfile"))?.texts {
      return words.count == 3 && words[1] == "-c" ? words[2] : Quoting.shell(words)
    }
    return rest
  }

  /// Whether a command may build pages: `webpack build`, `./run yarn:build:js`.
  private static func builds(_ part: String) -> Bool {
    let words = ProjectReading.words(part)
    let isOfPackages = words.contains { ["apt-get", "apk", "install", "add", "ci"].contains($0) }
    return !isOfPackages && words.contains { $0 == "build" || $0.contains(":build") || $0.contains("build:") }
  }

  private static func collecting(_ text: String) -> String? {
    for part in ShellText.parts(text) where part.contains("manage.py collectstatic") {
      return part
    }
    return nil
  }

  private mutating func take(
    copy instruction: DockerfileInstruction, _ stages: [DockerfileStage], _ isFolder: (String) -> Bool
  ) {
    let listed =
      instruction.rest.hasPrefix("[")
      ? (try? Document.parseOne(instruction.rest, file: "Dockerfile"))?.texts : nil
    var words = (listed ?? ProjectReading.words(instruction.rest)).map { Self.expand($0, known) }
    guard words.count >= 2, let last = words.popLast() else { return }
    let target = SourceFiles.joined(folder, last)
    if let from = instruction.options.first(where: { $0.hasPrefix("--from=") })?.dropFirst(7) {
      let index = Int(from)
      guard
        let stage = stages.enumerated().dropLast().last(where: {
          $0.element.name.lowercased() == from.lowercased() || $0.offset == index
        })?.element
      else { return }
      builds += stage.builds
      building += stage.packages.system.map(\.name) + stage.building
      let before = copies.count
      defer { if !stage.builds.isEmpty { built += copies[before...] } }
      for source in words {
        let source = SourceFiles.joined("/", source)
        let place =
          last.hasSuffix("/") && stage.isFile(source) ? target + "/" + SourceFiles.base(of: source) : target
        for copy in stage.copies {
          if copy.container == source {
            copies.append(Copy(context: copy.context, container: place))
          } else if copy.container.hasPrefix(source == "/" ? "/" : source + "/") {
            copies.append(
              Copy(context: copy.context, container: place + copy.container.dropFirst(source.count)))
          } else if source.hasPrefix(copy.container == "/" ? "/" : copy.container + "/") {
            copies.append(
              Copy(
                context: SourceFiles.joined(copy.context, String(source.dropFirst(copy.container.count + 1))),
                container: place))
          }
        }
      }
      return
    }
    for source in words where !source.contains("*") && !source.contains("://") {
      let context = SourceFiles.joined("", String(source.drop { $0 == "/" }))
      let isInto = last.hasSuffix("/") || last == "." || words.count > 1
      let place =
        isInto && !isFolder(context) && !context.isEmpty
        ? target + "/" + SourceFiles.base(of: context) : target
      copies.append(Copy(context: context, container: SourceFiles.joined("/", place)))
    }
  }

  private func isFile(_ container: String) -> Bool {
    copies.contains { $0.container == container && SourceFiles.base(of: $0.context).contains(".") }
  }

  /// `$NAME`, `${NAME}`, `${NAME:-other}` and `${NAME:+other}`.
  static func expand(_ text: String, _ values: [String: String]) -> String {
    var result = ""
    var rest = text[...]
    while let dollar = rest.firstIndex(of: "$") {
      result += rest[..<dollar]
      rest = rest[rest.index(after: dollar)...]
      if rest.first == "{", let end = rest.firstIndex(of: "}") {
        let inner = rest[rest.index(after: rest.startIndex)..<end]
        let name = inner.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
        let form = inner[name.endIndex...]
        let value = values[String(name)].flatMap { $0.isEmpty ? nil : $0 }
        switch form.prefix(2) {
        case ":-": result += value ?? String(form.dropFirst(2))
        case ":+": result += value == nil ? "" : String(form.dropFirst(2))
        default: result += form.hasPrefix("-") ? value ?? String(form.dropFirst()) : value ?? ""
        }
        rest = rest[rest.index(after: end)...]
      } else {
        let name = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
        if name.isEmpty { result += "$" } else { result += values[String(name)] ?? "" }
        rest = rest[name.endIndex...]
      }
    }
    return result + rest
  }

  /// The path of the build context that something in the container comes from.
  func context(of container: String) -> String? {
    var best: (isDirect: Bool, length: Int, context: String)?
    for copy in copies {
      var (inside, outside) = (copy.container, copy.context)
      var isDirect = true
      while true {
        if container == inside || container.hasPrefix(inside == "/" ? "/" : inside + "/") {
          let isBetter = best.map { $0.isDirect == isDirect ? inside.count >= $0.length : isDirect } ?? true
          if isBetter {
            let rest = container.dropFirst(inside.count).drop { $0 == "/" }
            best = (isDirect, inside.count, SourceFiles.joined(outside, String(rest)))
          }
          break
        }
        // What lies beside it came the same way, as long as the folders have the same names.
        let name = SourceFiles.base(of: inside)
        guard !outside.isEmpty, name == SourceFiles.base(of: outside), inside.contains("/") else { break }
        inside = SourceFiles.folder(of: inside)
        outside = SourceFiles.folder(of: outside)
        isDirect = false
        if inside.isEmpty { break }
      }
    }
    return best?.context
  }
}

extension String {
  /// Without the quotes around it.
  var trimmingQuotes: String {
    guard count > 1, let first, first == last, first == "\"" || first == "'" else { return self }
    return String(dropFirst().dropLast())
  }
}
