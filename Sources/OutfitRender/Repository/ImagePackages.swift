/// The packages that a Dockerfile installs by itself: the distribution's, and those of pip that no list of the project
/// has.
struct ImagePackages {
  private(set) var system: [(name: String, line: Int)] = []
  /// They were installed for a build alone, and removed after it.
  private(set) var removed: [String] = []
  private(set) var alpine: [(name: String, line: Int)] = []
  private(set) var pip: [(name: String, line: Int)] = []

  /// What builds packages, or asks whether something answers.
  private static let tools: Set<String> = [
    "build-essential", "gcc", "g++", "make", "cmake", "pkg-config", "curl", "wget", "netcat",
    "netcat-openbsd",
    "netcat-traditional", "apt-utils", "apt-transport-https", "gnupg", "gnupg2", "ca-certificates", "tini",
    "dumb-init", "sudo", "vim", "nano", "less", "lsb-release", "software-properties-common", "locales",
    "procps",
    "git", "git-core", "rsync", "python3-dev", "python3-pip", "python3", "nodejs", "npm", "yarn", "tzdata",
    "gosu", "wait-for-it", "musl-dev", "rustc", "cargo", "netbase",
  ]

  private static let libraries = ["libpq-dev": "libpq5", "default-libmysqlclient-dev": "libmariadb3"]

  /// What a program has to have when it runs.
  var run: [(name: String, line: Int)] {
    var seen: Set<String> = []
    return system.filter { !removed.contains($0.name) || Self.libraries[$0.name] != nil }.compactMap {
      package in
      let name = Self.libraries[package.name] ?? package.name
      if name == package.name, Self.isBuilding(name) { return nil }
      return seen.insert(name).inserted ? (name, package.line) : nil
    }
  }

  /// The others.
  var left: [(name: String, line: Int)] {
    let kept = Set(run.map(\.name))
    return system.filter { !kept.contains($0.name) && Self.libraries[$0.name].map(kept.contains) != true }
  }

  private static func isBuilding(_ name: String) -> Bool { tools.contains(name) || name.hasSuffix("-dev") }

  private static func isName(_ word: String) -> Bool {
    guard let first = word.first, first.isASCII, first.isLowercase || first.isNumber else { return false }
    return word.count > 1
      && word.allSatisfy { $0.isASCII && ($0.isLowercase || $0.isNumber || "+-.".contains($0)) }
  }

  mutating func take(_ script: String, _ known: [String: String], _ line: Int) {
    var values = known
    var conditions = 0
    // `# why` between back quotes.
    let script = script.split(separator: "`", omittingEmptySubsequences: false).enumerated()
      .filter { $0.offset % 2 == 0 }.map(\.element).joined()
    for part in ShellText.parts(script) {
      let raw = ProjectReading.words(part)
      if raw.first == "if" { conditions += 1 }
      if raw.first == "fi" { conditions -= 1 }
      if raw.count == 1, let equals = raw[0].firstIndex(of: "="),
        raw[0][..<equals].allSatisfy({ $0.isLetter || $0 == "_" })
      {
        values[String(raw[0][..<equals])] = String(raw[0][raw[0].index(after: equals)...])
        continue
      }
      guard conditions <= 0 else { continue }
      let words = raw.flatMap { word in
        DockerfileStage.expand(word, values).split(whereSeparator: \.isWhitespace).map(String.init)
      }
      guard let program = words.firstIndex(where: { Self.programs.contains(SourceFiles.base(of: $0)) }) else {
        continue
      }
      take(SourceFiles.base(of: words[program]), words[(program + 1)...], line)
    }
  }

  private static let programs: Set<String> = [
    "apt-get", "apt", "aptitude", "apk", "pip", "pip3", "apt-install", "install_packages",
  ]

  /// Options of apt and apk that have a value behind them.
  private static let distributionOptions: Set<String> = [
    "-t", "-o", "-c", "--target-release", "--default-release", "--option", "--config-file", "--virtual", "-X",
    "--repository", "-p", "--root", "--wait", "--keys-dir", "--repositories-file", "--cache-dir",
  ]

  /// Those of pip, and of uv's pip.
  private static let pipOptions: Set<String> = [
    "-r", "--requirement", "--requirements", "-c", "--constraint", "--constraints", "-e", "--editable", "-b",
    "--build-constraint", "--build-constraints", "--override", "--overrides", "--excludes", "-t", "--target",
    "--root",
    "--prefix", "--src", "-w", "--wheel-dir", "-d", "--dest", "-o", "--output-file", "--format", "--platform",
    "--python-version", "--python-platform", "--implementation", "--abi", "-p", "--python",
    "--python-preference",
    "--upgrade-strategy", "-C", "--config-setting", "--config-settings", "--config-settings-package",
    "--global-option",
    "--no-binary", "--only-binary", "--no-binary-package", "--no-build-package",
    "--no-build-isolation-package",
    "--progress-bar", "--report", "-i", "--index", "--default-index", "--index-url", "--extra-index-url",
    "--index-strategy", "-f", "--find-links", "--keyring-provider", "--trusted-host", "--allow-insecure-host",
    "--cert",
    "--client-cert", "--proxy", "--retries", "--timeout", "--exists-action", "--root-user-action", "--log",
    "--cache-dir", "--use-feature", "--use-deprecated", "--group", "--extra", "-P", "--upgrade-package",
    "--reinstall-package", "--refresh-package", "--resolution", "--prerelease", "--fork-strategy",
    "--exclude-newer",
    "--exclude-newer-package", "--link-mode", "--torch-backend", "--color", "--directory", "--project",
  ]

  private mutating func take(_ program: String, _ words: ArraySlice<String>, _ line: Int) {
    let isDirect = ["apt-install", "install_packages"].contains(program)
    guard
      let verb = isDirect
        ? words.startIndex - 1
        : words.firstIndex(where: { ["install", "add", "purge", "remove", "wheel"].contains($0) })
    else { return }
    var names: [String] = []
    var isValue = false
    for word in words[(verb + 1)...] {
      if isValue {
        isValue = false
      } else if word.hasPrefix("-") {
        isValue = (program.hasPrefix("pip") ? Self.pipOptions : Self.distributionOptions).contains(word)
      } else {
        names.append(word)
      }
    }
    switch (program, isDirect ? "install" : words[verb]) {
    case ("pip", _), ("pip3", _):
      pip += names.compactMap { name in
        let plain = name.prefix { $0.isLetter || $0.isNumber || "-_.".contains($0) }
        let isPath = name.contains("/") || name.hasPrefix(".") || plain.isEmpty
        let normal = RequirementFiles.normal(String(plain))
        return isPath || ["pip", "setuptools", "wheel", "uv", "poetry", "pipenv", "pdm"].contains(normal)
          ? nil : (normal, line)
      }
    case ("apk", _): alpine += names.filter(Self.isName).map { ($0, line) }
    case (_, "purge"), (_, "remove"): removed += names
    default:
      system += names.map { String($0.prefix { $0 != "=" && $0 != "/" }) }.filter(Self.isName).map {
        ($0, line)
      }
    }
  }
}
