import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSharing
import OutfitSystem
import SystemPackage

/// What receipts say of the machines that have a profile.
struct TeamStatus: Sendable {
  struct Machine: Sendable {
    var receipt: MachineReceipt
    /// How many commits it lacks; nil where that is not known here.
    var behind: Int?

    /// As people know it.
    var name: String { receipt.name ?? String(receipt.machine.prefix(8)) }
  }

  var machines: [Machine]
  var broken: [(name: String, reason: String)]
  var isCut: Bool
  var now: Int64

  init(_ contents: ReceiptBox.Contents, behind: [String: Int], now: Int64) {
    machines = contents.receipts.map { Machine(receipt: $0, behind: $0.commit.flatMap { behind[$0] }) }
      .sorted {
        ($0.receipt.profile, $0.name, $0.receipt.machine) < ($1.receipt.profile, $1.name, $1.receipt.machine)
      }
    (broken, isCut, self.now) = (contents.broken, contents.isCut, now)
  }

  /// Reads them, and counts commits where a clone of the profile is at hand: where one stands, or what this machine has.
  static func read(_ address: String, _ session: Session) async throws -> TeamStatus {
    let host = session.host
    let contents = try await ReceiptBox(address, host).read()
    let commits = Set(contents.receipts.compactMap(\.commit))
    var behind: [String: Int] = [:]
    for history in histories(session) {
      for commit in commits where behind[commit] == nil {
        behind[commit] = await history.distance(from: commit)
      }
    }
    if let place = try ProfilePlace.adopted(host), let git = place.git,
      let answer = (try? place.profiles(host, network: .never).lastAnswer(git)) ?? nil
    {
      behind[answer.newest] = behind[answer.newest] ?? 0
    }
    return TeamStatus(contents, behind: behind, now: host.clock.now())
  }

  private static func histories(_ session: Session) -> [RepositoryHistory] {
    let host = session.host
    let adopted = ((try? ProfilePlace.adopted(host)) ?? nil)?.address ?? ""
    let folders = [host.workingDirectory] + (adopted.hasPrefix("/") ? [FilePath(adopted)] : [])
    var roots: [FilePath] = []
    for folder in folders {
      guard let root = (try? GitFolders.locate(from: folder, host: host)?.workTree) ?? nil,
        !roots.contains(root)
      else { continue }
      roots.append(root)
    }
    return roots.compactMap { RepositoryHistory($0, host: host) }
  }

  // MARK: - For people

  func lines(width: Int, style: Style) -> [String] {
    var lines: [String] = []
    if machines.isEmpty { lines.append("No machine has said anything yet.") }
    lines += width < 76 ? stacked(style, width) : table(style, width)
    let profiles = Set(machines.map(\.receipt.profile))
    if !machines.isEmpty {
      let behind = machines.count { ($0.behind ?? 0) > 0 }
      let incomplete = machines.count { !$0.receipt.incomplete.isEmpty }
      let drifted = machines.count { !$0.receipt.drift.isEmpty }
      let of = profiles.count == 1 ? " with \(profiles.first ?? "")" : ""
      let parts = [(behind, "behind"), (incomplete, "incomplete"), (drifted, "with files of their own")]
        .filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
      lines.append("")
      lines += wrapped(
        "\(PlanText.count(machines.count, "machine"))\(of)"
          + (parts.isEmpty ? "" : ": " + parts.joined(separator: ", ")),
        width: max(20, width))
    }
    if isCut { lines.append("There are more than are read.") }
    return lines
  }

  private static let headings = ["machine", "commit", "behind", "outfit", "incomplete", "drift", "seen"]

  private func cells(_ machine: Machine) -> [String] {
    let receipt = machine.receipt
    return [
      machine.name, receipt.commit.map { String($0.prefix(7)) } ?? "-",
      machine.behind.map(String.init) ?? "-",
      receipt.outfit, Self.counts(receipt.incomplete), Self.counts(receipt.drift),
      Age.text(max(0, now - receipt.seen)),
    ]
  }

  private static func counts(_ counts: [String: Int]) -> String {
    counts.isEmpty
      ? "-" : counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
  }

  /// The widest of a column; what is longer ends in `…`.
  private static let widest = [20, 7, 6, 12, 20, 24, 12]

  private func table(_ style: Style, _ width: Int) -> [String] {
    let rows = machines.map(cells)
    guard !rows.isEmpty else { return [] }
    let all = [Self.headings] + rows
    var widths = (0..<Self.headings.count).map { column in
      min(Self.widest[column], all.map { $0[column].columns }.max() ?? 0)
    }
    // What is said of parts gives way.
    let excess = widths.reduce(0, +) + 2 * (widths.count - 1) - width
    if excess > 0 {
      widths[5] = max(8, widths[5] - excess)
      widths[4] = max(10, widths[4] - max(0, widths.reduce(0, +) + 2 * (widths.count - 1) - width))
      widths[0] = max(8, widths[0] - max(0, widths.reduce(0, +) + 2 * (widths.count - 1) - width))
    }
    return all.enumerated().map { index, row in
      let line = zip(row, widths).map { Self.cut($0, $1) }.joined(separator: "  ").trimmingEnd
      return index == 0 ? style.dim(line) : isGood(machines[index - 1]) ? line : style.yellow(line)
    }
  }

  private func isGood(_ machine: Machine) -> Bool {
    (machine.behind ?? 0) == 0 && machine.receipt.incomplete.isEmpty && machine.receipt.drift.isEmpty
  }

  private static func cut(_ text: String, _ width: Int) -> String {
    var shown = text
    if text.columns > width {
      while shown.columns > width - 1, !shown.isEmpty { shown.removeLast() }
      shown += "…"
    }
    return shown + String(repeating: " ", count: max(0, width - shown.columns))
  }

  private func stacked(_ style: Style, _ width: Int) -> [String] {
    machines.flatMap { machine in
      let cells = cells(machine)
      let facts =
        ["commit \(cells[1])"] + (machine.behind.map { ["\($0) behind"] } ?? []) + ["outfit \(cells[3])"]
        + (machine.receipt.incomplete.isEmpty ? [] : ["incomplete: \(cells[4])"])
        + (machine.receipt.drift.isEmpty ? [] : ["drift: \(cells[5])"]) + ["seen \(cells[6]) ago"]
      let name = isGood(machine) ? style.bold(machine.name) : style.yellow(machine.name)
      return [name] + wrapped(facts.joined(separator: ", "), width: max(20, width - 2)).map { "  \($0)" }
    }
  }

  // MARK: - For programs

  var json: [String: JSONText] {
    func counts(_ counts: [String: Int]) -> JSONText { .object(counts.mapValues { .number($0) }) }
    return [
      "machines": .array(
        machines.map { machine in
          let receipt = machine.receipt
          return .object([
            "machine": .string(receipt.machine), "name": receipt.name.map { .string($0) } ?? .null,
            "profile": .string(receipt.profile), "commit": receipt.commit.map { .string($0) } ?? .null,
            "behind": machine.behind.map { .number($0) } ?? .null, "outfit": .string(receipt.outfit),
            "since": .number(Int(receipt.since)), "seen": .number(Int(receipt.seen)),
            "incomplete": counts(receipt.incomplete), "drift": counts(receipt.drift),
          ])
        }),
      "broken": .array(
        broken.map { .object(["name": .string($0.name), "reason": .string($0.reason)]) }),
      "isCut": .bool(isCut),
    ]
  }
}
