import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSystem
import SystemPackage

/// Whether what is checked out pins other versions of the hooks' tools than those that were brought up.
public struct BranchPins {
  let generation: Generation
  let host: Host

  public init(_ generation: Generation, host: Host) {
    self.generation = generation
    self.host = host
  }

  /// Whose hooks run: this generation's, or an earlier one's that has the versions which are checked out.
  /// - Throws: `Failure` where neither has them: a check by another version than the branch's says nothing of it.
  public func choice() throws -> (generation: Generation, note: Diagnostic?) {
    guard let (lock, pinned) = try checkedOut() else { return (generation, nil) }
    let others = others(generation, than: pinned)
    guard !others.isEmpty else { return (generation, nil) }
    let earlier = try Generations.list(generation.scope, host: host).sorted { $0.number > $1.number }.first {
      $0.number < generation.number && InstalledHooks($0, host: host) != nil
        && self.others($0, than: pinned).isEmpty
    }
    let list = { (words: [String]) in Set(words).sorted().joined(separator: ", ") }
    if let earlier {
      let used = others.map { "\($0.tool) \($0.wanted)" }
      return (
        earlier,
        Diagnostic(
          .note, "the hooks run \(list(used)), as this branch's outfit.lock has it",
          hint: "`outfit up` brings up the rest of it")
      )
    }
    let words = others.map { "\($0.tool) \($0.wanted) (\($0.version) is up)" }
    throw Failure(
      "the hooks want \(list(words)), as \(lock.lastComponent?.string ?? "outfit.lock") has it here",
      hint: "`outfit up` brings up what is checked out; `git commit --no-verify` commits unchecked",
      status: .failed)
  }

  /// The versions that outfit.lock has; nil where it is older than what was brought up, and says nothing new.
  private func checkedOut() throws -> (lock: FilePath, pinned: [String: String])? {
    guard case .project(let root) = generation.scope else { return nil }
    let folder = generation.profile.address.hasPrefix("/") ? FilePath(generation.profile.address) : root
    let lock = folder.appending("outfit.lock")
    guard let status = try? host.files.status(lock, followLinks: true),
      status.modified / 1_000_000_000 >= generation.time, let text = try? host.files.text(lock)
    else { return nil }
    return (lock, Self.versions(text))
  }

  /// The tools of its hooks that a lock pins otherwise.
  private func others(
    _ generation: Generation, than pinned: [String: String]
  ) -> [(tool: String, version: String, wanted: String)] {
    guard let hooks = InstalledHooks(generation, host: host),
      let configuration = (try? host.files.text(hooks.configuration)) ?? nil
    else { return [] }
    return generation.claims.compactMap { claim in
      guard configuration.contains(claim.program) else { return nil }
      let words = claim.label.split(separator: " ").map(String.init)
      guard words.count == 2, let wanted = pinned[words[0]], wanted != words[1] else { return nil }
      return (words[0], words[1], wanted)
    }
  }

  /// The tools of a lock, by its lines: a hook has no time to read it all.
  static func versions(_ lock: String) -> [String: String] {
    var versions: [String: String] = [:]
    var isInside = false
    var tool = ""
    for line in lock.utf8.split(separator: UInt8(ascii: "\n")) {
      guard line.first == UInt8(ascii: " ") else {
        isInside = line.starts(with: "tools:".utf8)
        continue
      }
      guard isInside, line.prefix(5).contains(where: { $0 != UInt8(ascii: " ") }) else { continue }
      let text = String(decoding: line, as: UTF8.self)
      let value = text.split(separator: ":", maxSplits: 1).map { part in part.filter { !" \"".contains($0) } }
      if text.hasPrefix("  "), !text.hasPrefix("   ") {
        tool = value.first ?? ""
      } else if text.hasPrefix("    version:"), value.count == 2 {
        versions[tool] = value[1]
      }
    }
    return versions
  }
}
