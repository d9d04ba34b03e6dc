import OutfitCore
import OutfitProfile

/// What lies in the environments of an image, held against the wheels that the lock names: every file on the import path
/// is one of a wheel, by its digest, or is made of one.
struct InstalledFiles {
  /// What a container sees.
  let files: [String: TarEntry]
  let known: KnownContents
  /// Of Python: `3.13`.
  let minor: String
  /// As the image names it: `amd64`.
  let architecture: String
  /// The lock's interpreter for it.
  let interpreter: ArtifactFiles?

  /// One environment of an image.
  struct Environment {
    /// Without a slash before it: `opt/venv`.
    var root: String
    /// Hashed requirement lines of what is installed there.
    var requirements: String
    /// Normalised names of what the image builds itself.
    var built: Set<String> = []
    /// What is no part of it: folders below it.
    var without: [String] = []
    /// Other files of it, and what they hold.
    var made: [String: Digest] = [:]
    /// Links of it, and where they lead.
    var links: [String: String] = [:]
  }

  /// What was found in an environment.
  struct Findings {
    /// Files that are those of a wheel.
    var count = 0
    /// Wheels.
    var wheels = 0
    var failures: [String] = []
    /// What can't be compared, and why.
    var unknown: [String] = []
    /// Compiled Python that came with a wheel.
    var compiled: Set<String> = []
  }

  /// The text of these files is kept.
  static func wants(_ path: String) -> Bool {
    guard path.hasPrefix("opt/venv/") || path.hasPrefix("opt/dev/") else { return false }
    return path.hasSuffix(".dist-info/RECORD") || path.hasSuffix("/pyvenv.cfg")
  }

  /// Something is made of these files of a wheel, or of an interpreter, when it is installed.
  static func derives(_ name: String) -> Bool {
    name.hasSuffix(".dist-info/entry_points.txt") || name.hasSuffix(".dist-info/WHEEL")
      || name.hasSuffix(".dist-info/RECORD") || name.contains(".data/scripts/")
      || name.contains("/venv/scripts/")
  }

  /// Looks at every file of an environment.
  func compared(_ environment: Environment) -> Findings {
    var reading = EnvironmentComparison(files: self, environment: environment)
    reading.run()
    return reading.findings
  }

  /// Files that would run as another user.
  static func isRaised(_ entry: TarEntry) -> Bool { entry.isFile && entry.mode & 0o6000 != 0 }
}

/// One environment, while it is looked at.
private struct EnvironmentComparison {
  let files: InstalledFiles
  let environment: InstalledFiles.Environment
  var findings = InstalledFiles.Findings()
  /// What a file may be, by path.
  private var expected: [String: Set<Digest>] = [:]
  /// What the list of a package says whose wheel is not here.
  private var listed: [String: Digest?] = [:]
  /// Metadata that installers write.
  private var notes: Set<String> = []
  private let site: String
  private let own: [String: TarEntry]

  init(files: InstalledFiles, environment: InstalledFiles.Environment) {
    self.files = files
    self.environment = environment
    site = "\(environment.root)/lib/python\(files.minor)/site-packages/"
    let prefix = environment.root + "/"
    own = files.files.filter { path, _ in
      path.hasPrefix(prefix) && !environment.without.contains { path.hasPrefix($0 + "/") }
    }
  }

  mutating func run() {
    var above = ""
    for part in environment.root.split(separator: "/") {
      above += above.isEmpty ? part : "/" + part
      if let entry = files.files[above], !entry.isFolder { fail("/\(above) is no folder") }
    }
    packages()
    scripts()
    for (path, entry) in own.sorted(by: { $0.key < $1.key }) where !entry.isFolder { look(path, entry) }
    for path in expected.keys.sorted() where own[path] == nil && !CompiledFiles.isCompiled(path) {
      fail("/\(path) is missing")
    }
    for path in listed.keys.sorted() where own[path] == nil && !path.hasSuffix(".pyc") {
      fail("/\(path) is missing")
    }
    settings()
  }

  private mutating func fail(_ text: String) { findings.failures.append(text) }

