import OutfitCore
import OutfitEngine
import OutfitProfile
import SystemPackage

/// Files, archives and repositories from elsewhere: each is an object of the store by its digest, and a link to that in the
/// home folder.
public struct Externals: Part {
  public init() {}

  public var name: String { "externals" }

  /// What the names of its objects begin with.
  public static let objectPrefix = "external-"

  private struct Wanted {
    var target: FilePath
    /// From the home folder.
    var name: String
    var file: ExternalFile
    var owner: Source

    /// What asks for its pin.
    var query: Query {
      file.repository.map { .repository($0.with(subfolder: "")) } ?? .document([file.address])
    }

    /// Why it can't be had, wherever it is from.
    var problem: String?
  }

  /// nil for an address of a file or of a repository that may be written down.
  private static func problem(_ file: ExternalFile) -> String? {
    if let path = file.path, PathProblem(path) != nil { return "`\(path)` is no path in the archive" }
    guard file.repository == nil else { return nil }
    let isFile = ["https://", "http://", "file://"].contains(where: file.address.hasPrefix)
    return isFile && withoutPasswords(file.address) == file.address
      ? nil : "it is from an address that is neither a file's nor a repository's, or has a password in it"
  }

  /// nil for a place in which a tree of chezmoi's may write.
  private static func problem(place name: String, _ target: FilePath, _ context: Context) -> String? {
    if PathProblem(name) != nil { return "it is no path below your home folder" }
    return context.reserved.contains { target.starts(with: $0) || $0.starts(with: target) }
      ? "it is in Outfit's own folders, or has them in it" : nil
  }

  /// Those of the manifest, and those of chezmoi's folders.
  private func wanted(_ context: Context) throws -> Round<[Wanted]> {
    guard context.profile.scope == .machine else { return .done([]) }
    var wanted: [Wanted] = []
    func want(_ target: String, _ file: ExternalFile, _ owner: Source, isChezmoi: Bool = false) {
      let name = FilePath(target).lexicallyNormalized().string
      let place = context.root.pushing(FilePath(target)).lexicallyNormalized()
      let misplaced = isChezmoi ? Self.problem(place: target, place, context) : nil
      wanted.append(
        Wanted(
          target: place, name: "~/\(name)", file: file, owner: owner, problem: misplaced ?? Self.problem(file)
        ))
    }
    for (target, section) in context.profile.dotfiles {
      if let file = section.value.external { want(target, file, section.source) }
    }
    var queries: [Query] = []
    for (_, section) in context.profile.chezmoiFolders {
      switch try ChezmoiFolder(section, context).read() {
      case .ask(let more): queries += more
      case .prompts: break
      case .done(let reading):
        for external in reading.state.externals {
          let location = SourceLocation(file: reading.display + external.source, line: 1, column: 1)
          var file = ExternalFile(
            address: external.address, isFolder: external.isFolder, strip: external.strip,
            path: external.path,
            digest: external.digest.flatMap { Digest($0) })
          file.isExecutable = external.isExecutable
          want(
            external.target, file, Source(layer: section.source.layer, location: location), isChezmoi: true)
        }
      }
    }
    queries = queries.filter { context.facts[$0] == nil }
    return queries.isEmpty ? .done(wanted.sorted { $0.target.string < $1.target.string }) : .ask(queries)
  }

  /// What is at an address now is what the lock has from then on.
  public func resolve(_ context: Context) throws -> Round<Lock> {
    let wanted: [Wanted]
    switch try self.wanted(context) {
    case .ask(let queries): return .ask(queries)
    case .done(let those): wanted = those.filter { $0.problem == nil }
    }
    var lock = context.lock
    var queries: [Query] = []
    for one in wanted where one.file.digest == nil && lock.externals[one.file.pin] == nil {
      switch context.facts[one.query] {
      case nil where !queries.contains(one.query): queries.append(one.query)
      case .document(let bytes, _)?: lock.externals[one.file.pin] = LockedExternal(digest: Digest(of: bytes))
      case .repository(let pin, _)?: lock.externals[one.file.pin] = pin
      default: continue
      }
    }
    if !queries.isEmpty { return .ask(queries) }
    let pins = Set(wanted.map(\.file.pin))
    if context.profile.scope == .machine { lock.externals = lock.externals.filter { pins.contains($0.key) } }
    return .done(lock)
  }

