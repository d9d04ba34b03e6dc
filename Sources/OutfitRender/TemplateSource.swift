import OutfitCore
import OutfitEngine
import OutfitSystem
import SystemPackage

/// The files of a template, and of the one that it extends: what it does not have itself comes from there.
public struct TemplateSource: Sendable {
  /// By path in the folder; the first template that has a file gives it.
  public var files: [String: File]
  /// Each `template.yaml`, the template's own first.
  public var descriptions: [File]
  /// As diagnostics name it.
  public var folder: String

  public struct File: Hashable, Sendable {
    public var text: String
    /// As diagnostics name it.
    public var place: String

    public init(text: String, place: String) {
      self.text = text
      self.place = place
    }
  }

  public init(files: [String: File] = [:], descriptions: [File] = [], folder: String = "") {
    self.files = files
    self.descriptions = descriptions
    self.folder = folder
  }

  static let name = "template.yaml"

  /// Reads a template's folder, and those that it extends.
  /// - Parameters:
  ///   - folder: with a template.yaml in it.
  ///   - templates: the folder of the templates that came with Outfit.
  public static func load(_ folder: FilePath, templates: FilePath, files: any Files) throws -> TemplateSource
  {
    var source = TemplateSource(folder: folder.string)
    var next: FilePath? = folder
    var seen: Set<FilePath> = []
    while let current = next {
      next = nil
      guard seen.insert(current).inserted else {
        throw Failure(
          "the template \(folder) extends itself", at: SourceLocation(file: current.appending(name).string),
          status: .usage)
      }
      for (path, text) in try tree(current, files: files) where source.files[path] == nil && path != name {
        source.files[path] = File(text: text, place: current.pushing(FilePath(path)).string)
      }
      let place = current.appending(name)
      guard let text = try files.text(place) else {
        throw Failure(
          "\(current) is no template: it has no \(name)", hint: "there are " + known(templates, files),
          status: .usage)
      }
      source.descriptions.append(File(text: text, place: place.string))
      guard let base = try Document.parseOne(text, file: place.string)["extends"]?.text else { continue }
      next =
        base.contains("/")
        ? current.pushing(FilePath(base)).lexicallyNormalized() : templates.appending(base)
    }
    return source
  }

  /// The names of the templates that came with Outfit, for a hint.
  static func known(_ templates: FilePath, _ files: any Files) -> String {
    ((try? files.list(templates)) ?? []).filter { $0 != "common" }.joined(separator: ", ")
  }

  private static func tree(
    _ folder: FilePath, below: String = "", files: any Files
  ) throws -> [(path: String, text: String)] {
    var found: [(String, String)] = []
    for name in try files.list(folder) {
      let path = folder.appending(name)
      let relative = below.isEmpty ? name : below + "/" + name
      switch try files.status(path, followLinks: true)?.kind {
      case .directory: found += try tree(path, below: relative, files: files)
      case .file: found.append((relative, String(decoding: try files.read(path), as: UTF8.self)))
      default: continue
      }
    }
    return found
  }
}

extension Document {
  /// This one over a base: mappings join key by key, anything else of this one stands.
  func over(_ base: Document) -> Document {
    guard case .map(let own) = self, case .map(let theirs) = base else { return self }
    return .map(own.merging(theirs) { $0.over($1) })
  }
}
