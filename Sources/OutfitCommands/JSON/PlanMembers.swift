import OutfitConsent
import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSystem
import SystemPackage

/// What a plan, and what was done by it, has in documents: the same members in both.
struct PlanMembers {
  let plan: Plan?
  let profile: Profile?
  var defects: [Defect] = []
  var waiting = WaitingEffects()
  /// How conflicts are decided; nil where that was done, so that what else goes into kept files is among the rest.
  var policy: ConflictPolicy? = .keep
  /// Objects that could not be built.
  var missing: Set<ObjectID> = []
  var wishes: [Consent.Wish] = []
  /// What to type to consent.
  var consentLine = ""
  var questions: [Question] = []
  /// What to type to decide conflicts for the profile's side.
  var conflictLine: String
  /// What each file's text differs by, where that is wanted.
  var texts: [FilePath: String] = [:]

  /// What a person is asked on a terminal, and how it is answered without one.
  struct Question {
    let key: String
    let prompt: String
    let line: String
    /// Nothing goes on before it is answered.
    var isNeeded = true
  }

  init(
    plan: Plan?, profile: Profile? = nil, defects: [Defect] = [], waiting: WaitingEffects = .init(),
    missing: Set<ObjectID> = [], conflictLine: String = "outfit up --on-conflict take"
  ) {
    self.conflictLine = conflictLine
    self.plan = plan
    self.profile = profile
    self.defects = defects
    self.waiting = waiting
    self.missing = missing
  }

  /// What was done, in the form of a plan.
  init(
    done plan: Plan, _ outcome: SwitchOutcome, profile: Profile? = nil, waiting: WaitingEffects = .init(),
    missing: Set<ObjectID> = [], conflictLine: String = "outfit up --on-conflict take"
  ) {
    var did = plan
    did.names = outcome.names
    did.effects.removeAll { waiting[$0] != nil }
    did.targets = outcome.changed.map { target in
      var target = target
      if target.conflict != nil { (target.action, target.conflict) = (.update, nil) }
      return target
    }
    did.targets += outcome.kept
    self.init(plan: did, profile: profile, waiting: waiting, missing: missing, conflictLine: conflictLine)
    policy = nil
  }

  var json: [String: JSONText] {
    [
      "files": .array(files),
      "objects": .array(
        (plan?.objects ?? []).filter { !missing.contains($0.id) }.map {
          .object([
            "entry": .string($0.id.name), "label": .string($0.label), "digest": .string($0.id.digest.hex),
          ])
        }),
      "commands": .array(
        (plan?.names ?? []).map {
          .object([
            "name": .string($0.name), "action": .string($0.action.rawValue), "label": .string($0.label),
          ])
        }),
      "conflicts": .array(
        (plan?.conflicts ?? []).map { target in
          .object([
            "path": .string(target.target.string),
            "reason": target.conflict.map { .string($0.reason.rawValue) } ?? .null,
            "message": target.conflict.map { .string($0.message) } ?? .null,
            "canTake": .bool(target.conflict?.canTake == true),
            "line": target.conflict?.canTake == true ? .string(conflictLine) : .null,
          ])
        }),
      "consent": .object([
        "wanted": .bool(!wishes.isEmpty), "line": wishes.isEmpty ? .null : .string(consentLine),
        "abilities": .array(
          Ability.lines(wishes.flatMap(\.new)).map {
            .object([
              "kind": .string("\($0.kind)"), "text": .string(withoutPasswords($0.text)),
              "grave": .bool($0.isGrave),
            ])
          }),
      ]),
      "questions": .array(
        questions.map {
          .object([
            "key": .string($0.key), "prompt": .string($0.prompt), "line": .string($0.line),
            "needed": .bool($0.isNeeded),
          ])
        }),
      "effects": .array(
        (plan?.effects ?? []).map { effect in
          .object([
            "entry": .string(effect.entry), "label": .string(effect.label),
            "wanted": .bool(!effect.isRoutine), "needsRoot": .bool(effect.needsRoot),
            "packages": .array(effect.packages.map { .string($0) }), "owner": .owner(effect.owner),
          ])
        }),
      "waiting": waiting.json,
      "incomplete": .array((plan?.failures ?? []).map { $0.error(.failed) }),
      "mend": .array(defects.filter(\.isMendable).map { .string($0.message) }),
    ]
  }

