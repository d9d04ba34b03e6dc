import ArgumentParser
import OutfitCore
import OutfitProfile

struct ToolInstall: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "install", abstract: "Install tools, each in an environment of its own.",
    discussion: """
      `outfit tool install black@25 httpie 'sphinx[docs]>=8'`. Without a version: the newest, which `outfit tool \
      upgrade NAME` moves. A tool that is there already gets what is new in the options.
      """)

  @Argument(help: "Tools: NAME, NAME@25, NAME==25.1.0, NAME[extra].") var tools: [String]
  @Option(help: "Which version will do, for all that are named.") var version: String?
  @Option(
    name: [.customLong("with"), .customLong("preinstall")],
    help: "Another package in the same environment; may be repeated.")
  var with: [String] = []
  @Option(help: "The Python that it runs on.") var python: String?
  @Option(help: "Where it comes from: pypi, npm or url.") var from: ToolSection.Origin?
  @Option(help: "For --from url: the address, in which {os}, {arch} and {version} are filled in.") var url:
    String?
  @Option(help: "For --from url: the address of a file of SHA-256 checksums.") var checksums: String?
  @Option(help: "For --from url: the repository OWNER/NAME whose release has it.") var github: String?
  @Option(help: "For --github: the release's file, filled in as an address is.") var asset: String?
  @Option(
    name: .customLong("sha256"), help: ArgumentHelp("For --from url: a digest.", valueName: "platform=digest")
  )
  var digests: [String] = []
  @Option(help: "The only index that may serve it.") var index: String?
  @Option(help: "Added to the names of its programs, so that two versions stand side by side.") var suffix:
    String?
  @Option(help: "A program of it that goes on PATH, instead of all; may be repeated.") var expose: [String] =
    []
  @Flag(name: .customLong("include-deps"), help: "The programs of what it depends on go on PATH too.")
  var includeDependencies = false
  @OptionGroup var options: ToolOptions

  func validate() throws {
    guard !tools.isEmpty else { throw ValidationError("name a tool: outfit tool install black") }
    guard tools.count == 1 || suffix == nil else {
      throw ValidationError("--suffix takes one tool at a time")
    }
    guard from == .url else {
      guard url == nil, digests.isEmpty, checksums == nil, github == nil, asset == nil else {
        throw ValidationError("--url, --sha256, --checksums, --github and --asset go with --from url")
      }
      return
    }
    guard tools.count == 1 else { throw ValidationError("--from url takes one tool at a time") }
    guard (url != nil) != (github != nil) else {
      throw ValidationError("--from url needs --url ADDRESS, or --github OWNER/NAME and --asset FILE")
    }
    guard (github != nil) == (asset != nil) else { throw ValidationError("--github and --asset go together") }
    if url != nil, digests.isEmpty, checksums == nil {
      throw ValidationError(
        "--from url needs the digest of what is downloaded: --sha256 linux-amd64=DIGEST for each platform, or "
          + "--checksums ADDRESS of a file that has them")
    }
    for digest in digests where !digest.contains("=") {
      throw ValidationError("--sha256 takes PLATFORM=DIGEST, as in linux-amd64=…")
    }
  }

  func run() async throws {
    try await withSession { session in
      var desk = try await ToolDesk(session, options)
      var names: [String] = []
      for text in tools { try add(ToolSpecification(text), to: &desk, &names) }
      guard !names.isEmpty else { return }
      if let python { try desk.offer(python: python) }
      let isNothing = !desk.file.edit.isChanged && names.allSatisfy { !desk.programs($0).isEmpty }
      let done = try await desk.apply(Set(names))
      ToolReport(session: session, done: done, file: desk.file.edit.file)
        .tell(names, verb: isNothing ? "there already:" : "installed", json: options.json)
      if isNothing, !options.json {
        session.talk("`outfit tool upgrade \(names[0])` moves it to its newest version")
      }
      if done.status != .done { throw Ended(done.status) }
    }
  }

  /// - Parameter names: of the tools that something is to be done about.
  private func add(_ tool: ToolSpecification, to desk: inout ToolDesk, _ names: inout [String]) throws {
    let ending = suffix.map { $0.hasPrefix("@") ? String($0.dropFirst()) : $0 }
    let name = tool.name + (ending ?? "")
    let version = tool.version ?? version
    let asksForNothing =
      version == nil && with.isEmpty && python == nil && expose.isEmpty && !includeDependencies
      && tool.extras.isEmpty && from == nil && index == nil
    if let other = desk.foreign(name) {
      let location = other.source.location
      let layer = other.source.layer.name
      if let lock = desk.profile.locked["tools.\(name)"] ?? desk.profile.locked["tools"] {
        guard asksForNothing else {
          throw Failure(
            "`tools.\(name)` is locked by \(lock.layer.name), \(lock.location.file):\(lock.location.line)",
            hint: "it is at \(other.value.version); ask whoever keeps \(lock.layer.name) to change it",
            status: .usage)
        }
      }
      if asksForNothing {
        guard desk.isHere(name) else {
          throw Failure(
            "\(layer) asks for \(name), \(location.file):\(location.line), and it could not be had yet",
            hint: "outfit up\(desk.upSuffix)")
        }
        desk.session.write("\(name) is here already: \(layer) has it, \(location.file):\(location.line)")
        return
      }
      desk.session.talk(
        "note: \(layer) has \(name) too (\(other.value.version), \(location.file):\(location.line)); yours comes before it"
      )
    }
    try checkDownload(name, version, desk.entry(name)?.entries)
    try desk.change(name) { entries in
      if let version {
        entries["version"] = .text(version)
      } else if ending != nil, entries["version"] == nil {
        entries["version"] = .text("latest")
      }
      if let from, from != .pypi { entries["from"] = .text(from.rawValue) }
      if let package = tool.package ?? (ending == nil ? nil : tool.name) {
        entries["package"] = .text(package)
      }
      entries.add(tool.extras, to: "extras")
      entries.add(with, to: "with")
      if let python { entries["python"] = .text(python) }
      if from == .url {
        for key in ["url", "sha256", "checksums", "github", "asset", "tag"] { entries[key] = nil }
      }
      for (key, value) in [("url", url), ("checksums", checksums), ("github", github), ("asset", asset)] {
        if let value { entries[key] = .text(value) }
      }
      if !digests.isEmpty {
        entries["sha256"] = .mapping(
          digests.map { digest in
            let parts = digest.split(separator: "=", maxSplits: 1)
            return .init(String(parts[0]), .text(String(parts.last ?? "")))
          })
      }
      if let index { entries["index"] = .text(index) }
      if let ending { entries["suffix"] = .text(ending) }
      if !expose.isEmpty { entries["expose"] = .list(expose) }
      if includeDependencies { entries["programs-from"] = .list(["all"]) }
    }
    if !names.contains(name) { names.append(name) }
  }

  /// A download has one exact version, and its digests are those of that version.
  private func checkDownload(
    _ name: String, _ version: String?, _ before: [ManifestValue.Entry]?
  ) throws {
    guard from == .url || (from == nil && before?["from"]?.text == "url") else { return }
    let present = before?["version"]?.text
    guard let wanted = version ?? (from == nil ? present : nil), VersionRequest(wanted)?.exact != nil else {
      throw Failure(
        "\(name): one download has one exact version", hint: "for example \(name)@1.30.0", status: .usage)
    }
    if from == nil, before?["sha256"] != nil, wanted != present {
      throw Failure(
        "\(name): the digests in the manifest are those of \(present ?? "another version")",
        hint: "say all of it anew: outfit tool install \(name)@\(wanted) --from url --url ADDRESS --sha256 "
          + "PLATFORM=DIGEST", status: .usage)
    }
  }
}

extension ToolDesk {
  /// Adds a Python to those of this file, when the file names some and none will do.
  mutating func offer(python: String) throws {
    guard let request = VersionRequest(python) else { return }
    let path = ["interpreters", "python"]
    guard let written = file.edit.value(at: path) else { return }
    let pins = lock.interpreters[.python] ?? []
    if pins.contains(where: { request.accepts($0.version) }) { return }
    try file.edit.append([python], to: written.entries == nil ? path : path + ["versions"])
    session.talk("note: \(file.edit.file) has Python \(python) now too")
  }
}

extension ToolSection.Origin: ExpressibleByArgument {}
