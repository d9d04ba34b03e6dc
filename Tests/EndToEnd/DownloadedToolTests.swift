import OutfitCore
import OutfitSystem
import Support
import SystemPackage
import Testing

/// Tools that are one download, uv itself among them.
@Suite(.serialized, .timeLimit(.minutes(15)))
struct DownloadedToolTests {
  private let machine: Machine
  private let files = Locked<[String: [UInt8]]>([:])
  private let requests = Locked<[String]>([])
  private let server: LoopbackServer

  init() throws {
    machine = try Machine("downloads")
    let (files, requests) = (files, requests)
    server = try LoopbackServer { request in
      requests.withLock { $0.append(request.target) }
      guard let bytes = files.withLock({ $0[request.target] }) else { return .init(404) }
      return .file(bytes, for: request)
    }
  }

  private var settings: [String: String] {
    ["XDG_CACHE_HOME": machine.home.appending("cache").string, "GITHUB_API_URL": server.address + "/api"]
  }

  private func serve(_ path: String, _ bytes: [UInt8]) { files.withLock { $0[path] = bytes } }
  private func serve(_ path: String, _ text: String) { serve(path, Array(text.utf8)) }

  private func up(_ tools: String, setting: [String: String] = [:]) async throws -> Completion {
    try machine.write("p/outfit.yaml", "profile: p\ntools:\n" + tools)
    return try await machine.outfit("up", "p", "--trust", setting: settings.merging(setting) { $1 })
  }

  /// Packs a tree of HOME with a command of `/bin/sh`, in which `$out` is the archive.
  private func pack(_ command: String) async throws -> [UInt8] {
    let out = machine.home.removingLastComponent().appending("archive-\(UInt32.random(in: 0...UInt32.max))")
    let made = try await machine.run("/bin/sh", ["-c", "out='\(out)'; cd '\(machine.home)'; \(command)"])
    try #require(made.succeeded, "\(made.errorText)")
    return try machine.files.read(out)
  }

  private var platform: String { (try? Host.live().platform.key) ?? "linux-amd64" }
  private var arch: String { platform.split(separator: "-").dropFirst().first.map(String.init) ?? "amd64" }

