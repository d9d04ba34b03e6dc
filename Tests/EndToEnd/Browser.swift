import Foundation
import OutfitSystem
import Subprocess
import SystemPackage
import Testing

/// A real browser without a window, told what to do by the DevTools protocol
/// (https://chromedevtools.github.io/devtools-protocol/), as a person would: sizes, schemes, keys.
final class Browser {
  private let write: ([UInt8]) async throws -> Void
  private let read: () async throws -> [UInt8]?
  private var received: [UInt8] = []
  private var number = 0
  private var session: String?
  /// What the page complained of: errors and warnings of the console, violations of policies, exceptions.
  private(set) var complaints: [String] = []
  /// What the page asked for.
  private(set) var requests: [String] = []

  /// The browser's program; nil, and why, where none can be had.
  static let program: FilePath? = {
    let asked = Foundation.Process()
    asked.executableURL = URL(fileURLWithPath: Machine.checkout.appending("scripts/browser.sh").string)
    let output = Pipe()
    asked.standardOutput = output
    guard (try? asked.run()) != nil else { return nil }
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    asked.waitUntilExit()
    return asked.terminationStatus == 0 ? text.split(separator: "\n").last.map { FilePath(String($0)) } : nil
  }()

  private init(
    write: @escaping ([UInt8]) async throws -> Void, read: @escaping () async throws -> [UInt8]?
  ) {
    self.write = write
    self.read = read
  }

  /// Starts a browser with a profile of its own in `folder`, and ends it afterwards.
  static func with(folder: FilePath, _ body: (Browser) async throws -> Void) async throws {
    let program = try #require(program)
    // It reads commands from 3 and writes answers to 4.
    let arguments: Arguments = [
      "-c", "exec \"$@\" 3<&0 4>&1 1>&2", "bash", program.string, "--headless=new", "--no-sandbox",
      "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
      "--user-data-dir=\(folder)", "--remote-debugging-pipe", "about:blank",
    ]
    _ = try await Subprocess.run(
      .path("/bin/bash"), arguments: arguments, input: .inputWriter, output: .sequence,
      error: .discarded
    ) { execution in
      var buffers = execution.standardOutput.makeAsyncIterator()
      let browser = Browser(
        write: { _ = try await execution.standardInputWriter.write($0.span.bytes) },
        read: {
          guard let buffer = try await buffers.next() else { return nil }
          return buffer.withUnsafeBytes { Array($0) }
        })
      try await browser.attach()
      try await body(browser)
      _ = try await browser.call("Browser.close", alone: true)
    }
  }

  private func attach() async throws {
    let targets = try await call("Target.getTargets", alone: true)["targetInfos"] as? [[String: Any]] ?? []
    let page = try #require(targets.first { $0["type"] as? String == "page" }?["targetId"] as? String)
    session =
      try await call("Target.attachToTarget", ["targetId": page, "flatten": true], alone: true)["sessionId"]
      as? String
    for domain in ["Page", "Runtime", "Log", "Network"] { _ = try await call("\(domain).enable") }
  }

  /// Sends a command and gives back its result; what happens in the meantime is noted.
  @discardableResult
  private func call(
    _ method: String, _ parameters: [String: Any] = [:], alone: Bool = false
  ) async throws -> [String: Any] {
    number += 1
    var command: [String: Any] = ["id": number, "method": method, "params": parameters]
    if !alone { command["sessionId"] = session }
    try await write(Array(try JSONSerialization.data(withJSONObject: command)) + [0])
    while let message = try await next() {
      guard message["id"] as? Int == number else { continue }
      if let error = message["error"] as? [String: Any] { throw BrowserError(text: "\(method): \(error)") }
      return message["result"] as? [String: Any] ?? [:]
    }
    if method == "Browser.close" { return [:] }
    throw BrowserError(text: "\(method): the browser ended")
  }

  /// The next message; nil at the end.
  private func next() async throws -> [String: Any]? {
    while true {
      if let end = received.firstIndex(of: 0) {
        let message =
          try JSONSerialization.jsonObject(with: Data(received[..<end])) as? [String: Any] ?? [:]
        received.removeSubrange(...end)
        note(message)
        return message
      }
      guard let more = try await read() else { return nil }
      received += more
    }
  }

  private func note(_ message: [String: Any]) {
    let details = message["params"] as? [String: Any] ?? [:]
    switch message["method"] as? String {
    case "Log.entryAdded":
      complaints.append(((details["entry"] as? [String: Any])?["text"] as? String) ?? "\(details)")
    case "Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Page.javascriptDialogOpening":
      complaints.append("\(message["method"] ?? ""): \(details)")
    case "Network.requestWillBeSent":
      requests.append(((details["request"] as? [String: Any])?["url"] as? String) ?? "\(details)")
    default: break
    }
  }

