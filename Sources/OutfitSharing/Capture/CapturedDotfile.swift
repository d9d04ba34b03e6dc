import OutfitCore
import OutfitEngine
import OutfitProfile

/// A dotfile as a profile has it: without secrets, and with names for what is somebody's.
public struct CapturedDotfile: Sendable {
  /// Relative to HOME.
  public var target: String
  /// In the profile.
  public var bytes: [UInt8]
  public var mode: UInt16
  /// It is filled in where it is used; otherwise it is copied.
  public var isTemplate: Bool
  /// The questions and facts that fill it in.
  public var keys: [String]
  /// Lines of the file on this machine that it does not have.
  public var left: [LeftOut]
  /// Hosts that stay as they are, for a person to look at.
  public var hosts: [String]
}

/// What is not taken, and why.
public struct LeftOut: Hashable, Sendable {
  /// As a person types it: `~/.zshrc`.
  public var path: String
  /// From 1; nil for the whole file.
  public var line: Int?
  public var why: String

  public init(_ path: String, line: Int? = nil, _ why: String) {
    (self.path, self.line, self.why) = (path, line, why)
  }
}

/// A file of HOME on its way into a profile. Pure: what it is made of is text.
struct DotfileCapture {
  let target: String
  let mode: UInt16
  /// Without the lines that hold secrets.
  private(set) var text: String
  private(set) var left: [LeftOut] = []
  /// What must be in nothing that is written.
  private(set) var secrets: Set<String> = []
  /// The file as it was, without Outfit's own blocks.
  private var path: String { "~/\(target)" }

  /// - Throws: `Refusal` for a file that can't be taken at all.
  init(target: String, bytes: [UInt8], mode: UInt16) throws(Refusal) {
    self.target = target
    self.mode = mode
    guard !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) else {
      throw Refusal(left: LeftOut("~/\(target)", "it is no text"))
    }
    self.text = text
    var lines = Self.withoutOwnBlocks(text.utf8Lines)
    let findings = SecretFinder.find(in: lines)
    secrets = Set(findings.flatMap(\.values))
    if let whole = findings.first(where: \.isWhole) { throw refusal(whole) }
    for finding in findings {
      guard let replaced = replacement(for: finding, in: lines) else { throw refusal(finding) }
      left.append(LeftOut(path, line: finding.line, finding.what))
      lines[finding.line - 1] = replaced
    }
    self.text = lines.joined(separator: "\n")
  }

  struct Refusal: Error {
    var left: LeftOut
    var secrets: Set<String> = []
  }

  private func refusal(_ finding: SecretFinder.Finding) -> Refusal {
    Refusal(
      left: LeftOut(path, line: finding.line, "\(finding.what) is in it, so that the file is left out"),
      secrets: secrets)
  }

  /// What Outfit wrote for itself comes again with the profile's shells.
  private static func withoutOwnBlocks(_ lines: [String]) -> [String] {
    var kept: [String] = []
    var isInside = false
    for line in lines {
      let text = line.trimmed
      if text.hasSuffix(" >>>"), text.contains(">>> outfit ") {
        isInside = true
      } else if text.hasSuffix(" <<<"), text.contains("<<< outfit ") {
        isInside = false
      } else if !isInside {
        kept.append(line)
      }
    }
    return kept
  }

  /// A line in the place of one with a secret, where one line can be taken out of such a file and what is around it still
  /// means what it meant.
  private func replacement(for finding: SecretFinder.Finding, in lines: [String]) -> String? {
    guard let language = ShortcutLanguage(target: target) else { return nil }
    let index = finding.line - 1
    let line = lines[index]
    if line.trimmed.hasSuffix("\\") || index > 0 && lines[index - 1].trimmed.hasSuffix("\\") { return nil }
    let note = "capture left this line out: \(finding.what)"
    let end = line.hasSuffix("\r") ? "\r" : ""
    let space = String(line.prefix { $0 == " " || $0 == "\t" })
    switch language {
    case .shell, .fish:
      let words = ShellWords(line)
      // A comment, or one simple command that sets something.
      if line.trimmed.hasPrefix("#") { return "\(space)# \(note)\(end)" }
      guard !words.isOpen, words.commands.count == 1, let first = words.commands.first?.first else {
        return nil
      }
      let sets = ["export", "alias", "set", "typeset", "declare", "readonly", "abbr", "setenv"].contains(
        first)
      let name = first.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
      guard sets || !name.isEmpty && first.dropFirst(name.count).hasPrefix("=") else { return nil }
      guard !line.contains("<<"), !line.contains("$("), !line.contains("`") else { return nil }
      return "\(space): # \(note)\(end)"
    case .git, .readline, .tmux, .kitty, .ghostty, .windows:
      // A section's header is no entry.
      return line.trimmed.hasPrefix("[") ? nil : "\(space)# \(note)\(end)"
    case .vim: return "\(space)\" \(note)\(end)"
    case .lua: return nil
    }
  }

  // MARK: - With names for what is somebody's

  /// The delimiters of templates, the usual first: those that the text has itself can't be used.
  private static let delimiters = [
    ("{{", "}}"), ("<%", "%>"), ("[[", "]]"), ("<<<", ">>>"), ("@(", ")@"), ("((", "))"), ("%%[", "]%%"),
  ]

  /// The file as a profile has it; filled in with the answers of this machine it is `text`, to the byte.
  /// - Throws: `Refusal` where no template gives that.
  func captured(_ identity: Identity) throws(Refusal) -> CapturedDotfile {
    let pieces = identity.pieces(of: text)
    let keys = Set(pieces.compactMap(\.key)).sorted()
    var captured = CapturedDotfile(
      target: target, bytes: Array(text.utf8), mode: mode, isTemplate: !keys.isEmpty, keys: keys, left: left,
      hosts: identity.otherHosts(in: text))
    guard !keys.isEmpty else { return captured }
    var context: [String: TemplateValue] = [:]
    for term in identity.terms { context[term.key] = .string(term.text) }
    for (open, close) in Self.delimiters where !text.contains(open) && !text.contains(close) {
      let isUsual = open == "{{"
      let head = isUsual ? "" : "{{=\(open) \(close)=}}"
      let template =
        head + pieces.map { piece in piece.key.map { "\(open)\($0)\(close)" } ?? piece.text }.joined()
      guard let back = try? Templates.render(template, with: context, file: target), back == text,
        Array(back.utf8) == Array(text.utf8)
      else { continue }
      captured.bytes = Array(template.utf8)
      return captured
    }
    throw Refusal(
      left: LeftOut(path, "names stand in it, and no template gives back the rest as it is"), secrets: secrets
    )
  }
}

extension String {
  /// Lines by line feeds alone, so that they are joined again as they were.
  var utf8Lines: [String] {
    utf8.split(separator: 10, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
  }
}
