import OutfitCore
import SystemPackage

extension Host {
  /// This machine, and the user who runs this process.
  /// - Parameter needsFolder: Whether it matters which folder is the current one; `/` stands for one that is gone
  ///   where it does not.
  /// - Throws: `Failure` with the status `usage` when HOME can't be used, under sudo above all, and on a
  ///   kind of machine that Outfit does not know.
  public static func live(needsFolder: Bool = true) throws(Failure) -> Host {
    let files = LiveFiles()
    let environment = Libc.environment
    let user = try user(
      environment: environment, identifier: Libc.userIdentifier, account: Libc.account, files: files)
    guard let directory = Libc.workingDirectory ?? (needsFolder ? nil : "/") else {
      throw Failure("the current folder is gone", hint: "go to a folder that exists: cd", status: .usage)
    }
    return Host(
      files: files, processes: LiveProcesses(),
      terminal: LiveTerminal(
        columns: environment["COLUMNS"].flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil }),
      clock: LiveClock(), environment: environment, user: user,
      platform: try platform(system: Libc.system, machine: Libc.machine, files: files),
      workingDirectory: directory, arguments: Array(CommandLine.arguments.dropFirst()))
  }

  static func user(
    environment: [String: String], identifier: UInt32, account: (UInt32) -> (name: String, home: String)?,
    files: some Files
  ) throws(Failure) -> User {
    let known = account(identifier)
    guard let text = environment["HOME"].flatMap({ $0.isEmpty ? nil : $0 }) ?? known?.home else {
      throw Failure("HOME is not set, and user \(identifier) has no account here", status: .usage)
    }
    let home = FilePath(text).lexicallyNormalized()
    guard home.isAbsolute else {
      throw Failure("HOME is \(text), which is no absolute path", status: .usage)
    }
    let name = known?.name ?? environment["USER"] ?? "\(identifier)"
    guard let owner = (try? files.status(home, followLinks: true))?.owner, owner != identifier else {
      return User(identifier: identifier, name: name, home: home)
    }
    let ownerName = account(owner)?.name ?? "user \(owner)"
    if let way = ["SUDO_UID": "sudo", "DOAS_USER": "doas"].first(where: { environment[$0.key] != nil })?.value
    {
      throw Failure(
        "outfit runs as \(name) by \(way), but HOME is \(home), which belongs to \(ownerName)",
        hint: identifier == 0
          ? "run it without \(way); it asks for sudo itself where something needs root"
          : "run it with the HOME of \(name): \(way == "sudo" ? "sudo -iu" : "doas -u") \(name) ...",
        status: .usage)
    }
    return User(identifier: identifier, name: name, home: home, homeOwner: identifier == 0 ? ownerName : nil)
  }

  static func platform(
    system: Platform.System, machine: String, files: some Files
  ) throws(Failure) -> Platform {
    let architecture: Platform.Architecture
    switch machine {
    case "x86_64", "amd64": architecture = .amd64
    case "aarch64", "arm64": architecture = .arm64
    default:
      throw Failure(
        "outfit runs on x86-64 and 64-bit ARM machines; this one is \(machine)", status: .usage)
    }
    guard system == .linux else { return Platform(system, architecture) }
    let loaders = [
      "/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1", "/lib64/ld-linux-aarch64.so.1",
    ]
    // A machine with both is one of glibc, with musl as a package.
    let hasGlibc = loaders.contains { files.exists(FilePath($0)) }
    let hasMusl = ((try? files.list("/lib")) ?? []).contains { $0.hasPrefix("ld-musl-") }
    return Platform(system, architecture, hasMusl && !hasGlibc ? .musl : .gnu)
  }
}

/// The clocks of this machine.
struct LiveClock: Clock {
  func now() -> Int64 { Libc.now }
  func uptime() -> UInt64 { Libc.uptime }
  func sleep(seconds: Double) async throws {
    try await Task.sleep(nanoseconds: UInt64(max(0, seconds) * 1_000_000_000))
  }
}

/// The folder that this process works from.
public enum WorkingFolder {
  /// - Parameter path: relative to the one of now, or absolute.
  /// - Throws: `Failure` with the status `usage` where it is no folder that may be entered.
  public static func change(to path: String) throws(Failure) {
    if let code = Libc.changeFolder(path) {
      throw Failure(
        "can't work from \(path.harmless): \(code)", hint: "-C takes a folder that is there", status: .usage)
    }
  }
}
