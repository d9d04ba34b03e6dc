/// Differences of texts, as unified diffs. Pure.
public enum Diff {
  /// The unified diff of two contents, empty when they are the same.
  /// - Parameters:
  ///   - old: nil for a file that is not there.
  ///   - new: nil for a file that goes.
  ///   - context: unchanged lines shown around each change.
  public static func unified(
    _ old: [UInt8]?, _ new: [UInt8]?, oldName: String, newName: String, context: Int = 3
  ) -> String {
    let names = "--- \(old == nil ? "/dev/null" : oldName)\n+++ \(new == nil ? "/dev/null" : newName)\n"
    if old == new { return "" }
    if isBinary(old ?? []) || isBinary(new ?? []) {
      return names + "binary contents differ (\(old?.count ?? 0) and \(new?.count ?? 0) bytes)\n"
    }
    let (a, b) = (lines(old ?? []), lines(new ?? []))
    let steps = script(a, b)
    var text = names
    var index = 0
    while let first = steps[index...].firstIndex(where: { $0.kind != .same }) {
      var last = first
      var next = first
      while next < steps.count, next - last <= 2 * context {
        if steps[next].kind != .same { last = next }
        next += 1
      }
      let start = max(index, first - context)
      let end = min(steps.count, last + context + 1)
      let hunk = steps[start..<end]
      let (oldCount, newCount) = (hunk.count { $0.kind != .added }, hunk.count { $0.kind != .removed })
      let (oldStart, newStart) = (hunk[start].old, hunk[start].new)
      text += "@@ -\(place(oldStart, oldCount)) +\(place(newStart, newCount)) @@\n"
      for step in hunk {
        let line = step.kind == .added ? b[step.new] : a[step.old]
        text += step.kind == .added ? "+" : step.kind == .removed ? "-" : " "
        text += String(decoding: line, as: UTF8.self)
        if line.last != UInt8(ascii: "\n") { text += "\n\\ No newline at end of file\n" }
      }
      index = end
      if index >= steps.count { break }
    }
    return text
  }

  /// How many lines come and go between two contents; nil where one of them is no text.
  public static func count(_ old: [UInt8], _ new: [UInt8]) -> (added: Int, removed: Int)? {
    if isBinary(old) || isBinary(new) { return nil }
    let steps = script(lines(old), lines(new))
    return (steps.count { $0.kind == .added }, steps.count { $0.kind == .removed })
  }

  private struct Step {
    enum Kind { case same, removed, added }
    var kind: Kind
    /// Indexes of the lines at, or after which, the step stands.
    var old: Int
    var new: Int
  }

  private static func place(_ start: Int, _ count: Int) -> String {
    count == 1 ? "\(start + 1)" : "\(count == 0 ? start : start + 1),\(count)"
  }

  private static func isBinary(_ bytes: [UInt8]) -> Bool { bytes.prefix(8000).contains(0) }

  private static func lines(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
    var lines: [ArraySlice<UInt8>] = []
    var start = 0
    while start < bytes.count {
      let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? bytes.count
      lines.append(bytes[start..<end])
      start = end
    }
    return lines
  }

  /// The shortest edit script by Myers's greedy algorithm; beyond a thousand edits all is replaced.
  private static func script(_ a: [ArraySlice<UInt8>], _ b: [ArraySlice<UInt8>]) -> [Step] {
    let prefix = zip(a, b).prefix { $0 == $1 }.count
    let suffix = zip(a[prefix...].reversed(), b[prefix...].reversed()).prefix { $0 == $1 }.count
    let (n, m) = (a.count - prefix - suffix, b.count - prefix - suffix)
    var middle: [Step] = []
    let limit = min(n + m, 1000)
    var trace: [[Int]] = []
    var furthest = [Int](repeating: 0, count: 2 * limit + 3)
    var found: Int?
    search: for d in 0...limit {
      trace.append(furthest)
      for k in stride(from: -d, through: d, by: 2) {
        let i = k + limit + 1
        var x =
          k == -d || (k != d && furthest[i - 1] < furthest[i + 1]) ? furthest[i + 1] : furthest[i - 1] + 1
        while x < n, x - k < m, a[prefix + x] == b[prefix + x - k] { x += 1 }
        furthest[i] = x
        if x >= n, x - k >= m {
          found = d
          break search
        }
      }
    }
    if let found {
      var (x, y) = (n, m)
      for d in stride(from: found, to: 0, by: -1) {
        let values = trace[d]
        let k = x - y
        let i = k + limit + 1
        let previous = k == -d || (k != d && values[i - 1] < values[i + 1]) ? k + 1 : k - 1
        let oldX = values[previous + limit + 1]
        let oldY = oldX - previous
        while x > oldX, y > oldY {
          x -= 1
          y -= 1
          middle.append(Step(kind: .same, old: prefix + x, new: prefix + y))
        }
        if previous == k + 1 {
          y -= 1
          middle.append(Step(kind: .added, old: prefix + x, new: prefix + y))
        } else {
          x -= 1
          middle.append(Step(kind: .removed, old: prefix + x, new: prefix + y))
        }
      }
      while x > 0, y > 0 {
        x -= 1
        y -= 1
        middle.append(Step(kind: .same, old: prefix + x, new: prefix + y))
      }
      middle.reverse()
    } else {
      middle += (0..<n).map { Step(kind: .removed, old: prefix + $0, new: prefix) }
      middle += (0..<m).map { Step(kind: .added, old: prefix + n, new: prefix + $0) }
    }
    return (0..<prefix).map { Step(kind: .same, old: $0, new: $0) } + middle
      + (0..<suffix).map { Step(kind: .same, old: prefix + n + $0, new: prefix + m + $0) }
  }
}
