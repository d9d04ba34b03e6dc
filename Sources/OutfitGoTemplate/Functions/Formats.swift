import OutfitCore

/// JSON, TOML, YAML and INI.
extension FunctionTable {
  static let formats: [Function] = [
    .pure("toJson", [.any]) { call in
      guard let indent = call.evaluation.template.directives.indent else {
        return .string(try JsonWriter(indent: nil, escapesMarkup: true).text(call[0], call.run))
      }
      return .string(try JsonWriter(indent: indent, escapesMarkup: true).text(call[0], call.run) + [10])
    },
    .pure("mustToJson", [.any]) {
      .string(try JsonWriter(indent: nil, escapesMarkup: true).text($0[0], $0.run))
    },
    .pure("toRawJson", [.any]) {
      .string(try JsonWriter(indent: nil, escapesMarkup: false).text($0[0], $0.run))
    },
    .pure("mustToRawJson", [.any]) {
      .string(try JsonWriter(indent: nil, escapesMarkup: false).text($0[0], $0.run))
    },
    .pure("mustToPrettyJson", [.any]) {
      .string(try JsonWriter(indent: Bytes("  "), escapesMarkup: true).text($0[0], $0.run))
    },
    .pure("toPrettyJson", [.any], rest: .any) { call in
      guard call.count <= 2 else {
        throw Problem("`toPrettyJson` wants 1 or 2 arguments, and has \(call.count)")
      }
      var indent = Bytes("  ")
      if call.count == 2 {
        guard case .string(let text) = call[0] else { throw Problem("an indent is a text") }
        indent = text
      }
      return .string(
        try JsonWriter(indent: indent, escapesMarkup: false).text(call[call.count - 1], call.run) + [10])
    },
    .pure("fromJson", [.text]) { try JsonReader.value($0.text(0), $0.run) },
    .pure("mustFromJson", [.text]) { try JsonReader.value($0.text(0), $0.run) },
    .pure("fromJsonc", [.text]) { try JsonReader.value($0.text(0), $0.run, hasComments: true) },
    .pure("toToml", [.any]) { call in
      .string(
        try TomlWriter.text(
          call[0], indent: call.evaluation.template.directives.indent ?? Bytes("  "), call.run))
    },
    .pure("fromToml", [.text]) { call in
      try call.run.spend(call.text(0).count / 8)
      do {
        return try TomlReader.read(String(bytes: call.text(0))).value(call.run)
      } catch let error as TomlReader.Malformed {
        throw Problem("the text is not TOML (its line \(error.line))")
      }
    },
    .pure("toYaml", [.any]) { call in
      let indent = call.evaluation.template.directives.indent
      return .string(
        try YamlWriter.text(
          call[0], indent: indent.map { $0.reduce(0) { $0 + ($1 == 9 ? 8 : 1) } } ?? 2, call.run))
    },
    .pure("fromYaml", [.text]) { call in
      try call.run.spend(call.text(0).count / 8)
      return try YamlReader.value(call.text(0), call.run)
    },
    .pure("toIni", [.map]) { call in
      guard let map = call.map(0) else { return .string([]) }
      return .string(try Ini.text(map, call.run))
    },
    .pure("fromIni", [.text]) { call in
      try call.run.spend(call.text(0).count / 8)
      return try Ini.read(call.text(0), call.run)
    },
  ]
}
