/// This release of Outfit.
public enum Release {
  /// What a manifest's `outfit:` is compared with, and what state on disk is marked with.
  public static let version = "0.1.0"
}
