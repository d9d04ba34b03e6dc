import OutfitCore
import OutfitEngine
import OutfitSystem
import SystemPackage

/// The interpreters of a generation that were adopted where they stood, and are not there any more.
struct GoneInterpreters {
  let all: [RecordedInterpreter]
  let diagnostics: [Diagnostic]

  var programs: Set<String> { Set(all.map(\.program)) }

  init(_ generation: Generation?, _ session: Session) {
    let host = session.host
    all = (generation?.interpreters ?? []).filter {
      let program = FilePath($0.program)
      return !program.starts(with: host.places.store) && !host.files.exists(program)
    }
    diagnostics = all.map { one in
      let label = generation?.objects.first { $0.id == one.object }?.label ?? ""
      let owner = label.split(separator: "(").last.flatMap { $0.split(separator: ",").first }.map {
        ", \($0),"
      }
      return Diagnostic(
        .error,
        "\(one.language.title) \(one.version)\(label.contains("(") ? owner ?? "" : "") at \(one.program) is gone",
        hint: "bring it back, or run `outfit up`, which has another build of it where one can be had")
    }
  }
}
