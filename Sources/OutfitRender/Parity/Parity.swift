import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// The proof that what is developed in is what is deployed: of the files on disk, as the real kustomize evaluates
/// them. What is not known to be the same fails.
public enum Parity {
  /// Runs of kustomize that evaluate the overlays, by environment. Each writes its objects to standard output.
  /// - Parameters:
  ///   - program: kubectl, 1.27 or newer, whose own kustomize is used; or kustomize.
  ///   - root: the project's folder.
  public static func invocations(
    program: FilePath, environments: [String], root: FilePath, environment: [String: String]
  ) -> [String: Invocation] {
    let verb = program.lastComponent?.string == "kustomize" ? "build" : "kustomize"
    // It lives for a moment, and collects garbage for a third of it unless told to wait.
    let environment = environment.merging(["GOGC": "400"]) { own, _ in own }
    return Dictionary(
      uniqueKeysWithValues: environments.map { name in
        let overlay = root.appending("k8s").appending("overlays").appending(name)
        let invocation = Invocation(
          program, [verb, overlay.string], environment: environment, workingDirectory: root)
        return (name, invocation)
      })
  }

  /// What became of one overlay.
  public enum Evaluation: Hashable, Sendable {
    case objects(String)
    /// Made by something else than kustomize, and read.
    case given([Document], file: String)
    /// Kustomize ran, and refused: what it said.
    case refused(String)
    /// It could not be run: why.
    case unavailable(String)
  }

  /// What the files on disk say.
  public struct Input: Sendable {
    /// By environment.
    public var overlays: [String: Evaluation]
    /// What render would write, evaluated, for the environments whose files on disk are others.
    public var references: [String: Evaluation]
    public var files: ParityFiles
    /// What the manifest and the lock ask for.
    public var stack: Stack
    /// The project's own environment on this machine.
    public var laptop: Laptop?
    /// Two built images, for each platform.
    public var images: [BuiltPair]
    /// What of the lock's artifacts is here, to compare them with.
    public var contents: KnownContents

    public init(
      overlays: [String: Evaluation], references: [String: Evaluation] = [:], files: ParityFiles,
      stack: Stack,
      laptop: Laptop? = nil, images: [BuiltPair] = [], contents: KnownContents = KnownContents()
    ) {
      self.contents = contents
      self.laptop = laptop
      self.images = images
      self.overlays = overlays
      self.references = references
      self.files = files
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
    /// Of the rule, for programs: it stays when the words change.
    public var id: String
    public var rule: String
    public var verdict: Verdict
    public var detail: String
    /// Where it fails.
    public var places: [String]

    public init(
      _ id: String, _ rule: String, _ verdict: Verdict, _ detail: String, places: [String] = []
    ) {
      self.id = id
      self.rule = rule
      self.verdict = verdict
      self.detail = detail
      self.places = places
    }

    /// Proved where nothing was found.
    init(_ id: String, _ rule: String, _ findings: [ParityFinding], proof: String) {
      self.init(
        id, rule, findings.isEmpty ? .proved : .failed,
        findings.isEmpty ? proof : Parity.some(findings.map(\.text)), places: findings.map(\.place))
    }
  }

