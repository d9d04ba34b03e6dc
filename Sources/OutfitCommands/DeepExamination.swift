import OutfitCore
import OutfitEngine
import OutfitSystem

/// What `doctor --deep` looks at: every file of every object in the store. It only reads.
struct DeepExamination {
  private let session: Session
  private let store: Store

  init(_ session: Session) {
    self.session = session
    store = Store(session.host)
  }

  func findings() async throws -> [Diagnostic] {
    let receipts = store.list().filter { !$0.isAdopted }.sorted { ($0.label, $0.id) < ($1.label, $1.id) }
    guard !receipts.isEmpty else { return [] }
    let tools = try toolNames()
    let store = store
    let found = try await withThrowingTaskGroup(of: (Int, [Discrepancy]).self) { group in
      var found = [[Discrepancy]](repeating: [], count: receipts.count)
      var waiting = receipts.indices[...]
      func start(_ group: inout ThrowingTaskGroup<(Int, [Discrepancy]), any Error>) {
        guard let index = waiting.popFirst() else { return }
        let id = receipts[index].id
        group.addTask { (index, try Verification.examine(id, in: store)) }
      }
      for _ in 0..<4 { start(&group) }
      while let (index, discrepancies) = try await group.next() {
        found[index] = discrepancies
        start(&group)
      }
      return found
    }
    var findings: [Diagnostic] = []
    for (receipt, discrepancies) in zip(receipts, found) {
      findings += describe(receipt, discrepancies, tool: tools[receipt.id])
    }
    let bytes = receipts.reduce(0) { $0 + $1.size }
    let unknown = receipts.filter { store.contents(of: $0.id) == nil }
    if unknown.count < receipts.count, findings.allSatisfy({ $0.severity != .error }) {
      let count = PlanText.count(receipts.count - unknown.count, "object")
      findings.append(
        Diagnostic(.note, "every file of \(count) is what was built (\(bytes >> 20) MB read)"))
    }
    for receipt in unknown {
      findings.append(
        Diagnostic(
          .warning, "\(receipt.label): what was built is not known any more, so it can't be compared",
          hint: hint(receipt, tool: tools[receipt.id])))
    }
    return findings
  }

  /// The tools that a person can have repaired by name.
  private func toolNames() throws -> [ObjectID: String] {
    var names: [ObjectID: String] = [:]
    for scope in try Generations.scopes(session.host) {
      for claim in try Generations.current(scope, host: session.host)?.claims ?? [] {
        guard let id = claim.object, !Self.isInterpreter(id) else { continue }
        names[id] = claim.label.split(separator: " ").dropLast().joined(separator: " ")
      }
    }
    return names
  }

  private func hint(_ receipt: Receipt, tool: String?) -> String {
    tool.map { "outfit tool repair \($0)" }
      ?? "have it built anew: rm \(store.receiptPath(of: receipt.id)); outfit up"
  }

  private static func isInterpreter(_ id: ObjectID) -> Bool {
    ["python-", "node-", "virtualenv"].contains { id.name.hasPrefix($0) }
  }

  /// A virtualenv is its project's to change; of everything else the files stay as they were.
  private func describe(_ receipt: Receipt, _ all: [Discrepancy], tool: String?) -> [Diagnostic] {
    let isProjects = receipt.id.name == "virtualenv"
    let damaged = all.filter { $0.kind != .added }
    let added = all.filter { $0.kind == .added }
    var findings: [Diagnostic] = []
    let hint = hint(receipt, tool: tool)
    for discrepancy in damaged.prefix(5) {
      findings.append(
        Diagnostic(
          isProjects ? .warning : .error, "\(receipt.label): \(discrepancy)",
          hint: damaged.count == 1 && !isProjects ? hint : nil))
    }
    if damaged.count > 5 {
      findings.append(
        Diagnostic(
          isProjects ? .warning : .error, "\(receipt.label): \(damaged.count - 5) more files like that"))
    }
    if damaged.count > 1, !isProjects { findings[findings.count - 1].hint = hint }
    if !added.isEmpty, !isProjects {
      let others = added.count > 1 ? ", nor were \(added.count - 1) more" : ""
      findings.append(Diagnostic(.warning, "\(receipt.label): \(added[0])\(others)"))
    }
    return findings
  }
}
