import OutfitCore

extension Blocks {
  /// A text in which every marker line of blocks that are known is in its place again.
  struct Mended: Hashable {
    var text: [UInt8]
    /// Only lines of Outfit's own were touched: the markers, and what it wrote between them.
    var isExact: Bool
  }

  /// Mends marker lines that are not in order: a lost one is put back where what was written stands, a block that is
  /// there again goes, and a marker that nothing fits is taken out, so that what it stood at is a text like any other.
  /// - Parameter bodies: by block, what Outfit wrote between its markers, or would write now.
  /// - Returns: nil where the markers of other blocks are not in order either.
  static func mended(_ text: [UInt8], bodies: [String: [[UInt8]]]) -> Mended? {
    var mending = Mending(lines: lines(text), bodies: bodies)
    mending.run()
    let mended = mending.done.flatMap { $0 }
    guard (try? scan(mended)) != nil else { return nil }
    return Mended(text: mended, isExact: mending.isExact)
  }

  private static func lines(_ text: [UInt8]) -> [ArraySlice<UInt8>] {
    var found: [ArraySlice<UInt8>] = []
    var start = 0
    while start < text.count {
      let end = text[start...].firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? text.count
      found.append(text[start..<end])
      start = end
    }
    return found
  }

  private struct Mending {
    let lines: [ArraySlice<UInt8>]
    let bodies: [String: [[UInt8]]]
    var done: [ArraySlice<UInt8>] = []
    var isExact = true
    private var seen: Set<String> = []

    init(lines: [ArraySlice<UInt8>], bodies: [String: [[UInt8]]]) {
      (self.lines, self.bodies) = (lines, bodies)
    }

    mutating func run() {
      var index = 0
      while index < lines.count {
        switch marker(lines[index]) {
        case .begin(let name) where bodies[name] != nil:
          if let end = end(of: name, after: index) {
            take(name, lines[index], Array(lines[(index + 1)..<end]), lines[end])
            index = end + 1
          } else if let count = written(name, in: lines[(index + 1)...].prefix { marker($0) == nil }) {
            take(name, lines[index], Array(lines[(index + 1)..<(index + 1 + count)]), nil)
            index += 1 + count
          } else {
            isExact = false
            index += 1
          }
        case .end(let name) where bodies[name] != nil:
          if let count = written(name, endOf: done) {
            let body = Array(done.suffix(count))
            done.removeLast(count)
            take(name, nil, body, lines[index])
          } else {
            isExact = false
          }
          index += 1
        default:
          done.append(lines[index])
          index += 1
        }
      }
    }

    /// Where a block ends that begins on a line; nil where another marker comes first.
    private func end(of name: String, after start: Int) -> Int? {
      guard let next = lines[(start + 1)...].firstIndex(where: { marker($0) != nil }),
        case .end(name) = marker(lines[next])
      else { return nil }
      return next
    }

    private mutating func take(
      _ name: String, _ begin: ArraySlice<UInt8>?, _ body: [ArraySlice<UInt8>], _ end: ArraySlice<UInt8>?
    ) {
      guard seen.insert(name).inserted else {
        // It is there already: what somebody wrote in this one stays, as a text like any other.
        if !isWritten(name, body) {
          isExact = false
          done += body
        }
        return
      }
      done.append(begin ?? end.map { other($0, name, ">>>", "<<<") } ?? [])
      done += body
      if let last = done.last, last.last != UInt8(ascii: "\n") { done[done.count - 1] += "\n".utf8 }
      done.append(end ?? begin.map { other($0, name, "<<<", ">>>") } ?? [])
    }

    /// The other marker of a block, with the same sign before it and the same line end.
    private func other(
      _ line: ArraySlice<UInt8>, _ name: String, _ sign: String, _ old: String
    ) -> ArraySlice<UInt8> {
      let text = String(decoding: line, as: UTF8.self)
      let other = text.replacing("\(old) outfit \(name) \(old)", with: "\(sign) outfit \(name) \(sign)")
      return Array((other.utf8.last == UInt8(ascii: "\n") ? other : other + "\n").utf8)[...]
    }

    private func isWritten(_ name: String, _ lines: some Swift.Collection<ArraySlice<UInt8>>) -> Bool {
      bodies[name, default: []].contains(normalized(Array(lines.joined())[...]))
    }

    /// How many lines at the beginning are what Outfit wrote.
    private func written(_ name: String, in lines: some Swift.Collection<ArraySlice<UInt8>>) -> Int? {
      bodies[name, default: []].lazy.map(Self.count).first {
        lines.count >= $0 && isWritten(name, lines.prefix($0))
      }
    }

    private func written(_ name: String, endOf lines: [ArraySlice<UInt8>]) -> Int? {
      bodies[name, default: []].lazy.map(Self.count).first {
        lines.count >= $0 && isWritten(name, lines.suffix($0))
      }
    }

    private static func count(_ body: [UInt8]) -> Int { body.count { $0 == UInt8(ascii: "\n") } }
  }
}
