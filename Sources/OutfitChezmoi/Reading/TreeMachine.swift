import OutfitGoTemplate

/// What templates of a chezmoi tree are told of the machine and of the tree, as `.chezmoi`
/// (https://www.chezmoi.io/reference/templates/variables/).
public struct TreeMachine: Hashable, Sendable {
  /// `linux`, `darwin`.
  public var os: String
  /// `amd64`, `arm64`.
  public var architecture: String
  public var hostname: String
  public var username: String
  public var home: String
  /// What is checked out, absolute.
  public var workingTree: String
  /// The folder in it that files are from, absolute.
  public var sourceFolder: String
  /// chezmoi's own folder of configuration, absolute.
  public var configurationFolder: String
  public var cacheFolder: String

  public init(
    os: String, architecture: String, hostname: String, username: String, home: String, workingTree: String,
    sourceFolder: String, configurationFolder: String, cacheFolder: String
  ) {
    (self.os, self.architecture, self.hostname, self.username) = (os, architecture, hostname, username)
    (self.home, self.workingTree, self.sourceFolder) = (home, workingTree, sourceFolder)
    (self.configurationFolder, self.cacheFolder) = (configurationFolder, cacheFolder)
  }

  /// The release of chezmoi whose rules are followed.
  static let version = "2.73.3"

  /// What programs would say that say what is known: they need not be run.
  var programs: [[String]: String] {
    let isLinux = os == "linux"
    guard isLinux || os == "darwin" else { return [:] }
    let machine =
      architecture == "amd64" ? "x86_64" : architecture == "arm64" && isLinux ? "aarch64" : architecture
    let kernel = isLinux ? "Linux" : "Darwin"
    let said = [
      ["uname"]: kernel, ["uname", "-s"]: kernel, ["uname", "-m"]: machine, ["uname", "-n"]: hostname,
      ["hostname"]: hostname, ["whoami"]: username,
    ]
    return said.mapValues { $0 + "\n" }
  }

  private static let kernelFolder = "/proc/sys/kernel/"
  private static let kernel = ["osrelease", "ostype", "version"]

  /// The map `.chezmoi`, for the answers that there are.
  func values(_ inquiry: TreeInquiry) -> GoValue {
    let (user, groupNumber) = identifiers(inquiry)
    var values: [String: GoValue] = [
      "arch": .string(architecture), "args": ["chezmoi", "apply"], "cacheDir": .string(cacheFolder),
      "command": "apply", "commandDir": .string(home), "config": .map([:]),
      "configFile": .string(configurationFolder + "/chezmoi.toml"), "destDir": .string(home),
      "executable": "chezmoi",
      "flags": ["dryRun": false, "force": false, "keepGoing": false, "noPager": false, "noTTY": false],
      "fqdnHostname": .string(hostname), "gid": .string(groupNumber),
      "group": .string(group(groupNumber, inquiry)),
      "homeDir": .string(home), "hostname": .string(String(hostname.prefix { $0 != "." })),
      "kernel": .map([:]),
      "os": .string(os), "osRelease": .map([:]), "pathListSeparator": ":", "pathSeparator": "/",
      "rawHomeDir": .string(home), "sourceDir": .string(sourceFolder), "uid": .string(user),
      "username": .string(username),
      "version": ["version": .string(Self.version), "commit": "", "date": "", "builtBy": "outfit"],
      "windowsVersion": .map([:]), "workingTree": .string(workingTree),
    ]
    guard os == "linux" else { return .map(values) }
    var kernel: [String: GoValue] = [:]
    for name in Self.kernel {
      guard let text = inquiry.text(Self.kernelFolder + name) else { continue }
      kernel[name] = .string(String(text.trimming(\.isWhitespace)))
    }
    values["kernel"] = .map(kernel)
    if let text = inquiry.text("/etc/os-release") ?? inquiry.text("/usr/lib/os-release") {
      values["osRelease"] = .map(Self.release(text))
    }
    return .map(values)
  }

  /// passwd(5).
  func identifiers(_ inquiry: TreeInquiry) -> (user: String, group: String) {
    for line in (inquiry.text("/etc/passwd") ?? "").split(separator: "\n") {
      let fields = line.split(separator: ":", omittingEmptySubsequences: false)
      if fields.count > 3, fields[0] == username { return (String(fields[2]), String(fields[3])) }
    }
    return ("", "")
  }

  private func group(_ identifier: String, _ inquiry: TreeInquiry) -> String {
    for line in (inquiry.text("/etc/group") ?? "").split(separator: "\n") {
      let fields = line.split(separator: ":", omittingEmptySubsequences: false)
      if fields.count > 2, fields[2] == identifier { return String(fields[0]) }
    }
    return ""
  }

  /// os-release(5), with names as chezmoi writes them: `VERSION_ID` is `versionID`.
  static func release(_ text: String) -> [String: GoValue] {
    var values: [String: GoValue] = [:]
    for line in text.split(whereSeparator: \.isNewline) {
      let line = line.trimming(\.isWhitespace)
      guard !line.hasPrefix("#"), let sign = line.firstIndex(of: "=") else { continue }
      var value = line[line.index(after: sign)...].trimming(\.isWhitespace)
      for quote in ["\"", "'"] where value.count > 1 && value.hasPrefix(quote) && value.hasSuffix(quote) {
        value = value.dropFirst().dropLast()
      }
      let words = line[..<sign].split(separator: "_", omittingEmptySubsequences: false)
      let name = words.enumerated().map { index, word in
        if index == 0 { return word.lowercased() }
        return ["ANSI", "CPE", "ID", "URL"].contains(word)
          ? String(word) : word.prefix(1).uppercased() + word.dropFirst().lowercased()
      }.joined()
      values[name] = .string(String(value))
    }
    return values
  }
}

extension StringProtocol where SubSequence == Substring {
  func trimming(_ isTrimmed: (Character) -> Bool) -> Substring {
    var text = self[...]
    while text.first.map(isTrimmed) == true { text.removeFirst() }
    while text.last.map(isTrimmed) == true { text.removeLast() }
    return text
  }
}
