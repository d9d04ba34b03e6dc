import OutfitSystem
import SystemPackage
import Testing

/// Files that are none, or not as they seem, wherever Outfit reads what others wrote.
@Suite(.serialized)
struct OddFileTests {
  private static let verbs = [
    ["status"], ["doctor"], ["why", "x"], ["up", "--dry-run"], ["show", "."], ["lock"], ["diff"],
  ]

  /// Runs a verb with little memory and little time.
  private func run(_ words: [String], _ machine: Machine, at folder: String) async throws -> Completion {
    try await machine.run(
      "/bin/bash",
      [
        "-c", "ulimit -v 4000000; exec timeout 60 \"$0\" \"$@\"", Machine.build.appending("outfit").string,
      ] + words, at: folder)
  }

  @Test func aManifestThatIsNoFile() async throws {
    let machine = try Machine()
    try machine.files.createDirectory(machine.home.appending("shop"), mode: 0o755)
    let manifest = machine.home.pushing("shop/outfit.yaml")
    for odd in ["/proc/self/pagemap", "/proc/kmsg", "/dev/zero", "/dev/urandom"]
    where machine.files.exists(FilePath(odd)) {
      try machine.files.removeTree(manifest)
      try machine.files.createLink(manifest, to: odd)
      for words in Self.verbs {
        let run = try await run(words, machine, at: "shop")
        #expect(run.status == (words == ["doctor"] ? run.status : 2), "\(words) \(odd): \(run.errorText)")
        #expect(run.status < 100, "\(words) \(odd): \(run.status)")
        let text = run.outputText + run.errorText
        #expect(text.contains("outfit.yaml: it is no ordinary file"), "\(words) \(odd): \(text)")
      }
    }
  }

  @Test func filesThatAManifestNamesAndThoseBesideIt() async throws {
    let machine = try Machine()
    try machine.write("shop/outfit.yaml", "profile: shop\nvirtualenv: {from: requirements.txt}\n")
    try machine.write("shop/requirements.txt", "")
    for name in ["outfit.lock", "requirements.txt", ".python-version"] {
      let path = machine.home.appending("shop").appending(name)
      let isThere = machine.files.exists(path)
      try machine.files.removeTree(path)
      try machine.files.createLink(path, to: "/proc/self/pagemap")
      for words in Self.verbs {
        let run = try await run(words, machine, at: "shop")
        #expect(run.status < 100, "\(words) \(name): \(run.status)")
        if name != ".python-version", words == ["status"] || words == ["up", "--dry-run"] {
          #expect(run.status == 2, "\(words) \(name): \(run.errorText)")
          #expect(run.errorText.contains("it is no ordinary file"), "\(words) \(name): \(run.errorText)")
        }
      }
      // Larger than all reason, and nothing in it.
      try machine.files.remove(path)
      let made = try await machine.run("/usr/bin/truncate", ["-s", "3G", path.string])
      try #require(made.status == 0)
      for words in [["status"], ["up", "--dry-run"]] {
        let run = try await run(words, machine, at: "shop")
        #expect(run.status < 100, "\(words) \(name): \(run.status)")
        if name != ".python-version" { #expect(run.status == 2, "\(words) \(name): \(run.errorText)") }
      }
      try machine.files.remove(path)
      if isThere { try machine.write("shop/\(name)", "") }
    }
  }

  @Test func aNameThatIsNotTextIsNotLeftOut() async throws {
    let machine = try Machine()
    try machine.write("team/outfit.yaml", "profile: team\ndotfiles: {.kit/: {copy: kit/}}\n")
    try machine.write("team/kit/a", "a\n")
    let made = try await machine.run("/bin/bash", ["-c", #"printf x > $'team/kit/caf\xe9.txt'"#])
    try #require(made.status == 0, "\(made.errorText)")
    let up = try await machine.outfit("up", "team", "--trust")
    #expect(up.status == 2, "\(up.errorText)")
    #expect(up.errorText.contains("kit"), "\(up.errorText)")
    #expect(up.errorText.contains("nobody can consent to it"), "\(up.errorText)")
    #expect(try machine.read(".kit/a") == nil)
  }

  @Test func aLinkOfTheUsersThatIsNotTextStays() async throws {
    let machine = try Machine()
    try machine.write("team/outfit.yaml", "profile: team\ndotfiles: {.x: {copy: x}}\n")
    try machine.write("team/x", "x\n")
    let made = try await machine.run("/bin/bash", ["-c", #"ln -s $'caf\xe9' .x; readlink .x | sha256sum"#])
    let up = try await machine.outfit("up", "team", "--trust", "--on-conflict", "take")
    #expect(up.status == 4, "\(up.errorText)")
    let after = try await machine.run("/bin/bash", ["-c", "readlink .x | sha256sum"])
    #expect(after.outputText == made.outputText && !after.outputText.isEmpty)
  }

  @Test func aResultThatIsLostIsAFailure() async throws {
    let machine = try Machine()
    try machine.write("team/outfit.yaml", "profile: team\ndotfiles: {.x: {copy: x}}\n")
    try machine.write("team/x", "x\n")
    for words in [
      "up team --trust", "status", "status --json", "generations", "show team", "shell-init bash", "--help",
      "--version", "up --help", "doctor", "why x", "diff", "which ls", "prompt", "", "python list",
      "tool list",
      "--generate-completion-script bash",
    ] {
      for place in ["> /dev/full", ">&-"] {
        let outfit = "\(Machine.build)/outfit \(words)"
        // What says nothing has nothing to lose.
        let plain = try await machine.run("/bin/bash", ["-c", outfit])
        guard !plain.output.isEmpty else { continue }
        let lost = try await machine.run("/bin/bash", ["-c", "\(outfit) \(place)"])
        #expect(lost.status == max(plain.status, 1), "\(words) \(place): \(lost.status) \(lost.errorText)")
        #expect(
          lost.errorText.contains("can't write the result to standard output"),
          "\(words) \(place): \(lost.errorText)")
      }
      let left = try await machine.run("/bin/bash", ["-c", "\(Machine.build)/outfit \(words) | true"])
      #expect(!left.errorText.contains("can't write"), "\(words): \(left.errorText)")
    }
    // What is closed is not filled with what is meant for files.
    let up = try await machine.run(
      "/bin/bash", ["-c", "echo y > team/x; exec \(Machine.build)/outfit up team --trust <&- >&- 2>&-"])
    #expect(up.status == 1)
    #expect(try machine.read(".x") == "y\n")
    #expect(try await machine.outfit("status", "--check").status == 0)
  }

  @Test func withoutProcItSaysSo() async throws {
    let machine = try Machine()
    let run = try await machine.run(
      "/usr/bin/unshare",
      ["-rm", "/bin/sh", "-c", "mount -t tmpfs none /proc || exit 77; exec \(Machine.build)/outfit status"])
    guard run.status != 77, !run.errorText.contains("unshare failed") else {
      print("SKIPPED: /proc can't be covered here: \(run.errorText)")
      return
    }
    #expect(run.status == 1, "\(run.errorText)")
    #expect(run.errorText.contains("/proc can't be read"), "\(run.errorText)")
  }
}
