import OutfitChezmoi
import OutfitConsent
import OutfitCore
import OutfitDotfiles
import OutfitEngine
import OutfitFetch
import OutfitProfile
import OutfitSystem
import SystemPackage

/// The prompts in configuration templates of chezmoi's, which are questions of the profile like any other.
struct ChezmoiPrompts {
  private let session: Session
  private let settings: [String: String]
  private let mayAsk: Bool
  private var facts = Facts()
  private let answering: Answering

  init(_ session: Session, settings: [String: String], mayAsk: Bool) {
    (self.session, self.settings, self.mayAsk) = (session, settings, mayAsk)
    let host = session.host
    answering = Answering(
      reading: host,
      fetcher: Downloads(host: host, libraries: Installation.locate(host).libraries, isOffline: true),
      sources: SourceDigests(.machine, host: host))
  }

  /// Kept with the answers: whether there was somebody to ask, which templates ask for too.
  private static let attended = "(terminal)"

  /// Adds the questions to a profile, one after the other, since the answer to one decides which is next.
  mutating func settle(_ profile: inout Profile, _ answers: inout Answers) async throws {
    guard profile.scope == .machine, !profile.chezmoiFolders.isEmpty else { return }
    let wasAttended = answers.values[Self.attended] == "true"
    profile.isAttended = wasAttended || session.host.terminal.isInteractive || !settings.isEmpty
    if mayAsk { answers.note("\(profile.isAttended)", for: Self.attended) }
    var refused: Set<String> = []
    while let (prompt, location, source) = try await open(profile, answers) {
      let key = prompt.key
      if let answer = settings[key] ?? answers.values[key], prompt.value(answer) == nil {
        let choices = prompt.choices.isEmpty ? prompt.kindText : Ability.list(prompt.choices)
        let complaint = Diagnostic(
          .error, "`\(answer)` is no answer to: \(prompt.text)", at: location, hint: "it takes \(choices)")
        guard settings[key] == nil, mayAsk, session.host.terminal.isInteractive, refused.count < 100 else {
          throw Failure([complaint], status: .usage)
        }
        session.report([complaint])
        refused.insert(key + "\(refused.count)")
        answers.forget(key)
      }
      if settings[key] == nil, answers.values[key] == nil, prompt.offer == nil, mayAsk,
        !session.host.terminal.isInteractive
      {
        throw Answers.open(try await unanswered(profile, answers))
      }
      profile.ask[key] = prompt.asked(at: location, source)
      if let setting = settings[key] {
        answers.note(setting, for: key)
      } else if answers.values[key] == nil, mayAsk {
        try await answers.complete(
          profile, settings: settings.filter { profile.ask[$0.key] != nil }, mayAsk: true)
      } else if answers.values[key] == nil {
        answers.note(prompt.assumed, for: key)
      }
    }
  }

  /// The questions that are put whatever the answers to the others are: those that come up with either of two.
  private mutating func unanswered(
    _ profile: Profile, _ answers: Answers
  ) async throws -> [(key: String, diagnostic: Diagnostic)] {
    let some = try await questions(profile, answers) { $0.assumed }
    let others = Set(try await questions(profile, answers) { $0.contrary }.map { $0.prompt.key })
    return some.filter { others.contains($0.prompt.key) }.map { prompt, location in
      let diagnostic = Diagnostic(
        .error, "the profile asks: \(prompt.kind == .text ? "\(prompt.question) (a text)" : prompt.question)",
        at: location, reason: .question)
      return (prompt.key, diagnostic)
    }
  }

  /// What would be asked, one after the other, of somebody who answers like this.
  private mutating func questions(
    _ profile: Profile, _ answers: Answers, _ answer: (TreePrompt) -> String
  ) async throws -> [(prompt: TreePrompt, location: SourceLocation)] {
    var (profile, answers) = (profile, answers)
    var found: [(prompt: TreePrompt, location: SourceLocation)] = []
    var seen: Set<String> = []
    while let (prompt, location, source) = try await open(profile, answers),
      seen.insert(prompt.key).inserted
    {
      profile.ask[prompt.key] = prompt.asked(at: location, source)
      if let given = settings[prompt.key] ?? prompt.offer {
        answers.note(given, for: prompt.key)
      } else {
        found.append((prompt, location))
        answers.note(answer(prompt), for: prompt.key)
      }
    }
    return found
  }

  /// The next prompt that has no answer among the profile's data, and the entry that it belongs to.
  private mutating func open(
    _ profile: Profile, _ answers: Answers
  ) async throws -> (TreePrompt, SourceLocation, Source)? {
    var profile = profile
    profile.answer(answers.values)
    for (_, section) in profile.chezmoiFolders {
      var context = Preparation.context(profile, facts, session.host)
      let found = try await Rounds.run(&context, answering) {
        context -> Round<(TreePrompt, SourceLocation)?> in
        switch try ChezmoiFolder(section, context).read(assumes: false) {
        case .ask(let queries): .ask(queries)
        case .prompts(let prompts, let location): .done(prompts.first.map { ($0, location) })
        case .done: .done(nil)
        }
      }
      facts = context.facts
      if let (prompt, location) = found {
        let place = SourceLocation(
          file: location.file, line: prompt.place?.line ?? 1, column: prompt.place?.column ?? 1)
        return (prompt, place, section.source)
      }
    }
    return nil
  }
}

extension TreePrompt {
  fileprivate func asked(at location: SourceLocation, _ source: Source) -> Sourced<Question> {
    Sourced(
      Question(prompt: question, defaultAnswer: offer), Source(layer: source.layer, location: location))
  }

  /// What is put to the person.
  fileprivate var question: String {
    let plain =
      text.hasSuffix("?") || text.hasSuffix(":") ? String(text.dropLast(text.hasSuffix(":") ? 1 : 0)) : text
    switch kind {
    case .text: return plain
    case .bool, .int: return "\(plain) (\(kindText))"
    case .choice: return "\(plain) (one of \(choices.joined(separator: ", ")))"
    case .choices: return "\(plain) (any of \(choices.joined(separator: ", ")), with commas)"
    }
  }

  fileprivate var kindText: String {
    switch kind {
    case .text: "a text"
    case .bool: "yes or no"
    case .int: "a whole number"
    case .choice, .choices: "a choice"
    }
  }

  /// What stands for an answer where nobody is asked and nothing is written.
  fileprivate var assumed: String {
    if let offer { return offer }
    return switch kind {
    case .text, .choices: ""
    case .bool: "false"
    case .int: "0"
    case .choice: choices.first ?? ""
    }
  }
  /// Another answer than the assumed one.
  fileprivate var contrary: String {
    switch kind {
    case .text: "x"
    case .bool: "true"
    case .int: "1"
    case .choice: choices.last ?? ""
    case .choices: choices.joined(separator: ",")
    }
  }
}
