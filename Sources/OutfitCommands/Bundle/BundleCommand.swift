import ArgumentParser
import OutfitConsent
import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSharing
import OutfitSystem
import SystemPackage

struct BundleCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bundle",
    abstract: "Carry a profile, with all that it needs, to machines without a network.",
    subcommands: [
      BundleCreateCommand.self, BundleApplyCommand.self, BundleShowCommand.self, BundleMissingCommand.self,
    ])
}

struct BundleCreateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "create", abstract: "Write a profile and all that it needs to one file.",
    discussion: """
      PROFILE is a folder with an outfit.yaml, or a git address; without one it is the profile of this machine, \
      without your own layer. Of a project's folder it is what the project needs: its own files are for each machine to \
      have, and there the bundle is applied in them. The file holds Outfit, interpreters, tools, packages and layers, each by the digest \
      that the lock says, and no secret. The same lock gives the same bytes. A name that ends in .tar.gz or \
      .tar.zst is compressed.

      On a machine with Outfit: outfit bundle apply FILE. On one without: \
      mkdir DIR && tar -xf FILE -C DIR && sh DIR/apply
      """)

  @Argument(help: "A folder, or a git address.", completion: Completions.profiles)
  var profile: String?

  @Option(
    name: .shortAndLong, help: ArgumentHelp("The file that is written.", valueName: "file"),
    completion: .file())
  var output: String

  @Option(
    help: ArgumentHelp(
      "A platform that it is for, as in linux-arm64; it may be given again. Without one it is for this machine's.",
      valueName: "platform"))
  var platform: [String] = []

  @Option(
    help: ArgumentHelp(
      "Sign it with this key of SSH's, as ssh-keygen does; the public key's file serves where an agent has it.",
      valueName: "key"), completion: .file())
  var sign: String?

  @Option(
    defaultAsFlag: Up.folderTrust,
    help: ArgumentHelp(
      "Consent to the profile as it is now; a git address needs the commit that you looked at.",
      valueName: "commit"))
  var trust: String?

  @OptionGroup var fetching: FetchOptions

  @Flag(help: "Print what is in it as JSON.") var json = false

  func run() async throws {
    let (named, given) = (profile, Up.consent(trust))
    try await withSession { session in
      let host = session.host
      let platforms = try platform.map { key in
        guard let platform = Platform(key: key) else {
          let near = nearest(key, among: Platform.common.map(\.key)).map { "did you mean \($0)?" }
          throw Failure(
            "there is no platform \(key)",
            hint: near ?? "there are \(Platform.common.map(\.key).joined(separator: ", "))", status: .usage)
        }
        return platform
      }
      guard let place = try named.map({ try ProfilePlace.find($0, session) }) ?? ProfilePlace.adopted(host)
      else {
        throw Failure(
          "this machine has no profile yet", hint: "name one: outfit bundle create PROFILE -o FILE",
          status: .usage)
      }
      guard !place.address.isEmpty else {
        throw Failure(
          "your own layer is no profile to carry", hint: "name one: outfit bundle create PROFILE -o FILE",
          status: .usage)
      }
      let file = host.workingDirectory.pushing(FilePath(output))
      var creation = BundleCreation(session, place, platforms: platforms)
      creation.takesProjects = named != nil
      defer { creation.close() }
      let list = try await creation.gather(
        given: given, fetching: fetching.permission, named: named,
        command: "outfit bundle create -o \(Consent.quoted(output))")
      try await BundleArchive(host).write(
        list, creation.sources, script: try creation.script(),
        key: sign.map { host.workingDirectory.pushing(FilePath($0)) }, to: file)
      let size = try host.files.status(file, followLinks: true)?.size ?? 0
      if json {
        return session.write(
          JSONDocument(.bundle, changed: true, list.members.merging(["file": .string(file.string)]) { $1 }))
      }
      for line in list.lines { session.write(line) }
      session.write("Wrote \(session.short(file)), \(ByteText.of(size)).")
      session.talk(
        "Next: outfit bundle apply \(Consent.quoted(output)), there"
          + (list.origin == .project ? ", in the project's folder" : ""))
    }
  }
}

