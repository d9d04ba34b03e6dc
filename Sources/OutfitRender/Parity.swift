import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// The proof that what is developed in is what is deployed: of the files on disk, as the real kustomize evaluates
/// them.
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
    /// The project's own environment on this machine.
    public var laptop: Laptop?
    /// Two built images.
    public var images: BuiltPair?

    public init(
      overlays: [String: Evaluation], compose: String?, dockerfile: String?, devcontainer: String?,
      requirements: String?, stack: Stack, laptop: Laptop? = nil, images: BuiltPair? = nil
    ) {
      self.laptop = laptop
      self.images = images
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
      switch input.overlays[environment.name] ?? .refused("there is no k8s/overlays/\(environment.name)") {
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
    rows += LaptopParity(stack: input.stack, laptop: input.laptop).rows()
    if let images = input.images { rows += BuiltParity(stack: input.stack, images: images).rows() }
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
