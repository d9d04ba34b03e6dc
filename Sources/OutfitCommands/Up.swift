import ArgumentParser
import OutfitConsent
import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSharing
import OutfitSystem
import SystemPackage

struct Up: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "up",
    abstract: "Make this machine, or this project, what the manifest says.",
    discussion: """
      PROFILE is a folder with an outfit.yaml, or a git address (github:OWNER/REPO//FOLDER@REF, git+https://…): \
      this machine adopts it. Without one: the project that you stand in, or the profile that this machine has \
      adopted.

      It pins what is not pinned yet, builds everything beside what is there, and then switches in one \
      transaction that `outfit rollback` takes back. All questions come before the first download.
      """)

  @Argument(help: "A folder, or a git address.", completion: Completions.profiles)
  var profile: String?

  @Flag(name: .customLong("dry-run"), help: "Say what would change; change, download and run nothing.")
  var dryRun = false

  @Flag(help: "With --dry-run: the text of what would change, too.")
  var diff = false

  @Flag(help: "Take outfit.lock as it is; exit 3 when it does not cover the manifest.")
  var locked = false

  @Flag(help: "Use what is here already; never ask the network.")
  var offline = false

  @Flag(name: .shortAndLong, help: "Answer confirmations and conflicts by their defaults; never consent.")
  var yes = false

  @Option(
    defaultAsFlag: Up.folderTrust,
    help: ArgumentHelp(
      "Consent to the profile as it is now; a git address needs the commit that you looked at, or several with commas.",
      valueName: "commit")
  )
  var trust: String?

  @OptionGroup var fetching: FetchOptions

  @Option(
    help: ArgumentHelp(
      "Only this part, and others where it is given again: interpreters, tools, virtualenv, node_modules, hooks, shell, dotfiles, packages, scripts, or system for the last two.",
      valueName: "part"))
  var only: [String] = []

  @Option(help: ArgumentHelp("All but this part; it may be given again.", valueName: "part"))
  var skip: [String] = []

  @Option(
    name: .customLong("on-conflict"),
    help: ArgumentHelp(
      "What happens to files that you changed: keep, take or backup. On a terminal it is asked for each.",
      valueName: "policy"))
  var onConflict: ConflictPolicy?

  @Option(
    help: ArgumentHelp(
      "Write a package that is to be had as source only under build: of the project's virtualenv, and build it, which runs its code; several with commas.",
      valueName: "package"))
  var build: [String] = []

  @Flag(help: "Stop before anything when a file of yours is in the way.")
  var strict = false

  @Flag(name: .customLong("all-or-nothing"), help: "Switch to nothing unless everything could be built.")
  var allOrNothing = false

  @Flag(help: "Take packages out of the project's virtualenv that were added by hand.")
  var exact = false

  @Flag(
    name: .customLong("read-secrets"),
    help: "Read every secret again, also where nothing that depends on it has changed.")
  var readSecrets = false

  @OptionGroup var answers: SettingOptions

  @Option(
    name: .customLong("use"),
    help: ArgumentHelp(
      "Take this bundle of the profile too, now and later; it may be given again.", valueName: "bundle"))
  var bundles: [String] = []

  @Flag(
    inversion: .prefixedNo,
    help: "Say how this machine is where the profile asks for that, now and later, or do not.")
  var receipts: Bool?

  @Flag(help: "Print what was done, or would be, as JSON.")
  var json = false

  static let folderTrust = "folder"

  static func consent(_ trust: String?) -> Consent.Given {
    guard let trust else { return .nothing }
    return trust == folderTrust ? .folders : .commits(trust.split(separator: ",").map(String.init))
  }

  func validate() throws {
    if diff, !dryRun { throw ValidationError("--diff goes with --dry-run; `outfit diff` says it alone") }
    if strict, onConflict != nil {
      throw ValidationError("--strict stops at conflicts, so --on-conflict has nothing to decide")
    }
    if profile != nil, !build.isEmpty {
      throw ValidationError("--build is for the project that you stand in, and takes no PROFILE beside it")
    }
    if locked, !build.isEmpty {
      throw ValidationError("--locked takes outfit.lock as it is, and --build has it made anew")
    }
    try PartSelection.validate(only: only, skip: skip)
  }

  func run() async throws {
    var wish = Undertaking.Wish(
      address: profile, isDryRun: dryRun, isLocked: locked, isOffline: offline, saysYes: yes,
      consent: Self.consent(trust), fetching: fetching.permission,
      parts: PartSelection(only: Set(only), skipped: Set(skip)),
      onConflict: onConflict, isAllOrNothing: allOrNothing, isExact: exact, isStrict: strict,
      settings: answers.values, bundles: bundles.isEmpty ? nil : bundles,
      wantsJSON: json)
    wish.receipts = receipts
    wish.showsText = diff
    wish.rereadsSecrets = readSecrets
    wish.building = build.flatMap { $0.split(separator: ",").map { String($0.filter { $0 != " " }) } }
    let asked = wish
    try await withSession { session in
      let status = try await Undertaking(session, asked).run()
      if status != .done { throw Ended(status) }
    }
  }
}
