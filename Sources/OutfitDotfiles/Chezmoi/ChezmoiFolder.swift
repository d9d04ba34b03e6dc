import OutfitChezmoi
import OutfitCore
import OutfitEngine
import OutfitGoTemplate
import OutfitProfile
import OutfitSystem
import SystemPackage

/// A folder of a layer that chezmoi keeps, read by what is known of it.
public struct ChezmoiFolder {
  /// What is known once all questions are answered.
  public struct Reading: Sendable {
    public var state: TreeState
    /// The folder that the tree is in, .chezmoiroot followed.
    public var source: FilePath
    /// As diagnostics name that folder, with a slash at its end.
    public var display: String
    /// In the tree, and no part of it.
    public var hidden: [String]
    /// The variables that templates ask for.
    public var variables: Set<String>
    /// The secrets in the texts of targets, by path.
    public var secrets: [String: Set<String>] = [:]
    /// The texts of targets with the secrets that are known.
    public var filled: [String: [UInt8]] = [:]
  }

  public enum Round: Sendable {
    case ask([Query])
    case prompts([TreePrompt], at: SourceLocation)
    case done(Reading)
  }

  private let section: Sourced<DotfileSection>
  private let context: Context
  private let folder: FilePath

  public init(_ section: Sourced<DotfileSection>, _ context: Context) {
    (self.section, self.context) = (section, context)
    folder = section.source.layer.folder.pushing(FilePath(section.value.file ?? "")).lexicallyNormalized()
  }

  /// - Parameter assumes: a prompt without an answer is answered as it is offered, or with nothing.
  /// - Throws: where there is no such folder.
  public func read(assumes: Bool = true) throws -> Round {
    guard let answer = context.facts[.source(folder)] else { return .ask([.source(folder)]) }
    guard case .tree(let entries) = answer else {
      if case .failed(let diagnostic) = answer {
        throw Failure(
          [Diagnostic(.error, diagnostic.message, at: section.source.location, hint: diagnostic.hint)],
          status: .usage)
      }
      throw Failure(
        "there is no folder \(section.value.file ?? "") in the layer \(section.source.layer.name)",
        at: section.source.location, hint: "it was looked for at \(folder)", status: .usage)
    }
    var root = ""
    if entries.contains(where: { $0.path == ".chezmoiroot" }) {
      let place = folder.appending(".chezmoiroot")
      guard let answer = context.facts[.contents(place)] else { return .ask([.contents(place)]) }
      if case .contents(let bytes) = answer { root = try rootFolder(bytes, entries) }
    }
    let source = root.isEmpty ? folder : folder.pushing(FilePath(root))
    let tree = ChezmoiTree(
      ChezmoiTree.entries(entries.map(Self.entry), below: root),
      without: source == section.source.layer.folder ? [ProfileLoader.manifestName, LockFile.name] : [])
    let world = FactWorld(
      facts: context.facts, source: source, home: context.root, environment: context.environment,
      reserved: context.reserved)
    let calls = Self.calls(context.profile.secrets)
    var signs = world
    signs.secrets = calls.mapValues(SecretTexts.sign)
    let recording = RecordingWorld(signs)
    var prompts = TreePrompts(isAttended: context.profile.isAttended, assumes: assumes)
    for (key, value) in context.profile.data {
      switch value.value {
      case .text(let text): prompts.answers[key] = text
      case .bool(let bool): prompts.answers[key] = "\(bool)"
      case .list, .map, .names: break
      }
    }
    let machine = machine(source)
    switch TreeReader.read(tree, machine: machine, world: recording, prompts: prompts) {
    case .ask(let questions):
      // They name one another, and each would be a question of its own.
      let templates = root.isEmpty ? ".chezmoitemplates/" : "\(root)/.chezmoitemplates/"
      let parts = entries.compactMap { entry -> Query? in
        guard entry.path.hasPrefix(templates) else { return nil }
        switch entry.content {
        case .file, .source: break
        case .directory, .link, .odd: return nil
        }
        let query = Query.contents(folder.pushing(FilePath(entry.path)))
        return context.facts[query] == nil ? query : nil
      }
      return .ask(questions.flatMap(world.queries) + parts)
    case .prompts(let prompts):
      let file = tree.configurationName.map { display(root) + $0 } ?? section.source.location.file
      return .prompts(prompts, at: SourceLocation(file: file))
    case .done(let state):
      var reading = Reading(
        state: state, source: source, display: display(root), hidden: tree.hidden,
        variables: recording.variables)
      for target in state.targets where !target.secrets.isEmpty {
        reading.secrets[target.path] = Set(target.secrets.compactMap { calls[$0] })
      }
      let used = reading.secrets.values.reduce(into: Set<String>()) { $0.formUnion($1) }
      let texts = SecretTexts(context)
      guard used.contains(where: { texts.known([$0]) != nil }) else { return .done(reading) }
      var answers = world
      answers.secrets = calls.mapValues { texts.known([$0])?[$0] ?? SecretTexts.sign($0) }
      switch TreeReader.read(tree, machine: machine, world: answers, prompts: prompts) {
      case .ask(let questions): return .ask(questions.flatMap(world.queries))
      case .prompts: return .done(reading)
      case .done(let state):
        for target in state.targets {
          guard let names = reading.secrets[target.path], texts.known(names) != nil,
            case .file(let bytes, _) = target.kind
          else { continue }
          reading.filled[target.path] = bytes
        }
        return .done(reading)
      }
    }
  }

