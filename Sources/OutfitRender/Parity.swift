import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// The proof that what is developed in is what is deployed.
public enum Parity {
  /// Runs of the real kustomize that evaluate the overlays, one for each environment.
  /// - Parameters:
  ///   - kubectl: 1.27 or newer; its own kustomize is used.
  ///   - root: the project's folder.
  public static func invocations(
    kubectl: FilePath, environments: [String], root: FilePath, environment: [String: String]
  ) -> [String: Invocation] {
    Dictionary(
      uniqueKeysWithValues: environments.map { name in
        (
          name,
          Invocation(
            kubectl, ["kustomize", root.appending("k8s").appending("overlays").appending(name).string],
            environment: environment, workingDirectory: root)
        )
      })
  }

  /// What the files on disk say.
  public struct Input: Sendable {
    /// What kustomize wrote, by environment; a text that says why it could not.
    public var overlays: [String: Result<String, Failure>]
    /// Nil when the file is not there.
    public var compose: String?
    public var dockerfile: String?
    public var devcontainer: String?
    /// `docker/requirements.txt`.
    public var requirements: String?
    public var stack: Stack
    public var lock: Lock

    public init(
      overlays: [String: Result<String, Failure>], compose: String?, dockerfile: String?,
      devcontainer: String?,
      requirements: String?, stack: Stack, lock: Lock
    ) {
      self.overlays = overlays
      self.compose = compose
      self.dockerfile = dockerfile
      self.devcontainer = devcontainer
      self.requirements = requirements
      self.stack = stack
      self.lock = lock
    }
  }

  /// One line of the table.
  public struct Row: Hashable, Sendable {
    public enum Verdict: String, Sendable { case proved, failed, notCheckable }
    public var rule: String
    public var verdict: Verdict
    public var detail: String

    public init(_ rule: String, _ verdict: Verdict, _ detail: String) {
      self.rule = rule
      self.verdict = verdict
      self.detail = detail
    }
  }

  public static func check(_ input: Input) -> [Row] { [] }
}
