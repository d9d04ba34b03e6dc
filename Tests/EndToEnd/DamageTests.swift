import OutfitCore
import OutfitSystem
import Support
import SystemPackage
import Testing

/// Damages that `doctor --fix` can't mend by itself: it names them with the command that helps, that command helps,
/// and nothing of the user's is lost on the way.
@Suite(.serialized)
struct DamageTests {
  static let data = ".local/share/outfit"
  static let state = ".local/state/outfit"

  struct Damage: CustomTestStringConvertible, Sendable {
    var name: String
    /// Run in HOME by sh.
    var script: String
    /// What `doctor --deep` says of it.
    var said: [String]
    var status: Int32 = 1
    /// The command that helps; for sh, in HOME.
    var cure = "outfit up"
    /// What `doctor` goes on to say, as a warning.
    var stays: String?
    var testDescription: String { name }
  }

  static let damages = [
    Damage(
      name: "an object is lost", script: "chmod -R u+w \(data)/store; rm -r \(data)/store/here-*",
      said: ["here 1.0.0 of this machine is not in the store any more", "outfit up"]),
    Damage(
      name: "a file stands where an object was",
      script: "chmod -R u+w \(data)/store; o=$(echo \(data)/store/here-*); rm -r $o; touch $o",
      said: ["here 1.0.0 of this machine is not in the store any more", "outfit up"]),
    Damage(
      name: "a program is gone", script: "chmod -R u+w \(data)/store; rm \(data)/store/here-*/bin/here",
      said: ["leads to", "which is gone", "outfit up"]),
    Damage(
      name: "a program was changed",
      script: "f=$(echo \(data)/store/here-*/bin/here); chmod u+w $f; echo 'echo poison' >>$f",
      said: ["bin/here is not what was installed", "outfit tool repair here"],
      cure: "outfit tool repair here"),
    Damage(
      name: "a receipt is gone, and a file was changed",
      script:
        "rm \(state)/receipts/here-*; f=$(echo \(data)/store/here-*/bin/here); chmod u+w $f; echo 'echo poison' >>$f",
      said: ["the receipt of here 1.0.0 is gone"]),
    Damage(
      name: "nobody knows what was built", script: "rm \(state)/contents/here-*",
      said: ["here 1.0.0: what was built is not known any more", "outfit tool repair here"], status: 0,
      cure: "outfit tool repair here"),
    Damage(
      name: "what was built is rubbish",
      script: "for f in \(state)/contents/here-*; do head -c 200 /dev/urandom >$f; done",
      said: ["here 1.0.0: what was built is not known any more", "outfit tool repair here"], status: 0,
      cure: "outfit tool repair here"),
    Damage(
      name: "a stranger's program stands in the place of a shim",
      script:
        "rm \(data)/bin/here; printf '#!/bin/sh\\necho stranger\\n' >\(data)/bin/here; chmod +x \(data)/bin/here",
      said: ["is not Outfit's, and stands in the place of the command here", "move it away"],
      cure: "mv \(data)/bin/here stranger; outfit up; test \"$(./stranger)\" = stranger; rm stranger"),
    Damage(
      name: "a folder stands in the place of a shim",
      script: "rm \(data)/bin/here; mkdir \(data)/bin/here; echo mine >\(data)/bin/here/mine",
      said: ["is not Outfit's, and stands in the place of the command here", "move it away"],
      cure: "mv \(data)/bin/here folder; outfit up; test $(cat folder/mine) = mine; rm -r folder"),
    Damage(
      name: "the line for PATH was taken out", script: "cp -p .bashrc kept; echo 'export MINE=1' >.bashrc",
      said: ["(path) are not in ~/.bashrc any more", "outfit up --on-conflict take"], status: 0,
      cure: "outfit up --on-conflict take; cmp kept .bashrc; cp -p kept .bashrc; rm kept; outfit up"),
    Damage(
      name: "an old generation's folder is gone", script: "rm -r \(state)/machine/generations/2",
      said: ["1 generation of this machine can't be read any more: 2", "0 is before everything"], status: 0,
      stays: "can't be read any more: 2"),
    Damage(
      name: "an old generation's record is cut off",
      script: "f=\(state)/machine/generations/2/record; head -c 90 $f >cut; cat cut >$f; rm cut",
      said: ["can't be read any more: 2", "record.corrupt-1"], status: 0, stays: "can't be read any more: 2"),
    Damage(
      name: "the last generation's record is cut off",
      script: "f=\(state)/machine/generations/3/record; head -c 90 $f >cut; cat cut >$f; rm cut",
      said: ["can't be read any more: 3", "record.corrupt-1"], status: 0, stays: "can't be read any more: 3"),
    Damage(
      name: "all generations are gone", script: "rm -r \(state)/machine/generations",
      said: ["this machine has commands, and no generation that could be read", "outfit up PROFILE"],
      cure: "outfit up p --trust", stays: "contents of yours were put aside"),
    Damage(
      name: "the profile's folder is away", script: "mv p q",
      said: ["there is no folder p"], cure: "mv q p; outfit up"),
    Damage(
      name: "a project's folder is gone", script: "rm -r shop",
      said: ["the project", "is not there any more", "outfit gc"], status: 0, cure: "outfit gc"),
    Damage(
      name: "a journal is left that can't be read",
      script: "printf 'outfit-journal\\t1\\nswitch' >\(state)/journal/intent",
      said: ["intent.corrupt-1"], status: 0, stays: "intent.corrupt-1"),
    Damage(
      name: "the lock is cut off",
      script: "f=\(state)/machine/outfit.lock; head -c 200 $f >cut; cat cut >$f; rm cut",
      said: ["outfit.lock.corrupt-1"], status: 0, stays: "outfit.lock.corrupt-1"),
  ]

