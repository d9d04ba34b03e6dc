import OutfitCore
import OutfitSystem
import Support
import SystemPackage
import Testing

/// Node as nodejs.org publishes it, from a mirror on the loopback interface. It is made of this machine's own.
@Suite(.serialized, .timeLimit(.minutes(15)))
struct NodeReleaseTests {
  /// Puts `index.json`, `vX/SHASUMS256.txt` and `vX/node-vX-linux-x64.tar.gz` into `node/` of a folder.
  private static let packing = """
    set -eu
    node=$(command -v node) npm=$(command -v npm)
    npm=$(dirname "$(dirname "$(readlink -f "$npm")")")
    [ -f "$npm/bin/npm-cli.js" ] && [ -f "$npm/bin/npx-cli.js" ] && [ -d "$npm/node_modules" ]
    version=$("$node" --version)
    case $(uname -m) in x86_64) machine=x64 ;; *) machine=arm64 ;; esac
    name=node-$version-linux-$machine
    mkdir -p "$1/work/$name/bin" "$1/work/$name/lib/node_modules" "$1/node/$version"
    cp -L "$node" "$1/work/$name/bin/node"
    cp -RL "$npm" "$1/work/$name/lib/node_modules/npm"
    corepack=$(dirname "$npm")/corepack
    if [ -d "$corepack" ]; then cp -RL "$corepack" "$1/work/$name/lib/node_modules/corepack"; fi
    ln -s ../lib/node_modules/npm/bin/npm-cli.js "$1/work/$name/bin/npm"
    ln -s ../lib/node_modules/npm/bin/npx-cli.js "$1/work/$name/bin/npx"
    tar -C "$1/work" -cf - "$name" | gzip -1 > "$1/node/$version/$name.tar.gz"
    (cd "$1/node/$version" && sha256sum "$name.tar.gz" > SHASUMS256.txt)
    printf '[{"version":"v99.0.0","lts":false},{"version":"%s","lts":"Iron"}]' "$version" > "$1/node/index.json"
    rm -rf "$1/work"
    echo "$version $name"
    """

  @Test func nodeComesFromItsReleaseAndIsWhole() async throws {
    let machine = try Machine()
    let folder = machine.home.removingLastComponent().appending("mirror")
    let made = try await machine.run("/bin/sh", ["-c", Self.packing, "sh", folder.string])
    let words = made.outputText.split(whereSeparator: \.isWhitespace).map(String.init)
    guard made.succeeded, words.count == 2 else {
      print("skipped: this machine has no Node with npm (apt-get install nodejs npm)")
      return
    }
    let (version, name) = (words[0], words[1])
    let server = try LoopbackServer { request in
      guard !request.target.contains(".."),
        let bytes = try? machine.files.read(FilePath(folder.string + request.target))
      else { return LoopbackServer.Reply(404) }
      return .file(bytes, for: request)
    }
    try machine.write(
      "p/outfit.yaml",
      "profile: p\ninterpreters: {node: {versions: [\"\(version.dropFirst().prefix { $0 != "." })\"], providers: [prebuilt]}}\n"
    )
    let settings = [
      "XDG_CACHE_HOME": machine.home.appending(".cache").string, "OUTFIT_MIRROR": server.address,
    ]
    let up = try await machine.outfit("up", "--trust", at: "p", setting: settings)
    try #require(up.status == 0, "\(up.errorText)")
    let archive = "/node/\(version)/\(name).tar.gz"
    #expect(
      Set(server.requests.map(\.target)) == ["/node/index.json", "/node/\(version)/SHASUMS256.txt", archive])
    let lock = try machine.files.text(machine.home.appending("p").appending("outfit.lock")) ?? ""
    let bytes = try machine.files.read(FilePath(folder.string + archive))
    #expect(lock.contains("\(Digest(of: bytes))"), "\(lock)")

    let bin = machine.home.appending(".local/share/outfit/bin")
    let said = try await machine.run(bin.appending("node"), ["--print", "process.version"], at: "p")
    #expect(said.outputText == "\(version)\n", "\(said.errorText)")
    let npm = try await machine.run(bin.appending("npm"), ["--version"], at: "p")
    #expect(npm.succeeded && npm.outputText.contains("."), "\(npm.errorText)")
    let global = try await machine.run(bin.appending("npm"), ["install", "-g", "x"], at: "p")
    #expect(global.errorText.contains("outfit tool install NAME --from npm"), "\(global.errorText)")

    // corepack goes on, but puts nothing beside our commands.
    if machine.files.exists(bin.appending("corepack")) {
      let commands = try machine.files.list(bin)
      // Chosen by the project, and by a file.
      try machine.write("p/deep/.nvmrc", String(version.dropFirst()) + "\n")
      for (folder, verb) in [("p", "enable"), ("p", "disable"), ("p/deep", "enable")] {
        let done = try await machine.run(bin.appending("corepack"), [verb], at: folder)
        #expect(done.status == 1, "\(done.errorText)")
        #expect(
          done.errorText.hasPrefix("outfit: corepack \(verb) would change the folder of Outfit's commands"),
          "\(done.errorText)")
        #expect(done.errorText.contains(" everywhere: outfit tool install pnpm --from npm\n"))
      }
      #expect(try machine.files.list(bin) == commands)
      let corepack = try await machine.run(bin.appending("corepack"), ["--version"], at: "p")
      #expect(corepack.succeeded && corepack.outputText.contains("."), "\(corepack.errorText)")
      let mine = machine.home.appending("mine")
      try machine.files.createDirectories(mine)
      let elsewhere = try await machine.run(
        bin.appending("corepack"), ["enable", "--install-directory", mine.string], at: "p")
      #expect(elsewhere.succeeded, "\(elsewhere.errorText)")
      #expect(try machine.files.list(mine).contains("pnpm"))
    } else {
      print("SKIPPED in part: this machine's Node has no corepack")
    }

    // Another archive under the same name is not what the lock pins.
    try machine.files.removeTree(FilePath(folder.string + archive))
    try machine.files.create(FilePath(folder.string + archive), bytes.reversed(), mode: 0o644)
    let other = try await machine.outfit(
      "up", "--trust", at: "p",
      setting: settings.merging(["OUTFIT_HOME": machine.home.appending("other").string]) { $1 })
    #expect(other.status == 1)
    #expect(other.errorText.contains("SHA-256"), "\(other.errorText)")
  }
}
