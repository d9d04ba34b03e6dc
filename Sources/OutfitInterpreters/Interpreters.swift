import OutfitCore
import OutfitEngine
import OutfitProfile

/// The part that pins interpreters and puts them on the machine.
public struct Interpreters: Part {
  public init() {}
  public var name: String { "interpreters" }
  public func resolve(_ context: Context) throws -> Round<Lock> { .done(context.lock) }
  public func propose(_ context: Context) throws -> Round<Proposal> { .done(Proposal()) }
}
