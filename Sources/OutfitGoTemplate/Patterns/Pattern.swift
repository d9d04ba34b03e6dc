/// A regular expression of RE2's syntax, run in time linear in the text: nothing that a template gives it can hang.
struct Pattern {
  struct Match {
    /// Where each group lies; the whole first.
    var groups: [Range<Int>?]
    var whole: Range<Int> { groups.first.flatMap { $0 } ?? 0..<0 }
  }

  indirect enum Node {
    case empty
    case scalars(ScalarSet)
    case sequence([Node])
    case choice([Node])
    case group(Node, Int)
    case loop(Node, least: Int, most: Int?, isLazy: Bool)
    case check(Check)
  }

  enum Check { case textStart, textEnd, lineStart, lineEnd, word, noWord }

  enum Step {
    case scalars(ScalarSet, next: Int)
    case check(Check, next: Int)
    case save(Int, next: Int)
    case fork(Int, Int)
    case jump(Int)
    case match
  }

  private(set) var steps: [Step] = []
  let groupCount: Int
  let names: [Bytes: Int]

  static let maximumSteps = 20_000

  init(_ text: Bytes) throws {
    var parser = PatternParser(text)
    let node = try parser.parse()
    groupCount = parser.groupCount + 1
    names = parser.names
    _ = try emit(.save(0, next: steps.count + 1))
    try compile(node)
    _ = try emit(.save(1, next: steps.count + 1))
    _ = try emit(.match)
  }

  // MARK: Compiling

  private mutating func emit(_ step: Step) throws -> Int {
    guard steps.count < Self.maximumSteps else { throw Problem("the regular expression is too big") }
    steps.append(step)
    return steps.count - 1
  }

  private mutating func compile(_ node: Node) throws {
    switch node {
    case .empty: break
    case .scalars(let set): _ = try emit(.scalars(set, next: steps.count + 1))
    case .check(let check): _ = try emit(.check(check, next: steps.count + 1))
    case .sequence(let nodes): for node in nodes { try compile(node) }
    case .group(let node, let number):
      _ = try emit(.save(2 * number, next: steps.count + 1))
      try compile(node)
      _ = try emit(.save(2 * number + 1, next: steps.count + 1))
    case .choice(let nodes):
      var jumps: [Int] = []
      for node in nodes.dropLast() {
        let fork = try emit(.fork(steps.count + 1, 0))
        try compile(node)
        jumps.append(try emit(.jump(0)))
        steps[fork] = .fork(fork + 1, steps.count)
      }
      if let last = nodes.last { try compile(last) }
      for jump in jumps { steps[jump] = .jump(steps.count) }
    case .loop(let node, let least, let most, let isLazy):
      for _ in 0..<least { try compile(node) }
      if let most {
        var forks: [Int] = []
        for _ in least..<max(least, most) {
          forks.append(try emit(.fork(0, 0)))
          try compile(node)
        }
        for fork in forks {
          steps[fork] = isLazy ? .fork(steps.count, fork + 1) : .fork(fork + 1, steps.count)
        }
      } else {
        let fork = try emit(.fork(0, 0))
        try compile(node)
        _ = try emit(.jump(fork))
        steps[fork] = isLazy ? .fork(steps.count, fork + 1) : .fork(fork + 1, steps.count)
      }
    }
  }

  // MARK: Running

  private struct Threads {
    var list: [(step: Int, saved: [Int])] = []
    var seen: [Int]
    init(count: Int) { seen = [Int](repeating: -1, count: count) }
  }

