extension StringProtocol {
  /// The same with another beginning, where it begins with `prefix`.
  package func replacingPrefix(_ prefix: String, with replacement: String) -> String {
    hasPrefix(prefix) ? replacement + dropFirst(prefix.count) : String(self)
  }
}
