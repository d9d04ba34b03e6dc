import OutfitCore
import OutfitProfile

extension ToolSection {
  /// As a manifest has it, at the version that is pinned.
  /// - Parameter pin: nil leaves what was asked for.
  public func captured(at pin: Version?) -> ManifestValue {
    var entries: [ManifestValue.Entry] = []
    func add(_ key: String, _ value: ManifestValue?) {
      if let value { entries.append(.init(key, value)) }
    }
    func list(_ texts: [String]) -> ManifestValue? { texts.isEmpty ? nil : .list(texts) }
    if origin != .pypi { add("from", .text(origin.rawValue)) }
    let request = pin?.description ?? (version == .latest ? nil : version.text)
    add("version", request.map { .text($0) })
    add("package", package.map { .text($0) })
    add("extras", list(extras))
    add("with", list(with))
    add("python", python.map { .text($0.text) })
    add("expose", expose.flatMap(list))
    add("programs-from", list(programsFrom))
    add("suffix", suffix.map { .text($0) })
    add("index", index.map { .text($0) })
    add("scripts", list(scripts))
    add("build", list(build))
    add("url", url.map { .text($0) })
    add("checksums", checksums.map { .text($0) })
    add("github", github.map { .text($0) })
    add("asset", asset.map { .text($0) })
    add("tag", tag.map { .text($0) })
    if !names.isEmpty {
      add("names", .mapping(names.sorted { $0.key < $1.key }.map { .init($0.key, .text($0.value)) }))
    }
    if !digests.isEmpty {
      add("sha256", .mapping(digests.sorted { $0.key < $1.key }.map { .init($0.key, .text($0.value.hex)) }))
    }
    if isHeld { add("hold", "true") }
    if entries.count == 1, entries[0].key == "version" { return entries[0].value }
    return entries.isEmpty ? "latest" : .mapping(entries)
  }
}
