import OutfitCore
import OutfitEngine
import OutfitProfile

extension String {
  /// `Python 3.13.0` of `Python 3.13.0 `.
  var trimmingEnd: String {
    var text = self
    while text.last == " " { text.removeLast() }
    return text
  }
}

/// What a verb did to tools, for people and as JSON.
struct ToolReport {
  let session: Session
  let done: Undertaking.Done
  let file: String

  private func label(_ name: String) -> String? {
    done.after.tools[name].map { "\(name) \($0.version)" }
  }

  private func programs(_ name: String) -> [String] {
    guard let label = label(name) else { return [] }
    return done.plan.claims.filter { $0.label == label }.map(\.name).sorted()
  }

  private func python(_ name: String) -> String? {
    guard let label = label(name), let object = done.plan.usedObjects.first(where: { $0.label == label })
    else {
      return nil
    }
    return done.plan.usedObjects.first { object.inputs.contains($0.id) && $0.label.hasPrefix("Python ") }
      .map { String($0.label.prefix { $0 != "(" }).trimmingEnd }
  }

  /// - Parameter verb: what was done: `installed`.
  func tell(_ names: [String], verb: String, json: Bool) {
    if json {
      session.write(
        JSONDocument(
          .tools, changed: done.outcome.isNew, exit: done.status,
          [
            "generation": .number(done.outcome.generation),
            "manifest": .string(file),
            "tools": .array(names.map(entry)),
          ]))
      return
    }
    for name in names {
      guard let pin = done.after.tools[name], done.profile.tools[name] != nil else {
        session.write("\(verb) \(name)")
        continue
      }
      let before = done.before.tools[name]?.version
      let moved = before.flatMap { $0 == pin.version ? nil : "\($0) -> " } ?? ""
      let programs = programs(name)
      session.write(
        "\(verb) \(name) \(moved)\(pin.version)"
          + (programs.isEmpty ? "" : ": \(programs.joined(separator: ", "))")
          + (python(name).map { session.outputStyle.dim("  (\($0))") } ?? ""))
    }
    guard done.outcome.isNew else { return }
    let path = (session.host.environment["PATH"] ?? "").split(separator: ":").map(String.init)
    if !path.contains(session.places.bin.string) {
      session.write("Next: exec $SHELL -l    (so that this shell finds the commands)")
    }
  }

  private func entry(_ name: String) -> JSONText {
    var members: [String: JSONText] = [
      "name": .string(name), "programs": .array(programs(name).map(JSONText.string)),
      "python": python(name).map(JSONText.string) ?? .null,
      "version": (done.after.tools[name]?.version.description).map(JSONText.string) ?? .null,
    ]
    if let before = done.before.tools[name]?.version { members["before"] = .string(before.description) }
    if let location = done.profile.tools[name]?.source.location {
      members["source"] = .string(location.description)
    }
    return .object(members)
  }
}
