import OutfitCore
import OutfitProfile

/// A variable that is composed with a secret: its value stands in no file.
public struct ComposedVariable: Hashable, Sendable {
  public var name: String
  /// Without references to others that are composed.
  public var text: ComposedText

  /// As Kubernetes expands it: `postgres://$(POSTGRES_USER)@db`.
  var kubernetes: String {
    text.pieces.map {
      switch $0 {
      case .text(let text): Quoting.dollars(text)
      case .name(let name): "$(\(name))"
      }
    }.joined()
  }
}

/// The variables of all environments and of each, with what is composed put in.
struct StackVariables {
  private(set) var env: [String: String] = [:]
  /// What an environment adds to those, or changes.
  private(set) var environments: [String: [String: String]] = [:]
  private(set) var secrets: [String] = []
  private(set) var composed: [ComposedVariable] = []

  init(
    _ section: AppSection, _ description: TemplateDescription, _ services: [String],
    _ texts: [String: TemplateValue], _ profile: Profile, _ problems: inout Problems
  ) {
    env = description.env.mapValues { problems.expand($0, texts) }
    var names = Set(description.secrets).union(section.secrets)
    for service in services {
      guard let entry = description.services[service] else { continue }
      env.merge(entry.env.mapValues { problems.expand($0, texts) }) { $1 }
      names.formUnion(entry.secrets)
    }
    let own = profile.env.filter { $0.value.source.layer.kind != .personal }.mapValues(\.value)
    env.merge(own) { $1 }
    secrets = names.sorted()
    for name in section.secrets where !Names.isVariable(name) {
      problems.add("`app.secrets` has \(Quoting.json(name))", "a variable has letters, digits and `_`")
    }
    for (name, environment) in section.environments {
      var context = texts
      context["environment"] = ["name": .string(name), "host": .string(environment.host ?? "")]
      var values = description.environmentEnv.mapValues { problems.expand($0, context) }
      // What the project sets for all stands above what the template says for one.
      for key in profile.env.keys { values[key] = nil }
      values.merge(environment.env) { $1 }
      environments[name] = values
    }
    for (key, value) in env { problems.variable(key, value, "env") }
    for (name, values) in environments {
      for (key, value) in values { problems.variable(key, value, "app.environments.\(name).env") }
    }
    for key in Set(env.keys).union(environments.values.flatMap(\.keys)).intersection(names).sorted() {
      problems.add(
        "`\(key)` is a secret, and the manifest gives it a value", "take it out: a Secret holds it")
    }
    compose(names, profile, &problems)
  }

  /// Puts in what can be put in, and takes out what only the pod can compose.
  private mutating func compose(_ secrets: Set<String>, _ profile: Profile, _ problems: inout Problems) {
    let base = env
    let secret = Self.composedWithSecrets(base, secrets)
    var mistakes: [Mistake: [String]] = [:]
    for (name, values) in environments.sorted(by: { $0.key < $1.key }) {
      let all = base.merging(values) { $1 }
      for mistake in Self.mistakes(all, secrets) { mistakes[mistake, default: []].append(name) }
      let own = Self.composedWithSecrets(all, secrets)
      for key in own.union(secret).sorted() where all[key] != base[key] {
        problems.add(
          "`app.environments.\(name).env.\(key)` is composed with a secret, or takes the place of what is",
          "give \(key) once, under `env:`, and let what it is composed of differ")
      }
      environments[name] = [:]
      let resolved = Self.resolved(all.filter { !own.contains($0.key) })
      let common = Self.resolved(base.filter { !secret.contains($0.key) })
      for (key, value) in resolved where values[key] != nil || common[key] != value {
        environments[name]?[key] = value
      }
    }
    if environments.isEmpty { for mistake in Self.mistakes(base, secrets) { mistakes[mistake] = [] } }
    report(mistakes, base, secrets, profile, &problems)
    env = Self.resolved(base.filter { !secret.contains($0.key) })
    composed = secret.sorted().map { ComposedVariable(name: $0, text: Self.flat($0, base, secret)) }
  }

  /// What can't be composed.
  private struct Mistake: Hashable {
    var key: String
    /// What is no variable; nil where variables name each other.
    var unknown: String?
  }

  private static func mistakes(_ all: [String: String], _ secrets: Set<String>) -> [Mistake] {
    let known = Set(all.keys).union(secrets)
    let composable = Set(
      ComposedText.resolved(all.merging(secrets.map { ($0, "") }) { $1 }).keys)
    return all.sorted { $0.key < $1.key }.compactMap { key, value in
      let names = ComposedText(value).names
      if let name = names.subtracting(known).min() { return Mistake(key: key, unknown: name) }
      return composable.contains(key) || names.isEmpty ? nil : Mistake(key: key)
    }
  }

  /// Each once, with the environments where they are not all.
  private func report(
    _ mistakes: [Mistake: [String]], _ base: [String: String], _ secrets: Set<String>, _ profile: Profile,
    _ problems: inout Problems
  ) {
    for (mistake, places) in mistakes.sorted(by: { $0.key.key < $1.key.key }) {
      let key = mistake.key
      let location = profile.env[key]?.source.location ?? problems.location
      guard let name = mistake.unknown else {
        problems.diagnostics.append(
          Diagnostic(
            .error, "`\(key)` is composed of itself, or of what can't be composed", at: location,
            hint: "take ${…} out of one of the variables that name each other"))
        continue
      }
      let isEverywhere = places.count == environments.count
      let known = Set(base.keys).union(secrets).union(environments.values.flatMap(\.keys))
      problems.diagnostics.append(
        Diagnostic(
          .error,
          "`\(key)` is composed of ${\(name)}, which is no variable"
            + (isEverywhere ? "" : " of \(places.joined(separator: " and "))"), at: location,
          hint: nearest(name, among: known.subtracting([name]).sorted()).map { "did you mean ${\($0)}?" }
            ?? "give it under `env:`, name it under `app.secrets`, or write $${\(name)} for the text itself"))
    }
  }

  /// Those that name a secret, or one that does.
  private static func composedWithSecrets(_ env: [String: String], _ secrets: Set<String>) -> Set<String> {
    var found: Set<String> = []
    let names = env.mapValues { ComposedText($0).names }
    while true {
      let more = Set(names.filter { !$0.value.isDisjoint(with: secrets.union(found)) }.keys)
      guard more != found else { return found }
      found = more
    }
  }

  private static func resolved(_ env: [String: String]) -> [String: String] { ComposedText.resolved(env) }

  private static func flat(_ name: String, _ env: [String: String], _ composed: Set<String>) -> ComposedText {
    var text = ComposedText(env[name] ?? "")
    var depth = 0
    while !text.names.isDisjoint(with: composed), depth <= env.count {
      text.pieces = text.pieces.flatMap { piece -> [ComposedText.Piece] in
        guard case .name(let name) = piece, composed.contains(name) else { return [piece] }
        return ComposedText(env[name] ?? "").pieces
      }
      depth += 1
    }
    return text
  }
}
