import Foundation
import OutfitSystem
import Support
import SystemPackage
import Testing

/// A package index on loopback that knows nothing but HTML pages (PEP 503), with packages made for the test.
final class PackageIndex: Sendable {
  private let server: LoopbackServer
  private let archives = Locked<[String: [UInt8]]>([:])
  private let page: Page

  /// What decides the answers, apart from the packages.
  private final class Page: Sendable {
    let requests = Locked<[String]>([])
    let onRequest = Locked<(@Sendable (String) -> Void)?>(nil)
  }

  /// - Parameters:
  ///   - authorization: the header that every request must have.
  ///   - day: when everything was uploaded, which pages in JSON (PEP 700) say; nil for HTML alone.
  init(authorization: String? = nil, day: String? = nil) throws {
    let archives = archives
    let page = Page()
    self.page = page
    server = try LoopbackServer { request in
      let path = request.target.split(separator: "/").map(String.init)
      page.requests.withLock { $0.append(request.target) }
      page.onRequest.withLock { $0 }?(request.target)
      if let authorization, request.headers["authorization"] != authorization {
        return .init(401, headers: [("WWW-Authenticate", "Basic realm=\"packages\"")])
      }
      let known = archives.withLock { $0 }
      if path.first == "files", let name = path.last, let bytes = known[name] {
        return .file(bytes, for: request)
      }
      guard path.first == "simple", path.count == 2 else { return .init(404) }
      let links = known.keys.sorted().filter {
        $0.split(separator: "-")[0].lowercased() == path[1].split(separator: "-").joined(separator: "_")
      }
      if links.isEmpty { return .init(404) }
      if let day, request.headers["accept"]?.contains("application/vnd.pypi.simple.v1+json") == true {
        let files = links.map { name in
          """
          {"filename": "\(name)", "url": "/files/\(name)", "hashes": {}, "upload-time": "\(day)T08:00:00Z"}
          """
        }
        return .init(
          200, headers: [("Content-Type", "application/vnd.pypi.simple.v1+json")],
          body: Array(
            """
            {"meta": {"api-version": "1.1"}, "name": "\(path[1])", "files": [\(files.joined(separator: ", "))]}
            """.utf8))
      }
      let anchors = links.map { "<a href=\"/files/\($0)\">\($0)</a><br/>\n" }
      return .init(
        200, headers: [("Content-Type", "text/html")],
        body: Array("<!DOCTYPE html><html><body>\n\(anchors.joined())</body></html>".utf8))
    }
  }

  var url: String { server.address + "/simple" }

  /// The names of packages that were asked for since the last call.
  func asked() -> Set<String> {
    page.requests.withLock { requests in
      defer { requests = [] }
      return Set(
        requests.compactMap { target in
          let path = target.split(separator: "/").map(String.init)
          return path.first == "simple" && path.count == 2 ? path[1] : nil
        })
    }
  }

  /// - Parameter body: gets the path that is asked for, before it is answered.
  func onRequest(_ body: @escaping @Sendable (String) -> Void) { page.onRequest.withLock { $0 = body } }

  /// Publishes a package as source only, which tells when its code is run.
  func publishSource(_ name: String, _ version: String, _ machine: Machine) async throws {
    let script = """
      import io, sys, tarfile
      target, name, version, trace = sys.argv[1:]
      files = {
          "setup.py": f"open({trace!r}, 'w').close()\\nfrom setuptools import setup\\nsetup(name={name!r}, version={version!r})\\n",
          "PKG-INFO": f"Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n",
      }
      with tarfile.open(target, "w:gz") as archive:
          for path, text in files.items():
              member = tarfile.TarInfo(f"{name}-{version}/{path}")
              member.size = len(text)
              archive.addfile(member, io.BytesIO(text.encode()))
      """
    try await make("\(name)-\(version).tar.gz", script, [name, version, Self.trace(machine).string], machine)
  }

  /// What the code of a package that was published as source leaves.
  static func trace(_ machine: Machine) -> FilePath { machine.home.appending("ran-while-building") }

  /// Publishes a wheel whose program, of the package's name, says which one it is.
  /// - Parameter shared: files below `share`, by their paths, with their text.
  func publish(
    _ name: String, _ version: String, requires: [String] = [], says: String, shared: [String: String] = [:],
    _ machine: Machine
  ) async throws {
    let script = """
      import base64, hashlib, json, sys, zipfile
      target, name, version, says, shared, *requires = sys.argv[1:]
      module = name.replace("-", "_")
      info = f"{module}-{version}.dist-info/"
      files = {
          module + ".py": f"def main():\\n    print({says!r})\\n",
          info + "METADATA": f"Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n"
          + "".join(f"Requires-Dist: {r}\\n" for r in requires),
          info + "WHEEL": "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
          info + "entry_points.txt": f"[console_scripts]\\n{name} = {module}:main\\n",
      }
      for path, text in json.loads(shared).items():
          files[f"{module}-{version}.data/data/share/{path}"] = text
      record = ""
      with zipfile.ZipFile(target, "w") as wheel:
          for path, text in files.items():
              wheel.writestr(path, text)
              digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
              record += f"{path},sha256={digest},{len(text.encode())}\\n"
          wheel.writestr(info + "RECORD", record + info + "RECORD,,\\n")
      """
    let module = name.split(separator: "-").joined(separator: "_")
    let texts = String(decoding: try JSONEncoder().encode(shared), as: UTF8.self)
    try await make(
      "\(module)-\(version)-py3-none-any.whl", script, [name, version, says, texts] + requires, machine)
  }

  /// Serves what a Python program writes.
  private func make(_ file: String, _ script: String, _ arguments: [String], _ machine: Machine) async throws
  {
    let target = machine.home.removingLastComponent().appending("\(server.port)-\(file)")
    let made = try await machine.run(
      "/usr/bin/env", ["python3", "-I", "-c", script, target.string] + arguments)
    try #require(made.succeeded, "\(made.errorText)")
    let bytes = try machine.files.read(target)
    archives.withLock { $0[file] = bytes }
  }
}
