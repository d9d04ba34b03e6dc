import OutfitCore
import OutfitEngine
import OutfitFetch
import OutfitInterpreters
import OutfitProfile
import OutfitSystem
import SystemPackage

/// The servers that a profile has Outfit and its engines ask, on this machine, with this user's settings.
struct Contacts {
  /// One server, and what is had there.
  struct Contact: Hashable {
    /// `https://host:port`, without credentials.
    var origin: String
    /// What may be asked there to see whether it answers; nil where only git can ask.
    var probe: String?
    /// In the order in which they were found.
    var purposes: [String]
    /// A name that a server sends on to is only known of the public ones.
    var isFollowed = false

    var host: String {
      let rest = origin.firstRange(of: "://").map { origin[$0.upperBound...] } ?? origin[...]
      return String(rest)
    }
  }

  private(set) var all: [Contact] = []
  /// What is asked that can't be told by reading.
  private(set) var open: [String] = []

  private let host: Host
  private let profile: Profile
  private let lock: Lock

  init(of profile: Profile, _ lock: Lock, _ host: Host) {
    (self.profile, self.lock, self.host) = (profile, lock, host)
    addInterpreters()
    addPackages()
    addNode()
    addTools()
    addRepositories()
    addImages()
    if !profile.packages.isEmpty {
      open.append("the sources of the system's own package manager, for `packages:`")
    }
    if profile.dotfiles.contains(where: { $0.value.value.kind == .chezmoi }) {
      open.append("what a folder of chezmoi's fetches itself (.chezmoiexternal)")
    }
  }

  /// By the name of the host, as a list for a firewall.
  var sorted: [Contact] { all.sorted { ($0.host, $0.origin) < ($1.host, $1.origin) } }

  private mutating func add(_ address: String, for purpose: String, isFollowed: Bool = false) {
    guard let found = Self.parts(address) else { return }
    add(found.origin, probe: found.isWeb ? "\(found.origin)\(found.path)" : nil, purpose, isFollowed)
  }

  private mutating func add(_ origin: String, probe: String?, _ purpose: String, _ isFollowed: Bool) {
    if let index = all.firstIndex(where: { $0.origin == origin }) {
      if !all[index].purposes.contains(purpose) { all[index].purposes.append(purpose) }
      if all[index].probe == nil { all[index].probe = probe }
      return
    }
    all.append(Contact(origin: origin, probe: probe, purposes: [purpose], isFollowed: isFollowed))
  }

  /// Of `scheme://user@host:port/path`, or `user@host:path` as ssh has it; nil for what is no server.
  static func parts(_ address: String) -> (origin: String, path: String, isWeb: Bool)? {
    guard let scheme = address.firstRange(of: "://") else {
      guard let colon = address.firstIndex(of: ":"), let at = address[..<colon].lastIndex(of: "@") else {
        return nil
      }
      let name = address[address.index(after: at)..<colon]
      return name.isEmpty ? nil : ("ssh://\(name)", "", false)
    }
    let kind = address[..<scheme.lowerBound].lowercased()
    let rest = address[scheme.upperBound...]
    var authority = rest.prefix { !"/?#".contains($0) }
    let path = rest.dropFirst(authority.count).prefix { !"?#".contains($0) }
    if let at = authority.lastIndex(of: "@") { authority = authority[authority.index(after: at)...] }
    let isWeb = kind == "https" || kind == "http"
    guard isWeb || ["ssh", "git"].contains(kind), isHost(authority) else { return nil }
    return ("\(kind)://\(authority.lowercased())", String(path), isWeb)
  }

  // MARK: What each part asks

  private mutating func addInterpreters() {
    for (language, section) in profile.interpreters.sorted(by: { $0.key < $1.key }) {
      let providers = section.value.providers
      guard providers.map({ $0.contains { $0 != .adopted } }) ?? true else { continue }
      let releases = ReleaseHost(language, section.value, host.environment)
      let what = language == .python ? "Python" : "Node"
      for address in releases.index { add(address, for: "which releases of \(what) there are") }
      for address in releases.addresses("") { add(address, for: "\(what) itself") }
      if language == .python, releases.mirror == nil { addGitHubFiles("Python itself") }
    }
  }

  /// Where GitHub sends who wants a file of a release.
  private mutating func addGitHubFiles(_ purpose: String) {
    for name in ["objects.githubusercontent.com", "release-assets.githubusercontent.com"] {
      add("https://\(name)/", for: "\(purpose), where github.com sends on to", isFollowed: true)
    }
  }

  private var usesPython: Bool {
    profile.virtualenv != nil || !profile.hooks.isEmpty
      || profile.tools.contains { $0.value.value.origin == .pypi }
  }