  /// The leftmost match from `start` on, of which the first alternative counts.
  func firstMatch(in text: Bytes, from start: Int = 0, run: Run) throws -> Match? {
    var current = Threads(count: steps.count)
    var following = Threads(count: steps.count)
    var best: [Int]?
    var position = start
    let none = [Int](repeating: -1, count: 2 * groupCount)
    while true {
      if best == nil { add(0, none, position, text, &current) }
      if current.list.isEmpty { break }
      try run.spend(1 + current.list.count / 4)
      let rune = position < text.count ? text.rune(at: position) : nil
      following.list.removeAll(keepingCapacity: true)
      for thread in current.list {
        switch steps[thread.step] {
        case .match:
          best = thread.saved
        case .scalars(let set, let next):
          if let rune, set.contains(rune.scalar) {
            add(next, thread.saved, position + rune.width, text, &following)
          }
          continue
        default: continue
        }
        break
      }
      guard let rune else { break }
      position += rune.width
      swap(&current, &following)
      if current.list.isEmpty, best != nil { break }
    }
    return best.map { saved in
      Match(
        groups: (0..<groupCount).map {
          saved[2 * $0] >= 0 && saved[2 * $0 + 1] >= saved[2 * $0] ? saved[2 * $0]..<saved[2 * $0 + 1] : nil
        })
    }
  }

  /// Adds a thread and all that it comes to without taking a rune.
  private func add(_ start: Int, _ saved: [Int], _ position: Int, _ text: Bytes, _ threads: inout Threads) {
    var stack: [(step: Int, saved: [Int])] = [(start, saved)]
    while let (step, saved) = stack.popLast() {
      guard threads.seen[step] != position else { continue }
      threads.seen[step] = position
      switch steps[step] {
      case .jump(let next): stack.append((next, saved))
      case .fork(let first, let second):
        stack.append((second, saved))
        stack.append((first, saved))
      case .save(let slot, let next):
        var saved = saved
        saved[slot] = position
        stack.append((next, saved))
      case .check(let check, let next): if holds(check, position, text) { stack.append((next, saved)) }
      case .scalars, .match: threads.list.append((step, saved))
      }
    }
  }

