import OutfitCore

/// Which machines of many differ, from the others or from their own manifest, and by which line.
///
/// Machines are compared with those that have the same profile; tools and interpreters with those of the same platform,
/// since a profile may want other ones there. What most have counts as theirs.
public struct FleetReport: Sendable {
  public enum Kind: String, Sendable, CaseIterable {
    /// Against the others.
    case profile, outfit, layer, lock, generation, interpreter, tool
    /// Against its own manifest.
    case file, object, command, effect, waiting, incomplete, mend
  }

  public struct Difference: Hashable, Sendable {
    public var kind: Kind
    /// `black`, `~/.zshrc`, `web`; empty where the kind says it all.
    public var entry: String
    /// What it has, for people.
    public var here: String
    /// What most others have; nil of what its own manifest wants.
    public var others: String?
    /// How many have that, of how many.
    public var count = 0
    public var of = 0
    public var line: MachineFacts.Line?
  }

  public struct Machine: Sendable {
    public var facts: MachineFacts
    public var differences: [Difference] = []
    /// Tools of its user's own layer, which nobody else need have.
    public var own: [String] = []
  }

  /// By name.
  public var machines: [Machine]
  public var without: [String]
  public var broken: [(name: String, reason: String)]
  public var isCut: Bool

  public var differing: [Machine] { machines.filter { !$0.differences.isEmpty } }
  public var profiles: [String] { Set(machines.compactMap(\.facts.profile)).sorted() }

  public init(_ folder: FactsFolder) {
    (without, broken, isCut) = (folder.without.sorted(), folder.broken, folder.isCut)
    machines = folder.machines.sorted { $0.name < $1.name }.map { Machine(facts: $0) }
    compare(Array(machines.indices), .profile) { [Value("", $0.profile ?? "none")] }
    compare(Array(machines.indices), .outfit) { [Value("", $0.outfit)] }
    for (_, peers) in groups({ $0.profile ?? "" }) where machines[peers[0]].facts.profile != nil {
      compare(peers, .layer) { facts in
        facts.layers.filter { $0.kind != "personal" }.map { Value($0.name, Self.text($0)) }
      }
      compare(peers, .lock) { [Value("", $0.lock.map { String($0.prefix(12)) } ?? "none")] }
      compare(peers, .generation) { facts in
        let text =
          facts.generation.map { $0.isIncomplete ? "incomplete" : "whole" } ?? "not brought up"
        return [Value("", text)]
      }
    }
    for (_, peers) in groups({ "\($0.profile ?? "")\n\($0.platform)" })
    where machines[peers[0]].facts.profile != nil {
      compare(peers, .interpreter) { $0.interpreters.map(Self.value) }
      compare(peers, .tool) { $0.tools.map(Self.value) }
    }
    for index in machines.indices {
      machines[index].differences += machines[index].facts.departures.map {
        Difference(kind: $0.kind, entry: $0.entry, here: $0.what, line: $0.line)
      }
    }
  }

  // MARK: - Comparing

  private struct Value {
    var entry: String
    var text: String
    var line: MachineFacts.Line?
    var isOwn = false

    init(_ entry: String, _ text: String) { (self.entry, self.text) = (entry, text) }
  }

  private static func value(_ pin: MachineFacts.Pin) -> Value {
    var value = Value(pin.name, pin.version ?? "not installed")
    (value.line, value.isOwn) = (pin.line, pin.isOwn)
    return value
  }

  private static func text(_ layer: MachineFacts.Layer) -> String {
    layer.commit.map { "commit \($0.prefix(12))" } ?? "a folder"
  }

  private func groups(_ key: (MachineFacts) -> String) -> [(key: String, value: [Int])] {
    Dictionary(grouping: machines.indices) { key(machines[$0].facts) }.sorted { $0.key < $1.key }
  }

  private mutating func compare(_ peers: [Int], _ kind: Kind, _ values: (MachineFacts) -> [Value]) {
    guard peers.count > 1 else { return }
    let found = peers.map { index in
      Dictionary(
        values(machines[index].facts).map { ($0.entry, $0) }, uniquingKeysWith: { first, _ in first })
    }
    for entry in Set(found.flatMap(\.keys)).sorted() {
      let all = found.map { $0[entry] }
      let most = common(all, peers)
      let count = all.count { $0?.text == most?.text }
      for (index, value) in zip(peers, all) where value?.text != most?.text {
        if let value, value.isOwn, most == nil {
          machines[index].own.append(entry)
          continue
        }
        machines[index].differences.append(
          Difference(
            kind: kind, entry: entry, here: value?.text ?? "none", others: most?.text ?? "none",
            count: count, of: peers.count, line: value?.line ?? most?.line))
      }
    }
  }

  /// What most have; where as many have another, what the machine has that was changed last.
  private func common(_ all: [Value?], _ peers: [Int]) -> Value? {
    // What only a user's own layer has is not what others should have.
    guard all.contains(where: { $0?.isOwn == false }) else { return nil }
    var votes: [String?: (count: Int, time: Int, first: Int)] = [:]
    for (place, value) in all.enumerated() {
      var vote = votes[value?.text] ?? (0, 0, place)
      vote.count += 1
      vote.time = max(vote.time, machines[peers[place]].facts.generation?.time ?? 0)
      votes[value?.text] = vote
    }
    let winner = votes.values.max { ($0.count, $0.time, -$0.first) < ($1.count, $1.time, -$1.first) }
    return winner.flatMap { all[$0.first] }
  }
}

extension FleetReport.Difference {
  /// `tool black`, `lock`, `file ~/.zshrc`.
  public var subject: String {
    let name =
      switch kind {
      case .object: ""
      case .effect, .waiting: ""
      case .mend: "Outfit's own"
      default: kind.rawValue
      }
    return [name, entry].filter { !$0.isEmpty }.joined(separator: " ")
  }

  /// `24.1.0; 3 of 4 have 25.1.0`.
  public var text: String {
    guard let others else { return here }
    return "\(here); \(count) of \(of) \(count == 1 ? "has" : "have") \(others)"
  }
}
