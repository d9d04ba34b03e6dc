import OutfitCore
import OutfitSystem
import Synchronization
import SystemPackage

/// When a transfer has proved slow, the rest of its file is asked for in several ranges at once.
struct Splitting: Sendable {
  /// Seconds after which a transfer counts as slow.
  var after: Double
  /// Bytes that must be missing then.
  var least: Int64
  /// Transfers at once, the first among them.
  var ranges: Int

  /// What a transfer that has `size` bytes of `total` goes on with, up to the first of the ranges that others bring.
  func divide(from size: Int64, to total: Int64) -> [Range<Int64>] {
    let share = (total - size) / Int64(max(ranges, 1))
    guard ranges > 1, share > 0 else { return [] }
    return (1..<Int64(ranges)).map { i in
      size + i * share..<(i == Int64(ranges) - 1 ? total : size + (i + 1) * share)
    }
  }
}

/// The ranges of a file that are brought beside the transfer that leads (RFC 9110, 14.2), until they are put behind it.
///
/// Each is in a file of its own, which does not outlive this value: a later run goes on behind what led.
final class RangeParts: Sendable {
  /// Asks for a range and gives what came to the receiver; false where nothing more will come of it.
  typealias Bring = @Sendable (RangePart) async -> Bool

  private let running = Mutex<[(part: RangePart, task: Task<Bool, Never>)]>([])

  func start(_ parts: [RangePart], _ bring: @escaping Bring) {
    running.withLock { $0 = parts.map { part in (part, Task { await bring(part) }) } }
  }

  /// Puts what they have behind the part, in order.
  /// - Returns: whether that is all of it. Where it is not, the part goes on alone, behind what is there.
  func append(to part: PartFile) async throws -> Bool {
    part.passBorder()
    let all = running.withLock { $0 }
    for (range, task) in all {
      let isWhole = await withTaskCancellationHandler {
        await task.value
      } onCancel: {
        task.cancel()
      }
      try Task.checkCancellation()
      guard try range.append(to: part), isWhole else { return false }
    }
    return !all.isEmpty
  }

  /// Ends what runs and removes what came of it.
  func end() {
    let all = running.withLock { running in
      defer { running = [] }
      return running
    }
    for (part, task) in all {
      task.cancel()
      part.remove()
    }
  }
}

/// One range of a file, of the same version as what leads.
final class RangePart: Receiver {
  private let path: FilePath
  private let files: any Files
  private let range: Range<Int64>
  private let total: Int64
  private let validator: String
  private let report: @Sendable (_ bytes: Int64) -> Void
  private let state = Mutex(State())

  private struct State {
    var written: Int64 = 0
    var buffer: [UInt8] = []
    var stop: Stop?
    var isRemoved = false
    /// Bytes that were told of.
    var reported: Int64 = 0
    var size: Int64 { written + Int64(buffer.count) }
  }

  /// - Parameter report: how many bytes came just now.
  init(
    _ path: FilePath, files: any Files, range: Range<Int64>, total: Int64, validator: String,
    report: @escaping @Sendable (_ bytes: Int64) -> Void
  ) throws(FileError) {
    (self.path, self.files, self.range, self.total) = (path, files, range, total)
    (self.validator, self.report) = (validator, report)
    try files.removeTree(path)
    try files.create(path, [], mode: 0o600)
  }

  var size: Int64 { state.withLock { $0.size } }
  var isWhole: Bool { size == Int64(range.count) }

  /// The headers that ask for what is missing.
  var headers: [String] {
    ["Range: bytes=\(range.lowerBound + size)-\(range.upperBound - 1)", "If-Range: \(validator)"]
  }

  /// Nothing more is written.
  func remove() {
    let reported = state.withLock { state in
      state.isRemoved = true
      defer { state.reported = 0 }
      return state.reported
    }
    if reported > 0 { report(-reported) }
    try? files.removeTree(path)
  }

  /// False where the part wanted no more.
  func append(to part: PartFile) throws(FileError) -> Bool {
    var offset: Int64 = 0
    while true {
      let piece = try files.read(path, from: offset, count: pieceSize)
      if piece.isEmpty { break }
      tell(-Int64(piece.count))
      guard piece.withUnsafeBytes(part.receive) else { return false }
      offset += Int64(piece.count)
    }
    return true
  }

  private func tell(_ bytes: Int64) {
    state.withLock { $0.reported += bytes }
    report(bytes)
  }

  func begin(_ response: Response) -> Bool {
    state.withLock { state in
      guard !state.isRemoved, response.status == 206, let found = response.range, found.total == total,
        found.start == range.lowerBound + state.size, response.validator == validator
      else {
        state.stop = .wrongRange
        return false
      }
      return true
    }
  }

  func receive(_ bytes: UnsafeRawBufferPointer) -> Bool {
    let goesOn = state.withLock { state in
      guard !state.isRemoved, state.size + Int64(bytes.count) <= Int64(range.count) else {
        state.stop = .wrongRange
        return false
      }
      state.buffer.append(contentsOf: bytes)
      return state.buffer.count < pieceSize || flush(&state)
    }
    if goesOn { tell(Int64(bytes.count)) }
    return goesOn
  }

  private func flush(_ state: inout State) -> Bool {
    guard !state.buffer.isEmpty, !state.isRemoved else { return true }
    do throws(FileError) {
      try files.append(path, state.buffer)
    } catch {
      state.stop = .file(error)
      return false
    }
    state.written += Int64(state.buffer.count)
    state.buffer.removeAll(keepingCapacity: true)
    return true
  }

  func settle() -> Stop? {
    state.withLock { state in
      _ = flush(&state)
      defer { state.stop = nil }
      return state.stop
    }
  }
}
