import OutfitCore
import OutfitSystem
import Support
import SystemPackage
import Testing

/// What a machine can lack: room, permission, a network, a clock that goes forward.
@Suite(.serialized)
struct AdversityTests {
  /// An Outfit that others than root can run, in a folder that they can enter.
  private func givenAnInstallation(_ machine: Machine) async throws -> String {
    let root = machine.home.removingLastComponent()
    let build = Machine.build
    let done = try await machine.run(
      "/bin/sh",
      [
        "-euc",
        """
        chmod 755 '\(root)' '\(root.removingLastComponent())'
        mkdir -p '\(root)/installed/bin' '\(root)/installed/libexec' '\(root)/installed/share/outfit'
        cp -L '\(build)/outfit' '\(root)/installed/bin/outfit'
        cp -L '\(build)/outfit-shim' '\(root)/installed/libexec/outfit-shim'
        cp -R '\(Machine.checkout)/templates' '\(Machine.checkout)/profiles' '\(root)/installed/share/outfit/'
        """,
      ])
    try #require(done.succeeded, "\(done.errorText)")
    return "\(root)/installed/bin/outfit"
  }

  private func skipped(_ why: String) { print("SKIPPED: \(why)") }

  private var isRoot: Bool { (try? Host.live())?.user.identifier == 0 }

  private func givenDotfiles(_ machine: Machine, _ count: Int, bytes: Int) throws {
    let lines = (0..<count).map { "  .many/f\($0): {copy: files/f\($0)}\n" }
    try machine.write("p/outfit.yaml", "profile: many\ndotfiles:\n  .mine: {copy: mine}\n" + lines.joined())
    try machine.write("p/mine", "theirs\n")
    for index in 0..<count {
      try machine.write("p/files/f\(index)", "\(index) " + String(repeating: "x", count: bytes) + "\n")
    }
  }

  @Test func aFullDiskChangesNothing() async throws {
    let machine = try Machine()
    guard isRoot else { return skipped("a full disk needs a small tmpfs, which needs root") }
    let outfit = try await givenAnInstallation(machine)
    try givenDotfiles(machine, 60, bytes: 20_000)
    // The home is a disk of two megabytes; everything happens in a mount namespace of its own.
    let script = """
      set -u
      small='\(machine.home)/small'
      mkdir -p "$small"
      mount -t tmpfs -o size=2m,mode=755 tmpfs "$small" || { echo no-tmpfs; exit 0; }
      export HOME="$small" XDG_CACHE_HOME=/tmp/outfit-tests/cache
      printf 'precious\\n' > "$HOME/.mine"
      chmod 640 "$HOME/.mine"
      list() { (cd "$HOME" && find . -path ./.local -prune -o -type f -exec stat -c '%a %n' {} + -exec cat {} +); }
      list > /tmp/before.$$
      '\(outfit)' up '\(machine.home)/p' --trust --on-conflict take; echo "first: $?"
      list > /tmp/after.$$
      cmp /tmp/before.$$ /tmp/after.$$ && echo same
      mount -o remount,size=20m "$small"
      '\(outfit)' up '\(machine.home)/p' --trust --on-conflict take; echo "second: $?"
      cat "$HOME/.mine"; ls "$HOME/.many" | wc -l
      '\(outfit)' rollback; echo "back: $?"
      list > /tmp/back.$$
      cmp /tmp/before.$$ /tmp/back.$$ && echo same-again
      rm -f /tmp/before.$$ /tmp/after.$$ /tmp/back.$$
      """
    let done = try await machine.run("/usr/bin/unshare", ["-m", "/bin/sh", "-c", script])
    if done.outputText.contains("no-tmpfs") || done.errorText.contains("unshare") {
      return skipped("no small tmpfs can be mounted here")
    }
    let text = done.outputText + done.errorText
    #expect(text.contains("first: 1\n"), "\(text)")
    #expect(done.errorText.contains("No space left"), "\(text)")
    #expect(text.contains("same\n") && text.contains("second: 0\n"), "\(text)")
    #expect(text.contains("theirs\n60\n") && text.contains("back: 0\n"), "\(text)")
    #expect(text.contains("same-again\n"), "\(text)")
  }

