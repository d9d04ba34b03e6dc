import OutfitCore

/// What must hold in any set of Kubernetes objects, whatever made them.
public enum ManifestValidator {
  static func diagnostics(_ files: [RenderedFile], secrets: [String]) -> [Diagnostic] { [] }
}
