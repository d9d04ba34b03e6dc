import OutfitConsent
import OutfitCore
import OutfitEngine
import OutfitFetch
import OutfitProfile
import OutfitRender
import OutfitSystem
import SystemPackage

/// The images of a project's `app`, pinned to the digests that their registries give.
enum ImagePins {
  /// The images that a project's template and manifest name; none where the manifest has no `app`.
  static func names(_ profile: Profile, _ host: Host) throws -> [String] {
    try renderer(profile, Lock(), host)?.images() ?? []
  }

  static func renderer(_ profile: Profile, _ lock: Lock, _ host: Host) -> RenderSession? {
    guard profile.app != nil, case .project(let root) = profile.scope else { return nil }
    return RenderSession(
      host: host, profile: profile, lock: lock, lockDigest: Digest(of: ""), root: root,
      templates: Installation.locate(host).templates)
  }

  /// Pins what has no digest yet and lets go of what nothing names any more.
  /// - Parameter before: the lock as it was: a pin that was to be moved stays where its registry does not answer.
  /// - Returns: what could not be pinned, as warnings: it stays as it was, or `unresolved`.
  static func resolve(
    _ lock: inout Lock, before: Lock, _ consented: Consented, _ session: Session
  ) async throws -> [Diagnostic] {
    let names = try names(consented.profile, session.host)
    lock.images = lock.images.filter { names.contains($0.key) }
    // Whose data was not moved stays, so that nobody forgets which version it is of.
    for name in try renderer(consented.profile, before, session.host)?.heldImages() ?? [] {
      lock.images[name] = before.images[name]
    }
    let open = names.filter { lock.images[$0]?.digest == nil }
    if open.isEmpty { return [] }
    var warnings: [Diagnostic] = []
    for (name, result) in await newest(open, session).sorted(by: { $0.key < $1.key }) {
      switch result {
      case .success(let digest): lock.images[name] = LockedImage(digest: digest)
      case .failure(let failure):
        lock.images[name] = LockedImage(digest: before.images[name]?.digest)
        let state = before.images[name]?.digest == nil ? "unresolved" : "as it was"
        for var diagnostic in failure.diagnostics {
          diagnostic.severity = .warning
          diagnostic.message = "the image \(name) stays \(state): \(diagnostic.message)"
          warnings.append(diagnostic)
        }
      }
    }
    try Task.checkCancellation()
    return warnings
  }

  /// A row for each image, with what its registry gives for the tag now.
  static func outdated(_ consented: Consented, _ lock: Lock, _ session: Session) async throws -> [OutdatedRow]
  {
    let names = try names(consented.profile, session.host).filter { lock.images[$0] != nil }
    func text(_ digest: Digest?) -> String { digest.map { $0.short() } ?? LockFile.unresolved }
    return await newest(names, session).sorted { $0.key < $1.key }.map { name, result in
      let current = text(lock.images[name]?.digest)
      switch result {
      case .success(let digest):
        return OutdatedRow(
          kind: .image, name: name, current: current, wanted: text(digest), latest: text(digest))
      case .failure(let failure):
        return OutdatedRow(
          kind: .image, name: name, current: current, note: failure.diagnostics.first?.message)
      }
    }
  }

  /// What the registries say now, all asked at once.
  private static func newest(
    _ names: [String], _ session: Session
  ) async -> [String: Result<Digest, Failure>] {
    let host = session.host
    let registry = ImageRegistry(host: host, libraries: Installation.locate(host).libraries)
    return await withTaskGroup(of: (String, Result<Digest, Failure>).self) { group in
      for name in names {
        group.addTask {
          guard let image = ImageName(name) else {
            return (name, .failure(Failure("\(name) is no image with a tag", status: .usage)))
          }
          do {
            return (name, .success(try await registry.digest(of: image)))
          } catch let failure as Failure {
            return (name, .failure(failure))
          } catch {
            return (name, .failure(Failure("\(error)")))
          }
        }
      }
      var results: [String: Result<Digest, Failure>] = [:]
      for await (name, result) in group { results[name] = result }
      return results
    }
  }
}