  /// More than `ulimit -f` allows is an error, and not the end; what is started is not kept from ending by it.
  @Test func aLimitOfFilesIsSaid() async throws {
    let machine = try Machine()
    try givenDotfiles(machine, 3, bytes: 20_000)
    let outfit = Machine.build.appending("outfit")
    func limited(_ blocks: Int, _ words: String) async throws -> Completion {
      try await machine.run("/bin/sh", ["-c", "ulimit -f \(blocks); exec '\(outfit)' \(words)"])
    }
    for blocks in [0, 8] {
      let done = try await limited(blocks, "up p --trust --json 2>&1")
      #expect(done.status == 1, "\(blocks): \(done.status) \(done.outputText)")
      #expect(done.outputText.contains("File too large"), "\(done.outputText)")
      #expect(done.outputText.contains("ulimit -f"), "\(done.outputText)")
      #expect(try machine.read(".mine") == nil)
    }
    let up = try await machine.outfit("up", "p", "--trust")
    #expect(up.status == 0, "\(up.errorText)")
    let child = try await limited(0, "exec -- sh -c 'echo x > \(machine.home)/y; echo not here'")
    #expect(child.status != 0 && !child.outputText.contains("not here"), "\(child.outputText)")
  }

  @Test func withoutPermissionOnlyThatFileStays() async throws {
    let machine = try Machine()
    guard isRoot else { return skipped("another user's eyes need root") }
    let outfit = try await givenAnInstallation(machine)
    try givenDotfiles(machine, 5, bytes: 3)
    try machine.write(
      "p/outfit.yaml",
      """
      profile: p
      dotfiles:
        .closed/a: {copy: mine}
        .hidden: {copy: mine}
        .open/b: {copy: mine}

      """)
    try machine.write(".closed/keep", "kept\n")
    try machine.write(".hidden", "hidden\n", mode: 0)
    func asNobody(_ arguments: String) async throws -> Completion {
      try await machine.run(
        "/usr/bin/setpriv",
        ["--reuid=65534", "--regid=65534", "--clear-groups", "/bin/sh", "-c", "'\(outfit)' \(arguments)"],
        setting: ["XDG_CACHE_HOME": "\(machine.home)/.cache", "TMPDIR": "/tmp"])
    }
    let own = try await machine.run(
      "/bin/sh", ["-c", "chown -R 65534:65534 . && chmod 500 .closed && chown root:root .hidden"])
    try #require(own.succeeded, "\(own.errorText)")

    // A home that nothing can be made in: what can be done is said, and `doctor` sees it too.
    _ = try await machine.run("/bin/chmod", ["555", machine.home.string])
    let zeroth = try await asNobody("up p --trust")
    #expect(zeroth.status == 1, "\(zeroth.errorText)")
    #expect(zeroth.errorText.contains("`ls -ld ~"), "\(zeroth.errorText)")
    let doctor = try await asNobody("doctor")
    #expect(doctor.status == 1, "\(doctor.errorText)")
    #expect(doctor.outputText.contains("~ can't be written in by you"), "\(doctor.outputText)")
    _ = try await machine.run("/bin/chmod", ["755", machine.home.string])
    #expect(try await asNobody("doctor").status == 0)

    // A folder that nothing can be written into: nothing at all is changed, and it says which.
    let first = try await asNobody("up p --trust")
    #expect(first.status == 1, "\(first.errorText)")
    #expect(
      first.errorText.contains(".closed") && first.errorText.contains("Permission denied"),
      "\(first.errorText)")
    #expect(try machine.read(".open/b") == nil)
    #expect(try machine.read(".closed/keep") == "kept\n")

    // A file that can't be read stays, is named, and all else goes on.
    _ = try await machine.run("/bin/chmod", ["700", ".closed"])
    let second = try await asNobody("up p --trust")
    #expect(second.status == 4, "\(second.errorText)")
    #expect(second.errorText.contains(".hidden"), "\(second.errorText)")
    #expect(try machine.read(".open/b") == "theirs\n")
    #expect(try machine.read(".hidden") == "hidden\n")

