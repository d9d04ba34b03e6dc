import OutfitCore
import OutfitEngine
import SystemPackage

/// What compiling CPython needs of a machine: looked for before anything is compiled.
struct BuildNeeds {
  /// One thing that is needed.
  struct Need: Hashable {
    /// For people: `OpenSSL (ssl)`.
    var name: String
    /// The module of the standard library that is built with it.
    var module: String?
    /// Without it no Python is switched to.
    var isRequired: Bool
    /// One of them is enough: programs in /usr/bin, headers in a folder of headers.
    var programs: [String] = []
    var headers: [String] = []
    /// By package manager.
    var packages: [PackageCommand: String]
  }

  enum PackageCommand: String, CaseIterable {
    case apt, dnf, apk, pacman, zypper, brew

    var places: [FilePath] {
      switch self {
      case .apt: ["/usr/bin/apt-get"]
      case .dnf: ["/usr/bin/dnf"]
      case .apk: ["/sbin/apk", "/usr/bin/apk"]
      case .pacman: ["/usr/bin/pacman"]
      case .zypper: ["/usr/bin/zypper"]
      case .brew: ["/opt/homebrew/bin/brew", "/usr/local/bin/brew"]
      }
    }

    func installing(_ names: [String]) -> String {
      let verb =
        switch self {
        case .apt: "apt-get install --no-install-recommends"
        case .dnf: "dnf install"
        case .apk: "apk add"
        case .pacman: "pacman -S --needed"
        case .zypper: "zypper install"
        case .brew: "brew install"
        }
      return "\(verb) \(names.joined(separator: " "))"
    }
  }

  static let all: [Need] = [
    Need(
      name: "a C compiler", isRequired: true, programs: ["cc", "gcc", "clang"],
      packages: [.apt: "gcc", .dnf: "gcc", .apk: "gcc", .pacman: "gcc", .zypper: "gcc", .brew: "llvm"]),
    Need(
      name: "the C library's headers", isRequired: true, headers: ["stdio.h"],
      packages: [
        .apt: "libc6-dev", .dnf: "glibc-devel", .apk: "musl-dev", .pacman: "glibc", .zypper: "glibc-devel",
      ]),
    Need(
      name: "make", isRequired: true, programs: ["make"],
      packages: [
        .apt: "make", .dnf: "make", .apk: "make", .pacman: "make", .zypper: "make", .brew: "make",
      ]),
    Need(
      name: "xz", isRequired: true, programs: ["xz"],
      packages: [.apt: "xz-utils", .dnf: "xz", .apk: "xz", .pacman: "xz", .zypper: "xz", .brew: "xz"]),
    library(
      "OpenSSL", "ssl", "openssl/ssl.h", apt: "libssl-dev", dnf: "openssl-devel", apk: "openssl-dev",
      pacman: "openssl", zypper: "libopenssl-devel", brew: "openssl@3"),
    library(
      "SQLite", "sqlite3", "sqlite3.h", apt: "libsqlite3-dev", dnf: "sqlite-devel", apk: "sqlite-dev",
      pacman: "sqlite", zypper: "sqlite3-devel", brew: "sqlite"),
    library(
      "libffi", "ctypes", "ffi.h", apt: "libffi-dev", dnf: "libffi-devel", apk: "libffi-dev",
      pacman: "libffi", zypper: "libffi-devel", brew: "libffi"),
    library(
      "zlib", "zlib", "zlib.h", apt: "zlib1g-dev", dnf: "zlib-devel", apk: "zlib-dev", pacman: "zlib",
      zypper: "zlib-devel", brew: "zlib"),
    library(
      "liblzma", "lzma", "lzma.h", apt: "liblzma-dev", dnf: "xz-devel", apk: "xz-dev", pacman: "xz",
      zypper: "xz-devel", brew: "xz"),
    library(
      "bzip2", "bz2", "bzlib.h", required: false, apt: "libbz2-dev", dnf: "bzip2-devel", apk: "bzip2-dev",
      pacman: "bzip2", zypper: "libbz2-devel", brew: "bzip2"),
    library(
      "readline", "readline", "readline/readline.h", required: false, apt: "libreadline-dev",
      dnf: "readline-devel", apk: "readline-dev", pacman: "readline", zypper: "readline-devel",
      brew: "readline"),
    library(
      "ncurses", "curses", "ncurses.h", required: false, apt: "libncurses-dev", dnf: "ncurses-devel",
      apk: "ncurses-dev", pacman: "ncurses", zypper: "ncurses-devel", brew: "ncurses"),
    library(
      "libuuid", "_uuid", "uuid/uuid.h", required: false, apt: "uuid-dev", dnf: "libuuid-devel",
      apk: "util-linux-dev", pacman: "util-linux-libs", zypper: "libuuid-devel", brew: "ossp-uuid"),
  ]

  private static func library(
    _ title: String, _ module: String, _ header: String, required: Bool = true, apt: String, dnf: String,
    apk: String, pacman: String, zypper: String, brew: String
  ) -> Need {
    Need(
      name: "\(title)'s headers (\(module))", module: module, isRequired: required, headers: [header],
      packages: [.apt: apt, .dnf: dnf, .apk: apk, .pacman: pacman, .zypper: zypper, .brew: brew])
  }

  /// What is missing, in the order above.
  var missing: [Need] = []
  var command: PackageCommand?

  var missingRequired: [Need] { missing.filter(\.isRequired) }

  /// The modules beyond the required ones that will be built.
  var modules: [String] {
    Self.all.filter { !$0.isRequired && !missing.contains($0) }.compactMap(\.module)
  }

  /// The one command that installs all that is missing.
  var installing: String? {
    guard let command else { return nil }
    return command.installing(missing.compactMap { $0.packages[command] })
  }

  static func folders(_ platform: Platform) -> [String] {
    switch platform.system {
    case .linux:
      let triple = platform.architecture == .amd64 ? "x86_64-linux-gnu" : "aarch64-linux-gnu"
      return ["/usr/include", "/usr/include/\(triple)", "/usr/local/include"]
    case .macos:
      let brew = platform.architecture == .arm64 ? "/opt/homebrew" : "/usr/local"
      return ["/Library/Developer/CommandLineTools/SDKs/MacOSX.sdk/usr/include", "\(brew)/include"]
        + ["openssl@3", "sqlite", "libffi", "zlib", "xz", "bzip2", "readline"].map {
          "\(brew)/opt/\($0)/include"
        }
    }
  }
}

extension Inquirer {
  /// What this machine lacks for compiling CPython; nil until that is known.
  mutating func buildNeeds(_ platform: Platform) -> BuildNeeds? {
    var needs = BuildNeeds()
    let folders = BuildNeeds.folders(platform)
    var isKnown = true
    for need in BuildNeeds.all {
      let paths =
        need.programs.flatMap { program in ProgramFolders.all.map { "\($0)/\(program)" } }
        + need.headers.flatMap { header in folders.map { "\($0)/\(header)" } }
      let found = paths.map { exists(FilePath($0)) }
      if found.contains(nil) { isKnown = false }
      if !found.contains(true) { needs.missing.append(need) }
    }
    for command in BuildNeeds.PackageCommand.allCases {
      let found = command.places.map { exists($0) }
      if found.contains(nil) { isKnown = false }
      if needs.command == nil, found.contains(true) { needs.command = command }
    }
    return isKnown ? needs : nil
  }

  /// Whether something is at the path; nil until that is known.
  mutating func exists(_ path: FilePath) -> Bool? {
    guard let answer = answer(.status(path)) else { return nil }
    if case .status = answer { return true }
    return false
  }
}
