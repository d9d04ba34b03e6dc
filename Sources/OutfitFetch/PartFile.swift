import OutfitCore
import OutfitSystem
import Synchronization
import SystemPackage

/// A file that is being downloaded: what came so far, its digest, and where it came from.
///
/// Beside it, `<name>.origin` keeps a digest of the address and the validator of the answer, so that a later
/// run can ask for the rest of the same file (`If-Range`).
final class PartFile: Receiver {
  let path: FilePath
  private let files: any Files
  private let limit: Int64
  private let following: (any Following)?
  private let report: @Sendable (_ done: Int64, _ total: Int64?) -> Void
  private let splitting: Splitting?
  private let onSplit = Mutex<(@Sendable (Split) -> Void)?>(nil)
  private let state: Mutex<State>

  /// What others are to bring.
  struct Split: Sendable {
    var ranges: [Range<Int64>]
    var total: Int64
    var validator: String
  }

  private struct State {
    var digest = Digest.Running()
    /// Bytes in the file.
    var written: Int64 = 0
    /// Bytes that will be written next.
    var buffer: [UInt8] = []
    var total: Int64?
    /// Of which answer it is.
    var origin: Origin?
    /// A digest of the address that is asked now.
    var address: String?
    var isResumed = false
    var stop: Stop?
    var lastReport: ContinuousClock.Instant?
    /// When this answer began; nil where it can't be split.
    var began: ContinuousClock.Instant?
    /// Others bring what is from here on.
    var border: Int64?
    /// Bytes that others have.
    var elsewhere: Int64 = 0

    var size: Int64 { written + Int64(buffer.count) }
  }

  private struct Origin: Equatable {
    var addressDigest: String
    var validator: String
  }

  /// Takes up what an earlier run left at `path`.
  init(
    _ path: FilePath, files: any Files, limit: Int64, splitting: Splitting? = nil,
    following: (any Following)? = nil,
    report: @escaping @Sendable (_ done: Int64, _ total: Int64?) -> Void
  ) throws(FileError) {
    self.path = path
    self.files = files
    self.limit = limit
    self.splitting = splitting
    self.following = following
    self.report = report
    var state = State()
    if try files.status(path, followLinks: false) == nil {
      try files.create(path, [], mode: 0o600)
    } else {
      while true {
        let piece = try files.read(path, from: state.written, count: pieceSize)
        if piece.isEmpty { break }
        state.digest.update(piece)
        state.written += Int64(piece.count)
      }
      state.origin = PartFile.readOrigin(PartFile.originPath(path), files)
      following?.grew(path, to: state.written)
    }
    self.state = Mutex(state)
  }

  // MARK: Several ranges at once

  func pathOfRange(_ number: Int) -> FilePath { FilePath("\(path).\(number)") }

  /// Whether the transfer ended because others bring the rest.
  var isAtBorder: Bool { state.withLock { $0.border == $0.size } }

  /// What is called, on libcurl's thread, once a transfer has proved slow; nil for one that goes on alone.
  func split(_ body: (@Sendable (Split) -> Void)?) { onSplit.withLock { $0 = body } }

  /// What others bring comes here too.
  func passBorder() { state.withLock { $0.border = nil } }

  /// Others have so many bytes more.
  func came(elsewhere bytes: Int64) {
    let shown = state.withLock { state in
      state.elsewhere += bytes
      return (state.size + state.elsewhere, state.total)
    }
    if bytes > 0 { report(shown.0, shown.1) }
  }

  /// What others are to bring, once.
  private func split(_ state: inout State, _ now: ContinuousClock.Instant) -> Split? {
    guard let splitting, let began = state.began, now - began >= .seconds(splitting.after),
      let total = state.total, let origin = state.origin, total - state.size >= splitting.least
    else { return nil }
    state.began = nil
    let ranges = splitting.divide(from: state.size, to: total)
    guard let border = ranges.first?.lowerBound else { return nil }
    state.border = border
    return Split(ranges: ranges, total: total, validator: origin.validator)
  }

  /// Bytes that are here.
  var size: Int64 { state.withLock { $0.size } }

  /// The digest of what is here.
  var digest: Digest { state.withLock { $0.digest.finish() } }

  /// The headers that ask for what is missing.
  func headers(for address: Address) -> [String] {
    state.withLock { state in
      state.isResumed = state.size > 0
      let addressDigest = Digest(of: address.plain).hex
      state.address = addressDigest
      guard state.isResumed else { return [] }
      var headers = ["Range: bytes=\(state.size)-"]
      if let origin = state.origin, origin.addressDigest == addressDigest {
        headers.append("If-Range: \(origin.validator)")
      }
      return headers
    }
  }

  /// Remembers what the answer is a version of.
  private func remember(_ response: Response, _ state: inout State) throws(FileError) {
    guard let validator = response.validator, let address = state.address else { return }
    let origin = Origin(addressDigest: address, validator: validator)
    guard state.origin != origin else { return }
    state.origin = origin
    let path = PartFile.originPath(path)
    try? files.remove(path)
    try files.create(path, Array("\(address)\n\(validator)\n".utf8), mode: 0o600)
  }

  private static func originPath(_ path: FilePath) -> FilePath { FilePath(path.string + ".origin") }

