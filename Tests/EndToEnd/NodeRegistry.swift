import OutfitCore
import OutfitSystem
import Support
import SystemPackage
import Testing

/// An npm registry on loopback: package documents and tarballs as the public one serves them.
final class NodeRegistry: Sendable {
  private let server: LoopbackServer
  /// What is said of each version, by package and version.
  private let documents = Locked<[String: [String: String]]>([:])
  private let tarballs = Locked<[String: [UInt8]]>([:])
  private let requests = Locked<[String]>([])

  init() throws {
    let (documents, tarballs, requests) = (documents, tarballs, requests)
    server = try LoopbackServer { request in
      requests.withLock { $0.append(request.target) }
      let path = request.target.prefix { $0 != "?" }
      if path.hasSuffix(".tgz") {
        guard let bytes = tarballs.withLock({ $0[String(path)] }) else { return .init(404) }
        return .file(bytes, for: request)
      }
      let name = path.dropFirst().split(separator: "%2f", omittingEmptySubsequences: false).joined(
        separator: "/"
      )
      .split(separator: "%2F").joined(separator: "/")
      guard let versions = documents.withLock({ $0[name] }), let latest = versions.keys.max() else {
        return .init(404, body: Array("{}".utf8))
      }
      let known = versions.map { "\"\($0.key)\": \($0.value)" }.joined(separator: ", ")
      let text =
        "{\"name\": \"\(name)\", \"dist-tags\": {\"latest\": \"\(latest)\"}, \"versions\": {\(known)}}"
      return .init(200, headers: [("Content-Type", "application/json")], body: Array(text.utf8))
    }
  }

  var url: String { server.address + "/" }

  func asked() -> [String] {
    requests.withLock { requests in
      defer { requests = [] }
      return requests
    }
  }

  /// Of the tarball of a package.
  func digest(_ name: String) -> Digest? {
    tarballs.withLock { $0["/\(name)/-/\(name)-1.2.3.tgz"] }.map { Digest(of: $0) }
  }

  /// Publishes a version of a package; the last one by its name is the latest.
  /// - Parameters:
  ///   - manifest: members of its package.json, as JSON without the braces.
  ///   - files: by path.
  ///   - tampered: the tarball is not what its integrity says.
  func publish(
    _ name: String, _ manifest: String, version number: String = "1.2.3", files: [String: String],
    tampered: Bool = false, _ machine: Machine
  ) async throws {
    let script = """
      import base64, hashlib, io, json, sys, tarfile
      target, name, number, url, manifest, tampered, *files = sys.argv[1:]
      package = {"name": name, "version": number, **json.loads("{" + manifest + "}")}
      def pack(files):
          out = io.BytesIO()
          with tarfile.open(fileobj=out, mode="w:gz") as tar:
              for path, text in files.items():
                  entry = tarfile.TarInfo("package/" + path)
                  entry.size, entry.mode = len(text.encode()), 0o755
                  tar.addfile(entry, io.BytesIO(text.encode()))
          return out.getvalue()
      content = {"package.json": json.dumps(package), **dict(zip(files[::2], files[1::2]))}
      true = pack(content)
      open(target, "wb").write(pack({**content, "evil.js": "1"}) if tampered == "true" else true)
      integrity = "sha512-" + base64.b64encode(hashlib.sha512(true).digest()).decode()
      version = {**package, "dist": {"tarball": url, "integrity": integrity,
                 "shasum": hashlib.sha1(true).hexdigest()}}
      if "postinstall" in package.get("scripts", {}):
          version["hasInstallScript"] = True
      print(json.dumps(version))
      """
    let short = name.split(separator: "/").last.map(String.init) ?? name
    let path = "/\(name)/-/\(short)-\(number).tgz"
    let target = machine.home.removingLastComponent().appending("\(server.port)-\(short)-\(number).tgz")
    let made = try await machine.run(
      "/usr/bin/env",
      [
        "python3", "-I", "-c", script, target.string, name, number, server.address + path, manifest,
        "\(tampered)",
      ]
        + files.flatMap { [$0.key, $0.value] })
    try #require(made.succeeded, "\(made.errorText)")
    let bytes = try machine.files.read(target)
    tarballs.withLock { $0[path] = bytes }
    documents.withLock { $0[name, default: [:]][number] = made.outputText }
  }
}