  /// Every rule's row, in an order that does not change, and the exceptions that were needed.
  public static func check(_ input: Input) -> (rows: [Row], exceptions: [ParityAllowance]) {
    var exceptions = ParityExceptions(input.stack.allowances)
    var rows: [Row] = []
    let isMixed = isMixed(input)
    var objects = evaluated(input, &rows)
    for environment in input.stack.environments {
      guard let documents = objects[environment.name] else { continue }
      let complaints = ManifestValidator.validate(
        documents, file: environment.name, secretKeys: input.stack.secretKeys)
      rows.append(
        Row(
          "restricted.\(environment.name)", "\(environment.name) is consistent and restricted",
          complaints.isEmpty ? .proved : .failed,
          complaints.isEmpty
            ? "labels, references, ports and Pod Security agree" : some(complaints.map(\.message)),
          places: complaints.map { String($0.message.split(separator: " ").prefix(2).joined(separator: "/")) }
        ))
    }
    if isMixed { objects = objects.mapValues { $0.map(ClusterObjects.plain) } }
    let generated = input.files.generated
    func neutral(_ documents: [String: [Document]]) -> [String: NeutralEnvironment] {
      Dictionary(
        uniqueKeysWithValues: input.stack.environments.compactMap { environment in
          documents[environment.name].map {
            (
              environment.name,
              NeutralEnvironment(
                $0, stack: input.stack, environment: environment, generated: generated, isGiven: isMixed)
            )
          }
        })
    }
    var ignored: [Row] = []
    var wanted = input
    wanted.overlays = input.references
    let environments = neutral(objects)
    let references = neutral(evaluated(wanted, &ignored))
    rows += OverlayParity(stack: input.stack, environments: environments, references: references)
      .rows(&exceptions)
    rows += ImageParity(input: input, objects: objects).rows()
    rows += FileParity(input: input, environments: environments, references: Set(references.keys))
      .rows(&exceptions)
    rows += LaptopParity(stack: input.stack, laptop: input.laptop).rows()
    for pair in input.images {
      rows += BuiltParity(
        stack: input.stack, images: pair, files: input.files, known: input.contents,
        isOneOfSeveral: input.images.count > 1
      ).rows()
    }
    rows += unused(exceptions)
    return (rows, exceptions.allowances.filter(exceptions.used.contains))
  }

  /// Where objects come from elsewhere, all are without what a server adds.
  private static func isMixed(_ input: Input) -> Bool {
    input.overlays.values.contains { if case .given = $0 { true } else { false } }
  }

  private static func evaluated(_ input: Input, _ rows: inout [Row]) -> [String: [Document]] {
    var objects: [String: [Document]] = [:]
    for environment in input.stack.environments {
      let rule = "kustomize accepts \(environment.name)"
      let id = "kustomize.\(environment.name)"
      let place = "k8s/overlays/\(environment.name)"
      switch input.overlays[environment.name] ?? .refused("there is no \(place)") {
      case .unavailable(let why): rows.append(Row(id, rule, .notCheckable, why))
      case .refused(let why): rows.append(Row(id, rule, .failed, why, places: [place]))
      case .given(let documents, let file):
        objects[environment.name] = documents
        rows.append(
          Row(
            "objects.\(environment.name)", "\(file) is \(environment.name)", .proved,
            "\(documents.count) objects"))
      case .objects(let text):
        do throws(Failure) {
          let documents = try Document.parse(text, file: environment.name)
          objects[environment.name] = documents
          rows.append(Row(id, rule, .proved, "\(documents.count) objects"))
        } catch {
          rows.append(
            Row(id, rule, .failed, error.diagnostics.map(\.message).joined(separator: "; "), places: [place]))
        }
      }
    }
    return objects
  }

  /// An exception that nothing needs hides the next difference.
  private static func unused(_ exceptions: ParityExceptions) -> [Row] {
    guard !exceptions.allowances.isEmpty else { return [] }
    let unused = exceptions.allowances.filter { !exceptions.used.contains($0) }.map(\.place)
    return [
      Row(
        "exceptions", "every exception is needed", unused.isEmpty ? .proved : .notCheckable,
        unused.isEmpty
          ? "\(exceptions.allowances.count) of app.allow" : "nothing needs " + unused.joined(separator: ", "),
        places: unused)
    ]
  }

  /// The status that the command ends with.
  /// - Parameter isStrict: what can't be checked is no proof.
  public static func status(_ rows: [Row], isStrict: Bool = false) -> ExitStatus {
    rows.contains { $0.verdict == .failed || isStrict && $0.verdict == .notCheckable } ? .drift : .done
  }

  /// The first few of a list, for a cell of the table.
  static func some(_ texts: [String], _ count: Int = 3) -> String {
    let shown = texts.prefix(count).joined(separator: "; ")
    return texts.count > count ? "\(shown); and \(texts.count - count) more" : shown
  }
}
