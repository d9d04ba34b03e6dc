import OutfitCore

/// The programs of a package (the specification of entry points of the Python Packaging Authority), and the scripts that
/// installers make of them.
enum EntryPoints {
  /// What a program calls: `django.core.management:execute_from_command_line`.
  struct Target: Hashable {
    var module: String
    var attribute: String
  }

  /// By the program's name.
  static func programs(_ text: String) -> [String: Target] {
    var programs: [String: Target] = [:]
    var isProgram = false
    for line in text.split(whereSeparator: \.isNewline) {
      let line = trimmed(line)
      if line.isEmpty || line.hasPrefix("#") || line.hasPrefix(";") { continue }
      if line.hasPrefix("[") {
        isProgram = ["[console_scripts]", "[gui_scripts]"].contains(line)
        continue
      }
      guard isProgram, let equals = line.firstIndex(where: { $0 == "=" || $0 == ":" }) else { continue }
      let value = trimmed(line[line.index(after: equals)...].prefix { $0 != "[" })
      let sides = value.split(separator: ":", maxSplits: 1).map { String(trimmed($0)) }
      guard sides.count == 2 else { continue }
      programs[String(trimmed(line[..<equals]))] = Target(module: sides[0], attribute: sides[1])
    }
    return programs
  }

  private static func trimmed(_ text: Substring) -> Substring {
    var text = text.drop { $0 == " " || $0 == "\t" }
    while let last = text.last, last == " " || last == "\t" { text.removeLast() }
    return text
  }

  /// The forms that releases of pip give a script: the newest is pip's own, the others are distlib's.
  static func scripts(_ target: Target, interpreter: String) -> [String] {
    let name = target.attribute.prefix { $0 != "." }
    let load = "from \(target.module) import \(name)\n"
    let old = #"    sys.argv[0] = re.sub(r'(-script\.pyw|\.exe)?$', '', sys.argv[0])"# + "\n"
    let main = "if __name__ == '__main__':\n"
    let end = "    sys.exit(\(target.attribute)())\n"
    let coding = "# -*- coding: utf-8 -*-\nimport re\nimport sys\n"
    return [
      "import sys\n" + load + main + "    sys.argv[0] = sys.argv[0].removesuffix('.exe')\n" + end,
      coding + load + main + old + end, coding + main + "    " + load + old + end,
    ].map { "#!\(interpreter)\n" + $0 }
  }
}
