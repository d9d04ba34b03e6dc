import OutfitSystem
import Support
import SystemPackage
import Testing

/// A mirror of the release host with a Python in the published form, which `scripts/install-only.py` makes of this
/// machine's own.
struct ReleaseMirror {
  /// Holds `python/`.
  let folder: FilePath
  let version: String
  /// Below the mirror.
  let archive: String
  private let machine: Machine

  /// - Parameters:
  ///   - freeThreaded: With the names and the settings of such a build, which this machine's is not.
  ///   - patch: What stands for the third number of its version; a second mirror of one test has another.
  /// - Returns: Nil, and said, where this machine has no Python that has all that is asked of one.
  init?(_ machine: Machine, without modules: [String] = [], freeThreaded: Bool = false, patch: Int = 99)
    async throws
  {
    let python: FilePath = "/usr/bin/python3"
    let good = try? await machine.run(
      python,
      [
        "-I", "-c",
        "import ssl, sqlite3, ctypes, zlib, lzma, ensurepip, venv, sys; print('%d.%d.\(patch)' % sys.version_info[:2])",
      ])
    guard let good, good.succeeded else {
      print("skipped: /usr/bin/python3 is not there, or not whole (apt-get install python3 python3-venv)")
      return nil
    }
    folder = machine.home.removingLastComponent().appending("mirror\(modules.joined())")
    let made = try await machine.run(
      python,
      [
        Machine.checkout.appending("scripts/install-only.py").string, folder.appending("python").string,
        "--version", good.outputText.filter { !$0.isWhitespace },
      ] + modules.flatMap { ["--without", $0] }
        + (freeThreaded ? ["--tail", "freethreaded-install_only_stripped"] : []))
    try #require(made.succeeded, "\(made.errorText)")
    let path = made.outputText.prefix { $0 != " " }
    archive = "/python/" + path.replacing("+", with: "%2B")
    version = good.outputText.filter { !$0.isWhitespace } + (freeThreaded ? "t" : "")
    self.machine = machine
  }

  var manifest: String {
    "profile: p\ninterpreters: {python: {versions: [\"\(version)\"], providers: [prebuilt]}}\n"
  }

  /// What it answers to a request for this path.
  func reply(_ request: LoopbackServer.Request, path: String? = nil) -> LoopbackServer.Reply {
    let path = (path ?? request.target).replacing("%2B", with: "+")
    guard !path.contains(".."), let bytes = try? machine.files.read(FilePath(folder.string + path)) else {
      return LoopbackServer.Reply(404)
    }
    return .file(bytes, for: request)
  }
}
