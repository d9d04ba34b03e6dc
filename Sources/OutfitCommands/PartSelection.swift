import ArgumentParser
import OutfitCore
import OutfitDotfiles
import OutfitEngine
import OutfitInterpreters
import OutfitSystem
import OutfitTools

/// Which parts of a profile an `up` is about: what `--only` and `--skip` say.
struct PartSelection: Hashable, Sendable {
  /// Empty for all.
  var only: Set<String> = []
  /// It wins where a name is in both.
  var skipped: Set<String> = []

  /// `system` is `packages` and `scripts`.
  static let system = ["packages", "scripts"]

  /// What the options take.
  static let names =
    Preparation.onEngines.map(\.name) + [ShellSetup().name, Dotfiles().name] + system
    + [SystemSetup().name]

  /// - Throws: `ValidationError` for a name of no part.
  static func validate(only: [String], skip: [String]) throws {
    for (option, parts) in [("--only", only), ("--skip", skip)] {
      for part in parts where !names.contains(part) {
        let near = nearest(part, among: names).map { "; did you mean '\($0)'?" } ?? ""
        throw ValidationError("\(option) takes \(names.joined(separator: ", "))\(near)")
      }
    }
  }

  /// All of it, so that what is not proposed goes.
  var isWhole: Bool { only.isEmpty && skipped.isEmpty }

  /// As it is typed, with a blank before each word; empty for the whole.
  var typed: String {
    only.sorted().map { " --only \($0)" }.joined() + skipped.sorted().map { " --skip \($0)" }.joined()
  }

  /// - Parameter name: one of `names`.
  func has(_ name: String) -> Bool {
    let words = Self.system.contains(name) ? [name, SystemSetup().name] : [name]
    return !words.contains(where: skipped.contains) && (only.isEmpty || words.contains(where: only.contains))
  }

  func has(_ effect: Effect) -> Bool {
    switch effect.ability {
    case .packages: has("packages")
    case .script: has("scripts")
    }
  }

  /// All effects of the profile, so that what waits for whoever has root is known whole.
  var hasAllEffects: Bool { Self.system.allSatisfy(has) }

  private func has(_ part: any Part) -> Bool {
    part.name == SystemSetup().name ? Self.system.contains(where: has) : has(part.name)
  }

  /// Tools stand on interpreters, and hooks on both, so these are proposed too.
  func parts(_ host: Host) -> [any Part] {
    var wanted = Set(Preparation.all(host).filter(has).map(\.name))
    for (part, ground) in [
      ("hooks", Tools().name), ("hooks", Interpreters().name), (Tools().name, Interpreters().name),
      (Virtualenv().name, Interpreters().name), (NodeModules().name, Interpreters().name),
    ] where wanted.contains(part) && !only.isEmpty && !skipped.contains(ground) {
      wanted.insert(ground)
    }
    return Preparation.all(host).filter { wanted.contains($0.name) }
  }

  /// The parts that ask for nothing from outside.
  func local(_ host: Host) -> [any Part] { Preparation.local(host).filter(has) }

  /// A proposal without what was not asked for.
  func narrowed(_ proposal: Proposal) -> Proposal {
    var proposal = proposal
    proposal.effects.removeAll { !has($0) }
    return proposal
  }
}
