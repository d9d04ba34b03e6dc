import OutfitCore
import OutfitProfile

/// Which platforms a lock has everything for.
struct PlatformCoverage {
  let lock: Lock
  let profile: Profile

  /// - Parameter wanted: empty for those that anything in the lock is known for; where all is universal, all.
  func of(_ wanted: [Platform]) -> [CheckReport.Coverage] {
    let keys = Set(
      lock.interpreters.values.flatMap(\.self).flatMap(\.artifacts.keys)
        + lock.tools.values.flatMap(\.artifacts.keys))
    let known = Platform.common.filter { keys.contains($0.key) }
    let platforms = wanted.isEmpty ? (known.isEmpty ? Platform.common : known) : wanted
    return platforms.sorted().map { CheckReport.Coverage(platform: $0, lacks: lacks($0)) }
  }

  private func lacks(_ platform: Platform) -> [String] {
    let interpreters = lock.interpreters.sorted { $0.key < $1.key }.flatMap { language, pins in
      pins.filter { pin in
        pin.provider == .prebuilt && pin.artifacts[platform.key] == nil && pin.source == nil
          && condition("interpreters.\(language)").mayHold(on: platform)
      }.map { "\(language.title) \($0.version)" }
    }
    let tools = lock.tools.sorted { $0.key < $1.key }.filter { key, tool in
      let name = String(key.prefix { $0 != "," })
      let isHere = key == name
      let condition =
        isHere
        ? condition("tools.\(name)")
        : profile.elsewhere.first { $0.path == "tools.\(name)" && key == "\(name), if \($0.condition)" }?
          .condition
      return !tool.artifacts.isEmpty && tool.artifacts[platform.key] == nil && condition.mayHold(on: platform)
    }.map { "\($0.key) \($0.value.version)" }
    return interpreters + tools
  }

  private func condition(_ path: String) -> Condition? { profile.conditions[path] }
}

extension Condition? {
  /// Whether an entry can count on a machine of this kind; what else a machine is may be anything.
  func mayHold(on platform: Platform) -> Bool { self?.value(on: platform) != false }
}

extension Condition {
  /// Nil where it depends on more than the platform.
  fileprivate func value(on platform: Platform) -> Bool? {
    switch self {
    case .fact(.os, let values): values.contains(platform.system.rawValue)
    case .fact(.arch, let values): values.contains(platform.architecture.rawValue)
    case .fact: nil
    case .all(let parts):
      parts.reduce(true) { all, part in
        let value = part.value(on: platform)
        return all == false || value == false ? false : all == nil || value == nil ? nil : true
      }
    case .any(let parts):
      parts.reduce(false) { any, part in
        let value = part.value(on: platform)
        return any == true || value == true ? true : any == nil || value == nil ? nil : false
      }
    case .not(let condition): condition.value(on: platform).map { !$0 }
    }
  }
}
