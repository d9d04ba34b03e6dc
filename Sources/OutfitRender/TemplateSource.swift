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
    /// It came with Outfit.
    public var isShipped: Bool

    public init(text: String, place: String, isShipped: Bool = true) {
      self.text = text
      self.place = place
      self.isShipped = isShipped
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
  ///   - profile: the folder that the template may not leave, and those of the profile's that it extends; nil for a
  ///     template that came with Outfit.
  ///   - templates: the folder of the templates that came with Outfit.
  /// - Throws: status 2 for what is no template, and for links and odd files in it.
  public static func load(
    _ folder: FilePath, in profile: FilePath? = nil, templates: FilePath, files: any Files
  ) throws -> TemplateSource {
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
      let isShipped = current.starts(with: templates)
      var folder = TemplateFolder(current, in: isShipped ? templates : profile ?? current, files: files)
      let found = try folder.read()
      for (path, text) in found where source.files[path] == nil && path != name {
        source.files[path] = File(
          text: text, place: current.pushing(FilePath(path)).string, isShipped: isShipped)
      }
      let place = current.appending(name)
      guard let text = found[name] else {
        throw Failure(
          "\(current) is no template: it has no \(name)", hint: "there are " + known(templates, files),
          status: .usage)
      }
      source.descriptions.append(File(text: text, place: place.string, isShipped: isShipped))
      guard let base = try Document.parseOne(text, file: place.string)["extends"]?.text else { continue }
      next =
        base.contains("/")
        ? current.pushing(FilePath(base)).lexicallyNormalized() : templates.appending(base)
    }
    return source
  }

  /// The names of the templates that came with Outfit, for a hint.
  static func known(_ templates: FilePath, _ files: any Files) -> String {
    ((try? files.list(templates)) ?? []).filter {
      $0 != "common" && files.exists(templates.appending($0).appending(name))
    }.joined(separator: ", ")
  }
}

/// The files of one template's folder: plain ones of a template's size, and no way out of the folder.
private struct TemplateFolder {
  /// The largest file, and how many bytes and files a template may have.
  private static let fileLimit = 1 << 20
  private static let sizeLimit = 16 << 20
  private static let countLimit = 2000

  private let folder: FilePath
  private let limit: FilePath
  private let files: any Files
  private var root = FilePath("/")
  private var found: [String: String] = [:]
  private var size = 0

  /// - Parameter limit: the folder that this one must be in, links resolved.
  init(_ folder: FilePath, in limit: FilePath, files: any Files) {
    self.folder = folder
    self.limit = limit
    self.files = files
  }

  mutating func read() throws -> [String: String] {
    guard let root = files.resolved(folder), let limit = files.resolved(limit),
      root.starts(with: limit)
    else {
      throw Failure(
        files.exists(folder)
          ? "the template \(folder) is outside of \(limit)" : "there is no template \(folder)",
        hint: "copy it to where the manifest is", status: .usage)
    }
    self.root = root
    try read(root, below: "")
    return found
  }

  private mutating func read(_ path: FilePath, below: String) throws {
    for name in try files.list(path) {
      let entry = path.appending(name)
      let relative = below.isEmpty ? name : below + "/" + name
      switch try files.status(entry, followLinks: false)?.kind {
      case .directory where !RenderedPath.isGit(name): try read(entry, below: relative)
      case .file: try take(entry, relative)
      case .link:
        guard let target = files.resolved(entry), target.starts(with: root) else {
          throw refusal(relative, "is a link that leads out of it")
        }
        guard try files.status(target, followLinks: false)?.kind == .file else {
          throw refusal(relative, "is a link to something that is no file")
        }
        try take(target, relative)
      case .other: throw refusal(relative, "is neither a file nor a folder")
      case .directory, nil: continue
      }
    }
  }

  private mutating func take(_ path: FilePath, _ relative: String) throws {
    let bytes = try files.withoutLinks.read(path, from: 0, count: Self.fileLimit + 1)
    size += bytes.count
    guard bytes.count <= Self.fileLimit, size <= Self.sizeLimit, found.count < Self.countLimit else {
      throw refusal(relative, "is more than a template may have")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw refusal(relative, "is no text in UTF-8")
    }
    found[relative] = text
  }

  private func refusal(_ relative: String, _ what: String) -> Failure {
    Failure(
      "\(relative) in the template \(folder) \(what)",
      hint: "a template has text files of at most 1 MiB; take it away, or put a copy there", status: .usage)
  }
}

extension Document {
  /// This one over a base: mappings join key by key, anything else of this one stands.
  func over(_ base: Document) -> Document {
    guard case .map(let own) = self, case .map(let theirs) = base else { return self }
    return .map(own.merging(theirs) { $0.over($1) })
  }
}
