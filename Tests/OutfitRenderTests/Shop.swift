import Foundation
import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSystem
import SystemPackage

@testable import OutfitRender

/// The stack of the fixture project, made by hand: what reads manifests is tested elsewhere.
enum Shop {
  static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  static let source = Source(
    layer: Layer(
      kind: .profile, name: "shop", address: ".", folder: "/shop", manifest: "/shop/outfit.yaml"),
    location: SourceLocation(file: "/shop/outfit.yaml", line: 12, column: 3))

  static var app: AppSection {
    var app = AppSection(
      template: "django", name: "shop", image: "registry.example.com/shop",
      processes: [
        "web": .init(port: 8000),
        "worker": .init(command: ["celery", "-A", "shop", "worker", "--loglevel", "info"], heartbeat: true),
        "beat": .init(heartbeat: true),
      ],
      services: ["postgres": "17.2", "redis": "7.4"],
      environments: [
        "dev": .init(host: "shop.localhost", env: ["DJANGO_DEBUG": "1"]),
        "staging": .init(host: "staging.shop.example"),
        "production": .init(host: "shop.example", replicas: 3),
      ])
    app.values = ["live": "/health/live", "ready": "/health/ready"]
    return app
  }

  static var lock: Lock {
    var lock = Lock()
    lock.interpreters[.python] = [
      LockedInterpreter(
        request: "3.13.5", version: Version([3, 13, 5]), build: "20250612", provider: .prebuilt,
        artifacts: [
          "linux-amd64": LockedArtifact(
            path: "20250612/cpython-3.13.5+20250612-x86_64-unknown-linux-gnu-install_only_stripped.tar.gz",
            digest: Digest(of: "amd64")),
          "linux-arm64": LockedArtifact(
            path: "20250612/cpython-3.13.5+20250612-aarch64-unknown-linux-gnu-install_only_stripped.tar.gz",
            digest: Digest(of: "arm64")),
        ])
    ]
    lock.interpreters[.node] = [
      LockedInterpreter(
        request: "24", version: Version([24, 1, 0]), provider: .prebuilt,
        artifacts: [
          "linux-amd64": LockedArtifact(
            path: "v24.1.0/node-v24.1.0-linux-x64.tar.gz", digest: Digest(of: "node amd64")),
          "linux-arm64": LockedArtifact(
            path: "v24.1.0/node-v24.1.0-linux-arm64.tar.gz", digest: Digest(of: "node arm64")),
        ])
    ]
    lock.virtualenv = LockedRequirements(
      from: ["requirements.txt"], sourceDigest: Digest(of: ""), python: "3.13",
      requirements: "django==5.2.19 \\\n    --hash=sha256:\(Digest(of: "django").hex)")
    lock.tools["black"] = LockedTool(
      request: "25.1.0", version: Version([25, 1, 0]), python: "3.13", programs: ["black", "blackd"],
      requirements: "black==25.1.0 --hash=sha256:\(Digest(of: "black").hex)")
    lock.tools["isort"] = LockedTool(
      request: "6.*", version: Version([6, 1, 0]), python: "3.13", programs: ["isort"],
      requirements: "isort==6.1.0 --hash=sha256:\(Digest(of: "isort").hex)")
    return lock
  }

  /// What is rendered, by path.
  static func files(_ input: RenderInput) throws -> [String: String] {
    Dictionary(try Render.files(input).files.map { ($0.path, $0.content) }) { $1 }
  }

  static func template(_ name: String) -> TemplateSource {
    let templates = FilePath(repository.path).appending("templates")
    guard let host = try? Host.live() else { return TemplateSource() }
    return (try? TemplateSource.load(templates.appending(name), templates: templates, files: host.files))
      ?? TemplateSource()
  }

  /// A service in FastAPI that migrates by a command of its own.
  static var api: AppSection {
    var app = AppSection(
      template: "fastapi", name: "api", image: "registry.example.com/team/api", processes: ["web": .init()],
      services: ["postgres": "18.1"],
      environments: [
        "dev": .init(host: "api.localhost"), "production": .init(host: "api.example", replicas: 4),
      ])
    app.values = ["migrate": "alembic upgrade head", "migrated": "alembic check", "ready": "/ready"]
    app.extensions = ["charliermarsh.ruff"]
    return app
  }

  static var node: AppSection {
    AppSection(
      template: "node", name: "front", image: "registry.example.com/front",
      processes: ["web": .init(port: 3000), "queue": .init(command: ["node", "queue.js"])],
      services: ["redis": "7.4"],
      environments: [
        "dev": .init(), "staging": .init(host: "front.example"), "production": .init(host: "f.example"),
      ])
  }

  /// Nothing but a process without a port, and nothing beside it.
  static var worker: AppSection {
    AppSection(
      template: "worker", name: "ingest", image: "localhost:5000/ingest",
      processes: [
        "worker": .init(heartbeat: true, grace: 120),
        "clock": .init(command: ["python", "-m", "ingest.clock"], single: true),
      ],
      environments: ["dev": .init(), "production": .init()])
  }

  static var all: [AppSection] { [app, api, node, worker] }

  static func input(
    _ app: AppSection = Shop.app, lock: Lock = Shop.lock, env: [String: String] = [:],
    vendored: [VendoredFile] = []
  ) -> RenderInput {
    var profile = Profile(scope: .project("/shop"), name: "shop", layers: [source.layer])
    profile.app = Sourced(app, source)
    profile.env = (["DJANGO_SETTINGS_MODULE": "shop.settings"].merging(env) { $1 })
      .mapValues { Sourced($0, source) }
    profile.tools["black"] = Sourced(ToolSection(), source)
    profile.tools["isort"] = Sourced(ToolSection(), source)
    return RenderInput(
      profile: profile, lock: lock, lockDigest: Digest(of: "lock"), template: template(app.template),
      rootListing: ["manage.py", "package.json", "package-lock.json", "outfit.yaml"], vendored: vendored)
  }
}
