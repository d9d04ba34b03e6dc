/// Told what goes on while something may be slow. Calls may come from any thread, about many items at once.
///
/// An `id` is any text that is one item's own while it runs: an object's name, a download's address.
public protocol Progress: Sendable {
  /// So many more items will begin.
  func expect(_ count: Int)
  /// An item begins. `label` is for people: `Python 3.13.5`.
  func started(id: String, label: String)
  /// How many bytes of the item are here. `total` is nil when it is not known.
  func bytes(id: String, done: Int64, total: Int64?)
  /// What the item is at: `unpacking`, `checking`.
  func step(id: String, text: String)
  func finished(id: String)
  /// The item ended badly. The reason is one line; the diagnostic comes another way.
  func failed(id: String, reason: String)
  /// A line that belongs to no item.
  func note(_ text: String)
}

extension Progress {
  public func expect(_ count: Int) {}
}

/// Shows nothing.
public struct NoProgress: Progress {
  public init() {}
  public func started(id: String, label: String) {}
  public func bytes(id: String, done: Int64, total: Int64?) {}
  public func step(id: String, text: String) {}
  public func finished(id: String) {}
  public func failed(id: String, reason: String) {}
  public func note(_ text: String) {}
}
