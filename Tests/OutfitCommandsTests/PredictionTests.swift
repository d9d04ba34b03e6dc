import OutfitCore
import OutfitEngine
import OutfitSystem
import Support
import SystemPackage
import Testing

import struct Foundation.Data
import class Foundation.JSONSerialization

@testable import OutfitCommands

/// What a dry run says is what `up` then does, over machines in memory in all sorts of states: files edited, deleted, with
/// other modes, runs that were cut short, packages missing, consent absent, no network.
@Suite(.serialized) struct PredictionTests {
  /// A machine, and what of it is not in its files.
  private final class Machine: Sendable {
    let files = MemoryFiles.withHome()
    let processes = ScriptedProcesses()
    /// What the package manager has, and whether it reaches anything.
    let packages = Locked<(installed: Set<String>, isOnline: Bool)>(([], true))
    let clock = TestClock()

    init() {
      files.put("/opt/outfit/bin/outfit", "outfit", mode: 0o755)
      files.put("/opt/outfit/libexec/outfit-shim", "shim", mode: 0o755)
      files.putDirectory("/opt/outfit/share/outfit/profiles")
      files.putLink("/proc/self/exe", to: "/opt/outfit/bin/outfit")
      files.put("/opt/homebrew/bin/brew", "", mode: 0o755)
      files.put("/usr/bin/apt-get", "", mode: 0o755)
      files.put("/bin/sh", "", mode: 0o755)
      files.put("/bin/bash", "", mode: 0o755)
      let packages = packages
      // Probes: the names are the words behind the script.
      processes.on(
        { $0.program == "/bin/sh" && $0.arguments.first == "-c" },
        { asked in
          let names = asked.arguments.dropFirst(3)
          let has = packages.withLock { $0.installed.isSuperset(of: names) }
          return Completion(status: has ? 0 : 1, output: [], errors: [])
        })
      processes.on("/opt/homebrew/bin/brew") { asked in
        packages.withLock { packages in
          if packages.isOnline { packages.installed.formUnion(asked.arguments.dropFirst()) }
          return Completion(status: packages.isOnline ? 0 : 1, output: [], errors: [])
        }
      }
      // Scripts of the profile.
      processes.on("/bin/sh")
    }

    func host(_ terminal: RecordingTerminal) -> Host {
      .test(
        files: files, processes: processes, terminal: terminal, clock: clock,
        environment: ["PATH": "/opt/outfit/bin:/usr/bin:/bin", "SHELL": "/bin/bash"])
    }

    struct Run {
      var document: [String: Any] = [:]
      var status: OutfitCore.ExitStatus
      var failure = ""
    }

    /// `up`, as it is typed: what a run that was cut short left is put in order first.
    func up(_ wish: Undertaking.Wish) async -> Run {
      let terminal = RecordingTerminal()
      let session = Session(host: host(terminal))
      var wish = wish
      wish.wantsJSON = true
      do {
        try Recovery.recover(session.host)
        let status = try await Undertaking(session, wish).run()
        let document = try JSONSerialization.jsonObject(with: Data(terminal.written.utf8))
        return Run(document: document as? [String: Any] ?? [:], status: status)
      } catch let failure as Failure {
        return Run(
          status: failure.status, failure: failure.diagnostics.map(\.message).joined(separator: "; "))
      } catch {
        return Run(status: .failed, failure: "\(error)")
      }
    }
  }

  /// Other states each time, and 500 of them, where `OUTFIT_TEST_PREDICTIONS` is set, or those of the seed that it names; else
  /// the same ones.
  private let request = (try? Host.live())?.environment["OUTFIT_TEST_PREDICTIONS"]
  private var isVaried: Bool { request != nil }
  /// Of each machine.
  private var rounds: Int { isVaried ? 50 : 20 }

  private static let names = [
    ".a", ".config/b", ".c.json", ".d", ".folder/e", ".folder/f", ".once", ".gone", ".else", ".zshrc",
    ".bash_profile",
  ]

