import OutfitCore
import OutfitSystem
import Support
import SystemPackage
import Testing

/// Each thing that `doctor --fix` mends, broken: `doctor` names it, `--fix` mends it, and nothing of the user's moves.
@Suite(.serialized)
struct DoctorTests {
  private static let data = ".local/share/outfit"
  private static let state = ".local/state/outfit"

  private struct Breakage: CustomTestStringConvertible {
    var name: String
    /// Run in HOME by sh.
    var script: String
    /// What `doctor` says.
    var said: String
    /// What `doctor --fix` says that it did.
    var done: String
    var testDescription: String { name }
  }

  private static let breakages = [
    Breakage(
      name: "a shim is gone", script: "rm \(data)/bin/here", said: "the shim here is gone",
      done: "made the shim here again"),
    Breakage(
      name: "a shim leads elsewhere", script: "ln -sfn /bin/true \(data)/bin/here",
      said: "the shim here is a link to something else", done: "made the shim here again"),
    Breakage(
      name: "a shim too many", script: "cp -P \(data)/bin/here \(data)/bin/stray",
      said: "the shim stray is there, though nothing offers that command", done: "removed the shim stray"),
    Breakage(
      name: "the table is gone", script: "rm -r \(data)/tables/machine*",
      said: "the table of commands of", done: "wrote the table of commands"),
    Breakage(
      name: "the table is damaged", script: "for f in \(data)/tables/machine*; do echo rubbish >$f; done",
      said: "is not what its generation says", done: "wrote the table of commands"),
    Breakage(
      name: "the launcher is gone", script: "rm \(data)/libexec/outfit-shim",
      said: "is gone", done: "put the launcher in place"),
    Breakage(
      name: "the launcher is empty", script: ": >\(data)/libexec/outfit-shim",
      said: "is damaged", done: "put the launcher in place"),
    Breakage(
      name: "the launcher is another one, of the same size and age",
      script: """
        cp -p \(data)/libexec/outfit-shim kept
        printf zz | dd of=\(data)/libexec/outfit-shim bs=1 seek=5000 conv=notrunc 2>dd
        touch -r kept \(data)/libexec/outfit-shim; rm kept dd
        """,
      said: "is damaged, or another one", done: "put the launcher in place"),
    Breakage(
      name: "the launcher can't be executed", script: "chmod 644 \(data)/libexec/outfit-shim",
      said: "is damaged, or another one", done: "put the launcher in place"),
    Breakage(
      name: "the folder of the shims is gone", script: "rm -r \(data)/bin", said: "the shim outfit is gone",
      done: "made the shim outfit again"),
    Breakage(
      name: "a shim leads nowhere", script: "ln -sfn /nowhere \(data)/bin/here",
      said: "the shim here is a link to something else", done: "made the shim here again"),
    Breakage(
      name: "the table is a later one",
      script: "for f in \(data)/tables/machine*; do sed -i 's/^outfit-table 1/outfit-table 9/' $f; done",
      said: "is not what its generation says", done: "wrote the table of commands"),
    Breakage(
      name: "the list of commands is gone", script: "rm \(data)/tables/names",
      said: "the list of where each command lives is gone", done: "wrote the list of where each command"),
    Breakage(
      name: "the list of commands is damaged", script: "echo rubbish >\(data)/tables/names",
      said: "the list of where each command lives is damaged", done: "wrote the list of where each command"),
    Breakage(
      name: "a receipt is gone", script: "rm \(state)/receipts/here-*",
      said: "the receipt of here 1.0.0 is gone", done: "wrote its receipt anew"),
    Breakage(
      name: "a receipt is cut off",
      script: "for f in \(state)/receipts/here-*; do head -c 60 $f >cut; cat cut >$f; rm cut; done",
      said: "the receipt of here 1.0.0 can't be read", done: "wrote its receipt anew"),
    Breakage(
      name: "a receipt is rubbish",
      script: "for f in \(state)/receipts/here-*; do head -c 300 /dev/urandom >$f; done",
      said: "the receipt of here 1.0.0 can't be read", done: "wrote its receipt anew"),
    Breakage(
      name: "a project's records don't say whose they are", script: "rm \(state)/projects/*/root",
      said: "do not say any more which project they are of", done: "wrote that they are of the project"),
    Breakage(
      name: "a project's records say rubbish of whose they are",
      script: "for f in \(state)/projects/*/root; do head -c 50 /dev/urandom >$f; done",
      said: "do not say any more which project they are of", done: "wrote that they are of the project"),
    Breakage(
      name: "the store can't be written in", script: "chmod 555 \(data)/store",
      said: "store can't be written in by you", done: "you can write in"),
    Breakage(
      name: "others can write", script: "chmod 777 \(data)",
      said: "can be written by others", done: "others can't write in"),
    Breakage(
      name: "something in the store that is not Outfit's",
      script: "mkdir -p \(data)/store/stray-0123456789abcdef",
      said: "the store has stray-0123456789abcdef, which no receipt vouches for",
      done: "removed stray-0123456789abcdef"),
  ]

