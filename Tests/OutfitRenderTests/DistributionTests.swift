import OutfitCore
import OutfitEngine
import OutfitProfile
import Testing

@testable import OutfitRender

/// Packages of the distribution: which there are, which are needed, and how an image gets them.
struct DistributionTests {
  @Test func versionsStandInDpkgsOrder() {
    let order = [
      "1.0~rc1-1", "1.0-1", "1.0-1+b1", "1.0-1+deb13u1", "1.0-1+deb13u2", "1.0-1+deb13u10", "1.0a-1",
      "1.0+x-1",
      "1.0.1-1", "1.09-1", "1.10-1", "2-1", "1:0.1-1",
    ]
    for (a, b) in zip(order, order.dropFirst()) {
      #expect(DebianVersion(a) < DebianVersion(b), "\(a) \(b)")
      #expect(!(DebianVersion(b) < DebianVersion(a)), "\(a) \(b)")
    }
    #expect(DebianVersion("1.00-1") == DebianVersion("1.0-01"))
    #expect(DebianVersion("17.6-0+deb13u1").first == DebianVersion("17.6-0"))
    #expect(DebianVersion("3.5.4-1~deb13u1").first == nil)
  }

  @Test(arguments: [
    ("debian:trixie-slim", "trixie"), ("debian:12.5-slim", "bookworm"),
    ("python:3.13-slim-bookworm", "bookworm"),
    ("registry.example.com:5000/team/debian:13@sha256:aa", "trixie"), ("python:3.13-slim", nil),
    ("alpine:3.20", nil), ("node:13", nil), ("ubuntu:24.04", nil), ("debian", nil),
  ])
  func aTagSaysItsRelease(_ image: String, _ release: String?) {
    #expect(DebianRelease.name(ofImage: image) == release)
  }

