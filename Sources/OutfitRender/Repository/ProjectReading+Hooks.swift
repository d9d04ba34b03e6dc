import OutfitCore
import OutfitProfile

/// The hooks of pre-commit's configuration.
extension ProjectReading {
  mutating func readHooks() {
    guard let text = found[PreCommitReading.file] else { return }
    let reading: PreCommitReading
    do {
      reading = try PreCommitReading(text, package: found["package.json"])
    } catch {
      return note(
        "\(PreCommitReading.file) can't be read, and nothing of it is taken over",
        error.diagnostics.first?.message,
        warns: true)
    }
    tools = reading.tools
    hooks = reading.hooks
    hookSettings = reading.settings
    for row in reading.rows where row.outcome != .taken {
      let what = row.repository.isEmpty ? row.what : "\(row.what) of \(row.repository)"
      let outcome = row.outcome == .left ? "is not taken over" : "is taken over with a change"
      note(
        "\(PreCommitReading.file):\(row.line): \(what) \(outcome)", row.reason, warns: row.outcome == .left)
    }
  }

  /// Flow YAML.
  static func flow(_ entries: [ManifestValue.Entry]) -> String {
    let fields = entries.map { entry in
      switch entry.value {
      case .list(let values): "\(entry.key): \(Quoting.json(values.compactMap(\.text)))"
      case .text(let text) where ["true", "false"].contains(text): "\(entry.key): \(text)"
      case .text(let text): "\(entry.key): \(Quoting.json(text))"
      case .mapping(let entries): "\(entry.key): \(flow(entries))"
      case .nothing: "\(entry.key): ~"
      }
    }
    return "{\(fields.joined(separator: ", "))}"
  }
}

extension PreCommitReading.Tool {
  /// What stands under `tools:`: the version alone, where that is all.
  public var value: ManifestValue { value(building: false) }

  /// - Parameter isBuilt: it has no wheel, and may be built.
  func value(building isBuilt: Bool) -> ManifestValue {
    let built = (isBuilt ? [name] : []) + build
    guard !built.isEmpty || origin != nil || !with.isEmpty || !extras.isEmpty else { return .text(version) }
    var entries = [ManifestValue.Entry("version", .text(version))]
    if let origin { entries.append(.init("from", .text(origin))) }
    if !extras.isEmpty { entries.append(.init("extras", .list(extras))) }
    if !with.isEmpty { entries.append(.init("with", .list(with))) }
    if !built.isEmpty { entries.append(.init("build", .list(built))) }
    return .mapping(entries)
  }
}