  private func holds(_ check: Check, _ position: Int, _ text: Bytes) -> Bool {
    func isWord(_ index: Int) -> Bool {
      guard text.indices.contains(index) else { return false }
      let byte = text[index]
      return byte == 95 || (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
    }
    switch check {
    case .textStart: return position == 0
    case .textEnd: return position == text.count
    case .lineStart: return position == 0 || text[position - 1] == 10
    case .lineEnd: return position == text.count || text[position] == 10
    case .word: return isWord(position - 1) != isWord(position)
    case .noWord: return isWord(position - 1) == isWord(position)
    }
  }

  /// All matches that do not overlap, as FindAll; at most `limit`, where that is not negative.
  func matches(in text: Bytes, limit: Int = -1, run: Run) throws -> [Match] {
    var result: [Match] = []
    var position = 0
    var previousEnd = -1
    while limit < 0 || result.count < limit, position <= text.count,
      let match = try firstMatch(in: text, from: position, run: run)
    {
      let range = match.whole
      var isAccepted = true
      if range.upperBound == position {
        if range.lowerBound == previousEnd { isAccepted = false }
        position += position < text.count ? text.rune(at: position).width : 1
      } else {
        position = range.upperBound
      }
      previousEnd = range.upperBound
      if isAccepted { result.append(match) }
    }
    return result
  }

  func replacing(in text: Bytes, with replacement: Bytes, isLiteral: Bool, run: Run) throws -> Bytes {
    var result: Bytes = []
    var (searched, end) = (0, 0)
    while searched <= text.count, let match = try firstMatch(in: text, from: searched, run: run) {
      let range = match.whole
      result += text[end..<range.lowerBound]
      if range.upperBound > end || range.lowerBound == 0 {
        result += isLiteral ? replacement : expanded(replacement, match, text)
      }
      try run.make(bytes: result.count / 64)
      guard result.count <= run.limits.output else { throw Problem.limit("a text would be too long") }
      end = range.upperBound
      let width = searched < text.count ? text.rune(at: searched).width : 0
      searched = searched + width > end ? searched + width : searched + 1 > end ? searched + 1 : end
    }
    result += text[end...]
    return result
  }

  /// `$1`, `${1}`, `$name` and `$$` of a replacement.
  private func expanded(_ replacement: Bytes, _ match: Match, _ text: Bytes) -> Bytes {
    var result: Bytes = []
    var index = 0
    func isName(_ byte: UInt8) -> Bool {
      byte == 95 || (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
    }
    while index < replacement.count {
      guard replacement[index] == UInt8(ascii: "$") else {
        result.append(replacement[index])
        index += 1
        continue
      }
      var start = index + 1
      if start < replacement.count, replacement[start] == UInt8(ascii: "$") {
        result.append(replacement[start])
        index += 2
        continue
      }
      let isBraced = start < replacement.count && replacement[start] == UInt8(ascii: "{")
      if isBraced { start += 1 }
      var end = start
      while end < replacement.count, isName(replacement[end]) { end += 1 }
      guard end > start, !isBraced || (end < replacement.count && replacement[end] == UInt8(ascii: "}"))
      else {
        result.append(replacement[index])
        index += 1
        continue
      }
      let name = Array(replacement[start..<end])
      let number = name.allSatisfy { (48...57).contains($0) } ? Int(String(bytes: name)) : names[name]
      if let number, number < match.groups.count, let range = match.groups[number] { result += text[range] }
      index = isBraced ? end + 1 : end
    }
    return result
  }
}

/// Ranges of scalars.
struct ScalarSet {
  var ranges: [ClosedRange<UInt32>] = []
  var isNegated = false
  /// General categories whose scalars are in it, by the letters of `\p`.
  var categories: [(name: String, isNegated: Bool)] = []
  var ignoresCase = false

  func contains(_ scalar: Unicode.Scalar) -> Bool {
    var isIn = holds(scalar)
    if !isIn, ignoresCase {
      isIn = holds(scalar.goLower) || holds(scalar.goUpper)
      // Two letters that fold to ASCII ones.
      if !isIn, scalar == "k" || scalar == "K" { isIn = holds("\u{212A}") }
      if !isIn, scalar == "s" || scalar == "S" { isIn = holds("\u{17F}") }
      if !isIn, scalar == "\u{17F}" { isIn = holds("s") || holds("S") }
    }
    return isIn != isNegated
  }

  private func holds(_ scalar: Unicode.Scalar) -> Bool {
    for range in ranges where range.contains(scalar.value) { return true }
    for category in categories where Self.isIn(category.name, scalar) != category.isNegated { return true }
    return false
  }

  static let categoryNames: Set<String> = [
    "Any", "L", "Lu", "Ll", "Lt", "Lm", "Lo", "M", "N", "Nd", "P", "S", "Z", "C",
  ]

  private static func isIn(_ name: String, _ scalar: Unicode.Scalar) -> Bool {
    let category = scalar.properties.generalCategory
    switch name {
    case "Any": return true
    case "L": return scalar.isGoLetter
    case "Lu": return category == .uppercaseLetter
    case "Ll": return category == .lowercaseLetter
    case "Lt": return category == .titlecaseLetter
    case "Lm": return category == .modifierLetter
    case "Lo": return category == .otherLetter
    case "M": return [.nonspacingMark, .spacingMark, .enclosingMark].contains(category)
    case "N": return [.decimalNumber, .letterNumber, .otherNumber].contains(category)
    case "Nd": return category == .decimalNumber
    case "P":
      return [
        .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
        .finalPunctuation, .otherPunctuation,
      ].contains(category)
    case "S": return [.mathSymbol, .currencySymbol, .modifierSymbol, .otherSymbol].contains(category)
    case "Z": return [.spaceSeparator, .lineSeparator, .paragraphSeparator].contains(category)
    case "C": return [.control, .format, .surrogate, .privateUse].contains(category)
    default: return false
    }
  }
}