  // MARK: - Packages

  private mutating func packages() {
    var pins: [String: [Digest]] = [:]
    for line in RequirementLine.parse(environment.requirements) {
      switch line.content {
      case .package(let package):
        pins[Packages.normalized(package.name), default: []] += line.digests.compactMap { Digest($0) }
      case .direct(let direct):
        pins[Packages.normalized(direct.name ?? ""), default: []] += line.digests.compactMap { Digest($0) }
      default: break
      }
    }
    let folders = Set(
      own.keys.compactMap { path -> String? in
        guard path.hasPrefix(site) else { return nil }
        let first = path.dropFirst(site.count).prefix { $0 != "/" }
        return first.hasSuffix(".dist-info") ? String(first) : nil
      })
    for folder in folders.sorted() {
      guard let (name, version) = Packages.named(folder) else {
        fail("/\(site)\(folder) is of no package")
        continue
      }
      if environment.built.contains(name) {
        findings.unknown.append("\(name) \(version) is built in the image")
        list(folder)
        continue
      }
      guard let digests = pins[name] else {
        fail("/\(site)\(folder) is of no package of the lock")
        list(folder)
        continue
      }
      if let wheel = wheel(digests, folder) {
        findings.wheels += 1
        install(wheel, folder, name)
      } else {
        findings.unknown.append("there is no wheel of \(name) \(version) here")
        list(folder)
      }
    }
  }

  /// The wheel that a package was installed from; nil where it is not here.
  private func wheel(_ digests: [Digest], _ folder: String) -> ArtifactFiles? {
    func fits(_ wheel: ArtifactFiles) -> Bool {
      wheel.files["\(folder)/WHEEL"]?.digest == own["\(site)\(folder)/WHEEL"]?.digest
    }
    // What is vendored for this architecture is what was installed.
    let vendored = digests.filter { files.known.vendored[files.architecture]?.contains($0) == true }
      .compactMap { files.known.wheels[$0] }
    if !vendored.isEmpty { return vendored.first(where: fits) ?? vendored[0] }
    let here = digests.compactMap { files.known.wheels[$0] }
    return here.first(where: fits) ?? (here.count == digests.count ? here.first : nil)
  }

  /// What pip makes of a wheel (PEP 427, and the specification of entry points).
  private mutating func install(_ wheel: ArtifactFiles, _ folder: String, _ name: String) {
    let data = folder.dropLast("dist-info".count) + "data/"
    // As the wheel writes them, which may be in another case.
    let base = wheel.files.keys.first { $0.hasSuffix(".dist-info/WHEEL") && !$0.dropLast(6).contains("/") }
      .map { String($0.dropLast(6)) }
    guard base == folder else {
      fail("/\(site)\(folder) is not the folder of its wheel")
      return list(folder)
    }
    for (path, file) in wheel.files {
      if path == "\(folder)/RECORD" { continue }
      guard path.hasPrefix(data) else {
        expect(site + path, file.digest)
        continue
      }
      let parts = path.dropFirst(data.count).split(separator: "/", maxSplits: 1)
      guard parts.count == 2 else { continue }
      switch parts[0] {
      case "purelib", "platlib": expect(site + parts[1], file.digest)
      case "data": expect("\(environment.root)/\(parts[1])", file.digest)
      case "headers":
        let folder = "\(environment.root)/include/site/python\(files.minor)"
        expect("\(folder)/\(name)/\(parts[1])", file.digest)
      case "scripts":
        expect("\(environment.root)/bin/\(parts[1])", script(file))
      default: continue
      }
    }
    for (program, target) in EntryPoints.programs(wheel.files["\(folder)/entry_points.txt"]?.text ?? "") {
      let texts = EntryPoints.scripts(target, interpreter: "/\(environment.root)/bin/python3")
      for name in name == "pip" ? ["pip", "pip3", "pip\(files.minor)"] : [program] {
        expected["\(environment.root)/bin/\(name)"] = Set(texts.map { Digest(of: $0) })
      }
    }
    notes.formUnion(["RECORD", "direct_url.json"].map { "\(site)\(folder)/\($0)" })
    for (note, text) in [("INSTALLER", "pip\n"), ("REQUESTED", "")]
    where own["\(site)\(folder)/\(note)"] != nil {
      expect("\(site)\(folder)/\(note)", Digest(of: text))
    }
  }

