import OutfitCore

/// Reads rendered files again, and compares what they say with what was meant.
enum IntentCheck {
  static func diagnostics(_ files: [RenderedFile], _ stack: Stack) -> [Diagnostic] { [] }
}
