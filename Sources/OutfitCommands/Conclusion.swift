import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSystem
import SystemPackage

extension Session {
  /// The end of an `up` that did nothing.
  func finish(
    summary: String, scope: Scope, status: ExitStatus, news: GitNews?, json: Bool
  ) throws {
    if json {
      let name = try Generations.adoptedProfile(scope, host: host)?.name
      let generation = try Generations.current(scope, host: host)?.number
      write(
        JSONDocument(
          .up, exit: status,
          PlanMembers(plan: nil).json.merging([
            "generation": generation.map { .number($0) } ?? .null, "summary": .string(summary),
            "kept": .array([]), "profile": name.map { .string($0) } ?? .null, "source": news?.json ?? .null,
          ]) { $1 }))
    } else {
      write(summary)
      tell(news)
    }
  }

  /// What was last heard of a profile from git.
  private func tell(_ news: GitNews?) {
    guard let news else { return }
    let name = (try? Generations.adoptedProfile(.machine, host: host)?.name) ?? nil
    write(news.line(name ?? "it"))
  }

  /// The end of an `up`: what was done, where it is, what to do next.
  /// - Parameter missing: what could not be built.
  func conclude(
    profile: Profile, plan: Plan, outcome: SwitchOutcome, built: Int, mended: [String],
    missing: Set<ObjectID>, failures: [Diagnostic], waiting: WaitingEffects, status: ExitStatus,
    seconds: Double, news: GitNews?, conflictLine: String,
    json: Bool
  ) {
    if json {
      write(
        JSONDocument(
          .up,
          changed: outcome.isNew || built > 0 || !mended.isEmpty
            || plan.effects.contains { !$0.isRoutine && waiting[$0] == nil },
          exit: status,
          PlanMembers(
            done: plan, outcome, profile: profile, waiting: waiting, missing: missing,
            conflictLine: conflictLine
          ).json.merging(
            [
              "generation": .number(outcome.generation),
              "incomplete": .array(failures.map { $0.error(.failed) }),
              "kept": .array(outcome.kept.map { .string($0.target.string) }),
              "mend": .array(mended.map { .string($0) }), "profile": .string(profile.name),
              "source": news?.json ?? .null,
            ]) { $1 }))
      return
    }
    defer { for line in waiting.lines(of: profile.name) { write(line) } }
    for line in mended { write("  \(line)") }
    let ran = plan.effects.map(\.label).joined(separator: ", ")
    guard outcome.isNew || built > 0 else {
      // What waits is said at the end.
      if status == .done, !waiting.isEmpty { return }
      write(
        status != .done
          ? "\(profile.name) is as it was, and not complete."
          : !mended.isEmpty
            ? "\(profile.name) is up to date again."
            : ran.isEmpty
              ? "Nothing to do: \(profile.name) is up to date."
              : "Nothing else to do: \(profile.name) is up to date. It ran \(ran).")
      return tell(news)
    }
    let style = outputStyle
    let time = "\(Int(seconds * 10) / 10).\(Int(seconds * 10) % 10) s"
    write("")
    write(
      style.bold("\(profile.name) is \(outcome.isIncomplete || !outcome.kept.isEmpty ? "partly up" : "up")")
        + style.dim("  generation \(outcome.generation), \(time)"))
    // What stands now, which is not always what was planned.
    let interpreters = (outcome.record?.interpreters ?? []).filter {
      host.files.exists(FilePath($0.program))
    }
    if !interpreters.isEmpty {
      let names = interpreters.map { "\($0.language.title) \($0.version)" }
      write("  interpreters  \(names.joined(separator: ", "))")
    }
    let claims = (outcome.record?.claims ?? []).filter { host.files.exists(FilePath($0.program)) }
    let tools = ToolLabels.of(claims, besides: interpreters)
    if !tools.isEmpty { write("  tools         \(tools.joined(separator: ", "))") }
    // What is linked into Outfit's own folder (manual pages of tools) is no file of anybody's.
    let files = outcome.changed.filter { !$0.target.starts(with: places.data) }.map { short($0.target) }
    if !files.isEmpty {
      let shown = files.prefix(6).joined(separator: ", ")
      write("  files         \(shown)\(files.count > 6 ? ", and \(files.count - 6) more" : "")")
    }
    if !isTrial { write("  kept in       \(short(places.data))") }
    if outcome.isIncomplete {
      write("Some of it could not be had, see above. Run `outfit up` again to go on.")
    }
    if !outcome.kept.isEmpty {
      write("\(PlanText.count(outcome.kept.count, "file")) stayed as you have it, see above.")
    }
    tell(news)
    if isTrial { return }
    switch profile.scope {
    case .machine:
      let path = (host.environment["PATH"] ?? "").split(separator: ":").map(String.init)
      if !path.contains(places.bin.string) {
        write("Next: exec $SHELL -l    (so that this shell finds the commands)")
      }
      write("Back: outfit rollback")
    case .project:
      write("Back: outfit rollback\(profile.app == nil ? "" : "    Ship: outfit render")")
    }
  }
}

extension WaitingEffects {
  /// What is up, what it waits for, and the line for whoever has root.
  func lines(of profile: String) -> [String] {
    guard !isEmpty else { return [] }
    return [
      "\(profile) is up, waiting for: \(entries.map(\.label).joined(separator: "; "))",
      "  for whoever has root: \(entries.map(\.command).joined(separator: " && "))",
    ]
  }

  var json: JSONText {
    .array(
      entries.map {
        .object([
          "entry": .string($0.identity.entry), "label": .string($0.label), "command": .string($0.command),
        ])
      })
  }
}

extension Language {
  /// For people.
  var title: String {
    switch self {
    case .python: "Python"
    case .node: "Node"
    }
  }
}

/// What a person calls the things behind the commands: not interpreters, their companions, nor outfit itself.
enum ToolLabels {
  static func of(_ claims: [RecordedClaim], besides interpreters: [RecordedInterpreter]) -> [String] {
    let names = interpreters.map { "\($0.language.rawValue) \($0.version)" }
    return Set(claims.filter { $0.name != "outfit" }.map(\.label)).filter { label in
      !label.hasPrefix("pip of ") && !names.contains { label.lowercased().contains($0) }
    }.sorted()
  }
}
