import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSystem
import SystemPackage

@testable import OutfitTools

/// A profile, a lock and an answering machine for the parts under test.
struct Bench {
  var profile: Profile
  var lock = Lock()
  var earlier = Proposal()
  var environment = ["HOME": "/home/ada"]
  var platform = Platform(.linux, .amd64)
  var root: FilePath = "/home/ada"
  var answers: (Query) -> Answer = { _ in .absent }
  let layer = Layer(
    kind: .profile, name: "team", address: "/team", folder: "/team", manifest: "/team/outfit.yaml")
  let store: FilePath = "/home/ada/.local/share/outfit/store"

  init(python: String? = "3.13.5") {
    profile = Profile(scope: .machine, name: "team", layers: [layer])
    if let python { offer(.python, python) }
  }

  func source(_ line: Int) -> Source {
    Source(layer: layer, location: SourceLocation(file: "/team/outfit.yaml", line: line))
  }

  mutating func tool(_ name: String, _ section: ToolSection, line: Int = 7) {
    profile.tools[name] = Sourced(section, source(line))
  }

  mutating func offer(_ language: Language, _ version: String) {
    let object = Object(
      name: "\(language)-\(version)", label: "\(language) \(version)", recipe: .tree([]), store: store)
    earlier.objects.append(object)
    earlier.interpreters.append(
      ProvidedInterpreter(
        language: language, version: Version(version)!, request: version,
        program: .object(object.id, "bin/\(language == .python ? "python3" : "node")"),
        object: object.id))
    if profile.interpreters[language] == nil {
      profile.interpreters[language] = Sourced(
        InterpreterSection(versions: [VersionRequest(version)!]), source(3))
    }
  }

  func context(_ facts: Facts = Facts()) -> Context {
    Context(
      profile: profile, lock: lock, facts: facts, platform: platform, root: root, store: store,
      bin: "/home/ada/.local/share/outfit/bin", environment: environment, earlier: earlier)
  }

  /// Answers what a part asks until it is done; the facts that came together, and what was asked.
  func rounds<Value>(
    _ step: (Context) throws -> Round<Value>, facts: Facts = Facts()
  ) throws -> (value: Value, facts: Facts, asked: [Query]) {
    var facts = facts
    var asked: [Query] = []
    for _ in 0..<10 {
      switch try step(context(facts)) {
      case .done(let value): return (value, facts, asked)
      case .ask(let queries):
        asked += queries
        for query in queries { facts[query] = answers(query) }
      }
    }
    throw Failure("the part never stops asking")
  }
}

extension Query {
  var inquiry: Inquiry? {
    if case .inquiry(let inquiry) = self { return inquiry }
    return nil
  }
}

extension Step {
  /// The arguments that are plain text.
  var words: [String] {
    arguments.compactMap { argument in
      if case .text(let text) = argument { return text }
      return nil
    }
  }
}

extension Object {
  var run: Run? {
    if case .run(let run) = recipe { return run }
    return nil
  }
}

let digestA = String(repeating: "a", count: 64)
let digestB = String(repeating: "b", count: 64)

let blackPins = """
  black==25.12.0 \\
      --hash=sha256:\(digestA) \\
      --hash=sha256:\(digestB)
  click==8.5.1 \\
      --hash=sha256:\(digestA)
  colorama==0.4.6 ; sys_platform == 'win32' \\
      --hash=sha256:\(digestB)

  """

/// What uv would say for black, and that it has two programs.
func answerBlack(_ query: Query) -> Answer {
  guard let inquiry = query.inquiry, let first = inquiry.steps.first else { return .absent }
  if first.words.starts(with: ["pip", "compile"]) {
    return .collected(["lock.txt": Array(blackPins.utf8)])
  }
  return .collected(["own/bin/black": [], "own/bin/blackd": [], "own/bin/__pycache__": []])
}

/// A failed step as the engine reports it.
func failed(_ errors: String) -> Answer {
  .failed(
    Diagnostic(
      .error, "resolving black: uv pip compile ended with status 1", excerpt: errors,
      hint: "all that it wrote is in /logs/x"))
}