  /// Every path that differs.
  var files: [JSONText] {
    guard let plan else { return [] }
    return ((policy.map(plan.writtenBeside) ?? []) + plan.differing).map(file)
  }

  private func file(_ target: PlannedTarget) -> JSONText {
    let file = JSONText.object([
      "path": .string(target.target.string), "action": .string(target.action.rawValue),
      "before": state(target.before, isSecret: target.isSecret), "after": content(target),
      "owner": target.owner.map { owner in
        .object([
          "layer": profile?.layer(of: owner).map { .string(withoutPasswords($0.address)) } ?? .null,
          "file": .string(owner.file), "line": .number(owner.line),
        ])
      } ?? .null,
      "secret": .bool(target.isSecret), "changed": target.action == .notAsked ? .null : .bool(true),
    ])
    return texts[target.target].map { file.with("diff", .string($0)) } ?? file
  }

  private func state(_ state: TargetState, isSecret: Bool) -> JSONText {
    switch state {
    case .absent: .null
    case .file(let file):
      .object([
        "kind": .string("file"), "mode": .string(Self.octal(file.mode)),
        "sha256": file.isKeyed || isSecret ? .null : .string(file.digest.hex),
      ])
    case .link(let destination): .object(["kind": .string("link"), "to": .string(destination)])
    case .directory(let mode): .object(["kind": .string("folder"), "mode": .string(Self.octal(mode))])
    case .moved(let place): .object(["kind": .string("folder"), "movedFrom": .string(place)])
    case .tree(let source): .object(["kind": .string("folder"), "copyOf": .string(source)])
    case .other: .object(["kind": .string("other")])
    }
  }

  /// A secret's digest would tell what it is to whoever guesses.
  private func content(_ target: PlannedTarget) -> JSONText {
    switch target.after {
    case .absent: .null
    case .file(let bytes, let mode, _):
      .object([
        "kind": .string("file"), "mode": .string(Self.octal(mode)),
        "sha256": target.isSecret ? .null : .string(Self.digest(bytes).hex),
      ])
    case .link(let destination): .object(["kind": .string("link"), "to": .string(destination)])
    case .directory(let mode): .object(["kind": .string("folder"), "mode": .string(Self.octal(mode))])
    case .moved(let place): .object(["kind": .string("folder"), "movedFrom": .string(place.string)])
    case .tree(let source): .object(["kind": .string("folder"), "copyOf": .string(source.string)])
    }
  }

  private static func digest(_ bytes: PlannedTarget.Bytes) -> Digest {
    switch bytes {
    case .given(let bytes): Digest(of: bytes)
    case .kept(let digest, _): digest
    }
  }

  private static func octal(_ mode: UInt16) -> String {
    let text = String(mode, radix: 8)
    return String(repeating: "0", count: max(0, 4 - text.count)) + text
  }
}

extension JSONText {
  /// The layer and the line that something comes from.
  static func owner(_ source: Source) -> JSONText {
    .object([
      "layer": .string(withoutPasswords(source.layer.address)), "file": .string(source.location.file),
      "line": .number(source.location.line),
    ])
  }
}

extension Plan {
  /// The unified diff of each file that differs. Of a secret it says no more than that it is one.
  func texts(_ host: Host) throws -> [FilePath: String] {
    try Dictionary(
      differing.map { ($0.target, try diff($0, host: host)) }, uniquingKeysWith: { first, _ in first })
  }

  /// Whether `up` does something when it does this as it stands: files that are left as their owner has them, what waits
  /// for whoever has root and what runs every time are none.
  /// - Returns: nil where that hangs on secrets that nobody was asked for.
  func changes(_ policy: ConflictPolicy = .keep, _ profile: ProfileStamp, _ host: Host) throws -> Bool? {
    if isUnasked { return try asKnown.changes(policy, profile, host) == true ? true : nil }
    return try !objects.isEmpty || effects.contains { !$0.isRoutine }
      || Switch.isWanted(self, decisions: Decisions(policy), profile: profile, host: host)
  }
}

extension ConflictPolicy {
  /// Outfit's side is written.
  var takes: Bool { self == .take || self == .backup }
}

extension Profile {
  /// The layer whose manifest is this file.
  func layer(of location: SourceLocation) -> Layer? {
    if let layer = layers.first(where: { $0.manifest.string == location.file }) { return layer }
    let sources = dotfiles.values.map(\.source) + scripts.values.map(\.source)
    return sources.first { $0.location.file == location.file }?.layer
  }
}
