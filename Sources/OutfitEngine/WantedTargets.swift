import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// What one path is asked to be.
struct WantedTarget {
  /// The path's text, which is much quicker to look up and to sort than the path is.
  let name: String
  var change: Change
  var blocks: [(block: Edit.Block, owner: Source)]
  /// Of a whole file with another entry's block in it: what that entry asks for, where the file is not taken.
  var held: Change?
}

/// What is asked for, by path.
struct WantedTargets {
  private(set) var all: [WantedTarget] = []
  private var places: [String: Int] = [:]

  func has(_ name: String) -> Bool { places[name] != nil }

  /// Folders, sorted, and then all else, sorted.
  var inOrder: some Sequence<WantedTarget> {
    let order = all.indices.sorted { a, b in
      let (isFolder, isOther) = (all[a].change.kind.isDirectory, all[b].change.kind.isDirectory)
      return isFolder == isOther ? all[a].name < all[b].name : isFolder
    }
    return order.lazy.map { all[$0] }
  }

  private mutating func add(_ wanted: WantedTarget) {
    places[wanted.name] = all.count
    all.append(wanted)
  }

  /// Takes in changes; two entries for one path, or one inside the other, are problems.
  mutating func gather(
    _ changes: [Change], _ inspector: Inspector, _ previous: KnownTargets
  ) -> [Diagnostic] {
    var problems: [Diagnostic] = []
    all.reserveCapacity(changes.count)
    places.reserveCapacity(changes.count)
    for change in changes {
      let name = change.target.string
      let location = change.owner.location
      if let refusal = inspector.refusal(of: change.target, named: name) ?? inspector.ownFolder(name) {
        problems.append(
          Diagnostic(
            .error, refusal, at: location,
            hint: "targets are relative to the home folder (a machine) or to the project's folder"))
        continue
      }
      var block: Edit.Block?
      if case .edit(.block(let edit)) = change.kind {
        block = edit
        if let problem = Blocks.problem(edit) {
          problems.append(Diagnostic(.error, problem, at: location))
          continue
        }
      }
      guard let place = places[name] else {
        add(WantedTarget(name: name, change: change, blocks: block.map { [($0, change.owner)] } ?? []))
        continue
      }
      if let block, !all[place].blocks.isEmpty,
        !all[place].blocks.contains(where: { $0.block.identifier == block.identifier })
      {
        all[place].blocks.append((block, change.owner))
        all[place].change.isSecret = all[place].change.isSecret || change.isSecret
      } else if let whole = try? all[place].change.holding(change, inspector.host.files)
        ?? change.holding(all[place].change, inspector.host.files)
      {
        // A whole file of a layer's, with a block of another entry in it.
        let held = block == nil ? all[place].change : change
        all[place] = WantedTarget(name: name, change: whole, blocks: [], held: held)
      } else if !all[place].change.kind.asksTheSame(as: change.kind) {
        problems.append(
          Diagnostic(
            .error, "\(change.target) is wanted twice: here, and at \(all[place].change.owner.location)",
            at: location, hint: "remove one of the two entries"))
      }
    }
    problems += misplaced()
    addReplaced(previous)
    addForeign(inspector, previous)
    return problems.sorted {
      ($0.location?.description ?? "", $0.message) < ($1.location?.description ?? "", $1.message)
    }
  }

  /// In folders in which nothing else is to be, all else is to be absent, and stays so.
  private mutating func addForeign(_ inspector: Inspector, _ previous: KnownTargets) {
    let exact = all.filter(\.change.isExact)
    guard !exact.isEmpty else { return }
    var wanted = Set(all.map(\.name))
    for target in all {
      var above = target.name[...]
      while above.dropLastName(), wanted.insert(String(above)).inserted {}
    }
    let places = inspector.host.places
    let own = [places.data, places.state, places.cache, places.config]
    for folder in exact {
      let here = (try? inspector.host.files.list(FilePath(folder.name))) ?? []
      let prefix = folder.name + "/"
      let gone = zip(previous.names, previous.all).filter { name, old in
        old.written == .absent && name.hasPrefix(prefix) && !name.dropFirst(prefix.count).contains("/")
      }.map(\.0)
      let spared = Set(folder.change.spared.map { prefix + $0 })
      for name in Set(here.map { prefix + $0 } + gone).sorted()
      where !wanted.contains(name) && !spared.contains(name) && !name.isBackupName {
        let path = FilePath(name)
        guard !own.contains(where: { $0.isAtOrBelow(path) }) else { continue }
        add(
          WantedTarget(
            name: name, change: Change(target: path, owner: folder.change.owner, kind: .absent), blocks: []))
      }
    }
  }