struct BundleApplyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "apply", abstract: "Set up this machine from a bundle, without a network.",
    discussion: """
      FILE is what outfit bundle create wrote, a folder that it was unpacked to, or - for standard input. All in it \
      is checked by its digest before it is used. Then it does what `outfit up` does, with the pins of the bundle.
      """)

  @Argument(help: "The bundle, or - for standard input.", completion: .file()) var file: String

  @Option(
    defaultAsFlag: Up.folderTrust,
    help: ArgumentHelp(
      "Consent to the profile in it as it is; one from git needs the commit that you looked at.",
      valueName: "commit"))
  var trust: String?

  @Flag(name: .customLong("dry-run"), help: "Say what would change; change nothing.")
  var dryRun = false

  @Flag(help: "With --dry-run: the text of what would change, too.")
  var diff = false

  @Flag(name: .shortAndLong, help: "Answer confirmations and conflicts by their defaults; never consent.")
  var yes = false

  @Option(
    name: .customLong("on-conflict"),
    help: ArgumentHelp("What happens to files that you changed: keep, take or backup.", valueName: "policy"))
  var onConflict: ConflictPolicy?

  @Option(help: ArgumentHelp("Only this part, as for `outfit up`; it may be given again.", valueName: "part"))
  var only: [String] = []

  @Option(help: ArgumentHelp("All but this part; it may be given again.", valueName: "part"))
  var skip: [String] = []

  @Option(
    name: .customLong("allowed-signers"),
    help: ArgumentHelp(
      "It has to be signed by one of those that this file lists, as ssh-keygen reads it.", valueName: "file"),
    completion: .file())
  var allowedSigners: String?

  @OptionGroup var answers: SettingOptions

  @Flag(help: "Print what was done as JSON.") var json = false

  func validate() throws {
    if diff, !dryRun { throw ValidationError("--diff goes with --dry-run") }
    try PartSelection.validate(only: only, skip: skip)
  }

  func run() async throws {
    try await withSession { session in
      let host = session.host
      let path = file == "-" ? FilePath("-") : host.workingDirectory.pushing(FilePath(file))
      let bundle = try await BundleArchive(host).open(
        path, signers: allowedSigners.map { host.workingDirectory.pushing(FilePath($0)) })
      defer { bundle.close() }
      if let signer = bundle.signer { session.talk("The bundle is signed by \(signer.harmless).") }
      var wish = Undertaking.Wish(
        isDryRun: dryRun, isLocked: true, saysYes: yes, consent: Up.consent(trust),
        parts: PartSelection(only: Set(only), skipped: Set(skip)), onConflict: onConflict,
        settings: answers.values, wantsJSON: json)
      wish.verb = "bundle apply"
      wish.showsText = diff
      wish.named = [file]
      let status = try await BundleApplication(session: session, bundle: bundle).run(wish)
      if status != .done { throw Ended(status) }
    }
  }
}

struct BundleShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Say what is in a bundle; nothing of it is used.")

  @Argument(help: "The bundle.", completion: .file()) var file: String
  @Flag(help: "Print JSON.") var json = false

  func run() async throws {
    try await withSession(recovers: false) { session in
      let host = session.host
      let bundle = try await BundleArchive(host).open(
        file == "-" ? "-" : host.workingDirectory.pushing(FilePath(file)), signers: nil)
      defer { bundle.close() }
      if json { return session.write(JSONDocument(.bundle, bundle.list.members)) }
      for line in bundle.list.lines { session.write(line) }
    }
  }
}

struct BundleMissingCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "missing", abstract: "Say which parts of a bundle this machine does not have yet.",
    discussion: """
      FILE is a bundle's list alone, the file outfit-bundle in it, or - for standard input. It prints a digest a line: \
      what a sender has to bring.
      """)

  @Argument(help: "The list, or - for standard input.", completion: .file()) var file: String
  @Flag(help: "Print JSON.") var json = false

  func run() async throws {
    try await withSession { session in
      let host = session.host
      let bytes: [UInt8]
      if file == "-" {
        bytes = try await host.processes.run(
          Invocation("/bin/cat", [], environment: [:], standardInput: .inherited)
        ).output
      } else {
        bytes = try host.files.read(host.workingDirectory.pushing(FilePath(file)), limit: FileBound.text)
      }
      let list = try BundleList(String(decoding: bytes, as: UTF8.self), file: file)
      let missing = BundleApplication.missing(list, host).map(\.digest.hex)
      guard !json else {
        let members = list.members.merging(["missing": .array(missing.map { .string($0) })]) { $1 }
        return session.write(JSONDocument(.bundle, members))
      }
      for digest in missing { session.write(digest) }
    }
  }
}

extension BundleList {
  /// For people.
  var lines: [String] {
    var lines = ["\(profile.harmless), for \(platforms.joined(separator: " and ")), by outfit \(version)"]
    for commit in commits {
      lines.append("  layer \(commit.address.harmless) at \(commit.commit.prefix(12))")
    }
    func count(_ kind: Item.Kind, _ one: String, _ many: String) {
      let found = items.filter { $0.kind == kind }
      guard !found.isEmpty else { return }
      let size = found.reduce(0) { $0 + $1.blob.size }
      lines.append("  \(found.count) \(found.count == 1 ? one : many), \(ByteText.of(size))")
    }
    count(.download, "interpreter or program", "interpreters and programs")
    count(.wheel, "Python package", "Python packages")
    count(.npm, "file of npm's", "files of npm's")
    for platform in programs.keys.sorted() { lines.append("  Outfit for \(platform)") }
    for platform in platforms where programs[platform] == nil {
      lines.append("  no Outfit for \(platform): a machine of that kind needs its own")
    }
    return lines
  }

  var members: [String: JSONText] {
    [
      "profile": .string(profile), "version": .string(version),
      "platforms": .array(platforms.map { .string($0) }), "lock": .string(lock.digest.hex),
      "digest": .string(Digest(of: text).hex),
      "layers": .array(
        commits.map { .object(["address": .string($0.address), "commit": .string($0.commit)]) }),
      "items": .array(
        items.sorted { ($0.kind.rawValue, $0.name) < ($1.kind.rawValue, $1.name) }.map {
          .object([
            "kind": .string($0.kind.rawValue), "name": .string($0.name),
            "digest": .string($0.blob.digest.hex),
            "size": .number(Int($0.blob.size)), "platforms": .array($0.platforms.map { .string($0) }),
          ])
        }),
    ]
  }
}