  // MARK: - What a person does

  /// A window of this size, and what the person prefers.
  func look(width: Int, height: Int = 900, dark: Bool = false, media: String = "screen") async throws {
    try await call(
      "Emulation.setDeviceMetricsOverride",
      ["width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500])
    try await call(
      "Emulation.setEmulatedMedia",
      [
        "media": media,
        "features": [
          ["name": "prefers-color-scheme", "value": dark ? "dark" : "light"],
          ["name": "prefers-reduced-motion", "value": "reduce"],
        ],
      ])
  }

  /// Opens a file and waits until it is there.
  func open(_ file: FilePath) async throws {
    (complaints, requests) = ([], [])
    try await call("Page.navigate", ["url": "file://\(file)"])
    while let message = try await next(), message["method"] as? String != "Page.loadEventFired" {}
  }

  /// Presses a key.
  func press(_ key: String, code: Int, text: String? = nil) async throws {
    for kind in ["keyDown", "keyUp"] {
      var event: [String: Any] = [
        "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code, "nativeVirtualKeyCode": code,
      ]
      if kind == "keyDown", let text { event["text"] = text }
      try await call("Input.dispatchKeyEvent", event)
    }
  }

  /// What an expression of JavaScript is, as JSON has it. It runs beside the page, which may run none.
  func value(_ expression: String) async throws -> Any? {
    let answer = try await call("Runtime.evaluate", ["expression": expression, "returnByValue": true])
    if let thrown = answer["exceptionDetails"] as? [String: Any] { throw BrowserError(text: "\(thrown)") }
    return (answer["result"] as? [String: Any])?["value"]
  }

  func texts(_ expression: String) async throws -> [String] {
    try await value(expression) as? [String] ?? ["\(expression) is no list of texts"]
  }

  /// All that one can ask of a page as it is shown: nothing is cut off or beside it, and every word can be read.
  func check(_ name: String, width: Int) async throws {
    let over = try await texts(
      """
      [...document.querySelectorAll('body, body *')].filter(e => {
        if (e.closest('.skip')) return false;
        const box = e.getBoundingClientRect();
        if (box.width === 0) return false;
        return box.right > \(width) + .5 || box.left < -.5 || e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0
          && getComputedStyle(e).display !== 'inline';
      }).map(e => e.tagName + ' ' + e.className + ' ' + e.textContent.slice(0, 40))
      """)
    #expect(over.isEmpty, "\(name): beyond the page: \(over)")
    let pale = try await texts(
      """
      (() => {
        const parts = c => (c.match(/[\\d.]+/g) || []).map(Number);
        const light = c => { const [r, g, b] = parts(c).map(v => v / 255)
          .map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
          return .2126 * r + .7152 * g + .0722 * b; };
        const ground = e => { for (; e; e = e.parentElement) {
          const c = getComputedStyle(e).backgroundColor; const p = parts(c);
          if (p.length === 3 || p[3] > 0) return c; } return 'rgb(255, 255, 255)'; };
        const texts = [...document.querySelectorAll('body *')].filter(e =>
          [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()));
        return texts.filter(e => e.getBoundingClientRect().width > 0).map(e => {
          const [a, b] = [light(getComputedStyle(e).color), light(ground(e))].sort((x, y) => y - x);
          return [e, (a + .05) / (b + .05)]; }).filter(([, ratio]) => ratio < 4.5)
          .map(([e, ratio]) => e.tagName + ' ' + e.className + ' ' + ratio.toFixed(2));
      })()
      """)
    #expect(pale.isEmpty, "\(name): less contrast than WCAG's 4.5: \(Set(pale))")
    #expect(complaints.isEmpty, "\(name): \(complaints)")
    #expect(requests.count == 1, "\(name): \(requests)")
    #expect(try await value("document.scripts.length") as? Int == 0)
  }

  /// The whole page as a picture, PNG.
  func picture() async throws -> [UInt8] {
    let shot = try await call("Page.captureScreenshot", ["format": "png", "captureBeyondViewport": true])
    return Array(Data(base64Encoded: shot["data"] as? String ?? "") ?? Data())
  }
}

struct BrowserError: Error, CustomStringConvertible {
  let text: String
  var description: String { text }
}

extension Browser {
  /// Where `OUTFIT_TEST_PICTURES` names a folder, pictures are kept there for people to look at.
  func keep(_ name: String) async throws {
    guard let folder = Machine.variable("OUTFIT_TEST_PICTURES") else { return }
    let host = try Host.live()
    let file = FilePath(folder).appending("\(name).png")
    try host.files.removeTree(file)
    try host.files.create(file, try await picture(), mode: 0o644)
  }
}
