import OutfitCore
import OutfitEngine
import OutfitSystem
import Synchronization
import SystemPackage

/// Reads an image that was built, without running anything of it: a folder in the OCI layout, an archive (`docker
/// save`, `oci-archive`), or a name that docker, podman or buildah knows.
///
/// Nothing that an image says of itself is believed: every blob is compared with its digest.
public struct ImageReader: Sendable {
  let host: Host
  /// Removed by the caller.
  let scratch: FilePath
  private let layers = ReadLayers()

  public init(host: Host, scratch: FilePath) {
    self.host = host
    self.scratch = scratch
  }

  /// - Parameter name: a path, `oci:PATH`, `oci-archive:PATH`, `docker-archive:PATH`, or a name in a local store.
  /// - Returns: one image for each platform that it has.
  public func read(_ name: String) async throws -> [BuiltImage] {
    let folder = scratch.appending(Digest(of: name).short())
    try host.files.createDirectories(folder, mode: 0o700)
    var path = name
    for prefix in ["oci:", "oci-archive:", "docker-archive:"] where name.hasPrefix(prefix) {
      path = String(name.dropFirst(prefix.count))
    }
    let place = host.workingDirectory.pushing(FilePath(path)).lexicallyNormalized()
    if let kind = try host.files.status(place, followLinks: true)?.kind {
      if kind == .directory { return try await layout(place, name, folder) }
      return try await archive(place, name, folder)
    }
    guard path == name, !name.hasPrefix("/"), !name.hasPrefix("."), !name.hasPrefix("-") else {
      throw Failure(
        "there is no image at \(place)", hint: "name an archive, a folder in the OCI layout, or a tag")
    }
    return try await archive(try await export(name, folder), name, folder)
  }

  /// Has a local store write the image into an archive.
  private func export(_ name: String, _ folder: FilePath) async throws -> FilePath {
    let file = folder.appending("image.tar")
    let stores: [(program: String, arguments: [String])] = [
      ("docker", ["image", "save", "--output", file.string, name]),
      ("podman", ["image", "save", "--format", "oci-archive", "--output", file.string, name]),
      ("buildah", ["push", "--quiet", name, "oci-archive:\(file)"]),
    ]
    var reasons: [String] = []
    for store in stores {
      guard let program = Programs.find(store.program, host) else { continue }
      let done = try await host.processes.run(
        Invocation(program, store.arguments, environment: host.environment, workingDirectory: folder))
      if done.succeeded, host.files.exists(file) { return file }
      try host.files.removeTree(file)
      reasons.append("\(store.program): \(done.errorText.split(separator: "\n").last ?? "it failed")")
    }
    throw Failure(
      "the image \(name) is in no local store"
        + (reasons.isEmpty
          ? ": there is no docker, podman or buildah" : " (\(reasons.joined(separator: "; ")))"),
      hint: "build it first, or name an archive: outfit parity --images deploy.tar dev.tar")
  }

  private func archive(_ file: FilePath, _ name: String, _ folder: FilePath) async throws -> [BuiltImage] {
    let out = folder.appending("unpacked")
    try host.files.createDirectories(out, mode: 0o700)
    guard let tar = Programs.find("tar", host) else { throw Failure("there is no tar", hint: "install tar") }
    let done = try await host.processes.run(
      Invocation(
        tar, ["-x", "-f", file.string, "-C", out.string, "--no-same-owner"], environment: host.environment,
        workingDirectory: out))
    guard done.succeeded else {
      throw Failure(
        "\(name) is no archive of an image: \(done.errorText.split(separator: "\n").first ?? "tar failed")")
    }
    return try await layout(out, name, folder)
  }

  private func layout(_ folder: FilePath, _ name: String, _ scratch: FilePath) async throws -> [BuiltImage] {
    if let index = try host.files.text(folder.appending("index.json")) {
      return try await oci(try Document.parseJSON(index, file: "index.json"), folder, name, scratch)
    }
    if let manifest = try host.files.text(folder.appending("manifest.json")) {
      return [try await saved(try Document.parseJSON(manifest, file: "manifest.json"), folder, name, scratch)]
    }
    throw Failure("\(name) is no image: it has neither index.json nor manifest.json")
  }

  // MARK: - The OCI layout

