import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSharing
import OutfitSystem
import SystemPackage

/// What a machine has that a profile can name, read at known places.
struct MachineInventory {
  private let session: Session
  private var host: Host { session.host }
  private(set) var profile = CapturedProfile()
  private(set) var notes: [Diagnostic] = []

  init(_ session: Session) { self.session = session }

  private mutating func note(_ message: String, hint: String? = nil) {
    notes.append(Diagnostic(.note, message, hint: hint))
  }

  // MARK: - Interpreters

  /// Outfit's own first, then pyenv's with those of `pyenv global` before the others, then uv's: of each minor release one.
  mutating func readInterpreters() throws {
    var found: [(Language, Version)] = []
    for one in try Generations.current(.machine, host: host)?.interpreters ?? [] {
      found.append((one.language, one.version))
    }
    let root = PyenvRoot.locate(host)
    if host.files.exists(root.appending("versions")) {
      let pyenv = try PyenvRoot.read(root, host)
      let all = pyenv.versions.map(\.version)
      let versions = all.filter { $0.release.first ?? 0 >= 3 }
      for old in all where !versions.contains(old) {
        note("pyenv's \(old) is left out: nobody makes it any more")
      }
      let first = pyenv.global.compactMap { Version($0) }.filter(versions.contains)
      found += (first + versions.filter { !first.contains($0) }).map { (.python, $0) }
    }
    found += uvPythons.map { (.python, $0) }
    for (language, version) in found { add(language, version) }
  }

  private mutating func add(_ language: Language, _ version: Version) {
    let there = profile.interpreters[language] ?? []
    guard !there.contains(where: { Version($0)?.minor == version.minor }) else { return }
    profile.interpreters[language, default: []].append(version.description)
  }

  /// `cpython-3.13.5-linux-x86_64-gnu`, the newest first.
  private var uvPythons: [Version] {
    let data =
      host.environment["XDG_DATA_HOME"].map { FilePath($0) } ?? host.user.home.pushing(".local/share")
    let folder =
      host.environment["UV_PYTHON_INSTALL_DIR"].map { FilePath($0) } ?? data.pushing("uv/python")
    return ((try? host.files.list(folder)) ?? []).compactMap { name in
      let parts = name.split(separator: "-")
      guard parts.first == "cpython", parts.count > 2, let version = Version(String(parts[1])),
        version.description.split(separator: ".").count == 3
      else { return nil }
      return version
    }.sorted(by: >)
  }

  // MARK: - Tools

  mutating func readTools() async throws {
    await readOwn()
    for (folder, read) in [
      (PipxInventory.folder(host), PipxInventory.read), (UvInventory.folder(host), UvInventory.read),
    ] {
      if let folder { take(try read(folder, host)) }
    }
    let ofNode = NodeGlobals.read(host)
    if !ofNode.tools.isEmpty, profile.interpreters[.node] == nil { profile.interpreters[.node] = [">=18"] }
    take(ofNode)
  }

  /// Of the profile that is adopted, with the personal layer.
  private mutating func readOwn() async {
    do {
      guard let place = try ProfilePlace.adopted(host) else { return }
      let own = try await place.load(session, fetching: .asked)
      let lock = try Locks(host: host, profile: own).merged
      for (name, section) in own.tools {
        if let index = section.value.index, let entry = own.indexes[index],
          !add(index: index, entry.value.url, name)
        {
          continue
        }
        guard isClean([section.value.url, section.value.checksums].compactMap(\.self), name) else { continue }
        profile.tools[name] = section.value.captured(at: lock.tools[name]?.version)
      }
    } catch let failure as Failure {
      note("the tools of this machine's profile can't be read: \(failure.diagnostics.first?.message ?? "")")
    } catch { note("the tools of this machine's profile can't be read: \(error)") }
  }

  private mutating func take(_ inventory: ToolInventory) {
    notes += inventory.notes
    for tool in inventory.tools where profile.tools[tool.name] == nil {
      var tool = tool
      if let index = tool.index, !add(index: ToolInventory.indexName(index), index, tool.name) { continue }
      if let python = tool.python {
        let there = (profile.interpreters[.python] ?? []).compactMap { Version($0)?.minor }
        if !there.contains(python) { profile.interpreters[.python, default: []].append(python) }
        if there.first == python || there.isEmpty { tool.python = nil }
      }
      profile.tools[tool.name] = tool.value(
        isExact: true, indexName: tool.index.map(ToolInventory.indexName))
    }
  }

  /// - Returns: false where its address holds what must not be given away.
  private mutating func add(index name: String, _ address: String, _ tool: String) -> Bool {
    guard isClean([address], tool) else { return false }
    profile.indexes[name] = ["url": .text(address), "priority": "explicit", "dependencies": "true"]
    return true
  }

  private mutating func isClean(_ addresses: [String], _ tool: String) -> Bool {
    let plain = addresses.allSatisfy { withoutPasswords($0) == $0 }
    guard plain, SecretFinder.find(in: addresses).isEmpty else {
      note("\(tool): its address holds a secret, so that it is left out")
      return false
    }
    return true
  }

  // MARK: - Packages

  mutating func readPackages() async {
    let found = await SystemPackages.read(host)
    for (manager, names) in found.names {
      let plain = names.filter { !$0.contains("/") }
      if !plain.isEmpty { profile.packages[manager] = plain }
      for name in names where name.contains("/") {
        note("\(name): \(manager) has it from a source of somebody's own, so that it is left out")
      }
    }
  }

  // MARK: - Whose it is

  /// Who uses this machine, from git's settings, the list of users and the hosts of ssh's settings.
  static func identity(_ host: Host) -> Identity {
    let home = host.user.home
    func text(_ path: FilePath) -> String { ((try? host.files.text(path)) ?? nil) ?? "" }
    let configuration =
      host.environment["XDG_CONFIG_HOME"].map { FilePath($0) } ?? home.appending(".config")
    var hostname = host.environment["HOSTNAME"] ?? ""
    if hostname.isEmpty { hostname = String(text("/etc/hostname").prefix { !$0.isNewline }) }
    let hosts = text(home.pushing(".ssh/config")).split(whereSeparator: \.isNewline).flatMap {
      line -> [String] in
      let words = line.split { $0.isWhitespace || $0 == "=" }.map(String.init)
      guard let key = words.first?.lowercased(), key == "host" || key == "hostname" else { return [] }
      return words.dropFirst().filter { !$0.contains("*") && !$0.contains("?") && !$0.contains("%") }
    }
    return Identity(
      user: host.user, hostname: hostname,
      gitconfig: [text(home.appending(".gitconfig")), text(configuration.pushing("git/config"))],
      passwd: text("/etc/passwd"), hosts: hosts)
  }
}
