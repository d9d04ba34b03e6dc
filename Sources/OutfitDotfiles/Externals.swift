import OutfitCore
import OutfitEngine
import OutfitProfile
import SystemPackage

/// Files and archives from elsewhere: each is an object of the store by its digest, and a link to that in the home
/// folder.
public struct Externals: Part {
  public init() {}

  public var name: String { "externals" }

  private struct Wanted {
    var target: FilePath
    var file: ExternalFile
    var owner: Source
  }

  /// Those of the manifest, and those of chezmoi's folders.
  private func wanted(_ context: Context) throws -> Round<[Wanted]> {
    guard context.profile.scope == .machine else { return .done([]) }
    var wanted: [Wanted] = []
    for (target, section) in context.profile.dotfiles {
      guard let file = section.value.external else { continue }
      wanted.append(Wanted(target: place(target, context), file: file, owner: section.source))
    }
    var queries: [Query] = []
    for (_, section) in context.profile.chezmoiFolders {
      switch try ChezmoiFolder(section, context).read() {
      case .ask(let more): queries += more
      case .prompts: break
      case .done(let reading):
        for external in reading.state.externals {
          let location = SourceLocation(file: reading.display + external.source, line: 1, column: 1)
          wanted.append(
            Wanted(
              target: place(external.target, context),
              file: ExternalFile(
                address: external.address, isFolder: external.isFolder, strip: external.strip,
                path: external.path, digest: external.digest.flatMap { Digest($0) }),
              owner: Source(layer: section.source.layer, location: location)))
        }
      }
    }
    queries = queries.filter { context.facts[$0] == nil }
    return queries.isEmpty ? .done(wanted.sorted { $0.target.string < $1.target.string }) : .ask(queries)
  }

  private func place(_ target: String, _ context: Context) -> FilePath {
    context.root.pushing(FilePath(target)).lexicallyNormalized()
  }

  /// What is at an address now is what the lock has from then on.
  public func resolve(_ context: Context) throws -> Round<Lock> {
    let wanted: [Wanted]
    switch try self.wanted(context) {
    case .ask(let queries): return .ask(queries)
    case .done(let those): wanted = those
    }
    var lock = context.lock
    var queries: [Query] = []
    for address in Set(wanted.filter { $0.file.digest == nil }.map(\.file.address)).sorted()
    where lock.externals[address] == nil {
      let query = Query.document([address])
      switch context.facts[query] {
      case nil: queries.append(query)
      case .document(let bytes, _)?: lock.externals[address] = Digest(of: bytes)
      default: continue
      }
    }
    if !queries.isEmpty { return .ask(queries) }
    let addresses = Set(wanted.map(\.file.address))
    if context.profile.scope == .machine { lock.externals = lock.externals.filter { addresses.contains($0.key) } }
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
      guard let digest = one.file.digest ?? context.lock.externals[one.file.address] else {
        var diagnostic = Diagnostic(
          .error, "it has no digest in the lock", at: one.owner.location, hint: "outfit up, with a network")
        if case .failed(let failure)? = context.facts[.document([one.file.address])] {
          (diagnostic.message, diagnostic.hint) = (failure.message, failure.hint)
        }
        diagnostic.message = "\(one.target) stays as it is: \(diagnostic.message)"
        proposal.leftOut.append(LeftOut(diagnostic, target: one.target))
        continue
      }
      let inner = wanted.filter { other in
        other.target != one.target && other.target.starts(with: one.target)
          && !wanted.contains {
            $0.target != one.target && $0.target != other.target && $0.target.starts(with: one.target)
              && other.target.starts(with: $0.target)
          }
      }
      objects[one.target] = object(one, digest, inner.compactMap { other in objects[other.target].map { (other, $0) } }, context)
    }
    for one in wanted {
      guard let object = objects[one.target] else { continue }
      proposal.objects.insert(object, at: 0)
      let isInner = wanted.contains { $0.target != one.target && one.target.starts(with: $0.target) }
      guard !isInner else { continue }
      proposal.changes.append(
        Change(
          target: one.target, owner: one.owner, kind: .link(.object(object.id, inside(one))), object: object.id))
    }
    return .done(proposal)
  }

  /// What of its object a target is.
  private func inside(_ one: Wanted) -> String {
    isArchive(one) ? one.file.path ?? "" : "bin/\(name(one))"
  }

  private func isArchive(_ one: Wanted) -> Bool { one.file.isFolder || one.file.path != nil }

  private func name(_ one: Wanted) -> String { one.target.lastComponent?.string ?? "file" }

  private func object(
    _ one: Wanted, _ digest: Digest, _ inner: [(Wanted, Object)], _ context: Context
  ) -> Object {
    let file =
      one.file.address.prefix { $0 != "?" && $0 != "#" }.split(separator: "/").last.map(String.init) ?? "file"
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
      name: "external-\(plain.isEmpty ? "file" : plain)", label: "\(name(one)) from \(one.file.address)",
      inputs: inner.map(\.1.id),
      recipe: .unpack(
        Unpack(
          artifact: Artifact(addresses: [one.file.address], digest: digest, name: file),
          format: !isArchive(one) ? .program : file.lowercased().hasSuffix(".zip") ? .zip : .tar,
          strip: one.file.strip, programName: isArchive(one) ? nil : name(one), additions: links)),
      checks: inside(one).isEmpty ? [] : [.exists(inside(one))], store: context.store)
  }
}