  private mutating func addPackages() {
    guard usesPython else { return }
    let context = Preparation.context(profile, Facts(), host)
    var answers: [Query: Answer] = [:]
    for query in IndexSettings.queries(context) {
      guard case .contents(let path) = query, let bytes = try? host.files.read(path, limit: FileBound.text)
      else { continue }
      answers[query] = .contents(bytes)
    }
    let settings = IndexSettings(Preparation.context(profile, Facts(answers), host))
    let named = profile.indexes.sorted { $0.key < $1.key }
    for (name, index) in named { add(index.value.url, for: "Python packages, the index \(name)") }
    for address in settings.others { add(Self.address(address), for: "Python packages") }
    let isReplaced = named.contains { $0.value.value.priority == .primary }
    if isReplaced, !settings.saysIndex, !settings.isClosed {
      open.append(
        "PyPI, for uv itself and a Node of a Python package, where a primary index answers and has not got them"
      )
    }
    guard !settings.isClosed, !isReplaced || settings.main != nil else { return }
    if let main = settings.main {
      add(Self.address(main), for: "Python packages, and uv itself")
    } else if settings.saysIndex {
      open.append("the indexes that uv's own settings name (uv.toml)")
    } else {
      add("https://pypi.org/simple/", for: "Python packages, and uv itself")
      add("https://files.pythonhosted.org/", for: "the files of Python packages", isFollowed: true)
    }
    let pinned = [lock.virtualenv?.requirements, lock.virtualenv?.development, lock.virtualenv?.sources]
    for text in pinned { addAddresses(in: text ?? "", "packages of the virtualenv") }
  }

  /// `NAME=ADDRESS`, as uv takes it.
  private static func address(_ index: String) -> String {
    guard let equals = index.firstIndex(of: "="), !index[..<equals].contains("/") else { return index }
    return String(index[index.index(after: equals)...])
  }

  private mutating func addNode() {
    let usesNpm = profile.nodeModules != nil || profile.tools.contains { $0.value.value.origin == .npm }
    guard usesNpm else { return }
    for address in NpmRegistries(host).all { add(address, for: "packages of Node") }
    guard case .project(let root) = profile.scope, let from = profile.nodeModules?.value.from else { return }
    let text = (try? host.files.text(root.pushing(FilePath(from)))) ?? nil
    addAddresses(in: text ?? "", "packages of Node, as \(from) has them", unless: ["funding", "homepage"])
  }

  private mutating func addTools() {
    for (name, tool) in profile.tools.sorted(by: { $0.key < $1.key }) where tool.value.origin == .url {
      if tool.value.github != nil {
        let api = host.environment["GITHUB_API_URL"] ?? "https://api.github.com"
        add(api, for: "which releases of \(name) there are")
        add("https://github.com/", for: name)
        addGitHubFiles(name)
      }
      for address in [tool.value.url, tool.value.checksums].compactMap(\.self) { add(address, for: name) }
    }
    for dotfile in profile.dotfiles.sorted(by: { $0.key < $1.key }) {
      guard let external = dotfile.value.value.external else { continue }
      addRepository(external.address, for: "~/\(dotfile.key)")
    }
    for hook in profile.hooks.sorted(by: { $0.key < $1.key }) {
      if let repository = hook.value.value.repository {
        addRepository(repository.address, for: "the git hook \(hook.key)")
      }
      if !hook.value.value.isOwn, hook.value.value.language?.isText != true {
        open.append("what the environment of the git hook \(hook.key) is made of")
      }
    }
  }

  private mutating func addRepositories() {
    for layer in profile.layers {
      if let origin = layer.origin { add(origin.repository, for: "the layer \(layer.name)") }
    }
    if let receipts = profile.receipts?.value, receipts.agrees == true, let to = receipts.to {
      addRepository(to, for: "receipts")
    }
  }

  private mutating func addRepository(_ address: String, for purpose: String) {
    let git = (try? GitAddress(address)) ?? nil
    add(git?.repository ?? address, for: purpose)
  }

  private mutating func addImages() {
    guard let app = profile.app?.value else { return }
    let named = (try? ImagePins.names(profile, host)) ?? []
    let names = Set(lock.images.keys.map { "\($0)" } + named + [app.base].compactMap(\.self))
    for name in names.sorted() {
      let plain = name.firstIndex(of: "@").map { String(name[..<$0]) } ?? name
      guard let image = ImageName(plain) else { continue }
      let mirror =
        image.registry == ImageName.dockerHub ? host.environment[ImageRegistry.mirrorVariable] : nil
      add(mirror ?? "https://\(image.host)/v2/", for: "container images")
      if mirror == nil, image.registry == ImageName.dockerHub {
        add("https://auth.docker.io/", for: "container images", isFollowed: true)
        add("https://production.cloudflare.docker.com/", for: "the layers of images", isFollowed: true)
      }
    }
    let wish = (try? ImagePins.renderer(profile, lock, host)?.packageWish()) ?? nil
    if wish?.release != nil {
      add(DistributionPins.mirror(host), for: "the lists of the packages of images")
    } else if !app.packages.run.isEmpty || !app.packages.build.isEmpty || lock.imagePackages != nil {
      open.append("the archive of the image's distribution, for `app.packages:`")
    }
  }

  /// Every address in a text that pins: a lock, a list of requirements.
  private mutating func addAddresses(in text: String, _ purpose: String, unless words: [String] = []) {
    for line in text.split(whereSeparator: \.isNewline)
    where line.contains("://") && !words.contains(where: line.contains) {
      var rest = line[...]
      while let scheme = rest.firstRange(of: "://") {
        let start =
          rest[..<scheme.lowerBound].lastIndex { !$0.isLetter }
          .map { rest.index(after: $0) } ?? rest.startIndex
        let address = rest[start...].prefix { !$0.isWhitespace && !"\"'`<>,)".contains($0) }
        add(String(address), for: purpose)
        rest = rest[scheme.upperBound...]
      }
    }
  }
}
