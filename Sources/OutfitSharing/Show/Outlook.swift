import OutfitCore
import OutfitEngine
import OutfitProfile
import SystemPackage

/// What a machine has, and what it would have: a plan as it is told to people who look on.
public struct Outlook: Hashable, Sendable {
  public struct Row: Hashable, Sendable {
    public var what: String
    public var before: String
    public var after: String
    /// It stays as its owner has it, unless they decide otherwise.
    public var isConflict = false
  }

  /// What is built, in its order: `Python 3.13.5`.
  public var builds: [String] = []
  public var files: [Row] = []
  public var commands: [Row] = []
  /// What is run or installed, which nothing takes back.
  public var effects: [String] = []
  /// Why more can't be said yet, each a sentence without full stop.
  public var open: [String] = []

  public var isEmpty: Bool {
    builds.isEmpty && files.isEmpty && commands.isEmpty && effects.isEmpty && open.isEmpty
  }

  /// Nothing could be planned.
  public init(open: [String]) { self.open = open }

  /// - Parameters:
  ///   - home: stands as `~` in what is told.
  ///   - program: what a name runs now without Outfit, nil for nothing.
  public init(_ plan: Plan, of profile: Profile, home: FilePath, program: (String) -> FilePath?) {
    func short(_ text: String) -> String { text.replacing(home.string + "/", with: "~/") }
    builds = plan.objects.map { short($0.label) }.uniqued
    effects = plan.effects.map { short($0.label) }
    open = plan.failures.map { short($0.message) }.uniqued
    let blocks = Set(
      (Array(profile.dotfiles.values) + profile.blocks.values.joined()).filter { $0.value.kind == .block }
        .map(\.source.location))
    files = plan.differing.map { target in
      let isBlock = target.owner.map(blocks.contains) ?? false
      let what = short(target.target.string)
      let before = short(target.before.summary)
      if let conflict = target.conflict {
        return Row(
          what: what, before: before, after: "stays as it is: \(short(conflict.message))", isConflict: true)
      }
      return Row(what: what, before: before, after: short(Self.after(target, isBlock: isBlock)))
    }
    // Names that one thing gives are told together, and the folder that they are answered from now.
    var groups: [(names: [String], before: String, after: String)] = []
    for name in plan.names where name.name != "outfit" {
      let other = program(name.name).map { short($0.removingLastComponent().string + "/") } ?? "nothing"
      let label = short(name.label)
      let (before, after) =
        switch name.action {
        case .add: (other, label)
        case .update: ("another of Outfit's", label)
        case .remove: (label, other)
        }
      if let place = groups.firstIndex(where: { $0.before == before && $0.after == after }) {
        groups[place].names.append(name.name)
      } else {
        groups.append(([name.name], before, after))
      }
    }
    commands = groups.map { Row(what: $0.names.joined(separator: ", "), before: $0.before, after: $0.after) }
  }

  private static func after(_ target: PlannedTarget, isBlock: Bool) -> String {
    switch target.after {
    case .absent: "nothing"
    case .file where isBlock: target.before == .absent ? "a file with a block" : "the same with a block"
    case .file: target.before == .absent ? "a file" : "another file"
    case .link(let destination): "a link to \(destination)"
    case .directory: "a folder"
    case .moved(let place): "the folder from \(place)"
    case .tree: "a folder"
    }
  }
}

extension Array where Element: Hashable {
  /// Each once, where it comes first.
  var uniqued: [Element] {
    var seen: Set<Element> = []
    return filter { seen.insert($0).inserted }
  }
}