  /// Three generations of the machine, a dotfile that replaced one of the user's, and a project.
  static func givenAMachine(_ name: String) async throws -> (machine: Machine, server: LoopbackServer) {
    let machine = try Machine(name)
    let tool = Array("#!/bin/sh\n# \(machine.home)\necho here\n".utf8)
    let server = try LoopbackServer { .file(tool, for: $0) }
    func entry(_ name: String) -> String {
      """
        \(name):
          from: url
          version: "1.0.0"
          url: "\(server.address)/\(name)"
          sha256: {linux-amd64: "\(Digest(of: tool))", linux-arm64: "\(Digest(of: tool))"}

      """
    }
    try machine.write(".mine", "mine\n", mode: 0o640)
    try machine.write(".bashrc", "export MINE=1\n")
    try machine.write(".a", "a of mine\n")
    try machine.write(
      "p/outfit.yaml", "profile: p\ntools:\n" + entry("here") + "dotfiles:\n  .a: {copy: a}\n")
    for content in ["1", "2", "3"] {
      try machine.write("p/a", "a \(content)\n")
      let up = try await machine.outfit("up", "p", "--trust", "--on-conflict", "take")
      try #require(up.status == 0, "\(up.errorText)")
    }
    try machine.write("shop/outfit.yaml", "profile: shop\nenv: {SHOP: dev}\ntools:\n" + entry("there"))
    let shop = try await machine.outfit("up", "--trust", at: "shop")
    try #require(shop.status == 0, "\(shop.errorText)")
    return (machine, server)
  }

  private func run(_ machine: Machine, _ command: String) async throws -> Completion {
    let path =
      "\(machine.home)/\(Self.data)/bin:\(Machine.build):\(machine.environment["PATH"] ?? "")"
    return try await machine.run("/bin/sh", ["-euc", command], setting: ["PATH": path])
  }

  @Test(arguments: damages)
  func whatIsDamagedIsNamedWithWhatHelps(_ damage: Damage) async throws {
    let (machine, server) = try await Self.givenAMachine("damage")
    let well = try await run(machine, "outfit doctor --deep")
    try #require(well.status == 0, "\(well.outputText)")
    let broken = try await run(machine, damage.script)
    try #require(broken.succeeded, "\(broken.errorText)")
    let before = try machine.tree()

    let found = try await run(machine, "outfit doctor --deep")
    #expect(found.status == damage.status, "\(found.outputText)\(found.errorText)")
    let json = try await run(machine, "outfit doctor --deep --json")
    #expect(json.status == damage.status, "\(json.outputText)")
    for text in damage.said {
      #expect((found.outputText + found.errorText).contains(text), "\(text): \(found.outputText)")
    }
    // It mends nothing here, and makes nothing worse.
    let fixed = try await run(machine, "outfit doctor --deep --fix")
    #expect(fixed.status == damage.status, "\(fixed.outputText)")
    expectSameTree(before, try machine.tree())

    let cured = try await run(machine, damage.cure)
    #expect(cured.status == 0, "\(cured.outputText)\(cured.errorText)")
    let clean = try await run(machine, "outfit doctor --deep")
    #expect(clean.status == 0, "\(clean.outputText)\(clean.errorText)")
    let warnings = clean.outputText.split(separator: "\n").filter { $0.hasPrefix("warning") }
    if let stays = damage.stays {
      #expect(warnings.contains { $0.contains(stays) }, "\(clean.outputText)")
    } else {
      #expect(warnings.isEmpty, "\(clean.outputText)")
    }
    let up = try await run(machine, "outfit up")
    #expect(up.outputText == "Nothing to do: p is up to date.\n", "\(up.outputText)\(up.errorText)")
    let ran = try await run(machine, "here")
    #expect(ran.outputText == "here\n", "\(ran.outputText)\(ran.errorText)")

    #expect(try machine.read(".mine") == "mine\n")
    #expect(try machine.read(".a") == "a 3\n")
    #expect(try machine.read(".bashrc")?.hasPrefix("export MINE=1\n") == true)
    // What the user had before everything is still to be had, from where no record is left that knows of it too.
    _ = try await run(machine, "outfit gc --keep 1")
    let own = XDGCache(machine)
    let uninstalled = try await machine.run(
      Machine.build.appending("outfit"), ["self", "uninstall", "--yes"], setting: own.variables)
    #expect(uninstalled.status == 0, "\(uninstalled.outputText)\(uninstalled.errorText)")
    let recovered = try await machine.run(
      "/bin/sh", ["-c", "cat .a \(Self.state)/recovered/* 2>/dev/null"])
    #expect(recovered.outputText.contains("a of mine\n"), "\(recovered.outputText)")
    withExtendedLifetime(server) {}
  }

