import OutfitConsent
import OutfitCore
import OutfitFetch
import OutfitProfile
import OutfitRender
import OutfitSystem
import SystemPackage

/// The distribution's packages of a project's image (`app.packages`), pinned to the files that its archives have.
struct DistributionPins {
  private let host: Host
  private let wish: RenderSession.PackageWish
  private let downloads: Downloads

  /// Where the archives are: `OUTFIT_DEBIAN_MIRROR`, or Debian's own host.
  static let mirrorVariable = "OUTFIT_DEBIAN_MIRROR"
  private static let origin = "https://deb.debian.org"

  private init(_ wish: RenderSession.PackageWish, _ host: Host) {
    self.host = host
    self.wish = wish
    downloads = Downloads(host: host, libraries: Installation.locate(host).libraries)
  }

  /// Pins what is not pinned as the manifest wants it, and lets go of what nothing wants.
  /// - Returns: what could not be pinned; an error where the manifest names a package.
  static func resolve(
    _ lock: inout Lock, before: Lock, _ consented: Consented, _ session: Session
  ) async throws -> [Diagnostic] {
    guard let wish = try ImagePins.renderer(consented.profile, lock, session.host)?.packageWish() else {
      lock.imagePackages = nil
      return []
    }
    guard let release = wish.release else {
      lock.imagePackages = nil
      return wish.isExplicit ? [wish.unknownRelease] : []
    }
    if let present = lock.imagePackages, wish.isMet(by: present) { return [] }
    lock.imagePackages = nil
    do {
      lock.imagePackages = try await Self(wish, session.host).pinned(release, session)
      return []
    } catch is CancellationError {
      throw CancellationError()
    } catch let failure as Failure {
      if let present = before.imagePackages, wish.isMet(by: present) { lock.imagePackages = present }
      return failure.diagnostics.map { diagnostic in
        var diagnostic = diagnostic
        diagnostic.severity = wish.isExplicit ? .error : .warning
        let state = lock.imagePackages == nil ? "unresolved" : "as they were"
        diagnostic.message = "the packages of \(wish.base) stay \(state): \(diagnostic.message)"
        return diagnostic
      }
    }
  }

  private func pinned(_ release: String, _ session: Session) async throws -> LockedImagePackages {
    // What a list says is believed, so that nobody may change it on its way.
    guard
      mirror.hasPrefix("https://") || mirror.hasPrefix("file:///") || mirror.hasPrefix("http://127.0.0.1:")
    else {
      throw Failure(
        "\(Self.mirrorVariable) is \(mirror)", hint: "write https://host, the folder above debian/",
        status: .usage)
    }
    let progress = TerminalProgress(host: host)
    let name = "Debian \(release)'s lists of packages"
    progress.started(id: name, label: name)
    defer { progress.finished(id: name) }
    let suites = DebianRelease.suites(release)
    var locked = LockedImagePackages(
      base: wish.base, run: wish.run, build: wish.build, development: wish.development)
    var states: [(suite: DebianRelease.Suite, contents: DebianRelease.Contents)] = []
    for suite in suites {
      let document = try await downloads.document(
        addresses: ["\(mirror)/\(suite.path)/InRelease"], limit: 8 << 20)
      guard let contents = DebianRelease.contents(String(decoding: document.bytes, as: UTF8.self), of: suite)
      else {
        throw Failure(
          "\(document.address) is not what Debian's archive says of \(suite.name)",
          hint: "see what answers there; \(Self.mirrorVariable) names another mirror")
      }
      states.append((suite, contents))
      locked.snapshots[suite.archive] = [locked.snapshots[suite.archive], contents.snapshot].compactMap(
        \.self
      )
      .max()
    }
    for architecture in wish.architectures {
      var index = DebianIndex()
      for (suite, contents) in states {
        index.add(try await list(suite, contents, architecture), archive: suite.archive)
      }
      do throws(DebianSelection.Lack) {
        locked.files["linux-\(architecture)"] = try DebianSelection.packages(
          run: wish.run, build: wish.build, development: wish.development, in: index)
      } catch {
        throw lack(error, release, architecture, index)
      }
    }
    return locked
  }

  private var mirror: String { Self.mirror(host) }

  /// Where the archives are.
  static func mirror(_ host: Host) -> String {
    let own = host.environment[mirrorVariable].flatMap { $0.isEmpty ? nil : $0 } ?? origin
    return String(own.reversed().drop { $0 == "/" }.reversed())
  }

  private func lack(
    _ lack: DebianSelection.Lack, _ release: String, _ architecture: String, _ index: DebianIndex
  ) -> Failure {
    let place = "Debian \(release) for \(architecture)"
    guard lack.of == nil else {
      return Failure(
        "\(lack.of ?? "") needs \(lack.name), which \(place) does not have", at: wish.location,
        hint: "see whether the mirror is whole: \(mirror)")
    }
    return Failure(
      "\(lack.name), of `app.packages`, is not in \(place)", at: wish.location,
      hint: lack.providers.isEmpty
        ? nearest(lack.name, among: index.names.sorted()).map { "did you mean `\($0)`?" }
          ?? "see packages.debian.org for what it is called there"
        : "it is another word for one of several: name " + lack.providers.prefix(6).joined(separator: " or "))
  }

  /// One list, unpacked.
  private func list(
    _ suite: DebianRelease.Suite, _ contents: DebianRelease.Contents, _ architecture: String
  ) async throws -> [UInt8] {
    guard let lists = contents.lists[architecture] else { return [] }
    let decompressors = ["xz": Programs.find("xz", host), "gz": Programs.find("gzip", host)]
    for list in lists {
      let kind = list.path.split(separator: ".").last.map(String.init) ?? ""
      let folder =
        "\(mirror)/\(suite.path)/\(list.path.split(separator: "/").dropLast().joined(separator: "/"))"
      guard ["xz", "gz"].contains(kind) else { continue }
      guard let program = decompressors[kind] ?? nil else { continue }
      let file = try await downloads.fetch(
        addresses: ["\(folder)/by-hash/SHA256/\(list.digest.hex)", "\(mirror)/\(suite.path)/\(list.path)"],
        digest: list.digest, name: "the packages of \(suite.name) for \(architecture)")
      let done = try await host.processes.run(
        Invocation(program, ["-dc", file.string], environment: host.environment))
      guard done.succeeded else {
        throw Failure("\(program) could not unpack \(list.path) of \(suite.name): \(done.errorText)")
      }
      return done.output
    }
    throw Failure(
      "no program here unpacks the list of packages of \(suite.name)",
      hint: "install xz: apt install xz-utils, brew install xz")
  }
}
