/// A kind of machine that an artifact is built for.
///
/// Its `key` is what manifests and locks write: `linux-amd64`, `linux-arm64`, `linux-amd64-musl`, `macos-arm64`.
public struct Platform: Hashable, Sendable, Comparable, CustomStringConvertible {
  public enum System: String, Sendable, CaseIterable { case linux, macos }
  public enum Architecture: String, Sendable, CaseIterable { case amd64, arm64 }
  public enum Library: String, Sendable, CaseIterable { case gnu, musl, system }

  public let system: System
  public let architecture: Architecture
  /// The C library that programs link to: `system` on macOS.
  public let library: Library

  public init(_ system: System, _ architecture: Architecture, _ library: Library? = nil) {
    self.system = system
    self.architecture = architecture
    self.library = library ?? (system == .linux ? .gnu : .system)
  }

  /// Reads a `key`; nil for a name that no platform has.
  public init?(key: some StringProtocol) {
    let parts = key.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2 || parts.count == 3, let system = System(rawValue: String(parts[0])),
      let architecture = Architecture(rawValue: String(parts[1]))
    else { return nil }
    guard parts.count == 3 else {
      self.init(system, architecture)
      return
    }
    guard system == .linux, parts[2] == "musl" else { return nil }
    self.init(system, architecture, .musl)
  }

  public var key: String {
    system.rawValue + "-" + architecture.rawValue + (library == .musl ? "-musl" : "")
  }

  public var description: String { key }

  public static func < (a: Platform, b: Platform) -> Bool { a.key < b.key }

  /// The platforms that a lock is made for unless the profile names others.
  public static let common: [Platform] = [
    Platform(.linux, .amd64), Platform(.linux, .arm64), Platform(.macos, .amd64),
    Platform(.macos, .arm64),
  ]
}
