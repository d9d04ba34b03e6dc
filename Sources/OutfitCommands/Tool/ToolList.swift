import ArgumentParser
import OutfitCore
import OutfitEngine
import OutfitProfile

struct ToolList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List the tools of this machine, or with --project of the project, and where each is from.")

  @Flag(help: "Names and versions alone.") var short = false
  @OptionGroup var options: ToolOptions

  func run() async throws {
    try await withSession { session in
      let rows = try await ToolDesk(session, options).rows()
      if options.json {
        session.write(JSONDocument(.tools, ["tools": .array(rows.map(\.json))]))
      } else if short {
        for row in rows { session.write("\(row.name) \(row.version ?? "-")") }
      } else if rows.isEmpty {
        session.write("No tools yet. `outfit tool install black` installs one.")
        // Whoever stands in a project may mean that.
        if !options.project, (try? Project.find(session.host)) ?? nil != nil {
          session.talk("Those of the project here: outfit tool list --project")
        }
      } else {
        let style = session.outputStyle
        for row in rows {
          let marks = [row.isHeld ? "held" : nil, row.isHere ? nil : "not here yet: outfit up"].compactMap {
            $0
          }
          session.write(
            style.bold("\(row.name) \(row.version ?? "")")
              + (row.python.map { style.dim("  on \($0)") } ?? "")
              + (marks.isEmpty ? "" : style.yellow("  \(marks.joined(separator: ", "))")))
          if !row.programs.isEmpty { session.write("  programs  \(row.programs.joined(separator: ", "))") }
          if !row.packages.isEmpty { session.write("  with      \(row.packages.joined(separator: ", "))") }
          session.write(style.dim("  from      \(row.layer), \(row.source)"))
        }
      }
    }
  }
}

/// A tool, as `list` tells of it.
struct ToolRow {
  var name: String
  var version: String?
  var request: String
  var python: String?
  var programs: [String]
  var packages: [String]
  var isHeld: Bool
  var isHere: Bool
  var layer: String
  var source: String
  var origin: String

  var json: JSONText {
    .object([
      "name": .string(name), "version": version.map(JSONText.string) ?? .null, "request": .string(request),
      "python": python.map(JSONText.string) ?? .null, "programs": .array(programs.map(JSONText.string)),
      "with": .array(packages.map(JSONText.string)), "held": .bool(isHeld), "installed": .bool(isHere),
      "layer": .string(layer), "source": .string(source), "from": .string(origin),
    ])
  }
}

extension ToolDesk {
  func rows() -> [ToolRow] {
    profile.tools.sorted { $0.key < $1.key }.map { name, tool in
      let version = lock.tools[name]?.version.description
      let label = "\(name) \(version ?? "")"
      let object = generation?.objects.first { $0.label == label }
      let python = object.flatMap { object in
        generation?.objects.first { object.inputs.contains($0.id) && $0.label.hasPrefix("Python ") }
          .map { String($0.label.prefix { $0 != "(" }).trimmingEnd }
      }
      let location = tool.source.location
      return ToolRow(
        name: name, version: version, request: tool.value.version.text, python: python,
        programs: programs(name),
        packages: tool.value.with, isHeld: tool.value.isHeld, isHere: object != nil,
        layer: tool.source.layer.isOwn ? "you" : tool.source.layer.name,
        source: "\(location.file):\(location.line)", origin: tool.value.origin.rawValue)
    }
  }
}
