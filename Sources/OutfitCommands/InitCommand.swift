import ArgumentParser
import OutfitCore
import OutfitEngine
import OutfitInterpreters
import OutfitProfile
import OutfitRender
import OutfitSystem
import SystemPackage

struct InitCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init", abstract: "Write an outfit.yaml that says what this repository says already.",
    discussion: """
      It reads version files, locks, requirements, pyproject.toml, setup.py and setup.cfg, package.json, Dockerfiles, \
      compose files, .pre-commit-config.yaml, Procfile, manage.py and Django's settings, runs none of it, and says what \
      it could not take over. Where no lock tells, your package indexes are asked which packages have to be built. A file that is there \
      is never replaced. With --kept the repository stays as it is: the manifest goes into projects/NAME in your own \
      folder of configuration, for the repository's remote.
      """)

  @Argument(help: "The folder; without it, the one you are in.") var folder: String?
  @Flag(help: "Keep it for a repository that is to carry none, in your own folder of configuration.")
  var kept = false
  @Flag(name: .customLong("dry-run"), help: "Print the manifest, write nothing and ask no network.")
  var dryRun = false
  @Flag(help: "Ask no network which packages have to be built.") var offline = false
  @Flag(help: "Print JSON.") var json = false

  func run() async throws {
    try await withSession { session in
      let host = session.host
      let root = host.workingDirectory.pushing(FilePath(folder ?? ".")).lexicallyNormalized()
      guard try host.files.status(root, followLinks: true)?.kind == .directory else {
        throw Failure("there is no folder \(root)", status: .usage)
      }
      let remote = kept ? try Self.remote(of: root, host) : nil
      let name = root.lastComponent?.string ?? "app"
      let target =
        (kept ? KeptManifests.folder(host).appending(name) : root).appending(ProfileLoader.manifestName)
      if !dryRun, try host.files.status(target, followLinks: false) != nil {
        throw Failure(
          "\(session.short(target)) is there already, and stays as it is",
          hint: "`outfit init --dry-run` shows what would be written", status: .usage)
      }
      let repository = RepositoryFiles(root, host)
      let found = repository.project()
      let sources = repository.sources()
      // The system's own belong to the system.
      let here = try await Probing(host, keepsResults: !dryRun).interpreters(.python)
        .filter { $0.origin != .system && $0.missingModules.isEmpty }.map(\.version)
      let leftOut = ProjectReading.leftOut(found)
      let versions = RepositoryVersions(
        found.filter { !leftOut.contains($0.key) }.merging(repository.texts(of: RepositoryVersions.files)) {
          first, _ in first
        },
        today: String(DateText.utc(host.clock.now()).prefix(10)),
        knowing: .known(host), here: [.python: here])
      let interpreters = Dictionary(
        uniqueKeysWithValues: Language.allCases.map { language in
          let choice = versions[language]
          let interpreter = ProjectReading.Interpreter(
            choice.text, place: choice.place, isGuess: choice.isGuess, isUnnamed: choice.isUnnamed)
          return (language, interpreter)
        })
      var reading = ProjectReading(
        folder: name, place: repository.place, found: found, sources: sources, interpreters: interpreters)
      var notes = versions.notes + repository.notes
      let python = Version(versions[.python].text) ?? here.max()
      var answers: [SourceOnlyPackages.Found] = []
      for question in [reading.wheelQuestion, reading.toolQuestion] {
        var answer = SourceOnlyPackages.Found()
        if let question { answer = try await sourceOnly(question, python, session) }
        if let note = answer.note, !notes.contains(note) { notes.append(note) }
        answers.append(answer)
      }
      if answers.contains(where: { !$0.names.isEmpty }) {
        reading = ProjectReading(
          folder: name, place: repository.place, found: found, sources: sources, interpreters: interpreters,
          sourceOnly: answers[0].names, sourceOnlyTools: answers[1].names)
      }
      notes += reading.notes
      var lines = reading.text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
      // The first comment is for editors.
      if let remote { lines.insert("remote: \(remote)", at: lines.firstIndex { !$0.hasPrefix("#") } ?? 0) }
      let text = lines.joined(separator: "\n")
      let document = JSONDocument(
        .`init`, changed: true,
        [
          "file": .string(target.string), "text": .string(text), "dryRun": .bool(dryRun),
          "notes": .array(notes.map { $0.error(.done) }),
        ])
      if dryRun {
        json ? session.write(document) : session.host.terminal.write(text)
        session.report(notes)
        return
      }
      if kept { try host.files.createDirectories(target.removingLastComponent(), mode: 0o700) }
      try host.files.create(target, Array(text.utf8), mode: 0o644)
      session.report(notes)
      session.say(
        "Wrote \(session.short(target)). Look it over (GUESS marks what is not certain), then: outfit up",
        json: json)
      if json { session.write(document) }
    }
  }

  private func sourceOnly(
    _ question: WheelQuestion, _ python: Version?, _ session: Session
  ) async throws -> SourceOnlyPackages.Found {
    if offline || dryRun {
      return .init(note: SourceOnlyPackages.note(offline ? "--offline" : "this is a dry run"))
    }
    return try await SourceOnlyPackages(session: session, question: question, python: python).find()
  }

  /// The remote that a manifest can be kept for.
  private static func remote(of root: FilePath, _ host: Host) throws -> GitRemote {
    var there = host
    there.workingDirectory = root
    guard let repository = Project.repository(there), repository.root == root else {
      throw Failure(
        "\(root) is no repository's own folder", hint: "go there, or run git init", status: .usage)
    }
    guard let remote = repository.remotes.first else {
      throw Failure(
        "the repository has no remote to know it by",
        hint: "git remote add origin ADDRESS, or leave out --kept",
        status: .usage)
    }
    if let folder = try KeptManifests(host).folder(for: repository.remotes) {
      throw Failure(
        "\(folder.appending(ProfileLoader.manifestName)) is kept for \(remote) already", status: .usage)
    }
    return remote
  }
}
