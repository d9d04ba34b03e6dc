import ArgumentParser
import OutfitConsent
import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSharing
import OutfitSystem
import SystemPackage

struct TryCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "try",
    abstract: "A shell with a profile, in a home of its own: nothing of yours is touched.",
    discussion: """
      Programs, dotfiles and prompt are made in a folder that goes when the shell ends. Packages of the system and \
      scripts can't be undone, so that they are left out. Your own files are where they are; HOME is another. \
      `outfit try PROFILE -- COMMAND` runs one command in it; the exit status is the command's own.
      """)

  @Argument(help: "A folder, a git address, or one of ours.", completion: Completions.profiles) var profile:
    String
  @Argument(parsing: .postTerminator, help: "A command in place of a shell.") var words: [String] = []
  @Option(
    defaultAsFlag: Up.folderTrust,
    help: ArgumentHelp("Consent to the profile as it is now, or to this commit of it.", valueName: "commit"))
  var trust: String?
  @Flag(name: .shortAndLong, help: "Answer confirmations by their defaults; never consent.") var yes = false
  @Option(
    name: .customLong("use"), help: ArgumentHelp("Take this bundle of the profile too.", valueName: "bundle"))
  var bundles: [String] = []
  @OptionGroup var answers: SettingOptions
  @OptionGroup var fetching: FetchOptions

  func run() async throws {
    try await withSession { session in
      let host = session.host
      guard !words.isEmpty || host.terminal.isInteractive else {
        throw Failure(
          "a shell needs a terminal",
          hint: "outfit try \(Consent.quoted(profile)) -- COMMAND runs one command",
          status: .usage)
      }
      let trial = try await Trial(host)
      defer { trial.end() }
      let inside = Session(host: trial.host, isTrial: true)
      var wish = Undertaking.Wish(
        // Where it is read from is looked up here, not in the new home.
        address: try ProfilePlace.find(profile, session).address, saysYes: yes, consent: Up.consent(trust),
        fetching: fetching.permission, settings: answers.values,
        bundles: bundles.isEmpty ? nil : bundles)
      wish.parts.skipped = ["packages", "scripts"]
      wish.verb = "try"
      wish.named = [profile]
      let status = try await Undertaking(inside, wish).run()
      guard status == .done || status == .failed else { throw Ended(status) }
      if words.isEmpty {
        session.talk("HOME is \(session.short(trial.home)) here, and goes with this shell: exit ends it.")
      }
      throw Ended(child: try await host.processes.runAttached(trial.invocation(words)))
    }
  }
}

/// A home and Outfit's own folders for one try, below Outfit's cache. Whatever ends the process, nothing of it is the
/// user's; what is left of one that was killed goes with the next.
struct Trial {
  /// This machine as it is inside.
  let host: Host
  let home: FilePath
  private let outside: Host
  private let folder: FilePath
  private let lock: FileLock

  private static let lockName = "lock"

  /// - Parameter knowing: what of the user's state is known inside.
  init(_ outside: Host, knowing: [String] = ["trust", "answers"]) async throws {
    let files = outside.files
    let all = outside.places.cache.appending("trials")
    try files.createDirectories(all, mode: 0o700)
    // One that is begun just now is nobody's to clear.
    var gate = try files.tryLock(all.appending(".\(Self.lockName)"))
    for _ in 0..<600 where gate == nil {
      try await outside.clock.sleep(seconds: 0.05)
      gate = try files.tryLock(all.appending(".\(Self.lockName)"))
    }
    guard let gate else { throw Failure("another try begins just now", hint: "run it again") }
    defer { withExtendedLifetime(gate) {} }
    for name in try files.list(all) where !name.hasPrefix(".") {
      let old = all.appending(name)
      guard let lock = try? files.tryLock(old.appending(Self.lockName)) else { continue }
      withExtendedLifetime(lock) { try? files.removeTree(old) }
    }
    folder = all.appending(String(UInt64.random(in: 0...UInt64.max), radix: 36))
    try files.createDirectory(folder, mode: 0o700)
    guard let lock = try files.tryLock(folder.appending(Self.lockName)) else {
      throw Failure("\(folder) is in use", hint: "run it again")
    }
    self.lock = lock
    self.outside = outside
    home = folder.appending("home")
    let own = folder.appending("outfit")
    for path in [home, own, own.appending("state")] { try files.createDirectory(path, mode: 0o700) }
    // What was downloaded serves here too.
    try files.createLink(own.appending("cache"), to: outside.places.cache.string)
    for name in knowing {
      let from = outside.places.state.appending(name)
      guard files.exists(from) else { continue }
      let to = own.appending("state").appending(name)
      try files.createDirectory(to, mode: 0o700)
      for entry in try files.list(from) where !entry.hasPrefix(".") {
        try files.create(to.appending(entry), try files.read(from.appending(entry)), mode: 0o600)
      }
    }
    var host = outside
    host.user.home = home
    var environment = outside.environment
    for name in environment.keys where Self.isOfHome(name) { environment[name] = nil }
    environment["HOME"] = home.string
    environment["OUTFIT_HOME"] = own.string
    let pyenv = outside.user.home.appending(".pyenv")
    if environment["PYENV_ROOT"] == nil, files.exists(pyenv) { environment["PYENV_ROOT"] = pyenv.string }
    environment["PATH"] = "\(own.appending("data/bin")):\(outside.environment["PATH"] ?? "/usr/bin:/bin")"
    host.environment = environment
    self.host = host
  }

  /// Variables that would lead back to the user's own files.
  private static func isOfHome(_ name: String) -> Bool {
    name.hasPrefix("XDG_") && name.hasSuffix("_HOME") || name.hasPrefix("OUTFIT_")
      || ["ZDOTDIR", "BASH_ENV", "ENV", "HISTFILE", "GIT_CONFIG_GLOBAL"].contains(name)
  }

  /// The shell, or a command in it.
  func invocation(_ words: [String]) -> Invocation {
    let shell = FilePath(outside.environment["SHELL"].flatMap { $0.hasPrefix("/") ? $0 : nil } ?? "/bin/sh")
    // A login shell reads what the profile wrote for one.
    let arguments = words.isEmpty ? ["-l"] : ["-c", "exec \"$0\" \"$@\""] + words
    return Invocation(
      words.isEmpty ? shell : "/bin/sh", arguments, environment: host.environment,
      workingDirectory: outside.workingDirectory, standardInput: .inherited)
  }

  func end() {
    withExtendedLifetime(lock) { try? outside.files.removeTree(folder) }
  }
}
