import OutfitSystem
import Support
import SystemPackage
import Testing

@testable import OutfitHooks

/// What a hook passed is left out until something that decides about it changes, and nothing else is.
struct PassedFilesTests {
  private let files = MemoryFiles.withHome()
  private let store = "/home/ann/.local/share/outfit/store"

  init() {
    files.put("/home/ann/w/a.py", "a = 1\n")
    files.put("/home/ann/w/pkg/b.py", "b = 1\n")
    files.put("/home/ann/w/pyproject.toml", "[tool.ruff]\nsrc = [\"lib\"]\nextend = \"more.toml\"\n")
    files.put("/home/ann/w/more.toml", "line-length = 80\n")
    files.put("/home/ann/w/lib/known.py", "")
  }

  private func host(_ variables: [String: String] = [:], at folder: FilePath = "/home/ann/w") -> Host {
    var host = Host.test(
      files: files, environment: ["HOME": "/home/ann"].merging(variables) { $1 })
    host.workingDirectory = folder
    return host
  }

  /// What is looked at; all of it passes.
  private func look(
    _ names: [String] = ["a.py", "pkg/b.py"], of hook: String = "ruff", version: String = "1",
    arguments: [String] = ["check"], _ host: Host? = nil
  ) throws -> [String] {
    let basis = try #require(PassedFiles.Basis(ofHook: hook))
    let command = ["\(store)/\(hook)-\(version)/bin/\(hook)"] + arguments
    var passed = PassedFiles(command, basis, host: host ?? self.host())
    let remaining = passed.remaining(names)
    passed.pass()
    return remaining
  }

  @Test func whatPassedIsLeftOut() throws {
    #expect(try look() == ["a.py", "pkg/b.py"])
    #expect(try look().isEmpty)
    files.overwrite("/home/ann/w/a.py", Array("a = 2\n".utf8))
    #expect(try look() == ["a.py"])
    #expect(try look().isEmpty)
    #expect(try look(["new.py", "a.py"]) == ["new.py"], "one that is not there is the tool's to complain of")
  }

  @Test(arguments: [
    "mode", "configuration", "above", "extended", "module", "listed", "version", "arguments", "variable",
    "personal",
    "named", "below",
  ])
  func whatDecidesIsLookedAt(_ what: String) throws {
    let arguments = ["check", "--config=named.toml"]
    files.put("/home/ann/w/named.toml", "x = 1\n")
    #expect(try look(arguments: arguments) == ["a.py", "pkg/b.py"])
    #expect(try look(arguments: arguments).isEmpty)
    var (host, version, words, expected) = (self.host(), "1", arguments, ["a.py", "pkg/b.py"])
    switch what {
    case "mode":
      try files.setMode("/home/ann/w/a.py", 0o755)
      expected = ["a.py"]
    case "configuration": files.overwrite("/home/ann/w/pyproject.toml", Array("[tool.ruff]\n".utf8))
    case "above": files.put("/home/ann/ruff.toml", "line-length = 90\n")
    case "extended": files.overwrite("/home/ann/w/more.toml", Array("line-length = 90\n".utf8))
    case "module": files.put("/home/ann/w/known.py", "")
    case "listed": files.put("/home/ann/w/lib/other.py", "")
    case "version": version = "2"
    case "arguments": words.append("--fix")
    case "variable": host = self.host(["RUFF_CONFIG": "x"])
    case "personal": files.put("/home/ann/.config/ruff/ruff.toml", "line-length = 90\n")
    case "named": files.overwrite("/home/ann/w/named.toml", Array("x = 2\n".utf8))
    default:
      files.put("/home/ann/w/pkg/ruff.toml", "line-length = 90\n")
      expected = ["pkg/b.py"]
    }
    #expect(try look(version: version, arguments: words, host) == expected)
  }

  @Test func whatFailedOrChangedMeanwhileHasNotPassed() throws {
    let basis = try #require(PassedFiles.Basis(ofHook: "ruff"))
    let command = ["\(store)/ruff-1/bin/ruff", "check"]
    var failed = PassedFiles(command, basis, host: host())
    #expect(failed.remaining(["a.py"]) == ["a.py"])
    var fixed = PassedFiles(command, basis, host: host())
    #expect(fixed.remaining(["a.py", "pkg/b.py"]) == ["a.py", "pkg/b.py"])
    files.overwrite("/home/ann/w/a.py", Array("fixed\n".utf8))
    fixed.pass()
    #expect(try look() == ["a.py"])
  }

  @Test func whatIsNotKnownIsLookedAtEachTime() throws {
    // One configuration for all, which another choice of files would find elsewhere.
    files.put("/home/ann/w/pkg/pyproject.toml", "[tool.black]\n")
    #expect(try look(of: "black") == ["a.py", "pkg/b.py"])
    #expect(try look(of: "black") == ["pkg/b.py"])
    // Links, files elsewhere, words that only the tool can read.
    files.putLink("/home/ann/w/link.py", to: "a.py")
    files.put("/home/ann/other.py", "")
    for _ in 0..<2 { #expect(try look(["link.py", "../other.py"]) == ["link.py", "../other.py"]) }
    for _ in 0..<2 { #expect(try look(["a.py"], arguments: ["check", "--config", "~/x.toml"]) == ["a.py"]) }
    #expect(PassedFiles.Basis(ofHook: "mypy") == nil && PassedFiles.Basis(ofHook: "nothing") == nil)
  }

  @Test func ofAHookThatSaysSoWhateverStandsThereDecides() throws {
    #expect(try look(of: "-") == ["a.py", "pkg/b.py"])
    #expect(try look(of: "-").isEmpty)
    files.put("/home/ann/w/.anyrc", "x")
    #expect(try look(of: "-") == ["a.py", "pkg/b.py"])
  }

  @Test func aRecordThatIsDamagedCountsForNothing() throws {
    #expect(try look() == ["a.py", "pkg/b.py"])
    let folder: FilePath = "/home/ann/.cache/outfit/hooks-passed"
    let name = try #require(try files.list(folder).first { !$0.hasPrefix(".") })
    var bytes = try files.read(folder.appending(name))
    #expect(bytes.count == 64)
    bytes.removeLast(40)
    files.overwrite(folder.appending(name), bytes)
    #expect(try look() == ["a.py", "pkg/b.py"])
    #expect(try look().isEmpty)
  }
}