  private mutating func expect(_ path: String, _ digest: Digest) {
    expected[String(KeyedTree.plain(path).dropFirst()), default: []].insert(digest)
  }

  /// A script whose first line names any Python gets the environment's own.
  private func script(_ file: ArtifactFiles.File) -> Digest {
    guard let text = file.text, text.hasPrefix("#!python"),
      let end = text.unicodeScalars.firstIndex(of: "\n")
    else { return file.digest }
    let rest = text.unicodeScalars[end...]
    return Digest(of: "#!/\(environment.root)/bin/python3" + String(rest))
  }

  /// What a package says of itself: whoever changes a file can change that too.
  private mutating func list(_ folder: String) {
    let path = "\(site)\(folder)/RECORD"
    notes.formUnion([path, "\(site)\(folder)/direct_url.json"])
    for line in (own[path]?.text ?? "").split(whereSeparator: \.isNewline) {
      guard let record = InstalledFiles.record(line) else {
        fail("/\(path) has a line that is not known")
        continue
      }
      let place = String(KeyedTree.plain(site + record.path).dropFirst())
      if !notes.contains(place) { listed[place] = .some(record.digest) }
    }
  }

  // MARK: - Files

  /// The scripts that people enter an environment with are made of the interpreter's.
  private mutating func scripts() {
    let names = ["activate", "activate.csh", "activate.fish", "Activate.ps1"]
    let present = names.filter { own["\(environment.root)/bin/\($0)"] != nil }
    guard let interpreter = files.interpreter else {
      if let name = present.first {
        findings.unknown.append("/\(environment.root)/bin/\(name) is made of an interpreter that is not here")
      }
      notes.formUnion(present.map { "\(environment.root)/bin/\($0)" })
      return
    }
    for name in present {
      let templates = ["common", "posix"].compactMap {
        interpreter.files["lib/python\(files.minor)/venv/scripts/\($0)/\(name)"]?.text
      }
      expected["\(environment.root)/bin/\(name)"] = Set(
        templates.flatMap(activation).map { Digest(of: $0) })
    }
  }

  /// The forms that the releases of `venv` give a script.
  private func activation(_ template: String) -> [String] {
    let name = environment.root.split(separator: "/").last.map(String.init) ?? ""
    var forms: [String] = []
    for quote in ["", "'"] {
      for prompt in [name, "(\(name)) ", "'(\(name)) '", "'\(name)'"] {
        var text = template
        for (key, value) in [
          ("__VENV_DIR__", "/" + environment.root), ("__VENV_NAME__", name), ("__VENV_BIN_NAME__", "bin"),
          ("__VENV_PYTHON__", "/\(environment.root)/bin/python3"),
        ] {
          text = text.replacing(key, with: quote + value + quote)
        }
        forms.append(text.replacing("__VENV_PROMPT__", with: prompt))
      }
    }
    return forms
  }

  private mutating func look(_ path: String, _ entry: TarEntry) {
    let name = String(path.dropFirst(environment.root.count + 1))
    if InstalledFiles.isRaised(entry) { return fail("/\(path) runs as another user") }
    if entry.isLink {
      if !isMade(name, entry.target, path) { fail("/\(path) is a link to \(entry.target)") }
      return
    }
    guard entry.isFile else { return fail("/\(path) is no file") }
    let isCompiled = CompiledFiles.isCompiled(path)
    if let wanted = expected[path] {
      if let digest = entry.digest, wanted.contains(digest) {
        findings.count += 1
        if isCompiled { findings.compiled.insert(path) }
      } else if !isCompiled {
        fail("/\(path) is not what its wheel has")
      }
    } else if isCompiled {
      return  // Compared with what its source makes.
    } else if let wanted = listed[path] {
      if wanted == nil || entry.digest != wanted { fail("/\(path) is not what its package lists") }
    } else if let wanted = environment.made[path] {
      if entry.digest != wanted { fail("/\(path) is not what the Dockerfile makes") }
    } else if !notes.contains(path), !["pyvenv.cfg", ".gitignore"].contains(name) {
      fail("/\(path) is of no package")
    }
  }

