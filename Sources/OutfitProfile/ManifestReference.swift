/// The reference of `outfit.yaml` for people, from the same tables that reading and the JSON Schema follow.
public enum ManifestReference {
  /// The text of docs/manifest.md.
  public static var markdown: String {
    var text = """
      # Reference of outfit.yaml

      Every key that a manifest may have. The same tables make the [JSON Schema](outfit.schema.json), by which an editor completes
      and checks what you write, where this is the first line of the file:

      ```yaml
      # yaml-language-server: $schema=https://your.host/outfit/outfit.schema.json
      ```

      Numbers need no quotes: `3.10` is 3.10. What a machine has comes from the profile that it adopted (`outfit up PROFILE`); what a
      project has from the outfit.yaml of its own folder. A section that only one of them has is left alone in the other.
      [layers.md](layers.md) says what becomes of a key that several layers have.

      | Key | Where | What it is |
      |---|---|---|

      """
    for field in ManifestKeys.all {
      text += "| [`\(field.name)`](#\(anchor(field.name))) | \(place(of: field)) | \(cell(field.note)) |\n"
    }
    for field in ManifestKeys.all {
      text += "\n## \(field.name)\n\n\(sentence(field.note)) \(place(of: field, inWords: true))\n"
      text += "\nIt is \(value(field.shape)).\n\n```yaml\n\(field.example)\n```\n"
      text += tables(field.shape, path: field.name, level: 3)
    }
    text +=
      "\n## Conditions\n\n`if:` stands at every entry that can have it. A list means any of them, several keys mean all.\n"
    text += tables(ManifestKeys.conditionShape, path: "if", level: 3, unfolds: true)
    return text
  }

  private static func place(of field: Field, inWords: Bool = false) -> String {
    let (short, long) =
      if ManifestKeys.machineOnly.contains(field.name) {
        ("machine", "Machines have it, projects do not.")
      } else if ManifestKeys.projectOnly.contains(field.name) {
        ("project", "Projects have it, machines do not.")
      } else if field.note.hasPrefix("In your own layer") {
        ("own layer", "It stands in `~/.config/outfit/outfit.yaml`.")
      } else {
        ("both", "Machines and projects have it.")
      }
    return inWords ? long : short
  }

  /// The keys of the mappings in a shape, a table for each.
  private static func tables(_ shape: Shape, path: String, level: Int, unfolds: Bool = false) -> String {
    switch shape {
    case .text, .anything: return ""
    case .list(let element): return tables(element, path: path, level: level, unfolds: unfolds)
    case .either(let shapes):
      // A mapping, and a list of the same mappings, have one table.
      var seen: [String] = []
      return shapes.map { tables($0, path: path, level: level, unfolds: unfolds) }.filter { table in
        if table.isEmpty || seen.contains(table) { return false }
        seen.append(table)
        return true
      }.joined()
    case .shared(_, let shape): return unfolds ? tables(shape, path: path, level: level) : ""
    case .dictionary(_, let value, let example):
      let inner = tables(value, path: "\(path).NAME", level: level)
      return "\nOne entry: \(code(example))\n" + inner
    case .record(let fields):
      guard !fields.isEmpty else { return "" }
      var text =
        "\n\(String(repeating: "#", count: min(level, 6))) Keys of \(path)\n\n| Key | Value | What it is | Example |\n|---|---|---|---|\n"
      for field in fields {
        let name = "`\(field.name)`" + (field.isRequired ? " (needed)" : "")
        text +=
          "| \(name) | \(cell(value(field.shape))) | \(cell(field.note)) | \(cell(code(field.example))) |\n"
      }
      for field in fields {
        text += tables(field.shape, path: "\(path).\(field.name)", level: level + 1)
      }
      return text
    }
  }

  /// In words: `a version, or a list`.
  private static func value(_ shape: Shape) -> String {
    switch shape {
    case .text(let form):
      if let choices = form.choices { return choices.map { "`\($0)`" }.joined(separator: ", ") }
      return form.what
    case .anything: return "any value"
    case .list(let element): return "a list: \(value(element))"
    case .record: return "a mapping"
    case .dictionary(let key, let element, _): return "a mapping from \(key.what) to \(value(element))"
    case .either(let shapes): return shapes.map(value).joined(separator: "; or ")
    case .shared(let place, let shape):
      return place == "#/$defs/condition" ? "a [condition](#conditions)" : value(shape)
    }
  }

  private static func anchor(_ name: String) -> String { name.lowercased() }

  private static func code(_ example: String) -> String {
    // An example that has two forms brings its own backticks.
    "`\(example)`"
  }

  private static func cell(_ text: String) -> String { text.replacing("|", with: "\\|") }

  private static func sentence(_ note: String) -> String { note.hasSuffix(".") ? note : note + "." }
}
