import OutfitCore

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension VersionBound {
  /// `python_requires` under `[options]` of a setup.cfg, on the key's line or in the deeper lines below it.
  static func configuration(_ text: String) -> [VersionBound] {
    var isInOptions = false
    var found: (line: Int, text: String)?
    for (index, line) in text.plainLines.enumerated() {
      let bare = line.drop { $0 == " " || $0 == "\t" }
      if line.first == "[" {
        if found != nil { break }
        isInOptions = line.hasPrefix("[options]")
      } else if isInOptions, bare.startIndex != line.startIndex, let begun = found {
        if bare.first != "#", bare.first != ";" { found = (begun.line, "\(begun.text) \(bare)") }
      } else if isInOptions, found != nil, !bare.isEmpty, bare.first != "#", bare.first != ";" {
        break
      } else if isInOptions, let mark = line.firstIndex(where: { $0 == "=" || $0 == ":" }),
        ["python_requires", "python-requires"].contains(line[..<mark].filter { $0 != " " && $0 != "\t" })
      {
        found = (index + 1, String(line[line.index(after: mark)...]))
      }
    }
    return bound(found?.text ?? "", line: found?.line ?? 0)
  }

  /// `python_requires="..."` of a setup.py, which is never run: only a text that stands there counts.
  static func program(_ text: String) -> [VersionBound] {
    for (index, line) in text.plainLines.enumerated() {
      guard line.drop(while: { $0 == " " || $0 == "\t" }).first != "#",
        let key = line.firstRange(of: "python_requires")
      else { continue }
      let rest = line[key.upperBound...].drop { "'\" \t".contains($0) }
      guard rest.first == "=" || rest.first == ":" else { continue }
      let value = rest.dropFirst().drop { $0 == " " || $0 == "\t" || $0 == "(" }
      guard let quote = value.first, quote == "\"" || quote == "'",
        let end = value.dropFirst().firstIndex(of: quote)
      else { continue }
      return bound(String(value[..<end].dropFirst()), line: index + 1)
    }
    return []
  }

  private static func bound(_ text: String, line: Int) -> [VersionBound] {
    let words = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    return words.isEmpty
      ? [] : [VersionBound(key: "python_requires", text: words, line: line, dialect: .python)]
  }

  private struct Package: Decodable {
    struct Runtime: Decodable {
      var name: String?
      var version: String?
    }

    struct Tools: Decodable {
      var runtime: [Runtime]

      private enum Key: CodingKey { case runtime }

      /// One, or a list of them.
      init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        if let one = try? container.decode(Runtime.self, forKey: .runtime) {
          runtime = [one]
        } else {
          runtime = (try? container.decode([Runtime].self, forKey: .runtime)) ?? []
        }
      }
    }

    var engine: String?
    var runtimes: [Runtime]

    private enum Key: CodingKey { case engines, devEngines }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: Key.self)
      engine = (try? container.decode([String: String].self, forKey: .engines))?["node"]
      runtimes = (try? container.decode(Tools.self, forKey: .devEngines))?.runtime ?? []
    }
  }

  static func package(_ text: String) -> [VersionBound] {
    let lines = text.plainLines
    guard
      let package = try? JSONDecoder().decode(Package.self, from: Data(lines.joined(separator: "\n").utf8))
    else { return [] }
    // The decoder knows no lines: the first with the text behind the key.
    func line(_ key: String, _ value: String) -> Int {
      let start = lines.firstIndex { $0.contains("\"\(key)\"") } ?? 0
      return (lines[start...].firstIndex { $0.contains("\"\(value)\"") } ?? start) + 1
    }
    var bounds: [VersionBound] = []
    if let text = package.engine {
      bounds.append(
        VersionBound(key: "engines.node", text: text, line: line("engines", "node"), dialect: .npm))
    }
    for runtime in package.runtimes where runtime.name == "node" {
      guard let text = runtime.version else { continue }
      bounds.append(
        VersionBound(
          key: "devEngines.runtime", text: text, line: line("devEngines", "version"), dialect: .npm))
    }
    return bounds
  }
}
