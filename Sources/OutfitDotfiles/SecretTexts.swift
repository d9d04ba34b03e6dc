import OutfitCore
import OutfitEngine
import OutfitProfile
import SystemPackage

/// Texts with secrets in them. A text is made with signs in the place of secrets first: what it is made of is known by
/// that, and who reads only asks nobody.
struct SecretTexts {
  /// What a text is, as far as it is known.
  struct Rendering {
    var text: String
    /// nil where no secret is in it.
    var use: SecretUse?
  }

  private let context: Context
  private let names: Set<String>

  init(_ context: Context) {
    self.context = context
    names = Set(context.profile.secrets.keys)
  }

  /// Nobody writes these in a template.
  private static let sign: Character = "\u{F8FF}"

  static func sign(_ name: String) -> String { "\(sign)secret \(name)\(sign)" }

  /// What is to be looked at of what gives secrets, without reading it: a file, and files that a command names.
  static func queries(_ context: Context) -> [Query] {
    context.profile.secrets.values.flatMap { inputs($0, context) }.map { Query.look($0) }
  }

  private static func inputs(_ section: Sourced<SecretSection>, _ context: Context) -> [FilePath] {
    switch section.value.origin {
    case .file(let path): [SecretReader.place(path, home: context.root)]
    case .command(let words):
      words.dropFirst().filter {
        !$0.hasPrefix("-") && !$0.contains("://") && $0.contains { "./".contains($0) }
      }
      .map {
        $0.hasPrefix("~/")
          ? SecretReader.place($0, home: context.root)
          : section.source.layer.folder.pushing(FilePath($0)).lexicallyNormalized()
      }
    case .variable, nil: []
    }
  }

  /// Makes a text, with the secrets that are known.
  /// - Parameter make: makes it of what stands for each secret.
  func render(_ make: (TemplateValue?) throws -> String) throws -> Rendering {
    guard !names.isEmpty else { return Rendering(text: try make(nil)) }
    func value(_ text: (String) -> String) -> TemplateValue {
      .dictionary(Dictionary(names.map { ($0, .opaque(text($0))) }, uniquingKeysWith: { $1 }))
    }
    let outline = try make(value(Self.sign))
    let used = names.filter { outline.contains(Self.sign($0)) }
    guard !used.isEmpty else { return Rendering(text: outline) }
    var use = self.use(used, outline: Array(outline.utf8))
    guard let known = known(used) else { return Rendering(text: outline, use: use) }
    use.isFilled = true
    return Rendering(text: try make(value { known[$0] ?? Self.sign($0) }), use: use)
  }

  /// The values of secrets; nil where one of them was not read.
  func known(_ used: Set<String>) -> [String: String]? {
    var values: [String: String] = [:]
    for name in used {
      guard case .text(let text)? = context.secrets[name] else { return nil }
      values[name] = text
    }
    return values
  }

  /// - Parameter outline: the text with signs in it.
  func use(_ used: Set<String>, outline: [UInt8]) -> SecretUse {
    var digest = Digest.Running()
    digest.update(outline)
    for name in used.sorted() {
      digest.field(name)
      guard let section = context.profile.secrets[name] else { continue }
      digest.field("\(section.value.title) \(section.source.layer.folder)")
      if let unlock = section.value.unlock { digest.field(unlock.command.joined(separator: " ")) }
      for path in Self.inputs(section, context) {
        guard case .status(let status)? = context.facts[.look(path)], status.kind == .file else { continue }
        digest.field("\(path) \(status.size) \(status.modified) \(status.inode)")
      }
    }
    return SecretUse(names: used, outline: Array(digest.finish().hex.utf8), isFilled: false)
  }

  /// Where secrets can't be: in what is only a part of somebody's file, or no file.
  func refuse(_ use: SecretUse?, in what: String, at location: SourceLocation) throws {
    guard let name = use?.names.min() else { return }
    throw Failure(
      "the secret \(name) can't be in \(what)", at: location,
      hint: "it can be in a file of its own: `template:`", status: .usage)
  }
}