  @Test func aReleaseSaysItsListsAndItsTime() throws {
    let suite = DebianRelease.suites("trixie")[0]
    let digest = Digest(of: "list")
    let text = """
      Suite: stable
      Codename: trixie
      Date: Tue, 29 Feb 2028 18:30:00 UTC
      MD5Sum:
       aa 12 main/binary-amd64/Packages.xz
      SHA256:
       \(digest.hex) 12 main/binary-amd64/Packages.gz
       \(digest.hex) 12 main/binary-amd64/Packages.xz
       \(digest.hex) 12 contrib/binary-amd64/Packages.xz
      """
    let contents = try #require(DebianRelease.contents(text, of: suite))
    #expect(contents.snapshot == "20280301T063000Z")
    #expect(
      contents.lists["amd64"]?.map(\.path) == [
        "main/binary-amd64/Packages.xz", "main/binary-amd64/Packages.gz",
      ])
    #expect(DebianRelease.contents(text, of: .init(archive: "debian", name: "bookworm")) == nil)
    #expect(DebianRelease.contents("<html>", of: suite) == nil)
  }

  private func index(_ more: String = "") -> DebianIndex {
    func stanza(_ name: String, _ version: String, _ rest: String = "", pool: String = "main") -> String {
      "Package: \(name)\nVersion: \(version)\n\(rest)Filename: pool/\(pool)/x/\(name)_1_amd64.deb\n"
        + "SHA256: \(Digest(of: name + version).hex)\nDescription: x\n\n"
    }
    var index = DebianIndex()
    let main =
      stanza("libc6", "2.41-12+deb13u1", "Priority: optional\n")
      + stanza("apt", "3.0", "Depends: libc6 (>= 2.38)\n")
      + stanza("dpkg", "1.22", "Essential: yes\nPre-Depends: libc6 (>= 2.15)\n")
      + stanza("libpq5", "17.6-1", "Depends: libc6 (>= 2.38), libldap2 (>= 2.6), tool | other-tool\n")
      + stanza("libldap2", "2.6.10", "Depends: libsasl2, virtual-mail\n") + stanza("libsasl2", "2.1")
      + stanza("other-tool", "1") + stanza("postfix", "3", "Provides: virtual-mail, mta (= 2)\n")
      + stanza("gcc", "14", "Depends: libc6-dev, libpq5\n")
      + stanza("libc6-dev", "2.41-12+deb13u1", "Depends: libc6 (= 2.41-12+deb13u1)\n")
      + stanza("newer", "1", "Depends: mta (>= 2), libc6 (>= 2.41-12+deb13u1)\n") + more
    index.add(Array(main.utf8), archive: "debian")
    index.add(Array(stanza("libsasl2", "2.1+deb13u1").utf8), archive: "debian-security")
    return index
  }

  @Test func whatIsNeededIsChosenBesideTheBase() throws {
    let index = index()
    #expect(index.base == ["apt", "dpkg", "libc6"])
    let packages = try DebianSelection.packages(run: ["libpq5"], build: ["gcc"], in: index)
    #expect(
      packages.map { "\($0.use.rawValue) \($0.name)" } == [
        "build gcc", "build libc6", "build libc6-dev", "run libldap2", "run libpq5", "run libsasl2",
        "run other-tool", "run postfix",
      ])
    // What a developer has besides is no part of what is built with, though both need it.
    let three = try DebianSelection.packages(
      run: ["libsasl2"], build: ["libpq5"], development: ["gcc"], in: index)
    #expect(
      three.map { "\($0.use.rawValue) \($0.name)" } == [
        "dev gcc", "dev libc6", "dev libc6-dev", "build libldap2", "dev libldap2", "build libpq5",
        "dev libpq5", "run libsasl2", "build other-tool", "dev other-tool", "build postfix", "dev postfix",
      ])
    let sasl = try #require(packages.first { $0.name == "libsasl2" })
    #expect(sasl.version == "2.1+deb13u1" && sasl.archive == "debian-security")
    #expect(sasl.digest == Digest(of: "libsasl22.1+deb13u1"))
    // A base of the release's first day would be too old.
    #expect(
      try DebianSelection.packages(run: ["newer"], build: [], in: index).map(\.name) == [
        "libc6", "newer", "postfix",
      ])
    #expect(throws: DebianSelection.Lack(name: "libpq6")) {
      try DebianSelection.packages(run: ["libpq6"], build: [], in: index)
    }
    #expect(throws: DebianSelection.Lack(name: "virtual-mail", providers: ["postfix"])) {
      try DebianSelection.packages(run: ["virtual-mail"], build: [], in: index)
    }
    let broken = self.index("Package: a\nVersion: 1\nDepends: gone\nFilename: pool/x/a/a.deb\n")
    #expect(throws: DebianSelection.Lack(name: "gone", of: "a")) {
      try DebianSelection.packages(run: ["a"], build: [], in: broken)
    }
    let hostile = self.index(
      "Package: a\nVersion: 1\nFilename: pool/../../etc/a.deb\nSHA256: \(Digest(of: "").hex)\n")
    #expect(throws: DebianSelection.Lack.self) {
      try DebianSelection.packages(run: ["a"], build: [], in: hostile)
    }
  }

  // MARK: - The image

  static var locked: LockedImagePackages {
    func file(_ name: String, _ architecture: String, build: Bool = false) -> LockedImagePackage {
      LockedImagePackage(
        name: name, version: "1.2", path: "debian/pool/main/x/\(name)_1.2_\(architecture).deb",
        digest: Digest(of: name + architecture), use: build ? .build : .run)
    }
    var locked = LockedImagePackages(
      base: "debian:trixie-slim", run: ["ca-certificates", "libpq5"], build: ["gcc"],
      snapshots: ["debian": "20261121T211544Z", "debian-security": "20261128T145301Z"])
    for architecture in ["amd64", "arm64"] {
      locked.files["linux-\(architecture)"] = [
        file("ca-certificates", architecture), file("gcc", architecture, build: true),
        file("libpq5", architecture),
      ]
    }
    return locked
  }

  static var lock: Lock {
    var lock = Kustomize.pinned
    lock.imagePackages = locked
    lock.virtualenv?.requirements += "\nuwsgi==2.0.31 \\\n    --hash=sha256:\(Digest(of: "uwsgi").hex)\n"
    lock.virtualenv?.sourceOnly = ["uwsgi"]
    lock.virtualenv?.notInImages = ["uwsgi"]
    lock.virtualenv?.builds = ["uwsgi": "setuptools==80.0 --hash=sha256:\(Digest(of: "setuptools").hex)\n"]
    return lock
  }

  static var app: AppSection {
    var app = Shop.app
    app.packages = .init(run: ["libpq5"], build: ["gcc"])
    return app
  }

  @Test func theImageInstallsJustThose() throws {
    let rendering = try Render.files(Shop.input(Self.app, lock: Self.lock))
    let files = Dictionary(uniqueKeysWithValues: rendering.files.map { ($0.path, $0.content) })
    let list = try #require(files["docker/packages.txt"])
    #expect(
      list.contains("\namd64 run \(Digest(of: "libpq5amd64").hex) debian pool/main/x/libpq5_1.2_amd64.deb\n"))
    #expect(
      list.contains("\narm64 build \(Digest(of: "gccarm64").hex) debian pool/main/x/gcc_1.2_arm64.deb\n"))
    let dockerfile = try #require(files["Dockerfile"])
    #expect(
      dockerfile.contains("ARG DEBIAN_MIRROR=http://snapshot.debian.org/archive/debian/20261121T211544Z\n"))
    #expect(dockerfile.contains("\nFROM system AS deploy\n"))
    #expect(dockerfile.contains("wheel uwsgi --require-hashes\n"))
    #expect(files["docker/requirements.txt"]?.contains("uwsgi") == false)
    #expect(files["docker/sources/uwsgi/package.txt"]?.contains(Digest(of: "uwsgi").hex) == true)
    #expect(files["docker/sources/uwsgi/build.txt"]?.contains("setuptools==80.0") == true)
    #expect(rendering.diagnostics == [])
  }

  @Test func whatTheLockLacksIsSaid() throws {
    func refusal(_ change: (inout AppSection, inout Lock) -> Void) -> String {
      var (app, lock) = (Self.app, Self.lock)
      change(&app, &lock)
      do {
        _ = try Render.files(Shop.input(app, lock: lock))
        return "none"
      } catch {
        return error.diagnostics.map { "\($0.message): \($0.hint ?? "")" }.joined(separator: "; ")
      }
    }
    let added: String = refusal { app, _ in app.packages.run.append("gettext") }
    #expect(added.contains("run `outfit lock`"))
    let based: String = refusal { app, _ in app.base = "python:3.13-slim" }
    #expect(based.contains("which release of Debian"))
    let unbuilt: String = refusal { _, lock in lock.virtualenv?.builds = [:] }
    #expect(unbuilt.contains("outfit update virtualenv"))
    let unlocked: String = refusal { _, lock in lock.virtualenv?.requirements = "" }
    #expect(unlocked.contains("build: [uwsgi]"))
    let wheel: String = refusal { _, lock in
      lock.virtualenv?.wheels = ["wheels/a.whl": Digest(of: "")]
      lock.virtualenv?.notInImages = ["wheels/a.whl"]
    }
    #expect(wheel.contains("lies in the project as a wheel"))
    var lock = Self.lock
    lock.imagePackages = nil
    lock.virtualenv?.notInImages = []
    let warned = try Render.files(Shop.input(lock: lock)).diagnostics
    #expect(warned.contains { $0.message.contains("no certificates") })
  }

  @Test func parityHoldsThemAgainstTheLock() async throws {
    try #require(Kustomize.kubectl != nil)
    let input = try await Kustomize.input(Self.app, lock: Self.lock)
    let rows = Parity.check(input).rows
    #expect(rows.filter { $0.verdict != .proved && !$0.id.hasPrefix("laptop") } == [])
    #expect(rows.first { $0.id == "dockerfile.system" }?.detail == "2 packages, by digest")
    func failed(_ path: String, _ change: (String) -> String) throws -> Set<String> {
      var input = input
      let found = try #require(input.files.found[path])
      input.files.found[path]?.content = change(found.content)
      try #require(input.files.found[path]?.content != found.content)
      return Set(
        Parity.check(input).rows.filter { $0.verdict == .failed && !$0.id.hasPrefix("laptop") }.map(\.id))
    }
    #expect(
      try failed("docker/packages.txt") { $0.replacing("libpq5_1.2_amd64", with: "libpq5_1.1_amd64") }
        == ["files.rendered", "dockerfile.system"])
    #expect(
      try failed("docker/sources/uwsgi/package.txt") { $0.replacing("2.0.31", with: "2.0.30") }
        == ["files.rendered", "dockerfile.packages"])
    #expect(
      try failed("Dockerfile") {
        $0.replacing("/mnt/run/*.deb >", with: "/mnt/run/*.deb curl >")
      }.contains("dockerfile.known"))
    #expect(
      try failed("Dockerfile") {
        $0.replacing(
          "USER 10001:10001\nEXPOSE", with: "RUN apt-get install --yes curl\nUSER 10001:10001\nEXPOSE")
      }.isSuperset(of: ["dockerfile.known", "dockerfile.system"]))
    #expect(
      try failed("Dockerfile") { $0.replacing("[ \"$(sha256sum </mnt/list)\" =", with: "[ x !=") }
        .contains("dockerfile.system"))
  }
}
