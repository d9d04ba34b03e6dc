import OutfitCore
import OutfitProfile

/// What a setup.cfg says that a project needs, of setuptools.
struct SetupConfiguration {
  /// `install_requires`.
  private(set) var dependencies: [RequirementLine] = []
  private(set) var extras: [String: [RequirementLine]] = [:]

  init(_ text: String) {
    var section: Substring = ""
    var key: String?
    for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      .enumerated()
    {
      let words = line.drop { $0 == " " || $0 == "\t" }
      guard let first = words.first, first != "#", first != ";" else { continue }
      if line.first == "[" {
        section = line.prefix { $0 != "]" }.dropFirst()
        key = nil
      } else if words.startIndex != line.startIndex {
        add(words, key, section, line: index + 1)
      } else if let mark = line.firstIndex(where: { $0 == "=" || $0 == ":" }) {
        let name = String(line[..<mark].filter { $0 != " " && $0 != "\t" })
        key = name
        if section == "options.extras_require", SetupFiles.isName(name) { extras[name, default: []] += [] }
        add(line[line.index(after: mark)...], key, section, line: index + 1)
      }
    }
  }

  private mutating func add(_ text: Substring, _ key: String?, _ section: Substring, line: Int) {
    guard let key, text.contains(where: { !$0.isWhitespace }) else { return }
    let requirement = RequirementLine.requirement(String(text), line: line)
    switch section {
    case "options" where ["install_requires", "install-requires"].contains(key):
      dependencies.append(requirement)
    case "options.extras_require" where SetupFiles.isName(key): extras[key, default: []].append(requirement)
    default: break
    }
  }
}