  /// What Outfit keeps of its own.
  private let own: Set<FilePath> = [
    "/home/ann/.local/state", "/home/ann/.local/share", "/home/ann/.cache", "/home/ann/.local",
    "/home/ann/.config/outfit",
  ]

  private func manifest(_ dice: inout SplitMix) -> String {
    func chance(_ part: Int) -> Bool { Int.random(in: 0..<part, using: &dice) == 0 }
    var text = "profile: team\ndotfiles:\n  .always: {copy: s0}\n"
    for (index, name) in Self.names.enumerated() where !chance(3) {
      let source = "s\(index % 6)"
      switch (name, Int.random(in: 0..<6, using: &dice)) {
      case (".once", _): text += "  .once: {create: \(source)}\n"
      case (".gone", _): text += "  .gone: {absent: true}\n"
      case (".else", _): text += "  .else: {link-to: ../elsewhere}\n"
      case (".c.json", 0...2): text += "  .c.json: {keys: {a: {b: \(Int.random(in: 0...2, using: &dice))}}}\n"
      case (_, 0) where name != ".c.json": text += "  \(name): {block: \(source)}\n"
      case (_, 1): text += "  \(name): {link: \(source)}\n"
      case (_, 2): text += "  \(name): {copy: \(source), mode: \"0600\"}\n"
      case (_, 3): text += "  \(name): {template: t}\n"
      default: text += "  \(name): {copy: \(source)}\n"
      }
    }
    if chance(2) {
      let shape = ["", ", exact: true", ", as: link", ", exclude: y"].randomElement(using: &dice) ?? ""
      text += "  .tree/: {tree: tree\(shape)}\n"
    }
    text += "data: {name: n\(Int.random(in: 0..<3, using: &dice))}\n"
    if chance(2) { text += "packages: {brew: [jq\(chance(2) ? ", fd" : "")]}\n" }
    text += "scripts:\n  always: {run: once.sh, when: always}\n"
    if chance(2) { text += "  once: {run: once.sh, when: once}\n" }
    if chance(2) { text += "  changed: {run: once.sh, when: changed}\n" }
    if chance(3) { text += "env: {EDITOR: v\(Int.random(in: 0..<3, using: &dice))}\n" }
    return text
  }

  /// One thing that happens to a machine between two runs.
  private func disturb(_ machine: Machine, _ dice: inout SplitMix) -> String {
    let files = machine.files
    let below = ["x", "y", "deep/z"].map { ".tree/\($0)" }
    let name = (Self.names + below + [".bashrc", ".profile"]).randomElement(using: &dice) ?? ".a"
    let path = FilePath("/home/ann").pushing(FilePath(name))
    let there = try? files.status(path, followLinks: false)
    let number = UInt8.random(in: 0...9, using: &dice)
    switch Int.random(in: 0..<14, using: &dice) {
    case 0:
      if there?.kind == .file { files.overwrite(path, Array("{\"mine\": \(number)}\n".utf8)) }
      return "\(name) edited"
    case 1:
      if there != nil { try? files.removeTree(path) }
      return "\(name) removed"
    case 2:
      if there?.kind == .file { try? files.setMode(path, 0o640) }
      return "\(name) with another mode"
    case 3:
      if there == nil { files.put(path, "{\"there\": \"first\"}\n") }
      return "\(name) there first"
    case 4:
      if there?.kind == .file { files.putLink(path, to: "/etc/nowhere") }
      return "\(name) a link"
    case 5:
      if there?.kind == .file {
        try? files.remove(path)
        files.putDirectory(path)
      }
      return "\(name) a folder"
    case 6:
      files.put(FilePath("/home/ann/team/s\(number % 6)"), "{\"new\": \(number)}\n")
      return "a source edited"
    case 7:
      files.put("/home/ann/team/outfit.yaml", manifest(&dice))
      return "another manifest"
    case 8:
      files.put("/home/ann/team/once.sh", "#!/bin/sh\n# \(number)\n", mode: 0o755)
      return "another script"
    case 9:
      let shim = FilePath("/home/ann/.local/share/outfit/bin/outfit")
      if (try? files.status(shim, followLinks: false)) ?? nil != nil { try? files.remove(shim) }
      return "a shim removed"
    case 10:
      machine.packages.withLock { $0.installed = [] }
      return "packages removed"
    case 11:
      machine.packages.withLock { $0.isOnline.toggle() }
      return "the network comes or goes"
    case 12:
      let file = ["x", "y", "deep/z", "new"].randomElement(using: &dice) ?? "x"
      files.put(FilePath("/home/ann/team/tree").pushing(FilePath(file)), "\(number)\n")
      return "a file of the tree edited"
    default:
      files.put(FilePath("/home/ann/.tree/strange\(number)"), "mine\n")
      return "something of somebody's in the tree"
    }
  }