  private func blob(_ descriptor: Document, _ folder: FilePath, _ name: String) throws -> (FilePath, Digest) {
    let digest = try Self.digest(descriptor["digest"]?.text, name)
    return (folder.pushing(FilePath("blobs/sha256/\(digest.hex)")), digest)
  }

  private static func digest(_ text: String?, _ name: String) throws -> Digest {
    guard let text, text.hasPrefix("sha256:"), let digest = Digest(text) else {
      throw Failure("\(name) names a blob by \(text ?? "nothing"), which is no SHA-256 digest")
    }
    return digest
  }

  private func json(_ descriptor: Document, _ folder: FilePath, _ name: String) throws -> (Document, Digest) {
    let (path, digest) = try blob(descriptor, folder, name)
    let bytes = try host.files.read(path)
    guard Digest(of: bytes) == digest else {
      throw Failure("\(name) is damaged: the blob \(digest.short()) is another one")
    }
    return (try Document.parseJSON(String(decoding: bytes, as: UTF8.self), file: name), digest)
  }

  private func oci(
    _ index: Document, _ folder: FilePath, _ name: String, _ scratch: FilePath
  ) async throws -> [BuiltImage] {
    var images: [BuiltImage] = []
    for (manifest, digest) in try manifests(index, folder, name, depth: 0) {
      let (configuration, _) = try json(manifest["config"] ?? .null, folder, name)
      let expected = try (configuration.at("rootfs", "diff_ids")?.texts ?? []).map {
        try Self.digest($0, name)
      }
      let descriptors = manifest["layers"]?.items ?? []
      guard expected.count == descriptors.count else {
        throw Failure(
          "\(name) has \(descriptors.count) layers, and its configuration speaks of \(expected.count)")
      }
      var layers: [BuiltImage.Layer] = []
      for (descriptor, expected) in zip(descriptors, expected) {
        let (path, digest) = try blob(descriptor, folder, name)
        layers.append(try await layer(path, compressedAs: digest, expected: expected, name, scratch))
      }
      images.append(BuiltImage(name: name, digest: digest, configuration: configuration, layers: layers))
    }
    guard !images.isEmpty else { throw Failure("\(name) holds no image") }
    return images
  }

  /// The manifests of an index, and of those in it; attestations are for no platform.
  private func manifests(
    _ index: Document, _ folder: FilePath, _ name: String, depth: Int
  ) throws -> [(Document, Digest)] {
    guard depth < 4 else { throw Failure("\(name) is an index of indexes without end") }
    var found: [(Document, Digest)] = []
    for descriptor in index["manifests"]?.items ?? [] {
      if descriptor.at("platform", "os")?.text == "unknown",
        descriptor.at("annotations", "vnd.docker.reference.type")?.text == "attestation-manifest"
      {
        continue
      }
      let (document, digest) = try json(descriptor, folder, name)
      if document["manifests"] != nil {
        found += try manifests(document, folder, name, depth: depth + 1)
      } else {
        found.append((document, digest))
      }
    }
    return found
  }

  // MARK: - docker save

  private func saved(
    _ manifest: Document, _ folder: FilePath, _ name: String, _ scratch: FilePath
  ) async throws -> BuiltImage {
    guard let entry = manifest.items.first, manifest.items.count == 1, let path = entry["Config"]?.text,
      let paths = entry["Layers"]?.texts, ([path] + paths).allSatisfy(Names.isRelativePath)
    else { throw Failure("\(name) holds \(manifest.items.count) images where one is wanted") }
    let bytes = try host.files.read(folder.pushing(FilePath(path)))
    let configuration = try Document.parseJSON(String(decoding: bytes, as: UTF8.self), file: name)
    let expected = try (configuration.at("rootfs", "diff_ids")?.texts ?? []).map { try Self.digest($0, name) }
    guard expected.count == paths.count else {
      throw Failure("\(name) has \(paths.count) layers, and its configuration speaks of \(expected.count)")
    }
    var layers: [BuiltImage.Layer] = []
    for (path, expected) in zip(paths, expected) {
      layers.append(
        try await layer(
          folder.pushing(FilePath(path)), compressedAs: nil, expected: expected, name, scratch))
    }
    return BuiltImage(name: name, digest: Digest(of: bytes), configuration: configuration, layers: layers)
  }

  // MARK: - Layers

