import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSystem
import SystemPackage

/// The interpreters that tools and virtualenvs can stand on: those of the scope, or, where the manifest names
/// none at all, one that the machine has.
struct Pythons {
  var offered: [ProvidedInterpreter]
  private var known: [ObjectID: Object]

  /// What must be known first; empty when the scope has its own.
  static func queries(_ context: Context) -> [Query] {
    needsMachine(context) ? [.interpreters(.python)] : []
  }

  init(_ context: Context) {
    offered = context.earlier.interpreters.filter { $0.language == .python }
    known = Dictionary(context.earlier.objects.map { ($0.id, $0) }) { first, _ in first }
    guard Self.needsMachine(context),
      case .interpreters(let found)? = context.facts[.interpreters(.python)]
    else { return }
    let complete = found.filter { $0.missingModules.isEmpty && !$0.version.isPrerelease }
    for python in complete.sorted(by: { $1.version < $0.version }) {
      let object = Object(
        name: "python-\(python.version)", label: "Python \(python.version) (\(python.program))",
        recipe: .adopt(Adoption(program: python.program, fingerprint: python.fingerprint)),
        store: context.store)
      known[object.id] = object
      offered.append(
        ProvidedInterpreter(
          language: .python, version: python.version, request: "", program: .path(python.program),
          object: object.id))
    }
  }

  /// The object of `interpreter` that no earlier part proposed, for a proposal.
  func added(for interpreter: ProvidedInterpreter) -> [Object] {
    interpreter.request.isEmpty ? [known[interpreter.object]].compactMap { $0 } : []
  }

  /// The interpreter for a tool: the default, or the first that `request` accepts.
  func choose(_ request: VersionRequest?) -> ProvidedInterpreter? {
    guard let request else { return offered.first }
    return offered.first { request.accepts($0.version) }
  }

  /// What must be built before something can run on `interpreter`, in order.
  func objects(for interpreter: ProvidedInterpreter) -> [Object] {
    var result: [Object] = []
    var seen: Set<ObjectID> = []
    func add(_ id: ObjectID) {
      guard seen.insert(id).inserted, let object = known[id] else { return }
      for other in object.prerequisites.sorted() { add(other) }
      result.append(object)
    }
    add(interpreter.object)
    return result
  }

  private static func needsMachine(_ context: Context) -> Bool {
    context.profile.interpreters[.python] == nil
      && !context.earlier.interpreters.contains { $0.language == .python }
  }
}