  /// What is done to each path, and what stands there then.
  private func files(_ document: [String: Any]) -> [String] {
    (document["files"] as? [[String: Any]] ?? []).map { file in
      let after = (file["after"] as? [String: Any] ?? [:]).sorted { $0.key < $1.key }
      return (["\(file["action"] ?? "")", "\(file["path"] ?? "")"] + after.map { "\($0.key)=\($0.value)" })
        .joined(separator: " ")
    }.sorted()
  }

  private func names(_ document: [String: Any], _ member: String, _ key: String) -> [String] {
    (document[member] as? [[String: Any]] ?? []).compactMap { $0[key] as? String }.sorted()
  }

  /// What differs between what was said and what was done, `-` and `+`.
  private func difference(_ said: [String], _ did: [String]) -> [String] {
    said.filter { !did.contains($0) }.map { "- \($0)" } + did.filter { !said.contains($0) }.map { "+ \($0)" }
  }

  /// A link that a mend left when it was cut short, which the next mend of the same command takes along.
  @Test func aMendThatWasCutShortIsMended() async throws {
    let machine = Machine()
    machine.files.put("/home/ann/team/outfit.yaml", "profile: team\n")
    var wish = Undertaking.Wish(address: "team")
    wish.consent = .folders
    #expect(await machine.up(wish).status == .done)
    let bin: FilePath = "/home/ann/.local/share/outfit/bin"
    let launcher = try machine.files.readLink(bin.appending("outfit"))
    try machine.files.rename(bin.appending("outfit"), to: bin.appending(".outfit.new"))
    let run = await machine.up(wish)
    #expect(run.failure == "" && run.status == .done)
    #expect(try machine.files.list(bin) == ["outfit"])
    #expect(try machine.files.readLink(bin.appending("outfit")) == launcher)
  }

