import OutfitCore
import OutfitEngine
import OutfitProfile

/// What `render` works from: the manifest, the lock, and a template's files.
public struct RenderInput: Sendable {
  public var profile: Profile
  public var lock: Lock
  /// Of the bytes of `outfit.lock`.
  public var lockDigest: Digest
  public var template: TemplateSource
  /// The names directly in the project's folder.
  public var rootListing: Set<String>
  /// Modules beside those that the manifest names as settings: `shop.settings.production`.
  public var settingsModules: Set<String>
  /// Folders that packages of Node are installed from, by their path; the project's own is "".
  public var nodeFolders: [String: NodeFolder] = [:]
  /// Files of the project that the manifest names for what is rendered, by path; a folder's by theirs.
  public var texts: [String: String] = [:]
  /// What lies in the build context so that the image builds without a network; empty when it does not.
  public var vendored: [VendoredFile]

  public init(
    profile: Profile, lock: Lock, lockDigest: Digest, template: TemplateSource,
    rootListing: Set<String> = [], settingsModules: Set<String> = [], vendored: [VendoredFile] = []
  ) {
    self.profile = profile
    self.lock = lock
    self.lockDigest = lockDigest
    self.template = template
    self.rootListing = rootListing
    self.settingsModules = settingsModules
    self.vendored = vendored
  }
}

/// What `render` makes, before anything is written.
public struct Rendering: Sendable {
  /// Sorted by path.
  public var files: [RenderedFile]
  /// Notes and warnings: an error throws.
  public var diagnostics: [Diagnostic]
  public var stack: Stack

  public init(files: [RenderedFile], diagnostics: [Diagnostic], stack: Stack) {
    self.files = files
    self.diagnostics = diagnostics
    self.stack = stack
  }
}

/// The container and Kubernetes files of a project, from its manifest, its lock and a template.
public enum Render {
  /// What is to be rendered, checked.
  /// - Throws: all that is wrong at once; status 2.
  public static func stack(_ input: RenderInput) throws(Failure) -> Stack {
    guard let app = input.profile.app else {
      throw Failure(
        "the manifest has no `app`, so that there is nothing to render",
        hint:
          "add app: with template, name, image, processes and environments, or let `outfit init` write it",
        status: .usage)
    }
    return try Stack(input, app: app, description: try TemplateDescription(input.template.descriptions))
  }

  /// Renders every file, reads the YAML among them again, and validates it.
  /// - Throws: all that is wrong at once; status 2 where the manifest or the template is to be changed.
  public static func files(_ input: RenderInput) throws(Failure) -> Rendering {
    let stack = try stack(input)
    let description = stack.description
    let place = input.template.descriptions.first?.place ?? TemplateSource.name
    var rendering = Rendering(files: [], diagnostics: stack.diagnostics, stack: stack)
    var errors: [Diagnostic] = []
    let contexts = stack.contexts()
    for rule in description.files {
      do throws(Failure) {
        rendering.files += try render(rule, input.template, contexts[rule.each] ?? [])
      } catch {
        errors += error.diagnostics
      }
    }
    guard errors.isEmpty else { throw Failure(errors, status: .usage) }
    rendering.files += Vendoring.lists(stack) + stack.carried()
    rendering.files.sort { $0.path < $1.path }
    for (a, b) in zip(rendering.files, rendering.files.dropFirst()) where a.path == b.path {
      errors.append(
        Diagnostic(
          .error, "two files of the template are rendered to \(a.path)", at: SourceLocation(file: place))
      )
    }
    errors += IntentCheck.diagnostics(rendering.files, stack)
    errors += ManifestValidator.diagnostics(rendering.files, secrets: stack.secretKeys)
    guard errors.isEmpty else { throw Failure(errors, status: .failed) }
    for (name, hint) in description.expects.sorted(by: { $0.key < $1.key })
    where !input.rootListing.isEmpty && !input.rootListing.contains(name) {
      rendering.diagnostics.append(
        Diagnostic(
          .warning, "the template expects \(name) in the project", at: input.profile.app?.source.location,
          hint: hint))
    }
    return rendering
  }

  private static func render(
    _ rule: TemplateDescription.FileRule, _ template: TemplateSource, _ contexts: [[String: TemplateValue]]
  ) throws(Failure) -> [RenderedFile] {
    let description = SourceLocation(file: template.folder + "/" + TemplateSource.name)
    guard let source = template.files[rule.from] else {
      throw Failure("the template has no file \(rule.from)", at: description, status: .usage)
    }
    var files: [RenderedFile] = []
    for context in contexts {
      var wanted = true
      for condition in rule.when {
        let isNegative = condition.hasPrefix("!")
        let name = isNegative ? String(condition.dropFirst()) : condition
        let answer = try Templates.render(
          "{{#\(name)}}yes{{/\(name)}}", with: context, file: description.file)
        if answer.hasPrefix("yes") == isNegative { wanted = false }
      }
      guard wanted else { continue }
      let path = try Templates.render(rule.path, with: context, file: description.file)
      guard Names.isRelativePath(path) else {
        throw Failure(
          "\(Quoting.json(path)) is not a path in the project",
          at: description,
          hint: "a path is relative, without `..`, of letters, digits and ._+-", status: .usage)
      }
      guard !RenderedPath.isGit(path) else {
        throw Failure(
          "\(Quoting.json(path)) is in git's own folder, where nothing is ever rendered", at: description,
          hint: "take it out of the template: git hooks come from `hooks:` in outfit.yaml", status: .usage)
      }
      let body = try Templates.render(source.text, with: context, file: source.place)
      files.append(
        RenderedFile(
          path: path, content: RenderMark.mark(body, path: path, isStarter: rule.isStarter), mode: rule.mode,
          isStarter: rule.isStarter, isOwn: !source.isShipped))
    }
    return files
  }
}
