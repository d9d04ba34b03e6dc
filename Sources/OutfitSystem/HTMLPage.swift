import OutfitCore

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A page in one file: no script, nothing from elsewhere, readable in the dark and on paper.
///
/// A policy in the page (CSP Level 3) lets a browser use its own style and nothing else, whatever a text that got into
/// the page unescaped might ask for.
public struct HTMLPage: Sendable {
  /// Plain text.
  public var title: String
  /// Of this page, after what all pages share.
  public var style: String
  /// HTML: what comes from elsewhere goes through `escaped`.
  public var body: String

  public init(title: String, style: String, body: String) {
    self.title = title
    self.style = style
    self.body = body
  }

  public var text: String {
    let style = "\n\(Self.shared)\n\(style)\n"
    return """
      <!doctype html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src '\(Self.source(style))'; \
      base-uri 'none'; form-action 'none'">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <meta name="referrer" content="no-referrer">
      <title>\(Self.escaped(title))</title>
      <style>\(style)</style>
      </head>
      <body>
      \(body)
      </body>
      </html>

      """
  }

  /// Text as it stands between tags and in quoted attributes, without what would turn the reading direction of the text
  /// around it or is no character at all.
  public static func escaped(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.harmless.unicodeScalars {
      switch scalar {
      case "&": result.append(contentsOf: "&amp;".unicodeScalars)
      case "<": result.append(contentsOf: "&lt;".unicodeScalars)
      case ">": result.append(contentsOf: "&gt;".unicodeScalars)
      case "\"": result.append(contentsOf: "&quot;".unicodeScalars)
      case "'": result.append(contentsOf: "&#39;".unicodeScalars)
      default: result.append(scalar)
      }
    }
    return String(result)
  }

  /// The same for a long path, which may break after a slash.
  public static func breakable(_ text: String) -> String { escaped(text).replacing("/", with: "/<wbr>") }

  /// How a policy names a style by its content (CSP Level 3, 2.3.1).
  private static func source(_ style: String) -> String {
    let hex = Array(Digest(of: style).hex.utf8)
    let bytes = stride(from: 0, to: hex.count, by: 2).compactMap { start in
      UInt8(String(decoding: hex[start...start + 1], as: UTF8.self), radix: 16)
    }
    return "sha256-\(Data(bytes).base64EncodedString())"
  }

  private static let shared = """
    :root {
      --ground: #f6f7f9; --paper: #ffffff; --ink: #14181f; --soft: #5b6472; --line: #e3e6eb;
      --good: #14804a; --bad: #c0262d; --open: #a15c00; --link: #1f5fbf;
      --good-tint: #e7f5ed; --bad-tint: #fdecec; --open-tint: #fdf3e1;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --ground: #0f1216; --paper: #171b21; --ink: #e8ebf0; --soft: #98a2b0; --line: #2a3039;
        --good: #4cc38a; --bad: #ff7b7b; --open: #f2b04d; --link: #7fb2ff;
        --good-tint: #12291f; --bad-tint: #341a1c; --open-tint: #30240f;
      }
    }
    * { box-sizing: border-box; }
    body { margin: 0; background: var(--ground); color: var(--ink);
      font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
    header, section { background: var(--paper); border: 1px solid var(--line); border-radius: 14px;
      padding: 1.5rem 1.75rem; margin-bottom: 1.25rem; }
    .kicker { margin: 0; color: var(--soft); font-weight: 600; letter-spacing: .02em; }
    h2 { margin: 0 0 .75rem; font-size: 1.05rem; color: var(--state, var(--ink)); }
    dt { color: var(--soft); font-size: .8rem; }
    dd { margin: 0; font-size: 1.25rem; font-weight: 600; font-variant-numeric: tabular-nums; }
    ul { list-style: none; margin: 0; padding: 0; }
    code, abbr, kbd { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
    code, kbd { font-size: .86em; }
    .note, footer { color: var(--soft); font-size: .875rem; }
    footer { padding: 0 .5rem; }
    :focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 4px; }
    @media print { body { background: none; } header, section { break-inside: avoid; border-color: #bbb; } }
    """
}
