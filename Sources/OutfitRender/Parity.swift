import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// The proof that what is developed in is what is deployed: of the files on disk, as the real kustomize evaluates
/// them.
public enum Parity {
  /// Runs of kustomize that evaluate the overlays, by environment. Each writes its objects to standard output.
  /// - Parameters:
  ///   - kubectl: 1.27 or newer; its own kustomize is used.
  ///   - root: the project's folder.
  public static func invocations(
    kubectl: FilePath, environments: [String], root: FilePath, environment: [String: String]
  ) -> [String: Invocation] {
    Dictionary(
      uniqueKeysWithValues: environments.map { name in
        let overlay = root.appending("k8s").appending("overlays").appending(name)
        let invocation = Invocation(
          kubectl, ["kustomize", overlay.string], environment: environment, workingDirectory: root)
        return (name, invocation)
      })
  }

  /// What became of one overlay.
  public enum Evaluation: Hashable, Sendable {
    case objects(String)
    /// Kustomize ran, and refused: what it said.
    case refused(String)
    /// It could not be run: why.
    case unavailable(String)
  }

  /// What the files on disk say.
  public struct Input: Sendable {
    /// By environment.
    public var overlays: [String: Evaluation]
    /// Nil when the file is not there.
    public var compose: String?
    public var dockerfile: String?
    public var devcontainer: String?
    /// `docker/requirements.txt`.
    public var requirements: String?
    /// What the manifest and the lock ask for.
    public var stack: Stack

    public init(
      overlays: [String: Evaluation], compose: String?, dockerfile: String?, devcontainer: String?,
      requirements: String?, stack: Stack
    ) {
      self.overlays = overlays
      self.compose = compose
      self.dockerfile = dockerfile
      self.devcontainer = devcontainer
      self.requirements = requirements
      self.stack = stack
    }
  }

  /// One line of the table.
  public struct Row: Hashable, Sendable {
    public enum Verdict: String, Sendable, CaseIterable {
      case proved, failed
      /// It is not known: never taken for proved.
      case notCheckable = "not checkable"
    }
    public var rule: String
    public var verdict: Verdict
    public var detail: String

    public init(_ rule: String, _ verdict: Verdict, _ detail: String) {
      self.rule = rule
      self.verdict = verdict
      self.detail = detail
    }
  }

  /// Every rule's row, in an order that does not change.
  public static func check(_ input: Input) -> [Row] {
    var rows: [Row] = []
    var objects: [String: [Document]] = [:]
    for environment in input.stack.environments {
      let rule = "kustomize accepts \(environment.name)"
      switch input.overlays[environment.name] ?? .unavailable("it was not evaluated") {
      case .unavailable(let why): rows.append(Row(rule, .notCheckable, why))
      case .refused(let why): rows.append(Row(rule, .failed, why))
      case .objects(let text):
        do throws(Failure) {
          let documents = try Document.parse(text, file: environment.name)
          objects[environment.name] = documents
          rows.append(Row(rule, .proved, "\(documents.count) objects"))
        } catch {
          rows.append(Row(rule, .failed, error.diagnostics.map(\.message).joined(separator: "; ")))
        }
      }
    }
    for environment in input.stack.environments {
      guard let documents = objects[environment.name] else { continue }
      let complaints = ManifestValidator.validate(
        documents, file: environment.name, secretKeys: input.stack.secretKeys)
      rows.append(
        Row(
          "\(environment.name) is consistent and restricted", complaints.isEmpty ? .proved : .failed,
          complaints.isEmpty
            ? "labels, references, ports and Pod Security agree" : some(complaints.map(\.message))))
    }
    rows += OverlayParity(stack: input.stack, objects: objects).rows()
    rows += ImageParity(input: input, objects: objects).rows()
    rows += ComposeParity(input: input, objects: objects).rows()
    return rows
  }

  /// The status that the command ends with.
  public static func status(_ rows: [Row]) -> ExitStatus {
    rows.contains { $0.verdict == .failed } ? .drift : .done
  }

  /// The first few of a list, for a cell of the table.
  static func some(_ texts: [String], _ count: Int = 3) -> String {
    let shown = texts.prefix(count).joined(separator: "; ")
    return texts.count > count ? "\(shown); and \(texts.count - count) more" : shown
  }
}

/// The table, for people and for programs.
public enum ParityReport {
  /// A table of text, and what it comes to beneath.
  public static func text(_ rows: [Parity.Row], style: Style = .plain) -> String {
    let rule = rows.map(\.rule.count).max() ?? 0
    let verdict = Parity.Row.Verdict.allCases.map(\.rawValue.count).max() ?? 0
    var text = ""
    for row in rows {
      text +=
        paint(row.verdict, style)(pad(row.verdict.rawValue, verdict)) + "  " + pad(row.rule, rule) + "  "
        + row.detail + "\n"
    }
    let counts = Parity.Row.Verdict.allCases.map { kind in
      "\(rows.count { $0.verdict == kind }) \(kind.rawValue)"
    }
    return text + counts.joined(separator: ", ") + "\n"
  }

  /// The differences that overlays may have, one on a line.
  public static func allowances() -> String {
    let width = ParityAllowance.standard.map(\.place.count).max() ?? 0
    return ParityAllowance.standard.map { pad($0.place, width) + "  " + $0.reason + "\n" }.joined()
  }

  /// One JSON document: `rows` (`rule`, `verdict`, `detail`) and `allowed` (`place`, `reason`).
  public static func json(_ rows: [Parity.Row]) -> String {
    let document: Document = .map([
      "rows": .list(
        rows.map { row in
          .map([
            "rule": .string(row.rule), "verdict": .string(row.verdict.rawValue),
            "detail": .string(row.detail),
          ])
        }),
      "allowed": .list(
        ParityAllowance.standard.map { .map(["place": .string($0.place), "reason": .string($0.reason)]) }),
    ])
    return document.json + "\n"
  }

  private static func paint(_ verdict: Parity.Row.Verdict, _ style: Style) -> (String) -> String {
    switch verdict {
    case .proved: style.green
    case .failed: style.red
    case .notCheckable: style.yellow
    }
  }

  private static func pad(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }
}
