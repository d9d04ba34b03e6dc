import OutfitCore
import OutfitProfile
import OutfitSharing

/// A layer from git that has another commit than before, and what that brings.
struct LayerChange: Sendable {
  let name: String
  let address: GitAddress
  /// Nil where the layer is new.
  let from: String?
  let to: String
  /// Whom the new commit is signed by.
  let signer: String?
  /// Nil until it was looked at.
  var movement: GitMovement?

  /// Which of a profile's layers have other commits now.
  static func all(from before: Profile, to after: Profile) -> [LayerChange] {
    let old = GitLayers.origins(before)
    return GitLayers.origins(after).compactMap { layer in
      let reference = GitProfiles.Reference(layer.address)
      let previous = old.first { GitProfiles.Reference($0.address) == reference }?.commit
      guard previous != layer.commit else { return nil }
      return LayerChange(
        name: layer.name, address: layer.address, from: previous, to: layer.commit, signer: layer.signer)
    }
  }

  /// What lies between the two commits of each. Where a repository does not say, less is known.
  static func looked(_ changes: [LayerChange], _ git: GitProfiles) async -> [LayerChange] {
    var changes = changes
    let repositories = Dictionary(grouping: changes.indices, by: { changes[$0].address.repository }).values
    let asked = changes
    await withTaskGroup(of: [(Int, GitMovement?)].self) { group in
      for indices in repositories {
        group.addTask {
          var found: [(Int, GitMovement?)] = []
          for index in indices {
            let change = asked[index]
            guard let from = change.from else { continue }
            found.append((index, try? await git.movement(of: change.address, from: from, to: change.to)))
          }
          return found
        }
      }
      for await found in group { for (index, movement) in found { changes[index].movement = movement } }
    }
    return changes
  }

  static func short(_ commit: String) -> String { String(commit.prefix(12)) }

  // MARK: - For people

  /// More files than this are counted.
  private static let shown = 20

  /// `  ~ acme 1a2b3c4d5e6f -> 0f1e2d3c4b5a (3 commits)`, and below it what it brings.
  var lines: [String] {
    guard let from else { return ["  + \(name) \(Self.short(to))"] }
    var details: [String] = []
    if case .onward(let commits) = movement?.path { details.append(PlanText.count(commits, "commit")) }
    if let signer { details.append("signed by \(signer.harmless)") }
    let first =
      "  ~ \(name) \(Self.short(from)) -> \(Self.short(to))"
      + (details.isEmpty ? "" : " (\(details.joined(separator: ", ")))")
    return [first] + Self.lines(movement?.files ?? [])
  }

  /// A line for each file: `      zshrc  +3 -1`.
  static func lines(_ files: [ChangedFile]) -> [String] {
    let width = files.prefix(shown).map { $0.path.harmless.count }.max() ?? 0
    var lines = files.prefix(shown).map { line($0, width) }
    if files.count > shown { lines.append("      and \(files.count - shown) more files") }
    return lines
  }

  private static func line(_ file: ChangedFile, _ width: Int) -> String {
    let path = "      \(file.path.harmless.padding(to: width))  "
    switch (file.kind, file.added, file.removed) {
    case (.added, let added?, _): return path + "new, +\(added)"
    case (.added, nil, _): return path + "new, no text"
    case (.removed, _, _): return path + "gone"
    case (.changed, let added?, let removed?):
      return path + (added + removed == 0 ? "mode" : "+\(added) -\(removed)")
    case (.changed, _, _): return path + "no text"
    }
  }

  /// What should not happen to a layer, and did.
  var warning: Diagnostic? {
    guard let from else { return nil }
    let hint = "ask whoever keeps \(address.repository), and look at what changed before you take it"
    switch movement?.path {
    case .rewritten:
      return Diagnostic(
        .warning,
        "the history of \(name) was rewritten: \(Self.short(from)) is no part of \(address.reference ?? "its branch") any more",
        hint: hint)
    case .tagMoved:
      return Diagnostic(
        .warning,
        "the tag \(address.reference ?? "") of \(name) was moved, from \(Self.short(from)) to \(Self.short(to))",
        hint: hint)
    case .onward, .unknown, nil: return nil
    }
  }

  // MARK: - For programs

  var json: JSONText {
    var history = JSONText.null
    var commits = JSONText.null
    switch movement?.path {
    case .onward(let count): (history, commits) = (.string("onward"), .number(count))
    case .rewritten: history = .string("rewritten")
    case .tagMoved: history = .string("tagMoved")
    case .unknown, nil: break
    }
    return .object([
      "name": .string(name), "address": .string(address.description),
      "from": from.map { .string($0) } ?? .null, "to": .string(to), "history": history, "commits": commits,
      "signer": signer.map { .string($0) } ?? .null,
      "files": .array((movement?.files ?? []).map(Self.json)),
    ])
  }

  static func json(_ file: ChangedFile) -> JSONText {
    let change =
      switch file.kind {
      case .added: "added"
      case .removed: "removed"
      case .changed: "changed"
      }
    return .object([
      "path": .string(file.path), "change": .string(change),
      "added": file.added.map { .number($0) } ?? .null, "removed": file.removed.map { .number($0) } ?? .null,
    ])
  }
}
