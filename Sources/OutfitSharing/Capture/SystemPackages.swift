import OutfitCore
import OutfitEngine
import OutfitSystem
import SystemPackage

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The packages that somebody installed with the system's managers, less what comes with the system and what belongs to
/// this very machine. Listers are run at the places where systems have them, and nothing else is.
public struct SystemPackages: Sendable {
  /// By manager, as manifests name it.
  public var names: [String: [String]] = [:]
  public var notes: [String] = []

  public static func read(_ host: Host) async -> SystemPackages {
    var found = SystemPackages()
    if let marked = await output("/usr/bin/apt-mark", ["showmanual"], host),
      let known = await output(
        "/usr/bin/dpkg-query", ["-W", "-f", "${Package}\\t${Priority}\\t${Essential}\\n"], host)
    {
      found.names["apt"] = apt(manual: marked, known: known)
    }
    for place in ["/opt/homebrew/bin/brew", "/usr/local/bin/brew", "/home/linuxbrew/.linuxbrew/bin/brew"] {
      guard let leaves = await output(FilePath(place), ["leaves", "--installed-on-request"], host) else {
        continue
      }
      found.names["brew"] = plain(leaves)
      break
    }
    found.names = found.names.filter { !$0.value.isEmpty }
    return found
  }

  private static func output(_ program: FilePath, _ arguments: [String], _ host: Host) async -> String? {
    guard host.files.exists(program) else { return nil }
    let variables = [
      "PATH": "\(program.removingLastComponent()):/usr/bin:/bin", "HOME": host.user.home.string,
      "LC_ALL": "C",
      "HOMEBREW_NO_AUTO_UPDATE": "1", "HOMEBREW_NO_ANALYTICS": "1", "HOMEBREW_NO_INSTALL_FROM_API": "0",
    ]
    guard let done = try? await host.processes.run(Invocation(program, arguments, environment: variables)),
      done.succeeded
    else { return nil }
    return done.outputText
  }

  /// What Debian's own installation has (Debian Policy 2.5), and what a machine needs to start and for its hardware.
  private static let base = ["required", "important", "standard"]
  private static let ofMachines = [
    "linux-image", "linux-headers", "linux-generic", "linux-modules", "grub", "shim-signed", "firmware-",
    "intel-microcode", "amd64-microcode", "nvidia-", "task-", "ubuntu-", "kali-", "raspi-", "efibootmgr",
    "cryptsetup-initramfs", "console-setup", "keyboard-configuration", "mokutil", "os-prober", "lvm2",
    "mdadm",
    "language-pack", "xserver-xorg-video", "initramfs-tools", "zram-tools", "popularity-contest",
    "installation-report",
  ]

  /// - Parameters:
  ///   - manual: what `apt-mark showmanual` says.
  ///   - known: a line `NAME<TAB>PRIORITY<TAB>ESSENTIAL` for each.
  static func apt(manual: String, known: String) -> [String] {
    var base: Set<String> = []
    for line in known.split(whereSeparator: \.isNewline) {
      let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      guard fields.count == 3 else { continue }
      if Self.base.contains(fields[1]) || fields[2] == "yes" { base.insert(fields[0]) }
    }
    return plain(manual).filter { name in
      !base.contains(name) && !ofMachines.contains(where: name.hasPrefix)
    }
  }

  /// Names as managers have them, each once.
  private static func plain(_ text: String) -> [String] {
    text.split(whereSeparator: \.isNewline).map { String($0.trimmed.prefix { $0 != ":" }) }.filter { name in
      !name.isEmpty && name.first != "-"
        && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "+-._@/".contains($0)) }
    }.uniqued.sorted()
  }
}

/// What npm has installed for all folders, read from its own: nothing is run.
public enum NodeGlobals {
  /// Where npm keeps them: its prefix of ~/.npmrc, and the usual ones.
  private static func folders(_ host: Host) -> [FilePath] {
    let home = host.user.home
    var found: [FilePath] = []
    for line in ((try? host.files.text(home.appending(".npmrc"))) ?? nil ?? "").split(
      whereSeparator: \.isNewline)
    {
      let parts = line.split(separator: "=", maxSplits: 1).map(\.trimmed)
      guard parts.count == 2, parts[0] == "prefix" else { continue }
      let place = parts[1].replacing("${HOME}", with: home.string)
      found.append(
        place.hasPrefix("~/") ? home.pushing(FilePath(String(place.dropFirst(2)))) : FilePath(place))
    }
    found += [
      home.appending(".npm-global"), home.appending(".local"), "/usr/local", "/usr", "/opt/homebrew",
    ]
    let nvm = home.pushing(".nvm/versions/node")
    found += ((try? host.files.list(nvm)) ?? []).sorted().map { nvm.appending($0) }
    return found.filter(\.isAbsolute).map { $0.appending("lib").appending("node_modules") }
  }

  public static func read(_ host: Host) -> ToolInventory {
    var inventory = ToolInventory()
    for folder in folders(host) {
      for name in (try? host.files.list(folder)) ?? [] where !name.hasPrefix(".") {
        let place = folder.appending(name)
        let names =
          name.hasPrefix("@") ? ((try? host.files.list(place)) ?? []).map { "\(name)/\($0)" } : [name]
        for package in names { add(package, folder.pushing(FilePath(package)), &inventory, host) }
      }
    }
    return inventory
  }

  private static func add(
    _ package: String, _ place: FilePath, _ inventory: inout ToolInventory, _ host: Host
  ) {
    // Those of Node itself.
    guard !["npm", "corepack"].contains(package) else { return }
    guard (try? host.files.status(place, followLinks: false))??.kind == .directory else {
      return inventory.note("\(package): it is a link to a folder of this machine, so it is left out")
    }
    guard let text = (try? host.files.text(place.appending("package.json"))) ?? nil,
      let version = packageVersion(text)
    else { return }
    let name = String(package.split(separator: "/").last ?? "")
    guard !inventory.tools.contains(where: { $0.name == name }) else { return }
    var tool = ImportedTool(name: name, package: package)
    tool.version = version
    tool.isOfNode = true
    inventory.tools.append(tool)
  }

  private struct Manifest: Decodable { var version: String? }

  private static func packageVersion(_ text: String) -> String? {
    (try? JSONDecoder().decode(Manifest.self, from: Data(text.utf8)))?.version
  }
}
