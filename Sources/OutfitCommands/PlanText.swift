import OutfitCore
import OutfitEngine
import OutfitSystem
import SystemPackage

/// A plan, as people read it.
struct PlanText {
  let session: Session
  let plan: Plan

  /// One line for each thing that would be other than it is.
  func lines(style: Style) -> [String] {
    var lines: [String] = []
    func add(_ verb: String, _ text: String, _ colour: (String) -> String) {
      lines.append("  " + colour(verb.padding(to: 8)) + " " + text)
    }
    for effect in plan.effects {
      let root = effect.needsRoot && session.host.user.identifier != 0 ? ", asks for sudo" : ""
      let routine = effect.isRoutine ? "every time, and " : ""
      add("run", "\(effect.label) (\(routine)can't be undone\(root))", style.yellow)
    }
    for object in plan.objects { add("build", object.label, style.cyan) }
    for target in plan.writtenBeside(.keep) + plan.differing {
      let path = session.short(target.target)
      switch target.action {
      case .upToDate: break
      case .create: add("create", path, style.green)
      case .update: add("change", path, style.yellow)
      case .remove: add("remove", path, style.red)
      case .restore: add("restore", path, style.green)
      case .notAsked: add("secret", "\(path): not asked", style.yellow)
      case .conflict:
        let line = target.conflict?.line.map { ":\($0)" } ?? ""
        add("conflict", "\(path)\(line): \(target.conflict?.message ?? "changed")", style.red)
      }
    }
    for (action, verb) in [(PlannedName.Action.add, "command"), (.update, "switch"), (.remove, "drop")] {
      let names = plan.names.filter { $0.action == action }
      for (label, group) in Dictionary(grouping: names, by: \.label).sorted(by: { $0.key < $1.key }) {
        add(verb, group.map(\.name).joined(separator: ", ") + style.dim("  \(label)"), style.green)
      }
    }
    return lines
  }

  /// One line for each thing of Outfit's own that `up` makes again.
  static func mendings(_ defects: [Defect], style: Style) -> [String] {
    defects.filter(\.isMendable).map { "  " + style.cyan("mend".padding(to: 8)) + " " + $0.message }
  }

  /// `3 to build, 5 files, 12 commands`.
  var summary: String {
    let counts = [
      (plan.objects.count, "thing"), (plan.differing.count - plan.conflicts.count, "file"),
      (plan.conflicts.count, "conflict"), (plan.names.count, "command"), (plan.effects.count, "effect"),
    ]
    return counts.filter { $0.0 > 0 }.map {
      Self.count($0.0, $0.1) + ($0.1 == "thing" ? " to build" : "")
    }.joined(separator: ", ")
  }

  /// `1 file`, `2 files`.
  static func count(_ number: Int, _ one: String) -> String { "\(number) \(one)\(number == 1 ? "" : "s")" }
}

extension String {
  /// With spaces behind it, so that it is at least this wide.
  func padding(to width: Int) -> String {
    count >= width ? self : self + String(repeating: " ", count: width - count)
  }
}
