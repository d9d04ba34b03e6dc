import Foundation
import OutfitCore
import OutfitEngine
import OutfitProfile
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
    AppSection(
      template: "django", name: "shop", image: "registry.example.com/shop",
      processes: [
        "web": .init(port: 8000),
        "worker": .init(command: ["celery", "-A", "shop", "worker", "--loglevel", "info"]),
        "beat": .init(),
      ],
      services: ["postgres": "17.2", "redis": "7.4"],
      environments: [
        "dev": .init(host: "shop.localhost", env: ["DJANGO_DEBUG": "1"]),
        "staging": .init(host: "staging.shop.example"),
        "production": .init(host: "shop.example", replicas: 3),
      ])
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
    lock.virtualenv = LockedRequirements(
      from: "requirements.txt", sourceDigest: Digest(of: ""), python: "3.13",
      requirements: "django==5.2.19 \\\n    --hash=sha256:\(Digest(of: "django").hex)")
    lock.tools["black"] = LockedTool(
      request: "25.1.0", version: Version([25, 1, 0]), python: "3.13", programs: ["black", "blackd"],
      requirements: "black==25.1.0 --hash=sha256:\(Digest(of: "black").hex)")
    lock.tools["isort"] = LockedTool(
      request: "6.*", version: Version([6, 1, 0]), python: "3.13", programs: ["isort"],
      requirements: "isort==6.1.0 --hash=sha256:\(Digest(of: "isort").hex)")
    return lock
  }

  static var template: [TreeEntry] {
    let folder = repository.appendingPathComponent("templates/django")
    var entries: [TreeEntry] = []
    for name in FileManager.default.enumerator(atPath: folder.path)?.allObjects as? [String] ?? [] {
      let url = folder.appendingPathComponent(name)
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder), !isFolder.boolValue,
        let data = try? Data(contentsOf: url)
      else { continue }
      entries.append(TreeEntry(name, .file(Array(data), mode: 0o644)))
    }
    return entries
  }

  static func input(
    _ app: AppSection = Shop.app, lock: Lock = Shop.lock, env: [String: String] = [:]
  ) -> RenderInput {
    var profile = Profile(scope: .project("/shop"), name: "shop", layers: [source.layer])
    profile.app = Sourced(app, source)
    profile.env = (["DJANGO_SETTINGS_MODULE": "shop.settings"].merging(env) { $1 })
      .mapValues { Sourced($0, source) }
    profile.tools["black"] = Sourced(ToolSection(), source)
    profile.tools["isort"] = Sourced(ToolSection(), source)
    return RenderInput(
      profile: profile, lock: lock, lockDigest: Digest(of: "lock"), template: template,
      templateFolder: "templates/django", rootListing: ["manage.py", "outfit.yaml"])
  }
}
