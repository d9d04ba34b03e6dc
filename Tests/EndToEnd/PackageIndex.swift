import OutfitSystem
import Support
import SystemPackage
import Testing

/// A package index on loopback that knows nothing but HTML pages (PEP 503), with wheels made for the test.
final class PackageIndex: Sendable {
  private let server: LoopbackServer
  private let wheels = Locked<[String: [UInt8]]>([:])
  private let page: Page

  /// What decides the answers, apart from the wheels.
  private final class Page: Sendable {
    let requests = Locked<[String]>([])
    let onRequest = Locked<(@Sendable () -> Void)?>(nil)
  }

  /// - Parameter authorization: the header that every request must have.
  init(authorization: String? = nil) throws {
    let wheels = wheels
    let page = Page()
    self.page = page
    server = try LoopbackServer { request in
      let path = request.target.split(separator: "/").map(String.init)
      page.requests.withLock { $0.append(request.target) }
      page.onRequest.withLock { $0 }?()
      if let authorization, request.headers["authorization"] != authorization {
        return .init(401, headers: [("WWW-Authenticate", "Basic realm=\"packages\"")])
      }
      let known = wheels.withLock { $0 }
      if path.first == "files", let name = path.last, let bytes = known[name] {
        return .file(bytes, for: request)
      }
      guard path.first == "simple", path.count == 2 else { return .init(404) }
      let links = known.keys.sorted().filter {
        $0.split(separator: "-")[0].lowercased() == path[1].split(separator: "-").joined(separator: "_")
      }
      if links.isEmpty { return .init(404) }
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

  func onRequest(_ body: @escaping @Sendable () -> Void) { page.onRequest.withLock { $0 = body } }

  /// Publishes a wheel whose program, of the package's name, says which one it is.
  func publish(_ name: String, _ version: String, requires: [String] = [], says: String, _ machine: Machine)
    async throws
  {
    let script = """
      import base64, hashlib, sys, zipfile
      target, name, version, says, *requires = sys.argv[1:]
      module = name.replace("-", "_")
      info = f"{module}-{version}.dist-info/"
      files = {
          module + ".py": f"def main():\\n    print({says!r})\\n",
          info + "METADATA": f"Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n"
          + "".join(f"Requires-Dist: {r}\\n" for r in requires),
          info + "WHEEL": "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
          info + "entry_points.txt": f"[console_scripts]\\n{name} = {module}:main\\n",
      }
      record = ""
      with zipfile.ZipFile(target, "w") as wheel:
          for path, text in files.items():
              wheel.writestr(path, text)
              digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
              record += f"{path},sha256={digest},{len(text.encode())}\\n"
          wheel.writestr(info + "RECORD", record + info + "RECORD,,\\n")
      """
    let module = name.split(separator: "-").joined(separator: "_")
    let file = "\(module)-\(version)-py3-none-any.whl"
    let target = machine.home.removingLastComponent().appending("\(server.port)-\(file)")
    let made = try await machine.run(
      "/usr/bin/env", ["python3", "-I", "-c", script, target.string, name, version, says] + requires)
    try #require(made.succeeded, "\(made.errorText)")
    let bytes = try machine.files.read(target)
    wheels.withLock { $0[file] = bytes }
  }
}
