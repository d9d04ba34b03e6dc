import OutfitCore

/// Colour for people, or none.
public struct Style: Sendable, Hashable {
  public let isColoured: Bool

  public init(isColoured: Bool) { self.isColoured = isColoured }

  /// Coloured on a terminal, unless `NO_COLOR` or `CI` is set or the terminal is a dumb one; with `CLICOLOR_FORCE`
  /// anywhere (https://bixense.com/clicolors).
  public init(isTerminal: Bool, environment: [String: String]) {
    func isSet(_ name: String) -> Bool { environment[name].map { !$0.isEmpty } ?? false }
    let isForced = isSet("CLICOLOR_FORCE") && environment["CLICOLOR_FORCE"] != "0"
    if isForced, !isSet("NO_COLOR") {
      isColoured = true
      return
    }
    isColoured = isTerminal && !isSet("NO_COLOR") && !isSet("CI") && environment["TERM"] != "dumb"
  }

  public static let plain = Style(isColoured: false)

  public func bold(_ text: String) -> String { paint(text, "1") }
  public func dim(_ text: String) -> String { paint(text, "2") }
  public func red(_ text: String) -> String { paint(text, "31") }
  public func green(_ text: String) -> String { paint(text, "32") }
  public func yellow(_ text: String) -> String { paint(text, "33") }
  public func blue(_ text: String) -> String { paint(text, "34") }
  public func cyan(_ text: String) -> String { paint(text, "36") }

  private func paint(_ text: String, _ code: String) -> String {
    isColoured && !text.isEmpty ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
  }
}

extension String {
  /// The text without what would move a terminal's cursor or change its state: control characters become `?`,
  /// tabs a space. What comes from a profile is shown so.
  public var harmless: String {
    guard unicodeScalars.contains(where: { $0.isControl }) else { return self }
    var result = String.UnicodeScalarView()
    for scalar in unicodeScalars {
      result.append(scalar == "\t" ? " " : scalar.isControl ? "?" : scalar)
    }
    return String(result)
  }

  /// How many columns of a terminal the text takes. Escape sequences of `Style` take none.
  public var columns: Int {
    var count = 0
    var isEscape = false
    for character in self {
      if isEscape {
        isEscape = character != "m"
      } else if character == "\u{1B}" {
        isEscape = true
      } else {
        count += character.columns
      }
    }
    return count
  }

  /// The text, cut to so many columns with an ellipsis at its end. It must hold no escape sequences.
  public func cut(to width: Int) -> String {
    guard columns > width else { return self }
    var result = ""
    var room = width - 1
    for character in self {
      room -= character.columns
      guard room >= 0 else { break }
      result.append(character)
    }
    return result + "…"
  }
}

extension Character {
  /// 2 for the wide characters of East Asia and for pictures, 0 for what only joins to the one before.
  var columns: Int {
    guard let scalar = unicodeScalars.first else { return 0 }
    switch scalar.value {
    case 0x20..<0x300: return 1
    case 0x300...0x36F, 0x200B...0x200F, 0xFE00...0xFE0F: return 0
    case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF,
      0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F680...0x1F6FF,
      0x1F900...0x1F9FF, 0x20000...0x3FFFD:
      return 2
    default: return 1
    }
  }
}

extension Unicode.Scalar {
  fileprivate var isControl: Bool {
    value < 0x20 || (0x7F...0x9F).contains(value) || (0x202A...0x202E).contains(value)
      || (0x2066...0x2069).contains(value)
  }
}

/// Rows whose columns stand beneath one another.
public struct Table: Sendable {
  public var header: [String]
  public var rows: [[String]]

  public init(header: [String] = [], rows: [[String]] = []) {
    self.header = header
    self.rows = rows
  }

  /// The lines, each with its end. Columns are two spaces apart.
  /// - Parameters:
  ///   - width: when it is given, no line is wider where that can be: the last column is broken at spaces, and where there is no
  ///     room for it, the later cells of a row stand below its first ones.
  ///   - indent: spaces before each line.
  public func text(style: Style = .plain, width: Int? = nil, indent: Int = 0) -> String {
    let all = (header.isEmpty ? [] : [header]) + rows
    let count = all.map(\.count).max() ?? 0
    let widths = (0..<count).map { column in
      all.map { column < $0.count ? $0[column].columns : 0 }.max() ?? 0
    }
    let before = indent + widths.dropLast().reduce(0) { $0 + $1 + 2 }
    if let width, width < before + min(widths.last ?? 0, 16) { return stacked(width, indent) }
    var text = ""
    for (index, row) in all.enumerated() {
      var line = String(repeating: " ", count: indent)
      for (column, cell) in row.enumerated() {
        var parts = [cell]
        if column == count - 1, let width { parts = folded(cell, width: width - before) }
        let isLast = column == row.count - 1
        let padding = isLast ? 0 : widths[column] - cell.columns + 2
        let margin = "\n" + String(repeating: " ", count: before)
        let shown = parts.map { $0.drop { parts.count > 1 && $0 == " " } }.joined(separator: margin)
        line += (index == 0 && !header.isEmpty ? style.dim(shown) : shown)
        line += String(repeating: " ", count: padding)
      }
      text += line + "\n"
    }
    return text
  }

  private func stacked(_ width: Int, _ indent: Int) -> String {
    let margin = String(repeating: " ", count: indent)
    var text = ""
    for row in rows {
      var cells = row.filter { !$0.isEmpty }[...]
      var first = margin + (cells.popFirst() ?? "")
      while let next = cells.first, first.columns + 2 + next.columns <= width {
        first += "  " + next
        cells.removeFirst()
      }
      text += first + "\n"
      for cell in cells {
        for line in folded(margin + "    " + cell, width: width) { text += line + "\n" }
      }
    }
    return text
  }
}
