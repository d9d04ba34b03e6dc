import OutfitCore
import OutfitEngine
import OutfitProfile
import SystemPackage

/// Tools that are one download: a program as it is, or an archive that holds it.
///
/// The digests stand in the manifest, or are read when the tool is locked: from a file of checksums (`checksums:`),
/// or from what GitHub says of a release (`github:`).
extension Shop {
  func lockBinary(_ tool: Wanted) -> Outcome {
    guard let version = Version(tool.section.version.text) else {
      return mistake(
        tool, "`from: url` needs one exact version, and has \(tool.section.version)",
        hint: "write it as in `version: \"2.16.1\"`")
    }
    let found: Round<[String: LockedArtifact]>
    do {
      if tool.section.github != nil {
        found = try released(tool)
      } else if let address = tool.section.url {
        if tool.section.digests.isEmpty, let checksums = tool.section.checksums {
          found = try summed(tool, address, checksums)
        } else {
          found = .done(try listed(tool, address))
        }
      } else {
        return mistake(tool, "`from: url` needs an address", hint: "add `url:`, or `github: OWNER/REPO`")
      }
    } catch let failure as Failure {
      guard let first = failure.diagnostics.first else {
        return mistake(tool, "it has no address", hint: nil)
      }
      return failure.status == .usage ? .mistake(first) : .unavailable(first)
    } catch {
      return .unavailable(Diagnostic(.error, "\(tool.name): \(error)", at: tool.source.location))
    }
    switch found {
    case .ask(let queries): return .ask(queries)
    case .done(let artifacts):
      return .locked(
        LockedTool(request: tool.request, version: version, programs: [tool.name], artifacts: artifacts))
    }
  }

  func makeBinary(_ tool: Wanted, _ entry: LockedTool) throws -> Proposal {
    let object = try binary(tool, entry)
    var proposal = Proposal()
    proposal.objects = [object]
    proposal.claims = claims(placed(tool, entry), entry, of: object)
    return proposal
  }

  /// The object of a tool that is one download.
  /// - Throws: `Failure` where it is not known for this platform.
  func binary(_ tool: Wanted, _ entry: LockedTool) throws -> Object {
    guard let artifact = entry.artifacts[context.platform.key] else {
      throw Failure(
        "\(tool.name) has no sha256 for \(context.platform)", at: tool.source.location,
        hint: "it is known for \(entry.artifacts.keys.sorted().joined(separator: ", "))")
    }
    let file = Self.fileName(artifact.path)
    let format = Self.format(file)
    let wanted = (tool.section.expose ?? [tool.name]).map { fill($0, tool, context.platform) }
    let programs = placed(tool, entry).exposed(entry.programs).map(\.program)
    var addresses = [artifact.path]
    if let mirror = context.environment["OUTFIT_MIRROR"], !mirror.isEmpty {
      let base = mirror.hasSuffix("/") ? String(mirror.dropLast()) : mirror
      addresses.insert("\(base)/\(tool.name)/\(entry.version)/\(file)", at: 0)
    }
    return Object(
      name: "\(tool.name)-\(entry.version)", label: "\(tool.name) \(entry.version)",
      recipe: .unpack(
        Unpack(
          artifact: Artifact(addresses: addresses, digest: artifact.digest, name: file),
          format: format, programName: format == .program ? tool.name : nil,
          programs: format == .program ? [] : wanted.filter { !$0.contains("/") })),
      checks: programs.map { .exists($0) }, store: context.store)
  }

  /// The tool with the paths of its programs for what it exposes: names are found in the archive, and linked in
  /// `bin`.
  private func placed(_ tool: Wanted, _ entry: LockedTool) -> Wanted {
    var tool = tool
    let path = entry.artifacts[context.platform.key]?.path ?? ""
    if Self.format(Self.fileName(path)) == .program {
      tool.section.expose = tool.section.expose?.isEmpty == true ? [] : ["bin/\(tool.name)"]
    } else {
      tool.section.expose = (tool.section.expose ?? [tool.name])
        .map { fill($0, tool, context.platform) }.map { $0.contains("/") ? $0 : "bin/\($0)" }
    }
    return tool
  }

  // MARK: Digests

  /// Digests from the manifest.
  private func listed(_ tool: Wanted, _ address: String) throws -> [String: LockedArtifact] {
    guard !tool.section.digests.isEmpty else {
      throw Failure(
        "\(tool.name): `from: url` needs the sha256 of what is downloaded", at: tool.source.location,
        hint:
          "add `sha256: {\(context.platform.key): \"...\"}`, or `checksums:` with the address of a file of them",
        status: .usage)
    }
    var artifacts: [String: LockedArtifact] = [:]
    for (key, digest) in tool.section.digests {
      guard let platform = Platform(key: key) else {
        throw Failure(
          "\(tool.name): there is no platform \(key)", at: tool.source.location,
          hint: nearest(key, among: Platform.common.map(\.key)).map { "did you mean \($0)?" }, status: .usage)
      }
      artifacts[key] = LockedArtifact(path: try located(address, tool, platform), digest: digest)
    }
    return artifacts
  }