  private static func readOrigin(_ path: FilePath, _ files: any Files) -> Origin? {
    let lines = ((try? files.text(path)) ?? nil)?.split(separator: "\n") ?? []
    guard lines.count == 2 else { return nil }
    return Origin(addressDigest: String(lines[0]), validator: String(lines[1]))
  }

  /// Forgets all that came.
  func discard() throws(FileError) {
    try state.withLock { state throws(FileError) in try clear(&state) }
  }

  private func clear(_ state: inout State) throws(FileError) {
    try files.remove(path)
    try files.create(path, [], mode: 0o600)
    try? files.remove(PartFile.originPath(path))
    following?.restarted()
    let address = state.address
    state = State()
    state.address = address
  }

  /// Removes it and what belongs to it.
  func remove() {
    try? files.remove(path)
    try? files.remove(PartFile.originPath(path))
    removeRanges()
  }

  /// What a run left that was killed.
  private func removeRanges() {
    for number in 1..<max(splitting?.ranges ?? 1, 1) { try? files.removeTree(pathOfRange(number)) }
  }

  /// Puts the file at its final place, complete.
  func move(to target: FilePath) throws(FileError) {
    try flush()
    // Of an answer whose length nobody knew before.
    report(size, size)
    try files.rename(path, to: target)
    try? files.remove(PartFile.originPath(path))
    removeRanges()
  }

  /// Writes what is only in memory, and says why a transfer was stopped from here.
  func settle() -> Stop? {
    do {
      try flush()
    } catch {
      return .file(error)
    }
    return state.withLock { state in
      defer { state.stop = nil }
      return state.stop
    }
  }

  private func flush() throws(FileError) {
    try state.withLock { state throws(FileError) in try flush(&state) }
  }

  private func flush(_ state: inout State) throws(FileError) {
    guard !state.buffer.isEmpty else { return }
    try files.append(path, state.buffer)
    if state.buffer.count >= pieceSize { files.startWriting(path) }
    state.written += Int64(state.buffer.count)
    state.buffer.removeAll(keepingCapacity: true)
    following?.grew(path, to: state.written)
  }

  // MARK: - Receiver

  func begin(_ response: Response) -> Bool {
    state.withLock { state in
      do throws(FileError) {
        if response.status == 206, state.isResumed {
          guard let range = response.range, range.start == state.size else {
            state.stop = .wrongRange
            return false
          }
          state.total = range.total
        } else {
          if state.size > 0 { try clear(&state) }
          state.total = response.length
        }
        try remember(response, &state)
        let servesRanges = response.status == 206 || response["accept-ranges"]?.lowercased() == "bytes"
        let canSplit = servesRanges && response.validator != nil && state.border == nil
        state.began = canSplit && onSplit.withLock({ $0 != nil }) ? .now : nil
        if let total = state.total, total > limit {
          state.stop = .tooLong(limit)
          return false
        }
        return true
      } catch {
        state.stop = .file(error)
        return false
      }
    }
  }

  func receive(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var shown: (done: Int64, total: Int64?)?
    var split: Split?
    let goesOn = state.withLock { state in
      let left = state.border.map { $0 - state.size } ?? .max
      let bytes = UnsafeRawBufferPointer(rebasing: bytes.prefix(Int(clamping: left)))
      guard state.size + Int64(bytes.count) <= limit else {
        state.stop = .tooLong(limit)
        return false
      }
      state.digest.update(bytes)
      state.buffer.append(contentsOf: bytes)
      if state.buffer.count >= pieceSize {
        do throws(FileError) {
          try flush(&state)
        } catch {
          state.stop = .file(error)
          return false
        }
      }
      let now = ContinuousClock.now
      if state.size == state.total || state.lastReport.map({ now - $0 > .milliseconds(50) }) ?? true {
        state.lastReport = now
        shown = (state.size + state.elsewhere, state.total)
      }
      split = self.split(&state, now)
      return state.size != state.border
    }
    if let split, let body = onSplit.withLock({ $0 }) { body(split) }
    if let shown { report(shown.done, shown.total) }
    return goesOn
  }
}

/// Bytes that are read or written at a time.
let pieceSize = 1 << 20

/// Wants to know only that there is a body.
final class Peek: Receiver {
  private let state = Mutex(false)
  var hasBegun: Bool { state.withLock { $0 } }

  func begin(_ response: Response) -> Bool {
    state.withLock { $0 = true }
    return false
  }

  func receive(_ bytes: UnsafeRawBufferPointer) -> Bool { false }
  func settle() -> Stop? { nil }
}

/// A document in memory, up to a limit.
final class Page: Receiver {
  private let limit: Int
  private let state = Mutex(State())

  private struct State {
    var bytes: [UInt8] = []
    var isTooLong = false
  }

  init(limit: Int) { self.limit = limit }

  var bytes: [UInt8] { state.withLock { $0.bytes } }

  func begin(_ response: Response) -> Bool {
    state.withLock { state in
      state = State(bytes: [], isTooLong: response.length.map { $0 > limit } ?? false)
      return !state.isTooLong
    }
  }

  func receive(_ bytes: UnsafeRawBufferPointer) -> Bool {
    state.withLock { state in
      state.isTooLong = state.bytes.count + bytes.count > limit
      if !state.isTooLong { state.bytes.append(contentsOf: bytes) }
      return !state.isTooLong
    }
  }

  func settle() -> Stop? { state.withLock { $0.isTooLong ? .tooLong(Int64(limit)) : nil } }
}
