import OutfitCore
import OutfitEngine
import OutfitProfile
import SystemPackage

/// Tools that are one download: a program as it is, or an archive that holds it.
///
/// In `url:` and in the paths of `expose:`, `{os}` is `linux` or `darwin`, `{arch}` `amd64` or `arm64`,
/// `{machine}` what `uname -m` says, and `{version}` the version.
extension Shop {
  func lockBinary(_ tool: Wanted) -> Outcome {
    func mistake(_ message: String, hint: String?) -> Outcome {
      .mistake(Diagnostic(.error, "\(tool.name): \(message)", at: tool.source.location, hint: hint))
    }
    guard let address = tool.section.url else {
      return mistake("`from: url` needs an address", hint: "add `url:`")
    }
    guard let version = Version(tool.section.version.text) else {
      return mistake(
        "`from: url` needs one exact version, and has \(tool.section.version)",
        hint: "write it as in `version: \"2.16.1\"`")
    }
    guard !tool.section.digests.isEmpty else {
      return mistake(
        "`from: url` needs the sha256 of what is downloaded",
        hint: "add `sha256: {\(context.platform.key): \"...\"}`")
    }
    var artifacts: [String: LockedArtifact] = [:]
    for (key, digest) in tool.section.digests {
      guard let platform = Platform(key: key) else {
        return mistake(
          "there is no platform \(key)",
          hint: nearest(key, among: Platform.common.map(\.key)).map { "did you mean \($0)?" })
      }
      let path = fill(address, tool, platform)
      if let open = path.firstIndex(of: "{") {
        let rest = path[open...].prefix { $0 != "}" }
        return mistake(
          "unknown placeholder \(rest)} in the address",
          hint: "known are {os}, {arch}, {machine} and {version}")
      }
      artifacts[key] = LockedArtifact(path: path, digest: digest)
    }
    return .locked(
      LockedTool(
        request: tool.request, version: version, programs: [tool.name], artifacts: artifacts))
  }

  func makeBinary(_ tool: Wanted, _ entry: LockedTool) throws -> Proposal {
    guard let artifact = entry.artifacts[context.platform.key] else {
      throw Failure(
        "\(tool.name) has no sha256 for \(context.platform)", at: tool.source.location,
        hint: "it is known for \(entry.artifacts.keys.sorted().joined(separator: ", "))")
    }
    let file = artifact.path.split(separator: "/").last.map(String.init) ?? tool.name
    let format = Self.format(file)
    var tool = tool
    tool.section.expose = (tool.section.expose ?? [tool.name]).map {
      fill($0, tool, context.platform)
    }
    if format == .program { tool.section.expose = ["bin/\(tool.name)"] }
    let object = Object(
      name: "\(tool.name)-\(entry.version)", label: "\(tool.name) \(entry.version)",
      recipe: .unpack(
        Unpack(
          artifact: Artifact(addresses: [artifact.path], digest: artifact.digest, name: file),
          format: format, programName: format == .program ? tool.name : nil)),
      checks: tool.exposed(entry.programs).map { .exists($0.program) }, store: context.store)
    var proposal = Proposal()
    proposal.objects = [object]
    proposal.claims = claims(tool, entry, of: object)
    return proposal
  }

  private func fill(_ text: String, _ tool: Wanted, _ platform: Platform) -> String {
    let machine =
      switch (platform.system, platform.architecture) {
      case (_, .amd64): "x86_64"
      case (.linux, .arm64): "aarch64"
      case (.macos, .arm64): "arm64"
      }
    let values = [
      "{os}": platform.system == .macos ? "darwin" : "linux", "{arch}": platform.architecture.rawValue,
      "{machine}": machine, "{version}": tool.section.version.text,
    ]
    var text = text
    for (name, value) in values {
      while let place = text.firstRange(of: name) { text.replaceSubrange(place, with: value) }
    }
    return text
  }

  private static func format(_ file: String) -> Unpack.Format {
    let name = file.prefix { $0 != "?" }.lowercased()
    if name.hasSuffix(".zip") { return .zip }
    let archives = [".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.bz2", ".tbz", ".tar.zst"]
    return archives.contains { name.hasSuffix($0) } ? .tar : .program
  }
}
