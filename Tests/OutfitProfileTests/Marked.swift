import OutfitCore
import OutfitSystem
import Support
import SystemPackage
import Testing

@testable import OutfitProfile

/// A text in which ①, ②, … mark places.
struct Marked {
  private(set) var text = ""
  private var marks: [OutfitCore.SourceLocation: Character] = [:]

  init(_ marked: String, file: String) {
    var (line, column) = (1, 1)
    for character in marked {
      if "①②③④⑤⑥⑦⑧⑨⑩⑪".contains(character) {
        marks[OutfitCore.SourceLocation(file: file, line: line, column: column)] = character
        continue
      }
      text.append(character)
      (line, column) = character.isNewline ? (line + 1, 1) : (line, column + 1)
    }
  }

  /// `① message (hint)`: the place as its mark, or in full where nothing marks it.
  func describe(_ diagnostic: Diagnostic) -> String {
    let place = diagnostic.location.map { marks[$0].map(String.init) ?? $0.description } ?? "-"
    return "\(place) \(diagnostic.message)" + (diagnostic.hint.map { " (\($0))" } ?? "")
  }
}

/// Reads a manifest in `~/p`, beside `files`, and holds its mistakes against these, one a line.
func expect(
  _ marked: String, files: [String: String] = [:], project: Bool = false, gives expected: String,
  sourceLocation: Testing.SourceLocation = #_sourceLocation
) async {
  let manifest = Marked(marked, file: "p/outfit.yaml")
  let disk = MemoryFiles.withHome()
  disk.put("/home/ann/p/outfit.yaml", manifest.text)
  for (name, text) in files { disk.put(FilePath("/home/ann/p").pushing(FilePath(name)), text) }
  let loader = ProfileLoader(host: .test(files: disk))
  var found = ""
  do {
    _ = try await project ? loader.project(at: "/home/ann/p") : loader.machine("p")
  } catch let failure as Failure {
    #expect(failure.status == .usage, sourceLocation: sourceLocation)
    for diagnostic in failure.diagnostics where diagnostic.location?.file == "p/outfit.yaml" {
      #expect(
        diagnostic.excerpt != nil, "an excerpt for \(diagnostic.message)", sourceLocation: sourceLocation)
    }
    found = failure.diagnostics.map(manifest.describe).joined(separator: "\n")
  } catch {
    found = "\(error)"
  }
  #expect(found == expected, "\n\(found)\n", sourceLocation: sourceLocation)
}

/// The profile in `~/p` of a home with these files.
func profile(
  _ files: [String: String], project: Bool = false, withPersonal: Bool = true
) async throws -> Profile {
  let disk = MemoryFiles.withHome()
  for (name, text) in files { disk.put(FilePath("/home/ann").pushing(FilePath(name)), text) }
  let loader = ProfileLoader(host: .test(files: disk))
  return project
    ? try await loader.project(at: "/home/ann/p", withPersonal: withPersonal)
    : try await loader.machine("p", withPersonal: withPersonal)
}

/// The mistakes of a home with these files, as `file:line:column message`.
func failures(_ files: [String: String], project: Bool = false) async -> [String] {
  do {
    _ = try await profile(files, project: project)
    return []
  } catch let failure as Failure {
    return failure.diagnostics.map {
      ($0.location.map { "\($0) " } ?? "") + $0.message + ($0.hint.map { " (\($0))" } ?? "")
    }
  } catch {
    return ["\(error)"]
  }
}
