import OutfitConsent
import OutfitCore
import OutfitEngine
import OutfitInterpreters
import OutfitProfile
import OutfitSystem
import OutfitTools
import SystemPackage

/// What would be done.
extension Undertaking {
  func dryRun(_ read: Profile, _ place: ProfilePlace) async throws -> ExitStatus {
    let profile = try await place.answer(read, session, settings: wish.settings)
    var preparation = try Preparation(session, reading: profile)
    if let supply = wish.supply { preparation.lock = supply.lock }
    let proposal = wish.parts.narrowed(try await preparation.propose(wish.parts.parts(host)))
    var plan = try await preparation.plan(proposal, isPartial: !wish.parts.isWhole)
    try refuseLacking(proposal)
    if wish.isLocked, !plan.failures.isEmpty { throw staleLock(preparation) }
    let defects = try Mending(host, known: try preparation.previous().map { [$0] } ?? []).defects()
    if wish.wantsJSON {
      let waiting = plan.setAside(.read(profile.scope, host: host))
      var members = PlanMembers(plan: plan, profile: profile, defects: defects, waiting: waiting)
      members.policy = wish.onConflict ?? .keep
      let looked = try Consent(host: host, digests: preparation.sources).look(at: read)
      members.wishes = looked.missing(wish.consent)
      let address = wish.address ?? (place.git == nil ? nil : place.address)
      members.consentLine = Consent.line(
        for: read, wishes: members.wishes, asking: Consent.Asking(command: verb, address: address))
      let command = command
      members.conflictLine = "\(command) --on-conflict take"
      members.questions = try questions(read, command) + buildQuestion(profile, preparation.lock, place)
      let needsPerson = !members.wishes.isEmpty || members.questions.contains(where: \.isNeeded)
      if wish.showsText { members.texts = try plan.texts(host) }
      let staysInConflict = plan.conflicts.contains {
        wish.onConflict?.takes != true || $0.conflict?.canTake != true
      }
      session.write(
        JSONDocument(
          .plan,
          changed: defects.contains(where: \.isMendable)
            ? true : try plan.changes(wish.onConflict ?? .keep, place.stamp(profile), host),
          exit: needsPerson || staysInConflict ? .consent : .done,
          members.json.merging(["profile": .string(profile.name), "dryRun": .bool(true)]) { $1 }))
      return needsPerson || staysInConflict ? .consent : .done
    }
    let lines =
      PlanText(session: session, plan: plan).lines(style: session.outputStyle)
      + PlanText.mendings(defects, style: session.outputStyle)
    session.report(
      profile.notes + plan.failures.map { Diagnostic(.note, $0.message, at: $0.location, hint: $0.hint) })
    if lines.isEmpty, plan.failures.isEmpty {
      session.write("Nothing to do.")
    } else {
      for line in lines { session.write(line) }
      if wish.showsText { try session.writeTexts(of: plan) }
      session.write("Nothing was changed: this was a dry run.")
    }
    return .done
  }

  /// What a verb would do with its edits of manifests.
  /// - Parameter place: where they act.
  func dryRun(at place: ProfilePlace) async throws -> ExitStatus {
    let seeing = Undertaking(session.seeing(wish.edits), wish)
    return try await seeing.dryRun(try await place.read(seeing.session, network: .never), place)
  }

  /// What a terminal would be asked, apart from consent and conflicts.
  func questions(_ read: Profile, _ command: String) throws -> [PlanMembers.Question] {
    var questions: [PlanMembers.Question] = []
    if !wish.saysYes, let section = try projectSection(of: read) {
      questions.append(
        PlanMembers.Question(
          key: "project", prompt: Self.projectAsProfile(read.name, section), line: "\(command) --yes"))
    }
    if !wish.saysYes, let present = try replaced(by: read) {
      questions.append(
        PlanMembers.Question(
          key: "replace", prompt: Self.replacement(present.name, read.name), line: "\(command) --yes"))
    }
    guard read.scope == .machine else { return questions }
    if wish.bundles == nil, let question = try BundleChoice(read, session).question(command) {
      questions.append(question)
    }
    if wish.receipts == nil, let question = ReceiptChoice(read, session).question(command) {
      questions.append(question)
    }
    let known = try Answers(host, profile: read.name).values
    for (key, question) in read.unanswered.sorted(by: { $0.key < $1.key })
    where known[key] == nil && wish.settings[key] == nil && question.value.defaultAnswer == nil {
      questions.append(
        PlanMembers.Question(
          key: key, prompt: question.value.prompt, line: "\(command) --set \(key)=ANSWER"))
    }
    return questions
  }
}
