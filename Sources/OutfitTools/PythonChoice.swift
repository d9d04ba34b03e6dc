import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSystem
import SystemPackage

/// The interpreters that tools and virtualenvs can stand on: those of the scope, or, where the manifest names
/// none at all, one that the machine has.
struct Pythons {
  var offered: [ProvidedInterpreter]
  /// Objects that no earlier part proposed.
  var added: [Object] = []
  private var known: [ObjectID: Object]

  /// What must be known first; empty when the scope has its own.
  static func queries(_ context: Context) -> [Query] {
    needsMachine(context) ? [.interpreters(.python)] : []
  }

  init(_ context: Context) {
    offered = context.earlier.interpreters.filter { $0.language == .python }
    known = Dictionary(context.earlier.objects.map { ($0.id, $0) }) { first, _ in first }
    guard Self.needsMachine(context),
      case .interpreters(let found)? = context.facts[.interpreters(.python)],
      let best = found.filter({ $0.missingModules.isEmpty && !$0.version.isPrerelease })
        .max(by: { $0.version < $1.version })
    else { return }
    let object = Object(
      name: "python-\(best.version)", label: "Python \(best.version) (\(best.program))",
      recipe: .adopt(Adoption(program: best.program, fingerprint: best.fingerprint)),
      store: context.store)
    added = [object]
    known[object.id] = object
    offered = [
      ProvidedInterpreter(
        language: .python, version: best.version, request: "", program: .path(best.program),
        object: object.id)
    ]
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
