import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// The answers to a profile's `ask:`, kept on this machine, one `key<TAB>answer` a line, never in the profile.
struct Answers {
  private let host: Host
  private let file: FilePath
  private(set) var values: [String: String] = [:]

  init(_ host: Host, profile: String) throws {
    self.host = host
    let name = String(profile.map { $0.isLetter || $0.isNumber || $0 == "-" ? $0 : "_" })
    file = host.places.state.appending("answers").appending(name)
    for line in try (host.files.text(file) ?? "").split(separator: "\n") {
      let parts = line.split(separator: "\t", maxSplits: 1, omittingEmptySubsequences: false)
      if parts.count == 2 { values[String(parts[0])] = String(parts[1]) }
    }
  }

  /// Completes the answers to what no layer's `data:` answers: what `--set` says, what was answered before, what git
  /// or the profile offers, and what the person types, in this order.
  /// - Parameter mayAsk: false for what only reads: offers are taken as they are.
  mutating func complete(_ profile: Profile, settings: [String: String], mayAsk: Bool) async throws {
    let questions = profile.ask
    for key in settings.keys.sorted() where questions[key] == nil {
      throw Failure(
        "--set \(key)=…: the profile does not ask for \(key)",
        hint: questions.isEmpty
          ? "it asks nothing"
          : nearest(key, among: questions.keys).map { "did you mean \($0)?" }
            ?? "it asks for \(questions.keys.sorted().joined(separator: ", "))",
        status: .usage)
    }
    for key in settings.keys.sorted() {
      guard let answer = profile.data[key] else { continue }
      throw Failure(
        "--set \(key)=…: \(answer.source.layer.name) says \(key) already, so that it is not asked",
        at: answer.source.location, hint: "change it there, or take the line out", status: .usage)
    }
    var unanswered: [(key: String, diagnostic: Diagnostic)] = []
    for (key, question) in profile.unanswered.sorted(by: { $0.key < $1.key }) {
      if let setting = settings[key] {
        values[key] = try oneLine(setting, key)
        continue
      }
      if values[key] != nil { continue }
      let offer = await gitSetting(question.value) ?? question.value.defaultAnswer
      guard mayAsk, host.terminal.isInteractive else {
        if let offer {
          values[key] = offer
        } else if !mayAsk {
          values[key] = ""
        } else {
          let diagnostic = Diagnostic(
            .error, "the profile asks: \(question.value.prompt)", at: question.source.location,
            reason: .question)
          unanswered.append((key, diagnostic))
        }
        continue
      }
      let shown = offer.map { $0.isEmpty ? " (Enter for none)" : " [\($0)]" } ?? ""
      var answer: String?
      repeat {
        guard let line = host.terminal.ask("\(question.value.prompt)\(shown): ") else {
          throw Failure("no answer was given for \(key)", status: .consent, reason: .question)
        }
        answer = line.isEmpty ? offer : line
      } while answer == nil
      values[key] = try oneLine(answer ?? "", key)
    }
    guard unanswered.isEmpty else { throw Self.open(unanswered) }
  }

  /// All questions that are open, and the one line that answers them.
  static func open(_ questions: [(key: String, diagnostic: Diagnostic)]) -> Failure {
    var diagnostics = questions.map(\.diagnostic)
    if !diagnostics.isEmpty {
      let line = questions.map { "--set \($0.key)=…" }.joined(separator: " ")
      diagnostics[diagnostics.count - 1].hint = "answer with \(line), or run this on a terminal"
    }
    return Failure(diagnostics, status: .consent)
  }

  /// Takes an answer as it is.
  mutating func note(_ answer: String, for key: String) { values[key] = answer }

  mutating func forget(_ key: String) { values[key] = nil }

  private func oneLine(_ answer: String, _ key: String) throws -> String {
    guard !answer.contains(where: \.isNewline), !answer.contains("\t") else {
      throw Failure("the answer for \(key) must be one line without tabs", status: .usage)
    }
    return answer
  }

  /// What the user's git says, if the question names a setting of git's.
  private func gitSetting(_ question: Question) async -> String? {
    guard let setting = question.gitSetting else { return nil }
    for git in ["/usr/bin/git", "/usr/local/bin/git", "/opt/homebrew/bin/git"]
    where host.files.exists(FilePath(git)) {
      let asked = try? await host.processes.run(
        Invocation(
          FilePath(git), ["config", "--global", "--get", setting],
          environment: ["HOME": host.user.home.string, "PATH": "/usr/bin:/bin"].merging(
            host.environment.filter { $0.key == "XDG_CONFIG_HOME" }, uniquingKeysWith: { $1 })))
      guard let asked, asked.succeeded else { return nil }
      let value = asked.outputText.split(separator: "\n").last.map(String.init) ?? ""
      return value.isEmpty ? nil : value
    }
    return nil
  }

  func save() throws {
    guard !values.isEmpty else { return }
    let text = values.sorted { $0.key < $1.key }.map { "\($0.key)\t\($0.value)\n" }.joined()
    guard try host.files.text(file) != text else { return }
    try OwnFile.write(text, to: file, host)
  }
}

/// Writes a small file that Outfit keeps, in one step.
enum OwnFile {
  static func write(
    _ text: String, to file: FilePath, mode: UInt16 = 0o600, folderMode: UInt16 = 0o700, _ host: Host
  ) throws {
    let folder = file.removingLastComponent()
    try host.files.createDirectories(folder, mode: folderMode)
    // Its own for each process: two may write the same at once.
    let number = UInt64.random(in: 0...UInt64.max)
    let new = folder.appending(".\(file.lastComponent?.string ?? "file").\(number).new")
    try host.files.create(new, Array(text.utf8), mode: mode)
    try host.files.synchronize(new)
    try host.files.rename(new, to: file)
    try host.files.synchronize(folder)
  }
}