  /// Targets inside of what is to be no folder.
  private func misplaced() -> [Diagnostic] {
    var problems: [Diagnostic] = []
    var seen: Set<String> = []
    var last = ""[...]
    for wanted in all {
      var above = wanted.name[...]
      while above.dropLastName(), above != last, seen.insert(String(above)).inserted {
        if let outer = places[String(above)], !all[outer].change.kind.isDirectory {
          problems.append(
            Diagnostic(
              .error, "\(wanted.name) lies inside \(above), which is to be no folder",
              at: wanted.change.owner.location, hint: "see \(all[outer].change.owner.location)"))
        }
      }
      last = wanted.name[...]
      _ = last.dropLastName()
    }
    return problems
  }

  /// What Outfit wrote as a file or a link, and what is to have things in it now, is to be a folder.
  private mutating func addReplaced(_ previous: KnownTargets) {
    let replaceable = Set(
      previous.all.indices.filter { !previous.all[$0].written.isDirectory && !has(previous.names[$0]) }
        .map { previous.names[$0] })
    guard !replaceable.isEmpty else { return }
    for wanted in all {
      var above = wanted.name[...]
      while above.dropLastName() {
        let name = String(above)
        guard replaceable.contains(name), places[name] == nil else { continue }
        add(
          WantedTarget(
            name: name,
            change: Change(target: FilePath(name), owner: wanted.change.owner, kind: .directory(mode: 0o755)),
            blocks: []))
      }
    }
  }
}

/// The targets of the generation that is there.
struct KnownTargets {
  let all: [RecordedTarget]
  /// Their paths' texts.
  private(set) var names: [String] = []
  private var places: [String: Int] = [:]

  init(_ targets: [RecordedTarget]) {
    all = targets
    names.reserveCapacity(targets.count)
    places.reserveCapacity(targets.count)
    for (place, target) in targets.enumerated() {
      let name = target.target.string
      names.append(name)
      if places[name] == nil { places[name] = place }
    }
  }

  subscript(name: String) -> RecordedTarget? { places[name].map { all[$0] } }
}

extension Change {
  /// This whole file with another's block in it; nil where the two are something else.
  fileprivate func holding(_ other: Change, _ files: any Files) throws -> Change? {
    guard !isOnce, case .edit(.block(let block)) = other.kind else { return nil }
    let (bytes, mode): ([UInt8], UInt16)
    if secrets?.isSettled == true, case .file(_, let its) = kind {
      // Its text was not made anew; what stands there is that, with an earlier block or this one.
      var standing = self
      standing.kind = .file(try files.read(target), mode: its)
      standing.secrets = nil
      return try standing.holding(other, files)
    }
    switch kind {
    case .file(let given, let its): (bytes, mode) = (given, its)
    case .source(let source, let its): (bytes, mode) = (try source.bytes(files), its)
    case .link, .directory, .tree, .edit, .absent: return nil
    }
    var whole = self
    whole.isSecret = isSecret || other.isSecret
    whole.kind = .file(
      try Blocks.setting(
        block.identifier, comment: block.comment, body: Blocks.body(of: block, in: bytes),
        position: block.position,
        in: bytes
      ).text, mode: mode)
    return whole
  }
}

extension Change.Kind {
  /// Two entries ask for the same, whether or not its bytes were read.
  fileprivate func asksTheSame(as other: Change.Kind) -> Bool {
    switch (self, other) {
    case (.source(let source, let mode), .file(let bytes, let otherMode)),
      (.file(let bytes, let otherMode), .source(let source, let mode)):
      mode == otherMode && source.digest == Digest(of: bytes)
    case (.source(let a, let mode), .source(let b, let otherMode)):
      mode == otherMode && a.digest == b.digest
    default: self == other
    }
  }
}
