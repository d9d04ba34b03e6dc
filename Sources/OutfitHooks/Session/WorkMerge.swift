import OutfitSystem

/// What becomes of a path that was set aside, by three versions: the user's work, what stands there now, and what the
/// index has, which is what the hooks were given.
enum WorkMerge: Hashable {
  /// What stands there stays: it is the user's work, or has all of it.
  case stays
  /// The user's work comes back.
  case back
  /// This content of both.
  case merged(WorkContent.File)
  /// Texts that git has to merge; the result takes this mode.
  case texts(mode: UInt16)
  /// The user's work comes back, and what stands there is kept elsewhere.
  case drop

  init(work: WorkContent, now: WorkContent, index: WorkContent) {
    if work.matches(now) {
      self = .stays
    } else if now.matches(index) || now == .absent {
      self = .back
    } else if case .file(let work) = work, case .file(let now) = now, case .file(let index) = index {
      self.init(work: work, now: now, index: index)
    } else {
      self = .drop
    }
  }

  private init(work: WorkContent.File, now: WorkContent.File, index: WorkContent.File) {
    var mode = work.mode
    if work.isExecutable == index.isExecutable, now.isExecutable != index.isExecutable {
      mode = now.isExecutable ? work.mode | (work.mode & 0o444) >> 2 : work.mode & ~0o111
    }
    var merged = work
    merged.mode = mode
    if now.bytes == index.bytes || now.bytes == work.bytes {
      self = .merged(merged)
    } else if work.bytes == index.bytes {
      merged.bytes = now.bytes
      merged.modified = now.modified
      self = .merged(merged)
    } else {
      self = .texts(mode: mode)
    }
  }

  /// Whether `now` has all that `work` has and `index` has not: it is no hook's, which saw the index's version alone,
  /// but an editor's, which had the work in it.
  static func hasAll(of work: [UInt8], in now: [UInt8], beyond index: [UInt8]) -> Bool {
    func lines(_ bytes: [UInt8]) -> Set<ArraySlice<UInt8>> {
      Set(bytes.split(separator: UInt8(ascii: "\n")).filter { $0.contains { $0 > UInt8(ascii: " ") } })
    }
    let (work, now, index) = (lines(work), lines(now), lines(index))
    let mine = work.subtracting(index)
    guard mine.isEmpty else { return mine.isSubset(of: now) }
    let gone = index.subtracting(work)
    return !gone.isEmpty && gone.isDisjoint(with: now)
  }
}
