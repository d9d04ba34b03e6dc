import ArgumentParser
import OutfitCore
import OutfitInterpreters
import OutfitProfile

/// The noun that a group of verbs is about: `outfit python ...` and `outfit node ...` are one implementation.
protocol InterpreterNoun: Sendable {
  static var language: Language { get }
}

enum PythonNoun: InterpreterNoun {
  static let language = Language.python
}

enum NodeNoun: InterpreterNoun {
  static let language = Language.node
}

extension InterpreterNoun {
  /// `python`, as it is typed.
  static var word: String { language.rawValue }
  static var title: String { language.title }
  /// Two versions for examples.
  static var examples: (String, String) { language == .python ? ("3.13", "3.11") : ("24", "22") }
  static var requests: String {
    language == .python
      ? "3, 3.13, 3.13.5, 3.13t, \">=3.11,<3.14\", latest" : "24, 24.1.0, \">=22\", lts/*, lts/jod, latest"
  }
  /// The file that chooses for a folder, and the variable that does for a shell.
  static var file: String { language == .python ? ".python-version" : ".node-version" }
  static var variable: String { language == .python ? "OUTFIT_PYTHON" : "OUTFIT_NODE" }
}

/// `outfit python`, `outfit node`.
struct InterpreterCommand<Noun: InterpreterNoun>: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: Noun.word, abstract: "Install and choose versions of \(Noun.title).",
      discussion: """
        A version is one of \(Noun.requests). What these verbs do is written down: `install` and `global` edit \
        your own layer, `use` the project's outfit.yaml (without one, \(Noun.file)), and all of them then do \
        what `outfit up` does, in one transaction that `outfit rollback` takes back.

        For one command: \(Noun.variable)=\(Noun.examples.1) \(Noun.word) …, or \
        outfit exec \(Noun.word)@\(Noun.examples.1) ….
        """,
      subcommands: [
        InterpreterInstall<Noun>.self, InterpreterList<Noun>.self, InterpreterUse<Noun>.self,
        InterpreterGlobal<Noun>.self, InterpreterShell<Noun>.self, InterpreterVersion<Noun>.self,
        InterpreterUpgrade<Noun>.self, InterpreterUninstall<Noun>.self,
      ])
  }
}

/// Versions as a person types them.
enum InterpreterWishes {
  /// - Throws: status 2 for what is no version that could be installed.
  static func read(_ texts: [String], _ session: Session, _ language: Language) throws -> [VersionWish] {
    let lines = LongTermLines.known(session.host)
    let wishes = texts.map { VersionWish($0, for: language, knowing: lines) }
    let problems = wishes.compactMap { problem($0, language, lines) }
    guard problems.isEmpty else { throw Failure(problems, status: .usage) }
    return wishes
  }

  private static func problem(_ wish: VersionWish, _ language: Language, _ lines: LongTermLines)
    -> Diagnostic?
  {
    let text = wish.text.harmless
    switch wish.meaning {
    case .versions(let request) where language == .python && request.exact?.release.first == 2:
      return Diagnostic(
        .error, "Outfit has no Python \(text)",
        hint: "it installs Python 3; what pyenv has is run by its shims, behind Outfit's on PATH")
    case .newest, .longTerm, .versions: return nil
    case .system:
      return Diagnostic(
        .error, "the system's own \(language.title) is not installed by Outfit",
        hint: "`\(language): {versions: [latest], system: true}` in outfit.yaml lets it serve")
    case .name, .refused:
      let others = [
        "pypy", "graalpy", "miniconda", "anaconda", "miniforge", "mambaforge", "jython", "ironpython", "iojs",
      ]
      if let other = others.first(where: { wish.text.hasPrefix($0) }) {
        return Diagnostic(
          .error, "Outfit does not install \(other)",
          hint: language == .python ? "it installs CPython: 3.13, 3.13t" : "it installs Node: 24, lts/*")
      }
      let words =
        language == .python
        ? ["latest"] : ["latest", "lts", "lts/*", "node", "stable"] + lines.words
      let near = nearest(wish.text, among: words).map { "did you mean `\($0)`?" }
      return Diagnostic(
        .error, "`\(text)` is not a version of \(language.title)",
        hint: near
          ?? "write \(language == .python ? PythonNoun.requests : NodeNoun.requests); "
          + "`outfit \(language) list --all` shows what there is")
    }
  }

  /// What a manifest says for these wishes. The index is asked only where one means a release or a line that
  /// nothing here knows.
  static func requests(
    _ wishes: [VersionWish], _ session: Session, _ language: Language, isOffline: Bool
  ) async throws -> [VersionRequest] {
    var requests: [VersionRequest] = []
    for wish in wishes {
      var request = wish.request()
      if request == nil { request = try await asked(wish, session, language, isOffline: isOffline) }
      guard let request else {
        throw Failure(
          "which \(language.title) `\(wish.text)` is can't be found out now",
          hint: "name the release: outfit \(language) install 24")
      }
      if !requests.contains(request) { requests.append(request) }
    }
    return requests
  }

  private static func asked(
    _ wish: VersionWish, _ session: Session, _ language: Language, isOffline: Bool
  ) async throws -> VersionRequest? {
    var reason: Failure?
    var known: [Version] = []
    do {
      known = try await InterpreterCatalogue.load(language, session, isOffline: isOffline).catalogue.versions
    } catch let failure as Failure {
      reason = failure
    }
    let lines = LongTermLines.known(session.host)
    let wish = VersionWish(wish.text, line: wish.line, for: language, knowing: lines)
    if case .longTerm(let name?) = wish.meaning, wish.longTermMajors.isEmpty {
      throw Failure(
        "no line of Node that is known here is called `\(name)`"
          + (reason?.diagnostics.first.map { ": \($0.message)" } ?? ""),
        hint: nearest(wish.text, among: lines.words).map { "did you mean `\($0)`?" }
          ?? "`outfit node list --all` shows what there is", status: .usage)
    }
    if let reason { throw reason }
    return wish.request(among: known)
  }
}
