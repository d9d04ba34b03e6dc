import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

extension Plan {
  /// The unified diff of one target, from what is there to what will be, empty when that is the same. A secret
  /// is `(secret)`.
  public func diff(_ target: PlannedTarget, host: Host) throws -> String {
    guard target.action != .upToDate else { return "" }
    let name = target.target.string
    guard !target.isSecret else { return "--- \(name)\n+++ \(name)\n(secret)\n" }
    let after = try content(of: target, host: host)
    switch (target.before, target.after) {
    case (.file, .file), (.file, .absent), (.absent, .file):
      let isFile = target.before != .absent
      let before = isFile ? try host.files.read(target.resolved) : nil
      var text = Diff.unified(before, after, oldName: name, newName: name + " (outfit)")
      if case .file(let old) = target.before, case .file(_, let mode, _) = target.after, old.mode != mode {
        text = "mode of \(name): \(String(old.mode, radix: 8)) -> \(String(mode, radix: 8))\n" + text
      }
      return text
    default:
      return "--- \(name): \(target.before.summary)\n+++ \(name): \(target.after.summary)\n"
    }
  }

  /// The content that Outfit wrote last, the common ancestor for a merge; nil when there is none, or when it
  /// was not kept.
  public func base(of target: PlannedTarget, host: Host) throws -> [UInt8]? {
    let record = previous?.targets.first { $0.target == target.target }
    guard case .file(let file) = record?.written, !file.isKeyed else { return nil }
    return try Generations.content(file.digest, scope: scope, host: host)
  }

  /// The content that Outfit would write, the other side of a merge; nil when it is no file.
  public func content(of target: PlannedTarget, host: Host) throws -> [UInt8]? {
    switch target.after {
    case .file(.given(let bytes), _, _): bytes
    case .file(.kept(let digest, _), _, _): try Generations.content(digest, scope: scope, host: host)
    case .absent, .link, .directory: nil
    }
  }

  /// The plan without contents, for `--json`.
  public var summary: PlanSummary {
    PlanSummary(
      scope: scope.label, base: base, isEmpty: isEmpty,
      targets: differing.map { target in
        PlanSummary.Target(
          path: target.target.string, action: target.action.rawValue,
          owner: target.owner.map(\.description), secret: target.isSecret,
          conflict: target.conflict.map {
            PlanSummary.Conflict(reason: $0.reason.rawValue, message: $0.message, canTake: $0.canTake)
          })
      },
      objects: objects.map { PlanSummary.Object(name: $0.id.description, label: $0.label) },
      commands: names.map {
        PlanSummary.Command(name: $0.name, action: $0.action.rawValue, label: $0.label)
      },
      effects: effects.map {
        PlanSummary.Effect(label: $0.label, ability: $0.ability.rawValue, needsRoot: $0.needsRoot)
      },
      notes: notes.map(\.message), failures: failures.map(\.message))
  }
}

extension PlannedTarget.Content {
  /// For people.
  public var summary: String {
    switch self {
    case .absent: "nothing"
    case .file: "a file"
    case .link(let destination): "a link to \(destination)"
    case .directory: "a folder"
    }
  }
}

/// A plan as `--json` gives it.
public struct PlanSummary: Codable, Hashable, Sendable {
  public struct Target: Codable, Hashable, Sendable {
    public var path: String
    public var action: String
    public var owner: String?
    public var secret: Bool
    public var conflict: Conflict?
  }
  public struct Conflict: Codable, Hashable, Sendable {
    public var reason: String
    public var message: String
    public var canTake: Bool
  }
  public struct Object: Codable, Hashable, Sendable {
    public var name: String
    public var label: String
  }
  public struct Command: Codable, Hashable, Sendable {
    public var name: String
    public var action: String
    public var label: String
  }
  public struct Effect: Codable, Hashable, Sendable {
    public var label: String
    public var ability: String
    public var needsRoot: Bool
  }
  public var scope: String
  public var base: Int
  public var isEmpty: Bool
  public var targets: [Target]
  public var objects: [Object]
  public var commands: [Command]
  public var effects: [Effect]
  public var notes: [String]
  public var failures: [String]
}
