import OutfitCore
import OutfitEngine
import OutfitSystem
import SystemPackage

/// The interpreters of a generation that were adopted where they stood, and are not there any more, or are others by now.
struct GoneInterpreters {
  /// Those that are not there.
  let all: [RecordedInterpreter]
  let diagnostics: [Diagnostic]

  var programs: Set<String> { Set(all.map(\.program)) }

  init(_ generation: Generation?, _ session: Session) {
    let host = session.host
    let adopted = (generation?.interpreters ?? []).filter {
      !FilePath($0.program).starts(with: host.places.store)
    }
    let gone = adopted.filter { !host.files.exists(FilePath($0.program)) }
    let store = Store(host)
    let changed = adopted.filter { one in
      guard let status = try? host.files.status(FilePath(one.program), followLinks: true) else {
        return false
      }
      return store.receipt(of: one.object)?.describes(status) == false
    }
    func place(_ one: RecordedInterpreter) -> String {
      let label = generation?.objects.first { $0.id == one.object }?.label ?? ""
      let owner = label.split(separator: "(").last.flatMap { $0.split(separator: ",").first }.map {
        ", \($0),"
      }
      return "\(one.language.title) \(one.version)\(label.contains("(") ? owner ?? "" : "") at \(one.program)"
    }
    all = gone
    diagnostics =
      gone.map {
        Diagnostic(
          .error, "\(place($0)) is gone",
          hint: "bring it back, or run `outfit up`, which has another build of it where one can be had")
      }
      + changed.map {
        Diagnostic(
          .error, "\(place($0)) is not as it was when it was adopted",
          hint: "run `outfit up`: it takes it as it is now if it works, else another build")
      }
  }
}
