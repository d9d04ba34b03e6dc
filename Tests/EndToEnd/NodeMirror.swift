import OutfitCore
import OutfitSystem
import Support
import SystemPackage
import Testing

/// A mirror of nodejs.org with releases in the published form, whose Nodes say their version and nothing more.
struct NodeMirror {
  /// A release; `lts` is the codename that the index and the release's own header have.
  struct Release {
    var version: String
    var lts: String?
  }

  private let folder: FilePath
  let server: LoopbackServer

  init(_ machine: Machine, _ releases: [Release]) async throws {
    let folder = machine.home.removingLastComponent().appending("nodes")
    self.folder = folder
    let platform = try Host.live().platform
    let system = platform.system == .macos ? "darwin" : "linux"
    let name = "\(system)-\(platform.architecture == .amd64 ? "x64" : "arm64")"
    var script = "set -e\nmkdir -p node && cd node\n"
    for release in releases {
      let version = release.version
      let top = "node-v\(version)-\(name)"
      script += """
        mkdir -p \(top)/bin \(top)/include/node \(top)/lib/node_modules/npm/bin v\(version)
        printf '#!/bin/sh\\necho v%s "$@"\\n' \(version) > \(top)/bin/node
        chmod 755 \(top)/bin/node
        for name in npm npx; do echo "// $name" > \(top)/lib/node_modules/npm/bin/$name-cli.js; done
        cat > \(top)/include/node/node_version.h <<'END'
        #define NODE_MAJOR_VERSION \(version.prefix { $0 != "." })
        #define NODE_VERSION_IS_LTS \(release.lts == nil ? 0 : 1)
        #define NODE_VERSION_LTS_CODENAME "\(release.lts ?? "")"
        END
        tar czf v\(version)/\(top).tar.gz \(top)
        (cd v\(version) && sha256sum \(top).tar.gz > SHASUMS256.txt)

        """
    }
    let entries = releases.map {
      "{\"version\": \"v\($0.version)\", \"lts\": \($0.lts.map { "\"\($0)\"" } ?? "false")}"
    }
    script += "cat > index.json <<'END'\n[\(entries.joined(separator: ", "))]\nEND\n"
    try machine.files.createDirectories(folder, mode: 0o755)
    let made = try await machine.run("/bin/sh", ["-c", "cd '\(folder)'\n" + script])
    try #require(made.succeeded, "\(made.errorText)")
    let files = machine.files
    server = try LoopbackServer { request in
      guard !request.target.contains(".."),
        let bytes = try? files.read(FilePath(folder.string + request.target))
      else { return LoopbackServer.Reply(404) }
      return .file(bytes, for: request)
    }
  }

  /// The releases stay, and the list of them goes.
  func removeIndex(_ machine: Machine) throws { try machine.files.remove(folder.pushing("node/index.json")) }

  /// The variables with which it is asked, and a cache that nothing else has.
  func settings(_ machine: Machine) -> [String: String] {
    ["OUTFIT_MIRROR": server.address, "XDG_CACHE_HOME": machine.home.appending(".cache").string]
  }
}
