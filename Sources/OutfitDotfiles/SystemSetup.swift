import OutfitCore
import OutfitEngine
import OutfitProfile
import SystemPackage

/// What a machine profile does beyond files: system packages and scripts. Neither can be undone, so both are
/// effects: asked for, run outside the transaction, and checked by a probe.
public struct SystemSetup: Part {
  public init() {}

  public var name: String { "system" }

  public func resolve(_ context: Context) throws -> Round<Lock> { .done(context.lock) }

  public func propose(_ context: Context) throws -> Round<Proposal> {
    guard context.profile.scope == .machine else { return .done(Proposal()) }
    let installers = context.profile.packages.keys.sorted().compactMap { name in
      PackageInstaller.known.first { $0.name == name }
    }
    let scripts = context.profile.scripts.sorted { $0.key < $1.key }
    let queries =
      installers.map { Query.status($0.program) } + scripts.map { Query.contents(script($0.value)) }
    let unanswered = queries.filter { context.facts[$0] == nil }
    guard unanswered.isEmpty else { return .ask(unanswered) }

    var proposal = Proposal()
    for installer in installers {
      guard case .status = context.facts[.status(installer.program)],
        let packages = context.profile.packages[installer.name], let first = packages.first
      else { continue }
      let names = packages.map(\.value)
      proposal.effects.append(
        Effect(
          entry: "packages.\(installer.name)", label: "\(installer.name): \(names.joined(separator: ", "))",
          ability: .packages,
          needsRoot: installer.needsRoot,
          probe: Step(
            .path("/bin/sh"), [.text("-c"), .text(installer.probe), .text("sh")] + names.map { .text($0) }),
          fingerprint: names.joined(separator: " "),
          command: Step(
            .path(installer.program), (installer.install + names).map { .text($0) },
            environment: ["DEBIAN_FRONTEND": "noninteractive"], needsNetwork: true),
          runsFirst: true, owner: first.source))
    }
    for (name, section) in scripts {
      guard case .contents(let bytes) = context.facts[.contents(script(section))] else {
        throw Failure(
          "there is no script \(section.value.run) in the layer \(section.source.layer.name)",
          at: section.source.location, hint: "it was looked for at \(script(section))", status: .usage)
      }
      proposal.effects.append(
        Effect(
          entry: "scripts.\(name)", label: "script \(name)", ability: .script, needsRoot: false,
          probe: nil,
          fingerprint: section.value.when == .once ? "once" : Digest(of: bytes).hex,
          command: ScriptCommand.step(script(section), bytes), script: script(section),
          runsFirst: false, isRoutine: section.value.when == .always, owner: section.source))
    }
    return .done(proposal)
  }

  private func script(_ section: Sourced<ScriptSection>) -> FilePath {
    section.source.layer.folder.pushing(FilePath(section.value.run)).lexicallyNormalized()
  }
}

enum ScriptCommand {
  /// Runs a script by what its first line names, or by sh.
  static func step(_ path: FilePath, _ contents: [UInt8]) -> Step {
    let firstLine = String(decoding: contents.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    let words = firstLine.hasPrefix("#!") ? firstLine.dropFirst(2).split(separator: " ").map(String.init) : []
    let program = words.first ?? "/bin/sh"
    return Step(
      .path(FilePath(program)), words.dropFirst().map { .text($0) } + [.text(path.string)], needsNetwork: true
    )
  }
}

/// How a package manager is asked what it has, and told to install.
private struct PackageInstaller {
  let name: String
  let program: FilePath
  let needsRoot: Bool
  let install: [String]
  /// A shell script over the package names: status 0 when all are installed.
  let probe: String

  static let known = [
    PackageInstaller(
      name: "apt", program: "/usr/bin/apt-get", needsRoot: true,
      install: ["install", "-y", "--no-install-recommends"],
      probe:
        #"for p; do [ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || exit 1; done"#
    ),
    PackageInstaller(
      name: "dnf", program: "/usr/bin/dnf", needsRoot: true, install: ["install", "-y"],
      probe: #"rpm -q "$@" >/dev/null"#),
    PackageInstaller(
      name: "apk", program: "/sbin/apk", needsRoot: true, install: ["add"],
      probe: #"apk info -e "$@" >/dev/null"#),
    PackageInstaller(
      name: "pacman", program: "/usr/bin/pacman", needsRoot: true,
      install: ["-S", "--needed", "--noconfirm"],
      probe: #"pacman -Q "$@" >/dev/null 2>&1"#),
    PackageInstaller(
      name: "brew", program: "/opt/homebrew/bin/brew", needsRoot: false, install: ["install"],
      probe: #"/opt/homebrew/bin/brew list "$@" >/dev/null 2>&1"#),
  ]
}
