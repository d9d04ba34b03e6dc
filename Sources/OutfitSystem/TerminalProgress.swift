import OutfitCore

/// Progress for a person: on a terminal how much of it is done, and one line for each thing that is slow, redrawn in place,
/// of which nothing stays but what failed; elsewhere a line when something slow begins, and one when it ends.
public final class TerminalProgress: Progress {
  private let terminal: any Terminal
  private let clock: any Clock
  private let isLive: Bool
  private let view: ProgressView
  private let state = Locked(State())

  private struct State {
    var items: [ProgressView.Item] = []
    var drawn = 0
    var lastDraw: UInt64 = 0
    var isTicking = false
    /// Of what is at work now, and was before in one piece with it.
    var tally = ProgressView.Tally()
  }

  /// What is over sooner is not shown, in nanoseconds.
  private static let patience: UInt64 = 150_000_000
  /// The time between two drawings.
  private static let rhythm: UInt64 = 80_000_000
  /// When a thing that goes on is mentioned where there is no terminal.
  private static let quietPatience: UInt64 = 2_000_000_000

  public convenience init(host: Host) {
    self.init(terminal: host.terminal, clock: host.clock, environment: host.environment)
  }

  public init(terminal: any Terminal, clock: any Clock, environment: [String: String]) {
    self.terminal = terminal
    self.clock = clock
    let isCI = environment["CI"].map { !$0.isEmpty } ?? false
    isLive = terminal.errorIsTerminal && !isCI && environment["TERM"] != "dumb"
    let locale =
      ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
    let isUnicode = locale.lowercased().contains("utf-8") || locale.lowercased().contains("utf8")
    view = ProgressView(
      style: Style(isTerminal: terminal.errorIsTerminal, environment: environment), isUnicode: isUnicode)
  }

  public func expect(_ count: Int) { state.withLock { $0.tally.expected += count } }

  public func started(id: String, label: String) {
    let now = clock.uptime()
    let mustTick = state.withLock { state in
      state.items.removeAll { $0.id == id }
      state.items.append(ProgressView.Item(id: id, label: label.harmless, started: now))
      state.tally.begun += 1
      defer { state.isTicking = true }
      return !state.isTicking
    }
    if mustTick { tick() }
  }

  public func bytes(id: String, done: Int64, total: Int64?) {
    let now = clock.uptime()
    change(id) { item in
      if item.firstBytes == nil { item.firstBytes = (now, done) }
      item.done = done
      item.total = total
    }
  }

  public func step(id: String, text: String) { change(id) { $0.step = text.harmless } }

  public func finished(id: String) { end(id, reason: nil) }

  public func failed(id: String, reason: String) { end(id, reason: reason.harmless) }

  public func note(_ text: String) {
    let now = clock.uptime()
    state.withLock { state in
      erase(&state)
      terminal.talk(text.harmless + "\n")
      draw(&state, now)
    }
  }

  private func change(_ id: String, _ body: (inout ProgressView.Item) -> Void) {
    let now = clock.uptime()
    state.withLock { state in
      guard let index = state.items.firstIndex(where: { $0.id == id }) else { return }
      body(&state.items[index])
      redraw(&state, now)
    }
  }

  private func end(_ id: String, reason: String?) {
    let now = clock.uptime()
    state.withLock { state in
      guard let index = state.items.firstIndex(where: { $0.id == id }) else { return }
      let item = state.items.remove(at: index)
      state.tally.ended += 1
      state.tally.bytes += item.done ?? 0
      if state.items.isEmpty, state.tally.ended >= state.tally.expected { state.tally = ProgressView.Tally() }
      let wasSlow = now.since(item.started) >= Self.patience
      erase(&state)
      if wasSlow && !isLive || reason != nil {
        let line = view.last(item, now: now, reason: reason)
        // Whoever asked for the work tells the whole reason.
        terminal.talk(line.cutKeepingStyle(to: isLive ? terminal.width - 1 : 120) + "\n")
      }
      draw(&state, now)
    }
  }

  /// Draws again from time to time, for what has no news. On a thread of its own: tasks may all be at work.
  private func tick() {
    Libc.startThread { [weak self] in
      while true {
        Libc.pause(nanoseconds: Self.rhythm)
        guard let self, self.beat() else { return }
      }
    }
  }

  /// False when there is nothing left to wait for.
  private func beat() -> Bool {
    let now = clock.uptime()
    return state.withLock { state in
      guard !state.items.isEmpty else {
        state.isTicking = false
        return false
      }
      if isLive {
        redraw(&state, now)
      } else {
        for index in state.items.indices
        where !state.items[index].isMentioned && now.since(state.items[index].started) >= Self.quietPatience {
          state.items[index].isMentioned = true
          terminal.talk(view.mention(state.items[index]) + "\n")
        }
      }
      return true
    }
  }

  private func redraw(_ state: inout State, _ now: UInt64) {
    guard isLive, now.since(state.lastDraw) >= Self.rhythm else { return }
    erase(&state)
    draw(&state, now)
  }

  private func erase(_ state: inout State) {
    guard isLive, state.drawn > 0 else { return }
    // Line by line: what clears down to the end of the screen is taken for a new screen by some, who keep the old one.
    terminal.talk(String(repeating: "\u{1B}[1A\u{1B}[2K", count: state.drawn) + "\r")
    state.drawn = 0
  }