    // State that can't be written: said, and nothing changed.
    _ = try await machine.run("/bin/chmod", ["-R", "500", ".local/state/outfit"])
    try machine.write("p/mine", "newer\n")
    let third = try await asNobody("up p --trust")
    #expect(third.status == 1, "\(third.errorText)")
    #expect(third.errorText.contains("Permission denied"), "\(third.errorText)")
    #expect(try machine.read(".open/b") == "theirs\n")
  }

  @Test func aNetworkThatVanishesLeavesWhatWasThere() async throws {
    let machine = try Machine()
    let good = Array("#!/bin/sh\n# \(machine.home)\necho one\n".utf8)
    let isGone = Locked(false)
    let server = try LoopbackServer { request in
      var reply = LoopbackServer.Reply.file(good, for: request)
      if isGone.withLock({ $0 }) { reply.cutAfter = 5 }
      return reply
    }
    func manifest(_ version: String) -> String {
      """
      profile: p
      tools:
        here:
          from: url
          version: "\(version)"
          url: "\(server.address)/here-{version}"
          sha256: {linux-amd64: "\(Digest(of: good))", linux-arm64: "\(Digest(of: good))"}
      dotfiles:
        .version: {copy: version}

      """
    }
    try machine.write("p/outfit.yaml", manifest("1.0.0"))
    try machine.write("p/version", "1\n")
    let first = try await machine.outfit("up", "p", "--trust")
    #expect(first.status == 0, "\(first.errorText)")
    isGone.withLock { $0 = true }
    let other = Array("#!/bin/sh\n# \(machine.home)\necho two\n".utf8)
    try machine.write(
      "p/outfit.yaml", manifest("2.0.0").replacing("\(Digest(of: good))", with: "\(Digest(of: other))"))
    try machine.write("p/version", "2\n")
    // All or nothing: nothing. Otherwise the tool keeps its version, and the rest goes on.
    let nothing = try await machine.outfit("up", "p", "--trust", "--all-or-nothing")
    #expect(nothing.status == 1, "\(nothing.errorText)")
    #expect(try machine.read(".version") == "1\n")
    let partly = try await machine.outfit("up", "p", "--trust")
    #expect(partly.status == 1, "\(partly.errorText)")
    #expect(try machine.read(".version") == "2\n")
    let ran = try await machine.login("here")
    #expect(ran.outputText == "one\n", "\(ran.errorText)")
    let listed = try await machine.outfit("generations")
    #expect(listed.outputText.contains("incomplete"), "\(listed.outputText)")
  }

  /// The clock of the program alone, set back by a library that is loaded before the C library's own.
  private func givenAClock(_ machine: Machine, secondsBehind: Int) async throws -> String? {
    let source = """
      #define _GNU_SOURCE
      #include <dlfcn.h>
      #include <sys/time.h>
      #include <time.h>
      int clock_gettime(clockid_t id, struct timespec *now) {
        int (*real)(clockid_t, struct timespec *) = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
        int status = real(id, now);
        if (status == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) now->tv_sec -= \(secondsBehind);
        return status;
      }
      time_t time(time_t *out) {
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        if (out) *out = now.tv_sec;
        return now.tv_sec;
      }
      int gettimeofday(struct timeval *restrict now, void *restrict zone) {
        struct timespec exact;
        (void)zone;
        clock_gettime(CLOCK_REALTIME, &exact);
        now->tv_sec = exact.tv_sec;
        now->tv_usec = exact.tv_nsec / 1000;
        return 0;
      }

      """
    let folder = machine.home.removingLastComponent()
    let file = folder.appending("clock.c")
    try machine.files.create(file, Array(source.utf8), mode: 0o644)
    let library = folder.appending("clock.so")
    for compiler in ["/usr/bin/cc", "/usr/bin/gcc", "/usr/bin/clang"]
    where machine.files.exists(FilePath(compiler)) {
      let made = try await machine.run(
        FilePath(compiler), ["-shared", "-fPIC", "-o", library.string, file.string, "-ldl"])
      guard made.succeeded else { continue }
      // It must be felt, or the test would try nothing.
      let felt = try await machine.run("/bin/date", ["+%s"], setting: ["LD_PRELOAD": library.string])
      let now = try await machine.run("/bin/date", ["+%s"])
      func seconds(_ done: Completion) -> Int { Int(done.outputText.filter(\.isNumber)) ?? 0 }
      if abs(seconds(now) - seconds(felt) - secondsBehind) < 600 { return library.string }
    }
    return nil
  }

  @Test func aClockThatGoesBackwardsChangesNothing() async throws {
    let machine = try Machine()
    guard let clock = try await givenAClock(machine, secondsBehind: 400 * 86_400) else {
      return skipped("no C compiler here; CompiledPlanTests has the clock of the host go back instead")
    }
    try givenDotfiles(machine, 5, bytes: 3)
    try machine.write(".mine", "first\n")
    let outfit = Machine.build.appending("outfit")
    let now = try await machine.outfit("up", "p", "--trust", "--on-conflict", "take")
    #expect(now.status == 0, "\(now.errorText)")
    try machine.write("p/mine", "newer\n")
    let then = try await machine.run(outfit, ["up", "p", "--trust"], setting: ["LD_PRELOAD": clock])
    #expect(then.status == 0, "\(then.errorText)")
    #expect(try machine.read(".mine") == "newer\n")
    // The record says when the program believed it was.
    let listed = try await machine.outfit("generations", "--json")
    #expect(listed.status == 0 && listed.outputText.contains("\"number\""), "\(listed.outputText)")
    // An edit at that time is found, and so is one after it.
    try machine.write("p/mine", "newest\n")
    let third = try await machine.run(outfit, ["up", "p", "--trust"], setting: ["LD_PRELOAD": clock])
    #expect(third.status == 0, "\(third.errorText)")
    #expect(try machine.read(".mine") == "newest\n")
    // One back, and forth again.
    for (words, wanted) in [(["rollback"], "newer\n"), (["rollback", "3"], "newest\n")] {
      let back = try await machine.outfit(words)
      #expect(back.status == 0, "\(back.errorText)")
      #expect(try machine.read(".mine") == wanted)
    }
    let beginning = try await machine.run(outfit, ["rollback", "0"], setting: ["LD_PRELOAD": clock])
    #expect(beginning.status == 0, "\(beginning.errorText)")
    #expect(try machine.read(".mine") == "first\n")
  }

  /// Extended attributes and an access list of a file that is replaced, on the real disk.
  @Test func attributesAndAccessListsStayWithAFileAndComeBack() async throws {
    let machine = try Machine()
    let mine = machine.home.appending(".mine")
    try givenDotfiles(machine, 1, bytes: 3)
    try machine.write(".mine", "precious\n", mode: 0o640)
    // Version 2; the owner rw-, the user 65534 r--, the group r--, the mask r--, others ---.
    func entry(_ tag: UInt8, _ bits: UInt8, _ who: [UInt8] = [255, 255, 255, 255]) -> [UInt8] {
      [tag, 0, bits, 0] + who
    }
    let list =
      [2, 0, 0, 0] + entry(1, 6) + entry(2, 4, [0xfe, 0xff, 0, 0]) + entry(4, 4) + entry(16, 4)
      + entry(32, 0)
    try machine.files.setAttributes(
      mine, ["user.note": Array("mine".utf8), "user.empty": [], "system.posix_acl_access": list])
    if isRoot {
      _ = try await machine.run("/bin/chgrp", ["4711", mine.string])
    } else {
      skipped("a file of another group needs root")
    }
    let before = try machine.files.attributes(mine)
    func group() async throws -> String {
      try await machine.run("/usr/bin/stat", ["-c", "%g", mine.string]).outputText
    }
    let itsGroup = try await group()
    #expect(!isRoot || itsGroup == "4711\n")
    guard before["user.note"] != nil else { return skipped("no extended attributes on this disk") }
    if before["system.posix_acl_access"] == nil { skipped("no access lists on this disk") }
    let status = try #require(try machine.files.status(mine, followLinks: false))

    let up = try await machine.outfit("up", "p", "--trust", "--on-conflict", "take")
    #expect(up.status == 0, "\(up.errorText)")
    #expect(try machine.read(".mine") == "theirs\n")
    #expect(try machine.files.attributes(mine)["user.note"] == Array("mine".utf8))
    #expect(try await group() == itsGroup)
    try machine.write("p/mine", "newer\n")
    let second = try await machine.outfit("up", "p", "--trust")
    #expect(second.status == 0, "\(second.errorText)")
    #expect(try await group() == itsGroup)
    let back = try await machine.outfit("rollback", "0")
    #expect(back.status == 0, "\(back.errorText)")
    #expect(try machine.read(".mine") == "precious\n")
    #expect(try machine.files.attributes(mine) == before)
    #expect(try await group() == itsGroup)
    let after = try #require(try machine.files.status(mine, followLinks: false))
    #expect(after.mode == status.mode && after.modified == status.modified)
  }

  @Test func twoProjectsAreBroughtUpSideBySide() async throws {
    let machine = try Machine()
    let body =
      Array("#!/bin/sh\n# \(machine.home)\n".utf8) + Array(repeating: UInt8(ascii: "#"), count: 40_000)
    let server = try LoopbackServer { request in
      var reply = LoopbackServer.Reply.file(body, for: request)
      reply.trickle = (bytes: 10_000, seconds: 0.3)
      return reply
    }
    for name in ["one", "two"] {
      try machine.write(
        "\(name)/outfit.yaml",
        """
        profile: \(name)
        tools:
          tool-\(name):
            from: url
            version: "1.0.0"
            url: "\(server.address)/\(name)"
            sha256: {linux-amd64: "\(Digest(of: body))", linux-arm64: "\(Digest(of: body))"}

        """)
    }
    let statuses = try await withThrowingTaskGroup(of: Completion.self) { group in
      for name in ["one", "two"] {
        group.addTask { try await machine.outfit(["up", "--trust"], at: name) }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(statuses.allSatisfy { $0.status == 0 }, "\(statuses.map(\.errorText))")
    // Only the switches, which take milliseconds, go one after the other.
    #expect(!statuses.contains { $0.errorText.contains("at work on") }, "\(statuses.map(\.errorText))")
    for name in ["one", "two"] {
      let which = try await machine.outfit(["which", "tool-\(name)"], at: name)
      #expect(which.status == 0, "\(which.errorText)")
    }
  }

  @Test func theLockOfADeadProcessIsNoObstacle() async throws {
    let machine = try Machine()
    try givenDotfiles(machine, 5, bytes: 3)
    try machine.write(".local/state/outfit/machine/lock", "4711\n", mode: 0o600)
    try machine.write(".local/state/outfit/switch.lock", "4711\n", mode: 0o600)
    let up = try await machine.run(
      "/usr/bin/timeout", ["20", Machine.build.appending("outfit").string, "up", "p", "--trust"])
    #expect(up.status == 0, "\(up.errorText)")
    #expect(!up.errorText.contains("waiting"), "\(up.errorText)")
  }

  @Test func controlCEndsTheChildrenToo() async throws {
    let machine = try Machine()
    // An index that never answers: whoever asks it hangs.
    let server = try LoopbackServer { _ in
      var reply = LoopbackServer.Reply(body: Array(repeating: 32, count: 1_000_000))
      reply.trickle = (bytes: 10, seconds: 0.5)
      return reply
    }
    try machine.write(
      "p/outfit.yaml",
      """
      profile: p
      interpreters: {python: {versions: [">=3.10"], system: true}}
      tools: {black: latest}
      indexes: {slow: {url: "\(server.address)/simple", priority: primary}}

      """)
    let before = try machine.tree()
    let outfit = Machine.build.appending("outfit").string
    let ended = try await machine.run(
      "/usr/bin/timeout", ["--preserve-status", "-s", "INT", "3", outfit, "up", "p", "--trust"],
      setting: [
        "PIP_INDEX_URL": "\(server.address)/simple", "UV_DEFAULT_INDEX": "\(server.address)/simple",
        "XDG_CACHE_HOME": "\(machine.home)/.cache",
      ])
    #expect(ended.status == 130, "\(ended.errorText)")
    expectSameTree(
      before.filter { !$0.key.hasPrefix(".cache") }, try machine.tree().filter { !$0.key.hasPrefix(".cache") }
    )
    // The pattern is in a file, so that whoever looks for it is not found.
    try machine.write("pattern", "\(machine.home)")
    let left = try await machine.run(
      "/bin/sh", ["-c", "grep -l -a -F -f pattern /proc/[0-9]*/cmdline 2>/dev/null; true"])
    let mine = left.outputText.split(separator: "\n")
    #expect(mine.isEmpty, "\(mine)")
  }
}