  public func propose(_ context: Context) throws -> Round<Proposal> {
    let wanted: [Wanted]
    switch try self.wanted(context) {
    case .ask(let queries): return .ask(queries)
    case .done(let those): wanted = those
    }
    var proposal = Proposal()
    var objects: [FilePath: Object] = [:]
    // What lies in another one is linked in that, so that it is made first.
    for one in wanted.reversed() {
      let pin = one.file.digest.map { LockedExternal(digest: $0) } ?? context.lock.externals[one.file.pin]
      guard one.problem == nil, let pin, one.file.repository == nil || pin.commit != nil else {
        proposal.leftOut.append(leftOut(one, context))
        continue
      }
      let inner = wanted.filter { other in
        other.target != one.target && other.target.starts(with: one.target)
          && !wanted.contains {
            $0.target != one.target && $0.target != other.target && $0.target.starts(with: one.target)
              && other.target.starts(with: $0.target)
          }
      }
      objects[one.target] = object(
        one, pin, inner.compactMap { other in objects[other.target].map { (other, $0) } }, context)
    }
    var told: Set<Query> = []
    for one in wanted {
      guard let object = objects[one.target] else { continue }
      proposal.objects.insert(object, at: 0)
      if case .repository(_, let modules)? = context.facts[one.query], !modules.isEmpty,
        told.insert(one.query).inserted
      {
        proposal.notes.append(
          Diagnostic(
            .warning,
            "\(one.name) lacks what is in its submodules: \(modules.joined(separator: ", "))",
            at: one.owner.location,
            hint: "give each an entry of its own: `\(one.name.dropFirst(2))/\(modules[0])/`"))
      }
      let isInner = wanted.contains { $0.target != one.target && one.target.starts(with: $0.target) }
      guard !isInner else { continue }
      proposal.changes.append(
        Change(
          target: one.target, owner: one.owner, kind: .link(.object(object.id, inside(one))),
          object: object.id))
    }
    return .done(proposal)
  }

  private func leftOut(_ one: Wanted, _ context: Context) -> LeftOut {
    var diagnostic = Diagnostic(
      .error, "it has no digest in the lock", at: one.owner.location, hint: "outfit up, with a network")
    if let problem = one.problem {
      (diagnostic.message, diagnostic.hint) = (
        problem, "take it out, or write it otherwise: docs/dotfiles.md says how"
      )
    } else if case .failed(let failure)? = context.facts[one.query] {
      (diagnostic.message, diagnostic.hint, diagnostic.excerpt) = (
        failure.message, failure.hint, failure.excerpt
      )
    }
    diagnostic.message = "\(one.name) stays as it is: \(diagnostic.message)"
    var left = LeftOut(diagnostic, target: one.target)
    left.isUnpinned = one.problem == nil
    return left
  }

  /// What of its object a target is.
  private func inside(_ one: Wanted) -> String {
    if let repository = one.file.repository { return repository.subfolder }
    return isArchive(one) ? one.file.path ?? "" : "bin/\(name(one))"
  }

  private func isArchive(_ one: Wanted) -> Bool { one.file.isFolder || one.file.path != nil }

  private func name(_ one: Wanted) -> String { one.target.lastComponent?.string ?? "file" }

  private func object(
    _ one: Wanted, _ pin: LockedExternal, _ inner: [(Wanted, Object)], _ context: Context
  ) -> Object {
    let plain = String(
      name(one).lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" }
        .drop { $0 == "-" }.prefix(40))
    let links = inner.map { other, object in
      var relative = other.target
      _ = relative.removePrefix(one.target)
      let place = FilePath(inside(one)).pushing(relative)
      return TreeEntry(
        place.string,
        .link(Reference.object(object.id, inside(other)).resolved(store: context.store).string))
    }
    return Object(
      name: Self.objectPrefix + (plain.isEmpty ? "file" : plain),
      label: "\(name(one)) from \(one.file.address)",
      inputs: inner.map(\.1.id), recipe: recipe(one, pin, links),
      checks: inside(one).isEmpty ? [] : [.exists(inside(one))], store: context.store)
  }

  private func recipe(_ one: Wanted, _ pin: LockedExternal, _ links: [TreeEntry]) -> Recipe {
    if let repository = one.file.repository, let commit = pin.commit {
      return .checkout(
        Checkout(
          address: repository.with(subfolder: ""), commit: commit, digest: pin.digest, additions: links))
    }
    let file =
      one.file.address.prefix { $0 != "?" && $0 != "#" }.split(separator: "/").last.map(String.init) ?? "file"
    let format: Unpack.Format =
      if isArchive(one) { file.lowercased().hasSuffix(".zip") ? .zip : .tar } else {
        one.file.isExecutable ? .program : .file
      }
    return .unpack(
      Unpack(
        artifact: Artifact(addresses: [one.file.address], digest: pin.digest, name: file), format: format,
        strip: one.file.strip, programName: isArchive(one) ? nil : name(one), additions: links))
  }
}