  /// The names of secrets by what templates call them: as the manifest says, or `secret "NAME"`.
  private static func calls(_ secrets: [String: Sourced<SecretSection>]) -> [[String]: String] {
    var calls: [[String]: String] = [:]
    for (name, section) in secrets {
      calls[["secret", name]] = name
      if let call = section.value.call { calls[call.split(separator: " ").map(String.init)] = name }
    }
    return calls
  }

  /// As diagnostics name a file of the tree, without its own name.
  private func display(_ root: String) -> String {
    var file = section.source.location.file
    if file.hasSuffix(ProfileLoader.manifestName) {
      file.removeLast(ProfileLoader.manifestName.count)
    } else {
      file += "/"
    }
    let inner = FilePath(section.value.file ?? "").pushing(FilePath(root)).lexicallyNormalized().string
    return file + (inner.isEmpty || inner == "." ? "" : inner + "/")
  }

  private func rootFolder(_ bytes: [UInt8], _ entries: [TreeEntry]) throws -> String {
    var text = String(decoding: bytes, as: UTF8.self)[...]
    while text.last?.isWhitespace == true { text.removeLast() }
    let path = FilePath(String(text.drop(while: \.isWhitespace))).lexicallyNormalized().string
    guard PathProblem(path) == nil,
      entries.contains(where: { entry in
        if case .directory = entry.content { entry.path == path } else { false }
      })
    else {
      throw Failure(
        "`\(text)` is no folder of this tree", at: SourceLocation(file: display("") + ".chezmoiroot"),
        hint: "name the folder that the files are in", status: .usage)
    }
    return path
  }

  private static func entry(_ entry: TreeEntry) -> ChezmoiTree.Entry {
    switch entry.content {
    case .file(let bytes, let mode):
      .init(entry.path, .file(size: bytes.count, isExecutable: mode & 0o100 != 0, bytes: bytes))
    case .source(let source, let mode):
      .init(entry.path, .file(size: Int(source.size), isExecutable: mode & 0o100 != 0, bytes: nil))
    case .link(let destination): .init(entry.path, .link(destination))
    case .directory: .init(entry.path, .folder)
    case .odd(let reason): .init(entry.path, .odd(reason))
    }
  }

  private func machine(_ source: FilePath) -> TreeMachine {
    func text(_ key: String) -> String {
      if case .text(let text)? = context.profile.data[key]?.value { text } else { "" }
    }
    func folder(_ variable: String, _ usual: String) -> FilePath {
      let path = context.environment[variable].map { FilePath($0) }
      return (path?.isAbsolute == true ? path : nil) ?? context.root.appending(usual)
    }
    let layer = section.source.layer
    return TreeMachine(
      os: context.platform.system == .macos ? "darwin" : "linux",
      architecture: context.platform.architecture.rawValue, hostname: text("hostname"),
      username: text("user"),
      home: context.root.string, workingTree: (layer.checkout ?? layer.folder).string,
      sourceFolder: source.string,
      configurationFolder: folder("XDG_CONFIG_HOME", ".config").appending("chezmoi").string,
      cacheFolder: folder("XDG_CACHE_HOME", ".cache").appending("chezmoi").string)
  }
}

/// Notes the variables that are asked for.
private final class RecordingWorld: TemplateWorld {
  private let world: FactWorld
  private(set) var variables: Set<String> = []

  init(_ world: FactWorld) { self.world = world }

  func answer(_ question: TemplateQuestion) -> TemplateAnswer {
    if let name = FactWorld.variable(question) { variables.insert(name) }
    return world.answer(question)
  }
}

extension Profile {
  /// The entries that are folders of chezmoi's, by target.
  public var chezmoiFolders: [(target: String, section: Sourced<DotfileSection>)] {
    dotfiles.filter { $0.value.value.kind == .chezmoi }.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }
}
