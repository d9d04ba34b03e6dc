/// How much of a thread's stack is used since a place. Threads of macOS have 512 kB, and recursion has to end before.
struct StackSpan {
  private let start: UInt
  static let allowance: UInt = 200 * 1024

  init() { start = Self.here() }

  @inline(never)
  private static func here() -> UInt {
    var mark: UInt8 = 0
    return withUnsafeMutablePointer(to: &mark) { UInt(bitPattern: $0) }
  }

  var isSpent: Bool {
    let now = Self.here()
    return (start > now ? start - now : now - start) > Self.allowance
  }
}