  /// The lines that answer what a run of some parts asks are for these parts alone.
  @Test func whatIsAskedOfSomePartsIsAnsweredForThem() async throws {
    let machine = Machine()
    machine.files.put("/home/ann/team/s", "theirs\n")
    machine.files.put("/home/ann/.a", "mine\n")
    machine.files.put("/home/ann/team/outfit.yaml", "profile: team\ndotfiles: {.a: {copy: s}}\n")
    var wish = Undertaking.Wish(address: "team")
    wish.parts = PartSelection(only: ["dotfiles"], skipped: ["scripts", "packages"])
    let typed = "outfit up --only dotfiles --skip packages --skip scripts"
    wish.isDryRun = true
    let plan = await machine.up(wish).document
    #expect((plan["consent"] as? [String: Any])?["line"] as? String == "\(typed) team --trust")
    #expect(names(plan, "conflicts", "line") == ["\(typed) team --on-conflict take"])
    (wish.isDryRun, wish.consent) = (false, .folders)
    let done = await machine.up(wish)
    #expect(
      done.failure == "" && names(done.document, "conflicts", "line") == ["\(typed) --on-conflict take"])
    wish.parts = PartSelection()
    #expect(names(await machine.up(wish).document, "conflicts", "line") == ["outfit up --on-conflict take"])
  }

  /// A file of the profile that its user removed stays so, Outfit's own block in it too.
  @Test func aFileThatWasRemovedGetsNoBlock() async throws {
    let machine = Machine()
    let file: FilePath = "/home/ann/.bash_profile"
    machine.files.put("/home/ann/team/s", "theirs\n")
    machine.files.put("/home/ann/team/outfit.yaml", "profile: team\ndotfiles: {.bash_profile: {copy: s}}\n")
    var wish = Undertaking.Wish(address: "team")
    (wish.consent, wish.onConflict) = (.folders, .keep)
    #expect(await machine.up(wish).status == .done)
    try machine.files.remove(file)
    for _ in 0..<2 {
      let run = await machine.up(wish)
      #expect(run.status == .consent && names(run.document, "conflicts", "path") == [file.string])
      #expect(!machine.files.exists(file))
    }
  }

  /// One whose mode was changed is edited as well, and so is there for a login shell.
  @Test func aLoginFileOfAnotherModeStaysOne() async throws {
    let machine = Machine()
    let file: FilePath = "/home/ann/.bash_profile"
    machine.files.put("/home/ann/team/s", "theirs\n")
    machine.files.put("/home/ann/team/outfit.yaml", "profile: team\ndotfiles: {.bash_profile: {copy: s}}\n")
    var wish = Undertaking.Wish(address: "team")
    (wish.consent, wish.onConflict) = (.folders, .keep)
    #expect(await machine.up(wish).status == .done)
    try machine.files.setMode(file, 0o640)
    machine.files.put("/home/ann/team/outfit.yaml", "profile: team\n")
    #expect(await machine.up(wish).failure == "")
    #expect(!machine.files.exists("/home/ann/.profile"))
    let second = await machine.up(wish)
    #expect(second.document["changed"] as? Bool == false, "\(files(second.document))")
  }

  /// A login file that goes out of a profile: what comes back has Outfit's block in the same run, or there is nothing.
  @Test(arguments: [nil, "mine\n"], [nil, "edited\n"])
  func aLoginFileThatGoesOutIsSettledAtOnce(first: String?, edit: String?) async throws {
    let machine = Machine()
    let file: FilePath = "/home/ann/.bash_profile"
    machine.files.put("/home/ann/team/s", "theirs\n")
    if let first { machine.files.put(file, first) }
    var wish = Undertaking.Wish(address: "team")
    (wish.consent, wish.onConflict) = (.folders, .take)
    machine.files.put("/home/ann/team/outfit.yaml", "profile: team\ndotfiles: {.bash_profile: {copy: s}}\n")
    #expect(await machine.up(wish).status == .done)
    #expect(try machine.files.text(file)?.hasPrefix("theirs\n") == true)
    if let edit { machine.files.overwrite(file, Array(edit.utf8)) }
    machine.files.put("/home/ann/team/outfit.yaml", "profile: team\n")
    for onConflict in [ConflictPolicy.keep, .take] {
      wish.onConflict = onConflict
      let run = await machine.up(wish)
      #expect(run.failure == "")
      let second = await machine.up(wish)
      #expect(second.document["changed"] as? Bool == false, "\(files(second.document))")
    }
    // What was edited is its owner's from the first run on.
    let text = try machine.files.text(file) ?? ""
    #expect(text.hasPrefix(edit ?? first ?? "") && !text.contains("theirs"), "\(text)")
  }

  @Test(.timeLimit(.minutes(10)), arguments: 0..<10)
  func whatIsPredictedIsWhatHappens(_ tenth: Int) async throws {
    let named = request.flatMap { UInt64($0) }.flatMap { $0 > 1 ? $0 : nil }
    let seed = named ?? (isVaried ? UInt64.random(in: 0...UInt64.max) : UInt64(tenth))
    var dice = SplitMix(seed: seed)
    let machine = Machine()
    for index in 0..<6 { machine.files.put(FilePath("/home/ann/team/s\(index)"), "{\"a\": \(index)}\n") }
    for name in ["x", "y", "deep/z"] {
      machine.files.put(FilePath("/home/ann/team/tree").pushing(FilePath(name)), "\(name)\n")
    }
    machine.files.put("/home/ann/team/t", "{\"name\": \"{{name}}\"}\n")
    machine.files.put("/home/ann/team/once.sh", "#!/bin/sh\n", mode: 0o755)
    machine.files.put("/home/ann/team/outfit.yaml", manifest(&dice))
    var (changes, cut, refused, conflicts) = (0, 0, 0, 0)
    for round in 0..<rounds {
      machine.clock.advance(seconds: 60)
      var story: [String] = []
      for _ in 0..<Int.random(in: 1...4, using: &dice) { story.append(disturb(machine, &dice)) }
      var wish = Undertaking.Wish(address: "team")
      wish.onConflict = [nil, .keep, .take, .backup].randomElement(using: &dice) ?? nil
      var (dry, real) = (wish, wish)
      (dry.isDryRun, real.consent) = (true, .folders)
      if Int.random(in: 0..<4, using: &dice) == 0 {
        // A run that is cut short: killed, or with the power.
        let operations = machine.files.operations
        machine.files.stop(before: operations + Int.random(in: 0..<60, using: &dice))
        _ = await machine.up(real)
        if machine.files.isStopped { cut += 1 }
        machine.files.crash(Bool.random(using: &dice) ? .killed : .strict)
        story.append("a run cut short")
      }
      let note: Comment = "round \(round) (seed \(seed)): \(story) \(wish.onConflict.map { "\($0)" } ?? "")"

      let before = machine.files.snapshot("/home/ann")
      let predicted = await machine.up(dry)
      guard predicted.document["kind"] as? String == "plan" else {
        let run = await machine.up(real)
        #expect(run.status == predicted.status, "\(note): \(predicted.failure), then \(run.failure)")
        #expect(run.failure == predicted.failure, note)
        machine.files.put("/home/ann/team/outfit.yaml", manifest(&dice))
        continue
      }
      // A run that was cut short is put in order by whatever comes next, also by a dry run.
      if !story.contains("a run cut short") { #expect(machine.files.snapshot("/home/ann") == before, note) }
      let wanted = (predicted.document["consent"] as? [String: Any])?["wanted"] as? Bool == true
      if wanted {
        let unasked = machine.files.snapshot("/home/ann", except: own)
        let run = await machine.up(wish)
        #expect(run.status == .consent, "\(note): \(run.failure)")
        #expect(
          machine.files.snapshot("/home/ann", except: own) == unasked, note)
        refused += 1
      }
      let done = await machine.up(real)
      #expect(done.failure == "", note)
      let (said, did) = (predicted.document, done.document)
      #expect(did["changed"] as? Bool == said["changed"] as? Bool, note)
      if wish.onConflict?.takes == true {
        // What was taken was in conflict before.
        #expect(difference(names(said, "files", "path"), names(did, "files", "path")) == [], note)
      } else {
        #expect(difference(files(said), files(did)) == [], note)
      }
      #expect(difference(names(said, "commands", "name"), names(did, "commands", "name")) == [], note)
      #expect(difference(names(said, "effects", "entry"), names(did, "effects", "entry")) == [], note)
      #expect(names(did, "conflicts", "path").allSatisfy(names(said, "conflicts", "path").contains), note)
      if !names(said, "conflicts", "path").isEmpty { conflicts += 1 }
      if !wanted, (did["incomplete"] as? [Any])?.isEmpty == true {
        #expect(done.status == predicted.status, note)
      }
      if let lacking = did["incomplete"] as? [[String: Any]], !lacking.isEmpty {
        // What the network was for, and nothing else.
        #expect(machine.packages.withLock { !$0.isOnline }, "\(note): \(lacking)")
      } else {
        let second = await machine.up(wish)
        #expect(
          second.document["changed"] as? Bool == false,
          "\(note): \(second.failure) \(files(second.document)) \(second.document["mend"] ?? "") \(names(second.document, "effects", "entry"))"
        )
      }
      if said["changed"] as? Bool == true { changes += 1 }
    }
    print(
      "predictions: \(rounds) in memory, \(changes) changes, \(conflicts) with conflicts, \(refused) without consent, "
        + "\(cut) runs cut short; seed \(seed)")
    #expect(changes > rounds / 4 && changes < rounds, "a test that only sees one answer proves little")
  }
}