  private func draw(_ state: inout State, _ now: UInt64) {
    guard isLive else { return }
    state.lastDraw = now
    let slow = state.items.filter { now.since($0.started) >= Self.patience }
    let lines = view.lines(slow, of: state.tally, now: now, width: terminal.width - 1)
    guard !lines.isEmpty else { return }
    terminal.talk(lines.map { $0 + "\n" }.joined())
    state.drawn = lines.count
  }
}

/// How progress looks.
struct ProgressView: Sendable {
  struct Item: Sendable {
    var id: String
    var label: String
    /// Nanoseconds of the clock that never goes back.
    var started: UInt64
    var step = ""
    var done: Int64?
    var total: Int64?
    var firstBytes: (time: UInt64, done: Int64)?
    var isMentioned = false

    init(id: String, label: String, started: UInt64) {
      self.id = id
      self.label = label
      self.started = started
    }
  }

  var style: Style
  /// The terminal shows more than ASCII.
  var isUnicode: Bool
  /// The most lines at once.
  var limit = 10

  /// How much there is, and is done.
  struct Tally: Sendable {
    var expected = 0
    var begun = 0
    var ended = 0
    /// Of what is done.
    var bytes: Int64 = 0
  }

  /// The lines of what goes on now, none wider than `width`.
  func lines(_ items: [Item], of tally: Tally = Tally(), now: UInt64, width: Int) -> [String] {
    guard !items.isEmpty else { return [] }
    let shown = items.prefix(limit)
    let labels = min(shown.map(\.label.columns).max() ?? 0, max(12, width / 2))
    var lines = shown.map { item in
      let label = item.label.cut(to: labels)
      let padding = String(repeating: " ", count: max(0, labels - label.columns))
      let start = "  " + label + padding + "  "
      let rest = details(item, now: now).cut(to: max(0, width - start.columns))
      return style.bold("  " + label) + padding + "  " + style.dim(rest)
    }
    if items.count > limit { lines.append("  and \(items.count - limit) more") }
    let all = max(tally.expected, tally.begun)
    if all > 1 {
      let bytes = items.reduce(tally.bytes) { $0 + ($1.done ?? 0) }
      let text = "\(tally.ended) of \(all)" + (bytes > 0 ? ", \(size(bytes))" : "")
      lines.insert("  " + style.dim(text.cut(to: max(0, width - 2))), at: 0)
    }
    return lines
  }

  /// `unpacking, 12.3 MB of 29.1 MB, 4.5 MB/s, 3 s`
  private func details(_ item: Item, now: UInt64) -> String {
    var parts: [String] = []
    if !item.step.isEmpty { parts.append(item.step) }
    if let done = item.done, item.total.map({ done < $0 }) ?? true {
      parts.append(item.total.map { "\(size(done)) of \(size($0))" } ?? size(done))
      if let first = item.firstBytes, now.since(first.time) > 200_000_000, done > first.done {
        let seconds = Double(now.since(first.time)) / 1e9
        parts.append("\(size(Int64(Double(done - first.done) / seconds)))/s")
      }
    }
    parts.append(duration(now.since(item.started)))
    return parts.joined(separator: ", ")
  }

  /// The line that stays: `✓ Python 3.13.5  29.1 MB, 3 s`.
  func last(_ item: Item, now: UInt64, reason: String?) -> String {
    guard reason == nil else {
      let mark = style.red(isUnicode ? "✗" : "failed:")
      return "\(mark) \(item.label)" + (reason.map { "  " + style.dim($0) } ?? "")
    }
    let mark = style.green(isUnicode ? "✓" : "done:")
    var parts = item.done.map { $0 > 0 ? [size($0)] : [] } ?? []
    parts.append(duration(now.since(item.started)))
    return "\(mark) \(item.label)  " + style.dim(parts.joined(separator: ", "))
  }

  func mention(_ item: Item) -> String {
    "  \(item.label)" + (item.step.isEmpty ? "" : ": \(item.step)") + " ..."
  }

  /// `29.1 MB`: powers of a thousand.
  func size(_ bytes: Int64) -> String {
    if bytes < 1000 { return "\(bytes) B" }
    var value = Double(bytes)
    var unit = ""
    for next in ["kB", "MB", "GB", "TB"] where value >= 999.95 || unit.isEmpty {
      value /= 1000
      unit = next
    }
    return "\(tenths(value)) \(unit)"
  }

  /// `0.4 s`, `12 s`, `3 min 5 s`.
  func duration(_ nanoseconds: UInt64) -> String {
    let seconds = Double(nanoseconds) / 1e9
    if seconds < 9.95 { return "\(tenths(seconds)) s" }
    let whole = Int(seconds.rounded())
    return whole < 60 ? "\(whole) s" : "\(whole / 60) min \(whole % 60) s"
  }

  private func tenths(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    return "\(tenths / 10).\(tenths % 10)"
  }
}

extension String {
  /// The text without colour when it is wider than `width`, cut to it.
  fileprivate func cutKeepingStyle(to width: Int) -> String {
    guard columns > width else { return self }
    var plain = ""
    var isEscape = false
    for character in self {
      if isEscape {
        isEscape = character != "m"
      } else if character == "\u{1B}" {
        isEscape = true
      } else {
        plain.append(character)
      }
    }
    return plain.cut(to: width)
  }
}

extension UInt64 {
  /// Never less than nothing: another thread may have read the clock later.
  fileprivate func since(_ earlier: UInt64) -> UInt64 { self > earlier ? self - earlier : 0 }
}