  /// `up` by itself makes again what stands between a command and its program.
  @Test(arguments: [
    "rm \(data)/bin/here", "ln -sfn /nowhere \(data)/bin/here", "rm -r \(data)/bin",
    "rm \(data)/tables/machine",
    "for f in \(data)/tables/*; do head -c 99 /dev/urandom >$f; done", "rm \(data)/libexec/outfit-shim",
    "rm \(data)/tables/names", "rm \(state)/projects/*/root",
  ])
  func upMendsWhatCommandsNeed(_ script: String) async throws {
    let (machine, server) = try await Self.givenAMachine("mending")
    // As on any day: what was compiled is believed.
    let settled = try await run(machine, "sleep 2.1; outfit up; outfit up")
    try #require(settled.succeeded, "\(settled.errorText)")
    let broken = try await run(machine, script)
    try #require(broken.succeeded, "\(broken.errorText)")
    let before = try machine.tree()
    let up = try await run(machine, "outfit up")
    #expect(up.status == 0, "\(up.outputText)\(up.errorText)")
    let ran = try await run(machine, "here; cd shop; there")
    #expect(ran.outputText == "here\nhere\n", "\(ran.outputText)\(ran.errorText)")
    expectSameTree(before, try machine.tree())
    withExtendedLifetime(server) {}
  }

  /// Where the shell does not find the commands, since the lines that led to them were taken out, it is said.
  @Test func aLineForPATHThatIsGoneIsSaid() async throws {
    let (machine, server) = try await Self.givenAMachine("line")
    for file in [".bashrc", ".profile"] { try machine.write(file, "export MINE=1\n") }
    let found = try await machine.outfit("doctor")
    #expect(found.status == 1, "\(found.outputText)")
    for text in ["is not on PATH", "see below", "not in ~/.profile any more", "--on-conflict take"] {
      #expect(found.outputText.contains(text), "\(text): \(found.outputText)")
    }
    let up = try await machine.outfit("up", "--on-conflict", "take")
    #expect(up.status == 0, "\(up.errorText)")
    let clean = try await machine.login("outfit doctor")
    #expect(clean.status == 0, "\(clean.outputText)\(clean.errorText)")
    withExtendedLifetime(server) {}
  }

  /// A marker that somebody deleted, a block that stands there twice: what is Outfit's own alone is mended, and where
  /// somebody wrote in it, whoever says so has it mended.
  @Test func markersOfBlocksComeBack() async throws {
    let machine = try Machine("markers")
    let block = "# >>> outfit p >>>\none\ntwo\n# <<< outfit p <<<\n"
    try machine.write("p/b", "one\ntwo\n")
    try machine.write("p/outfit.yaml", "profile: p\ndotfiles: {.rc: {block: b}}\n")
    try machine.write(".rc", "mine\n")
    try #require(try await machine.outfit("up", "p", "--trust").status == 0)
    for damaged in ["mine\n\(block)\(block)more\n", "mine\n# >>> outfit p >>>\none\ntwo\nmore\n"] {
      try machine.write(".rc", damaged)
      let up = try await machine.outfit("up")
      #expect(up.status == 0, "\(up.errorText)")
      #expect(try machine.read(".rc") == "mine\n\(block)more\n")
    }
    let torn = "mine\n# >>> outfit p >>>\nONE\ntwo\nmore\n"
    try machine.write(".rc", torn)
    let kept = try await machine.outfit("up")
    #expect(kept.status == 4 || kept.status == 1, "\(kept.errorText)")
    #expect(try machine.read(".rc") == torn)
    let taken = try await machine.outfit("up", "--on-conflict", "take")
    #expect(taken.status == 0, "\(taken.errorText)")
    #expect(try machine.read(".rc") == "mine\nONE\ntwo\nmore\n\(block)")
    let back = try await machine.outfit("rollback", "0")
    #expect(back.status == 0, "\(back.errorText)")
    #expect(try machine.read(".rc")?.contains("outfit p") == false)
  }
}

/// A cache that may be taken away.
private struct XDGCache {
  let variables: [String: String]
  init(_ machine: Machine) { variables = ["XDG_CACHE_HOME": "\(machine.home)/.cache"] }
}