  private func givenAMachine() async throws -> (machine: Machine, server: LoopbackServer) {
    let machine = try Machine("doctor")
    let tool = Array("#!/bin/sh\n# \(machine.home)\necho here\n".utf8)
    let server = try LoopbackServer { .file(tool, for: $0) }
    try machine.write(".mine", "mine\n", mode: 0o640)
    try machine.write(".bashrc", "export MINE=1\n")
    try machine.write("p/a", "a\n")
    try machine.write(
      "p/outfit.yaml",
      """
      profile: p
      tools:
        here:
          from: url
          version: "1.0.0"
          url: "\(server.address)/here"
          sha256: {linux-amd64: "\(Digest(of: tool))", linux-arm64: "\(Digest(of: tool))"}
      dotfiles:
        .a: {copy: a}

      """)
    let up = try await machine.outfit("up", "p", "--trust")
    try #require(up.status == 0, "\(up.errorText)")
    try machine.write("shop/outfit.yaml", "profile: shop\nenv: {SHOP: dev}\n")
    let shop = try await machine.outfit("up", "--trust", at: "shop")
    try #require(shop.status == 0, "\(shop.errorText)")
    return (machine, server)
  }

  private func doctor(_ machine: Machine, _ arguments: String...) async throws -> Completion {
    let path = "\(machine.home)/\(Self.data)/bin:\(machine.environment["PATH"] ?? "")"
    return try await machine.run(
      Machine.build.appending("outfit"), ["doctor"] + arguments, setting: ["PATH": path])
  }

  @Test func whatIsBrokenIsNamedAndMended() async throws {
    let (machine, server) = try await givenAMachine()
    let well = try await doctor(machine)
    #expect(well.status == 0, "\(well.outputText)\(well.errorText)")
    for breakage in Self.breakages {
      let before = try machine.tree()
      let broken = try await machine.run("/bin/sh", ["-euc", breakage.script])
      try #require(broken.succeeded, "\(breakage.name): \(broken.errorText)")
      let found = try await doctor(machine)
      #expect(found.status == 1, "\(breakage.name): \(found.outputText)")
      #expect(found.outputText.contains(breakage.said), "\(breakage.name): \(found.outputText)")
      #expect(found.outputText.contains("doctor --fix"), "\(breakage.name): \(found.outputText)")
      let json = try await doctor(machine, "--json")
      #expect(json.status == 1, "\(breakage.name)")
      #expect(json.outputText.contains(#""fixable": true"#), "\(breakage.name): \(json.outputText)")

      let mended = try await doctor(machine, "--fix")
      #expect(mended.outputText.contains(breakage.done), "\(breakage.name): \(mended.outputText)")
      #expect(mended.status == 0, "\(breakage.name): \(mended.outputText)")
      let clean = try await doctor(machine)
      #expect(clean.status == 0, "\(breakage.name): \(clean.outputText)")
      let ran = try await machine.login("here")
      #expect(ran.outputText == "here\n", "\(breakage.name): \(ran.errorText)")
      let up = try await machine.outfit("up")
      #expect(up.outputText == "Nothing to do: p is up to date.\n", "\(breakage.name): \(up.outputText)")
      expectSameTree(before, try machine.tree())
    }
    withExtendedLifetime(server) {}
  }

  @Test func whatWasMendedIsInTheJSONToo() async throws {
    let (machine, server) = try await givenAMachine()
    _ = try await machine.run("/bin/sh", ["-euc", "rm \(Self.data)/bin/here"])
    let mended = try await doctor(machine, "--fix", "--json")
    #expect(mended.status == 0, "\(mended.outputText)")
    #expect(mended.outputText.contains("made the shim here again"), "\(mended.outputText)")
    let clean = try await doctor(machine, "--json")
    #expect(clean.status == 0 && !clean.outputText.contains(#""fixable": true"#), "\(clean.outputText)")
    withExtendedLifetime(server) {}
  }

  /// What no record can make again is named, with the command that does; that is no work for `--fix`.
  @Test func whatNeedsAnUpIsNamed() async throws {
    let (machine, server) = try await givenAMachine()
    let half = try await machine.run(
      "/bin/sh", ["-euc", "chmod -R u+w \(Self.data)/store; rm -r \(Self.data)/store/here-*"])
    try #require(half.succeeded, "\(half.errorText)")
    let found = try await doctor(machine, "--fix")
    #expect(found.status == 1, "\(found.outputText)")
    #expect(
      found.outputText.contains("here") && found.outputText.contains("outfit up"), "\(found.outputText)")
    let up = try await machine.outfit("up", "p", "--trust")
    #expect(up.status == 0, "\(up.errorText)")
    let clean = try await doctor(machine)
    #expect(clean.status == 0, "\(clean.outputText)")
    let ran = try await machine.login("here")
    #expect(ran.outputText == "here\n", "\(ran.errorText)")

    // A compiled plan that can't be read costs time and nothing else.
    let rubbish = try await machine.run(
      "/bin/sh", ["-euc", "find \(Self.state) -name compiled | while read f; do echo rubbish >\"$f\"; done"])
    try #require(rubbish.succeeded, "\(rubbish.errorText)")
    let again = try await machine.outfit("up", "p", "--trust")
    #expect(again.status == 0, "\(again.errorText)")

    // The line of the shell's file that puts the commands on PATH.
    try machine.write(".bashrc", "export MINE=1\n")
    let off = try await machine.outfit("doctor")
    #expect(off.status == 1 && off.outputText.contains("is not on PATH"), "\(off.outputText)")
    withExtendedLifetime(server) {}
  }
}