  private func layer(
    _ path: FilePath, compressedAs digest: Digest?, expected: Digest, _ name: String,
    _ scratch: FilePath
  ) async throws -> BuiltImage.Layer {
    let damaged = "\(name) is damaged: the layer \((digest ?? expected).short()) is another one"
    let head = try host.files.read(path, from: 0, count: 4)
    let packers: [([UInt8], String)] = [([0x1F, 0x8B], "gzip"), ([0x28, 0xB5, 0x2F, 0xFD], "zstd")]
    let packer = packers.first { head.starts(with: $0.0) }?.1
    if let digest, let known = layers.layer(digest) {
      guard try self.digest(path) == digest else { throw Failure(damaged) }
      return known
    }
    var stream = LayerStream()
    if packer == "gzip", let inflater = Inflater() {
      stream.inflater = inflater
      try stream.read(path, host.files)
      if let digest, stream.packed.finish() != digest { throw Failure(damaged) }
      guard !stream.isDamaged, inflater.hasEnded else {
        throw Failure("\(name) is damaged: gzip can't unpack a layer")
      }
    } else if let packer {
      if let digest, try self.digest(path) != digest { throw Failure(damaged) }
      try stream.read(try await unpacked(path, packer, name, scratch), host.files)
    } else {
      try stream.read(path, host.files)
      if let digest, stream.packed.finish() != digest { throw Failure(damaged) }
    }
    let identifier = stream.plain.finish()
    guard identifier == expected else {
      throw Failure(
        "\(name) is damaged: a layer is \(identifier.short()), and its configuration says \(expected.short())"
      )
    }
    guard let archive = stream.reader.finish() else {
      throw Failure("\(name) has a layer that is no tar archive")
    }
    let layer = BuiltImage.Layer(identifier: identifier, entries: archive.entries, doubts: archive.doubts)
    if let digest { layers.keep(layer, as: digest) }
    return layer
  }

  private func digest(_ path: FilePath) throws -> Digest {
    var running = Digest.Running()
    try host.files.readPieces(path) { running.update($0) }
    return running.finish()
  }

  /// Unpacks by a program into a file, so that memory has none of it.
  private func unpacked(
    _ path: FilePath, _ packer: String, _ name: String, _ scratch: FilePath
  ) async throws -> FilePath {
    guard let program = Programs.find(packer, host) else {
      throw Failure("\(name) is packed by \(packer), which is not here", hint: "install \(packer)")
    }
    let plain = scratch.appending("layer.tar")
    let done = try await host.processes.run(
      Invocation(
        "/bin/sh",
        ["-c", #"exec "$1" -d -c "$2" >"$3""#, "unpack", program.string, path.string, plain.string],
        environment: host.environment, workingDirectory: scratch))
    guard done.succeeded else { throw Failure("\(name) is damaged: \(packer) can't unpack a layer") }
    return plain
  }
}

/// A layer on its way from the disk: as it lies there, as it is unpacked, and what it holds.
private struct LayerStream {
  var packed = Digest.Running()
  var plain = Digest.Running()
  var reader = LayerReader(BuiltParity.interest)
  var inflater: Inflater?
  var isDamaged = false

  mutating func read(_ path: FilePath, _ files: any Files) throws {
    try files.readPieces(path) { piece in
      packed.update(piece)
      guard let inflater else {
        plain.update(piece)
        return reader.feed(piece)
      }
      if isDamaged { return }
      do {
        try inflater.run(Array(piece)) {
          plain.update($0)
          reader.feed($0)
        }
      } catch {
        isDamaged = true
      }
    }
  }
}

/// Layers that were read, by the digest of how they lie on the disk: dev has all of deploy's.
private final class ReadLayers: Sendable {
  private let layers = Mutex<[Digest: BuiltImage.Layer]>([:])

  func layer(_ digest: Digest) -> BuiltImage.Layer? { layers.withLock { $0[digest] } }
  func keep(_ layer: BuiltImage.Layer, as digest: Digest) { layers.withLock { $0[digest] = layer } }
}

/// Programs on the user's PATH.
public enum Programs {
  public static func find(_ name: String, _ host: Host) -> FilePath? {
    (host.environment["PATH"] ?? "").split(separator: ":").map { FilePath(String($0)) }
      .filter(\.isAbsolute).map { $0.appending(name) }.first { path in
        guard let status = try? host.files.status(path, followLinks: true) else { return false }
        return status.kind == .file && status.mode & 0o111 != 0
      }
  }
}
