import OutfitCore
import OutfitProfile
import OutfitSystem

/// Whether this machine says how it is where its profile asks for that: asked once, and kept as `receipts:` in the
/// user's own layer.
struct ReceiptChoice {
  private let profile: Profile
  private let session: Session
  private var host: Host { session.host }

  init(_ profile: Profile, _ session: Session) {
    self.profile = profile
    self.session = session
  }

  private var asked: Sourced<ReceiptSection>? {
    guard profile.scope == .machine, let section = profile.receipts, section.value.agrees == nil else {
      return nil
    }
    return section
  }

  private func prompt(_ to: String) -> String {
    "\(profile.name) asks this machine to say how it is, at \(to): the profile and its commit, Outfit's version, when "
      + "it changed last, how many parts are incomplete and how many files differ. It goes under a random number, with "
      + "no names and no paths"
  }

  /// What a terminal would be asked; nothing waits for the answer.
  func question(_ command: String) -> PlanMembers.Question? {
    guard let to = asked?.value.to else { return nil }
    return PlanMembers.Question(
      key: "receipts", prompt: prompt(to), line: "\(command) --receipts", isNeeded: false)
  }

  /// Keeps what was given, or what the person answers now.
  /// - Returns: whether the user's own layer is another now.
  func settle(_ given: Bool?) throws -> Bool {
    if let given {
      guard profile.scope == .machine, let section = profile.receipts else {
        throw Failure(
          "\(profile.name) asks for no receipts", hint: "run it without --\(given ? "" : "no-")receipts",
          status: .usage)
      }
      return section.value.agrees == given ? false : try keep(given)
    }
    guard let to = asked?.value.to, host.terminal.isInteractive else { return false }
    for line in wrapped(prompt(to).harmless + ".", width: max(20, host.terminal.width)) { session.talk(line) }
    while let answer = host.terminal.ask("May it? [y/n] ")?.lowercased() {
      if ["y", "yes"].contains(answer) { return try keep(true) }
      if ["n", "no"].contains(answer) { return try keep(false) }
    }
    return false
  }

  private func keep(_ agrees: Bool) throws -> Bool {
    var layer = try PersonalLayer(session)
    try layer.file.edit.set(["receipts"], to: .text("\(agrees)"))
    guard layer.isEdited else { return false }
    if layer.file.edit.original == nil { try PersonalSchema.write(host) }
    try host.files.createDirectories(host.places.config, mode: 0o700)
    try layer.file.save(host)
    session.talk("wrote receipts: \(agrees) into \(session.short(layer.file.path))")
    return true
  }
}