  @Test func digestsComeFromAFileOfChecksums() async throws {
    let program = "#!/bin/sh\necho kubectl \(machine.home)\n"
    let name = "kubectl-linux-\(arch)"
    serve("/v1.30.0/\(name)", program)
    serve("/v1.30.0/sums", "\(Digest(of: program)) *./\(name)\n\(Digest(of: "x"))  kubectl-darwin-arm64\n")
    let entry = """
        kubectl:
          from: url
          version: "1.30.0"
          url: "\(server.address)/v{version}/kubectl-{os}-{arch}"
          checksums: "\(server.address)/v{version}/sums"

      """
    let done = try await up(entry)
    #expect(done.status == 0, "\(done.errorText)")
    #expect(try await machine.login("kubectl").outputText == "kubectl \(machine.home)\n")
    let lock = try machine.read(".local/state/outfit/machine/outfit.lock") ?? ""
    #expect(lock.contains("macos-arm64") && lock.contains("\(Digest(of: program))"), "\(lock)")

    // Another program at the same address is not had, whatever its checksum is now.
    serve("/v1.30.0/\(name)", "#!/bin/sh\necho evil\n")
    try machine.files.removeTree(machine.home.pushing(".local/share/outfit/store"))
    try machine.files.removeTree(machine.home.appending("cache"))
    let evil = try await up(entry)
    #expect(evil.status == 1, "\(evil.errorText)")
    #expect(evil.errorText.contains("kubectl"), "\(evil.errorText)")

    serve("/v1.30.0/sums", "\(Digest(of: "x"))  kubectl-plan9-\(arch)\n")
    let lacking = try await up(entry + "    names: {linux: linus}\n")
    #expect(lacking.status == 2, "\(lacking.errorText)")
    #expect(
      lacking.errorText.contains("has no sha256 of kubectl-linus-\(arch)")
        && lacking.errorText.contains("it has those of kubectl-plan9-\(arch)"), "\(lacking.errorText)")
  }

  /// From the first word to the last, as it is typed.
  @Test func aPersonInstallsMovesAndUninstalls() async throws {
    func tool(_ words: [String]) async throws -> Completion {
      try await machine.run(Machine.build.appending("outfit"), ["tool"] + words, setting: settings)
    }
    func manifest() throws -> String { try machine.read(".config/outfit/outfit.yaml") ?? "" }
    func lock() throws -> String { try machine.read(".config/outfit/outfit.lock") ?? "" }
    for version in ["1.30.0", "1.31.0"] {
      let program = "#!/bin/sh\necho kubectl \(version) $1\n"
      serve("/v\(version)/kubectl-linux-\(arch)", program)
      serve("/v\(version)/kubectl-linux-\(arch).sha256", "\(Digest(of: program))\n")
    }
    let address = "\(server.address)/v{version}/kubectl-{os}-{arch}"
    let from = ["--from", "url", "--url", address]
    for (words, expected) in [
      (["install", "kubectl@1.30.0"] + from, "--sha256 linux-amd64=DIGEST"),
      (["install", "kubectl@1.30.0", "--from", "url"], "needs --url ADDRESS"),
      (["install", "kubectl@1.30.0", "--url", address], "go with --from url"),
      (["install", "kubectl"] + from + ["--checksums", address], "one exact version"),
      (["install", "kubectl@1.*"] + from + ["--checksums", address], "one exact version"),
      (["install", "kubectl@1.30.0"] + from + ["--sha256", "abc"], "PLATFORM=DIGEST"),
      (
        ["install", "kubectl@1.30.0"] + from + ["--sha256", "linux-amd46=\(Digest(of: "x"))"], "linux-amd64"
      ),
    ] {
      let refused = try await tool(words)
      #expect(refused.status == 2, "\(words): \(refused.errorText)")
      #expect(refused.errorText.contains(expected), "\(words): \(refused.errorText)")
      #expect(try manifest() == "")
    }

    let installed = try await tool(
      ["install", "kubectl@1.30.0"] + from + ["--checksums", address + ".sha256"])
    #expect(installed.status == 0, "\(installed.errorText)")
    #expect(installed.outputText.hasPrefix("installed kubectl 1.30.0: kubectl"), "\(installed.outputText)")
    let entry = """
        kubectl:
          version: "1.30.0"
          from: url
          url: "\(address)"
          checksums: "\(address).sha256"

      """
    #expect(try manifest().hasSuffix("tools:\n\(entry)"))
    #expect(try lock().contains("\(Digest(of: "#!/bin/sh\necho kubectl 1.30.0 $1\n"))"))
    #expect(try await machine.login("kubectl get").outputText == "kubectl 1.30.0 get\n")
    let list = try await tool(["list", "--json"])
    for part in ["\"from\": \"url\"", "\"version\": \"1.30.0\"", "\"installed\": true"] {
      #expect(list.outputText.contains(part), "\(part): \(list.outputText)")
    }

    let pinned = try await tool(["upgrade", "kubectl"])
    #expect(pinned.status == 2)
    #expect(pinned.errorText.contains("outfit tool install kubectl@VERSION"), "\(pinned.errorText)")
    let moved = try await tool(["install", "kubectl@1.31.0"])
    #expect(moved.status == 0, "\(moved.errorText)")
    #expect(try await machine.login("kubectl get").outputText == "kubectl 1.31.0 get\n")

    // Digests in the manifest are those of one version.
    let digest = "\(platform)=\(Digest(of: "#!/bin/sh\necho kubectl 1.30.0 $1\n"))"
    let back = try await tool(["install", "kubectl@1.30.0"] + from + ["--sha256", digest])
    #expect(back.status == 0, "\(back.errorText)")
    #expect(try !manifest().contains("checksums"))
    #expect(try await machine.login("kubectl get").outputText == "kubectl 1.30.0 get\n")
    let stale = try await tool(["install", "kubectl@1.31.0"])
    #expect(stale.status == 2, "\(stale.errorText)")
    #expect(stale.errorText.contains("the digests in the manifest are those of 1.30.0"), "\(stale.errorText)")

    let gone = try await tool(["uninstall", "kubectl"])
    #expect(gone.status == 0, "\(gone.errorText)")
    #expect(try !manifest().contains("kubectl") && !lock().contains("kubectl"))
    #expect(!machine.files.exists(machine.home.appending(".local/share/outfit/bin/kubectl")))

    let program = "#!/bin/sh\necho lint\n"
    serve("/acme/lint/releases/download/v1.2.0/lint-Linux", program)
    serve(
      "/api/repos/acme/lint/releases/tags/v1.2.0",
      """
      {"tag_name": "v1.2.0", "assets": [{"name": "lint-Linux", "digest": "sha256:\(Digest(of: program))",
        "browser_download_url": "\(server.address)/dl/lint-Linux"}]}
      """)
    let release = try await tool(
      ["install", "lint@1.2.0", "--from", "url", "--github", "acme/lint", "--asset", "lint-{system}"])
    #expect(release.status == 0, "\(release.errorText)")
    #expect(try await machine.login("lint").outputText == "lint\n")
  }

  @Test func digestsComeFromAReleaseOfGitHub() async throws {
    try machine.write("tree/lint-1.2/lint-x86", "#!/bin/sh\necho lint\n", mode: 0o755)
    try machine.write("tree/lint-1.2/README.md", "read\n")
    let archive = try await pack("tar -C tree -cJf \"$out\" lint-1.2")
    serve("/acme/lint/releases/download/v1.2.0/lint-Linux.tar.xz", archive)
    serve(
      "/api/repos/acme/lint/releases/tags/v1.2.0",
      """
      {"tag_name": "v1.2.0", "assets": [{"name": "lint-Linux.tar.xz", "digest": "sha256:\(Digest(of: archive))",
        "browser_download_url": "\(server.address)/dl/lint-Linux.tar.xz"},
        {"name": "lint-Darwin.tar.xz", "digest": null, "browser_download_url": "\(server.address)/dl/x"}]}
      """)
    let entry =
      "  lint: {from: url, version: \"1.2.0\", github: acme/lint, asset: \"lint-{system}.tar.xz\"}\n"
    let done = try await up(entry)
    #expect(done.status == 0, "\(done.errorText)")
    #expect(try await machine.login("lint").outputText == "lint\n")
    let wrong = try await up(
      "  lint: {from: url, version: \"1.2.0\", github: acme/lint, asset: \"lint-{os}.tar.xz\"}\n")
    #expect(wrong.status == 2)
    #expect(
      wrong.errorText.contains("the release has no file lint-linux.tar.xz")
        && wrong.errorText.contains("did you mean lint-Linux.tar.xz?"), "\(wrong.errorText)")
    let absent = try await up(
      "  lint: {from: url, version: \"9.9.9\", github: acme/lint, asset: \"lint-{os}.tar.xz\"}\n")
    #expect(absent.status == 1)
    #expect(absent.errorText.contains("the release v9.9.9 or 9.9.9 of acme/lint"), "\(absent.errorText)")
  }

  private static var hasZstd: Bool {
    (try? Host.live().files.exists("/usr/bin/zstd")) ?? false
  }

  @Test(.enabled(if: hasZstd, "zstd is not installed: apt-get install zstd"))
  func anArchiveMayBeCompressedByZstandard() async throws {
    try machine.write("tree/tool-1.0/bin/tool", "#!/bin/sh\necho tool\n", mode: 0o755)
    let archive = try await pack("tar -C tree -cf - tool-1.0 | zstd -q -c >\"$out\"")
    serve("/tool.tar.zst", archive)
    let done = try await up(
      "  tool: {from: url, version: \"1.0.0\", url: \"\(server.address)/tool.tar.zst\", "
        + "sha256: {\(platform): \"\(Digest(of: archive))\"}}\n")
    #expect(done.status == 0, "\(done.errorText)")
    #expect(try await machine.login("tool").outputText == "tool\n")
  }

  @Test func archivesWithoutTheProgramAndHostileOnesAreRefused() async throws {
    try machine.write("tree/docs/README", "read\n")
    let empty = try await pack("tar -C tree -cf - docs | gzip >\"$out\"")
    let hostile = try await pack(
      """
      python3 -I -c 'import sys, zipfile
      with zipfile.ZipFile(sys.argv[1], "w") as z:
          z.writestr("tool", "#!/bin/sh\\n"); z.writestr("../../../../evil", "x")' "$out"
      """)
    serve("/empty.tgz", empty)
    serve("/hostile.zip", hostile)
    func entry(_ name: String, _ bytes: [UInt8]) -> String {
      "  tool: {from: url, version: \"1.0.0\", url: \"\(server.address)/\(name)\", sha256: {\(platform): \"\(Digest(of: bytes))\"}}\n"
    }
    let without = try await up(entry("empty.tgz", empty))
    #expect(without.status == 1)
    #expect(
      without.errorText.contains("empty.tgz holds no program named tool")
        && without.errorText.contains("it holds docs/README"), "\(without.errorText)")
    let refused = try await up(entry("hostile.zip", hostile))
    #expect(refused.status == 1)
    #expect(refused.errorText.contains("is refused"), "\(refused.errorText)")
    let escaped = try await machine.run("/usr/bin/find", [machine.home.string, "-name", "evil"])
    #expect(escaped.outputText == "")
    let elsewhere = try await up(
      "  tool: {from: url, version: \"1.0.0\", url: \"\(server.address)/x\", sha256: {macos-arm64: \"\(Digest(of: "x"))\"}}\n"
    )
    #expect(elsewhere.status == 1)
    #expect(elsewhere.errorText.contains("tool has no sha256 for \(platform)"), "\(elsewhere.errorText)")
  }

  /// The release archive of uv, as a mirror serves it, in place of the wheel.
  @Test func uvIsHadAsItsReleaseArchive() async throws {
    let tools = "  pycowsay: \"0.0.0.2\"\n"
    func up(_ machine: Machine, _ tools: String, _ setting: [String: String] = [:]) async throws -> Completion
    {
      try machine.write(
        "p/outfit.yaml",
        "profile: p\ninterpreters: {python: {versions: [\"3\"], system: true}}\ntools:\n" + tools)
      return try await machine.outfit("up", "p", "--trust", setting: setting)
    }
    let wheel = try await up(machine, tools)
    try #require(wheel.status == 0, "\(wheel.errorText)")
    let triple = "uv-\(arch == "amd64" ? "x86_64" : "aarch64")-unknown-linux-gnu"
    let archive = try await pack(
      """
      mkdir -p t/\(triple) && cp -L .local/share/outfit/store/uv-*/bin/uv t/\(triple)/ && tar -C t -cf - \(triple) \
      | gzip -1 >"$out"
      """)
    let version = "0.13.8"
    serve("/mirror/uv/\(version)/\(triple).tar.gz", archive)
    let other = try Machine("uv-archive")
    let pinned = """
        uv:
          from: url
          version: "\(version)"
          url: "http://127.0.0.1:9/download/{version}/uv-{machine}-unknown-linux-gnu.tar.gz"
          sha256: {\(platform): "\(Digest(of: archive))"}

      """
    let setting = [
      "OUTFIT_MIRROR": server.address + "/mirror", "XDG_CACHE_HOME": other.home.appending("cache").string,
    ]
    let done = try await up(other, tools + pinned, setting)
    #expect(done.status == 0, "\(done.errorText)")
    #expect(requests.withLock { $0 } == ["/mirror/uv/\(version)/\(triple).tar.gz"])
    let store = try other.files.list(other.home.pushing(".local/share/outfit/store"))
    #expect(store.filter { $0.hasPrefix("uv-") }.count == 1, "\(store)")
    #expect(try await other.login("pycowsay moo; uv --version").outputText.contains("uv \(version)"))
    serve("/mirror/uv/\(version)/\(triple).tar.gz", archive + [0])
    let third = try Machine("uv-archive-wrong")
    let wrong = try await up(
      third, tools + pinned,
      setting.merging(["XDG_CACHE_HOME": third.home.appending("cache").string]) { $1 })
    #expect(wrong.status == 1, "\(wrong.errorText)")
    #expect(try third.files.list(third.home.pushing(".local/share/outfit/store")) == [])
  }
}
