import Foundation
import Testing

@testable import OutfitGoTemplate

/// A thousand templates from a grammar, with what Go's text/template and sprig made of them.
/// Oracle/record.sh makes the file anew.
@Suite struct GrammarTests {
  struct Row: Decodable {
    var t: String
    var d: Int
    var m: String
    /// What Go wrote; nil where it failed.
    var o: String?
  }

  struct SourceFiles: TemplateWorld {
    var files: [String: GoValue]

    func answer(_ question: TemplateQuestion) -> TemplateAnswer {
      switch question {
      case .include(let name), .includeTemplate(let name):
        files[name].map { .value($0) } ?? .refused("there is no file \(name)")
      default: .refused("nothing is asked here")
      }
    }
  }

  @Test func eachTemplateGivesTheBytesOfGoOrFailsAsThere() throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/grammar.jsonl")
    let lines = try Data(contentsOf: file).split(separator: 10)
    let run = Run(world: KnownAnswers(), options: TemplateOptions())
    let header = try run.plain(JsonReader.value(Array(lines[0]), run))
    guard case .map(let shared) = header, case .list(let data)? = shared["data"],
      case .map(let templates)? = shared["templates"], case .map(let files)? = shared["includes"]
    else {
      Issue.record("the first line of the fixture names data, templates and includes")
      return
    }
    var associated: [String: Template] = [:]
    for (name, text) in templates {
      guard case .string(let text) = text else { continue }
      associated[name] = try Template(text, name: name)
    }
    let rows = try lines.dropFirst().map { try JSONDecoder().decode(Row.self, from: Data($0)) }
    #expect(rows.count == 1000)
    for row in rows {
      var written: [UInt8]?
      do {
        let options = TemplateOptions(
          missingKey: try #require(MissingKey(rawValue: row.m)), associated: associated)
        written = try Template(row.t, name: "main").render(
          data[row.d], world: SourceFiles(files: files), options: options)
      } catch is TemplateError {}
      if written != row.o.map({ Array($0.utf8) }) {
        Issue.record(
          "\(row.t)\nGo: \(row.o ?? "an error")\nhere: \(written.map { String(decoding: $0, as: UTF8.self) } ?? "an error")"
        )
      }
    }
  }
}