  /// Links that `venv` makes.
  private func isMade(_ name: String, _ target: String, _ path: String) -> Bool {
    if environment.links[path] == target { return true }
    if name == "lib64" { return target == "lib" }
    let programs = ["python", "python3", "python\(files.minor)", "𝜋thon"]
    guard name.hasPrefix("bin/"), programs.contains(String(name.dropFirst(4))) else { return false }
    return programs.contains(target)
      || programs.contains { target == "/opt/python/bin/\($0)" }
  }

  /// What decides where an environment's interpreter and packages are (PEP 405).
  private mutating func settings() {
    let path = environment.root + "/pyvenv.cfg"
    guard let text = own[path]?.text else {
      return fail("/\(path) is missing")
    }
    var values: [String: String] = [:]
    for line in text.split(separator: "\n") {
      let sides = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map {
        String($0.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
      }
      guard sides.count == 2, values.updateValue(sides[1], forKey: sides[0].lowercased()) == nil else {
        return fail("/\(path) has a line that is not known")
      }
    }
    let programs = ["python", "python3", "python\(files.minor)"].map { "/opt/python/bin/" + $0 }
    let isRight =
      values["home"] == "/opt/python/bin" && values["include-system-site-packages"] == "false"
      && values["executable"].map(programs.contains) ?? true
      && Set(values.keys).isSubset(of: [
        "home", "include-system-site-packages", "version", "executable", "command", "prompt",
      ])
    if !isRight { fail("/\(path) leads elsewhere") }
  }
}

extension InstalledFiles {
  /// A line of RECORD (PyPA, recording installed projects): path, digest, size.
  static func record(_ line: Substring) -> (path: String, digest: Digest?)? {
    var path = line
    var fields: [Substring] = []
    for _ in 0..<2 {
      guard let comma = path.lastIndex(of: ",") else { return nil }
      fields.insert(path[path.index(after: comma)...], at: 0)
      path = path[..<comma]
    }
    var name = String(path)
    if name.hasPrefix("\""), name.hasSuffix("\""), name.count > 1 {
      name = String(name.dropFirst().dropLast()).replacing("\"\"", with: "\"")
    }
    guard fields[0].hasPrefix("sha256=") else { return fields[0].isEmpty ? (name, nil) : nil }
    guard let bytes = base64(fields[0].dropFirst(7)), bytes.count == 32 else { return nil }
    let hexadecimal = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    return (name, Digest(hexadecimal))
  }

  /// The alphabet for URLs, without padding (RFC 4648).
  static func base64(_ text: Substring) -> [UInt8]? {
    var bytes: [UInt8] = []
    var bits = 0
    var count = 0
    for byte in text.utf8 where byte != UInt8(ascii: "=") {
      let value: Int
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = Int(byte) - 65
      case UInt8(ascii: "a")...UInt8(ascii: "z"): value = Int(byte) - 71
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = Int(byte) + 4
      case UInt8(ascii: "-"): value = 62
      case UInt8(ascii: "_"): value = 63
      default: return nil
      }
      bits = (bits << 6 | value) & 0xFFFF
      count += 6
      if count >= 8 {
        count -= 8
        bytes.append(UInt8(bits >> count & 0xFF))
      }
    }
    return bytes
  }

  /// Whether a wheel's files are just those that its list has.
  static func isListed(_ wheel: ArtifactFiles, _ list: String) -> Bool {
    var names: Set<String> = []
    for line in list.split(whereSeparator: \.isNewline) {
      guard let record = record(line) else { return false }
      if let digest = record.digest, wheel.files[record.path]?.digest != digest { return false }
      names.insert(record.path)
    }
    return names == Set(wheel.files.keys)
  }
}