  /// Digests from files of checksums: one for all platforms, or one for each.
  private func summed(
    _ tool: Wanted, _ address: String, _ checksums: String
  ) throws -> Round<[String: LockedArtifact]> {
    var queries: [Query] = []
    var artifacts: [String: LockedArtifact] = [:]
    var here: Failure?
    for platform in platforms {
      let path = try located(address, tool, platform)
      let list = try located(checksums, tool, platform)
      let query = Query.document([list])
      guard let answer = context.facts[query] else {
        if !queries.contains(query) { queries.append(query) }
        continue
      }
      let isHere = platform == context.platform
      guard case .document(let bytes, _) = answer else {
        if isHere, case .failed(let diagnostic) = answer {
          here = Failure(
            "\(tool.name): the checksums could not be had: \(diagnostic.message)", at: tool.source.location,
            hint: diagnostic.hint)
        }
        continue
      }
      let sums = Checksums(String(decoding: bytes, as: UTF8.self))
      if let digest = sums.digest(of: Self.fileName(path)) {
        artifacts[platform.key] = LockedArtifact(path: path, digest: digest)
      } else if isHere {
        let names = sums.names
        let near = nearest(Self.fileName(path), among: names).map { "did you mean \($0)?" }
        here = Failure(
          "\(tool.name): \(list) has no sha256 of \(Self.fileName(path))", at: tool.source.location,
          hint: near
            ?? (names.isEmpty ? nil : "it has those of \(names.prefix(8).joined(separator: ", "))"),
          status: .usage)
      }
    }
    if !queries.isEmpty { return .ask(queries) }
    if let here { throw here }
    return .done(artifacts)
  }

  /// Digests from what GitHub says of the assets of a release.
  private func released(_ tool: Wanted) throws -> Round<[String: LockedArtifact]> {
    let repository = tool.section.github ?? ""
    guard let pattern = tool.section.asset else {
      throw Failure(
        "\(tool.name): `github:` needs the name of the file", at: tool.source.location,
        hint: "for example `asset: \"\(tool.name)-{os}-{arch}.tar.gz\"`", status: .usage)
    }
    let tags = tool.section.tags(for: context.platform)
    for tag in tags { _ = try located(tag, tool, context.platform) }
    var base = context.environment["GITHUB_API_URL"] ?? "https://api.github.com"
    if base.hasSuffix("/") { base.removeLast() }
    let query = Query.document(tags.map { "\(base)/repos/\(repository)/releases/tags/\($0)" })
    guard let answer = context.facts[query] else { return .ask([query]) }
    guard case .document(let bytes, let source) = answer else {
      guard case .failed(let diagnostic) = answer else { return .ask([query]) }
      throw Failure(
        "\(tool.name): the release \(tags.joined(separator: " or ")) of \(repository) could not be looked up: "
          + diagnostic.message, at: tool.source.location, hint: diagnostic.hint)
    }
    guard let release = GitHubRelease(bytes) else {
      throw Failure(
        "\(tool.name): what was answered for \(repository) is no release", at: tool.source.location)
    }
    // Where its files lie is known: an answer that says otherwise leads nowhere.
    let tag = tags.first { source.hasSuffix("/releases/tags/\($0)") } ?? tags[0]
    var artifacts: [String: LockedArtifact] = [:]
    for platform in platforms {
      let name = try located(pattern, tool, platform)
      guard let asset = release.assets.first(where: { $0.name == name }) else {
        guard platform == context.platform else { continue }
        let names = release.assets.map(\.name)
        throw Failure(
          "\(tool.name): the release has no file \(name)", at: tool.source.location,
          hint: nearest(name, among: names).map { "did you mean \($0)?" }
            ?? "it has \(names.prefix(8).joined(separator: ", "))", status: .usage)
      }
      guard let digest = asset.digest.flatMap({ Digest($0) }) else {
        guard platform == context.platform else { continue }
        throw Failure(
          "\(tool.name): GitHub knows no sha256 of \(name)", at: tool.source.location,
          hint: "write `url:` with `checksums:` or `sha256:` instead", status: .usage)
      }
      artifacts[platform.key] = LockedArtifact(
        path: ToolSection.releaseAddress(
          repository, tag: tag, file: name, environment: context.environment), digest: digest)
    }
    return .done(artifacts)
  }

  /// Those that a lock is made for, and this one.
  private var platforms: [Platform] {
    Platform.common + (Platform.common.contains(context.platform) ? [] : [context.platform])
  }

  // MARK: Addresses

  private func mistake(_ tool: Wanted, _ message: String, hint: String?) -> Outcome {
    .mistake(Diagnostic(.error, "\(tool.name): \(message)", at: tool.source.location, hint: hint))
  }

  /// An address with all of its placeholders filled in.
  private func located(_ pattern: String, _ tool: Wanted, _ platform: Platform) throws -> String {
    let text = fill(pattern, tool, platform)
    guard let open = text.firstIndex(of: "{") else { return text }
    throw Failure(
      "\(tool.name): unknown placeholder \(text[open...].prefix { $0 != "}" })} in \(pattern)",
      at: tool.source.location, hint: "known are {version}, {os}, {system}, {arch} and {machine}",
      status: .usage)
  }

  private func fill(_ text: String, _ tool: Wanted, _ platform: Platform) -> String {
    tool.section.filled(text, for: platform)
  }

  /// The last part of an address, without what follows a question mark.
  private static func fileName(_ address: String) -> String {
    address.prefix { $0 != "?" && $0 != "#" }.split(separator: "/").last.map(String.init) ?? address
  }

  private static func format(_ file: String) -> Unpack.Format {
    let name = file.lowercased()
    if name.hasSuffix(".zip") { return .zip }
    let archives = [".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.bz2", ".tbz", ".tar.zst", ".tzst"]
    return archives.contains { name.hasSuffix($0) } ? .tar : .program
  }
}
