import OutfitSystem
import SystemPackage
import Testing

/// The distribution's source of CPython, had by somebody who is not root. Compiling it is `make test-source`.
@Suite(.timeLimit(.minutes(15)))
struct SourceTests {
  /// Upstream's tarball of 3.13.5, which Debian's source package holds unchanged.
  private static let digest = "93e583f243454e6e9e4588ca2c2662206ad961659863277afcdb96801647d640"

  /// What apt itself knows and is told.
  private static let ofApt =
    "find /etc/apt /var/lib/apt /var/cache/apt -type f -exec stat -c '%n %Y %Z' {} + 2>/dev/null | sort | sha256sum"

  @Test func aptServesWithoutRootAndWhatIsMissingIsNamedFirst() async throws {
    let machine = try Machine()
    for program in ["/usr/bin/apt-get", "/usr/bin/setpriv", "/usr/bin/unshare"]
    where !machine.files.exists(FilePath(program)) {
      print("SKIPPED: this machine has no \(program)")
      return
    }
    guard try await machine.run("/usr/bin/id", ["-u"]).outputText == "0\n" else {
      print("SKIPPED: only root can hide headers, and become somebody else")
      return
    }
    let before = try await machine.run("/bin/sh", ["-c", Self.ofApt]).outputText
    try machine.write(
      "p/outfit.yaml", "profile: c\ninterpreters: {python: {versions: [\"3.13.5\"], providers: [source]}}\n")
    let owned = try await machine.run(
      "/bin/sh", ["-c", "chmod 711 .. . && chown -R 65534:65534 . && chmod 755 /tmp/outfit-tests"])
    try #require(owned.succeeded, "\(owned.errorText)")
    /// As nobody; `setup` is root's, in a mount namespace of its own.
    func run(_ command: String, setup: String = ":") async throws -> Completion {
      let drop = "exec setpriv --reuid 65534 --regid 65534 --clear-groups sh -c"
      return try await machine.run(
        "/usr/bin/unshare", ["-m", "sh", "-c", "\(setup) && \(drop) \"$0\"", command], at: "p",
        setting: [
          "XDG_CACHE_HOME": machine.home.appending(".cache").string,
          "OUTFIT": Machine.build.appending("outfit").string,
        ])
    }

    let locked = try await run("$OUTFIT trust && $OUTFIT lock")
    guard let lock = try machine.read("p/outfit.lock") else {
      // Only where apt has no archive to ask.
      let reached = try await machine.run(
        "/bin/sh",
        [
          "-c",
          "timeout 20 apt-get -o Dir::State=\(machine.home)/apt -o Dir::Cache=\(machine.home)/apt --print-uris update >/dev/null",
        ])
      #expect(!reached.succeeded || locked.errorText.contains("nor its source"), "\(locked.errorText)")
      print("SKIPPED: no archive of the distribution has the source of Python 3.13.5: \(locked.errorText)")
      return
    }
    #expect(lock.contains("provider: source") && lock.contains("sha256:\(Self.digest)"), "\(lock)")

    // Nothing is downloaded, and no compiler started, for what can't be built.
    let hidden = try await run(
      "$OUTFIT up", setup: "mount -t tmpfs none /usr/include && mount -t tmpfs none /usr/local/include")
    #expect(hidden.status == 1)
    for part in [
      "Python 3.13.5 can't be built from source here: this machine lacks", "OpenSSL's headers (ssl)",
      "apt-get install --no-install-recommends",
      "libssl-dev libsqlite3-dev libffi-dev zlib1g-dev liblzma-dev",
    ] { #expect(hidden.errorText.contains(part), "\(hidden.errorText)") }
    #expect(!machine.files.exists(machine.home.appending(".cache/outfit/downloads")))

    // With all that it needs the tarball comes, is checked and unpacked; then the test ends it.
    let needs = ["openssl/ssl.h", "sqlite3.h", "zlib.h", "lzma.h", "stdio.h"]
    if needs.allSatisfy({ machine.files.exists(FilePath("/usr/include/\($0)")) }) {
      let unpacked = try await run(
        """
        $OUTFIT up & up=$!
        for i in $(seq 600); do
          sleep 0.1
          set -- ~/.cache/outfit/scratch/*/python/config.log
          if [ -e "$1" ]; then break; fi
          kill -0 $up || break
        done
        ls ~/.cache/outfit/scratch/*/python/configure ~/.cache/outfit/scratch/*/python/Lib/ssl.py; id -u
        kill -INT $up
        wait $up
        """)
      #expect(unpacked.status == 130, "\(unpacked.errorText)")
      #expect(
        unpacked.outputText.contains("/python/configure\n") && unpacked.outputText.contains("65534"),
        "\(unpacked.outputText)")
      let left = (try? machine.files.list(machine.home.appending(".cache/outfit/scratch"))) ?? []
      #expect(left.isEmpty, "\(left)")
    } else {
      print("SKIPPED in part: what CPython is compiled with is not here (see the message of `outfit up`)")
    }
    #expect(try await machine.run("/bin/sh", ["-c", Self.ofApt]).outputText == before)
  }
}
